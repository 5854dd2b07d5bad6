/* Rules of the site file, beyond what every kind does by itself. They are gone through in their
 * order, and what a later one says goes before an earlier one. A rule only adds: it raises what
 * would raise nothing, or raises it higher; an alarm of life safety keeps its kind, and nothing is
 * lowered.
 *
 *   at once        the signal itself is raised as the rule says
 *   holds (for)    once the condition has lasted so long
 *   count, within  once it has become so often so, over distinct devices if that is asked for;
 *                  while what that raised is open, another device joins it at once
 *   absent         once a device that fits has said nothing of the kind for so long; it ends when
 *                  the device does
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decide/core.h"

static bool has_label(const struct device *device, const char *label)
{
	const struct device_details *details = device_details(device);
	for (uint32_t i = 0; i < details->label_count; i++)
		if (strcmp(details->labels[i], label) == 0)
			return true;
	return false;
}

bool rule_fits_device(const struct site_def *def, const struct rule *rule, uint32_t device)
{
	const struct device *d = &def->devices[device];
	return (rule->device == POSITION_NONE || rule->device == device) &&
	       (rule->zone == POSITION_NONE || zone_is_within(def, d->zone, rule->zone)) &&
	       (!rule->label || has_label(d, rule->label));
}

static bool fits(const struct context *c, const struct rule *rule, const struct reading *r)
{
	const struct site_def *def = c->site->def;
	return (!rule->kinds || (rule->kinds & (UINT32_C(1) << r->kind))) &&
	       rule_fits_device(def, rule, r->device) &&
	       (rule->schedule == POSITION_NONE ||
	        schedule_covers(def, rule->schedule, c->now.wall));
}

/* What the rule makes of it; true if it raises where the kind alone would not. */
static bool take_effect(const struct context *c, const struct rule *rule, struct reading *r,
                        struct cause *cause)
{
	bool named = rule->raise_kind != INCIDENT_KIND_NONE;
	if (named && !incident_kind_is_life_safety(cause->kind))
		cause->kind = rule->raise_kind;
	if (rule->raise_severity != SEVERITY_NONE && rule->raise_severity > cause->severity)
		cause->severity = rule->raise_severity;
	if (rule->policy != POSITION_NONE)
		cause->policy = &c->site->def->policies[rule->policy];
	cause->drill = drill_covers(c->site, cause->zone, cause->kind);
	r->rule = rule->id;
	return named;
}

/* ---- what a rule remembers ---- */

static struct standing *find_watch(const struct site *site, const struct rule *rule,
                                   const char *device, enum kind kind, const char *zone)
{
	for (uint32_t i = 0; i < site->standing_count; i++) {
		struct standing *s = site->standings[i];
		if (s->type != STANDING_RULE || standing_is_over(s) ||
		    strcmp(s->rule, rule->id) != 0)
			continue;
		bool same_device = device ? s->device && strcmp(s->device, device) == 0 &&
		                                    s->kinds == UINT32_C(1) << kind
		                          : !s->device;
		bool same_zone = !zone || (s->zone && strcmp(s->zone, zone) == 0);
		if (same_device && same_zone)
			return s;
	}
	return NULL;
}

static void begin_to_hold(struct context *c, const struct rule *rule, const struct reading *r)
{
	const char *device = c->site->def->devices[r->device].id;
	if (find_watch(c->site, rule, device, r->kind, NULL))
		return;
	struct standing *s = standing_begin(c, STANDING_RULE);
	own(&s->rule, rule->id);
	own(&s->device, device);
	s->kinds = UINT32_C(1) << r->kind;
	standing_last(c, s, rule->holds);
}

void rules_cleared(struct context *c, const char *device, enum kind kind)
{
	for (uint32_t i = 0; i < c->site->standing_count; i++) {
		struct standing *s = c->site->standings[i];
		if (s->type == STANDING_RULE && !standing_is_over(s) && s->device &&
		    strcmp(s->device, device) == 0 && s->kinds == UINT32_C(1) << kind)
			standing_end(c, s, NULL, "cleared in time");
	}
}

