/* The courier against servers that misbehave in every way a path can name: each attempt ends, in
 * bounded time, with the right verdict. */
/* floors: deliver */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <poll.h>

#include <arpa/inet.h>
#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "deliver/courier.h"
#include "deliver/egress.h"
#include "letter_fixture.h"

#define ATTEMPT_SHORT 500 /* ms, for those that use up their time */
#define TOO_LONG 30000    /* ms: a test that waits longer has failed */

/* ---- the server: one process a connection, the path says how it behaves ---- */

static void say(int fd, const char *text)
{
	size_t len = strlen(text);
	while (len) {
		ssize_t n = send(fd, text, len, MSG_NOSIGNAL);
		if (n <= 0)
			_exit(0);
		text += n;
		len -= (size_t)n;
	}
}

static void wait_for_end(int fd)
{
	char rest[256];
	while (recv(fd, rest, sizeof rest, 0) > 0)
		;
	_exit(0);
}

/* Reads one request whole; returns false when the client has gone. */
static bool read_request(int fd, char *at, size_t cap)
{
	size_t len = 0;
	for (;;) {
		ssize_t n = recv(fd, at + len, cap - 1 - len, 0);
		if (n <= 0)
			return false;
		len += (size_t)n;
		at[len] = '\0';
		const char *end = strstr(at, "\r\n\r\n");
		const char *length = strcasestr(at, "\r\nContent-Length: ");
		if (end &&
		    (size_t)(at + len - (end + 4)) >= (length ? strtoul(length + 18, NULL, 10) : 0))
			return true;
	}
}

static void answer(int fd, const char *status, const char *headers, const char *body)
{
	char head[1024];
	snprintf(head, sizeof head, "HTTP/1.1 %s\r\n%sContent-Length: %zu\r\n\r\n", status, headers,
	         strlen(body));
	say(fd, head);
	say(fd, body);
}

static void reset(int fd)
{
	struct linger now = {1, 0};
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
	close(fd);
	_exit(0);
}

static void drip(int fd, const char *head)
{
	say(fd, head);
	for (;;) {
		say(fd, "x");
		usleep(20000); /* how this server behaves, nothing that a test waits for */
	}
}

static void flood(int fd, const char *head, const char *what)
{
	say(fd, head);
	for (;;)
		say(fd, what);
}

#define OK_HEAD "HTTP/1.1 200 OK\r\n"
#define BIG_BODY OK_HEAD "Content-Length: 100000000000\r\n\r\n"

static void behave(int fd, const char *request, int nth)
{
	char path[64] = "", number[16];
	sscanf(request, "%*s %63s", path);
	snprintf(number, sizeof number, "%d", nth);
	if (!strcmp(path, "/200"))
		answer(fd, "200 OK", "", "ok");
	else if (!strcmp(path, "/echo"))
		answer(fd, "200 OK", "", request);
	else if (!strcmp(path, "/nth"))
		answer(fd, "200 OK", "", number);
	else if (!strcmp(path, "/shut-out"))
		answer(fd, "200 OK", "", "{\"errcode\":130101}");
	else if (!strcmp(path, "/204"))
		say(fd, "HTTP/1.1 204 No Content\r\n\r\n");
	else if (!strcmp(path, "/interim"))
		say(fd, "HTTP/1.1 100 Continue\r\n\r\n" OK_HEAD "Content-Length: 0\r\n\r\n");
	else if (!strcmp(path, "/redirect"))
		answer(fd, "302 Found", "Location: /200\r\n", "");
	else if (!strcmp(path, "/404"))
		answer(fd, "404 Not Found", "", "");
	else if (!strcmp(path, "/410"))
		answer(fd, "410 Gone", "", "");
	else if (!strcmp(path, "/500"))
		answer(fd, "500 Internal Server Error", "", "");
	else if (!strcmp(path, "/429"))
		answer(fd, "429 Too Many Requests", "Retry-After: 7\r\n", "");
	else if (!strcmp(path, "/503"))
		answer(fd, "503 Service Unavailable",
		       "retry-after:Sun, 22 Nov 2026 00:01:12 GMT\r\n", "");
	else if (!strcmp(path, "/close"))
		_exit(0);
	else if (!strcmp(path, "/reset"))
		reset(fd);
	else if (!strcmp(path, "/cut-header"))
		say(fd, OK_HEAD "Content-Le"), _exit(0);
	else if (!strcmp(path, "/cut-body"))
		say(fd, OK_HEAD "Content-Length: 100\r\n\r\nhalf"), _exit(0);
	else if (!strcmp(path, "/cut-500"))
		say(fd, "HTTP/1.1 500 No\r\nContent-Length: 100\r\n\r\nhalf"), _exit(0);
	else if (!strcmp(path, "/only-interim"))
		say(fd, "HTTP/1.1 100 Continue\r\n\r\n"), _exit(0);
	else if (!strcmp(path, "/drip-header"))
		drip(fd, OK_HEAD "X: ");
	else if (!strcmp(path, "/drip-body"))
		drip(fd, BIG_BODY);
	else if (!strcmp(path, "/huge"))
		flood(fd, BIG_BODY, "0123456789012345678901234567890123456789");
	else if (!strcmp(path, "/header-flood"))
		flood(fd, OK_HEAD, "X-Noise: 0123456789012345678901234567890123456789\r\n");
	else if (!strcmp(path, "/garbage"))
		say(fd, "\1\2\3 what is HTTP?\r\n\r\n"), _exit(0);
	else if (!strcmp(path, "/close-after"))
		answer(fd, "200 OK", "", ""), _exit(0);
	else
		wait_for_end(fd); /* "/hang" */
}

