/* What stands for a while: lists of it, and what people do with it. */
#include <errno.h>
#include <string.h>

#include "review/exchange.h"

/* ---- lists ---- */

static bool add_item(void *ctx, const char *json)
{
	json_put_raw(ctx, NULL, json);
	return true;
}

static void list(struct exchange *ex, enum standing_type type)
{
	const struct site *site;
	const char *all = exchange_query(ex, "all");
	struct text out = {0};
	if (!exchange_query_site(ex, &site))
		return;
	if (all && strcmp(all, "true") != 0 && strcmp(all, "false") != 0) {
		exchange_problem(ex, 400, "all: allowed are true and false");
		return;
	}
	json_open(&out, NULL, '{');
	json_open(&out, "items", '[');
	int r = store_standings(ex->server->service.store, site ? site->def->id : NULL, type,
	                        all && strcmp(all, "true") == 0, add_item, &out);
	json_close(&out, ']');
	json_put_null(&out, "next");
	json_close(&out, '}');
	if (r < 0)
		exchange_problem(ex, 503, "the store cannot be read now: %s", strerror(-r));
	else
		exchange_json(ex, 200, &out);
	text_finish(&out);
}

void api_handovers(struct exchange *ex)
{
	list(ex, STANDING_HANDOVER);
}

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

/* Accepts or ends what stands. */
static void act_on_standing(struct exchange *ex, enum standing_type type,
                            enum operation_type operation_type)
{
	struct operation operation = {.type = operation_type,
	                              .via = "api",
	                              .standing = ex->id,
	                              .kind = INCIDENT_KIND_NONE,
	                              .severity = SEVERITY_NONE};
	cJSON *body = exchange_body(ex, "by, note");
	if (!body)
		return;
	if (exchange_member(ex, body, "by", true, ID_MAX, &operation.by) &&
	    exchange_member(ex, body, "note", false, NOTE_MAX, &operation.note)) {
		const struct site *site = site_of_standing(ex, type);
		if (site)
			exchange_submit(ex, site->def->id, &operation, finish_standing, NULL, NULL);
	}
	cJSON_Delete(body);
}

void api_handover_accept(struct exchange *ex)
{
	act_on_standing(ex, STANDING_HANDOVER, OPERATION_HANDOVER_ACCEPT);
}
