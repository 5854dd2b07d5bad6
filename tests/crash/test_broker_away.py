"""The broker goes, dies, forgets: it is itself an alarm, and what was said meanwhile is found, or
it is said that it may have been missed."""

import json
import subprocess

from broker import Client
from house import SITE
from service import environment, program


def patience(span):
    def edit(service):
        service["broker"]["trouble_after"] = span
    return edit


def test_without_a_broker_for_a_while_somebody_is_told(build_house):
    house = build_house(edit_service=patience("500ms"))
    house.daemon.expects_log("broker")
    house.broker.kill()
    told = house.push("qian", "opened")
    assert told.incident["kind"] == "trouble"
    assert len(house.incidents()) == 1, "one, not one for each attempt"
    house.broker.start()
    house.push("qian", "resolved", within=40)
    assert house.incidents()[0]["state"] == "resolved"
    assert {"broker.disconnected", "broker.connected"} <= {r["type"] for r in house.log()}


def test_a_short_absence_is_no_trouble(build_house):
    house = build_house(edit_service=patience("1h"))
    house.daemon.expects_log("broker")
    house.broker.stop()
    house.until("it is noticed", lambda: house.api("GET", "/readyz").status == 503)
    house.broker.start()
    house.daemon.until_ready(40)
    assert not house.incidents()


def test_what_changed_meanwhile_is_found_on_return(house):
    """A detector goes active and another falls silent while the daemon is away."""
    house.daemon.expects_log("broker")
    house.status("smoke-302", "online")
    house.daemon.kill()
    house.says("smoke-301", "smoke", committed=False)
    house.status("smoke-302", "offline")
    house.daemon.start()
    house.until("both are known", lambda: {i["kind"] for i in house.incidents()} ==
                {"fire", "trouble"}, 20)


def test_what_changed_nothing_and_comes_again_after_a_death_moves_no_point(house):
    """Killed between the commit and its acknowledgements: the broker brings all of it again, also a
    word at rest that was no news then, is in no record, and comes before the alarm."""
    house.daemon.expects_log("broker")

    def says(number, state):
        house.sends("smoke-301", json.dumps(
            {"id": f"word-{number}", "kind": "smoke", "state": state}).encode())
        house.until_acked("smoke-301", f"word-{number}", times=acked.setdefault(number, 0) + 1)
        acked[number] += 1

    acked = {}
    for number, state in ((1, "clear"), (2, "clear"), (3, "active")):
        says(number, state)
    fire = house.push("qian", "opened").incident["id"]
    house.daemon.kill()
    house.daemon.start()
    says(2, "clear")
    says(3, "active")
    assert not house.incident(fire)["cleared"]
    said = [(r["data"]["id"], r["data"]["state"]) for r in house.log(type="signal")]
    assert said[-1] == ("word-3", "active")
    # Nor does it count once more when the point stands as it says, or has moved on since.
    says(3, "active")
    says(4, "clear")
    says(3, "active")
    assert house.incident(fire)["cleared"]
    assert len(house.log(type="signal")) == len(said) + 1


def test_a_broker_that_has_forgotten_everything(house):
    """Its retained states are published again by the devices; what was queued is gone, and the
    record says from when to when."""
    house.daemon.expects_log("broker|lost the session")
    house.status("smoke-301", "online")
    house.says("sos-gate", "panic")
    house.push("qian", "opened")
    house.daemon.kill()
    house.says("smoke-302", "smoke", committed=False)
    house.broker.kill()
    (house.folder / "broker" / "mosquitto.db").unlink(missing_ok=True)
    house.broker.start()
    house.daemon.start()
    house.daemon.until_logs("has lost the session")
    house.until("it is in the record", lambda: any(
        "may_have_missed" in r["data"] for r in house.log(type="broker.connected")))
    missed = house.log(type="broker.connected")[-1]["data"]["may_have_missed"]
    assert missed["from"] < missed["until"]
    newcomer = Client(house.broker, house.bell)
    house.until("the open incident is published again", lambda: any(
        "/incident/" in m.topic and m.payload for m in newcomer.messages))
    newcomer.close()


def test_the_first_connection_has_missed_nothing(house):
    assert "may_have_missed" not in house.log(type="broker.connected")[0]["data"]


def test_an_alarm_survives_the_death_of_the_broker(house):
    """The broker takes the alarm, dies and forgets it. The device still has it in its file."""
    house.daemon.expects_log("broker|lost the session")
    kept = house.folder / "kept"
    house.daemon.kill()
    sensor = subprocess.Popen(
        [program("tocsin-sensor"), "--broker", f"mqtt://127.0.0.1:{house.broker.port}",
         "--site", SITE, "--device", "smoke-301", "--kind", "smoke", "--state", "active",
         "--id", "once-only", "--keep", str(kept), "--wait", "60s"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment())
    queue = house.folder / "broker" / "mosquitto.db"
    house.until("the broker has it", lambda: queue.exists() and b"once-only" in queue.read_bytes())
    assert b"once-only" in kept.read_bytes()
    house.broker.kill()
    queue.unlink()
    house.broker.start()
    house.daemon.start()
    house.push("qian", "opened", within=40)
    house.until("the device is content", lambda: sensor.poll() is not None, 40)
    assert sensor.returncode == 0 and kept.read_bytes() == b""
    assert [r["data"]["id"] for r in house.log(type="signal")] == ["once-only"]
