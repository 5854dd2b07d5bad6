/* What the calendar changes while time passes: who is on duty, what is armed. It is looked at on
 * every whole minute of the wall clock, for no zone's clock changes within one, and when a duty
 * changes within it; and only while something depends on it. A step of the wall clock is looked at
 * when it happens. */
#include "decide/core.h"

static bool is_needed(const struct site *site)
{
	if (site->def->handover.every_shift && site->def->post_count)
		return true;
	for (uint32_t i = 0; i < site->incident_count; i++)
		if (incident_is_active(site->incidents[i]))
			return true;
	for (uint32_t i = 0; i < site->standing_count; i++)
		if (handover_lists(site->standings[i]))
			return true;
	return site->any_open;
}

static void set_next_look(struct context *c)
{
	const struct site_def *def = c->site->def;
	wall_ms now = c->now.wall, next = now + MINUTES(1) - now % MINUTES(1);
	for (uint32_t i = 0; i < def->post_count; i++) {
		wall_ms change = duty_next_boundary(def, &c->site->duty, i, now);
		next = change < next ? change : next;
	}
	c->site->calendar.type = TIMER_CALENDAR;
	timer_set(&c->site->timers, &c->site->calendar, c->now.steady + (next - now));
}

void calendar_follow(struct context *c)
{
	bool watching = c->site->calendar.place != 0;
	if (!is_needed(c->site)) {
		timer_stop(&c->site->timers, &c->site->calendar);
	} else if (!watching) {
		/* What begins now goes to those who are there now: nothing is handed over. */
		posts_look(c, false);
		set_next_look(c);
	}
}

void calendar_look(struct context *c)
{
	timer_stop(&c->site->timers, &c->site->calendar);
	arming_look(c);
	if (!is_needed(c->site))
		return;
	posts_look(c, true);
	set_next_look(c);
}
