/* In place of receive/broker.c, with the broker behind it, but for the lane (broker_lane.c). QoS 1:
 * what was not acknowledged is kept and sent again; between two sessions it may come in another
 * order. The client side promises what receive/broker.h promises: acks are held until
 * broker_release. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker_private.h"

#define IN_FLIGHT 20

struct parcel { /* a message in the session's queue, until it is acknowledged */
	char *topic, *bytes;
	size_t len;
	bool retained;
	uint32_t message;
	uint32_t link; /* the connection over which it was sent, 0: not yet */
};

struct retained {
	char *topic, *bytes;
	size_t len;
};

static struct {
	struct parcel *queue;
	uint32_t count, cap;
	struct retained *retained;
	uint32_t retained_count, retained_cap;
	bool has_session;
	uint32_t link; /* number of the connection, from 1 */
	world_ms connected_at;
	world_ms busy_until;   /* then it confirms what it was told */
	world_ms stands_until; /* the session, as behind a flood; other connections do not */
	bool pumping;
} server;

static struct broker *client;  /* with the session */
static struct broker *watcher; /* hears at QoS 0 while the disk fails; or NULL */

/* ---- the server ---- */

static void parcel_finish(struct parcel *parcel)
{
	free(parcel->topic);
	free(parcel->bytes);
}

char *broker_copy(const void *bytes, size_t len)
{
	char *copy = mem_new(len + 1);
	if (len)
		memcpy(copy, bytes, len);
	return copy;
}

static void pump(uint64_t link);

static void pump_soon(span_ms in)
{
	if (server.pumping)
		return;
	server.pumping = true;
	later(in, pump, server.link);
}

void heard_finish(struct heard *heard)
{
	free(heard->topic);
	free(heard->bytes);
	free(heard);
}

/* Now and then the session stands, as behind a flood. */
static span_ms lag(void)
{
	return chance(50) ? between(100, 20000) : between(0, 3);
}

static void watcher_hears(uint64_t arg)
{
	struct heard *heard = (struct heard *)(uintptr_t)arg;
	if (watcher && watcher->listening && !world.dead) {
		if (heard->message != NO_MESSAGE) {
			message_get(heard->message)->given++;
			check_beside(message_get(heard->message));
		}
		watcher->callbacks.message(watcher->ctx,
		                           &(struct broker_message){.topic = heard->topic,
		                                                    .bytes = heard->bytes,
		                                                    .len = heard->len,
		                                                    .retained = heard->retained,
		                                                    .comes_again = true});
	}
	heard_finish(heard);
}

static void tell_watcher(const char *topic, const void *bytes, size_t len, bool retained,
                         uint32_t message)
{
	if (!watcher || !watcher->listening)
		return;
	struct heard *heard = NEW(struct heard);
	*heard = (struct heard){mem_copy(topic), broker_copy(bytes, len), len, retained, message};
	later(between(1, 5), watcher_hears, (uint64_t)(uintptr_t)heard);
}

void enqueue(const char *topic, const void *bytes, size_t len, bool retained, uint32_t message)
{
	tell_watcher(topic, bytes, len, retained, message);
	if (!retained) /* what a subscription of the session brings is for the session */
		broker_lane_tell(topic, bytes, len, message);
	if (!server.has_session)
		return;
	MEM_RESERVE(server.queue, server.count, server.cap);
	server.queue[server.count++] = (struct parcel){.topic = mem_copy(topic),
	                                               .bytes = broker_copy(bytes, len),
	                                               .len = len,
	                                               .retained = retained,
	                                               .message = message};
	if (client && client->connected)
		pump_soon(lag());
}

static void note_hearing(struct w_message *m)
{
	m->again = m->heard == world.life;
	/* What the lane has brought is known when the session brings it; but not, when that brings
	 * it again, behind older words that come again, too. */
	if (m->by_lane != world.life || m->again)
		m->given++;
	m->heard = world.life;
	if (m->by_lane != world.life)
		check_given(m);
}

static void cut_session(void);

/* Hands over what fits into the window. */
static void pump(uint64_t link)
{
	server.pumping = false;
	if (!client || !client->connected || link != server.link || world.dead)
		return;
	if (server.stands_until > world.now) {
		pump_soon(server.stands_until - world.now);
		return;
	}
	uint32_t under_way = 0;
	for (uint32_t i = 0; i < server.count; i++)
		under_way += server.queue[i].link == server.link;
	for (uint32_t i = 0; i < server.count && under_way < IN_FLIGHT; i++) {
		struct parcel *parcel = &server.queue[i];
		if (parcel->link == server.link)
			continue;
		world.counts.redelivered += parcel->link != 0;
		parcel->link = server.link;
		under_way++;
		client->held++;
		if (parcel->message != NO_MESSAGE)
			note_hearing(message_get(parcel->message));
		client->callbacks.message(client->ctx,
		                          &(struct broker_message){.topic = parcel->topic,
		                                                   .bytes = parcel->bytes,
		                                                   .len = parcel->len,
		                                                   .retained = parcel->retained});
	}
	if (under_way && !world.calm && chance(2)) { /* before anything of it is acknowledged */
		world.counts.sessions_cut++;
		cut_session();
	}
}

