/* What is in the record before the session has brought it for the last time. While the disk fails
 * the session rests and the broker keeps its messages, older ones perhaps than those we hear beside
 * it; and after a cut or a death between a commit and its acknowledgements it brings all of them
 * once more, also those that changed nothing, are in no record, and are new to the life after it.
 * What was decided already stays decided, by its id; only the last word of a point counts again if
 * an older one, new to us, has moved the point since. */
#include <stdlib.h>

#include "app.h"

#define PRESSES_MAX 4096
#define AWAITED_FOR MINUTES(1) /* the session brings what it holds much sooner */

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

static uint64_t said(const struct broker_message *message)
{
	return index_hash_add(index_hash(message->topic), '/') ^
	       index_hash_bytes(message->bytes, message->len);
}

bool signal_is_press(const struct signal *signal)
{
	return signal->active && (signal->press || kind_facts[signal->kind].momentary);
}

/* As a digest, for an id may be as long as a message; a press is known by what was said, too. 0: by
 * nothing. */
static uint64_t name_of(const struct signal *signal, const struct broker_message *message)
{
	if (!signal->id && !(message && signal_is_press(signal)))
		return 0;
	uint64_t hash = signal->id ? index_hash(signal->id) : said(message);
	return hash ? hash : 1;
}

void ahead_heard(struct ahead *ahead, const struct site *site, const struct signal *signal,
                 const struct broker_message *message, uint64_t seq)
{
	uint64_t word_name = name_of(signal, message);
	char *name = make_name(site, signal);
	uint32_t at = index_find(&ahead->index, name, name_at, ahead->words);
	if (at == INDEX_NONE && !word_name) {
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
	if (seq < word->seq || (!message && word->beside && word->id))
		return;
	word->id = word_name; /* 0: the last word is not known */
	word->seq = seq;
	word->beside = message && message->comes_again;
}

bool ahead_is_last(struct ahead *ahead, const struct site *site, const struct signal *signal,
                   const struct broker_message *message)
{
	uint64_t word_name = name_of(signal, message);
	if (!ahead->count || !word_name)
		return false;
	char *name = make_name(site, signal);
	uint32_t at = index_find(&ahead->index, name, name_at, ahead->words);
	free(name);
	struct ahead_word *word = at == INDEX_NONE ? NULL : &ahead->words[at];
	if (!word || word->id != word_name)
		return false;
	word->id = 0;
	return true;
}

/* ---- presses ---- */

static void drop_presses(struct ahead *ahead, bool awaited)
{
	uint32_t kept = 0;
	for (uint32_t i = 0; i < ahead->press_count; i++)
		if (ahead->presses[i].awaited != awaited)
			ahead->presses[kept++] = ahead->presses[i];
	ahead->press_count = kept;
}

bool ahead_has_press(struct ahead *ahead, const struct broker_message *message, bool watch_listens)
{
	uint64_t hash = said(message);
	bool watch = message->comes_again;
	for (uint32_t i = 0; i < ahead->press_count; i++) {
		struct ahead_press *press = &ahead->presses[i];
		if (press->said != hash ||
		    (watch ? press->awaited || press->watched : !press->awaited))
			continue;
		press->watched = true;
		press->awaited = false;
		return true;
	}
	if (message->by_lane || ahead->press_count == PRESSES_MAX)
		return false;
	MEM_RESERVE(ahead->presses, ahead->press_count, ahead->press_cap);
	ahead->presses[ahead->press_count++] = (struct ahead_press){
	        .said = hash, .awaited = watch, .watched = watch || !watch_listens};
	return false;
}

void ahead_session_cut(struct ahead *ahead)
{
	for (uint32_t i = 0; i < ahead->press_count; i++)
		ahead->presses[i].awaited = ahead->presses[i].watched = true;
}

/* A broker whose queue was full has dropped some: one said later must not be taken for its copy. */
void ahead_after_turn(struct app *app, struct moment now)
{
	struct ahead *ahead = &app->ahead;
	bool comes = app_disk_is_well(app) && broker_is_listening(app->broker);
	if (broker_is_connected(app->broker) && !broker_held(app->broker))
		drop_presses(ahead, false);
	if (!ahead->press_count || !comes)
		ahead->awaited_until = 0;
	else if (!ahead->awaited_until)
		ahead->awaited_until = now.steady + AWAITED_FOR;
	else if (now.steady >= ahead->awaited_until)
		drop_presses(ahead, true);
}

void ahead_forget(struct ahead *ahead)
{
	free(ahead->presses);
	for (uint32_t i = 0; i < ahead->count; i++)
		free(ahead->words[i].point);
	free(ahead->words);
	index_finish(&ahead->index);
	*ahead = (struct ahead){0};
}
