/* A link that is refused, lost or never made, and another login in its place. */
/* floors: receive */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "broker_desk.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_a_refused_login_is_told_once_and_tried_again),
	        cmocka_unit_test(test_nonsense_from_the_broker_ends_the_link_only),
	        cmocka_unit_test(test_a_broker_that_hangs_up_is_noticed),
	        cmocka_unit_test(test_nobody_listens),
	        cmocka_unit_test(test_a_session_that_will_never_come_is_told_from_one_on_its_way),
	        cmocka_unit_test(
	                test_another_login_is_used_at_once_and_nothing_is_acknowledged_by_it),
	        cmocka_unit_test(test_another_login_while_it_dials_or_waits),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
