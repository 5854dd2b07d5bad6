"""tocsin-sensor as a school full of sensors: scenarios, and a load with its figures."""

import json
import threading

import pytest
from house import quick
from service import ROOT, run

SCENARIOS = sorted(path.stem for path in (ROOT / "sensors" / "scenarios").glob("*.yaml"))


def crowd(school):
    quick(school)
    school["devices"] += [{"id": f"load-{n}", "zone": "dorm", "kind": "smoke"}
                          for n in range(1, 21)]
    school["devices"] += [{"id": f"zb-{n}", "zone": "dorm", "profile": "zigbee2mqtt"}
                          for n in range(1, 21)]


@pytest.fixture
def house(build_house):
    return build_house(edit_school=crowd)


def sensor(house, *args, code=0):
    done = run("tocsin-sensor", "--broker", f"mqtt://127.0.0.1:{house.broker.port}", *args)
    assert done.returncode == code, f"{args}: {done.returncode}\n{done.stdout}{done.stderr}"
    return done


def test_every_scenario_is_told_and_acknowledged(house):
    assert {"night-fire", "storm", "drill", "school-day"} <= set(SCENARIOS)
    wrong = []

    def tell(name):
        done = run("tocsin-sensor", "--broker", f"mqtt://127.0.0.1:{house.broker.port}",
                   "--scenario", name, "--speed", "40000" if name == "school-day" else "300")
        if done.returncode or " 0 acknowledged" in done.stdout:
            wrong.append(f"{name}: {done.returncode}\n{done.stdout}{done.stderr}")

    tellers = [threading.Thread(target=tell, args=(name,)) for name in SCENARIOS]
    for teller in tellers:
        teller.start()
    for teller in tellers:
        teller.join()
    assert not wrong, "\n".join(wrong)
    assert {"fire", "panic", "tamper"} <= {i["kind"] for i in house.incidents()}


def test_a_night_fire_in_order(house):
    done = sensor(house, "--scenario", "night-fire", "--speed", "200")
    lines = done.stdout.splitlines()
    assert next(line for line in lines if "smoke-30" in line).strip().startswith(
        "0:02  smoke-301 smoke active: acknowledged")
    incident, = house.incidents("?kind=fire")
    assert incident["severity"] == "critical" and incident["cleared"]


def test_a_load_is_acknowledged_and_measured(house):
    done = sensor(house, "--site", "binjiang", "--load", "20", "--rate", "200", "--for", "2s",
                  "--json")
    figures = json.loads(done.stdout)
    assert figures["sent"] == figures["acknowledged"]["count"] == 400
    assert 0 < figures["acknowledged"]["p50_ms"] <= figures["acknowledged"]["p99_ms"]
    text = sensor(house, "--site", "binjiang", "--load", "20", "--device", "zb", "--as",
                  "zigbee2mqtt", "--rate", "100", "--for", "1s", "--alarms", "5").stdout
    assert "100 messages of 20 devices as zigbee2mqtt" in text and "p99" in text
    assert [i["kind"] for i in house.incidents()] == ["fire"]


def test_unknown_devices_are_said_to_be_missing(house):
    house.daemon.expects_log("unknown device 'nobody-")
    done = sensor(house, "--site", "binjiang", "--load", "2", "--device", "nobody", "--rate", "20",
                  "--for", "200ms", "--wait", "500ms", code=1)
    assert "4 of 4 not acknowledged" in done.stderr and "--lines" in done.stderr
    lines = run("tocsin-sensor", "--load", "2", "--as", "zigbee2mqtt", "--zone", "dorm",
                "--lines").stdout
    assert lines.splitlines()[1] == \
        "  - {id: load-2, zone: dorm, kind: smoke, profile: zigbee2mqtt, address: load-2}"


@pytest.mark.parametrize("system, kind", [
    ("native", "smoke"), ("zigbee2mqtt", "smoke"), ("tasmota", "water"), ("esphome", "gas"),
    ("shelly", "smoke"), ("chirpstack", "panic")])
def test_each_system_s_words_mean_what_was_said(tmp_path, system, kind):
    """What it says is what the profile of that system understands."""
    written = run("tocsin-sensor", "--load", "1", "--device", "one", "--as", system, "--kind", kind,
                  "--zone", "all", "--lines").stdout
    (tmp_path / "tocsin.yaml").write_text("""version: 1
broker: {url: "mqtt://127.0.0.1:1"}
store: {path: tocsin.db}
channels: [{id: phone, type: webhook, url: "http://127.0.0.1:9/phone"}]
sites: [site.yaml]
""")
    (tmp_path / "site.yaml").write_text(f"""site: here
timezone: UTC
zones: [{{id: all}}]
people: [{{id: ann, contacts: [{{channel: phone}}]}}]
policies: [{{id: all, steps: [{{after: 0s, notify: [person:ann]}}]}}]
last_resort: [person:ann]
devices:
{written}""")
    for state in ("active", "clear"):
        said = run("tocsin-sensor", "--site", "here", "--device", "one-1", "--kind", kind,
                   "--state", state, "--as", system, "--print").stdout
        topic, payload = said.rstrip("\n").split(" ", 1)
        tried = run("tocsin", "--config", tmp_path / "tocsin.yaml", "try", topic, payload, "--json")
        answer = json.loads(tried.stdout)
        signals = answer.get("signals") or [s for d in answer["devices"] for s in d["signals"]]
        if (system, kind, state) != ("chirpstack", "panic", "clear"):
            assert (kind, state) in [(s["kind"], s["state"]) for s in signals], answer


def test_a_scenario_that_is_wrong_says_where(tmp_path):
    file = tmp_path / "s.yaml"
    file.write_text("""scenario: x
site: a
steps:
  - {at: 0s, device: a, kind: smok, say: active}
  - {at: soon, device: a, kind: smoke, say: maybe}
  - {at: 1s, device: a, kind: heat, say: active, as: shelly}
  - {at: 1s}
  - {at: 1s, kind: smoke, say: active}
  - {at: 1s, status: offline}
""")
    done = run("tocsin-sensor", "--scenario", file)
    assert done.returncode == 2
    for line in ("4:31: unknown kind 'smok'; did you mean 'smoke'?", "5:10: ", "5:45: a device says",
                 "6:31: shelly has no word for heat", "7:5: a step that says nothing",
                 "8:5: nobody says it: add the 'device'", "9:5: nobody says it"):
        assert f"{file}:{line}" in done.stderr, done.stderr
    assert "one of: " in run("tocsin-sensor", "--scenario", "none").stderr


def test_a_scenario_takes_its_site_from_the_file_or_from_the_option(house):
    file = house.folder / "s.yaml"
    file.write_text("scenario: x\nsteps: [{at: 0s, device: smoke-301, kind: smoke, say: active}]\n")
    sensor(house, "--scenario", file, "--site", "binjiang")
    assert [i["kind"] for i in house.incidents()] == ["fire"]
    said = sensor(house, "--scenario", file, code=2).stderr
    assert f"{file}:1:1: a scenario without 'site'; add the site's id" in said, said
