/* floors: review */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/calendar.h"
#include "review/command/client.h"
#include "review/command/command.h"
#include "review/command/inside.h"
#include "review/command/speak.h"
#include "review/command/timeline.h"

#define WORDS_MAX 16

/* ---- a person types ---- */

struct typed {
	struct invocation line;
	bool runs;
	int code;
	char *out, *err;
	size_t out_len, err_len;
	char *words[WORDS_MAX + 1];
	int count;
};

/* Words are split at blanks. */
static void type(struct typed *t, const char *line)
{
	*t = (struct typed){0};
	FILE *out = open_memstream(&t->out, &t->out_len);
	FILE *err = open_memstream(&t->err, &t->err_len);
	while (*line && t->count < WORDS_MAX) {
		size_t len = strcspn(line, " ");
		t->words[t->count++] = strndup(line, len);
		line += len + strspn(line + len, " ");
	}
	t->runs = command_parse(t->count, t->words, &t->line, out, err, &t->code);
	fclose(out);
	fclose(err);
}

static void forget(struct typed *t)
{
	for (int i = 0; i < t->count; i++)
		free(t->words[i]);
	free(t->out);
	free(t->err);
}

static void expect_usage(const char *line, const char *hint)
{
	struct typed t;
	type(&t, line);
	assert_false(t.runs);
	assert_int_equal(t.code, EXIT_USAGE);
	assert_string_equal(t.out, "");
	if (!strstr(t.err, hint))
		fail_msg("'%s' should hint '%s', says: %s", line, hint, t.err);
	forget(&t);
}

static void options_may_stand_anywhere(void **state)
{
	(void)state;
	static const char *const lines[] = {
	        "tocsin --config a.yaml ack x-1 --by li",
	        "tocsin ack x-1 --config a.yaml --by li",
	        "tocsin ack --by li x-1 --config=a.yaml",
	        "tocsin --by=li --config=a.yaml ack x-1",
	        "tocsin --config a.yaml --by li -- ack x-1",
	};
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		struct typed t;
		type(&t, lines[i]);
		assert_true(t.runs);
		assert_string_equal(t.line.command->name, "ack");
		assert_string_equal(t.line.options[OPTION_CONFIG], "a.yaml");
		assert_string_equal(t.line.options[OPTION_BY], "li");
		assert_int_equal(t.line.argument_count, 1);
		assert_string_equal(t.line.arguments[0], "x-1");
		forget(&t);
	}
}

static void what_is_wrong_is_said_with_a_hint(void **state)
{
	(void)state;
	expect_usage("tocsin", "usage: tocsin COMMAND");
	expect_usage("tocsin akc 1", "did you mean 'ack'");
	expect_usage("tocsin incident", "did you mean 'incidents'");
	expect_usage("tocsin dance", "unknown command 'dance'; tocsin --help lists them");
	expect_usage("tocsin help dance", "unknown command 'dance'");
	expect_usage("tocsin ack 1", "'ack' needs --by PERSON");
	expect_usage("tocsin ack --by li", "'ack' needs ID");
	expect_usage("tocsin ack 1 2 --by li", "does not take '2'");
	expect_usage("tocsin ack 1 --bi li", "did you mean --by?");
	expect_usage("tocsin ack 1 --by", "--by needs a value: --by PERSON");
	expect_usage("tocsin ack 1 --by --note x", "--by needs a value");
	expect_usage("tocsin ack 1 --by=", "--by is empty");
	expect_usage("tocsin ack 1 --by li --outcome real", "'ack' takes no --outcome");
	expect_usage("tocsin ack 1 --by li --json=yes", "--json takes no value");
	expect_usage("tocsin ack 1 -x", "unknown option '-x'");
	expect_usage("tocsin resolve 1 --by li", "real, false_alarm, test, drill, unknown");
	expect_usage("tocsin who --kind smoke", "'who' needs --zone ZONE");
	expect_usage("tocsin ack \xff --by li", "not valid UTF-8");
	expect_usage("tocsin ack 1 2 3 4 5 6 --by li", "too many arguments");
}

