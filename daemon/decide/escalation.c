/* Who is told, and when the next are. A round is one run through a policy's steps: it begins with
 * the opening, a rise or a re-opening, and never runs out: the last step repeats. */
#include <string.h>

#include "decide/core.h"

#define STEP_RECIPIENTS_MAX 1024

uint32_t add_resolved(struct resolved_recipient *out, uint32_t count, uint32_t cap,
                      enum recipient_kind kind, uint32_t position)
{
	if (position == POSITION_NONE)
		return count;
	for (uint32_t i = 0; i < count; i++)
		if (out[i].kind == kind && out[i].position == position)
			return count;
	if (count < cap)
		out[count++] = (struct resolved_recipient){.kind = kind, .position = position};
	return count;
}

uint32_t recipients_resolve(const struct site_def *def, const struct duty_state *duty,
                            const struct recipient *recipients, uint32_t recipient_count,
                            uint32_t zone, wall_ms at, struct resolved_recipient *out, uint32_t cap)
{
	uint32_t count = 0, post, people[ON_DUTY_MAX], on_duty;
	for (uint32_t i = 0; i < recipient_count; i++) {
		const struct recipient *recipient = &recipients[i];
		switch (recipient->kind) {
		case RECIPIENT_PERSON:
			count = add_resolved(out, count, cap, RECIPIENT_PERSON,
			                     site_def_person(def, recipient->id));
			break;
		case RECIPIENT_CHANNEL:
			count = add_resolved(out, count, cap, RECIPIENT_CHANNEL,
			                     site_def_channel(def, recipient->id));
			break;
		case RECIPIENT_DUTY:
			post = site_def_post(def, recipient->id);
			on_duty = post == POSITION_NONE
			                  ? 0
			                  : post_on_duty(def, duty, post, at, people, ON_DUTY_MAX);
			for (uint32_t k = 0; k < on_duty; k++)
				count = add_resolved(out, count, cap, RECIPIENT_PERSON, people[k]);
			break;
		case RECIPIENT_ZONE_OWNER:
			if (zone != POSITION_NONE)
				count = add_resolved(out, count, cap, RECIPIENT_PERSON,
				                     site_def_zone_owner(def, zone));
			break;
		case RECIPIENT_KIND_COUNT:
			break;
		}
	}
	return count;
}

const char *recipient_id(const struct site_def *def, struct resolved_recipient who)
{
	return who.kind == RECIPIENT_PERSON ? def->people[who.position].id
	                                    : def->channels[who.position].id;
}

void told_acknowledges(const struct context *c, struct incident *incident, const char *person)
{
	struct told *told = incident_told(incident, RECIPIENT_PERSON, person);
	if (!told && site_def_person(c->site->def, person) == POSITION_NONE)
		return;
	if (!told)
		told = incident_add_told(incident, RECIPIENT_PERSON, person);
	told->acknowledged = true;
	told->touched = true;
}

bool is_inside(const struct site_def *def, struct resolved_recipient who)
{
	if (who.kind == RECIPIENT_CHANNEL)
		return !def->channels[who.position].outside;
	const struct person *person = &def->people[who.position];
	for (uint32_t i = 0; i < person->contact_count; i++)
		if (!def->channels[person->contacts[i].channel].outside)
			return true;
	return false;
}

/* Drops whom the step need not tell: who has acknowledged, and outside lines in a drill. */
static uint32_t still_to_tell(const struct site_def *def, const struct incident *incident,
                              struct resolved_recipient *who, uint32_t count)
{
	uint32_t kept = 0;
	for (uint32_t i = 0; i < count; i++) {
		const struct told *told = incident_told(incident, who[i].kind,
		                                        recipient_id(def, who[i]));
		if (told && told->acknowledged)
			continue;
		if (incident->drill && !is_inside(def, who[i]))
			continue;
		who[kept++] = who[i];
	}
	return kept;
}

struct step_run {         /* one step as it is carried out */
	const char *name; /* of last_resort; NULL: by number */
	uint32_t number;  /* from 1 */
	enum reason reason;
	const struct recipient *notify;
	uint32_t count;
	steady_ms due;
};

