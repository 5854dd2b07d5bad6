/* Is the end of a record the end that was signed: by the site's row, by the file beside the store,
 * by heads that somebody kept? And is there a record at all where one must be? */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "store/verify_private.h"

/* ---- keys ---- */

static bool same_key(const uint8_t *a, const uint8_t *b)
{
	return a && b && crypto_equal(a, b, ED25519_KEY_LEN);
}

/* A key that some record of this store names, or the one to trust; any, where none is known. */
static bool is_known(const struct verifying *v, const uint8_t *key)
{
	bool known = same_key(key, v->request->key) || same_key(key, v->request->old_key) ||
	             (!v->vow_count && !v->request->key);
	for (uint32_t i = 0; !known && i < v->vow_count; i++)
		known = same_key(key, v->vows[i].from) || same_key(key, v->vows[i].to);
	return known;
}

/* A site that is no longer served does not hear of a new key: another's record tells of it. */
static bool leads_to(const struct verifying *v, const uint8_t *key, const uint8_t *wanted)
{
	for (uint32_t steps = 0; key && steps <= v->vow_count; steps++) {
		const uint8_t *next = NULL;
		if (same_key(key, wanted))
			return true;
		for (uint32_t i = 0; i < v->vow_count && !next; i++)
			if (same_key(key, v->vows[i].from))
				next = v->vows[i].to;
		key = next;
	}
	return false;
}

static void explain_key(const struct verifying *v, struct chain *chain)
{
	const struct verify_request *request = v->request;
	if (request->key && chain->keyed && !leads_to(v, chain->key, request->key) &&
	    !same_key(chain->key, request->old_key))
		finding_add(chain, TAMPERING_EDITED, 1, NULL,
		            "signed by another key than the one of this service");
}

/* ---- heads ---- */

enum fit {
	FIT_GOOD,
	FIT_CUT,   /* it is of an entry behind the end */
	FIT_OTHER, /* that entry is another, or one before it */
	FIT_GONE,  /* the entry was removed because it was old: what follows vouches for it */
	FIT_SAID,  /* it is of an entry behind the first that is wrong, or before a part */
};

/* The hash of a run of removed entries is that of its last. */
static bool was_removed(struct verifying *v, const struct chain *chain, uint64_t seq,
                        const uint8_t *hash, enum fit *fit)
{
	sqlite3_stmt *at = look(v, "SELECT last, hash FROM removed WHERE site = ?1 AND first <= ?2"
	                           " AND last >= ?2 LIMIT 1");
	sqlite3_bind_int64(at, 1, chain->number);
	sqlite3_bind_int64(at, 2, (int64_t)seq);
	bool removed = look_next(v, at);
	if (removed && (uint64_t)sqlite3_column_int64(at, 0) != seq)
		*fit = FIT_GONE;
	else if (removed)
		*fit = sqlite3_column_bytes(at, 1) == SHA256_LEN &&
		                       memcmp(sqlite3_column_blob(at, 1), hash, SHA256_LEN) == 0
		               ? FIT_GOOD
		               : FIT_OTHER;
	sqlite3_finalize(at);
	return removed;
}

static enum fit fit_of(struct verifying *v, const struct chain *chain, uint64_t seq,
                       const uint8_t *hash)
{
	uint8_t here[SHA256_LEN];
	enum fit fit;
	if ((chain->broken && seq >= chain->broken_at) || (chain->part && seq < chain->first))
		return FIT_SAID;
	if (was_removed(v, chain, seq, hash, &fit))
		return fit;
	if (seq > chain->last)
		return FIT_CUT;
	return hash_at(v, chain, seq, here) && memcmp(here, hash, SHA256_LEN) == 0 ? FIT_GOOD
	                                                                           : FIT_OTHER;
}

static void explain_fit(struct chain *chain, enum fit fit, uint64_t seq, const char *what)
{
	if (fit == FIT_CUT && !chain->last)
		finding_add(chain, TAMPERING_TRUNCATED, 1, NULL,
		            "nothing is left of the record; %s is of entry %" PRIu64, what, seq);
	else if (fit == FIT_CUT)
		finding_add(chain, TAMPERING_TRUNCATED, chain->last + 1, NULL,
		            "the record ends at %" PRIu64 "; %s is of entry %" PRIu64, chain->last,
		            what, seq);
	else if (fit == FIT_OTHER)
		finding_add(chain, TAMPERING_EDITED, seq, NULL,
		            "entry %" PRIu64 " or one before it is not that of %s", seq, what);
}

