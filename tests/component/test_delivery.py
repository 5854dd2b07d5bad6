"""Getting a push through: retries, the next contact, receivers that misbehave."""

import socket

import pytest
from house import SECRET, quick
from receiver import accept, cut, cut_body, drip, error_inside, hang, signature, status
from service import SLOWER


def one_person(person):
    """A school whose every incident is one person's business."""
    def edit(school):
        quick(school)
        school["policies"] = [{"id": "one", "steps": [{"after": "0s", "notify": [person]}],
                               "repeat": "10m", "resolve_within": "30m"}]
        school["last_resort"] = ["person:sun"]
    return edit


def phone_gives_up_after(span):
    def edit(service):
        service["channels"][0]["give_up_after"] = span
    return edit


@pytest.fixture
def qians_house(build_house):
    return build_house(edit_school=one_person("person:qian"))


@pytest.fixture
def lis_house(build_house):
    """Li has two contacts; her phone has a second to accept."""
    return build_house(edit_school=one_person("person:li"),
                       edit_service=phone_gives_up_after("1s"))


def attempts_of(house, request):
    return [r for r in house.pushes(path=request.path) if r.id == request.id]


@pytest.mark.smoke
def test_a_busy_receiver_is_tried_again_with_the_same_id(qians_house):
    house = qians_house
    house.phone.behaves("/phone", status(503), status(503), accept)
    house.says("smoke-301", "smoke")
    first = house.push("qian", "opened", attempt=1)
    second = house.push("qian", "opened", attempt=2)
    third = house.push("qian", "opened", attempt=3)
    assert first.id == second.id == third.id
    assert 0.4 < second.at - first.at < 2, "about 1 s"
    assert 0.9 < third.at - second.at < 3.5, "then about 2 s"
    for push in (first, second, third):
        assert push.headers["webhook-signature"] == signature(SECRET, push)
        assert abs(int(push.headers["webhook-timestamp"]) - push.wall) < 2, "per attempt"
    house.until("it is recorded as accepted", lambda: [
        d["state"] for d in house.incident(first.incident["id"])["notifications"]] == ["accepted"])
    assert len(attempts_of(house, first)) == 3


@pytest.mark.parametrize("broken", [cut, cut_body])
def test_a_broken_connection_is_tried_again_at_once(qians_house, broken):
    house = qians_house
    house.phone.behaves("/phone", broken, accept)
    house.says("smoke-301", "smoke")
    first = house.push("qian", "opened", attempt=1)
    second = house.push("qian", "opened", attempt=2)
    assert first.id == second.id
    assert second.at - first.at < (0.5 * SLOWER if broken is cut else 2)


def test_retry_after_is_honoured(qians_house):
    house = qians_house
    house.phone.behaves("/phone", status(429, {"Retry-After": "3"}), accept)
    house.says("smoke-301", "smoke")
    first = house.push("qian", "opened", attempt=1)
    second = house.push("qian", "opened", attempt=2)
    assert 2.8 < second.at - first.at < 5


@pytest.mark.parametrize("refusal", [400, 401, 404, 410, 302])
def test_a_refusal_goes_to_the_next_contact_at_once(lis_house, refusal):
    house = lis_house
    house.phone.behaves("/phone", status(refusal, {"Location": f"{house.url}/elsewhere"}))
    house.says("smoke-301", "smoke")
    refused = house.push("li", "opened", path="/phone")
    backup = house.push("li", "opened", path="/backup", id=refused.id)
    assert backup.at - refused.at < 0.6 * SLOWER
    assert not house.pushes(path="/elsewhere"), "a redirect is not followed"


@pytest.mark.smoke
@pytest.mark.parametrize("silence", [hang, drip, status(503)], ids=["hang", "drip", "503"])
def test_a_silent_receiver_loses_its_turn_after_give_up_after(lis_house, silence):
    house = lis_house
    house.phone.behaves("/phone", silence)
    house.says("smoke-301", "smoke")
    first = house.push("li", "opened", path="/phone")
    backup = house.push("li", "opened", path="/backup")
    assert 0.8 < backup.at - first.at < 2.5 * SLOWER
    house.until("it is recorded as accepted", lambda: [
        d["state"] for d in house.incident(first.incident["id"])["notifications"]
        if d["channel"] == "backup"] == ["accepted"])


def test_nobody_listens_at_the_first_contact(build_house):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # bound, not listening: connections are refused

        def edit(service):
            service["channels"][0]["url"] = f"http://127.0.0.1:{nobody.getsockname()[1]}/phone"
            service["channels"][0]["give_up_after"] = "1s"

        house = build_house(edit_school=one_person("person:li"), edit_service=edit)
        house.says("smoke-301", "smoke")
        assert house.push("li", "opened", path="/backup", within=4)


