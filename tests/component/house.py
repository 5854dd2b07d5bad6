"""A house under watch: broker, receivers and daemon on free ports in a folder of its own. A test
says what the sensors say and expects what people are told:

    house.says("smoke-301", "smoke")
    house.push("qian", "opened")
"""

import datetime
import json
import re
import time
import zoneinfo

import yaml

from bell import Bell
from broker import Broker, Client, free_port
from receiver import Receiver
from service import ROOT, SLOWER, Daemon, http, run

SITE = "binjiang"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


class _Plain(yaml.emitter.Emitter, yaml.serializer.Serializer, yaml.representer.SafeRepresenter,
             yaml.resolver.BaseResolver):
    """Writes every scalar as it stands, without quotes, as the files are written by hand."""

    def __init__(self, stream, **options):
        options = {name: options[name] for name in ("width", "allow_unicode") if name in options}
        yaml.emitter.Emitter.__init__(self, stream, **options)
        yaml.serializer.Serializer.__init__(self)
        yaml.representer.SafeRepresenter.__init__(self, sort_keys=False)
        yaml.resolver.BaseResolver.__init__(self)

    def ignore_aliases(self, _data):
        return True


def read_yaml(path):
    """Scalars as text, as written: 0x00158d0001a2b3c4 is an id."""
    return yaml.load(path.read_text(), yaml.BaseLoader)


def write_yaml(path, data):
    path.write_text(yaml.dump(data, Dumper=_Plain, width=1000, allow_unicode=True))


def quick(school):
    """The school with an escalation that a test can wait for, and duty that began long ago."""
    school["policies"] = [
        {"id": "fire", "for": {"kind": "fire"},
         "steps": [{"after": "0s", "notify": ["duty:guard"]},
                   {"after": "1s", "notify": ["duty:leader", "zone-owner"]},
                   {"after": "2s", "notify": ["person:sun"]}],
         "repeat": "1s", "resolve_within": "2s"},
        {"id": "fire-confirmed", "for": {"kind": "fire", "severity": "critical"},
         "steps": [{"after": "0s", "notify": ["duty:guard", "duty:leader", "person:sun"]},
                   {"after": "60s", "notify": ["channel:police"]}],
         "repeat": "1m", "resolve_within": "15m"},
        {"id": "other",
         "steps": [{"after": "0s", "notify": ["duty:guard"]},
                   {"after": "60s", "notify": ["duty:leader"]}],
         "repeat": "2m", "resolve_within": "30m"}]
    for post in school["duty"]:
        post["rota"]["from"] = "2020-01-06T08:00"


