/* What devices say, in our own language or through a profile, becomes events of the sites. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app.h"
#include "base/json.h"
#include "base/log.h"

#define TOPICS_MAX 4096 /* that announcements name */

/* The disk has failed for long: what is not a new alarm stays with the broker. */
static bool is_left(struct app *app)
{
	if (!app_holds_too_much(app))
		return false;
	app->counters.left++;
	app->left_behind |= !app->comes_again;
	return true;
}

void hearing_reject(struct app *app, struct site_slot *slot, const struct broker_message *message,
                    const char *device, const char *reason, struct moment now)
{
	if (is_left(app))
		return;
	app->counters.rejected++;
	if (complaint_due(&app->complaints, device, now.steady))
		log_warn("%s: message of '%s' rejected: %s", slot->site->def->id, device, reason);
	struct event event = {.type = EVENT_REJECTED,
	                      .rejected = {.topic = message->topic,
	                                   .device = *device ? device : NULL,
	                                   .reason = reason,
	                                   .bytes = message->bytes,
	                                   .len = message->len,
	                                   .cut = message->cut}};
	app_decide_event(app, slot, &event, now);
}

/* Not known also where it was decided already and holds again: as state, for who pressed was told.
 */
static bool is_known(struct app *app, struct site_slot *slot, struct signal *signal,
                     const struct broker_message *message, struct moment now)
{
	bool watched = app->watch && broker_is_listening(app->watch);
	bool nameless = !signal->id && signal_is_press(signal) && !signal->retained;
	bool known = nameless ? ahead_has_press(&app->ahead, message, watched)
	                      : site_seen(slot->site, signal->device, signal->id, now.wall,
	                                  signal->id_lasts);
	if (app->comes_again) {
		if (!known)
			ahead_heard(&app->ahead, slot->site, signal, message,
			            store_head(app->store, slot->site->store_id).seq +
			                    slot->plan.entry_count);
		return known;
	}
	if (!known || !ahead_is_last(&app->ahead, slot->site, signal, message) ||
	    !site_stands_otherwise(slot->site, signal))
		return known;
	signal->press = false;
	return false;
}

static void decide_signals(struct app *app, struct site_slot *slot,
                           const struct broker_message *message, bool native, struct moment now)
{
	const char *site_id = slot->site->def->id;
	for (uint32_t i = 0; i < app->signals.count; i++) {
		struct signal *signal = &app->signals.items[i].signal;
		if (!site_is_new_alarm(slot->site, signal) && is_left(app))
			continue;
		app->counters.signals++;
		if (is_known(app, slot, signal, message, now))
			app->counters.duplicates++;
		else
			app_decide_event(app, slot, &app->signals.items[i], now);
		if (signal->id && native)
			showing_device_ack(app, site_id, signal->device, signal->id);
	}
}

/* Our own retained incident topics come back at each connect: those of incidents that ended
 * while the broker was away are cleared. */
static bool is_incident_topic(struct app *app, const struct broker_message *message)
{
	const char *rest = strncmp(message->topic, "tocsin/", 7) == 0 ? message->topic + 7 : "";
	const char *slash = strchr(rest, '/');
	if (!slash || strncmp(slash, "/incident/", 10) != 0)
		return false;
	char site_id[ID_MAX + 1];
	snprintf(site_id, sizeof site_id, "%.*s", (int)(slash - rest), rest);
	struct site_slot *slot = app_site(app, site_id);
	if (slot && message->retained && message->len) {
		const struct incident *incident = site_incident(slot->site, slash + 10);
		if (!incident || incident->state == STATE_RESOLVED)
			broker_publish(app->broker, message->topic, "", 0, 1, true);
	}
	return true;
}

/* ---- strangers ---- */

static void meet_stranger(struct app *app, struct site_slot *slot, struct stranger *s,
                          struct moment now)
{
	if (!is_left(app))
		stranger_meet(app, slot, s, now);
}

/* Its message is refused all the same: the record says so. */
static void hear_native_stranger(struct app *app, struct site_slot *slot, struct moment now)
{
	for (uint32_t i = 0; i < app->signals.count; i++) {
		const struct signal *signal = &app->signals.items[i].signal;
		struct stranger s = {.address = app->signals.device,
		                     .profile = "native",
		                     .kind = signal->kind,
		                     .active = signal->active,
		                     .retained = signal->retained,
		                     .time = signal->time_said ? 0 : signal->time};
		if (!signal->test)
			meet_stranger(app, slot, &s, now);
	}
}

