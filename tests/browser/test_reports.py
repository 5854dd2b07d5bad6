"""Reports as people read them: on a phone, at a desk, in the dark, on paper; in both languages."""

import base64

import pytest


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
                dark = sum(map(int, paper[4:-1].split(","))) < 300
                assert dark == (scheme == "dark") and ink != paper, f"{page.name} in the {scheme}"
                assert "<b>steam</b>" not in screen.driver.page_source
        screen.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def test_reports_print_on_paper(pages, sits):
    screen = sits("desk")
    for page in pages:
        screen.goes(page.as_uri())
        pdf = base64.b64decode(screen.driver.execute_cdp_cmd("Page.printToPDF", {
            "preferCSSPageSize": True})["data"])
        assert pdf.startswith(b"%PDF") and len(pdf) > 10_000
        assert b"/MediaBox [0 0 594" in pdf or b"/MediaBox [0 0 595" in pdf, "A4"
