/* The session with the broker, against a real mosquitto on a free port: what is acknowledged when,
 * what comes again, what is subscribed to. */
/* floors: receive */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>

#include "broker_desk.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_an_ack_leaves_with_the_release_and_not_before),
	        cmocka_unit_test(test_what_the_broker_has_not_confirmed_is_counted),
	        cmocka_unit_test(test_closing_with_held_acks_writes_nothing),
	        cmocka_unit_test(test_a_turn_is_wanted_as_soon_as_there_is_room),
	        cmocka_unit_test(test_options_that_cannot_work_are_refused),
	        cmocka_unit_test(test_what_was_not_released_comes_again),
	        cmocka_unit_test(test_a_broker_that_restarts_is_found_again),
	        cmocka_unit_test(test_presence_is_known_to_others),
	        cmocka_unit_test(test_new_filters_take_the_place_of_the_old),
	        cmocka_unit_test(test_more_filters_bring_nothing_again),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
