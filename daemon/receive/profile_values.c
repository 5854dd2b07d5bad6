/* What stands in a message: words, templates made of them, times. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/calendar.h"
#include "receive/profile_private.h"

const cJSON *json_at(const cJSON *node, const char *pointer)
{
	while (node && *pointer == '/') {
		char name[WORD_ROOM * 2];
		size_t len = strcspn(++pointer, "/");
		if (len >= sizeof name)
			return NULL;
		memcpy(name, pointer, len);
		name[len] = '\0';
		pointer += len;
		if (cJSON_IsArray(node)) {
			char *end;
			long at = strtol(name, &end, 10);
			node = end != name && !*end && at >= 0 && at < STATEMENTS_MAX
			               ? cJSON_GetArrayItem(node, (int)at)
			               : NULL;
		} else {
			node = json_get(node, name);
		}
	}
	return node;
}

const char *json_word(const cJSON *node, char room[WORD_ROOM])
{
	if (cJSON_IsBool(node))
		return cJSON_IsTrue(node) ? "true" : "false";
	if (cJSON_IsString(node))
		return node->valuestring;
	if (!cJSON_IsNumber(node))
		return NULL;
	double number = node->valuedouble;
	if (number == (double)node->valueint) {
		char digits[INT_DIGITS_MAX];
		size_t len;
		const char *word = int_digits(node->valueint, digits, &len);
		memcpy(room, word, len);
		room[len] = '\0';
	} else {
		snprintf(room, WORD_ROOM, "%.15g", number);
	}
	return room;
}

bool key_lower(const char *key, char *out, size_t cap)
{
	size_t i = 0;
	for (; key[i] && i < cap - 1; i++)
		out[i] = (char)(key[i] >= 'A' && key[i] <= 'Z' ? key[i] + 32 : key[i]);
	out[i] = '\0';
	return !key[i];
}

/* ---- templates: "{device}-{/channel|1}" ---- */

const char *capture_find(const struct decoding *d, const char *name, size_t len, size_t *out)
{
	for (uint32_t i = 0; i < d->capture_count; i++)
		if (strlen(d->captures[i].name) == len &&
		    memcmp(d->captures[i].name, name, len) == 0) {
			*out = d->captures[i].len;
			return d->captures[i].text;
		}
	return NULL;
}

/* What the topic says in this place; {gateway} is the profile's own where the topic says of none.
 */
static const char *name_find(const struct decoding *d, const char *name, size_t len, size_t *out)
{
	const char *found = capture_find(d, name, len, out);
	if (found || len != 7 || memcmp(name, "gateway", len) != 0)
		return found;
	*out = strlen(d->profile->gateway);
	return d->profile->gateway;
}

/* A list stands for itself by a hash of what is in it. */
static void put_list(struct text *out, const cJSON *list)
{
	uint64_t hash = 14695981039346656037u;
	const cJSON *item;
	cJSON_ArrayForEach (item, list) {
		char room[WORD_ROOM];
		const char *word = json_word(item, room);
		hash = hash * 1099511628211u ^ index_hash(word ? word : "");
	}
	text_addf(out, "%016llx", (unsigned long long)hash);
}

static bool put_part(struct decoding *d, const cJSON *node, const char *name, size_t len)
{
	struct text *out = &d->out->scratch;
	const char *bar = memchr(name, '|', len);
	size_t name_len = bar ? (size_t)(bar - name) : len, found_len;
	if (*name != '/') {
		const char *found = name_find(d, name, name_len, &found_len);
		if (found)
			text_add_len(out, found, found_len);
		else if (bar)
			text_add_len(out, bar + 1, len - name_len - 1);
		return found || bar;
	}
	char pointer[ADDRESS_MAX], room[WORD_ROOM];
	if (name_len >= sizeof pointer)
		return false;
	memcpy(pointer, name, name_len);
	pointer[name_len] = '\0';
	const cJSON *at = json_at(node, pointer);
	const char *word = at ? json_word(at, room) : NULL;
	if (word && *word)
		text_add(out, word);
	else if (at && cJSON_IsArray(at) && at->child)
		put_list(out, at);
	else if (bar)
		text_add_len(out, bar + 1, len - name_len - 1);
	else
		return false;
	return true;
}

/* NULL where a part is missing, or the whole is too long for an address. */
const char *template_fill(struct decoding *d, const cJSON *node, const char *template)
{
	struct text *out = &d->out->scratch;
	text_reset(out);
	while (*template) {
		size_t plain = strcspn(template, "{");
		text_add_len(out, template, plain);
		template += plain;
		const char *close = strchr(template, '}');
		if (!*template || !close)
			break;
		if (!put_part(d, node, template + 1, (size_t)(close - template - 1)))
			return NULL;
		template = close + 1;
	}
	if (!out->len || out->len > ADDRESS_MAX)
		return NULL;
	return arena_copy_len(&d->out->arena, text_get(out), out->len);
}

/* ---- time ---- */

static wall_ms time_of_number(double number, enum time_format format)
{
	if (!isfinite(number) || number < 1e8 || number > 1e17)
		return 0;
	if (format == TIME_SECONDS || (format == TIME_AUTO && number < 1e11))
		return (wall_ms)(number * 1000);
	if (format == TIME_AUTO && number > 1e14) /* microseconds */
		return (wall_ms)(number / 1000);
	return (wall_ms)number;
}

/* The time that a message gives, or 0; a local one is left to who knows the site. */
wall_ms decode_time(struct decoding *d, const cJSON *node, const char **local)
{
	const char *pointer = d->rule->time_at;
	const cJSON *at = pointer ? json_at(node, pointer) : NULL;
	if (!at && pointer)
		at = json_at(d->out->tree, pointer);
	*local = NULL;
	if (at && cJSON_IsNumber(at))
		return time_of_number(at->valuedouble, d->rule->time_format);
	const char *word = cJSON_GetStringValue(at);
	wall_ms time = 0;
	if (!word)
		return 0;
	if (d->rule->time_format != TIME_LOCAL && time_parse(word, &time) == 0)
		return time;
	char *end;
	double number = strtod(word, &end);
	if (end != word && !*end)
		return time_of_number(number, d->rule->time_format);
	if (d->rule->time_format == TIME_AUTO || d->rule->time_format == TIME_LOCAL)
		*local = word;
	return 0;
}
