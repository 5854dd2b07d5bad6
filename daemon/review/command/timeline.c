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
	telling_person(t, t->row->by);
}

void telling_person(const struct telling *t, const char *id)
{
	if (t->ctx->on_page)
		telling_name(t, id);
	else
		text_add_person(t->out, t->def, id);
}

/* The name alone, where the id would only crowd the line. */
void telling_name(const struct telling *t, const char *id)
{
	uint32_t person = t->def ? site_def_person(t->def, id) : POSITION_NONE;
	text_add_safe(t->out, person == POSITION_NONE ? id : t->def->people[person].name);
}

/* What somebody wrote, in a line; or in lines of its own, where there is room for them. */
static void add_words(const struct telling *t, const char *words)
{
	while (t->ctx->on_page && strchr(words, '\n')) {
		struct text line = {0};
		size_t len = strcspn(words, "\n");
		text_add_len(&line, words, len);
		text_add_safe(t->out, text_get(&line));
		text_add_char(t->out, '\n');
		text_finish(&line);
		words += len + 1;
	}
	text_add_safe(t->out, words);
}

void telling_quoted(const struct telling *t, const char *member)
{
	const char *words = telling_text(t, member);
	if (!*words)
		return;
	telling_add(t, ": \"", "：“");
	add_words(t, words);
	telling_add(t, "\"", "”");
}

void telling_device(const struct telling *t)
{
	const char *id = t->row->device ? t->row->device : "?";
	uint32_t device = t->def ? site_def_device(t->def, id) : POSITION_NONE;
	text_add_safe(t->out, id);
	if (device == POSITION_NONE || strcmp(t->def->devices[device].name, id) == 0)
		return;
	telling_add(t, " (", "（");
	text_add_safe(t->out, t->def->devices[device].name);
	telling_add(t, ")", "）");
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
	text_add_lasting(t->out, t->ctx->language, span < 1000 ? span : span / 1000 * 1000);
}

void telling_time(const struct telling *t, const char *member, const char *english,
                  const char *chinese)
{
	wall_ms at;
	if (time_parse(telling_text(t, member), &at) < 0)
		return;
	telling_add(t, english, chinese);
	text_add_local(t->out, t->def, at);
}

void telling_names(const struct telling *t, const char *member)
{
	const char *between = "";
	const cJSON *name;
	cJSON_ArrayForEach (name, json_get(t->data, member)) {
		if (!cJSON_IsString(name))
			continue;
		text_add(t->out, between);
		telling_name(t, name->valuestring);
		between = say(t->ctx, ", ", "、");
	}
}

void telling_word(const struct telling *t, const char *is, const struct word *words, size_t count)
{
	const char *told = *is ? is : t->row->type;
	for (size_t i = 0; i < count; i++)
		if (strcmp(words[i].word, is) == 0)
			told = say(t->ctx, words[i].english, words[i].chinese);
	text_add_safe(t->out, told);
}

static bool telling_late(const struct telling *t)
{
	int64_t late = 0;
	if (!json_int(t->data, "late_ms", &late) || late < SECONDS(2))
		return false;
	telling_span(t, "late_ms", "; LATE by ", "；延迟 ");
	return true;
}

/* ---- one function a type ---- */

static bool tell_signal(struct telling *t)
{
	bool active = strcmp(telling_text(t, "state"), "active") == 0;
	telling_device(t);
	telling_add(t, ": ", "：");
	telling_kind(t);
	telling_add(t, active ? ", active" : ", clear", active ? "，报警" : "，恢复");
	double value = 0;
	const cJSON *number = json_get(t->data, "value");
	if (cJSON_IsNumber(number)) {
		value = number->valuedouble;
		text_addf(t->out, say(t->ctx, " (%g)", "（%g）"), value);
	}
	if (telling_is(t, "test"))
		telling_add(t, ", a test", "，测试");
	if (telling_is(t, "retained"))
		telling_add(t, ", retained", "，保留消息");
	if (*telling_text(t, "time_said")) {
		telling_add(t, "; its clock is wrong, it says ", "；设备时钟有误，报时为 ");
		text_add_safe(t->out, telling_text(t, "time_said"));
	}
	if (*telling_text(t, "raises")) {
		text_add(t->out, "; ");
		text_add_safe(t->out, telling_text(t, "raises"));
	}
	t->tone = active ? TONE_STRONG : TONE_PLAIN;
	return true;
}

static void telling_subject(const struct telling *t)
{
	struct text words = {0};
	if (!*telling_text(t, "subject"))
		return;
	telling_add(t, ", ", "，");
	words_add_subject(&words, t->ctx->language, t->def, telling_text(t, "subject"));
	text_add_safe(t->out, text_get(&words));
	text_finish(&words);
}

