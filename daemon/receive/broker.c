#include "receive/broker.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/crypto.h"
#include "base/log.h"
#include "base/mem.h"
#include "receive/broker_client.h"

#define BATCH_MAX 512             /* messages gathered before the loop goes on: TCP pushes back */
#define ANSWER_WITHIN SECONDS(15) /* from the first packet to the broker's answer */
#define PROVEN_AFTER SECONDS(10)  /* a session lasts so long: the next retry starts small again */
#define RETRY_FIRST SECONDS(1)
#define RETRY_MAX SECONDS(30)
#define NO_TIMER (-1)

/* The one timer means something else in each stage. */
enum stage {
	STAGE_DIALLING, /* a worker resolves the name and starts the connection; no timer */
	STAGE_GREETING, /* connecting, TLS, CONNECT sent; timer: the answer is overdue */
	STAGE_FRESH,    /* the session is up; timer: it has lasted */
	STAGE_UP,       /* the session has lasted; no timer */
	STAGE_ENDED,    /* the link is gone; timer at once: tell the owner, outside his turn */
	STAGE_WAITING,  /* timer: try again */
	STAGE_CLOSED,
};

/* What the worker needs: it touches nothing else, and nobody touches the client meanwhile. */
struct dial {
	uv_work_t work;
	struct broker *broker;
	struct mosquitto *client;
	const char *host;
	int port;
	int rc, error;
};

struct filter {
	char *text;
	int mid; /* of its SUBSCRIBE in this session */
};

struct broker {
	uv_loop_t *loop;
	struct broker_options options;
	struct broker_callbacks callbacks;
	void *ctx;
	enum stage stage;
	struct mosquitto *client; /* NULL outside GREETING, FRESH and UP */
	uv_poll_t *poll;          /* likewise */
	uv_timer_t timer, tick;
	uv_idle_t more; /* TLS may hold bytes that poll knows nothing of */
	unsigned int open_handles;
	span_ms retry_delay;
	struct filter *filters;
	size_t filter_count;
	char **gone; /* filters taken away while there was no session */
	size_t gone_count, gone_cap;
	size_t held;     /* messages gathered whose acks wait for broker_release */
	size_t batch;    /* messages of this poll callback */
	size_t progress; /* packets understood */
	bool reading;    /* libmosquitto is on the stack: its client must live on */
	bool wants_room; /* poll for writability too */
	bool told_down;
	struct problem ended, told; /* why the link ended; what the owner was last told */
	char detail[160];           /* what this link's broker or OpenSSL said against it */
};

static void on_timer(uv_timer_t *);
static void on_poll(uv_poll_t *, int status, int events);
static void close_now(struct broker *);

static bool is_up(const struct broker *broker)
{
	return broker->stage == STAGE_FRESH || broker->stage == STAGE_UP;
}

static void set_stage(struct broker *broker, enum stage stage, span_ms delay)
{
	broker->stage = stage;
	if (delay == NO_TIMER)
		uv_timer_stop(&broker->timer);
	else
		uv_timer_start(&broker->timer, on_timer, (uint64_t)delay, 0);
}

static void free_handle(uv_handle_t *handle)
{
	free(handle);
}

/* Takes the link down and everything that waited on it; the queued acks go with it, so the broker
 * will deliver those messages again. */
static void drop_link(struct broker *broker)
{
	assert(!broker->reading);
	if (broker->poll) {
		uv_poll_stop(broker->poll);
		uv_close((uv_handle_t *)broker->poll, free_handle);
		broker->poll = NULL;
	}
	uv_timer_stop(&broker->tick);
	uv_idle_stop(&broker->more);
	mosquitto_destroy(broker->client);
	broker->client = NULL;
	broker->held = 0;
	broker->wants_room = false;
}

static void end_link(struct broker *broker, const char *why)
{
	problem_set(&broker->ended, 0, "%s", why);
	drop_link(broker);
	set_stage(broker, STAGE_ENDED, 0);
}

