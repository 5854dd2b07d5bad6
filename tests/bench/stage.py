"""What a measurement stands on: a broker, a receiver, the daemon and the least that could be called
a service, each on a free port in a folder of its own, and what /proc says about them."""

import contextlib
import json
import os
import pathlib
import pwd
import re
import shutil
import signal
import socket
import statistics
import subprocess
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("TOCSIN_BUILD", ROOT / "build")).resolve()
PATIENCE = 120  # seconds for anything that a measurement waits for


class BenchError(Exception):
    """The measurement could not be made; nothing is known about its figure."""


def program(name):
    return str(BUILD / name)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def until(what, holds, within=PATIENCE, step=0.005):
    deadline = time.monotonic() + within
    while True:
        value = holds()
        if value:
            return value
        if time.monotonic() > deadline:
            raise BenchError(f"did not happen within {within:g} s: {what}")
        time.sleep(step)


# ---- what /proc says ----

def cpu_ns(pid):
    """CPU time of a process so far, all threads, ns."""
    total = 0
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(OSError):
            total += int((task / "schedstat").read_text().split()[0])
    return total


def resident_kib(pid):
    return int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text())[1])


class Steal:
    """What others took of the machine while this was open: the hypervisor (steal: it moves a p99
    from 1 to 60 ms) and programs that are none of ours. `share` is that as a multiple of what is
    bearable: what was measured with more than 1 is set aside."""

    STOLEN, FOREIGN, LIMIT = 0.02, 0.10, 1.0  # of all cores; kernel threads of ours are foreign too

    def __enter__(self):
        self.before = self._read()
        self.share = 0.0
        return self

    def __exit__(self, *_error):
        spent, stolen, busy, ours = (after - before for after, before in
                                     zip(self._read(), self.before))
        if spent:
            self.share = max(stolen / self.STOLEN, max(0, busy - ours) / self.FOREIGN) / spent

    @staticmethod
    def _read():
        """All time, stolen time, the time of programs, and that of ours, in ticks."""
        line = pathlib.Path("/proc/stat").read_text().splitlines()[0]
        spent = [int(n) for n in line.split()[1:9]]
        return sum(spent), spent[7], sum(spent[:3]), ticks_of_ours()


def ticks_of_ours():
    """What this program has used, and all that it started, ended ones too."""
    parents, used = {}, {}
    for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = path.read_text().rpartition(")")[2].split()
            pid = int(path.parent.name)
            parents[pid], used[pid] = int(fields[1]), sum(map(int, fields[11:15]))

    def is_ours(pid):
        while pid in parents and pid != os.getpid():
            pid = parents[pid]
        return pid == os.getpid()
    return sum(ticks for pid, ticks in used.items() if is_ours(pid))


# ---- processes ----

