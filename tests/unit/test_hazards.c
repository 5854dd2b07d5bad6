/* floors: decide */
/* Hazards: owned, remedied in time, checked by somebody else; and the daily head of the record. */
#include <errno.h>

#include "story.h"

static struct standing *hazard(const struct story *s)
{
	for (uint32_t i = 0; i < s->site->standing_count; i++)
		if (s->site->standings[i]->type == STANDING_HAZARD)
			return s->site->standings[i];
	return NULL;
}

static int report(struct story *s, const char *note)
{
	return operate_(s, (struct operation){.type = OPERATION_HAZARD,
	                                      .by = "li",
	                                      .zone = "dorm-3f",
	                                      .to = "wu",
	                                      .span = DAYS(2),
	                                      .note = note});
}

static int act(struct story *s, enum operation_type type, const char *by, const char *note)
{
	char id[STANDING_ID_MAX];
	snprintf(id, sizeof id, "%s", hazard(s)->id);
	return operate_(s,
	                (struct operation){.type = type, .by = by, .standing = id, .note = note});
}

static void test_it_is_closed_by_another_than_who_remedied_it(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	assert_int_equal(report(&s, "fire door blocked"), 0);
	expect_push(&s, "wu", REASON_HAZARD, 0);
	expect_no_more_pushes(&s);
	assert_int_equal(act(&s, OPERATION_HAZARD_CLOSE, "li", NULL), -ENOTEMPTY);
	assert_int_equal(act(&s, OPERATION_HAZARD_REMEDY, "wu", NULL), -EINVAL);
	assert_int_equal(act(&s, OPERATION_HAZARD_REMEDY, "wu", "shelf moved"), 0);
	assert_string_equal(hazard_stage(hazard(&s)), "remedied");
	expect_push(&s, "li", REASON_HAZARD, 0);   /* reported it */
	expect_push(&s, "zhao", REASON_HAZARD, 0); /* owns the zone */
	expect_no_more_pushes(&s);
	assert_int_equal(act(&s, OPERATION_HAZARD_CLOSE, "wu", NULL), -EINVAL);
	assert_int_equal(act(&s, OPERATION_HAZARD_REOPEN, "li", NULL), -EINVAL);
	assert_int_equal(act(&s, OPERATION_HAZARD_REOPEN, "li", "it is back"), 0);
	assert_string_equal(hazard_stage(hazard(&s)), "open");
	expect_push(&s, "wu", REASON_HAZARD, 0);
	assert_int_equal(act(&s, OPERATION_HAZARD_REMEDY, "wu", "shelf gone"), 0);
	assert_int_equal(act(&s, OPERATION_HAZARD_CLOSE, "zhao", NULL), 0);
	assert_null(hazard(&s));
	assert_int_equal(entries_with(&s, "hazard - - {\"action\":\"closed\""), 1);
	story_end(&s);
}

static void test_overdue_it_is_open_again_and_a_trouble(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	assert_int_equal(report(&s, "hose missing"), 0);
	assert_int_equal(act(&s, OPERATION_HAZARD_REMEDY, "wu", "ordered"), 0);
	forget_pushes(&s);
	advance(&s, DAYS(2) - 1);
	assert_string_equal(hazard_stage(hazard(&s)), "remedied");
	assert_int_equal(open_incidents(&s), 0);
	advance(&s, 1);
	assert_string_equal(hazard_stage(hazard(&s)), "open");
	expect_push(&s, "wu", REASON_HAZARD, 0);
	expect_push(&s, "li", REASON_HAZARD, 0);
	expect_push(&s, "qian", REASON_OPENED, 1); /* the trouble, by its policy */
	char subject[128];
	snprintf(subject, sizeof subject, "hazard:%s", hazard(&s)->id);
	assert_string_equal(only_incident(&s)->subject, subject);
	forget_pushes(&s);
	advance(&s, DAYS(1));
	expect_push(&s, "wu", REASON_HAZARD, 0); /* daily */
	assert_int_equal(open_incidents(&s), 1);
	assert_int_equal(hazard(&s)->hidden, 2);

	char id[STANDING_ID_MAX];
	snprintf(id, sizeof id, "%s", hazard(&s)->id);
	assert_int_equal(operate_(&s, (struct operation){.type = OPERATION_HAZARD_ASSIGN,
	                                                 .by = "li",
	                                                 .standing = id,
	                                                 .to = "sun",
	                                                 .span = DAYS(1)}),
	                 0);
	assert_int_equal(open_incidents(&s), 0);
	expect_push(&s, "sun", REASON_HAZARD, 0);
	advance(&s, DAYS(1) - 1);
	assert_int_equal(open_incidents(&s), 0);
	advance(&s, 1);
	assert_int_equal(open_incidents(&s), 1);
	assert_int_equal(act(&s, OPERATION_HAZARD_REMEDY, "sun", "it hangs"), 0);
	assert_int_equal(act(&s, OPERATION_HAZARD_CLOSE, "li", NULL), 0);
	assert_int_equal(open_incidents(&s), 0);
	story_end(&s);
}

