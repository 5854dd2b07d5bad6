/* An incident's life: open, joined, raised, cleared, acknowledged, opened again, resolved. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decide/core.h"

void own(const char **place, const char *text)
{
	char *copy = mem_copy(text);
	free((char *)*place);
	*place = copy;
}

struct told *incident_told(const struct incident *incident, enum recipient_kind kind,
                           const char *id)
{
	uint32_t hash = (uint32_t)index_hash(id);
	for (uint32_t i = 0; i < incident->told_count; i++) {
		struct told *told = &incident->told[i];
		if (told->hash == hash && told->kind == kind && strcmp(told->id, id) == 0)
			return told;
	}
	return NULL;
}

struct told *incident_add_told(struct incident *incident, enum recipient_kind kind, const char *id)
{
	MEM_RESERVE_FROM(2, incident->told, incident->told_count, incident->told_cap);
	struct told *told = &incident->told[incident->told_count++];
	*told = (struct told){.kind = kind, .hash = (uint32_t)index_hash(id), .id = mem_copy(id)};
	return told;
}

void incident_touch_parts(struct incident *incident, bool touched)
{
	for (uint32_t i = 0; i < incident->signal_count; i++)
		incident->signals[i].touched = touched;
	for (uint32_t i = 0; i < incident->told_count; i++)
		incident->told[i].touched = touched;
}

void incident_hear(struct incident *incident, const char *by, const char *note)
{
	if (!incident->reported_by)
		own(&incident->reported_by, by);
	const char *before = incident->note;
	if (!note || !*note || (before && strcmp(before, note) == 0))
		return;
	if (!before || strlen(before) + 1 + strlen(note) > NOTE_MAX) {
		own(&incident->note, note);
		return;
	}
	struct text both = {0};
	text_addf(&both, "%s\n%s", before, note);
	incident->note = text_take(&both);
	free((char *)before);
}

struct incident *incident_create(void)
{
	struct incident *incident = NEW(struct incident);
	incident->step_due.owner = incident;
	incident->step_due.type = TIMER_STEP;
	incident->resolve_due.owner = incident;
	incident->resolve_due.type = TIMER_RESOLVE;
	return incident;
}

void incident_destroy(struct incident *incident)
{
	if (!incident)
		return;
	for (uint32_t i = 0; i < incident->signal_count; i++) {
		free((char *)incident->signals[i].device);
		free((char *)incident->signals[i].device_name);
	}
	for (uint32_t i = 0; i < incident->told_count; i++)
		free((char *)incident->told[i].id);
	for (uint32_t i = 0; i < incident->zone_depth; i++)
		free((char *)incident->zone_path[i]);
	free(incident->zone_path);
	free(incident->signals);
	free(incident->told);
	free((char *)incident->zone);
	free((char *)incident->zone_name);
	free((char *)incident->subject);
	free((char *)incident->owner);
	free((char *)incident->reported_by);
	free((char *)incident->note);
	free((char *)incident->resolved_by);
	free((char *)incident->on_site);
	free((char *)incident->doubted_by);
	free((char *)incident->help_by);
	policy_destroy(incident->policy);
	free(incident);
}

bool incident_is_active(const struct incident *incident)
{
	return incident->state != STATE_RESOLVED;
}

struct incident *incident_find(const struct site *site, const struct cause *cause)
{
	const char *zone = site->def->zones[cause->zone].id;
	if (!open_may_be_at(site, cause->kind, zone))
		return NULL;
	for (uint32_t i = 0; i < site->incident_count; i++) {
		struct incident *incident = site->incidents[i];
		if (incident->kind == cause->kind && incident_is_active(incident) &&
		    incident->drill == cause->drill &&
		    text_same(incident->subject, cause->subject) &&
		    strcmp(incident->zone, zone) == 0)
			return incident;
	}
	return NULL;
}

void incident_set_zone(struct incident *incident, const struct site_def *def, uint32_t zone)
{
	own(&incident->zone, def->zones[zone].id);
	own(&incident->zone_name, def->zones[zone].name);
	uint32_t depth = 0;
	for (uint32_t z = zone; z != POSITION_NONE; z = def->zones[z].in)
		depth++;
	incident->zone_path = NEW_ARRAY(const char *, depth);
	incident->zone_depth = depth;
	for (uint32_t z = zone; z != POSITION_NONE; z = def->zones[z].in)
		incident->zone_path[--depth] = mem_copy(def->zones[z].id);
}

uint32_t incident_zone(const struct site_def *def, const struct incident *incident)
{
	uint32_t zone = site_def_zone(def, incident->zone);
	for (uint32_t depth = incident->zone_depth; depth-- > 0 && zone == POSITION_NONE;)
		zone = site_def_zone(def, incident->zone_path[depth]);
	return zone;
}

static void take_policy(struct context *c, struct incident *incident)
{
	const struct policy *policy = policy_for(c->site->def, incident->kind, incident->severity);
	policy_destroy(incident->policy);
	incident->policy = policy_copy(policy ? policy : &last_resort_policy);
}

/* A clock that went back a year goes on counting in the later one: ids stay unique. */
void incidents_count_by_year(struct site *site, wall_ms now)
{
	int32_t year = civil_from_wall(&site->def->timezone, now).year;
	if (year <= site->incident_year)
		return;
	site->incident_year = year;
	site->next_incident = 1;
}

