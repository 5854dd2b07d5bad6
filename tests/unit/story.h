/* Lets a unit test of the core read as a story: a small school, a virtual clock, a courier that
 * does what the test says.
 *
 *     story_begin(&s);
 *     signal_(&s, "smoke-301", KIND_SMOKE, true);
 *     advance(&s, SECONDS(30));
 *     expect_push(&s, "li", REASON_ESCALATED, 2);
 */
#ifndef TOCSIN_TESTS_STORY_H
#define TOCSIN_TESTS_STORY_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "decide/site.h"

#define PUSHES_MAX 4096

struct push { /* an attempt the core has released */
	uint64_t notification;
	uint32_t contact, attempt, step;
	enum reason reason;
	char to[65], channel[65];
	bool looked_at, duplicate;
	steady_ms at;
};

enum courier_mood { COURIER_ACCEPTS, COURIER_IS_BROKEN, COURIER_REFUSES, COURIER_HANGS };

struct story {
	struct site_def *def;
	struct site *site;
	struct plan plan;
	struct moment now;
	struct push pushes[PUSHES_MAX];
	uint32_t push_count;
	enum courier_mood mood;
	char mute[65];   /* this channel is broken whatever the mood */
	struct text log; /* one line an entry: "type device incident data" */
	struct problem why;
};

/* 2026-11-22 08:00:00 in Shanghai, a Sunday. */
#define STORY_START ((wall_ms)1795305600000)

static struct recipient *recipients(struct arena *arena, uint32_t *count, const char *list)
{
	struct recipient *out = ARENA_ARRAY(arena, struct recipient, 8);
	char *copy = arena_copy(arena, list), *rest = copy, *word;
	*count = 0;
	while ((word = strsep(&rest, " ")))
		if (*word)
			assert_true(recipient_parse(word, &out[(*count)++]));
	return out;
}

static struct policy story_policy(struct arena *arena, const char *id, enum incident_kind kind,
                                  enum severity severity, span_ms after2, const char *step1,
                                  const char *step2, const char *step3)
{
	const char *lists[] = {step1, step2, step3};
	const span_ms after[] = {0, after2, MINUTES(3)};
	struct policy policy = {.id = id,
	                        .kind = kind,
	                        .severity = severity,
	                        .repeat = MINUTES(1),
	                        .resolve_within = MINUTES(15)};
	policy.steps = ARENA_ARRAY(arena, struct policy_step, 3);
	for (int i = 0; i < 3 && lists[i]; i++) {
		policy.steps[policy.count].after = after[i];
		policy.steps[policy.count].notify = recipients(
		        arena, &policy.steps[policy.count].count, lists[i]);
		policy.count++;
	}
	return policy;
}

static void story_people(struct site_def *def)
{
	struct arena *a = &def->arena;
	static const char *const ids[] = {"qian", "zhao", "li", "sun", "wu"};
	def->channels = ARENA_ARRAY(a, struct channel_facts, 3);
	def->channel_count = 3;
	def->channels[0] = (struct channel_facts){.id = "phone", .give_up_after = SECONDS(10)};
	def->channels[1] = (struct channel_facts){.id = "backup", .give_up_after = SECONDS(2)};
	def->channels[2] = (struct channel_facts){
	        .id = "police", .give_up_after = SECONDS(10), .outside = true};
	def->people = ARENA_ARRAY(a, struct person, 5);
	def->person_count = 5;
	for (uint32_t i = 0; i < 5; i++)
		def->people[i] = (struct person){.id = ids[i],
		                                 .name = ids[i],
		                                 .contacts = {{.channel = 0}},
		                                 .contact_count = 1};
	def->people[1].contacts[1].channel = 1;
	def->people[1].contact_count = 2;
	def->people[2].contacts[1].channel = 1;
	def->people[2].contact_count = 2;
	def->posts = ARENA_ARRAY(a, struct post, 2);
	def->post_count = 2;
	for (uint32_t i = 0; i < 2; i++) {
		uint32_t *people = ARENA_ARRAY(a, uint32_t, 2);
		people[0] = i == 0 ? 0 : 2;
		people[1] = 1;
		struct crew *turns = ARENA_ARRAY(a, struct crew, 2);
		turns[0] = (struct crew){people, 1};
		turns[1] = (struct crew){people + 1, 1};
		def->posts[i] = (struct post){.id = i == 0 ? "guard" : "leader",
		                              .name = "post",
		                              .rota = {.turns = turns,
		                                       .count = i == 0 ? 1 : 2,
		                                       .every = DAYS(7),
		                                       .from = {.year = 2026,
		                                                .month = 9,
		                                                .day = i == 0 ? 1 : 7,
		                                                .hour = 8}}};
	}
}

