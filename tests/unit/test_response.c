/* floors: review */
/* How fast an incident was answered, and when an answer is late. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "review/report.h"
#include "store_story.h"

#define OPENED ((wall_ms)1700000000000)

static struct policy_step steps[2] = {{.after = 0}, {.after = MINUTES(1)}};
static struct policy policy = {.steps = steps, .count = 2, .resolve_within = MINUTES(30)};

static const struct response asleep = {.first_push = NOT_YET,
                                       .first_accepted = NOT_YET,
                                       .acknowledged = NOT_YET,
                                       .on_site = NOT_YET,
                                       .resolved = NOT_YET,
                                       .calls = 1};

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
	silent.calls = 0;
	for (enum stage stage = 0; stage < STAGE_COUNT; stage++)
		assert_false(is_late(silent, stage, HOURS(9)));
}

/* ---- from the record ---- */

/* What is being sent is answered, and what follows from that, too. */
static void given_answers(struct story *s, enum verdict verdict, int32_t status)
{
	while (s->plan.dispatch_count) {
		const struct dispatch next = s->plan.dispatches[0];
		struct delivery_result result = {.notification = next.notification->number,
		                                 .contact = next.contact,
		                                 .attempt = next.attempt,
		                                 .verdict = verdict,
		                                 .status = status,
		                                 .sent = true,
		                                 .sent_ago = 5};
		commit(s);
		pass(s, 10);
		apply(s, (struct event){.type = EVENT_DELIVERY, .delivery = result});
	}
	commit(s);
}

static struct response measured(struct story *s, const char *id)
{
	struct response response;
	struct incident *incident = NULL;
	char *site = NULL;
	assert_int_equal(store_incident(s->store, id, &incident, &site), 0);
	assert_int_equal(response_of(s->store, incident, &response), 0);
	incident_destroy(incident);
	free(site);
	return response;
}

static void test_that_it_is_over_is_no_alarm_that_was_told(void **state)
{
	struct story *s = *state;
	const char *id = "binjiang-2026-000001";
	given_signal(s, "smoke-301", KIND_SMOKE, true);
	given_answers(s, VERDICT_REFUSED, 404);
	struct response response = measured(s, id);
	assert_int_equal(response.first_accepted, NOT_YET);
	assert_true(response.first_push != NOT_YET); /* it left */
	given_operation(s, (struct operation){.type = OPERATION_ACK, .by = "zhao", .incident = id});
	given_answers(s, VERDICT_ACCEPTED, 200);
	given_operation(s, (struct operation){.type = OPERATION_RESOLVE,
	                                      .by = "zhao",
	                                      .incident = id,
	                                      .outcome = OUTCOME_REAL});
	given_answers(s, VERDICT_ACCEPTED, 200);
	response = measured(s, id);
	assert_true(response.attempts > response.failed_attempts);
	assert_int_equal(response.first_accepted, NOT_YET);
}

static void test_nor_was_it_in_a_drill(void **state)
{
	struct story *s = *state;
	const struct report_request request = {
	        .store = s->store, .sites = &s->def, .site_count = 1, .now = s->now.wall};
	struct problem why = {0};
	struct text out = {0};
	given_operation(s, (struct operation){.type = OPERATION_DRILL,
	                                      .by = "zhao",
	                                      .zone = "dorm",
	                                      .span = MINUTES(30)});
	given_answers(s, VERDICT_ACCEPTED, 200);
	given_signal(s, "smoke-301", KIND_SMOKE, true);
	given_answers(s, VERDICT_REFUSED, 404);
	given_operation(s, (struct operation){.type = OPERATION_ACK,
	                                      .by = "zhao",
	                                      .incident = "binjiang-2026-000001"});
	given_answers(s, VERDICT_ACCEPTED, 200);
	assert_int_equal(report_drill(&request, "binjiang-drill-1", REPORT_JSON, &out, &why), 0);
	const char *li = strstr(text_get(&out), "\"id\":\"li\"");
	assert_non_null(li);
	assert_non_null(strstr(li, "\"told_at\":\"2026"));
	assert_non_null(strstr(li, "\"accepted_at\":null"));
	text_finish(&out);
}

static void test_an_alarm_that_came_is_told(void **state)
{
	struct story *s = *state;
	given_signal(s, "smoke-301", KIND_SMOKE, true);
	given_answers(s, VERDICT_ACCEPTED, 200);
	struct response response = measured(s, "binjiang-2026-000001");
	assert_int_equal(response.first_push, 5);
	assert_int_equal(response.first_accepted, 10);
	assert_int_equal(response.calls, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_what_has_not_come_is_late_once_its_time_is_over),
	        cmocka_unit_test(test_an_end_is_the_end_of_waiting),
	        cmocka_unit_test(test_where_nobody_was_to_be_told_nothing_is_late),
	        cmocka_unit_test_setup_teardown(test_that_it_is_over_is_no_alarm_that_was_told,
	                                        story_begin, story_end),
	        cmocka_unit_test_setup_teardown(test_nor_was_it_in_a_drill, story_begin, story_end),
	        cmocka_unit_test_setup_teardown(test_an_alarm_that_came_is_told, story_begin,
	                                        story_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
