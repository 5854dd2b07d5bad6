/* Many letters: none waits for a lesser one, connections and turns are shared, limits are kept. */
/* floors: deliver */
#include "courier_story.h"

#include <poll.h>

#include "base/clock.h"

static int request_on(int fd)
{
	static char request[64 * 1024];
	struct pollfd wait = {.fd = fd, .events = POLLIN};
	return poll(&wait, 1, 2000) == 1 && read_request(fd, request, sizeof request);
}

static void answer_on(int fd)
{
	static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
	assert_int_equal(write(fd, answer, sizeof answer - 1), sizeof answer - 1);
}

/* Of the next connection, whose request has been read. */
static int next_call(struct sender *sender, int listener)
{
	struct pollfd door = {.fd = listener, .events = POLLIN};
	int tries = TOO_LONG;
	while (poll(&door, 1, 1) == 0) {
		assert_true(tries-- > 0);
		uv_run(&sender->loop, UV_RUN_NOWAIT);
	}
	int fd = accept(listener, NULL, NULL);
	uv_run(&sender->loop, UV_RUN_NOWAIT);
	assert_true(request_on(fd));
	return fd;
}

static void a_hurried_letter_leaves_before_the_loop_runs(void **state)
{
	struct sender *sender = *state;
	int listener = listen_on_loopback(4, &sender->port);
	send_to(sender, "/200");
	int fd = next_call(sender, listener);
	answer_on(fd);
	expect_results(sender, 1);

	send_to(sender, "/200"); /* the connection is there */
	courier_hurry(sender->courier);
	assert_true(request_on(fd));
	assert_int_equal(sender->count, 1); /* nobody was called back */
	answer_on(fd);
	expect_results(sender, 2);
	close(fd);
	close(listener);
}

static void the_channel_may_go_while_its_letter_is_under_way(void **state)
{
	struct sender *sender = *state;
	send_to(sender, "/200");
	memset(&sender->channel, 0xA5, sizeof sender->channel);
	memset(sender->url, 'x', sizeof sender->url - 1);
	expect_results(sender, 1);
	assert_int_equal(sender->results[0].verdict, VERDICT_ACCEPTED);
}

static void connections_are_kept_and_a_dead_one_costs_nothing(void **state)
{
	struct sender *sender = *state;
	attempt_at(sender, "/nth");
	attempt_at(sender, "/nth");
	assert_string_equal(text_get(&reply_body), "2");
	for (int i = 0; i < 4; i++)
		if (attempt_at(sender, "/close-after")->verdict != VERDICT_ACCEPTED)
			fail_msg("%d: %s", i, sender->details[sender->count - 1]);
}

static void expect_no_call(const struct pollfd *door)
{
	assert_int_equal(poll((struct pollfd *)door, 1, 0), 0);
}

/* Two are kept; the receiver reads what comes over one of them and closes it. */
static void what_a_kept_connection_took_in_vain_is_sent_once_more_and_recorded(void **state)
{
	struct sender *sender = *state;
	int listener = listen_on_loopback(4, &sender->port), kept[2];
	const struct pollfd door = {.fd = listener, .events = POLLIN};
	send_to(sender, "/200");
	send_to(sender, "/200");
	for (int i = 0; i < 2; i++)
		kept[i] = next_call(sender, listener);
	for (int i = 0; i < 2; i++)
		answer_on(kept[i]);
	expect_results(sender, 2);

	send_to(sender, "/200");
	courier_hurry(sender->courier);
	struct pollfd took[] = {{.fd = kept[0], .events = POLLIN},
	                        {.fd = kept[1], .events = POLLIN}};
	assert_int_equal(poll(took, 2, TOO_LONG), 1);
	int on = took[0].revents ? 0 : 1;
	assert_true(request_on(kept[on]));
	close(kept[on]);
	int fd = next_call(sender, listener); /* not over the other one that is kept */
	close(fd);
	expect_results(sender, 3);
	assert_int_equal(sender->results[2].verdict, VERDICT_BROKEN);
	assert_non_null(strstr(sender->details[2], "sent twice"));
	expect_no_call(&door);

	/* What is tried again takes no kept connection: it arrives once. */
	sender->desk.letter.attempt = 2;
	send_to(sender, "/200");
	close(next_call(sender, listener));
	expect_results(sender, 4);
	assert_int_equal(sender->results[3].verdict, VERDICT_BROKEN);
	assert_null(strstr(sender->details[3], "twice"));
	expect_no_call(&door);
	close(kept[1 - on]);
	close(listener);
}

