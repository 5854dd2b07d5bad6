#include "review/lookup.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* ---- one ---- */

const struct site *lookup_site_with(const struct review_service *service, const char *incident)
{
	const struct site *site;
	for (uint32_t i = 0; incident && (site = service->site_at(service->ctx, i)); i++)
		if (site_incident(site, incident))
			return site;
	return NULL;
}

int lookup_incident(const struct review_service *service, const char *id, struct looked_up *out)
{
	*out = (struct looked_up){.site = lookup_site_with(service, id)};
	if (out->site) {
		out->incident = site_incident(out->site, id);
		out->def = out->site->def;
		out->site_id = out->def->id;
		return 0;
	}
	int r = store_incident(service->store, id, &out->loaded, &out->loaded_site);
	if (r == 0) {
		out->incident = out->loaded;
		out->site_id = out->loaded_site;
		const struct site *served = service->site(service->ctx, out->site_id);
		out->def = served ? served->def : NULL;
	}
	return r;
}

void looked_up_finish(struct looked_up *found)
{
	incident_destroy(found->loaded);
	free(found->loaded_site);
	*found = (struct looked_up){0};
}

/* ---- what a link is for ---- */

static const struct site *site_numbered(const struct review_service *service, uint32_t store_id)
{
	const struct site *site;
	for (uint32_t i = 0; (site = service->site_at(service->ctx, i)); i++)
		if (site->store_id == store_id)
			return site;
	return NULL;
}

int lookup_link_target(const struct review_service *service, uint32_t site_store_id,
                       uint64_t notification, struct link_target *out)
{
	const struct site *site = site_numbered(service, site_store_id);
	const struct notification *n = site ? site_notification(site, notification) : NULL;
	if (!n)
		return store_link_target(service->store, site_store_id, notification, out);
	*out = (struct link_target){
	        .site = mem_copy(site->def->id),
	        .incident = mem_copy(n->incident ? n->incident->id : NULL),
	        .to_kind = mem_copy(recipient_kind_name(n->to_kind)),
	        .to_id = mem_copy(n->to_id),
	        .to_name = mem_copy(n->to_name),
	};
	return 0;
}
