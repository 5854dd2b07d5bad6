"""SIGHUP: the new files are taken whole, or the old ones stay in force."""

import json
import signal
import subprocess

import pytest
from broker import Broker
from house import SITE, write_yaml
from service import run


def test_sighup_takes_the_new_files(house):
    def another(school):
        school["devices"].append({"id": "smoke-404", "zone": "dorm", "kind": "smoke"})

    house.write_school(another)
    configured = len(house.log("--type", "config"))
    house.daemon.hangup()
    house.until("it is in the record", lambda: len(house.log("--type", "config")) > configured)
    house.says("smoke-404", "smoke")
    assert house.push("qian", "opened").incident["zone"]["id"] == "dorm"


@pytest.mark.smoke
def test_a_bad_file_is_refused_whole_and_the_old_one_stays(house):
    house.daemon.expects_log(r"school\.yaml|config|reload")
    good = house.school_file.read_text()
    house.school_file.write_text(good.replace("kind: smoke", "kind: smoek", 1).replace(
        "id: sos-gate", "id: sos-yard"))
    house.daemon.hangup()
    house.daemon.until_logs(r"school\.yaml:\d+:\d+: ")
    house.says("sos-gate", "panic")
    house.says("smoke-301", "smoke")
    house.push("qian", "opened")
    house.school_file.write_text(good)


@pytest.mark.parametrize("name, edit", [
    ("store.path", lambda s: s["store"].update(path="another.db")),
    ("http.listen", lambda s: s["http"].update(listen="127.0.0.1:1")),
    ("broker.url", lambda s: s["broker"].update(url="mqtt://127.0.0.1:1")),
    ("broker.client_id", lambda s: s["broker"].update(client_id="another")),
], ids=lambda value: value if isinstance(value, str) else "")
def test_what_only_a_restart_changes_is_said_and_nothing_is_changed(house, name, edit):
    house.daemon.expects_log(r"not reloaded")
    good = house.config.read_text()
    house.write_service(edit)
    house.write_school(lambda school: school["devices"].append(
        {"id": "smoke-404", "zone": "dorm", "kind": "smoke"}))
    house.daemon.hangup()
    house.daemon.until_logs(rf"not reloaded: another {name} needs a restart")
    house.says("smoke-301", "smoke")
    house.push("qian", "opened")
    house.config.write_text(good)  # where the command, too, finds daemon and record
    assert "smoke-404" not in house.tocsin("log", "--json")


# ---- another login ----

class Guarded(Broker):
    """Nobody comes in without a password."""

    login = ("tester", "sesame")

    def settings(self):
        self.accounts = self.folder / "accounts"
        if not self.accounts.exists():
            self.accounts.touch()
            self.set_password("tester", "sesame")
            self.set_password("tocsin", "the-first")
        return super().settings().replace("allow_anonymous true", "allow_anonymous false") + \
            f"\npassword_file {self.accounts}\n"

    def set_password(self, name, password):
        subprocess.run(["mosquitto_passwd", "-b", self.accounts, name, password], check=True,
                       capture_output=True)
        self.accounts.chmod(0o644)

    def reload(self):
        self.process.send_signal(signal.SIGHUP)


@pytest.fixture
def guarded(build_house):
    def login(service):
        service["broker"].update(username="tocsin", password_file="broker.password")

    house = build_house(start=False, make_broker=Guarded, edit_service=login)
    change_password(house, "the-first")
    house.daemon.start()
    return house


def change_password(house, password):
    file = house.folder / "broker.password"
    file.write_text(password + "\n")
    file.chmod(0o600)


def test_another_login_is_used_at_once_and_nothing_is_lost_by_it(guarded):
    house = guarded
    house.daemon.expects_log("no connection to the broker: .*(username or password|authorised)")
    change_password(house, "the-second")
    house.daemon.hangup()
    house.daemon.until_logs("another login at the broker: connecting anew")
    house.daemon.until_logs("no connection to the broker: .*(username or password|authorised)")
    house.says("smoke-301", "smoke", committed=False)  # the broker keeps it for the session
    assert house.api("GET", "/readyz").status == 503
    house.broker.set_password("tocsin", "the-second")
    house.broker.reload()
    house.push("qian", "opened")
    house.daemon.until_ready()
    gone, back = house.log(type="broker.disconnected"), house.log(type="broker.connected")
    assert [row["data"]["why"] for row in gone] == ["another login"]
    assert back[-1]["data"] == {"session_kept": True}
    assert not any("the-second" in line for line in house.daemon.lines)


def test_the_same_login_leaves_the_session_alone(guarded):
    house = guarded
    house.write_school(lambda school: school.update(name="另一所中学"))
    house.daemon.hangup()
    house.daemon.until_logs("configuration reloaded")
    house.says("smoke-301", "smoke")
    house.push("qian", "opened")
    assert len(house.log(type="broker.connected")) == 1 and not house.log(type="broker.disconnected")


# ---- another list of sites ----

def reload(house, word="configuration reloaded"):
    seen = len(house.daemon.lines)
    house.daemon.hangup()
    house.until(word, lambda: any(word in line for line in house.daemon.lines[seen:]))
    house.daemon.until_ready()  # the broker has confirmed what it is asked for


def write_site(house, name, **more):
    write_yaml(house.folder / f"{name}.yaml", {**house.school, "site": name, **more})


