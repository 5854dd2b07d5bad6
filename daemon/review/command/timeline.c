#include "review/command/timeline.h"

#include <string.h>

#include "base/json.h"
#include "decide/words.h"
#include "review/command/timeline_private.h"

/* ---- parts of sentences ---- */

const char *telling_text(const struct telling *t, const char *member)
{
	const char *words = json_string(t->data, member);
	return words ? words : "";
}

bool telling_is(const struct telling *t, const char *member)
{
	bool value = false;
	return json_bool(t->data, member, &value) && value;
}

void telling_add(const struct telling *t, const char *english, const char *chinese)
{
	text_add(t->out, say(t->ctx, english, chinese));
}

void telling_by(const struct telling *t, const char *english, const char *chinese)
{
	if (!t->row->by)
		return;
	telling_add(t, english, chinese);
	text_add_person(t->out, t->def, t->row->by);
}

/* The name alone, where the id would only crowd the line. */
void telling_name(const struct telling *t, const char *id)
{
	uint32_t person = t->def ? site_def_person(t->def, id) : POSITION_NONE;
	text_add_safe(t->out, person == POSITION_NONE ? id : t->def->people[person].name);
}

void telling_quoted(const struct telling *t, const char *member)
{
	const char *words = telling_text(t, member);
	if (!*words)
		return;
	text_add(t->out, ": \"");
	text_add_safe(t->out, words);
	text_add(t->out, "\"");
}

void telling_device(const struct telling *t)
{
	const char *id = t->row->device ? t->row->device : "?";
	uint32_t device = t->def ? site_def_device(t->def, id) : POSITION_NONE;
	text_add_safe(t->out, id);
	if (device == POSITION_NONE || strcmp(t->def->devices[device].name, id) == 0)
		return;
	text_add(t->out, " (");
	text_add_safe(t->out, t->def->devices[device].name);
	text_add(t->out, ")");
}

static void telling_kind(const struct telling *t)
{
	enum kind kind = kind_from_name(telling_text(t, "kind"));
	if (kind == KIND_NONE)
		text_add_safe(t->out, telling_text(t, "kind"));
	else
		text_add(t->out, words_kind(t->ctx->language, kind));
}

static void telling_severity(const struct telling *t, const char *member)
{
	enum severity severity = severity_from_name(telling_text(t, member));
	if (severity != SEVERITY_NONE)
		text_add(t->out, words_severity(t->ctx->language, severity));
}

void telling_span(const struct telling *t, const char *member, const char *english,
                  const char *chinese)
{
	int64_t span;
	if (!json_int(t->data, member, &span))
		return;
	telling_add(t, english, chinese);
	/* whole seconds read better than 900123ms */
	text_add_span(t->out, span < 1000 ? span : span / 1000 * 1000);
}

/* ---- one function a type ---- */

static bool tell_signal(struct telling *t)
{
	bool active = strcmp(telling_text(t, "state"), "active") == 0;
	telling_device(t);
	text_add(t->out, ": ");
	telling_kind(t);
	telling_add(t, active ? ", active" : ", clear", active ? "，报警" : "，恢复");
	double value = 0;
	const cJSON *number = json_get(t->data, "value");
	if (cJSON_IsNumber(number)) {
		value = number->valuedouble;
		text_addf(t->out, " (%g)", value);
	}
	if (telling_is(t, "test"))
		telling_add(t, ", a test", "，测试");
	if (telling_is(t, "retained"))
		telling_add(t, ", retained", "，保留消息");
	if (*telling_text(t, "raises")) {
		text_add(t->out, "; ");
		text_add_safe(t->out, telling_text(t, "raises"));
	}
	t->tone = active ? TONE_STRONG : TONE_PLAIN;
	return true;
}

static bool tell_opened(struct telling *t)
{
	enum incident_kind kind = incident_kind_from_name(telling_text(t, "kind"));
	enum severity severity = severity_from_name(telling_text(t, "severity"));
	uint32_t zone = t->def ? site_def_zone(t->def, telling_text(t, "zone")) : POSITION_NONE;
	telling_add(t, "opened: ", "发生：");
	telling_severity(t, "severity");
	text_add(t->out, ", ");
	text_add_safe(t->out, kind == INCIDENT_KIND_COUNT
	                              ? telling_text(t, "kind")
	                              : words_incident_kind(t->ctx->language, kind));
	if (*telling_text(t, "zone")) {
		text_add(t->out, ", ");
		text_add_safe(t->out, zone == POSITION_NONE ? telling_text(t, "zone")
		                                            : t->def->zones[zone].name);
	}
	telling_by(t, ", reported by ", "，报告人 ");
	telling_quoted(t, "note");
	if (*telling_text(t, "policy")) {
		telling_add(t, ", policy ", "，预案 ");
		text_add_safe(t->out, telling_text(t, "policy"));
	}
	t->tone = severity_tone(severity);
	return true;
}

