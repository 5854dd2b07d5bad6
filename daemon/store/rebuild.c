/* The state that a ledger tells, written into the rows of a store that has none: incidents, who was
 * told of them and how that went, what stands, what sensors said last. As far as the entries tell
 * it (telling.h). The counterpart of fold.c, which compares.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "store/sql.h"
#include "store/telling.h"

#define SIGNALS_MAX 4096 /* of one incident; a site has no more that join */

struct rebuild {
	struct store *store;
	uint32_t site;
	uint64_t strays;
	struct { /* the last signal: what opens an incident right behind it */
		char *device;
		enum kind kind;
		wall_ms time;
	} signal;
};

struct rebuild *rebuild_open(struct store *store, uint32_t site)
{
	struct rebuild *rebuild = NEW(struct rebuild);
	rebuild->store = store;
	rebuild->site = site;
	rebuild->signal.kind = KIND_NONE;
	return rebuild;
}

void rebuild_close(struct rebuild *rebuild)
{
	if (!rebuild)
		return;
	free(rebuild->signal.device);
	free(rebuild);
}

uint64_t rebuild_strays(const struct rebuild *rebuild)
{
	return rebuild->strays;
}

static enum kind read_kind(const cJSON *data, const char *name)
{
	const char *word = json_string(data, name);
	return word ? kind_from_name(word) : KIND_NONE;
}

/* ---- signals ---- */

static int take_signal(struct rebuild *rebuild, const struct ledger_row *row, const cJSON *data,
                       struct problem *why)
{
	const char *state = json_string(data, "state");
	enum kind kind = read_kind(data, "kind");
	bool is_test = false;
	(void)!json_bool(data, "test", &is_test);
	if (!row->device || kind == KIND_NONE || !state || is_test) /* a test changes nothing */
		return 0;
	bool active = strcmp(state, "active") == 0;
	free(rebuild->signal.device);
	rebuild->signal.device = mem_copy(row->device);
	rebuild->signal.kind = kind;
	rebuild->signal.time = row->time;
	struct binder at = sql_bind(rebuild->store, SQL_DEVICE_SAID);
	bind_int(&at, rebuild->site);
	bind_text(&at, row->device);
	bind_int(&at, INT64_C(1) << kind);
	bind_bool(&at, active);
	bind_int(&at, row->received);
	int r = sql_done(rebuild->store, &at, why);
	if (r < 0 || active)
		return r;
	at = sql_bind(rebuild->store, SQL_SIGNALS_CLEAR);
	bind_text(&at, row->device);
	bind_text(&at, kind_name(kind));
	bind_int(&at, row->time);
	return sql_done(rebuild->store, &at, why);
}

/* ---- incidents ---- */

static void add_signal(const struct rebuild *rebuild, struct incident *incident,
                       const struct ledger_row *row, enum kind kind)
{
	bool last = rebuild->signal.device && row->device &&
	            strcmp(rebuild->signal.device, row->device) == 0;
	if (kind == KIND_NONE && last)
		kind = rebuild->signal.kind;
	if (kind == KIND_NONE && incident->kind == INCIDENT_TROUBLE)
		kind = KIND_LINK; /* nobody said so: it was silent */
	if (!row->device || kind == KIND_NONE)
		return;
	struct incident_signal *signal = NULL;
	for (uint32_t i = 0; i < incident->signal_count; i++)
		if (incident->signals[i].kind == kind &&
		    strcmp(incident->signals[i].device, row->device) == 0)
			signal = &incident->signals[i];
	if (!signal && incident->signal_count == SIGNALS_MAX)
		return;
	if (!signal) {
		MEM_RESERVE(incident->signals, incident->signal_count, incident->signal_cap);
		signal = &incident->signals[incident->signal_count++];
		*signal = (struct incident_signal){.device = mem_copy(row->device),
		                                   .device_name = mem_copy(row->device),
		                                   .kind = kind};
	}
	signal->active = true;
	signal->time = row->time;
	signal->at = row->steady;
	signal->presses++;
}

