"""Under a service manager: ready, reloading, stopping and the sign of life are told to it; secrets
come from it; the unit of deploy/systemd is good and tight."""

import os
import re
import shutil
import socket
import sqlite3
import subprocess
import threading
import time

import pytest
from house import quick
from service import ROOT, SLOWER, environment, program

UNIT = ROOT / "deploy" / "systemd" / "tocsind.service"


class Manager:
    """What systemd is to a service: a socket that takes words."""

    def __init__(self, bell, folder):
        self.bell = bell
        self.words = []  # (when, word)
        self.path = str(folder / "notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self):
        while True:
            for line in self.socket.recv(4096).decode().splitlines():
                self.words.append((time.monotonic(), line))
            self.bell.ring()

    def all(self, prefix, since=0.0):
        return [word for at, word in self.words if word.startswith(prefix) and at >= since]

    def times(self, word):
        return [at for at, said in self.words if said == word]

    def until(self, word, times=1, since=0.0, within=10):
        self.bell.until(f"the manager hears '{word}'",
                        lambda: len(self.all(word, since)) >= times, within * SLOWER)


@pytest.mark.parametrize("here", [True, False])
def test_the_log_is_the_journals_only_where_stderr_is(tmp_path, here):
    """A script of a unit that redirects stderr keeps the variable."""
    (tmp_path / "tocsin.yaml").write_text((ROOT / "deploy/school/tocsin.yaml").read_text().replace(
        "path: tocsin.db", "path: /proc/none/tocsin.db"))
    shutil.copy(ROOT / "deploy/school/school.yaml", tmp_path)
    read, write = os.pipe()
    stream = os.fstat(write)
    named = f"{stream.st_dev}:{stream.st_ino + (0 if here else 1)}"
    done = subprocess.run([program("tocsind"), "--config", tmp_path / "tocsin.yaml"], stderr=write,
                          env={**environment(), "JOURNAL_STREAM": named}, check=False)
    os.close(write)
    with os.fdopen(read) as pipe:
        said = pipe.read()
    assert done.returncode == 1
    assert re.match(r"<3>/proc/none" if here else r"\S+ tocsind error: /proc/none", said), said


@pytest.fixture
def managed(build_house, tmp_path):
    def build(watchdog_ms=600, start=True, prefix=(), **more):
        house = build_house(start=False, prefix=prefix, **more)
        house.manager = Manager(house.bell, tmp_path)
        house.daemon.env = {"NOTIFY_SOCKET": house.manager.path,
                            "WATCHDOG_USEC": str(watchdog_ms * 1000)}
        if start:
            house.daemon.start()
        return house
    return build


def test_ready_reloading_and_stopping_are_told(managed):
    house = managed()
    manager = house.manager
    manager.until("READY=1")
    manager.until("STATUS=listening; 1 site, 0 incidents")
    house.says("smoke-301", "smoke")
    manager.until("STATUS=listening; 1 site, 1 incident ")
    # A reload ends with READY, whether the files were good or not.
    house.daemon.hangup()
    manager.until("READY=1", times=2)
    house.daemon.expects_log(r"school\.yaml|reload")
    house.school_file.write_text("no: school\n")
    house.daemon.hangup()
    manager.until("READY=1", times=3)
    words = [word for _, word in manager.words if re.match("RELOADING|READY", word)]
    assert words == ["READY=1", "RELOADING=1", "READY=1", "RELOADING=1", "READY=1"]
    assert all(int(w.split("=")[1]) > 0 for w in manager.all("MONOTONIC_USEC="))
    house.write_school(lambda school: None)
    house.daemon.stop()
    manager.until("STOPPING=1")


def test_it_is_ready_without_a_broker_and_lives_on_without_one(managed):
    house = managed(start=False)
    house.daemon.expects_log("broker")
    house.broker.kill()
    house.daemon.start(ready=False)
    house.manager.until("READY=1")
    house.manager.until("STATUS=no connection to the broker")
    house.manager.until("WATCHDOG=1", times=5)
    house.broker.start()
    house.manager.until("STATUS=listening", within=30)


def test_it_lives_on_while_the_record_cannot_be_written(managed):
    house = managed()
    house.daemon.expects_log("record")
    house.manager.until("WATCHDOG=1")
    other = sqlite3.connect(house.folder / "tocsin.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    # Nobody has said anything: the sign of life itself has found that the record is locked.
    house.manager.until("STATUS=the record cannot be written", within=30)
    began = time.monotonic()
    house.manager.until("WATCHDOG=1", times=4, since=began, within=30)
    other.execute("ROLLBACK")
    house.manager.until("STATUS=listening", since=began, within=30)


@pytest.mark.alone
def test_no_sign_of_life_while_a_commit_does_not_come_back(managed):
    slow = ("strace", "-D", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fdatasync",
            "-e", "inject=fdatasync:delay_enter=2500000:when=30+10")
    house = managed(prefix=slow, start=False)
    house.daemon.start(ready=False)
    fed = house.manager.times
    house.manager.until("WATCHDOG=1", times=16, within=30)
    gaps = [b - a for a, b in zip(fed("WATCHDOG=1"), fed("WATCHDOG=1")[1:])]
    assert max(gaps) > 1.8, gaps
    assert sorted(gaps)[len(gaps) // 2] < 0.6 * SLOWER, "else the test proves nothing"


def test_what_is_meant_for_another_process_is_not_for_us(managed):
    house = managed(start=False)
    house.daemon.env["WATCHDOG_PID"] = "1"
    house.daemon.start()
    house.manager.until("READY=1")
    house.says("smoke-301", "smoke")
    house.manager.until("STATUS=listening; 1 site, 1 incident ")
    house.bell.until_passed(time.monotonic() + 0.7)
    assert not house.manager.all("WATCHDOG=1")


def test_secrets_come_from_the_manager(build_house):
    """The file of the configuration is root's; the credential of its name is read instead."""
    def edit(service):
        del service["channels"][0]["secret"]
        service["channels"][0]["secret_file"] = "secrets/phone.secret"

    house = build_house(edit_service=edit, edit_school=quick, start=False)
    handed = house.folder / "credentials"
    handed.mkdir(mode=0o700)
    secret = handed / "secrets_phone.secret"
    secret.write_text("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n")
    secret.chmod(0o400)
    house.daemon.env = {"CREDENTIALS_DIRECTORY": str(handed)}
    house.daemon.start()
    house.says("smoke-301", "smoke")
    assert "webhook-signature" in house.push("qian", "opened").headers


@pytest.mark.parametrize("place", ["a secret", "a file for TLS"])
def test_what_came_after_the_start_says_that_a_restart_hands_it_over(build_house, place):
    """The unit's credentials are made at the start: no reload sees a key that was added since."""
    house = build_house(start=False)
    handed = house.folder / "credentials"
    handed.mkdir(mode=0o700)
    house.daemon.env = {"CREDENTIALS_DIRECTORY": str(handed)}
    house.daemon.start()
    house.daemon.expects_log("the file|reload")
    if place == "a secret":
        house.write_school(lambda school: school["devices"].append(
            {"id": "smoke-9", "zone": "gate", "kind": "smoke",
             "signed": {"key_file": "secrets/smoke-9.key"}}))
    else:
        house.write_service(lambda service: service["channels"][0].update(ca_file="secrets/x.pem"))
    house.daemon.hangup()
    house.daemon.until_logs("cannot be read: .*`systemctl restart tocsind` hands it over")
    # One of an absolute path, and one that was handed over, are no such case.
    if place == "a secret":
        house.write_school(lambda school: school["devices"][-1].update(
            signed={"key_file": "/none/smoke-9.key"}))
        mark = len(house.daemon.lines)
        house.daemon.hangup()
        house.until("it is refused again", lambda: any(
            "relative to the folder" in line for line in house.daemon.lines[mark:]))
        house.write_school(lambda school: school["devices"][-1].update(
            signed={"key_file": "secrets/smoke-9.key"}))
        (handed / "secrets_smoke-9.key").write_text(64 * "a")
        (handed / "secrets_smoke-9.key").chmod(0o400)
        house.daemon.hangup()
        house.daemon.until_logs("configuration reloaded")


# ---- the unit ----

@pytest.fixture
def unit(tmp_path):
    """The unit, with the programs as they were built."""
    bound = tmp_path / UNIT.name
    bound.write_text(UNIT.read_text().replace("/usr/bin/tocsind", program("tocsind")))
    return bound


def analyze(*words):
    assert shutil.which("systemd-analyze"), "the Debian package systemd brings systemd-analyze"
    return subprocess.run(["systemd-analyze", *map(str, words)], capture_output=True, text=True,
                          env={**os.environ, "SYSTEMD_PAGER": "cat", "SYSTEMD_COLORS": "0"},
                          timeout=60, check=False)


def test_the_unit_is_good(unit):
    done = analyze("verify", "--man=no", unit)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_the_unit_is_tight(unit):
    done = analyze("security", "--offline=true", "--threshold=15", unit)
    level = re.search(r"Overall exposure level for \S+: ([\d.]+)", done.stdout)
    assert done.returncode == 0 and level and float(level[1]) < 1.5, done.stdout[-300:]


def test_the_unit_hides_no_boot_id():
    """Without it each restart would look like a reboot (base/clock.h)."""
    assert not re.search(r"^ProcSubset=pid", UNIT.read_text(), re.MULTILINE)
