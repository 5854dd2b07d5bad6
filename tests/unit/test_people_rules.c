/* floors: decide */
/* Rules of the site file: they raise what would raise nothing, or raise it higher, never lower. */
#include "story.h"

static const struct rule any = {.device = POSITION_NONE,
                                .zone = POSITION_NONE,
                                .schedule = POSITION_NONE,
                                .policy = POSITION_NONE,
                                .raise_kind = INCIDENT_KIND_NONE,
                                .raise_severity = SEVERITY_NONE};

static struct rule *add_rule(struct story *s, const char *id, enum kind kind)
{
	if (!s->def->rules)
		s->def->rules = ARENA_ARRAY(&s->def->arena, struct rule, 8);
	struct rule *rule = &s->def->rules[s->def->rule_count++];
	*rule = any;
	rule->id = id;
	rule->kinds = UINT32_C(1) << kind;
	return rule;
}

static bool has_signal(const struct incident *incident, const char *device)
{
	for (uint32_t i = 0; i < incident->signal_count; i++)
		if (strcmp(incident->signals[i].device, device) == 0)
			return true;
	return false;
}

static void test_a_door_left_open(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	struct rule *rule = add_rule(&s, "left-open", KIND_CONTACT);
	rule->holds = MINUTES(10);
	rule->raise_kind = INCIDENT_TROUBLE;
	rule->raise_severity = SEVERITY_MINOR;
	signal_(&s, "door-office", KIND_CONTACT, true);
	advance(&s, MINUTES(9));
	signal_(&s, "door-office", KIND_CONTACT, false); /* in time */
	advance(&s, MINUTES(5));
	signal_(&s, "door-office", KIND_CONTACT, true);
	advance(&s, MINUTES(10) - 1);
	assert_int_equal(open_incidents(&s), 0);
	advance(&s, 1);
	assert_int_equal(only_incident(&s)->kind, INCIDENT_TROUBLE);
	assert_int_equal(entries_with(&s, "\"rule\":\"left-open\""), 1);
	signal_(&s, "door-office", KIND_CONTACT, false);
	assert_int_equal(open_incidents(&s), 0);
	story_end(&s);
}

static void test_three_short_alarms_in_an_hour(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	struct rule *rule = add_rule(&s, "three-short", KIND_SMOKE);
	rule->count = 3;
	rule->within = HOURS(1);
	rule->same_zone = true;
	rule->raise_severity = SEVERITY_CRITICAL;
	for (int i = 0; i < 3; i++) {
		signal_(&s, "smoke-301", KIND_SMOKE, true);
		assert_int_equal(only_incident(&s)->severity,
		                 i < 2 ? SEVERITY_MAJOR : SEVERITY_CRITICAL);
		signal_(&s, "smoke-301", KIND_SMOKE, false);
		advance(&s, MINUTES(20));
	}
	story_end(&s);
}

static void test_old_ones_do_not_count(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	struct rule *rule = add_rule(&s, "three-short", KIND_SMOKE);
	rule->count = 3;
	rule->within = HOURS(1);
	rule->raise_severity = SEVERITY_CRITICAL;
	for (int i = 0; i < 4; i++) {
		signal_(&s, "smoke-301", KIND_SMOKE, true);
		signal_(&s, "smoke-301", KIND_SMOKE, false);
		advance(&s, MINUTES(31));
	}
	assert_int_equal(only_incident(&s)->severity, SEVERITY_MAJOR);
	story_end(&s);
}

static void test_distinct_devices(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	struct rule *rule = add_rule(&s, "two-detectors", KIND_WATER);
	rule->count = 2;
	rule->within = HOURS(1);
	rule->distinct = true;
	rule->raise_severity = SEVERITY_CRITICAL;
	for (int i = 0; i < 3; i++) {
		signal_(&s, "smoke-301", KIND_WATER, true);
		signal_(&s, "smoke-301", KIND_WATER, false);
		advance(&s, MINUTES(1)); /* apart: it does not rattle */
	}
	assert_int_equal(only_incident(&s)->severity, SEVERITY_MAJOR);
	signal_(&s, "smoke-302", KIND_WATER, true);
	assert_int_equal(only_incident(&s)->severity, SEVERITY_CRITICAL);
	story_end(&s);
}

