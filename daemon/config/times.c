/* Weekly schedules, and what is armed during them. */
#include <errno.h>
#include <string.h>

#include "config/read.h"

#define RANGES_MAX 7 /* parts between commas in one text: no week has more days */

static bool day_read(const char **at, uint8_t *day)
{
	static const char names[7][4] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
	for (uint8_t i = 0; i < 7; i++)
		if (strncmp(*at, names[i], 3) == 0) {
			*day = i;
			*at += 3;
			return true;
		}
	return false;
}

static bool minute_read(const char **at, int32_t *minute)
{
	const char *c = *at;
	for (int i = 0; i < 5; i++) /* stops at the NUL of a shorter text */
		if (i == 2 ? c[i] != ':' : c[i] < '0' || c[i] > '9')
			return false;
	int32_t hours = (c[0] - '0') * 10 + c[1] - '0', minutes = (c[3] - '0') * 10 + c[4] - '0';
	if (minutes > 59 || hours > 24 || (hours == 24 && minutes))
		return false;
	*minute = hours * 60 + minutes;
	*at += 5;
	return true;
}

int weekly_parse(const char *text, struct arena *arena, struct weekly_range **out, uint32_t *count,
                 struct problem *why)
{
	struct weekly_range ranges[RANGES_MAX];
	uint32_t n = 0;
	const char *at = text;
	do {
		struct weekly_range *range = &ranges[n];
		if (n == RANGES_MAX || !day_read(&at, &range->first_day))
			goto bad;
		range->last_day = range->first_day;
		if (*at == '-' && (at++, !day_read(&at, &range->last_day)))
			goto bad;
		n++;
	} while (*at == ',' && at++);
	int32_t start, end;
	if (*at++ != ' ' || !minute_read(&at, &start) || *at++ != '-' || !minute_read(&at, &end) ||
	    *at || start == 1440)
		goto bad;
	*out = ARENA_ARRAY(arena, struct weekly_range, n);
	for (uint32_t i = 0; i < n; i++) {
		(*out)[i] = ranges[i];
		(*out)[i].start = start;
		(*out)[i].end = end;
	}
	*count = n;
	return 0;
bad:
	(void)problem_set(why, -EINVAL,
	                  "no weekly time; write days and a time of day from 00:00 to 24:00, such "
	                  "as 'mon-fri 08:00-18:00', 'mon,wed 22:00-06:00' (into the next day) or "
	                  "'sat 00:00-24:00'");
	return -EINVAL;
}

enum { S_ID, S_WEEKLY, S_COUNT };
static const struct key schedule_keys[S_COUNT] = {
        [S_ID] = {"id", "add the name by which arming calls it"},
        [S_WEEKLY] = {"weekly", "add 'weekly: [\"mon-fri 18:00-07:00\"]'"},
};
static const struct shape schedule_shape = {"a schedule", SHAPE(schedule_keys), false};

static void weekly_read(const struct checker *c, const struct node *list, struct schedule *schedule)
{
	uint32_t texts = check_list(c, list, "weekly", 1);
	schedule->ranges = ARENA_ARRAY(c->arena, struct weekly_range, (size_t)texts * RANGES_MAX);
	FOR_EACH_NODE(c, item, list, texts)
	{
		const char *text = check_text(c, item, "a weekly time");
		struct weekly_range *ranges;
		uint32_t count;
		struct problem why;
		if (!text)
			continue;
		if (weekly_parse(text, c->arena, &ranges, &count, &why) < 0) {
			check_problem(c, item, "'%s' is %s", text, why.text);
			continue;
		}
		memcpy(schedule->ranges + schedule->count, ranges, count * sizeof *ranges);
		schedule->count += count;
	}
}

void schedules_read(const struct checker *c, const struct node *list, struct site_reading *site)
{
	uint32_t count = check_list(c, list, "schedules", 0), i = 0;
	ids_begin(&site->schedules, "schedule", list, count);
	site->def->schedules = ARENA_ARRAY(c->arena, struct schedule, count);
	site->def->schedule_count = count;
	FOR_EACH_NODE(c, item, list, count)
	{
		const struct node *v[S_COUNT];
		check_map(c, item, &schedule_shape, v);
		struct schedule *schedule = &site->def->schedules[i++];
		schedule->id = ids_claim(c, &site->schedules, v[S_ID]);
		weekly_read(c, v[S_WEEKLY], schedule);
	}
}

enum { A_ZONE, A_DURING, A_ALWAYS, A_BY_HAND, A_EXIT, A_ENTRY, A_COUNT };
static const struct key arming_keys[A_COUNT] = {
        [A_ZONE] = {"zone", "add the zone that is armed"},
        [A_DURING] = {"during", NULL},
        [A_ALWAYS] = {"always", NULL},
        [A_BY_HAND] = {"by_hand", NULL},
        [A_EXIT] = {"exit_delay", NULL},
        [A_ENTRY] = {"entry_delay", NULL},
};
static const struct shape arming_shape = {"an arming", SHAPE(arming_keys), false};

static void arming_read(const struct checker *c, const struct node *node,
                        const struct site_reading *site, struct arming *arming)
{
	const struct node *v[A_COUNT];
	bool always = true;
	if (!check_map(c, node, &arming_shape, v))
		return;
	arming->zone = ids_refer(c, &site->zones, v[A_ZONE]);
	arming->schedule = ids_refer(c, &site->schedules, v[A_DURING]);
	arming->by_hand = v[A_BY_HAND] != NULL;
	bool by_hand = true;
	check_bool(c, v[A_ALWAYS], "always", &always);
	check_bool(c, v[A_BY_HAND], "by_hand", &by_hand);
	check_span(c, v[A_EXIT], "exit_delay", 0, &arming->exit_delay);
	check_span(c, v[A_ENTRY], "entry_delay", 0, &arming->entry_delay);
	if (!!v[A_DURING] + !!v[A_ALWAYS] + !!v[A_BY_HAND] != 1)
		check_problem(c, node,
		              "an arming is either 'during: SCHEDULE', 'always: true' or "
		              "'by_hand: true'; give one of them");
	else if (!always || !by_hand)
		check_problem(c, always ? v[A_BY_HAND] : v[A_ALWAYS],
		              "'%s: false' arms nothing; leave the line out, "
		              "or write 'during: SCHEDULE'",
		              always ? "by_hand" : "always");
}

void armings_read(const struct checker *c, const struct node *list, struct site_reading *site)
{
	uint32_t count = check_list(c, list, "arming", 0), i = 0;
	site->def->armings = ARENA_ARRAY(c->arena, struct arming, count);
	site->def->arming_count = count;
	FOR_EACH_NODE(c, item, list, count)
	arming_read(c, item, site, &site->def->armings[i++]);
}