/* Features that are not there are not promised. */
static void what_does_not_exist_is_unknown(void **state)
{
	(void)state;
	static const char *const lines[] = {"tocsin forget 1", "tocsin nonsense", "tocsin sqlite"};
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		expect_usage(lines[i], "unknown command");
}

static void expect_help(const char *line, const char *words)
{
	struct typed t;
	type(&t, line);
	assert_false(t.runs);
	assert_int_equal(t.code, EXIT_DONE);
	assert_string_equal(t.err, "");
	if (!strstr(t.out, words))
		fail_msg("'%s' should say '%s', says: %s", line, words, t.out);
	forget(&t);
}

static void help_teaches_every_command(void **state)
{
	(void)state;
	expect_help("tocsin --version", "tocsin " TOCSIN_VERSION "\n");
	expect_help("tocsin ack --version", "tocsin " TOCSIN_VERSION "\n");
	for (uint32_t i = 0; i < command_count; i++) {
		char line[64], example[64];
		snprintf(example, sizeof example, "\n  tocsin %s", commands[i].name);
		expect_help("tocsin --help", commands[i].summary);
		expect_help("tocsin help", commands[i].name);
		snprintf(line, sizeof line, "tocsin help %s", commands[i].name);
		expect_help(line, example);
		snprintf(line, sizeof line, "tocsin %s --help", commands[i].name);
		expect_help(line, example);
		snprintf(line, sizeof line, "tocsin -h %s", commands[i].name);
		expect_help(line, example);
	}
}

/* The table agrees with itself: what is needed is taken, examples can be typed. */
static void every_example_can_be_typed(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < command_count; i++) {
		const char *at = commands[i].examples;
		assert_int_equal(commands[i].needs & ~commands[i].takes, 0);
		while (*at) {
			char line[256], quoted = 0;
			size_t len = 0;
			len += (size_t)snprintf(line, sizeof line, "tocsin ");
			/* as a shell would: quotes keep blanks, a pipe ends the line */
			for (; *at && *at != '\n' && *at != '|'; at++) {
				if (*at == '"')
					quoted = !quoted;
				else
					line[len++] = quoted && *at == ' ' ? '_' : *at;
			}
			line[len] = '\0';
			at += strcspn(at, "\n");
			at += *at == '\n';
			struct typed t;
			type(&t, line);
			if (!t.runs)
				fail_msg("'%s': %s", line, t.err);
			forget(&t);
		}
	}
}

/* ---- how it speaks ---- */

static void expect_ago(const char *language, span_ms span, const char *words)
{
	struct text out = {0};
	text_add_ago(&out, language, DAYS(20000) - span, DAYS(20000));
	assert_string_equal(text_get(&out), words);
	text_finish(&out);
}

static void times_are_told_as_people_do(void **state)
{
	(void)state;
	expect_ago("en", 0, "just now");
	expect_ago("en", SECONDS(4), "just now");
	expect_ago("en", SECONDS(5), "5 s ago");
	expect_ago("en", SECONDS(59), "59 s ago");
	expect_ago("en", MINUTES(3) + 59999, "3 min ago");
	expect_ago("en", HOURS(23), "23 h ago");
	expect_ago("en", DAYS(8), "8 d ago");
	expect_ago("en", -MINUTES(2), "in 2 min");
	expect_ago("zh-CN", MINUTES(3), "3 分钟前");
	expect_ago("zh-CN", 0, "刚刚");
	expect_ago("zh-CN", -HOURS(2), "2 小时后");
}

