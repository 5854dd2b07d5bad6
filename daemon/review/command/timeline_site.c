/* What happens at a site besides its incidents: devices, what stands for a while, duty, outputs,
 * and the service itself. */
#include <string.h>

#include "decide/words.h"
#include "review/command/timeline_private.h"

/* A word of the record, in the reader's language; the word itself where it is none of these. */
struct word {
	const char *word, *english, *chinese;
};
static void add_word(const struct telling *t, const char *is, const struct word *words,
                     size_t count)
{
	const char *told = *is ? is : t->row->type;
	for (size_t i = 0; i < count; i++)
		if (strcmp(words[i].word, is) == 0)
			told = say(t->ctx, words[i].english, words[i].chinese);
	text_add_safe(t->out, told);
}
#define ADD_WORD(t, is, words) add_word(t, is, words, sizeof(words) / sizeof *(words))

/* The same entry, but for what stands: its data's `what`. */
static struct telling of_what(const struct telling *t)
{
	struct telling what = *t;
	what.data = json_get(t->data, "what");
	return what;
}

static void add_zone(const struct telling *t, const char *id)
{
	uint32_t zone = t->def ? site_def_zone(t->def, id) : POSITION_NONE;
	text_add_safe(t->out, zone == POSITION_NONE ? id : t->def->zones[zone].name);
}

/* " at 宿舍三层", " of smoke-301": where what stands has its place. */
static void add_place(const struct telling *what)
{
	if (what->row->device || *telling_text(what, "device")) {
		text_add(what->out, ", ");
		if (what->row->device)
			telling_device(what);
		else
			text_add_safe(what->out, telling_text(what, "device"));
	} else if (*telling_text(what, "zone")) {
		text_add(what->out, ", ");
		add_zone(what, telling_text(what, "zone"));
	}
}

static void add_time(const struct telling *t, const char *member, const char *english,
                     const char *chinese)
{
	wall_ms at;
	if (time_parse(telling_text(t, member), &at) < 0)
		return;
	telling_add(t, english, chinese);
	text_add_local(t->out, t->def, at);
}

static void add_names(const struct telling *t, const char *member)
{
	const char *between = "";
	const cJSON *name;
	cJSON_ArrayForEach (name, json_get(t->data, member)) {
		if (!cJSON_IsString(name))
			continue;
		text_add(t->out, between);
		telling_name(t, name->valuestring);
		between = ", ";
	}
}

/* ---- devices ---- */

static bool tell_online(struct telling *t)
{
	telling_device(t);
	telling_add(t, " is online", " 上线");
	return true;
}

static bool tell_offline(struct telling *t)
{
	telling_device(t);
	telling_add(t, " is offline", " 离线");
	t->tone = TONE_WARN;
	return true;
}

static void add_kind(const struct telling *t)
{
	enum kind kind = kind_from_name(telling_text(t, "kind"));
	if (kind == KIND_NONE)
		return;
	text_add(t->out, ", ");
	text_add(t->out, words_kind(t->ctx->language, kind));
}

static bool tell_unknown_device(struct telling *t)
{
	telling_add(t, "heard for the first time, in no site file: ", "首次听到未登记设备：");
	telling_device(t);
	add_kind(t);
	if (*telling_text(t, "profile")) {
		telling_add(t, ", profile ", "，设备描述 ");
		text_add_safe(t->out, telling_text(t, "profile"));
	}
	return true;
}

static bool tell_stranger(struct telling *t)
{
	bool active = strcmp(telling_text(t, "state"), "active") == 0;
	telling_add(t, "a device of no site file: ", "未登记设备：");
	telling_device(t);
	add_kind(t);
	telling_add(t, active ? ", active" : ", clear", active ? "，报警" : "，恢复");
	t->tone = active ? TONE_STRONG : TONE_PLAIN;
	return true;
}

/* ---- what stands for a while: "a silence began, 宿舍三层, until ..., by ..." ---- */

static const struct word ends[] = {{"its time is over", "its time is over", "到时结束"},
                                   {"ended by hand", "ended by hand", "人工结束"},
                                   {"it is calmer", "it is calmer", "报警减少"},
                                   {"quiet again", "quiet again", "恢复正常"},
                                   {"accepted", "accepted", "已接受"},
                                   {"confirmed", "confirmed", "已确认"}};

