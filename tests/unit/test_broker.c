/* The session with the broker, against a real mosquitto on a free port and against a broker made
 * of a bare socket, which says what a real one never would. */
/* floors: receive */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <mosquitto.h>
#include <poll.h>
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

static void on_message(void *ctx, const struct broker_message *message)
{
	struct desk *desk = ctx;
	text_addf(&desk->got, "%s=%.*s%s ", message->topic, (int)message->len,
	          (const char *)message->bytes, message->retained ? "(retained)" : "");
	desk->count++;
	desk->turn_wanted = true;
}

static void on_connected(void *ctx, bool session_present)
{
	struct desk *desk = ctx;
	desk->connects++;
	desk->session_present = session_present;
}

static void on_disconnected(void *ctx, const char *why)
{
	struct desk *desk = ctx;
	desk->disconnects++;
	snprintf(desk->why, sizeof desk->why, "%s", why);
}

static void on_wants_release(void *ctx)
{
	((struct desk *)ctx)->turn_wanted = true;
}

static void on_limit(uv_timer_t *timer)
{
	(void)timer;
	fail_msg("waited for more than %d s", TOO_LONG / 1000);
}

static const struct broker_callbacks callbacks = {on_message, on_connected, on_disconnected,
                                                  on_wants_release, NULL};

static void desk_open(struct desk *desk, const struct broker_options *options,
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

static void desk_turn(struct desk *desk)
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

static void wait_connect(struct desk *desk)
{
	while (desk->connects == desk->seen_connects)
		desk_turn(desk);
	desk->seen_connects = desk->connects;
}

static void wait_disconnect(struct desk *desk)
{
	unsigned int before = desk->disconnects;
	while (desk->disconnects == before)
		desk_turn(desk);
}

static void wait_count(struct desk *desk, unsigned int count)
{
	while (desk->count < count)
		desk_turn(desk);
}

static void wait_text(struct desk *desk, const char *text)
{
	while (!strstr(text_get(&desk->got), text))
		desk_turn(desk);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
	(void)status, (void)events;
	*(bool *)poll->data = true;
}

static void wait_readable(struct desk *desk, int fd)
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

static void desk_forget(struct desk *desk)
{
	text_reset(&desk->got);
	desk->count = 0;
}

static void desk_close(struct desk *desk)
{
	broker_close(desk->broker);
	uv_close((uv_handle_t *)&desk->limit, NULL);
	uv_run(&desk->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&desk->loop), 0);
	text_finish(&desk->got);
}

/* ---- a publisher ---- */

static struct broker_options options_for(int port)
{
	return (struct broker_options){
	        .host = "127.0.0.1", .port = port, .client_id = "test-broker"};
}

struct publisher {
	struct mosquitto *client;
	unsigned int accepted;
};

static void on_accepted(struct mosquitto *client, void *ctx, int mid)
{
	(void)client, (void)mid;
	((struct publisher *)ctx)->accepted++;
}

/* Publishes count numbered messages at QoS 1 and returns when the broker has them all. */
static void publish_many(int port, const char *topic, const char *format, unsigned int count,
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
static void wait_subscribed(struct desk *desk, int port, const char *topic)
{
	publish_many(port, topic, "ready", 1, true);
	wait_text(desk, "=ready1");
	desk_forget(desk);
}

static int setup(void **state)
{
	struct house *house = NEW(struct house);
	mosquitto_lib_init();
	house_build(house, NULL);
	house_start(house);
	*state = house;
	return 0;
}

static int teardown(void **state)
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

static void fake_open(struct fake *fake)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof at;
	fake->listener = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(fake->listener, (struct sockaddr *)&at, size), 0);
	assert_int_equal(listen(fake->listener, 8), 0);
	getsockname(fake->listener, (struct sockaddr *)&at, &size);
	fake->port = ntohs(at.sin_port);
}