static bool tell_opened(struct telling *t)
{
	enum incident_kind kind = incident_kind_from_name(telling_text(t, "kind"));
	enum severity severity = severity_from_name(telling_text(t, "severity"));
	uint32_t zone = t->def ? site_def_zone(t->def, telling_text(t, "zone")) : POSITION_NONE;
	telling_add(t, "opened: ", "发生：");
	telling_severity(t, "severity");
	telling_add(t, ", ", "，");
	text_add_safe(t->out, kind == INCIDENT_KIND_COUNT
	                              ? telling_text(t, "kind")
	                              : words_incident_kind(t->ctx->language, kind));
	if (*telling_text(t, "zone")) {
		telling_add(t, ", ", "，");
		text_add_safe(t->out, zone == POSITION_NONE ? telling_text(t, "zone")
		                                            : t->def->zones[zone].name);
	}
	telling_subject(t);
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
		telling_add(t, ": ", "：");
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
	telling_person(t, telling_text(t, "owner"));
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
		telling_person(t, telling_text(t, "owner_was"));
	}
	telling_late(t);
	t->tone = TONE_WORST;
	return true;
}

static bool tell_resolved(struct telling *t)
{
	telling_add(t, "resolved", "已解除");
	telling_by(t, " by ", "，操作人 ");
	telling_add(t, ": ", "：");
	text_add(t->out,
	         words_outcome(t->ctx->language, outcome_from_name(telling_text(t, "outcome"))));
	telling_quoted(t, "note");
	t->tone = TONE_GOOD;
	return true;
}

/* "step 2: 李老师 (li), police"; those told again after the last step say so. */
static bool tell_step(struct telling *t)
{
	int64_t step = 0, round = 1;
	const char *name = telling_text(t, "name");
	enum reason reason = reason_from_name(telling_text(t, "reason"));
	json_int(t->data, "step", &step);
	json_int(t->data, "round", &round);
	t->tone = TONE_STRONG;
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
		text_addf(t->out, say(t->ctx, ", %s", "，%s"),
		          words_reason(t->ctx->language, reason));
	const char *between = say(t->ctx, ": ", "：");
	const cJSON *to;
	cJSON_ArrayForEach (to, json_get(t->data, "to")) {
		const char *id = json_string(to, "id");
		text_add(t->out, between);
		telling_name(t, id ? id : "?");
		between = say(t->ctx, ", ", "、");
	}
	if (telling_late(t))
		t->tone = TONE_WARN;
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
	telling_add(t, ": ", "：");
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
		telling_add(t, ": ", "：");
		text_add_safe(t->out, telling_text(t, "detail"));
	}
}

static void add_delivery_marks(struct telling *t)
{
	int64_t attempt = 1;
	if (json_int(t->data, "attempt", &attempt) && attempt > 1)
		text_addf(t->out, say(t->ctx, ", attempt %lld", "，第 %lld 次"),
		          (long long)attempt);
	if (json_string(t->data, "digest"))
		telling_add(t, ", in one message with others", "，与其他警情合并通知");
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
	telling_add(t, " (", "（");
	text_add_safe(t->out, channel);
	if (accepted) {
		telling_add(t, ", accepted", "，已送达");
		if (json_int(t->data, "took_ms", &took))
			text_addf(t->out, say(t->ctx, " in %lld ms", "，用时 %lld 毫秒"),
			          (long long)took);
		add_delivery_marks(t);
		telling_add(t, ")", "）");
	} else {
		telling_add(t, refused ? ", refused" : ", failed", refused ? "，被拒绝" : "，失败");
		add_delivery_marks(t);
		telling_add(t, ")", "）");
		add_delivery_trouble(t);
	}
	t->tone = accepted ? TONE_DIM : refused ? TONE_BAD : TONE_WARN;
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
		between = say(t->ctx, ", ", "、");
	}
	if (reason != REASON_COUNT)
		text_addf(t->out, say(t->ctx, ": %s", "：%s"),
		          words_reason(t->ctx->language, reason));
	return false;
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
        {"device.silent", tell_silent},
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
	teller tell = timeline_of_site(type);
	return tell ? tell : timeline_of_people(type);
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
	if (*telling_text(&t, "actor")) {
		telling_add(&t, ", said for them by ", "，由 ");
		telling_name(&t, telling_text(&t, "actor"));
		telling_add(&t, "", " 代为操作");
	}
	*tone = t.tone;
	cJSON_Delete(data);
	return news;
}
