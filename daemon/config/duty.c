/* Who is on duty: calendars, posts with their tables, overrides. */
#include <stdlib.h>
#include <string.h>

#include "config/duty.h"

#define SHIFTS_MAX 500 /* lines of one weekly table */
#define WEEK (7 * 1440)

static const char time_hint[] = "write it like 2026-09-01T08:00, without an offset (it is in the "
                                "site's timezone)";

/* ---- local times ---- */

bool local_read(const struct checker *c, const struct node *node, const char *what, bool end,
                struct civil *out)
{
	const char *text = check_text(c, node, what);
	if (!text)
		return false;
	if (civil_parse(text, out) < 0) {
		check_problem(c, node, "'%s' is no local time; %s", text, time_hint);
		return false;
	}
	/* A day as an end is meant whole. */
	if (end && strlen(text) == strlen("2026-09-01"))
		*out = civil_from_ms(civil_ms(*out) + DAYS(1));
	return true;
}

/* False, reported, if the ends are no times or in the wrong order. */
static bool stretch_read(const struct checker *c, const struct node *from, const struct node *to,
                         const struct site_def *def, struct stretch *out)
{
	struct civil start, end;
	bool good = local_read(c, from, "from", false, &start);
	if (!local_read(c, to, "to", true, &end) || !good)
		return false;
	if (civil_ms(end) <= civil_ms(start)) {
		check_problem(c, to,
		              "this ends before it starts: 'to' must be later than 'from' (a day "
		              "without a time is meant whole)");
		return false;
	}
	out->line = from->line;
	if (def->timezone.count) {
		out->from = civil_first(&def->timezone, start);
		out->to = civil_last(&def->timezone, end);
	}
	return true;
}

/* ---- crews ---- */

/* One person, or a list of those who hold the post together. */
static void crew_read(const struct checker *c, const struct node *node,
                      const struct site_reading *site, struct crew *crew)
{
	if (!node)
		return;
	bool several = node->kind == NODE_LIST;
	uint32_t count = several ? check_list(c, node, "people who hold a post together", 1) : 1;
	if (count > CREW_MAX) {
		check_problem(c, node, "%u people at one time; at most %d", count, CREW_MAX);
		return;
	}
	crew->people = ARENA_ARRAY(c->arena, uint32_t, count);
	if (!several) {
		crew->people[crew->count++] = ids_refer(c, &site->people, node);
		return;
	}
	FOR_EACH_NODE(c, item, node, count)
	crew->people[crew->count++] = ids_refer(c, &site->people, item);
}

/* ---- turns ---- */

enum { R_PEOPLE, R_EVERY, R_FROM, R_COUNT };
static const struct key rota_keys[R_COUNT] = {
        [R_PEOPLE] = {"people", "add the list of those who take turns"},
        [R_EVERY] = {"every", "add how long a turn lasts, such as 'every: 1w'"},
        [R_FROM] = {"from", "add when the first turn begins, such as 'from: 2026-09-01T08:00'"},
};
static const struct shape rota_shape = {"a rota", SHAPE(rota_keys), false};

static void rota_read(const struct checker *c, const struct node *node,
                      const struct site_reading *site, struct rota *rota)
{
	const struct node *v[R_COUNT];
	if (!check_map(c, node, &rota_shape, v))
		return;
	uint32_t count = check_list(c, v[R_PEOPLE], "the rota's people", 1);
	rota->turns = ARENA_ARRAY(c->arena, struct crew, count);
	FOR_EACH_NODE(c, item, v[R_PEOPLE], count)
	crew_read(c, item, site, &rota->turns[rota->count++]);
	check_span(c, v[R_EVERY], "every", SPAN_LEAST, &rota->every);
	(void)local_read(c, v[R_FROM], "from", false, &rota->from);
}

/* ---- shifts of the week ---- */

enum { S_DAYS, S_FROM, S_TO, S_PEOPLE, S_COUNT };
static const struct key shift_keys[S_COUNT] = {
        [S_DAYS] = {"days", "add the days of the week on which it begins, such as 'mon-fri'"},
        [S_FROM] = {"from", "add when it begins, such as 'from: \"08:00\"'"},
        [S_TO] = {"to", "add when it ends, such as 'to: \"20:00\"'"},
        [S_PEOPLE] = {"people", "add who is there; a shift of nobody is a gap"},
};
static const struct shape shift_shape = {"a shift", SHAPE(shift_keys), false};

