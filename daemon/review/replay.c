#include "review/replay_engine.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* More than falls due between two entries of a site at its busiest, some of which leaves an entry
 * where the definition is the one that was in force: an entry whose time was edited would let it go
 * on for ages. */
#define PASS_MAX 10000
#define PASS_MAX_OTHER 1000000

/* ---- what comes out ---- */

static void add_push(struct replay_list *list, const struct recorded *incident, const char *data,
                     struct moment at)
{
	cJSON *root = NULL;
	if (json_parse(data, strlen(data), &root, NULL) < 0)
		return;
	const cJSON *to = json_get(root, "to");
	const char *kind = json_string(to, "kind"), *id = json_string(to, "id");
	const char *reason = json_string(root, "reason");
	if (kind && id && reason) {
		struct text who = {0};
		text_addf(&who, "%s:%s", kind, id);
		MEM_RESERVE(list->items, list->count, list->cap);
		list->items[list->count++] = (struct replay_push){
		        .incident = mem_copy(incident->id),
		        .zone = mem_copy(incident->zone),
		        .to = text_take(&who),
		        .kind = incident->kind,
		        .reason = reason_from_name(reason),
		        .at = at,
		        .twin = POSITION_NONE};
	}
	cJSON_Delete(root);
}

static void collect(struct engine *e)
{
	for (uint32_t i = 0; i < e->plan.entry_count; i++) {
		const struct entry *entry = &e->plan.entries[i];
		e->out->would.incidents += strcmp(entry->type, "incident.opened") == 0;
		if (strcmp(entry->type, "notification") != 0 || !entry->incident)
			continue;
		const struct incident *incident = site_incident(e->site, entry->incident);
		struct recorded named = {.zone = (char *)(incident ? incident->zone : ""),
		                         .kind = incident ? incident->kind : INCIDENT_OTHER};
		snprintf(named.id, sizeof named.id, "%s", entry->incident);
		add_push(&e->out->would, &named, entry->data, entry->now);
	}
}

/* Ends what a turn has decided. Simulated pushes arrive at once, and what follows from that is
 * part of it. */
static void settle(struct engine *e, struct moment now)
{
	struct problem why;
	uint32_t count;
	do {
		struct delivery_result *results = NEW_ARRAY(struct delivery_result,
		                                            (size_t)e->plan.dispatch_count + 1);
		count = e->simulate ? e->plan.dispatch_count : 0;
		for (uint32_t i = 0; i < count; i++)
			results[i] = (struct delivery_result){
			        .notification = e->plan.dispatches[i].notification->number,
			        .contact = e->plan.dispatches[i].contact,
			        .attempt = e->plan.dispatches[i].attempt,
			        .verdict = VERDICT_ACCEPTED,
			        .status = 200};
		collect(e);
		if (e->watch)
			e->watch->turn(e->watch->ctx, e->site, &e->plan, now);
		plan_reset(&e->plan, e->site);
		for (uint32_t i = 0; i < count; i++)
			(void)!site_apply(
			        e->site,
			        &(struct event){.type = EVENT_DELIVERY, .delivery = results[i]},
			        now, &e->plan, &why);
		free(results);
	} while (count);
	site_settle(e->site);
}

/* ---- time ---- */

void replay_hush(struct engine *e, uint32_t device)
{
	timer_stop(&e->site->timers, &e->site->devices[device].silence);
}

void replay_hush_all(struct engine *e)
{
	for (uint32_t i = 0; i < e->def->device_count; i++)
		replay_hush(e, i);
}

/* As the service does it: what came in, what was due, and all of it is one turn. */
static void end_turn(struct engine *e)
{
	if (!e->begun)
		return;
	if (!e->down && site_next_deadline(e->site) <= e->now.steady)
		site_tick(e->site, e->now, &e->plan);
	settle(e, e->now);
	e->begun = false;
}

void replay_apply(struct engine *e, const struct event *event)
{
	struct problem why;
	e->begun = true;
	if (site_apply(e->site, event, e->now, &e->plan, &why) == 0)
		e->out->applied++;
	else
		e->out->not_applied++;
}

/* Up to a turn that left entries. Of a step of the clock the time before it counts; what was due
 * before a start comes with it. */
static void pass_to(struct engine *e, struct moment now, bool steps, bool starts)
{
	steady_ms last = -1;
	uint32_t passed = 0;
	if (e->now.steady == now.steady && e->now.wall == now.wall)
		return;
	end_turn(e);
	e->down |= starts;
	struct moment was = e->now;
	while (!e->down) {
		steady_ms due = site_next_deadline(e->site);
		if (due >= now.steady || due == last)
			break;
		if (++passed > (e->simulate ? PASS_MAX_OTHER : PASS_MAX)) {
			e->out->stuck = e->last;
			break;
		}
		last = due;
		struct moment then = {.steady = due,
		                      .wall = steps ? was.wall + (due - was.steady)
		                                    : now.wall - (now.steady - due)};
		site_tick(e->site, then, &e->plan);
		settle(e, then);
	}
	e->now = now;
}

/* The configuration and the key come before the start, in the turn that it begins. */
static bool begins_life(struct engine *e, struct moment now)
{
	while (e->start < e->start_count && e->starts[e->start].steady < now.steady)
		e->start++;
	return e->start < e->start_count && e->starts[e->start].steady == now.steady;
}

