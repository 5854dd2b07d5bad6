/* floors: decide */
/* The contract's "Behaviour without any rule written", and an incident's life. */
#include "decide/core.h"
#include "story.h"

static void test_each_kind_raises_what_the_table_says(void **state)
{
	(void)state;
	static const struct {
		enum kind kind;
		enum incident_kind raises;
		enum severity severity;
		bool latches;
	} rows[] = {
	        {KIND_SMOKE, INCIDENT_FIRE, SEVERITY_MAJOR, true},
	        {KIND_HEAT, INCIDENT_FIRE, SEVERITY_MAJOR, true},
	        {KIND_CALL_POINT, INCIDENT_FIRE, SEVERITY_CRITICAL, true},
	        {KIND_GAS, INCIDENT_GAS, SEVERITY_CRITICAL, true},
	        {KIND_CARBON_MONOXIDE, INCIDENT_GAS, SEVERITY_CRITICAL, true},
	        {KIND_PANIC, INCIDENT_PANIC, SEVERITY_CRITICAL, true},
	        {KIND_WATER, INCIDENT_WATER, SEVERITY_MAJOR, true},
	        {KIND_CONTACT, INCIDENT_INTRUSION, SEVERITY_MAJOR, true},
	        {KIND_MOTION, INCIDENT_INTRUSION, SEVERITY_MAJOR, true},
	        {KIND_GLASS, INCIDENT_INTRUSION, SEVERITY_MAJOR, true},
	        {KIND_VIBRATION, INCIDENT_INTRUSION, SEVERITY_MAJOR, true},
	        {KIND_PERIMETER, INCIDENT_INTRUSION, SEVERITY_MAJOR, true},
	        {KIND_TAMPER, INCIDENT_TAMPER, SEVERITY_MINOR, false},
	        {KIND_BATTERY, INCIDENT_TROUBLE, SEVERITY_WARNING, false},
	        {KIND_POWER, INCIDENT_TROUBLE, SEVERITY_WARNING, false},
	        {KIND_FAULT, INCIDENT_TROUBLE, SEVERITY_WARNING, false},
	        {KIND_LINK, INCIDENT_TROUBLE, SEVERITY_WARNING, false},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct story s;
		story_begin(&s);
		signal_(&s, "fence-west", rows[i].kind, true); /* its zone is always armed */
		struct incident *incident = only_incident(&s);
		assert_int_equal(incident->kind, rows[i].raises);
		assert_int_equal(incident->severity, rows[i].severity);
		assert_string_equal(incident->zone, "gate");
		signal_(&s, "fence-west", rows[i].kind, false);
		assert_int_equal(open_incidents(&s), rows[i].latches ? 1 : 0);
		if (rows[i].latches && rows[i].kind != KIND_PANIC)
			assert_true(only_incident(&s)->cleared);
		story_end(&s);
	}
}

static void test_intrusion_needs_an_armed_zone(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s); /* 08:00: the office is armed from 22:00 to 06:00 */
	signal_(&s, "door-office", KIND_CONTACT, true);
	assert_int_equal(open_incidents(&s), 0);
	assert_int_equal(entries_with(&s, "the zone is not armed"), 1);
	signal_(&s, "door-office", KIND_CONTACT, false);
	advance(&s, HOURS(14));
	signal_(&s, "door-office", KIND_CONTACT, true);
	assert_int_equal(only_incident(&s)->kind, INCIDENT_INTRUSION);
	signal_(&s, "smoke-301", KIND_SMOKE, true); /* fire asks nobody */
	assert_int_equal(open_incidents(&s), 2);
	story_end(&s);
}

static void test_a_repeated_state_is_no_entry_and_a_press_always_is(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	for (int i = 0; i < 3; i++)
		signal_(&s, "smoke-301", KIND_SMOKE, true);
	assert_int_equal(entries_with(&s, "signal smoke-301"), 1);
	for (int i = 0; i < 3; i++)
		signal_(&s, "sos-gate", KIND_PANIC, true);
	assert_int_equal(entries_with(&s, "signal sos-gate"), 3);
	assert_int_equal(open_incidents(&s), 2);
	story_end(&s);
}

