/* The parts of a profile: what values mean, sets of readers, topics, models. */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "config/profiles.h"
#include "config/read.h"

/* ---- words ---- */

static const char *word_copy(struct arena *arena, const char *text, bool lower)
{
	char *out = arena_copy(arena, text);
	for (char *at = out; lower && *at; at++)
		if (*at >= 'A' && *at <= 'Z')
			*at = (char)(*at + 32);
	return out;
}

const char **words_read(const struct checker *c, const struct node *node, const char *what,
                        struct arena *arena, bool lower, uint32_t *count)
{
	*count = 0;
	if (!node)
		return NULL;
	bool is_list = node->kind == NODE_LIST;
	uint32_t items = is_list ? check_list(c, node, what, 1) : 1;
	const char **out = ARENA_ARRAY(arena, const char *, items + 1);
	if (!is_list) {
		const char *word = check_scalar(c, node, what);
		if (word)
			out[(*count)++] = word_copy(arena, word, lower);
		return out;
	}
	FOR_EACH_NODE(c, item, node, items)
	{
		const char *word = check_scalar(c, item, what);
		if (word)
			out[(*count)++] = word_copy(arena, word, lower);
	}
	return out;
}

static bool number_read(const struct checker *c, const struct node *node, const char *what,
                        double *out)
{
	const char *text = check_scalar(c, node, what);
	char *end;
	if (!text)
		return false;
	double number = strtod(text, &end);
	if (end == text || *end || !isfinite(number)) {
		check_problem(c, node, "%s is a number", what);
		return false;
	}
	*out = number;
	return true;
}

/* ---- values ---- */

static const char *const meanings[] = {
        [MEANS_UNKNOWN] = "unknown", [MEANS_NOTHING] = "nothing", [MEANS_CLEAR] = "clear",
        [MEANS_ACTIVE] = "active",   [MEANS_TEST] = "test",       [MEANS_ONLINE] = "online",
        [MEANS_OFFLINE] = "offline",
};
#define MEANINGS (sizeof meanings / sizeof *meanings)

static const char *meaning_name(const void *owner, uint32_t i)
{
	(void)owner;
	return meanings[i];
}

static bool meaning_read(const struct checker *c, const struct node *node, const char *word,
                         enum meaning *out)
{
	for (size_t i = 0; i < MEANINGS; i++)
		if (strcmp(meanings[i], word) == 0) {
			*out = (enum meaning)i;
			return true;
		}
	check_unknown(c, node, "meaning", word,
	              &(struct names){.name = meaning_name, .count = MEANINGS});
	return false;
}

/* "active", or "smoke active". */
static bool outcome_read(const struct checker *c, const struct node *node, enum meaning *means,
                         enum kind *kind)
{
	const char *text = check_scalar(c, node, "what it means");
	const char *blank = text ? strchr(text, ' ') : NULL;
	char name[32];
	*kind = KIND_NONE;
	if (!text)
		return false;
	if (!blank)
		return meaning_read(c, node, text, means);
	size_t len = (size_t)(blank - text);
	if (len < sizeof name) {
		memcpy(name, text, len);
		name[len] = '\0';
		*kind = kind_from_name(name);
	}
	if (*kind == KIND_NONE) {
		check_problem(c, node,
		              "'%.40s' is no meaning: write one such as 'active', or a kind and a "
		              "meaning such as 'smoke active'",
		              text);
		return false;
	}
	return meaning_read(c, node, blank + 1, means);
}

static void map_add(struct value_map *map, uint32_t *cap, const char *text, enum meaning means,
                    enum kind kind)
{
	MEM_RESERVE(map->words, map->count, *cap);
	map->words[map->count++] = (struct value_word){.text = text, .means = means, .kind = kind};
}

/* {active: [on, true], "smoke active": FA, otherwise: unknown, above: 5} */
static void map_item(const struct checker *c, const struct node *key, const struct node *value,
                     struct arena *arena, struct value_map *map, uint32_t *cap)
{
	const char *name = node_text(c->tree, key);
	enum meaning means;
	enum kind kind;
	double bit;
	if (strcmp(name, "otherwise") == 0) {
		const char *word = check_scalar(c, value, "otherwise");
		if (word)
			meaning_read(c, value, word, &map->otherwise);
	} else if (strcmp(name, "above") == 0) {
		map->has_above = number_read(c, value, "above", &map->above);
	} else if (strcmp(name, "below") == 0) {
		map->has_below = number_read(c, value, "below", &map->below);
	} else if (strcmp(name, "scale") == 0) {
		number_read(c, value, "scale", &map->scale);
	} else if (strcmp(name, "bit") == 0) {
		map->has_bit = number_read(c, value, "bit", &bit) && bit >= 0 && bit < 32;
		if (map->has_bit)
			map->bit = (uint32_t)bit;
		else
			check_problem(c, value, "a bit is numbered 0 to 31");
	} else if (outcome_read(c, key, &means, &kind)) {
		uint32_t count;
		const char **words = words_read(c, value, name, arena, true, &count);
		for (uint32_t i = 0; i < count; i++)
			map_add(map, cap, words[i], means, kind);
	}
}

