#include "decide/duty.h"

#include <stdlib.h>
#include <string.h>

#define LOOKS_MAX 5000       /* boundaries without a change that are passed at one go */
#define LOOK_AHEAD DAYS(400) /* likewise */
#define DAY DAYS(1)

static void earlier(wall_ms *soonest, wall_ms candidate, wall_ms after)
{
	if (candidate > after && candidate < *soonest)
		*soonest = candidate;
}

/* ---- people at one instant ---- */

struct turnout {
	uint32_t *people;
	uint32_t count, cap;
};

static void add_person(struct turnout *out, uint32_t person)
{
	for (uint32_t i = 0; i < out->count; i++)
		if (out->people[i] == person)
			return;
	if (out->count < out->cap)
		out->people[out->count++] = person;
}

static void add_crew(struct turnout *out, const struct crew *crew)
{
	for (uint32_t i = 0; i < crew->count; i++)
		add_person(out, crew->people[i]);
}

static void change_places(struct turnout *out, uint32_t a, uint32_t b)
{
	for (uint32_t i = 0; i < out->count; i++)
		if (out->people[i] == a)
			out->people[i] = b;
		else if (out->people[i] == b)
			out->people[i] = a;
}

static bool same_people(const uint32_t *a, uint32_t a_count, const uint32_t *b, uint32_t b_count)
{
	if (a_count != b_count)
		return false;
	for (uint32_t i = 0; i < a_count; i++) {
		uint32_t k = 0;
		while (k < b_count && b[k] != a[i])
			k++;
		if (k == b_count)
			return false;
	}
	return true;
}

/* ---- turns ---- */

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

/* The numbers of the turns that may hold at an instant or begin next: whatever offset of the day
 * before or after its local time is read with. */
static void turns_near(const struct site_def *def, const struct rota *rota, wall_ms at,
                       int64_t *first, int64_t *last)
{
	int64_t from = civil_ms(rota->from), low = INT64_MAX, high = INT64_MIN;
	for (wall_ms near = at - DAY; near <= at + DAY; near += DAY) {
		int64_t local = at + SECONDS(timezone_offset(&def->timezone, near));
		low = local < low ? local : low;
		high = local > high ? local : high;
	}
	*first = floor_div(low - from, rota->every) - 1;
	*last = floor_div(high - from, rota->every) + 1;
	*first = *first > 0 ? *first : 0;
}

/* A turn runs from its first possible instant to the last possible one of its end. */
static void turn_ends(const struct site_def *def, const struct rota *rota, int64_t n, wall_ms *from,
                      wall_ms *to)
{
	int64_t start = civil_ms(rota->from) + n * rota->every;
	*from = civil_first(&def->timezone, civil_from_ms(start));
	*to = civil_last(&def->timezone, civil_from_ms(start + rota->every));
}

static void add_turns(const struct site_def *def, const struct rota *rota, wall_ms at,
                      struct turnout *out)
{
	int64_t n, last;
	turns_near(def, rota, at, &n, &last);
	for (; n <= last; n++) {
		wall_ms from, to;
		turn_ends(def, rota, n, &from, &to);
		if (from <= at && at < to)
			add_crew(out, &rota->turns[n % rota->count]);
	}
}

static bool turns_differ(const struct rota *rota)
{
	const struct crew *first = &rota->turns[0];
	for (uint32_t i = 1; i < rota->count; i++)
		if (!same_people(first->people, first->count, rota->turns[i].people,
		                 rota->turns[i].count))
			return true;
	return false;
}

/* Once the first turn has begun somebody is always there; only who it is changes. */
static wall_ms next_turn(const struct site_def *def, const struct rota *rota, wall_ms at,
                         bool only_turnout)
{
	wall_ms soonest = NEVER, from, to;
	int64_t n, last;
	turn_ends(def, rota, 0, &from, &to);
	if (at < from || only_turnout || !turns_differ(rota))
		return at < from ? from : NEVER;
	turns_near(def, rota, at, &n, &last);
	for (; n <= last; n++) {
		turn_ends(def, rota, n, &from, &to);
		earlier(&soonest, from, at);
		earlier(&soonest, to, at);
	}
	return soonest;
}

/* ---- shifts of the week ---- */

static int64_t local_day(const struct site_def *def, wall_ms at)
{
	return floor_div(at + SECONDS(timezone_offset(&def->timezone, at)), DAY);
}

static void add_shifts(const struct site_def *def, const struct rota *rota, wall_ms at,
                       struct turnout *out)
{
	int64_t today = local_day(def, at);
	for (uint32_t i = 0; i < rota->shift_count; i++)
		for (int64_t day = today - 2; day <= today + 1; day++) {
			wall_ms from, to;
			if (weekly_range_on(def, &rota->shifts[i].when, day, &from, &to) &&
			    from <= at && at < to)
				add_crew(out, &rota->shifts[i].crew);
		}
}