/* Two are needed to raise it; the third belongs to it. The zone is not armed. */
static void test_the_third_device_joins_what_two_have_raised(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	struct rule *rule = add_rule(&s, "two-movements", KIND_MOTION);
	rule->count = 2;
	rule->within = SECONDS(10);
	rule->distinct = rule->same_zone = true;
	rule->raise_kind = INCIDENT_INTRUSION;
	for (uint32_t i = 0; i < s.def->device_count; i++)
		s.def->devices[i].zone = s.def->devices[0].zone;
	signal_(&s, "smoke-301", KIND_MOTION, true);
	assert_int_equal(open_incidents(&s), 0);
	signal_(&s, "smoke-302", KIND_MOTION, true);
	assert_int_equal(only_incident(&s)->kind, INCIDENT_INTRUSION);
	forget_pushes(&s);
	signal_(&s, "door-office", KIND_MOTION, true);
	expect_push(&s, "qian", REASON_JOINED, 0);
	assert_true(has_signal(only_incident(&s), "door-office"));
	story_end(&s);
}

static void test_later_rules_go_before_earlier_ones(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	add_rule(&s, "first", KIND_CONTACT)->raise_kind = INCIDENT_OTHER;
	struct rule *second = add_rule(&s, "second", KIND_CONTACT);
	second->raise_kind = INCIDENT_WATER;
	second->policy = 1; /* fire-confirmed */
	add_rule(&s, "elsewhere", KIND_CONTACT)->zone = 3;
	signal_(&s, "door-office", KIND_CONTACT, true); /* not armed now, but a rule raises it */
	assert_int_equal(only_incident(&s)->kind, INCIDENT_WATER);
	assert_string_equal(only_incident(&s)->policy->id, "fire-confirmed");
	assert_int_equal(entries_with(&s, "\"rule\":\"second\""), 1);
	story_end(&s);
}

static void test_nothing_is_lowered_and_a_fire_stays_a_fire(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	struct rule *rule = add_rule(&s, "play-down", KIND_SMOKE);
	rule->raise_kind = INCIDENT_TROUBLE;
	rule->raise_severity = SEVERITY_WARNING;
	signal_(&s, "smoke-301", KIND_SMOKE, true);
	assert_int_equal(only_incident(&s)->kind, INCIDENT_FIRE);
	assert_int_equal(only_incident(&s)->severity, SEVERITY_MAJOR);
	story_end(&s);
}

static void test_by_schedule_and_by_label(void **state)
{
	(void)state;
	struct story s;
	static const char *kitchen[] = {"kitchen"};
	story_begin(&s);
	struct device_details details = {.labels = kitchen, .label_count = 1};
	s.def->devices[0].details = &details;
	struct rule *rule = add_rule(&s, "kitchen-at-night", KIND_WATER);
	rule->label = "kitchen";
	rule->schedule = 0;
	rule->raise_severity = SEVERITY_CRITICAL;
	signal_(&s, "smoke-301", KIND_WATER, true); /* 08:00 */
	assert_int_equal(only_incident(&s)->severity, SEVERITY_MAJOR);
	assert_int_equal(entries_with(&s, "\"rule\":\"default\""), 1);
	for (int hour = 0; hour < 15; hour++) {
		advance(&s, HOURS(1));
		forget_pushes(&s);
	}
	signal_(&s, "smoke-302", KIND_WATER, true);
	assert_int_equal(only_incident(&s)->severity, SEVERITY_MAJOR);
	signal_(&s, "smoke-301", KIND_WATER, false);
	signal_(&s, "smoke-301", KIND_WATER, true);
	assert_int_equal(only_incident(&s)->severity, SEVERITY_CRITICAL);
	story_end(&s);
}

/* The guard presses a button on his round, every two hours of the night. */
static void test_a_patrol_that_did_not_come(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s); /* 08:00 */
	struct rule *rule = add_rule(&s, "patrol", KIND_PERIMETER);
	rule->absent = HOURS(2);
	rule->schedule = 0; /* 22:00 to 06:00 */
	rule->raise_severity = SEVERITY_MINOR;
	s.def->armings[1].zone = 4; /* the gate is not armed: a press there is no intrusion */
	apply(&s, &(struct event){.type = EVENT_SERVICE, .service = {.type = SERVICE_STARTED}});
	advance(&s, HOURS(14)); /* all day nothing, and nobody minds */
	assert_int_equal(open_incidents(&s), 0);
	advance(&s, HOURS(1));
	signal_(&s, "fence-west", KIND_PERIMETER, true);
	signal_(&s, "fence-west", KIND_PERIMETER, false);
	advance(&s, HOURS(2) - 1);
	assert_int_equal(open_incidents(&s), 0);
	advance(&s, 1);
	assert_string_equal(only_incident(&s)->subject, "absent:patrol:fence-west");
	assert_int_equal(only_incident(&s)->severity, SEVERITY_MINOR);
	signal_(&s, "fence-west", KIND_PERIMETER, true);
	assert_int_equal(open_incidents(&s), 0); /* he has come */
	for (int hour = 0; hour < 5; hour++) {
		forget_pushes(&s);
		advance(&s, HOURS(1));
	}
	assert_int_equal(open_incidents(&s), 1); /* and once only: the night is not over */
	story_end(&s);
}

