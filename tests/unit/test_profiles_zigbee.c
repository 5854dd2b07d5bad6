/* What Zigbee2MQTT says. */
/* floors: config decode */
#include "profiles_story.h"

static void test_zigbee_words(void **state)
{
	(void)state;
	static const struct row rows[] = {
	        {HALL, "{\"smoke\":true,\"battery\":93}", "hall: smoke active"},
	        {HALL, "{\"smoke\":\"on\"}", "hall: smoke active"},
	        {HALL, "{\"smoke\":1}", "hall"}, /* a number of something */
	        {HALL, "{\"gas\":0.4}", "hall"}, /* a meter */
	        {HALL, "{\"gas\":true}", "hall: gas active"},
	        {HALL, "{\"smoke_state\":\"detecting\"}", "hall"},
	        {HALL, "{\"smoke_state\":\"alarm\",\"smoke\":false}", "hall: smoke active"},
	        {HALL, "{\"smoke_alarm_1\":false,\"smoke_alarm_2\":true}", "hall: smoke active"},
	        {HALL, "{\"co_state\":\"alarm\",\"gas_sensor_state\":\"normal\"}",
	         "hall: carbon_monoxide active, gas clear"},
	        {HALL, "{\"fall_status\":\"fall_alarm\"}", "hall: panic active"},
	        {HALL, "{\"fall_status\":\"unknown\"}", "hall"},
	        {HALL, "{\"action\":\"emergency\"}", "hall: panic active press"},
	        {HALL, "{\"action\":\"recall_7\"}", "hall"},
	        {HALL, "{\"ac_status\":true}", "hall: power active"},
	        {HALL, "{\"ac_connected\":false}", "hall: power active"},
	        {HALL, "{\"power_outage\":\"outage_detected\"}", "hall: power active"},
	        {HALL, "{\"ac_connected\":\"disconnected\"}", "hall"}, /* an air conditioner */
	        {HALL, "{\"battery_state\":\"charging\"}", "hall"},
	        {HALL, "{\"battery\":2}", "hall"},
	        {HALL, "{\"channel_3_battery_low_19\":\"Low\"}", "hall: battery active"},
	        {HALL, "{\"channel_3_leak_detect_19\":\"Dry\"}", "hall: water clear"},
	        {HALL, "{\"valve_abnormal_state\":\"water_shortage,water_leakage\"}",
	         "hall: water active"},
	        {HALL, "{\"fault\":\"sensor_fault\"}", "hall: fault active"},
	        {HALL, "{\"fault\":\"fire_alarm\"}", "hall: heat active"},
	        {HALL, "{\"endoflife\":\"expires_soon\"}", "hall: fault active"},
	        {HALL, "{\"alarm_state\":\"critical_alarm\",\"smoke\":false}",
	         "hall: smoke active"},
	        {HALL, "{\"alarm_state\":\"no_alarm\"}", "hall: fault clear"},
	        {HALL, "{\"halo_alert_state\":\"smoke_test\"}", "hall: smoke active test"},
	        {HALL, "{\"halo_alert_state\":\"interconnect_carbon_monoxide\",\"smoke\":false}",
	         "hall: carbon_monoxide active, smoke clear"},
	        {DOOR, "{\"contact\":true}", "door: contact clear"},
	        {DOOR, "{\"contact\":\"OFF\"}", "door: contact active"},
	        {DOOR, "{\"opening_state\":\"tilted\"}", "door: contact active"},
	        {DOOR, "{\"moving\":true,\"position\":30}", "door"},
	        {DOOR, "{\"moving\":true}", "door: motion active"},
	        {DOOR, "{\"window_open\":true}", "door"}, /* a radiator's guess */
	        {DOOR, "{\"tamper\":true,\"trouble\":false}", "door: tamper active, fault clear"},
	        {"zigbee2mqtt/turned", "{\"contact\":false}", "turned: contact clear"},
	        {"zigbee2mqtt/turned", "{\"contact\":true,\"tamper\":false}",
	         "turned: contact active, tamper clear"},
	        {"zigbee2mqtt/bells", "{\"alarm\":true}", "bells: heat active"},
	        {"zigbee2mqtt/nobody", "{\"smoke\":true}", "?nobody smoke!"},
	};
	EXPECT_ROWS(rows);
}

static void test_what_says_alarm_and_not_of_what_is_not_lost(void **state)
{
	(void)state;
	expect(HALL, "{\"alarm\":true}", "hall: fault active");
	expect(HALL, "{\"alarm_1\":true,\"carbon_monoxide\":false}",
	       "hall: carbon_monoxide active");
	expect(HALL, "{\"alarm\":true,\"volume\":50}", "hall"); /* a siren */
	expect(HALL, "{\"alarm\":true,\"smoke\":false,\"silence\":false}", "hall: smoke clear");
}