struct incident *incident_prepare(struct context *c, const struct cause *cause, bool *fresh)
{
	struct site *site = c->site;
	struct incident *incident = incident_find(site, cause);
	*fresh = !incident;
	if (incident)
		return incident;
	incident = incident_create();
	incidents_count_by_year(site, c->now.wall);
	incident->number = site->next_incident++;
	snprintf(incident->id, sizeof incident->id, "%s-%d-%06u", site->def->id,
	         site->incident_year, incident->number);
	incident->kind = cause->kind;
	incident->severity = cause->severity;
	own(&incident->subject, cause->subject);
	own(&incident->reported_by, cause->by);
	own(&incident->note, cause->note);
	incident->opened = c->now;
	incident->silent = cause->silent;
	incident->drill = cause->drill;
	incident_set_zone(incident, site->def, cause->zone);
	site_adopt_incident(site, incident);
	return incident;
}

static struct incident_signal *find_signal(struct incident *incident, const char *device,
                                           enum kind kind)
{
	for (uint32_t i = 0; i < incident->signal_count; i++)
		if (incident->signals[i].kind == kind &&
		    strcmp(incident->signals[i].device, device) == 0)
			return &incident->signals[i];
	return NULL;
}

bool incident_has_signal(const struct incident *incident, const char *device, enum kind kind)
{
	for (uint32_t i = 0; incident && i < incident->signal_count; i++)
		if (incident->signals[i].kind == kind &&
		    strcmp(incident->signals[i].device, device) == 0)
			return true;
	return false;
}

bool incident_has_active(const struct incident *incident, const char *device, enum kind kind)
{
	for (uint32_t i = 0; incident && i < incident->signal_count; i++)
		if (incident->signals[i].kind == kind && incident->signals[i].active &&
		    strcmp(incident->signals[i].device, device) == 0)
			return true;
	return false;
}

/* Returns true if the point was not in the incident before. */
static bool add_signal(struct context *c, struct incident *incident, const struct cause *cause)
{
	if (!cause->device)
		return false;
	struct incident_signal *signal = find_signal(incident, cause->device, cause->signal);
	bool added = !signal;
	if (added) {
		MEM_RESERVE_FROM(2, incident->signals, incident->signal_count,
		                 incident->signal_cap);
		signal = &incident->signals[incident->signal_count++];
		*signal = (struct incident_signal){.device = mem_copy(cause->device),
		                                   .device_name = mem_copy(cause->device_name),
		                                   .kind = cause->signal};
		open_marks_signal(c->site, cause->device, cause->signal);
	}
	signal->active = true;
	signal->time = cause->time;
	signal->at = c->now.steady;
	signal->presses++;
	signal->touched = true;
	return added;
}

void incident_open(struct context *c, struct incident *incident, const struct cause *cause)
{
	add_signal(c, incident, cause);
	take_policy(c, incident);
	if (cause->policy) {
		policy_destroy(incident->policy);
		incident->policy = policy_copy(cause->policy);
	}
	touch_incident(c, incident);
	struct text *data = record(c);
	json_put_string(data, "kind", incident_kind_name(incident->kind));
	json_put_string(data, "severity", severity_name(incident->severity));
	json_put_string(data, "zone", incident->zone);
	json_put_string(data, "policy", incident->policy->id);
	if (cause->device)
		json_put_string(data, "signal", kind_name(cause->signal));
	if (incident->subject)
		json_put_string(data, "subject", incident->subject);
	if (incident->drill)
		json_put_bool(data, "drill", true);
	if (incident->note)
		json_put_string(data, "note", incident->note);
	record_end(c, (struct entry){.type = "incident.opened",
	                             .time = cause->time,
	                             .device = cause->device,
	                             .incident = incident->id,
	                             .by = cause->by});
	escalate_begin(c, incident, REASON_OPENED, c->now.steady);
	drill_meets(c, incident);
	reporting_begin(c, incident, SEVERITY_NONE);
}

