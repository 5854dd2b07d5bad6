/* What people do. Each operation is checked whole before anything changes, recorded as an
 * `operator` entry, and harmless when repeated. */
#include <errno.h>
#include <string.h>

#include "decide/core.h"

static const char *const names[] = {
        "ack",           "resolve",      "note",          "assign",
        "report",        "test",         "reply",         "accept handover",
        "arm",           "disarm",       "silence",       "end silence",
        "drill",         "end drill",    "walk test",     "override",
        "end override",  "heartbeat",    "confirm test",  "hazard",
        "remedy hazard", "close hazard", "reopen hazard", "assign hazard",
        "made report",   "end arming"};

const char *operation_name(enum operation_type type)
{
	return names[type];
}

void record_operation(struct context *c, const struct operation *op, const char *incident)
{
	struct text *data = record(c);
	json_put_string(data, "action", names[op->type]);
	if (op->via)
		json_put_string(data, "via", op->via);
	if (op->type == OPERATION_RESOLVE)
		json_put_string(data, "outcome", outcome_name(op->outcome));
	if (op->type == OPERATION_REPLY)
		json_put_string(data, "choice", reply_name(op->reply));
	if (op->standing)
		json_put_string(data, "standing", op->standing);
	if (op->zone)
		json_put_string(data, "zone", op->zone);
	if (op->zone_count) {
		json_open(data, "zones", '[');
		for (uint32_t i = 0; i < op->zone_count; i++)
			json_put_string(data, NULL, op->zones[i]);
		json_close(data, ']');
	}
	if (op->device)
		json_put_string(data, "device", op->device);
	if (op->kinds)
		kinds_write_json(data,
		                 op->type == OPERATION_DRILL ? STANDING_DRILL : STANDING_SILENCE,
		                 op->kinds);
	if (op->span)
		json_put_int(data, "span_ms", op->span);
	if (op->force)
		json_put_bool(data, "force", true);
	if (op->type == OPERATION_DRILL)
		json_put_bool(data, "announced", op->announced);
	if (op->type == OPERATION_REPORT) { /* so that a replay can report it again */
		json_put_string(data, "kind", incident_kind_name(op->kind));
		if (op->severity != SEVERITY_NONE)
			json_put_string(data, "severity", severity_name(op->severity));
	}
	if (op->to)
		json_put_string(data, "to", op->to);
	if (op->type == OPERATION_REPORTED && op->from)
		json_put_time(data, "at", op->from);
	if (op->note)
		json_put_string(data, "note", op->note);
	record_end(c, (struct entry){.type = "operator", .incident = incident, .by = op->by});
}

int check_person(const struct context *c, const char *id, const char *what)
{
	if (!id || !*id)
		return problem_set(c->why, -EINVAL, "%s is missing: give the id of a person", what);
	if (site_def_person(c->site->def, id) == POSITION_NONE)
		return problem_set(c->why, -EINVAL, "%s: no person '%s' at site '%s'", what, id,
		                   c->site->def->id);
	return 0;
}

static int check_note(const struct context *c, const struct operation *op)
{
	if (op->note && strlen(op->note) > NOTE_MAX)
		return problem_set(c->why, -EINVAL, "note is longer than %d bytes", NOTE_MAX);
	if (op->note && !text_is_utf8(op->note, strlen(op->note)))
		return problem_set(c->why, -EINVAL, "note is not valid UTF-8");
	return 0;
}

static int find_incident(const struct context *c, const struct operation *op, struct incident **out)
{
	struct incident *incident = op->incident ? site_incident(c->site, op->incident) : NULL;
	if (!incident)
		return problem_set(c->why, -ENOENT, "no incident '%s'",
		                   op->incident ? op->incident : "");
	*out = incident;
	if (incident->state == STATE_RESOLVED) {
		c->plan->answer = incident;
		return problem_set(c->why, -EALREADY, "incident '%s' is already resolved",
		                   incident->id);
	}
	return 0;
}

