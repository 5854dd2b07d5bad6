"""schemas/openapi.yaml says what the daemon does: the same routes, roles, bodies and answers."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import time

import jsonschema
import pytest
import yaml
from house import SITE
from service import ROOT, http

BUILD = pathlib.Path(os.environ.get("TOCSIN_BUILD", ROOT / "build"))
VALIDATOR = BUILD / "openapi"
API = yaml.safe_load((ROOT / "schemas" / "openapi.yaml").read_text())
ROUTE = re.compile(r'\{"(GET|POST|DELETE)",\s*(INCIDENT\s*)?("[^"]*")?,\s*ROLE_(\w+),\s*(NULL|(?:"[^"]*"\s*)+)')
V1 = "/api/v1"
INCIDENT = V1 + "/incidents/{id}"
CHECK = """
import {Validator} from "@seriousme/openapi-schema-validator";
const result = await new Validator().validate(process.argv[2]);
if (!result.valid) { console.log(JSON.stringify(result.errors, null, 1)); process.exit(1); }
"""


def operations():
    for path, item in API["paths"].items():
        for method, operation in item.items():
            if method != "parameters":
                yield method.upper(), path, operation


def routes():
    """What routes.c serves: (method, path) -> (role, parameters)."""
    text = (ROOT / "daemon" / "review" / "routes.c").read_text()
    for method, incident, rest, role, query in ROUTE.findall(text):
        path = ("/api/v1/incidents/{id}" if incident else "") + rest.strip('"')
        words = set() if query in ("NULL", '""') else set("".join(re.findall(r'"([^"]*)"', query)).split(", "))
        yield (method, path), (None if role == "NONE" else role.lower(), words)


def resolved(schema):
    return jsonschema.Draft202012Validator(
        schema, resolver=jsonschema.RefResolver("", API),
        format_checker=jsonschema.FormatChecker())


def problems(schema, value):
    return [f"{'/'.join(map(str, one.absolute_path))}: {one.message[:200]}"
            for one in resolved(schema).iter_errors(value)]


def test_it_is_valid_openapi_3_1():
    if not (VALIDATOR / "node_modules").exists():
        VALIDATOR.mkdir(parents=True, exist_ok=True)
        subprocess.run([shutil.which("npm"), "install", "--silent", "--no-audit", "--no-fund",
                        "--prefix", str(VALIDATOR), "@seriousme/openapi-schema-validator@2.3.1"],
                       check=True, timeout=120)
    (VALIDATOR / "check.mjs").write_text(CHECK)
    done = subprocess.run([shutil.which("node"), str(VALIDATOR / "check.mjs"),
                           str(ROOT / "schemas" / "openapi.yaml")], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_it_describes_every_route_and_no_other():
    said = {}
    for method, path, operation in operations():
        names = {p["$ref"].rsplit("/", 1)[1] for p in operation.get("parameters", []) if "$ref" in p}
        said[method, path] = (operation.get("x-role"), names - {"key"})
        assert (operation.get("x-role") is None) == (operation.get("security") == []), path
    assert said == dict(routes())


def members(schema):
    return set(API["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]["properties"])


def test_it_names_every_member_of_a_body_and_no_other(house):
    """A body with one that is none is answered with those that there are."""
    there = {"zones": "dorm", "devices": "smoke-301"}
    for method, path, operation in operations():
        content = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if not content or not path.startswith(V1 + "/") or "additionalProperties" not in \
                API["components"]["schemas"][content["schema"]["$ref"].rsplit("/", 1)[1]]:
            continue
        url = path.replace("{id}", there.get(path.split("/")[3], "x"))
        answer = house.api(method, url, {"snow": 1})
        assert answer.status == 400 and "unknown member 'snow'" in answer.json["detail"], (url, answer)
        taken = set(answer.json["detail"].split("allowed: ")[1].split(", "))
        if "note" in taken:
            taken.add("reason")
        assert members(content["schema"]) == taken, f"{method} {path}"


def schema_of(schema):
    return API["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]] if "$ref" in schema else schema


def asked_for(schema):
    """Groups of members of which one at least there must be."""
    schema = schema_of(schema)
    for name in schema.get("required", []):
        yield {name}
    for one in schema.get("allOf", []):
        yield from asked_for(one)
    for either in (schema.get("anyOf"), schema.get("oneOf")):
        if either:
            yield {name for one in either for group in asked_for(one) for name in group}


def test_what_it_asks_for_is_what_is_needed(house):
    """With a token, which is nobody's. Without one of these a body is refused; with no more than them
    there is nothing wrong with it."""
    house.says("smoke-301", "smoke")
    hazard = house.api("POST", f"{V1}/hazards", {"by": "li", "zone": "dorm", "note": "x"}).json["id"]
    house.api("POST", f"{V1}/hazards/{hazard}/remedy", {"by": "zhao", "note": "done"})
    there = {"zones": "office", "devices": "smoke-302", "hazards": hazard,
             "incidents": house.push("qian", "opened").incident["id"]}
    year, all_of_them = str(time.gmtime().tm_year + 1), []
    for method, path, operation in operations():
        content = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if content and operation.get("x-role"):
            url = path.replace("{id}", there.get(path.split("/")[3], "x"))
            example = json.loads(json.dumps(content["example"]).replace('"2026-', f'"{year}-'))
            all_of_them.append((method, url, content["schema"], example))
    for method, url, schema, example in all_of_them:
        for group in asked_for(schema):
            body = {name: value for name, value in example.items() if name not in group}
            assert problems(schema, body) != []
            answer = house.api(method, url, body)
            assert answer.status == 400, (method, url, body, answer)
    for method, url, schema, example in all_of_them:
        names = set().union(*asked_for(schema))
        least = {name: value for name, value in example.items() if name in names}
        assert problems(schema, least) == []
        answer = house.api(method, url, least)
        assert answer.status in (200, 201, 404, 409), (method, url, least, answer)


def test_its_examples_are_what_it_asks_for():
    for _method, path, operation in operations():
        for content in operation.get("requestBody", {}).get("content", {}).values():
            assert problems(content["schema"], content["example"]) == [], path
    problem = API["components"]["responses"]["Problem"]["content"]["application/problem+json"]
    assert problems(problem["schema"], problem["example"]) == []


class Caller:
    """Calls operations as they are described, and compares the answers."""

    def __init__(self, house):
        self.house = house
        self.called = set()

    def __call__(self, method, path, query="", body=None, token="", status=None, **ids):
        operation = API["paths"][path][method.lower()]
        url = path
        for name, value in ids.items():
            url = url.replace("{" + name + "}", value)
        content = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if body is None and content:
            year = str(time.gmtime().tm_year + 1)
            body = json.loads(json.dumps(content["example"]).replace('"2026-', f'"{year}-'))
        answer = self.house.api(method, url + query, body, token=token)
        self.called.add((method, path))
        wanted = status or int(next(s for s in operation["responses"] if s != "default"))
        assert answer.status == wanted, f"{method} {url}: {answer}"
        self.compare(operation, answer, f"{method} {url}")
        return answer

    def compare(self, operation, answer, what):
        said = operation["responses"].get(str(answer.status))
        if not said:
            said = API["components"]["responses"]["Problem"]
        media = said.get("content")
        if media is None:
            return
        assert answer.type in media, f"{what} answers {answer.type}"
        if answer.type.endswith("json"):
            assert problems(media[answer.type]["schema"], answer.json) == [], what


@pytest.fixture
def called(build_house):
    hashed = "scrypt$15$8$3$AAAAAAAAAAAAAAAAAAAAAA$" + "A" * 43

    def service(file):
        file["http"]["users"] = [{"name": "li", "role": "operator", "person": "li",
                                  "password_hash": hashed}]

    house = build_house(edit_service=service)
    return house, Caller(house)



def read_everything(call, incident):
    for query in ("", "?state=open,acknowledged&limit=1", "?kind=fire&since=1d",
                  "?zone=dorm&severity=major&outcome=real&drill=false&words=smoke"):
        call("GET", V1 + "/incidents", query)
    for lists in ("devices", "devices/unknown", "zones", "people", "channels", "outputs", "proofs", "duty",
                  "handovers", "armings", "silences", "floods", "drills", "hazards", "reporting", "deliveries",
                  "duty/overrides"):
        call("GET", f"{V1}/{lists}")
    call("GET", V1 + "/duty", "?week=true")
    call("GET", V1 + "/deliveries", f"?incident={incident}&limit=5")
    call("GET", V1 + "/events", "?limit=50")
    call("GET", V1 + "/who", "?kind=smoke&zone=dorm")
    call("GET", V1 + "/who", "?gaps=true")
    for path in ("/status", "/session"):
        call("GET", V1 + path)
    for path in ("/healthz", "/readyz", "/metrics", "/"):
        call("GET", path, token=None)
    call("GET", "/console/{file}", file="console.js", token=None)
    for form in ("html", "json", "csv", "cap"):
        call("GET", INCIDENT + "/report", f"?format={form}", id=incident)
    call("GET", V1 + "/report", "?format=html&since=1d")
    call("GET", INCIDENT, id=incident)


def stand_and_end(call):
    drill = call("POST", V1 + "/drills").json["id"]
    call("POST", V1 + "/drills/{id}/end", id=drill)
    for form in ("html", "json", "csv"):
        call("GET", V1 + "/drills/{id}/report", f"?format={form}", id=drill)
    for method, end, query in (("DELETE", "", "?by=sun"), ("POST", "/end", "")):
        arming = call("POST", V1 + "/zones/{id}/disarm", id="office").json["id"]
        call(method, V1 + "/armings/{id}" + end, query, id=arming)
    silence = call("POST", V1 + "/silences").json["id"]
    call("DELETE", V1 + "/silences/{id}", "?by=sun", id=silence)
    call("POST", V1 + "/silences/{id}/end", id=call("POST", V1 + "/silences").json["id"])
    first = call("POST", V1 + "/duty/overrides").json["id"]
    call("DELETE", V1 + "/duty/overrides/{id}", "?by=sun", id=first)
    call("POST", V1 + "/duty/overrides/{id}/end", id=call("POST", V1 + "/duty/overrides").json["id"])
    call("POST", V1 + "/zones/{id}/arm", id="office")
    call("POST", V1 + "/zones/{id}/disarm", id="office")
    call("POST", V1 + "/devices/{id}/walk-test", id="smoke-302")
    call("POST", V1 + "/heartbeats/{id}", id="door-office")
    hazard = call("POST", V1 + "/hazards").json["id"]
    call("POST", V1 + "/hazards/{id}/remedy", id=hazard)
    call("POST", V1 + "/hazards/{id}/reopen", id=hazard)
    call("POST", V1 + "/hazards/{id}/assign", id=hazard)
    call("POST", V1 + "/hazards/{id}/remedy", body={"by": "qian", "note": "done"}, id=hazard)
    call("POST", V1 + "/hazards/{id}/close", id=hazard)
    call("POST", V1 + "/test")
    # Nothing hands over here, and no report is owed: what is said is the problem.
    call("POST", V1 + "/reporting/{id}/made", id="binjiang-reporting-99", status=404)
    call("POST", V1 + "/handovers/{id}/accept", id="binjiang-handover-99", status=404)


def test_every_route_answers_as_it_says(called):
    house, call = called
    house.says("smoke-301", "smoke")
    push = house.push("qian", "opened")
    incident = push.incident["id"]
    token = push.json["data"]["ack_url"].rsplit("/", 1)[1]
    read_everything(call, incident)
    for verb in ("note", "reply", "ack", "assign"):
        call("POST", f"{INCIDENT}/{verb}", id=incident)
    call.called |= follow_the_link(house, token) | follow_the_stream(house) | hear_a_hook(house)
    call("POST", INCIDENT + "/resolve", id=incident)
    call("POST", INCIDENT + "/resolve", id=call("POST", V1 + "/incidents").json["id"])
    stand_and_end(call)
    call("POST", V1 + "/session", token=None, status=401)
    call("DELETE", V1 + "/session")
    assert {(m, p) for m, p, _ in operations()} - call.called == set()


def follow_the_link(house, token):
    for method in ("GET", "POST"):
        answer = house.api(method, f"/a/{token}", b"" if method == "POST" else None, token=None)
        assert (answer.status, answer.type) == (200, "text/html")
    return {("GET", "/a/{token}"), ("POST", "/a/{token}")}


def follow_the_stream(house):
    import urllib.request
    request = urllib.request.Request(house.url + "/api/v1/stream", headers={
        "Authorization": f"Bearer {house.token}", "Last-Event-ID": "0"})
    row = API["components"]["schemas"]["Event"]
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=15) as stream:
        assert stream.headers["Content-Type"] == "text/event-stream"
        for line in stream:
            if line.startswith(b"data: "):
                assert problems(row, json.loads(line[6:])) == []
                break
    return {("GET", "/api/v1/stream")}


def hear_a_hook(house):
    """No channel of this house hears hooks: the problem is what is compared."""
    answer = http("POST", house.url + "/hooks/phone", b"{}")
    assert answer.status >= 400 and answer.type == "application/problem+json", answer
    assert problems(API["components"]["schemas"]["Problem"], answer.json) == []
    return {("POST", "/hooks/{channel}")}


def test_wrong_bodies_are_problems(called):
    house, call = called
    house.says("smoke-301", "smoke")
    incident = house.push("qian", "opened").incident["id"]
    for verb, body in (("ack", {"by": 7}), ("resolve", {"by": "li", "outcome": "maybe"}),
                       ("note", {"by": "li"}), ("assign", {}), ("ack", {"by": "li", "extra": 1})):
        call("POST", f"{INCIDENT}/{verb}", body=body, id=incident, status=400)
    assert SITE in incident
