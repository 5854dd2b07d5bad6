"""The record is read as it is: all of what was asked for, in one form, and a word that nobody knows is
said to be unknown, as an empty answer would look as if nothing had happened."""

import contextlib
import json
import subprocess
import threading

import pytest
from hand import unguarded
from house import write_yaml
from service import environment, program, run

STORE = "tocsin.db"


@contextlib.contextmanager
def following(house, *args):
    """The rows of `tocsin log --follow --json` as they come."""
    rows = []

    def take():
        for line in process.stdout:
            rows.append(json.loads(line))
            house.bell.ring()
    process = subprocess.Popen([program("tocsin"), "log", "--json", "--follow", *map(str, args)],
                               stdout=subprocess.PIPE, text=True, env=environment())
    reader = threading.Thread(target=take)
    reader.start()
    try:
        yield rows
    finally:
        process.terminate()
        process.wait(10)
        reader.join()
        process.stdout.close()


def opened(rows, site):
    return any(row["type"] == "incident.opened" and row["site"] == site for row in rows)


def test_a_store_is_followed_without_its_configuration(house):
    with following(house, "--store", house.folder / STORE) as rows:
        house.until("what there is, is printed", lambda: rows)
        house.says("smoke-301", "smoke")
        house.until("what comes, too", lambda: opened(rows, "binjiang"))
    assert [row["seq"] for row in rows] == sorted({row["seq"] for row in rows})


def test_a_site_that_is_new_is_followed(house):
    north = json.loads(json.dumps(house.school)) | {"site": "north"}
    for device in north["devices"]:
        if "address" in device:
            device["address"] = f"north_{device['address']}"
    with following(house, "--config", house.config) as rows:
        house.until("what there is, is printed", lambda: rows)
        house.daemon.stop()
        write_yaml(house.folder / "north.yaml", north)
        house.write_service(lambda service: service["sites"].append("north.yaml"))
        house.daemon.start()
        house.sends("smoke-301", b'{"kind": "smoke", "state": "active"}', site="north")
        house.until("so is the site", lambda: opened(rows, "north"))


@pytest.fixture
def fire(house):
    house.says("smoke-301", "smoke")
    return house.push("qian", "opened").incident["id"]


@pytest.mark.parametrize("args, says", [
    (["log", "--incident", "binjiang-2020-000099"], "no incident 'binjiang-2020-000099'"),
    (["deliveries", "--incident", "nope"], "no incident"),
    (["log", "--zone", "nope"], "no zone 'nope'"), (["log", "--device", "ghost"], "no device 'ghost'"),
    (["log", "--type", "sginal"], "no entry is of type 'sginal'")], ids=lambda value: " ".join(value)
    if isinstance(value, list) else None)
def test_a_word_that_nobody_knows_is_said_to_be_unknown(house, fire, args, says):
    assert house.tocsin(*args, code=1) == ""
    assert says in house.stderr and house.stderr.count("\n") == 1


def test_what_has_not_happened_yet_is_known(house):
    for args in (["--zone", "office"], ["--device", "sos-gate"], ["--type", "incident.resolved"],
                 ["--type", "flood"]):
        house.tocsin("log", *args)


def test_a_zone_is_all_that_lies_in_it(house):
    house.tocsin("drills", "start", "--zone", "dorm-3f", "--for", "1h", "--by", "li")
    house.says("smoke-301", "smoke")
    house.push("qian", "opened")
    house.daemon.expects_log("rejected: not JSON")
    house.sends("smoke-302", b"not json")
    house.tocsin("silence", "add", "--device", "smoke-302", "--for", "1h", "--by", "li", "--note", "x")
    house.says("sos-gate", "panic")
    house.until("it was rejected", lambda: house.log(type="rejected"))
    third, dorm = house.log("--zone", "dorm-3f"), house.log("--zone", "dorm")
    assert {row["type"] for row in third} >= {"signal", "rejected", "incident.opened", "silence",
                                              "drill", "delivery"}
    assert [row["seq"] for row in dorm] == [row["seq"] for row in third]
    assert "sos-gate" not in {row.get("device") for row in dorm}
    assert house.log("--zone", "gate", type="signal")


def test_the_record_knows_its_sites(house, fire):
    def log(*args):
        return run("tocsin", "log", "--store", house.folder / STORE, *args)
    house.daemon.stop()  # the fire goes on, entry by entry
    assert log("--site", "binjiang").stdout == log().stdout != ""
    unknown = log("--site", "elsewhere")
    assert unknown.returncode == 1 and "no site 'elsewhere' in the record; it has binjiang" in \
        unknown.stderr
    without = log("--since", "2026-11-29T20:00")
    assert without.returncode == 2 and "2026-11-22T08:00 " not in without.stderr
    assert log("--since", "2020-11-29T20:00:00+08:00").stdout == log().stdout


@pytest.mark.parametrize("data", ['no json\n{"seq":1}', '{"a":1}\n{"seq":1}', '{"a":01}', '[1]',
                                  '{"a":"\n"}', '{"a":1', ""])
def test_what_was_edited_is_no_second_line(house, fire, data):
    house.daemon.stop()
    house.tampered = True
    before = house.log()
    db = unguarded(house.folder / STORE)
    db.execute("UPDATE ledger SET data = ? WHERE type = 'incident.opened'", (data,))
    db.close()
    after = house.log()
    assert [row["seq"] for row in after] == [row["seq"] for row in before]
    assert [row["data"] for row in after if row["type"] == "incident.opened"] == [data]
    for args in (["show", fire, "--json"], ["report", fire, "--format", "json"]):
        json.loads(house.tocsin(*args))
