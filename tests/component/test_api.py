"""The HTTP API: who may do what, what is answered, what is refused and how."""

import datetime
import socket

import pytest
from house import quick
from service import http


@pytest.fixture
def roles(build_house):
    """A house with a token for each role."""
    house = build_house(start=False)
    house.tokens = {role: f"{role}-token-of-more-than-32-characters"
                    for role in ("viewer", "operator", "admin")}

    def edit(service):
        for role, token in house.tokens.items():
            (house.folder / f"{role}.token").write_text(token + "\n")
            (house.folder / f"{role}.token").chmod(0o600)
            service["http"]["tokens"].append(
                {"name": role, "role": role, "token_file": f"{role}.token"})

    house.write_service(edit)
    house.daemon.start()
    return house


@pytest.fixture
def fire(house):
    house.says("smoke-301", "smoke")
    return house.push("qian", "opened").incident["id"]


def refused(answer, status, word=""):
    assert answer.status == status, answer
    assert answer.type == "application/problem+json"
    assert answer.json["status"] == status
    assert len(answer.json["detail"]) > 10 and word in answer.json["detail"]
    return True


def test_a_token_file_is_made_for_its_owner_only(house):
    file = house.folder / "console.token"
    assert file.stat().st_mode & 0o777 == 0o600
    assert len(house.token) >= 32


def test_nothing_without_a_token(house):
    for token in (None, "wrong", house.token + "x", house.token[:-1]):
        for method, path in (("GET", "/api/v1/incidents"), ("GET", "/api/v1/nothing-here"),
                             ("POST", "/api/v1/incidents/x/ack")):
            answer = house.api(method, path, {} if method == "POST" else None, token=token)
            assert refused(answer, 401)
            assert "bearer" in answer.headers["www-authenticate"].lower()
    for path in ("/healthz", "/readyz", "/metrics", "/"):
        assert house.api("GET", path, token=None).status == 200


@pytest.mark.smoke
def test_roles(roles):
    house = roles
    house.says("smoke-301", "smoke")
    incident = house.push("qian", "opened").incident["id"]
    ack, body = f"/api/v1/incidents/{incident}/ack", {"by": "li"}
    assert house.api("GET", "/api/v1/incidents", token=house.tokens["viewer"]).status == 200
    assert refused(house.api("POST", ack, body, token=house.tokens["viewer"]), 403)
    assert house.incident(incident)["state"] == "open"
    assert house.api("POST", ack, body, token=house.tokens["operator"]).status == 200
    test = {"to": "person:sun"}
    assert refused(house.api("POST", "/api/v1/test", test, token=house.tokens["operator"]), 403)
    assert house.api("POST", "/api/v1/test", test, token=house.tokens["admin"]).status in (200, 202)
    house.until("sun has the test", lambda: any(
        r.json["type"] == "test" for r in house.phone.requests))


def test_acknowledging_twice_is_harmless(house, fire):
    first, second = house.ack(fire, note="我去看"), house.ack(fire)
    assert first["state"] == second["state"] == "acknowledged"
    assert len(house.log("--type", "incident.acknowledged")) == 1


def test_resolving_twice_is_harmless(house, fire):
    assert house.resolve(fire)["state"] == "resolved"
    again = house.api("POST", f"/api/v1/incidents/{fire}/resolve", {"by": "li", "outcome": "real"})
    assert again.status in (200, 409)
    assert len(house.log("--type", "incident.resolved")) == 1


def test_what_is_resolved_cannot_be_acknowledged(house, fire):
    house.resolve(fire)
    assert refused(house.api("POST", f"/api/v1/incidents/{fire}/ack", {"by": "li"}), 409)