def on_duty(school, post, at=None):
    """Who is on duty, by the rota alone (weekly ones)."""
    rota = next(p["rota"] for p in school["duty"] if p["id"] == post)
    zone = zoneinfo.ZoneInfo(school["timezone"])
    since = datetime.datetime.fromisoformat(rota["from"]).replace(tzinfo=zone)
    now = at or datetime.datetime.now(zone)
    assert rota["every"] == "1w" and now >= since, "this machine's clock is before the rota"
    return rota["people"][(now - since).days // 7 % len(rota["people"])]


class House:
    def __init__(self, folder, edit_school=quick, edit_service=None, prefix=(), env=(),
                 make_broker=Broker):
        self.bell = Bell()
        self.folder = folder
        self.tampered = False  # by the test, on purpose
        self._numbers = 0
        (folder / "broker").mkdir()
        self.broker = make_broker(folder / "broker", self.bell)
        self.phone = Receiver(self.bell)
        self.devices = Client(self.broker, self.bell)
        self.http_port = free_port()
        self.url = f"http://127.0.0.1:{self.http_port}"
        self.config = folder / "tocsin.yaml"
        self.school_file = folder / "school.yaml"
        self._copy_service()
        if edit_service:
            self.write_service(edit_service)
        self.school = read_yaml(ROOT / "deploy" / "school" / "school.yaml")
        if edit_school:
            self.write_school(edit_school)
        else:  # as it is written, byte for byte
            self.school_file.write_bytes((ROOT / "deploy/school/school.yaml").read_bytes())
        self.daemon = Daemon(self.config, self.url, self.bell, prefix, env)

    def _copy_service(self):
        """The service file of the contract with this house's ports; nothing else is changed."""
        text = (ROOT / "deploy" / "school" / "tocsin.yaml").read_text()
        for port, here in (("1883", self.broker.port), ("8080", self.http_port),
                           ("9000", self.phone.port)):
            text = re.sub(rf"(127\.0\.0\.1:){port}\b", rf"\g<1>{here}", text)
        self.config.write_text(text)
        self.service = read_yaml(self.config)

    def write_service(self, edit):
        """Changes the service file: edit gets it as read."""
        edit(self.service)
        write_yaml(self.config, self.service)

    def write_school(self, edit):
        edit(self.school)
        write_yaml(self.school_file, self.school)

    def close(self):
        """Ends everything; returns what was wrong with the daemon, a line each."""
        wrong = []
        try:
            if self.daemon.process:
                code, took = self.daemon.stop()
                if code != 0:
                    wrong.append(f"the daemon ended with {code} on SIGTERM")
                if took > 5 * SLOWER:
                    wrong.append(f"the daemon took {took:.1f} s to end")
        except Exception as error:  # whatever it is, the rest must end too
            wrong.append(f"the daemon does not end: {error}")
            if self.daemon.process:
                self.daemon.kill()
        self.devices.close()
        self.phone.close()
        self.broker.stop()
        if not self.tampered:  # whatever the test did, its record is whole
            done = run("tocsin", "--config", self.config, "verify", timeout=60)
            if done.returncode == 1 and "cannot read the record" not in done.stderr:
                wrong.append(f"the record: {done.stdout}{done.stderr}")
        return wrong + self.daemon.unexpected()

    def until(self, what, holds, within=10):
        return self.bell.until(what, holds, within * SLOWER)

    def leader(self):
        return on_duty(self.school, "leader")

    def broker_session_rests(self):
        """The daemon has put its session down: the broker keeps what is said."""
        return any(re.search(r"[Cc]lient tocsin .*(closed|disconnect)", line)
                   for line in self.broker.lines)

    # ---- devices ----

    def says(self, device, kind, state="active", committed=True, **more):
        """A native signal. Returns its message id, when the daemon has acknowledged it to the
        device: it is committed."""
        self._numbers += 1
        message = {"id": f"m-{self._numbers}-{time.monotonic_ns()}", "kind": kind, "state": state,
                   **more}
        message = {name: value for name, value in message.items() if value is not None}
        self.sends(device, json.dumps(message).encode())
        if committed and "id" in message:
            self.until_acked(device, message["id"])
        return message.get("id")

    def sends(self, device, payload, site=SITE):
        self.devices.publish(f"tocsin/{site}/device/{device}/event", payload)

    def status(self, device, word):
        self.devices.publish(f"tocsin/{SITE}/device/{device}/status", word.encode(), retain=True)

    def until_acked(self, device, message_id, times=1):
        topic = f"tocsin/{SITE}/device/{device}/ack"
        wanted = {"id": message_id}
        self.until(f"{device} is told that {message_id} is committed", lambda: sum(
            m.topic == topic and json.loads(m.payload) == wanted
            for m in list(self.devices.messages)) >= times)

    # ---- people ----

    def push(self, to, reason, within=10, path=None, **fields):
        """The next push of this kind to this person (or outside line) that was not taken yet;
        fields are compared with its notification's."""
        def fits(request):
            return (not request.taken and request.path in ("/phone", "/backup", "/police")
                    and request.to == to and request.reason == reason
                    and path in (None, request.path)
                    and all(request.notification.get(n) == v for n, v in fields.items()))

        def found():
            return next((r for r in list(self.phone.requests) if fits(r)), None)

        try:
            request = self.until(f"{to} is told: {reason} {fields or ''}", found, within)
        except AssertionError as error:
            raise AssertionError(f"{error}\npushes so far:\n  " + "\n  ".join(
                f"{'  ' if r.taken else '* '}{r}" for r in self.phone.requests)) from None
        request.taken = True
        return request

    def pushes(self, **wanted):
        """All requests so far whose to, reason, path or id are these."""
        return [r for r in list(self.phone.requests)
                if all(getattr(r, name) == value for name, value in wanted.items())]

    # ---- operators ----

    @property
    def token(self):
        return (self.folder / "console.token").read_text().strip()

    def api(self, method, path, body=None, token="", **more):
        """token: "" the admin's, None for none."""
        return http(method, self.url + path, body, self.token if token == "" else token, **more)

    def tocsin(self, *args, code=0):
        """The command; returns its stdout."""
        done = run("tocsin", "--config", self.config, *args)
        assert done.returncode == code, \
            f"tocsin {args} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
        self.stderr = done.stderr
        return done.stdout

    def tocsin_json(self, *args):
        return json.loads(self.tocsin(*args, "--json"))

    def incidents(self, query=""):
        answer = self.api("GET", "/api/v1/incidents" + query)
        assert answer.status == 200, answer
        return answer.json["items"]

    def incident(self, incident_id):
        answer = self.api("GET", f"/api/v1/incidents/{incident_id}")
        assert answer.status == 200, answer
        return answer.json

    def ack(self, incident_id, by="li", **more):
        return self._operation(incident_id, "ack", {"by": by, **more})

    def resolve(self, incident_id, by="li", outcome="real", **more):
        return self._operation(incident_id, "resolve", {"by": by, "outcome": outcome, **more})

    def _operation(self, incident_id, verb, body):
        answer = self.api("POST", f"/api/v1/incidents/{incident_id}/{verb}", body)
        assert answer.status == 200, answer
        return answer.json

    # ---- the record ----

    def log(self, *args, type=None):
        """The ledger's entries, oldest first, as `tocsin log --json` tells them."""
        rows = [json.loads(line) for line in self.tocsin("log", "--json", *args).splitlines()]
        return [row for row in rows if type in (None, row["type"])]
