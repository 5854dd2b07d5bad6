#include "deliver/attempt.h"

#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "deliver/courier.h"
#include "deliver/egress.h"
#include "deliver/parts.h"

struct attempt *attempt_create(const struct channel *channel, const struct letter *letter)
{
	struct attempt *attempt = NEW(struct attempt);
	struct problem why = {0};
	struct letter addressed = *letter;
	attempt->site_id = mem_copy(letter->again ? NULL : letter->site_id);
	attempt->notification = letter->notification->number;
	attempt->contact = letter->contact;
	attempt->number = letter->attempt;
	attempt->urgent = letter->notification->urgent;
	attempt->unlogged = letter->unlogged;
	attempt->at = letter->now;
	attempt->weight = letter_weight(letter);
	attempt->stopwatch = clock_stopwatch_ns();
	if (!channel) {
		attempt->judged = true;
		judge(&attempt->judgement, VERDICT_REFUSED, "the channel is not configured");
		return attempt;
	}
	attempt->type = channel->type;
	attempt->channel = mem_copy(channel->id);
	attempt->ca_file = mem_copy(channel->ca_file);
	if (!addressed.to)
		addressed.to = channel->to;
	attempt->to = mem_copy(addressed.to);
	if (channel->type->build(channel, &addressed, &attempt->request, &why) < 0) {
		attempt->judged = true;
		judge(&attempt->judgement, VERDICT_REFUSED, "%s", why.text);
	}
	attempt->private_net = channel->private_net ||
	                       url_names_private(text_get(&attempt->request.url));
	return attempt;
}

static const struct channel_type ping = {.name = "ping", .judge = judge_by_status};

struct attempt *attempt_create_ping(const char *url, const char *ca_file, bool private_net,
                                    struct moment now)
{
	struct attempt *attempt = NEW(struct attempt);
	attempt->type = &ping;
	attempt->ca_file = mem_copy(ca_file);
	attempt->at = now;
	attempt->stopwatch = clock_stopwatch_ns();
	attempt->private_net = private_net || url_names_private(url);
	attempt->request.method = "GET";
	text_add(&attempt->request.url, url);
	return attempt;
}

void attempt_hold(struct attempt *attempt, span_ms wait, bool shut_out)
{
	attempt->judged = attempt->held = true;
	judge(&attempt->judgement, VERDICT_RETRY, "%s",
	      shut_out ? "not sent: the service takes nothing from this channel at present"
	               : "not sent: the channel has reached its limit");
	attempt->judgement.retry_after = wait;
}

void attempt_overtake(struct attempt *attempt)
{
	attempt->judged = attempt->held = true;
	judge(&attempt->judgement, VERDICT_RETRY, "not sent: overtaken by what came later");
}

void attempt_destroy(struct attempt *attempt)
{
	if (!attempt)
		return;
	request_finish(&attempt->request);
	curl_slist_free_all(attempt->headers);
	text_finish(&attempt->body);
	free(attempt->site_id);
	free(attempt->ca_file);
	free(attempt->channel);
	free(attempt->to);
	free(attempt);
}

/* ---- what comes back ---- */

static span_ms took(const struct attempt *attempt)
{
	int64_t ended = attempt->ended ? attempt->ended : clock_stopwatch_ns();
	return (ended - attempt->stopwatch) / 1000000;
}

span_ms retry_after_parse(const char *value, wall_ms now)
{
	value += strspn(value, " \t");
	size_t digits = strspn(value, "0123456789");
	if (digits && value[digits + strspn(value + digits, " \t\r\n")] == '\0') {
		int64_t seconds = 0;
		for (size_t i = 0; i < digits && seconds < RETRY_AFTER_MAX; i++)
			seconds = seconds * 10 + (value[i] - '0');
		return SECONDS(seconds) < RETRY_AFTER_MAX ? SECONDS(seconds) : RETRY_AFTER_MAX;
	}
	time_t date = isalpha((unsigned char)*value) ? curl_getdate(value, NULL) : -1;
	if (date == -1)
		return 0;
	span_ms wait = (int64_t)date * 1000 - now;
	return wait <= 0 ? 0 : wait < RETRY_AFTER_MAX ? wait : RETRY_AFTER_MAX;
}

static size_t on_header(char *at, size_t size, size_t count, void *ctx)
{
	static const char name[] = "retry-after:";
	struct attempt *attempt = ctx;
	size_t len = size * count;
	attempt->header_read += len;
	if (attempt->header_read > REPLY_HEADER_MAX)
		return 0; /* curl ends the transfer */
	if (len >= 5 && memcmp(at, "HTTP/", 5) == 0) {
		/* After an interim answer (1xx) the real one begins. */
		attempt->header_whole = false;
		attempt->retry_after = 0;
	} else if (len <= 2 && (at[0] == '\r' || at[0] == '\n')) {
		attempt->header_whole = true;
	} else if (len >= sizeof name && strncasecmp(at, name, sizeof name - 1) == 0) {
		struct text value = {0};
		text_add_len(&value, at + sizeof name - 1, len - (sizeof name - 1));
		attempt->retry_after = retry_after_parse(text_get(&value),
		                                         attempt->at.wall + took(attempt));
		text_finish(&value);
	}
	return len;
}

