/* Reports over HTTP: GET /api/v1/incidents/{id}/report, /api/v1/drills/{id}/report and
 * /api/v1/report. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "review/query_incidents.h"
#include "review/reading.h"
#include "review/report.h"

struct report_reading {
	struct reading reading;
	struct report_request request;
	enum report_format format;
	struct site_def **sites;
	char *id;                    /* of the incident or drill, */
	struct report_period period; /* or the time */
	int (*write)(const struct report_request *, const char *id, enum report_format,
	             struct text *, struct problem *);
};

static bool read_form(struct exchange *ex, enum report_format *format,
                      struct report_request *request)
{
	const char *name = exchange_query(ex, "format");
	*format = name ? report_format_from_name(name) : REPORT_HTML;
	if (*format == REPORT_FORMAT_COUNT) {
		exchange_problem(ex, 400, "format: '%.40s' is none; allowed: html, json, csv, cap",
		                 name);
		return false;
	}
	return exchange_query_language(ex, &request->language);
}

/* ---- reading ---- */

static int read_report(struct reading *reading, struct store *store)
{
	struct report_reading *r = (struct report_reading *)reading;
	r->request.store = store;
	if (r->id)
		return r->write(&r->request, r->id, r->format, &reading->out, &reading->why);
	return report_period(&r->request, &r->period, r->format, &reading->out, &reading->why);
}

static void answer(struct exchange *ex, struct reading *reading)
{
	const struct report_reading *r = (const struct report_reading *)reading;
	if (reading->result == -ENOENT)
		exchange_problem(ex, 404, "%s", reading->why.text);
	else if (reading->result == -EINVAL)
		exchange_problem(ex, 400, "%s", reading->why.text);
	else if (reading->result < 0)
		exchange_unreadable(ex, reading->result);
	else
		exchange_answer(ex, 200, report_format_type(r->format), &reading->out);
	if (reading->result == 0 && r->format == REPORT_HTML)
		exchange_replace_header(
		        ex, "Content-Security-Policy",
		        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
		        "base-uri 'none'; frame-ancestors 'none'");
}

static void finish(struct reading *reading)
{
	struct report_reading *r = (struct report_reading *)reading;
	free(r->sites);
	free(r->id);
}

static void begin(struct exchange *ex, struct report_reading *r)
{
	static const struct reading_type type = {read_report, answer, finish};
	r->sites = exchange_site_defs(ex, NULL);
	r->request.sites = r->sites;
	while (r->sites[r->request.site_count])
		r->request.site_count++;
	exchange_read(ex, &r->reading, &type);
}

/* ---- the calls ---- */

static struct report_reading *create(struct exchange *ex)
{
	const struct review_service *service = &ex->server->service;
	struct report_reading *r = NEW(struct report_reading);
	r->request.now = service->now(service->ctx).wall;
	if (read_form(ex, &r->format, &r->request))
		return r;
	free(r);
	return NULL;
}

static void report(struct exchange *ex,
                   int (*write)(const struct report_request *, const char *, enum report_format,
                                struct text *, struct problem *))
{
	struct report_reading *r = create(ex);
	if (!r)
		return;
	r->id = mem_copy(ex->id);
	r->write = write;
	begin(ex, r);
}

void api_report(struct exchange *ex)
{
	report(ex, report_incident);
}

void api_drill_report(struct exchange *ex)
{
	report(ex, report_drill);
}

#define PERIOD_MAX DAYS(366)

/* What it is called on its front: a word of the command's too. */
static bool read_name(struct exchange *ex, struct report_period *out)
{
	static const char *const names[] = {"period", "shift", "day", "week", "month", "term"};
	const char *name = exchange_query(ex, "name");
	out->name = names[0];
	for (size_t i = 0; name && i < sizeof names / sizeof *names; i++)
		if (strcmp(names[i], name) == 0)
			out->name = names[i];
	if (!name || strcmp(name, out->name) == 0)
		return true;
	exchange_problem(ex, 400,
	                 "name: '%.40s' is none; allowed: period, shift, day, week, month, term",
	                 name);
	return false;
}

static bool read_full(struct exchange *ex, struct report_period *out)
{
	const char *full = exchange_query(ex, "full");
	out->full = full && strcmp(full, "true") == 0;
	if (!full || out->full || strcmp(full, "false") == 0)
		return true;
	exchange_problem(ex, 400, "full: allowed are true and false");
	return false;
}

static bool read_period(struct exchange *ex, wall_ms now, struct report_period *out)
{
	const struct site *site = NULL;
	out->until = now;
	if (!exchange_query_one_site(ex, &site) || !exchange_query_time(ex, "until", &out->until) ||
	    !read_name(ex, out) || !read_full(ex, out) ||
	    !exchange_query_incidents(ex, &out->filter, &out->search))
		return false;
	out->since = out->until - DAYS(1);
	out->site = site->def->id;
	if (!exchange_query_time(ex, "since", &out->since))
		return false;
	if (out->since < out->until && out->until - out->since <= PERIOD_MAX)
		return true;
	exchange_problem(ex, 400, "since: must lie before until, by a year at most");
	return false;
}

void api_period_report(struct exchange *ex)
{
	struct report_reading *r = create(ex);
	if (r && read_period(ex, r->request.now, &r->period))
		begin(ex, r);
	else
		free(r);
}
