/* Whoever speaks and is not in the site file. It is never taken for granted that such a message
 * does not matter: fire, gas and panic raise an incident, in the root zone as nobody knows where,
 * and major at most, as nobody knows who. */
#include <string.h>

#include "decide/core.h"

static const struct incident_signal *signal_in(const struct incident *incident, const char *device,
                                               enum kind kind)
{
	for (uint32_t i = 0; incident && i < incident->signal_count; i++)
		if (incident->signals[i].kind == kind &&
		    strcmp(incident->signals[i].device, device) == 0)
			return &incident->signals[i];
	return NULL;
}

static void introduce(struct context *c, const struct stranger *s)
{
	struct text *data = record(c);
	json_put_string(data, "profile", s->profile);
	if (s->kind != KIND_NONE)
		json_put_string(data, "kind", kind_name(s->kind));
	if (s->line)
		json_put_string(data, "line", s->line);
	record_end(c, (struct entry){.type = "device.unknown", .device = s->address});
}

static void record_stranger(struct context *c, const struct stranger *s, wall_ms time,
                            const char *incident)
{
	const struct site_def *def = c->site->def;
	struct text *data = record(c);
	json_put_string(data, "kind", kind_name(s->kind));
	json_put_string(data, "state", s->active ? "active" : "clear");
	json_put_string(data, "zone", def->zones[site_def_root_zone(def)].id);
	json_put_bool(data, "unknown_device", true);
	json_put_string(data, "profile", s->profile);
	record_end(c, (struct entry){.type = "device.stranger",
	                             .time = time,
	                             .device = s->address,
	                             .incident = incident});
}

/* ---- what a person has dealt with ---- */

#define SETTLED_FOR DAYS(366) /* then even a copy that the broker has kept is told again */

static struct standing *find_settled(const struct site *site, const char *address, enum kind kind)
{
	for (uint32_t i = 0; i < site->standing_count; i++) {
		struct standing *s = site->standings[i];
		if (s->type == STANDING_STRANGER && !standing_is_over(s) &&
		    (s->kinds & UINT32_C(1) << kind) && strcmp(s->device, address) == 0)
			return s;
	}
	return NULL;
}

void stranger_settles(struct context *c, const char *address, enum kind kind)
{
	struct standing *s = find_settled(c->site, address, kind);
	if (!s) {
		s = standing_begin(c, STANDING_STRANGER);
		own(&s->device, address);
		s->kinds = UINT32_C(1) << kind;
	}
	standing_last(c, s, SETTLED_FOR);
}

bool stranger_alarms(const struct stranger *s)
{
	return !s->stateless && s->kind != KIND_NONE &&
	       incident_kind_is_life_safety(kind_facts[s->kind].raises);
}

void sense_stranger(struct context *c, const struct stranger *s)
{
	if (s->introduces)
		introduce(c, s);
	if (!stranger_alarms(s))
		return;
	wall_ms time = s->time ? s->time : c->now.wall;
	struct cause cause = {.zone = site_def_root_zone(c->site->def),
	                      .kind = kind_facts[s->kind].raises,
	                      .severity = STRANGER_SEVERITY,
	                      .device = s->address,
	                      .device_name = s->address,
	                      .signal = s->kind,
	                      .time = time};
	struct incident *incident = incident_find(c->site, &cause);
	const struct incident_signal *known = signal_in(incident, s->address, s->kind);
	struct standing *settled = find_settled(c->site, s->address, s->kind);
	if (s->active && s->retained && settled)
		return;
	if (settled)
		standing_end(c, settled, NULL, "it spoke again");
	if (s->active && !(known && known->active)) {
		bool fresh;
		incident = incident_prepare(c, &cause, &fresh);
		record_stranger(c, s, time, incident->id);
		if (fresh)
			incident_open(c, incident, &cause);
		else
			incident_join(c, incident, &cause);
	} else if (!s->active && ((known && known->active) || settled)) {
		record_stranger(c, s, time, known ? incident->id : NULL);
		incident_signal_cleared(c, s->address, s->kind, time);
	}
}
