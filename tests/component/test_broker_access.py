"""The broker as deploy/mosquitto sets it up: who may say and read what, whose certificate is
believed, a branch behind a bridge. Certificates by deploy/make-certs, accounts by
deploy/add-device, both as a person would use them."""

import atexit
import os
import pathlib
import re
import resource
import shutil
import sqlite3
import ssl
import subprocess
import tempfile

import paho.mqtt.client as mqtt
import pytest
from broker import Broker, free_port
from house import SITE, read_yaml
from service import ROOT, SLOWER, program, run

DEVICES = {"smoke-301": ("dorm-3f", "smoke"), "sos-gate": ("gate", "panic")}


def make_certs(folder, *words):
    subprocess.run([ROOT / "deploy" / "make-certs", folder, *words], check=True,
                   capture_output=True, timeout=60)


def add_device(folder, *words, code=0):
    done = subprocess.run([ROOT / "deploy" / "add-device", "--folder", folder, *words],
                          capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    found = re.search(r"^  password +(\S+)$", done.stdout, re.MULTILINE)
    return found[1] if found else done.stdout + done.stderr


_made = {}


def safe_copy(folder):
    """Certificates and accounts are made once, as that takes its seconds."""
    if not _made:
        first = _made["safe"] = pathlib.Path(tempfile.mkdtemp(prefix="tocsin-safe-"))
        atexit.register(shutil.rmtree, first)
        make_certs(first, "ca", "滨江中学")
        make_certs(first, "server", "localhost", "127.0.0.1")
        passwords = _made["passwords"] = {
            name: add_device(first, "--service", name, "--topics", "homeassistant/#", "--topics",
                             "hall/siren/set", "--no-qr")
            for name in ("tocsin", "tester", "second", "watcher")}
        for device, (zone, kind) in DEVICES.items():
            passwords[device] = add_device(first, "--site", SITE, "--zone", zone, "--kind", kind,
                                           device)
        passwords["siren"] = add_device(first, "--listens", "siren")
        passwords["z2m"] = add_device(first, "--topics", "zigbee2mqtt/#", "z2m")
    shutil.copytree(_made["safe"], folder)
    return _made["passwords"]


class SecureBroker(Broker):
    """deploy/mosquitto/tocsin.conf, with this test's folder and ports."""

    def __init__(self, folder, bell):
        self.safe = folder / "tocsin"
        self.tls_port, self.mutual_port = free_port(), free_port()
        self.passwords = safe_copy(self.safe)
        self.login = ("tester", self.passwords["tester"])
        super().__init__(folder, bell)

    def settings(self):
        text = (ROOT / "deploy" / "mosquitto" / "tocsin.conf").read_text()
        for port, here in ((1883, self.port), (8883, self.tls_port), (8884, self.mutual_port)):
            text = re.sub(rf"^listener {port}\b", f"listener {here}", text, flags=re.MULTILINE)
        return text.replace("/etc/mosquitto/tocsin", str(self.safe))


class Stranger:
    """Somebody at the broker's door, with what he has."""

    def __init__(self, broker, account, password=None, cert=None, client_id="", clean=True,
                 plain=False):
        self.bell = broker.bell
        self.code = self.granted = self.gone = None
        self.messages = []
        self.taken = set()
        self.client = mqtt.Client(client_id=client_id, clean_session=clean)
        port = broker.port if plain else broker.mutual_port if cert else broker.tls_port
        context = ssl.create_default_context(cafile=str(broker.safe / "ca.pem"))
        if cert:
            context.load_cert_chain(f"{cert}.pem", f"{cert}.key")
        if not plain:
            self.client.tls_set_context(context)
        if password:
            self.client.username_pw_set(account, password)
        for event in ("connect", "subscribe", "message", "publish", "disconnect"):
            setattr(self.client, f"on_{event}", getattr(self, f"_on_{event}"))
        try:
            self.client.connect("localhost", port)
            while self.code is None and not self.gone:
                self.gone = self.client.loop(1) or None
        except OSError as error:  # TLS 1.3 tells a client of a bad certificate at its first read
            self.gone = error
        if self.code == 0:
            self.client.loop_start()

    def _note(self):
        self.bell.ring()

    def _on_connect(self, _client, _data, _flags, code):
        self.code = code
        self._note()

    def _on_subscribe(self, *_args):
        self.granted = True
        self._note()

    def _on_message(self, _client, _data, message):
        self.messages.append((message.topic, message.payload))
        self._note()

    def _on_publish(self, _client, _data, number):
        self.taken.add(number)
        self._note()

    def _on_disconnect(self, _client, _data, code):
        self.gone = code
        self._note()

    def hears(self, topic):
        self.granted = None
        self.client.subscribe(topic, 1)
        self.bell.until("the subscription is answered", lambda: self.granted)

    def tries(self, topic, payload, retain=False):
        """Returns when the broker has been through it: it has answered what came after, or (as this
        mosquitto does with who says what he may not) has ended the connection."""
        self.granted = None
        self.client.publish(topic, payload, qos=0, retain=retain)
        self.client.subscribe("nothing/is/here")
        self.bell.until("the broker answers", lambda: self.granted or self.gone)

    def says(self, topic, payload):
        number = self.client.publish(topic, payload, qos=1).mid
        self.bell.until("the broker answers", lambda: number in self.taken, 10 * SLOWER)

    def close(self):
        if self.code == 0:
            self.client.disconnect()
            self.client.loop_stop()


def with_account(service):
    service["broker"] |= {"username": "tocsin", "password_file": "broker.password",
                          "own_accounts": "true"}


@pytest.fixture
def secure(build_house):
    house = build_house(start=False, make_broker=SecureBroker, edit_service=with_account)
    password = house.folder / "broker.password"
    password.write_text(house.broker.passwords["tocsin"] + "\n")
    password.chmod(0o600)
    house.daemon.start()
    house.strangers = []

    def stranger(account, **more):
        if "cert" not in more:
            more.setdefault("password", house.broker.passwords.get(account, "guessed"))
        house.strangers.append(Stranger(house.broker, account, **more))
        return house.strangers[-1]

    house.stranger = stranger
    yield house
    for one in house.strangers:
        one.close()


SMOKE = b'{"id": "one", "kind": "smoke", "state": "active"}'


def test_a_device_speaks_for_itself_and_hears_that_it_was_heard(secure):
    device = secure.stranger("smoke-301")
    device.hears(f"tocsin/{SITE}/device/smoke-301/ack")
    device.says(f"tocsin/{SITE}/device/smoke-301/event", SMOKE)
    secure.push("qian", "opened")
    secure.until("it is acknowledged to the device", lambda: (
        f"tocsin/{SITE}/device/smoke-301/ack", b'{"id":"one"}') in device.messages)


def test_a_stolen_account_speaks_for_nobody_else_and_reads_no_incident(secure):
    secure.says("sos-gate", "panic")
    secure.push("qian", "opened")
    # He tries every topic of others, listens to all there is, and then says something of his own.
    for topic in (f"tocsin/{SITE}/device/smoke-302/event", f"tocsin/{SITE}/device/sos-gate/event",
                  f"tocsin/{SITE}/device/sos-gate/status", f"tocsin/{SITE}/incident/x",
                  "tocsin/plant/device/smoke-302/event", "zigbee2mqtt/office_smoke",
                  f"tocsin/{SITE}/device/smoke-301/ack", f"tocsin/{SITE}/ledger/head",
                  "tocsin/service/tocsin/status", f"tocsin/{SITE}/device/smoke-301/event/x"):
        thief = secure.stranger("smoke-301", client_id="tocsin", clean=False)
        thief.tries(topic, SMOKE, retain=True)
        thief.close()
    thief = secure.stranger("smoke-301", client_id="tocsin", clean=False)
    thief.hears("#")
    thief.says(f"tocsin/{SITE}/device/smoke-301/event", SMOKE)
    secure.until("his own device is heard", lambda: len(secure.incidents()) == 2)
    assert [r["device"] for r in secure.log() if r["type"] in ("signal", "rejected")] == [
        "sos-gate", "smoke-301"]
    assert not [r for r in secure.log() if r["type"].startswith("device.")]
    secure.until("his own acknowledgement is all he reads", lambda: thief.messages)
    assert {topic for topic, _ in thief.messages} == {f"tocsin/{SITE}/device/smoke-301/ack"}
    # Nor is Tocsin's session his by its name: it never lost it.
    assert [r["type"] for r in secure.log() if r["type"].startswith("broker.")] == [
        "broker.connected"]
    assert thief.gone is None


@pytest.mark.parametrize("account, topic, may_say", [
    ("siren", f"tocsin/{SITE}/device/smoke-301/event", False),
    ("z2m", f"tocsin/{SITE}/device/smoke-301/event", False),
    ("z2m", "zigbee2mqtt/of/no/house", True),
    ("second", "homeassistant/sensor/x/config", True),
    ("second", "hall/siren/set", True),
    ("second", "hall/door/set", False),
    # As a device of its own name, which is none of the house's, any account may speak.
    ("siren", f"tocsin/{SITE}/device/siren/event", True),
    ("z2m", f"tocsin/{SITE}/device/z2m/status", True),
    ("sos-gate", f"tocsin/{SITE}/device/sos-gate/status", True)])
def test_what_other_accounts_may_say(secure, account, topic, may_say):
    watcher = secure.stranger("watcher")
    watcher.hears("#")
    if topic.endswith(f"device/{account}/status"):
        secure.daemon.expects_log(f"unknown device '{account}'")
    speaker = secure.stranger(account)
    speaker.tries(topic, b"online")
    watcher.says("tocsin/end", b"")
    secure.until("the end", lambda: ("tocsin/end", b"") in watcher.messages)
    assert ((topic, b"online") in watcher.messages) is may_say
    if topic.endswith("siren/event"):
        secure.daemon.expects_log("message of 'siren' rejected")
        speaker.says(topic, SMOKE)
        # What means fire is heard from strangers too, and as one's: it proves no device alive.
        (raised,) = secure.until("it is a stranger's", secure.incidents)
        (told,) = secure.log(type="device.stranger")
        assert (told["device"], told["incident"]) == ("siren", raised["id"])
        assert not secure.log(type="signal")
    elif account == "siren":
        speaker.close()
        speaker = secure.stranger(account)
        speaker.hears("#")
        incident = secure.api("POST", "/api/v1/incidents", {
            "site": SITE, "zone": "gate", "kind": "panic", "severity": "critical", "by": "li"})
        topic = f"tocsin/{SITE}/incident/{incident.json['id']}"
        secure.until("the siren hears of the incident", lambda: topic in [
            t for t, _ in speaker.messages])
        assert {t for t, _ in speaker.messages} == {topic, "tocsin/service/tocsin/status"}


@pytest.mark.parametrize("clean", [False, True])
def test_nobody_on_the_machine_itself_takes_what_waits_for_tocsin(secure, clean):
    """The listener without TLS too: with any account, and Tocsin's client id."""
    secure.daemon.kill()
    said = secure.says("smoke-301", "smoke", committed=False)
    for account in ("smoke-301", "z2m"):
        thief = secure.stranger(account, plain=True, client_id="tocsin", clean=clean)
        assert thief.code == 0
        thief.hears("nothing/is/here")  # whatever waits for it has come by then
        thief.close()
        assert not thief.messages
    secure.daemon.start()
    secure.push("qian", "opened")
    secure.until_acked("smoke-301", said)


@pytest.mark.parametrize("account, password", [
    ("smoke-301", "guessed"), ("smoke-301", None), ("nobody", "x"), ("", None)])
def test_nobody_comes_in_without_an_account(secure, account, password):
    assert secure.stranger(account, password=password).code in (4, 5)


def test_with_a_certificate_of_the_house_a_device_needs_no_password(secure):
    broker = secure.broker
    make_certs(broker.safe, "device", "smoke-302")
    device = secure.stranger("smoke-302", cert=broker.safe / "device-smoke-302")
    device.tries(f"tocsin/{SITE}/device/smoke-301/event", SMOKE)  # not his
    device.close()
    device = secure.stranger("smoke-302", cert=broker.safe / "device-smoke-302")
    device.says(f"tocsin/{SITE}/device/smoke-302/event", SMOKE)
    assert [s["device"] for s in secure.push("qian", "opened").incident["signals"]] == ["smoke-302"]
    # Another authority's certificate of the same name, and one that was taken back.
    other = broker.folder / "other"
    make_certs(other, "ca", "滨江中学")
    make_certs(other, "device", "smoke-302")
    assert secure.stranger("smoke-302", cert=other / "device-smoke-302").code is None
    stolen = broker.folder / "stolen"
    for end in (".pem", ".key"):
        stolen.with_suffix(end).write_bytes((broker.safe / f"device-smoke-302{end}").read_bytes())
    make_certs(broker.safe, "revoke", "smoke-302")
    secure.daemon.expects_log("broker")
    device.close()
    broker.stop()
    broker.start()
    assert secure.stranger("smoke-302", cert=stolen).code is None


# ---- whose certificate Tocsin and the sensors believe ----

def dated(folder, name, since, until):
    """A certificate of the house's authority for the broker, of other days than make-certs gives."""
    subprocess.run(f"openssl req -new -key server.key -subj /CN=localhost -out {name}.csr && "
                   f"HOSTS=DNS:localhost,IP:127.0.0.1 openssl ca -batch -notext -config ca.cnf "
                   f"-extensions server -startdate {since} -enddate {until} -in {name}.csr "
                   f"-out {name}.pem", shell=True, check=True, cwd=folder, capture_output=True)


def wrong_host(folder):
    (folder / "server.pem").rename(folder / "good.pem")
    (folder / "server.key").rename(folder / "good.key")
    make_certs(folder, "server", "other.example")


def expired(folder):
    dated(folder, "old", "20200101000000Z", "20210101000000Z")
    (folder / "old.pem").replace(folder / "server.pem")


def self_made(folder):
    subprocess.run("openssl req -x509 -key server.key -days 9 -subj /CN=localhost -addext "
                   "subjectAltName=DNS:localhost,IP:127.0.0.1 -out server.pem", shell=True,
                   check=True, cwd=folder, capture_output=True)


@pytest.fixture
def over_tls(build_house):
    """A house whose daemon logs in as its devices do; not started."""
    def edit(service):
        with_account(service)
        service["broker"] |= {"ca_file": "ca.pem", "url": "mqtts://localhost:8883"}

    house = build_house(start=False, make_broker=SecureBroker, edit_service=edit)
    broker = house.broker
    (house.folder / "broker.password").write_text(broker.passwords["tocsin"])
    (house.folder / "broker.password").chmod(0o600)
    (house.folder / "ca.pem").write_bytes((broker.safe / "ca.pem").read_bytes())
    house.config.write_text(house.config.read_text().replace("localhost:8883",
                                                             f"localhost:{broker.tls_port}"))
    return house


def until_lane_is_open(house):
    """Without it the log says nothing: over TLS it is there with own_accounts only."""
    house.until("the lane is open", lambda: "\ntocsin_up_lane 1\n" in house.api(
        "GET", "/metrics").body.decode(), 30)


def test_with_accounts_of_their_own_all_three_connections_are_there(over_tls):
    house = over_tls
    house.daemon.expects_log("the record cannot be written|no connection to the broker")
    house.daemon.start()
    until_lane_is_open(house)
    house.daemon.until_logs("life-safety devices are heard on a connection of their own")
    house.until("each has its account", lambda: {"tocsin", "tocsin-lane"} <= {
        found[1] for line in house.broker.lines
        if (found := re.search(r"as (\S+) \(.*u'\1'", line))})
    other = sqlite3.connect(house.folder / "tocsin.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    said = [house.says("smoke-301", "smoke", committed=False)]
    house.push("qian", "opened", unlogged=True)
    house.until("the third is there", lambda: any(
        "as tocsin-unlogged " in line for line in house.broker.lines), 30)
    said.append(house.says("sos-gate", "panic", committed=False))
    house.push("qian", "opened", unlogged=True, within=30)
    other.execute("ROLLBACK")
    other.close()
    for device, number in zip(("smoke-301", "sos-gate"), said):
        house.until_acked(device, number)
    assert not any("takes a second connection" in line for line in house.daemon.lines)


def test_where_names_are_ids_a_failing_disk_costs_no_session(over_tls):
    house = over_tls
    house.daemon.expects_log("the record cannot be written|takes a second connection|no connection "
                             "to the broker")
    text = house.config.read_text()
    assert "own_accounts: true" in text
    house.config.write_text(text.replace("own_accounts: true", "own_accounts: false"))
    house.daemon.start()
    other = sqlite3.connect(house.folder / "tocsin.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    said = [house.says("smoke-301", "smoke", committed=False)]
    house.push("qian", "opened", unlogged=True)
    house.daemon.until_logs("takes a second connection for the session")
    said.append(house.says("sos-gate", "panic", committed=False))
    house.push("qian", "opened", unlogged=True, within=30)
    house.daemon.kill()
    other.execute("ROLLBACK")
    other.close()
    house.daemon.start()
    for device, number in zip(("smoke-301", "sos-gate"), said):
        house.until_acked(device, number)
    assert {r["data"]["id"] for r in house.log(type="signal")} == set(said)


@pytest.mark.parametrize("spoil, says", [
    (None, None), (expired, "verify failed"), (wrong_host, "host name verification failed"),
    (self_made, "verify failed")])
def test_only_the_right_certificate_is_believed(over_tls, spoil, says):
    house, broker = over_tls, over_tls.broker
    if spoil:
        spoil(broker.safe)
        broker.stop()
        broker.start()
    device = [program("tocsin-sensor"), "--broker", f"mqtts://localhost:{broker.tls_port}",
              "--ca-file", broker.safe / "ca.pem", "--user", "smoke-301", "--site", SITE,
              "--password-file", house.folder / "device.password", "--device", "smoke-301",
              "--kind", "smoke", "--state", "active", "--wait", "3s" if spoil else "20s"]
    (house.folder / "device.password").write_text(broker.passwords["smoke-301"])
    if not spoil:
        house.daemon.start()
        done = run("tocsin-sensor", *device[1:])
        assert done.returncode == 0, done.stderr
        house.push("qian", "opened")
        return
    house.daemon.expects_log("broker")
    house.daemon.start(ready=False)
    line = house.daemon.until_logs("no connection to the broker: .*")
    assert re.search(says, line, re.IGNORECASE), line
    done = run("tocsin-sensor", *device[1:])
    assert done.returncode == 1 and not any("smoke-301" in line and "connected" in line
                                            for line in broker.lines)
    assert not any(password in "\n".join(house.daemon.lines) + done.stderr
                   for password in broker.passwords.values())


# ---- a branch ----

def test_a_branch_behind_a_bridge_is_heard_and_hears(secure, tmp_path):
    main = secure.broker
    password = add_device(main.safe, "--bridge", SITE)
    # The branch's devices are the site's; at the main broker only the bridge speaks for them.
    subprocess.run(["kill", "-HUP", str(main.process.pid)], check=True)

    class Branch(SecureBroker):
        def settings(self):
            text = (ROOT / "deploy" / "mosquitto" / "bridge.conf").read_text()
            for old, new in (("main.school.example:8883", f"localhost:{main.tls_port}"),
                             ("/etc/mosquitto/tocsin/main-ca.pem", str(main.safe / "ca.pem")),
                             ("change-me", password), ("plant", SITE)):
                text = text.replace(old, new)
            return super().settings() + text

    (tmp_path / "branch").mkdir()
    branch = Branch(tmp_path / "branch", secure.bell)
    try:
        device = Stranger(branch, "sos-gate", branch.passwords["sos-gate"])
        secure.strangers.append(device)
        device.hears(f"tocsin/{SITE}/device/sos-gate/ack")
        device.says(f"tocsin/{SITE}/device/sos-gate/event",
                    b'{"id": "far", "kind": "panic", "state": "active"}')
        secure.push("qian", "opened", within=20)
        secure.until("the acknowledgement comes back over the bridge", lambda: (
            f"tocsin/{SITE}/device/sos-gate/ack", b'{"id":"far"}') in device.messages)
    finally:
        branch.stop()


# ---- the helper ----

def test_the_helper_writes_a_site_file_that_passes(build_house, tmp_path):
    house = build_house(start=False)
    safe = tmp_path / "safe"
    before = house.school_file.read_text()
    add_device(safe, "--site", SITE, "--zone", "gate", "--kind", "contact", "--name", "东门: 左",
               "--site-file", house.school_file, "0x00158d0001a2b3c5")
    done = run("tocsind", "--config", house.config, "--check")
    assert (done.returncode, done.stderr) == (0, "")
    devices = {d["id"]: d for d in read_yaml(house.school_file)["devices"]}
    assert devices["0x00158d0001a2b3c5"]["name"] == "东门: 左"
    after = house.school_file.read_text().splitlines()
    assert [line for line in after if "1a2b3c5" not in line] == before.splitlines()
    # What cannot be is refused, and leaves no account behind.
    for wrong in (["smoke/301"], ["+"], ["#"], ["a:b"], [" x"]):
        add_device(safe, "--site", SITE, "--zone", "gate", "--kind", "contact", *wrong, code=2)
    said = add_device(safe, "--site", SITE, "--zone", "gate", "--kind", "contact",
                      "--site-file", house.school_file, "smoke-301", code=2)
    assert "smoke-301" in said
    assert accounts(safe) == ["0x00158d0001a2b3c5"]
    assert (safe / "accounts").stat().st_mode & 0o077 == 0
    add_device(safe, "--remove", "0x00158d0001a2b3c5")
    assert (safe / "accounts").read_text() == ""


def test_both_settings_of_the_broker_agree_on_what_waits():
    def queue(name):
        text = (ROOT / "deploy" / name).read_text()
        return set(re.findall(r"^(?:persist|autosave|max_queued|max_inflight|message_size|set_tcp)"
                              r"\S* \S+$", text, re.MULTILINE))
    assert queue("mosquitto.conf") == queue("mosquitto/tocsin.conf") and len(queue("mosquitto.conf")) >= 7


def is_believed(folder, certificate):
    """Whether the broker would let it in, by the authority's list."""
    done = subprocess.run(
        ["openssl", "verify", "-crl_check", "-CAfile", folder / "ca.pem", "-CRLfile",
         folder / "revoked.pem", certificate], capture_output=True, text=True, check=False)
    assert done.returncode == 0 or "revoked" in done.stderr, done.stderr
    return done.returncode == 0


@pytest.mark.parametrize("device", ["smoke-301", "烟感 3", "broker.example"])
@pytest.mark.parametrize("is_there", [True, False])
def test_all_of_a_devices_certificates_are_taken_back(tmp_path, device, is_there):
    """The one that was stolen may have been replaced since; the broker's own stays whatever its name."""
    safe = tmp_path / "safe"
    make_certs(safe, "ca", "滨江中学")
    make_certs(safe, "server", "broker.example")
    make_certs(safe, "device", "smoke-3011")
    here = safe / f"device-{device}.pem"
    for name in ("first", "second"):
        make_certs(safe, "device", device)
        (tmp_path / name).write_bytes(here.read_bytes())
        if not is_there or name == "first":
            here.unlink()
    assert is_believed(safe, tmp_path / "first") and is_believed(safe, tmp_path / "second")
    make_certs(safe, "revoke", device)
    assert not is_believed(safe, tmp_path / "first") and not is_believed(safe, tmp_path / "second")
    assert is_believed(safe, safe / "server.pem") and is_believed(safe, safe / "device-smoke-3011.pem")
    assert not here.exists() and not here.with_suffix(".key").exists()
    assert "no certificate of" in refused_certs(safe, "revoke", device)


def refused_certs(folder, *words):
    done = subprocess.run([ROOT / "deploy" / "make-certs", folder, *words], capture_output=True,
                          text=True, check=False, timeout=60)
    assert done.returncode != 0, done.stdout
    return done.stderr


@pytest.mark.parametrize("folder, house", [
    ("safe", ""), ("safe", "x" * 65), ("safe", "a/b"), ("safe", "a\\b"), ("a$b", "x"), ("a#b", "x")])
def test_a_house_that_cannot_be_named_gets_nothing_half_made(tmp_path, folder, house):
    assert "no " in refused_certs(tmp_path / folder, "ca", house)
    assert not os.listdir(tmp_path)


def test_a_name_of_64_characters_is_a_house(tmp_path):
    make_certs(tmp_path, "ca", "滨" * 64)


@pytest.mark.parametrize("device", ["x\\y", "a+b", "a/b", "a=b", "x" * 65])
def test_a_device_whose_certificate_would_be_anothers_is_refused(tmp_path, device):
    make_certs(tmp_path, "ca", "x")
    before = sorted(os.listdir(tmp_path))
    refused_certs(tmp_path, "device", device)
    assert sorted(os.listdir(tmp_path)) == before


@pytest.mark.parametrize("words, breaks", [
    (("ca", "x"), "req"), (("ca", "x"), "ca"), (("server", "localhost"), "req"),
    (("server", "localhost"), "ca"), (("device", "d"), "ca")])
def test_of_what_fails_midway_nothing_is_left(tmp_path, monkeypatch, words, breaks):
    safe, tools = tmp_path / "safe", tmp_path / "tools"
    if words[0] != "ca":
        make_certs(safe, "ca", "x")
        make_certs(safe, "device", "d")
        (safe / "device-d.pem").unlink()  # its key is left until there is another
    key = (safe / "device-d.key").read_bytes() if words[0] == "device" else None
    before = sorted(os.listdir(safe)) if safe.exists() else []
    tools.mkdir()
    (tools / "openssl").write_text(f"#!/bin/sh\n[ \"$1\" = {breaks} ] && echo broken && exit 1\n"
                                   f"exec {shutil.which('openssl')} \"$@\"\n")
    (tools / "openssl").chmod(0o755)
    with monkeypatch.context() as patched:
        patched.setenv("PATH", f"{tools}:{os.environ['PATH']}")
        assert "broken" in refused_certs(safe, *words)
    assert sorted(os.listdir(safe)) == before
    assert key is None or (safe / "device-d.key").read_bytes() == key
    make_certs(safe, *words)


def test_the_secrets_of_the_authority_are_closed(tmp_path):
    safe = tmp_path / "safe"
    make_certs(safe, "ca", "x")
    make_certs(safe, "server", "localhost")
    make_certs(safe, "device", "d")
    for key in ("ca.key", "device-d.key"):
        assert (safe / key).stat().st_mode & 0o077 == 0
    assert (safe / "server.key").stat().st_mode & 0o007 == 0


def accounts(safe):
    return [line.split(":")[0] for line in (safe / "accounts").read_text().splitlines()]


def paragraphs(safe):
    return re.findall(r"^user (.*)$", (safe / "access").read_text(), re.MULTILINE)


SMOKE_9 = ("--site", SITE, "--zone", "gate", "--kind", "smoke", "--signed", "--no-qr", "smoke-9")


@pytest.fixture
def desk(tmp_path):
    """Where a device is added: the broker's lists, a site file."""
    site = tmp_path / "site.yaml"
    site.write_text(f"site: {SITE}   # the school\ndevices:\n  - {{id: x, zone: gate, kind: panic}}\n")
    (tmp_path / "safe").mkdir()
    return tmp_path / "safe", site


def test_tocsins_three_accounts_come_and_go_together(tmp_path):
    safe, three = tmp_path / "safe", ["tocsin", "tocsin-lane", "tocsin-unlogged"]
    said = subprocess.run([ROOT / "deploy/add-device", "--folder", safe, "--service", "tocsin"],
                          capture_output=True, text=True, check=True, timeout=60).stdout
    assert "own_accounts: true" in said and said.count("  password ") == 1
    assert accounts(safe) == paragraphs(safe) == three
    assert (safe / "access").read_text().count("topic read #\n") == 3
    # Nobody else is to have one of these names, nor is Tocsin to have them twice.
    device = ["--site", SITE, "--zone", "gate", "--kind", "smoke", "--certificate"]
    for name in three:
        add_device(safe, *device, name, code=2)
        add_device(safe, "--listens", name, "--certificate", code=2)
        add_device(safe, "--service", name, code=2)
    add_device(safe, "--listens", "hall-lane")
    add_device(safe, "--service", "hall", code=2)
    add_device(safe, "--service", "x" * 60, code=2)
    add_device(safe, "--remove", "--service", "tocsin")
    assert accounts(safe) == paragraphs(safe) == ["hall-lane"]
    add_device(safe, "--remove", "--service", "tocsin", code=2)
    add_device(safe, "--service", "tocsin")
    add_device(safe, "--remove", "tocsin")
    assert accounts(safe) == paragraphs(safe) == ["hall-lane"]
    # A device that happens to have such a name keeps its account.
    add_device(safe, *device[:-1], "--no-qr", "x-lane")
    add_device(safe, "--service", "x", "--certificate")
    add_device(safe, "--remove", "--service", "x")
    assert accounts(safe) == ["hall-lane", "x-lane"]


def test_what_was_added_is_taken_away_by_the_same_words(tmp_path):
    safe = tmp_path / "safe"
    kinds = (["--listens", "siren"], ["--bridge", "plant"], ["--topics", "zigbee2mqtt/#", "z2m"],
             ["--service", "tocsin"])
    for more in ([], ["--certificate"]):
        for words in kinds:
            add_device(safe, *words, *more, "--no-qr")
            assert "already" in add_device(safe, *words, *more, code=2)  # stands once
        assert sorted(set(paragraphs(safe))) == sorted(paragraphs(safe))
        for words in kinds:
            add_device(safe, "--remove", *words)
        assert accounts(safe) == paragraphs(safe) == []
    said = add_device(safe, "--remove", "--bridge", "plant", code=2)
    assert "'bridge-plant'" in said
    assert "missing" in add_device(safe, "--remove", code=2)


@pytest.mark.parametrize("what", ["another site's file", "no list", "is there", "a key in use",
                                  "no program"])
def test_what_cannot_be_added_leaves_nothing_behind(desk, what, monkeypatch):
    safe, site = desk
    words, key = ["--site-file", site, *SMOKE_9], site.parent / "secrets" / "smoke-9.key"
    if what == "another site's file":
        site.write_text(site.read_text().replace(SITE, "plant"))
    elif what == "no list":
        site.write_text(f"site: '{SITE}'\ndevices: []\n")
    elif what == "is there":
        site.write_text(site.read_text().replace("x,", "smoke-9,"))
    elif what == "a key in use":
        key.parent.mkdir()
        key.write_text("in use")
    else:
        tools = site.parent / "tools"
        tools.mkdir()
        (tools / "mosquitto_passwd").symlink_to("/bin/false")
        monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
    before = site.read_text()
    said = add_device(safe, *words, code=1 if what == "no program" else 2)
    assert "password" not in said and "sign_key" not in said
    assert not (safe / "accounts").exists() and not (safe / "access").exists()
    assert site.read_text() == before
    assert key.read_text() == "in use" if what == "a key in use" else not key.exists()


def test_of_a_disk_that_is_full_midway_nothing_is_left(desk):
    safe, site = desk
    (safe / "accounts").write_text("x" * 3000 + ":y\n")  # what the limit below does not let grow
    before = site.read_text()
    done = subprocess.run(
        [ROOT / "deploy/add-device", "--folder", safe, "--site-file", site, *SMOKE_9],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000)),
        capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1 and "too large" in done.stderr and not done.stdout, done
    assert not (site.parent / "secrets" / "smoke-9.key").exists() and site.read_text() == before
    assert sorted(os.listdir(safe)) == [".lock", "accounts"]
    assert len((safe / "accounts").read_text()) == 3003


def test_a_line_that_cannot_be_written_is_shown_to_be_added_by_hand(desk):
    """The site file lies where nothing can be put beside it."""
    safe, site = desk
    with site.open() as file:
        done = subprocess.run(
            [ROOT / "deploy/add-device", "--folder", safe, "--secrets", safe.parent / "secrets",
             "--site-file", f"/dev/fd/{file.fileno()}", *SMOKE_9],
            pass_fds=[file.fileno()], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1 and "by hand" in done.stderr
    assert re.search(r"^  - \{id: smoke-9, .*\}$", done.stdout, re.MULTILINE), done.stdout
    assert "  password " in done.stdout and accounts(safe) == ["smoke-9"]


def test_a_signed_device_asks_for_a_restart_and_another_for_a_reload(desk):
    safe, site = desk
    words = ["--site-file", site, "--site", SITE, "--zone", "gate", "--kind", "smoke", "--no-qr",
             "--certificate"]
    said = add_device(safe, *words, "--signed", "smoke-8")
    assert "systemctl restart tocsind" in said and "systemctl reload" not in said
    assert "systemctl reload tocsind" in add_device(safe, *words, "smoke-7")


def test_who_add_at_the_same_time_lose_none(desk):
    safe, _site = desk
    names = [f"d-{number}" for number in range(6)]
    running = [subprocess.Popen(
        [ROOT / "deploy/add-device", "--folder", safe, "--site", SITE, "--zone", "gate", "--kind",
         "smoke", "--no-qr", name], stdout=subprocess.DEVNULL) for name in names]
    assert [one.wait(60) for one in running] == [0] * 6
    assert sorted(accounts(safe)) == names


def test_an_output_that_is_closed_is_said_and_no_traceback(desk):
    safe, _site = desk
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run([ROOT / "deploy/add-device", "--folder", safe, "--listens", "siren"],
                          stdout=write, stderr=subprocess.PIPE, text=True, check=False, timeout=60)
    os.close(write)
    assert done.returncode == 1 and "could not be shown" in done.stderr
    assert "Traceback" not in done.stderr and "Exception" not in done.stderr, done.stderr
