/* Home Assistant webhook trigger; the token is the webhook's id, the body the generic webhook's
 * (trigger.json.data...). It says 200 to an unknown id too: test it once after setting it up.
 * home-assistant.io/docs/automation/trigger/#webhook-trigger */
#include <errno.h>

#include "deliver/parts.h"

static int homeassistant_check(const struct channel *channel, struct problem *why)
{
	if (!channel->token && !url_has_path(channel->url))
		return problem_set(why, -EINVAL,
		                   "a homeassistant channel needs the webhook's id: as token, or "
		                   "at the end of the url (.../api/webhook/...)");
	return 0;
}

static int homeassistant_build(const struct channel *channel, const struct letter *letter,
                               struct request *request, struct problem *why)
{
	(void)why;
	if (channel->token) {
		request_join(request, channel, "/api/webhook");
		text_add_char(&request->url, '/');
		text_add_encoded(&request->url, channel->token);
	} else {
		request_whole(request, channel, "");
	}
	request_is_json(request);
	letter_write_json(letter, &request->body);
	return 0;
}

static void homeassistant_judge(const struct reply *reply, struct judgement *out)
{
	judge_by_status(reply, out);
	if (out->verdict == VERDICT_ACCEPTED && reply->status != 200)
		judge(out, VERDICT_REFUSED, "HTTP %ld where Home Assistant says 200",
		      reply->status);
}

const struct channel_type homeassistant_channel = {
        .name = "homeassistant",
        .needs = CHANNEL_URL,
        .may = CHANNEL_TOKEN,
        .check = homeassistant_check,
        .build = homeassistant_build,
        .judge = homeassistant_judge,
};
