/* Discord webhook. docs.discord.com/developers/resources/webhook#execute-webhook */
#include <string.h>

#include "deliver/parts.h"
#include "deliver/text.h"

#define CONTENT_MAX 2000 /* characters; bytes are never fewer */
#define SUPPRESS_EMBEDS 4

/* Markdown in a name stays what was written: smoke_301 is not smoke in italics. */
static void add_escaped(struct text *out, const char *text)
{
	for (const char *c = text; *c; c++) {
		if (strchr("\\*_~`|>#[]", *c))
			text_add_char(out, '\\');
		text_add_char(out, *c);
	}
}

static int discord_build(const struct channel *channel, const struct letter *letter,
                         struct request *request, struct problem *why)
{
	(void)why;
	struct text *body = &request->body, escaped = {0}, content = {0};
	text_add_len(&request->url, channel->url, strcspn(channel->url, "#"));
	if (!url_has_query(channel->url, "wait"))
		request_query(request, "wait", "true");
	request_is_json(request);
	add_escaped(&escaped, letter->text);
	letter_text_fit(text_get(&escaped), CONTENT_MAX, letter_link(letter), &content);
	json_open(body, NULL, '{');
	json_put_string(body, "content", text_get(&content));
	json_put_int(body, "flags", SUPPRESS_EMBEDS);
	json_open(body, "allowed_mentions", '{');
	json_open(body, "parse", '[');
	json_close(body, ']');
	json_close(body, '}');
	json_close(body, '}');
	text_finish(&escaped);
	text_finish(&content);
	return 0;
}

static void discord_judge(const struct reply *reply, struct judgement *out)
{
	judge_by_status(reply, out);
	cJSON *json = reply_json(reply);
	const cJSON *after = json_get(json, "retry_after"); /* seconds, with a fraction */
	if (reply->status == 429 && cJSON_IsNumber(after) && after->valuedouble > 0 &&
	    after->valuedouble < 86400)
		out->retry_after = (span_ms)(after->valuedouble * 1000) + 1;
	cJSON_Delete(json);
}

const struct channel_type discord_channel = {
        .name = "discord",
        .needs = CHANNEL_URL,
        .rate = {{.count = 30, .per = MINUTES(1), .reserve = 8}},
        .build = discord_build,
        .judge = discord_judge,
};
