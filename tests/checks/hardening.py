#!/usr/bin/python3
"""The programs are hard to break into: looked up in the binaries, not in the build's options.

    tests/checks/hardening.py BUILD"""

import pathlib
import platform
import re
import subprocess
import sys

PROGRAMS = ("tocsind", "tocsin", "tocsin-sensor")


def readelf(*words):
    return subprocess.run(["readelf", "-W", *map(str, words)], check=True, capture_output=True,
                          text=True).stdout


def missing(program):
    head = readelf("-h", "-l", program)
    dynamic = readelf("-d", program)
    symbols = readelf("--dyn-syms", program)
    wanted = {
        "a position of its own at each start (PIE)":
            "DYN (Position-Independent" in head and re.search(r"\bPIE\b", dynamic),
        "tables closed once they are filled (RELRO, BIND_NOW)":
            "GNU_RELRO" in head and re.search(r"BIND_NOW|\bNOW\b", dynamic),
        "a stack that runs no code": re.search(r"GNU_STACK.* RW ", head),
        "guarded stack frames": "__stack_chk_fail" in symbols,
        "checked copies (_FORTIFY_SOURCE)": re.search(r"__\w+_chk\b", symbols.replace(
            "__stack_chk", "")),
        "no path to libraries but the system's": "RPATH" not in dynamic and "RUNPATH" not in dynamic,
    }
    if platform.machine() == "x86_64":
        wanted["a shadow stack (CET)"] = "SHSTK" in readelf("-n", program)
        main_begins = subprocess.run(["objdump", "-d", "--no-show-raw-insn", "-j", ".text",
                                      program], check=True, capture_output=True, text=True).stdout
        wanted["landing pads for jumps (CET)"] = main_begins.count("endbr64") > 100
    return [what for what, there in wanted.items() if not there]


def main():
    build = pathlib.Path(sys.argv[1])
    wrong = [f"{name}: without {what}" for name in PROGRAMS for what in missing(build / name)]
    # Level 3 leaves no trace of its own in a binary: it is what the compiler was told.
    commands = (build / "compile_commands.json").read_text()
    sources = re.findall(r'"command": "(.*?)",\n', commands)
    weak = [c.rsplit(" ", 1)[1] for c in sources
            if "/daemon/" in c and ".S" not in c and "-D_FORTIFY_SOURCE=3" not in c]
    wrong += [f"{file} is compiled without -D_FORTIFY_SOURCE=3" for file in weak[:3]]
    print("\n".join(wrong) or f"{len(PROGRAMS)} programs, nothing missing")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