static struct retained *find_retained(const char *topic)
{
	for (uint32_t i = 0; i < server.retained_count; i++)
		if (strcmp(server.retained[i].topic, topic) == 0)
			return &server.retained[i];
	return NULL;
}

static void drop_retained(struct retained *r)
{
	free(r->topic);
	free(r->bytes);
	*r = server.retained[--server.retained_count];
}

static void retain(const char *topic, const char *bytes, size_t len)
{
	struct retained *r = find_retained(topic);
	if (r)
		drop_retained(r);
	if (!len)
		return;
	MEM_RESERVE(server.retained, server.retained_count, server.retained_cap);
	server.retained[server.retained_count++] = (struct retained){
	        .topic = mem_copy(topic), .bytes = broker_copy(bytes, len), .len = len};
}

static void note_word(uint32_t message)
{
	const struct w_message *m = message_get(message);
	if (m && !m->garbage && !m->test)
		*message_last_word(message) = server.has_session ? message + 1 : 0;
}

static void forget_word(uint32_t message)
{
	const struct w_message *m = message_get(message);
	if (m && !m->garbage)
		*message_last_word(message) = 0;
}

void broker_take(const char *topic, const char *bytes, size_t len, bool retained, uint32_t message)
{
	if (retained)
		retain(topic, bytes, len);
	note_word(message);
	enqueue(topic, bytes, len, false, message);
}

bool broker_retains(const char *topic)
{
	return find_retained(topic) != NULL;
}

void broker_for_each_retained(void (*each)(const char *topic, const char *bytes))
{
	for (uint32_t i = 0; i < server.retained_count; i++)
		each(server.retained[i].topic, server.retained[i].bytes);
}

bool broker_is_quiet(void)
{
	return client && client->connected && client->listening && !server.count &&
	       !client->unconfirmed && world.now - server.connected_at > SECONDS(5);
}

static bool is_subscribed(const char *topic)
{
	if (strcmp(topic, LANE_TOPIC) == 0)
		return true;
	return strncmp(topic, "tocsin/", 7) == 0 &&
	       (strstr(topic, "/device/") ? strstr(topic, "/ack") == NULL
	                                  : strstr(topic, "/incident/") != NULL);
}

static void confirm(uint64_t link)
{
	if (!client || !client->connected || link != server.link || world.dead)
		return;
	client->listening = true;
	/* A subscription brings what is retained. */
	for (uint32_t i = 0; i < server.retained_count; i++) {
		const struct retained *r = &server.retained[i];
		if (is_subscribed(r->topic))
			enqueue(r->topic, r->bytes, r->len, true, NO_MESSAGE);
	}
}

/* What was under way on another link may come in any order now. */
static void shuffle(void)
{
	if (chance(500))
		return;
	for (uint32_t i = 0; i + 1 < server.count; i++) {
		uint32_t k = i + (uint32_t)below(3);
		if (k >= server.count || server.queue[i].link == 0 || server.queue[k].link == 0)
			continue;
		forget_word(server.queue[i].message);
		forget_word(server.queue[k].message);
		struct parcel keep = server.queue[i];
		server.queue[i] = server.queue[k];
		server.queue[k] = keep;
	}
}

static void connect_client(uint64_t life)
{
	if (!client || life != world.life || client->connected || client->resting || world.dead)
		return;
	if (!world.broker_up) {
		later(between(1000, 30000), connect_client, life);
		return;
	}
	bool present = server.has_session;
	server.has_session = true;
	server.link++;
	server.connected_at = world.now;
	client->connected = true;
	client->held = client->unconfirmed = 0;
	shuffle();
	trace("connected to the broker%s, %u messages wait", present ? "" : ", a new session",
	      server.count);
	client->callbacks.connected(client->ctx, present);
	later(between(1, 200), confirm, server.link);
	server.pumping = false;
	pump_soon(between(1, 50));
}

void forget_link(struct broker *b)
{
	b->connected = b->listening = false;
	b->held = b->unconfirmed = 0;
	while (b->out_count) {
		free(b->out[--b->out_count].topic);
		free(b->out[b->out_count].bytes);
	}
}

