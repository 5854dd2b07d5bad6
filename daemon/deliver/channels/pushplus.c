/* PushPlus. www.pushplus.plus/doc/guide/api.html; `to` is a friend's token. It says 200 as soon
 * as a message is queued. */
#include "deliver/parts.h"

#define TITLE_MAX 250
#define TEXT_MAX 8000

static const struct code codes[] = {
        {302, VERDICT_REFUSED, "not logged in"},
        {401, VERDICT_REFUSED, "not authorised"},
        {403, VERDICT_REFUSED, "this address is not allowed"},
        {500, VERDICT_RETRY, "system error"},
        {600, VERDICT_REFUSED, "wrong data"},
        {805, VERDICT_REFUSED, "no permission"},
        {888, VERDICT_REFUSED, "no credit left"},
        {900, VERDICT_REFUSED, "the account is restricted: too many messages"},
        {903, VERDICT_REFUSED, "wrong token"},
        {905, VERDICT_REFUSED, "the account is not verified"},
        {999, VERDICT_RETRY, "the service failed"},
};

static int pushplus_build(const struct channel *channel, const struct letter *letter,
                          struct request *request, struct problem *why)
{
	(void)why;
	struct text *body = &request->body;
	request_join(request, channel, "/send");
	request_is_json(request);
	json_open(body, NULL, '{');
	json_put_string(body, "token", channel->token);
	put_title(body, "title", letter, TITLE_MAX);
	put_text(body, "content", letter, TEXT_MAX, letter_link(letter));
	json_put_string(body, "template", "txt");
	json_put_string(body, "channel", "wechat");
	if (letter->to)
		json_put_string(body, "to", letter->to);
	json_close(body, '}');
	return 0;
}

static void pushplus_judge(const struct reply *reply, struct judgement *out)
{
	judge_by_code(reply, "code", 200, codes, COUNT_OF(codes), out);
}

const struct channel_type pushplus_channel = {
        .name = "pushplus",
        .default_url = "https://www.pushplus.plus",
        .needs = CHANNEL_TOKEN,
        .may = CHANNEL_URL | CHANNEL_TO,
        .to_is_key = true,
        .rate = {{.count = 200, .per = DAYS(1), .reserve = 50}},
        .build = pushplus_build,
        .judge = pushplus_judge,
};
