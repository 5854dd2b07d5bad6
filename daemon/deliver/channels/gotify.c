/* Gotify, one's own server. gotify.net/docs/pushmsg */
#include "deliver/parts.h"

#define MESSAGE_MAX 4000

static int priority(const struct letter *letter)
{
	switch (letter_urgency(letter)) {
	case URGENCY_CRITICAL:
		return 10;
	case URGENCY_HIGH:
		return 8;
	case URGENCY_NORMAL:
		return 5;
	case URGENCY_LOW:
		break;
	}
	return 4;
}

static int gotify_build(const struct channel *channel, const struct letter *letter,
                        struct request *request, struct problem *why)
{
	(void)why;
	struct text *body = &request->body;
	request_join(request, channel, "/message");
	request_is_json(request);
	request_header(request, "X-Gotify-Key", "%s", channel->token);
	json_open(body, NULL, '{');
	put_title(body, "title", letter, 250);
	put_text(body, "message", letter, MESSAGE_MAX, letter_link(letter));
	json_put_int(body, "priority", priority(letter));
	if (letter_link(letter)) {
		json_open(body, "extras", '{');
		json_open(body, "client::notification", '{');
		json_open(body, "click", '{');
		json_put_string(body, "url", letter_link(letter));
		json_close(body, '}');
		json_close(body, '}');
		json_close(body, '}');
	}
	json_close(body, '}');
	return 0;
}

/* A message that was taken is 200; another 2xx comes from something else on that address. */
static void gotify_judge(const struct reply *reply, struct judgement *out)
{
	judge_by_status(reply, out);
	if (out->verdict == VERDICT_ACCEPTED && reply->status != 200)
		judge(out, VERDICT_REFUSED, "HTTP %ld where Gotify says 200", reply->status);
}

const struct channel_type gotify_channel = {
        .name = "gotify",
        .needs = CHANNEL_URL | CHANNEL_TOKEN,
        .build = gotify_build,
        .judge = gotify_judge,
};
