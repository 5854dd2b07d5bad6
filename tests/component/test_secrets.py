"""No secret ever appears in a log, an error, an API answer or the ledger: a mark in each place of the
two files that may hold one, an alarm over every channel, and everything looked through that the
service says or keeps."""

import json
import re
import subprocess

import pytest
import yaml
from broker import Client
from house import quick
from service import ROOT, http

MARK = re.compile(r"SECRETMARK\w*")
DEVICE_KEY = "SECRETMARKdevice0123456789abcdef01234"
CHANNELS = [  # fields beside id and type; URL is the receiver's
    ("phone", {"url": "URL/phone?key=SECRETMARKurl", "token": "SECRETMARKbearer",
               "secret": "whsec_SECRETMARKwebhookAAAAAAAAAAAAAAAAAA"}),
    ("wecom", {"url": "URL/cgi-bin/webhook/send?key=SECRETMARKwecom"}),
    ("dingtalk", {"url": "URL/robot/send?access_token=SECRETMARKdingtoken",
                  "secret": "SECSECRETMARKdingsecret"}),
    ("feishu", {"url": "URL/open-apis/bot/v2/hook/SECRETMARKfeishutoken",
                "secret": "SECRETMARKfeishusecret"}),
    ("telegram", {"url": "URL", "token": "123:SECRETMARKtelegram", "to": "-100",
                  "secret": "SECRETMARKtelegramhook"}),
    ("bark", {"url": "URL", "token": "SECRETMARKbarktoken"}),
    ("serverchan", {"url": "URL", "token": "SECRETMARKserverchan"}),
    ("pushplus", {"url": "URL", "token": "SECRETMARKpushplus"}),
    ("gotify", {"url": "URL", "token": "SECRETMARKgotify"}),
    ("ntfy", {"url": "URL", "token": "SECRETMARKntfy", "to": "SECRETMARKtopic"}),
    ("pagerduty", {"url": "URL", "token": "SECRETMARKpagerduty", "secret": "SECRETMARKpagerhook"}),
    ("homeassistant", {"url": "URL", "token": "SECRETMARKhomeassistant"}),
    ("slack", {"url": "URL/services/SECRETMARKslack"}),
    ("discord", {"url": "http://nowhere.invalid/SECRETMARKdiscord"}),  # no such host
    ("teams", {"url": "http://127.0.0.1:1/SECRETMARKteams"}),  # nobody listens
]
KEYED = ["bark", "serverchan", "pushplus", "ntfy"]  # their `to` lets anybody push there


class Ear(Client):
    def _on_connect(self, client, _userdata, _flags, _code):
        client.subscribe("#", 1)


def edit_service(service):
    here = service["channels"][0]["url"].removesuffix("/phone")
    service["channels"] = [
        {"id": name, "type": "webhook" if name == "phone" else name,
         **{field: value.replace("URL", here, 1) for field, value in fields.items()}}
        for name, fields in CHANNELS]
    service["broker"] |= {"username": "tocsin", "password": "SECRETMARKbroker"}
    service["heartbeat"] = {"url": f"{here}/SECRETMARKheartbeat", "every": "1s"}
    service["http"]["tokens"].append(
        {"name": "screen", "role": "viewer", "token": "SECRETMARKviewer"})
    service["http"]["users"] = [{"name": "li", "role": "operator", "password_hash":
                                 "scrypt$15$8$3$SECRETMARKsaltAAAAAAAA$" + "SECRETMARKhash" + "A" * 29}]


def edit_school(school):
    quick(school)
    school["people"] = [
        *({"id": who, "contacts": [{"channel": "phone"}]} for who in ("qian", "zhao", "li", "sun")),
        *({"id": name, "contacts": [{"channel": name}]} for name, _ in CHANNELS),
        *({"id": f"{name}-key", "contacts": [{"channel": name, "to": f"SECRETMARK{name}to"},
                                             {"channel": name, "to_file": f"{name}.key"}]}
          for name in KEYED)]
    everybody = [f"person:{person['id']}" for person in school["people"]]
    school["policies"] = [{"id": "all", "steps": [{"after": "0s", "notify": everybody}]}]
    school["devices"].append({"id": "signing", "zone": "office", "kind": "panic",
                              "signed": {"key": DEVICE_KEY}})


