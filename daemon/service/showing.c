/* What listeners at the broker are shown: each open incident as a retained message, and to devices
 * that their signals are on disk.
 *
 * A broker that keeps its queue on disk takes a few hundred messages a second, and while it works
 * on ours it does not bring us the next alarm. So little of ours is ever under way: an incident
 * that has changed stands in a line, once, however often it changes meanwhile, and is shown as it
 * is when its turn comes. Past the line goes what opens, is acknowledged or ends of fire, gas and
 * panic, as sirens listen there, and what devices wait for.
 */
#include <stdlib.h>
#include <string.h>

#include "app.h"
#include "base/json.h"

/* Publishes that the broker has not confirmed (broker_unconfirmed): with more, the line stands, or
 * devices wait. libmosquitto has 20 under way at a time and walks through the rest at each publish.
 */
#define LINE_AHEAD_MAX 32
#define ACKS_AHEAD_MAX 500
#define ACKS_MAX 20000                   /* to devices, that wait */
#define ACK_BYTES_MAX ((size_t)16 << 20) /* of those: an id may be as long as a message */

static void show(struct app *app, const struct site *site, const char *id)
{
	const struct incident *incident = site_incident(site, id);
	struct text topic = {0}, body = {0};
	text_addf(&topic, "tocsin/%s/incident/%s", site->def->id, id);
	if (incident && incident->state != STATE_RESOLVED)
		incident_write_json(&body, NULL, site->def, site->def->id, incident);
	broker_publish(app_voice(app), text_get(&topic), text_get(&body), body.len, 1, true);
	text_finish(&topic);
	text_finish(&body);
}

/* ---- the line ---- */

static const char *shown_id(const void *items, uint32_t i)
{
	return ((const struct shown *)items)[i].id;
}

static void forget_line(struct showing *showing)
{
	showing->count = showing->line_count = showing->line_next = 0;
	index_finish(&showing->index);
}

static void stand_in_line(struct showing *showing, uint32_t site, const struct incident *incident)
{
	uint32_t at = index_find(&showing->index, incident->id, shown_id, showing->items);
	if (at == INDEX_NONE) {
		MEM_RESERVE(showing->items, showing->count, showing->cap);
		at = showing->count++;
		showing->items[at].site = site;
		memcpy(showing->items[at].id, incident->id, sizeof incident->id);
		index_add(&showing->index, at, shown_id, showing->items);
	} else if (showing->items[at].waits) {
		return;
	}
	showing->items[at].waits = true;
	MEM_RESERVE(showing->line, showing->line_count, showing->line_cap);
	showing->line[showing->line_count++] = at;
}

static void line_moves_on(struct app *app)
{
	struct showing *showing = &app->showing;
	struct broker *voice = app_voice(app);
	while (showing->line_next < showing->line_count &&
	       broker_unconfirmed(voice) < LINE_AHEAD_MAX) {
		struct shown *shown = &showing->items[showing->line[showing->line_next++]];
		shown->waits = false;
		show(app, app->sites[shown->site].site, shown->id);
	}
	if (showing->line_next == showing->line_count)
		forget_line(showing);
}

static bool is_of_life_safety(const struct incident *incident)
{
	return incident_kind_is_life_safety(incident->kind);
}

void showing_end_line(struct app *app)
{
	struct showing *showing = &app->showing;
	for (; showing->line_next < showing->line_count; showing->line_next++) {
		const struct shown *shown = &showing->items[showing->line[showing->line_next]];
		const struct site *site = app->sites[shown->site].site;
		const struct incident *incident = site_incident(site, shown->id);
		if (!incident || incident->state == STATE_RESOLVED)
			show(app, site, shown->id);
	}
	forget_line(showing);
}

void showing_all(struct app *app)
{
	showing_end_line(app);
	for (int first = 1; first >= 0; first--)
		for (uint32_t i = 0; i < app->site_count; i++) {
			const struct site *site = app->sites[i].site;
			for (uint32_t k = 0; k < site->incident_count; k++)
				if (is_of_life_safety(site->incidents[k]) == (bool)first &&
				    !site->incidents[k]->silent)
					stand_in_line(&app->showing, i, site->incidents[k]);
		}
	line_moves_on(app);
}

