/* What was learnt from messages. Bounded: when it is full nothing new is learnt. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "receive/profile_private.h"

#define LEARNT_MAX 20000
#define POINTS_MAX 1000 /* all are looked through */
#define BURSTS 256
#define GATEWAYS 32
#define GATEWAY_FRESH MINUTES(1) /* a bridge that starts publishes its cache */

struct point {
	uint64_t member, of; /* hashes: what says so; its device and kind */
};

struct profile_memory {
	struct arena arena;
	struct learnt *learnt;
	uint32_t learnt_count, learnt_cap;
	struct index learnt_index;
	struct {
		uint64_t who, what; /* hashes: the member of a device, and what it said last */
		steady_ms at;
	} bursts[BURSTS];
	uint32_t next_burst;
	struct point *points; /* those that are active */
	uint32_t point_count, point_cap;
	struct {
		uint64_t hash;
		steady_ms since;
		bool online, known;
	} gateways[GATEWAYS];
	struct entity *entities;
	uint32_t entity_count, entity_cap;
	struct index entity_index;
	bool wild; /* some topic that was announced holds + */
};

struct profile_memory *profile_memory_create(void)
{
	return NEW(struct profile_memory);
}

void profile_memory_destroy(struct profile_memory *memory)
{
	if (!memory)
		return;
	index_finish(&memory->learnt_index);
	index_finish(&memory->entity_index);
	free(memory->learnt);
	free(memory->points);
	free(memory->entities);
	arena_finish(&memory->arena);
	free(memory);
}

/* ---- devices ---- */

static const char *learnt_key(const void *owner, uint32_t i)
{
	return ((const struct learnt *)owner)[i].key;
}

#define KEY_ROOM (ADDRESS_MAX + ID_MAX + 2)

static void make_key(const struct profile *profile, const char *address, char out[KEY_ROOM])
{
	size_t name = strlen(profile->name), len = strnlen(address, ADDRESS_MAX);
	if (name > ID_MAX)
		name = ID_MAX;
	memcpy(out, profile->name, name);
	out[name] = '\n';
	memcpy(out + name + 1, address, len);
	out[name + 1 + len] = '\0';
}

static uint32_t learnt_find(const struct profile_memory *memory, const struct profile *profile,
                            const char *address)
{
	char key[KEY_ROOM];
	if (!memory || !memory->learnt_count)
		return INDEX_NONE;
	make_key(profile, address, key);
	return index_find(&memory->learnt_index, key, learnt_key, memory->learnt);
}

struct learnt *memory_device(const struct profile_memory *memory, const struct profile *profile,
                             const char *address)
{
	uint32_t at = learnt_find(memory, profile, address);
	return at == INDEX_NONE ? NULL : &memory->learnt[at];
}

static void replace(struct arena *arena, const char **place, const char *text)
{
	if (text && (!*place || strcmp(*place, text) != 0))
		*place = arena_copy_len(arena, text, strnlen(text, ADDRESS_MAX));
}

struct learnt *memory_meet(struct profile_memory *memory, const struct profile *profile,
                           const char *address)
{
	if (!memory || strlen(address) > ADDRESS_MAX)
		return NULL;
	uint32_t at = learnt_find(memory, profile, address);
	if (at == INDEX_NONE) {
		char key[KEY_ROOM];
		if (memory->learnt_count == LEARNT_MAX)
			return NULL;
		make_key(profile, address, key);
		MEM_RESERVE(memory->learnt, memory->learnt_count, memory->learnt_cap);
		at = memory->learnt_count++;
		memory->learnt[at] = (struct learnt){.key = arena_copy(&memory->arena, key)};
		index_add(&memory->learnt_index, at, learnt_key, memory->learnt);
	}
	return &memory->learnt[at];
}

void memory_learn(struct profile_memory *memory, const struct profile *profile, const char *address,
                  const char *alias, const char *model)
{
	struct learnt *device = memory_meet(memory, profile, address);
	if (!device)
		return;
	replace(&memory->arena, &device->alias, alias);
	replace(&memory->arena, &device->model, model);
}

void memory_hear_through(struct profile_memory *memory, const struct profile *profile,
                         const char *address, const char *through)
{
	struct learnt *device = memory_meet(memory, profile, address);
	if (device)
		replace(&memory->arena, &device->through, through);
}

