"""The disk is full, fails, or is locked by another: alarms are pushed all the same, marked
unlogged; nothing is acknowledged; when it is back everything held is in the record."""

import ctypes
import json
import os
import sqlite3
import threading
import time

import pytest
from house import quick
from service import SLOWER, http

SIZE = 20  # MiB of the small disk
PRESS = b'{"kind":"panic","state":"active"}'  # names no message id
libc = ctypes.CDLL(None, use_errno=True)


class Disk:
    """A small file system of its own."""

    def __init__(self, folder):
        folder.mkdir()
        self.folder = folder
        self.stuffing = folder / "stuffing"
        if libc.mount(b"tmpfs", bytes(folder), b"tmpfs", 0, f"size={SIZE}m".encode()):
            raise AssertionError("this test needs a small disk: mounting a tmpfs failed ("
                                 f"{os.strerror(ctypes.get_errno())}); run it as root")

    def fill(self):
        with open(self.stuffing, "ab", buffering=0) as file:
            for size in (1 << 16, 1 << 12):
                try:
                    while True:
                        file.write(b"x" * size)
                except OSError:
                    pass

    def make_room(self):
        self.stuffing.unlink()

    def unmount(self):
        assert libc.umount2(bytes(self.folder), 2) == 0


def many_lines(school):
    """A fire is the guard's business, anything else is li's."""
    quick(school)
    school["devices"].append({"id": "water-pump", "zone": "dorm", "kind": "water"})
    school["policies"] = [
        {"id": "trouble", "for": {"kind": "trouble"}, "repeat": "10m", "resolve_within": "30m",
         "steps": [{"after": "0s", "notify": ["person:li"]}]},
        {"id": "other", "repeat": "10m", "resolve_within": "30m",
         "steps": [{"after": "0s", "notify": ["person:qian"]}]}]


@pytest.fixture
def disk(tmp_path):
    small = Disk(tmp_path / "disk")
    yield small
    small.unmount()


def stored_on(disk):
    def edit(service):
        service["store"]["path"] = str(disk.folder / "tocsin.db")
    return edit


def ready(house):
    answer = http("GET", house.url + "/readyz")
    return answer.status, answer.body.decode()


def expect_whole(house):
    rows = house.log()
    assert [r["seq"] for r in rows] == list(range(1, len(rows) + 1))
    return rows


def expects_failure(house):
    house.daemon.expects_log("the record cannot be written|the disk is full|no connection to the b"
                             "roker|the checkpoint failed|lost the session")


def signals(rows):
    return [r["data"].get("id") for r in rows if r["type"] == "signal"]


def no_acks(house, said):
    told = [json.loads(m.payload)["id"] for m in list(house.devices.messages)
            if m.topic.endswith("/ack")]
    return not set(said) & set(told)