static struct value_map *map_keep(struct profile_reading *r, struct value_map *read)
{
	struct value_map *map = arena_new(r->arena, sizeof *map);
	struct value_word *words = ARENA_ARRAY(r->arena, struct value_word, read->count);
	if (read->count)
		memcpy(words, read->words, read->count * sizeof *words);
	free(read->words);
	*map = *read;
	map->words = words;
	value_map_compile(map);
	struct profiles *p = r->profiles;
	MEM_RESERVE(p->maps, p->map_count, p->map_cap);
	p->maps[p->map_count++] = map;
	return map;
}

static struct value_map *map_read(const struct checker *c, const struct node *node,
                                  struct profile_reading *r, const char *name)
{
	struct value_map map = {.name = name};
	uint32_t cap = 0;
	if (node->kind != NODE_MAP)
		check_problem(c, node,
		              "values are a map such as {active: [on, true], clear: off}, or the "
		              "name of one under 'values'");
	else
		for (const struct node *key = node_first(c->tree, node); key;) {
			const struct node *value = node_next(c->tree, node, key);
			map_item(c, key, value, r->arena, &map, &cap);
			key = node_next(c->tree, node, value);
		}
	return map_keep(r, &map);
}

static struct value_map *map_find(const struct profile_reading *r, const char *name)
{
	for (uint32_t i = 0; i < r->map_count; i++)
		if (strcmp(r->maps[i]->name, name) == 0)
			return r->maps[i];
	return NULL;
}

static const char *map_name(const void *owner, uint32_t i)
{
	return ((const struct profile_reading *)owner)->maps[i]->name;
}

static const struct value_map *map_default(struct profile_reading *r, bool availability)
{
	static const struct value_word flags[] = {{"true", MEANS_ACTIVE, KIND_NONE},
	                                          {"on", MEANS_ACTIVE, KIND_NONE},
	                                          {"false", MEANS_CLEAR, KIND_NONE},
	                                          {"off", MEANS_CLEAR, KIND_NONE}};
	static const struct value_word online[] = {{"online", MEANS_ONLINE, KIND_NONE},
	                                           {"true", MEANS_ONLINE, KIND_NONE},
	                                           {"offline", MEANS_OFFLINE, KIND_NONE},
	                                           {"false", MEANS_OFFLINE, KIND_NONE}};
	const char *name = availability ? " online" : " flag";
	struct value_map *known = map_find(r, name);
	if (known)
		return known;
	struct value_map map = {.name = name};
	uint32_t cap = 0;
	for (int i = 0; i < 4; i++) {
		const struct value_word *word = availability ? &online[i] : &flags[i];
		map_add(&map, &cap, word->text, word->means, word->kind);
	}
	known = map_keep(r, &map);
	MEM_RESERVE(r->maps, r->map_count, r->map_cap);
	r->maps[r->map_count++] = known;
	return known;
}

const struct value_map *map_refer(const struct checker *c, const struct node *node,
                                  struct profile_reading *r, bool availability)
{
	if (!node)
		return map_default(r, availability);
	if (node->kind != NODE_TEXT)
		return map_read(c, node, r, NULL);
	const struct value_map *map = map_find(r, node_text(c->tree, node));
	if (map)
		return map;
	check_unknown(c, node, "values", node_text(c->tree, node),
	              &(struct names){.name = map_name, .owner = r, .count = r->map_count});
	return map_default(r, availability);
}

void values_read(const struct checker *c, const struct node *node, struct profile_reading *r)
{
	if (node && node->kind != NODE_MAP) {
		check_problem(c, node, "values are a map of names, each with its meanings");
		return;
	}
	for (const struct node *key = node ? node_first(c->tree, node) : NULL; key;) {
		const struct node *value = node_next(c->tree, node, key);
		const char *name = arena_copy(r->arena, node_text(c->tree, key));
		if (!map_find(r, name)) { /* the nearer profile's own word stands */
			struct value_map *map = map_read(c, value, r, name);
			MEM_RESERVE(r->maps, r->map_count, r->map_cap);
			r->maps[r->map_count++] = map;
		}
		key = node_next(c->tree, node, value);
	}
}

/* ---- sets of readers ---- */

