/* The daily ledger (台账) and its like: every incident of a time with its figures, and the sums. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/calendar.h"
#include "base/json.h"
#include "review/report_private.h"

#define TALKERS 10
#define INCIDENTS_MAX 20000 /* of one report */

struct talker {
	char *device;
	uint32_t signals, rejected, silent;
};

struct tally { /* what a period's entries add up to */
	struct period_report *report;
	struct line { /* an incident and its response */
		struct incident *incident;
		char *site;
		struct response response;
	} * lines;
	uint32_t count, cap;
	struct talker *talkers;
	uint32_t talker_count, talker_cap;
	uint64_t entries, signals, rejected, deliveries, accepted, gaps, starts, crashes;
	uint32_t by_kind[INCIDENT_KIND_COUNT], false_alarms, drills, unresolved;
	span_ms *spans; /* scratch for percentiles */
};

static void tally_finish(struct tally *tally)
{
	for (uint32_t i = 0; i < tally->count; i++) {
		incident_destroy(tally->lines[i].incident);
		free(tally->lines[i].site);
	}
	for (uint32_t i = 0; i < tally->talker_count; i++)
		free(tally->talkers[i].device);
	free(tally->lines);
	free(tally->talkers);
	free(tally->spans);
}

/* ---- counting ---- */

static struct talker *talker_of(struct tally *tally, const char *device)
{
	for (uint32_t i = 0; i < tally->talker_count; i++)
		if (strcmp(tally->talkers[i].device, device) == 0)
			return &tally->talkers[i];
	MEM_RESERVE(tally->talkers, tally->talker_count, tally->talker_cap);
	struct talker *talker = &tally->talkers[tally->talker_count++];
	*talker = (struct talker){.device = mem_copy(device)};
	return talker;
}

static bool count_entry(void *ctx, const struct ledger_row *row)
{
	struct tally *tally = ctx;
	tally->entries++;
	if (strcmp(row->type, "signal") == 0) {
		tally->signals++;
		if (row->device)
			talker_of(tally, row->device)->signals++;
	} else if (strcmp(row->type, "rejected") == 0) {
		tally->rejected++;
		if (row->device)
			talker_of(tally, row->device)->rejected++;
	} else if (strcmp(row->type, "device.silent") == 0 && row->device) {
		talker_of(tally, row->device)->silent++;
	} else if (strcmp(row->type, "delivery") == 0) {
		tally->deliveries++;
		tally->accepted += strstr(row->data, "\"result\":\"accepted\"") != NULL;
	} else if (strcmp(row->type, "gap") == 0) {
		tally->gaps++;
	} else if (strcmp(row->type, "service.started") == 0) {
		tally->starts++;
		tally->crashes += strstr(row->data, "\"after\":\"crash\"") != NULL;
	}
	return true;
}

static bool keep_id(void *ctx, const char *site_id, const struct incident *incident)
{
	struct tally *tally = ctx;
	MEM_RESERVE(tally->lines, tally->count, tally->cap);
	struct line *line = &tally->lines[tally->count++];
	*line = (struct line){.incident = incident_create(), .site = mem_copy(site_id)};
	memcpy(line->incident->id, incident->id, sizeof incident->id);
	return true;
}

static void sum_up(struct tally *tally, const struct incident *incident)
{
	if (incident->drill) {
		tally->drills++; /* their own statistics */
		return;
	}
	tally->by_kind[incident->kind]++;
	tally->false_alarms += incident->outcome == OUTCOME_FALSE_ALARM;
	tally->unresolved += incident->state != STATE_RESOLVED;
}

static int load_lines(struct tally *tally)
{
	struct store *store = tally->report->request->store;
	int r = 0;
	for (uint32_t i = 0; r >= 0 && i < tally->count; i++) {
		struct line *line = &tally->lines[i];
		struct incident *loaded = NULL;
		char *site = NULL;
		r = store_incident(store, line->incident->id, &loaded, &site);
		free(site);
		if (r < 0)
			break;
		incident_destroy(line->incident);
		line->incident = loaded;
		sum_up(tally, loaded);
		r = response_of(store, loaded, &line->response);
	}
	return r;
}

static int gather(struct tally *tally)
{
	const struct report_period *period = tally->report->period;
	struct store *store = tally->report->request->store;
	struct incident_filter filter = {.site = period->site,
	                                 .since = period->since,
	                                 .until = period->until,
	                                 .limit = 1000};
	bool more = true;
	int r = 0;
	while (r >= 0 && more && tally->count < INCIDENTS_MAX) {
		filter.after = tally->count ? tally->lines[tally->count - 1].incident->id : NULL;
		r = store_incidents(store, &filter, keep_id, tally, &more);
	}
	if (r >= 0)
		r = load_lines(tally);
	if (r >= 0)
		r = store_log(store,
		              &(struct ledger_filter){.site = period->site,
		                                      .since = period->since,
		                                      .until = period->until},
		              count_entry, tally);
	return r;
}

