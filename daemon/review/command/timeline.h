/* What a ledger row means, told to people. */
#ifndef TOCSIN_REVIEW_COMMAND_TIMELINE_H
#define TOCSIN_REVIEW_COMMAND_TIMELINE_H

#include "review/command/speak.h"
#include "store/store.h"

/* Adds one line without a newline, in the reader's language; the tone says how much it matters.
 * False for rows that an incident's story tells by another row already: that a notification was
 * queued (its deliveries follow), that a person asked for what then happened. Rows of a type it
 * does not know are told by their data. */
bool timeline_sentence(const struct command_context *, const struct ledger_row *, struct text *,
                       enum tone *);

/* An entry may be of this type, as far as this program knows. */
bool timeline_knows(const char *type);

#endif