/* A call point is a button that stays in: who presses it again is heard again. */
static void test_every_press_of_a_call_point_is_pushed_and_it_latches_by_its_state(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	struct event press = {.type = EVENT_SIGNAL,
	                      .signal = {.device = "fence-west",
	                                 .kind = KIND_CALL_POINT,
	                                 .active = true,
	                                 .press = true}};
	for (int i = 0; i < 3; i++)
		apply(&s, &press);
	assert_int_equal(entries_with(&s, "signal fence-west"), 3);
	assert_int_equal(only_incident(&s)->signals[0].presses, 3);
	expect_push(&s, "qian", REASON_OPENED, 1);
	expect_push(&s, "qian", REASON_JOINED, 0);
	expect_push(&s, "qian", REASON_JOINED, 0);
	forget_pushes(&s);
	press.signal.retained = true; /* what the broker keeps is its state */
	apply(&s, &press);
	assert_int_equal(s.push_count, 0);
	signal_(&s, "fence-west", KIND_CALL_POINT, false);
	assert_true(only_incident(&s)->cleared);
	/* As state, by a bridge that repeats all it knows, it is no press. */
	signal_(&s, "fence-west", KIND_CALL_POINT, true);
	forget_pushes(&s);
	signal_(&s, "fence-west", KIND_CALL_POINT, true);
	assert_int_equal(s.push_count, 0);
	story_end(&s);
}

static void test_a_press_that_the_broker_keeps_is_told_once(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	struct event kept = {.type = EVENT_SIGNAL,
	                     .signal = {.device = "sos-gate", .kind = KIND_PANIC, .active = true}};
	apply(&s, &kept);
	char id[INCIDENT_ID_MAX];
	snprintf(id, sizeof id, "%s", only_incident(&s)->id);
	kept.signal.retained = true;
	apply(&s, &kept); /* at each connection again */
	struct operation resolve = {OPERATION_RESOLVE, .by = "li", .incident = id,
	                            .outcome = OUTCOME_REAL};
	assert_int_equal(operate_(&s, resolve), 0);
	for (int i = 0; i < 2; i++) {
		apply(&s,
		      &(struct event){.type = EVENT_SERVICE, .service = {.type = SERVICE_STARTED}});
		apply(&s, &kept);
	}
	assert_int_equal(open_incidents(&s), 0);
	assert_int_equal(entries_with(&s, "signal sos-gate"), 1);
	/* One that names itself, and was not here before, is another press, missed meanwhile. */
	kept.signal.id = "another";
	apply(&s, &kept);
	assert_int_equal(open_incidents(&s), 1);
	story_end(&s);
}

static void test_what_a_stranger_said_and_the_broker_keeps_is_told_once(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	struct event ghost = {.type = EVENT_STRANGER,
	                      .stranger = {.address = "ghost",
	                                   .profile = "native",
	                                   .kind = KIND_SMOKE,
	                                   .active = true,
	                                   .retained = true}};
	apply(&s, &ghost); /* first heard at our start: it may burn */
	struct operation resolve = {OPERATION_RESOLVE, .by = "li",
	                            .incident = only_incident(&s)->id, .outcome = OUTCOME_REAL};
	assert_int_equal(operate_(&s, resolve), 0);
	apply(&s, &(struct event){.type = EVENT_SERVICE, .service = {.type = SERVICE_STARTED}});
	apply(&s, &ghost);
	assert_int_equal(open_incidents(&s), 0);
	ghost.stranger.active = ghost.stranger.retained = false;
	apply(&s, &ghost);
	ghost.stranger.active = ghost.stranger.retained = true;
	apply(&s, &ghost); /* since then it was over: this is another one */
	assert_int_equal(open_incidents(&s), 1);
	story_end(&s);
}

static void test_every_press_is_pushed(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	signal_(&s, "sos-gate", KIND_PANIC, true);
	expect_push(&s, "qian", REASON_OPENED, 1);
	signal_(&s, "sos-gate", KIND_PANIC, true);
	expect_push(&s, "qian", REASON_JOINED, 0);
	expect_no_more_pushes(&s);
	story_end(&s);
}

