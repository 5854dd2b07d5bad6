"""The real messages, all of them, at a service that listens to every system: heard again, and again
after a restart, they raise nothing twice."""

import json

import pytest
from house import quick
from test_corpus import CORPUS, rows

SYSTEMS = ["alink", "chirpstack", "dsc", "esphome", "homeassistant", "homie", "ialarm",
           "openmqttgateway", "paradox", "ring", "risco", "rtl_433", "shelly", "shelly2", "sia",
           "tasmota", "thethingsstack", "tuya", "tuya-mqtt", "zigbee2mqtt", "zwave"]


def listens(service):
    service["listen"] = SYSTEMS


@pytest.fixture
def house(build_house):
    return build_house(edit_school=quick, edit_service=listens)


def alarms():
    """What says alarm: its clear would make the next alarm a new one."""
    for row in rows():
        meaning = [row["meaning"], *row["meaning"].get("also", [])]
        if any(part["state"] in ("alarm", "open", "low_battery", "fault", "test", "offline") or
               part["state"].startswith("pressed") for part in meaning):
            yield row


def replay(house):
    for row in alarms():
        house.devices.publish(row["topic"], row["payload"].encode(), retain=False)
    house.says("fence-west", "battery", "clear")  # behind it everything is decided


def alarmed(house):
    """What latches. Many rows are of one device, whose battery is low in one and good in the next:
    such troubles come and go."""
    return sorted((i["id"], i["kind"]) for i in house.incidents()
                  if i["kind"] in ("fire", "gas", "panic", "water", "intrusion"))


def test_the_corpus_again_and_after_a_restart_raises_nothing_twice(house):
    house.daemon.expects_log("rejected")
    replay(house)
    unknown = house.tocsin_json("devices", "--unknown")["items"]
    if CORPUS.exists():
        assert len(unknown) > 10
    strangers = {i["kind"] for i in house.incidents()}
    assert "fire" in strangers

    def know(school):  # all of them, with the lines that were made for them
        for number, item in enumerate(unknown):
            school["devices"].append({"id": f"d{number}", "zone": "campus",
                                      "profile": item["profile"],
                                      "address": item["address"]})
    house.write_school(know)
    house.daemon.stop()
    house.daemon.start()
    replay(house)
    first = alarmed(house)
    assert first and house.log("--device", "d0", type="signal")
    replay(house)
    assert alarmed(house) == first
    house.daemon.kill()
    house.daemon.start()
    replay(house)
    assert alarmed(house) == first