static bool tell_raised(struct telling *t)
{
	telling_add(t, "severity rose from ", "级别由 ");
	telling_severity(t, "from");
	telling_add(t, " to ", " 升为 ");
	telling_severity(t, "to");
	t->tone = severity_tone(severity_from_name(telling_text(t, "to")));
	return true;
}

static bool tell_joined(struct telling *t)
{
	telling_add(t, "joined by ", "新增报警：");
	if (t->row->device) {
		telling_device(t);
		text_add(t->out, ": ");
		telling_kind(t);
	} else {
		telling_by(t, "a report of ", "报告人 ");
	}
	telling_quoted(t, "note");
	t->tone = TONE_STRONG;
	return true;
}

static bool tell_cleared(struct telling *t)
{
	telling_add(t, "every signal has cleared", "所有信号均已恢复");
	return true;
}

static bool tell_acknowledged(struct telling *t)
{
	telling_add(t, "acknowledged", "已确认");
	telling_by(t, " by ", "，负责人 ");
	telling_span(t, "resolve_within_ms", "; to be resolved within ", "；处置时限 ");
	t->tone = TONE_GOOD;
	return true;
}

static bool tell_on_site(struct telling *t)
{
	telling_add(t, "on site: ", "已到场：");
	telling_name(t, t->row->by ? t->row->by : "?");
	t->tone = TONE_GOOD;
	return true;
}

static bool tell_help_wanted(struct telling *t)
{
	telling_add(t, "HELP WANTED", "请求支援");
	telling_by(t, " by ", "，请求人 ");
	telling_quoted(t, "note");
	t->tone = TONE_WORST;
	return true;
}

static bool tell_doubted(struct telling *t)
{
	telling_add(t, "a false alarm, says ", "疑为误报，报告人 ");
	telling_name(t, t->row->by ? t->row->by : "?");
	telling_add(t, "; a second person has to say so too", "；须另一人确认");
	telling_quoted(t, "note");
	t->tone = TONE_WARN;
	return true;
}

static bool tell_assigned(struct telling *t)
{
	telling_add(t, "handed to ", "移交给 ");
	text_add_person(t->out, t->def, telling_text(t, "owner"));
	telling_by(t, " by ", "，操作人 ");
	return true;
}

static bool tell_reopened(struct telling *t)
{
	telling_add(t, "OPEN AGAIN: ", "重新报警：");
	if (strcmp(telling_text(t, "why"), "not resolved in time after the acknowledgement") == 0)
		telling_add(t, "not resolved in time after the acknowledgement",
		            "确认后未在时限内处置完毕");
	else
		text_add_safe(t->out, telling_text(t, "why"));
	if (*telling_text(t, "owner_was")) {
		telling_add(t, ", it was in the hands of ", "，原负责人 ");
		text_add_person(t->out, t->def, telling_text(t, "owner_was"));
	}
	t->tone = TONE_WORST;
	return true;
}

static bool tell_resolved(struct telling *t)
{
	telling_add(t, "resolved", "已解除");
	telling_by(t, " by ", "，操作人 ");
	text_add(t->out, ": ");
	text_add(t->out,
	         words_outcome(t->ctx->language, outcome_from_name(telling_text(t, "outcome"))));
	telling_quoted(t, "note");
	t->tone = TONE_GOOD;
	return true;
}

