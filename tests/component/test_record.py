"""The record: sealed, verified, and no tampering without a name."""

import csv
import html.parser
import io
import json
import re
import shutil
import sqlite3
import subprocess
import threading
import time
from xml.etree import ElementTree

import pytest
from hand import unguarded
from service import ROOT, run

STORE = "tocsin.db"


def busy(house):
    """A little of everything; returns the fire's id."""
    house.daemon.expects_log("rejected: not JSON")
    house.says("smoke-301", "smoke")
    fire = house.push("qian", "opened").incident["id"]
    house.says("smoke-302", "smoke")
    house.push("sun", "raised")
    house.says("sos-gate", "panic")
    house.sends("smoke-301", b"not json")
    house.ack(fire, note="on my way")
    house.resolve(fire, outcome="false_alarm", note="steam")
    return fire


def verify(house, *args, code=0):
    answer = json.loads(house.tocsin("verify", "--json", *args, code=code))
    assert answer["ok"] == (code == 0)
    return answer


@pytest.fixture
def still(house):
    """A house whose record is whole and whose daemon has ended."""
    busy(house)
    house.daemon.stop()
    return house


@pytest.fixture
def hand(still):
    """An attacker's hand on the file: the ledger's own guards are taken off."""
    still.tampered = True
    db = unguarded(still.folder / STORE)
    yield db
    db.close()


def test_a_record_is_good_while_it_grows_and_after(house):
    busy(house)
    assert verify(house)["entries"] > 10
    house.daemon.stop()
    answer = verify(house)
    last = house.log()[-1]
    assert answer["sites"][0]["head"] == {"seq": last["seq"], "hash": last["hash"]}
    assert "good" in house.tocsin("verify") or "完好" in house.tocsin("verify")


def test_who_has_taken_charge_unasked_hears_the_end_and_the_record_is_good(house):
    house.says("smoke-301", "smoke")
    fire = house.push("qian", "opened").incident["id"]
    house.ack(fire, by="zhao")  # whom the next step tells
    verify(house)
    house.resolve(fire, by="qian")
    assert house.push("zhao", "resolved").incident["id"] == fire
    verify(house)


def test_starts_stops_and_crashes_are_told_apart(house):
    def after():
        return house.log(type="service.started")[-1]["data"]["after"]
    assert after() == "first start"
    house.daemon.stop()
    house.daemon.start()
    assert after() == "stop"
    house.daemon.kill()
    house.daemon.start()
    assert after() == "crash"
    assert "downtime_ms" in house.log(type="service.started")[-1]["data"]
    verify(house)


def test_each_start_and_stop_is_sealed(still):
    rows = still.log()
    for row, behind in zip(rows, rows[1:]):
        if row["type"] in ("service.started", "service.stopped"):
            assert behind["type"] == "checkpoint"
            assert behind["data"]["seq"] == row["seq"] and behind["data"]["head"] == row["hash"]
            assert behind["data"]["key"] == still.tocsin("key").strip()


def test_the_configuration_is_in_the_record_once_a_version(house):
    first = house.log(type="config")
    assert [row["data"]["site_file"]["text"] for row in first] == [house.school_file.read_text()]
    house.daemon.stop()
    house.daemon.start()
    assert len(house.log(type="config")) == 1
    old = house.school_file.read_bytes()
    house.write_school(lambda school: school.update(name="另一所中学"))
    house.daemon.hangup()
    house.until("the new file is in force", lambda: len(house.log(type="config")) == 2)
    assert "另一所中学" in house.log(type="config")[1]["data"]["site_file"]["text"]
    house.school_file.write_bytes(old)
    house.daemon.hangup()
    house.until("the old file is back", lambda: len(house.log(type="config")) == 3)
    again = house.log(type="config")[2]["data"]["site_file"]
    assert again["hash"] == first[0]["data"]["site_file"]["hash"] and "text" not in again


def test_the_head_leaves_the_house(house):
    def head():
        topic = "tocsin/binjiang/ledger/head"
        found = [m for m in list(house.devices.messages) if m.topic == topic]
        return json.loads(found[-1].payload) if found else None
    told = house.until("a head is retained", head)
    row = next(row for row in house.log() if row["seq"] == told["seq"])
    assert row["hash"] == told["head"]
    busy(house)
    verify(house, "--head", f"{told['seq']}:{told['head']}")
    push = house.pushes()[-1].json["data"]["ledger"]
    verify(house, "--head", f"{push['seq']}:{push['head']}")
    wrong = verify(house, "--head", f"{told['seq']}:{'0' * 64}", code=1)
    assert (wrong["seq"], wrong["kind"]) == (told["seq"], "edited")