static bool line_is_of(const struct verifying *v, const struct chain *chain,
                       const struct head_line *line)
{
	bool named = line->site ? strcmp(line->site, chain->site) == 0
	                        : line->number == chain->number;
	return named && seal_holds(&line->seal, chain->site) && is_known(v, line->seal.key);
}

/* True if the file beside the store says that there was more; *named: that it has any word of it.
 */
static bool explain_lines(struct verifying *v, struct chain *chain, bool *named)
{
	const struct head_line *worst = NULL;
	enum fit found = FIT_GOOD;
	*named = false;
	for (uint32_t i = 0; i < v->heads.count; i++) {
		const struct head_line *line = &v->heads.items[i];
		if (!line_is_of(v, chain, line))
			continue;
		*named = true;
		enum fit fit = line->seal.seq ? fit_of(v, chain, line->seal.seq, line->seal.hash)
		                              : FIT_GOOD;
		if ((fit == FIT_CUT || fit == FIT_OTHER) &&
		    (!worst || line->seal.seq > worst->seal.seq)) {
			worst = line;
			found = fit;
		}
	}
	if (worst)
		explain_fit(chain, found, worst->seal.seq, "the head beside the store");
	return found == FIT_CUT;
}

/* ---- the site's row ---- */

/* One in a checkpoint's form is of an earlier version, which began each record with one. */
bool end_seal(const struct verifying *v, const struct chain *chain, struct seal *out)
{
	bool ours = chain->head_seal && seal_read_line(chain->head_seal, out) &&
	            (out->of_commit || (chain->checkpoints && !chain->apart)) &&
	            seal_holds(out, chain->site);
	return ours && (chain->keyed ? same_key(out->key, chain->key) : is_known(v, out->key));
}

static void explain_head_row(struct chain *chain, bool sealed_here)
{
	bool same = chain->head_seq == chain->last &&
	            memcmp(chain->head_hash, chain->head, SHA256_LEN) == 0;
	if (same)
		return;
	if (sealed_here)
		finding_add(chain, TAMPERING_EDITED, chain->last, NULL,
		            "the site's row names another end than was signed");
	else if (chain->head_seq > chain->last)
		finding_add(chain, TAMPERING_TRUNCATED, chain->last + 1, NULL,
		            "the record ends at %" PRIu64 "; %" PRIu64 " entries were written",
		            chain->last, chain->head_seq);
	else if (chain->head_seq < chain->last)
		finding_add(chain, TAMPERING_INSERTED, chain->head_seq + 1, NULL,
		            "there are entries behind the end, which is %" PRIu64, chain->head_seq);
	else
		finding_add(chain, TAMPERING_EDITED, chain->sealed + 1, NULL,
		            "the last entry is not the one that was written");
}

static void explain_seal(struct verifying *v, struct chain *chain, const struct seal *seal)
{
	uint8_t hash[SHA256_LEN];
	uint64_t from = chain->sealed < chain->last ? chain->sealed + 1 : chain->last;
	if (!seal)
		finding_add(chain, TAMPERING_EDITED, from, NULL,
		            "the end is not signed by the service's key; nothing behind the last "
		            "checkpoint is vouched for");
	else if (seal->seq > chain->last)
		finding_add(chain, TAMPERING_TRUNCATED, chain->last + 1, NULL,
		            "the record ends at %" PRIu64 "; %" PRIu64 " entries were signed",
		            chain->last, seal->seq);
	else if (hash_at(v, chain, seal->seq, hash) && memcmp(hash, seal->hash, SHA256_LEN) == 0) {
		/* What they say is nobody's word. */
		while (chain->finding_count &&
		       chain->findings[chain->finding_count - 1].seq > seal->seq)
			chain->finding_count--;
		finding_add(chain, TAMPERING_INSERTED, seal->seq + 1, NULL,
		            "the last %" PRIu64 " entries are not signed", chain->last - seal->seq);
	} else
		finding_add(chain, TAMPERING_EDITED, from, NULL,
		            "the entries behind the last checkpoint are not those that were "
		            "signed");
}

