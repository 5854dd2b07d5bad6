/* When and where a plan reaches nobody: every zone and kind, walked over the weeks to come. */
#ifndef TOCSIN_REVIEW_WHO_GAPS_H
#define TOCSIN_REVIEW_WHO_GAPS_H

#include "base/text.h"
#include "decide/duty.h"

#define WEEKS_DEFAULT 8
#define WEEKS_MAX 104

/* Writes one JSON object:
 *   {"site", "from", "to", "items": [{"from", "to", "policy": id | null, "kinds": ["fire", ...],
 *    "zones": [ids], "step": 2 | null, "says": "..."}], "more": n}
 * step null: the whole plan, with the last resort, reaches nobody; else this step alone is empty,
 * and is skipped at once. The same stretch of the same plan in several zones is one item; items
 * that follow each other are merged. more: how many did not fit. */
void who_gaps_write_json(struct text *, const struct site_def *, const struct duty_state *,
                         wall_ms from, uint32_t weeks);

#endif