static void test_a_trouble_becomes_one(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	signal_(&s, "smoke-301", KIND_BATTERY, true);
	char id[INCIDENT_ID_MAX];
	snprintf(id, sizeof id, "%s", only_incident(&s)->id);
	assert_int_equal(operate_(&s, (struct operation){.type = OPERATION_HAZARD,
	                                                 .by = "qian",
	                                                 .incident = id}),
	                 0);
	assert_int_equal(open_incidents(&s), 0);
	const struct standing *s1 = hazard(&s);
	assert_string_equal(s1->zone, "dorm-3f");
	assert_string_equal(s1->device, "smoke-301");
	assert_string_equal(s1->incident, id);
	assert_string_equal(s1->to, "zhao"); /* the zone's owner, where nobody is named */
	assert_int_equal(s1->until, s.now.wall + DAYS(7));
	advance(&s, DAYS(6));
	assert_int_equal(open_incidents(&s), 0); /* the same battery raises nothing again */

	signal_(&s, "smoke-302", KIND_SMOKE, true);
	snprintf(id, sizeof id, "%s", only_incident(&s)->id);
	assert_int_equal(operate_(&s, (struct operation){.type = OPERATION_HAZARD,
	                                                 .by = "qian",
	                                                 .incident = id}),
	                 -EINVAL); /* a fire is no hazard */
	story_end(&s);
}

static void test_what_is_wrong_is_refused_and_twice_is_once(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	static const struct operation bad[] = {
	        {.by = "li", .zone = "dorm"},
	        {.by = "li", .note = "x"},
	        {.by = "li", .note = "x", .zone = "nowhere"},
	        {.by = "li", .note = "x", .device = "none"},
	        {.by = "nobody", .note = "x", .zone = "dorm"},
	        {.by = "li", .note = "x", .zone = "dorm", .to = "nobody"},
	        {.by = "li", .note = "x", .zone = "dorm", .span = DAYS(367)},
	};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct operation op = bad[i];
		op.type = OPERATION_HAZARD;
		assert_int_equal(operate_(&s, op), -EINVAL);
	}
	assert_null(hazard(&s));
	assert_int_equal(report(&s, "loose cable"), 0);
	assert_int_equal(report(&s, "loose cable"), 0);
	assert_int_equal(entries_with(&s, "\"action\":\"reported\""), 1);
	story_end(&s);
}

static void test_it_is_stored_as_its_text(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	assert_int_equal(report(&s, "hose missing"), 0);
	assert_int_equal(act(&s, OPERATION_HAZARD_REMEDY, "wu", "ordered"), 0);
	struct text first = {0}, second = {0};
	standing_write_json(&first, NULL, "binjiang", hazard(&s));
	struct standing *copy = standing_create();
	assert_true(standing_read_json(text_get(&first), copy));
	standing_write_json(&second, NULL, "binjiang", copy);
	assert_string_equal(text_get(&first), text_get(&second));
	assert_non_null(strstr(text_get(&first), "\"stage\":\"remedied\""));
	standing_destroy(copy);
	text_finish(&first);
	text_finish(&second);
	story_end(&s);
}

/* ---- the head of the record ---- */

static void test_the_head_goes_out_once_a_day(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	s.def->head.to = recipients(&s.def->arena, &s.def->head.to_count, "person:sun");
	s.def->head.at = 18 * 60;
	apply(&s, &(struct event){.type = EVENT_SERVICE, .service = {.type = SERVICE_CONFIGURED}});
	advance(&s, HOURS(10) - 1); /* it is 8:00 */
	expect_no_more_pushes(&s);
	advance(&s, 1);
	expect_push(&s, "sun", REASON_LEDGER_HEAD, 0);
	advance(&s, DAYS(1) - 1);
	expect_no_more_pushes(&s);
	advance(&s, 1);
	expect_push(&s, "sun", REASON_LEDGER_HEAD, 0);
	s.def->head.at = 7 * 60 + 30;
	apply(&s, &(struct event){.type = EVENT_SERVICE, .service = {.type = SERVICE_CONFIGURED}});
	advance(&s, HOURS(13) + MINUTES(30));
	expect_push(&s, "sun", REASON_LEDGER_HEAD, 0);
	s.def->head.to_count = 0;
	apply(&s, &(struct event){.type = EVENT_SERVICE, .service = {.type = SERVICE_CONFIGURED}});
	advance(&s, DAYS(2));
	expect_no_more_pushes(&s);
	story_end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_it_is_closed_by_another_than_who_remedied_it),
	        cmocka_unit_test(test_overdue_it_is_open_again_and_a_trouble),
	        cmocka_unit_test(test_a_trouble_becomes_one),
	        cmocka_unit_test(test_what_is_wrong_is_refused_and_twice_is_once),
	        cmocka_unit_test(test_it_is_stored_as_its_text),
	        cmocka_unit_test(test_the_head_goes_out_once_a_day),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
