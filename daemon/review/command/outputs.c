/* `tocsin outputs`: what is switched over MQTT, and whether the broker has taken it. */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "review/command/inside.h"
#include "review/command/speak.h"
#include "review/outputs_view.h"

static const char *state_of(const struct command_context *ctx, const cJSON *item)
{
	const char *state = json_string(item, "state");
	bool on = state && strcmp(state, "on") == 0, confirmed = true;
	(void)!json_bool(item, "confirmed", &confirmed);
	if (!confirmed)
		return on ? say(ctx, "ON, not confirmed by the broker", "已开，服务器未确认")
		          : say(ctx, "off, not confirmed by the broker", "已关，服务器未确认");
	return on ? say(ctx, "ON", "已开") : say(ctx, "off", "关");
}

static void add_row(struct table *table, const struct command_context *ctx,
                    const struct site_def *def, const cJSON *item)
{
	const char *name = json_string(item, "name"), *topic = json_string(item, "topic");
	const char *state = json_string(item, "state"), *at = json_string(item, "changed_at");
	const char *incident = json_string(item, "incident");
	bool on = state && strcmp(state, "on") == 0;
	wall_ms changed = 0;
	if (!at || time_parse(at, &changed) < 0)
		changed = 0;
	table_cell(table, TONE_PLAIN, def->id);
	table_cell(table, TONE_STRONG, json_string(item, "id"));
	table_cell(table, TONE_PLAIN,
	           name ? name : say(ctx, "(not in the site file)", "（配置中已无）"));
	table_cell(table, on ? TONE_STRONG : TONE_PLAIN, state_of(ctx, item));
	table_cell_time(table, ctx, def, changed);
	table_cell(table, TONE_PLAIN, incident ? incident : "");
	table_cell(table, TONE_PLAIN, topic ? topic : "");
}

static void print_outputs(const struct command_context *ctx, const struct text *json)
{
	const char *headings[] = {
	        say(ctx, "SITE", "站点"),     say(ctx, "OUTPUT", "输出"),
	        say(ctx, "NAME", "名称"),     say(ctx, "STATE", "状态"),
	        say(ctx, "SWITCHED", "时间"), say(ctx, "INCIDENT", "事件"),
	        say(ctx, "TOPIC", "主题"),
	};
	struct table table;
	struct text out = {0};
	cJSON *all = NULL;
	const cJSON *item;
	table_begin(&table, sizeof headings / sizeof *headings, headings);
	if (json_parse(text_get(json), json->len, &all, NULL) == 0)
		cJSON_ArrayForEach (item, json_get(all, "items")) {
			const char *site = json_string(item, "site");
			for (uint32_t i = 0; site && i < ctx->site_count; i++)
				if (strcmp(ctx->sites[i]->id, site) == 0)
					add_row(&table, ctx, ctx->sites[i], item);
		}
	table_write(&table, ctx, &out);
	fputs(text_get(&out), ctx->out);
	cJSON_Delete(all);
	text_finish(&out);
	table_finish(&table);
}

int run_outputs(const struct command_context *ctx, const struct invocation *line)
{
	const struct site_def *only = NULL;
	struct store *store = NULL;
	struct text json = {0};
	int code = option_site(ctx, line, &only), error = 0;
	if (code == 0)
		code = store_open_here(ctx, &store);
	if (code)
		return code;
	json_open(&json, NULL, '{');
	json_open(&json, "items", '[');
	for (uint32_t i = 0; i < ctx->site_count && error >= 0; i++)
		if (!only || only == ctx->sites[i])
			error = outputs_write(store, ctx->sites[i], &json);
	store_close(store);
	json_close(&json, ']');
	json_close(&json, '}');
	if (error < 0)
		code = complain(ctx, EXIT_FAILED, "the record cannot be read: %s",
		                strerror(-error));
	else if (line->options[OPTION_JSON])
		print_json(ctx, &json);
	else
		print_outputs(ctx, &json);
	text_finish(&json);
	return code;
}
