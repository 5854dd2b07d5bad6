"""What somebody is doing stays under their hands, whatever happens meanwhile: a choice, a place in
a list, the keyboard's focus, what was written."""

import pytest
from house import write_yaml

ENTER, TAB = "\ue007", "\ue004"


def fire(house):
    house.says("smoke-301", "smoke")
    return house.push("qian", "opened").incident["id"]


@pytest.fixture
def desk(house, sits):
    screen = sits("desk")
    screen.signs_in(house.url, "sun")
    return screen


def test_a_choice_stays_while_the_incident_goes_on(house, desk):
    incident = fire(house)
    desk.presses("解除", f"article[data-key='{incident}']")
    desk.one(".outcomes")
    house.says("smoke-302", "smoke")  # a second detector: critical
    desk.sees("紧急 · 待处理")
    house.ack(incident)
    desk.sees("李老师 处理中")
    assert desk.focused == "真实警情", "the choice is still under the thumb"
    # On its own page all the rest goes on around it.
    desk.page(house.url, f"incident/{incident}")
    desk.one(".outcomes")
    house.api("POST", f"/api/v1/incidents/{incident}/note", {"by": "li", "note": "蒸汽，没有火"})
    desk.sees("蒸汽，没有火")
    desk.presses("误报", ".outcomes")
    desk.until("the card is over", lambda: "已解除" in desk.one("article").text)
    done = house.incident(incident)
    assert (done["outcome"], done["resolved_by"]) == ("false_alarm", "sun")
    # What is over contradicts itself nowhere.
    assert "处理中" not in desk.one("article").text and "尚无人处理" not in desk.text


PAGES = [("health", "发送测试 李老师"), ("devices", "步行测试 door-office"), ("control", "布防 行政楼"),
         ("duty", "替班"), ("hazards", "上报隐患"), ("record", "当日报告"), ("now", "人工报警")]


def test_the_focus_stays_where_it_is_on_every_page(house, desk):
    house.says("sos-gate", "panic")  # so that the record has something
    house.resolve(house.push("qian", "opened").incident["id"])
    for name, words in PAGES:
        desk.page(house.url, name)
        desk.asks("""
          window.mine = [...document.querySelectorAll("#page button, #page a")]
            .find((one) => (one.getAttribute("aria-label") ?? one.textContent).startsWith(arguments[0]));
          window.mine.focus();""", words)
        made = house.api("POST", "/api/v1/hazards", {"zone": "office", "by": "li", "note": f"插座松动 {name}"}).json
        house.says("smoke-301", "smoke")
        house.says("smoke-301", "smoke", "clear")
        if name == "hazards":
            desk.sees(made["note"])
        desk.until("the screen has heard of it", lambda: "火警" in desk.title)
        for incident in house.incidents("?kind=fire&state=open"):
            house.resolve(incident["id"])
        desk.until("it is over", lambda: "火警" not in desk.title)
        assert desk.asks("return document.activeElement === window.mine && window.mine.isConnected"), \
            f"{name}: {desk.focused!r} has the focus"


def test_a_group_that_was_closed_stays_closed(house, desk):
    desk.page(house.url, "devices")
    group = "details[data-key='binjiang/office']"
    desk.one(group + "[open] summary").click()
    desk.one(group + ":not([open])")
    house.says("smoke-302", "battery")
    desk.sees("电量低")
    assert desk.all(group + ":not([open])"), "it opened itself"


def test_the_way_past_the_frame_leads_to_the_page(house, desk):
    desk.page(house.url, "duty")
    desk.one("#skip").send_keys(ENTER)
    assert desk.asks("return document.activeElement.id") == "page"
    assert desk.asks("return document.body.dataset.page") == "duty"


