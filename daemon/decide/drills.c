/* Drills: what happens inside their scope is told as usual, marked as a drill, and never to outside
 * lines. A real alarm, or any panic, breaks a drill off for everyone. One at a time. */
#include <errno.h>
#include <string.h>

#include "decide/core.h"
#include "decide/in_force.h"

#define DRILL_MAX HOURS(8)
#define NOT_RESET_SHOWN 8 /* sensors named to whoever is told of the end */

static uint32_t bit(enum incident_kind kind)
{
	return UINT32_C(1) << kind;
}

static struct standing *find_drill(const struct site *site)
{
	for (uint32_t i = 0; i < site->standing_count; i++)
		if (site->standings[i]->type == STANDING_DRILL &&
		    !standing_is_over(site->standings[i]))
			return site->standings[i];
	return NULL;
}

bool drill_covers(const struct site *site, uint32_t zone, enum incident_kind kind)
{
	const struct standing *drill = find_drill(site);
	return drill && drill_takes(site->def, drill, zone, kind);
}

/* ---- telling ---- */

static void tell_person(struct context *c, uint32_t person, enum reason reason, const char *note)
{
	struct resolved_recipient who = {RECIPIENT_PERSON, person};
	if (!is_inside(c->site->def, who))
		return;
	struct notification *n = notify(c, NULL, who, reason, 0);
	own(&n->note, note);
}

static bool was_told(const struct site *site, const char *person)
{
	for (uint32_t i = 0; i < site->incident_count; i++) {
		const struct incident *incident = site->incidents[i];
		for (uint32_t k = 0; incident->drill && k < incident->told_count; k++)
			if (incident->told[k].kind == RECIPIENT_PERSON &&
			    strcmp(incident->told[k].id, person) == 0)
				return true;
	}
	return false;
}

static bool is_named_before(const struct incident *incident, uint32_t signal)
{
	for (uint32_t i = 0; i < signal; i++)
		if (incident->signals[i].active &&
		    strcmp(incident->signals[i].device, incident->signals[signal].device) == 0)
			return true;
	return false;
}

/* The sensors that still say so, a line each behind the first. A change is what raises an alarm:
 * one that was never reset, or that met a real fire, would stay with what was played. */
static void add_not_reset(const struct incident *incident, uint32_t *count, struct text *note)
{
	for (uint32_t i = 0; i < incident->signal_count; i++) {
		const struct incident_signal *signal = &incident->signals[i];
		if (!signal->active || is_named_before(incident, i) || ++*count > NOT_RESET_SHOWN)
			continue;
		text_addf(note, "\n%s", signal->device_name ? signal->device_name : signal->device);
	}
}

static void add_all_not_reset(const struct site *site, struct text *note)
{
	uint32_t count = 0;
	for (uint32_t i = 0; i < site->incident_count; i++)
		if (site->incidents[i]->drill && incident_is_active(site->incidents[i]))
			add_not_reset(site->incidents[i], &count, note);
	if (count > NOT_RESET_SHOWN)
		text_addf(note, "\n+%u", count - NOT_RESET_SHOWN);
}

/* The end is told to whoever knows of the drill; a real alarm's to everybody. */
static void tell_end(struct context *c, const struct standing *drill, bool everybody,
                     const char *note)
{
	for (uint32_t i = 0; i < c->site->def->person_count; i++)
		if (everybody || drill->announced || was_told(c->site, c->site->def->people[i].id))
			tell_person(c, i, REASON_DRILL_ENDED, note);
}

/* ---- its life ---- */

static void end_drill(struct context *c, struct standing *drill, const char *by, const char *how,
                      bool everybody)
{
	struct text note = {0};
	text_add(&note, how);
	add_all_not_reset(c->site, &note);
	standing_end(c, drill, by, how);
	record_standing(c, drill, "drill", "ended", by);
	for (uint32_t i = 0; i < c->site->incident_count; i++) {
		struct incident *incident = c->site->incidents[i];
		if (incident->drill && incident_is_active(incident))
			incident_resolve(c, incident, by, OUTCOME_DRILL, NULL);
	}
	tell_end(c, drill, everybody, text_get(&note));
	text_finish(&note);
}

void drill_over(struct context *c, struct standing *drill, const char *by, const char *how)
{
	end_drill(c, drill, by, how, false);
}

