/* The native payload. Everything in it is foreign: each member is checked for its type and its
 * range, and what is refused is refused in one sentence that says what is allowed. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "receive/signals.h"

struct decoder {
	struct signals *out;
	wall_ms now;
	const struct timezone_table *zone; /* or NULL */
	bool retained;
	char where[40]; /* "", or "signal 3: " within an array */
	struct problem *why;
};

#define SHOWN_BYTES 40
struct shown { /* a foreign word made fit to print: escaped, cut */
	char text[SHOWN_BYTES * 4 + 8];
};

static struct shown shown(const char *foreign)
{
	struct shown out;
	struct text escaped = {0};
	size_t len = strnlen(foreign, SHOWN_BYTES + 1);
	bool cut = len > SHOWN_BYTES;
	text_add_escaped(&escaped, foreign, cut ? text_cut_utf8(foreign, SHOWN_BYTES) : len);
	snprintf(out.text, sizeof out.text, "%s%s", text_get(&escaped), cut ? "…" : "");
	text_finish(&escaped);
	return out;
}

/* ---- members ---- */

static int read_kind(struct decoder *d, const cJSON *value, struct signal *signal)
{
	const char *word = cJSON_GetStringValue(value);
	if (!word)
		return problem_set(d->why, -EINVAL, "%s'kind' must be a text", d->where);
	signal->kind = kind_from_name(word);
	if (signal->kind != KIND_NONE)
		return 0;
	struct text allowed = {0};
	for (enum kind k = 0; k < KIND_COUNT; k++)
		text_addf(&allowed, "%s%s", k ? " " : "", kind_name(k));
	int r = problem_set(d->why, -EINVAL, "%sunknown kind '%s'; allowed are: %s", d->where,
	                    shown(word).text, text_get(&allowed));
	text_finish(&allowed);
	return r;
}

static int read_state(struct decoder *d, const cJSON *value, struct signal *signal)
{
	const char *word = cJSON_GetStringValue(value);
	if (!word)
		return problem_set(d->why, -EINVAL, "%s'state' must be a text: active or clear",
		                   d->where);
	signal->active = strcmp(word, "active") == 0;
	if (!signal->active && strcmp(word, "clear") != 0)
		return problem_set(d->why, -EINVAL,
		                   "%sunknown state '%s'; allowed are: active clear", d->where,
		                   shown(word).text);
	return 0;
}

static int read_id(struct decoder *d, const cJSON *value, struct signal *signal)
{
	const char *id = cJSON_GetStringValue(value);
	if (!id)
		return problem_set(d->why, -EINVAL, "%s'id' must be a text", d->where);
	if (*id) /* an empty one names nothing: as without */
		signal->id = arena_copy(&d->out->arena, id);
	return 0;
}

/* With the clock, not the day alone; without an offset the site's local time. */
static int parse_time(const struct decoder *d, const char *word, wall_ms *out)
{
	struct civil civil;
	if (time_parse(word, out) == 0)
		return 0;
	if (strlen(word) < sizeof "2026-11-22T08:00" - 1 || civil_parse(word, &civil) < 0)
		return -EINVAL;
	*out = d->zone ? civil_first(d->zone, civil) : civil_ms(civil);
	return 0;
}

#define TIME_SAID_MAX 64 /* bytes: a fraction may have any length */

static int read_time(struct decoder *d, const cJSON *value, struct signal *signal)
{
	const char *word = cJSON_GetStringValue(value);
	if (!word || parse_time(d, word, &signal->time) < 0)
		return problem_set(d->why, -EINVAL,
		                   "%s'time' must be a text like 2026-11-22T08:00:00.123+08:00",
		                   d->where);
	if (event_time_is_untrue(signal->time, d->now))
		signal->time_said = arena_copy_len(&d->out->arena, word,
		                                   strnlen(word, TIME_SAID_MAX));
	return 0;
}

static int read_value(struct decoder *d, const cJSON *value, struct signal *signal)
{
	signal->has_value = cJSON_IsNumber(value) && isfinite(value->valuedouble);
	if (!signal->has_value)
		return problem_set(d->why, -EINVAL, "%s'value' must be a number", d->where);
	signal->value = value->valuedouble;
	return 0;
}

