"""Hazards: reported, remedied, checked by somebody else, all of it in the record; a trouble that
takes its time becomes one."""

import json


def listed(house, *args):
    return house.tocsin_json("hazards", *args)["items"]


def test_a_hazard_from_the_report_to_the_check(house):
    said = house.tocsin("hazards", "add", "--zone", "dorm-3f", "--note", "fire door blocked",
                        "--to", "zhao", "--for", "3d", "--by", "li")
    (hazard,) = listed(house)
    assert hazard["id"] in said and hazard["stage"] == "open" and hazard["to"] == "zhao"
    push = house.push("zhao", "hazard")
    assert push.json["type"] == "hazard" and push.json["data"]["incident"] is None
    assert "fire door blocked" in push.notification["text"]
    assert hazard["id"] in push.notification["text"]
    for verb, by, note, words in (("close", "li", None, "remedied"), ("remedy", "zhao", None, "note"),
                                  ("remedy", "nobody", "x", "nobody")):
        house.tocsin("hazards", verb, hazard["id"], "--by", by, *(["--note", note] if note else []),
                     code=1)
        assert words in house.stderr and house.stderr.count("\n") == 1
    house.tocsin("hazards", "remedy", hazard["id"], "--by", "zhao", "--note", "shelf moved")
    house.push("li", "hazard")
    assert "fire door blocked" in house.tocsin("hazards")
    house.tocsin("hazards", "close", hazard["id"], "--by", "zhao", code=1)
    house.daemon.kill()
    house.daemon.start()
    assert listed(house)[0]["stage"] == "remedied"
    house.tocsin("hazards", "close", hazard["id"], "--by", "li")
    assert listed(house) == []
    (closed,) = listed(house, "--all")
    assert (closed["stage"], closed["ended_by"], closed["remedy"]) == ("closed", "li", "shelf moved")
    told = [(row["data"]["action"], row.get("by")) for row in house.log(type="hazard")]
    assert told == [("reported", "li"), ("remedied", "zhao"), ("closed", "li")]


def test_a_trouble_becomes_one_and_is_no_trouble_any_more(house):
    house.says("smoke-301", "battery")
    house.push("qian", "opened")
    (trouble,) = house.incidents("?state=open")
    answer = house.api("POST", "/api/v1/hazards", {
        "incident": trouble["id"], "by": "li", "to": "qian", "for": "14d", "note": "new battery"})
    assert answer.status == 200, answer
    assert (answer.json["device"], answer.json["incident"]) == ("smoke-301", trouble["id"])
    assert house.incidents("?state=open,acknowledged") == []
    assert house.api("GET", "/api/v1/hazards").json["items"][0]["id"] == answer.json["id"]
    house.says("smoke-301", "smoke")
    fire = house.push("qian", "opened").incident["id"]
    refused = house.api("POST", "/api/v1/hazards", {"incident": fire, "by": "li"})
    assert refused.status == 400 and "alarm" in refused.json["detail"]
    assert house.api("POST", "/api/v1/hazards", {"by": "li", "note": "x", "zone": "dorm",
                                                 "when": 1}).status == 400
    assert house.api("POST", "/api/v1/hazards/none/close", {"by": "li"}).status == 404
    assert house.api("POST", "/api/v1/hazards", {"by": "li", "note": "x", "zone": "dorm",
                                                 "for": "0s"}).status == 400
    (again,) = json.loads(house.tocsin("replay", "--json"))
    assert (again["not_applied"], again["only_was"], again["only_would"]) == (0, 0, 0)
