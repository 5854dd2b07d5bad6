#include "review/link_page.h"

#include <string.h>

#include "decide/words.h"
#include "review/html.h"

static const char *const phrases[SAY_COUNT][2] = {
        [SAY_NOTHING] = {"", ""},
        [SAY_TAKEN_BY_YOU] = {"You have taken charge. Thank you.", "您已确认处理，谢谢。"},
        [SAY_YOU_ARE_ON_SITE] = {"You have taken charge and are on site. Thank you.",
                                 "您已到场处理，谢谢。"},
        [SAY_HELP_IS_CALLED] = {"Your call for help is out: the next people are being told. You "
                                "stay in charge.",
                                "已发出支援请求，正在通知下一批人员；仍由您负责处理。"},
        [SAY_OTHER_HAS_IT] = {"Somebody is already on it.", "已有人在处理。"},
        [SAY_OFFERED_TO_YOU] = {"You are asked to take this over.", "请您接手此警情。"},
        [SAY_RESOLVED] = {"This is over: nothing is left to do.", "警情已解除，无需处理。"},
        [SAY_NOT_A_PERSON] = {"This link is for reading only.", "此链接仅供查看。"},
        [SAY_NOT_OF_THE_SITE] = {"You are no longer among the people of this site: this link is "
                                 "for reading only.",
                                 "您已不在本站点人员名单中，此链接仅供查看。"},
        [SAY_NOTED] = {"Your note is in the record. Nothing else has changed.",
                       "备注已记入台账，其他未作改动。"},
        [SAY_TEST] = {"This was a test: there is nothing to do.", "这是测试消息，无需处理。"},
        [SAY_TEST_RECEIVED] = {"Test received. Thank you.", "已确认收到测试，谢谢。"},
        [SAY_TEST_OVER] = {"This test has been confirmed, or is over.", "此测试已确认或已结束。"},
        [SAY_SHIFT_ACCEPTED] = {"You have taken over. Thank you.", "您已接班，谢谢。"},
        [SAY_SHIFT_OVER] = {"This handover is over.", "此次交接已结束。"},
        [SAY_WHY_NEEDED] = {"To call off a panic, say why in the note; then tap again.",
                            "取消紧急求助须在备注中写明原因，请补充后再点。"},
        [SAY_NOTE_NEEDED] = {"Write a note first.", "请先填写备注。"},
        [SAY_WHOM_NEEDED] = {"Choose to whom you hand it over; then tap again.",
                             "请先选择转交对象，再点一次。"},
        [SAY_NO_SUCH_CHOICE] = {"This is none of the answers that can be given here; nothing has "
                                "changed.",
                                "没有此选项，未作任何改动。"},
        [SAY_NOT_UNDERSTOOD] = {"This could not be understood: the note may be too long.",
                                "未能识别：备注可能过长。"},
        [SAY_HELD] = {"This counts, but is not in the record yet: it cannot be written at the "
                      "moment, and will be added as soon as it can. The alarm is real: act now.",
                      "已生效，但台账暂时无法写入，恢复后自动补记。警情属实，请立即行动。"},
        [SAY_NOT_RECORDED] = {"This could NOT be recorded. The alarm is real: act now, and tap "
                              "again in a minute.",
                              "未能记录。警情属实，请立即行动，一分钟后再点一次。"},
        [SAY_INVALID] = {"This link is not valid.", "链接无效。"},
        [SAY_EXPIRED] = {"This link has expired.", "链接已过期。"},
        [SAY_UNKNOWN] =
                {"This alarm is not in the record: the service was cut off before it "
                 "could write it. It was real: act, and look into the console.",
                 "台账中没有此警情：服务在写入前中断。警情属实，请立即行动，并打开控制台查看。"},
        [SAY_UNREADABLE] = {"The service cannot look this up just now. The alarm is real: act "
                            "now, and open the link again in a minute.",
                            "服务暂时无法查询。警情属实，请立即行动，一分钟后再打开。"},
};

const char *phrase_english(enum phrase phrase)
{
	return phrases[phrase][0];
}

enum phrase phrase_of_a_reader(const struct visit *visit)
{
	const char *person = recipient_kind_name(RECIPIENT_PERSON);
	return strcmp(visit->target.to_kind, person) == 0 ? SAY_NOT_OF_THE_SITE : SAY_NOT_A_PERSON;
}

static const char *say(const struct visit *visit, const char *english, const char *chinese)
{
	return visit->zh ? chinese : english;
}

/* ---- parts ---- */

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
	          "</title>\n<link rel=\"stylesheet\" href=\"../console/ack.css\">\n"
	          "<script src=\"../console/ack.js\" defer></script>\n</head>\n"
	          "<body class=\"%s\">\n<main>\n",
	          mood);
}

/* Whoever has a console goes on there; of an incident straight to it. And it leads to itself in the
 * other language. */
