/* The only place that reads a clock.
 *
 * Two clocks travel with every event:
 *   wall    what people read: Unix time in ms, UTC; may step either way.
 *   steady  the service's own time: it never steps, and it goes on over restarts and
 *           reboots. Every deadline lies on it, so that no change of the wall clock
 *           moves a deadline later.
 * Steady time follows CLOCK_BOOTTIME, which counts suspended time too. Over a restart
 * it continues from the last committed anchor: by boot time within one boot, by the
 * wall clock over a reboot (a reboot whose wall clock went back adds nothing; once a later
 * step has brought it beyond the anchor, the time away is known and counts).
 */
#ifndef TOCSIN_BASE_CLOCK_H
#define TOCSIN_BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

typedef int64_t wall_ms;   /* Unix time, ms, UTC */
typedef int64_t steady_ms; /* ms on the service's own time, from 0 at its first start */
typedef int64_t span_ms;   /* a length of time */

#define NEVER INT64_MAX /* a deadline that does not come; for wall_ms and steady_ms */
#define SECONDS(n) ((span_ms)(n)*1000)
#define MINUTES(n) SECONDS((span_ms)(n)*60)
#define HOURS(n) MINUTES((span_ms)(n)*60)
#define DAYS(n) HOURS((span_ms)(n)*24)

struct moment {
	wall_ms wall;
	steady_ms steady;
};

#define BOOT_ID_LEN 36

/* What the store keeps so that steady time goes on over a restart. */
struct clock_anchor {
	char boot[BOOT_ID_LEN + 1]; /* /proc/sys/kernel/random/boot_id; "" at the first start */
	int64_t boottime;           /* CLOCK_BOOTTIME, ms */
	struct moment moment;
};

/* A step of the wall clock against steady time. */
struct clock_jump {
	wall_ms before, after; /* what the wall clock would have said, and what it says */
};

struct clock {
	char boot[BOOT_ID_LEN + 1];
	int64_t offset;     /* steady - boottime */
	int64_t wall_base;  /* wall - boottime, as last seen */
	bool unsure;        /* rebooted with a wall clock that went back */
	int64_t known_base; /* wall - boottime at which no time would have passed since the anchor
	                     */
};

/* Starts from the anchor of the last commit, or from steady 0 with NULL.
 * downtime (may be NULL) gets the time since the anchor, as far as it is known. */
void clock_start(struct clock *, const struct clock_anchor *last, span_ms *downtime);

/* Now. Returns true, and tells what happened in jump (may be NULL), when the wall clock
 * stepped by more than a second against steady time since the last call. */
bool clock_now(struct clock *, struct moment *now, struct clock_jump *jump);

/* The anchor to commit with the turn that happens now. */
struct clock_anchor clock_anchor(const struct clock *, struct moment now);

/* Raw monotonic nanoseconds, for measuring how long something took. */
int64_t clock_stopwatch_ns(void);
/* CPU time of the calling thread, likewise. */
int64_t clock_cpu_ns(void);

#endif