def test_a_change_of_keys_is_vouched_for_by_the_old_one(still):
    old = still.tocsin("key").strip()
    new = still.tocsin("key", "--new").strip()
    assert new != old
    verify(still)
    still.tocsin("key", "--new", code=1)
    for _ in range(3):
        still.daemon.start()
        still.says("sos-gate", "panic")
        still.daemon.stop()
        assert verify(still)["sites"][0]["key"] == new
    row = still.log(type="key")[-1]
    assert (row["data"]["from"], row["data"]["key"]) == (old, new) and row["data"]["signature"]
    verify(still, "--key", new)
    assert verify(still, "--key", old, code=1)["kind"] == "edited"


def test_the_key_before_goes_once_the_change_is_recorded_and_never_sooner(still):
    kept = still.folder / f"{STORE}.key.old"

    def starts_and_forgets():
        still.daemon.start()
        still.until("the key before is gone", lambda: not kept.exists())

    still.tocsin("key", "--new")
    first = kept.read_bytes()
    starts_and_forgets()
    assert len(still.log(type="key")) == 2
    # A death between the commit and the forgetting: it goes at the next start.
    still.daemon.kill()
    kept.write_bytes(first)
    starts_and_forgets()
    # The next change waits for the next start, whatever is recorded until then.
    still.tocsin("key", "--new")
    waits = kept.read_bytes()
    still.says("sos-gate", "panic")
    assert kept.read_bytes() == waits
    still.daemon.kill()
    starts_and_forgets()
    # A death before anything was changed: the key that signs stays under both names.
    still.daemon.stop()
    kept.write_bytes((still.folder / f"{STORE}.key").read_bytes())
    still.daemon.start()
    still.says("sos-gate", "panic")
    assert kept.exists()
    verify(still)
    still.tocsin("key", "--new")
    still.daemon.stop()
    starts_and_forgets()
    assert len(still.log(type="key")) == 4
    verify(still)


def test_a_foreign_key_is_found(still):
    still.tampered = True
    (still.folder / f"{STORE}.key").unlink()
    still.daemon.start()
    still.daemon.stop()
    verify(still, code=1)


def test_a_rolled_back_file_is_found(house):
    house.tampered = True
    busy(house)
    house.daemon.stop()
    shutil.copy(house.folder / STORE, house.folder / "yesterday")
    last = house.log()[-1]["seq"]
    house.daemon.start()
    house.says("sos-gate", "panic")
    house.daemon.stop()
    head = house.log()[-1]
    shutil.copy(house.folder / "yesterday", house.folder / STORE)
    answer = verify(house, code=1)
    assert (answer["seq"], answer["kind"]) == (last + 1, "truncated")
    (house.folder / f"{STORE}.head").unlink()
    answer = verify(house, code=1)
    assert (answer["seq"], answer["kind"]) == (last + 1, "truncated")
    (house.folder / f"{STORE}.key").unlink()
    verify(house)  # nothing beside it any more but what somebody kept
    answer = verify(house, "--head", f"{head['seq']}:{head['hash']}", code=1)
    assert (answer["seq"], answer["kind"]) == (last + 1, "truncated")


def test_an_incident_that_the_ledger_does_not_tell_is_found(still, hand):
    hand.execute("UPDATE incident SET outcome = 'real' WHERE outcome = 'false_alarm'")
    answer = verify(still, code=1)
    assert answer["kind"] == "edited"
    assert answer["sites"][0]["findings"][0]["incident"].startswith("binjiang-")


def test_what_is_no_store_is_one_line(house):
    house.daemon.stop()
    (house.folder / STORE).write_bytes(b"nonsense" * 100)
    for command in ("verify", "log", "incidents"):
        house.tocsin(command, code=1)
        assert house.stderr.count("\n") == 1 and "no Tocsin store" in house.stderr


@pytest.mark.parametrize("args", [["--head", "7"], ["--head", "x:00"], ["--head", "1:zz"],
                                  ["--key", "12"]])
def test_a_head_that_is_none_is_wrong_usage(still, args):
    assert run("tocsin", "--config", still.config, "verify", *args).returncode == 2


