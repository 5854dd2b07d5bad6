/* An instant as a person names it: RFC 3339 ("2026-11-22T08:00:00+08:00") or how long ago ("1h",
 * "7d"). */
#ifndef TOCSIN_REVIEW_WHEN_H
#define TOCSIN_REVIEW_WHEN_H

#include "base/clock.h"
#include "base/problem.h"

/* -EINVAL if it is neither; WHEN_FORMS says what is allowed. */
int when_parse(const char *text, wall_ms now, wall_ms *out) MUST_USE;
#define WHEN_FORMS "a time such as 2026-11-22T08:00:00+08:00, or how long ago: 90s, 5m, 1h, 7d, 1w"

#endif
