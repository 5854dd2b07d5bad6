/* floors: decide */
/* Duty as people change it by hand, told as a story. */
#include <errno.h>

#include "story.h"

static wall_ms at(const char *text)
{
	wall_ms t;
	assert_int_equal(time_parse(text, &t), 0);
	return t;
}

static const char *leader(const struct story *s, const char *when)
{
	uint32_t people[4];
	uint32_t count = post_on_duty(s->def, &s->site->duty, 1, at(when), people, 4);
	assert_int_equal(count, 1);
	return s->def->people[people[0]].id;
}

static const char *const only_sun[] = {"sun"}, *const only_wu[] = {"wu"},
                         *const two[] = {"li", "zhao"}, *const stranger[] = {"nobody"};

/* On the leader's post from now (08:00 on the 22nd) for a day, by Zhao. */
static struct operation override(const char *const *people, uint32_t count)
{
	return (struct operation){.type = OPERATION_DUTY_OVERRIDE,
	                          .by = "zhao",
	                          .via = "api",
	                          .post = "leader",
	                          .people = people,
	                          .people_count = count,
	                          .from = at("2026-11-22T09:00:00+08:00"),
	                          .until = at("2026-11-23T09:00:00+08:00"),
	                          .note = "li is ill"};
}

static void test_somebody_else_holds_the_post_for_a_while(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	assert_string_equal(leader(&s, "2026-11-22T10:00:00+08:00"), "li");
	assert_int_equal(operate_(&s, override(only_sun, 1)), 0);
	assert_string_equal(leader(&s, "2026-11-22T08:59:59+08:00"), "li");
	assert_string_equal(leader(&s, "2026-11-22T09:00:00+08:00"), "sun");
	assert_string_equal(leader(&s, "2026-11-23T08:59:59+08:00"), "sun");
	assert_string_equal(leader(&s, "2026-11-23T09:00:00+08:00"), "zhao");
	assert_int_equal(entries_with(&s, "duty - - {\"action\":\"override\","
	                                  "\"override\":\"binjiang-override-"),
	                 1);
	assert_int_equal(entries_with(&s,
	                              "\"post\":\"leader\",\"from\":\"2026-11-22T01:00:00.000Z\","
	                              "\"to\":\"2026-11-23T01:00:00.000Z\","
	                              "\"people\":[\"sun\"],\"note\":\"li is ill\"}"),
	                 1);
	/* Said again it changes nothing. */
	assert_int_equal(operate_(&s, override(only_sun, 1)), 0);
	assert_int_equal(entries_with(&s, "duty - - {"), 1);
	/* The newest word counts. */
	assert_int_equal(operate_(&s, override(only_wu, 1)), 0);
	assert_string_equal(leader(&s, "2026-11-22T09:00:00+08:00"), "wu");
	/* An alarm goes to who is there. */
	advance(&s, HOURS(2));
	signal_(&s, "smoke-301", KIND_SMOKE, true);
	expect_push(&s, "qian", REASON_OPENED, 1);
	expect_push(&s, "wu", REASON_OPENED, 1);
	expect_no_more_pushes(&s);
	/* When its time is over it stands no more, and that is recorded. */
	advance(&s, DAYS(1));
	assert_int_equal(s.site->duty.count, 0);
	assert_int_equal(entries_with(&s, "{\"action\":\"override ended\""), 2);
	story_end(&s);
}

static void test_an_override_is_taken_back(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	assert_int_equal(operate_(&s, override(only_sun, 1)), 0);
	char id[STANDING_ID_MAX];
	snprintf(id, sizeof id, "%s", s.site->duty.overrides[0]->id);
	struct operation end = {.type = OPERATION_DUTY_CANCEL, .by = "zhao", .standing = id};
	assert_int_equal(operate_(&s, end), 0);
	assert_string_equal(leader(&s, "2026-11-22T10:00:00+08:00"), "li");
	assert_int_equal(operate_(&s, end), -ENOENT);
	story_end(&s);
}

