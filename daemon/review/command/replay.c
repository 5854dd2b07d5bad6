/* `tocsin replay`: the record through the core again, side by side with what happened. */
#include "review/replay.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "decide/words.h"
#include "review/command/inside.h"
#include "review/command/speak.h"

#define SAME_WITHIN SECONDS(2) /* the daemon's own lateness is no difference */

struct sums {
	uint32_t same, moved, only_was, only_would;
};

static bool is_same(const struct replay_push *was, const struct replay_push *would)
{
	span_ms difference = would->at.steady - was->at.steady;
	return difference >= -SAME_WITHIN && difference <= SAME_WITHIN;
}

static struct sums sum_up(const struct replay *replay)
{
	struct sums sums = {0};
	for (uint32_t i = 0; i < replay->was.count; i++) {
		const struct replay_push *was = &replay->was.items[i];
		if (was->twin == POSITION_NONE)
			sums.only_was++;
		else if (is_same(was, &replay->would.items[was->twin]))
			sums.same++;
		else
			sums.moved++;
	}
	for (uint32_t i = 0; i < replay->would.count; i++)
		sums.only_would += replay->would.items[i].twin == POSITION_NONE;
	return sums;
}

static void put_push(struct text *out, const struct replay_push *was,
                     const struct replay_push *would)
{
	const struct replay_push *any = was ? was : would;
	json_open(out, NULL, '{');
	json_put_string(out, "incident", was ? was->incident : NULL);
	json_put_string(out, "kind", incident_kind_name(any->kind));
	json_put_string(out, "zone", any->zone);
	json_put_string(out, "to", any->to);
	json_put_string(out, "reason", reason_name(any->reason));
	if (was)
		json_put_time(out, "was", was->at.wall);
	else
		json_put_null(out, "was");
	if (would)
		json_put_time(out, "would", would->at.wall);
	else
		json_put_null(out, "would");
	if (was && would)
		json_put_number(out, "difference_s",
		                (double)(would->at.steady - was->at.steady) / 1000);
	else
		json_put_null(out, "difference_s");
	json_close(out, '}');
}

static void write_json(const struct site_def *def, const struct replay *replay, struct text *out)
{
	struct sums sums = sum_up(replay);
	json_open(out, NULL, '{');
	json_put_string(out, "site", def->id);
	json_put_string(out, "with",
	                replay->other ? "another configuration"
	                              : "the configuration that was in force");
	json_put_int(out, "entries", (int64_t)replay->entries);
	json_put_int(out, "applied", (int64_t)replay->applied);
	json_put_int(out, "not_applied", (int64_t)replay->not_applied);
	json_put_int(out, "removed", (int64_t)replay->removed);
	json_put_int(out, "missing", (int64_t)replay->missing);
	json_put_int(out, "same", sums.same);
	json_put_int(out, "moved", sums.moved);
	json_put_int(out, "only_was", sums.only_was);
	json_put_int(out, "only_would", sums.only_would);
	json_put_int(out, "incidents_were", replay->was.incidents);
	json_put_int(out, "incidents_would_be", replay->would.incidents);
	json_open(out, "pushes", '[');
	for (uint32_t i = 0; i < replay->was.count; i++) {
		const struct replay_push *was = &replay->was.items[i];
		put_push(out, was,
		         was->twin == POSITION_NONE ? NULL : &replay->would.items[was->twin]);
	}
	for (uint32_t i = 0; i < replay->would.count; i++)
		if (replay->would.items[i].twin == POSITION_NONE)
			put_push(out, NULL, &replay->would.items[i]);
	json_close(out, ']');
	json_close(out, '}');
}

static void row(struct table *table, const struct command_context *ctx, const struct site_def *def,
                const struct replay_push *was, const struct replay_push *would)
{
	const struct replay_push *any = was ? was : would;
	struct text at = {0};
	table_cell(table, TONE_STRONG, was ? was->incident : "-");
	table_cell(table, TONE_PLAIN, words_incident_kind(ctx->language, any->kind));
	table_cell(table, TONE_PLAIN, any->zone);
	table_cell(table, TONE_PLAIN, any->to);
	table_cell(table, TONE_PLAIN, words_reason(ctx->language, any->reason));
	if (was)
		text_add_local(&at, def, was->at.wall);
	table_cell(table, TONE_PLAIN, was ? text_get(&at) : say(ctx, "not told", "未通知"));
	text_reset(&at);
	if (would)
		text_add_local(&at, def, would->at.wall);
	table_cell(table, TONE_PLAIN, would ? text_get(&at) : say(ctx, "not told", "不通知"));
	if (was && would)
		table_cellf(table, is_same(was, would) ? TONE_DIM : TONE_WARN, "%+.1f s",
		            (double)(would->at.steady - was->at.steady) / 1000);
	else
		table_cell(table, TONE_BAD, "!");
	text_finish(&at);
}

