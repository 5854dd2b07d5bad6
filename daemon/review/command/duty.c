/* Who is on duty, from the configuration and what was changed by hand; and changing it by hand. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/calendar.h"
#include "base/json.h"
#include "base/mem.h"
#include "review/command/client.h"
#include "review/command/inside.h"
#include "review/command/speak.h"
#include "review/duty_view.h"

/* ---- looking ---- */

static void add_people(struct text *out, const cJSON *people)
{
	const cJSON *person;
	cJSON_ArrayForEach (person, people) {
		const char *name = json_string(person, "name"), *id = json_string(person, "id");
		text_add(out, out->len ? ", " : "");
		text_addf(out, "%s", name ? name : "?");
		if (name && id && strcmp(name, id) != 0)
			text_addf(out, " (%s)", id);
	}
}

static void people_cell(struct table *table, const struct command_context *ctx, const cJSON *people)
{
	struct text names = {0};
	add_people(&names, people);
	table_cell(table, names.len ? TONE_STRONG : TONE_WORST,
	           names.len ? text_get(&names) : say(ctx, "NOBODY", "无人值班"));
	text_finish(&names);
}

/* "Mon 2026-11-23 08:00" */
static void minute_cell(struct table *table, const struct command_context *ctx,
                        const struct site_def *def, const char *stamp)
{
	static const char *const english[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
	static const char *const chinese[] = {"周一", "周二", "周三", "周四",
	                                      "周五", "周六", "周日"};
	wall_ms at;
	if (!stamp || time_parse(stamp, &at) < 0) {
		table_cell(table, TONE_DIM, "-");
		return;
	}
	struct civil c = civil_from_wall(&def->timezone, at);
	int day = weekday_of_days(days_from_civil(c.year, c.month, c.day));
	table_cellf(table, TONE_PLAIN, "%s %04d-%02d-%02d %02d:%02d",
	            say(ctx, english[day], chinese[day]), c.year, c.month, c.day, c.hour, c.minute);
}

static void post_row(struct table *table, const struct command_context *ctx,
                     const struct site_def *def, const cJSON *post)
{
	const char *until = json_string(post, "until");
	table_cell(table, TONE_PLAIN, def->name);
	table_cellf(table, TONE_PLAIN, "%s (%s)", json_string(post, "name"),
	            json_string(post, "id"));
	people_cell(table, ctx, json_get(post, "people"));
	minute_cell(table, ctx, def, until);
	if (until)
		people_cell(table, ctx, json_get(post, "next"));
	else
		table_cell(table, TONE_DIM, "-");
}

static void week_rows(struct table *table, const struct command_context *ctx,
                      const struct site_def *def, const cJSON *post)
{
	const cJSON *stretch;
	cJSON_ArrayForEach (stretch, json_get(post, "week")) {
		table_cell(table, TONE_PLAIN, def->name);
		table_cellf(table, TONE_PLAIN, "%s (%s)", json_string(post, "name"),
		            json_string(post, "id"));
		people_cell(table, ctx, json_get(stretch, "people"));
		minute_cell(table, ctx, def, json_string(stretch, "from"));
		minute_cell(table, ctx, def, json_string(stretch, "to"));
	}
}

static void site_duty(const struct command_context *ctx, const struct site_def *def, wall_ms at,
                      bool week, struct table *table, struct text *json)
{
	struct by_hand hand;
	by_hand_load(ctx, def, &hand);
	for (uint32_t post = 0; post < def->post_count; post++) {
		struct text item = {0};
		cJSON *parsed = NULL;
		view_post(&item, def, &hand.duty, post, at, week);
		json_put_raw(json, NULL, text_get(&item));
		if (json_parse(text_get(&item), item.len, &parsed, NULL) == 0)
			(week ? week_rows : post_row)(table, ctx, def, parsed);
		cJSON_Delete(parsed);
		text_finish(&item);
	}
	by_hand_unload(&hand);
}

static int show_duty(const struct command_context *ctx, const struct invocation *line)
{
	bool week = line->options[OPTION_WEEK] != NULL;
	const char *headings[] = {say(ctx, "SITE", "站点"), say(ctx, "POST", "岗位"),
	                          say(ctx, "ON DUTY", "值班人"),
	                          week ? say(ctx, "FROM", "开始") : say(ctx, "UNTIL", "值班至"),
	                          week ? say(ctx, "TO", "结束") : say(ctx, "NEXT", "接班人")};
	const struct site_def *only;
	wall_ms at = ctx->now;
	int code = sites_needed(ctx);
	if (code == 0)
		code = option_site(ctx, line, &only);
	if (code == 0)
		code = option_time(ctx, line, OPTION_AT, only, &at);
	if (code)
		return code;
	struct table table;
	struct text json = {0};
	table_begin(&table, sizeof headings / sizeof *headings, headings);
	json_open(&json, NULL, '{');
	json_open(&json, "items", '[');
	for (uint32_t i = 0; i < ctx->site_count; i++)
		if (!only || only == ctx->sites[i])
			site_duty(ctx, ctx->sites[i], at, week, &table, &json);
	json_close(&json, ']');
	json_put_null(&json, "next");
	json_close(&json, '}');
	if (line->options[OPTION_JSON])
		print_json(ctx, &json);
	else if (table_rows(&table) == 0)
		fprintf(ctx->out, "%s\n",
		        say(ctx, "No posts are configured.", "没有配置值班岗位。"));
	else
		table_end(&table, ctx);
	table_finish(&table);
	text_finish(&json);
	return EXIT_DONE;
}

/* ---- changing ---- */

/* "li,zhao" as a list. */
static void put_people(struct text *body, const char *name, const char *words)
{
	char *copy = mem_copy(words), *rest = copy, *word;
	json_open(body, name, '[');
	while ((word = strsep(&rest, ",")))
		if (*word)
			json_put_string(body, NULL, word);
	json_close(body, ']');
	free(copy);
}

static const char *site_of_post(const struct command_context *ctx, const struct invocation *line)
{
	const char *post = line->arguments[1];
	if (line->options[OPTION_SITE])
		return line->options[OPTION_SITE];
	for (uint32_t i = 0; i < ctx->site_count; i++)
		if (site_def_post(ctx->sites[i], post) != POSITION_NONE)
			return ctx->sites[i]->id;
	return ctx->site_count ? ctx->sites[0]->id : NULL;
}

static int change_duty(const struct command_context *ctx, const struct invocation *line, bool swap)
{
	static const enum option needed[] = {OPTION_FROM, OPTION_TO, OPTION_PERSON, OPTION_BY};
	for (uint32_t i = 0; i < sizeof needed / sizeof *needed; i++)
		if (!line->options[needed[i]])
			return complain(ctx, EXIT_USAGE,
			                "'duty %s' needs --%s: tocsin duty %s POST --from TIME "
			                "--to TIME --person %s --by PERSON --why TEXT",
			                line->arguments[0], option_facts[needed[i]].name,
			                line->arguments[0], swap ? "ONE,OTHER" : "PERSON[,PERSON]");
	struct text body = {0};
	json_open(&body, NULL, '{');
	const char *site = site_of_post(ctx, line);
	if (site)
		json_put_string(&body, "site", site);
	json_put_string(&body, "post", line->arguments[1]);
	json_put_string(&body, "from", line->options[OPTION_FROM]);
	json_put_string(&body, "to", line->options[OPTION_TO]);
	put_people(&body, swap ? "swap" : "people", line->options[OPTION_PERSON]);
	json_put_string(&body, "by", line->options[OPTION_BY]);
	if (line->options[OPTION_WHY])
		json_put_string(&body, "note", line->options[OPTION_WHY]);
	json_close(&body, '}');
	int code = post_to_daemon(ctx, line, "/api/v1/duty/overrides", text_get(&body),
	                          say(ctx, "done", "完成"));
	text_finish(&body);
	return code;
}

static int end_override(const struct command_context *ctx, const struct invocation *line)
{
	struct text path = {0}, body = {0};
	if (!line->options[OPTION_BY])
		return complain(ctx, EXIT_USAGE, "'duty end' needs --by PERSON");
	text_add(&path, "/api/v1/duty/overrides/");
	text_add_encoded(&path, line->arguments[1]);
	text_add(&path, "/end");
	json_open(&body, NULL, '{');
	json_put_string(&body, "by", line->options[OPTION_BY]);
	if (line->options[OPTION_WHY])
		json_put_string(&body, "note", line->options[OPTION_WHY]);
	json_close(&body, '}');
	int code = post_to_daemon(ctx, line, text_get(&path), text_get(&body),
	                          say(ctx, "ended", "已取消"));
	text_finish(&path);
	text_finish(&body);
	return code;
}

int run_duty(const struct command_context *ctx, const struct invocation *line)
{
	const char *verb = line->argument_count ? line->arguments[0] : "";
	if (!line->argument_count)
		return show_duty(ctx, line);
	if (strcmp(verb, "overrides") == 0 && line->argument_count == 1)
		return list_standings(ctx, line, STANDING_OVERRIDE);
	if (line->argument_count == 2 && strcmp(verb, "override") == 0)
		return change_duty(ctx, line, false);
	if (line->argument_count == 2 && strcmp(verb, "swap") == 0)
		return change_duty(ctx, line, true);
	if (line->argument_count == 2 && strcmp(verb, "end") == 0)
		return end_override(ctx, line);
	return complain(ctx, EXIT_USAGE,
	                "'duty' alone says who is on duty; or: duty override POST, duty swap "
	                "POST, duty end ID, duty overrides");
}