@pytest.fixture
def told(build_house):
    """The house after an alarm that everybody was told of over everything."""
    house = build_house(start=False, edit_service=edit_service, edit_school=edit_school)
    house.daemon.expects_log("every user of this machine can read")
    house.daemon.expects_log("not reloaded|school.yaml:")
    for name in KEYED:
        (house.folder / f"{name}.key").write_text(f"SECRETMARK{name}file\n")
    house.ear = Ear(house.broker, house.bell)
    house.daemon.start()
    house.says("sos-gate", "panic")
    incident = house.incidents()[0]["id"]

    def attempts():
        tried = {r["data"]["notification"] for r in house.log(type="delivery")}
        return len(tried) == len(house.log(type="notification"))

    house.until("everybody is told, or cannot be", attempts, 30)
    yield house, incident
    house.ear.close()


def get_paths():
    paths = yaml.safe_load((ROOT / "schemas/openapi.yaml").read_text())["paths"]
    return [path for path, calls in paths.items() if "get" in calls and path != "/api/v1/stream"]


def answers(house, incident):
    """Everything that is said over HTTP to who may see all of it, and to who may not."""
    for path in get_paths():
        asked = path.replace("{id}", incident) if "/incidents/" in path else path
        more = {"/api/v1/events": "?limit=1000", "/api/v1/who": "?kind=smoke&zone=office"}
        for token in ("", "SECRETMARKviewer", "SECRETMARKwrong", None):
            yield f"GET {path}", house.api("GET", asked + more.get(path, ""), token=token).body
    for to in ("bark-key", "ntfy-key", "nobody"):
        yield "POST /test", house.api("POST", "/api/v1/test", {"to": f"person:{to}"}).body


def printed(house, incident):
    for line in ("log --json", "export", "people --json", "devices --json", "deliveries --json",
                 "status --json", "incidents --json", f"show {incident} --json", "duty --json",
                 "who --kind smoke --zone office --json", "verify --json", "replay --json",
                 *(f"report {incident} --format {form}" for form in ("html", "json", "csv", "cap"))):
        yield f"tocsin {line}", house.tocsin(*line.split()).encode()


def kept(house):
    for file in house.folder.glob("tocsin.db*"):
        yield file.name, file.read_bytes()


def said(house):
    for message in list(house.ear.messages):
        yield f"MQTT {message.topic}", message.topic.encode() + message.payload
    for name in ("cmdline", "environ"):
        yield name, open(f"/proc/{house.daemon.process.pid}/{name}", "rb").read()


def leaks(*sources):
    return sorted({(where, mark) for source in sources for where, text in source
                   for mark in MARK.findall(text.decode("latin1"))})


def test_no_secret_leaves_its_file(told):
    house, incident = told
    assert leaks(answers(house, incident), printed(house, incident), kept(house), said(house)) == []
    good = house.school_file.read_text()
    house.school_file.write_text(good + "nonsense: 1\n")
    house.daemon.hangup()
    house.daemon.until_logs("not reloaded")
    house.school_file.write_text(good.replace(DEVICE_KEY, DEVICE_KEY + "x"))
    house.daemon.hangup()
    house.daemon.until_logs("configuration reloaded")
    house.until("the change is in the record", lambda: len(house.log(type="config")) == 2)
    assert leaks(printed(house, incident), kept(house), said(house)) == []
    assert house.daemon.stop()[0] == 0
    assert leaks(kept(house), [("log", "\n".join(house.daemon.lines).encode())]) == []


def test_the_keys_are_used_all_the_same(told):
    """What is hidden is the record's copy; the pushes go to the keys of the file, before and after a
    restart."""
    house, _ = told

    def bark_keys():
        return {json.loads(r.body)["device_key"] for r in list(house.phone.requests)
                if r.path == "/push"}

    wanted = {"SECRETMARKbarktoken", "SECRETMARKbarkto", "SECRETMARKbarkfile"}
    house.until("each Bark key is pushed to", lambda: bark_keys() == wanted)
    house.daemon.stop()
    house.phone.requests.clear()
    house.daemon.start()
    house.says("smoke-301", "smoke")
    house.until("each Bark key is pushed to again", lambda: bark_keys() == wanted)
    site_file = house.log(type="config")[0]["data"]["site_file"]
    assert site_file["text"] == re.sub(r"SECRETMARK(\w*to|device\w*)\b", '"(hidden)"',
                                       house.school_file.read_text())
    done = subprocess.run(["sha256sum", house.school_file], capture_output=True, text=True,
                          check=True)
    assert site_file["hash"] == done.stdout.split()[0]
    assert http("GET", house.url + "/readyz").status == 200
