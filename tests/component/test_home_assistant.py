"""Home Assistant finds the school by itself: introductions on its discovery's topics, and what they
point to."""

import json

import pytest
from broker import Client
from house import SITE, quick

NODE = f"homeassistant/binary_sensor/tocsin-{SITE}/"


def introduced(file):
    file["home_assistant"] = {"prefix": "homeassistant"}


def with_silent_button(school):
    quick(school)
    school["devices"] += [
        {"id": "sos-room", "zone": "office", "kind": "panic", "silent": "true"},
        {"id": "一楼_烟感", "zone": "office", "kind": "smoke"}]


def latest(client, topic):
    told = [m.payload for m in list(client.messages) if m.topic == topic]
    return json.loads(told[-1]) if told and told[-1] else None


@pytest.fixture
def ha_house(build_house):
    return build_house(edit_service=introduced, edit_school=with_silent_button)


def test_devices_and_incidents_appear_by_themselves(ha_house):
    house, heard = ha_house, ha_house.devices
    fire = house.until("the fire is introduced", lambda: latest(heard, NODE + "kind-fire/config"))
    assert fire["device_class"] == "smoke" and fire["device"]["name"] == "滨江中学"
    assert fire["state_topic"] == f"tocsin/{SITE}/state/fire"
    assert fire["availability_topic"] == "tocsin/service/tocsin/status"
    smoke = house.until("the detector is introduced",
                        lambda: latest(heard, NODE + "device-smoke-301/config"))
    assert smoke["unique_id"] == f"tocsin-{SITE}-device-smoke-301"
    assert smoke["device"]["via_device"] == fire["device"]["identifiers"][0]
    assert smoke["device"]["suggested_area"] == "宿舍三层"
    coded = "device-" + "".join(c if c.isascii() and c != "_" else "__" if c == "_" else "".join(
        f"_{b:02X}" for b in c.encode()) for c in "一楼_烟感")
    assert house.until("a Chinese id too", lambda: latest(heard, f"{NODE}{coded}/config"))

    house.says("smoke-301", "smoke")
    state = house.until("the fire is shown", lambda: (
        latest(heard, fire["state_topic"])["state"] == "ON" and latest(heard, fire["state_topic"])))
    assert state["count"] == 1 and state["incidents"][0]["zone"] == "dorm-3f"
    house.until("the detector is shown", lambda: latest(heard, smoke["state_topic"]) == {
        "state": "ON", "zone": "dorm-3f", "active": ["smoke"]})
    house.says("smoke-301", "smoke", "clear")
    house.until("it is clear", lambda: latest(heard, smoke["state_topic"])["state"] == "OFF")
    assert latest(heard, fire["state_topic"])["state"] == "ON"  # fire latches
    house.resolve(house.incidents()[0]["id"])
    house.until("the fire is over",
                lambda: latest(heard, fire["state_topic"])["state"] == "OFF")


def test_nothing_there_learns_of_a_silent_panic_or_a_drill(ha_house):
    house, heard = ha_house, ha_house.devices
    drill = house.api("POST", "/api/v1/drills", {"by": "sun", "zone": "dorm", "for": "10m"})
    assert drill.status == 200, drill
    house.says("smoke-301", "smoke")
    assert house.push("qian", "opened").incident["drill"]
    # What is shown comes in order: the fire's state would be there before the device's.
    house.until("the detector is shown", lambda: (latest(
        heard, f"tocsin/{SITE}/state/device/smoke-301") or {}).get("state") == "ON")
    assert latest(heard, f"tocsin/{SITE}/state/fire")["state"] == "OFF"
    house.says("sos-room", "panic")
    house.push("qian", "opened")
    house.says("sos-gate", "panic")
    house.until("the open panic is shown", lambda: (latest(
        heard, f"tocsin/{SITE}/state/panic") or {}).get("count") == 1)
    assert latest(heard, f"tocsin/{SITE}/state/panic")["incidents"][0]["zone"] == "gate"
    assert not [m for m in heard.messages if "sos-room" in m.topic and "/ack" not in m.topic]


def test_what_is_no_longer_there_is_taken_back(ha_house):
    house = ha_house
    topic = NODE + "device-door-office/config"
    house.until("the door is introduced", lambda: latest(house.devices, topic))
    house.daemon.stop()
    house.write_school(lambda school: school.update(devices=[
        d for d in school["devices"] if d["id"] != "door-office"]))
    house.daemon.start()
    house.until("the door is taken back", lambda: [
        m.payload for m in house.devices.messages if m.topic == topic][-1] == b"")
    newcomer = Client(house.broker, house.bell)
    house.until("a newcomer hears of the rest", lambda: latest(
        newcomer, NODE + "device-smoke-301/config"))
    assert latest(newcomer, topic) is None
    newcomer.close()
