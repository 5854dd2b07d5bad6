/* The page behind an acknowledge link. A look changes nothing, since chat programs look at every
 * link for their previews; only the button takes charge, in the name of the person the link was
 * sent to. It needs no script. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "decide/words.h"
#include "review/exchange.h"
#include "review/html.h"
#include "review/link.h"
#include "review/lookup.h"
#include "review/views.h"

enum phrase {
	SAY_TITLE,
	SAY_ZONE,
	SAY_DEVICE,
	SAY_SINCE,
	SAY_STATE,
	SAY_OWNER,
	SAY_NOBODY,
	SAY_DRILL,
	SAY_TAKE,
	SAY_ON_SITE,
	SAY_NEED_HELP,
	SAY_HAND_OVER,
	SAY_FALSE_ALARM,
	SAY_TO,
	SAY_NOTE,
	SAY_DOUBTED,
	SAY_REFUSED,
	SAY_TAKE_OVER,
	SAY_IN_THE_NAME_OF,
	SAY_TAKEN_BY_YOU,
	SAY_OTHER_HAS_IT,
	SAY_RESOLVED,
	SAY_TEST,
	SAY_TEST_GOT_IT,
	SAY_TEST_RECEIVED,
	SAY_TEST_OVER,
	SAY_SHIFT,
	SAY_SHIFT_ACCEPT,
	SAY_SHIFT_ACCEPTED,
	SAY_SHIFT_OVER,
	SAY_NOT_A_PERSON,
	SAY_INVALID,
	SAY_EXPIRED,
	SAY_UNKNOWN,
	SAY_HELD,
	SAY_TRY_AGAIN,
	SAY_COUNT,
};

static const char *const phrases[SAY_COUNT][2] = {
        [SAY_TITLE] = {"Alarm", "警情"},
        [SAY_ZONE] = {"Where", "地点"},
        [SAY_DEVICE] = {"Device", "设备"},
        [SAY_SINCE] = {"Since", "开始时间"},
        [SAY_STATE] = {"State", "状态"},
        [SAY_OWNER] = {"In charge", "负责人"},
        [SAY_NOBODY] = {"nobody yet", "尚无人处理"},
        [SAY_DRILL] = {"DRILL", "演练"},
        [SAY_TAKE] = {"I take charge", "我来处理"},
        [SAY_ON_SITE] = {"I am on site", "我已到场"},
        [SAY_NEED_HELP] = {"I need help", "需要支援"},
        [SAY_HAND_OVER] = {"Hand over to", "转交给"},
        [SAY_FALSE_ALARM] = {"False alarm", "误报"},
        [SAY_TO] = {"To whom", "转交对象"},
        [SAY_NOTE] = {"Note, or the reason", "备注或原因"},
        [SAY_DOUBTED] = {"Somebody says it is a false alarm: a second person must confirm it.",
                         "已有人报告误报,需第二人确认。"},
        [SAY_REFUSED] = {"This needs more: to call off a panic, say why; to hand over, say to "
                         "whom.",
                         "请补充:取消紧急求助须写明原因;转交须选择对象。"},
        [SAY_TAKE_OVER] = {"I take it over", "我来接手"},
        [SAY_IN_THE_NAME_OF] = {"in the name of", "处理人:"},
        [SAY_TAKEN_BY_YOU] = {"You have taken charge. Thank you.", "您已确认处理,谢谢。"},
        [SAY_OTHER_HAS_IT] = {"Somebody is already on it.", "已有人在处理。"},
        [SAY_RESOLVED] = {"This is over: nothing is left to do.", "警情已解除,无需处理。"},
        [SAY_TEST] = {"This was a test: there is nothing to do.", "这是测试消息,无需处理。"},
        [SAY_TEST_GOT_IT] = {"I have received it", "我已收到"},
        [SAY_TEST_RECEIVED] = {"Test received. Thank you.", "已确认收到测试,谢谢。"},
        [SAY_TEST_OVER] = {"This test has been confirmed, or is over.", "此测试已确认或已结束。"},
        [SAY_SHIFT] = {"Change of shift", "换班交接"},
        [SAY_SHIFT_ACCEPT] = {"I take over", "我已接班"},
        [SAY_SHIFT_ACCEPTED] = {"You have taken over. Thank you.", "您已接班,谢谢。"},
        [SAY_SHIFT_OVER] = {"This handover is over.", "此次交接已结束。"},
        [SAY_NOT_A_PERSON] = {"This link is for reading only.", "此链接仅供查看。"},
        [SAY_INVALID] = {"This link is not valid.", "链接无效。"},
        [SAY_EXPIRED] = {"This link has expired. Open the console instead.",
                         "链接已过期,请打开控制台处理。"},
        [SAY_UNKNOWN] = {"This alarm is not in the record. Open the console instead.",
                         "记录中没有此警情,请打开控制台查看。"},
        [SAY_HELD] = {"This counts. The record cannot be written at the moment: it will be added "
                      "as soon as it can.",
                      "已生效。记录暂时无法写入,恢复后自动补记。"},
        [SAY_TRY_AGAIN] = {"This could not be recorded. Please try again.", "未能记录,请重试。"},
};

struct visit { /* somebody with a good link */
	struct link_target target;
	const struct site *site; /* live, or NULL */
	uint64_t notification;
	bool zh;
};

