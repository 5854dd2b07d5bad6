/* Duty as the files say it, rosters that are imported, and what is said when nobody will be there.
 */
/* floors: config */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "config/config.h"
#include "decide/duty.h"

struct story { /* a folder of files, and what the loader made of it */
	char folder[64];
	struct service_config *config;
	struct text report;
};

static const char *const names[] = {"tocsin.yaml", "site.yaml", "duty.csv", "duty.ics"};

static void given_bytes(struct story *s, const char *name, const char *text, size_t len)
{
	char path[128];
	snprintf(path, sizeof path, "%s/%s", s->folder, name);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

static void given(struct story *s, const char *name, const char *text)
{
	given_bytes(s, name, text, strlen(text));
}

static int set_up(void **state)
{
	struct story *s = calloc(1, sizeof *s);
	snprintf(s->folder, sizeof s->folder, "/tmp/tocsin-duty-XXXXXX");
	assert_non_null(mkdtemp(s->folder));
	given(s, "tocsin.yaml",
	      "version: 1\nbroker: {url: mqtt://127.0.0.1}\nstore: {path: a.db}\n"
	      "sites: [site.yaml]\n"
	      "channels: [{id: phone, type: webhook, url: 'http://127.0.0.1/'}]\n");
	*state = s;
	return 0;
}

static int tear_down(void **state)
{
	struct story *s = *state;
	char path[128];
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		snprintf(path, sizeof path, "%s/%s", s->folder, names[i]);
		unlink(path);
	}
	assert_int_equal(rmdir(s->folder), 0);
	config_destroy(s->config);
	text_finish(&s->report);
	free(s);
	return 0;
}

/* Loads a site in Berlin with this duty; returns how many lines are said. */
static int load(struct story *s, const char *duty)
{
	struct text site = {0};
	text_addf(&site, "%s\n", duty);
	text_add(&site, "site: plant\ntimezone: Europe/Berlin\nzones: [{id: hall}]\npeople:\n"
	                "  - {id: ann, name: Ann Arbor, contacts: [{channel: phone}]}\n"
	                "  - {id: bob, name: 李老师, contacts: [{channel: phone}]}\n"
	                "  - {id: cy, contacts: [{channel: phone}]}\n"
	                "policies: [{id: all, steps: [{after: 0s, notify: [duty:guard]}]}]\n");
	given(s, "site.yaml", text_get(&site));
	text_finish(&site);
	config_destroy(s->config);
	s->config = NULL;
	text_reset(&s->report);
	char path[128];
	snprintf(path, sizeof path, "%s/tocsin.yaml", s->folder);
	(void)!config_load(path, CONFIG_CHECK, &s->config, &s->report);
	int lines = 0;
	for (const char *at = text_get(&s->report); (at = strchr(at, '\n')); at++)
		lines++;
	return lines;
}

static void expect_said(const struct story *s, const char *words)
{
	if (!strstr(text_get(&s->report), words))
		fail_msg("not said: %s\nbut: %s", words, text_get(&s->report));
}

/* "ann bob": who is on duty at the guard's post, in the order of the file. */
static void expect_on_duty(const struct story *s, const char *when, const char *who)
{
	const struct site_def *def = s->config->sites[0];
	uint32_t people[8];
	wall_ms at;
	struct text found = {0};
	assert_int_equal(time_parse(when, &at), 0);
	uint32_t count = post_on_duty(def, NULL, 0, at, people, 8);
	for (uint32_t person = 0; person < def->person_count; person++)
		for (uint32_t i = 0; i < count; i++)
			if (people[i] == person)
				text_addf(&found, "%s%s", found.len ? " " : "",
				          def->people[person].id);
	if (strcmp(text_get(&found), who) != 0)
		fail_msg("%s: expected '%s', on duty is '%s'", when, who, text_get(&found));
	text_finish(&found);
}

#define ALWAYS "rota: {people: [cy], every: 1w, from: 2020-01-06T08:00}"

/* Workdays by day, the weekend and every night by others; two together at night. */
static void a_table_of_the_week(void **state)
{
	struct story *s = *state;
	load(s, "duty: [{id: guard, shifts: ["
	        "{days: mon-fri, from: '08:00', to: '20:00', people: ann},"
	        "{days: 'sat,sun', from: '08:00', to: '20:00', people: bob},"
	        "{days: mon-sun, from: '20:00', to: '08:00', people: [bob, cy]}]}]");
	assert_string_equal(text_get(&s->report), "");
	expect_on_duty(s, "2026-11-20T19:59:59+01:00", "ann");
	expect_on_duty(s, "2026-11-20T20:00:00+01:00", "bob cy");
	expect_on_duty(s, "2026-11-21T07:59:59+01:00", "bob cy");
	expect_on_duty(s, "2026-11-21T08:00:00+01:00", "bob");
	expect_on_duty(s, "2026-11-23T08:00:00+01:00", "ann");
}

