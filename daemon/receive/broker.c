#include "receive/broker.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "receive/broker_private.h"

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
		link_fail(broker, rc, error);
		return;
	}
	if (on)
		setsockopt(fd, IPPROTO_TCP, TCP_CORK, &(int){0}, sizeof(int));
	/* In the TLS handshake it is reading that goes on, and want_write may stay set. */
	if (mosquitto_want_write(broker->client) && (link_is_up(broker) || !broker->options.tls)) {
		broker->wants_room = true;
		link_watch(broker);
	}
}

bool broker_publish(struct broker *broker, const char *topic, const void *bytes, size_t len,
                    int qos, bool retain)
{
	if (!link_is_up(broker) || len > INT32_MAX ||
	    mosquitto_publish(broker->client, NULL, topic, (int)len, bytes, qos, retain) !=
	            MOSQ_ERR_SUCCESS)
		return false;
	broker->unconfirmed += qos > 0;
	return true;
}

/* What the stage waits for is there. A name server is asked without a bound of ours. */
bool broker_is_alive(const struct broker *broker)
{
	switch (broker->stage) {
	case STAGE_DIALLING:
		return uv_now(broker->loop) - broker->dialled_at < DIALLING_MAX;
	case STAGE_GREETING:
	case STAGE_ENDED:
	case STAGE_WAITING:
		return uv_is_active((const uv_handle_t *)&broker->timer);
	case STAGE_FRESH:
	case STAGE_UP:
		return uv_is_active((const uv_handle_t *)&broker->tick);
	case STAGE_RESTING:
	case STAGE_CLOSED:
		break;
	}
	return false;
}

bool broker_publish_receipt(struct broker *broker, const char *topic, const void *bytes, size_t len,
                            bool retain, int *receipt)
{
	if (!link_is_up(broker) || len > INT32_MAX ||
	    mosquitto_publish(broker->client, receipt, topic, (int)len, bytes, 1, retain) !=
	            MOSQ_ERR_SUCCESS)
		return false;
	broker->unconfirmed++;
	return true;
}

bool broker_is_connected(const struct broker *broker)
{
	return link_is_up(broker);
}

bool broker_is_listening(const struct broker *broker)
{
	return link_is_up(broker) && broker->granted_count == broker->filter_count;
}

void broker_let_pass(struct broker *broker, struct broker *other)
{
	broker->passing = other;
}

size_t broker_unconfirmed(const struct broker *broker)
{
	return broker->unconfirmed;
}

size_t broker_held(const struct broker *broker)
{
	return broker->held;
}

void broker_rest(struct broker *broker, bool rest)
{
	if (broker->resting == rest)
		return;
	broker->resting = rest;
	if (broker->stage == STAGE_DIALLING)
		return; /* whoever dials looks at it */
	if (rest) {
		link_drop(broker);
		link_set_stage(broker, STAGE_RESTING, NO_TIMER);
	} else {
		link_dial(broker);
	}
}

bool broker_is_resting(const struct broker *broker)
{
	return broker->stage == STAGE_RESTING;
}

static struct filter *find_filter(struct filter *filters, size_t count, const char *text)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(filters[i].text, text) == 0)
			return &filters[i];
	return NULL;
}

static struct filter *copy_filters(const char *const *filters, size_t count)
{
	struct filter *out = NEW_ARRAY(struct filter, count);
	for (size_t i = 0; i < count; i++)
		out[i].text = mem_copy(filters[i]);
	return out;
}

/* Those that stay keep what the broker has said of them. */
static void replace_filters(struct broker *broker, const char *const *filters, size_t filter_count)
{
	struct filter *before = broker->filters;
	size_t before_count = broker->filter_count;
	broker->filters = copy_filters(filters, filter_count);
	broker->filter_count = filter_count;
	broker->granted_count = broker->asked_next = 0;
	for (size_t i = 0; i < before_count; i++) {
		struct filter *same = find_filter(broker->filters, filter_count, before[i].text);
		if (same) {
			same->mid = before[i].mid;
			same->granted = before[i].granted;
			broker->granted_count += same->granted;
			continue;
		}
		/* The broker keeps subscriptions while we are away: take it back on return. */
		MEM_RESERVE(broker->gone, broker->gone_count, broker->gone_cap);
		broker->gone[broker->gone_count++] = mem_copy(before[i].text);
	}
	for (size_t i = 0; i < before_count; i++)
		free(before[i].text);
	free(before);
}

