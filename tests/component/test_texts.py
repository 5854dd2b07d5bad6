"""Texts of one's own, in the language of each channel."""

from house import quick

ZH = {"language": "zh-CN", "text": '{tags}{place}出事了[，{owner}正在处理]'}


def two_languages(file):
    base = file["channels"][0]["url"].removesuffix("/phone")
    file["channels"][0]["language"] = "en"  # phone; the backup speaks the site's
    assert file["channels"][1]["url"] == base + "/backup"


def text_of(push):
    return push.notification["text"]


def to_li_over_both(school):
    quick(school)
    school["policies"] = [{"id": "all", "repeat": "10m", "resolve_within": "30m", "steps": [
        {"after": "0s", "notify": ["person:li"]}]}]


def test_each_channel_speaks_its_language_and_the_users_words(build_house):
    house = build_house(edit_school=to_li_over_both, edit_service=two_languages)
    house.says("sos-gate", "panic")  # critical: over all contacts at once
    assert "panic button pressed" in text_of(house.push("li", "opened", path="/phone"))
    assert "紧急按钮被按下" in text_of(house.push("li", "opened", path="/backup"))

    house.write_service(lambda file: file.update(templates=[ZH]))
    house.daemon.hangup()
    house.daemon.until_logs("configuration reloaded")
    house.ack(house.incidents()[0]["id"], by="zhao")
    assert "acknowledged" in text_of(house.push("li", "acknowledged", path="/phone"))
    house.resolve(house.incidents()[0]["id"], by="zhao")
    house.says("sos-gate", "panic")
    assert text_of(house.push("li", "opened", path="/backup")).endswith("西大道围墙出事了")

    house.daemon.expects_log("tocsin.yaml:|not reloaded")
    house.write_service(lambda file: file.update(templates=[
        {"language": "zh-CN", "text": '{place} burns'}]))
    house.daemon.hangup()
    house.daemon.until_logs("nothing marks a drill as one")
    house.resolve(house.incidents()[0]["id"], by="zhao")
    house.push("li", "resolved")  # by the texts that were in force
