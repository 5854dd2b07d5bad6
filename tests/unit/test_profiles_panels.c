/* What alarm panels say through their bridges. */
/* floors: config decode */
#include "profiles_story.h"

static void test_a_panel_is_armed_by_itself(void **state)
{
	(void)state;
	static const struct row rows[] = {
	        {"paradox/states/zones/Front_door/open", "True", "front: contact active"},
	        {"paradox/states/zones/Front_door/open", "False", "front: contact clear"},
	        {"paradox/states/zones/Front_door/alarm", "True", "front: perimeter active armed"},
	        {"paradox/states/zones/Front_door/tamper", "True", "front: tamper active"},
	        {"paradox/states/zones/实验室烟感/alarm", "True", "lab: smoke active armed"},
	        {"paradox/states/zones/实验室烟感/open", "True", "lab: smoke active"},
	        {"paradox/states/zones/Zone_7/open", "True", "seven: contact active"},
	        {"paradox/states/zones/Zone_7/alarm", "True", "seven: perimeter active armed"},
	        {"paradox/states/zones/Vault/open", "True", "vault: glass active"},
	        {"sia2mqtt4ha/event", "{\"code\":\"BA\"}", "panel: perimeter active armed"},
	        {"sia2mqtt4ha/event", "{\"code\":\"FA\"}", "panel: smoke active armed"},
	        {"sia2mqtt4ha/event", "{\"code\":\"RP\"}", "panel"},
	        {"riscopanel/alarm/zone/3/status", "triggered", "zone-3: motion active"},
	        {"riscopanel/alarm/1/status", "triggered", "house: perimeter active armed"},
	        {"riscopanel/alarm/1/status", "armed_home", "house: perimeter clear armed"},
	        {"riscopanel/alarm/1/status", "pending", "house"},
	        {"dsc/Get/Fire1", "1", "?fire-1 smoke!"},
	};
	EXPECT_ROWS(rows);
}

/* Each alarm with what ends it: the second letter H is the alarm's restore, R that all is well. */
static void test_a_panel_says_by_a_code_that_it_is_over(void **state)
{
	(void)state;
	static const struct {
		const char *letters, *kind;
	} rows[] = {{"F", "smoke"}, {"K", "heat"},     {"S", "heat"},      {"G", "gas"},
	            {"W", "water"}, {"PHQM", "panic"}, {"BU", "perimeter"}};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		for (const char *letter = rows[i].letters; *letter; letter++)
			for (const char *second = "AHR"; *second; second++) {
				char payload[40], meaning[40];
				snprintf(payload, sizeof payload,
				         "{\"code\":\"%c%c\",\"zone\":\"\"}", *letter, *second);
				snprintf(meaning, sizeof meaning, "panel: %s %s armed",
				         rows[i].kind, *second == 'A' ? "active" : "clear");
				expect("sia2mqtt4ha/event", payload, meaning);
			}
}

static void test_what_is_wrong_with_a_panel_is_no_alarm(void **state)
{
	(void)state;
	for (const char *letter = "FKGWSB"; *letter; letter++)
		for (const char *second = "STJ"; *second; second++) {
			char payload[40];
			snprintf(payload, sizeof payload, "{\"code\":\"%c%c\"}", *letter, *second);
			expect("sia2mqtt4ha/event", payload,
			       *second == 'J' ? "panel: fault clear armed"
			                      : "panel: fault active armed");
		}
	expect("sia2mqtt4ha/event", "{\"code\":\"FX\"}", "panel: smoke active test armed");
	expect("home/alarm/ajax/state", "{\"state\":\"disarmed\",\"code\":\"FH\"}", "?panel smoke");
}

static void test_risco(void **state)
{
	(void)state;
	static const struct row rows[] = {
	        {"riscopanel/alarm/partition/1/status", "triggered",
	         "house: perimeter active armed"},
	        {"riscopanel/alarm/partition/1/status", "disarmed", "house: perimeter clear armed"},
	        {"riscopanel/alarm/zone/3",
	         "{\"id\":3,\"tamper\":true,\"low_battery\":true,\"bypass\":false}",
	         "zone-3: tamper active, battery active"},
	        {"riscopanel/alarm/zone/3-bypass/status", "1", ""},
	        {"riscopanel/alarm/zone/3/status", "0", "zone-3: motion clear"},
	        {"riscopanel/annex/zone/3/status", "1", "zone-3: motion active"},
	        {"riscopanel/annex/status", "offline", "gateway risco/annex offline"},
	};
	EXPECT_ROWS(rows);
}