/* Days and times of one line, as many ranges as its days have parts; 0, reported. */
static uint32_t shift_times(const struct checker *c, const struct node *const *v,
                            struct weekly_range **ranges)
{
	const char *days = check_text(c, v[S_DAYS], "days"),
	           *from = check_text(c, v[S_FROM], "from"), *to = check_text(c, v[S_TO], "to");
	struct text weekly = {0};
	struct problem why;
	uint32_t count = 0;
	if (!days || !from || !to)
		return 0;
	text_addf(&weekly, "%s %s-%s", days, from, to);
	if (weekly_parse(text_get(&weekly), c->arena, ranges, &count, &why) < 0) {
		check_problem(c, v[S_DAYS],
		              "a shift on '%s' from '%s' to '%s' is no time of the week; allowed "
		              "are days like mon, mon-fri or sat,sun, a start from 00:00 to 23:59 "
		              "and an end up to 24:00 (an end before the start lies on the next "
		              "day)",
		              days, from, to);
		count = 0;
	}
	text_finish(&weekly);
	return count;
}

static bool share(const struct crew *a, const struct crew *b, uint32_t *person)
{
	for (uint32_t i = 0; i < a->count; i++)
		for (uint32_t k = 0; k < b->count; k++)
			if (a->people[i] == b->people[k] && a->people[i] != POSITION_NONE) {
				*person = a->people[i];
				return true;
			}
	return false;
}

static bool falls_on(const struct weekly_range *range, int day)
{
	return range->first_day <= range->last_day
	               ? day >= range->first_day && day <= range->last_day
	               : day >= range->first_day || day <= range->last_day;
}

static bool ranges_overlap(const struct weekly_range *a, const struct weekly_range *b)
{
	int32_t a_length = (a->end <= a->start ? 1440 : 0) + a->end - a->start;
	int32_t b_length = (b->end <= b->start ? 1440 : 0) + b->end - b->start;
	for (int x = 0; x < 7; x++)
		for (int y = 0; falls_on(a, x) && y < 7; y++) {
			if (!falls_on(b, y))
				continue;
			int32_t ahead = (y * 1440 + b->start - x * 1440 - a->start + 2 * WEEK) %
			                WEEK;
			if (ahead < a_length || WEEK - ahead < b_length)
				return true;
		}
	return false;
}

static void shift_overlaps(const struct checker *c, const struct site_def *def,
                           const struct rota *rota, const uint32_t *lines, const struct node *at,
                           uint32_t first)
{
	for (uint32_t i = first; i < rota->shift_count; i++)
		for (uint32_t k = 0; k < first; k++) {
			uint32_t person;
			if (!ranges_overlap(&rota->shifts[i].when, &rota->shifts[k].when) ||
			    !share(&rota->shifts[i].crew, &rota->shifts[k].crew, &person))
				continue;
			check_problem(c, at,
			              "this shift and the one on line %u both have '%s' at the "
			              "same time; take one of them out",
			              lines[k], def->people[person].id);
			return;
		}
}

static void shifts_read(const struct checker *c, const struct node *list,
                        const struct site_reading *site, struct rota *rota)
{
	uint32_t count = check_list(c, list, "shifts", 1);
	if (count > SHIFTS_MAX) {
		check_problem(c, list, "%u shifts; at most %d", count, SHIFTS_MAX);
		return;
	}
	rota->shifts = ARENA_ARRAY(c->arena, struct shift, (size_t)count * 7);
	uint32_t *lines = NEW_ARRAY(uint32_t, (size_t)count * 7);
	FOR_EACH_NODE(c, item, list, count)
	{
		const struct node *v[S_COUNT];
		struct weekly_range *ranges;
		struct crew crew = {0};
		check_map(c, item, &shift_shape, v);
		crew_read(c, v[S_PEOPLE], site, &crew);
		uint32_t parts = shift_times(c, v, &ranges), first = rota->shift_count;
		for (uint32_t i = 0; i < parts; i++) {
			lines[rota->shift_count] = item->line;
			rota->shifts[rota->shift_count++] = (struct shift){ranges[i], crew};
		}
		shift_overlaps(c, site->def, rota, lines, item, first);
	}
	free(lines);
}

/* ---- calendars ---- */

enum { K_ID, K_DAYS, K_COUNT };
static const struct key calendar_keys[K_COUNT] = {
        [K_ID] = {"id", "add the name by which duty calls it"},
        [K_DAYS] = {"days", "add 'days: [{from: 2026-10-01, to: 2026-10-07, name: ...}]'"},
};
static const struct shape calendar_shape = {"a calendar", SHAPE(calendar_keys), false};

