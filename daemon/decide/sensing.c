/* What sensors say, and what their silence says. Every sensor point is a boolean condition of a
 * device: (device, kind). A repeated state changes nothing and is no entry; a press always is. */
#include <stdlib.h>
#include <string.h>

#include "decide/core.h"

static uint32_t bit(enum kind kind)
{
	return (uint32_t)1 << kind;
}

static bool is_press(const struct signal *signal, enum kind kind)
{
	return kind_facts[kind].momentary || (signal && signal->press);
}

struct cause reading_cause(const struct context *c, const struct reading *r)
{
	const struct device *device = &c->site->def->devices[r->device];
	const struct kind_facts *facts = &kind_facts[r->kind];
	return (struct cause){
	        .zone = device->zone,
	        .kind = facts->raises,
	        .severity = facts->severity,
	        .device = device->id,
	        .device_name = device->name,
	        .signal = r->kind,
	        .time = r->time,
	        .confirms = facts->confirms,
	        .press = facts->pressed && is_press(r->signal, r->kind),
	        .silent = device->silent,
	        .drill = drill_covers(c->site, device->zone, facts->raises),
	};
}

void signal_write_said(const struct signal *signal, const char *name, struct text *out)
{
	if (signal->note)
		json_put_raw(out, name, signal->note);
	if (!signal->profile)
		return;
	json_open(out, name, '{');
	json_put_string(out, "profile", signal->profile);
	if (signal->member)
		json_put_string(out, signal->member, signal->word);
	json_close(out, '}');
}

static void record_signal(struct context *c, const struct reading *r, const char *incident,
                          const char *ignored)
{
	const struct site_def *def = c->site->def;
	const struct device *device = &def->devices[r->device];
	const struct signal *signal = r->signal;
	struct text *data = record(c);
	if (signal && signal->id)
		json_put_string(data, "id", signal->id);
	json_put_string(data, "kind", kind_name(r->kind));
	json_put_string(data, "state", r->active ? "active" : "clear");
	json_put_string(data, "zone", def->zones[device->zone].id);
	if (signal && signal->time_said)
		json_put_string(data, "time_said", signal->time_said);
	if (signal && signal->has_value)
		json_put_number(data, "value", signal->value);
	if (signal && signal->test)
		json_put_bool(data, "test", true);
	if (signal && signal->retained)
		json_put_bool(data, "retained", true);
	if (signal && signal->armed)
		json_put_bool(data, "armed", true);
	if (signal && signal->press)
		json_put_bool(data, "press", true);
	if (signal && signal->past)
		json_put_bool(data, "past", true);
	if (signal && signal->lifeless)
		json_put_bool(data, "lifeless", true);
	if (signal && signal->signed_at)
		json_put_bool(data, "signed", true);
	if (signal && signal->resets)
		json_put_int(data, "resets_ms", signal->resets);
	if (signal)
		signal_write_said(signal, "said", data);
	if (r->source)
		json_put_string(data, "source", r->source);
	json_put_string(data, "rule", r->rule ? r->rule : "default");
	if (ignored)
		json_put_string(data, "raises", ignored);
	record_end(c, (struct entry){.type = "signal",
	                             .time = r->time,
	                             .device = device->id,
	                             .incident = incident});
}

/* A condition became active (again): the incident opens, is joined, or the zone is not armed. */
static void became_active(struct context *c, const struct reading *reading)
{
	struct reading ruled = *reading;
	const struct device *device = &c->site->def->devices[ruled.device];
	struct device_state *state = &c->site->devices[ruled.device];
	struct cause cause = reading_cause(c, &ruled);
	bool raises = rules_apply(c, &ruled, &cause);
	if (kind_facts[ruled.kind].needs_arming) {
		c->site->any_open = true;
		state->armed = zone_armed_now(c, device->zone);
		if (!state->armed && !raises && !(ruled.signal && ruled.signal->armed)) {
			record_signal(c, &ruled, NULL, "nothing: the zone is not armed");
			return;
		}
	}
	raise_cause(c, &ruled, &cause);
}

