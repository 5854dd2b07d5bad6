/* A courier, its loop and its receiver: what is sent, and what has come of it. */
#ifndef COURIER_STORY_H
#define COURIER_STORY_H

#include "deliver/courier.h"
#include "letter_fixture.h"
#include "receiver.h"

#define ATTEMPT_SHORT 500 /* ms, for those that use up their time */
#define TOO_LONG 30000    /* ms: a test that waits longer has failed */
#define RESULTS_MAX 600

struct sender {
	uv_loop_t loop;
	uv_timer_t limit;
	struct courier *courier;
	struct desk desk;
	struct channel channel;
	char url[128];
	int port;
	pid_t server;
	struct delivery_result results[RESULTS_MAX];
	char details[RESULTS_MAX][160];
	char site[ID_MAX];
	uint32_t count;
	uint32_t then_send; /* more letters, from within the result */
};

static struct text reply_body; /* what the test's own channel was given */
static size_t reply_len;
static uint32_t first_replies; /* of connections, that /nth tells of */

static inline int build(const struct channel *channel, const struct letter *letter,
                        struct request *request, struct problem *why)
{
	if (letter->to && strcmp(letter->to, "nobody") == 0)
		return problem_set(why, -EINVAL, "nobody is no address");
	text_add(&request->url, channel->url);
	text_addf(&request->body, "{\"to\":\"%s\"}", letter->to ? letter->to : "");
	while (letter->to && strcmp(letter->to, "big") == 0 && request->body.len < 2 << 20)
		text_add(&request->body, "a large body, which curl would ask leave for.....");
	request_header(request, "Content-Type", "application/json");
	request_header(request, "X-Token", "%s", "a\r\nX-Evil: b");
	return 0;
}

static inline void judge(const struct reply *reply, struct judgement *judgement)
{
	text_reset(&reply_body);
	text_add(&reply_body, reply->body);
	reply_len = reply_body.len;
	first_replies += strcmp(reply->body, "1") == 0;
	judge_by_status(reply, judgement);
	if (strstr(reply->body, "130101"))
		*judgement = (struct judgement){
		        .verdict = VERDICT_RETRY, .retry_after = MINUTES(10), .shut_out = true};
}

static const struct channel_type test_channel = {.name = "test", .build = build, .judge = judge};

static inline void send_to(struct sender *sender, const char *path)
{
	snprintf(sender->url, sizeof sender->url, "http://127.0.0.1:%d%s", sender->port, path);
	sender->channel.url = sender->url;
	courier_send(sender->courier, &sender->channel, &sender->desk.letter);
}

static inline void on_result(void *ctx, const char *site_id, const struct delivery_result *result)
{
	struct sender *sender = ctx;
	uint32_t i = sender->count++;
	assert_true(i < RESULTS_MAX);
	sender->results[i] = *result;
	snprintf(sender->site, sizeof sender->site, "%s", site_id ? site_id : "");
	snprintf(sender->details[i], sizeof sender->details[i], "%s", result->detail);
	uv_stop(&sender->loop);
	if (sender->then_send) {
		sender->then_send--;
		send_to(sender, "/200");
	}
}

static inline void on_limit(uv_timer_t *timer)
{
	struct sender *sender = timer->data;
	fail_msg("%s: no result within %d ms", sender->url, TOO_LONG);
}

static inline int open_sender(void **state)
{
	struct sender *sender = calloc(1, sizeof *sender);
	int listener = listen_on_loopback(1024, &sender->port);
	sender->server = serve(listener);
	close(listener);
	desk_init(&sender->desk);
	sender->channel = (struct channel){.id = "test", .type = &test_channel};
	uv_loop_init(&sender->loop);
	uv_timer_init(&sender->loop, &sender->limit);
	sender->limit.data = sender;
	assert_int_equal(courier_open(&sender->loop, on_result, sender, &sender->courier, NULL), 0);
	*state = sender;
	return 0;
}

static inline int close_sender(void **state)
{
	struct sender *sender = *state;
	courier_close(sender->courier);
	uv_close((uv_handle_t *)&sender->limit, NULL);
	uv_run(&sender->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&sender->loop), 0);
	kill(sender->server, SIGKILL);
	waitpid(sender->server, NULL, 0);
	desk_finish(&sender->desk);
	text_finish(&reply_body);
	free(sender);
	return 0;
}

/* Runs the loop until so many results are there. */
static inline void expect_results(struct sender *sender, uint32_t count)
{
	uv_update_time(&sender->loop);
	uv_timer_start(&sender->limit, on_limit, TOO_LONG, 0);
	while (sender->count < count)
		uv_run(&sender->loop, UV_RUN_DEFAULT); /* each result stops it */
	uv_timer_stop(&sender->limit);
}

static inline const struct delivery_result *attempt_at(struct sender *sender, const char *path)
{
	uint32_t before = sender->count;
	send_to(sender, path);
	assert_int_equal(sender->count, before); /* never from within courier_send */
	assert_int_equal(courier_in_flight(sender->courier), 1);
	expect_results(sender, before + 1);
	assert_int_equal(courier_in_flight(sender->courier), 0);
	return &sender->results[before];
}

#define COURIER_TEST(name) cmocka_unit_test_setup_teardown(name, open_sender, close_sender)

#endif
