/* Message ids lately seen: the last SEEN_MAX of a site, as 64-bit hashes of (device, id), each with
 * the time at which it was new. A device that repeats its signal until it sees our ack does so
 * within minutes; this many signals are hours even of a storm. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "decide/core.h"

#define SEEN_MAX 65536u
#define TABLE (SEEN_MAX * 2)

struct seen_ring {
	struct {
		uint64_t hash; /* 0: none yet */
		wall_ms at;
	} items[SEEN_MAX];     /* the oldest is overwritten next */
	uint32_t table[TABLE]; /* open addressing: position + 1; 0 is free */
	uint32_t next;
	uint32_t recalled; /* of an earlier life: they fill the ring from its end */
};

static uint32_t slot_of(uint64_t hash)
{
	return (uint32_t)(hash >> 20) & (TABLE - 1);
}

/* The slot of a hash, or the free one where it would go. */
static uint32_t table_find(const struct seen_ring *ring, uint64_t hash)
{
	uint32_t slot = slot_of(hash);
	while (ring->table[slot] && ring->items[ring->table[slot] - 1].hash != hash)
		slot = (slot + 1) & (TABLE - 1);
	return slot;
}

/* Removal closes the gap, so that no probe ends early. */
static void table_remove(struct seen_ring *ring, uint64_t hash)
{
	uint32_t gap = table_find(ring, hash);
	for (uint32_t at = (gap + 1) & (TABLE - 1); ring->table[at]; at = (at + 1) & (TABLE - 1)) {
		uint32_t home = slot_of(ring->items[ring->table[at] - 1].hash);
		if (((at - home) & (TABLE - 1)) >= ((at - gap) & (TABLE - 1))) {
			ring->table[gap] = ring->table[at];
			gap = at;
		}
	}
	ring->table[gap] = 0;
}

static uint64_t hash_of(const char *device, const char *message_id)
{
	uint64_t hash = index_hash(device) * 1099511628211u ^ index_hash(message_id);
	hash ^= hash >> 29;
	return hash ? hash : 1;
}

bool site_has_seen(const struct site *site, const char *device, const char *message_id)
{
	const struct seen_ring *ring = site->seen;
	return message_id && ring && ring->table[table_find(ring, hash_of(device, message_id))];
}

static struct seen_ring *ring_of(struct site *site)
{
	if (!site->seen)
		site->seen = NEW(struct seen_ring);
	return site->seen;
}

static void put(struct seen_ring *ring, uint32_t position, uint64_t hash, wall_ms at)
{
	ring->items[position].hash = hash;
	ring->items[position].at = at;
	ring->table[table_find(ring, hash)] = position + 1;
}

void site_recall_seen(struct site *site, const char *device, const char *message_id, wall_ms at)
{
	uint64_t hash = hash_of(device, message_id);
	struct seen_ring *ring = ring_of(site);
	assert(!ring->next);
	if (ring->recalled == SEEN_MAX || ring->table[table_find(ring, hash)])
		return; /* and was new again later */
	ring->recalled++;
	put(ring, SEEN_MAX - ring->recalled, hash, at);
}

bool site_seen(struct site *site, const char *device, const char *message_id, wall_ms now,
               span_ms lasts)
{
	if (!message_id)
		return false;
	uint64_t hash = hash_of(device, message_id);
	struct seen_ring *ring = ring_of(site);
	uint32_t known = ring->table[table_find(ring, hash)];
	if (known) {
		wall_ms *at = &ring->items[known - 1].at;
		bool same = !lasts || now - *at <= lasts;
		if (!same)
			*at = now;
		return same;
	}
	if (ring->items[ring->next].hash)
		table_remove(ring, ring->items[ring->next].hash);
	put(ring, ring->next, hash, now);
	ring->next = (ring->next + 1) % SEEN_MAX;
	return false;
}

/* What changed nothing is no entry, so that its id is not known in the next life. */
wall_ms site_remembers_since(const struct site *site)
{
	const struct seen_ring *ring = site->seen;
	wall_ms oldest = ring && ring->items[ring->next].hash ? ring->items[ring->next].at : 0;
	return oldest > site->awake_since ? oldest : site->awake_since;
}

void seen_destroy(struct seen_ring *ring)
{
	free(ring);
}
