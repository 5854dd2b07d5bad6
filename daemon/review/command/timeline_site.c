/* What happens at a site besides its incidents: devices, what stands for a while, outputs, and the
 * service itself. */
#include <string.h>

#include "decide/words.h"
#include "review/command/timeline_private.h"

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

/* ", 宿舍、大门": of a drill over several. */
static bool add_zones(const struct telling *what)
{
	const char *between = say(what->ctx, ", ", "，");
	const cJSON *zone, *zones = json_get(what->data, "zones");
	cJSON_ArrayForEach (zone, zones) {
		if (!cJSON_IsString(zone))
			continue;
		text_add(what->out, between);
		add_zone(what, zone->valuestring);
		between = say(what->ctx, ", ", "、");
	}
	return zones != NULL;
}

/* " at 宿舍三层", " of smoke-301": where what stands has its place. */
static void add_place(const struct telling *what)
{
	if (add_zones(what))
		return;
	if (what->row->device || *telling_text(what, "device")) {
		telling_add(what, ", ", "，");
		if (what->row->device)
			telling_device(what);
		else
			text_add_safe(what->out, telling_text(what, "device"));
	} else if (*telling_text(what, "zone")) {
		telling_add(what, ", ", "，");
		add_zone(what, telling_text(what, "zone"));
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
	telling_add(t, ", ", "，");
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

static bool tell_standing(struct telling *t, const struct word *actions, size_t count)
{
	struct telling what = of_what(t);
	int64_t hidden = 0;
	telling_word(t, telling_text(t, "action"), actions, count);
	add_place(&what);
	if (*telling_text(&what, "to")) {
		telling_add(&what, ", in the hands of ", "，责任人 ");
		telling_name(&what, telling_text(&what, "to"));
	}
	if (!*telling_text(&what, "ended_at"))
		telling_time(&what, "until", ", until ", "，至 ");
	else if (*telling_text(&what, "end")) {
		telling_add(t, ": ", "：");
		words_add_end(t->out, t->ctx->language, telling_text(&what, "end"));
	}
	if (*telling_text(&what, "ended_at") && json_int(what.data, "hidden", &hidden) && hidden)
		text_addf(t->out, say(t->ctx, ", %lld signals hidden", "，其间隐去 %lld 个信号"),
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
	static const struct word words[] = {{"began", "a walk test began", "步行测试开始"},
	                                    {"ended", "a walk test ended", "步行测试结束"}};
	return TELL_STANDING(t, words);
}

static bool tell_drill(struct telling *t)
{
	static const struct word words[] = {
	        {"began", "DRILL begins", "演练开始"},
	        {"ended", "the drill is over", "演练结束"},
	        {"left out", "a drill of the schedule was left out", "计划演练未进行"}};
	if (*telling_text(t, "plan")) {
		TELL_WORD(t, telling_text(t, "action"), words);
		telling_add(t, " (", "（");
		text_add_safe(t->out, telling_text(t, "plan"));
		telling_add(t, "): ", "）：");
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
	        {"reported", "hazard reported", "上报隐患"},
	        {"remedied", "hazard remedied, to be checked", "整改完成，待验收"},
	        {"closed", "hazard closed", "验收闭环"},
	        {"reopened", "hazard open again", "退回整改"},
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
	TELL_WORD(t, telling_text(t, "mark"), words);
	return true;
}

/* ---- outputs ---- */

static bool tell_output(struct telling *t)
{
	bool on = strcmp(telling_text(t, "state"), "on") == 0;
	telling_add(t, "output ", "联动输出 ");
	uint32_t output = 0;
	while (t->def && output < t->def->output_count &&
	       strcmp(t->def->outputs[output].id, telling_text(t, "output")) != 0)
		output++;
	bool named = t->def && output < t->def->output_count && t->def->outputs[output].name;
	text_add_safe(t->out, named ? t->def->outputs[output].name : telling_text(t, "output"));
	telling_add(t, on ? ": on" : ": off", on ? "：启动" : "：停止");
	if (telling_is(t, "delivered")) {
		telling_add(t, ", the broker has it", "，已送达消息服务器");
		telling_span(t, "after_ms", " after ", "，用时 ");
	} else if (*telling_text(t, "why")) {
		static const struct word reasons[] = {
		        {"resolved", "resolved", "警情已解除"},
		        {"acknowledged", "somebody has it", "已有人处理"},
		        {"drill", "a drill", "演练"},
		        {"no longer in the site file", "no longer in the site file",
		         "已不在配置中"},
		        {"has another topic or other commands",
		         "has another topic or other commands", "主题或指令已更改"},
		        {"no longer fits the site file", "no longer fits the site file",
		         "已不符合配置"}};
		telling_add(t, ", ", "，");
		TELL_WORD(t, telling_text(t, "why"), reasons);
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
	telling_time(t, "from", "; heard nothing from ", "；中断自 ");
	telling_time(t, "until", " until ", " 至 ");
	return true;
}

static void add_why(const struct telling *t)
{
	if (!*telling_text(t, "why"))
		return;
	telling_add(t, ": ", "：");
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
	telling_time(t, "before", ": from ", "：由 ");
	telling_time(t, "after", " to ", " 改为 ");
	t->tone = TONE_WARN;
	return true;
}

static bool tell_store_failed(struct telling *t)
{
	telling_add(t, "the record could not be written", "台账无法写入");
	add_why(t);
	t->tone = TONE_WORST;
	return true;
}

static bool tell_store_recovered(struct telling *t)
{
	int64_t held = 0;
	telling_add(t, "the record is written again", "台账恢复写入");
	telling_span(t, "unwritten_ms", ", after ", "，中断 ");
	if (json_int(t->data, "held_entries", &held))
		text_addf(t->out, say(t->ctx, ", %lld entries were held", "，补写 %lld 条"),
		          (long long)held);
	return true;
}

static bool tell_not_as_left(struct telling *t)
{
	int64_t last = 0, head = 0;
	const char *found = json_string(t->data, "found");
	(void)!json_int(t->data, "last", &last);
	(void)!json_int(json_get(t->data, "head"), "seq", &head);
	if (found && strcmp(found, "cut") == 0)
		text_addf(t->out,
		          say(t->ctx,
		              "the record ended at entry %lld when the service started, and %lld "
		              "were written",
		              "服务启动时台账止于第 %lld 条，而此前已写入 %lld 条"),
		          (long long)last, (long long)head);
	else if (found && strcmp(found, "other") == 0)
		text_addf(t->out,
		          say(t->ctx,
		              "entry %lld, or one before it, was another when it was written",
		              "第 %lld 条或其之前的记录已被更换"),
		          (long long)head);
	else
		telling_add(t, "the file .head beside the store was missing",
		            "台账旁的 .head 文件缺失");
	t->tone = TONE_WORST;
	return true;
}

static bool tell_retention(struct telling *t)
{
	int64_t entries = 0;
	(void)!json_int(t->data, "entries", &entries);
	text_addf(t->out,
	          say(t->ctx, "%lld entries removed because of their age", "到期删除 %lld 条记录"),
	          (long long)entries);
	telling_time(t, "before", ", from before ", "，早于 ");
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
	               {"output", tell_output},
	               {"service.stopped", tell_stopped},
	               {"broker.connected", tell_connected},
	               {"broker.disconnected", tell_disconnected},
	               {"clock", tell_clock},
	               {"store", tell_not_as_left},
	               {"store.failed", tell_store_failed},
	               {"store.recovered", tell_store_recovered},
	               {"retention", tell_retention}};
	for (size_t i = 0; i < sizeof tellers / sizeof *tellers; i++)
		if (strcmp(type, tellers[i].type) == 0)
			return tellers[i].tell;
	return NULL;
}
