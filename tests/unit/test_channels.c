/* What each channel sends, byte for byte, and how it judges every answer its service documents.
 * Expected signatures were made with openssl's command, not with the code under test. */
/* floors: deliver */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "base/json.h"
#include "base/text.h"
#include "deliver/parts.h"
#include "letter_fixture.h"

static struct desk *desk_of(void **state)
{
	return *state;
}

static int open_desk(void **state)
{
	static struct desk desk;
	desk_init(&desk);
	*state = &desk;
	return 0;
}

static int close_desk(void **state)
{
	desk_finish(*state);
	return 0;
}

static struct channel channel_of(const char *type)
{
	struct channel channel = {.id = type, .type = channel_type_find(type)};
	assert_non_null(channel.type);
	return channel;
}

#define JSON_HEADER "Content-Type: application/json\n"

/* headers: behind the content type. body: NULL where it is looked at elsewhere. */
static void expect_request(const struct channel *channel, const struct letter *letter,
                           const char *url, const char *headers, const char *body)
{
	struct request request = {0};
	struct problem why = {0};
	struct text all = {0};
	assert_int_equal(channel_check(channel, &why), 0);
	assert_int_equal(channel->type->build(channel, letter, &request, &why), 0);
	assert_string_equal(text_get(&request.url), url);
	text_addf(&all, "%s%s", JSON_HEADER, headers);
	assert_string_equal(text_get(&request.headers), text_get(&all));
	if (body)
		assert_string_equal(text_get(&request.body), body);
	assert_null(request.method);
	cJSON *json = NULL;
	assert_int_equal(json_parse(request.body.at, request.body.len, &json, &why), 0);
	cJSON_Delete(json);
	text_finish(&all);
	request_finish(&request);
}

static void expect_unwritable(const struct channel *channel, const struct letter *letter,
                              const char *part)
{
	struct request request = {0};
	struct problem why = {0};
	assert_int_equal(channel->type->build(channel, letter, &request, &why), -EINVAL);
	assert_non_null(strstr(why.text, part));
	request_finish(&request);
}

/* ---- the generic webhook ---- */

