/* One libmosquitto client, ready to connect, and words for what goes wrong with it. A client
 * lives for one connection: a new attempt gets a new one, so that nothing queued for a link that
 * broke can ever leave over the next. */
#ifndef TOCSIN_RECEIVE_BROKER_CLIENT_H
#define TOCSIN_RECEIVE_BROKER_CLIENT_H

#include <mosquitto.h>

#include "base/problem.h"
#include "receive/broker.h"

#define KEEPALIVE_S 20 /* a dead link is known within two of these */

/* A client in externally threaded mode (acks only queue), with will, login and TLS as the options
 * say. -EINVAL and why when they cannot be used. */
int broker_client_make(const struct broker_options *, void *userdata, struct mosquitto **out,
                       struct problem *why) MUST_USE;

/* What a libmosquitto result means; error is errno (or the getaddrinfo code) right after it. */
const char *broker_client_error(int rc, int error);

/* Why the broker refused the session: the code of its CONNACK (MQTT 3.1.1, table 3.1). */
const char *broker_client_refusal(int code);

#endif
