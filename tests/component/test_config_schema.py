"""The JSON Schemas, which editors complete and check by, and the loader, which decides, give one
verdict. The rows are in tests/config/rows.yaml."""

import json
import pathlib
import re
import shutil

import jsonschema
import pytest
import yaml

from service import ROOT, run

CONFIG = ROOT / "tests" / "config"
ROWS = yaml.safe_load((CONFIG / "rows.yaml").read_text())
FILES = ["tocsin.yaml", "site.yaml"]
SCHEMAS = {"tocsin.yaml": "tocsin.schema.json", "site.yaml": "site.schema.json"}
KEY = re.compile(r"^(\w+):", re.M)


class CoreLoader(yaml.SafeLoader):
    """YAML 1.2 core, as editors read it: `no` is text, 007 is 7, a date is text."""


CoreLoader.yaml_implicit_resolvers = {}
for tag, pattern, first in [
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", list("-+0123456789")),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", list("-+.0123456789")),
]:
    CoreLoader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(f"^(?:{pattern})$"),
                                     first)
CoreLoader.add_constructor(
    "tag:yaml.org,2002:int",
    lambda loader, node: int(node.value, 0 if node.value.startswith(("0x", "0o")) else 10))
CoreLoader.add_constructor("tag:yaml.org,2002:float",
                           lambda loader, node: float(node.value))


