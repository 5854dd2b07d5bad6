/* Topic patterns: "zigbee2mqtt/{device+}/availability", "dsc/Get/Zone{device}", "a/+/b/#". */
#include <errno.h>
#include <string.h>

#include "receive/profile.h"

static int level_parse(const char *text, size_t len, struct arena *arena, struct topic_level *out,
                       struct problem *why)
{
	const char *open = memchr(text, '{', len), *close = memchr(text, '}', len);
	*out = (struct topic_level){.kind = LEVEL_TEXT};
	if (len == 1 && *text == '+') {
		out->kind = LEVEL_ANY;
	} else if (len == 1 && *text == '#') {
		out->kind = LEVEL_REST;
	} else if (!open && !close) {
		if (memchr(text, '+', len) || memchr(text, '#', len))
			return problem_set(why, -EINVAL,
			                   "+ and # stand alone between the slashes of a topic");
		out->text = arena_copy_len(arena, text, len);
		out->text_len = len;
	} else {
		if (!open || !close || close < open + 2 ||
		    memchr(close + 1, '{', (size_t)(text + len - close - 1)))
			return problem_set(why, -EINVAL,
			                   "a part of a topic holds at most one {name}");
		bool many = close[-1] == '+';
		if (many && (open != text || close != text + len - 1))
			return problem_set(why, -EINVAL,
			                   "{name+} stands alone between the slashes of a topic");
		out->kind = many ? LEVEL_MANY : LEVEL_CAPTURE;
		out->name = arena_copy_len(arena, open + 1, (size_t)(close - open - 1) - many);
		out->text_len = (size_t)(open - text);
		out->text = arena_copy_len(arena, text, out->text_len);
		out->suffix_len = (size_t)(text + len - close - 1);
		out->suffix = arena_copy_len(arena, close + 1, out->suffix_len);
	}
	return 0;
}

static char *put_base(const char *text, const char *base, struct arena *arena)
{
	struct text made = {0};
	const char *at;
	while (base && (at = strstr(text, "{base}"))) {
		text_add_len(&made, text, (size_t)(at - text));
		text_add(&made, base);
		text = at + 6;
	}
	text_add(&made, text);
	char *out = arena_copy(arena, text_get(&made));
	text_finish(&made);
	return out;
}

int topic_pattern_parse(const char *text, const char *base, struct arena *arena,
                        struct topic_level **out, uint32_t *count, struct problem *why)
{
	const char *whole = put_base(text, base, arena);
	struct topic_level levels[TOPIC_LEVELS_MAX];
	uint32_t n = 0, many = 0, captures = 0;
	if (!*whole)
		return problem_set(why, -EINVAL, "an empty topic");
	for (const char *at = whole;; at++) {
		size_t len = strcspn(at, "/");
		if (n == TOPIC_LEVELS_MAX)
			return problem_set(why, -EINVAL, "a topic has at most %d levels",
			                   TOPIC_LEVELS_MAX);
		int r = level_parse(at, len, arena, &levels[n], why);
		if (r < 0)
			return r;
		for (uint32_t i = 0; i < n && levels[n].name; i++)
			if (levels[i].name && strcmp(levels[i].name, levels[n].name) == 0)
				return problem_set(why, -EINVAL, "{%s} is there a second time",
				                   levels[n].name);
		many += levels[n].kind == LEVEL_MANY || levels[n].kind == LEVEL_REST;
		captures += levels[n].name != NULL;
		if (levels[n++].kind == LEVEL_REST && at[len])
			return problem_set(why, -EINVAL, "# stands at the end of a topic only");
		at += len;
		if (!*at)
			break;
	}
	if (many > 1)
		return problem_set(why, -EINVAL,
		                   "only one part of a topic may stand for several levels");
	if (captures > CAPTURES_MAX)
		return problem_set(why, -EINVAL, "a topic has at most %d {names}", CAPTURES_MAX);
	*out = ARENA_ARRAY(arena, struct topic_level, n);
	memcpy(*out, levels, n * sizeof *levels);
	*count = n;
	return 0;
}

bool topic_split(const char *topic, struct topic_parts *out)
{
	out->count = 0;
	for (;; topic++) {
		size_t len = strcspn(topic, "/");
		if (out->count == TOPIC_LEVELS_MAX)
			return false;
		out->at[out->count] = topic;
		out->len[out->count++] = len;
		topic += len;
		if (!*topic)
			return true;
	}
}

static bool level_fits(const struct topic_level *level, const char *text, size_t len)
{
	if (level->kind == LEVEL_ANY)
		return true;
	if (level->kind == LEVEL_TEXT)
		return len == level->text_len && memcmp(text, level->text, len) == 0;
	return len > level->text_len + level->suffix_len &&
	       memcmp(text, level->text, level->text_len) == 0 &&
	       memcmp(text + len - level->suffix_len, level->suffix, level->suffix_len) == 0;
}

static bool end_fits(const struct topic_rule *rule, const struct topic_parts *parts)
{
	const struct topic_level *end = &rule->levels[rule->level_count - 1];
	return end->kind != LEVEL_TEXT ||
	       level_fits(end, parts->at[parts->count - 1], parts->len[parts->count - 1]);
}

bool topic_fits(const struct topic_rule *rule, const struct topic_parts *parts,
                struct capture *captures, uint32_t *count)
{
	uint32_t at = 0;
	*count = 0;
	if (!end_fits(rule, parts)) /* the rules of a system begin alike, and end each in its way */
		return false;
	for (uint32_t i = 0; i < rule->level_count; i++) {
		const struct topic_level *level = &rule->levels[i];
		uint32_t behind = rule->level_count - i - 1;
		if (level->kind == LEVEL_REST)
			return true;
		if (at >= parts->count)
			return false;
		uint32_t takes = 1;
		if (level->kind == LEVEL_MANY) {
			if (parts->count - at < behind + 1)
				return false;
			takes = parts->count - at - behind;
		} else if (!level_fits(level, parts->at[at], parts->len[at])) {
			return false;
		}
		if (level->name) {
			const char *first = parts->at[at] + level->text_len;
			const char *last = parts->at[at + takes - 1] + parts->len[at + takes - 1] -
			                   level->suffix_len;
			captures[(*count)++] = (struct capture){
			        .name = level->name, .text = first, .len = (size_t)(last - first)};
		}
		at += takes;
	}
	return at == parts->count;
}

void topic_pattern_filter(const struct topic_rule *rule, struct text *out)
{
	for (uint32_t i = 0; i < rule->level_count; i++) {
		const struct topic_level *level = &rule->levels[i];
		if (i)
			text_add_char(out, '/');
		if (level->kind == LEVEL_TEXT) {
			text_add(out, level->text);
		} else if (level->kind == LEVEL_MANY || level->kind == LEVEL_REST) {
			text_add_char(out, '#');
			return;
		} else {
			text_add_char(out, '+');
		}
	}
}
