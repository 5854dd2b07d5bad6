"""The benchmarks. Each opens its own broker, receiver and store, measures Tocsin and the machine's
limit in turn, as often as asked for, and writes both into the book."""

import contextlib
import json
import shutil
import sqlite3
import subprocess
import time

import callgrind
import peers as peer_programs
import stage
from stage import Broker, Daemon, Receiver, Steal, limit, load, middle, quantile, school


class Job:
    """One benchmark of a run: its folder, how large, how often, and the book for its figures."""

    def __init__(self, folder, size, repeats, book):
        self.folder, self.size, self.book = folder, size, book
        self.repeats = repeats or {"short": 1, "normal": 3, "full": 5}[size]
        self._folders = 0
        folder.mkdir(parents=True)

    def n(self, short, normal, full):
        return {"short": short, "normal": normal, "full": full}[self.size]

    def new_folder(self):
        self._folders += 1
        folder = self.folder / str(self._folders)
        folder.mkdir()
        return folder

    def grows(self, name, load_, figure):
        self.book.growth.setdefault(name, []).append((load_, figure))

    @contextlib.contextmanager
    def scene(self, **sizes):
        """A broker, a receiver and the folder of a school, gone afterwards."""
        folder = self.new_folder()
        try:
            with Broker(folder) as broker, Receiver(folder) as receiver:
                yield folder, broker, receiver, school(folder / "tocsin", broker, receiver, **sizes)
        finally:
            shutil.rmtree(folder, ignore_errors=True)


# ---- durable ingest ----

def _ingest_tocsin(job, words, count):
    """(signals/s until all are committed, steal), CPU µs per signal, and the stages' shares."""
    alarms = 200 if words == "alarms" else 1
    with job.scene(alarms=alarms) as (folder, broker, _receiver, place), Daemon(place) as daemon:
        cpu, before = stage.cpu_ns(daemon.pid), daemon.figures()
        kind = {"prefix": "alarm", "devices": alarms} if words == "alarms" else {}
        with Steal() as steal:
            sent = load(folder, broker, words=words, count=count, **kind).result()
            daemon.until_figure("signals_total", count)
            ended = time.monotonic_ns()
        figures = daemon.figures()
        cpu = (stage.cpu_ns(daemon.pid) - cpu) / count / 1000
    stages = {name.split('"')[1]: (value - before[name]) / count * 1e6
              for name, value in figures.items() if name.startswith("turn_cpu_seconds_total")}
    return (count / ((ended - sent["began"]) / 1e9), steal.share), cpu, stages


def _ingest_limit(job, which, count, words="changes"):
    with job.scene() as (folder, broker, _receiver, _place), Steal() as steal:
        with limit(folder, broker, which, count) as subscriber:
            sent = load(folder, broker, words=words, count=count).result()
            result = subscriber.result()
    return count / ((result["last"] - sent["began"]) / 1e9), steal.share


