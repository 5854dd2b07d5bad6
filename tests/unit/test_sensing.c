/* What devices say and do not say, over time: silence, gateways, panels, presses. */
/* floors: decide */
#include "story.h"

static void hears(struct story *s, struct signal signal)
{
	struct event event = {.type = EVENT_SIGNAL, .signal = signal};
	apply(s, &event);
}

static uint32_t open_of(const struct story *s, enum incident_kind kind)
{
	uint32_t count = 0;
	for (uint32_t i = 0; i < s->site->incident_count; i++)
		count += s->site->incidents[i]->kind == kind &&
		         s->site->incidents[i]->state != STATE_RESOLVED;
	return count;
}

static struct device *device_of(struct story *s, const char *id)
{
	return &s->def->devices[site_def_device(s->def, id)];
}

static void service_starts(struct story *s)
{
	struct event event = {.type = EVENT_SERVICE, .service = {.type = SERVICE_STARTED}};
	apply(s, &event);
}

static void test_a_silent_fire_detector_is_a_trouble_within_its_deadline(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	device_of(&s, "smoke-301")->expect_every = SECONDS(200);
	service_starts(&s); /* it was never heard: that counts too */
	advance(&s, SECONDS(199));
	assert_int_equal(open_of(&s, INCIDENT_TROUBLE), 0);
	advance(&s, SECONDS(2));
	assert_int_equal(open_of(&s, INCIDENT_TROUBLE), 1);
	hears(&s, (struct signal){.device = "smoke-301", .kind = KIND_SMOKE});
	assert_int_equal(open_of(&s, INCIDENT_TROUBLE), 0);
	advance(&s, SECONDS(150));
	hears(&s, (struct signal){.device = "smoke-301", .kind = KIND_BATTERY});
	advance(&s, SECONDS(150)); /* anything it says is a sign of life */
	assert_int_equal(open_of(&s, INCIDENT_TROUBLE), 0);
	/* What a cache says for it is none. */
	hears(&s, (struct signal){.device = "smoke-301", .kind = KIND_BATTERY, .lifeless = true});
	advance(&s, SECONDS(51));
	assert_int_equal(open_of(&s, INCIDENT_TROUBLE), 1);
	story_end(&s);
}

static void test_of_a_device_that_signs_only_what_is_signed_proves_life(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	device_of(&s, "smoke-301")->expect_every = SECONDS(200);
	service_starts(&s);
	advance(&s, SECONDS(201));
	struct event online = {.type = EVENT_STATUS,
	                       .status = {.device = "smoke-301", .online = true, .lifeless = true}};
	apply(&s, &online);
	assert_non_null(strstr(text_get(&s.log), "device.online smoke-301"));
	assert_int_equal(open_of(&s, INCIDENT_TROUBLE), 1);
	hears(&s,
	      (struct signal){.device = "smoke-301", .kind = KIND_SMOKE, .signed_at = s.now.wall});
	assert_int_equal(open_of(&s, INCIDENT_TROUBLE), 0);
	assert_non_null(strstr(text_get(&s.log), "\"signed\":true"));
	/* The mark never goes back, and what changes nothing moves it all the same. */
	const struct device_state *at = &s.site->devices[site_def_device(s.def, "smoke-301")];
	wall_ms mark = s.now.wall;
	assert_true(device_signed_at(at) == mark);
	hears(&s,
	      (struct signal){.device = "smoke-301", .kind = KIND_SMOKE, .signed_at = mark - 1});
	assert_true(device_signed_at(at) == mark);
	hears(&s,
	      (struct signal){.device = "smoke-301", .kind = KIND_SMOKE, .signed_at = mark + 1});
	assert_true(device_signed_at(at) == mark + 1);
	/* Its last will counts, whoever says it: a lie is a trouble and nothing worse. */
	struct event gone = {.type = EVENT_STATUS, .status = {.device = "smoke-301"}};
	apply(&s, &gone);
	assert_int_equal(open_of(&s, INCIDENT_TROUBLE), 1);
	story_end(&s);
}

static const char *const children[] = {"smoke-301", "smoke-302", "door-office"};

static void begin_behind_a_gateway(struct story *s, span_ms expect_every)
{
	story_begin(s);
	for (int i = 0; i < 3; i++) {
		device_of(s, children[i])->gateway = "fence-west";
		device_of(s, children[i])->expect_every = expect_every;
	}
}

static void says(struct story *s, const char *device, bool online, bool retained)
{
	struct event event = {.type = EVENT_STATUS,
	                      .status = {.device = device, .online = online, .retained = retained}};
	apply(s, &event);
}

