/* Slack incoming webhook. docs.slack.dev/messaging/sending-messages-using-incoming-webhooks */
#include <string.h>

#include "deliver/parts.h"
#include "deliver/text.h"

#define TEXT_MAX 4000

/* The three characters that Slack's text gives a meaning: without them no <!channel>. */
static void add_escaped(struct text *out, const char *text)
{
	for (const char *c = text; *c; c++) {
		if (*c == '&')
			text_add(out, "&amp;");
		else if (*c == '<')
			text_add(out, "&lt;");
		else if (*c == '>')
			text_add(out, "&gt;");
		else
			text_add_char(out, *c);
	}
}

static int slack_build(const struct channel *channel, const struct letter *letter,
                       struct request *request, struct problem *why)
{
	(void)why;
	struct text *body = &request->body, cut = {0}, escaped = {0};
	text_add(&request->url, channel->url);
	request_is_json(request);
	letter_text_fit(letter->text, TEXT_MAX, letter_link(letter), &cut);
	add_escaped(&escaped, text_get(&cut));
	json_open(body, NULL, '{');
	json_put_string(body, "text", text_get(&escaped));
	json_put_bool(body, "unfurl_links", false);
	json_close(body, '}');
	text_finish(&cut);
	text_finish(&escaped);
	return 0;
}

static void slack_judge(const struct reply *reply, struct judgement *out)
{
	judge_by_status(reply, out);
	const char *body = reply->body ? reply->body : "";
	bool ok = strncmp(body, "ok", 2) == 0 && body[2 + strspn(body + 2, " \r\n")] == '\0';
	if (out->verdict == VERDICT_ACCEPTED && !ok)
		judge(out, VERDICT_RETRY, "HTTP %ld without \"ok\" in the answer", reply->status);
}

const struct channel_type slack_channel = {
        .name = "slack",
        .needs = CHANNEL_URL,
        .rate = {{.count = 10, .per = SECONDS(10), .reserve = 3}},
        .build = slack_build,
        .judge = slack_judge,
};
