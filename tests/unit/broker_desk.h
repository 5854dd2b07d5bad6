/* The owner of a broker session in a test, a publisher beside it, and a broker made of a bare
 * socket, which says what a real one never would. Include after <cmocka.h>. */
#ifndef TOCSIN_TESTS_BROKER_DESK_H
#define TOCSIN_TESTS_BROKER_DESK_H

#include <arpa/inet.h>
#include <mosquitto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "house.h"
#include "receive/broker_private.h"

#define TOO_LONG 30000 /* ms: a test that waits longer has failed */

/* ---- the owner of a broker session ---- */

struct desk {
	uv_loop_t loop;
	uv_timer_t limit;
	struct broker *broker;
	bool holds; /* makes no turns: the store is down */
	bool turn_wanted;
	unsigned int connects, disconnects, seen_connects;
	bool session_present;
	char why[512];
	struct text got; /* "topic=payload topic=payload " */
	unsigned int count, batch_most;
};

static inline void on_message(void *ctx, const struct broker_message *message)
{
	struct desk *desk = ctx;
	text_addf(&desk->got, "%s=%.*s%s ", message->topic, (int)message->len,
	          (const char *)message->bytes, message->retained ? "(retained)" : "");
	desk->count++;
	desk->turn_wanted = true;
}

static inline void on_connected(void *ctx, bool session_present)
{
	struct desk *desk = ctx;
	desk->connects++;
	desk->session_present = session_present;
}

static inline void on_disconnected(void *ctx, const char *why)
{
	struct desk *desk = ctx;
	desk->disconnects++;
	snprintf(desk->why, sizeof desk->why, "%s", why);
}

static inline void on_wants_release(void *ctx)
{
	((struct desk *)ctx)->turn_wanted = true;
}

static inline void on_limit(uv_timer_t *timer)
{
	(void)timer;
	fail_msg("waited for more than %d s", TOO_LONG / 1000);
}

static const struct broker_callbacks callbacks = {on_message, on_connected, on_disconnected,
                                                  on_wants_release, NULL};

static inline void desk_open(struct desk *desk, const struct broker_options *options,
                             const char *const *filters, size_t count)
{
	struct problem why;
	*desk = (struct desk){0};
	uv_loop_init(&desk->loop);
	uv_timer_init(&desk->loop, &desk->limit);
	uv_timer_start(&desk->limit, on_limit, TOO_LONG, 0);
	int r = broker_open(&desk->loop, options, filters, count, &callbacks, desk, &desk->broker,
	                    &why);
	if (r < 0)
		fail_msg("%s", why.text);
}

static inline void desk_turn(struct desk *desk)
{
	unsigned int before = desk->count;
	uv_run(&desk->loop, UV_RUN_ONCE);
	if (desk->count - before > desk->batch_most)
		desk->batch_most = desk->count - before;
	if (!desk->turn_wanted || desk->holds)
		return;
	desk->turn_wanted = false;
	broker_release(desk->broker);
}

static inline void wait_connect(struct desk *desk)
{
	while (desk->connects == desk->seen_connects)
		desk_turn(desk);
	desk->seen_connects = desk->connects;
}

static inline void wait_disconnect(struct desk *desk)
{
	unsigned int before = desk->disconnects;
	while (desk->disconnects == before)
		desk_turn(desk);
}

static inline void wait_count(struct desk *desk, unsigned int count)
{
	while (desk->count < count)
		desk_turn(desk);
}

static inline void wait_text(struct desk *desk, const char *text)
{
	while (!strstr(text_get(&desk->got), text))
		desk_turn(desk);
}

static inline void on_readable(uv_poll_t *poll, int status, int events)
{
	(void)status, (void)events;
	*(bool *)poll->data = true;
}

static inline void wait_readable(struct desk *desk, int fd)
{
	bool is_readable = false;
	uv_poll_t *poll = NEW(uv_poll_t);
	uv_poll_init(&desk->loop, poll, fd);
	poll->data = &is_readable;
	uv_poll_start(poll, UV_READABLE, on_readable);
	while (!is_readable)
		desk_turn(desk);
	uv_close((uv_handle_t *)poll, (uv_close_cb)free);
}

static inline void desk_forget(struct desk *desk)
{
	text_reset(&desk->got);
	desk->count = 0;
}

static inline void desk_close(struct desk *desk)
{
	broker_close(desk->broker);
	uv_close((uv_handle_t *)&desk->limit, NULL);
	uv_run(&desk->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&desk->loop), 0);
	text_finish(&desk->got);
}

