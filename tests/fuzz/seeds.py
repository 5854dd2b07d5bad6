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


def own_profiles():
    """The built-in ones show every form of a profile; each is called mine here. And the page's."""
    for file in sorted((ROOT / "sensors" / "profiles").glob("*.yaml")):
        yield file.stem, re.sub(r"^profile: .*", "profile: mine", file.read_text(), flags=re.M)
    page = (ROOT / "sensors" / "profiles" / "README.md").read_text()
    whole = re.search(r"^    profile: my-panel.*?(?=^## )", page, flags=re.M | re.S)[0]
    yield "whole", re.sub(r"^    ", "", whole, flags=re.M).replace("my-panel", "mine", 1)


def own(folder):
    """As fuzz_own_profile.c reads them: the profile, and messages for it."""
    messages = ("mypanel/zone/7\n" + json.dumps({"leak": "wet", "smoke": True, "n": 4}),
                "tele/hall/SENSOR\n" + json.dumps({"Time": "2026-11-22T08:00:00", "DHT11": {"Temperature": 61}}),
                "stat/hall/SWITCH1\nON", "zigbee2mqtt/door\n" + json.dumps({"contact": False, "battery": 3}))
    for name, text in own_profiles():
        write(folder / "fuzz_own_profile", name, "\x1e".join((text, *messages)).encode())
    words = set(re.findall(r'"([a-z_]{2,20})": \{', (ROOT / "schemas/profile.schema.json").read_text()))
    words.update(("{device}", "{base}", "{n}", "/+/", "common", "tasmota", "flag", "above:", "below:"))
    (folder / "fuzz_own_profile.dict").write_text("".join(f'"{word}"\n' for word in sorted(words)))


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
    for name, text in own_profiles():
        write(folder / "fuzz_config", f"mine-{name}", f"mine.yaml\n{text}".encode())
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
            "127.0.0.1:8080", "[::1]:0", "AbC-_9==", "deadbeef", '{"a":[1,2.5e3,"\\u00e9"]}',
            "u.bGk.1795305600000.1795305600000.41.AAAA",
            "scrypt$14$8$1$AAECAwQFBgcICQoLDA0ODw$JbN2hANm9NOw4h5BRHZnbjzQ6Jr0QwNWojTOC2WgIbU")):
        write(folder / "fuzz_words", f"{number}", word.encode())


