"""How much a channel may carry: what its service allows is kept, whatever happens to us."""

from house import quick
from vendors import SETTINGS, speak


def many_at(build_house, name, people, start=True):
    """A house with so many people behind one channel of this type, the backup behind it."""
    vendor = SETTINGS[name][0]()

    def service(file):
        base = file["channels"][0]["url"].removesuffix("/phone")
        file["channels"].append({"id": name, "type": name, **{
            key: value.replace("{url}", f"{base}/{name}")
            for key, value in SETTINGS[name][1].items()}})

    def school(file):
        quick(file)
        to = {"to": SETTINGS[name][2]} if SETTINGS[name][2] else {}
        file["people"] += [{"id": f"p{i}", "contacts": [{"channel": name, **to},
                                                        {"channel": "backup"}]}
                           for i in range(people)]
        file["policies"] = [
            {"id": "all", "steps": [{"after": "0s", "notify": [
                f"person:p{i}" for i in range(people)]}],
             "repeat": "10m", "resolve_within": "30m"},
            {"id": "trouble", "for": {"kind": "trouble"},
             "steps": [{"after": "0s", "notify": ["person:qian"]}],
             "repeat": "10m", "resolve_within": "30m"}]

    house = build_house(edit_school=school, edit_service=service, start=False)
    house.phone.listens(f"/{name}", speak(vendor, f"/{name}"))
    if start:
        house.daemon.start()
    return house, vendor


def deliveries(house, reason, channel="dingtalk"):
    """How the attempts of messages of this reason over this channel have ended."""
    ids = {row["data"]["id"] for row in house.log(type="notification")
           if row["data"]["reason"] == reason}
    return [row["data"] for row in house.log(type="delivery")
            if row["data"]["notification"] in ids and row["data"]["channel"] == channel]


def test_a_restart_forgets_nothing_that_was_sent(build_house):
    """Twelve were told before it, twelve are to hear of the end behind it: that is more than the
    robot takes in a minute, so they wait."""
    house, dingtalk = many_at(build_house, "dingtalk", people=12)
    house.says("fence-west", "perimeter")
    house.until("all are told", lambda: len(dingtalk.said) == 12)
    house.until("and it is on record", lambda: len(deliveries(house, "opened")) == 12)
    house.daemon.stop()
    house.daemon.start()
    house.resolve(house.incidents()[0]["id"])
    house.until("all records have had their turn", lambda: len(
        {row["notification"] for row in deliveries(house, "resolved")}) == 12)
    assert all(row.get("held") for row in deliveries(house, "resolved"))
    assert dingtalk.refusals == [] and len(dingtalk.said) == 12


def test_who_has_shut_us_out_is_known_after_a_restart(build_house):
    house, dingtalk = many_at(build_house, "dingtalk", people=1)
    dingtalk.limit = (0, 60)
    house.says("smoke-301", "smoke")
    house.push("p0", "opened", path="/backup")
    house.until("its answer is on record", lambda: any(
        row.get("shut_out") for row in deliveries(house, "opened")))
    house.daemon.kill()
    house.daemon.start()
    house.says("sos-gate", "panic")
    push = house.push("p0", "opened", path="/backup")
    assert push.incident["kind"] == "panic" and dingtalk.requests == 1


def test_a_chat_is_written_to_once_a_second(build_house):
    """Ten people read one chat: a bot that wrote ten times at once would be told to wait."""
    house, telegram = many_at(build_house, "telegram", people=10)
    telegram.limit = (1, 0.9)
    house.says("fence-west", "perimeter")
    house.until("the chat has read it ten times", lambda: len(telegram.said) == 10, 15)
    assert telegram.refusals == [] and house.pushes(path="/backup") == []