static int read_test(struct decoder *d, const cJSON *value, struct signal *signal)
{
	if (!cJSON_IsBool(value))
		return problem_set(d->why, -EINVAL, "%s'test' must be true or false", d->where);
	signal->test = cJSON_IsTrue(value);
	return 0;
}

static const struct member {
	const char *name;
	bool required;
	int (*read)(struct decoder *, const cJSON *, struct signal *);
} members[] = {
        {"kind", true, read_kind},  {"state", true, read_state},  {"id", false, read_id},
        {"time", false, read_time}, {"value", false, read_value}, {"test", false, read_test},
};
#define MEMBER_COUNT (sizeof members / sizeof *members)

static const struct member *member_find(const char *name)
{
	for (size_t i = 0; i < MEMBER_COUNT; i++)
		if (strcmp(members[i].name, name) == 0)
			return &members[i];
	return NULL;
}

/* ---- one signal ---- */

/* Which of two members of one name is meant nobody can say: an alarm must not depend on it. */
static int check_members(struct decoder *d, const cJSON *object)
{
	int count = 0;
	const cJSON *item;
	cJSON_ArrayForEach (item, object) {
		if (++count > MEMBERS_MAX)
			return problem_set(d->why, -EINVAL,
			                   "%smore than %d members; a signal has few", d->where,
			                   MEMBERS_MAX);
		for (const cJSON *before = object->child; before != item; before = before->next)
			if (strcmp(before->string, item->string) == 0)
				return problem_set(d->why, -EINVAL, "%s'%s' stands there twice",
				                   d->where, shown(item->string).text);
	}
	for (size_t i = 0; i < MEMBER_COUNT; i++)
		if (members[i].required && !json_get(object, members[i].name))
			return problem_set(d->why, -EINVAL, "%s'%s' is missing", d->where,
			                   members[i].name);
	return 0;
}

/* What else the message said goes to the ledger with the signal. */
static const char *keep_rest(struct decoder *d, const cJSON *object)
{
	struct text *note = &d->out->scratch;
	text_reset(note);
	const cJSON *item;
	cJSON_ArrayForEach (item, object) {
		if (member_find(item->string))
			continue;
		if (!note->len)
			json_open(note, NULL, '{');
		json_put_value(note, item->string, item);
		if (note->len >= SIGNAL_NOTE_MAX)
			return "{\"note\":\"cut\"}";
	}
	if (!note->len)
		return NULL;
	json_close(note, '}');
	return arena_copy_len(&d->out->arena, text_get(note), note->len);
}

static int read_signal(struct decoder *d, const cJSON *object)
{
	if (!cJSON_IsObject(object))
		return problem_set(d->why, -EINVAL, "%snot a JSON object with 'kind' and 'state'",
		                   d->where);
	int r = check_members(d, object);
	if (r < 0)
		return r;
	struct signal *signal = signals_add(d->out, d->retained);
	const cJSON *item;
	cJSON_ArrayForEach (item, object) {
		const struct member *member = member_find(item->string);
		if (!member || (!member->required && cJSON_IsNull(item))) /* null: not said */
			continue;
		r = member->read(d, item, signal);
		if (r < 0)
			return r;
	}
	signal->press = signal->active && kind_facts[signal->kind].pressed;
	signal->note = keep_rest(d, object);
	return 0;
}

static void refuse_one(struct signals *out, const char *reason)
{
	MEM_RESERVE(out->refused, out->refused_count, out->refused_cap);
	out->refused[out->refused_count++] = arena_copy(&out->arena, reason);
}

