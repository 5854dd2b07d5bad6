"""What people do, from outside: answering, handing over, drilling, silencing, arming."""

import datetime
import json

from house import quick


def test_help_is_a_call_for_the_next_step(house):
    house.says("sos-gate", "panic")
    incident = house.push("qian", "opened").incident["id"]
    house.tocsin("reply", incident, "take", "--by", "qian")
    house.tocsin("reply", incident, "need_help", "--by", "qian", "--note", "两人受伤")
    push = house.push(house.leader(), "escalated")
    assert push.incident["owner"] == "qian" and push.incident["state"] == "open"
    assert "请求支援" in push.notification["text"]
    house.tocsin("verify")


def test_an_incident_is_handed_on_once_it_is_accepted(house):
    house.says("sos-gate", "panic")
    incident = house.push("qian", "opened").incident["id"]
    house.tocsin("ack", incident, "--by", "qian")
    house.tocsin("reply", incident, "hand_over", "--to", "sun", "--by", "qian")
    link = house.push("sun", "handover").json["data"]["ack_url"]
    waiting = house.tocsin_json("handover")["items"]
    assert [item["to"] for item in waiting] == ["sun"]
    house.daemon.kill()
    house.daemon.start()
    assert house.tocsin_json("handover")["items"] == waiting
    house.tocsin("handover", "accept", waiting[0]["id"], "--by", "sun")
    assert house.tocsin_json("show", incident)["owner"] == "sun"
    assert house.tocsin_json("handover")["items"] == []
    assert link


def test_a_drill_is_marked_in_every_message_and_broken_off_by_a_panic(house):
    begun = house.api("POST", "/api/v1/drills",
                      {"zone": "dorm", "kinds": ["fire"], "for": "30m", "by": "sun"})
    assert begun.status == 200, begun
    assert house.push("sun", "drill.started").json["type"] == "drill.started"
    house.says("smoke-301", "smoke")
    push = house.push("qian", "opened")
    assert push.incident["drill"] is True and "【演练】" in push.notification["text"]
    house.says("sos-gate", "panic")
    real = house.push("qian", "opened", step=1, path="/phone")
    assert real.incident["kind"] == "panic" and real.incident["drill"] is False
    told = house.push("zhao", "drill.ended").notification["text"]
    assert f"发生真实警情：{real.incident['id']}" in told and "real alarm" not in told
    assert "仍在报警：smoke-301" in told  # which nobody has reset: it might be real, too
    assert house.tocsin_json("drills", "list")["items"] == []
    (over,) = house.api("GET", "/api/v1/drills?all=true").json["items"]
    assert over["state"] == "ended" and over["incidents"] == [push.incident["id"]]
    house.tocsin("verify")


def test_a_silence_is_listed_ended_and_survives_a_kill(house):
    house.tocsin("silence", "add", "--device", "smoke-301", "--for", "2h", "--by", "li",
                 "--note", "粉刷")
    (silence,) = house.tocsin_json("silence")["items"]
    house.daemon.kill()
    house.daemon.start()
    house.says("smoke-301", "smoke")
    assert house.incidents() == []
    ended = house.api("DELETE", f"/api/v1/silences/{silence['id']}?by=li")
    assert ended.status == 200 and ended.json["hidden"] == 1, ended
    # It still burns: now it is told.
    assert house.push("qian", "opened", within=10).incident["kind"] in ("fire", "trouble")
    assert {i["kind"] for i in house.incidents()} == {"fire", "trouble"}


def test_arming_by_hand_with_a_door_open(house):
    house.says("door-office", "contact")
    refused = house.api("POST", "/api/v1/zones/office/arm", {"by": "li", "note": "提前关门"})
    assert refused.status == 409 and "door-office" in refused.json["detail"]
    house.tocsin("arm", "office", "--by", "li", "--note", "提前关门", "--force")
    house.says("door-office", "contact", "clear")
    house.says("door-office", "contact")
    assert house.push("qian", "opened").incident["kind"] == "intrusion"