enum { H_FROM, H_TO, H_NAME, H_COUNT };
static const struct key day_keys[H_COUNT] = {
        [H_FROM] = {"from", "add the first day, such as 'from: 2026-10-01'"},
        [H_TO] = {"to", "add the last day, such as 'to: 2026-10-07'"},
        [H_NAME] = {"name", NULL},
};
static const struct shape day_shape = {"a holiday", SHAPE(day_keys), false};

void calendars_read(const struct checker *c, const struct node *list, struct site_reading *site)
{
	uint32_t count = check_list(c, list, "calendars", 0), i = 0;
	ids_begin(&site->calendars, "calendar", list, count);
	site->def->calendars = ARENA_ARRAY(c->arena, struct calendar, count);
	site->def->calendar_count = count;
	FOR_EACH_NODE(c, item, list, count)
	{
		const struct node *v[K_COUNT], *h[H_COUNT];
		check_map(c, item, &calendar_shape, v);
		struct calendar *calendar = &site->def->calendars[i++];
		struct stretches *days = &calendar->days;
		calendar->id = ids_claim(c, &site->calendars, v[K_ID]);
		uint32_t day_count = check_list(c, v[K_DAYS], "the calendar's days", 1);
		days->items = ARENA_ARRAY(c->arena, struct stretch, day_count);
		FOR_EACH_NODE(c, day, v[K_DAYS], day_count)
		{
			if (!check_map(c, day, &day_shape, h))
				continue;
			(void)check_text(c, h[H_NAME], "the holiday's name");
			if (h[H_FROM] && h[H_TO] &&
			    stretch_read(c, h[H_FROM], h[H_TO], site->def,
			                 &days->items[days->count]))
				days->count++;
		}
		stretches_arrange(days);
	}
}

/* ---- posts ---- */

enum { X_DURING, X_ROTA, X_SHIFTS, X_COUNT };
static const struct key exception_keys[X_COUNT] = {
        [X_DURING] = {"during", "add the calendar, such as 'during: holidays'"},
        [X_ROTA] = {"rota", NULL},
        [X_SHIFTS] = {"shifts", NULL},
};
static const struct shape exception_shape = {"an exception", SHAPE(exception_keys), false};

static void exceptions_read(const struct checker *c, const struct node *list,
                            const struct site_reading *site, struct post *post)
{
	uint32_t count = check_list(c, list, "except", 1);
	post->exceptions = ARENA_ARRAY(c->arena, struct exception, count);
	FOR_EACH_NODE(c, item, list, count)
	{
		const struct node *v[X_COUNT];
		if (!check_map(c, item, &exception_shape, v))
			continue;
		struct exception *exception = &post->exceptions[post->exception_count++];
		exception->calendar = ids_refer(c, &site->calendars, v[X_DURING]);
		if (!v[X_ROTA] == !v[X_SHIFTS])
			check_problem(c, item,
			              "an exception has either 'rota' or 'shifts'; give one of "
			              "them");
		rota_read(c, v[X_ROTA], site, &exception->rota);
		shifts_read(c, v[X_SHIFTS], site, &exception->rota);
	}
}

enum { D_ID, D_NAME, D_ROTA, D_SHIFTS, D_IMPORT, D_EXCEPT, D_COUNT };
static const struct key post_keys[D_COUNT] = {
        [D_ID] = {"id", "add the name by which policies call this post"},
        [D_NAME] = {"name", NULL},
        [D_ROTA] = {"rota", NULL},
        [D_SHIFTS] = {"shifts", NULL},
        [D_IMPORT] = {"import", NULL},
        [D_EXCEPT] = {"except", NULL},
};
static const struct shape post_shape = {"a duty", SHAPE(post_keys), false};

static void post_read(const struct checker *c, const struct node *item, struct site_reading *site,
                      struct post *post)
{
	const struct node *v[D_COUNT];
	bool is_map = check_map(c, item, &post_shape, v);
	post->id = ids_claim(c, &site->posts, v[D_ID]);
	const char *name = check_text(c, v[D_NAME], "the duty's name");
	post->name = name ? name : post->id;
	if (!is_map)
		return;
	if (!v[D_ROTA] && !v[D_SHIFTS] && !v[D_IMPORT])
		check_problem(c, item,
		              "a duty without 'rota', 'shifts' or 'import' is held by nobody; add "
		              "'rota: {people: [...], every: 1w, from: 2026-09-01T08:00}'");
	if (v[D_ROTA] && v[D_SHIFTS])
		check_problem(c, v[D_SHIFTS],
		              "'rota' and 'shifts' stand side by side; a post has one table (and "
		              "others under 'except')");
	rota_read(c, v[D_ROTA], site, &post->rota);
	shifts_read(c, v[D_SHIFTS], site, &post->rota);
	exceptions_read(c, v[D_EXCEPT], site, post);
	import_read(c, v[D_IMPORT], site, post);
}

