/* What a site is made of and how it is: devices, zones, people, who is told. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "base/mem.h"
#include "review/duty_view.h"
#include "review/exchange.h"
#include "review/outputs_view.h"
#include "review/pager.h"
#include "review/reach.h"
#include "review/reading.h"
#include "review/unknown.h"
#include "review/views.h"
#include "review/who.h"
#include "review/who_gaps.h"

#define DEVICES_DEFAULT 1000
#define DEVICES_MAX 10000
#define LIST_MAX 10000 /* of zones, of people */

static void open_items(struct text *out)
{
	json_open(out, NULL, '{');
	json_open(out, "items", '[');
}

static void close_items(struct text *out)
{
	json_close(out, ']');
	json_put_null(out, "next");
	json_close(out, '}');
}

/* The site at a position of the walk over those that were asked for: all, or one. */
static const struct site *next_site(struct exchange *ex, const struct site *only, uint32_t i)
{
	const struct review_service *service = &ex->server->service;
	if (only)
		return i == 0 ? only : NULL;
	return service->site_at(service->ctx, i);
}

/* ---- devices ---- */

struct device_page {
	struct text out;
	struct pager pager;
	wall_ms tested_before; /* or not at all */
};

static bool zone_fits(const struct site_def *def, uint32_t zone, const char *wanted)
{
	if (!wanted)
		return true;
	uint32_t around = site_def_zone(def, wanted);
	return around != POSITION_NONE && zone_is_within(def, zone, around);
}

static void add_device(struct device_page *page, const struct site *site, uint32_t i)
{
	const struct device_state *state = &site->devices[i];
	const struct device_row row = {.site = site->def->id,
	                               .id = site->def->devices[i].id,
	                               .active = state->active,
	                               .known = state->known,
	                               .online = !state->gone,
	                               .online_known = state->online_known,
	                               .heard = state->heard,
	                               .changed = state->changed,
	                               .tested = state->tested,
	                               .walk_test = state->walk_test};
	view_device(&page->out, NULL, site->def, i, &row);
}

static void add_devices(struct device_page *page, const struct site *site, const char *zone)
{
	const struct site_def *def = site->def;
	for (uint32_t i = 0; i < def->device_count && pager_goes_on(&page->pager); i++)
		if (zone_fits(def, def->devices[i].zone, zone) &&
		    site->devices[i].tested <= page->tested_before &&
		    pager_takes(&page->pager, def->id, def->devices[i].id))
			add_device(page, site, i);
}

static bool zone_exists(struct exchange *ex, const struct site *only, const char *zone)
{
	const struct site *site;
	for (uint32_t i = 0; (site = next_site(ex, only, i)); i++)
		if (site_def_zone(site->def, zone) != POSITION_NONE)
			return true;
	exchange_problem(ex, 400, "there is no zone '%.64s'; see /api/v1/zones", zone);
	return false;
}

void api_devices(struct exchange *ex)
{
	const struct site *only, *site;
	struct device_page page = {.tested_before = NEVER};
	const char *zone = exchange_query(ex, "zone");
	/* untested=30d: not tested since then. */
	if (!exchange_query_site(ex, &only) ||
	    !exchange_query_time(ex, "untested", &page.tested_before) ||
	    !pager_read(ex, &page.pager, DEVICES_DEFAULT, DEVICES_MAX) ||
	    (zone && !zone_exists(ex, only, zone)))
		return;
	pager_open(&page.pager, &page.out);
	for (uint32_t i = 0; (site = next_site(ex, only, i)); i++)
		add_devices(&page, site, zone);
	pager_answer(ex, &page.pager, &page.out);
}

/* ---- what is read beside the loop: of one site or of all ---- */

struct site_reading {
	struct reading reading;
	struct site_def **sites; /* NULL behind the last */
	struct pager pager;
};

static void finish_site_reading(struct reading *reading)
{
	free(((struct site_reading *)reading)->sites);
}

static int read_unknown(struct reading *reading, struct store *store)
{
	const struct site_reading *of = (const struct site_reading *)reading;
	struct text *out = &reading->out;
	struct unknowns all = {0};
	int r = 0;
	for (uint32_t i = 0; r >= 0 && of->sites[i]; i++)
		r = unknowns_add(&all, store, of->sites[i]);
	open_items(out);
	for (uint32_t i = 0; i < all.count; i++)
		unknown_write_json(out, &all.items[i]);
	close_items(out);
	unknowns_finish(&all);
	return r;
}

void api_unknown_devices(struct exchange *ex)
{
	static const struct reading_type type = {read_unknown, NULL, finish_site_reading};
	const struct site *only;
	if (!exchange_query_site(ex, &only))
		return;
	struct site_reading *of = NEW(struct site_reading);
	of->sites = exchange_site_defs(ex, only);
	exchange_read(ex, &of->reading, &type);
}

