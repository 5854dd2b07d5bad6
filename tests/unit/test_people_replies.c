/* floors: decide */
/* What people answer: take it, on site, need help, hand over, false alarm; and calling off a panic.
 */
#include <errno.h>

#include "story.h"

static int reply(struct story *s, const char *by, enum choice choice, const char *note)
{
	return operate_(s, (struct operation){.type = OPERATION_REPLY,
	                                      .by = by,
	                                      .incident = only_incident(s)->id,
	                                      .reply = choice,
	                                      .note = note});
}

static int hand_over(struct story *s, const char *by, const char *to)
{
	return operate_(s, (struct operation){.type = OPERATION_REPLY,
	                                      .by = by,
	                                      .incident = only_incident(s)->id,
	                                      .reply = REPLY_HAND_OVER,
	                                      .to = to});
}

static void begin(struct story *s, const char *device, enum kind kind)
{
	story_begin(s);
	signal_(s, device, kind, true);
	forget_pushes(s);
}

static void test_help_brings_the_next_step_at_once(void **state)
{
	(void)state;
	struct story s;
	begin(&s, "smoke-301", KIND_SMOKE);
	advance(&s, SECONDS(10));
	assert_int_equal(reply(&s, "li", REPLY_TAKE, NULL), 0);
	advance(&s, MINUTES(5));
	forget_pushes(&s);
	assert_int_equal(reply(&s, "li", REPLY_NEED_HELP, "the fire spreads"), 0);
	/* Step 2 names li, who asks, and zhao. */
	expect_push(&s, "zhao", REASON_ESCALATED, 2);
	expect_no_more_pushes(&s);
	assert_string_equal(only_incident(&s)->owner, "li");
	assert_int_equal(only_incident(&s)->state, STATE_OPEN);
	/* Step 3 is 2 min 30 s behind step 2, and it goes on until somebody comes. */
	advance(&s, SECONDS(150));
	expect_push(&s, "sun", REASON_ESCALATED, 3);
	expect_no_more_pushes(&s);
	assert_int_equal(reply(&s, "zhao", REPLY_TAKE, NULL), 0);
	assert_string_equal(only_incident(&s)->owner, "zhao");
	assert_int_equal(only_incident(&s)->state, STATE_ACKNOWLEDGED);
	story_end(&s);
}

static void test_help_that_finds_nobody_goes_on(void **state)
{
	(void)state;
	struct story s;
	begin(&s, "smoke-301", KIND_SMOKE);
	assert_int_equal(reply(&s, "li", REPLY_TAKE, NULL), 0);
	forget_pushes(&s);
	s.mood = COURIER_REFUSES;
	assert_int_equal(reply(&s, "li", REPLY_NEED_HELP, NULL), 0);
	expect_push(&s, "zhao", REASON_ESCALATED, 2);
	expect_push(&s, "sun", REASON_ESCALATED, 3);
	story_end(&s);
}

static void test_take_takes_from_whoever_has_it(void **state)
{
	(void)state;
	struct story s;
	begin(&s, "smoke-301", KIND_SMOKE);
	assert_int_equal(reply(&s, "qian", REPLY_TAKE, NULL), 0);
	forget_pushes(&s);
	assert_int_equal(reply(&s, "li", REPLY_TAKE, NULL), 0);
	assert_string_equal(only_incident(&s)->owner, "li");
	expect_push(&s, "qian", REASON_ACKNOWLEDGED, 0);
	expect_no_more_pushes(&s);
	assert_int_equal(reply(&s, "li", REPLY_TAKE, NULL), 0); /* harmless */
	expect_no_more_pushes(&s);
	assert_int_equal(entries_with(&s, "\"choice\":\"take\""), 2);
	story_end(&s);
}

static void test_on_site_takes_charge_if_nobody_has(void **state)
{
	(void)state;
	struct story s;
	begin(&s, "smoke-301", KIND_SMOKE);
	assert_int_equal(reply(&s, "qian", REPLY_ON_SITE, NULL), 0);
	assert_string_equal(only_incident(&s)->owner, "qian");
	assert_int_equal(reply(&s, "li", REPLY_ON_SITE, NULL), 0);
	assert_string_equal(only_incident(&s)->owner, "qian");
	assert_string_equal(only_incident(&s)->on_site, "li");
	assert_int_equal(entries_with(&s, "incident.on_site"), 2);
	story_end(&s);
}

