/* floors: decide */
/* Reports upward: an oral one within half an hour, a written one within an hour, a follow-up every
 * day for a week, a final one a week after the end. What is late stays visible as late. */
#include <errno.h>

#include "story.h"

static void ask_for_reports(struct story *s)
{
	static const struct reporting duties[] = {
	        {.id = "oral", .within = MINUTES(30), .remind = MINUTES(10)},
	        {.id = "written", .within = HOURS(1), .remind = MINUTES(20)},
	        {.id = "follow-up",
	         .within = DAYS(1),
	         .remind = HOURS(2),
	         .every = DAYS(1),
	         .lasts = DAYS(7)},
	        {.id = "final", .within = DAYS(7), .remind = DAYS(1), .from_resolution = true},
	};
	struct site_def *def = s->def;
	def->policies[2].resolve_within = HOURS(6); /* they have their hands full */
	def->reporting_count = 4;
	def->reportings = ARENA_ARRAY(&def->arena, struct reporting, 4);
	for (uint32_t i = 0; i < 4; i++) {
		struct reporting *duty = &def->reportings[i];
		*duty = duties[i];
		duty->name = duty->id;
		duty->to = "the bureau";
		duty->kind = INCIDENT_KIND_NONE;
		duty->severity = SEVERITY_CRITICAL;
		duty->tell = recipients(&def->arena, &duty->tell_count, "duty:leader");
	}
}

static struct standing *owed(const struct story *s, const char *duty)
{
	for (uint32_t i = 0; i < s->site->standing_count; i++) {
		struct standing *standing = s->site->standings[i];
		if (standing->type == STANDING_REPORTING && !standing_is_over(standing) &&
		    strcmp(standing->rule, duty) == 0)
			return standing;
	}
	return NULL;
}

static int made(struct story *s, const char *duty, wall_ms at)
{
	char id[STANDING_ID_MAX];
	assert_non_null(owed(s, duty));
	snprintf(id, sizeof id, "%s", owed(s, duty)->id);
	return operate_(s, (struct operation){.type = OPERATION_REPORTED,
	                                      .by = "li",
	                                      .standing = id,
	                                      .to = "Mr. Wang",
	                                      .from = at});
}

static void press_the_button(struct story *s)
{
	ask_for_reports(s);
	signal_(s, "sos-gate", KIND_PANIC, true);
	assert_int_equal(operate_(s, (struct operation){.type = OPERATION_ACK,
	                                                .by = "zhao",
	                                                .incident = only_incident(s)->id}),
	                 0);
	forget_pushes(s);
}

static void resolve(struct story *s, enum outcome outcome)
{
	assert_int_equal(operate_(s, (struct operation){.type = OPERATION_RESOLVE,
	                                                .by = "zhao",
	                                                .outcome = outcome,
	                                                .incident = only_incident(s)->id}),
	                 0);
	forget_pushes(s);
}

static void test_reminded_before_and_late_after(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	press_the_button(&s);
	assert_non_null(owed(&s, "oral"));
	assert_null(owed(&s, "final"));
	advance(&s, MINUTES(20) - 1);
	assert_false(take_push(&s, "li", REASON_REPORT_DUE, 0));
	advance(&s, 1);
	expect_push(&s, "li", REASON_REPORT_DUE, 0);   /* who is told by the file */
	expect_push(&s, "zhao", REASON_REPORT_DUE, 0); /* who has taken charge */
	advance(&s, MINUTES(10) - 1);
	assert_int_equal(entries_with(&s, "{\"action\":\"late\""), 0);
	advance(&s, 1);
	assert_int_equal(entries_with(&s, "{\"action\":\"late\""), 1);
	expect_push(&s, "li", REASON_REPORT_LATE, 0);
	advance(&s, MINUTES(29));
	assert_int_equal(made(&s, "written", 0), 0); /* in its hour */
	advance(&s, MINUTES(31));
	assert_int_equal(entries_with(&s, "{\"action\":\"late\""), 2); /* the oral one, again */
	assert_int_equal(made(&s, "oral", 0), 0);
	assert_int_equal(entries_with(&s, "{\"action\":\"made late\""), 1);
	assert_int_equal(entries_with(&s, "{\"action\":\"made\""), 1);
	assert_int_equal(entries_with(&s, "\"to\":\"Mr. Wang\""), 4); /* who did it, and that */
	advance(&s, HOURS(3));
	assert_int_equal(entries_with(&s, "{\"action\":\"late\""), 2);
	story_end(&s);
}

