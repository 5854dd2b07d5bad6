#include "store/fold.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "store/sql.h"

struct folded { /* an incident as its entries tell it */
	char id[INCIDENT_ID_MAX];
	enum incident_kind kind;
	enum severity severity;
	enum incident_state state;
	enum outcome outcome;
	char *zone, *owner, *resolved_by;
	wall_ms opened, acknowledged, resolved;
	uint64_t seq; /* of the last entry about it */
};

struct fold {
	struct store *store;
	fold_unequal unequal;
	void *ctx;
	struct folded *open; /* by a table of their ids */
	uint32_t count, cap;
	uint64_t seen;
};

struct fold *fold_open(struct store *store, fold_unequal unequal, void *ctx)
{
	struct fold *fold = NEW(struct fold);
	fold->store = store;
	fold->unequal = unequal;
	fold->ctx = ctx;
	return fold;
}

static void finish(struct folded *incident)
{
	free(incident->zone);
	free(incident->owner);
	free(incident->resolved_by);
}

void fold_close(struct fold *fold)
{
	if (!fold)
		return;
	for (uint32_t i = 0; i < fold->count; i++)
		finish(&fold->open[i]);
	free(fold->open);
	free(fold);
}

/* The latest first: it is the likeliest to be meant. */
static struct folded *find(struct fold *fold, const char *id)
{
	for (uint32_t i = fold->count; i-- > 0;)
		if (strcmp(fold->open[i].id, id) == 0)
			return &fold->open[i];
	return NULL;
}

static void replace(char **place, const char *text)
{
	char *copy = mem_copy(text);
	free(*place);
	*place = copy;
}

/* ---- the comparison ---- */

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static const char *difference(const struct folded *told, const struct incident *stored)
{
	if (told->kind != stored->kind)
		return "kind";
	if (told->severity != stored->severity)
		return "severity";
	if (told->state != stored->state)
		return "state";
	if (told->outcome != stored->outcome)
		return "outcome";
	if (!same_text(told->zone, stored->zone))
		return "zone";
	if (!same_text(told->owner, stored->owner))
		return "owner";
	if (!same_text(told->resolved_by, stored->resolved_by))
		return "resolved_by";
	if (told->opened != stored->opened.wall)
		return "time of opening";
	if (told->acknowledged != stored->acknowledged.wall)
		return "time of acknowledgement";
	if (told->resolved != stored->resolved.wall)
		return "time of resolution";
	return NULL;
}

static int compare(struct fold *fold, const struct folded *told)
{
	struct incident *stored = NULL;
	char *site_id = NULL;
	fold->seen++;
	int r = store_incident(fold->store, told->id, &stored, &site_id);
	if (r == -ENOENT) {
		fold->unequal(fold->ctx, told->id, told->seq, "is not in the store");
		return 0;
	}
	if (r == -EBUSY)
		return r;
	const char *what = r < 0 ? "row" : difference(told, stored);
	if (what) {
		char words[96];
		snprintf(words, sizeof words, "its %s is not what the ledger tells", what);
		fold->unequal(fold->ctx, told->id, told->seq, words);
	}
	incident_destroy(stored);
	free(site_id);
	return 0;
}

/* ---- the entries ---- */

static int open_incident(struct fold *fold, const struct ledger_row *row, const cJSON *data)
{
	const char *kind = json_string(data, "kind"), *severity = json_string(data, "severity");
	MEM_RESERVE(fold->open, fold->count, fold->cap);
	struct folded *incident = &fold->open[fold->count++];
	*incident = (struct folded){
	        .kind = kind ? incident_kind_from_name(kind) : INCIDENT_KIND_NONE,
	        .severity = severity ? severity_from_name(severity) : SEVERITY_NONE,
	        .zone = mem_copy(json_string(data, "zone")),
	        .opened = row->received,
	        .seq = row->seq,
	};
	snprintf(incident->id, sizeof incident->id, "%s", row->incident);
	return 0;
}

static int resolve(struct fold *fold, struct folded *incident, const struct ledger_row *row,
                   const cJSON *data)
{
	const char *outcome = json_string(data, "outcome");
	incident->state = STATE_RESOLVED;
	incident->outcome = outcome ? outcome_from_name(outcome) : OUTCOME_NONE;
	incident->resolved = row->received;
	replace(&incident->resolved_by, row->by);
	int r = compare(fold, incident);
	finish(incident);
	*incident = fold->open[--fold->count];
	return r;
}

static int change(struct fold *fold, struct folded *incident, const struct ledger_row *row,
                  const cJSON *data)
{
	const char *what = row->type + strlen("incident.");
	incident->seq = row->seq;
	if (strcmp(what, "raised") == 0) {
		const char *to = json_string(data, "to");
		incident->severity = to ? severity_from_name(to) : SEVERITY_NONE;
		incident->state = STATE_OPEN;
	} else if (strcmp(what, "acknowledged") == 0) {
		incident->state = STATE_ACKNOWLEDGED;
		incident->acknowledged = row->received;
		replace(&incident->owner, json_string(data, "owner"));
	} else if (strcmp(what, "assigned") == 0) {
		replace(&incident->owner, json_string(data, "owner"));
	} else if (strcmp(what, "help_wanted") == 0) {
		incident->state = STATE_OPEN;
		incident->acknowledged = 0;
		replace(&incident->owner, row->by);
	} else if (strcmp(what, "reopened") == 0) {
		incident->state = STATE_OPEN;
		incident->acknowledged = 0;
		replace(&incident->owner, NULL);
	} else if (strcmp(what, "resolved") == 0) {
		return resolve(fold, incident, row, data);
	}
	return 0;
}

int fold_entry(struct fold *fold, const struct ledger_row *row)
{
	cJSON *data = NULL;
	if (!row->incident || strncmp(row->type, "incident.", 9) != 0)
		return 0;
	struct folded *incident = find(fold, row->incident);
	bool opens = strcmp(row->type, "incident.opened") == 0;
	if (!incident && !opens)
		return 0; /* its opening is older than the first entry that is kept */
	if (json_parse(row->data, strlen(row->data), &data, NULL) < 0)
		return 0; /* the chain says what is wrong */
	assert(opens || incident);
	int r = opens ? open_incident(fold, row, data) : change(fold, incident, row, data);
	cJSON_Delete(data);
	return r;
}

int fold_end(struct fold *fold, uint64_t *incidents)
{
	int r = 0;
	for (uint32_t i = 0; r == 0 && i < fold->count; i++)
		r = compare(fold, &fold->open[i]);
	*incidents = fold->seen;
	return r;
}