static size_t on_body(char *at, size_t size, size_t count, void *ctx)
{
	struct attempt *attempt = ctx;
	size_t len = size * count, room = REPLY_MAX - attempt->body.len;
	attempt->body_read += len;
	if (attempt->body_read > REPLY_READ_MAX)
		return 0;
	text_add_len(&attempt->body, at, len < room ? len : room);
	return len;
}

/* ---- the request ---- */

/* A pooled connection can be dead without a word (a router forgot it): what it does not confirm
 * within the time for connecting is broken, and the next attempt gets a new one. */
static int on_socket_option(void *ctx, curl_socket_t socket, curlsocktype purpose)
{
	const unsigned *confirm = ctx;
	if (purpose == CURLSOCKTYPE_IPCXN)
		(void)setsockopt(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, confirm, sizeof *confirm);
	return CURL_SOCKOPT_OK;
}

/* By the address itself, so that no answer of a name server leads us inside. */
static curl_socket_t open_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *to)
{
	struct attempt *attempt = ctx;
	(void)purpose;
	if (!attempt->private_net && address_is_private(&to->addr)) {
		attempt->turned_back = true;
		return CURL_SOCKET_BAD;
	}
	return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

/* The request is about to leave. A kept connection opens no socket, and may be another channel's,
 * which may go there. What a kept one took and broke without a word curl sends once more by itself:
 * over a new one, so that it is not a third time. */
static int on_connection(void *ctx, char *address, char *ours, int port, int our_port)
{
	struct attempt *attempt = ctx;
	(void)ours;
	(void)port;
	(void)our_port;
	attempt->leavings++;
	curl_easy_setopt(attempt->easy, CURLOPT_FRESH_CONNECT, 1L);
	attempt->turned_back = !attempt->private_net && text_is_private(address) != 0;
	return attempt->turned_back ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

static void take_headers(struct attempt *attempt)
{
	const char *line = text_get(&attempt->request.headers);
	while (*line) {
		size_t len = strcspn(line, "\n");
		struct text one = {0};
		text_add_len(&one, line, len);
		attempt->headers = curl_slist_append(attempt->headers, text_get(&one));
		text_finish(&one);
		line += len + (line[len] == '\n');
	}
	/* curl would wait a second for "100 Continue" before a large body. */
	attempt->headers = curl_slist_append(attempt->headers, "Expect:");
}

static void set_bounds(struct attempt *attempt, CURL *easy, span_ms connect_max,
                       span_ms attempt_max)
{
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)connect_max);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)attempt_max);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	/* Never joins a resolver thread that hangs: the loop would hang with it. */
	curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
	curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, 60L);
	curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, on_socket_option);
	curl_easy_setopt(easy, CURLOPT_SOCKOPTDATA, &attempt->confirm_ms);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, attempt);
	curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_connection);
	curl_easy_setopt(easy, CURLOPT_PREREQDATA, attempt);
	curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
	if (attempt->ca_file)
		curl_easy_setopt(easy, CURLOPT_CAINFO, attempt->ca_file);
}

void attempt_prepare(struct attempt *attempt, CURL *easy, span_ms connect_max, span_ms attempt_max)
{
	const struct text *body = &attempt->request.body;
	attempt->easy = easy;
	attempt->started = clock_stopwatch_ns();
	attempt->confirm_ms = (unsigned)connect_max;
	take_headers(attempt);
	set_bounds(attempt, easy, connect_max, attempt_max);
	curl_easy_setopt(easy, CURLOPT_URL, text_get(&attempt->request.url));
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "tocsin/" TOCSIN_VERSION);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, attempt->headers);
	if (attempt->request.method && strcmp(attempt->request.method, "GET") == 0) {
		curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
	} else {
		curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body->len);
		curl_easy_setopt(easy, CURLOPT_POSTFIELDS, text_get(body));
		if (attempt->request.method)
			curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, attempt->request.method);
	}
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, attempt);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, attempt);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, attempt->curl_error);
	curl_easy_setopt(easy, CURLOPT_PRIVATE, attempt);
	/* What is tried again arrives once: no kept connection takes it. */
	curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, (long)(attempt->number > 1));
}

/* ---- how it ended ---- */

