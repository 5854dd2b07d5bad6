/* decode: topic + bytes -> signals. Pure; everything in it comes from strangers. */
#ifndef TOCSIN_RECEIVE_SIGNALS_H
#define TOCSIN_RECEIVE_SIGNALS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/problem.h"
#include "decide/site.h"

#define MESSAGE_MAX ((size_t)64 * 1024)
#define MEMBERS_MAX 64 /* of one signal */
/* Of one message, each with its reason; of more only how many: as many as a message has room for
 * signals that make sense. */
#define REFUSED_MAX 2048
#define SIGNAL_NOTE_MAX 1024

/* What one message said. Strings live as long as `signals_reset` was not called. */
struct signals {
	char site[ID_MAX + 1];   /* "" where the topic does not tell */
	char device[ID_MAX + 1]; /* likewise */
	bool is_status;          /* an online/offline, in status; else items */
	struct device_status status;
	struct event *items; /* EVENT_SIGNAL events, in the order of the message */
	uint32_t count, cap;
	const char *
	        *refused; /* of an array: why one of it was not understood, each with its place */
	uint32_t refused_count, refused_cap;
	struct arena arena;
	struct text scratch; /* room for the one who decodes */
};

void signals_reset(struct signals *);  /* empties, keeps the room; a zeroed one is valid */
void signals_finish(struct signals *); /* frees; valid and empty again */

/* For decoders: the next item, zeroed but for its type, the device and the retained mark. */
struct signal *signals_add(struct signals *, bool retained);

/* Native topics: tocsin/{site}/device/{device}/{event,status}. 0; or -EINVAL, and why says what
 * could not be understood; site and device are filled as far as they were. now is the receive
 * time, against which event times are judged (a year back, a day ahead): beyond, the device's clock
 * is wrong, which never costs the alarm. Of what is longer than MESSAGE_MAX no byte is looked at.
 * zone: the site's, for times without an offset; NULL: UTC. Of an array each signal is taken or
 * refused for itself. What a signal says beyond the known members is kept in its note, up to
 * SIGNAL_NOTE_MAX bytes ({"note":"cut"} beyond). Resets out first. */
int decode_native(const char *topic, const void *bytes, size_t len, bool retained, wall_ms now,
                  const struct timezone_table *zone, struct signals *out,
                  struct problem *why) MUST_USE;

/* Only whose it is: site and device, and which of the two topics. Resets out first. */
int decode_native_topic(const char *topic, struct signals *out, bool *is_status,
                        struct problem *why) MUST_USE;

/* Beyond these the device's clock is wrong. */
#define EVENT_TIME_PAST DAYS(366)
#define EVENT_TIME_AHEAD DAYS(1)
bool event_time_is_untrue(wall_ms time, wall_ms now);

#endif
