/* floors: review */
/* The commands that read the store themselves, on a real one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <signal.h>

#include "base/json.h"
#include "review/command/command.h"
#include "store_story.h"

#define WORDS_MAX 16

struct printed {
	int code;
	char *out, *err;
};

static const char *language = "en"; /* of who reads */

static int run(struct story *s, const char *line, FILE *out, FILE *err)
{
	char *words[WORDS_MAX], *copy = mem_copy(line), *rest = copy, *word;
	int count = 0, code;
	struct invocation invocation;
	struct site_def *sites[] = {s->def};
	const struct command_context ctx = {.config_path = "tocsin.yaml",
	                                    .store_path = s->path,
	                                    .api = "http://127.0.0.1:1",
	                                    .sites = sites,
	                                    .site_count = 1,
	                                    .now = s->now.wall,
	                                    .language = language,
	                                    .out = out,
	                                    .err = err};
	while ((word = strsep(&rest, " ")) && count < WORDS_MAX)
		words[count++] = word;
	if (command_parse(count, words, &invocation, out, err, &code))
		code = command_run(&ctx, &invocation);
	free(copy);
	return code;
}

static struct printed typed(struct story *s, const char *line)
{
	struct printed printed = {0};
	size_t out_len, err_len;
	FILE *out = open_memstream(&printed.out, &out_len);
	FILE *err = open_memstream(&printed.err, &err_len);
	printed.code = run(s, line, out, err);
	fclose(out);
	fclose(err);
	return printed;
}

static void forget(struct printed *printed)
{
	free(printed->out);
	free(printed->err);
}

static void expect_words(struct story *s, const char *line, int code, const char *const *words)
{
	struct printed p = typed(s, line);
	if (p.code != code)
		fail_msg("'%s' ended with %d: %s%s", line, p.code, p.out, p.err);
	const char *at = p.code ? p.err : p.out;
	for (; *words; words++) { /* in this order */
		const char *found = strstr(at, *words);
		if (!found)
			fail_msg("'%s' should go on with '%s': %s", line, *words, at);
		at = found;
	}
	assert_null(strstr(p.out, "\033"));
	forget(&p);
}
#define EXPECT(s, line, code, ...)                                                                 \
	expect_words(s, line, code, (const char *const[]){__VA_ARGS__, NULL})

static void expect_none_of(struct story *s, const char *line, const char *const *words)
{
	struct printed p = typed(s, line);
	for (; *words; words++)
		if (strstr(p.out, *words))
			fail_msg("'%s' should not say '%s': %s", line, *words, p.out);
	forget(&p);
}
#define EXPECT_NONE(s, line, ...) expect_none_of(s, line, (const char *const[]){__VA_ARGS__, NULL})

static cJSON *typed_json(struct story *s, const char *line)
{
	struct printed p = typed(s, line);
	struct problem why = {0};
	cJSON *out = NULL;
	assert_int_equal(p.code, EXIT_DONE);
	assert_string_equal(p.err, "");
	if (json_parse(p.out, strlen(p.out), &out, &why) < 0)
		fail_msg("'%s': %s: %s", line, why.text, p.out);
	forget(&p);
	return out;
}

static void given_a_fire(struct story *s)
{
	apply(s, (struct event){.type = EVENT_SERVICE, .service = {.type = SERVICE_STARTED}});
	given_signal(s, "smoke-301", KIND_SMOKE, true);
	commit(s);
	pass(s, SECONDS(30));
	site_tick(s->site, s->now, &s->plan);
	commit(s);
}

static void quiet_is_told_kindly(void **state)
{
	struct story *s = *state;
	apply(s, (struct event){.type = EVENT_SERVICE, .service = {.type = SERVICE_STARTED}});
	commit(s);
	EXPECT(s, "tocsin incidents", 0, "No incidents: all is quiet.");
	EXPECT(s, "tocsin incidents --state open", 0, "No incident fits that.");
	EXPECT(s, "tocsin deliveries", 0, "Nobody was told of anything.");
	EXPECT(s, "tocsin log --device sos", 0, "The record has nothing that fits.");
	EXPECT(s, "tocsin devices", 0, "smoke-301", "never heard", "sos", "never heard");
	EXPECT(s, "tocsin show 1", 1, "no incident has the number 1");
	EXPECT(s, "tocsin show x-1", 1, "no incident 'x-1'");
}

