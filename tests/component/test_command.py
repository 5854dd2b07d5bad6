"""The operator's command."""

import datetime
import json
import re
import subprocess
import zoneinfo

import pytest
from house import write_yaml
from service import environment, program, run


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


@pytest.mark.parametrize("spoil", [lambda text: text + "nonsense: 1\n",
                                   lambda text: "site: [" + text, None],
                         ids=["a slip", "no YAML", "no file"])
def test_while_a_site_file_is_wrong_an_alarm_can_still_be_handled(house, fire, spoil):
    """Whoever edits the rota at the wrong moment must not lock out everybody at a shell."""
    good = house.school_file.read_text()
    if spoil:
        house.school_file.write_text(spoil(good))
    else:
        house.school_file.unlink()
    house.tocsin("ack", "1", "--by", "li", "--note", "-- 我去看")
    assert "school.yaml" in house.stderr
    assert "warning: going on without the files that are wrong" in house.stderr
    assert house.incident(fire)["owner"] == "li"
    for line in ("log --json", "log --json --site binjiang", "incidents --json --site binjiang",
                 "show 1", "status", "deliveries", "verify", "export --site binjiang",
                 "report 1 --format json", "drills", "hazards", "note 1 --by li noch"):
        assert house.tocsin(*line.split()), line
    assert house.log("--site", "elsewhere") == []
    for line in ("who --kind smoke --zone dorm-3f", "who --gaps", "duty", "devices", "people",
                 "outputs", "replay", "try a b"):
        house.tocsin(*line.split(), code=78)
        assert "this is told from the files that are wrong" in house.stderr, line
    house.tocsin("resolve", "1", "--by", "li", "--outcome", "real")
    house.school_file.write_text(good)
    house.tocsin("who", "--gaps")
    assert not house.stderr


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


def test_what_fits_nothing_may_be_a_slip(house, fire):
    for option, word in (("--zone", "dorm-4f"), ("--device", "smoke-31"), ("--type", "signals")):
        assert house.tocsin("log", option, word, code=1) == ""
        assert f"'{word}'" in house.stderr
    assert house.log("--type", "incident.resolved") == []
    assert not house.stderr


def test_json_is_json_alone(house, fire):
    for form in ("html", "csv", "cap"):
        assert house.tocsin("report", fire, "--json", "--format", form, code=2) == ""
        assert "--format json" in house.stderr
    assert house.tocsin_json("report", fire, "--format", "json")["incident"]["id"] == fire


def test_a_note_may_begin_with_dashes_and_an_option_in_its_place_is_forgotten(house, fire):
    house.tocsin("note", fire, "--by", "li", "--note", "--- seen ---")
    assert "--- seen ---" in house.tocsin("show", fire)
    house.tocsin("ack", fire, "--note", "--by", "li", code=2)
    assert "--note needs a value" in house.stderr


def test_times_are_by_the_sites_clocks(house):
    began = datetime.datetime.now(zoneinfo.ZoneInfo("Asia/Shanghai"))
    house.tocsin("drills", "start", "--zone", "dorm", "--for", "30m", "--by", "sun")
    listed = house.tocsin("drills")
    assert "Z" not in listed
    since = re.search(r"since (\S+ \S+)", listed)[1]
    began_again = datetime.datetime.fromisoformat(since).replace(tzinfo=began.tzinfo)
    assert abs((began_again - began).total_seconds()) < 60


def test_of_several_sites_one_is_named_where_that_is_not_clear(build_house):
    house = build_house(start=False)
    other = {**house.school, "site": "plant", "zones": house.school["zones"] + [{"id": "furnace"}]}
    write_yaml(house.folder / "plant.yaml", other)
    house.write_service(lambda service: service["sites"].append("plant.yaml"))
    house.daemon.start()
    for line in ("drills start --by sun",
                 "silence add --device smoke-301 --for 1h --by sun --note x",
                 "arm office --by sun --note x", "walk-test smoke-301 --by sun", "report day",
                 "report shift --json"):
        house.tocsin(*line.split(), code=2)
        assert "name one with --site (binjiang, plant)" in house.stderr, line
    house.tocsin("drills", "start", "--by", "sun", "--zone", "furnace")
    house.tocsin("walk-test", "smoke-301", "--by", "sun", "--site", "plant")
    assert [row["site"] for row in house.log(type="drill")] == ["plant"]
    # A report is of one: the service has started once, and its calendar is the site's.
    assert house.tocsin_json("report", "day", "--site", "plant")["counts"]["starts"] == 1
    refused = house.api("GET", "/api/v1/report?format=json")
    assert refused.status == 400 and "binjiang" in refused.json["detail"]
    assert house.api("GET", "/api/v1/report?format=json&site=plant").json["site"] == "plant"


def test_who_would_be_told(house):
    told = house.tocsin_json("who", "--kind", "smoke", "--zone", "dorm-3f")
    first = [r["id"] for r in told["steps"][0]["recipients"]]
    assert first == ["qian"]
    assert [r["id"] for r in told["steps"][1]["recipients"]] == sorted(
        {house.leader(), "zhao"}, key=[house.leader(), "zhao"].index)


def test_who_says_rule_and_policy_in_both_languages(house):
    def says(language, *line):
        return subprocess.run([program("tocsin"), "--config", house.config, "who", *line],
                              capture_output=True, text=True, check=True,
                              env={**environment(), "LC_ALL": language}).stdout

    fire, door = ("--kind", "smoke", "--zone", "dorm-3f"), ("--kind", "glass", "--zone", "campus")
    assert "smoke raises fire, major; critical when a second device" in says("C", *fire)
    assert "烟雾触发火警，重要；同区域第二个设备在 2m 内报警时升为紧急；预案 fire" in \
        says("zh_CN.UTF-8", *fire)
    assert "glass raises intrusion only while its zone is armed, and it is not" in says("C", *door)
    assert "玻璃破碎仅在区域布防时触发入侵，目前未布防" in says("zh_CN.UTF-8", *door)
    assert json.loads(says("zh_CN.UTF-8", *fire, "--json"))["rule"].startswith("smoke raises fire")


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
