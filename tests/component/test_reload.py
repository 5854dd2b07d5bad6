"""SIGHUP: the new files are taken whole, or the old ones stay in force."""

import signal
import subprocess

import pytest
from broker import Broker


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