def test_a_full_disk(disk, build_house):
    house = build_house(edit_school=many_lines, edit_service=stored_on(disk))
    expects_failure(house)
    house.says("smoke-301", "smoke")
    house.push("qian", "opened", unlogged=False)
    disk.fill()

    # The reserve keeps the record going; somebody is told to make room.
    pressed = []
    while not any(r.incident["kind"] == "trouble" for r in house.pushes(to="li")):
        pressed.append(house.says("sos-gate", "panic"))
        assert len(pressed) < 2000
    told = house.push("li", "opened", unlogged=False)
    assert (told.incident["kind"], told.incident["severity"]) == ("trouble", "warning")
    assert ready(house)[0] == 200

    # No room at all is left.
    disk.fill()
    said = [house.says("smoke-302", "smoke", committed=False)]
    while ready(house)[0] == 200:
        said.append(house.says("sos-gate", "panic", committed=False))
        assert len(said) < 2000
    status, why = ready(house)
    assert status == 503 and "record" in why and "full" in why
    began = time.monotonic()
    said.append(house.says("water-pump", "water", committed=False))
    flood = house.push("qian", "opened", unlogged=True, within=10)
    assert flood.incident["kind"] == "water" and flood.at - began < 10 * SLOWER

    # Also much later, when the broker's window would be full.
    house.until("the session rests", lambda: house.broker_session_rests())
    for n in range(30):
        said.append(house.says("smoke-301", "battery", "active" if n % 2 else "clear",
                               committed=False))
    said.append(house.says("fence-west", "perimeter", committed=False))
    late = house.push("qian", "opened", unlogged=True, within=10)
    assert late.incident["kind"] == "intrusion"
    assert no_acks(house, said[-31:])
    recorded = len(signals(house.log()))

    disk.make_room()
    house.until("it is ready again", lambda: ready(house)[0] == 200, within=20)
    house.until("everything is in the record",
                lambda: set(pressed + said) <= set(signals(house.log())), within=20)
    house.until_acked("fence-west", said[-1])  # by the session, which brings all of it once more
    house.says("water-pump", "water", "clear")
    rows = expect_whole(house)
    kept = signals(rows)
    assert len(kept) == len(set(kept)) > recorded, "each once"
    words = [r["data"]["state"] for r in rows if r["data"].get("kind") == "battery"]
    assert words[-1] == "active", "what was said last stands"
    recovered = [r for r in rows if r["type"] == "store.recovered"]
    assert recovered and recovered[-1]["data"]["unwritten_ms"] > 0
    assert any(r["data"].get("unlogged") for r in rows if r["type"] == "delivery")
    house.until("the trouble is over", lambda: any(
        r.incident["id"] == told.incident["id"] for r in house.pushes(to="li", reason="resolved")),
        within=20)
    assert (disk.folder / "tocsin.db.reserve").stat().st_size >= 4 << 20