static void visit_destroy(void *ctx)
{
	struct visit *visit = ctx;
	if (!visit)
		return;
	link_target_finish(&visit->target);
	free(visit);
}

static bool is_chinese(const struct site *site)
{
	return site && site->def->language && strncmp(site->def->language, "zh", 2) == 0;
}

static bool wants_json(const struct exchange *ex)
{
	const char *accept = exchange_header(ex, "Accept");
	return accept && strcasestr(accept, "application/json") && !strcasestr(accept, "text/html");
}

/* ---- the page ---- */

static void open_page(struct text *out, bool zh, const char *title, const char *mood)
{
	text_addf(out,
	          "<!doctype html>\n<html lang=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n"
	          "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	          "<meta name=\"robots\" content=\"noindex\">\n"
	          "<meta name=\"color-scheme\" content=\"light dark\">\n<title>",
	          zh ? "zh-CN" : "en");
	html_add_escaped(out, title);
	text_addf(out,
	          "</title>\n<link rel=\"stylesheet\" href=\"../console/ack.css\">\n</head>\n"
	          "<body class=\"%s\">\n<main>\n",
	          mood);
}

static void close_page(struct text *out)
{
	text_add(out, "</main>\n</body>\n</html>\n");
}

static void add_fact(struct text *out, const char *term, const char *value)
{
	text_addf(out, "<dt>%s</dt><dd>", term);
	html_add_escaped(out, value);
	text_add(out, "</dd>\n");
}

static void add_since(struct text *out, const char *term, const struct site *site, wall_ms at)
{
	char stamp[TIME_TEXT_LEN], read[64];
	struct civil civil;
	time_write_utc(at, stamp);
	if (site) {
		civil = civil_from_wall(&site->def->timezone, at);
		snprintf(read, sizeof read, "%04d-%02d-%02d %02d:%02d:%02d", civil.year,
		         civil.month, civil.day, civil.hour, civil.minute, civil.second);
	} else {
		memcpy(read, stamp, sizeof stamp);
	}
	text_addf(out, "<dt>%s</dt><dd><time datetime=\"%s\">%s</time></dd>\n", term, stamp, read);
}

static const char *person_name(const struct site *site, const char *id)
{
	uint32_t person = site ? site_def_person(site->def, id) : POSITION_NONE;
	return person == POSITION_NONE ? id : site->def->people[person].name;
}