static ssize_t fake_read(struct fake *fake, unsigned char *at, size_t size)
{
	return recv(fake->conn, at, size, MSG_DONTWAIT);
}

static void fake_write(struct fake *fake, const void *bytes, size_t len)
{
	assert_int_equal(send(fake->conn, bytes, len, MSG_NOSIGNAL), (ssize_t)len);
}

/* Takes the connection and the CONNECT, answers with a code, swallows what follows. */
static void fake_greet(struct fake *fake, struct desk *desk, unsigned char code)
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

static void fake_close(struct fake *fake)
{
	close(fake->conn);
	close(fake->listener);
}

/* ---- tests ---- */

static void test_an_ack_leaves_with_the_release_and_not_before(void **state)
{
	(void)state;
	struct fake fake;
	struct desk desk;
	unsigned char in[64];
	fake_open(&fake);
	struct broker_options options = options_for(fake.port);
	desk_open(&desk, &options, (const char *const[]){"a"}, 1);
	fake_greet(&fake, &desk, 0);

	desk.holds = true;
	static const unsigned char message[] = {0x32, 6, 0, 1, 'a', 0, 7, 'x'};
	static const unsigned char another[] = {0x32, 6, 0, 1, 'a', 0, 8, 'y'};
	fake_write(&fake, message, sizeof message);
	fake_write(&fake, another, sizeof another);
	wait_count(&desk, 2);
	for (int i = 0; i < 10; i++)
		uv_run(&desk.loop, UV_RUN_NOWAIT);
	assert_int_equal(broker_held(desk.broker), 2);
	assert_int_equal(fake_read(&fake, in, sizeof in), -1);
	assert_int_equal(errno, EAGAIN);

	broker_release(desk.broker);
	static const unsigned char acks[] = {0x40, 2, 0, 7, 0x40, 2, 0, 8};
	assert_int_equal(broker_held(desk.broker), 0);
	wait_readable(&desk, fake.conn);
	assert_int_equal(fake_read(&fake, in, sizeof in), sizeof acks);
	assert_memory_equal(in, acks, sizeof acks);
	desk_close(&desk);
	fake_close(&fake);
}

/* By this the owner knows when to wait with what may wait. */
static void test_what_the_broker_has_not_confirmed_is_counted(void **state)
{
	(void)state;
	struct fake fake;
	struct desk desk;
	int receipt = 0;
	fake_open(&fake);
	struct broker_options options = options_for(fake.port);
	desk_open(&desk, &options, (const char *const[]){"a"}, 1);
	fake_greet(&fake, &desk, 0);
	assert_int_equal(broker_unconfirmed(desk.broker), 0);
	assert_true(broker_publish_receipt(desk.broker, "b", "x", 1, false, &receipt));
	assert_true(broker_publish(desk.broker, "b", "y", 1, 1, false));
	assert_int_equal(broker_unconfirmed(desk.broker), 2);
	broker_release(desk.broker);
	const unsigned char ack[] = {0x40, 2, (unsigned char)(receipt >> 8),
	                             (unsigned char)receipt};
	fake_write(&fake, ack, sizeof ack);
	while (broker_unconfirmed(desk.broker) == 2)
		uv_run(&desk.loop, UV_RUN_ONCE);
	assert_int_equal(broker_unconfirmed(desk.broker), 1);
	close(fake.conn);
	fake.conn = -1;
	while (broker_is_connected(desk.broker))
		uv_run(&desk.loop, UV_RUN_ONCE);
	assert_int_equal(broker_unconfirmed(desk.broker), 0);
	desk_close(&desk);
	fake_close(&fake);
}

