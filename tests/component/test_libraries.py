"""Libraries that are opened when they are needed, and what is said where they are missing."""

import pathlib
import shutil

import pytest
from service import program, run


@pytest.fixture(params=["no library", "another library"])
def instead(tmp_path, request):
    """Puts something else where a library is looked for first; gives the variable that says so."""
    def put(name):
        if request.param == "no library":
            (tmp_path / name).write_text("no library")
        else:
            shutil.copy(program("libslow-names.so"), tmp_path / name)
        return {"LD_LIBRARY_PATH": str(tmp_path)}
    return put


def with_calendar(house):
    (house.folder / "duty.ics").write_text(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//EN\r\nBEGIN:VEVENT\r\nUID:1\r\n"
        "DTSTART:20260901T080000\r\nDURATION:PT24H\r\nRRULE:FREQ=DAILY\r\nSUMMARY:qian\r\n"
        "END:VEVENT\r\nEND:VCALENDAR\r\n")

    def imported(school):
        school["duty"][0] = {"id": school["duty"][0]["id"], "import": "duty.ics"}
    house.write_school(imported)


def test_what_nobody_needs_is_not_loaded(house):
    maps = pathlib.Path(f"/proc/{house.daemon.process.pid}/maps")
    assert "libcurl" in maps.read_text()
    for name in ("libical", "libicu", "libstdc++", "libsystemd", "liblzma"):
        assert name not in maps.read_text()
    with_calendar(house)
    house.daemon.hangup()
    house.daemon.until_logs("configuration reloaded")
    assert "libical" in maps.read_text()


def test_a_calendar_that_nobody_can_read_says_what_to_do(build_house, instead, monkeypatch):
    house = build_house(start=False)
    with_calendar(house)
    assert run("tocsind", "--check", "--config", house.config).returncode == 0
    for name, value in instead("libical.so.3").items():
        monkeypatch.setenv(name, value)
    done = run("tocsind", "--check", "--config", house.config)
    assert done.returncode == 78
    assert "duty.ics:1:1: iCalendar files are read by libical, which is missing here" in done.stderr
    assert "Debian: libical3" in done.stderr and "as CSV" in done.stderr


def test_it_serves_where_the_manager_cannot_be_told(build_house, instead, tmp_path):
    house = build_house(start=False, env={"NOTIFY_SOCKET": str(tmp_path / "notify"),
                                          "WATCHDOG_USEC": "600000",
                                          **instead("libsystemd.so.0")})
    house.daemon.expects_log("the service manager is not told how it stands here")
    house.daemon.start()
    house.says("smoke-301", "smoke")
    house.push("qian", "opened")
    house.daemon.hangup()
    house.daemon.until_logs("configuration reloaded")
    assert house.daemon.stop()[0] == 0
