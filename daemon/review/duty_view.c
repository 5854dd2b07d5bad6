#include "review/duty_view.h"

#include "base/json.h"

#define STRETCHES_MAX 500 /* of one week */

void view_person(struct text *out, const char *name, const struct site_def *def, uint32_t person)
{
	if (person == POSITION_NONE) {
		json_put_null(out, name);
		return;
	}
	json_open(out, name, '{');
	json_put_string(out, "id", def->people[person].id);
	json_put_string(out, "name", def->people[person].name);
	json_close(out, '}');
}

static void put_people(struct text *out, const char *name, const struct site_def *def,
                       const struct duty_state *duty, uint32_t post, wall_ms at)
{
	uint32_t people[ON_DUTY_MAX];
	uint32_t count = post_on_duty(def, duty, post, at, people, ON_DUTY_MAX);
	json_open(out, name, '[');
	for (uint32_t i = 0; i < count; i++)
		view_person(out, NULL, def, people[i]);
	json_close(out, ']');
}

static void put_week(struct text *out, const struct site_def *def, const struct duty_state *duty,
                     uint32_t post, wall_ms at)
{
	struct civil day = civil_from_wall(&def->timezone, at);
	day.hour = day.minute = day.second = day.ms = 0;
	wall_ms from = civil_first(&def->timezone, day);
	wall_ms end = civil_first(&def->timezone, civil_from_ms(civil_ms(day) + DAYS(7)));
	json_open(out, "week", '[');
	for (uint32_t i = 0; from < end && i < STRETCHES_MAX; i++) {
		wall_ms next = duty_next_change(def, duty, post, from);
		wall_ms to = next < end ? next : end;
		json_open(out, NULL, '{');
		json_put_time(out, "from", from);
		json_put_time(out, "to", to);
		put_people(out, "people", def, duty, post, from);
		json_close(out, '}');
		from = to;
	}
	json_close(out, ']');
}

void view_post(struct text *out, const struct site_def *def, const struct duty_state *duty,
               uint32_t post, wall_ms at, bool week)
{
	wall_ms until = duty_next_change(def, duty, post, at);
	json_open(out, NULL, '{');
	json_put_string(out, "site", def->id);
	json_put_string(out, "id", def->posts[post].id);
	json_put_string(out, "name", def->posts[post].name);
	json_put_time(out, "at", at);
	put_people(out, "people", def, duty, post, at);
	if (until == NEVER) {
		json_put_null(out, "until");
		json_open(out, "next", '[');
		json_close(out, ']');
	} else {
		json_put_time(out, "until", until);
		put_people(out, "next", def, duty, post, until);
	}
	if (week)
		put_week(out, def, duty, post, at);
	json_close(out, '}');
}
