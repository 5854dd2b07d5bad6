"""One word for one thing, in the reader's language: in the console, in what is pushed and reported,
behind a link; no English on a Chinese page, no Chinese punctuation on an English one, and the codes
of programs on neither."""

import json
import re
import subprocess

import pytest
from service import ROOT

CONSOLE = ROOT / "daemon" / "review" / "console"


def source(*names):
    return "".join((ROOT / "daemon" / name).read_text() for name in names)


@pytest.fixture(scope="module")
def words():
    """The table of words.js: {name: [english, chinese] or {name: ...}}."""
    text = (CONSOLE / "words.js").read_text()
    table = text[text.index("const words = "):text.index("let index")]
    done = subprocess.run(["node", "-e", table + "console.log(JSON.stringify(words))"],
                          capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_what_is_said_in_one_language_is_said_in_the_other(words):
    def walk(table, at=""):
        for name, value in table.items():
            if isinstance(value, dict):
                yield from walk(value, at + name + ".")
            elif not (len(value) == 2 and all(isinstance(one, str) and one for one in value)):
                yield at + name

    assert len(words) > 150 and not list(walk(words))


def test_no_word_is_missing_and_none_is_left_over(words):
    text = "".join(path.read_text() for path in sorted(CONSOLE.glob("*.js")) if path.name != "words.js")
    text += (CONSOLE / "index.html").read_text()
    said = set(re.findall(r'\bsay\("(\w+)"', text))
    assert said <= set(words), said - set(words)
    left = {name for name in words if not re.search(rf'"{name}"', text)}
    assert not left, left


def test_every_module_has_what_others_take_from_it():
    text = {path.name: path.read_text() for path in CONSOLE.glob("*.js")}
    given = {name: set(re.findall(r"export (?:async )?(?:function|const|let|class) (\w+)", body))
             for name, body in text.items()}
    for name, body in text.items():
        for taken, module in re.findall(r'import \{([^}]*)\} from "\./([\w.]+)"', body):
            wanted = {one.strip().split(" as ")[0] for one in taken.split(",") if one.strip()}
            assert wanted <= given[module], (name, module, wanted - given[module])
            rest = re.sub(r"import [^;]*;", "", body)
            assert not [one for one in wanted if not re.search(rf"\b{one}\b", rest)], name


TABLES = [("INCIDENT", "incident"), ("KIND", "kind"), ("SEVERITY", "severity"), ("STATE", "states"),
          ("REASON", "reason"), ("OUTCOME", "outcomes"), ("DELIVERY", "delivery")]
OTHERWISE = {"DRILL_STARTED": "drill.started", "DRILL_ENDED": "drill.ended",
             "LEDGER_HEAD": "ledger.head"}


@pytest.mark.parametrize("prefix, group", TABLES)
def test_the_console_says_what_pushes_reports_and_links_say(words, prefix, group):
    told = re.findall(rf'\[{prefix}_(\w+)\] = \{{"([^"]+)", "([^"]+)"\}}', source("decide/words.c"))
    assert len(told) >= 3
    for name, chinese, english in told:
        if (prefix, name) == ("OUTCOME", "NONE"):
            assert words["by_itself"] == [english.capitalize(), chinese]
            continue
        here = words[group][OTHERWISE.get(name, name.lower())]
        assert (here[0].lower(), here[1]) == (english.lower(), chinese), name


def test_troubles_are_called_alike(words):
    body = source("decide/words.c").split("words_subject", 1)[1]
    told = re.findall(r'\{"([\w-]+)",\s*\{"([^"]+)",\s*"([^"]+)"\}\}', body)
    assert len(told) >= 10
    assert {name: [english, chinese] for name, chinese, english in told} == words["subject"]


def formats(text, call):
    """The format strings of calls, their parts put together."""
    for match in re.finditer(call, text):
        parts = re.match(r'(?:\s*"(?:[^"\\]|\\.)*")+', text[match.end():])
        if parts:
            yield "".join(json.loads(one) for one in re.findall(r'"(?:[^"\\]|\\.)*"', parts.group()))


def test_whatever_is_refused_is_refused_in_chinese_too():
    """What people do may be refused by the core, or by who answers for it."""
    core = [f"decide/{name}.c" for name in (
        "arm_by_hand", "drills", "duty_by_hand", "handover", "hazards", "operations", "proof",
        "replies", "reporting", "silences")]
    answers = [f"review/{path.name}" for path in (ROOT / "daemon/review").glob("*.c")
               if path.name not in ("hooks.c", "pages_link.c", "http.c")]
    told = set(formats(source(*core), r"problem_set\(\s*c->why,\s*-E\w+,"))
    told |= set(formats(source(*answers), r"exchange_problem\(\s*ex,\s*(?:403|409|429|503),"))
    told -= {"%s", "signing in takes JSON, from the console itself",
             "%u streams are open already; try again later", "no site is served yet"}
    assert len(told) > 60
    table = (CONSOLE / "chinese.js").read_text()
    plain = lambda text: re.sub(r"%[-.\d]*(?:ll|l|z)?([sdu])", r"%\1", text)  # noqa: E731
    told = set(map(plain, told))
    known = set(plain(json.loads(f'"{one}"')) for one in re.findall(r'^  \["((?:[^"\\]|\\.)*)", "', table, re.M))
    assert not told - known, told - known


# ---- as it is shown ----

@pytest.fixture
def eventful(build_house):
    """A house in which an incident has had everything, and something of all else happens."""
    def school(site):
        site["reporting"] = [{"id": "oral", "name": "首报", "to": "区教育局", "within": "30m",
                              "for": {"severity": "major"}, "tell": ["duty:leader"]}]
        site["outputs"] = [{"id": "siren", "name": "警号", "topic": "siren/set",
                            "for": {"kind": "fire"}, "triggers": "1"}]

    house = build_house(edit_school=school)
    house.daemon.expects_log("rejected")

    def post(path, **body):
        answer = house.api("POST", "/api/v1/" + path, {"by": "sun", **body})
        assert answer.status < 300, (path, answer)
        return answer.json

    house.says("door-office", "contact", "clear")
    house.sends("ghost-1", b'{"kind":"smoke","state":"active"}')
    house.says("smoke-301", "smoke")
    fire = next(i["id"] for i in house.incidents("?kind=fire") if i["zone"]["id"] == "dorm-3f")
    for reply in ({"choice": "take"}, {"choice": "on_site"}, {"choice": "need_help", "note": "两人受伤"},
                  {"choice": "hand_over", "to": "zhao"}):
        post(f"incidents/{fire}/reply", **{**reply, "by": "li"})
    house.says("smoke-302", "smoke")
    post(f"incidents/{fire}/reply", by="zhao", choice="false_alarm", note="蒸汽")
    post(f"incidents/{fire}/note", note="第一行\n第二行")
    post("incidents", zone="gate", kind="intrusion", note="翻墙", by="qian")
    post("silences", zone="office", kind="contact", **{"for": "2h"}, note="装修")
    post("zones/office/arm", note="周末", force=True, **{"for": "8h"})
    post("zones/gate/disarm", note="会议", **{"for": "1h"})
    post("hazards", zone="office", note="灭火器压力不足", to="zhao", **{"for": "7d"})
    post("devices/fence-west/walk-test", **{"for": "10m"})
    post("test", to="person:li")
    house.says("smoke-302", "battery")
    house.fire = fire
    return house


# What is nobody's language: ids, names of programs and of things.
NAMES = re.compile(
    r"https?://\S+|[0-9a-f]{40,}|binjiang-[\w-]+|[\w-]+-(?:\d+\w?|office|west|gate|other)\b|- \{id:.*?\}|ghost-1|siren/set|"
    r"\b(?:Tocsin|CSV|JSON|HTML|HTTP|English|phone|backup|police|native|zigbee2mqtt|sun|other|fire-confirmed|fire)\b")
CODES = re.compile(r"\b[a-z]+_[a-z_]+\b|\b(?:incident|device|service|broker|store)\.[a-z_]+\b|\{\w+\}")
CHINESE_MARKS = re.compile("[，。：；！？、（）“”【】]")

SHOWN = """
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), said = [];
  while (walk.nextNode()) {
    const at = walk.currentNode.parentElement;
    if (walk.currentNode.data.trim() && !at.closest("script, style, .unseen, .note, blockquote") && at.getClientRects().length) said.push(walk.currentNode.data.trim());
  }
  for (const one of document.querySelectorAll("[aria-label], [title]")) for (const name of ["aria-label", "title"]) if (one.hasAttribute(name)) said.push(one.getAttribute(name));
  return said;"""


def foreign(screen, language):
    for said in screen.asks(SHOWN):
        bare = NAMES.sub("", said)
        code = CODES.search(bare)
        if code:
            yield f"a code: {said!r}"
        elif language == "zh" and re.search(r"[A-Za-z]{2,}", bare):
            yield f"English: {said!r}"
        elif language == "en" and CHINESE_MARKS.search(bare):
            yield f"Chinese marks: {said!r}"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_pages_speak_one_language(eventful, sits, language):
    house = eventful
    push = next(p for p in house.pushes(to="sun") if p.incident["id"] == house.fire)
    screen = sits("desk")
    screen.signs_in(house.url, "sun")
    screen.asks("localStorage.setItem('tocsin.language', arguments[0])", language)
    screen.driver.refresh()
    screen.one("#nav:not([hidden])")
    wrong = []
    for name in ("now", f"incident/{house.fire}", "record", "duty", "devices", "control", "hazards",
                 "reports", "health", "more"):
        screen.page(house.url, name)
        screen.until("it has settled", lambda: len(screen.asks(SHOWN)) > 20)
        wrong += [f"{name}: {one}" for one in foreign(screen, language)]
    # A refusal, too.
    screen.page(house.url, "control")
    screen.presses("布防 行政楼" if language == "zh" else "Arm 行政楼")
    house.says("door-office", "contact")
    screen.types("note", "x")
    screen.presses("布防" if language == "zh" else "Arm", "dialog")
    screen.until("it is refused", lambda: screen.one("dialog .problem").text)
    wrong += [f"refused: {one}" for one in foreign(screen, language)]
    lang = "zh-CN" if language == "zh" else "en"
    for report in (f"incidents/{house.fire}/report?", "report?name=week&", "report?name=shift&"):
        screen.goes(f"{house.url}/api/v1/{report}lang={lang}")
        wrong += [f"{report}: {one}" for one in foreign(screen, language)]
    if language == "zh":
        screen.goes(push.json["data"]["ack_url"])
        wrong += [f"link: {one}" for one in foreign(screen, language)]
    assert not wrong, "\n".join(wrong)
