"""Sirens and doors: switched over MQTT while an incident lasts, whatever is killed meanwhile."""

import pytest
from broker import Client
from house import quick

SIREN = "siren/dorm/set"
DOOR = "tocsin/binjiang/output/door-dorm"


def wired(school):
    quick(school)
    school["outputs"] = [
        {"id": "siren-dorm", "topic": SIREN, "on": '{"alarm":"on"}', "off": '{"alarm":"off"}',
         "for": {"kind": "fire", "zone": "dorm"}, "triggers": "1"},
        {"id": "door-dorm", "for": {"kind": "fire", "zone": "dorm"}}]


def commands(client, topic=SIREN):
    return [m.payload.decode() for m in list(client.messages) if m.topic == topic]


@pytest.fixture
def wired_house(build_house):
    return build_house(edit_school=wired)


@pytest.mark.smoke
def test_one_detector_tells_people_and_sounds_two_open_the_door(wired_house):
    house = wired_house
    house.says("smoke-301", "smoke")
    incident = house.push("qian", "opened").incident["id"]
    house.until("the siren sounds", lambda: commands(house.devices) == ['{"alarm":"on"}'])
    assert commands(house.devices, DOOR) == []
    house.says("smoke-302", "smoke")
    house.until("the door opens", lambda: commands(house.devices, DOOR) == ["ON"])
    row, = [row for row in house.tocsin_json("outputs")["items"] if row["id"] == "door-dorm"]
    assert (row["state"], row["incident"], row["triggers"]) == ("on", incident, 2)
    assert "siren-dorm" in house.tocsin("outputs")
    assert house.api("GET", "/api/v1/outputs").json["items"][1]["state"] == "on"
    house.resolve(incident)
    house.until("both are withdrawn", lambda: commands(house.devices)[1:] == ['{"alarm":"off"}']
                and commands(house.devices, DOOR)[1:] == ["OFF"])
    house.until("the record has both commands and that the broker took them", lambda: [
        (row["data"]["state"], row["data"].get("delivered", False))
        for row in house.log(type="output") if row["data"]["output"] == "siren-dorm"
    ] == [("on", False), ("on", True), ("off", False), ("off", True)])


def test_a_command_outlives_the_daemon_that_could_not_send_it(wired_house):
    house = wired_house
    house.daemon.expects_log("broker")
    house.says("smoke-301", "smoke")
    incident = house.push("qian", "opened").incident["id"]
    house.until("the siren sounds", lambda: commands(house.devices) == ['{"alarm":"on"}'])
    house.broker.stop()
    house.until("readyz says so", lambda: house.api("GET", "/readyz").status == 503)
    house.resolve(incident)  # committed; the broker is away
    house.daemon.kill()
    house.broker.start()
    sirens = Client(house.broker, house.bell)
    house.daemon.start()
    house.until("the siren is withdrawn", lambda: commands(sirens) == ['{"alarm":"off"}'])
    house.until("and that is on record", lambda: any(
        row["data"].get("delivered") and row["data"]["state"] == "off"
        for row in house.log(type="output")))
    house.daemon.kill()
    house.daemon.start()
    house.says("sos-gate", "panic")
    house.push("qian", "opened")
    assert commands(sirens) == ['{"alarm":"off"}']  # what is confirmed is not said again
    sirens.close()


def test_what_is_on_is_said_again_after_a_restart(wired_house):
    house = wired_house
    house.says("smoke-301", "smoke")
    house.until("the siren sounds", lambda: commands(house.devices) == ['{"alarm":"on"}'])
    house.until("the broker has it", lambda: any(
        row["data"].get("delivered") for row in house.log(type="output")))
    house.daemon.kill()
    house.daemon.start()
    house.until("the siren hears it again", lambda: commands(house.devices)[1:]
                == ['{"alarm":"on"}'])


def test_a_reload_that_renames_its_zone_silences_no_siren(wired_house):
    house = wired_house
    house.says("smoke-301", "smoke")
    house.says("smoke-302", "smoke")
    house.until("siren and door are on", lambda: commands(house.devices) == ['{"alarm":"on"}']
                and commands(house.devices, DOOR) == ["ON"])

    def rename(school):
        for zone in school["zones"]:
            zone["id"] = {"dorm-3f": "third-floor"}.get(zone["id"], zone["id"])
        for device in school["devices"]:
            device["zone"] = {"dorm-3f": "third-floor"}.get(device["zone"], device["zone"])
        school["outputs"][1]["topic"] = "siren/new-door/set"

    house.write_school(rename)
    house.daemon.hangup()
    house.until("the door opens where it is now", lambda: (
        commands(house.devices, DOOR), commands(house.devices, "siren/new-door/set")) == (
            ["ON", "OFF"], ["ON"]))
    assert commands(house.devices) == ['{"alarm":"on"}']
    house.resolve(house.incidents()[0]["id"])
    house.until("both are withdrawn", lambda: commands(house.devices)[1:] == ['{"alarm":"off"}']
                and commands(house.devices, "siren/new-door/set")[1:] == ["OFF"])
