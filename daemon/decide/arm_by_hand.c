/* Arming by hand, delays at the door, and doors that stand open when their zone becomes armed. What
 * a person says goes before the schedule, for as long as it is said to. Fire, gas and panic ask for
 * no arming and so are never disarmed. */
#include <errno.h>
#include <string.h>

#include "decide/core.h"

#define BY_HAND_MAX DAYS(7)

/* The newest word of a person about this zone or one around it. */
static const struct standing *word_about(const struct site *site, uint32_t zone)
{
	const struct standing *newest = NULL;
	for (uint32_t i = 0; i < site->standing_count; i++) {
		const struct standing *s = site->standings[i];
		if (s->type != STANDING_ARMING || standing_is_over(s))
			continue;
		uint32_t around = site_def_zone(site->def, s->zone);
		if (around != POSITION_NONE && zone_is_within(site->def, zone, around))
			newest = s; /* they stand in the order in which they were said */
	}
	return newest;
}

bool zone_armed_now(const struct context *c, uint32_t zone)
{
	const struct site_def *def = c->site->def;
	const struct standing *word = word_about(c->site, zone);
	const struct arming *delays = arming_delays(def, zone);
	if (!word)
		return zone_is_armed(def, zone, c->now.wall);
	return word->armed &&
	       c->now.steady >= word->since.steady + (delays ? delays->exit_delay : 0);
}

/* ---- the way in ---- */

bool entry_delays(struct context *c, const struct reading *r)
{
	const struct device *device = &c->site->def->devices[r->device];
	const struct arming *delays = arming_delays(c->site->def, device->zone);
	struct cause cause = {.zone = device->zone, .kind = INCIDENT_INTRUSION};
	if ((r->kind != KIND_CONTACT && r->kind != KIND_MOTION) || !delays ||
	    !delays->entry_delay || (r->source && strcmp(r->source, "entry delay") == 0) ||
	    incident_find(c->site, &cause))
		return false;
	for (uint32_t i = 0; i < c->site->standing_count; i++) {
		const struct standing *s = c->site->standings[i];
		if (s->type == STANDING_ENTRY && !standing_is_over(s) &&
		    strcmp(s->device, device->id) == 0 && s->kinds == UINT32_C(1) << r->kind)
			return true;
	}
	struct standing *s = standing_begin(c, STANDING_ENTRY);
	own(&s->zone, c->site->def->zones[device->zone].id);
	own(&s->device, device->id);
	s->kinds = UINT32_C(1) << r->kind;
	standing_last(c, s, delays->entry_delay);
	return true;
}

void entry_over(struct context *c, struct standing *s)
{
	uint32_t device = site_def_device(c->site->def, s->device);
	standing_end(c, s, NULL, "nobody disarmed");
	for (uint32_t kind = 0; kind < KIND_COUNT && device != POSITION_NONE; kind++)
		if (s->kinds & (UINT32_C(1) << kind))
			raise_reading(c, &(struct reading){.device = device,
			                                   .kind = (enum kind)kind,
			                                   .active = true,
			                                   .time = s->since.wall,
			                                   .source = "entry delay"});
}

static void end_entries(struct context *c, uint32_t zone, const char *by)
{
	for (uint32_t i = 0; i < c->site->standing_count; i++) {
		struct standing *s = c->site->standings[i];
		uint32_t at = s->zone ? site_def_zone(c->site->def, s->zone) : POSITION_NONE;
		if (s->type == STANDING_ENTRY && !standing_is_over(s) && at != POSITION_NONE &&
		    zone_is_within(c->site->def, at, zone))
			standing_end(c, s, by, "disarmed");
	}
}

/* ---- doors that stand open ---- */

static enum kind open_kind(const struct device_state *state)
{
	for (uint32_t kind = 0; kind < KIND_COUNT; kind++)
		if (kind_facts[kind].needs_arming && (state->active & (UINT32_C(1) << kind)))
			return (enum kind)kind;
	return KIND_NONE;
}

static void tell_open(struct context *c, uint32_t position, enum kind kind)
{
	const struct device *device = &c->site->def->devices[position];
	const struct standing *word = word_about(c->site, device->zone);
	if (word && standing_has_name(word, device->id))
		return; /* whoever armed knows */
	struct cause cause = {.zone = device->zone,
	                      .kind = INCIDENT_TROUBLE,
	                      .severity = SEVERITY_WARNING,
	                      .subject = "armed-open",
	                      .device = device->id,
	                      .device_name = device->name,
	                      .signal = kind,
	                      .time = c->now.wall};
	bool fresh;
	struct incident *incident = incident_prepare(c, &cause, &fresh);
	if (fresh)
		incident_open(c, incident, &cause);
	else if (!incident_has_signal(incident, device->id, kind))
		incident_join(c, incident, &cause);
}

