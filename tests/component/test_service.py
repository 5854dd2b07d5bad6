"""The daemon's life: start, stop, kill, check."""

import os
import pathlib
import re
import signal
import stat
import time

import pytest
from house import SITE, quick, write_yaml
from receiver import accept, hang
from service import ROOT, SLOWER, program, run


def late(school):
    """The second step comes after a second."""
    quick(school)
    school["policies"] = [{"id": "late", "repeat": "10m", "resolve_within": "30m", "steps": [
        {"after": "0s", "notify": ["person:qian"]},
        {"after": "1500ms", "notify": ["person:li"]},
        {"after": "2s", "notify": ["person:sun"]},
        {"after": "10m", "notify": ["person:zhao"]}]}]


def test_a_step_that_fell_due_while_the_daemon_was_down_comes_at_once(build_house):
    house = build_house(edit_school=late)
    house.says("smoke-301", "smoke")
    opened = house.push("qian", "opened")
    house.daemon.kill()
    house.bell.until_passed(opened.at + 2.5)
    began = time.monotonic()
    house.daemon.start()
    second, third = house.push("li", "escalated"), house.push("sun", "escalated")
    assert second.at - began < 3 * SLOWER and third.at - began < 3 * SLOWER
    assert [r["data"]["step"] for r in house.log(type="step")] == [1, 2, 3], "in due order"
    assert not house.pushes(to="zhao"), "and no step that is not due"


@pytest.mark.smoke
def test_a_kill_loses_nothing(house):
    said = [house.says("smoke-301", "smoke"), house.says("sos-gate", "panic")]
    incidents = {house.push("qian", "opened").incident["id"] for _ in said}
    house.ack(sorted(incidents)[1])  # the panic, which has half an hour to be resolved
    before = house.log()
    house.daemon.kill()
    house.daemon.start()
    assert house.log()[:len(before)] == before, "the record goes on, nothing in it is changed"
    assert {i["id"]: i["state"] for i in house.incidents()} == dict(
        zip(sorted(incidents), ("open", "acknowledged")))
    house.says("smoke-302", "smoke")  # joins what was open before
    house.push("qian", "raised")
    assert len(house.incidents()) == 2
    rows = house.log()
    assert [r["seq"] for r in rows] == list(range(1, len(rows) + 1))


def test_what_came_while_the_daemon_was_down_arrives(house):
    house.daemon.kill()
    house.says("smoke-301", "smoke", committed=False)
    house.daemon.start()
    house.push("qian", "opened")


@pytest.mark.smoke
def test_of_a_backlog_what_life_safety_devices_say_is_decided_first(house):
    house.daemon.stop()
    said, is_open = [], False
    for n in range(300):
        device, kind = ("sos-gate", "panic") if n % 10 == 9 else ("door-office", "contact")
        is_open ^= kind == "contact"
        house.says(device, kind, "active" if kind == "panic" or is_open else "clear",
                   committed=False, id=f"m{n}")
        said.append((device, f"m{n}"))
    house.daemon.start()
    rows = house.until("all of it in the record",
                       lambda: (r := house.log(type="signal")) and len(r) == 300 and r)
    place = {r["data"]["id"]: r["seq"] for r in rows}
    doors = [place[i] for d, i in said if d == "door-office"]
    presses = [place[i] for d, i in said if d == "sos-gate"]
    assert presses == sorted(presses) and doors == sorted(doors)  # each device's own order
    overtaken = sum(place[f"m{n}"] < place[f"m{n - 1}"] for n in range(9, 300, 10))
    assert overtaken > 0


@pytest.mark.smoke
def test_a_push_under_way_at_the_kill_is_sent_again_and_says_so(house):
    house.phone.behaves("/phone", hang, accept)
    house.says("smoke-301", "smoke")
    first = house.push("qian", "opened")
    assert first.notification["possible_duplicate"] is False
    house.daemon.kill()
    house.daemon.start()
    again = house.push("qian", "opened")
    assert again.id == first.id and again.notification["possible_duplicate"] is True


def test_no_push_that_was_accepted_comes_again_after_a_restart(house):
    house.says("sos-gate", "panic")
    incident = house.push("qian", "opened").incident["id"]
    house.until("it is recorded as accepted", lambda: all(
        n["state"] == "accepted" for n in house.incident(incident)["notifications"]))
    house.daemon.kill()
    house.daemon.start()
    house.says("smoke-301", "smoke")
    house.push("qian", "opened")
    assert len(house.pushes(to="qian", reason="opened")) == 2


def test_sigterm_ends_it_cleanly_within_5_s_also_with_pushes_under_way(house):
    house.phone.behaves("/phone", hang)
    for device, kind in (("smoke-301", "smoke"), ("sos-gate", "panic")):
        house.says(device, kind)
    house.push("qian", "opened")
    code, took = house.daemon.stop()
    assert code == 0 and took < 5
    assert "service.stopped" in [r["type"] for r in house.log()]


def test_sigterm_does_not_wait_for_a_dead_name_server(build_house):
    house = build_house(start=False, env={
        "LD_PRELOAD": program("libslow-names.so"),
        "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"},
        edit_service=lambda service: service["broker"].update(url="mqtt://broker.slow"))
    house.daemon.start(ready=False)
    house.daemon.until_logs("console at")
    code, took = house.daemon.stop()
    assert code == 0 and took < 5
    assert house.log()[-2]["type"] == "service.stopped"
    assert not any("no connection" in line for line in house.daemon.lines), "it was still asking"


