/* Message ids lately seen: the last SEEN_MAX of a site, as 64-bit hashes of (device, id). A device
 * that repeats its signal until it sees our ack does so within minutes; this many signals are
 * hours even of a storm. */
#include <stdlib.h>
#include <string.h>

#include "decide/core.h"

#define SEEN_MAX 65536u
#define TABLE (SEEN_MAX * 2)

struct seen_ring {
	uint64_t order[SEEN_MAX]; /* oldest is overwritten next */
	uint64_t table[TABLE];    /* open addressing; 0 is free */
	uint32_t next;
};

static uint32_t slot_of(uint64_t hash)
{
	return (uint32_t)(hash >> 20) & (TABLE - 1);
}

static bool table_has(const struct seen_ring *ring, uint64_t hash)
{
	for (uint32_t slot = slot_of(hash); ring->table[slot]; slot = (slot + 1) & (TABLE - 1))
		if (ring->table[slot] == hash)
			return true;
	return false;
}

static void table_add(struct seen_ring *ring, uint64_t hash)
{
	uint32_t slot = slot_of(hash);
	while (ring->table[slot])
		slot = (slot + 1) & (TABLE - 1);
	ring->table[slot] = hash;
}

/* Removal closes the gap, so that no probe ends early. */
static void table_remove(struct seen_ring *ring, uint64_t hash)
{
	uint32_t gap = slot_of(hash);
	while (ring->table[gap] != hash)
		gap = (gap + 1) & (TABLE - 1);
	for (uint32_t at = (gap + 1) & (TABLE - 1); ring->table[at]; at = (at + 1) & (TABLE - 1)) {
		uint32_t home = slot_of(ring->table[at]);
		if (((at - home) & (TABLE - 1)) >= ((at - gap) & (TABLE - 1))) {
			ring->table[gap] = ring->table[at];
			gap = at;
		}
	}
	ring->table[gap] = 0;
}

bool site_seen(struct site *site, const char *device, const char *message_id)
{
	if (!message_id)
		return false;
	uint64_t hash = index_hash(device) * 1099511628211u ^ index_hash(message_id);
	hash ^= hash >> 29;
	if (!hash)
		hash = 1;
	if (!site->seen)
		site->seen = NEW(struct seen_ring);
	struct seen_ring *ring = site->seen;
	if (table_has(ring, hash))
		return true;
	if (ring->order[ring->next])
		table_remove(ring, ring->order[ring->next]);
	ring->order[ring->next] = hash;
	ring->next = (ring->next + 1) % SEEN_MAX;
	table_add(ring, hash);
	return false;
}

void seen_destroy(struct seen_ring *ring)
{
	free(ring);
}