static int listen_on_loopback(int backlog, int *port)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof at;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
	assert_int_equal(listen(fd, backlog), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	*port = ntohs(at.sin_port);
	return fd;
}

/* A process that ends with the one that started it, also if that has ended already. */
static pid_t fork_child(void)
{
	pid_t parent = getpid(), pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(0);
	}
	return pid;
}

static pid_t serve(int listener)
{
	pid_t pid = fork_child();
	if (pid != 0)
		return pid;
	signal(SIGCHLD, SIG_IGN);
	for (;;) {
		int fd = accept(listener, NULL, NULL);
		if (fd < 0 || fork_child() != 0) {
			close(fd);
			continue;
		}
		int at_once = 1; /* the second half of an answer waits for no acknowledgement */
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof at_once);
		static char request[4 << 20];
		for (int nth = 1; read_request(fd, request, sizeof request); nth++)
			behave(fd, request, nth);
		_exit(0);
	}
}

/* ---- who sends ---- */

#define RESULTS_MAX 600

struct sender {
	uv_loop_t loop;
	uv_timer_t limit;
	struct courier *courier;
	struct desk desk;
	struct channel channel;
	char url[128];
	int port;
	pid_t server;
	struct delivery_result results[RESULTS_MAX];
	char details[RESULTS_MAX][160];
	char site[ID_MAX];
	uint32_t count;
	uint32_t then_send; /* more letters, from within the result */
};

static struct text reply_body; /* what the test's own channel was given */
static size_t reply_len;
static uint32_t first_replies; /* of connections, that /nth tells of */

static int build(const struct channel *channel, const struct letter *letter,
                 struct request *request, struct problem *why)
{
	if (letter->to && strcmp(letter->to, "nobody") == 0)
		return problem_set(why, -EINVAL, "nobody is no address");
	text_add(&request->url, channel->url);
	text_addf(&request->body, "{\"to\":\"%s\"}", letter->to ? letter->to : "");
	while (letter->to && strcmp(letter->to, "big") == 0 && request->body.len < 2 << 20)
		text_add(&request->body, "a large body, which curl would ask leave for.....");
	request_header(request, "Content-Type", "application/json");
	request_header(request, "X-Token", "%s", "a\r\nX-Evil: b");
	return 0;
}

static void judge(const struct reply *reply, struct judgement *judgement)
{
	text_reset(&reply_body);
	text_add(&reply_body, reply->body);
	reply_len = reply_body.len;
	first_replies += strcmp(reply->body, "1") == 0;
	judge_by_status(reply, judgement);
	if (strstr(reply->body, "130101"))
		*judgement = (struct judgement){
		        .verdict = VERDICT_RETRY, .retry_after = MINUTES(10), .shut_out = true};
}

static const struct channel_type test_channel = {.name = "test", .build = build, .judge = judge};

