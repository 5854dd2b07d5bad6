/* The report of a drill: what was drilled, which incidents it had, and who was told and answered
 * when. From the record alone. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/calendar.h"
#include "base/json.h"
#include "review/report_private.h"

struct answer { /* of one person, over all incidents of the drill */
	char *id;
	wall_ms told, accepted, answered; /* the first of each; 0: never */
	char *how;                        /* "ack", "take", "on_site", ... */
};

struct drill {
	const struct report_request *request;
	const struct site_def *def;
	struct ledger_head head; /* of its site */
	const char *id, *language;
	bool zh;
	char *json; /* the standing; NULL: not found */
	cJSON *root;
	struct calls calls;
	struct answer *answers;
	uint32_t count, cap;
	struct text incidents; /* items of a JSON list */
	uint32_t incident_count;
};

/* ---- gathering ---- */

static bool find(void *ctx, const char *json)
{
	struct drill *drill = ctx;
	cJSON *root = NULL;
	if (json_parse(json, strlen(json), &root, NULL) < 0)
		return true;
	const char *id = json_string(root, "id");
	bool same = id && strcmp(id, drill->id) == 0;
	if (same)
		drill->json = mem_copy(json);
	cJSON_Delete(root);
	return !same;
}

static struct answer *answer_of(struct drill *drill, const char *person)
{
	for (uint32_t i = 0; i < drill->count; i++)
		if (strcmp(drill->answers[i].id, person) == 0)
			return &drill->answers[i];
	MEM_RESERVE(drill->answers, drill->count, drill->cap);
	drill->answers[drill->count] = (struct answer){.id = mem_copy(person)};
	return &drill->answers[drill->count++];
}

static void first(wall_ms *place, wall_ms at)
{
	if (!*place || at < *place)
		*place = at;
}

static void take_entry(struct drill *drill, const struct ledger_row *row, const cJSON *data)
{
	if (strcmp(row->type, "notification") == 0) {
		const cJSON *to = json_get(data, "to");
		const char *kind = json_string(to, "kind"), *id = json_string(to, "id");
		if (calls_add(&drill->calls, data) && kind && id && strcmp(kind, "person") == 0)
			first(&answer_of(drill, id)->told, row->received);
	} else if (strcmp(row->type, "delivery") == 0) {
		const char *to = json_string(data, "to"), *result = json_string(data, "result");
		if (calls_have(&drill->calls, data) && to && result &&
		    strcmp(result, "accepted") == 0)
			first(&answer_of(drill, to)->accepted, row->received);
	} else if (strcmp(row->type, "operator") == 0 && row->by) {
		struct answer *answer = answer_of(drill, row->by);
		const char *choice = json_string(data, "choice");
		const char *how = choice ? choice : json_string(data, "action");
		if (!answer->answered || row->received < answer->answered) {
			free(answer->how);
			answer->how = mem_copy(how);
			answer->answered = row->received;
		}
	}
}

static bool on_entry(void *ctx, const struct ledger_row *row)
{
	cJSON *data = NULL;
	if (json_parse(row->data, strlen(row->data), &data, NULL) == 0)
		take_entry(ctx, row, data);
	cJSON_Delete(data);
	return true;
}

static int gather_incident(struct drill *drill, const char *id)
{
	struct incident *incident = NULL;
	struct response response;
	char *site = NULL;
	int r = store_incident(drill->request->store, id, &incident, &site);
	if (r == 0)
		r = response_of(drill->request->store, incident, &response);
	if (r == 0) {
		struct text *out = &drill->incidents;
		json_open(out, NULL, '{');
		json_put_string(out, "id", id);
		json_put_string(out, "kind", incident_kind_name(incident->kind));
		json_put_string(out, "zone", incident->zone);
		json_put_time(out, "opened_at", incident->opened.wall);
		put_span(out, "first_push_ms", response.first_push);
		put_span(out, "acknowledged_ms", response.acknowledged);
		json_put_int(out, "gaps", response.gaps);
		json_close(out, '}');
		drill->incident_count++;
		r = store_log(drill->request->store, &(struct ledger_filter){.incident = id},
		              on_entry, drill);
	}
	incident_destroy(incident);
	free(site);
	return r < 0 && r != -ENOENT ? r : 0;
}

