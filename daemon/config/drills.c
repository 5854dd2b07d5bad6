/* Drills by the schedule: where, of what, from when on, how often. */
#include <string.h>

#include "config/duty.h"
#include "decide/site.h"

enum {
	D_ID,
	D_ZONE,
	D_ZONES,
	D_KINDS,
	D_FROM,
	D_EVERY,
	D_LASTS,
	D_ANNOUNCED,
	D_BY,
	D_NOTE,
	D_COUNT
};
static const struct key keys[D_COUNT] = {
        [D_ID] = {"id", "add a name for the record"},
        [D_ZONE] = {"zone", NULL},
        [D_ZONES] = {"zones", NULL},
        [D_KINDS] = {"kinds", NULL},
        [D_FROM] = {"from", "add its first time, such as 'from: 2026-12-01T10:00'"},
        [D_EVERY] = {"every", "add how often, such as 'every: 4w'"},
        [D_LASTS] = {"lasts", NULL},
        [D_ANNOUNCED] = {"announced", NULL},
        [D_BY] = {"by", "add who answers for it, a person's id"},
        [D_NOTE] = {"note", NULL},
};
static const struct shape shape = {"a drill", SHAPE(keys), false};

static void kinds_read(const struct checker *c, const struct node *list, struct drill_plan *plan)
{
	uint32_t count = check_list(c, list, "kinds", 0);
	FOR_EACH_NODE(c, item, list, count)
	{
		const char *word = check_scalar(c, item, "a kind");
		enum incident_kind kind = word ? incident_kind_from_name(word) : INCIDENT_KIND_NONE;
		bool drilled = kind == INCIDENT_FIRE || kind == INCIDENT_GAS ||
		               kind == INCIDENT_WATER || kind == INCIDENT_INTRUSION ||
		               kind == INCIDENT_OTHER;
		if (word && !drilled)
			check_problem(
			        c, item,
			        "'%s' is not drilled; allowed are fire, gas, water, intrusion, "
			        "other",
			        word);
		else if (word)
			plan->kinds |= UINT32_C(1) << kind;
	}
}

static void zone_read(const struct checker *c, const struct node *name, struct site_reading *site,
                      struct drill_plan *plan)
{
	uint32_t zone = ids_refer(c, &site->zones, name);
	if (zone != POSITION_NONE)
		plan->zones[plan->zone_count++] = site->def->zones[zone].id;
}

static void drill_zones_read(const struct checker *c, const struct node *node,
                             const struct node *const *v, struct site_reading *site,
                             struct drill_plan *plan)
{
	uint32_t count = v[D_ZONES] ? check_list(c, v[D_ZONES], "zones", 1) : 0;
	if (!v[D_ZONE] == !v[D_ZONES]) {
		check_problem(c, node,
		              "a drill has either 'zone' or 'zones'; add where: all within it is "
		              "part of the drill");
		return;
	}
	if (count > OPERATION_ZONES_MAX) {
		check_problem(c, v[D_ZONES], "a drill has at most %d zones", OPERATION_ZONES_MAX);
		return;
	}
	plan->zones = ARENA_ARRAY(c->arena, const char *, count + 1);
	if (v[D_ZONE])
		zone_read(c, v[D_ZONE], site, plan);
	FOR_EACH_NODE(c, item, v[D_ZONES], count)
	zone_read(c, item, site, plan);
}

static void drill_read(const struct checker *c, const struct node *node, struct site_reading *site,
                       struct ids *ids, struct drill_plan *plan)
{
	const struct node *v[D_COUNT];
	*plan = (struct drill_plan){.lasts = MINUTES(30), .announced = true};
	bool is_map = check_map(c, node, &shape, v);
	plan->id = ids_claim(c, ids, v[D_ID]);
	if (!is_map)
		return;
	drill_zones_read(c, node, v, site, plan);
	kinds_read(c, v[D_KINDS], plan);
	(void)!local_read(c, v[D_FROM], "from", false, &plan->from);
	check_span(c, v[D_EVERY], "every", HOURS(1), &plan->every);
	check_span(c, v[D_LASTS], "lasts", SPAN_LEAST, &plan->lasts);
	check_bool(c, v[D_ANNOUNCED], "announced", &plan->announced);
	plan->by = check_scalar(c, v[D_BY], "by");
	if (plan->by)
		(void)ids_refer_name(c, &site->people, v[D_BY], plan->by);
	plan->note = check_line(c, v[D_NOTE], "the note");
	if (v[D_LASTS] && plan->lasts > HOURS(8))
		check_problem(c, v[D_LASTS], "a drill lasts up to 8h");
}

void drills_read(const struct checker *c, const struct node *list, struct site_reading *site)
{
	uint32_t count = check_list(c, list, "drills", 0), i = 0;
	struct ids ids = {0};
	ids_begin(&ids, "drill", list, count);
	site->def->drill_plans = ARENA_ARRAY(c->arena, struct drill_plan, count);
	site->def->drill_plan_count = count;
	FOR_EACH_NODE(c, item, list, count)
	drill_read(c, item, site, &ids, &site->def->drill_plans[i++]);
	ids_finish(&ids);
}
