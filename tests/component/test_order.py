"""Nothing leaves before it is on disk. The daemon runs under strace, and the trace proves it: no
PUBACK, no webhook, no answer to an operator before the fdatasync of the commit that carries it."""

import re
import shutil
import subprocess
from dataclasses import dataclass

import pytest
from house import quick

CALLS = "fdatasync,fsync,pwrite64,write,writev,sendto,sendmsg,sendmmsg,read,readv,recvfrom,recvmsg"
OUT = {"write", "writev", "sendto", "sendmsg", "sendmmsg"}
IN = {"read", "readv", "recvfrom", "recvmsg"}


def need_strace(folder):
    """Without a tracer there is no proof: that is a failure, not a pass."""
    assert shutil.which("strace"), "strace is not installed: apt-get install strace"
    tried = subprocess.run(["strace", "-o", str(folder / "tried"), "true"], capture_output=True,
                           text=True)
    assert tried.returncode == 0, ("this machine does not let strace trace (ptrace is forbidden: "
                                   f"a container without SYS_PTRACE?): {tried.stderr.strip()}")


@dataclass
class Call:
    name: str
    where: str  # "TCP:[127.0.0.1:4711->127.0.0.1:1883]", "/…/tocsin.db-wal"
    data: bytes
    begun: int  # the line of the trace where it begins …
    ended: int  # … and where it returns


CALL = re.compile(r"^(\d+)\s+(\w+)\((\d+)<(.*?)>(?=[,)]| <unf)(.*)$")
RESUMED = re.compile(r"^(\d+)\s+<\.\.\. (\w+) resumed>(.*)$")
HEX = re.compile(r"(?:\\x[0-9a-f]{2})+")
STRING = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')


def read_trace(file):
    calls, unfinished = [], {}
    for number, line in enumerate(file.read_text(errors="replace").splitlines()):
        if found := CALL.match(line):
            thread, name, _fd, where, rest = found.groups()
            where = HEX.sub(lambda hexes: bytes.fromhex(
                hexes.group().replace("\\x", "")).decode(), where)
            call = Call(name, where, strings(rest), number, number)
            calls.append(call)
            if "<unfinished ...>" in rest:
                unfinished[thread, name] = call
        elif (found := RESUMED.match(line)) and found.groups()[:2] in unfinished:
            call = unfinished.pop(found.groups()[:2])
            call.data += strings(found.group(3))
            call.ended = number
    return calls


def strings(text):
    return b"".join(bytes.fromhex(hexes.replace("\\x", "")) for hexes in STRING.findall(text))


def mqtt_packets(calls, port, names):
    """The packets of the broker's connection, each with the call that ended it."""
    stream, packets = b"", []
    for call in calls:
        if call.name not in names or not call.where.endswith(f"->127.0.0.1:{port}]"):
            continue
        stream += call.data
        while packet := take_packet(stream):
            stream = stream[len(packet):]
            packets.append((packet, call))
    return packets


def take_packet(stream):
    length, shift = 0, 0
    for i in range(1, 5):
        if i >= len(stream):
            return None
        length |= (stream[i] & 127) << shift
        shift += 7
        if not stream[i] & 128:
            whole = 1 + i + length
            return stream[:whole] if len(stream) >= whole else None
    raise AssertionError("the trace holds no MQTT here")


def packet_id_of_publish(packet):
    at = 1
    while packet[at] & 128:
        at += 1
    at += 1
    topic = int.from_bytes(packet[at:at + 2], "big")
    return packet[at + 2 + topic:at + 4 + topic]


@pytest.fixture
def traced(build_house, tmp_path):
    need_strace(tmp_path)
    file = tmp_path / "trace"
    house = build_house(
        edit_school=quick,
        prefix=["strace", "-D", "-f", "-yy", "-xx", "-s", "70000", "-e", f"trace={CALLS}",
                "-e", "signal=none", "-o", str(file)],
        env={"ASAN_OPTIONS": "detect_leaks=0"})  # the leak checker is a tracer itself

    def end():
        main = house.daemon.process.pid
        house.daemon.stop()
        house.until("the trace is whole", lambda: re.search(
            rf"^{main}\s+\+\+\+ exited with", file.read_text(errors="replace"), re.MULTILINE))
        return read_trace(file)

    house.end_of_trace = end
    return house


