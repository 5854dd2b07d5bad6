/* The report of an incident as one HTML file: no scripts, nothing fetched, light and dark, and
 * dark on white on A4. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "review/command/speak.h"
#include "review/report_private.h"
#include "review/views.h"

static const char style[] =
        ":root{color-scheme:light dark;--ink:#1b1f24;--dim:#5b6470;--paper:#fff;--line:#d6dbe1;"
        "--soft:#f3f5f7;--bad:#b3261e;--good:#1a7f37;--bar:#3a6ea5}"
        "@media(prefers-color-scheme:dark){:root{--ink:#e6e8eb;--dim:#9aa4b0;--paper:#14171a;"
        "--line:#333a42;--soft:#1d2226;--bad:#ff8a80;--good:#6fd08c;--bar:#7fb0e6}}"
        "*{box-sizing:border-box}body{margin:0 auto;padding:1.2rem;max-width:62rem;"
        "background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,'Noto Sans CJK SC',"
        "'Microsoft YaHei',sans-serif;overflow-wrap:break-word}"
        "h1{font-size:1.5rem;margin:.2rem 0}h2{font-size:1.1rem;margin:1.6rem 0 .4rem;"
        "border-bottom:1px solid var(--line)}p{margin:.3rem 0}.dim{color:var(--dim)}"
        ".bad{color:var(--bad);font-weight:600}.good{color:var(--good)}"
        ".drill{border:2px dashed var(--bad);padding:.2rem .6rem;display:inline-block}"
        ".scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:.93rem}"
        "th,td{text-align:left;vertical-align:top;padding:.25rem .5rem;"
        "border-bottom:1px solid var(--line);unicode-bidi:plaintext}"
        "th{color:var(--dim);font-weight:600}"
        /* No number, time or id is ever broken; a note keeps its lines. */
        ".num,td.time{white-space:nowrap;font-variant-numeric:tabular-nums}"
        ".what{width:16%}"
        ".said,dd{white-space:pre-line}tr.day th{padding-top:.7rem;color:var(--ink)}"
        "tr.out td{background:var(--soft)}dl{display:grid;"
        "grid-template-columns:fit-content(12rem) minmax(0,1fr);gap:.1rem 1rem;margin:.4rem 0}"
        "dt{color:var(--dim)}dd{margin:0;unicode-bidi:plaintext}"
        "dl.sums{grid-template-columns:repeat(auto-fit,minmax(8rem,1fr));gap:.3rem 1rem}"
        ".sums dd{font-size:1.15rem;font-weight:600}"
        "svg{max-width:100%;height:auto}"
        "svg text{fill:var(--ink);font-size:13px}svg .dim{fill:var(--dim)}"
        ".signs{display:flex;flex-wrap:wrap;gap:1rem 3rem;margin-top:2rem}"
        "footer{margin-top:2rem;font-size:.85rem;color:var(--dim)}"
        "code{font-size:.9em;overflow-wrap:anywhere}"
        "@media print{@page{size:A4;margin:14mm}@page wide{size:A4 landscape;margin:12mm}"
        ":root{--ink:#000;--dim:#444;--paper:#fff;"
        "--line:#bbb;--soft:#f0f0f0;--bad:#a00;--good:#060;--bar:#357}body{padding:0;"
        "max-width:none;font-size:10pt;line-height:1.35}table{font-size:9pt}"
        "th,td{padding:.15rem .4rem}.scroll{overflow:visible}.wide{page:wide}"
        "h2,tr.day{break-after:avoid}tr,svg{break-inside:avoid}thead{display:table-header-group}"
        "h2{margin:1rem 0 .3rem}.away{display:none}}"
        "@media screen and (max-width:34rem){body{padding:.7rem;font-size:15px}"
        "svg text{font-size:20px}.scroll table{width:max-content;min-width:100%}"
        ".scroll td{max-width:15rem}"
        /* Time and number above, what happened below, all of it on the screen. */
        ".story thead{display:none}.story tr{display:flex;flex-wrap:wrap;gap:0 .75rem;"
        "padding:.4rem 0;border-bottom:1px solid var(--line)}"
        ".story td,.story th{border:0;padding:0}.story .said{order:1;flex:1 1 100%}}";

void report_page_open(struct text *out, const char *language, const char *title)
{
	text_addf(out, "<!DOCTYPE html>\n<html lang=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n",
	          language);
	text_add(out, "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	              "<link rel=\"icon\" href=\"data:,\">\n<title>");
	add_html(out, title);
	text_addf(out, "</title>\n<style>%s</style>\n</head>\n<body>\n", style);
}