/* What the tables ask for, and the entries may not tell. */
static void complete(struct incident *incident)
{
	const char *zone = incident->zone ? incident->zone : "";
	if (!incident->zone)
		incident->zone = mem_copy(zone);
	incident->zone_name = mem_copy(zone);
	incident->zone_path = NEW_ARRAY(const char *, 1);
	incident->zone_path[incident->zone_depth++] = mem_copy(zone);
	incident->round = 1;
	incident->step_reason = REASON_OPENED;
	if (incident->kind == INCIDENT_KIND_NONE)
		incident->kind = INCIDENT_OTHER;
}

static void open_incident(const struct rebuild *rebuild, struct incident *incident,
                          const struct ledger_row *row, const cJSON *data)
{
	complete(incident);
	add_signal(rebuild, incident, row, read_kind(data, "signal"));
}

static void change(const struct rebuild *rebuild, struct incident *incident,
                   const struct ledger_row *row, const cJSON *data)
{
	telling_changed(incident, row, data);
	if (strcmp(row->type, "incident.joined") == 0)
		add_signal(rebuild, incident, row, read_kind(data, "kind"));
}

static int take_incident(struct rebuild *rebuild, const struct ledger_row *row, const cJSON *data,
                         struct problem *why)
{
	struct incident *incident = NULL;
	char *site = NULL;
	if (strlen(row->incident) >= INCIDENT_ID_MAX || !*row->incident)
		return 0; /* none of ours */
	int r = store_incident(rebuild->store, row->incident, &incident, &site);
	bool opens = strcmp(row->type, "incident.opened") == 0;
	bool known = r == 0;
	if (r < 0 && r != -ENOENT) {
		problem_set(why, r, "the incident cannot be read back");
		goto finish;
	}
	r = 0;
	rebuild->strays += !known && !opens;
	if (known == opens)
		goto finish; /* it opened before the part, or twice */
	if (opens) {
		incident = telling_opened(row, data);
		open_incident(rebuild, incident, row, data);
	} else {
		change(rebuild, incident, row, data);
	}
	if (incident->severity == SEVERITY_NONE)
		incident->severity = SEVERITY_WARNING;
	incident->changed = (struct moment){row->received, row->steady};
	incident_touch_parts(incident, true);
	r = incident_put(rebuild->store, rebuild->site, incident, why);
finish:
	incident_destroy(incident);
	free(site);
	return r;
}

/* ---- who was told ---- */

static bool has_incident(struct rebuild *rebuild, const char *id)
{
	int64_t key;
	return incident_key(rebuild->store, id, &key, NULL) == 0;
}

static int take_notification(struct rebuild *rebuild, const struct ledger_row *row,
                             const cJSON *data, struct problem *why)
{
	const cJSON *to = json_get(data, "to"), *channel;
	const char *reason = json_string(data, "reason"), *kind = json_string(to, "kind");
	uint64_t number = notification_number(json_string(data, "id"));
	struct incident of = {0};
	int64_t step = 0;
	if (!number || !reason || reason_from_name(reason) == REASON_COUNT ||
	    !json_string(to, "id"))
		return 0;
	struct notification *n = notification_create();
	(void)!json_int(data, "step", &step);
	n->number = number;
	n->reason = reason_from_name(reason);
	n->step = step > 0 && step < INT32_MAX ? (uint32_t)step : 0;
	n->to_kind = kind && strcmp(kind, "channel") == 0 ? RECIPIENT_CHANNEL : RECIPIENT_PERSON;
	n->to_id = mem_copy(json_string(to, "id"));
	n->created = (struct moment){row->received, row->steady};
	(void)!json_bool(data, "at_once", &n->at_once);
	cJSON_ArrayForEach (channel, json_get(data, "channels"))
		if (cJSON_IsString(channel) && n->delivery_count < CONTACTS_MAX)
			n->deliveries[n->delivery_count++].channel = mem_copy(channel->valuestring);
	if (row->incident && strlen(row->incident) < sizeof of.id &&
	    has_incident(rebuild, row->incident)) {
		snprintf(of.id, sizeof of.id, "%s", row->incident);
		n->incident = &of;
	}
	int r = notification_put(rebuild->store, rebuild->site, n, why);
	n->incident = NULL;
	notification_destroy(n);
	return r;
}

