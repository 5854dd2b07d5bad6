"""A part of a record is looked through elsewhere: without a service, without a configuration, and
with nothing believed that its hashes do not say."""

import json
import shutil
import sqlite3
import subprocess

import pytest
from service import BUILD, ROOT, environment, program


def run(*args, code=0):
    done = subprocess.run([program("tocsin"), *map(str, args)], capture_output=True, text=True,
                          env={**environment(), "LC_ALL": "C.UTF-8"}, timeout=60)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout if code == 0 else done.stderr


class School:
    def __init__(self, folder):
        self.folder = folder
        self.config = folder / "tocsin.yaml"
        for name in ("tocsin.yaml", "school.yaml"):
            shutil.copy(ROOT / "tests" / "record" / name, folder)
        done = subprocess.run([BUILD / "tocsin-month", "--config", self.config, "--days", "2"],
                              capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        self.key = self.here("key").strip()

    def here(self, *args):
        return run("--config", self.config, *args)


@pytest.fixture(scope="module")
def school(tmp_path_factory):
    return School(tmp_path_factory.mktemp("school"))


@pytest.fixture
def file(school, tmp_path):
    path = tmp_path / "part.jsonl"
    path.write_text(school.here("export"))
    return path


@pytest.fixture
def elsewhere(file, tmp_path):
    store = tmp_path / "elsewhere" / "part.db"
    store.parent.mkdir()
    run("import", file, store)
    return store


def test_all_reading_works_elsewhere(school, elsewhere):
    assert [path.name for path in elsewhere.parent.iterdir()] == ["part.db"]
    assert elsewhere.stat().st_mode & 0o777 == 0o600
    assert run("log", "--json", "--store", elsewhere) == school.here("log", "--json")
    original = school.folder / "tocsin.db"
    here = json.loads(run("incidents", "--json", "--limit", "1000", "--store", original))["items"]
    there = json.loads(run("incidents", "--json", "--limit", "1000", "--store", elsewhere))["items"]
    assert len(there) > 20 and there == here
    fire = here[0]["id"]
    assert fire in run("show", fire, "--store", elsewhere)
    of_here = json.loads(school.here("report", fire, "--json"))
    of_there = json.loads(run("report", fire, "--json", "--store", elsewhere))
    assert of_there["ledger"] == of_here["ledger"]
    assert of_there["response"] == of_here["response"]
    late = set()
    for one in here:
        response, same = (json.loads(run("report", one["id"], "--json", "--store", store))["response"]
                          for store in (original, elsewhere))
        assert same == response
        late.update(response["late"])
    assert "acknowledged" in late
    month = ("report", "month", "--until", "2026-11-10T00:00+08:00", "--json", "--store")
    month_here, month_there = (json.loads(run(*month, store)) for store in (original, elsewhere))
    assert month_there["incidents"] == month_here["incidents"]
    assert month_there["response"] == month_here["response"]
    assert month_here["response"]["acknowledged_ms"]["late"] > 0
    for words in (["report", fire], ["report", fire, "--format", "cap"],
                  ["report", "month", "--until", "2026-11-10T00:00+08:00"], ["hazards", "--all"],
                  ["drills"], ["silence"]):
        assert run(*words, "--store", elsewhere)
    def sent(out):
        return [(d["notification"], d["channel"], d["delivery"]) for d in json.loads(out)["items"]
                if d["delivery"] in ("accepted", "refused")]
    assert sent(run("deliveries", "--json", "--store", elsewhere)) == \
        sent(school.here("deliveries", "--json"))
    # With the configuration it has names.
    assert "滨江中学" in run("--config", school.config, "report", fire, "--store", elsewhere)
    hazard = run("hazards", "add", "--zone", "dorm", "--note", "x", "--by", "li", "--store",
                 elsewhere, code=1)
    assert "--store only reads" in hazard and hazard.count("\n") == 1


def test_an_exported_file_is_checked_and_read_anywhere(school, file):
    assert "good" in run("verify", file)
    assert json.loads(run("verify", file, "--key", school.key, "--json"))["key_given"]
    assert "no key: 64 hex digits" in run("verify", file, "--key", "beef", code=2)
    assert "--head" in run("verify", file, "--head", f"5:{'0' * 64}", code=2)
    assert run("log", "--file", file, "--json") == school.here("log", "--json")
    assert run("--config", file, "verify", file, code=78)  # a configuration that is named is read


def test_what_was_imported_can_be_verified(school, elsewhere, tmp_path):
    verdict = json.loads(run("verify", "--json", "--store", elsewhere, "--key", school.key))
    assert verdict["ok"] and verdict["sites"][0]["part"] and verdict["sites"][0]["first"] == 1
    run("verify", "--store", elsewhere, "--key", "0" * 64, code=1)
    head = json.loads(school.here("verify", "--json"))["sites"][0]["head"]
    run("verify", "--store", elsewhere, "--head", f"{head['seq']}:{head['hash']}")
    for change, kind in (
            ("UPDATE ledger SET data = '{\"x\":1}' WHERE seq = 30", "edited"),
            ("DELETE FROM ledger WHERE seq = 30", "missing"),
            ("DELETE FROM ledger WHERE seq > 100", "truncated"),
            ("UPDATE incident SET severity = 'minor' WHERE severity = 'major'", "edited"),
            ("UPDATE imported SET first = 2", "edited")):
        copy = tmp_path / "copy.db"
        shutil.copy(elsewhere, copy)
        db = sqlite3.connect(copy, isolation_level=None)
        for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'"
                                  ).fetchall():
            db.execute(f"DROP TRIGGER {name}")
        assert db.execute(change).rowcount > 0
        db.close()
        done = subprocess.run([program("tocsin"), "verify", "--json", "--store", copy],
                              capture_output=True, text=True, env=environment(), timeout=60)
        assert done.returncode == 1 and json.loads(done.stdout)["kind"] == kind, change


