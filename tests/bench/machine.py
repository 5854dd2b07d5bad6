"""What kind of machine this is, in the words of the table."""

import os
import pathlib
import platform
import re
import sqlite3
import time

import stage


def fsync_ms(folder):
    """One small append and its fdatasync, the median of fifty."""
    spans = []
    path = folder / f"fsync-{os.getpid()}"
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        for _ in range(50):
            began = time.monotonic_ns()
            os.write(fd, b"x" * 4096)
            os.fdatasync(fd)
            spans.append((time.monotonic_ns() - began) / 1e6)
    finally:
        os.close(fd)
        path.unlink()
    return stage.middle(spans)


def describe():
    cpu = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    memory = re.search(r"MemTotal:\s+(\d+)", pathlib.Path("/proc/meminfo").read_text())
    cache = (stage.BUILD / "CMakeCache.txt")
    build = re.search(r"CMAKE_BUILD_TYPE:\w+=(\w*)", cache.read_text()) if cache.exists() else None
    folder = pathlib.Path(os.environ.get("TMPDIR", "/tmp"))
    return {
        "cpu": cpu[1].strip() if cpu else platform.machine(),
        "cores": os.cpu_count(),
        "memory_gib": round(int(memory[1]) / 1048576, 1),
        "kernel": platform.release(),
        "sqlite": sqlite3.sqlite_version,
        "build": build[1] if build else "?",
        "fsync_ms": round(fsync_ms(folder), 3),
        "load_before": os.getloadavg()[0],
        "date": time.strftime("%Y-%m-%d %H:%M"),
    }