static void close_page(struct text *out, bool zh, const char *incident)
{
	text_add(out, "<p class=\"away\"><a href=\"../#/");
	if (incident) {
		text_add(out, "incident/");
		html_add_escaped(out, incident);
	} else {
		text_add(out, "now");
	}
	const char *other = zh ? "en" : "zh-CN";
	text_addf(out,
	          "\">%s</a> · <a href=\"?lang=%s\" lang=\"%s\" hreflang=\"%s\">%s</a></p>\n"
	          "</main>\n</body>\n</html>\n",
	          zh ? "打开控制台" : "Open the console", other, other, other,
	          zh ? "English" : "中文");
}

/* What people call a thing stays among itself, whichever way it is written. */
static void add_foreign(struct text *out, const char *words)
{
	text_add(out, "<bdi>");
	html_add_escaped(out, words ? words : "");
	text_add(out, "</bdi>");
}

static void add_message(struct text *out, const char *kind, const char *words)
{
	text_addf(out, "<p class=\"message%s\" role=\"status\">%s</p>\n", kind, words);
}

static const char *person_name(const struct site *site, const char *id)
{
	uint32_t person = site ? site_def_person(site->def, id) : POSITION_NONE;
	return person == POSITION_NONE ? id : site->def->people[person].name;
}

/* ---- what is so ---- */

static void open_fact(struct text *out, const char *term)
{
	text_addf(out, "<div><dt>%s</dt><dd>", term);
}

static void close_fact(struct text *out)
{
	text_add(out, "</dd></div>\n");
}

static void add_fact(struct text *out, const char *term, const char *value)
{
	open_fact(out, term);
	add_foreign(out, value);
	close_fact(out);
}

static void add_person(struct text *out, const struct visit *visit, const char *term,
                       const char *id)
{
	if (id)
		add_fact(out, term, person_name(visit->site, id));
}

static void add_clock(struct text *out, const struct site *site, wall_ms at)
{
	char stamp[TIME_TEXT_LEN];
	time_write_utc(at, stamp);
	text_addf(out, "<time datetime=\"%s\">", stamp);
	if (site) {
		struct civil c = civil_from_wall(&site->def->timezone, at);
		text_addf(out, "%04d-%02d-%02d %02d:%02d:%02d", c.year, c.month, c.day, c.hour,
		          c.minute, c.second);
	} else {
		text_add(out, stamp);
	}
	text_add(out, "</time>");
}

static void add_signals(struct text *out, const struct visit *visit,
                        const struct incident *incident)
{
	if (incident->signal_count == 0)
		return;
	open_fact(out, say(visit, "Device", "设备"));
	for (uint32_t i = 0; i < incident->signal_count && i < 5; i++) {
		const struct incident_signal *signal = &incident->signals[i];
		text_add(out, i ? "<br>" : "");
		add_foreign(out, signal->device_name ? signal->device_name : signal->device);
		text_addf(out, " · %s", words_kind(visit->zh ? "zh-CN" : "en", signal->kind));
		text_add(out, signal->active ? "" : say(visit, " (clear again)", "（已恢复）"));
	}
	if (incident->signal_count > 5)
		text_addf(out, "<br>… +%u", incident->signal_count - 5);
	close_fact(out);
}

static void add_subject(struct text *out, const struct visit *visit,
                        const struct incident *incident)
{
	struct text words = {0};
	if (!incident->subject)
		return;
	words_add_subject(&words, visit->zh ? "zh-CN" : "en", visit->site ? visit->site->def : NULL,
	                  incident->subject);
	add_fact(out, say(visit, "About", "事由"), text_get(&words));
	text_finish(&words);
}

/* What somebody said of it: nothing else says as much. */
static void add_words(struct text *out, const struct visit *visit, const struct incident *incident)
{
	if (!incident->note)
		return;
	text_add(out, "<blockquote>");
	add_foreign(out, incident->note);
	if (incident->reported_by) {
		text_addf(out, "<footer>%s ", say(visit, "reported by", "报告人"));
		add_foreign(out, person_name(visit->site, incident->reported_by));
		text_add(out, "</footer>");
	}
	text_add(out, "</blockquote>\n");
}

