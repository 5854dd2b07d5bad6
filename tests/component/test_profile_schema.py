"""Profiles: the schema, which editors complete and check by, and the loader give one verdict."""

import json

import jsonschema
import pytest
import yaml

from service import ROOT, run
from test_config_schema import CoreLoader

SCHEMA = json.loads((ROOT / "schemas" / "profile.schema.json").read_text())
FILES = sorted((ROOT / "sensors" / "profiles").glob("*.yaml")) + [
    ROOT / "tests" / "profiles" / "gauge.yaml"]
GOOD = """profile: mine
base: mine
topics:
  - {topic: "{base}/{device}", read: [{key: smoke, kind: smoke}]}
"""
# What is wrong, in place of what, and a part of what the loader says; None: only the loader knows.
BAD = [
    ("profile: mine", "profile: mine\nbases: x", "unknown key of a profile 'bases'"),
    ("profile: mine", "about: x", "a profile without 'profile'"),
    ("kind: smoke", "kind: smok", "unknown kind 'smok'; did you mean 'smoke'?"),
    ("kind: smoke", "kind: smoke, values: {active: on, above: x}", "above is a number"),
    ("kind: smoke", "kind: smoke, values: {aktive: on}", "unknown meaning 'aktive'"),
    ("kind: smoke", "kind: smoke, values: {smok active: on}", "is no meaning"),
    ("kind: smoke", "kind: smoke, type: boolean", "a type is bool, number or text"),
    ("kind: smoke", "kind: smoke, resets: soon", "is no duration"),
    ("kind: smoke", "kind: smoke, unless: [a]", "'unless' is a map of members"),
    ("kind: smoke", "kind: smoke, values: nothing-such", None),
    ("key: smoke, kind", "kind", "a reader without 'key'"),
    ("key: smoke, kind", f"key: {'k' * 80}, kind", None),
    ("key: smoke, kind", "ends: {a: b}, kind", "the key is one word"),
    ("read: [{key", "withdrawn: sometimes, read: [{key", "withdrawn"),
    ("read: [{key: smoke, kind: smoke}]", "dead: true", "a topic that says nothing"),
    ("read: [{key", "payload: words, read: [{key", "the payload is one of: any, object"),
    ("read: [{key", "id_lasts: 1, read: [{key", "id_lasts"),
    ("read: [{key", "armed: yes please, read: [{key", "armed"),
    ("read: [{key", "roots: [{at: /a, device: /id}], read: [{key", None),
    ("read: [{key", "roots: [{at: /a/*, device: perhaps}], read: [{key", None),
    ("kind: smoke", "kind: smoke, values: {active: wet, clear: [dry, wet]}", None),
    ("kind: smoke", "kind: smoke, values: {active: wet, clear: [dry, Unknown]}", None),
    ("kind: smoke", "kind: smoke, values: {active: wet, clear: ''}", None),
    ("base: mine", "base: mine\nsets:\n  a: [{key: b, kind: heat}]\n  a: [{key: b, kind: gas}]", None),
    ("read: [{key", "device: '{nope}-x', read: [{key", None),
    ("{base}/{device}", "{base}/{zone}", None),
    ("{base}/{device}", "{base}/{device}/{device}", None),
    ("{base}/{device}", "tocsin/{device}", None),
    ("read: [{key", "ignore: true, read: [{key", None),
    ("read: [{key: smoke, kind: smoke}]", "ignore: true, availability: device", None),
    ("{base}/{device}", "{base}/#/x", None),
    ("base: mine", "base: mine\nlike: nobody", None),
]


@pytest.fixture(scope="module")
def validator():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    return jsonschema.Draft202012Validator(SCHEMA)


def loaded(folder, text):
    (folder / "mine.yaml").write_text(text)
    (folder / "site.yaml").write_text("""site: a
timezone: UTC
zones: [{id: all}]
people: [{id: ann, contacts: [{channel: phone}]}]
policies: [{id: all, steps: [{after: 0s, notify: [person:ann]}]}]
last_resort: [person:ann]
""")
    (folder / "tocsin.yaml").write_text("""version: 1
broker: {url: "mqtt://127.0.0.1:1"}
store: {path: tocsin.db}
channels: [{id: phone, type: webhook, url: "http://127.0.0.1:9/phone"}]
profiles: [mine.yaml]
sites: [site.yaml]
""")
    return run("tocsind", "--config", folder / "tocsin.yaml", "--check")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_profile_is_what_the_schema_says(path, validator):
    errors = [error.message[:300] for error in validator.iter_errors(
        yaml.load(path.read_text(), CoreLoader))]
    assert not errors, "\n".join(errors)


def test_a_good_one_is_taken(tmp_path, validator):
    assert loaded(tmp_path, GOOD).stderr == ""
    validator.validate(yaml.load(GOOD, CoreLoader))


@pytest.mark.parametrize("good, bad, says", BAD)
def test_a_bad_one_is_refused_by_both(tmp_path, validator, good, bad, says):
    text = GOOD.replace(good, bad, 1)
    assert text != GOOD
    done = loaded(tmp_path, text)
    assert done.returncode == 78 and "mine.yaml:" in done.stderr, done.stderr
    lines = done.stderr.splitlines()
    assert len(lines) == len(set(lines)), "said twice"
    if says:
        assert says in done.stderr
        assert not validator.is_valid(yaml.load(text, CoreLoader))


def test_a_device_needs_a_profile_with_topics(tmp_path):
    assert loaded(tmp_path, GOOD).returncode == 0
    site = tmp_path / "site.yaml"
    site.write_text(site.read_text() + "devices: [{id: x, zone: all, profile: common}]\n")
    done = run("tocsind", "--config", tmp_path / "tocsin.yaml", "--check")
    assert done.returncode == 78
    assert "site.yaml:7" in done.stderr and "has no topics" in done.stderr