static void story_places(struct site_def *def)
{
	struct arena *a = &def->arena;
	def->zones = ARENA_ARRAY(a, struct zone, 5);
	def->zone_count = 5;
	def->zones[0] = (struct zone){"campus", "Campus", POSITION_NONE, POSITION_NONE};
	def->zones[1] = (struct zone){"dorm", "Dormitory", 0, 1};
	def->zones[2] = (struct zone){"dorm-3f", "Third floor", 1, POSITION_NONE};
	def->zones[3] = (struct zone){"gate", "Gate", 0, 0};
	def->zones[4] = (struct zone){"office", "Office", 0, POSITION_NONE};
	static const struct device devices[] = {
	        {.id = "smoke-301", .zone = 2, .kind = KIND_SMOKE},
	        {.id = "smoke-302", .zone = 2, .kind = KIND_SMOKE},
	        {.id = "sos-gate", .zone = 3, .kind = KIND_PANIC},
	        {.id = "fence-west", .zone = 3, .kind = KIND_PERIMETER},
	        {.id = "door-office", .zone = 4, .kind = KIND_CONTACT},
	};
	def->device_count = sizeof devices / sizeof *devices;
	def->devices = ARENA_ARRAY(a, struct device, def->device_count);
	for (uint32_t i = 0; i < def->device_count; i++) {
		def->devices[i] = devices[i];
		def->devices[i].name = def->devices[i].address = devices[i].id;
	}
	struct weekly_range *night = ARENA_ARRAY(a, struct weekly_range, 1);
	*night = (struct weekly_range){.last_day = 6, .start = 22 * 60, .end = 6 * 60};
	def->schedules = ARENA_ARRAY(a, struct schedule, 1);
	def->schedules[0] = (struct schedule){"night", night, 1};
	def->schedule_count = 1;
	def->armings = ARENA_ARRAY(a, struct arming, 2);
	def->armings[0] = (struct arming){.zone = 4, .schedule = 0};
	def->armings[1] = (struct arming){.zone = 3, .schedule = POSITION_NONE};
	def->arming_count = 2;
}

/* The contract's school, with one person more (wu) whom nobody mentions. */
static struct site_def *story_def(void)
{
	struct site_def *def = NEW(struct site_def);
	struct arena *a = &def->arena;
	def->id = "binjiang";
	def->name = "Binjiang";
	def->language = "en";
	assert_int_equal(timezone_load("Asia/Shanghai", a, &def->timezone), 0);
	story_people(def);
	story_places(def);
	def->policies = ARENA_ARRAY(a, struct policy, 3);
	def->policy_count = 3;
	def->policies[0] = story_policy(a, "fire", INCIDENT_FIRE, SEVERITY_NONE, SECONDS(30),
	                                "duty:guard duty:leader", "duty:leader zone-owner",
	                                "person:sun");
	def->policies[1] = story_policy(a, "fire-confirmed", INCIDENT_FIRE, SEVERITY_CRITICAL,
	                                SECONDS(60), "duty:guard duty:leader person:sun",
	                                "channel:police", NULL);
	def->policies[2] = story_policy(a, "other", INCIDENT_KIND_NONE, SEVERITY_NONE, SECONDS(60),
	                                "duty:guard", "duty:leader", NULL);
	def->last_resort = recipients(a, &def->last_resort_count, "person:sun");
	def->handover.accept_within = MINUTES(10);
	def->handover.tell = recipients(a, &def->handover.tell_count, "duty:leader");
	site_def_index(def);
	return def;
}

static void note_entries(struct story *s)
{
	for (uint32_t i = 0; i < s->plan.entry_count; i++) {
		const struct entry *e = &s->plan.entries[i];
		text_addf(&s->log, "%s %s %s %s\n", e->type, e->device ? e->device : "-",
		          e->incident ? e->incident : "-", e->data);
	}
}

static void note_dispatches(struct story *s)
{
	for (uint32_t i = 0; i < s->plan.dispatch_count; i++) {
		const struct dispatch *d = &s->plan.dispatches[i];
		assert_true(s->push_count < PUSHES_MAX);
		struct push *push = &s->pushes[s->push_count++];
		*push = (struct push){.notification = d->notification->number,
		                      .contact = d->contact,
		                      .attempt = d->attempt,
		                      .step = d->notification->step,
		                      .reason = d->notification->reason,
		                      .duplicate = d->notification->possible_duplicate,
		                      .at = s->now.steady};
		snprintf(push->to, sizeof push->to, "%s", d->notification->to_id);
		snprintf(push->channel, sizeof push->channel, "%s",
		         d->notification->deliveries[d->contact].channel);
	}
}

static void check_invariants(const struct story *s)
{
	for (uint32_t i = 0; i < s->site->incident_count; i++) {
		const struct incident *incident = s->site->incidents[i];
		if (incident->state == STATE_OPEN)
			assert_true(timer_due(&incident->step_due) != NEVER);
		if (incident->state == STATE_ACKNOWLEDGED)
			assert_true(timer_due(&incident->resolve_due) != NEVER);
	}
}

