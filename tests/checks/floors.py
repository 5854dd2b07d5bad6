#!/usr/bin/python3
"""The house stands as it was drawn: an upward include does not compile, and nothing lies at the top
that does not belong there.

    tests/checks/floors.py BUILD"""

import json
import pathlib
import shlex
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOP = {"daemon", "sensors", "schemas", "deploy", "tests", "CMakeLists.txt", "CMakePresets.json",
       "README.md", "LICENSE"}

# A floor's file, a header it may see, and headers of the floors above and beside it.
ABOVE = {
    "daemon/base/text.c": ("base/text.h", ["decide/site.h", "store/store.h", "receive/signals.h",
                                           "deliver/channel.h", "review/http.h",
                                           "config/config.h"]),
    "daemon/decide/site.c": ("base/text.h", ["store/store.h", "receive/signals.h",
                                             "receive/broker.h", "deliver/channel.h",
                                             "review/http.h", "config/config.h"]),
    "daemon/receive/decode_native.c": ("decide/site.h", ["store/store.h", "deliver/channel.h",
                                                         "review/http.h", "config/config.h"]),
    "daemon/store/store.c": ("decide/site.h", ["receive/signals.h", "deliver/channel.h",
                                               "review/http.h", "config/config.h"]),
    "daemon/receive/broker.c": ("receive/signals.h", ["store/store.h", "deliver/channel.h",
                                                      "review/http.h", "config/config.h"]),
    "daemon/deliver/courier.c": ("decide/site.h", ["store/store.h", "receive/broker.h",
                                                   "review/http.h", "config/config.h"]),
    "daemon/review/http.c": ("store/store.h", ["receive/broker.h", "deliver/channel.h",
                                               "config/config.h"]),
}


def compiles(command, directory, header):
    """Whether a file of this floor that includes the header would compile."""
    words = shlex.split(command)
    if "ccache" in words[0]:
        words = words[1:]
    words = words[:words.index("-o")]
    with tempfile.NamedTemporaryFile("w", suffix=".c") as probe:
        probe.write(f'#include "{header}"\n')
        probe.flush()
        done = subprocess.run([*words, "-fsyntax-only", probe.name], cwd=directory,
                              capture_output=True, text=True, check=False)
    return done.returncode == 0


def wrong_includes(build):
    entries = {str(pathlib.Path(e["file"]).resolve().relative_to(ROOT)): e
               for e in json.loads((build / "compile_commands.json").read_text())
               if pathlib.Path(e["file"]).resolve().is_relative_to(ROOT)}
    for file, (below, above) in ABOVE.items():
        if file not in entries:
            yield f"{file} is not compiled: has it moved?"
            continue
        command, directory = entries[file]["command"], entries[file]["directory"]
        if not compiles(command, directory, below):
            yield f"{file} cannot include {below}: the probe proves nothing"
        for header in above:
            if not (ROOT / "daemon" / header).exists():
                yield f"daemon/{header} is not there: has it moved?"
            if compiles(command, directory, header):
                yield f"{file} could include {header}: that is upwards"
    for source in sorted((ROOT / "daemon").rglob("*.[ch]")):
        if '#include "../' in source.read_text():
            yield f"{source.relative_to(ROOT)} includes around the floors, by ../"


def wrong_at_the_top():
    listed = subprocess.run(["git", "-C", str(ROOT), "-c", "safe.directory=*", "ls-files"], capture_output=True, text=True,
                            check=True).stdout.splitlines()
    found = {name.split("/")[0] for name in listed}
    found = {name for name in found if not name.startswith(".")}
    yield from (f"{name} is missing at the top" for name in sorted(TOP - found))
    yield from (f"{name} does not belong at the top" for name in sorted(found - TOP))


def main():
    if len(sys.argv) != 2 or sys.argv[1] in ("-h", "--help"):
        print(__doc__)
        return 0 if sys.argv[1:] in (["-h"], ["--help"]) else 2
    wrong = [*wrong_includes(pathlib.Path(sys.argv[1]).resolve()), *wrong_at_the_top()]
    print("\n".join(wrong) or "as drawn")
    return 1 if wrong else 0


sys.exit(main())