static void fail_link(struct broker *broker, int rc, int error)
{
	bool is_lost = rc == MOSQ_ERR_CONN_LOST || rc == MOSQ_ERR_ERRNO;
	bool explained = broker->detail[0] && !is_lost;
	end_link(broker, explained ? broker->detail : broker_client_error(rc, error));
}

/* ---- what libmosquitto calls: each translates and leaves ---- */

static void on_message(struct mosquitto *client, void *ctx, const struct mosquitto_message *message)
{
	(void)client;
	struct broker *broker = ctx;
	broker->progress++;
	broker->batch++;
	if (message->qos > 0)
		broker->held++;
	struct broker_message out = {
	        .topic = message->topic,
	        .bytes = message->payload ? message->payload : "",
	        .len = (size_t)message->payloadlen,
	        .retained = message->retain,
	};
	if (broker->stage != STAGE_CLOSED)
		broker->callbacks.message(broker->ctx, &out);
}

static void subscribe_all(struct broker *broker)
{
	for (size_t i = 0; i < broker->gone_count; i++) {
		mosquitto_unsubscribe(broker->client, NULL, broker->gone[i]);
		free(broker->gone[i]);
	}
	broker->gone_count = 0;
	for (size_t i = 0; i < broker->filter_count; i++)
		mosquitto_subscribe(broker->client, &broker->filters[i].mid,
		                    broker->filters[i].text, 1);
}

static void on_connect(struct mosquitto *client, void *ctx, int code, int flags)
{
	struct broker *broker = ctx;
	broker->progress++;
	if (code) {
		snprintf(broker->detail, sizeof broker->detail, "%s", broker_client_refusal(code));
		return;
	}
	if (broker->stage != STAGE_GREETING)
		return;
	set_stage(broker, STAGE_FRESH, PROVEN_AFTER);
	broker->told_down = false;
	broker->detail[0] = '\0';
	if (broker->options.status_topic)
		mosquitto_publish(client, NULL, broker->options.status_topic, 6, "online", 1, true);
	subscribe_all(broker);
	broker->callbacks.connected(broker->ctx, flags & 1);
}

static void on_subscribe(struct mosquitto *client, void *ctx, int mid, int count,
                         const int *granted)
{
	(void)client;
	struct broker *broker = ctx;
	broker->progress++;
	if (count != 1 || granted[0] != 0x80)
		return;
	for (size_t i = 0; i < broker->filter_count; i++)
		if (broker->filters[i].mid == mid)
			log_error("the broker refuses the subscription to '%s': its access list "
			          "must allow '%s' to read it",
			          broker->filters[i].text, broker->options.client_id);
}

static void on_answer(struct mosquitto *client, void *ctx, int mid)
{
	(void)client, (void)mid;
	((struct broker *)ctx)->progress++;
}

/* The only way to hear what OpenSSL found wrong. */
static void on_log(struct mosquitto *client, void *ctx, int level, const char *line)
{
	(void)client;
	struct broker *broker = ctx;
	if (level == MOSQ_LOG_ERR && !broker->detail[0])
		snprintf(broker->detail, sizeof broker->detail, "%s", line);
}

/* ---- dialling ---- */

static void dial_run(uv_work_t *work)
{
	struct dial *dial = work->data;
	errno = 0;
	dial->rc = mosquitto_connect_async(dial->client, dial->host, dial->port, KEEPALIVE_S);
	dial->error = errno;
}

static void watch(struct broker *broker)
{
	int events = UV_READABLE | (broker->wants_room ? UV_WRITABLE : 0);
	int r = uv_poll_start(broker->poll, events, on_poll);
	assert(r == 0);
	(void)r;
}

static void on_tick(uv_timer_t *timer)
{
	struct broker *broker = timer->data;
	int rc = mosquitto_loop_misc(broker->client);
	if (rc || mosquitto_socket(broker->client) < 0)
		fail_link(broker, rc, errno);
	else if (is_up(broker) && mosquitto_want_write(broker->client))
		broker->callbacks.wants_release(broker->ctx);
}

