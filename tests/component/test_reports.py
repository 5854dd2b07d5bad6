"""The figures of the reports are those of what happened: nothing is called sent before it left, and
what never came is late."""

import datetime
import json
import re

import pytest
from broker import free_port
from receiver import status
from service import run


def moment(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def response_of(house, incident):
    return json.loads(house.tocsin("report", incident, "--format", "json"))["response"]


def test_the_first_push_is_the_first_that_left(build_house):
    house = build_house(start=False)
    nobody, there = free_port(), house.phone.port
    house.config.write_text(house.config.read_text().replace(f":{there}/", f":{nobody}/"))
    house.daemon.expects_log(".")  # nobody is there
    house.daemon.start()
    house.says("smoke-301", "smoke")
    house.until("it was tried in vain", lambda: house.log(type="delivery"))
    fire = house.incidents()[0]["id"]
    assert response_of(house, fire)["first_push_ms"] is None
    house.daemon.stop()
    house.config.write_text(house.config.read_text().replace(f":{nobody}/", f":{there}/"))
    house.daemon.start()
    first = house.push("qian", "opened")
    opened = moment(first.incident["opened_at"])
    house.until("it is on record", lambda: response_of(house, fire)["first_accepted_ms"])
    pushed = response_of(house, fire)["first_push_ms"] / 1000
    assert pushed <= house.phone.requests[0].wall - opened + 0.01
    assert pushed > moment(house.log(type="service.started")[-1]["received"]) - opened
    assert pushed <= response_of(house, fire)["first_accepted_ms"] / 1000


@pytest.fixture
def deaf(build_house):
    """A fire of which nobody can be told."""
    house = build_house()
    house.daemon.expects_log(".")
    for path in ("/phone", "/backup"):
        house.phone.behaves(path, status(500))
    house.says("smoke-301", "smoke")
    house.until("it is open", house.incidents)
    return house, house.incidents()[0]["id"]


def late_figures(house):
    text = house.api("GET", "/metrics", token=None).body.decode()
    return {stage: int(count) for stage, count in re.findall(
        r'tocsin_response_late_total\{stage="(\w+)"\} (\d+)', text)}


def test_what_never_came_is_late(deaf):
    house, fire = deaf
    house.until("nobody was told in time", lambda: "first_accepted" in response_of(house, fire)["late"],
                within=20)
    assert response_of(house, fire)["late"] == ["first_accepted", "acknowledged"]
    day = json.loads(house.tocsin("report", "day", "--format", "json"))["response"]
    assert {name: figures["late"] for name, figures in day.items() if figures["late"]} == {
        "first_accepted_ms": 1, "acknowledged_ms": 1}
    late = late_figures(house)
    assert (late["first_accepted"], late["acknowledged"]) == (1, 1)
    # An end does not make it good, and counts nothing twice.
    house.resolve(fire)
    house.until("it is resolved", lambda: house.log(type="incident.resolved"))
    assert response_of(house, fire)["late"] == ["first_accepted", "acknowledged"]
    assert late_figures(house) == late


def test_that_it_is_over_is_no_alarm_that_was_told(build_house):
    house = build_house()
    house.daemon.expects_log(".")
    for path in ("/phone", "/backup"):
        house.phone.behaves(path, status(404))
    house.says("smoke-301", "smoke")
    house.until("it was told in vain", lambda: house.log(type="gap"))
    fire = house.incidents()[0]["id"]
    for path in ("/phone", "/backup"):
        house.phone.behaves(path, status(200))
    house.ack(fire)
    house.until("that somebody has it is told", lambda: "accepted" in {
        row["data"]["result"] for row in house.log("--incident", fire, type="delivery")})
    house.resolve(fire)
    house.push("qian", "resolved")
    response = response_of(house, fire)
    assert response["first_push_ms"] is not None and response["first_accepted_ms"] is None
    assert "first_accepted_ms" not in house.tocsin("report", fire, "--format", "cap")

    def others():  # the trouble that the ways that failed are: somebody has that
        return {row["incident"] for row in house.log(type="delivery")
                if row["data"]["result"] == "accepted"} - {fire, None}
    house.until("the trouble of the second way is told", others)
    least = len(others())
    day = json.loads(house.tocsin("report", "day", "--format", "json"))
    metrics = house.api("GET", "/metrics", token=None).body.decode()
    most = len(others())
    (of_fire,) = [i for i in day["incidents"] if i["incident"]["id"] == fire]
    assert of_fire["first_accepted_ms"] is None
    assert least <= day["response"]["first_accepted_ms"]["count"] <= most
    counted = re.search(r'tocsin_response_seconds_count\{stage="first_accepted"\} (\d+)', metrics)
    assert least <= int(counted[1]) <= most


@pytest.mark.parametrize("since, until", [
    ("2026-11-01T00:00", "2026-11-02T05:00:00.000Z"),  # 25 hours
    ("2026-03-08T00:00", "2026-03-09T04:00:00.000Z"),  # 23 hours
    ("2026-11-10T00:00", "2026-11-11T05:00:00.000Z")])
def test_a_day_is_one_of_the_calendar(build_house, since, until):
    house = build_house(start=False)
    house.write_school(lambda school: school.update(timezone="America/New_York"))
    house.daemon.start()
    house.says("smoke-301", "smoke")
    house.until("it is open", house.incidents)
    day = json.loads(house.tocsin("report", "day", "--format", "json", "--since", since))
    assert day["until"] == until
    before = json.loads(house.tocsin("report", "day", "--format", "json", "--until", until))
    assert before["since"] == day["since"]


def test_json_is_one_format_of_a_report(house):
    done = run("tocsin", "--config", house.config, "report", "day", "--format", "csv", "--json")
    assert done.returncode == 2 and "--json is --format json" in done.stderr
