"""Real counterparts: what Tocsin sends is understood by programs that nobody here wrote."""

import json
import os
import pathlib
import shutil
import subprocess
import urllib.request

import pytest
from broker import free_port
from house import SECRET, quick
from service import ROOT

NODE = pathlib.Path(os.environ.get("TOCSIN_BUILD", ROOT / "build")) / "counterparts"
VERIFY = """
import { Webhook } from "standardwebhooks";
let input = "";
for await (const chunk of process.stdin) input += chunk;
const { secret, body, headers } = JSON.parse(input);
try { new Webhook(secret).verify(body, headers); console.log("good"); }
catch (error) { console.log("refused: " + error.message); }
"""


@pytest.fixture(scope="module")
def standard_webhooks():
    """The reference library of Standard Webhooks says what it thinks of a request."""
    if not (NODE / "node_modules" / "standardwebhooks").exists():
        NODE.mkdir(parents=True, exist_ok=True)
        subprocess.run([shutil.which("npm"), "install", "--silent", "--no-audit", "--no-fund",
                        "--prefix", str(NODE), "standardwebhooks@1.0.0"], check=True, timeout=120)
    script = NODE / "verify.mjs"
    script.write_text(VERIFY)

    def verify(request, body=None):
        asked = {"secret": SECRET, "body": (body or request.body).decode(),
                 "headers": request.headers}
        return subprocess.run([shutil.which("node"), str(script)], input=json.dumps(asked),
                              text=True, capture_output=True, check=True,
                              timeout=60).stdout.strip()

    return verify


def test_the_reference_library_verifies_our_signature(house, standard_webhooks):
    house.says("smoke-301", "smoke")
    push = house.push("qian", "opened")
    assert standard_webhooks(push) == "good"
    assert standard_webhooks(push, push.body.replace(b"major", b"minor")).startswith("refused")


H2 = """
import http2 from "node:http2";
import fs from "node:fs";
const server = http2.createSecureServer({ allowHTTP1: true,
  key: fs.readFileSync(process.argv[2]), cert: fs.readFileSync(process.argv[3]) },
  (request, response) => {
    console.log(request.httpVersion + " " + request.socket.remotePort + " " + request.url);
    request.resume();
    request.on("end", () => response.end("ok"));
  });
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
"""


def test_http2_is_spoken_where_it_is_offered_and_the_connection_kept(build_house, tmp_path):
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1", "-subj", "/CN=h2",
                    "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out",
                    certificate], check=True, capture_output=True)
    script = tmp_path / "h2.mjs"
    script.write_text(H2)
    server = subprocess.Popen([shutil.which("node"), script, key, certificate],
                              stdout=subprocess.PIPE, text=True)
    try:
        port = int(server.stdout.readline())

        def service(file):
            file["channels"][0].update(url=f"https://127.0.0.1:{port}/phone",
                                       ca_file=str(certificate))

        house = build_house(edit_service=service)
        house.says("smoke-301", "smoke")
        first = server.stdout.readline().split()
        house.until("the answer has come", lambda: house.log(type="delivery"))
        house.resolve(house.incidents()[0]["id"])
        second = server.stdout.readline().split()
        assert first[0] == second[0] == "2.0" and first[2] == "/phone"
        assert first[1] == second[1]  # the same connection
    finally:
        server.kill()
        server.wait()


class Alertmanager:
    def __init__(self, folder):
        self.folder, self.port = folder, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        (folder / "alertmanager.yml").write_text(
            "route: {receiver: none}\nreceivers: [{name: none}]\n")
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            [shutil.which("prometheus-alertmanager") or "/usr/bin/prometheus-alertmanager",
             f"--config.file={self.folder}/alertmanager.yml",
             f"--storage.path={self.folder}/alertmanager",
             f"--web.listen-address=127.0.0.1:{self.port}",
             "--cluster.listen-address="], stderr=subprocess.DEVNULL)

    def shows(self):
        try:
            with urllib.request.urlopen(self.url + "/api/v2/alerts", timeout=5) as answer:
                return {alert["labels"]["alertname"]: alert for alert in json.load(answer)}
        except OSError:
            return None

    def close(self):
        self.process.terminate()
        self.process.wait(10)


def test_alertmanager_shows_the_alert_until_its_end(build_house, tmp_path_factory):
    alertmanager = Alertmanager(tmp_path_factory.mktemp("alertmanager"))

    def service(file):
        file["channels"].append({"id": "am", "type": "alertmanager", "url": alertmanager.url,
                                 "resend": "1s"})

    def school(file):
        quick(file)
        file["policies"] = [{"id": "all", "repeat": "10m", "resolve_within": "30m", "steps": [
            {"after": "0s", "notify": ["person:qian", "channel:am"]}]}]

    try:
        house = build_house(edit_school=school, edit_service=service)
        house.until("alertmanager answers", lambda: alertmanager.shows() is not None, 20)
        house.says("smoke-301", "smoke")
        alert = house.until("alertmanager shows the fire",
                            lambda: (alertmanager.shows() or {}).get("tocsin_fire"))
        assert alert["labels"]["severity"] == "major" and alert["labels"]["zone"] == "dorm-3f"
        assert "火警" in alert["annotations"]["summary"]
        assert alert["status"]["state"] == "active"
        house.ack(house.incidents()[0]["id"])
        for restarts_too in (False, True):  # what somebody works on is not forgotten there
            if restarts_too:
                house.daemon.kill()
            alertmanager.close()
            alertmanager.start()
            if restarts_too:
                house.daemon.start()
            house.until("alertmanager shows the fire again",
                        lambda: "tocsin_fire" in (alertmanager.shows() or {}), 20)
        house.resolve(house.incidents()[0]["id"])
        house.until("alertmanager shows it no more", lambda: alertmanager.shows() == {})
    finally:
        alertmanager.close()
