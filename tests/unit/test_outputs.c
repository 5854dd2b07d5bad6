/* floors: decide */
/* What is switched while an incident lasts: sirens, strobes, doors. */
#include "story.h"

static struct output siren(const char *id)
{
	return (struct output){.id = id,
	                       .name = id,
	                       .topic = "siren/set",
	                       .on = "ON",
	                       .off = "OFF",
	                       .kind = INCIDENT_FIRE,
	                       .zone = POSITION_NONE,
	                       .triggers = 1};
}

static void begin_with(struct story *s, struct output output)
{
	story_begin(s);
	s->def->outputs = ARENA_ARRAY(&s->def->arena, struct output, 1);
	s->def->outputs[0] = output;
	s->def->output_count = 1;
}

/* What its last command was: 1 on, 0 off, -1 never any. */
static int switched(const struct story *s, const char *id)
{
	for (uint32_t i = 0; i < s->site->output_count; i++)
		if (strcmp(s->site->outputs[i]->id, id) == 0)
			return s->site->outputs[i]->is_on;
	return -1;
}

static void resolve(struct story *s)
{
	assert_int_equal(operate_(s, (struct operation){.type = OPERATION_RESOLVE,
	                                                .by = "li",
	                                                .incident = only_incident(s)->id,
	                                                .outcome = OUTCOME_REAL}),
	                 0);
}

static void sounds_from_the_incident_to_its_end(void **state)
{
	(void)state;
	struct story s;
	begin_with(&s, siren("siren"));
	assert_int_equal(switched(&s, "siren"), -1);
	signal_(&s, "smoke-301", KIND_SMOKE, true);
	assert_int_equal(switched(&s, "siren"), 1);
	signal_(&s, "smoke-301", KIND_SMOKE, false); /* fire latches, and so does its siren */
	assert_int_equal(switched(&s, "siren"), 1);
	resolve(&s);
	assert_int_equal(switched(&s, "siren"), 0);
	assert_int_equal(entries_with(&s, "\"state\":\"on\""), 1);
	assert_int_equal(entries_with(&s, "\"why\":\"resolved\""), 1);
	story_end(&s);
}

static void a_door_opens_by_two_detectors_and_people_are_told_by_one(void **state)
{
	(void)state;
	struct story s;
	struct output door = siren("door");
	door.triggers = 2;
	begin_with(&s, door);
	signal_(&s, "smoke-301", KIND_SMOKE, true);
	expect_push(&s, "qian", REASON_OPENED, 1);
	signal_(&s, "smoke-301", KIND_HEAT, true); /* the same device: no second opinion */
	signal_(&s, "smoke-301", KIND_TAMPER, true);
	assert_int_equal(switched(&s, "door"), -1);
	signal_(&s, "smoke-302", KIND_SMOKE, true);
	assert_int_equal(switched(&s, "door"), 1);
	story_end(&s);
}

static void who_reports_a_fire_is_a_trigger(void **state)
{
	(void)state;
	struct story s;
	struct output door = siren("door");
	door.triggers = 2;
	begin_with(&s, door);
	assert_int_equal(operate_(&s, (struct operation){.type = OPERATION_REPORT,
	                                                 .by = "li",
	                                                 .zone = "dorm-3f",
	                                                 .kind = INCIDENT_FIRE,
	                                                 .severity = SEVERITY_NONE}),
	                 0);
	assert_int_equal(switched(&s, "door"), -1);
	signal_(&s, "smoke-302", KIND_SMOKE, true);
	assert_int_equal(switched(&s, "door"), 1);
	story_end(&s);
}

static void only_what_it_answers_to_switches_it(void **state)
{
	(void)state;
	struct story s;
	struct output gate = siren("gate");
	gate.kind = INCIDENT_KIND_NONE;
	gate.zone = 3;
	gate.least = SEVERITY_CRITICAL;
	begin_with(&s, gate);
	signal_(&s, "smoke-301", KIND_SMOKE, true);      /* another zone */
	signal_(&s, "fence-west", KIND_PERIMETER, true); /* not bad enough */
	signal_(&s, "sos-gate", KIND_FAULT, true);       /* a trouble */
	assert_int_equal(switched(&s, "gate"), -1);
	signal_(&s, "sos-gate", KIND_PANIC, true);
	assert_int_equal(switched(&s, "gate"), 1);
	story_end(&s);
}

