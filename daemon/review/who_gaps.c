#include "review/who_gaps.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "decide/site.h"

#define ITEMS_MAX 1000

/* One plan: a policy (NULL: where none fits) as zones of one owner see it. */
struct course {
	const struct policy *policy;
	uint32_t zone; /* one of those of this owner */
	uint32_t owner;
};

struct walk {
	const struct site_def *def;
	const struct duty_state *duty;
	wall_ms from, to;
	struct text *out;
	uint32_t items, more;
};

static bool reaches(const struct walk *w, const struct recipient *notify, uint32_t count,
                    uint32_t zone, wall_ms at)
{
	struct resolved_recipient one;
	return recipients_resolve(w->def, w->duty, notify, count, zone, at, &one, 1) > 0;
}

/* step 0: the whole plan. A step that is empty is skipped at once, so that all are asked at the
 * same instant. */
static bool is_empty(const struct walk *w, const struct course *plan, uint32_t step, wall_ms at)
{
	const struct policy *policy = plan->policy;
	if (step)
		return !reaches(w, policy->steps[step - 1].notify, policy->steps[step - 1].count,
		                plan->zone, at);
	for (uint32_t i = 0; policy && i < policy->count; i++)
		if (reaches(w, policy->steps[i].notify, policy->steps[i].count, plan->zone, at))
			return false;
	return !reaches(w, w->def->last_resort, w->def->last_resort_count, plan->zone, at);
}

static wall_ms next_turnout(const struct walk *w, wall_ms at)
{
	wall_ms soonest = w->to;
	for (uint32_t post = 0; post < w->def->post_count; post++) {
		wall_ms next = duty_next_turnout(w->def, w->duty, post, at);
		soonest = next < soonest ? next : soonest;
	}
	return soonest;
}

/* ---- what is written ---- */

static void put_kinds(const struct walk *w, const struct policy *policy)
{
	json_open(w->out, "kinds", '[');
	for (int kind = 0; kind < INCIDENT_KIND_COUNT; kind++)
		for (int s = 0; s < SEVERITY_COUNT; s++)
			if (policy_for(w->def, (enum incident_kind)kind, (enum severity)s) ==
			    policy) {
				json_put_string(w->out, NULL,
				                incident_kind_name((enum incident_kind)kind));
				break;
			}
	json_close(w->out, ']');
}

static bool names_owner(const struct recipient *recipients, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		if (recipients[i].kind == RECIPIENT_ZONE_OWNER)
			return true;
	return false;
}

/* Whether it makes a difference in which zone it is; as is_empty. */
static bool depends_on_zone(const struct walk *w, const struct course *plan, uint32_t step)
{
	const struct policy *policy = plan->policy;
	if (step)
		return names_owner(policy->steps[step - 1].notify, policy->steps[step - 1].count);
	for (uint32_t i = 0; policy && i < policy->count; i++)
		if (names_owner(policy->steps[i].notify, policy->steps[i].count))
			return true;
	return names_owner(w->def->last_resort, w->def->last_resort_count);
}

static void put_zones(const struct walk *w, const struct course *plan, uint32_t step)
{
	bool all = !depends_on_zone(w, plan, step);
	json_open(w->out, "zones", '[');
	for (uint32_t zone = 0; zone < w->def->zone_count; zone++)
		if (all || site_def_zone_owner(w->def, zone) == plan->owner)
			json_put_string(w->out, NULL, w->def->zones[zone].id);
	json_close(w->out, ']');
}

static void put_gap(struct walk *w, const struct course *plan, uint32_t step, wall_ms from,
                    wall_ms to)
{
	if (w->items == ITEMS_MAX) {
		w->more++;
		return;
	}
	w->items++;
	json_open(w->out, NULL, '{');
	json_put_time(w->out, "from", from);
	json_put_time(w->out, "to", to);
	json_put_string(w->out, "policy", plan->policy ? plan->policy->id : NULL);
	put_kinds(w, plan->policy);
	put_zones(w, plan, step);
	if (step)
		json_put_int(w->out, "step", step);
	else
		json_put_null(w->out, "step");
	json_put_string(w->out, "says",
	                step ? "this step reaches nobody and is skipped at once"
	                     : "no step reaches anybody, nor does the last resort");
	json_close(w->out, '}');
}

/* ---- the walk ---- */

static void walk_step(struct walk *w, const struct course *plan, uint32_t step)
{
	if (plan->zone != 0 && !depends_on_zone(w, plan, step))
		return; /* what holds in the first zone holds in all */
	wall_ms since = NEVER;
	for (wall_ms at = w->from; at < w->to; at = next_turnout(w, at)) {
		bool empty = is_empty(w, plan, step, at);
		if (empty && since == NEVER)
			since = at;
		if (!empty && since != NEVER) {
			put_gap(w, plan, step, since, at);
			since = NEVER;
		}
	}
	if (since != NEVER)
		put_gap(w, plan, step, since, w->to);
}

/* Zones are told apart only by their owner. */
static void walk_policy(struct walk *w, const struct policy *policy)
{
	for (uint32_t zone = 0; zone < w->def->zone_count; zone++) {
		struct course plan = {policy, zone, site_def_zone_owner(w->def, zone)};
		bool seen = false;
		for (uint32_t i = 0; i < zone && !seen; i++)
			seen = site_def_zone_owner(w->def, i) == plan.owner;
		if (seen)
			continue;
		walk_step(w, &plan, 0);
		for (uint32_t step = 1; policy && step <= policy->count; step++)
			walk_step(w, &plan, step);
	}
}

static bool some_kind_has_none(const struct site_def *def)
{
	for (int kind = 0; kind < INCIDENT_KIND_COUNT; kind++)
		for (int s = 0; s < SEVERITY_COUNT; s++)
			if (!policy_for(def, (enum incident_kind)kind, (enum severity)s))
				return true;
	return false;
}

void who_gaps_write_json(struct text *out, const struct site_def *def,
                         const struct duty_state *duty, wall_ms from, uint32_t weeks)
{
	struct walk w = {
	        .def = def, .duty = duty, .from = from, .to = from + DAYS(7) * weeks, .out = out};
	json_open(out, NULL, '{');
	json_put_string(out, "site", def->id);
	json_put_time(out, "from", w.from);
	json_put_time(out, "to", w.to);
	json_open(out, "items", '[');
	for (uint32_t i = 0; i < def->policy_count; i++)
		walk_policy(&w, &def->policies[i]);
	if (some_kind_has_none(def))
		walk_policy(&w, NULL);
	json_close(out, ']');
	json_put_int(out, "more", w.more);
	json_close(out, '}');
}