/* ---- figures ---- */

static int by_span(const void *a, const void *b)
{
	span_ms left = *(const span_ms *)a, right = *(const span_ms *)b;
	return left < right ? -1 : left > right;
}

static int by_noise(const void *a, const void *b)
{
	const struct talker *left = a, *right = b;
	uint64_t l = (uint64_t)left->signals + left->rejected + left->silent;
	uint64_t r = (uint64_t)right->signals + right->rejected + right->silent;
	return l > r ? -1 : l < r;
}

enum stage { FIRST_PUSH, FIRST_ACCEPTED, ACKNOWLEDGED, RESOLVED, STAGE_COUNT };
static const char *const stage_names[][2] = {{"first_push_ms", "首次推送"},
                                             {"first_accepted_ms", "首次送达"},
                                             {"acknowledged_ms", "人员确认"},
                                             {"resolved_ms", "处置完毕"}};

static span_ms stage_of(const struct response *response, enum stage stage)
{
	switch (stage) {
	case FIRST_PUSH:
		return response->first_push;
	case FIRST_ACCEPTED:
		return response->first_accepted;
	case ACKNOWLEDGED:
		return response->acknowledged;
	case RESOLVED:
		return response->resolved;
	case STAGE_COUNT:
		break;
	}
	return NOT_YET;
}

/* Sorted into tally->spans; returns how many. Drills are not counted. */
static uint32_t sort_spans(struct tally *tally, enum stage stage)
{
	uint32_t count = 0;
	if (!tally->spans)
		tally->spans = NEW_ARRAY(span_ms, (size_t)tally->count + 1);
	for (uint32_t i = 0; i < tally->count; i++) {
		span_ms span = stage_of(&tally->lines[i].response, stage);
		if (span != NOT_YET && !tally->lines[i].incident->drill)
			tally->spans[count++] = span;
	}
	qsort(tally->spans, count, sizeof *tally->spans, by_span);
	return count;
}

/* The nearest rank. */
static span_ms percentile(const struct tally *tally, uint32_t count, uint32_t percent)
{
	return count ? tally->spans[((uint64_t)count * percent + 99) / 100 - 1] : NOT_YET;
}

/* ---- JSON ---- */

static void put_span(struct text *out, const char *name, span_ms span)
{
	if (span == NOT_YET)
		json_put_null(out, name);
	else
		json_put_int(out, name, span);
}

static void write_line_json(struct text *out, const struct line *line)
{
	json_open(out, NULL, '{');
	incident_write_json(out, "incident", line->site, line->incident);
	for (int stage = 0; stage < STAGE_COUNT; stage++)
		put_span(out, stage_names[stage][0], stage_of(&line->response, (enum stage)stage));
	json_put_int(out, "late_ms", line->response.late);
	json_put_int(out, "gaps", line->response.gaps);
	json_close(out, '}');
}

static void write_json(struct tally *tally, struct text *out)
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
	json_open(out, "response", '{');
	for (int stage = 0; stage < STAGE_COUNT; stage++) {
		uint32_t count = sort_spans(tally, (enum stage)stage);
		json_open(out, stage_names[stage][0], '{');
		json_put_int(out, "count", count);
		put_span(out, "p50", percentile(tally, count, 50));
		put_span(out, "p95", percentile(tally, count, 95));
		put_span(out, "max", percentile(tally, count, 100));
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
		write_line_json(out, &tally->lines[i]);
	json_close(out, ']');
	json_close(out, '}');
	text_add_char(out, '\n');
}

/* ---- CSV: a line an incident, oldest first ---- */

static void write_csv(struct tally *tally, struct text *out)
{
	text_add(out, "incident,site,kind,severity,state,outcome,drill,zone,zone_name,owner,opened,"
	              "resolved,first_push_ms,first_accepted_ms,acknowledged_ms,resolved_ms,"
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
		for (int stage = 0; stage < STAGE_COUNT; stage++) {
			span_ms span = stage_of(&line->response, (enum stage)stage);
			if (span != NOT_YET)
				text_addf(out, "%" PRId64, span);
			text_add_char(out, ',');
		}
		text_addf(out, "%" PRId64 ",%u,", line->response.late, line->response.gaps);
		csv_cell(out, incident->note, true);
	}
}

/* ---- HTML ---- */

static const char *word(const struct tally *tally, const char *english, const char *chinese)
{
	return pick_word(tally->report->zh, english, chinese);
}

