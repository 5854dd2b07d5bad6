#!/usr/bin/python3
"""Every Zigbee model that zigbee-herdsman-converters knows, at rest and with each of its alarms: no
model at rest raises anything, each alarm of a known kind does.

    tests/sweep/zigbee.py BUILD [--package FOLDER]

BUILD holds the programs and takes the package (by npm, some minutes) and the site file that is made
of it. What is an alarm is told here by the names that the package gives its properties, not by our
profile."""

import argparse
import json
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
PACKAGE = "zigbee-herdsman-converters"
READ, SET = 1, 2

# property, type -> the kind that its active value means. First fit.
KNOWN = [(re.compile(pattern), kind) for pattern, kind in (
    (r"smoke(_alarm)?(_\d)?|smoke_state", "smoke"),
    (r"heat(_alarm)?(_\d)?|high_temperature", "heat"),
    (r"gas(_alarm)?(_\d)?|gas_sensor_state", "gas"),
    (r"(carbon_monoxide|co)(_alarm)?(_\d)?|co_state", "carbon_monoxide"),
    (r"(active_)?water_leak(_alarm)?(_\d)?|water|water_sensor|water_condition_alarm|"
     r"water_leakage_state|current_device_status|water_leak_(wire|zone)_\d|.*_leak_detect_\d+",
     "water"),
    (r"sos(_alarm)?|fall_(down_)?status", "panic"),
    (r"contact(_alarm_\d)?|opening_state|garage_door_contact", "contact"),
    (r"occupancy(_\d+|_in|_out|_or|_alarm_\d)?|presence(_state)?|(human_)?motion_state", "motion"),
    (r"vibration(_alarm_\d)?|tilt", "vibration"),
    (r"tamper(_alarm)?", "tamper"),
    (r"battery_low(_\d)?|battery_defect|.*_battery_low_\d+|battery_state", "battery"),
    (r"ac_status|ac_connected|mains_power_connected|power_outage", "power"),
    (r"trouble|fault|fault_alarm|device_overheated|overheat|device_fault|motor_fault|end_of_life|"
     r"endoflife|lifecycle", "fault"),
)]
# A bit of no kind by its name: the model's description tells, where no other member is of that kind.
GENERIC = re.compile(r"alarm(_[12])?|alarm_status|status")
DESCRIBED = [(re.compile(pattern, re.I), kind) for pattern, kind in (
    (r"siren|sound and|light alarm", None), (r"smoke", "smoke"), (r"heat alarm", "heat"),
    (r"water leak", "water"), (r"carbon monoxide|CO alarm", "carbon_monoxide"), (r"gas", "gas"),
    (r"fall detection", "panic"), (r"vibration", "vibration"),
    (r"(door|window|opening).*sensor", "contact"), (r"PIR|motion", "motion"))]
AUDIO = {"FFZB1-SM-ECO"}  # listens for the siren of a smoke detector
ACTIVE = {"smoke": ["alarm"], "gas": ["alarm"], "carbon_monoxide": ["alarm"],
          "vibration": ["alarm", "ALARM"],
          "water": ["water_leakage_yes", "water_leakage", "alarm"],
          "panic": ["fall", "fall_alarm", "falling"], "contact": ["open"],
          "motion": ["presence", "PRESENCE", "motion", "move", "large", "small", "active", "near"],
          "battery": ["low"],
          "fault": ["fault", "e1", "Fault", "serious_fault", "expired", "overload_alarm", "Overheated",
                    "over_current_threshold"]}
REST = ["normal", "Ok", "none", "None", "NONE", "Normal", "clear", "closed", "ok", "idle", "IDLE",
        "safe", "water_leakage_no", "normal_state", "unoccupied", "No Alert", "no_alarm", "high",
        "middle", "off", "stop", "success", "check_success", "connected"]
BAD_WHEN_FALSE = {"ac_connected", "mains_power_connected"}
# The alarm of a window that somebody works at; it can be set, to be silenced, and is no setting.
SHAKEN = {"Senoro.Win", "Senoro.Win v2", "S8"}
TESTED = {"test", "testing", "test_in_progress", "test_mode"}


def named_kind(e):
    return next((k for pattern, k in KNOWN if pattern.fullmatch(e["p"])), None)


def described_kind(model, e):
    """What the description makes of a bit whose name does not tell."""
    if not GENERIC.fullmatch(e["p"]) or e["a"] & SET:
        return None
    if model["m"] in AUDIO:
        return "smoke"
    kind = next((k for pattern, k in DESCRIBED if pattern.search(model["d"])), None)
    return None if any(named_kind(other) == kind for other in model["e"]) else kind


def kind_of(model, e):
    if e["t"] not in ("binary", "enum") or (e["a"] & SET and not re.search("alarm|contact", e["p"])):
        return None
    if model["m"] in SHAKEN and e["p"] in ("alarm", "alarm_state"):
        kind = "vibration"
    else:
        kind = named_kind(e) or described_kind(model, e)
    if kind and e["t"] == "enum" and not active_of(kind, e):
        return None
    return kind


