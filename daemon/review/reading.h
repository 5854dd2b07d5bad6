/* How the record is read for a request: on the loop, as long as that is soon done; what takes more
 * is cut off there and read beside it (errands.h), one after the other, over a connection of its
 * own, which the store's log lets read while the loop goes on writing.
 *
 * So it may be read twice, and on another thread: it touches no live site and nothing of the
 * request. What it uses of the configuration stays until it is done.
 *
 *     struct list_reading { struct reading reading; struct pager pager; };
 *     exchange_read(ex, &list->reading, &type);
 */
#ifndef TOCSIN_REVIEW_READING_H
#define TOCSIN_REVIEW_READING_H

#include <stdatomic.h>

#include "base/problem.h"
#include "base/text.h"
#include "review/errands.h"
#include "store/store.h"

struct reading;

struct reading_type {
	/* Fills out, which is empty, or fails with a negative errno. */
	int (*read)(struct reading *, struct store *);
	/* On the loop, with what was read: result, out and why. NULL: as JSON, or 503. */
	void (*answer)(struct exchange *, struct reading *);
	void (*finish)(struct reading *); /* of what was added to it, not itself; may be NULL */
};

struct reading {
	struct errand errand;
	const struct reading_type *type;
	const char *store_path;
	const atomic_bool *stop;
	int result;
	struct text out;
	struct problem why;
};

/* Heap, with a struct reading at its head; it is taken over. */
void exchange_read(struct exchange *, struct reading *, const struct reading_type *);

#endif