void raise_cause(struct context *c, const struct reading *r, struct cause *cause)
{
	bool confirmed = false, fresh;
	if (is_silenced(c, r, &confirmed)) {
		record_signal(c, r, NULL, "nothing: silenced");
		return;
	}
	if (cause->kind == INCIDENT_INTRUSION && entry_delays(c, r)) {
		record_signal(c, r, NULL, "later: the entry delay runs");
		return;
	}
	if (confirmed)
		cause->severity = SEVERITY_CRITICAL;
	const char *folded_into;
	if (chatter_folds(c, r, cause, &folded_into)) {
		record_signal(c, r, folded_into, "nothing new: it comes and goes");
		return;
	}
	struct incident *incident = incident_prepare(c, cause, &fresh);
	record_signal(c, r, incident->id, NULL);
	if (fresh)
		incident_open(c, incident, cause);
	else
		incident_join(c, incident, cause);
}

void raise_reading(struct context *c, const struct reading *r)
{
	became_active(c, r);
}

void raise_if_untold(struct context *c, uint32_t device, enum kind kind, const char *source)
{
	const struct device_state *state = &c->site->devices[device];
	struct reading r = {.device = device,
	                    .kind = kind,
	                    .active = true,
	                    .time = c->now.wall,
	                    .source = source};
	struct cause cause = reading_cause(c, &r);
	if ((state->active & ~state->settled & bit(kind)) &&
	    !incident_has_active(incident_find(c->site, &cause), c->site->def->devices[device].id,
	                         kind))
		raise_reading(c, &r);
}

/* What nobody will clear clears by itself; each time it is said again it has its whole time. */
static void will_reset(struct context *c, uint32_t device, enum kind kind, span_ms after)
{
	struct device_state *state = &c->site->devices[device];
	steady_ms due = c->now.steady + after;
	if (!after)
		return;
	struct timer *reset = &device_extra(state)->reset;
	reset->type = TIMER_RESET;
	reset->device = device;
	if (!state->fleeting || due > timer_due(reset) || !reset->place)
		timer_set(&c->site->timers, reset, due);
	if (!(state->fleeting & bit(kind)))
		touch_device(c, device);
	state->fleeting |= bit(kind);
}

/* It changes the point's state; or is a press; or alarms again after a person has dealt with it.
 * What the broker has kept is state: of a press that was dealt with it is a copy, unless it names
 * itself. */
static bool is_news(const struct device_state *state, const struct reading *r)
{
	uint32_t mask = bit(r->kind);
	bool same = (state->known & mask) && !!(state->active & mask) == r->active;
	bool settled = r->active && (state->settled & mask);
	if (r->signal && r->signal->retained)
		return !same && !(settled && !r->signal->id);
	bool press = r->active && is_press(r->signal, r->kind);
	return !same || press || (settled && kind_facts[r->kind].rearms);
}

static void take_reading(struct context *c, const struct reading *r)
{
	struct device_state *state = &c->site->devices[r->device];
	uint32_t mask = bit(r->kind);
	bool was_active = state->active & mask;
	if (!is_news(state, r))
		return;

	state->known |= mask;
	state->settled &= ~mask;
	state->active = r->active ? state->active | mask : state->active & ~mask;
	state->changed = c->now.wall;
	touch_device(c, r->device);
	if (r->active) {
		became_active(c, r);
		return;
	}
	state->fleeting &= ~mask;
	struct cause cause = reading_cause(c, r);
	const struct incident *incident = incident_find(c->site, &cause);
	record_signal(c, r, incident ? incident->id : NULL, NULL);
	rules_cleared(c, c->site->def->devices[r->device].id, r->kind);
	if (was_active)
		incident_signal_cleared(c, c->site->def->devices[r->device].id, r->kind, r->time);
}

