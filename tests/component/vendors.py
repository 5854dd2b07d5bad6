"""A receiver that speaks the rules of each vendor, written from the vendors' pages and not from our
own code: what they ask of a request (address, key, signature, clock, fields, lengths), how fast one
may come, and what they answer, most of it under HTTP 200."""

import base64
import hashlib
import hmac
import json
import time
import urllib.parse

KEY = "k3y-of-ours"
SECRET = "SEC0123456789abcdef"
BOT = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"
ROUTING = "0123456789abcdef0123456789abcdef"


class Refused(Exception):
    def __init__(self, status, body, headers=()):
        self.status, self.body, self.headers = status, body, dict(headers)


def need(holds, status, body, **headers):
    if not holds:
        raise Refused(status, body, headers)


def hmac64(key, message):
    return base64.b64encode(hmac.new(key.encode(), message.encode(), hashlib.sha256).digest()
                            ).decode()


class Vendor:
    """One vendor's service. said: the texts that were taken; refusals: why others were not."""

    limit = None  # (messages, seconds)
    blocks_for = 0  # seconds after that

    def __init__(self):
        self.said, self.refusals, self.requests = [], [], 0
        self._taken, self._blocked_until = [], 0

    def answer(self, path, query, headers, body):
        """Status, body, headers."""
        self.requests += 1
        try:
            now = time.time()
            if now < self._blocked_until:
                raise self.too_many()
            text = self.take(path, query, headers, body)
            if self.limit:
                self._taken = [t for t in self._taken if t > now - self.limit[1]]
                if len(self._taken) >= self.limit[0]:
                    self._blocked_until = now + self.blocks_for
                    raise self.too_many()
                self._taken.append(now)
            self.said.append(text)
            return self.good()
        except Refused as refused:
            self.refusals.append(refused.body)
            body = refused.body
            return refused.status, body if isinstance(body, str) else json.dumps(body), \
                refused.headers

    def too_many(self):
        return Refused(429, "", {"Retry-After": "60"})

    def good(self):
        return 200, "{}", {}


class Wecom(Vendor):
    limit = (20, 60)

    def take(self, path, query, _headers, body):
        need(path == "/cgi-bin/webhook/send" and query.get("key") == KEY, 200,
             {"errcode": 93000, "errmsg": "invalid webhook url"})
        message = json.loads(body)
        need(message["msgtype"] == "text", 200, {"errcode": 40008})
        text = message["text"]["content"]
        need(0 < len(text.encode()) <= 2048, 200, {"errcode": 45002})
        return text

    def too_many(self):
        return Refused(200, {"errcode": 45009, "errmsg": "api freq out of limit"})

    def good(self):
        return 200, '{"errcode":0,"errmsg":"ok"}', {}


class Dingtalk(Vendor):
    limit, blocks_for = (20, 60), 600

    def take(self, path, query, _headers, body):
        need(path == "/robot/send" and query.get("access_token") == KEY, 200,
             {"errcode": 300001, "errmsg": "token is not exist"})
        stamp, sign = query.get("timestamp", "0"), query.get("sign")
        need(abs(int(stamp) / 1000 - time.time()) < 3600, 200,
             {"errcode": 310000, "errmsg": "invalid timestamp"})
        need(sign == hmac64(SECRET, f"{stamp}\n{SECRET}"), 200,
             {"errcode": 310000, "errmsg": "sign not match"})
        message = json.loads(body)
        need(message["msgtype"] == "text" and len(body) <= 20000, 200, {"errcode": 400105})
        return message["text"]["content"]

    def too_many(self):
        return Refused(200, {"errcode": 130101, "errmsg": "send too fast, exceed 20 times per "
                                                          "minute"})

    def good(self):
        return 200, '{"errcode":0,"errmsg":"ok"}', {}


class Feishu(Vendor):
    limit = (100, 60)

    def take(self, path, _query, _headers, body):
        need(path == f"/open-apis/bot/v2/hook/{KEY}", 200, {"code": 19001})
        message = json.loads(body)
        stamp = message.get("timestamp", "0")
        need(abs(int(stamp) - time.time()) < 3600 and
             message.get("sign") == hmac64(f"{stamp}\n{SECRET}", ""), 200,
             {"code": 19021, "msg": "sign match fail or timestamp is not within one hour"})
        need(message["msg_type"] == "text" and len(body) <= 20 * 1024, 200, {"code": 19002})
        return message["content"]["text"]

    def too_many(self):
        return Refused(200, {"code": 11232, "msg": "frequency limited"})

    def good(self):
        return 200, '{"StatusCode":0,"StatusMessage":"success","code":0,"data":{},"msg":"success"}', {}


