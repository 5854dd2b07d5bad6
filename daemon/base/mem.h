/* Memory that is always there: these never return NULL. When the system has none left the
 * process ends with a line that says so; what was not committed was not acknowledged and
 * comes again, so ending is the one answer that cannot lose an alarm half way. */
#ifndef TOCSIN_BASE_MEM_H
#define TOCSIN_BASE_MEM_H

#include <stdbool.h>
#include <stddef.h>

void *mem_new(size_t size);                     /* zeroed; free() it */
void *mem_new_array(size_t count, size_t size); /* zeroed; overflow ends the process */
void *mem_grow(void *at, size_t count, size_t size);
char *mem_copy(const char *text); /* NULL stays NULL */

/* Gives what was freed back to the machine: after something large that does not come again soon. */
void mem_trim(void);

#define NEW(type) ((type *)mem_new(sizeof(type)))
#define NEW_ARRAY(type, count) ((type *)mem_new_array((count), sizeof(type)))

/* Makes room for one more in a {items, count, cap} array. */
#define MEM_RESERVE(items, count, cap) MEM_RESERVE_FROM(8, items, count, cap)
/* As many as `first` at the beginning: for arrays of which there are thousands. */
#define MEM_RESERVE_FROM(first, items, count, cap)                                                 \
	do {                                                                                       \
		if ((count) == (cap)) {                                                            \
			(cap) = (cap) ? (cap)*2 : (first);                                         \
			(items) = mem_grow((items), (cap), sizeof *(items));                       \
		}                                                                                  \
	} while (0)

/* An arena: many small things of one lifetime, freed together. A zeroed one is valid. */
struct arena_block;
struct arena {
	struct arena_block *blocks;
};

void *arena_new(struct arena *, size_t size);       /* zeroed, aligned for any type */
char *arena_copy(struct arena *, const char *text); /* NULL stays NULL */
char *arena_copy_len(struct arena *, const char *text, size_t len);
void arena_reset(struct arena *);  /* empties it, keeping one block for the next use */
void arena_finish(struct arena *); /* frees all; the arena is valid and empty again */

#define ARENA_ARRAY(arena, type, count) ((type *)arena_new((arena), (count) * sizeof(type)))

#endif
