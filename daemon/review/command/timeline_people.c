/* What people do, and what they owe: operations, duty, reports upward. */
#include <string.h>

#include "review/command/timeline_private.h"

/* ---- operations ---- */

static const struct word actions[] = {
        {"ack", "ack", "接手处理"},
        {"resolve", "resolve", "解除"},
        {"note", "note", "备注"},
        {"assign", "assign", "移交"},
        {"report", "report", "人工报警"},
        {"test", "test", "测试"},
        {"reply", "reply", "回复"},
        {"accept handover", "accept handover", "确认接班"},
        {"arm", "arm", "布防"},
        {"disarm", "disarm", "撤防"},
        {"end arming", "end arming by hand", "恢复按计划布防"},
        {"silence", "silence", "静默"},
        {"end silence", "end silence", "结束静默"},
        {"drill", "drill", "演练"},
        {"end drill", "end drill", "结束演练"},
        {"walk test", "walk test", "步行测试"},
        {"override", "override", "人工调整值班"},
        {"end override", "end override", "结束人工调整"},
        {"heartbeat", "heartbeat", "外部系统心跳"},
        {"confirm test", "confirm test", "确认收到测试"},
        {"hazard", "hazard", "上报隐患"},
        {"remedy hazard", "remedy hazard", "整改完成"},
        {"close hazard", "close hazard", "验收闭环"},
        {"reopen hazard", "reopen hazard", "退回整改"},
        {"assign hazard", "assign hazard", "隐患改派"},
        {"made report", "made report", "已上报"},
};

static const struct word choices[] = {
        {"take", "takes charge", "接手处理"},
        {"on_site", "is on site", "已到场"},
        {"need_help", "needs help", "需要支援"},
        {"hand_over", "hands over to ", "移交给 "},
        {"false_alarm", "says it is a false alarm", "认为是误报"},
};

/* "sun for zhao", where somebody acts for another. */
static void add_actor(const struct telling *t)
{
	if (!t->row->by) {
		telling_add(t, "somebody who gave no name", "未署名");
		return;
	}
	telling_person(t, t->row->by);
	if (!*telling_text(t, "for"))
		return;
	telling_add(t, " for ", " 代 ");
	telling_person(t, telling_text(t, "for"));
}

static void add_action(const struct telling *t)
{
	telling_add(t, ": ", "：");
	if (!*telling_text(t, "choice")) {
		TELL_WORD(t, telling_text(t, "action"), actions);
		return;
	}
	TELL_WORD(t, telling_text(t, "choice"), choices);
	if (*telling_text(t, "to"))
		telling_name(t, telling_text(t, "to"));
}

/* What a person asked for shows as what happened; in a story only their words are news, and that
 * somebody acted for another. */
static bool tell_operator(struct telling *t)
{
	const char *action = telling_text(t, "action");
	bool repeated = strcmp(action, "resolve") == 0 || strcmp(action, "report") == 0;
	bool speaks = *telling_text(t, "note") && !repeated;
	add_actor(t);
	if (!speaks || *telling_text(t, "choice"))
		add_action(t);
	telling_quoted(t, "note");
	if (speaks)
		t->tone = TONE_STRONG;
	return speaks || *telling_text(t, "for");
}

/* ---- duty ---- */

static void add_post(const struct telling *t, const char *id)
{
	uint32_t post = t->def ? site_def_post(t->def, id) : POSITION_NONE;
	const char *name = post == POSITION_NONE ? NULL : t->def->posts[post].name;
	text_add_safe(t->out, name ? name : id);
}

static bool tell_duty(struct telling *t)
{
	static const struct word words[] = {
	        {"handover", "handover offered", "等待确认接班"},
	        {"handover accepted", "handover accepted", "已确认接班"},
	        {"handover not accepted in time", "handover NOT accepted in time",
	         "逾期未确认接班"},
	        {"override", "duty changed by hand", "人工调整值班"},
	        {"swap", "two change places", "调班"},
	        {"override ended", "a change of duty was taken back", "结束人工调整"}};
	const char *action = telling_text(t, "action");
	bool late = strstr(action, " not ") != NULL, handover = *telling_text(t, "handover");
	TELL_WORD(t, action, words);
	if (*telling_text(t, "post")) {
		telling_add(t, ", ", "，");
		add_post(t, telling_text(t, "post"));
	}
	telling_add(t, ": ", "：");
	if (handover) {
		telling_names(t, "from");
		text_add(t->out, " → ");
		telling_name(t, telling_text(t, "to"));
	} else {
		telling_names(t, "people");
		telling_names(t, "swap");
		telling_time(t, "from", ", from ", "，自 ");
		telling_time(t, "to", " until ", " 至 ");
	}
	telling_by(t, ", by ", "，操作人 ");
	telling_quoted(t, "note");
	t->tone = late ? TONE_WARN : TONE_PLAIN;
	return true;
}

/* ---- reports upward ---- */

/* "report owed: oral report to the education bureau, until 2026-11-22 08:30:00" */
static bool tell_reporting(struct telling *t)
{
	static const struct word words[] = {{"owed", "report owed", "须上报"},
	                                    {"reminded", "report reminded", "上报提醒"},
	                                    {"late", "report late", "上报逾期"},
	                                    {"made", "report made", "已按时上报"},
	                                    {"made late", "report made late", "逾期上报"},
	                                    {"not owed", "report not owed", "无须上报"}};
	struct telling what = *t;
	what.data = json_get(t->data, "what");
	TELL_WORD(t, telling_text(t, "action"), words);
	telling_add(t, ": ", "：");
	text_add_safe(t->out, telling_text(&what, "note"));
	telling_add(t, " to ", "，报 ");
	text_add_safe(t->out, telling_text(&what, "to"));
	telling_time(&what, "until", ", until ", "，期限 ");
	telling_by(t, ", by ", "，操作人 ");
	t->tone = strcmp(telling_text(t, "action"), "late") == 0 ? TONE_WORST : TONE_PLAIN;
	return true;
}

teller timeline_of_people(const char *type)
{
	static const struct {
		const char *type;
		teller tell;
	} tellers[] = {
	        {"operator", tell_operator}, {"duty", tell_duty}, {"reporting", tell_reporting}};
	for (size_t i = 0; i < sizeof tellers / sizeof *tellers; i++)
		if (strcmp(type, tellers[i].type) == 0)
			return tellers[i].tell;
	return NULL;
}
