/* What a channel may carry: the vendors' limits kept, and what matters most goes first. */
/* floors: deliver */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "deliver/rate.h"

static const struct rate_limit robot[RATE_LIMITS_MAX] = {
        {.count = 20, .per = MINUTES(1), .reserve = 5}};

static uint32_t send_many(struct rate *rate, const struct rate_limit *limits, enum weight weight,
                          uint32_t tries, steady_ms now)
{
	uint32_t sent = 0;
	for (uint32_t i = 0; i < tries; i++)
		sent += rate_take(rate, limits, weight, now) == 0;
	return sent;
}

static void lesser_ones_leave_slots_for_critical(void **state)
{
	(void)state;
	struct rate rate = {0};
	assert_int_equal(send_many(&rate, robot, WEIGHT_LESS, 100, 1000), 15);
	assert_int_equal(send_many(&rate, robot, WEIGHT_CRITICAL, 100, 1000), 5);
	rate_finish(&rate);
}

static void the_first_word_of_something_critical_is_never_held(void **state)
{
	(void)state;
	struct rate rate = {0};
	send_many(&rate, robot, WEIGHT_CRITICAL, 100, 1000);
	rate_slow(&rate, 1000 + MINUTES(5));
	assert_int_equal(send_many(&rate, robot, WEIGHT_FIRST, 30, 1000), 30);
	rate_finish(&rate);
}

/* The vendor counts any minute, also one across the seam of two of ours. */
static void no_stretch_of_time_holds_more(void **state)
{
	(void)state;
	struct rate rate = {0};
	steady_ms sent[2000];
	uint32_t count = 0;
	for (steady_ms now = 0; now < MINUTES(10); now += 250)
		if (rate_take(&rate, robot, WEIGHT_CRITICAL, now) == 0)
			sent[count++] = now;
	assert_in_range(count, 195, 200);
	for (uint32_t i = 20; i < count; i++)
		assert_true(sent[i] - sent[i - 20] >= MINUTES(1));
	rate_finish(&rate);
}

/* A hundred who wait come back one after the other, and then find their slot free. */
static void each_who_waits_is_named_a_slot_of_his_own(void **state)
{
	(void)state;
	struct rate rate = {0};
	span_ms wait[100];
	uint32_t asked_again = 0, sent = 15;
	send_many(&rate, robot, WEIGHT_LESS, 15, 0);
	for (uint32_t i = 0; i < 100; i++)
		wait[i] = rate_take(&rate, robot, WEIGHT_LESS, 0);
	for (uint32_t i = 0; i < 100; i++) {
		assert_true(wait[i] >= MINUTES(1));
		assert_true(i == 0 || wait[i] > wait[i - 1]);
		asked_again++;
		sent += rate_take(&rate, robot, WEIGHT_LESS, wait[i]) == 0;
	}
	assert_int_equal(asked_again, 100);
	assert_int_equal(sent, 115);
	rate_finish(&rate);
}

static void who_shuts_us_out_gets_nothing_until_then(void **state)
{
	(void)state;
	struct rate rate = {0};
	rate_block(&rate, 1000 + MINUTES(10));
	assert_int_equal(rate_take(&rate, robot, WEIGHT_FIRST, 1000), MINUTES(10));
	assert_int_equal(rate_take(&rate, robot, WEIGHT_LESS, 1000 + MINUTES(9)), MINUTES(1));
	assert_int_equal(rate_take(&rate, robot, WEIGHT_LESS, 1000 + MINUTES(10)), 0);
	rate_finish(&rate);
}

static void both_limits_hold(void **state)
{
	(void)state;
	static const struct rate_limit limits[RATE_LIMITS_MAX] = {
	        {.count = 100, .per = MINUTES(1), .reserve = 20},
	        {.count = 5, .per = SECONDS(1), .reserve = 2}};
	struct rate rate = {0};
	assert_int_equal(send_many(&rate, limits, WEIGHT_CRITICAL, 100, 0), 5);
	assert_int_equal(send_many(&rate, limits, WEIGHT_CRITICAL, 100, 1000), 5);
	rate_finish(&rate);
}

/* A reload with another limit forgets nothing that was sent. */
static void another_limit_counts_what_was_sent(void **state)
{
	(void)state;
	static const struct rate_limit less[RATE_LIMITS_MAX] = {
	        {.count = 10, .per = MINUTES(1), .reserve = 0}};
	struct rate rate = {0};
	send_many(&rate, robot, WEIGHT_CRITICAL, 8, 0);
	assert_int_equal(send_many(&rate, less, WEIGHT_CRITICAL, 10, 1), 2);
	rate_finish(&rate);
}

static void without_a_limit_nothing_waits(void **state)
{
	(void)state;
	static const struct rate_limit none[RATE_LIMITS_MAX] = {{0}};
	struct rate rate = {0};
	assert_int_equal(send_many(&rate, none, WEIGHT_LESS, 1000, 0), 1000);
	rate_finish(&rate);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(lesser_ones_leave_slots_for_critical),
	        cmocka_unit_test(the_first_word_of_something_critical_is_never_held),
	        cmocka_unit_test(no_stretch_of_time_holds_more),
	        cmocka_unit_test(each_who_waits_is_named_a_slot_of_his_own),
	        cmocka_unit_test(who_shuts_us_out_gets_nothing_until_then),
	        cmocka_unit_test(both_limits_hold),
	        cmocka_unit_test(another_limit_counts_what_was_sent),
	        cmocka_unit_test(without_a_limit_nothing_waits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
