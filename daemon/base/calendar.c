#include "base/calendar.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MS_PER_DAY ((int64_t)86400000)

/* Howard Hinnant's days_from_civil, for the proleptic Gregorian calendar. */
int64_t days_from_civil(int32_t year, int32_t month, int32_t day)
{
	int64_t y = year - (month <= 2);
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t of_era = y - era * 400;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

void civil_from_days(int64_t days, struct civil *out)
{
	days += 719468;
	int64_t era = (days >= 0 ? days : days - 146096) / 146097;
	int64_t of_era = days - era * 146097;
	int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
	int64_t mp = (5 * of_year + 2) / 153;
	out->day = (int32_t)(of_year - (153 * mp + 2) / 5 + 1);
	out->month = (int32_t)(mp < 10 ? mp + 3 : mp - 9);
	out->year = (int32_t)(year + era * 400 + (out->month <= 2));
}

int weekday_of_days(int64_t days)
{
	int64_t day = (days + 3) % 7; /* 1970-01-01 was a Thursday */
	return (int)(day < 0 ? day + 7 : day);
}

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

struct civil civil_from_ms(int64_t ms)
{
	struct civil out = {0};
	int64_t days = floor_div(ms, MS_PER_DAY);
	int64_t rest = ms - days * MS_PER_DAY;
	civil_from_days(days, &out);
	out.hour = (int32_t)(rest / 3600000);
	out.minute = (int32_t)(rest / 60000 % 60);
	out.second = (int32_t)(rest / 1000 % 60);
	out.ms = (int32_t)(rest % 1000);
	return out;
}

int64_t civil_ms(struct civil c)
{
	return days_from_civil(c.year, c.month, c.day) * MS_PER_DAY + (int64_t)c.hour * 3600000 +
	       (int64_t)c.minute * 60000 + (int64_t)c.second * 1000 + c.ms;
}

static uint32_t span_at(const struct timezone_table *zone, wall_ms at)
{
	uint32_t low = 0, high = zone->count;
	while (high - low > 1) {
		uint32_t mid = (low + high) / 2;
		if (zone->spans[mid].from <= at)
			low = mid;
		else
			high = mid;
	}
	return low;
}

int32_t timezone_offset(const struct timezone_table *zone, wall_ms at)
{
	return zone->spans[span_at(zone, at)].offset;
}

struct civil civil_from_wall(const struct timezone_table *zone, wall_ms at)
{
	return civil_from_ms(at + (int64_t)timezone_offset(zone, at) * 1000);
}

/* The instants that could carry this local time lie within a day of it read as UTC. A span
 * carries it when local - offset falls inside the span; a gap between two spans swallows it
 * when it is after the first's end and before the second's beginning in local terms. */
static wall_ms civil_find(const struct timezone_table *zone, struct civil local, bool last)
{
	int64_t ms = civil_ms(local);
	uint32_t i = span_at(zone, ms - MS_PER_DAY);
	wall_ms found = NEVER;
	for (; i < zone->count; i++) {
		const struct timezone_span *span = &zone->spans[i];
		if (i > 0 && span->from > ms + MS_PER_DAY)
			break;
		wall_ms end = i + 1 < zone->count ? zone->spans[i + 1].from : NEVER;
		wall_ms at = ms - (int64_t)span->offset * 1000;
		bool inside = (i == 0 || at >= span->from) && at < end;
		bool in_gap = !inside && at >= end &&
		              ms - (int64_t)zone->spans[i + 1].offset * 1000 < end;
		if (inside || in_gap) {
			/* Both ends of a gap are the one instant at which the clocks change. */
			found = inside ? at : end;
			if (!last)
				return found;
		}
	}
	return found == NEVER ? ms - (int64_t)timezone_offset(zone, ms) * 1000 : found;
}

wall_ms civil_first(const struct timezone_table *zone, struct civil local)
{
	return civil_find(zone, local, false);
}

wall_ms civil_last(const struct timezone_table *zone, struct civil local)
{
	return civil_find(zone, local, true);
}

bool civil_is_valid(const struct civil *c)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	if (c->year < 1 || c->year > 9999 || c->month < 1 || c->month > 12 || c->day < 1)
		return false;
	bool leap = c->year % 4 == 0 && (c->year % 100 != 0 || c->year % 400 == 0);
	return c->day <= days[c->month - 1] + (c->month == 2 && leap) && c->hour >= 0 &&
	       c->hour <= 23 && c->minute >= 0 && c->minute <= 59 && c->second >= 0 &&
	       c->second <= 60;
}

static bool digits(const char **at, int count, int32_t *out)
{
	*out = 0;
	for (int i = 0; i < count; i++) {
		char c = **at;
		if (c < '0' || c > '9')
			return false;
		*out = *out * 10 + (c - '0');
		(*at)++;
	}
	return true;
}

static bool mark(const char **at, char c)
{
	if (**at != c)
		return false;
	(*at)++;
	return true;
}

/* Reads date, optional time; leaves *at behind them. */
static bool civil_read(const char **at, struct civil *out)
{
	*out = (struct civil){0};
	if (!digits(at, 4, &out->year) || !mark(at, '-') || !digits(at, 2, &out->month) ||
	    !mark(at, '-') || !digits(at, 2, &out->day))
		return false;
	if (**at != 'T' && **at != 't' && **at != ' ')
		return civil_is_valid(out);
	(*at)++;
	if (!digits(at, 2, &out->hour) || !mark(at, ':') || !digits(at, 2, &out->minute))
		return false;
	if (mark(at, ':')) {
		if (!digits(at, 2, &out->second))
			return false;
		if (**at == '.' || **at == ',') {
			(*at)++;
			int scale = 100;
			if (**at < '0' || **at > '9')
				return false;
			for (; **at >= '0' && **at <= '9'; (*at)++, scale /= 10)
				out->ms += (**at - '0') * scale;
		}
	}
	return civil_is_valid(out);
}