static void connect_watcher(uint64_t life)
{
	if (!watcher || life != world.life || watcher->connected || world.dead)
		return;
	if (!world.broker_up) {
		later(between(1000, 30000), connect_watcher, life);
		return;
	}
	watcher->connected = watcher->listening = true;
	watcher->callbacks.connected(watcher->ctx, false);
	for (uint32_t i = 0; i < server.retained_count; i++)
		if (is_subscribed(server.retained[i].topic))
			tell_watcher(server.retained[i].topic, server.retained[i].bytes,
			             server.retained[i].len, true, NO_MESSAGE);
}

static void cut_session(void)
{
	if (!client || !client->connected)
		return;
	forget_link(client);
	client->callbacks.disconnected(client->ctx, "the connection was closed");
	later(between(1000, 30000), connect_client, world.life);
}

static void cut_link(void)
{
	broker_lane_cut();
	cut_session();
	if (watcher && watcher->connected) {
		forget_link(watcher);
		watcher->callbacks.disconnected(watcher->ctx, "the connection was closed");
		later(between(1000, 30000), connect_watcher, world.life);
	}
}

void session_stands(span_ms span)
{
	server.stands_until = world.now + span;
}

void broker_server_up(bool up)
{
	world.broker_up = up;
	trace("the broker is %s", up ? "there" : "away");
	if (!up)
		cut_link();
}

void broker_cut_session(void)
{
	cut_session();
	devices_waver();
}

static void session_forgotten(uint64_t life)
{
	if (life != world.life || !client || !client->connected)
		return;
	trace("the broker forgets the session, and nothing else");
	broker_forget(true, false);
	cut_session();
	devices_waver();
}

/* What only the lane has brought by then is never brought by the session. */
void broker_forget_session(void)
{
	session_stands(between(0, 4000));
	devices_waver();
	later(between(0, 4000), session_forgotten, world.life);
}

void broker_forget(bool session, bool retained)
{
	if (session) {
		while (server.count) {
			forget_word(server.queue[--server.count].message);
			parcel_finish(&server.queue[server.count]);
		}
		server.has_session = false;
	}
	while (retained && server.retained_count)
		drop_retained(&server.retained[server.retained_count - 1]);
}

/* ---- the client ---- */

int broker_open(uv_loop_t *loop, const struct broker_options *options, const char *const *filters,
                size_t filter_count, const struct broker_callbacks *callbacks, void *ctx,
                struct broker **out, struct problem *why)
{
	(void)loop;
	(void)why;
	struct broker *b = NEW(struct broker);
	b->callbacks = *callbacks;
	b->ctx = ctx;
	b->watches = options->only_watches;
	*out = b;
	happening connect = connect_client;
	if (strcmp(options->client_id, "tocsin-lane") == 0) {
		broker_lane_open(b, options, filters, filter_count);
		return 0;
	}
	if (b->watches) {
		watcher = b;
		connect = connect_watcher;
	} else {
		client = b;
	}
	later(between(5, 500), connect, world.life);
	return 0;
}

int broker_use(struct broker *b, const struct broker_options *options, struct problem *why)
{
	(void)why;
	if (b != client || b->resting)
		broken("another login for what is no session that runs");
	trace("another login: %s", options->password);
	world.counts.logins++;
	forget_link(b);
	later(between(5, 500), connect_client, world.life);
	return 0;
}

void broker_let_pass(struct broker *b, struct broker *other)
{
	(void)b;
	(void)other;
}

void broker_resubscribe(struct broker *b, const char *const *filters, size_t filter_count)
{
	(void)b;
	(void)filters;
	(void)filter_count;
}

void broker_subscribe_more(struct broker *b, const char *const *filters, size_t filter_count)
{
	(void)b;
	(void)filters;
	(void)filter_count;
}

/* While it has much of ours already, what only goes on waits. */
static void check_pace(const struct broker *b, const char *topic, const char *bytes)
{
	if (b->unconfirmed + b->out_count < 64 || !strstr(topic, "/incident/") || !*bytes)
		return;
	static const char *const first[] = {"fire", "gas", "panic"};
	for (int i = 0; i < 3; i++) {
		char kind[24];
		snprintf(kind, sizeof kind, "\"kind\":\"%s\"", first[i]);
		if (strstr(bytes, kind))
			return;
	}
	broken("%s is shown to a broker that is busy with ours", topic);
}

bool broker_publish(struct broker *b, const char *topic, const void *bytes, size_t len, int qos,
                    bool retain_it)
{
	(void)qos;
	if (!b->connected)
		return false;
	check_pace(b, topic, bytes);
	MEM_RESERVE(b->out, b->out_count, b->out_cap);
	b->out[b->out_count++] = (struct out){.topic = mem_copy(topic),
	                                      .bytes = broker_copy(bytes, len),
	                                      .len = len,
	                                      .retain = retain_it};
	return true;
}