static void dial_done(uv_work_t *work, int status)
{
	struct dial *dial = work->data;
	struct broker *broker = dial->broker;
	int rc = dial->rc, error = dial->error;
	broker->client = dial->client;
	free(dial);
	if (broker->stage == STAGE_CLOSED) {
		close_now(broker);
		return;
	}
	if (status < 0 || rc || mosquitto_socket(broker->client) < 0) {
		fail_link(broker, rc, error);
		return;
	}
	broker->poll = NEW(uv_poll_t);
	int r = uv_poll_init(broker->loop, broker->poll, mosquitto_socket(broker->client));
	if (r < 0) {
		free(broker->poll);
		broker->poll = NULL;
		end_link(broker, uv_strerror(r));
		return;
	}
	broker->poll->data = broker;
	broker->wants_room = true; /* writable: the connection stands */
	set_stage(broker, STAGE_GREETING, ANSWER_WITHIN);
	uv_timer_start(&broker->tick, on_tick, 1000, 1000);
	watch(broker);
}

static void set_callbacks(struct mosquitto *client)
{
	mosquitto_message_callback_set(client, on_message);
	mosquitto_connect_with_flags_callback_set(client, on_connect);
	mosquitto_subscribe_callback_set(client, on_subscribe);
	mosquitto_unsubscribe_callback_set(client, on_answer);
	mosquitto_publish_callback_set(client, on_answer);
	mosquitto_log_callback_set(client, on_log);
}

/* mosquitto_connect_async does not wait for the connection, but it does for the name server:
 * that is a worker's job. */
static void dial(struct broker *broker)
{
	struct mosquitto *client;
	struct problem why;
	broker->detail[0] = '\0';
	set_stage(broker, STAGE_DIALLING, NO_TIMER);
	if (broker_client_make(&broker->options, broker, &client, &why) < 0) {
		end_link(broker, why.text);
		return;
	}
	set_callbacks(client);
	struct dial *dial = NEW(struct dial);
	*dial = (struct dial){.broker = broker,
	                      .client = client,
	                      .host = broker->options.host,
	                      .port = broker->options.port};
	dial->work.data = dial;
	int r = uv_queue_work(broker->loop, &dial->work, dial_run, dial_done);
	assert(r == 0);
	(void)r;
}

/* ---- the timer ---- */

/* Half to all of the delay, so that a hundred clients do not come back as one. */
static span_ms with_jitter(span_ms delay)
{
	uint16_t dice;
	crypto_random(&dice, sizeof dice);
	return delay / 2 + delay / 2 * dice / UINT16_MAX;
}

static void tell_down(struct broker *broker)
{
	span_ms delay = with_jitter(broker->retry_delay);
	broker->retry_delay *= 2;
	if (broker->retry_delay > RETRY_MAX)
		broker->retry_delay = RETRY_MAX;
	set_stage(broker, STAGE_WAITING, delay);
	if (broker->told_down && strcmp(broker->told.text, broker->ended.text) == 0)
		return; /* the same again: said once */
	broker->told_down = true;
	broker->told = broker->ended;
	broker->callbacks.disconnected(broker->ctx, broker->told.text);
}

static void on_timer(uv_timer_t *timer)
{
	struct broker *broker = timer->data;
	switch (broker->stage) {
	case STAGE_GREETING:
		end_link(broker, "the broker does not answer");
		break;
	case STAGE_FRESH:
		broker->retry_delay = RETRY_FIRST;
		set_stage(broker, STAGE_UP, NO_TIMER);
		break;
	case STAGE_ENDED:
		tell_down(broker);
		break;
	case STAGE_WAITING:
		dial(broker);
		break;
	case STAGE_DIALLING:
	case STAGE_UP:
	case STAGE_CLOSED:
		break;
	}
}

