/* Lines on which somebody is still sending what was refused. Closed at once, the system would cut
 * them, and the sender would never read why; so what comes is thrown away for a while. */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "review/exchange.h"

#define LINGERING_MAX 32
#define READ_AT_ONCE ((size_t)32 * 1024)

struct lingering {
	struct lingering *prev, *next;
	struct http_server *server;
	uv_poll_t poll;
	int fd;
	uint64_t until, left; /* loop time, and bytes */
};

static void on_closed(uv_handle_t *handle)
{
	struct lingering *line = handle->data;
	struct http_server *server = line->server;
	close(line->fd);
	free(line);
	server_handle_closed(server);
}

static void end(struct lingering *line)
{
	struct http_server *server = line->server;
	if (line->next)
		line->next->prev = line->prev;
	*(line->prev ? &line->prev->next : &server->lingering) = line->next;
	server->lingering_count--;
	uv_close((uv_handle_t *)&line->poll, on_closed);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
	struct lingering *line = poll->data;
	char thrown_away[READ_AT_ONCE];
	(void)events;
	ssize_t len = status < 0 ? 0 : recv(line->fd, thrown_away, READ_AT_ONCE, MSG_DONTWAIT);
	if (len < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (len <= 0 || (uint64_t)len >= line->left)
		end(line);
	else
		line->left -= (uint64_t)len;
}

void linger_on(struct http_server *server, int fd)
{
	if (server->closing || server->lingering_count == LINGERING_MAX)
		return;
	struct lingering *line = NEW(struct lingering);
	line->fd = dup(fd); /* the daemon closes the other */
	if (line->fd < 0 || uv_poll_init(server->loop, &line->poll, line->fd) < 0) {
		if (line->fd >= 0)
			close(line->fd);
		free(line);
		return;
	}
	shutdown(line->fd, SHUT_WR);
	line->poll.data = line;
	line->server = server;
	line->until = server_now(server) + REQUEST_WITHIN;
	line->left = DISCARD_MAX;
	line->next = server->lingering;
	if (line->next)
		line->next->prev = line;
	server->lingering = line;
	server->lingering_count++;
	server->open_handles++;
	uv_poll_start(&line->poll, UV_READABLE, on_readable);
}

void linger_watch(struct http_server *server)
{
	struct lingering *next;
	for (struct lingering *line = server->lingering; line; line = next) {
		next = line->next;
		if (server->closing || server_now(server) >= line->until)
			end(line);
	}
}
