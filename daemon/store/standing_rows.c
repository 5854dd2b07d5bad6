/* What stands for a while, to rows and back. */
#include <errno.h>

#include "store/sql.h"

int standing_put(struct store *store, const struct site *site, const struct standing *s,
                 struct problem *why)
{
	text_reset(&store->scratch);
	standing_write_json(&store->scratch, NULL, site->def->id, s);
	struct binder at = sql_bind(store, SQL_STANDING_PUT);
	bind_int(&at, site->store_id);
	bind_int(&at, s->number);
	bind_text(&at, standing_type_name(s->type));
	bind_bool(&at, standing_is_over(s));
	bind_int(&at, s->since.steady);
	bind_timer(&at, &s->due);
	bind_text(&at, text_get(&store->scratch));
	return sql_done(store, &at, why);
}

static int load_last_number(struct store *store, struct site *site)
{
	int64_t last = 0;
	struct binder at = sql_bind(store, SQL_STANDING_LAST);
	bind_int(&at, site->store_id);
	int r = sql_number(store, &at, &last, NULL);
	if (r == 0)
		site->next_standing = (uint32_t)last + 1;
	return r;
}

int standings_load(struct store *store, struct site *site)
{
	int r = load_last_number(store, site);
	if (r < 0)
		return r;
	struct binder at = sql_bind(store, SQL_STANDINGS_TO_LOAD);
	bind_int(&at, site->store_id);
	while ((r = sql_next(store, &at)) > 0) {
		struct standing *s = standing_create();
		steady_ms since = read_int(&at);
		s->due.due = read_due(&at);
		if (!standing_read_json(read_text(&at), s)) {
			standing_destroy(s);
			r = -EIO;
			break;
		}
		s->since.steady = since;
		site_adopt_standing(site, s);
	}
	sql_end(&at);
	return r;
}

int store_standings(struct store *store, const char *site, enum standing_type type, bool over_too,
                    standing_visit visit, void *ctx)
{
	int count = 0, r;
	struct binder at = sql_bind(store, SQL_STANDINGS_LIST);
	bind_text(&at, site);
	bind_text(&at, standing_type_name(type));
	bind_bool(&at, over_too);
	while ((r = sql_next(store, &at)) > 0) {
		count++;
		if (!visit(ctx, read_text(&at)))
			break;
	}
	sql_end(&at);
	return r < 0 ? r : count;
}