const char *memory_through(const struct profile_memory *memory, const struct profile *profile,
                           const char *address)
{
	const struct learnt *device = memory_device(memory, profile, address);
	return device ? device->through : NULL;
}

/* ---- points ---- */

bool memory_point(struct profile_memory *memory, const struct profile *profile,
                  const struct statement *s)
{
	char key[KEY_ROOM];
	bool others = false;
	if (!memory || (!s->active && !memory->point_count))
		return false;
	make_key(profile, s->address, key);
	uint64_t at = index_hash(s->key), of = index_hash(key) + s->type * 31u + s->kind * 1009u;
	uint32_t own = memory->point_count;
	for (uint32_t i = 0; i < memory->point_count; i++) {
		if (memory->points[i].of != of)
			continue;
		if (memory->points[i].member == at)
			own = i;
		else
			others = true;
	}
	if (own < memory->point_count && !s->active) {
		memory->points[own] = memory->points[--memory->point_count];
	} else if (own == memory->point_count && s->active && own < POINTS_MAX) {
		MEM_RESERVE(memory->points, memory->point_count, memory->point_cap);
		memory->points[memory->point_count++] = (struct point){at, of};
	}
	return others;
}

/* ---- presses ---- */

bool memory_repeats(struct profile_memory *memory, const struct profile *profile,
                    const struct statement *s, span_ms within, steady_ms now)
{
	if (!memory || !s->address)
		return false;
	char key[KEY_ROOM];
	make_key(profile, s->address, key);
	uint64_t who = index_hash(key) * 31 + index_hash(s->key ? s->key : "") + s->kind;
	uint64_t what = index_hash(s->word ? s->word : "") * 4 + s->active * 2u + s->test;
	uint32_t at = 0;
	while (at < BURSTS && memory->bursts[at].who != who)
		at++;
	if (at < BURSTS && memory->bursts[at].what == what && memory->bursts[at].at + within > now)
		return true;
	if (at == BURSTS) {
		at = memory->next_burst;
		memory->next_burst = (memory->next_burst + 1) % BURSTS;
	}
	memory->bursts[at].who = who;
	memory->bursts[at].what = what;
	memory->bursts[at].at = now;
	return false;
}

/* ---- tests ---- */

void profile_memory_keep_mark(struct profile_memory *memory, const struct profile *profile,
                              const char *address, enum mark_stage stage, steady_ms since)
{
	struct learnt *device = memory_meet(memory, profile, address);
	if (device)
		device->trial = (struct trial){.stage = stage, .since = since, .said = since};
}

/* ---- gateways ---- */

void memory_gateway(struct profile_memory *memory, const char *gateway, bool online, steady_ms now)
{
	if (!memory)
		return;
	uint64_t hash = index_hash(gateway);
	uint32_t at = 0;
	while (at < GATEWAYS && memory->gateways[at].known && memory->gateways[at].hash != hash)
		at++;
	if (at == GATEWAYS)
		return;
	bool edge = !memory->gateways[at].known || memory->gateways[at].online != online;
	memory->gateways[at].hash = hash;
	memory->gateways[at].known = true;
	memory->gateways[at].online = online;
	if (edge)
		memory->gateways[at].since = now;
}

bool memory_gateway_is_fresh(const struct profile_memory *memory, const char *gateway,
                             steady_ms now)
{
	uint64_t hash = index_hash(gateway);
	for (uint32_t i = 0; memory && i < GATEWAYS; i++)
		if (memory->gateways[i].known && memory->gateways[i].hash == hash)
			return memory->gateways[i].since + GATEWAY_FRESH > now;
	return false;
}

/* ---- what was announced ---- */

static const char *entity_key(const void *owner, uint32_t i)
{
	return ((const struct entity *)owner)[i].key;
}

/* Topics with + are found by their last level, which is none. */
#define WILD_ROOM (ADDRESS_MAX + 2)

static const char *wild_key(const char *topic, char room[WILD_ROOM])
{
	const char *slash = strrchr(topic, '/');
	snprintf(room, WILD_ROOM, "+%s", slash ? slash + 1 : topic);
	return room;
}

struct entities memory_entities(const struct profile_memory *memory, const char *topic)
{
	char room[WILD_ROOM];
	struct entities none = {POSITION_NONE, POSITION_NONE};
	if (!memory || !memory->entity_count)
		return none;
	const struct entity *all = memory->entities;
	return (struct entities){.exact = index_find(&memory->entity_index, topic, entity_key, all),
	                         .wild = memory->wild ? index_find(&memory->entity_index,
	                                                           wild_key(topic, room),
	                                                           entity_key, all)
	                                              : POSITION_NONE};
}

