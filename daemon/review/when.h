/* An instant as a person names it: RFC 3339 ("2026-11-22T08:00:00+08:00"), what the site's clocks
 * show ("2026-11-22T08:00", "2026-11-22"), or how long ago ("1h", "7d"). */
#ifndef TOCSIN_REVIEW_WHEN_H
#define TOCSIN_REVIEW_WHEN_H

#include "base/calendar.h"
#include "base/clock.h"
#include "base/problem.h"

/* -EINVAL if it is none of them; WHEN_FORMS says what is allowed. zone: the site's, NULL where none
 * is known. A local time that comes twice is the earlier one. */
int when_parse(const char *text, wall_ms now, const struct timezone_table *zone,
               wall_ms *out) MUST_USE;
#define WHEN_AGO "2026-11-22T08:00:00+08:00, or how long ago: 90s, 5m, 1h, 7d, 1w"
#define WHEN_FORMS "a time such as 2026-11-22T08:00 (the site's clocks) or " WHEN_AGO
#define WHEN_FORMS_WITHOUT_ZONE                                                                    \
	"a time with its offset, since no site's clocks are known: " WHEN_AGO

#endif