enum { R_KEY, R_KIND, R_VALUES, R_TYPE, R_MOMENTARY, R_RESETS, R_WHEN, R_UNLESS, R_GUESS, R_COUNT };
static const struct key reader_keys[R_COUNT] = {
        [R_KEY] = {"key", "add the member's name, or a /pointer to it"},
        [R_KIND] = {"kind", "add what it says: a kind such as smoke, or own, press, test, "
                            "availability, alive"},
        [R_VALUES] = {"values", NULL},
        [R_TYPE] = {"type", NULL},
        [R_MOMENTARY] = {"momentary", NULL},
        [R_RESETS] = {"resets", NULL},
        [R_WHEN] = {"when", NULL},
        [R_UNLESS] = {"unless", NULL},
        [R_GUESS] = {"guess", NULL},
};
static const struct shape reader_shape = {"a reader", SHAPE(reader_keys), false};

static const char *const other_reads[] = {
        [READS_SIGNAL] = NULL,
        [READS_OWN] = "own",
        [READS_PRESS] = "press",
        [READS_TEST] = "test",
        [READS_AVAILABILITY] = "availability",
        [READS_ALIVE] = "alive",
};
#define READS (sizeof other_reads / sizeof *other_reads)

static const char *reads_name(const void *owner, uint32_t i)
{
	(void)owner;
	return i < KIND_COUNT ? kind_facts[i].name : other_reads[i - KIND_COUNT + 1];
}

static void reads_read(const struct checker *c, const struct node *node, struct reader *out)
{
	const char *word = check_scalar(c, node, "the kind");
	if (!word)
		return;
	out->kind = kind_from_name(word);
	if (out->kind != KIND_NONE)
		return;
	for (size_t i = 1; i < READS; i++)
		if (strcmp(other_reads[i], word) == 0) {
			out->reads = (enum reads)i;
			return;
		}
	check_unknown(c, node, "kind", word,
	              &(struct names){.name = reads_name, .count = KIND_COUNT + READS - 1});
}

/* What a device of its own kind is taken for where the site file does not say. */
static void guess_read(const struct checker *c, const struct node *node, struct reader *out)
{
	const char *word = check_scalar(c, node, "guess");
	if (out->reads != READS_OWN)
		check_problem(c, node, "'guess' goes with 'kind: own'");
	if (!word || out->reads != READS_OWN)
		return;
	out->kind = kind_from_name(word);
	if (out->kind == KIND_NONE)
		check_unknown(c, node, "kind", word,
		              &(struct names){.name = reads_name, .count = KIND_COUNT});
}

static void types_read(const struct checker *c, const struct node *node, struct profile_reading *r,
                       struct reader *out)
{
	uint32_t count;
	const char **words = words_read(c, node, "the type", r->arena, false, &count);
	for (uint32_t i = 0; i < count; i++) {
		out->type_bool |= strcmp(words[i], "bool") == 0;
		out->type_number |= strcmp(words[i], "number") == 0;
		out->type_text |= strcmp(words[i], "text") == 0;
		if (strcmp(words[i], "bool") != 0 && strcmp(words[i], "number") != 0 &&
		    strcmp(words[i], "text") != 0)
			check_problem(c, node, "a type is bool, number or text");
	}
}

static struct condition *conditions_read(const struct checker *c, const struct node *node,
                                         const char *name, struct profile_reading *r,
                                         uint32_t *count)
{
	*count = 0;
	if (!node)
		return NULL;
	if (node->kind != NODE_MAP) {
		check_problem(c, node,
		              "'%s' is a map of members and what they say, such as {MOD: 1}, "
		              "{code: [FA, FS]} or {alarm: any}",
		              name);
		return NULL;
	}
	struct condition *out = ARENA_ARRAY(r->arena, struct condition,
	                                    node_count(c->tree, node) / 2 + 1);
	for (const struct node *key = node_first(c->tree, node); key;) {
		const struct node *value = node_next(c->tree, node, key);
		struct condition *condition = &out[(*count)++];
		condition->key = arena_copy(r->arena, node_text(c->tree, key));
		condition->any_of = words_read(c, value, "the value", r->arena, true,
		                               &condition->count);
		if (value->kind == NODE_TEXT && strcmp(node_text(c->tree, value), "any") == 0)
			condition->any_of = NULL;
		key = node_next(c->tree, node, value);
	}
	return out;
}