/* It raises nothing while the test lasts; how things stand is known all the same, and what stands
 * so at its end is told. A clear ends what was told before. */
static void take_under_test(struct context *c, const struct reading *r)
{
	struct device_state *state = &c->site->devices[r->device];
	if (!r->active && is_news(state, r)) {
		take_reading(c, r);
		return;
	}
	record_signal(c, r, NULL, "nothing: the device is under walk test");
	if (!r->active || is_press(r->signal, r->kind) || r->kind == KIND_LINK ||
	    (state->active & bit(r->kind)))
		return;
	state->known |= bit(r->kind);
	state->active |= bit(r->kind);
	state->changed = c->now.wall;
	touch_device(c, r->device);
	will_reset(c, r->device, r->kind, r->signal->resets);
}

static void take_link(struct context *c, uint32_t device, bool active, const char *source)
{
	struct reading link = {.device = device,
	                       .kind = KIND_LINK,
	                       .active = active,
	                       .time = c->now.wall,
	                       .source = source};
	take_reading(c, &link);
}

/* How long it may be silent: what it says itself, where that is shorter. */
static span_ms expected(const struct context *c, uint32_t device)
{
	span_ms expect = c->site->def->devices[device].expect_every;
	span_ms own = SECONDS(c->site->devices[device].expires);
	return own && own < expect ? own : expect;
}

static bool is_excused(const struct device_state *state)
{
	return state->gone && !(state->active & bit(KIND_LINK));
}

/* It was gone behind a gateway that is gone too: nothing clears, and the record says why. */
static void is_back(struct context *c, uint32_t device)
{
	struct device_state *state = &c->site->devices[device];
	bool excused = is_excused(state);
	state->gone = false;
	touch_device(c, device);
	if (!excused)
		return;
	c->site->excused--;
	json_put_string(record(c), "source", "heard");
	record_end(c, (struct entry){.type = "device.online",
	                             .device = c->site->def->devices[device].id});
}

/* Anything a device says is a sign of life. */
static void heard(struct context *c, uint32_t device)
{
	struct device_state *state = &c->site->devices[device];
	span_ms expect = expected(c, device);
	state->heard = c->now.wall;
	if (state->gone)
		is_back(c, device);
	if (expect) {
		state->silence.type = TIMER_SILENCE;
		state->silence.device = device;
		timer_set(&c->site->timers, &state->silence, c->now.steady + expect);
	}
	if (state->active & bit(KIND_LINK)) {
		take_link(c, device, false, "heard");
		sense_excused(c);
	}
}

bool site_is_new_alarm(const struct site *site, const struct signal *signal)
{
	uint32_t device = site_def_device(site->def, signal->device);
	if (!signal->active || device == POSITION_NONE ||
	    !incident_kind_is_life_safety(kind_facts[signal->kind].raises))
		return false;
	const struct device_state *state = &site->devices[device];
	return !(state->active & ~state->settled & bit(signal->kind));
}

bool site_stands_otherwise(const struct site *site, const struct signal *signal)
{
	uint32_t device = site_def_device(site->def, signal->device);
	bool fleeting = kind_facts[signal->kind].momentary || signal->resets;
	if (device == POSITION_NONE || fleeting || signal->past || signal->test)
		return false;
	return !!(site->devices[device].active & bit(signal->kind)) != signal->active;
}

