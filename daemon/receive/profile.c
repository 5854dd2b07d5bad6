/* The tables of profiles: made once, then only looked up. */
#include "receive/profile.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *profile_name(const void *owner, uint32_t i)
{
	return ((const struct profile *)owner)[i].name;
}

uint32_t profiles_find(const struct profiles *profiles, const char *name)
{
	/* Few, and looked for while loading only. */
	for (uint32_t i = 0; i < profiles->count; i++)
		if (strcmp(profile_name(profiles->items, i), name) == 0)
			return i;
	return POSITION_NONE;
}

/* ---- values ---- */

static const char *word_text(const void *owner, uint32_t i)
{
	return ((const struct value_word *)owner)[i].text;
}

void value_map_compile(struct value_map *map)
{
	index_finish(&map->index);
	map->pattern_count = 0;
	for (uint32_t i = 0; i < map->count; i++)
		if (is_pattern(map->words[i].text))
			map->pattern_count++;
		else if (index_find(&map->index, map->words[i].text, word_text, map->words) ==
		         INDEX_NONE)
			index_add(&map->index, i, word_text, map->words);
}

#define WORD_MAX 128

/* False where it is too long to be any. */
static bool lower(const char *word, char out[WORD_MAX], uint64_t *hash)
{
	uint64_t h = INDEX_HASH_BEGIN;
	size_t i = 0;
	for (; word[i] && i < WORD_MAX - 1; i++) {
		out[i] = letter_lower(word[i]);
		h = index_hash_add(h, out[i]);
	}
	out[i] = '\0';
	*hash = index_hash_end(h);
	return !word[i];
}

bool word_is_unknown(const char *word)
{
	static const char *const words[] = {"unknown", "unavailable", "none_unknown", "null",
	                                    "nan",     "undefined",   "n/a"};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strcmp(words[i], word) == 0)
			return true;
	return !*word;
}

static enum meaning number_means(const struct value_map *map, double number)
{
	if (!isfinite(number))
		return MEANS_UNKNOWN;
	number *= map->scale != 0 ? map->scale : 1;
	if (map->has_bit) {
		if (number < 0 || number >= 4294967296.0 || floor(number) < number)
			return MEANS_UNKNOWN;
		return (uint32_t)number >> map->bit & 1 ? MEANS_ACTIVE : MEANS_CLEAR;
	}
	bool active = (map->has_above && number > map->above) ||
	              (map->has_below && number < map->below);
	return active ? MEANS_ACTIVE : MEANS_CLEAR;
}

static uint32_t word_find(const struct value_map *map, const char *low, uint64_t hash)
{
	uint32_t at = index_find_hashed(&map->index, hash, low, word_text, map->words);
	if (at != INDEX_NONE || !map->pattern_count || word_is_unknown(low))
		return at;
	for (uint32_t i = 0; i < map->count; i++)
		if (is_pattern(map->words[i].text) && pattern_fits(map->words[i].text, low))
			return i;
	return INDEX_NONE;
}

enum meaning value_map_find(const struct value_map *map, const char *word, const double *number,
                            enum kind *kind)
{
	char low[WORD_MAX];
	uint64_t hash;
	if (!lower(word, low, &hash))
		return MEANS_UNKNOWN;
	uint32_t at = word_find(map, low, hash);
	if (at != INDEX_NONE) {
		if (map->words[at].kind != KIND_NONE)
			*kind = map->words[at].kind;
		return map->words[at].means;
	}
	if (word_is_unknown(low))
		return MEANS_UNKNOWN;
	if (map->has_above || map->has_below || map->has_bit) {
		char *end;
		double parsed = number ? *number : strtod(low, &end);
		if (number || (end != low && !*end))
			return number_means(map, parsed);
	}
	return map->otherwise;
}

bool key_fold(const char *key, char out[MEMBER_KEY_MAX])
{
	size_t i = 0, len = 0;
	for (; key[i] && i < MEMBER_KEY_MAX - 1; i++)
		if (!parts_words(key[i]))
			out[len++] = letter_lower(key[i]);
	out[len] = '\0';
	return !key[i];
}

bool is_pattern(const char *text)
{
	return strpbrk(text, "*?") != NULL;
}

uint64_t letters_of(const char *text)
{
	uint64_t letters = 0;
	for (; *text; text++)
		if (*text != '*' && *text != '?')
			letters |= letter_bit(*text);
	return letters;
}

