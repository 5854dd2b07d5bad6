/* The few signals a device must not lose: a small file, locked, written and synced before a signal
 * is sent, so that the next start finds what nobody has acknowledged.
 *
 * Lines of JSON: {"topic","id","payload"} keeps a signal, {"done": id} lets it go. A half line at
 * the end (the power failed while it was written) does not count. When nothing is left the file
 * is empty again. */
#ifndef TOCSIN_SENSORS_KEEP_H
#define TOCSIN_SENSORS_KEEP_H

#include <stddef.h>

#include "base/problem.h"

#define KEEP_FILE_MAX ((size_t)16 * 1024 * 1024)

struct keep;

/* A signal found in the file; borrowed until keep_close. */
struct kept {
	const char *topic, *id, *payload;
};

/* Opens or creates the file (0600). -EBUSY when another process has it, -EINVAL when it is no such
 * file, -EFBIG, or what the system says. */
int keep_open(const char *path, struct keep **out, struct problem *why) MUST_USE;
void keep_close(struct keep *); /* NULL is fine */

/* What was found at the opening, oldest first. */
size_t keep_count(const struct keep *);
struct kept keep_at(const struct keep *, size_t i);

/* On disk when it returns 0. */
int keep_add(struct keep *, const char *topic, const char *id, const char *payload,
             struct problem *why) MUST_USE;

/* Lost in a crash it does no harm: the signal is sent again and known by its id. */
int keep_done(struct keep *, const char *id, struct problem *why) MUST_USE;

#endif
