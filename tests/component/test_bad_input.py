"""Broken messages: each ends as `rejected` with its reason, and harms nothing: a good alarm sent
right after it still arrives. And odd ones that make sense: they cost no alarm."""

import json
import time
from datetime import datetime

import pytest
from broker import raw_publish
from house import SITE

DEVICE = "smoke-301"


def smoke(**changes):
    signal = {"kind": "smoke", "state": "active", **changes}
    return json.dumps({name: value for name, value in signal.items() if value is not ...}).encode()


# what it is called: (payload, a word of the reason)
BROKEN = {
    "not UTF-8": (b'{"kind":"smoke","state":"\xff\xfe"}', "UTF-8"),
    "overlong UTF-8": (b'{"kind":"smoke","state":"active","id":"\xc0\xaf"}', "UTF-8"),
    "NUL inside": (b'{"kind":"smoke",\x00"state":"active"}', ""),
    "NUL escaped": (b'{"kind":"smoke\\u0000","state":"active"}', ""),
    "empty": (b"", ""),
    "not JSON": (b"smoke!", "JSON"),
    "half": (b'{"kind":"smoke","sta', "JSON"),
    "something after": (smoke() + b"}", "JSON"),
    "65 KiB": (smoke(note="x" * 65 * 1024), "bytes"),
    "just over 64 KiB": (smoke().ljust(64 * 1024 + 1), "bytes"),
    "1,000,000 bytes": (b"x" * 1_000_000, "bytes"),
    "10,000 deep": (b"[" * 10_000 + b"]" * 10_000, "deep"),
    "10,000 deep, open": (b'{"a":' * 10_000, "deep"),
    "a number": (b"42", ""),
    "null": (b"null", ""),
    "an empty array": (b"[]", ""),
    "an array of a number": (b"[1]", "signal 1"),
    "kind a number": (smoke(kind=1), "kind"),
    "kind null": (smoke(kind=None), "kind"),
    "state true": (smoke(state=True), "state"),
    "state an object": (smoke(state={}), "state"),
    "value a text": (smoke(value="hot"), "value"),
    "value infinite": (b'{"kind":"smoke","state":"active","value":1e999}', "value"),
    "test a text": (smoke(test="yes"), "test"),
    "time a number": (smoke(time=1789992000), "time"),
    "id a number": (smoke(id=7), "id"),
    "without kind": (smoke(kind=...), "kind"),
    "without state": (smoke(state=...), "state"),
    "kind twice": (b'{"kind":"smoke","kind":"panic","state":"active"}', "kind"),
    "unknown kind": (smoke(kind="dragon"), "dragon"),
    "unknown state": (smoke(state="on"), "on"),
    "capitals": (smoke(kind="Smoke"), "Smoke"),
    "time that is none": (smoke(time="2026-13-45T99:99:99Z"), "time"),
    "a day for a time": (smoke(time="2026-11-22"), "time"),
}

# what it is called: (time, is it believed)
CLOCKS = {
    "in 1970": ("1970-01-01T00:00:10Z", False),
    "at the very beginning": ("1970-01-01T00:00:00Z", False),
    "in 2000": ("2000-01-01T00:00:00+08:00", False),
    "two days ahead": (time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 2 * 86400)),
                       False),
    "in 2200": ("2200-01-01T00:00:00Z", False),
    "without an offset": (None, True),
}


@pytest.fixture
def house(build_house):
    house = build_house()
    house.daemon.expects_log("rejected|refused|not understood|unknown")  # once a device and minute
    return house


def a_good_alarm_still_arrives(house):
    house.says("sos-gate", "panic")
    return house.push("qian", "opened")


def rejected(house):
    rows = house.log(type="rejected")
    for row in rows:
        assert len(row["data"]["reason"]) > 3, row
        assert len(json.dumps(row["data"])) < 4096, "the first 256 bytes at most are kept"
    return rows


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_message(house, name):
    payload, word = BROKEN[name]
    house.sends(DEVICE, payload)
    a_good_alarm_still_arrives(house)
    row, = rejected(house)
    assert word in row["data"]["reason"]
    assert row.get("device") == DEVICE
    assert [r["device"] for r in house.log(type="signal")] == ["sos-gate"]


@pytest.mark.parametrize("topic", ["native", "zigbee2mqtt/office_smoke"])
def test_the_length_of_what_is_too_long_is_told_as_it_was(house, topic):
    payload = smoke(note="x" * 70_000)
    if topic == "native":
        house.sends(DEVICE, payload)
    else:
        house.devices.publish(topic, payload)
    row, = house.until("it is refused", lambda: rejected(house))
    assert row["data"]["bytes"] == len(payload) > 70_000
    assert f"{len(payload)} bytes" in row["data"]["reason"]
    assert "head" in row["data"]


@pytest.mark.smoke
def test_all_of_them_one_after_the_other(house):
    for payload, _word in BROKEN.values():
        house.sends(DEVICE, payload)
    a_good_alarm_still_arrives(house)
    assert len(rejected(house)) == len(BROKEN)
    house.says(DEVICE, "smoke")
    house.push("qian", "opened")
    warnings = [line for line in house.daemon.lines if " warning: " in line]
    assert len(warnings) < 10, "logged once per device and minute"