def test_a_range_is_marked_as_a_part(school, tmp_path):
    file, store = tmp_path / "part.jsonl", tmp_path / "part.db"
    file.write_text(school.here("export", "--since", "2026-11-01T20:00", "--until",
                                "2026-11-02T06:00"))
    told = json.loads(run("import", file, store, "--key", school.key, "--json"))
    assert told["ok"] and told["first"] > 1 and told["key"] == school.key and told["key_given"]
    site = json.loads(run("verify", "--json", "--store", store))["sites"][0]
    assert (site["part"], site["first"]) == (True, told["first"])
    assert "an imported part" in run("verify", "--store", store)
    # A head of what is not in the part is not confirmed, though nothing in it is wrong.
    outside, inside = (json.loads(out.splitlines()[0]) for out in (
        school.here("log", "--json"), run("log", "--json", "--store", store)))
    for head, answer, code in ((outside, "not_here", 1), (inside, "holds", 0)):
        done = subprocess.run([program("tocsin"), "verify", "--json", "--store", store, "--head",
                               f"{head['seq']}:{head['hash']}"], capture_output=True, text=True,
                              env=environment(), timeout=60)
        verdict = json.loads(done.stdout)
        assert (done.returncode, verdict["ok"]) == (code, not code) and verdict["sites"][0]["ok"]
        assert verdict["kept_head"] == {"seq": head["seq"], "hash": head["hash"], "answer": answer}
        assert ("cannot be compared" in done.stderr) == bool(code)
    run("import", file, tmp_path / "other.db", "--key", "1" * 64, code=1)
    assert not (tmp_path / "other.db").exists()


def test_what_a_part_does_not_tell_is_not_known_and_never_nothing(school, tmp_path):
    file, store = tmp_path / "part.jsonl", tmp_path / "part.db"
    file.write_text(school.here("export", "--since", "2026-11-01T20:00"))
    assert '"type":"config"' not in file.read_text()
    run("import", file, store)
    incidents = json.loads(run("incidents", "--json", "--store", store))["items"]
    assert incidents
    judged = set()
    for incident in incidents:
        assert incident["policy"] is None and incident["zone"]["path"] is None
        report = json.loads(run("report", incident["id"], "--json", "--store", store))
        judged.add(report["response"]["late"] is None)
    assert True in judged
    month = ("report", "month", "--until", "2026-11-10T00:00+08:00", "--store", store)
    response = json.loads(run(*month, "--json"))["response"]
    assert response["acknowledged_ms"]["late"] is None
    assert response["first_push_ms"]["late"] is not None  # what is asked for stands in no policy
    assert "<td>?</td>" in run(*month) and "does not tell the policy" in run(*month, "--lang", "en")
    assert "未载明" in run(*month, "--lang", "zh-CN")
    assert "does not tell its policy" in run("report", incidents[0]["id"], "--lang", "en",
                                             "--store", store)


def test_no_service_goes_on_with_a_part(school, elsewhere, tmp_path):
    for name in ("tocsin.yaml", "school.yaml"):
        shutil.copy(school.folder / name, tmp_path)
    shutil.copy(elsewhere, tmp_path / "tocsin.db")
    done = subprocess.run([program("tocsind"), "--config", tmp_path / "tocsin.yaml"],
                          capture_output=True, text=True, env=environment(), timeout=60)
    assert done.returncode == 1 and "made by `tocsin import`" in done.stderr