static void elapsed_time_counts_from_the_opening(void **state)
{
	(void)state;
	static const struct {
		span_ms span;
		const char *words;
	} cases[] = {
	        {0, "+0:00"},
	        {-5, "+0:00"},
	        {999, "+0:00"},
	        {SECONDS(30), "+0:30"},
	        {MINUTES(61) + SECONDS(3), "+1:01:03"},
	        {DAYS(2) + HOURS(3), "+2d 03:00:00"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct text out = {0};
		text_add_elapsed(&out, cases[i].span);
		assert_string_equal(text_get(&out), cases[i].words);
		text_finish(&out);
	}
}

static void tables_stay_aligned_with_chinese(void **state)
{
	(void)state;
	const char *headings[] = {"ZONE", "STATE"};
	const struct command_context ctx = {.language = "en"};
	struct text out = {0};
	struct table table;
	table_begin(&table, 2, headings);
	table_cell(&table, TONE_PLAIN, "宿舍三层");
	table_cell(&table, TONE_BAD, "open");
	table_cell(&table, TONE_PLAIN, "gate");
	table_cellf(&table, TONE_PLAIN, "%d", 7);
	assert_int_equal(table_rows(&table), 2);
	table_write(&table, &ctx, &out);
	assert_string_equal(text_get(&out), "ZONE      STATE\n"
	                                    "宿舍三层  open\n"
	                                    "gate      7\n");
	text_finish(&out);
	table_finish(&table);
}

static void colour_is_only_where_it_is_wanted(void **state)
{
	(void)state;
	const struct command_context plain = {.language = "en"};
	const struct command_context coloured = {.language = "en", .colour = true};
	struct text out = {0};
	text_add_toned(&out, &plain, TONE_WORST, "x");
	assert_string_equal(text_get(&out), "x");
	text_add_toned(&out, &coloured, TONE_WORST, "x");
	assert_string_equal(text_get(&out), "x\033[1;31mx\033[0m");
	text_finish(&out);
}

/* A device's name must not be able to clear the screen or rewrite the line. */
static void strangers_cannot_drive_the_terminal(void **state)
{
	(void)state;
	static const char *const hostile[] = {"a\033[2Jb",
	                                      "a\xc2\x9b"
	                                      "2Jb",
	                                      "a\xe2\x80\xae"
	                                      "b",
	                                      "a\rb",
	                                      "a\x7f",
	                                      "a\xff"};
	for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
		struct text out = {0};
		text_add_safe(&out, hostile[i]);
		assert_true(text_is_utf8(text_get(&out), out.len));
		assert_null(strpbrk(text_get(&out), "\033\r\x7f"));
		assert_null(strstr(text_get(&out), "\xc2\x9b"));
		assert_null(strstr(text_get(&out), "\xe2\x80\xae"));
		assert_non_null(strchr(text_get(&out), '\\'));
		text_finish(&out);
	}
	struct text out = {0};
	text_add_safe(&out, "宿舍\n三层");
	assert_string_equal(text_get(&out), "宿舍 三层");
	text_finish(&out);
}

static void expect_url(const char *host, int port, const char *url)
{
	struct text out = {0};
	command_write_base_url(&out, host, port);
	assert_string_equal(text_get(&out), url);
	text_finish(&out);
}

static void the_daemon_is_found_where_it_listens(void **state)
{
	(void)state;
	expect_url("127.0.0.1", 8080, "http://127.0.0.1:8080");
	expect_url("0.0.0.0", 80, "http://127.0.0.1:80");
	expect_url("::", 80, "http://[::1]:80");
	expect_url("::1", 80, "http://[::1]:80");
	expect_url("[::1]", 80, "http://[::1]:80");
	expect_url("fe80::1", 80, "http://[fe80::1]:80");
}

/* ---- what a row means ---- */

static void expect_sentence(const struct ledger_row *row, const char *language, const char *words,
                            bool news)
{
	const struct command_context ctx = {.language = language};
	struct text out = {0};
	enum tone tone;
	assert_int_equal(timeline_sentence(&ctx, row, &out, &tone), news);
	assert_string_equal(text_get(&out), words);
	text_finish(&out);
}

