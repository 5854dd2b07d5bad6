/* The shift hand-over sheet: what the next shift takes over, as it stands when it is printed. */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "decide/duty.h"
#include "review/report_tally.h"

#define TROUBLES                                                                                   \
	(UINT32_C(1) << KIND_TAMPER | UINT32_C(1) << KIND_BATTERY | UINT32_C(1) << KIND_POWER |    \
	 UINT32_C(1) << KIND_FAULT | UINT32_C(1) << KIND_LINK)

static const enum standing_type stands[] = {STANDING_SILENCE,   STANDING_ARMING,   STANDING_DRILL,
                                            STANDING_WALK_TEST, STANDING_HANDOVER, STANDING_HAZARD};
static const char *const stand_words[][2] = {
        {"silenced", "静默"},   {"armed or disarmed by hand", "人工布防撤防"},
        {"drill", "演练"},      {"walk test", "步行测试"},
        {"handover", "交接班"}, {"hazard", "隐患"}};
#define STANDS (sizeof stands / sizeof *stands)

struct sheet {
	const struct period_report *report;
	struct text *out;
	uint32_t rows;
	size_t type; /* position in stands */
};

static const char *word(const struct sheet *sheet, const char *english, const char *chinese)
{
	return pick_word(sheet->report->zh, english, chinese);
}

/* ---- who is there ---- */

static bool add_override(void *ctx, const char *json)
{
	struct standing *s = standing_create();
	if (standing_read_json(json, s))
		duty_state_add(ctx, s);
	else
		standing_destroy(s);
	return true;
}

static void each_post(struct sheet *sheet, const struct site_def *def,
                      void (*tell)(struct sheet *, const struct site_def *,
                                   const struct duty_state *, uint32_t post))
{
	struct duty_state duty = {0};
	(void)!store_standings(sheet->report->request->store, def->id, STANDING_OVERRIDE, false,
	                       add_override, &duty);
	for (uint32_t post = 0; post < def->post_count; post++)
		tell(sheet, def, &duty, post);
	for (uint32_t i = 0; i < duty.count; i++)
		standing_destroy(duty.overrides[i]);
	free(duty.overrides);
}

static void names_on_duty(struct text *out, bool zh, const struct site_def *def,
                          const struct duty_state *duty, uint32_t post, wall_ms at)
{
	uint32_t people[ON_DUTY_MAX];
	uint32_t count = post_on_duty(def, duty, post, at, people, ON_DUTY_MAX);
	for (uint32_t i = 0; i < count; i++) {
		text_add(out, i ? (zh ? "、" : ", ") : "");
		add_html(out, def->people[people[i]].name);
	}
	if (!count)
		text_add(out, "—");
}

static void tell_post(struct sheet *sheet, const struct site_def *def,
                      const struct duty_state *duty, uint32_t post)
{
	wall_ms now = sheet->report->request->now, next = duty_next_change(def, duty, post, now);
	text_add(sheet->out, "<tr><td>");
	add_html(sheet->out, def->posts[post].name ? def->posts[post].name : def->posts[post].id);
	text_add(sheet->out, "</td><td>");
	names_on_duty(sheet->out, sheet->report->zh, def, duty, post, now);
	text_add(sheet->out, "</td><td class=\"time\">");
	if (next != NEVER)
		add_time(sheet->out, def, next);
	text_add(sheet->out, "</td><td>");
	if (next != NEVER)
		names_on_duty(sheet->out, sheet->report->zh, def, duty, post, next);
	text_add(sheet->out, "</td></tr>\n");
}

/* ---- what is open ---- */