/* An event of a tally: "12345@smoke-301", its steady time and its device. */
static bool is_counted(const char *event, steady_ms since, const char *not_device)
{
	const char *at = strchr(event, '@');
	return at && strtoll(event, NULL, 10) >= since &&
	       (!not_device || strcmp(at + 1, not_device) != 0);
}

/* Adds this one; true, and forgets all, when there are as many as the rule asks for. */
static bool is_often_enough(struct context *c, const struct rule *rule, const struct reading *r)
{
	const struct device *device = &c->site->def->devices[r->device];
	const char *zone = rule->same_zone ? c->site->def->zones[device->zone].id : NULL;
	struct standing *s = find_watch(c->site, rule, NULL, KIND_NONE, zone);
	struct text event = {0};
	if (!s) {
		s = standing_begin(c, STANDING_RULE);
		own(&s->rule, rule->id);
		own(&s->zone, zone);
	}
	struct standing old = {.names = s->names, .name_count = s->name_count};
	s->names = NULL;
	s->name_count = 0;
	for (uint32_t i = 0; i < old.name_count; i++)
		if (is_counted(old.names[i], c->now.steady - rule->within,
		               rule->distinct ? device->id : NULL))
			standing_add_name(s, old.names[i]);
	standing_clear_names(&old);
	/* Two presses of one instant are two. */
	steady_ms at = c->now.steady;
	do {
		text_reset(&event);
		text_addf(&event, "%lld@%s", (long long)at++, device->id);
	} while (standing_has_name(s, text_get(&event)));
	standing_add_name(s, text_get(&event));
	text_finish(&event);
	standing_last(c, s, rule->within); /* nothing new until then: nothing to remember */
	touch_standing(c, s);
	if (s->name_count < rule->count)
		return false;
	standing_end(c, s, NULL, "often enough");
	return true;
}

/* ---- what has not come ---- */

static struct cause absence_of(const struct context *c, const struct rule *rule, uint32_t device,
                               struct text *subject)
{
	const struct device *d = &c->site->def->devices[device];
	struct cause cause = {.zone = d->zone,
	                      .kind = rule->raise_kind == INCIDENT_KIND_NONE ? INCIDENT_TROUBLE
	                                                                     : rule->raise_kind,
	                      .severity = rule->raise_severity == SEVERITY_NONE
	                                          ? SEVERITY_WARNING
	                                          : rule->raise_severity,
	                      .note = d->name,
	                      .time = c->now.wall};
	text_addf(subject, "absent:%s:%s", rule->id, d->id);
	cause.subject = text_get(subject);
	if (rule->policy != POSITION_NONE)
		cause.policy = &c->site->def->policies[rule->policy];
	return cause;
}

static struct standing *find_absence(const struct site *site, const char *rule, const char *device)
{
	for (uint32_t i = 0; i < site->standing_count; i++) {
		struct standing *s = site->standings[i];
		if (s->type == STANDING_RULE && !standing_is_over(s) && !s->kinds && s->device &&
		    strcmp(s->rule, rule) == 0 && strcmp(s->device, device) == 0)
			return s;
	}
	return NULL;
}

static void await(struct context *c, const struct rule *rule, uint32_t device)
{
	const char *id = c->site->def->devices[device].id;
	struct standing *s = find_absence(c->site, rule->id, id);
	if (!s) {
		s = standing_begin(c, STANDING_RULE);
		own(&s->rule, rule->id);
		own(&s->device, id);
	}
	s->begins = c->now.wall;
	timer_set(&c->site->timers, &s->due, c->now.steady + rule->absent);
	touch_standing(c, s);
}

/* It has come: the wait begins anew, and what its absence raised is over. */
static void has_come(struct context *c, const struct rule *rule, uint32_t device)
{
	struct text subject = {0};
	struct cause cause = absence_of(c, rule, device, &subject);
	struct incident *incident = incident_find(c->site, &cause);
	await(c, rule, device);
	if (incident && !incident_kind_latches(incident->kind))
		incident_end(c, incident, NULL);
	else if (incident && !incident->cleared)
		incident_clear(c, incident, c->site->def->devices[device].id, c->now.wall);
	text_finish(&subject);
}