static void add_state(struct text *out, const struct visit *visit, const struct incident *incident,
                      wall_ms now)
{
	const char *language = visit->zh ? "zh-CN" : "en";
	bool over = incident->state == STATE_RESOLVED;
	text_add(out, "<div id=\"state\">\n");
	add_words(out, visit, incident);
	text_add(out, "<dl>\n");
	add_fact(out, say(visit, "Where", "地点"), incident->zone_name);
	add_subject(out, visit, incident);
	add_signals(out, visit, incident);
	open_fact(out, say(visit, "Since", "开始时间"));
	add_clock(out, visit->site, incident->opened.wall);
	close_fact(out);
	add_fact(out, say(visit, "State", "状态"), words_state(language, incident->state));
	if (incident->owner || !over)
		add_fact(out, say(visit, "In charge", "负责人"),
		         incident->owner ? person_name(visit->site, incident->owner)
		                         : say(visit, "nobody yet", "尚无人处理"));
	add_person(out, visit, say(visit, "On site", "已到场"), incident->on_site);
	if (!over)
		add_person(out, visit, say(visit, "Asks for help", "请求支援"), incident->help_by);
	text_addf(out, "</dl>\n<p class=\"asof\">%s ", say(visit, "As of", "截至"));
	add_clock(out, visit->site, now);
	text_addf(out, " · <a href=\"\">%s</a></p>\n</div>\n", say(visit, "look again", "刷新"));
}

static bool is_theirs(const struct visit *visit, const char *person)
{
	return person && strcmp(person, visit->target.to_id) == 0;
}

/* What there is to say above the facts. */
static enum phrase message_for(const struct visit *visit, const struct incident *incident)
{
	const struct standing *offer = visit_offer(visit);
	if (incident->state == STATE_RESOLVED)
		return SAY_RESOLVED;
	if (!visit_is_by_a_person(visit))
		return phrase_of_a_reader(visit);
	if (is_theirs(visit, incident->owner) && is_theirs(visit, incident->help_by))
		return SAY_HELP_IS_CALLED;
	if (is_theirs(visit, incident->owner))
		return is_theirs(visit, incident->on_site) ? SAY_YOU_ARE_ON_SITE : SAY_TAKEN_BY_YOU;
	if (offer && is_theirs(visit, offer->to))
		return SAY_OFFERED_TO_YOU;
	return incident->owner ? SAY_OTHER_HAS_IT : SAY_NOTHING;
}

/* "Waiting for 李老师 to accept: until then it stays with you." */
static void add_offer(struct text *out, const struct visit *visit, const struct incident *incident)
{
	const struct standing *offer = visit_offer(visit);
	if (!offer || !is_theirs(visit, incident->owner) || is_theirs(visit, offer->to))
		return;
	text_addf(out, "<p class=\"message\" role=\"status\">%s",
	          say(visit, "Handed over to ", "已请 "));
	add_foreign(out, person_name(visit->site, offer->to));
	text_addf(out, "%s</p>\n",
	          say(visit, ", who has not accepted yet: until then it stays with you.",
	              " 接手，对方尚未确认；确认前仍由您负责。"));
}

/* ---- the form ---- */

static void add_choice(struct text *out, const char *value, const char *kind, const char *words)
{
	text_addf(out, "<button type=\"submit\" name=\"choice\" value=\"%s\"%s>%s</button>\n",
	          value, kind, words);
}

/* To whom it can be handed: everybody else of the site. */
static void add_people(struct text *out, const struct visit *visit, const struct link_said *said)
{
	const struct site_def *def = visit->site->def;
	const char *chosen = said->form ? said->form->to : "";
	text_addf(out, "<label>%s <select name=\"to\"%s>\n<option value=\"\">%s</option>\n",
	          say(visit, "To whom", "转交对象"),
	          said->phrase == SAY_WHOM_NEEDED ? " autofocus" : "",
	          say(visit, "– choose –", "– 请选择 –"));
	for (uint32_t i = 0; i < def->person_count; i++) {
		if (strcmp(def->people[i].id, visit->target.to_id) == 0)
			continue;
		text_add(out, "<option value=\"");
		html_add_escaped(out, def->people[i].id);
		text_addf(out, "\"%s>", strcmp(def->people[i].id, chosen) == 0 ? " selected" : "");
		html_add_escaped(out, def->people[i].name);
		text_add(out, "</option>\n");
	}
	text_add(out, "</select></label>\n");
}

/* More than a line, so that Enter only ends one: nobody acts without a tap. */
static void add_note_field(struct text *out, const struct visit *visit,
                           const struct link_said *said)
{
	bool wanted = said->phrase == SAY_WHY_NEEDED || said->phrase == SAY_NOTE_NEEDED;
	text_addf(out, "<label>%s <textarea name=\"note\" rows=\"2\" maxlength=\"190\"%s>",
	          say(visit, "Note, or the reason", "备注或原因"), wanted ? " autofocus" : "");
	if (said->form)
		html_add_escaped(out, said->form->note);
	text_add(out, "</textarea></label>\n");
	add_choice(out, "note", "", say(visit, "Send the note only", "只提交备注"));
}