static void test_closing_with_held_acks_writes_nothing(void **state)
{
	(void)state;
	struct fake fake;
	struct desk desk;
	unsigned char in[64];
	fake_open(&fake);
	struct broker_options options = options_for(fake.port);
	options.status_topic = "s";
	desk_open(&desk, &options, (const char *const[]){"a"}, 1);
	fake_greet(&fake, &desk, 0);
	desk.holds = true;
	static const unsigned char message[] = {0x32, 6, 0, 1, 'a', 0, 7, 'x'};
	fake_write(&fake, message, sizeof message);
	wait_count(&desk, 1);
	desk_close(&desk);
	assert_int_equal(fake_read(&fake, in, sizeof in), 0); /* the end, and nothing before */
	fake_close(&fake);
}

static void test_a_turn_is_wanted_as_soon_as_there_is_room(void **state)
{
	(void)state;
	struct fake fake;
	struct desk desk;
	unsigned char in[65536];
	const size_t len = 8u << 20; /* more than the socket takes */
	char *bytes = mem_new(len);
	fake_open(&fake);
	struct broker_options options = options_for(fake.port);
	desk_open(&desk, &options, (const char *const[]){"a"}, 1);
	fake_greet(&fake, &desk, 0);
	assert_true(broker_publish(desk.broker, "a", bytes, len, 1, false));
	broker_release(desk.broker);
	desk.holds = true;
	desk.turn_wanted = false;
	for (int i = 0; i < 1000 && !desk.turn_wanted; i++) {
		while (fake_read(&fake, in, sizeof in) > 0)
			;
		uv_run(&desk.loop, UV_RUN_NOWAIT);
	}
	assert_true(desk.turn_wanted);
	free(bytes);
	desk_close(&desk);
	fake_close(&fake);
}

static void test_a_refused_login_is_told_once_and_tried_again(void **state)
{
	(void)state;
	struct fake fake;
	struct desk desk;
	fake_open(&fake);
	struct broker_options options = options_for(fake.port);
	desk_open(&desk, &options, (const char *const[]){"a"}, 1);
	fake_greet(&fake, &desk, 5);
	wait_disconnect(&desk);
	assert_string_equal(desk.why, "the broker refuses the login: not authorised");
	close(fake.conn);
	fake_greet(&fake, &desk, 5); /* the second attempt */
	close(fake.conn);
	fake_greet(&fake, &desk, 0); /* the third is let in */
	assert_int_equal(desk.disconnects, 1);
	assert_true(broker_is_connected(desk.broker));
	desk_close(&desk);
	fake_close(&fake);
}

static void test_nonsense_from_the_broker_ends_the_link_only(void **state)
{
	(void)state;
	static const struct {
		const char *bytes;
		size_t len;
	} nonsense[] = {
	        {"\xff\xff\xff\xff\xff\xff", 6},      /* no packet, no length */
	        {"\x32\x06\x00\x00\x00\x07xy", 8},    /* a message without a topic */
	        {"\x32\x05\x00\x09\x61\x00\x07", 7},  /* a topic longer than the packet */
	        {"\x32\x06\x00\x01\x00\x00\x07x", 8}, /* a topic with a NUL */
	        {"\x32\x06\x00\x01+\x00\x07x", 8},    /* a topic with a wildcard */
	};
	struct fake fake;
	struct desk desk;
	fake_open(&fake);
	struct broker_options options = options_for(fake.port);
	for (size_t i = 0; i < sizeof nonsense / sizeof *nonsense; i++) {
		desk_open(&desk, &options, (const char *const[]){"a"}, 1);
		fake_greet(&fake, &desk, 0);
		fake_write(&fake, nonsense[i].bytes, nonsense[i].len);
		while (!desk.disconnects && !desk.count)
			desk_turn(&desk);
		desk_close(&desk);
		close(fake.conn);
	}
	close(fake.listener);
}