@pytest.mark.smoke
def test_who_is_told_of_what_is_missing(house, fire):
    at = f"/api/v1/incidents/{fire}"
    assert refused(house.api("GET", "/api/v1/incidents/binjiang-2026-999999"), 404)
    assert refused(house.api("POST", "/api/v1/incidents/no-such/ack", {"by": "li"}), 404)
    assert refused(house.api("GET", "/api/v1/nothing-here"), 404)
    assert refused(house.api("DELETE", "/api/v1/incidents"), 405)
    for verb, body, word in (
            ("ack", {}, "by"), ("ack", {"by": "nobody-here"}, "nobody-here"),
            ("ack", {"by": 7}, "by"), ("ack", [], ""), ("ack", b"{", ""), ("ack", b"", ""),
            ("resolve", {"by": "li"}, "outcome"),
            ("resolve", {"by": "li", "outcome": "fine"}, "real")):
        answer = house.api("POST", f"{at}/{verb}", body)
        assert answer.status in (400, 404, 422), (verb, body, answer)
        assert refused(answer, answer.status, word)
    assert house.incident(fire)["state"] == "open"


def test_a_body_without_end_is_refused(house, fire):
    """Also who sends all of it before looking at the answer reads why."""
    def in_pieces():
        yield from (b"x" * 65536 for _ in range(100))

    for body in ({"by": "li", "note": "x" * 200_000}, {"by": "li", "note": "x" * 7_000_000},
                 in_pieces()):
        assert refused(house.api("POST", f"/api/v1/incidents/{fire}/ack", body), 413)
    assert refused(house.api("POST", f"/api/v1/incidents/{fire}/ack",
                             {"note": "x" * 7_000_000}, token="wrong"), 401)
    assert house.incident(fire)["state"] == "open"


def test_the_incident_with_its_whole_timeline(house, fire):
    house.ack(fire, note="我去看")
    house.push("qian", "acknowledged")
    incident = house.incident(fire)
    assert incident["id"] == fire and incident["owner"] == "li"
    types = [row["type"] for row in incident["timeline"]]
    for one in ("signal", "incident.opened", "step", "notification", "operator",
                "incident.acknowledged"):
        assert one in types, types
    assert [r["seq"] for r in incident["timeline"]] == sorted(
        r["seq"] for r in incident["timeline"])
    assert "我去看" in str(incident["timeline"])


@pytest.mark.smoke
def test_the_list_newest_first_by_pages_and_filters(build_house):
    def edit(school):
        quick(school)
        school["zones"] += [{"id": f"z{n}", "name": f"Z{n}"} for n in range(5)]
        school["devices"] += [{"id": f"b{n}", "zone": f"z{n}", "kind": "water"} for n in range(5)]

    house = build_house(edit_school=edit)
    for n in range(5):
        house.says(f"b{n}", "water")
    ids = [i["id"] for i in house.incidents()]
    assert ids == sorted(ids, reverse=True) and len(ids) == 5
    page = house.api("GET", "/api/v1/incidents?limit=2").json
    assert [i["id"] for i in page["items"]] == ids[:2] and page["next"]
    rest, after = list(page["items"]), page["next"]
    while after:
        page = house.api("GET", f"/api/v1/incidents?limit=2&after={after}").json
        rest += page["items"]
        after = page["next"]
    assert [i["id"] for i in rest] == ids

    house.ack(ids[0])
    house.resolve(ids[1])

    def listed(query):
        return [i["id"] for i in house.incidents(query)]

    assert listed("?state=open") == ids[2:]
    assert listed("?state=open,acknowledged") == [ids[0]] + ids[2:]
    assert listed("?state=resolved") == [ids[1]]
    assert listed("?kind=fire") == [] and listed("?kind=water&site=binjiang") == ids
    assert refused(house.api("GET", "/api/v1/incidents?state=half"), 400, "acknowledged")
    assert refused(house.api("GET", "/api/v1/incidents?limit=many"), 400)


