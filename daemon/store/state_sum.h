/* What is stored beside the ledger, as a sum that each commit can seal: so that no column of it is
 * changed unseen.
 *
 *     row     SHA-256( F(table) F(column) F(column) ... )                       F: ledger.h
 *             all columns in their order; where one names a policy, the policy's hash stands for it
 *     sum     of the site's rows, each digest stretched to 2048 bits (base/crypto.h), little end
 *             first, modulo 2^2048
 *     digest  SHA-256( F("tocsin state 1") F(STATE_VERSION) F(next_notification) F(next_incident)
 *                      F(incident_year) F(sum) )
 *
 * Rows are added in any order and taken away again, so that a commit costs what it writes and not
 * what there is. The sum is long because sums of many short numbers can be forged: whoever may
 * choose the addends finds some that add up as wanted (Wagner 2002); at this length it takes 2^90
 * tries.
 *
 * While a site is committed SQLite itself tells of each row before and after a change, so that no
 * writer can forget to. */
#ifndef TOCSIN_STORE_STATE_SUM_H
#define TOCSIN_STORE_STATE_SUM_H

#include "base/crypto.h"
#include "base/problem.h"

#define STATE_SUM_LEN 256

/* The last migration that made or changed one of the summed tables: a store that was sealed with
 * this one is held against its sum whatever came since, and only an earlier one's is made anew. */
#define STATE_VERSION 19

struct state_sum {
	uint8_t bytes[STATE_SUM_LEN];
};

struct state_counters { /* of the site's row */
	int64_t next_notification, next_incident, incident_year;
};

struct store;

/* The digest of a sum that was made of the tables of this version. */
void state_digest(struct sha256 *, int64_t version, const struct state_counters *,
                  const struct state_sum *, uint8_t out[SHA256_LEN]);

/* All rows that are stored: each into the sum that of_site gives for its site, or, where it gives
 * NULL, counted as a stray. Policies that are not what their hash says are counted too. */
typedef struct state_sum *(*state_sum_of)(void *ctx, int64_t site);
struct state_strays {
	uint64_t rows, policies;
};
int state_sum_stored(struct store *, state_sum_of, void *ctx, struct state_strays *,
                     struct problem *why) MUST_USE;

/* ---- for the writer ---- */

struct summing; /* one for a store */
/* All of the store's policies have to be read: a sum that is made without one is sealed and never
 * holds again. */
int summing_open(struct store *, struct summing **out, struct problem *why) MUST_USE;
void summing_close(struct summing *); /* NULL is fine */
/* From now on what is written counts for this sum; NULL: for none. */
void summing_into(struct summing *, struct state_sum *);
/* A policy's number, whenever it was looked up or written. */
void summing_policy(struct summing *, int64_t number, const uint8_t hash[SHA256_LEN]);
/* False once a row could not be told of: then the commit must not succeed. */
bool summing_is_whole(const struct summing *);

#endif
