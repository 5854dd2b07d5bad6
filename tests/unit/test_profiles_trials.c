/* A test is no alarm, and no alarm is a test: not because another device is being tested, not
 * because somebody tested it long ago, not because a bridge goes on saying so. */
/* floors: config decode */
#include "profiles_story.h"

static void test_a_test_is_no_alarm_and_an_alarm_no_test(void **state)
{
	(void)state;
	expect(HALL, "{\"smoke\":true,\"test\":true,\"tamper\":true}",
	       "hall: smoke active test, tamper active");
	expect(HALL, "{\"smoke\":true,\"test\":true,\"battery\":90}", "hall: smoke active test");
	pass(MINUTES(20)); /* the same cached state, with every report */
	expect(HALL, "{\"smoke\":true,\"test\":true,\"battery\":89}", "hall: smoke active test");
	expect(HALL, "{\"smoke\":false,\"test\":false}", "hall: smoke clear");
	expect(HALL, "{\"smoke\":true,\"test\":false}", "hall: smoke active");
	expect(HALL, "{\"smoke\":false,\"self_test\":\"checking\"}", "hall: smoke clear");
	pass(SECONDS(5));
	expect(HALL, "{\"smoke\":true,\"self_test\":\"checking\"}", "hall: smoke active test");
}

static void test_a_mark_that_outlives_its_test_is_not_believed(void **state)
{
	(void)state;
	expect(HALL, "{\"smoke\":true,\"test\":true}", "hall: smoke active test");
	expect(HALL, "{\"smoke\":false,\"test\":true}", "hall: smoke clear");
	expect(HALL, "{\"smoke\":true,\"test\":true}", "hall: smoke active");
	expect(HALL, "{\"smoke\":false,\"test\":false}", "hall: smoke clear");
	expect(HALL, "{\"smoke\":true,\"test\":true}", "hall: smoke active test");

	expect(DOOR, "{\"gas\":false,\"test\":true}", "door: gas clear");
	pass(MINUTES(2));
	expect(DOOR, "{\"gas\":true,\"test\":true}", "door: gas active");
}

/* The second test is one as well, where a detector at rest says no word of a test. */
static void test_one_test_after_the_other(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		expect(HALL, "{\"smoke\":true,\"test\":true}", "hall: smoke active test");
		pass(HOURS(1));
		expect(HALL, "{\"smoke\":false}", "hall: smoke clear");
		pass(HOURS(1));
	}
	expect(HALL, "{\"smoke\":true}", "hall: smoke active");
}

/* Two buildings, two bridges, a kitchen in each; and systems that have nothing to do with it. */
static void test_a_test_is_of_one_device_and_not_of_a_name(void **state)
{
	(void)state;
	expect("zigbee2mqtt/kitchen", "{\"smoke\":true,\"test\":true}", "?kitchen smoke!");
	assert_true(said.items[0].test);
	expect("annex/kitchen", "{\"smoke\":true,\"battery\":90}", "kitchen-b: smoke active");
	expect("tele/gw/hall/SENSOR", "{\"ZbReceived\":{\"kitchen\":{\"Fire\":1}}}",
	       "?kitchen smoke!");
	assert_false(said.items[0].test);
}

/* What never says that it is at rest, and says of a test what it is: open-only senders by radio. */
static void test_an_alarm_long_after_a_test_is_an_alarm(void **state)
{
	(void)state;
	const char *test = "{\"model\":\"M\",\"id\":1,\"smoke\":1,\"test\":1}";
	const char *alarm = "{\"model\":\"M\",\"id\":1,\"smoke\":1}";
	expect("rtl_433/g/events", test, "radio: smoke active test");
	pass(MINUTES(3) - SECONDS(2));
	expect("rtl_433/g/events", alarm, "radio: smoke active test"); /* it still sounds */
	pass(SECONDS(3));
	expect("rtl_433/g/events", alarm, "radio: smoke active");
	pass(HOURS(3));
	expect("rtl_433/g/events", test, "radio: smoke active test");
	pass(HOURS(3));
	expect("rtl_433/g/events", alarm, "radio: smoke active");
}