static void test_a_second_detector_makes_a_fire_critical(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	signal_(&s, "smoke-301", KIND_SMOKE, true);
	expect_push(&s, "qian", REASON_OPENED, 1);
	expect_push(&s, "li", REASON_OPENED, 1);
	expect_no_more_pushes(&s);
	advance(&s, SECONDS(20));
	signal_(&s, "smoke-302", KIND_SMOKE, true);
	assert_int_equal(only_incident(&s)->severity, SEVERITY_CRITICAL);
	assert_string_equal(only_incident(&s)->policy->id, "fire-confirmed");
	expect_push(&s, "qian", REASON_RAISED, 1);
	expect_push(&s, "li", REASON_RAISED, 1);
	expect_push(&s, "li", REASON_RAISED, 1); /* critical: all contacts at once */
	expect_push(&s, "sun", REASON_RAISED, 1);
	expect_no_more_pushes(&s);
	advance(&s, SECONDS(59));
	expect_no_more_pushes(&s);
	advance(&s, SECONDS(1));
	expect_push(&s, "police", REASON_ESCALATED, 2);
	story_end(&s);
}

static void test_a_late_second_detector_joins_without_a_rise(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	signal_(&s, "smoke-301", KIND_SMOKE, true);
	advance(&s, MINUTES(2));
	signal_(&s, "smoke-301", KIND_SMOKE, false); /* an end confirms nothing */
	advance(&s, 1);
	forget_pushes(&s);
	signal_(&s, "smoke-302", KIND_SMOKE, true);
	assert_int_equal(only_incident(&s)->severity, SEVERITY_MAJOR);
	expect_push(&s, "qian", REASON_JOINED, 0);
	expect_push(&s, "li", REASON_JOINED, 0);
	expect_push(&s, "zhao", REASON_JOINED, 0);
	expect_no_more_pushes(&s);
	story_end(&s);
}

/* As the site file may name it: once as smoke, once as heat. */
static void test_one_thing_under_two_names_confirms_nothing(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	for (uint32_t i = 0; i < 2; i++) {
		s.def->devices[i].profile = "zigbee2mqtt";
		s.def->devices[i].address = "hall";
	}
	signal_(&s, "smoke-301", KIND_SMOKE, true);
	signal_(&s, "smoke-302", KIND_SMOKE, true);
	assert_int_equal(only_incident(&s)->severity, SEVERITY_MAJOR);
	assert_int_equal(only_incident(&s)->signal_count, 2);
	s.def->devices[1].profile = "tasmota";
	signal_(&s, "smoke-302", KIND_SMOKE, false);
	signal_(&s, "smoke-302", KIND_SMOKE, true);
	assert_int_equal(only_incident(&s)->severity, SEVERITY_CRITICAL);
	story_end(&s);
}

static void test_the_same_device_again_is_no_second_detector(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	signal_(&s, "smoke-301", KIND_SMOKE, true);
	signal_(&s, "smoke-301", KIND_SMOKE, false);
	signal_(&s, "smoke-301", KIND_SMOKE, true);
	assert_int_equal(only_incident(&s)->severity, SEVERITY_MAJOR);
	assert_false(only_incident(&s)->cleared);
	story_end(&s);
}

static void test_a_rise_asks_for_a_new_acknowledgement(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	signal_(&s, "smoke-301", KIND_SMOKE, true);
	char id[INCIDENT_ID_MAX];
	snprintf(id, sizeof id, "%s", only_incident(&s)->id);
	assert_int_equal(
	        operate_(&s, (struct operation){OPERATION_ACK, .by = "li", .incident = id}), 0);
	forget_pushes(&s);
	signal_(&s, "smoke-302", KIND_SMOKE, true);
	assert_int_equal(only_incident(&s)->state, STATE_OPEN);
	expect_push(&s, "li", REASON_RAISED, 1);
	expect_push(&s, "sun", REASON_RAISED, 1);
	advance(&s, SECONDS(60));
	expect_push(&s, "police", REASON_ESCALATED, 2);
	story_end(&s);
}

