#include "base/index.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* The names come from the site file, not from strangers, so flooding is no concern. */
uint64_t index_hash(const char *name)
{
	uint64_t hash = INDEX_HASH_BEGIN;
	for (; *name; name++)
		hash = index_hash_add(hash, *name);
	return index_hash_end(hash);
}

uint64_t index_hash_bytes(const void *bytes, size_t len)
{
	uint64_t hash = INDEX_HASH_BEGIN;
	for (size_t i = 0; i < len; i++)
		hash = index_hash_add(hash, ((const char *)bytes)[i]);
	return hash ^ len;
}

static void place(struct index *index, uint32_t position, const char *name)
{
	uint32_t slot = (uint32_t)index_hash(name) & (index->cap - 1);
	while (index->slots[slot])
		slot = (slot + 1) & (index->cap - 1);
	index->slots[slot] = position + 1;
}

static void grow(struct index *index, index_name name_of, const void *owner)
{
	struct index wider = {.cap = index->cap ? index->cap * 2 : 16, .count = index->count};
	wider.slots = NEW_ARRAY(uint32_t, wider.cap);
	for (uint32_t i = 0; i < index->cap; i++)
		if (index->slots[i])
			place(&wider, index->slots[i] - 1, name_of(owner, index->slots[i] - 1));
	free(index->slots);
	*index = wider;
}

uint32_t index_find(const struct index *index, const char *name, index_name name_of,
                    const void *owner)
{
	if (!index->cap)
		return INDEX_NONE;
	return index_find_hashed(index, index_hash(name), name, name_of, owner);
}

uint32_t index_find_hashed(const struct index *index, uint64_t hash, const char *name,
                           index_name name_of, const void *owner)
{
	if (!index->count)
		return INDEX_NONE;
	uint32_t slot = (uint32_t)hash & (index->cap - 1);
	for (; index->slots[slot]; slot = (slot + 1) & (index->cap - 1))
		if (strcmp(name_of(owner, index->slots[slot] - 1), name) == 0)
			return index->slots[slot] - 1;
	return INDEX_NONE;
}

void index_add(struct index *index, uint32_t position, index_name name_of, const void *owner)
{
	if (index->count + 1 > index->cap / 4 * 3)
		grow(index, name_of, owner);
	place(index, position, name_of(owner, position));
	index->count++;
}

void index_finish(struct index *index)
{
	free(index->slots);
	*index = (struct index){0};
}
