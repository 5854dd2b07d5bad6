#include "sender.h"

#include <errno.h>
#include <mosquitto.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"

#define REPEAT_FIRST SECONDS(1)
#define REPEAT_MAX SECONDS(30)
#define KEEPALIVE_S 20
#define ACK_MAX 4096 /* bytes of an acknowledgement that are looked at */

struct message {
	char *topic, *ack_topic, *id, *payload;
	bool retain, done, accepted; /* accepted: the broker has it */
	int mid;                     /* of the last publish on this connection */
	unsigned int times;
	int64_t first, due; /* ms */
	span_ms repeat;
};

struct sender {
	struct sender_options options;
	sender_done done;
	void *ctx;
	char client_id[CLIENT_ID_ROOM];
	struct mosquitto *client; /* one for each connection: nothing is left over from the last */
	struct message *messages;
	size_t count, cap;
	size_t unanswered; /* subscriptions not yet confirmed */
	bool connected;
	bool ready; /* and listening for the acks */
	int64_t retry_at;
	span_ms retry;
	char trouble[512]; /* what is in the way just now */
};

static int64_t now_ms(void)
{
	return clock_stopwatch_ns() / 1000000;
}

/* ---- what libmosquitto calls ---- */

static void settle(struct sender *sender, struct message *message)
{
	message->done = true;
	sender->done(sender->ctx, message->id, now_ms() - message->first, message->times);
}

static bool is_first_with_ack_topic(const struct sender *sender, size_t i)
{
	const char *topic = sender->messages[i].ack_topic;
	if (!topic || sender->messages[i].done)
		return false;
	for (size_t j = 0; j < i; j++)
		if (!sender->messages[j].done && sender->messages[j].ack_topic &&
		    strcmp(sender->messages[j].ack_topic, topic) == 0)
			return false;
	return true;
}

static void on_connect(struct mosquitto *client, void *ctx, int code)
{
	struct sender *sender = ctx;
	if (code) {
		snprintf(sender->trouble, sizeof sender->trouble, "the broker says: %s",
		         mosquitto_connack_string(code));
		return;
	}
	sender->connected = true;
	sender->unanswered = 0;
	for (size_t i = 0; i < sender->count; i++)
		if (is_first_with_ack_topic(sender, i) &&
		    mosquitto_subscribe(client, NULL, sender->messages[i].ack_topic, 1) == 0)
			sender->unanswered++;
	sender->ready = sender->unanswered == 0;
	sender->retry = REPEAT_FIRST;
}

static void on_subscribe(struct mosquitto *client, void *ctx, int mid, int count,
                         const int *granted)
{
	(void)client, (void)mid;
	struct sender *sender = ctx;
	if (count == 1 && granted[0] == 0x80)
		snprintf(sender->trouble, sizeof sender->trouble,
		         "the broker does not let this login read its …/ack topic");
	if (sender->unanswered && --sender->unanswered == 0)
		sender->ready = true;
}

static void on_publish(struct mosquitto *client, void *ctx, int mid)
{
	(void)client;
	struct sender *sender = ctx;
	for (size_t i = 0; i < sender->count; i++) {
		struct message *message = &sender->messages[i];
		if (message->mid != mid || message->done)
			continue;
		message->accepted = true;
		if (!message->ack_topic)
			settle(sender, message);
	}
}

static void on_message(struct mosquitto *client, void *ctx, const struct mosquitto_message *in)
{
	(void)client;
	struct sender *sender = ctx;
	cJSON *json;
	if (in->payloadlen <= 0 || in->payloadlen > ACK_MAX ||
	    json_parse(in->payload, (size_t)in->payloadlen, &json, NULL) < 0)
		return;
	const char *id = json_string(json, "id");
	for (size_t i = 0; id && i < sender->count; i++) {
		struct message *message = &sender->messages[i];
		if (!message->done && message->times && message->ack_topic &&
		    strcmp(message->ack_topic, in->topic) == 0 && strcmp(message->id, id) == 0)
			settle(sender, message);
	}
	cJSON_Delete(json);
}