static void explain_row(struct verifying *v, struct chain *chain)
{
	struct seal seal;
	bool sealed = end_seal(v, chain, &seal);
	bool here = sealed && seal.seq == chain->last &&
	            memcmp(seal.hash, chain->head, SHA256_LEN) == 0;
	/* A part ends with the checkpoint that vouches for it. */
	here |= chain->part && chain->sealed == chain->last;
	uint32_t before = chain->finding_count;
	explain_head_row(chain, here);
	if (chain->finding_count == before && !here)
		explain_seal(v, chain, sealed ? &seal : NULL);
}

/* Beside a key lies a file with a word of each site, but for the first turn of all. */
static void explain_unnamed(const struct verifying *v, struct chain *chain)
{
	bool readable = v->heads_read == 0 || v->heads_read == -ENOENT;
	if (!v->has_key || !readable || chain->part || chain->gone || chain->one_turn ||
	    chain->finding_count)
		return;
	finding_add(chain, TAMPERING_TRUNCATED, chain->last + 1, NULL,
	            "the file .head beside the store %s: whether the end was cut off cannot be "
	            "told",
	            v->heads_read ? "is missing" : "has no word of this site");
}

void explain_end(struct verifying *v, struct chain *chain)
{
	bool named, cut = explain_lines(v, chain, &named);
	if (chain->broken || chain->gone)
		return explain_key(v, chain);
	if (!cut && !chain->last && !chain->head_seq)
		finding_add(chain, TAMPERING_TRUNCATED, 1, NULL,
		            "nothing is left of the record; it begins with the site's row");
	else if (!cut)
		explain_row(v, chain);
	explain_key(v, chain);
	if (!named)
		explain_unnamed(v, chain);
}

/* ---- what somebody kept ---- */

static bool has_findings(const struct verifying *v)
{
	for (uint32_t i = 0; i < v->chain_count; i++)
		if (v->chains[i].finding_count)
			return true;
	return false;
}

/* Without a site it may be any one's. */
static void explain_kept_head(struct verifying *v, struct kept_head *kept)
{
	struct chain *blamed = NULL;
	enum fit found = FIT_CUT;
	for (uint32_t i = 0; i < v->chain_count; i++) {
		struct chain *chain = &v->chains[i];
		if ((kept->site && strcmp(kept->site, chain->site) != 0) || chain->gone)
			continue;
		enum fit fit = fit_of(v, chain, kept->seq, kept->hash);
		if (fit == FIT_GOOD) {
			kept->answer = KEPT_HOLDS;
			return;
		}
		if (fit == FIT_GONE)
			kept->answer = KEPT_REMOVED;
		if (!blamed || (fit == FIT_OTHER && found == FIT_CUT)) {
			blamed = chain;
			found = fit;
		}
	}
	if (!blamed || kept->answer == KEPT_REMOVED || found == FIT_SAID)
		return;
	kept->answer = KEPT_DIFFERS;
	explain_fit(blamed, found, kept->seq, "the head that was kept");
}

void explain_kept(struct verifying *v)
{
	for (uint32_t i = 0; i < v->request->kept_count; i++)
		explain_kept_head(v, &v->request->kept[i]);
}

/* ---- nothing where something must be ---- */

static bool has_first_line(const struct verifying *v)
{
	for (uint32_t i = 0; i < v->heads.count; i++) {
		const struct head_line *line = &v->heads.items[i];
		if (line->site && strcmp(line->site, HEAD_OF_ALL) == 0 &&
		    seal_holds(&line->seal, HEAD_OF_ALL) && is_known(v, line->seal.key))
			return true;
	}
	return false;
}

void explain_absence(struct verifying *v)
{
	bool any = false;
	for (uint32_t i = 0; i < v->chain_count; i++)
		any |= !v->chains[i].gone;
	if (has_findings(v) || v->damaged)
		return;
	if (v->strays && (!any || v->first_stray == 1))
		finding_add(chain_add(v, "?"), TAMPERING_MISSING, 1, NULL,
		            "%" PRIu64 " entries are of a site whose row is missing", v->strays);
	else if (v->strays)
		finding_add(v->chains, TAMPERING_INSERTED, v->chains->last, NULL,
		            "the numbers of the rows do not follow each other");
	else if (!any && v->has_key && (v->heads_read == 0 || v->heads_read == -ENOENT) &&
	         !has_first_line(v))
		finding_add(chain_add(v, "?"), TAMPERING_TRUNCATED, 1, NULL,
		            "nothing is left of any record, but the service's key lies beside it");
}
