#include "decide/in_force.h"

#include "decide/standing.h"

static bool holds(const struct standing *s, enum standing_type type, wall_ms at)
{
	return s->type == type && !standing_is_over(s) && s->since.wall <= at &&
	       (!s->until || at < s->until);
}

static bool zone_takes(const struct site_def *def, const char *around, uint32_t zone)
{
	uint32_t position = around ? site_def_zone(def, around) : POSITION_NONE;
	return position != POSITION_NONE && zone_is_within(def, zone, position);
}

bool may_be_drilled(enum incident_kind kind)
{
	return kind != INCIDENT_PANIC && kind != INCIDENT_TROUBLE && kind != INCIDENT_TAMPER;
}

bool drill_takes(const struct site_def *def, const struct standing *drill, uint32_t zone,
                 enum incident_kind kind)
{
	if (!may_be_drilled(kind) || (drill->kinds && !(drill->kinds & (UINT32_C(1) << kind))))
		return false;
	bool takes = zone_takes(def, drill->zone, zone);
	for (uint32_t i = 0; i < drill->zone_count && !takes; i++)
		takes = zone_takes(def, drill->zones[i], zone);
	return takes;
}

bool may_be_silenced(enum kind kind)
{
	const struct kind_facts *facts = &kind_facts[kind];
	return facts->raises != INCIDENT_PANIC &&
	       !(facts->raises == INCIDENT_FIRE && facts->severity == SEVERITY_CRITICAL);
}

bool silence_takes(const struct site_def *def, const struct standing *silence, uint32_t zone,
                   enum kind kind)
{
	return may_be_silenced(kind) && !silence->device &&
	       (!silence->kinds || (silence->kinds & (UINT32_C(1) << kind))) &&
	       zone_takes(def, silence->zone, zone);
}

const struct standing *arming_in_force(const struct site_def *def, const struct in_force *now,
                                       uint32_t zone, wall_ms at)
{
	const struct standing *newest = NULL;
	for (uint32_t i = 0; i < now->count; i++) {
		const struct standing *s = now->items[i];
		if (holds(s, STANDING_ARMING, at) && zone_takes(def, s->zone, zone) &&
		    (!newest || s->number > newest->number))
			newest = s;
	}
	return newest;
}

bool zone_is_armed_then(const struct site_def *def, const struct in_force *now, uint32_t zone,
                        wall_ms at)
{
	const struct standing *word = arming_in_force(def, now, zone, at);
	const struct arming *delays = arming_delays(def, zone);
	if (!word)
		return zone_is_armed(def, zone, at);
	return word->armed && at >= word->since.wall + (delays ? delays->exit_delay : 0);
}

const struct standing *silence_in_force(const struct site_def *def, const struct in_force *now,
                                        uint32_t zone, enum kind kind, wall_ms at)
{
	for (uint32_t i = 0; i < now->count; i++)
		if (holds(now->items[i], STANDING_SILENCE, at) &&
		    silence_takes(def, now->items[i], zone, kind))
			return now->items[i];
	return NULL;
}

const struct standing *drill_in_force(const struct site_def *def, const struct in_force *now,
                                      uint32_t zone, enum incident_kind kind, wall_ms at)
{
	for (uint32_t i = 0; i < now->count; i++)
		if (holds(now->items[i], STANDING_DRILL, at) &&
		    drill_takes(def, now->items[i], zone, kind))
			return now->items[i];
	return NULL;
}