def test_retry_after_never_delays_past_the_next_contact(lis_house):
    house = lis_house
    house.phone.behaves("/phone", status(503, {"Retry-After": "3600"}))
    house.says("smoke-301", "smoke")
    first = house.push("li", "opened", path="/phone")
    backup = house.push("li", "opened", path="/backup")
    assert backup.at - first.at < 2.5 * SLOWER


def test_critical_goes_to_all_contacts_at_once(lis_house):
    house = lis_house
    house.phone.behaves("/phone", hang)
    house.says("sos-gate", "panic")
    phone = house.push("li", "opened", path="/phone")
    backup = house.push("li", "opened", path="/backup")
    assert phone.incident["severity"] == "critical"
    assert abs(backup.at - phone.at) < 0.5 * SLOWER, "before the phone had any time to answer"


def test_what_is_not_critical_stays_with_the_contact_that_accepted(lis_house):
    house = lis_house
    house.says("smoke-301", "smoke")
    push = house.push("li", "opened", path="/phone")
    house.resolve(push.incident["id"], by="li")
    house.push("li", "resolved", path="/phone")
    assert not house.pushes(path="/backup")


def test_one_hanging_receiver_holds_up_nobody_else(build_house):
    def everyone(school):
        quick(school)
        school["policies"] = [{
            "id": "all", "repeat": "10m", "resolve_within": "30m", "steps": [
                {"after": "0s", "notify": ["person:qian", "person:zhao", "person:li",
                                           "person:sun"]}]}]

    house = build_house(edit_school=everyone)
    house.phone.behaves("/phone", hang, to="qian")
    house.phone.behaves("/phone", drip, to="zhao")
    house.says("smoke-301", "smoke")
    hung = house.push("qian", "opened")
    for person in ("li", "sun"):
        assert house.push(person, "opened").at - hung.at < 0.5 * SLOWER
    house.says("smoke-302", "smoke")
    for person in ("li", "sun"):
        house.push(person, "raised", within=2)


def test_a_large_answer_harms_nothing(qians_house):
    house = qians_house
    house.phone.behaves("/phone", status(200, body=b"x" * 4_000_000))
    house.says("smoke-301", "smoke")
    push = house.push("qian", "opened")
    house.resolve(push.incident["id"], by="qian")
    house.push("qian", "resolved")
    assert len(attempts_of(house, push)) == 1


@pytest.mark.parametrize("code", [200, 201, 202, 204])
def test_any_2xx_is_accepted(qians_house, code):
    house = qians_house
    house.phone.behaves("/phone", status(code))
    house.says("smoke-301", "smoke")
    push = house.push("qian", "opened")
    house.until("it is recorded as accepted", lambda: [
        d["state"] for d in house.incident(push.incident["id"])["notifications"]] == ["accepted"])


def test_the_generic_webhook_judges_by_status_alone(qians_house):
    house = qians_house
    house.phone.behaves("/phone", error_inside)
    house.says("smoke-301", "smoke")
    push = house.push("qian", "opened")
    house.until("it is recorded as accepted", lambda: [
        d["state"] for d in house.incident(push.incident["id"])["notifications"]] == ["accepted"])


def test_every_attempt_is_in_the_record(qians_house):
    house = qians_house
    house.phone.behaves("/phone", status(503), accept)
    house.says("smoke-301", "smoke")
    push = house.push("qian", "opened", attempt=2)
    rows = house.until("both results are recorded", lambda: len(
        rows := house.log("--incident", push.incident["id"], type="delivery")) == 2 and rows)
    assert "503" in str(rows[0]["data"]) and "accepted" in str(rows[1]["data"])
    assert all(push.id in str(row["data"]) for row in rows)


def test_a_dead_channel_is_one_trouble_told_over_another(lis_house):
    """Not one for each attempt, not over the dead one, and over when something gets through."""
    house = lis_house
    house.phone.behaves("/phone", status(410))
    house.says("smoke-301", "smoke")
    house.says("sos-gate", "panic")

    def troubles():
        return [i for i in house.incidents() if i["kind"] == "trouble"]

    told = house.until("li hears over the backup", lambda: next(
        (r for r in house.pushes(path="/backup") if r.incident["kind"] == "trouble"), None))
    assert "phone" in told.notification["text"]
    assert not [r for r in house.pushes(path="/phone") if r.incident["kind"] == "trouble"]
    assert len(troubles()) == 1
    house.phone.behaves("/phone", accept)
    house.says("smoke-302", "smoke")
    house.until("the trouble is over", lambda: [i["state"] for i in troubles()] == ["resolved"])
