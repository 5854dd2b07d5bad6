/* What is looked up to be shown: what runs is in memory, what is over in the store. While the disk
 * fails the store lags behind, and memory alone knows; so it is asked first, always. */
#ifndef TOCSIN_REVIEW_LOOKUP_H
#define TOCSIN_REVIEW_LOOKUP_H

#include "review/http.h"

struct looked_up {
	const struct incident *incident;
	const char *site_id;
	const struct site_def *def; /* its site's, or NULL where that is served no more */
	const struct site *site;    /* whose memory it is in, or NULL */
	struct incident *loaded;    /* from the store, or NULL */
	char *loaded_site;
};

/* 0, -ENOENT, or another negative errno of the store. */
int lookup_incident(const struct review_service *, const char *id, struct looked_up *out) MUST_USE;
void looked_up_finish(struct looked_up *);

/* The site that has it in hand, or NULL. */
const struct site *lookup_site_with(const struct review_service *, const char *incident);

/* As store_link_target. */
int lookup_link_target(const struct review_service *, uint32_t site_store_id, uint64_t notification,
                       struct link_target *out) MUST_USE;

#endif