static int acknowledge(struct context *c, const struct operation *op)
{
	struct incident *incident;
	int r = check_person(c, op->by, "by");
	if (r == 0)
		r = find_incident(c, op, &incident);
	if (r < 0)
		return r;
	c->plan->answer = incident;
	if (incident->state == STATE_ACKNOWLEDGED && strcmp(incident->owner, op->by) == 0 &&
	    !op->note && !notification_is_due(c, incident, op->by))
		return 0;
	record_operation(c, op, incident->id);
	handovers_accept_for(c, incident, op->by);
	incident_acknowledge(c, incident, op->by);
	notifications_expire(c, incident, op->by);
	return 0;
}

static int resolve(struct context *c, const struct operation *op)
{
	struct incident *incident;
	int r = check_person(c, op->by, "by");
	if (r == 0 && op->outcome == OUTCOME_NONE)
		r = problem_set(c->why, -EINVAL,
		                "outcome is missing: real, false_alarm, test, drill or unknown");
	if (r == 0)
		r = find_incident(c, op, &incident);
	if (r < 0)
		return r;
	c->plan->answer = incident;
	if (op->outcome == OUTCOME_FALSE_ALARM && c->site->def->second_word_always)
		return call_off(c, op, incident);
	record_operation(c, op, incident->id);
	incident_resolve(c, incident, op->by, op->outcome, op->note);
	return 0;
}

static int add_note(struct context *c, const struct operation *op)
{
	struct incident *incident;
	int r = op->by ? check_person(c, op->by, "by") : 0;
	if (r == 0 && (!op->note || !*op->note))
		r = problem_set(c->why, -EINVAL, "note is missing");
	if (r == 0)
		r = find_incident(c, op, &incident);
	if (r < 0)
		return r;
	c->plan->answer = incident;
	record_operation(c, op, incident->id);
	return 0;
}

static int assign(struct context *c, const struct operation *op)
{
	struct incident *incident;
	int r = check_person(c, op->to, "to");
	if (r == 0 && op->by)
		r = check_person(c, op->by, "by");
	if (r == 0)
		r = find_incident(c, op, &incident);
	if (r < 0)
		return r;
	c->plan->answer = incident;
	if (incident->owner && strcmp(incident->owner, op->to) == 0)
		return 0;
	record_operation(c, op, incident->id);
	incident_replace_owner(c, incident, op->to);
	return 0;
}

static int reply(struct context *c, const struct operation *op)
{
	struct incident *incident;
	int r = check_person(c, op->by, "by");
	if (r == 0)
		r = find_incident(c, op, &incident);
	if (r < 0)
		return r;
	c->plan->answer = incident;
	return reply_operate(c, op, incident);
}

static int accept_handover(struct context *c, const struct operation *op)
{
	int r = check_person(c, op->by, "by");
	return r < 0 ? r : handover_operate(c, op);
}

static enum severity usual_severity(enum incident_kind kind)
{
	enum severity severity = SEVERITY_NONE;
	for (int i = 0; i < KIND_COUNT; i++)
		if (kind_facts[i].raises == kind &&
		    (severity == SEVERITY_NONE || kind_facts[i].severity < severity))
			severity = kind_facts[i].severity;
	return severity == SEVERITY_NONE ? SEVERITY_MAJOR : severity;
}

/* As somebody says, who may know better than the sensors do; but whoever reports a fire, gas or
 * somebody in need is never told to fewer than a sensor would tell. */
static enum severity reported_severity(const struct operation *op)
{
	enum severity usual = usual_severity(op->kind);
	if (op->severity == SEVERITY_NONE ||
	    (incident_kind_is_life_safety(op->kind) && op->severity < usual))
		return usual;
	return op->severity;
}

static int report(struct context *c, const struct operation *op)
{
	int r = check_person(c, op->by, "by");
	if (r < 0)
		return r;
	uint32_t zone = op->zone ? site_def_zone(c->site->def, op->zone) : POSITION_NONE;
	if (zone == POSITION_NONE)
		return problem_set(c->why, -EINVAL, "no zone '%s' at site '%s'",
		                   op->zone ? op->zone : "", c->site->def->id);
	if (op->kind == INCIDENT_KIND_NONE)
		return problem_set(c->why, -EINVAL,
		                   "kind is missing or unknown: fire, gas, panic, "
		                   "water, intrusion, tamper, trouble or other");
	struct cause cause = {.zone = zone,
	                      .kind = op->kind,
	                      .severity = reported_severity(op),
	                      .time = c->now.wall,
	                      .by = op->by,
	                      .note = op->note};
	cause.drill = drill_covers(c->site, zone, op->kind);
	bool fresh;
	struct incident *incident = incident_prepare(c, &cause, &fresh);
	record_operation(c, op, incident->id);
	if (fresh)
		incident_open(c, incident, &cause);
	else
		incident_join(c, incident, &cause);
	c->plan->answer = incident;
	return 0;
}

