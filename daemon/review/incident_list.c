#include "review/incident_list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "review/next_view.h"
#include "review/views.h"

struct listed {
	struct incident_place place;
	const struct incident *incident; /* until it is written down, */
	const struct site *site;
	char id[INCIDENT_ID_MAX]; /* from then on */
	char *json;
	char *known; /* among which words are sought, or NULL */
};

#define LOOKED_THROUGH 2000 /* stored ones, for a page of a search */

/* ---- what runs ---- */

/* The store's order. */
static int compare(const struct incident_place *a, const struct incident_place *b)
{
	if (a->opened != b->opened)
		return a->opened > b->opened ? -1 : 1;
	int by_site = strcmp(a->site, b->site);
	if (by_site)
		return by_site;
	return a->number > b->number ? -1 : a->number < b->number;
}

static int compare_listed(const void *a, const void *b)
{
	return compare(&((const struct listed *)a)->place, &((const struct listed *)b)->place);
}

static struct incident_place place_of(const char *site_id, const struct incident *incident)
{
	return (struct incident_place){incident->opened.wall, site_id, incident->number};
}

static const char *id_of(const void *owner, uint32_t position)
{
	return ((const struct incident_list *)owner)->running[position];
}

static bool fits(const struct incident_filter *filter, const struct incident *incident,
                 const struct incident_place *place)
{
	return (!filter->states || filter->states >> incident->state & 1) &&
	       (!filter->has_kind || filter->kind == incident->kind) &&
	       (!filter->since || incident->opened.wall >= filter->since) &&
	       (!filter->until || incident->opened.wall < filter->until) &&
	       (!filter->behind || compare(filter->behind, place) < 0);
}

static void take_down(struct incident_list *list, const struct site *site)
{
	for (uint32_t i = 0; i < site->incident_count; i++) {
		const struct incident *incident = site->incidents[i];
		const struct incident_place place = place_of(site->def->id, incident);
		uint32_t at = list->running_count++;
		memcpy(list->running[at], incident->id, sizeof incident->id);
		index_add(&list->by_id, at, id_of, list);
		if (fits(&list->filter, incident, &place) && search_fits(&list->search, incident))
			list->fitting[list->fitting_count++] = (struct listed){
			        .place = place, .incident = incident, .site = site};
	}
}

static bool is_asked_for(const struct incident_list *list, const struct site *site)
{
	return !list->filter.site || strcmp(list->filter.site, site->def->id) == 0;
}

static void take_down_all(struct incident_list *list, const struct review_service *service)
{
	const struct site *site;
	size_t count = 1;
	json_open(&list->sites, NULL, '[');
	for (uint32_t i = 0; (site = service->site_at(service->ctx, i)); i++) {
		json_put_string(&list->sites, NULL, site->def->id);
		count += is_asked_for(list, site) ? site->incident_count : 0;
	}
	json_close(&list->sites, ']');
	uint32_t sites = 0;
	while (service->site_at(service->ctx, sites))
		sites++;
	list->defs = NEW_ARRAY(const struct site_def *, (size_t)sites + 1);
	list->running = mem_new_array(count, sizeof *list->running);
	list->fitting = NEW_ARRAY(struct listed, count);
	for (uint32_t i = 0; i < sites && (site = service->site_at(service->ctx, i)); i++) {
		list->defs[i] = site->def;
		if (is_asked_for(list, site))
			take_down(list, site);
	}
}

/* And what comes next while it is not resolved. */
static void write_running(struct text *out, const struct site *site,
                          const struct incident *incident, struct moment now)
{
	view_incident(out, NULL, site->def, site->def->id, incident);
	if (incident->state != STATE_RESOLVED)
		view_next(out, site, incident, now);
}

static void write_down(struct incident_list *list, struct moment now)
{
	for (uint32_t i = 0; i < list->fitting_count; i++) {
		struct listed *one = &list->fitting[i];
		struct text json = {0};
		write_running(&json, one->site, one->incident, now);
		if (*list->search.words) {
			struct text known = {0};
			search_add_known(&known, one->site->def, one->incident);
			one->known = text_take(&known);
		}
		memcpy(one->id, one->incident->id, sizeof one->id);
		one->json = text_take(&json);
		one->incident = NULL;
		one->site = NULL;
	}
}

