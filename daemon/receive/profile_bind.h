/* From what a message says to what it means for a site: which device of which site speaks, and what
 * that device's line in the site file makes of it (its kind, its polarity, its codes, the bounds of
 * its numbers). */
#ifndef TOCSIN_RECEIVE_PROFILE_BIND_H
#define TOCSIN_RECEIVE_PROFILE_BIND_H

#include "receive/profile.h"
#include "receive/signals.h"

struct binding {
	const char *key; /* profile and address */
	const struct site_def *site;
	uint32_t device;
	uint32_t next; /* the same address in another site, or POSITION_NONE */
};

struct bindings { /* zeroed: none */
	struct arena arena;
	struct binding *items;
	uint32_t count, cap;
	struct index index;
};

/* The definitions stay the caller's and must outlive the bindings. */
void bindings_make(struct bindings *, struct site_def *const *, uint32_t count);
void bindings_finish(struct bindings *);
/* The first binding of a device, by address, or by the other name that it goes by; or
 * POSITION_NONE. alias may be NULL. */
uint32_t bindings_find(const struct bindings *, const struct profile *, const char *address,
                       const char *alias);

/* Whose a statement is: the point's of its device that it is of, or the device's. */
uint32_t bindings_of(const struct bindings *, const struct profile *, const struct statement *);

/* The site that hears of a profile's strangers: the first that uses it, or the first of all; NULL
 * where there is none. */
const struct site_def *profile_home(struct site_def *const *, uint32_t count,
                                    const struct profile *);
/* What a statement says of somebody who is not in a site file; false: nothing by itself. */
bool stranger_says(const struct statements *, const struct statement *, bool retained,
                   struct stranger *out);

/* How far the statements from `first` on are of the same device. */
uint32_t statements_of_device(const struct statements *, uint32_t first);

/* What statements [first, end) mean for a device, as signals; resets out. A status is not among
 * them. why (may be NULL) is set where the device says something that its line in the site file
 * does not explain. */
void statements_bind(const struct statements *, uint32_t first, uint32_t end,
                     const struct site_def *, uint32_t device, wall_ms now, struct signals *out,
                     struct problem *why);

/* The bounds of a native message's numbers: a fault signal joins what is in out already. */
void numbers_bind(const struct device *, const void *bytes, size_t len, struct signals *out);

#endif
