"""Pushing on until a person has taken charge."""

import time

import pytest
from house import quick
from receiver import hang, status
from service import SLOWER


def policy(*steps, repeat="10m", resolve_within="30m", last_resort=("person:sun",)):
    """One policy for everything: steps are (after, recipient, …)."""
    def edit(school):
        quick(school)
        school["policies"] = [{
            "id": "only", "repeat": repeat, "resolve_within": resolve_within,
            "steps": [{"after": after, "notify": list(who)} for after, *who in steps]}]
        school["last_resort"] = list(last_resort)
        school["duty"] = [post for post in school["duty"] if post["id"] != "nobody"] + [
            {"id": "nobody", "name": "空岗", "rota": {
                "people": ["sun"], "every": "1w", "from": "2095-01-03T08:00"}}]
    return edit


def test_each_step_at_its_time_and_the_last_again_and_again(build_house):
    house = build_house(edit_school=policy(
        ("0s", "person:qian"), ("1s", "person:li"), ("2s", "person:sun"), repeat="1s"))
    house.says("smoke-301", "smoke")
    first = house.push("qian", "opened", step=1)
    second = house.push("li", "escalated", step=2)
    third = house.push("sun", "escalated", step=3)
    assert 0.9 < second.at - first.at < 1.5 * SLOWER
    assert 1.9 < third.at - first.at < 2.5 * SLOWER
    last = third
    for _ in range(3):
        again = house.push("sun", "repeated")
        assert 0.9 < again.at - last.at < 1.5 * SLOWER
        assert again.id != last.id
        last = again
    assert not house.pushes(to="qian", reason="repeated"), "only the last step repeats"
    incident = house.incident(first.incident["id"])
    assert incident["state"] == "open", "it never closes by itself"
    assert len({first.id, second.id, third.id}) == 3


@pytest.mark.smoke
def test_acknowledging_stops_the_steps_and_starts_the_second_deadline(build_house):
    house = build_house(edit_school=policy(
        ("0s", "person:qian"), ("1s", "person:li"), repeat="1s", resolve_within="2s"))
    house.says("smoke-301", "smoke")
    opened = house.push("qian", "opened")
    acked = house.ack(opened.incident["id"], by="qian")
    at = time.monotonic()
    assert (acked["state"], acked["owner"]) == ("acknowledged", "qian")

    reopened = house.push("qian", "reopened")
    assert 1.8 < reopened.at - at < 2.7 * SLOWER
    assert not house.pushes(reason="escalated") and not house.pushes(reason="repeated")
    assert reopened.incident["state"] == "open" and reopened.incident["owner"] is None
    again = house.push("li", "escalated", step=2)
    assert 0.9 < again.at - reopened.at < 1.6 * SLOWER, "the steps start over"
    assert [r["type"] for r in house.log("--type", "incident.reopened")] == ["incident.reopened"]


def test_everyone_told_hears_why_it_is_open_again(build_house):
    house = build_house(edit_school=policy(
        ("0s", "person:qian", "person:li"), ("10m", "person:sun"), resolve_within="1s"))
    house.says("smoke-301", "smoke")
    incident = house.push("qian", "opened").incident["id"]
    house.push("li", "opened")
    house.ack(incident, by="li")
    told = house.push("qian", "acknowledged")
    assert (told.incident["state"], told.incident["owner"]) == ("acknowledged", "li")
    assert not house.pushes(to="li", reason="acknowledged"), "who has it knows"
    for person in ("qian", "li"):
        house.push(person, "reopened")
    assert not house.pushes(to="sun")


def test_a_rise_asks_again_also_who_has_acknowledged(build_house):
    house = build_house(edit_school=policy(("0s", "person:qian"), ("1s", "person:li")))
    house.says("smoke-301", "smoke")
    incident = house.push("qian", "opened").incident["id"]
    house.ack(incident, by="qian")
    house.says("smoke-302", "smoke")
    raised = house.push("qian", "raised")
    assert raised.incident["severity"] == "critical"
    house.push("li", "escalated")


