/* floors: decide */
/* Drills: as real as can be, told as drills, and over the moment something real happens. */
#include <errno.h>

#include "decide/in_force.h"
#include "story.h"

static int drill(struct story *s, const char *zone, bool announced)
{
	return operate_(s, (struct operation){.type = OPERATION_DRILL,
	                                      .by = "sun",
	                                      .zone = zone,
	                                      .kinds = kinds_from_name(STANDING_DRILL, "fire"),
	                                      .span = MINUTES(30),
	                                      .announced = announced,
	                                      .note = "autumn drill"});
}

static const struct standing *running(const struct story *s)
{
	for (uint32_t i = 0; i < s->site->standing_count; i++)
		if (s->site->standings[i]->type == STANDING_DRILL)
			return s->site->standings[i];
	return NULL;
}

static void expect_everybody(struct story *s, enum reason reason)
{
	static const char *const people[] = {"qian", "zhao", "li", "sun", "wu"};
	for (int i = 0; i < 5; i++)
		expect_push(s, people[i], reason, 0);
}

static void test_what_happens_in_its_scope_is_a_drill(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	assert_int_equal(drill(&s, "dorm", true), 0);
	expect_everybody(&s, REASON_DRILL_STARTED);
	expect_no_more_pushes(&s); /* nothing is critical: one contact is enough that takes it */
	signal_(&s, "smoke-301", KIND_SMOKE, true);
	signal_(&s, "smoke-302", KIND_SMOKE, true);
	const struct incident *incident = only_incident(&s);
	assert_true(incident->drill);
	assert_int_equal(incident->severity, SEVERITY_CRITICAL);
	assert_string_equal(running(&s)->names[0], incident->id);
	advance(&s, MINUTES(10));
	for (uint32_t i = 0; i < s.push_count; i++)
		assert_string_not_equal(s.pushes[i].channel, "police");
	story_end(&s);
}

static void test_it_ends_by_itself_and_resolves_what_it_opened(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	assert_int_equal(drill(&s, "dorm", false), 0);
	expect_no_more_pushes(&s); /* nobody knows */
	signal_(&s, "smoke-301", KIND_SMOKE, true);
	forget_pushes(&s);
	advance(&s, MINUTES(30));
	assert_int_equal(open_incidents(&s), 0);
	assert_null(running(&s));
	expect_push(&s, "li", REASON_DRILL_ENDED, 0); /* who was called */
	expect_push(&s, "qian", REASON_DRILL_ENDED, 0);
	assert_false(take_push(&s, "wu", REASON_DRILL_ENDED, 0));
	assert_int_equal(entries_with(&s, "\"outcome\":\"drill\""), 1);
	story_end(&s);
}

static const struct notification *told_of_the_end(const struct story *s, const char *person)
{
	for (uint32_t i = 0; i < s->site->notification_count; i++)
		if (s->site->notifications[i]->reason == REASON_DRILL_ENDED &&
		    strcmp(s->site->notifications[i]->to_id, person) == 0)
			return s->site->notifications[i];
	fail_msg("%s is told of no end", person);
	return NULL;
}

/* Its sensor tells changes only: what is real among it would be told to nobody. */
static void test_who_is_told_of_its_end_is_told_what_was_not_reset(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	assert_int_equal(drill(&s, "dorm", false), 0);
	signal_(&s, "smoke-301", KIND_SMOKE, true);
	signal_(&s, "smoke-302", KIND_SMOKE, true);
	signal_(&s, "smoke-302", KIND_SMOKE, false);
	signal_(&s, "smoke-301", KIND_HEAT, true); /* the same sensor: it is named once */
	s.mood = COURIER_HANGS;
	advance(&s, MINUTES(30));
	assert_null(running(&s));
	assert_string_equal(told_of_the_end(&s, "li")->note, "its time is over\nsmoke-301");
	story_end(&s);
}

static void test_a_real_alarm_outside_breaks_it_off(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	assert_int_equal(drill(&s, "dorm", false), 0);
	forget_pushes(&s);
	signal_(&s, "fence-west", KIND_PERIMETER, true);
	expect_push(&s, "qian", REASON_OPENED, 1);
	expect_everybody(&s, REASON_DRILL_ENDED);
	assert_null(running(&s));
	signal_(&s, "smoke-301", KIND_SMOKE, true);
	assert_false(s.site->incidents[s.site->incident_count - 1]->drill);
	story_end(&s);
}

