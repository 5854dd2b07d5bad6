"""Every page, in both languages and sizes: accessible by axe-core, quiet in the browser's console,
no wider than the screen; and its picture, in build/tests/pictures, to be looked at."""

import os
import pathlib
import shutil
import subprocess
import time

import pytest
from service import BUILD

PAGES = ["now", "incident", "record", "duty", "devices", "control", "hazards", "reports", "health",
         "more"]
AXE = BUILD / "browser" / "node_modules" / "axe-core" / "axe.min.js"
PICTURES = pathlib.Path(os.environ.get("TOCSIN_PICTURES", BUILD / "tests" / "pictures"))
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


@pytest.fixture(scope="module")
def axe():
    if not AXE.exists():
        AXE.parents[2].mkdir(parents=True, exist_ok=True)
        subprocess.run([shutil.which("npm"), "install", "--silent", "--no-audit", "--no-fund",
                        "--prefix", str(AXE.parents[2]), "axe-core@4.10.2"], check=True,
                       timeout=120)
    return AXE.read_text()


def violations(screen, axe):
    screen.driver.execute_cdp_cmd("Runtime.evaluate", {"expression": axe})
    found = screen.driver.execute_async_script(
        "const done = arguments[1];"
        "axe.run(document, {runOnly: arguments[0], resultTypes: ['violations']})"
        ".then((result) => done(result.violations), (error) => done([{id: String(error), nodes: []}]))",
        RULES)
    return [f"{one['id']}: {node['target']} {node.get('failureSummary', '')}"
            for one in found for node in one["nodes"] or [{"target": ""}]]


@pytest.fixture
def busy(build_house):
    """A house in which something of everything happens."""
    house = build_house()

    def post(path, body):
        answer = house.api("POST", "/api/v1/" + path, {"by": "sun", **body})
        assert answer.status < 300, answer

    house.says("door-office", "contact", "clear")
    year = time.gmtime().tm_year + 1
    for path, body in [
            ("silences", {"zone": "office", "kind": "contact", "for": "2h", "note": "装修"}),
            ("duty/overrides", {"post": "leader", "people": ["zhao"], "from": f"{year}-12-24T08:00",
                                "to": f"{year}-12-26T08:00", "note": "年假"}),
            ("hazards", {"zone": "office", "note": "灭火器压力不足", "to": "zhao", "for": "7d"}),
            ("zones/office/arm", {"for": "8h", "note": "周末", "force": True}),
            ("test", {"to": "person:li"})]:
        post(path, body)
    house.says("door-office", "tamper")
    house.push("qian", "opened")
    house.ack(house.incidents()[0]["id"])
    house.says("smoke-302", "battery")
    house.says("smoke-301", "smoke")
    return house


def look_at(screen, house, axe, name, picture):
    screen.page(house.url, name)
    screen.until("it has settled", lambda: "载入中" not in screen.text)
    screen.picture(PICTURES / f"{picture}.png")
    # As tall as the page is: what lies under the bar now does not when somebody scrolls.
    screen.grows()
    wrong = violations(screen, axe) if axe else []
    wrong += [f"faint: {one}" for one in screen.faint()] + screen.torn()
    wide = screen.driver.execute_script(
        "return document.documentElement.scrollWidth - document.documentElement.clientWidth")
    if wide > 0:
        wrong.append(f"{wide} px wider than the screen")
    screen.resize(screen.size)
    return [f"{picture}: {one}" for one in wrong]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_page(busy, sits, axe, language):
    fire = next(i["id"] for i in busy.incidents() if i["kind"] == "fire")
    screen = sits("phone")
    screen.goes(busy.url)
    screen.one("#enter")
    screen.picture(PICTURES / f"enter-{language}.png")
    wrong = violations(screen, axe)
    screen.signs_in(busy.url, "sun")
    screen.driver.execute_script("localStorage.setItem('tocsin.language', arguments[0])", language)
    screen.driver.refresh()
    screen.complaints()
    for size in ("phone", "narrow", "desk") if language == "zh" else ("phone", "desk"):
        screen.resize(size)
        for name in PAGES:
            path = f"{name}/{fire}" if name == "incident" else name
            wrong += look_at(screen, busy, None if size == "narrow" else axe, path, f"{name}-{size}-{language}")
    assert not wrong, "\n".join(wrong)
    assert screen.complaints() == []


