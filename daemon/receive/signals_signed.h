/* What a device says that signs: who carries the message (a broker that is not trusted) can neither
 * invent nor change it, nor pass it on again later as news.
 *
 *     {"signed": "<the message, as a text>", "hmac": "<64 hex digits>"}
 *
 *     hmac = HMAC-SHA256(key, part(site) part(device) part(the message))
 *     part(x) = the length of x in bytes, as four bytes, the highest first; then x
 *
 * The key is the line of text that the device's key file holds, as it stands there. Within the
 * message each signal has an id and a time. Pure; everything but the key comes from strangers. */
#ifndef TOCSIN_RECEIVE_SIGNALS_SIGNED_H
#define TOCSIN_RECEIVE_SIGNALS_SIGNED_H

#include "receive/signals.h"

#define SIGNING_KEY_LEAST 32 /* characters */
#define SIGNED_MAX (MESSAGE_MAX * 2)

/* The message inside, once its signature is found right. -EINVAL: no such envelope. -EACCES: the
 * signature does not fit, or key is NULL. */
int signed_open(const char *key, const char *site, const char *device, const void *bytes,
                size_t len, struct text *message, struct problem *why) MUST_USE;
/* The envelope, as a device makes it. */
void signed_write(const char *key, const char *site, const char *device, const char *message,
                  struct text *out);

/* Whether what is rightly signed is news. What is newer than all that the device has signed before
 * (its mark) was never here, so that it counts whatever our clocks say: a detector whose clock is
 * off, or whose alarm waited at the broker while we were down, must not burn unheard. */
enum freshness {
	SIGNED_FRESH,    /* in time; its id tells whether it was here before */
	SIGNED_LATE,     /* new, but held back on the way, or a clock is off */
	SIGNED_BEFORE,   /* the device's last message said again */
	SIGNED_REPLAYED, /* older than what came since, and out of time or forgotten */
};
/* mark 0: it has never signed. remembers_since: from then on all ids are known. */
enum freshness signed_judge(wall_ms time, wall_ms mark, span_ms window, wall_ms now,
                            wall_ms remembers_since);
/* Where the mark goes: no further ahead of our clock than the window, or a device whose clock was
 * put right would have to wait. */
wall_ms signed_mark(wall_ms time, span_ms window, wall_ms now);

#endif
