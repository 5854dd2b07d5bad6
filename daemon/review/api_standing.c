/* What stands for a while: what people do with it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "review/exchange.h"
#include "review/when.h"

/* ---- acting ---- */

static void finish_standing(struct exchange *ex, int result, const struct incident *incident,
                            const char *site_id, const struct problem *why)
{
	(void)incident;
	if (result < 0 || !ex->made) {
		exchange_refuse(ex, result, why);
		return;
	}
	struct text out = {0};
	standing_write_json(&out, NULL, site_id, ex->made);
	exchange_json(ex, 200, &out);
	text_finish(&out);
}

/* The live site in which it stands, or NULL after a 404, or a 409 where it is over. */
static const struct site *site_of_standing(struct exchange *ex, enum standing_type type)
{
	const struct review_service *service = &ex->server->service;
	const struct site *site;
	for (uint32_t i = 0; (site = service->site_at(service->ctx, i)); i++) {
		const struct standing *s = site_standing(site, ex->id);
		if (s && s->type == type)
			return site;
	}
	exchange_problem(ex, 404, "there is no %s '%.96s' now", standing_type_name(type), ex->id);
	return NULL;
}

/* ---- beginning ---- */

/* "for": "30m", or "until": a time; the span keeps its value where neither is given. */
static bool read_span(struct exchange *ex, const cJSON *body, struct operation *operation)
{
	const struct review_service *service = &ex->server->service;
	const char *span, *until;
	wall_ms at;
	if (!exchange_member(ex, body, "for", false, ID_MAX, &span) ||
	    !exchange_member(ex, body, "until", false, ID_MAX, &until))
		return false;
	if (span && until) {
		exchange_problem(ex, 400, "give 'for' or 'until', not both");
		return false;
	}
	if (span && text_parse_span(span, &operation->span) < 0) {
		exchange_problem(ex, 400, "for: '%.64s' is no duration; write it like 30m, 8h, 2d",
		                 span);
		return false;
	}
	/* Only a walk test ends by it. */
	if (span && !operation->span && operation->type != OPERATION_WALK_TEST) {
		exchange_problem(ex, 400,
		                 "for: '%.64s' is no time at all; write it like 30m, 8h, 2d", span);
		return false;
	}
	wall_ms now = service->now(service->ctx).wall;
	const char *site = json_string(body, "site");
	if (until && when_parse(until, now, exchange_timezone(ex, site), &at) < 0) {
		exchange_problem(ex, 400, "until: '%.64s' is no time; allowed: %s", until,
		                 WHEN_FORMS);
		return false;
	}
	if (until)
		operation->span = at - now;
	if (until && operation->span <= 0) {
		exchange_problem(ex, 400, "until: '%.64s' has passed", until);
		return false;
	}
	return true;
}

#define ACT_MEMBERS "by, note"

/* Accepts, changes or ends what stands. */
static void act_on_standing(struct exchange *ex, enum standing_type type,
                            enum operation_type operation_type, const char *allowed)
{
	struct operation operation = {.type = operation_type,
	                              .via = "api",
	                              .standing = ex->id,
	                              .kind = INCIDENT_KIND_NONE,
	                              .severity = SEVERITY_NONE};
	cJSON *body = exchange_body(ex, allowed);
	if (!body)
		return;
	if (exchange_member(ex, body, "by", true, ID_MAX, &operation.by) &&
	    exchange_member(ex, body, "note", false, NOTE_MAX, &operation.note) &&
	    exchange_member(ex, body, "to", false, ID_MAX, &operation.to) &&
	    read_span(ex, body, &operation)) {
		const struct site *site = site_of_standing(ex, type);
		if (site)
			exchange_submit(ex, site->def->id, &operation, finish_standing, NULL, NULL);
	}
	cJSON_Delete(body);
}

void api_handover_accept(struct exchange *ex)
{
	act_on_standing(ex, STANDING_HANDOVER, OPERATION_HANDOVER_ACCEPT, ACT_MEMBERS);
}