/* However many hang beside it. */
static void a_connection_is_kept_beside_many_that_hang(void **state)
{
	struct sender *sender = *state;
	for (int i = 0; i < 90; i++)
		send_to(sender, "/hang");
	for (int i = 0; i < 3; i++) {
		send_to(sender, "/nth");
		expect_results(sender, sender->count + 1);
	}
	assert_string_equal(text_get(&reply_body), "3");
}

/* Of a letter that is under way: until its answer is there, which nobody has read yet. */
static void wait_for_answer(uv_handle_t *handle, void *ctx)
{
	struct sender *sender = ctx;
	struct pollfd at = {.events = POLLIN};
	int tries = TOO_LONG / 50;
	if (handle->type != UV_POLL || uv_fileno(handle, &at.fd) < 0)
		return;
	while (uv_is_active(handle) && poll(&at, 1, 50) == 0) {
		assert_true(tries-- > 0);
		courier_hurry(sender->courier); /* its connection did not stand yet */
	}
}

/* The loop may be busy with other things for longer than an answer takes. */
static void run_busily(struct sender *sender)
{
	courier_hurry(sender->courier);
	uv_walk(&sender->loop, wait_for_answer, sender);
	uv_run(&sender->loop, UV_RUN_NOWAIT);
}

static void letters_that_leave_as_they_are_answered_share_connections_and_turns(void **state)
{
	struct sender *sender = *state;
	sender->desk.notification.urgent = false; /* of which few leave at once */
	first_replies = 0;
	for (int i = 0; i < 500; i++)
		send_to(sender, "/nth");
	uint32_t told = 0;
	int64_t began = clock_stopwatch_ns();
	while (sender->count < 500) {
		uint32_t before = sender->count;
		run_busily(sender);
		told += sender->count > before;
	}
	int64_t took = (clock_stopwatch_ns() - began) / 1000000;
	assert_in_range(told, 1, 2 + took / 100); /* however slow the machine */
	assert_in_range(first_replies, 1, 64);
}

static bool was_refused(const struct sender *sender)
{
	for (uint32_t i = 0; i < sender->count; i++)
		if (sender->results[i].verdict == VERDICT_REFUSED)
			return true;
	return false;
}

/* Upon it somebody else is told. It is there when the first turn begins; how many of the others
 * that turn reads besides, is the machine's affair. */
static void a_refusal_waits_for_no_others(void **state)
{
	struct sender *sender = *state;
	sender->desk.notification.urgent = false;
	send_to(sender, "/404");
	for (int i = 0; i < 500; i++)
		send_to(sender, "/nth");
	uint32_t turns = 0;
	for (; !was_refused(sender); turns++)
		run_busily(sender);
	assert_int_equal(turns, 1);
}

static void a_result_may_send_again(void **state)
{
	struct sender *sender = *state;
	sender->then_send = 3;
	send_to(sender, "/500");
	expect_results(sender, 4);
	assert_int_equal(sender->results[3].verdict, VERDICT_ACCEPTED);
}