static void add_signals(struct text *out, const char *language, const char *term,
                        const struct incident *incident)
{
	if (incident->signal_count == 0)
		return;
	text_addf(out, "<dt>%s</dt><dd>", term);
	for (uint32_t i = 0; i < incident->signal_count && i < 5; i++) {
		const struct incident_signal *signal = &incident->signals[i];
		if (i)
			text_add(out, "<br>");
		html_add_escaped(out, signal->device_name ? signal->device_name : signal->device);
		text_add(out, " · ");
		html_add_escaped(out, words_kind(language, signal->kind));
	}
	if (incident->signal_count > 5)
		text_addf(out, "<br>… +%u", incident->signal_count - 5);
	text_add(out, "</dd>\n");
}

static void add_facts(struct text *out, const struct visit *visit, const struct incident *incident)
{
	const char *language = visit->zh ? "zh-CN" : "en";
	text_add(out, "<dl>\n");
	add_fact(out, phrases[SAY_ZONE][visit->zh], incident->zone_name ? incident->zone_name : "");
	add_signals(out, language, phrases[SAY_DEVICE][visit->zh], incident);
	add_since(out, phrases[SAY_SINCE][visit->zh], visit->site, incident->opened.wall);
	add_fact(out, phrases[SAY_STATE][visit->zh], words_state(language, incident->state));
	add_fact(out, phrases[SAY_OWNER][visit->zh],
	         incident->owner ? person_name(visit->site, incident->owner)
	                         : phrases[SAY_NOBODY][visit->zh]);
	text_add(out, "</dl>\n");
}

/* Whom the site file has lost meanwhile may read on, but no more takes charge. */
static bool is_for_a_person(const struct visit *visit)
{
	return strcmp(visit->target.to_kind, recipient_kind_name(RECIPIENT_PERSON)) == 0 &&
	       (!visit->site ||
	        site_def_person(visit->site->def, visit->target.to_id) != POSITION_NONE);
}

/* What there is to say above the facts, or SAY_COUNT while it is open and nobody has it. */
static enum phrase message_for(const struct visit *visit, const struct incident *incident)
{
	if (incident->state == STATE_RESOLVED)
		return SAY_RESOLVED;
	if (!is_for_a_person(visit))
		return SAY_NOT_A_PERSON;
	if (incident->owner && strcmp(incident->owner, visit->target.to_id) == 0)
		return SAY_TAKEN_BY_YOU;
	return incident->state == STATE_ACKNOWLEDGED ? SAY_OTHER_HAS_IT : SAY_COUNT;
}

static void add_choice(struct text *out, const struct visit *visit, enum choice reply,
                       enum phrase say)
{
	text_addf(out, "<button type=\"submit\" name=\"choice\" value=\"%s\">%s</button>\n",
	          reply_name(reply), phrases[say][visit->zh]);
}

/* To whom it can be handed: everybody else of the site. */
static void add_people(struct text *out, const struct visit *visit)
{
	const struct site_def *def = visit->site->def;
	text_addf(out, "<label>%s <select name=\"to\">\n<option value=\"\"></option>\n",
	          phrases[SAY_TO][visit->zh]);
	for (uint32_t i = 0; i < def->person_count; i++) {
		if (strcmp(def->people[i].id, visit->target.to_id) == 0)
			continue;
		text_add(out, "<option value=\"");
		html_add_escaped(out, def->people[i].id);
		text_add(out, "\">");
		html_add_escaped(out, def->people[i].name);
		text_add(out, "</option>\n");
	}
	text_add(out, "</select></label>\n");
}

