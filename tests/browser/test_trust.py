"""What a screen may be believed: it is never calm while it cannot know, it says why, and it comes
back by itself."""

import os
import signal
import sqlite3

import pytest


def fire(house):
    house.says("smoke-301", "smoke")
    return house.push("qian", "opened").incident["id"]


def is_calm(screen):
    return screen.asks("return document.body.classList.contains('calm')")


@pytest.fixture
def gate(house, sits):
    screen = sits("desk")
    screen.signs_in(house.url, "qian")
    screen.sees("一切正常")
    return screen


def test_while_the_disk_fails_no_screen_is_calm_and_the_alarm_is_on_it(house, sits, gate):
    house.daemon.expects_log("the record cannot be written|no connection to the broker|the checkpo"
                             "int failed|lost the session")
    phone = sits("phone")
    phone.signs_in(house.url, "besuch")
    phone.page(house.url, "health")
    phone.sees("可写入")
    other = sqlite3.connect(house.folder / "tocsin.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    house.says("sos-gate", "panic", committed=False)
    told = house.until("the panic is pushed", lambda: next(
        (push for push in house.pushes(to="qian", reason="opened")
         if push.incident["kind"] == "panic"), None))
    assert told.notification["unlogged"]
    gate.sees("紧急求助")  # of which no ledger knows yet
    gate.sees("台账无法写入")
    assert not is_calm(gate) and "一切正常" not in gate.text
    assert gate.title.startswith("⚠ 服务异常 · (") and "紧急求助" in gate.title, gate.title
    phone.sees("无法写入")
    assert "✓ 可写入" not in phone.text
    phone.goes(told.json["data"]["ack_url"])
    phone.sees("紧急求助")
    phone.presses("我来处理")
    phone.sees("已生效")
    gate.sees("钱师傅 处理中")
    other.execute("ROLLBACK")
    other.close()
    gate.until("the banner is gone", lambda: not gate.one("#lost").is_displayed(), within=20)
    assert gate.title.startswith("滨江中学"), gate.title
    assert house.incident(told.incident["id"])["owner"] == "qian"


def test_a_look_that_is_refused_is_seen_and_tried_again(house, gate):
    gate.answers("api/v1/incidents", 503)
    incident = fire(house)
    gate.sees("服务暂时答不上来")
    assert not is_calm(gate) and "一切正常" not in gate.text
    gate.sees("情况不明")
    assert gate.title.startswith("⚠ 内容可能过时"), gate.title
    gate.answers("")
    # Nothing more happens at the service: the screen looks again by itself.
    gate.one(f"article[data-key='{incident}']")
    gate.sees_no("服务暂时答不上来")
    assert gate.title.startswith("(1) 火警"), gate.title


def test_one_failed_look_does_not_stick(house, gate):
    gate.asks("""
      const asIs = window.fetch;
      window.fetch = (where, ...rest) => {
        if (!String(where).startsWith("api/v1/status")) return asIs(where, ...rest);
        window.fetch = asIs;
        return Promise.reject(new TypeError("Failed to fetch"));
      };""")
    incident = fire(house)
    gate.one(f"article[data-key='{incident}'] .next time")
    gate.until("the banner is gone", lambda: not gate.one("#lost").is_displayed())
    assert gate.asks("return getComputedStyle(document.getElementById('page')).filter") == "none"


def test_a_lost_connection_is_in_the_title_and_a_tap_says_so_at_once(house, gate):
    incident = fire(house)
    gate.one(f"article[data-key='{incident}']")
    os.kill(house.daemon.process.pid, signal.SIGSTOP)
    gate.sees("连接已断开", within=30)
    assert gate.title.startswith("⚠ 连接已断开 · (1) 火警"), gate.title
    before = gate.one(f"article[data-key='{incident}'] .next time").text
    gate.asks("location.hash = '#/health'")
    gate.sees("与服务的连接中断")  # and not nothing until the request gives up
    os.kill(house.daemon.process.pid, signal.SIGCONT)
    gate.sees_no("连接已断开", within=30)
    gate.sees("通知渠道")  # the page that was wanted, by itself
    gate.page(house.url, "now")
    assert gate.one(f"article[data-key='{incident}'] .next time").text != before


def test_a_broker_that_is_away_is_no_calm(house, gate):
    house.daemon.expects_log("lost the session|no connection to the broker|connection")
    house.broker.stop()
    gate.sees("现在收不到探测器信号")
    gate.sees("情况不明")
    assert not is_calm(gate)
    house.broker.start()
    gate.sees("一切正常", within=30)


def test_a_drill_is_called_a_drill_everywhere(house, gate):
    house.api("POST", "/api/v1/drills", {"zone": "dorm", "by": "sun", "for": "10m"})
    gate.sees("演练")
    house.says("smoke-301", "smoke")
    gate.until("the title says so", lambda: gate.title.startswith("(1) 【演练】火警"))
    assert "【演练】火警" in gate.asks("return document.getElementById('said').textContent")
    assert gate.asks("return document.body.className") == "drill"
    gate.page(house.url, "duty")
    assert gate.one("#strip").text.startswith("【演练】火警")


def test_sound_that_was_asked_for_is_not_silently_off(house, gate):
    gate.presses("开启声音")
    gate.sees("声音已开")
    gate.driver.refresh()
    gate.until("it says how it is", lambda: gate.one("#sound").text in ("声音已开", "声音未开，点此"))
    if gate.one("#sound").text != "声音已开":  # as browsers do: until somebody touches the page
        assert "warn" in gate.one("#sound").get_attribute("class")
        gate.one("#page").click()
        gate.sees("声音已开")
