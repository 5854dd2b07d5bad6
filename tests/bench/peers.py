"""What else one might take: the same load through Node-RED and a plain Node.js script, installed
from npm, and Alertmanager from Debian."""

import contextlib
import http.client
import json
import os
import pathlib
import shutil
import signal
import sqlite3
import subprocess
import time

import stage
from stage import Process, Steal, load, quantile

HERE = pathlib.Path(__file__).resolve().parent / "peers"
PACKAGES = ("mqtt@5", "better-sqlite3@12", "node-red@4")
NAMES = {"plain": "Node.js script", "batched": "batching Node.js script", "node-red": "Node-RED"}


def modules():
    """Where the packages lie; installs them the first time. TOCSIN_BENCH_NODE names a folder that
    has them already."""
    folder = pathlib.Path(os.environ.get("TOCSIN_BENCH_NODE", stage.BUILD / "bench" / "node"))
    if not (folder / "node_modules" / "node-red").exists():
        folder.mkdir(parents=True, exist_ok=True)
        print("  (installing Node-RED from npm)", flush=True)
        done = subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--prefix", folder,
                               *PACKAGES], capture_output=True, text=True)
        if done.returncode:
            raise stage.BenchError("npm install: " + done.stderr[-300:])
    return folder / "node_modules"


def _until_says(peer, word):
    for line in peer.process.stdout:
        if word in line:
            return
    raise stage.BenchError(f"{peer.name} ends before it says '{word}'")


def start(who, folder, broker, receiver):
    """A peer that listens. Its store is folder/peer.db."""
    env = {**os.environ, "NODE_PATH": str(modules())}
    ports = (broker.port, receiver.port, folder / "peer.db")
    if who != "node-red":
        how = ("--batched",) if who == "batched" else ()
        peer = Process(folder, who, "node", HERE / "plain.js", *ports, *how, env=env)
        _until_says(peer, "ready")
        return peer
    home = folder / "node-red"
    home.mkdir(exist_ok=True)
    flows = home / "flows.json"
    flows.write_text(subprocess.run(["node", HERE / "flows.js", *map(str, ports)], env=env,
                                    capture_output=True, text=True, check=True).stdout)
    shutil.copy(HERE / "settings.js", home / "settings.js")
    env |= {"FLOWS": str(flows), "USER_DIR": str(home), "UI_PORT": str(stage.free_port())}
    peer = Process(folder, who, "node", modules() / "node-red" / "red.js", "--settings",
                   home / "settings.js", env=env)
    _until_says(peer, "Connected to broker")
    time.sleep(0.5)  # it does not tell when it has subscribed
    return peer


def _rows(path, what="count(*)"):
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        return db.execute(f"SELECT {what} FROM message").fetchone()[0]


def _ingest(job, who, count):
    """(signals/s until all are in its store, steal), CPU µs per signal."""
    with job.scene() as (folder, broker, receiver, _place), \
            start(who, folder, broker, receiver) as peer:
        cpu = stage.cpu_ns(peer.pid)
        with Steal() as steal:
            sent = load(folder, broker, words="changes", count=count).result()
            stage.until("it has stored all", lambda: peer.check()
                        and _rows(folder / "peer.db", "max(row)") == count, step=0.02)
            ended = time.monotonic_ns()
        cpu = (stage.cpu_ns(peer.pid) - cpu) / count / 1000
    return (count / ((ended - sent["began"]) / 1e9), steal.share), cpu


def _lost(job, who, count):
    """Of so many signals that the broker took, how many a kill in their midst loses."""
    with job.scene() as (folder, broker, receiver, place):
        def begin():
            if who == "tocsin":
                return stage.Daemon(place)
            return start(who, folder, broker, receiver)

        def stored():
            if who == "tocsin":
                with contextlib.closing(sqlite3.connect(place / "tocsin.db")) as db:
                    return db.execute("SELECT count(DISTINCT data ->> '$.id') FROM ledger"
                                      " WHERE type = 'signal'").fetchone()[0]
            return _rows(folder / "peer.db", "count(DISTINCT body)")

        with begin() as service:
            sending = load(folder, broker, words="changes", count=count, ids=True)
            stage.until("it stores some", lambda: stored() > count / 10, step=0.01)
            service.end(signal.SIGKILL)
        sending.result()
        with begin():
            return count - _when_quiet(stored)


def _when_quiet(stored, seconds=2):
    """What is stored once nothing has come for so long."""
    last, since = stored(), time.monotonic()
    while time.monotonic() - since < seconds:
        time.sleep(0.1)
        if stored() != last:
            last, since = stored(), time.monotonic()
    return last


# ---- Alertmanager ----

def _alertmanager(folder, receiver):
    port = stage.free_port()
    config = folder / "alertmanager.yml"
    config.write_text("route: {receiver: phone, group_by: ['...'], group_wait: 0s,"
                      " group_interval: 1s}\nreceivers:\n  - name: phone\n    webhook_configs:\n"
                      f"      - url: http://127.0.0.1:{receiver.port}/phone\n")
    peer = Process(folder, "alertmanager", "prometheus-alertmanager", f"--config.file={config}",
                   f"--storage.path={folder}/alertmanager", f"--web.listen-address=127.0.0.1:{port}",
                   "--cluster.listen-address=")
    stage.until("Alertmanager listens", lambda: peer.check() and stage.listens(port))
    return peer, port