def lists(house, *names):
    house.write_service(lambda service: service.update(sites=[f"{name}.yaml" for name in names]))


def smoke(house, site, number, state="active"):
    house.sends("smoke-301", json.dumps(
        {"id": f"{site}-{number}", "kind": "smoke", "state": state}).encode(), site=site)


def record(house, site):
    return [row for row in house.log() if row["site"] == site and row["type"] != "checkpoint"]


def types(house, site):
    return [row["type"] for row in record(house, site)]


def test_a_site_more_is_served_without_a_restart(house):
    house.says("smoke-301", "smoke")
    house.push("qian", "opened")
    write_site(house, "plant")
    lists(house, "plant", "school")
    reload(house)
    smoke(house, "plant", 1)
    push = house.push("qian", "opened")
    assert push.incident["site"] == "plant"
    assert types(house, "plant")[:3] == ["config", "key", "service.started"]
    assert record(house, "plant")[2]["data"]["after"] == "first start"
    assert house.ack(push.incident["id"])["owner"] == "li"
    house.says("smoke-302", "smoke")
    assert house.push("sun", "raised").incident["site"] == SITE
    assert [one["id"] for one in house.api("GET", "/api/v1/status").json["sites"]] == \
        ["plant", SITE]
    house.daemon.stop()
    house.daemon.start()
    assert types(house, "plant").count("service.started") == 2


def test_a_site_less_stays_in_the_record_and_comes_back_as_it_was(build_house):
    house = build_house(start=False)
    house.daemon.expects_log("site 'plant' is served no longer: its 1 open incident")
    write_site(house, "plant")
    lists(house, "school", "plant")
    house.daemon.start()
    smoke(house, "plant", 1)
    incident = house.push("qian", "opened").incident["id"]
    lists(house, "school")
    reload(house)
    house.daemon.until_logs("site 'plant' is served no longer: its 1 open incident, and what it "
                            "switched on, stay as they are")
    assert types(house, "plant")[-1] == "service.stopped"
    assert house.incident(incident)["state"] == "open"
    smoke(house, "plant", 2)  # nobody listens there
    house.says("sos-gate", "panic")
    house.push("qian", "opened")
    answer = house.api("POST", f"/api/v1/incidents/{incident}/ack", {"by": "li"})
    assert answer.status in (404, 409), answer
    seen = len(record(house, "plant"))
    assert house.tocsin("verify")
    lists(house, "school", "plant")
    reload(house)
    back = house.push("sun", "escalated")  # what fell due meanwhile comes at once
    assert back.incident["id"] == incident
    rows = record(house, "plant")[seen:]
    assert rows[0]["type"] == "service.started" and rows[0]["data"]["after"] == "stop"
    house.ack(incident)
    house.resolve(incident)


def test_a_renamed_site_is_another_one(house):
    house.write_school(lambda school: school.update(site="another"))
    reload(house)
    smoke(house, "another", 1)
    assert house.push("qian", "opened").incident["site"] == "another"
    assert types(house, SITE)[-1] == "service.stopped"


def test_a_refused_list_changes_nothing(house):
    house.daemon.expects_log("not reloaded|unknown key|plant.yaml")
    write_site(house, "plant", nonsense="1")
    lists(house, "school", "plant")
    reload(house, "not reloaded: the files are wrong; the old one stays in force")
    house.says("smoke-301", "smoke")
    house.push("qian", "opened")
    assert {row["site"] for row in house.log()} == {SITE}
    lists(house, "school")


# ---- tokens ----

def test_a_token_is_made_only_when_it_counts(house):
    house.daemon.expects_log("not reloaded|cannot be made")
    listen = house.service["http"]["listen"]
    old = house.token
    (house.folder / "console.token").unlink()
    house.write_service(lambda service: service["http"].update(listen="127.0.0.1:1"))
    reload(house, "not reloaded: another http.listen needs a restart")
    assert not (house.folder / "console.token").exists()
    assert house.api("GET", "/api/v1/status", token=old).status == 200
    house.write_service(lambda service: service["http"].update(listen=listen))
    (house.folder / "taken").write_text("")
    house.write_service(lambda service: service["http"]["tokens"].append(
        {"name": "more", "role": "viewer", "token_file": "/proc/none/more.token"}))
    reload(house, "not reloaded: a token cannot be made")
    house.daemon.until_logs("tocsin.yaml:.*'token_file' cannot be made")
    assert house.api("GET", "/api/v1/status", token=old).status == 200
    house.write_service(lambda service: service["http"]["tokens"].pop())
    reload(house)
    assert house.api("GET", "/api/v1/status", token=old).status == 401
    assert house.api("GET", "/api/v1/status").status == 200


def test_the_folder_of_a_token_is_made_too(build_house):
    house = build_house(start=False, edit_service=lambda service: service["http"]["tokens"].append(
        {"name": "more", "role": "viewer", "token_file": "secrets/of/more.token"}))
    assert run("tocsind", "--config", house.config, "--check").returncode == 0
    house.daemon.start()
    made = house.folder / "secrets/of/more.token"
    assert [oct(path.stat().st_mode & 0o777) for path in (made.parent, made)] == ["0o700", "0o600"]
    assert house.api("GET", "/api/v1/status", token=made.read_text().strip()).status == 200