static int test(struct context *c, const struct operation *op)
{
	const struct site_def *def = c->site->def;
	struct recipient to;
	struct resolved_recipient who[64];
	int r = op->by ? check_person(c, op->by, "by") : 0;
	if (r < 0)
		return r;
	if (!op->to || !recipient_parse(op->to, &to) || to.kind == RECIPIENT_ZONE_OWNER)
		return problem_set(c->why, -EINVAL,
		                   "to: wanted is person:ID, duty:ID or channel:ID");
	uint32_t count = recipients_resolve(def, &c->site->duty, &to, 1, POSITION_NONE, c->now.wall,
	                                    who, 64);
	if (!count)
		return problem_set(c->why, -ENOENT, "'%s' is nobody at site '%s' now", op->to,
		                   def->id);
	for (uint32_t i = 0; i < count; i++)
		if (!is_inside(def, who[i]))
			return problem_set(c->why, -EINVAL,
			                   "'%s' is an outside line: tests never reach it", op->to);
	record_operation(c, op, NULL);
	for (uint32_t i = 0; i < count; i++) {
		if (who[i].kind == RECIPIENT_PERSON)
			proof_send(c, who[i].position, op->by ? op->by : op->via);
		else
			notify(c, NULL, who[i], REASON_TEST, 0);
	}
	return 0;
}

/* As often as it comes it is no entry of its own: that it comes again after a silence is. */
static int heartbeat(struct context *c, const struct operation *op)
{
	if (!op->device || site_def_device(c->site->def, op->device) == POSITION_NONE)
		return problem_set(c->why, -ENOENT, "no device '%s' at site '%s'",
		                   op->device ? op->device : "", c->site->def->id);
	sense_status(c, &(struct device_status){.device = op->device, .online = true});
	return 0;
}

int operate(struct context *c, const struct operation *op)
{
	int r = check_note(c, op);
	if (r < 0)
		return r;
	switch (op->type) {
	case OPERATION_ACK:
		return acknowledge(c, op);
	case OPERATION_RESOLVE:
		return resolve(c, op);
	case OPERATION_NOTE:
		return add_note(c, op);
	case OPERATION_ASSIGN:
		return assign(c, op);
	case OPERATION_REPORT:
		return report(c, op);
	case OPERATION_HEARTBEAT:
		return heartbeat(c, op);
	case OPERATION_CONFIRM:
		return proof_confirm(c, op);
	case OPERATION_TEST:
		return test(c, op);
	case OPERATION_REPLY:
		return reply(c, op);
	case OPERATION_ARM:
	case OPERATION_DISARM:
		return arm_operate(c, op);
	case OPERATION_ARMING_END:
		return arming_end_operate(c, op);
	case OPERATION_SILENCE:
	case OPERATION_SILENCE_END:
		return silence_operate(c, op);
	case OPERATION_DRILL:
	case OPERATION_DRILL_END:
		return drill_operate(c, op);
	case OPERATION_WALK_TEST:
		return walk_test_operate(c, op);
	case OPERATION_DUTY_OVERRIDE:
		return duty_override_operate(c, op);
	case OPERATION_DUTY_CANCEL:
		return duty_cancel_operate(c, op);
	case OPERATION_REPORTED:
		return reporting_operate(c, op);
	case OPERATION_HAZARD:
	case OPERATION_HAZARD_REMEDY:
	case OPERATION_HAZARD_CLOSE:
	case OPERATION_HAZARD_REOPEN:
	case OPERATION_HAZARD_ASSIGN:
		return hazard_operate(c, op);
	case OPERATION_HANDOVER_ACCEPT:
		return accept_handover(c, op);
	}
	return problem_set(c->why, -EINVAL, "unknown operation");
}
