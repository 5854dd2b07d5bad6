/* `tocsin report`: of an incident, of a drill, or of a time. */
#include "review/report.h"

#include <stdlib.h>
#include <string.h>

#include "review/command/inside.h"
#include "review/command/speak.h"

static const struct length {
	const char *name;
	int32_t days;
	span_ms hours; /* where it is no number of days */
} lengths[] = {
        {"shift", 0, HOURS(12)}, {"day", 1, 0}, {"week", 7, 0}, {"month", 30, 0}, {"term", 140, 0}};

static int read_language(const struct command_context *ctx, const char *words, const char **out)
{
	if (!words)
		return 0;
	if (strncmp(words, "zh", 2) != 0 && strcmp(words, "en") != 0)
		return complain(ctx, EXIT_USAGE, "--lang '%s': allowed are zh-CN and en", words);
	*out = *words == 'z' ? "zh-CN" : "en";
	return 0;
}

/* By the site's calendar, on which a day may have 23 or 25 hours: as many days later, at the same
 * time of the clock. */
static wall_ms days_later(const struct site_def *def, wall_ms at, int32_t days)
{
	struct civil now = civil_from_wall(&def->timezone, at), then = now;
	civil_from_days(days_from_civil(now.year, now.month, now.day) + days, &then);
	then.hour = now.hour;
	then.minute = now.minute;
	then.second = now.second;
	then.ms = now.ms;
	return civil_first(&def->timezone, then);
}

static wall_ms midnight(const struct site_def *def, wall_ms at)
{
	struct civil day = civil_from_wall(&def->timezone, at);
	day.hour = day.minute = day.second = day.ms = 0;
	return civil_first(&def->timezone, day);
}

static wall_ms later(const struct site_def *def, wall_ms at, const struct length *length, int sign)
{
	if (!def || !length->days)
		return at + sign * (length->hours + DAYS(length->days));
	return days_later(def, at, sign * length->days);
}

/* Without a time it ends with the day that is now, or now. */
static int read_period(const struct command_context *ctx, const struct invocation *line,
                       const struct length *length, const char *site, struct report_period *out)
{
	const struct site_def *clock = site_by_id(ctx, site);
	*out = (struct report_period){.name = length->name, .site = site};
	int code = option_time(ctx, line, OPTION_SINCE, clock, &out->since);
	if (code == 0)
		code = option_time(ctx, line, OPTION_UNTIL, clock, &out->until);
	if (code)
		return code;
	if (!out->since && clock && length->days)
		out->since = days_later(clock,
		                        midnight(clock, out->until ? out->until - 1 : ctx->now),
		                        1 - length->days);
	else if (!out->since)
		out->since = later(clock, out->until ? out->until : ctx->now, length, -1);
	if (!out->until)
		out->until = later(clock, out->since, length, 1);
	if (out->until <= out->since)
		return complain(ctx, EXIT_USAGE, "--until lies before --since");
	return 0;
}

static int write_period(const struct command_context *ctx, const struct invocation *line,
                        const struct report_request *request, const struct length *length,
                        enum report_format format, struct text *out)
{
	struct report_period period;
	struct problem why = {0};
	char *site = NULL;
	int code = option_one_site_recorded(ctx, line, request->store, &site);
	if (code == 0)
		code = read_period(ctx, line, length, site, &period);
	if (code == 0) {
		period.full = line->options[OPTION_ALL] != NULL;
		if (report_period(request, &period, format, out, &why) < 0)
			code = complain(ctx, EXIT_FAILED, "%s", why.text);
	}
	free(site);
	return code;
}

static int write_report(const struct command_context *ctx, const struct invocation *line,
                        const struct report_request *request, enum report_format format,
                        struct text *out)
{
	const char *what = line->arguments[0];
	struct problem why = {0};
	int r;
	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
		if (strcmp(what, lengths[i].name) == 0)
			return write_period(ctx, line, request, &lengths[i], format, out);
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
	if (line->options[OPTION_JSON] && name && format != REPORT_JSON)
		return complain(ctx, EXIT_USAGE, "--json is --format json: take one of them");
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
