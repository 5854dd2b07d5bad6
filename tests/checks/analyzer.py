#!/usr/bin/python3
"""gcc's -fanalyzer over the project's own C files: paths on which memory leaks, is used after it is
freed, or NULL is followed.

    tests/checks/analyzer.py BUILD

BUILD holds compile_commands.json and takes the results: a file whose preprocessed text and compiler
have not changed since it was found good is not looked at again."""

import concurrent.futures
import os
import pathlib
import shlex
import subprocess
import sys

from tidy import ROOT, commands, fingerprint

# What is left out: it takes each allocation for one that may fail; ours (base/mem.h) end the process
# instead. What cannot be is asserted, and the analyzer believes it.
WITHOUT = ("-Wno-analyzer-possible-null-dereference", "-Wno-analyzer-possible-null-argument",
           "-UNDEBUG")


def look(build, file, entry, settings):
    """What is wrong with a file, or None."""
    good = build / "tests" / "analyzer" / (str(file.relative_to(ROOT)).replace("/", "+") + ".good")
    print_of_it = fingerprint(entry, settings)
    if good.exists() and good.read_text() == print_of_it:
        return None
    words = shlex.split(entry["command"])
    if "ccache" in words[0]:
        words = words[1:]
    at = words.index("-o")
    done = subprocess.run([*words[:at], *words[at + 2:], "-fanalyzer", *WITHOUT, "-O0",
                           "-U_FORTIFY_SOURCE", "-fdiagnostics-plain-output", "-o", "/dev/null"],
                          cwd=entry["directory"], capture_output=True, text=True, check=False)
    if done.returncode == 0 and "-Wanalyzer" not in done.stderr:
        good.write_text(print_of_it)
        return None
    return done.stderr


def main():
    if len(sys.argv) != 2 or sys.argv[1] in ("-h", "--help"):
        print(__doc__)
        return 0 if sys.argv[1:] in (["-h"], ["--help"]) else 2
    build = pathlib.Path(sys.argv[1]).resolve()
    (build / "tests" / "analyzer").mkdir(parents=True, exist_ok=True)
    version = subprocess.run(["gcc", "--version"], capture_output=True, check=True).stdout
    settings = version + " ".join(WITHOUT).encode()
    files = list(commands(build))
    if not files:
        print("no C file of ours in compile_commands.json")
        return 1
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        wrong = [said for said in pool.map(
            lambda one: look(build, *one, settings), files) if said]
    for said in wrong:
        print(said)
    print(f"{len(files)} files, {len(wrong)} with something to mend")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
