/* floors: decide */
/* A change of duty with incidents open. li has the week of 2026-11-16, zhao the one of 11-23; the
 * story begins on Sunday 11-22 at 08:00, so that leader changes 24 h later. */
#include <errno.h>

#include "story.h"

/* A fire that li took ten minutes before the change. */
static void begin_before_the_change(struct story *s)
{
	story_begin(s);
	advance(s, HOURS(24) - MINUTES(10));
	signal_(s, "smoke-301", KIND_SMOKE, true);
	assert_int_equal(operate_(s, (struct operation){OPERATION_ACK, .by = "li",
	                                                .incident = only_incident(s)->id}),
	                 0);
	forget_pushes(s);
}

static struct standing *only_handover(const struct story *s)
{
	struct standing *found = NULL;
	for (uint32_t i = 0; i < s->site->standing_count; i++)
		if (s->site->standings[i]->type == STANDING_HANDOVER) {
			assert_null(found);
			found = s->site->standings[i];
		}
	return found;
}

static struct incident *incident_of_kind(const struct story *s, enum incident_kind kind)
{
	for (uint32_t i = 0; i < s->site->incident_count; i++)
		if (s->site->incidents[i]->kind == kind &&
		    s->site->incidents[i]->state != STATE_RESOLVED)
			return s->site->incidents[i];
	return NULL;
}

static int accept(struct story *s, const char *by)
{
	return operate_(s, (struct operation){.type = OPERATION_HANDOVER_ACCEPT,
	                                      .by = by,
	                                      .standing = only_handover(s)->id});
}

static void test_the_incoming_is_told_at_the_change(void **state)
{
	(void)state;
	struct story s;
	begin_before_the_change(&s);
	advance(&s, MINUTES(10) - 1);
	expect_no_more_pushes(&s);
	assert_null(only_handover(&s));
	advance(&s, 1);
	expect_push(&s, "zhao", REASON_HANDOVER, 0);
	expect_no_more_pushes(&s);
	assert_string_equal(only_handover(&s)->to, "zhao");
	assert_string_equal(only_handover(&s)->names[0], "li");
	/* Until it is accepted the outgoing stays in charge. */
	assert_string_equal(only_incident(&s)->owner, "li");
	story_end(&s);
}

/* A start that finds another configuration looks at duty first: what that tells is not what a death
 * interrupted. */
static void test_what_a_start_tells_anew_is_told_once(void **state)
{
	(void)state;
	struct story s;
	begin_before_the_change(&s);
	s.mood = COURIER_HANGS;
	s.now.wall += MINUTES(10);
	s.now.steady += MINUTES(10);
	const enum service_event facts[] = {SERVICE_CONFIGURED, SERVICE_STARTED};
	for (int i = 0; i < 2; i++) {
		struct event event = {.type = EVENT_SERVICE, .service = {.type = facts[i]}};
		assert_int_equal(site_apply(s.site, &event, s.now, &s.plan, &s.why), 0);
	}
	end_turn(&s);
	expect_push(&s, "zhao", REASON_HANDOVER, 0);
	expect_no_more_pushes(&s);
	assert_int_equal(s.pushes[0].attempt, 1);
	assert_false(s.pushes[0].duplicate);
	story_end(&s);
}

static void test_accepting_takes_charge_and_tells_the_outgoing(void **state)
{
	(void)state;
	struct story s;
	begin_before_the_change(&s);
	advance(&s, MINUTES(10));
	forget_pushes(&s);
	assert_int_equal(accept(&s, "li"), -EINVAL); /* not hers to accept */
	assert_int_equal(accept(&s, "zhao"), 0);
	assert_string_equal(only_incident(&s)->owner, "zhao");
	expect_push(&s, "li", REASON_ACKNOWLEDGED, 0);
	assert_null(only_handover(&s));
	story_end(&s);
}

