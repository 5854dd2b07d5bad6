"""Receivers that do everything a receiver can do wrong, all at once: whoever is to be told is told
over the one that works, in bounded time and memory, and each dead way out is one trouble."""

import re
import socket
import ssl
import subprocess
import threading
import time

import pytest
from house import quick
from receiver import cut, drip, hang, status
from service import SLOWER

GIB = 1 << 30


def gush(handler, _ended):
    """A 503 with 1 GiB to it."""
    chunk = b"x" * (1 << 20)
    handler.wfile.write(b"HTTP/1.1 503 Busy\r\nContent-Length: %d\r\n\r\n" % GIB)
    handler.close_connection = True
    for _ in range(GIB // len(chunk)):
        handler.wfile.write(chunk)  # ends with an OSError when nobody takes it any more
        gush.sent += len(chunk)


class Impostor:
    """Speaks TLS with a certificate that nobody here trusts; counts what it is told all the same."""

    def __init__(self, folder):
        key, certificate = folder / "key.pem", folder / "certificate.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1", "-subj",
                        "/CN=impostor", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key,
                        "-out", certificate], check=True, capture_output=True)
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate, key)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.callers = 0
        self.heard = b""
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                caller, _ = self._listener.accept()
            except OSError:
                return
            self.callers += 1
            caller.settimeout(5)
            try:
                with self._context.wrap_socket(caller, server_side=True) as line:
                    self.heard += line.recv(65536)
            except OSError:  # the caller has hung up, as it should
                pass

    def close(self):
        self._listener.close()


@pytest.fixture
def impostor(tmp_path):
    one = Impostor(tmp_path)
    yield one
    one.close()


BAD = {"hangs": hang, "resets": cut, "drips": drip, "redirects": status(
    302, {"Location": "/elsewhere"}), "gushes": gush, "is-gone": status(410),
    "is-busy": status(429, {"Retry-After": "3600"})}


def bad_ways_out(impostor):
    def edit(service):
        base = service["channels"][0]["url"].rpartition("/")[0]
        for name in BAD:
            service["channels"].append({"id": name, "type": "webhook", "url": f"{base}/{name}",
                                        "give_up_after": "1s"})
        service["channels"].append({"id": "lies", "type": "webhook", "give_up_after": "1s",
                                    "url": f"https://127.0.0.1:{impostor.port}/lies"})
    return edit


def people_of_each(school):
    """One person for each bad way out, who has the backup behind it; all are told of everything."""
    quick(school)
    ways = [*BAD, "lies"]
    school["people"] += [{"id": f"p-{way}", "contacts": [{"channel": way}, {"channel": "backup"}]}
                         for way in ways]
    school["policies"] = [
        {"id": "trouble", "for": {"kind": "trouble"}, "repeat": "10m", "resolve_within": "30m",
         "steps": [{"after": "0s", "notify": ["person:sun"]}]},
        {"id": "all", "repeat": "10m", "resolve_within": "30m",
         "steps": [{"after": "0s", "notify": [f"person:p-{way}" for way in ways]}]}]


def most_memory(house):
    text = open(f"/proc/{house.daemon.process.pid}/status").read()
    return int(re.search(r"VmHWM:\s+(\d+) kB", text)[1]) * 1024


def told_over_backup(house, incident):
    return {r.to: r for r in house.pushes(path="/backup") if r.incident["id"] == incident}


def test_whatever_receivers_do_somebody_is_told_and_each_dead_way_is_one_trouble(build_house,
                                                                                impostor):
    house = build_house(edit_school=people_of_each, edit_service=bad_ways_out(impostor))
    gush.sent = 0
    for way, behaviour in BAD.items():
        house.phone.behaves(f"/{way}", behaviour)
    before = most_memory(house)
    everybody = {f"p-{way}" for way in [*BAD, "lies"]}

    # Major: one contact after the other. Each has its second, then the backup's turn comes.
    house.says("smoke-301", "smoke")
    first = house.until("the first letter leaves", lambda: house.pushes(path="/hangs"))[0]
    fire = first.incident["id"]
    house.until("everybody is told over the backup",
                lambda: set(told_over_backup(house, fire)) == everybody, within=5 * SLOWER)
    assert max(r.at for r in told_over_backup(house, fire).values()) - first.at < 3 * SLOWER
    assert not house.pushes(path="/elsewhere"), "a redirect is not followed"

    # Critical: over both at once, and what hangs holds up nobody, however often it is pressed.
    def troubles():
        return sorted(i["subject"].partition(":")[2] for i in house.incidents()
                      if i["kind"] == "trouble")

    presses, dead = 0, {*BAD, "lies"}
    while not set(troubles()) >= dead:
        presses += 1
        assert presses < 40, troubles()
        pressed = time.monotonic()
        house.says("sos-gate", "panic")
        house.until("everybody is told of it, by what works", lambda: all(
            sum(r.to == person and r.incident["kind"] == "panic"
                for r in house.pushes(path="/backup")) >= presses for person in everybody))
        assert time.monotonic() - pressed < 2 * SLOWER
        house.bell.until_passed(pressed + 1)
    assert len(troubles()) == len(set(troubles())), "one each, not one for each attempt"
    gone = house.pushes(path="/is-gone")
    assert len(gone) == len({r.id for r in gone}), "a no is a no: nothing is asked twice"
    assert len(house.pushes(path="/is-busy")) <= 6, "an hour was asked for"
    assert impostor.callers and not impostor.heard, "an impostor is told nothing"
    certificate = [d["data"] for d in house.log(type="delivery")
                   if d["data"].get("channel") == "lies"]
    assert any("certificate" in d["detail"] for d in certificate)
    assert gush.sent < 100 << 20, "nobody waits for a gigabyte"
    assert most_memory(house) - before < 24 << 20
