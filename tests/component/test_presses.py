"""Buttons: each press is heard for itself, and none that the broker has kept from earlier."""

import json

from house import SITE


def event(device):
    return f"tocsin/{SITE}/device/{device}/event"


def presses(house, device, kind, times):
    payload = json.dumps({"kind": kind, "state": "active"}).encode()
    for _ in range(times):
        house.devices.publish_soon(event(device), payload)


def settle(house):
    house.says("fence-west", "battery", "clear")


def test_quick_presses_are_pushed_each(build_house):
    house = build_house()
    presses(house, "sos-gate", "panic", 5)
    house.push("qian", "opened")
    for _ in range(4):
        house.push("qian", "joined")
    house.sends("sos-gate", json.dumps([{"kind": "panic", "state": "active"}] * 3).encode())
    for _ in range(3):
        house.push("qian", "joined")
    assert len(house.log("--device", "sos-gate", type="signal")) == 8
    settle(house)
    assert len(house.pushes(to="qian")) == 8


def test_a_call_point_is_a_button_that_stays_in(build_house):
    house = build_house()
    presses(house, "smoke-301", "call_point", 3)
    assert house.push("qian", "opened").incident["severity"] == "critical"
    house.push("qian", "joined")
    push = house.push("qian", "joined")
    assert len(house.log(type="signal")) == 3
    house.says("smoke-301", "call_point", "clear")
    assert house.incident(push.incident["id"])["cleared"]
    assert house.incident(push.incident["id"])["state"] == "open"


def test_a_press_that_the_broker_keeps_is_told_once(build_house):
    house = build_house()
    house.daemon.expects_log("unknown device 'ghost'")
    house.devices.publish(event("sos-gate"), b'{"kind":"panic","state":"active"}', retain=True)
    house.devices.publish(event("ghost"), b'{"kind":"smoke","state":"active"}', retain=True)
    for kind in ("panic", "fire"):
        house.until(f"the {kind} is told", lambda kind=kind: any(
            p.incident["kind"] == kind for p in house.pushes(to="qian", reason="opened")))
    for incident in house.incidents():
        house.resolve(incident["id"])
    for _ in range(2):
        house.daemon.kill()
        house.daemon.start()
        settle(house)
    assert [i["state"] for i in house.incidents()] == ["resolved"] * 2
    house.says("sos-gate", "panic")
    assert [i["kind"] for i in house.incidents("?state=open")] == ["panic"]
