/* What the members of a message mean: readers, and sets of them. */
#include <stdlib.h>
#include <string.h>

#include "config/profiles.h"
#include "config/read.h"

enum {
	R_KEY,
	R_ENDS,
	R_KIND,
	R_VALUES,
	R_TYPE,
	R_MOMENTARY,
	R_ARMED,
	R_RESETS,
	R_WHEN,
	R_UNLESS,
	R_GUESS,
	R_COUNT
};
static const struct key reader_keys[R_COUNT] = {
        [R_KEY] = {"key", NULL},
        [R_ENDS] = {"ends", NULL},
        [R_KIND] = {"kind", "add what it says: a kind such as smoke, or own, press, test, "
                            "availability, alive"},
        [R_VALUES] = {"values", NULL},
        [R_TYPE] = {"type", NULL},
        [R_MOMENTARY] = {"momentary", NULL},
        [R_ARMED] = {"armed", NULL},
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

struct condition *conditions_read(const struct checker *c, const struct node *node,
                                  const char *name, struct profile_reading *r, uint32_t *count)
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

/* A reader for each of the keys. */
static void keys_add(const struct checker *c, const struct node *node, struct profile_reading *r,
                     const struct reader *reader, struct reader_set *set, uint32_t *cap)
{
	uint32_t count;
	char key[MEMBER_KEY_MAX];
	const char **keys = words_read(c, node, "the key", r->arena, false, &count);
	for (uint32_t i = 0; i < count; i++) {
		bool is_pointer = *keys[i] == '/' && !reader->ends;
		if (!is_pointer && !key_fold(keys[i], key)) {
			check_problem(c, node, "a key has at most %d bytes", MEMBER_KEY_MAX - 1);
			continue;
		}
		MEM_RESERVE(set->readers, set->count, *cap);
		set->readers[set->count] = *reader;
		set->readers[set->count++].key = is_pointer ? keys[i] : arena_copy(r->arena, key);
	}
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
	check_bool(c, v[R_ARMED], "armed", &reader.armed);
	check_span(c, v[R_RESETS], "resets", SPAN_LEAST, &reader.resets);
	reader.when = conditions_read(c, v[R_WHEN], "when", r, &reader.when_count);
	reader.unless = conditions_read(c, v[R_UNLESS], "unless", r, &reader.unless_count);
	if (!v[R_KEY] && !v[R_ENDS])
		check_problem(c, node,
		              "a reader without 'key'; add the member's name, a /pointer to it, or "
		              "'ends' with the last words of its name");
	keys_add(c, v[R_KEY], r, &reader, set, cap);
	reader.ends = true;
	keys_add(c, v[R_ENDS], r, &reader, set, cap);
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
		check_once(c, node, key);
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