static void record_step(struct context *c, const struct incident *incident,
                        const struct step_run *run, const struct resolved_recipient *who,
                        uint32_t count)
{
	struct text *data = record(c);
	json_put_int(data, "step", run->number);
	if (run->name)
		json_put_string(data, "name", run->name);
	json_put_int(data, "round", incident->round);
	json_put_string(data, "reason", reason_name(run->reason));
	json_put_int(data, "late_ms", c->now.steady > run->due ? c->now.steady - run->due : 0);
	json_open(data, "to", '[');
	for (uint32_t i = 0; i < count; i++) {
		json_open(data, NULL, '{');
		json_put_string(data, "kind", recipient_kind_name(who[i].kind));
		json_put_string(data, "id", recipient_id(c->site->def, who[i]));
		json_close(data, '}');
	}
	json_close(data, ']');
	record_end(c, (struct entry){.type = "step", .incident = incident->id});
}

static void record_gap(struct context *c, const struct incident *incident, uint32_t step,
                       const char *why)
{
	struct text *data = record(c);
	json_put_int(data, "step", step);
	json_put_int(data, "round", incident->round);
	json_put_string(data, "why", why);
	record_end(c, (struct entry){.type = "gap", .incident = incident->id});
}

#define LATE SECONDS(5) /* less is the way of things */

/* What a downtime has held up says so, in the site's language: the first of what it tells. */
static void say_late(const struct context *c, struct notification *n, steady_ms due)
{
	span_ms late = c->now.steady - due;
	if (!n || n->note || late < LATE)
		return;
	struct text note = {0};
	bool chinese = c->site->def->language && strncmp(c->site->def->language, "zh", 2) == 0;
	long long minutes = late / MINUTES(1), seconds = late % MINUTES(1) / 1000;
	if (chinese)
		text_addf(&note, "（服务曾中断，此消息晚了 %lld 分 %lld 秒）", minutes, seconds);
	else
		text_addf(&note, "(The service was interrupted: this comes %lld min %lld s late.)",
		          minutes, seconds);
	own(&n->note, text_get(&note));
	text_finish(&note);
}

/* Returns how many were told. */
static uint32_t carry_out(struct context *c, struct incident *incident, const struct step_run *run)
{
	struct resolved_recipient who[STEP_RECIPIENTS_MAX];
	const struct site_def *def = c->site->def;
	uint32_t count = recipients_resolve(def, &c->site->duty, run->notify, run->count,
	                                    incident_zone(def, incident), c->now.wall, who,
	                                    STEP_RECIPIENTS_MAX);
	count = handovers_add_outgoing(c, run->notify, run->count, who, count, STEP_RECIPIENTS_MAX);
	count = still_to_tell(def, incident, who, count);
	record_step(c, incident, run, who, count);
	const struct message message = {
	        .reason = run->reason, .step = run->number, .run = ++incident->run};
	incident->step_pending = count;
	incident->step_reached = 0;
	for (uint32_t i = 0; i < count; i++)
		say_late(c, notify_message(c, incident, who[i], message), run->due);
	return count;
}

static void use_last_resort(struct context *c, struct incident *incident)
{
	const struct site_def *def = c->site->def;
	if (incident->exhausted)
		return;
	incident->exhausted = true;
	struct step_run run = {.name = "last_resort",
	                       .number = incident->policy->count + 1,
	                       .reason = incident->told_count ? REASON_ESCALATED
	                                                      : incident->step_reason,
	                       .notify = def->last_resort,
	                       .count = def->last_resort_count,
	                       .due = c->now.steady};
	if (!carry_out(c, incident, &run))
		record_gap(c, incident, run.number, "last_resort reaches nobody");
}

