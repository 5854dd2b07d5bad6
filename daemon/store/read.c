/* Reading back: incidents, deliveries, links, devices. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "store/sql.h"

int store_incident(struct store *store, const char *id, struct incident **out, char **site_id)
{
	struct binder at = sql_bind(store, SQL_INCIDENT_GET);
	bind_text(&at, id);
	int r = sql_next(store, &at);
	if (r == 0)
		r = -ENOENT;
	if (r > 0) {
		const char *site;
		r = incident_get(store, &at, out, &site);
		if (r == 0)
			*site_id = mem_copy(site);
	}
	sql_end(&at);
	return r;
}

/* Where the list goes on: behind the incident. site has room for an id. */
static int find_place(struct store *store, const char *after, char site[ID_MAX + 1],
                      struct incident_place *out)
{
	struct binder at = sql_bind(store, SQL_INCIDENT_PLACE);
	bind_text(&at, after);
	int r = sql_next(store, &at);
	if (r > 0) {
		out->opened = read_int(&at);
		snprintf(site, ID_MAX + 1, "%s", read_text(&at));
		out->site = site;
		out->number = read_u32(&at);
	}
	sql_end(&at);
	return r > 0 ? 0 : r == 0 ? -ENOENT : r;
}

_Static_assert(STATE_OPEN == 0 && STATE_ACKNOWLEDGED == 1 && STATE_RESOLVED == 2,
               "sql.c gives each state its bit");

int store_incidents(struct store *store, const struct incident_filter *filter, incident_visit visit,
                    void *ctx, bool *more)
{
	const uint32_t all = 7, unresolved = 3;
	uint32_t states = filter->states & all ? filter->states & all : all;
	uint32_t limit = filter->limit ? filter->limit : 100;
	char site_of_place[ID_MAX + 1];
	struct incident_place place = {.opened = INT64_MAX};
	int r = 0;
	if (filter->behind)
		place = *filter->behind;
	else if (filter->after)
		r = find_place(store, filter->after, site_of_place, &place);
	if (r < 0)
		return r;

	struct binder at = sql_bind(store, filter->number         ? SQL_INCIDENTS_NUMBERED
	                                   : states & ~unresolved ? SQL_INCIDENTS_LIST
	                                                          : SQL_INCIDENTS_UNRESOLVED);
	bind_text(&at, filter->site);
	bind_text(&at, filter->has_kind ? incident_kind_name(filter->kind) : NULL);
	bind_int(&at, filter->since ? filter->since : INT64_MIN);
	bind_int(&at, filter->until ? filter->until : INT64_MAX);
	bind_int(&at, place.opened);
	bind_text(&at, place.site ? place.site : "");
	bind_int(&at, place.number);
	bind_int(&at, states);
	bind_int(&at, (int64_t)limit + 1);
	bind_text(&at, filter->running);
	if (filter->number)
		bind_int(&at, filter->number);
	uint32_t visited = 0;
	bool others = false, going = true;
	while (going && (r = sql_next(store, &at)) > 0) {
		struct incident *incident;
		const char *site;
		others = visited == limit;
		if (others)
			break;
		r = incident_get(store, &at, &incident, &site);
		if (r < 0)
			break;
		visited++;
		going = visit(ctx, site, incident);
		incident_destroy(incident);
	}
	/* Whoever stopped the visit may want to know as well. */
	if (!going)
		others = sql_next(store, &at) > 0;
	sql_end(&at);
	if (r < 0)
		return r;
	*more = others;
	return (int)visited;
}