def core(folder):
    """A fire that is confirmed, taken, resolved; one around a restart, with words that come late;
    what stands and is ended; strangers; and one of everything."""
    write(folder / "fuzz_core", "fire", bytes(
        [0, 0, 0, 1, 36, 0, 0, 0, 0, 1, 0, 1, 3, 0, 2, 0, 51, 1, 2, 0]))
    write(folder / "fuzz_core", "restart", bytes(
        [5, 3, 0, 0, 0, 0, 0, 1, 8, 1, 0, 0, 32, 6, 2, 0, 9, 0, 4, 0, 9, 0, 4, 16, 8, 0, 0, 0,
         20, 2, 1, 9, 3, 1, 2, 0]))
    write(folder / "fuzz_core", "stands", bytes(
        [3, 12, 11, 7, 3, 13, 2, 0, 3, 10, 10, 20, 3, 11, 2, 1, 3, 8, 26, 4, 3, 25, 2, 0, 3, 15, 8, 1,
         3, 16, 0, 1, 3, 19, 2, 3, 3, 20, 66, 0, 3, 22, 1, 0, 3, 21, 2, 0, 3, 24, 2, 0]))
    write(folder / "fuzz_core", "strangers", bytes(
        [10, 0, 0, 7, 10, 0, 0, 8, 10, 0, 0, 0, 11, 1, 5, 0, 11, 1, 1, 0, 11, 2, 2, 1, 11, 3, 3, 60]))
    write(folder / "fuzz_core", "all", bytes(
        (n * 37 + n // 8 * 11) % 256 for n in range(128)))


def http(folder):
    for number, (line, token, body) in enumerate((
            ("GET /api/v1/incidents?state=open&limit=5&since=1h", "viewer", ""),
            ("GET /api/v1/events?after=0&limit=3", "viewer", ""),
            ("POST /api/v1/incidents/binjiang-2026-000001/ack", "operator", '{"by":"li","note":"x"}'),
            ("POST /api/v1/incidents/binjiang-2026-000001/resolve", "operator", '{"by":"li","outcome":"real"}'),
            ("POST /api/v1/drills", "admin", '{"zone":"dorm","for":"10m","by":"li"}'),
            ("POST /api/v1/silences", "admin", '{"device":"smoke-301","for":"5m","by":"li","note":"dust"}'),
            ("GET /api/v1/who?kind=fire&zone=dorm&at=2026-11-22T08:00", "viewer", ""),
            ("GET /a/0.1.zz.AAAA", "", ""), ("GET /metrics", "", ""), ("GET /", "", ""),
            ("PUT /api/v1/status", "admin", "{}"))):
        head = f"{line} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        if token:
            head += f"Authorization: Bearer {token}\r\n"
        if body:
            head += f"Content-Length: {len(body)}\r\n"
        write(folder / "fuzz_http", f"{number}", f"{head}\r\n{body}".encode())
    form = "application/x-www-form-urlencoded"
    tap = '{"update_id":1,"callback_query":{"id":"4","from":{"id":9},"data":"{LINK}"}}'
    call = ('{"event":{"event_type":"incident.acknowledged","agent":{"id":"PLI","type":"user_reference"},'
            '"data":{"id":"Q1","incident_key":"binjiang-2026-000001"}}}')
    sign_in = '{"name":"li","password":"wrong horse"}'
    for name, line, more, body in (
            ("link", "GET /a/{LINK}?lang=en", "", ""),
            ("link-form", "POST /a/{LINK}", f"Content-Type: {form}\r\n",
             "choice=hand_over&to=zhao&note=%E7%83%9F+%2B"),
            ("link-take", "POST /a/{LINK}", f"Content-Type: {form}\r\n", "choice=take"),
            ("telegram", "POST /hooks/bot", "X-Telegram-Bot-Api-Secret-Token: whence\r\n", tap),
            ("pagerduty", "POST /hooks/pager", "X-PagerDuty-Signature: v1=00, {SIGNED}\r\n", call),
            ("session", "GET /api/v1/session", "Cookie: tocsin_session={COOKIE}\r\n", ""),
            ("sign-out", "DELETE /api/v1/session",
             "Cookie: a=b; tocsin_session={COOKIE}\r\nTocsin-Console: 1\r\n"
             "Sec-Fetch-Site: same-origin\r\n", ""),
            ("sign-in", "POST /api/v1/session", "Content-Type: application/json\r\n", sign_in),
            ("search", "GET /api/v1/incidents?words=%E5%AE%BF%E8%88%8D+fire&drill=false&until=2026-11-23"
             "&outcome=real&severity=major", "Authorization: Bearer viewer\r\n", ""),
            ("report", "GET /api/v1/report?since=2026-11-01&until=2026-12-01&format=csv&words=fire",
             "Authorization: Bearer viewer\r\n", ""),
            ("override", "POST /api/v1/duty/overrides",
             "Authorization: Bearer admin\r\nContent-Type: application/json\r\n",
             '{"site":"binjiang","post":"guard","people":["zhao"],"from":"2026-11-22T09:00:00+08:00",'
             '"until":"2026-11-22T10:00:00+08:00","by":"li"}'),
            ("reply", "POST /api/v1/incidents/binjiang-2026-000001/reply",
             "Authorization: Bearer operator\r\nContent-Type: application/json\r\n"
             "Idempotency-Key: 1\r\n", '{"choice":"need_help","by":"li"}')):
        length = "Content-Length: {LENGTH}\r\n" if body else ""
        write(folder / "fuzz_http", name,
              f"{line} HTTP/1.1\r\nHost: x\r\n{more}{length}\r\n{body}".encode())


def heads(folder):
    """As a service has left it (of a site, and of all), as earlier versions did, torn, and odd."""
    key = "bdf61311ea8502187184f7e3c40053ff47ab783d77b917f8c910f6235f2ab892"
    first = (f"head / 0 {'0' * 64} 0 {key} "
             "c3ENw3QvhI7kJxzyIGzTH/ik92kRVS8qQbH3uMCQr5dLjlEq2iMe69h3VChci7POJsMq98oz47f2QQP3SspjAQ=="
             f" {'0' * 64}")
    state = "b0252a62342168ed3f5911f6a16d435a0dc2d788bdc30464b673860808e903b6"
    last = (f"head binjiang 681 a8ac389db61b71a298b9143dd723c43f2aec5eae39d9ad1a82060751bb317693"
            f" 1793548800000 {key} "
            "9tjOs6yuC3ywowO17uo1d1K8ROnprddBmrByq5f506ZsdVOp5Dsgb9s373dtpFnYbWjYy2yGxN8wJBCaf3REBg=="
            f" {state}")
    now = (f"head binjiang 683 befce642426c18b28375aeed6e140ae578962b0560358de772c04b031a5bd9f5"
           f" 1793548800000 {key} "
           "xSeOo8iCnIQmDa3G0qx7VKsat5Ghj+y/7OBFeJUS5MlkcxUO085QBqANMzJeXso0jzDjEyKwdtcxhldrTRENAw=="
           f" {state}")
    older = "1 " + " ".join(now.split()[2:-1])
    for name, text in (
            ("all", first), ("left", f"{first}\n\n{last:<511}\n{now:<511}\n"), ("older", older),
            ("torn", f"{first:<511}\n{now[:300]}\n\0\0{last:<511}\n"),
            ("another-site", now.replace("binjiang", "bin+jiang")),
            ("odd", f"head {'x' * 65} 1\nhead a -1 {'0' * 64} x\n12345678 1\n0 0\n"
             f"{older.replace('683', '0')}\n{now.replace('683', '9' * 20)}\n")):
        write(folder / "fuzz_head", name, text.encode())


def main():
    if len(sys.argv) != 2 or sys.argv[1] in ("-h", "--help"):
        print(__doc__)
        return 0 if sys.argv[1:] in (["-h"], ["--help"]) else 2
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for make in (profiles, own, native, config, replies, words, core, http, heads):
        make(folder)
    return 0


sys.exit(main())
