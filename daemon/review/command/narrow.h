/* What narrows the record to what a reader asks for. A word that neither the configuration nor the
 * record knows is said to be unknown: an empty answer would look as if nothing had happened. */
#ifndef TOCSIN_REVIEW_COMMAND_NARROW_H
#define TOCSIN_REVIEW_COMMAND_NARROW_H

#include "review/command/command.h"
#include "store/store.h"

struct narrowed { /* lists that the filter borrows; zeroed is finished */
	struct text zones, devices;
};

/* Checks the filter's zone, device, type and incident, and widens the zone to those within it and
 * to their devices. 0, or an exit code with the complaint made. */
int narrow(const struct command_context *, struct store *, struct ledger_filter *,
           struct narrowed *) MUST_USE;
void narrowed_finish(struct narrowed *);

/* An incident that the record does not know: EXIT_FAILED with the complaint made. */
int check_incident(const struct command_context *, struct store *, const char *id) MUST_USE;

#endif
