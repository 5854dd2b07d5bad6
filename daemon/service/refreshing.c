/* Some receivers keep in memory what they were told (Alertmanager does): after a restart of theirs,
 * or a day, an incident that somebody works on would be gone there. While it lasts it is said to
 * them again and again, and once more when it is over, as an older word may still have been on its
 * way.
 *
 * A refresh is no notification: it changes nothing, so nothing of it is recorded, and how it ends
 * is nobody's news. What was accepted there, and so is to be kept there, is found in the outbox. */
#include <stdlib.h>
#include <string.h>

#include "app.h"

#define LOOK_EVERY SECONDS(1)
#define IN_FLIGHT 8 /* at a time: one that hangs must not take the slots of others */

struct mirror { /* of an incident at one receiver */
	char *site, *incident, *to_id, *to_name, *channel;
	enum recipient_kind to_kind;
	uint64_t notification; /* that was accepted there */
	steady_ms due;
};

static void mirror_destroy(struct mirror *mirror)
{
	free(mirror->site);
	free(mirror->incident);
	free(mirror->to_id);
	free(mirror->to_name);
	free(mirror->channel);
	free(mirror);
}

static bool is_same(const struct mirror *a, const struct mirror *b)
{
	return strcmp(a->site, b->site) == 0 && strcmp(a->incident, b->incident) == 0 &&
	       strcmp(a->channel, b->channel) == 0 && strcmp(a->to_id, b->to_id) == 0 &&
	       a->to_kind == b->to_kind;
}

static void on_look(uv_timer_t *);

/* Owns what it is given. */
static void add(struct app *app, struct mirror *mirror)
{
	struct refreshing *r = &app->refreshing;
	for (uint32_t i = 0; i < r->count; i++)
		if (is_same(r->mirrors[i], mirror)) {
			if (mirror->notification > r->mirrors[i]->notification) {
				r->mirrors[i]->notification = mirror->notification;
				r->mirrors[i]->due = mirror->due;
			}
			mirror_destroy(mirror);
			return;
		}
	MEM_RESERVE(r->mirrors, r->count, r->cap);
	r->mirrors[r->count++] = mirror;
	if (!uv_is_active((uv_handle_t *)&app->refresh))
		uv_timer_start(&app->refresh, on_look, LOOK_EVERY, LOOK_EVERY);
}

static span_ms resend_of(const struct app *app, const char *channel)
{
	const struct channel *found = config_channel(app->config, channel);
	return found ? found->resend : 0;
}

/* ---- saying it ---- */

static enum reason reason_of(const struct incident *incident)
{
	switch (incident->state) {
	case STATE_ACKNOWLEDGED:
		return REASON_ACKNOWLEDGED;
	case STATE_RESOLVED:
		return REASON_RESOLVED;
	case STATE_OPEN:
	case STATE_COUNT:
		break;
	}
	return REASON_OPENED;
}

static void say(struct app *app, const struct site *site, const struct mirror *mirror,
                struct incident *incident, struct moment now)
{
	struct notification n = {.number = mirror->notification,
	                         .incident = incident,
	                         .reason = reason_of(incident),
	                         .step = incident->step,
	                         .to_kind = mirror->to_kind,
	                         .to_id = mirror->to_id,
	                         .to_name = mirror->to_name,
	                         .state = NOTIFICATION_ACCEPTED,
	                         .created = now,
	                         .deliveries = {{.channel = mirror->channel}},
	                         .delivery_count = 1};
	app->refreshing.in_flight++;
	post_letter(
	        app, site,
	        &(struct posting){.dispatch = {.notification = &n, .attempt = 1}, .again = true},
	        now);
}

/* False when it has been said for the last time. */
static bool refresh(struct app *app, struct mirror *mirror, struct moment now)
{
	const struct site_slot *slot = app_site(app, mirror->site);
	struct incident *loaded = NULL;
	struct incident *incident = slot ? site_incident(slot->site, mirror->incident) : NULL;
	char *site_id = NULL;
	if (!slot || !resend_of(app, mirror->channel))
		return false;
	if (!incident && store_incident(app->store, mirror->incident, &loaded, &site_id) == 0)
		incident = loaded;
	bool lasts = incident && incident->state != STATE_RESOLVED;
	if (incident)
		say(app, slot->site, mirror, incident, now);
	mirror->due = now.steady + resend_of(app, mirror->channel);
	incident_destroy(loaded);
	free(site_id);
	return lasts;
}