static int by_time(const void *a, const void *b)
{
	const struct answer *left = a, *right = b;
	wall_ms l = left->answered ? left->answered : INT64_MAX;
	wall_ms r = right->answered ? right->answered : INT64_MAX;
	return l != r ? (l > r) - (l < r) : strcmp(left->id, right->id);
}

static int gather(struct drill *drill)
{
	const cJSON *item, *incidents;
	int r = store_standings(drill->request->store, NULL, STANDING_DRILL, true, find, drill);
	if (r < 0 || !drill->json)
		return r < 0 ? r : -ENOENT;
	if (json_parse(drill->json, strlen(drill->json), &drill->root, NULL) < 0)
		return -EIO;
	const char *site = json_string(drill->root, "site");
	drill->def = report_site(drill->request, site);
	r = report_head(drill->request->store, site, &drill->head);
	incidents = json_get(drill->root, "incidents");
	cJSON_ArrayForEach (item, incidents) {
		if (r >= 0 && cJSON_IsString(item))
			r = gather_incident(drill, item->valuestring);
	}
	if (drill->count)
		qsort(drill->answers, drill->count, sizeof *drill->answers, by_time);
	return r;
}

/* ---- writing ---- */

static void put_time(struct text *out, const char *name, wall_ms at)
{
	if (at)
		json_put_time(out, name, at);
	else
		json_put_null(out, name);
}

static span_ms span_of(const struct answer *answer)
{
	return answer->answered && answer->told ? answer->answered - answer->told : NOT_YET;
}

static void write_json(const struct drill *drill, struct text *out)
{
	json_open(out, NULL, '{');
	json_put_string(out, "report", "drill");
	json_put_time(out, "generated_at", drill->request->now);
	json_put_stored(out, "drill", drill->json);
	json_open(out, "incidents", '[');
	text_add(out, text_get(&drill->incidents));
	json_close(out, ']');
	json_open(out, "people", '[');
	for (uint32_t i = 0; i < drill->count; i++) {
		const struct answer *answer = &drill->answers[i];
		json_open(out, NULL, '{');
		json_put_string(out, "id", answer->id);
		json_put_string(out, "name", person_name(drill->def, answer->id));
		put_time(out, "told_at", answer->told);
		put_time(out, "accepted_at", answer->accepted);
		put_time(out, "answered_at", answer->answered);
		put_span(out, "answered_after_ms", span_of(answer));
		json_put_string(out, "how", answer->how);
		json_close(out, '}');
	}
	json_close(out, ']');
	put_head(out, &drill->head);
	json_close(out, '}');
	text_add_char(out, '\n');
}

static void write_csv(const struct drill *drill, struct text *out)
{
	text_add(out,
	         "\"drill\",\"person\",\"told\",\"received\",\"answered\",\"seconds\",\"how\"\r\n");
	for (uint32_t i = 0; i < drill->count; i++) {
		const struct answer *answer = &drill->answers[i];
		const wall_ms times[] = {answer->told, answer->accepted, answer->answered};
		csv_cell(out, drill->id, false);
		csv_cell(out, person_name(drill->def, answer->id), false);
		for (size_t k = 0; k < sizeof times / sizeof *times; k++) {
			struct text time = {0};
			if (times[k] && drill->def)
				add_time(&time, drill->def, times[k]);
			csv_cell(out, text_get(&time), false);
			text_finish(&time);
		}
		struct text span = {0};
		if (span_of(answer) != NOT_YET)
			text_addf(&span, "%.1f", (double)span_of(answer) / 1000);
		csv_cell(out, text_get(&span), false);
		csv_cell(out, answer->how, true);
		text_finish(&span);
	}
}

static void add_fact(const struct drill *drill, struct text *out, const char *english,
                     const char *chinese, const char *value)
{
	if (!value)
		return;
	text_addf(out, "<tr><th>%s</th><td>", drill->zh ? chinese : english);
	add_html(out, value);
	text_add(out, "</td></tr>\n");
}

static void add_zones(const struct drill *drill, struct text *out)
{
	text_addf(out, "<tr><th>%s</th><td>", drill->zh ? "区域" : "Zone");
	add_place(out, drill->zh, drill->def, drill->root);
	text_add(out, "</td></tr>\n");
}

/* A time of the standing, by the site's clocks. */
static void add_fact_time(const struct drill *drill, struct text *out, const char *english,
                          const char *chinese, const char *member)
{
	const char *words = json_string(drill->root, member);
	struct text local = {0};
	wall_ms at;
	if (words && time_parse(words, &at) == 0) {
		add_time(&local, drill->def, at);
		add_fact(drill, out, english, chinese, text_get(&local));
	}
	text_finish(&local);
}

