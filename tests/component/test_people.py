"""What people do, from outside: answering, handing over, drilling, silencing, arming."""


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
