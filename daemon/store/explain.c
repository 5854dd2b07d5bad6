/* What was done to a chain that does not hold. Each question is put to the hashes: a row that
 * hashes well in another place was moved, one whose follower hashes well without it was put in,
 * and so on; what answers to none of them was edited. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "store/verify_private.h"

#define SHIFT_MAX 1000 /* rows put in or taken out at once that are still recognized */

/* ---- looking at rows ---- */

static sqlite3_stmt *find_row(struct verifying *v, const struct chain *chain, uint64_t seq,
                              struct scanned *out)
{
	sqlite3_stmt *at = look(v,
	                        "SELECT " ROW_COLUMNS " FROM ledger WHERE site = ?1 AND seq = ?2");
	sqlite3_bind_int64(at, 1, chain->number);
	sqlite3_bind_int64(at, 2, (int64_t)seq);
	if (look_next(v, at)) {
		row_take(v, at, out);
		out->row.site = chain->site;
		return at;
	}
	sqlite3_finalize(at);
	return NULL;
}

bool hash_at(struct verifying *v, const struct chain *chain, uint64_t seq, uint8_t out[SHA256_LEN])
{
	struct scanned found;
	sqlite3_stmt *at = seq && seq <= chain->last ? find_row(v, chain, seq, &found) : NULL;
	if (at)
		memcpy(out, found.row.hash, SHA256_LEN);
	sqlite3_finalize(at);
	return at != NULL;
}

/* Does the row hash to this, if it stands at seq behind before? */
static bool fits(struct verifying *v, const struct ledger_row *row, uint64_t seq,
                 const uint8_t before[SHA256_LEN], const uint8_t wanted[SHA256_LEN])
{
	struct ledger_row moved = *row;
	uint8_t hash[SHA256_LEN];
	moved.seq = seq;
	ledger_hash(v->store->sha, &moved, before, hash);
	return memcmp(hash, wanted, SHA256_LEN) == 0;
}

/* ---- questions ---- */

/* The row that belongs here stands under another number or another site. */
static bool stands_elsewhere(struct verifying *v, const struct chain *chain)
{
	sqlite3_stmt *at = look(v, "SELECT " ROW_COLUMNS " FROM ledger NOT INDEXED");
	bool found = false;
	while (!found && look_next(v, at)) {
		struct scanned other;
		row_take(v, at, &other);
		other.row.site = chain->site;
		found = !other.odd &&
		        fits(v, &other.row, chain->broken_at, chain->head, other.row.hash);
	}
	sqlite3_finalize(at);
	return found;
}

/* Does the row that stands at seq hash well there? Two may say the same within a millisecond. */
static bool is_itself(struct verifying *v, const struct chain *chain, uint64_t seq,
                      const uint8_t before[SHA256_LEN])
{
	struct scanned found;
	sqlite3_stmt *at = find_row(v, chain, seq, &found);
	bool itself = at && fits(v, &found.row, seq, before, found.row.hash);
	sqlite3_finalize(at);
	return itself;
}

/* This row's text hashes well where another one stands. */
static bool belongs_elsewhere(struct verifying *v, const struct chain *chain,
                              const struct ledger_row *row)
{
	sqlite3_stmt *at = look(v, "SELECT seq, hash FROM ledger WHERE site = ?1 ORDER BY seq");
	uint8_t before[SHA256_LEN], hash[SHA256_LEN];
	bool found = false;
	ledger_genesis(v->store->sha, chain->site, before);
	sqlite3_bind_int64(at, 1, chain->number);
	while (!found && look_next(v, at)) {
		uint64_t seq = (uint64_t)sqlite3_column_int64(at, 0);
		if (sqlite3_column_bytes(at, 1) != SHA256_LEN)
			continue;
		memcpy(hash, sqlite3_column_blob(at, 1), SHA256_LEN);
		if (seq != chain->broken_at)
			found = fits(v, row, seq, before, row->hash) ||
			        fits(v, row, seq, hash, row->hash) ||
			        (fits(v, row, seq, before, hash) &&
			         !is_itself(v, chain, seq, before));
		memcpy(before, hash, SHA256_LEN);
	}
	sqlite3_finalize(at);
	return found;
}

/* The row that belongs here stands further on, counted up by as many as were put in here. Two that
 * were exchanged look the same but for the row behind them, which then stands where it always did.
 */
static bool was_inserted(struct verifying *v, const struct chain *chain,
                         const struct ledger_row *row)
{
	for (uint64_t count = 1; count <= SHIFT_MAX; count++) {
		struct scanned next, behind;
		sqlite3_stmt *at = find_row(v, chain, chain->broken_at + count, &next);
		if (!at)
			return false;
		bool found = fits(v, &next.row, chain->broken_at, chain->head, next.row.hash);
		sqlite3_finalize(at);
		if (!found)
			continue;
		at = find_row(v, chain, chain->broken_at + count + 1, &behind);
		found = at ? fits(v, &behind.row, chain->broken_at + 1, next.row.hash,
		                  behind.row.hash)
		           : !belongs_elsewhere(v, chain, row);
		sqlite3_finalize(at);
		return found;
	}
	return false;
}