def schema_of(file):
    schema = json.loads((ROOT / "schemas" / SCHEMAS[file]).read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    return schema


@pytest.fixture(scope="module")
def validators():
    return {file: jsonschema.Draft202012Validator(schema_of(file)) for file in FILES}


def changed(file, row):
    """The base with the row's keys in front, in place of its own of the same name."""
    text = row.get("with", "")
    if row.get("only"):
        return text
    replaced = set(KEY.findall(text)) | {row.get("without")}
    kept = [line for line in ROWS["base"][file].splitlines() if line.split(":")[0] not in replaced]
    return "\n".join([*([text] if text else []), *kept]) + "\n"


def write(folder, file, row):
    for name in FILES:
        text = changed(name, row) if name == file else ROWS["base"][name]
        (folder / name).write_text(text)
    return folder / "tocsin.yaml"


def schema_accepts(validator, text):
    return validator.is_valid(yaml.load(text, CoreLoader))


def placed(said, file):
    """'1:2: …' is about the changed file, 'other.yaml:1:2: …' about another, 'words' about any."""
    return f"{file}:{said}" if re.match(r"\d+:\d+: ", said) else said


def rows():
    for file in FILES:
        for row in ROWS[file]:
            name = row.get("with") or f"without {row.get('without', 'a change')}"
            yield pytest.param(file, row, id=f"{file} {row['verdict']} {name[:70]!r}")


@pytest.mark.parametrize("file, row", rows())
def test_one_verdict(tmp_path, validators, file, row):
    done = run("tocsind", "--config", write(tmp_path, file, row), "--check")
    report = done.stderr.replace(f"{tmp_path}/", "")
    good = row["verdict"] == "good"
    assert done.returncode == (0 if good else 78), report
    assert done.stdout == ""
    if good:
        assert report == ""
    for said in row.get("says", []):
        assert placed(said, file) in report
    if "says" in row and row["verdict"] in ("bad", "loader"):
        assert len(report.splitlines()) == len(row["says"]), "more is said than the row expects"
    if row["verdict"] != "broken":
        schema = schema_accepts(validators[file], changed(file, row))
        assert schema == (row["verdict"] != "bad"), "the schema's verdict"


def test_rows_are_many():
    verdicts = [row["verdict"] for file in FILES for row in ROWS[file]]
    assert len(verdicts) >= 150 and verdicts.count("loader") >= 20


@pytest.mark.parametrize("service", sorted((CONFIG / "good").glob("*/tocsin.yaml")),
                         ids=lambda path: path.parent.name)
def test_good_examples(tmp_path, validators, service):
    folder = tmp_path / "copy"
    shutil.copytree(service.parent, folder)
    done = run("tocsind", "--config", folder / "tocsin.yaml", "--check")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert validators["tocsin.yaml"].is_valid(yaml.load(service.read_text(), CoreLoader))
    sites = [path for path in service.parent.rglob("*.yaml") if path != service]
    assert sites
    for site in sites:
        validators["site.yaml"].validate(yaml.load(site.read_text(), CoreLoader))


def keys_of(schema, path="$"):
    for name, key in schema.get("properties", {}).items():
        if isinstance(key, dict):
            yield f"{path}.{name}", key
            yield from keys_of(key, f"{path}.{name}")
    if isinstance(schema.get("items"), dict):
        yield from keys_of(schema["items"], f"{path}[]")
    for name, part in schema.get("$defs", {}).items():
        yield from keys_of(part, name)


@pytest.mark.parametrize("file", FILES)
def test_every_key_is_explained(validators, file):
    schema = validators[file].schema
    for path, key in keys_of(schema):
        assert key.get("description"), f"{path} has no description"
        explained = key.get("examples") or "enum" in key
        assert explained, f"{path} has no example"
    for example in schema["examples"]:
        validators[file].validate(example)


def test_schema_knows_the_types_that_the_loader_knows(tmp_path, validators):
    row = {"with": "channels: [{id: phone, type: '?', url: 'http://a'}]"}
    done = run("tocsind", "--config", write(tmp_path, "tocsin.yaml", row), "--check")
    allowed = re.search(r"unknown channel type '\?'; allowed: (.*)", done.stderr).group(1)
    channel = validators["tocsin.yaml"].schema["$defs"]["channel"]
    assert allowed.split(", ") == channel["properties"]["type"]["enum"]


FIELDS = {"url": "url: 'https://a.example/hook?key=a&access_token=a'",
          "token": "token: '1:abcdefghijklmnopqrstuvwxyz01234567'",
          "secret": "secret: whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "to": "to: a"}


@pytest.mark.parametrize("type_", schema_of("tocsin.yaml")["$defs"]["channel"]["properties"]
                         ["type"]["enum"])
def test_fields_of_a_type(tmp_path, validators, type_):
    """Each field too many or missing: what one refuses, the other refuses."""
    fields = list(FIELDS)
    for bits in range(1 << len(fields)):
        given = [fields[i] for i in range(len(fields)) if bits >> i & 1]
        channel = ", ".join([f"id: phone, type: {type_}", *(FIELDS[f] for f in given)])
        row = {"with": f"channels: [{{{channel}}}]"}
        config = write(tmp_path, "tocsin.yaml", row)
        said = run("tocsind", "--config", config, "--check").stderr
        # What a contact lacks is the site's affair, and two types take a key in one of two places.
        refused = "/tocsin.yaml:" in said and not re.search(r"as token|in a url|at the", said)
        accepts = schema_accepts(validators["tocsin.yaml"], changed("tocsin.yaml", row))
        assert accepts != refused, (given, said)


def test_every_problem_in_one_run_in_order(tmp_path):
    write(tmp_path, "tocsin.yaml", {"with": "store: {path: a, keep: x}\nchanels: []"})
    (tmp_path / "site.yaml").write_text(
        changed("site.yaml", {"with": "timezone: Mars/Base\nlanguage: de"}))
    done = run("tocsind", "--config", tmp_path / "tocsin.yaml", "--check")
    found = [re.match(r".*/(\w+\.yaml):(\d+):(\d+): ", line).groups()
             for line in done.stderr.splitlines()]
    assert found == [("tocsin.yaml", "1", "24"), ("tocsin.yaml", "2", "1"),
                     ("site.yaml", "1", "11"), ("site.yaml", "2", "11")]


def test_files_are_named_as_on_the_command_line(tmp_path, monkeypatch):
    write(tmp_path, "site.yaml", {"with": "language: de"})
    monkeypatch.chdir(tmp_path)
    done = run("tocsind", "--config", "tocsin.yaml", "--check")
    assert done.stderr.startswith("site.yaml:1:11: ")
    monkeypatch.chdir(tmp_path.parent)
    done = run("tocsind", "--config", f"{tmp_path.name}/tocsin.yaml", "--check")
    assert done.stderr.startswith(f"{tmp_path.name}/site.yaml:1:11: ")
    done = run("tocsind", "--config", "none.yaml", "--check")
    assert (done.returncode, done.stderr) == (
        78, "none.yaml:1:1: the service file cannot be read: No such file or directory\n")


def test_check_makes_nothing(tmp_path):
    config = write(tmp_path, "tocsin.yaml", {
        "with": "http: {tokens: [{name: a, role: admin, token_file: new.token}]}"})
    before = sorted(path.name for path in pathlib.Path(tmp_path).iterdir())
    assert run("tocsind", "--config", config, "--check").returncode == 0
    assert sorted(path.name for path in pathlib.Path(tmp_path).iterdir()) == before
