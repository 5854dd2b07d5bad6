#include "review/http.h"

#include <assert.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "review/exchange.h"
#include "review/session.h"

/* Streams have a bound of their own (http.h). Of the other connections so many may stand: beyond,
 * each new one takes the place of who can be missed most, wherever from: behind one address there
 * may be a whole school. */
#define ORDINARY_MAX 512
#define CONNECTIONS_MAX                                                                            \
	1280 /* in all; what is left is for those that are refused with an answer                  \
	      */
#define PARAMETERS_MAX 64
#define CONNECTION_MEMORY ((size_t)32 * 1024) /* request line and headers */

/* ---- connections that take too long ---- */

/* The daemon sees the end of the connection and cleans up after it; what the system still holds
 * for one that does not read is dropped. */
static void cut_off(struct http_server *server, struct client *client)
{
	client->awaited = client->deadline = 0;
	if (!client->stream && !client->cut) {
		client->cut = true;
		server->cut_count++;
	}
	const struct linger now = {.l_onoff = 1};
	setsockopt(client->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
	shutdown(client->fd, SHUT_RDWR);
}

static void on_watch(uv_timer_t *timer)
{
	struct http_server *server = timer->data;
	uint64_t now = server_now(server);
	for (struct client *client = server->clients; client; client = client->next) {
		if (client->deadline && now >= client->deadline)
			cut_off(server, client);
		else if (client->exchange && !client->stream)
			exchange_watch(client->exchange);
	}
	pace_tell(server); /* who has heard nothing for long */
	linger_watch(server);
	if (server->client_count == 0 && server->lingering_count == 0)
		uv_timer_stop(&server->watch);
}

/* ---- connections and requests ---- */

static void wait_for_request(struct http_server *server, struct client *client)
{
	client->awaited = server_now(server);
	client->deadline = client->awaited + REQUEST_WITHIN;
}

static bool is_full(const struct http_server *server)
{
	return server->client_count - server->stream_count - server->cut_count > ORDINARY_MAX;
}

/* How well a connection can be missed; 0: not at all. */
static int dispensability(const struct client *client)
{
	if (client->stream || client->cut)
		return 0;
	if (client->awaited)
		return 3; /* says nothing whole, or nothing */
	if (!client->deadline)
		return 0; /* waits for us */
	const struct exchange *ex = client->exchange;
	return ex && ex->grant.role != ROLE_NONE ? 1 : 2; /* takes its answer */
}

static bool goes_before(const struct client *a, const struct client *b)
{
	if (!b || dispensability(a) != dispensability(b))
		return !b || dispensability(a) > dispensability(b);
	return a->awaited ? a->awaited < b->awaited : a->deadline < b->deadline;
}

/* Who opens connections and says nothing whole on them, or takes what is answered byte by byte,
 * keeps nobody out: the one that has done so for longest goes. An address that has more than half
 * of the places pays for its own. */
static void make_room(struct http_server *server, const struct client *fresh)
{
	uint32_t here = 0;
	struct client *of_all = NULL, *of_here = NULL;
	if (!is_full(server))
		return;
	for (struct client *client = server->clients; client; client = client->next) {
		bool same = memcmp(&client->address, &fresh->address, sizeof fresh->address) == 0;
		here += same && !client->stream;
		if (client == fresh || !dispensability(client))
			continue;
		if (goes_before(client, of_all))
			of_all = client;
		if (same && goes_before(client, of_here))
			of_here = client;
	}
	struct client *victim = here > ORDINARY_MAX / 2 && of_here ? of_here : of_all;
	if (victim)
		cut_off(server, victim);
}

static void add_client(struct http_server *server, struct MHD_Connection *connection,
                       void **socket_ctx)
{
	struct client *client = NEW(struct client);
	client->fd =
	        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
	client->address = address_key_of(
	        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS)
	                ->client_addr);
	wait_for_request(server, client);
	client->next = server->clients;
	if (client->next)
		client->next->prev = client;
	server->clients = client;
	server->client_count++;
	if (!uv_is_active((uv_handle_t *)&server->watch))
		uv_timer_start(&server->watch, on_watch, 1000, 1000);
	*socket_ctx = client;
	make_room(server, client);
}

