/* Who is on duty, and what the calendar covers. Shifts are counted on the local calendar, so a
 * handover at 08:00 stays at 08:00; where the clocks change during a handover the shifts overlap
 * rather than leave a gap. */
#include <string.h>

#include "decide/model.h"

#define MINUTES_PER_DAY 1440

static struct civil civil_add_minutes(struct civil at, int64_t minutes)
{
	int64_t day = days_from_civil(at.year, at.month, at.day);
	int64_t of_day = (int64_t)at.hour * 60 + at.minute + minutes;
	int64_t days = of_day / MINUTES_PER_DAY - (of_day % MINUTES_PER_DAY < 0);
	struct civil out = at;
	civil_from_days(day + days, &out);
	of_day -= days * MINUTES_PER_DAY;
	out.hour = (int32_t)(of_day / 60);
	out.minute = (int32_t)(of_day % 60);
	return out;
}

static int64_t civil_minutes(struct civil at)
{
	return days_from_civil(at.year, at.month, at.day) * MINUTES_PER_DAY +
	       (int64_t)at.hour * 60 + at.minute;
}

/* Shift n runs from its first possible instant to the last possible one of its end. */
static bool shift_covers(const struct site_def *def, const struct rota *rota, int64_t n, wall_ms at)
{
	int64_t minutes = rota->every / MINUTES(1);
	struct civil from = civil_add_minutes(rota->from, n * minutes);
	struct civil to = civil_add_minutes(rota->from, (n + 1) * minutes);
	return n >= 0 && civil_first(&def->timezone, from) <= at &&
	       at < civil_last(&def->timezone, to);
}

static uint32_t add_once(uint32_t *people, uint32_t count, uint32_t cap, uint32_t person)
{
	for (uint32_t i = 0; i < count; i++)
		if (people[i] == person)
			return count;
	if (count < cap)
		people[count++] = person;
	return count;
}

uint32_t post_on_duty(const struct site_def *def, uint32_t post, wall_ms at, uint32_t *people,
                      uint32_t cap)
{
	const struct rota *rota = &def->posts[post].rota;
	int64_t minutes = rota->every / MINUTES(1);
	if (!rota->count || minutes <= 0)
		return 0;
	struct civil local = civil_from_wall(&def->timezone, at);
	int64_t since = civil_minutes(local) - civil_minutes(rota->from);
	int64_t near = since / minutes - (since % minutes < 0);
	uint32_t count = 0;
	/* A clock change moves a shift's ends by hours at most: the neighbours are enough. */
	int64_t reach = 1 + 1440 / minutes;
	for (int64_t n = near - reach; n <= near + reach; n++)
		if (shift_covers(def, rota, n, at))
			count = add_once(people, count, cap, rota->people[n % rota->count]);
	return count;
}

static bool range_covers_day(const struct weekly_range *range, int weekday)
{
	if (range->first_day <= range->last_day)
		return weekday >= range->first_day && weekday <= range->last_day;
	return weekday >= range->first_day || weekday <= range->last_day;
}

static bool range_covers(const struct site_def *def, const struct weekly_range *range, int64_t day,
                         wall_ms at)
{
	if (!range_covers_day(range, weekday_of_days(day)))
		return false;
	struct civil midnight = {0};
	civil_from_days(day, &midnight);
	int32_t end = range->end + (range->end <= range->start ? MINUTES_PER_DAY : 0);
	return civil_first(&def->timezone, civil_add_minutes(midnight, range->start)) <= at &&
	       at < civil_last(&def->timezone, civil_add_minutes(midnight, end));
}

bool schedule_covers(const struct site_def *def, uint32_t schedule, wall_ms at)
{
	const struct schedule *s = &def->schedules[schedule];
	struct civil local = civil_from_wall(&def->timezone, at);
	int64_t today = days_from_civil(local.year, local.month, local.day);
	for (uint32_t i = 0; i < s->count; i++)
		for (int64_t day = today - 1; day <= today + 1; day++)
			if (range_covers(def, &s->ranges[i], day, at))
				return true;
	return false;
}

bool zone_is_armed(const struct site_def *def, uint32_t zone, wall_ms at)
{
	for (uint32_t i = 0; i < def->arming_count; i++) {
		const struct arming *arming = &def->armings[i];
		if (!zone_is_within(def, zone, arming->zone))
			continue;
		if (arming->schedule == POSITION_NONE || schedule_covers(def, arming->schedule, at))
			return true;
	}
	return false;
}
