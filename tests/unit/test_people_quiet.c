/* floors: decide */
/* What keeps signals from alarming, and what never may: arming by hand, silences, walk tests. It is
 * Sunday 08:00; the office is armed from 22:00 to 06:00, the gate always. */
#include <errno.h>

#include "base/mem.h"
#include "story.h"

static int arm(struct story *s, const char *zone, bool force)
{
	return operate_(s, (struct operation){.type = OPERATION_ARM,
	                                      .by = "li",
	                                      .zone = zone,
	                                      .note = "closing early",
	                                      .force = force});
}

static int disarm(struct story *s, const char *zone, span_ms span)
{
	return operate_(s, (struct operation){.type = OPERATION_DISARM,
	                                      .by = "li",
	                                      .zone = zone,
	                                      .note = "a meeting",
	                                      .span = span});
}

static int silence(struct story *s, const char *device, const char *zone, const char *kind)
{
	return operate_(
	        s, (struct operation){.type = OPERATION_SILENCE,
	                              .by = "li",
	                              .device = device,
	                              .zone = zone,
	                              .kinds = kind ? kinds_from_name(STANDING_SILENCE, kind) : 0,
	                              .note = "painting",
	                              .span = HOURS(1)});
}

static const struct incident *of_kind(const struct story *s, enum incident_kind kind)
{
	for (uint32_t i = 0; i < s->site->incident_count; i++)
		if (s->site->incidents[i]->kind == kind &&
		    s->site->incidents[i]->state != STATE_RESOLVED)
			return s->site->incidents[i];
	return NULL;
}

/* ---- arming ---- */

static void test_armed_by_hand_outside_the_schedule(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	signal_(&s, "door-office", KIND_CONTACT, true);
	signal_(&s, "door-office", KIND_CONTACT, false);
	assert_int_equal(open_incidents(&s), 0);
	assert_int_equal(arm(&s, "office", false), 0);
	signal_(&s, "door-office", KIND_CONTACT, true);
	assert_non_null(of_kind(&s, INCIDENT_INTRUSION));
	assert_int_equal(entries_with(&s, "closing early"), 2); /* who and why, and what stands */
	story_end(&s);
}

static void test_disarmed_for_a_while_then_the_schedule_holds_again(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	assert_int_equal(disarm(&s, "gate", 0), -EINVAL); /* nothing is disarmed for ever */
	assert_int_equal(disarm(&s, "gate", HOURS(1)), 0);
	signal_(&s, "fence-west", KIND_PERIMETER, true);
	signal_(&s, "fence-west", KIND_PERIMETER, false);
	assert_int_equal(open_incidents(&s), 0);
	advance(&s, HOURS(1));
	signal_(&s, "fence-west", KIND_PERIMETER, true);
	assert_non_null(of_kind(&s, INCIDENT_INTRUSION));
	story_end(&s);
}

static void test_disarming_ends_early_by_hand(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	assert_int_equal(disarm(&s, "gate", HOURS(1)), 0);
	struct operation end = {.type = OPERATION_ARMING_END, .by = "li"};
	for (uint32_t i = 0; i < s.site->standing_count; i++)
		if (s.site->standings[i]->type == STANDING_ARMING)
			end.standing = mem_copy(s.site->standings[i]->id);
	assert_int_equal(operate_(&s, end), 0);
	assert_int_equal(entries_with(&s, "ended by hand"), 1);
	assert_int_equal(operate_(&s, end), -ENOENT); /* there is nothing to end any more */
	signal_(&s, "fence-west", KIND_PERIMETER, true);
	assert_non_null(of_kind(&s, INCIDENT_INTRUSION)); /* the schedule holds again */
	free((char *)end.standing);
	story_end(&s);
}

static void test_fire_and_panic_are_never_disarmed(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	assert_int_equal(disarm(&s, "campus", HOURS(1)), 0);
	signal_(&s, "sos-gate", KIND_PANIC, true);
	signal_(&s, "smoke-301", KIND_SMOKE, true);
	assert_int_equal(open_incidents(&s), 2);
	story_end(&s);
}

static void test_an_open_door_refuses_or_is_left_out(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	signal_(&s, "door-office", KIND_CONTACT, true);
	assert_int_equal(arm(&s, "office", false), -ENOTEMPTY);
	assert_non_null(strstr(s.why.text, "door-office"));
	assert_int_equal(arm(&s, "office", true), 0);
	assert_int_equal(entries_with(&s, "\"open\":[\"door-office\"]"), 1);
	advance(&s, MINUTES(5));
	assert_int_equal(open_incidents(&s), 0);
	signal_(&s, "door-office", KIND_CONTACT, false);
	signal_(&s, "door-office", KIND_CONTACT, true);
	assert_non_null(of_kind(&s, INCIDENT_INTRUSION));
	story_end(&s);
}

