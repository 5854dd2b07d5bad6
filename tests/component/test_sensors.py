"""Real sensors, as their own systems speak: a school with a Zigbee2MQTT bridge."""

import json
import time

import pytest
from house import quick

Z = "zigbee2mqtt"
LONG_AGO = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 25 * 3600))


def zigbee(school):
    quick(school)
    school["devices"] += [
        {"id": "z-smoke", "zone": "office", "profile": Z, "address": "hall/smoke"},
        {"id": "z-door", "zone": "gate", "profile": Z, "address": "door"},
        {"id": "z-gap", "zone": "gate", "profile": Z, "address": "gap", "kind": "contact",
         "inverted": "true"},
        {"id": "z-button", "zone": "office", "profile": Z, "address": "button", "kind": "panic",
         "codes": ["single"]},
        {"id": "h-smoke", "zone": "office", "profile": "homie", "address": "shed/room1/smoke"},
        {"id": "h-door", "zone": "gate", "profile": "homie", "address": "shed/door/contact"},
        {"id": "told", "zone": "office", "profile": "homeassistant", "address": "u7"},
        {"id": "h-kid", "zone": "office", "profile": "homie", "address": "kid/room/smoke"},
        {"id": "rf1", "zone": "office", "profile": "tasmota", "address": "D07EA9",
         "kind": "panic"},
        {"id": "r-door", "zone": "gate", "profile": "openmqttgateway", "address": "AA",
         "kind": "contact"},
        {"id": "recorder", "zone": "office", "kind": "fault",
         "watch": [{"value": "days_kept", "min": "30"}]},
    ]


@pytest.fixture
def house(build_house):
    return build_house(edit_school=zigbee)


def told(house, topic, payload, **more):
    if isinstance(payload, dict):
        payload = json.dumps(payload)
    house.devices.publish(topic, payload.encode(), **more)


def settle(house):
    """Everything sent so far is decided: a native signal behind it is acknowledged."""
    house.says("fence-west", "battery", "clear")


def test_smoke_over_zigbee_is_a_fire_once(house):
    for _ in range(3):
        told(house, f"{Z}/hall/smoke", {"smoke": True, "battery": 93, "tamper": False})
    assert house.push("qian", "opened").incident["kind"] == "fire"
    settle(house)
    assert len(house.incidents()) == 1
    assert [row["data"]["state"] for row in house.log("--device", "z-smoke", type="signal")
            if row["data"]["kind"] == "smoke"] == ["active"]
    told(house, f"{Z}/hall/smoke", {"smoke": None, "battery": 93})
    told(house, f"{Z}/hall/smoke", {"smoke": "unknown"})
    told(house, f"{Z}/hall/smoke", "")
    settle(house)
    incident, = house.incidents()
    assert not incident["cleared"]
    house.daemon.kill()
    house.daemon.start()
    told(house, f"{Z}/hall/smoke", {"smoke": True})
    settle(house)
    assert len(house.incidents()) == 1


def test_a_door_is_open_when_its_contact_is_false_and_one_can_be_turned(house):
    told(house, f"{Z}/door", {"contact": False})
    told(house, f"{Z}/gap", {"contact": False})
    assert house.push("qian", "opened").incident["kind"] == "intrusion"
    settle(house)
    states = {row["device"]: row["data"]["state"] for row in house.log(type="signal")
              if row["data"]["kind"] == "contact"}
    assert states == {"z-door": "active", "z-gap": "clear"}


def test_a_test_and_other_words_of_a_button_raise_nothing(house):
    told(house, f"{Z}/hall/smoke", {"smoke": True, "test": True})
    told(house, f"{Z}/button", {"action": "double"})
    settle(house)
    assert house.incidents() == []
    told(house, f"{Z}/button", {"action": "single"})
    assert house.push("qian", "opened").incident["kind"] == "panic"


def test_a_mark_of_a_test_that_stands_for_long_hides_no_fire_after_a_restart(house):
    """A bridge that sends its whole state goes on saying `test` long after the test."""
    told(house, f"{Z}/hall/smoke", {"smoke": True, "test": True})
    told(house, f"{Z}/hall/smoke", {"smoke": False, "test": True})
    house.until("the mark is spent", lambda: any(
        e["data"]["mark"] == "spent" for e in house.log(type="device.test_mark")))
    assert not house.incidents()
    house.daemon.kill()
    house.daemon.start()
    told(house, f"{Z}/hall/smoke", {"smoke": True, "test": True})
    house.push("qian", "opened")
    assert "goes on saying that it is being tested" in house.tocsin("log")