static void send_to(struct sender *sender, const char *path)
{
	snprintf(sender->url, sizeof sender->url, "http://127.0.0.1:%d%s", sender->port, path);
	sender->channel.url = sender->url;
	courier_send(sender->courier, &sender->channel, &sender->desk.letter);
}

static void on_result(void *ctx, const char *site_id, const struct delivery_result *result)
{
	struct sender *sender = ctx;
	uint32_t i = sender->count++;
	assert_true(i < RESULTS_MAX);
	sender->results[i] = *result;
	snprintf(sender->site, sizeof sender->site, "%s", site_id ? site_id : "");
	snprintf(sender->details[i], sizeof sender->details[i], "%s", result->detail);
	uv_stop(&sender->loop);
	if (sender->then_send) {
		sender->then_send--;
		send_to(sender, "/200");
	}
}

static void on_limit(uv_timer_t *timer)
{
	struct sender *sender = timer->data;
	fail_msg("%s: no result within %d ms", sender->url, TOO_LONG);
}

static int open_sender(void **state)
{
	struct sender *sender = calloc(1, sizeof *sender);
	int listener = listen_on_loopback(1024, &sender->port);
	sender->server = serve(listener);
	close(listener);
	desk_init(&sender->desk);
	sender->channel = (struct channel){.id = "test", .type = &test_channel};
	uv_loop_init(&sender->loop);
	uv_timer_init(&sender->loop, &sender->limit);
	sender->limit.data = sender;
	assert_int_equal(courier_open(&sender->loop, on_result, sender, &sender->courier, NULL), 0);
	*state = sender;
	return 0;
}

static int close_sender(void **state)
{
	struct sender *sender = *state;
	courier_close(sender->courier);
	uv_close((uv_handle_t *)&sender->limit, NULL);
	uv_run(&sender->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&sender->loop), 0);
	kill(sender->server, SIGKILL);
	waitpid(sender->server, NULL, 0);
	desk_finish(&sender->desk);
	text_finish(&reply_body);
	free(sender);
	return 0;
}

/* Runs the loop until so many results are there. */
static void expect_results(struct sender *sender, uint32_t count)
{
	uv_update_time(&sender->loop);
	uv_timer_start(&sender->limit, on_limit, TOO_LONG, 0);
	while (sender->count < count)
		uv_run(&sender->loop, UV_RUN_DEFAULT); /* each result stops it */
	uv_timer_stop(&sender->limit);
}

static const struct delivery_result *attempt_at(struct sender *sender, const char *path)
{
	uint32_t before = sender->count;
	send_to(sender, path);
	assert_int_equal(sender->count, before); /* never from within courier_send */
	assert_int_equal(courier_in_flight(sender->courier), 1);
	expect_results(sender, before + 1);
	assert_int_equal(courier_in_flight(sender->courier), 0);
	return &sender->results[before];
}

/* ---- */

static int request_on(int fd)
{
	static char request[64 * 1024];
	struct pollfd wait = {.fd = fd, .events = POLLIN};
	return poll(&wait, 1, 2000) == 1 && read_request(fd, request, sizeof request);
}

static void answer_on(int fd)
{
	static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
	assert_int_equal(write(fd, answer, sizeof answer - 1), sizeof answer - 1);
}

static void a_hurried_letter_leaves_before_the_loop_runs(void **state)
{
	struct sender *sender = *state;
	int listener = listen_on_loopback(4, &sender->port);
	struct pollfd door = {.fd = listener, .events = POLLIN};
	send_to(sender, "/200");
	while (poll(&door, 1, 1) == 0)
		uv_run(&sender->loop, UV_RUN_NOWAIT);
	int fd = accept(listener, NULL, NULL);
	uv_run(&sender->loop, UV_RUN_NOWAIT);
	assert_true(request_on(fd));
	answer_on(fd);
	expect_results(sender, 1);

	send_to(sender, "/200"); /* the connection is there */
	courier_hurry(sender->courier);
	assert_true(request_on(fd));
	assert_int_equal(sender->count, 1); /* nobody was called back */
	answer_on(fd);
	expect_results(sender, 2);
	close(fd);
	close(listener);
}

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

