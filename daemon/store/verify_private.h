/* What the parts of verifying share: the pass (verify.c), what there is to check (verify_load.c),
 * what a break means (explain.c), the end (explain_end.c), the state (verify_state.c). */
#ifndef TOCSIN_STORE_VERIFY_PRIVATE_H
#define TOCSIN_STORE_VERIFY_PRIVATE_H

#include <stdarg.h>

#include "store/head_file.h"
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
	bool apart; /* a checkpoint says that commits are sealed in their own form */
	steady_ms first_turn, last_turn;
	bool one_turn; /* all entries are of the first turn of all */
	/* as the site's row says */
	uint64_t head_seq;
	uint8_t head_hash[SHA256_LEN];
	char *head_seal;
	struct state_sum state_sum;
	int64_t state_of; /* the version of its tables; 0: none */
	struct state_counters counters;
	bool part;      /* imported: it begins in the middle, and its end is a checkpoint */
	bool gone;      /* there is no row of the site: only the head file tells of it */
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
	struct state_sum sum; /* of what is stored */
};

struct boot {
	int64_t number;
	char *id;
};

struct vow { /* of one key for the next; from is zeroes for the first of a chain */
	uint8_t from[ED25519_KEY_LEN], to[ED25519_KEY_LEN];
};

struct verifying {
	struct store *store;
	const struct verify_request *request;
	struct fold *fold;
	struct seal_checker *seals;
	struct boot *boots;
	uint32_t boot_count, boot_cap;
	struct chain *chains;
	uint32_t chain_count, chain_cap;
	struct vow *vows;
	uint32_t vow_count, vow_cap;
	struct head_lines heads; /* "<store>.head", as it was before the first look at the store */
	int heads_read;          /* 0, or why not; -ENOENT: there is none */
	bool has_key;            /* the service's key lies beside the store */
	int64_t last_row;
	uint64_t rows;
	uint64_t strays, first_stray; /* rows of no site, and the seq of the first of them */
	struct chain *hole;           /* whose row did not follow the one before */
	bool odd_row, damaged;
	/* The first look that failed for another reason than what is in the file (the disk, memory,
	 * a lock): then there is no verdict. And the first that met a file that is no whole one. */
	struct problem unread, torn;
};

struct scanned {
	int64_t number, site;
	struct ledger_row row; /* site is the caller's to fill in */
	bool odd;              /* has what we never write */
};

/* verify.c */
void row_take(struct verifying *, sqlite3_stmt *, struct scanned *out);
__attribute__((format(printf, 5, 6))) void finding_add(struct chain *, enum tampering, uint64_t seq,
                                                       const char *incident, const char *format,
                                                       ...);
struct chain *chain_of(struct verifying *, int64_t number);

/* verify_load.c */
/* One question to the store, and its next row; what fails is noted. NULL, and false, where there is
 * no answer. */
sqlite3_stmt *look(struct verifying *, const char *sql);
bool look_next(struct verifying *, sqlite3_stmt *);
void look_failed(struct verifying *); /* SQLite has just said no to another one */
void load_boots(struct verifying *);
void load_sites(struct verifying *);
void verifying_finish(struct verifying *);
struct chain *chain_add(struct verifying *, const char *site);
struct chain *chain_named(struct verifying *, const char *site);

/* explain.c */
void explain_break(struct verifying *, struct chain *);
/* The hash of the entry that stands at seq; false for none. */
bool hash_at(struct verifying *, const struct chain *, uint64_t seq, uint8_t out[SHA256_LEN]);

/* explain_end.c */
void explain_end(struct verifying *, struct chain *);
void explain_kept(struct verifying *);
void explain_absence(struct verifying *);
/* The signature of the last commit, if it is one by the key in force. */
bool end_seal(const struct verifying *, const struct chain *, struct seal *out);

/* verify_state.c */
void state_differs(void *verifying, const char *site, const char *incident, uint64_t seq,
                   const char *what); /* a fold_unequal */
int check_state(struct verifying *);
struct index_check;
void check_indexes(struct verifying *, struct index_check *); /* waits for it; NULL is fine */

#endif
