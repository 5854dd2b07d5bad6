/* Reading the ledger back. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "store/sql.h"

/* A clock that was put back by more than this may end a time range early. */
#define PUT_BACK_MAX DAYS(1)

struct range { /* of ledger rows, inclusive */
	int64_t first, last;
};

/* The edge of a time range; *out stays as it is when no row lies on this side of it. */
static int find_edge(struct store *store, enum statement which, const char *site, wall_ms at_time,
                     wall_ms from, int64_t *out)
{
	struct binder at = sql_bind(store, which);
	bind_text(&at, site);
	bind_int(&at, at_time);
	if (which == SQL_LOG_LAST_ROW)
		bind_int(&at, from);
	int r = sql_next(store, &at);
	if (r > 0 && sqlite3_column_type(at.statement, 0) == SQLITE_NULL)
		r = 0;
	if (r > 0)
		*out = read_int(&at);
	sql_end(&at);
	return r < 0 ? r : r > 0 ? 0 : -ENOENT;
}

/* Receive times are nearly in order, but a clock may have been put back: the range reaches from
 * the first row that fits to the last, and each row in it is looked at again. */
static int find_range(struct store *store, const struct ledger_filter *filter, struct range *out)
{
	*out = (struct range){.first = 0, .last = INT64_MAX};
	int r = 0;
	if (filter->since)
		r = find_edge(store, SQL_LOG_FIRST_ROW, filter->site, filter->since, 0,
		              &out->first);
	/* Of the day before it, where there is anything: not all that ever was is looked through.
	 */
	int last = r == 0 && filter->until
	                   ? find_edge(store, SQL_LOG_LAST_ROW, filter->site, filter->until,
	                               filter->until - PUT_BACK_MAX, &out->last)
	                   : 0;
	if (last == -ENOENT)
		last = find_edge(store, SQL_LOG_LAST_ROW, filter->site, filter->until, INT64_MIN,
		                 &out->last);
	r = r == 0 ? last : r;
	return r;
}

static void read_row(struct binder *at, struct ledger_row *row)
{
	row->seq = (uint64_t)read_int(at);
	row->site = read_text(at);
	row->type = read_text(at);
	row->device = read_text(at);
	row->incident = read_text(at);
	row->by = read_text(at);
	row->time = read_int(at);
	row->received = read_int(at);
	row->steady = read_int(at);
	row->boot = read_text(at);
	row->data = read_text(at);
	read_hash(at, row->hash);
}

/* only: the zone alone, as a list. */
static void bind_filter(struct binder *at, const struct ledger_filter *filter,
                        const struct range *range, const char *only, char *prefix,
                        size_t prefix_cap)
{
	size_t len = filter->type ? strlen(filter->type) : 0;
	bool is_prefix = len && filter->type[len - 1] == '*';
	if (is_prefix)
		snprintf(prefix, prefix_cap, "%.*s", (int)(len - 1), filter->type);
	bind_text(at, filter->site);
	bind_text(at, filter->device);
	bind_text(at, filter->zone);
	bind_text(at, is_prefix ? NULL : filter->type);
	bind_text(at, is_prefix ? prefix : NULL);
	bind_text(at, filter->incident);
	bind_int(at, filter->since ? filter->since : INT64_MIN);
	bind_int(at, filter->until ? filter->until : INT64_MAX);
	bind_int(at, filter->after > INT64_MAX ? INT64_MAX : (int64_t)filter->after);
	bind_int(at, range->first);
	bind_int(at, range->last);
	bind_int(at, filter->limit ? (int64_t)filter->limit : -1);
	bind_text(at, filter->zones ? filter->zones : only);
	bind_text(at, filter->zone_devices ? filter->zone_devices : "[]");
}

int store_log(struct store *store, const struct ledger_filter *filter, ledger_visit visit,
              void *ctx)
{
	char prefix[64];
	if (filter->type && strlen(filter->type) > sizeof prefix)
		return 0; /* no type is as long as that */
	struct range range;
	int r = find_range(store, filter, &range);
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return r;
	struct binder at = sql_bind(store, filter->incident ? SQL_LOG_OF_INCIDENT
	                                   : filter->site   ? SQL_LOG_OF_SITE
	                                                    : SQL_LOG_ALL);
	struct text only = {0};
	json_open(&only, NULL, '[');
	if (filter->zone)
		json_put_string(&only, NULL, filter->zone);
	json_close(&only, ']');
	bind_filter(&at, filter, &range, text_get(&only), prefix, sizeof prefix);
	bool going = true;
	while (going && (r = sql_next(store, &at)) > 0) {
		struct ledger_row row;
		read_row(&at, &row);
		going = visit(ctx, &row);
	}
	sql_end(&at);
	text_finish(&only);
	return r < 0 ? r : 0;
}

bool store_mentions(struct store *store, enum mention what, const char *word)
{
	static const enum statement statements[] = {
	        [MENTIONS_DEVICE] = SQL_MENTIONS_DEVICE,
	        [MENTIONS_ZONE] = SQL_MENTIONS_ZONE,
	        [MENTIONS_TYPE] = SQL_MENTIONS_TYPE,
	        [MENTIONS_INCIDENT] = SQL_MENTIONS_INCIDENT,
	};
	struct binder at = sql_bind(store, statements[what]);
	bind_text(&at, word);
	bool mentions = sql_next(store, &at) != 0; /* what cannot be read is not denied */
	sql_end(&at);
	return mentions;
}

/* Every row of a statement about one site. */
static int visit_all(struct store *store, enum statement which, const char *site,
                     ledger_visit visit, void *ctx)
{
	struct binder at = sql_bind(store, which);
	bind_text(&at, site);
	bool going = true;
	int r = 0;
	while (going && (r = sql_next(store, &at)) > 0) {
		struct ledger_row row;
		read_row(&at, &row);
		going = visit(ctx, &row);
	}
	sql_end(&at);
	return r < 0 ? r : 0;
}

int store_log_end(struct store *store, const char *site, ledger_visit visit, void *ctx)
{
	return visit_all(store, SQL_LOG_END, site, visit, ctx);
}

int store_unknown(struct store *store, const char *site, ledger_visit visit, void *ctx)
{
	return visit_all(store, SQL_LOG_UNKNOWN, site, visit, ctx);
}

int store_sites(struct store *store, site_visit visit, void *ctx)
{
	struct binder at = sql_bind(store, SQL_SITES);
	int r;
	while ((r = sql_next(store, &at)) > 0 && visit(ctx, read_text(&at)))
		;
	sql_end(&at);
	return r < 0 ? r : 0;
}
