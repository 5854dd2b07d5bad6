/* What was learnt from messages. Bounded: when it is full nothing new is learnt. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "receive/profile_private.h"

#define LEARNT_MAX 20000
#define BURSTS 256
#define GATEWAYS 32
#define TRIALS 256
#define TRIAL_RISES MINUTES(1)   /* between the mark of a test and its alarm */
#define GATEWAY_FRESH MINUTES(1) /* a bridge that starts publishes its cache */

struct profile_memory {
	struct arena arena;
	struct learnt *learnt;
	uint32_t learnt_count, learnt_cap;
	struct index learnt_index;
	struct {
		uint64_t hash;
		steady_ms at;
	} bursts[BURSTS];
	uint32_t next_burst;
	struct {
		uint64_t hash;
		steady_ms since;
		bool online, known;
	} gateways[GATEWAYS];
	struct {
		uint64_t hash; /* of the address; 0: free */
		steady_ms since;
		enum mark_stage stage;
	} trials[TRIALS];
	uint32_t next_trial;
	bool tried; /* somebody tested something */
	struct entity *entities;
	uint32_t entity_count, entity_cap;
	struct index entity_index;
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

const struct learnt *memory_device(const struct profile_memory *memory,
                                   const struct profile *profile, const char *address)
{
	uint32_t at = learnt_find(memory, profile, address);
	return at == INDEX_NONE ? NULL : &memory->learnt[at];
}

static void replace(struct arena *arena, const char **place, const char *text)
{
	if (text && (!*place || strcmp(*place, text) != 0))
		*place = arena_copy_len(arena, text, strnlen(text, ADDRESS_MAX));
}

void memory_learn(struct profile_memory *memory, const struct profile *profile, const char *address,
                  const char *alias, const char *model)
{
	if (!memory || strlen(address) > ADDRESS_MAX)
		return;
	uint32_t at = learnt_find(memory, profile, address);
	if (at == INDEX_NONE) {
		char key[KEY_ROOM];
		if (memory->learnt_count == LEARNT_MAX)
			return;
		make_key(profile, address, key);
		MEM_RESERVE(memory->learnt, memory->learnt_count, memory->learnt_cap);
		at = memory->learnt_count++;
		memory->learnt[at] = (struct learnt){.key = arena_copy(&memory->arena, key)};
		index_add(&memory->learnt_index, at, learnt_key, memory->learnt);
	}
	replace(&memory->arena, &memory->learnt[at].alias, alias);
	replace(&memory->arena, &memory->learnt[at].model, model);
}

/* ---- presses ---- */

bool memory_repeats(struct profile_memory *memory, const char *address, const void *bytes,
                    size_t len, span_ms within, steady_ms now)
{
	if (!memory)
		return false;
	uint64_t hash = index_hash(address);
	for (size_t i = 0; i < len; i++)
		hash = (hash ^ ((const unsigned char *)bytes)[i]) * 1099511628211u;
	for (uint32_t i = 0; i < BURSTS; i++)
		if (memory->bursts[i].hash == hash && memory->bursts[i].at + within > now)
			return true;
	memory->bursts[memory->next_burst].hash = hash;
	memory->bursts[memory->next_burst].at = now;
	memory->next_burst = (memory->next_burst + 1) % BURSTS;
	return false;
}

/* ---- tests ---- */

static uint64_t trial_hash(const char *address)
{
	return index_hash(address) | 1;
}

static uint32_t trial_find(const struct profile_memory *memory, const char *address)
{
	uint64_t hash = trial_hash(address);
	uint32_t at = 0;
	while (at < TRIALS && memory->trials[at].hash != hash)
		at++;
	return at;
}

static uint32_t trial_begin(struct profile_memory *memory, const char *address, steady_ms since)
{
	uint32_t at = memory->next_trial;
	memory->next_trial = (memory->next_trial + 1) % TRIALS;
	memory->tried = true;
	memory->trials[at].hash = trial_hash(address);
	memory->trials[at].since = since;
	memory->trials[at].stage = MARK_STANDS;
	return at;
}

enum mark_stage memory_mark(const struct profile_memory *memory, const char *address)
{
	if (!memory || !memory->tried)
		return MARK_GONE;
	uint32_t at = trial_find(memory, address);
	return at < TRIALS ? memory->trials[at].stage : MARK_GONE;
}

void profile_memory_keep_mark(struct profile_memory *memory, const char *address,
                              enum mark_stage stage, steady_ms since)
{
	memory->trials[trial_begin(memory, address, since)].stage = stage;
}

bool memory_tests(struct profile_memory *memory, const char *address, bool says, bool tests,
                  bool alarms, bool clears, steady_ms now)
{
	if (!memory || (!tests && !memory->tried))
		return tests;
	uint32_t at = trial_find(memory, address);
	if (says && !tests) {
		if (at < TRIALS)
			memory->trials[at].hash = 0;
		return false;
	}
	if (at == TRIALS && !tests)
		return false;
	if (at == TRIALS)
		at = trial_begin(memory, address, now);
	enum mark_stage *stage = &memory->trials[at].stage;
	if (alarms && *stage == MARK_STANDS)
		*stage = now - memory->trials[at].since > TRIAL_RISES ? MARK_SPENT : MARK_ALARMED;
	else if (!alarms && clears && *stage == MARK_ALARMED)
		*stage = MARK_SPENT;
	return *stage != MARK_SPENT;
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

static const char *entity_topic(const void *owner, uint32_t i)
{
	return ((const struct entity *)owner)[i].topic;
}

uint32_t memory_entity(const struct profile_memory *memory, const char *topic)
{
	if (!memory || !memory->entity_count)
		return POSITION_NONE;
	return index_find(&memory->entity_index, topic, entity_topic, memory->entities);
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

static struct entity copy_entity(struct arena *arena, const struct entity *e)
{
	struct entity copy = *e;
	copy.topic = arena_copy(arena, e->topic);
	copy.address = arena_copy(arena, e->address);
	copy.alias = arena_copy(arena, e->alias);
	copy.on = arena_copy(arena, e->on);
	copy.off = arena_copy(arena, e->off);
	copy.pointer = arena_copy(arena, e->pointer);
	copy.announced = arena_copy(arena, e->announced);
	return copy;
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

bool memory_announce(struct profile_memory *memory, const struct entity *entity)
{
	if (!memory)
		return true;
	for (uint32_t at = memory_entity(memory, entity->topic); at != POSITION_NONE;
	     at = memory->entities[at].next) {
		struct entity *known = &memory->entities[at];
		if (!same_entity(known, entity))
			continue;
		uint32_t next = known->next;
		bool same = known->kind == entity->kind && same_text(known->on, entity->on) &&
		            same_text(known->off, entity->off) &&
		            same_text(known->pointer, entity->pointer);
		if (!same) /* an announcement that changes all the time must not eat the memory */
			*known = copy_entity(&memory->arena, entity);
		known->gone = false;
		known->truth = entity->truth;
		known->resets = entity->resets;
		known->next = next;
		return true;
	}
	if (memory->entity_count == ENTITIES_MAX)
		return false;
	MEM_RESERVE(memory->entities, memory->entity_count, memory->entity_cap);
	uint32_t at = memory->entity_count++, first = memory_entity(memory, entity->topic);
	memory->entities[at] = copy_entity(&memory->arena, entity);
	memory->entities[at].next = POSITION_NONE;
	if (first == POSITION_NONE) {
		index_add(&memory->entity_index, at, entity_topic, memory->entities);
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
