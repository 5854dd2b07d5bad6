"""Devices that sign what they say, at a broker that is not trusted: who has it invents no alarm and
repeats none; whatever he tries is in the record, and people hear of it. The signature is made here
by Python's own hmac, from what signals_signed.h and asyncapi.yaml say."""

import datetime
import hashlib
import hmac
import json
import re
import struct
import subprocess

import pytest
from house import SITE, quick
from service import ROOT, program

KEY = "5d3bc8a1f0e74b26915c0d8e7fa2346b1908cde5f6a7b4321098fedcba765432"
DEVICE = "smoke-301"


def edit(school):
    quick(school)
    device = next(d for d in school["devices"] if d["id"] == DEVICE)
    device["signed"] = {"key_file": "secrets/smoke-301.key", "window": "5m"}


@pytest.fixture
def house(build_house):
    house = build_house(start=False, edit_school=edit)
    (house.folder / "secrets").mkdir()
    key = house.folder / "secrets" / "smoke-301.key"
    key.write_text(KEY + "\n")
    key.chmod(0o600)
    house.daemon.expects_log("rejected")  # once a device and minute
    house.daemon.start()
    return house


def at(seconds=0):
    now = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    return now.isoformat(timespec="milliseconds")


def message(number, seconds=0, kind="smoke", state="active"):
    return {"id": f"s-{number}", "time": at(seconds), "kind": kind, "state": state}


def envelope(said, key=KEY, device=DEVICE):
    inner = json.dumps(said).encode()
    parts = b"".join(struct.pack(">I", len(p)) + p for p in (SITE.encode(), device.encode(), inner))
    mac = hmac.new(key.encode(), parts, hashlib.sha256).hexdigest()
    return json.dumps({"signed": inner.decode(), "hmac": mac}).encode()


def signals(house, **wanted):
    return [r for r in house.log(type="signal")
            if all(r["data"].get(name) == value for name, value in wanted.items())]


def fires(house):
    return [i for i in house.incidents() if i["kind"] == "fire"]


def test_an_envelope_is_longer_than_what_is_in_it(house):
    said = envelope({**message(1), "note": '"' * 25_000})
    assert 64 * 1024 < len(said) < 2 * 64 * 1024
    house.sends(DEVICE, said)
    house.push("qian", "opened")
    house.until_acked(DEVICE, "s-1")
    house.sends(DEVICE, b"x" * 200_000)
    row, = house.until("it is refused", lambda: house.log(type="rejected"))
    assert row["data"]["bytes"] == 200_000 and "200000 bytes" in row["data"]["reason"]


def test_a_signed_alarm_is_an_alarm_and_the_same_again_is_none(house):
    said = envelope(message(1))
    house.sends(DEVICE, said)
    incident = house.push("qian", "opened").incident
    house.until_acked(DEVICE, "s-1")
    assert signals(house, kind="smoke")[0]["data"]["signed"] is True
    unchanged = envelope(message(2))  # it still smokes: no entry, so that its id is forgotten
    house.sends(DEVICE, unchanged)
    house.until_acked(DEVICE, "s-2")
    house.resolve(incident["id"])
    house.sends(DEVICE, said)  # by the broker, or by a device that has not seen its ack
    house.until_acked(DEVICE, "s-1", times=2)
    house.daemon.kill()
    house.daemon.start()
    house.sends(DEVICE, said)
    house.until_acked(DEVICE, "s-1", times=3)
    house.sends(DEVICE, unchanged)
    house.until_acked(DEVICE, "s-2", times=2)
    assert len(fires(house)) == 1 and not signals(house, kind="tamper")


BAD = {
    "unsigned": (lambda: json.dumps(message(1)).encode(), "not signed"),
    "another key": (lambda: envelope(message(1), key="0" * 64), "bad signature"),
    "another device's": (lambda: envelope(message(1), device="smoke-302"), "bad signature"),
    "no time": (lambda: envelope({"id": "s-1", "kind": "smoke", "state": "active"}),
                "without 'id' and 'time'"),
    "no id": (lambda: envelope({"time": at(), "kind": "smoke", "state": "active"}),
              "without 'id' and 'time'"),
    "no text": (lambda: b"\xff\x00", "not signed"),
}


