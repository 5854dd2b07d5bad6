#include "deliver/channel.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "deliver/parts.h"

#define URL_MAX 2000

#define CHANNEL_ADDRESS(name) &name##_channel,
static const struct channel_type *const types[] = {CHANNEL_TYPES(CHANNEL_ADDRESS)};

const struct channel_type *channel_type_find(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(types); i++)
		if (strcmp(types[i]->name, name) == 0)
			return types[i];
	return NULL;
}

const char *channel_type_names(void)
{
#define CHANNEL_NAME(name) ", " #name
	static const char names[] = CHANNEL_TYPES(CHANNEL_NAME);
	return names + 2;
}

static const enum channel_field fields[] = {CHANNEL_URL, CHANNEL_SECRET, CHANNEL_TOKEN, CHANNEL_TO};

const char *channel_field_name(enum channel_field field)
{
	switch (field) {
	case CHANNEL_URL:
		return "url";
	case CHANNEL_SECRET:
		return "secret";
	case CHANNEL_TOKEN:
		return "token";
	case CHANNEL_TO:
		return "to";
	}
	return "";
}

static const char *field_of(const struct channel *channel, enum channel_field field)
{
	switch (field) {
	case CHANNEL_URL:
		return channel->url;
	case CHANNEL_SECRET:
		return channel->secret;
	case CHANNEL_TOKEN:
		return channel->token;
	case CHANNEL_TO:
		return channel->to;
	}
	return NULL;
}

static int check_url(const char *url, struct problem *why)
{
	size_t scheme = strncmp(url, "https://", 8) == 0  ? 8
	                : strncmp(url, "http://", 7) == 0 ? 7
	                                                  : 0;
	if (!scheme)
		return problem_set(why, -EINVAL, "url must begin with https:// or http://");
	if (strlen(url) > URL_MAX)
		return problem_set(why, -EINVAL, "url is longer than %d bytes", URL_MAX);
	if (!url[scheme] || strchr("/?#:", url[scheme]))
		return problem_set(why, -EINVAL, "url names no host");
	for (const char *c = url; *c; c++)
		if ((unsigned char)*c <= ' ' || *c == 0x7f)
			return problem_set(why, -EINVAL,
			                   "url holds a blank or a control character");
	return 0;
}

int channel_check(const struct channel *channel, struct problem *why)
{
	const struct channel_type *type = channel->type;
	for (size_t i = 0; i < COUNT_OF(fields); i++) {
		const char *value = field_of(channel, fields[i]);
		const char *name = channel_field_name(fields[i]);
		bool needed = type->needs & fields[i] && fields[i] != CHANNEL_TO;
		if (needed && (!value || !*value))
			return problem_set(why, -EINVAL, "a %s channel needs %s", type->name, name);
		if (value && !((type->needs | type->may) & fields[i]))
			return problem_set(why, -EINVAL, "a %s channel knows no %s", type->name,
			                   name);
	}
	int r = channel->url ? check_url(channel->url, why) : 0;
	if (r < 0)
		return r;
	return type->check ? type->check(channel, why) : 0;
}

void request_finish(struct request *request)
{
	text_finish(&request->url);
	text_finish(&request->body);
	text_finish(&request->headers);
}

void request_header(struct request *request, const char *name, const char *format, ...)
{
	char value[2048];
	va_list args;
	va_start(args, format);
	vsnprintf(value, sizeof value, format, args);
	va_end(args);
	text_add(&request->headers, name);
	text_add(&request->headers, ": ");
	/* A line break in a token must not become a header of its own. */
	for (const char *c = value; *c; c++)
		if ((unsigned char)*c >= 0x20 && *c != 0x7f)
			text_add_char(&request->headers, *c);
	text_add_char(&request->headers, '\n');
}

void judge(struct judgement *judgement, enum verdict verdict, const char *format, ...)
{
	judgement->verdict = verdict;
	va_list args;
	va_start(args, format);
	vsnprintf(judgement->detail, sizeof judgement->detail, format, args);
	va_end(args);
	text_trim_utf8(judgement->detail);
}

void judge_by_status(const struct reply *reply, struct judgement *judgement)
{
	long status = reply->status;
	enum verdict verdict = VERDICT_REFUSED;
	if (status >= 200 && status < 300)
		verdict = VERDICT_ACCEPTED;
	else if (status == 408 || status == 425 || status == 429 || (status >= 500 && status < 600))
		verdict = VERDICT_RETRY;
	bool moved = status >= 300 && status < 400;
	judge(judgement, verdict, "HTTP %ld%s", status,
	      moved           ? ": moved elsewhere, which is not followed"
	      : status == 410 ? ": gone for good"
	                      : "");
	if (verdict == VERDICT_RETRY)
		judgement->retry_after = reply->retry_after;
}

cJSON *reply_json(const struct reply *reply)
{
	cJSON *json = NULL;
	if (!reply->body || json_parse(reply->body, strlen(reply->body), &json, NULL) < 0)
		return NULL;
	if (!cJSON_IsObject(json)) {
		cJSON_Delete(json);
		return NULL;
	}
	return json;
}

static const struct code *code_find(const struct code *codes, size_t count, int64_t code)
{
	for (size_t i = 0; i < count; i++)
		if (codes[i].code == code)
			return &codes[i];
	return NULL;
}

void judge_by_code(const struct reply *reply, const char *member, int64_t good,
                   const struct code *codes, size_t count, struct judgement *out)
{
	judge_by_status(reply, out);
	bool by_status = out->verdict != VERDICT_ACCEPTED;
	cJSON *json = reply_json(reply);
	int64_t code;
	if (!json_int(json, member, &code)) {
		if (!by_status)
			judge(out, VERDICT_RETRY, "HTTP %ld without a %s in the answer",
			      reply->status, member);
	} else if (code != good) {
		const struct code *known = code_find(codes, count, code);
		enum verdict verdict = known       ? known->verdict
		                       : by_status ? out->verdict
		                                   : VERDICT_REFUSED;
		judge(out, verdict, "HTTP %ld, %s %lld%s%s", reply->status, member, (long long)code,
		      known ? ": " : "", known ? known->meaning : "");
		out->retry_after = verdict == VERDICT_RETRY ? reply->retry_after : 0;
	}
	cJSON_Delete(json);
}

static bool says_code(const struct reply *reply, const char *member, int64_t wanted)
{
	cJSON *json = reply_json(reply);
	int64_t code;
	bool says = json_int(json, member, &code) && code == wanted;
	cJSON_Delete(json);
	return says;
}

void judge_shut_out(const struct reply *reply, const char *member, int64_t code, span_ms span,
                    struct judgement *out)
{
	if (out->verdict != VERDICT_RETRY || !says_code(reply, member, code))
		return;
	out->shut_out = true;
	if (out->retry_after < span)
		out->retry_after = span;
}

void judge_patience(const struct reply *reply, const char *member, int64_t code, uint32_t retries,
                    struct judgement *out)
{
	if (out->verdict != VERDICT_RETRY || reply->attempt <= retries ||
	    !says_code(reply, member, code))
		return;
	out->verdict = VERDICT_REFUSED;
	out->retry_after = 0;
}
