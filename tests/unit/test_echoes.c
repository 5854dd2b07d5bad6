/* Two streams bring the same: each message is taken once, whichever brings it first, and none is
 * taken for another's copy so that it would be missed. */
/* floors: decode */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "receive/echoes.h"

static struct echoes echoes;

static bool lane(const char *said)
{
	return echoes_is_news(&echoes, STREAM_LANE, "smoke-301", said, strlen(said), true);
}

static bool session(const char *said)
{
	return echoes_is_news(&echoes, STREAM_SESSION, "smoke-301", said, strlen(said), true);
}

static int forget(void **state)
{
	(void)state;
	echoes_finish(&echoes);
	return 0;
}

static void the_second_to_bring_it_brings_an_echo(void **state)
{
	(void)state;
	assert_true(lane("active"));
	assert_true(lane("clear"));
	assert_false(session("active"));
	assert_false(session("clear"));
	assert_true(session("fault"));
	assert_false(lane("fault"));
	echoes_acknowledged(&echoes);
	assert_false(echoes_are_awaited(&echoes));
}

static void what_the_lane_has_missed_is_followed_by_what_was_said_after_it(void **state)
{
	(void)state;
	assert_true(lane("clear"));
	assert_true(echoes_is_news(&echoes, STREAM_LANE, "smoke-302", "clear", 5, true));
	assert_true(session("active")); /* nobody knew; and it did not stay so: */
	assert_true(session("clear"));
	assert_false(echoes_is_news(&echoes, STREAM_SESSION, "smoke-302", "clear", 5, true));
}

static void a_button_pressed_twice_is_two(void **state)
{
	(void)state;
	assert_true(lane("pressed"));
	assert_true(lane("pressed"));
	assert_false(session("pressed"));
	assert_false(session("pressed"));
	assert_true(session("pressed"));
}

static void another_topic_is_another_message(void **state)
{
	(void)state;
	assert_true(lane("active"));
	assert_true(echoes_is_news(&echoes, STREAM_SESSION, "smoke-302", "active", 6, true));
	assert_true(echoes_is_news(&echoes, STREAM_SESSION, "smoke-301", "active\0", 7, true));
}

static void what_was_not_acknowledged_comes_again_and_is_known(void **state)
{
	(void)state;
	assert_true(lane("active"));
	assert_true(lane("clear"));
	assert_false(session("active"));
	echoes_acknowledged(&echoes);
	assert_false(session("clear"));
	echoes_session_cut(&echoes);
	assert_false(session("clear"));
	assert_true(session("active")); /* that was acknowledged: it is said anew */
}

static void what_a_cut_lane_owes_is_awaited_no_more(void **state)
{
	(void)state;
	assert_true(session("active"));
	echoes_lane_cut(&echoes);
	assert_true(lane("active"));
}

static void what_has_not_come_by_the_mark_never_comes(void **state)
{
	(void)state;
	assert_true(lane("lost"));
	echoes_mark(&echoes, STREAM_LANE, 1);
	assert_true(lane("active"));
	echoes_mark(&echoes, STREAM_SESSION, 1); /* without "lost" before it */
	assert_false(session("active"));
	assert_true(session("lost"));
}

static void too_many_are_noticed(void **state)
{
	(void)state;
	char said[16];
	for (int i = 0; i < ECHOES_MAX; i++) {
		assert_false(echoes_are_too_many(&echoes));
		snprintf(said, sizeof said, "%d", i);
		assert_true(lane(said));
	}
	assert_true(echoes_are_too_many(&echoes));
	for (int i = 0; i < ECHOES_MAX; i++) {
		snprintf(said, sizeof said, "%d", i);
		assert_false(session(said));
		if (i % 500 == 0)
			echoes_acknowledged(&echoes);
	}
	echoes_acknowledged(&echoes);
	assert_false(echoes_are_awaited(&echoes));
}

#define TEST(name) cmocka_unit_test_teardown(name, forget)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(the_second_to_bring_it_brings_an_echo),
	        TEST(what_the_lane_has_missed_is_followed_by_what_was_said_after_it),
	        TEST(a_button_pressed_twice_is_two),
	        TEST(another_topic_is_another_message),
	        TEST(what_was_not_acknowledged_comes_again_and_is_known),
	        TEST(what_a_cut_lane_owes_is_awaited_no_more),
	        TEST(what_has_not_come_by_the_mark_never_comes),
	        TEST(too_many_are_noticed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