def ingest(job):
    """durable ingest: signals/s from the broker until they are committed"""
    count, alarms = job.n(2000, 80_000, 200_000), job.n(200, 8_000, 20_000)
    words = ["repeated", "mixed", "changes"]
    rates = {name: [] for name in words + ["alarms", "count", "durable"]}
    cpu = {name: [] for name in words}
    for _ in range(job.repeats):
        for which in ("count", "durable"):
            rates[which].append(_ingest_limit(job, which, count))
        for name in words:
            sample, spent, _stages = _ingest_tocsin(job, name, count)
            rates[name].append(sample)
            cpu[name].append((spent, sample[1]))
        rates["alarms"].append(_ingest_tocsin(job, "alarms", alarms)[0])
    book = job.book
    book.add("ingest", "repeated states", "signals/s", rates["repeated"], rates["count"],
             ("≥ 0.9 × the counting subscriber", lambda _m, r: r >= 0.9), "counting subscriber")
    book.add("ingest", "mixed: one of ten changes", "signals/s", rates["mixed"], rates["durable"],
             what="minimal durable subscriber")
    book.add("ingest", "each a change", "signals/s", rates["changes"], rates["durable"],
             ("≥ 0.6 × the durable subscriber", lambda _m, r: r >= 0.6),
             "minimal durable subscriber")
    book.add("ingest", "each an alarm of an open incident", "signals/s", rates["alarms"],
             rates["durable"], what="minimal durable subscriber")
    book.add("ingest", "CPU for a repeated state", "µs", cpu["repeated"])
    book.add("ingest", "CPU for a change", "µs", cpu["changes"], None,
             ("≤ 20 µs", lambda m, _r: m <= 20))
    for part in (count // 100, count // 10, count):
        rate = _ingest_tocsin(job, "changes", part)[0][0] if part < count else \
            middle([rate for rate, _ in rates["changes"]])
        job.grows("ingest of changes: time", part, part / rate)


def _drain_tocsin(job, count):
    with job.scene() as (folder, broker, _receiver, place):
        with Daemon(place):
            pass  # its session is known to the broker from now on
        load(folder, broker, count=count, words="changes").result()
        with Steal() as steal, Daemon(place, wait=False) as daemon:
            stage.until("it has begun", lambda: _signals(daemon) > 0, step=0.001)
            first, already = time.monotonic_ns(), _signals(daemon)
            daemon.until_figure("signals_total", count)
            last = time.monotonic_ns()
    return (count - already) / ((last - first) / 1e9), steal.share


def _signals(daemon):
    daemon.check()
    try:
        return daemon.figures()["signals_total"]
    except OSError:
        return 0


def _drain_limit(job, count):
    with job.scene() as (folder, broker, _receiver, _place):
        with limit(folder, broker, "durable", count):
            pass
        load(folder, broker, count=count, words="changes").result()
        with Steal() as steal, limit(folder, broker, "durable", count) as subscriber:
            result = subscriber.result()
    return count / ((result["last"] - result["first"]) / 1e9), steal.share


def drain(job):
    """a backlog after a downtime: signals/s until the queue is empty"""
    count = job.n(2000, 100_000, 1_000_000)
    ours, least = [], []
    for _ in range(job.repeats):
        least.append(_drain_limit(job, count))
        ours.append(_drain_tocsin(job, count))
    row = job.book.add("drain", f"backlog of {count:,}", "signals/s", ours, least,
                       ("≥ 0.6 × the durable subscriber", lambda _m, r: r >= 0.6),
                       "minimal durable subscriber")
    # A smaller one is over before it is looked at.
    for part in job.n((), (10_000, count), (10_000, 100_000, count)):
        rate = row["median"] if part == count else _drain_tocsin(job, part)[0]
        job.grows("backlog of 10,000 and more: time", part, part / rate)


# ---- alarm to push ----

def _spans(times, receiver, alarms):
    """ms from the sensor's publish until the receiver has the whole request."""
    sent = {device: int(at) for device, at in
            (line.split() for line in times.read_text().splitlines())}
    had = stage.until("every alarm is pushed", lambda: _all(receiver, alarms), step=0.05)
    return [(had[device] - at) / 1e6 for device, at in sent.items()]


def _all(receiver, alarms):
    had = receiver.first()
    return had if len(had) >= alarms else None


def _pushes(job, who, alarms, background=0, flood=0, lane=True):
    """Alarms at 100/s beside a background of so many messages/s, or a flood of so many at once.
    Returns the spans and the steal."""
    with job.scene(alarms=alarms, lane=lane) as (folder, broker, receiver, place), \
            contextlib.ExitStack() as s:
        s.enter_context(start_service(who, folder, broker, receiver, place))
        count = flood or int(background * (alarms / 100 + 1.5))
        if count:
            rate = {"rate": background} if background else {}
            s.enter_context(load(folder, broker, words="mixed", count=count, **rate))
            time.sleep(0.5)  # the background is there when the first alarm comes
        times = folder / "sent.txt"
        with Steal() as steal:
            load(folder, broker, prefix="alarm", words="alarms", devices=alarms, count=alarms,
                 rate=100, times=times).result()
            spans = _spans(times, receiver, alarms)
    return spans, steal.share


def start_service(who, folder, broker, receiver, place):
    """Tocsin, the bare path, or a peer: whatever hears alarms and posts them."""
    if who == "tocsin":
        return Daemon(place).wait_lane()
    if who == "path":
        return limit(folder, broker, "path", 10 ** 12, receiver)
    return peer_programs.start(who, folder, broker, receiver)


QUANTILES = (("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999), ("max", 1.0))


def _rows(job, title, ours, beside=None, goals=None, what="bare path", bench="push"):
    for name, q in QUANTILES:
        reference = [(quantile(spans, q), steal) for spans, steal in beside] if beside else None
        job.book.add(bench, f"{title}, {name}", "ms",
                     [(quantile(spans, q), steal) for spans, steal in ours], reference,
                     (goals or {}).get(name), what)


def push(job):
    """alarm to push: from the sensor's publish to the receiver having the whole request"""
    alarms = job.n(20, 300, 2000)
    ours, path = [], []
    for _ in range(job.repeats):
        path.append(_pushes(job, "path", alarms))
        ours.append(_pushes(job, "tocsin", alarms))
    _rows(job, "idle", ours, path, {
        "p50": ("≤ 1.3 × the bare path", lambda _m, r: r <= 1.3),
        "p99": ("≤ 1.5 × the bare path", lambda _m, r: r <= 1.5)})
    idle = [(quantile(spans, 0.99), steal) for spans, steal in ours]
    for background in job.n((1000,), (1000, 5000, 20000), (1000, 5000, 20000)):
        loaded = [_pushes(job, "tocsin", alarms, background) for _ in range(job.repeats)]
        for name, q, times in (("p50", 0.5, None), ("p99", 0.99, 1.5), ("p99.9", 0.999, 3),
                               ("max", 1.0, None)):
            goal = None
            if times and background >= 5000:
                goal = (f"≤ {times} × its own idle p99", lambda _m, r, t=times: r <= t)
            row = job.book.add("push", f"under {background:,} msg/s, {name}", "ms",
                               [(quantile(spans, q), steal) for spans, steal in loaded],
                               idle if times else None, goal, "own idle p99")
            if name == "p99":
                job.grows("alarm to push p99, under 1,000 msg/s and more", background,
                          row["median"])


def overload(job):
    """alarm to push while more comes in than the machine can take"""
    alarms, flood = job.n(20, 300, 2000), job.n(5000, 400_000, 2_400_000)
    ours, one = [], []
    for _ in range(job.repeats):
        one.append(_pushes(job, "tocsin", alarms, flood=flood, lane=False))
        ours.append(_pushes(job, "tocsin", alarms, flood=flood))
    for name, q in QUANTILES:
        goal = ("≤ 10 ms", lambda m, _r: m <= 10) if name == "p99" else None
        job.book.add("overload", f"in a flood of {flood:,}, {name}", "ms",
                     [(quantile(spans, q), steal) for spans, steal in ours],
                     [(quantile(spans, q), steal) for spans, steal in one], goal,
                     "one connection")


# ---- fan-out ----

def _fan_out(job, people):
    with job.scene(people=people) as (folder, broker, receiver, place), Daemon(place), \
            Steal() as steal:
        times = folder / "sent.txt"
        load(folder, broker, prefix="alarm", words="alarms", devices=1, count=1,
             times=times).result()
        stage.until("everybody is told", lambda: receiver.count() >= people)
        sent = int(times.read_text().split()[1])
        last = {}
        for at, _device, why, to in receiver.lines():
            if why == "opened":
                last.setdefault(to, int(at))
    return (max(last.values()) - sent) / 1e6, steal.share


def _fan_out_limit(job, people):
    with job.scene() as (folder, _broker, receiver, _place), Steal() as steal:
        result = stage.Process(folder, "post", stage.program("bench-post"), "--receiver",
                               receiver.port, "--count", people, "--connections",
                               min(people, 768)).result()
    return result["ns"] / 1e6, steal.share


def _many_at_once(job, alarms):
    with job.scene(alarms=alarms) as (folder, broker, receiver, place), Daemon(place), \
            Steal() as steal:
        times = folder / "sent.txt"
        load(folder, broker, prefix="alarm", words="alarms", devices=alarms, count=alarms,
             times=times).result()
        had = stage.until("every alarm is pushed", lambda: _all(receiver, alarms), step=0.02)
        sent = min(int(line.split()[1]) for line in times.read_text().splitlines())
    return (max(had.values()) - sent) / 1e6, steal.share


def fanout(job):
    """one alarm to many people; many alarms at once: until the last push is there"""
    for people in job.n((10,), (10, 100, 1000), (10, 100, 1000)):
        ours, least = [], []
        for _ in range(job.repeats):
            least.append(_fan_out_limit(job, people))
            ours.append(_fan_out(job, people))
        goal = ("≤ 1.5 × a bare HTTP client", lambda _m, r: r <= 1.5) if people == 1000 else None
        row = job.book.add("fanout", f"one alarm to {people:,} people", "ms", ours, least, goal,
                           "bare HTTP client")
        job.grows("one alarm to 10 people and more", people, row["median"])
    for alarms in job.n((2, 20), (10, 100, 1000), (10, 100, 1000)):
        ours = [_many_at_once(job, alarms) for _ in range(job.repeats)]
        least = [_fan_out_limit(job, alarms) for _ in range(job.repeats)]
        row = job.book.add("fanout", f"{alarms:,} alarms at once", "ms", ours, least,
                           what="bare HTTP client")
        job.grows("10 alarms at once and more", alarms, row["median"])


# ---- memory ----

def memory(job):
    """resident memory: base, per device, per open incident, per stream"""
    base = None
    for devices in job.n((100,), (1000, 10_000, 100_000), (1000, 100_000, 1_000_000)):
        with job.scene(devices=devices, alarms=10) as (_f, _b, _r, place), Daemon(place) as daemon:
            kib = stage.resident_kib(daemon.pid)
        goal = {1000: ("≤ 16 MiB", lambda m, _r: m <= 16),
                100_000: ("≤ 35 MiB", lambda m, _r: m <= 35),
                1_000_000: ("≤ 210 MiB", lambda m, _r: m <= 210)}.get(devices)
        job.book.add("memory", f"with {devices:,} devices", "MiB", [(kib / 1024, 0)], None, goal)
        job.grows("memory with 1,000 devices and more", devices, kib)
        if base:
            each = (kib - base[1]) * 1024 / (devices - base[0])
            goal = ("≤ 200 bytes", lambda m, _r: m <= 200) if devices >= 100_000 else None
            job.book.add("memory", f"each device of {devices:,}", "bytes", [(each, 0)], None, goal)
        base = base or (devices, kib)
    alarms, streams = job.n(20, 1000, 10_000), job.n(5, 50, 50)
    with job.scene(alarms=alarms) as (folder, broker, receiver, place):
        with Daemon(place) as daemon:
            before = stage.resident_kib(daemon.pid)
            load(folder, broker, prefix="alarm", words="alarms", devices=alarms,
                 count=alarms).result()
            stage.until("every alarm is pushed", lambda: _all(receiver, alarms), step=0.05)
        with Daemon(place) as daemon:  # another life: without what the first had in its caches
            after = stage.resident_kib(daemon.pid)
            job.book.add("memory", "each open incident", "bytes",
                         [((after - before) * 1024 / alarms, 0)])
            with contextlib.ExitStack() as opened:
                for _ in range(streams):
                    opened.enter_context(_stream(daemon))
                job.book.add("memory", "each stream", "bytes",
                             [((stage.resident_kib(daemon.pid) - after) * 1024 / streams, 0)])


@contextlib.contextmanager
def _stream(daemon):
    import http.client
    secret = (daemon.folder / "console.token").read_text().strip()
    link = http.client.HTTPConnection(daemon.url.removeprefix("http://"), timeout=30)
    try:
        link.request("GET", "/api/v1/stream", headers={"Authorization": f"Bearer {secret}"})
        answer = link.getresponse()
        if answer.status != 200:
            raise stage.BenchError(f"the stream answers {answer.status}")
        yield
    finally:
        link.close()


# ---- start ----

def _timed(place, *args):
    began = time.monotonic()
    done = subprocess.run([stage.program("tocsin"), "--config", place / "tocsin.yaml", *args],
                          capture_output=True, text=True, timeout=600)
    if done.returncode:
        raise stage.BenchError(f"tocsin {' '.join(args)}: {done.stdout[-300:]}{done.stderr[-300:]}")
    return (time.monotonic() - began) * 1000


def _starts(place, repeats):
    spans = []
    for _ in range(repeats):
        with Steal() as steal, Daemon(place, wait=False) as daemon:
            span = daemon.wait_ready()
        spans.append((span, steal.share))
    return spans


def start(job):
    """from the start of the program until it says that it is ready, and reading old records"""
    with job.scene() as (_folder, _broker, _receiver, place):
        _starts(place, 1)
        job.book.add("start", "ready, empty record", "ms", _starts(place, job.repeats), None,
                     ("≤ 100 ms", lambda m, _r: m <= 100))
    incidents = job.n(10, 500, 10_000)
    for entries in job.n((1000,), (1000, 10_000, 100_000), (1000, 1_000_000, 10_000_000)):
        with job.scene(alarms=incidents) as (folder, broker, receiver, place):
            with Daemon(place) as daemon:
                _fill(folder, broker, receiver, daemon, entries, incidents)
            title = f"{entries:,} entries, {incidents:,} open"
            spans = _starts(place, job.repeats)
            row = job.book.add("start", f"ready, {title}", "ms", spans, None,
                               ("≤ 100 ms", lambda m, _r: m <= 100))
            job.grows("ready after start, 1,000 entries and more", entries, row["median"])
            _read_back(job, place, entries, title)


def _fill(folder, broker, receiver, daemon, entries, incidents):
    load(folder, broker, prefix="alarm", words="alarms", devices=incidents,
         count=incidents).result()
    stage.until("every alarm is pushed", lambda: _all(receiver, incidents), step=0.05)
    load(folder, broker, words="changes", count=entries).result(1200)
    daemon.until_figure("signals_total", incidents + entries, 1200)  # and none waits for the start


def _read_back(job, place, entries, title):
    incident = sqlite3.connect(place / "tocsin.db").execute(
        "SELECT id FROM incident LIMIT 1").fetchone()[0]
    verify = job.book.add("start", f"verify, {title}", "ms", [(_timed(place, "verify"), 0)])
    job.grows("verify, 1,000 entries and more", entries, verify["median"])
    for words in (("log", "--json"), ("show", incident), ("report", incident, "--format", "html")):
        row = job.book.add("start", f"{words[0]}, {title}", "ms", [(_timed(place, *words), 0)])
        job.grows(f"{words[0]}, 1,000 entries and more", entries, row["median"])


def wal(job):
    """ready after SIGKILL with a write-ahead log of 200 MB"""
    for megabytes in job.n((2,), (2, 20, 200), (2, 20, 200)):
        _after_kill(job, megabytes)


def _after_kill(job, megabytes):
    with job.scene(alarms=10) as (folder, broker, receiver, place):
        log = place / "tocsin.db-wal"
        with Daemon(place) as daemon:
            reader = sqlite3.connect(place / "tocsin.db", isolation_level=None)
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM site").fetchone()  # the log cannot begin anew
            number = 0
            while log.stat().st_size < megabytes * 1_000_000:
                load(folder, broker, words="changes", count=20_000 if megabytes > 2 else 2000,
                     first=number).result()
                number += 20_000 if megabytes > 2 else 2000
                daemon.until_figure("signals_total", number)
            size = log.stat().st_size / 1e6
            daemon.kill()
            reader.close()
        spans = []
        saved = folder / "saved"
        shutil.copytree(place, saved)
        for _ in range(job.repeats):
            shutil.rmtree(place)
            shutil.copytree(saved, place)
            spans += _starts(place, 1)
        row = job.book.add("wal", f"ready after SIGKILL, log of {size:.0f} MB", "ms", spans, None,
                           ("≤ 300 ms", lambda m, _r: m <= 300))
        job.grows("ready after SIGKILL, log of 2 MB and more", megabytes, row["median"])


# ---- cost ----

def cost(job):
    """CPU per signal by stage, and instructions, which no noise moves"""
    count = job.n(2000, 50_000, 200_000)
    for words in ("repeated", "changes"):
        shares = {}
        total = []
        for _ in range(job.repeats):
            sample, cpu, stages = _ingest_tocsin(job, words, count)
            total.append((cpu, sample[1]))
            for name, micros in stages.items():
                shares.setdefault(name, []).append((micros, sample[1]))
        job.book.add("cost", f"{words}: all CPU of the daemon", "µs/signal", total)
        for name, samples in shares.items():
            job.book.add("cost", f"{words}: {name}", "µs/signal", samples, total,
                         what="all CPU of the daemon")
    if job.size == "short":
        return
    if not callgrind.installed():
        print("  (no valgrind: instructions are not counted)", flush=True)
        return
    for words in ("repeated", "changes"):
        with job.scene() as (folder, broker, _receiver, place):
            counted = callgrind.instructions(folder, broker, place, words, job.n(500, 5000, 20000))
        for name, instructions in counted.items():
            job.book.add("cost", f"{words}: instructions, {name}", "per signal",
                         [(instructions, 0)], counted["all"], what="all")


# ---- peers ----

def peers(job):
    """the same load through Node-RED, a plain Node.js script and Alertmanager (--peers)"""
    peer_programs.compare(job, _ingest_tocsin, _pushes, _rows)


ALL = {bench.__name__: bench for bench in
       (ingest, drain, push, overload, fanout, memory, start, wal, cost, peers)}
