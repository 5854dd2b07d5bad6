#include "decide/words.h"

#include <assert.h>
#include <string.h>

struct pair {
	const char *chinese, *english;
};

static const char *pick(const char *language, const struct pair *pair)
{
	/* Every Chinese reads zh-CN here, "zh" and "zh-TW" too: better than English. */
	bool chinese = language && strncmp(language, "zh", 2) == 0;
	return chinese ? pair->chinese : pair->english;
}

const char *words_incident_kind(const char *language, enum incident_kind kind)
{
	static const struct pair words[INCIDENT_KIND_COUNT] = {
	        [INCIDENT_FIRE] = {"火警", "Fire"},
	        [INCIDENT_GAS] = {"燃气", "Gas"},
	        [INCIDENT_PANIC] = {"紧急求助", "Panic"},
	        [INCIDENT_WATER] = {"漏水", "Water"},
	        [INCIDENT_INTRUSION] = {"入侵", "Intrusion"},
	        [INCIDENT_TAMPER] = {"防拆", "Tamper"},
	        [INCIDENT_TROUBLE] = {"故障", "Trouble"},
	        [INCIDENT_OTHER] = {"事件", "Incident"},
	};
	assert(kind < INCIDENT_KIND_COUNT);
	return pick(language, &words[kind]);
}

const char *words_kind(const char *language, enum kind kind)
{
	static const struct pair words[KIND_COUNT] = {
	        [KIND_SMOKE] = {"烟雾", "smoke"},
	        [KIND_HEAT] = {"高温", "heat"},
	        [KIND_CALL_POINT] = {"手动报警按钮", "call point"},
	        [KIND_GAS] = {"可燃气体", "gas"},
	        [KIND_CARBON_MONOXIDE] = {"一氧化碳", "carbon monoxide"},
	        [KIND_WATER] = {"漏水", "water"},
	        [KIND_PANIC] = {"紧急按钮", "panic button"},
	        [KIND_CONTACT] = {"门窗", "door or window"},
	        [KIND_MOTION] = {"移动", "motion"},
	        [KIND_GLASS] = {"玻璃破碎", "glass break"},
	        [KIND_VIBRATION] = {"震动", "vibration"},
	        [KIND_PERIMETER] = {"周界", "perimeter"},
	        [KIND_TAMPER] = {"防拆", "tamper"},
	        [KIND_BATTERY] = {"电量低", "battery low"},
	        [KIND_POWER] = {"断电", "power lost"},
	        [KIND_FAULT] = {"故障", "fault"},
	        [KIND_LINK] = {"失联", "silent"},
	};
	assert(kind < KIND_COUNT);
	return pick(language, &words[kind]);
}

const char *words_severity(const char *language, enum severity severity)
{
	static const struct pair words[SEVERITY_COUNT] = {
	        [SEVERITY_WARNING] = {"提示", "warning"},
	        [SEVERITY_MINOR] = {"次要", "minor"},
	        [SEVERITY_MAJOR] = {"重要", "major"},
	        [SEVERITY_CRITICAL] = {"紧急", "critical"},
	};
	assert(severity < SEVERITY_COUNT);
	return pick(language, &words[severity]);
}

const char *words_state(const char *language, enum incident_state state)
{
	static const struct pair words[STATE_COUNT] = {
	        [STATE_OPEN] = {"待处理", "open"},
	        [STATE_ACKNOWLEDGED] = {"处理中", "acknowledged"},
	        [STATE_RESOLVED] = {"已解除", "resolved"},
	};
	assert(state < STATE_COUNT);
	return pick(language, &words[state]);
}