/* A bad signal takes no good one with it. */
static int read_array(struct decoder *d, const cJSON *array)
{
	struct signals *out = d->out;
	struct problem bad;
	struct decoder each = *d; /* says what is wrong with one */
	int number = 0, more = 0;
	const cJSON *item;
	if (!array->child)
		return problem_set(d->why, -EINVAL, "an array without a signal");
	each.why = &bad;
	cJSON_ArrayForEach (item, array) {
		uint32_t taken = out->count;
		snprintf(each.where, sizeof each.where, "signal %d: ", ++number);
		if (read_signal(&each, item) == 0)
			continue;
		out->count = taken;
		if (out->refused_count < REFUSED_MAX)
			refuse_one(out, bad.text);
		else
			more++;
	}
	if (more) {
		(void)problem_set(&bad, -EINVAL, "%d more signals were not understood", more);
		refuse_one(out, bad.text);
	}
	return 0;
}

/* ---- the message ---- */

static int read_event(struct decoder *d, const void *bytes, size_t len)
{
	if (len == 0)
		return problem_set(d->why, -EINVAL, "empty message");
	cJSON *root;
	int r = json_parse_into(&d->out->arena, bytes, len, &root, d->why);
	if (r < 0)
		return r;
	return cJSON_IsArray(root) ? read_array(d, root) : read_signal(d, root);
}

static bool is_word(const void *bytes, size_t len, const char *word)
{
	return len == strlen(word) && memcmp(bytes, word, len) == 0;
}

static int read_status(struct decoder *d, const void *bytes, size_t len)
{
	if (len == 0)
		return problem_set(d->why, -EINVAL, "empty status");
	bool online = is_word(bytes, len, "online");
	if (!online && !is_word(bytes, len, "offline"))
		return problem_set(d->why, -EINVAL, "unknown status; allowed are: online offline");
	d->out->is_status = true;
	d->out->status = (struct device_status){
	        .device = d->out->device, .online = online, .retained = d->retained};
	return 0;
}

/* Takes one level off the front of the topic; false when it does not fit. */
static bool take_level(const char **topic, char *out, size_t cap)
{
	size_t len = strcspn(*topic, "/");
	bool fits = len < cap;
	if (fits) {
		memcpy(out, *topic, len);
		out[len] = '\0';
	}
	*topic += len;
	if (**topic == '/')
		(*topic)++;
	return fits;
}

static bool take_id(const char **topic, char out[ID_MAX + 1])
{
	char level[ID_MAX + 1];
	if (!take_level(topic, level, sizeof level) || !text_is_id(level))
		return false;
	memcpy(out, level, sizeof level);
	return true;
}

int decode_native_topic(const char *topic, struct signals *out, bool *is_status,
                        struct problem *why)
{
	const char *whole = topic;
	char level[16];
	signals_reset(out);
	*is_status = false;
	if (!take_level(&topic, level, sizeof level) || strcmp(level, "tocsin") != 0)
		goto other;
	if (!take_id(&topic, out->site))
		return problem_set(why, -EINVAL, "no site id in the topic '%s'", shown(whole).text);
	if (!take_level(&topic, level, sizeof level) || strcmp(level, "device") != 0)
		goto other;
	if (!take_id(&topic, out->device))
		return problem_set(why, -EINVAL, "no device id in the topic '%s'",
		                   shown(whole).text);
	*is_status = strcmp(topic, "status") == 0;
	if (*is_status || strcmp(topic, "event") == 0)
		return 0;
other:
	return problem_set(why, -EINVAL,
	                   "'%s' is no topic of a device; native ones are "
	                   "tocsin/{site}/device/{device}/event and …/status",
	                   shown(whole).text);
}

int decode_native(const char *topic, const void *bytes, size_t len, bool retained, wall_ms now,
                  const struct timezone_table *zone, struct signals *out, struct problem *why)
{
	struct decoder d = {.out = out, .now = now, .zone = zone, .retained = retained, .why = why};
	bool is_status = false;
	int r = decode_native_topic(topic, out, &is_status, why);
	if (r < 0)
		return r;
	if (len > MESSAGE_MAX)
		return problem_set(why, -EINVAL, "the message has %zu bytes; at most %zu are read",
		                   len, MESSAGE_MAX);
	r = is_status ? read_status(&d, bytes, len) : read_event(&d, bytes, len);
	if (r < 0)
		out->count = 0; /* what of it was read */
	return r;
}