# ---- reports ----

CAP = "{urn:oasis:names:tc:emergency:cap:1.2}"


def check_cap(text):
    """Valid against schemas/cap.rng, which says what CAP 1.2 asks for. Returns the alert."""
    text = text.encode() if isinstance(text, str) else text
    done = subprocess.run(["xmllint", "--nonet", "--noout", "--relaxng", ROOT / "schemas/cap.rng",
                           "-"], input=text, capture_output=True, timeout=30)
    assert done.returncode == 0, done.stderr.decode()
    alert = ElementTree.fromstring(text)
    return alert


@pytest.fixture
def told(house):
    return house, busy(house)


def test_the_report_of_an_incident_as_data(told):
    house, fire = told
    report = json.loads(house.tocsin("report", fire, "--format", "json"))
    times = report["response"]
    assert 0 <= times["first_push_ms"] <= times["first_accepted_ms"]
    assert times["first_accepted_ms"] <= times["acknowledged_ms"] <= times["resolved_ms"]
    assert report["incident"]["outcome"] == "false_alarm" and report["incident"]["timeline"]
    assert {n["to"]["id"] for n in report["incident"]["notifications"]} >= {"qian", "sun"}
    verify(house, "--head", f"{report['ledger']['seq']}:{report['ledger']['head']}")


def test_the_report_of_an_incident_as_a_table(told):
    house, fire = told
    house.api("POST", f"/api/v1/incidents/{fire}/note", {"by": "li", "note": "=1+1"})
    house.daemon.stop()
    rows = list(csv.DictReader(io.StringIO(house.tocsin("report", fire, "--format", "csv"))))
    log = house.log("--incident", fire)
    assert [int(row["seq"]) for row in rows] == [row["seq"] for row in log]
    assert [json.loads(row["data"]) for row in rows] == [row["data"] for row in log]
    assert all(row["text"][:1] not in "=+-@" or not row["text"] for row in rows)


@pytest.mark.parametrize("language, word", [("zh-CN", "事件处置报告"), ("en", "After-action report")])
def test_the_report_of_an_incident_for_people(told, language, word):
    house, fire = told
    house.daemon.stop()
    page = house.tocsin("report", fire, "--format", "html", "--lang", language)
    assert page.startswith("<!DOCTYPE html>") and f'lang="{language}"' in page
    assert word in page and "<svg" in page and "@page{size:A4" in page
    assert "<script" not in page and not re.search(r'(src|href)="(?!data:,)', page)
    assert house.log()[-1]["hash"] in page
    checker = PageChecker()
    checker.feed(page)
    assert not checker.open and not checker.wrong


class PageChecker(html.parser.HTMLParser):
    """Every element is closed, in order."""

    def __init__(self):
        super().__init__()
        self.open, self.wrong = [], []

    def handle_starttag(self, tag, attrs):
        if tag not in ("meta", "link", "br", "line"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)


def test_the_report_of_an_incident_for_other_systems(told):
    house, fire = told
    alert = check_cap(house.tocsin("report", fire, "--format", "cap"))
    assert alert.find(CAP + "msgType").text == "Cancel"  # a false alarm
    sender, first, _ = alert.find(CAP + "references").text.split(",")
    assert sender == alert.find(CAP + "sender").text and first == fire
    house.says("smoke-301", "smoke", "clear")
    house.says("door-office", "tamper")
    opened = next(i for i in house.incidents() if i["kind"] == "tamper")
    alert = check_cap(house.tocsin("report", opened["id"], "--format", "cap"))
    assert alert.find(f"{CAP}info/{CAP}urgency").text == "Immediate"


def test_cap_is_valid_whatever_people_write(house):
    for note in ("\x01\x1b[2J\ufffe]]>", "<b>&amp;", "蒸汽\t\n\U0001f525"):
        reported = house.api("POST", "/api/v1/incidents", {
            "zone": "dorm", "kind": "water", "note": note, "by": "li"}).json
        alert = check_cap(house.tocsin("report", reported["id"], "--format", "cap"))
        told = alert.find(f"{CAP}info/{CAP}description").text
        assert told.endswith(note[-1]) and "\x1b" not in told
        house.resolve(reported["id"])
    assert "validate" in subprocess.run(
        ["xmllint", "--noout", "--relaxng", ROOT / "schemas/cap.rng", "-"],
        input=b'<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"/>', capture_output=True,
        timeout=30).stderr.decode()


