/* ntfy, the public server or one's own; acknowledges from the notification itself.
 * docs.ntfy.sh/publish/#publish-as-json */
#include <errno.h>

#include "deliver/parts.h"

#define MESSAGE_MAX 3000 /* bytes; above 4096 ntfy makes a file of it */
#define TITLE_MAX 250

static int priority(const struct letter *letter)
{
	switch (letter_urgency(letter)) {
	case URGENCY_CRITICAL:
		return 5;
	case URGENCY_HIGH:
		return 4;
	case URGENCY_NORMAL:
	case URGENCY_LOW:
		break;
	}
	return 3;
}

static const char *tag(const struct letter *letter)
{
	static const char *const tags[INCIDENT_KIND_COUNT] = {
	        [INCIDENT_FIRE] = "fire",          [INCIDENT_GAS] = "biohazard",
	        [INCIDENT_PANIC] = "sos",          [INCIDENT_WATER] = "droplet",
	        [INCIDENT_INTRUSION] = "no_entry", [INCIDENT_TAMPER] = "wrench",
	        [INCIDENT_TROUBLE] = "warning",    [INCIDENT_OTHER] = "loudspeaker",
	};
	if (letter->notification->reason == REASON_RESOLVED)
		return "white_check_mark";
	return letter->incident ? tags[letter->incident->kind] : "test_tube";
}

static void put_actions(struct text *body, const struct letter *letter)
{
	json_open(body, "actions", '[');
	if (letter->ack_url) {
		json_open(body, NULL, '{');
		json_put_string(body, "action", "http");
		json_put_string(body, "label", letter_say(letter, "我来处理", "Acknowledge"));
		json_put_string(body, "url", letter->ack_url);
		json_put_string(body, "method", "POST");
		json_put_bool(body, "clear", true);
		json_close(body, '}');
	}
	if (letter->console_url) {
		json_open(body, NULL, '{');
		json_put_string(body, "action", "view");
		json_put_string(body, "label", letter_say(letter, "查看", "Open"));
		json_put_string(body, "url", letter->console_url);
		json_close(body, '}');
	}
	json_close(body, ']');
}

static int ntfy_build(const struct channel *channel, const struct letter *letter,
                      struct request *request, struct problem *why)
{
	struct text *body = &request->body;
	if (!letter->to)
		return problem_set(why, -EINVAL, "no topic: ntfy needs a to");
	request_join(request, channel, "");
	request_is_json(request);
	if (channel->token)
		request_header(request, "Authorization", "Bearer %s", channel->token);
	json_open(body, NULL, '{');
	json_put_string(body, "topic", letter->to);
	put_title(body, "title", letter, TITLE_MAX);
	put_text(body, "message", letter, MESSAGE_MAX, NULL);
	json_put_int(body, "priority", priority(letter));
	json_open(body, "tags", '[');
	json_put_string(body, NULL, tag(letter));
	json_close(body, ']');
	if (letter_link(letter))
		json_put_string(body, "click", letter_link(letter));
	put_actions(body, letter);
	json_close(body, '}');
	return 0;
}

/* An error says {"code":42901,"http":429,"error":"..."} beside its status; some proxies lose the
 * status on the way. */
static void ntfy_judge(const struct reply *reply, struct judgement *out)
{
	judge_by_status(reply, out);
	cJSON *json = reply_json(reply);
	int64_t http;
	if (out->verdict == VERDICT_ACCEPTED && json_int(json, "http", &http) && http >= 400) {
		struct reply inner = {.status = (long)http, .retry_after = reply->retry_after};
		judge_by_status(&inner, out);
	}
	cJSON_Delete(json);
}

const struct channel_type ntfy_channel = {
        .name = "ntfy",
        .default_url = "https://ntfy.sh",
        .needs = CHANNEL_TO,
        .may = CHANNEL_URL | CHANNEL_TOKEN,
        .to_is_key = true,
        .rate = {{.count = 60, .per = MINUTES(5), .reserve = 15}},
        .build = ntfy_build,
        .judge = ntfy_judge,
};
