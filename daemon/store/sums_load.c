/* The sum of the state that a start goes on from. Whoever has the file may have changed rows, and
 * must not have them counted anew: so a sum is made of what is stored only where the last commit
 * was signed without one, by an earlier version or of earlier tables. Any other sum is gone on with
 * as it stands, right or wrong, for verify to see. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/sql.h"

struct sealed { /* what a site's row says */
	char id[128];
	struct seal seal;
	bool has_seal, has_sum;
	struct state_sum sum;
	int64_t version;
	struct state_counters counters;
};

static int read_sealed(struct store *store, uint32_t site, struct sealed *out)
{
	struct binder at = sql_bind(store, SQL_SITE_SEALED);
	bind_int(&at, site);
	int r = sql_next(store, &at);
	*out = (struct sealed){0};
	if (r > 0) {
		snprintf(out->id, sizeof out->id, "%s", read_text(&at));
		const char *line = read_text(&at);
		out->has_seal = line && seal_read_line(line, &out->seal);
		const void *sum = sqlite3_column_blob(at.statement, at.at);
		out->has_sum = sum && sqlite3_column_bytes(at.statement, at.at) == STATE_SUM_LEN;
		if (out->has_sum)
			memcpy(out->sum.bytes, sum, STATE_SUM_LEN);
		at.at++;
		out->version = read_int(&at);
		out->counters.next_notification = read_int(&at);
		out->counters.next_incident = read_int(&at);
		out->counters.incident_year = read_int(&at);
	}
	sql_end(&at);
	return r;
}

static bool was_never_signed(struct store *store, uint32_t site)
{
	uint64_t seq;
	char *data = NULL;
	bool never = store_mark(store, site, "checkpoint", &seq, &data) == 0 && !seq;
	free(data);
	return never;
}

/* Did the last commit leave no sum of these tables? */
static bool has_none_yet(struct store *store, uint32_t site, const struct sealed *sealed)
{
	const struct ledger_head *head = &store->heads[site].head;
	const struct seal *seal = &sealed->seal;
	uint8_t digest[SHA256_LEN];
	if (!sealed->has_seal)
		return was_never_signed(store, site);
	if (!seal_holds(seal, sealed->id) || !store_knows_key(store, site, seal->key) ||
	    seal->seq != head->seq || memcmp(seal->hash, head->hash, SHA256_LEN) != 0)
		return false;
	if (!seal->of_commit)
		return true;
	state_digest(store->sha, sealed->version, &sealed->counters, &sealed->sum, digest);
	return sealed->version < STATE_VERSION && memcmp(digest, seal->state, sizeof digest) == 0;
}

struct anew { /* sums that are made of what is stored */
	struct store *store;
	bool *sites;
	bool any;
};

static struct state_sum *sum_anew(void *ctx, int64_t site)
{
	const struct anew *anew = ctx;
	bool wanted = site >= 0 && site < anew->store->head_cap && anew->sites[site];
	return wanted ? &anew->store->heads[site].sum : NULL;
}

/* The site's sum as it was sealed, or that it is to be made anew. */
static int sum_load(struct store *store, uint32_t site, struct anew *anew, struct problem *why)
{
	struct sealed sealed;
	int r = read_sealed(store, site, &sealed);
	if (r < 0)
		return problem_set(why, r, "what was sealed cannot be read");
	if (has_none_yet(store, site, &sealed))
		anew->any = anew->sites[site] = true;
	else
		store->heads[site].sum = sealed.sum;
	return 0;
}

int sums_load(struct store *store, uint32_t only, struct problem *why)
{
	struct anew anew = {.store = store, .sites = NEW_ARRAY(bool, (size_t)store->head_cap + 1)};
	struct state_strays strays;
	int r = 0;
	for (uint32_t i = 0; r == 0 && i < store->head_cap; i++)
		if ((only == SUMS_OF_ALL || only == i) && store->heads[i].known &&
		    !store->heads[i].is_new)
			r = sum_load(store, i, &anew, why);
	if (r == 0 && anew.any)
		r = state_sum_stored(store, sum_anew, &anew, &strays, why);
	free(anew.sites);
	return r;
}