static void holidays_have_a_table_of_their_own(void **state)
{
	struct story *s = *state;
	load(s, "calendars: [{id: break, days: [{from: 2026-12-23, to: 2027-01-06}]},\n"
	        "  {id: feast, days: [{from: 2026-12-24T12:00, to: 2026-12-25T12:00}]}]\n"
	        "duty: [{id: guard, " ALWAYS ", except: [\n"
	        "  {during: feast, rota: {people: [ann], every: 1d, from: 2020-01-01}},\n"
	        "  {during: break, rota: {people: [bob], every: 1d, from: 2020-01-01}}]}]");
	assert_string_equal(text_get(&s->report), "");
	expect_on_duty(s, "2026-12-22T23:59:59+01:00", "cy");
	expect_on_duty(s, "2026-12-23T00:00:00+01:00", "bob");
	expect_on_duty(s, "2026-12-24T12:00:00+01:00", "ann");
	expect_on_duty(s, "2026-12-25T12:00:00+01:00", "bob");
	expect_on_duty(s, "2027-01-06T23:59:59+01:00", "bob"); /* the last day is part of it */
	expect_on_duty(s, "2027-01-07T00:00:00+01:00", "cy");
}

static void overrides_and_swaps_of_the_file(void **state)
{
	struct story *s = *state;
	load(s,
	     "duty: [{id: guard, rota: {people: [ann, bob], every: 1d, from: 2026-01-01T08:00}}]\n"
	     "overrides:\n"
	     "  - {post: guard, from: 2026-12-24T08:00, to: 2026-12-25T08:00, people: [cy]}\n"
	     "  - {post: guard, from: 2027-01-01T08:00, to: 2027-01-03T08:00, swap: [ann, bob]}\n");
	assert_string_equal(text_get(&s->report), "");
	expect_on_duty(s, "2026-12-24T07:59:59+01:00", "ann");
	expect_on_duty(s, "2026-12-24T08:00:00+01:00", "cy");
	expect_on_duty(s, "2026-12-25T08:00:00+01:00", "ann");
	expect_on_duty(s, "2026-12-31T09:00:00+01:00", "ann");
	expect_on_duty(s, "2027-01-01T09:00:00+01:00", "ann"); /* bob's turn without the swap */
	expect_on_duty(s, "2027-01-02T09:00:00+01:00", "bob");
	expect_on_duty(s, "2027-01-03T09:00:00+01:00", "bob");
}

/* Swapped or overridden across the night that has its hour twice: no gap. */
static void an_override_that_ends_in_the_hour_that_comes_twice(void **state)
{
	struct story *s = *state;
	load(s, "duty: [{id: guard, " ALWAYS "}]\n"
	        "overrides:\n"
	        "  - {post: guard, from: 2026-10-24T08:00, to: 2026-10-25T02:30, people: ann}\n"
	        "  - {post: guard, from: 2026-10-25T02:30, to: 2026-10-25T08:00, people: bob}\n");
	assert_string_equal(text_get(&s->report), "");
	expect_on_duty(s, "2026-10-25T00:29:59Z", "ann");
	expect_on_duty(s, "2026-10-25T00:30:00Z", "ann bob");
	expect_on_duty(s, "2026-10-25T01:30:00Z", "bob");
}

/* ---- nobody there ---- */

static void berlin(time_t at, char out[17])
{
	struct tm local;
	setenv("TZ", "Europe/Berlin", 1);
	tzset();
	assert_int_equal(strftime(out, 17, "%Y-%m-%d %H:%M", localtime_r(&at, &local)), 16);
}

/* The next one, or what is left of the one in which this test runs. */
static void expect_a_night_from_now_on(const struct story *s)
{
	const char *from = strstr(text_get(&s->report), " from ");
	char start[17], now[17], before[17];
	berlin(time(NULL), now);
	berlin(time(NULL) - 120, before);
	assert_non_null(from);
	snprintf(start, sizeof start, "%.16s", from + 6);
	if (strcmp(start, now) < 0)
		assert_true(strcmp(start, before) >= 0);
	else if (strcmp(start, now) > 0)
		assert_string_equal(start + 10, " 20:00");
}

