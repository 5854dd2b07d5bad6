/* What the programs of the benchmarks share. They end with a word on stderr when something is
 * not as they need it: a figure measured beside the mark is worse than none. */
#ifndef TOCSIN_BENCH_H
#define TOCSIN_BENCH_H

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

_Noreturn static inline void bench_die(const char *why)
{
	fprintf(stderr, "bench: %s\n", why);
	exit(1);
}

static inline int64_t bench_clock(clockid_t id)
{
	struct timespec t;
	clock_gettime(id, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* The same clock in every process of the machine, ns. */
static inline int64_t bench_now(void)
{
	return bench_clock(CLOCK_MONOTONIC);
}

static inline uint64_t bench_number(const char *text)
{
	char *end;
	unsigned long long n = strtoull(text, &end, 10);
	if (*end || !*text)
		bench_die("a number was expected");
	return n;
}

static inline int bench_connect(uint16_t port)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) < 0)
		bench_die("nobody listens on the port");
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
	return fd;
}

/* Until the socket can be read, or the moment has come (INT64_MAX: no matter when). */
static inline void bench_wait(int fd, int64_t until)
{
	struct pollfd wait = {.fd = fd, .events = POLLIN};
	struct timespec span = {.tv_sec = 1};
	if (until != INT64_MAX) {
		int64_t left = until - bench_now();
		if (left <= 0)
			return;
		span = (struct timespec){.tv_sec = left / 1000000000, .tv_nsec = left % 1000000000};
	}
	ppoll(&wait, 1, &span, NULL);
}

#endif
