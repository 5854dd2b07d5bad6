/* The daily ledger (台账) and its like: every incident of a time with its figures, and the sums. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "review/report_tally.h"

/* ---- JSON ---- */

static void write_line_json(struct text *out, const struct tally *tally, const struct line *line)
{
	const struct period_report *report = tally->report;
	json_open(out, NULL, '{');
	incident_write_json(out, "incident", report->def, line->site, line->incident);
	report_stages_json(out, line->incident, &line->response, report->request->now);
	json_put_int(out, "late_ms", line->response.late);
	json_put_int(out, "gaps", line->response.gaps);
	json_close(out, '}');
}

static int write_json(struct tally *tally, struct text *out)
{
	const struct report_period *period = tally->report->period;
	json_open(out, NULL, '{');
	json_put_string(out, "report", period->name);
	json_put_string(out, "site", period->site);
	json_put_time(out, "since", period->since);
	json_put_time(out, "until", period->until);
	json_open(out, "counts", '{');
	json_put_int(out, "incidents", tally->count);
	json_put_int(out, "drills", tally->drills);
	json_put_int(out, "false_alarms", tally->false_alarms);
	if (tally_false_percent(tally) < 0)
		json_put_null(out, "false_alarm_percent");
	else
		json_put_int(out, "false_alarm_percent", tally_false_percent(tally));
	json_put_int(out, "unresolved", tally->unresolved);
	json_put_int(out, "entries", (int64_t)tally->entries);
	json_put_int(out, "signals", (int64_t)tally->signals);
	json_put_int(out, "rejected", (int64_t)tally->rejected);
	json_put_int(out, "deliveries", (int64_t)tally->deliveries);
	json_put_int(out, "deliveries_accepted", (int64_t)tally->accepted);
	json_put_int(out, "gaps", (int64_t)tally->gaps);
	json_put_int(out, "starts", (int64_t)tally->starts);
	json_put_int(out, "crashes", (int64_t)tally->crashes);
	json_close(out, '}');
	json_open(out, "by_kind", '{');
	for (int kind = 0; kind < INCIDENT_KIND_COUNT; kind++)
		json_put_int(out, incident_kind_name((enum incident_kind)kind),
		             tally->by_kind[kind]);
	json_close(out, '}');
	json_open(out, "by_zone", '[');
	for (uint32_t i = 0; i < tally->zone_count; i++) {
		json_open(out, NULL, '{');
		json_put_string(out, "zone", tally->zones[i].id);
		json_put_string(out, "name", tally->zones[i].name);
		json_put_int(out, "incidents", tally->zones[i].count);
		json_close(out, '}');
	}
	json_close(out, ']');
	json_open(out, "channels", '[');
	for (uint32_t i = 0; i < tally->channel_count; i++) {
		json_open(out, NULL, '{');
		json_put_string(out, "channel", tally->channels[i].id);
		json_put_int(out, "attempts", tally->channels[i].count);
		json_put_int(out, "accepted", tally->channels[i].good);
		json_close(out, '}');
	}
	json_close(out, ']');
	json_open(out, "response", '{');
	for (enum stage stage = 0; stage < STAGE_COUNT; stage++) {
		char name[40];
		uint32_t count = tally_sort_spans(tally, stage);
		snprintf(name, sizeof name, "%s_ms", stage_name(stage));
		json_open(out, name, '{');
		json_put_int(out, "count", count);
		json_put_int(out, "late", tally->late[stage]);
		put_span(out, "p50", tally_percentile(tally, count, 50));
		put_span(out, "p90", tally_percentile(tally, count, 90));
		put_span(out, "p95", tally_percentile(tally, count, 95));
		put_span(out, "p99", tally_percentile(tally, count, 99));
		put_span(out, "max", tally_percentile(tally, count, 100));
		json_close(out, '}');
	}
	json_close(out, '}');
	json_open(out, "top_talkers", '[');
	for (uint32_t i = 0; i < tally->talker_count && i < TALKERS; i++) {
		json_open(out, NULL, '{');
		json_put_string(out, "device", tally->talkers[i].device);
		json_put_int(out, "signals", tally->talkers[i].signals);
		json_put_int(out, "rejected", tally->talkers[i].rejected);
		json_put_int(out, "silent", tally->talkers[i].silent);
		json_close(out, '}');
	}
	json_close(out, ']');
	json_open(out, "incidents", '[');
	for (uint32_t i = tally->count; i-- > 0;)
		write_line_json(out, tally, &tally->lines[i]);
	json_close(out, ']');
	int r = shift_write_json(tally->report, out);
	json_close(out, '}');
	text_add_char(out, '\n');
	return r;
}

/* ---- CSV: a line an incident, oldest first ---- */

static void write_csv(struct tally *tally, struct text *out)
{
	text_add(out,
	         "incident,site,kind,severity,state,outcome,drill,zone,zone_name,owner,opened,"
	         "resolved,first_push_ms,first_accepted_ms,acknowledged_ms,on_site_ms,resolved_ms,"
	         "late_ms,gaps,note\r\n");
	for (uint32_t i = tally->count; i-- > 0;) {
		const struct line *line = &tally->lines[i];
		const struct incident *incident = line->incident;
		char opened[TIME_TEXT_LEN], resolved[TIME_TEXT_LEN] = "";
		time_write_utc(incident->opened.wall, opened);
		if (incident->resolved.wall)
			time_write_utc(incident->resolved.wall, resolved);
		csv_cell(out, incident->id, false);
		csv_cell(out, line->site, false);
		text_addf(out, "%s,%s,%s,%s,%s,", incident_kind_name(incident->kind),
		          severity_name(incident->severity), incident_state_name(incident->state),
		          incident->outcome == OUTCOME_NONE ? "" : outcome_name(incident->outcome),
		          incident->drill ? "true" : "false");
		csv_cell(out, incident->zone, false);
		csv_cell(out, incident->zone_name, false);
		csv_cell(out, incident->owner, false);
		text_addf(out, "%s,%s,", opened, resolved);
		for (enum stage stage = 0; stage < STAGE_COUNT; stage++) {
			span_ms span = stage_of(&line->response, stage);
			if (span != NOT_YET)
				text_addf(out, "%" PRId64, span);
			text_add_char(out, ',');
		}
		text_addf(out, "%" PRId64 ",%u,", line->response.late, line->response.gaps);
		csv_cell(out, incident->note, true);
	}
}

/* ---- the whole ---- */

int report_period(const struct report_request *request, const struct report_period *period,
                  enum report_format format, struct text *out, struct problem *why)
{
	struct period_report report = {.request = request, .period = period};
	if (format == REPORT_CAP || format == REPORT_FORMAT_COUNT)
		return problem_set(why, -EINVAL, "CAP is a format for one incident");
	report.def = report_site(request, period->site);
	report.language = request->language ? request->language
	                  : report.def      ? report.def->language
	                                    : "en";
	report.zh = strncmp(report.language, "zh", 2) == 0;
	struct tally tally = {.report = &report};
	int r = tally_gather(&tally);
	if (r < 0)
		problem_set(why, r, "the record cannot be read: %s", strerror(-r));
	else if (format == REPORT_JSON)
		r = write_json(&tally, out);
	else if (format == REPORT_CSV)
		write_csv(&tally, out);
	else
		period_write_html(&tally, out);
	tally_finish(&tally);
	return r < 0 ? r : 0;
}
