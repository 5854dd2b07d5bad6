"""The acknowledge link: looking changes nothing, the button acknowledges."""

import pytest
from house import quick
from service import http


@pytest.fixture
def push(house):
    house.says("smoke-301", "smoke")
    return house.push("qian", "opened")


def test_looking_changes_nothing(house, push):
    url = push.json["data"]["ack_url"]
    before = house.log()
    for method in ("GET", "HEAD", "GET"):
        answer = http(method, url)
        assert answer.status == 200 and answer.type == "text/html"
    page = http("GET", url).body.decode()
    assert 'method="post"' in page.lower() and "<button" in page
    assert house.incident(push.incident["id"])["state"] == "open"
    assert [r for r in house.log()[len(before):] if r["type"].startswith(("incident", "oper"))] == []


@pytest.mark.smoke
def test_the_button_acknowledges_in_the_name_of_who_was_told(house, push):
    url = push.json["data"]["ack_url"]
    for _ in range(2):  # pressing twice is harmless
        answer = http("POST", url, b"", headers={
            "Content-Type": "application/x-www-form-urlencoded"})
        assert answer.status == 200
    incident = house.incident(push.incident["id"])
    assert (incident["state"], incident["owner"]) == ("acknowledged", "qian")
    assert len(house.log("--type", "incident.acknowledged")) == 1


@pytest.mark.smoke
def test_a_forged_token_is_forbidden(house, push):
    url = push.json["data"]["ack_url"]
    head, token = url.rsplit("/", 1)
    middle = len(token) // 2
    other = "b" if token[middle] != "b" else "c"
    forged = [token[:middle] + other + token[middle + 1:], token[:-1], token + "A", "x",
              token.upper(), "a%2eb", "a%00", "a" * 2000,
              ".".join(reversed(token.split(".")))]
    for bad in forged:
        for method in ("GET", "POST"):
            answer = http(method, f"{head}/{bad}", b"" if method == "POST" else None)
            assert answer.status == 403, f"{method} {bad[:60]}"
    assert house.incident(push.incident["id"])["state"] == "open"


def test_the_link_of_a_resolved_incident_says_so(house, push):
    house.resolve(push.incident["id"])
    url = push.json["data"]["ack_url"]
    assert http("GET", url).status == 200
    assert http("POST", url, b"").status in (200, 409)
    assert house.incident(push.incident["id"])["state"] == "resolved"


def test_links_outlive_a_restart(house, push):
    house.daemon.stop()
    house.daemon.start()
    assert http("POST", push.json["data"]["ack_url"], b"").status == 200
    assert house.incident(push.incident["id"])["owner"] == "qian"


def test_everyone_has_a_link_of_their_own(build_house):
    def edit(school):
        quick(school)
        school["policies"] = [{"id": "all", "repeat": "10m", "resolve_within": "30m", "steps": [
            {"after": "0s", "notify": ["person:qian", "person:sun"]}]}]

    house = build_house(edit_school=edit)
    house.says("smoke-301", "smoke")
    links = [house.push(p, "opened").json["data"]["ack_url"] for p in ("qian", "sun")]
    assert links[0] != links[1]
    http("POST", links[1], b"")
    assert house.incidents()[0]["owner"] == "sun"


def test_the_page_speaks_the_language_of_the_message(build_house):
    """li's phone speaks English, his backup the site's Chinese; each page leads to the other."""
    def two_languages(file):
        file["channels"][0]["language"] = "en"

    def both_at_once(school):
        quick(school)
        school["policies"] = [{"id": "all", "repeat": "10m", "resolve_within": "30m", "steps": [
            {"after": "0s", "notify": ["person:li"]}]}]

    house = build_house(edit_school=both_at_once, edit_service=two_languages)
    house.says("sos-gate", "panic")
    english = house.push("li", "opened", path="/phone").json["data"]["ack_url"]
    chinese = house.push("li", "opened", path="/backup").json["data"]["ack_url"]
    assert "?" not in chinese  # the site's own needs no words
    page = http("GET", english).body.decode()
    assert '<html lang="en">' in page and "I take charge" in page
    assert 'href="?lang=zh-CN"' in page and ">中文<" in page
    other = http("GET", english.split("?")[0] + "?lang=zh-CN").body.decode()
    assert '<html lang="zh-CN">' in other and "我来处理" in other
    assert 'href="?lang=en"' in other and ">English<" in other
    assert '<html lang="zh-CN">' in http("GET", chinese).body.decode()
    taken = http("POST", english, b"").body.decode()
    assert '<html lang="en">' in taken and "You have taken charge" in taken
    forged = http("GET", english.replace("?", "x?")).body.decode()
    assert "This link is not valid." in forged
