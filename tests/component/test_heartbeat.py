"""The dead man's switch: signs of life to the outside, only while alarms would get through."""

import pytest
from house import quick
from receiver import status


@pytest.fixture
def house(build_house):
    def edit(service):
        port = next(c["url"] for c in service["channels"] if c["id"] == "phone")
        service["heartbeat"] = {"url": port.replace("/phone", "/alive"), "every": "200ms"}

    return build_house(edit_service=edit)


def beats(house):
    return [r for r in list(house.phone.requests) if r.path == "/alive"]


def more_beats(house, count=3):
    before = len(beats(house))
    house.until(f"{count} more signs of life", lambda: len(beats(house)) >= before + count)


def test_it_beats_only_while_alarms_would_get_through(house):
    more_beats(house)
    assert all(r.body == b"" for r in beats(house))
    house.says("smoke-301", "smoke")
    house.daemon.expects_log("no connection to the broker")
    house.broker.kill()
    house.until("the daemon knows that it is not ready",
                lambda: house.api("GET", "/readyz").status == 503)
    silent = len(beats(house))
    for _ in range(3):  # the time for many beats passes
        house.push("sun", "repeated")
    assert len(beats(house)) <= silent + 1  # one may have been under way
    house.broker.start()
    more_beats(house)


def test_one_that_does_not_get_through_is_said_once(house):
    more_beats(house)
    house.daemon.expects_log("the heartbeat does not get through")
    house.phone.behaves("/alive", status(500))
    more_beats(house)
    house.phone.behaves("/alive")
    house.daemon.until_logs("the heartbeat gets through again")


def test_another_systems_signs_of_life_are_supervised_like_a_device(build_house):
    def school(file):
        quick(file)
        file["devices"].append({"id": "video", "zone": "office", "kind": "fault",
                                "expect_every": "1s"})

    house = build_house(edit_school=school)
    house.push("qian", "opened")  # it has never said anything
    assert house.incidents()[0]["signals"][0]["kind"] == "link"
    answer = house.api("POST", "/api/v1/heartbeats/video")
    assert answer.status == 200 and answer.json["state"] == "heard"
    house.push("qian", "resolved")
    house.push("qian", "opened")  # silent again
    assert house.api("POST", "/api/v1/heartbeats/nobody").status == 404
    assert house.api("POST", "/api/v1/heartbeats/video", token=None).status == 401