static void on_log(struct mosquitto *client, void *ctx, int level, const char *line)
{
	(void)client;
	struct sender *sender = ctx;
	if (level == MOSQ_LOG_ERR)
		snprintf(sender->trouble, sizeof sender->trouble, "%s", line);
}

/* ---- one connection ---- */

static void disconnect(struct sender *sender, int64_t now)
{
	mosquitto_destroy(sender->client);
	sender->client = NULL;
	sender->connected = sender->ready = false;
	sender->retry_at = now + sender->retry;
	sender->retry = sender->retry * 2 < REPEAT_MAX ? sender->retry * 2 : REPEAT_MAX;
	for (size_t i = 0; i < sender->count; i++) { /* again at once on the next connection */
		sender->messages[i].due = 0;
		sender->messages[i].mid = 0;
	}
}

static int make_client(struct sender *sender, struct problem *why)
{
	struct mosquitto *client;
	int r = client_make(&sender->options, sender->client_id, sender, &client, why);
	if (r < 0)
		return r;
	mosquitto_connect_callback_set(client, on_connect);
	mosquitto_subscribe_callback_set(client, on_subscribe);
	mosquitto_publish_callback_set(client, on_publish);
	mosquitto_message_callback_set(client, on_message);
	mosquitto_log_callback_set(client, on_log);
	sender->client = client;
	return 0;
}

static void note_trouble(struct sender *sender, int rc)
{
	int error = errno;
	const char *what = mosquitto_strerror(rc);
	if (rc == MOSQ_ERR_ERRNO)
		what = strerror(error);
	else if (rc == MOSQ_ERR_EAI)
		what = gai_strerror(error);
	if (rc != MOSQ_ERR_CONN_REFUSED && rc != MOSQ_ERR_TLS) /* these have said more already */
		snprintf(sender->trouble, sizeof sender->trouble, "the broker %s:%d: %s",
		         sender->options.broker.host, sender->options.broker.port, what);
}

static int connect_now(struct sender *sender, int64_t now, struct problem *why)
{
	int r = make_client(sender, why);
	if (r < 0)
		return r;
	errno = 0;
	int rc = mosquitto_connect_async(sender->client, sender->options.broker.host,
	                                 sender->options.broker.port, KEEPALIVE_S);
	if (rc) {
		note_trouble(sender, rc);
		disconnect(sender, now);
	}
	return 0;
}

static void publish_due(struct sender *sender, int64_t now)
{
	for (size_t i = 0; i < sender->count; i++) {
		struct message *message = &sender->messages[i];
		if (message->done || message->due > now)
			continue;
		if (!message->times++)
			message->first = now;
		mosquitto_publish(sender->client, &message->mid, message->topic,
		                  (int)strlen(message->payload), message->payload, 1,
		                  message->retain);
		message->due = now + message->repeat;
		message->repeat = message->repeat * 2 < REPEAT_MAX ? message->repeat * 2
		                                                   : REPEAT_MAX;
	}
}

/* ---- all of it ---- */

static size_t count_missing(const struct sender *sender)
{
	size_t missing = 0;
	for (size_t i = 0; i < sender->count; i++)
		missing += !sender->messages[i].done;
	return missing;
}

/* When there is something to do next, at the latest. */
static int64_t next_due(const struct sender *sender, int64_t deadline)
{
	int64_t due = deadline;
	if (!sender->client && sender->retry_at < due)
		due = sender->retry_at;
	for (size_t i = 0; sender->ready && i < sender->count; i++)
		if (!sender->messages[i].done && sender->messages[i].due < due)
			due = sender->messages[i].due;
	return due;
}

