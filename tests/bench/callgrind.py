"""Instructions per signal by stage, counted by valgrind's callgrind in the daemon itself."""

import re
import shutil
import signal
import subprocess

import stage

# The stage and the function whose inclusive cost it is. What is left of all is libmosquitto, which
# has no names in Debian's build, the loop and the rest.
STAGES = {"decode": "decode_native", "decide": "site_apply", "commit": "store_commit",
          "release": "broker_release"}


def installed():
    return shutil.which("valgrind") is not None


def _inclusive(out):
    text = subprocess.run(["callgrind_annotate", "--inclusive=yes", "--threshold=99.99", out],
                          capture_output=True, text=True, check=True).stdout
    costs = {}
    for line in text.splitlines():
        found = re.match(r"\s*([\d,]+) \([\s\d.]+%\)\s+(.*)", line)
        if found:
            name = re.sub(r"'\d+$", "", found[2].split(" [")[0].split(":")[-1].strip())
            costs[name] = max(costs.get(name, 0), int(found[1].replace(",", "")))
    return costs


def _run(folder, broker, place, words, count):
    """Costs of a life of the daemon with so many signals: it is ended by SIGTERM."""
    out = folder / f"callgrind-{words}-{count}"
    prefix = ("valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", "-q")
    with stage.Daemon(place, prefix=prefix) as daemon:
        load = stage.load(folder, broker, words=words, count=count, devices=100)
        load.result()
        daemon.until_figure("signals_total", count)
        daemon.end(signal.SIGTERM)
    return _inclusive(out)


def instructions(folder, broker, place, words, count):
    """{stage: instructions per signal}. The difference between a long and a short life, so that
    starting and stopping do not count."""
    few = count // 5
    short = _run(folder, broker, place, words, few)
    (place / "tocsin.db").unlink()
    long = _run(folder, broker, place, words, count)

    def each(name):
        return max(0, long.get(name, 0) - short.get(name, 0)) / (count - few)

    counted = {name: each(function) for name, function in STAGES.items()}
    counted["the rest"] = each("PROGRAM TOTALS") - sum(counted.values())
    counted["all"] = each("PROGRAM TOTALS")
    return counted
