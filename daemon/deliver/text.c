#include "deliver/text.h"

#include <string.h>

#include "decide/words.h"

#define OTHERS_SHOWN 3 /* further devices named; the rest are counted */

struct phrase {
	const char *chinese, *english;
};

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

static const struct {
	const char *subject;
	struct phrase phrase;
} subjects[] = {
        {"broker", {"与消息服务器的连接中断", "connection to the message broker lost"}},
        {"handover", {"交接班未确认", "a handover was not accepted"}},
        {"silence", {"静默期间有报警被隐去", "alarms were hidden by a silence"}},
        {"armed-open", {"已布防但门窗未关", "armed with a door open"}},
        {"store", {"记录无法写入", "the record cannot be written"}},
        {"clock", {"时钟异常", "the clock is wrong"}},
        {"hazard:", {"隐患逾期未闭环", "a hazard is overdue"}},
        {"chatter", {"反复报警，已合并", "comes and goes, told once"}},
};

/* Of what is told without an incident. */
static const struct phrase plain_tags[REASON_COUNT] = {
        [REASON_TEST] = {"测试", "TEST"},          [REASON_DRILL_STARTED] = {"演练", "DRILL"},
        [REASON_DRILL_ENDED] = {"演练", "DRILL"},  [REASON_HAZARD] = {"隐患", "HAZARD"},
        [REASON_LEDGER_HEAD] = {"账本", "RECORD"}, [REASON_DIGEST] = {"汇总", "DIGEST"},
        [REASON_SHIFT] = {"交接班", "HANDOVER"},
};

struct writer {
	const struct letter *letter;
	const struct incident *incident;
	struct text *out;
	bool chinese;
};

bool letter_is_chinese(const struct letter *letter)
{
	return letter->language && strncmp(letter->language, "zh", 2) == 0;
}

static void say(struct writer *w, const char *chinese, const char *english)
{
	text_add(w->out, w->chinese ? chinese : english);
}

static void say_phrase(struct writer *w, const struct phrase *phrase)
{
	say(w, phrase->chinese, phrase->english);
}

/* A name or a note by somebody else stays on its line. */
static void say_plain(struct writer *w, const char *foreign)
{
	for (const char *c = foreign; *c; c++)
		text_add_char(w->out, (unsigned char)*c < 0x20 || *c == 0x7f ? ' ' : *c);
}

static void say_person(struct writer *w, const char *id)
{
	const struct site_def *def = w->letter->def;
	uint32_t position = def ? site_def_person(def, id) : POSITION_NONE;
	say_plain(w, position == POSITION_NONE ? id : def->people[position].name);
}

static struct civil local(const struct writer *w, wall_ms at)
{
	struct timezone_span always = {INT64_MIN, 0};
	struct timezone_table utc = {"UTC", &always, 1};
	return civil_from_wall(w->letter->timezone ? w->letter->timezone : &utc, at);
}

/* The local time of day, with the date where it is not today's. */
static void say_clock(struct writer *w, wall_ms at)
{
	struct civil then = local(w, at), today = local(w, w->letter->now.wall);
	if (then.day != today.day || then.month != today.month || then.year != today.year)
		text_addf(w->out, "%04d-%02d-%02d ", then.year, then.month, then.day);
	text_addf(w->out, "%02d:%02d:%02d", then.hour, then.minute, then.second);
}

static void say_span(struct writer *w, span_ms span)
{
	long long minutes = span / MINUTES(1);
	if (span < MINUTES(1))
		text_addf(w->out, w->chinese ? "%lld秒" : "%lld s", (long long)(span / SECONDS(1)));
	else if (minutes < 60)
		text_addf(w->out, w->chinese ? "%lld分钟" : "%lld min", minutes);
	else if (minutes < 48LL * 60)
		text_addf(w->out, w->chinese ? "%lld小时%lld分钟" : "%lld h %lld min", minutes / 60,
		          minutes % 60);
	else
		text_addf(w->out, w->chinese ? "%lld天" : "%lld days", minutes / (24LL * 60));
}

/* " 08:00:12（3分钟前）" */
static void say_when(struct writer *w, wall_ms at)
{
	span_ms ago = w->letter->now.wall - at;
	text_add_char(w->out, ' ');
	say_clock(w, at);
	if (ago < MINUTES(1))
		return;
	say(w, "（", " (");
	say_span(w, ago);
	say(w, "前）", " ago)");
}

