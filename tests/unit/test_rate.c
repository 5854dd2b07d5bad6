/* What a channel may carry: the vendors' limits kept, and what matters most goes first. */
/* floors: deliver */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "deliver/limits.h"

static const struct rate_limit robot[RATE_LIMITS_MAX] = {
        {.count = 20, .per = MINUTES(1), .reserve = 5}};

static span_ms take(struct rate *rate, const struct rate_limit *limits, enum weight weight,
                    steady_ms now)
{
	span_ms wait = rate_wait(rate, limits, weight, now);
	if (!wait)
		rate_sent(rate, limits, now);
	return wait;
}

static uint32_t send_many(struct rate *rate, const struct rate_limit *limits, enum weight weight,
                          uint32_t tries, steady_ms now)
{
	uint32_t sent = 0;
	for (uint32_t i = 0; i < tries; i++)
		sent += take(rate, limits, weight, now) == 0;
	return sent;
}

static void lesser_ones_leave_slots_for_critical(void **state)
{
	(void)state;
	struct rate rate = {0};
	assert_int_equal(send_many(&rate, robot, WEIGHT_LESS, 100, 1000), 10);
	assert_int_equal(send_many(&rate, robot, WEIGHT_MORE, 100, 1000), 5);
	assert_int_equal(send_many(&rate, robot, WEIGHT_FIRST, 5, 1000), 5);
	rate_finish(&rate);
}

/* Eight at a robot, the alarm repeated: the next alarm's first words still fit into its minute. */
static void repeats_leave_slots_for_the_next_alarm(void **state)
{
	(void)state;
	static const struct rate_limit limits[RATE_LIMITS_MAX] = {
	        {.count = 20, .per = MINUTES(1), .reserve = 8}};
	struct rate rate = {0};
	uint32_t sent = send_many(&rate, limits, WEIGHT_FIRST, 8, 0);
	for (steady_ms now = 10000; now < 50000; now += 10000)
		sent += send_many(&rate, limits, WEIGHT_MORE, 8, now);
	assert_int_equal(sent, 12);
	assert_int_equal(send_many(&rate, limits, WEIGHT_FIRST, 8, 55000), 8); /* 20 */
	rate_finish(&rate);
}

/* However much is kept, something is left for each. */
static void a_large_reserve_leaves_something_for_all(void **state)
{
	(void)state;
	static const struct rate_limit limits[RATE_LIMITS_MAX] = {
	        {.count = 5, .per = DAYS(1), .reserve = 4}};
	struct rate rate = {0};
	assert_int_equal(send_many(&rate, limits, WEIGHT_LESS, 9, 0), 1);
	assert_int_equal(send_many(&rate, limits, WEIGHT_MORE, 9, 0), 0);
	assert_int_equal(send_many(&rate, limits, WEIGHT_FIRST, 4, 0), 4);
	rate_finish(&rate);
}

static void the_first_word_of_something_critical_is_never_held(void **state)
{
	(void)state;
	struct rate rate = {0};
	send_many(&rate, robot, WEIGHT_MORE, 100, 1000);
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
		if (take(&rate, robot, WEIGHT_MORE, now) == 0)
			sent[count++] = now;
	assert_in_range(count, 145, 150);
	for (uint32_t i = 15; i < count; i++)
		assert_true(sent[i] - sent[i - 15] >= MINUTES(1));
	rate_finish(&rate);
}

/* A hundred who wait come back one after the other, and then find their slot free. */
static void each_who_waits_is_named_a_slot_of_his_own(void **state)
{
	(void)state;
	struct rate rate = {0};
	span_ms wait[100];
	uint32_t asked_again = 0, sent = 10;
	send_many(&rate, robot, WEIGHT_LESS, 10, 0);
	for (uint32_t i = 0; i < 100; i++)
		wait[i] = take(&rate, robot, WEIGHT_LESS, 0);
	for (uint32_t i = 0; i < 100; i++) {
		assert_true(wait[i] >= MINUTES(1));
		assert_true(i == 0 || wait[i] > wait[i - 1]);
		asked_again++;
		sent += take(&rate, robot, WEIGHT_LESS, wait[i]) == 0;
	}
	assert_int_equal(asked_again, 100);
	assert_int_equal(sent, 110);
	rate_finish(&rate);
}

static void who_shuts_us_out_gets_nothing_until_then(void **state)
{
	(void)state;
	struct rate rate = {0};
	rate_block(&rate, 1000 + MINUTES(10));
	assert_int_equal(take(&rate, robot, WEIGHT_FIRST, 1000), MINUTES(10));
	assert_int_equal(take(&rate, robot, WEIGHT_LESS, 1000 + MINUTES(9)), MINUTES(1));
	assert_int_equal(take(&rate, robot, WEIGHT_LESS, 1000 + MINUTES(10)), 0);
	rate_finish(&rate);
}

