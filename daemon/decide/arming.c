/* What the calendar covers, and what is armed then. */
#include "decide/model.h"

static bool range_covers_day(const struct weekly_range *range, int weekday)
{
	if (range->first_day <= range->last_day)
		return weekday >= range->first_day && weekday <= range->last_day;
	return weekday >= range->first_day || weekday <= range->last_day;
}

bool weekly_range_on(const struct site_def *def, const struct weekly_range *range, int64_t day,
                     wall_ms *from, wall_ms *to)
{
	if (!range_covers_day(range, weekday_of_days(day)))
		return false;
	int64_t midnight = day * DAYS(1);
	int64_t start = midnight + MINUTES(range->start), end = midnight + MINUTES(range->end);
	end += range->end <= range->start ? DAYS(1) : 0;
	*from = civil_first(&def->timezone, civil_from_ms(start));
	*to = civil_last(&def->timezone, civil_from_ms(end));
	return true;
}

static bool range_covers(const struct site_def *def, const struct weekly_range *range, int64_t day,
                         wall_ms at)
{
	wall_ms from, to;
	return weekly_range_on(def, range, day, &from, &to) && from <= at && at < to;
}

/* The earliest of the ranges that cover it: of several that overlap the longest known one. */
bool schedule_began(const struct site_def *def, uint32_t schedule, wall_ms at, wall_ms *began)
{
	const struct schedule *s = &def->schedules[schedule];
	struct civil local = civil_from_wall(&def->timezone, at);
	int64_t today = days_from_civil(local.year, local.month, local.day);
	bool found = false;
	for (uint32_t i = 0; i < s->count; i++)
		for (int64_t day = today - 1; day <= today + 1; day++) {
			wall_ms from, to;
			if (!weekly_range_on(def, &s->ranges[i], day, &from, &to) || at < from ||
			    at >= to || (found && *began <= from))
				continue;
			*began = from;
			found = true;
		}
	return found;
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
		if (arming->by_hand)
			continue;
		if (arming->schedule == POSITION_NONE || schedule_covers(def, arming->schedule, at))
			return true;
	}
	return false;
}

const struct arming *arming_delays(const struct site_def *def, uint32_t zone)
{
	for (; zone != POSITION_NONE; zone = def->zones[zone].in)
		for (uint32_t i = 0; i < def->arming_count; i++)
			if (def->armings[i].zone == zone)
				return &def->armings[i];
	return NULL;
}
