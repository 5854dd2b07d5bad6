/* People: which of their contacts have been proven to reach them, and waiting for the proof. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/json.h"
#include "review/command/inside.h"
#include "review/command/speak.h"
#include "review/reach.h"

/* ---- people ---- */

static void add_rows(struct table *table, const struct command_context *ctx,
                     const struct site_def *def, const struct reach *reach)
{
	for (uint32_t p = 0; p < def->person_count; p++)
		for (uint32_t i = 0; i < def->people[p].contact_count; i++) {
			const struct reach *at = &reach[p * CONTACTS_MAX + i];
			uint32_t channel = def->people[p].contacts[i].channel;
			uint32_t nth = person_contact_nth(&def->people[p], i);
			struct text contact = {0};
			text_add(&contact, def->channels[channel].id);
			if (nth > 1)
				text_addf(&contact, " (%u)", nth);
			table_cell(table, TONE_PLAIN, def->id);
			table_cell(table, TONE_STRONG, def->people[p].id);
			table_cell(table, TONE_PLAIN, def->people[p].name);
			table_cell(table, TONE_PLAIN, text_get(&contact));
			text_finish(&contact);
			table_cell_time(table, ctx, def, at->tested);
			if (at->waiting && !at->proven)
				table_cell(table, TONE_STRONG,
				           say(ctx, "waits for the tap", "等待确认"));
			else
				table_cell_time(table, ctx, def, at->proven);
		}
}

static void print_table(const struct command_context *ctx, const struct table *table)
{
	struct text out = {0};
	table_write(table, ctx, &out);
	fputs(text_get(&out), ctx->out);
	text_finish(&out);
}

int run_people(const struct command_context *ctx, const struct invocation *line)
{
	const char *headings[] = {
	        say(ctx, "SITE", "站点"),          say(ctx, "PERSON", "人员"),
	        say(ctx, "NAME", "姓名"),          say(ctx, "CONTACT", "渠道"),
	        say(ctx, "LAST TEST", "最近测试"), say(ctx, "LAST PROVEN", "最近确认"),
	};
	const struct site_def *only = NULL;
	struct store *store = NULL;
	struct table table;
	struct text json = {0};
	int code = option_site(ctx, line, &only), error = 0;
	if (code == 0)
		code = store_open_here(ctx, &store);
	if (code)
		return code;
	table_begin(&table, sizeof headings / sizeof *headings, headings);
	json_open(&json, NULL, '{');
	json_open(&json, "items", '[');
	for (uint32_t i = 0; i < ctx->site_count && error >= 0; i++) {
		const struct site_def *def = ctx->sites[i];
		struct reach *reach = only && only != def ? NULL : reach_load(store, def, &error);
		if (!reach)
			continue;
		add_rows(&table, ctx, def, reach);
		for (uint32_t p = 0; p < def->person_count; p++)
			reach_write_person(&json, def, p, reach);
		free(reach);
	}
	store_close(store);
	json_close(&json, ']');
	json_close(&json, '}');
	if (error < 0)
		code = complain(ctx, EXIT_FAILED, "the record cannot be read: %s",
		                strerror(-error));
	else if (line->options[OPTION_JSON])
		print_json(ctx, &json);
	else
		print_table(ctx, &table);
	table_finish(&table);
	text_finish(&json);
	return code;
}

/* ---- waiting for the tap ---- */

struct waiting {
	const char *person;
	uint32_t count; /* tests that nobody has confirmed */
};

static bool count_waiting(void *ctx, const char *json)
{
	struct waiting *waiting = ctx;
	cJSON *proof = NULL;
	if (json_parse(json, strlen(json), &proof, NULL) == 0) {
		const char *to = json_string(proof, "to");
		waiting->count += to && strcmp(to, waiting->person) == 0;
	}
	cJSON_Delete(proof);
	return true;
}

int wait_for_proofs(const struct command_context *ctx, const struct invocation *line,
                    const char *site, const char *person)
{
	static const struct timespec pause = {.tv_nsec = 300 * 1000 * 1000};
	struct waiting waiting = {.person = person};
	struct store *store = NULL;
	int code = store_open_here(ctx, &store), r = 0;
	bool quiet = line->options[OPTION_JSON] != NULL;
	uint32_t before = UINT32_MAX;
	if (code)
		return code;
	for (;;) {
		waiting.count = 0;
		r = store_standings(store, site, STANDING_PROOF, false, count_waiting, &waiting);
		if (r < 0 || !waiting.count)
			break;
		if (waiting.count != before && !quiet) {
			fprintf(ctx->out, "%s: %u\n",
			        say(ctx, "to be confirmed by a tap", "等待点开确认"),
			        waiting.count);
			fflush(ctx->out);
		}
		before = waiting.count;
		nanosleep(&pause, NULL);
	}
	store_close(store);
	if (r < 0)
		return complain(ctx, EXIT_FAILED, "the record cannot be read: %s", strerror(-r));
	if (!quiet)
		fprintf(ctx->out, "%s\n", say(ctx, "received", "已确认收到"));
	return EXIT_DONE;
}
