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
	        [KIND_BATTERY] = {"电池", "battery"},
	        [KIND_POWER] = {"供电", "power"},
	        [KIND_FAULT] = {"故障", "fault"},
	        [KIND_LINK] = {"通信", "link"},
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
	        [STATE_OPEN] = {"待确认", "open"},
	        [STATE_ACKNOWLEDGED] = {"处置中", "acknowledged"},
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
	        [REASON_RAISED] = {"级别上升", "severity raised"},
	        [REASON_JOINED] = {"新增报警", "another signal joined"},
	        [REASON_ACKNOWLEDGED] = {"已确认", "acknowledged"},
	        [REASON_REOPENED] = {"重新打开", "reopened"},
	        [REASON_RESOLVED] = {"已解除", "resolved"},
	        [REASON_HANDOVER] = {"交接班", "duty handover"},
	        [REASON_TEST] = {"测试", "test"},
	        [REASON_DRILL_STARTED] = {"演练开始", "drill started"},
	        [REASON_DRILL_ENDED] = {"演练结束", "drill ended"},
	        [REASON_HAZARD] = {"隐患", "hazard"},
	        [REASON_LEDGER_HEAD] = {"账本摘要", "head of the record"},
	        [REASON_DIGEST] = {"警情汇总", "several incidents"},
	        [REASON_SHIFT] = {"换班交接", "change of shift"},
	        [REASON_REPORT_DUE] = {"报告即将到期", "a report is due soon"},
	        [REASON_REPORT_LATE] = {"报告逾期未报", "a report is late"},
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

void words_add_end(struct text *out, const char *language, const char *end)
{
	static const struct pair known[] = {{"到时结束", "its time is over"},
	                                    {"人工结束", "ended by hand"},
	                                    {"发生真实警情：", "a real alarm: "}};
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		size_t len = strlen(known[i].english);
		if (strncmp(end, known[i].english, len) == 0) {
			text_add(out, pick(language, &known[i]));
			text_add(out, end + len);
			return;
		}
	}
	text_add(out, end);
}
