#!/usr/bin/python3
"""clang-tidy over the project's own C files.

    tests/checks/tidy.py BUILD [--deep]

The analyzer follows the paths of a function up to a bound; --deep lets it go on where it is ten times
slower for little more. BUILD holds compile_commands.json and takes the results: a file whose preprocessed text, settings
and tool have not changed since it was found good is not looked at again."""

import concurrent.futures
import hashlib
import json
import os
import pathlib
import shlex
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
OURS = ("daemon/", "sensors/")
BOUNDED = [f"--extra-arg={word}" for word in ("-Xclang", "-analyzer-config", "-Xclang",
                                              "max-nodes=20000")]


def commands(build):
    for entry in json.loads((build / "compile_commands.json").read_text()):
        file = pathlib.Path(entry["directory"], entry["file"]).resolve()
        if file.suffix == ".c" and file.is_relative_to(ROOT):
            if str(file.relative_to(ROOT)).startswith(OURS):
                yield file, entry


def fingerprint(entry, settings):
    """Of everything the verdict depends on."""
    words = shlex.split(entry["command"])
    if "ccache" in words[0]:
        words = words[1:]
    at = words.index("-o")
    done = subprocess.run([*words[:at], *words[at + 2:], "-D__clang_analyzer__", "-E", "-o", "-"],
                          cwd=entry["directory"], capture_output=True, check=True)
    return hashlib.sha256(settings + done.stdout).hexdigest()


def look(build, file, entry, settings, bounds):
    """What is wrong with a file, or None."""
    good = build / "tests" / "tidy" / (str(file.relative_to(ROOT)).replace("/", "+") + ".good")
    print_of_it = fingerprint(entry, settings)
    if good.exists() and good.read_text() == print_of_it:
        return None
    done = subprocess.run(["clang-tidy", "--quiet", *bounds, "-p", str(build), str(file)],
                          capture_output=True, text=True, check=False)
    if done.returncode == 0:
        good.write_text(print_of_it)
        return None
    return done.stdout + done.stderr


def main():
    words = [word for word in sys.argv[1:] if word != "--deep"]
    if len(words) != 1 or words[0] in ("-h", "--help"):
        print(__doc__)
        return 0 if words in (["-h"], ["--help"]) else 2
    bounds = [] if "--deep" in sys.argv else BOUNDED
    build = pathlib.Path(words[0]).resolve()
    (build / "tests" / "tidy").mkdir(parents=True, exist_ok=True)
    version = subprocess.run(["clang-tidy", "--version"], capture_output=True, check=True).stdout
    settings = version + (ROOT / ".clang-tidy").read_bytes() + " ".join(bounds).encode()
    files = list(commands(build))
    if not files:
        print("no C file of ours in compile_commands.json")
        return 1
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        wrong = [said for said in pool.map(
            lambda one: look(build, *one, settings, bounds), files) if said]
    for said in wrong:
        print(said)
    print(f"{len(files)} files, {len(wrong)} with something to mend")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
