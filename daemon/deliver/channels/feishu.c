/* Feishu and Lark custom bot. open.feishu.cn/document/client-docs/bot-v3/add-custom-bot */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/crypto.h"
#include "deliver/parts.h"
#include "deliver/text.h"

#define TEXT_MAX 4000 /* bytes; the whole request may have 20 KB */

static const struct code codes[] = {
        {9499, VERDICT_REFUSED, "bad request"},
        {11232, VERDICT_RETRY, "too many messages"},
        {99991400, VERDICT_RETRY, "too many requests"},
        {19001, VERDICT_REFUSED, "wrong bot token"},
        {19002, VERDICT_REFUSED, "wrong parameters"},
        {19021, VERDICT_REFUSED, "wrong signature or clock"},
        {19022, VERDICT_REFUSED, "this address is not allowed"},
        {19024, VERDICT_REFUSED, "a keyword is missing"},
};

static int feishu_check(const struct channel *channel, struct problem *why)
{
	if (!channel->token && !(channel->url && url_has_path(channel->url)))
		return problem_set(why, -EINVAL,
		                   "a feishu channel needs the bot's token: as token, or at the "
		                   "end of a url (.../open-apis/bot/v2/hook/...)");
	return 0;
}

/* base64(HMAC-SHA256("<s>\n<secret>", "")): the text is the key and nothing is signed. */
static void put_signature(struct text *body, const char *secret, wall_ms now)
{
	uint8_t mac[SHA256_LEN];
	struct text key = {0}, sign = {0};
	char stamp[24];
	snprintf(stamp, sizeof stamp, "%lld", (long long)(now / 1000));
	text_addf(&key, "%s\n%s", stamp, secret);
	crypto_hmac_sha256(key.at, key.len, "", 0, mac);
	text_add_base64(&sign, mac, sizeof mac);
	json_put_string(body, "timestamp", stamp);
	json_put_string(body, "sign", text_get(&sign));
	text_finish(&key);
	text_finish(&sign);
}

static void mention(void *content, const char *item)
{
	/* Ids are letters, digits, '_' and '-'; anything else would break out of the tag. */
	const char *id = strcmp(item, "@all") == 0 ? "all" : item;
	for (const char *c = id; *c; c++)
		if (strchr("<>\"'& ", *c))
			return;
	text_addf(content, "<at user_id=\"%s\"></at> ", id);
}

/* In a text message <at> is a tag: one in a note must not call the whole group. */
static void add_plain(struct text *content, const char *text)
{
	for (const char *c = text; *c; c++) {
		if (*c == '<')
			text_add(content, "＜");
		else
			text_add_char(content, *c);
	}
}

static int feishu_build(const struct channel *channel, const struct letter *letter,
                        struct request *request, struct problem *why)
{
	(void)why;
	struct text *body = &request->body, content = {0}, plain = {0};
	if (channel->token) {
		request_join(request, channel, "/open-apis/bot/v2/hook");
		text_add_char(&request->url, '/');
		text_add_encoded(&request->url, channel->token);
	} else {
		request_whole(request, channel, "");
	}
	request_is_json(request);
	if (letter->to)
		list_each(letter->to, mention, &content);
	add_plain(&plain, letter->text);
	letter_text_fit(text_get(&plain), TEXT_MAX, letter_link(letter), &content);
	json_open(body, NULL, '{');
	if (channel->secret)
		put_signature(body, channel->secret, letter->now.wall);
	json_put_string(body, "msg_type", "text");
	json_open(body, "content", '{');
	json_put_string(body, "text", text_get(&content));
	json_close(body, '}');
	json_close(body, '}');
	text_finish(&content);
	text_finish(&plain);
	return 0;
}

static void feishu_judge(const struct reply *reply, struct judgement *out)
{
	/* Older bots answer {"StatusCode":0} and no code. */
	cJSON *json = reply_json(reply);
	bool old = json_get(json, "StatusCode") && !json_get(json, "code");
	cJSON_Delete(json);
	judge_by_code(reply, old ? "StatusCode" : "code", 0, codes, COUNT_OF(codes), out);
}

const struct channel_type feishu_channel = {
        .name = "feishu",
        .default_url = "https://open.feishu.cn",
        .may = CHANNEL_URL | CHANNEL_TOKEN | CHANNEL_SECRET | CHANNEL_TO,
        .check = feishu_check,
        .rate = {{.count = 100, .per = MINUTES(1), .reserve = 20},
                 {.count = 5, .per = SECONDS(1), .reserve = 2}},
        .build = feishu_build,
        .judge = feishu_judge,
};
