/* Is the record what it was when it was written?
 *
 * One pass over the ledger, in the order of its rows and in constant memory: each row hashes to the
 * next, `seq` has no hole, each checkpoint's signature holds and is by a key that the key before
 * vouched for, checkpoints lie no further apart than they are made, the end is the end that was
 * signed, and what the entries tell of each incident is what the store holds of it. What was
 * removed because it was old must be what a signed entry says (retention.h).
 *
 * What is found first in a site's ledger is named by the place and the kind of tampering that
 * explains it; where several would, by the simplest. */
#ifndef TOCSIN_STORE_VERIFY_H
#define TOCSIN_STORE_VERIFY_H

#include "store/store.h"

enum tampering {
	TAMPERING_EDITED,
	TAMPERING_MISSING,
	TAMPERING_REORDERED,
	TAMPERING_TRUNCATED,
	TAMPERING_INSERTED,
};
const char *tampering_name(enum tampering);

struct finding {
	const char *site;
	uint64_t seq; /* the first bad one */
	enum tampering kind;
	struct problem detail; /* for people, one line */
	const char *incident;  /* whose state is not what the ledger tells, or NULL */
};

struct site_verdict { /* lent to the visit */
	const char *site;
	uint64_t entries, first, last, checkpoints;
	uint64_t sealed;  /* the last entry that a checkpoint vouches for */
	uint64_t removed; /* because they were old, as signed entries say */
	bool part;        /* of a record that is elsewhere: imported (import.h) */
	uint64_t incidents;
	uint8_t head[SHA256_LEN], key[ED25519_KEY_LEN]; /* the last key in force */
	const struct finding *findings;
	uint32_t finding_count;
};
typedef void (*verdict_visit)(void *ctx, const struct site_verdict *);

enum kept_answer {
	KEPT_NOT_HERE, /* no record here has the entry, or what is wrong lies before it */
	KEPT_REMOVED,  /* because it was old: what follows vouches for it, but not this head */
	KEPT_HOLDS,
	KEPT_DIFFERS, /* a finding says how */
};

struct kept_head {        /* what somebody kept of a ledger's head */
	const char *site; /* NULL: of any; it must fit one of them */
	uint64_t seq;
	uint8_t hash[SHA256_LEN];
	enum kept_answer answer; /* set */
};

struct verify_request {
	/* The public key to trust; NULL: whatever key the ledger names first. */
	const uint8_t *key;
	const uint8_t *old_key; /* while a change of keys waits to be recorded: the one before */
	struct kept_head *kept;
	uint32_t kept_count;
	bool indexes; /* the file's own order too: its pages and indexes (index_check.h) */
};

/* Visits each site of the store. Returns the number of findings, or a negative errno and why;
 * -EINVAL: a head is kept of a site that the store does not have. */
int store_verify(struct store *, const struct verify_request *, verdict_visit, void *ctx,
                 struct problem *why) MUST_USE;

#endif
