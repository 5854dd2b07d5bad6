/* The reporting clock: which incidents are reported upward, to whom, within what time. Each report
 * that is owed stands until somebody says that it was made, when and to whom; before its time runs
 * out there is a reminder, and behind it, once an hour, word that it is late. A follow-up comes
 * again and again, a final report counts from the resolution. What proves to be no alarm at all
 * (false, a test, a drill) is owed no report. */
#include <errno.h>
#include <string.h>

#include "decide/core.h"
#include "decide/words.h"

#define LATE_AGAIN HOURS(1)
#define TELL_MAX 64

static bool concerns(const struct reporting *duty, enum incident_kind kind, enum severity severity)
{
	if (severity == SEVERITY_NONE)
		return false;
	if (duty->kind == INCIDENT_KIND_NONE ? kind == INCIDENT_TROUBLE || kind == INCIDENT_TAMPER
	                                     : kind != duty->kind)
		return false;
	return severity >= duty->severity;
}

static const struct reporting *duty_named(const struct site_def *def, const char *id)
{
	for (uint32_t i = 0; i < def->reporting_count; i++)
		if (strcmp(def->reportings[i].id, id) == 0)
			return &def->reportings[i];
	return NULL;
}

static void record_reporting(struct context *c, const struct standing *s, const char *action,
                             const char *by)
{
	struct text *data = record(c);
	json_put_string(data, "action", action);
	standing_write_json(data, "what", c->site->def->id, s);
	record_end(c, (struct entry){.type = "reporting", .incident = s->incident, .by = by});
}

/* The reminder first; what is shorter than its reminder is reminded of at once. */
static void set_due(struct context *c, struct standing *s, const struct reporting *duty)
{
	steady_ms deadline = c->now.steady + (s->until - c->now.wall);
	steady_ms remind = deadline - duty->remind;
	timer_set(&c->site->timers, &s->due,
	          s->hidden || !duty->remind ? deadline
	          : remind > c->now.steady   ? remind
	                                     : c->now.steady);
	touch_standing(c, s);
}

static void owe(struct context *c, const struct reporting *duty, const char *incident,
                wall_ms deadline)
{
	struct standing *s = standing_begin(c, STANDING_REPORTING);
	own(&s->rule, duty->id);
	own(&s->incident, incident);
	own(&s->to, duty->to);
	own(&s->note, duty->name);
	s->begins = c->now.wall;
	s->until = deadline;
	set_due(c, s, duty);
	record_reporting(c, s, "owed", NULL);
}

void reporting_begin(struct context *c, const struct incident *incident, enum severity was)
{
	const struct site_def *def = c->site->def;
	if (incident->drill || incident->subject)
		return;
	for (uint32_t i = 0; i < def->reporting_count; i++) {
		const struct reporting *duty = &def->reportings[i];
		if (!duty->from_resolution && concerns(duty, incident->kind, incident->severity) &&
		    !concerns(duty, incident->kind, was))
			owe(c, duty, incident->id, c->now.wall + duty->within);
	}
}

static bool was_no_alarm(enum outcome outcome)
{
	return outcome == OUTCOME_FALSE_ALARM || outcome == OUTCOME_TEST ||
	       outcome == OUTCOME_DRILL;
}

void reporting_resolved(struct context *c, const struct incident *incident)
{
	const struct site_def *def = c->site->def;
	if (incident->drill || incident->subject)
		return;
	for (uint32_t i = 0; i < c->site->standing_count; i++) {
		struct standing *s = c->site->standings[i];
		if (s->type != STANDING_REPORTING || standing_is_over(s) ||
		    strcmp(s->incident, incident->id) != 0 || !was_no_alarm(incident->outcome))
			continue;
		standing_end(c, s, NULL, "it was no alarm");
		record_reporting(c, s, "not owed", NULL);
	}
	for (uint32_t i = 0; i < def->reporting_count; i++) {
		const struct reporting *duty = &def->reportings[i];
		if (duty->from_resolution && !was_no_alarm(incident->outcome) &&
		    concerns(duty, incident->kind, incident->severity))
			owe(c, duty, incident->id, c->now.wall + duty->within);
	}
}

/* ---- telling ---- */

