/* Proof of reach: a test goes through every contact and waits for the tap; by the schedule, silence
 * is a trouble. */
/* floors: decide */
#include <errno.h>

#include "story.h"

static int begin(void **state)
{
	struct story *s = calloc(1, sizeof *s);
	story_begin(s);
	*state = s;
	return 0;
}

static int end(void **state)
{
	story_end(*state);
	free(*state);
	return 0;
}

static int test_person(struct story *s, const char *to)
{
	return operate_(s, (struct operation){.type = OPERATION_TEST, .to = to, .by = "sun"});
}

/* The tap on the link of the n-th push. */
static int tap(struct story *s, uint32_t push, const char *by)
{
	char id[NOTIFICATION_ID_MAX];
	notification_id("binjiang", s->pushes[push].notification, id);
	return operate_(s, (struct operation){
	                           .type = OPERATION_CONFIRM, .by = by, .to = id, .via = "link"});
}

static uint32_t waiting(const struct story *s)
{
	uint32_t count = 0;
	for (uint32_t i = 0; i < s->site->standing_count; i++)
		count += s->site->standings[i]->type == STANDING_PROOF;
	return count;
}

static void a_test_goes_through_each_contact_and_each_is_proven_by_itself(void **state)
{
	struct story *s = *state;
	assert_int_equal(test_person(s, "person:li"), 0);
	assert_int_equal(s->push_count, 2);
	assert_string_equal(s->pushes[0].channel, "phone");
	assert_string_equal(s->pushes[1].channel, "backup");
	assert_true(s->pushes[0].notification != s->pushes[1].notification);
	assert_int_equal(waiting(s), 2);
	assert_int_equal(tap(s, 0, "li"), 0);
	assert_int_equal(waiting(s), 1);
	assert_int_equal(entries_with(s, "confirm test"), 1);
	assert_int_equal(tap(s, 0, "li"), -EALREADY);
	assert_int_equal(entries_with(s, "confirm test"), 1);
}

/* Two phones over one service: each has a proof of its own. */
static void two_contacts_on_one_channel_are_proven_apart(void **state)
{
	struct story *s = *state;
	s->def->people[2].contacts[1].channel = s->def->people[2].contacts[0].channel;
	test_person(s, "person:li");
	assert_int_equal(s->push_count, 2);
	assert_int_equal(waiting(s), 2);
	assert_int_equal(tap(s, 0, "li"), 0);
	assert_int_equal(waiting(s), 1);
	assert_int_equal(tap(s, 1, "li"), 0);
	test_person(s, "person:li");
	test_person(s, "person:li"); /* each test takes the place of the one before */
	assert_int_equal(waiting(s), 2);
}

static void only_who_was_tested_confirms(void **state)
{
	struct story *s = *state;
	assert_int_equal(test_person(s, "person:qian"), 0);
	assert_int_equal(tap(s, 0, "li"), -EINVAL);
	assert_int_equal(waiting(s), 1);
}

static void a_test_by_hand_that_nobody_confirms_is_a_gap_and_no_trouble(void **state)
{
	struct story *s = *state;
	test_person(s, "person:qian");
	advance(s, DAYS(1) + 1);
	assert_int_equal(waiting(s), 0);
	assert_int_equal(entries_with(s, "not confirmed"), 1);
	assert_int_equal(open_incidents(s), 0);
}

static void start_with_schedule(struct story *s)
{
	s->def->people[2].prove_every = DAYS(7);
	apply(s, &(struct event){.type = EVENT_SERVICE, .service = {.type = SERVICE_STARTED}});
}

static void the_schedule_tests_at_ten_in_the_morning(void **state)
{
	struct story *s = *state;
	start_with_schedule(s);
	advance(s, DAYS(7) + HOURS(2) - 1); /* the story begins at eight */
	assert_int_equal(s->push_count, 0);
	advance(s, 1);
	assert_int_equal(s->push_count, 2);
	tap(s, 0, "li");
	tap(s, 1, "li");
	advance(s, DAYS(7) - 1);
	assert_int_equal(s->push_count, 2);
	advance(s, 1);
	assert_int_equal(s->push_count, 4);
	assert_int_equal(open_incidents(s), 0);
}

static void who_does_not_confirm_is_a_trouble_until_he_does(void **state)
{
	struct story *s = *state;
	start_with_schedule(s);
	advance(s, DAYS(7) + HOURS(2));
	tap(s, 0, "li");
	advance(s, DAYS(1));
	assert_string_equal(only_incident(s)->subject, "reach:li");
	expect_push(s, "qian", REASON_OPENED, 1);
	uint32_t first = s->push_count;
	test_person(s, "person:li");
	tap(s, first, "li");
	assert_int_equal(open_incidents(s), 1);
	tap(s, first + 1, "li");
	assert_int_equal(open_incidents(s), 0);
}

/* A restart finds what it has planned, and plans nothing twice. */
static void a_start_plans_nothing_twice(void **state)
{
	struct story *s = *state;
	start_with_schedule(s);
	start_with_schedule(s);
	advance(s, DAYS(7) + HOURS(2));
	assert_int_equal(s->push_count, 2);
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        STORY(a_test_goes_through_each_contact_and_each_is_proven_by_itself),
	        STORY(two_contacts_on_one_channel_are_proven_apart),
	        STORY(only_who_was_tested_confirms),
	        STORY(a_test_by_hand_that_nobody_confirms_is_a_gap_and_no_trouble),
	        STORY(the_schedule_tests_at_ten_in_the_morning),
	        STORY(who_does_not_confirm_is_a_trouble_until_he_does),
	        STORY(a_start_plans_nothing_twice),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
