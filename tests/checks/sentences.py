#!/usr/bin/python3
"""Every type of entry that the daemon writes has words in both languages: it stands in the table of
tests/unit/test_timeline.c. So has every way in which something that stood ends, in decide/words.c,
and everything that people do, in review/command/timeline_people.c."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
WRITTEN = (r'\.type = "([a-z_.]+)"', r'record_standing\([^;]*?"([a-z_.]+)"',
           r'"((?:service|broker|store|device)\.[a-z_]+)"')

ENDS = r'(?:standing_end|end_handover|[a-z_]+_over)\(c, [^;{]*?("[^;]*)\);'


def main():
    source = "".join(path.read_text() for folder in ("decide", "store")
                     for path in sorted((ROOT / "daemon" / folder).glob("*.c")))
    written = {name for pattern in WRITTEN for name in re.findall(pattern, source, re.S)}
    written |= {"config", "clock", "key", "checkpoint", "store"}
    table = (ROOT / "tests" / "unit" / "test_timeline.c").read_text()
    told = set(re.findall(r'^\s*\{"([a-z_.]+)"', table, re.M))
    words = (ROOT / "daemon" / "decide" / "words.c").read_text()
    people = (ROOT / "daemon" / "review" / "command" / "timeline_people.c").read_text()
    ends = {end for call in re.findall(ENDS, source, re.S) for end in re.findall(r'"([^"]+)"', call)}
    actions = set(re.findall(r'"([^"]+)"', re.search(r"names\[\] = \{(.*?)\};", source, re.S).group(1)))
    missing = [f"no words are tested for entries of type '{name}'" for name in written - told]
    missing += [f"decide/words.c has no Chinese for the end '{end}'" for end in ends if f'", "{end}"}}' not in words]
    missing += [f"timeline_people.c has no words for the operation '{name}'" for name in actions
                if f'{{"{name}", "' not in people]
    for line in sorted(missing):
        print(line, file=sys.stderr)
    print(f"{len(written)} types, {len(ends)} ends, {len(actions)} operations")
    return 1 if missing or len(written) < 30 or len(ends) < 15 or len(actions) < 20 else 0


sys.exit(main())
