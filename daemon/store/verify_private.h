/* What the two halves of verifying share: the pass (verify.c), and what a break means
 * (explain.c). */
#ifndef TOCSIN_STORE_VERIFY_PRIVATE_H
#define TOCSIN_STORE_VERIFY_PRIVATE_H

#include <stdarg.h>

#include "store/ledger.h"
#include "store/seal.h"
#include "store/sql.h"
#include "store/verify.h"

#define FINDINGS_MAX 8
#define ROW_COLUMNS                                                                                \
	"row, site, seq, time, received, steady, boot, type, device, incident, \"by\", data, hash"

struct chain { /* one site's, as far as the pass has come */
	int64_t number;
	char *site;
	uint64_t last, entries, checkpoints, sealed, removed;
	uint8_t head[SHA256_LEN]; /* the hash of the last good row */
	uint8_t key[ED25519_KEY_LEN];
	bool keyed, wants_checkpoint;
	const uint8_t *trusted_before;
	const uint8_t *trusted; /* the last key in force must be this one; NULL: not known */
	/* as the site's row says */
	uint64_t head_seq;
	uint8_t head_hash[SHA256_LEN];
	char *head_seal;
	bool part;      /* imported: it begins in the middle, and its end is a checkpoint */
	uint64_t first; /* of the entries that there are */
	bool broken;
	uint64_t broken_at;    /* the seq that should have come */
	uint64_t seen_instead; /* the seq that came */
	struct finding findings[FINDINGS_MAX];
	uint32_t finding_count;
	/* An incident that is not what the ledger tells; what was done to the ledger explains it.
	 */
	struct finding state;
	bool state_differs;
};

struct boot {
	int64_t number;
	char *id;
};

struct verifying {
	struct store *store;
	struct fold *fold;
	struct seal_checker *seals;
	struct boot *boots;
	uint32_t boot_count, boot_cap;
	struct chain *chains;
	uint32_t chain_count, chain_cap;
	int64_t last_row;
	uint64_t rows, strays; /* rows of no site */
	struct chain *hole;    /* whose row did not follow the one before */
	bool odd_row, damaged;
};

struct scanned {
	int64_t number, site;
	struct ledger_row row; /* site is the caller's to fill in */
	bool odd;              /* has what we never write */
};

void row_take(struct verifying *, sqlite3_stmt *, struct scanned *out);
const char *boot_name(struct verifying *, int64_t number);
__attribute__((format(printf, 5, 6))) void finding_add(struct chain *, enum tampering, uint64_t seq,
                                                       const char *incident, const char *format,
                                                       ...);

void explain_break(struct verifying *, struct chain *);
void explain_end(struct verifying *, struct chain *);
void explain_kept(struct verifying *, struct chain *, uint64_t seq, const uint8_t *hash,
                  const char *what);
void explain_head_file(struct verifying *, struct chain *);

#endif
