/* DingTalk group robot. open.dingtalk.com/document/orgapp/custom-robot-access */
#include <errno.h>
#include <string.h>

#include "base/crypto.h"
#include "deliver/parts.h"

#define TEXT_MAX 4000 /* bytes; the whole message may have 20,000 */

static const struct code codes[] = {
        {-1, VERDICT_RETRY, "busy"},
        {130101, VERDICT_RETRY, "more than 20 messages a minute"},
        {410100, VERDICT_RETRY, "too fast"},
        {310000, VERDICT_REFUSED, "wrong signature, clock, keyword or address"},
        {300001, VERDICT_REFUSED, "wrong access token"},
        {400101, VERDICT_REFUSED, "no such access token"},
        {400102, VERDICT_REFUSED, "the robot is disabled"},
        {400105, VERDICT_REFUSED, "wrong message type"},
        {400106, VERDICT_REFUSED, "no such robot"},
};

static int dingtalk_check(const struct channel *channel, struct problem *why)
{
	if (!channel->token && !(channel->url && url_has_query(channel->url, "access_token")))
		return problem_set(why, -EINVAL,
		                   "a dingtalk channel needs the robot's access token: as token, "
		                   "or in a url that ends with ?access_token=...");
	return 0;
}

/* base64(HMAC-SHA256(secret, "<ms>\n<secret>")) */
static void add_signature(struct request *request, const char *secret, wall_ms now)
{
	uint8_t mac[SHA256_LEN];
	struct text message = {0}, sign = {0}, stamp = {0};
	text_addf(&stamp, "%lld", (long long)now);
	text_addf(&message, "%s\n%s", text_get(&stamp), secret);
	crypto_hmac_sha256(secret, strlen(secret), message.at, message.len, mac);
	text_add_base64(&sign, mac, sizeof mac);
	request_query(request, "timestamp", text_get(&stamp));
	request_query(request, "sign", text_get(&sign));
	text_finish(&message);
	text_finish(&sign);
	text_finish(&stamp);
}

static bool is_mobile(const char *to)
{
	return to[strspn(to, "+-0123456789")] == '\0';
}

static void mention_mobile(void *body, const char *item)
{
	if (is_mobile(item))
		json_put_string(body, NULL, item);
}

static void mention_user(void *body, const char *item)
{
	if (!is_mobile(item) && strcmp(item, "@all") != 0)
		json_put_string(body, NULL, item);
}

static void find_all(void *found, const char *item)
{
	if (strcmp(item, "@all") == 0)
		*(bool *)found = true;
}

static void put_mentions(struct text *body, const char *to)
{
	bool all = false;
	json_open(body, "at", '{');
	json_open(body, "atMobiles", '[');
	list_each(to, mention_mobile, body);
	json_close(body, ']');
	json_open(body, "atUserIds", '[');
	list_each(to, mention_user, body);
	json_close(body, ']');
	list_each(to, find_all, &all);
	json_put_bool(body, "isAtAll", all);
	json_close(body, '}');
}

static int dingtalk_build(const struct channel *channel, const struct letter *letter,
                          struct request *request, struct problem *why)
{
	(void)why;
	struct text *body = &request->body;
	request_whole(request, channel, "/robot/send");
	if (channel->token)
		request_query(request, "access_token", channel->token);
	if (channel->secret)
		add_signature(request, channel->secret, letter->now.wall);
	request_is_json(request);
	json_open(body, NULL, '{');
	json_put_string(body, "msgtype", "text");
	json_open(body, "text", '{');
	put_text(body, "content", letter, TEXT_MAX, letter_link(letter));
	json_close(body, '}');
	if (letter->to)
		put_mentions(body, letter->to);
	json_close(body, '}');
	return 0;
}

static void dingtalk_judge(const struct reply *reply, struct judgement *out)
{
	judge_by_code(reply, "errcode", 0, codes, COUNT_OF(codes), out);
	judge_shut_out(reply, "errcode", 130101, MINUTES(10), out);
}

const struct channel_type dingtalk_channel = {
        .name = "dingtalk",
        .default_url = "https://oapi.dingtalk.com",
        .may = CHANNEL_URL | CHANNEL_TOKEN | CHANNEL_SECRET | CHANNEL_TO,
        .check = dingtalk_check,
        /* One too many, and for ten minutes nobody is told over it: much is kept. */
        .rate = {{.count = 20, .per = MINUTES(1), .reserve = 8}},
        .build = dingtalk_build,
        .judge = dingtalk_judge,
};