static void test_a_test_signal_raises_nothing(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	apply(&s, &(struct event){.type = EVENT_SIGNAL,
	                          .signal = {.device = "smoke-301",
	                                     .kind = KIND_SMOKE,
	                                     .active = true,
	                                     .test = true}});
	assert_int_equal(open_incidents(&s), 0);
	assert_int_equal(entries_with(&s, "signal smoke-301"), 1);
	signal_(&s, "smoke-301", KIND_SMOKE, true);
	assert_int_equal(open_incidents(&s), 1);
	story_end(&s);
}

static void test_resolved_and_still_active_alarms_again(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	signal_(&s, "smoke-301", KIND_SMOKE, true);
	char id[INCIDENT_ID_MAX];
	snprintf(id, sizeof id, "%s", only_incident(&s)->id);
	struct operation resolve = {OPERATION_RESOLVE, .by = "li", .incident = id,
	                            .outcome = OUTCOME_FALSE_ALARM};
	assert_int_equal(operate_(&s, resolve), 0);
	assert_int_equal(open_incidents(&s), 0);
	signal_(&s, "smoke-301", KIND_SMOKE, true);
	assert_int_equal(open_incidents(&s), 1);
	assert_string_equal(only_incident(&s)->id, "binjiang-2026-000002");
	story_end(&s);
}

static void test_a_door_left_open_is_not_raised_twice(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	advance(&s, HOURS(15));
	signal_(&s, "door-office", KIND_CONTACT, true);
	char id[INCIDENT_ID_MAX];
	snprintf(id, sizeof id, "%s", only_incident(&s)->id);
	struct operation resolve = {OPERATION_RESOLVE, .by = "qian", .incident = id,
	                            .outcome = OUTCOME_REAL};
	assert_int_equal(operate_(&s, resolve), 0);
	signal_(&s, "door-office", KIND_CONTACT, true);
	assert_int_equal(open_incidents(&s), 0);
	story_end(&s);
}

static void test_silence_is_a_trouble_that_ends_with_a_sign_of_life(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	s.def->devices[0].expect_every = HOURS(1);
	apply(&s, &(struct event){.type = EVENT_SERVICE, .service = {.type = SERVICE_STARTED}});
	advance(&s, HOURS(1) - 1);
	assert_int_equal(open_incidents(&s), 0);
	advance(&s, 1);
	assert_int_equal(only_incident(&s)->kind, INCIDENT_TROUBLE);
	assert_int_equal(entries_with(&s, "device.silent smoke-301"), 1);
	signal_(&s, "smoke-301", KIND_SMOKE, false);
	assert_int_equal(open_incidents(&s), 0);
	expect_push(&s, "qian", REASON_OPENED, 1);
	expect_push(&s, "qian", REASON_RESOLVED, 0);
	advance(&s, HOURS(1));
	assert_int_equal(open_incidents(&s), 1);
	story_end(&s);
}

static void test_a_number_that_was_pushed_unlogged_is_left_out(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	struct service_fact start = {.type = SERVICE_STARTED};
	signal_(&s, "smoke-301", KIND_SMOKE, true);
	assert_string_equal(only_incident(&s)->id, "binjiang-2026-000001");
	apply(&s, &(struct event){.type = EVENT_SERVICE, .service = start}); /* a plain restart */
	signal_(&s, "sos-gate", KIND_PANIC, true);
	assert_non_null(site_incident(s.site, "binjiang-2026-000002"));
	start.unlogged = true;
	apply(&s, &(struct event){.type = EVENT_SERVICE, .service = start});
	signal_(&s, "fence-west", KIND_WATER, true);
	assert_non_null(site_incident(s.site, "binjiang-2026-001003"));
	story_end(&s);
}

