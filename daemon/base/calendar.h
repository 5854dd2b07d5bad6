/* Wall time as people write it. A time zone is a table of offsets, read once from the system's
 * zone database; everything after that is arithmetic without a global state, so the pure core
 * may use it. */
#ifndef TOCSIN_BASE_CALENDAR_H
#define TOCSIN_BASE_CALENDAR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/problem.h"

struct timezone_table {
	const char *name; /* "Asia/Shanghai" */
	struct timezone_span {
		wall_ms from;   /* the offset holds from here to the next span */
		int32_t offset; /* s east of UTC */
	} * spans;
	uint32_t count; /* at least 1; the first span has no beginning */
};

/* Reads a zone's offsets for 1990 to 2100 into the arena. -ENOENT for a name the system does
 * not have. Touches the TZ variable: call it while loading, from one thread. */
int timezone_load(const char *name, struct arena *, struct timezone_table *out) MUST_USE;

struct civil {                    /* a local date and time */
	int32_t year, month, day; /* month 1..12 */
	int32_t hour, minute, second, ms;
};

struct civil civil_from_wall(const struct timezone_table *, wall_ms);
int32_t timezone_offset(const struct timezone_table *, wall_ms); /* s east of UTC */

/* A local time can come twice or not at all on the nights the clocks change: first gives the
 * earlier instant (or the one the gap begins at), last the later (or the one it ends at). */
wall_ms civil_first(const struct timezone_table *, struct civil);
wall_ms civil_last(const struct timezone_table *, struct civil);

/* The local clock as if it were UTC, in ms: for counting on the local calendar. */
int64_t civil_ms(struct civil);
struct civil civil_from_ms(int64_t);

int64_t days_from_civil(int32_t year, int32_t month, int32_t day); /* since 1970-01-01 */
void civil_from_days(int64_t days, struct civil *out);             /* sets the date only */
int weekday_of_days(int64_t days);                                 /* 0 Monday .. 6 Sunday */
bool civil_is_valid(const struct civil *);

/* "2026-09-01T08:00[:00[.123]]" or "2026-09-01" without an offset. */
int civil_parse(const char *, struct civil *out) MUST_USE;
/* RFC 3339 with an offset (its minutes may be left out) or Z; fractions of any length; a leap
 * second is the second after. */
int time_parse(const char *, wall_ms *out) MUST_USE;

#define TIME_TEXT_LEN 40
void time_write_utc(wall_ms, char out[TIME_TEXT_LEN]); /* "2026-11-22T00:00:00.123Z" */
/* "2026-11-22T08:00:00+08:00" */
void time_write_local(const struct timezone_table *, wall_ms, char out[TIME_TEXT_LEN]);

#endif
