/* A busy month of a site, as the daemon would have recorded it: the real configuration, core and
 * store under a virtual clock, with random sensors, random receivers, people who react, starts,
 * stops, crashes and steps of the clock. The same seed gives the same month. */
#ifndef TOCSIN_TESTS_MONTH_H
#define TOCSIN_TESTS_MONTH_H

#include "base/problem.h"
#include "config/config.h"

struct month {
	uint64_t seed;
	int days;
	/* Entries to write; 0: as many as come. The sensors are made to say as much as it takes. */
	uint64_t entries;
	/* A copy as somebody might put it back later; NULL: none. */
	const char *copy_to;
	int copy_after; /* days */
};

struct month_facts {
	uint64_t entries, turns, incidents, operations, starts;
	wall_ms until; /* when it ends */
};

/* Into the store of the configuration, which must be new; of its first site. */
int month_write(const struct service_config *, const struct month *, struct month_facts *,
                struct problem *why) MUST_USE;

#endif
