"""Every message of the corpus that carries a meaning decodes to it. The corpus lies beside the
project (../shared/corpus) and is read where it is; a few rows of our own stand in for it where it
is not, and the test says so."""

import json
import pathlib
import warnings

import pytest

from service import ROOT, run

CORPUS = ROOT.parent / "shared" / "corpus" / "samples.jsonl"
CONFIG = ROOT / "tests" / "config" / "good" / "contract" / "tocsin.yaml"

KINDS = {"co": "carbon_monoxide", "leak": "water"}
ACTIVE = {"alarm", "open", "low_battery", "on", "fault"}
CLEAR = {"normal", "closed", "off"}

# What the corpus says and a profile does not, each with its reason.
NOT_SAID = {
    ("gas", "warmup"): "a detector that warms up is neither in alarm nor broken",
    ("gas", "unknown"): "unknown is neither active nor clear",
    ("battery", "level"): "a percentage is no alarm; `watch` bounds it where somebody wants that",
    ("availability", "init"): "neither online nor gone",
    ("availability", "joined"): "a sign of life",
    ("leak", "discovery"): "an announcement: its topic is listened to from then on",
}
OWN = [  # by the conventions' documentation
    ("zigbee2mqtt", "zigbee2mqtt/hall", '{"smoke":true}', ("smoke", "alarm")),
    ("zigbee2mqtt", "zigbee2mqtt/hall", '{"contact":true}', ("contact", "closed")),
    ("shelly_gen1", "shellies/x/sensor/gas", "test", ("gas", "test")),
    ("tasmota", "tele/x/LWT", "Offline", ("availability", "offline")),
]


def rows():
    if CORPUS.exists():
        for line in CORPUS.read_text().splitlines():
            row = json.loads(line)
            if row.get("meaning"):
                yield row
        return
    warnings.warn("the corpus is not beside the project: a few rows of our own are tried instead")
    for system, topic, payload, (kind, state) in OWN:
        yield {"system": system, "topic": topic, "payload": payload, "retained": False,
               "meaning": {"kind": kind, "state": state}}


def tried(messages):
    lines = "\n".join(json.dumps({"topic": m["topic"], "payload": m["payload"]}) for m in messages)
    done = run("tocsin", "--config", CONFIG, "try", "--file", "-", "--json", stdin=lines)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def said(answer):
    return [s for device in answer.get("devices", []) for s in device["said"]]


def says(answer, kind, state):
    """Whether the answer says this of a message."""
    things = said(answer)
    signals = [s for s in things if s["type"] in ("signal", "own")]
    if state in ("online", "offline"):
        return any(s["type"] in ("status", "gateway") and s["state"] == state for s in things)
    if state == "test":
        return any(s["type"] == "test" or s.get("test") for s in things) or (
            kind == "other" and not any(s["state"] == "active" for s in signals))
    if state in ("fault",):
        return any(s.get("kind") == "fault" and s["state"] == "active" or
                   s["type"] == "own" and s["state"] == "active" for s in signals)
    if kind == "button":
        word = state.removeprefix("pressed:")
        if state == "idle" or word.endswith("_release"):  # that a finger lifts is no press
            return not any(s["state"] == "active" for s in signals)
        return any(s["type"] == "press" and s["word"] == word for s in things)
    if kind == "other" and state in ("alarm", "on", "normal"):
        wanted = "clear" if state == "normal" else "active"
        return any(s["type"] in ("own", "signal") and s["state"] == wanted for s in things) or (
            state == "on" and not any(s["state"] == "active" for s in signals))
    if kind == "other":  # values, heartbeats, armed, ignored: nothing that could raise
        return not any(s["state"] == "active" for s in signals)
    if kind == "vibration" and any(s.get("kind") == "glass" for s in signals):
        kind = "glass"  # ours tells the two apart
    kind = KINDS.get(kind, kind)
    if kind == "gas" and state == "normal" and any(s.get("kind") == "fault" for s in signals):
        kind = "fault"
    if (kind, state) == ("gas", "normal") and not signals:
        return True  # a self-test that is over
    wanted = "active" if state in ACTIVE else "clear" if state in CLEAR else None
    assert wanted, f"the test does not know {kind} {state}"
    return any(s.get("kind") == kind and s["state"] == wanted and not s.get("test")
               for s in signals)


def nothing_raised(answer):
    return not any(s["type"] in ("signal", "own") and s["state"] == "active" for s in said(answer))


def test_every_row_with_a_meaning_decodes_to_it():
    messages = list(rows())
    wrong = []
    for row, answer in zip(messages, tried(messages), strict=True):
        meaning = row["meaning"]
        for part in [meaning, *meaning.get("also", [])]:
            kind, state = part["kind"], part["state"]
            fits = nothing_raised(answer) if (kind, state) in NOT_SAID else says(answer, kind,
                                                                                state)
            if not fits or "rejected" in answer:
                wrong.append(f"{row['topic']} {row['payload'][:80]}: {kind} {state}, but "
                             f"{json.dumps(answer)[:300]}")
    assert not wrong, f"{len(wrong)} rows:\n" + "\n".join(wrong)


def test_a_living_broker_is_looked_at_line_by_line():
    """As mosquitto_sub prints what it hears: -v, and -F %j and %J, which tell what was retained."""
    lines = "\n".join([
        'zigbee2mqtt/hall {"smoke":true}',
        json.dumps({"topic": "zigbee2mqtt/hall", "qos": 0, "retain": 1, "payload": json.dumps(
            {"smoke": True, "last_seen": "2020-01-01T00:00:00Z"})}),
        json.dumps({"topic": "zigbee2mqtt/hall", "qos": 0, "retain": 0, "payload": json.dumps(
            {"smoke": True, "last_seen": "2020-01-01T00:00:00Z"})}),
        json.dumps({"topic": "zigbee2mqtt/hall", "payload": {"smoke": True}}),  # -F %J
        json.dumps({"topic": 5, "payload": "x"})])
    done = run("tocsin", "--config", CONFIG, "try", "--file", "-", "--json", stdin=lines)
    *answers, wrong = [json.loads(line) for line in done.stdout.splitlines()]
    assert [next(s.get("past", False) for s in said(a) if s["type"] == "signal")
            for a in answers] == [False, True, False, False]
    assert "needs a 'topic'" in wrong["rejected"]