/* In the middle of the TLS handshake, politely or by a reset. */
static void test_a_broker_that_hangs_up_is_noticed(void **state)
{
	(void)state;
	static const struct linger reset = {.l_onoff = 1, .l_linger = 0};
	for (int by_reset = 0; by_reset < 2; by_reset++) {
		struct fake fake;
		struct desk desk;
		fake_open(&fake);
		struct broker_options options = options_for(fake.port);
		options.tls = true;
		desk_open(&desk, &options, NULL, 0);
		wait_readable(&desk, fake.listener);
		fake.conn = accept(fake.listener, NULL, NULL);
		wait_readable(&desk, fake.conn);
		if (by_reset)
			setsockopt(fake.conn, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
		close(fake.conn);
		wait_disconnect(&desk);
		assert_true(desk.why[0]);
		desk_close(&desk);
		close(fake.listener);
	}
}

static void test_nobody_listens(void **state)
{
	(void)state;
	struct desk desk;
	struct broker_options options = options_for(free_port());
	desk_open(&desk, &options, NULL, 0);
	wait_disconnect(&desk);
	assert_string_equal(desk.why, "Connection refused");
	assert_false(broker_publish(desk.broker, "a", "x", 1, 1, false));
	broker_release(desk.broker);
	desk_close(&desk);
}

/* What the watchdog asks: with nobody there the session is on its way; when what would bring the
 * next attempt is gone, or a name server holds it for ever, it is not. */
static void test_a_session_that_will_never_come_is_told_from_one_on_its_way(void **state)
{
	(void)state;
	struct broker_options options = {.host = "127.0.0.1", .port = 1, .client_id = "x"};
	struct desk desk;
	desk_open(&desk, &options, (const char *const[]){"a"}, 1);
	assert_true(broker_is_alive(desk.broker)); /* dialling */
	desk.broker->dialled_at = uv_now(&desk.loop) - DIALLING_MAX;
	assert_false(broker_is_alive(desk.broker));
	wait_disconnect(&desk);
	assert_true(broker_is_alive(desk.broker)); /* waiting to try again */
	uv_timer_stop(&desk.broker->timer);
	assert_false(broker_is_alive(desk.broker));
	desk_close(&desk);
}

static void test_options_that_cannot_work_are_refused(void **state)
{
	(void)state;
	struct broker_options options = options_for(1);
	struct broker *broker = NULL;
	struct problem why;
	uv_loop_t loop;
	uv_loop_init(&loop);
	options.tls = true;
	options.ca_file = "/nonexistent/ca.pem";
	assert_int_equal(broker_open(&loop, &options, NULL, 0, &callbacks, NULL, &broker, &why),
	                 -EINVAL);
	assert_non_null(strstr(why.text, "ca_file"));
	options.tls = false;
	options.client_id = "";
	assert_int_equal(broker_open(&loop, &options, NULL, 0, &callbacks, NULL, &broker, &why),
	                 -EINVAL);
	assert_null(broker);
	assert_int_equal(fcntl(STDIN_FILENO, F_GETFD), 0); /* libmosquitto would have closed it */
	assert_int_equal(uv_loop_close(&loop), 0);
}

static void test_what_was_not_released_comes_again(void **state)
{
	struct house *house = *state;
	struct desk desk;
	struct broker_options options = options_for(house->port);
	const char *const filters[] = {"again/#"};
	desk_open(&desk, &options, filters, 1);
	wait_connect(&desk);
	wait_subscribed(&desk, house->port, "again/ready");

	desk.holds = true;
	publish_many(house->port, "again/a", "m", 5, false);
	wait_count(&desk, 5);
	desk_close(&desk);

	desk_open(&desk, &options, filters, 1);
	wait_connect(&desk);
	assert_true(desk.session_present);
	wait_text(&desk, "again/a=m1 again/a=m2 again/a=m3 again/a=m4 again/a=m5 ");
	assert_true(broker_publish(desk.broker, "again/mark", "1", 1, 1, false));
	broker_release(desk.broker);
	wait_text(&desk, "again/mark=1"); /* an echo: what was sent before it has been read */
	desk_close(&desk);

	desk_open(&desk, &options, filters, 1);
	wait_connect(&desk);
	publish_many(house->port, "again/a", "last", 1, false);
	wait_text(&desk, "again/a=last1");
	if (strstr(text_get(&desk.got), "=m"))
		fail_msg("acknowledged, yet it came again: %s", text_get(&desk.got));
	desk_close(&desk);
}

/* The next connection that says anything: its CONNECT. */
static void fake_hear_connect(struct fake *fake, struct desk *desk, struct text *out)
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

static void test_another_login_is_used_at_once_and_nothing_is_acknowledged_by_it(void **state)
{
	(void)state;
	struct fake fake;
	struct desk desk;
	struct problem why;
	struct text said = {0};
	unsigned char in[64];
	char password[] = "new";
	fake_open(&fake);
	struct broker_options options = options_for(fake.port);
	options.username = "tocsin";
	options.password = "old";
	desk_open(&desk, &options, (const char *const[]){"a"}, 1);
	fake_greet(&fake, &desk, 0);
	static const unsigned char message[] = {0x32, 6, 0, 1, 'a', 0, 7, 'x'};
	desk.holds = true;
	fake_write(&fake, message, sizeof message);
	wait_count(&desk, 1);

	options.password = password;
	assert_int_equal(broker_use(desk.broker, &options, &why), 0);
	memcpy(password, "xxx", 3); /* it is the broker's own by now */
	desk.holds = false;
	assert_false(broker_is_connected(desk.broker));
	assert_int_equal(broker_held(desk.broker), 0);
	int old = fake.conn;
	fake_hear_connect(&fake, &desk, &said);
	assert_non_null(strstr(text_get(&said), "tocsin..new"));
	assert_int_equal(recv(old, in, sizeof in, 0), 0); /* its end, and not a word before it */
	fake_write(&fake, (unsigned char[]){0x20, 2, 1, 0}, 4);
	wait_connect(&desk);
	assert_true(desk.session_present);
	assert_int_equal(desk.disconnects, 0);
	text_finish(&said);
	close(old);
	desk_close(&desk);
	fake_close(&fake);
}

static void test_another_login_while_it_dials_or_waits(void **state)
{
	(void)state;
	struct fake fake;
	struct desk desk;
	struct problem why;
	struct text said = {0};
	fake_open(&fake);
	struct broker_options options = options_for(fake.port), nonsense = options_for(fake.port);
	options.username = "first";
	desk_open(&desk, &options, (const char *const[]){"a"}, 1);
	options.username = "second";
	assert_int_equal(broker_use(desk.broker, &options, &why), 0);
	nonsense.client_id = "";
	assert_int_equal(broker_use(desk.broker, &nonsense, &why), -EINVAL);
	fake_hear_connect(&fake, &desk, &said);
	assert_non_null(strstr(text_get(&said), "second"));
	fake_write(&fake, (unsigned char[]){0x20, 2, 0, 5}, 4); /* not authorised */
	wait_disconnect(&desk);
	close(fake.conn);

	text_reset(&said);
	options.username = "third";
	assert_int_equal(broker_use(desk.broker, &options, &why), 0);
	fake_hear_connect(&fake, &desk, &said);
	assert_non_null(strstr(text_get(&said), "third"));
	fake_write(&fake, (unsigned char[]){0x20, 2, 0, 5}, 4);
	wait_disconnect(&desk); /* the same answer to another login is news */
	text_finish(&said);
	desk_close(&desk);
	fake_close(&fake);
}

static void test_a_broker_that_restarts_is_found_again(void **state)
{
	struct house *house = *state;
	struct desk desk;
	struct broker_options options = options_for(house->port);
	options.client_id = "test-restart";
	desk_open(&desk, &options, (const char *const[]){"restart/#"}, 1);
	wait_connect(&desk);
	wait_subscribed(&desk, house->port, "restart/ready");

	house_stop(house);
	wait_disconnect(&desk);
	assert_false(broker_is_connected(desk.broker));
	house_start(house);
	wait_connect(&desk);
	wait_subscribed(&desk, house->port, "restart/ready");
	assert_false(desk.session_present); /* this mosquitto keeps nothing */
	publish_many(house->port, "restart/a", "after", 1, false);
	wait_text(&desk, "restart/a=after1");
	desk_close(&desk);
}

static void test_presence_is_known_to_others(void **state)
{
	struct house *house = *state;
	struct desk witness, desk;
	struct broker_options seeing = options_for(house->port), seen = options_for(house->port);
	seeing.client_id = "test-witness";
	seen.client_id = "test-seen";
	seen.status_topic = "presence";
	desk_open(&witness, &seeing, (const char *const[]){"presence"}, 1);
	wait_connect(&witness);
	desk_open(&desk, &seen, (const char *const[]){"presence-a"}, 1);
	wait_connect(&desk);
	wait_subscribed(&desk, house->port, "presence-a");
	wait_text(&witness, "presence=online");
	desk_forget(&witness);
	desk_close(&desk);
	wait_text(&witness, "presence=offline"); /* a goodbye */

	desk_open(&desk, &seen, (const char *const[]){"presence-a"}, 1);
	wait_connect(&desk);
	wait_subscribed(&desk, house->port, "presence-a");
	wait_text(&witness, "presence=online");
	desk_forget(&witness);
	desk.holds = true;
	publish_many(house->port, "presence-a", "held", 1, false);
	wait_count(&desk, 1);
	desk_close(&desk);
	wait_text(&witness, "presence=offline"); /* the will */
	desk_close(&witness);
}

static void test_new_filters_take_the_place_of_the_old(void **state)
{
	struct house *house = *state;
	struct desk desk;
	struct broker_options options = options_for(house->port);
	options.client_id = "test-filters";
	const char *const first[] = {"old", "both"}, *const second[] = {"both", "new"};
	desk_open(&desk, &options, first, 2);
	wait_connect(&desk);
	wait_subscribed(&desk, house->port, "both");
	broker_resubscribe(desk.broker, second, 2);
	wait_text(&desk, "both=ready1(retained)"); /* subscribing again shows what is retained */
	wait_subscribed(&desk, house->port, "new");
	publish_many(house->port, "old", "x", 1, false);
	publish_many(house->port, "new", "y", 1, false);
	wait_text(&desk, "new=y1");
	assert_null(strstr(text_get(&desk.got), "old="));
	desk_close(&desk);
}

static void test_more_filters_bring_nothing_again(void **state)
{
	struct house *house = *state;
	struct desk desk;
	struct broker_options options = options_for(house->port);
	options.client_id = "test-more";
	const char *const first[] = {"kept", "gone"}, *const second[] = {"more", "kept"};
	publish_many(house->port, "kept", "k", 1, true);
	publish_many(house->port, "more", "m", 1, true);
	desk_open(&desk, &options, first, 2);
	wait_connect(&desk);
	wait_text(&desk, "kept=k1(retained)");
	while (!broker_is_listening(desk.broker))
		desk_turn(&desk);
	broker_subscribe_more(desk.broker, second, 2);
	assert_false(broker_is_listening(desk.broker));
	wait_text(&desk, "more=m1(retained)");
	while (!broker_is_listening(desk.broker))
		desk_turn(&desk);
	publish_many(house->port, "gone", "x", 1, false);
	publish_many(house->port, "kept", "y", 1, false);
	wait_text(&desk, "kept=y1");
	assert_null(strstr(text_get(&desk.got), "gone="));
	assert_null(strstr(strstr(text_get(&desk.got), "kept=k1") + 1, "kept=k1"));
	desk_close(&desk);
}

/* More than fits into a batch, and a message larger than the socket takes at once. */
static void flood(const struct broker_options *options, int publish_port)
{
	struct desk desk;
	desk_open(&desk, options, (const char *const[]){"flood/#"}, 1);
	wait_connect(&desk);
	wait_subscribed(&desk, publish_port, "flood/ready");
	publish_many(publish_port, "flood/a", "f", 3000, false);
	wait_count(&desk, 3000);
	wait_text(&desk, "flood/a=f3000 ");
	assert_int_equal(desk.count, 3000);
	if (!options->tls) /* so that an operator's command is not kept waiting */
		assert_true(desk.batch_most <= 512);
	char *big = mem_new(8u << 20);
	assert_true(broker_publish(desk.broker, "flood/b", big, 8u << 20, 1, false));
	broker_release(desk.broker);
	while (desk.count < 3001)
		desk_turn(&desk);
	free(big);
	assert_int_equal(desk.disconnects, 0);
	desk_close(&desk);
}

/* Two links on one loop, and what came on each. */
struct pair {
	struct broker *session, *urgent;
	int port;
	unsigned int heard, when_urgent_came, when_urgent_heard, urgent_every;
};

static void on_urgent_message(void *ctx, const struct broker_message *message)
{
	struct pair *pair = ctx;
	(void)message;
	if (!pair->when_urgent_heard)
		pair->when_urgent_heard = pair->heard;
}

/* The tenth message of a flood is being read when something comes on the other link; and again and
 * again, where that is wanted. */
static void on_flood_message(void *ctx, const struct broker_message *message)
{
	struct pair *pair = ctx;
	(void)message;
	if (++pair->heard != 10 && !(pair->urgent_every && pair->heard % pair->urgent_every == 0))
		return;
	publish_many(pair->port, "urgent/a", "u", 1, false);
	struct pollfd other = {.fd = mosquitto_socket(pair->urgent->client), .events = POLLIN};
	assert_int_equal(poll(&other, 1, TOO_LONG), 1);
	if (!pair->when_urgent_came)
		pair->when_urgent_came = pair->heard;
}

static void on_pair_connected(void *ctx, bool session_present)
{
	(void)ctx, (void)session_present;
}

static void on_pair_lost(void *ctx, const char *why)
{
	(void)ctx;
	fail_msg("%s", why);
}

static void on_pair_wants_release(void *ctx)
{
	(void)ctx; /* after each turn of the loop it is released anyway */
}

static void pair_open(struct pair *pair, struct desk *desk, const char *id, const char *filter,
                      void (*hears)(void *, const struct broker_message *), struct broker **out)
{
	struct broker_options options = options_for(pair->port);
	struct problem why;
	const struct broker_callbacks told = {.message = hears,
	                                      .connected = on_pair_connected,
	                                      .disconnected = on_pair_lost,
	                                      .wants_release = on_pair_wants_release};
	options.client_id = id;
	assert_int_equal(broker_open(&desk->loop, &options, &filter, 1, &told, pair, out, &why), 0);
	while (!broker_is_listening(*out)) {
		uv_run(&desk->loop, UV_RUN_ONCE);
		broker_release(*out);
	}
}

/* 900 messages, all within what may be in flight. Returns the largest batch. */
static unsigned int flood_beside(struct pair *pair)
{
	struct desk desk = {0};
	unsigned int largest = 0, before;
	uv_loop_init(&desk.loop);
	pair_open(pair, &desk, "test-urgent", "urgent/#", on_urgent_message, &pair->urgent);
	pair_open(pair, &desk, "test-session", "flood/#", on_flood_message, &pair->session);
	broker_let_pass(pair->session, pair->urgent);
	publish_many(pair->port, "flood/a", "f", 900, false);
	while (pair->heard < 900 || !pair->when_urgent_heard) {
		before = pair->heard;
		uv_run(&desk.loop, UV_RUN_ONCE);
		largest = pair->heard - before > largest ? pair->heard - before : largest;
		broker_release(pair->session);
		broker_release(pair->urgent);
	}
	broker_let_pass(pair->session, NULL);
	broker_close(pair->session);
	broker_close(pair->urgent);
	uv_run(&desk.loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&desk.loop), 0);
	return largest;
}