static void on_look(uv_timer_t *timer)
{
	struct app *app = timer->data;
	struct refreshing *r = &app->refreshing;
	struct moment now = app_now(app);
	uint32_t kept = 0;
	for (uint32_t i = 0; i < r->count; i++) {
		struct mirror *mirror = r->mirrors[i];
		bool due = mirror->due <= now.steady && r->in_flight < IN_FLIGHT && !app->stopping;
		if (!due || refresh(app, mirror, now))
			r->mirrors[kept++] = mirror;
		else
			mirror_destroy(mirror);
	}
	r->count = kept;
	if (!r->count)
		uv_timer_stop(timer);
}

void refreshing_answered(struct app *app)
{
	app->refreshing.in_flight--;
}

/* ---- what is to be kept there ---- */

void refreshing_accepted(struct app *app, const char *site_id, const struct delivery_result *result)
{
	const struct site_slot *slot = app_site(app, site_id);
	const struct notification *n = slot ? site_notification(slot->site, result->notification)
	                                    : NULL;
	if (!n || !n->incident || result->contact >= n->delivery_count)
		return;
	const struct delivery *delivery = &n->deliveries[result->contact];
	span_ms resend = resend_of(app, delivery->channel);
	if (!resend || n->incident->state == STATE_RESOLVED)
		return;
	struct mirror *mirror = NEW(struct mirror);
	*mirror = (struct mirror){.site = mem_copy(site_id),
	                          .incident = mem_copy(n->incident->id),
	                          .to_id = mem_copy(n->to_id),
	                          .to_name = mem_copy(n->to_name),
	                          .channel = mem_copy(delivery->channel),
	                          .to_kind = n->to_kind,
	                          .notification = n->number,
	                          .due = app_now(app).steady + resend};
	add(app, mirror);
}

static bool on_delivery(void *ctx, const struct delivery_row *row)
{
	struct app *app = ctx;
	bool accepted = delivery_state_from_name(row->delivery_state) == DELIVERY_ACCEPTED;
	if (!row->incident || !accepted || !resend_of(app, row->channel))
		return true;
	bool line = strcmp(row->to_kind, recipient_kind_name(RECIPIENT_CHANNEL)) == 0;
	struct mirror *mirror = NEW(struct mirror);
	*mirror = (struct mirror){.site = mem_copy(row->site),
	                          .incident = mem_copy(row->incident),
	                          .to_id = mem_copy(row->to_id),
	                          .to_name = mem_copy(row->to_name),
	                          .channel = mem_copy(row->channel),
	                          .to_kind = line ? RECIPIENT_CHANNEL : RECIPIENT_PERSON,
	                          .notification = row->notification,
	                          .due = app_now(app).steady};
	add(app, mirror);
	return true;
}

int refreshing_start(struct app *app, struct problem *why)
{
	int r = 0;
	bool any = false;
	for (uint32_t i = 0; i < app->config->channel_count; i++)
		any |= app->config->channels[i].resend;
	if (!any)
		return 0;
	for (uint32_t i = 0; r >= 0 && i < app->site_count; i++) {
		const struct site *site = app->sites[i].site;
		for (uint32_t k = 0; r >= 0 && k < site->incident_count; k++)
			if (site->incidents[k]->state != STATE_RESOLVED)
				r = store_deliveries(app->store, site->incidents[k]->id, NULL, 1000,
				                     on_delivery, app);
	}
	return r < 0 ? problem_set(why, r, "the outbox cannot be read") : 0;
}

void refreshing_finish(struct app *app)
{
	for (uint32_t i = 0; i < app->refreshing.count; i++)
		mirror_destroy(app->refreshing.mirrors[i]);
	free(app->refreshing.mirrors);
}