static void the_standards_own_example_is_signed_as_it_says(void **state)
{
	(void)state;
	struct text out = {0};
	assert_true(webhook_sign("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
	                         "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330,
	                         "{\"test\": 2432232314}", &out) >= 0);
	assert_string_equal(text_get(&out), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
	text_reset(&out);
	/* While a key is replaced both sign. */
	assert_true(webhook_sign("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw  "
	                         "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
	                         "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330,
	                         "{\"test\": 2432232314}", &out) >= 0);
	assert_string_equal(text_get(&out), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE= "
	                                    "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
	text_finish(&out);
}

static void expected_body(const struct desk *desk, struct text *out)
{
	text_add(out, "{\"type\":\"incident.opened\",\"timestamp\":\"2026-11-22T00:00:12.345Z\","
	              "\"data\":{\"notification\":{\"id\":\"n-binjiang-7\",\"reason\":\"opened\","
	              "\"step\":1,\"attempt\":1,\"possible_duplicate\":false,\"unlogged\":false,"
	              "\"to\":{\"kind\":\"person\",\"id\":\"li\",\"name\":\"李老师\"},"
	              "\"text\":\"【火警】宿舍三层\"}");
	incident_write_json(out, "incident", &desk->def, "binjiang", &desk->incident);
	text_add(out, ",\"ack_url\":\"http://127.0.0.1:8080/a/tok\","
	              "\"console_url\":\"http://127.0.0.1:8080/#/incident/1\","
	              "\"ledger\":{\"seq\":42,\"head\":\"ab12\"}}}");
}

static void a_webhook_carries_the_contracts_body_and_headers(void **state)
{
	struct desk *desk = desk_of(state);
	struct channel channel = channel_of("webhook");
	struct text body = {0}, headers = {0}, signature = {0};
	expected_body(desk, &body);
	channel.url = "http://127.0.0.1:9000/phone";
	expect_request(&channel, &desk->letter, channel.url,
	               "webhook-id: n-binjiang-7\nwebhook-timestamp: 1795305612\n",
	               text_get(&body));
	struct text shared = {0}; /* by all who are told of it at once */
	desk->letter.incident_json = &shared;
	for (int i = 0; i < 2; i++)
		expect_request(&channel, &desk->letter, channel.url,
		               "webhook-id: n-binjiang-7\nwebhook-timestamp: 1795305612\n",
		               text_get(&body));
	assert_string_not_equal(text_get(&shared), "");
	text_finish(&shared);
	desk->letter.incident_json = NULL;
	channel.secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
	channel.token = "tok";
	assert_true(webhook_sign(channel.secret, "n-binjiang-7", 1795305612, text_get(&body),
	                         &signature) >= 0);
	text_addf(&headers,
	          "webhook-id: n-binjiang-7\nwebhook-timestamp: 1795305612\n"
	          "webhook-signature: %s\nAuthorization: Bearer tok\n",
	          text_get(&signature));
	expect_request(&channel, &desk->letter, channel.url, text_get(&headers), text_get(&body));
	text_finish(&body);
	text_finish(&headers);
	text_finish(&signature);
}

static void a_test_has_no_incident(void **state)
{
	struct desk *desk = desk_of(state);
	struct text body = {0};
	desk->letter.incident = NULL;
	desk->letter.ack_url = NULL;
	desk->letter.unlogged = true;
	desk->letter.attempt = 3;
	desk->letter.to = "13800138000";
	desk->notification.incident = NULL;
	desk->notification.reason = REASON_TEST;
	desk->notification.possible_duplicate = true;
	desk->notification.step = 0;
	letter_write_json(&desk->letter, &body);
	assert_string_equal(
	        text_get(&body),
	        "{\"type\":\"test\",\"timestamp\":\"2026-11-22T00:00:12.345Z\","
	        "\"data\":{\"notification\":{\"id\":\"n-binjiang-7\",\"reason\":\"test\","
	        "\"step\":0,\"attempt\":3,\"possible_duplicate\":true,\"unlogged\":true,"
	        "\"to\":{\"kind\":\"person\",\"id\":\"li\",\"name\":\"李老师\","
	        "\"address\":\"13800138000\"},\"text\":\"【火警】宿舍三层\"},"
	        "\"incident\":null,\"ack_url\":null,"
	        "\"console_url\":\"http://127.0.0.1:8080/#/incident/1\","
	        "\"ledger\":{\"seq\":42,\"head\":\"ab12\"}}}");
	text_finish(&body);
}

static void a_webhooks_body_stays_under_20_kb(void **state)
{
	struct desk *desk = desk_of(state);
	static char device[200], text[30000];
	memset(device, 'd', sizeof device - 1);
	memset(text, 't', sizeof text - 1);
	desk->letter.text = text;
	while (desk->incident.signal_count < 80)
		desk_add_signal(desk, device);
	desk->signals[79].device = "the-latest";
	struct text body = {0};
	letter_write_json(&desk->letter, &body);
	assert_true(body.len < 20000);
	assert_non_null(strstr(body.at, "the-latest"));
	assert_non_null(strstr(body.at, "\"signals_omitted\":"));
	cJSON *json = NULL;
	assert_int_equal(json_parse(body.at, body.len, &json, NULL), 0);
	cJSON_Delete(json);
	text_finish(&body);
}

static void a_webhooks_secret_has_the_standards_form(void **state)
{
	(void)state;
	static const struct {
		const char *secret;
		int result;
	} cases[] = {
	        {NULL, 0},
	        {"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", 0},
	        {"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
	         0},
	        {"", -EINVAL},
	        {"  ", -EINVAL},
	        {"secret", -EINVAL},
	        {"whsec_", -EINVAL},
	        {"whsec_c2hvcnQ=", -EINVAL},
	        {"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", -EINVAL},
	        {"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS*", -EINVAL},
	        {"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw other", -EINVAL},
	        {"whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	         "AAAAAAAAAAAA",
	         -EINVAL}, /* 68 bytes */
	};
	struct channel channel = channel_of("webhook");
	channel.url = "https://example.org/";
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct problem why = {0};
		channel.secret = cases[i].secret;
		assert_int_equal(channel_check(&channel, &why), cases[i].result);
		if (cases[i].secret && strlen(cases[i].secret) > 8)
			assert_null(strstr(why.text, cases[i].secret));
	}
}

/* ---- group robots ---- */

#define LINK "\\nhttp://127.0.0.1:8080/a/tok"

static void wecom_sends_text(void **state)
{
	struct desk *desk = desk_of(state);
	struct channel channel = channel_of("wecom");
	channel.token = "693a-b c";
	static const char body[] =
	        "{\"msgtype\":\"text\",\"text\":{\"content\":\"【火警】宿舍三层" LINK "\"}}";
	expect_request(&channel, &desk->letter,
	               "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a-b%20c", "", body);
	channel.url = "http://127.0.0.1:9000/";
	expect_request(&channel, &desk->letter,
	               "http://127.0.0.1:9000/cgi-bin/webhook/send?key=693a-b%20c", "", body);
	channel.token = NULL;
	channel.url = "http://127.0.0.1:9000/cgi-bin/webhook/send?key=k";
	expect_request(&channel, &desk->letter, channel.url, "", body);
	desk->letter.to = "13800138000, zhangsan,@all";
	expect_request(&channel, &desk->letter, channel.url, "",
	               "{\"msgtype\":\"text\",\"text\":{\"content\":\"【火警】宿舍三层" LINK "\","
	               "\"mentioned_list\":[\"zhangsan\",\"@all\"],"
	               "\"mentioned_mobile_list\":[\"13800138000\"]}}");
}

static void wecoms_text_has_at_most_2048_bytes(void **state)
{
	struct desk *desk = desk_of(state);
	static char text[4000];
	for (int i = 0; i + 3 < 4000; i += 3)
		memcpy(text + i, "火", 3);
	struct channel channel = channel_of("wecom");
	struct request request = {0};
	cJSON *json = NULL;
	channel.token = "k";
	desk->letter.text = text;
	assert_int_equal(channel.type->build(&channel, &desk->letter, &request, NULL), 0);
	assert_int_equal(json_parse(request.body.at, request.body.len, &json, NULL), 0);
	const char *content = json_string(json_get(json, "text"), "content");
	assert_in_range(strlen(content), 2040, 2048);
	assert_non_null(strstr(content, "\nhttp://127.0.0.1:8080/a/tok"));
	cJSON_Delete(json);
	request_finish(&request);
}

static void dingtalk_signs_the_address(void **state)
{
	struct desk *desk = desk_of(state);
	struct channel channel = channel_of("dingtalk");
	static const char body[] =
	        "{\"msgtype\":\"text\",\"text\":{\"content\":\"【火警】宿舍三层" LINK "\"}}";
	channel.token = "abc";
	expect_request(&channel, &desk->letter,
	               "https://oapi.dingtalk.com/robot/send?access_token=abc", "", body);
	channel.secret = "SECd1ng";
	/* printf '1795305612345\nSECd1ng' | openssl dgst -sha256 -hmac SECd1ng -binary | base64 */
	expect_request(
	        &channel, &desk->letter,
	        "https://oapi.dingtalk.com/robot/send?access_token=abc"
	        "&timestamp=1795305612345&sign=a2vAK2mo0rEeqaTNNSgNT9PGjS7%2F3cS5Koz7oZuHtDU%3D",
	        "", body);
	channel.token = channel.secret = NULL;
	channel.url = "http://127.0.0.1:9000/robot/send?access_token=abc";
	desk->letter.to = "13800138000,+86-13900139000,user1,@all";
	expect_request(&channel, &desk->letter, channel.url, "",
	               "{\"msgtype\":\"text\",\"text\":{\"content\":\"【火警】宿舍三层" LINK "\"},"
	               "\"at\":{\"atMobiles\":[\"13800138000\",\"+86-13900139000\"],"
	               "\"atUserIds\":[\"user1\"],\"isAtAll\":true}}");
}

static void feishu_signs_in_the_body(void **state)
{
	struct desk *desk = desk_of(state);
	struct channel channel = channel_of("feishu");
	channel.token = "hook-1";
	desk->letter.text = "【火警】<at user_id=\"all\"></at>";
	expect_request(&channel, &desk->letter,
	               "https://open.feishu.cn/open-apis/bot/v2/hook/hook-1", "",
	               "{\"msg_type\":\"text\",\"content\":{\"text\":"
	               "\"【火警】＜at user_id=\\\"all\\\">＜/at>" LINK "\"}}");
	desk->letter.text = "【火警】";
	channel.token = NULL;
	channel.url = "http://127.0.0.1:9000/open-apis/bot/v2/hook/hook-2";
	channel.secret = "feishu-secret";
	desk->letter.to = "ou_1,@all,\"><at user_id=\"all";
	/* openssl dgst -sha256 -hmac $'1795305612\nfeishu-secret' -binary </dev/null | base64 */
	expect_request(&channel, &desk->letter, channel.url, "",
	               "{\"timestamp\":\"1795305612\",\"sign\":\"zKpw2K1+hSxB0wdQvWWzxCoiAOJ+"
	               "gdp9rWpoHQKJ7QQ=\","
	               "\"msg_type\":\"text\",\"content\":{\"text\":"
	               "\"<at user_id=\\\"ou_1\\\"></at> <at user_id=\\\"all\\\"></at> "
	               "【火警】" LINK "\"}}");
}

/* ---- phones ---- */

static void ntfy_acknowledges_from_the_notification(void **state)
{
	struct desk *desk = desk_of(state);
	struct channel channel = channel_of("ntfy");
	desk->letter.to = "school-alarms";
	static const char body[] =
	        "{\"topic\":\"school-alarms\",\"title\":\"【火警】宿舍三层\","
	        "\"message\":\"【火警】宿舍三层\",\"priority\":5,\"tags\":[\"fire\"],"
	        "\"click\":\"http://127.0.0.1:8080/a/tok\",\"actions\":["
	        "{\"action\":\"http\",\"label\":\"我来处理\","
	        "\"url\":\"http://127.0.0.1:8080/a/tok\",\"method\":\"POST\",\"clear\":true},"
	        "{\"action\":\"view\",\"label\":\"查看\","
	        "\"url\":\"http://127.0.0.1:8080/#/incident/1\"}]}";
	expect_request(&channel, &desk->letter, "https://ntfy.sh", "", body);
	channel.url = "http://127.0.0.1:9000/ntfy/";
	channel.token = "tk_1";
	expect_request(&channel, &desk->letter, "http://127.0.0.1:9000/ntfy",
	               "Authorization: Bearer tk_1\n", body);
	desk->letter.to = NULL;
	expect_unwritable(&channel, &desk->letter, "topic");
}

static void urgency_follows_danger_and_what_has_ended_is_quiet(void **state)
{
	struct desk *desk = desk_of(state);
	static const struct {
		enum incident_kind kind;
		enum severity severity;
		enum reason reason;
		enum urgency urgency;
	} cases[] = {
	        {INCIDENT_FIRE, SEVERITY_MAJOR, REASON_OPENED, URGENCY_CRITICAL},
	        {INCIDENT_PANIC, SEVERITY_CRITICAL, REASON_REPEATED, URGENCY_CRITICAL},
	        {INCIDENT_WATER, SEVERITY_CRITICAL, REASON_RAISED, URGENCY_CRITICAL},
	        {INCIDENT_WATER, SEVERITY_MAJOR, REASON_OPENED, URGENCY_HIGH},
	        {INCIDENT_INTRUSION, SEVERITY_MAJOR, REASON_ESCALATED, URGENCY_HIGH},
	        {INCIDENT_TAMPER, SEVERITY_MINOR, REASON_OPENED, URGENCY_NORMAL},
	        {INCIDENT_TROUBLE, SEVERITY_WARNING, REASON_OPENED, URGENCY_LOW},
	        {INCIDENT_FIRE, SEVERITY_CRITICAL, REASON_ACKNOWLEDGED, URGENCY_LOW},
	        {INCIDENT_FIRE, SEVERITY_CRITICAL, REASON_RESOLVED, URGENCY_LOW},
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		desk->incident.kind = cases[i].kind;
		desk->incident.severity = cases[i].severity;
		desk->notification.reason = cases[i].reason;
		assert_int_equal(letter_urgency(&desk->letter), cases[i].urgency);
	}
	desk->letter.incident = NULL;
	desk->notification.reason = REASON_TEST;
	assert_int_equal(letter_urgency(&desk->letter), URGENCY_NORMAL);
}

static void gotify_sends_a_message(void **state)
{
	struct desk *desk = desk_of(state);
	struct channel channel = channel_of("gotify");
	channel.url = "http://127.0.0.1:9000/gotify";
	channel.token = "AbC";
	expect_request(&channel, &desk->letter, "http://127.0.0.1:9000/gotify/message",
	               "X-Gotify-Key: AbC\n",
	               "{\"title\":\"【火警】宿舍三层\",\"message\":\"【火警】宿舍三层" LINK "\","
	               "\"priority\":10,\"extras\":{\"client::notification\":{\"click\":"
	               "{\"url\":\"http://127.0.0.1:8080/a/tok\"}}}}");
	channel.url = "http://127.0.0.1:9000/message";
	expect_request(&channel, &desk->letter, channel.url, "X-Gotify-Key: AbC\n", NULL);
}

static void bark_rings(void **state)
{
	struct desk *desk = desk_of(state);
	struct channel channel = channel_of("bark");
	channel.token = "key1";
	expect_request(&channel, &desk->letter, "https://api.day.app/push", "",
	               "{\"device_key\":\"key1\",\"title\":\"【火警】宿舍三层\","
	               "\"body\":\"【火警】宿舍三层\",\"level\":\"critical\",\"volume\":10,"
	               "\"call\":\"1\",\"group\":\"binjiang\","
	               "\"url\":\"http://127.0.0.1:8080/a/tok\"}");
	channel.url = "http://127.0.0.1:9000";
	desk->incident.kind = INCIDENT_WATER;
	desk->letter.to = "key2, key3";
	expect_request(&channel, &desk->letter, "http://127.0.0.1:9000/push", "",
	               "{\"device_keys\":[\"key2\",\"key3\"],\"title\":\"【漏水】宿舍三层\","
	               "\"body\":\"【火警】宿舍三层\",\"level\":\"timeSensitive\","
	               "\"group\":\"binjiang\",\"url\":\"http://127.0.0.1:8080/a/tok\"}");
	channel.token = NULL;
	desk->letter.to = NULL;
	expect_unwritable(&channel, &desk->letter, "device key");
}

static void serverchan_puts_the_key_into_the_path(void **state)
{
	struct desk *desk = desk_of(state);
	struct channel channel = channel_of("serverchan");
	static const char body[] =
	        "{\"title\":\"【火警】宿舍三层\",\"desp\":\"【火警】宿舍三层" LINK "\"}";
	channel.token = "SCT1abc";
	expect_request(&channel, &desk->letter, "https://sctapi.ftqq.com/SCT1abc.send", "", body);
	desk->letter.to = "sctp12tXYZ";
	expect_request(&channel, &desk->letter, "https://12.push.ft07.com/send/sctp12tXYZ.send", "",
	               body);
	channel.url = "http://127.0.0.1:9000";
	expect_request(&channel, &desk->letter, "http://127.0.0.1:9000/send/sctp12tXYZ.send", "",
	               body);
	desk->letter.to = "a/../b";
	desk->incident.zone_name = "很长的名字很长的名字很长的名字很长的名字很长的名字";
	expect_request(&channel, &desk->letter, "http://127.0.0.1:9000/a%2F..%2Fb.send", "",
	               "{\"title\":\"【火警】很长的名字很长的名字很长的名字很长的名字很长的名字\","
	               "\"desp\":\"【火警】宿舍三层" LINK "\"}");
	desk->incident.zone_name = "很长的名字很长的名字很长的名字很长的名字很长的名字很长的名字";
	expect_request(
	        &channel, &desk->letter, "http://127.0.0.1:9000/a%2F..%2Fb.send", "",
	        "{\"title\":\"【火警】很长的名字很长的名字很长的名字很长的名字很长的名字很长的\","
	        "\"desp\":\"【火警】宿舍三层" LINK "\"}");
}

static void pushplus_sends_plain_text(void **state)
{
	struct desk *desk = desk_of(state);
	struct channel channel = channel_of("pushplus");
	channel.token = "tok";
	desk->letter.to = "friend";
	expect_request(&channel, &desk->letter, "https://www.pushplus.plus/send", "",
	               "{\"token\":\"tok\",\"title\":\"【火警】宿舍三层\","
	               "\"content\":\"【火警】宿舍三层" LINK "\",\"template\":\"txt\","
	               "\"channel\":\"wechat\",\"to\":\"friend\"}");
}

/* ---- teams of people ---- */

static void slack_calls_nobody_by_accident(void **state)
{
	struct desk *desk = desk_of(state);
	struct channel channel = channel_of("slack");
	channel.url = "http://127.0.0.1:9000/services/T/B/X";
	desk->letter.text = "<!channel> a & b";
	expect_request(&channel, &desk->letter, channel.url, "",
	               "{\"text\":\"&lt;!channel&gt; a &amp; b" LINK "\",\"unfurl_links\":false}");
}

static void teams_gets_a_card(void **state)
{
	struct desk *desk = desk_of(state);
	struct channel channel = channel_of("teams");
	channel.url = "http://127.0.0.1:9000/workflows/1?sig=s";
	desk->letter.ack_url = NULL;
	expect_request(&channel, &desk->letter, channel.url, "",
	               "{\"type\":\"message\",\"attachments\":[{\"contentType\":"
	               "\"application/vnd.microsoft.card.adaptive\",\"contentUrl\":null,"
	               "\"content\":{\"$schema\":"
	               "\"http://adaptivecards.io/schemas/adaptive-card.json\","
	               "\"type\":\"AdaptiveCard\",\"version\":\"1.4\",\"body\":["
	               "{\"type\":\"RichTextBlock\",\"inlines\":[{\"type\":\"TextRun\","
	               "\"text\":\"【火警】宿舍三层\"}]}],\"actions\":[{\"type\":"
	               "\"Action.OpenUrl\",\"title\":\"查看\","
	               "\"url\":\"http://127.0.0.1:8080/#/incident/1\"}]}}]}");
}

static void discord_shows_names_as_written(void **state)
{
	struct desk *desk = desk_of(state);
	struct channel channel = channel_of("discord");
	channel.url = "http://127.0.0.1:9000/api/webhooks/1/x";
	desk->letter.text = "smoke_301 *@everyone*";
	desk->letter.ack_url = "http://h/a/t_o_k";
	static const char body[] =
	        "{\"content\":\"smoke\\\\_301 \\\\*@everyone\\\\*\\nhttp://h/a/t_o_k\",\"flags\":4,"
	        "\"allowed_mentions\":{\"parse\":[]}}";
	expect_request(&channel, &desk->letter, "http://127.0.0.1:9000/api/webhooks/1/x?wait=true",
	               "", body);
	channel.url = "http://127.0.0.1:9000/api/webhooks/1/x?thread_id=5";
	expect_request(&channel, &desk->letter,
	               "http://127.0.0.1:9000/api/webhooks/1/x?thread_id=5&wait=true", "", body);
}

static void telegram_adds_a_button_where_it_is_allowed(void **state)
{
	struct desk *desk = desk_of(state);
	struct channel channel = channel_of("telegram");
	channel.token = "123:AB-c_d";
	desk->letter.to = "-1001";
	expect_request(&channel, &desk->letter,
	               "https://api.telegram.org/bot123:AB-c_d/sendMessage", "",
	               "{\"chat_id\":\"-1001\",\"text\":\"【火警】宿舍三层" LINK "\","
	               "\"disable_web_page_preview\":true}");
	channel.url = "http://127.0.0.1:9000";
	desk->letter.ack_url = "https://alarm.example.org/a/t";
	expect_request(&channel, &desk->letter, "http://127.0.0.1:9000/bot123:AB-c_d/sendMessage",
	               "",
	               "{\"chat_id\":\"-1001\","
	               "\"text\":\"【火警】宿舍三层\\nhttps://alarm.example.org/a/t\","
	               "\"disable_web_page_preview\":true,\"reply_markup\":{\"inline_keyboard\":"
	               "[[{\"text\":\"我来处理\",\"url\":\"https://alarm.example.org/a/t\"}]]}}");
	channel.secret = "0123456789abcdef";
	desk->letter.ack_url = "http://127.0.0.1:8080/a/1.7.t.mac?lang=zh-CN";
	expect_request(
	        &channel, &desk->letter, "http://127.0.0.1:9000/bot123:AB-c_d/sendMessage", "",
	        "{\"chat_id\":\"-1001\","
	        "\"text\":\"【火警】宿舍三层\\nhttp://127.0.0.1:8080/a/1.7.t.mac?lang=zh-CN\","
	        "\"disable_web_page_preview\":true,\"reply_markup\":{\"inline_keyboard\":"
	        "[[{\"text\":\"我来处理\",\"callback_data\":\"1.7.t.mac\"}]]}}");
	desk->letter.to = NULL;
	expect_unwritable(&channel, &desk->letter, "chat");
}

/* ---- machines ---- */

static void expect_pagerduty(struct desk *desk, enum reason reason, const char *action)
{
	struct channel channel = channel_of("pagerduty");
	struct text body = {0};
	channel.token = "R0UT";
	desk->notification.reason = reason;
	text_addf(&body,
	          "{\"routing_key\":\"R0UT\",\"event_action\":\"%s\","
	          "\"dedup_key\":\"binjiang-2026-000001\",\"payload\":{"
	          "\"summary\":\"【火警】宿舍三层\",\"source\":\"binjiang\",\"severity\":\"error\","
	          "\"timestamp\":\"2026-11-22T00:00:12.000Z\",\"component\":\"dorm-3f\","
	          "\"class\":\"fire\",\"custom_details\":{",
	          action);
	incident_write_json(&body, "incident", &desk->def, "binjiang", &desk->incident);
	text_add(&body, ",\"ack_url\":\"http://127.0.0.1:8080/a/tok\"}},\"client\":\"Tocsin\","
	                "\"client_url\":\"http://127.0.0.1:8080/#/incident/1\"}");
	expect_request(&channel, &desk->letter, "https://events.pagerduty.com/v2/enqueue", "",
	               text_get(&body));
	text_finish(&body);
}

static void pagerduty_follows_the_incident(void **state)
{
	struct desk *desk = desk_of(state);
	expect_pagerduty(desk, REASON_OPENED, "trigger");
	expect_pagerduty(desk, REASON_ESCALATED, "trigger");
	expect_pagerduty(desk, REASON_REOPENED, "trigger");
	expect_pagerduty(desk, REASON_ACKNOWLEDGED, "acknowledge");
	expect_pagerduty(desk, REASON_RESOLVED, "resolve");
}

#define NOW "2026-11-22T00:00:12.345Z"
#define LATER "2026-11-29T00:00:12.345Z"
#define ALERT(severity, ends)                                                                      \
	"{\"labels\":{\"alertname\":\"tocsin_fire\",\"site\":\"binjiang\","                        \
	"\"severity\":\"" severity "\",\"incident\":\"binjiang-2026-000001\","                     \
	"\"zone\":\"dorm-3f\"},\"annotations\":{\"summary\":\"【火警】宿舍三层\","         \
	"\"description\":\"【火警】宿舍三层" LINK "\"},\"startsAt\":\"2026-11-22T00:00:12.000Z\"," \
	"\"endsAt\":\"" ends "\",\"generatorURL\":\"http://127.0.0.1:8080/#/incident/1\"}"

static void alertmanager_keeps_an_alert_until_it_is_resolved(void **state)
{
	struct desk *desk = desk_of(state);
	struct channel channel = channel_of("alertmanager");
	channel.url = "http://127.0.0.1:9093";
	expect_request(&channel, &desk->letter, "http://127.0.0.1:9093/api/v2/alerts", "",
	               "[" ALERT("major", LATER) "]");
	desk->incident.severity = SEVERITY_CRITICAL;
	desk->incident.round = 2; /* a rise: the alert of the lower severity ends */
	expect_request(&channel, &desk->letter, "http://127.0.0.1:9093/api/v2/alerts", "",
	               "[" ALERT("critical", LATER) "," ALERT("major", NOW) "," ALERT(
	                       "minor", NOW) "," ALERT("warning", NOW) "]");
	desk->incident.round = 1;
	desk->incident.state = STATE_RESOLVED;
	expect_request(&channel, &desk->letter, "http://127.0.0.1:9093/api/v2/alerts", "",
	               "[" ALERT("critical", NOW) "]");
}

static void homeassistant_gets_the_generic_body(void **state)
{
	struct desk *desk = desk_of(state);
	struct channel channel = channel_of("homeassistant");
	struct text body = {0};
	expected_body(desk, &body);
	channel.url = "http://127.0.0.1:8123";
	channel.token = "tocsin-1";
	expect_request(&channel, &desk->letter, "http://127.0.0.1:8123/api/webhook/tocsin-1", "",
	               text_get(&body));
	channel.url = "http://127.0.0.1:8123/api/webhook/tocsin-2";
	channel.token = NULL;
	expect_request(&channel, &desk->letter, channel.url, "", text_get(&body));
	text_finish(&body);
}

/* ---- answers ---- */

static const struct {
	const char *type;
	long status;
	const char *body;
	enum verdict verdict;
	span_ms retry_after; /* the header said 9 s */
} answers[] = {
        {"webhook", 200, "", VERDICT_ACCEPTED, 0},
        {"webhook", 204, "", VERDICT_ACCEPTED, 0},
        {"webhook", 299, "{\"error\":1}", VERDICT_ACCEPTED, 0},
        {"webhook", 301, "", VERDICT_REFUSED, 0},
        {"webhook", 304, "", VERDICT_REFUSED, 0},
        {"webhook", 400, "", VERDICT_REFUSED, 0},
        {"webhook", 401, "", VERDICT_REFUSED, 0},
        {"webhook", 404, "", VERDICT_REFUSED, 0},
        {"webhook", 408, "", VERDICT_RETRY, 9000},
        {"webhook", 410, "", VERDICT_REFUSED, 0},
        {"webhook", 425, "", VERDICT_RETRY, 9000},
        {"webhook", 429, "", VERDICT_RETRY, 9000},
        {"webhook", 500, "", VERDICT_RETRY, 9000},
        {"webhook", 502, "", VERDICT_RETRY, 9000},
        {"webhook", 503, "", VERDICT_RETRY, 9000},
        {"webhook", 504, "", VERDICT_RETRY, 9000},
        {"webhook", 600, "", VERDICT_REFUSED, 0},

        {"wecom", 200, "{\"errcode\":0,\"errmsg\":\"ok\"}", VERDICT_ACCEPTED, 0},
        {"wecom", 200, "{\"errcode\":-1,\"errmsg\":\"system busy\"}", VERDICT_RETRY, 9000},
        {"wecom", 200, "{\"errcode\":45009}", VERDICT_RETRY, 60000},
        {"wecom", 200, "{\"errcode\":45033}", VERDICT_RETRY, 9000},
        {"wecom", 200, "{\"errcode\":93000,\"errmsg\":\"invalid webhook url\"}", VERDICT_REFUSED,
         0},
        {"wecom", 200, "{\"errcode\":93004}", VERDICT_REFUSED, 0},
        {"wecom", 200, "{\"errcode\":45002}", VERDICT_REFUSED, 0},
        {"wecom", 200, "{\"errcode\":99999,\"errmsg\":\"ok\"}", VERDICT_REFUSED, 0},
        {"wecom", 200, "{\"errcode\":\"0\"}", VERDICT_RETRY, 0},
        {"wecom", 200, "{\"errcode\":0", VERDICT_RETRY, 0},
        {"wecom", 200, "<html>ok</html>", VERDICT_RETRY, 0},
        {"wecom", 200, "", VERDICT_RETRY, 0},
        {"wecom", 502, "", VERDICT_RETRY, 9000},
        {"wecom", 500, "{\"errcode\":0}", VERDICT_RETRY, 9000},
        {"wecom", 404, "{\"errcode\":0}", VERDICT_REFUSED, 0},

        {"dingtalk", 200, "{\"errcode\":0,\"errmsg\":\"ok\"}", VERDICT_ACCEPTED, 0},
        {"dingtalk", 200, "{\"errcode\":310000,\"errmsg\":\"sign not match\"}", VERDICT_REFUSED, 0},
        {"dingtalk", 200, "{\"errcode\":130101}", VERDICT_RETRY, 600000},
        {"dingtalk", 200, "{\"errcode\":410100}", VERDICT_RETRY, 9000},
        {"dingtalk", 200, "{\"errcode\":-1}", VERDICT_RETRY, 9000},
        {"dingtalk", 200, "{\"errcode\":300001}", VERDICT_REFUSED, 0},
        {"dingtalk", 200, "{\"errcode\":400102}", VERDICT_REFUSED, 0},
        {"dingtalk", 200, "{}", VERDICT_RETRY, 0},

        {"feishu", 200, "{\"code\":0,\"msg\":\"success\",\"data\":{}}", VERDICT_ACCEPTED, 0},
        {"feishu", 200, "{\"StatusCode\":0,\"StatusMessage\":\"success\",\"code\":0}",
         VERDICT_ACCEPTED, 0},
        {"feishu", 200, "{\"Extra\":null,\"StatusCode\":0,\"StatusMessage\":\"success\"}",
         VERDICT_ACCEPTED, 0},
        {"feishu", 200, "{\"StatusCode\":0,\"code\":19021}", VERDICT_REFUSED, 0},
        {"feishu", 200, "{\"code\":19021,\"msg\":\"sign match fail\"}", VERDICT_REFUSED, 0},
        {"feishu", 200, "{\"code\":19002}", VERDICT_REFUSED, 0},
        {"feishu", 200, "{\"code\":19022}", VERDICT_REFUSED, 0},
        {"feishu", 200, "{\"code\":19024}", VERDICT_REFUSED, 0},
        {"feishu", 200, "{\"code\":9499}", VERDICT_REFUSED, 0},
        {"feishu", 200, "{\"code\":11232}", VERDICT_RETRY, 9000},
        {"feishu", 400, "{\"code\":99991400}", VERDICT_RETRY, 9000},
        {"feishu", 400, "{\"code\":19001}", VERDICT_REFUSED, 0},
        {"feishu", 200, "", VERDICT_RETRY, 0},

        {"ntfy", 200, "{\"id\":\"x\",\"event\":\"message\"}", VERDICT_ACCEPTED, 0},
        {"ntfy", 200, "", VERDICT_ACCEPTED, 0},
        {"ntfy", 200, "{\"code\":42901,\"http\":429,\"error\":\"limit\"}", VERDICT_RETRY, 9000},
        {"ntfy", 200, "{\"code\":40301,\"http\":403,\"error\":\"forbidden\"}", VERDICT_REFUSED, 0},
        {"ntfy", 403, "{\"code\":40301,\"http\":403}", VERDICT_REFUSED, 0},
        {"ntfy", 429, "{\"code\":42901,\"http\":429}", VERDICT_RETRY, 9000},
        {"ntfy", 507, "", VERDICT_RETRY, 9000},

        {"gotify", 200, "{\"id\":1}", VERDICT_ACCEPTED, 0},
        {"gotify", 204, "", VERDICT_REFUSED, 0},
        {"gotify", 401, "", VERDICT_REFUSED, 0},
        {"gotify", 500, "", VERDICT_RETRY, 9000},

        {"bark", 200, "{\"code\":200,\"message\":\"success\"}", VERDICT_ACCEPTED, 0},
        {"bark", 200, "{\"code\":400,\"message\":\"no such key\"}", VERDICT_REFUSED, 0},
        {"bark", 400, "{\"code\":400}", VERDICT_REFUSED, 0},
        {"bark", 500, "{\"code\":500}", VERDICT_RETRY, 9000},
        {"bark", 200, "{\"code\":500}", VERDICT_RETRY, 9000},
        {"bark", 200, "{\"code\":200,\"data\":[{\"code\":200},{\"code\":200}]}", VERDICT_ACCEPTED,
         0},
        {"bark", 200, "{\"code\":200,\"data\":[{\"code\":200},{\"code\":400}]}", VERDICT_REFUSED,
         0},
        {"bark", 200, "{\"code\":200,\"data\":[{\"code\":500},{\"code\":200}]}", VERDICT_RETRY, 0},
        {"bark", 200, "{\"code\":200,\"data\":[]}", VERDICT_RETRY, 0},
        {"bark", 200, "ok", VERDICT_RETRY, 0},

        {"serverchan", 200, "{\"code\":0,\"message\":\"\"}", VERDICT_ACCEPTED, 0},
        {"serverchan", 200, "{\"code\":40001,\"message\":\"bad pushtoken\"}", VERDICT_REFUSED, 0},
        {"serverchan", 400, "{\"code\":40001}", VERDICT_REFUSED, 0},
        {"serverchan", 200, "", VERDICT_RETRY, 0},

        {"pushplus", 200, "{\"code\":200,\"msg\":\"ok\"}", VERDICT_ACCEPTED, 0},
        {"pushplus", 200, "{\"code\":0}", VERDICT_REFUSED, 0},
        {"pushplus", 200, "{\"code\":500}", VERDICT_RETRY, 9000},
        {"pushplus", 200, "{\"code\":999}", VERDICT_RETRY, 9000},
        {"pushplus", 200, "{\"code\":600}", VERDICT_REFUSED, 0},
        {"pushplus", 200, "{\"code\":888}", VERDICT_REFUSED, 0},
        {"pushplus", 200, "{\"code\":900}", VERDICT_REFUSED, 0},
        {"pushplus", 200, "{\"code\":903}", VERDICT_REFUSED, 0},

        {"slack", 200, "ok", VERDICT_ACCEPTED, 0},
        {"slack", 200, "ok\n", VERDICT_ACCEPTED, 0},
        {"slack", 200, "okay", VERDICT_RETRY, 0},
        {"slack", 200, "", VERDICT_RETRY, 0},
        {"slack", 200, "<html>", VERDICT_RETRY, 0},
        {"slack", 400, "invalid_payload", VERDICT_REFUSED, 0},
        {"slack", 403, "action_prohibited", VERDICT_REFUSED, 0},
        {"slack", 404, "channel_not_found", VERDICT_REFUSED, 0},
        {"slack", 410, "channel_is_archived", VERDICT_REFUSED, 0},
        {"slack", 429, "", VERDICT_RETRY, 9000},
        {"slack", 500, "rollup_error", VERDICT_RETRY, 9000},

        {"teams", 202, "", VERDICT_ACCEPTED, 0},
        {"teams", 200, "1", VERDICT_ACCEPTED, 0},
        {"teams", 200,
         "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error "
         "429 with ContextId x",
         VERDICT_RETRY, 9000},
        {"teams", 200, "... returned HTTP error 403 with ContextId x", VERDICT_REFUSED, 0},
        {"teams", 200, "... returned HTTP error 200 with ContextId x", VERDICT_RETRY, 0},
        {"teams", 400, "", VERDICT_REFUSED, 0},
        {"teams", 429, "", VERDICT_RETRY, 9000},

        {"discord", 200, "{\"id\":\"1\"}", VERDICT_ACCEPTED, 0},
        {"discord", 204, "", VERDICT_ACCEPTED, 0},
        {"discord", 429, "{\"message\":\"limited\",\"retry_after\":0.65}", VERDICT_RETRY, 651},
        {"discord", 429, "{\"retry_after\":-1}", VERDICT_RETRY, 9000},
        {"discord", 404, "{\"code\":10015}", VERDICT_REFUSED, 0},
        {"discord", 503, "", VERDICT_RETRY, 9000},

        {"telegram", 200, "{\"ok\":true,\"result\":{}}", VERDICT_ACCEPTED, 0},
        {"telegram", 200, "{\"ok\":false,\"error_code\":400}", VERDICT_REFUSED, 0},
        {"telegram", 200, "{\"ok\":false}", VERDICT_REFUSED, 0},
        {"telegram", 400, "{\"ok\":false,\"error_code\":400}", VERDICT_REFUSED, 0},
        {"telegram", 403, "{\"ok\":false,\"error_code\":403}", VERDICT_REFUSED, 0},
        {"telegram", 429, "{\"ok\":false,\"error_code\":429,\"parameters\":{\"retry_after\":35}}",
         VERDICT_RETRY, 35000},
        {"telegram", 502, "{\"ok\":false,\"error_code\":502}", VERDICT_RETRY, 9000},
        {"telegram", 200, "", VERDICT_RETRY, 0},

        {"pagerduty", 202, "{\"status\":\"success\"}", VERDICT_ACCEPTED, 0},
        {"pagerduty", 200, "", VERDICT_RETRY, 0},
        {"pagerduty", 400, "{\"status\":\"invalid event\"}", VERDICT_REFUSED, 0},
        {"pagerduty", 429, "", VERDICT_RETRY, 9000},
        {"pagerduty", 500, "", VERDICT_RETRY, 9000},

        {"alertmanager", 200, "", VERDICT_ACCEPTED, 0},
        {"alertmanager", 202, "", VERDICT_REFUSED, 0},
        {"alertmanager", 400, "\"bad label\"", VERDICT_REFUSED, 0},
        {"alertmanager", 500, "", VERDICT_RETRY, 9000},

        {"homeassistant", 200, "", VERDICT_ACCEPTED, 0},
        {"homeassistant", 201, "", VERDICT_REFUSED, 0},
        {"homeassistant", 405, "", VERDICT_REFUSED, 0},
        {"homeassistant", 503, "", VERDICT_RETRY, 9000},
};

static void every_documented_answer_is_judged(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(answers); i++) {
		struct reply reply = {answers[i].status, answers[i].body, 9000, 1};
		struct judgement judgement = {.detail = "?"};
		channel_of(answers[i].type).type->judge(&reply, &judgement);
		if (judgement.verdict != answers[i].verdict ||
		    judgement.retry_after != answers[i].retry_after)
			fail_msg("%s, HTTP %ld, %s: %s, after %lld: %s", answers[i].type,
			         answers[i].status, answers[i].body,
			         verdict_name(judgement.verdict), (long long)judgement.retry_after,
			         judgement.detail);
		assert_true(judgement.detail[0] && judgement.detail[0] != '?');
	}
}

