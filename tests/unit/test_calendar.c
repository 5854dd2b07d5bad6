/* floors: decide */
/* Local time, duty and schedules, above all on the nights when the clocks change. */
#include <time.h>

#include "story.h"

static wall_ms at(const char *text)
{
	wall_ms out;
	assert_int_equal(time_parse(text, &out), 0);
	return out;
}

static void test_times_are_read_and_written(void **state)
{
	(void)state;
	static const struct {
		const char *text, *utc;
	} rows[] = {
	        {"2026-11-22T08:00:00.123+08:00", "2026-11-22T00:00:00.123Z"},
	        {"2026-11-22T08:00+0800", "2026-11-22T00:00:00.000Z"},
	        {"2024-02-29T23:59:59Z", "2024-02-29T23:59:59.000Z"},
	        {"2026-11-22T08:00:00.123456789Z", "2026-11-22T08:00:00.123Z"},
	        {"1969-12-31T23:59:59.5Z", "1969-12-31T23:59:59.500Z"},
	        {"2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000Z"},
	        {"2026-11-22t08:00:00z", "2026-11-22T08:00:00.000Z"},
	        {"2026-11-22T08:00:00+08", "2026-11-22T00:00:00.000Z"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char out[TIME_TEXT_LEN];
		time_write_utc(at(rows[i].text), out);
		assert_string_equal(out, rows[i].utc);
	}
	static const struct {
		wall_ms at;
		const char *utc;
	} far[] = {{INT64_C(253402300799999), "9999-12-31T23:59:59.999Z"},
	           {INT64_C(253402300800000), "10000-01-01T00:00:00.000Z"},
	           {INT64_C(-62167219200000), "0000-01-01T00:00:00.000Z"},
	           {INT64_C(-62167219200001), "-001-12-31T23:59:59.999Z"}};
	for (size_t i = 0; i < sizeof far / sizeof *far; i++) {
		char out[TIME_TEXT_LEN];
		time_write_utc(far[i].at, out);
		assert_string_equal(out, far[i].utc);
	}
	static const char *const wrong[] = {"",
	                                    "2026",
	                                    "2026-11-22",
	                                    "2026-11-22T08:00:00",
	                                    "2026-13-01T00:00:00Z",
	                                    "2026-02-30T00:00:00Z",
	                                    "2026-11-22T25:00:00Z",
	                                    "2026-11-22T08:00:00+25:00",
	                                    "2026-11-22T08:00:00.Z",
	                                    "2026-11-22T08:00:00Zx",
	                                    "22.11.2026 08:00"};
	wall_ms out;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		assert_true(time_parse(wrong[i], &out) < 0);
}

static void test_days_count_through_centuries(void **state)
{
	(void)state;
	assert_int_equal(days_from_civil(1970, 1, 1), 0);
	assert_int_equal(days_from_civil(2000, 3, 1), 11017);
	assert_int_equal(weekday_of_days(days_from_civil(2026, 11, 22)), 6); /* a Sunday */
	for (int64_t day = -700000; day < 800000; day += 37) {
		struct civil c = {0};
		civil_from_days(day, &c);
		assert_int_equal(days_from_civil(c.year, c.month, c.day), day);
		assert_true(civil_is_valid(&c));
	}
}

/* Against libc, every three hours for some years, in zones with odd rules. */
static void test_zones_agree_with_the_system(void **state)
{
	(void)state;
	static const char *const names[] = {
	        "Asia/Shanghai",     "Europe/Berlin", "America/New_York", "Australia/Lord_Howe",
	        "America/Sao_Paulo", "UTC",           "Asia/Kathmandu"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct arena arena = {0};
		struct timezone_table zone;
		assert_int_equal(timezone_load(names[i], &arena, &zone), 0);
		setenv("TZ", names[i], 1);
		tzset();
		for (int64_t s = 1500000000; s < 1900000000; s += 10800) {
			time_t t = (time_t)s;
			struct tm tm;
			localtime_r(&t, &tm);
			struct civil c = civil_from_wall(&zone, s * 1000);
			assert_int_equal(c.hour, tm.tm_hour);
			assert_int_equal(c.day, tm.tm_mday);
			assert_int_equal(c.minute, tm.tm_min);
			assert_true(civil_first(&zone, c) <= s * 1000);
			assert_true(civil_last(&zone, c) >= s * 1000);
		}
		arena_finish(&arena);
	}
	struct arena arena = {0};
	struct timezone_table zone;
	assert_true(timezone_load("Mars/Olympus", &arena, &zone) < 0);
	assert_true(timezone_load("../../etc/passwd", &arena, &zone) < 0);
	arena_finish(&arena);
}

static void test_a_time_that_comes_twice_or_never(void **state)
{
	(void)state;
	struct arena arena = {0};
	struct timezone_table zone;
	assert_int_equal(timezone_load("Europe/Berlin", &arena, &zone), 0);
	struct civil twice = {.year = 2026, .month = 10, .day = 25, .hour = 2, .minute = 30};
	assert_int_equal(civil_first(&zone, twice), at("2026-10-25T00:30:00Z"));
	assert_int_equal(civil_last(&zone, twice), at("2026-10-25T01:30:00Z"));
	struct civil never = {.year = 2026, .month = 3, .day = 29, .hour = 2, .minute = 30};
	assert_int_equal(civil_first(&zone, never), at("2026-03-29T01:00:00Z"));
	assert_int_equal(civil_last(&zone, never), at("2026-03-29T01:00:00Z"));
	arena_finish(&arena);
}

/* A rota whose handover falls into the changing hour: somebody is always on duty. */
static void test_shifts_overlap_rather_than_leave_a_gap(void **state)
{
	(void)state;
	static const struct {
		const char *zone;
		int32_t hour, minute; /* within the hour that comes twice */
	} rows[] = {{"Europe/Berlin", 2, 30},
	            {"America/New_York", 1, 30},
	            {"Australia/Lord_Howe", 1, 45}};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct site_def *def = story_def();
		assert_int_equal(timezone_load(rows[i].zone, &def->arena, &def->timezone), 0);
		struct rota *rota = &def->posts[1].rota;
		rota->every = DAYS(1);
		rota->from = (struct civil){.year = 2026,
		                            .month = 1,
		                            .day = 1,
		                            .hour = rows[i].hour,
		                            .minute = rows[i].minute};
		uint32_t people[4], both = 0;
		for (wall_ms t = at("2026-01-02T12:00:00Z"); t < at("2027-01-01T00:00:00Z");
		     t += MINUTES(10)) {
			uint32_t count = post_on_duty(def, NULL, 1, t, people, 4);
			assert_true(count >= 1);
			both += count == 2;
		}
		assert_true(both > 0); /* the night the hour comes twice */
		site_def_destroy(def);
	}
}