static void is_absent(struct context *c, const struct rule *rule, struct standing *s,
                      uint32_t device)
{
	wall_ms since = s->begins;
	if (rule->schedule != POSITION_NONE) {
		wall_ms began;
		if (!schedule_began(c->site->def, rule->schedule, c->now.wall, &began)) {
			timer_set(&c->site->timers, &s->due, c->now.steady + MINUTES(1));
			return;
		}
		since = began > since ? began : since;
	}
	if (c->now.wall < since + rule->absent) {
		timer_set(&c->site->timers, &s->due,
		          c->now.steady + (since + rule->absent - c->now.wall));
		return;
	}
	struct text subject = {0};
	struct cause cause = absence_of(c, rule, device, &subject);
	bool fresh;
	struct incident *incident = incident_prepare(c, &cause, &fresh);
	if (fresh)
		incident_open(c, incident, &cause);
	text_finish(&subject);
	touch_standing(c, s);
}

void rules_look(struct context *c)
{
	const struct site_def *def = c->site->def;
	for (uint32_t i = 0; i < def->rule_count; i++) {
		const struct rule *rule = &def->rules[i];
		for (uint32_t device = 0; rule->absent && device < def->device_count; device++) {
			const struct device *d = &def->devices[device];
			bool speaks = !rule->kinds || d->kind == KIND_NONE ||
			              (rule->kinds & (UINT32_C(1) << d->kind));
			if (speaks && rule_fits_device(def, rule, device) &&
			    !find_absence(c->site, rule->id, d->id))
				await(c, rule, device);
		}
	}
}

/* Another device says what has raised an incident here that is still open: it joins that, as often
 * as it may have to come to raise one. */
static bool joins(const struct context *c, const struct rule *rule, const struct reading *r,
                  const struct cause *cause)
{
	struct reading ruled = *r;
	struct cause like = *cause;
	(void)take_effect(c, rule, &ruled, &like);
	const struct incident *incident = incident_find(c->site, &like);
	return incident && incident->severity >= like.severity &&
	       !incident_has_signal(incident, like.device, r->kind);
}

/* ---- the two calls ---- */

bool rules_apply(struct context *c, struct reading *r, struct cause *cause)
{
	const struct site_def *def = c->site->def;
	bool raises = false;
	for (uint32_t i = 0; i < def->rule_count; i++) {
		const struct rule *rule = &def->rules[i];
		if (rule->absent && rule_fits_device(def, rule, r->device) &&
		    (!rule->kinds || (rule->kinds & (UINT32_C(1) << r->kind))))
			has_come(c, rule, r->device);
		if (rule->absent || !fits(c, rule, r))
			continue;
		if (rule->holds)
			begin_to_hold(c, rule, r);
		else if (!rule->count || is_often_enough(c, rule, r) || joins(c, rule, r, cause))
			raises |= take_effect(c, rule, r, cause);
	}
	return raises;
}

static const struct rule *rule_named(const struct site_def *def, const char *id)
{
	for (uint32_t i = 0; i < def->rule_count; i++)
		if (strcmp(def->rules[i].id, id) == 0)
			return &def->rules[i];
	return NULL;
}

/* It has held for as long as the rule asks; or a tally has grown old. */
void rule_due(struct context *c, struct standing *s)
{
	const struct site_def *def = c->site->def;
	const struct rule *rule = rule_named(def, s->rule);
	uint32_t device = s->device ? site_def_device(def, s->device) : POSITION_NONE;
	if (rule && rule->absent && s->device && device != POSITION_NONE) {
		is_absent(c, rule, s, device);
		return;
	}
	standing_end(c, s, NULL, s->device ? "held" : "not often enough");
	if (!rule || device == POSITION_NONE)
		return;
	for (uint32_t kind = 0; kind < KIND_COUNT; kind++) {
		if (!(s->kinds & (UINT32_C(1) << kind)))
			continue;
		struct reading r = {.device = device,
		                    .kind = (enum kind)kind,
		                    .active = true,
		                    .time = s->since.wall,
		                    .source = "rule",
		                    .held = true};
		struct cause cause = reading_cause(c, &r);
		(void)take_effect(c, rule, &r, &cause);
		raise_cause(c, &r, &cause);
	}
}
