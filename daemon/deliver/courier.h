/* Carries letters out: many HTTP requests in flight at once on the caller's libuv loop (curl
 * multi_socket), bounded in time and bytes. It decides nothing: when to send, retry or move on
 * is the core's; the courier reports how each attempt ended.
 *
 * A reply counts as soon as its header is whole: a body that breaks off, drips until the time is
 * up or never ends is judged by what came of it. Nothing is followed, no proxy is asked, names of
 * certificates are checked, no name leads to a private address unless its channel says so
 * (egress.h). Connections are kept, HTTP/2 is spoken where it is offered. A kept one that has died
 * costs no attempt: what it took is sent once more over a new one, and the detail says so. What is
 * tried again goes over none that was kept, so that an attempt in the record is a request. */
#ifndef TOCSIN_DELIVER_COURIER_H
#define TOCSIN_DELIVER_COURIER_H

#include <uv.h>

#include "deliver/channel.h"

#define ATTEMPT_CONNECT_MAX SECONDS(5)
#define ATTEMPT_MAX SECONDS(15)         /* a whole attempt */
#define REPLY_MAX ((size_t)16 * 1024)   /* bytes of a reply that are kept */
#define REPLY_READ_MAX ((size_t)262144) /* bytes after which the rest is not waited for */
#define REPLY_HEADER_MAX ((size_t)65536)
#define RETRY_AFTER_MAX DAYS(1)

/* Attempts under way at once. Urgent ones wait only for urgent ones, and only above the second
 * figure: what is not urgent leaves room for them; and both leave room for the first word of
 * something critical (rate.h). */
#define IN_FLIGHT_MAX 128
#define IN_FLIGHT_URGENT_MAX 512
#define IN_FLIGHT_FIRST_MAX 768

/* Called from the loop, once per courier_send, never from within it. It may send again; it must
 * not close the courier. site_id: NULL for a ping (whose notification is 0) and for a letter that
 * was said again. */
typedef void (*courier_result)(void *ctx, const char *site_id, const struct delivery_result *);

struct courier;
int courier_open(uv_loop_t *, courier_result, void *ctx, struct courier **out,
                 struct problem *why) MUST_USE;

/* Before anything is sent: what left over a channel before this start (limits.h). */
void courier_recall(struct courier *, const struct channel *, steady_ms at, steady_ms shut_until);

/* Starts one attempt. Channel and letter are read before it returns, so that a reload may replace
 * them while the attempt is under way. What the channel may not carry now (rate.h) is not sent and
 * reported at once as to be tried again, and when. A letter that cannot be built is reported as
 * refused, and so is one for a channel that a reload took away (NULL). Without an address of its
 * own a letter goes to the channel's. */
void courier_send(struct courier *, const struct channel *, const struct letter *);

/* What courier_send was given leaves now and not once the loop comes round: for the turn, which has
 * other things to write. Calls nobody back. */
void courier_hurry(struct courier *);

/* Of what still waits for its turn, what is over (says the owner) is not sent any more: reported as
 * to be tried again, like what the channel may not carry. So what waits is never more than what is
 * still to be told, however fast news comes and however slow the receivers are. */
typedef bool (*courier_is_over)(void *ctx, const char *site_id, uint64_t notification);
void courier_drop_overtaken(struct courier *, courier_is_over);

/* One GET that says nothing but that we are alive, and so waits behind no letters: they may go to
 * receivers that hang. Its result comes with site NULL. private_net: the url's name may lead to a
 * private address. */
void courier_ping(struct courier *, const char *url, const char *ca_file, bool private_net,
                  struct moment now);

uint32_t courier_in_flight(const struct courier *); /* sent and not yet reported */

/* For attempts that start from now on; tests do not wait 15 s. */
void courier_limit_time(struct courier *, span_ms connect, span_ms attempt);

/* Drops what is in flight without a result, closes the handles. The memory goes when the loop has
 * run once more; NULL is fine. */
void courier_close(struct courier *);

/* The value of a Retry-After header: seconds, or an HTTP date against now. 0: none, or past; at
 * most RETRY_AFTER_MAX. */
span_ms retry_after_parse(const char *value, wall_ms now);

#endif
