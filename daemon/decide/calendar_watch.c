/* What the calendar changes while time passes: who is on duty, what is armed. It is looked at on
 * every whole minute of the wall clock, for no zone's clock changes within one, and only while
 * something depends on it. A step of the wall clock is looked at when it happens. */
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
	c->site->calendar.type = TIMER_CALENDAR;
	span_ms into = c->now.wall % MINUTES(1);
	timer_set(&c->site->timers, &c->site->calendar, c->now.steady + MINUTES(1) - into);
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
