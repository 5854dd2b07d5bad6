/* What somebody may have meant: the nearest name, and the names that are allowed. */
#ifndef TOCSIN_CONFIG_GUESS_H
#define TOCSIN_CONFIG_GUESS_H

#include "base/text.h"
#include "config/checker.h"

/* The nearest name by slips (a wrong, missing, extra or swapped letter), or one that begins so;
 * NULL if there is none. */
const char *guess_name(const char *word, const struct names *);
/* "a, b, c", at most `most` of them, then how many there are. */
void guess_list(struct text *, const struct names *, uint32_t most);
/* 'word', cut to max bytes, with what cannot be read escaped. */
void guess_quote(struct text *, const char *word, size_t max);

#endif
