"""No tampering without a name: the record of a busy month (of some days of it, where there is less
time), changed in one way at a time by a hand that knows how the chain is made but has no key."""

import hashlib
import json
import os
import random
import shutil
import sqlite3
import struct
import subprocess

import pytest
from hand import columns, edit, remove, rows, unguarded
from service import BUILD, ROOT, environment, program

ROUNDS = int(os.environ.get("TOCSIN_TAMPERINGS") or (1000 if os.environ.get("TOCSIN_ALL") else 60))
TEXTS = ["type", "device", "incident", "by", "data"]
DAYS = "30" if os.environ.get("TOCSIN_ALL") else "3"
NUMBERS = ["time", "received", "steady"]
STATE = ["incident", "incident_signal", "told", "notification", "delivery", "standing",
         "device_state", "policy"]
COLUMNS = ["time", "received", "steady", "boot", "type", "device", "incident", "by", "data", "hash"]


class Record:
    """A store whose guards are off, and a copy of it as it was a day before its end."""

    def __init__(self, folder):
        self.folder = folder
        self.config = folder / "tocsin.yaml"
        self.yesterday = folder / "yesterday.db"
        for name in ("tocsin.yaml", "school.yaml"):
            shutil.copy(ROOT / "tests" / "record" / name, folder)
        done = subprocess.run([BUILD / "tocsin-month", "--config", self.config, "--days", DAYS,
                               "--seed", str(random.randrange(1 << 30)), "--copy-to",
                               self.yesterday, "--copy-after", str(int(DAYS) - 1)],
                              capture_output=True, text=True, timeout=600)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["incidents"] > 10
        for path in (folder / "tocsin.db", self.yesterday):
            unguarded(path).close()


@pytest.fixture(scope="module")
def record(tmp_path_factory):
    return Record(tmp_path_factory.mktemp("record"))


def verify(config):
    done = subprocess.run([program("tocsin"), "--config", config, "verify", "--json"],
                          capture_output=True, text=True, env=environment(), timeout=60)
    return done.returncode, json.loads(done.stdout)


