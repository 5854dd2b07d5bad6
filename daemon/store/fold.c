#include "store/fold.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/sql.h"
#include "store/telling.h"

struct folded { /* an incident as its entries tell it */
	struct incident *incident;
	const char *site;
	uint64_t seq; /* of the last entry about it */
};

struct fold {
	struct store *store;
	fold_unequal unequal;
	void *ctx;
	struct folded *open;
	uint32_t count, cap;
};

struct fold *fold_open(struct store *store, fold_unequal unequal, void *ctx)
{
	struct fold *fold = NEW(struct fold);
	fold->store = store;
	fold->unequal = unequal;
	fold->ctx = ctx;
	return fold;
}

void fold_close(struct fold *fold)
{
	if (!fold)
		return;
	for (uint32_t i = 0; i < fold->count; i++)
		incident_destroy(fold->open[i].incident);
	free(fold->open);
	free(fold);
}

/* The latest first: it is the likeliest to be meant. */
static struct folded *find(struct fold *fold, const char *id)
{
	for (uint32_t i = fold->count; i-- > 0;)
		if (strcmp(fold->open[i].incident->id, id) == 0)
			return &fold->open[i];
	return NULL;
}

/* ---- the comparison ---- */

static bool same_moment(struct moment a, struct moment b)
{
	return a.wall == b.wall && a.steady == b.steady;
}

static const char *difference(const struct incident *told, const struct incident *stored)
{
	const struct {
		bool same;
		const char *what;
	} members[] = {
	        {told->kind == stored->kind, "kind"},
	        {told->severity == stored->severity, "severity"},
	        {told->state == stored->state, "state"},
	        {told->outcome == stored->outcome, "outcome"},
	        {told->number == stored->number, "number"},
	        {told->drill == stored->drill, "mark as a drill"},
	        {told->cleared == stored->cleared, "mark as cleared"},
	        {text_same(told->zone, stored->zone), "zone"},
	        {text_same(told->subject, stored->subject), "subject"},
	        {text_same(told->owner, stored->owner), "owner"},
	        {text_same(told->note, stored->note), "note"},
	        {text_same(told->reported_by, stored->reported_by), "reported_by"},
	        {text_same(told->resolved_by, stored->resolved_by), "resolved_by"},
	        {text_same(told->on_site, stored->on_site), "on_site"},
	        {text_same(told->doubted_by, stored->doubted_by), "doubted_by"},
	        {text_same(told->help_by, stored->help_by), "help_by"},
	        {same_moment(told->opened, stored->opened), "time of opening"},
	        {same_moment(told->acknowledged, stored->acknowledged), "time of acknowledgement"},
	        {same_moment(told->resolved, stored->resolved), "time of resolution"},
	};
	for (size_t i = 0; i < sizeof members / sizeof *members; i++)
		if (!members[i].same)
			return members[i].what;
	return NULL;
}

static int compare(struct fold *fold, const struct folded *told)
{
	const char *id = told->incident->id;
	struct incident *stored = NULL;
	char *site_id = NULL;
	int r = store_incident(fold->store, id, &stored, &site_id);
	if (r == -ENOENT) {
		fold->unequal(fold->ctx, told->site, id, told->seq, "is not in the store");
		return 0;
	}
	if (r == -EBUSY)
		return r;
	const char *what = r < 0                              ? "row"
	                   : strcmp(site_id, told->site) != 0 ? "site"
	                                                      : difference(told->incident, stored);
	if (what) {
		char words[96];
		snprintf(words, sizeof words, "its %s is not what the ledger tells", what);
		fold->unequal(fold->ctx, told->site, id, told->seq, words);
	}
	incident_destroy(stored);
	free(site_id);
	return 0;
}

/* ---- the entries ---- */

static int change(struct fold *fold, struct folded *folded, const struct ledger_row *row,
                  const cJSON *data)
{
	folded->seq = row->seq;
	telling_changed(folded->incident, row, data);
	if (folded->incident->state != STATE_RESOLVED)
		return 0;
	int r = compare(fold, folded);
	incident_destroy(folded->incident);
	*folded = fold->open[--fold->count];
	return r;
}

/* Of the many entries that name an incident, those that may change it. */
static bool changes(const struct ledger_row *row)
{
	return strncmp(row->type, "incident.", 9) == 0 ||
	       (strcmp(row->type, "signal") == 0 && strstr(row->data, "\"nothing new"));
}

int fold_entry(struct fold *fold, const struct ledger_row *row)
{
	cJSON *data = NULL;
	if (!row->incident || !changes(row))
		return 0;
	struct folded *folded = find(fold, row->incident);
	bool opens = strcmp(row->type, "incident.opened") == 0;
	if (!folded && !opens)
		return 0; /* its opening is older than the first entry that is kept */
	if (json_parse(row->data, strlen(row->data), &data, NULL) < 0)
		return 0; /* the chain says what is wrong */
	int r = 0;
	if (opens) {
		MEM_RESERVE(fold->open, fold->count, fold->cap);
		fold->open[fold->count++] = (struct folded){
		        .incident = telling_opened(row, data), .site = row->site, .seq = row->seq};
	} else {
		assert(folded);
		r = change(fold, folded, row, data);
	}
	cJSON_Delete(data);
	return r;
}

int fold_end(struct fold *fold)
{
	int r = 0;
	for (uint32_t i = 0; r == 0 && i < fold->count; i++)
		r = compare(fold, &fold->open[i]);
	return r;
}
