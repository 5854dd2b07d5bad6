/* What is in the record before the session has brought it for the last time. While the disk fails
 * the session rests and the broker keeps its messages, older ones perhaps than those we hear beside
 * it; and after a cut or a death between a commit and its acknowledgements it brings all of them
 * once more, also those that changed nothing, are in no record, and are new to the life after it.
 * What was decided already stays decided, by its id; only the last word of a point counts again if
 * an older one, new to us, has moved the point since. */
#include <stdlib.h>

#include "app.h"

static const char *name_at(const void *owner, uint32_t i)
{
	return ((const struct ahead_word *)owner)[i].point;
}

static char *make_name(const struct site *site, const struct signal *signal)
{
	struct text name = {0};
	text_addf(&name, "%s\n%s\n%d", site->def->id, signal->device, (int)signal->kind);
	return text_take(&name);
}

/* An id may be as long as a message. */
static uint64_t digest(const char *id)
{
	uint64_t hash = index_hash(id);
	return hash ? hash : 1;
}

void ahead_heard(struct ahead *ahead, const struct site *site, const struct signal *signal,
                 uint64_t seq)
{
	char *name = make_name(site, signal);
	uint32_t at = index_find(&ahead->index, name, name_at, ahead->words);
	if (at == INDEX_NONE && !signal->id) {
		free(name);
		return; /* the session brings it, and nothing known stands behind it */
	}
	if (at == INDEX_NONE) {
		MEM_RESERVE(ahead->words, ahead->count, ahead->cap);
		at = ahead->count++;
		ahead->words[at] = (struct ahead_word){.point = name};
		index_add(&ahead->index, at, name_at, ahead->words);
	} else {
		free(name);
	}
	struct ahead_word *word = &ahead->words[at];
	if (seq < word->seq)
		return;
	word->id = signal->id ? digest(signal->id) : 0; /* 0: the last word is not known */
	word->seq = seq;
}

bool ahead_is_last(struct ahead *ahead, const struct site *site, const struct signal *signal)
{
	if (!ahead->count || !signal->id)
		return false;
	char *name = make_name(site, signal);
	uint32_t at = index_find(&ahead->index, name, name_at, ahead->words);
	free(name);
	struct ahead_word *word = at == INDEX_NONE ? NULL : &ahead->words[at];
	if (!word || word->id != digest(signal->id))
		return false;
	word->id = 0;
	return true;
}

void ahead_forget(struct ahead *ahead)
{
	for (uint32_t i = 0; i < ahead->count; i++)
		free(ahead->words[i].point);
	free(ahead->words);
	index_finish(&ahead->index);
	*ahead = (struct ahead){0};
}
