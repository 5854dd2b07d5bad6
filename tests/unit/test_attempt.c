/* One attempt, against servers that misbehave in every way a path can name: each ends, in bounded
 * time, with the right verdict, and goes nowhere it was not told to go. */
/* floors: deliver */
#include "courier_story.h"

#include <curl/curl.h>
#include <fcntl.h>

#include "base/text.h"
#include "deliver/egress.h"

static void every_misbehaviour_ends_in_time_with_its_verdict(void **state)
{
	static const struct {
		const char *path;
		enum verdict verdict;
		int status;
		span_ms retry_after;
		const char *detail;
		bool uses_up_its_time;
	} cases[] = {
	        {"/200", VERDICT_ACCEPTED, 200, 0, "HTTP 200", false},
	        {"/204", VERDICT_ACCEPTED, 204, 0, "HTTP 204", false},
	        {"/interim", VERDICT_ACCEPTED, 200, 0, "HTTP 200", false},
	        {"/redirect", VERDICT_REFUSED, 302, 0, "not followed", false},
	        {"/404", VERDICT_REFUSED, 404, 0, "HTTP 404", false},
	        {"/410", VERDICT_REFUSED, 410, 0, "gone", false},
	        {"/500", VERDICT_RETRY, 500, 0, "HTTP 500", false},
	        {"/429", VERDICT_RETRY, 429, 7000, "HTTP 429", false},
	        {"/close", VERDICT_BROKEN, 0, 0, "closed without an answer", false},
	        {"/reset", VERDICT_BROKEN, 0, 0, "the connection broke", false},
	        {"/cut-header", VERDICT_BROKEN, 0, 0, "conn", false},
	        {"/cut-body", VERDICT_ACCEPTED, 200, 0, "HTTP 200", false},
	        {"/cut-500", VERDICT_RETRY, 500, 0, "HTTP 500", false},
	        {"/only-interim", VERDICT_BROKEN, 0, 0, "conn", false},
	        {"/hang", VERDICT_RETRY, 0, 0, "no answer in time", true},
	        {"/drip-header", VERDICT_RETRY, 0, 0, "no answer in time", true},
	        {"/drip-body", VERDICT_ACCEPTED, 200, 0, "HTTP 200", true},
	        {"/huge", VERDICT_ACCEPTED, 200, 0, "HTTP 200", false},
	        {"/header-flood", VERDICT_RETRY, 0, 0, "an answer without an end", false},
	        {"/garbage", VERDICT_RETRY, 0, 0, "the answer is not HTTP", false},
	};
	struct sender *sender = *state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		span_ms limit = cases[i].uses_up_its_time ? ATTEMPT_SHORT : ATTEMPT_MAX;
		courier_limit_time(sender->courier, ATTEMPT_CONNECT_MAX, limit);
		const struct delivery_result *result = attempt_at(sender, cases[i].path);
		const char *detail = sender->details[sender->count - 1];
		if (result->verdict != cases[i].verdict || result->status != cases[i].status ||
		    result->retry_after != cases[i].retry_after || result->took > SECONDS(10) ||
		    !strstr(detail, cases[i].detail))
			fail_msg("%s: %s, status %d, retry after %lld, took %lld ms: %s",
			         cases[i].path, verdict_name(result->verdict), result->status,
			         (long long)result->retry_after, (long long)result->took, detail);
		assert_null(strstr(detail, cases[i].path)); /* a path can hold a key */
	}
}

static void a_reply_is_kept_within_bounds(void **state)
{
	struct sender *sender = *state;
	const struct delivery_result *result = attempt_at(sender, "/huge");
	assert_int_equal(reply_len, REPLY_MAX);
	assert_in_range(result->took, 0, SECONDS(10)); /* the rest was not waited for */
}

static void a_hanging_server_costs_one_attempt_and_no_more(void **state)
{
	struct sender *sender = *state;
	courier_limit_time(sender->courier, ATTEMPT_CONNECT_MAX, ATTEMPT_SHORT);
	const struct delivery_result *result = attempt_at(sender, "/hang");
	assert_in_range(result->took, ATTEMPT_SHORT - 50, SECONDS(10));
}

static void a_refused_connection_is_broken_at_once(void **state)
{
	struct sender *sender = *state;
	close(listen_on_loopback(1, &sender->port));
	const struct delivery_result *result = attempt_at(sender, "/200");
	assert_int_equal(result->verdict, VERDICT_BROKEN);
	assert_int_equal(result->status, 0);
	assert_string_equal(sender->details[0], "no connection: Connection refused");
}

