#include "base/json.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/calendar.h"

/* Of a few brackets no nesting can be too deep, whatever stands in quotes: nearly always. */
static bool has_few_brackets(const char *bytes, size_t len)
{
	size_t opened = 0;
	for (size_t i = 0; i < len; i++)
		opened += (bytes[i] | 0x20) == '{'; /* or '[' */
	return opened <= JSON_DEPTH_MAX;
}

/* cJSON's own limit is 1000 levels and it does not look at UTF-8, so both are checked first. */
static int check_depth(const char *bytes, size_t len, struct problem *why)
{
	if (has_few_brackets(bytes, len))
		return 0;
	static const bool counts[256] = {['"'] = true, ['\\'] = true, ['{'] = true,
	                                 ['}'] = true, ['['] = true,  [']'] = true};
	int depth = 0;
	bool quoted = false;
	for (size_t i = 0; i < len; i++) {
		char c = bytes[i];
		if (!counts[(unsigned char)c]) /* nearly always */
			continue;
		if (quoted) {
			if (c == '\\')
				i++;
			else if (c == '"')
				quoted = false;
		} else if (c == '"') {
			quoted = true;
		} else if (c == '{' || c == '[') {
			if (++depth > JSON_DEPTH_MAX)
				return problem_set(why, -EINVAL,
				                   "JSON nested deeper than %d levels",
				                   JSON_DEPTH_MAX);
		} else if (c == '}' || c == ']') {
			depth--;
		}
	}
	return 0;
}

/* cJSON decodes \u0000 to a NUL that would cut a C string short: such a text is refused. */
static bool holds_nul_escape(const char *bytes, size_t len)
{
	const char *end = bytes + len;
	if (!memchr(bytes, '\\', len))
		return false;
	for (size_t i = (size_t)((const char *)memchr(bytes, '\\', len) - bytes);
	     bytes + i + 5 < end; i++) {
		if (bytes[i] != '\\')
			continue;
		if (bytes[i + 1] == 'u' && memcmp(bytes + i + 2, "0000", 4) == 0)
			return true;
		i++;
	}
	return false;
}

static int parse(const char *bytes, size_t len, cJSON **out, struct problem *why)
{
	const char *end = NULL;
	cJSON *root = cJSON_ParseWithLengthOpts(bytes, len, &end, false);
	if (!root)
		return problem_set(why, -EINVAL, "not JSON");
	while (end < bytes + len && (*end == ' ' || *end == '\n' || *end == '\r' || *end == '\t'))
		end++;
	if (end != bytes + len) {
		cJSON_Delete(root);
		return problem_set(why, -EINVAL, "not JSON: something follows the value");
	}
	*out = root;
	return 0;
}

int json_parse(const char *bytes, size_t len, cJSON **out, struct problem *why)
{
	if (!text_is_utf8(bytes, len))
		return problem_set(why, -EINVAL, "not valid UTF-8");
	int r = check_depth(bytes, len, why);
	if (r < 0)
		return r;
	if (holds_nul_escape(bytes, len))
		return problem_set(why, -EINVAL, "JSON holds a NUL character");
	return parse(bytes, len, out, why);
}

/* Where cJSON's parts come from while a tree is made in an arena; else NULL. It asks for each node
 * and each text by itself, and to give them back costs as much as to read them. */
static _Thread_local struct arena *room;

static void *part_new(size_t size)
{
	return room ? arena_new(room, size) : malloc(size);
}

static void part_free(void *part)
{
	if (!room)
		free(part);
}

__attribute__((constructor)) static void take_parts_from_here(void)
{
	cJSON_InitHooks(&(cJSON_Hooks){.malloc_fn = part_new, .free_fn = part_free});
}

int json_parse_into(struct arena *arena, const char *bytes, size_t len, cJSON **out,
                    struct problem *why)
{
	room = arena;
	int r = json_parse(bytes, len, out, why);
	room = NULL;
	return r;
}

const cJSON *json_get(const cJSON *object, const char *name)
{
	return cJSON_IsObject(object) ? cJSON_GetObjectItemCaseSensitive(object, name) : NULL;
}

const char *json_string(const cJSON *object, const char *name)
{
	return cJSON_GetStringValue(json_get(object, name));
}

bool json_int(const cJSON *object, const char *name, int64_t *out)
{
	const cJSON *item = json_get(object, name);
	if (!cJSON_IsNumber(item))
		return false;
	double d = item->valuedouble;
	if (!(d > -9007199254740992.0 && d < 9007199254740992.0) || floor(d) < d)
		return false;
	*out = (int64_t)d;
	return true;
}

bool json_bool(const cJSON *object, const char *name, bool *out)
{
	const cJSON *item = json_get(object, name);
	if (!cJSON_IsBool(item))
		return false;
	*out = cJSON_IsTrue(item);
	return true;
}

static size_t plain_span(const char *value)
{
	size_t len = 0;
	while ((unsigned char)value[len] >= 0x20 && value[len] != '"' && value[len] != '\\')
		len++;
	return len;
}

static void put_quoted(struct text *text, const char *value)
{
	size_t len = plain_span(value);
	if (!value[len]) { /* nearly always */
		char *at = text_add_room(text, len + 2);
		at[0] = at[len + 1] = '"';
		memcpy(at + 1, value, len);
		return;
	}
	text_add_char(text, '"');
	const char *run = value;
	for (const char *c = value;; c++) {
		unsigned char u = (unsigned char)*c;
		if (u >= 0x20 && u != '"' && u != '\\')
			continue;
		text_add_len(text, run, (size_t)(c - run));
		run = c + 1;
		if (!u)
			break;
		if (u == '"' || u == '\\') {
			text_add_char(text, '\\');
			text_add_char(text, (char)u);
		} else if (u == '\n') {
			text_add(text, "\\n");
		} else if (u == '\t') {
			text_add(text, "\\t");
		} else {
			text_addf(text, "\\u%04x", u);
		}
	}
	text_add_char(text, '"');
}