static bool tell_incident(void *ctx, const char *site, const struct incident *incident)
{
	struct sheet *sheet = ctx;
	const char *language = sheet->report->language;
	const struct site_def *def = sheet->report->def;
	(void)site;
	sheet->rows++;
	text_add(sheet->out, "<tr class=\"out\"><td class=\"time\">");
	add_time(sheet->out, def, incident->opened.wall);
	text_add(sheet->out, "</td><td>");
	add_html(sheet->out, incident->id);
	text_add(sheet->out, "</td><td>");
	add_what(sheet->out, language, def, incident);
	text_addf(sheet->out, sheet->report->zh ? "，%s</td><td>" : ", %s</td><td>",
	          words_severity(language, incident->severity));
	add_html(sheet->out, incident->zone_name);
	text_addf(sheet->out, "</td><td>%s</td><td>", words_state(language, incident->state));
	add_html(sheet->out, incident->owner ? person_name(def, incident->owner) : "—");
	text_add(sheet->out, "</td></tr>\n");
	return true;
}

static bool tell_standing(void *ctx, const char *json)
{
	struct sheet *sheet = ctx;
	cJSON *item = NULL;
	wall_ms until = 0;
	if (json_parse(json, strlen(json), &item, NULL) < 0)
		return true;
	const struct site_def *def = sheet->report->def;
	const char *who = json_string(item, "to") ? json_string(item, "to")
	                                          : json_string(item, "by");
	const char *end = json_string(item, "until");
	sheet->rows++;
	text_addf(sheet->out, "<tr><td>%s</td><td>",
	          word(sheet, stand_words[sheet->type][0], stand_words[sheet->type][1]));
	add_place(sheet->out, sheet->report->zh, def, item);
	text_add(sheet->out, "</td><td class=\"said\">");
	add_html(sheet->out, json_string(item, "note"));
	text_add(sheet->out, "</td><td>");
	add_html(sheet->out, who ? person_name(def, who) : "—");
	text_add(sheet->out, "</td><td class=\"time\">");
	if (end && time_parse(end, &until) == 0)
		add_time(sheet->out, def, until);
	text_add(sheet->out, "</td></tr>\n");
	cJSON_Delete(item);
	return true;
}

static bool tell_device(void *ctx, const struct device_row *row)
{
	struct sheet *sheet = ctx;
	const struct site_def *def = sheet->report->def;
	if (!(row->active & TROUBLES) || (def && site_def_device(def, row->id) == POSITION_NONE))
		return true;
	sheet->rows++;
	text_add(sheet->out, "<tr><td>");
	add_html(sheet->out, device_name(def, row->id));
	text_add(sheet->out, "</td><td>");
	const char *between = "";
	for (enum kind kind = 0; kind < KIND_COUNT; kind++)
		if (row->active & TROUBLES & (UINT32_C(1) << kind)) {
			text_addf(sheet->out, "%s%s", between,
			          words_kind(sheet->report->language, kind));
			between = sheet->report->zh ? "、" : ", ";
		}
	text_add(sheet->out, "</td><td class=\"time\">");
	add_time(sheet->out, def, row->changed);
	text_add(sheet->out, "</td></tr>\n");
	return true;
}

/* ---- the sheet ---- */

static void open_table(struct sheet *sheet, const char *title, const char *const *headings,
                       size_t count)
{
	text_addf(sheet->out, "<section><h2>%s</h2><div class=\"scroll\"><table><thead><tr>",
	          title);
	for (size_t i = 0; i < count; i++)
		text_addf(sheet->out, "<th>%s</th>", headings[i]);
	text_add(sheet->out, "</tr></thead><tbody>\n");
	sheet->rows = 0;
}

static void close_table(struct sheet *sheet, size_t columns)
{
	if (!sheet->rows)
		text_addf(sheet->out, "<tr><td colspan=\"%zu\" class=\"good\">%s</td></tr>\n",
		          columns, word(sheet, "none", "无"));
	text_add(sheet->out, "</tbody></table></div></section>\n");
}

