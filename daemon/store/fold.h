/* What the ledger's entries alone tell of each incident (telling.h), compared with the store's
 * rows. */
#ifndef TOCSIN_STORE_FOLD_H
#define TOCSIN_STORE_FOLD_H

#include "store/store.h"

struct fold;

/* unequal is called with an incident, the seq of the last entry about it, and what differs. */
typedef void (*fold_unequal)(void *ctx, const char *site, const char *incident, uint64_t seq,
                             const char *what);

struct fold *fold_open(struct store *, fold_unequal, void *ctx);
void fold_close(struct fold *); /* NULL is fine */

/* One entry, in the order of its ledger; the site's id lives until the fold is closed. Incidents
 * that end are compared and forgotten. */
int fold_entry(struct fold *, const struct ledger_row *) MUST_USE;
/* Compares those that have not ended; at the end of all. */
int fold_end(struct fold *) MUST_USE;

#endif