/* A stranger is no device of the site file. */
static bool is_another(const struct site_def *def, const char *a, const char *b)
{
	uint32_t one = site_def_device(def, a), two = site_def_device(def, b);
	if (one == POSITION_NONE || two == POSITION_NONE)
		return strcmp(a, b) != 0;
	return !device_is_same(&def->devices[one], &def->devices[two]);
}

/* Two devices of the zone within CONFIRM_WITHIN of each other make a fire certain. */
static bool is_confirmed(const struct context *c, const struct incident *incident,
                         const struct cause *cause)
{
	if (!cause->confirms)
		return false;
	for (uint32_t i = 0; i < incident->signal_count; i++) {
		const struct incident_signal *other = &incident->signals[i];
		if (kind_facts[other->kind].confirms &&
		    c->now.steady - other->at <= CONFIRM_WITHIN &&
		    is_another(c->site->def, other->device, cause->device))
			return true;
	}
	return false;
}

bool incident_would_rise(const struct context *c, const struct incident *incident,
                         const struct cause *cause)
{
	return cause->severity > incident->severity ||
	       (is_confirmed(c, incident, cause) && incident->severity < SEVERITY_CRITICAL);
}

void incident_take_again(struct context *c, struct incident *incident, const struct cause *cause)
{
	add_signal(c, incident, cause);
	incident->cleared = false;
	touch_incident(c, incident);
}

static void raise_severity(struct context *c, struct incident *incident, enum severity to)
{
	struct text *data = record(c);
	enum severity from = incident->severity;
	json_put_string(data, "from", severity_name(from));
	json_put_string(data, "to", severity_name(to));
	incident->severity = to;
	take_policy(c, incident);
	json_put_string(data, "policy", incident->policy->id);
	record_end(c, (struct entry){.type = "incident.raised", .incident = incident->id});
	/* An acknowledgement was for what was known then: the rise asks for a new one. */
	incident->state = STATE_OPEN;
	escalate_begin(c, incident, REASON_RAISED, c->now.steady);
	reporting_begin(c, incident, from);
}

void incident_join(struct context *c, struct incident *incident, const struct cause *cause)
{
	bool was_over = incident->cleared;
	enum severity severity = cause->severity;
	if (is_confirmed(c, incident, cause))
		severity = SEVERITY_CRITICAL;
	bool added = add_signal(c, incident, cause);
	incident->cleared = false;
	incident->silent &= cause->silent;
	if (cause->by)
		incident_hear(incident, cause->by, cause->note);
	own(&incident->doubted_by, NULL); /* it goes on: the word was too early */
	touch_incident(c, incident);
	struct text *data = record(c);
	if (cause->device)
		json_put_string(data, "kind", kind_name(cause->signal));
	if (cause->note)
		json_put_string(data, "note", cause->note);
	record_end(c, (struct entry){.type = "incident.joined",
	                             .time = cause->time,
	                             .device = cause->device,
	                             .incident = incident->id,
	                             .by = cause->by});
	if (severity > incident->severity)
		raise_severity(c, incident, severity);
	else if (cause->press)
		tell_of_press(c, incident);
	else if (cause->by)
		tell_of_report(c, incident, cause->by, cause->note);
	else if (added || was_over)
		tell_told(c, incident, REASON_JOINED, NULL);
}

static bool all_clear(const struct incident *incident)
{
	for (uint32_t i = 0; i < incident->signal_count; i++)
		if (incident->signals[i].active)
			return false;
	return incident->signal_count > 0;
}

void incident_clear(struct context *c, struct incident *incident, const char *device, wall_ms time)
{
	incident->cleared = true;
	touch_incident(c, incident);
	record(c);
	record_end(c, (struct entry){.type = "incident.cleared",
	                             .time = time,
	                             .device = device,
	                             .incident = incident->id});
}

static void clear_signal(struct context *c, struct incident *incident,
                         struct incident_signal *signal, wall_ms time)
{
	signal->active = false;
	signal->touched = true;
	signal->time = time;
	touch_incident(c, incident);
	if (!all_clear(incident) || incident->cleared)
		return;
	incident_clear(c, incident, signal->device, time);
	if (!incident_kind_latches(incident->kind) && !chatter_is_subject(incident))
		incident_resolve(c, incident, NULL, OUTCOME_NONE, NULL);
}

void incident_signal_cleared(struct context *c, const char *device, enum kind kind, wall_ms time)
{
	if (!open_may_hold(c->site, device, kind))
		return;
	for (uint32_t i = 0; i < c->site->incident_count; i++) {
		struct incident *incident = c->site->incidents[i];
		if (!incident_is_active(incident))
			continue;
		struct incident_signal *signal = find_signal(incident, device, kind);
		if (signal && signal->active)
			clear_signal(c, incident, signal, time);
	}
}