static void readers_add(const struct checker *c, const struct node *node, struct profile_reading *r,
                        struct reader_set *set, uint32_t *cap)
{
	const struct node *v[R_COUNT];
	if (!check_map(c, node, &reader_shape, v))
		return;
	struct reader reader = {.kind = KIND_NONE, .next = POSITION_NONE};
	reads_read(c, v[R_KIND], &reader);
	if (v[R_GUESS])
		guess_read(c, v[R_GUESS], &reader);
	reader.map = map_refer(c, v[R_VALUES], r, reader.reads == READS_AVAILABILITY);
	types_read(c, v[R_TYPE], r, &reader);
	check_bool(c, v[R_MOMENTARY], "momentary", &reader.momentary);
	check_span(c, v[R_RESETS], "resets", SPAN_LEAST, &reader.resets);
	reader.when = conditions_read(c, v[R_WHEN], "when", r, &reader.when_count);
	reader.unless = conditions_read(c, v[R_UNLESS], "unless", r, &reader.unless_count);
	uint32_t count;
	const char **keys = words_read(c, v[R_KEY], "the key", r->arena, false, &count);
	for (uint32_t i = 0; i < count; i++) {
		reader.key = *keys[i] == '/' ? keys[i] : word_copy(r->arena, keys[i], true);
		MEM_RESERVE(set->readers, set->count, *cap);
		set->readers[set->count++] = reader;
	}
}

static struct reader_set *set_find(struct profile_reading *r, const char *name)
{
	for (uint32_t i = 0; i < r->profile->set_count; i++)
		if (strcmp(r->profile->sets[i].name, name) == 0)
			return &r->profile->sets[i];
	return NULL;
}

/* A list of readers; where the set is there already these come after. */
static void set_extend(const struct checker *c, const struct node *list, struct profile_reading *r,
                       const char *name)
{
	struct profile *p = r->profile;
	struct reader_set *set = set_find(r, name);
	if (!set) {
		MEM_RESERVE(p->sets, p->set_count, r->set_cap);
		set = &p->sets[p->set_count++];
		*set = (struct reader_set){.name = name};
	}
	struct reader_set read = {.name = name};
	uint32_t cap = 0, count = check_list(c, list, "a set of readers", 0);
	FOR_EACH_NODE(c, item, list, count)
	readers_add(c, item, r, &read, &cap);
	struct reader *both = ARENA_ARRAY(r->arena, struct reader, set->count + read.count);
	if (set->count)
		memcpy(both, set->readers, set->count * sizeof *both);
	if (read.count)
		memcpy(both + set->count, read.readers, read.count * sizeof *both);
	set->readers = both;
	set->count += read.count;
	free(read.readers);
}

void sets_read(const struct checker *c, const struct node *node, struct profile_reading *r)
{
	if (node && node->kind != NODE_MAP) {
		check_problem(c, node, "sets are a map of names, each with a list of readers");
		return;
	}
	for (const struct node *key = node ? node_first(c->tree, node) : NULL; key;) {
		const struct node *value = node_next(c->tree, node, key);
		set_extend(c, value, r, arena_copy(r->arena, node_text(c->tree, key)));
		key = node_next(c->tree, node, value);
	}
}

static const char *set_name(const void *owner, uint32_t i)
{
	return ((const struct profile *)owner)->sets[i].name;
}

/* Readers written in place, from one item of the list on: a set of their own. Returns its position;
 * *item is the last of them then. */
static uint32_t set_in_place(const struct checker *c, const struct node *list,
                             struct profile_reading *r, const struct node **item)
{
	struct text name = {0};
	uint32_t cap = 0;
	text_addf(&name, " %u:%u:%u", c->file, (*item)->line, (*item)->column);
	struct reader_set read = {.name = arena_copy(r->arena, text_get(&name))};
	text_finish(&name);
	for (const struct node *at = *item; at && at->kind == NODE_MAP;
	     at = node_next(c->tree, list, at)) {
		readers_add(c, at, r, &read, &cap);
		*item = at;
	}
	struct reader *kept = ARENA_ARRAY(r->arena, struct reader, read.count + 1);
	if (read.count)
		memcpy(kept, read.readers, read.count * sizeof *kept);
	free(read.readers);
	read.readers = kept;
	MEM_RESERVE(r->profile->sets, r->profile->set_count, r->set_cap);
	r->profile->sets[r->profile->set_count] = read;
	return r->profile->set_count++;
}

/* Names of sets and readers written in place, in the order in which they are asked. */
void set_refer_list(const struct checker *c, const struct node *node, struct profile_reading *r,
                    uint32_t **out, uint32_t *out_count)
{
	uint32_t count = check_list(c, node, "read", 1), at = 0;
	*out = ARENA_ARRAY(r->arena, uint32_t, count + 1);
	const struct node *item = count ? node_first(c->tree, node) : NULL;
	for (; item; item = node_next(c->tree, node, item)) {
		if (item->kind == NODE_MAP) {
			(*out)[at++] = set_in_place(c, node, r, &item);
			continue;
		}
		const char *name = check_scalar(c, item, "a set's name");
		const struct reader_set *set = name ? set_find(r, name) : NULL;
		if (set)
			(*out)[at++] = (uint32_t)(set - r->profile->sets);
		else if (name)
			check_unknown(c, item, "set", name,
			              &(struct names){.name = set_name,
			                              .owner = r->profile,
			                              .count = r->profile->set_count});
	}
	*out_count = at;
}