void broker_resubscribe(struct broker *broker, const char *const *filters, size_t filter_count)
{
	replace_filters(broker, filters, filter_count);
	if (link_is_up(broker)) {
		link_subscribe(broker);
		broker->callbacks.wants_release(broker->ctx);
	}
}

void broker_subscribe_more(struct broker *broker, const char *const *filters, size_t filter_count)
{
	replace_filters(broker, filters, filter_count);
	if (link_is_up(broker)) {
		link_subscribe_more(broker);
		broker->callbacks.wants_release(broker->ctx);
	}
}

static void take_options(struct broker *broker, const struct broker_options *options)
{
	struct arena strings = {0};
	broker->options = *options;
	const char **texts[] = {&broker->options.host,        &broker->options.client_id,
	                        &broker->options.username,    &broker->options.password,
	                        &broker->options.ca_file,     &broker->options.cert_file,
	                        &broker->options.key_file,    &broker->options.status_topic,
	                        &broker->options.extra_filter};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		*texts[i] = arena_copy(&strings, *texts[i]);
	arena_finish(&broker->strings);
	broker->strings = strings;
}

static int try_options(const struct broker_options *options, struct problem *why)
{
	struct mosquitto *trial;
	int r = broker_client_make(options, NULL, &trial, why);
	if (r == 0)
		mosquitto_destroy(trial);
	return r;
}

int broker_use(struct broker *broker, const struct broker_options *options, struct problem *why)
{
	int r = try_options(options, why);
	if (r < 0)
		return r;
	take_options(broker, options);
	broker->retry_delay = RETRY_FIRST;
	broker->told_down = false;
	switch (broker->stage) {
	case STAGE_DIALLING:
		broker->outdated = true; /* whoever dials looks at it */
		break;
	case STAGE_GREETING:
	case STAGE_FRESH:
	case STAGE_UP:
	case STAGE_ENDED:
	case STAGE_WAITING:
		link_drop(broker);
		link_dial(broker);
		break;
	case STAGE_RESTING:
	case STAGE_CLOSED:
		break;
	}
	return 0;
}

int broker_open(uv_loop_t *loop, const struct broker_options *options, const char *const *filters,
                size_t filter_count, const struct broker_callbacks *callbacks, void *ctx,
                struct broker **out, struct problem *why)
{
	mosquitto_lib_init();
	int r = try_options(options, why);
	if (r < 0) {
		mosquitto_lib_cleanup();
		return r;
	}
	struct broker *broker = NEW(struct broker);
	*broker = (struct broker){.loop = loop,
	                          .callbacks = *callbacks,
	                          .ctx = ctx,
	                          .retry_delay = RETRY_FIRST,
	                          .filters = copy_filters(filters, filter_count),
	                          .filter_count = filter_count};
	take_options(broker, options);
	uv_timer_init(loop, &broker->timer);
	uv_timer_init(loop, &broker->tick);
	uv_idle_init(loop, &broker->more);
	broker->timer.data = broker->tick.data = broker->more.data = broker;
	broker->open_handles = 3;
	link_dial(broker);
	*out = broker;
	return 0;
}

/* ---- the end ---- */

void broker_let_go(struct broker *broker)
{
	if (--broker->open_handles)
		return;
	for (size_t i = 0; i < broker->filter_count; i++)
		free(broker->filters[i].text);
	free(broker->filters);
	for (size_t i = 0; i < broker->gone_count; i++)
		free(broker->gone[i]);
	free(broker->gone);
	arena_finish(&broker->strings);
	free(broker);
	mosquitto_lib_cleanup();
}

static void on_closed(uv_handle_t *handle)
{
	broker_let_go(handle->data);
}

void broker_finish(struct broker *broker)
{
	link_drop(broker);
	uv_close((uv_handle_t *)&broker->timer, on_closed);
	uv_close((uv_handle_t *)&broker->tick, on_closed);
	uv_close((uv_handle_t *)&broker->more, on_closed);
}

/* With acks held there is no goodbye: it would take them along. The will says offline then. */
static void say_goodbye(struct broker *broker)
{
	const char *topic = broker->options.status_topic;
	if (!link_is_up(broker) || broker->held || broker->reading)
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
	link_set_stage(broker, STAGE_CLOSED, NO_TIMER);
	if (!broker->reading) /* else whoever holds the client does it */
		broker_finish(broker);
}