bool broker_publish_receipt(struct broker *b, const char *topic, const void *bytes, size_t len,
                            bool retain, int *receipt)
{
	static int last;
	if (!broker_publish(b, topic, bytes, len, 1, retain))
		return false;
	*receipt = b->out[b->out_count - 1].receipt = ++last & INT16_MAX;
	return true;
}

/* True if a later one of those acknowledged together speaks for the same sensor point. */
static bool is_last_of_its_key(uint32_t at)
{
	const struct w_message *m = message_get(server.queue[at].message);
	for (uint32_t i = at + 1; i < server.count; i++) {
		if (server.queue[i].link != server.link || server.queue[i].message == NO_MESSAGE)
			continue;
		const struct w_message *other = message_get(server.queue[i].message);
		if (other->site == m->site && other->device == m->device && other->kind == m->kind)
			return false;
	}
	return true;
}

static void leave_acks(struct broker *b)
{
	uint32_t kept = 0;
	for (uint32_t i = 0; i < server.count; i++) {
		struct parcel *parcel = &server.queue[i];
		bool held = parcel->link == server.link;
		if (!held || !may_leave()) {
			server.queue[kept++] = *parcel;
			continue;
		}
		if (parcel->message != NO_MESSAGE) {
			/* (what was moved down already is compared no more) */
			check_ack(parcel->message, is_last_of_its_key(i));
			message_get(parcel->message)->acked = true;
		}
		parcel_finish(parcel);
	}
	server.count = kept;
	b->held = 0;
	if (server.count)
		pump_soon(between(0, 3));
}

static void confirm_publish(uint64_t arg)
{
	if (!client || !client->connected || arg >> 16 != server.link || world.dead)
		return;
	client->unconfirmed--;
	client->callbacks.published(client->ctx, (int)(arg & UINT16_MAX));
}

/* Now and then it keeps to itself for minutes that it has what it was told. */
static void confirm_soon(const struct out *out)
{
	if (chance(2))
		server.busy_until = world.now + between(1000, 300000);
	span_ms busy = server.busy_until > world.now ? server.busy_until - world.now : 0;
	client->unconfirmed++;
	later(busy + between(0, 5), confirm_publish,
	      (uint64_t)server.link << 16 | (uint64_t)out->receipt);
}

void broker_release(struct broker *b)
{
	if (!b->connected || world.dead)
		return;
	if (broker_lane_is(b))
		broker_lane_leave_acks();
	else if (!b->watches)
		leave_acks(b);
	for (uint32_t i = 0; i < b->out_count; i++) {
		struct out *out = &b->out[i];
		if (may_leave()) {
			if (strstr(out->topic, "/ack"))
				check_device_ack(out->topic, out->bytes);
			if (out->retain)
				retain(out->topic, out->bytes, out->len);
			if (strcmp(out->topic, LANE_TOPIC) == 0)
				broker_lane_says_mark(out);
			else if (is_subscribed(out->topic))
				enqueue(out->topic, out->bytes, out->len, false, NO_MESSAGE);
		}
		if (b == client)
			confirm_soon(out);
		free(out->topic);
		free(out->bytes);
	}
	b->out_count = 0;
}

void broker_rest(struct broker *b, bool rest)
{
	if (b->resting == rest)
		return;
	b->resting = rest;
	if (rest)
		forget_link(b);
	else
		later(between(5, 500), connect_client, world.life);
}

bool broker_is_alive(const struct broker *b)
{
	return b != NULL;
}

bool broker_is_resting(const struct broker *b)
{
	return b->resting;
}

bool broker_is_connected(const struct broker *b)
{
	return b->connected;
}

bool broker_is_listening(const struct broker *b)
{
	return b->listening;
}

size_t broker_unconfirmed(const struct broker *b)
{
	if (b->unconfirmed + b->out_count >= 32)
		world.counts.busy++;
	return b->unconfirmed + b->out_count;
}

size_t broker_held(const struct broker *b)
{
	if (broker_lane_is(b))
		return broker_lane_held();
	return b->held;
}

void broker_close(struct broker *b)
{
	if (!b)
		return;
	for (uint32_t i = 0; i < b->out_count; i++) {
		free(b->out[i].topic);
		free(b->out[i].bytes);
	}
	if (b == watcher)
		watcher = NULL;
	else if (b == client)
		client = NULL;
	if (broker_lane_is(b))
		broker_lane_close();
	free(b->out);
	free(b);
}

void broker_finish(void)
{
	broker_forget(true, true);
	free(server.queue);
	free(server.retained);
	broker_lane_finish();
}