/* An administrator may say it for somebody who cannot; it is not as if they had said it. */
static void test_who_accepts_for_another_is_in_the_record(void **state)
{
	(void)state;
	struct story s;
	begin_before_the_change(&s);
	advance(&s, MINUTES(10));
	assert_int_equal(operate_(&s, (struct operation){.type = OPERATION_HANDOVER_ACCEPT,
	                                                 .by = "zhao",
	                                                 .actor = "sun",
	                                                 .standing = only_handover(&s)->id}),
	                 0);
	assert_string_equal(only_incident(&s)->owner, "zhao");
	assert_int_equal(entries_with(&s, "\"for\":\"zhao\""), 1);  /* the operation, by sun */
	assert_int_equal(entries_with(&s, "\"actor\":\"sun\""), 2); /* accepted, assigned */
	story_end(&s);
}

static void test_further_steps_reach_both_until_it_is_accepted(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	advance(&s, HOURS(24) - SECONDS(10));
	signal_(&s, "smoke-301", KIND_SMOKE, true);
	forget_pushes(&s);
	advance(&s, SECONDS(10));
	expect_push(&s, "zhao", REASON_HANDOVER, 0);
	advance(&s, SECONDS(20)); /* step 2: duty:leader and the owner of the zone, who is zhao */
	expect_push(&s, "zhao", REASON_ESCALATED, 2);
	expect_push(&s, "li", REASON_ESCALATED, 2);
	expect_no_more_pushes(&s);
	assert_int_equal(accept(&s, "zhao"), 0);
	assert_int_equal(only_incident(&s)->state, STATE_OPEN); /* accepted is not acknowledged */
	only_incident(&s)->step = 1;                            /* the same step once more */
	advance(&s, SECONDS(150));
	expect_push(&s, "zhao", REASON_ESCALATED, 2);
	expect_push(&s, "sun", REASON_ESCALATED, 3);
	expect_no_more_pushes(&s);
	story_end(&s);
}

static void test_a_step_at_the_moment_of_the_change_reaches_both(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	advance(&s, HOURS(24) - SECONDS(30));
	signal_(&s, "smoke-301", KIND_SMOKE, true);
	forget_pushes(&s);
	advance(&s, SECONDS(30));
	expect_push(&s, "zhao", REASON_HANDOVER, 0);
	expect_push(&s, "zhao", REASON_ESCALATED, 2);
	expect_push(&s, "li", REASON_ESCALATED, 2);
	expect_no_more_pushes(&s);
	story_end(&s);
}

/* Changes lie where they lie, not on whole minutes: turns of half a minute that begin at :05. */
static void test_a_change_within_a_minute_is_handed_over_at_its_second(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	s.def->posts[1].rota.every = SECONDS(30);
	s.def->posts[1].rota.from = (struct civil){
	        .year = 2026, .month = 11, .day = 22, .hour = 7, .second = 5};
	advance(&s, SECONDS(10));
	signal_(&s, "smoke-301", KIND_SMOKE, true);
	forget_pushes(&s);
	advance(&s, SECONDS(25) - 1);
	expect_no_more_pushes(&s);
	advance(&s, 1);
	const char *to = only_handover(&s)->to, *from = only_handover(&s)->names[0];
	assert_string_not_equal(to, from);
	expect_push(&s, to, REASON_HANDOVER, 0);
	expect_no_more_pushes(&s);
	advance(&s, SECONDS(5)); /* step 2: the outgoing is reachable until it is accepted */
	expect_push(&s, to, REASON_ESCALATED, 2);
	expect_push(&s, from, REASON_ESCALATED, 2);
	story_end(&s);
}

