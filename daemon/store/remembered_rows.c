/* What the HTTP side remembers over a restart. */
#include <string.h>

#include "store/sql.h"

int remembered_put(struct store *store, const struct remembered *one, wall_ms now,
                   struct problem *why)
{
	struct binder put = sql_bind(store, SQL_REMEMBER);
	bind_text(&put, one->what);
	bind_text(&put, one->key);
	bind_int(&put, one->until);
	bind_text(&put, one->value);
	int r = sql_done(store, &put, why);
	if (r < 0)
		return r;
	struct binder forget = sql_bind(store, SQL_FORGET);
	bind_text(&forget, one->what);
	bind_int(&forget, now);
	bind_int(&forget, REMEMBERED_MAX);
	return sql_done(store, &forget, why);
}

int store_remembered(struct store *store, const char *what, wall_ms now, remembered_visit visit,
                     void *ctx)
{
	int count = 0, r;
	struct binder at = sql_bind(store, SQL_REMEMBERED_LIST);
	bind_text(&at, what);
	bind_int(&at, now);
	while ((r = sql_next(store, &at)) > 0) {
		struct remembered one = {.what = what, .key = read_text(&at)};
		one.until = read_int(&at);
		one.value = read_text(&at);
		count++;
		if (!visit(ctx, &one))
			break;
	}
	sql_end(&at);
	return r < 0 ? r : count;
}
