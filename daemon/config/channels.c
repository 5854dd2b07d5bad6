/* The ways to reach people. Which keys a channel has is its type's to say (deliver/channel.h). */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "config/read.h"
#include "config/secret.h"
#include "config/url.h"

enum {
	C_ID,
	C_TYPE,
	C_URL,
	C_URL_FILE,
	C_SECRET,
	C_SECRET_FILE,
	C_TOKEN,
	C_TOKEN_FILE,
	C_TO,
	C_TO_FILE,
	C_LANGUAGE,
	C_GIVE_UP,
	C_OUTSIDE,
	C_PRIVATE,
	C_CA,
	C_RATE,
	C_RESEND,
	C_COUNT
};
static const struct key channel_keys[C_COUNT] = {
        [C_ID] = {"id", "add the name by which contacts and policies call it"},
        [C_TYPE] = {"type", "add 'type: webhook' or another type"},
        [C_URL] = {"url", NULL},
        [C_URL_FILE] = {"url_file", NULL},
        [C_SECRET] = {"secret", NULL},
        [C_SECRET_FILE] = {"secret_file", NULL},
        [C_TOKEN] = {"token", NULL},
        [C_TOKEN_FILE] = {"token_file", NULL},
        [C_TO] = {"to", NULL},
        [C_TO_FILE] = {"to_file", NULL},
        [C_LANGUAGE] = {"language", NULL},
        [C_GIVE_UP] = {"give_up_after", NULL},
        [C_OUTSIDE] = {"outside", NULL},
        [C_PRIVATE] = {"private", NULL},
        [C_CA] = {"ca_file", NULL},
        [C_RATE] = {"rate", NULL},
        [C_RESEND] = {"resend", NULL},
};
static const struct shape channel_shape = {"a channel", SHAPE(channel_keys), true};

/* Which keys give which field of the type's list; the other keys are every channel's. */
static const struct channel_key {
	enum channel_field field;
	uint32_t plain, file;
} channel_fields[] = {
        {CHANNEL_URL, C_URL, C_URL_FILE},
        {CHANNEL_SECRET, C_SECRET, C_SECRET_FILE},
        {CHANNEL_TOKEN, C_TOKEN, C_TOKEN_FILE},
        {CHANNEL_TO, C_TO, C_TO_FILE},
};
#define FIELDS (sizeof channel_fields / sizeof *channel_fields)

static const struct node *node_of(const struct channel_key *key, const struct node **v)
{
	return v[key->plain] ? v[key->plain] : v[key->file];
}

static const char **field_of(struct channel *channel, enum channel_field field)
{
	switch (field) {
	case CHANNEL_URL:
		return &channel->url;
	case CHANNEL_SECRET:
		return &channel->secret;
	case CHANNEL_TOKEN:
		return &channel->token;
	case CHANNEL_TO:
		return &channel->to;
	}
	return NULL;
}

/* "url, token", of the fields in a set of bits. */
static void list_fields(struct text *out, unsigned bits)
{
	for (size_t i = 0; i < FIELDS; i++)
		if (bits & channel_fields[i].field)
			text_addf(out, "%s%s", out->len ? ", " : "",
			          channel_keys[channel_fields[i].plain].name);
	if (!out->len)
		text_add(out, "none of them");
}

/* Reads the fields. False where something was wrong and has been said, or could not be read. */
static bool read_fields(const struct checker *c, const struct node **v, struct channel *out)
{
	bool good = true;
	for (size_t i = 0; i < FIELDS; i++) {
		const struct channel_key *key = &channel_fields[i];
		const struct node *node = node_of(key, v);
		const char *name = channel_keys[key->plain].name;
		if (!node)
			continue;
		if (!((out->type->needs | out->type->may) & key->field)) {
			struct text allowed = {0};
			list_fields(&allowed, out->type->needs | out->type->may);
			check_problem(c, node,
			              "a channel of type %s has no '%s'; of url, secret, token and "
			              "to it has: %s",
			              out->type->name, name, text_get(&allowed));
			text_finish(&allowed);
			good = false;
			continue;
		}
		const char **field = field_of(out, key->field);
		assert(field);
		if (check_secret(c, name, v[key->plain], v[key->file], false, field) ==
		    SECRET_THERE)
			continue;
		*field = ""; /* it is given, whatever became of it */
		good = false;
	}
	return good;
}

static bool check_url(const struct checker *c, const struct node **v, const struct channel *channel)
{
	struct url url;
	if (!channel->url ||
	    (url_parse(channel->url, &url) == 0 &&
	     (strcmp(url.scheme, "http") == 0 || strcmp(url.scheme, "https") == 0)))
		return true;
	check_problem(c, node_of(&channel_fields[0], v),
	              "this is no url (not shown, it may hold a secret); write http://host/path or "
	              "https://host/path");
	return false;
}

/* What the type itself says of its settings, at the field that it names. */
static void check_type(const struct checker *c, const struct node *map, const struct node **v,
                       const struct channel *channel)
{
	struct problem why;
	if (channel_check(channel, &why) == 0)
		return;
	const struct node *place = NULL;
	for (size_t i = 0; i < FIELDS && !place; i++)
		if (strstr(why.text, channel_field_name(channel_fields[i].field)))
			place = node_of(&channel_fields[i], v);
	check_problem(c, place ? place : map, "%s", why.text);
}