class Ntfy(Vendor):
    limit = (60, 300)

    def take(self, path, _query, _headers, body):
        need(path in ("", "/"), 404, {"code": 40401, "http": 404})
        message = json.loads(body)
        need(message["topic"] == "school" and len(message["message"].encode()) <= 4096 and
             1 <= message["priority"] <= 5 and len(message["actions"]) <= 3, 400,
             {"code": 40024, "http": 400})
        for action in message["actions"]:
            need(action["action"] in ("view", "http") and action["label"] and action["url"], 400,
                 {"code": 40018, "http": 400})
        return f"{message['title']}\n{message['message']}\n{message['click']}"

    def too_many(self):
        return Refused(429, {"code": 42901, "http": 429, "error": "limit reached"})

    def good(self):
        return 200, '{"id":"hwQ2YpKdmg","event":"message"}', {}


class Gotify(Vendor):
    def take(self, path, _query, headers, body):
        need(headers.get("x-gotify-key") == KEY, 401, {"errorCode": 401})
        need(path == "/message", 404, {"errorCode": 404})
        message = json.loads(body)
        need(isinstance(message["priority"], int), 400, {"errorCode": 400})
        return f"{message['title']}\n{message['message']}"

    def good(self):
        return 200, '{"id":25,"appid":5}', {}


class Bark(Vendor):
    def take(self, path, _query, _headers, body):
        message = json.loads(body)
        need(path == "/push" and message.get("device_key") == KEY, 400,
             {"code": 400, "message": "failed to get device token"})
        need(message["level"] in ("critical", "active", "timeSensitive", "passive") and
             len(body) <= 4096, 400, {"code": 400, "message": "bad request"})
        return f"{message['title']}\n{message['body']}\n{message['url']}"

    def good(self):
        return 200, '{"code":200,"message":"success","timestamp":1795305600}', {}


class Serverchan(Vendor):
    limit = (5, 86400)

    def take(self, path, _query, _headers, body):
        need(path == f"/{KEY}.send", 400, {"code": 40001, "message": "bad sendkey"})
        message = json.loads(body)
        need(0 < len(message["title"]) <= 32 and len(message["desp"].encode()) <= 32 * 1024, 400,
             {"code": 40000})
        return f"{message['title']}\n{message['desp']}"

    def too_many(self):
        return Refused(400, {"code": 40001, "message": "over quota"})

    def good(self):
        return 200, '{"code":0,"message":"","data":{"pushid":"1"}}', {}


class Pushplus(Vendor):
    def take(self, path, _query, _headers, body):
        message = json.loads(body)
        need(path == "/send", 404, "")
        need(message["token"] == KEY, 200, {"code": 903, "msg": "无效的用户令牌"})
        need(message["content"], 200, {"code": 600, "msg": "数据异常"})
        return f"{message['title']}\n{message['content']}"

    def too_many(self):
        return Refused(200, {"code": 900, "msg": "用户账号使用受限"})

    def good(self):
        return 200, '{"code":200,"msg":"请求成功","data":"7ee8"}', {}


class Slack(Vendor):
    limit = (30, 30)

    def take(self, path, _query, _headers, body):
        need(path == f"/services/T0/B0/{KEY}", 404, "no_service")
        text = json.loads(body).get("text")
        need(text, 400, "no_text")
        need(len(text) <= 40000, 400, "invalid_payload")
        return text

    def good(self):
        return 200, "ok", {}


class Teams(Vendor):
    def take(self, path, query, _headers, body):
        need(path == "/workflows/7" and query.get("sig") == KEY, 401, "")
        need(len(body) <= 28 * 1024, 413, "")
        attachment, = json.loads(body)["attachments"]
        need(attachment["contentType"] == "application/vnd.microsoft.card.adaptive" and
             attachment["content"]["type"] == "AdaptiveCard", 400, "")
        return json.dumps(attachment["content"], ensure_ascii=False).replace("\\n", "\n")

    def good(self):
        return 202, "", {}


class Discord(Vendor):
    limit = (5, 2)

    def take(self, path, query, _headers, body):
        need(path == f"/api/webhooks/1/{KEY}", 401, {"code": 50027})
        need(query.get("wait") == "true", 204, "")
        content = json.loads(body)["content"]
        need(0 < len(content) <= 2000, 400, {"code": 50035})
        return content

    def too_many(self):
        return Refused(429, {"message": "You are being rate limited.", "retry_after": 1.5},
                       {"Retry-After": "2"})

    def good(self):
        return 200, '{"id":"1"}', {}


