/* More messages than fit into a batch, and what comes on the other link meanwhile. */
/* floors: receive */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>

#include "broker_desk.h"

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
	        cmocka_unit_test(test_what_is_let_pass_ends_a_batch),
	        cmocka_unit_test(test_every_second_batch_is_whole),
	        cmocka_unit_test(test_a_flood_passes),
	        cmocka_unit_test(test_a_flood_passes_under_tls),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
