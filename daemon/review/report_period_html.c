/* A period on paper: sums, figures, charts; its lists are in report_period_list.c. */
#include <inttypes.h>
#include <string.h>

#include "review/report_tally.h"

static const char *word(const struct tally *tally, const char *english, const char *chinese)
{
	return pick_word(tally->report->zh, english, chinese);
}

#define NOT_JUDGED UINT64_MAX

static void write_sums(const struct tally *tally, struct text *out)
{
	int rate = tally_false_percent(tally);
	const struct {
		const char *name;
		uint64_t value;
		bool bad;
	} sums[] = {
	        {word(tally, "Incidents", "事件"), tally->count - tally->drills, false},
	        {word(tally, "not resolved", "未解除"), tally->unresolved, tally->unresolved > 0},
	        {word(tally, "false alarms", "误报"), tally->false_alarms, false},
	        {word(tally, "false alarm rate, %", "误报率（%）"),
	         rate < 0 ? NOT_JUDGED : (uint64_t)rate, false},
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
	text_add(out, "<dl class=\"sums\">\n");
	for (size_t i = 0; i < sizeof sums / sizeof *sums; i++) {
		text_addf(out, "<div><dt>%s</dt><dd%s>", sums[i].name,
		          sums[i].bad ? " class=\"bad\"" : "");
		if (sums[i].value == NOT_JUDGED)
			text_add(out, "—");
		else
			text_addf(out, "%" PRIu64, sums[i].value);
		text_add(out, "</dd></div>\n");
	}
	text_add(out, "</dl>\n");
}

struct bar_row {
	const char *name;
	uint32_t count, good; /* good: that much of it in the other colour */
	bool has_good;
};

static void write_bars(struct text *out, const char *title, const struct bar_row *rows,
                       uint32_t count)
{
	uint32_t most = 1;
	for (uint32_t i = 0; i < count; i++)
		most = rows[i].count > most ? rows[i].count : most;
	text_addf(out,
	          "<section><h2>%s</h2>\n<svg viewBox=\"0 0 680 %u\" width=\"680\" height=\"%u\" "
	          "role=\"img\" aria-label=\"%s\">\n",
	          title, count * 26, count * 26, title);
	for (uint32_t i = 0; i < count; i++) {
		uint32_t width = rows[i].count * 400 / most, good = rows[i].good * 400 / most;
		text_addf(out, "<text x=\"0\" y=\"%u\">", i * 26 + 17);
		add_html(out, rows[i].name);
		text_addf(out,
		          "</text><rect x=\"170\" y=\"%u\" width=\"%u\" height=\"16\" rx=\"3\" "
		          "fill=\"var(--%s)\"/>",
		          i * 26 + 4, width, rows[i].has_good ? "bad" : "bar");
		if (rows[i].has_good)
			text_addf(out,
			          "<rect x=\"170\" y=\"%u\" width=\"%u\" height=\"16\" rx=\"3\" "
			          "fill=\"var(--bar)\"/>",
			          i * 26 + 4, good);
		text_addf(out, "<text x=\"%u\" y=\"%u\">", 178 + width, i * 26 + 17);
		if (rows[i].has_good)
			text_addf(out, "%u / %u", rows[i].good, rows[i].count);
		else
			text_addf(out, "%u", rows[i].count);
		text_add(out, "</text>\n");
	}
	text_add(out, "</svg></section>\n");
}

static void write_kinds(const struct tally *tally, struct text *out)
{
	struct bar_row rows[INCIDENT_KIND_COUNT];
	for (enum incident_kind kind = 0; kind < INCIDENT_KIND_COUNT; kind++)
		rows[kind] = (struct bar_row){
		        .name = words_incident_kind(tally->report->language, kind),
		        .count = tally->by_kind[kind]};
	write_bars(out, word(tally, "Incidents by kind", "事件类型"), rows, INCIDENT_KIND_COUNT);
}

static void write_zones(const struct tally *tally, struct text *out)
{
	struct bar_row rows[ZONES_SHOWN];
	uint32_t count = 0;
	for (; count < tally->zone_count && count < ZONES_SHOWN; count++)
		rows[count] = (struct bar_row){.name = tally->zones[count].name,
		                               .count = tally->zones[count].count};
	if (count)
		write_bars(out, word(tally, "Incidents by zone", "事件区域"), rows, count);
}

static void write_channels(const struct tally *tally, struct text *out)
{
	struct bar_row rows[ZONES_SHOWN];
	uint32_t count = 0;
	for (; count < tally->channel_count && count < ZONES_SHOWN; count++)
		rows[count] = (struct bar_row){.name = tally->channels[count].id,
		                               .count = tally->channels[count].count,
		                               .good = tally->channels[count].good,
		                               .has_good = true};
	if (count)
		write_bars(
		        out,
		        word(tally, "Pushes by channel: accepted of sent", "各渠道推送：送达/发送"),
		        rows, count);
}

static void write_figures(struct tally *tally, struct text *out)
{
	static const uint32_t percents[] = {50, 90, 95, 99, 100};
	text_addf(out,
	          "<section><h2>%s</h2><div class=\"scroll\"><table><thead><tr><th></th><th>%s</th>"
	          "<th>50 %%</th><th>90 %%</th><th>95 %%</th><th>99 %%</th><th>%s</th><th>%s</th>"
	          "</tr></thead><tbody>\n",
	          word(tally, "Response times", "响应时间"), word(tally, "Count", "次数"),
	          word(tally, "slowest", "最慢"), word(tally, "late", "超时"));
	for (enum stage stage = 0; stage < STAGE_COUNT; stage++) {
		uint32_t count = tally_sort_spans(tally, stage);
		text_addf(out, "<tr><td>%s</td><td class=\"num\">%u</td>",
		          stage_words(tally->report->language, stage), count);
		for (size_t i = 0; i < sizeof percents / sizeof *percents; i++) {
			text_add(out, "<td class=\"num\">");
			add_span(out, tally->report->language,
			         tally_percentile(tally, count, percents[i]));
			text_add(out, "</td>");
		}
		text_addf(out, "<td%s>%u</td></tr>\n", tally->late[stage] ? " class=\"bad\"" : "",
		          tally->late[stage]);
	}
	text_addf(out, "</tbody></table></div><p class=\"dim\">%s</p></section>\n",
	          word(tally,
	               "Late: the first push after 10 s, an acknowledgement after the policy's "
	               "second step, a resolution after the policy's time for it.",
	               "超时：首次推送晚于10秒，确认晚于预案第二步，处置超过预案时限。"));
}

void period_write_html(struct tally *tally, struct text *out)
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
	if (strcmp(report->period->name, "shift") == 0 && shift_write_html(report, out) < 0)
		text_addf(out, "<p class=\"bad\">%s</p>\n",
		          word(tally, "What is handed over cannot be read.", "无法读取交班内容。"));
	write_figures(tally, out);
	write_kinds(tally, out);
	write_zones(tally, out);
	write_channels(tally, out);
	period_write_lists(tally, out);
	text_add(out, "</main>\n");
	report_page_close(out);
}
