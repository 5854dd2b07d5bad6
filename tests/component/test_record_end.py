"""The record is there, whole and to its end: whatever is taken away from it shows, also after the
service has started again; and beside a service that writes nothing is called missing."""

import json
import shutil
import sqlite3
import threading

import pytest
from hand import unguarded
from house import quick, write_yaml
from service import run

STORE = "tocsin.db"


def verify(house, *args, code=0):
    answer = json.loads(house.tocsin("verify", "--json", *args, code=code))
    assert answer["ok"] == (code == 0)
    return answer


def found(answer):
    return answer["site"], answer["kind"], answer["seq"]


def some_story(house):
    house.says("smoke-301", "smoke")
    house.push("qian", "opened")
    house.says("sos-gate", "panic")
    house.push("qian", "opened", path="/phone")


@pytest.fixture
def ended(house):
    """A house whose service has ended, and which is going to be tampered with."""
    some_story(house)
    house.daemon.stop()
    house.tampered = True
    return house


@pytest.fixture
def killed(house):
    """The same, killed: all since its start is in the log beside the store."""
    some_story(house)
    house.daemon.kill()
    house.tampered = True
    return house


@pytest.fixture
def two_sites(build_house):
    house = build_house(start=False,
                        edit_service=lambda service: service.update(sites=["school.yaml", "b.yaml"]))
    north = json.loads(json.dumps(house.school)) | {"site": "binjiang-north"}
    for device in north["devices"]:
        if "address" in device:
            device["address"] = f"north_{device['address']}"
    write_yaml(house.folder / "b.yaml", north)
    house.daemon.start()
    house.says("smoke-301", "smoke")
    house.sends("smoke-301", b'{"kind": "smoke", "state": "active"}', site="binjiang-north")
    house.until("both have an incident", lambda: len(house.incidents()) == 2)
    house.daemon.stop()
    house.tampered = True
    return house


STATE = ("delivery", "notification", "told", "incident_signal", "incident", "standing",
         "device_state")


def empty(db, site=None):
    for table in (*STATE, "ledger"):
        if site is None:
            db.execute(f"DELETE FROM {table}")
    db.execute("UPDATE site SET head_seq = 0, head_hash = NULL, head_seal = NULL")


# ---- what is gone ----

def test_a_record_of_which_all_was_deleted_is_missed(ended):
    last = ended.log()[-1]["seq"]
    empty(unguarded(ended.folder / STORE))
    answer = verify(ended, code=1)
    assert found(answer) == ("binjiang", "truncated", 1)
    assert f"entry {last}" in answer["sites"][0]["findings"][0]["detail"]
    # Nor does it help to take away what lies beside it.
    (ended.folder / f"{STORE}.head").unlink()
    assert found(verify(ended, code=1)) == ("binjiang", "truncated", 1)
    (ended.folder / f"{STORE}.key").unlink()
    assert found(verify(ended, code=1)) == ("binjiang", "truncated", 1)


def test_a_store_without_its_sites_is_missed(ended):
    unguarded(ended.folder / STORE).execute("DELETE FROM site")
    assert found(verify(ended, code=1)) == ("binjiang", "truncated", 1)
    for beside in ("head", "key"):
        (ended.folder / f"{STORE}.{beside}").unlink()
        assert found(verify(ended, code=1)) == ("?", "missing", 1)


def test_a_store_that_was_emptied_to_the_last_row_is_missed(ended):
    db = unguarded(ended.folder / STORE)
    empty(db)
    db.execute("DELETE FROM site")
    assert found(verify(ended, code=1)) == ("binjiang", "truncated", 1)
    (ended.folder / f"{STORE}.head").unlink()
    assert found(verify(ended, code=1)) == ("?", "truncated", 1)


def test_one_of_two_sites_is_missed_and_named(two_sites):
    db = unguarded(two_sites.folder / STORE)
    (number,) = db.execute("SELECT number FROM site WHERE id = 'binjiang-north'").fetchone()
    of_it = "(SELECT key FROM incident WHERE site = ?)"
    for sql in (f"DELETE FROM told WHERE incident IN {of_it}",
                f"DELETE FROM incident_signal WHERE incident IN {of_it}",
                "DELETE FROM delivery WHERE notification IN (SELECT key FROM notification"
                " WHERE site = ?)",
                *(f"DELETE FROM {table} WHERE site = ?" for table in (
                    "notification", "incident", "standing", "device_state", "ledger")),
                "DELETE FROM site WHERE number = ?"):
        db.execute(sql, (number,))
    for at, (row,) in enumerate(db.execute("SELECT row FROM ledger ORDER BY row").fetchall(), 1):
        db.execute("UPDATE ledger SET row = ? WHERE row = ?", (at, row))
    assert found(verify(two_sites, code=1)) == ("binjiang-north", "truncated", 1)


