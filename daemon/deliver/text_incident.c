#include <string.h>

#include "decide/words.h"
#include "deliver/text_private.h"

#define OTHERS_SHOWN 3 /* further devices named; the rest are counted */

/* What a sensor point says when it is active. */
static const struct phrase happened[KIND_COUNT] = {
        [KIND_SMOKE] = {"烟雾报警", "smoke alarm"},
        [KIND_HEAT] = {"高温报警", "heat alarm"},
        [KIND_CALL_POINT] = {"手动报警按钮被按下", "call point pressed"},
        [KIND_GAS] = {"可燃气体泄漏报警", "gas leak alarm"},
        [KIND_CARBON_MONOXIDE] = {"一氧化碳报警", "carbon monoxide alarm"},
        [KIND_WATER] = {"漏水报警", "water leak"},
        [KIND_PANIC] = {"紧急按钮被按下", "panic button pressed"},
        [KIND_CONTACT] = {"门窗被打开", "opened"},
        [KIND_MOTION] = {"有人移动", "motion"},
        [KIND_GLASS] = {"玻璃破碎", "glass broken"},
        [KIND_VIBRATION] = {"异常震动", "vibration"},
        [KIND_PERIMETER] = {"周界报警", "perimeter alarm"},
        [KIND_TAMPER] = {"设备被拆动", "tampered with"},
        [KIND_BATTERY] = {"电池电量低", "battery low"},
        [KIND_POWER] = {"供电中断", "power lost"},
        [KIND_FAULT] = {"设备故障", "device fault"},
        [KIND_LINK] = {"设备失联", "device silent"},
};

static const struct phrase advice[INCIDENT_KIND_COUNT] = {
        [INCIDENT_FIRE] =
                {"请立即到场核实；有火情即拨打119，组织疏散。",
                 "Go and check at once; if it burns, call the fire brigade and evacuate."},
        [INCIDENT_GAS] = {"请立即疏散人员、通风，不要开关电器，不要使用明火。",
                          "Evacuate and air the place; no switches, no flames."},
        [INCIDENT_PANIC] = {"有人求助：请立即赶到现场，必要时拨打110。",
                            "Somebody needs help: go there at once, call the police if needed."},
        [INCIDENT_WATER] = {"请尽快到场关闭水源，注意用电安全。",
                            "Shut off the water; mind the electricity."},
        [INCIDENT_INTRUSION] = {"请查看监控并到场核实，注意自身安全。",
                                "Look at the cameras and check on site; mind your own safety."},
};

static const struct phrase drill_advice = {
        "这是演练：请按预案行动，不要拨打119、110。",
        "This is a drill: act as planned, do not call the fire brigade or the police.",
};

static void say_when(struct writer *w, wall_ms at)
{
	text_add_char(w->out, ' ');
	say_moment(w, at);
}

static void say_signal(struct writer *w, const struct incident_signal *signal)
{
	say_plain(w, signal->device_name ? signal->device_name : signal->device);
	say_words(w, " ", ": ");
	say_phrase(w, &happened[signal->kind]);
	say_when(w, signal->time);
	if (signal->presses > 1)
		text_addf(w->out, " ×%u", signal->presses);
	if (!signal->active)
		say_words(w, "（已恢复）", " (cleared)");
}

static const struct incident_signal *latest_signal(const struct incident *incident)
{
	const struct incident_signal *latest = &incident->signals[0];
	for (uint32_t i = 1; i < incident->signal_count; i++)
		if (incident->signals[i].at >= latest->at)
			latest = &incident->signals[i];
	return latest;
}

static bool tells_the_end(enum reason reason)
{
	return reason == REASON_ACKNOWLEDGED || reason == REASON_RESOLVED;
}

static void say_tags(struct writer *w)
{
	const char *language = w->letter->language;
	if (w->incident->drill)
		say_tag(w, w->chinese ? "演练" : "DRILL");
	say_tag(w, words_incident_kind(language, w->incident->kind));
}

static void say_subject(struct writer *w, const char *subject)
{
	struct text words = {0};
	words_add_subject(&words, w->letter->language, w->letter->def, subject);
	say_plain(w, text_get(&words));
	text_finish(&words);
}

