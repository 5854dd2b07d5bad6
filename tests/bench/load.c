/* The load: publishes signals at QoS 1 as many devices would, over one connection. It speaks MQTT
 * by itself and writes many packets at once, so that it takes little of the machine it measures.
 *
 *   bench-load --port N --words changes --devices 1000 --count 100000 [--rate 5000]
 *
 * Ends when the broker has acknowledged everything, and prints one JSON object. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

enum words { REPEATED, CHANGES, MIXED, ALARMS };
static const char *const word_names[] = {"repeated", "changes", "mixed", "alarms"};

struct load {
	int fd;
	enum words words;
	const char *site, *prefix;
	uint64_t devices, count, rate, window, first;
	bool ids;
	FILE *times; /* when each was sent: "<device> <ns>" lines */
	uint64_t sent, acked;
	unsigned char out[256 * 1024];
	size_t out_len;
	unsigned char in[4096];
	size_t in_len;
};

#define OUT_ROOM 1024 /* one packet and more */

/* Mixed: of ten messages nine repeat a state, as telemetry does. */
static bool is_active(const struct load *load, uint64_t number)
{
	uint64_t round = number / load->devices;
	switch (load->words) {
	case REPEATED:
		return false;
	case CHANGES:
		return round % 2 == 0;
	case MIXED:
		return round / 10 % 2 == 0;
	case ALARMS:
		return true;
	}
	return false;
}

static size_t put_word(unsigned char *at, const char *text, size_t len)
{
	at[0] = (unsigned char)(len >> 8);
	at[1] = (unsigned char)len;
	memcpy(at + 2, text, len);
	return len + 2;
}

static void add_packet(struct load *load, uint64_t number)
{
	char topic[160], body[256], id[64] = "";
	uint64_t device = number % load->devices;
	if (load->ids)
		snprintf(id, sizeof id, "\"id\":\"%s-%" PRIu64 "\",", load->prefix, number);
	int topic_len = snprintf(topic, sizeof topic, "tocsin/%s/device/%s-%06" PRIu64 "/event",
	                         load->site, load->prefix, device);
	int body_len = snprintf(body, sizeof body,
	                        "{%s\"kind\":\"%s\",\"state\":\"%s\",\"value\":%" PRIu64 "}", id,
	                        load->words == ALARMS ? "panic" : "contact",
	                        is_active(load, number) ? "active" : "clear", number % 100);
	size_t len = 2 + (size_t)topic_len + 2 + (size_t)body_len;
	unsigned char *at = load->out + load->out_len, *start = at;
	*at++ = 0x32; /* PUBLISH, QoS 1 */
	if (len > 127) {
		*at++ = (unsigned char)(len % 128 | 128);
		*at++ = (unsigned char)(len / 128);
	} else {
		*at++ = (unsigned char)len;
	}
	at += put_word(at, topic, (size_t)topic_len);
	uint16_t mid = (uint16_t)(number % 65535 + 1);
	*at++ = (unsigned char)(mid >> 8);
	*at++ = (unsigned char)mid;
	memcpy(at, body, (size_t)body_len);
	load->out_len += (size_t)(at + body_len - start);
	if (load->times)
		fprintf(load->times, "%s-%06" PRIu64 " %" PRId64 "\n", load->prefix, device,
		        bench_now());
}

/* Every answer of the broker is a PUBACK of four bytes. */
static void take_acks(struct load *load)
{
	ssize_t got = recv(load->fd, load->in + load->in_len, sizeof load->in - load->in_len,
	                   MSG_DONTWAIT);
	if (got == 0 || (got < 0 && errno != EAGAIN))
		bench_die("the broker closed the connection");
	if (got > 0)
		load->in_len += (size_t)got;
	load->acked += load->in_len / 4;
	load->in_len %= 4;
}

static void flush(struct load *load)
{
	size_t done = 0;
	while (done < load->out_len) {
		ssize_t n = send(load->fd, load->out + done, load->out_len - done,
		                 MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n > 0) {
			done += (size_t)n;
			continue;
		}
		if (errno != EAGAIN)
			bench_die("the broker closed the connection");
		struct pollfd wait = {.fd = load->fd, .events = POLLIN | POLLOUT};
		poll(&wait, 1, 1000);
		take_acks(load);
	}
	load->out_len = 0;
}

static uint64_t due(const struct load *load, int64_t began)
{
	if (!load->rate)
		return load->count;
	uint64_t by_now = (uint64_t)(bench_now() - began) * load->rate / 1000000000u + 1;
	return by_now < load->count ? by_now : load->count;
}