static void test_nobody_knows_whether_it_is_tested(void **state)
{
	(void)state;
	expect(HALL, "{\"smoke\":true,\"test\":true}", "hall: smoke active test");
	expect(HALL, "{\"smoke\":false,\"test\":null}", "hall: smoke clear");
	expect(HALL, "{\"smoke\":true,\"test\":true}", "hall: smoke active");
}

/* When the broker got it nobody knows: it may be weeks ago. */
static void test_a_word_that_waited_at_the_broker_is_an_old_one(void **state)
{
	(void)state;
	expect_retained(HALL "/test", "true", "hall");
	expect(HALL "/smoke", "true", "hall: smoke active");
	expect(HALL, "{\"smoke\":false}", "hall: smoke clear");
	expect_retained(HALL, "{\"smoke\":true,\"test\":true}", "hall: smoke active test cached");
	expect(HALL, "{\"smoke\":true}", "hall: smoke active");
}

/* What the last message said of the mark; `was`: nothing new. */
static enum mark_stage mark_then(enum mark_stage was)
{
	for (uint32_t i = 0; i < said.count; i++)
		if (said.items[i].type == SAID_TEST_MARK)
			return said.items[i].mark;
	return was;
}

static enum mark_stage said_mark(const char *topic, const char *payload)
{
	hear(topic, payload);
	return mark_then(MARK_STAGE_COUNT);
}

static void keep(const char *address, enum mark_stage stage, span_ms ago)
{
	const struct profiles *p = &config->profiles;
	profile_memory_keep_mark(memory, &p->items[profiles_find(p, "zigbee2mqtt")], address, stage,
	                         now.steady - ago);
}

/* A life that has just begun knows what the one before kept of it. */
static void test_what_becomes_of_a_mark_is_said_and_can_be_kept(void **state)
{
	(void)state;
	assert_int_equal(said_mark(HALL, "{\"smoke\":false}"), MARK_STAGE_COUNT);
	assert_int_equal(said_mark(HALL, "{\"smoke\":false,\"test\":true}"), MARK_STANDS);
	assert_int_equal(said_mark(HALL, "{\"smoke\":false,\"test\":true}"), MARK_STAGE_COUNT);
	assert_int_equal(said_mark(HALL, "{\"smoke\":true,\"test\":true}"), MARK_ALARMED);
	assert_int_equal(said_mark(HALL, "{\"smoke\":false,\"test\":true}"), MARK_SPENT);
	assert_int_equal(said_mark(HALL, "{\"smoke\":false,\"test\":false}"), MARK_GONE);

	keep("hall/smoke", MARK_SPENT, MINUTES(9));
	expect(HALL, "{\"smoke\":true,\"test\":true}", "hall: smoke active");
	keep("attic", MARK_ALARMED, MINUTES(9));
	expect("zigbee2mqtt/attic", "{\"smoke\":true,\"test\":true}", "?attic smoke!");
	assert_true(said.items[0].test);
}

struct word { /* how a device says it, with its detector silent, at rest and in alarm */
	const char *topics[3], *payloads[3];
};
static const struct word said_words[] = {
        {{HALL, HALL, HALL}, {"{\"battery\":90}", "{\"smoke\":false}", "{\"smoke\":true}"}},
        {{HALL "/battery", HALL "/smoke", HALL "/smoke"}, {"90", "false", "true"}},
        {{HALL, HALL, HALL},
         {"{\"test\":false}", "{\"test\":false,\"smoke\":false}",
          "{\"test\":false,\"smoke\":true}"}},
        {{HALL, HALL, HALL},
         {"{\"test\":true}", "{\"test\":true,\"smoke\":false}", "{\"test\":true,\"smoke\":true}"}},
};

