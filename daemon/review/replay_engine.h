/* Inside the replay: what the record is applied to (replay.c), and what of a row of the record is
 * applied (replay_rows.c). */
#ifndef TOCSIN_REVIEW_REPLAY_ENGINE_H
#define TOCSIN_REVIEW_REPLAY_ENGINE_H

#include "base/json.h"
#include "review/replay.h"

struct recorded { /* an incident of the record */
	char id[INCIDENT_ID_MAX];
	char *zone, *subject;
	enum incident_kind kind;
};

struct recorded_standing { /* a silence, a drill, ... of the record */
	char *id, *zone, *device, *post;
};

struct version { /* of the configuration, in force since its entry */
	char hash[65];
	const struct site_def *def;
};

struct engine {
	struct replay *out;
	struct store *store;
	uint64_t last; /* the seq of the entry before */
	struct site *site;
	const struct site_def *def;
	struct plan plan;
	struct replay_reader reader;
	const struct replay_watch *watch;
	bool simulate;
	bool down;         /* the service was: time passes without it */
	bool begun;        /* a turn: */
	struct moment now; /* its time */
	struct recorded *recorded;
	uint32_t recorded_count, recorded_cap;
	struct version *versions;
	uint32_t version_count, version_cap, version; /* the next one */
	struct moment *starts;                        /* of the service */
	uint32_t start_count, start_cap, start;       /* the next one */
	struct recorded_standing *standings;
	uint32_t standing_count, standing_cap;
};

/* ---- replay.c ---- */

/* In the turn that the engine is in. */
void replay_apply(struct engine *, const struct event *);
/* Silence is an entry of its own: what was heard without changing anything is not in the ledger. */
void replay_hush(struct engine *, uint32_t device);
void replay_hush_all(struct engine *);

/* ---- replay_rows.c ---- */

/* What later rows name: the incident that it opens, the standing order that it is about. */
void replay_remember(struct engine *, const struct ledger_row *, const cJSON *data);
struct recorded *replay_incident(struct engine *, const char *id); /* id may be NULL; NULL: none */
/* Applies what came from outside; what the core has made of it is passed over. */
void replay_take(struct engine *, const struct ledger_row *, const cJSON *data);
void replay_forget(struct engine *); /* what it remembers */

#endif
