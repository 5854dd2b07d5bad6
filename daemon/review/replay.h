/* The ledger through the core again: who would have been told when.
 *
 * What came from outside (signals, what people did, the service's own events) is read back from
 * the ledger and applied at its own time to a site made of a definition, all of one turn in one;
 * timers run on the steady time of the entries. Where the given definition is the one that was in
 * force last, those before it are read from the record, the pushes' recorded results are applied
 * too, and what comes out must be what happened. With another one, or where an earlier one cannot
 * be read, every push is taken as accepted at once, and what comes out is what the given one would
 * have done. What was removed because of its age cannot happen again: what it led to may differ. */
#ifndef TOCSIN_REVIEW_REPLAY_H
#define TOCSIN_REVIEW_REPLAY_H

#include "decide/site.h"
#include "store/store.h"

struct replay_push { /* somebody told of something: as it happened, or as it would have */
	char *incident, *zone, *to; /* the incident's id; "person:li" */
	enum incident_kind kind;
	enum reason reason;
	struct moment at;
	uint32_t twin; /* position in the other list, or POSITION_NONE */
};

struct replay_list {
	struct replay_push *items;
	uint32_t count, cap;
	uint32_t incidents;
};

struct replay {
	struct replay_list was, would;
	uint64_t entries, applied;
	uint64_t removed;     /* entries that are not there any more: too old, or before a part */
	uint64_t missing;     /* entries that are not there, and nothing says why */
	uint64_t stuck;       /* entry before which more time passes than can be: the end; or 0 */
	uint64_t not_applied; /* entries of people's acts that this program cannot repeat */
	bool other; /* it is replayed with a definition that was not in force all the time */
};

/* Reads a definition from the text that the record has of it. It outlives the replay; NULL: it
 * cannot be read. */
struct replay_reader {
	const struct site_def *(*read)(void *ctx, const char *text);
	void *ctx;
};

/* Is given each turn as it was decided again, before it is settled: to be kept elsewhere. */
struct replay_watch {
	void (*begin)(void *ctx, struct site *); /* before anything is applied */
	void (*turn)(void *ctx, struct site *, const struct plan *, struct moment now);
	void *ctx;
};

/* Heap; finish with replay_finish, also after a failure. watch may be NULL, and read of reader. */
int replay_run(struct store *, const struct site_def *, struct replay_reader reader,
               const struct replay_watch *watch, struct replay *out) MUST_USE;
void replay_finish(struct replay *);

#endif
