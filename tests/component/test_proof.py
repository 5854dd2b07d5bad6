"""Proof of reach: a test is confirmed by the tap on its link, and the record shows who was reached."""

import threading

from service import SLOWER, http


def test_a_tap_proves_the_contact(house):
    said = []
    waiting = threading.Thread(
        target=lambda: said.append(house.tocsin("test", "person:li", "--wait")))
    waiting.start()
    pushes = [house.push("li", "test", path=path) for path in ("/phone", "/backup")]
    links = [push.json["data"]["ack_url"] for push in pushes]
    for link in links:
        assert http("GET", link).status == 200
    assert proven(house) == {"phone": None, "backup": None}  # looking proves nothing
    for link in links:
        answer = http("POST", link, b"")
        assert answer.status == 200 and "收到" in answer.body.decode()
    waiting.join(10 * SLOWER)
    assert said and "received" in said[0] or "已确认" in said[0]
    assert all(proven(house).values())
    assert [row["by"] for row in house.log("--type", "operator")
            if row["data"]["action"] == "confirm test"] == ["li", "li"]
    house.daemon.stop()
    house.daemon.start()
    assert all(proven(house).values())


def proven(house):
    people = house.tocsin_json("people")["items"]
    li = next(person for person in people if person["id"] == "li")
    return {contact["channel"]: contact.get("proven") for contact in li["contacts"]}


def test_two_phones_over_one_channel_are_proven_apart(build_house):
    def two_phones(school):
        li = next(person for person in school["people"] if person["id"] == "li")
        li["contacts"] = [{"channel": "phone", "to": "old"}, {"channel": "phone", "to": "new"}]

    house = build_house(edit_school=two_phones)
    house.tocsin("test", "person:li")
    pushes = [house.push("li", "test") for _ in range(2)]
    new = next(push for push in pushes if push.notification["to"]["address"] == "new")
    assert http("POST", new.json["data"]["ack_url"], b"").status == 200
    people = house.tocsin_json("people")["items"]
    old, new = next(person for person in people if person["id"] == "li")["contacts"]
    assert (old["nth"], old["waiting"], "proven" in old) == (1, True, False)
    assert (new["nth"], new["waiting"], "proven" in new) == (2, False, True)
    assert "phone (2)" in house.tocsin("people")