static void a_fire_is_listed_and_told(void **state)
{
	struct story *s = *state;
	given_a_fire(s);
	EXPECT(s, "tocsin incidents", 0, "INCIDENT", "binjiang-2026-000001", "major", "Fire",
	       "宿舍三层", "open", "30 s ago");
	EXPECT(s, "tocsin show 000001", 0, "major, Fire, 宿舍三层", "owner         nobody",
	       "+0:00         smoke-301 (烟感 301): smoke, active", "+0:00         opened",
	       "+0:00         step 1: 李老师", "+0:30         step 2: 赵老师",
	       "tocsin ack binjiang-2026-000001 --by PERSON");
	given_operation(s, (struct operation){.type = OPERATION_ACK,
	                                      .by = "li",
	                                      .incident = "binjiang-2026-000001",
	                                      .note = "on my way"});
	commit(s);
	EXPECT(s, "tocsin show 1", 0, "acknowledged", "李老师 (li)", "li): \"on my way\"",
	       "acknowledged by 李老师 (li); to be resolved within 15 min");
	EXPECT(s, "tocsin incidents --state resolved", 0, "No incident fits that.");
	EXPECT(s, "tocsin incidents --kind panic", 0, "No incident fits that.");
	EXPECT(s, "tocsin incidents --since 10s", 0, "No incident fits that.");
	EXPECT(s, "tocsin incidents --since 2026-11-22T08:00", 0, "binjiang-2026-000001");
	EXPECT(s, "tocsin deliveries --incident 1", 0, "李老师", "phone");
	EXPECT(s, "tocsin devices", 0, "smoke-301", "smoke");
}

/* The first contact of whoever is told has it. */
static void given_it_is_accepted(struct story *s)
{
	apply(s, (struct event){.type = EVENT_DELIVERY,
	                        .delivery = {.notification = s->site->notifications[0]->number,
	                                     .attempt = 1,
	                                     .verdict = VERDICT_ACCEPTED,
	                                     .status = 200,
	                                     .sent = true}});
	commit(s);
}

static void a_trouble_says_what_it_is_about(void **state)
{
	struct story *s = *state;
	static const char *const commands[] = {
	        "tocsin show 1", "tocsin incidents", "tocsin report 1 --lang en",
	        "tocsin report 1 --lang en --format cap", "tocsin report shift --lang en"};
	apply(s, (struct event){.type = EVENT_SERVICE, .service = {.type = SERVICE_STARTED}});
	apply(s, (struct event){.type = EVENT_TROUBLE,
	                        .trouble = {.subject = "channel:phone",
	                                    .active = true,
	                                    .detail = "HTTP 500"}});
	commit(s);
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
		EXPECT(s, commands[i], 0, "Trouble: nothing gets through the channel phone");
	EXPECT(s, "tocsin report day --lang en", 0, "\">nothing gets through the channel phone<");
	EXPECT(s, "tocsin log", 0, "Trouble, 宿舍, nothing gets through the channel phone");
	language = "zh-CN";
	EXPECT(s, "tocsin show 1", 0, "提示, 故障：通知渠道失效：phone");
}

/* Whoever was named has not answered yet. */
static void an_open_incident_may_have_an_owner(void **state)
{
	struct story *s = *state;
	given_a_fire(s);
	EXPECT(s, "tocsin show 1", 0, "Nobody has it. To take charge: tocsin ack");
	given_operation(s, (struct operation){.type = OPERATION_ASSIGN,
	                                      .by = "li",
	                                      .to = "zhao",
	                                      .incident = "binjiang-2026-000001"});
	commit(s);
	EXPECT(s, "tocsin show 1", 0, "赵老师 (zhao)",
	       "It is not acknowledged. To take charge: tocsin ack");
	EXPECT_NONE(s, "tocsin show 1", "Nobody has it");
}