static void test_an_override_between_two_minutes_is_handed_over_and_back(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	advance(&s, SECONDS(2));
	signal_(&s, "fence-west", KIND_PERIMETER, true);
	const char *people[] = {"li"};
	assert_int_equal(operate_(&s, (struct operation){.type = OPERATION_DUTY_OVERRIDE,
	                                                 .by = "sun",
	                                                 .post = "guard",
	                                                 .people = people,
	                                                 .people_count = 1,
	                                                 .from = s.now.wall + SECONDS(4),
	                                                 .until = s.now.wall + SECONDS(12)}),
	                 0);
	forget_pushes(&s);
	advance(&s, SECONDS(4));
	expect_push(&s, "li", REASON_HANDOVER, 0);
	advance(&s, SECONDS(8));
	expect_push(&s, "qian", REASON_HANDOVER, 0);
	expect_no_more_pushes(&s);
	story_end(&s);
}

static void test_not_accepted_becomes_a_trouble_for_the_leader(void **state)
{
	(void)state;
	struct story s;
	begin_before_the_change(&s);
	s.def->policies[0].resolve_within = HOURS(2);
	only_incident(&s)->policy->resolve_within = HOURS(2);
	timer_set(&s.site->timers, &only_incident(&s)->resolve_due, s.now.steady + HOURS(2));
	advance(&s, MINUTES(10));
	forget_pushes(&s);
	advance(&s, MINUTES(10));
	expect_push(&s, "zhao", REASON_HANDOVER, 0); /* asked again */
	expect_push(&s, "qian", REASON_OPENED, 1);   /* the trouble, by its policy */
	expect_push(&s, "zhao", REASON_OPENED, 1);   /* and to the leader */
	assert_non_null(incident_of_kind(&s, INCIDENT_TROUBLE));
	assert_int_equal(accept(&s, "zhao"), 0);
	assert_null(incident_of_kind(&s, INCIDENT_TROUBLE));
	story_end(&s);
}

static void test_a_change_while_nothing_is_open_hands_nothing_over(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	signal_(&s, "smoke-301", KIND_SMOKE, true);
	assert_int_equal(operate_(&s, (struct operation){OPERATION_RESOLVE, .by = "li",
	                                                 .incident = only_incident(&s)->id,
	                                                 .outcome = OUTCOME_REAL}),
	                 0);
	advance(&s, DAYS(2));
	forget_pushes(&s);
	/* What opens after the change is for those who are there: no handover. */
	signal_(&s, "smoke-301", KIND_SMOKE, true);
	expect_push(&s, "zhao", REASON_OPENED, 1);
	advance(&s, MINUTES(2));
	assert_null(only_handover(&s));
	story_end(&s);
}

static void test_a_clock_that_jumps_over_the_change_hands_over_at_once(void **state)
{
	(void)state;
	struct story s;
	begin_before_the_change(&s);
	s.now.wall += HOURS(1);
	apply(&s, &(struct event){.type = EVENT_SERVICE,
	                          .service = {.type = CLOCK_JUMPED, .data = "{}"}});
	expect_push(&s, "zhao", REASON_HANDOVER, 0);
	story_end(&s);
}

static void test_what_was_never_accepted_is_taken_up_by_the_next(void **state)
{
	(void)state;
	struct story s;
	begin_before_the_change(&s);
	advance(&s, MINUTES(10));
	only_incident(&s)->policy->resolve_within = DAYS(30);
	timer_set(&s.site->timers, &only_incident(&s)->resolve_due, s.now.steady + DAYS(30));
	for (int hour = 0; hour < 7 * 24; hour++) { /* li again; zhao never said a word */
		advance(&s, HOURS(1));
		forget_pushes(&s);
	}
	assert_string_equal(only_handover(&s)->to, "li");
	assert_int_equal(only_handover(&s)->name_count, 1);
	assert_string_equal(only_handover(&s)->names[0], "zhao");
	story_end(&s);
}

/* ---- without an incident ---- */

static const struct notification *last_shift(const struct story *s)
{
	for (uint32_t i = s->site->notification_count; i-- > 0;)
		if (s->site->notifications[i]->reason == REASON_SHIFT)
			return s->site->notifications[i];
	return NULL;
}