static void test_a_last_will_is_a_trouble_at_once(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	struct event gone = {.type = EVENT_STATUS,
	                     .status = {.device = "fence-west", .online = false}};
	struct event back = {.type = EVENT_STATUS,
	                     .status = {.device = "fence-west", .online = true}};
	apply(&s, &gone);
	assert_int_equal(only_incident(&s)->kind, INCIDENT_TROUBLE);
	apply(&s, &gone);
	assert_int_equal(entries_with(&s, "device.offline"), 1);
	apply(&s, &back);
	assert_int_equal(open_incidents(&s), 0);
	story_end(&s);
}

static void test_ids_stay_unique_when_the_clock_goes_back_a_year(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	signal_(&s, "sos-gate", KIND_PANIC, true);
	s.now.wall -= DAYS(365);
	signal_(&s, "smoke-301", KIND_SMOKE, true);
	assert_string_equal(s.site->incidents[1]->id, "binjiang-2026-000002");
	s.now.wall += DAYS(800);
	signal_(&s, "fence-west", KIND_PERIMETER, true);
	assert_string_equal(s.site->incidents[2]->id, "binjiang-2028-000001");
	story_end(&s);
}

/* What an earlier life has seen comes newest first, and goes oldest first. */
static void test_recalled_message_ids_are_forgotten_in_their_order(void **state)
{
	(void)state;
	struct story s;
	char id[32];
	story_begin(&s);
	for (int i = 65536 + 5; i > 0; i--) {
		snprintf(id, sizeof id, "old-%d", i);
		site_recall_seen(s.site, "a", id, i);
	}
	site_recall_seen(s.site, "a", "old-65541", 0);     /* once more, longer ago */
	assert_false(site_has_seen(s.site, "a", "old-5")); /* more than are remembered */
	assert_true(site_has_seen(s.site, "a", "old-6"));
	assert_false(site_seen(s.site, "a", "new", 99, 0));
	assert_false(site_has_seen(s.site, "a", "old-6"));
	assert_true(site_has_seen(s.site, "a", "old-7"));
	assert_true(site_has_seen(s.site, "a", "old-65541"));
	assert_true(site_has_seen(s.site, "a", "new"));
	story_end(&s);
}

static void test_an_incident_is_found_by_its_id_whatever_the_order_in_which_it_came(void **state)
{
	(void)state;
	static const char *const ids[] = {"s-2026-000002", "s-2027-000001", "s-2026-1000000",
	                                  "s-2026-999999", "s-2026-000001", "s-2027-000010"};
	static const char *const in_order[] = {"s-2026-000001",  "s-2026-000002", "s-2026-999999",
	                                       "s-2026-1000000", "s-2027-000001", "s-2027-000010"};
	static const char *const unknown[] = {"s-2026-000003",
	                                      "s-2028-000001",
	                                      "s-2025-000001",
	                                      "t-2026-000001",
	                                      "s-2026-0000001",
	                                      "s",
	                                      "-",
	                                      ""};
	const size_t count = sizeof ids / sizeof *ids;
	struct story s;
	story_begin(&s);
	for (size_t i = 0; i < count; i++) {
		struct incident *incident = incident_create();
		snprintf(incident->id, sizeof incident->id, "%s", ids[i]);
		incident->policy = NEW(struct policy);
		site_adopt_incident(s.site, incident);
	}
	for (size_t i = 0; i < count; i++) {
		assert_string_equal(s.site->incidents[i]->id, in_order[i]);
		assert_ptr_equal(site_incident(s.site, in_order[i]), s.site->incidents[i]);
	}
	for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++)
		assert_null(site_incident(s.site, unknown[i]));
	story_end(&s);
}

static void given_open(struct story *s, int number)
{
	char name[32];
	struct site *site = s->site;
	struct incident *incident = incident_create();
	incidents_count_by_year(site, s->now.wall);
	incident->number = site->next_incident++;
	snprintf(incident->id, sizeof incident->id, "%s-%d-%06u", site->def->id,
	         site->incident_year, incident->number);
	snprintf(name, sizeof name, "room-%d", number);
	incident->kind = number % 2 ? INCIDENT_FIRE : INCIDENT_TROUBLE;
	incident->zone = mem_copy(name);
	incident->policy = NEW(struct policy);
	incident->step_due.due = s->now.steady + DAYS(1);
	incident->signals = NEW_ARRAY(struct incident_signal, 1);
	incident->signal_count = incident->signal_cap = 1;
	snprintf(name, sizeof name, "device-%d", number);
	incident->signals[0] = (struct incident_signal){.device = mem_copy(name),
	                                                .kind = KIND_SMOKE};
	site_adopt_incident(site, incident);
}

