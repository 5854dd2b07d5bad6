#!/usr/bin/python3
"""Do many who look hold up an alarm?  Measures how long it takes from a press of the panic button
to the push in three ways, in turns, so that what else the machine does falls on all alike:

    alone    nobody looks
    beside   500 screens follow, 1,000 requests a second are asked and some clients do not read, do
             not finish what they say, or send too much: of another daemon on the same machine
    crowded  the same of this daemon

    tests/bench/http_load.py [--rounds 5] [--presses 40] [--streams 500] [--rate 1000]

crowded/alone is what somebody at the gate feels, with a machine on which those 500 screens run,
too; crowded/beside is what the daemon itself loses by serving them. It is a measurement, not a
test: on a busy machine it says more about the machine.
"""

import argparse
import asyncio
import contextlib
import json
import os
import pathlib
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve()
sys.path.insert(0, str(HERE.parents[1] / "component"))

from house import House  # noqa: E402


def percentile(sorted_values, share):
    return sorted_values[min(len(sorted_values) - 1, int(len(sorted_values) * share))]


def press(house, count):
    """Milliseconds from the publish of a press to the arrival of its first push."""
    took = []
    for number in range(count):
        seen = len(house.phone.requests)
        began = time.monotonic()
        house.sends("sos-gate", json.dumps({"id": f"p-{began}", "kind": "panic",
                                            "state": "active"}).encode())
        house.until("the push", lambda: len(house.phone.requests) > seen, 30)
        took.append((time.monotonic() - began) * 1000)
        incident = house.incidents("?state=open,acknowledged&limit=1")[0]["id"]
        house.resolve(incident, outcome="test")
        house.until("its end is told", lambda: len(house.phone.requests) > seen + 1, 30)
    return sorted(took)


class Load:
    def __init__(self, port, token, streams, rate):
        self.port, self.token, self.streams, self.rate = port, token, streams, rate
        self.answered = self.failed = self.events = 0

    async def connect(self):
        return await asyncio.open_connection("127.0.0.1", self.port)

    def head(self, path, more=""):
        return (f"GET {path} HTTP/1.1\r\nHost: t\r\nAuthorization: Bearer {self.token}\r\n{more}\r\n").encode()

    async def stream(self, reads):
        reader, writer = await self.connect()
        writer.write(self.head("/api/v1/stream"))
        while reads:
            if not await reader.read(65536):
                return
            self.events += 1
        await asyncio.sleep(3600)

    async def ask(self, number, every):
        reader, writer = await self.connect()
        paths = ["/api/v1/incidents?state=open,acknowledged", "/api/v1/status", "/", "/api/v1/zones"]
        turn = number
        while True:
            began = time.monotonic()
            turn += 1
            writer.write(self.head(paths[turn % len(paths)]))
            line = await reader.readuntil(b"\r\n\r\n")
            length = next(int(one.split(b":")[1]) for one in line.split(b"\r\n")
                          if one.lower().startswith(b"content-length"))
            await reader.readexactly(length)
            self.answered += line.startswith(b"HTTP/1.1 200")
            await asyncio.sleep(max(0, every - (time.monotonic() - began)))

    async def nuisance(self):
        """Half a request, and a body far too large, again and again."""
        while True:
            try:
                _, writer = await self.connect()
                writer.write(b"POST /api/v1/incidents HTTP/1.1\r\nHost: t\r\nContent-Le")
                await writer.drain()
                reader, other = await self.connect()
                other.write(f"POST /api/v1/incidents HTTP/1.1\r\nHost: t\r\nAuthorization: Bearer {self.token}\r\n"
                            "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
                for _ in range(40):
                    other.write(b"10000\r\n" + b"x" * 65536 + b"\r\n")
                    await other.drain()
                await asyncio.sleep(1)
                other.close()
                writer.close()
            except (ConnectionError, OSError):
                self.failed += 1
                await asyncio.sleep(0.2)

    async def run(self, until):
        askers = 50
        tasks = [asyncio.create_task(self.stream(n % 10 != 0)) for n in range(self.streams)]
        tasks += [asyncio.create_task(self.ask(n, askers / self.rate)) for n in range(askers)]
        tasks += [asyncio.create_task(self.nuisance()) for _ in range(4)]
        while not os.path.exists(until):
            await asyncio.sleep(0.1)
        for task in tasks:
            task.cancel()


def load_in_a_child(house, options, flag):
    """In a process of its own, so that measuring does not wait for making."""
    child = os.fork()
    if child:
        return child
    load = Load(house.http_port, house.token, options.streams, options.rate)
    began = time.monotonic()
    asyncio.run(load.run(flag))
    took = time.monotonic() - began
    print(f"    meanwhile {load.answered / took:.0f} answers/s, {load.events} pieces of stream, "
          f"{load.failed} nuisances cut off", flush=True)
    os._exit(0)


class crowd:
    """While it lasts, the streams are open and the requests are asked."""

    def __init__(self, house, options):
        self.house, self.options = house, options
        self.flag = str(house.folder / "enough")

    def __enter__(self):
        pathlib.Path(self.flag).unlink(missing_ok=True)
        self.child = load_in_a_child(self.house, self.options, self.flag)
        self.house.until("the streams are there", lambda: self.house.api(
            "GET", "/api/v1/status").json["streams"] >= self.options.streams * 0.9, 60)

    def __exit__(self, *_ended):
        pathlib.Path(self.flag).touch()
        os.waitpid(self.child, 0)
        self.house.until("the streams are gone", lambda: self.house.api(
            "GET", "/api/v1/status").json["streams"] == 0, 60)


def cpu_seconds(house):
    fields = pathlib.Path(f"/proc/{house.daemon.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def say(name, took):
    took.sort()
    print(f"{name:>10}: p50 {percentile(took, .5):6.1f} ms  p99 {percentile(took, .99):6.1f} ms  "
          f"worst {took[-1]:6.1f} ms  ({len(took)} presses)", flush=True)


def measure(house, neighbour, options):
    took = {"alone": [], "beside": [], "crowded": []}
    cpu = {name: 0.0 for name in took}
    press(house, 10)
    for _ in range(options.rounds):
        for name, crowded in (("alone", None), ("beside", neighbour), ("crowded", house)):
            with crowd(crowded, options) if crowded else contextlib.nullcontext():
                before = cpu_seconds(house)
                took[name] += press(house, options.presses)
                cpu[name] += cpu_seconds(house) - before
    return took, cpu


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--presses", type=int, default=40)
    parser.add_argument("--streams", type=int, default=500)
    parser.add_argument("--rate", type=int, default=1000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        houses = []
        try:
            for name in ("here", "there"):
                (pathlib.Path(folder) / name).mkdir()
                houses.append(House(pathlib.Path(folder) / name))
                houses[-1].daemon.start()
            took, cpu = measure(*houses, options)
        finally:
            wrong = [line for house in houses for line in house.close()]
    for name in took:
        say(name, took[name])
    for share, what in ((.99, "p99"), (.5, "p50")):
        ours = percentile(took["crowded"], share)
        print(f"{what}: crowded/alone {ours / percentile(took['alone'], share):.2f}, "
              f"crowded/beside {ours / percentile(took['beside'], share):.2f}")
    print("CPU of the daemon while measured: " + ", ".join(f"{name} {cpu[name]:.2f} s" for name in cpu))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
