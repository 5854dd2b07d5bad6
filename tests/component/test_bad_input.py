"""Broken messages: each ends as `rejected` with its reason, and harms nothing: a good alarm sent
right after it still arrives."""

import json

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
    "an array of numbers": (b"[1,2]", ""),
    "an array of too many": (json.dumps([{"kind": "smoke", "state": "active"}] * 1000).encode(), ""),
    "one of two is broken": (b"[" + smoke() + b"," + smoke(kind="smoek") + b"]", "smoek"),
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
    "time in 1970": (smoke(time="1970-01-01T00:00:00Z"), "time"),
    "time in 2200": (smoke(time="2200-01-01T00:00:00Z"), "time"),
    "time that is none": (smoke(time="2026-13-45T99:99:99Z"), "time"),
    "time without offset": (smoke(time="2026-11-22T08:00:00"), "time"),
    "an id of 4 KiB": (smoke(id="x" * 4096), "id"),
    "an empty id": (smoke(id=""), "id"),
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


@pytest.mark.parametrize("device", ["ghost", "smoke-3011", "SMOKE-301", "烟感", "x" * 300, "-",
                                    "a b", "..", "%2e"])
def test_an_unknown_device(house, device):
    """What means fire, gas or panic is heard from strangers too: this one is a door."""
    house.sends(device, smoke(kind="contact"))
    a_good_alarm_still_arrives(house)
    row, = rejected(house)
    assert "device" in row["data"]["reason"]
    assert not house.log("--type", "signal", "--device", device)


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