def test_a_rise_acts_at_once_by_the_policy_of_the_new_severity(house):
    """The contract's two fire policies: the second names the headmaster first."""
    house.says("smoke-301", "smoke")
    opened = house.push("qian", "opened")
    house.ack(opened.incident["id"], by="qian")
    assert not house.pushes(to="sun")
    house.says("smoke-302", "smoke")
    for person in ("qian", house.leader(), "sun"):
        house.push(person, "raised", within=2)
    assert not house.pushes(reason="joined"), "who is told of the rise needs no second push"


def test_a_step_without_anyone_is_skipped_at_once(build_house):
    house = build_house(edit_school=policy(
        ("0s", "duty:nobody"), ("10m", "person:li"), ("20m", "person:sun")))
    house.daemon.expects_log("nobody is on duty at 'nobody'")
    house.says("smoke-301", "smoke")
    push = house.until("li is told", lambda: house.pushes(to="li"), 3)[0]
    gap = house.log("--incident", push.incident["id"], type="gap")
    assert len(gap) == 1
    assert not house.pushes(to="sun")


def test_a_step_nobody_could_be_reached_in_is_skipped_at_once(build_house):
    house = build_house(edit_school=policy(("0s", "person:qian"), ("10m", "person:sun")))
    house.phone.behaves("/phone", status(404), to="qian")
    house.says("smoke-301", "smoke")
    refused = house.push("qian", "opened")
    push = house.push("sun", "escalated", within=3)
    assert push.at - refused.at < 1 * SLOWER
    assert len(house.log("--incident", push.incident["id"], type="gap")) == 1


def test_a_step_whose_receiver_only_hangs_is_skipped_when_its_time_is_over(build_house):
    def edit(service):
        service["channels"][0]["give_up_after"] = "1s"

    house = build_house(edit_school=policy(("0s", "person:qian"), ("10m", "person:sun")),
                        edit_service=edit)
    house.phone.behaves("/phone", hang, to="qian")
    house.says("smoke-301", "smoke")
    hung = house.push("qian", "opened")
    assert 0.8 < house.push("sun", "escalated", within=5).at - hung.at < 2.5 * SLOWER


@pytest.mark.smoke
def test_when_all_steps_are_exhausted_the_last_resort_is_told(build_house):
    house = build_house(edit_school=policy(("0s", "duty:nobody"), ("10m", "person:qian")))
    house.daemon.expects_log("nobody is on duty at 'nobody'")
    house.phone.behaves("/phone", status(404), to="qian")
    house.says("smoke-301", "smoke")
    push = house.until("the last resort is told", lambda: house.pushes(to="sun"), 5)[0]
    assert push.incident["state"] == "open"
    gaps = house.log("--incident", push.incident["id"], type="gap")
    assert len(gaps) >= 2


def test_zone_owner_is_the_nearest_one_around_the_zone(build_house):
    house = build_house(edit_school=policy(("0s", "zone-owner")))
    house.says("smoke-301", "smoke")
    house.push("zhao", "opened")
    house.says("sos-gate", "panic")
    house.push("qian", "opened")


def test_an_outside_line_is_told_without_an_acknowledge_link(build_house):
    house = build_house(edit_school=policy(("0s", "channel:police")))
    house.says("sos-gate", "panic")
    push = house.push("police", "opened", path="/police")
    assert push.notification["to"]["kind"] == "channel"
    assert not push.json["data"].get("ack_url")


def test_all_who_were_told_hear_of_the_end_and_nobody_else(build_house):
    house = build_house(edit_school=policy(
        ("0s", "person:qian"), ("1s", "person:li"), ("10m", "person:sun")))
    house.says("smoke-301", "smoke")
    incident = house.push("qian", "opened").incident["id"]
    house.push("li", "escalated")
    house.resolve(incident, by="qian", outcome="false_alarm")
    for person in ("qian", "li"):
        push = house.push(person, "resolved")
        assert push.incident["state"] == "resolved"
    assert not house.pushes(to="sun")


def test_an_incident_keeps_the_policy_it_started_with(build_house):
    house = build_house(edit_school=policy(("0s", "person:qian"), ("2s", "person:li")))
    house.says("smoke-301", "smoke")
    house.push("qian", "opened")
    house.write_school(policy(("0s", "person:sun"), ("1s", "person:sun"), repeat="1s"))
    house.daemon.hangup()
    house.push("li", "escalated")
    assert not house.pushes(to="sun")
    house.says("sos-gate", "panic")
    house.push("sun", "opened")
