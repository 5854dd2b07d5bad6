"""Where an incident lies, as programs are told it: from the top down, without the zone in which all
others of the site lie. Whoever searches by that zone finds it all the same, and people read it."""

import json

import pytest
from house import SITE, quick
from service import http, run

ROOT_ZONE = "campus"


def told_everywhere(house, push):
    """The zone of a pushed incident, and of the newest one wherever else it can be read."""
    incident = push.incident["id"]
    topic = f"tocsin/{SITE}/incident/{incident}"
    shown = house.until("listeners at the broker are told", lambda: [
        m for m in list(house.devices.messages) if m.topic == topic and m.payload])
    link = http("GET", push.json["data"]["ack_url"], headers={"Accept": "application/json"})
    day = json.loads(house.tocsin("report", "shift", "--format", "json"))
    report = json.loads(house.tocsin("report", incident, "--format", "json"))
    return {
        "webhook": push.incident, "topic": json.loads(shown[-1].payload),
        "link": link.json["incident"], "acknowledged": house.ack(incident),
        **told_of(house, incident), "report": report["incident"],
        "day": next(one["incident"] for one in day["incidents"]
                    if one["incident"]["id"] == incident),
        "handover": next(one for one in day["handover"]["open"] if one["id"] == incident)}


def told_of(house, incident):
    listed = next(one for one in house.incidents() if one["id"] == incident)
    by_command = next(one for one in house.tocsin_json("incidents")["items"]
                      if one["id"] == incident)
    return {"API, one": house.incident(incident), "API, list": listed,
            "command, one": house.tocsin_json("show", incident), "command, list": by_command}


def paths(told):
    return {where: incident["zone"]["path"] for where, incident in told.items()}


@pytest.mark.smoke
def test_the_zone_in_which_all_lie_is_left_out_wherever_it_is_told(house):
    house.says("smoke-301", "smoke")
    push = house.push("qian", "opened")
    told = paths(told_everywhere(house, push))
    assert told == dict.fromkeys(told, ["dorm", "dorm-3f"])
    house.resolve(push.incident["id"])
    house.daemon.stop()  # and when it is over, read from the store
    house.daemon.start()
    told = paths(told_of(house, push.incident["id"]))
    assert told == dict.fromkeys(told, ["dorm", "dorm-3f"])


def test_it_is_named_where_the_incident_is_its_own(house):
    house.api("POST", "/api/v1/incidents", {"site": SITE, "zone": ROOT_ZONE, "kind": "water",
                                            "severity": "major", "by": "li", "note": "a pipe"})
    told = paths(told_everywhere(house, house.push("qian", "opened")))
    assert told == dict.fromkeys(told, [ROOT_ZONE])


def test_of_several_at_the_top_each_is_named(build_house):
    def school(site):
        quick(site)
        site["zones"].append({"id": "annex", "name": "分校"})
    house = build_house(edit_school=school)
    house.says("smoke-301", "smoke")
    told = paths(told_everywhere(house, house.push("qian", "opened")))
    assert told == dict.fromkeys(told, [ROOT_ZONE, "dorm", "dorm-3f"])


def test_who_searches_by_it_finds_all_and_people_read_it(house):
    house.says("smoke-301", "smoke")
    push = house.push("qian", "opened")
    fire = push.incident["id"]
    assert push.notification["text"].count("滨江中学 / 校园 / 宿舍 / 宿舍三层") == 1
    house.says("sos-gate", "panic")
    panic = house.push("qian", "opened").incident["id"]

    def found(zone):
        return {one["id"] for one in house.incidents(f"?zone={zone}")}

    def logged(*args):
        return {row["incident"] for row in house.log(*args) if "incident" in row}

    def are_found():
        assert found(ROOT_ZONE) == {fire, panic} and found("dorm") == {fire}
        assert found("gate") == {panic} and not found("office")
        assert logged("--zone", ROOT_ZONE) == logged() == {fire, panic}
        assert logged("--zone", "dorm") == {fire} and logged("--zone", "gate") == {panic}

    are_found()
    house.resolve(fire)
    house.resolve(panic)
    are_found()


def test_a_store_whose_site_is_not_known_tells_what_is_kept(house):
    house.says("smoke-301", "smoke")
    house.push("qian", "opened")
    house.daemon.stop()
    done = run("tocsin", "incidents", "--store", house.folder / "tocsin.db", "--json")
    incident, = json.loads(done.stdout)["items"]
    assert incident["zone"]["path"] == [ROOT_ZONE, "dorm", "dorm-3f"]
