/* WeCom group robot. developer.work.weixin.qq.com/document/path/91770 */
#include <errno.h>
#include <string.h>

#include "deliver/parts.h"

#define TEXT_MAX 2048  /* bytes of content */
#define BUSY_RETRIES 3 /* of one message, says the vendor */

static const struct code codes[] = {
        {-1, VERDICT_RETRY, "busy"},
        {45009, VERDICT_RETRY, "more than 20 messages a minute"},
        {45033, VERDICT_RETRY, "too many at once"},
        {93000, VERDICT_REFUSED, "wrong robot key"},
        {93004, VERDICT_REFUSED, "the robot is disabled"},
        {93008, VERDICT_REFUSED, "the robot is not in the group"},
        {40008, VERDICT_REFUSED, "wrong message type"},
        {44004, VERDICT_REFUSED, "empty content"},
        {45002, VERDICT_REFUSED, "content too long"},
};

static int wecom_check(const struct channel *channel, struct problem *why)
{
	if (!channel->token && !(channel->url && url_has_query(channel->url, "key")))
		return problem_set(why, -EINVAL,
		                   "a wecom channel needs the robot's key: as token, or in a url "
		                   "that ends with ?key=...");
	return 0;
}

/* A mobile number is digits alone; anything else is a user id, or @all. */
static bool is_mobile(const char *to)
{
	return to[strspn(to, "+0123456789")] == '\0';
}

static void mention_user(void *body, const char *item)
{
	if (!is_mobile(item))
		json_put_string(body, NULL, item);
}

static void mention_mobile(void *body, const char *item)
{
	if (is_mobile(item))
		json_put_string(body, NULL, item);
}

static int wecom_build(const struct channel *channel, const struct letter *letter,
                       struct request *request, struct problem *why)
{
	(void)why;
	struct text *body = &request->body;
	request_whole(request, channel, "/cgi-bin/webhook/send");
	if (channel->token)
		request_query(request, "key", channel->token);
	request_is_json(request);
	json_open(body, NULL, '{');
	json_put_string(body, "msgtype", "text");
	json_open(body, "text", '{');
	put_text(body, "content", letter, TEXT_MAX, letter_link(letter));
	if (letter->to) {
		json_open(body, "mentioned_list", '[');
		list_each(letter->to, mention_user, body);
		json_close(body, ']');
		json_open(body, "mentioned_mobile_list", '[');
		list_each(letter->to, mention_mobile, body);
		json_close(body, ']');
	}
	json_close(body, '}');
	json_close(body, '}');
	return 0;
}

static void wecom_judge(const struct reply *reply, struct judgement *out)
{
	judge_by_code(reply, "errcode", 0, codes, COUNT_OF(codes), out);
	judge_patience(reply, "errcode", -1, BUSY_RETRIES, out);
	judge_shut_out(reply, "errcode", 45009, MINUTES(1), out);
}

const struct channel_type wecom_channel = {
        .name = "wecom",
        .default_url = "https://qyapi.weixin.qq.com",
        .may = CHANNEL_URL | CHANNEL_TOKEN | CHANNEL_TO,
        .check = wecom_check,
        .rate = {{.count = 20, .per = MINUTES(1), .reserve = 5}},
        .build = wecom_build,
        .judge = wecom_judge,
};