static void both_limits_hold(void **state)
{
	(void)state;
	static const struct rate_limit limits[RATE_LIMITS_MAX] = {
	        {.count = 100, .per = MINUTES(1), .reserve = 20},
	        {.count = 5, .per = SECONDS(1), .reserve = 2}};
	struct rate rate = {0};
	assert_int_equal(send_many(&rate, limits, WEIGHT_MORE, 100, 0), 3);
	assert_int_equal(send_many(&rate, limits, WEIGHT_MORE, 100, 1000), 3);
	rate_finish(&rate);
}

/* A reload with another limit forgets nothing that was sent. */
static void another_limit_counts_what_was_sent(void **state)
{
	(void)state;
	static const struct rate_limit less[RATE_LIMITS_MAX] = {
	        {.count = 10, .per = MINUTES(1), .reserve = 0}};
	struct rate rate = {0};
	send_many(&rate, robot, WEIGHT_MORE, 8, 0);
	assert_int_equal(send_many(&rate, less, WEIGHT_MORE, 10, 1), 2);
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

/* ---- channels and addresses ---- */

static const struct channel_type chats = {.name = "chats",
                                          .each = {{.count = 1, .per = SECONDS(1)}}};
static const struct channel bot = {
        .id = "bot", .type = &chats, .rate = {{.count = 3, .per = SECONDS(1)}}};

static span_ms ask(struct limits *limits, const char *to, enum weight weight, steady_ms now)
{
	bool shut_out;
	return limits_take(limits, &bot, to, weight, now, &shut_out);
}

static void each_chat_has_a_limit_of_its_own(void **state)
{
	(void)state;
	struct limits limits = {0};
	assert_int_equal(ask(&limits, "a", WEIGHT_LESS, 0), 0);
	assert_int_equal(ask(&limits, "a", WEIGHT_LESS, 0), SECONDS(1));
	assert_int_equal(ask(&limits, "a", WEIGHT_LESS, 0), SECONDS(2));
	assert_int_equal(ask(&limits, "b", WEIGHT_LESS, 0), 0); /* those of a were not counted */
	assert_int_equal(ask(&limits, "a", WEIGHT_FIRST, 0), 0);
	assert_int_equal(ask(&limits, "c", WEIGHT_LESS, 0), SECONDS(1)); /* the bot's own */
	limits_finish(&limits);
}

static void who_answers_too_many_means_the_chat(void **state)
{
	(void)state;
	struct limits limits = {0};
	limits_answered(&limits, "bot", &chats, "a", false, MINUTES(1), 0);
	assert_int_equal(ask(&limits, "a", WEIGHT_MORE, 0), MINUTES(1));
	assert_int_equal(ask(&limits, "b", WEIGHT_MORE, 0), 0);
	limits_answered(&limits, "bot", &chats, "a", true, MINUTES(1), 0);
	assert_int_equal(ask(&limits, "b", WEIGHT_FIRST, 0), MINUTES(1));
	limits_finish(&limits);
}

static void what_left_before_the_start_counts(void **state)
{
	(void)state;
	struct limits limits = {0};
	for (steady_ms at = 100; at <= 300; at += 100)
		limits_recall(&limits, &bot, at, 0);
	assert_int_equal(ask(&limits, "a", WEIGHT_LESS, 400), 700);
	limits_recall(&limits, &bot, 350, MINUTES(10));
	assert_int_equal(ask(&limits, "a", WEIGHT_FIRST, 400), MINUTES(10) - 400);
	limits_finish(&limits);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(lesser_ones_leave_slots_for_critical),
	        cmocka_unit_test(repeats_leave_slots_for_the_next_alarm),
	        cmocka_unit_test(a_large_reserve_leaves_something_for_all),
	        cmocka_unit_test(the_first_word_of_something_critical_is_never_held),
	        cmocka_unit_test(no_stretch_of_time_holds_more),
	        cmocka_unit_test(each_who_waits_is_named_a_slot_of_his_own),
	        cmocka_unit_test(who_shuts_us_out_gets_nothing_until_then),
	        cmocka_unit_test(both_limits_hold),
	        cmocka_unit_test(another_limit_counts_what_was_sent),
	        cmocka_unit_test(without_a_limit_nothing_waits),
	        cmocka_unit_test(each_chat_has_a_limit_of_its_own),
	        cmocka_unit_test(who_answers_too_many_means_the_chat),
	        cmocka_unit_test(what_left_before_the_start_counts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