static void of_a_silent_panic_no_siren_learns(void **state)
{
	(void)state;
	struct story s;
	struct output any = siren("any");
	any.kind = INCIDENT_KIND_NONE;
	begin_with(&s, any);
	s.def->devices[2].silent = true;
	signal_(&s, "sos-gate", KIND_PANIC, true);
	expect_push(&s, "qian", REASON_OPENED, 1);
	assert_int_equal(switched(&s, "any"), -1);
	story_end(&s);
}

static void a_drill_switches_only_what_is_said_to(void **state)
{
	(void)state;
	for (int drills = 0; drills < 2; drills++) {
		struct story s;
		struct output bell = siren("bell");
		bell.drills = drills;
		begin_with(&s, bell);
		assert_int_equal(operate_(&s, (struct operation){.type = OPERATION_DRILL,
		                                                 .by = "li",
		                                                 .zone = "campus",
		                                                 .span = MINUTES(30)}),
		                 0);
		signal_(&s, "smoke-301", KIND_SMOKE, true);
		assert_true(only_incident(&s)->drill);
		assert_int_equal(switched(&s, "bell"), drills ? 1 : -1);
		story_end(&s);
	}
}

static void a_bell_until_somebody_has_it_rings_again_when_nobody_has(void **state)
{
	(void)state;
	struct story s;
	struct output bell = siren("bell");
	bell.until_acknowledged = true;
	begin_with(&s, bell);
	signal_(&s, "smoke-301", KIND_SMOKE, true);
	assert_int_equal(switched(&s, "bell"), 1);
	assert_int_equal(operate_(&s, (struct operation){.type = OPERATION_ACK,
	                                                 .by = "li",
	                                                 .incident = only_incident(&s)->id}),
	                 0);
	assert_int_equal(switched(&s, "bell"), 0);
	assert_int_equal(entries_with(&s, "\"why\":\"acknowledged\""), 1);
	advance(&s, MINUTES(15) + SECONDS(1)); /* not resolved in time: open again */
	assert_int_equal(switched(&s, "bell"), 1);
	story_end(&s);
}

static void two_fires_need_two_ends(void **state)
{
	(void)state;
	struct story s;
	begin_with(&s, siren("siren"));
	signal_(&s, "smoke-301", KIND_SMOKE, true);
	char first[INCIDENT_ID_MAX];
	snprintf(first, sizeof first, "%s", only_incident(&s)->id);
	assert_int_equal(operate_(&s, (struct operation){.type = OPERATION_REPORT,
	                                                 .by = "li",
	                                                 .zone = "office",
	                                                 .kind = INCIDENT_FIRE,
	                                                 .severity = SEVERITY_NONE}),
	                 0);
	assert_int_equal(operate_(&s, (struct operation){.type = OPERATION_RESOLVE,
	                                                 .by = "li",
	                                                 .incident = first,
	                                                 .outcome = OUTCOME_REAL}),
	                 0);
	assert_int_equal(switched(&s, "siren"), 1);
	resolve(&s);
	assert_int_equal(switched(&s, "siren"), 0);
	assert_int_equal(entries_with(&s, "\"state\":\"on\""), 1); /* it never stopped meanwhile */
	story_end(&s);
}

static void reload(struct story *s, struct site_def *def)
{
	struct site_def *before = s->def;
	site_redefine(s->site, def, s->now);
	s->def = def;
	apply(s, &(struct event){.type = EVENT_SERVICE, .service = {.type = SERVICE_CONFIGURED}});
	site_def_destroy(before);
}

static void told(struct story *s, const char *id, uint64_t number)
{
	apply(s, &(struct event){.type = EVENT_OUTPUT, .output = {.output = id, .number = number}});
}

static void what_the_file_no_longer_knows_is_withdrawn(void **state)
{
	(void)state;
	struct story s;
	begin_with(&s, siren("siren"));
	signal_(&s, "smoke-301", KIND_SMOKE, true);
	reload(&s, story_def());
	assert_int_equal(switched(&s, "siren"), 0);
	assert_string_equal(s.site->outputs[0]->off, "OFF");
	assert_int_equal(entries_with(&s, "no longer in the site file"), 1);
	story_end(&s);
}