/* Only what differs: what is the same is a number. */
static void write_table(const struct command_context *ctx, const struct site_def *def,
                        const struct replay *replay)
{
	const char *headings[] = {
	        say(ctx, "INCIDENT", "事件"),
	        say(ctx, "KIND", "类型"),
	        say(ctx, "ZONE", "区域"),
	        say(ctx, "WHOM", "对象"),
	        say(ctx, "WHY", "原因"),
	        say(ctx, "WAS TOLD", "当时通知"),
	        say(ctx, "WOULD BE TOLD", "将通知"),
	        say(ctx, "DIFFERENCE", "相差"),
	};
	struct sums sums = sum_up(replay);
	struct table table;
	table_begin(&table, sizeof headings / sizeof *headings, headings);
	for (uint32_t i = 0; i < replay->was.count; i++) {
		const struct replay_push *was = &replay->was.items[i];
		const struct replay_push *would = was->twin == POSITION_NONE
		                                          ? NULL
		                                          : &replay->would.items[was->twin];
		if (!would || !is_same(was, would))
			row(&table, ctx, def, was, would);
	}
	for (uint32_t i = 0; i < replay->would.count; i++)
		if (replay->would.items[i].twin == POSITION_NONE)
			row(&table, ctx, def, NULL, &replay->would.items[i]);
	if (table_rows(&table))
		table_end(&table, ctx);
	else
		table_finish(&table);
	fprintf(ctx->out,
	        say(ctx, "%s: %u pushes at the same time, %u moved, %u no more, %u new\n",
	            "%s：%u 次通知时间相同，%u 次时间变化，%u 次不再发出，%u 次新增\n"),
	        def->id, sums.same, sums.moved, sums.only_was, sums.only_would);
	if (replay->other)
		fputs(say(ctx,
		          "the record knows another configuration: this is what the given one "
		          "would "
		          "have done with all of it, every push taken as accepted\n",
		          "记录中有另一份配置：以上是按给定配置重放全部记录的结果，视每次通知均已送"
		          "达\n"),
		      ctx->out);
	if (replay->removed)
		fprintf(ctx->out,
		        say(ctx,
		            "%" PRIu64
		            " entries of the record were removed because of their age: they "
		            "cannot happen again, and what they led to may differ here\n",
		            "有 %" PRIu64 " 条记录已到期删除，无法重放，由其引起的通知可能不同\n"),
		        replay->removed);
	if (replay->not_applied)
		fprintf(ctx->out,
		        say(ctx, "%" PRIu64 " acts could not be repeated\n",
		            "有 %" PRIu64 " 个操作无法重放\n"),
		        replay->not_applied);
}

static int replay_site(const struct command_context *ctx, struct store *store,
                       const struct site_def *def, struct text *json, bool *differs)
{
	struct replay replay = {0};
	const struct replay_reader reader = {ctx->in_force, ctx->in_force_ctx};
	int r = replay_run(store, def, reader, NULL, &replay);
	int code = 0;
	if (r < 0)
		code = complain(ctx, EXIT_FAILED, "the record cannot be read: %s", strerror(-r));
	else if (replay.stuck)
		code = complain(ctx, EXIT_FAILED,
		                "%s: entry %" PRIu64 ": its time cannot be; see tocsin verify",
		                def->id, replay.stuck);
	else if (json)
		write_json(def, &replay, json);
	else
		write_table(ctx, def, &replay);
	if (code == 0 && replay.missing)
		code = complain(ctx, EXIT_FAILED,
		                "%s: %" PRIu64
		                " entries are missing and cannot happen again; see tocsin verify",
		                def->id, replay.missing);
	struct sums sums = sum_up(&replay);
	*differs |= !replay.other && !replay.removed &&
	            (sums.moved || sums.only_was || sums.only_would);
	replay_finish(&replay);
	return code;
}

int run_replay(const struct command_context *ctx, const struct invocation *line)
{
	const struct site_def *only = NULL;
	struct store *store = NULL;
	struct text json = {0};
	bool as_json = line->options[OPTION_JSON] != NULL, differs = false;
	int code = option_site(ctx, line, &only);
	if (code == 0)
		code = store_open_here(ctx, &store);
	json_open(&json, NULL, '[');
	for (uint32_t i = 0; code == 0 && i < ctx->site_count; i++)
		if (!only || only == ctx->sites[i])
			code = replay_site(ctx, store, ctx->sites[i], as_json ? &json : NULL,
			                   &differs);
	json_close(&json, ']');
	if (as_json && json.len > 2)
		print_json(ctx, &json);
	text_finish(&json);
	store_close(store);
	return code ? code : differs ? EXIT_FAILED : EXIT_DONE;
}