static void test_one_word_ends_a_lesser_false_alarm(void **state)
{
	(void)state;
	struct story s;
	begin(&s, "smoke-301", KIND_SMOKE);
	assert_int_equal(reply(&s, "li", REPLY_FALSE_ALARM, "toast"), 0);
	assert_int_equal(open_incidents(&s), 0);
	expect_push(&s, "qian", REASON_RESOLVED, 0);
	story_end(&s);
}

static void test_a_critical_false_alarm_needs_a_second_word(void **state)
{
	(void)state;
	struct story s;
	begin(&s, "smoke-301", KIND_SMOKE);
	signal_(&s, "smoke-302", KIND_SMOKE, true);
	forget_pushes(&s);
	assert_int_equal(reply(&s, "li", REPLY_FALSE_ALARM, "toast"), 0);
	assert_int_equal(only_incident(&s)->state, STATE_ACKNOWLEDGED);
	assert_string_equal(only_incident(&s)->doubted_by, "li");
	expect_push(&s, "qian", REASON_ACKNOWLEDGED, 0);
	/* The same person again is no second word. */
	assert_int_equal(reply(&s, "li", REPLY_FALSE_ALARM, "toast"), 0);
	assert_int_equal(only_incident(&s)->state, STATE_ACKNOWLEDGED);
	assert_int_equal(reply(&s, "zhao", REPLY_FALSE_ALARM, NULL), 0);
	assert_int_equal(open_incidents(&s), 0);
	story_end(&s);
}

static int resolve_as(struct story *s, const char *by, enum outcome outcome)
{
	return operate_(s, (struct operation){.type = OPERATION_RESOLVE,
	                                      .by = by,
	                                      .incident = only_incident(s)->id,
	                                      .outcome = outcome});
}

/* Where the site asks for it, resolving it is no way around the second word. */
static void test_nobody_resolves_a_critical_one_as_false_alone(void **state)
{
	(void)state;
	struct story s;
	begin(&s, "sos-gate", KIND_PANIC);
	s.def->second_word_always = true;
	assert_int_equal(resolve_as(&s, "li", OUTCOME_FALSE_ALARM), -EINVAL); /* say why */
	struct operation why = {.type = OPERATION_RESOLVE,
	                        .by = "li",
	                        .incident = only_incident(&s)->id,
	                        .outcome = OUTCOME_FALSE_ALARM,
	                        .note = "leaned on it"};
	assert_int_equal(operate_(&s, why), 0);
	assert_int_equal(only_incident(&s)->state, STATE_ACKNOWLEDGED);
	assert_int_equal(operate_(&s, why), 0); /* said already */
	assert_int_equal(only_incident(&s)->state, STATE_ACKNOWLEDGED);
	assert_int_equal(reply(&s, "qian", REPLY_FALSE_ALARM, "I was there"), 0);
	assert_int_equal(entries_with(&s, "\"outcome\":\"false_alarm\""), 2); /* said, and so */
	assert_int_equal(open_incidents(&s), 0);
	/* What it really was one person may say, and what is lesser, too. */
	signal_(&s, "sos-gate", KIND_PANIC, true);
	assert_int_equal(resolve_as(&s, "li", OUTCOME_REAL), 0);
	signal_(&s, "fence-west", KIND_PERIMETER, true);
	assert_int_equal(resolve_as(&s, "li", OUTCOME_FALSE_ALARM), 0);
	assert_int_equal(open_incidents(&s), 0);
	story_end(&s);
}

static void test_a_new_signal_takes_the_first_word_back(void **state)
{
	(void)state;
	struct story s;
	begin(&s, "sos-gate", KIND_PANIC);
	assert_int_equal(reply(&s, "li", REPLY_FALSE_ALARM, "children playing"), 0);
	signal_(&s, "sos-gate", KIND_PANIC, true);
	assert_null(only_incident(&s)->doubted_by);
	assert_int_equal(reply(&s, "zhao", REPLY_FALSE_ALARM, "again"), 0);
	assert_int_equal(open_incidents(&s), 1);
	story_end(&s);
}

