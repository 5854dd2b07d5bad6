"""A hand on the store's file that knows what is in it and has no key."""

import sqlite3


def unguarded(path):
    """The store, its own guards taken off; closed as it is changed."""
    db = sqlite3.connect(path, isolation_level=None)
    for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
        db.execute(f"DROP TRIGGER {name}")
    db.execute("PRAGMA foreign_keys = OFF")
    db.execute("PRAGMA ignore_check_constraints = ON")
    return db


def columns(db, table):
    """(name, type, is part of the key) of each."""
    return [(name, kind, key) for _, name, kind, _, _, key in db.execute(
        f"PRAGMA table_info({table})")]


def another(value, kind):
    """A value that the column takes, and another one."""
    if kind == "INTEGER":
        return (value or 0) + 1
    if kind == "BLOB":
        return bytes([value[0] ^ 1]) + value[1:]
    return f"{value or ''}x"


def _this(row):
    return " AND ".join(f'"{name}" IS ?' for name in row)


def edit(db, table, row, column, kind):
    """Changes one column of a row, which is a dict of all of its columns."""
    assert db.execute(f'UPDATE {table} SET "{column}" = ? WHERE {_this(row)}',
                      (another(row[column], kind), *row.values())).rowcount == 1


def remove(db, table, row):
    assert db.execute(f"DELETE FROM {table} WHERE {_this(row)}", (*row.values(),)).rowcount == 1


def rows(db, table):
    cursor = db.execute(f"SELECT * FROM {table}")
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row)) for row in cursor.fetchall()]
