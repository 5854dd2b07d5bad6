#!/usr/bin/python3
"""Seeds and dictionaries of the fuzz targets: seeds.py FOLDER makes FOLDER/TARGET/ and
FOLDER/TARGET.dict. The real messages lie beside the project (../shared/corpus) and are used where
they are."""

import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
CORPUS = ROOT.parent / "shared" / "corpus" / "samples.jsonl"


def write(folder, name, data):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)


def profiles(folder):
    """As fuzz_profiles.c reads them: the topic, a line end, the payload."""
    if CORPUS.exists():
        for number, line in enumerate(CORPUS.read_text().splitlines()):
            row = json.loads(line)
            write(folder / "fuzz_profiles", f"corpus-{number}",
                  f"{row['topic']}\n{row['payload']}".encode())
    words = set()
    for file in sorted((ROOT / "sensors" / "profiles").glob("*.yaml")):
        text = re.sub(r"^ *#.*", "", file.read_text(), flags=re.M)
        words.update(re.findall(r"[\w/$:-]{2,40}", text))
    (folder / "fuzz_profiles.dict").write_text("".join(
        f'"{word}"\n' for word in sorted(words) if word.isascii()))


def native(folder):
    topic = "tocsin/binjiang/device/smoke-301/"
    event = {"id": "m-1", "time": "2026-11-22T08:00:00.123+08:00", "kind": "smoke",
             "state": "active", "value": 0.4, "test": False}
    for number, payload in enumerate((
            event, [event, {"kind": "panic", "state": "clear", "more": {"a": [1, None]}}])):
        write(folder / "fuzz_native", f"{number}", f"{topic}event\n{json.dumps(payload)}".encode())
    write(folder / "fuzz_native", "status", f"{topic}status\nonline".encode())
    write(folder / "fuzz_native", "cjk", (f"tocsin/滨江/device/烟感/event\n"
                                          + json.dumps(event)).encode())


def config(folder):
    good = ROOT / "tests" / "config" / "good" / "full"
    for name in ("tocsin.yaml", "sites/school.yaml", "sites/plant.yaml", "sites/duty.csv"):
        write(folder / "fuzz_config", name.replace("/", "-"),
              f"{name}\n".encode() + (good / name).read_bytes())
    write(folder / "fuzz_config", "calendar", (
        "sites/duty.ics\nBEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1\r\n"
        "DTSTART;TZID=Asia/Shanghai:20261122T080000\r\nDTEND;TZID=Asia/Shanghai:20261122T200000"
        "\r\nRRULE:FREQ=WEEKLY;BYDAY=MO,TU;COUNT=10\r\nEXDATE:20261129T000000Z\r\n"
        "SUMMARY:宿舍\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n").encode())
    words = set()
    for schema in (ROOT / "schemas").glob("*.schema.json"):
        words.update(re.findall(r'"([a-z_]{2,20})": \{', schema.read_text()))
    words.update(("BEGIN:VEVENT", "RRULE:FREQ=", "DTSTART:", "EXDATE:", "RDATE:", "UNTIL=", "BYDAY="))
    (folder / "fuzz_config.dict").write_text("".join(f'"{w}"\n' for w in sorted(words)))


def replies(folder):
    for number, body in enumerate((
            b'{"errcode":0,"errmsg":"ok"}', b'{"errcode":45009,"errmsg":"limit"}', b'{"code":0}',
            b'{"code":200,"data":[{"code":200},{"code":400}]}', b"ok", b'{"ok":true}',
            b'{"retry_after":1.5}', b'{"code":19021,"msg":"sign match fail"}', b"<html>")):
        write(folder / "fuzz_reply", f"{number}", bytes([0, 200, 0]) + body)
    write(folder / "fuzz_reply", "limit", bytes([1, 173, 5]) + b'{"retry_after":1.5}')


def words(folder):
    for number, word in enumerate((
            "3.15.zz.AAAA", "2026-11-22T08:00:00.123+08:00", "7d", "https://[::1]:8080/a?b#c",
            "127.0.0.1:8080", "[::1]:0", "AbC-_9==", "deadbeef", '{"a":[1,2.5e3,"\\u00e9"]}')):
        write(folder / "fuzz_words", f"{number}", word.encode())


def core(folder):
    """A fire that is confirmed, taken, resolved; and one of everything."""
    write(folder / "fuzz_core", "fire", bytes(
        [0, 0, 0, 1, 24, 0, 0, 0, 0, 1, 0, 1, 3, 0, 2, 0, 35, 1, 2, 0]))
    write(folder / "fuzz_core", "all", bytes(
        (n * 37 + n // 8 * 11) % 256 for n in range(100)))


def http(folder):
    for number, (line, token, body) in enumerate((
            ("GET /api/v1/incidents?state=open&limit=5&since=1h", "viewer", ""),
            ("GET /api/v1/events?after=0&limit=3", "viewer", ""),
            ("POST /api/v1/incidents/1/ack", "operator", '{"by":"li","note":"x"}'),
            ("POST /api/v1/incidents/1/resolve", "operator", '{"by":"li","outcome":"real"}'),
            ("POST /api/v1/drills", "admin", '{"zone":"dorm","span":"10m","by":"li"}'),
            ("POST /api/v1/silences", "admin", '{"device":"smoke-301","span":"5m","by":"li"}'),
            ("GET /api/v1/who?kind=fire&zone=dorm&at=2026-11-22T08:00", "viewer", ""),
            ("GET /a/0.1.zz.AAAA", "", ""), ("GET /metrics", "", ""), ("GET /", "", ""),
            ("PUT /api/v1/status", "admin", "{}"))):
        head = f"{line} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        if token:
            head += f"Authorization: Bearer {token}\r\n"
        if body:
            head += f"Content-Length: {len(body)}\r\n"
        write(folder / "fuzz_http", f"{number}", f"{head}\r\n{body}".encode())


def main():
    if len(sys.argv) != 2 or sys.argv[1] in ("-h", "--help"):
        print(__doc__)
        return 0 if sys.argv[1:] in (["-h"], ["--help"]) else 2
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for make in (profiles, native, config, replies, words, core, http):
        make(folder)
    return 0


sys.exit(main())
