/* A page of incidents: those that run are in memory, those that are over in the store, and both are
 * merged into one list, the newest first. It is begun on the loop, which takes down what runs, and
 * read anywhere: so it says how things stood when it was begun. */
#ifndef TOCSIN_REVIEW_INCIDENT_LIST_H
#define TOCSIN_REVIEW_INCIDENT_LIST_H

#include "base/index.h"
#include "review/incident_search.h"
#include "review/lookup.h"

struct incident_list {
	struct incident_filter filter; /* of the store; its texts are borrowed, or are those here */
	struct incident_search search;
	const struct site_def **defs; /* of all that are served, a NULL behind the last */
	uint32_t limit;
	struct looked_up after; /* what the page before ended with */
	struct incident_place behind;
	struct text sites;                /* that are served, as JSON */
	char (*running)[INCIDENT_ID_MAX]; /* all that is in memory, */
	uint32_t running_count;
	struct index by_id;
	struct listed *fitting; /* and what of it is on this page at most */
	uint32_t fitting_count;
};

/* -ENOENT: the filter's `after` is none. The filter's limit there must be. */
int incident_list_begin(struct incident_list *, const struct review_service *,
                        const struct incident_filter *, const struct incident_search *) MUST_USE;
/* {"items": [...], "next": ...} into out; may be done again. A page of a search may have fewer
 * items than asked for, or none, and a next all the same: it looks through so many at a time. */
int incident_list_read(struct incident_list *, struct store *, struct text *out) MUST_USE;
void incident_list_finish(struct incident_list *);

#endif
