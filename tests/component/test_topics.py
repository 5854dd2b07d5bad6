"""What Tocsin says over MQTT: to the device that it has it, to anyone what is going on."""

import json

import pytest
from broker import Client
from house import SITE


def test_the_device_hears_that_its_signal_is_committed(house):
    said = house.says("smoke-301", "smoke")
    message = next(m for m in house.devices.messages if m.topic.endswith("/ack"))
    assert message.topic == f"tocsin/{SITE}/device/smoke-301/ack"
    assert json.loads(message.payload) == {"id": said} and not message.retain
    assert any(row["data"].get("id") == said for row in house.log(type="signal"))


@pytest.mark.smoke
def test_the_incident_is_retained_while_it_is_not_resolved(house):
    house.says("smoke-301", "smoke")
    push = house.push("qian", "opened")
    topic = f"tocsin/{SITE}/incident/{push.incident['id']}"

    def state():
        told = [m for m in house.devices.messages if m.topic == topic]
        return json.loads(told[-1].payload) if told and told[-1].payload else None

    house.until("the incident is published", state)
    assert state()["kind"] == "fire" and state()["state"] == "open"

    def what_a_newcomer_hears():
        newcomer = Client(house.broker, house.bell)
        fence = f"tocsin/{SITE}/incident/fence"
        house.devices.publish(fence, b"1")
        house.until("the newcomer hears", lambda: any(
            m.topic == fence for m in newcomer.messages))
        newcomer.close()
        return [m for m in newcomer.messages if m.topic == topic and m.retain]

    retained, = what_a_newcomer_hears()
    assert json.loads(retained.payload)["id"] == push.incident["id"]

    house.ack(push.incident["id"])
    house.until("the owner is published", lambda: state()["owner"] == "li")
    house.resolve(push.incident["id"])
    house.until("it is cleared", lambda: state() is None)
    assert what_a_newcomer_hears() == []


@pytest.mark.smoke
def test_a_broker_that_was_away_is_found_again_and_hears_what_it_missed(house):
    house.daemon.expects_log("broker")
    house.says("smoke-301", "smoke")
    incident = house.push("qian", "opened").incident["id"]
    house.broker.stop()
    house.until("readyz says so", lambda: house.api("GET", "/readyz").status == 503)
    assert house.api("GET", "/healthz").status == 200
    house.resolve(incident)
    house.push("qian", "resolved")  # people are told without the broker
    house.broker.start()
    house.daemon.until_ready(40)
    house.says("sos-gate", "panic")
    house.push("qian", "opened")
    newcomer = Client(house.broker, house.bell)
    house.until("the open incident is retained, the resolved one is not", lambda: [
        m.topic for m in newcomer.messages if "/incident/" in m.topic] and not any(
        m.topic.endswith(incident) for m in newcomer.messages))
    newcomer.close()


def test_a_killed_broker_keeps_what_waits_for_the_daemon(house):
    house.daemon.expects_log("broker")
    house.daemon.stop()
    said = [house.says(name, "smoke", committed=False).encode()
            for name in ("smoke-301", "smoke-302")]
    kept = house.folder / "broker" / "mosquitto.db"  # saved at each change, right after its ack
    house.until("the broker has saved both", lambda: all(
        one in kept.read_bytes() for one in said))
    house.broker.kill()
    house.broker.start()
    house.daemon.start()
    house.until("both have arrived", lambda: len(house.log(type="signal")) == 2, 30)
    assert house.incidents()[0]["severity"] == "critical"