static void say_signal(struct writer *w, const struct incident_signal *signal)
{
	say_plain(w, signal->device_name ? signal->device_name : signal->device);
	say(w, " ", ": ");
	say_phrase(w, &happened[signal->kind]);
	say_when(w, signal->time);
	if (signal->presses > 1)
		text_addf(w->out, " ×%u", signal->presses);
	if (!signal->active)
		say(w, "（已恢复）", " (cleared)");
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

static bool asks_to_act(enum reason reason)
{
	switch (reason) {
	case REASON_OPENED:
	case REASON_ESCALATED:
	case REASON_REPEATED:
	case REASON_RAISED:
	case REASON_JOINED:
	case REASON_REOPENED:
	case REASON_HANDOVER:
		return true;
	case REASON_ACKNOWLEDGED:
	case REASON_RESOLVED:
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
	return false;
}

static const char *place(const struct letter *letter)
{
	const struct incident *incident = letter->incident;
	if (incident && incident->zone_name)
		return incident->zone_name;
	if (incident && incident->zone)
		return incident->zone;
	return letter->site_name ? letter->site_name : letter->site_id;
}

static void say_tag(struct writer *w, const char *word)
{
	text_addf(w->out, w->chinese ? "【%s】" : "[%s] ", word);
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
	for (size_t i = 0; i < sizeof subjects / sizeof *subjects; i++)
		if (strncmp(subject, subjects[i].subject, strlen(subjects[i].subject)) == 0) {
			say_phrase(w, &subjects[i].phrase);
			return;
		}
	if (strncmp(subject, "channel:", 8) == 0) {
		say(w, "通知渠道失效：", "nothing gets through the channel ");
		subject += 8;
	} else if (strncmp(subject, "reach:", 6) == 0) {
		say_person(w, subject + 6);
		say(w, " 未确认收到测试消息", " has not confirmed a test");
		return;
	}
	say_plain(w, subject);
}

static void say_headline(struct writer *w)
{
	const struct incident *incident = w->incident;
	enum reason reason = w->letter->notification->reason;
	say_tags(w);
	if (tells_the_end(reason))
		say_tag(w, words_reason(w->letter->language, reason));
	say_plain(w, place(w->letter));
	say(w, " ", ", ");
	if (incident->signal_count) {
		say_signal(w, &incident->signals[0]);
		if (incident->subject && strncmp(incident->subject, "chatter:", 8) == 0) {
			say(w, "，", ", ");
			say_subject(w, incident->subject);
		}
	} else {
		if (incident->subject) {
			say_subject(w, incident->subject);
		} else if (incident->reported_by) {
			say_person(w, incident->reported_by);
			say(w, " 人工报告", " reports it");
		}
		say_when(w, incident->opened.wall);
	}
	say(w, "，", ", ");
	text_add(w->out, words_severity(w->letter->language, incident->severity));
}

static void say_resolution(struct writer *w)
{
	const struct incident *incident = w->incident;
	say(w, "\n已解除：", "\nResolved: ");
	text_add(w->out, words_outcome(w->letter->language, incident->outcome));
	if (incident->resolved_by) {
		say(w, "，由 ", ", by ");
		say_person(w, incident->resolved_by);
	}
	if (incident->resolved.wall)
		say_when(w, incident->resolved.wall);
}

static void say_acknowledged(struct writer *w)
{
	if (!w->incident->owner)
		return;
	say(w, "\n", "\n");
	say_person(w, w->incident->owner);
	say(w, " 已确认并负责处置", " has acknowledged and takes charge");
	if (w->incident->acknowledged.wall)
		say_when(w, w->incident->acknowledged.wall);
	if (w->incident->doubted_by) {
		say(w, "\n", "\n");
		say_person(w, w->incident->doubted_by);
		say(w, " 认为是误报，需第二人确认",
		    " says it is a false alarm: a second person must confirm");
	}
}

static void say_reopened(struct writer *w)
{
	const struct policy *policy = w->incident->policy;
	if (policy && policy->resolve_within > 0) {
		say(w, "\n确认后 ", "\nNot resolved within ");
		say_span(w, policy->resolve_within);
		say(w, " 内未处置完毕，重新打开，现无人负责",
		    " of the acknowledgement: open again, nobody has it");
	} else {
		say(w, "\n未处置完毕，重新打开，现无人负责",
		    "\nNot resolved: open again, nobody has it");
	}
}

static void say_unacknowledged(struct writer *w)
{
	span_ms waited = w->letter->now.steady - w->incident->round_at;
	bool again = w->letter->notification->reason == REASON_REPEATED;
	if (again)
		say(w, "\n仍无人确认，已 ", "\nStill nobody has acknowledged, for ");
	else
		say(w, "\n无人确认，已 ", "\nNobody has acknowledged for ");
	say_span(w, waited > 0 ? waited : 0);
	text_addf(w->out, w->chinese ? "（第%u步）" : " (step %u)", w->letter->notification->step);
}

static void say_help(struct writer *w)
{
	text_add_char(w->out, '\n');
	say_person(w, w->incident->help_by);
	say(w, " 请求支援，请立即前往", " asks for help: go there now");
}

static void say_joined(struct writer *w)
{
	if (w->incident->signal_count < 2)
		return;
	say(w, "\n又有报警：", "\nAnother one: ");
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
		say(w, "\n级别升为", "\nSeverity raised to ");
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
		say(w, "\n交接班：此事件现由您接手", "\nDuty handover: this one is now yours");
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
	const struct incident_signal *told = reason == REASON_JOINED && incident->signal_count
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
		if (shown++ == 0)
			say(w, "\n另有：", "\nAlso: ");
		else
			say(w, "；", "; ");
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
	say(w, "\n负责人：", "\nIn charge: ");
	say_person(w, w->incident->owner);
}

/* The zone's path by name: "滨江中学 / 校园 / 宿舍 / 宿舍三层". */
static void say_path(struct writer *w)
{
	const struct site_def *def = w->letter->def;
	if (w->incident->zone_depth < 2)
		return;
	say(w, "\n位置：", "\nPlace: ");
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
	say(w, "\n备注：", "\nNote: ");
	say_plain(w, w->incident->note);
}

static void say_advice(struct writer *w)
{
	const struct phrase *phrase = w->incident->drill ? &drill_advice
	                                                 : &advice[w->incident->kind];
	if (!asks_to_act(w->letter->notification->reason) || !phrase->english)
		return;
	text_add_char(w->out, '\n');
	say_phrase(w, phrase);
}

static void say_marks(struct writer *w)
{
	if (w->letter->notification->possible_duplicate)
		say(w, "\n（服务曾中断，此消息可能重复）",
		    "\n(The service was interrupted: you may have this already.)");
	if (w->letter->unlogged)
		say(w, "\n（记录暂时无法写入）", "\n(The record cannot be written at present.)");
}

/* As of this letter; whoever keeps it can tell later whether the record still is what it was. */
static void say_head(struct writer *w)
{
	say(w, "记录至第", "the record up to entry ");
	text_addf(w->out, "%llu", (unsigned long long)w->letter->ledger_seq);
	say(w, "条，摘要如下，请保存备查（tocsin verify --head）。\n",
	    " has this head; keep it (tocsin verify --head checks it).\n");
	text_addf(w->out, "%s:%llu:%s", w->letter->site_id,
	          (unsigned long long)w->letter->ledger_seq, w->letter->ledger_head);
}

static void say_without_incident(struct writer *w)
{
	const struct notification *notification = w->letter->notification;
	bool test = notification->reason == REASON_TEST;
	const struct phrase *tag = &plain_tags[notification->reason];
	say_tag(w, w->chinese ? tag->chinese : tag->english);
	bool list = notification->reason == REASON_DIGEST || notification->reason == REASON_SHIFT;
	say_plain(w, place(w->letter));
	if (list) { /* its lines are our own */
		text_add_char(w->out, '\n');
		text_add(w->out, notification->note ? notification->note : "");
		say_marks(w);
		return;
	}
	say(w, "：", ": ");
	if (notification->reason == REASON_LEDGER_HEAD)
		say_head(w);
	else if (test)
		say(w,
		    w->letter->ack_url ? "这是一条测试消息，请点开链接确认收到。"
		                       : "这是一条测试消息，无需处理。",
		    w->letter->ack_url ? "this is a test; please open the link to say that it "
		                         "has arrived."
		                       : "this is a test, nothing to do.");
	else
		text_add(w->out, words_reason(w->letter->language, notification->reason));
	if (notification->note && notification->note[0]) {
		text_add_char(w->out, '\n');
		say_plain(w, notification->note);
	}
	text_add_char(w->out, '\n');
	say_clock(w, notification->created.wall);
	say_marks(w);
}

void letter_write_text(const struct letter *letter, struct text *out)
{
	struct writer w = {letter, letter->incident, out, letter_is_chinese(letter)};
	if (!w.incident) {
		say_without_incident(&w);
		return;
	}
	say_headline(&w);
	say_reason(&w);
	say_other_signals(&w);
	say_owner(&w);
	say_path(&w);
	say_note(&w);
	say_advice(&w);
	const char *note = letter->notification->note;
	if (note && *note) {
		text_add_char(w.out, '\n');
		say_plain(&w, note);
	}
	say_marks(&w);
}

void letter_write_title(const struct letter *letter, struct text *out)
{
	struct writer w = {letter, letter->incident, out, letter_is_chinese(letter)};
	enum reason reason = letter->notification->reason;
	if (w.incident)
		say_tags(&w);
	else
		say_tag(&w, w.chinese ? "系统" : "Tocsin");
	say_plain(&w, place(letter));
	if (reason != REASON_OPENED) {
		say(&w, " ", ": ");
		text_add(out, words_reason(letter->language, reason));
	}
}

void letter_text_fit(const char *text, size_t limit, const char *link, struct text *out)
{
	static const char more[] = "…";
	size_t len = strlen(text), tail = link ? strlen(link) + 1 : 0;
	if (tail > limit) {
		link = NULL;
		tail = 0;
	}
	size_t room = limit - tail;
	if (len <= room) {
		text_add_len(out, text, len);
	} else if (room >= sizeof more - 1) {
		text_add_len(out, text, text_cut_utf8(text, room - (sizeof more - 1)));
		text_add(out, more);
	}
	if (link)
		text_addf(out, "\n%s", link);
}