static void write_sums(const struct tally *tally, struct text *out)
{
	const struct {
		const char *name;
		uint64_t value;
		bool bad;
	} sums[] = {
	        {word(tally, "Incidents", "事件"), tally->count - tally->drills, false},
	        {word(tally, "not resolved", "未解除"), tally->unresolved, tally->unresolved > 0},
	        {word(tally, "false alarms", "误报"), tally->false_alarms, false},
	        {word(tally, "drills", "演练"), tally->drills, false},
	        {word(tally, "signals", "信号"), tally->signals, false},
	        {word(tally, "messages not understood", "无法理解的消息"), tally->rejected, false},
	        {word(tally, "push attempts", "推送"), tally->deliveries, false},
	        {word(tally, "of them accepted", "其中送达"), tally->accepted, false},
	        {word(tally, "gaps", "上报缺口"), tally->gaps, tally->gaps > 0},
	        {word(tally, "service starts", "服务启动"), tally->starts, false},
	        {word(tally, "of them after a crash", "其中异常中断后"), tally->crashes,
	         tally->crashes > 0},
	};
	text_add(out, "<dl>\n");
	for (size_t i = 0; i < sizeof sums / sizeof *sums; i++)
		text_addf(out, "<dt>%s</dt><dd%s>%" PRIu64 "</dd>\n", sums[i].name,
		          sums[i].bad ? " class=\"bad\"" : "", sums[i].value);
	text_add(out, "</dl>\n");
}

static void write_kinds(const struct tally *tally, struct text *out)
{
	uint32_t most = 1;
	int row = 0;
	for (int kind = 0; kind < INCIDENT_KIND_COUNT; kind++)
		most = tally->by_kind[kind] > most ? tally->by_kind[kind] : most;
	text_addf(out,
	          "<section><h2>%s</h2>\n<svg viewBox=\"0 0 680 %d\" width=\"680\" height=\"%d\" "
	          "role=\"img\" aria-label=\"%s\">\n",
	          word(tally, "Incidents by kind", "事件类型"), INCIDENT_KIND_COUNT * 26,
	          INCIDENT_KIND_COUNT * 26, word(tally, "Incidents by kind", "事件类型"));
	for (int kind = 0; kind < INCIDENT_KIND_COUNT; kind++, row++)
		text_addf(out,
		          "<text x=\"0\" y=\"%d\">%s</text><rect x=\"130\" y=\"%d\" width=\"%d\" "
		          "height=\"16\" rx=\"3\" fill=\"var(--bar)\"/><text x=\"%d\" "
		          "y=\"%d\">%u</text>\n",
		          row * 26 + 17,
		          words_incident_kind(tally->report->language, (enum incident_kind)kind),
		          row * 26 + 4, (int)(tally->by_kind[kind] * 460 / most),
		          136 + (int)(tally->by_kind[kind] * 460 / most), row * 26 + 17,
		          tally->by_kind[kind]);
	text_add(out, "</svg></section>\n");
}

static void write_figures(struct tally *tally, struct text *out)
{
	static const char *const english[] = {"first push", "first accepted", "acknowledged",
	                                      "resolved"};
	text_addf(out,
	          "<section><h2>%s</h2><div class=\"scroll\"><table><thead><tr><th></th><th>%s</th>"
	          "<th>50 %%</th><th>95 %%</th><th>%s</th></tr></thead><tbody>\n",
	          word(tally, "Response times", "响应时间"), word(tally, "Count", "次数"),
	          word(tally, "slowest", "最慢"));
	for (int stage = 0; stage < STAGE_COUNT; stage++) {
		uint32_t count = sort_spans(tally, (enum stage)stage);
		text_addf(out, "<tr><td>%s</td><td>%u</td>",
		          word(tally, english[stage], stage_names[stage][1]), count);
		static const uint32_t percents[] = {50, 95, 100};
		for (int i = 0; i < 3; i++) {
			text_add(out, "<td>");
			add_span(out, percentile(tally, count, percents[i]));
			text_add(out, "</td>");
		}
		text_add(out, "</tr>\n");
	}
	text_add(out, "</tbody></table></div></section>\n");
}

static void write_line_html(const struct tally *tally, const struct line *line, struct text *out)
{
	const struct incident *incident = line->incident;
	const char *language = tally->report->language;
	text_addf(out, "<tr%s><td class=\"time\">",
	          incident->state == STATE_RESOLVED ? "" : " class=\"out\"");
	add_time(out, tally->report->def, incident->opened.wall);
	text_add(out, "</td><td>");
	add_html(out, incident->id);
	text_addf(out, "</td><td>%s, %s%s</td><td>", words_incident_kind(language, incident->kind),
	          words_severity(language, incident->severity),
	          incident->drill ? word(tally, " (drill)", "（演练）") : "");
	add_html(out, incident->zone_name);
	text_addf(out, "</td><td>%s%s%s</td><td>", words_state(language, incident->state),
	          incident->outcome == OUTCOME_NONE ? "" : ", ",
	          incident->outcome == OUTCOME_NONE ? ""
	                                            : words_outcome(language, incident->outcome));
	add_html(out, incident->owner ? person_name(tally->report->def, incident->owner) : "—");
	text_add(out, "</td><td>");
	add_span(out, line->response.first_accepted);
	text_add(out, "</td><td>");
	add_span(out, line->response.acknowledged);
	text_add(out, "</td><td>");
	add_span(out, line->response.resolved);
	text_add(out, "</td></tr>\n");
}

