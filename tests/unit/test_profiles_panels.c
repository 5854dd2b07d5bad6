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

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(test_a_panel_is_armed_by_itself),
	        TEST(test_a_panel_says_by_a_code_that_it_is_over),
	        TEST(test_what_is_wrong_with_a_panel_is_no_alarm),
	};
	return cmocka_run_group_tests(tests, begin, end);
}