def test_the_ledger_of_a_day(told):
    house, fire = told
    day = json.loads(house.tocsin("report", "day", "--format", "json"))
    assert day["counts"]["incidents"] == 2 and day["counts"]["false_alarms"] == 1
    assert day["by_kind"]["fire"] == 1 and day["by_kind"]["panic"] == 1
    assert day["response"]["acknowledged_ms"]["count"] == 1
    assert fire in [line["incident"]["id"] for line in day["incidents"]]
    rows = list(csv.DictReader(io.StringIO(house.tocsin("report", "day", "--format", "csv"))))
    assert [row["incident"] for row in rows] == sorted(i["id"] for i in house.incidents())
    for period, word in (("day", "每日台账"), ("shift", "交接班记录"), ("term", "学期报告")):
        page = house.tocsin("report", period)
        assert word in page and fire in page
    house.tocsin("report", "day", "--format", "cap", code=1)
    empty = json.loads(house.tocsin("report", "day", "--format", "json", "--until", "2026-01-01T00:00"))
    assert empty["counts"]["incidents"] == 0 and empty["response"]["first_push_ms"]["p50"] is None


@pytest.mark.parametrize("args, code", [(["report", "nothing"], 1), (["report"], 2),
                                        (["report", "1", "--format", "pdf"], 2),
                                        (["report", "1", "--lang", "fr"], 2),
                                        (["report", "day", "--since", "yesterday"], 2)])
def test_a_report_of_nothing_is_one_line(told, args, code):
    house, _ = told
    house.tocsin(*args, code=code)
    assert house.stderr and house.stderr.count("\n") <= 3


def test_reports_over_http(told):
    house, fire = told
    for path in (f"/api/v1/incidents/{fire}/report", "/api/v1/report"):
        page = house.api("GET", path)
        assert page.status == 200 and page.type == "text/html" and fire.encode() in page.body
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'; style-src 'unsafe-inline'" in policy and "self" not in policy
        assert house.api("GET", path + "?format=json&lang=en").json
        assert house.api("GET", path + "?format=pdf").status == 400
        assert house.api("GET", path, token=None).status == 401
    check_cap(house.api("GET", f"/api/v1/incidents/{fire}/report?format=cap").body)
    assert house.api("GET", "/api/v1/incidents/none/report").status == 404
    assert house.api("GET", "/api/v1/report?format=cap").status == 400


def test_response_figures_are_metrics(house):
    house.says("smoke-301", "smoke")
    fire = house.push("qian", "opened").incident["id"]
    house.ack(fire)
    house.resolve(fire)

    def figures():
        text = house.api("GET", "/metrics", token=None).body.decode()
        return [re.search(rf'tocsin_response_seconds_count{{stage="{stage}"}} (\d+)', text)[1]
                for stage in ("first_accepted", "acknowledged", "resolved")]
    house.until("each stage is counted once", lambda: figures() == ["1", "1", "1"])


# ---- the record again ----

def replay(house, *configs, code=0):
    args = [word for config in configs for word in ("--config", config)]
    done = run("tocsin", *(args or ["--config", house.config]), "replay", "--json", timeout=60)
    assert done.returncode == code, done.stdout + done.stderr
    return json.loads(done.stdout)[0]


def test_the_record_gives_what_happened(house):
    fire = busy(house)
    house.push("qian", "resolved")
    house.says("sos-gate", "panic")
    house.daemon.expects_log("unknown device 'ghost'")
    house.sends("ghost", b'{"kind":"gas","state":"active"}')
    house.push("qian", "opened", within=10)
    house.daemon.stop()
    house.daemon.start()
    house.says("door-office", "tamper")
    house.push("qian", "opened")
    house.daemon.stop()
    again = replay(house)
    assert again["not_applied"] == 0
    assert (again["moved"], again["only_was"], again["only_would"]) == (0, 0, 0)
    assert again["same"] == len(house.log(type="notification")) > 5
    assert again["incidents_were"] == again["incidents_would_be"] == len(house.log(
        type="incident.opened"))
    assert fire in {push["incident"] for push in again["pushes"]}