#define TABLE(sheet, title, ...)                                                                   \
	open_table(sheet, title, (const char *const[]){__VA_ARGS__},                               \
	           sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

static int tell_open(struct sheet *sheet)
{
	bool more;
	struct incident_filter filter = {.site = sheet->report->period->site,
	                                 .states = 1u << STATE_OPEN | 1u << STATE_ACKNOWLEDGED,
	                                 .limit = 1000};
	TABLE(sheet, word(sheet, "Open incidents", "未解除事件"), word(sheet, "Opened", "发生时间"),
	      word(sheet, "Incident", "编号"), word(sheet, "Kind", "类型"),
	      word(sheet, "Zone", "区域"), word(sheet, "State", "状态"),
	      word(sheet, "In charge", "负责人"));
	int r = store_incidents(sheet->report->request->store, &filter, tell_incident, sheet,
	                        &more);
	close_table(sheet, 6);
	return r;
}

static int tell_stands(struct sheet *sheet)
{
	int r = 0;
	TABLE(sheet, word(sheet, "What stands", "延续事项"), word(sheet, "What", "事项"),
	      word(sheet, "Where", "位置"), word(sheet, "Why", "说明"),
	      word(sheet, "Who", "责任人"), word(sheet, "Until", "截止"));
	for (sheet->type = 0; r >= 0 && sheet->type < STANDS; sheet->type++)
		r = store_standings(sheet->report->request->store, sheet->report->period->site,
		                    stands[sheet->type], false, tell_standing, sheet);
	close_table(sheet, 5);
	return r;
}

int shift_write_html(const struct period_report *report, struct text *out)
{
	struct sheet sheet = {.report = report, .out = out};
	TABLE(&sheet, word(&sheet, "On duty", "值班人员"), word(&sheet, "Post", "岗位"),
	      word(&sheet, "Now", "当前"), word(&sheet, "Changes", "交接时间"),
	      word(&sheet, "Then", "接班"));
	if (report->def)
		each_post(&sheet, report->def, tell_post);
	sheet.rows = 1;
	close_table(&sheet, 4);
	int r = tell_open(&sheet);
	if (r >= 0)
		r = tell_stands(&sheet);
	if (r < 0)
		return r;
	TABLE(&sheet, word(&sheet, "Devices in trouble", "故障设备"),
	      word(&sheet, "Device", "设备"), word(&sheet, "What", "故障"),
	      word(&sheet, "Since", "起始"));
	r = store_devices(report->request->store, report->period->site, tell_device, &sheet);
	close_table(&sheet, 3);
	text_addf(out,
	          "<section class=\"signs\"><p>%s ____________________</p><p>%s "
	          "____________________</p><p>%s ____________________</p></section>\n",
	          word(&sheet, "Handed over by", "交班人"), word(&sheet, "Taken over by", "接班人"),
	          word(&sheet, "At", "时间"));
	return r;
}

/* ---- JSON: the member "handover" ---- */

static bool put_incident(void *ctx, const char *site, const struct incident *incident)
{
	const struct sheet *sheet = ctx;
	incident_write_json(sheet->out, NULL, sheet->report->def, site, incident);
	return true;
}

static bool put_standing(void *ctx, const char *json)
{
	json_put_stored(ctx, NULL, json);
	return true;
}

static bool put_device(void *ctx, const struct device_row *row)
{
	if (row->active & TROUBLES)
		json_put_string(ctx, NULL, row->id);
	return true;
}

int shift_write_json(const struct period_report *report, struct text *out)
{
	struct sheet sheet = {.report = report, .out = out};
	struct store *store = report->request->store;
	const char *site = report->period->site;
	bool more;
	json_open(out, "handover", '{');
	json_open(out, "open", '[');
	int r = store_incidents(
	        store,
	        &(struct incident_filter){.site = site,
	                                  .states = 1u << STATE_OPEN | 1u << STATE_ACKNOWLEDGED,
	                                  .limit = 1000},
	        put_incident, &sheet, &more);
	json_close(out, ']');
	json_open(out, "stands", '[');
	for (size_t i = 0; r >= 0 && i < STANDS; i++)
		r = store_standings(store, site, stands[i], false, put_standing, out);
	json_close(out, ']');
	json_open(out, "devices_in_trouble", '[');
	if (r >= 0)
		r = store_devices(store, site, put_device, out);
	json_close(out, ']');
	json_close(out, '}');
	return r;
}