/* ---- gathering ---- */

/* Reads until two calls bring nothing: one call takes one packet, now and then less, and its errno
 * does not tell that the socket is empty. Returns false when the link is gone. */
static bool gather(struct broker *broker)
{
	broker->batch = 0;
	for (int idle = 0; idle < 2 && broker->batch < BATCH_MAX;) {
		size_t before = broker->progress;
		broker->reading = true;
		errno = 0;
		int rc = mosquitto_loop_read(broker->client, 1);
		int error = errno;
		broker->reading = false;
		if (broker->stage == STAGE_CLOSED) { /* closed by the owner, from a callback */
			close_now(broker);
			return false;
		}
		if (rc || mosquitto_socket(broker->client) < 0) {
			fail_link(broker, rc, error);
			return false;
		}
		idle = broker->progress == before ? idle + 1 : 0;
	}
	return true;
}

/* libmosquitto takes an end of file during the TLS handshake for success, for ever. */
static bool is_hung_up(const struct broker *broker)
{
	char byte;
	return recv(mosquitto_socket(broker->client), &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

static void on_more(uv_idle_t *);

static void gather_and_tell(struct broker *broker, bool has_room)
{
	if (!gather(broker))
		return;
	if (!is_up(broker) && is_hung_up(broker)) {
		end_link(broker, "the broker closed the connection");
		return;
	}
	if (broker->options.tls && broker->batch >= BATCH_MAX) /* go on after the owner's turn */
		uv_idle_start(&broker->more, on_more);
	bool unasked = broker->batch == 0 && mosquitto_want_write(broker->client);
	if (has_room || unasked)
		broker->callbacks.wants_release(broker->ctx);
}

static void on_more(uv_idle_t *more)
{
	uv_idle_stop(more);
	gather_and_tell(more->data, false);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
	struct broker *broker = poll->data;
	if (status < 0) {
		int error = 0;
		socklen_t size = sizeof error;
		getsockopt(mosquitto_socket(broker->client), SOL_SOCKET, SO_ERROR, &error, &size);
		fail_link(broker, MOSQ_ERR_ERRNO, error);
		return;
	}
	bool has_room = events & UV_WRITABLE;
	if (has_room) { /* once: broker_release asks again if it needs to */
		broker->wants_room = false;
		watch(broker);
	}
	gather_and_tell(broker, has_room);
}

/* ---- the owner's side ---- */

void broker_release(struct broker *broker)
{
	if (!broker->client)
		return;
	assert(!broker->reading);
	int fd = mosquitto_socket(broker->client), on = broker->held > 1;
	if (on) /* libmosquitto writes packet by packet: thousands of acks make one segment */
		setsockopt(fd, IPPROTO_TCP, TCP_CORK, &on, sizeof on);
	broker->held = 0;
	int rc = mosquitto_loop_write(broker->client, 1), error = errno;
	if (rc || mosquitto_socket(broker->client) < 0) {
		fail_link(broker, rc, error);
		return;
	}
	if (on)
		setsockopt(fd, IPPROTO_TCP, TCP_CORK, &(int){0}, sizeof(int));
	/* In the TLS handshake it is reading that goes on, and want_write may stay set. */
	if (mosquitto_want_write(broker->client) && (is_up(broker) || !broker->options.tls)) {
		broker->wants_room = true;
		watch(broker);
	}
}

bool broker_publish(struct broker *broker, const char *topic, const void *bytes, size_t len,
                    int qos, bool retain)
{
	if (!is_up(broker) || len > INT32_MAX)
		return false;
	return mosquitto_publish(broker->client, NULL, topic, (int)len, bytes, qos, retain) ==
	       MOSQ_ERR_SUCCESS;
}

bool broker_is_connected(const struct broker *broker)
{
	return is_up(broker);
}

size_t broker_held(const struct broker *broker)
{
	return broker->held;
}

static bool has_filter(const struct filter *filters, size_t count, const char *text)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(filters[i].text, text) == 0)
			return true;
	return false;
}