static void who_is_busy_is_asked_three_times_more(void **state)
{
	(void)state;
	for (uint32_t attempt = 1; attempt <= 5; attempt++) {
		struct reply reply = {200, "{\"errcode\":-1}", 9000, attempt};
		struct judgement judgement = {0};
		channel_of("wecom").type->judge(&reply, &judgement);
		assert_int_equal(judgement.verdict, attempt <= 3 ? VERDICT_RETRY : VERDICT_REFUSED);
		assert_int_equal(judgement.retry_after, attempt <= 3 ? 9000 : 0);
	}
}

static void a_services_own_words_are_not_repeated(void **state)
{
	(void)state;
	static const char *const types[] = {"wecom",      "dingtalk", "feishu", "bark",
	                                    "serverchan", "pushplus", "slack",  "telegram"};
	struct reply reply = {200,
	                      "{\"errcode\":7,\"code\":7,\"ok\":false,\"error_code\":7,"
	                      "\"errmsg\":\"KEY\",\"message\":\"KEY\",\"msg\":\"KEY\"}",
	                      0, 1};
	for (size_t i = 0; i < COUNT_OF(types); i++) {
		struct judgement judgement = {0};
		channel_of(types[i]).type->judge(&reply, &judgement);
		assert_int_not_equal(judgement.verdict, VERDICT_ACCEPTED);
		assert_null(strstr(judgement.detail, "KEY"));
	}
}

