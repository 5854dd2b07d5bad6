#include "review/report.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/calendar.h"
#include "base/json.h"
#include "review/command/speak.h"
#include "review/command/timeline.h"
#include "review/html.h"
#include "review/report_private.h"
#include "review/views.h"

static const char *const formats[] = {"html", "json", "csv", "cap"};
static const char *const types[] = {"text/html; charset=utf-8", "application/json",
                                    "text/csv; charset=utf-8", "application/cap+xml"};

enum report_format report_format_from_name(const char *name)
{
	int i = 0;
	while (i < REPORT_FORMAT_COUNT && strcmp(formats[i], name) != 0)
		i++;
	return (enum report_format)i;
}

const char *report_format_type(enum report_format format)
{
	return types[format];
}

/* ---- words ---- */

const char *pick_word(bool zh, const char *english, const char *chinese)
{
	return zh ? chinese : english;
}

void add_html(struct text *out, const char *words)
{
	html_add_escaped(out, words ? words : "");
}

void add_span(struct text *out, const char *language, span_ms span)
{
	if (span == NOT_YET)
		text_add(out, "—");
	else
		text_add_lasting(out, language, span < MINUTES(1) ? span : span / 1000 * 1000);
}

void add_time(struct text *out, const struct site_def *def, wall_ms at)
{
	text_add_local(out, def, at);
}

#define DAY_LEN (sizeof "2026-11-22" - 1)

void add_day(struct text *out, const struct site_def *def, wall_ms at)
{
	struct text whole = {0};
	text_add_local(&whole, def, at);
	text_add_len(out, text_get(&whole), DAY_LEN);
	text_finish(&whole);
}

void add_clock(struct text *out, const struct site_def *def, wall_ms at)
{
	struct text whole = {0};
	text_add_local(&whole, def, at);
	text_add(out, text_get(&whole) + DAY_LEN + 1);
	text_finish(&whole);
}

bool is_other_day(const struct site_def *def, wall_ms before, wall_ms at)
{
	struct text one = {0}, other = {0};
	add_day(&one, def, before);
	add_day(&other, def, at);
	bool differs = strcmp(text_get(&one), text_get(&other)) != 0;
	text_finish(&one);
	text_finish(&other);
	return differs;
}

const char *person_name(const struct site_def *def, const char *id)
{
	uint32_t person = def && id ? site_def_person(def, id) : POSITION_NONE;
	return person == POSITION_NONE ? (id ? id : "") : def->people[person].name;
}

const char *device_name(const struct site_def *def, const char *id)
{
	uint32_t device = def && id ? site_def_device(def, id) : POSITION_NONE;
	return device == POSITION_NONE ? (id ? id : "") : def->devices[device].name;
}

static const char *zone_name(const struct site_def *def, const char *id)
{
	uint32_t zone = def && id ? site_def_zone(def, id) : POSITION_NONE;
	return zone == POSITION_NONE ? (id ? id : "") : def->zones[zone].name;
}

static const char *post_name(const struct site_def *def, const char *id)
{
	uint32_t post = def ? site_def_post(def, id) : POSITION_NONE;
	return post == POSITION_NONE || !def->posts[post].name ? id : def->posts[post].name;
}

void add_place(struct text *out, bool zh, const struct site_def *def, const cJSON *standing)
{
	const char *device = json_string(standing, "device"), *zone = json_string(standing, "zone");
	const char *post = json_string(standing, "post"), *between = "";
	const char *incident = json_string(standing, "incident");
	const cJSON *one;
	cJSON_ArrayForEach (one, json_get(standing, "zones")) {
		if (!cJSON_IsString(one))
			continue;
		text_add(out, between);
		add_html(out, zone_name(def, one->valuestring));
		between = zh ? "、" : ", ";
	}
	if (*between)
		return;
	add_html(out, device     ? device_name(def, device)
	              : zone     ? zone_name(def, zone)
	              : post     ? post_name(def, post)
	              : incident ? incident
	                         : "—");
}

void add_what(struct text *out, const char *language, const struct site_def *def,
              const struct incident *incident)
{
	struct text words = {0};
	words_add_incident(&words, language, def, incident);
	add_html(out, text_get(&words));
	text_finish(&words);
}

void csv_cell(struct text *out, const char *words, bool last)
{
	words = words ? words : "";
	text_add_char(out, '"');
	if (*words && strchr("=+-@\t\r", *words))
		text_add_char(out, '\'');
	for (; *words; words++) {
		if (*words == '"')
			text_add_char(out, '"');
		text_add_char(out, *words);
	}
	text_add(out, last ? "\"\r\n" : "\",");
}

void report_sentence(const struct incident_report *report, const struct ledger_row *row,
                     struct text *out, bool *stands_out)
{
	enum tone tone = TONE_PLAIN;
	const struct command_context ctx = {.sites = report->request->sites,
	                                    .site_count = report->request->site_count,
	                                    .now = report->request->now,
	                                    .language = report->language,
	                                    .on_page = true};
	(void)timeline_sentence(&ctx, row, out, &tone);
	*stands_out = tone == TONE_WARN || tone == TONE_BAD || tone == TONE_WORST ||
	              strcmp(row->type, "gap") == 0;
}

/* ---- what a report rests on ---- */

static bool keep_head(void *ctx, const struct ledger_row *row)
{
	struct ledger_head *head = ctx;
	head->seq = row->seq;
	memcpy(head->hash, row->hash, sizeof head->hash);
	return true;
}

int report_head(struct store *store, const char *site, struct ledger_head *out)
{
	*out = (struct ledger_head){0};
	int r = store_log_end(store, site, keep_head, out);
	return r < 0 ? r : 0;
}