static struct filter *copy_filters(const char *const *filters, size_t count)
{
	struct filter *out = NEW_ARRAY(struct filter, count);
	for (size_t i = 0; i < count; i++)
		out[i].text = mem_copy(filters[i]);
	return out;
}

void broker_resubscribe(struct broker *broker, const char *const *filters, size_t filter_count)
{
	struct filter *before = broker->filters;
	size_t before_count = broker->filter_count;
	broker->filters = copy_filters(filters, filter_count);
	broker->filter_count = filter_count;
	for (size_t i = 0; i < before_count; i++) {
		if (has_filter(broker->filters, filter_count, before[i].text))
			continue;
		/* The broker keeps subscriptions while we are away: take it back on return. */
		MEM_RESERVE(broker->gone, broker->gone_count, broker->gone_cap);
		broker->gone[broker->gone_count++] = mem_copy(before[i].text);
	}
	for (size_t i = 0; i < before_count; i++)
		free(before[i].text);
	free(before);
	if (is_up(broker)) {
		subscribe_all(broker);
		broker->callbacks.wants_release(broker->ctx);
	}
}

int broker_open(uv_loop_t *loop, const struct broker_options *options, const char *const *filters,
                size_t filter_count, const struct broker_callbacks *callbacks, void *ctx,
                struct broker **out, struct problem *why)
{
	struct mosquitto *trial;
	mosquitto_lib_init();
	int r = broker_client_make(options, NULL, &trial, why);
	if (r < 0) {
		mosquitto_lib_cleanup();
		return r;
	}
	mosquitto_destroy(trial);
	struct broker *broker = NEW(struct broker);
	*broker = (struct broker){.loop = loop,
	                          .options = *options,
	                          .callbacks = *callbacks,
	                          .ctx = ctx,
	                          .retry_delay = RETRY_FIRST,
	                          .filters = copy_filters(filters, filter_count),
	                          .filter_count = filter_count};
	uv_timer_init(loop, &broker->timer);
	uv_timer_init(loop, &broker->tick);
	uv_idle_init(loop, &broker->more);
	broker->timer.data = broker->tick.data = broker->more.data = broker;
	broker->open_handles = 3;
	dial(broker);
	*out = broker;
	return 0;
}

/* ---- the end ---- */

static void on_closed(uv_handle_t *handle)
{
	struct broker *broker = handle->data;
	if (--broker->open_handles)
		return;
	for (size_t i = 0; i < broker->filter_count; i++)
		free(broker->filters[i].text);
	free(broker->filters);
	for (size_t i = 0; i < broker->gone_count; i++)
		free(broker->gone[i]);
	free(broker->gone);
	free(broker);
	mosquitto_lib_cleanup();
}

static void close_now(struct broker *broker)
{
	drop_link(broker);
	uv_close((uv_handle_t *)&broker->timer, on_closed);
	uv_close((uv_handle_t *)&broker->tick, on_closed);
	uv_close((uv_handle_t *)&broker->more, on_closed);
}

/* With acks held there is no goodbye: it would take them along. The will says offline then. */
static void say_goodbye(struct broker *broker)
{
	const char *topic = broker->options.status_topic;
	if (!is_up(broker) || broker->held || broker->reading)
		return;
	if (topic)
		mosquitto_publish(broker->client, NULL, topic, 7, "offline", 1, true);
	mosquitto_disconnect(broker->client);
	mosquitto_loop_write(broker->client, 1);
}

void broker_close(struct broker *broker)
{
	if (!broker || broker->stage == STAGE_CLOSED)
		return;
	say_goodbye(broker);
	bool dialling = broker->stage == STAGE_DIALLING;
	set_stage(broker, STAGE_CLOSED, NO_TIMER);
	if (!dialling && !broker->reading) /* else whoever holds the client does it */
		close_now(broker);
}