static bool add_kind(struct exchange *ex, enum standing_type type, const cJSON *item, uint32_t *out)
{
	const char *word = cJSON_GetStringValue(item);
	uint32_t kinds = word ? kinds_from_name(type, word) : 0;
	if (!word)
		exchange_problem(ex, 400, "a kind must be a text, such as \"smoke\"");
	else if (!kinds)
		exchange_problem(ex, 400,
		                 "kind: '%.64s' is none; allowed is a kind of signal or of "
		                 "incident, such as smoke or fire",
		                 word);
	*out |= kinds;
	return kinds != 0;
}

/* "kind": one word, or "kinds": a list. */
static bool read_kinds(struct exchange *ex, const cJSON *body, enum standing_type type,
                       uint32_t *out)
{
	const cJSON *one = json_get(body, "kind"), *many = json_get(body, "kinds"), *item;
	if (one && !cJSON_IsNull(one) && !add_kind(ex, type, one, out))
		return false;
	if (many && !cJSON_IsArray(many)) {
		exchange_problem(ex, 400, "member 'kinds' must be a list");
		return false;
	}
	cJSON_ArrayForEach (item, many)
		if (!add_kind(ex, type, item, out))
			return false;
	return true;
}

static bool read_flag(struct exchange *ex, const cJSON *body, const char *name, bool *out)
{
	const cJSON *member = json_get(body, name);
	if (!member || cJSON_IsNull(member) || json_bool(body, name, out))
		return true;
	exchange_problem(ex, 400, "member '%s' must be true or false", name);
	return false;
}

/* The site a body names, the one that fits among several, or the only one. NULL after a 400. */
static const struct site *site_of(struct exchange *ex, const cJSON *body,
                                  const struct operation *operation)
{
	const struct review_service *service = &ex->server->service;
	const struct site *site, *found = NULL;
	const char *id;
	const char *zone = operation->zone_count ? operation->zones[0] : operation->zone;
	uint32_t fitting = 0;
	if (!exchange_member(ex, body, "site", false, ID_MAX, &id))
		return NULL;
	if (id)
		return exchange_named_site(ex, id);
	for (uint32_t i = 0; operation->incident && (site = service->site_at(service->ctx, i)); i++)
		if (site_incident(site, operation->incident))
			return site;
	for (uint32_t i = 0; (site = service->site_at(service->ctx, i)); i++) {
		bool fits = operation->device
		                    ? site_def_device(site->def, operation->device) != POSITION_NONE
		                    : zone && site_def_zone(site->def, zone) != POSITION_NONE;
		if (fits && fitting++ == 0)
			found = site;
	}
	return fitting == 1 ? found : exchange_only_site(ex, "the member 'site'");
}

/* "zones": where a drill is, if in more than one. */
static bool read_zones(struct exchange *ex, const cJSON *body, const char **zones,
                       struct operation *out)
{
	const cJSON *list = json_get(body, "zones"), *item;
	if (!list || cJSON_IsNull(list))
		return true;
	if (out->zone) {
		exchange_problem(ex, 400, "give 'zone' or 'zones', not both");
		return false;
	}
	cJSON_ArrayForEach (item, list) {
		if (!cJSON_IsString(item) || out->zone_count == OPERATION_ZONES_MAX)
			goto refused;
		zones[out->zone_count++] = item->valuestring;
	}
	out->zones = zones;
	if (out->zone_count && cJSON_IsArray(list))
		return true;
refused:
	exchange_problem(ex, 400, "member 'zones' must be a list of up to %d ids of zones",
	                 OPERATION_ZONES_MAX);
	return false;
}

/* A drill that names no zone is the whole site's. */
static void take_all_zones(const struct site_def *def, const char **zones, struct operation *out)
{
	for (uint32_t i = 0; i < def->zone_count && out->zone_count < OPERATION_ZONES_MAX; i++)
		if (def->zones[i].in == POSITION_NONE)
			zones[out->zone_count++] = def->zones[i].id;
	out->zones = zones;
}

#define BEGIN_MEMBERS "site, by, note, for, until"

