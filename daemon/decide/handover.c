/* Handover as a transaction. When the people of a post change, or somebody hands an incident on,
 * the incoming person is told of each open incident that goes over, and of what is silenced,
 * disarmed or being tested; the outgoing stay reachable until the incoming has accepted. What is
 * not accepted in time becomes a trouble. */
#include <errno.h>
#include <string.h>

#include "decide/core.h"

#define POST_PEOPLE_MAX 64

static bool policy_names_post(const struct policy *policy, const char *post)
{
	for (uint32_t i = 0; i < policy->count; i++)
		for (uint32_t k = 0; k < policy->steps[i].count; k++)
			if (policy->steps[i].notify[k].kind == RECIPIENT_DUTY && post &&
			    strcmp(policy->steps[i].notify[k].id, post) == 0)
				return true;
	return false;
}

/* Does this incident go over with it? */
static bool concerns(const struct standing *s, const struct incident *incident)
{
	if (!incident_is_active(incident))
		return false;
	if (s->incident)
		return strcmp(s->incident, incident->id) == 0;
	/* A handover's own trouble is nothing to hand over. */
	if (incident->subject && strncmp(incident->subject, "handover:", 9) == 0)
		return false;
	return policy_names_post(incident->policy, s->post);
}

static bool has_incident(const struct site *site, const struct standing *s)
{
	for (uint32_t i = 0; i < site->incident_count; i++)
		if (concerns(s, site->incidents[i]))
			return true;
	return false;
}

/* Something that the incoming of this post must know, or is always to be told. */
static bool has_work(const struct site *site, const struct standing *s)
{
	if (has_incident(site, s) || (s->post && site->def->handover.every_shift))
		return true;
	for (uint32_t i = 0; s->post && i < site->standing_count; i++)
		if (handover_lists(site->standings[i]))
			return true;
	return false;
}

static bool is_pending(const struct standing *s)
{
	return s->type == STANDING_HANDOVER && !standing_is_over(s);
}

static void record_handover(struct context *c, const struct standing *s, const char *action,
                            const char *by)
{
	struct text *data = record(c);
	json_put_string(data, "action", action);
	json_put_string(data, "handover", s->id);
	if (s->post)
		json_put_string(data, "post", s->post);
	json_open(data, "from", '[');
	for (uint32_t i = 0; i < s->name_count; i++)
		json_put_string(data, NULL, s->names[i]);
	json_close(data, ']');
	json_put_string(data, "to", s->to);
	json_open(data, "incidents", '[');
	for (uint32_t i = 0; i < c->site->incident_count; i++)
		if (concerns(s, c->site->incidents[i]))
			json_put_string(data, NULL, c->site->incidents[i]->id);
	json_close(data, ']');
	record_end(c, (struct entry){.type = "duty", .incident = s->incident, .by = by});
}

/* With no incident one message of its own, whose link accepts. */
static void tell_shift(struct context *c, struct standing *s)
{
	char id[NOTIFICATION_ID_MAX];
	struct text list = {0};
	struct notification *n = notify_id(c, NULL, RECIPIENT_PERSON, s->to, REASON_SHIFT, 0);
	if (!n)
		return;
	notification_id(c->site->def->id, n->number, id);
	own(&s->notification, id);
	touch_standing(c, s);
	handover_write_list(c->site, true, &list);
	own(&n->note, text_get(&list));
	text_finish(&list);
}

static void tell_incoming(struct context *c, struct standing *s)
{
	uint32_t count = c->site->incident_count;
	struct text list = {0};
	if (!has_incident(c->site, s)) {
		tell_shift(c, s);
		return;
	}
	handover_write_list(c->site, false, &list);
	for (uint32_t i = 0; i < count; i++) {
		struct incident *incident = c->site->incidents[i];
		struct notification *n = concerns(s, incident)
		                                 ? notify_id(c, incident, RECIPIENT_PERSON, s->to,
		                                             REASON_HANDOVER, incident->step)
		                                 : NULL;
		if (n && s->post && list.len)
			own(&n->note, text_get(&list));
	}
	text_finish(&list);
}

/* ---- not accepted in time ---- */

static struct cause trouble_of(struct context *c, const struct standing *s, struct text *subject)
{
	text_addf(subject, "handover:%s", s->id);
	return (struct cause){.zone = site_def_root_zone(c->site->def),
	                      .kind = INCIDENT_TROUBLE,
	                      .severity = SEVERITY_WARNING,
	                      .subject = text_get(subject),
	                      .time = c->now.wall};
}

static void end_trouble(struct context *c, const struct standing *s)
{
	struct text subject = {0};
	struct cause cause = trouble_of(c, s, &subject);
	struct incident *incident = incident_find(c->site, &cause);
	if (incident)
		incident_end(c, incident, NULL);
	text_finish(&subject);
}

