"""Review needs no daemon: on a copy that nobody can write to, and with one clear line where the
question or the file is wrong."""

import json
import os
import pathlib
import shutil
import sqlite3
import subprocess
import tempfile

import pytest
from service import BUILD, ROOT, environment, program


@pytest.fixture(scope="module")
def copy():
    """Two days of a busy school, in a folder that a stranger may read and nobody changes."""
    made = pathlib.Path(tempfile.mkdtemp(prefix="tocsin-review-"))
    folder = pathlib.Path(tempfile.mkdtemp(prefix="tocsin-review-"))
    for name in ("tocsin.yaml", "school.yaml"):
        shutil.copy(ROOT / "tests" / "record" / name, made)
    done = subprocess.run([BUILD / "tocsin-month", "--config", made / "tocsin.yaml", "--days", "2"],
                          capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    for name in ("tocsin.yaml", "school.yaml", "tocsin.db"):
        shutil.copy(made / name, folder)
        (folder / name).chmod(0o444)
    folder.chmod(0o555)
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)
    shutil.rmtree(made)


def tocsin(folder, *args):
    """As somebody who may write nothing."""
    stranger = {"user": "nobody", "extra_groups": []} if os.getuid() == 0 else {}
    return subprocess.run([program("tocsin"), "--config", folder / "tocsin.yaml", *args],
                          capture_output=True, text=True, env=environment(), timeout=60, **stranger)


def first_incident(folder):
    rows = tocsin(folder, "log", "--json", "--type", "incident.opened").stdout.splitlines()
    return json.loads(rows[0])["incident"]


@pytest.mark.parametrize("command", [
    ["incidents"], ["incidents", "--json"], ["show", "FIRST"], ["show", "FIRST", "--json"],
    ["log"], ["log", "--json", "--since", "2026-11-01"], ["verify"], ["verify", "--json"],
    ["report", "FIRST"], ["report", "FIRST", "--format", "cap"], ["report", "shift"],
    ["report", "day", "--until", "2026-11-02T12:00", "--format", "csv"], ["replay"], ["export"],
    ["devices"], ["deliveries"], ["people"], ["duty"], ["who", "--kind", "smoke", "--zone", "dorm-3f"],
    ["hazards"], ["hazards", "--all", "--json"], ["drills"], ["silence"], ["handover"]],
    ids=" ".join)
def test_every_question_is_answered_from_a_copy(copy, command):
    before = sorted(path.name for path in copy.iterdir())
    done = tocsin(copy, *[first_incident(copy) if word == "FIRST" else word for word in command])
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()
    assert sorted(path.name for path in copy.iterdir()) == before


@pytest.mark.parametrize("command, code, says", [
    (["log", "--since", "yesterday"], 2, "--since 'yesterday'"),
    (["log", "--until", "2026-13-01"], 2, "--until '2026-13-01'"),
    (["incidents", "--since", "soon"], 2, "--since 'soon'"),
    *(([*command, "--since", "2026-11-02", "--until", until], 2, "--until lies before")
      for command in (["report", "day"], ["log"], ["incidents"], ["export"],
                      ["log", "--file", "/nowhere/part.jsonl"])
      for until in ("2026-11-01", "2026-11-02")),
    (["who", "--kind", "smoke", "--zone", "dorm", "--at", "noon"], 2, "--at 'noon'"),
    (["who", "--kind", "smoke", "--zone", "nowhere"], 2, "nowhere"),
    (["show", "nothing"], 1, "nothing"), (["show", "999999"], 1, "999999"),
    (["report", "binjiang-drill-99"], 1, "no drill 'binjiang-drill-99'"),
    (["report", "binjiang-2020-000001"], 1, "no incident 'binjiang-2020-000001'"),
    (["report", "shift", "--format", "cap"], 1, "CAP"),
    (["log", "--site", "elsewhere"], 1, "elsewhere"),
    (["incidents", "--site", "elsewhere"], 1, "elsewhere"),
    (["verify", "--head", "12:abc"], 2, "--head '12:abc'"),
    (["verify", "--key", "beef"], 2, "--key 'beef'"),
    (["verify", "/nowhere/part.jsonl"], 1, "No such file"),
    (["log", "--file", "/nowhere/part.jsonl"], 1, "No such file"),
    (["export", "--since", "2031-01-01"], 1, "nothing in that time")], ids=lambda row: str(row)[:40])
def test_a_wrong_question_is_answered_in_one_line(copy, command, code, says):
    done = tocsin(copy, *command)
    assert (done.returncode, done.stdout) == (code, "")
    assert says in done.stderr and done.stderr.count("\n") <= 2, done.stderr


def newer(path):
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 999")


def strange(path):
    path.unlink()
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE shopping (what TEXT)")


@pytest.mark.parametrize("spoil, says", [
    (newer, "newer Tocsin"), (strange, "no Tocsin store"),
    (lambda path: path.write_bytes(b"not a database, but long enough to look like one" * 99),
     "no Tocsin store"),
    (lambda path: path.write_bytes(b""), "empty"), (lambda path: path.unlink(), "No such file"),
    (lambda path: (path.unlink(), path.mkdir()), "tocsin.db: is a folder"),
    (lambda path: (path.unlink(), os.mkfifo(path)), "tocsin.db: is no regular file")],
    ids=["newer", "strange", "noise", "empty", "missing", "folder", "pipe"])
def test_a_file_that_is_no_store_is_named_in_one_line(copy, tmp_path, spoil, says):
    for path in copy.iterdir():
        shutil.copy(path, tmp_path)
        (tmp_path / path.name).chmod(0o644)
    spoil(tmp_path / "tocsin.db")
    for command in (["incidents"], ["show", "1"], ["log"], ["verify"], ["report", "day"], ["replay"],
                    ["export"], ["hazards"], ["backup", tmp_path / "copy.db"]):
        done = subprocess.run([program("tocsin"), "--config", tmp_path / "tocsin.yaml", *command],
                              capture_output=True, text=True, env=environment(), timeout=60)
        assert (done.returncode, done.stdout) == (1, ""), command
        assert says in done.stderr and done.stderr.count("\n") == 1, done.stderr