static const struct {
	CURLcode code;
	enum verdict verdict;
	const char *detail;
} failures[] = {
        {CURLE_COULDNT_RESOLVE_HOST, VERDICT_BROKEN, "the host's name cannot be found"},
        {CURLE_COULDNT_CONNECT, VERDICT_BROKEN, "no connection"},
        {CURLE_GOT_NOTHING, VERDICT_BROKEN, "the connection was closed without an answer"},
        {CURLE_SEND_ERROR, VERDICT_BROKEN, "the connection broke"},
        {CURLE_RECV_ERROR, VERDICT_BROKEN, "the connection broke"},
        {CURLE_PARTIAL_FILE, VERDICT_BROKEN, "the connection broke"},
        {CURLE_OPERATION_TIMEDOUT, VERDICT_RETRY, "no answer in time"},
        {CURLE_WRITE_ERROR, VERDICT_RETRY, "an answer without an end"},
        {CURLE_UNSUPPORTED_PROTOCOL, VERDICT_RETRY, "the answer is not HTTP"},
        {CURLE_URL_MALFORMAT, VERDICT_REFUSED, "the channel's url is wrong"},
};

static void judge_failure(struct attempt *attempt, CURLcode code)
{
	long error = 0;
	if (attempt->turned_back &&
	    (code == CURLE_COULDNT_CONNECT || code == CURLE_ABORTED_BY_CALLBACK)) {
		judge(&attempt->judgement, VERDICT_RETRY,
		      "the host's name leads to a private address; add 'private: true' if that is "
		      "meant");
		return;
	}
	curl_easy_getinfo(attempt->easy, CURLINFO_OS_ERRNO, &error);
	for (size_t i = 0; i < COUNT_OF(failures); i++) {
		if (failures[i].code != code)
			continue;
		if (error && failures[i].verdict == VERDICT_BROKEN)
			judge(&attempt->judgement, VERDICT_BROKEN, "%s: %s", failures[i].detail,
			      strerrordesc_np((int)error));
		else
			judge(&attempt->judgement, failures[i].verdict, "%s", failures[i].detail);
		return;
	}
	/* Mostly TLS, where curl's own words name the fault of the certificate. A connection that
	 * breaks before TLS stands is broken like any other. */
	bool tls = code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CONNECT_ERROR ||
	           code == CURLE_SSL_CACERT_BADFILE;
	bool broken = code == CURLE_SSL_CONNECT_ERROR && (error == ECONNRESET || error == EPIPE);
	judge(&attempt->judgement, broken ? VERDICT_BROKEN : VERDICT_RETRY, "%s",
	      tls && attempt->curl_error[0] ? attempt->curl_error : curl_easy_strerror(code));
}

/* It may never have got so far that its bytes could leave. */
static void note_sent(struct attempt *attempt)
{
	curl_off_t before = 0; /* µs of looking up, connecting, greeting */
	if (curl_easy_getinfo(attempt->easy, CURLINFO_PRETRANSFER_TIME_T, &before) == CURLE_OK &&
	    before > 0)
		attempt->sent = attempt->started + before * 1000;
}

static void judge_end(struct attempt *attempt, CURLcode code)
{
	curl_easy_getinfo(attempt->easy, CURLINFO_RESPONSE_CODE, &attempt->status);
	if (!attempt->header_whole || attempt->status < 200) {
		attempt->status = 0;
		/* curl ends an endless header with other codes too. */
		judge_failure(attempt, code == CURLE_OK ? CURLE_GOT_NOTHING : code);
		return;
	}
	struct reply reply = {attempt->status, text_get(&attempt->body), attempt->retry_after,
	                      attempt->number};
	attempt->type->judge(&reply, &attempt->judgement);
}

/* The record counts attempts; who was told twice by one of them must be able to find that in it. */
static void tell_of_leavings(struct attempt *attempt)
{
	const struct judgement said = attempt->judgement;
	if (attempt->leavings > 1)
		judge(&attempt->judgement, said.verdict,
		      "sent twice, as a kept connection broke: %s", said.detail);
}

void attempt_judge(struct attempt *attempt, CURLcode code)
{
	attempt->ended = clock_stopwatch_ns();
	note_sent(attempt);
	judge_end(attempt, code);
	tell_of_leavings(attempt);
}

struct delivery_result attempt_result(const struct attempt *attempt)
{
	return (struct delivery_result){
	        .notification = attempt->notification,
	        .contact = attempt->contact,
	        .attempt = attempt->number,
	        .verdict = attempt->judgement.verdict,
	        .status = (int32_t)attempt->status,
	        .retry_after = attempt->judgement.retry_after,
	        .took = took(attempt),
	        .sent = attempt->sent != 0,
	        .sent_ago = attempt->sent ? (clock_stopwatch_ns() - attempt->sent) / 1000000 : 0,
	        .unlogged = attempt->unlogged,
	        .held = attempt->held,
	        .shut_out = attempt->judgement.shut_out,
	        .detail = attempt->judgement.detail,
	};
}
