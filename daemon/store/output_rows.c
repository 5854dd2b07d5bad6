/* Outputs that were ever switched, to rows and back. */
#include <errno.h>

#include "store/sql.h"

int output_put(struct store *store, const struct site *site, const struct output_state *state,
               struct problem *why)
{
	struct binder at = sql_bind(store, SQL_OUTPUT_PUT);
	bind_int(&at, site->store_id);
	bind_text(&at, state->id);
	bind_text(&at, state->topic);
	bind_text(&at, state->on);
	bind_text(&at, state->off);
	bind_bool(&at, state->retain);
	bind_bool(&at, state->is_on);
	bind_bool(&at, state->told);
	bind_int(&at, (int64_t)state->number);
	bind_text(&at, state->incident);
	bind_moment(&at, state->changed);
	return sql_done(store, &at, why);
}

int outputs_load(struct store *store, struct site *site)
{
	struct binder at = sql_bind(store, SQL_OUTPUTS_GET);
	bind_int(&at, site->store_id);
	int r;
	while ((r = sql_next(store, &at)) > 0) {
		struct output_state *state = output_state_create();
		state->id = mem_copy(read_text(&at));
		state->topic = mem_copy(read_text(&at));
		state->on = mem_copy(read_text(&at));
		state->off = mem_copy(read_text(&at));
		state->retain = read_bool(&at);
		state->is_on = read_bool(&at);
		state->told = read_bool(&at);
		state->number = (uint64_t)read_int(&at);
		state->incident = mem_copy(read_text(&at));
		state->changed = read_moment(&at);
		site_adopt_output(site, state);
	}
	sql_end(&at);
	/* A kill between the commit of an incident's end and this look leaves one on. */
	site->outputs_due = true;
	return r;
}

int store_outputs(struct store *store, const char *site, output_visit visit, void *ctx)
{
	int count = 0, r;
	struct binder at = sql_bind(store, SQL_OUTPUTS_LIST);
	bind_text(&at, site);
	while ((r = sql_next(store, &at)) > 0) {
		struct output_row row = {.site = read_text(&at)};
		row.output = read_text(&at);
		row.is_on = read_bool(&at);
		row.told = read_bool(&at);
		row.incident = read_text(&at);
		row.changed = read_int(&at);
		count++;
		if (!visit(ctx, &row))
			break;
	}
	sql_end(&at);
	return r < 0 ? r : count;
}