/* "step 2: 李老师 (li), police"; those told again after the last step say so. */
static bool tell_step(struct telling *t)
{
	int64_t step = 0, round = 1, late = 0;
	const char *name = telling_text(t, "name");
	enum reason reason = reason_from_name(telling_text(t, "reason"));
	json_int(t->data, "step", &step);
	json_int(t->data, "round", &round);
	json_int(t->data, "late_ms", &late);
	if (strcmp(name, "last_resort") == 0) {
		telling_add(t, "last resort", "最后联系人");
		t->tone = TONE_WARN;
	} else {
		text_addf(t->out, say(t->ctx, "step %lld", "第 %lld 步"), (long long)step);
	}
	if (round > 1)
		text_addf(t->out, say(t->ctx, " of round %lld", "（第 %lld 轮）"),
		          (long long)round);
	if (reason != REASON_COUNT && reason != REASON_OPENED && reason != REASON_ESCALATED)
		text_addf(t->out, ", %s", words_reason(t->ctx->language, reason));
	const char *between = ": ";
	const cJSON *to;
	cJSON_ArrayForEach (to, json_get(t->data, "to")) {
		const char *id = json_string(to, "id");
		text_add(t->out, between);
		telling_name(t, id ? id : "?");
		between = ", ";
	}
	if (late >= SECONDS(2)) {
		telling_span(t, "late_ms", "; LATE by ", "；延迟 ");
		t->tone = TONE_WARN;
	}
	return true;
}

/* "GAP: the test to 李老师 over phone was not confirmed" */
static bool tell_unproven(struct telling *t)
{
	telling_add(t, "GAP: the test to ", "缺口：发给 ");
	telling_name(t, telling_text(t, "to"));
	telling_add(t, " over ", " 的测试（渠道 ");
	text_add_safe(t->out, telling_text(t, "channel"));
	telling_add(t, " was not confirmed", "）未确认收到");
	t->tone = TONE_WARN;
	return true;
}

static bool tell_gap(struct telling *t)
{
	static const struct {
		const char *english, *chinese;
	} known[] = {
	        {"nobody to tell", "无人可通知"},
	        {"every delivery has failed", "所有通知均未送达"},
	        {"last_resort reaches nobody", "最后联系人无法送达"},
	};
	int64_t step = 0;
	const char *why = telling_text(t, "why");
	if (*telling_text(t, "reason")) /* of a test, not of an incident */
		return tell_unproven(t);
	telling_add(t, "GAP", "缺口");
	if (json_int(t->data, "step", &step))
		text_addf(t->out, say(t->ctx, " at step %lld", "（第 %lld 步）"), (long long)step);
	text_add(t->out, ": ");
	for (uint32_t i = 0; i < sizeof known / sizeof *known; i++)
		if (strcmp(why, known[i].english) == 0)
			why = say(t->ctx, known[i].english, known[i].chinese);
	text_add_safe(t->out, why);
	t->tone = TONE_WORST;
	return true;
}

static void add_delivery_trouble(struct telling *t)
{
	int64_t status = 0;
	if (json_int(t->data, "status", &status))
		text_addf(t->out, " (HTTP %lld)", (long long)status);
	if (*telling_text(t, "detail")) {
		text_add(t->out, ": ");
		text_add_safe(t->out, telling_text(t, "detail"));
	}
}

static void add_delivery_marks(struct telling *t)
{
	int64_t attempt = 1;
	if (json_int(t->data, "attempt", &attempt) && attempt > 1)
		text_addf(t->out, say(t->ctx, ", attempt %lld", "，第 %lld 次"),
		          (long long)attempt);
	if (telling_is(t, "possible_duplicate"))
		telling_add(t, ", perhaps a second time", "，可能重复");
	if (telling_is(t, "unlogged"))
		telling_add(t, ", sent before it could be recorded", "，先发送后记录");
}

static bool tell_delivery(struct telling *t)
{
	const char *result = telling_text(t, "result"), *channel = telling_text(t, "channel");
	bool accepted = strcmp(result, "accepted") == 0, refused = strcmp(result, "refused") == 0;
	int64_t took = 0;
	if (accepted)
		telling_add(t, "told ", "已通知 ");
	else if (refused)
		telling_add(t, "NOT told: ", "未送达：");
	else
		telling_add(t, "not yet told: ", "尚未送达：");
	telling_name(t, telling_text(t, "to"));
	text_add(t->out, " (");
	text_add_safe(t->out, channel);
	if (accepted) {
		telling_add(t, ", accepted", "，已接收");
		if (json_int(t->data, "took_ms", &took))
			text_addf(t->out, say(t->ctx, " in %lld ms", "，用时 %lld 毫秒"),
			          (long long)took);
		add_delivery_marks(t);
		text_add(t->out, ")");
	} else {
		telling_add(t, refused ? ", refused" : ", failed", refused ? "，被拒绝" : "，失败");
		add_delivery_marks(t);
		text_add(t->out, ")");
		add_delivery_trouble(t);
	}
	t->tone = accepted ? TONE_PLAIN : refused ? TONE_BAD : TONE_WARN;
	return true;
}

