"""schemas/asyncapi.yaml says what is said over MQTT: the bodies there are fit the bodies described."""

import json
import re

import jsonschema
import pytest
import yaml
from house import quick
from service import ROOT

API = yaml.safe_load((ROOT / "schemas" / "asyncapi.yaml").read_text())


def refer(ref):
    at = API
    for part in ref.removeprefix("#/").split("/"):
        at = at[part]
    return at


def messages():
    for name, channel in API["channels"].items():
        for message in channel["messages"].values():
            yield name, refer(message["$ref"])


def good(message, payload):
    validator = jsonschema.Draft202012Validator(message["payload"],
                                                resolver=jsonschema.RefResolver("", API))
    return [error.message for error in validator.iter_errors(payload)]


def references(value):
    if isinstance(value, dict):
        yield from [value["$ref"]] if "$ref" in value else []
        for one in value.values():
            yield from references(one)
    elif isinstance(value, list):
        for one in value:
            yield from references(one)


def test_it_holds_together():
    for ref in references(API):
        refer(ref)
    assert {op["channel"]["$ref"].rsplit("/", 1)[1] for op in API["operations"].values()} == \
        set(API["channels"])
    for name, channel in API["channels"].items():
        holes = set(re.findall(r"\{(\w+)\}", channel["address"]))
        assert holes == set(channel["parameters"]), name
    for name, message in messages():
        for example in message.get("examples", []):
            assert good(message, example["payload"]) == [], name
    signal = dict(messages())["event"]
    assert good(signal, {"kind": "smoke"}) and good(signal, {"kind": "snow", "state": "active"})


def with_a_siren(school):
    quick(school)
    school["outputs"] = [{"id": "siren", "for": {"kind": "fire"}, "triggers": "1"}]


def introduced(file):
    file["home_assistant"] = {"prefix": "homeassistant"}


@pytest.mark.smoke
def test_what_the_service_says_fits(build_house):
    house = build_house(edit_school=with_a_siren, edit_service=introduced)
    house.says("smoke-301", "smoke")
    house.push("qian", "opened")
    said = dict(messages())
    seen = set()

    def fits():
        for message in list(house.devices.messages):
            for name, channel in API["channels"].items():
                topic = re.sub(r"\{\w+\}", "[^/]+", channel["address"])
                if not re.fullmatch(topic, message.topic) or not message.payload:
                    continue
                text = message.payload.decode()
                body = text if said[name].get("contentType") == "text/plain" else json.loads(text)
                assert good(said[name], body) == [], message.topic
                seen.add(name)
        return seen == set(API["channels"]) - {"event", "status"}

    house.until("each of its topics was heard", fits)
