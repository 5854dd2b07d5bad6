/* What people do, and what they hear of it: once it is on disk; or, while the disk fails, that it
 * is done and held in memory until it can be written. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app.h"

/* Which site an operation is for: named, or the one that has the incident. */
static struct site_slot *site_of(struct app *app, const struct item *item)
{
	if (item->site)
		return app_site(app, item->site);
	for (uint32_t i = 0; i < app->site_count; i++)
		if (item->operation.incident &&
		    site_incident(app->sites[i].site, item->operation.incident))
			return &app->sites[i];
	return NULL;
}

/* An incident that is not in memory is resolved, or never was. */
static void look_up_resolved(struct app *app, const char *id, struct answer *answer)
{
	struct incident *incident = NULL;
	char *site_id = NULL;
	if (!id || store_incident(app->store, id, &incident, &site_id) < 0)
		return;
	answer->result = problem_set(&answer->why, -EALREADY, "incident '%s' is already resolved",
	                             id);
	snprintf(answer->incident, sizeof answer->incident, "%s", incident->id);
	incident_destroy(incident);
	free(site_id);
}

void answering_decide(struct app *app, const struct item *item, struct moment now)
{
	struct answer answer = {.done = item->done, .done_ctx = item->done_ctx};
	struct site_slot *slot = site_of(app, item);
	const char *id = item->operation.incident;
	if (slot) {
		struct event event = {.type = EVENT_OPERATION, .operation = item->operation};
		slot->plan.answer = NULL; /* of the operation before */
		slot->plan.made = NULL;
		answer.result = site_apply(slot->site, &event, now, &slot->plan, &answer.why);
		answer.site = slot->site->def->id;
		answer.made = slot->plan.made;
		if (slot->plan.answer)
			snprintf(answer.incident, sizeof answer.incident, "%s",
			         slot->plan.answer->id);
	} else if (id) {
		answer.result = problem_set(&answer.why, -ENOENT, "no incident '%s'", id);
	} else {
		answer.result = problem_set(&answer.why, -ENOENT, "no such site");
	}
	if (answer.result == -ENOENT)
		look_up_resolved(app, id, &answer);
	MEM_RESERVE(app->answers, app->answer_count, app->answer_cap);
	app->answers[app->answer_count++] = answer;
}

/* Its incident as it is now: in memory, or, over, in the store. */
static void tell(const struct app *app, const struct answer *answer)
{
	const struct site_slot *slot = app_site(app, answer->site);
	const struct incident *incident = slot ? site_incident(slot->site, answer->incident) : NULL;
	struct incident *loaded = NULL;
	char *site_id = NULL;
	if (!incident && *answer->incident &&
	    store_incident(app->store, answer->incident, &loaded, &site_id) < 0)
		loaded = NULL;
	answer->done(answer->done_ctx, answer->result, incident ? incident : loaded, answer->made,
	             site_id ? site_id : answer->site, &answer->why);
	incident_destroy(loaded);
	free(site_id);
}

void answering_release(struct app *app, const struct problem *why_held)
{
	/* An answer may bring the next operation: it goes into the inbox, not into this list. */
	for (uint32_t i = 0; i < app->answer_count; i++) {
		struct answer answer = app->answers[i];
		if (why_held && answer.result == 0) {
			answer.result = -EINPROGRESS;
			answer.why = *why_held;
		}
		tell(app, &answer);
	}
	app->answer_count = 0;
}