const struct entity *memory_entity_at(const struct profile_memory *memory, uint32_t at)
{
	return &memory->entities[at];
}

static bool same_entity(const struct entity *a, const struct entity *b)
{
	return strcmp(a->announced, b->announced) == 0 && strcmp(a->topic, b->topic) == 0 &&
	       strcmp(a->address, b->address) == 0 && a->is_availability == b->is_availability;
}

static struct value_template copy_template(struct arena *arena, const struct value_template *t)
{
	struct value_template copy = *t;
	copy.pointer = arena_copy(arena, t->pointer);
	copy.missing = arena_copy(arena, t->missing);
	copy.yes = arena_copy(arena, t->yes);
	copy.no = arena_copy(arena, t->no);
	copy.words = ARENA_ARRAY(arena, const char *, t->word_count);
	for (uint32_t i = 0; i < t->word_count; i++)
		copy.words[i] = arena_copy(arena, t->words[i]);
	return copy;
}

static struct entity copy_entity(struct arena *arena, const struct entity *e)
{
	struct entity copy = *e;
	copy.topic = arena_copy(arena, e->topic);
	copy.address = arena_copy(arena, e->address);
	copy.alias = arena_copy(arena, e->alias);
	copy.on = arena_copy(arena, e->on);
	copy.off = arena_copy(arena, e->off);
	copy.template = copy_template(arena, &e->template);
	copy.announced = arena_copy(arena, e->announced);
	return copy;
}

static bool same_template(const struct value_template *a, const struct value_template *b)
{
	bool same = text_same(a->pointer, b->pointer) && text_same(a->missing, b->missing) &&
	            text_same(a->yes, b->yes) && text_same(a->no, b->no) && a->asks == b->asks &&
	            a->negated == b->negated && !(a->bound < b->bound) && !(a->bound > b->bound) &&
	            a->word_count == b->word_count;
	for (uint32_t i = 0; same && i < a->word_count; i++)
		same = strcmp(a->words[i], b->words[i]) == 0;
	return same;
}

bool memory_announce(struct profile_memory *memory, const struct entity *entity)
{
	if (!memory)
		return true;
	char room[WILD_ROOM];
	bool wild = strchr(entity->topic, '+') != NULL;
	const char *key = wild ? wild_key(entity->topic, room) : entity->topic;
	uint32_t first = memory->entity_count ? index_find(&memory->entity_index, key, entity_key,
	                                                   memory->entities)
	                                      : POSITION_NONE;
	for (uint32_t at = first; at != POSITION_NONE; at = memory->entities[at].next) {
		struct entity *known = &memory->entities[at];
		if (!same_entity(known, entity))
			continue;
		const struct entity was = *known;
		bool same = known->kind == entity->kind && text_same(known->on, entity->on) &&
		            text_same(known->off, entity->off) &&
		            same_template(&known->template, &entity->template);
		if (!same) /* an announcement that changes all the time must not eat the memory */
			*known = copy_entity(&memory->arena, entity);
		known->gone = false;
		known->resets = entity->resets;
		known->expires = entity->expires;
		known->key = was.key;
		known->next = was.next;
		return true;
	}
	if (memory->entity_count == ENTITIES_MAX)
		return false;
	MEM_RESERVE(memory->entities, memory->entity_count, memory->entity_cap);
	uint32_t at = memory->entity_count++;
	memory->entities[at] = copy_entity(&memory->arena, entity);
	memory->entities[at].key = arena_copy(&memory->arena, key);
	memory->entities[at].next = POSITION_NONE;
	memory->wild |= wild;
	if (first == POSITION_NONE) {
		index_add(&memory->entity_index, at, entity_key, memory->entities);
		return true;
	}
	while (memory->entities[first].next != POSITION_NONE)
		first = memory->entities[first].next;
	memory->entities[first].next = at;
	return true;
}

void memory_forget(struct profile_memory *memory, const char *announced)
{
	for (uint32_t i = 0; memory && i < memory->entity_count; i++)
		if (strcmp(memory->entities[i].announced, announced) == 0)
			memory->entities[i].gone = true;
}