static void remove_client(struct http_server *server, struct client *client)
{
	pace_forget_client(server, client);
	server->cut_count -= client->cut;
	if (client->next)
		client->next->prev = client->prev;
	if (client->prev)
		client->prev->next = client->next;
	else
		server->clients = client->next;
	server->client_count--;
	if (client->lingers)
		linger_on(server, client->fd);
	free(client);
}

static void on_connection(void *ctx, struct MHD_Connection *connection, void **socket_ctx,
                          enum MHD_ConnectionNotificationCode code)
{
	if (code == MHD_CONNECTION_NOTIFY_STARTED)
		add_client(ctx, connection, socket_ctx);
	else
		remove_client(ctx, *socket_ctx);
}

/* The daemon has room for some hundred parameters, and answers nothing to who sends more. So what
 * follows the first is left as one, in the daemon's own buffer, and is refused as that. */
static void *on_target(void *ctx, const char *target, struct MHD_Connection *connection)
{
	(void)ctx, (void)connection;
	char *at = strchr((char *)(uintptr_t)target, '?');
	for (int i = 1; at && (at = strchr(at + 1, '&')); i++)
		if (i >= PARAMETERS_MAX)
			*at = '+';
	return NULL;
}

/* A NUL would cut what it stands in short: it becomes what no text can hold, and is refused. */
static size_t unescape(void *ctx, struct MHD_Connection *connection, char *text)
{
	(void)ctx, (void)connection;
	for (char *at = text; (at = strstr(at, "%00")); at += 3)
		at[1] = at[2] = 'f';
	return MHD_http_unescape(text);
}

struct url_length {
	size_t len;
};

static enum MHD_Result add_length(void *ctx, enum MHD_ValueKind kind, const char *key,
                                  size_t key_len, const char *value, size_t value_len)
{
	(void)kind, (void)key, (void)value;
	((struct url_length *)ctx)->len += key_len + value_len + 2;
	return MHD_YES;
}

/* A proxy may ask for the whole address (RFC 9112, 3.2.2). */
static const char *path_of(const char *url)
{
	if (strncasecmp(url, "http://", 7) != 0 && strncasecmp(url, "https://", 8) != 0)
		return url;
	const char *path = strchr(strchr(url, ':') + 3, '/');
	return path ? path : "/";
}

/* The head of a request is there: what can be refused by it is. */
static void begin_exchange(struct exchange *ex, const char *url, const char *method)
{
	struct url_length length = {strlen(url)};
	MHD_get_connection_values_n(ex->connection, MHD_GET_ARGUMENT_KIND, add_length, &length);
	ex->path = path_of(url);
	ex->head = strcmp(method, "HEAD") == 0;
	if (length.len > URL_MAX)
		exchange_problem(ex, 414, "the address is longer than %d bytes", URL_MAX);
	else if (!text_is_utf8(url, strlen(url)) && strncmp(url, "/a/", 3) != 0) /* a forged link */
		exchange_problem(ex, 400, "the path is not valid UTF-8");
	else
		route_exchange(ex, method);
	/* Nobody could be missed: all of them wait for us. */
	if (is_full(ex->server) && ex->grant.role == ROLE_NONE) {
		exchange_problem(ex, 503, "too many are asking just now; try again");
		exchange_add_header(ex, "Retry-After", "2");
	}
	const char *announced = exchange_header(ex, "Content-Length");
	int64_t body;
	ex->body_too_large = announced && (text_parse_int(announced, &body) < 0 || body < 0 ||
	                                   (uint64_t)body > BODY_MAX);
}