static const char *type_word(const void *owner, uint32_t i)
{
	return ((char *const *)owner)[i];
}

static void unknown_type(const struct checker *c, const struct node *node, const char *word)
{
	char *words[64], *list = mem_copy(channel_type_names()), *rest = list, *name;
	uint32_t count = 0;
	while (count < 64 && (name = strsep(&rest, ", ")))
		if (*name)
			words[count++] = name;
	check_unknown(c, node, "channel type", word,
	              &(struct names){.name = type_word, .owner = words, .count = count});
	free(list);
}

enum { R_COUNT, R_PER, R_RESERVE, R_KEYS };
static const struct key rate_keys[R_KEYS] = {
        [R_COUNT] = {"count", "add how many messages, such as 'count: 20'"},
        [R_PER] = {"per", "add within what time, such as 'per: 1m'"},
        [R_RESERVE] = {"reserve", NULL},
};
static const struct shape rate_shape = {"a rate", SHAPE(rate_keys), false};

/* Instead of the type's own limit, whole; a quarter is kept for first words where the file does not
 * say. */
static void read_rate(const struct checker *c, const struct node *node, struct channel *out)
{
	const struct node *v[R_KEYS];
	uint32_t count = 0, reserve;
	span_ms per = 0;
	memcpy(out->rate, out->type->rate, sizeof out->rate);
	if (!node || !check_map(c, node, &rate_shape, v))
		return;
	check_number(c, v[R_COUNT], "count", 1, RATE_COUNT_MAX, &count);
	reserve = count / 4;
	check_number(c, v[R_RESERVE], "reserve", 0, count ? count - 1 : RATE_COUNT_MAX, &reserve);
	check_span(c, v[R_PER], "per", SPAN_LEAST, &per);
	memset(out->rate, 0, sizeof out->rate);
	out->rate[0] = (struct rate_limit){.count = count, .per = per, .reserve = reserve};
}

static void read_resend(const struct checker *c, const struct node *node, struct channel *out)
{
	out->resend = out->type->resend;
	if (node && !out->resend)
		check_problem(c, node, "a %s channel knows no resend: it forgets nothing",
		              out->type->name);
	else
		check_span(c, node, "resend", SPAN_LEAST, &out->resend);
}

static void channel_read(const struct checker *c, const struct node *node, struct ids *ids,
                         struct channel *out)
{
	const struct node *v[C_COUNT];
	out->give_up_after = SECONDS(10);
	check_map(c, node, &channel_shape, v);
	out->id = ids_claim(c, ids, v[C_ID]);
	const char *type = check_scalar(c, v[C_TYPE], "the channel's type");
	if (!type)
		return;
	out->type = channel_type_find(type);
	if (!out->type) {
		unknown_type(c, v[C_TYPE], type);
		return;
	}
	if (read_fields(c, v, out) && check_url(c, v, out))
		check_type(c, node, v, out);
	out->language = check_language(c, v[C_LANGUAGE]);
	check_span(c, v[C_GIVE_UP], "give_up_after", SPAN_LEAST, &out->give_up_after);
	check_bool(c, v[C_OUTSIDE], "outside", &out->outside);
	check_bool(c, v[C_PRIVATE], "private", &out->private_net);
	read_rate(c, v[C_RATE], out);
	read_resend(c, v[C_RESEND], out);
	out->ca_file = check_file(c, v[C_CA], "ca_file");
}

/* Services that call back when somebody acknowledges there, and prove it with the secret. */
static void hooks_make(const struct checker *c, struct service_config *config)
{
	struct http_hook *hooks = ARENA_ARRAY(c->arena, struct http_hook, config->channel_count);
	config->http.hooks = hooks;
	for (uint32_t i = 0; i < config->channel_count; i++) {
		const struct channel *channel = &config->channels[i];
		bool telegram = channel->type && strcmp(channel->type->name, "telegram") == 0;
		bool pagerduty = channel->type && strcmp(channel->type->name, "pagerduty") == 0;
		if (channel->secret && channel->id && (telegram || pagerduty))
			hooks[config->http.hook_count++] = (struct http_hook){
			        .channel = channel->id,
			        .kind = telegram ? HOOK_TELEGRAM : HOOK_PAGERDUTY,
			        .secret = channel->secret};
	}
}

void channels_read(const struct checker *c, const struct node *list,
                   struct service_reading *reading)
{
	uint32_t count = check_list(c, list, "channels", 1), i = 0;
	ids_begin(&reading->channels, "channel", list, count);
	reading->channels.unsure |= count == 0;
	reading->config->channels = ARENA_ARRAY(c->arena, struct channel, count);
	reading->config->channel_count = count;
	FOR_EACH_NODE(c, item, list, count)
	channel_read(c, item, &reading->channels, &reading->config->channels[i++]);
	hooks_make(c, reading->config);
}
