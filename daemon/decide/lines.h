/* Who waits behind whom. Records (resolved, acknowledged, what other systems keep) reach each
 * address (of a channel without any: each recipient) in the order in which they were made, whatever
 * they are about: the first in a line is tried until it has arrived, is refused or given up, and
 * then the next one is. What is urgent stands in no line; but no record leaves while an urgent word
 * about its own incident is under way to the same recipient, so that nobody hears of the end before
 * the beginning.
 *
 * Nobody looks again and again: a line moves when what it waits for has ended. When something has
 * just been accepted there, the first need not wait for its time. Lines are memory; a start and
 * a reload form them anew by the notifications' numbers. */
#ifndef TOCSIN_DECIDE_LINES_H
#define TOCSIN_DECIDE_LINES_H

#include "base/index.h"

struct notification;

struct record_line { /* to one address over one channel; heap */
	char *name;
	struct in_line {
		struct notification *n;
		uint32_t contact;
	} * items; /* by number */
	uint32_t count, cap;
};

struct record_lines { /* zeroed: nobody waits */
	struct record_line **items;
	uint32_t count, cap;
	struct index index;
};
void lines_finish(struct record_lines *);

#endif