static void write_lists(const struct tally *tally, struct text *out)
{
	text_addf(out,
	          "<section><h2>%s</h2><div class=\"scroll\"><table><thead><tr><th>%s</th>"
	          "<th>%s</th><th>%s</th><th>%s</th><th>%s</th><th>%s</th><th>%s</th><th>%s</th>"
	          "<th>%s</th></tr></thead><tbody>\n",
	          word(tally, "Incidents", "事件台账"), word(tally, "Opened", "发生时间"),
	          word(tally, "Incident", "编号"), word(tally, "Kind", "类型"),
	          word(tally, "Zone", "区域"), word(tally, "State", "状态"),
	          word(tally, "In charge", "负责人"), word(tally, "told", "送达"),
	          word(tally, "acknowledged", "确认"), word(tally, "resolved", "解除"));
	for (uint32_t i = tally->count; i-- > 0;)
		write_line_html(tally, &tally->lines[i], out);
	text_addf(out,
	          "</tbody></table></div></section>\n<section><h2>%s</h2><div class=\"scroll\">"
	          "<table><thead><tr><th>%s</th><th>%s</th><th>%s</th><th>%s</th></tr></thead>"
	          "<tbody>\n",
	          word(tally, "Devices that said most", "上报最多的设备"),
	          word(tally, "Device", "设备"), word(tally, "Signals", "信号"),
	          word(tally, "Not understood", "无法理解"), word(tally, "Silent", "失联"));
	for (uint32_t i = 0; i < tally->talker_count && i < TALKERS; i++) {
		text_add(out, "<tr><td>");
		add_html(out, tally->talkers[i].device);
		text_addf(out, "</td><td>%u</td><td>%u</td><td>%u</td></tr>\n",
		          tally->talkers[i].signals, tally->talkers[i].rejected,
		          tally->talkers[i].silent);
	}
	text_add(out, "</tbody></table></div></section>\n");
}

static void write_html(struct tally *tally, struct text *out)
{
	const struct period_report *report = tally->report;
	static const struct {
		const char *name, *english, *chinese;
	} titles[] = {{"day", "Daily ledger", "每日台账"},
	              {"shift", "Shift hand-over sheet", "交接班记录"},
	              {"week", "Weekly report", "周报"},
	              {"month", "Monthly report", "月报"},
	              {"term", "Report of the term", "学期报告"}};
	const char *title = word(tally, "Report", "报告");
	for (size_t i = 0; i < sizeof titles / sizeof *titles; i++)
		if (strcmp(report->period->name, titles[i].name) == 0)
			title = word(tally, titles[i].english, titles[i].chinese);
	report_page_open(out, report->language, title);
	text_add(out, "<header><p class=\"dim\">");
	add_html(out, report->def ? report->def->name : report->period->site);
	text_addf(out, "</p><h1>%s</h1><p>", title);
	add_time(out, report->def, report->period->since);
	text_add(out, " – ");
	add_time(out, report->def, report->period->until);
	text_add(out, "</p></header>\n<main>\n");
	write_sums(tally, out);
	write_kinds(tally, out);
	write_figures(tally, out);
	write_lists(tally, out);
	text_add(out, "</main>\n");
	report_page_close(out);
}

/* ---- the whole ---- */

int report_period(const struct report_request *request, const struct report_period *period,
                  enum report_format format, struct text *out, struct problem *why)
{
	struct period_report report = {.request = request, .period = period};
	if (format == REPORT_CAP || format == REPORT_FORMAT_COUNT)
		return problem_set(why, -EINVAL, "CAP is a format for one incident");
	for (uint32_t i = request->site_count; i-- > 0;)
		if (!period->site || strcmp(request->sites[i]->id, period->site) == 0)
			report.def = request->sites[i];
	report.language = request->language ? request->language
	                  : report.def      ? report.def->language
	                                    : "en";
	report.zh = strncmp(report.language, "zh", 2) == 0;
	struct tally tally = {.report = &report};
	int r = gather(&tally);
	qsort(tally.talkers, tally.talker_count, sizeof *tally.talkers, by_noise);
	if (r < 0)
		problem_set(why, r, "the record cannot be read: %s", strerror(-r));
	else if (format == REPORT_JSON)
		write_json(&tally, out);
	else if (format == REPORT_CSV)
		write_csv(&tally, out);
	else
		write_html(&tally, out);
	tally_finish(&tally);
	return r < 0 ? r : 0;
}
