/* The domain's words as people read them, in the site's language. */
#ifndef TOCSIN_DECIDE_WORDS_H
#define TOCSIN_DECIDE_WORDS_H

#include "base/text.h"
#include "decide/model.h"

/* Never NULL; language "zh-CN" or anything else for English. */
const char *words_incident_kind(const char *language, enum incident_kind);
const char *words_kind(const char *language, enum kind);
const char *words_severity(const char *language, enum severity);
const char *words_state(const char *language, enum incident_state);
const char *words_reason(const char *language, enum reason);
const char *words_outcome(const char *language, enum outcome);
/* How a drill or a silence ended (standing.end), as far as there are words for it. */
void words_add_end(struct text *, const char *language, const char *end);

#endif
