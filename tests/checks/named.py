#!/usr/bin/python3
"""Every test that daemon/SECURITY.md names is there, and no line of its tables goes without a test
or a reason.

    tests/checks/named.py"""

import os
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def known():
    """Names of tests: files, folders' runs, and functions within the files."""
    names = set()
    for file in (ROOT / "tests").rglob("*"):
        if file.suffix in (".py", ".c") and file.is_file():
            names |= {file.name, file.stem, str(file.relative_to(ROOT))}
            names.update(re.findall(r"\b(?:def|static void) (test_\w+)\(", file.read_text()))
        elif file.is_dir() or os.access(file, os.X_OK):
            names.add(str(file.relative_to(ROOT)))
    return names


def main():
    text, names, wrong = (ROOT / "daemon/SECURITY.md").read_text(), known(), []
    for number, line in enumerate(text.splitlines(), 1):
        said = re.findall(r"`((?:tests/|test_|fuzz_)[\w./]*)", line)
        for name in said:
            if name.rstrip("/") not in names:
                wrong.append(f"daemon/SECURITY.md:{number}: there is no test '{name}'")
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not line.startswith("|") or set(line) <= set("|-") or cells[-1] in ("held by",):
            continue
        if not said and not re.search(
                r"reason: |left: |^the (same|unit)|^`?(add-device|deploy/|tests/run)", cells[-1]):
            wrong.append(f"daemon/SECURITY.md:{number}: neither a test nor a reason: {cells[-1]}")
    print("\n".join(wrong) or f"{len(names)} tests, each that is named is one of them")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