static void rows_are_told_as_sentences(void **state)
{
	(void)state;
	expect_sentence(
	        &(struct ledger_row){.type = "step",
	                             .data = "{\"step\":2,\"round\":1,\"reason\":\"escalated\","
	                                     "\"late_ms\":0,\"to\":[{\"kind\":\"person\","
	                                     "\"id\":\"li\"},{\"id\":\"zhao\"}]}"},
	        "en", "step 2: li, zhao", true);
	expect_sentence(&(struct ledger_row){.type = "delivery",
	                                     .data = "{\"to\":\"qian\",\"channel\":\"phone\","
	                                             "\"attempt\":1,\"result\":\"accepted\","
	                                             "\"status\":200,\"took_ms\":12}"},
	                "en", "told qian (phone, accepted in 12 ms)", true);
	expect_sentence(&(struct ledger_row){.type = "delivery",
	                                     .data = "{\"to\":\"qian\",\"channel\":\"phone\","
	                                             "\"attempt\":3,\"result\":\"refused\","
	                                             "\"status\":410,\"detail\":\"gone\"}"},
	                "en", "NOT told: qian (phone, refused, attempt 3) (HTTP 410): gone", true);
	expect_sentence(&(struct ledger_row){.type = "gap",
	                                     .data = "{\"step\":1,\"why\":\"nobody to tell\"}"},
	                "zh-CN", "缺口（第 1 步）：无人可通知", true);
	expect_sentence(
	        &(struct ledger_row){.type = "incident.resolved",
	                             .by = "li",
	                             .data = "{\"outcome\":\"false_alarm\",\"note\":\"steam\"}"},
	        "en", "resolved by li: false alarm: \"steam\"", true);
	expect_sentence(&(struct ledger_row){.type = "notification",
	                                     .data = "{\"reason\":\"opened\",\"to\":{\"id\":\"li\"}"
	                                             ",\"channels\":[\"phone\",\"backup\"]}"},
	                "en", "telling li by phone, backup: opened", false);
	expect_sentence(&(struct ledger_row){.type = "operator",
	                                     .by = "li",
	                                     .data = "{\"action\":\"ack\"}"},
	                "en", "li: ack", false);
	expect_sentence(&(struct ledger_row){.type = "operator",
	                                     .by = "li",
	                                     .data = "{\"action\":\"ack\",\"note\":\"coming\"}"},
	                "en", "li: \"coming\"", true);
	expect_sentence(&(struct ledger_row){.type = "service.started", .data = "{\"a\":1}"}, "en",
	                "service.started {\"a\":1}", true);
}

/* ---- the daemon answers ---- */

struct fake_daemon {
	int listener, port;
	const char *answer;
	char request[4096];
	pthread_t thread;
};

static void *answer_once(void *ctx)
{
	struct fake_daemon *daemon = ctx;
	int fd = accept(daemon->listener, NULL, NULL);
	size_t len = 0;
	while (len < sizeof daemon->request - 1) {
		ssize_t n = read(fd, daemon->request + len, sizeof daemon->request - 1 - len);
		if (n <= 0)
			break;
		len += (size_t)n;
		const char *body = strstr(daemon->request, "\r\n\r\n");
		if (body && body[strlen(body) - 1] == '}')
			break;
	}
	dprintf(fd, "%s", daemon->answer);
	close(fd);
	return NULL;
}

static void daemon_answers(struct fake_daemon *daemon, const char *answer)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof at;
	*daemon = (struct fake_daemon){.answer = answer};
	daemon->listener = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(daemon->listener, (struct sockaddr *)&at, len), 0);
	assert_int_equal(listen(daemon->listener, 1), 0);
	assert_int_equal(getsockname(daemon->listener, (struct sockaddr *)&at, &len), 0);
	daemon->port = ntohs(at.sin_port);
	if (answer)
		pthread_create(&daemon->thread, NULL, answer_once, daemon);
}

struct answer {
	int code;
	char *out, *err;
};

#define SECRET "5ecret-token"