def test_a_crash_with_an_alarm_under_way_happens_again(house):
    house.says("smoke-301", "smoke")
    fire = house.push("qian", "opened").incident["id"]
    house.daemon.kill()
    due = time.monotonic() + 5
    house.until("steps were due while nobody ran", lambda: time.monotonic() > due)
    house.daemon.start()
    house.push(house.leader(), "escalated")
    house.resolve(fire)
    house.push("qian", "resolved")
    house.daemon.stop()
    again = replay(house)
    assert (again["moved"], again["only_was"], again["only_would"]) == (0, 0, 0)


def test_what_happened_under_earlier_configurations_happens_again(house):
    """One is changed while the service runs, the next while it does not."""
    house.says("smoke-301", "smoke")
    house.resolve(house.push("qian", "opened").incident["id"])
    as_it_was = house.school_file.read_bytes()
    house.write_school(lambda school: school["policies"][0].update(
        steps=[{"after": "0s", "notify": ["person:sun"]}]))
    house.daemon.hangup()
    house.until("it has reloaded", lambda: any("reloaded" in line for line in house.daemon.lines))
    house.says("smoke-302", "smoke")
    fire = house.push("sun", "opened").incident["id"]
    house.daemon.kill()
    house.school_file.write_bytes(as_it_was)
    house.daemon.start()
    house.resolve(fire)
    house.push("sun", "resolved")
    house.says("smoke-301", "smoke", "clear")
    house.says("smoke-301", "smoke")
    house.push("qian", "opened")
    house.daemon.stop()
    again = replay(house)
    assert again["with"] == "the configuration that was in force"
    assert (again["moved"], again["only_was"], again["only_would"]) == (0, 0, 0)
    assert {p["to"] for p in again["pushes"]} >= {"person:qian", "person:sun"}
    house.write_school(lambda school: school["zones"][0].update(name="elsewhere"))
    assert replay(house)["with"] == "another configuration"
    house.school_file.write_bytes(as_it_was)


@pytest.mark.parametrize("sql, says", [
    ("UPDATE ledger SET data = '{}' WHERE type = 'incident.opened'", None),
    ("UPDATE ledger SET steady = 1000000000000000 WHERE seq = (SELECT max(seq) - 1 FROM ledger)",
     "its time cannot be"),
    ("DELETE FROM ledger WHERE type = 'signal'", "entries are missing")],
    ids=["no incident", "no time", "a hole"])
def test_a_damaged_record_is_no_end_of_replay(house, sql, says):
    house.says("smoke-301", "smoke")
    house.push("qian", "opened")
    house.daemon.stop()
    house.tampered = True
    db = unguarded(house.folder / STORE)
    db.execute(sql)
    db.close()
    done = run("tocsin", "--config", house.config, "replay")
    assert done.returncode in (0, 1) if says is None else done.returncode == 1, done
    assert says is None or says in done.stderr


def test_what_another_configuration_would_have_done(house, tmp_path):
    house.says("smoke-301", "smoke")
    fire = house.push("qian", "opened").incident["id"]
    house.push(house.leader(), "escalated")
    house.resolve(fire)
    house.daemon.stop()
    other = tmp_path / "other"
    other.mkdir()
    shutil.copy(house.config, other)
    as_it_was = house.school_file.read_bytes()
    house.write_school(lambda school: school["policies"][0].update(
        steps=[{"after": "0s", "notify": ["duty:guard", "person:sun"]}]))
    shutil.copy(house.school_file, other)
    house.school_file.write_bytes(as_it_was)
    would = replay(house, house.config, other / "tocsin.yaml")
    assert would["with"] == "another configuration"
    told = {(p["to"], p["reason"]): p for p in would["pushes"] if p["kind"] == "fire"}
    assert told["person:sun", "opened"]["was"] is None
    assert told["person:sun", "opened"]["would"]
    gone = told[f"person:{house.leader()}", "escalated"]
    assert gone["was"] and gone["would"] is None
    assert abs(told["person:qian", "opened"]["difference_s"]) < 1
    assert "person:sun" in run("tocsin", "--config", house.config, "--config",
                               other / "tocsin.yaml", "replay").stdout