/* The one button that matters first, large; what else there is to answer below it. */
static void add_form(struct text *out, const struct visit *visit, const struct incident *incident,
                     const struct link_said *said)
{
	text_add(out, "<form method=\"post\">\n");
	if (!is_theirs(visit, incident->owner))
		add_choice(out, reply_name(REPLY_TAKE), " class=\"first\"",
		           incident->owner ? say(visit, "I take it over", "由我接手")
		                           : say(visit, "I take charge", "我来处理"));
	text_addf(out, "<p>%s", say(visit, "in the name of ", "处理人："));
	add_foreign(out, visit->target.to_name ? visit->target.to_name : visit->target.to_id);
	text_add(out, "</p>\n<div class=\"more\">\n");
	if (!is_theirs(visit, incident->on_site))
		add_choice(out, reply_name(REPLY_ON_SITE), "",
		           say(visit, "I am on site", "我已到场"));
	add_choice(out, reply_name(REPLY_NEED_HELP), "", say(visit, "I need help", "需要支援"));
	add_choice(out, reply_name(REPLY_FALSE_ALARM), "", say(visit, "False alarm", "误报"));
	add_note_field(out, visit, said);
	if (visit->site) {
		add_people(out, visit, said);
		add_choice(out, reply_name(REPLY_HAND_OVER), "", say(visit, "Hand over", "移交"));
	}
	text_add(out, "</div>\n</form>\n");
}

/* ---- pages ---- */

static const char *mood_of(const struct incident *incident)
{
	if (incident->state == STATE_RESOLVED)
		return "calm";
	if (incident->drill)
		return "drill";
	return incident->state == STATE_ACKNOWLEDGED ? "taken" : "alarm";
}

static void add_head(struct text *out, const struct visit *visit, const struct incident *incident)
{
	const char *language = visit->zh ? "zh-CN" : "en";
	if (visit->site) {
		text_add(out, "<p class=\"site\">");
		add_foreign(out, visit->site->def->name);
		text_add(out, "</p>\n");
	}
	text_addf(out, "<h1>%s%s <small>%s</small></h1>\n",
	          incident->drill ? say(visit, "[DRILL] ", "【演练】") : "",
	          words_incident_kind(language, incident->kind),
	          words_severity(language, incident->severity));
}

void link_page_incident(struct text *out, const struct visit *visit,
                        const struct incident *incident, wall_ms now, const struct link_said *said)
{
	enum phrase message = message_for(visit, incident);
	open_page(out, visit->zh, words_incident_kind(visit->zh ? "zh-CN" : "en", incident->kind),
	          mood_of(incident));
	add_head(out, visit, incident);
	if (said->phrase != SAY_NOTHING)
		add_message(out, said->is_problem ? " problem" : "",
		            phrases[said->phrase][visit->zh]);
	if (message != SAY_NOTHING)
		add_message(out, "", phrases[message][visit->zh]);
	add_offer(out, visit, incident);
	if (incident->doubted_by && incident->state != STATE_RESOLVED)
		add_message(
		        out, "",
		        say(visit,
		            "Somebody says it is a false alarm: a second person must confirm it.",
		            "已有人报告误报，需第二人确认。"));
	add_state(out, visit, incident, now);
	if (incident->state != STATE_RESOLVED && visit_is_by_a_person(visit))
		add_form(out, visit, incident, said);
	close_page(out, visit->zh, incident->id);
}

static void add_one_button(struct text *out, const char *words)
{
	text_addf(out,
	          "<form method=\"post\">\n<button type=\"submit\" class=\"first\">%s</button>\n"
	          "</form>\n",
	          words);
}

void link_page_test(struct text *out, const struct visit *visit, enum phrase phrase)
{
	open_page(out, visit->zh, phrases[SAY_TEST][visit->zh],
	          phrase == SAY_TEST_RECEIVED ? "taken" : "calm");
	text_addf(out, "<h1>%s</h1>\n", phrases[phrase][visit->zh]);
	if (phrase == SAY_TEST && visit_proof(visit))
		add_one_button(out, say(visit, "I have received it", "我已收到"));
	close_page(out, visit->zh, NULL);
}

void link_page_shift(struct text *out, const struct visit *visit)
{
	struct text list = {0};
	const char *title = say(visit, "Change of shift", "换班交接");
	handover_write_list(visit->site, true, &list);
	open_page(out, visit->zh, title, "calm");
	text_addf(out, "<h1>%s</h1>\n<ul>\n", title);
	for (char *rest = list.at, *line; (line = strsep(&rest, "\n"));) {
		text_add(out, "<li>");
		add_foreign(out, line);
		text_add(out, "</li>\n");
	}
	text_add(out, "</ul>\n");
	add_one_button(out, say(visit, "I take over", "我已接班"));
	close_page(out, visit->zh, NULL);
	text_finish(&list);
}

void link_page_sentence(struct text *out, bool zh, enum phrase phrase)
{
	open_page(out, zh, zh ? "警情" : "Alarm", "calm");
	text_addf(out, "<h1 class=\"sentence\">%s</h1>\n", phrases[phrase][zh]);
	close_page(out, zh, NULL);
}
