"""The operator's command."""

import json
import re

import pytest
from service import run


@pytest.fixture
def fire(house):
    house.says("smoke-301", "smoke")
    return house.push("qian", "opened").incident["id"]


@pytest.mark.parametrize("program", ["tocsind", "tocsin", "tocsin-sensor"])
def test_help_and_version(program):
    done = run(program, "--help")
    assert done.returncode == 0 and "usage" in done.stdout.lower() and not done.stderr
    done = run(program, "--version")
    assert done.returncode == 0 and re.search(r"\d+\.\d+\.\d+", done.stdout) and not done.stderr


@pytest.mark.parametrize("args", [[], ["--nonsense"], ["nonsense"], ["ack"], ["show"],
                                  ["ack", "x", "--nonsense"], ["resolve", "x", "--by", "li"]])
def test_wrong_usage_is_2(house, args):
    done = run("tocsin", "--config", house.config, *args)
    assert done.returncode == 2 and done.stderr


def test_a_bad_configuration_is_78(house):
    house.daemon.stop()
    house.config.write_text("version: 1\nnonsense: 1\n")
    assert run("tocsin", "--config", house.config, "incidents").returncode == 78
    assert run("tocsin", "incidents", "--config", house.folder / "none.yaml").returncode == 78


def test_the_configuration_before_or_after_the_command(house, fire):
    before = run("tocsin", "--config", house.config, "incidents", "--json")
    after = run("tocsin", "incidents", "--json", "--config", house.config)
    assert before.returncode == after.returncode == 0
    assert json.loads(before.stdout)["items"][0]["id"] == fire if isinstance(
        json.loads(before.stdout), dict) else json.loads(before.stdout)[0]["id"] == fire


def test_incidents_and_show_for_people(house, fire):
    listed = house.tocsin("incidents")
    assert fire in listed and "\x1b" not in listed, "colour on a terminal only"
    assert fire in house.tocsin("incidents", "--state", "open,acknowledged")
    assert fire not in house.tocsin("incidents", "--state", "resolved")
    shown = house.tocsin("show", fire)
    assert fire in shown and "smoke-301" in shown and "宿舍三层" in shown


def test_json_alone_on_stdout(house, fire):
    for args in (["status"], ["incidents"], ["show", fire], ["who", "--kind", "smoke", "--zone",
                                                             "dorm-3f"]):
        assert house.tocsin_json(*args)
    assert house.tocsin_json("show", fire)["id"] == fire


@pytest.mark.smoke
def test_ack_and_resolve(house, fire):
    house.tocsin("ack", fire, "--by", "li", "--note", "我去看")
    assert house.incident(fire)["owner"] == "li"
    house.tocsin("ack", fire, "--by", "li")  # repeating is harmless
    house.tocsin("resolve", fire, "--by", "li", "--outcome", "false_alarm", "--note", "蒸汽")
    incident = house.incident(fire)
    assert (incident["state"], incident["outcome"]) == ("resolved", "false_alarm")
    assert incident["note"] == "蒸汽"


def test_what_fails_says_why_and_is_1(house, fire):
    house.tocsin("ack", "binjiang-2026-999999", "--by", "li", code=1)
    assert "binjiang-2026-999999" in house.stderr
    house.tocsin("ack", fire, "--by", "nobody-here", code=1)
    assert "nobody-here" in house.stderr
    house.tocsin("show", "no-such", code=1)
    house.tocsin("resolve", fire, "--by", "li", "--outcome", "fine", code=2)
    assert "false_alarm" in house.stderr


def test_the_store_is_read_with_the_daemon_down(house, fire):
    while_up = house.log("--incident", fire)
    house.daemon.stop()
    assert house.log("--incident", fire)[:len(while_up)] == while_up
    assert fire in house.tocsin("incidents") and fire in house.tocsin("show", fire)
    house.tocsin("ack", fire, "--by", "li", code=1)
    assert house.stderr.strip(), "it says that the daemon is not there"


def test_status_tells_how_it_is(house, fire):
    assert house.tocsin("status")
    house.daemon.stop()
    done = run("tocsin", "--config", house.config, "status")
    assert done.returncode == 1 and (done.stdout or done.stderr)


@pytest.mark.smoke
def test_the_log_by_its_filters(house, fire):
    house.says("sos-gate", "panic")
    house.says("smoke-301", "battery")
    assert {r["device"] for r in house.log("--device", "sos-gate") if "device" in r} == {"sos-gate"}
    assert {r["incident"] for r in house.log("--incident", fire)} == {fire}
    assert {r["type"] for r in house.log("--type", "incident.*")} == {"incident.opened"}
    zone = house.log("--zone", "dorm-3f")
    assert fire in {r.get("incident") for r in zone}
    assert "sos-gate" not in {r.get("device") for r in zone}
    before = house.log()
    for everything in (["--since", "1h"], ["--site", "binjiang"], ["--type", "*"]):
        assert house.log(*everything)[:len(before)] == before
    assert house.tocsin("log")


def test_who_would_be_told(house):
    told = house.tocsin_json("who", "--kind", "smoke", "--zone", "dorm-3f")
    first = [r["id"] for r in told["steps"][0]["recipients"]]
    assert first == ["qian"]
    assert [r["id"] for r in told["steps"][1]["recipients"]] == sorted(
        {house.leader(), "zhao"}, key=[house.leader(), "zhao"].index)


def sensor(house, *args):
    return run("tocsin-sensor", "--broker", f"mqtt://127.0.0.1:{house.broker.port}",
               "--site", "binjiang", *args)


def test_the_reference_client_is_done_when_its_signal_is_on_disk(house):
    done = sensor(house, "--device", "smoke-301", "--kind", "smoke", "--state", "active",
                  "--id", "by-hand-1")
    assert done.returncode == 0, done.stderr
    assert [r["data"]["id"] for r in house.log(type="signal")] == ["by-hand-1"]
    house.push("qian", "opened")
    house.daemon.stop()
    done = sensor(house, "--device", "sos-gate", "--kind", "panic", "--state", "active",
                  "--wait", "300ms")
    assert done.returncode == 1 and done.stderr
    assert sensor(house, "--device", "sos-gate", "--kind", "panick", "--state",
                  "active").returncode == 2