static void test_a_rota_turns_on_the_local_calendar(void **state)
{
	(void)state;
	struct site_def *def = story_def();
	uint32_t people[4];
	assert_int_equal(post_on_duty(def, NULL, 1, at("2026-09-07T07:59:59+08:00"), people, 4), 0);
	assert_int_equal(post_on_duty(def, NULL, 1, at("2026-09-07T08:00:00+08:00"), people, 4), 1);
	assert_string_equal(def->people[people[0]].id, "li");
	assert_int_equal(post_on_duty(def, NULL, 1, at("2026-09-14T08:00:00+08:00"), people, 4), 1);
	assert_string_equal(def->people[people[0]].id, "zhao");
	assert_int_equal(post_on_duty(def, NULL, 1, at("2026-11-22T08:00:00+08:00"), people, 4), 1);
	assert_string_equal(def->people[people[0]].id, "li");
	site_def_destroy(def);
}

static void test_a_night_reaches_into_the_morning(void **state)
{
	(void)state;
	struct site_def *def = story_def();
	static const struct {
		const char *time;
		bool covered;
	} rows[] = {{"2026-11-22T21:59:59+08:00", false}, {"2026-11-22T22:00:00+08:00", true},
	            {"2026-11-23T05:59:59+08:00", true},  {"2026-11-23T06:00:00+08:00", false},
	            {"2026-11-22T00:00:00+08:00", true},  {"2026-11-22T12:00:00+08:00", false}};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_int_equal(schedule_covers(def, 0, at(rows[i].time)), rows[i].covered);
		assert_int_equal(zone_is_armed(def, 4, at(rows[i].time)), rows[i].covered);
		assert_true(zone_is_armed(def, 3, at(rows[i].time)));
		assert_false(zone_is_armed(def, 2, at(rows[i].time)));
	}
	/* Only on workdays: Saturday's night is not Friday's. */
	def->schedules[0].ranges[0].last_day = 4;
	assert_true(schedule_covers(def, 0, at("2026-11-21T03:00:00+08:00")));
	assert_false(schedule_covers(def, 0, at("2026-11-21T23:00:00+08:00")));
	site_def_destroy(def);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_times_are_read_and_written),
	        cmocka_unit_test(test_days_count_through_centuries),
	        cmocka_unit_test(test_zones_agree_with_the_system),
	        cmocka_unit_test(test_a_time_that_comes_twice_or_never),
	        cmocka_unit_test(test_shifts_overlap_rather_than_leave_a_gap),
	        cmocka_unit_test(test_a_rota_turns_on_the_local_calendar),
	        cmocka_unit_test(test_a_night_reaches_into_the_morning),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