def _post_alert(link, device):
    body = json.dumps([{"labels": {"alertname": "alarm", "device": device}}])
    link.request("POST", "/api/v2/alerts", body, {"Content-Type": "application/json"})
    answer = link.getresponse()
    answer.read()
    if answer.status != 200:
        raise stage.BenchError(f"Alertmanager answers {answer.status}")


def _alerts(job, alarms):
    """ms from the post of an alert until the receiver has the whole request."""
    with job.scene() as (folder, _broker, receiver, _place):
        peer, port = _alertmanager(folder, receiver)
        sent = {}
        with peer, Steal() as steal:
            link = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            for number in range(alarms):
                device = f"alarm-{number:06}"
                sent[device] = time.monotonic_ns()
                _post_alert(link, device)
                time.sleep(0.01)
            stage.until("every alert is pushed", lambda: len(receiver.first("-")) >= alarms)
            had = receiver.first("-")
    return [(had[device] - at) / 1e6 for device, at in sent.items()], steal.share


# ---- alarms while the receiver is away, and then a kill ----

def _untold(job, who, alarms):
    """Of so many alarms that a service took while the receiver was away, how many nobody ever hears
    of when it is killed before the receiver comes back."""
    with job.scene(alarms=alarms) as (folder, broker, away, place):
        away.end()

        def begin():
            if who == "tocsin":
                return stage.Daemon(place)
            if who == "alertmanager":
                return _alertmanager(folder, away)[0]
            return start(who, folder, broker, away)

        if who == "alertmanager":
            service, port = _alertmanager(folder, away)
            link = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            with service:
                for number in range(alarms):
                    _post_alert(link, f"alarm-{number:06}")
                service.end(signal.SIGKILL)
        else:
            with begin() as service:
                load(folder, broker, prefix="alarm", words="alarms", devices=alarms,
                     count=alarms).result()
                if who == "tocsin":
                    service.until_figure("signals_total", alarms)
                else:
                    stage.until("it has stored all", lambda: service.check()
                                and _rows(folder / "peer.db") >= alarms, step=0.02)
                service.end(signal.SIGKILL)
        with stage.Receiver(folder, away.port) as back, begin():
            reason = "-" if who == "alertmanager" else "opened"
            return alarms - _when_quiet(lambda: len(back.first(reason)), 10)


# ---- beside Tocsin ----

def compare(job, ingest_tocsin, pushes, rows):
    count, alarms = job.n(500, 20_000, 50_000), job.n(20, 300, 1000)
    untold = job.n(10, 100, 100)
    own_untold = [(_untold(job, "tocsin", untold), 0)]
    for who, least, cpu_goal in (("plain", 7, 6), ("batched", None, None), ("node-red", 12, 15)):
        name = NAMES[who]
        ours, theirs, our_cpu, their_cpu, our_spans, their_spans = [], [], [], [], [], []
        for _ in range(job.repeats):
            rate, cpu = _ingest(job, who, count)
            theirs.append(rate)
            their_cpu.append((cpu, rate[1]))
            rate, cpu, _stages = ingest_tocsin(job, "changes", count)
            ours.append(rate)
            our_cpu.append((cpu, rate[1]))
            their_spans.append(pushes(job, who, alarms))
            our_spans.append(pushes(job, "tocsin", alarms))
        rate_goal = cpu_goal_said = None
        if least:
            rate_goal = (f"≥ {least} × {name}", lambda _m, r, t=least: r >= t)
            cpu_goal_said = (f"≤ 1/{cpu_goal} of {name}", lambda _m, r, t=cpu_goal: r <= 1 / t)
        job.book.add("peers", f"each a change, beside {name}", "signals/s", ours, theirs,
                     rate_goal, name)
        job.book.add("peers", f"CPU for a change, beside {name}", "µs", our_cpu, their_cpu,
                     cpu_goal_said, name)
        goals = {"p50": ("≤ 0.5 × the Node.js script", lambda _m, r: r <= 0.5)}
        rows(job, f"alarm to push, idle, beside {name}", our_spans, their_spans,
             goals if who == "plain" else None, name, bench="peers")
        job.book.add("peers", f"lost by a kill among {count:,}", "signals",
                     [(_lost(job, "tocsin", count), 0)], [(_lost(job, who, count), 0)], what=name)
        job.book.add("peers", f"of {untold} alarms never told, beside {name}", "alarms", own_untold,
                     [(_untold(job, who, untold), 0)], what=name)
    if shutil.which("prometheus-alertmanager"):
        theirs = [_alerts(job, alarms) for _ in range(job.repeats)]
        rows(job, "alarm to push, idle, beside Alertmanager", our_spans, theirs, None,
             "Alertmanager", bench="peers")
        job.book.add("peers", f"of {untold} alarms never told, beside Alertmanager", "alarms",
                     own_untold, [(_untold(job, "alertmanager", untold), 0)], what="Alertmanager")
