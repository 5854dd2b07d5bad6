"""What becomes an incident, of what severity, and how it ends: the contract's behaviour without any
rule written."""

import datetime
import json
import zoneinfo

import pytest
from house import SITE, quick


def more_devices(school):
    quick(school)
    school["devices"] += [
        {"id": "call-3f", "zone": "dorm-3f", "kind": "call_point"},
        {"id": "heat-3f", "zone": "dorm-3f", "kind": "heat"},
        {"id": "smoke-303", "zone": "dorm-3f", "kind": "smoke"},
        {"id": "fence-east", "zone": "gate", "kind": "perimeter"},
        {"id": "gas-kitchen", "zone": "campus", "kind": "gas"},
        {"id": "water-cellar", "zone": "campus", "kind": "water"}]


@pytest.fixture
def furnished(build_house):
    return build_house(edit_school=more_devices)


def only_incident(house):
    incident, = house.incidents()
    return incident


@pytest.mark.parametrize("device, kind, incident, severity", [
    ("smoke-301", "smoke", "fire", "major"),
    ("heat-3f", "heat", "fire", "major"),
    ("call-3f", "call_point", "fire", "critical"),
    ("gas-kitchen", "gas", "gas", "critical"),
    ("gas-kitchen", "carbon_monoxide", "gas", "critical"),
    ("sos-gate", "panic", "panic", "critical"),
    ("water-cellar", "water", "water", "major"),
    ("fence-west", "perimeter", "intrusion", "major"),
    ("fence-west", "motion", "intrusion", "major"),
    ("smoke-301", "tamper", "tamper", "minor"),
    ("smoke-301", "battery", "trouble", "warning"),
    ("smoke-301", "fault", "trouble", "warning"),
])
def test_the_table_of_kinds(furnished, device, kind, incident, severity):
    furnished.says(device, kind)
    found = only_incident(furnished)
    assert (found["kind"], found["severity"], found["state"]) == (incident, severity, "open")


@pytest.mark.smoke
def test_the_second_detector_of_the_zone_makes_a_fire_critical(furnished):
    house = furnished
    house.says("smoke-301", "smoke")
    house.says("smoke-301", "heat")
    assert only_incident(house)["severity"] == "major", "the same device again proves nothing"
    house.says("heat-3f", "heat")
    assert only_incident(house)["severity"] == "critical"
    house.says("heat-3f", "heat", "clear")
    house.says("smoke-301", "smoke", "clear")
    assert only_incident(house)["severity"] == "critical", "severity only rises"


def test_a_further_detector_joins_and_everyone_told_hears_of_it(furnished):
    house = furnished
    house.says("fence-west", "perimeter")
    house.push("qian", "opened")
    house.says("fence-east", "perimeter")
    push = house.push("qian", "joined")
    assert {s["device"] for s in push.incident["signals"]} == {"fence-west", "fence-east"}
    assert only_incident(house)["severity"] == "major"


def test_zones_and_kinds_have_incidents_of_their_own(furnished):
    house = furnished
    house.says("smoke-301", "smoke")
    house.says("fence-west", "perimeter")
    house.says("sos-gate", "panic")
    assert sorted((i["zone"]["id"], i["kind"]) for i in house.incidents()) == [
        ("dorm-3f", "fire"), ("gate", "intrusion"), ("gate", "panic")]


def test_a_cleared_sensor_does_not_end_a_fire(house):
    house.says("smoke-301", "smoke")
    house.says("smoke-301", "smoke", "clear")
    incident = only_incident(house)
    assert (incident["state"], incident["cleared"]) == ("open", True)
    assert incident["signals"][0]["state"] == "clear"
    house.resolve(incident["id"], outcome="false_alarm")
    assert only_incident(house)["state"] == "resolved"


def test_a_trouble_ends_by_itself_when_all_of_it_has_cleared(house):
    house.says("smoke-301", "battery")
    house.push("qian", "opened")
    house.says("smoke-302", "battery")
    house.says("smoke-301", "battery", "clear")
    assert only_incident(house)["state"] == "open"
    house.says("smoke-302", "battery", "clear")
    assert only_incident(house)["state"] == "resolved"
    house.push("qian", "resolved")


def test_a_new_alarm_after_the_resolution_is_a_new_incident(house):
    house.says("smoke-301", "smoke")
    first = house.push("qian", "opened").incident["id"]
    house.resolve(first)
    house.says("smoke-301", "smoke", "clear")
    house.says("smoke-301", "smoke")
    second = house.push("qian", "opened").incident["id"]
    assert second != first


def test_a_test_is_recorded_and_raises_nothing(house):
    house.says("smoke-301", "smoke", test=True)
    row, = house.log(type="signal")
    assert row["data"]["kind"] == "smoke" and row["data"]["test"] is True
    assert house.incidents() == [] and house.phone.requests == []
    house.says("smoke-301", "smoke")  # and hides no real one
    house.push("qian", "opened")


def arming(when):
    """The office armed in a span of hours around now, or far from it."""
    def edit(school):
        quick(school)
        now = datetime.datetime.now(zoneinfo.ZoneInfo(school["timezone"]))
        first, last = ((now + datetime.timedelta(hours=h)).strftime("%H:%M") for h in when)
        school["schedules"] = [{"id": "night", "weekly": [f"mon-sun {first}-{last}"]}]
    return edit


def test_an_armed_door_is_an_intrusion(build_house):
    house = build_house(edit_school=arming((-2, 2)))
    house.says("door-office", "contact")
    assert house.push("qian", "opened").incident["kind"] == "intrusion"