/* What happened, by the first device, the service or whoever reports it. */
static void say_what(struct writer *w)
{
	const struct incident *incident = w->incident;
	if (incident->signal_count) {
		say_phrase(w, &happened[incident->signals[0].kind]);
	} else if (incident->subject) {
		say_subject(w, incident->subject);
	} else if (incident->reported_by) {
		say_person(w, incident->reported_by);
		say_words(w, " 人工报告", " reports it");
	}
}

static void say_headline(struct writer *w)
{
	const struct incident *incident = w->incident;
	enum reason reason = w->letter->notification->reason;
	say_tags(w);
	if (tells_the_end(reason))
		say_tag(w, words_reason(w->letter->language, reason));
	say_place(w);
	say_words(w, " ", ", ");
	if (incident->signal_count) {
		say_signal(w, &incident->signals[0]);
		if (incident->subject && strncmp(incident->subject, "chatter:", 8) == 0) {
			say_words(w, "，", ", ");
			say_subject(w, incident->subject);
		}
	} else {
		say_what(w);
		say_when(w, incident->opened.wall);
	}
	say_words(w, "，", ", ");
	text_add(w->out, words_severity(w->letter->language, incident->severity));
}

static void say_resolution(struct writer *w)
{
	const struct incident *incident = w->incident;
	say_words(w, "已解除：", "Resolved: ");
	text_add(w->out, words_outcome(w->letter->language, incident->outcome));
	if (incident->resolved_by) {
		say_words(w, "，由 ", ", by ");
		say_person(w, incident->resolved_by);
	}
	if (incident->resolved.wall)
		say_when(w, incident->resolved.wall);
}

static void say_acknowledged(struct writer *w)
{
	if (!w->incident->owner)
		return;
	say_person(w, w->incident->owner);
	say_words(w, " 已确认并负责处置", " has acknowledged and takes charge");
	if (w->incident->acknowledged.wall)
		say_when(w, w->incident->acknowledged.wall);
	if (w->incident->doubted_by) {
		say_words(w, "\n", "\n");
		say_person(w, w->incident->doubted_by);
		say_words(w, " 认为是误报，需第二人确认",
		          " says it is a false alarm: a second person must confirm");
	}
}

static void say_reopened(struct writer *w)
{
	const struct policy *policy = w->incident->policy;
	if (policy && policy->resolve_within > 0) {
		say_words(w, "确认后 ", "Not resolved within ");
		say_span(w, policy->resolve_within);
		say_words(w, " 内未处置完毕，重新打开，现无人负责",
		          " of the acknowledgement: open again, nobody has it");
	} else {
		say_words(w, "未处置完毕，重新打开，现无人负责",
		          "Not resolved: open again, nobody has it");
	}
}

static void say_unacknowledged(struct writer *w)
{
	span_ms waited = w->letter->now.steady - w->incident->round_at;
	bool again = w->letter->notification->reason == REASON_REPEATED;
	if (again)
		say_words(w, "仍无人确认，已 ", "Still nobody has acknowledged, for ");
	else
		say_words(w, "无人确认，已 ", "Nobody has acknowledged for ");
	say_span(w, waited > 0 ? waited : 0);
	text_addf(w->out, w->chinese ? "（第%u步）" : " (step %u)", w->letter->notification->step);
}

static void say_help(struct writer *w)
{
	say_person(w, w->incident->help_by);
	say_words(w, " 请求支援，请立即前往", " asks for help: go there now");
}

static void say_joined(struct writer *w)
{
	if (w->letter->notification->note) { /* what somebody has reported */
		say_plain(w, w->letter->notification->note);
		return;
	}
	if (w->incident->signal_count < 2)
		return;
	say_words(w, "又有报警：", "Another one: ");
	say_signal(w, latest_signal(w->incident));
}

/* Why this message comes now. */
static void say_reason(struct writer *w)
{
	switch (w->letter->notification->reason) {
	case REASON_ESCALATED:
	case REASON_REPEATED:
		if (w->incident->help_by)
			say_help(w);
		else
			say_unacknowledged(w);
		break;
	case REASON_RAISED:
		say_words(w, "级别升为", "Severity raised to ");
		text_add(w->out, words_severity(w->letter->language, w->incident->severity));
		break;
	case REASON_JOINED:
		say_joined(w);
		break;
	case REASON_ACKNOWLEDGED:
		say_acknowledged(w);
		break;
	case REASON_REOPENED:
		say_reopened(w);
		break;
	case REASON_RESOLVED:
		say_resolution(w);
		break;
	case REASON_HANDOVER:
		say_words(w, "交接班：此事件现由您接手", "Duty handover: this one is now yours");
		break;
	case REASON_OPENED:
	case REASON_TEST:
	case REASON_DRILL_STARTED:
	case REASON_DRILL_ENDED:
	case REASON_HAZARD:
	case REASON_LEDGER_HEAD:
	case REASON_DIGEST:
	case REASON_SHIFT:
	case REASON_REPORT_DUE:
	case REASON_REPORT_LATE:
	case REASON_COUNT:
		break;
	}
}