static void end_handover(struct context *c, struct standing *s, const char *by, const char *how)
{
	standing_end(c, s, by, how);
	end_trouble(c, s);
}

static void open_trouble(struct context *c, const struct standing *s)
{
	const struct site_def *def = c->site->def;
	struct text subject = {0}, note = {0};
	struct cause cause = trouble_of(c, s, &subject);
	bool fresh;
	text_addf(&note, "%s: %s", s->post ? s->post : s->incident, s->to);
	cause.note = text_get(&note);
	struct incident *incident = incident_prepare(c, &cause, &fresh);
	if (fresh) {
		struct resolved_recipient who[POST_PEOPLE_MAX];
		incident_open(c, incident, &cause);
		uint32_t count = recipients_resolve(def, &c->site->duty, def->handover.tell,
		                                    def->handover.tell_count, POSITION_NONE,
		                                    c->now.wall, who, POST_PEOPLE_MAX);
		for (uint32_t i = 0; i < count; i++)
			if (!notification_leaves(c, incident, who[i].kind,
			                         recipient_id(def, who[i])))
				notify(c, incident, who[i], REASON_OPENED, 1);
	}
	text_finish(&subject);
	text_finish(&note);
}

void handover_late(struct context *c, struct standing *s)
{
	if (!has_work(c->site, s)) {
		end_handover(c, s, NULL, "nothing is left to hand over");
		return;
	}
	s->hidden++;
	touch_standing(c, s);
	record_handover(c, s, "handover not accepted in time", NULL);
	open_trouble(c, s);
	tell_incoming(c, s);
	timer_set(&c->site->timers, &s->due, c->now.steady + c->site->def->handover.accept_within);
}

/* ---- the change of a post ---- */

static bool is_in(const struct site_def *def, const uint32_t *people, uint32_t count,
                  const char *id)
{
	for (uint32_t i = 0; i < count; i++)
		if (strcmp(def->people[people[i]].id, id) == 0)
			return true;
	return false;
}

/* A handover that was never accepted goes on in the next: whoever was reachable before stays so. */
static void take_up_earlier(struct context *c, struct standing *s)
{
	for (uint32_t i = 0; i < c->site->standing_count; i++) {
		struct standing *other = c->site->standings[i];
		if (other == s || !is_pending(other) || !other->post ||
		    strcmp(other->post, s->post) != 0 || !standing_has_name(s, other->to))
			continue;
		for (uint32_t k = 0; k < other->name_count; k++)
			if (strcmp(other->names[k], s->to) != 0)
				standing_add_name(s, other->names[k]);
		end_handover(c, other, NULL, "overtaken by the next change");
	}
}

static void hand_over_post(struct context *c, const struct standing *post, const char *to,
                           const uint32_t *now_on, uint32_t count)
{
	const struct standing like = {.post = post->post};
	if (!has_work(c->site, &like))
		return;
	struct standing *s = standing_begin(c, STANDING_HANDOVER);
	own(&s->post, post->post);
	own(&s->to, to);
	for (uint32_t i = 0; i < post->name_count; i++)
		if (!is_in(c->site->def, now_on, count, post->names[i]))
			standing_add_name(s, post->names[i]);
	take_up_earlier(c, s);
	timer_set(&c->site->timers, &s->due, c->now.steady + c->site->def->handover.accept_within);
	record_handover(c, s, "handover", NULL);
	tell_incoming(c, s);
}

/* Who leaves while somebody else's handover is still pending stays reachable, too. */
static void keep_leavers(struct context *c, const struct standing *post, const uint32_t *now_on,
                         uint32_t count)
{
	for (uint32_t i = 0; i < c->site->standing_count; i++) {
		struct standing *s = c->site->standings[i];
		if (!is_pending(s) || !s->post || strcmp(s->post, post->post) != 0)
			continue;
		for (uint32_t k = 0; k < post->name_count; k++)
			if (!is_in(c->site->def, now_on, count, post->names[k]) &&
			    strcmp(post->names[k], s->to) != 0)
				standing_add_name(s, post->names[k]);
		touch_standing(c, s);
	}
}

static struct standing *find_post(const struct site *site, const char *id)
{
	for (uint32_t i = 0; i < site->standing_count; i++)
		if (site->standings[i]->type == STANDING_POST &&
		    strcmp(site->standings[i]->post, id) == 0)
			return site->standings[i];
	return NULL;
}

static bool same_people(const struct site_def *def, const struct standing *post,
                        const uint32_t *people, uint32_t count)
{
	if (post->name_count != count)
		return false;
	for (uint32_t i = 0; i < post->name_count; i++)
		if (!is_in(def, people, count, post->names[i]))
			return false;
	return true;
}

