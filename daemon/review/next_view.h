/* What happens next with an incident, and when: for whoever looks at it while it lasts. */
#ifndef TOCSIN_REVIEW_NEXT_VIEW_H
#define TOCSIN_REVIEW_NEXT_VIEW_H

#include "base/text.h"
#include "decide/site.h"

/* Adds a member to an incident's JSON object, which has just been written:
 *   "next": null                                     it is over, or nothing is due
 *   "next": {"what": "step" | "repeat" | "reopen", "at", "step", "notify": [{"kind", "id",
 * "name"}]} step, repeat: these are told at that time, as duty and the site file stand then;
 * reopen: unless it is resolved before. What was loaded from the store has no next; site is NULL
 * for one that no site has in hand any more. */
void view_next(struct text *, const struct site *, const struct incident *, struct moment now);

#endif