def test_a_dead_bridge_is_one_trouble(house):
    told(house, f"{Z}/bridge/state", {"state": "online"})
    told(house, f"{Z}/bridge/state", {"state": "offline"})
    for name in ("hall/smoke", "door", "gap"):
        told(house, f"{Z}/{name}/availability", {"state": "offline"})
    house.push("qian", "opened")
    settle(house)
    assert [i["kind"] for i in house.incidents()] == ["trouble"]
    for name in ("hall/smoke", "door"):
        told(house, f"{Z}/{name}/availability", {"state": "online"})
    told(house, f"{Z}/bridge/state", {"state": "online"})
    house.push("qian", "resolved")
    push = house.push("qian", "opened")  # who is still gone is a trouble now
    assert [s["device"] for s in push.incident["signals"]] == ["z-gap"]
    told(house, f"{Z}/gap/availability", {"state": "online"})
    house.until("it is over by itself", lambda: house.incidents()[0]["state"] == "resolved")


def test_what_is_heard_point_by_point_hangs_on_its_device(house):
    told(house, "homie/5/shed/$state", "lost")
    house.push("qian", "opened")
    settle(house)
    assert [i["kind"] for i in house.incidents()] == ["trouble"]
    told(house, "homie/5/shed/$state", "ready")
    house.until("it is over by itself", lambda: house.incidents()[0]["state"] == "resolved")
    told(house, "homie/5/shed/room1/smoke", "true")
    assert house.push("qian", "opened").incident["kind"] == "fire"
    assert house.tocsin_json("devices", "--unknown")["items"] == []
    told(house, "homie/5/shed/room2/smoke", "false")
    settle(house)
    assert [i["address"] for i in house.tocsin_json("devices", "--unknown")["items"]] == \
        ["shed/room2/smoke"]


def test_of_two_receivers_each_is_a_gateway(house):
    for word in ("online", "offline"):
        told(house, "home/west/LWT", word)
        told(house, "home/east/LWT", "online")
    house.push("qian", "opened")
    settle(house)
    incident, = house.incidents()
    assert (incident["kind"], incident["state"]) == ("trouble", "open")
    told(house, "home/west/LWT", "online")
    house.until("it is over by itself", lambda: house.incidents()[0]["state"] == "resolved")


def test_a_bridge_of_which_only_a_child_is_known_is_a_gateway(house):
    told(house, "tele/rf/LWT", "Offline")
    assert house.push("qian", "opened").incident["kind"] == "trouble"
    told(house, "tele/rf/LWT", "Online")
    house.push("qian", "resolved")
    told(house, "tele/rf/RESULT", {"RfReceived": {"Data": "D07EA9", "Bits": 24}})
    assert house.push("qian", "opened").incident["kind"] == "panic"
    told(house, "tele/plug/LWT", "Offline")  # the button is heard through another one
    settle(house)
    assert [i["kind"] for i in house.incidents()] == ["panic", "trouble"]
    told(house, "tele/rf/LWT", "Offline")
    assert house.push("qian", "opened").incident["kind"] == "trouble"


def test_who_hangs_on_another_by_the_site_file_hangs_on_no_stranger(build_house):
    def with_bridge(school):
        zigbee(school)
        school["devices"].append({"id": "rf", "zone": "office", "profile": "tasmota"})
        button, = (d for d in school["devices"] if d["id"] == "rf1")
        button["gateway"] = "rf"

    house = build_house(edit_school=with_bridge)
    told(house, "tele/rf/LWT", "Online")
    told(house, "tele/plug/LWT", "Offline")
    settle(house)
    assert house.incidents() == []
    told(house, "tele/rf/LWT", "Offline")
    push = house.push("qian", "opened")
    assert [s["device"] for s in push.incident["signals"]] == ["rf"]


def test_a_bridge_that_was_given_up_long_ago_is_none(house):
    house.daemon.stop()
    told(house, "tele/plug/LWT", "Offline", retain=True, qos=0)  # not queued for us
    house.daemon.start()
    settle(house)
    assert house.incidents() == []
    assert "plug" in house.tocsin("devices", "--unknown")