void incident_acknowledge(struct context *c, struct incident *incident, const char *by)
{
	told_acknowledges(c, incident, by);
	touch_incident(c, incident);
	if (incident->state == STATE_ACKNOWLEDGED)
		return;
	incident->state = STATE_ACKNOWLEDGED;
	incident->acknowledged = c->now;
	own(&incident->owner, by);
	own(&incident->help_by, NULL);
	escalate_stop(c, incident);
	timer_set(&c->site->timers, &incident->resolve_due,
	          c->now.steady + incident->policy->resolve_within);
	struct text *data = record(c);
	json_put_string(data, "owner", by);
	json_put_int(data, "after_ms", c->now.steady - incident->opened.steady);
	json_put_int(data, "resolve_within_ms", incident->policy->resolve_within);
	record_end(c, (struct entry){
	                      .type = "incident.acknowledged", .incident = incident->id, .by = by});
	notifications_expire(c, incident, NULL);
	tell_told(c, incident, REASON_ACKNOWLEDGED, by);
}

void incident_replace_owner(struct context *c, struct incident *incident, const char *to)
{
	own(&incident->owner, to);
	touch_incident(c, incident);
	struct text *data = record(c);
	json_put_string(data, "owner", to);
	record_end(c, (struct entry){.type = "incident.assigned", .incident = incident->id});
	notify_id(c, incident, RECIPIENT_PERSON, to, REASON_HANDOVER, incident->step);
}

void incident_take_over(struct context *c, struct incident *incident, const char *by)
{
	struct text *data = record(c);
	json_put_string(data, "owner_was", incident->owner);
	json_put_string(data, "owner", by);
	record_end(c,
	           (struct entry){.type = "incident.assigned", .incident = incident->id, .by = by});
	own(&incident->owner, by);
	told_acknowledges(c, incident, by);
	touch_incident(c, incident);
	tell_told(c, incident, REASON_ACKNOWLEDGED, by);
}

void incident_reopen(struct context *c, struct incident *incident)
{
	steady_ms since = incident->resolve_due.due;
	struct text *data = record(c);
	json_put_string(data, "owner_was", incident->owner);
	json_put_int(data, "resolve_within_ms", incident->policy->resolve_within);
	json_put_string(data, "why", "not resolved in time after the acknowledgement");
	json_put_int(data, "late_ms", c->now.steady - since);
	record_end(c, (struct entry){.type = "incident.reopened", .incident = incident->id});
	incident->state = STATE_OPEN;
	incident->acknowledged = (struct moment){0};
	own(&incident->owner, NULL);
	own(&incident->help_by, NULL);
	touch_incident(c, incident);
	escalate_begin(c, incident, REASON_REOPENED, since);
}

/* What is still active stays known as active, but a person has dealt with it; a button is pressed
 * no more. */
static void settle_devices(struct context *c, const struct incident *incident)
{
	for (uint32_t i = 0; i < incident->signal_count; i++) {
		const struct incident_signal *signal = &incident->signals[i];
		uint32_t device = site_def_device(c->site->def, signal->device);
		if (!signal->active)
			continue;
		if (device == POSITION_NONE) {
			stranger_settles(c, signal->device, signal->kind);
			continue;
		}
		uint32_t mask = (uint32_t)1 << signal->kind;
		c->site->devices[device].settled |= mask;
		if (kind_facts[signal->kind].momentary)
			c->site->devices[device].active &= ~mask;
		touch_device(c, device);
	}
}

void incident_resolve(struct context *c, struct incident *incident, const char *by,
                      enum outcome outcome, const char *note)
{
	escalate_stop(c, incident);
	timer_stop(&c->site->timers, &incident->resolve_due);
	incident->state = STATE_RESOLVED;
	incident->outcome = outcome;
	incident->resolved = c->now;
	own(&incident->resolved_by, by);
	if (note)
		own(&incident->note, note);
	touch_incident(c, incident);
	if (by || outcome != OUTCOME_NONE)
		settle_devices(c, incident);
	struct text *data = record(c);
	json_put_string(data, "outcome", outcome_name(outcome));
	json_put_int(data, "after_ms", c->now.steady - incident->opened.steady);
	if (note)
		json_put_string(data, "note", note);
	record_end(c,
	           (struct entry){.type = "incident.resolved", .incident = incident->id, .by = by});
	notifications_expire(c, incident, NULL);
	tell_told(c, incident, REASON_RESOLVED, NULL);
	reporting_resolved(c, incident);
}

void incident_end(struct context *c, struct incident *incident, const char *note)
{
	incident->cleared = true;
	incident_resolve(c, incident, NULL, OUTCOME_NONE, note);
}