/* True where either says that it may be. */
static bool may_be_open(const struct story *s, int number)
{
	char zone[32], device[32];
	snprintf(zone, sizeof zone, "room-%d", number);
	snprintf(device, sizeof device, "device-%d", number);
	return open_may_be_at(s->site, number % 2 ? INCIDENT_FIRE : INCIDENT_TROUBLE, zone) ||
	       open_may_hold(s->site, device, KIND_SMOKE);
}

static void must_not_be_denied(const struct story *s, int number)
{
	char zone[32], device[32];
	snprintf(zone, sizeof zone, "room-%d", number);
	snprintf(device, sizeof device, "device-%d", number);
	assert_true(open_may_be_at(s->site, number % 2 ? INCIDENT_FIRE : INCIDENT_TROUBLE, zone));
	assert_true(open_may_hold(s->site, device, KIND_SMOKE));
}

/* No incident is ever denied, however many there are; and of many most others are. */
static void test_none_of_many_incidents_is_denied(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	for (int count = 1; count <= 3000; count++) {
		given_open(&s, count);
		if (count < 40 || count % 500 == 0)
			for (int i = 1; i <= count; i++)
				must_not_be_denied(&s, i);
	}
	int maybe = 0;
	for (int i = 3001; i <= 6000; i++)
		maybe += may_be_open(&s, i);
	assert_in_range(maybe, 0, 100);
	assert_false(open_may_hold(s.site, "device-1", KIND_HEAT));
	assert_false(open_may_be_at(s.site, INCIDENT_GAS, "room-1"));
	/* Most are resolved: the last hundred are still there, and the others are forgotten. */
	for (uint32_t i = 0; i < 2900; i++)
		s.site->incidents[i]->state = STATE_RESOLVED;
	site_settle(s.site);
	assert_int_equal(s.site->incident_count, 100);
	maybe = 0;
	for (int i = 1; i <= 2900; i++)
		maybe += may_be_open(&s, i);
	assert_in_range(maybe, 0, 20);
	for (int i = 2901; i <= 3000; i++)
		must_not_be_denied(&s, i);
	story_end(&s);
}

static void test_among_many_incidents_a_signal_finds_its_own(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	for (int i = 1; i <= 40; i++)
		given_open(&s, i);
	signal_(&s, "smoke-301", KIND_SMOKE, true);
	signal_(&s, "smoke-302", KIND_SMOKE, true);
	assert_int_equal(s.site->incident_count, 41);
	assert_int_equal(s.site->incidents[40]->signal_count, 2);
	signal_(&s, "smoke-301", KIND_SMOKE, false);
	assert_false(s.site->incidents[40]->cleared);
	signal_(&s, "smoke-302", KIND_SMOKE, false);
	assert_true(s.site->incidents[40]->cleared);
	story_end(&s);
}

static void test_a_message_id_seen_before_is_known(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	assert_false(site_seen(s.site, "a", "1", 0, 0));
	assert_true(site_seen(s.site, "a", "1", 0, 0));
	assert_false(site_seen(s.site, "b", "1", 0, 0));
	/* A count that begins again: the same number is another press after a while. */
	assert_false(site_seen(s.site, "c", "7", MINUTES(5), MINUTES(10)));
	assert_true(site_seen(s.site, "c", "7", MINUTES(15), MINUTES(10)));
	assert_false(site_seen(s.site, "c", "7", MINUTES(15) + 1, MINUTES(10)));
	assert_true(site_seen(s.site, "c", "7", MINUTES(16), MINUTES(10)));
	assert_false(site_seen(s.site, "a", NULL, 0, 0));
	assert_false(site_seen(s.site, "a", NULL, 0, 0));
	char id[32];
	for (int i = 0; i < 65536; i++) {
		snprintf(id, sizeof id, "later-%d", i);
		assert_false(site_seen(s.site, "a", id, 0, 0));
	}
	assert_false(site_seen(s.site, "a", "1", 0, 0)); /* long ago */
	assert_true(site_seen(s.site, "a", "later-65535", 0, 0));
	story_end(&s);
}

