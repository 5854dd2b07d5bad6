#include "decide/site.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "decide/core.h"

struct site *site_create(const struct site_def *def)
{
	struct site *site = NEW(struct site);
	site->def = def;
	site->devices = NEW_ARRAY(struct device_state, def->device_count);
	site->device_count = def->device_count;
	site->channels = NEW_ARRAY(struct channel_state, def->channel_count);
	site->next_notification = 1;
	site->next_incident = 1;
	site->next_standing = 1;
	return site;
}

void site_destroy(struct site *site)
{
	if (!site)
		return;
	for (uint32_t i = 0; i < site->notification_count; i++)
		notification_destroy(site->notifications[i]);
	for (uint32_t i = 0; i < site->incident_count; i++)
		incident_destroy(site->incidents[i]);
	for (uint32_t i = 0; i < site->standing_count; i++)
		standing_destroy(site->standings[i]);
	for (uint32_t i = 0; i < site->output_count; i++)
		output_state_destroy(site->outputs[i]);
	free(site->outputs);
	free(site->standings);
	free(site->notifications);
	free(site->incidents);
	for (uint32_t i = 0; i < site->device_count; i++)
		free(site->devices[i].extra);
	free(site->devices);
	free(site->channels);
	ways_finish(&site->ways);
	lines_finish(&site->lines);
	timers_finish(&site->timers);
	seen_destroy(site->seen);
	open_marks_destroy(site->open_marks);
	floods_destroy(site->floods);
	free(site->duty.overrides);
	free(site);
}

/* A loaded timer carries its due time and no place; 0 means that it is not set. */
static void arm(struct site *site, struct timer *timer)
{
	if (timer->due && !timer->place)
		timer_set(&site->timers, timer, timer->due);
}

/* "SITE-YEAR-NUMBER", by year and number, which has six digits or more. */
static int compare_ids(const char *a, const char *b)
{
	const char *number_a = strrchr(a, '-'), *number_b = strrchr(b, '-');
	size_t until_a = number_a ? (size_t)(number_a - a) : 0;
	size_t until_b = number_b ? (size_t)(number_b - b) : 0;
	size_t both = until_a < until_b ? until_a : until_b;
	int order = strncmp(a, b, both);
	if (order || until_a != until_b)
		return order ? order : (until_a > both) - (until_b > both);
	size_t len_a = strlen(a + until_a), len_b = strlen(b + until_b);
	return len_a != len_b ? (len_a > len_b) - (len_b > len_a)
	                      : strcmp(a + until_a, b + until_b);
}

