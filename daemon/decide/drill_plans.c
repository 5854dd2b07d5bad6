/* Drills by the schedule: each plan of the site file waits for its next time, begins its drill as a
 * person would, and waits again. What a downtime has swallowed is not made up for; where a real
 * alarm is open or another drill under way, this one is left out, and the record says so. */
#include <string.h>

#include "decide/core.h"

static const struct drill_plan *plan_named(const struct site_def *def, const char *id)
{
	for (uint32_t i = 0; i < def->drill_plan_count; i++)
		if (strcmp(def->drill_plans[i].id, id) == 0)
			return &def->drill_plans[i];
	return NULL;
}

/* The first time after now; on the local calendar, so that it stays at its hour. */
static wall_ms next_time(const struct site_def *def, const struct drill_plan *plan, wall_ms now)
{
	int64_t from = civil_ms(plan->from);
	struct civil local = civil_from_wall(&def->timezone, now);
	int64_t turns = (civil_ms(local) - from) / plan->every;
	for (int64_t k = turns > 1 ? turns - 1 : 0;; k++) {
		wall_ms at = civil_first(&def->timezone, civil_from_ms(from + k * plan->every));
		if (at > now)
			return at;
	}
}

static void wait_for_next(struct context *c, struct standing *s, const struct drill_plan *plan)
{
	s->begins = next_time(c->site->def, plan, c->now.wall);
	timer_set(&c->site->timers, &s->due, c->now.steady + (s->begins - c->now.wall));
	touch_standing(c, s);
}

static void record_left_out(struct context *c, const struct drill_plan *plan,
                            const struct problem *why)
{
	struct text *data = record(c);
	json_put_string(data, "action", "left out");
	json_put_string(data, "plan", plan->id);
	json_put_string(data, "why", why->text);
	record_end(c, (struct entry){.type = "drill"});
}

void drill_plan_due(struct context *c, struct standing *s)
{
	const struct site_def *def = c->site->def;
	const struct drill_plan *plan = plan_named(def, s->rule);
	struct problem why = {0};
	struct context own_context = *c;
	if (!plan) {
		standing_end(c, s, NULL, "no longer asked for");
		return;
	}
	if (c->now.wall < s->begins) { /* the wall clock went back meanwhile */
		wait_for_next(c, s, plan);
		return;
	}
	own_context.why = &why;
	struct operation op = {.type = OPERATION_DRILL,
	                       .by = plan->by,
	                       .via = "schedule",
	                       .zones = plan->zones,
	                       .zone_count = plan->zone_count,
	                       .kinds = plan->kinds,
	                       .span = plan->lasts,
	                       .announced = plan->announced,
	                       .note = plan->note};
	if (drill_begin(&own_context, &op) < 0)
		record_left_out(c, plan, &why);
	wait_for_next(c, s, plan);
}

void drill_plans_look(struct context *c)
{
	const struct site_def *def = c->site->def;
	for (uint32_t i = 0; i < def->drill_plan_count; i++) {
		struct standing *s = NULL;
		for (uint32_t k = 0; k < c->site->standing_count && !s; k++) {
			struct standing *other = c->site->standings[k];
			if (other->type == STANDING_DRILL_PLAN && !standing_is_over(other) &&
			    strcmp(other->rule, def->drill_plans[i].id) == 0)
				s = other;
		}
		if (!s) {
			s = standing_begin(c, STANDING_DRILL_PLAN);
			own(&s->rule, def->drill_plans[i].id);
		}
		wait_for_next(c, s, &def->drill_plans[i]);
	}
}
