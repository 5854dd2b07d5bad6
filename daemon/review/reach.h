/* When each contact of a site's people was last proven to reach them: from the tests that they have
 * confirmed. */
#ifndef TOCSIN_REVIEW_REACH_H
#define TOCSIN_REVIEW_REACH_H

#include "store/store.h"

struct reach {
	wall_ms tested, proven; /* 0: never */
	bool waiting;           /* the last test has not been confirmed yet */
};

/* person_count * CONTACTS_MAX of them, by person and contact; heap, NULL (and *error) if the store
 * cannot be read. */
struct reach *reach_load(struct store *, const struct site_def *, int *error);

/* site, id, name, contacts: [{channel, nth, tested, proven, waiting}]. Channels only: how to reach
 * a person is nobody's business here. */
void reach_write_person(struct text *, const struct site_def *, uint32_t person,
                        const struct reach *);

#endif