int civil_parse(const char *text, struct civil *out)
{
	struct civil c;
	if (!civil_read(&text, &c) || *text)
		return -EINVAL;
	*out = c;
	return 0;
}

int time_parse(const char *text, wall_ms *out)
{
	struct civil c;
	int32_t hours = 0, minutes = 0;
	const char *start = text;
	if (!civil_read(&text, &c) || text - start < 16)
		return -EINVAL;
	int64_t ms = civil_ms(c);
	if (mark(&text, 'Z') || mark(&text, 'z')) {
		/* no offset */
	} else if (*text == '+' || *text == '-') {
		int sign = *text++ == '-' ? -1 : 1;
		if (!digits(&text, 2, &hours))
			return -EINVAL;
		bool more = mark(&text, ':') || *text;
		if ((more && !digits(&text, 2, &minutes)) || hours > 23 || minutes > 59)
			return -EINVAL;
		ms -= (int64_t)sign * (hours * 3600000 + minutes * 60000);
	} else {
		return -EINVAL;
	}
	if (*text)
		return -EINVAL;
	*out = ms;
	return 0;
}

static void write_digits(char *out, int count, int32_t number)
{
	for (int i = count; i-- > 0; number /= 10)
		out[i] = (char)('0' + number % 10);
}

void time_write_utc(wall_ms at, char out[TIME_TEXT_LEN])
{
	struct civil c = civil_from_ms(at);
	if (c.year < 0 || c.year > 9999) {
		snprintf(out, TIME_TEXT_LEN, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", c.year, c.month,
		         c.day, c.hour, c.minute, c.second, c.ms);
		return;
	}
	/* Several stand in each entry and letter: digit by digit they cost a tenth. */
	static const char form[] = "0000-00-00T00:00:00.000Z";
	memcpy(out, form, sizeof form);
	write_digits(out, 4, c.year);
	write_digits(out + 5, 2, c.month);
	write_digits(out + 8, 2, c.day);
	write_digits(out + 11, 2, c.hour);
	write_digits(out + 14, 2, c.minute);
	write_digits(out + 17, 2, c.second);
	write_digits(out + 20, 3, c.ms);
}

void time_write_local(const struct timezone_table *zone, wall_ms at, char out[TIME_TEXT_LEN])
{
	struct civil c = civil_from_wall(zone, at);
	int32_t offset = timezone_offset(zone, at);
	int32_t east = offset < 0 ? -offset : offset;
	snprintf(out, TIME_TEXT_LEN, "%04d-%02d-%02dT%02d:%02d:%02d%c%02d:%02d", c.year, c.month,
	         c.day, c.hour, c.minute, c.second, offset < 0 ? '-' : '+', east / 3600,
	         east / 60 % 60);
}

static int32_t libc_offset(int64_t second)
{
	time_t t = (time_t)second;
	struct tm local;
	localtime_r(&t, &local);
	return (int32_t)local.tm_gmtoff;
}

static bool zone_exists(const char *name)
{
	char path[256];
	if (!*name || name[0] == '/' || strstr(name, "..") || strlen(name) > 128)
		return false;
	snprintf(path, sizeof path, "/usr/share/zoneinfo/%s", name);
	FILE *f = fopen(path, "re");
	char magic[4] = "";
	bool tzif = f && fread(magic, 1, 4, f) == 4 && memcmp(magic, "TZif", 4) == 0;
	if (f)
		fclose(f);
	return tzif;
}

static void scan_offsets(struct arena *arena, struct timezone_table *out)
{
	enum { STEP = 7 * 86400 }; /* no zone changes twice in a week and back */
	int64_t from = days_from_civil(1990, 1, 1) * 86400;
	int64_t to = days_from_civil(2100, 1, 1) * 86400;
	struct timezone_span found[1024];
	uint32_t count = 0;
	int32_t offset = libc_offset(from);
	found[count++] = (struct timezone_span){.from = INT64_MIN, .offset = offset};
	for (int64_t at = from; at < to; at += STEP) {
		int32_t next = libc_offset(at + STEP);
		if (next == offset)
			continue;
		int64_t low = at, high = at + STEP;
		while (high - low > 1) {
			int64_t mid = low + (high - low) / 2;
			if (libc_offset(mid) == offset)
				low = mid;
			else
				high = mid;
		}
		offset = libc_offset(high);
		if (count < sizeof found / sizeof *found)
			found[count++] = (struct timezone_span){.from = high * 1000,
			                                        .offset = offset};
		at = high - STEP; /* a second change may follow within the step */
	}
	out->spans = ARENA_ARRAY(arena, struct timezone_span, count);
	memcpy(out->spans, found, count * sizeof *found);
	out->count = count;
}

int timezone_load(const char *name, struct arena *arena, struct timezone_table *out)
{
	if (!zone_exists(name))
		return -ENOENT;
	const char *old = getenv("TZ");
	char *keep = mem_copy(old);
	setenv("TZ", name, 1);
	tzset();
	out->name = arena_copy(arena, name);
	scan_offsets(arena, out);
	if (keep)
		setenv("TZ", keep, 1);
	else
		unsetenv("TZ");
	tzset();
	free(keep);
	return 0;
}