class Process:
    """A program with its stderr in a file; ends with the block that it was opened for."""

    def __init__(self, folder, name, *args, **options):
        self.name = name
        self.log = folder / f"{name.replace('/', '-')}-{time.monotonic_ns()}.log"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [str(arg) for arg in args], stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=log, text=True, **options)

    @property
    def pid(self):
        return self.process.pid

    def check(self):
        if self.process.poll() is not None:
            raise BenchError(f"{self.name} ended with {self.process.returncode}:\n"
                             + "\n".join(self.log.read_text().splitlines()[-5:]))
        return True

    def result(self, within=PATIENCE):
        """Waits for the end and reads the JSON that it printed last."""
        try:
            out, _ = self.process.communicate(timeout=within)
        except subprocess.TimeoutExpired:
            raise BenchError(f"{self.name} does not end") from None
        if self.process.returncode:
            raise BenchError(f"{self.name} ended with {self.process.returncode}: "
                             + self.log.read_text())
        return json.loads(out.splitlines()[-1])

    def end(self, how=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(how)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        self.end()


class Broker(Process):
    """mosquitto with the settings of deploy/mosquitto.conf, but its queue in memory: saved at each
    change it takes 400 messages/s, and it is not the broker's disk that is measured here."""

    def __init__(self, folder):
        self.port = free_port()
        text = (ROOT / "deploy/mosquitto.conf").read_text()
        for pattern, here in ((r"^listener 1883 ", f"listener {self.port} "),
                              (r"^persistence true", "persistence false"),
                              (r"^autosave_on_changes true", "autosave_on_changes false")):
            text, found = re.subn(pattern, here, text, flags=re.MULTILINE)
            assert found == 1, f"deploy/mosquitto.conf has a line {pattern}"
        text += (f"\npersistence_location {folder}/\nlog_dest none\n"
                 f"user {pwd.getpwuid(os.getuid()).pw_name}\n")
        config = folder / f"mosquitto-{self.port}.conf"
        config.write_text(text)
        super().__init__(folder, "mosquitto", shutil.which("mosquitto") or "/usr/sbin/mosquitto",
                         "-c", config)
        until("mosquitto listens", lambda: self.check() and listens(self.port))


def listens(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


class Receiver(Process):
    def __init__(self, folder, port=0):
        self.times = folder / f"pushes-{time.monotonic_ns()}.txt"
        super().__init__(folder, "receiver", program("bench-receiver"), "--times", self.times,
                         "--port", port)
        self.port = int(self.process.stdout.readline())

    def lines(self):
        text = self.times.read_text()  # its last line may still be written
        return [line.split() for line in text[:text.rfind("\n") + 1].splitlines()]

    def count(self):
        return self.times.read_bytes().count(b"\n")

    def first(self, reason="opened"):
        """When it first had each device, ns. The daemon's words and the bare path's are one."""
        seen = {}
        for at, device, why, _to in self.lines():
            if why == reason:
                seen.setdefault(device, int(at))
        return seen


class Daemon(Process):
    """tocsind over a folder that stage.school has written; one folder is one store."""

    def __init__(self, folder, wait=True, prefix=()):
        self.folder = folder
        self.url = "http://127.0.0.1:" + (folder / "http.port").read_text()
        self.began = time.monotonic_ns()
        super().__init__(folder, "tocsind", *prefix, program("tocsind"), "--config",
                         folder / "tocsin.yaml")
        if wait:
            self.wait_ready()

    def wait_ready(self):
        """Returns the ms from the start of the program until it says that it is ready."""
        until("tocsind is ready", self._ready, step=0.002)
        return (time.monotonic_ns() - self.began) / 1e6

    def wait_lane(self):
        """Until life-safety devices are heard on their own connection, where that is wanted."""
        if "lane: true" in (self.folder / "tocsin.yaml").read_text():
            self.until_figure("up_lane", 1)
        return self

    def _ready(self):
        self.check()
        try:
            return self.get("/readyz")
        except OSError:
            return None

    def get(self, path, token=False):
        request = urllib.request.Request(self.url + path)
        if token:
            secret = (self.folder / "console.token").read_text().strip()
            request.add_header("Authorization", f"Bearer {secret}")
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.read().decode()

    def figures(self):
        """/metrics as {name: value}; labels stay part of the name."""
        found = {}
        for line in self.get("/metrics").splitlines():
            if not line.startswith("#"):
                name, _, value = line.rpartition(" ")
                found[name.removeprefix("tocsin_")] = float(value)
        return found

    def until_figure(self, name, at_least, within=PATIENCE):
        return until(f"{name} reaches {at_least}", lambda: self.check()
                     and self.figures()[name] >= at_least, within, 0.01)

    def kill(self):
        self.end(signal.SIGKILL)


def load(folder, broker, **options):
    """Starts the publisher: load(folder, broker, words="changes", count=1000)."""
    args = []
    for name, value in options.items():
        args += [f"--{name}"] if value is True else [f"--{name}", value]
    return Process(folder, "load", program("bench-load"), "--port", broker.port, *args)


def limit(folder, broker, job, count, receiver=None, **options):
    """One of the least that could be called a service; returns when it listens."""
    args = ["--db", folder / f"limit-{time.monotonic_ns()}.db"] if job != "count" else []
    if receiver:
        args += ["--receiver", receiver.port]
    started = Process(folder, f"limit {job}", program("bench-limit"), job, "--port", broker.port,
                      "--until", count, *args, **options)
    started.process.stdout.readline()
    return started


# ---- a school of any size ----

def school(folder, broker, receiver, devices=1000, alarms=1, people=1, expect=None, lane=True):
    """Writes the configuration. `dev-…` are doors in rooms that are not armed: a change of theirs
    is an entry of the record and no incident. `alarm-…` are panic buttons, each in a room of its
    own. Everything critical goes to everybody at once."""
    folder.mkdir(parents=True, exist_ok=True)
    port = folder / "http.port"
    if not port.exists():
        port.write_text(str(free_port()))
    (folder / "tocsin.yaml").write_text(
        f"version: 1\nbroker: {{url: mqtt://127.0.0.1:{broker.port}, client_id: tocsin,"
        f" lane: {str(lane).lower()}}}\n"
        f"store: {{path: tocsin.db, keep: 400d}}\n"
        f"http:\n  listen: 127.0.0.1:{port.read_text()}\n"
        f"  public_url: http://127.0.0.1:{port.read_text()}\n"
        "  tokens: [{name: console, role: admin, token_file: console.token}]\n"
        f"channels: [{{id: phone, type: webhook, url: http://127.0.0.1:{receiver.port}/phone}}]\n"
        "sites: [school.yaml]\n")
    lines = ["site: bench", "name: Bench school", "timezone: Asia/Shanghai", "language: en",
             "zones:", "  - {id: campus, name: Campus}"]
    lines += [f"  - {{id: hall-{n}, name: Hall {n}, in: campus}}" for n in range(16)]
    lines += [f"  - {{id: room-{n}, name: Room {n}, in: campus}}" for n in range(alarms)]
    lines += ["devices:"]
    every = f", expect_every: {expect}" if expect else ""
    lines += [f"  - {{id: dev-{n:06}, zone: hall-{n % 16}, kind: contact{every}}}"
              for n in range(devices)]
    lines += [f"  - {{id: alarm-{n:06}, zone: room-{n}, kind: panic}}" for n in range(alarms)]
    lines += ["people:"]
    lines += [f"  - {{id: p{n}, name: Person {n}, contacts: [{{channel: phone}}]}}"
              for n in range(people)]
    everybody = ", ".join(f"person:p{n}" for n in range(people))
    lines += ["policies:", "  - id: all", "    repeat: 1h", "    resolve_within: 1h",
              f"    steps: [{{after: 0s, notify: [{everybody}]}}]",
              "last_resort: [person:p0]"]
    (folder / "school.yaml").write_text("\n".join(lines) + "\n")
    return folder


# ---- samples ----

def quantile(values, q):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(q * len(ordered)))]


def middle(values):
    return statistics.median(values)