static struct answer ask(int port, const char *line)
{
	struct answer answer = {0};
	size_t out_len, err_len;
	char api[64];
	struct typed t;
	snprintf(api, sizeof api, "http://127.0.0.1:%d", port);
	FILE *out = open_memstream(&answer.out, &out_len);
	FILE *err = open_memstream(&answer.err, &err_len);
	const struct command_context ctx = {.config_path = "tocsin.yaml",
	                                    .api = api,
	                                    .token = SECRET,
	                                    .language = "en",
	                                    .out = out,
	                                    .err = err};
	type(&t, line);
	assert_true(t.runs);
	answer.code = command_run(&ctx, &t.line);
	forget(&t);
	fclose(out);
	fclose(err);
	assert_null(strstr(answer.out, SECRET));
	assert_null(strstr(answer.err, SECRET));
	return answer;
}

static void expect_answer(const char *reply, const char *line, int code, const char *out,
                          const char *err, const char *request)
{
	struct fake_daemon daemon;
	daemon_answers(&daemon, reply);
	struct answer answer = ask(daemon.port, line);
	pthread_join(daemon.thread, NULL);
	close(daemon.listener);
	assert_int_equal(answer.code, code);
	assert_string_equal(answer.out, out);
	assert_string_equal(answer.err, err);
	if (!strstr(daemon.request, request))
		fail_msg("no '%s' in the request: %s", request, daemon.request);
	assert_non_null(strstr(daemon.request, "Authorization: Bearer " SECRET "\r\n"));
	free(answer.out);
	free(answer.err);
}

#define OK_INCIDENT                                                                                \
	"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n"           \
	"{\"id\":\"x-2026-000001\",\"site\":\"x\",\"kind\":\"fire\",\"state\":\"acknowledged\","   \
	"\"owner\":\"li\",\"zone\":{\"name\":\"Gate\"}}"

static void acting_asks_the_daemon(void **state)
{
	(void)state;
	expect_answer(OK_INCIDENT, "tocsin ack x-2026-000001 --by li --note here", EXIT_DONE,
	              "x-2026-000001: Fire, Gate: acknowledged, in the hands of li\n", "",
	              "{\"by\":\"li\",\"note\":\"here\"}");
	expect_answer(OK_INCIDENT, "tocsin ack 滨江-2026-000001 --by li --json", EXIT_DONE,
	              "{\"id\":\"x-2026-000001\",\"site\":\"x\",\"kind\":\"fire\","
	              "\"state\":\"acknowledged\",\"owner\":\"li\",\"zone\":{\"name\":\"Gate\"}}\n",
	              "", "POST /api/v1/incidents/%E6%BB%A8%E6%B1%9F-2026-000001/ack ");
	expect_answer(OK_INCIDENT, "tocsin resolve x-2026-000001 --by li --outcome real", EXIT_DONE,
	              "x-2026-000001: Fire, Gate: acknowledged, in the hands of li\n", "",
	              "{\"by\":\"li\",\"outcome\":\"real\"}");
	expect_answer(OK_INCIDENT, "tocsin note x-2026-000001 found --by li", EXIT_DONE,
	              "x-2026-000001: Fire, Gate: acknowledged, in the hands of li\n", "",
	              "{\"by\":\"li\",\"note\":\"found\"}");
	expect_answer("HTTP/1.1 409 Conflict\r\nContent-Type: application/problem+json\r\n"
	              "Connection: close\r\n\r\n"
	              "{\"title\":\"Conflict\",\"detail\":\"it is already resolved\"}",
	              "tocsin ack x-2026-000001 --by li", EXIT_FAILED, "",
	              "tocsin: it is already resolved\n", "POST ");
	expect_answer("HTTP/1.1 502 Bad Gateway\r\nConnection: close\r\n\r\n<html>",
	              "tocsin ack x-2026-000001 --by li", EXIT_FAILED, "",
	              "tocsin: the daemon answered with HTTP status 502\n", "POST ");
	/* a token is for the daemon alone: no redirect takes it elsewhere */
	expect_answer("HTTP/1.1 307 Moved\r\nLocation: http://127.0.0.1:1/\r\nConnection: close\r\n"
	              "\r\n",
	              "tocsin ack x-2026-000001 --by li", EXIT_FAILED, "",
	              "tocsin: the daemon answered with HTTP status 307\n", "POST ");
}