static void an_urgent_letter_never_waits_behind_others(void **state)
{
	struct sender *sender = *state;
	sender->desk.notification.urgent = false;
	for (int i = 0; i < IN_FLIGHT_MAX + 20; i++)
		send_to(sender, "/hang");
	sender->desk.notification.urgent = true;
	sender->desk.notification.number = 99;
	send_to(sender, "/200");
	assert_int_equal(courier_in_flight(sender->courier), IN_FLIGHT_MAX + 21);
	expect_results(sender, 1);
	assert_int_equal(sender->results[0].notification, 99);
	assert_int_equal(sender->results[0].verdict, VERDICT_ACCEPTED);
	/* Those that waited get their turn, too: the server dies and all of them break. */
	kill(sender->server, SIGKILL);
	expect_results(sender, IN_FLIGHT_MAX + 21);
	for (uint32_t i = 1; i < sender->count; i++)
		assert_int_equal(sender->results[i].verdict, VERDICT_BROKEN);
}

/* Who waits outside for a sign of life would take us for dead. */
static void a_sign_of_life_waits_behind_no_letters(void **state)
{
	struct sender *sender = *state;
	char url[128];
	sender->desk.notification.urgent = false;
	for (int i = 0; i < IN_FLIGHT_MAX + 20; i++)
		send_to(sender, "/hang");
	snprintf(url, sizeof url, "http://127.0.0.1:%d/200", sender->port);
	courier_ping(sender->courier, url, NULL, false, sender->desk.letter.now);
	expect_results(sender, 1);
	assert_string_equal(sender->site, "");
	assert_int_equal(sender->results[0].verdict, VERDICT_ACCEPTED);
}

static bool fifty_is_over(void *ctx, const char *site_id, uint64_t notification)
{
	(void)ctx;
	assert_string_equal(site_id, "binjiang");
	return notification == 50;
}

/* However much is overtaken while receivers hang, nothing of it goes on waiting. */
static void what_is_overtaken_waits_no_longer(void **state)
{
	struct sender *sender = *state;
	sender->desk.notification.urgent = false;
	sender->desk.notification.number = 50;
	for (int i = 0; i < IN_FLIGHT_MAX + 20; i++)
		send_to(sender, "/hang");
	sender->desk.notification.number = 51;
	send_to(sender, "/200");
	courier_drop_overtaken(sender->courier, fifty_is_over);
	expect_results(sender, 20); /* of those that had not left yet; all come at once */
	uint32_t dropped = sender->count;
	for (uint32_t i = 0; i < dropped; i++) {
		assert_int_equal(sender->results[i].notification, 50);
		assert_int_equal(sender->results[i].verdict, VERDICT_RETRY);
		assert_true(sender->results[i].held);
	}
	/* What was under way is left alone, and what still waits has its turn. */
	assert_in_range(dropped, 20, IN_FLIGHT_MAX + 19);
	assert_int_equal(courier_in_flight(sender->courier), IN_FLIGHT_MAX + 21 - dropped);
	courier_drop_overtaken(sender->courier, fifty_is_over);
	assert_int_equal(courier_in_flight(sender->courier), IN_FLIGHT_MAX + 21 - dropped);
	kill(sender->server, SIGKILL);
	expect_results(sender, IN_FLIGHT_MAX + 21);
	for (uint32_t i = dropped; i < sender->count; i++)
		assert_int_equal(sender->results[i].verdict, VERDICT_BROKEN);
}

static void what_is_over_the_limit_waits_and_the_first_word_does_not(void **state)
{
	struct sender *sender = *state;
	sender->channel.rate[0] = (struct rate_limit){.count = 3, .per = MINUTES(1), .reserve = 1};
	sender->desk.notification.reason = REASON_REPEATED;
	sender->desk.incident.kind = INCIDENT_WATER;
	assert_int_equal(attempt_at(sender, "/200")->verdict, VERDICT_ACCEPTED);
	const struct delivery_result *held = attempt_at(sender, "/200");
	assert_int_equal(held->verdict, VERDICT_RETRY);
	assert_true(held->held);
	assert_in_range(held->retry_after, 1, MINUTES(1));
	assert_int_equal(held->status, 0);
	sender->desk.incident.kind = INCIDENT_FIRE;
	assert_int_equal(attempt_at(sender, "/200")->verdict, VERDICT_ACCEPTED);
	assert_true(attempt_at(sender, "/200")->held);
	sender->desk.notification.reason = REASON_OPENED;
	for (int i = 0; i < 5; i++)
		assert_int_equal(attempt_at(sender, "/200")->verdict, VERDICT_ACCEPTED);
}