int incident_list_begin(struct incident_list *list, const struct review_service *service,
                        const struct incident_filter *filter, const struct incident_search *search)
{
	*list = (struct incident_list){
	        .filter = *filter, .limit = filter->limit, .search = *search};
	int r = filter->after ? lookup_incident(service, filter->after, &list->after) : 0;
	if (r < 0)
		return r;
	if (filter->after) {
		list->behind = place_of(list->after.site_id, list->after.incident);
		list->filter.behind = &list->behind;
	}
	take_down_all(list, service);
	qsort(list->fitting, list->fitting_count, sizeof *list->fitting, compare_listed);
	if (list->fitting_count > list->limit + 1 && !*search->words)
		list->fitting_count = list->limit + 1; /* one more tells of another page */
	write_down(list, service->now(service->ctx));
	list->filter.running = text_get(&list->sites);
	list->filter.limit = (search_is_for_all(search) ? list->limit + 1 : LOOKED_THROUGH) +
	                     list->running_count;
	return 0;
}

/* ---- what is over, and the page ---- */

struct page {
	const struct incident_list *list;
	struct store *store;
	struct text *out;
	uint32_t next; /* of those that run */
	uint32_t count;
	bool more;
	int error;
	char last[INCIDENT_ID_MAX]; /* looked at: the next page begins behind it */
};

/* False where the page is full, or cannot go on: there is more. */
static bool has_room(struct page *page)
{
	page->more = page->count == page->list->limit;
	page->count += !page->more;
	return !page->more;
}

static bool is_found(struct page *page, const char *known, const char *id)
{
	if (!*page->list->search.words)
		return true;
	int r = search_finds(&page->list->search, known, page->store, id);
	if (r < 0)
		page->error = r;
	return r > 0;
}

/* Those that stand before a place; NULL: the rest. */
static bool add_running(struct page *page, const struct incident_place *until)
{
	for (; page->next < page->list->fitting_count; page->next++) {
		const struct listed *one = &page->list->fitting[page->next];
		if (until && compare(&one->place, until) > 0)
			break;
		if (!is_found(page, one->known, one->id))
			continue;
		if (!has_room(page))
			return false;
		json_put_raw(page->out, NULL, one->json);
		memcpy(page->last, one->id, sizeof page->last);
	}
	return true;
}

static const struct site_def *def_of(const struct incident_list *list, const char *site_id)
{
	for (uint32_t i = 0; list->defs[i]; i++)
		if (strcmp(list->defs[i]->id, site_id) == 0)
			return list->defs[i];
	return NULL;
}

/* That no site has in hand: nothing comes next. */
static void write_stored(struct text *out, const struct site_def *def, const char *site_id,
                         const struct incident *incident)
{
	view_incident(out, NULL, def, site_id, incident);
	if (incident->state != STATE_RESOLVED)
		view_next(out, NULL, incident, (struct moment){0});
}

static bool is_sought(struct page *page, const char *site_id, const struct incident *incident)
{
	const struct incident_list *list = page->list;
	struct text known = {0};
	bool found = search_fits(&list->search, incident);
	if (found && *list->search.words) {
		search_add_known(&known, def_of(list, site_id), incident);
		found = is_found(page, text_get(&known), incident->id);
		text_finish(&known);
	}
	return found;
}

static bool add_stored(void *ctx, const char *site_id, const struct incident *incident)
{
	struct page *page = ctx;
	const struct incident_list *list = page->list;
	const struct incident_place place = place_of(site_id, incident);
	if (index_find(&list->by_id, incident->id, id_of, list) != INDEX_NONE)
		return true;
	if (!add_running(page, &place))
		return false;
	bool sought = is_sought(page, site_id, incident);
	if (page->error || (sought && !has_room(page)))
		return false;
	if (sought)
		write_stored(page->out, def_of(list, site_id), site_id, incident);
	memcpy(page->last, incident->id, sizeof page->last);
	return true;
}

/* Where the store had more than was looked through, what runs behind that comes on the next page.
 */
static void end_page(struct page *page, bool others)
{
	if (others && !search_is_for_all(&page->list->search))
		page->more = true;
	else if (!page->more)
		(void)!add_running(page, NULL);
}

int incident_list_read(struct incident_list *list, struct store *store, struct text *out)
{
	struct page page = {.list = list, .store = store, .out = out};
	bool others = false;
	json_open(out, NULL, '{');
	json_open(out, "items", '[');
	int r = store_incidents(store, &list->filter, add_stored, &page, &others);
	if (r >= 0 && !page.error)
		end_page(&page, others);
	json_close(out, ']');
	json_put_string(out, "next", page.more ? page.last : NULL);
	json_close(out, '}');
	return page.error ? page.error : r < 0 ? r : 0;
}

void incident_list_finish(struct incident_list *list)
{
	for (uint32_t i = 0; i < list->fitting_count; i++) {
		free(list->fitting[i].json);
		free(list->fitting[i].known);
	}
	free(list->fitting);
	free(list->defs);
	free(list->running);
	index_finish(&list->by_id);
	text_finish(&list->sites);
	looked_up_finish(&list->after);
}