/* Runs the next step, or the last one again; steps that reach nobody are skipped at once. */
static void run_next(struct context *c, struct incident *incident, steady_ms due)
{
	const struct policy *policy = incident->policy;
	for (;;) {
		bool again = incident->step >= policy->count;
		uint32_t at = again ? policy->count - 1 : incident->step;
		struct step_run run = {
		        .number = at + 1,
		        .reason = again     ? REASON_REPEATED
		                  : at == 0 ? incident->step_reason
		                            : REASON_ESCALATED,
		        .notify = policy->steps[at].notify,
		        .count = policy->steps[at].count,
		        .due = due,
		};
		incident->step = at + 1;
		incident->exhausted = false;
		if (carry_out(c, incident, &run))
			break;
		record_gap(c, incident, run.number, "nobody to tell");
		if (incident->step >= policy->count) {
			use_last_resort(c, incident);
			break;
		}
		due = c->now.steady;
	}
}

static void set_next(struct context *c, struct incident *incident, steady_ms last_due)
{
	const struct policy *policy = incident->policy;
	steady_ms next;
	if (incident->step < policy->count) {
		next = incident->round_at + policy->steps[incident->step].after;
	} else {
		/* Counted from when it was due, so that lateness does not add up; repeats that a
		 * downtime swallowed are not made up for. */
		next = last_due + policy->repeat;
		if (next <= c->now.steady)
			next = c->now.steady + policy->repeat;
	}
	timer_set(&c->site->timers, &incident->step_due, next);
}

void escalate_due(struct context *c, struct incident *incident)
{
	steady_ms due = incident->step_due.due;
	timer_stop(&c->site->timers, &incident->step_due);
	touch_incident(c, incident);
	run_next(c, incident, due);
	set_next(c, incident, due);
}

static void catch_up(struct context *c, struct incident *incident)
{
	for (;;) {
		if (timer_due(&incident->resolve_due) <= c->now.steady)
			incident_reopen(c, incident);
		else if (timer_due(&incident->step_due) <= c->now.steady)
			escalate_due(c, incident);
		else
			return;
	}
}

/* Incidents stand in the order in which they opened. */
void escalate_overdue(struct context *c)
{
	struct timer *first = timers_first(&c->site->timers);
	if (!first || c->now.steady - first->due < LATE)
		return;
	c->catching_up = true;
	for (uint32_t i = 0; i < c->site->incident_count; i++)
		catch_up(c, c->site->incidents[i]);
	c->catching_up = false;
}

/* True if the person or line has a notification of this round for this reason already. */
static bool just_told(const struct context *c, const struct incident *incident,
                      const struct told *told, enum reason reason)
{
	for (uint32_t i = c->site->notification_count; i-- > 0;) {
		const struct notification *n = c->site->notifications[i];
		if (n->created.steady != c->now.steady)
			break;
		if (n->incident == incident && n->reason == reason && n->to_kind == told->kind &&
		    n->round == incident->round && strcmp(n->to_id, told->id) == 0)
			return true;
	}
	return false;
}

/* What leaves with this turn is written when it leaves: it tells of a joining, too. */
static bool knows_anyway(const struct context *c, const struct incident *incident,
                         const struct told *told, const struct message *message)
{
	if (message->press)
		return false;
	return message->reason == REASON_JOINED
	               ? notification_leaves(c, incident, told->kind, told->id)
	               : just_told(c, incident, told, message->reason);
}

static void tell_again(struct context *c, struct incident *incident, struct message message,
                       const char *but, steady_ms due)
{
	const struct site_def *def = c->site->def;
	uint32_t count = incident->told_count; /* notify() may find the list already complete */
	for (uint32_t i = 0; i < count; i++) {
		const struct told *told = &incident->told[i];
		struct resolved_recipient who = {
		        .kind = told->kind,
		        .position = told->kind == RECIPIENT_PERSON
		                            ? site_def_person(def, told->id)
		                            : site_def_channel(def, told->id)};
		if (but && told->kind == RECIPIENT_PERSON && strcmp(told->id, but) == 0)
			continue;
		if (who.position != POSITION_NONE && !knows_anyway(c, incident, told, &message))
			say_late(c, notify_message(c, incident, who, message), due);
	}
}