static int read_people(struct reading *reading, struct store *store)
{
	struct site_reading *of = (struct site_reading *)reading;
	pager_open(&of->pager, &reading->out);
	for (uint32_t i = 0; of->sites[i] && pager_goes_on(&of->pager); i++) {
		const struct site_def *def = of->sites[i];
		int error;
		struct reach *reach = reach_load(store, def, &error);
		if (!reach)
			return error;
		for (uint32_t person = 0; person < def->person_count; person++)
			if (pager_takes(&of->pager, def->id, def->people[person].id))
				reach_write_person(&reading->out, def, person, reach);
		free(reach);
	}
	return 0;
}

static void answer_people(struct exchange *ex, struct reading *reading)
{
	if (reading->result < 0)
		exchange_unreadable(ex, reading->result);
	else
		pager_answer(ex, &((struct site_reading *)reading)->pager, &reading->out);
}

/* Names and channels only: how to reach a person is nobody's business here. */
void api_people(struct exchange *ex)
{
	static const struct reading_type type = {read_people, answer_people, finish_site_reading};
	const struct site *only;
	struct pager pager;
	if (!exchange_query_site(ex, &only) || !pager_read(ex, &pager, LIST_MAX, LIST_MAX))
		return;
	struct site_reading *of = NEW(struct site_reading);
	of->sites = exchange_site_defs(ex, only);
	of->pager = pager;
	exchange_read(ex, &of->reading, &type);
}

/* ---- zones and outputs ---- */

static struct in_force by_hand(const struct site *site)
{
	return (struct in_force){site->standings, site->standing_count};
}

static void put_zone(struct text *out, const struct site *site, uint32_t i, wall_ms now)
{
	const struct site_def *def = site->def;
	const struct in_force in_force = by_hand(site);
	const struct zone *zone = &def->zones[i];
	json_open(out, NULL, '{');
	json_put_string(out, "site", def->id);
	json_put_string(out, "id", zone->id);
	json_put_string(out, "name", zone->name);
	json_put_string(out, "in", zone->in == POSITION_NONE ? NULL : def->zones[zone->in].id);
	view_person(out, "owner", def, site_def_zone_owner(def, i));
	json_put_bool(out, "armed", zone_is_armed_then(def, &in_force, i, now));
	json_close(out, '}');
}

void api_zones(struct exchange *ex)
{
	const struct review_service *service = &ex->server->service;
	wall_ms now = service->now(service->ctx).wall;
	const struct site *only, *site;
	struct text out = {0};
	struct pager pager;
	if (!exchange_query_site(ex, &only) || !pager_read(ex, &pager, LIST_MAX, LIST_MAX))
		return;
	pager_open(&pager, &out);
	for (uint32_t i = 0; (site = next_site(ex, only, i)); i++)
		for (uint32_t zone = 0; zone < site->def->zone_count && pager_goes_on(&pager);
		     zone++)
			if (pager_takes(&pager, site->def->id, site->def->zones[zone].id))
				put_zone(&out, site, zone, now);
	pager_answer(ex, &pager, &out);
}

void api_outputs(struct exchange *ex)
{
	const struct site *only, *site;
	struct text out = {0};
	if (!exchange_query_site(ex, &only))
		return;
	open_items(&out);
	for (uint32_t i = 0; (site = next_site(ex, only, i)); i++) {
		int r = outputs_write(ex->server->service.store, site->def, &out);
		if (r < 0) {
			exchange_unreadable(ex, r);
			text_finish(&out);
			return;
		}
	}
	close_items(&out);
	exchange_json(ex, 200, &out);
	text_finish(&out);
}

/* ---- who would be told ---- */

void api_who(struct exchange *ex)
{
	const struct review_service *service = &ex->server->service;
	wall_ms at = service->now(service->ctx).wall;
	const char *kind = exchange_query(ex, "kind"), *zone = exchange_query(ex, "zone");
	const struct site *site;
	struct problem why = {""};
	struct text out = {0};
	if (!exchange_query_one_site(ex, &site) || !exchange_query_time(ex, "at", &at))
		return;
	const char *gaps = exchange_query(ex, "gaps");
	uint64_t weeks = WEEKS_DEFAULT;
	if (!exchange_query_uint(ex, "weeks", 1, WEEKS_MAX, &weeks))
		return;
	if (gaps && strcmp(gaps, "true") == 0) {
		who_gaps_write_json(&out, site->def, &site->duty, at, (uint32_t)weeks);
		exchange_json(ex, 200, &out);
		text_finish(&out);
		return;
	}
	if (!kind || !zone) {
		exchange_problem(ex, 400, "the parameter '%s' is needed; try ?kind=smoke&zone=%s",
		                 kind ? "zone" : "kind",
		                 site->def->zone_count ? site->def->zones[0].id : "ZONE");
		return;
	}
	const struct in_force in_force = by_hand(site);
	struct who_asked asked = {
	        .word = kind, .zone = zone, .at = at, .now = service->now(service->ctx).wall};
	if (who_write_json(&out, site->def, &site->duty, &in_force, &asked, &why) < 0)
		exchange_problem(ex, 400, "%s", why.text);
	else
		exchange_json(ex, 200, &out);
	text_finish(&out);
}