def active_of(kind, e):
    if e["t"] == "binary":
        on, off = (e["off"], e["on"]) if e["p"] in BAD_WHEN_FALSE else (e["on"], e["off"])
        if "contact" in e["p"] and on not in (False, "OFF"):
            on = off  # closed is true, as documented, whatever the order in which they stand
        return [on]
    return [v for v in e["v"] if v in ACTIVE.get(kind, [])][:1]


def rest_of(kind, e, settings):
    """What a property says while nothing is the matter."""
    if e["t"] == "binary":
        if kind:
            on = active_of(kind, e)[0]
            return e["off"] if on == e["on"] else e["on"]
        if e["p"] in TESTED:
            return e["off"]
        return e["on"] if settings and e["a"] & SET else e["off"]
    if e["t"] == "enum":
        calm = [v for v in e["v"] if v in REST]
        if kind and not calm:
            return None
        return (calm or e["v"][-1:] or [None])[0]
    return 0 if e["t"] == "numeric" else None


def payload(model, settings):
    out = {}
    for e in model["e"]:
        if (e["a"] or READ) & READ and e["p"] != "action":
            value = rest_of(kind_of(model, e), e, settings)
            if value is not None:
                out[e["p"]] = value
    return out


def cases(models):
    """(model number, what is tried, payload, the kind it must raise or None, whether only the model
    tells that)"""
    for number, model in enumerate(models):
        for settings in (False, True):
            yield number, "rest", payload(model, settings), None, False
        for e in model["e"]:
            kind = kind_of(model, e) if (e["a"] or READ) & READ else None
            if kind:
                for value in active_of(kind, e):
                    yield (number, f"{e['p']}={value}", {**payload(model, False), e["p"]: value},
                           kind, not named_kind(e))


def site_of(models, folder):
    (folder / "tocsin.yaml").write_text("""version: 1
broker: {url: "mqtt://127.0.0.1:1883"}
store: {path: tocsin.db}
channels: [{id: phone, type: webhook, url: "http://127.0.0.1:9000/phone"}]
sites: [site.yaml]
""")
    lines = "".join(f"  - {{id: m{n}, zone: all, profile: zigbee2mqtt}}\n"
                    for n in range(len(models)))
    (folder / "site.yaml").write_text(f"""site: sweep
timezone: UTC
zones: [{{id: all}}]
people: [{{id: ann, contacts: [{{channel: phone}}]}}]
policies: [{{id: all, steps: [{{after: 0s, notify: [person:ann]}}]}}]
last_resort: [person:ann]
devices:
{lines}""")
    return folder / "tocsin.yaml"


def exposes(folder, package):
    if not package:
        package = folder
        if not (folder / "node_modules" / PACKAGE).exists():
            subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts",
                            "--prefix", str(folder), PACKAGE], check=True)
    done = subprocess.run(["node", str(HERE / "exposes.mjs"), str(package)], check=True,
                          capture_output=True, text=True)
    return json.loads(done.stdout)


def said(build, config, tried, announced):
    lines = [announced] + [json.dumps({"topic": f"zigbee2mqtt/m{n}", "payload": json.dumps(p)})
                           for n, _, p, _, _ in tried]
    done = subprocess.run([str(build / "tocsin"), "--config", str(config), "try", "--file", "-",
                           "--json"], input="\n".join(lines), capture_output=True, text=True,
                          check=True)
    for line in done.stdout.splitlines()[1:]:
        answer = json.loads(line)
        yield answer, [s for device in answer.get("devices", []) for s in device.get("signals", [])]


def main():
    args = argparse.ArgumentParser(description=__doc__,
                                   formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("build", type=pathlib.Path)
    args.add_argument("--package", type=pathlib.Path, help="a folder with node_modules")
    args = args.parse_args()
    folder = args.build / "sweep"
    folder.mkdir(exist_ok=True)
    models = [m for m in exposes(folder, args.package) if m["e"]]
    for model in models:
        for e in model["e"]:
            e["a"] = e.get("a") or READ
    config = site_of(models, folder)
    tried = list(cases(models))
    wrong, alarms = [], 0
    for with_models in (False, True):
        listed = [{"friendly_name": f"m{n}", "definition": {"model": m["m"]}}
                  for n, m in enumerate(models)] if with_models else []
        announced = json.dumps({"topic": "zigbee2mqtt/bridge/devices",
                                "payload": json.dumps(listed)})
        for (number, what, sent, kind, by_model), (answer, signals) in zip(
                tried, said(args.build, config, tried, announced), strict=True):
            if by_model and not with_models:
                continue
            active = [s["kind"] for s in signals if s["state"] == "active" and not s.get("test")]
            alarms += kind is not None
            if (kind and kind not in active) or (not kind and active) or "rejected" in answer:
                wrong.append(f"{models[number]['m']}: {what}: expected {kind}, raised {active} "
                             f"{json.dumps(sent)[:400]}")
    print("\n".join(wrong))
    print(f"{len(models)} models, {len(tried)} states ({alarms // 2} alarms), "
          f"with and without the bridge's list of models: {len(wrong)} wrong")
    return 1 if wrong else 0


sys.exit(main())