void add_foot(struct text *out, bool zh, const struct site_def *def, const struct ledger_head *head,
              wall_ms now)
{
	text_addf(out, "<footer><p>%s <code>%" PRIu64 ":",
	          pick_word(zh, "Rests on the ledger up to", "依据台账，截至"), head->seq);
	text_add_hex(out, head->hash, sizeof head->hash);
	text_addf(out, "</code></p><p>%s ", pick_word(zh, "Printed", "生成于"));
	add_time(out, def, now);
	text_add(out, "</p></footer>\n");
}

void report_page_close(struct text *out)
{
	text_add(out, "</body>\n</html>\n");
}

__attribute__((format_arg(2), format_arg(3))) static const char *
word(const struct incident_report *report, const char *english, const char *chinese)
{
	return pick_word(report->zh, english, chinese);
}

/* ---- the head ---- */

static void add_fact(struct text *out, const char *term, const char *words)
{
	text_addf(out, "<dt>%s</dt><dd>", term);
	add_html(out, words);
	text_add(out, "</dd>\n");
}

static void add_fact_time(const struct incident_report *report, struct text *out, const char *term,
                          struct moment at)
{
	struct text time = {0};
	if (at.wall)
		add_time(&time, report->def, at.wall);
	add_fact(out, term, at.wall ? text_get(&time) : "—");
	text_finish(&time);
}

/* The first answer counts, whoever took it on later. */
static void write_answers(const struct incident_report *report, struct text *out)
{
	const struct incident *incident = report->incident;
	span_ms after = report->response.acknowledged;
	struct moment first = {0};
	if (after != NOT_YET)
		first.wall = incident->opened.wall + after;
	add_fact_time(report, out, word(report, "First acknowledged", "首次确认"), first);
	if (first.wall && incident->acknowledged.wall - first.wall >= SECONDS(1))
		add_fact_time(report, out, word(report, "Taken on last", "最近接手"),
		              incident->acknowledged);
}

static void write_head(const struct incident_report *report, struct text *out)
{
	const struct incident *incident = report->incident;
	struct text words = {0};
	text_add(out, "<header>\n<p class=\"dim\">");
	add_html(out, report->def ? report->def->name : report->site_id);
	text_addf(out, " · %s</p>\n<h1>", word(report, "After-action report", "事件处置报告"));
	add_what(out, report->language, report->def, incident);
	text_add(out, " · ");
	add_html(out, incident->zone_name);
	text_add(out, "</h1>\n");
	if (incident->drill)
		text_addf(out, "<p class=\"drill\">%s</p>\n",
		          word(report, "DRILL: nothing of this was real", "演练：非真实事件"));
	text_add(out, "<dl>\n");
	add_fact(out, word(report, "Incident", "事件编号"), incident->id);
	add_fact(out, word(report, "Severity", "级别"),
	         words_severity(report->language, incident->severity));
	text_add(&words, words_state(report->language, incident->state));
	if (outcome_name(incident->outcome))
		text_addf(&words, " · %s", words_outcome(report->language, incident->outcome));
	add_fact(out, word(report, "State", "状态"), text_get(&words));
	add_fact_time(report, out, word(report, "Opened", "发生时间"), incident->opened);
	write_answers(report, out);
	add_fact_time(report, out, word(report, "Resolved", "解除时间"), incident->resolved);
	add_fact(out, word(report, "In charge", "负责人"),
	         incident->owner ? person_name(report->def, incident->owner) : "—");
	if (incident->reported_by)
		add_fact(out, word(report, "Reported by", "报告人"),
		         person_name(report->def, incident->reported_by));
	if (incident->resolved_by)
		add_fact(out, word(report, "Resolved by", "解除人"),
		         person_name(report->def, incident->resolved_by));
	if (incident->note)
		add_fact(out, word(report, "Note", "说明"), incident->note);
	text_add(out, "</dl>\n</header>\n");
	text_finish(&words);
}

/* ---- response times, against what is asked for ---- */

struct bar {
	const char *name;
	span_ms span, goal; /* goal 0: none; or GOAL_UNKNOWN */
};

