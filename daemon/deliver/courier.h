/* Carries letters out: many HTTP requests in flight at once on the caller's libuv loop (curl
 * multi_socket), bounded in time and bytes. It decides nothing: when to send, retry or move on
 * is the core's; the courier reports how each attempt ended. */
#ifndef TOCSIN_DELIVER_COURIER_H
#define TOCSIN_DELIVER_COURIER_H

#include <uv.h>

#include "deliver/channel.h"

#define ATTEMPT_CONNECT_MAX SECONDS(5)
#define ATTEMPT_MAX SECONDS(15) /* a whole attempt */
#define REPLY_MAX                                                                                  \
	((size_t)16 * 1024) /* bytes of a reply that are kept; a longer one is cut off             \
	                     */

/* Called from the loop, once per courier_send, never from within it. */
typedef void (*courier_result)(void *ctx, const char *site_id, const struct delivery_result *);

struct courier;
int courier_open(uv_loop_t *, courier_result, void *ctx, struct courier **out,
                 struct problem *why) MUST_USE;

/* Starts one attempt. Channel and letter are read before it returns, so that a reload may replace
 * them while the attempt is under way. A letter that cannot be built is reported as refused. */
void courier_send(struct courier *, const struct channel *, const struct letter *);

uint32_t courier_in_flight(const struct courier *);

/* Drops what is in flight without a result, closes the handles. */
void courier_close(struct courier *);

#endif
