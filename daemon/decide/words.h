/* The domain's words as people read them, in the site's language. */
#ifndef TOCSIN_DECIDE_WORDS_H
#define TOCSIN_DECIDE_WORDS_H

#include "base/text.h"
#include "decide/site.h"

/* Never NULL; language "zh-CN" or anything else for English. */
const char *words_incident_kind(const char *language, enum incident_kind);
const char *words_kind(const char *language, enum kind);
const char *words_severity(const char *language, enum severity);
const char *words_state(const char *language, enum incident_state);
const char *words_reason(const char *language, enum reason);
const char *words_outcome(const char *language, enum outcome);
/* over: the message is; a contact whose turn had not come by then was not needed. STATE_COUNT: what
 * was said later took its place. */
const char *words_delivery(const char *language, enum delivery_state, bool over);
/* What a trouble is about, by its subject: "hazard:binjiang-hazard-28" is "a hazard is overdue".
 * NULL for what a rule calls its own. */
const char *words_subject(const char *language, const char *subject);
/* The same, naming what it is about: "nothing gets through the channel phone". People go by their
 * names where def is given and knows them. */
void words_add_subject(struct text *, const char *language, const struct site_def *,
                       const char *subject);
/* "Trouble: nothing gets through the channel phone": an incident's kind and, where it has one, its
 * subject. */
void words_add_incident(struct text *, const char *language, const struct site_def *,
                        const struct incident *);
/* How something that stood ended: "its time is over"; what is none of the known ways as it is. */
void words_add_end(struct text *, const char *language, const char *end);

#endif
