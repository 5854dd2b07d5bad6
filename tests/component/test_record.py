"""The record: sealed, verified, and no tampering without a name."""

import json
import shutil
import sqlite3

import pytest
from service import run

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
    db = sqlite3.connect(still.folder / STORE, isolation_level=None)
    for (trigger,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
        db.execute(f"DROP TRIGGER {trigger}")
    db.execute("PRAGMA foreign_keys = OFF")
    db.execute("PRAGMA ignore_check_constraints = ON")
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


def test_a_foreign_key_is_found(still):
    still.tampered = True
    (still.folder / f"{STORE}.key").unlink()
    still.daemon.start()
    still.daemon.stop()
    verify(still, code=1)


def test_a_rolled_back_file_is_found(house):
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