/* The one button that matters first, large; what else there is to answer below it. */
static void add_form(struct text *out, const struct visit *visit, const struct incident *incident,
                     enum phrase message)
{
	text_add(out, "<form method=\"post\">\n");
	if (message != SAY_TAKEN_BY_YOU || incident->state == STATE_OPEN)
		add_choice(out, visit, REPLY_TAKE, message == SAY_COUNT ? SAY_TAKE : SAY_TAKE_OVER);
	text_addf(out, "<p>%s ", phrases[SAY_IN_THE_NAME_OF][visit->zh]);
	html_add_escaped(out, visit->target.to_name ? visit->target.to_name : visit->target.to_id);
	text_add(out, "</p>\n<div class=\"more\">\n");
	add_choice(out, visit, REPLY_ON_SITE, SAY_ON_SITE);
	add_choice(out, visit, REPLY_NEED_HELP, SAY_NEED_HELP);
	add_choice(out, visit, REPLY_FALSE_ALARM, SAY_FALSE_ALARM);
	text_addf(out, "<label>%s <input name=\"note\" maxlength=\"200\"></label>\n",
	          phrases[SAY_NOTE][visit->zh]);
	if (visit->site) {
		add_people(out, visit);
		add_choice(out, visit, REPLY_HAND_OVER, SAY_HAND_OVER);
	}
	text_add(out, "</div>\n</form>\n");
}

static void write_incident_page(struct text *out, const struct visit *visit,
                                const struct incident *incident)
{
	const char *language = visit->zh ? "zh-CN" : "en";
	enum phrase message = message_for(visit, incident);
	const char *kind = words_incident_kind(language, incident->kind);
	const char *mood = incident->state == STATE_RESOLVED       ? "calm"
	                   : incident->state == STATE_ACKNOWLEDGED ? "taken"
	                                                           : "alarm";
	open_page(out, visit->zh, kind, mood);
	if (visit->site) {
		text_add(out, "<p class=\"site\">");
		html_add_escaped(out, visit->site->def->name);
		text_add(out, "</p>\n");
	}
	text_add(out, "<h1>");
	if (incident->drill)
		text_addf(out, "[%s] ", phrases[SAY_DRILL][visit->zh]);
	text_addf(out, "%s <small>%s</small></h1>\n", kind,
	          words_severity(language, incident->severity));
	if (message != SAY_COUNT)
		text_addf(out, "<p class=\"message\" role=\"status\">%s</p>\n",
		          phrases[message][visit->zh]);
	add_facts(out, visit, incident);
	if (incident->doubted_by && incident->state != STATE_RESOLVED)
		text_addf(out, "<p role=\"status\">%s</p>\n", phrases[SAY_DOUBTED][visit->zh]);
	if (message == SAY_COUNT || message == SAY_OTHER_HAS_IT || message == SAY_TAKEN_BY_YOU)
		add_form(out, visit, incident, message);
	close_page(out);
}

/* ---- what the form says ---- */

struct form { /* of a POST; zeroed: just the button, which acknowledges */
	char choice[32], to[ID_MAX + 1], note[NOTE_MAX + 1];
};

static char hex_byte(const char *at)
{
	const char two[3] = {at[0], at[1], '\0'};
	return (char)strtol(two, NULL, 16);
}

/* Decodes a field's value; false if it is too long or not text. */
static bool form_value(const char *from, size_t len, char *to, size_t room)
{
	size_t n = 0;
	for (size_t i = 0; i < len; i++) {
		char c = from[i] == '+' ? ' ' : from[i];
		if (c == '%' && i + 2 < len && isxdigit((unsigned char)from[i + 1]) &&
		    isxdigit((unsigned char)from[i + 2])) {
			c = hex_byte(from + i + 1);
			i += 2;
		}
		if (n + 1 >= room || !c)
			return false;
		to[n++] = c;
	}
	to[n] = '\0';
	return text_is_utf8(to, n);
}

static bool form_read(const struct exchange *ex, struct form *form)
{
	const struct {
		const char *name;
		char *at;
		size_t room;
	} fields[] = {{"choice", form->choice, sizeof form->choice},
	              {"to", form->to, sizeof form->to},
	              {"note", form->note, sizeof form->note}};
	const char *at = text_get(&ex->body);
	while (*at) {
		size_t len = strcspn(at, "&"), name = strcspn(at, "=&");
		for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
			if (at[name] == '=' && strlen(fields[i].name) == name &&
			    memcmp(fields[i].name, at, name) == 0 &&
			    !form_value(at + name + 1, len - name - 1, fields[i].at,
			                fields[i].room))
				return false;
		at += len + (at[len] == '&');
	}
	return true;
}