static void add_end(const struct drill *drill, struct text *out)
{
	struct text words = {0};
	const char *end = json_string(drill->root, "end");
	if (end)
		words_add_end(&words, drill->language, end);
	add_fact(drill, out, "How it ended", "结束方式", end ? text_get(&words) : NULL);
	text_finish(&words);
}

static void add_cell_time(const struct drill *drill, struct text *out, wall_ms at)
{
	text_add(out, "<td class=\"num\">");
	if (at && drill->def)
		add_time(out, drill->def, at);
	else
		text_add(out, "—");
	text_add(out, "</td>");
}

static void write_people(const struct drill *drill, struct text *out)
{
	text_addf(out,
	          "<table>\n<tr><th>%s</th><th>%s</th><th>%s</th><th>%s</th><th>%s</th></tr>\n",
	          drill->zh ? "人员" : "Who", drill->zh ? "通知" : "Told",
	          drill->zh ? "送达" : "Received", drill->zh ? "应答" : "Answered",
	          drill->zh ? "用时" : "After");
	for (uint32_t i = 0; i < drill->count; i++) {
		const struct answer *answer = &drill->answers[i];
		text_add(out, "<tr><td>");
		add_html(out, person_name(drill->def, answer->id));
		text_add(out, "</td>");
		add_cell_time(drill, out, answer->told);
		add_cell_time(drill, out, answer->accepted);
		add_cell_time(drill, out, answer->answered);
		text_add(out, "<td class=\"num\">");
		add_span(out, drill->language, span_of(answer));
		text_add(out, "</td></tr>\n");
	}
	text_add(out, "</table>\n");
}

static void write_html(const struct drill *drill, struct text *out)
{
	uint32_t answered = 0;
	struct text sum = {0};
	for (uint32_t i = 0; i < drill->count; i++)
		answered += drill->answers[i].answered != 0;
	text_addf(&sum, "%u / %u", answered, drill->count);
	report_page_open(out, drill->language, drill->id);
	text_addf(out, "<h1>%s ", drill->zh ? "演练报告" : "Drill");
	add_html(out, drill->id);
	text_add(out, "</h1>\n<table>\n");
	add_fact_time(drill, out, "Since", "开始", "since");
	add_fact_time(drill, out, "Ended", "结束", "ended_at");
	add_end(drill, out);
	add_zones(drill, out);
	add_fact(drill, out, "By", "发起人",
	         json_string(drill->root, "by")
	                 ? person_name(drill->def, json_string(drill->root, "by"))
	                 : NULL);
	add_fact(drill, out, "Note", "备注", json_string(drill->root, "note"));
	add_fact(drill, out, "Answered", "已应答", text_get(&sum));
	text_add(out, "</table>\n");
	write_people(drill, out);
	add_foot(out, drill->zh, drill->def, &drill->head, drill->request->now);
	report_page_close(out);
	text_finish(&sum);
}

static void finish(struct drill *drill)
{
	for (uint32_t i = 0; i < drill->count; i++) {
		free(drill->answers[i].id);
		free(drill->answers[i].how);
	}
	free(drill->answers);
	calls_finish(&drill->calls);
	free(drill->json);
	cJSON_Delete(drill->root);
	text_finish(&drill->incidents);
}

int report_drill(const struct report_request *request, const char *id, enum report_format format,
                 struct text *out, struct problem *why)
{
	struct drill drill = {.request = request, .id = id};
	int r = format == REPORT_CAP
	                ? problem_set(why, -EINVAL,
	                              "CAP is for incidents; a drill is html, json or csv")
	                : 0;
	if (r == 0) {
		r = gather(&drill);
		if (r < 0)
			problem_set(why, r,
			            r == -ENOENT ? "no drill '%s'"
			                         : "the record of drill '%s' cannot be read",
			            id);
	}
	if (r == 0) {
		const char *usual = drill.def && drill.def->language ? drill.def->language : "en";
		drill.language = request->language ? request->language : usual;
		drill.zh = strncmp(drill.language, "zh", 2) == 0;
		if (format == REPORT_JSON)
			write_json(&drill, out);
		else if (format == REPORT_CSV)
			write_csv(&drill, out);
		else
			write_html(&drill, out);
	}
	finish(&drill);
	return r;
}