def test_what_a_homie_root_carries_is_gone_with_it(house):
    told(house, "homie/5/kid/$description", {"homie": "5.0", "root": "hub"})
    told(house, "homie/5/lamp/$state", "lost")
    settle(house)
    assert house.incidents() == []
    told(house, "homie/5/hub/$state", "lost")
    assert house.push("qian", "opened").incident["kind"] == "trouble"
    house.daemon.kill()
    house.daemon.start()
    told(house, "homie/5/hub/$state", "ready")
    house.until("it is over by itself", lambda: house.incidents()[0]["state"] == "resolved")


def test_a_last_will_counts_each_time(house):
    for _ in range(2):  # it never says that it is back
        house.status("fence-west", "offline")
        house.push("qian", "opened")
        house.says("fence-west", "perimeter", "clear")
        house.push("qian", "resolved")
    house.daemon.stop()
    house.daemon.start()  # and the broker still has the old word
    settle(house)
    assert all(i["state"] == "resolved" for i in house.incidents())
    device = next(d for d in house.tocsin_json("devices")["items"] if d["id"] == "fence-west")
    assert device["online"]


def test_one_device_gone_is_a_trouble_until_it_speaks(house):
    told(house, f"{Z}/door/availability", {"state": "offline"})
    house.push("qian", "opened")
    told(house, f"{Z}/door", {"linkquality": 80})
    house.until("it is over by itself", lambda: house.incidents()[0]["state"] == "resolved")


def test_what_announces_itself_says_how_long_it_may_be_silent(house):
    told(house, "homeassistant/binary_sensor/x/config", {
        "dev_cla": "smoke", "stat_t": "+/x/s", "uniq_id": "u7", "expire_after": 1,
        "val_tpl": "{{ 'ON' if value_json.alarm else 'OFF' }}"}, retain=True)
    settle(house)
    house.until("its topic is listened to", lambda: told(house, "any/x/s", {"alarm": False}) or [
        row for row in house.log("--device", "told", type="signal")])
    assert house.push("qian", "opened").incident["kind"] == "trouble"
    assert house.log("--device", "told", type="device.silent")[0]["data"]["expect_every_ms"] == 1000
    told(house, "other/x/s", {"alarm": True})
    assert house.push("qian", "opened").incident["kind"] == "fire"


def test_an_unknown_device_is_listed_and_its_fire_is_not_ignored(house):
    told(house, f"{Z}/attic", {"temperature": 21})
    told(house, f"{Z}/cellar", {"smoke": True})
    incident = house.push("qian", "opened").incident
    assert (incident["kind"], incident["severity"], incident["zone"]["id"]) == \
        ("fire", "major", "campus")
    settle(house)
    lines = house.tocsin("devices", "--unknown")
    assert 'profile: zigbee2mqtt, address: "attic"}' in lines
    items = {i["address"]: i for i in house.tocsin_json("devices", "--unknown")["items"]}
    assert items["cellar"]["kind"] == "smoke"


def test_a_native_stranger_is_refused_and_heard(house):
    house.daemon.expects_log("unknown device 'ghost'")
    house.sends("ghost", b'{"kind":"gas","state":"active"}')
    assert house.push("qian", "opened").incident["kind"] == "gas"
    assert [row["device"] for row in house.log(type="rejected")] == ["ghost"]


