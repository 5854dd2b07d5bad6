/* What the files that read duty share: duty.c the site file's part, roster*.c what is imported,
 * duty_gaps.c what is said about it. */
#ifndef TOCSIN_CONFIG_DUTY_H
#define TOCSIN_CONFIG_DUTY_H

#include "config/read.h"
#include "decide/duty.h"

#define OVERRIDES_MAX 2000

/* A local time; end: a day without a time is meant whole, so that what it ends ends behind it.
 * False where there is none, or, reported, a bad one. */
bool local_read(const struct checker *, const struct node *, const char *what, bool end,
                struct civil *out);

/* Fills the post's imported stretches from the file that the node names; NULL is fine. */
void import_read(const struct checker *, const struct node *, struct site_reading *, struct post *);

/* Warns of every stretch of the coming year in which a post that a policy names has nobody. Only
 * for a definition without problems. */
void duty_gaps_warn(const struct checker *, const struct site_reading *);

#endif