static void test_what_hangs_on_a_dead_gateway_is_one_trouble(void **state)
{
	(void)state;
	struct story s;
	begin_behind_a_gateway(&s, SECONDS(200));
	device_of(&s, "fence-west")->expect_every = SECONDS(100);
	service_starts(&s);
	advance(&s, SECONDS(150));
	assert_int_equal(open_of(&s, INCIDENT_TROUBLE), 1);
	advance(&s, MINUTES(10));
	assert_int_equal(open_of(&s, INCIDENT_TROUBLE), 1);
	/* It is back: whoever stays silent behind it has the whole time again, and no more. */
	hears(&s, (struct signal){.device = "fence-west", .kind = KIND_PERIMETER});
	assert_int_equal(open_of(&s, INCIDENT_TROUBLE), 0);
	for (int i = 0; i < 10; i++) { /* smoke-301 and the gateway go on speaking */
		advance(&s, SECONDS(45));
		hears(&s, (struct signal){.device = "fence-west", .kind = KIND_PERIMETER});
		hears(&s, (struct signal){.device = "smoke-301", .kind = KIND_SMOKE});
	}
	assert_int_equal(open_of(&s, INCIDENT_TROUBLE), 2); /* one in each other zone */
	story_end(&s);
}

/* Behind a gateway that is gone nobody's last will is a trouble; when it is back it is, also in
 * another life, but for who was heard meanwhile. */
static void test_who_is_still_gone_when_the_gateway_is_back_is_a_trouble(void **state)
{
	(void)state;
	struct story s;
	begin_behind_a_gateway(&s, 0);
	says(&s, "fence-west", false, false);
	for (int i = 0; i < 3; i++)
		says(&s, children[i], false, false);
	hears(&s, (struct signal){.device = "door-office", .kind = KIND_BATTERY});
	assert_int_equal(entries_with(&s, "device.online door-office - {\"source\":\"heard\"}"), 1);
	assert_int_equal(open_of(&s, INCIDENT_TROUBLE), 1);
	service_starts(&s);
	assert_int_equal(open_of(&s, INCIDENT_TROUBLE), 1);
	says(&s, "fence-west", true, false);
	assert_string_equal(only_incident(&s)->zone, "dorm-3f");
	assert_int_equal(only_incident(&s)->signal_count, 2);
	says(&s, "smoke-301", true, false);
	hears(&s, (struct signal){.device = "smoke-302", .kind = KIND_SMOKE});
	assert_int_equal(open_of(&s, INCIDENT_TROUBLE), 0);
	/* A bridge is no device: its own trouble ends, and who is gone behind it is one. */
	device_of(&s, "smoke-301")->profile = "zigbee2mqtt";
	device_of(&s, "smoke-301")->bridge = "zigbee2mqtt";
	struct event bridge = {.type = EVENT_TROUBLE,
	                       .trouble = {.subject = "gateway:zigbee2mqtt", .active = true}};
	apply(&s, &bridge);
	says(&s, "smoke-301", false, false);
	assert_string_equal(only_incident(&s)->subject, "gateway:zigbee2mqtt");
	bridge.trouble.active = false;
	apply(&s, &bridge);
	assert_null(only_incident(&s)->subject);
	story_end(&s);
}

/* It comes back without a word, and goes again; only what the broker has kept is no news. */
static void test_a_last_will_is_believed_each_time(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	for (int i = 1; i <= 3; i++) {
		says(&s, "smoke-301", false, false);
		says(&s, "smoke-301", false, false);
		assert_int_equal(only_incident(&s)->kind, INCIDENT_TROUBLE);
		assert_int_equal(entries_with(&s, "device.offline smoke-301"), i);
		hears(&s, (struct signal){.device = "smoke-301", .kind = KIND_SMOKE});
		assert_int_equal(open_incidents(&s), 0);
		advance(&s, MINUTES(5));
	}
	service_starts(&s);
	says(&s, "smoke-301", false, true); /* from then */
	assert_int_equal(open_incidents(&s), 0);
	says(&s, "smoke-301", true, false);
	says(&s, "smoke-301", false, true); /* this is news: it was online */
	assert_int_equal(open_incidents(&s), 1);
	/* What the broker has kept of it proves no life. */
	hears(&s, (struct signal){.device = "smoke-301", .kind = KIND_SMOKE, .retained = true});
	assert_int_equal(open_incidents(&s), 1);
	story_end(&s);
}