static int take_delivery(struct rebuild *rebuild, const cJSON *data, struct problem *why)
{
	const char *result = json_string(data, "result");
	uint64_t number = notification_number(json_string(data, "notification"));
	int64_t contact = -1, attempt = 1, status = 0;
	bool held = false;
	(void)!json_bool(data, "held", &held);
	(void)!json_int(data, "attempt", &attempt);
	(void)!json_int(data, "status", &status);
	if (!number || !result || held || !json_int(data, "contact", &contact))
		return 0;
	bool accepted = strcmp(result, "accepted") == 0, refused = strcmp(result, "refused") == 0;
	struct binder at = sql_bind(rebuild->store, SQL_NOTIFICATION_RESULT);
	bind_int(&at, rebuild->site);
	bind_int(&at, (int64_t)number);
	bind_bool(&at, accepted);
	int r = sql_done(rebuild->store, &at, why);
	if (r < 0)
		return r;
	at = sql_bind(rebuild->store, SQL_DELIVERY_RESULT);
	bind_int(&at, rebuild->site);
	bind_int(&at, (int64_t)number);
	bind_int(&at, contact);
	bind_text(&at, delivery_state_name(accepted  ? DELIVERY_ACCEPTED
	                                   : refused ? DELIVERY_REFUSED
	                                             : DELIVERY_RETRYING));
	bind_int(&at, attempt < 0 || attempt > INT32_MAX ? 0 : attempt);
	bind_int(&at, status < 0 || status > 999 ? 0 : status);
	return sql_done(rebuild->store, &at, why);
}

/* ---- what stands: its entries carry it whole ---- */

static int take_standing(struct rebuild *rebuild, const struct ledger_row *row, const cJSON *what,
                         struct problem *why)
{
	const char *type = json_string(what, "type");
	int64_t number = 0;
	if (!type || standing_type_from_name(type) == STANDING_TYPE_COUNT ||
	    !json_int(what, "number", &number) || number < 1 || number > INT32_MAX)
		return 0;
	struct text json = {0};
	json_put_value(&json, NULL, what);
	struct binder at = sql_bind(rebuild->store, SQL_STANDING_PUT);
	bind_int(&at, rebuild->site);
	bind_int(&at, number);
	bind_text(&at, type);
	bind_bool(&at, json_string(what, "ended_at") != NULL);
	bind_int(&at, row->steady);
	bind_null(&at);
	bind_text(&at, text_get(&json));
	int r = sql_done(rebuild->store, &at, why);
	text_finish(&json);
	return r;
}

int rebuild_entry(struct rebuild *rebuild, const struct ledger_row *row, struct problem *why)
{
	cJSON *data = NULL;
	int r = 0;
	if (json_parse(row->data, strlen(row->data), &data, why) < 0)
		return -EINVAL;
	const cJSON *what = json_get(data, "what");
	if (strcmp(row->type, "signal") == 0)
		r = take_signal(rebuild, row, data, why);
	else if (row->incident &&
	         (strncmp(row->type, "incident.", 9) == 0 || strcmp(row->type, "step") == 0))
		r = take_incident(rebuild, row, data, why);
	else if (strcmp(row->type, "notification") == 0)
		r = take_notification(rebuild, row, data, why);
	else if (strcmp(row->type, "delivery") == 0)
		r = take_delivery(rebuild, data, why);
	else if (cJSON_IsObject(what))
		r = take_standing(rebuild, row, what, why);
	cJSON_Delete(data);
	return r;
}