def test_a_walk_test_is_recorded_and_pushes_nothing(house):
    house.tocsin("walk-test", "smoke-301", "--by", "qian", "--for", "10m")
    house.says("smoke-301", "smoke")
    untested = [d["id"] for d in house.tocsin_json("devices", "--untested", "1h")["items"]]
    assert "smoke-301" not in untested and "smoke-302" in untested
    assert house.incidents() == []


def test_a_flood_of_lesser_ones_comes_gathered_and_names_each(house):
    """More than ten within ten minutes: one message, in which a machine finds them all again."""
    made = []
    for zone in ("campus", "dorm", "dorm-3f", "gate", "office"):
        for kind in ("water", "tamper", "other"):
            answer = house.api("POST", "/api/v1/incidents", {
                "site": "binjiang", "zone": zone, "kind": kind, "severity": "minor", "by": "li"})
            made.append(answer.json["id"])
    digest = house.push("qian", "digest", within=20)
    assert digest.json["type"] == "digest" and digest.json["data"]["incident"] is None
    told = [request.incident["id"] for request in house.phone.requests
            if request.incident and request.to == "qian"]
    assert sorted(told) + [one["id"] for one in digest.json["data"]["incidents"]] == made
    assert len(told) == 10 and digest.json["data"]["incidents_omitted"] == 0


def test_of_a_flood_the_lesser_ones_come_together_and_a_kill_loses_none(house):
    """Ten come one by one; the rest, and only the rest, in one message a few seconds later."""
    ids = []
    for zone in ("campus", "dorm", "dorm-3f", "gate", "office"):
        for kind in ("water", "other", "tamper"):
            done = house.api("POST", "/api/v1/incidents", {
                "zone": zone, "kind": kind, "severity": "minor", "by": "sun", "note": "雨大"})
            assert done.status == 201, done
            ids.append(done.json["id"])
    house.daemon.kill()
    house.daemon.start()
    digest = house.push("qian", "digest", within=15)
    assert digest.json["type"] == "digest"
    told = [i for i in ids if i in digest.notification["text"]]
    assert told == ids[10:]
    one_by_one = {r.incident["id"] for r in house.pushes(to="qian", reason="opened")}
    assert one_by_one == set(ids[:10])
    house.says("sos-gate", "panic")
    assert house.push("qian", "opened", within=3, step=1).incident["kind"] in ("panic", "water",
                                                                            "other", "tamper")


def test_the_next_shift_takes_over_with_one_tap(house):
    """Nobody has an incident to hand over, but something is silenced: the next one must know."""
    house.tocsin("silence", "add", "--zone", "gate", "--kind", "perimeter", "--for", "2h",
                 "--by", "li", "--note", "围墙维修")
    now = datetime.datetime.now(datetime.timezone.utc)
    done = house.api("POST", "/api/v1/duty/overrides", {
        "post": "guard", "people": ["sun"], "from": now.isoformat(),
        "to": (now + datetime.timedelta(hours=2)).isoformat(), "by": "li"})
    assert done.status == 200, done
    push = house.push("sun", "shift")
    assert push.json["type"] == "duty.handover" and push.incident is None
    assert "围墙维修" in push.notification["text"]
    link = push.json["data"]["ack_url"]
    page = house.api("GET", link[len(house.url):], token=None)
    assert "围墙维修" in page.body.decode()
    assert [h["to"] for h in house.tocsin_json("handover")["items"]] == ["sun"]
    assert house.api("POST", link[len(house.url):], token=None).status == 200
    assert house.tocsin_json("handover")["items"] == []


def owes_a_report(school):
    quick(school)
    school["reporting"] = [
        {"id": "oral", "name": "首报", "to": "区教育局", "within": "3s", "remind": "2s",
         "tell": ["duty:leader"]},
        {"id": "written", "name": "书面报告", "to": "区教育局", "within": "1h",
         "tell": ["duty:leader"]}]