/* ---- status ---- */

static void put_site_status(struct text *out, const struct store *store, const struct site *site)
{
	uint32_t states[STATE_COUNT] = {0}, silent = 0, heard = 0;
	wall_ms last_heard = 0;
	for (uint32_t i = 0; i < site->incident_count; i++)
		states[site->incidents[i]->state]++;
	for (uint32_t i = 0; i < site->def->device_count; i++) {
		silent += (site->devices[i].active >> KIND_LINK) & 1;
		heard += site->devices[i].heard != 0;
		if (site->devices[i].heard > last_heard)
			last_heard = site->devices[i].heard;
	}
	struct ledger_head head = store_head(store, site->store_id);
	struct text hash = {0};
	text_add_hex(&hash, head.hash, sizeof head.hash);

	json_open(out, NULL, '{');
	json_put_string(out, "id", site->def->id);
	json_put_string(out, "name", site->def->name);
	json_put_string(out, "language", site->def->language);
	json_put_string(out, "timezone", site->def->timezone.name);
	json_put_string(out, "config", site->def->hash);
	json_open(out, "incidents", '{');
	json_put_int(out, "open", states[STATE_OPEN]);
	json_put_int(out, "acknowledged", states[STATE_ACKNOWLEDGED]);
	json_close(out, '}');
	json_open(out, "devices", '{');
	json_put_int(out, "count", site->def->device_count);
	json_put_int(out, "heard", heard);
	json_put_int(out, "silent", silent);
	if (last_heard)
		json_put_time(out, "last_heard", last_heard);
	else
		json_put_null(out, "last_heard");
	json_close(out, '}');
	json_put_int(out, "notifications", site->notification_count);
	json_open(out, "ledger", '{');
	json_put_int(out, "seq", (int64_t)head.seq);
	json_put_string(out, "head", hash.at);
	json_close(out, '}');
	json_close(out, '}');
	text_finish(&hash);
}

void api_status(struct exchange *ex)
{
	const struct review_service *service = &ex->server->service;
	const struct site *site;
	struct problem why = {""};
	struct text out = {0};
	bool ready = service->ready(service->ctx, &why);
	json_open(&out, NULL, '{');
	json_put_string(&out, "version", TOCSIN_VERSION);
	json_put_time(&out, "now", service->now(service->ctx).wall);
	json_put_bool(&out, "ready", ready);
	if (!ready)
		json_put_string(&out, "why", why.text);
	json_open(&out, "broker", '{');
	json_put_bool(&out, "connected", service->broker_connected(service->ctx));
	json_close(&out, '}');
	json_open(&out, "store", '{');
	bool writable = service->store_writable(service->ctx, &why);
	json_put_bool(&out, "writable", writable);
	if (!writable)
		json_put_string(&out, "why", why.text);
	json_close(&out, '}');
	json_put_int(&out, "streams", ex->server->stream_count);
	json_open(&out, "sites", '[');
	for (uint32_t i = 0; (site = service->site_at(service->ctx, i)); i++)
		put_site_status(&out, service->store, site);
	json_close(&out, ']');
	json_open(&out, "token", '{');
	json_put_string(&out, "name", ex->grant.name);
	json_put_string(&out, "role", role_name(ex->grant.role));
	json_close(&out, '}');
	json_close(&out, '}');
	exchange_json(ex, 200, &out);
	text_finish(&out);
}

/* ---- signs of life of other systems, supervised like a device ---- */

static void finish_heartbeat(struct exchange *ex, int result, const struct incident *incident,
                             const char *site_id, const struct problem *why)
{
	(void)incident;
	if (result < 0) {
		exchange_refuse(ex, result, why);
		return;
	}
	struct text out = {0};
	json_open(&out, NULL, '{');
	json_put_string(&out, "site", site_id);
	json_put_string(&out, "device", ex->finish_ctx);
	json_put_string(&out, "state", "heard");
	json_close(&out, '}');
	exchange_json(ex, 200, &out);
	text_finish(&out);
}

void api_heartbeat(struct exchange *ex)
{
	const struct site *site;
	if (!exchange_query_one_site(ex, &site))
		return;
	if (site_def_device(site->def, ex->id) == POSITION_NONE) {
		exchange_problem(ex, 404, "no device '%.64s': add it to the site's devices",
		                 ex->id);
		return;
	}
	const struct operation operation = {.type = OPERATION_HEARTBEAT,
	                                    .via = "api",
	                                    .device = ex->id,
	                                    .kind = INCIDENT_KIND_NONE,
	                                    .severity = SEVERITY_NONE};
	exchange_submit(ex, site->def->id, &operation, finish_heartbeat, mem_copy(ex->id), free);
}