void drill_meets(struct context *c, struct incident *incident)
{
	struct standing *drill = find_drill(c->site);
	if (!drill)
		return;
	if (incident->drill) {
		standing_add_name(drill, incident->id);
		touch_standing(c, drill);
		return;
	}
	if (incident->kind == INCIDENT_TROUBLE || incident->kind == INCIDENT_TAMPER)
		return;
	struct text how = {0};
	text_addf(&how, "a real alarm: %s", incident->id);
	end_drill(c, drill, NULL, text_get(&how), true);
	text_finish(&how);
}

static const struct incident *real_alarm(const struct site *site)
{
	for (uint32_t i = 0; i < site->incident_count; i++) {
		const struct incident *incident = site->incidents[i];
		if (incident_is_active(incident) && !incident->drill &&
		    incident_kind_latches(incident->kind))
			return incident;
	}
	return NULL;
}

static int check_zones(const struct context *c, const struct operation *op)
{
	const char *const *zones = op->zone_count ? op->zones : &op->zone;
	for (uint32_t i = 0; i < (op->zone_count ? op->zone_count : 1); i++)
		if (!zones[i] || site_def_zone(c->site->def, zones[i]) == POSITION_NONE)
			return problem_set(c->why, -EINVAL, "no zone '%s' at site '%s'",
			                   zones[i] ? zones[i] : "", c->site->def->id);
	return 0;
}

static int check_drill(const struct context *c, const struct operation *op)
{
	int r = check_person(c, op->by, "by");
	if (r < 0)
		return r;
	r = check_zones(c, op);
	if (r < 0)
		return r;
	for (uint32_t kind = 0; kind < INCIDENT_KIND_COUNT; kind++)
		if ((op->kinds & bit((enum incident_kind)kind)) &&
		    !may_be_drilled((enum incident_kind)kind))
			return problem_set(c->why, -EINVAL, "%s is never drilled",
			                   incident_kind_name((enum incident_kind)kind));
	if (op->span < SECONDS(1) || op->span > DRILL_MAX)
		return problem_set(c->why, -EINVAL,
		                   "a drill has an end: give how long it lasts, up to 8h");
	const struct incident *real = real_alarm(c->site);
	if (real)
		return problem_set(c->why, -ENOTEMPTY,
		                   "no drill while a real alarm is open: resolve %s first",
		                   real->id);
	const struct standing *other = find_drill(c->site);
	if (other)
		return problem_set(c->why, -ENOTEMPTY, "drill %s is under way: end it first",
		                   other->id);
	return 0;
}

int drill_begin(struct context *c, const struct operation *op)
{
	int r = check_drill(c, op);
	if (r < 0)
		return r;
	/* A replay begins what the schedule began by the schedule. */
	if (!op->via || strcmp(op->via, "schedule") != 0)
		record_operation(c, op, NULL);
	struct standing *drill = standing_begin(c, STANDING_DRILL);
	own(&drill->by, op->by);
	own(&drill->note, op->note);
	own(&drill->zone, op->zone_count ? op->zones[0] : op->zone);
	for (uint32_t i = 0; i < op->zone_count; i++)
		standing_add_zone(drill, op->zones[i]);
	drill->kinds = op->kinds;
	drill->announced = op->announced;
	standing_last(c, drill, op->span);
	record_standing(c, drill, "drill", "began", op->by);
	c->plan->made = drill;
	for (uint32_t i = 0; drill->announced && i < c->site->def->person_count; i++)
		tell_person(c, i, REASON_DRILL_STARTED, drill->note);
	return 0;
}

int drill_operate(struct context *c, const struct operation *op)
{
	if (op->type == OPERATION_DRILL)
		return drill_begin(c, op);
	struct standing *drill = op->standing ? site_standing(c->site, op->standing) : NULL;
	int r = op->by ? check_person(c, op->by, "by") : 0;
	if (r < 0)
		return r;
	if (!drill || drill->type != STANDING_DRILL)
		return problem_set(c->why, -ENOENT, "no drill '%s'",
		                   op->standing ? op->standing : "");
	c->plan->made = drill;
	if (standing_is_over(drill))
		return problem_set(c->why, -EALREADY, "drill '%s' is over", drill->id);
	record_operation(c, op, NULL);
	drill_over(c, drill, op->by, "ended by hand");
	return 0;
}