static bool tell_standing(struct telling *t, const struct word *actions, size_t count)
{
	struct telling what = of_what(t);
	int64_t hidden = 0;
	add_word(t, telling_text(t, "action"), actions, count);
	add_place(&what);
	if (*telling_text(&what, "to")) {
		telling_add(&what, ", in the hands of ", "，责任人 ");
		telling_name(&what, telling_text(&what, "to"));
	}
	if (!*telling_text(&what, "ended_at"))
		add_time(&what, "until", ", until ", "，至 ");
	else if (*telling_text(&what, "end")) {
		text_add(t->out, ": ");
		ADD_WORD(&what, telling_text(&what, "end"), ends);
	}
	if (*telling_text(&what, "ended_at") && json_int(what.data, "hidden", &hidden) && hidden)
		text_addf(t->out, say(t->ctx, ", %lld signals hidden", "，其间屏蔽 %lld 个信号"),
		          (long long)hidden);
	telling_by(t, ", by ", "，操作人 ");
	telling_quoted(&what, *telling_text(&what, "remedy") ? "remedy" : "note");
	return true;
}
#define TELL_STANDING(t, words) tell_standing(t, words, sizeof(words) / sizeof *(words))

static bool tell_silence(struct telling *t)
{
	static const struct word words[] = {{"began", "a silence began", "静默开始"},
	                                    {"ended", "a silence ended", "静默结束"}};
	return TELL_STANDING(t, words);
}

static bool tell_walk_test(struct telling *t)
{
	static const struct word words[] = {{"began", "a walk test began", "走测开始"},
	                                    {"ended", "a walk test ended", "走测结束"}};
	return TELL_STANDING(t, words);
}

static bool tell_drill(struct telling *t)
{
	static const struct word words[] = {
	        {"began", "DRILL begins", "演练开始"},
	        {"ended", "the drill is over", "演练结束"},
	        {"left out", "a drill of the schedule was left out", "计划演练未进行"}};
	if (*telling_text(t, "plan")) {
		ADD_WORD(t, telling_text(t, "action"), words);
		text_add(t->out, " (");
		text_add_safe(t->out, telling_text(t, "plan"));
		text_add(t->out, "): ");
		text_add_safe(t->out, telling_text(t, "why"));
		t->tone = TONE_WARN;
		return true;
	}
	t->tone = TONE_STRONG;
	return TELL_STANDING(t, words);
}

static bool tell_arming(struct telling *t)
{
	static const struct word words[] = {
	        {"armed", "armed by hand", "人工布防"},
	        {"disarmed", "disarmed by hand", "人工撤防"},
	        {"ended", "the schedule holds again", "恢复按计划布防"}};
	return TELL_STANDING(t, words);
}

static bool tell_hazard(struct telling *t)
{
	static const struct word words[] = {
	        {"reported", "hazard reported", "登记隐患"},
	        {"remedied", "hazard remedied, to be checked", "隐患已整改，待复查"},
	        {"closed", "hazard closed", "隐患销号"},
	        {"reopened", "hazard open again", "隐患重新开启"},
	        {"assigned", "hazard assigned", "隐患改派"},
	        {"overdue", "hazard OVERDUE", "隐患逾期"}};
	bool late = strcmp(telling_text(t, "action"), "overdue") == 0;
	(void)TELL_STANDING(t, words);
	t->tone = late ? TONE_WORST : TONE_PLAIN;
	return true;
}

static bool tell_flood(struct telling *t)
{
	static const struct word words[] = {{"began",
	                                     "many at once: lesser incidents come in digests",
	                                     "报警过多，次要事件合并通知"},
	                                    {"ended", "no longer many at once", "恢复逐条通知"}};
	return TELL_STANDING(t, words);
}

static bool tell_chatter(struct telling *t)
{
	static const struct word words[] = {{"began", "comes and goes all the time", "频繁抖动"},
	                                    {"ended", "no longer comes and goes", "抖动结束"}};
	return TELL_STANDING(t, words);
}

static bool tell_test_mark(struct telling *t)
{
	static const struct word words[] = {
	        {"stands", "says that it is being tested", "声明正在测试"},
	        {"alarmed", "alarms, being tested", "测试报警"},
	        {"spent", "goes on saying that it is being tested: its next alarm counts",
	         "仍声明测试，此后报警按真实处理"},
	        {"gone", "no longer says that it is being tested", "测试声明解除"}};
	telling_device(t);
	text_add(t->out, " ");
	ADD_WORD(t, telling_text(t, "mark"), words);
	return true;
}

/* ---- duty ---- */

static bool tell_duty(struct telling *t)
{
	static const struct word words[] = {
	        {"handover", "handover offered", "交接待接受"},
	        {"handover accepted", "handover accepted", "交接已接受"},
	        {"handover not accepted in time", "handover NOT accepted in time",
	         "交接逾期未接受"},
	        {"override", "duty changed by hand", "人工调班"},
	        {"end override", "a change of duty was taken back", "取消调班"}};
	const char *action = telling_text(t, "action");
	bool late = strstr(action, " not ") != NULL, handover = *telling_text(t, "handover");
	ADD_WORD(t, action, words);
	if (*telling_text(t, "post")) {
		text_add(t->out, ", ");
		text_add_safe(t->out, telling_text(t, "post"));
	}
	text_add(t->out, ": ");
	if (handover) {
		add_names(t, "from");
		text_add(t->out, " → ");
		telling_name(t, telling_text(t, "to"));
	} else {
		add_names(t, "people");
		add_names(t, "swap");
		add_time(t, "from", ", from ", "，自 ");
		add_time(t, "to", " until ", " 至 ");
	}
	telling_by(t, ", by ", "，操作人 ");
	telling_quoted(t, "note");
	t->tone = late ? TONE_WARN : TONE_PLAIN;
	return true;
}