static void the_channel_may_go_while_its_letter_is_under_way(void **state)
{
	struct sender *sender = *state;
	send_to(sender, "/200");
	memset(&sender->channel, 0xA5, sizeof sender->channel);
	memset(sender->url, 'x', sizeof sender->url - 1);
	expect_results(sender, 1);
	assert_int_equal(sender->results[0].verdict, VERDICT_ACCEPTED);
}

static void connections_are_kept_and_a_dead_one_costs_nothing(void **state)
{
	struct sender *sender = *state;
	attempt_at(sender, "/nth");
	attempt_at(sender, "/nth");
	assert_string_equal(text_get(&reply_body), "2");
	for (int i = 0; i < 4; i++)
		if (attempt_at(sender, "/close-after")->verdict != VERDICT_ACCEPTED)
			fail_msg("%d: %s", i, sender->details[sender->count - 1]);
}

/* However many hang beside it. */
static void a_connection_is_kept_beside_many_that_hang(void **state)
{
	struct sender *sender = *state;
	for (int i = 0; i < 90; i++)
		send_to(sender, "/hang");
	for (int i = 0; i < 3; i++) {
		send_to(sender, "/nth");
		expect_results(sender, sender->count + 1);
	}
	assert_string_equal(text_get(&reply_body), "3");
}

/* Of a letter that is under way: until its answer is there, which nobody has read yet. */
static void wait_for_answer(uv_handle_t *handle, void *ctx)
{
	struct sender *sender = ctx;
	struct pollfd at = {.events = POLLIN};
	int tries = TOO_LONG / 50;
	if (handle->type != UV_POLL || !uv_is_active(handle))
		return;
	assert_int_equal(uv_fileno(handle, &at.fd), 0);
	while (poll(&at, 1, 50) == 0) {
		assert_true(tries-- > 0);
		courier_hurry(sender->courier); /* its connection did not stand yet */
	}
}

/* The loop may be busy with other things for longer than an answer takes. */
static void run_busily(struct sender *sender)
{
	courier_hurry(sender->courier);
	uv_walk(&sender->loop, wait_for_answer, sender);
	uv_run(&sender->loop, UV_RUN_NOWAIT);
}

static void letters_that_leave_as_they_are_answered_share_connections_and_turns(void **state)
{
	struct sender *sender = *state;
	sender->desk.notification.urgent = false; /* of which few leave at once */
	first_replies = 0;
	for (int i = 0; i < 500; i++)
		send_to(sender, "/nth");
	uint32_t told = 0;
	int64_t began = clock_stopwatch_ns();
	while (sender->count < 500) {
		uint32_t before = sender->count;
		run_busily(sender);
		told += sender->count > before;
	}
	int64_t took = (clock_stopwatch_ns() - began) / 1000000;
	assert_in_range(told, 1, 2 + took / 100); /* however slow the machine */
	assert_in_range(first_replies, 1, 64);
}

static bool was_refused(const struct sender *sender)
{
	for (uint32_t i = 0; i < sender->count; i++)
		if (sender->results[i].verdict == VERDICT_REFUSED)
			return true;
	return false;
}

