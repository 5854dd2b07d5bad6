/* Bark, pushes to iPhones. bark.day.app/#/en-us/tutorial */
#include <errno.h>
#include <string.h>

#include "deliver/parts.h"

#define BODY_TEXT_MAX 2000 /* bytes; Apple takes 4096 for all together */

static const char *level(const struct letter *letter)
{
	switch (letter_urgency(letter)) {
	case URGENCY_CRITICAL:
		return "critical"; /* sounds in silent mode too */
	case URGENCY_HIGH:
		return "timeSensitive";
	case URGENCY_NORMAL:
	case URGENCY_LOW:
		break;
	}
	return "active";
}

static void put_item(void *body, const char *item)
{
	json_put_string(body, NULL, item);
}

static const char *keys_of(const struct channel *channel, const struct letter *letter)
{
	return letter->to ? letter->to : channel->token;
}

static int bark_build(const struct channel *channel, const struct letter *letter,
                      struct request *request, struct problem *why)
{
	struct text *body = &request->body;
	const char *keys = keys_of(channel, letter);
	if (!keys)
		return problem_set(why, -EINVAL, "no device key: bark needs a to or a token");
	request_join(request, channel, "/push");
	request_is_json(request);
	json_open(body, NULL, '{');
	if (strchr(keys, ',')) {
		json_open(body, "device_keys", '[');
		list_each(keys, put_item, body);
		json_close(body, ']');
	} else {
		json_put_string(body, "device_key", keys);
	}
	put_title(body, "title", letter, 200);
	put_text(body, "body", letter, BODY_TEXT_MAX, NULL);
	json_put_string(body, "level", level(letter));
	if (letter_urgency(letter) == URGENCY_CRITICAL) {
		json_put_int(body, "volume", 10);
		json_put_string(body, "call", "1"); /* rings for 30 s */
	}
	json_put_string(body, "group", letter->site_id);
	if (letter_link(letter))
		json_put_string(body, "url", letter_link(letter));
	json_close(body, '}');
	return 0;
}

/* A batch is well only if every phone is: then nobody is thought to know who does not. */
static void judge_batch(const cJSON *data, struct judgement *out)
{
	int phones = 0, told = 0;
	bool later = false;
	const cJSON *item;
	cJSON_ArrayForEach (item, data) {
		int64_t code = 0;
		phones++;
		if (json_int(item, "code", &code) && code == 200)
			told++;
		else
			later |= code == 0 || code == 429 || code >= 500;
	}
	if (told < phones || !phones)
		judge(out, later || !phones ? VERDICT_RETRY : VERDICT_REFUSED,
		      "%d of %d phones were told", told, phones);
}

static void bark_judge(const struct reply *reply, struct judgement *out)
{
	static const struct code codes[] = {
	        {400, VERDICT_REFUSED, "wrong device key or request"},
	        {404, VERDICT_REFUSED, "not found"},
	        {429, VERDICT_RETRY, "too many requests"},
	        {500, VERDICT_RETRY, "Apple's service did not take it"},
	};
	judge_by_code(reply, "code", 200, codes, COUNT_OF(codes), out);
	cJSON *json = reply_json(reply);
	const cJSON *data = json_get(json, "data");
	if (out->verdict == VERDICT_ACCEPTED && cJSON_IsArray(data))
		judge_batch(data, out);
	cJSON_Delete(json);
}

const struct channel_type bark_channel = {
        .name = "bark",
        .default_url = "https://api.day.app",
        .may = CHANNEL_URL | CHANNEL_TOKEN | CHANNEL_TO,
        .to_is_key = true,
        .build = bark_build,
        .judge = bark_judge,
};
