/* What stands for a while: a handover, a silence, a drill, an arming by hand, ... Each begins with
 * somebody's word or with the calendar's, has an end of its own, survives restarts as a row of the
 * store, and is kept there when it is over.
 *
 * One struct for all of them, since they are listed, timed, stored and ended alike; the comments
 * say which members a type uses. The rest are NULL, 0 or false. */
#ifndef TOCSIN_DECIDE_STANDING_H
#define TOCSIN_DECIDE_STANDING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "decide/timers.h"

enum standing_type {
	STANDING_POST,     /* who was seen on duty at a post last: post, people */
	STANDING_HANDOVER, /* from people to `to`, of a post's incidents or of one incident */
	STANDING_TYPE_COUNT,
};
const char *standing_type_name(enum standing_type); /* "handover" */
enum standing_type standing_type_from_name(const char *);

#define STANDING_ID_MAX 96 /* "binjiang-handover-12" */

struct standing {
	enum standing_type type;
	uint32_t number; /* of this site */
	char id[STANDING_ID_MAX];
	const char *by, *note; /* who began it and why; heap, as all ids here */
	const char *zone, *device, *post, *incident, *to;
	const char **people; /* POST: on duty; HANDOVER: outgoing, who stay reachable */
	uint32_t people_count;
	uint32_t hidden; /* HANDOVER: how often it was not accepted in time */
	struct moment since;
	wall_ms until;        /* when it ends by itself; 0: not by the clock */
	struct timer due;     /* its end, or when it must be looked at */
	struct moment ended;  /* {0} while it stands */
	const char *ended_by; /* or NULL: by itself */
	const char *end;      /* how it ended: "accepted", "its time is over", ... */
	bool touched;
};

static inline bool standing_is_over(const struct standing *s)
{
	return s->ended.wall != 0;
}

struct standing *standing_create(void);
void standing_destroy(struct standing *); /* NULL is fine */
/* For the API, the command and the store alike. */
void standing_write_json(struct text *, const char *name, const char *site_id,
                         const struct standing *);
/* Fills all but the timer and steady times, which JSON does not carry. False if it is none. */
bool standing_read_json(const char *json, struct standing *);

#endif