static uint32_t zone_of(const struct story *s, const char *id)
{
	uint32_t zone = site_def_zone(s->def, id);
	assert_true(zone != POSITION_NONE);
	return zone;
}

/* The third floor gets another name while it burns; then its house, too. */
static void who_renames_a_zone_silences_no_siren(void **state)
{
	(void)state;
	struct story s;
	struct output dorm = siren("dorm");
	begin_with(&s, dorm);
	s.def->outputs[0].zone = zone_of(&s, "dorm");
	signal_(&s, "smoke-301", KIND_SMOKE, true);
	assert_int_equal(switched(&s, "dorm"), 1);
	for (int names = 1; names <= 2; names++) {
		struct site_def *def = story_def();
		uint32_t floor = site_def_zone(def, "dorm-3f"), house = site_def_zone(def, "dorm");
		def->zones[floor].id = "third-floor";
		if (names == 2)
			def->zones[house].id = "house-2";
		site_def_index(def);
		dorm.zone = house;
		def->outputs = ARENA_ARRAY(&def->arena, struct output, 1);
		def->outputs[0] = dorm;
		def->output_count = 1;
		reload(&s, def);
		assert_int_equal(switched(&s, "dorm"), 1);
	}
	resolve(&s);
	assert_int_equal(switched(&s, "dorm"), 0);
	assert_int_equal(entries_with(&s, "\"state\":\"on\""), 1);
	story_end(&s);
}

static void with_another_topic_it_ends_on_the_old_one_and_begins_on_the_new(void **state)
{
	(void)state;
	struct story s;
	struct output other = siren("siren");
	begin_with(&s, siren("siren"));
	signal_(&s, "smoke-301", KIND_SMOKE, true);
	const struct output_state *output = s.site->outputs[0];
	struct site_def *def = story_def();
	other.topic = "new/set";
	def->outputs = ARENA_ARRAY(&def->arena, struct output, 1);
	def->outputs[0] = other;
	def->output_count = 1;
	reload(&s, def);
	assert_false(output->is_on);
	assert_string_equal(output->topic, "siren/set");
	signal_(&s, "smoke-302", KIND_SMOKE, true); /* the end has not arrived yet */
	assert_false(output->is_on);
	told(&s, "siren", output->number);
	assert_true(output->is_on);
	assert_string_equal(output->topic, "new/set");
	resolve(&s);
	assert_false(output->is_on);
	assert_string_equal(output->topic, "new/set");
	story_end(&s);
}

static void the_broker_confirms_the_last_command_only(void **state)
{
	(void)state;
	struct story s;
	begin_with(&s, siren("siren"));
	signal_(&s, "smoke-301", KIND_SMOKE, true);
	const struct output_state *output = s.site->outputs[0];
	uint64_t on = output->number;
	resolve(&s);
	told(&s, "siren", on);
	assert_false(output->told);
	told(&s, "siren", output->number);
	told(&s, "siren", output->number);
	assert_true(output->told);
	assert_int_equal(entries_with(&s, "\"delivered\":true"), 1);
	story_end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(sounds_from_the_incident_to_its_end),
	        cmocka_unit_test(a_door_opens_by_two_detectors_and_people_are_told_by_one),
	        cmocka_unit_test(who_reports_a_fire_is_a_trigger),
	        cmocka_unit_test(only_what_it_answers_to_switches_it),
	        cmocka_unit_test(of_a_silent_panic_no_siren_learns),
	        cmocka_unit_test(a_drill_switches_only_what_is_said_to),
	        cmocka_unit_test(a_bell_until_somebody_has_it_rings_again_when_nobody_has),
	        cmocka_unit_test(two_fires_need_two_ends),
	        cmocka_unit_test(what_the_file_no_longer_knows_is_withdrawn),
	        cmocka_unit_test(who_renames_a_zone_silences_no_siren),
	        cmocka_unit_test(with_another_topic_it_ends_on_the_old_one_and_begins_on_the_new),
	        cmocka_unit_test(the_broker_confirms_the_last_command_only),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
