/* The words of a profile, and what values mean. */
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

/* A key that stands in its map a second time is one that somebody meant otherwise. */
void check_once(const struct checker *c, const struct node *map, const struct node *key)
{
	for (const struct node *other = node_first(c->tree, map); other != key;
	     other = node_next(c->tree, map, node_next(c->tree, map, other)))
		if (strcmp(node_text(c->tree, other), node_text(c->tree, key)) == 0) {
			check_problem(c, key, "'%.40s' is there a second time",
			              node_text(c->tree, key));
			return;
		}
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

/* A word means one thing; and where nobody knows nothing is well. */
static void check_word(const struct checker *c, const struct node *node,
                       const struct value_map *map, const char *word, enum meaning means,
                       enum kind kind)
{
	if ((means == MEANS_CLEAR || means == MEANS_ONLINE) && word_is_unknown(word))
		check_problem(c, node, "'%s' says that nobody knows: it is never %s; leave it out",
		              word, meanings[means]);
	for (uint32_t i = 0; i < map->count; i++)
		if (strcmp(map->words[i].text, word) == 0 &&
		    (map->words[i].means != means || map->words[i].kind != kind)) {
			check_problem(c, node, "'%.40s' has two meanings here", word);
			return;
		}
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
		for (uint32_t i = 0; i < count; i++) {
			check_word(c, value, map, words[i], means, kind);
			map_add(map, cap, words[i], means, kind);
		}
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
			check_once(c, node, key);
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
		check_once(c, node, key);
		if (!map_find(r, name)) { /* the nearer profile's own word stands */
			struct value_map *map = map_read(c, value, r, name);
			MEM_RESERVE(r->maps, r->map_count, r->map_cap);
			r->maps[r->map_count++] = map;
		}
		key = node_next(c->tree, node, value);
	}
}