void sense_signal(struct context *c, const struct signal *signal)
{
	uint32_t device = site_def_device(c->site->def, signal->device);
	if (device == POSITION_NONE) {
		record_rejected(c, &(struct rejected){.topic = "",
		                                      .device = signal->device,
		                                      .reason = "unknown device",
		                                      .bytes = ""});
		return;
	}
	if (!signal->lifeless && !signal->retained)
		heard(c, device);
	if (signal->signed_at > device_signed_at(&c->site->devices[device])) {
		device_extra(&c->site->devices[device])->signed_at = signal->signed_at;
		touch_device(c, device);
	}
	struct reading r = {.device = device,
	                    .kind = signal->kind,
	                    .active = signal->active,
	                    .time = signal->time && !signal->time_said ? signal->time : c->now.wall,
	                    .signal = signal};
	if (signal->test || c->site->devices[device].walk_test) {
		c->site->devices[device].tested = c->now.wall;
		touch_device(c, device);
		walk_test_count(c, signal->device);
	}
	const struct device_state *state = &c->site->devices[device];
	bool is_active = state->active & bit(signal->kind),
	     known = state->known & bit(signal->kind);
	if (signal->past) {
		if (!known || is_active != signal->active)
			record_signal(c, &r, NULL, "nothing: it is past");
		return;
	}
	if (signal->test) {
		record_signal(c, &r, NULL, "nothing: a test");
		return;
	}
	if (state->walk_test) {
		take_under_test(c, &r);
		return;
	}
	take_reading(c, &r);
	if (signal->active)
		will_reset(c, device, signal->kind, signal->resets);
}

void sense_reset(struct context *c, uint32_t device)
{
	struct device_state *state = &c->site->devices[device];
	uint32_t fleeting = state->fleeting;
	state->fleeting = 0;
	touch_device(c, device);
	for (enum kind k = 0; k < KIND_COUNT; k++) {
		struct reading r = {
		        .device = device, .kind = k, .time = c->now.wall, .source = "reset"};
		if (fleeting & bit(k))
			take_reading(c, &r);
	}
}

void sense_life(struct context *c, const struct sign_of_life *life)
{
	uint32_t device = site_def_device(c->site->def, life->device);
	if (device == POSITION_NONE)
		return;
	if (life->expires > 0 && life->expires < SECONDS(UINT16_MAX))
		c->site->devices[device].expires = (uint16_t)(life->expires / 1000);
	heard(c, device);
}

static bool is_behind_the_lost(const struct context *c, const struct device *device)
{
	for (uint32_t i = 0; device->profile && i < c->site->incident_count; i++) {
		const struct incident *incident = c->site->incidents[i];
		if (incident->subject && incident_is_active(incident) &&
		    strncmp(incident->subject, "gateway:", 8) == 0 &&
		    device_is_behind(device, incident->subject + 8))
			return true;
	}
	return false;
}

/* True while what a device hangs on is gone: that is one trouble, not one for each device. */
static bool is_covered(const struct context *c, uint32_t device)
{
	const struct site_def *def = c->site->def;
	const struct device *d = &def->devices[device];
	if (c->site->deaf || is_behind_the_lost(c, d))
		return true;
	for (uint32_t depth = 0; d->gateway && depth < ZONE_DEPTH_MAX; depth++) {
		uint32_t at = site_def_device(def, d->gateway);
		if (at == POSITION_NONE)
			return false;
		d = &def->devices[at];
		if ((c->site->devices[at].active & bit(KIND_LINK)) || is_behind_the_lost(c, d))
			return true;
	}
	return false;
}

/* What it hangs on explains it: then it is looked at again when that is back. */
static void goes(struct context *c, uint32_t device)
{
	struct device_state *state = &c->site->devices[device];
	bool excused = is_excused(state);
	state->gone = true;
	if (!is_covered(c, device))
		take_link(c, device, true, "status");
	c->site->excused += is_excused(state);
	c->site->excused -= excused;
}