/* Said later, but done in time: what counts is when it was made. */
static void test_the_time_it_was_made_counts(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	press_the_button(&s);
	wall_ms at = s.now.wall + MINUTES(5);
	advance(&s, MINUTES(45));
	assert_int_equal(made(&s, "oral", s.now.wall + 1), -EINVAL);
	assert_int_equal(made(&s, "oral", at), 0);
	assert_int_equal(entries_with(&s, "{\"action\":\"made\""), 1);
	story_end(&s);
}

static void test_a_rise_to_critical_begins_the_clock(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	ask_for_reports(&s);
	s.def->reportings[0].severity = SEVERITY_MAJOR; /* the oral one is owed from the first */
	signal_(&s, "smoke-301", KIND_SMOKE, true);
	assert_true(owed(&s, "oral")->until == s.now.wall + MINUTES(30));
	assert_null(owed(&s, "written"));
	advance(&s, SECONDS(30));
	signal_(&s, "smoke-302", KIND_SMOKE, true);
	assert_true(owed(&s, "written")->until == s.now.wall + HOURS(1));
	signal_(&s, "smoke-302", KIND_SMOKE, false);
	signal_(&s, "smoke-302", KIND_SMOKE, true);
	assert_int_equal(entries_with(&s, "{\"action\":\"owed\""), 3); /* and not once more */
	story_end(&s);
}

static void test_follow_ups_for_a_week(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	press_the_button(&s);
	resolve(&s, OUTCOME_REAL);
	int count = 0;
	while (owed(&s, "follow-up") && count < 20) {
		advance(&s, HOURS(23));
		assert_int_equal(made(&s, "follow-up", 0), 0);
		advance(&s, HOURS(1));
		count++;
	}
	assert_int_equal(count, 7);
	story_end(&s);
}

static void test_the_final_one_counts_from_the_end(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	press_the_button(&s);
	advance(&s, HOURS(2));
	resolve(&s, OUTCOME_REAL);
	assert_true(owed(&s, "final")->until == s.now.wall + DAYS(7));
	story_end(&s);
}

static void test_a_false_alarm_or_a_drill_owes_nothing(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	press_the_button(&s);
	resolve(&s, OUTCOME_FALSE_ALARM);
	assert_null(owed(&s, "oral"));
	assert_null(owed(&s, "final"));
	advance(&s, DAYS(2));
	assert_int_equal(entries_with(&s, "{\"action\":\"late\""), 0);
	assert_int_equal(operate_(&s, (struct operation){.type = OPERATION_DRILL,
	                                                 .by = "sun",
	                                                 .zone = "dorm",
	                                                 .span = MINUTES(30)}),
	                 0);
	signal_(&s, "smoke-301", KIND_SMOKE, true);
	signal_(&s, "smoke-302", KIND_SMOKE, true);
	assert_int_equal(only_incident(&s)->severity, SEVERITY_CRITICAL);
	assert_null(owed(&s, "oral"));
	story_end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_reminded_before_and_late_after),
	        cmocka_unit_test(test_the_time_it_was_made_counts),
	        cmocka_unit_test(test_a_rise_to_critical_begins_the_clock),
	        cmocka_unit_test(test_follow_ups_for_a_week),
	        cmocka_unit_test(test_the_final_one_counts_from_the_end),
	        cmocka_unit_test(test_a_false_alarm_or_a_drill_owes_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