/* ---- a publisher ---- */

static inline struct broker_options options_for(int port)
{
	return (struct broker_options){
	        .host = "127.0.0.1", .port = port, .client_id = "test-broker"};
}

struct publisher {
	struct mosquitto *client;
	unsigned int accepted;
};

static inline void on_accepted(struct mosquitto *client, void *ctx, int mid)
{
	(void)client, (void)mid;
	((struct publisher *)ctx)->accepted++;
}

/* Publishes count numbered messages at QoS 1 and returns when the broker has them all. */
static inline void publish_many(int port, const char *topic, const char *format, unsigned int count,
                                bool retain)
{
	struct publisher publisher = {0};
	publisher.client = mosquitto_new(NULL, true, &publisher);
	mosquitto_publish_callback_set(publisher.client, on_accepted);
	assert_int_equal(mosquitto_connect(publisher.client, "127.0.0.1", port, 60), 0);
	for (unsigned int i = 1; i <= count; i++) {
		char payload[64];
		int len = snprintf(payload, sizeof payload, "%s%u", format, i);
		assert_int_equal(
		        mosquitto_publish(publisher.client, NULL, topic, len, payload, 1, retain),
		        0);
	}
	while (publisher.accepted < count)
		assert_int_equal(mosquitto_loop(publisher.client, 1000, 1), 0);
	mosquitto_disconnect(publisher.client);
	mosquitto_destroy(publisher.client);
}

/* The subscriptions stand when a message sent after them has come. */
static inline void wait_subscribed(struct desk *desk, int port, const char *topic)
{
	publish_many(port, topic, "ready", 1, true);
	wait_text(desk, "=ready1");
	desk_forget(desk);
}

static inline int setup(void **state)
{
	struct house *house = NEW(struct house);
	mosquitto_lib_init();
	house_build(house, NULL);
	house_start(house);
	*state = house;
	return 0;
}

static inline int teardown(void **state)
{
	house_remove(*state);
	free(*state);
	mosquitto_lib_cleanup();
	return 0;
}

/* ---- a broker made of a socket ---- */

struct fake {
	int listener, port, conn;
};

static inline void fake_open(struct fake *fake)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof at;
	fake->listener = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(fake->listener, (struct sockaddr *)&at, size), 0);
	assert_int_equal(listen(fake->listener, 8), 0);
	getsockname(fake->listener, (struct sockaddr *)&at, &size);
	fake->port = ntohs(at.sin_port);
}

static inline ssize_t fake_read(struct fake *fake, unsigned char *at, size_t size)
{
	return recv(fake->conn, at, size, MSG_DONTWAIT);
}

static inline void fake_write(struct fake *fake, const void *bytes, size_t len)
{
	assert_int_equal(send(fake->conn, bytes, len, MSG_NOSIGNAL), (ssize_t)len);
}

/* Takes the connection and the CONNECT, answers with a code, swallows what follows. */
static inline void fake_greet(struct fake *fake, struct desk *desk, unsigned char code)
{
	unsigned char in[512];
	wait_readable(desk, fake->listener);
	fake->conn = accept(fake->listener, NULL, NULL);
	wait_readable(desk, fake->conn);
	assert_true(fake_read(fake, in, sizeof in) > 0);
	assert_int_equal(in[0], 0x10); /* CONNECT */
	fake_write(fake, (unsigned char[]){0x20, 2, 0, code}, 4);
	if (code)
		return;
	wait_connect(desk);
	wait_readable(desk, fake->conn);
	while (fake_read(fake, in, sizeof in) > 0)
		;
}

static inline void fake_close(struct fake *fake)
{
	close(fake->conn);
	close(fake->listener);
}

/* The next connection that says anything: its CONNECT. */
static inline void fake_hear_connect(struct fake *fake, struct desk *desk, struct text *out)
{
	unsigned char in[512];
	ssize_t len;
	do {
		wait_readable(desk, fake->listener);
		fake->conn = accept(fake->listener, NULL, NULL);
		wait_readable(desk, fake->conn);
		len = fake_read(fake, in, sizeof in);
		if (len <= 0)
			close(fake->conn);
	} while (len <= 0);
	for (ssize_t i = 0; i < len; i++)
		text_add_char(out, in[i] >= ' ' && in[i] < 0x7f ? (char)in[i] : '.');
}

#endif