const char *words_reason(const char *language, enum reason reason)
{
	static const struct pair words[REASON_COUNT] = {
	        [REASON_OPENED] = {"新警情", "opened"},
	        [REASON_ESCALATED] = {"升级通知", "escalated"},
	        [REASON_REPEATED] = {"再次通知", "repeated"},
	        [REASON_RAISED] = {"级别升高", "severity raised"},
	        [REASON_JOINED] = {"新增信号", "another signal joined"},
	        [REASON_ACKNOWLEDGED] = {"已确认", "acknowledged"},
	        [REASON_REOPENED] = {"重新报警", "reopened"},
	        [REASON_RESOLVED] = {"已解除", "resolved"},
	        [REASON_HANDOVER] = {"交接班", "handover"},
	        [REASON_TEST] = {"测试", "test"},
	        [REASON_DRILL_STARTED] = {"演练开始", "drill begins"},
	        [REASON_DRILL_ENDED] = {"演练结束", "drill ends"},
	        [REASON_HAZARD] = {"隐患", "hazard"},
	        [REASON_LEDGER_HEAD] = {"台账链头", "head of the record"},
	        [REASON_DIGEST] = {"警情汇总", "several incidents"},
	        [REASON_SHIFT] = {"换班交接", "change of shift"},
	        [REASON_REPORT_DUE] = {"上报即将到期", "a report is due soon"},
	        [REASON_REPORT_LATE] = {"上报逾期", "a report is late"},
	};
	assert(reason < REASON_COUNT);
	return pick(language, &words[reason]);
}

const char *words_outcome(const char *language, enum outcome outcome)
{
	static const struct pair words[OUTCOME_COUNT] = {
	        [OUTCOME_NONE] = {"自行恢复", "cleared by itself"},
	        [OUTCOME_REAL] = {"真实警情", "real"},
	        [OUTCOME_FALSE_ALARM] = {"误报", "false alarm"},
	        [OUTCOME_TEST] = {"测试", "test"},
	        [OUTCOME_DRILL] = {"演练", "drill"},
	        [OUTCOME_UNKNOWN] = {"原因不明", "unknown"},
	};
	assert(outcome < OUTCOME_COUNT);
	return pick(language, &words[outcome]);
}

const char *words_delivery(const char *language, enum delivery_state state, bool over)
{
	static const struct pair needless = {"未需要", "not needed"},
	                         overtaken = {"已失效", "overtaken"};
	static const struct pair words[DELIVERY_STATE_COUNT] = {
	        [DELIVERY_WAITING] = {"未轮到", "waits its turn"},
	        [DELIVERY_SENDING] = {"发送中", "being sent"},
	        [DELIVERY_RETRYING] = {"重试中", "tried again"},
	        [DELIVERY_ACCEPTED] = {"已送达", "received"},
	        [DELIVERY_REFUSED] = {"被拒绝", "refused"},
	};
	if (state == DELIVERY_STATE_COUNT)
		return pick(language, &overtaken);
	return pick(language, over && state == DELIVERY_WAITING ? &needless : &words[state]);
}

const char *words_subject(const char *language, const char *subject)
{
	static const struct {
		const char *subject;
		struct pair words;
	} subjects[] = {
	        {"broker", {"与消息服务器的连接中断", "connection to the message broker lost"}},
	        {"handover", {"交接班未确认", "a handover was not accepted"}},
	        {"silence", {"静默期间有报警被隐去", "alarms were hidden by a silence"}},
	        {"armed-open", {"已布防但门窗未关", "armed with a door open"}},
	        {"store", {"台账无法写入", "the record cannot be written"}},
	        {"record", {"台账与上次留下的不符", "the record is not what was left of it"}},
	        {"clock", {"时钟异常", "the clock is wrong"}},
	        {"hazard", {"隐患逾期未闭环", "a hazard is overdue"}},
	        {"absent", {"长时间未见动作", "nothing has come for too long"}},
	        {"chatter", {"反复报警，已合并", "comes and goes, told once"}},
	        {"gateway", {"网关失联", "a gateway is silent"}},
	        {"channel", {"通知渠道失效", "nothing gets through the channel"}},
	        {"contact", {"消息无法送达", "nothing gets through to a contact"}},
	        {"reach", {"未确认收到测试消息", "has not confirmed a test"}},
	};
	size_t len = strcspn(subject, ":");
	for (size_t i = 0; i < sizeof subjects / sizeof *subjects; i++)
		if (strlen(subjects[i].subject) == len &&
		    strncmp(subject, subjects[i].subject, len) == 0)
			return pick(language, &subjects[i].words);
	return NULL;
}

