"""Ways out that fail are a trouble until they work again; what is told as a record comes in order."""

import json

import pytest
from house import quick
from receiver import accept, cut, hang, status
from service import http
from vendors import BOT

BAD_KEY = status(200, body=b'{"errcode":93000,"errmsg":"invalid webhook url"}')


def everything_to(*people, contacts=None):
    """A school whose fires and panics are these people's business, its troubles qian's."""
    def edit(school):
        quick(school)
        steps = [{"after": "0s", "notify": [f"person:{person}" for person in people]}]
        school["policies"] = [
            {"id": "all", "steps": steps, "repeat": "10m", "resolve_within": "30m"},
            {"id": "trouble", "for": {"kind": "trouble"}, "repeat": "10m", "resolve_within": "30m",
             "steps": [{"after": "0s", "notify": ["person:qian"]}]}]
        for person in school["people"]:
            if person["id"] == "qian":
                person["contacts"] = [{"channel": "backup"}]
            person["contacts"] = (contacts or {}).get(person["id"], person["contacts"])
    return edit


def troubles(house):
    return sorted((i["subject"], i["state"]) for i in house.incidents() if i["kind"] == "trouble")


def until_troubles(house, *wanted, within=15):
    house.until(f"the troubles are {wanted}", lambda: troubles(house) == sorted(wanted), within)


@pytest.mark.smoke
def test_a_wrong_key_is_a_trouble_though_the_backup_took_it(build_house):
    def robot(service):
        base = service["channels"][0]["url"].removesuffix("/phone")
        service["channels"].append({"id": "robot", "type": "wecom", "url": base + "/robot",
                                    "token": "k"})

    house = build_house(edit_service=robot, edit_school=everything_to("li", contacts={
        "li": [{"channel": "robot"}, {"channel": "backup"}]}))
    house.phone.behaves("/robot?key=k", BAD_KEY)
    house.says("smoke-301", "smoke")
    house.push("li", "opened", path="/backup")
    told = house.push("qian", "opened", path="/backup")
    assert "robot" in told.notification["text"]
    about = "通知渠道失效：robot"
    assert about in told.notification["text"]
    assert about in http("GET", told.json["data"]["ack_url"]).body.decode()
    house.says("sos-gate", "panic")  # another one is no other trouble
    house.push("li", "opened", path="/backup")
    until_troubles(house, ("channel:robot", "open"))


@pytest.mark.parametrize("behaviour", [status(400), status(503), hang, cut],
                         ids=["400", "503", "hang", "cut"])
def test_whatever_fails_is_a_trouble_after_one_alarm(build_house, behaviour):
    """Critical: the backup has it at once, and nothing more goes over the phone by itself."""
    house = build_house(edit_school=everything_to("li"))
    house.phone.behaves("/phone", behaviour)
    house.says("sos-gate", "panic")
    house.push("li", "opened", path="/backup")
    house.ack(house.incidents()[0]["id"])
    until_troubles(house, ("channel:phone", "open"), within=40)


def test_its_return_ends_the_trouble_without_an_alarm(build_house):
    house = build_house(edit_school=everything_to("li"))
    house.phone.behaves("/phone", status(410))
    house.says("smoke-301", "smoke")
    fire = house.push("li", "opened", path="/backup").incident["id"]
    house.push("qian", "opened", path="/backup")
    house.resolve(fire)
    house.push("li", "resolved", path="/backup")
    house.daemon.kill()  # nor does a restart forget that the phone is asked
    house.daemon.start()
    house.phone.behaves("/phone", accept)
    test = house.push("li", "test", path="/phone", within=40)
    assert test.json["type"] == "test" and test.json["data"]["ack_url"] is None
    assert "测试" in test.notification["text"] and "恢复" in test.notification["text"]
    house.push("qian", "resolved", path="/backup")
    until_troubles(house, ("channel:phone", "resolved"))
    assert all(push.reason != "test" for push in house.pushes(path="/backup"))


def test_resolved_by_hand_it_is_open_again_with_the_next_failure(build_house):
    house = build_house(edit_school=everything_to("li"))
    house.phone.behaves("/phone", status(410))
    house.says("smoke-301", "smoke")
    trouble = house.push("qian", "opened").incident
    house.resolve(trouble["id"], by="qian")
    until_troubles(house, ("channel:phone", "resolved"))
    house.says("sos-gate", "panic")
    house.push("li", "opened", path="/backup")
    until_troubles(house, ("channel:phone", "open"), ("channel:phone", "resolved"))