/* ---- settings ---- */

static void settings_are_checked_by_type(void **state)
{
	(void)state;
	static const struct {
		const char *type, *url, *secret, *token;
		const char *wrong; /* part of the problem; NULL: good */
	} cases[] = {
	        {"webhook", NULL, NULL, NULL, "needs url"},
	        {"webhook", "https://h", NULL, NULL, NULL},
	        {"webhook", "https://[::1]:9000/x", NULL, NULL, NULL},
	        {"webhook", "ftp://h", NULL, NULL, "https://"},
	        {"webhook", "http://", NULL, NULL, "no host"},
	        {"webhook", "http:///x", NULL, NULL, "no host"},
	        {"webhook", "http://h/a b", NULL, NULL, "blank"},
	        {"wecom", NULL, NULL, NULL, "key"},
	        {"wecom", "https://h/send?key=", NULL, NULL, "key"},
	        {"wecom", "https://h/send?key=1", NULL, NULL, NULL},
	        {"wecom", NULL, "s", "k", "knows no secret"},
	        {"dingtalk", "https://h/robot/send", NULL, NULL, "access token"},
	        {"dingtalk", "https://h/robot/send?access_token=1", "SEC", NULL, NULL},
	        {"feishu", "https://h", NULL, NULL, "token"},
	        {"feishu", "https://h/open-apis/bot/v2/hook/1", NULL, NULL, NULL},
	        {"ntfy", NULL, NULL, NULL, NULL}, /* the topic may come with a contact */
	        {"ntfy", NULL, "s", NULL, "knows no secret"},
	        {"gotify", "https://h", NULL, NULL, "needs token"},
	        {"gotify", NULL, NULL, "t", "needs url"},
	        {"bark", NULL, NULL, NULL, NULL},
	        {"serverchan", NULL, NULL, NULL, NULL},
	        {"pushplus", NULL, NULL, NULL, "needs token"},
	        {"slack", NULL, NULL, NULL, "needs url"},
	        {"teams", "https://h/x", NULL, "t", "knows no token"},
	        {"discord", NULL, NULL, NULL, "needs url"},
	        {"telegram", NULL, NULL, "123", "colon"},
	        {"telegram", NULL, NULL, "123:a", NULL},
	        {"telegram", NULL, NULL, NULL, "needs token"},
	        {"pagerduty", NULL, NULL, "k", NULL},
	        {"alertmanager", NULL, NULL, NULL, "needs url"},
	        {"homeassistant", "http://h:8123", NULL, NULL, "webhook's id"},
	        {"homeassistant", "http://h:8123", NULL, "x", NULL},
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct channel channel = channel_of(cases[i].type);
		struct problem why = {0};
		channel.url = cases[i].url;
		channel.secret = cases[i].secret;
		channel.token = cases[i].token;
		int r = channel_check(&channel, &why);
		if (r != (cases[i].wrong ? -EINVAL : 0) ||
		    (cases[i].wrong && !strstr(why.text, cases[i].wrong)))
			fail_msg("case %zu, %s: %d %s", i, cases[i].type, r, why.text);
	}
}