static void write_bar(struct text *out, const char *language, const struct bar *bar, int row,
                      span_ms longest)
{
	struct text value = {0};
	int y = 8 + row * 34;
	int width = bar->span == NOT_YET ? 0 : (int)(bar->span * 380 / longest);
	bool late = bar->goal > 0 && bar->span != NOT_YET && bar->span > bar->goal;
	add_span(&value, language, bar->span);
	text_addf(out, "<text x=\"0\" y=\"%d\">%s</text>", y + 15, bar->name);
	text_addf(out,
	          "<rect x=\"170\" y=\"%d\" width=\"%d\" height=\"20\" rx=\"3\" "
	          "fill=\"var(--%s)\"/>",
	          y, width < 2 ? 2 : width, late ? "bad" : "bar");
	int words_at = 178 + width;
	if (bar->goal > 0 && bar->goal <= longest) {
		int x = 170 + (int)(bar->goal * 380 / longest);
		if (x > words_at - 8 && x < words_at + 80)
			words_at = x + 8; /* not through the words */
		text_addf(out,
		          "<line x1=\"%d\" x2=\"%d\" y1=\"%d\" y2=\"%d\" stroke=\"var(--dim)\" "
		          "stroke-dasharray=\"3 2\"/>",
		          x, x, y - 4, y + 24);
	}
	text_addf(out, "<text x=\"%d\" y=\"%d\">%s</text>\n", words_at, y + 15, text_get(&value));
	text_finish(&value);
}

static void write_response(const struct incident_report *report, struct text *out)
{
	const struct response *response = &report->response;
	const struct incident *incident = report->incident;
	struct bar bars[STAGE_COUNT];
	for (enum stage stage = 0; stage < STAGE_COUNT; stage++)
		bars[stage] = (struct bar){stage_words(report->language, stage),
		                           stage_of(response, stage),
		                           stage_goal(incident, response, stage)};
	span_ms longest = SECONDS(12);
	for (size_t i = 0; i < sizeof bars / sizeof *bars; i++)
		longest = bars[i].span > longest ? bars[i].span : longest;
	text_addf(out,
	          "<section>\n<h2>%s</h2>\n<svg viewBox=\"0 0 680 180\" width=\"680\" "
	          "height=\"180\" role=\"img\" aria-label=\"%s\">\n",
	          word(report, "Response times", "响应时间"),
	          word(report, "Response times from the opening on", "自事件发生起的响应时间"));
	for (size_t i = 0; i < sizeof bars / sizeof *bars; i++)
		write_bar(out, report->language, &bars[i], (int)i, longest);
	text_addf(out, "</svg>\n<p class=\"dim\">%s%s</p>\n<p>",
	          word(report, "From the opening on; the dashed line is the goal.",
	               "自事件发生起计；虚线为目标值。"),
	          incident->policy ? ""
	                           : word(report,
	                                  " This part of the record does not tell its policy: "
	                                  "what that asks for is not known.",
	                                  "本段记录未载明其预案，预案时限不详。"));
	text_addf(out,
	          word(report, "%u steps, %u push attempts (%u not accepted), %u gaps",
	               "共 %u 步上报，%u 次推送（%u 次未送达），%u 处缺口"),
	          response->steps, response->attempts, response->failed_attempts, response->gaps);
	if (response->late > 0) {
		struct text late = {0};
		add_span(&late, report->language, response->late);
		text_addf(out, " · <span class=\"%s\">%s %s</span>",
		          response->late > SECONDS(1) ? "bad" : "dim",
		          word(report, "latest step late by", "最迟一步晚"), text_get(&late));
		text_finish(&late);
	}
	text_add(out, "</p>\n</section>\n");
}

/* ---- tables ---- */

struct rows {
	const struct incident_report *report;
	struct text *out;
};

static bool write_delivery(void *ctx, const struct delivery_row *row)
{
	const struct rows *rows = ctx;
	const struct incident_report *report = rows->report;
	struct text *out = rows->out;
	enum delivery_state state = delivery_state_from_name(row->delivery_state);
	enum reason reason = reason_from_name(row->reason);
	bool bad = state == DELIVERY_REFUSED || state == DELIVERY_RETRYING;
	text_add(out, "<tr><td class=\"time\">");
	add_time(out, report->def, row->created);
	text_add(out, "</td><td>");
	add_html(out, row->to_name ? row->to_name : row->to_id);
	text_add(out, "</td><td>");
	add_html(out,
	         reason == REASON_COUNT ? row->reason : words_reason(report->language, reason));
	text_add(out, "</td><td>");
	add_html(out, row->channel);
	text_addf(out, "</td><td class=\"%s\">",
	          bad                          ? "bad"
	          : state == DELIVERY_ACCEPTED ? "good"
	                                       : "dim");
	add_html(out, delivery_words(report->language, row));
	if (row->last_status)
		text_addf(out, " (HTTP %d)", row->last_status);
	text_addf(out, "</td><td>%u</td></tr>\n", row->attempts);
	return true;
}

