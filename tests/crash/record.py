"""Reads a store as a stranger would: with SQLite alone, and the chain computed from its text in
daemon/store/ledger.h."""

import hashlib
import json
import sqlite3


def _field(value):
    if value is None:
        return b"\xff" * 8
    data = value if isinstance(value, bytes) else str(value).encode()
    return len(data).to_bytes(8, "big") + data


def rows_of(path):
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as db:
        return db.execute(
            'SELECT site.id, seq, time, received, steady, boot.id, type, device, incident, "by",'
            " data, hash FROM ledger JOIN site ON site.number = ledger.site"
            " JOIN boot ON boot.number = ledger.boot ORDER BY site.id, seq").fetchall()


def count(path, type):
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as db:
        return db.execute("SELECT count(*) FROM ledger WHERE type = ?", (type,)).fetchone()[0]


def broken_chain(rows):
    """None, or what is wrong with the first row that does not fit."""
    before, site, expected = b"", None, 0
    for row in rows:
        if row[0] != site:
            site, expected = row[0], 0
            before = hashlib.sha256(_field("tocsin ledger 1") + _field(site)).digest()
        expected += 1
        if row[1] != expected:
            return f"{site}: row {expected} is missing"
        before = hashlib.sha256(b"".join(map(_field, row[:11])) + before).digest()
        if before != row[11]:
            return f"{site}: the hash of row {expected} does not fit"
    return None


def message_ids(rows):
    return [json.loads(row[10]).get("id") for row in rows if row[6] == "signal"]


def incidents(rows):
    return [row[8] for row in rows if row[6] == "incident.opened"]


def first_letters(rows, to):
    """The ids under which somebody was to be told of an opening, as they were committed."""
    told = [json.loads(row[10]) for row in rows if row[6] == "notification"]
    return {n["id"] for n in told if n["reason"] == "opened" and n["to"]["id"] == to}


def wrong_repetitions(requests):
    """Pushes that came twice without saying so. A notification keeps its id; its second push
    after a crash says possible_duplicate."""
    wrong, ids, told = [], set(), {}
    for request in requests:
        again = request.id in ids
        ids.add(request.id)
        if again and not request.notification["possible_duplicate"] and \
                request.notification["attempt"] == 1:
            wrong.append(f"{request} came again and does not say so")
        # What was sent unlogged and died unwritten is nobody's notification any more.
        if request.reason == "opened" and not request.notification["unlogged"]:
            first = told.setdefault((request.incident["id"], request.to), request.id)
            if first != request.id:
                wrong.append(f"{request} has another webhook-id than before")
    return wrong