static void every_type_is_in_the_table_and_whole(void **state)
{
	(void)state;
	static const char all[] =
	        "webhook, wecom, dingtalk, feishu, ntfy, gotify, bark, serverchan, "
	        "pushplus, slack, teams, discord, telegram, pagerduty, "
	        "alertmanager, homeassistant";
	assert_string_equal(channel_type_names(), all);
	assert_null(channel_type_find("carrier-pigeon"));
	for (const char *at = all; *at; at += strspn(at, ", ")) {
		char name[32];
		int len = (int)strcspn(at, ",");
		snprintf(name, sizeof name, "%.*s", len, at);
		const struct channel_type *type = channel_of(name).type;
		assert_string_equal(type->name, name);
		assert_true(type->build && type->judge);
		assert_int_equal(type->needs & type->may, 0);
		assert_true(type->default_url || type->needs & CHANNEL_URL);
		at += len;
	}
}

static void a_line_break_makes_no_header(void **state)
{
	(void)state;
	struct request request = {0};
	request_header(&request, "X", "a\r\nEvil: %d", 1);
	assert_string_equal(text_get(&request.headers), "X: aEvil: 1\n");
	request_finish(&request);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_desk, close_desk)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(the_standards_own_example_is_signed_as_it_says),
	        TEST(a_webhook_carries_the_contracts_body_and_headers),
	        TEST(a_test_has_no_incident),
	        TEST(a_webhooks_body_stays_under_20_kb),
	        TEST(a_webhooks_secret_has_the_standards_form),
	        TEST(wecom_sends_text),
	        TEST(wecoms_text_has_at_most_2048_bytes),
	        TEST(dingtalk_signs_the_address),
	        TEST(feishu_signs_in_the_body),
	        TEST(ntfy_acknowledges_from_the_notification),
	        TEST(urgency_follows_danger_and_what_has_ended_is_quiet),
	        TEST(gotify_sends_a_message),
	        TEST(bark_rings),
	        TEST(serverchan_puts_the_key_into_the_path),
	        TEST(pushplus_sends_plain_text),
	        TEST(slack_calls_nobody_by_accident),
	        TEST(teams_gets_a_card),
	        TEST(discord_shows_names_as_written),
	        TEST(telegram_adds_a_button_where_it_is_allowed),
	        TEST(pagerduty_follows_the_incident),
	        TEST(alertmanager_keeps_an_alert_until_it_is_resolved),
	        TEST(homeassistant_gets_the_generic_body),
	        TEST(every_documented_answer_is_judged),
	        TEST(who_is_busy_is_asked_three_times_more),
	        TEST(a_services_own_words_are_not_repeated),
	        TEST(settings_are_checked_by_type),
	        TEST(every_type_is_in_the_table_and_whole),
	        TEST(a_line_break_makes_no_header),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