static int write_told(const struct incident_report *report, struct text *out)
{
	struct rows rows = {.report = report, .out = out};
	text_addf(out,
	          "<section>\n<h2>%s</h2>\n<div class=\"scroll\"><table>\n<thead><tr><th>%s</th>"
	          "<th>%s</th><th>%s</th><th>%s</th><th>%s</th><th>%s</th></tr></thead>\n<tbody>\n",
	          word(report, "Who was told", "通知情况"), word(report, "When", "时间"),
	          word(report, "Whom", "对象"), word(report, "Why", "原因"),
	          word(report, "Channel", "渠道"), word(report, "Result", "结果"),
	          word(report, "Attempts", "次数"));
	int r = store_deliveries(report->request->store, report->incident->id, NULL, 0,
	                         write_delivery, &rows);
	text_add(out, "</tbody>\n</table></div>\n</section>\n");
	return r;
}

static void write_devices(const struct incident_report *report, struct text *out)
{
	const struct incident *incident = report->incident;
	text_addf(out,
	          "<section>\n<h2>%s</h2>\n<div class=\"scroll\"><table>\n<thead><tr><th>%s</th>"
	          "<th>%s</th><th>%s</th><th>%s</th></tr></thead>\n<tbody>\n",
	          word(report, "Devices", "设备"), word(report, "Device", "设备"),
	          word(report, "Signal", "信号"), word(report, "State", "状态"),
	          word(report, "Since", "时间"));
	for (uint32_t i = 0; i < incident->signal_count; i++) {
		const struct incident_signal *signal = &incident->signals[i];
		text_add(out, "<tr><td>");
		add_html(out, signal->device_name);
		if (strcmp(signal->device_name, signal->device) != 0) {
			text_add(out, " <span class=\"dim\">");
			add_html(out, signal->device);
			text_add(out, "</span>");
		}
		text_addf(out, "</td><td>%s</td><td>%s</td><td class=\"time\">",
		          words_kind(report->language, signal->kind),
		          signal->active ? word(report, "active", "报警")
		                         : word(report, "clear", "恢复"));
		add_time(out, report->def, signal->time);
		text_add(out, "</td></tr>\n");
	}
	text_add(out, "</tbody>\n</table></div>\n</section>\n");
}

struct story {
	const struct incident_report *report;
	struct text *out;
	wall_ms before; /* the entry before; 0: none */
};

static bool write_entry(void *ctx, const struct ledger_row *row)
{
	struct story *story = ctx;
	const struct incident_report *report = story->report;
	struct text *out = story->out, words = {0};
	bool stands_out;
	if (!story->before || is_other_day(report->def, story->before, row->received)) {
		text_add(out, "<tr class=\"day\"><th colspan=\"4\">");
		add_day(out, report->def, row->received);
		text_add(out, "</th></tr>\n");
	}
	story->before = row->received;
	report_sentence(report, row, &words, &stands_out);
	text_addf(out, "<tr%s><td class=\"num\">", stands_out ? " class=\"out\"" : "");
	add_clock(out, report->def, row->received);
	text_add(out, "</td><td class=\"num dim\">");
	text_add_elapsed(out, row->steady - report->incident->opened.steady);
	text_addf(out, "</td><td class=\"said%s\">", stands_out ? " bad" : "");
	add_html(out, text_get(&words));
	text_addf(out, "</td><td class=\"num dim\">%" PRIu64 "</td></tr>\n", row->seq);
	text_finish(&words);
	return true;
}

static int write_timeline(const struct incident_report *report, struct text *out)
{
	struct story story = {.report = report, .out = out};
	text_addf(out,
	          "<section>\n<h2>%s</h2>\n<table class=\"story\">\n<thead><tr><th>%s</th>"
	          "<th>%s</th><th>%s</th><th>%s</th></tr></thead>\n<tbody>\n",
	          word(report, "Timeline", "时间线"), word(report, "When", "时间"),
	          word(report, "After", "历时"), word(report, "What", "经过"),
	          word(report, "Entry", "记录号"));
	int r = store_log(report->request->store,
	                  &(struct ledger_filter){.incident = report->incident->id}, write_entry,
	                  &story);
	text_add(out, "</tbody>\n</table>\n</section>\n");
	return r;
}

int report_incident_html(const struct incident_report *report, struct text *out)
{
	report_page_open(out, report->language, report->incident->id);
	write_head(report, out);
	text_add(out, "<main>\n");
	write_response(report, out);
	int r = write_told(report, out);
	write_devices(report, out);
	if (r >= 0)
		r = write_timeline(report, out);
	text_add(out, "</main>\n");
	add_foot(out, report->zh, report->def, &report->head, report->request->now);
	report_page_close(out);
	return r;
}
