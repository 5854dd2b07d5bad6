#include "decide/core.h"

/* A webhook's body stays under 20 kB: of more signals than this the latest are written. */
#define SIGNALS_WRITTEN_MAX 60

static void put_time_or_null(struct text *out, const char *name, struct moment at)
{
	if (at.wall)
		json_put_time(out, name, at.wall);
	else
		json_put_null(out, name);
}

static void write_signals(struct text *out, const struct incident *incident)
{
	uint32_t skip = incident->signal_count > SIGNALS_WRITTEN_MAX
	                        ? incident->signal_count - SIGNALS_WRITTEN_MAX
	                        : 0;
	json_open(out, "signals", '[');
	for (uint32_t i = skip; i < incident->signal_count; i++) {
		const struct incident_signal *signal = &incident->signals[i];
		json_open(out, NULL, '{');
		json_put_string(out, "device", signal->device);
		json_put_string(out, "name", signal->device_name);
		json_put_string(out, "kind", kind_name(signal->kind));
		json_put_string(out, "state", signal->active ? "active" : "clear");
		json_put_time(out, "time", signal->time);
		if (signal->presses > 1)
			json_put_int(out, "times", signal->presses);
		json_close(out, '}');
	}
	json_close(out, ']');
	if (skip)
		json_put_int(out, "signals_omitted", skip);
}

/* That something lies in the zone in which all lie says nothing of where it is. */
static bool begins_with_all(const struct site_def *def, const struct incident *incident)
{
	uint32_t all = def ? site_def_only_root_zone(def) : POSITION_NONE;
	return all != POSITION_NONE && incident->zone_depth > 1 &&
	       strcmp(incident->zone_path[0], def->zones[all].id) == 0;
}

static void write_zone(struct text *out, const struct site_def *def,
                       const struct incident *incident)
{
	json_open(out, "zone", '{');
	json_put_string(out, "id", incident->zone);
	json_put_string(out, "name", incident->zone_name);
	if (!incident->zone_depth) {
		json_put_null(out, "path"); /* of a part of a record, which does not tell it */
	} else {
		json_open(out, "path", '[');
		for (uint32_t i = begins_with_all(def, incident) ? 1 : 0; i < incident->zone_depth;
		     i++)
			json_put_string(out, NULL, incident->zone_path[i]);
		json_close(out, ']');
	}
	json_close(out, '}');
}

void incident_write_json(struct text *out, const char *name, const struct site_def *def,
                         const char *site_id, const struct incident *incident)
{
	json_open(out, name, '{');
	json_put_string(out, "id", incident->id);
	json_put_string(out, "site", site_id);
	json_put_string(out, "kind", incident_kind_name(incident->kind));
	json_put_string(out, "severity", severity_name(incident->severity));
	json_put_string(out, "state", incident_state_name(incident->state));
	json_put_string(out, "owner", incident->owner);
	json_put_bool(out, "drill", incident->drill);
	json_put_bool(out, "cleared", incident->cleared);
	write_zone(out, def, incident);
	if (incident->subject)
		json_put_string(out, "subject", incident->subject);
	json_put_time(out, "opened_at", incident->opened.wall);
	put_time_or_null(out, "acknowledged_at", incident->acknowledged);
	put_time_or_null(out, "resolved_at", incident->resolved);
	json_put_string(out, "outcome", outcome_name(incident->outcome));
	json_put_string(out, "resolved_by", incident->resolved_by);
	json_put_string(out, "reported_by", incident->reported_by);
	if (incident->on_site)
		json_put_string(out, "on_site", incident->on_site);
	if (incident->doubted_by)
		json_put_string(out, "doubted_by", incident->doubted_by);
	if (incident->help_by)
		json_put_string(out, "help_by", incident->help_by);
	if (incident->silent)
		json_put_bool(out, "silent", true);
	json_put_string(out, "note", incident->note);
	json_put_string(out, "policy", incident->policy ? incident->policy->id : NULL);
	json_put_int(out, "step", incident->step);
	json_put_int(out, "round", incident->round);
	write_signals(out, incident);
	json_close(out, '}');
}
