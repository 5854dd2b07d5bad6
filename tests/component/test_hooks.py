"""Acknowledging where one was told: a button in Telegram, PagerDuty's app. Each call proves whence
it comes."""

import hashlib
import hmac
import json

from house import quick
from vendors import BOT, ROUTING, Pagerduty, Telegram, speak

SECRET = "0123456789abcdef-hook"


class Buttons(Telegram):
    def take(self, path, query, headers, body):
        super().take(path, query, headers, body)
        return body.decode()


def with_hooks(build_house):
    telegram, pagerduty = Buttons(), Pagerduty()

    def service(file):
        base = file["channels"][0]["url"].removesuffix("/phone")
        file["channels"] += [
            {"id": "chat", "type": "telegram", "url": base + "/chat", "token": BOT, "to": "-100200",
             "secret": SECRET},
            {"id": "duty-app", "type": "pagerduty", "url": base + "/duty-app", "token": ROUTING,
             "secret": SECRET}]

    def school(file):
        quick(file)
        people = {person["id"]: person for person in file["people"]}
        people["li"]["contacts"] = [{"channel": "chat"}]
        people["zhao"]["contacts"] = [{"channel": "duty-app", "to": "PZHAO01"}]
        people["sun"]["contacts"] = [{"channel": "duty-app", "to": "PSUN001"}]
        file["policies"] = [{"id": "all", "repeat": "10m", "resolve_within": "30m", "steps": [
            {"after": "0s", "notify": ["person:li", "person:zhao", "person:sun"]}]}]

    house = build_house(edit_school=school, edit_service=service, start=False)
    house.phone.listens("/chat", speak(telegram, "/chat"))
    house.phone.listens("/duty-app", speak(pagerduty, "/duty-app"))
    house.daemon.start()
    return house, telegram, pagerduty


def test_a_tap_on_telegrams_button_acknowledges(build_house):
    house, telegram, _ = with_hooks(build_house)
    house.says("smoke-301", "smoke")
    said = house.until("the bot has it", lambda: telegram.said and telegram.said[0])
    button = json.loads(said)["reply_markup"]["inline_keyboard"][0][0]
    assert len(button["callback_data"]) <= 64

    def tap(data, secret=SECRET):
        return house.api("POST", "/hooks/chat", {"update_id": 1, "callback_query": {
            "id": "4382bf", "from": {"id": 7}, "data": data}}, None,
            headers={"X-Telegram-Bot-Api-Secret-Token": secret})

    assert tap(button["callback_data"], "another-secret-here").status == 403
    forged = tap(button["callback_data"][:-1] + "~")
    assert forged.json["text"] == "按钮无效"
    assert house.incidents()[0]["state"] == "open"
    taken = tap(button["callback_data"])
    assert taken.status == 200 and taken.json == {
        "method": "answerCallbackQuery", "callback_query_id": "4382bf", "text": "您已确认处理"}
    incident = house.incidents()[0]
    assert incident["state"] == "acknowledged" and incident["owner"] == "li"
    assert house.log(type="operator")[-1]["data"]["via"] == "telegram"
    assert tap(button["callback_data"]).json["text"] == "您已确认处理"  # repeatable
    assert house.api("POST", "/hooks/chat", {"update_id": 2, "message": {"text": "hello"}}, None,
                     headers={"X-Telegram-Bot-Api-Secret-Token": SECRET}).json == {}
    assert house.api("POST", "/hooks/phone", {}, None).status == 404


def test_an_acknowledgement_in_pagerduty_is_one_here(build_house):
    house, _, pagerduty = with_hooks(build_house)
    house.says("smoke-301", "smoke")
    house.until("pagerduty has it", lambda: pagerduty.said)
    incident = house.incidents()[0]["id"]

    def call(user, agent="user_reference", secret=SECRET, key=incident):
        body = json.dumps({"event": {
            "event_type": "incident.acknowledged", "resource_type": "incident",
            "agent": {"id": user, "type": agent, "summary": "somebody"},
            "data": {"id": "PGR0VU2", "type": "incident", "incident_key": key}}}).encode()
        mac = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        return house.api("POST", "/hooks/duty-app", body, None, headers={
            "X-PagerDuty-Signature": f"v1=00ff,v1={mac}"}).status

    assert call("PSUN001", secret="another") == 403
    house.daemon.expects_log("acknowledged in PagerDuty by a user who is nobody here")
    assert call("PNOBODY") == 200
    assert call("PINT", agent="integration_reference") == 200  # our own word coming back
    assert call("PSUN001", key="binjiang-2026-999999") == 200
    assert house.incidents()[0]["state"] == "open"
    assert call("PSUN001") == 200
    assert house.incidents()[0]["owner"] == "sun"
    assert house.log(type="operator")[-1]["data"]["via"] == "pagerduty"
    house.until("pagerduty hears of it", lambda: any(
        text.startswith("acknowledge ") for text in pagerduty.said))
