/* What the ledger's incident.* entries alone tell of each incident, compared with the store's
 * rows. It knows the words of the entries and none of the rules that led to them, so that a record
 * of years is judged the same by every later version. */
#ifndef TOCSIN_STORE_FOLD_H
#define TOCSIN_STORE_FOLD_H

#include "store/store.h"

struct fold;

/* unequal is called with an incident, the seq of the last entry about it, and what differs. */
typedef void (*fold_unequal)(void *ctx, const char *incident, uint64_t seq, const char *what);

struct fold *fold_open(struct store *, fold_unequal, void *ctx);
void fold_close(struct fold *); /* NULL is fine */

/* One entry, in the order of the ledger. Incidents that end are compared and forgotten. */
int fold_entry(struct fold *, const struct ledger_row *) MUST_USE;
/* Compares those that have not ended; at the end of a site's ledger. */
int fold_end(struct fold *, uint64_t *incidents) MUST_USE;

#endif
