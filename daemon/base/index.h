/* Finds array positions by name: an open-addressing table of 4-byte positions over an array that
 * the caller owns, 8 bytes an item at most. A zeroed one is valid and empty. */
#ifndef TOCSIN_BASE_INDEX_H
#define TOCSIN_BASE_INDEX_H

#include <stddef.h>
#include <stdint.h>

#define INDEX_NONE UINT32_MAX

/* The name of the item at a position of the caller's array. */
typedef const char *(*index_name)(const void *owner, uint32_t position);

struct index {
	uint32_t *slots; /* position + 1; 0 is free */
	uint32_t cap, count;
};

uint64_t index_hash(const char *name); /* the same in every run: replay depends on it */
/* The same letter by letter, for who looks at each anyway. FNV-1a. */
#define INDEX_HASH_BEGIN UINT64_C(14695981039346656037)
static inline uint64_t index_hash_add(uint64_t hash, char letter)
{
	return (hash ^ (unsigned char)letter) * UINT64_C(1099511628211);
}
static inline uint64_t index_hash_end(uint64_t hash)
{
	return hash ^ hash >> 32;
}
uint64_t index_hash_bytes(const void *bytes, size_t len); /* that may hold a NUL */
uint32_t index_find(const struct index *, const char *name, index_name, const void *owner);
/* The same, for who looks into several: hash is the name's. */
uint32_t index_find_hashed(const struct index *, uint64_t hash, const char *name, index_name,
                           const void *owner);
/* The name must not be in it yet. */
void index_add(struct index *, uint32_t position, index_name, const void *owner);
void index_finish(struct index *);

#endif
