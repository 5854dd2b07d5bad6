/* A part of one site's record in a file of its own, as `tocsin export` prints it: one JSON object a
 * line, so that it can leave the house with its proof.
 *
 *     {"export":"tocsin 1","site":ID,"first":SEQ,"before":HASH}       the first line
 *     {"seq":SEQ,"time_ms":...,"data":"{...}","hash":HASH}            each entry; data as a text,
 *                                                                     since its very bytes are
 * hashed
 *     {"removed":{"first":SEQ,"last":SEQ,"hash":HASH,"entry":SEQ}}    what its age took out of the
 *                                                                     part, and the entry that says
 * so
 *
 *     {"seal":"SEQ HASH TIME KEY SIGNATURE STATE"}                    where the last entry is no
 *                                                                     checkpoint: the seal of the
 *                                                                     record's last commit (seal.h)
 *
 * The last line is a checkpoint or a seal, whose signature vouches for all before it. The file
 * comes from anywhere: lines, fields and lists are bounded, nothing is believed that the hashes do
 * not say, and a line has no member that they do not cover. */
#ifndef TOCSIN_STORE_PART_H
#define TOCSIN_STORE_PART_H

#include <stdio.h>

#include "base/json.h"
#include "store/ledger.h"

#define PART_LINE_MAX ((size_t)16 * 1024 * 1024)
#define PART_REMOVED_MAX 1000000 /* runs */

enum part_line_type { PART_BEGIN, PART_ENTRY, PART_REMOVED, PART_SEAL };

struct part_removed {
	uint64_t first, last, entry; /* entry 0: an older file, which does not name it */
	uint8_t hash[SHA256_LEN];
	bool proven; /* the entry has come, and names it */
};

struct part_line { /* texts live as long as `json` */
	enum part_line_type type;
	struct ledger_row row; /* ENTRY; its site is the reader's to fill in */
	struct part_removed removed;
	const char *seal; /* SEAL: the line of it */
	const char *site; /* BEGIN */
	uint64_t first;
	uint8_t before[SHA256_LEN];
	cJSON *json;
};

/* Reads one line without its end. -EINVAL and why: it is none of these. */
int part_line_read(const char *bytes, size_t len, struct part_line *out,
                   struct problem *why) MUST_USE;
void part_line_finish(struct part_line *);

/* The next line of a file, at most PART_LINE_MAX bytes: its length, 0 at the end, -EMSGSIZE, or
 * another negative errno. *bytes is kept for the next call; free it in the end. */
ssize_t part_next_line(FILE *, char **bytes, size_t *cap) MUST_USE;

/* ---- the proof ---- */

struct part { /* as far as it has been read; init with part_begin, zeroed is finished */
	struct sha256 *sha;
	char *site;
	uint64_t first, next, sealed, entries, checkpoints;
	uint64_t removed;  /* entries that their age took out */
	uint64_t unproven; /* of them those whose signed entry lies outside of the part */
	uint8_t before[SHA256_LEN], last[SHA256_LEN];
	uint8_t key[ED25519_KEY_LEN]; /* the one in force */
	bool keyed, trusted;          /* trusted: the wanted one is or was in force */
	bool over;                    /* a seal has ended it */
	const uint8_t *wanted;
	struct part_removed *runs;
	uint32_t run_count, run_cap;
};

/* key: the one to trust, borrowed; NULL: whatever key the part names. */
void part_begin(struct part *, const uint8_t *key);
void part_finish(struct part *);
/* The line must be what comes next. why: "entry 12: edited: ..."; negative errno. */
int part_take(struct part *, const struct part_line *, struct problem *why) MUST_USE;
/* All lines are read: is the end vouched for? */
int part_end(struct part *, struct problem *why) MUST_USE;

/* The whole of a file: what it says, proven. visit (may be NULL) sees each line as it is read,
 * before the end has vouched for it; it returns 0 to go on. */
typedef int (*part_visit)(void *ctx, const struct part_line *, struct problem *why);
int part_read(FILE *, const uint8_t *key, struct part *out, part_visit, void *ctx,
              struct problem *why) MUST_USE;

#endif