static void test_ialarm(void **state)
{
	(void)state;
	static const struct row rows[] = {
	        {"ialarm/sensors/zone_1",
	         "{\"id\":1,\"alarm\":true,\"open\":true,\"lowbat\":true,\"fault\":false}",
	         "i1: perimeter active armed, contact active, battery active, fault clear"},
	        {"ialarm/sensors/zone_1", "{\"id\":1,\"alarm\":false,\"open\":true}",
	         "i1: perimeter clear armed, contact active"},
	        {"ialarm/sensors/zone_2", "{\"id\":2,\"alarm\":true,\"open\":false}",
	         "i2: smoke active armed"},
	        {"ialarm/sensors/state",
	         "[{\"id\":1,\"alarm\":false},{\"id\":2,\"alarm\":true},{\"id\":3,\"open\":true}]",
	         "i1: perimeter clear armed | i2: smoke active armed | ?zone_3 contact!"},
	        {"ialarm/sensors/zone_1/alarm", "1", "i1: perimeter active armed"},
	        {"ialarm/alarm/state", "{\"status_1\":\"triggered\",\"status_2\":\"disarmed\"}",
	         "areas: perimeter active armed"},
	        {"ialarm/alarm/state", "{\"status_1\":\"armed_away\"}",
	         "areas: perimeter clear armed"},
	        {"ialarm/alarm/availability", "offline", "gateway ialarm offline"},
	};
	EXPECT_ROWS(rows);
}

static void test_ring(void **state)
{
	(void)state;
#define RING "ring/l/alarm/d/"
	static const struct row rows[] = {
	        {RING "info/state",
	         "{\"batteryStatus\":\"low\",\"tamperStatus\":\"tamper\",\"commStatus\":\"ok\"}",
	         "bell: battery active, tamper active"},
	        {RING "info/state",
	         "{\"batteryLevel\":100,\"batteryStatus\":\"full\",\"tamperStatus\":\"ok\"}",
	         "bell: battery clear, tamper clear"},
	        {RING "alarm/state", "triggered", "bell: perimeter active armed"},
	        {RING "alarm/state", "pending", "bell"},
	        {RING "alarm/state", "disarmed", "bell: perimeter clear armed"},
	        {RING "fire/state", "ON", "bell: smoke active"},
	        {RING "police/state", "ON", "bell: panic active"},
	        {RING "siren/state", "ON", "bell"},
	        {RING "zone/state", "ON", "bell: contact active"},
	        {RING "smoke/state", "unknown", "bell"},
	        {"ring/l/alarm/w/zone/state", "ON", "wired: smoke active"},
	        {"ring/l/alarm/w/binary_sensor/state", "ON", "wired: smoke active"},
	        {"ring/l/camera/c/motion/state", "ON", "?c motion!"},
	};
	EXPECT_ROWS(rows);
}

static void test_paradox_partitions(void **state)
{
	(void)state;
#define AREA "paradox/states/partitions/Area_1/"
	expect(AREA "pulse_fire_alarm", "True", "area: smoke active armed");
	expect(AREA "pulse_fire_alarm", "False", "area: smoke clear armed");
	expect(AREA "fire_alarm", "True", "area: smoke active armed");
	expect(AREA "panic_alarm", "True", "area: panic active armed");
	expect(AREA "paramedic_alarm", "True", "area: panic active armed");
	expect(AREA "audible_alarm", "True", "area: perimeter active armed");
	expect(AREA "current_state", "triggered", "area: perimeter active armed");
	expect(AREA "audible_alarm", "False", "area");
	expect(AREA "current_state", "disarmed", "area: perimeter clear armed");
	expect(AREA "zone_tamper_trouble", "True", "area: tamper active");
	expect(AREA "zone_low_battery_trouble", "True", "area: battery active");
	expect(AREA "zone_fire_loop_trouble", "True", "area: fault active");
	expect("paradox/states/zones/Front_door/supervision_trouble", "True",
	       "front: fault active");
	expect("paradox/states/zones/Front_door/rf_low_battery_trouble", "True",
	       "front: battery active");
	expect("paradox/states/zones/Front_door/was_in_alarm", "True", "front");
	expect("paradox/states/zones/Front_door/open", "", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(test_a_panel_is_armed_by_itself),
	        TEST(test_risco),
	        TEST(test_ialarm),
	        TEST(test_ring),
	        TEST(test_paradox_partitions),
	        TEST(test_a_panel_says_by_a_code_that_it_is_over),
	        TEST(test_what_is_wrong_with_a_panel_is_no_alarm),
	};
	return cmocka_run_group_tests(tests, begin, end);
}
