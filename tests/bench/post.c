/* A bare HTTP client: so many posts over so many kept connections, each the next as soon as it has
 * its answer. Prints how long all of them took.
 *
 *   bench-post --receiver PORT --count 1000 --connections 768 */
#include <getopt.h>
#include <inttypes.h>
#include <sys/epoll.h>

#include "bench.h"

#define BODY_LEN 1200 /* about as much as one of ours says */

static int post(int fd, uint64_t number)
{
	char body[BODY_LEN + 1], request[BODY_LEN + 256];
	memset(body, ' ', BODY_LEN);
	int len = snprintf(body, sizeof body,
	                   "{\"device\":\"alarm\",\"reason\":\"opened\",\"to\":{\"id\":\"p%" PRIu64
	                   "\"}",
	                   number);
	body[len] = ' ';
	body[BODY_LEN - 1] = '}';
	body[BODY_LEN] = '\0';
	len = snprintf(
	        request, sizeof request,
	        "POST /phone HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
	        "Content-Length: %d\r\n\r\n%s",
	        BODY_LEN, body);
	return send(fd, request, (size_t)len, MSG_NOSIGNAL) == len;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"receiver", required_argument, NULL, 'r'},
	                                        {"count", required_argument, NULL, 'c'},
	                                        {"connections", required_argument, NULL, 'n'},
	                                        {0}};
	uint64_t port = 0, count = 1, connections = 1, sent = 0, answered = 0;
	for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		uint64_t *place = c == 'r'   ? &port
		                  : c == 'c' ? &count
		                  : c == 'n' ? &connections
		                             : NULL;
		if (!place)
			return 2;
		*place = bench_number(optarg);
	}
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	int64_t began = bench_now();
	for (uint64_t i = 0; i < connections && sent < count; i++) {
		struct epoll_event event = {.events = EPOLLIN};
		event.data.fd = bench_connect((uint16_t)port);
		epoll_ctl(epoll, EPOLL_CTL_ADD, event.data.fd, &event);
		if (!post(event.data.fd, sent++))
			bench_die("the receiver is gone");
	}
	while (answered < count) {
		struct epoll_event events[64];
		char answer[4096];
		int n = epoll_wait(epoll, events, 64, 10000);
		if (n <= 0)
			bench_die("the receiver does not answer");
		for (int i = 0; i < n; i++) {
			if (recv(events[i].data.fd, answer, sizeof answer, 0) <= 0)
				bench_die("the receiver is gone");
			answered++;
			if (sent < count && !post(events[i].data.fd, sent++))
				bench_die("the receiver is gone");
		}
	}
	printf("{\"ns\": %" PRId64 "}\n", bench_now() - began);
	return 0;
}
