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
	STANDING_POST,      /* who was seen on duty at a post last: post, names */
	STANDING_HANDOVER,  /* from names to `to`, of a post's incidents or of one incident */
	STANDING_ARMING,    /* by hand: zone, armed, names */
	STANDING_ENTRY,     /* an entry delay that runs: zone, device, kinds */
	STANDING_SILENCE,   /* zone or device, kinds, hidden */
	STANDING_DRILL,     /* zone, kinds, announced, names */
	STANDING_WALK_TEST, /* device, hidden */
	STANDING_OVERRIDE,  /* names hold a post, or two change places: post, begins, until */
	STANDING_PROOF,  /* a test through one contact waits for the tap: by (NULL: the schedule's),
	                    to, channel, nth, notification */
	STANDING_REACH,  /* a person's tests by the schedule: to; due: the next one */
	STANDING_RULE,   /* what a rule waits for: rule, and device and kinds, or names and zone */
	STANDING_HAZARD, /* zone, device, incident it came from; by reported it, to remedies it
	                    until `until`; remedy, remedied_by: waits for another person's check */
	STANDING_HEAD,   /* the daily head of the record: due, the next one */
	STANDING_REPORTING,  /* incident, rule: the duty; to, until; hidden: how often it was told
	                        of; made: when, once it is over */
	STANDING_DRILL_PLAN, /* rule: of the site file; begins: its next time */
	STANDING_FLOOD,      /* to, or channel: its lesser incidents come in digests; hidden */
	STANDING_CHATTER,    /* device, kinds: comes and goes all the time; hidden */
	STANDING_TEST_MARK,  /* device, note: its address; mark: what became of it since */
	STANDING_STRANGER,   /* device: its address, kinds: what of it a person has dealt with */
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
	const char *zone, *device, *post, *incident, *to, *rule;
	const char *channel, *notification, *remedy, *remedied_by, *mark;
	/* POST: on duty. HANDOVER: outgoing, who stay reachable. ARMING: devices that were open and
	 * are left out until they close. DRILL: its incidents. OVERRIDE: who hold the post, or
	 * the two who change places. RULE: what it has counted. */
	const char **names;
	uint32_t name_count;
	const char **zones; /* DRILL, where it has more than one: all of them; zone is the first */
	uint32_t zone_count;
	uint32_t kinds; /* bit per enum kind; DRILL: per enum incident_kind; 0: all there may be */
	bool armed;     /* ARMING */
	bool announced; /* DRILL */
	/* SILENCE, WALK_TEST, CHATTER: signals that raised nothing. FLOOD: what digests carried.
	 * HANDOVER, HAZARD: how often it was late. */
	uint32_t hidden;
	uint32_t nth; /* PROOF: of the person's contacts on the channel, from 1 */
	struct moment since;
	wall_ms begins; /* OVERRIDE: it may lie ahead. REPORTING: the first one's beginning */
	wall_ms made;
	bool swap;            /* OVERRIDE */
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

/* "open", "remedied" (waits for the check) or "closed". */
const char *hazard_stage(const struct standing *);

struct standing *standing_create(void);
void standing_destroy(struct standing *); /* NULL is fine */
/* The bits that a word stands for: a kind of signal, or all that raise a kind of incident; for a
 * drill kinds of incidents. 0: no such word. */
uint32_t kinds_from_name(enum standing_type, const char *word);
void kinds_write_json(struct text *, enum standing_type, uint32_t kinds); /* member "kinds" */
/* For the API, the command and the store alike. */
void standing_write_json(struct text *, const char *name, const char *site_id,
                         const struct standing *);
/* Fills all but the timer and steady times, which JSON does not carry. False if it is none. */
bool standing_read_json(const char *json, struct standing *);

#endif
