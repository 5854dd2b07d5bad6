#!/usr/bin/python3
"""Seeds and dictionaries of the fuzz targets: seeds.py FOLDER makes FOLDER/TARGET/ and
FOLDER/TARGET.dict. The real messages lie beside the project (../shared/corpus) and are used where
they are."""

import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
CORPUS = ROOT.parent / "shared" / "corpus" / "samples.jsonl"


def write(folder, name, data):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)


def profiles(folder):
    """As fuzz_profiles.c reads them: the topic, a line end, the payload."""
    if CORPUS.exists():
        for number, line in enumerate(CORPUS.read_text().splitlines()):
            row = json.loads(line)
            write(folder / "fuzz_profiles", f"corpus-{number}",
                  f"{row['topic']}\n{row['payload']}".encode())
    words = set()
    for file in sorted((ROOT / "sensors" / "profiles").glob("*.yaml")):
        text = re.sub(r"^ *#.*", "", file.read_text(), flags=re.M)
        words.update(re.findall(r"[\w/$:-]{2,40}", text))
    (folder / "fuzz_profiles.dict").write_text("".join(
        f'"{word}"\n' for word in sorted(words) if word.isascii()))


def main():
    if len(sys.argv) != 2 or sys.argv[1] in ("-h", "--help"):
        print(__doc__)
        return 0 if sys.argv[1:] in (["-h"], ["--help"]) else 2
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    profiles(folder)
    return 0


sys.exit(main())
