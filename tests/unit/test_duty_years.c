/* floors: decide */
/* Years of duty on the calendar of three time zones: at every change of people, and a millisecond
 * before and after it, somebody is there; two crews only where the clocks change. */
#include "story.h"

#define FAR_ZONES 3
static const char *const zones[FAR_ZONES] = {"Europe/Berlin", "America/New_York",
                                             "Australia/Lord_Howe"};

static wall_ms at(const char *text)
{
	wall_ms t;
	assert_int_equal(time_parse(text, &t), 0);
	return t;
}

static struct site_def *school_in(const char *zone)
{
	struct site_def *def = story_def();
	assert_int_equal(timezone_load(zone, &def->arena, &def->timezone), 0);
	return def;
}

static struct crew crew_of(struct site_def *def, const char *names)
{
	struct crew crew = {.people = ARENA_ARRAY(&def->arena, uint32_t, CREW_MAX)};
	char *rest = arena_copy(&def->arena, names), *word;
	while ((word = strsep(&rest, " "))) {
		crew.people[crew.count] = site_def_person(def, word);
		assert_true(crew.people[crew.count++] != POSITION_NONE);
	}
	return crew;
}

/* True if the clocks change within a day of the instant. */
static bool clocks_change_near(const struct site_def *def, wall_ms t)
{
	return timezone_offset(&def->timezone, t - DAYS(1)) !=
	       timezone_offset(&def->timezone, t + DAYS(1));
}

struct walk {
	uint64_t changes, overlaps;
};

static uint32_t there(const struct site_def *def, const struct duty_state *state, wall_ms t)
{
	uint32_t people[ON_DUTY_MAX];
	return post_on_duty(def, state, 1, t, people, ON_DUTY_MAX);
}

static void check_at(const struct site_def *def, const struct duty_state *state, wall_ms t,
                     uint32_t together, struct walk *walk)
{
	uint32_t count = there(def, state, t);
	if (count < 1)
		fail_msg("%s: nobody at %lld", def->timezone.name, (long long)t);
	if (count > together) {
		walk->overlaps++;
		if (!clocks_change_near(def, t))
			fail_msg("%s: %u together at %lld, where no clock changes",
			         def->timezone.name, count, (long long)t);
	}
}

/* Walks from change to change; together: how many hold the post at one time. */
static struct walk walk_years(const struct site_def *def, const struct duty_state *state,
                              uint32_t together)
{
	struct walk walk = {0};
	wall_ms end = at("2031-01-01T00:00:00Z");
	for (wall_ms t = at("2026-01-08T00:00:00Z"); t < end;) {
		wall_ms next = duty_next_change(def, state, 1, t);
		assert_true(next > t);
		if (next == NEVER)
			break;
		for (int d = -1; d <= 1; d++)
			check_at(def, state, next + d, together, &walk);
		walk.changes++;
		t = next;
	}
	return walk;
}

static void test_turns_of_every_length_leave_no_gap(void **state)
{
	(void)state;
	static const span_ms lengths[] = {HOURS(1),  HOURS(5), HOURS(12), DAYS(1),
	                                  HOURS(36), DAYS(7),  DAYS(14),  MINUTES(90)};
	for (int z = 0; z < FAR_ZONES; z++)
		for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
			struct site_def *def = school_in(zones[z]);
			struct rota *rota = &def->posts[1].rota;
			rota->every = lengths[i];
			rota->from = (struct civil){
			        .year = 2026, .month = 1, .day = 5, .hour = 1, .minute = 45};
			struct walk walk = walk_years(def, NULL, 1);
			assert_true(walk.changes + 60 > (uint64_t)(DAYS(1819) / lengths[i]));
			site_def_destroy(def);
		}
}

/* The guard who goes at 02:30 stays until the guard who comes at 02:30 is there. */
static void test_the_night_that_has_its_hour_twice(void **state)
{
	(void)state;
	struct site_def *def = school_in("Europe/Berlin");
	struct rota *rota = &def->posts[1].rota;
	rota->every = DAYS(1);
	rota->from = (struct civil){.year = 2026, .month = 1, .day = 5, .hour = 2, .minute = 30};
	assert_int_equal(there(def, NULL, at("2026-10-25T00:29:59Z")), 1);
	assert_int_equal(there(def, NULL, at("2026-10-25T00:30:00Z")), 2);
	assert_int_equal(there(def, NULL, at("2026-10-25T01:29:59Z")), 2);
	assert_int_equal(there(def, NULL, at("2026-10-25T01:30:00Z")), 1);
	assert_int_equal(duty_next_change(def, NULL, 1, at("2026-10-24T12:00:00Z")),
	                 at("2026-10-25T00:30:00Z"));
	assert_int_equal(duty_next_change(def, NULL, 1, at("2026-10-25T00:30:00Z")),
	                 at("2026-10-25T01:30:00Z"));
	struct walk walk = walk_years(def, NULL, 1);
	assert_true(walk.overlaps > 0);
	site_def_destroy(def);
}

/* Two on the gate at a time, in turns and in shifts of the week. */
static void test_several_hold_a_post_together(void **state)
{
	(void)state;
	for (int z = 0; z < FAR_ZONES; z++) {
		struct site_def *def = school_in(zones[z]);
		struct rota *rota = &def->posts[1].rota;
		rota->turns[0] = crew_of(def, "li zhao");
		rota->turns[1] = crew_of(def, "sun wu");
		rota->every = HOURS(12);
		rota->from.hour = 2;
		assert_int_equal(there(def, NULL, at("2026-12-01T12:00:00Z")), 2);
		rota->count = 0;
		rota->shifts = ARENA_ARRAY(&def->arena, struct shift, 2);
		rota->shift_count = 2;
		rota->shifts[0] = (struct shift){{0, 6, 120, 14 * 60}, crew_of(def, "li zhao")};
		rota->shifts[1] = (struct shift){{0, 6, 14 * 60, 120}, crew_of(def, "sun wu")};
		struct walk walk = walk_years(def, NULL, 2);
		assert_true(walk.changes > 3600);
		site_def_destroy(def);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_turns_of_every_length_leave_no_gap),
	        cmocka_unit_test(test_the_night_that_has_its_hour_twice),
	        cmocka_unit_test(test_several_hold_a_post_together),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
