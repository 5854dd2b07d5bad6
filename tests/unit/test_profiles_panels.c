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

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(test_a_panel_is_armed_by_itself),
	};
	return cmocka_run_group_tests(tests, begin, end);
}