def test_what_would_have_been_ends_the_silence_that_was_meant(house, tmp_path):
    """Of several, under another number than here, as one device less is silenced."""
    ends = [house.api("POST", "/api/v1/silences", {"device": device, "for": "1h", "by": "li",
                                                   "note": "dust"}).json["id"]
            for device in ("smoke-302", "fence-west", "door-office")]
    house.tocsin("silence", "end", ends[1], "--by", "li")
    house.says("door-office", "tamper")
    house.until("it is in the record", lambda: house.log(type="signal"))
    house.daemon.stop()
    other = tmp_path / "other"
    other.mkdir()
    shutil.copy(house.config, other)
    as_it_was = house.school_file.read_bytes()
    house.write_school(lambda school: school.update(
        devices=[d for d in school["devices"] if d["id"] != "smoke-302"]))
    shutil.copy(house.school_file, other)
    house.school_file.write_bytes(as_it_was)
    would = replay(house, house.config, other / "tocsin.yaml")
    assert would["with"] == "another configuration"
    assert would["incidents_would_be"] == would["incidents_were"] == 0


# ---- copies and parts ----

def test_a_backup_is_a_store(house, tmp_path):
    busy(house)
    copy = tmp_path / "backup" / "tocsin.db"
    copy.parent.mkdir()
    assert "good" in house.tocsin("backup", copy)
    assert copy.stat().st_mode & 0o777 == 0o600
    house.tocsin("backup", copy, code=1)  # never over another
    assert "exists" in house.stderr
    for name in ("tocsin.yaml", "school.yaml", "console.token"):
        shutil.copy(house.folder / name, copy.parent)
    done = run("tocsin", "--config", copy.parent / "tocsin.yaml", "verify")
    assert done.returncode == 0, done.stdout


def test_a_backup_says_that_what_it_copied_is_not_what_was_written(still, tmp_path):
    copy = tmp_path / "copy.db"
    still.tampered = True
    db = unguarded(still.folder / STORE)
    db.execute("UPDATE ledger SET by = 'nobody' WHERE seq = 3")
    db.close()
    said = still.tocsin("backup", copy, code=1)
    assert "entry 3" in said and "edited" in said
    assert "not what was written" in still.stderr
    assert copy.exists()  # nobody else may have one


def test_a_part_leaves_with_its_proof(still, tmp_path):
    part = tmp_path / "part.jsonl"
    part.write_text(still.tocsin("export"))
    lines = part.read_text().splitlines()
    assert len(lines) == len(still.log()) + 1
    key = still.tocsin("key").strip()
    still.tocsin("verify", part, "--key", key)
    still.tocsin("verify", part, "--key", "0" * 64, code=1)
    fires = [json.loads(line) for line in still.tocsin(
        "log", "--file", part, "--type", "incident.*", "--json").splitlines()]
    assert fires == [row for row in still.log() if row["type"].startswith("incident.")]
    assert still.tocsin("log", "--file", part).count("\n") == len(lines) - 1
    for at, change, word in (
            (5, lambda line: line.replace("steady_ms\":", "steady_ms\":1"), "edited"),
            (5, lambda line: None, "missing"), (5, lambda line: line + "\n" + line, "inserted"),
            (len(lines) - 1, lambda line: None, "truncated"), (0, lambda line: None, "nothing")):
        changed = [change(line) if n == at else line for n, line in enumerate(lines)]
        part.write_text("\n".join(line for line in changed if line))
        still.tocsin("log", "--file", part, code=1)
        still.tocsin("verify", part, code=1)
        assert word in still.stderr and still.stderr.count("\n") == 1


def test_a_part_of_a_running_service_has_its_proof(house, tmp_path):
    busy(house)
    house.until("all is told", lambda: house.push("qian", "resolved"))
    for way in ("running", "killed"):
        rows = house.log()
        assert rows[-1]["type"] != "checkpoint"
        part, store = tmp_path / f"{way}.jsonl", tmp_path / f"{way}.db"
        part.write_text(house.tocsin("export"))
        house.tocsin("verify", part, "--key", house.tocsin("key").strip())
        house.tocsin("import", part, store)
        seqs = [json.loads(line)["seq"] for line in run(
            "tocsin", "log", "--json", "--store", store).stdout.splitlines()]
        assert seqs[:len(rows)] == [row["seq"] for row in rows]
        assert run("tocsin", "verify", "--store", store).returncode == 0
        lines = part.read_text().splitlines()
        assert "seal" in json.loads(lines[-1])
        for change in (lines[:-1], lines[:-2] + lines[-1:], lines + lines[-1:],
                       lines[:-1] + [lines[-1].replace('"seal":"', '"seal":"1')]):
            part.write_text("\n".join(change))
            house.tocsin("verify", part, code=1)
        if way == "running":
            house.daemon.kill()


