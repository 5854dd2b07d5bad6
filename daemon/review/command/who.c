/* Who would be told. */
#include <stdlib.h>
#include <string.h>

#include "base/calendar.h"
#include "base/json.h"
#include "base/mem.h"
#include "decide/words.h"
#include "review/command/inside.h"
#include "review/command/speak.h"
#include "review/who.h"
#include "review/who_gaps.h"

/* The site of --site, or the one that has the zone. */
static int site_of_zone(const struct command_context *ctx, const struct invocation *line,
                        const struct site_def **out)
{
	const char *zone = line->options[OPTION_ZONE];
	int code = option_site(ctx, line, out);
	if (code || *out)
		return code;
	for (uint32_t i = 0; i < ctx->site_count; i++) {
		if (site_def_zone(ctx->sites[i], zone) == POSITION_NONE)
			continue;
		if (*out)
			return complain(ctx, EXIT_USAGE,
			                "zone '%s' is in the sites %s and %s: say which with "
			                "--site",
			                zone, (*out)->id, ctx->sites[i]->id);
		*out = ctx->sites[i];
	}
	if (!*out && ctx->site_count)
		*out = ctx->sites[0]; /* who_write_json says which zones there are */
	return *out ? 0 : complain(ctx, EXIT_FAILED, "no site is configured");
}

static void recipients_line(const struct command_context *ctx, const cJSON *recipients)
{
	const cJSON *recipient, *contact;
	struct text out = {0};
	cJSON_ArrayForEach (recipient, recipients) {
		const char *name = json_string(recipient, "name"),
		           *id = json_string(recipient, "id");
		text_add(&out, out.len ? ", " : "");
		text_add_safe(&out, name ? name : id ? id : "?");
		if (name && id && strcmp(name, id) != 0) {
			text_add(&out, " (");
			text_add_safe(&out, id);
			text_add_char(&out, ')');
		}
		const char *between = say(ctx, " by ", " 经 ");
		cJSON_ArrayForEach (contact, json_get(recipient, "tries")) {
			const char *channel = json_string(contact, "channel");
			int64_t after = 0, give_up = 0;
			json_int(contact, "after_ms", &after);
			json_int(contact, "give_up_after_ms", &give_up);
			text_add(&out, between);
			text_add_safe(&out, channel ? channel : "?");
			text_add(&out, " (");
			if (after) {
				text_add(&out, say(ctx, "after ", "等待 "));
				text_add_span(&out, after);
				text_add(&out, say(ctx, ", ", "，"));
			}
			text_add(&out, say(ctx, "for ", "限时 "));
			text_add_span(&out, give_up);
			text_add_char(&out, ')');
			between = say(ctx, " then ", " 再 ");
		}
	}
	if (!out.len)
		text_add_toned(&out, ctx, TONE_WORST, say(ctx, "nobody", "无人"));
	fprintf(ctx->out, "%s\n", text_get(&out));
	text_finish(&out);
}

static void span_phrase(const struct command_context *ctx, const cJSON *plan, const char *member,
                        const char *before, const char *after)
{
	int64_t span;
	struct text words = {0};
	if (!json_int(plan, member, &span))
		return;
	text_add_span(&words, span);
	fprintf(ctx->out, "  %s %s%s\n", before, text_get(&words), after);
	text_finish(&words);
}

static void who_head(const struct command_context *ctx, const struct site_def *def,
                     const cJSON *plan, wall_ms at)
{
	const cJSON *zone = json_get(plan, "zone"), *incident = json_get(plan, "incident");
	const char *name = json_string(zone, "name");
	struct text out = {0};
	text_add_safe(&out, name ? name : "");
	text_add(&out, ", ");
	text_add_local(&out, def, at);
	text_add(&out, ": ");
	if (cJSON_IsObject(incident)) {
		const char *kind = json_string(incident, "kind");
		const char *severity = json_string(incident, "severity");
		enum severity level = severity_from_name(severity ? severity : "");
		struct text what = {0};
		text_addf(&what, "%s, %s", words_severity(ctx->language, level),
		          words_incident_kind(ctx->language,
		                              incident_kind_from_name(kind ? kind : "")));
		text_add_toned(&out, ctx, severity_tone(level), text_get(&what));
		text_finish(&what);
	} else {
		text_add(&out, say(ctx, "raises nothing", "不会报警"));
	}
	text_add(&out, "\n  ");
	text_add_safe(&out, json_string(plan, "rule"));
	fprintf(ctx->out, "%s\n", text_get(&out));
	text_finish(&out);
}