static wall_ms next_shift(const struct site_def *def, const struct rota *rota, wall_ms at)
{
	wall_ms soonest = NEVER;
	int64_t today = local_day(def, at);
	for (uint32_t i = 0; i < rota->shift_count; i++)
		for (int64_t day = today - 2; day <= today + 8; day++) {
			wall_ms from, to;
			if (!weekly_range_on(def, &rota->shifts[i].when, day, &from, &to))
				continue;
			earlier(&soonest, from, at);
			earlier(&soonest, to, at);
			if (from > at) /* what follows is later */
				break;
		}
	return soonest;
}

/* ---- one table ---- */

static void add_rota(const struct site_def *def, const struct rota *rota, wall_ms at,
                     struct turnout *out)
{
	if (rota->count && rota->every > 0)
		add_turns(def, rota, at, out);
	add_shifts(def, rota, at, out);
}

static wall_ms next_in_rota(const struct site_def *def, const struct rota *rota, wall_ms at,
                            bool only_turnout)
{
	wall_ms soonest = next_shift(def, rota, at);
	if (rota->count && rota->every > 0)
		earlier(&soonest, next_turn(def, rota, at, only_turnout), at);
	return soonest;
}

/* ---- stretches ---- */

static int by_from(const void *a, const void *b)
{
	const struct stretch *x = a, *y = b;
	if (x->from != y->from)
		return x->from < y->from ? -1 : 1;
	return x->line < y->line ? -1 : x->line > y->line;
}

void stretches_arrange(struct stretches *list)
{
	if (list->count)
		qsort(list->items, list->count, sizeof *list->items, by_from);
	wall_ms reach = INT64_MIN;
	for (uint32_t i = 0; i < list->count; i++) {
		reach = list->items[i].to > reach ? list->items[i].to : reach;
		list->items[i].reach = reach;
	}
}