def test_a_locked_store(build_house):
    house = build_house(edit_school=many_lines)
    expects_failure(house)
    other = sqlite3.connect(house.folder / "tocsin.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    said = [house.says("smoke-301", "smoke", committed=False)]
    fire = house.push("qian", "opened", unlogged=True)
    assert fire.incident["kind"] == "fire"
    house.push("li", "opened", unlogged=True)
    status, why = ready(house)
    assert status == 503 and "locked" in why
    assert no_acks(house, said)
    other.execute("ROLLBACK")
    other.close()
    house.until_acked("smoke-301", said[0])
    house.push("li", "resolved", unlogged=False)
    rows = expect_whole(house)
    assert signals(rows) == said
    assert [r["type"] for r in rows if r["type"].startswith("store.")] == \
        ["store.failed", "store.recovered"]
    assert len({r.id for r in house.pushes(to="qian", reason="opened")}) == 1


@pytest.mark.parametrize("lane", ["true", "false"], ids=["lane", "session"])
def test_each_press_counts_once_and_each_device_hears_that_it_is_recorded(build_house, lane):
    """One is heard as the disk fails, the next by the connection that watches meanwhile; the
    session brings both again."""
    house = build_house(edit_school=many_lines, edit_service=lambda service: service["broker"]
                        .update(lane=lane))
    expects_failure(house)
    other = sqlite3.connect(house.folder / "tocsin.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    said = house.says("smoke-301", "smoke", committed=False)
    house.sends("sos-gate", PRESS)
    house.until("both are told", lambda: len(house.pushes(to="qian", reason="opened")) == 2)
    house.until("the session rests", lambda: house.broker_session_rests())
    house.sends("sos-gate", PRESS)
    house.push("qian", "joined", unlogged=True)
    other.execute("ROLLBACK")
    other.close()
    house.until_acked("smoke-301", said)
    house.says("water-pump", "water")
    rows = expect_whole(house)
    assert [r["device"] for r in rows if r["type"] == "signal"].count("sos-gate") == 2
    panic, = (i for i in house.incidents() if i["kind"] == "panic")
    assert [signal["times"] for signal in panic["signals"]] == [2]
    assert len({r.id for r in house.pushes(to="qian", reason="joined")}) == 1


def test_what_was_not_recorded_comes_again_after_a_kill(build_house):
    house = build_house(edit_school=many_lines)
    expects_failure(house)
    other = sqlite3.connect(house.folder / "tocsin.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    said = [house.says("smoke-301", "smoke", committed=False),
            house.says("sos-gate", "panic", committed=False)]
    told = [house.push("qian", "opened", unlogged=True) for _ in said]
    house.until("the session rests", lambda: house.broker_session_rests())
    said.append(house.says("water-pump", "water", committed=False))
    told.append(house.push("qian", "opened", unlogged=True))
    before = {push.id for push in told}
    house.daemon.kill()
    other.execute("ROLLBACK")
    other.close()
    house.daemon.start()
    again = [house.push("qian", "opened", unlogged=False) for _ in said]
    after = {push.id for push in again}
    assert not before & after, "a receiver that knows an id would drop what is new"
    assert not {push.incident["id"] for push in told} & {push.incident["id"] for push in again}, \
        "what people were told of never stands for something else"
    assert not (house.folder / "tocsin.db.unlogged").exists()
    assert set(signals(expect_whole(house))) == set(said)


def test_what_people_do_meanwhile_counts_once(build_house):
    """The leader stands in the water, and the disk fails: the link works, the console shows it, a
    note under a key is made once, and all of it is in the record afterwards."""
    house = build_house(edit_school=many_lines)
    expects_failure(house)
    key = {"Idempotency-Key": "note-1"}
    other = sqlite3.connect(house.folder / "tocsin.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    house.says("water-pump", "water", committed=False)
    told = house.push("qian", "opened", unlogged=True)
    incident = told.incident["id"]
    assert [i["id"] for i in house.incidents("?state=open&kind=water")] == [incident]
    assert house.incident(incident)["next"]["what"] == "repeat"
    assert http("GET", told.json["data"]["ack_url"]).status == 200
    taken = http("POST", told.json["data"]["ack_url"])
    assert (taken.status, "已生效" in taken.body.decode()) == (503, True)
    assert house.incident(incident)["owner"] == "qian"
    path = f"/api/v1/incidents/{incident}/note"
    for _ in range(2):
        noted = house.api("POST", path, {"note": "ankle deep"}, headers=key)
        assert noted.status == 503 and "will be recorded" in noted.json["detail"]
        assert noted.headers["retry-after"] == "5"
    tested = house.api("POST", "/api/v1/test", {"to": "person:li"})
    assert tested.status == 503 and "do not repeat it" in tested.json["detail"]
    refused = house.api("POST", f"/api/v1/incidents/{incident}/ack", {"by": "nobody"})
    assert refused.status == 400

    other.execute("ROLLBACK")
    other.close()
    house.until("it is ready again", lambda: ready(house)[0] == 200, within=20)
    noted = house.api("POST", path, {"note": "ankle deep"}, headers=key)
    assert (noted.status, noted.json["id"]) == (200, incident)
    house.daemon.stop()
    house.daemon.start()
    assert house.api("POST", path, {"note": "ankle deep"}, headers=key).status == 200
    rows = expect_whole(house)
    notes = [r for r in rows if r["type"] == "operator" and r["data"].get("note") == "ankle deep"]
    assert len(notes) == 1
    assert http("POST", told.json["data"]["ack_url"]).status == 200
    assert house.incident(incident)["owner"] == "qian"


def taken_while_locked(house):
    """What somebody reports while the record cannot be written: the lock, and what was reported."""
    expects_failure(house)
    other = sqlite3.connect(house.folder / "tocsin.db", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    taken = house.api("POST", "/api/v1/incidents", {"zone": "dorm", "kind": "water", "by": "li"})
    assert taken.status == 503 and "will be recorded" in taken.json["detail"]
    return other


def reports(house):
    return [r for r in expect_whole(house) if r["type"] == "operator"]


def test_a_stop_waits_a_little_for_the_record(build_house):
    house = build_house(edit_school=many_lines)
    other = taken_while_locked(house)
    threading.Timer(0.5, other.execute, ["ROLLBACK"]).start()
    code, _took = house.daemon.stop()
    assert code == 0
    assert len(reports(house)) == 1


def test_a_stop_that_loses_what_people_did_says_so(build_house):
    house = build_house(edit_school=many_lines)
    other = taken_while_locked(house)
    house.daemon.expects_log("stopped, and the record could not be written")
    code, took = house.daemon.stop()
    assert code == 1 and took < 5 * SLOWER
    (said,) = [line for line in house.daemon.lines if "stopped, and" in line]
    assert "lost: operations 1, incidents 2, entries" in said  # the water, and the store's own
    other.execute("ROLLBACK")
    assert reports(house) == []