static void add_person(struct text *out, const struct site_def *def, const char *id)
{
	uint32_t person = def ? site_def_person(def, id) : POSITION_NONE;
	text_add(out, person == POSITION_NONE ? id : def->people[person].name);
}

/* "li/phone" */
static void add_contact(struct text *out, const char *language, const struct site_def *def,
                        const char *contact)
{
	static const struct pair whom = {"消息无法送达：", "nothing gets through to "},
	                         over = {"，渠道 ", " over the channel "};
	size_t len = strcspn(contact, "/");
	struct text person = {0};
	text_add_len(&person, contact, len);
	text_add(out, pick(language, &whom));
	add_person(out, def, text_get(&person));
	text_add(out, pick(language, &over));
	text_add(out, contact + len + (contact[len] == '/'));
	text_finish(&person);
}

void words_add_subject(struct text *out, const char *language, const struct site_def *def,
                       const char *subject)
{
	static const struct pair between = {"：", " "};
	const char *words = words_subject(language, subject);
	const char *id = subject + strcspn(subject, ":");
	bool names_one = strncmp(subject, "channel:", 8) == 0 ||
	                 strncmp(subject, "gateway:", 8) == 0;
	if (strncmp(subject, "contact:", 8) == 0) {
		add_contact(out, language, def, id + 1);
		return;
	}
	if (strncmp(subject, "reach:", 6) == 0) {
		add_person(out, def, id + 1);
		text_add_char(out, ' ');
	}
	text_add(out, words ? words : subject);
	if (names_one) {
		text_add(out, pick(language, &between));
		text_add(out, id + 1);
	}
}

void words_add_incident(struct text *out, const char *language, const struct site_def *def,
                        const struct incident *incident)
{
	static const struct pair between = {"：", ": "};
	text_add(out, words_incident_kind(language, incident->kind));
	if (!incident->subject)
		return;
	text_add(out, pick(language, &between));
	words_add_subject(out, language, def, incident->subject);
}

void words_add_end(struct text *out, const char *language, const char *end)
{
	/* tests/checks/sentences.py looks that none is missing. */
	static const struct pair words[] = {
	        {"到时结束", "its time is over"},
	        {"已久，不再记着", "forgotten"},
	        {"又有新消息", "it spoke again"},
	        {"人工结束", "ended by hand"},
	        {"已被替换", "replaced"},
	        {"已撤回", "taken back"},
	        {"无人撤防", "nobody disarmed"},
	        {"已撤防", "disarmed"},
	        {"报警减少", "it is calmer"},
	        {"恢复正常", "quiet again"},
	        {"已确认接班", "accepted"},
	        {"改交他人", "offered to somebody else"},
	        {"已无事项可移交", "nothing is left to hand over"},
	        {"并入下一次交接", "overtaken by the next change"},
	        {"已闭环", "closed"},
	        {"已确认", "confirmed"},
	        {"未确认", "not confirmed"},
	        {"已重新测试", "tested again"},
	        {"已不再要求", "no longer asked for"},
	        {"并非真实警情", "it was no alarm"},
	        {"已按时上报", "made in time"},
	        {"逾期上报", "made late"},
	        {"已及时恢复", "cleared in time"},
	        {"达到次数", "often enough"},
	        {"未达次数", "not often enough"},
	        {"持续未恢复", "held"},
	        {"已消失", "gone"},
	};
	static const struct pair broken = {"发生真实警情：", "a real alarm: "};
	size_t len = strlen(broken.english);
	if (strncmp(end, broken.english, len) == 0) {
		text_addf(out, "%s%s", pick(language, &broken), end + len);
		return;
	}
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strcmp(words[i].english, end) == 0)
			end = pick(language, &words[i]);
	text_add(out, end);
}