static void wait_for_broker(struct sender *sender, int64_t now, int64_t due)
{
	span_ms wait = due > now ? due - now : 0;
	if (!sender->client) {
		poll(NULL, 0, (int)wait);
		return;
	}
	errno = 0;
	int rc = mosquitto_loop(sender->client, (int)(wait < 1000 ? wait : 1000), 1);
	if (rc) {
		note_trouble(sender, rc);
		disconnect(sender, now_ms());
	}
}

static int explain(const struct sender *sender, size_t missing, span_ms within, struct problem *why)
{
	const char *cause = *sender->trouble ? sender->trouble : "the broker does not answer";
	for (size_t i = 0; i < sender->count; i++)
		if (!sender->messages[i].done && sender->messages[i].accepted)
			cause = "the broker has it, the service has not answered: is tocsind "
			        "running, and does its site file know the device?";
	struct text span = {0};
	text_add_span(&span, within);
	int r = problem_set(why, -ETIMEDOUT, "%zu of %zu not acknowledged within %s: %s", missing,
	                    sender->count, text_get(&span), cause);
	text_finish(&span);
	return r;
}

/* One round: connect if it is time, send what is due, wait for the broker. */
static int turn(struct sender *sender, int64_t now, int64_t deadline, struct problem *why)
{
	if (!sender->client && now >= sender->retry_at) {
		int r = connect_now(sender, now, why);
		if (r < 0)
			return r;
	}
	if (sender->ready)
		publish_due(sender, now);
	wait_for_broker(sender, now, next_due(sender, deadline));
	return 0;
}

int sender_run(struct sender *sender, span_ms within, struct problem *why)
{
	int64_t deadline = now_ms() + within;
	for (;;) {
		int64_t now = now_ms();
		size_t missing = count_missing(sender);
		if (!missing)
			return 0;
		if (now >= deadline)
			return explain(sender, missing, within, why);
		int r = turn(sender, now, deadline, why);
		if (r < 0)
			return r;
	}
}

int sender_go_on(struct sender *sender, int64_t until, struct problem *why)
{
	for (int64_t now; (now = now_ms()) < until;) {
		int r = turn(sender, now, until, why);
		if (r < 0)
			return r;
	}
	return 0;
}

void sender_add(struct sender *sender, const char *topic, const char *ack_topic, const char *id,
                const char *payload, bool retain)
{
	MEM_RESERVE(sender->messages, sender->count, sender->cap);
	sender->messages[sender->count++] = (struct message){.topic = mem_copy(topic),
	                                                     .ack_topic = mem_copy(ack_topic),
	                                                     .id = mem_copy(id),
	                                                     .payload = mem_copy(payload),
	                                                     .retain = retain,
	                                                     .repeat = REPEAT_FIRST};
	if (!sender->connected || !is_first_with_ack_topic(sender, sender->count - 1))
		return;
	if (mosquitto_subscribe(sender->client, NULL, ack_topic, 1) == 0) {
		sender->unanswered++;
		sender->ready = false;
	}
}

int sender_open(const struct sender_options *options, sender_done done, void *ctx,
                struct sender **out, struct problem *why)
{
	struct sender *sender = NEW(struct sender);
	*sender = (struct sender){
	        .options = *options, .done = done, .ctx = ctx, .retry = REPEAT_FIRST};
	client_id_make(sender->client_id);
	mosquitto_lib_init();
	int r = make_client(sender, why); /* now, so that bad files are told at once */
	mosquitto_destroy(sender->client);
	sender->client = NULL;
	if (r < 0)
		sender_close(sender);
	else
		*out = sender;
	return r;
}

void sender_close(struct sender *sender)
{
	if (!sender)
		return;
	if (sender->client)
		mosquitto_disconnect(sender->client);
	mosquitto_destroy(sender->client);
	for (size_t i = 0; i < sender->count; i++) {
		free(sender->messages[i].topic);
		free(sender->messages[i].ack_topic);
		free(sender->messages[i].id);
		free(sender->messages[i].payload);
	}
	free(sender->messages);
	free(sender);
	mosquitto_lib_cleanup();
}