def test_back_from_an_incident_the_record_is_as_it_was(house, desk):
    for zone in ("gate", "office", "dorm"):
        for _ in range(8):
            made = house.api("POST", "/api/v1/incidents", {"zone": zone, "kind": "water", "by": "li",
                                                           "note": f"雨水倒灌 {zone}"}).json
            house.resolve(made["id"], outcome="false_alarm" if zone == "gate" else "real")
    desk.page(house.url, "record")
    desk.sees("共 24 条")
    desk.types("words", "误报")  # what it was, in words
    desk.sees("共 8 条")
    desk.one("summary").click()
    desk.chooses("zone", "campus")  # and all below it
    desk.types("words", "倒灌")
    desk.sees("共 24 条")
    assert "zone=campus" in desk.driver.current_url and "words=" in desk.driver.current_url
    row = desk.all("a.row")[-1]
    desk.asks("arguments[0].scrollIntoView()", row)
    assert desk.asks("return scrollY") > 300
    words = row.get_attribute("href")
    row.click()
    desk.sees("经过")
    desk.driver.back()
    desk.sees("共 24 条")
    desk.until("it is where it was", lambda: desk.asks(
        "const a = document.activeElement, at = a.getBoundingClientRect();"
        "return a.href === arguments[0] && at.top >= 0 && at.bottom <= innerHeight", words))
    assert desk.one("[name=words]").get_attribute("value") == "倒灌"
    # What is taken away is what is shown.
    desk.types("words", "倒灌 gate")
    desk.sees("共 8 条")
    link = desk.button("导出 CSV").get_attribute("href")
    rows = desk.driver.execute_async_script(
        "fetch(arguments[0]).then((a) => a.text()).then(arguments[1])", link).strip().split("\r\n")
    assert len(rows) == 1 + 8 and all('"gate"' in row for row in rows[1:])
    # What somebody noted later is found, too.
    house.api("POST", "/api/v1/incidents", {"zone": "gate", "kind": "other", "by": "li"})
    late = house.incidents("?state=open")[0]["id"]
    house.api("POST", f"/api/v1/incidents/{late}/note", {"by": "li", "note": "围墙下有脚印"})
    desk.types("words", "脚印")
    desk.sees("共 1 条")


def test_a_report_is_of_one_site(build_house, sits):
    house = build_house(start=False)
    plant = {**house.school, "site": "plant", "name": "南校区"}
    write_yaml(house.folder / "plant.yaml", plant)
    house.write_service(lambda service: service["sites"].append("plant.yaml"))
    house.daemon.start()
    for site in ("binjiang", "plant"):
        answer = house.api("POST", "/api/v1/incidents", {"site": site, "zone": "gate", "kind": "water",
                                                         "by": "li"})
        assert answer.status in (200, 201), answer
    desk = sits("desk")
    desk.signs_in(house.url, "sun")
    desk.page(house.url, "record")
    desk.sees("共 2 条")
    links = desk.asks("return [...document.querySelectorAll('a[href*=\"api/v1/report?\"]')]"
                      ".map((link) => [link.textContent, link.href])")
    assert len(links) == 2 * 2 + 2  # each site's table and JSON, and its day
    for words, link in links:
        site = "plant" if "南校区" in words else "binjiang"
        assert f"site={site}" in link, (words, link)


def test_enter_in_the_note_of_a_link_does_nothing_but_a_new_line(house, sits):
    house.says("smoke-301", "smoke")
    push = house.push("qian", "opened")
    phone = sits("phone")
    phone.goes(push.json["data"]["ack_url"])
    note = phone.one("[name=note]")
    note.send_keys("我在路上" + ENTER + "马上到")
    assert note.get_attribute("value") == "我在路上\n马上到"
    assert house.incident(push.incident["id"])["state"] == "open"
    phone.presses("只提交备注")
    phone.sees("备注已记入台账")
    incident = house.incident(push.incident["id"])
    assert (incident["state"], incident["owner"]) == ("open", None)
    assert any(row["data"].get("note") == "我在路上\n马上到" for row in incident["timeline"])


def test_the_page_of_a_link_answers_each_tap_and_stays_true(house, sits):
    house.api("POST", "/api/v1/incidents", {"zone": "dorm-3f", "kind": "fire", "by": "zhao",
                                            "note": "三楼有人受伤，需要担架"})
    push = house.push("qian", "opened")
    phone = sits("phone")
    phone.goes(push.json["data"]["ack_url"])
    phone.sees("三楼有人受伤，需要担架")
    phone.presses("我来处理")
    phone.sees("您已确认处理")
    phone.presses("我已到场")
    phone.sees("您已到场处理")
    phone.presses("需要支援")
    phone.sees("已发出支援请求")
    assert not [b for b in phone.all("button") if b.text == "由我接手"], "it is theirs already"
    phone.presses("移交")
    phone.sees("请先选择转交对象")
    phone.chooses("to", "li")
    phone.presses("移交")
    phone.sees("已请 李老师 接手")
    # Somebody else ends it: the page that lies open says so, untouched.
    phone.driver.get(push.json["data"]["ack_url"])
    phone.sees("已请 李老师 接手")
    house.resolve(push.incident["id"])
    phone.sees("警情已解除", within=15)
    assert phone.button("打开控制台").get_attribute("href").endswith("#/incident/" + push.incident["id"])