/* The dormitory and the wall at once, but not the offices between them. */
static void test_one_drill_in_several_zones(void **state)
{
	(void)state;
	struct story s;
	static const char *const zones[] = {"dorm", "gate"}, *const wrong[] = {"dorm", "moon"};
	struct operation op = {.type = OPERATION_DRILL,
	                       .by = "sun",
	                       .zones = wrong,
	                       .zone_count = 2,
	                       .kinds = UINT32_C(1) << INCIDENT_FIRE |
	                                UINT32_C(1) << INCIDENT_INTRUSION,
	                       .span = MINUTES(30)};
	story_begin(&s);
	assert_int_equal(operate_(&s, op), -EINVAL);
	assert_non_null(strstr(s.why.text, "no zone 'moon'"));
	op.zones = zones;
	assert_int_equal(operate_(&s, op), 0);
	assert_int_equal(entries_with(&s, "\"zones\":[\"dorm\",\"gate\"]"), 2); /* said, begun */
	signal_(&s, "smoke-301", KIND_SMOKE, true);
	signal_(&s, "fence-west", KIND_PERIMETER, true);
	assert_int_equal(open_incidents(&s), 2);
	for (uint32_t i = 0; i < s.site->incident_count; i++)
		assert_true(s.site->incidents[i]->drill);
	advance(&s, HOURS(14) + MINUTES(30)); /* 22:30: the offices are armed */
	assert_null(running(&s));
	assert_int_equal(operate_(&s, op), 0);
	signal_(&s, "door-office", KIND_CONTACT, true);
	assert_false(only_incident(&s)->drill);
	assert_null(running(&s)); /* outside of both: a real one */
	story_end(&s);
}

/* As after a restart: from its row. */
static void test_its_zones_are_kept(void **state)
{
	(void)state;
	struct story s;
	struct text row = {0};
	static const char *const zones[] = {"dorm", "gate"};
	story_begin(&s);
	assert_int_equal(operate_(&s, (struct operation){.type = OPERATION_DRILL,
	                                                 .by = "sun",
	                                                 .zones = zones,
	                                                 .zone_count = 2,
	                                                 .span = MINUTES(30)}),
	                 0);
	standing_write_json(&row, NULL, "binjiang", running(&s));
	struct standing *again = standing_create();
	assert_true(standing_read_json(text_get(&row), again));
	assert_true(drill_takes(s.def, again, site_def_zone(s.def, "gate"), INCIDENT_FIRE));
	assert_true(drill_takes(s.def, again, site_def_zone(s.def, "dorm-3f"), INCIDENT_FIRE));
	assert_false(drill_takes(s.def, again, site_def_zone(s.def, "office"), INCIDENT_FIRE));
	standing_destroy(again);
	text_finish(&row);
	story_end(&s);
}

static void test_a_panic_inside_is_always_meant(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	assert_int_equal(operate_(&s, (struct operation){.type = OPERATION_DRILL,
	                                                 .by = "sun",
	                                                 .zone = "campus",
	                                                 .kinds = UINT32_C(1) << INCIDENT_PANIC,
	                                                 .span = MINUTES(30)}),
	                 -EINVAL);
	assert_int_equal(drill(&s, "campus", false), 0);
	signal_(&s, "sos-gate", KIND_PANIC, true);
	assert_false(only_incident(&s)->drill);
	assert_null(running(&s));
	story_end(&s);
}

static void test_a_trouble_does_not_end_a_drill(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	assert_int_equal(drill(&s, "dorm", false), 0);
	signal_(&s, "smoke-301", KIND_BATTERY, true);
	assert_non_null(running(&s));
	assert_false(only_incident(&s)->drill);
	story_end(&s);
}

static void test_none_begins_beside_a_real_alarm_or_another(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	signal_(&s, "smoke-301", KIND_SMOKE, true);
	assert_int_equal(drill(&s, "dorm", false), -ENOTEMPTY);
	assert_int_equal(operate_(&s, (struct operation){OPERATION_RESOLVE, .by = "li",
	                                                 .incident = only_incident(&s)->id,
	                                                 .outcome = OUTCOME_REAL}),
	                 0);
	assert_int_equal(drill(&s, "dorm", false), 0);
	assert_int_equal(drill(&s, "gate", false), -ENOTEMPTY);
	assert_int_equal(operate_(&s, (struct operation){.type = OPERATION_DRILL_END,
	                                                 .by = "sun",
	                                                 .standing = running(&s)->id}),
	                 0);
	assert_null(running(&s));
	story_end(&s);
}

