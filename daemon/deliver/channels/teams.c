/* Microsoft Teams: a workflow "When a Teams webhook request is received", which posts an
 * Adaptive Card. learn.microsoft.com/connectors/teams */
#include <string.h>

#include "deliver/parts.h"

#define TEXT_MAX 8000 /* bytes; the whole message may have 28 KB */

static void put_card(struct text *body, const struct letter *letter)
{
	json_open(body, "content", '{');
	json_put_string(body, "$schema", "http://adaptivecards.io/schemas/adaptive-card.json");
	json_put_string(body, "type", "AdaptiveCard");
	json_put_string(body, "version", "1.4");
	json_open(body, "body", '[');
	/* A rich text block: unlike a text block it reads no Markdown. */
	json_open(body, NULL, '{');
	json_put_string(body, "type", "RichTextBlock");
	json_open(body, "inlines", '[');
	json_open(body, NULL, '{');
	json_put_string(body, "type", "TextRun");
	put_text(body, "text", letter, TEXT_MAX, NULL);
	json_close(body, '}');
	json_close(body, ']');
	json_close(body, '}');
	json_close(body, ']');
	if (letter_link(letter)) {
		json_open(body, "actions", '[');
		json_open(body, NULL, '{');
		json_put_string(body, "type", "Action.OpenUrl");
		json_put_string(body, "title",
		                letter->ack_url ? letter_say(letter, "我来处理", "Acknowledge")
		                                : letter_say(letter, "查看", "Open"));
		json_put_string(body, "url", letter_link(letter));
		json_close(body, '}');
		json_close(body, ']');
	}
	json_close(body, '}');
}

static int teams_build(const struct channel *channel, const struct letter *letter,
                       struct request *request, struct problem *why)
{
	(void)why;
	struct text *body = &request->body;
	text_add(&request->url, channel->url);
	request_is_json(request);
	json_open(body, NULL, '{');
	json_put_string(body, "type", "message");
	json_open(body, "attachments", '[');
	json_open(body, NULL, '{');
	json_put_string(body, "contentType", "application/vnd.microsoft.card.adaptive");
	json_put_null(body, "contentUrl");
	put_card(body, letter);
	json_close(body, '}');
	json_close(body, ']');
	json_close(body, '}');
	return 0;
}

/* Connectors of the older kind answer 200 and "1", or 200 and a sentence with the HTTP status that
 * Teams gave them ("... returned HTTP error 429 ..."). */
static void teams_judge(const struct reply *reply, struct judgement *out)
{
	static const char failed[] = "HTTP error ";
	judge_by_status(reply, out);
	const char *inside = reply->body ? strstr(reply->body, failed) : NULL;
	if (out->verdict != VERDICT_ACCEPTED || !inside)
		return;
	struct reply inner = {.retry_after = reply->retry_after};
	for (const char *c = inside + strlen(failed); *c >= '0' && *c <= '9' && inner.status < 100;
	     c++)
		inner.status = inner.status * 10 + (*c - '0');
	judge_by_status(&inner, out);
	if (out->verdict == VERDICT_ACCEPTED)
		out->verdict = VERDICT_RETRY;
}

const struct channel_type teams_channel = {
        .name = "teams",
        .needs = CHANNEL_URL,
        .build = teams_build,
        .judge = teams_judge,
};
