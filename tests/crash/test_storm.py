"""Numbered alarms while the daemon is killed at random moments (tests/crash/run, the short form)."""

import os

import record
from storm import storm


def test_nothing_is_lost_in_a_storm_of_kills():
    long = os.environ.get("TOCSIN_ALL")
    said = []
    lost, wrong = storm(*((40, 20000) if long else (5, 1500)), seed=20261122, say=said.append)
    print("\n".join(said))
    assert not lost and not wrong, "\n".join(said)


def row(seq, data, before=None):
    import hashlib
    row = ["s", seq, 1, 2, 3, "boot", "signal", None, None, None, data]
    before = before or hashlib.sha256(record._field("tocsin ledger 1") + record._field("s")).digest()
    return row + [hashlib.sha256(b"".join(map(record._field, row)) + before).digest()]


def test_the_reader_of_the_record_would_notice():
    first = row(1, "{}")
    second = row(2, "{}", first[11])
    assert record.broken_chain([first, second]) is None
    assert record.broken_chain([first]) is None
    assert "missing" in record.broken_chain([second])
    edited = list(first)
    edited[10] = '{"a": 1}'
    assert "row 1" in record.broken_chain([edited, second])