static enum MHD_Result queue_answer(struct exchange *ex)
{
	ex->client->deadline = server_now(ex->server) + ANSWER_WITHIN;
	once_keep(ex->server->once, ex);
	return MHD_queue_response(ex->connection, ex->status, ex->response);
}

static void refuse_body(struct exchange *ex)
{
	exchange_problem(ex, 413, "the body is larger than %zu bytes", BODY_MAX);
}

static enum MHD_Result take_body(struct exchange *ex, const char *data, size_t len)
{
	ex->body_len += len;
	ex->body_too_large |= ex->body_len > BODY_MAX;
	if (ex->response || ex->body_too_large)
		text_finish(&ex->body);
	else
		text_add_len(&ex->body, data, len);
	return ex->body_len <= DISCARD_MAX ? MHD_YES : MHD_NO;
}

static enum MHD_Result on_request(void *ctx, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *data,
                                  size_t *data_len, void **request_ctx)
{
	(void)version;
	struct exchange *ex = *request_ctx;
	if (!ex) {
		struct client *client = MHD_get_connection_info(connection,
		                                                MHD_CONNECTION_INFO_SOCKET_CONTEXT)
		                                ->socket_context;
		*request_ctx = ex = exchange_create(ctx, connection, client);
		begin_exchange(ex, url, method);
		if (!ex->body_too_large && !(ex->response && exchange_header(ex, "Expect")))
			return MHD_YES;
		/* Not even read: the connection ends after the answer. */
		if (!ex->response)
			refuse_body(ex);
		client->lingers = true;
		return queue_answer(ex);
	}
	if (*data_len) {
		size_t len = *data_len;
		*data_len = 0;
		return take_body(ex, data, len);
	}
	ex->client->awaited = 0;
	if (ex->body_too_large && !ex->response)
		refuse_body(ex);
	if (!ex->response && !pace_allows(ex))
		return MHD_YES;
	if (!ex->response && !once_answers(ex->server->once, ex))
		ex->route->handler(ex);
	if (ex->suspended)
		return MHD_YES;
	if (!ex->response)
		return MHD_YES; /* woken between the callback and here: called again */
	return queue_answer(ex);
}

static void on_completed(void *ctx, struct MHD_Connection *connection, void **request_ctx,
                         enum MHD_RequestTerminationCode code)
{
	(void)connection, (void)code;
	struct exchange *ex = *request_ctx;
	if (!ex)
		return;
	wait_for_request(ctx, ex->client);
	exchange_destroy(ex);
	*request_ctx = NULL;
}

__attribute__((format(printf, 2, 0))) static void on_log(void *ctx, const char *format,
                                                         va_list args)
{
	(void)ctx;
	char line[256];
	vsnprintf(line, sizeof line, format, args);
	line[strcspn(line, "\r\n")] = '\0';
	log_debug("http: %s", line);
}

/* ---- opening ---- */

static int listen_error(const struct http_options *options, int error, struct problem *why)
{
	const char *left = strchr(options->host, ':') ? "[" : "";
	const char *right = *left ? "]" : "";
	if (error == EADDRINUSE)
		return problem_set(why, -error, "%s%s%s:%d is in use: change http.listen", left,
		                   options->host, right, options->port);
	return problem_set(why, -error, "cannot listen at %s%s%s:%d: %s; change http.listen", left,
	                   options->host, right, options->port, strerror(error));
}

static int listen_socket(const struct http_options *options, int *out, struct problem *why)
{
	char port[16];
	snprintf(port, sizeof port, "%d", options->port);
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
	                               .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
	struct addrinfo *address = NULL;
	int found = getaddrinfo(options->host, port, &hints, &address);
	if (found != 0)
		return problem_set(why, -EADDRNOTAVAIL, "http.listen: no address '%s': %s",
		                   options->host, gai_strerror(found));
	int one = 1, error = 0;
	int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) < 0 ||
	    bind(fd, address->ai_addr, address->ai_addrlen) < 0 || listen(fd, 128) < 0)
		error = errno;
	freeaddrinfo(address);
	if (error) {
		if (fd >= 0)
			close(fd);
		return listen_error(options, error, why);
	}
	*out = fd;
	return 0;
}

