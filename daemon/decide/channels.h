/* Whether the ways out work.
 *
 * A way is one channel to one recipient at one address. It changes by how attempts over it end, and
 * by time:
 *
 *     WORKS ----- not accepted -----> DOUBTED --- patience over ---> FAILS
 *       ^                                | ^                           |
 *       +----------- accepted -----------+ +-- its channel works again |
 *       +------------------------- accepted ---------------------------+
 *
 * WORKS     accepted last, or nothing is known.
 * DOUBTED   An attempt that left was not accepted. What no repetition changes (a refusal,
 *           being shut out, no answer in all the time there is) is doubted for a second only,
 *           in which it may be heard that others fare better; anything else for ten, and as
 *           long as the service has asked for, up to two minutes in all: no failure puts off
 *           what those before it have earned. A lone hiccup that nothing has followed is asked
 *           again by a test before anybody hears of it.
 * FAILS     There is a trouble incident, until something is accepted. So that this is noticed,
 *           a test that says so goes on being tried, ever more seldom; of a channel's ways a
 *           few at most have one, and outside lines none: they are asked by the next alarm.
 *
 * A channel is dead when ways over it fail and nothing has lately got through to anybody else;
 * where it has more than one address, when more than one is failing. Its trouble is then
 * "channel:ID"; else it is that of the contact, "contact:PERSON/ID". There is one incident of each
 * subject; when a person has resolved it and the way still fails, the next failure opens another.
 * When a dead channel works again, its other ways that have a test are doubted anew and asked at
 * once, the rest are forgotten.
 *
 * What is held back by ourselves, or could not be written, says nothing. All of it is memory: a
 * start finds what fails in the tests that are under way and the troubles that are open. */
#ifndef TOCSIN_DECIDE_CHANNELS_H
#define TOCSIN_DECIDE_CHANNELS_H

#include "base/index.h"
#include "decide/model.h"
#include "decide/timers.h"

enum way_state { WAY_WORKS, WAY_DOUBTED, WAY_FAILS };

struct way {                      /* heap */
	char *name;               /* of the three below and the kind: what it is found by */
	enum recipient_kind kind; /* PERSON or CHANNEL */
	char *who, *channel, *to; /* to: NULL where the channel has one address only */
	enum way_state state;
	steady_ms accepted; /* last; 0: never in this life */
	steady_ms since;    /* the first failure, where it does not work */
	uint32_t failures;  /* since then */
	bool for_good;      /* the last is one that no repetition changes */
	char *detail;       /* of the last, a line for people */
	uint64_t test;      /* the number of the one that goes on being tried; 0 none */
	struct timer due;   /* DOUBTED: the end of the patience */
};

struct ways { /* zeroed: nothing is known */
	struct way **items;
	uint32_t count, cap;
	struct index index;
};
void ways_finish(struct ways *);

#endif