static void a_spare_contact_is_not_needed_once_one_has_it(void **state)
{
	struct story *s = *state;
	apply(s, (struct event){.type = EVENT_SERVICE, .service = {.type = SERVICE_STARTED}});
	given_signal(s, "smoke-301", KIND_SMOKE, true);
	commit(s);
	EXPECT(s, "tocsin deliveries", 0, "backup", "waits its turn");
	given_it_is_accepted(s);
	EXPECT(s, "tocsin deliveries", 0, "phone", "received", "backup", "not needed");
	EXPECT(s, "tocsin report 1 --lang en", 0, "backup", "not needed");
	EXPECT(s, "tocsin deliveries --json", 0, "\"delivery\":\"waiting\"");
	language = "zh-CN";
	EXPECT(s, "tocsin deliveries", 0, "phone", "已送达", "backup", "未需要");
	EXPECT_NONE(s, "tocsin deliveries", "accepted", "waiting");
}

static void that_it_was_told_is_no_update(void **state)
{
	struct story *s = *state;
	given_a_fire(s);
	given_it_is_accepted(s);
	EXPECT(s, "tocsin report 1 --format cap", 0,
	       "<identifier>binjiang-2026-000001</identifier>",
	       "<sent>2026-11-22T08:00:00+08:00</sent>", "<msgType>Alert</msgType>");
	EXPECT_NONE(s, "tocsin report 1 --format cap", "<references>");
	given_operation(s, (struct operation){.type = OPERATION_ACK,
	                                      .by = "li",
	                                      .incident = "binjiang-2026-000001"});
	commit(s);
	EXPECT(s, "tocsin report 1 --format cap", 0, "<identifier>binjiang-2026-000001:1",
	       "<sent>2026-11-22T08:00:30+08:00</sent>", "<msgType>Update</msgType>",
	       "<references>tocsin:binjiang,binjiang-2026-000001,2026-11-22T08:00:00+08:00<");
}

/* ---- reports of a time ---- */

static void given_a_leak(struct story *s, enum outcome outcome)
{
	given_operation(s, (struct operation){.type = OPERATION_REPORT,
	                                      .by = "li",
	                                      .zone = "dorm",
	                                      .kind = INCIDENT_WATER,
	                                      .severity = SEVERITY_NONE});
	struct incident *leak = s->site->incidents[s->site->incident_count - 1];
	given_operation(s, (struct operation){.type = OPERATION_RESOLVE,
	                                      .by = "li",
	                                      .incident = leak->id,
	                                      .outcome = outcome});
	commit(s);
}

static void a_rate_of_nothing_is_none(void **state)
{
	struct story *s = *state;
	given_a_fire(s);
	EXPECT(s, "tocsin report day --lang en", 0, "false alarm rate, %</dt><dd>—</dd>");
	given_a_leak(s, OUTCOME_FALSE_ALARM);
	given_a_leak(s, OUTCOME_REAL);
	given_a_leak(s, OUTCOME_FALSE_ALARM);
	EXPECT(s, "tocsin report day --lang en", 0, "false alarm rate, %</dt><dd>67</dd>");
	EXPECT(s, "tocsin report day --json", 0, "\"false_alarm_percent\":67");
}

/* Each has its own people, zones and clocks, and the service its own start at each. */
static void a_report_of_a_time_is_of_one_site(void **state)
{
	struct story *s = *state;
	struct site *first = s->site;
	struct site_def *second = school("xinhua");
	given_a_fire(s);
	EXPECT(s, "tocsin report day --json", 0, "\"starts\":1");
	s->site = site_create(second);
	assert_int_equal(store_load_site(s->store, s->site, NULL), 0);
	given_a_fire(s);
	site_destroy(s->site);
	s->site = first;
	EXPECT(s, "tocsin report day", 2, "several sites: name one with --site (binjiang, xinhua)");
	EXPECT(s, "tocsin report day --json --site xinhua", 0, "\"site\":\"xinhua\"",
	       "\"starts\":1");
	EXPECT_NONE(s, "tocsin report day --json --site xinhua", "binjiang");
	site_def_destroy(second);
}

/* ---- what stands ---- */

