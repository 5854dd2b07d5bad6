"""`tocsin try`: what a message would raise, by the site's own rules, is what the daemon raises."""

import json

import pytest
from house import quick

Z = "zigbee2mqtt"
OFFICE = f"{Z}/sink"


def ruled(school):
    quick(school)
    school["devices"] += [
        {"id": "sink", "zone": "office", "profile": Z, "address": "sink", "labels": ["kitchen"]},
        {"id": "hatch", "zone": "dorm", "kind": "contact"},
        {"id": "towels", "zone": "dorm", "profile": Z, "labels": ["dry"]},
    ]
    school["arming"] = [{"zone": "dorm", "by_hand": "true"}]
    school["rules"] = [
        {"id": "wk", "match": {"kind": "water", "zone": "office"},
         "raise": {"severity": "critical", "policy": "fire"}},
        {"id": "dry-kitchen", "match": {"kind": "water", "label": "dry"},
         "raise": {"kind": "trouble", "severity": "warning", "policy": "other"}},
        {"id": "left-open", "match": {"kind": "contact"}, "for": "10m",
         "raise": {"kind": "other", "severity": "minor"}},
        {"id": "often", "match": {"kind": "contact", "zone": "dorm"}, "count": "3", "within": "1h",
         "raise": {"kind": "other", "severity": "major"}}]


@pytest.fixture
def house(build_house):
    return build_house(edit_school=ruled)


def tried(house, topic, payload):
    answer = house.tocsin_json("try", topic, json.dumps(payload))
    (device,) = answer.get("devices", [answer])
    return device


def event(device):
    return f"tocsin/binjiang/device/{device}/event"


def test_it_says_what_the_daemon_then_does(house):
    (signal,) = tried(house, OFFICE, {"water_leak": True})["signals"]
    assert signal["raises"] == {"kind": "water", "severity": "critical", "policy": "fire",
                                "rule": "wk", "may": []}
    assert "-> water, critical, policy fire, rule wk\n" in house.tocsin(
        "try", OFFICE, '{"water_leak": true}')
    house.devices.publish(OFFICE, b'{"water_leak": true}')
    incident = house.push("qian", "opened").incident
    assert (incident["kind"], incident["severity"]) == ("water", "critical")


def test_rules_that_ask_for_more_are_named(house):
    (signal,) = tried(house, event("hatch"), {"kind": "contact", "state": "active"})["signals"]
    assert [(rule["id"], rule.get("for_ms"), rule.get("count")) for rule in
            signal["raises"]["may"]] == [("left-open", 600000, None), ("often", None, 3)]
    said = house.tocsin("try", event("hatch"), '{"kind":"contact","state":"active"}')
    assert "rule left-open once it has lasted 10m, other, minor" in said
    assert "rule often once it is so 3 times within 1h, other, major" in said


def test_it_knows_what_people_have_armed(house):
    message = event("hatch"), {"kind": "contact", "state": "active"}
    (signal,) = tried(house, *message)["signals"]
    assert "not armed" in signal["raises"]["nothing"]
    house.tocsin("arm", "dorm", "--by", "qian", "--note", "empty")
    (signal,) = tried(house, *message)["signals"]
    assert signal["raises"]["kind"] == "intrusion" and "nothing" not in signal["raises"]


def test_it_knows_what_an_unknown_device_raises(house):
    fire = {"kind": "fire", "severity": "major", "policy": "fire", "zone": "campus", "may": []}
    device = tried(house, f"{Z}/cellar", {"smoke": True})
    assert device["strangers"] == [{"kind": "smoke", "state": "active", "raises": fire}]
    (signal,) = tried(house, event("ghost"), {"kind": "smoke", "state": "active"})["signals"]
    assert signal["raises"] == fire
    assert "-> fire, major, policy fire, zone campus\n" in house.tocsin(
        "try", f"{Z}/cellar", '{"smoke": true}')
    assert tried(house, f"{Z}/cellar", {"smoke": True, "test": True})["strangers"] == []
    assert tried(house, f"{Z}/cellar", {"water_leak": True})["strangers"] == []
    (signal,) = tried(house, event("ghost"), {"kind": "water", "state": "active"})["signals"]
    assert "unknown" in signal["raises"]["nothing"]
