/* Whether people can be reached: a labelled test through each contact, and the tap that proves that
 * somebody has it in the hand. */
#include <errno.h>
#include <string.h>

#include "decide/core.h"

#define PROOF_WITHIN DAYS(1) /* also how long the link of a letter holds */
#define PROOF_HOUR 10        /* local: nobody is woken by a test */

/* channel NULL: of any contact. */
static struct standing *waiting_proof(const struct context *c, const char *person,
                                      const char *channel, uint32_t nth)
{
	for (uint32_t i = 0; i < c->site->standing_count; i++) {
		struct standing *s = c->site->standings[i];
		if (s->type == STANDING_PROOF && !standing_is_over(s) &&
		    strcmp(s->to, person) == 0 &&
		    (!channel || (strcmp(s->channel, channel) == 0 && s->nth == nth)))
			return s;
	}
	return NULL;
}

static void send_one(struct context *c, uint32_t position, uint32_t contact, const char *by)
{
	const struct site_def *def = c->site->def;
	const struct person *person = &def->people[position];
	const char *channel = def->channels[person->contacts[contact].channel].id;
	uint32_t nth = person_contact_nth(person, contact);
	struct standing *earlier = waiting_proof(c, person->id, channel, nth);
	char id[NOTIFICATION_ID_MAX];
	struct notification *n = notify_contact(
	        c, (struct resolved_recipient){.kind = RECIPIENT_PERSON, .position = position},
	        contact, REASON_TEST);
	notification_id(def->id, n->number, id);
	if (earlier)
		standing_end(c, earlier, by, "tested again");
	struct standing *s = standing_begin(c, STANDING_PROOF);
	own(&s->by, by);
	own(&s->to, person->id);
	own(&s->channel, channel);
	s->nth = nth;
	own(&s->notification, id);
	s->until = c->now.wall + PROOF_WITHIN;
	timer_set(&c->site->timers, &s->due, c->now.steady + PROOF_WITHIN);
}

void proof_send(struct context *c, uint32_t position, const char *by)
{
	const struct site_def *def = c->site->def;
	const struct person *person = &def->people[position];
	for (uint32_t i = 0; i < person->contact_count; i++)
		if (!def->channels[person->contacts[i].channel].outside)
			send_one(c, position, i, by);
}

static void set_trouble(struct context *c, const char *person, bool active, const char *detail)
{
	struct text subject = {0};
	text_addf(&subject, "reach:%s", person);
	service_trouble(c, &(struct trouble){.subject = text_get(&subject),
	                                     .active = active,
	                                     .detail = detail});
	text_finish(&subject);
}

/* The trouble ends when nothing of the person's is waited for any more. */
int proof_confirm(struct context *c, const struct operation *op)
{
	struct standing *s = NULL;
	for (uint32_t i = 0; i < c->site->standing_count && !s; i++) {
		struct standing *other = c->site->standings[i];
		if (other->type == STANDING_PROOF && !standing_is_over(other) &&
		    strcmp(other->notification, op->to) == 0)
			s = other;
	}
	if (!s)
		return problem_set(c->why, -EALREADY, "this test has been confirmed, or is over");
	if (strcmp(s->to, op->by) != 0)
		return problem_set(c->why, -EINVAL, "this test is for '%s' to confirm", s->to);
	record_operation(c, op, NULL);
	standing_end(c, s, op->by, "confirmed");
	if (!waiting_proof(c, s->to, NULL, 0))
		set_trouble(c, s->to, false, NULL);
	return 0;
}

void proof_late(struct context *c, struct standing *s)
{
	struct text *data = record(c);
	json_put_string(data, "reason", "a test was not confirmed");
	json_put_string(data, "to", s->to);
	json_put_string(data, "channel", s->channel);
	json_put_int(data, "nth", s->nth);
	json_put_string(data, "notification", s->notification);
	record_end(c, (struct entry){.type = "gap"});
	standing_end(c, s, NULL, "not confirmed");
	if (!s->by)
		set_trouble(c, s->to, true, s->channel);
}

/* ---- by the schedule ---- */

static void set_next(struct context *c, struct standing *s, span_ms every)
{
	const struct timezone_table *zone = &c->site->def->timezone;
	struct civil day = civil_from_wall(zone, c->now.wall + every);
	day.hour = PROOF_HOUR;
	day.minute = day.second = day.ms = 0;
	wall_ms at = civil_first(zone, day);
	if (at <= c->now.wall)
		at = c->now.wall + every;
	s->until = at;
	timer_set(&c->site->timers, &s->due, c->now.steady + (at - c->now.wall));
	touch_standing(c, s);
}

void reach_due(struct context *c, struct standing *s)
{
	const struct site_def *def = c->site->def;
	uint32_t person = site_def_person(def, s->to);
	if (person == POSITION_NONE || !def->people[person].prove_every) {
		standing_end(c, s, NULL, "no longer asked for");
		return;
	}
	proof_send(c, person, NULL);
	set_next(c, s, def->people[person].prove_every);
}

void reach_look(struct context *c)
{
	const struct site_def *def = c->site->def;
	for (uint32_t i = 0; i < def->person_count; i++) {
		bool has = !def->people[i].prove_every;
		for (uint32_t k = 0; k < c->site->standing_count && !has; k++) {
			const struct standing *s = c->site->standings[k];
			has = s->type == STANDING_REACH && !standing_is_over(s) &&
			      strcmp(s->to, def->people[i].id) == 0;
		}
		if (has)
			continue;
		struct standing *s = standing_begin(c, STANDING_REACH);
		own(&s->to, def->people[i].id);
		set_next(c, s, def->people[i].prove_every);
	}
}
