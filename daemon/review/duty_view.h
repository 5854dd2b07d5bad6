/* Who is on duty, as the API answers and the command prints. */
#ifndef TOCSIN_REVIEW_DUTY_VIEW_H
#define TOCSIN_REVIEW_DUTY_VIEW_H

#include "base/text.h"
#include "decide/duty.h"

/* One JSON object:
 *   {"site", "id", "name", "at", "people": [{"id", "name"}], "until": time | null,
 *    "next": [{"id", "name"}],            who comes then; empty with an until: nobody
 *    "week": [{"from", "to", "people"}]}  only with week: seven local days from the day of `at` on
 */
void view_post(struct text *, const struct site_def *, const struct duty_state *, uint32_t post,
               wall_ms at, bool week);

/* {"id", "name"}, or null for POSITION_NONE. */
void view_person(struct text *, const char *name, const struct site_def *, uint32_t person);

#endif