class Telegram(Vendor):
    limit = (30, 1)

    def take(self, path, _query, _headers, body):
        need(path == f"/bot{BOT}/sendMessage", 401,
             {"ok": False, "error_code": 401, "description": "Unauthorized"})
        message = json.loads(body)
        need(message["chat_id"] == "-100200", 400,
             {"ok": False, "error_code": 400, "description": "Bad Request: chat not found"})
        need(0 < len(message["text"]) <= 4096, 400,
             {"ok": False, "error_code": 400, "description": "Bad Request: message is too long"})
        return message["text"]

    def too_many(self):
        return Refused(429, {"ok": False, "error_code": 429, "parameters": {"retry_after": 3}})

    def good(self):
        return 200, '{"ok":true,"result":{"message_id":1}}', {}


class Pagerduty(Vendor):
    def take(self, path, _query, _headers, body):
        need(path == "/v2/enqueue", 404, "")
        event = json.loads(body)
        need(event["routing_key"] == ROUTING, 400,
             {"status": "invalid event", "message": "Event object is invalid"})
        payload = event["payload"]
        need(event["event_action"] in ("trigger", "acknowledge", "resolve") and
             0 < len(event["dedup_key"]) <= 255 and 0 < len(payload["summary"]) <= 1024 and
             payload["severity"] in ("critical", "error", "warning", "info") and
             payload["source"], 400, {"status": "invalid event"})
        return f"{event['event_action']} {payload['summary']}\n{event['client_url']}"

    def good(self):
        return 202, '{"status":"success","message":"Event processed","dedup_key":"x"}', {}


class Alertmanager(Vendor):
    def take(self, path, _query, _headers, body):
        need(path == "/api/v2/alerts", 404, "")
        alerts = json.loads(body)
        for alert in alerts:
            need(alert["labels"]["alertname"] and all(
                isinstance(v, str) for v in {**alert["labels"], **alert["annotations"]}.values()),
                400, '"bad labels"')
        return alerts[0]["annotations"]["summary"] + "\n" + alerts[0]["annotations"]["description"]

    def good(self):
        return 200, "", {}


class Homeassistant(Vendor):
    def take(self, path, _query, _headers, body):
        need(path == f"/api/webhook/{KEY}", 200, "")  # 200 to an unknown id too
        data = json.loads(body)["data"]
        return data["notification"]["text"] + "\n" + (data["ack_url"] or "")

    def good(self):
        return 200, "", {}


class Webhook(Vendor):
    def take(self, _path, _query, headers, body):
        need(headers.get("webhook-id"), 400, "")
        data = json.loads(body)["data"]
        return data["notification"]["text"] + "\n" + (data["ack_url"] or "")


# The settings of a channel of each type; {url} is where the receiver listens for it.
SETTINGS = {
    "webhook": (Webhook, {"url": "{url}/hook"}, None),
    "wecom": (Wecom, {"url": "{url}/cgi-bin/webhook/send", "token": KEY}, None),
    "dingtalk": (Dingtalk, {"url": "{url}/robot/send", "token": KEY, "secret": SECRET}, None),
    "feishu": (Feishu, {"url": "{url}", "token": KEY, "secret": SECRET}, None),
    "ntfy": (Ntfy, {"url": "{url}"}, "school"),
    "gotify": (Gotify, {"url": "{url}", "token": KEY}, None),
    "bark": (Bark, {"url": "{url}"}, KEY),
    "serverchan": (Serverchan, {"url": "{url}", "token": KEY}, None),
    "pushplus": (Pushplus, {"url": "{url}", "token": KEY}, None),
    "slack": (Slack, {"url": "{url}/services/T0/B0/" + KEY}, None),
    "teams": (Teams, {"url": "{url}/workflows/7?sig=" + KEY}, None),
    "discord": (Discord, {"url": "{url}/api/webhooks/1/" + KEY}, None),
    "telegram": (Telegram, {"url": "{url}", "token": BOT}, "-100200"),
    "pagerduty": (Pagerduty, {"url": "{url}", "token": ROUTING}, None),
    "alertmanager": (Alertmanager, {"url": "{url}"}, None),
    "homeassistant": (Homeassistant, {"url": "{url}", "token": KEY}, None),
}


def split(path):
    parts = urllib.parse.urlsplit(path)
    return parts.path, dict(urllib.parse.parse_qsl(parts.query))


def speak(vendor, prefix):
    """The vendor as a behaviour of the receiver, below a path of its own."""
    def behave(handler, _ended):
        path, query = split(handler.path)
        request = handler.last
        status, body, headers = vendor.answer(path.removeprefix(prefix), query, request.headers,
                                              request.body)
        handler.answer(status, body.encode(), headers)
    return behave
