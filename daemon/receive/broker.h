/* The session with the MQTT broker: MQTT 3.1.1, QoS 1, persistent session, acks held.
 *
 * Nothing is written to the broker outside broker_release: PUBACKs and publishes only queue
 * until then, because libmosquitto in externally threaded mode writes nowhere but in
 * mosquitto_loop_write. The owner calls broker_release after the commit that carries what
 * was gathered, and never before.
 *
 * Runs on the caller's libuv loop; calls back from within it. Reconnects by itself with
 * exponential backoff and jitter (1 s .. 30 s); a reconnect drops queued acks, so duplicates
 * are certain and must be harmless.
 */
#ifndef TOCSIN_RECEIVE_BROKER_H
#define TOCSIN_RECEIVE_BROKER_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#include "base/problem.h"

struct broker_options { /* whoever is given them copies the strings */
	const char *host;
	int port;
	bool tls;
	const char *client_id, *username, *password;
	const char *ca_file, *cert_file, *key_file;
	const char *status_topic; /* retained "online", last will "offline"; or NULL */
	/* Hears at QoS 0 without a session: nothing of it is ever acknowledged. */
	bool only_watches;
	bool no_session; /* the broker keeps nothing for us once the link is gone */
	/* A filter of ours that a broker may refuse: what it brings is missed, no more; or NULL. */
	const char *extra_filter;
};

struct broker_message {
	const char *topic;
	const void *bytes;
	size_t len;
	size_t cut; /* so many more came behind them, and were not kept: it is too long */
	bool retained;
	bool comes_again; /* heard by a connection that only watches: the session brings it, too */
	bool by_lane;     /* likewise, by one whose copies are known as such (service/lane.c) */
};

struct broker_callbacks {
	/* A message was gathered; its ack is held until broker_release. */
	void (*message)(void *ctx, const struct broker_message *);
	/* The session came up (and the subscriptions are asked for) or went down, or a first
	 * attempt failed; a further failed attempt is told only when the reason is another. why
	 * is for people. disconnected is never called from within the owner's own calls. */
	void (*connected)(void *ctx, bool session_present);
	void (*disconnected)(void *ctx, const char *why);
	/* There is something to write that no message has caused (a ping, a subscription, room in
	 * the socket): a turn is wanted, so that broker_release is called. */
	void (*wants_release)(void *ctx);
	/* The broker has confirmed what was published with this receipt, in this session; or NULL.
	 * A session that ends confirms nothing more. */
	void (*published)(void *ctx, int receipt);
};

struct broker;

/* filters: MQTT subscription filters, copied, subscribed at QoS 1 after each connect. Connecting
 * goes on in the background; -EINVAL and why only for options that can never work. */
int broker_open(uv_loop_t *, const struct broker_options *, const char *const *filters,
                size_t filter_count, const struct broker_callbacks *, void *ctx,
                struct broker **out, struct problem *why) MUST_USE;

/* Other options from the next dial on: another login, other TLS files. A link that is up or on its
 * way with the old ones is put down without a word, as by broker_rest, and made anew at once.
 * -EINVAL and why for options that can never work: then the old ones stay. */
int broker_use(struct broker *, const struct broker_options *, struct problem *why) MUST_USE;

/* Replaces the filters: subscribes to all of them, so that what the broker has retained comes once
 * more, and unsubscribes from those gone. */
void broker_resubscribe(struct broker *, const char *const *filters, size_t filter_count);

/* The same, but subscribes to those alone that are new: of the others nothing comes again. */
void broker_subscribe_more(struct broker *, const char *const *filters, size_t filter_count);

/* While the other has something to read, this one leaves it the next turn; or, where it comes while
 * this one is read, stops, and the other is read from here. Every second time at most; NULL:
 * nobody. The other must outlive this or be taken back. */
void broker_let_pass(struct broker *, struct broker *other);

/* Puts the session down without a word: what is held unacknowledged stays with the broker, which
 * keeps it and all that follows until the rest is over. Tells nobody. */
void broker_rest(struct broker *, bool rest);

bool broker_is_resting(const struct broker *);

/* Queues a publish, to leave with the next broker_release; false while not connected (the owner
 * publishes state again on connect: what a broken link had queued is gone). */
bool broker_publish(struct broker *, const char *topic, const void *bytes, size_t len, int qos,
                    bool retain);

/* The same at QoS 1, with a number by which `published` tells that the broker has it. */
bool broker_publish_receipt(struct broker *, const char *topic, const void *bytes, size_t len,
                            bool retain, int *receipt);

/* The one place where anything leaves for the broker: writes all that is queued, as far as the
 * socket takes it; the rest goes when there is room (wants_release). */
void broker_release(struct broker *);

/* The session is up or on its way: connected, or an attempt is under way that ends by itself, or
 * the next one is planned. False means that this one will never come back. */
bool broker_is_alive(const struct broker *);

bool broker_is_connected(const struct broker *);

/* Connected, and every subscription confirmed: what is published from now on reaches us. */
bool broker_is_listening(const struct broker *);

/* How many publishes at QoS 1 the broker has not confirmed yet, in this session. Under a flood its
 * confirmations stand behind all that it has for us, and libmosquitto looks through the unconfirmed
 * at each publish: who has much to say, and may say it later, waits while they are many. */
size_t broker_unconfirmed(const struct broker *);

/* How many messages of this connection were gathered since broker_release: their acks are held.
 * With 0 a release acknowledges nothing, also when the store is down. MQTT numbers them with 16
 * bits, so that they are never more than 65,535. */
size_t broker_held(const struct broker *);

/* Says goodbye as far as it goes (retained "offline", DISCONNECT), ends the session's link,
 * calls nobody back any more. While acks are held nothing is said, as that would release them:
 * the link just ends and the broker publishes the will. The memory goes when the loop has closed
 * the handles. NULL is fine. */
void broker_close(struct broker *);

#endif
