"""A real mosquitto with the settings of deploy/mosquitto.conf, and a client of it nobody here
wrote (paho)."""

import itertools
import os
import pathlib
import pwd
import random
import re
import shutil
import socket
import subprocess
import threading
import time

import paho.mqtt.client as mqtt

ROOT = pathlib.Path(__file__).resolve().parents[2]


# Below what the system hands out by itself: there a port stays ours while its server is restarted.
_ports = itertools.cycle(random.sample(range(10000, 32000), 22000))


def free_port():
    while True:
        port = next(_ports)
        with socket.socket() as s:
            try:
                s.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def mosquitto_program():
    return shutil.which("mosquitto") or "/usr/sbin/mosquitto"


class Broker:
    login = None  # of the house's own client, where one is needed

    def __init__(self, folder, bell):
        self.folder = folder
        self.bell = bell
        self.lines = []
        self.process = None
        self.port = None
        for _ in range(5):  # another program may take the port between finding and using it
            self.port = free_port()
            if self._try_start():
                return
        raise AssertionError("mosquitto does not start:\n" + "\n".join(self.lines[-10:]))

    def start(self):
        assert self._try_start(), "mosquitto does not start again:\n" + "\n".join(self.lines[-10:])

    def stop(self):
        """A clean end."""
        if self.process:
            self.process.terminate()
            self._gone()

    def kill(self):
        self.process.kill()
        self._gone()

    def _gone(self):
        self.process.wait(10)
        self.process = None

    def settings(self):
        settings = (ROOT / "deploy" / "mosquitto.conf").read_text()
        settings, found = re.subn(r"^listener 1883 ", f"listener {self.port} ", settings,
                                  flags=re.MULTILINE)
        assert found == 1, "deploy/mosquitto.conf has a line 'listener 1883 ADDRESS'"
        return settings

    def _try_start(self):
        settings = self.settings()
        settings += (f"\npersistence_location {self.folder}/\n"
                     f"user {pwd.getpwuid(os.getuid()).pw_name}\nlog_dest stderr\n")
        (self.folder / "mosquitto.conf").write_text(settings)
        process = subprocess.Popen(
            [mosquitto_program(), "-c", str(self.folder / "mosquitto.conf")],
            stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        mark = len(self.lines)
        threading.Thread(target=self._listen, args=(process,), daemon=True).start()
        self.bell.until("mosquitto runs or ends", lambda: process.poll() is not None or any(
            line.endswith(" running") for line in self.lines[mark:]))
        if process.poll() is not None:
            return False
        self.process = process
        return True

    def _listen(self, process):
        for line in process.stderr:
            self.lines.append(line.rstrip())
            self.bell.ring()


class Message:
    def __init__(self, topic, payload, retain):
        self.topic, self.payload, self.retain = topic, payload, retain
        self.at = time.monotonic()
        self.taken = False

    def __repr__(self):
        return f"{self.topic} {self.payload[:200]!r}"


class Client:
    """Says what devices say, and hears what Tocsin publishes."""

    def __init__(self, broker, bell):
        self.bell = bell
        self.messages = []
        self._client = mqtt.Client(client_id=f"devices-{os.getpid()}-{id(self)}")
        self._client.on_message = self._on_message
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = self._on_subscribe
        self._client.reconnect_delay_set(1, 1)
        self._client.on_publish = self._on_publish
        self._subscribed = 0
        self._published = set()
        if broker.login:
            self._client.username_pw_set(*broker.login)
        self._client.connect("127.0.0.1", broker.port)
        self._client.loop_start()
        bell.until("the client is subscribed", lambda: self._subscribed)

    def publish(self, topic, payload, retain=False, qos=1):
        """Returns when the broker has it; at QoS 0, when it has left."""
        sent = self.publish_soon(topic, payload, retain, qos)
        self.bell.until(f"the broker takes {topic}", lambda: sent in self._published, 20)

    def publish_soon(self, topic, payload, retain=False, qos=1):
        """The same without waiting; goes on over a reconnect."""
        return self._client.publish(topic, payload, qos=qos, retain=retain).mid

    def close(self):
        self._client.disconnect()
        self._client.loop_stop()

    def _on_connect(self, client, _userdata, _flags, _code):
        client.subscribe([("tocsin/+/incident/+", 1), ("tocsin/+/device/+/ack", 1),
                          ("tocsin/+/ledger/head", 1), ("tocsin/service/+/status", 1),
                          ("tocsin/service/+/lane", 1), ("tocsin/+/output/+", 1),
                          ("tocsin/+/state/#", 1), ("siren/#", 1), ("homeassistant/#", 1)])

    def _on_subscribe(self, *_args):
        self._subscribed += 1
        self.bell.ring()

    def _on_publish(self, _client, _userdata, number):
        self._published.add(number)
        self.bell.ring()

    def _on_message(self, _client, _userdata, message):
        self.messages.append(Message(message.topic, message.payload, message.retain))
        self.bell.ring()


def raw_publish(port, topic, payload):
    """A QoS 0 publish by hand, for topics that no client library sends; the broker may well close
    the connection on it. Returns what the broker answered last."""
    def field(data):
        return len(data).to_bytes(2, "big") + data

    def packet(kind, body):
        length, rest = b"", len(body)
        while True:
            length += bytes([rest % 128 | (128 if rest > 127 else 0)])
            rest //= 128
            if not rest:
                return bytes([kind]) + length + body

    with socket.create_connection(("127.0.0.1", port), 10) as s:
        s.sendall(packet(0x10, field(b"MQTT") + b"\x04\x02\x00\x3c" + field(b"by-hand")))
        assert s.recv(4)[:1] == b"\x20"
        s.sendall(packet(0x30, field(topic) + payload) + packet(0xc0, b""))
        try:
            return s.recv(2)  # PINGRESP, or the end
        except ConnectionError:
            return b""