static void test_a_panel_that_is_armed_itself_alarms_whatever_our_arming_says(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	struct signal open = {.device = "door-office", .kind = KIND_CONTACT, .active = true};
	struct signal alarm = {
	        .device = "door-office", .kind = KIND_PERIMETER, .active = true, .armed = true};
	hears(&s, open);
	assert_int_equal(open_of(&s, INCIDENT_INTRUSION), 0);
	hears(&s, alarm);
	assert_int_equal(open_of(&s, INCIDENT_INTRUSION), 1);
	uint32_t signals = s.site->incidents[0]->signal_count;
	hears(&s, alarm); /* said again every twelve hours */
	assert_int_equal(s.site->incidents[0]->signal_count, signals);
	story_end(&s);
}

static void test_what_is_past_or_a_test_changes_no_state(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	hears(&s, (struct signal){
	                  .device = "smoke-301", .kind = KIND_SMOKE, .active = true, .past = true});
	hears(&s, (struct signal){
	                  .device = "smoke-301", .kind = KIND_SMOKE, .active = true, .test = true});
	assert_int_equal(s.site->incident_count, 0);
	hears(&s, (struct signal){.device = "smoke-301", .kind = KIND_SMOKE, .active = true});
	assert_int_equal(open_of(&s, INCIDENT_FIRE), 1);
	hears(&s,
	      (struct signal){
	              .device = "smoke-301", .kind = KIND_SMOKE, .active = false, .past = true});
	assert_false(s.site->incidents[0]->cleared);
	story_end(&s);
}

/* The last word of a point holds again where an older one came after it. A press that is over, and
 * what clears by itself, are not made again. */
static void test_what_a_point_says_of_itself_holds_whoever_pressed_it(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	struct signal pressed = {
	        .device = "smoke-301", .kind = KIND_CALL_POINT, .active = true, .press = true};
	struct signal back = {.device = "smoke-301", .kind = KIND_CALL_POINT};
	assert_true(site_stands_otherwise(s.site, &pressed));
	assert_false(site_stands_otherwise(s.site, &back));
	hears(&s, pressed);
	assert_false(site_stands_otherwise(s.site, &pressed));
	assert_true(site_stands_otherwise(s.site, &back));
	hears(&s, back);
	assert_true(site_stands_otherwise(s.site, &pressed));
	pressed.resets = SECONDS(10);
	assert_false(site_stands_otherwise(s.site, &pressed));
	pressed.resets = 0;
	pressed.kind = KIND_PANIC;
	assert_false(site_stands_otherwise(s.site, &pressed));
	story_end(&s);
}

static void test_a_clock_that_is_wrong_costs_no_alarm(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	hears(&s, (struct signal){.device = "smoke-301",
	                          .kind = KIND_SMOKE,
	                          .active = true,
	                          .time = 10000,
	                          .time_said = "1970-01-01T00:00:10Z"});
	assert_int_equal(only_incident(&s)->kind, INCIDENT_FIRE);
	assert_true(only_incident(&s)->signals[0].time == s.now.wall);
	assert_int_equal(entries_with(&s, "\"time_said\":\"1970-01-01T00:00:10Z\""), 1);
	story_end(&s);
}

static void test_what_nobody_clears_clears_by_itself(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	struct signal tamper = {
	        .device = "sos-gate", .kind = KIND_TAMPER, .active = true, .resets = SECONDS(30)};
	hears(&s, tamper);
	assert_int_equal(open_of(&s, INCIDENT_TAMPER), 1);
	advance(&s, SECONDS(20));
	hears(&s, tamper); /* said again: its whole time again */
	advance(&s, SECONDS(20));
	assert_int_equal(open_of(&s, INCIDENT_TAMPER), 1);
	advance(&s, SECONDS(11));
	assert_int_equal(open_of(&s, INCIDENT_TAMPER), 0);
	story_end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_a_silent_fire_detector_is_a_trouble_within_its_deadline),
	        cmocka_unit_test(test_of_a_device_that_signs_only_what_is_signed_proves_life),
	        cmocka_unit_test(test_what_hangs_on_a_dead_gateway_is_one_trouble),
	        cmocka_unit_test(test_who_is_still_gone_when_the_gateway_is_back_is_a_trouble),
	        cmocka_unit_test(test_a_last_will_is_believed_each_time),
	        cmocka_unit_test(test_a_panel_that_is_armed_itself_alarms_whatever_our_arming_says),
	        cmocka_unit_test(test_what_is_past_or_a_test_changes_no_state),
	        cmocka_unit_test(test_what_a_point_says_of_itself_holds_whoever_pressed_it),
	        cmocka_unit_test(test_a_clock_that_is_wrong_costs_no_alarm),
	        cmocka_unit_test(test_what_nobody_clears_clears_by_itself),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
