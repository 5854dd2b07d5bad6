"""The generic webhook: what a receiver written from the contract alone can rely on."""

import datetime
from urllib.parse import quote

import pytest
from house import SECRET, quick
from receiver import signature


def instant(text):
    assert text.endswith("Z")
    return datetime.datetime.fromisoformat(text.removesuffix("Z") + "+00:00").timestamp()


@pytest.mark.smoke
def test_the_body_is_the_contracts(house):
    house.says("smoke-301", "smoke", value=0.4)
    push = house.push("qian", "opened")
    body = push.json
    assert body.keys() >= {"type", "timestamp", "data"}
    assert body["type"] == "incident.opened"
    assert abs(instant(body["timestamp"]) - push.wall) < 5
    data = body["data"]
    assert data.keys() >= {"notification", "incident", "ack_url", "console_url", "ledger"}

    note = data["notification"]
    assert note["id"] == push.headers["webhook-id"] and note["id"].startswith("n-")
    assert (note["reason"], note["step"], note["attempt"]) == ("opened", 1, 1)
    assert note["possible_duplicate"] is False and note["unlogged"] is False
    assert note["to"] == {"kind": "person", "id": "qian", "name": "钱师傅"}
    assert "火警" in note["text"] and "宿舍三层" in note["text"] and "smoke-301" in note["text"]

    incident = data["incident"]
    year = datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=8))).year
    assert incident["id"] == f"binjiang-{year}-000001"
    assert {name: incident[name] for name in
            ("site", "kind", "severity", "state", "owner", "drill", "cleared")} == \
        {"site": "binjiang", "kind": "fire", "severity": "major", "state": "open", "owner": None,
         "drill": False, "cleared": False}
    assert incident["zone"] == {"id": "dorm-3f", "name": "宿舍三层", "path": ["dorm", "dorm-3f"]}
    assert abs(instant(incident["opened_at"]) - push.wall) < 5
    signal, = incident["signals"]
    assert (signal["device"], signal["kind"], signal["state"]) == ("smoke-301", "smoke", "active")
    assert abs(instant(signal["time"]) - push.wall) < 5

    assert data["ack_url"].startswith(f"{house.url}/a/")
    assert data["console_url"].startswith(house.url)
    row = next(row for row in house.log() if row["seq"] == data["ledger"]["seq"])
    assert row["hash"] == data["ledger"]["head"]
    assert push.headers["content-type"].split(";")[0] == "application/json"


def test_a_signature_covers_the_body_and_needs_the_secret(house):
    house.says("smoke-301", "smoke")
    push = house.push("qian", "opened")
    assert push.headers["webhook-signature"].split() == [signature(SECRET, push)]
    other = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    assert push.headers["webhook-signature"] != signature(other, push)
    push.body += b" "
    assert push.headers["webhook-signature"] != signature(SECRET, push)


@pytest.mark.parametrize("site, shown", [("宿舍", "%E5%AE%BF%E8%88%8D"), ("a b?c&d", "a b?c&d"),
                                         ("100%", "100%25"), ("舍" * 21, "%E8%88%8D" * 21)])
def test_what_travels_in_a_header_is_ascii_whatever_the_site_is_called(build_house, site, shown):
    """HTTP libraries read a header as Latin-1, so that nobody could check a signature over it."""
    house = build_house(edit_school=lambda school: (quick(school), school.update(site=site)))
    house.sends("smoke-301", b'{"id": "m-1", "kind": "smoke", "state": "active"}', site=site)
    push = house.push("qian", "opened")
    assert push.headers["webhook-id"] == push.notification["id"]
    assert push.notification["id"].rpartition("-")[0] == f"n-{shown}"
    assert push.headers["webhook-signature"].split() == [signature(SECRET, push)]
    link = push.json["data"]["console_url"]
    assert link == f"{house.url}/#/incident/{quote(push.incident['id'], safe='')}"
    answer = house.api("POST", "/api/v1/incidents", {
        "site": site, "zone": "gate", "kind": "panic", "severity": "critical", "by": "li",
        "note": ""})
    assert answer.status == 201
    assert answer.headers["location"] == f"/api/v1/incidents/{quote(answer.json['id'], safe='')}"
    assert house.api("GET", answer.headers["location"]).json["id"] == answer.json["id"]


def test_a_channel_without_a_secret_signs_nothing(build_house):
    house = build_house(edit_service=lambda service: service["channels"][0].pop("secret"))
    house.says("smoke-301", "smoke")
    push = house.push("qian", "opened")
    assert "webhook-signature" not in push.headers
    assert push.id and push.headers["webhook-timestamp"].isdigit()


def test_secrets_and_urls_may_come_from_files_beside_the_configuration(build_house):
    house = build_house(start=False)

    def from_files(service):
        phone = service["channels"][0]
        for name in ("secret", "url"):
            file = house.folder / f"phone.{name}"
            file.write_text(phone.pop(name) + "\n")
            file.chmod(0o600)
        phone.update(secret_file="phone.secret", url_file="phone.url")

    house.write_service(from_files)
    house.daemon.start()
    house.says("smoke-301", "smoke")
    push = house.push("qian", "opened")
    assert push.headers["webhook-signature"] == signature(SECRET, push)


def test_event_time_and_receive_time_stay_apart(house):
    at = datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=8)))
    at = (at - datetime.timedelta(minutes=7)).replace(microsecond=123000)
    house.says("smoke-301", "smoke", time=at.isoformat(timespec="milliseconds"))
    push = house.push("qian", "opened")
    assert instant(push.incident["signals"][0]["time"]) == at.timestamp()
    row, = house.log(type="signal")
    assert instant(row["time"]) == at.timestamp()
    assert abs(instant(row["received"]) - push.wall) < 5


def test_no_secret_is_told_to_anyone(house):
    """Not in a log line, an answer, the ledger or a push."""
    house.phone.behaves("/backup", lambda handler, _ended: handler.answer(500))
    house.says("smoke-301", "smoke")
    push = house.push("qian", "opened")
    told = "\n".join(house.daemon.lines) + house.tocsin("log", "--json") + house.tocsin("status")
    told += push.body.decode() + str(house.incident(push.incident["id"]))
    for path in ("/readyz", "/metrics", "/api/v1/incidents", "/api/v1/status"):
        told += house.api("GET", path).body.decode()
    assert SECRET not in told and SECRET.removeprefix("whsec_") not in told
    assert house.token not in told