static void a_post_that_nobody_holds_is_warned_of_where_it_stands(void **state)
{
	struct story *s = *state;
	/* Every night of the year: the first is told, the rest is counted. */
	assert_int_equal(load(s, "duty: [{id: guard, shifts: [{days: mon-sun, from: '08:00', "
	                         "to: '20:00', people: ann}]}]"),
	                 1);
	assert_non_null(s->config); /* a warning refuses nothing */
	expect_said(s, "/site.yaml:1:13: warning: nobody is on duty at 'guard' from ");
	expect_a_night_from_now_on(s);
	expect_said(s, " 08:00 and 36");
	expect_said(s, " more times in the coming year, for 4");
	expect_said(s, " hours in all, and policy 'all' counts on it; add people or an override\n");
	/* Turns that have ended are no table any more: an import that has run out. */
	given(s, "duty.csv", "from,to,people\n2020-01-01,2020-12-31,ann\n");
	assert_int_equal(load(s, "duty: [{id: guard, import: duty.csv}]"), 1);
	expect_said(s, "nobody is on duty at 'guard' from ");
	expect_said(s, " on, and policy 'all' counts on it");
}

static void a_table_that_begins_later_is_one_line(void **state)
{
	struct story *s = *state;
	assert_int_equal(load(s, "duty: [{id: guard, rota: {people: [ann], every: 1w, from: "
	                         "2199-01-07T08:00}}]"),
	                 1);
	expect_said(s, "/site.yaml:1:13: warning: nobody is on duty at 'guard' before 2199-01-07 "
	               "08:00, when its first turn begins, and policy 'all' counts on it; add");
}

static void what_no_policy_names_is_nobodys_gap(void **state)
{
	struct story *s = *state;
	assert_int_equal(load(s, "duty: [{id: guard, " ALWAYS "}, {id: choir, shifts: [{days: mon, "
	                         "from: '08:00', to: '20:00', people: ann}]}]"),
	                 0);
}

/* ---- imported: a table ---- */

static void a_roster_as_a_table(void **state)
{
	struct story *s = *state;
	given(s, "duty.csv",
	      "\xEF\xBB\xBFremark;from;to;people\r\n"
	      "\"first; and \"\"best\"\"\";2026-12-01 08:00;2026-12-02 08:00;ann\r\n"
	      "\r\n"
	      ";2026-12-02T08:00;2026-12-03T08:00;李老师+ cy\r\n"
	      ";2026-12-03T08:00:00Z;2026-12-04;Ann Arbor");
	assert_int_equal(load(s, "duty: [{id: guard, " ALWAYS ", import: duty.csv}]"), 0);
	expect_on_duty(s, "2026-12-01T07:59:59+01:00", "cy");
	expect_on_duty(s, "2026-12-01T08:00:00+01:00", "ann");
	expect_on_duty(s, "2026-12-02T08:00:00+01:00", "bob cy");
	expect_on_duty(s, "2026-12-03T08:30:00+01:00", "cy");
	expect_on_duty(s, "2026-12-03T09:00:00+01:00", "ann");
	expect_on_duty(s, "2026-12-04T23:59:59+01:00", "ann");
	expect_on_duty(s, "2026-12-05T00:00:00+01:00", "cy");
}

static void a_bad_table_is_refused_line_by_line(void **state)
{
	struct story *s = *state;
	given(s, "duty.csv",
	      "from,to,people\n2026-12-01,2026-12-02,ann\n2026-12-01,2026-11-30,ann\n"
	      "2026-12-01,2026-12-02,nobody\n2026-12-01T25:00,2026-12-02,ann\n"
	      "2026-12-01,2026-12-02,\n\"2026-12-01,2026-12-02,ann\n");
	assert_int_equal(load(s, "duty: [{id: guard, import: duty.csv}]"), 5);
	assert_null(s->config);
	expect_said(s, "/duty.csv:3:1: this shift ends before it starts\n");
	expect_said(s, "/duty.csv:4:1: no person 'nobody' at this site; write ids or names");
	expect_said(s,
	            "/duty.csv:5:1: '2026-12-01T25:00' is no time; write it like 2026-09-01T08:00");
	expect_said(s, "/duty.csv:6:1: no person '' at this site");
	expect_said(s, "/duty.csv:7:1: a quote without its end");
	given(s, "duty.csv", "who,when\nann,2026-12-01\n");
	assert_int_equal(load(s, "duty: [{id: guard, import: duty.csv}]"), 1);
	expect_said(s, "/duty.csv:1:1: no column 'from'; the first line names the columns");
	given_bytes(s, "duty.csv", "from,to,people\n\xff\xfe", 17);
	assert_int_equal(load(s, "duty: [{id: guard, import: duty.csv}]"), 1);
	expect_said(s, "/duty.csv:1:1: not valid UTF-8");
	given(s, "duty.csv", "");
	assert_int_equal(load(s, "duty: [{id: guard, import: duty.csv}]"), 1);
	expect_said(s, "/site.yaml:1:28: the import ");
}