class Hand:
    """Changes a copy of the store. Each way returns what it is called, and the first bad seqs that
    may be named."""

    def __init__(self, path, chance, yesterday):
        self.path = path
        self.yesterday = yesterday
        self.db = sqlite3.connect(path, isolation_level=None)
        self.db.executescript("PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON;"
                              "PRAGMA synchronous = OFF; BEGIN;"
                              "CREATE INDEX by_seq ON ledger (seq)")
        self.chance = chance
        self.last = self.one("SELECT max(seq) FROM ledger")
        self.boots = dict(self.db.execute("SELECT number, id FROM boot"))
        self.checkpoints = [seq for (seq,) in self.db.execute(
            "SELECT seq FROM ledger WHERE type = 'checkpoint' ORDER BY seq")]

    def one(self, sql, *args):
        return self.db.execute(sql, args).fetchone()[0]

    def done(self):
        self.db.execute("DROP INDEX IF EXISTS by_seq")  # it was for our own speed
        self.db.execute("COMMIT")
        self.db.close()

    def seq(self, first=1, last=None):
        return self.chance.randint(first, last or self.last)

    def vouched_from(self, seq):
        """The first entry behind the last checkpoint before seq: no signature reaches further."""
        return max([at for at in self.checkpoints if at < seq], default=0) + 1

    # ---- the chain, from its description ----

    def restamp(self, first):
        def field(value):
            if value is None:
                return b"\xff" * 8
            value = str(value).encode()
            return struct.pack(">Q", len(value)) + value
        before = hashlib.sha256(field("tocsin ledger 1") + field("binjiang")).digest()
        if first > 1:
            before = self.one("SELECT hash FROM ledger WHERE seq = ?", first - 1)
        for row in self.db.execute(
                'SELECT seq, time, received, steady, boot, type, device, incident, "by", data'
                " FROM ledger WHERE seq >= ? ORDER BY seq", (first,)).fetchall():
            fields = ["binjiang", *row[:4], self.boots[row[4]], *row[5:]]
            before = hashlib.sha256(b"".join(map(field, fields)) + before).digest()
            self.db.execute("UPDATE ledger SET hash = ? WHERE seq = ?", (before, row[0]))
        self.db.execute("UPDATE site SET head_seq = ?, head_hash = ?", (row[0], before))

    def shift(self, first, by):
        """Counts rows up or down, by way of numbers that nobody has."""
        self.db.execute("UPDATE ledger SET seq = seq + 1000000 WHERE seq >= ?", (first,))
        self.db.execute("UPDATE ledger SET seq = seq - 1000000 + ? WHERE seq >= 1000000", (by,))

    def put(self, seq):
        """A row of ours, copied from another that stands where it stood."""
        source = self.seq(1, 40)
        while source == seq or not self.one("SELECT count(*) FROM ledger WHERE seq = ?", source):
            source = self.seq(1, 40)
        self.db.execute(
            'INSERT INTO ledger (site, seq, time, received, steady, boot, type, device, incident,'
            ' "by", data, hash) SELECT site, ?, time, received, steady, boot, type, device,'
            ' incident, "by", data, hash FROM ledger WHERE seq = ?', (seq, source))

    # ---- the ways ----

    def edits_a_column(self):
        seq, column = self.seq(), self.chance.choice(COLUMNS)
        old = self.one(f'SELECT "{column}" FROM ledger WHERE seq = ?', seq)
        if column == "hash":
            at = self.chance.randrange(32)
            new = old[:at] + bytes([old[at] ^ 1 << self.chance.randrange(8)]) + old[at + 1:]
        elif column in NUMBERS:
            new = old ^ 1 << self.chance.randrange(40)
        elif column == "boot":
            new = old + 1
        elif not old:
            new = "x"
        else:
            at = self.chance.randrange(len(old))
            new = old[:at] + chr(ord(old[at]) ^ 1) + old[at + 1:]
        self.db.execute(f'UPDATE ledger SET "{column}" = ? WHERE seq = ?', (new, seq))
        return "edited", [seq]

    def hides_text_behind_a_nul(self):
        seq = self.seq()
        self.db.execute("UPDATE ledger SET data = data || char(0) || 'x' WHERE seq = ?", (seq,))
        return "edited", [seq]

    def edits_a_number(self):
        seq = self.seq(1, self.last - 1)
        self.db.execute("UPDATE ledger SET seq = seq + ? WHERE seq = ?", (1 << 20, seq))
        return "edited", [seq]

    def moves_a_row_to_another_site(self):
        seq = self.seq(1, self.last - 1)
        self.db.execute("UPDATE ledger SET site = 7 WHERE seq = ?", (seq,))
        return "edited", [seq]

    def deletes_a_row(self):
        seq = self.seq(1, self.last - 1)
        self.db.execute("DELETE FROM ledger WHERE seq = ?", (seq,))
        return "missing", [seq]

    def deletes_a_row_and_closes_up(self):
        seq = self.seq(1, self.last - 3)
        self.db.execute("DELETE FROM ledger WHERE seq = ?", (seq,))
        self.shift(seq + 1, -1)
        return "missing", [seq]

    def swaps_two(self):
        one, other = sorted(self.chance.sample(range(1, self.last + 1), 2))
        if self.chance.random() < 0.3:
            other = one + 1
        what = self.chance.choice(["seq", "row", "all", "all but the hash"])
        if what in ("seq", "row"):
            a, b = (self.one(f"SELECT {what} FROM ledger WHERE seq = ?", n) for n in (one, other))
            rows = [self.one("SELECT row FROM ledger WHERE seq = ?", n) for n in (one, other)]
            key = "row" if what == "seq" else "seq"
            keys = rows if key == "row" else (one, other)
            for value, at in ((-1, keys[0]), (a, keys[1]), (b, keys[0])):
                self.db.execute(f"UPDATE ledger SET {what} = ? WHERE {key} = ?", (value, at))
            return "reordered", [one]
        columns = COLUMNS if what == "all" else COLUMNS[:-1]
        names = ", ".join(f'"{c}"' for c in columns)
        values = [self.db.execute(f"SELECT {names} FROM ledger WHERE seq = ?", (n,)).fetchone()
                  for n in (one, other)]
        for row, at in ((values[1], one), (values[0], other)):
            self.db.execute("UPDATE ledger SET " + ", ".join(f'"{c}" = ?' for c in columns) +
                            " WHERE seq = ?", (*row, at))
        return ("nothing", []) if values[0] == values[1] else ("reordered", [one])

    def cuts_the_tail(self):
        seq = self.seq(2)
        self.db.execute("DELETE FROM ledger WHERE seq >= ?", (seq,))
        return "truncated", [seq]

    def cuts_the_tail_and_says_so(self):
        seq = self.seq(2)
        self.db.execute("DELETE FROM ledger WHERE seq >= ?", (seq,))
        self.db.execute("UPDATE site SET head_seq = ?, head_hash = (SELECT hash FROM ledger"
                        " WHERE seq = ?)", (seq - 1, seq - 1))
        return "truncated", [seq]

    def inserts_a_row(self):
        seq = self.seq(1, self.last - 2)
        self.shift(seq, 1)
        self.put(seq)
        return "inserted", [seq]

    def appends_a_row(self):
        self.put(self.last + 1)
        return "inserted", [self.last + 1]

    def appends_a_row_well_chained(self):
        self.put(self.last + 1)
        self.restamp(self.last + 1)
        return "inserted", [self.last + 1]

    def writes_the_chain_anew(self):
        seq = self.seq()
        self.db.execute("UPDATE ledger SET data = json_set(data, '$.x', 1), time = time + 1"
                        " WHERE seq = ?", (seq,))
        self.restamp(seq)
        return "edited", range(self.vouched_from(seq), seq + 1)

    def edits_a_checkpoint_and_writes_the_chain_anew(self):
        seq = self.chance.choice(self.checkpoints[:-1])
        change = self.chance.choice(["data = json_set(data, '$.x', 1)", "time = time + 1",
                                     "received = received - 1"])
        self.db.execute(f"UPDATE ledger SET {change} WHERE seq = ?", (seq,))
        self.restamp(seq)
        return "edited", [seq]

    def inserts_and_writes_the_chain_anew(self):
        seq = self.seq(1, self.checkpoints[-2])
        self.shift(seq, 1)
        self.put(seq)
        self.restamp(seq)
        return "inserted", range(self.vouched_from(seq), seq + 1)

    def deletes_and_writes_the_chain_anew(self):
        seq = self.seq(1, self.checkpoints[-2] - 1)
        was = self.one("SELECT type FROM ledger WHERE seq = ?", seq)
        self.db.execute("DELETE FROM ledger WHERE seq = ?", (seq,))
        self.shift(seq + 1, -1)
        self.restamp(seq)
        return "missing" if was != "key" else "edited", range(self.vouched_from(seq), seq + 1)

    def puts_back_the_copy_of_yesterday(self):
        self.done()
        shutil.copy(self.yesterday, self.path)
        self.db = sqlite3.connect(self.path, isolation_level=None)
        self.db.execute("BEGIN")
        return "truncated", [self.one("SELECT max(seq) FROM ledger") + 1]

    def edits_the_head(self):
        self.db.execute("UPDATE site SET " + self.chance.choice(
            ["head_seq = head_seq - 1", "head_seq = head_seq + 9", "head_hash = zeroblob(32)"]))
        return "edited", [self.last]


