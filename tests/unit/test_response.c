/* floors: review */
/* When an answer to an incident is late. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "review/report.h"

#define OPENED ((wall_ms)1700000000000)

static struct policy_step steps[2] = {{.after = 0}, {.after = MINUTES(1)}};
static struct policy policy = {.steps = steps, .count = 2, .resolve_within = MINUTES(30)};

static const struct response asleep = {.first_push = NOT_YET,
                                       .first_accepted = NOT_YET,
                                       .acknowledged = NOT_YET,
                                       .on_site = NOT_YET,
                                       .resolved = NOT_YET,
                                       .notifications = 1};

static bool is_late(struct response response, enum stage stage, span_ms age)
{
	struct incident incident = {.opened = {.wall = OPENED}, .policy = &policy};
	return stage_is_late(&incident, &response, stage, OPENED + age);
}

static void test_what_has_not_come_is_late_once_its_time_is_over(void **state)
{
	(void)state;
	assert_false(is_late(asleep, STAGE_FIRST_PUSH, SECONDS(10)));
	assert_true(is_late(asleep, STAGE_FIRST_PUSH, SECONDS(11)));
	assert_false(is_late(asleep, STAGE_ACKNOWLEDGED, MINUTES(1)));
	assert_true(is_late(asleep, STAGE_ACKNOWLEDGED, MINUTES(2)));
	assert_false(is_late(asleep, STAGE_ON_SITE, HOURS(9)));  /* nothing is asked for */
	assert_false(is_late(asleep, STAGE_RESOLVED, HOURS(9))); /* it counts from who takes it */
	struct response taken = asleep;
	taken.acknowledged = SECONDS(20);
	assert_false(is_late(taken, STAGE_ACKNOWLEDGED, HOURS(9)));
	assert_false(is_late(taken, STAGE_RESOLVED, MINUTES(30)));
	assert_true(is_late(taken, STAGE_RESOLVED, MINUTES(31)));
}

static void test_an_end_is_the_end_of_waiting(void **state)
{
	(void)state;
	struct response over = asleep;
	over.resolved = SECONDS(30);
	assert_true(is_late(over, STAGE_FIRST_ACCEPTED, HOURS(9)));
	assert_false(is_late(over, STAGE_ACKNOWLEDGED, HOURS(9)));
}

static void test_where_nobody_was_to_be_told_nothing_is_late(void **state)
{
	(void)state;
	struct response silent = asleep;
	silent.notifications = 0;
	for (enum stage stage = 0; stage < STAGE_COUNT; stage++)
		assert_false(is_late(silent, stage, HOURS(9)));
}

static void test_what_was_asked_for_is_not_known_without_the_policy(void **state)
{
	(void)state;
	struct incident incident = {.opened = {.wall = OPENED}};
	struct response taken = asleep, silent = asleep;
	taken.acknowledged = SECONDS(20);
	silent.notifications = 0;
	wall_ms now = OPENED + HOURS(9);
	const struct {
		const struct response *response;
		enum stage stage;
		bool unjudged, late;
	} rows[] = {{&asleep, STAGE_FIRST_PUSH, false, true},
	            {&asleep, STAGE_ACKNOWLEDGED, true, false},
	            {&asleep, STAGE_ON_SITE, false, false},
	            {&asleep, STAGE_RESOLVED, false, false},
	            {&taken, STAGE_ACKNOWLEDGED, true, false},
	            {&taken, STAGE_RESOLVED, true, false},
	            {&silent, STAGE_ACKNOWLEDGED, false, false}};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct response *response = rows[i].response;
		assert_int_equal(stage_is_unjudged(&incident, response, rows[i].stage, now),
		                 rows[i].unjudged);
		assert_int_equal(stage_is_late(&incident, response, rows[i].stage, now),
		                 rows[i].late);
		incident.policy = &policy;
		assert_false(stage_is_unjudged(&incident, response, rows[i].stage, now));
		incident.policy = NULL;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_what_has_not_come_is_late_once_its_time_is_over),
	        cmocka_unit_test(test_an_end_is_the_end_of_waiting),
	        cmocka_unit_test(test_where_nobody_was_to_be_told_nothing_is_late),
	        cmocka_unit_test(test_what_was_asked_for_is_not_known_without_the_policy),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
