"""A flood at QoS 1, more than can be taken while it lasts: alarms get through, what cannot be taken
stays with the broker, memory stays bounded, and in the end all of it is in the record."""

import os
import re
import signal
import subprocess

import record
from broker import Broker
from house import SITE, quick
from receiver import hang
from service import environment, program

ROOMS = 50
PRESSES_UNDER_WAY = 32  # of one alarm to one person; with more the latest replaces the oldest
# The long one: what takes time with the square of what is waiting takes more than is given.
TELEMETRY, PRESSES = (40000, 6000) if os.environ.get("TOCSIN_ALL") else (6000, 3000)
MIB = 1 << 20


class InMemory(Broker):
    """It would save its queue at each change, and be no flood."""

    def settings(self):
        return re.sub(r"^(persistence|autosave_on_changes) true$", r"\1 false", super().settings(),
                      flags=re.MULTILINE)


def big_school(school):
    quick(school)
    for n in range(ROOMS):
        school["zones"].append({"id": f"room-{n}", "name": f"Room {n}"})
        school["devices"] += [{"id": f"sos-{n:06}", "zone": f"room-{n}", "kind": "panic"},
                              {"id": f"dev-{n:06}", "zone": f"room-{n}", "kind": "contact"}]
    school["policies"] = [
        {"id": f"{kind}s", "for": {"kind": kind}, "repeat": "10m", "resolve_within": "30m",
         "steps": [{"after": "0s", "notify": [f"person:{who}"]}]}
        for kind, who in (("fire", "sun"), ("panic", "qian"))] + [school["policies"][-1]]


def most_memory(house):
    text = open(f"/proc/{house.daemon.process.pid}/status").read()
    return int(re.search(r"VmHWM:\s+(\d+) kB", text)[1]) * 1024


def figure(house, name):
    text = house.api("GET", "/metrics", token=None).body.decode()
    return float(re.search(rf"^{name} (\S+)$", text, re.MULTILINE)[1])


def floods(house, words, prefix, count):
    """Ends when the broker has taken all of it."""
    return subprocess.Popen(
        [program("bench-load"), "--port", str(house.broker.port), "--site", SITE, "--words", words,
         "--prefix", prefix, "--devices", str(ROOMS), "--count", str(count), "--ids"],
        env=environment(), stdout=subprocess.DEVNULL)


def test_a_flood_holds_up_no_alarm_and_takes_no_memory(build_house):
    house = build_house(edit_school=big_school, make_broker=InMemory)
    house.phone.behaves("/phone", hang, to="qian")  # and every letter about a panic hangs
    before = most_memory(house)
    os.kill(house.daemon.process.pid, signal.SIGSTOP)  # it is busy elsewhere
    senders = [floods(house, "changes", "dev", TELEMETRY), floods(house, "alarms", "sos", PRESSES)]
    house.until("the broker has all of it", lambda: all(s.poll() is not None for s in senders), 30)
    assert [s.returncode for s in senders] == [0, 0]
    house.says("smoke-301", "smoke", committed=False)
    os.kill(house.daemon.process.pid, signal.SIGCONT)
    house.push("sun", "opened", within=30)
    path = house.folder / "tocsin.db"
    house.until("all of it is in the record", lambda: record.count(path, "signal") >=
                TELEMETRY + PRESSES + 1, within=60)
    rows = record.rows_of(path)
    ids = record.message_ids(rows)
    assert len(ids) == len(set(ids)) == TELEMETRY + PRESSES + 1, "each once"
    assert record.broken_chain(rows) is None
    # Letters that were overtaken while their receiver hangs wait no longer.
    assert figure(house, "tocsin_deliveries_in_flight") < 768 + ROOMS * PRESSES_UNDER_WAY
    assert most_memory(house) - before < 48 * MIB
