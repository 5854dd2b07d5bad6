"""Many who look, from one address: behind a proxy or a gateway all of a school's phones are one.
None of them keeps another out."""

import contextlib
import resource
import socket

import pytest
from service import http

STREAMS = 500
resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)


@pytest.fixture
def lines(house):
    """Opens connections, and closes them all at the end."""
    with contextlib.ExitStack() as open_lines:
        def line(text):
            one = open_lines.enter_context(
                socket.create_connection(("127.0.0.1", house.http_port), timeout=20))
            one.sendall(text.encode())
            return one
        yield line


def request(house, path):
    return f"GET {path} HTTP/1.1\r\nHost: t\r\nAuthorization: Bearer {house.token}\r\n\r\n"


def until_told(one, word):
    told = b""
    while word not in told:
        more = one.recv(65536)
        assert more, f"cut off after: {told[-200:]}"
        told += more
    return told


def test_five_hundred_screens_from_one_address(house, lines):
    screens = [lines(request(house, "/api/v1/stream")) for _ in range(STREAMS)]
    for screen in screens:
        until_told(screen, b"\nid: ")
    assert house.api("GET", "/api/v1/status").json["streams"] == STREAMS

    house.says("smoke-301", "smoke")
    told = house.push("qian", "opened")
    for screen in screens:
        until_told(screen, b"incident.opened")
    assert http("GET", house.url + "/healthz").status == 200
    assert http("POST", told.json["data"]["ack_url"]).status == 200
    assert "acknowledged" in house.tocsin("ack", told.incident["id"], "--by", "li")

    # Their number has an end, and who comes then is told so (of those that come together, any).
    more = [lines(request(house, "/api/v1/stream")) for _ in range(101)]
    told = [until_told(one, b"\r\n\r\n") for one in more]
    refused = [head for head in told if not head.startswith(b"HTTP/1.1 200 ")]
    assert len(refused) == 1
    assert refused[0].startswith(b"HTTP/1.1 503 ") and b"Retry-After: " in refused[0]
    taken = next(one for one, head in zip(more, told) if head.startswith(b"HTTP/1.1 200 "))
    if b"\nid: " not in told[more.index(taken)]:
        until_told(taken, b"\nid: ")


def test_whoever_says_nothing_whole_keeps_nobody_out(house, lines):
    """Half requests, idle connections, and answers that nobody takes, more than there are places."""
    house.says("smoke-301", "smoke")
    told = house.push("qian", "opened")
    for n in range(300):
        lines("GET /healthz HTTP/1.1\r\nHost: t\r\nX-")
        until_told(lines("GET /healthz HTTP/1.1\r\nHost: t\r\n\r\n"), b"ok")
        lines("GET /console/words.js HTTP/1.1\r\nHost: t\r\n\r\n" * 20)
        if n % 50 == 49:
            assert http("GET", house.url + "/healthz").status == 200
            assert http("POST", told.json["data"]["ack_url"]).status == 200
            assert house.tocsin("incidents")
            assert house.api("GET", "/api/v1/status").status == 200
