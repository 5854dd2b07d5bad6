/* The head of the record, once a day, to somebody who keeps it: whoever rewrites the record cannot
 * rewrite what lies on that phone. The core only says when and to whom; the head itself is put into
 * the letter as it leaves. */
#include "decide/core.h"

static void set_next(struct context *c, struct standing *s)
{
	const struct site_def *def = c->site->def;
	struct civil day = civil_from_wall(&def->timezone, c->now.wall);
	wall_ms at = c->now.wall;
	for (int i = 0; i < 3 && at <= c->now.wall; i++) {
		struct civil next = {0};
		civil_from_days(days_from_civil(day.year, day.month, day.day) + i, &next);
		next.hour = def->head.at / 60;
		next.minute = def->head.at % 60;
		at = civil_first(&def->timezone, next);
	}
	if (s->until == at && s->due.place)
		return;
	s->until = at;
	timer_set(&c->site->timers, &s->due, c->now.steady + (at - c->now.wall));
	touch_standing(c, s);
}

void head_look(struct context *c)
{
	struct standing *s = NULL;
	for (uint32_t i = 0; i < c->site->standing_count && !s; i++)
		if (c->site->standings[i]->type == STANDING_HEAD &&
		    !standing_is_over(c->site->standings[i]))
			s = c->site->standings[i];
	if (s && !c->site->def->head.to_count) {
		standing_end(c, s, NULL, "no longer asked for");
		return;
	}
	if (!c->site->def->head.to_count)
		return;
	if (!s)
		s = standing_begin(c, STANDING_HEAD);
	/* One that fell into a downtime comes now. */
	if (!s->until || c->now.wall < s->until)
		set_next(c, s);
}

void head_due(struct context *c, struct standing *s)
{
	const struct site_def *def = c->site->def;
	struct resolved_recipient who[CREW_MAX * 4];
	uint32_t count = recipients_resolve(def, &c->site->duty, def->head.to, def->head.to_count,
	                                    POSITION_NONE, c->now.wall, who,
	                                    sizeof who / sizeof *who);
	for (uint32_t i = 0; i < count; i++)
		(void)notify(c, NULL, who[i], REASON_LEDGER_HEAD, 0);
	set_next(c, s);
}