static void test_a_panic_is_called_off_with_a_reason_and_two_people(void **state)
{
	(void)state;
	struct story s;
	begin(&s, "sos-gate", KIND_PANIC);
	assert_int_equal(reply(&s, "li", REPLY_FALSE_ALARM, NULL), -EINVAL);
	assert_non_null(strstr(s.why.text, "reason"));
	assert_int_equal(reply(&s, "li", REPLY_FALSE_ALARM, "leaned on it"), 0);
	assert_int_equal(reply(&s, "qian", REPLY_FALSE_ALARM, NULL), -EINVAL);
	assert_int_equal(open_incidents(&s), 1);
	assert_int_equal(reply(&s, "qian", REPLY_FALSE_ALARM, "saw it"), 0);
	assert_int_equal(open_incidents(&s), 0);
	story_end(&s);
}

static void test_every_press_is_pushed(void **state)
{
	(void)state;
	struct story s;
	begin(&s, "sos-gate", KIND_PANIC);
	for (int i = 0; i < 3; i++) {
		advance(&s, SECONDS(1));
		signal_(&s, "sos-gate", KIND_PANIC, true);
		expect_push(&s, "qian", REASON_JOINED, 0);
		expect_no_more_pushes(&s);
		forget_pushes(&s);
	}
	assert_int_equal(only_incident(&s)->signals[0].presses, 4);
	story_end(&s);
}

static void test_a_silent_button_is_known_to_people_only(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	s.def->devices[2].silent = true;
	signal_(&s, "sos-gate", KIND_PANIC, true);
	assert_true(only_incident(&s)->silent);
	expect_push(&s, "qian", REASON_OPENED, 1);
	/* Somebody says it aloud. */
	assert_int_equal(operate_(&s, (struct operation){.type = OPERATION_REPORT,
	                                                 .by = "li",
	                                                 .zone = "gate",
	                                                 .kind = INCIDENT_PANIC,
	                                                 .severity = SEVERITY_NONE}),
	                 0);
	assert_false(only_incident(&s)->silent);
	story_end(&s);
}

static void test_handed_on_by_hand_once_it_is_accepted(void **state)
{
	(void)state;
	struct story s;
	begin(&s, "smoke-301", KIND_SMOKE);
	assert_int_equal(reply(&s, "qian", REPLY_TAKE, NULL), 0);
	forget_pushes(&s);
	assert_int_equal(hand_over(&s, "qian", "qian"), -EINVAL);
	assert_int_equal(hand_over(&s, "qian", "wu"), 0);
	expect_push(&s, "wu", REASON_HANDOVER, 0);
	assert_string_equal(only_incident(&s)->owner, "qian");
	assert_int_equal(operate_(&s, (struct operation){OPERATION_ACK, .by = "wu",
	                                                 .incident = only_incident(&s)->id}),
	                 0);
	assert_string_equal(only_incident(&s)->owner, "wu");
	expect_push(&s, "qian", REASON_ACKNOWLEDGED, 0);
	assert_int_equal(entries_with(&s, "handover accepted"), 1);
	story_end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_help_brings_the_next_step_at_once),
	        cmocka_unit_test(test_help_that_finds_nobody_goes_on),
	        cmocka_unit_test(test_take_takes_from_whoever_has_it),
	        cmocka_unit_test(test_on_site_takes_charge_if_nobody_has),
	        cmocka_unit_test(test_one_word_ends_a_lesser_false_alarm),
	        cmocka_unit_test(test_a_critical_false_alarm_needs_a_second_word),
	        cmocka_unit_test(test_nobody_resolves_a_critical_one_as_false_alone),
	        cmocka_unit_test(test_a_new_signal_takes_the_first_word_back),
	        cmocka_unit_test(test_a_panic_is_called_off_with_a_reason_and_two_people),
	        cmocka_unit_test(test_every_press_is_pushed),
	        cmocka_unit_test(test_a_silent_button_is_known_to_people_only),
	        cmocka_unit_test(test_handed_on_by_hand_once_it_is_accepted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
