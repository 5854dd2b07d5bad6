/* floors: base */
/* Steady time over steps of the wall clock, restarts and reboots: no deadline ever moves later. The
 * system's clocks are the test's own here: this clock_gettime takes the place of libc's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"

#define NOON ((wall_ms)1795305600000)
static int64_t wall, boottime;

int clock_gettime(clockid_t id, struct timespec *out)
{
	int64_t ms = id == CLOCK_REALTIME ? wall : boottime;
	*out = (struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
	return 0;
}

static void pass(span_ms span)
{
	wall += span;
	boottime += span;
}

static struct clock started(const struct clock_anchor *anchor, span_ms *downtime)
{
	struct clock clock;
	clock_start(&clock, anchor, downtime);
	return clock;
}

static struct moment look(struct clock *clock, bool jumps)
{
	struct moment now;
	struct clock_jump jump;
	assert_int_equal(clock_now(clock, &now, &jump), jumps);
	return now;
}

static struct clock_anchor first_life(span_ms span)
{
	wall = NOON;
	boottime = 5000;
	struct clock clock = started(NULL, NULL);
	assert_int_equal(look(&clock, false).steady, 0);
	pass(span);
	struct moment now = look(&clock, false);
	assert_int_equal(now.steady, span);
	return clock_anchor(&clock, now);
}

/* Another boot, whose wall clock says this. */
static void reboot(wall_ms says)
{
	wall = says;
	boottime = 3000;
}

static struct clock_anchor of_another_boot(struct clock_anchor anchor)
{
	memset(anchor.boot, 'a', BOOT_ID_LEN);
	return anchor;
}

static void test_a_step_of_the_wall_clock_moves_no_steady_time(void **state)
{
	(void)state;
	static const span_ms steps[] = {HOURS(1), -HOURS(1), DAYS(400), -DAYS(400)};
	for (int i = 0; i < 4; i++) {
		struct clock_anchor anchor = first_life(0);
		struct clock clock = started(&anchor, NULL);
		wall += steps[i];
		pass(SECONDS(10));
		assert_int_equal(look(&clock, true).steady, SECONDS(10));
		pass(SECONDS(1));
		assert_int_equal(look(&clock, false).steady, SECONDS(11)); /* told once */
	}
}

static void test_slewing_is_no_jump(void **state)
{
	(void)state;
	struct clock_anchor anchor = first_life(0);
	struct clock clock = started(&anchor, NULL);
	for (int i = 0; i < 100; i++) {
		pass(MINUTES(1));
		wall += 30; /* 500 ppm */
		look(&clock, false);
	}
}

static void test_a_suspend_is_time_that_passed(void **state)
{
	(void)state;
	struct clock_anchor anchor = first_life(0);
	struct clock clock = started(&anchor, NULL);
	pass(HOURS(8)); /* both go on while the machine sleeps */
	assert_int_equal(look(&clock, false).steady, HOURS(8));
}

static void test_a_restart_counts_the_downtime_whatever_the_wall_clock_says(void **state)
{
	(void)state;
	static const span_ms steps[] = {0, HOURS(5), -HOURS(5)};
	for (int i = 0; i < 3; i++) {
		struct clock_anchor anchor = first_life(MINUTES(1));
		pass(MINUTES(2));
		wall += steps[i];
		span_ms downtime;
		struct clock clock = started(&anchor, &downtime);
		assert_int_equal(downtime, MINUTES(2));
		assert_int_equal(look(&clock, false).steady, MINUTES(3));
	}
}

static void test_a_reboot_counts_by_the_wall_clock(void **state)
{
	(void)state;
	struct clock_anchor anchor = of_another_boot(first_life(MINUTES(1)));
	reboot(NOON + MINUTES(31));
	span_ms downtime;
	struct clock clock = started(&anchor, &downtime);
	assert_int_equal(downtime, MINUTES(30));
	assert_int_equal(look(&clock, false).steady, MINUTES(31));
}

/* A board without a battery for its clock: 1970, until the time server has been heard. */
static void test_a_reboot_with_a_clock_gone_back_counts_once_the_time_is_known(void **state)
{
	(void)state;
	struct clock_anchor anchor = of_another_boot(first_life(MINUTES(1)));
	reboot(0);
	span_ms downtime;
	struct clock clock = started(&anchor, &downtime);
	assert_int_equal(downtime, 0);
	assert_int_equal(look(&clock, false).steady, MINUTES(1)); /* never back */
	pass(SECONDS(20));
	wall += HOURS(1); /* not right yet */
	assert_int_equal(look(&clock, true).steady, MINUTES(1) + SECONDS(20));
	pass(SECONDS(20));
	wall = NOON + MINUTES(31) + SECONDS(40); /* it was away for half an hour, not for decades */
	assert_int_equal(look(&clock, true).steady, MINUTES(31) + SECONDS(40));
	wall += HOURS(1); /* and that is a step like any other */
	assert_int_equal(look(&clock, true).steady, MINUTES(31) + SECONDS(40));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_a_step_of_the_wall_clock_moves_no_steady_time),
	        cmocka_unit_test(test_slewing_is_no_jump),
	        cmocka_unit_test(test_a_suspend_is_time_that_passed),
	        cmocka_unit_test(test_a_restart_counts_the_downtime_whatever_the_wall_clock_says),
	        cmocka_unit_test(test_a_reboot_counts_by_the_wall_clock),
	        cmocka_unit_test(
	                test_a_reboot_with_a_clock_gone_back_counts_once_the_time_is_known),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
