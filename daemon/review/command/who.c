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
		cJSON_ArrayForEach (contact, json_get(recipient, "contacts")) {
			if (!cJSON_IsString(contact))
				continue;
			text_add(&out, between);
			text_add_safe(&out, contact->valuestring);
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
	const char *name = json_string(zone, "name"), *policy = json_string(plan, "policy");
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
	const char *why = json_string(plan, "why"), *rule = json_string(plan, "rule");
	if (why) {
		text_add(&out, "; ");
		text_add_safe(&out, why);
	}
	if (rule && strncmp(ctx->language, "zh", 2) != 0) {
		text_add(&out, "\n  ");
		text_add_safe(&out, rule);
	} else if (policy) {
		text_add(&out, say(ctx, "; policy ", "；预案 "));
		text_add_safe(&out, policy);
	}
	fprintf(ctx->out, "%s\n", text_get(&out));
	text_finish(&out);
}

static void who_print(const struct command_context *ctx, const struct site_def *def,
                      const cJSON *plan, wall_ms at)
{
	const cJSON *step;
	who_head(ctx, def, plan, at);
	cJSON_ArrayForEach (step, json_get(plan, "steps")) {
		int64_t after = 0;
		struct text elapsed = {0};
		json_int(step, "after_ms", &after);
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

int run_who(const struct command_context *ctx, const struct invocation *line)
{
	const struct site_def *def;
	wall_ms at = ctx->now;
	struct text json = {0};
	struct problem why = {0};
	int code = site_of_zone(ctx, line, &def);
	if (code == 0)
		code = option_time(ctx, line, OPTION_AT, def, &at);
	if (code)
		return code;
	struct duty_state duty;
	duty_load(ctx, def, &duty);
	int r = who_write_json(&json, def, &duty, line->options[OPTION_KIND],
	                       line->options[OPTION_ZONE], at, &why);
	duty_unload(&duty);
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