static void expect_path(const struct site_def *def, const struct incident *incident,
                        const char *path)
{
	struct text out = {0};
	incident_write_json(&out, NULL, def, "binjiang", incident);
	assert_non_null(strstr(text_get(&out), path));
	text_finish(&out);
}

static void test_the_zone_in_which_all_lie_is_left_out_where_it_is_told(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	signal_(&s, "smoke-301", KIND_SMOKE, true);
	const struct incident *incident = only_incident(&s);
	assert_int_equal(incident->zone_depth, 3); /* but kept */
	expect_path(s.def, incident, "\"path\":[\"dorm\",\"dorm-3f\"]");
	expect_path(NULL, incident, "\"path\":[\"campus\",\"dorm\",\"dorm-3f\"]");
	const char *own[] = {"campus"}, *moved[] = {"school", "dorm"};
	const struct incident in_all = {.zone = "campus", .zone_path = own, .zone_depth = 1};
	expect_path(s.def, &in_all, "\"path\":[\"campus\"]");
	/* Since then another zone has come to hold all. */
	const struct incident before = {.zone = "dorm", .zone_path = moved, .zone_depth = 2};
	expect_path(s.def, &before, "\"path\":[\"school\",\"dorm\"]");
	s.def->zones[4].in = POSITION_NONE;
	expect_path(s.def, incident, "\"path\":[\"campus\",\"dorm\",\"dorm-3f\"]");
	story_end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_each_kind_raises_what_the_table_says),
	        cmocka_unit_test(test_intrusion_needs_an_armed_zone),
	        cmocka_unit_test(test_a_repeated_state_is_no_entry_and_a_press_always_is),
	        cmocka_unit_test(test_every_press_is_pushed),
	        cmocka_unit_test(
	                test_every_press_of_a_call_point_is_pushed_and_it_latches_by_its_state),
	        cmocka_unit_test(test_a_press_that_the_broker_keeps_is_told_once),
	        cmocka_unit_test(test_what_a_stranger_said_and_the_broker_keeps_is_told_once),
	        cmocka_unit_test(test_a_second_detector_makes_a_fire_critical),
	        cmocka_unit_test(test_a_late_second_detector_joins_without_a_rise),
	        cmocka_unit_test(test_the_same_device_again_is_no_second_detector),
	        cmocka_unit_test(test_one_thing_under_two_names_confirms_nothing),
	        cmocka_unit_test(test_a_rise_asks_for_a_new_acknowledgement),
	        cmocka_unit_test(test_a_test_signal_raises_nothing),
	        cmocka_unit_test(test_resolved_and_still_active_alarms_again),
	        cmocka_unit_test(test_a_door_left_open_is_not_raised_twice),
	        cmocka_unit_test(test_silence_is_a_trouble_that_ends_with_a_sign_of_life),
	        cmocka_unit_test(test_a_number_that_was_pushed_unlogged_is_left_out),
	        cmocka_unit_test(test_a_last_will_is_a_trouble_at_once),
	        cmocka_unit_test(test_ids_stay_unique_when_the_clock_goes_back_a_year),
	        cmocka_unit_test(
	                test_an_incident_is_found_by_its_id_whatever_the_order_in_which_it_came),
	        cmocka_unit_test(test_none_of_many_incidents_is_denied),
	        cmocka_unit_test(test_among_many_incidents_a_signal_finds_its_own),
	        cmocka_unit_test(test_a_message_id_seen_before_is_known),
	        cmocka_unit_test(test_recalled_message_ids_are_forgotten_in_their_order),
	        cmocka_unit_test(test_the_zone_in_which_all_lie_is_left_out_where_it_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