/* "armed by 钱师傅 until ...: why" */
static void word_line(const struct command_context *ctx, const struct site_def *def,
                      const cJSON *word, const char *what)
{
	const char *by = json_string(word, "by"), *note = json_string(word, "note"),
	           *until = json_string(word, "until");
	uint32_t person = by ? site_def_person(def, by) : POSITION_NONE;
	struct text out = {0};
	wall_ms end;
	if (!cJSON_IsObject(word))
		return;
	text_addf(&out, "  %s", what);
	text_add(&out, say(ctx, " by ", "，"));
	text_add_safe(&out, person != POSITION_NONE ? def->people[person].name : by ? by : "?");
	if (until && time_parse(until, &end) == 0) {
		text_add(&out, say(ctx, " until ", "，至 "));
		text_add_local(&out, def, end);
	}
	if (note) {
		text_add(&out, say(ctx, ": ", "："));
		text_add_safe(&out, note);
	}
	fprintf(ctx->out, "%s\n", text_get(&out));
	text_finish(&out);
}

static void by_hand_lines(const struct command_context *ctx, const struct site_def *def,
                          const cJSON *plan)
{
	const cJSON *arming = json_get(json_get(plan, "zone"), "arming");
	bool armed = false;
	json_bool(arming, "armed", &armed);
	word_line(ctx, def, arming,
	          armed ? say(ctx, "armed by hand", "手动布防")
	                : say(ctx, "disarmed by hand", "手动撤防"));
	word_line(ctx, def, json_get(plan, "silence"), say(ctx, "silenced", "已静默"));
	word_line(ctx, def, json_get(plan, "drill"),
	          say(ctx, "a drill, never to outside lines", "演练，不通知外部线路"));
	if (json_string(plan, "assumes"))
		fprintf(ctx->out, "  %s%s\n", say(ctx, "assumed: ", "假定："),
		        json_string(plan, "assumes"));
}

static void who_print(const struct command_context *ctx, const struct site_def *def,
                      const cJSON *plan, wall_ms at)
{
	const cJSON *step;
	who_head(ctx, def, plan, at);
	by_hand_lines(ctx, def, plan);
	cJSON_ArrayForEach (step, json_get(plan, "steps")) {
		int64_t after = 0;
		struct text elapsed = {0};
		json_int(step, "runs_after_ms", &after);
		text_add_elapsed(&elapsed, after);
		fprintf(ctx->out, "  %-7s ", text_get(&elapsed));
		recipients_line(ctx, json_get(step, "recipients"));
		text_finish(&elapsed);
	}
	if (!cJSON_IsObject(json_get(plan, "incident")))
		return;
	span_phrase(ctx, plan, "repeat_ms", say(ctx, "the last step repeats every", "最后一步每隔"),
	            say(ctx, "", " 重复"));
	span_phrase(ctx, plan, "resolve_within_ms",
	            say(ctx, "once acknowledged, it opens again if not resolved within", "确认后"),
	            say(ctx, "", " 内未处置完毕将重新报警"));
	fprintf(ctx->out, "  %s ", say(ctx, "last resort:", "最后联系："));
	recipients_line(ctx, json_get(plan, "last_resort"));
}

/* ---- gaps ---- */

static void gap_row(struct table *table, const struct command_context *ctx,
                    const struct site_def *def, const cJSON *gap)
{
	static const char *const lists[] = {"kinds", "zones"};
	static const char *const ends[] = {"from", "to"};
	const char *policy = json_string(gap, "policy");
	int64_t step = 0;
	for (int i = 0; i < 2; i++) {
		wall_ms at;
		const char *stamp = json_string(gap, ends[i]);
		struct text when = {0};
		if (stamp && time_parse(stamp, &at) == 0)
			text_add_local(&when, def, at);
		table_cell(table, TONE_PLAIN, text_get(&when));
		text_finish(&when);
	}
	for (int i = 0; i < 2; i++) {
		struct text words = {0};
		const cJSON *word;
		cJSON_ArrayForEach (word, json_get(gap, lists[i]))
			text_addf(&words, "%s%s", words.len ? ", " : "",
			          cJSON_IsString(word) ? word->valuestring : "?");
		table_cell(table, TONE_PLAIN, text_get(&words));
		text_finish(&words);
	}
	table_cell(table, TONE_PLAIN, policy ? policy : "-");
	if (json_int(gap, "step", &step))
		table_cellf(table, TONE_WARN, say(ctx, "step %lld is skipped", "第 %lld 步被跳过"),
		            (long long)step);
	else
		table_cell(table, TONE_WORST, say(ctx, "NOBODY is told", "无人得到通知"));
}