static void test_what_is_let_pass_ends_a_batch(void **state)
{
	struct house *house = *state;
	struct pair pair = {.port = house->port};
	flood_beside(&pair);
	/* Nothing but messages already in hand went before it, and they were no whole batch. */
	assert_int_equal(pair.when_urgent_came, 10);
	assert_in_range(pair.when_urgent_heard, 10, 64);
}

/* However much comes on the other link, the flood goes on. */
static void test_every_second_batch_is_whole(void **state)
{
	struct house *house = *state;
	struct pair pair = {.port = house->port, .urgent_every = 30};
	assert_in_range(flood_beside(&pair), 400, 512);
}

static void test_a_flood_passes(void **state)
{
	struct house *house = *state;
	struct broker_options options = options_for(house->port);
	options.client_id = "test-flood";
	flood(&options, house->port);
}

static void test_a_flood_passes_under_tls(void **state)
{
	(void)state;
	struct house house;
	char cert[128], key[128], more[512], command[512];
	house_build(&house, NULL);
	house_path(&house, "cert.pem", cert);
	house_path(&house, "key.pem", key);
	snprintf(
	        command, sizeof command,
	        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 "
	        "-subj /CN=localhost -addext subjectAltName=DNS:localhost -keyout %s -out %s "
	        "2>/dev/null",
	        key, cert);
	assert_int_equal(system(command), 0);
	int port = free_port();
	snprintf(more, sizeof more, "listener %d 127.0.0.1\ncertfile %s\nkeyfile %s\n", port, cert,
	         key);
	char conf[128];
	house_path(&house, "mosquitto.conf", conf);
	FILE *f = fopen(conf, "a");
	assert_non_null(f);
	fputs(more, f);
	fclose(f);
	house_start(&house);

	struct broker_options options = options_for(port);
	options.host = "localhost";
	options.tls = true;
	options.ca_file = cert;
	flood(&options, house.port);

	struct desk desk;
	options.host = "127.0.0.1"; /* not the name in the certificate */
	desk_open(&desk, &options, NULL, 0);
	wait_disconnect(&desk);
	assert_int_equal(desk.connects, 0);
	assert_non_null(strstr(desk.why, "host name verification failed"));
	desk_close(&desk);
	house_remove(&house);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_an_ack_leaves_with_the_release_and_not_before),
	        cmocka_unit_test(test_what_the_broker_has_not_confirmed_is_counted),
	        cmocka_unit_test(test_closing_with_held_acks_writes_nothing),
	        cmocka_unit_test(test_a_turn_is_wanted_as_soon_as_there_is_room),
	        cmocka_unit_test(test_a_refused_login_is_told_once_and_tried_again),
	        cmocka_unit_test(test_nonsense_from_the_broker_ends_the_link_only),
	        cmocka_unit_test(test_a_broker_that_hangs_up_is_noticed),
	        cmocka_unit_test(test_nobody_listens),
	        cmocka_unit_test(test_a_session_that_will_never_come_is_told_from_one_on_its_way),
	        cmocka_unit_test(test_options_that_cannot_work_are_refused),
	        cmocka_unit_test(test_what_was_not_released_comes_again),
	        cmocka_unit_test(
	                test_another_login_is_used_at_once_and_nothing_is_acknowledged_by_it),
	        cmocka_unit_test(test_another_login_while_it_dials_or_waits),
	        cmocka_unit_test(test_a_broker_that_restarts_is_found_again),
	        cmocka_unit_test(test_presence_is_known_to_others),
	        cmocka_unit_test(test_new_filters_take_the_place_of_the_old),
	        cmocka_unit_test(test_more_filters_bring_nothing_again),
	        cmocka_unit_test(test_what_is_let_pass_ends_a_batch),
	        cmocka_unit_test(test_every_second_batch_is_whole),
	        cmocka_unit_test(test_a_flood_passes),
	        cmocka_unit_test(test_a_flood_passes_under_tls),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
