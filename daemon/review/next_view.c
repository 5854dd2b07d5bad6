#include "review/next_view.h"

#include <string.h>

#include "base/json.h"

#define NAMED_MAX 16 /* people of a step; the rest are told but not named here */

static bool has_acknowledged(const struct incident *incident, enum recipient_kind kind,
                             const char *id)
{
	for (uint32_t i = 0; i < incident->told_count; i++) {
		const struct told *told = &incident->told[i];
		if (told->kind == kind && strcmp(told->id, id) == 0)
			return told->acknowledged;
	}
	return false;
}

static void put_recipients(struct text *out, const struct site *site,
                           const struct incident *incident, const struct policy_step *step,
                           wall_ms at)
{
	struct resolved_recipient who[NAMED_MAX];
	const struct site_def *def = site->def;
	uint32_t zone = incident_zone(def, incident);
	uint32_t count = recipients_resolve(def, &site->duty, step->notify, step->count, zone, at,
	                                    who, NAMED_MAX);
	json_open(out, "notify", '[');
	for (uint32_t i = 0; i < count; i++) {
		bool person = who[i].kind == RECIPIENT_PERSON;
		const char *id = person ? def->people[who[i].position].id
		                        : def->channels[who[i].position].id;
		if (has_acknowledged(incident, who[i].kind, id))
			continue;
		json_open(out, NULL, '{');
		json_put_string(out, "kind", recipient_kind_name(who[i].kind));
		json_put_string(out, "id", id);
		json_put_string(out, "name", person ? def->people[who[i].position].name : id);
		json_close(out, '}');
	}
	json_close(out, ']');
}

/* By the moment of its last change, so that it is the same each time somebody looks; but a wall
 * clock that was set since (a second is a step) shows it by the clock as it is. */
static wall_ms wall_at(const struct incident *incident, steady_ms due, struct moment now)
{
	wall_ms offset = incident->changed.wall - incident->changed.steady;
	int64_t step = now.wall - now.steady - offset;
	return due + offset + step / SECONDS(1) * SECONDS(1);
}

static void put_step(struct text *out, const struct site *site, const struct incident *incident,
                     struct moment now)
{
	const struct policy *policy = incident->policy;
	bool again = incident->step >= policy->count;
	uint32_t step = again ? policy->count - 1 : incident->step;
	wall_ms at = wall_at(incident, incident->step_due.due, now);
	json_open(out, "next", '{');
	json_put_string(out, "what", again ? "repeat" : "step");
	json_put_time(out, "at", at);
	json_put_int(out, "step", step + 1);
	put_recipients(out, site, incident, &policy->steps[step], at);
	json_close(out, '}');
}

void view_next(struct text *out, const struct site *site, const struct incident *incident,
               struct moment now)
{
	json_reopen(out);
	if (site && incident->state == STATE_OPEN && incident->step_due.place && incident->policy) {
		put_step(out, site, incident, now);
	} else if (site && incident->resolve_due.place) {
		json_open(out, "next", '{');
		json_put_string(out, "what", "reopen");
		json_put_time(out, "at", wall_at(incident, incident->resolve_due.due, now));
		json_put_int(out, "step", 1);
		json_open(out, "notify", '[');
		json_close(out, ']');
		json_close(out, '}');
	} else {
		json_put_null(out, "next");
	}
	json_close(out, '}');
}
