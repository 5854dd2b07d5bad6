/* What is old is removed, and the record says so.
 *
 * Removed are entries older than the store's `keep` that no incident has a part in and that are of
 * passing interest: what sensors said in peace, what nobody understood, tests of people's reach.
 * Incidents with all that belongs to them, what people did, configurations, keys, starts, stops
 * and the seals stay for good.
 *
 * Each pass removes a bounded number of entries and leaves an entry of type `retention` behind,
 * with a checkpoint after it, whose digest is over the runs it removed:
 *
 *     digest = SHA-256( for each run, in their order: F(first) F(last) hash of the last )
 *
 * so that who has no key can remove nothing more under its name. */
#ifndef TOCSIN_STORE_RETENTION_H
#define TOCSIN_STORE_RETENTION_H

#include "store/sql.h"

#define RETENTION_AT_ONCE 4000 /* entries in one pass: some tens of ms */
#define RETENTION_EVERY MINUTES(15)
#define RETENTION_ON SECONDS(1) /* from a pass that has left something to the next */

/* One pass, if anything is old enough. Returns how many entries went. */
int retention_pass(struct store *, const struct site *, struct site_head *, struct moment now,
                   struct problem *why) MUST_USE;

/* A turn with passes was written. */
void retention_passed(struct store *, steady_ms now);

/* The digest over the runs that the entry at seq removed, and how many they are. */
int retention_digest(struct store *, int64_t site, uint64_t entry, uint8_t out[SHA256_LEN],
                     uint64_t *runs) MUST_USE;
/* One run more in a digest that is being made. */
void retention_digest_add(struct sha256 *, uint64_t first, uint64_t last,
                          const uint8_t hash[SHA256_LEN]);

#endif