/* Li and Zhao change weeks: each stands where the other would. */
static void test_two_change_places(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	struct operation swap = override(two, 2);
	swap.swap = true;
	swap.from = at("2026-11-30T08:00:00+08:00");
	swap.until = at("2026-12-14T08:00:00+08:00");
	assert_string_equal(leader(&s, "2026-12-01T12:00:00+08:00"), "li");
	assert_string_equal(leader(&s, "2026-12-08T12:00:00+08:00"), "zhao");
	assert_int_equal(operate_(&s, swap), 0);
	assert_string_equal(leader(&s, "2026-11-29T12:00:00+08:00"), "zhao");
	assert_string_equal(leader(&s, "2026-12-01T12:00:00+08:00"), "zhao");
	assert_string_equal(leader(&s, "2026-12-08T12:00:00+08:00"), "li");
	assert_string_equal(leader(&s, "2026-12-14T08:00:00+08:00"), "li");
	/* Somebody who stands in for one of them is not swapped. */
	struct operation later = override(only_sun, 1);
	later.from = at("2026-12-01T00:00:00+08:00");
	later.until = at("2026-12-02T00:00:00+08:00");
	assert_int_equal(operate_(&s, later), 0);
	assert_string_equal(leader(&s, "2026-12-01T12:00:00+08:00"), "sun");
	story_end(&s);
}

static void refuse(struct story *s, struct operation op, const char *why)
{
	assert_int_equal(operate_(s, op), -EINVAL);
	if (!strstr(s->why.text, why))
		fail_msg("refused with '%s', not '%s'", s->why.text, why);
	assert_int_equal(s->site->duty.count, 0);
}

static void test_what_makes_no_sense_is_refused(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	struct operation op = override(only_sun, 1);
	op.until = op.from;
	refuse(&s, op, "it ends before it starts");
	op = override(only_sun, 1);
	op.from = at("2026-11-01T00:00:00Z");
	op.until = at("2026-11-02T00:00:00Z");
	refuse(&s, op, "it is over already");
	op = override(only_sun, 1);
	op.until = at("2046-11-02T00:00:00Z");
	refuse(&s, op, "three years");
	refuse(&s, override(stranger, 1), "people: no person 'nobody'");
	refuse(&s, override(only_sun, 0), "people: name 1 to 16");
	op = override(only_sun, 1);
	op.swap = true;
	refuse(&s, op, "a swap names two people");
	op = override(only_sun, 1);
	op.post = "cook";
	refuse(&s, op, "post: no duty 'cook'");
	op = override(only_sun, 1);
	op.by = NULL;
	refuse(&s, op, "by is missing");
	assert_int_equal(entries_with(&s, "duty - - {"), 0);
	story_end(&s);
}

/* What the store keeps gives the same when it is read back. */
static void test_it_survives_as_text(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	struct operation swap = override(two, 2);
	swap.swap = true;
	assert_int_equal(operate_(&s, swap), 0);
	struct text before = {0}, after = {0};
	standing_write_json(&before, NULL, "binjiang", s.site->duty.overrides[0]);
	struct standing *again = standing_create();
	assert_true(standing_read_json(text_get(&before), again));
	standing_write_json(&after, NULL, "binjiang", again);
	assert_string_equal(text_get(&before), text_get(&after));
	assert_true(again->swap && again->begins == swap.from && again->until == swap.until);
	standing_destroy(again);
	text_finish(&before);
	text_finish(&after);
	story_end(&s);
}

/* While something is open the one who comes on duty by hand is told at once. */
static void test_an_override_hands_over(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	signal_(&s, "smoke-301", KIND_SMOKE, true);
	forget_pushes(&s);
	struct operation op = override(only_wu, 1);
	op.from = at("2026-11-22T07:00:00+08:00");
	assert_int_equal(operate_(&s, op), 0);
	expect_push(&s, "wu", REASON_HANDOVER, 0);
	story_end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_somebody_else_holds_the_post_for_a_while),
	        cmocka_unit_test(test_an_override_is_taken_back),
	        cmocka_unit_test(test_two_change_places),
	        cmocka_unit_test(test_what_makes_no_sense_is_refused),
	        cmocka_unit_test(test_it_survives_as_text),
	        cmocka_unit_test(test_an_override_hands_over),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