static void a_daemon_that_is_down_is_named(void **state)
{
	(void)state;
	struct fake_daemon daemon;
	daemon_answers(&daemon, NULL);
	close(daemon.listener); /* the port was free a moment ago */
	struct answer answer = ask(daemon.port, "tocsin ack x-2026-000001 --by li");
	assert_int_equal(answer.code, EXIT_FAILED);
	assert_string_equal(answer.out, "");
	assert_non_null(strstr(answer.err, "the daemon does not answer at http://127.0.0.1:"));
	assert_non_null(strstr(answer.err, "Connection refused"));
	assert_non_null(strstr(answer.err, "tocsind --config tocsin.yaml"));
	free(answer.out);
	free(answer.err);
}

/* An environment's proxy must never see the token. */
static void no_proxy_is_asked(void **state)
{
	(void)state;
	setenv("http_proxy", "http://127.0.0.1:1", 1);
	setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
	expect_answer(OK_INCIDENT, "tocsin ack x-2026-000001 --by li", EXIT_DONE,
	              "x-2026-000001: Fire, Gate: acknowledged, in the hands of li\n", "",
	              "POST /api/v1/incidents/x-2026-000001/ack ");
	unsetenv("http_proxy");
	unsetenv("ALL_PROXY");
}

static void wrong_values_are_refused_before_anybody_is_asked(void **state)
{
	(void)state;
	static const struct {
		const char *line, *hint;
	} cases[] = {
	        {"tocsin resolve x --by li --outcome maybe",
	         "real, false_alarm, test, drill, unknown"},
	        {"tocsin incidents --state open,shut", "open, acknowledged, resolved"},
	        {"tocsin incidents --kind smoke", "fire, gas, panic"},
	        {"tocsin incidents --limit 0", "from 1 to 1000"},
	        {"tocsin incidents --limit ten", "from 1 to 1000"},
	        {"tocsin incidents --since yesterday", "is no time"},
	        {"tocsin log --follow --until 1h", "--follow goes on for ever"},
	        {"tocsin test li", "person:ID"},
	        {"tocsin note x --by li", "needs the text"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct answer answer = ask(1, cases[i].line);
		assert_int_equal(answer.code, EXIT_USAGE);
		assert_string_equal(answer.out, "");
		if (!strstr(answer.err, cases[i].hint))
			fail_msg("'%s': %s", cases[i].line, answer.err);
		free(answer.out);
		free(answer.err);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(options_may_stand_anywhere),
	        cmocka_unit_test(what_is_wrong_is_said_with_a_hint),
	        cmocka_unit_test(what_does_not_exist_is_unknown),
	        cmocka_unit_test(help_teaches_every_command),
	        cmocka_unit_test(every_example_can_be_typed),
	        cmocka_unit_test(times_are_told_as_people_do),
	        cmocka_unit_test(elapsed_time_counts_from_the_opening),
	        cmocka_unit_test(tables_stay_aligned_with_chinese),
	        cmocka_unit_test(colour_is_only_where_it_is_wanted),
	        cmocka_unit_test(strangers_cannot_drive_the_terminal),
	        cmocka_unit_test(the_daemon_is_found_where_it_listens),
	        cmocka_unit_test(rows_are_told_as_sentences),
	        cmocka_unit_test(acting_asks_the_daemon),
	        cmocka_unit_test(a_daemon_that_is_down_is_named),
	        cmocka_unit_test(no_proxy_is_asked),
	        cmocka_unit_test(wrong_values_are_refused_before_anybody_is_asked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