@pytest.mark.parametrize("what", BAD)
def test_what_is_not_rightly_signed_raises_tamper_and_no_fire(house, what):
    make, reason = BAD[what]
    payload = make()
    for _ in range(20):
        house.sends(DEVICE, payload)
    push = house.push("qian", "opened")
    assert push.incident["kind"] == "tamper"
    assert [s["device"] for s in push.incident["signals"]] == [DEVICE]
    house.until("each is in the record", lambda: len(house.log(type="rejected")) == 20)
    assert reason in house.log(type="rejected")[0]["data"]["reason"]
    (tamper,) = signals(house, kind="tamper")  # one alarm, however many there are
    assert reason in tamper["data"]["said"]["signature"]
    assert not fires(house)
    house.sends(DEVICE, envelope(message(2)))  # and it is heard as ever
    assert house.push("qian", "opened").incident["kind"] == "fire"


def test_an_older_message_held_back_is_no_alarm_after_newer_ones(house):
    held = envelope(message(1, seconds=-600))
    house.sends(DEVICE, envelope(message(2, state="clear")))
    house.until_acked(DEVICE, "s-2")
    house.sends(DEVICE, held)
    assert house.push("qian", "opened").incident["kind"] == "tamper"
    assert "late or replayed" in house.log(type="rejected")[0]["data"]["reason"]
    house.daemon.kill()  # the mark is on disk
    house.daemon.start()
    house.sends(DEVICE, held)
    house.sends(DEVICE, envelope(message(3)))
    house.until_acked(DEVICE, "s-3")
    assert len(house.log(type="rejected")) == 2
    assert "s-1" not in [r["data"].get("id") for r in signals(house)]


def test_an_alarm_that_waited_or_whose_clock_is_off_is_not_missed(house):
    house.sends(DEVICE, envelope(message(1, seconds=-3600)))
    kinds = {house.push("qian", "opened").incident["kind"] for _ in range(2)}
    assert kinds == {"fire", "tamper"}
    house.until_acked(DEVICE, "s-1")
    assert "late: held back on the way, or a clock is wrong" in (
        signals(house, kind="tamper")[0]["data"]["said"]["signature"])


def test_only_what_is_signed_proves_life(build_house):
    def watched(school):
        edit(school)
        next(d for d in school["devices"] if d["id"] == DEVICE)["expect_every"] = "2s"

    house = build_house(start=False, edit_school=watched)
    (house.folder / "secrets").mkdir()
    (house.folder / "secrets" / "smoke-301.key").write_text(KEY)
    (house.folder / "secrets" / "smoke-301.key").chmod(0o600)
    house.daemon.start()
    assert house.push("qian", "opened").incident["kind"] == "trouble"
    house.status(DEVICE, "online")
    house.until("the broker's word is noted", lambda: house.log(type="device.online"))
    assert [i["state"] for i in house.incidents()] == ["open"]
    house.sends(DEVICE, envelope(message(1, state="clear")))
    house.until("the device's own ends it", lambda: "resolved" in [
        i["state"] for i in house.incidents()])


def test_the_sensor_signs_with_the_key_that_add_device_made(house, tmp_path):
    folder = tmp_path / "broker"
    site_file = tmp_path / "site.yaml"
    site_file.write_text("devices:\n  - {id: x, zone: gate, kind: panic}\n")
    done = subprocess.run(
        [ROOT / "deploy" / "add-device", "--folder", folder, "--site", SITE, "--zone", "dorm-3f",
         "--kind", "smoke", "--site-file", site_file, "--signed", "--no-qr", "smoke-9"],
        capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    key = tmp_path / "secrets" / "smoke-9.key"
    assert key.stat().st_mode & 0o777 == 0o600
    assert key.read_text().strip() in done.stdout and len(key.read_text().strip()) == 64
    line = re.search(r"^  - (\{id: smoke-9.*\})$", site_file.read_text(), re.MULTILINE)[1]
    assert line.endswith("signed: {key_file: secrets/smoke-9.key}}")
    (house.folder / "secrets" / "smoke-301.key").write_text(key.read_text())
    house.daemon.hangup()
    house.daemon.until_logs("configuration reloaded")
    sensor = [program("tocsin-sensor"), "--broker", f"mqtt://127.0.0.1:{house.broker.port}", "--site",
              SITE, "--device", DEVICE, "--kind", "smoke", "--state", "active", "--wait", "20s"]
    done = subprocess.run([*sensor, "--sign-key-file", key], capture_output=True, text=True,
                          timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert house.push("qian", "opened").incident["kind"] == "fire"
    done = subprocess.run([*sensor, "--sign-key-file", key, "--as", "zigbee2mqtt"],
                          capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2 and "our own language" in done.stderr
    assert KEY not in "".join(house.daemon.lines) and KEY not in house.tocsin("log", "--json")
