"""An HTTP receiver of pushes that can be told how to behave: it accepts unless told otherwise, and
records every request."""

import base64
import hashlib
import hmac
import json
import socket
import sys
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(eq=False)
class Request:
    path: str
    headers: dict
    body: bytes
    at: float  # time.monotonic()
    wall: float  # time.time()
    taken: bool = field(default=False, repr=False)

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def notification(self):
        return self.json["data"]["notification"]

    @property
    def incident(self):
        return self.json["data"]["incident"]

    @property
    def to(self):
        return self.notification["to"]["id"]

    @property
    def reason(self):
        return self.notification["reason"]

    @property
    def id(self):
        return self.headers["webhook-id"]

    def __str__(self):
        note = self.notification
        return (f"{self.path} {note['reason']} to {self.to}, step {note.get('step')}, "
                f"attempt {note.get('attempt')}")


def signature(secret, request):
    """Standard Webhooks 1.0, written from its text: base64(HMAC-SHA256(key, id.timestamp.body))."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = b".".join([request.headers["webhook-id"].encode(),
                        request.headers["webhook-timestamp"].encode(), request.body])
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


# ---- behaviours: called with the handler and an event that is set when the test ends ----

def accept(handler, _ended):
    handler.answer(200, b"{}")


def status(code, headers=(), body=b""):
    def behave(handler, _ended):
        handler.answer(code, body, dict(headers))
    return behave


def hang(handler, ended):
    """Reads the request and never answers."""
    ended.wait()
    handler.close_connection = True


def cut(handler, _ended):
    """Reads the request and closes without a word."""
    handler.close_connection = True
    handler.connection.shutdown(socket.SHUT_RDWR)


def cut_body(handler, _ended):
    """A 503 whose body ends in the middle."""
    handler.wfile.write(b"HTTP/1.1 503 Busy\r\nContent-Length: 1000\r\n\r\n{\"err")
    handler.close_connection = True
    handler.connection.shutdown(socket.SHUT_RDWR)


def drip(handler, ended):
    """An answer that comes a byte at a time and has no end."""
    try:
        handler.wfile.write(b"HTTP/1.1 503 Busy\r\nContent-Length: 100000\r\n\r\n")
        while not ended.wait(0.05):
            handler.wfile.write(b".")
            handler.wfile.flush()
    except OSError:
        pass
    handler.close_connection = True


def error_inside(handler, _ended):
    """What chat robots do: 200, and the refusal in the body."""
    handler.answer(200, b'{"errcode":93000,"errmsg":"invalid webhook url"}')


class _Server(ThreadingHTTPServer):
    request_queue_size = 128

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], ConnectionError):  # the sender died: its right
            super().handle_error(request, client_address)


class Receiver:
    def __init__(self, bell):
        self.bell = bell
        self.requests = []
        self._scripts = {}  # path -> behaviours still to come, the last one stays
        self._below = {}  # beginning of a path -> behaviour
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def behaves(self, path, *behaviours, to=None):
        """The next requests to the path (for one recipient only, if named) are met by these, one
        each; the last one stays in force."""
        with self._lock:
            self._scripts[path, to] = list(behaviours)

    def listens(self, prefix, behaviour):
        """Whatever comes below this path is met by this behaviour."""
        with self._lock:
            self._below[prefix + "/"] = self._below[prefix + "?"] = behaviour
            self._scripts[prefix, None] = [behaviour]

    def close(self):
        self._ended.set()
        self._server.shutdown()
        self._server.server_close()

    def _next(self, request):
        with self._lock:
            self.requests.append(request)
            for prefix, behaviour in self._below.items():
                if request.path.startswith(prefix):
                    return behaviour
            try:
                to = request.to
            except (ValueError, KeyError, TypeError, AttributeError):
                to = None
            script = self._scripts.get((request.path, to)) or \
                self._scripts.get((request.path, None)) or [accept]
            return script.pop(0) if len(script) > 1 else script[0]

    def _handler(receiver):
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                request = Request(self.path, headers, body, time.monotonic(), time.time())
                self.last = request
                behave = receiver._next(request)
                receiver.bell.ring()
                try:
                    behave(self, receiver._ended)
                except OSError:
                    self.close_connection = True  # the sender has given up: its right

            do_GET = do_POST

            def answer(self, code, body=b"", headers=None):
                self.send_response(code)
                for name, value in (headers or {}).items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_args):
                pass

        return Handler