def test_an_unarmed_door_is_a_door(build_house):
    house = build_house(edit_school=arming((4, 8)))
    house.says("door-office", "contact")
    house.says("door-office", "tamper")  # what needs no arming is heard all the same
    assert [i["kind"] for i in house.incidents()] == ["tamper"]
    assert [(r["data"]["kind"], r["data"]["state"]) for r in house.log(type="signal")] == [
        ("contact", "active"), ("tamper", "active")]


def test_panic_needs_no_arming(build_house):
    def edit(school):
        arming((4, 8))(school)
        school["devices"].append({"id": "sos-office", "zone": "office", "kind": "panic"})

    house = build_house(edit_school=edit)
    house.says("sos-office", "panic")
    assert house.push("qian", "opened").incident["severity"] == "critical"


def test_a_repeated_state_is_no_entry(house):
    house.says("smoke-301", "smoke")
    house.push("qian", "opened")
    for _ in range(3):
        house.says("smoke-301", "smoke")
    assert len(house.log(type="signal")) == 1
    assert not house.pushes(reason="joined")


def test_a_redelivery_is_no_entry_but_acknowledged_again(house):
    said = house.says("sos-gate", "panic")
    house.sends("sos-gate", json.dumps({"id": said, "kind": "panic", "state": "active"}).encode())
    house.until_acked("sos-gate", said, times=2)
    assert len(house.log(type="signal")) == 1


def test_each_press_is_an_entry_and_everyone_told_hears_of_it(house):
    house.says("sos-gate", "panic")
    house.push("qian", "opened")
    for _ in range(2):
        house.says("sos-gate", "panic")
        house.push("qian", "joined")
    assert len(house.log(type="signal")) == 3
    assert len(house.incidents()) == 1


def test_a_press_without_an_id_is_news_each_time(house):
    for _ in range(3):
        house.says("sos-gate", "panic", id=None)
    house.until("all are recorded", lambda: len(house.log(type="signal")) == 3)


def test_one_message_may_hold_many_signals(house):
    house.sends("smoke-301", json.dumps([
        {"id": "a-1", "kind": "battery", "state": "active"},
        {"id": "a-2", "kind": "smoke", "state": "active"}]).encode())
    for part in ("a-1", "a-2"):
        house.until_acked("smoke-301", part)
    assert sorted(i["kind"] for i in house.incidents()) == ["fire", "trouble"]


def test_what_comes_together_opens_the_incident_and_needs_no_second_push(house):
    house.sends("smoke-301", json.dumps([
        {"id": "b-1", "kind": "smoke", "state": "active"},
        {"id": "b-2", "kind": "heat", "state": "active"}]).encode())
    push = house.push("qian", "opened")
    assert [s["kind"] for s in push.incident["signals"]] == ["smoke", "heat"]
    house.until_acked("smoke-301", "b-2")
    assert not house.pushes(reason="joined")


def test_ids_are_text_whatever_they_look_like(build_house):
    def edit(school):
        quick(school)
        school["devices"] += [{"id": name, "zone": "dorm-3f", "kind": "smoke"}
                              for name in ("007", "no", "1e3", "宿舍")]

    house = build_house(edit_school=edit)
    for name in ("007", "no", "1e3", "宿舍"):
        house.says(name, "battery")
    assert [s["device"] for s in only_incident(house)["signals"]] == ["007", "no", "1e3", "宿舍"]


@pytest.mark.smoke
def test_an_offline_device_is_a_trouble_until_it_is_back(house):
    house.status("smoke-301", "online")
    house.status("smoke-301", "offline")
    push = house.push("qian", "opened")
    assert (push.incident["kind"], push.incident["severity"]) == ("trouble", "warning")
    assert [(s["device"], s["kind"]) for s in push.incident["signals"]] == [("smoke-301", "link")]
    house.status("smoke-301", "online")
    house.push("qian", "resolved")
    assert only_incident(house)["state"] == "resolved"


def test_a_last_will_is_heard(house):
    """A device whose connection breaks: its broker says offline for it."""
    import paho.mqtt.client as mqtt
    device = mqtt.Client(client_id="smoke-301")
    device.will_set(f"tocsin/{SITE}/device/smoke-301/status", "offline", qos=1, retain=True)
    device.connect("127.0.0.1", house.broker.port)
    device.loop_start()
    device.publish(f"tocsin/{SITE}/device/smoke-301/status", "online", qos=1,
                   retain=True).wait_for_publish(10)
    device.socket().shutdown(2)  # without a goodbye
    device.loop_stop()
    push = house.push("qian", "opened")
    assert push.incident["signals"][0]["kind"] == "link"


def test_a_silent_device_is_a_trouble_also_one_that_never_spoke(build_house):
    def edit(school):
        quick(school)
        for device in school["devices"]:
            if device["id"].startswith("smoke"):
                device["expect_every"] = "1s"

    house = build_house(edit_school=edit)
    push = house.push("qian", "opened")
    assert push.incident["kind"] == "trouble"
    house.says("smoke-301", "smoke", test=True)
    house.until("smoke-301 is well, smoke-302 is not", lambda: {
        s["device"]: s["state"] for s in only_incident(house)["signals"]} == {
        "smoke-301": "clear", "smoke-302": "active"})


def test_a_retained_alarm_is_state_and_a_retained_press_is_not_repeated(house):
    topic = f"tocsin/{SITE}/device/sos-gate/event"
    house.devices.publish(topic, b'{"kind":"panic","state":"active"}', retain=True)
    house.push("qian", "opened")
    house.daemon.stop()
    house.daemon.start()
    house.says("smoke-301", "smoke")
    house.push("qian", "opened")
    assert len([r for r in house.log(type="signal") if r["device"] == "sos-gate"]) == 1