def test_the_store_of_a_service_is_no_part(school, tmp_path):
    """Who cuts off the beginning cannot say that it is elsewhere."""
    for path in school.folder.iterdir():
        shutil.copy(path, tmp_path)
    db = sqlite3.connect(tmp_path / "tocsin.db", isolation_level=None)
    db.execute("DROP TRIGGER ledger_is_never_deleted")
    before = db.execute("SELECT hash FROM ledger WHERE seq = 50").fetchone()[0]
    db.execute("DELETE FROM ledger WHERE seq <= 50")
    db.execute("INSERT INTO imported SELECT site, 51, max(seq), ? FROM ledger", (before,))
    db.close()
    found = run("--config", tmp_path / "tocsin.yaml", "verify", code=1)
    assert found == ""
    done = subprocess.run([program("tocsin"), "--config", tmp_path / "tocsin.yaml", "verify",
                           "--json"], capture_output=True, text=True, env=environment())
    assert (json.loads(done.stdout)["kind"], json.loads(done.stdout)["seq"]) == ("missing", 1)


LINES = {"no JSON": lambda line: line[:-1],
         "edited": lambda line: line.replace('"seq":20', '"seq":20,"x":1').replace(
             '\\"', '\\" ', 1),
         "no number": lambda line: line.replace('"seq":20', '"seq":"20"'),
         "a number that is too large": lambda line: line.replace('"seq":20', '"seq":1e300'),
         "missing": lambda line: None,
         "twice": lambda line: f"{line}\n{line}",
         "removed, says the file": lambda line: json.dumps(
             {"removed": {"first": 20, "last": 20, "hash": json.loads(line)["hash"],
                          "entry": 30}}),
         "an empty line": lambda line: f"\n{line}",
         "a line without an end": lambda line: line[:40] + "x" * (17 << 20),
         "a second beginning": lambda line: json.dumps(
             {"export": "tocsin 1", "site": "b", "first": 20, "before": "0" * 64}),
         "too deep": lambda line: "[" * 100000}


@pytest.mark.parametrize("name", LINES)
def test_nothing_is_left_of_a_file_that_does_not_hold(file, tmp_path, name):
    lines = file.read_text().splitlines()
    assert '"seq":20,' in lines[20]
    lines[20] = LINES[name](lines[20])
    file.write_text("\n".join(line for line in lines if line is not None))
    said = run("import", file, tmp_path / "new.db", code=1)
    assert "entry 2" in said and said.count("\n") == 1, said
    assert not list(tmp_path.glob("new.db*"))
    run("verify", file, "--store", "none", code=1)


def test_a_store_is_never_written_over(file, elsewhere, tmp_path):
    was = elsewhere.read_bytes()
    assert "File exists" in run("import", file, elsewhere, code=1)
    assert elsewhere.read_bytes() == was
    for content in ("", "no export\n", '{"export":"tocsin 2"}\n'):
        file.write_text(content)
        assert run("import", file, tmp_path / "new.db", code=1).count("\n") == 1
    run("import", tmp_path / "none", tmp_path / "new.db", code=1)
    run("import", file, tmp_path / "no" / "folder.db", code=1)
    run("import", file, code=2)
    run("import", file, tmp_path / "new.db", "--key", "x", code=2)
    assert not (tmp_path / "new.db").exists()


def test_a_replay_says_what_is_not_there_any_more(school, tmp_path):
    for name in ("tocsin.yaml", "school.yaml", "tocsin.db"):
        shutil.copy(school.folder / name, tmp_path)
    whole = json.loads(school.here("replay", "--json"))[0]
    assert (whole["removed"], whole["moved"], whole["only_was"]) == (0, 0, 0)
    db = sqlite3.connect(tmp_path / "tocsin.db", isolation_level=None)
    seqs = [seq for (seq,) in db.execute("SELECT seq FROM ledger WHERE type = 'signal' AND seq > 20"
                                         " ORDER BY seq LIMIT 30")]
    for seq in seqs:
        db.execute("INSERT INTO removed SELECT site, seq, seq, hash, 1000000 FROM ledger"
                   " WHERE seq = ?", (seq,))
        db.execute("DELETE FROM ledger WHERE seq = ?", (seq,))
    db.close()
    config = tmp_path / "tocsin.yaml"
    assert json.loads(run("--config", config, "replay", "--json"))[0]["removed"] == 30
    assert "30 entries of the record were removed" in run("--config", config, "replay")
