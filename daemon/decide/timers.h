/* Deadlines on steady time, soonest first; those of one instant in the order in which they were
 * set. Timers live inside what they belong to. Setting and stopping never fail. */
#ifndef TOCSIN_DECIDE_TIMERS_H
#define TOCSIN_DECIDE_TIMERS_H

#include <stdint.h>

#include "base/clock.h"

enum timer_type {
	TIMER_STEP,
	TIMER_RESOLVE,
	TIMER_DELIVERY,
	TIMER_SILENCE,
	TIMER_RESET, /* of what clears by itself */
	TIMER_STANDING,
	TIMER_WAY,
	TIMER_CALENDAR
};

struct timer { /* zeroed: not set */
	steady_ms due;
	uint64_t order;
	union {
		void *owner;     /* the incident, the notification */
		uint32_t device; /* TIMER_SILENCE, TIMER_RESET: its position */
	};
	uint32_t place; /* 1 + position in the heap; 0: not set */
	enum timer_type type;
};

struct timers { /* zeroed: empty */
	struct timer **heap;
	uint32_t count, cap;
	uint64_t orders;
};

void timer_set(struct timers *, struct timer *, steady_ms due); /* sets, or moves */
void timer_stop(struct timers *, struct timer *);               /* fine when not set */
struct timer *timers_first(const struct timers *);              /* NULL when empty */
void timers_finish(struct timers *);

static inline steady_ms timer_due(const struct timer *timer)
{
	return timer->place ? timer->due : NEVER;
}

#endif