/* The entries before this one that are not there. */
static void count_hole(struct engine *e, const struct ledger_row *row)
{
	uint8_t hash[SHA256_LEN];
	uint64_t next = e->last + 1, last;
	if (next == 1 && row->seq > 1 &&
	    store_removed(e->store, row->site, next, &last, hash, NULL) < 0) {
		e->out->removed += row->seq - 1; /* a part begins anywhere */
		next = row->seq;
	}
	while (next < row->seq &&
	       store_removed(e->store, row->site, next, &last, hash, NULL) == 0 && last >= next &&
	       last < row->seq) {
		e->out->removed += last + 1 - next;
		next = last + 1;
	}
	e->out->missing += row->seq > next ? row->seq - next : 0;
	e->last = row->seq;
}

static bool visit(void *ctx, const struct ledger_row *row)
{
	struct engine *e = ctx;
	cJSON *data = NULL;
	count_hole(e, row);
	e->out->entries++;
	if (json_parse(row->data, strlen(row->data), &data, NULL) < 0)
		return true;
	replay_remember(e, row, data);
	const struct recorded *recorded = replay_incident(e, row->incident);
	const struct moment now = {.wall = row->received, .steady = row->steady};
	if (strcmp(row->type, "notification") == 0 && recorded)
		add_push(&e->out->was, recorded, row->data, now);
	pass_to(e, now, strcmp(row->type, "clock") == 0, begins_life(e, now));
	replay_take(e, row, data);
	cJSON_Delete(data);
	return !e->out->stuck;
}

/* ---- before anything is applied ---- */

static bool visit_start(void *ctx, const struct ledger_row *row)
{
	struct engine *e = ctx;
	MEM_RESERVE(e->starts, e->start_count, e->start_cap);
	e->starts[e->start_count++] = (struct moment){.wall = row->received, .steady = row->steady};
	return true;
}

static const struct site_def *def_of(const struct engine *e, const char *hash, const char *text)
{
	if (strcmp(hash, e->def->hash) == 0)
		return e->def;
	for (uint32_t i = 0; i < e->version_count; i++)
		if (strcmp(e->versions[i].hash, hash) == 0)
			return e->versions[i].def;
	return text && e->reader.read ? e->reader.read(e->reader.ctx, text) : NULL;
}

static bool visit_config(void *ctx, const struct ledger_row *row)
{
	struct engine *e = ctx;
	cJSON *data = NULL;
	struct version version = {.def = e->version_count ? e->versions[e->version_count - 1].def
	                                                  : e->def};
	if (json_parse(row->data, strlen(row->data), &data, NULL) < 0)
		return true; /* nor is it applied */
	const cJSON *file = json_get(data, "site_file");
	const char *hash = json_string(file, "hash");
	if (hash) {
		version.def = def_of(e, hash, json_string(file, "text"));
		snprintf(version.hash, sizeof version.hash, "%s", hash);
	}
	MEM_RESERVE(e->versions, e->version_count, e->version_cap);
	e->versions[e->version_count++] = version;
	cJSON_Delete(data);
	return true;
}

/* Whether all that was in force can be, the given one last. */
static bool is_known_whole(const struct engine *e)
{
	for (uint32_t i = 0; i < e->version_count; i++)
		if (!e->versions[i].def)
			return false;
	return !e->version_count || e->versions[e->version_count - 1].def == e->def;
}

static int look_ahead(struct engine *e)
{
	const char *site = e->def->id;
	int r = store_log(e->store, &(struct ledger_filter){.site = site, .type = "config"},
	                  visit_config, e);
	if (r >= 0)
		r = store_log(e->store,
		              &(struct ledger_filter){.site = site, .type = "service.started"},
		              visit_start, e);
	e->out->other = e->simulate = !is_known_whole(e);
	if (!e->out->other && e->version_count)
		e->def = e->versions[0].def;
	return r;
}

/* ---- side by side ---- */

static bool same_push(const struct replay_push *a, const struct replay_push *b)
{
	return a->kind == b->kind && a->reason == b->reason && strcmp(a->to, b->to) == 0 &&
	       strcmp(a->zone ? a->zone : "", b->zone ? b->zone : "") == 0;
}

#define TWIN_WITHIN HOURS(1)

/* In the order of time: each with the first of its like that has no twin yet. */
static void pair(struct replay *out)
{
	for (uint32_t i = 0, from = 0; i < out->was.count; i++) {
		struct replay_push *was = &out->was.items[i];
		while (from < out->would.count &&
		       out->would.items[from].at.steady < was->at.steady - TWIN_WITHIN)
			from++;
		for (uint32_t k = from; k < out->would.count; k++) {
			struct replay_push *would = &out->would.items[k];
			if (would->at.steady > was->at.steady + TWIN_WITHIN)
				break;
			if (would->twin != POSITION_NONE || !same_push(was, would))
				continue;
			was->twin = k;
			would->twin = i;
			break;
		}
	}
}

int replay_run(struct store *store, const struct site_def *def, struct replay_reader reader,
               const struct replay_watch *watch, struct replay *out)
{
	struct engine e = {.out = out,
	                   .store = store,
	                   .reader = reader,
	                   .watch = watch,
	                   .def = def,
	                   .down = true};
	int r = look_ahead(&e);
	e.site = site_create(e.def);
	if (watch)
		watch->begin(watch->ctx, e.site);
	if (r >= 0)
		r = store_log(store, &(struct ledger_filter){.site = def->id}, visit, &e);
	end_turn(&e);
	pair(out);
	replay_forget(&e);
	free(e.versions);
	free(e.starts);
	plan_finish(&e.plan);
	site_destroy(e.site);
	return r;
}

static void list_finish(struct replay_list *list)
{
	for (uint32_t i = 0; i < list->count; i++) {
		free(list->items[i].incident);
		free(list->items[i].zone);
		free(list->items[i].to);
	}
	free(list->items);
}

void replay_finish(struct replay *replay)
{
	list_finish(&replay->was);
	list_finish(&replay->would);
	*replay = (struct replay){0};
}
