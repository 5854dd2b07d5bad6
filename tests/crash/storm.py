"""Numbered alarms at QoS 1 while the daemon is killed again and again at random moments. Every
number that the broker took must be in the ledger, every incident must have been pushed."""

import json
import pathlib
import random
import sys
import tempfile
import time

import paho.mqtt.client as mqtt

import record
from house import SITE, House, quick

BUTTONS = 200


def big_school(school):
    """A panic button in each of many rooms, one person for all."""
    quick(school)
    for n in range(BUTTONS):
        school["zones"].append({"id": f"room-{n}", "name": f"Room {n}"})
        school["devices"].append({"id": f"sos-{n}", "zone": f"room-{n}", "kind": "panic"})
    school["policies"] = [{"id": "all", "repeat": "10m", "resolve_within": "30m",
                           "steps": [{"after": "0s", "notify": ["person:qian"]}]}]


class Alarms:
    """Publishes numbers and knows which the broker has acknowledged."""

    def __init__(self, port, bell):
        self.bell = bell
        self.taken = set()
        self._numbers = {}
        self._client = mqtt.Client(client_id="storm")
        self._client.max_inflight_messages_set(100)
        self._client.max_queued_messages_set(0)
        self._client.on_publish = self._on_publish
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def publish(self, number):
        body = {"id": f"alarm-{number}", "kind": "panic", "state": "active"}
        sent = self._client.publish(f"tocsin/{SITE}/device/sos-{number % BUTTONS}/event",
                                    json.dumps(body), qos=1)
        self._numbers[sent.mid] = number
        return sent

    def _on_publish(self, _client, _userdata, mid):
        self.taken.add(mid)
        self.bell.ring()

    def acknowledged(self):
        return {f"alarm-{self._numbers[mid]}" for mid in self.taken if mid in self._numbers}

    def close(self):
        self._client.disconnect()
        self._client.loop_stop()


def publish_and_kill(house, alarms, count, kills, dice):
    """The mids of MQTT are 16 bits: never more than that are on their way."""
    moments = sorted(dice.randrange(count) for _ in range(kills))
    done = set()
    for number in range(count):
        alarms.publish(number)
        if number - len(alarms.taken) - len(done) > 200:
            house.bell.until("the broker takes some", lambda: number - len(alarms.taken)
                             - len(done) <= 100, 300)
        if len(alarms.taken) > 20000:
            done |= _settle(house, alarms)
        while moments and moments[0] <= number:
            moments.pop(0)
            house.daemon.kill()
            house.daemon.start(ready=False)
            _progress(f"kill {kills - len(moments)} of {kills}, alarm {number} of {count}")
    done |= _settle(house, alarms)
    return done


def _progress(words):
    if sys.stderr.isatty():
        print(f"\r{words}\033[K", end="", file=sys.stderr, flush=True)


def _settle(house, alarms):
    """Waits for all that is on its way; then the mids are free again."""
    house.bell.until("the broker takes all", lambda: len(alarms.taken) >= len(alarms._numbers), 60)
    done = alarms.acknowledged()
    alarms.taken.clear()
    alarms._numbers.clear()
    return done


def wait_for_quiet(house, path, expected):
    """Until all is in, or nothing moves any more for ten seconds."""
    best, since = -1, time.monotonic()
    while time.monotonic() - since < 10:
        now = record.count(path, "signal") + len(house.phone.requests)
        if now > best:
            best, since = now, time.monotonic()
        if record.count(path, "signal") >= expected and _idle(house):
            return
        house.bell.until_passed(time.monotonic() + 0.3)


def _idle(house):
    metrics = house.api("GET", "/metrics", token=None).body.decode()
    return "tocsin_deliveries_in_flight 0" in metrics


def storm(kills, alarms, seed, say=print):
    """Returns what was lost or wrong, a line each."""
    began = time.monotonic()
    dice = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="tocsin-storm-") as folder:
        house = House(pathlib.Path(folder), edit_school=big_school)
        house.daemon.expects_log(".")
        try:
            house.daemon.start()
            sender = Alarms(house.broker.port, house.bell)
            taken = publish_and_kill(house, sender, alarms, kills, dice)
            sender.close()
            house.daemon.until_ready(30)
            path = house.folder / "tocsin.db"
            wait_for_quiet(house, path, len(taken))
            rows = record.rows_of(path)
            requests = list(house.phone.requests)
        finally:
            wrong = house.close()
    _progress("")
    recorded = record.message_ids(rows)
    lost = taken - set(recorded)
    wrong += [f"{len(recorded) - len(set(recorded))} recorded twice"] \
        if len(recorded) != len(set(recorded)) else []
    broken = record.broken_chain(rows)
    wrong += [broken] if broken else []
    opened = set(record.incidents(rows))
    silent = opened - {r.incident["id"] for r in requests}
    wrong += [f"{one} was never pushed" for one in sorted(silent)]
    wrong += record.wrong_repetitions(requests)
    repeated = len(requests) - len({r.id for r in requests})
    say(f"storm: {kills} kills, {len(taken)} of {alarms} alarms acknowledged by the broker, "
        f"{len(recorded)} recorded, {len(rows)} ledger rows, {len(opened)} incidents, "
        f"{len(requests)} pushes ({repeated} repeated), {time.monotonic() - began:.0f} s, "
        f"seed {seed}")
    for line in wrong[:10]:
        say(f"wrong: {line}")
    for one in sorted(lost)[:10]:
        say(f"lost: {one}")
    say(f"lost {len(lost)}")
    return len(lost), wrong