static void silence_the_gate(struct story *s)
{
	assert_int_equal(operate_(s, (struct operation){.type = OPERATION_SILENCE,
	                                                .by = "li",
	                                                .zone = "gate",
	                                                .kinds = UINT32_C(1) << KIND_PERIMETER,
	                                                .span = DAYS(3),
	                                                .note = "the fence\nis repaired"}),
	                 0);
}

/* What is silenced over the weekend is known to whoever comes on Monday. */
static void test_a_silence_is_handed_over(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	silence_the_gate(&s);
	s.mood = COURIER_HANGS;
	advance(&s, HOURS(24));
	expect_push(&s, "zhao", REASON_SHIFT, 0);
	const char *note = last_shift(&s)->note;
	assert_string_equal(note,
	                    "Silenced: Gate, because: the fence is repaired, until 11-25 08:00");
	s.mood = COURIER_ACCEPTS;
	/* Not accepted: the leader's trouble, and he is told again. */
	advance(&s, MINUTES(10));
	assert_non_null(incident_of_kind(&s, INCIDENT_TROUBLE));
	expect_push(&s, "zhao", REASON_SHIFT, 0);
	assert_int_equal(accept(&s, "zhao"), 0);
	assert_null(incident_of_kind(&s, INCIDENT_TROUBLE));
	assert_int_equal(entries_with(&s, "handover accepted"), 1);
	story_end(&s);
}

static void test_an_incident_goes_over_with_what_else_stands(void **state)
{
	(void)state;
	struct story s;
	begin_before_the_change(&s);
	silence_the_gate(&s);
	s.mood = COURIER_HANGS;
	advance(&s, MINUTES(10));
	const struct notification *n = s.site->notifications[s.site->notification_count - 1];
	assert_int_equal(n->reason, REASON_HANDOVER);
	assert_non_null(strstr(n->note, "Silenced: Gate"));
	story_end(&s);
}

static void test_nothing_to_hand_over_is_told_only_where_it_is_asked_for(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	advance(&s, HOURS(25));
	expect_no_more_pushes(&s);
	story_end(&s);

	story_begin(&s);
	s.def->handover.every_shift = true;
	apply(&s, &(struct event){.type = EVENT_SERVICE, .service = {.type = SERVICE_STARTED}});
	s.mood = COURIER_HANGS;
	advance(&s, HOURS(24));
	expect_push(&s, "zhao", REASON_SHIFT, 0);
	assert_string_equal(last_shift(&s)->note, "Nothing is open, silenced or disarmed.");
	story_end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_the_incoming_is_told_at_the_change),
	        cmocka_unit_test(test_what_a_start_tells_anew_is_told_once),
	        cmocka_unit_test(test_accepting_takes_charge_and_tells_the_outgoing),
	        cmocka_unit_test(test_who_accepts_for_another_is_in_the_record),
	        cmocka_unit_test(test_further_steps_reach_both_until_it_is_accepted),
	        cmocka_unit_test(test_a_step_at_the_moment_of_the_change_reaches_both),
	        cmocka_unit_test(test_a_change_within_a_minute_is_handed_over_at_its_second),
	        cmocka_unit_test(test_an_override_between_two_minutes_is_handed_over_and_back),
	        cmocka_unit_test(test_not_accepted_becomes_a_trouble_for_the_leader),
	        cmocka_unit_test(test_a_change_while_nothing_is_open_hands_nothing_over),
	        cmocka_unit_test(test_a_clock_that_jumps_over_the_change_hands_over_at_once),
	        cmocka_unit_test(test_what_was_never_accepted_is_taken_up_by_the_next),
	        cmocka_unit_test(test_a_silence_is_handed_over),
	        cmocka_unit_test(test_an_incident_goes_over_with_what_else_stands),
	        cmocka_unit_test(test_nothing_to_hand_over_is_told_only_where_it_is_asked_for),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