static void begin(struct exchange *ex, struct operation *operation, enum standing_type type,
                  const char *allowed)
{
	cJSON *body = exchange_body(ex, allowed);
	if (!body)
		return;
	const char **zones = NEW_ARRAY(const char *, OPERATION_ZONES_MAX);
	bool by_required = operation->type != OPERATION_WALK_TEST;
	operation->via = "api";
	operation->kind = INCIDENT_KIND_NONE;
	operation->severity = SEVERITY_NONE;
	if (exchange_member(ex, body, "by", by_required, ID_MAX, &operation->by) &&
	    exchange_member(ex, body, "note", false, NOTE_MAX, &operation->note) &&
	    (operation->zone ||
	     exchange_member(ex, body, "zone", false, ID_MAX, &operation->zone)) &&
	    (operation->device ||
	     exchange_member(ex, body, "device", false, ID_MAX, &operation->device)) &&
	    exchange_member(ex, body, "incident", false, ID_MAX, &operation->incident) &&
	    exchange_member(ex, body, "to", false, ID_MAX, &operation->to) &&
	    read_span(ex, body, operation) && read_zones(ex, body, zones, operation) &&
	    read_kinds(ex, body, type, &operation->kinds) &&
	    read_flag(ex, body, "force", &operation->force) &&
	    read_flag(ex, body, "announced", &operation->announced)) {
		const struct site *site = site_of(ex, body, operation);
		/* The core wants the reason of a silence; the contract leaves it to who begins one.
		 */
		if (type == STANDING_SILENCE && (!operation->note || !*operation->note))
			operation->note = "-";
		if (site && type == STANDING_DRILL && !operation->zone && !operation->zone_count)
			take_all_zones(site->def, zones, operation);
		if (site)
			exchange_submit(ex, site->def->id, operation, finish_standing, NULL, NULL);
	}
	free(zones);
	cJSON_Delete(body);
}

/* What the path names must be there: a 404 otherwise. */
static bool zone_is_there(struct exchange *ex)
{
	const struct review_service *service = &ex->server->service;
	const struct site *site;
	for (uint32_t i = 0; (site = service->site_at(service->ctx, i)); i++)
		if (site_def_zone(site->def, ex->id) != POSITION_NONE)
			return true;
	exchange_problem(ex, 404, "there is no zone '%.64s'; see /api/v1/zones", ex->id);
	return false;
}

static bool device_is_there(struct exchange *ex)
{
	const struct review_service *service = &ex->server->service;
	const struct site *site;
	for (uint32_t i = 0; (site = service->site_at(service->ctx, i)); i++)
		if (site_def_device(site->def, ex->id) != POSITION_NONE)
			return true;
	exchange_problem(ex, 404, "there is no device '%.64s'; see /api/v1/devices", ex->id);
	return false;
}

void api_zone_arm(struct exchange *ex)
{
	if (!zone_is_there(ex))
		return;
	begin(ex, &(struct operation){.type = OPERATION_ARM, .zone = ex->id}, STANDING_ARMING,
	      BEGIN_MEMBERS ", force");
}

void api_zone_disarm(struct exchange *ex)
{
	if (!zone_is_there(ex))
		return;
	begin(ex, &(struct operation){.type = OPERATION_DISARM, .zone = ex->id}, STANDING_ARMING,
	      BEGIN_MEMBERS);
}

void api_silence(struct exchange *ex)
{
	begin(ex, &(struct operation){.type = OPERATION_SILENCE}, STANDING_SILENCE,
	      BEGIN_MEMBERS ", zone, device, kind, kinds");
}

void api_drill(struct exchange *ex)
{
	begin(ex,
	      &(struct operation){.type = OPERATION_DRILL, .span = MINUTES(30), .announced = true},
	      STANDING_DRILL, BEGIN_MEMBERS ", zone, zones, kind, kinds, announced");
}

void api_walk_test(struct exchange *ex)
{
	if (!device_is_there(ex))
		return;
	begin(ex,
	      &(struct operation){
	              .type = OPERATION_WALK_TEST, .device = ex->id, .span = MINUTES(30)},
	      STANDING_WALK_TEST, BEGIN_MEMBERS);
}