static void a_change_of_the_roster_is_another_version(void **state)
{
	struct story *s = *state;
	char before[65], all[65];
	given(s, "duty.csv", "from,to,people\n2026-12-01,2026-12-02,ann\n");
	load(s, "duty: [{id: guard, " ALWAYS ", import: duty.csv}]");
	memcpy(before, s->config->sites[0]->hash, sizeof before);
	memcpy(all, s->config->hash, sizeof all);
	given(s, "duty.csv", "from,to,people\n2026-12-01,2026-12-02,bob\n");
	load(s, "duty: [{id: guard, " ALWAYS ", import: duty.csv}]");
	assert_string_not_equal(before, s->config->sites[0]->hash);
	assert_string_not_equal(all, s->config->hash);
}

/* ---- imported: a calendar ---- */

#define ICS_HEAD "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\n"
#define ICS_END "END:VCALENDAR\r\n"
#define EVENT(body) "BEGIN:VEVENT\r\n" body "END:VEVENT\r\n"

/* Twelve hours by the clock on the wall, also in the night that has thirteen. */
static void a_repeating_shift_stays_on_the_clock(void **state)
{
	struct story *s = *state;
	given(s, "duty.ics",
	      ICS_HEAD EVENT("UID:1\r\nDTSTART;TZID=Europe/Berlin:20260901T080000\r\n"
	                     "DTEND;TZID=Europe/Berlin:20260901T200000\r\nRRULE:FREQ=DAILY\r\n"
	                     "SUMMARY:ann\r\n")
	              EVENT("UID:2\r\nDTSTART:20260901T200000\r\nDURATION:PT12H\r\n"
	                    "RRULE:FREQ=DAILY\r\nSUMMARY:李老师\r\n") ICS_END);
	assert_int_equal(load(s, "duty: [{id: guard, import: duty.ics}]"), 0);
	static const char *const days[] = {"2026-10-24", "2026-10-25", "2026-10-26",
	                                   "2027-03-27", "2027-03-28", "2040-07-01"};
	static const char *const offset[] = {"+02:00", "+01:00", "+01:00",
	                                     "+01:00", "+02:00", "+02:00"};
	for (int i = 0; i < 6; i++) {
		char at[64];
		snprintf(at, sizeof at, "%sT07:59:59%s", days[i], offset[i]);
		expect_on_duty(s, at, "bob");
		snprintf(at, sizeof at, "%sT08:00:00%s", days[i], offset[i]);
		expect_on_duty(s, at, "ann");
		snprintf(at, sizeof at, "%sT19:59:59%s", days[i], offset[i]);
		expect_on_duty(s, at, "ann");
		snprintf(at, sizeof at, "%sT20:00:00%s", days[i], offset[i]);
		expect_on_duty(s, at, "bob");
	}
}