def test_a_signal_while_the_files_are_read_waits(build_house):
    """Nothing is killed by it: it reloads, and ends, once it can."""
    house = build_house(start=False)
    many = "".join(f"- {{id: d-{i}, zone: office, kind: contact}}\n" for i in range(50000))
    few = house.school_file.read_text()
    house.school_file.write_text(few.replace("devices:\n", f"devices:\n{many}"))

    def starting():
        house.daemon.start(ready=False)
        pid = house.daemon.process.pid
        while not (signals(pid, "SigBlk") or signals(pid, "SigCgt")):
            pass
        assert signals(pid, "SigBlk"), "it hears them, and did not hold them before"

    starting()
    house.daemon.hangup()
    house.daemon.until_logs("configuration reloaded", 60)
    house.daemon.stop()
    starting()
    assert house.daemon.stop()[0] == 0
    house.school_file.write_text(few)
    assert house.log()[-2]["type"] == "service.stopped"


def signals(pid, which):
    """SIGHUP and SIGTERM are among those that it blocks, or has a handler for."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    both = 1 << signal.SIGHUP - 1 | 1 << signal.SIGTERM - 1
    return int(re.search(rf"^{which}:\t(\w+)", status, re.MULTILINE)[1], 16) & both == both


def test_the_store_and_the_token_are_for_the_owner_only(house):
    for name in ("tocsin.db", "tocsin.db.key", "console.token"):
        mode = (house.folder / name).stat().st_mode
        assert not mode & (stat.S_IRWXG | stat.S_IRWXO), f"{name}: {oct(mode)}"


def test_a_second_daemon_on_the_same_store_is_refused(house):
    second = run("tocsind", "--config", house.config)
    assert second.returncode == 1 and second.stderr
    house.says("smoke-301", "smoke")
    house.push("qian", "opened")


# ---- --check ----

@pytest.fixture
def files(build_house):
    return build_house(start=False)


def check(house):
    return run("tocsind", "--config", house.config, "--check")


def test_good_files_pass_in_silence(files):
    done = check(files)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert not (files.folder / "tocsin.db").exists() and not (files.folder / "console.token").exists()


def test_the_contracts_files_pass():
    done = run("tocsind", "--config", ROOT / "deploy" / "school" / "tocsin.yaml", "--check")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.smoke
def test_every_problem_is_told_in_one_run_with_its_place(files):
    text = files.school_file.read_text()
    for good, bad in (("kind: smoke", "kind: smoek"), ("owner: zhao", "owner: zhoa"),
                      ("timezone: Asia/Shanghai", "timezone: Asia/Shangahi"),
                      ("expect_every: 60m", "expect_every: 60 minutes"),
                      ("language: zh-CN", "langauge: zh-CN")):
        assert good in text
        text = text.replace(good, bad, 1)
    files.school_file.write_text(text)
    done = check(files)
    assert done.returncode == 78 and done.stdout == ""
    lines = done.stderr.splitlines()
    for word in ("smoek", "zhoa", "Asia/Shangahi", "60 minutes", "langauge"):
        line = next((line for line in lines if word in line), None)
        assert line, f"{word} is not mentioned:\n{done.stderr}"
        place, number, column, said = line.split(":", 3)
        assert place.endswith("school.yaml") and len(said) > 10
        at = text.splitlines()[int(number) - 1]
        assert word in at and int(column) >= 1, (line, at)
    run_it = run("tocsind", "--config", files.config)
    assert run_it.returncode == 78


@pytest.mark.smoke
@pytest.mark.parametrize("broken", [
    b"", b"\xff\xfe", b"a: [", b"- 1\n- 2\n", b"a: &a [*a]\n", b"x: " + b"[" * 5000,
    b"version: 1\nversion: 1\n", b"version: 9\n"])
def test_a_file_that_is_none_is_refused_with_its_place(files, broken):
    files.config.write_bytes(broken)
    done = check(files)
    assert done.returncode == 78
    assert any(line.split(":")[1].isdigit() for line in done.stderr.splitlines()), done.stderr


def test_a_file_that_is_not_there(files):
    done = run("tocsind", "--config", files.folder / "none.yaml", "--check")
    assert done.returncode == 78 and "none.yaml" in done.stderr


def test_a_dangling_site_file(files):
    def edit(service):
        service["sites"] = ["nowhere.yaml"]

    files.write_service(edit)
    done = check(files)
    assert done.returncode == 78 and "nowhere.yaml" in done.stderr


def test_two_sites_live_side_by_side(build_house):
    house = build_house(start=False)
    other = {**house.school, "site": "plant", "name": "二号厂"}
    write_yaml(house.folder / "plant.yaml", other)
    house.write_service(lambda service: service["sites"].append("plant.yaml"))
    house.daemon.start()
    house.says("smoke-301", "smoke")
    house.sends("smoke-301", b'{"kind":"smoke","state":"active"}', site="plant")
    told = {house.push("qian", "opened").incident["site"] for _ in range(2)}
    assert told == {SITE, "plant"}
    for site in told:
        rows = house.log("--site", site)
        assert [r["seq"] for r in rows] == list(range(1, len(rows) + 1))
        assert {r["site"] for r in rows} == {site}