void sense_status(struct context *c, const struct device_status *status)
{
	uint32_t device = site_def_device(c->site->def, status->device);
	if (device == POSITION_NONE)
		return;
	struct device_state *state = &c->site->devices[device];
	bool changed = !state->online_known || state->online != status->online;
	/* Who came back without a word and is gone again; the broker's old copy does not say so. */
	bool again = !changed && !status->online && !status->retained && !state->gone;
	state->online_known = true;
	state->online = status->online;
	if (changed || again) {
		touch_device(c, device);
		struct text *data = record(c);
		if (status->lifeless)
			json_put_bool(data, "lifeless", true);
		record_end(c, (struct entry){.type = status->online ? "device.online"
		                                                    : "device.offline",
		                             .device = status->device});
	}
	if (status->online && !status->lifeless)
		heard(c, device);
	else if (!status->online && (changed || again))
		goes(c, device);
}

void sense_excused(struct context *c)
{
	for (uint32_t i = 0; c->site->excused && i < c->site->def->device_count; i++) {
		if (!is_excused(&c->site->devices[i]) || is_covered(c, i))
			continue;
		c->site->excused--;
		take_link(c, i, true, "status");
	}
}

void sense_silence(struct context *c, uint32_t device)
{
	span_ms expect = expected(c, device);
	if (is_covered(c, device)) { /* when the way to it is back it has its whole time again */
		timer_set(&c->site->timers, &c->site->devices[device].silence,
		          c->now.steady + expect);
		return;
	}
	struct text *data = record(c);
	json_put_int(data, "expect_every_ms", expect);
	record_end(c, (struct entry){.type = "device.silent",
	                             .device = c->site->def->devices[device].id});
	take_link(c, device, true, "silent");
}

/* While the broker is gone nobody can be heard; then each has its whole time again. */
void hearing_changed(struct context *c, bool hears)
{
	c->site->deaf = !hears;
	for (uint32_t i = 0; hears && i < c->site->def->device_count; i++) {
		struct timer *silence = &c->site->devices[i].silence;
		if (silence->place)
			timer_set(&c->site->timers, silence, c->now.steady + expected(c, i));
	}
}

static void start_extra(struct context *c, uint32_t device)
{
	struct device_state *state = &c->site->devices[device];
	struct device_extra *extra = state->extra;
	memset(extra->turns, 0, sizeof extra->turns);
	extra->next_turn = 0;
	extra->reset.type = TIMER_RESET;
	extra->reset.device = device;
	if (state->fleeting && !extra->reset.place)
		timer_set(&c->site->timers, &extra->reset, extra->reset.due);
}

void sense_start(struct context *c)
{
	c->site->deaf = false;
	c->site->awake_since = c->now.wall;
	c->site->excused = 0;
	for (uint32_t i = 0; i < c->site->def->device_count; i++) {
		struct device_state *state = &c->site->devices[i];
		span_ms expect = c->site->def->devices[i].expect_every;
		state->silence.type = TIMER_SILENCE;
		state->silence.device = i;
		/* While nobody listened nothing could be heard: each has its whole time again. */
		if (expect && !(state->active & bit(KIND_LINK)))
			timer_set(&c->site->timers, &state->silence, c->now.steady + expect);
		else
			timer_stop(&c->site->timers, &state->silence);
		/* Not stored: each start looks anew, as the record happening again does. */
		state->armed = false;
		c->site->excused += is_excused(state);
		if (state->extra)
			start_extra(c, i);
	}
}

#define REJECTED_KEPT 256

void record_rejected(struct context *c, const struct rejected *rejected)
{
	struct text head = {0};
	text_add_escaped(&head, rejected->bytes,
	                 rejected->len < REJECTED_KEPT ? rejected->len : REJECTED_KEPT);
	struct text topic = {0};
	text_add_escaped(&topic, rejected->topic, strlen(rejected->topic));
	struct text *data = record(c);
	json_put_string(data, "topic", text_get(&topic));
	json_put_string(data, "reason", rejected->reason);
	json_put_int(data, "bytes", (int64_t)(rejected->len + rejected->cut));
	json_put_string(data, "head", text_get(&head));
	record_end(c, (struct entry){.type = "rejected", .device = rejected->device});
	text_finish(&head);
	text_finish(&topic);
}