/* Of a fire, gas or panic: what a siren acts on. */
static bool is_a_turn(const struct incident *incident, struct moment now)
{
	return is_of_life_safety(incident) && (incident->opened.steady == now.steady ||
	                                       incident->acknowledged.steady == now.steady ||
	                                       incident->resolved.steady == now.steady);
}

void showing_changed(struct app *app, struct moment now)
{
	for (uint32_t i = 0; i < app->site_count; i++) {
		const struct plan *plan = &app->sites[i].plan;
		for (uint32_t k = 0; k < plan->incident_count; k++) {
			const struct incident *incident = plan->incidents[k];
			if (incident->silent)
				continue;
			if (is_a_turn(incident, now))
				show(app, app->sites[i].site, incident->id);
			else
				stand_in_line(&app->showing, i, incident);
		}
	}
}

/* ---- to devices ---- */

void showing_device_ack(struct app *app, const char *site, const char *device, const char *id)
{
	struct showing *showing = &app->showing;
	struct text topic = {0}, body = {0};
	if (showing->ack_count - showing->ack_first >= ACKS_MAX ||
	    showing->ack_bytes > ACK_BYTES_MAX)
		return; /* the device says it again, and is told then */
	text_addf(&topic, "tocsin/%s/device/%s/ack", site, device);
	json_open(&body, NULL, '{');
	json_put_string(&body, "id", id);
	json_close(&body, '}');
	showing->ack_bytes += body.len;
	MEM_RESERVE(showing->acks, showing->ack_count, showing->ack_cap);
	showing->acks[showing->ack_count++] = (struct device_ack){.topic = text_take(&topic),
	                                                          .body = text_take(&body)};
}

static void forget_ack(struct showing *showing, struct device_ack *ack)
{
	if (ack->body)
		showing->ack_bytes -= strlen(ack->body);
	free(ack->topic);
	free(ack->body);
	*ack = (struct device_ack){0};
}

/* Those at the front that the broker has make room. */
static void close_up(struct showing *showing)
{
	while (showing->ack_first < showing->ack_said && !showing->acks[showing->ack_first].topic)
		showing->ack_first++;
	if (showing->ack_first < ACKS_MAX && showing->ack_first < showing->ack_count)
		return;
	memmove(showing->acks, showing->acks + showing->ack_first,
	        (showing->ack_count - showing->ack_first) * sizeof *showing->acks);
	showing->ack_said -= showing->ack_first;
	showing->ack_count -= showing->ack_first;
	showing->ack_first = 0;
}

static void release_device_acks(struct app *app)
{
	struct showing *showing = &app->showing;
	for (; showing->ack_said < showing->ack_count; showing->ack_said++) {
		struct device_ack *ack = &showing->acks[showing->ack_said];
		bool later = broker_unconfirmed(app->broker) >= ACKS_AHEAD_MAX;
		if (ack->topic &&
		    (later || !broker_publish_receipt(app->broker, ack->topic, ack->body,
		                                      strlen(ack->body), false, &ack->receipt)))
			return;
	}
}

void showing_confirmed(struct app *app, int receipt)
{
	struct showing *showing = &app->showing;
	for (uint32_t i = showing->ack_first; i < showing->ack_said; i++)
		if (showing->acks[i].topic && showing->acks[i].receipt == receipt) {
			forget_ack(showing, &showing->acks[i]);
			close_up(showing);
			return;
		}
}

void showing_begins_anew(struct app *app)
{
	app->showing.ack_said = app->showing.ack_first;
}

/* ---- after a turn ---- */

bool showing_waits(const struct app *app)
{
	return app->showing.ack_said < app->showing.ack_count || app->showing.line_count;
}

void showing_goes_on(struct app *app, bool committed)
{
	if (committed)
		release_device_acks(app);
	line_moves_on(app);
}

void showing_finish(struct app *app)
{
	struct showing *showing = &app->showing;
	for (uint32_t i = showing->ack_first; i < showing->ack_count; i++)
		forget_ack(showing, &showing->acks[i]);
	forget_line(showing);
	free(showing->items);
	free(showing->line);
	free(showing->acks);
}
