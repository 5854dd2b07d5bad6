/* The lists of a period: a line a day, the incidents, the devices that said most. A month on paper
 * is to be read: of many incidents it shows those that somebody should look at, and says how many
 * more there were; the whole list is there for who asks for it. */
#include <inttypes.h>
#include <string.h>

#include "review/report_tally.h"

#define LISTED_MAX 60 /* then only what stands out */
#define DAYS_MIN HOURS(36)

__attribute__((format_arg(2), format_arg(3))) static const char *
word(const struct tally *tally, const char *english, const char *chinese)
{
	return pick_word(tally->report->zh, english, chinese);
}

static void add_head(struct text *out, const char *const *titles, size_t count)
{
	text_add(out, "<thead><tr>");
	for (size_t i = 0; i < count; i++)
		text_addf(out, "<th>%s</th>", titles[i]);
	text_add(out, "</tr></thead><tbody>\n");
}
#define ADD_HEAD(out, ...)                                                                         \
	add_head(out, (const char *const[]){__VA_ARGS__},                                          \
	         sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

/* ---- a line a day ---- */

struct day { /* what its incidents add up to; drills apart */
	uint32_t count, critical, real, false_alarms, open, late, unjudged, drills, gaps;
};

static void add_to(struct day *day, const struct line *line)
{
	const struct incident *incident = line->incident;
	if (incident->drill) {
		day->drills++;
		return;
	}
	day->count++;
	day->critical += incident->severity == SEVERITY_CRITICAL;
	day->real += incident->outcome == OUTCOME_REAL;
	day->false_alarms += incident->outcome == OUTCOME_FALSE_ALARM;
	day->open += incident->state != STATE_RESOLVED;
	day->late += line->late;
	day->unjudged += line->unjudged;
	day->gaps += line->response.gaps;
}

static void write_day(const struct tally *tally, const struct day *day, wall_ms at,
                      struct text *out)
{
	const struct {
		uint32_t value;
		bool bad, unknown;
	} cells[] = {{day->count, false, false},    {day->critical, false, false},
	             {day->real, false, false},     {day->false_alarms, false, false},
	             {day->open, day->open, false}, {day->late, day->late, day->unjudged},
	             {day->gaps, day->gaps, false}, {day->drills, false, false}};
	text_add(out, "<tr><td class=\"num\">");
	add_day(out, tally->report->def, at);
	text_add(out, "</td>");
	for (size_t i = 0; i < sizeof cells / sizeof *cells; i++)
		if (cells[i].unknown)
			text_add(out, "<td class=\"num\">?</td>");
		else
			text_addf(out, "<td class=\"num%s\">%u</td>", cells[i].bad ? " bad" : "",
			          cells[i].value);
	text_add(out, "</tr>\n");
}

static void write_days(const struct tally *tally, struct text *out)
{
	struct day day = {0};
	wall_ms at = 0;
	if (tally->report->period->until - tally->report->period->since < DAYS_MIN || !tally->count)
		return;
	text_addf(out, "<section><h2>%s</h2><div class=\"scroll\"><table>",
	          word(tally, "Day by day", "每日汇总"));
	ADD_HEAD(out, word(tally, "Day", "日期"), word(tally, "Incidents", "事件"),
	         word(tally, "critical", "紧急"), word(tally, "real", "真实警情"),
	         word(tally, "false alarms", "误报"), word(tally, "not resolved", "未解除"),
	         word(tally, "late", "超时"), word(tally, "gaps", "缺口"),
	         word(tally, "drills", "演练"));
	for (uint32_t i = tally->count; i-- > 0;) { /* the oldest is the last */
		const struct line *line = &tally->lines[i];
		if (at && is_other_day(tally->report->def, at, line->incident->opened.wall)) {
			write_day(tally, &day, at, out);
			day = (struct day){0};
		}
		at = line->incident->opened.wall;
		add_to(&day, line);
	}
	write_day(tally, &day, at, out);
	text_add(out, "</tbody></table></div></section>\n");
}

/* ---- the incidents ---- */

/* What somebody should look at in a month of them: the grave and the real ones, what nobody ended,
 * and where the plan did not hold. */
static bool stands_out(const struct line *line)
{
	const struct incident *incident = line->incident;
	return !incident->drill &&
	       (incident->severity == SEVERITY_CRITICAL || incident->state != STATE_RESOLVED ||
	        incident->outcome == OUTCOME_REAL || line->response.gaps > 0);
}

static bool is_listed(const struct tally *tally, const struct line *line)
{
	return tally->report->period->full || tally->count <= LISTED_MAX || stands_out(line);
}

/* Of the gravest first, where even those that stand out are too many. */
static enum severity least_listed(const struct tally *tally)
{
	uint32_t count = 0;
	enum severity severity = SEVERITY_COUNT;
	if (tally->report->period->full || tally->count <= LISTED_MAX)
		return SEVERITY_WARNING;
	while (severity > SEVERITY_WARNING) {
		uint32_t more = 0;
		for (uint32_t i = 0; i < tally->count; i++)
			more += stands_out(&tally->lines[i]) &&
			        tally->lines[i].incident->severity == severity - 1;
		if (count && count + more > LISTED_MAX)
			break;
		count += more;
		severity--;
	}
	return severity;
}

static const char *short_number(const struct incident *incident)
{
	const char *number = strrchr(incident->id, '-');
	return number ? number + 1 : incident->id;
}

/* Of a trouble what it is about says enough, in a narrow column. */
static void add_kind(struct text *out, const struct tally *tally, const struct incident *incident)
{
	struct text words = {0};
	if (incident->subject)
		words_add_subject(&words, tally->report->language, tally->report->def,
		                  incident->subject);
	else
		text_add(&words, words_incident_kind(tally->report->language, incident->kind));
	add_html(out, text_get(&words));
	text_finish(&words);
}

static void write_line(const struct tally *tally, const struct line *line, struct text *out)
{
	const struct incident *incident = line->incident;
	const char *language = tally->report->language;
	const span_ms spans[] = {line->response.first_accepted, line->response.acknowledged,
	                         line->response.resolved};
	text_addf(out, "<tr%s><td class=\"num\">",
	          incident->state == STATE_RESOLVED ? "" : " class=\"out\"");
	add_clock(out, tally->report->def, incident->opened.wall);
	text_add(out, "</td><td class=\"num\" title=\"");
	add_html(out, incident->id);
	text_add(out, "\">");
	add_html(out, short_number(incident));
	text_addf(out, "</td><td class=\"what\">%s",
	          incident->drill ? word(tally, "[DRILL] ", "【演练】") : "");
	add_kind(out, tally, incident);
	text_addf(out, "</td><td class=\"num\">%s</td><td>",
	          words_severity(language, incident->severity));
	add_html(out, incident->zone_name);
	text_addf(out, "</td><td>%s</td><td>",
	          incident->outcome == OUTCOME_NONE ? words_state(language, incident->state)
	                                            : words_outcome(language, incident->outcome));
	add_html(out, incident->owner ? person_name(tally->report->def, incident->owner) : "—");
	text_add(out, "</td>");
	for (size_t i = 0; i < sizeof spans / sizeof *spans; i++) {
		text_add(out, "<td class=\"num\">");
		add_span(out, language, spans[i]);
		text_add(out, "</td>");
	}
	text_add(out, "<td class=\"said\">");
	add_html(out, incident->note);
	text_add(out, "</td></tr>\n");
}

static void write_day_heading(const struct tally *tally, wall_ms at, struct text *out)
{
	text_add(out, "<tr class=\"day\"><th colspan=\"11\">");
	add_day(out, tally->report->def, at);
	text_add(out, "</th></tr>\n");
}

static void write_left_out(const struct tally *tally, uint32_t listed, struct text *out)
{
	if (listed == tally->count)
		return;
	text_addf(out, "<p class=\"dim\">");
	text_addf(out,
	          word(tally,
	               "Listed are those that are critical, real, not resolved, or had a gap; %u "
	               "others are in the sums above. All of them: the full list, or as a table "
	               "(CSV).",
	               "仅列出紧急、真实、未解除或有缺口的事件；其余 %u "
	               "起已计入以上汇总。全部事件见完整清单或表格（CSV）。"),
	          tally->count - listed);
	text_add(out, "</p>\n");
}

static void write_incidents(const struct tally *tally, struct text *out)
{
	enum severity least = least_listed(tally);
	uint32_t listed = 0;
	wall_ms before = 0;
	text_addf(out, "<section class=\"wide\"><h2>%s</h2><div class=\"scroll\"><table>",
	          word(tally, "Incidents", "事件台账"));
	ADD_HEAD(out, word(tally, "Opened", "时间"), word(tally, "No.", "编号"),
	         word(tally, "Kind", "类型"), word(tally, "Severity", "级别"),
	         word(tally, "Zone", "区域"), word(tally, "Outcome", "结果"),
	         word(tally, "In charge", "负责人"), word(tally, "told", "送达"),
	         word(tally, "answered", "确认"), word(tally, "resolved", "解除"),
	         word(tally, "Note", "说明"));
	for (uint32_t i = tally->count; i-- > 0;) {
		const struct line *line = &tally->lines[i];
		wall_ms at = line->incident->opened.wall;
		if (!is_listed(tally, line) || line->incident->severity < least)
			continue;
		if (!before || is_other_day(tally->report->def, before, at))
			write_day_heading(tally, at, out);
		before = at;
		listed++;
		write_line(tally, line, out);
	}
	text_add(out, "</tbody></table></div>\n");
	write_left_out(tally, listed, out);
	text_add(out, "</section>\n");
}

/* ---- the devices ---- */

static void write_talkers(const struct tally *tally, struct text *out)
{
	text_addf(out, "<section><h2>%s</h2><div class=\"scroll\"><table>",
	          word(tally, "Devices that said most", "上报最多的设备"));
	ADD_HEAD(out, word(tally, "Device", "设备"), word(tally, "Signals", "信号"),
	         word(tally, "Not understood", "无法理解"), word(tally, "Silent", "失联"));
	for (uint32_t i = 0; i < tally->talker_count && i < TALKERS; i++) {
		const struct talker *talker = &tally->talkers[i];
		const char *name = device_name(tally->report->def, talker->device);
		text_add(out, "<tr><td>");
		add_html(out, name);
		if (strcmp(name, talker->device) != 0) {
			text_add(out, " <span class=\"dim\">");
			add_html(out, talker->device);
			text_add(out, "</span>");
		}
		text_addf(out,
		          "</td><td class=\"num\">%u</td><td class=\"num\">%u</td>"
		          "<td class=\"num\">%u</td></tr>\n",
		          talker->signals, talker->rejected, talker->silent);
	}
	text_add(out, "</tbody></table></div></section>\n");
}

void period_write_lists(const struct tally *tally, struct text *out)
{
	write_days(tally, out);
	write_talkers(tally, out);
	write_incidents(tally, out);
}