def test_an_incident_is_blamed_on_its_own_site(two_sites):
    unguarded(two_sites.folder / STORE).execute(
        "UPDATE incident SET severity = 'warning' WHERE id LIKE 'binjiang-north-%'")
    answer = verify(two_sites, code=1)
    assert answer["site"] == "binjiang-north"
    assert [site["ok"] for site in answer["sites"]] == [True, False]


def test_sites_that_change_their_numbers_are_found(two_sites):
    db = unguarded(two_sites.folder / STORE)
    for table, column in (("site", "number"), *((t, "site") for t in (
            "ledger", "incident", "notification", "standing", "device_state"))):
        db.execute(f"UPDATE {table} SET {column} = 3 - {column} + 10")
        db.execute(f"UPDATE {table} SET {column} = {column} - 10")
    verify(two_sites, code=1)


# ---- a log that was cut or damaged ----

def frames_end(log):
    """Where the frames of this round of the log end; behind them older ones may lie."""
    frame, end = 24 + 4096, 32
    while log[end + 8:end + 16] == log[16:24]:
        end += frame
    return end


@pytest.mark.parametrize("share", [0.95, 0.8, 0.5, 0.3])
def test_a_log_that_was_cut_is_truncated(killed, share):
    entries = len(killed.log())
    log = killed.folder / f"{STORE}-wal"
    whole = log.read_bytes()
    assert verify(killed)["entries"] == entries
    log.write_bytes(whole[:int(frames_end(whole) * share)])
    (killed.folder / f"{STORE}-shm").unlink()
    answer = verify(killed, code=1)
    assert answer["entries"] < entries
    assert found(answer) == ("binjiang", "truncated", answer["entries"] + 1)