bool pattern_fits(const char *pattern, const char *text)
{
	const char *star = NULL, *retry = NULL;
	while (*text) {
		if (*pattern == '*') {
			star = ++pattern;
			retry = text;
		} else if (*pattern == *text || *pattern == '?') {
			pattern++;
			text++;
		} else if (star) {
			pattern = star;
			text = ++retry;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return !*pattern;
}

/* ---- readers ---- */

static const char *reader_key(const void *owner, uint32_t i)
{
	return ((const struct reader *)owner)[i].key;
}

/* Readers of one key stand in a chain, in the order of the file. */
static void chain_reader(struct index *index, struct reader_set *set, uint32_t i)
{
	uint32_t at = index_find(index, set->readers[i].key, reader_key, set->readers);
	if (at == INDEX_NONE) {
		index_add(index, i, reader_key, set->readers);
		return;
	}
	while (set->readers[at].next != POSITION_NONE)
		at = set->readers[at].next;
	set->readers[at].next = i;
}

static void set_compile(struct profiles *profiles, struct reader_set *set)
{
	set->patterns = ARENA_ARRAY(&profiles->arena, uint32_t, set->count);
	set->pointers = ARENA_ARRAY(&profiles->arena, uint32_t, set->count);
	set->letters = ARENA_ARRAY(&profiles->arena, uint64_t, set->count);
	index_finish(&set->index);
	index_finish(&set->ends);
	set->pattern_count = set->pointer_count = 0;
	for (uint32_t i = 0; i < set->count; i++) {
		struct reader *reader = &set->readers[i];
		reader->next = POSITION_NONE;
		if (reader->ends) {
			chain_reader(&set->ends, set, i);
		} else if (*reader->key == '/') {
			set->pointers[set->pointer_count++] = i;
		} else if (is_pattern(reader->key)) {
			set->letters[set->pattern_count] = letters_of(reader->key);
			set->patterns[set->pattern_count++] = i;
		} else {
			chain_reader(&set->index, set, i);
		}
	}
}

/* ---- topics ---- */

static const char *chain_level(const void *owner, uint32_t i)
{
	return ((const char *const *)owner)[i];
}

static uint32_t *chain_of(struct profiles *p, const struct topic_rule *rule)
{
	const struct topic_level *first = &rule->levels[0];
	if (first->kind != LEVEL_TEXT)
		return &p->any_chain;
	uint32_t at = index_find(&p->chain_index, first->text, chain_level, p->first_levels);
	if (at == INDEX_NONE) {
		at = p->chain_count++;
		p->first_levels[at] = first->text;
		p->chains[at] = POSITION_NONE;
		index_add(&p->chain_index, at, chain_level, p->first_levels);
	}
	return &p->chains[at];
}

static void chain_append(struct profiles *p, uint32_t *chain, uint32_t ref)
{
	while (*chain != POSITION_NONE)
		chain = &p->refs[*chain].next;
	*chain = ref;
}

void profiles_compile(struct profiles *p)
{
	uint32_t rules = 0;
	for (uint32_t i = 0; i < p->count; i++) {
		rules += p->items[i].rule_count;
		for (uint32_t k = 0; k < p->items[i].rule_count; k++) {
			p->items[i].points |= p->items[i].rules[k].point != NULL;
			p->items[i].through |= p->items[i].rules[k].through != NULL;
		}
		for (uint32_t k = 0; k < p->items[i].set_count; k++)
			set_compile(p, &p->items[i].sets[k]);
	}
	index_finish(&p->chain_index);
	p->refs = ARENA_ARRAY(&p->arena, struct rule_ref, rules);
	p->first_levels = ARENA_ARRAY(&p->arena, const char *, rules);
	p->chains = ARENA_ARRAY(&p->arena, uint32_t, rules);
	p->ref_count = p->chain_count = 0;
	p->any_chain = POSITION_NONE;
	for (uint32_t i = 0; i < p->count; i++)
		for (uint32_t k = 0; p->items[i].heard && k < p->items[i].rule_count; k++) {
			p->refs[p->ref_count] = (struct rule_ref){i, k, POSITION_NONE};
			chain_append(p, chain_of(p, &p->items[i].rules[k]), p->ref_count++);
		}
}

static void set_finish(struct reader_set *set)
{
	index_finish(&set->index);
	index_finish(&set->ends);
}

void profiles_finish(struct profiles *p)
{
	for (uint32_t i = 0; i < p->count; i++)
		for (uint32_t k = 0; k < p->items[i].set_count; k++)
			set_finish(&p->items[i].sets[k]);
	for (uint32_t i = 0; i < p->map_count; i++)
		index_finish(&p->maps[i]->index);
	index_finish(&p->chain_index);
	free(p->maps);
	free(p->items);
	free(p->watched);
	arena_finish(&p->arena);
	*p = (struct profiles){0};
}
