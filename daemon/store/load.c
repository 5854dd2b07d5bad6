/* What a restart begins from. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "store/sql.h"

bool store_anchor(struct store *store, struct clock_anchor *out)
{
	struct binder at = sql_bind(store, SQL_ANCHOR_GET);
	bool found = sql_next(store, &at) > 0;
	if (found) {
		struct clock_anchor anchor = {0};
		snprintf(anchor.boot, sizeof anchor.boot, "%s", read_text(&at));
		anchor.boottime = read_int(&at);
		anchor.moment = read_moment(&at);
		*out = anchor;
	}
	sql_end(&at);
	return found;
}

/* A new site has its number now and its row with its first entries: a site without any is never
 * what we left. */
static int number_site(struct store *store, struct site *site, struct problem *why)
{
	if (store->mode != STORE_WRITE)
		return problem_set(why, -ENOENT, "%s: knows no site '%s'", store->path,
		                   site->def->id);
	struct binder at = sql_bind(store, SQL_SITE_NUMBERS);
	int64_t last = 0;
	int r = sql_number(store, &at, &last, why);
	if (r < 0)
		return r;
	for (uint32_t i = (uint32_t)last + 1; i < store->head_cap; i++)
		if (store->heads[i].known)
			last = i;
	site->store_id = (uint32_t)last + 1;
	if (!site->next_notification)
		site->next_notification = 1;
	*store_site_head(store, site->store_id) = (struct site_head){
	        .unsealed_since = NEVER, .known = true, .is_new = true};
	return 0;
}

/* 1 when the site is there and its counters are read, 0 when it is new. */
static int find_site(struct store *store, struct site *site, struct ledger_head *head)
{
	struct binder at = sql_bind(store, SQL_SITE_FIND);
	bind_text(&at, site->def->id);
	int r = sql_next(store, &at);
	if (r > 0) {
		site->store_id = read_u32(&at);
		head->seq = (uint64_t)read_int(&at);
		read_hash(&at, head->hash);
		site->next_notification = (uint64_t)read_int(&at);
		site->next_incident = read_u32(&at);
		site->incident_year = (int32_t)read_int(&at);
	}
	sql_end(&at);
	return r;
}

/* The chain goes on behind the head that was committed with the last turn. If the ledger's end was
 * cut off since, the hole stays to be seen; if rows were added behind it, ours follow them, since
 * an alarm must be recorded all the same. */
static int find_head(struct store *store, uint32_t site, struct ledger_head head)
{
	struct binder at = sql_bind(store, SQL_SITE_LAST_ROW);
	bind_int(&at, site);
	int r = sql_next(store, &at);
	if (r > 0) {
		uint64_t seq = (uint64_t)read_int(&at);
		if (seq > head.seq) {
			head.seq = seq;
			read_hash(&at, head.hash);
		}
	}
	sql_end(&at);
	if (r < 0)
		return r;
	/* Each start is sealed: what lies before needs no looking for. */
	*store_site_head(store, site) = (struct site_head){.head = head,
	                                                   .next = head,
	                                                   .sealed = head.seq,
	                                                   .unsealed_since = NEVER,
	                                                   .known = true};
	return 0;
}

static int load_devices(struct store *store, struct site *site)
{
	struct binder at = sql_bind(store, SQL_DEVICES_GET);
	bind_int(&at, site->store_id);
	int r;
	while ((r = sql_next(store, &at)) > 0) {
		uint32_t position = site_def_device(site->def, read_text(&at));
		if (position == POSITION_NONE)
			continue; /* no longer in the site file; its row stays */
		struct device_state *state = &site->devices[position];
		state->active = read_u32(&at);
		state->known = read_u32(&at);
		state->settled = read_u32(&at);
		state->online_known = sqlite3_column_type(at.statement, at.at) != SQLITE_NULL;
		state->online = read_bool(&at);
		state->heard_once = read_bool(&at);
		state->walk_test = read_bool(&at);
		state->heard = read_int(&at);
		state->changed = read_int(&at);
		state->tested = read_int(&at);
		state->fleeting = read_u32(&at);
		steady_ms resets = read_int(&at);
		wall_ms signed_at = read_int(&at);
		state->gone = read_bool(&at);
		if (!state->fleeting && !signed_at)
			continue;
		device_extra(state)->reset.due = resets; /* sense_start sets it */
		state->extra->signed_at = signed_at;
	}
	return r;
}

void store_forget_site(struct store *store, const struct site *site)
{
	if (site->store_id >= store->head_cap)
		return;
	text_finish(&store->heads[site->store_id].line);
	store->heads[site->store_id].known = false;
}

int store_load_site(struct store *store, struct site *site, struct problem *why)
{
	struct ledger_head head = {0};
	int r = find_site(store, site, &head);
	if (r == 0)
		return number_site(store, site, why);
	if (r > 0)
		r = find_head(store, site->store_id, head);
	if (r == 0)
		r = load_devices(store, site);
	if (r == 0)
		r = incidents_load(store, site);
	if (r == 0)
		r = notifications_load(store, site);
	if (r == 0)
		r = standings_load(store, site);
	if (r == 0)
		r = outputs_load(store, site);
	if (r == 0)
		r = heard_load(store, site);
	if (r == 0 && store->signs)
		return sums_load(store, site->store_id, why); /* it comes while the service runs */
	if (r < 0) {
		int code = sqlite3_errcode(store->db);
		bool ours = code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE;
		problem_set(why, r, "%s: site '%s' cannot be read: %s", store->path, site->def->id,
		            ours ? "a row is damaged" : sqlite3_errmsg(store->db));
	}
	return r;
}

void store_loaded(struct store *store)
{
	(void)sqlite3_exec(store->db, "PRAGMA cache_size = -16000", NULL, NULL, NULL);
}