/* "telling 李老师 by phone, backup: opened" */
static bool tell_notification(struct telling *t)
{
	enum reason reason = reason_from_name(telling_text(t, "reason"));
	const char *to = json_string(json_get(t->data, "to"), "id");
	const char *between = say(t->ctx, " by ", "，渠道 ");
	const cJSON *channel;
	telling_add(t, "telling ", "正在通知 ");
	telling_name(t, to ? to : "?");
	cJSON_ArrayForEach (channel, json_get(t->data, "channels")) {
		if (!cJSON_IsString(channel))
			continue;
		text_add(t->out, between);
		text_add_safe(t->out, channel->valuestring);
		between = ", ";
	}
	if (reason != REASON_COUNT)
		text_addf(t->out, ": %s", words_reason(t->ctx->language, reason));
	return false;
}

/* What a person asked for shows as what happened; in a story only their words are news. */
static bool tell_operator(struct telling *t)
{
	const char *action = telling_text(t, "action");
	static const char *const known[][2] = {{"ack", "确认"},
	                                       {"resolve", "解除"},
	                                       {"note", "备注"},
	                                       {"assign", "移交"},
	                                       {"report", "上报"},
	                                       {"test", "测试"},
	                                       {"reply", "回复"},
	                                       {"accept handover", "接受交接"},
	                                       {"arm", "布防"},
	                                       {"disarm", "撤防"},
	                                       {"silence", "静默"},
	                                       {"end silence", "结束静默"},
	                                       {"drill", "演练"},
	                                       {"end drill", "结束演练"},
	                                       {"walk test", "走测"},
	                                       {"override", "调班"},
	                                       {"end override", "取消调班"},
	                                       {"heartbeat", "外部系统心跳"},
	                                       {"confirm test", "确认收到测试"},
	                                       {"hazard", "登记隐患"},
	                                       {"remedy hazard", "隐患已整改"},
	                                       {"close hazard", "隐患销号"},
	                                       {"reopen hazard", "隐患重新开启"},
	                                       {"assign hazard", "隐患改派"},
	                                       {"made report", "已报告"}};
	bool repeated = strcmp(action, "resolve") == 0 || strcmp(action, "report") == 0;
	bool speaks = *telling_text(t, "note") && !repeated;
	if (t->row->by)
		text_add_person(t->out, t->def, t->row->by);
	else
		telling_add(t, "somebody who gave no name", "未署名");
	if (!speaks) {
		text_add(t->out, ": ");
		for (size_t i = 0; i < sizeof known / sizeof *known; i++)
			if (strcmp(action, known[i][0]) == 0)
				action = say(t->ctx, known[i][0], known[i][1]);
		text_add_safe(t->out, action);
	}
	telling_quoted(t, "note");
	return speaks;
}

/* "report owed: oral report to the education bureau, until 2026-11-22T00:30:00.000Z" */
static bool tell_reporting(struct telling *t)
{
	static const struct {
		const char *action, *chinese;
		bool late;
	} actions[] = {{"owed", "须报告", false},
	               {"reminded", "报告提醒", false},
	               {"late", "报告逾期", true},
	               {"made", "已报告", false},
	               {"made late", "已报告（逾期）", true},
	               {"not owed", "无须报告", false}};
	const char *action = telling_text(t, "action"), *word = action;
	const cJSON *what = json_get(t->data, "what");
	const char *note = json_string(what, "note"), *to = json_string(what, "to");
	const char *until = json_string(what, "until");
	bool chinese = t->ctx->language && strncmp(t->ctx->language, "zh", 2) == 0;
	for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
		if (strcmp(actions[i].action, action) == 0) {
			word = chinese ? actions[i].chinese : action;
			t->tone = actions[i].late ? TONE_WORST : TONE_PLAIN;
		}
	telling_add(t, "report ", "");
	text_add_safe(t->out, word);
	text_add(t->out, ": ");
	text_add_safe(t->out, note ? note : "");
	telling_add(t, " to ", "，报 ");
	text_add_safe(t->out, to ? to : "");
	telling_add(t, ", until ", "，期限 ");
	text_add_safe(t->out, until ? until : "");
	telling_by(t, ", by ", "，操作人 ");
	return true;
}

static bool tell_silent(struct telling *t)
{
	telling_device(t);
	telling_add(t, " is silent", " 无响应");
	telling_span(t, "expect_every_ms", ", though expected every ", "，应每隔此时间上报：");
	t->tone = TONE_WARN;
	return true;
}

