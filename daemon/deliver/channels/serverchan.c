/* ServerChan. sct.ftqq.com/sendkey; keys "sctp<uid>t..." belong to its successor at
 * <uid>.push.ft07.com. Free accounts send 5 messages a day: a last contact, not a first one. */
#include <errno.h>
#include <string.h>

#include "deliver/parts.h"
#include "deliver/text.h"

#define TITLE_CHARACTERS 32
#define TEXT_MAX 8000

static const char *key_of(const struct channel *channel, const struct letter *letter)
{
	return letter->to ? letter->to : channel->token;
}

/* The number after "sctp"; 0: a key of the older service. */
static size_t uid_length(const char *key)
{
	size_t digits = strncmp(key, "sctp", 4) == 0 ? strspn(key + 4, "0123456789") : 0;
	return digits && key[4 + digits] == 't' ? digits : 0;
}

static void add_address(struct request *request, const struct channel *channel, const char *key)
{
	size_t uid = uid_length(key);
	if (channel->url || !uid)
		request_join(request, channel, uid ? "/send/" : "/");
	else
		text_addf(&request->url, "https://%.*s.push.ft07.com/send/", (int)uid, key + 4);
	text_add_encoded(&request->url, key);
	text_add(&request->url, ".send");
}

static size_t characters(const char *text, size_t count)
{
	const char *c = text;
	for (; *c; c++) {
		bool starts = ((unsigned char)*c & 0xC0) != 0x80;
		if (starts && count-- == 0)
			break;
	}
	return (size_t)(c - text);
}

static int serverchan_build(const struct channel *channel, const struct letter *letter,
                            struct request *request, struct problem *why)
{
	struct text *body = &request->body, title = {0};
	const char *key = key_of(channel, letter);
	if (!key)
		return problem_set(why, -EINVAL, "no send key: serverchan needs a to or a token");
	add_address(request, channel, key);
	request_is_json(request);
	letter_write_title(letter, &title);
	title.at[characters(title.at, TITLE_CHARACTERS)] = '\0';
	json_open(body, NULL, '{');
	json_put_string(body, "title", title.at);
	put_text(body, "desp", letter, TEXT_MAX, letter_link(letter));
	json_close(body, '}');
	text_finish(&title);
	return 0;
}

static void serverchan_judge(const struct reply *reply, struct judgement *out)
{
	static const struct code codes[] = {
	        {40001, VERDICT_REFUSED, "wrong send key, or the day's messages are used up"},
	};
	judge_by_code(reply, "code", 0, codes, COUNT_OF(codes), out);
}

const struct channel_type serverchan_channel = {
        .name = "serverchan",
        .default_url = "https://sctapi.ftqq.com",
        .may = CHANNEL_URL | CHANNEL_TOKEN | CHANNEL_TO,
        .to_is_key = true,
        .rate = {{.count = 5, .per = DAYS(1), .reserve = 2}},
        .build = serverchan_build,
        .judge = serverchan_judge,
};
