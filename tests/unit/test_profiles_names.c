/* What a name alone suggests, where nobody says what a thing is. */
/* floors: config decode */
#include "profiles_story.h"

static void test_a_name_suggests_where_nobody_says(void **state)
{
	(void)state;
	expect("attic/binary_sensor/kitchen_smoke/state", "ON", "node: smoke active");
	expect("attic/binary_sensor/thing/state", "ON", "plain: water active");
	expect("attic/binary_sensor/bedroom_smoke/state", "ON", "?attic/bedroom_smoke smoke!");
	expect("attic/binary_sensor/lamp/state", "ON", "?attic/lamp");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(test_a_name_suggests_where_nobody_says),
	};
	return cmocka_run_group_tests(tests, begin, end);
}