static void test_an_outside_line_among_a_persons_contacts_is_left_out(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	s.def->channels[1].outside = true; /* the second contact of li and zhao */
	assert_int_equal(drill(&s, "dorm", true), 0);
	signal_(&s, "smoke-301", KIND_SMOKE, true);
	signal_(&s, "smoke-302", KIND_SMOKE, true); /* critical: all contacts at once */
	advance(&s, MINUTES(5));
	for (uint32_t i = 0; i < s.push_count; i++)
		assert_string_not_equal(s.pushes[i].channel, "backup");
	story_end(&s);
}

/* ---- by the schedule ---- */

static void plan_a_drill(struct story *s)
{
	struct drill_plan *plan = ARENA_ARRAY(&s->def->arena, struct drill_plan, 1);
	const char **zones = ARENA_ARRAY(&s->def->arena, const char *, 2);
	zones[0] = "office";
	zones[1] = "dorm";
	*plan = (struct drill_plan){
	        .id = "weekly",
	        .by = "sun",
	        .zones = zones,
	        .zone_count = 2,
	        .kinds = UINT32_C(1) << INCIDENT_FIRE,
	        .from = {.year = 2026, .month = 9, .day = 1, .hour = 10}, /* a Tuesday */
	        .every = DAYS(7),
	        .lasts = MINUTES(20),
	        .announced = true};
	s->def->drill_plans = plan;
	s->def->drill_plan_count = 1;
	apply(s, &(struct event){.type = EVENT_SERVICE, .service = {.type = SERVICE_STARTED}});
}

static void test_one_begins_by_the_schedule(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s); /* Sunday, 08:00 */
	plan_a_drill(&s);
	advance(&s, DAYS(2) + HOURS(2) - 1);
	assert_null(running(&s));
	advance(&s, 1);
	assert_string_equal(running(&s)->by, "sun");
	expect_everybody(&s, REASON_DRILL_STARTED);
	signal_(&s, "smoke-301", KIND_SMOKE, true);
	assert_true(only_incident(&s)->drill);
	advance(&s, MINUTES(20));
	assert_null(running(&s));
	assert_int_equal(open_incidents(&s), 0);
	assert_int_equal(entries_with(&s, "operator"), 0); /* nobody did it by hand */
	advance(&s, DAYS(7) - MINUTES(20));
	assert_non_null(running(&s)); /* and the week after again */
	story_end(&s);
}

static void test_a_real_alarm_goes_before_the_schedule(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	plan_a_drill(&s);
	advance(&s, DAYS(2) + HOURS(2) - MINUTES(5));
	signal_(&s, "smoke-301", KIND_SMOKE, true);
	advance(&s, MINUTES(6));
	assert_null(running(&s));
	assert_false(only_incident(&s)->drill);
	assert_int_equal(entries_with(&s, "\"action\":\"left out\",\"plan\":\"weekly\""), 1);
	story_end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_what_happens_in_its_scope_is_a_drill),
	        cmocka_unit_test(test_it_ends_by_itself_and_resolves_what_it_opened),
	        cmocka_unit_test(test_who_is_told_of_its_end_is_told_what_was_not_reset),
	        cmocka_unit_test(test_a_real_alarm_outside_breaks_it_off),
	        cmocka_unit_test(test_one_drill_in_several_zones),
	        cmocka_unit_test(test_its_zones_are_kept),
	        cmocka_unit_test(test_a_panic_inside_is_always_meant),
	        cmocka_unit_test(test_a_trouble_does_not_end_a_drill),
	        cmocka_unit_test(test_none_begins_beside_a_real_alarm_or_another),
	        cmocka_unit_test(test_an_outside_line_among_a_persons_contacts_is_left_out),
	        cmocka_unit_test(test_one_begins_by_the_schedule),
	        cmocka_unit_test(test_a_real_alarm_goes_before_the_schedule),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