/* How many rows before this one, chained well, push it down from its own place; 0: none. */
static uint64_t pushed_down_by(struct verifying *v, const struct chain *chain,
                               const struct ledger_row *row)
{
	for (uint64_t count = 1; count <= SHIFT_MAX && count < chain->broken_at; count++) {
		uint64_t seq = chain->broken_at - count;
		uint8_t before[SHA256_LEN];
		struct scanned found;
		sqlite3_stmt *at = seq > 1 ? find_row(v, chain, seq - 1, &found) : NULL;
		if (at)
			memcpy(before, found.row.hash, sizeof before);
		else
			ledger_genesis(v->store->sha, chain->site, before);
		sqlite3_finalize(at);
		at = find_row(v, chain, seq, &found);
		bool copied = at && memcmp(found.row.hash, row->hash, SHA256_LEN) == 0;
		sqlite3_finalize(at);
		if (!copied && fits(v, row, seq, before, row->hash))
			return count;
	}
	return 0;
}

/* Rows from here on were counted down by as many as were taken out. */
static bool closed_up(struct verifying *v, const struct chain *chain, const struct ledger_row *row)
{
	struct scanned next;
	sqlite3_stmt *at = find_row(v, chain, chain->broken_at + 1, &next);
	bool found = false;
	for (uint64_t count = 1; at && !found && count <= SHIFT_MAX; count++)
		found = fits(v, &next.row, chain->broken_at + 1 + count, row->hash, next.row.hash);
	sqlite3_finalize(at);
	return found;
}

static bool any_behind(struct verifying *v, const struct chain *chain)
{
	sqlite3_stmt *at = look(v, "SELECT 1 FROM ledger WHERE site = ?1 AND seq > ?2 LIMIT 1");
	sqlite3_bind_int64(at, 1, chain->number);
	sqlite3_bind_int64(at, 2, (int64_t)chain->broken_at);
	bool any = look_next(v, at);
	sqlite3_finalize(at);
	return any;
}

/* ---- answers ---- */

/* No row stands where the next should. */
static void explain_hole(struct verifying *v, struct chain *chain)
{
	uint64_t seq = chain->broken_at;
	if (stands_elsewhere(v, chain))
		finding_add(chain, TAMPERING_EDITED, seq, NULL,
		            "entry %" PRIu64 " stands under another number", seq);
	else if (any_behind(v, chain) && seq <= chain->head_seq)
		finding_add(chain, TAMPERING_MISSING, seq, NULL, "entry %" PRIu64 " is missing",
		            seq);
	else if (seq <= chain->head_seq)
		finding_add(chain, TAMPERING_TRUNCATED, seq, NULL,
		            "the record ends before %" PRIu64 "; %" PRIu64 " were written", seq,
		            chain->head_seq);
	else
		finding_add(chain, TAMPERING_INSERTED, seq, NULL,
		            "there are rows behind the end, which is %" PRIu64, chain->head_seq);
}

/* A row well chained that stands in the file where it was put, at the end; the others go on as if
 * it were not there. */
static bool was_added(struct verifying *v, const struct chain *chain)
{
	if (chain->seen_instead != chain->broken_at + 1)
		return false;
	sqlite3_stmt *at = look(v,
	                        "SELECT seq FROM ledger WHERE site = ?1 AND row > (SELECT row"
	                        " FROM ledger WHERE site = ?1 AND seq = ?2) ORDER BY row LIMIT 1");
	sqlite3_bind_int64(at, 1, chain->number);
	sqlite3_bind_int64(at, 2, (int64_t)chain->seen_instead);
	bool added = !look_next(v, at) ||
	             (uint64_t)sqlite3_column_int64(at, 0) == chain->seen_instead + 1;
	sqlite3_finalize(at);
	return added;
}

static void explain_row(struct verifying *v, struct chain *chain, const struct scanned *found)
{
	const struct ledger_row *row = &found->row;
	uint64_t seq = chain->broken_at, pushed;
	bool in_chain = !found->odd && fits(v, row, seq, chain->head, row->hash);
	if (in_chain && was_added(v, chain))
		finding_add(chain, TAMPERING_INSERTED, seq, NULL,
		            "entry %" PRIu64 " was put in later", seq);
	else if (in_chain)
		finding_add(chain, TAMPERING_REORDERED, seq, NULL,
		            "entry %" PRIu64 " is not in its place in the file", seq);
	else if (seq > chain->head_seq)
		finding_add(chain, TAMPERING_INSERTED, seq, NULL,
		            "entry %" PRIu64 " stands behind the end, which is %" PRIu64, seq,
		            chain->head_seq);
	else if ((pushed = pushed_down_by(v, chain, row)) || was_inserted(v, chain, row))
		finding_add(chain, TAMPERING_INSERTED, seq - pushed, NULL,
		            "entry %" PRIu64 " was put in later", seq - pushed);
	else if (!found->odd && belongs_elsewhere(v, chain, row))
		finding_add(chain, TAMPERING_REORDERED, seq, NULL,
		            "entry %" PRIu64 " was moved here from another place", seq);
	else if (closed_up(v, chain, row))
		finding_add(chain, TAMPERING_MISSING, seq, NULL,
		            "entry %" PRIu64 " was taken out and the rest moved up", seq);
	else
		finding_add(chain, TAMPERING_EDITED, seq, NULL,
		            "entry %" PRIu64 " is not what was written", seq);
}

void explain_break(struct verifying *v, struct chain *chain)
{
	struct scanned found;
	sqlite3_stmt *at = find_row(v, chain, chain->broken_at, &found);
	if (at)
		explain_row(v, chain, &found);
	else
		explain_hole(v, chain);
	sqlite3_finalize(at);
}