/* Where an id stands among the incidents, or would: their ids rise along the array. */
static uint32_t place_of_id(const struct site *site, const char *id)
{
	uint32_t low = 0, high = site->incident_count;
	while (low < high) {
		uint32_t mid = low + (high - low) / 2;
		if (compare_ids(site->incidents[mid]->id, id) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

void site_adopt_incident(struct site *site, struct incident *incident)
{
	MEM_RESERVE(site->incidents, site->incident_count, site->incident_cap);
	uint32_t at = place_of_id(site, incident->id); /* the end, but for what a hand wrote */
	for (uint32_t i = site->incident_count++; i > at; i--)
		site->incidents[i] = site->incidents[i - 1];
	site->incidents[at] = incident;
	open_marks_incident(site, incident);
	arm(site, &incident->step_due);
	arm(site, &incident->resolve_due);
}

void site_adopt_notification(struct site *site, struct notification *notification)
{
	MEM_RESERVE(site->notifications, site->notification_count, site->notification_cap);
	site->notifications[site->notification_count++] = notification;
	if (notification->incident)
		notification->incident->outstanding++;
	arm(site, &notification->due);
}

struct incident *site_incident(const struct site *site, const char *id)
{
	uint32_t at = place_of_id(site, id);
	bool found = at < site->incident_count && strcmp(site->incidents[at]->id, id) == 0;
	return found ? site->incidents[at] : NULL;
}

/* Numbers only rise along the array: notifications are appended and kept in order. */
struct notification *site_notification(const struct site *site, uint64_t number)
{
	uint32_t low = 0, high = site->notification_count;
	while (low < high) {
		uint32_t mid = low + (high - low) / 2;
		if (site->notifications[mid]->number < number)
			low = mid + 1;
		else
			high = mid;
	}
	if (low < site->notification_count && site->notifications[low]->number == number)
		return site->notifications[low];
	return NULL;
}

/* ---- the service about itself ---- */

static const char *const service_events[] = {"service.started",
                                             "service.stopped",
                                             "config",
                                             "broker.connected",
                                             "broker.disconnected",
                                             "clock",
                                             "store.failed",
                                             "store.recovered",
                                             "key",
                                             "store"};

const char *service_event_name(enum service_event event)
{
	return service_events[event];
}

#define INCIDENTS_LEFT_OUT 1000 /* more than a life opens while its disk fails */

/* A life that could not write may have sent letters that nobody remembers. Their numbers must not
 * come again: a receiver that knows an id drops what it takes for a repetition. So each start
 * counts from the millisecond it happens in, or goes far beyond where the clock went back. */
static void number_anew(struct context *c, bool unlogged)
{
	uint64_t now = c->now.wall > 0 ? (uint64_t)c->now.wall : 0;
	bool back = c->site->next_notification >= now;
	c->site->next_notification = back ? c->site->next_notification + 1000 : now;
	/* People know its incidents by their numbers. */
	if (!unlogged)
		return;
	incidents_count_by_year(c->site, c->now.wall);
	c->site->next_incident += INCIDENTS_LEFT_OUT;
}

static void apply_service(struct context *c, const struct service_fact *fact)
{
	struct text *data = record(c);
	if (fact->data) {
		/* Its members go into the entry's object as they are. */
		size_t len = strlen(fact->data);
		assert(len >= 2 && fact->data[0] == '{' && fact->data[len - 1] == '}');
		text_add_len(data, fact->data + 1, len - 2);
	}
	record_end(c, (struct entry){.type = service_event_name(fact->type)});
	if (fact->type == BROKER_DISCONNECTED || fact->type == BROKER_CONNECTED)
		hearing_changed(c, fact->type == BROKER_CONNECTED);
	if (fact->type == SERVICE_STARTED) {
		number_anew(c, fact->unlogged);
		floods_start(c);
		channels_start(c);
		sense_start(c);
		notifications_resume(c);
		channels_started(c);
	}
	if (fact->type == SERVICE_CONFIGURED) {
		lines_go(c);
		channels_look(c);
	}
	if (fact->type == SERVICE_STARTED || fact->type == SERVICE_CONFIGURED ||
	    fact->type == CLOCK_JUMPED)
		calendar_look(c);
	if (fact->type == SERVICE_STARTED || fact->type == SERVICE_CONFIGURED ||
	    fact->type == CLOCK_JUMPED)
		drill_plans_look(c);
	if (fact->type == SERVICE_STARTED || fact->type == SERVICE_CONFIGURED) {
		sense_excused(c);
		rules_look(c);
		reach_look(c);
		head_look(c);
	}
}

void service_trouble(struct context *c, const struct trouble *trouble)
{
	struct cause cause = {.zone = site_def_root_zone(c->site->def),
	                      .kind = INCIDENT_TROUBLE,
	                      .severity = SEVERITY_WARNING,
	                      .subject = trouble->subject,
	                      .time = c->now.wall,
	                      .note = trouble->detail};
	struct incident *incident = incident_find(c->site, &cause);
	if (trouble->active && !incident) {
		bool fresh;
		incident = incident_prepare(c, &cause, &fresh);
		incident_open(c, incident, &cause);
	} else if (!trouble->active && incident) {
		incident_end(c, incident, NULL);
		sense_excused(c);
	}
}

/* ---- the two calls ---- */

static int apply_event(struct context *c, const struct event *event)
{
	switch (event->type) {
	case EVENT_SIGNAL:
		sense_signal(c, &event->signal);
		return 0;
	case EVENT_STATUS:
		sense_status(c, &event->status);
		return 0;
	case EVENT_REJECTED:
		record_rejected(c, &event->rejected);
		return 0;
	case EVENT_OPERATION:
		return operate(c, &event->operation);
	case EVENT_DELIVERY:
		notification_result(c, &event->delivery);
		return 0;
	case EVENT_SERVICE:
		apply_service(c, &event->service);
		return 0;
	case EVENT_TROUBLE:
		service_trouble(c, &event->trouble);
		return 0;
	case EVENT_ALIVE:
		sense_life(c, &event->life);
		return 0;
	case EVENT_STRANGER:
		sense_stranger(c, &event->stranger);
		return 0;
	case EVENT_OUTPUT:
		output_told(c, &event->output);
		return 0;
	case EVENT_TEST_MARK:
		sense_test_mark(c, &event->test_mark);
		return 0;
	}
	return 0;
}

int site_apply(struct site *site, const struct event *event, struct moment now, struct plan *plan,
               struct problem *why)
{
	struct context c = {.site = site, .now = now, .plan = plan, .why = why};
	if (event->type == EVENT_OPERATION)
		c.operation = &event->operation;
	plan->answer = NULL;
	plan->made = NULL;
	int r = apply_event(&c, event);
	calendar_follow(&c);
	outputs_follow(&c);
	return r;
}

steady_ms site_next_deadline(const struct site *site)
{
	const struct timer *first = timers_first(&site->timers);
	return first ? first->due : NEVER;
}

void site_tick(struct site *site, struct moment now, struct plan *plan)
{
	struct context c = {.site = site, .now = now, .plan = plan};
	/* First who is there: a step of the same moment is for them, and for those who leave. */
	if (timer_due(&site->calendar) <= now.steady)
		calendar_look(&c);
	escalate_overdue(&c);
	for (;;) {
		struct timer *timer = timers_first(&site->timers);
		if (!timer || timer->due > now.steady) {
			calendar_follow(&c);
			outputs_follow(&c);
			return;
		}
		uint32_t device = timer->device;
		switch (timer->type) {
		case TIMER_STEP:
			escalate_due(&c, timer->owner);
			break;
		case TIMER_RESOLVE:
			incident_reopen(&c, timer->owner);
			break;
		case TIMER_DELIVERY:
			notification_due(&c, timer->owner);
			break;
		case TIMER_SILENCE:
			timer_stop(&site->timers, timer);
			sense_silence(&c, device);
			break;
		case TIMER_RESET:
			timer_stop(&site->timers, timer);
			sense_reset(&c, device);
			break;
		case TIMER_STANDING:
			standing_due(&c, timer->owner);
			break;
		case TIMER_WAY:
			way_due(&c, timer->owner);
			break;
		case TIMER_CALENDAR:
			calendar_look(&c);
			break;
		}
	}
}

static bool is_finished(const struct notification *n)
{
	if (n->state == NOTIFICATION_QUEUED || n->state == NOTIFICATION_SENDING)
		return false;
	for (uint32_t i = 0; i < n->delivery_count; i++)
		if (n->deliveries[i].state == DELIVERY_SENDING)
			return false; /* its result is still to be recorded */
	return true;
}

void site_settle(struct site *site)
{
	uint32_t kept = 0;
	for (uint32_t i = 0; i < site->notification_count; i++) {
		struct notification *n = site->notifications[i];
		if (!is_finished(n) || n->touched) {
			site->notifications[kept++] = n;
			continue;
		}
		if (n->incident)
			n->incident->outstanding--;
		timer_stop(&site->timers, &n->due);
		notification_destroy(n);
	}
	site->notification_count = kept;
	kept = 0;
	for (uint32_t i = 0; i < site->incident_count; i++) {
		struct incident *incident = site->incidents[i];
		if (incident_is_active(incident) || incident->outstanding || incident->touched) {
			site->incidents[kept++] = incident;
			continue;
		}
		timer_stop(&site->timers, &incident->step_due);
		timer_stop(&site->timers, &incident->resolve_due);
		incident_destroy(incident);
	}
	site->incident_count = kept;
	open_marks_gone(site);
	kept = 0;
	for (uint32_t i = 0; i < site->standing_count; i++) {
		struct standing *s = site->standings[i];
		if (!standing_is_over(s) || s->touched)
			site->standings[kept++] = s;
		else
			standing_destroy(s);
	}
	site->standing_count = kept;
}

struct device_extra *device_extra(struct device_state *state)
{
	if (!state->extra)
		state->extra = NEW(struct device_extra);
	return state->extra;
}

wall_ms device_signed_at(const struct device_state *state)
{
	return state->extra ? state->extra->signed_at : 0;
}

static void extra_destroy(struct site *site, struct device_extra *extra)
{
	if (extra)
		timer_stop(&site->timers, &extra->reset);
	free(extra);
}

void site_redefine(struct site *site, const struct site_def *def, struct moment now)
{
	const struct site_def *old = site->def;
	channels_redefine(site, def);
	struct device_state *devices = NEW_ARRAY(struct device_state, def->device_count);
	for (uint32_t i = 0; i < old->device_count; i++) {
		struct device_state *was = &site->devices[i];
		bool watched = was->silence.place != 0;
		steady_ms due = was->silence.due;
		timer_stop(&site->timers, &was->silence);
		uint32_t at = site_def_device(def, old->devices[i].id);
		if (at == POSITION_NONE) {
			extra_destroy(site, was->extra);
			continue;
		}
		devices[at] = *was;
		devices[at].silence = (struct timer){.type = TIMER_SILENCE, .device = at};
		if (was->extra)
			was->extra->reset.device = at;
		if (watched && def->devices[at].expect_every) {
			span_ms moved = def->devices[at].expect_every -
			                old->devices[i].expect_every;
			timer_set(&site->timers, &devices[at].silence, due + moved);
		}
	}
	for (uint32_t i = 0; i < def->device_count; i++) {
		bool known = site_def_device(old, def->devices[i].id) != POSITION_NONE;
		if (known || !def->devices[i].expect_every)
			continue;
		devices[i].silence = (struct timer){.type = TIMER_SILENCE, .device = i};
		timer_set(&site->timers, &devices[i].silence,
		          now.steady + def->devices[i].expect_every);
	}
	free(site->devices);
	site->devices = devices;
	site->device_count = def->device_count;
	site->def = def;
	lines_form(site); /* addresses may be others now */
	site->outputs_due = true;
}