static void test_models_decide_and_names_change(void **state)
{
	(void)state;
	expect("zigbee2mqtt/bridge/devices",
	       "[{\"ieee_address\":\"0x00158d0001a2b3c4\",\"friendly_name\":\"attic\","
	       "\"definition\":{\"model\":\"ZGA1-EN\"}}]",
	       "");
	expect("zigbee2mqtt/attic", "{\"smoke\":true}", "by-number: smoke active");
}

static void test_buttons_by_their_codes(void **state)
{
	(void)state;
	expect("zigbee2mqtt/button", "{\"action\":\"double\"}", "button");
	expect("zigbee2mqtt/button", "{\"action\":\"single\"}", "button: panic active press");
	expect("zigbee2mqtt/button", "{\"action\":\"release\"}", "button");
	expect("zigbee2mqtt/button", "{\"action\":\"\"}", "button");
	expect("zigbee2mqtt/button", "{\"action\":\"sos\"}", "button: panic active press");
}

/* Detectors whose members do not say of what their alarm is, and what only sounds or moves. */
static void test_models_tell_what_a_bit_is_of(void **state)
{
	(void)state;
	static const char *const rows[][3] = {
	        {"MIR-SM100-E", "{\"alarm_1\":true,\"alarm_2\":false,\"silence\":false}", "smoke!"},
	        {"FFZB1-SM-ECO", "{\"alarm\":true}", "smoke!"},
	        {"HM-5HA-E", "{\"alarm\":true,\"test\":false}", "heat!"},
	        {"W04-Z10T", "{\"alarm_status\":\"alarm\",\"alarm_switch\":\"alarm\"}", "water!"},
	        {"ZD1-EN", "{\"alarm\":false}", "contact"},
	        {"ROB_200-070-0", "{\"alarm_1\":true}", "motion!"},
	        {"S8", "{\"alarm\":\"ALARM\"}", "vibration!"},
	        {"FDS315", "{\"status\":\"falling\"}", "panic!"},
	        {"FDS315", "{\"status\":\"sitting\"}", "panic"},
	        {"PSE03-V1.1.0", "{\"alarm\":true,\"max_duration\":5}", ""},
	        {"TI0001-cover", "{\"moving\":true}", ""},
	        {"SOMETHING", "{\"status\":\"falling\",\"breathing_rate\":14}", "panic!"},
	        {"SWV",
	         "{\"current_device_status\":\"water_shortage & water_leakage\",\"state\":\"OFF\"}",
	         "water!"},
	        {"SWV", "{\"current_device_status\":\"normal_state\"}", "water"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char list[120], meaning[40];
		snprintf(list, sizeof list,
		         "[{\"friendly_name\":\"x\",\"definition\":{\"model\":\"%s\"}}]",
		         rows[i][0]);
		snprintf(meaning, sizeof meaning, *rows[i][2] ? "?x %s" : "?x", rows[i][2]);
		expect("zigbee2mqtt/bridge/devices", list, "");
		expect("zigbee2mqtt/x", rows[i][1], meaning);
	}
}

/* The list of a bridge with many devices is longer than any message of a device. */
static void test_a_long_list_of_devices_is_read(void **state)
{
	(void)state;
	struct text list = {0};
	text_add(&list,
	         "[{\"friendly_name\":\"x\",\"definition\":{\"model\":\"HM-5HA-E\"},\"more\":\"");
	while (list.len < (size_t)900 * 1024)
		text_add(&list, "exposes, options, scenes ");
	text_add(&list, "\"}]");
	expect("zigbee2mqtt/bridge/devices", text_get(&list), "");
	assert_true(profiles_take_list(&config->profiles, "zigbee2mqtt/bridge/devices"));
	expect("zigbee2mqtt/x", "{\"alarm\":true}", "?x heat!");
	expect("zigbee2mqtt/x", text_get(&list) + 1, "refused");
	assert_false(profiles_take_list(&config->profiles, "zigbee2mqtt/x"));
	assert_string_equal(said.address, "x");
	expect("zigbee2mqtt/bridge/definitions", text_get(&list) + 1, ""); /* nobody's concern */
	text_finish(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(test_zigbee_words),
	        TEST(test_what_says_alarm_and_not_of_what_is_not_lost),
	        TEST(test_models_decide_and_names_change),
	        TEST(test_models_tell_what_a_bit_is_of),
	        TEST(test_a_long_list_of_devices_is_read),
	        TEST(test_buttons_by_their_codes),
	};
	return cmocka_run_group_tests(tests, begin, end);
}