def test_a_report_upward_is_reminded_of_late_and_made(build_house):
    house = build_house(edit_school=owes_a_report)
    house.says("sos-gate", "panic")
    reminder = house.push(house.leader(), "report_due")
    assert reminder.json["type"] == "report.due" and "首报" in reminder.notification["text"]
    house.daemon.kill()
    house.daemon.start()
    assert "区教育局" in house.push(house.leader(), "report_late").notification["text"]
    written, oral = house.tocsin_json("reporting")["items"]
    house.tocsin("reporting", "made", oral["id"], "--by", "li", "--to", "值班室王科长")
    made = house.api("POST", f"/api/v1/reporting/{written['id']}/made", {"by": "li"})
    assert made.status == 200 and made.json["end"] == "made in time", made
    assert house.api("POST", f"/api/v1/reporting/{written['id']}/made", {"by": "li"}).status in (
        404, 409)
    actions = [row["data"]["action"] for row in house.log(type="reporting")]
    assert actions == ["owed", "owed", "reminded", "late", "made late", "made"]
    (late,) = [row for row in house.log(type="reporting") if row["data"]["action"] == "made late"]
    assert late["by"] == "li" and late["data"]["what"]["to"] == "值班室王科长"
    assert "首报" in house.tocsin("show", oral["incident"])
    assert house.tocsin_json("reporting")["items"] == []
    listed = house.tocsin("reporting", "--all")
    assert "ended" in listed and "end made in time" in listed and "end made late" in listed


def has_rules(school):
    quick(school)
    school["devices"].append({"id": "water-3f", "zone": "dorm-3f", "kind": "water"})
    school["devices"].append({"id": "door-back", "zone": "office", "kind": "contact"})
    school["rules"] = [
        {"id": "dorm-water", "match": {"kind": "water", "zone": "dorm"},
         "raise": {"severity": "critical"}},
        {"id": "two-doors", "match": {"kind": "contact", "zone": "office"}, "count": "2",
         "within": "1h", "raise": {"kind": "intrusion"}}]


def test_the_prover_knows_the_rules(build_house):
    house = build_house(edit_school=has_rules)
    ruled = house.tocsin_json("who", "--kind", "water", "--zone", "dorm-3f")
    assert ruled["incident"]["severity"] == "critical" and "dorm-water" in ruled["rule"]
    assert [(r["id"], r["applies"]) for r in ruled["rules"]] == [("dorm-water", "at once")]
    assert house.tocsin_json("who", "--kind", "water", "--zone", "gate")["rules"] == []
    maybe = house.api("GET", "/api/v1/who?kind=contact&zone=office").json["rules"]
    assert [(r["id"], r["applies"], r["count"]) for r in maybe] == [("two-doors", "may", 2)]


def test_the_prover_knows_what_was_changed_by_hand(house):
    def asked(kind, zone, *more):
        plan = house.tocsin_json("who", "--kind", kind, "--zone", zone, *more)
        over_http = house.api("GET", f"/api/v1/who?kind={kind}&zone={zone}&at={plan['at']}").json
        assert over_http == plan
        return plan

    def armed(zone):
        zones = house.api("GET", "/api/v1/zones").json["items"]
        return next(one["armed"] for one in zones if one["id"] == zone)

    assert asked("perimeter", "gate")["incident"] and armed("gate")
    house.tocsin("disarm", "gate", "--for", "2h", "--by", "li", "--note", "roof work")
    plan = asked("perimeter", "gate")
    assert plan["incident"] is None and not plan["zone"]["armed"] and not armed("gate")
    assert plan["zone"]["arming"]["by"] == "li" and "li has disarmed it" in plan["rule"]
    assert "disarmed by hand by 李老师" in house.tocsin("who", "--kind", "perimeter", "--zone", "gate")
    until = datetime.datetime.fromisoformat(plan["zone"]["arming"]["until"][:-1] + "+00:00")
    later = (until + datetime.timedelta(minutes=1)).isoformat()
    after = asked("perimeter", "gate", "--at", later.replace("+00:00", "Z"))
    assert after["incident"]["kind"] == "intrusion" and "stands until its own end" in after["assumes"]
    assert asked("panic", "gate")["incident"], "a panic asks for no arming"

    house.tocsin("silence", "add", "--zone", "dorm", "--kind", "smoke", "--for", "1h",
                 "--by", "li", "--note", "painting")
    plan = asked("smoke", "dorm-3f")
    assert plan["incident"] is None and plan["silence"]["note"] == "painting"
    assert asked("call_point", "dorm-3f")["silence"] is None, "a certain fire is never silenced"

    told = asked("call_point", "dorm-3f")
    assert any(one["id"] == "police" for step in told["steps"] for one in step["recipients"])
    house.tocsin("drills", "start", "--zone", "office,dorm", "--by", "sun")
    told = asked("call_point", "dorm-3f")
    assert told["drill"] and not any(one["id"] == "police" for step in told["steps"]
                                     for one in step["recipients"])
    assert told["steps"][1]["skipped"], "nobody else is in it"