/* A kind that asks for a person's look stays, and the record says that what was missed has come. */
static void test_what_came_late_is_recorded_as_clear(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	struct rule *rule = add_rule(&s, "patrol", KIND_PERIMETER);
	rule->absent = HOURS(2);
	rule->raise_kind = INCIDENT_PANIC;
	s.def->armings[1].zone = 4; /* the gate is not armed */
	apply(&s, &(struct event){.type = EVENT_SERVICE, .service = {.type = SERVICE_STARTED}});
	advance(&s, HOURS(2));
	assert_false(only_incident(&s)->cleared);
	for (int press = 0; press < 2; press++) {
		signal_(&s, "fence-west", KIND_PERIMETER, true);
		signal_(&s, "fence-west", KIND_PERIMETER, false);
		assert_true(only_incident(&s)->cleared);
		assert_int_equal(entries_with(&s, "incident.cleared fence-west"), 1);
	}
	story_end(&s);
}

static void rattle(struct story *s, int times)
{
	for (int i = 0; i < times; i++) {
		signal_(s, "fence-west", KIND_PERIMETER, true);
		advance(s, 125);
		signal_(s, "fence-west", KIND_PERIMETER, false);
		advance(s, 125);
	}
}

/* What a rule counts is still a fence that rattles: what is so already is told once. */
static void test_a_count_is_no_way_around_the_chatter(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	struct rule *rule = add_rule(&s, "climbed", KIND_PERIMETER);
	rule->count = 2;
	rule->within = SECONDS(30);
	rule->raise_severity = SEVERITY_CRITICAL;
	rattle(&s, 12);
	expect_push(&s, "qian", REASON_OPENED, 1);
	expect_push(&s, "qian", REASON_RAISED, 0);
	expect_push(&s, "qian", REASON_OPENED, 1); /* the trouble */
	expect_no_more_pushes(&s);
	assert_int_equal(entries_with(&s, "it comes and goes"), 10);
	story_end(&s);
}

static void test_chatter_hides_nothing_that_a_rule_raises_first(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	struct rule *higher = add_rule(&s, "climbed", KIND_PERIMETER);
	higher->count = 5;
	higher->within = SECONDS(30);
	higher->raise_severity = SEVERITY_CRITICAL;
	rattle(&s, 4);
	assert_int_equal(entries_with(&s, "it comes and goes"), 2);
	rattle(&s, 1);
	assert_int_equal(s.site->incidents[0]->severity, SEVERITY_CRITICAL);
	struct rule *other = add_rule(&s, "torn", KIND_PERIMETER);
	other->raise_kind = INCIDENT_OTHER;
	rattle(&s, 3);
	assert_int_equal(open_incidents(&s), 3);
	assert_int_equal(s.site->incidents[2]->kind, INCIDENT_OTHER);
	assert_int_equal(s.site->incidents[2]->signal_count, 1);
	story_end(&s);
}

/* Its times of standing are no coming and going. */
static void test_what_has_held_is_not_counted_as_chatter(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	struct rule *rule = add_rule(&s, "stays", KIND_PERIMETER);
	rule->holds = SECONDS(10);
	rule->raise_severity = SEVERITY_MINOR;
	for (int i = 0; i < 2; i++) {
		signal_(&s, "fence-west", KIND_PERIMETER, true);
		advance(&s, SECONDS(11));
		signal_(&s, "fence-west", KIND_PERIMETER, false);
		advance(&s, SECONDS(1));
	}
	assert_int_equal(entries_with(&s, "\"rule\":\"stays\""), 2);
	assert_int_equal(entries_with(&s, "it comes and goes"), 0);
	assert_int_equal(open_incidents(&s), 1);
	story_end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_a_door_left_open),
	        cmocka_unit_test(test_a_count_is_no_way_around_the_chatter),
	        cmocka_unit_test(test_chatter_hides_nothing_that_a_rule_raises_first),
	        cmocka_unit_test(test_what_has_held_is_not_counted_as_chatter),
	        cmocka_unit_test(test_three_short_alarms_in_an_hour),
	        cmocka_unit_test(test_old_ones_do_not_count),
	        cmocka_unit_test(test_distinct_devices),
	        cmocka_unit_test(test_the_third_device_joins_what_two_have_raised),
	        cmocka_unit_test(test_later_rules_go_before_earlier_ones),
	        cmocka_unit_test(test_nothing_is_lowered_and_a_fire_stays_a_fire),
	        cmocka_unit_test(test_by_schedule_and_by_label),
	        cmocka_unit_test(test_a_patrol_that_did_not_come),
	        cmocka_unit_test(test_what_came_late_is_recorded_as_clear),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
