/* decode: topic + bytes -> signals. Pure; everything in it comes from strangers. */
#ifndef TOCSIN_RECEIVE_SIGNALS_H
#define TOCSIN_RECEIVE_SIGNALS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/problem.h"
#include "decide/site.h"

#define MESSAGE_MAX ((size_t)64 * 1024)
#define SIGNALS_MAX 256 /* of one message */

/* What one message said. Strings live as long as `signals_reset` was not called. */
struct signals {
	char site[ID_MAX + 1];   /* "" where the topic does not tell */
	char device[ID_MAX + 1]; /* likewise */
	bool is_status;          /* an online/offline, in status; else items */
	struct device_status status;
	struct event *items; /* EVENT_SIGNAL events, in the order of the message */
	uint32_t count, cap;
	struct arena arena;
};

void signals_reset(struct signals *);
void signals_finish(struct signals *);

/* Native topics: tocsin/{site}/device/{device}/{event,status}. 0; or -EINVAL, and why says what
 * could not be understood; site and device are filled as far as they were. now is the receive
 * time, against which event times are judged (a year back, a day ahead). */
int decode_native(const char *topic, const void *bytes, size_t len, bool retained, wall_ms now,
                  struct signals *out, struct problem *why) MUST_USE;

#define EVENT_TIME_PAST DAYS(366)
#define EVENT_TIME_AHEAD DAYS(1)

#endif