static void lead(struct text *text, const char *name)
{
	char last = text->len ? text->at[text->len - 1] : '\0';
	if (last && last != '{' && last != '[' && last != ':' && last != '\n' && last != ' ')
		text_add_char(text, ',');
	if (name) {
		put_quoted(text, name);
		text_add_char(text, ':');
	}
}

void json_open(struct text *text, const char *name, char bracket)
{
	lead(text, name);
	text_add_char(text, bracket);
}

void json_close(struct text *text, char bracket)
{
	text_add_char(text, bracket);
}

void json_reopen(struct text *out)
{
	assert(out->len && out->at[out->len - 1] == '}');
	out->at[--out->len] = '\0';
}

void json_put_string(struct text *text, const char *name, const char *value)
{
	lead(text, name);
	if (value)
		put_quoted(text, value);
	else
		text_add(text, "null");
}

void json_put_int(struct text *text, const char *name, int64_t value)
{
	lead(text, name);
	text_add_int(text, value);
}

void json_put_number(struct text *text, const char *name, double value)
{
	lead(text, name);
	if (!isfinite(value)) {
		text_add(text, "null");
		return;
	}
	/* Most are whole; these digits are the ones that %.15g would write. */
	if (value == floor(value) && fabs(value) < 1e15 && !(value == 0 && signbit(value))) {
		text_add_int(text, (int64_t)value);
		return;
	}
	char digits[32];
	for (int precision = 15; precision <= 17; precision++) {
		snprintf(digits, sizeof digits, "%.*g", precision, value);
		if (strtod(digits, NULL) == value) /* NOLINT: exact round trip is the point */
			break;
	}
	text_add(text, digits);
}

void json_put_bool(struct text *text, const char *name, bool value)
{
	lead(text, name);
	text_add(text, value ? "true" : "false");
}

void json_put_null(struct text *text, const char *name)
{
	lead(text, name);
	text_add(text, "null");
}

void json_put_time(struct text *text, const char *name, wall_ms at)
{
	char stamp[TIME_TEXT_LEN];
	time_write_utc(at, stamp);
	json_put_string(text, name, stamp);
}

void json_put_raw(struct text *text, const char *name, const char *json)
{
	lead(text, name);
	text_add(text, json);
}

void json_put_value(struct text *text, const char *name, const cJSON *value)
{
	if (cJSON_IsObject(value) || cJSON_IsArray(value)) {
		bool object = cJSON_IsObject(value);
		json_open(text, name, object ? '{' : '[');
		const cJSON *item;
		cJSON_ArrayForEach (item, value)
			json_put_value(text, object ? item->string : NULL, item);
		json_close(text, object ? '}' : ']');
	} else if (cJSON_IsString(value)) {
		json_put_string(text, name, value->valuestring);
	} else if (cJSON_IsNumber(value)) {
		json_put_number(text, name, value->valuedouble);
	} else if (cJSON_IsBool(value)) {
		json_put_bool(text, name, cJSON_IsTrue(value));
	} else {
		json_put_null(text, name);
	}
}

/* ---- what is stored: valid, and no line break in it ---- */

static const char *after_string(const char *at)
{
	for (at++; *at != '"'; at++) {
		if ((unsigned char)*at < 0x20)
			return NULL; /* its end, too */
		if (*at == '\\' && !strchr("\"\\/bfnrtu", at[1]))
			return NULL;
		if (*at == '\\' &&
		    (!*++at || (*at == 'u' && strspn(at + 1, "0123456789abcdefABCDEF") < 4)))
			return NULL;
	}
	return at + 1;
}

static const char *after_digits(const char *at)
{
	size_t digits = strspn(at, "0123456789");
	return digits ? at + digits : NULL;
}

static const char *after_number(const char *at)
{
	at += *at == '-';
	if (*at == '0' && at[1] >= '0' && at[1] <= '9')
		return NULL;
	at = after_digits(at);
	if (at && *at == '.')
		at = after_digits(at + 1);
	if (at && (*at == 'e' || *at == 'E')) {
		at++;
		at = after_digits(at + (*at == '+' || *at == '-'));
	}
	return at;
}

static const char *after_value(const char *at, int depth);

/* Behind "[" or "{": values, with names before them in an object. */
static const char *after_items(const char *at, char end, int depth)
{
	if (*++at == end)
		return at + 1;
	for (;; at++) {
		if (end == '}') {
			at = *at == '"' ? after_string(at) : NULL;
			if (!at || *at++ != ':')
				return NULL;
		}
		at = after_value(at, depth + 1);
		if (!at || (*at != ',' && *at != end))
			return NULL;
		if (*at == end)
			return at + 1;
	}
}

static const char *after_value(const char *at, int depth)
{
	static const char *const words[] = {"true", "false", "null"};
	if (depth > JSON_DEPTH_MAX)
		return NULL;
	if (*at == '{' || *at == '[')
		return after_items(at, *at == '{' ? '}' : ']', depth);
	if (*at == '"')
		return after_string(at);
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strncmp(at, words[i], strlen(words[i])) == 0)
			return at + strlen(words[i]);
	return after_number(at);
}

void json_put_stored(struct text *text, const char *name, const char *json)
{
	const char *end = json && *json == '{' ? after_value(json, 1) : NULL;
	if (end && !*end)
		json_put_raw(text, name, json);
	else
		json_put_string(text, name, json ? json : "");
}