WAYS = [name for name in vars(Hand) if any(word in name for word in (
    "edits_", "hides_", "moves_", "deletes_", "swaps_", "cuts_", "inserts_", "appends_",
    "writes_", "puts_back"))]


@pytest.fixture
def beside(record, tmp_path):
    """A folder with all of the record but its store, which is the test's to put there."""
    for name in ("tocsin.yaml", "school.yaml", "tocsin.db.key", "tocsin.db.head"):
        shutil.copy(record.folder / name, tmp_path)
    return tmp_path


def test_every_tampering_is_found_and_named(record, beside):
    assert verify(record.config)[0] == 0
    copy = beside / "tocsin.db"
    config = beside / "tocsin.yaml"
    wrong, seed = [], random.randrange(1 << 30)
    for number in range(ROUNDS):
        shutil.copy(record.folder / "tocsin.db", copy)
        hand = Hand(copy, random.Random(seed + number), record.yesterday)
        way = WAYS[number % len(WAYS)]
        kind, seqs = getattr(hand, way)()
        hand.done()
        code, answer = verify(config)
        found = (answer.get("kind"), answer.get("seq"))
        if kind == "nothing":
            assert code == 0
        elif code != 1 or found[0] != kind or found[1] not in seqs:
            wrong.append(f"seed {seed + number}: {way}: {kind} {seqs}, was found as {found}: "
                         f"{answer['sites'][0]['findings']}")
    assert not wrong, "\n".join(wrong)


def change(db, table, column, kind):
    row = random.choice(rows(db, table))
    if column == "every row":
        db.execute(f"DELETE FROM {table}")
    elif column == "a row":
        remove(db, table, row)
    else:
        edit(db, table, row, column, kind)


def test_nothing_beside_the_ledger_is_changed_unseen(record, beside):
    """Each column of each table; a row, and all of them, deleted."""
    copy, unseen = beside / "tocsin.db", []
    db = unguarded(record.folder / "tocsin.db")
    ways = [(table, column, kind) for table in (*STATE, "site") for column, kind, _ in
            (*columns(db, table), ("a row", "", 0), ("every row", "", 0))]
    db.close()
    for way in ways if os.environ.get("TOCSIN_ALL") else random.sample(ways, 45):
        shutil.copy(record.folder / "tocsin.db", copy)
        db = unguarded(copy)
        try:
            change(db, *way)
        except sqlite3.IntegrityError:
            continue  # there is such a row already
        finally:
            db.close()
        code, answer = verify(beside / "tocsin.yaml")
        if code != 1 or answer["kind"] not in ("edited", "inserted", "truncated", "missing"):
            unseen.append(f"{way}: {answer}")
    assert not unseen, "\n".join(unseen)
