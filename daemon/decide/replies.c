/* What somebody who was told answers: take it, on site, need help, hand over, false alarm. */
#include <errno.h>
#include <string.h>

#include "decide/core.h"

static const char *const replies[REPLY_COUNT] = {"take", "on_site", "need_help", "hand_over",
                                                 "false_alarm"};

const char *reply_name(enum choice reply)
{
	return reply < REPLY_COUNT ? replies[reply] : "none";
}

enum choice reply_from_name(const char *name)
{
	int i = 0;
	while (i < REPLY_COUNT && strcmp(replies[i], name) != 0)
		i++;
	return (enum choice)i;
}

/* A press can be a hand in a pocket, but one person alone does not call off a critical alarm, and
 * nobody calls off a panic without saying why. (Resolving is another matter: that is for who has
 * looked into it at the console, with an outcome; where the site file says `second_word: always` it
 * is the same.) */
static bool needs_second_word(const struct incident *incident)
{
	return incident->severity == SEVERITY_CRITICAL && !incident->drill;
}

int call_off(struct context *c, const struct operation *op, struct incident *incident)
{
	if (!needs_second_word(incident)) {
		record_operation(c, op, incident->id);
		incident_resolve(c, incident, op->by, OUTCOME_FALSE_ALARM, op->note);
		return 0;
	}
	bool first = !incident->doubted_by;
	if (!first && strcmp(incident->doubted_by, op->by) == 0)
		return 0; /* said already: it needs somebody else's word */
	if (incident->kind == INCIDENT_PANIC && (!op->note || !*op->note))
		return problem_set(c->why, -EINVAL,
		                   "note is missing: a panic is called off only with a reason");
	record_operation(c, op, incident->id);
	if (!first) {
		incident_resolve(c, incident, op->by, OUTCOME_FALSE_ALARM, op->note);
		return 0;
	}
	own(&incident->doubted_by, op->by);
	touch_incident(c, incident);
	struct text *data = record(c);
	if (op->note)
		json_put_string(data, "note", op->note);
	record_end(c, (struct entry){
	                      .type = "incident.doubted", .incident = incident->id, .by = op->by});
	if (incident->state == STATE_OPEN)
		incident_acknowledge(c, incident, op->by);
	else
		tell_told(c, incident, REASON_ACKNOWLEDGED, op->by);
	return 0;
}

static void take(struct context *c, struct incident *incident, const char *by)
{
	handovers_accept_for(c, incident, by);
	if (incident->state == STATE_ACKNOWLEDGED && strcmp(incident->owner, by) != 0)
		incident_take_over(c, incident, by);
	else
		incident_acknowledge(c, incident, by);
}

static void arrive(struct context *c, struct incident *incident, const char *by)
{
	own(&incident->on_site, by);
	touch_incident(c, incident);
	record(c);
	record_end(c,
	           (struct entry){.type = "incident.on_site", .incident = incident->id, .by = by});
	incident_acknowledge(c, incident, by);
}

static void ask_for_help(struct context *c, struct incident *incident, const struct operation *op)
{
	struct text *data = record(c);
	if (op->note)
		json_put_string(data, "note", op->note);
	record_end(c, (struct entry){.type = "incident.help_wanted",
	                             .incident = incident->id,
	                             .by = op->by});
	escalate_help(c, incident, op->by);
}

/* True if saying it again would change nothing. */
static bool is_said(const struct incident *incident, const struct operation *op)
{
	bool owns = incident->state == STATE_ACKNOWLEDGED && strcmp(incident->owner, op->by) == 0;
	if (op->note && *op->note)
		return false;
	return (op->reply == REPLY_TAKE && owns) ||
	       (op->reply == REPLY_ON_SITE && incident->on_site &&
	        strcmp(incident->on_site, op->by) == 0 && incident->state == STATE_ACKNOWLEDGED);
}

int reply_operate(struct context *c, const struct operation *op, struct incident *incident)
{
	int r;
	switch (op->reply) {
	case REPLY_FALSE_ALARM:
		return call_off(c, op, incident);
	case REPLY_HAND_OVER:
		r = check_person(c, op->to, "to");
		if (r == 0 && strcmp(op->to, op->by) == 0)
			r = problem_set(c->why, -EINVAL, "to: hand it to somebody else");
		if (r < 0)
			return r;
		record_operation(c, op, incident->id);
		handover_offer(c, incident, op->by, op->to, op->note);
		return 0;
	case REPLY_TAKE:
	case REPLY_ON_SITE:
	case REPLY_NEED_HELP:
		break;
	case REPLY_COUNT:
		return problem_set(c->why, -EINVAL,
		                   "choice is missing or unknown: take, on_site, need_help, "
		                   "hand_over or false_alarm");
	}
	if (is_said(incident, op))
		return 0;
	record_operation(c, op, incident->id);
	if (op->reply == REPLY_TAKE)
		take(c, incident, op->by);
	else if (op->reply == REPLY_ON_SITE)
		arrive(c, incident, op->by);
	else
		ask_for_help(c, incident, op);
	return 0;
}
