/* How much a channel may carry. Pure: now comes in with each question.
 *
 * A limit is a number of messages within any stretch of time, as the vendors count: no burst at the
 * seam of two minutes goes over it. Its slots have three shares. First words of something critical
 * go out whatever the count says, but as they would then run into the service's own limit, as many
 * slots as the reserve are kept for them. As many again are kept for what else matters more than
 * the rest, which has half of what is not reserved at least. */
#ifndef TOCSIN_DELIVER_RATE_H
#define TOCSIN_DELIVER_RATE_H

#include <stdint.h>

#include "base/clock.h"

#define RATE_LIMITS_MAX 2
#define RATE_COUNT_MAX 1000

struct rate_limit {
	uint32_t count;   /* messages, 1 to RATE_COUNT_MAX; 0: no limit */
	span_ms per;      /* within any so long */
	uint32_t reserve; /* of them, kept for first words; below count */
};

enum weight {
	WEIGHT_LESS, /* records, tests, drills, digests, repeats of lesser things: give way first */
	WEIGHT_MORE, /* repeats and news of something critical, first words of something major */
	WEIGHT_FIRST, /* the first word of something critical: never held for the count */
};

struct rate { /* of one channel; zeroed: nothing sent yet */
	struct rate_window {
		steady_ms *sent; /* a ring of the last `count` sends */
		uint32_t count, next;
		steady_ms promised; /* the slot that was named last to one who has to wait */
	} windows[RATE_LIMITS_MAX];
	steady_ms blocked_until; /* the service has shut us out */
	steady_ms slow_until;    /* it has asked for less: what is not a first word waits */
};

/* 0: go. Else how long to wait before asking again: each who has to wait is named a slot of his
 * own, so that not all come back for the same one. */
span_ms rate_wait(struct rate *, const struct rate_limit limits[RATE_LIMITS_MAX], enum weight,
                  steady_ms now);
/* One has gone. */
void rate_sent(struct rate *, const struct rate_limit limits[RATE_LIMITS_MAX], steady_ms at);

/* The service has said so: nothing at all gets through before, or only what matters most should. */
void rate_block(struct rate *, steady_ms until);
void rate_slow(struct rate *, steady_ms until);

void rate_finish(struct rate *);

#endif