/* A plain POST acknowledges; a form may say more. False if it says what cannot be. */
static bool form_operation(const struct form *form, struct operation *operation)
{
	if (*form->note)
		operation->note = form->note;
	if (!*form->choice)
		return true;
	operation->type = OPERATION_REPLY;
	operation->reply = reply_from_name(form->choice);
	operation->to = *form->to ? form->to : NULL;
	return operation->reply != REPLY_COUNT &&
	       (operation->reply != REPLY_HAND_OVER || operation->to);
}

static bool is_form(const struct exchange *ex)
{
	const char *type = exchange_header(ex, "Content-Type");
	static const char form[] = "application/x-www-form-urlencoded";
	return type && strncasecmp(type, form, sizeof form - 1) == 0;
}

/* ---- answers ---- */

static void answer_incident(struct exchange *ex, const struct visit *visit,
                            const struct incident *incident)
{
	struct text out = {0};
	if (wants_json(ex)) {
		json_open(&out, NULL, '{');
		json_put_string(&out, "result", incident_state_name(incident->state));
		view_incident(&out, "incident", visit->target.site, incident);
		json_close(&out, '}');
		exchange_json(ex, 200, &out);
	} else {
		write_incident_page(&out, visit, incident);
		exchange_answer(ex, 200, "text/html; charset=utf-8", &out);
	}
	text_finish(&out);
}

/* A page of one sentence; for a program, an RFC 9457 problem, or {"result": "test"}. */
static void answer_sentence(struct exchange *ex, unsigned status, enum phrase say, bool zh)
{
	struct text out = {0};
	if (wants_json(ex) && status >= 400) {
		exchange_problem(ex, status, "%s", phrases[say][0]);
	} else if (wants_json(ex)) {
		json_open(&out, NULL, '{');
		json_put_string(&out, "result", "test");
		json_close(&out, '}');
		exchange_json(ex, status, &out);
	} else {
		open_page(&out, zh, phrases[SAY_TITLE][zh], "calm");
		text_addf(&out, "<h1>%s</h1>\n", phrases[say][zh]);
		close_page(&out);
		exchange_answer(ex, status, "text/html; charset=utf-8", &out);
	}
	text_finish(&out);
}

/* The record could not be written: it is held in memory, or it could not be taken. */
static void answer_failure(struct exchange *ex, const struct visit *visit, int result)
{
	answer_sentence(ex, 503, result == -EINPROGRESS ? SAY_HELD : SAY_TRY_AGAIN, visit->zh);
}

/* Judges the link; NULL after an answer. */
static struct visit *open_visit(struct exchange *ex)
{
	const struct review_service *service = &ex->server->service;
	struct link link;
	wall_ms now = service->now(service->ctx).wall;
	bool zh = is_chinese(service->site_at(service->ctx, 0));
	int r = link_read_token(ex->id, service->link_key, now, &link);
	if (r < 0) {
		answer_sentence(ex, 403, r == -ETIMEDOUT ? SAY_EXPIRED : SAY_INVALID, zh);
		return NULL;
	}
	struct visit *visit = NEW(struct visit);
	visit->notification = link.notification;
	r = lookup_link_target(service, link.site, link.notification, &visit->target);
	if (r < 0) {
		bool unknown = r == -ENOENT; /* pushed by a life that ended before it could write */
		answer_sentence(ex, unknown ? 404 : 503, unknown ? SAY_UNKNOWN : SAY_TRY_AGAIN, zh);
		visit_destroy(visit);
		return NULL;
	}
	visit->site = service->site(service->ctx, visit->target.site);
	visit->zh = visit->site ? is_chinese(visit->site) : zh;
	return visit;
}

/* ---- a test: the tap proves that it has arrived ---- */