def test_one_blocked_chat_is_that_persons_trouble(build_house):
    chats = ["li", "zhao", "sun"]

    def bot(service):
        base = service["channels"][0]["url"].removesuffix("/phone")
        service["channels"].append({"id": "bot", "type": "telegram", "url": base + "/bot",
                                    "token": BOT})

    def blocked_by_sun(handler, _ended):
        chat = json.loads(handler.last.body)["chat_id"]
        if chat == "sun":
            handler.answer(403, b'{"ok":false,"error_code":403}')
        else:
            handler.answer(200, b'{"ok":true}')

    house = build_house(edit_service=bot, start=False, edit_school=everything_to(
        *chats, contacts={name: [{"channel": "bot", "to": name}, {"channel": "backup"}]
                          for name in chats}))
    house.phone.listens("/bot", blocked_by_sun)
    house.daemon.start()
    for alarm in range(3):
        house.says("sos-gate", "panic")
        house.push("sun", "opened", path="/backup")
        until_troubles(house, ("contact:sun/bot", "open"))
        house.resolve(next(i["id"] for i in house.incidents("?state=open") if i["kind"] == "panic"))
        house.push("sun", "resolved", path="/backup")
    told = house.push("qian", "opened")
    assert "孙校长" in told.notification["text"] and "bot" in told.notification["text"]
    assert troubles(house) == [("contact:sun/bot", "open")]


def test_no_test_goes_to_an_outside_line(build_house):
    def edit(school):
        everything_to("li")(school)
        school["policies"][0]["steps"].append({"after": "1s", "notify": ["channel:police"]})

    house = build_house(edit_school=edit)
    house.phone.behaves("/police", status(404))
    house.says("sos-gate", "panic")
    house.push("police", "escalated")
    until_troubles(house, ("channel:police", "open"))
    house.ack(house.incidents()[-1]["id"])
    house.phone.behaves("/phone", status(410))  # which is asked, and so tells how long to wait
    house.says("smoke-301", "smoke")
    asked = house.push("li", "test", path="/phone", within=40)
    assert asked and all(push.reason != "test" for push in house.pushes(path="/police"))


def test_records_arrive_in_their_order(build_house):
    """Sun's phone is busy once: what was over later is told later, and who took it is told, too; as
    is li, who took it, that it is over."""
    house = build_house(edit_school=everything_to("sun"))
    house.says("smoke-301", "smoke")
    house.push("sun", "opened")
    house.says("sos-gate", "panic")
    house.push("sun", "opened")
    fire, panic = sorted((i["id"] for i in house.incidents()))
    house.phone.behaves("/phone", status(503), accept)
    house.ack(fire)
    first = house.push("sun", "acknowledged", attempt=1)
    house.resolve(panic)
    house.resolve(fire)
    house.push("sun", "acknowledged", attempt=2, within=12)
    house.push("sun", "resolved")
    house.push("sun", "resolved")
    assert house.push("li", "resolved").incident["id"] == fire
    after = [r for r in house.pushes(to="sun", path="/phone") if r.at >= first.at]
    assert [(r.reason, r.incident["id"]) for r in after] == [
        ("acknowledged", fire), ("acknowledged", fire), ("resolved", panic), ("resolved", fire)]


def test_a_restart_keeps_the_order_of_records(build_house):
    house = build_house(edit_school=everything_to("sun"))
    opened = []
    for device, kind in (("smoke-301", "smoke"), ("sos-gate", "panic"), ("fence-west", "perimeter")):
        house.says(device, kind)
        opened.append(house.push("sun", "opened").incident["id"])
    house.phone.behaves("/phone", hang)
    for incident in opened:
        house.resolve(incident)
    house.push("sun", "resolved")
    house.daemon.kill()
    house.phone.behaves("/phone", accept)
    house.daemon.start()
    again = [house.push("sun", "resolved", within=20) for _ in opened]
    assert [push.incident["id"] for push in sorted(again, key=lambda push: push.at)] == opened
