/* When nobody will be there: said while there is time to find somebody. */
#include <string.h>

#include "config/duty.h"

#define COMING DAYS(366)

static bool names_post(const struct recipient *recipients, uint32_t count, const char *id)
{
	for (uint32_t i = 0; i < count; i++)
		if (recipients[i].kind == RECIPIENT_DUTY && strcmp(recipients[i].id, id) == 0)
			return true;
	return false;
}

/* Who counts on the post: "policy 'fire'", "last_resort", or NULL. */
static const char *counts_on(const struct site_def *def, const char *id, struct text *out)
{
	for (uint32_t i = 0; i < def->policy_count; i++)
		for (uint32_t k = 0; k < def->policies[i].count; k++) {
			const struct policy_step *step = &def->policies[i].steps[k];
			if (!names_post(step->notify, step->count, id))
				continue;
			text_addf(out, "policy '%s'", def->policies[i].id);
			return text_get(out);
		}
	return names_post(def->last_resort, def->last_resort_count, id) ? "last_resort" : NULL;
}

struct gaps {
	const struct checker *c;
	const struct node *at;
	const struct site_def *def;
	const char *post, *by;
	struct text when; /* the first */
	uint32_t count;
	span_ms all; /* how long together */
};

static void add_minute(struct text *out, const struct site_def *def, wall_ms at)
{
	struct civil t = civil_from_wall(&def->timezone, at);
	text_addf(out, "%04d-%02d-%02d %02d:%02d", t.year, t.month, t.day, t.hour, t.minute);
}

static void add_gap(struct gaps *gaps, wall_ms from, wall_ms to, bool open)
{
	gaps->all += to - from;
	if (gaps->count++)
		return;
	text_add(&gaps->when, "from ");
	add_minute(&gaps->when, gaps->def, from);
	text_add(&gaps->when, open ? " on" : " to ");
	if (!open)
		add_minute(&gaps->when, gaps->def, to);
}

/* A table that begins later is no gap in it, however far off that is. */
static wall_ms add_wait(struct gaps *gaps, const struct post *post, wall_ms now)
{
	wall_ms first = post->rota.count ? civil_first(&gaps->def->timezone, post->rota.from) : now;
	if (first <= now)
		return now;
	gaps->all += first - now;
	gaps->count++;
	text_add(&gaps->when, "before ");
	add_minute(&gaps->when, gaps->def, first);
	text_add(&gaps->when, ", when its first turn begins");
	return first;
}

static void walk_post(struct gaps *gaps, uint32_t post, wall_ms now)
{
	wall_ms end = now + COMING, since = NEVER;
	uint32_t person;
	if (post_on_duty(gaps->def, NULL, post, now, &person, 1) == 0)
		now = add_wait(gaps, &gaps->def->posts[post], now);
	for (wall_ms at = now; at < end;) {
		bool empty = post_on_duty(gaps->def, NULL, post, at, &person, 1) == 0;
		if (empty && since == NEVER)
			since = at;
		if (!empty && since != NEVER) {
			add_gap(gaps, since, at, false);
			since = NEVER;
		}
		at = duty_next_turnout(gaps->def, NULL, post, at);
	}
	if (since != NEVER)
		add_gap(gaps, since, end, true);
}

/* One line of a post, however often it is. */
static void say_gaps(struct gaps *gaps)
{
	if (gaps->count > 1)
		text_addf(&gaps->when,
		          " and %u more times in the coming year, for %lld hours in all",
		          gaps->count - 1, (long long)((gaps->all + HOURS(1) - 1) / HOURS(1)));
	if (gaps->count)
		check_warning(gaps->c, gaps->at,
		              "nobody is on duty at '%s' %s, and %s counts on it; add people or an "
		              "override",
		              gaps->post, text_get(&gaps->when), gaps->by);
	text_finish(&gaps->when);
}

void duty_gaps_warn(const struct checker *c, const struct site_reading *site)
{
	const struct site_def *def = site->def;
	if (c->use == CONFIG_COMMAND)
		return;
	for (uint32_t i = 0; i < def->post_count; i++) {
		struct text words = {0};
		const char *by = counts_on(def, def->posts[i].id, &words);
		struct gaps gaps = {.c = c,
		                    .at = site->posts.nodes[i],
		                    .def = def,
		                    .post = def->posts[i].id,
		                    .by = by};
		if (by)
			walk_post(&gaps, i, c->now);
		say_gaps(&gaps);
		text_finish(&words);
	}
}