/* What speaks our own language, taken out of its envelope where the device signs. */
static void decide_native(struct app *app, struct site_slot *slot, const struct device *device,
                          const struct broker_message *message, const void *bytes, size_t len,
                          struct moment now)
{
	struct problem why = {0};
	int r = decode_native(message->topic, bytes, len, message->retained, now.wall,
	                      &slot->site->def->timezone, &app->signals, &why);
	if (r < 0) {
		hearing_reject(app, slot, message, app->signals.device, why.text, now);
	} else if (!device) {
		problem_set(&why, -ENOENT, "unknown device '%s': add it to the site's devices",
		            app->signals.device);
		hearing_reject(app, slot, message, app->signals.device, why.text, now);
		hear_native_stranger(app, slot, now);
	} else if (app->signals.is_status) {
		struct event event = {.type = EVENT_STATUS, .status = app->signals.status};
		event.status.lifeless = device_details(device)->signing != NULL;
		if (!is_left(app))
			app_decide_event(app, slot, &event, now);
	} else if (!device_details(device)->signing ||
	           signed_admit(app, slot, device, message, now) == 0) {
		numbers_bind(device, bytes, len, &app->signals);
		decide_signals(app, slot, message, true, now);
	}
	for (uint32_t i = 0; i < app->signals.refused_count; i++)
		hearing_reject(app, slot, message, app->signals.device, app->signals.refused[i],
		               now);
}

static void hear_native(struct app *app, const struct broker_message *message, struct moment now)
{
	struct problem why = {0};
	struct text inner = {0};
	bool is_status;
	int r = decode_native_topic(message->topic, &app->signals, &is_status, &why);
	struct site_slot *slot = app_site(app, app->signals.site);
	if (!slot)
		return; /* not subscribed to: a site that has just gone */
	const struct site_def *def = slot->site->def;
	uint32_t at = site_def_device(def, app->signals.device);
	const struct device *device = at == POSITION_NONE ? NULL : &def->devices[at];
	if (r < 0 || !device || !device_details(device)->signing || is_status)
		decide_native(app, slot, device, message, message->bytes,
		              message->len + message->cut, now);
	else if (signed_unpack(app, slot, device, message, &inner, now) == 0)
		decide_native(app, slot, device, message, text_get(&inner), inner.len, now);
	text_finish(&inner);
}

/* ---- profiles ---- */

static struct site_slot *site_of_profile(struct app *app, const struct profile *profile)
{
	const struct service_config *config = app->config;
	const struct site_def *home = profile_home(config->sites, config->site_count, profile);
	return home ? app_site(app, home->id) : NULL;
}

static void hear_device(struct app *app, const struct broker_message *message,
                        const struct binding *binding, uint32_t first, uint32_t end,
                        struct moment now)
{
	struct statements *said = &app->hearing.said;
	struct site_slot *slot = app_site(app, binding->site->id);
	struct problem why = {0};
	if (!slot)
		return;
	const char *device = binding->site->devices[binding->device].id;
	for (uint32_t i = first; i < end; i++) {
		struct event event = {.type = EVENT_STATUS,
		                      .status = {.device = device,
		                                 .online = said->items[i].active,
		                                 .retained = message->retained}};
		if (said->items[i].type == SAID_ALIVE)
			event = (struct event){
			        .type = EVENT_ALIVE,
			        .life = {.device = device, .expires = said->items[i].expires}};
		else if (said->items[i].type == SAID_TEST_MARK)
			event = (struct event){.type = EVENT_TEST_MARK,
			                       .test_mark = {.device = device,
			                                     .address = said->items[i].address,
			                                     .stage = said->items[i].mark}};
		else if (said->items[i].type != SAID_STATUS || is_left(app))
			continue;
		app_decide_event(app, slot, &event, now);
	}
	statements_bind(said, first, end, binding->site, binding->device, now.wall, &app->signals,
	                &why);
	if (*why.text)
		hearing_reject(app, slot, message, device, why.text, now);
	decide_signals(app, slot, message, false, now);
}

/* Of what it says, what matters most. */
static void hear_stranger(struct app *app, bool retained, uint32_t first, uint32_t end,
                          struct moment now)
{
	const struct statements *said = &app->hearing.said;
	struct site_slot *slot = site_of_profile(app, said->profile);
	bool met = false;
	for (uint32_t i = first; slot && i < end; i++) {
		struct stranger stranger;
		if (!stranger_says(said, &said->items[i], retained, &stranger))
			continue;
		meet_stranger(app, slot, &stranger, now);
		met = true;
	}
	struct stranger stranger = {.address = said->items[first].address,
	                            .profile = said->profile->name,
	                            .kind = KIND_NONE};
	if (slot && !met)
		meet_stranger(app, slot, &stranger, now);
}

static const char *topic_at(const void *owner, uint32_t i)
{
	return ((char *const *)owner)[i];
}

static void hear_topic(struct app *app, const char *topic)
{
	struct hearing *h = &app->hearing;
	if (h->topic_count == TOPICS_MAX || strchr(topic, '#') || !*topic ||
	    index_find(&h->topic_index, topic, topic_at, h->topics) != INDEX_NONE)
		return;
	MEM_RESERVE(h->topics, h->topic_count, h->topic_cap);
	h->topics[h->topic_count++] = mem_copy(topic);
	index_add(&h->topic_index, h->topic_count - 1, topic_at, h->topics);
	h->more_topics = true;
}