/* ---- ending ---- */

/* Who ends it may stand in the query or the body, and may be left out: a DELETE has none. */
static void end(struct exchange *ex, enum standing_type type, enum operation_type operation_type)
{
	struct operation operation = {.type = operation_type,
	                              .via = "api",
	                              .by = exchange_query(ex, "by"),
	                              .standing = ex->id,
	                              .kind = INCIDENT_KIND_NONE,
	                              .severity = SEVERITY_NONE};
	cJSON *body = exchange_body(ex, "by, note");
	if (!body)
		return;
	if ((!operation.by && !exchange_member(ex, body, "by", false, ID_MAX, &operation.by)) ||
	    !exchange_member(ex, body, "note", false, NOTE_MAX, &operation.note) ||
	    !exchange_by(ex, &operation.by))
		goto finish;
	const struct site *site = site_of_standing(ex, type);
	if (site)
		exchange_submit(ex, site->def->id, &operation, finish_standing, NULL, NULL);
finish:
	cJSON_Delete(body);
}

void api_silence_end(struct exchange *ex)
{
	end(ex, STANDING_SILENCE, OPERATION_SILENCE_END);
}

void api_arming_end(struct exchange *ex)
{
	end(ex, STANDING_ARMING, OPERATION_ARMING_END);
}

void api_drill_end(struct exchange *ex)
{
	end(ex, STANDING_DRILL, OPERATION_DRILL_END);
}

/* ---- reports upward ---- */

/* "at": when it was made; now where it is left out. */
static bool read_at(struct exchange *ex, const cJSON *body, const struct site *site, wall_ms *out)
{
	const struct review_service *service = &ex->server->service;
	const char *at;
	if (!exchange_member(ex, body, "at", false, ID_MAX, &at))
		return false;
	if (!at || when_parse(at, service->now(service->ctx).wall, &site->def->timezone, out) >= 0)
		return true;
	exchange_problem(ex, 400, "at: '%.64s' is no time; allowed: %s", at, WHEN_FORMS);
	return false;
}

void api_reporting_made(struct exchange *ex)
{
	struct operation operation = {.type = OPERATION_REPORTED,
	                              .via = "api",
	                              .standing = ex->id,
	                              .kind = INCIDENT_KIND_NONE,
	                              .severity = SEVERITY_NONE};
	cJSON *body = exchange_body(ex, "by, note, to, at");
	if (!body)
		return;
	const struct site *site = NULL;
	if (exchange_member(ex, body, "by", true, ID_MAX, &operation.by) &&
	    exchange_member(ex, body, "note", false, NOTE_MAX, &operation.note) &&
	    exchange_member(ex, body, "to", false, NOTE_MAX, &operation.to) &&
	    (site = site_of_standing(ex, STANDING_REPORTING)) &&
	    read_at(ex, body, site, &operation.from))
		exchange_submit(ex, site->def->id, &operation, finish_standing, NULL, NULL);
	cJSON_Delete(body);
}

/* ---- hazards ---- */

void api_hazard(struct exchange *ex)
{
	begin(ex, &(struct operation){.type = OPERATION_HAZARD}, STANDING_HAZARD,
	      BEGIN_MEMBERS ", zone, device, incident, to");
}

void api_hazard_remedy(struct exchange *ex)
{
	act_on_standing(ex, STANDING_HAZARD, OPERATION_HAZARD_REMEDY, ACT_MEMBERS);
}

void api_hazard_close(struct exchange *ex)
{
	act_on_standing(ex, STANDING_HAZARD, OPERATION_HAZARD_CLOSE, ACT_MEMBERS);
}

void api_hazard_reopen(struct exchange *ex)
{
	act_on_standing(ex, STANDING_HAZARD, OPERATION_HAZARD_REOPEN, ACT_MEMBERS);
}

void api_hazard_assign(struct exchange *ex)
{
	act_on_standing(ex, STANDING_HAZARD, OPERATION_HAZARD_ASSIGN,
	                ACT_MEMBERS ", to, for, until");
}
