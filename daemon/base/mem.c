#include "base/mem.h"

#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_SIZE ((size_t)16 * 1024)

static void *there(void *at, size_t size)
{
	if (at)
		return at;
	fprintf(stderr,
	        "tocsin: out of memory (%zu bytes asked for); ending, nothing committed is lost\n",
	        size);
	abort();
}

void *mem_new(size_t size)
{
	return there(calloc(1, size ? size : 1), size);
}

void *mem_new_array(size_t count, size_t size)
{
	if (!count || !size)
		count = size = 1;
	return there(calloc(count, size), size);
}

void *mem_grow(void *at, size_t count, size_t size)
{
	return there(reallocarray(at, count, size), size);
}

char *mem_copy(const char *text)
{
	if (!text)
		return NULL;
	return there(strdup(text), strlen(text));
}

void mem_trim(void)
{
	(void)malloc_trim(0);
}

struct arena_block {
	struct arena_block *next;
	size_t used, size;
	_Alignas(max_align_t) unsigned char at[];
};

void *arena_new(struct arena *arena, size_t size)
{
	size_t step = (size + _Alignof(max_align_t) - 1) & ~(_Alignof(max_align_t) - 1);
	if (step < size)
		there(NULL, size);
	struct arena_block *block = arena->blocks;
	if (!block || block->size - block->used < step) {
		size_t room = step > BLOCK_SIZE ? step : BLOCK_SIZE;
		block = there(malloc(sizeof *block + room), room);
		*block = (struct arena_block){.next = arena->blocks, .size = room};
		arena->blocks = block;
	}
	void *out = block->at + block->used;
	block->used += step;
	return memset(out, 0, size);
}

char *arena_copy_len(struct arena *arena, const char *text, size_t len)
{
	char *out = arena_new(arena, len + 1);
	memcpy(out, text, len);
	return out;
}

char *arena_copy(struct arena *arena, const char *text)
{
	return text ? arena_copy_len(arena, text, strlen(text)) : NULL;
}

void arena_reset(struct arena *arena)
{
	struct arena_block *keep = NULL;
	while (arena->blocks) {
		struct arena_block *next = arena->blocks->next;
		if (!keep && arena->blocks->size == BLOCK_SIZE)
			keep = arena->blocks;
		else
			free(arena->blocks);
		arena->blocks = next;
	}
	if (keep)
		*keep = (struct arena_block){.size = keep->size};
	arena->blocks = keep;
}

void arena_finish(struct arena *arena)
{
	while (arena->blocks) {
		struct arena_block *next = arena->blocks->next;
		free(arena->blocks);
		arena->blocks = next;
	}
}