static void a_host_that_never_answers_is_given_up_after_the_time_to_connect(void **state)
{
	struct sender *sender = *state;
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int full[4], listener = listen_on_loopback(0, &sender->port);
	at.sin_port = htons((uint16_t)sender->port);
	for (int i = 0; i < 4; i++) { /* nobody accepts: the queue is full, further calls unheard */
		full[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		(void)!connect(full[i], (struct sockaddr *)&at, sizeof at);
	}
	courier_limit_time(sender->courier, 300, SECONDS(15));
	const struct delivery_result *result = attempt_at(sender, "/200");
	assert_int_equal(result->verdict, VERDICT_RETRY);
	assert_in_range(result->took, 250, SECONDS(10));
	for (int i = 0; i < 4; i++)
		close(full[i]);
	close(listener);
}

static void tls_is_never_given_up_for_plain_text(void **state)
{
	struct sender *sender = *state;
	snprintf(sender->url, sizeof sender->url, "https://127.0.0.1:%d/garbage", sender->port);
	sender->channel.url = sender->url;
	courier_send(sender->courier, &sender->channel, &sender->desk.letter);
	expect_results(sender, 1);
	assert_int_equal(sender->results[0].verdict, VERDICT_RETRY);
}

/* ---- TLS, against Python's server with a certificate that nobody knows ---- */

struct tls_server {
	pid_t pid;
	int port;
	char folder[32], certificate[64], key[64];
};

static pid_t run(char *const argv[], int out)
{
	pid_t pid = fork_child();
	if (pid != 0)
		return pid;
	int null = open("/dev/null", O_RDWR);
	dup2(null, 0);
	dup2(out < 0 ? null : out, 1);
	dup2(null, 2);
	execvp(argv[0], argv);
	_exit(127);
}

static void tls_open(struct tls_server *tls)
{
	int out[2], status;
	char line[16] = "";
	snprintf(tls->folder, sizeof tls->folder, "/tmp/tocsin-tls-XXXXXX");
	assert_non_null(mkdtemp(tls->folder));
	snprintf(tls->certificate, sizeof tls->certificate, "%s/certificate", tls->folder);
	snprintf(tls->key, sizeof tls->key, "%s/key", tls->folder);
	char *make[] = {"openssl",
	                "req",
	                "-x509",
	                "-newkey",
	                "ec",
	                "-pkeyopt",
	                "ec_paramgen_curve:prime256v1",
	                "-nodes",
	                "-days",
	                "1",
	                "-subj",
	                "/CN=test",
	                "-addext",
	                "subjectAltName=IP:127.0.0.1",
	                "-keyout",
	                tls->key,
	                "-out",
	                tls->certificate,
	                NULL};
	assert_int_equal(waitpid(run(make, -1), &status, 0) < 0, 0);
	assert_int_equal(status, 0);
	static char script[] =
	        "import http.server, ssl, sys\n"
	        "class Answer(http.server.BaseHTTPRequestHandler):\n"
	        "    def do_POST(self):\n"
	        "        self.rfile.read(int(self.headers['Content-Length']))\n"
	        "        self.send_response(200)\n"
	        "        self.end_headers()\n"
	        "server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Answer)\n"
	        "tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)\n"
	        "tls.load_cert_chain(sys.argv[1], sys.argv[2])\n"
	        "server.socket = tls.wrap_socket(server.socket, server_side=True)\n"
	        "print(server.server_port, flush=True)\n"
	        "server.serve_forever()\n";
	char *serve_tls[] = {"python3", "-c", script, tls->certificate, tls->key, NULL};
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	tls->pid = run(serve_tls, out[1]);
	close(out[1]);
	FILE *said = fdopen(out[0], "r");
	assert_non_null(fgets(line, sizeof line, said)); /* to the end of the line */
	fclose(said);
	tls->port = (int)strtol(line, NULL, 10);
	assert_true(tls->port > 0);
}

static void tls_close(struct tls_server *tls)
{
	kill(tls->pid, SIGKILL);
	waitpid(tls->pid, NULL, 0);
	unlink(tls->certificate);
	unlink(tls->key);
	rmdir(tls->folder);
}

static void expect_tls(struct sender *sender, const struct tls_server *tls, const char *host,
                       enum verdict verdict, const char *detail)
{
	uint32_t before = sender->count;
	snprintf(sender->url, sizeof sender->url, "https://%s:%d/", host, tls->port);
	sender->channel.url = sender->url;
	courier_send(sender->courier, &sender->channel, &sender->desk.letter);
	expect_results(sender, before + 1);
	if (sender->results[before].verdict != verdict || !strstr(sender->details[before], detail))
		fail_msg("%s, not %s: %s: %s", host, detail,
		         verdict_name(sender->results[before].verdict), sender->details[before]);
}

static void only_a_certificate_that_is_known_and_names_the_host_is_trusted(void **state)
{
	struct sender *sender = *state;
	struct tls_server tls = {0};
	tls_open(&tls);
	expect_tls(sender, &tls, "127.0.0.1", VERDICT_RETRY, "certificate");
	sender->channel.ca_file = tls.certificate;
	expect_tls(sender, &tls, "localhost", VERDICT_RETRY, "certificate");
	expect_tls(sender, &tls, "127.0.0.1", VERDICT_ACCEPTED, "HTTP 200");
	tls_close(&tls);
}

static void an_unwritable_letter_is_refused_from_the_loop(void **state)
{
	struct sender *sender = *state;
	sender->desk.letter.to = "nobody";
	const struct delivery_result *result = attempt_at(sender, "/200");
	assert_int_equal(result->verdict, VERDICT_REFUSED);
	assert_string_equal(sender->details[0], "nobody is no address");
	courier_send(sender->courier, NULL, &sender->desk.letter);
	expect_results(sender, 2);
	assert_int_equal(sender->results[1].verdict, VERDICT_REFUSED);
}

static void a_result_says_which_attempt_it_is_of(void **state)
{
	struct sender *sender = *state;
	sender->desk.letter.contact = 2;
	sender->desk.letter.attempt = 5;
	sender->desk.letter.unlogged = true;
	const struct delivery_result *result = attempt_at(sender, "/200");
	assert_string_equal(sender->site, "binjiang");
	assert_int_equal(result->notification, 7);
	assert_int_equal(result->contact, 2);
	assert_int_equal(result->attempt, 5);
	assert_true(result->unlogged);
}

static void the_request_is_what_the_channel_wrote(void **state)
{
	struct sender *sender = *state;
	sender->channel.to = "13800138000";
	attempt_at(sender, "/echo");
	const char *seen = text_get(&reply_body);
	assert_non_null(strstr(seen, "\r\nUser-Agent: tocsin/"));
	assert_non_null(strstr(seen, "\r\nContent-Type: application/json\r\n"));
	assert_non_null(strstr(seen, "\r\nX-Token: aX-Evil: b\r\n")); /* no header of its own */
	assert_non_null(strstr(seen, "\r\n\r\n{\"to\":\"13800138000\"}"));
	sender->desk.letter.to = "big";
	attempt_at(sender, "/echo");
	assert_non_null(strstr(text_get(&reply_body), "a large body"));
	assert_null(strstr(text_get(&reply_body), "Expect"));
	sender->desk.letter.to = "13900139000"; /* the contact's own goes first */
	attempt_at(sender, "/echo");
	assert_non_null(strstr(text_get(&reply_body), "{\"to\":\"13900139000\"}"));
}

static void no_proxy_from_the_environment_sees_a_letter(void **state)
{
	struct sender *sender = *state;
	setenv("http_proxy", "http://127.0.0.1:1", 1);
	setenv("all_proxy", "http://127.0.0.1:1", 1);
	assert_int_equal(attempt_at(sender, "/200")->verdict, VERDICT_ACCEPTED);
	unsetenv("http_proxy");
	unsetenv("all_proxy");
}

/* A name server that does not answer holds up its own letter and nothing else: curl asks it in a
 * thread of its own, and is never told to wait for one (CURLOPT_QUICK_EXIT). */
static void names_are_asked_for_beside_the_loop(void **state)
{
	(void)state;
	assert_true(curl_version_info(CURLVERSION_NOW)->features & CURL_VERSION_ASYNCHDNS);
}

/* "127.1" is no address as one writes it: as any name would, it leads to one. Also when a channel
 * that may go there has left a connection open. */
static void a_name_that_leads_inside_is_followed_only_where_that_is_said(void **state)
{
	static const bool listed[] = {false, true, false, true};
	struct sender *sender = *state;
	for (uint32_t i = 0; i < 4; i++) {
		sender->channel.private_net = listed[i];
		snprintf(sender->url, sizeof sender->url, "http://127.1:%d/200", sender->port);
		sender->channel.url = sender->url;
		courier_send(sender->courier, &sender->channel, &sender->desk.letter);
		expect_results(sender, i + 1);
		assert_int_equal(sender->results[i].verdict,
		                 listed[i] ? VERDICT_ACCEPTED : VERDICT_RETRY);
		if (!listed[i])
			assert_non_null(strstr(sender->details[i], "private: true"));
	}
}

static bool is_private(const char *text)
{
	int by_address = text_is_private(text);
	assert_true(by_address >= 0);
	return by_address;
}

static void what_is_private_and_what_is_not(void **state)
{
	(void)state;
	static const char *const inside[] = {
	        "0.0.0.0",
	        "10.255.255.255",
	        "100.64.0.1",
	        "100.127.255.255",
	        "127.0.0.1",
	        "169.254.169.254",
	        "172.16.0.1",
	        "172.31.255.255",
	        "192.168.1.1",
	        "198.18.0.1",
	        "224.0.0.1",
	        "255.255.255.255",
	        "::",
	        "::1",
	        "fe80::1",
	        "fd00::1",
	        "ff02::1",
	        "::ffff:10.0.0.1",
	        "64:ff9b::a00:1",
	        "2002:a00:1::",
	        "2001:db8::1",
	};
	static const char *const outside[] = {
	        "8.8.8.8",          "9.255.255.255",   "11.0.0.0",     "100.63.255.255",
	        "100.128.0.0",      "172.15.0.1",      "172.32.0.0",   "192.167.0.1",
	        "198.17.255.255",   "223.255.255.255", "2400:3200::1", "::ffff:8.8.8.8",
	        "64:ff9b::808:808",
	};
	for (size_t i = 0; i < sizeof inside / sizeof *inside; i++)
		if (!is_private(inside[i]))
			fail_msg("%s is private", inside[i]);
	for (size_t i = 0; i < sizeof outside / sizeof *outside; i++)
		if (is_private(outside[i]))
			fail_msg("%s is public", outside[i]);
	assert_true(url_names_private("http://192.168.1.7:8080/x"));
	assert_true(url_names_private("https://u:p@[fd00::7]:1/"));
	assert_true(url_names_private("http://LocalHost/"));
	assert_true(url_names_private("http://a.localhost:90"));
	assert_false(url_names_private("http://notlocalhost/"));
	assert_false(url_names_private("https://127.0.0.1@example.org/"));
	assert_false(url_names_private("https://example.org/@127.0.0.1"));
	assert_false(url_names_private("http://127.1/"));
	assert_false(url_names_private("http://2130706433/"));
}

static void retry_after_is_seconds_or_a_date(void **state)
{
	(void)state;
	static const struct {
		const char *value;
		span_ms expected;
	} cases[] = {
	        {"7", 7000},
	        {" 120 \r\n", 120000},
	        {"0", 0},
	        {"-5", 0},
	        {"7.5", 0},
	        {"soon", 0},
	        {"", 0},
	        {"86401", RETRY_AFTER_MAX},
	        {"99999999999999999999999999", RETRY_AFTER_MAX},
	        {"Sun, 22 Nov 2026 00:01:00 GMT", 60000},
	        {"Sat, 21 Nov 2026 23:59:00 GMT", 0},
	        {"Sun, 22 Nov 2099 00:01:00 GMT", RETRY_AFTER_MAX},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_int_equal(retry_after_parse(cases[i].value, EIGHT), cases[i].expected);
}

static void a_date_to_wait_for_counts_from_the_letters_now(void **state)
{
	struct sender *sender = *state;
	const struct delivery_result *result = attempt_at(sender, "/503");
	assert_int_equal(result->verdict, VERDICT_RETRY);
	assert_in_range(result->retry_after, 59655 - 2000, 59655); /* less what it took */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        COURIER_TEST(every_misbehaviour_ends_in_time_with_its_verdict),
	        COURIER_TEST(a_reply_is_kept_within_bounds),
	        COURIER_TEST(a_hanging_server_costs_one_attempt_and_no_more),
	        COURIER_TEST(a_refused_connection_is_broken_at_once),
	        COURIER_TEST(a_host_that_never_answers_is_given_up_after_the_time_to_connect),
	        COURIER_TEST(tls_is_never_given_up_for_plain_text),
	        COURIER_TEST(only_a_certificate_that_is_known_and_names_the_host_is_trusted),
	        COURIER_TEST(an_unwritable_letter_is_refused_from_the_loop),
	        COURIER_TEST(a_result_says_which_attempt_it_is_of),
	        COURIER_TEST(the_request_is_what_the_channel_wrote),
	        COURIER_TEST(no_proxy_from_the_environment_sees_a_letter),
	        COURIER_TEST(a_date_to_wait_for_counts_from_the_letters_now),
	        COURIER_TEST(a_name_that_leads_inside_is_followed_only_where_that_is_said),
	        cmocka_unit_test(names_are_asked_for_beside_the_loop),
	        cmocka_unit_test(what_is_private_and_what_is_not),
	        cmocka_unit_test(retry_after_is_seconds_or_a_date),
	};
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
