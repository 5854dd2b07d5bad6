/* Idempotency keys: an answer that was given is given again to who repeats the request under the
 * same key, instead of doing it twice. Remembered for a day, of the last 256, over a restart too:
 * that a key was used is in one commit with what was done under it, the answer in the next. */
#ifndef TOCSIN_REVIEW_ONCE_H
#define TOCSIN_REVIEW_ONCE_H

#include <stdbool.h>

struct exchange;
struct once;
struct review_service;

struct once *once_create(const struct review_service *);
void once_destroy(struct once *);

/* Before the handler: true if the exchange has its answer already (the one from before, 409 while
 * the first is under way, 422 where the key stood for something else, 400 for no key at all). */
bool once_answers(struct once *, struct exchange *);
/* Before an operation of it is handed in. */
void once_acts(struct exchange *);
/* After it was answered: remembers what was done. What was refused did nothing, nor did what failed
 * on our side before it was handed in: put right, it may come under the same key. */
void once_keep(struct once *, struct exchange *);
/* It was done, and is held until it can be written: remembers the answer that it has for now, and
 * says to who repeats it that it is held, until once_recorded. */
void once_hold(struct once *, struct exchange *);
void once_recorded(struct once *);
/* The exchange goes away: what it did not hand in may be asked again. */
void once_forget(struct once *, struct exchange *);

#endif
