"""Duty from outside: who is there, what is changed by hand, and what a restart keeps of it."""

import datetime
import re

from house import quick
from service import run

NOW = datetime.datetime.now(datetime.timezone.utc)
SOON = (NOW + datetime.timedelta(days=1)).isoformat(timespec="seconds")
BEFORE = (NOW - datetime.timedelta(hours=1)).isoformat(timespec="seconds")


def leader_now(house):
    posts = house.tocsin_json("duty")["items"]
    return [p["id"] for p in next(p for p in posts if p["id"] == "leader")["people"]]


def test_a_change_by_hand_counts_at_once_and_after_a_restart(house):
    usual = house.leader()
    assert leader_now(house) == [usual]
    house.tocsin("duty", "override", "leader", "--from", BEFORE, "--to", SOON, "--person", "sun",
                 "--by", "zhao", "--why", "生病")
    assert leader_now(house) == ["sun"]
    post = next(p for p in house.api("GET", "/api/v1/duty?week=true").json["items"]
                if p["id"] == "leader")
    assert [p["id"] for p in post["people"]] == ["sun"] and post["week"]
    assert [p["id"] for p in post["next"]] != ["sun"] and post["until"]
    entry = house.log(type="duty")[-1]
    assert (entry["by"], entry["data"]["people"], entry["data"]["note"]) == ("zhao", ["sun"], "生病")
    # An alarm goes to who is there, and the prover knows it.
    told = house.tocsin_json("who", "--kind", "smoke", "--zone", "dorm-3f")
    assert "sun" in [r["id"] for r in told["steps"][1]["recipients"]]
    house.daemon.kill()
    house.daemon.start()
    assert leader_now(house) == ["sun"]
    assert [o["state"] for o in house.api("GET", "/api/v1/duty/overrides").json["items"]] == [
        "active"]
    house.says("smoke-301", "smoke")
    house.push("sun", "escalated", step=2)
    override = house.tocsin_json("duty", "overrides")["items"][0]
    ended = house.api("DELETE", f"/api/v1/duty/overrides/{override['id']}?by=zhao")
    assert (ended.status, ended.json["state"]) == (200, "ended")
    assert leader_now(house) == [usual]


def test_two_change_places(house):
    usual = house.leader()
    other = {"li": "zhao", "zhao": "li"}[usual]
    done = house.api("POST", "/api/v1/duty/overrides", {
        "post": "leader", "from": BEFORE, "to": SOON, "swap": ["li", "zhao"], "by": "sun"})
    assert done.status == 200, done
    assert leader_now(house) == [other]
    house.tocsin("duty", "end", done.json["id"], "--by", "sun")
    assert leader_now(house) == [usual]


def test_what_makes_no_sense_is_refused(house):
    good = {"post": "leader", "from": BEFORE, "to": SOON, "people": ["sun"], "by": "li"}
    for change, said in [({"to": BEFORE}, "ends before it starts"), ({"post": "cook"}, "cook"),
                         ({"people": []}, "people"), ({"people": ["nobody"]}, "nobody"),
                         ({"from": "tomorrow"}, "from: 'tomorrow' is no time"),
                         ({"people": None, "swap": ["li"]}, "swap"), ({"by": "x"}, "x")]:
        body = {name: value for name, value in {**good, **change}.items() if value is not None}
        answer = house.api("POST", "/api/v1/duty/overrides", body)
        assert answer.status == 400 and said in answer.json["detail"], (change, answer)
    assert house.api("DELETE", "/api/v1/duty/overrides/none?by=li").status == 404
    house.tocsin("duty", "override", "leader", code=2)
    assert "--from" in house.stderr


def test_a_bad_rota_leaves_the_old_one_in_force(house):
    usual = house.leader()
    house.daemon.expects_log("an empty list|not reloaded")

    def nobody(school):
        school["duty"][1]["rota"]["people"] = []
    house.write_school(nobody)
    house.daemon.hangup()
    house.daemon.until_logs("the old one stays in force")
    assert house.api("GET", "/api/v1/duty").json["items"][1]["people"][0]["id"] == usual
    done = run("tocsind", "--config", house.config, "--check")
    assert done.returncode == 78 and "the rota's people: an empty list" in done.stderr


def unguarded(school):
    """No guard until 2040, and nobody behind the leader but the principal."""
    quick(school)
    school["duty"][0]["rota"]["from"] = "2040-01-01T08:00"


def test_the_prover_shows_what_an_alarm_then_does(build_house):
    house = build_house(edit_school=unguarded)
    house.daemon.expects_log("nobody is on duty at 'guard' before 2040-01-01 08:00, when its first turn "
                             "begins, and policy 'fire' counts on")
    told = house.tocsin_json("who", "--kind", "smoke", "--zone", "dorm-3f")
    assert told == house.api("GET", "/api/v1/who?kind=smoke&zone=dorm-3f&at=" + told["at"]).json
    first, second, third = told["steps"]
    assert first["skipped"] and not first["recipients"]
    assert not second["skipped"] and second["runs_after_ms"] == 0 and third["runs_after_ms"] == 2000
    assert [t["give_up_after_ms"] for t in second["recipients"][0]["tries"]] == [10000, 2000]
    assert told["if_nobody_answers"] == {"repeats_step": 3, "from_ms": 3000, "every_ms": 1000,
                                         "until": "somebody acknowledges"}
    # And so it comes.
    house.says("smoke-301", "smoke")
    for recipient in second["recipients"]:
        house.push(recipient["id"], "escalated", step=2)
    assert house.log(type="gap")[0]["data"]["step"] == 1
    gaps = house.tocsin_json("who", "--gaps", "--weeks", "3")["items"][0]["items"]
    assert {(g["policy"], g["step"]) for g in gaps} == {("fire", 1), ("other", 1)}
    assert all(len(g["zones"]) == len(house.school["zones"]) for g in gaps)
    assert "step 1 is skipped" in house.tocsin("who", "--gaps")
    done = run("tocsind", "--config", house.config, "--check")
    assert done.returncode == 0 and re.search(
        r"school.yaml:\d+:\d+: warning: nobody is on duty at 'guard'", done.stderr)
