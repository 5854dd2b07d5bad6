/* Telegram bot. core.telegram.org/bots/api#sendmessage */
#include <errno.h>
#include <string.h>

#include "deliver/parts.h"

#define TEXT_MAX 4096 /* characters; bytes are never fewer */

#define CALLBACK_MAX 64 /* bytes of callback_data */

/* With a secret the bot calls back to /hooks/ID of this service, and a tap on the button is enough;
 * else the button opens the page. Telegram refuses the whole message for a button whose address is
 * not public; the link at the end of the text is always there. */
static void put_button(struct text *body, const struct channel *channel,
                       const struct letter *letter)
{
	const char *slash = letter->ack_url ? strrchr(letter->ack_url, '/') : NULL;
	struct text token = {0};
	if (slash) /* what follows "?" is for the page */
		text_add_len(&token, slash + 1, strcspn(slash + 1, "?"));
	bool calls_back = channel->secret && token.len && token.len <= CALLBACK_MAX;
	if (calls_back || (letter->ack_url && strncmp(letter->ack_url, "https://", 8) == 0)) {
		json_open(body, "reply_markup", '{');
		json_open(body, "inline_keyboard", '[');
		json_open(body, NULL, '[');
		json_open(body, NULL, '{');
		json_put_string(body, "text", letter_say(letter, "我来处理", "Acknowledge"));
		if (calls_back)
			json_put_string(body, "callback_data", text_get(&token));
		else
			json_put_string(body, "url", letter->ack_url);
		json_close(body, '}');
		json_close(body, ']');
		json_close(body, ']');
		json_close(body, '}');
	}
	text_finish(&token);
}

static int telegram_build(const struct channel *channel, const struct letter *letter,
                          struct request *request, struct problem *why)
{
	struct text *body = &request->body, path = {0};
	if (!letter->to)
		return problem_set(why, -EINVAL, "no chat: telegram needs a to (the chat's id)");
	/* A bot's token is digits, ':' and base64url: the colon stays as the API shows it. */
	text_add(&path, "/bot");
	const char *colon = strchr(channel->token, ':');
	if (colon)
		text_addf(&path, "%.*s:", (int)strspn(channel->token, "0123456789"),
		          channel->token);
	text_add_encoded(&path, colon ? colon + 1 : channel->token);
	text_add(&path, "/sendMessage");
	request_join(request, channel, text_get(&path));
	request_is_json(request);
	json_open(body, NULL, '{');
	json_put_string(body, "chat_id", letter->to);
	put_text(body, "text", letter, TEXT_MAX, letter_link(letter));
	json_put_bool(body, "disable_web_page_preview", true);
	put_button(body, channel, letter);
	json_close(body, '}');
	text_finish(&path);
	return 0;
}

static int telegram_check(const struct channel *channel, struct problem *why)
{
	size_t digits = strspn(channel->token, "0123456789");
	if (!digits || channel->token[digits] != ':' || !channel->token[digits + 1])
		return problem_set(why, -EINVAL,
		                   "a telegram token is the bot's number, a colon and its key");
	/* What setWebhook takes as its secret_token. */
	const char *secret = channel->secret;
	if (secret && (strlen(secret) < 16 || strlen(secret) > 256 ||
	               secret[strspn(secret, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	                                     "0123456789_-")]))
		return problem_set(why, -EINVAL,
		                   "a telegram secret is what setWebhook was given as "
		                   "secret_token: 16 to 256 letters, digits, '_' and '-'");
	return 0;
}

/* {"ok":true,...} or {"ok":false,"error_code":429,"parameters":{"retry_after":35}} */
static void telegram_judge(const struct reply *reply, struct judgement *out)
{
	judge_by_status(reply, out);
	cJSON *json = reply_json(reply);
	bool ok = false;
	int64_t code = reply->status, after;
	bool told = json_bool(json, "ok", &ok);
	if (told && !ok) {
		if (!json_int(json, "error_code", &code) && out->verdict == VERDICT_ACCEPTED)
			code = 400;
		struct reply inner = {.status = (long)code, .retry_after = reply->retry_after};
		judge_by_status(&inner, out);
		if (out->verdict == VERDICT_ACCEPTED)
			out->verdict = VERDICT_REFUSED;
		if (out->verdict == VERDICT_RETRY &&
		    json_int(json_get(json, "parameters"), "retry_after", &after) && after > 0 &&
		    after < 86400)
			out->retry_after = SECONDS(after);
		judge(out, out->verdict, "error_code %lld", (long long)code);
	} else if (!told && out->verdict == VERDICT_ACCEPTED) {
		judge(out, VERDICT_RETRY, "HTTP %ld without an ok in the answer", reply->status);
	}
	cJSON_Delete(json);
}

const struct channel_type telegram_channel = {
        .name = "telegram",
        .default_url = "https://api.telegram.org",
        .needs = CHANNEL_TOKEN | CHANNEL_TO,
        .may = CHANNEL_URL | CHANNEL_SECRET,
        .check = telegram_check,
        .rate = {{.count = 30, .per = SECONDS(1), .reserve = 8}},
        /* core.telegram.org/bots/faq: of a chat, and of a group */
        .each = {{.count = 1, .per = SECONDS(1)}, {.count = 20, .per = MINUTES(1), .reserve = 5}},
        .build = telegram_build,
        .judge = telegram_judge,
};