/* Upon it somebody else is told. */
static void a_refusal_waits_for_no_others(void **state)
{
	struct sender *sender = *state;
	sender->desk.notification.urgent = false;
	send_to(sender, "/404");
	for (int i = 0; i < 500; i++)
		send_to(sender, "/nth");
	while (!was_refused(sender))
		run_busily(sender);
	assert_in_range(sender->count, 1, 64); /* of the first that left at once */
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

static void a_result_may_send_again(void **state)
{
	struct sender *sender = *state;
	sender->then_send = 3;
	send_to(sender, "/500");
	expect_results(sender, 4);
	assert_int_equal(sender->results[3].verdict, VERDICT_ACCEPTED);
}

static void an_urgent_letter_never_waits_behind_others(void **state)
{
	struct sender *sender = *state;
	sender->desk.notification.urgent = false;
	for (int i = 0; i < IN_FLIGHT_MAX + 20; i++)
		send_to(sender, "/hang");
	sender->desk.notification.urgent = true;
	sender->desk.notification.number = 99;
	send_to(sender, "/200");
	assert_int_equal(courier_in_flight(sender->courier), IN_FLIGHT_MAX + 21);
	expect_results(sender, 1);
	assert_int_equal(sender->results[0].notification, 99);
	assert_int_equal(sender->results[0].verdict, VERDICT_ACCEPTED);
	/* Those that waited get their turn, too: the server dies and all of them break. */
	kill(sender->server, SIGKILL);
	expect_results(sender, IN_FLIGHT_MAX + 21);
	for (uint32_t i = 1; i < sender->count; i++)
		assert_int_equal(sender->results[i].verdict, VERDICT_BROKEN);
}

/* Who waits outside for a sign of life would take us for dead. */
static void a_sign_of_life_waits_behind_no_letters(void **state)
{
	struct sender *sender = *state;
	char url[128];
	sender->desk.notification.urgent = false;
	for (int i = 0; i < IN_FLIGHT_MAX + 20; i++)
		send_to(sender, "/hang");
	snprintf(url, sizeof url, "http://127.0.0.1:%d/200", sender->port);
	courier_ping(sender->courier, url, NULL, false, sender->desk.letter.now);
	expect_results(sender, 1);
	assert_string_equal(sender->site, "");
	assert_int_equal(sender->results[0].verdict, VERDICT_ACCEPTED);
}

static bool fifty_is_over(void *ctx, const char *site_id, uint64_t notification)
{
	(void)ctx;
	assert_string_equal(site_id, "binjiang");
	return notification == 50;
}

/* However much is overtaken while receivers hang, nothing of it goes on waiting. */
static void what_is_overtaken_waits_no_longer(void **state)
{
	struct sender *sender = *state;
	sender->desk.notification.urgent = false;
	sender->desk.notification.number = 50;
	for (int i = 0; i < IN_FLIGHT_MAX + 20; i++)
		send_to(sender, "/hang");
	sender->desk.notification.number = 51;
	send_to(sender, "/200");
	courier_drop_overtaken(sender->courier, fifty_is_over);
	expect_results(sender, 20); /* of those that had not left yet; all come at once */
	uint32_t dropped = sender->count;
	for (uint32_t i = 0; i < dropped; i++) {
		assert_int_equal(sender->results[i].notification, 50);
		assert_int_equal(sender->results[i].verdict, VERDICT_RETRY);
		assert_true(sender->results[i].held);
	}
	/* What was under way is left alone, and what still waits has its turn. */
	assert_in_range(dropped, 20, IN_FLIGHT_MAX + 19);
	assert_int_equal(courier_in_flight(sender->courier), IN_FLIGHT_MAX + 21 - dropped);
	courier_drop_overtaken(sender->courier, fifty_is_over);
	assert_int_equal(courier_in_flight(sender->courier), IN_FLIGHT_MAX + 21 - dropped);
	kill(sender->server, SIGKILL);
	expect_results(sender, IN_FLIGHT_MAX + 21);
	for (uint32_t i = dropped; i < sender->count; i++)
		assert_int_equal(sender->results[i].verdict, VERDICT_BROKEN);
}

static void what_is_over_the_limit_waits_and_the_first_word_does_not(void **state)
{
	struct sender *sender = *state;
	sender->channel.rate[0] = (struct rate_limit){.count = 3, .per = MINUTES(1), .reserve = 1};
	sender->desk.notification.reason = REASON_REPEATED;
	sender->desk.incident.kind = INCIDENT_WATER;
	assert_int_equal(attempt_at(sender, "/200")->verdict, VERDICT_ACCEPTED);
	const struct delivery_result *held = attempt_at(sender, "/200");
	assert_int_equal(held->verdict, VERDICT_RETRY);
	assert_true(held->held);
	assert_in_range(held->retry_after, 1, MINUTES(1));
	assert_int_equal(held->status, 0);
	sender->desk.incident.kind = INCIDENT_FIRE;
	assert_int_equal(attempt_at(sender, "/200")->verdict, VERDICT_ACCEPTED);
	assert_true(attempt_at(sender, "/200")->held);
	sender->desk.notification.reason = REASON_OPENED;
	for (int i = 0; i < 5; i++)
		assert_int_equal(attempt_at(sender, "/200")->verdict, VERDICT_ACCEPTED);
}

static void who_has_shut_us_out_is_not_asked_again(void **state)
{
	struct sender *sender = *state;
	const struct delivery_result *said = attempt_at(sender, "/shut-out");
	assert_int_equal(said->verdict, VERDICT_RETRY);
	assert_false(said->held);
	sender->desk.notification.number = 8;
	const struct delivery_result *held = attempt_at(sender, "/200");
	assert_true(held->held);
	assert_in_range(held->retry_after, SECONDS(599), SECONDS(630)); /* and what it took */
	/* Nobody else is. */
	sender->channel.id = "other";
	assert_int_equal(attempt_at(sender, "/200")->verdict, VERDICT_ACCEPTED);
	sender->channel.id = "test";
	desk_pass(&sender->desk, SECONDS(631));
	assert_int_equal(attempt_at(sender, "/200")->verdict, VERDICT_ACCEPTED);
}

static void a_busy_service_gets_first_words_only(void **state)
{
	struct sender *sender = *state;
	assert_int_equal(attempt_at(sender, "/429")->retry_after, SECONDS(7));
	assert_int_equal(attempt_at(sender, "/200")->verdict, VERDICT_ACCEPTED);
	sender->desk.notification.reason = REASON_REPEATED;
	assert_true(attempt_at(sender, "/200")->held);
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

static void many_at_once_all_arrive(void **state)
{
	struct sender *sender = *state;
	for (int i = 0; i < 200; i++)
		send_to(sender, "/200");
	expect_results(sender, 200);
	for (uint32_t i = 0; i < 200; i++)
		assert_int_equal(sender->results[i].verdict, VERDICT_ACCEPTED);
}

static void closing_drops_what_is_under_way(void **state)
{
	struct sender *sender = *state;
	sender->desk.notification.urgent = false;
	for (int i = 0; i < IN_FLIGHT_MAX + 5; i++)
		send_to(sender, "/hang");
	for (int i = 0; i < 10; i++)
		uv_run(&sender->loop, UV_RUN_NOWAIT);
	courier_close(sender->courier);
	sender->courier = NULL;
	uv_run(&sender->loop, UV_RUN_DEFAULT); /* ends: no handle is left alive */
	assert_int_equal(sender->count, 0);
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_sender, close_sender)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(a_hurried_letter_leaves_before_the_loop_runs),
	        TEST(every_misbehaviour_ends_in_time_with_its_verdict),
	        TEST(a_reply_is_kept_within_bounds),
	        TEST(a_hanging_server_costs_one_attempt_and_no_more),
	        TEST(a_refused_connection_is_broken_at_once),
	        TEST(a_host_that_never_answers_is_given_up_after_the_time_to_connect),
	        TEST(tls_is_never_given_up_for_plain_text),
	        TEST(only_a_certificate_that_is_known_and_names_the_host_is_trusted),
	        TEST(an_unwritable_letter_is_refused_from_the_loop),
	        TEST(a_result_says_which_attempt_it_is_of),
	        TEST(the_request_is_what_the_channel_wrote),
	        TEST(the_channel_may_go_while_its_letter_is_under_way),
	        TEST(connections_are_kept_and_a_dead_one_costs_nothing),
	        TEST(a_connection_is_kept_beside_many_that_hang),
	        TEST(letters_that_leave_as_they_are_answered_share_connections_and_turns),
	        TEST(a_refusal_waits_for_no_others),
	        TEST(no_proxy_from_the_environment_sees_a_letter),
	        TEST(a_result_may_send_again),
	        TEST(an_urgent_letter_never_waits_behind_others),
	        TEST(a_sign_of_life_waits_behind_no_letters),
	        TEST(what_is_overtaken_waits_no_longer),
	        TEST(what_is_over_the_limit_waits_and_the_first_word_does_not),
	        TEST(who_has_shut_us_out_is_not_asked_again),
	        TEST(a_busy_service_gets_first_words_only),
	        TEST(many_at_once_all_arrive),
	        TEST(closing_drops_what_is_under_way),
	        TEST(a_date_to_wait_for_counts_from_the_letters_now),
	        TEST(a_name_that_leads_inside_is_followed_only_where_that_is_said),
	        cmocka_unit_test(names_are_asked_for_beside_the_loop),
	        cmocka_unit_test(what_is_private_and_what_is_not),
	        cmocka_unit_test(retry_after_is_seconds_or_a_date),
	};
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