def test_what_tells_of_no_state_clears_no_fire_of_an_unknown_device(build_house):
    """A test, what is past, an announcement that comes again: none says that it is over."""
    house = build_house(edit_school=zigbee, edit_service=lambda service: service.update(
        listen=["chirpstack", "shelly"]))
    announced = {"dev_cla": "smoke", "stat_t": "any/x/s", "uniq_id": "u8", "pl_on": "ON"}
    uplink = "application/a/device/24e124538b223213/event/up"
    told(house, "homeassistant/binary_sensor/x/config", announced)
    house.until("its topic is listened to", lambda: told(house, "any/x/s", "ON") or
                house.log(type="device.stranger"))
    told(house, f"{Z}/cellar", {"smoke": True})
    told(house, f"{Z}/bridge/state", {"state": "offline"})
    told(house, f"{Z}/bridge/state", {"state": "online"})
    told(house, uplink, {"object": {"smoke_status": "alarm"}})
    told(house, "shellies/shellygas-Z/sensor/gas", "heavy")
    before = house.until("all four burn", lambda: len(
        house.log(type="device.stranger")) == 4 and house.log(type="device.stranger"))
    told(house, "homeassistant/binary_sensor/x/config", announced)
    told(house, f"{Z}/cellar", {"smoke": True, "test": True})
    told(house, f"{Z}/cellar", {"smoke": True, "last_seen": LONG_AGO})
    told(house, uplink, {"object": {"history": [
        {"time": LONG_AGO, "smoke_status": "alarm"}]}})
    told(house, "shellies/shellygas-Z/sensor/gas", "test")
    settle(house)
    assert house.log(type="device.stranger") == before
    assert house.log(type="incident.cleared") == []
    told(house, "shellies/shellygas-Z/sensor/gas", "none")
    house.until("its own word does", lambda: house.log(type="incident.cleared"))


def test_what_the_broker_keeps_is_entered_once(build_house):
    """Not again with each announcement, whose topics are subscribed to, nor with each start."""
    house = build_house(edit_school=zigbee, start=False)
    house.daemon.expects_log("fence-west")

    def announce(name):
        told(house, f"homeassistant/binary_sensor/{name}/config", {
            "dev_cla": "smoke", "stat_t": f"any/{name}/s", "uniq_id": name, "pl_on": "ON"}, retain=True)
        house.until("its topic is listened to", lambda: told(house, f"any/{name}/s", "ON") or [
            row for row in house.log("--device", name, type="device.stranger")])

    def entered():
        rows = house.log()
        return {"past": len([row for row in rows if row["data"].get("past")]),
                "rejected": len([row for row in rows if row["type"] == "rejected"]),
                "attic": len([row for row in rows if row["type"] == "device.unknown"
                              and row["device"] == "attic"])}

    told(house, f"{Z}/hall/smoke", {"smoke": True, "last_seen": LONG_AGO}, retain=True)
    told(house, f"{Z}/attic", {"water_leak": True}, retain=True)
    house.status("fence-west", "perhaps")
    house.daemon.start()
    once = {"past": 1, "rejected": 1, "attic": 1}
    house.until("the broker has sent all of it", lambda: entered() == once)
    announce("one")
    announce("two")
    settle(house)
    assert entered() == once
    house.daemon.kill()
    house.daemon.start()
    house.until("the broker has sent all of it", lambda: entered()["rejected"] == 2)
    announce("three")
    settle(house)
    assert entered() == once | {"rejected": 2}
    told(house, f"{Z}/hall/smoke", {"smoke": False, "last_seen": LONG_AGO}, retain=True)
    told(house, f"{Z}/hall/smoke", {"smoke": True})
    assert house.push("qian", "opened")


def test_a_number_out_of_bounds_is_a_trouble_until_it_is_back(house):
    house.says("recorder", "fault", "clear", days_kept=12)
    assert house.push("qian", "opened").incident["kind"] == "trouble"
    house.says("recorder", "fault", "clear", days_kept=31)
    house.until("it is over by itself", lambda: house.incidents()[0]["state"] == "resolved")


def test_what_a_profile_knows_and_cannot_read_is_in_the_record(house):
    house.daemon.expects_log("z-smoke")
    told(house, f"{Z}/hall/smoke", '{"smoke":')
    settle(house)
    row, = house.log(type="rejected")
    assert row["device"] == "z-smoke" and row["data"]["reason"] == "not JSON"


def test_what_is_too_long_is_in_the_record_whoever_says_it(house):
    house.daemon.expects_log("z-smoke.*bytes")
    told(house, f"{Z}/hall/smoke", json.dumps({"smoke": True, "note": "x" * 65_536}))
    told(house, f"{Z}/hall/smoke/set", "x" * 70_000)  # which the profile passes over
    told(house, f"{Z}/hall/smoke", {"smoke": True})
    house.push("qian", "opened")
    row, = house.log(type="rejected")
    assert row["device"] == "z-smoke" and "bytes" in row["data"]["reason"]
    assert row["data"]["topic"] == f"{Z}/hall/smoke" and len(row["data"]["head"]) == 256