static const struct standing *proof_of(const struct visit *visit)
{
	char id[NOTIFICATION_ID_MAX];
	notification_id(visit->target.site, visit->notification, id);
	for (uint32_t i = 0; visit->site && i < visit->site->standing_count; i++) {
		const struct standing *s = visit->site->standings[i];
		if (s->type == STANDING_PROOF && s->notification &&
		    strcmp(s->notification, id) == 0)
			return standing_is_over(s) ? NULL : s;
	}
	return NULL;
}

static void show_test(struct exchange *ex, const struct visit *visit, enum phrase say)
{
	struct text out = {0};
	if (wants_json(ex) || (say == SAY_TEST && !proof_of(visit))) {
		answer_sentence(ex, 200, say, visit->zh);
		return;
	}
	open_page(&out, visit->zh, phrases[SAY_TEST][visit->zh],
	          say == SAY_TEST_RECEIVED ? "taken" : "calm");
	text_addf(&out, "<h1>%s</h1>\n", phrases[say][visit->zh]);
	if (say == SAY_TEST)
		text_addf(&out,
		          "<form method=\"post\">\n<button type=\"submit\">%s</button>\n</form>\n",
		          phrases[SAY_TEST_GOT_IT][visit->zh]);
	close_page(&out);
	exchange_answer(ex, 200, "text/html; charset=utf-8", &out);
	text_finish(&out);
}

static void finish_test(struct exchange *ex, int result, const struct incident *incident,
                        const char *site_id, const struct problem *why)
{
	(void)site_id, (void)why, (void)incident;
	const struct visit *visit = ex->finish_ctx;
	if (result == 0)
		show_test(ex, visit, SAY_TEST_RECEIVED);
	else if (result == -EALREADY)
		show_test(ex, visit, SAY_TEST_OVER);
	else
		answer_failure(ex, visit, result);
}

/* A second tap finds it confirmed: that is no news to who did it. */
static void confirm_test(struct exchange *ex, struct visit *visit)
{
	char id[NOTIFICATION_ID_MAX];
	notification_id(visit->target.site, visit->notification, id);
	const struct operation operation = {.type = OPERATION_CONFIRM,
	                                    .by = visit->target.to_id,
	                                    .via = "link",
	                                    .to = id,
	                                    .kind = INCIDENT_KIND_NONE,
	                                    .severity = SEVERITY_NONE};
	exchange_submit(ex, visit->target.site, &operation, finish_test, visit, visit_destroy);
}

/* ---- a shift that is handed over without an incident ---- */

/* Any that waits for this person: a later message may have followed the one whose link it is. */
static const struct standing *handover_of(const struct visit *visit)
{
	for (uint32_t i = 0; visit->site && i < visit->site->standing_count; i++) {
		const struct standing *s = visit->site->standings[i];
		if (s->type == STANDING_HANDOVER && !standing_is_over(s) && s->notification &&
		    strcmp(s->to, visit->target.to_id) == 0)
			return s;
	}
	return NULL;
}

static void show_shift(struct exchange *ex, const struct visit *visit)
{
	struct text out = {0}, list = {0};
	handover_write_list(visit->site, true, &list);
	open_page(&out, visit->zh, phrases[SAY_SHIFT][visit->zh], "calm");
	text_addf(&out, "<h1>%s</h1>\n<ul>\n", phrases[SAY_SHIFT][visit->zh]);
	for (char *rest = list.at, *line; (line = strsep(&rest, "\n"));) {
		text_add(&out, "<li>");
		html_add_escaped(&out, line);
		text_add(&out, "</li>\n");
	}
	text_addf(&out,
	          "</ul>\n<form method=\"post\">\n<button type=\"submit\">%s</button>\n</form>\n",
	          phrases[SAY_SHIFT_ACCEPT][visit->zh]);
	close_page(&out);
	exchange_answer(ex, 200, "text/html; charset=utf-8", &out);
	text_finish(&out);
	text_finish(&list);
}