def test_the_dark_theme_and_the_dialogs(busy, sits, axe):
    fire = next(i["id"] for i in busy.incidents() if i["kind"] == "fire")
    screen = sits("phone")
    screen.signs_in(busy.url, "sun")
    screen.driver.execute_script("localStorage.setItem('tocsin.theme', 'dark')")
    screen.driver.refresh()
    wrong = []
    for name in PAGES:
        path = f"{name}/{fire}" if name == "incident" else name
        wrong += look_at(screen, busy, axe, path, f"{name}-dark")
    busy.resolve(fire, outcome="false_alarm", note="水壶蒸汽")
    wrong += look_at(screen, busy, axe, f"incident/{fire}", "incident-resolved-dark")
    for name, words in [("control", "开始演练"), ("control", "静默"), ("duty", "调班"),
                        ("hazards", "上报隐患"), ("now", "人工报警")]:
        screen.page(busy.url, name)
        screen.presses(words)
        screen.one("dialog[open]")
        screen.picture(PICTURES / f"dialog-{name}.png")
        wrong += violations(screen, axe)
        screen.presses("取消", "dialog")
    assert not wrong, "\n".join(wrong)


LARGE = """
  const boxes = [...document.querySelectorAll("#nav a, #bar > *")].map((one) => [one.textContent, one.getBoundingClientRect()]).filter(([, box]) => box.width);
  const bad = [];
  for (const [i, [a, one]] of boxes.entries()) for (const [b, other] of boxes.slice(i + 1))
    if (Math.min(one.right, other.right) - Math.max(one.left, other.left) > 1 && Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top) > 1) bad.push(`${a} lies over ${b}`);
  for (const one of document.querySelectorAll("#nav a, .badge, .clock, dd, h3")) if (one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).display !== "inline") bad.push(`${one.textContent.slice(0, 30)} does not fit`);
  const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  return wide > 0 ? [...bad, `${wide} px wider than the screen`] : bad;"""


@pytest.mark.parametrize("language", ["en", "zh"])
def test_letters_twice_as_large_on_a_phone(busy, sits, language):
    """WCAG 1.4.4, 1.4.10: nothing overlaps, is torn, cut off, or lies beside the screen."""
    fire = next(i["id"] for i in busy.incidents() if i["kind"] == "fire")
    screen = sits("phone")
    screen.signs_in(busy.url, "sun")
    screen.asks("localStorage.setItem('tocsin.language', arguments[0])", language)
    screen.driver.refresh()
    screen.one("#nav:not([hidden])")
    screen.asks("document.documentElement.style.fontSize = '200%'")
    wrong = []
    for name in PAGES:
        screen.asks("location.hash = arguments[0]", f"#/{name}/{fire}" if name == "incident" else f"#/{name}")
        screen.until(f"{name} is shown", lambda: screen.asks(
            "return document.body.dataset.page") == name and screen.all("#page > *"))
        screen.picture(PICTURES / f"large-{name}-{language}.png")
        wrong += [f"{name}: {one}" for one in screen.asks(LARGE) + screen.torn()]
    screen.goes(busy.pushes(to="qian")[0].json["data"]["ack_url"])
    screen.asks("document.documentElement.style.fontSize = '200%'")
    screen.picture(PICTURES / f"large-link-{language}.png")
    wrong += [f"link: {one}" for one in screen.asks(LARGE) + screen.torn()]
    assert not wrong, "\n".join(wrong)


def test_quiet_and_the_link(build_house, sits, axe):
    house = build_house()
    house.says("smoke-301", "smoke", "clear")
    wrong = []
    for size in ("phone", "desk"):
        screen = sits(size)
        screen.signs_in(house.url, "sun")
        screen.sees("一切正常")
        screen.sees("最近一次设备信号")
        wrong += look_at(screen, house, axe, "now", f"quiet-{size}")
    house.says("smoke-301", "smoke")
    push = house.push("qian", "opened")
    screen.resize("phone")
    screen.goes(push.json["data"]["ack_url"])
    screen.sees("火警")
    screen.picture(PICTURES / "link-phone.png")
    wrong += violations(screen, axe)
    assert not wrong, "\n".join(wrong)


def test_it_can_be_installed(house, sits):
    screen = sits("phone")
    screen.signs_in(house.url, "li")
    manifest = screen.driver.execute_cdp_cmd("Page.getAppManifest", {})
    assert manifest["errors"] == [] and '"Tocsin"' in manifest["data"]
    for icon in ("icon-192.png", "icon-512.png", "icon.svg"):
        assert house.api("GET", f"/console/{icon}", token=None).type.startswith("image/")