static void what_is_moved_left_out_or_called_off(void **state)
{
	struct story *s = *state;
	given(s, "duty.ics",
	      ICS_HEAD EVENT("UID:1\r\nDTSTART;TZID=Europe/Berlin:20261201T080000\r\n"
	                     "DTEND;TZID=Europe/Berlin:20261202T080000\r\n"
	                     "RRULE:FREQ=DAILY;UNTIL=20261210T070000Z\r\n"
	                     "EXDATE;TZID=Europe/Berlin:20261203T080000\r\nSUMMARY:ann\r\n")
	              EVENT("UID:1\r\nRECURRENCE-ID;TZID=Europe/Berlin:20261205T080000\r\n"
	                    "DTSTART;TZID=Europe/Berlin:20261205T100000\r\n"
	                    "DTEND;TZID=Europe/Berlin:20261206T080000\r\nSUMMARY:bob\r\n")
	                      EVENT("UID:2\r\nDTSTART:20261220T070000Z\r\n"
	                            "DTEND:20261220T080000Z\r\nSUMMARY:ann & bob\r\n")
	                              EVENT("UID:3\r\nSTATUS:CANCELLED\r\n"
	                                    "DTSTART:20261221T070000Z\r\n"
	                                    "DTEND:20261221T080000Z\r\nSUMMARY:bob\r\n")
	                                      EVENT("UID:4\r\nDTSTART;VALUE=DATE:20261224\r\n"
	                                            "DTEND;VALUE=DATE:20261226\r\n"
	                                            "SUMMARY:bob\r\n") ICS_END);
	assert_int_equal(load(s, "duty: [{id: guard, " ALWAYS ", import: duty.ics}]"), 0);
	expect_on_duty(s, "2026-12-02T12:00:00+01:00", "ann");
	expect_on_duty(s, "2026-12-03T12:00:00+01:00", "cy"); /* left out */
	expect_on_duty(s, "2026-12-05T09:00:00+01:00", "cy"); /* moved */
	expect_on_duty(s, "2026-12-05T10:00:00+01:00", "bob");
	expect_on_duty(s, "2026-12-10T12:00:00+01:00", "ann"); /* the last */
	expect_on_duty(s, "2026-12-11T12:00:00+01:00", "cy");
	expect_on_duty(s, "2026-12-20T08:30:00+01:00", "ann bob");
	expect_on_duty(s, "2026-12-21T08:30:00+01:00", "cy"); /* called off */
	expect_on_duty(s, "2026-12-24T00:00:00+01:00", "bob");
	expect_on_duty(s, "2026-12-25T23:59:59+01:00", "bob");
	expect_on_duty(s, "2026-12-26T00:00:00+01:00", "cy");
}

static void a_bad_calendar_is_refused(void **state)
{
	static const struct {
		const char *ics, *said;
	} rows[] = {
	        {"hello", "duty.ics:1:1: no event (BEGIN:VEVENT) in it"},
	        {ICS_HEAD EVENT("DTSTART:20261201T080000Z\r\nDTEND:20261201T090000Z\r\n"
	                        "SUMMARY:nobody\r\n") ICS_END,
	         "duty.ics:4:1: the event's title (SUMMARY) names no person 'nobody'"},
	        {ICS_HEAD EVENT("DTSTART:20261201T080000Z\r\nDTEND:20261201T070000Z\r\n"
	                        "SUMMARY:ann\r\n") ICS_END,
	         "duty.ics:4:1: this event ends before it starts"},
	        {ICS_HEAD EVENT("SUMMARY:ann\r\n") ICS_END,
	         "duty.ics:4:1: an event without a DTSTART"},
	        {ICS_HEAD EVENT("DTSTART;TZID=Moon/Base:20261201T080000\r\nDURATION:PT1H\r\n"
	                        "SUMMARY:ann\r\n") ICS_END,
	         "duty.ics:4:1: the event's time zone (TZID) is not known"},
	        {ICS_HEAD EVENT("DTSTART:20261201T080000Z\r\nDURATION:PT1H\r\n"
	                        "RRULE:FREQ=SECONDLY\r\nSUMMARY:ann\r\n") ICS_END,
	         "duty.ics:4:1: shifts repeat DAILY, WEEKLY, MONTHLY or YEARLY"},
	        {"BEGIN:A\nBEGIN:A\nBEGIN:A\nBEGIN:A\nBEGIN:A\nBEGIN:A\nBEGIN:A\nBEGIN:A\nBEGIN:"
	         "A\n",
	         "duty.ics:9:1: nested deeper than 8"},
	};
	struct story *s = *state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		given(s, "duty.ics", rows[i].ics);
		assert_int_equal(load(s, "duty: [{id: guard, import: duty.ics}]"), 1);
		expect_said(s, rows[i].said);
		assert_null(s->config);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(a_table_of_the_week),
	        TEST(holidays_have_a_table_of_their_own),
	        TEST(overrides_and_swaps_of_the_file),
	        TEST(an_override_that_ends_in_the_hour_that_comes_twice),
	        TEST(a_post_that_nobody_holds_is_warned_of_where_it_stands),
	        TEST(a_table_that_begins_later_is_one_line),
	        TEST(what_no_policy_names_is_nobodys_gap),
	        TEST(a_roster_as_a_table),
	        TEST(a_bad_table_is_refused_line_by_line),
	        TEST(a_change_of_the_roster_is_another_version),
	        TEST(a_repeating_shift_stays_on_the_clock),
	        TEST(what_is_moved_left_out_or_called_off),
	        TEST(a_bad_calendar_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