static void a_drill_over_several_zones_names_them_all(void **state)
{
	struct story *s = *state;
	static const char *const zones[] = {"dorm-3f", "dorm"};
	given_operation(s, (struct operation){.type = OPERATION_DRILL,
	                                      .by = "li",
	                                      .zones = zones,
	                                      .zone_count = 2,
	                                      .kinds = 1u << INCIDENT_FIRE,
	                                      .span = MINUTES(30)});
	commit(s);
	EXPECT(s, "tocsin drills", 0,
	       "binjiang-drill-1  active  since 2026-11-22 08:00:00  zones dorm-3f, dorm  "
	       "kinds Fire  by li  until 2026-11-22 08:30:00\n");
	EXPECT(s, "tocsin log", 0, "DRILL begins, 宿舍三层, 宿舍, until");
	language = "zh-CN";
	EXPECT(s, "tocsin drills", 0,
	       "binjiang-drill-1  进行中  起始 2026-11-22 08:00:00  区域 dorm-3f、dorm  "
	       "类型 火警  操作人 li  至 2026-11-22 08:30:00\n");
}

static void who_was_heard_and_is_unknown_is_told_in_both_languages(void **state)
{
	struct story *s = *state;
	EXPECT(s, "tocsin devices --unknown", 0, "Nobody was heard who is not configured.");
	apply(s, (struct event){.type = EVENT_STRANGER,
	                        .stranger = {.address = "0x1",
	                                     .profile = "x",
	                                     .introduces = true,
	                                     .kind = KIND_SMOKE,
	                                     .line = "- id: a"}});
	commit(s);
	EXPECT(s, "tocsin devices --unknown", 0, "# 0x1: x, smoke, 2026-", "- id: a");
	language = "zh-CN";
	EXPECT(s, "tocsin devices --unknown", 0, "# 0x1：x，烟雾，2026-", "- id: a");
}

static void the_help_names_the_kinds_that_are_taken(void **state)
{
	struct story *s = *state;
	const char *const kinds = "fire, gas, panic, water, intrusion, tamper, trouble, other";
	EXPECT(s, "tocsin incidents --help", 0, "--kind KIND", kinds);
	EXPECT(s, "tocsin incidents --kind smoke", 2, kinds);
}

static void json_stands_alone_and_is_whole(void **state)
{
	struct story *s = *state;
	given_a_fire(s);
	static const char *const lists[] = {"tocsin incidents --json", "tocsin deliveries --json",
	                                    "tocsin devices --json", "tocsin duty --json"};
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
		cJSON *list = typed_json(s, lists[i]);
		assert_true(cJSON_IsArray(json_get(list, "items")));
		cJSON_Delete(list);
	}
	cJSON *shown = typed_json(s, "tocsin show 1 --json");
	assert_string_equal(json_string(shown, "id"), "binjiang-2026-000001");
	assert_true(cJSON_GetArraySize(json_get(shown, "timeline")) >= 4);
	cJSON_Delete(shown);
}

/* A number alone never picks one of two, and never a resolved one for an operation. */
static void a_number_must_fit_one(void **state)
{
	struct story *s = *state;
	given_a_fire(s);
	given_operation(s, (struct operation){.type = OPERATION_RESOLVE,
	                                      .by = "li",
	                                      .incident = "binjiang-2026-000001",
	                                      .outcome = OUTCOME_TEST});
	commit(s);
	EXPECT(s, "tocsin show 1", 0, "resolved, test");
	EXPECT(s, "tocsin ack 1 --by li", 1, "no open incident has the number 1");
	EXPECT(s, "tocsin ack 7 --by li", 1, "no open incident has the number 7");
}

static void a_number_that_fits_two_sites_is_asked_back(void **state)
{
	struct story *s = *state;
	struct site *first = s->site;
	struct site_def *second = school("xinhua");
	given_a_fire(s);
	s->site = site_create(second);
	assert_int_equal(store_load_site(s->store, s->site, NULL), 0);
	given_a_fire(s);
	site_destroy(s->site);
	s->site = first;
	EXPECT(s, "tocsin show 1", 1, "fits several", "write the whole id");
	EXPECT(s, "tocsin ack 1 --by li", 1, "binjiang-2026-000001");
	EXPECT(s, "tocsin ack 1 --by li", 1, "xinhua-2026-000001");
	site_def_destroy(second);
}