static int bound_port(int fd)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} at = {0};
	socklen_t len = sizeof at;
	if (getsockname(fd, &at.any, &len) < 0)
		return 0;
	return ntohs(at.any.sa_family == AF_INET6 ? at.v6.sin6_port : at.v4.sin_port);
}

static struct MHD_Daemon *start_daemon(struct http_server *server, int fd)
{
	return MHD_start_daemon(
	        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0, NULL, NULL,
	        on_request, server, MHD_OPTION_EXTERNAL_LOGGER, on_log, server,
	        MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_NOTIFY_COMPLETED, on_completed, server,
	        MHD_OPTION_NOTIFY_CONNECTION, on_connection, server, MHD_OPTION_CONNECTION_LIMIT,
	        (unsigned)CONNECTIONS_MAX, MHD_OPTION_UNESCAPE_CALLBACK, unescape, server,
	        MHD_OPTION_URI_LOG_CALLBACK, on_target, server, MHD_OPTION_CONNECTION_TIMEOUT,
	        (unsigned)IDLE_SECONDS, MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY,
	        MHD_OPTION_END);
}

int http_open(uv_loop_t *loop, const struct http_options *options,
              const struct review_service *service, struct http_server **out, struct problem *why)
{
	int fd = -1;
	int r = listen_socket(options, &fd, why);
	if (r < 0)
		return r;
	struct http_server *server = NEW(struct http_server);
	server->loop = loop;
	server->options = options;
	server->service = *service;
	server->port = bound_port(fd);
	server->daemon = start_daemon(server, fd);
	if (!server->daemon) {
		close(fd);
		free(server);
		return problem_set(why, -ENOMEM, "the HTTP server cannot start");
	}
	server->access = access_create(options);
	server->sessions = sessions_create(service->link_key);
	sessions_load(server->sessions, service->store, service->now(service->ctx).wall);
	server->once = once_create(service);
	server->passwords = (struct errands){.server = server,
	                                     .busy = "many are signing in just now"};
	server->readings = (struct errands){.server = server,
	                                    .busy = "many are reading in the record just now"};
	uv_timer_init(server->loop, &server->watch);
	server->watch.data = server;
	server->open_handles = 1;
	pace_begin(server);
	*out = server;
	return 0;
}

int http_port(const struct http_server *server)
{
	return server->port;
}

void http_committed(struct http_server *server)
{
	once_recorded(server->once);
	pace_tell(server);
}

void http_reload(struct http_server *server, const struct http_options *options)
{
	server->options = options;
	server->generation++;
	access_reload(server->access, options);
	streams_look_up(server);
}

bool http_holds_older(const struct http_server *server)
{
	return errands_are_older(&server->readings) || errands_are_older(&server->passwords);
}

void server_handle_closed(struct http_server *server)
{
	if (--server->open_handles == 0)
		free(server);
}

static void on_handle_closed(uv_handle_t *handle)
{
	server_handle_closed(handle->data);
}

void http_close(struct http_server *server)
{
	if (!server)
		return;
	server->closing = true;
	atomic_store(&server->ends, true);
	/* The daemon stops only when nobody sleeps in it. */
	for (struct client *client = server->clients; client; client = client->next) {
		if (client->stream)
			stream_wake(client->stream);
		else if (client->exchange)
			exchange_resume(client->exchange);
	}
	pace_end(server);
	uv_close((uv_handle_t *)&server->watch, on_handle_closed);
	MHD_stop_daemon(server->daemon);
	linger_watch(server);
	errands_drop(&server->passwords);
	errands_drop(&server->readings);
	access_destroy(server->access);
	sessions_destroy(server->sessions);
	once_destroy(server->once);
	stream_news_destroy(server->news);
	server->news = NULL;
	server->access = NULL;
}
