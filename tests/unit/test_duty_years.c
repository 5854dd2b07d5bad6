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

/* ---- absences and swaps ---- */

static uint32_t next_random(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

static struct standing *by_hand(uint32_t number, wall_ms from, wall_ms until, bool swap,
                                const char *one, const char *other)
{
	struct standing *s = standing_create();
	s->type = STANDING_OVERRIDE;
	s->number = number;
	s->post = mem_copy("leader");
	s->begins = from;
	s->until = until;
	s->swap = swap;
	s->names = NEW_ARRAY(const char *, 2);
	s->names[s->name_count++] = mem_copy(one);
	if (swap)
		s->names[s->name_count++] = mem_copy(other);
	return s;
}

/* Five years of daily duty; somebody is ill every other week, two swap every month, at any minute,
 * the nights on which the clocks change among them. */
static void test_years_of_absences_and_swaps(void **state)
{
	(void)state;
	static const char *const names[] = {"qian", "zhao", "li", "sun", "wu"};
	uint32_t seed = 20261122;
	for (int z = 0; z < FAR_ZONES; z++) {
		struct site_def *def = school_in(zones[z]);
		struct rota *rota = &def->posts[1].rota;
		rota->every = HOURS(12);
		rota->from = (struct civil){
		        .year = 2026, .month = 1, .day = 5, .hour = 1, .minute = 45};
		struct duty_state duty = {0};
		for (uint32_t i = 0; i < 200; i++) {
			wall_ms from = at("2026-01-08T00:00:00Z") +
			               MINUTES(next_random(&seed) % (5 * 366 * 1440));
			span_ms length = MINUTES(1 + next_random(&seed) % (9 * 1440));
			duty_state_add(&duty, by_hand(i + 1, from, from + length, i % 3 == 0,
			                              names[next_random(&seed) % 4], "wu"));
		}
		struct walk walk = walk_years(def, &duty, 1);
		assert_true(walk.changes > 2500);
		for (uint32_t i = 0; i < duty.count; i++)
			standing_destroy(duty.overrides[i]);
		free(duty.overrides);
		site_def_destroy(def);
	}
}

/* No change is walked past: looked at every quarter of an hour, nobody else is there between one
 * change and the next. */
static void test_no_change_is_missed(void **state)
{
	(void)state;
	for (int z = 0; z < FAR_ZONES; z++) {
		struct site_def *def = school_in(zones[z]);
		struct rota *rota = &def->posts[1].rota;
		rota->every = HOURS(8);
		rota->from.hour = 2;
		rota->from.minute = 15;
		uint32_t was[4] = {0}, is[4];
		wall_ms change = 0;
		for (wall_ms t = at("2026-10-01T00:00:00Z"); t < at("2027-05-01T00:00:00Z");
		     t += MINUTES(15)) {
			uint32_t count = post_on_duty(def, NULL, 1, t, is, 4);
			if (t < change && (is[0] != was[0] || count > 1))
				fail_msg("%s: %lld", zones[z], (long long)t);
			if (t < change)
				continue;
			change = duty_next_change(def, NULL, 1, t);
			if (count > 1)
				change = t; /* an overlap ends soon */
			was[0] = is[0];
		}
		site_def_destroy(def);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_turns_of_every_length_leave_no_gap),
	        cmocka_unit_test(test_the_night_that_has_its_hour_twice),
	        cmocka_unit_test(test_several_hold_a_post_together),
	        cmocka_unit_test(test_years_of_absences_and_swaps),
	        cmocka_unit_test(test_no_change_is_missed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