void tell_told(struct context *c, struct incident *incident, enum reason reason, const char *but)
{
	tell_again(c, incident, (struct message){.reason = reason, .step = incident->step}, but,
	           c->now.steady);
}

void tell_of_press(struct context *c, struct incident *incident)
{
	tell_again(c, incident,
	           (struct message){.reason = REASON_JOINED, .step = incident->step, .press = true},
	           NULL, c->now.steady);
}

void tell_of_report(struct context *c, struct incident *incident, const char *by, const char *note)
{
	const struct site_def *def = c->site->def;
	bool chinese = def->language && strncmp(def->language, "zh", 2) == 0;
	uint32_t person = site_def_person(def, by);
	struct text said = {0};
	text_addf(&said, chinese ? "%s 又报告" : "Reported again by %s",
	          person == POSITION_NONE ? by : def->people[person].name);
	if (note && *note)
		text_addf(&said, chinese ? "：%s" : ": %s", note);
	tell_again(c, incident,
	           (struct message){.reason = REASON_JOINED,
	                            .step = incident->step,
	                            .said = text_get(&said)},
	           NULL, c->now.steady);
	text_finish(&said);
}

void escalate_begin(struct context *c, struct incident *incident, enum reason reason,
                    steady_ms since)
{
	incident->round++;
	incident->round_at = since;
	incident->step = 0;
	incident->step_reason = reason;
	incident->step_pending = incident->step_reached = 0;
	incident->exhausted = false;
	timer_stop(&c->site->timers, &incident->resolve_due);
	for (uint32_t i = 0; i < incident->told_count; i++) {
		incident->told[i].touched |= incident->told[i].acknowledged;
		incident->told[i].acknowledged = false;
	}
	steady_ms first = since + incident->policy->steps[0].after;
	timer_set(&c->site->timers, &incident->step_due, first);
	bool told_before = incident->told_count;
	if (first <= c->now.steady)
		escalate_due(c, incident);
	if (told_before)
		tell_again(c, incident, (struct message){.reason = reason, .step = incident->step},
		           NULL, since);
}

void escalate_help(struct context *c, struct incident *incident, const char *by)
{
	steady_ms now = c->now.steady;
	told_acknowledges(c, incident, by);
	incident->state = STATE_OPEN;
	incident->acknowledged = (struct moment){0};
	own(&incident->owner, by);
	own(&incident->help_by, by);
	touch_incident(c, incident);
	timer_stop(&c->site->timers, &incident->resolve_due);
	timer_stop(&c->site->timers, &incident->step_due);
	run_next(c, incident, now);
	/* The steps behind this one keep their distance to it. */
	incident->round_at = now - incident->policy->steps[incident->step - 1].after;
	set_next(c, incident, now);
}

void escalate_stop(struct context *c, struct incident *incident)
{
	timer_stop(&c->site->timers, &incident->step_due);
	incident->step_pending = 0;
}

static bool counts(const struct notification *n)
{
	const struct incident *incident = n->incident;
	return incident->state == STATE_OPEN && n->run && n->run == incident->run &&
	       incident->step_pending;
}

void escalate_reached_late(struct context *c, struct notification *n)
{
	if (!counts(n))
		return;
	n->incident->step_reached++;
	touch_incident(c, n->incident);
}

void escalate_progress(struct context *c, struct notification *n, bool reached)
{
	struct incident *incident = n->incident;
	if (!counts(n))
		return;
	incident->step_pending--;
	if (reached)
		incident->step_reached++;
	touch_incident(c, incident);
	if (incident->step_pending || incident->step_reached)
		return;
	record_gap(c, incident, incident->exhausted ? incident->policy->count + 1 : incident->step,
	           "every delivery has failed");
	if (incident->step < incident->policy->count) {
		steady_ms now = c->now.steady;
		timer_stop(&c->site->timers, &incident->step_due);
		run_next(c, incident, now);
		set_next(c, incident, now);
	} else {
		use_last_resort(c, incident);
	}
}