void posts_read(const struct checker *c, const struct node *list, struct site_reading *site)
{
	uint32_t count = check_list(c, list, "duty", 0), i = 0;
	ids_begin(&site->posts, "duty", list, count);
	site->def->posts = ARENA_ARRAY(c->arena, struct post, count);
	site->def->post_count = count;
	FOR_EACH_NODE(c, item, list, count)
	post_read(c, item, site, &site->def->posts[i++]);
}

/* ---- overrides ---- */

enum { O_POST, O_FROM, O_TO, O_PEOPLE, O_SWAP, O_WHY, O_COUNT };
static const struct key override_keys[O_COUNT] = {
        [O_POST] = {"post", "add the duty that others hold then"},
        [O_FROM] = {"from", "add when it begins, such as 'from: 2026-12-24T08:00'"},
        [O_TO] = {"to", "add when it ends, such as 'to: 2026-12-26T08:00'"},
        [O_PEOPLE] = {"people", NULL},
        [O_SWAP] = {"swap", NULL},
        [O_WHY] = {"why", NULL},
};
static const struct shape override_shape = {"an override", SHAPE(override_keys), false};

static bool override_read(const struct checker *c, const struct node *item,
                          const struct site_reading *site, uint32_t *post, struct stretch *out)
{
	const struct node *v[O_COUNT];
	*post = POSITION_NONE;
	if (!check_map(c, item, &override_shape, v))
		return false;
	(void)check_text(c, v[O_WHY], "why");
	*post = ids_refer(c, &site->posts, v[O_POST]);
	out->swap = v[O_SWAP] != NULL;
	if (!v[O_PEOPLE] == !v[O_SWAP])
		check_problem(c, item,
		              "an override has either 'people' (who hold the post) or 'swap' (two "
		              "who change places); give one of them");
	else
		crew_read(c, out->swap ? v[O_SWAP] : v[O_PEOPLE], site, &out->crew);
	if (out->swap && (out->crew.count != 2 || out->crew.people[0] == out->crew.people[1])) {
		check_problem(c, v[O_SWAP], "a swap names two people: 'swap: [li, zhao]'");
		return false;
	}
	return v[O_FROM] && v[O_TO] && stretch_read(c, v[O_FROM], v[O_TO], site->def, out) &&
	       out->crew.count && *post != POSITION_NONE;
}

/* Two that replace the same post at one time: which of them holds would be a riddle. Where the
 * clocks change neighbours may overlap by the hour that comes twice. */
static void override_overlap(const struct checker *c, const struct node *item,
                             const struct site_def *def, const struct post *post,
                             const struct stretch *fresh)
{
	for (uint32_t i = 0; i < post->overrides.count && !fresh->swap; i++) {
		const struct stretch *other = &post->overrides.items[i];
		if (other->swap || other->to <= fresh->from || fresh->to <= other->from)
			continue;
		struct civil a = civil_from_wall(&def->timezone, other->to - 1),
		             b = civil_from_wall(&def->timezone, fresh->to - 1),
		             a_from = civil_from_wall(&def->timezone, other->from),
		             b_from = civil_from_wall(&def->timezone, fresh->from);
		if (civil_ms(a) < civil_ms(b_from) || civil_ms(b) < civil_ms(a_from))
			continue;
		check_problem(c, item,
		              "this override overlaps the one on line %u of the same duty; let one "
		              "end where the other starts",
		              other->line);
		return;
	}
}

void overrides_read(const struct checker *c, const struct node *list, struct site_reading *site)
{
	struct site_def *def = site->def;
	uint32_t count = check_list(c, list, "overrides", 0);
	if (count > OVERRIDES_MAX) {
		check_problem(c, list, "%u overrides; at most %d", count, OVERRIDES_MAX);
		return;
	}
	FOR_EACH_NODE(c, item, list, count)
	{
		uint32_t post;
		struct stretch stretch = {0};
		if (!override_read(c, item, site, &post, &stretch) || !def->timezone.count)
			continue;
		struct stretches *list_of = &def->posts[post].overrides;
		override_overlap(c, item, def, &def->posts[post], &stretch);
		if (!list_of->items)
			list_of->items = ARENA_ARRAY(c->arena, struct stretch, count);
		list_of->items[list_of->count++] = stretch;
	}
	for (uint32_t i = 0; i < def->post_count; i++)
		stretches_arrange(&def->posts[i].overrides);
}
