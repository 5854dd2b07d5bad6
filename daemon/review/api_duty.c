/* Duty: who is there, and what people change about it. */
#include <errno.h>
#include <string.h>

#include "review/duty_view.h"
#include "review/exchange.h"
#include "review/pager.h"
#include "review/when.h"

#define LIST_MAX 1000

/* ---- looking ---- */

static bool query_flag(struct exchange *ex, const char *name, bool *out)
{
	const char *word = exchange_query(ex, name);
	*out = word && strcmp(word, "true") == 0;
	if (!word || *out || strcmp(word, "false") == 0)
		return true;
	exchange_problem(ex, 400, "%s: allowed are true and false", name);
	return false;
}

void api_duty(struct exchange *ex)
{
	const struct review_service *service = &ex->server->service;
	wall_ms at = service->now(service->ctx).wall;
	const struct site *only, *site;
	struct text out = {0};
	struct pager pager;
	bool week;
	if (!pager_read(ex, &pager, LIST_MAX, LIST_MAX) || !exchange_query_site(ex, &only) ||
	    !exchange_query_time(ex, "at", &at) || !query_flag(ex, "week", &week))
		return;
	pager_open(&pager, &out);
	for (uint32_t i = 0; (site = service->site_at(service->ctx, i)); i++)
		for (uint32_t post = 0; post < site->def->post_count; post++)
			if ((!only || only == site) &&
			    pager_takes(&pager, site->def->id, site->def->posts[post].id))
				view_post(&out, site->def, &site->duty, post, at, week);
	pager_answer(ex, &pager, &out);
}

/* ---- changing ---- */

static const struct site *site_of(struct exchange *ex, const cJSON *body)
{
	const char *id;
	if (!exchange_member(ex, body, "site", false, ID_MAX, &id))
		return NULL;
	return id ? exchange_named_site(ex, id) : exchange_only_site(ex, "the member 'site'");
}

/* A local time is the site's; the last reading where it comes twice and is an end. A day as an end
 * is meant whole. */
static bool read_time(struct exchange *ex, const cJSON *body, const char *name, bool end,
                      const struct site *site, wall_ms *out)
{
	const struct timezone_table *zone = &site->def->timezone;
	const char *word;
	struct civil local;
	if (end && json_get(body, "until"))
		name = "until";
	if (!exchange_member(ex, body, name, true, 64, &word))
		return false;
	if (time_parse(word, out) == 0)
		return true;
	if (civil_parse(word, &local) < 0) {
		exchange_problem(ex, 400,
		                 "%s: '%.64s' is no time; write it like 2026-12-24T08:00 (the "
		                 "site's own clocks) or 2026-12-24T08:00:00+08:00",
		                 name, word);
		return false;
	}
	if (end && strlen(word) == strlen("2026-12-24"))
		local = civil_from_ms(civil_ms(local) + DAYS(1));
	*out = end ? civil_last(zone, local) : civil_first(zone, local);
	return true;
}

/* Who: a list of ids, or one id. */
static bool read_people(struct exchange *ex, const cJSON *body, const char *people[CREW_MAX],
                        struct operation *operation)
{
	const cJSON *list = json_get(body, "people"), *swap = json_get(body, "swap"), *item;
	if (!list)
		list = json_get(body, "person");
	operation->swap = swap != NULL;
	if (!list == !swap) {
		exchange_problem(ex, 400,
		                 "give either 'people', the ids of who holds the post, or 'swap', "
		                 "the ids of two who change places");
		return false;
	}
	list = swap ? swap : list;
	if (cJSON_IsString(list) && !swap) {
		people[operation->people_count++] = list->valuestring;
		return true;
	}
	cJSON_ArrayForEach (item, list) {
		if (!cJSON_IsString(item) || operation->people_count == CREW_MAX)
			break;
		people[operation->people_count++] = item->valuestring;
	}
	if (cJSON_IsArray(list) && !item)
		return true;
	exchange_problem(ex, 400, "'%s' must be a list of at most %d ids of people",
	                 swap ? "swap" : "people", CREW_MAX);
	return false;
}

static void finish_override(struct exchange *ex, int result, const struct incident *incident,
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

void api_override_make(struct exchange *ex)
{
	struct operation operation = {.type = OPERATION_DUTY_OVERRIDE,
	                              .via = "api",
	                              .kind = INCIDENT_KIND_NONE,
	                              .severity = SEVERITY_NONE};
	const char *people[CREW_MAX];
	cJSON *body = exchange_body(ex,
	                            "site, post, from, to, until, people, person, swap, by, note");
	if (!body)
		return;
	const struct site *site = site_of(ex, body);
	operation.people = people;
	if (site && exchange_member(ex, body, "post", true, ID_MAX, &operation.post) &&
	    read_time(ex, body, "from", false, site, &operation.from) &&
	    read_time(ex, body, "to", true, site, &operation.until) &&
	    read_people(ex, body, people, &operation) &&
	    exchange_member(ex, body, "by", true, ID_MAX, &operation.by) &&
	    exchange_member(ex, body, "note", false, NOTE_MAX, &operation.note))
		exchange_submit(ex, site->def->id, &operation, finish_override, NULL, NULL);
	cJSON_Delete(body);
}

static const struct site *site_of_override(struct exchange *ex)
{
	const struct review_service *service = &ex->server->service;
	const struct site *site;
	for (uint32_t i = 0; (site = service->site_at(service->ctx, i)); i++) {
		const struct standing *s = site_standing(site, ex->id);
		if (s && s->type == STANDING_OVERRIDE)
			return site;
	}
	exchange_problem(ex, 404, "there is no override '%.96s' in force", ex->id);
	return NULL;
}

/* DELETE with ?by=, or with the body that POST .../end takes. */
void api_override_end(struct exchange *ex)
{
	struct operation operation = {.type = OPERATION_DUTY_CANCEL,
	                              .via = "api",
	                              .standing = ex->id,
	                              .by = exchange_query(ex, "by"),
	                              .note = exchange_query(ex, "note"),
	                              .kind = INCIDENT_KIND_NONE,
	                              .severity = SEVERITY_NONE};
	cJSON *body = operation.by ? NULL : exchange_body(ex, "by, note");
	if (!operation.by &&
	    (!body || !exchange_member(ex, body, "by", true, ID_MAX, &operation.by) ||
	     !exchange_member(ex, body, "note", false, NOTE_MAX, &operation.note)))
		goto finish;
	if (!exchange_by(ex, &operation.by))
		goto finish;
	const struct site *site = site_of_override(ex);
	if (site)
		exchange_submit(ex, site->def->id, &operation, finish_override, NULL, NULL);
finish:
	cJSON_Delete(body);
}
