"""/metrics, its table, the dashboard and the rules speak of the same figures."""

import json
import re

import yaml
from service import ROOT

FOLDER = ROOT / "deploy" / "prometheus"
NAME = re.compile(r"\btocsin_[a-z_]+\b")
LINE = re.compile(r'^tocsin_[a-z_]+(\{[a-z_]+="[^"]*"(,[a-z_]+="[^"]*")*\})? [-+0-9.eInf]+$')


def family(name):
    return re.sub(r"_(bucket|sum|count)$", "", name)


def test_the_figures_are_what_is_written_about_them(house):
    house.says("smoke-301", "smoke")
    house.push("qian", "opened")
    text = house.api("GET", "/metrics", token=None).body.decode()
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    assert [line for line in lines if not LINE.match(line)] == []
    typed = dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.M))
    helped = set(re.findall(r"^# HELP (\S+) ", text, re.M))
    assert {family(NAME.match(line).group()) for line in lines} == set(typed) == helped
    told = dict(re.findall(r"^\| `(tocsin_[a-z_]+)[^|]*\| (\w+) \|", (FOLDER / "README.md").read_text(),
                           re.M))
    assert told == typed


def test_the_dashboard_and_the_rules_ask_for_figures_there_are():
    told = set(re.findall(r"^\| `(tocsin_[a-z_]+)", (FOLDER / "README.md").read_text(), re.M))
    board = json.loads((FOLDER / "grafana.json").read_text())
    asked = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    rules = [rule for group in yaml.safe_load((FOLDER / "alerts.yaml").read_text())["groups"]
             for rule in group["rules"]]
    asked += [rule["expr"] for rule in rules]
    assert len(asked) > 20
    for expression in asked:
        names = set(map(family, NAME.findall(expression))) or {"up"}
        assert names <= told | {"up"}, expression
        assert expression.count("(") == expression.count(")"), expression
    for rule in rules:
        assert rule["labels"]["severity"] in ("critical", "major", "minor", "warning")
        assert rule["annotations"]["summary"]