static bool tell_rejected(struct telling *t)
{
	telling_add(t, "not understood: ", "无法理解：");
	text_add_safe(t->out, telling_text(t, "reason"));
	if (*telling_text(t, "topic")) {
		text_add(t->out, " (");
		text_add_safe(t->out, telling_text(t, "topic"));
		text_add(t->out, ")");
	}
	t->tone = TONE_WARN;
	return true;
}

/* Their data is for programs; people want to know that it happened. */
static bool tell_config(struct telling *t)
{
	telling_add(t, "configuration in force: ", "配置生效：");
	text_addf(t->out, "%.12s", telling_text(t, "config"));
	return true;
}

static bool tell_checkpoint(struct telling *t)
{
	int64_t seq = 0;
	(void)!json_int(t->data, "seq", &seq);
	telling_add(t, "signed up to entry ", "已签名至第 ");
	text_addf(t->out, "%lld", (long long)seq);
	telling_add(t, "", " 条");
	t->tone = TONE_DIM;
	return true;
}

static bool tell_key(struct telling *t)
{
	telling_add(t, "key that signs the record: ", "记录签名密钥：");
	text_addf(t->out, "%.16s", telling_text(t, "key"));
	return true;
}

static bool tell_unknown(struct telling *t);

static bool tell_started(struct telling *t)
{
	if (!*telling_text(t, "version"))
		return tell_unknown(t);
	const char *after = telling_text(t, "after");
	bool crash = strcmp(after, "crash") == 0;
	telling_add(t, "service started ", "服务启动 ");
	text_add_safe(t->out, telling_text(t, "version"));
	if (crash)
		telling_add(t, ", after it had ended without a stop", "，此前异常中断");
	telling_span(t, "downtime_ms", ", down for ", "，停机 ");
	t->tone = crash ? TONE_BAD : TONE_PLAIN;
	return true;
}

static const struct {
	const char *type;
	bool (*tell)(struct telling *);
} tellers[] = {
        {"config", tell_config},
        {"checkpoint", tell_checkpoint},
        {"key", tell_key},
        {"service.started", tell_started},
        {"signal", tell_signal},
        {"incident.opened", tell_opened},
        {"incident.raised", tell_raised},
        {"incident.joined", tell_joined},
        {"incident.cleared", tell_cleared},
        {"incident.acknowledged", tell_acknowledged},
        {"incident.assigned", tell_assigned},
        {"incident.on_site", tell_on_site},
        {"incident.help_wanted", tell_help_wanted},
        {"incident.doubted", tell_doubted},
        {"incident.reopened", tell_reopened},
        {"incident.resolved", tell_resolved},
        {"step", tell_step},
        {"gap", tell_gap},
        {"delivery", tell_delivery},
        {"notification", tell_notification},
        {"operator", tell_operator},
        {"device.silent", tell_silent},
        {"reporting", tell_reporting},
        {"rejected", tell_rejected},
};

static bool tell_unknown(struct telling *t)
{
	text_add_safe(t->out, t->row->type);
	if (t->row->device) {
		text_add_char(t->out, ' ');
		telling_device(t);
	}
	telling_by(t, " by ", "，操作人 ");
	if (t->row->data && strcmp(t->row->data, "{}") != 0) {
		text_add_char(t->out, ' ');
		text_add_safe(t->out, t->row->data);
	}
	return true;
}

static teller teller_of(const char *type)
{
	for (uint32_t i = 0; i < sizeof tellers / sizeof *tellers; i++)
		if (strcmp(type, tellers[i].type) == 0)
			return tellers[i].tell;
	return timeline_of_site(type);
}

bool timeline_knows(const char *type)
{
	return teller_of(type);
}

bool timeline_sentence(const struct command_context *ctx, const struct ledger_row *row,
                       struct text *out, enum tone *tone)
{
	cJSON *data = NULL;
	teller tell = teller_of(row->type);
	if (!tell || !row->data || json_parse(row->data, strlen(row->data), &data, NULL) < 0)
		tell = tell_unknown;
	struct telling t = {
	        .ctx = ctx,
	        .def = site_by_id(ctx, row->site),
	        .row = row,
	        .data = data,
	        .out = out,
	        .tone = TONE_PLAIN,
	};
	bool news = tell(&t);
	*tone = t.tone;
	cJSON_Delete(data);
	return news;
}
