/* Duty as people change it: overrides and swaps for a stretch of time. They stand until their time
 * is over or somebody takes them back; the newest word counts. */
#include <errno.h>
#include <string.h>

#include "decide/core.h"

#define BY_HAND_MAX 1000        /* at one site, in force or to come */
#define AHEAD_MAX DAYS(3 * 366) /* how far ahead, and how long */

/* ---- what the layers of duty.c see of it ---- */

void duty_state_add(struct duty_state *state, struct standing *s)
{
	MEM_RESERVE(state->overrides, state->count, state->cap);
	uint32_t i = state->count++;
	for (; i > 0 && state->overrides[i - 1]->number > s->number; i--)
		state->overrides[i] = state->overrides[i - 1];
	state->overrides[i] = s;
}

void duty_state_remove(struct duty_state *state, const struct standing *s)
{
	uint32_t kept = 0;
	for (uint32_t i = 0; i < state->count; i++)
		if (state->overrides[i] != s)
			state->overrides[kept++] = state->overrides[i];
	state->count = kept;
}

/* ---- making one ---- */

static int check_people(const struct context *c, const struct operation *op)
{
	if (op->swap && op->people_count != 2)
		return problem_set(c->why, -EINVAL, "a swap names two people");
	if (!op->people_count || op->people_count > CREW_MAX)
		return problem_set(c->why, -EINVAL, "people: name 1 to %d who hold the post",
		                   CREW_MAX);
	for (uint32_t i = 0; i < op->people_count; i++) {
		int r = check_person(c, op->people[i], "people");
		if (r < 0)
			return r;
		for (uint32_t k = 0; k < i; k++)
			if (strcmp(op->people[i], op->people[k]) == 0)
				return problem_set(c->why, -EINVAL, "people: '%s' stands twice",
				                   op->people[i]);
	}
	return 0;
}

static int check_order(const struct context *c, const struct operation *op)
{
	const struct site_def *def = c->site->def;
	int r = check_person(c, op->by, "by");
	if (r == 0 && (!op->post || site_def_post(def, op->post) == POSITION_NONE))
		r = problem_set(c->why, -EINVAL, "post: no duty '%s' at site '%s'",
		                op->post ? op->post : "", def->id);
	if (r == 0)
		r = check_people(c, op);
	if (r == 0 && op->until <= op->from)
		r = problem_set(c->why, -EINVAL, "it ends before it starts: to must be after from");
	if (r == 0 && op->until <= c->now.wall)
		r = problem_set(c->why, -EINVAL, "it is over already: to lies in the past");
	if (r == 0 && op->until - c->now.wall > AHEAD_MAX)
		r = problem_set(c->why, -EINVAL,
		                "to lies more than three years ahead; what holds for good belongs "
		                "into the site file");
	if (r == 0 && c->site->duty.count >= BY_HAND_MAX)
		r = problem_set(c->why, -EINVAL, "%d overrides are in force; end some first",
		                BY_HAND_MAX);
	return r;
}

static bool is_same(const struct standing *s, const struct operation *op)
{
	if (strcmp(s->post, op->post) != 0 || s->begins != op->from || s->until != op->until ||
	    s->swap != op->swap || s->name_count != op->people_count)
		return false;
	for (uint32_t i = 0; i < s->name_count; i++)
		if (strcmp(s->names[i], op->people[i]) != 0)
			return false;
	return true;
}

/* All that a replay needs. */
static void record_override(struct context *c, const struct standing *s, const char *action,
                            const char *by, const char *note)
{
	struct text *data = record(c);
	json_put_string(data, "action", action);
	json_put_string(data, "override", s->id);
	json_put_string(data, "post", s->post);
	json_put_time(data, "from", s->begins);
	json_put_time(data, "to", s->until);
	json_open(data, s->swap ? "swap" : "people", '[');
	for (uint32_t i = 0; i < s->name_count; i++)
		json_put_string(data, NULL, s->names[i]);
	json_close(data, ']');
	if (note)
		json_put_string(data, "note", note);
	record_end(c, (struct entry){.type = "duty", .by = by});
}

int duty_override_operate(struct context *c, const struct operation *op)
{
	int r = check_order(c, op);
	if (r < 0)
		return r;
	for (uint32_t i = 0; i < c->site->duty.count; i++)
		if (is_same(c->site->duty.overrides[i], op)) {
			c->plan->made = c->site->duty.overrides[i];
			return 0;
		}
	struct standing *s = standing_begin(c, STANDING_OVERRIDE);
	own(&s->post, op->post);
	own(&s->by, op->by);
	own(&s->note, op->note);
	s->begins = op->from;
	s->until = op->until;
	s->swap = op->swap;
	for (uint32_t i = 0; i < op->people_count; i++)
		standing_add_name(s, op->people[i]);
	c->plan->made = s;
	record_override(c, s, op->swap ? "swap" : "override", op->by, op->note);
	timer_set(&c->site->timers, &s->due, c->now.steady + (s->until - c->now.wall));
	calendar_look(c);
	return 0;
}

/* ---- its end ---- */

int duty_cancel_operate(struct context *c, const struct operation *op)
{
	int r = check_person(c, op->by, "by");
	if (r < 0)
		return r;
	struct standing *s = op->standing ? site_standing(c->site, op->standing) : NULL;
	if (!s || s->type != STANDING_OVERRIDE)
		return problem_set(c->why, -ENOENT, "no override '%s'",
		                   op->standing ? op->standing : "");
	c->plan->made = s;
	if (standing_is_over(s))
		return problem_set(c->why, -EALREADY, "override '%s' is over", s->id);
	record_override(c, s, "override ended", op->by, op->note);
	standing_end(c, s, op->by, "taken back");
	calendar_look(c);
	return 0;
}

/* Its end lies on the wall clock, which may have gone back meanwhile. */
void duty_override_due(struct context *c, struct standing *s)
{
	if (c->now.wall < s->until) {
		timer_set(&c->site->timers, &s->due, c->now.steady + (s->until - c->now.wall));
		return;
	}
	record_override(c, s, "override ended", NULL, NULL);
	standing_end(c, s, NULL, "its time is over");
	calendar_look(c);
}
