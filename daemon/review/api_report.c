/* Reports over HTTP: GET /api/v1/incidents/{id}/report, /api/v1/drills/{id}/report and
 * /api/v1/report. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "review/exchange.h"
#include "review/report.h"

/* The live definitions, as a list; heap. */
static struct site_def **list_sites(struct exchange *ex, uint32_t *count)
{
	const struct review_service *service = &ex->server->service;
	const struct site *site;
	uint32_t n = 0;
	while (service->site_at(service->ctx, n))
		n++;
	struct site_def **sites = NEW_ARRAY(struct site_def *, (size_t)n + 1);
	for (*count = 0; *count < n && (site = service->site_at(service->ctx, *count)); ++*count)
		sites[*count] = (struct site_def *)site->def;
	return sites;
}

static bool read_form(struct exchange *ex, enum report_format *format,
                      struct report_request *request)
{
	const char *name = exchange_query(ex, "format"), *language = exchange_query(ex, "lang");
	*format = name ? report_format_from_name(name) : REPORT_HTML;
	if (*format == REPORT_FORMAT_COUNT) {
		exchange_problem(ex, 400, "format: '%.40s' is none; allowed: html, json, csv, cap",
		                 name);
		return false;
	}
	if (language && strncmp(language, "zh", 2) != 0 && strcmp(language, "en") != 0) {
		exchange_problem(ex, 400, "lang: '%.40s' is none; allowed: zh-CN, en", language);
		return false;
	}
	request->language = language ? (*language == 'z' ? "zh-CN" : "en") : NULL;
	return true;
}

static void answer(struct exchange *ex, int r, enum report_format format, struct text *out,
                   const struct problem *why)
{
	if (r == -ENOENT)
		exchange_problem(ex, 404, "%s", why->text);
	else if (r == -EINVAL)
		exchange_problem(ex, 400, "%s", why->text);
	else if (r < 0)
		exchange_problem(ex, 503, "%s", why->text);
	else
		exchange_answer(ex, 200, report_format_type(format), out);
	if (r == 0 && format == REPORT_HTML)
		exchange_replace_header(
		        ex, "Content-Security-Policy",
		        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
		        "base-uri 'none'; frame-ancestors 'none'");
}

static void report(struct exchange *ex,
                   int (*write)(const struct report_request *, const char *, enum report_format,
                                struct text *, struct problem *))
{
	const struct review_service *service = &ex->server->service;
	struct report_request request = {.store = service->store};
	enum report_format format;
	struct text out = {0};
	struct problem why = {""};
	if (!read_form(ex, &format, &request))
		return;
	request.now = service->now(service->ctx).wall;
	struct site_def **sites = list_sites(ex, &request.site_count);
	request.sites = sites;
	answer(ex, write(&request, ex->id, format, &out, &why), format, &out, &why);
	text_finish(&out);
	free(sites);
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

void api_period_report(struct exchange *ex)
{
	const struct review_service *service = &ex->server->service;
	struct report_request request = {.store = service->store,
	                                 .now = service->now(service->ctx).wall};
	const struct site *site = NULL;
	struct report_period period = {.until = request.now};
	enum report_format format;
	struct text out = {0};
	struct problem why = {""};
	if (!read_form(ex, &format, &request) || !exchange_query_site(ex, &site) ||
	    !exchange_query_time(ex, "until", &period.until))
		return;
	period.since = period.until - DAYS(1);
	if (!exchange_query_time(ex, "since", &period.since))
		return;
	if (period.since >= period.until || period.until - period.since > PERIOD_MAX) {
		exchange_problem(ex, 400, "since: must lie before until, by a year at most");
		return;
	}
	period.name = "period";
	period.site = site ? site->def->id : NULL;
	struct site_def **sites = list_sites(ex, &request.site_count);
	request.sites = sites;
	answer(ex, report_period(&request, &period, format, &out, &why), format, &out, &why);
	text_finish(&out);
	free(sites);
}