/* The end of a turn: what was planned is noted, and answered by the courier's mood. */
static void end_turn(struct story *s)
{
	uint32_t first = s->push_count;
	note_entries(s);
	note_dispatches(s);
	uint32_t count = s->push_count;
	plan_reset(&s->plan, s->site);
	site_settle(s->site);
	check_invariants(s);
	for (uint32_t i = first; i < count; i++) {
		struct push *push = &s->pushes[i];
		enum courier_mood mood = strcmp(push->channel, s->mute) == 0 ? COURIER_IS_BROKEN
		                                                             : s->mood;
		if (mood == COURIER_HANGS)
			continue;
		struct event event = {
		        .type = EVENT_DELIVERY,
		        .delivery = {.notification = push->notification,
		                     .contact = push->contact,
		                     .attempt = push->attempt,
		                     .verdict = mood == COURIER_ACCEPTS     ? VERDICT_ACCEPTED
		                                : mood == COURIER_IS_BROKEN ? VERDICT_BROKEN
		                                                            : VERDICT_REFUSED,
		                     .status = mood == COURIER_ACCEPTS ? 200 : 0}};
		assert_int_equal(site_apply(s->site, &event, s->now, &s->plan, &s->why), 0);
	}
	if (count > first)
		end_turn(s);
}

static void apply(struct story *s, const struct event *event)
{
	assert_int_equal(site_apply(s->site, event, s->now, &s->plan, &s->why), 0);
	end_turn(s);
}

static inline void story_begin(struct story *s)
{
	*s = (struct story){0};
	s->def = story_def();
	s->site = site_create(s->def);
	s->now = (struct moment){.wall = STORY_START, .steady = 1000};
	apply(s, &(struct event){.type = EVENT_SERVICE, .service = {.type = SERVICE_STARTED}});
}

static inline void story_end(struct story *s)
{
	plan_finish(&s->plan);
	site_destroy(s->site);
	site_def_destroy(s->def);
	text_finish(&s->log);
}

/* Time passes; everything due on the way happens at its own instant. */
static inline void advance(struct story *s, span_ms span)
{
	steady_ms until = s->now.steady + span;
	for (steady_ms next; (next = site_next_deadline(s->site)) <= until;) {
		if (next > s->now.steady) {
			s->now.wall += next - s->now.steady;
			s->now.steady = next;
		}
		site_tick(s->site, s->now, &s->plan);
		end_turn(s);
	}
	s->now.wall += until - s->now.steady;
	s->now.steady = until;
}

static inline void signal_(struct story *s, const char *device, enum kind kind, bool active)
{
	apply(s, &(struct event){.type = EVENT_SIGNAL,
	                         .signal = {.device = device, .kind = kind, .active = active}});
}

static inline int operate_(struct story *s, struct operation op)
{
	int r = site_apply(s->site, &(struct event){.type = EVENT_OPERATION, .operation = op},
	                   s->now, &s->plan, &s->why);
	end_turn(s);
	return r;
}

static inline struct incident *only_incident(struct story *s)
{
	struct incident *found = NULL;
	for (uint32_t i = 0; i < s->site->incident_count; i++)
		if (s->site->incidents[i]->state != STATE_RESOLVED) {
			assert_null(found);
			found = s->site->incidents[i];
		}
	assert_non_null(found);
	return found;
}

static inline uint32_t open_incidents(const struct story *s)
{
	uint32_t count = 0;
	for (uint32_t i = 0; i < s->site->incident_count; i++)
		count += s->site->incidents[i]->state != STATE_RESOLVED;
	return count;
}

/* A push of this kind that no expectation has taken yet; marks it as taken. */
static inline bool take_push(struct story *s, const char *to, enum reason reason, uint32_t step)
{
	for (uint32_t i = 0; i < s->push_count; i++) {
		struct push *push = &s->pushes[i];
		if (!push->looked_at && push->reason == reason && strcmp(push->to, to) == 0 &&
		    (!step || push->step == step)) {
			push->looked_at = true;
			return true;
		}
	}
	return false;
}

static inline void expect_push(struct story *s, const char *to, enum reason reason, uint32_t step)
{
	if (!take_push(s, to, reason, step))
		fail_msg("no push to %s: %s step %u; so far:\n%s", to, reason_name(reason), step,
		         text_get(&s->log));
}

static inline void expect_no_more_pushes(struct story *s)
{
	for (uint32_t i = 0; i < s->push_count; i++)
		if (!s->pushes[i].looked_at)
			fail_msg("a push to %s that nobody expected: %s step %u attempt %u",
			         s->pushes[i].to, reason_name(s->pushes[i].reason),
			         s->pushes[i].step, s->pushes[i].attempt);
}

static inline void forget_pushes(struct story *s)
{
	s->push_count = 0;
}

/* How many entries' lines hold this text. */
static inline int entries_with(const struct story *s, const char *text)
{
	int count = 0;
	for (const char *at = text_get(&s->log); (at = strstr(at, text)); at++)
		count++;
	return count;
}

#endif
