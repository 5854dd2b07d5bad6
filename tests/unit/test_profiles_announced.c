/* What Home Assistant discovery announces is understood without writing anything. */
/* floors: config decode */
#include "profiles_story.h"

static void test_home_assistant_announces(void **state)
{
	(void)state;
	expect("homeassistant/binary_sensor/x/config",
	       "{\"uniq_id\":\"u-1\",\"stat_t\":\"some/where\",\"dev_cla\":\"smoke\",\"pl_on\":"
	       "\"FIRE\",\"pl_off\":\"calm\",\"avty_t\":\"some/life\"}",
	       "told");
	expect("some/where", "FIRE", "told: smoke active");
	expect("some/where", "calm", "told: smoke clear");
	expect("some/where", "None", "");
	expect("some/life", "offline", "told offline");
	expect("homeassistant/binary_sensor/x/config", "", ""); /* taken back */
	expect("some/where", "FIRE", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(test_home_assistant_announces),
	};
	return cmocka_run_group_tests(tests, begin, end);
}
