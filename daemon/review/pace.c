/* How much HTTP is done between two looks at what else is ready.
 *
 * The daemon runs at the head of the loop's round, behind the turn that was decided from what the
 * round before has gathered; so an alarm waits for one portion at most, however many ask. Who finds
 * the portion used up sleeps in a line, first come, first served. */
#include <assert.h>

#include "base/clock.h"
#include "review/exchange.h"

#define HANDLED_MAX 16 /* requests a round */
#define TOLD_MAX 32    /* streams a round: a write to each is most of the work */
#define TOLD_AFTER 50  /* ms that a crowd of streams waits: an alarm's commits become one look */
#define PORTION_NS INT64_C(2000000) /* no further request once this has passed */

/* ---- the line ---- */

static void join_line(struct exchange *ex, bool at_front)
{
	struct http_server *server = ex->server;
	ex->in_line = true;
	ex->line_prev = at_front ? NULL : server->line_last;
	ex->line_next = at_front ? server->line_first : NULL;
	*(ex->line_prev ? &ex->line_prev->line_next : &server->line_first) = ex;
	*(ex->line_next ? &ex->line_next->line_prev : &server->line_last) = ex;
}

void pace_leave_line(struct exchange *ex)
{
	struct http_server *server = ex->server;
	server->called_count -= ex->called;
	ex->called = false;
	if (!ex->in_line)
		return;
	*(ex->line_prev ? &ex->line_prev->line_next : &server->line_first) = ex->line_next;
	*(ex->line_next ? &ex->line_next->line_prev : &server->line_last) = ex->line_prev;
	ex->in_line = false;
}

static bool portion_is_left(const struct http_server *server)
{
	return server->handled == 0 ||
	       (server->handled < HANDLED_MAX && clock_stopwatch_ns() < server->portion_ends);
}

bool pace_allows(struct exchange *ex)
{
	struct http_server *server = ex->server;
	bool called = ex->called;
	bool others_first = !called && (server->line_first || server->called_count);
	pace_leave_line(ex);
	if (server->closing || (!others_first && portion_is_left(server))) {
		server->handled++;
		return true;
	}
	join_line(ex, called);
	exchange_suspend(ex);
	return false;
}

static void call_from_line(struct http_server *server)
{
	for (uint32_t i = 0; i < HANDLED_MAX && server->line_first; i++) {
		struct exchange *ex = server->line_first;
		pace_leave_line(ex);
		ex->called = true;
		server->called_count++;
		exchange_resume(ex);
	}
}

/* ---- streams ---- */

static void tell(struct http_server *server)
{
	/* Goes on where it stands, so that none waits behind the same others each time. */
	server->tell_left = server->client_count;
	server_kick(server);
}

static void on_tell(uv_timer_t *timer)
{
	tell(timer->data);
}

void pace_tell(struct http_server *server)
{
	if (server->stream_count == 0 || server->closing)
		return;
	if (server->stream_count <= TOLD_MAX)
		tell(server);
	else if (!uv_is_active((const uv_handle_t *)&server->tell_due))
		uv_timer_start(&server->tell_due, on_tell, TOLD_AFTER, 0);
}

void pace_forget_client(struct http_server *server, const struct client *client)
{
	if (server->tell_next == client)
		server->tell_next = client->next;
}

static void tell_some(struct http_server *server)
{
	uint32_t told = 0;
	for (; server->tell_left > 0 && told < TOLD_MAX; server->tell_left--) {
		struct client *client = server->tell_next ? server->tell_next : server->clients;
		if (!client)
			break;
		server->tell_next = client->next;
		if (client->stream && stream_has_news(client->stream))
			told += stream_wake(client->stream);
	}
	if (server->stream_count == 0)
		server->tell_left = 0;
}

/* ---- the round ---- */

static void no_op(uv_idle_t *idle)
{
	(void)idle;
}

void server_kick(struct http_server *server)
{
	server->wanted = true;
	if (!server->closing)
		uv_idle_start(&server->awake, no_op);
}

static void on_due(uv_timer_t *timer)
{
	server_kick(timer->data);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
	(void)status, (void)events;
	server_kick(poll->data);
}

static void plan_next(struct http_server *server)
{
	MHD_UNSIGNED_LONG_LONG wait;
	if (server->wanted || server->line_first || server->tell_left)
		server_kick(server);
	else if (MHD_get_timeout(server->daemon, &wait) == MHD_YES)
		uv_timer_start(&server->due, on_due, wait, 0);
	else
		uv_timer_stop(&server->due);
}

static void on_round(uv_prepare_t *prepare)
{
	struct http_server *server = prepare->data;
	if (!server->wanted || server->closing)
		return;
	server->wanted = false;
	uv_idle_stop(&server->awake);
	server->handled = 0;
	server->portion_ends = clock_stopwatch_ns() + PORTION_NS;
	call_from_line(server);
	tell_some(server);
	MHD_run(server->daemon);
	if (!server->closing)
		plan_next(server);
}

void pace_begin(struct http_server *server)
{
	int epoll_fd = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
	int r = uv_poll_init(server->loop, &server->poll, epoll_fd);
	uv_timer_init(server->loop, &server->due);
	uv_timer_init(server->loop, &server->tell_due);
	server->tell_due.data = server;
	uv_prepare_init(server->loop, &server->round);
	uv_idle_init(server->loop, &server->awake);
	server->poll.data = server->due.data = server->round.data = server->awake.data = server;
	if (r == 0)
		r = uv_poll_start(&server->poll, UV_READABLE, on_readable);
	assert(r == 0); /* an epoll descriptor can always be polled */
	(void)r;
	uv_prepare_start(&server->round, on_round);
	server->open_handles += 5;
	server_kick(server);
}

static void on_handle_closed(uv_handle_t *handle)
{
	server_handle_closed(handle->data);
}

void pace_end(struct http_server *server)
{
	uv_close((uv_handle_t *)&server->poll, on_handle_closed);
	uv_close((uv_handle_t *)&server->due, on_handle_closed);
	uv_close((uv_handle_t *)&server->tell_due, on_handle_closed);
	uv_close((uv_handle_t *)&server->round, on_handle_closed);
	uv_close((uv_handle_t *)&server->awake, on_handle_closed);
}