void arming_look(struct context *c)
{
	const struct site_def *def = c->site->def;
	c->site->any_open = false;
	for (uint32_t i = 0; i < def->device_count; i++) {
		struct device_state *state = &c->site->devices[i];
		enum kind kind = open_kind(state);
		if (kind == KIND_NONE)
			continue;
		bool was = state->armed;
		c->site->any_open = true;
		state->armed = zone_armed_now(c, def->devices[i].zone);
		struct cause cause = {.zone = def->devices[i].zone, .kind = INCIDENT_INTRUSION};
		if (state->armed && !was && kind == KIND_CONTACT && !incident_find(c->site, &cause))
			tell_open(c, i, kind);
	}
}

/* ---- by hand ---- */

void arming_over(struct context *c, struct standing *s, const char *by, const char *how)
{
	standing_end(c, s, by, how);
	record_standing(c, s, "arming", "ended", by);
	arming_look(c);
}

static uint32_t list_open(const struct context *c, uint32_t zone, struct standing *into,
                          struct text *text)
{
	const struct site_def *def = c->site->def;
	uint32_t count = 0;
	for (uint32_t i = 0; i < def->device_count; i++) {
		if (!zone_is_within(def, def->devices[i].zone, zone) ||
		    open_kind(&c->site->devices[i]) != KIND_CONTACT)
			continue;
		const struct device *device = &def->devices[i];
		if (into)
			standing_add_name(into, device->id);
		if (text && count < 5)
			text_addf(text, "%s%s", count ? ", " : "", device->id);
		if (text && count < 5 && strcmp(device->name, device->id) != 0)
			text_addf(text, " (%s)", device->name);
		count++;
	}
	return count;
}

static int check_arm(struct context *c, const struct operation *op, uint32_t *zone)
{
	int r = check_person(c, op->by, "by");
	if (r < 0)
		return r;
	*zone = op->zone ? site_def_zone(c->site->def, op->zone) : POSITION_NONE;
	if (*zone == POSITION_NONE)
		return problem_set(c->why, -ENOENT, "no zone '%s' at site '%s'",
		                   op->zone ? op->zone : "", c->site->def->id);
	if (!op->note || !*op->note)
		return problem_set(c->why, -EINVAL, "note is missing: say why");
	if (op->span < 0 || op->span > BY_HAND_MAX)
		return problem_set(c->why, -EINVAL, "it lasts up to 7d");
	if (op->type == OPERATION_DISARM && !op->span)
		return problem_set(c->why, -EINVAL,
		                   "disarming has an end: give how long it lasts, up to 7d");
	struct text open = {0};
	if (op->type == OPERATION_ARM && !op->force && list_open(c, *zone, NULL, &open))
		r = problem_set(c->why, -ENOTEMPTY,
		                "open: %s; close them, or force: they are left out until they "
		                "close",
		                text_get(&open));
	text_finish(&open);
	return r;
}

int arm_operate(struct context *c, const struct operation *op)
{
	uint32_t zone;
	int r = check_arm(c, op, &zone);
	if (r < 0)
		return r;
	record_operation(c, op, NULL);
	for (uint32_t i = 0; i < c->site->standing_count; i++) {
		struct standing *other = c->site->standings[i];
		if (other->type == STANDING_ARMING && !standing_is_over(other) &&
		    strcmp(other->zone, op->zone) == 0)
			standing_end(c, other, op->by, "replaced");
	}
	struct standing *s = standing_begin(c, STANDING_ARMING);
	own(&s->by, op->by);
	own(&s->note, op->note);
	own(&s->zone, op->zone);
	s->armed = op->type == OPERATION_ARM;
	if (s->armed)
		list_open(c, zone, s, NULL);
	else
		end_entries(c, zone, op->by);
	if (op->span)
		standing_last(c, s, op->span);
	record_standing(c, s, "arming", s->armed ? "armed" : "disarmed", op->by);
	c->plan->made = s;
	arming_look(c);
	return 0;
}

int arming_end_operate(struct context *c, const struct operation *op)
{
	struct standing *s = op->standing ? site_standing(c->site, op->standing) : NULL;
	int r = check_person(c, op->by, "by");
	if (r < 0)
		return r;
	if (!s || s->type != STANDING_ARMING || standing_is_over(s))
		return problem_set(c->why, -ENOENT, "no arming by hand '%s' now",
		                   op->standing ? op->standing : "");
	record_operation(c, op, NULL);
	c->plan->made = s;
	arming_over(c, s, op->by, "ended by hand");
	return 0;
}