def test_a_byte_of_the_log_is_missed(killed):
    log = killed.folder / f"{STORE}-wal"
    damaged = bytearray(log.read_bytes())
    damaged[frames_end(damaged) // 2] ^= 1
    log.write_bytes(damaged)
    (killed.folder / f"{STORE}-shm").unlink()
    assert verify(killed, code=1)["kind"] == "truncated"


def test_a_checkpoint_does_not_vouch_for_an_end_that_was_cut_off_there(killed):
    db = unguarded(killed.folder / STORE)
    seq, data = db.execute("SELECT seq, data FROM ledger WHERE type = 'checkpoint'"
                           " ORDER BY seq DESC LIMIT 1").fetchone()
    seal = json.loads(data)
    line = " ".join(str(seal[name]) for name in ("seq", "head", "time_ms", "key", "signature"))
    db.execute("DELETE FROM ledger WHERE seq > ?", (seal["seq"],))
    for table in STATE:
        db.execute(f"DELETE FROM {table}")
    db.execute("UPDATE site SET head_seq = ?, head_hash = ?, head_seal = ?, next_incident = 1",
               (seal["seq"], bytes.fromhex(seal["head"]), line))
    assert found(verify(killed, code=1)) == ("binjiang", "truncated", seq)
    (killed.folder / f"{STORE}.head").unlink()
    verify(killed, code=1)


# ---- an older copy that was put back ----

@pytest.fixture
def rolled_back(house):
    """The service ends, goes on, ends again, and the store is as it was after the first time.
    Gives the house and the first entry that is gone."""
    some_story(house)
    house.daemon.stop()
    shutil.copy(house.folder / STORE, house.folder / "yesterday")
    last = house.log()[-1]["seq"]
    house.daemon.start()
    house.says("sos-gate", "panic")
    house.daemon.stop()
    shutil.copy(house.folder / "yesterday", house.folder / STORE)
    house.tampered = True
    return house, last + 1


def test_a_start_does_not_forget_what_it_found_missing(rolled_back):
    house, gone = rolled_back
    assert found(verify(house, code=1)) == ("binjiang", "truncated", gone)
    house.daemon.expects_log("the record is not what was left of it")
    for _ in range(2):
        house.daemon.start()
        assert found(verify(house, code=1)) == ("binjiang", "truncated", gone)
        house.says("smoke-302", "smoke")
        house.daemon.stop()
        assert found(verify(house, code=1)) == ("binjiang", "truncated", gone)
    (entry,) = house.log(type="store")
    assert entry["data"]["found"] == "cut" and entry["data"]["last"] == gone - 1
    assert entry["data"]["head"]["seq"] > gone


def test_people_hear_of_it(rolled_back):
    house, _ = rolled_back
    house.daemon.expects_log("the record is not what was left of it")
    house.daemon.start()
    (trouble,) = [i for i in house.incidents("?state=open") if i.get("subject") == "record"]
    assert trouble["kind"] == "trouble" and "entry" in trouble["note"]
    told = house.tocsin("log", "--type", "store")
    assert "were written" in told or "写入" in told
    house.resolve(trouble["id"], outcome="unknown")


def test_a_head_file_that_is_gone_is_said_once(ended):
    (ended.folder / f"{STORE}.head").unlink()
    last = ended.log()[-1]["seq"]
    assert found(verify(ended, code=1)) == ("binjiang", "truncated", last + 1)
    ended.daemon.expects_log("the record is not what was left of it")
    for _ in range(2):
        ended.daemon.start()
        ended.daemon.stop()
        verify(ended)
    assert [row["data"]["found"] for row in ended.log(type="store")] == ["no head file"]


def test_a_copy_of_the_store_alone_is_whole(ended):
    shutil.copy(ended.folder / STORE, ended.folder / "copy.db")
    answer = json.loads(run("tocsin", "--config", ended.config, "verify", "--json", "--store",
                            ended.folder / "copy.db").stdout)
    assert answer["ok"] and answer["entries"] == len(ended.log())


# ---- nothing healthy is called changed ----

def test_beside_a_busy_service_nothing_is_missing(build_house):
    """A verify takes its time; what is committed meanwhile is no sign of a cut."""
    def hall(school):
        quick(school)
        school["zones"].append({"id": "hall", "name": "Hall", "in": "campus"})
        school["devices"] += [{"id": f"c{i}", "zone": "hall", "kind": "contact"}
                              for i in range(50)]
    house = build_house(edit_school=hall)
    ends = threading.Event()

    def toggle():
        state = "active"
        while not ends.is_set():
            for i in range(50):
                house.sends(f"c{i}", json.dumps({"kind": "contact", "state": state}).encode())
            state = "clear" if state == "active" else "active"
            ends.wait(0.02)

    busy = threading.Thread(target=toggle)
    busy.start()
    try:
        sizes = [verify(house)["entries"] for _ in range(40)]
    finally:
        ends.set()
        busy.join()
    assert sizes[-1] > sizes[0] + 100


def test_through_starts_and_stops_nothing_is_missing(house):
    ends, wrong = threading.Event(), []

    def look():
        while not ends.is_set():
            done = run("tocsin", "--config", house.config, "verify", "--json")
            if done.returncode:
                wrong.append(done.stdout + done.stderr)

    looking = threading.Thread(target=look)
    looking.start()
    try:
        for turn in range(5):
            house.says("sos-gate", "panic")
            (house.daemon.kill if turn % 2 else house.daemon.stop)()
            house.daemon.start()
    finally:
        ends.set()
        looking.join()
    assert not wrong, wrong[0]


def test_a_retired_site_stays_good_over_a_change_of_keys(two_sites):
    two_sites.tampered = False
    two_sites.write_service(lambda service: service.update(sites=["school.yaml"]))
    two_sites.tocsin("key", "--new")
    for _ in range(2):
        two_sites.daemon.start()
        two_sites.daemon.stop()
        assert {site["site"] for site in verify(two_sites)["sites"]} == \
            {"binjiang", "binjiang-north"}


@pytest.mark.parametrize("how", ["UPDATE anchor SET steady = steady - 3600000",
                                 "DELETE FROM anchor"])
def test_time_that_was_put_back_for_the_next_start_is_found(ended, how):
    unguarded(ended.folder / STORE).execute(how)
    assert verify(ended, code=1)["kind"] == "edited"


# ---- heads that somebody kept ----

def test_a_kept_head_fits_one_of_the_sites(two_sites):
    two_sites.tampered = False
    rows = [row for row in two_sites.log() if row["seq"] == 9]
    assert len(rows) == 2
    for row in rows:
        verify(two_sites, "--head", f"9:{row['hash']}")
        verify(two_sites, "--head", f"{row['site']}:9:{row['hash']}")
    assert verify(two_sites, "--head", f"9:{'0' * 64}", code=1)["seq"] == 9
    other = {"binjiang": "binjiang-north", "binjiang-north": "binjiang"}[rows[0]["site"]]
    assert verify(two_sites, "--head", f"{other}:9:{rows[0]['hash']}", code=1)["site"] == other
    two_sites.tocsin("verify", "--head", f"nope:9:{rows[0]['hash']}", code=2)
    assert "no site 'nope'" in two_sites.stderr


# ---- pages and indexes ----

def index_leaf(path, index):
    """Where, in the file, the last byte of an index entry of a leaf page lies: the row it leads to."""
    db = sqlite3.connect(path)
    (page, size), = db.execute("SELECT pageno, (SELECT page_size FROM pragma_page_size) FROM dbstat"
                               " WHERE name = ? AND pagetype = 'leaf' LIMIT 1", (index,)).fetchall()
    db.close()
    start = (page - 1) * size
    bytes_ = path.read_bytes()[start:start + size]
    assert bytes_[0] == 0x0a
    cell = int.from_bytes(bytes_[8:10], "big")
    assert bytes_[cell] < 0x80
    return start + cell + bytes_[cell]


@pytest.mark.parametrize("index", ["ledger_received", "ledger_of_incident", "ledger_marks",
                                   "notification_of_incident", "incident_by_opening"])
def test_an_index_that_leads_elsewhere_is_found(ended, index):
    path = ended.folder / STORE
    at = index_leaf(path, index)
    with open(path, "r+b") as file:
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ 4]))
    answer = verify(ended, code=1)
    assert answer["kind"] == "edited"
    assert index in answer["sites"][0]["findings"][0]["detail"]
