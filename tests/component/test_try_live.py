"""`tocsin try --live`: what a living broker says, looked at beside the daemon and at no cost to it."""

import json
import signal
import subprocess

import pytest
from broker import Broker
from service import environment, program

Z = "zigbee2mqtt"
DOOR = f"{Z}/hall/door"


def zigbee(school):
    school["devices"].append({"id": "z-door", "zone": "dorm", "profile": Z, "address": "hall/door"})


class BrokerOfAccounts(Broker):
    """It takes the account for the client id, as deploy/mosquitto/tocsin.conf does for devices."""
    login = ("devices", "x")

    def settings(self):
        return super().settings() + "\nuse_username_as_clientid true\n"


def account(service):
    service["broker"] |= {"username": "service", "password": "x"}


@pytest.fixture
def house(build_house):
    return build_house(edit_school=zigbee)


def say(house, topic, payload, **more):
    house.devices.publish(topic, json.dumps(payload).encode(), **more)


def alarm_while_away(house):
    """The daemon is gone, and a fire waits for it in its session."""
    house.daemon.kill()
    say(house, "tocsin/binjiang/device/smoke-301/event",
        {"id": "waits", "kind": "smoke", "state": "active"})


def test_it_shows_what_comes_and_takes_nothing_away(house):
    say(house, DOOR, {"contact": False, "battery": 93}, retain=True)
    alarm_while_away(house)
    (heard,) = map(json.loads, house.tocsin("try", "--live", f"{Z}/#", "--limit", "1",
                                            "--json").splitlines())
    assert heard["topic"] == DOOR and heard["retained"] and heard["profile"] == Z
    (device,) = heard["devices"]
    assert device["device"] == "z-door"
    door = next(one for one in device["signals"] if one["kind"] == "contact")
    assert door["state"] == "active" and "not armed" in door["raises"]["nothing"]
    house.daemon.start()
    assert house.push("qian", "opened").incident["kind"] == "fire", "it has waited"


def test_it_goes_on_until_it_is_interrupted(house):
    with subprocess.Popen([program("tocsin"), "--config", house.config, "try", "--live"],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          env=environment()) as live:
        say(house, DOOR, {"contact": True}, retain=True)  # heard whenever it has begun
        for line in live.stdout:
            if DOOR in line:
                break
        live.send_signal(signal.SIGINT)
        _, wrong = live.communicate(timeout=30)
        assert live.returncode == 0 and wrong == ""


def test_a_broker_that_would_give_it_the_daemons_session(build_house):
    house = build_house(edit_school=zigbee, edit_service=account, make_broker=BrokerOfAccounts)
    house.daemon.expects_log("the session broke as a second connection was made|no connection to "
                             "the broker")  # its lane finds out, too
    say(house, DOOR, {"contact": False}, retain=True)
    alarm_while_away(house)
    house.tocsin("try", "--live", "--limit", "1", code=1)
    assert "would take over its session" in house.stderr and "--user" in house.stderr
    (house.folder / "pass").write_text("x\n")
    shown = house.tocsin("try", "--live", "--limit", "1", "--user", "visitor", "--password-file",
                         house.folder / "pass")
    assert DOOR in shown and "contact active" in shown
    house.daemon.start()
    assert house.push("qian", "opened").incident["kind"] == "fire", "it has waited"


def test_what_is_wrong_with_the_asking_is_said(house):
    for args, code, said in [
            (["--live", "--for", "soon"], 2, "--for 'soon' is no duration"),
            (["--live", "--limit", "0"], 2, "--limit"),
            (["--live", "a", "b"], 2, "one filter"),
            (["a", "b", "--for", "1s"], 2, "--for goes with --live"),
            (["--live", "--password-file", "x"], 2, "needs --user"),
            (["--live", "--broker", "http://127.0.0.1"], 1, "mqtt://host:port"),
            (["--live", "--broker", "mqtt://127.0.0.1:1"], 1, "refused")]:
        house.tocsin("try", *args, code=code)
        assert said in house.stderr, (args, house.stderr)