static void the_record_is_printed_oldest_first(void **state)
{
	struct story *s = *state;
	given_a_fire(s);
	struct printed p = typed(s, "tocsin log --json");
	char *rest = p.out, *line;
	int64_t seq, last = 0;
	while ((line = strsep(&rest, "\n")) && *line) {
		cJSON *row = NULL;
		assert_int_equal(json_parse(line, strlen(line), &row, NULL), 0);
		assert_true(json_int(row, "seq", &seq));
		assert_int_equal(seq, ++last);
		assert_int_equal(strlen(json_string(row, "hash")), 64);
		assert_non_null(json_get(row, "data"));
		cJSON_Delete(row);
	}
	assert_int_equal(last, store_head(s->store, s->site->store_id).seq);
	forget(&p);
	EXPECT(s, "tocsin log --type incident.*", 0, "opened: major, Fire");
	EXPECT(s, "tocsin log --since nonsense", 2, "is no time");
}

static void a_missing_record_is_named(void **state)
{
	struct story *s = *state;
	close_all(s);
	unlink(s->path);
	EXPECT(s, "tocsin incidents", 1, "cannot read the record", "when the daemon first starts");
	EXPECT(s, "tocsin ack x-1 --by li", 1, "no token to ask the daemon with");
	must_open(s);
}

/* ---- following ---- */

struct follower {
	struct story *story;
	FILE *out;
	int code;
	pthread_t thread;
};

static void *follow(void *ctx)
{
	struct follower *f = ctx;
	f->code = run(f->story, "tocsin log --json --follow --type signal", f->out, stderr);
	return NULL;
}

/* What is committed while somebody follows is printed, once; the end comes by itself when the
 * reader goes. */
static void following_prints_what_is_committed(void **state)
{
	struct story *s = *state;
	struct follower f = {.story = s};
	int ends[2];
	char line[1024];
	signal(SIGPIPE, SIG_IGN);
	given_a_fire(s);
	assert_int_equal(pipe(ends), 0);
	f.out = fdopen(ends[1], "w");
	FILE *in = fdopen(ends[0], "r");
	pthread_create(&f.thread, NULL, follow, &f);
	assert_non_null(fgets(line, sizeof line, in));
	assert_non_null(strstr(line, "\"smoke-301\""));
	for (int i = 0; i < 3; i++) {
		static const char *const devices[] = {"smoke-302", "sos", "sos"};
		given_signal(s, devices[i], i ? KIND_PANIC : KIND_SMOKE, true);
		commit(s);
		assert_non_null(fgets(line, sizeof line, in));
		assert_non_null(strstr(line, devices[i]));
	}
	fclose(in);
	pthread_join(f.thread, NULL);
	assert_int_equal(f.code, EXIT_DONE);
	fclose(f.out);
}

static int begin(void **state)
{
	language = "en";
	return story_begin(state);
}

int main(void)
{
#define STORY_TEST(name) cmocka_unit_test_setup_teardown(name, begin, story_end)
	const struct CMUnitTest tests[] = {
	        STORY_TEST(quiet_is_told_kindly),
	        STORY_TEST(a_fire_is_listed_and_told),
	        STORY_TEST(a_trouble_says_what_it_is_about),
	        STORY_TEST(an_open_incident_may_have_an_owner),
	        STORY_TEST(a_spare_contact_is_not_needed_once_one_has_it),
	        STORY_TEST(that_it_was_told_is_no_update),
	        STORY_TEST(a_rate_of_nothing_is_none),
	        STORY_TEST(a_report_of_a_time_is_of_one_site),
	        STORY_TEST(a_drill_over_several_zones_names_them_all),
	        STORY_TEST(who_was_heard_and_is_unknown_is_told_in_both_languages),
	        STORY_TEST(the_help_names_the_kinds_that_are_taken),
	        STORY_TEST(json_stands_alone_and_is_whole),
	        STORY_TEST(a_number_must_fit_one),
	        STORY_TEST(a_number_that_fits_two_sites_is_asked_back),
	        STORY_TEST(the_record_is_printed_oldest_first),
	        STORY_TEST(a_missing_record_is_named),
	        STORY_TEST(following_prints_what_is_committed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