static void print_gaps(const struct command_context *ctx, const struct site_def *def,
                       const struct text *json)
{
	const char *headings[] = {say(ctx, "FROM", "开始"),   say(ctx, "TO", "结束"),
	                          say(ctx, "KINDS", "类别"),  say(ctx, "ZONES", "区域"),
	                          say(ctx, "POLICY", "预案"), say(ctx, "GAP", "缺口")};
	struct table table;
	cJSON *found = NULL;
	const cJSON *gap;
	if (json_parse(text_get(json), json->len, &found, NULL) < 0)
		return;
	table_begin(&table, sizeof headings / sizeof *headings, headings);
	cJSON_ArrayForEach (gap, json_get(found, "items"))
		gap_row(&table, ctx, def, gap);
	if (table_rows(&table))
		table_end(&table, ctx);
	else
		fprintf(ctx->out, "%s: %s\n", def->name,
		        say(ctx, "every step of every plan reaches somebody",
		            "所有预案的每一步都有人可通知"));
	table_finish(&table);
	cJSON_Delete(found);
}

static int run_gaps(const struct command_context *ctx, const struct invocation *line)
{
	const struct site_def *only;
	wall_ms at = ctx->now;
	int64_t weeks = WEEKS_DEFAULT;
	const char *words = line->options[OPTION_WEEKS];
	if (words && (text_parse_int(words, &weeks) < 0 || weeks < 1 || weeks > WEEKS_MAX))
		return complain(ctx, EXIT_USAGE, "--weeks '%s' is not a number from 1 to %d", words,
		                WEEKS_MAX);
	int code = option_site(ctx, line, &only);
	if (code == 0)
		code = option_time(ctx, line, OPTION_AT, only, &at);
	if (code)
		return code;
	struct text all = {0};
	json_open(&all, NULL, '{');
	json_open(&all, "items", '[');
	for (uint32_t i = 0; i < ctx->site_count; i++) {
		const struct site_def *def = ctx->sites[i];
		struct by_hand hand;
		struct text json = {0};
		if (only && only != def)
			continue;
		by_hand_load(ctx, def, &hand);
		who_gaps_write_json(&json, def, &hand.duty, at, (uint32_t)weeks);
		by_hand_unload(&hand);
		if (line->options[OPTION_JSON])
			json_put_raw(&all, NULL, text_get(&json));
		else
			print_gaps(ctx, def, &json);
		text_finish(&json);
	}
	json_close(&all, ']');
	json_close(&all, '}');
	if (line->options[OPTION_JSON])
		print_json(ctx, &all);
	text_finish(&all);
	return EXIT_DONE;
}

int run_who(const struct command_context *ctx, const struct invocation *line)
{
	if (line->options[OPTION_GAPS])
		return run_gaps(ctx, line);
	const struct site_def *def;
	wall_ms at = ctx->now;
	struct text json = {0};
	struct problem why = {0};
	int code = site_of_zone(ctx, line, &def);
	if (code == 0)
		code = option_time(ctx, line, OPTION_AT, def, &at);
	if (code)
		return code;
	struct by_hand hand;
	by_hand_load(ctx, def, &hand);
	struct who_asked asked = {.word = line->options[OPTION_KIND],
	                          .zone = line->options[OPTION_ZONE],
	                          .at = at,
	                          .now = ctx->now,
	                          .language = line->options[OPTION_JSON] ? NULL : ctx->language};
	int r = who_write_json(&json, def, &hand.duty, &hand.in_force, &asked, &why);
	by_hand_unload(&hand);
	if (r < 0) {
		text_finish(&json);
		return complain(ctx, EXIT_USAGE, "%s", why.text);
	}
	if (line->options[OPTION_JSON]) {
		print_json(ctx, &json);
		return EXIT_DONE;
	}
	cJSON *plan = NULL;
	if (json_parse(text_get(&json), json.len, &plan, &why) < 0)
		code = complain(ctx, EXIT_FAILED, "%s", why.text);
	else
		who_print(ctx, def, plan, at);
	cJSON_Delete(plan);
	text_finish(&json);
	return code;
}