void put_head(struct text *out, const struct ledger_head *head)
{
	struct text hex = {0};
	text_add_hex(&hex, head->hash, sizeof head->hash);
	json_open(out, "ledger", '{');
	json_put_int(out, "seq", (int64_t)head->seq);
	json_put_string(out, "head", text_get(&hex));
	json_close(out, '}');
	text_finish(&hex);
}

/* ---- one incident ---- */

const struct site_def *report_site(const struct report_request *request, const char *id)
{
	for (uint32_t i = 0; id && i < request->site_count; i++)
		if (strcmp(request->sites[i]->id, id) == 0)
			return request->sites[i];
	return NULL;
}

static int write_incident(const struct incident_report *report, enum report_format format,
                          struct text *out)
{
	switch (format) {
	case REPORT_HTML:
		return report_incident_html(report, out);
	case REPORT_JSON:
		return report_incident_json(report, out);
	case REPORT_CSV:
		return report_incident_csv(report, out);
	case REPORT_CAP:
		report_incident_cap(report, out);
		return 0;
	case REPORT_FORMAT_COUNT:
		break;
	}
	return -EINVAL;
}

int report_incident(const struct report_request *request, const char *id, enum report_format format,
                    struct text *out, struct problem *why)
{
	struct incident_report report = {.request = request};
	char *site_id = NULL;
	int r = store_incident(request->store, id, &report.incident, &site_id);
	if (r == -ENOENT)
		return problem_set(why, r, "no incident '%s'", id);
	if (r == 0) {
		report.site_id = site_id;
		report.def = report_site(request, site_id);
		report.language = request->language ? request->language
		                  : report.def      ? report.def->language
		                                    : "en";
		report.zh = strncmp(report.language, "zh", 2) == 0;
		r = response_of(request->store, report.incident, &report.response);
	}
	if (r >= 0)
		r = report_head(request->store, report.site_id, &report.head);
	if (r >= 0)
		r = write_incident(&report, format, out);
	if (r < 0)
		problem_set(why, r, "the record cannot be read: %s", strerror(-r));
	incident_destroy(report.incident);
	free(site_id);
	return r < 0 ? r : 0;
}

/* ---- JSON ---- */

void put_span(struct text *out, const char *name, span_ms span)
{
	if (span == NOT_YET)
		json_put_null(out, name);
	else
		json_put_int(out, name, span);
}

void report_stages_json(struct text *out, const struct incident *incident,
                        const struct response *response, wall_ms now)
{
	for (enum stage stage = 0; stage < STAGE_COUNT; stage++) {
		char name[40];
		snprintf(name, sizeof name, "%s_ms", stage_name(stage));
		put_span(out, name, stage_of(response, stage));
	}
	json_open(out, "late", '[');
	for (enum stage stage = 0; stage < STAGE_COUNT; stage++)
		if (stage_is_late(incident, response, stage, now))
			json_put_string(out, NULL, stage_name(stage));
	json_close(out, ']');
}

static bool add_gap(void *ctx, const struct ledger_row *row)
{
	view_ledger_row(ctx, NULL, row);
	return true;
}

int report_incident_json(const struct incident_report *report, struct text *out)
{
	const struct response *response = &report->response;
	struct store *store = report->request->store;
	json_open(out, NULL, '{');
	json_put_string(out, "report", "incident");
	json_put_time(out, "generated_at", report->request->now);
	view_incident(out, "incident", report->def, report->site_id, report->incident);
	int r = view_timeline(out, store, report->site_id, report->incident->id, NULL);
	json_open(out, "response", '{');
	report_stages_json(out, report->incident, response, report->request->now);
	json_put_int(out, "late_ms", response->late);
	json_put_int(out, "steps", response->steps);
	json_put_int(out, "gaps", response->gaps);
	json_put_int(out, "attempts", response->attempts);
	json_put_int(out, "failed_attempts", response->failed_attempts);
	json_close(out, '}');
	json_open(out, "gaps", '[');
	if (r >= 0)
		r = store_log(
		        store,
		        &(struct ledger_filter){.incident = report->incident->id, .type = "gap"},
		        add_gap, out);
	json_close(out, ']');
	put_head(out, &report->head);
	json_close(out, '}');
	text_add_char(out, '\n');
	return r;
}

/* ---- CSV: the timeline, a line an entry ---- */

struct csv {
	const struct incident_report *report;
	struct text *out;
};

static bool csv_row(void *ctx, const struct ledger_row *row)
{
	const struct csv *csv = ctx;
	struct text words = {0};
	char time[TIME_TEXT_LEN], received[TIME_TEXT_LEN];
	bool stands_out;
	time_write_utc(row->time, time);
	time_write_utc(row->received, received);
	text_addf(csv->out, "%" PRIu64 ",%s,%s,%" PRId64 ",", row->seq, time, received,
	          row->steady - csv->report->incident->opened.steady);
	csv_cell(csv->out, row->type, false);
	csv_cell(csv->out, row->incident, false);
	csv_cell(csv->out, row->device, false);
	csv_cell(csv->out, row->by, false);
	report_sentence(csv->report, row, &words, &stands_out);
	csv_cell(csv->out, text_get(&words), false);
	csv_cell(csv->out, row->data, true);
	text_finish(&words);
	return true;
}

int report_incident_csv(const struct incident_report *report, struct text *out)
{
	struct csv csv = {.report = report, .out = out};
	text_add(out, "seq,time,received,after_ms,type,incident,device,by,text,data\r\n");
	return store_log(report->request->store,
	                 &(struct ledger_filter){.incident = report->incident->id}, csv_row, &csv);
}
