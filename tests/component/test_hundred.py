"""A hundred people over mixed channels, a third of the ways out failing, each in its own way, while
sensors talk on: at a confirmed fire everyone with a working contact has been told within ten
seconds."""

import json
import time

from house import quick
from receiver import cut, cut_body, drip, error_inside, hang, status
from service import SLOWER

PEOPLE = 100
TYPES = {  # type: what is good for it, and what its settings are beside the url
    "webhook": (b"{}", {}),
    "wecom": (b'{"errcode":0,"errmsg":"ok"}', {"token": "k"}),
    "dingtalk": (b'{"errcode":0,"errmsg":"ok"}', {"token": "k"}),
    "feishu": (b'{"code":0}', {"token": "k"}),
    "slack": (b"ok", {}),
}
FAILURES = [hang, cut, cut_body, drip, error_inside, status(500), status(404),
            status(429, {"Retry-After": "60"}), status(200, body=b'{"errcode":130101}'),
            status(302, {"Location": "/elsewhere"})]


def test_everyone_with_a_working_contact_is_told_within_ten_seconds(build_house):
    broken = set(range(0, PEOPLE, 3))

    def service(file):
        base = file["channels"][0]["url"].removesuffix("/phone")
        names = list(TYPES)
        for i in range(PEOPLE):
            kind = names[i % len(names)]
            # A path of its own tells who was reached; robots take the whole address as it stands.
            file["channels"].append({"id": f"c{i}", "type": kind, "url": f"{base}/{kind}/p{i}",
                                     **TYPES[kind][1]})

    def school(file):
        quick(file)
        file["people"] += [{"id": f"p{i}", "contacts": [{"channel": f"c{i}"}] + (
            [{"channel": "backup"}] if i in broken else [])} for i in range(PEOPLE)]
        everyone = [f"person:p{i}" for i in range(PEOPLE)]
        file["policies"] = [{"id": "all", "repeat": "10m", "resolve_within": "30m", "steps": [
            {"after": "0s", "notify": ["person:qian"]}]}, {
            "id": "confirmed", "for": {"kind": "fire", "severity": "critical"}, "repeat": "10m",
            "resolve_within": "30m", "steps": [{"after": "0s", "notify": everyone}]}]

    house = build_house(edit_school=school, edit_service=service)
    names = list(TYPES)
    for i in range(PEOPLE):
        kind = names[i % len(names)]
        path = f"/{kind}/p{i}"
        good = status(200, body=TYPES[kind][0])
        # the query of a robot's address is part of what the receiver sees
        for at in {path, path + "?key=k", path + "?access_token=k"}:
            house.phone.behaves(at, FAILURES[i // 3 % len(FAILURES)] if i in broken else good)
    house.says("smoke-301", "smoke")
    house.push("qian", "opened")
    for n in range(500):  # the sensors go on talking
        house.devices.publish_soon("tocsin/binjiang/device/door-office/event", json.dumps(
            {"kind": "contact", "state": ("active", "clear")[n % 2]}).encode())
    began = time.monotonic()
    house.says("smoke-302", "smoke", committed=False)

    def told():
        out = set()
        for r in list(house.phone.requests):
            path = r.path.split("?")[0]
            if path == "/backup":
                out.add(r.to)
            elif path.split("/")[1] in TYPES:
                person = path.split("/")[2]
                if int(person[1:]) not in broken:
                    out.add(person)
        return out

    wanted = {f"p{i}" for i in range(PEOPLE)}
    try:
        house.until("everyone has been told", lambda: told() >= wanted, 10)
    except AssertionError as error:
        raise AssertionError(f"{error}; not told: {sorted(wanted - told())}") from None
    assert time.monotonic() - began < 10 * SLOWER