static void finish_shift(struct exchange *ex, int result, const struct incident *incident,
                         const char *site_id, const struct problem *why)
{
	(void)site_id, (void)why, (void)incident;
	const struct visit *visit = ex->finish_ctx;
	if (result == 0)
		answer_sentence(ex, 200, SAY_SHIFT_ACCEPTED, visit->zh);
	else if (result == -EALREADY || result == -ENOENT)
		answer_sentence(ex, 200, SAY_SHIFT_OVER, visit->zh);
	else
		answer_failure(ex, visit, result);
}

static void accept_shift(struct exchange *ex, struct visit *visit, const struct standing *s)
{
	const struct operation operation = {.type = OPERATION_HANDOVER_ACCEPT,
	                                    .by = visit->target.to_id,
	                                    .via = "link",
	                                    .standing = s->id,
	                                    .kind = INCIDENT_KIND_NONE,
	                                    .severity = SEVERITY_NONE};
	exchange_submit(ex, visit->target.site, &operation, finish_shift, visit, visit_destroy);
}

static void show(struct exchange *ex, const struct visit *visit)
{
	struct looked_up found;
	const char *id = visit->target.incident;
	if ((!id || !*id) && !proof_of(visit) && handover_of(visit)) {
		show_shift(ex, visit);
		return;
	}
	if (!id || !*id) {
		show_test(ex, visit, SAY_TEST);
		return;
	}
	if (lookup_incident(&ex->server->service, id, &found) < 0)
		answer_sentence(ex, 503, SAY_TRY_AGAIN, visit->zh);
	else
		answer_incident(ex, visit, found.incident);
	looked_up_finish(&found);
}

void page_link(struct exchange *ex)
{
	struct visit *visit = open_visit(ex);
	if (visit)
		show(ex, visit);
	visit_destroy(visit);
}

static void finish_take(struct exchange *ex, int result, const struct incident *incident,
                        const char *site_id, const struct problem *why)
{
	(void)site_id, (void)why;
	struct visit *visit = ex->finish_ctx;
	/* A reload meanwhile may have replaced what was looked at before. */
	const struct review_service *service = &ex->server->service;
	visit->site = service->site(service->ctx, visit->target.site);
	if (result == 0 && incident)
		answer_incident(ex, visit, incident);
	else if (result == 0 || result == -EALREADY || result == -ENOENT)
		show(ex, visit);
	else if (result == -EINVAL)
		answer_sentence(ex, 400, SAY_REFUSED, visit->zh);
	else
		answer_failure(ex, visit, result);
}

void page_link_take(struct exchange *ex)
{
	struct visit *visit = open_visit(ex);
	if (!visit)
		return;
	const char *id = visit->target.incident;
	const struct standing *shift = (!id || !*id) && visit->site && is_for_a_person(visit) &&
	                                               !proof_of(visit)
	                                       ? handover_of(visit)
	                                       : NULL;
	if (shift) {
		accept_shift(ex, visit, shift);
		return;
	}
	if ((!id || !*id) && visit->site && is_for_a_person(visit)) {
		confirm_test(ex, visit);
		return;
	}
	if (!id || !*id || !visit->site || !site_incident(visit->site, id) ||
	    site_incident(visit->site, id)->state == STATE_RESOLVED) {
		show(ex, visit);
		visit_destroy(visit);
		return;
	}
	if (!is_for_a_person(visit)) {
		answer_sentence(ex, 403, SAY_NOT_A_PERSON, visit->zh);
		visit_destroy(visit);
		return;
	}
	struct form form = {0};
	struct operation operation = {.type = OPERATION_ACK,
	                              .by = visit->target.to_id,
	                              .via = "link",
	                              .incident = id,
	                              .kind = INCIDENT_KIND_NONE,
	                              .severity = SEVERITY_NONE};
	if (is_form(ex) && (!form_read(ex, &form) || !form_operation(&form, &operation))) {
		answer_sentence(ex, 400, SAY_REFUSED, visit->zh);
		visit_destroy(visit);
		return;
	}
	exchange_submit(ex, visit->target.site, &operation, finish_take, visit, visit_destroy);
}
