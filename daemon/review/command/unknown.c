/* tocsin devices --unknown: who was heard and is in no site file, each with a line ready for it. */
#include <string.h>

#include "base/json.h"
#include "decide/words.h"
#include "review/command/inside.h"
#include "review/command/speak.h"
#include "review/unknown.h"

static void print_one(const struct unknown *one, const struct command_context *ctx)
{
	char time[TIME_TEXT_LEN];
	struct text address = {0};
	cJSON *data = NULL;
	if (json_parse(one->data, strlen(one->data), &data, NULL) < 0)
		return;
	const char *profile = json_string(data, "profile"), *word = json_string(data, "kind");
	const char *line = json_string(data, "line"), *comma = say(ctx, ", ", "，");
	enum kind kind = word ? kind_from_name(word) : KIND_NONE;
	text_add_escaped(&address, one->address, strlen(one->address));
	time_write_local(&one->site->timezone, one->heard, time);
	fprintf(ctx->out, "# %s%s%s%s%s%s%s\n%s\n", text_get(&address), say(ctx, ": ", "："),
	        profile ? profile : "?", kind == KIND_NONE ? "" : comma,
	        kind == KIND_NONE ? "" : words_kind(ctx->language, kind), comma, time,
	        line ? line : "");
	text_finish(&address);
	cJSON_Delete(data);
}

static void print_all(const struct unknowns *all, const struct command_context *ctx, bool as_json)
{
	struct text json = {0};
	json_open(&json, NULL, '{');
	json_open(&json, "items", '[');
	for (uint32_t i = 0; i < all->count; i++)
		if (as_json)
			unknown_write_json(&json, &all->items[i]);
		else
			print_one(&all->items[i], ctx);
	json_close(&json, ']');
	json_close(&json, '}');
	if (as_json)
		print_json(ctx, &json);
	else if (!all->count)
		fprintf(ctx->out, "%s\n",
		        say(ctx, "Nobody was heard who is not configured.", "没有未登记的设备。"));
	text_finish(&json);
}

int list_unknown(const struct command_context *ctx, const struct invocation *line,
                 const struct site_def *only)
{
	struct store *store = NULL;
	struct unknowns all = {0};
	int code = store_open_here(ctx, &store), r = 0;
	if (code)
		return code;
	for (uint32_t i = 0; i < ctx->site_count && r >= 0; i++)
		if (!only || only == ctx->sites[i])
			r = unknowns_add(&all, store, ctx->sites[i]);
	if (r < 0)
		code = complain(ctx, EXIT_FAILED, "cannot read the record %s: %s", ctx->store_path,
		                strerror(-r));
	else
		print_all(&all, ctx, line->options[OPTION_JSON] != NULL);
	unknowns_finish(&all);
	store_close(store);
	return code;
}