class Proof:
    def __init__(self, calls, house):
        self.calls, self.house = calls, house

    def synced(self, mark):
        """The line on which the commit with this mark in it was on disk."""
        written = [c for c in self.calls if c.name in ("pwrite64", "write")
                   and "tocsin.db" in c.where and mark in c.data]
        assert written, f"{mark} was never written to the store"
        sync = next((c for c in self.calls if c.name in ("fdatasync", "fsync")
                     and "tocsin.db" in c.where and c.begun > written[0].ended), None)
        assert sync, f"what holds {mark} was never synced"
        return sync.ended

    def out(self, mark, port=None, to_us=False):
        """The calls that let something with this mark out."""
        peer = re.compile(rf"127\.0\.0\.1:{self.house.http_port}->" if to_us else
                          rf"->127\.0\.0\.1:{port or self.house.phone.port}\]")
        return [c for c in self.calls
                if c.name in OUT and mark in c.data and peer.search(c.where)]


def test_no_puback_no_webhook_and_no_answer_before_its_commit(traced):
    house = traced
    said = [house.says(device, kind) for device, kind in (
        ("smoke-301", "smoke"), ("sos-gate", "panic"), ("fence-west", "perimeter"),
        ("sos-gate", "panic"), ("smoke-301", "battery"), ("smoke-302", "smoke"))]
    said += [house.says("sos-gate", "panic", committed=False) for _ in range(20)]
    for one in said[-20:]:
        house.until_acked("sos-gate", one)
    fire = house.push("qian", "raised").incident["id"]
    house.tocsin("ack", fire, "--by", "li", "--note", "note-of-the-trace")
    house.push("qian", "acknowledged")
    pushes = [r for r in house.phone.requests]
    proof = Proof(house.end_of_trace(), house)

    arrived = mqtt_packets(proof.calls, house.broker.port, IN)
    left = mqtt_packets(proof.calls, house.broker.port, OUT)
    pubacks = [(packet[2:4], call) for packet, call in left if packet[0] >> 4 == 4]
    assert len(pubacks) >= len(said)
    for one in said:
        mark = one.encode()
        on_disk = proof.synced(mark)
        packet, read = next((p, c) for p, c in arrived if p[0] >> 4 == 3 and mark in p)
        puback = next(c for number, c in pubacks
                      if number == packet_id_of_publish(packet) and c.begun > read.ended)
        assert puback.begun > on_disk, f"the PUBACK of {one} left before its commit"
        told = [c for p, c in left if p[0] >> 4 == 3 and mark in p]
        assert told and all(c.begun > on_disk for c in told), "the device heard too early"

    assert pushes
    for push in pushes:
        sent = proof.out(push.id.encode())
        assert sent, f"{push} is not in the trace"
        # The n-th attempt of a notification: its row is in the store before it goes.
        on_disk = proof.synced(push.incident["id"].encode())
        assert all(c.begun > on_disk for c in sent), f"{push} left before its commit"
    first_of_each = {}
    for push in pushes:
        first_of_each.setdefault((push.to, push.reason, push.incident["id"]), push)
    for push in first_of_each.values():
        head = push.json["data"]["ledger"]["head"]
        on_disk = proof.synced(bytes.fromhex(head))
        assert proof.out(push.id.encode())[0].begun > on_disk, \
            f"{push} left before the ledger row it names"

    on_disk = proof.synced(b"note-of-the-trace")
    answers = proof.out(fire.encode(), to_us=True)
    assert answers and answers[-1].begun > on_disk, "the operator heard before the commit"
    acknowledged = [c for c in proof.out(b'"incident.acknowledged"')]
    assert acknowledged and all(c.begun > on_disk for c in acknowledged)


def test_the_proof_would_notice():
    """The reader of traces itself: a PUBACK before the sync is seen as such."""
    text = "\n".join([
        r'7 read(5<TCP:[127.0.0.1:9->127.0.0.1:1883]>, "\x32\x06\x00\x01\x61\x00\x05\x78", 9) = 8',
        r'7 write(5<TCP:[127.0.0.1:9->127.0.0.1:1883]>, "\x40\x02\x00\x05", 4) = 4',
        r'7 pwrite64(6</x/tocsin.db-wal>, "\x78", 1, 0) = 1',
        r'7 fdatasync(6</x/tocsin.db-wal> <unfinished ...>',
        r'8 write(2</dev/null>, "\x41", 1) = 1',
        r'7 <... fdatasync resumed>)       = 0'])

    class File:
        def read_text(self, **_options):
            return text

    calls = read_trace(File())
    assert [c.name for c in calls] == ["read", "write", "pwrite64", "fdatasync", "write"]
    (packet, _), = mqtt_packets(calls, 1883, IN)
    assert packet_id_of_publish(packet) == b"\x00\x05"
    (puback, call), = mqtt_packets(calls, 1883, OUT)
    assert puback == b"\x40\x02\x00\x05"

    class House:
        pass

    assert Proof(calls, House()).synced(b"x") == 5 > call.begun