@pytest.mark.parametrize("name", CLOCKS)
def test_a_clock_that_is_wrong_costs_no_alarm(house, name):
    said, believed = CLOCKS[name]
    before = time.time()
    if not said:  # the school is in Shanghai
        said = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(before + 8 * 3600))
    message = house.says(DEVICE, "smoke", time=said)
    push = house.push("qian", "opened")
    row, = house.log(type="signal")
    assert row["data"]["id"] == message and not rejected(house)
    assert row["data"].get("time_said") == (None if believed else said)
    happened, heard = (datetime.fromisoformat(row[when]) for when in ("time", "received"))
    assert abs((heard - happened).total_seconds()) < 30 + time.time() - before
    assert push.incident["signals"][0]["time"] == row["time"]


def test_of_an_array_the_good_ones_count(house):
    house.devices.messages.clear()
    house.sends(DEVICE, json.dumps([
        {"kind": "smoke", "state": "active", "id": "good-1"},
        {"kind": "smoke", "state": "broken", "id": "bad-2"},
        {"kind": "battery", "state": "active", "id": "good-3"}, 4]).encode())
    house.until_acked(DEVICE, "good-1")
    house.until_acked(DEVICE, "good-3")
    assert {house.push("qian", "opened").incident["kind"] for _ in range(2)} == {"fire", "trouble"}
    reasons = [row["data"]["reason"] for row in rejected(house)]
    assert len(reasons) == 2 and reasons[0].startswith("signal 2: ") \
        and reasons[1].startswith("signal 4: ")
    acks = [json.loads(m.payload)["id"] for m in house.devices.messages if m.topic.endswith("/ack")]
    assert "bad-2" not in acks


def test_a_backlog_of_a_thousand_in_one_message(house):
    house.sends(DEVICE, json.dumps(
        [{"kind": "water", "state": state} for state in ("active", "clear")] * 500
        + [{"kind": "smoke", "state": "active", "id": "the last"}]).encode())
    house.until_acked(DEVICE, "the last")
    house.until("the fire is told", lambda: any(
        p.incident["kind"] == "fire" for p in house.pushes(to="qian", reason="opened")))
    assert len(house.log(type="signal")) == 1001 and not rejected(house)


@pytest.mark.parametrize("message_id", ["x" * 129, "long/" * 13_000, "a\"b\\c\n\t/", "编号 😀"],
                         ids=["129 bytes", "65,000 bytes", "escaped", "not ASCII"])
def test_any_unique_string_is_an_id(house, message_id):
    """The device hears it again as it said it, and it makes a repetition harmless, after a kill too."""
    house.says("sos-gate", "panic", id=message_id)
    house.push("qian", "opened")
    house.daemon.kill()
    house.daemon.start()
    house.says("sos-gate", "panic", id=message_id, committed=False)
    house.until_acked("sos-gate", message_id, times=2)
    row, = house.log(type="signal")
    assert row["data"]["id"] == message_id


@pytest.mark.parametrize("device", ["ghost", "smoke-3011", "SMOKE-301", "烟感", "x" * 300, "-",
                                    "a b", "..", "%2e"])
def test_an_unknown_device(house, device):
    """What means fire, gas or panic is heard from strangers too: this one is a door."""
    house.sends(device, smoke(kind="contact"))
    a_good_alarm_still_arrives(house)
    row, = rejected(house)
    assert "device" in row["data"]["reason"]
    assert [r["device"] for r in house.log(type="signal")] == ["sos-gate"]


@pytest.mark.parametrize("word", [b"", b"maybe", b"ONLINE", b"\xff", b"online" * 20_000],
                         ids=["empty", "unknown", "capitals", "not UTF-8", "long"])
def test_a_broken_status(house, word):
    house.devices.publish(f"tocsin/{SITE}/device/{DEVICE}/status", word)
    a_good_alarm_still_arrives(house)
    assert len(rejected(house)) == 1
    assert not house.pushes(reason="opened", to="zhao")


@pytest.mark.parametrize("topic", [b"tocsin/binjiang/device/smoke\x00301/event",
                                   b"tocsin/binjiang/device/+/event",
                                   b"tocsin/binjiang/device/smoke-301/#",
                                   b"tocsin/binjiang/device/\xff\xfe/event"])
def test_a_topic_the_broker_itself_refuses(house, topic):
    """It never reaches us: the broker ends the connection of who sends it."""
    raw_publish(house.broker.port, topic, smoke())
    a_good_alarm_still_arrives(house)
    assert [r["device"] for r in house.log(type="signal")] == ["sos-gate"]


def test_a_flood_of_nonsense_delays_no_alarm(house):
    for n in range(300):
        house.devices.publish_soon(f"tocsin/{SITE}/device/{DEVICE}/event", b"\xff%d" % n)
    push = a_good_alarm_still_arrives(house)
    assert push.notification["attempt"] == 1
    house.until("all of it is in the record", lambda: len(rejected(house)) == 300)
