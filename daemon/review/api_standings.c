/* What stands for a while: lists of it. What is in force is in memory; what is over too is read in
 * the store. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "review/exchange.h"
#include "review/pager.h"
#include "review/reading.h"

#define LIST_MAX 1000

struct list_reading {
	struct reading reading;
	enum standing_type type;
	const char *site; /* of the configuration; NULL: all */
	struct pager pager;
};

static bool add_item(void *ctx, const char *json)
{
	struct list_reading *list = ctx;
	struct problem why;
	cJSON *standing = NULL;
	if (json_parse(json, strlen(json), &standing, &why) < 0)
		return true;
	const char *id = json_string(standing, "id");
	if (id && pager_takes(&list->pager, NULL, id))
		json_put_stored(&list->reading.out, NULL, json);
	cJSON_Delete(standing);
	return pager_goes_on(&list->pager);
}

static int read_list(struct reading *reading, struct store *store)
{
	struct list_reading *list = (struct list_reading *)reading;
	pager_open(&list->pager, &reading->out);
	return store_standings(store, list->site, list->type, true, add_item, list);
}

static void answer_list(struct exchange *ex, struct reading *reading)
{
	if (reading->result < 0)
		exchange_unreadable(ex, reading->result);
	else
		pager_answer(ex, &((struct list_reading *)reading)->pager, &reading->out);
}

struct in_force_item {
	const struct standing *standing;
	const char *site_id;
};

static int newest_first(const void *a, const void *b)
{
	const struct standing *left = ((const struct in_force_item *)a)->standing,
	                      *right = ((const struct in_force_item *)b)->standing;
	if (left->since.steady != right->since.steady)
		return left->since.steady > right->since.steady ? -1 : 1;
	return left->number > right->number ? -1 : left->number < right->number;
}

static void list_in_force(struct exchange *ex, enum standing_type type, const char *site_id,
                          struct pager *pager)
{
	const struct review_service *service = &ex->server->service;
	struct in_force_item *items = NULL;
	uint32_t count = 0, cap = 0;
	const struct site *site;
	struct text out = {0};
	for (uint32_t i = 0; (site = service->site_at(service->ctx, i)); i++)
		for (uint32_t k = 0; k < site->standing_count; k++) {
			const struct standing *s = site->standings[k];
			if (s->type != type || standing_is_over(s) ||
			    (site_id && strcmp(site_id, site->def->id) != 0))
				continue;
			MEM_RESERVE(items, count, cap);
			items[count++] = (struct in_force_item){s, site->def->id};
		}
	if (count)
		qsort(items, count, sizeof *items, newest_first);
	pager_open(pager, &out);
	for (uint32_t i = 0; i < count && pager_goes_on(pager); i++)
		if (pager_takes(pager, NULL, items[i].standing->id))
			standing_write_json(&out, NULL, items[i].site_id, items[i].standing);
	pager_answer(ex, pager, &out);
	free(items);
}

static void list(struct exchange *ex, enum standing_type type)
{
	static const struct reading_type reading_type = {read_list, answer_list, NULL};
	const struct site *site;
	const char *all = exchange_query(ex, "all");
	struct pager pager;
	if (!exchange_query_site(ex, &site) || !pager_read(ex, &pager, LIST_MAX, LIST_MAX))
		return;
	if (all && strcmp(all, "true") != 0 && strcmp(all, "false") != 0) {
		exchange_problem(ex, 400, "all: allowed are true and false");
		return;
	}
	if (!all || strcmp(all, "false") == 0) {
		list_in_force(ex, type, site ? site->def->id : NULL, &pager);
		return;
	}
	struct list_reading *list = NEW(struct list_reading);
	list->type = type;
	list->site = site ? site->def->id : NULL;
	list->pager = pager;
	exchange_read(ex, &list->reading, &reading_type);
}

void api_handovers(struct exchange *ex)
{
	list(ex, STANDING_HANDOVER);
}

void api_overrides(struct exchange *ex)
{
	list(ex, STANDING_OVERRIDE);
}

void api_proofs(struct exchange *ex)
{
	list(ex, STANDING_PROOF);
}

void api_armings(struct exchange *ex)
{
	list(ex, STANDING_ARMING);
}

/* Who gets digests now, because there is too much to read. */
void api_floods(struct exchange *ex)
{
	list(ex, STANDING_FLOOD);
}

void api_silences(struct exchange *ex)
{
	list(ex, STANDING_SILENCE);
}

void api_drills(struct exchange *ex)
{
	list(ex, STANDING_DRILL);
}

void api_reportings(struct exchange *ex)
{
	list(ex, STANDING_REPORTING);
}

void api_hazards(struct exchange *ex)
{
	list(ex, STANDING_HAZARD);
}
