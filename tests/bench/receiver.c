/* The receiver: takes pushes over HTTP and writes down when it had each whole request, and which
 * device it was about. Answers 200 at once.
 *
 *   bench-receiver --times FILE [--port N]      prints the port it listens on
 *
 * A line of FILE: "<ns> <device> <reason> <to>", "-" for what the request does not say. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <strings.h>
#include <sys/epoll.h>

#include "bench.h"

#define REQUEST_MAX (256 * 1024)

struct peer {
	int fd;
	size_t len;
	char in[REQUEST_MAX + 1];
};

static FILE *times;
static volatile sig_atomic_t over;

static void on_term(int number)
{
	(void)number;
	over = 1;
}

/* The value of the first member of this name, whatever it is in. */
static void find(const char *body, const char *name, char *out, size_t cap)
{
	const char *at = strstr(body, name);
	snprintf(out, cap, "-");
	if (!at)
		return;
	at += strlen(name);
	at += strspn(at, " :");
	if (*at != '"')
		return;
	at++;
	snprintf(out, cap, "%.*s", (int)strcspn(at, "\""), at);
}

static void write_down(const char *body, int64_t at)
{
	char device[128], reason[64], to[128] = "-";
	find(body, "\"device\"", device, sizeof device);
	find(body, "\"reason\"", reason, sizeof reason);
	const char *person = strstr(body, "\"to\"");
	if (person)
		find(person, "\"id\"", to, sizeof to);
	fprintf(times, "%" PRId64 " %s %s %s\n", at, device, reason, to);
}

/* Takes one whole request off the front; false when there is none yet. */
static int take_request(struct peer *peer, int64_t at)
{
	static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
	                             "Content-Type: application/json\r\n\r\n{}";
	peer->in[peer->len] = '\0';
	char *end = strstr(peer->in, "\r\n\r\n");
	if (!end)
		return 0;
	size_t body_len = 0, head_len = (size_t)(end - peer->in) + 4;
	for (char *line = peer->in; line < end; line = strstr(line, "\r\n") + 2)
		if (strncasecmp(line, "content-length:", 15) == 0)
			body_len = (size_t)strtoull(line + 15, NULL, 10);
	if (peer->len < head_len + body_len)
		return 0;
	char *body = peer->in + head_len, kept = body[body_len];
	body[body_len] = '\0';
	write_down(body, at);
	body[body_len] = kept;
	peer->len -= head_len + body_len;
	memmove(peer->in, body + body_len, peer->len);
	return send(peer->fd, answer, sizeof answer - 1, MSG_NOSIGNAL) > 0;
}

static void hear(struct peer *peer)
{
	ssize_t got = recv(peer->fd, peer->in + peer->len, REQUEST_MAX - peer->len, MSG_DONTWAIT);
	int64_t at = bench_now();
	if (got < 0 && errno == EAGAIN)
		return;
	if (got <= 0) {
		close(peer->fd);
		free(peer);
		return;
	}
	peer->len += (size_t)got;
	while (take_request(peer, at))
		;
}

static int listen_on(uint16_t port)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(port)};
	socklen_t len = sizeof here;
	here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
	if (bind(fd, (struct sockaddr *)&here, sizeof here) < 0 || listen(fd, 1024) < 0 ||
	    getsockname(fd, (struct sockaddr *)&here, &len) < 0)
		bench_die("cannot listen");
	printf("%u\n", ntohs(here.sin_port));
	fflush(stdout);
	return fd;
}

static void let_in(int epoll, int door)
{
	struct peer *peer = calloc(1, sizeof *peer);
	if (!peer)
		bench_die("no memory");
	peer->fd = accept4(door, NULL, NULL, SOCK_CLOEXEC);
	setsockopt(peer->fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = peer};
	epoll_ctl(epoll, EPOLL_CTL_ADD, peer->fd, &event);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"port", required_argument, NULL, 'p'},
	                                        {"times", required_argument, NULL, 't'},
	                                        {0}};
	uint16_t port = 0;
	for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		if (c == 'p')
			port = (uint16_t)bench_number(optarg);
		else if (c == 't')
			times = fopen(optarg, "w");
	}
	if (!times)
		bench_die("usage: bench-receiver --times FILE [--port N]");
	struct sigaction action = {.sa_handler = on_term};
	sigaction(SIGTERM, &action, NULL);
	int door = listen_on(port), epoll = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event event = {.events = EPOLLIN}, events[64];
	epoll_ctl(epoll, EPOLL_CTL_ADD, door, &event);
	while (!over) {
		int n = epoll_wait(epoll, events, 64, 20);
		if (n == 0)
			fflush(times); /* nothing to do: whoever waits for the lines gets them */
		for (int i = 0; i < n; i++) {
			if (events[i].data.ptr)
				hear(events[i].data.ptr);
			else
				let_in(epoll, door);
		}
	}
	fclose(times);
	return 0;
}