static void test_a_door_that_is_open_when_the_night_begins_is_a_trouble(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	signal_(&s, "door-office", KIND_CONTACT, true);
	advance(&s, HOURS(14) - 1);
	assert_int_equal(open_incidents(&s), 0);
	advance(&s, 1);
	assert_string_equal(of_kind(&s, INCIDENT_TROUBLE)->subject, "armed-open");
	expect_push(&s, "qian", REASON_OPENED, 1);
	signal_(&s, "door-office", KIND_CONTACT, false);
	assert_int_equal(open_incidents(&s), 0);
	story_end(&s);
}

static void test_there_is_time_to_leave_and_to_disarm(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	s.def->armings[0].exit_delay = SECONDS(45);
	s.def->armings[0].entry_delay = SECONDS(30);
	assert_int_equal(arm(&s, "office", false), 0);
	advance(&s, SECONDS(44)); /* still leaving */
	signal_(&s, "door-office", KIND_CONTACT, true);
	signal_(&s, "door-office", KIND_CONTACT, false);
	advance(&s, MINUTES(1));
	assert_int_equal(open_incidents(&s), 0);
	signal_(&s, "door-office", KIND_CONTACT, true); /* comes back and disarms */
	advance(&s, SECONDS(29));
	assert_int_equal(open_incidents(&s), 0);
	assert_int_equal(disarm(&s, "office", MINUTES(10)), 0);
	advance(&s, MINUTES(5));
	assert_int_equal(open_incidents(&s), 0);
	signal_(&s, "door-office", KIND_CONTACT, false);
	assert_int_equal(arm(&s, "office", false), 0);
	advance(&s, MINUTES(1));
	signal_(&s, "door-office", KIND_CONTACT, true); /* somebody who cannot disarm */
	signal_(&s, "door-office", KIND_CONTACT, false);
	advance(&s, SECONDS(30));
	assert_non_null(of_kind(&s, INCIDENT_INTRUSION));
	story_end(&s);
}

/* ---- silences ---- */

/* Its fire is open and has cleared; that it burns again is hidden, and told at the end. */
static void test_what_burns_again_under_a_silence_is_told_at_its_end(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	signal_(&s, "smoke-301", KIND_SMOKE, true);
	signal_(&s, "smoke-301", KIND_SMOKE, false);
	assert_int_equal(silence(&s, "smoke-301", NULL, NULL), 0);
	signal_(&s, "smoke-301", KIND_SMOKE, true);
	assert_true(of_kind(&s, INCIDENT_FIRE)->cleared);
	forget_pushes(&s);
	advance(&s, HOURS(1));
	assert_true(of_kind(&s, INCIDENT_FIRE)->signals[0].active);
	assert_int_equal(entries_with(&s, "\"source\":\"silence ended\""), 1);
	assert_int_equal(entries_with(&s, "incident.joined"), 1);
	story_end(&s);
}

static void test_a_silence_needs_an_end_and_a_reason(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	struct operation op = {.type = OPERATION_SILENCE, .by = "li", .device = "smoke-301"};
	op.span = HOURS(1);
	assert_int_equal(operate_(&s, op), -EINVAL);
	op.note = "painting";
	op.span = 0;
	assert_int_equal(operate_(&s, op), -EINVAL);
	op.span = DAYS(31);
	assert_int_equal(operate_(&s, op), -EINVAL);
	op.span = DAYS(30);
	assert_int_equal(operate_(&s, op), 0);
	story_end(&s);
}

static void test_what_a_silence_hid_is_told_when_it_ends(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	assert_int_equal(silence(&s, "smoke-301", NULL, NULL), 0);
	signal_(&s, "smoke-301", KIND_SMOKE, true);
	signal_(&s, "smoke-301", KIND_SMOKE, false);
	signal_(&s, "smoke-301", KIND_SMOKE, true);
	advance(&s, MINUTES(59));
	expect_no_more_pushes(&s);
	advance(&s, MINUTES(1));
	assert_int_equal(entries_with(&s, "\"hidden\":2"), 1);
	assert_non_null(strstr(of_kind(&s, INCIDENT_TROUBLE)->subject, "silence:"));
	/* And what still holds is an alarm now. */
	assert_non_null(of_kind(&s, INCIDENT_FIRE));
	expect_push(&s, "li", REASON_OPENED, 1);
	story_end(&s);
}

