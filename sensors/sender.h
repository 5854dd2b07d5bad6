/* The reference client: what a device has to do so that its signal is not lost.
 *
 *   listen on …/ack first, then publish at QoS 1; the broker's PUBACK only means that the broker
 *   has it; repeat the same bytes with the same id after 1, 2, 4, 8 … s, over as many connections
 *   as it takes, until {"id": …} comes on …/ack: then the service has it on disk.
 *
 * One thread, libmosquitto's own loop. */
#ifndef TOCSIN_SENSORS_SENDER_H
#define TOCSIN_SENSORS_SENDER_H

#include <stdbool.h>

#include "base/clock.h"
#include "base/problem.h"
#include "client.h"

struct sender;

/* How a message ended well; called once for each. took counts from its first publish. */
typedef void (*sender_done)(void *ctx, const char *id, span_ms took, unsigned int times);

int sender_open(const struct sender_options *, sender_done, void *ctx, struct sender **out,
                struct problem *why) MUST_USE;
void sender_close(struct sender *); /* NULL is fine */

/* Adds a message to send; strings are copied. With an ack_topic it is done when its id comes back
 * there, without one when the broker has taken it. */
void sender_add(struct sender *, const char *topic, const char *ack_topic, const char *id,
                const char *payload, bool retain);

/* Sends what was added, done or not, until this time of clock_stopwatch_ns, in ms. More may be
 * added afterwards. */
int sender_go_on(struct sender *, int64_t until, struct problem *why) MUST_USE;

/* Sends all until they are done. -ETIMEDOUT when some are not within the span, and why says what
 * was in the way. */
int sender_run(struct sender *, span_ms within, struct problem *why) MUST_USE;

#endif