static void publish_all(struct load *load)
{
	int64_t began = bench_now();
	while (load->acked < load->count) {
		uint64_t until = due(load, began);
		while (load->sent < until && load->sent - load->acked < load->window &&
		       load->out_len + OUT_ROOM < sizeof load->out)
			add_packet(load, load->first + load->sent++);
		flush(load);
		take_acks(load);
		if (load->acked == load->count)
			return;
		if (load->sent < load->count && load->sent < due(load, began) &&
		    load->sent - load->acked < load->window)
			continue;
		/* What is due next, or the next answer. */
		int64_t next = load->rate && load->sent < load->count
		                       ? began + (int64_t)(load->sent * 1000000000u / load->rate)
		                       : INT64_MAX;
		bench_wait(load->fd, next);
	}
}

static void say_hello(struct load *load)
{
	char id[64];
	unsigned char packet[128] = {0x10}, *at = packet + 2, answer[4];
	int len = snprintf(id, sizeof id, "load-%s-%d", load->prefix, (int)getpid());
	at += put_word(at, "MQTT", 4);
	memcpy(at, "\x04\x02\x00\x00", 4); /* 3.1.1, a clean session, no keepalive */
	at += 4;
	at += put_word(at, id, (size_t)len);
	packet[1] = (unsigned char)(at - packet - 2);
	if (send(load->fd, packet, (size_t)(at - packet), MSG_NOSIGNAL) < 0 ||
	    recv(load->fd, answer, sizeof answer, MSG_WAITALL) != 4 || answer[3] != 0)
		bench_die("the broker does not let us in");
}

static void usage(void)
{
	puts("bench-load --port N [--site ID] [--prefix dev] [--words "
	     "repeated|changes|mixed|alarms]\n"
	     "           [--devices N] [--count N] [--first N] [--rate PER_SECOND] [--window N]\n"
	     "           [--ids] [--times FILE]");
}

static enum words words_from(const char *name)
{
	for (int i = 0; i < 4; i++)
		if (strcmp(word_names[i], name) == 0)
			return (enum words)i;
	bench_die("--words is one of: repeated changes mixed alarms");
}

static const struct option options[] = {
        {"port", required_argument, NULL, 'p'},
        {"site", required_argument, NULL, 's'},
        {"prefix", required_argument, NULL, 'x'},
        {"words", required_argument, NULL, 'w'},
        {"devices", required_argument, NULL, 'd'},
        {"count", required_argument, NULL, 'c'},
        {"first", required_argument, NULL, 'f'},
        {"rate", required_argument, NULL, 'r'},
        {"window", required_argument, NULL, 'q'},
        {"ids", no_argument, NULL, 'i'},
        {"times", required_argument, NULL, 't'},
        {"help", no_argument, NULL, 'h'},
        {0},
};

int main(int argc, char **argv)
{
	static struct load load = {.site = "bench",
	                           .prefix = "dev",
	                           .words = CHANGES,
	                           .devices = 1000,
	                           .count = 1000,
	                           .window = 5000};
	uint16_t port = 0;
	for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		switch (c) {
		case 'p':
			port = (uint16_t)bench_number(optarg);
			break;
		case 's':
			load.site = optarg;
			break;
		case 'x':
			load.prefix = optarg;
			break;
		case 'w':
			load.words = words_from(optarg);
			break;
		case 'd':
			load.devices = bench_number(optarg);
			break;
		case 'c':
			load.count = bench_number(optarg);
			break;
		case 'f':
			load.first = bench_number(optarg);
			break;
		case 'r':
			load.rate = bench_number(optarg);
			break;
		case 'q':
			load.window = bench_number(optarg);
			break;
		case 'i':
			load.ids = true;
			break;
		case 't':
			load.times = fopen(optarg, "w");
			break;
		default:
			usage();
			return c == 'h' ? 0 : 2;
		}
	}
	if (!port || !load.devices) {
		usage();
		return 2;
	}
	load.fd = bench_connect(port);
	say_hello(&load);
	int64_t began = bench_now();
	publish_all(&load);
	int64_t ended = bench_now();
	printf("{\"sent\": %" PRIu64 ", \"began\": %" PRId64 ", \"ended\": %" PRId64 "}\n",
	       load.sent, began, ended);
	if (load.times)
		fclose(load.times);
	close(load.fd);
	return 0;
}