#define G MARK_GONE
#define S MARK_STANDS
#define A MARK_ALARMED
#define X MARK_SPENT

static void test_every_step_of_a_mark(void **state)
{
	(void)state;
	/* what it was, for how long; and what becomes of it: the word omitted, elsewhere, over,
	 * runs */
	static const struct {
		enum mark_stage was;
		span_ms age;
		enum mark_stage then[4][3];
	} rows[] = {
	        {G, 0, {{G, G, G}, {G, G, G}, {G, G, G}, {S, S, A}}},
	        {S, SECONDS(60), {{S, G, A}, {S, S, A}, {G, G, G}, {S, S, A}}},
	        {S, SECONDS(61), {{S, G, G}, {S, S, X}, {G, G, G}, {S, S, X}}},
	        {A, SECONDS(180), {{A, G, A}, {A, X, A}, {G, G, G}, {A, X, A}}},
	        {A, SECONDS(181), {{A, G, G}, {A, X, X}, {G, G, G}, {A, X, A}}},
	        {X, SECONDS(1), {{X, G, G}, {X, X, X}, {G, G, G}, {X, X, X}}},
	        {X, DAYS(30), {{X, G, G}, {X, X, X}, {G, G, G}, {X, X, X}}},
	};
	static const char *const silent_rest[] = {"hall", "hall: smoke clear"};
	for (size_t r = 0; r < sizeof rows / sizeof *rows; r++)
		for (int w = 0; w < 4; w++)
			for (int d = 0; d < 3; d++) {
				enum mark_stage then = rows[r].then[w][d];
				keep("hall/smoke", rows[r].was, rows[r].age);
				expect(said_words[w].topics[d], said_words[w].payloads[d],
				       d < 2       ? silent_rest[d]
				       : then == A ? "hall: smoke active test"
				                   : "hall: smoke active");
				enum mark_stage is = mark_then(rows[r].was);
				if (is != then)
					fail_msg("row %zu, word %d, detector %d: %s, not %s", r, w,
					         d, mark_stage_name(is), mark_stage_name(then));
			}
}

static void test_a_test_told_on_a_topic_of_its_own(void **state)
{
	(void)state;
	expect(HALL "/test", "true", "hall");
	expect(HALL "/smoke", "true", "hall: smoke active test");
	expect(HALL "/test", "false", "hall");
	expect(HALL "/smoke", "true", "hall: smoke active");
	expect("shellies/shellysmoke-1/sensor/gas", "test", "shelly: gas active test");
	expect("shellies/shellysmoke-1/sensor/gas", "mild", "shelly: gas active");
	/* Of a detector that was never tested it is said after each start. */
	expect("shellies/shellysmoke-1/sensor/self_test", "not_completed", "shelly");
	expect("shellies/shellysmoke-1/sensor/gas", "heavy", "shelly: gas active");
	expect("shellies/shellysmoke-1/sensor/self_test", "running", "shelly");
	expect("shellies/shellysmoke-1/sensor/gas", "heavy", "shelly: gas active test");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(test_a_test_is_no_alarm_and_an_alarm_no_test),
	        TEST(test_a_mark_that_outlives_its_test_is_not_believed),
	        TEST(test_one_test_after_the_other),
	        TEST(test_a_test_is_of_one_device_and_not_of_a_name),
	        TEST(test_an_alarm_long_after_a_test_is_an_alarm),
	        TEST(test_nobody_knows_whether_it_is_tested),
	        TEST(test_a_word_that_waited_at_the_broker_is_an_old_one),
	        TEST(test_what_becomes_of_a_mark_is_said_and_can_be_kept),
	        TEST(test_every_step_of_a_mark),
	        TEST(test_a_test_told_on_a_topic_of_its_own),
	};
	return cmocka_run_group_tests(tests, begin, end);
}