def two_words(school):
    quick(school)
    school["second_word"] = "always"


def test_where_the_site_asks_for_it_nobody_resolves_a_panic_as_false_alone(build_house):
    house = build_house(edit_school=two_words)
    house.says("sos-gate", "panic")
    incident = house.push("qian", "opened").incident["id"]
    once = house.resolve(incident, by="li", outcome="false_alarm", note="a hand in a pocket")
    assert once["state"] == "acknowledged"
    assert once["doubted_by"] == once["owner"] == "li"
    again = house.tocsin("resolve", incident, "--by", "li", "--outcome", "false_alarm",
                         "--note", "a hand in a pocket")
    assert "waits for a second person's word" in again
    house.tocsin("resolve", incident, "--by", "qian", "--outcome", "false_alarm",
                 "--note", "I was there")
    assert house.incident(incident)["outcome"] == "false_alarm"
    house.tocsin("verify")


def test_a_drill_leaves_a_report_of_who_answered_when(house):
    house.tocsin("drills", "start", "--zone", "dorm,gate", "--kind", "fire,gas", "--for", "30m",
                 "--by", "sun")
    (drill,) = house.tocsin_json("drills", "list")["items"]
    assert drill["zones"] == ["dorm", "gate"] and drill["kinds"] == ["fire", "gas"]
    house.says("smoke-301", "smoke")
    incident = house.push("qian", "opened").incident["id"]
    house.tocsin("ack", incident, "--by", "qian")
    house.tocsin("drills", "end", drill["id"], "--by", "sun")
    url = f"/api/v1/drills/{drill['id']}/report"
    while_it_goes_on = house.api("GET", f"{url}?format=json").json
    house.tocsin("verify", "--head",
                 f"{while_it_goes_on['ledger']['seq']}:{while_it_goes_on['ledger']['head']}")
    assert house.api("GET", "/api/v1/drills/x-drill-9/report").status == 404
    house.daemon.stop()  # what was still on its way is in the record now
    report = json.loads(house.tocsin("report", drill["id"], "--format", "json"))
    assert [i["id"] for i in report["incidents"]] == [incident]
    first = report["people"][0]
    assert first["id"] == "qian" and first["how"] == "ack" and first["answered_after_ms"] > 0
    assert while_it_goes_on["people"][0]["answered_at"] == first["answered_at"]
    assert report["report"] == "drill" and report["ledger"]["seq"] == house.log()[-1]["seq"]
    page = house.tocsin("report", drill["id"])
    assert report["ledger"]["head"] in page
    assert "演练报告" in page and "宿舍、西大道围墙" in page
    assert "钱师傅" in house.tocsin("report", drill["id"], "--format", "csv")


def test_what_nobody_did_in_a_drill_is_null_in_its_report(house):
    house.tocsin("drills", "start", "--zone", "dorm", "--by", "sun")
    house.says("smoke-301", "smoke")
    (drill,) = house.tocsin_json("drills", "list")["items"]
    (incident,) = house.tocsin_json("report", drill["id"])["incidents"]
    assert incident["acknowledged_ms"] is None


def test_incidents_of_a_drill_are_counted_apart(house):
    house.tocsin("drills", "start", "--zone", "dorm", "--for", "30m", "--by", "sun")
    house.says("smoke-301", "smoke")
    house.push("qian", "opened")
    metrics = house.api("GET", "/metrics", token=None).body.decode()
    assert 'tocsin_incidents_open{site="binjiang",severity="major"} 0' in metrics
    assert "tocsin_drill_incidents_open 1" in metrics
