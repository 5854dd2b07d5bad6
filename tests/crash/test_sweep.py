"""A whole alarm's life, cut at the n-th sync and at the n-th word to the outside: the daemon is
killed there, or the call fails, by strace. After a new start the alarm is in the record, somebody
was told, a second push says that it is one, and the chain is whole."""

import os
import re
import shutil
import subprocess

import pytest

import record
from house import quick
from receiver import accept, status

SYNC = "fdatasync,fsync"
SEND = "write,writev,sendto,sendmsg,sendmmsg"
PUSH = "sendto"  # libcurl's; the broker is written to, and HTTP is answered, by other calls
ALL = os.environ.get("TOCSIN_ALL")
LIFE = 30  # a life has fewer syncs; its sends are the sockets' only


def once(school):
    quick(school)
    school["policies"] = [{"id": "one", "repeat": "10m", "resolve_within": "30m", "steps": [
        {"after": "0s", "notify": ["person:qian"]},
        {"after": "600ms", "notify": ["person:sun"]}]}]


def under(what, calls, n):
    """strace in front of the daemon: only the service's own thread is traced, from its start."""
    assert shutil.which("strace"), "strace is not installed: apt-get install strace"
    return ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={calls}",
            "-e", f"inject={calls}:{what}:when={n}"]


def live(house):
    """An alarm comes in, is retried, escalates, is joined, acknowledged. Whatever of it the daemon
    does not live to see. Returns the ids that the broker has taken."""
    said = []
    for device, kind in (("smoke-301", "smoke"), ("sos-gate", "panic"), ("smoke-302", "smoke")):
        said.append(house.says(device, kind, committed=False))
        try:
            house.bell.until("it is pushed, or over", lambda: len(house.phone.requests) >= 4
                             or house.daemon.process.poll() is not None, 1.0)
        except AssertionError:
            pass  # what failed may take its time
    return said


def is_dead(house):
    """strace dies as its child did."""
    return house.daemon.process.poll() is not None


def expect_survival(house, said):
    house.until("all of it is in the record", lambda: set(said) <= set(
        record.message_ids(record.rows_of(house.folder / "tocsin.db"))), 20)
    rows = record.rows_of(house.folder / "tocsin.db")
    assert record.broken_chain(rows) is None
    assert sorted(set(record.message_ids(rows))) == sorted(record.message_ids(rows)), "each once"
    # Not only the next step; and the first letter of all, which was turned away, is not enough.
    house.until("whoever is first was told of every incident",
                lambda: set(record.incidents(rows)) <= {
                    r.incident["id"] for r in house.phone.requests[1:] if r.to == "qian"}, 20)
    # Another letter of the same fire is not this one: what was committed left under its own id.
    committed = record.first_letters(rows, "qian")
    assert committed
    house.until("each first letter that was committed has left",
                lambda: committed <= {r.id for r in house.phone.requests})
    assert not record.wrong_repetitions(list(house.phone.requests))


def spread(calls):
    if ALL:
        return range(1, {SYNC: LIFE, SEND: 66, PUSH: 12}[calls])
    return {SYNC: (1, 3, 5, 7, 9, 11), SEND: (8, 19, 27, 30, 44), PUSH: (1, 2, 3, 4)}[calls]


@pytest.mark.parametrize("n", spread(SYNC))
def test_killed_at_the_nth_sync(build_house, n):
    cut(build_house, "signal=KILL", SYNC, n)


@pytest.mark.parametrize("n", spread(SEND))
def test_killed_at_the_nth_send(build_house, n):
    cut(build_house, "signal=KILL", SEND, n)


@pytest.mark.parametrize("n", spread(PUSH))
def test_killed_at_the_nth_push(build_house, n):
    """Between the commit of a letter and its leaving: only its row in the outbox knows of it."""
    house = cut(build_house, "signal=KILL", PUSH, n)
    if n == 1:
        assert any(r.notification["possible_duplicate"] for r in house.phone.requests)


@pytest.mark.parametrize("n", spread(SYNC)[1::2])
def test_the_nth_sync_fails(build_house, n):
    cut(build_house, "error=EIO", SYNC, n)


@pytest.mark.parametrize("n", spread(SEND)[1::2])
def test_the_nth_send_fails(build_house, n):
    cut(build_house, "error=EIO", SEND, n)


@pytest.mark.parametrize("n", spread(PUSH)[::3])
def test_the_nth_push_fails(build_house, n):
    cut(build_house, "error=EIO", PUSH, n)


def test_every_sync_fails_for_a_while(build_house):
    """From the fifth on: the alarm is pushed unlogged; a new start on a well disk has it all."""
    house = cut(build_house, "error=EIO", SYNC, "6+")
    assert any(r.notification["unlogged"] for r in house.phone.requests)


def cut(build_house, what, calls, n):
    house = build_house(start=False, edit_school=once)
    house.daemon.expects_log(".")
    house.daemon.start()  # so that the broker keeps for it what comes
    house.daemon.stop()
    house.phone.behaves("/phone", status(503), accept)
    house.daemon.prefix = under(what, calls, n)
    house.daemon.start(ready=False)
    try:
        house.bell.until("it is ready, or dead", lambda: is_dead(house) or _ready(house), 3)
    except AssertionError:
        pass
    said = live(house)
    while what == "signal=KILL" and not is_dead(house):  # life goes on until the n-th
        assert len(said) < 40, "the kill never came: proves nothing"
        said.append(house.says("sos-gate", "panic", committed=False))
        try:
            house.bell.until("it is dead", lambda: is_dead(house), 0.3)
        except AssertionError:
            pass
    if is_dead(house):
        house.daemon._wait(5)
    else:
        _kill_child(house)
    house.daemon.prefix = []
    house.daemon.start()
    expect_survival(house, said)
    return house


def _ready(house):
    try:
        return house.daemon._is_ready()
    except AssertionError:
        return False


def _kill_child(house):
    """The daemon under strace; strace then ends by itself."""
    children = subprocess.run(["ps", "-o", "pid=", "--ppid", str(house.daemon.process.pid)],
                              capture_output=True, text=True).stdout.split()
    for child in children:
        if re.fullmatch(r"\d+", child):
            os.kill(int(child), 9)
    house.daemon._wait(10)