static void who_has_shut_us_out_is_not_asked_again(void **state)
{
	struct sender *sender = *state;
	const struct delivery_result *said = attempt_at(sender, "/shut-out");
	assert_int_equal(said->verdict, VERDICT_RETRY);
	assert_false(said->held);
	sender->desk.notification.number = 8;
	const struct delivery_result *held = attempt_at(sender, "/200");
	assert_true(held->held);
	assert_in_range(held->retry_after, SECONDS(599), SECONDS(630)); /* and what it took */
	/* Nobody else is. */
	sender->channel.id = "other";
	assert_int_equal(attempt_at(sender, "/200")->verdict, VERDICT_ACCEPTED);
	sender->channel.id = "test";
	desk_pass(&sender->desk, SECONDS(631));
	assert_int_equal(attempt_at(sender, "/200")->verdict, VERDICT_ACCEPTED);
}

static void a_busy_service_gets_first_words_only(void **state)
{
	struct sender *sender = *state;
	assert_int_equal(attempt_at(sender, "/429")->retry_after, SECONDS(7));
	assert_int_equal(attempt_at(sender, "/200")->verdict, VERDICT_ACCEPTED);
	sender->desk.notification.reason = REASON_REPEATED;
	assert_true(attempt_at(sender, "/200")->held);
}

static void many_at_once_all_arrive(void **state)
{
	struct sender *sender = *state;
	for (int i = 0; i < 200; i++)
		send_to(sender, "/200");
	expect_results(sender, 200);
	for (uint32_t i = 0; i < 200; i++)
		assert_int_equal(sender->results[i].verdict, VERDICT_ACCEPTED);
}

static void closing_drops_what_is_under_way(void **state)
{
	struct sender *sender = *state;
	sender->desk.notification.urgent = false;
	for (int i = 0; i < IN_FLIGHT_MAX + 5; i++)
		send_to(sender, "/hang");
	for (int i = 0; i < 10; i++)
		uv_run(&sender->loop, UV_RUN_NOWAIT);
	courier_close(sender->courier);
	sender->courier = NULL;
	uv_run(&sender->loop, UV_RUN_DEFAULT); /* ends: no handle is left alive */
	assert_int_equal(sender->count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        COURIER_TEST(a_hurried_letter_leaves_before_the_loop_runs),
	        COURIER_TEST(the_channel_may_go_while_its_letter_is_under_way),
	        COURIER_TEST(connections_are_kept_and_a_dead_one_costs_nothing),
	        COURIER_TEST(what_a_kept_connection_took_in_vain_is_sent_once_more_and_recorded),
	        COURIER_TEST(a_connection_is_kept_beside_many_that_hang),
	        COURIER_TEST(letters_that_leave_as_they_are_answered_share_connections_and_turns),
	        COURIER_TEST(a_refusal_waits_for_no_others),
	        COURIER_TEST(a_result_may_send_again),
	        COURIER_TEST(an_urgent_letter_never_waits_behind_others),
	        COURIER_TEST(a_sign_of_life_waits_behind_no_letters),
	        COURIER_TEST(what_is_overtaken_waits_no_longer),
	        COURIER_TEST(what_is_over_the_limit_waits_and_the_first_word_does_not),
	        COURIER_TEST(who_has_shut_us_out_is_not_asked_again),
	        COURIER_TEST(a_busy_service_gets_first_words_only),
	        COURIER_TEST(many_at_once_all_arrive),
	        COURIER_TEST(closing_drops_what_is_under_way),
	};
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