int store_deliveries(struct store *store, const char *incident, const struct delivery_place *after,
                     uint32_t limit, delivery_visit visit, void *ctx)
{
	struct binder at = sql_bind(store,
	                            incident ? SQL_DELIVERIES_OF_INCIDENT : SQL_DELIVERIES_LIST);
	bind_text(&at, incident);
	bind_int(&at, limit ? (int64_t)limit : -1);
	bind_int(&at, after ? after->notification : INT64_MAX);
	bind_int(&at, after ? after->contact : 0);
	bool going = true;
	int r = 0;
	while (going && (r = sql_next(store, &at)) > 0) {
		struct delivery_row row;
		row.place.notification = read_int(&at);
		row.site = read_text(&at);
		row.incident = read_text(&at);
		row.reason = read_text(&at);
		row.to_kind = read_text(&at);
		row.to_id = read_text(&at);
		row.to_name = read_text(&at);
		row.state = read_text(&at);
		row.notification = (uint64_t)read_int(&at);
		row.step = read_u32(&at);
		row.created = read_int(&at);
		row.contact = row.place.contact = read_u32(&at);
		row.channel = read_text(&at);
		row.delivery_state = read_text(&at);
		row.attempts = read_u32(&at);
		row.last_status = (int32_t)read_int(&at);
		going = visit(ctx, &row);
	}
	sql_end(&at);
	return r < 0 ? r : 0;
}

int store_sent(struct store *store, steady_ms since, sent_visit visit, void *ctx)
{
	struct binder at = sql_bind(store, SQL_SENT);
	bind_int(&at, since);
	int r;
	while ((r = sql_next(store, &at)) > 0) {
		struct sent_row row;
		row.channel = read_text(&at);
		row.at = read_int(&at);
		row.retry_after = read_int(&at);
		row.shut_out = read_bool(&at);
		visit(ctx, &row);
	}
	sql_end(&at);
	return r;
}

int store_still_begin(struct store *store)
{
	/* The first look takes the picture. */
	return sqlite3_exec(store->db, "BEGIN; SELECT 1 FROM site", NULL, NULL, NULL) == SQLITE_OK
	               ? 0
	               : -EIO;
}

void store_still_end(struct store *store)
{
	sqlite3_exec(store->db, "COMMIT", NULL, NULL, NULL);
}

char *store_last_seal(struct store *store, const char *site)
{
	struct binder at = sql_bind(store, SQL_SITE_SEAL);
	char *line = NULL;
	bind_text(&at, site);
	if (sql_next(store, &at) > 0)
		line = mem_copy(read_text(&at));
	sql_end(&at);
	return line;
}

int store_link_target(struct store *store, uint32_t site, uint64_t notification,
                      struct link_target *out)
{
	if (notification > INT64_MAX)
		return -ENOENT;
	struct binder at = sql_bind(store, SQL_LINK_TARGET);
	bind_int(&at, site);
	bind_int(&at, (int64_t)notification);
	int r = sql_next(store, &at);
	if (r > 0) {
		out->site = mem_copy(read_text(&at));
		out->incident = mem_copy(read_text(&at));
		out->to_kind = mem_copy(read_text(&at));
		out->to_id = mem_copy(read_text(&at));
		out->to_name = mem_copy(read_text(&at));
	}
	sql_end(&at);
	return r > 0 ? 0 : r == 0 ? -ENOENT : r;
}

void link_target_finish(struct link_target *target)
{
	free(target->site);
	free(target->incident);
	free(target->to_kind);
	free(target->to_id);
	free(target->to_name);
	*target = (struct link_target){0};
}

int store_devices(struct store *store, const char *site, device_visit visit, void *ctx)
{
	struct binder at = sql_bind(store, SQL_DEVICES_LIST);
	bind_text(&at, site);
	bool going = true;
	int r = 0;
	while (going && (r = sql_next(store, &at)) > 0) {
		struct device_row row;
		row.site = read_text(&at);
		row.id = read_text(&at);
		row.active = read_u32(&at);
		row.known = read_u32(&at);
		row.online_known = sqlite3_column_type(at.statement, at.at) != SQLITE_NULL;
		row.online = read_bool(&at);
		row.heard = read_int(&at);
		row.changed = read_int(&at);
		row.tested = read_int(&at);
		row.walk_test = read_bool(&at);
		going = visit(ctx, &row);
	}
	sql_end(&at);
	return r < 0 ? r : 0;
}
