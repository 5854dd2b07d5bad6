/* Signatures checked beside the pass over the ledger, on a second core: an Ed25519 check costs as
 * much as hashing hundreds of entries. */
#ifndef TOCSIN_STORE_SEAL_CHECK_H
#define TOCSIN_STORE_SEAL_CHECK_H

#include "store/seal.h"

/* A seal that does not hold, told when the checker is closed, in no order. from and seq are what
 * was given with it. */
typedef void (*seal_broken)(void *ctx, uint32_t chain, uint64_t from, uint64_t seq);

struct seal_checker;
struct seal_checker *seal_checker_open(void);
/* Takes a copy; site lives until the checker is closed. Waits while the other side is far behind.
 */
void seal_checker_add(struct seal_checker *, const struct seal *, const char *site, uint32_t chain,
                      uint64_t from, uint64_t seq);
/* Waits for all of them. NULL is fine; so is no visit. */
void seal_checker_close(struct seal_checker *, seal_broken, void *ctx);

#endif
