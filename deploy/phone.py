#!/usr/bin/python3
"""Plays everybody's phone: takes what Tocsin pushes and shows it as a locked phone would.

    deploy/phone.py [--port PORT] [--journal FILE]

Listens on 127.0.0.1 (any free port without --port) for the generic webhook, on every path. Writes
"listening on PORT" and then one line a push into the journal, for a script to wait on."""

import argparse
import http.server
import json
import sys
import threading
import time

REASONS = {"opened": "new", "escalated": "nobody has answered: next step", "repeated": "again",
           "raised": "more severe now", "joined": "another sensor",
           "acknowledged": "somebody has taken charge", "reopened": "open again",
           "resolved": "over", "handover": "handed over to you"}


LINES = 4  # of the text, before the phone is unlocked
OVER = ("acknowledged", "resolved")


def shown(push, path):
    data = push["data"]
    note = data["notification"]
    who = note["to"]
    button = "   [确认 Acknowledge]" if data.get("ack_url") and note["reason"] not in OVER else ""
    head = (f"  ▌{time.strftime('%H:%M:%S')}  {who['name']} ({who['id']}, {path.strip('/')})  "
            f"{REASONS.get(note['reason'], note['reason'])}{button}")
    return "\n".join([head] + [f"  ▌  {line}" for line in note["text"].splitlines()[:LINES]])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--journal", default="/dev/null")
    options = parser.parse_args()
    journal = open(options.journal, "a", buffering=1, encoding="utf-8")
    turn = threading.Lock()

    class Phone(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            code = 200
            try:
                push = json.loads(body)
                text, note = shown(push, self.path), push["data"]["notification"]
                with turn:
                    print(f"{text}\n", end="", flush=True)  # one write: others print, too
                    print(self.path, note["reason"], note["to"]["id"],
                          (push["data"].get("incident") or {}).get("id"), file=journal)
            except (ValueError, KeyError, TypeError) as error:
                print(f"  (not a push of Tocsin: {error!r})", file=sys.stderr)
                code = 400
            self.send_response(code)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", options.port), Phone)
    print("listening on", server.server_address[1], file=journal)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass


main()