def test_a_person_reports_as_a_sensor_does(house):
    answer = house.api("POST", "/api/v1/incidents", {
        "site": "binjiang", "zone": "dorm-3f", "kind": "fire", "severity": "critical",
        "note": "楼道有烟", "by": "zhao"})
    assert answer.status in (200, 201), answer
    push = house.push("qian", "opened")
    assert push.incident["severity"] == "critical" and push.incident["zone"]["id"] == "dorm-3f"


def test_a_note_and_a_new_owner(house, fire):
    at = f"/api/v1/incidents/{fire}"
    house.ack(fire)
    assert house.api("POST", f"{at}/note", {"by": "li", "note": "已派人"}).status == 200
    assert house.api("POST", f"{at}/assign", {"to": "zhao"}).status == 200
    incident = house.incident(fire)
    assert incident["owner"] == "zhao" and "已派人" in str(incident["timeline"])


def test_what_people_write_as_they_speak(house, fire):
    """A note without a name; the reason of a silence; times as the site's clocks show them."""
    at = f"/api/v1/incidents/{fire}"
    assert house.api("POST", f"{at}/note", {"note": "楼道有烟味"}).status == 200
    assert "楼道有烟味" in str(house.incident(fire)["timeline"])
    silence = house.api("POST", "/api/v1/silences", {
        "device": "door-office", "until": "2099-01-01T08:00", "reason": "换锁", "by": "li"})
    assert silence.status == 400 and "30d" in silence.json["detail"], silence
    silence = house.api("POST", "/api/v1/silences", {
        "device": "door-office", "for": "1h", "reason": "换锁", "by": "li"})
    assert silence.status == 200 and silence.json["note"] == "换锁", silence
    day = datetime.date.today() + datetime.timedelta(days=2)
    override = house.api("POST", "/api/v1/duty/overrides", {
        "post": "leader", "person": "sun", "from": f"{day}T08:00", "until": f"{day}T20:00",
        "by": "li"})
    assert override.status == 200, override
    posts = house.api("GET", f"/api/v1/duty?at={day}T09:00").json["items"]
    leader = next(post for post in posts if post["id"] == "leader")
    assert [person["id"] for person in leader["people"]] == ["sun"]


def test_the_events_from_a_place_on(house, fire):
    def items(query):
        return house.api("GET", f"/api/v1/events{query}").json["items"]

    rows = items("?site=binjiang")
    assert [r["seq"] for r in rows] == [r["seq"] for r in house.log()][:len(rows)]
    later = items(f"?site=binjiang&after={rows[1]['seq']}&limit=1")
    assert [r["seq"] for r in later] == [rows[2]["seq"]]


@pytest.mark.smoke
@pytest.mark.parametrize("path", ["/devices", "/zones", "/duty", "/deliveries", "/status",
                                  "/who?kind=smoke&zone=dorm-3f"])
def test_what_can_be_read(house, fire, path):
    answer = house.api("GET", f"/api/v1{path}")
    assert answer.status == 200 and answer.type == "application/json" and answer.json


def test_the_figures_are_prometheus_text(house, fire):
    answer = house.api("GET", "/metrics")
    assert answer.type == "text/plain"
    lines = [line for line in answer.body.decode().splitlines() if not line.startswith("#")]
    assert lines and all(len(line.rsplit(" ", 1)) == 2 and float(line.rsplit(" ", 1)[1]) >= 0
                         for line in lines)


def test_the_stream_says_how_the_service_is(house):
    url = house.url.split("//")[1]
    host, port = url.split(":")
    with socket.create_connection((host, int(port)), timeout=60) as line:
        line.sendall(f"GET /api/v1/stream HTTP/1.1\r\nHost: {url}\r\n"
                     f"Authorization: Bearer {house.token}\r\n\r\n".encode())
        heard = b""
        while b" ready\n" not in heard:
            heard += line.recv(4096)
        house.daemon.expects_log("lost the session|no connection to the broker|connection")
        house.broker.stop()
        while b" not ready\n" not in heard:
            heard += line.recv(4096)
    assert http("GET", house.url + "/readyz").status == 503
    house.broker.start()
