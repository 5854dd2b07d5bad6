#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/crypto.h"
#include "base/log.h"
#include "base/mem.h"
#include "receive/broker_private.h"

#define BATCH_MAX 512             /* messages gathered before the loop goes on: TCP pushes back */
#define LOOK_EVERY 64             /* messages, for what is let pass */
#define ANSWER_WITHIN SECONDS(15) /* from the first packet to the broker's answer */
#define PROVEN_AFTER SECONDS(10)  /* a session lasts so long: the next retry starts small again */
#define RETRY_MAX SECONDS(30)

/* What the worker needs: it touches nothing else, and nobody touches the client meanwhile. */
struct dial {
	uv_work_t work;
	struct broker *broker;
	struct mosquitto *client;
	char *host; /* its own: the broker may be given other options meanwhile */
	int port;
	int rc, error;
};

static void on_timer(uv_timer_t *);
static void on_poll(uv_poll_t *, int status, int events);

bool link_is_up(const struct broker *broker)
{
	return broker->stage == STAGE_FRESH || broker->stage == STAGE_UP;
}

void link_set_stage(struct broker *broker, enum stage stage, span_ms delay)
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

void link_drop(struct broker *broker)
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
	broker->held = broker->unconfirmed = 0;
	broker->wants_room = false;
}

static void end(struct broker *broker, const char *why)
{
	problem_set(&broker->ended, 0, "%s", why);
	link_drop(broker);
	link_set_stage(broker, STAGE_ENDED, 0);
}

void link_fail(struct broker *broker, int rc, int error)
{
	bool is_lost = rc == MOSQ_ERR_CONN_LOST || rc == MOSQ_ERR_ERRNO;
	bool explained = broker->detail[0] && !is_lost;
	end(broker, explained ? broker->detail : broker_client_error(rc, error));
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
	        .comes_again = broker->options.only_watches,
	};
	if (broker->stage != STAGE_CLOSED)
		broker->callbacks.message(broker->ctx, &out);
}

static int asked_qos(const struct broker *broker)
{
	return broker->options.only_watches ? 0 : 1;
}

void link_subscribe_more(struct broker *broker)
{
	for (size_t i = 0; i < broker->gone_count; i++) {
		mosquitto_unsubscribe(broker->client, NULL, broker->gone[i]);
		free(broker->gone[i]);
	}
	broker->gone_count = 0;
	for (size_t i = 0; i < broker->filter_count; i++)
		if (!broker->filters[i].mid)
			mosquitto_subscribe(broker->client, &broker->filters[i].mid,
			                    broker->filters[i].text, asked_qos(broker));
}

void link_subscribe(struct broker *broker)
{
	broker->granted_count = broker->asked_next = 0;
	if (broker->options.extra_filter)
		mosquitto_subscribe(broker->client, NULL, broker->options.extra_filter,
		                    asked_qos(broker));
	for (size_t i = 0; i < broker->filter_count; i++)
		broker->filters[i] = (struct filter){.text = broker->filters[i].text};
	link_subscribe_more(broker);
}

/* The filter that was asked for with this number; NULL for an older one, or the extra one. */
static struct filter *asked(struct broker *broker, int mid)
{
	for (size_t i = 0; i < broker->filter_count; i++) {
		size_t at = (broker->asked_next + i) % broker->filter_count;
		if (broker->filters[at].mid != mid)
			continue;
		broker->asked_next = at + 1;
		return &broker->filters[at];
	}
	return NULL;
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
	link_set_stage(broker, STAGE_FRESH, PROVEN_AFTER);
	broker->told_down = false;
	broker->detail[0] = '\0';
	if (broker->options.status_topic)
		broker->unconfirmed += mosquitto_publish(client, NULL, broker->options.status_topic,
		                                         6, "online", 1, true) == MOSQ_ERR_SUCCESS;
	link_subscribe(broker);
	broker->callbacks.connected(broker->ctx, flags & 1);
}

static void on_subscribe(struct mosquitto *client, void *ctx, int mid, int count,
                         const int *granted)
{
	(void)client;
	struct broker *broker = ctx;
	broker->progress++;
	struct filter *filter = asked(broker, mid);
	bool refused = filter && !(count == 1 && granted[0] != 0x80);
	if (refused)
		log_error("the broker refuses the subscription to '%s': its access list must allow "
		          "'%s' to read it",
		          filter->text, broker->options.client_id);
	if (filter && !refused && !filter->granted) {
		filter->granted = true;
		broker->granted_count++;
	}
	broker->callbacks.wants_release(broker->ctx); /* so that the owner sees that we listen */
}

static void on_answer(struct mosquitto *client, void *ctx, int mid)
{
	(void)client, (void)mid;
	((struct broker *)ctx)->progress++;
}

static void on_published(struct mosquitto *client, void *ctx, int mid)
{
	struct broker *broker = ctx;
	on_answer(client, ctx, mid);
	if (broker->unconfirmed)
		broker->unconfirmed--;
	if (broker->callbacks.published && broker->stage != STAGE_CLOSED)
		broker->callbacks.published(broker->ctx, mid);
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

void link_watch(struct broker *broker)
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
		link_fail(broker, rc, errno);
	else if (link_is_up(broker) && mosquitto_want_write(broker->client))
		broker->callbacks.wants_release(broker->ctx);
}

