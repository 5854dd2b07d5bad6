/* A receiver that misbehaves in every way a path can name; one process a connection. */
#ifndef RECEIVER_H
#define RECEIVER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static inline void say(int fd, const char *text)
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

static inline void wait_for_end(int fd)
{
	char rest[256];
	while (recv(fd, rest, sizeof rest, 0) > 0)
		;
	_exit(0);
}

/* Reads one request whole; returns false when the client has gone. */
static inline bool read_request(int fd, char *at, size_t cap)
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

static inline void answer(int fd, const char *status, const char *headers, const char *body)
{
	char head[1024];
	snprintf(head, sizeof head, "HTTP/1.1 %s\r\n%sContent-Length: %zu\r\n\r\n", status, headers,
	         strlen(body));
	say(fd, head);
	say(fd, body);
}

static inline void reset(int fd)
{
	struct linger now = {1, 0};
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
	close(fd);
	_exit(0);
}

static inline void drip(int fd, const char *head)
{
	say(fd, head);
	for (;;) {
		say(fd, "x");
		usleep(20000); /* how this server behaves, nothing that a test waits for */
	}
}

static inline void flood(int fd, const char *head, const char *what)
{
	say(fd, head);
	for (;;)
		say(fd, what);
}

#define OK_HEAD "HTTP/1.1 200 OK\r\n"
#define BIG_BODY OK_HEAD "Content-Length: 100000000000\r\n\r\n"

static inline void behave(int fd, const char *request, int nth)
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

static inline int listen_on_loopback(int backlog, int *port)
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
static inline pid_t fork_child(void)
{
	pid_t parent = getpid(), pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(0);
	}
	return pid;
}

static inline pid_t serve(int listener)
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

#endif