static void look_at_post(struct context *c, uint32_t position, bool hand_over)
{
	const struct site_def *def = c->site->def;
	uint32_t people[POST_PEOPLE_MAX];
	uint32_t count = post_on_duty(def, &c->site->duty, position, c->now.wall, people,
	                              POST_PEOPLE_MAX);
	struct standing *post = find_post(c->site, def->posts[position].id);
	bool known = post != NULL;
	if (known && same_people(def, post, people, count))
		return;
	if (!known) {
		post = standing_begin(c, STANDING_POST);
		own(&post->post, def->posts[position].id);
	} else if (hand_over) {
		keep_leavers(c, post, people, count);
		for (uint32_t i = 0; i < count; i++)
			if (!standing_has_name(post, def->people[people[i]].id))
				hand_over_post(c, post, def->people[people[i]].id, people, count);
	}
	standing_clear_names(post);
	for (uint32_t i = 0; i < count; i++)
		standing_add_name(post, def->people[people[i]].id);
	touch_standing(c, post);
}

void posts_look(struct context *c, bool hand_over)
{
	for (uint32_t i = 0; i < c->site->def->post_count; i++)
		look_at_post(c, i, hand_over);
}

/* ---- accepting ---- */

/* The incoming takes what the outgoing had taken charge of. */
static void take_from_outgoing(struct context *c, const struct standing *s,
                               struct incident *incident, const char *by)
{
	if (incident->state != STATE_ACKNOWLEDGED || strcmp(incident->owner, by) == 0 ||
	    (!s->incident && !standing_has_name(s, incident->owner)))
		return;
	incident_take_over(c, incident, by);
}

void handover_accept(struct context *c, struct standing *s, const char *by)
{
	record_handover(c, s, "handover accepted", by);
	for (uint32_t i = 0; i < c->site->incident_count; i++)
		if (concerns(s, c->site->incidents[i]))
			take_from_outgoing(c, s, c->site->incidents[i], by);
	end_handover(c, s, by, "accepted");
}

void handovers_accept_for(struct context *c, const struct incident *incident, const char *by)
{
	for (uint32_t i = 0; i < c->site->standing_count; i++) {
		struct standing *s = c->site->standings[i];
		if (is_pending(s) && strcmp(s->to, by) == 0 && concerns(s, incident))
			handover_accept(c, s, by);
	}
}

void handover_offer(struct context *c, struct incident *incident, const char *by, const char *to,
                    const char *note)
{
	struct standing *s = NULL;
	for (uint32_t i = 0; i < c->site->standing_count && !s; i++) {
		struct standing *other = c->site->standings[i];
		if (is_pending(other) && other->incident &&
		    strcmp(other->incident, incident->id) == 0)
			s = other;
	}
	if (s && strcmp(s->to, to) == 0)
		return; /* asked again: it is under way */
	if (s)
		end_handover(c, s, by, "offered to somebody else");
	s = standing_begin(c, STANDING_HANDOVER);
	own(&s->incident, incident->id);
	own(&s->by, by);
	own(&s->to, to);
	own(&s->note, note);
	standing_add_name(s, incident->owner ? incident->owner : by);
	timer_set(&c->site->timers, &s->due, c->now.steady + c->site->def->handover.accept_within);
	record_handover(c, s, "handover", by);
	tell_incoming(c, s);
}

uint32_t handovers_add_outgoing(const struct context *c, const struct recipient *recipients,
                                uint32_t recipient_count, struct resolved_recipient *who,
                                uint32_t count, uint32_t cap)
{
	for (uint32_t i = 0; i < c->site->standing_count; i++) {
		const struct standing *s = c->site->standings[i];
		bool named = false;
		if (!is_pending(s) || !s->post)
			continue;
		for (uint32_t k = 0; k < recipient_count && !named; k++)
			named = recipients[k].kind == RECIPIENT_DUTY &&
			        strcmp(recipients[k].id, s->post) == 0;
		for (uint32_t k = 0; k < s->name_count && named; k++)
			count = add_resolved(who, count, cap, RECIPIENT_PERSON,
			                     site_def_person(c->site->def, s->names[k]));
	}
	return count;
}

int handover_operate(struct context *c, const struct operation *op)
{
	struct standing *s = op->standing ? site_standing(c->site, op->standing) : NULL;
	if (!s || s->type != STANDING_HANDOVER)
		return problem_set(c->why, -ENOENT, "no handover '%s'",
		                   op->standing ? op->standing : "");
	c->plan->made = s;
	if (standing_is_over(s))
		return problem_set(c->why, -EALREADY, "handover '%s' is over", s->id);
	if (strcmp(s->to, op->by) != 0)
		return problem_set(c->why, -EINVAL, "handover '%s' is for '%s' to accept", s->id,
		                   s->to);
	record_operation(c, op, s->incident);
	handover_accept(c, s, op->by);
	return 0;
}
