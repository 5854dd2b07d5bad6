#include "decide/outputs.h"

#include <stdlib.h>
#include <string.h>

#include "decide/core.h"

struct output_state *output_state_create(void)
{
	return NEW(struct output_state);
}

void output_state_destroy(struct output_state *state)
{
	if (!state)
		return;
	free((char *)state->id);
	free((char *)state->topic);
	free((char *)state->on);
	free((char *)state->off);
	free((char *)state->incident);
	free(state);
}

void site_adopt_output(struct site *site, struct output_state *state)
{
	MEM_RESERVE(site->outputs, site->output_count, site->output_cap);
	site->outputs[site->output_count++] = state;
}

static struct output_state *find_state(const struct site *site, const char *id)
{
	for (uint32_t i = 0; i < site->output_count; i++)
		if (strcmp(site->outputs[i]->id, id) == 0)
			return site->outputs[i];
	return NULL;
}

static const struct output *find_output(const struct site_def *def, const char *id)
{
	for (uint32_t i = 0; i < def->output_count; i++)
		if (strcmp(def->outputs[i].id, id) == 0)
			return &def->outputs[i];
	return NULL;
}

/* ---- what it answers to ---- */

static bool is_trigger(const struct incident_signal *signal)
{
	return kind_facts[signal->kind].raises != INCIDENT_TROUBLE &&
	       kind_facts[signal->kind].raises != INCIDENT_TAMPER;
}

/* Different devices, and a person who reports it counts as one: one detector that speaks twice, as
 * smoke and as heat, is one. */
static bool has_triggers(const struct incident *incident, uint32_t wanted)
{
	uint32_t count = incident->reported_by ? 1 : 0;
	for (uint32_t i = 0; i < incident->signal_count && count < wanted; i++) {
		bool counted = !is_trigger(&incident->signals[i]);
		for (uint32_t k = 0; k < i && !counted; k++)
			counted = is_trigger(&incident->signals[k]) &&
			          strcmp(incident->signals[k].device,
			                 incident->signals[i].device) == 0;
		count += !counted;
	}
	return count >= wanted;
}

static bool kind_fits(const struct output *output, const struct incident *incident)
{
	return output->kind == INCIDENT_KIND_NONE ? incident->kind != INCIDENT_TROUBLE
	                                          : output->kind == incident->kind;
}

/* By the zones as they are, or as they were when it opened: who moves or renames them while it
 * burns silences no siren. If the file knows the incident's zone no more, what is on stays on. */
static bool zone_fits(const struct site *site, const struct output *output,
                      const struct incident *incident)
{
	const struct site_def *def = site->def;
	const struct output_state *state = find_state(site, output->id);
	uint32_t zone = site_def_zone(def, incident->zone);
	if (output->zone == POSITION_NONE)
		return true;
	for (uint32_t i = 0; i < incident->zone_depth; i++)
		if (strcmp(incident->zone_path[i], def->zones[output->zone].id) == 0)
			return true;
	if (zone != POSITION_NONE)
		return zone_is_within(def, zone, output->zone);
	return state && state->is_on && strcmp(state->incident, incident->id) == 0;
}

/* Of a silent incident nothing that can be heard or seen may tell. */
static bool answers(const struct site *site, const struct output *output,
                    const struct incident *incident)
{
	if (incident->state == STATE_RESOLVED || incident->silent ||
	    (incident->drill && !output->drills) ||
	    (output->until_acknowledged && incident->state == STATE_ACKNOWLEDGED) ||
	    incident->severity < output->least || !kind_fits(output, incident) ||
	    !zone_fits(site, output, incident))
		return false;
	return output->triggers < 2 || has_triggers(incident, output->triggers);
}

static const struct incident *reason_of(const struct site *site, const struct output *output)
{
	for (uint32_t i = 0; i < site->incident_count; i++)
		if (answers(site, output, site->incidents[i]))
			return site->incidents[i];
	return NULL;
}

/* ---- switching ---- */

static void switch_to(struct context *c, struct output_state *state, bool on, const char *why)
{
	state->is_on = on;
	state->told = false;
	state->number++;
	state->changed = c->now;
	touch_output(c, state);
	struct text *data = record(c);
	json_put_string(data, "output", state->id);
	json_put_string(data, "state", on ? "on" : "off");
	json_put_string(data, "topic", state->topic);
	if (why)
		json_put_string(data, "why", why);
	record_end(c, (struct entry){.type = "output", .incident = state->incident});
}

/* The file may meanwhile say another topic, or other commands. */
static bool has_words(const struct output_state *state, const struct output *output)
{
	return strcmp(state->topic, output->topic) == 0 && strcmp(state->on, output->on) == 0 &&
	       strcmp(state->off, output->off) == 0 && state->retain == output->retain;
}

static void switch_on(struct context *c, const struct output *output,
                      const struct incident *incident)
{
	struct output_state *state = find_state(c->site, output->id);
	if (state && (state->is_on || (!state->told && !has_words(state, output))))
		return; /* the end must arrive where the beginning did */
	if (!state) {
		state = output_state_create();
		own(&state->id, output->id);
		site_adopt_output(c->site, state);
	}
	own(&state->topic, output->topic);
	own(&state->on, output->on);
	own(&state->off, output->off);
	state->retain = output->retain;
	own(&state->incident, incident->id);
	switch_to(c, state, true, incident->drill ? "drill" : NULL);
}

static const char *why_off(const struct site *site, const struct output_state *state)
{
	const struct incident *incident = site_incident(site, state->incident);
	const struct output *output = find_output(site->def, state->id);
	if (!output)
		return "no longer in the site file";
	if (!has_words(state, output))
		return "has another topic or other commands";
	if (incident && incident->state == STATE_ACKNOWLEDGED)
		return "acknowledged";
	return !incident || incident->state == STATE_RESOLVED ? "resolved"
	                                                      : "no longer fits the site file";
}

void outputs_follow(struct context *c)
{
	struct site *site = c->site;
	if (!site->outputs_due)
		return;
	site->outputs_due = false;
	for (uint32_t i = 0; i < site->def->output_count; i++) {
		const struct incident *incident = reason_of(site, &site->def->outputs[i]);
		if (incident)
			switch_on(c, &site->def->outputs[i], incident);
	}
	for (uint32_t i = 0; i < site->output_count; i++) {
		struct output_state *state = site->outputs[i];
		const struct output *output = find_output(site->def, state->id);
		if (state->is_on &&
		    (!output || !has_words(state, output) || !reason_of(site, output)))
			switch_to(c, state, false, why_off(site, state));
	}
}

void output_told(struct context *c, const struct output_told *told)
{
	struct output_state *state = find_state(c->site, told->output);
	if (!state || state->told || state->number != told->number)
		return;
	state->told = true;
	c->site->outputs_due |= !state->is_on; /* what has other words now may go on with them */
	touch_output(c, state);
	struct text *data = record(c);
	json_put_string(data, "output", state->id);
	json_put_string(data, "state", state->is_on ? "on" : "off");
	json_put_bool(data, "delivered", true);
	json_put_int(data, "after_ms", c->now.steady - state->changed.steady);
	record_end(c, (struct entry){.type = "output", .incident = state->incident});
}
