/* `tocsin report`: of an incident, of a drill, or of a time. */
#include "review/report.h"

#include <stdlib.h>
#include <string.h>

#include "review/command/inside.h"
#include "review/command/speak.h"

static const struct {
	const char *name;
	span_ms length;
} periods[] = {{"shift", HOURS(12)},
               {"day", DAYS(1)},
               {"week", DAYS(7)},
               {"month", DAYS(30)},
               {"term", DAYS(140)}};

static int read_language(const struct command_context *ctx, const char *words, const char **out)
{
	if (!words)
		return 0;
	if (strncmp(words, "zh", 2) != 0 && strcmp(words, "en") != 0)
		return complain(ctx, EXIT_USAGE, "--lang '%s': allowed are zh-CN and en", words);
	*out = *words == 'z' ? "zh-CN" : "en";
	return 0;
}

/* A day is a day of the site's calendar; without a time, the one that is now. */
static wall_ms midnight(const struct site_def *def, wall_ms at, int32_t days)
{
	struct civil day = civil_from_wall(&def->timezone, at);
	civil_from_days(days_from_civil(day.year, day.month, day.day) + days, &day);
	day.hour = day.minute = day.second = day.ms = 0;
	return civil_first(&def->timezone, day);
}

static int read_period(const struct command_context *ctx, const struct invocation *line,
                       const char *name, span_ms length, struct report_period *out)
{
	const struct site_def *def;
	int code = option_site(ctx, line, &def);
	if (code)
		return code;
	const struct site_def *clock = def ? def : ctx->site_count ? ctx->sites[0] : NULL;
	*out = (struct report_period){.name = name, .site = line->options[OPTION_SITE]};
	code = option_time(ctx, line, OPTION_SINCE, clock, &out->since);
	if (code == 0)
		code = option_time(ctx, line, OPTION_UNTIL, clock, &out->until);
	if (code)
		return code;
	if (!out->since && clock && length >= DAYS(1))
		out->since = midnight(clock, out->until ? out->until - 1 : ctx->now,
		                      1 - (int32_t)(length / DAYS(1)));
	else if (!out->since)
		out->since = (out->until ? out->until : ctx->now) - length;
	if (!out->until)
		out->until = out->since + length;
	if (out->until <= out->since)
		return complain(ctx, EXIT_USAGE, "--until lies before --since");
	return 0;
}

static int write_report(const struct command_context *ctx, const struct invocation *line,
                        const struct report_request *request, enum report_format format,
                        struct text *out)
{
	const char *what = line->arguments[0];
	struct problem why = {0};
	int r;
	for (size_t i = 0; i < sizeof periods / sizeof *periods; i++) {
		struct report_period period;
		if (strcmp(what, periods[i].name) != 0)
			continue;
		int code = read_period(ctx, line, periods[i].name, periods[i].length, &period);
		period.full = line->options[OPTION_ALL] != NULL;
		if (code)
			return code;
		r = report_period(request, &period, format, out, &why);
		return r < 0 ? complain(ctx, EXIT_FAILED, "%s", why.text) : 0;
	}
	if (strstr(what, "-drill-")) {
		r = report_drill(request, what, format, out, &why);
		return r < 0 ? complain(ctx, EXIT_FAILED, "%s", why.text) : 0;
	}
	char *id = NULL;
	int code = incident_id_complete(ctx, what, true, &id);
	if (code)
		return code;
	r = report_incident(request, id, format, out, &why);
	free(id);
	return r < 0 ? complain(ctx, EXIT_FAILED, "%s", why.text) : 0;
}

int run_report(const struct command_context *ctx, const struct invocation *line)
{
	struct report_request request = {
	        .sites = ctx->sites, .site_count = ctx->site_count, .now = ctx->now};
	const char *name = line->options[OPTION_FORMAT];
	enum report_format format = name                         ? report_format_from_name(name)
	                            : line->options[OPTION_JSON] ? REPORT_JSON
	                                                         : REPORT_HTML;
	struct text out = {0};
	if (format == REPORT_FORMAT_COUNT)
		return complain(ctx, EXIT_USAGE, "--format '%s': allowed are html, json, csv, cap",
		                name);
	if (line->options[OPTION_JSON] && format != REPORT_JSON)
		return complain(ctx, EXIT_USAGE,
		                "--json is --format json, and --format %s is not: take one of them",
		                name);
	int code = read_language(ctx, line->options[OPTION_LANGUAGE], &request.language);
	if (code == 0)
		code = store_open_here(ctx, &request.store);
	if (code == 0)
		code = write_report(ctx, line, &request, format, &out);
	if (code == 0)
		fwrite(text_get(&out), 1, out.len, ctx->out);
	store_close(request.store);
	text_finish(&out);
	return code;
}
