/* tocsin devices --unknown: who was heard and is in no site file, each with a line ready for it. */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "review/command/inside.h"

struct unknown { /* of one site and address; the latest entry counts */
	char *site, *address, *data;
	wall_ms heard;
};

struct unknowns {
	const struct command_context *ctx;
	struct unknown *items;
	uint32_t count, cap;
};

static const struct site_def *site_named(const struct command_context *ctx, const char *id)
{
	for (uint32_t i = 0; i < ctx->site_count; i++)
		if (strcmp(ctx->sites[i]->id, id) == 0)
			return ctx->sites[i];
	return NULL;
}

/* Since it was heard somebody may have written it into the file. */
static bool is_configured(const struct command_context *ctx, const char *site, const char *address,
                          const char *profile)
{
	const struct site_def *def = site_named(ctx, site);
	for (uint32_t i = 0; def && i < def->device_count; i++) {
		const struct device *d = &def->devices[i];
		if (strcmp(d->profile ? d->profile : "native", profile) == 0 &&
		    strcmp(d->profile ? d->address : d->id, address) == 0)
			return true;
	}
	return false;
}

static bool visit(void *ctx, const struct ledger_row *row)
{
	struct unknowns *u = ctx;
	cJSON *data = NULL;
	if (!row->device || json_parse(row->data, strlen(row->data), &data, NULL) < 0)
		return true;
	const char *profile = json_string(data, "profile");
	bool known = is_configured(u->ctx, row->site, row->device, profile ? profile : "");
	cJSON_Delete(data);
	if (known)
		return true;
	uint32_t i = 0;
	while (i < u->count && (strcmp(u->items[i].address, row->device) != 0 ||
	                        strcmp(u->items[i].site, row->site) != 0))
		i++;
	if (i == u->count) {
		MEM_RESERVE(u->items, u->count, u->cap);
		u->items[u->count++] = (struct unknown){.site = mem_copy(row->site),
		                                        .address = mem_copy(row->device)};
	}
	free(u->items[i].data);
	u->items[i].data = mem_copy(row->data);
	u->items[i].heard = row->received;
	return true;
}

static void print_one(const struct unknown *one, const cJSON *data,
                      const struct command_context *ctx)
{
	const char *profile = json_string(data, "profile"), *kind = json_string(data, "kind");
	const char *line = json_string(data, "line");
	char time[TIME_TEXT_LEN];
	struct text address = {0};
	const struct site_def *def = site_named(ctx, one->site);
	text_add_escaped(&address, one->address, strlen(one->address));
	if (def)
		time_write_local(&def->timezone, one->heard, time);
	else
		time_write_utc(one->heard, time);
	fprintf(ctx->out, "# %s: %s%s%s, %s\n%s\n", text_get(&address), profile ? profile : "?",
	        kind ? ", " : "", kind ? kind : "", time, line ? line : "");
	text_finish(&address);
}

static void put_one(struct text *json, const struct unknown *one, const cJSON *data)
{
	json_open(json, NULL, '{');
	json_put_string(json, "site", one->site);
	json_put_string(json, "address", one->address);
	json_put_string(json, "profile", json_string(data, "profile"));
	json_put_string(json, "kind", json_string(data, "kind"));
	json_put_time(json, "heard", one->heard);
	json_put_string(json, "line", json_string(data, "line"));
	json_close(json, '}');
}

static void print_all(const struct unknowns *u, bool as_json)
{
	struct text json = {0};
	json_open(&json, NULL, '{');
	json_open(&json, "items", '[');
	for (uint32_t i = 0; i < u->count; i++) {
		cJSON *data = NULL;
		if (json_parse(u->items[i].data, strlen(u->items[i].data), &data, NULL) < 0)
			continue;
		if (as_json)
			put_one(&json, &u->items[i], data);
		else
			print_one(&u->items[i], data, u->ctx);
		cJSON_Delete(data);
	}
	json_close(&json, ']');
	json_close(&json, '}');
	if (as_json)
		print_json(u->ctx, &json);
	else if (!u->count)
		fprintf(u->ctx->out, "Nobody was heard who is not configured.\n");
	text_finish(&json);
}

int list_unknown(const struct command_context *ctx, const struct invocation *line,
                 const struct site_def *only)
{
	struct store *store = NULL;
	struct unknowns u = {.ctx = ctx};
	const struct ledger_filter filter = {.site = only ? only->id : NULL,
	                                     .type = "device.unknown"};
	int code = store_open_here(ctx, &store);
	if (code)
		return code;
	int r = store_log(store, &filter, visit, &u);
	if (r < 0)
		code = complain(ctx, EXIT_FAILED, "cannot read the record %s: %s", ctx->store_path,
		                strerror(-r));
	else
		print_all(&u, line->options[OPTION_JSON] != NULL);
	for (uint32_t i = 0; i < u.count; i++) {
		free(u.items[i].site);
		free(u.items[i].address);
		free(u.items[i].data);
	}
	free(u.items);
	store_close(store);
	return code;
}