/* ---- outputs ---- */

static bool tell_output(struct telling *t)
{
	bool on = strcmp(telling_text(t, "state"), "on") == 0;
	telling_add(t, "output ", "输出 ");
	text_add_safe(t->out, telling_text(t, "output"));
	telling_add(t, on ? ": on" : ": off", on ? "：开" : "：关");
	if (telling_is(t, "delivered")) {
		telling_add(t, ", the broker has it", "，已送达消息服务器");
		telling_span(t, "after_ms", " after ", "，用时 ");
	} else if (*telling_text(t, "why")) {
		static const struct word reasons[] = {
		        {"no longer in the site file", "no longer in the site file",
		         "已不在配置中"},
		        {"no longer fits the site file", "no longer fits the site file",
		         "已不符合配置"}};
		text_add(t->out, ", ");
		ADD_WORD(t, telling_text(t, "why"), reasons);
	}
	t->tone = on ? TONE_STRONG : TONE_PLAIN;
	return true;
}

/* ---- the service itself ---- */

static bool tell_stopped(struct telling *t)
{
	telling_add(t, "service stopped", "服务停止");
	return true;
}

static bool tell_connected(struct telling *t)
{
	telling_add(t, "connected to the broker", "已连接消息服务器");
	add_time(t, "from", "; heard nothing from ", "；中断自 ");
	add_time(t, "until", " until ", " 至 ");
	return true;
}

static void add_why(const struct telling *t)
{
	if (!*telling_text(t, "why"))
		return;
	text_add(t->out, ": ");
	text_add_safe(t->out, telling_text(t, "why"));
}

static bool tell_disconnected(struct telling *t)
{
	telling_add(t, "the broker is gone", "与消息服务器断开");
	add_why(t);
	t->tone = TONE_BAD;
	return true;
}

static bool tell_clock(struct telling *t)
{
	telling_add(t, "the clock was set", "时钟被调整");
	add_time(t, "before", ": from ", "：由 ");
	add_time(t, "after", " to ", " 改为 ");
	t->tone = TONE_WARN;
	return true;
}

static bool tell_store_failed(struct telling *t)
{
	telling_add(t, "the record could not be written", "无法写入记录");
	add_why(t);
	t->tone = TONE_WORST;
	return true;
}

static bool tell_store_recovered(struct telling *t)
{
	int64_t held = 0;
	telling_add(t, "the record is written again", "恢复写入记录");
	telling_span(t, "unwritten_ms", ", after ", "，中断 ");
	if (json_int(t->data, "held_entries", &held))
		text_addf(t->out, say(t->ctx, ", %lld entries were held", "，补写 %lld 条"),
		          (long long)held);
	return true;
}

static bool tell_retention(struct telling *t)
{
	int64_t entries = 0;
	(void)!json_int(t->data, "entries", &entries);
	text_addf(t->out,
	          say(t->ctx, "%lld entries removed because of their age", "到期删除 %lld 条记录"),
	          (long long)entries);
	add_time(t, "before", ", from before ", "，早于 ");
	return true;
}

teller timeline_of_site(const char *type)
{
	static const struct {
		const char *type;
		teller tell;
	} tellers[] = {{"device.online", tell_online},
	               {"device.offline", tell_offline},
	               {"device.unknown", tell_unknown_device},
	               {"device.stranger", tell_stranger},
	               {"device.walk_test", tell_walk_test},
	               {"device.chatter", tell_chatter},
	               {"device.test_mark", tell_test_mark},
	               {"silence", tell_silence},
	               {"drill", tell_drill},
	               {"arming", tell_arming},
	               {"hazard", tell_hazard},
	               {"flood", tell_flood},
	               {"duty", tell_duty},
	               {"output", tell_output},
	               {"service.stopped", tell_stopped},
	               {"broker.connected", tell_connected},
	               {"broker.disconnected", tell_disconnected},
	               {"clock", tell_clock},
	               {"store.failed", tell_store_failed},
	               {"store.recovered", tell_store_recovered},
	               {"retention", tell_retention}};
	for (size_t i = 0; i < sizeof tellers / sizeof *tellers; i++)
		if (strcmp(type, tellers[i].type) == 0)
			return tellers[i].tell;
	return NULL;
}
