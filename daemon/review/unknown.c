#include "review/unknown.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"

struct adding {
	struct unknowns *to;
	const struct site_def *def;
};

/* Since it was heard somebody may have written it into the file. */
static bool is_configured(const struct site_def *def, const char *address, const char *profile)
{
	for (uint32_t i = 0; i < def->device_count; i++) {
		const struct device *d = &def->devices[i];
		if (strcmp(d->profile ? d->profile : "native", profile) == 0 &&
		    strcmp(d->profile ? d->address : d->id, address) == 0)
			return true;
	}
	return false;
}

static struct unknown *place_of(struct adding *adding, const char *address)
{
	struct unknowns *all = adding->to;
	for (uint32_t i = 0; i < all->count; i++)
		if (all->items[i].site == adding->def &&
		    strcmp(all->items[i].address, address) == 0)
			return &all->items[i];
	MEM_RESERVE(all->items, all->count, all->cap);
	all->items[all->count] = (struct unknown){.site = adding->def,
	                                          .address = mem_copy(address)};
	return &all->items[all->count++];
}

static bool visit(void *ctx, const struct ledger_row *row)
{
	struct adding *adding = ctx;
	cJSON *data = NULL;
	if (!row->device || json_parse(row->data, strlen(row->data), &data, NULL) < 0)
		return true;
	const char *profile = json_string(data, "profile");
	bool known = is_configured(adding->def, row->device, profile ? profile : "");
	cJSON_Delete(data);
	if (known)
		return true;
	struct unknown *one = place_of(adding, row->device);
	free(one->data);
	one->data = mem_copy(row->data);
	one->heard = row->received;
	return true;
}

int unknowns_add(struct unknowns *all, struct store *store, const struct site_def *def)
{
	struct adding adding = {all, def};
	return store_unknown(store, def->id, visit, &adding);
}

void unknown_write_json(struct text *out, const struct unknown *one)
{
	cJSON *data = NULL;
	if (json_parse(one->data, strlen(one->data), &data, NULL) < 0)
		data = NULL;
	json_open(out, NULL, '{');
	json_put_string(out, "site", one->site->id);
	json_put_string(out, "address", one->address);
	json_put_string(out, "profile", json_string(data, "profile"));
	json_put_string(out, "kind", json_string(data, "kind"));
	json_put_time(out, "heard", one->heard);
	json_put_string(out, "line", json_string(data, "line"));
	json_close(out, '}');
	cJSON_Delete(data);
}

void unknowns_finish(struct unknowns *all)
{
	for (uint32_t i = 0; i < all->count; i++) {
		free(all->items[i].address);
		free(all->items[i].data);
	}
	free(all->items);
	*all = (struct unknowns){0};
}
