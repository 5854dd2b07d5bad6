/* Devices that were heard and are in no site file: what `tocsin devices --unknown` prints and
 * GET /api/v1/devices/unknown answers. */
#ifndef TOCSIN_REVIEW_UNKNOWN_H
#define TOCSIN_REVIEW_UNKNOWN_H

#include "decide/site.h"
#include "store/store.h"

struct unknown { /* of one site and address; the latest entry counts */
	const struct site_def *site;
	char *address, *data; /* heap; data: {"profile", "kind", "line"} */
	wall_ms heard;
};

struct unknowns { /* zeroed: none */
	struct unknown *items;
	uint32_t count, cap;
};

/* Adds those of one site; what has been written into its file since is left out. */
int unknowns_add(struct unknowns *, struct store *, const struct site_def *) MUST_USE;
/* An array item: site, address, profile, kind, heard, line. */
void unknown_write_json(struct text *, const struct unknown *);
void unknowns_finish(struct unknowns *);

#endif