static void say_other_signals(struct writer *w)
{
	const struct incident *incident = w->incident;
	enum reason reason = w->letter->notification->reason;
	const struct incident_signal *told = reason == REASON_JOINED &&
	                                                     !w->letter->notification->note &&
	                                                     incident->signal_count
	                                             ? latest_signal(incident)
	                                             : NULL;
	uint32_t shown = 0, more = 0;
	if (tells_the_end(reason))
		return;
	for (uint32_t i = 1; i < incident->signal_count; i++) {
		if (&incident->signals[i] == told)
			continue;
		if (shown == OTHERS_SHOWN) {
			more++;
			continue;
		}
		if (shown++ > 0)
			say_words(w, "；", "; ");
		say_signal(w, &incident->signals[i]);
	}
	if (more)
		text_addf(w->out, w->chinese ? "；还有%u处" : "; and %u more", more);
}

static void say_owner(struct writer *w)
{
	enum reason reason = w->letter->notification->reason;
	if (!w->incident->owner || w->incident->state == STATE_RESOLVED ||
	    reason == REASON_ACKNOWLEDGED)
		return;
	say_person(w, w->incident->owner);
}

/* The zone's path by name: "滨江中学 / 校园 / 宿舍 / 宿舍三层". */
static void say_path(struct writer *w)
{
	const struct site_def *def = w->letter->def;
	if (w->incident->zone_depth < 2)
		return;
	say_plain(w, w->letter->site_name ? w->letter->site_name : w->letter->site_id);
	for (uint32_t i = 0; i < w->incident->zone_depth; i++) {
		const char *id = w->incident->zone_path[i];
		uint32_t zone = def ? site_def_zone(def, id) : POSITION_NONE;
		text_add(w->out, " / ");
		say_plain(w, zone == POSITION_NONE ? id : def->zones[zone].name);
	}
}

static void say_note(struct writer *w)
{
	if (!w->incident->note || !w->incident->note[0])
		return;
	say_plain(w, w->incident->note);
}

static void say_advice(struct writer *w)
{
	const struct phrase *phrase = w->incident->drill ? &drill_advice
	                                                 : &advice[w->incident->kind];
	if (!reason_asks_to_act(w->letter->notification->reason) || !phrase->english)
		return;
	say_phrase(w, phrase);
}

void say_of_incident(struct writer *w, enum template_word word)
{
	const struct incident *incident = w->incident;
	const struct incident_signal *signal = incident->signal_count ? &incident->signals[0]
	                                                              : NULL;
	switch (word) {
	case WORD_headline:
		say_headline(w);
		break;
	case WORD_tags:
		say_tags(w);
		break;
	case WORD_drill:
		if (incident->drill)
			say_words(w, "演练", "DRILL");
		break;
	case WORD_kind:
		text_add(w->out, words_incident_kind(w->letter->language, incident->kind));
		break;
	case WORD_severity:
		text_add(w->out, words_severity(w->letter->language, incident->severity));
		break;
	case WORD_why:
		say_reason(w);
		break;
	case WORD_path:
		say_path(w);
		break;
	case WORD_signal:
		if (signal)
			say_signal(w, signal);
		break;
	case WORD_device:
		if (signal)
			say_plain(w, signal->device_name ? signal->device_name : signal->device);
		break;
	case WORD_what:
		say_what(w);
		break;
	case WORD_when:
		say_moment(w, signal ? signal->time : incident->opened.wall);
		break;
	case WORD_others:
		say_other_signals(w);
		break;
	case WORD_owner:
		say_owner(w);
		break;
	case WORD_note:
		say_note(w);
		break;
	case WORD_advice:
		say_advice(w);
		break;
	case WORD_id:
		text_add(w->out, incident->id);
		break;
	case WORD_reason:
	case WORD_site:
	case WORD_place:
	case WORD_said:
	case WORD_step:
	case WORD_marks:
	case WORD_COUNT:
		break;
	}
}