def test_a_backup_ends_beside_a_busy_writer(still, tmp_path):
    """Each commit would make a copy without a picture of its own begin again."""
    def writer():
        db = sqlite3.connect(still.folder / STORE, isolation_level=None)
        db.execute("PRAGMA synchronous = OFF")
        while not ended.is_set():
            db.execute("UPDATE ballast SET bytes = randomblob(8) WHERE rowid = 1")
            begun.set()
        db.close()
    still.tampered = True
    db = sqlite3.connect(still.folder / STORE)
    db.execute("CREATE TABLE ballast (bytes BLOB)")
    db.executemany("INSERT INTO ballast VALUES (zeroblob(?))", [(1_000_000,)] * 20)
    db.commit()
    db.close()
    begun, ended = threading.Event(), threading.Event()
    life = threading.Thread(target=writer)
    life.start()
    try:
        assert begun.wait(10)
        still.tocsin("backup", tmp_path / "copy.db")
    finally:
        ended.set()
        life.join()
    assert (tmp_path / "copy.db").stat().st_size > 20_000_000


# ---- reports of what is more than an incident ----

def test_a_report_says_who_came_when_and_what_was_late(house):
    house.says("smoke-301", "smoke")
    fire = house.push("qian", "opened").incident["id"]
    house.push(house.leader(), "escalated")  # nobody has acknowledged in time
    house.api("POST", f"/api/v1/incidents/{fire}/reply", {"by": "qian", "choice": "on_site"})
    house.resolve(fire)
    response = json.loads(house.tocsin("report", fire, "--format", "json"))["response"]
    assert response["first_push_ms"] <= response["acknowledged_ms"] <= response["on_site_ms"] \
        <= response["resolved_ms"]
    assert response["late"] == ["acknowledged"]
    day = json.loads(house.tocsin("report", "day", "--format", "json"))
    assert (day["response"]["on_site_ms"]["count"], day["response"]["on_site_ms"]["late"]) == (1, 0)
    assert day["response"]["acknowledged_ms"]["late"] == 1
    assert day["response"]["acknowledged_ms"]["p99"] == response["acknowledged_ms"]
    assert day["by_zone"] == [{"zone": "dorm-3f", "name": "宿舍三层", "incidents": 1}]
    assert {c["channel"] for c in day["channels"]} == {"phone"}
    assert day["counts"]["false_alarm_percent"] == 0

    def late():
        text = house.api("GET", "/metrics", token=None).body.decode()
        return re.search(r'tocsin_response_late_total{stage="acknowledged"} (\d+)', text)[1], \
            re.search(r'tocsin_response_seconds_count{stage="on_site"} (\d+)', text)[1]
    house.until("it is counted", lambda: late() == ("1", "1"))


def test_a_drill_that_was_ended_by_hand_is_reported(house):
    drill = house.api("POST", "/api/v1/drills", {"zone": "dorm", "by": "sun", "for": "10m"}).json
    house.says("smoke-301", "smoke")
    played = house.push("qian", "opened").incident["id"]
    house.push(house.leader(), "escalated")
    house.api("POST", f"/api/v1/incidents/{played}/reply", {"by": "qian", "choice": "on_site"})
    house.push(house.leader(), "acknowledged")
    house.tocsin("drills", "end", drill["id"], "--by", "sun")
    assert house.tocsin_json("drills")["items"] == []
    assert "钱师傅" in house.tocsin("report", drill["id"])


def test_a_shift_hands_over_what_is_open(house):
    house.says("door-office", "tamper")
    house.says("smoke-301", "battery")
    house.until("both are open", lambda: len(house.incidents("?state=open")) == 2)
    house.tocsin("silence", "add", "--device", "smoke-302", "--for", "1h", "--by", "li", "--note",
                 "painting")
    house.tocsin("hazards", "add", "--zone", "office", "--note", "loose cable", "--by", "li")
    over = json.loads(house.tocsin("report", "shift", "--format", "json"))["handover"]
    assert {i["kind"] for i in over["open"]} == {"tamper", "trouble"}
    assert {s["type"] for s in over["stands"]} == {"silence", "hazard"}
    assert set(over["devices_in_trouble"]) == {"door-office", "smoke-301"}
    sheet = house.tocsin("report", "shift")
    for words in ("交接班记录", "值班人员", "钱师傅", "painting", "loose cable", "交班人"):
        assert words in sheet
    assert "交班人" not in house.tocsin("report", "day")
