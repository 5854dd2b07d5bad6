/* The state of a site that outlives a restart, as text: what is the same has the same text. */
#ifndef STORE_STATE_H
#define STORE_STATE_H

#include <stdlib.h>

#include "decide/site.h"
#include "store_story.h"

/* Everything of an incident that is not memory only. */
static inline void write_incident(struct text *out, const struct incident *incident)
{
	incident_write_json(out, NULL, NULL, "binjiang", incident);
	if (incident->policy)
		policy_write_json(out, NULL, incident->policy);
	text_addf(out, "\n%u %lld %lld %lld %lld %lld %lld\n", incident->number,
	          (long long)incident->opened.steady, (long long)incident->changed.wall,
	          (long long)incident->changed.steady, (long long)incident->acknowledged.steady,
	          (long long)incident->resolved.steady, (long long)incident->round_at);
	text_addf(out, "%s %u %u %u %d %lld %lld\n", reason_name(incident->step_reason),
	          incident->run, incident->step_pending, incident->step_reached,
	          incident->exhausted, (long long)timer_due(&incident->step_due),
	          (long long)timer_due(&incident->resolve_due));
	for (uint32_t i = 0; i < incident->signal_count; i++)
		text_addf(out, "at %lld\n", (long long)incident->signals[i].at);
	for (uint32_t i = 0; i < incident->told_count; i++)
		text_addf(out, "told %d %s %d\n", (int)incident->told[i].kind, incident->told[i].id,
		          incident->told[i].acknowledged);
}

static inline void write_notification(struct text *out, const struct notification *n)
{
	text_addf(out, "n %llu %s %s %u %u %d %s %s ", (unsigned long long)n->number,
	          n->incident ? n->incident->id : "-", reason_name(n->reason), n->step, n->round,
	          (int)n->to_kind, n->to_id, n->to_name);
	text_addf(out, "%u %d ", n->run, n->press);
	text_addf(out, "%d %d %s %d %d %lld %lld %u %s %lld\n", n->urgent, n->at_once,
	          notification_state_name(n->state), n->failed, n->possible_duplicate,
	          (long long)n->created.wall, (long long)n->created.steady, n->attempts,
	          n->note ? n->note : "-", (long long)timer_due(&n->due));
	for (uint32_t i = 0; i < n->delivery_count; i++) {
		const struct delivery *d = &n->deliveries[i];
		text_addf(out, "  %s %u %s %u %d %lld %lld %d\n", d->channel, d->place,
		          delivery_state_name(d->state), d->attempts, d->given_up,
		          (long long)d->started, (long long)d->due, d->last_status);
	}
}

static inline char *whole_state(const struct site *site)
{
	struct text out = {0};
	text_addf(&out, "%llu %u %d next %lld\n", (unsigned long long)site->next_notification,
	          site->next_incident, site->incident_year, (long long)site_next_deadline(site));
	for (uint32_t i = 0; i < site->incident_count; i++)
		write_incident(&out, site->incidents[i]);
	/* One that has expired is only waited for until its last attempt answers. */
	for (uint32_t i = 0; i < site->notification_count; i++)
		if (site->notifications[i]->state <= NOTIFICATION_SENDING)
			write_notification(&out, site->notifications[i]);
	for (uint32_t i = 0; i < site->def->device_count; i++) {
		const struct device_state *d = &site->devices[i];
		text_addf(&out, "d %u %u %u %d %d %d %d %d %lld %lld %lld\n", d->active, d->known,
		          d->settled, d->online, d->online_known, d->gone, d->heard_once,
		          d->walk_test, (long long)d->heard, (long long)d->changed,
		          (long long)device_signed_at(d));
	}
	for (uint32_t i = 0; i < site->standing_count; i++) {
		const struct standing *standing = site->standings[i];
		if (standing_is_over(standing))
			continue;
		text_addf(&out, "s %lld %lld ", (long long)standing->since.steady,
		          (long long)timer_due(&standing->due));
		standing_write_json(&out, NULL, site->def->id, standing);
	}
	return text_take(&out);
}

/* Commits, restarts, and finds the same. */
static inline void survives(struct story *s)
{
	commit(s);
	char *before = whole_state(s->site);
	reopen(s);
	char *after = whole_state(s->site);
	assert_string_equal(before, after);
	free(before);
	free(after);
}

#endif