static uint32_t begun(const struct stretches *list, wall_ms at)
{
	uint32_t low = 0, high = list->count;
	while (low < high) {
		uint32_t mid = low + (high - low) / 2;
		if (list->items[mid].from <= at)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* The one before position i that covers the instant, or NULL; begin with i = begun(list, at) and go
 * on with what is left in *i. */
static const struct stretch *covering(const struct stretches *list, wall_ms at, uint32_t *i)
{
	while (*i > 0 && list->items[*i - 1].reach > at) {
		const struct stretch *item = &list->items[--*i];
		if (item->to > at)
			return item;
	}
	return NULL;
}

static bool covers(const struct stretches *list, wall_ms at)
{
	uint32_t i = begun(list, at);
	return covering(list, at, &i) != NULL;
}

/* True if one that is no swap covers the instant. */
static bool add_stretches(const struct stretches *list, wall_ms at, struct turnout *out)
{
	uint32_t i = begun(list, at);
	const struct stretch *item;
	bool any = false;
	while ((item = covering(list, at, &i)))
		if (!item->swap) {
			add_crew(out, &item->crew);
			any = true;
		}
	return any;
}

static void swap_stretches(const struct stretches *list, wall_ms at, struct turnout *out)
{
	uint32_t i = begun(list, at);
	const struct stretch *item;
	while ((item = covering(list, at, &i)))
		if (item->swap)
			change_places(out, item->crew.people[0], item->crew.people[1]);
}

/* *masks: one that is no swap covers the instant, so that what lies below is not seen. */
static void next_stretch(const struct stretches *list, wall_ms at, wall_ms *soonest, bool *masks)
{
	uint32_t i = begun(list, at);
	const struct stretch *item;
	*masks = false;
	if (i < list->count)
		earlier(soonest, list->items[i].from, at);
	while ((item = covering(list, at, &i))) {
		earlier(soonest, item->to, at);
		*masks |= !item->swap;
	}
}

/* ---- by hand ---- */

/* Whom an override names who are still there. */
static uint32_t override_people(const struct site_def *def, const struct standing *override,
                                uint32_t people[CREW_MAX])
{
	uint32_t count = 0;
	for (uint32_t i = 0; i < override->name_count && count < CREW_MAX; i++) {
		uint32_t person = site_def_person(def, override->names[i]);
		if (person != POSITION_NONE)
			people[count++] = person;
	}
	return override->swap && count != 2 ? 0 : count;
}

static bool is_for(const struct site_def *def, const struct standing *override, uint32_t post)
{
	return override->post && strcmp(override->post, def->posts[post].id) == 0;
}

static bool holds(const struct standing *override, wall_ms at)
{
	return override->begins <= at && at < override->until;
}

/* The newest override of the post that holds and puts somebody there; swaps count below. -1: none.
 */
static int64_t newest(const struct site_def *def, const struct duty_state *state, uint32_t post,
                      wall_ms at)
{
	uint32_t people[CREW_MAX];
	for (uint32_t i = state ? state->count : 0; i-- > 0;) {
		const struct standing *override = state->overrides[i];
		if (!override->swap && holds(override, at) && is_for(def, override, post) &&
		    override_people(def, override, people))
			return i;
	}
	return -1;
}

static void swap_by_hand(const struct site_def *def, const struct duty_state *state, uint32_t post,
                         uint32_t first, wall_ms at, struct turnout *out)
{
	uint32_t people[CREW_MAX];
	for (uint32_t i = first; state && i < state->count; i++) {
		const struct standing *override = state->overrides[i];
		if (override->swap && holds(override, at) && is_for(def, override, post) &&
		    override_people(def, override, people))
			change_places(out, people[0], people[1]);
	}
}

/* ---- the layers ---- */

static const struct rota *table_at(const struct site_def *def, const struct post *post, wall_ms at)
{
	for (uint32_t i = 0; i < post->exception_count; i++)
		if (covers(&def->calendars[post->exceptions[i].calendar].days, at))
			return &post->exceptions[i].rota;
	return &post->rota;
}

uint32_t post_on_duty(const struct site_def *def, const struct duty_state *state, uint32_t post,
                      wall_ms at, uint32_t *people, uint32_t cap)
{
	const struct post *p = &def->posts[post];
	struct turnout out = {.people = people, .cap = cap};
	int64_t hand = newest(def, state, post, at);
	if (hand >= 0) {
		uint32_t crew[CREW_MAX];
		uint32_t count = override_people(def, state->overrides[hand], crew);
		add_crew(&out, &(struct crew){crew, count});
	} else {
		if (!add_stretches(&p->overrides, at, &out) &&
		    !add_stretches(&p->imported, at, &out))
			add_rota(def, table_at(def, p, at), at, &out);
		swap_stretches(&p->overrides, at, &out);
	}
	swap_by_hand(def, state, post, (uint32_t)(hand + 1), at, &out);
	return out.count;
}

static wall_ms next_below_hand(const struct site_def *def, const struct post *post, wall_ms at,
                               bool only_turnout)
{
	wall_ms soonest = NEVER;
	bool masked;
	next_stretch(&post->overrides, at, &soonest, &masked);
	if (!masked)
		next_stretch(&post->imported, at, &soonest, &masked);
	if (masked)
		return soonest;
	for (uint32_t i = 0; i < post->exception_count; i++)
		next_stretch(&def->calendars[post->exceptions[i].calendar].days, at, &soonest,
		             &masked);
	earlier(&soonest, next_in_rota(def, table_at(def, post, at), at, only_turnout), at);
	return soonest;
}

/* The next instant at which something may change, whatever lies on top of it. */
static wall_ms next_boundary(const struct site_def *def, const struct duty_state *state,
                             uint32_t post, wall_ms at, bool only_turnout)
{
	wall_ms soonest = NEVER;
	for (uint32_t i = 0; state && i < state->count; i++)
		if (is_for(def, state->overrides[i], post)) {
			earlier(&soonest, state->overrides[i]->begins, at);
			earlier(&soonest, state->overrides[i]->until, at);
		}
	if (newest(def, state, post, at) < 0)
		earlier(&soonest, next_below_hand(def, &def->posts[post], at, only_turnout), at);
	return soonest;
}

wall_ms duty_next_change(const struct site_def *def, const struct duty_state *state, uint32_t post,
                         wall_ms at)
{
	uint32_t now[ON_DUTY_MAX], then[ON_DUTY_MAX];
	uint32_t count = post_on_duty(def, state, post, at, now, ON_DUTY_MAX);
	wall_ms next = at;
	for (uint32_t looks = 0; looks < LOOKS_MAX && next - at < LOOK_AHEAD; looks++) {
		next = next_boundary(def, state, post, next, false);
		if (next == NEVER)
			return NEVER;
		uint32_t others = post_on_duty(def, state, post, next, then, ON_DUTY_MAX);
		if (!same_people(now, count, then, others))
			return next;
	}
	return next;
}

wall_ms duty_next_boundary(const struct site_def *def, const struct duty_state *state,
                           uint32_t post, wall_ms at)
{
	return next_boundary(def, state, post, at, false);
}

wall_ms duty_next_turnout(const struct site_def *def, const struct duty_state *state, uint32_t post,
                          wall_ms at)
{
	return next_boundary(def, state, post, at, true);
}
