"""What tests/soak/run does to the house for hours can go on for hours."""

import importlib.machinery
import importlib.util
import random

from service import ROOT


def test_its_reloads_never_run_out_of_devices():
    loader = importlib.machinery.SourceFileLoader("soak", str(ROOT / "tests" / "soak" / "run"))
    soak = importlib.util.module_from_spec(importlib.util.spec_from_loader("soak", loader))
    loader.exec_module(soak)
    everything = [f"load-{i}" for i in range(soak.DEVICES)]
    school, away, fewest = {"devices": [{"id": name} for name in everything]}, [], soak.DEVICES
    dice, changes = random.Random(1), 0
    for _ in range(5000):
        before = len(school["devices"])
        soak.change_devices(school, away, dice)
        changes += len(school["devices"]) != before
        fewest = min(fewest, len(school["devices"]))
        assert sorted(d["id"] for d in school["devices"] + away) == sorted(everything)
    assert changes > 1000 and soak.DEVICES // 2 < fewest < soak.DEVICES
