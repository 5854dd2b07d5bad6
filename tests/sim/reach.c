/* Whom a step reaches, from what the ledger says of it and from the letters that left: a step that
 * has reached nobody is skipped at once, and no other is, whatever else was pushed meanwhile. */
#include <string.h>

#include "base/json.h"
#include "books.h"

#define RECIPIENTS (CHANNEL_BIT + CHANNELS_MAX)
#define SLACK SECONDS(3) /* between the decision and the letter */

/* As service_write has them. */
static const span_ms give_up_after[CHANNELS_MAX] = {SECONDS(10), SECONDS(2),  SECONDS(5),
                                                    SECONDS(10), SECONDS(20), SECONDS(10)};

struct route {          /* to a recipient, over a channel, since something got there last */
	world_ms first; /* letter; 0: none */
	bool refused;   /* it said no, or asked for more time than it has */
};

struct reach {           /* of an incident */
	uint32_t steps;  /* that have begun */
	uint32_t to;     /* whom the running one is for */
	uint32_t told;   /* of those */
	uint32_t unsure; /* what was said to them shares another's fate */
	bool reached;    /* any of them, by what was said since it began, in the step's stead */
	bool gap;        /* it is in the record that it has failed */
	uint64_t last[RECIPIENTS];
	struct route routes[RECIPIENTS][CHANNELS_MAX];
};

static struct reach *reach_of(struct m_incident *incident)
{
	if (!incident->reach)
		incident->reach = NEW(struct reach);
	return incident->reach;
}

static struct route *route_of(const struct m_note *note, uint32_t contact)
{
	struct reach *reach = reach_of(&m_incidents[note->incident - 1]);
	return &reach->routes[note->to][note->channels[contact]];
}

static void note_letter(const struct m_note *note, uint32_t contact)
{
	struct route *route = route_of(note, contact);
	world_ms first = note->contacts[contact].first;
	if (first && (!route->first || first < route->first))
		route->first = first;
}

/* One that leaves unlogged is in the books only later. */
void reach_letter(struct m_note *note, uint32_t contact)
{
	if (!note->contacts[contact].first)
		note->contacts[contact].first = world.now;
	if (note->recorded && note->incident)
		note_letter(note, contact);
}

void reach_step(struct m_incident *incident, const cJSON *to)
{
	struct reach *reach = reach_of(incident);
	const cJSON *one;
	reach->steps++;
	reach->to = reach->told = reach->unsure = 0;
	reach->reached = reach->gap = false;
	cJSON_ArrayForEach (one, to)
		reach->to |= UINT32_C(1) << m_recipient(incident->site, json_string(one, "kind"),
		                                        json_string(one, "id"));
}

static bool all_refused(const struct m_note *note)
{
	return note->refused == (UINT32_C(1) << note->channel_count) - 1;
}

void reach_notification(struct m_incident *incident, struct m_note *note, const cJSON *data)
{
	struct reach *reach = reach_of(incident);
	uint32_t bit = UINT32_C(1) << note->to;
	const cJSON *channel;
	bool digest = false;
	(void)!json_bool(data, "digest", &digest);
	cJSON_ArrayForEach (channel, json_get(data, "channels"))
		note->channels[note->channel_count++] = (uint8_t)channel_number(
		        channel->valuestring);
	for (uint32_t i = 0; i < note->channel_count; i++)
		note_letter(note, i);
	/* Of the step all has failed for them: what is said later is not of the step any more. */
	if ((reach->told & bit) && all_refused(m_note_get(incident->site, reach->last[note->to])))
		return;
	/* A digest carries it; or it is one of several presses, beside each other under way. */
	if (digest || (incident->pressed && (reach->told & bit)))
		reach->unsure |= bit;
	note->step = reach->steps;
	reach->told |= bit;
	reach->last[note->to] = note->number;
}

void reach_delivery(struct m_note *note, const cJSON *data)
{
	struct reach *reach = reach_of(&m_incidents[note->incident - 1]);
	const char *result = json_string(data, "result");
	int64_t contact = 0, asked = 0;
	(void)!json_int(data, "contact", &contact);
	(void)!json_int(data, "retry_after_ms", &asked);
	if (strcmp(result, "accepted") == 0) {
		reach->reached |= note->step == reach->steps && reach->to >> note->to & 1;
		if (note->number == reach->last[note->to])
			memset(reach->routes[note->to], 0, sizeof reach->routes[note->to]);
		return;
	}
	bool refused = strcmp(result, "refused") == 0;
	note->refused |= (uint32_t)refused << contact;
	route_of(note, (uint32_t)contact)->refused |= refused || asked;
}

/* Each contact has said no, or has had its time. */
static bool has_failed(const struct m_incident *incident, int to, world_ms at)
{
	const struct reach *reach = incident->reach;
	const struct m_note *note = m_note_get(incident->site, reach->last[to]);
	for (uint32_t i = 0; i < note->channel_count; i++) {
		const struct route *route = &reach->routes[to][note->channels[i]];
		span_ms time = give_up_after[note->channels[i]];
		/* What was due while nobody ran may have left only now. */
		bool excused = at < world.up_since + time + SLACK ||
		               (world.woke && at < world.woke + SECONDS(60) + time + SLACK);
		if (!route->refused && !excused &&
		    !(route->first && at >= route->first + time - SLACK))
			return false;
	}
	return true;
}

void reach_gap(struct m_incident *incident, world_ms at)
{
	struct reach *reach = reach_of(incident);
	reach->gap = true;
	if (reach->reached)
		broken("%s: step %u is skipped, and it has reached somebody", incident->id,
		       reach->steps);
	for (int to = 0; to < RECIPIENTS; to++)
		if ((reach->to & ~reach->unsure) >> to & 1 && !has_failed(incident, to, at))
			broken("%s: step %u is skipped while recipient %d is still being told",
			       incident->id, reach->steps, to);
	world.counts.steps_failed++;
}

void reach_check(void)
{
	uint32_t open;
	const uint32_t *at = m_incidents_open(&open);
	for (uint32_t i = 0; i < open; i++) {
		const struct m_incident *incident = &m_incidents[at[i]];
		const struct reach *reach = incident->reach;
		if (incident->state != STATE_OPEN || !reach || !reach->to || reach->reached ||
		    reach->gap)
			continue;
		uint32_t refused = 0;
		for (int to = 0; to < RECIPIENTS; to++) {
			if (!((reach->to & reach->told & ~reach->unsure) >> to & 1))
				continue;
			const struct m_note *note = m_note_get(incident->site, reach->last[to]);
			refused |= (uint32_t)all_refused(note) << to;
		}
		if (refused == reach->to)
			broken("%s: step %u has reached nobody, and nobody else is told",
			       incident->id, reach->steps);
	}
}