static void test_a_certain_fire_and_a_panic_break_through(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	assert_int_equal(silence(&s, NULL, "campus", "panic"), -EINVAL);
	assert_int_equal(silence(&s, NULL, "campus", NULL), 0);
	signal_(&s, "smoke-301", KIND_SMOKE, true);
	expect_no_more_pushes(&s);
	signal_(&s, "smoke-302", KIND_SMOKE, true);
	assert_int_equal(of_kind(&s, INCIDENT_FIRE)->severity, SEVERITY_CRITICAL);
	signal_(&s, "sos-gate", KIND_PANIC, true);
	assert_non_null(of_kind(&s, INCIDENT_PANIC));
	story_end(&s);
}

static void test_one_thing_under_two_names_breaks_through_nothing(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	for (uint32_t i = 0; i < 2; i++) {
		s.def->devices[i].profile = "zigbee2mqtt";
		s.def->devices[i].address = "hall";
	}
	assert_int_equal(silence(&s, NULL, "campus", NULL), 0);
	signal_(&s, "smoke-301", KIND_SMOKE, true);
	signal_(&s, "smoke-302", KIND_SMOKE, true);
	assert_int_equal(open_incidents(&s), 0);
	story_end(&s);
}

static void test_only_its_kind_is_silenced(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	assert_int_equal(silence(&s, NULL, "dorm", "water"), 0);
	signal_(&s, "smoke-301", KIND_WATER, true);
	assert_int_equal(open_incidents(&s), 0);
	signal_(&s, "smoke-301", KIND_SMOKE, true);
	assert_int_equal(open_incidents(&s), 1);
	story_end(&s);
}

/* ---- walk tests ---- */

/* Who tests a detector while it burns: what stands so at the end of the test is told; so is what
 * was changed under test, as a battery is. */
static void test_what_stands_so_when_the_walk_test_ends_is_told(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	signal_(&s, "smoke-301", KIND_BATTERY, true);
	assert_int_equal(open_incidents(&s), 1);
	assert_int_equal(operate_(&s, (struct operation){.type = OPERATION_WALK_TEST,
	                                                 .by = "qian",
	                                                 .device = "smoke-301",
	                                                 .span = MINUTES(30)}),
	                 0);
	signal_(&s, "smoke-301", KIND_BATTERY, false);
	assert_int_equal(open_incidents(&s), 0);
	forget_pushes(&s);
	signal_(&s, "smoke-301", KIND_SMOKE, true);
	signal_(&s, "smoke-301", KIND_SMOKE, true);
	expect_no_more_pushes(&s);
	advance(&s, MINUTES(30));
	assert_int_equal(only_incident(&s)->kind, INCIDENT_FIRE);
	expect_push(&s, "li", REASON_OPENED, 1);
	assert_int_equal(entries_with(&s, "\"source\":\"walk test ended\""), 1);
	story_end(&s);
}

static void test_a_walk_test_records_and_pushes_nothing(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	struct operation op = {.type = OPERATION_WALK_TEST, .by = "qian", .device = "smoke-301"};
	assert_int_equal(operate_(&s, op), -ENOENT); /* nothing to end */
	op.span = MINUTES(30);
	assert_int_equal(operate_(&s, op), 0);
	signal_(&s, "smoke-301", KIND_SMOKE, true);
	signal_(&s, "smoke-301", KIND_SMOKE, false);
	expect_no_more_pushes(&s);
	assert_int_equal(s.site->devices[0].tested, s.now.wall);
	assert_int_equal(s.site->devices[1].tested, 0);
	advance(&s, MINUTES(30));
	assert_int_equal(entries_with(&s, "device.walk_test"), 2);
	signal_(&s, "smoke-301", KIND_SMOKE, true);
	expect_push(&s, "li", REASON_OPENED, 1);
	story_end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_armed_by_hand_outside_the_schedule),
	        cmocka_unit_test(test_disarmed_for_a_while_then_the_schedule_holds_again),
	        cmocka_unit_test(test_disarming_ends_early_by_hand),
	        cmocka_unit_test(test_fire_and_panic_are_never_disarmed),
	        cmocka_unit_test(test_an_open_door_refuses_or_is_left_out),
	        cmocka_unit_test(test_a_door_that_is_open_when_the_night_begins_is_a_trouble),
	        cmocka_unit_test(test_there_is_time_to_leave_and_to_disarm),
	        cmocka_unit_test(test_what_burns_again_under_a_silence_is_told_at_its_end),
	        cmocka_unit_test(test_a_silence_needs_an_end_and_a_reason),
	        cmocka_unit_test(test_what_a_silence_hid_is_told_when_it_ends),
	        cmocka_unit_test(test_a_certain_fire_and_a_panic_break_through),
	        cmocka_unit_test(test_only_its_kind_is_silenced),
	        cmocka_unit_test(test_one_thing_under_two_names_breaks_through_nothing),
	        cmocka_unit_test(test_a_walk_test_records_and_pushes_nothing),
	        cmocka_unit_test(test_what_stands_so_when_the_walk_test_ends_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