static void hear_statements(struct app *app, const struct broker_message *message,
                            struct moment now)
{
	struct hearing *h = &app->hearing;
	for (uint32_t i = 0, end; i < h->said.count; i = end) {
		const struct statement *s = &h->said.items[i];
		end = statements_of_device(&h->said, i);
		for (uint32_t k = i; k < end; k++)
			if (h->said.items[k].type == SAID_TOPIC)
				hear_topic(app, h->said.items[k].word);
		if (s->type == SAID_GATEWAY) {
			hear_gateway(app, s, message->retained, now);
			continue;
		}
		if (!s->address)
			continue;
		uint32_t at = bindings_of(&h->bindings, h->said.profile, s);
		const struct profile *profile = h->said.profile;
		bool may_carry = profile->points || (profile->through && at == POSITION_NONE);
		bool carries = s->type == SAID_STATUS && may_carry &&
		               hear_gateway(app, s, message->retained, now);
		if (at == POSITION_NONE && !carries)
			hear_stranger(app, message->retained, i, end, now);
		for (; at != POSITION_NONE; at = h->bindings.items[at].next)
			hear_device(app, message, &h->bindings.items[at], i, end, now);
	}
	if (h->more_topics) {
		size_t count;
		char **filters = app_make_filters(app, &count);
		broker_subscribe_more(app->broker, (const char *const *)filters, count);
		app_free_filters(filters, count);
		h->more_topics = false;
	}
}

static void hear_profile(struct app *app, const struct broker_message *message, struct moment now)
{
	struct hearing *h = &app->hearing;
	struct problem why = {0};
	struct heard_message heard = {.topic = message->topic,
	                              .bytes = message->bytes,
	                              .len = message->len,
	                              .cut = message->cut,
	                              .retained = message->retained,
	                              .now = now.wall,
	                              .steady = now.steady};
	int r = profiles_decode(&app->config->profiles, h->memory, &heard, &h->said, &why);
	if (r == 0) {
		hear_statements(app, message, now);
		return;
	}
	uint32_t at = h->said.profile
	                      ? bindings_find(&h->bindings, h->said.profile, h->said.address, NULL)
	                      : POSITION_NONE;
	struct site_slot *slot = NULL;
	const char *device = "";
	if (at != POSITION_NONE) {
		const struct binding *binding = &h->bindings.items[at];
		slot = app_site(app, binding->site->id);
		device = binding->site->devices[binding->device].id;
	} else if (h->said.profile) {
		slot = site_of_profile(app, h->said.profile);
	}
	if (slot)
		hearing_reject(app, slot, message, device, why.text, now);
}

void hear_message(struct app *app, const struct broker_message *message, struct moment now)
{
	app->counters.messages++;
	app->comes_again = message->comes_again;
	if (is_incident_topic(app, message) || introduce_hears(app, message))
		return;
	if (strncmp(message->topic, "tocsin/", 7) == 0)
		hear_native(app, message, now);
	else
		hear_profile(app, message, now);
}

/* ---- a life of it ---- */

static void keep_mark(struct app *app, const struct site_def *def, const struct standing *mark)
{
	const struct profiles *profiles = &app->config->profiles;
	uint32_t device = site_def_device(def, mark->device);
	const char *name = device == POSITION_NONE ? NULL : def->devices[device].profile;
	uint32_t profile = name ? profiles_find(profiles, name) : POSITION_NONE;
	if (profile != POSITION_NONE)
		profile_memory_keep_mark(app->hearing.memory, &profiles->items[profile], mark->note,
		                         mark_stage_from_name(mark->mark), mark->since.steady);
}

/* What an earlier life knew of marks of tests. */
static void keep_marks(struct app *app)
{
	for (uint32_t i = 0; i < app->site_count; i++)
		for (uint32_t k = 0; k < app->sites[i].site->standing_count; k++) {
			const struct standing *s = app->sites[i].site->standings[k];
			if (s->type == STANDING_TEST_MARK && !standing_is_over(s))
				keep_mark(app, app->sites[i].site->def, s);
		}
}

void hearing_begin(struct app *app)
{
	if (!app->hearing.memory) {
		app->hearing.memory = profile_memory_create();
		keep_marks(app);
		strangers_keep(app);
	}
	bindings_make(&app->hearing.bindings, app->config->sites, app->config->site_count);
}

void hearing_end(struct app *app)
{
	struct hearing *h = &app->hearing;
	bindings_finish(&h->bindings);
	statements_finish(&h->said);
	profile_memory_destroy(h->memory);
	for (uint32_t i = 0; i < h->stranger_count; i++)
		free(h->strangers[i]);
	for (uint32_t i = 0; i < h->topic_count; i++)
		free(h->topics[i]);
	index_finish(&h->stranger_index);
	index_finish(&h->topic_index);
	free(h->strangers);
	free(h->topics);
	*h = (struct hearing){0};
}