static void write_note(const struct context *c, const struct standing *s, struct text *out)
{
	const struct site_def *def = c->site->def;
	bool chinese = def->language && strncmp(def->language, "zh", 2) == 0;
	struct civil day = civil_from_wall(&def->timezone, s->until);
	text_addf(out,
	          chinese ? "%s，报 %s，期限 %04d-%02d-%02d %02d:%02d；警情 %s；%s"
	                  : "%s to %s, until %04d-%02d-%02d %02d:%02d; incident %s; %s",
	          s->note, s->to, day.year, day.month, day.day, day.hour, day.minute, s->incident,
	          s->id);
}

static void tell(struct context *c, const struct standing *s, const struct reporting *duty,
                 enum reason reason)
{
	struct resolved_recipient who[TELL_MAX];
	const struct incident *incident = site_incident(c->site, s->incident);
	const struct site_def *def = c->site->def;
	struct text note = {0};
	uint32_t zone = incident ? incident_zone(def, incident) : POSITION_NONE;
	uint32_t count = recipients_resolve(def, &c->site->duty, duty->tell, duty->tell_count, zone,
	                                    c->now.wall, who, TELL_MAX);
	if (incident && incident->owner)
		count = add_resolved(who, count, TELL_MAX, RECIPIENT_PERSON,
		                     site_def_person(def, incident->owner));
	if (!count)
		count = recipients_resolve(def, &c->site->duty, def->last_resort,
		                           def->last_resort_count, zone, c->now.wall, who,
		                           TELL_MAX);
	write_note(c, s, &note);
	for (uint32_t i = 0; i < count; i++)
		if (is_inside(def, who[i]))
			own(&notify(c, NULL, who[i], reason, 0)->note, text_get(&note));
	text_finish(&note);
}

void reporting_due(struct context *c, struct standing *s)
{
	const struct reporting *duty = duty_named(c->site->def, s->rule);
	if (!duty) {
		standing_end(c, s, NULL, "no longer asked for");
		record_reporting(c, s, "not owed", NULL);
		return;
	}
	bool late = c->now.wall >= s->until;
	if (late || !s->hidden) {
		s->hidden++;
		record_reporting(c, s, late ? "late" : "reminded", NULL);
		tell(c, s, duty, late ? REASON_REPORT_LATE : REASON_REPORT_DUE);
	}
	if (late)
		timer_set(&c->site->timers, &s->due, c->now.steady + LATE_AGAIN);
	else
		set_due(c, s, duty);
	touch_standing(c, s);
}

/* ---- made ---- */

/* The next follow-up, while the incident lasts or for as long as the duty says. */
static void owe_next(struct context *c, const struct standing *s)
{
	const struct reporting *duty = duty_named(c->site->def, s->rule);
	if (!duty || !duty->every)
		return;
	const struct incident *incident = site_incident(c->site, s->incident);
	wall_ms next = s->until;
	while (next <= c->now.wall || next == s->until)
		next += duty->every;
	bool lasts = duty->lasts ? next <= s->begins + duty->lasts
	                         : incident && incident_is_active(incident);
	if (!lasts)
		return;
	wall_ms first = s->begins;
	owe(c, duty, s->incident, next);
	c->site->standings[c->site->standing_count - 1]->begins = first;
}

int reporting_operate(struct context *c, const struct operation *op)
{
	struct standing *s = op->standing ? site_standing(c->site, op->standing) : NULL;
	int r = check_person(c, op->by, "by");
	if (r < 0)
		return r;
	if (!s || s->type != STANDING_REPORTING)
		return problem_set(c->why, -ENOENT, "no report '%s' is owed",
		                   op->standing ? op->standing : "");
	c->plan->made = s;
	if (standing_is_over(s))
		return problem_set(c->why, -EALREADY, "report '%s' is made", s->id);
	if (op->from > c->now.wall)
		return problem_set(c->why, -EINVAL, "at: this lies ahead");
	wall_ms at = op->from ? op->from : c->now.wall;
	bool late = at > s->until;
	record_operation(c, op, s->incident);
	if (op->to)
		own(&s->to, op->to);
	s->made = at;
	standing_end(c, s, op->by, late ? "made late" : "made in time");
	record_reporting(c, s, late ? "made late" : "made", op->by);
	owe_next(c, s);
	c->plan->made = s;
	return 0;
}
