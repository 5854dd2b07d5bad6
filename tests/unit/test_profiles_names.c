/* What a name alone suggests, where nobody says what a thing is: ESPHome, Homie, the labels of a
 * panel. The last words of a name decide. */
/* floors: config decode */
#include "profiles_story.h"

static void test_a_name_suggests_where_nobody_says(void **state)
{
	(void)state;
	expect("attic/binary_sensor/kitchen_smoke/state", "ON", "node: smoke active");
	expect("attic/binary_sensor/thing/state", "ON", "plain: water active");
	expect("attic/binary_sensor/bedroom_smoke/state", "ON", "?attic/bedroom_smoke smoke!");
	expect("attic/binary_sensor/lamp/state", "ON", "?attic/lamp");
	/* The site file's word comes before what the name suggests. */
	expect("attic/binary_sensor/tamper_loop_door/state", "ON", "loop: smoke active");
}

static void expect_name(const char *name, const char *kind)
{
	char topic[120], meaning[120];
	snprintf(topic, sizeof topic, "x/binary_sensor/%s/state", name);
	snprintf(meaning, sizeof meaning, kind ? "?x/%s %s!" : "?x/%s", name, kind);
	expect(topic, "ON", meaning);
}

static void test_names_by_their_last_words(void **state)
{
	(void)state;
	static const char *const rows[][2] = {
	        {"smoke", "smoke"},
	        {"smoke_alarm", "smoke"},
	        {"hall_smoke_detector_2", "smoke"},
	        {"Hall-Smoke-3", "smoke"},
	        {"hallSmokeAlarm2", "smoke"},
	        {"smokealarm", "smoke"},
	        {"fire_alarm", "smoke"},
	        {"实验室烟感", "smoke"},
	        {"三楼烟感12号", "smoke"},
	        {"电池间烟感", "smoke"},
	        {"kitchen_co_alarm", "carbon_monoxide"},
	        {"kitchen_gas", "gas"},
	        {"gas_leak_1", "gas"},
	        {"water_leak", "water"},
	        {"boiler_room_flood", "water"},
	        {"panic_button", "panic"},
	        {"gate_sos", "panic"},
	        {"front_door", "contact"},
	        {"fire_door", "contact"},
	        {"smoke_door", "contact"},
	        {"bathroom_window_2", "contact"},
	        {"大门", "contact"},
	        {"hall_pir", "motion"},
	        /* what is said of a detector is not its alarm */
	        {"kitchen_smoke_low_battery", "battery"},
	        {"smoke_detector_tamper", "tamper"},
	        {"smoke_detector_fault", "fault"},
	        {"gas_detector_end_of_life", "fault"},
	        {"烟感防拆", "tamper"},
	        {"烟感低电", "battery"},
	        {"smoke_alarm_test", NULL},
	        {"smoke_alarm_hush", NULL},
	        {"smoke_detector_online", NULL},
	        /* and these only sound like it */
	        {"fireplace", NULL},
	        {"water_heater", NULL},
	        {"hot_water", NULL},
	        {"soil_moisture", NULL},
	        {"gas_heater_running", NULL},
	        {"gas_valve", NULL},
	        {"outdoor_light", NULL},
	        {"emergency_light", NULL},
	        {"firewall_enabled", NULL},
	        {"deco", NULL},
	        {"nosmoke", NULL},
	        {"2", NULL},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		expect_name(rows[i][0], rows[i][1]);
		pass(HOURS(1));
	}
}

/* A zone's label tells where it is; what its topics say is said by their names. */
static void test_a_label_of_a_panel_is_a_place(void **state)
{
	(void)state;
	expect("paradox/states/zones/Test_lab/open", "True", "?Test_lab contact!");
	expect("paradox/states/zones/Engine_test/open", "True", "?Engine_test contact!");
	assert_false(said.items[0].test);
	expect("paradox/states/zones/Battery_room/open", "True", "?Battery_room contact!");
	expect("paradox/states/zones/Battery_room_smoke/open", "True",
	       "?Battery_room_smoke smoke!");
}

static void test_a_homie_device_says_by_its_properties_what_it_is(void **state)
{
	(void)state;
	static const struct row rows[] = {
	        {"homie/5/lodge/smoke/alarm", "true", "lodge: smoke active"},
	        {"homie/5/lodge/smoke/alarm", "false", "lodge: smoke clear"},
	        {"homie/5/lodge/sensor/smoke-alarm", "detected", "lodge: smoke active"},
	        {"homie/5/lodge/door/contact", "open", "lodge: contact active"},
	        {"homie/5/lodge/smoke/battery-low", "true", "lodge: battery active"},
	        {"homie/5/lodge/smoke/smoke-test", "false", "lodge"},
	        {"homie/5/lodge/sensor/smoke", "", ""},
	        {"homie/5/lodge/sensor/smoke", "\"\"", "lodge"},
	        {"homie/5/lodge/light/power", "true", "lodge"},
	        {"homie/5/lodge/meter/gas", "1", "lodge"},
	        {"homie/lodge/meter/gas-volume", "1", "lodge"},
	        {"homie/lodge/meter/water-temperature", "1", "lodge"},
	        {"homie/lodge/lights/fireplace", "true", "lodge"},
	        {"homie/lodge/boiler/gas-valve", "true", "lodge"},
	        {"homie/lodge/pir/motion", "true", "lodge: motion active"},
	        {"homie/hut/pir/motion", "true",
	         "hut: motion active"}, /* though its kind is smoke */
	        {"homie/hut/light/power", "true", "hut"},
	        {"homie/hut/$state", "lost", "hut offline"},
	        {"homie/shed/room1/smoke", "true", "shed-smoke: smoke active"},
	        {"homie/shed/room1/state", "true", "shed-panic: panic active"},
	        {"homie/shed/room2/smoke", "true", "?shed smoke!"},
	};
	EXPECT_ROWS(rows);
	assert_string_equal(said.items[0].point, "shed/room2/smoke");
}

static void test_of_two_rooms_one_is_at_rest(void **state)
{
	(void)state;
	expect("homie/lodge/room1/smoke", "true", "lodge: smoke active");
	expect("homie/lodge/room2/smoke", "false", "lodge");
	expect("homie/lodge/room1/smoke", "false", "lodge: smoke clear");
}

static void test_an_alert_that_is_taken_back_is_over(void **state)
{
	(void)state;
	expect("homie/5/lodge/$alert/battery", "Battery is low, at 8%", "lodge: battery active");
	expect("homie/5/lodge/$alert/battery", "", "lodge: battery clear");
	expect("homie/5/lodge/$alert/childlost", "Sensor x has not reported", "lodge offline");
	expect("homie/5/lodge/$alert/childlost", "", "lodge online");
	expect("homie/5/lodge/$state", "", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(test_a_name_suggests_where_nobody_says),
	        TEST(test_names_by_their_last_words),
	        TEST(test_a_label_of_a_panel_is_a_place),
	        TEST(test_a_homie_device_says_by_its_properties_what_it_is),
	        TEST(test_of_two_rooms_one_is_at_rest),
	        TEST(test_an_alert_that_is_taken_back_is_over),
	};
	return cmocka_run_group_tests(tests, begin, end);
}
