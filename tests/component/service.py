"""The daemon and the operator's command, as they were built."""

import json
import os
import pathlib
import re
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("TOCSIN_BUILD", ROOT / "build")).resolve()

# Under a sanitizer, or on a machine that is busy with other things, everything is slower: upper
# bounds on times are multiplied by this.
SLOWER = max(float(os.environ.get("TOCSIN_SLOWER", "1")), os.getloadavg()[0] / os.cpu_count())

LOGGED = re.compile(r"^\S+ tocsind (error|warning): ")
SANITIZER = re.compile(r"ERROR: \w+Sanitizer|runtime error:|SUMMARY: \w+Sanitizer")


def program(name):
    path = BUILD / name
    assert path.exists(), f"{path} is not built (TOCSIN_BUILD names another build folder)"
    return str(path)


def environment():
    env = {name: value for name, value in os.environ.items() if name != "JOURNAL_STREAM"}
    env["NO_PROXY"] = "*"
    return env


@dataclass
class Answer:
    status: int
    headers: dict
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def type(self):
        return self.headers.get("content-type", "").split(";")[0]


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args):
        return None


_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect)


def http(method, url, body=None, token=None, headers=()):
    if isinstance(body, (dict, list)):
        body = json.dumps(body).encode()
    request = urllib.request.Request(url, data=body, method=method, headers=dict(headers))
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    if body is not None and not request.has_header("Content-type"):
        request.add_header("Content-Type", "application/json")
    try:
        with _opener.open(request, timeout=15) as reply:
            return Answer(reply.status, _lower(reply.headers), reply.read())
    except urllib.error.HTTPError as reply:
        with reply:
            return Answer(reply.code, _lower(reply.headers), reply.read())


def _lower(headers):
    return {name.lower(): value for name, value in headers.items()}


class Daemon:
    """tocsind. Each warning or error it logs must have been announced by the test with
    expects_log, else `check` fails."""

    def __init__(self, config, url, bell, prefix=(), env=()):
        self.config = pathlib.Path(config)
        self.url = url
        self.bell = bell
        self.prefix = list(prefix)
        self.env = dict(env)
        self.lines = []
        self.process = None
        self._reader = None
        self._expected = []

    # ---- life ----

    def start(self, ready=True):
        assert self.process is None
        self.process = subprocess.Popen(
            [*self.prefix, program("tocsind"), "--config", str(self.config)],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            env={**environment(), **self.env})
        self._reader = threading.Thread(target=self._listen, args=(self.process,), daemon=True)
        self._reader.start()
        if ready:
            self.until_ready()

    def until_ready(self, within=10):
        self.bell.until("the daemon is ready", self._is_ready, within * SLOWER)

    def _is_ready(self):
        assert self.process.poll() is None, \
            f"the daemon ended with {self.process.returncode}:\n" + "\n".join(self.lines[-15:])
        try:
            return http("GET", self.url + "/readyz").status == 200
        except (urllib.error.URLError, ConnectionError):
            return False

    def stop(self):
        """SIGTERM; returns the exit code and how long it took."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        code = self._wait(15)
        return code, time.monotonic() - began

    def kill(self):
        self.process.kill()
        self._wait(15)

    def hangup(self):
        self.process.send_signal(signal.SIGHUP)

    def _wait(self, within):
        code = self.process.wait(within)
        self._reader.join(5)
        self.process = None
        return code

    def _listen(self, process):
        for line in process.stderr:
            self.lines.append(line.decode(errors="replace").rstrip())
            self.bell.ring()
        process.wait()
        self.bell.ring()

    # ---- log ----

    def expects_log(self, pattern):
        """This test brings about warnings or errors of this kind: they are no failure."""
        self._expected.append(re.compile(pattern))

    def until_logs(self, pattern, within=10):
        found = re.compile(pattern)
        return self.bell.until(f"the daemon logs /{pattern}/", lambda: next(
            (line for line in self.lines if found.search(line)), None), within * SLOWER)

    def unexpected(self):
        return [line for line in self.lines if SANITIZER.search(line) or (
            LOGGED.search(line) and not any(e.search(line) for e in self._expected))]


def run(name, *args, stdin=None, timeout=20):
    """One of the programs, to its end."""
    return subprocess.run([program(name), *map(str, args)], capture_output=True, text=True,
                          input=stdin, timeout=timeout * SLOWER, env=environment())