static void dial_done(uv_work_t *work, int status)
{
	struct dial *dial = work->data;
	struct broker *broker = dial->broker;
	int rc = dial->rc, error = dial->error;
	struct mosquitto *client = dial->client;
	free(dial->host);
	free(dial);
	if (broker->stage == STAGE_CLOSED) {
		mosquitto_destroy(client);
		broker_let_go(broker);
		return;
	}
	broker->open_handles--;
	broker->client = client;
	if (broker->resting || broker->outdated) {
		link_drop(broker);
		broker->outdated = false;
		if (broker->resting)
			link_set_stage(broker, STAGE_RESTING, NO_TIMER);
		else
			link_dial(broker);
		return;
	}
	if (status < 0 || rc || mosquitto_socket(broker->client) < 0) {
		link_fail(broker, rc, error);
		return;
	}
	broker->poll = NEW(uv_poll_t);
	int r = uv_poll_init(broker->loop, broker->poll, mosquitto_socket(broker->client));
	if (r < 0) {
		free(broker->poll);
		broker->poll = NULL;
		end(broker, uv_strerror(r));
		return;
	}
	broker->poll->data = broker;
	broker->wants_room = true; /* writable: the connection stands */
	link_set_stage(broker, STAGE_GREETING, ANSWER_WITHIN);
	uv_timer_start(&broker->tick, on_tick, 1000, 1000);
	link_watch(broker);
}

static void set_callbacks(struct mosquitto *client)
{
	mosquitto_message_callback_set(client, on_message);
	mosquitto_connect_with_flags_callback_set(client, on_connect);
	mosquitto_subscribe_callback_set(client, on_subscribe);
	mosquitto_unsubscribe_callback_set(client, on_answer);
	mosquitto_publish_callback_set(client, on_published);
	mosquitto_log_callback_set(client, on_log);
}

/* mosquitto_connect_async does not wait for the connection, but it does for the name server:
 * that is a worker's job. */
void link_dial(struct broker *broker)
{
	struct mosquitto *client;
	struct problem why;
	broker->detail[0] = '\0';
	link_set_stage(broker, STAGE_DIALLING, NO_TIMER);
	broker->dialled_at = uv_now(broker->loop);
	if (broker_client_make(&broker->options, broker, &client, &why) < 0) {
		end(broker, why.text);
		return;
	}
	set_callbacks(client);
	struct dial *dial = NEW(struct dial);
	*dial = (struct dial){.broker = broker,
	                      .client = client,
	                      .host = mem_copy(broker->options.host),
	                      .port = broker->options.port};
	dial->work.data = dial;
	broker->open_handles++; /* the worker's */
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
	link_set_stage(broker, STAGE_WAITING, delay);
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
		end(broker, "the broker does not answer");
		break;
	case STAGE_FRESH:
		broker->retry_delay = RETRY_FIRST;
		link_set_stage(broker, STAGE_UP, NO_TIMER);
		break;
	case STAGE_ENDED:
		tell_down(broker);
		break;
	case STAGE_WAITING:
		link_dial(broker);
		break;
	case STAGE_DIALLING:
	case STAGE_UP:
	case STAGE_RESTING:
	case STAGE_CLOSED:
		break;
	}
}

/* ---- gathering ---- */

/* Whether something came on the connection that this one lets pass. */
static bool other_has_come(const struct broker *broker)
{
	struct pollfd other = {.events = POLLIN};
	if (!broker->passing || !link_is_up(broker->passing))
		return false;
	other.fd = mosquitto_socket(broker->passing->client);
	return other.fd > 0 && poll(&other, 1, 0) > 0;
}

/* Reads until two calls bring nothing: one call takes one packet, now and then less, or more while
 * acknowledgements of ours are awaited, and its errno does not tell that the socket is empty. Ends
 * early for what may pass: the turn that follows is as long as what was gathered. Returns false
 * when the link is gone. */
static bool gather(struct broker *broker, bool may_pass)
{
	size_t looked = 0;
	broker->batch = 0;
	broker->cut_short = false;
	for (int idle = 0; idle < 2 && broker->batch < BATCH_MAX;) {
		size_t before = broker->progress;
		if (may_pass && broker->batch - looked >= LOOK_EVERY) {
			looked = broker->batch;
			broker->cut_short = other_has_come(broker);
			if (broker->cut_short)
				break;
		}
		broker->reading = true;
		errno = 0;
		int rc = mosquitto_loop_read(broker->client, 1);
		int error = errno;
		broker->reading = false;
		if (broker->stage == STAGE_CLOSED) { /* closed by the owner, from a callback */
			broker_finish(broker);
			return false;
		}
		if (rc || mosquitto_socket(broker->client) < 0) {
			link_fail(broker, rc, error);
			return false;
		}
		idle = broker->progress == before ? idle + 1 : 0;
	}
	return true;
}

static void on_more(uv_idle_t *);

/* The other goes before this one, or cuts its batch short, every second time at most: so that half
 * of the batches are whole however much the other brings. Nothing is lost by it: what is not read
 * now is still there when the loop comes round. */
static void gather_and_tell(struct broker *broker, bool has_room)
{
	bool may_pass = !broker->has_let_pass;
	broker->has_let_pass = may_pass && other_has_come(broker);
	if (broker->has_let_pass) {
		if (has_room)
			broker->callbacks.wants_release(broker->ctx);
		if (broker->options.tls)
			uv_idle_start(&broker->more, on_more);
		return;
	}
	if (!gather(broker, may_pass))
		return;
	broker->has_let_pass = broker->cut_short;
	/* With TLS what is left may lie in its buffer: go on after the owner's turn. */
	if (broker->options.tls && (broker->cut_short || broker->batch >= BATCH_MAX))
		uv_idle_start(&broker->more, on_more);
	if (broker->cut_short)
		gather_and_tell(broker->passing, false); /* into the same turn */
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
		link_fail(broker, MOSQ_ERR_ERRNO, error);
		return;
	}
	bool has_room = events & UV_WRITABLE;
	if (has_room) { /* once: broker_release asks again if it needs to */
		broker->wants_room = false;
		link_watch(broker);
	}
	gather_and_tell(broker, has_room);
}
