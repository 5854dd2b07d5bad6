"""Life-safety devices are heard on a connection of their own too, where no telemetry is in their
way; and what comes over both is one."""

import contextlib
import json
import subprocess

import pytest
from broker import Broker
from house import SITE
from line import Line

SESSION, LANE = "tocsin", "tocsin-lane"


@contextlib.contextmanager
def over_a_line(house):
    """The daemon reaches its broker over a line, which goes after it."""
    house.line = Line(house.broker, house.bell)
    house.config.write_text(house.config.read_text().replace(
        f"mqtt://127.0.0.1:{house.broker.port}", f"mqtt://127.0.0.1:{house.line.port}"))
    house.daemon.start()
    yield house
    code, _took = house.daemon.stop()
    house.line.close()
    assert code == 0


@pytest.fixture
def lined(build_house):
    with over_a_line(build_house(start=False)) as house:
        until_lane_is_open(house)
        yield house


def figure(house, name):
    text = house.api("GET", "/metrics").body.decode()
    return float(next(line.split()[1] for line in text.splitlines()
                      if line.startswith(f"tocsin_{name} ")))


def until_lane_is_open(house):
    house.until("the lane is open", lambda: figure(house, "up_lane") == 1, 30)


def signals(house, device):
    return [row["data"]["state"] for row in house.log("--device", device, type="signal")]


def test_an_alarm_passes_a_session_that_stands(lined):
    """Without an id, too: the session's copy is known by its bytes, in its order."""
    house = lined
    house.line.holds(SESSION)
    house.sends("door-office", b'{"kind": "contact", "state": "active"}')
    press = json.dumps({"kind": "panic", "state": "active"}).encode()
    house.sends("sos-gate", press)
    house.push("qian", "opened")
    house.sends("sos-gate", press)
    house.sends("sos-gate", b'{"kind": "panic", "state": "clear"}')
    house.until("all is recorded", lambda: len(signals(house, "sos-gate")) == 3)
    house.line.goes(SESSION)
    # Behind the copies: what only the session brings, and what is new on both.
    house.says("sos-gate", "battery")
    assert signals(house, "sos-gate") == ["active", "active", "clear", "active"]
    assert figure(house, "up_lane") == 1


def test_what_the_lane_misses_comes_over_the_session(lined):
    house = lined
    house.line.holds(LANE)
    house.says("smoke-301", "smoke")
    house.push("qian", "opened")
    house.line.cuts(LANE)
    house.line.goes(LANE)
    house.until("the lane is gone", lambda: figure(house, "up_lane") == 0)
    house.says("smoke-302", "smoke")
    house.push("qian", "raised")
    until_lane_is_open(house)
    assert signals(house, "smoke-301") == signals(house, "smoke-302") == ["active"]


def test_a_session_that_breaks_behind_the_lane_says_nothing_twice(lined):
    """What the lane has brought is not acknowledged on the session: it comes again, and is known."""
    house = lined
    house.daemon.expects_log("no connection to the broker")
    house.line.holds(SESSION)
    for state in ("active", "clear", "active"):
        house.sends("smoke-301", json.dumps({"kind": "smoke", "state": state}).encode())
    house.until("all is recorded", lambda: len(signals(house, "smoke-301")) == 3)
    house.line.cuts(SESSION)
    house.line.goes(SESSION)
    house.daemon.until_ready(20)
    house.says("smoke-301", "battery")
    until_lane_is_open(house)
    assert signals(house, "smoke-301") == ["active", "clear", "active", "active"]


def test_devices_come_to_the_lane_and_leave_it_by_a_reload(lined):
    house = lined

    def turn(school):
        for device in school["devices"]:
            if device["id"] == "sos-gate":
                device["kind"] = "contact"
    house.write_school(turn)
    house.daemon.hangup()
    house.daemon.until_logs("configuration reloaded")
    house.sends("smoke-301", b'{"kind": "smoke", "state": "active"}')
    house.push("qian", "opened")
    until_lane_is_open(house)
    house.line.holds(SESSION)
    house.sends("sos-gate", b'{"kind": "panic", "state": "active"}')
    house.sends("smoke-302", b'{"kind": "smoke", "state": "active"}')
    house.push("qian", "raised")
    assert not signals(house, "sos-gate"), "it is no device of the lane any more"
    house.line.goes(SESSION)
    house.until("the session brings it", lambda: signals(house, "sos-gate") == ["active"])
    assert signals(house, "smoke-301") == signals(house, "smoke-302") == ["active"]


def test_without_a_lane_where_it_is_not_wanted(build_house):
    def edit(service):
        service["broker"]["lane"] = "false"
    with over_a_line(build_house(start=False, edit_service=edit)) as house:
        house.says("smoke-301", "smoke")
        house.push("qian", "opened")
        assert house.line.seen == [SESSION]


class OneNameOneClient(Broker):
    """Gives all that log in with one name one client id, as the listeners of deploy/mosquitto do."""

    login = ("tester", "tester")

    def settings(self):
        (self.folder / "accounts").write_text("tester:tester\ntocsin:tocsin\n")
        subprocess.run(["mosquitto_passwd", "-U", self.folder / "accounts"], check=True)
        return (super().settings().replace("allow_anonymous true", "allow_anonymous false")
                + f"password_file {self.folder}/accounts\nuse_username_as_clientid true\n")


def test_a_broker_that_takes_both_for_one_loses_nothing(build_house):
    def edit(service):
        service["broker"] |= {"username": "tocsin", "password": "tocsin"}
    house = build_house(make_broker=OneNameOneClient, edit_service=edit, start=False)
    house.daemon.expects_log("no connection to the broker|as a second connection was made")
    house.daemon.start()
    said = [house.devices.publish_soon(f"tocsin/{SITE}/device/sos-gate/event", json.dumps(
        {"kind": "panic", "state": "active", "id": f"press-{n}"})) for n in range(200)]
    house.daemon.until_logs("as a second connection was made")
    house.daemon.until_ready(20)
    assert len(said) == 200
    house.until("all is recorded", lambda: len(set(
        row["data"]["id"] for row in house.log("--device", "sos-gate", type="signal"))) == 200, 20)
    house.says("smoke-301", "smoke")
    house.push("qian", "opened", within=20)
