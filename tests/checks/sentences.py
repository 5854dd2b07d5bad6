#!/usr/bin/python3
"""Every type of entry that the daemon writes has words in both languages: it stands in the table of
tests/unit/test_timeline.c."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
WRITTEN = (r'\.type = "([a-z_.]+)"', r'record_standing\([^;]*?"([a-z_.]+)"',
           r'"((?:service|broker|store|device)\.[a-z_]+)"')


def main():
    source = "".join(path.read_text() for folder in ("decide", "store")
                     for path in sorted((ROOT / "daemon" / folder).glob("*.c")))
    written = {name for pattern in WRITTEN for name in re.findall(pattern, source, re.S)}
    written |= {"config", "clock", "key", "checkpoint"}
    table = (ROOT / "tests" / "unit" / "test_timeline.c").read_text()
    told = set(re.findall(r'^\s*\{"([a-z_.]+)"', table, re.M))
    for name in sorted(written - told):
        print(f"no words are tested for entries of type '{name}'", file=sys.stderr)
    print(f"{len(written)} types")
    return 1 if written - told or len(written) < 30 else 0


sys.exit(main())
