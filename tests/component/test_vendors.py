"""Every channel against a receiver that speaks its vendor's rules."""

import pytest
from house import quick
from vendors import SETTINGS, need, speak


class Street:
    """A house, and one of each vendor: a person at each, who has the backup behind it."""

    def __init__(self, build_house, types, change=None):
        self.types = types
        self.vendors = {name: SETTINGS[name][0]() for name in types}

        def service(file):
            base = file["channels"][0]["url"].removesuffix("/phone")
            for name in types:
                settings = {k: v.replace("{url}", f"{base}/{name}")
                            for k, v in SETTINGS[name][1].items()}
                file["channels"].append({"id": name, "type": name, **settings,
                                         **(change or {}).get(name, {})})

        def school(file):
            quick(file)
            file["people"] += [{"id": f"at-{name}", "contacts": [
                {"channel": name, **({"to": SETTINGS[name][2]} if SETTINGS[name][2] else {})},
                {"channel": "backup"}]} for name in types]
            everyone = [f"person:at-{name}" for name in types]
            file["policies"] = [
                {"id": kind, "for": {"kind": kind}, "repeat": "10m", "resolve_within": "30m",
                 "steps": [{"after": "0s", "notify": everyone}]} for kind in ("fire", "panic")] + [
                {"id": "other", "steps": [{"after": "0s", "notify": ["person:qian"]}]}]

        self.house = build_house(edit_school=school, edit_service=service, start=False)
        for name, vendor in self.vendors.items():
            self.house.phone.listens(f"/{name}", speak(vendor, f"/{name}"))
        self.house.daemon.start()

    def told(self, name, word, within=10):
        vendor = self.vendors[name]
        try:
            return self.house.until(f"{name} takes '{word}'", lambda: next(
                (text for text in vendor.said if word in text), None), within)
        except AssertionError as error:
            raise AssertionError(f"{error}; refused: {vendor.refusals}") from None


def test_every_vendor_takes_what_we_send(build_house):
    street = Street(build_house, list(SETTINGS))
    house = street.house
    house.says("smoke-301", "smoke")
    for name in street.types:
        text = street.told(name, "火警")
        assert "宿舍三层" in text and house.url in text, (name, text)  # the place, and the link
    house.resolve(house.incidents()[0]["id"])
    for name in street.types:
        if name == "alertmanager":
            street.told(name, "已解除")
        elif name == "pagerduty":
            street.told(name, "resolve ")
        else:
            street.told(name, "已解除")
    assert all(not vendor.refusals for vendor in street.vendors.values()), {
        name: vendor.refusals for name, vendor in street.vendors.items() if vendor.refusals}
    assert house.pushes(path="/backup") == []


WRONG = {  # what makes the vendor refuse for good, most of it under HTTP 200
    "wecom": {"token": "another"},
    "dingtalk": {"secret": "another"},
    "feishu": {"secret": "another"},
    "gotify": {"token": "another"},
    "pushplus": {"token": "another"},
    "telegram": {"token": "110201543:another"},
    "pagerduty": {"token": "another"},
    "serverchan": {"token": "another"},
}


def test_a_refusal_within_a_200_is_none_the_less_one(build_house):
    """The next contact's turn comes at once, and the refusing service is not asked again."""
    street = Street(build_house, list(WRONG), WRONG)
    house = street.house
    house.says("smoke-301", "smoke")
    for name in WRONG:
        house.push(f"at-{name}", "opened", path="/backup")
    for name, vendor in street.vendors.items():
        assert vendor.said == [] and vendor.requests == 1, (name, vendor.refusals)
    results = {row["data"]["channel"]: row["data"]["result"] for row in house.log(type="delivery")}
    assert all(results[name] == "refused" for name in WRONG), results


def test_a_busy_robot_is_asked_three_times_more(build_house):
    street = Street(build_house, ["wecom"])
    house, wecom = street.house, street.vendors["wecom"]
    wecom.take = lambda *request: need(False, 200, {"errcode": -1, "errmsg": "system error"})
    house.says("smoke-301", "smoke")
    refused = house.until("the robot is given up", lambda: next(
        (row for row in house.log(type="delivery") if row["data"]["result"] == "refused"), None), 30)
    assert refused["data"]["attempt"] == 4 and wecom.requests == 4
    house.push("at-wecom", "opened", path="/backup")


@pytest.mark.smoke
def test_who_has_shut_us_out_is_passed_over_at_once(build_house):
    """DingTalk takes 20 a minute and then nothing for ten minutes: it is not asked again, and who
    is behind it is told by the next contact."""
    street = Street(build_house, ["dingtalk"])
    house, dingtalk = street.house, street.vendors["dingtalk"]
    dingtalk.limit = (0, 60)
    house.says("smoke-301", "smoke")
    house.push("at-dingtalk", "opened", path="/backup")
    assert dingtalk.requests == 1 and dingtalk.refusals[0]["errcode"] == 130101
    began = house.until("the first is on record", lambda: house.log(type="delivery"))
    assert began
    house.says("sos-gate", "panic")
    push = house.push("at-dingtalk", "opened", path="/backup")
    assert push.incident["kind"] == "panic" and dingtalk.requests == 1
