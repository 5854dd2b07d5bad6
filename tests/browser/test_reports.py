"""Reports as people read them: on a phone, at a desk, in the dark, on paper; in both languages."""

import base64
import re
import subprocess

import pytest
from house import read_yaml
from service import ROOT, program


@pytest.fixture
def pages(house, tmp_path):
    """An incident, a drill and a shift, as files."""
    house.says("smoke-301", "smoke")
    fire = house.push("qian", "opened").incident["id"]
    house.says("smoke-302", "smoke")
    house.api("POST", f"/api/v1/incidents/{fire}/reply", {"by": "qian", "choice": "on_site"})
    house.resolve(fire, outcome="false_alarm", note="<b>steam</b> & \"more\"")
    drill = house.api("POST", "/api/v1/drills", {"zone": "dorm", "by": "sun", "for": "10m"}).json
    house.says("smoke-301", "smoke", "clear")
    house.says("smoke-301", "smoke")
    house.until("the drill has its incident", lambda: any(i["drill"] for i in house.incidents()))
    house.tocsin("hazards", "add", "--zone", "office", "--note", "loose cable", "--by", "li")
    made = []
    for what in (fire, drill["id"], "shift", "month"):
        for language in ("zh-CN", "en"):
            path = tmp_path / f"{what}-{language}.html"
            path.write_text(house.tocsin("report", what, "--lang", language))
            made.append(path)
    return made


def test_reports_read_well_everywhere(pages, sits):
    for size in ("phone", "desk"):
        screen = sits(size)
        for scheme in ("light", "dark"):
            screen.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {
                "features": [{"name": "prefers-color-scheme", "value": scheme}]})
            for page in pages:
                screen.goes(page.as_uri())
                assert screen.complaints() == [], page.name
                wide, view, ink, paper = screen.driver.execute_script(
                    "const s = getComputedStyle(document.body);"
                    "return [document.documentElement.scrollWidth, innerWidth, s.color,"
                    " s.backgroundColor]")
                assert wide <= view, f"{page.name} is {wide} wide on {size}"
                assert screen.torn() == [] and screen.faint() == [], f"{page.name} on {size}"
                dark = sum(map(int, paper[4:-1].split(","))) < 300
                assert dark == (scheme == "dark") and ink != paper, f"{page.name} in the {scheme}"
                assert "<b>steam</b>" not in screen.driver.page_source
        screen.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def printed(screen, page):
    """The sheets: (how many, the widths of which they are)."""
    screen.goes(page.as_uri())
    pdf = base64.b64decode(screen.driver.execute_cdp_cmd("Page.printToPDF", {
        "preferCSSPageSize": True})["data"])
    assert pdf.startswith(b"%PDF") and len(pdf) > 10_000
    boxes = re.findall(rb"/MediaBox \[0 0 (\d+)", pdf)
    return len(boxes), set(map(int, boxes))


def test_reports_print_on_paper(pages, sits):
    screen = sits("desk")
    for page in pages:
        count, widths = printed(screen, page)
        assert widths <= {594, 595, 841, 842} and {594, 595} & widths, f"{page.name}: A4"
        assert count <= 4, f"{page.name}: {count} sheets"


def test_a_busy_month_is_a_few_sheets(build_house, sits, tmp_path):
    """Of five hundred incidents it shows what somebody should look at; all of them for who asks."""
    def busy(school):
        other = read_yaml(ROOT / "tests" / "record" / "school.yaml")
        school.clear()
        school.update(other)

    house = build_house(edit_school=busy, start=False)
    subprocess.run([program("tocsin-month"), "--config", house.config, "--days", "28", "--seed", "3"],
                   check=True, stdout=subprocess.DEVNULL)
    screen = sits("desk")
    counts = {}
    for name, language, *args in [("month", "zh-CN"), ("month", "en"), ("week", "en"),
                                  ("month", "en", "--all")]:
        page = tmp_path / f"{name}-{language}{''.join(args)}.html"
        page.write_text(house.tocsin("report", name, *args, "--until", "2026-11-26T08:00",
                                     "--lang", language))
        counts[page.stem], _ = printed(screen, page)
        if not args:
            screen.resize("phone")
            screen.goes(page.as_uri())
            assert screen.torn() == [], page.name
            screen.resize("desk")
    *short, whole = counts.values()
    assert max(short) <= 5 and 12 < whole < 25, counts
