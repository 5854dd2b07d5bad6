/* An incident and its parts, to rows and back. Everything but what is memory only: a restart must
 * find the same incident, its timers included. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "store/sql.h"

/* A policy's text is kept once, however many incidents started with it. */
static int put_policy(struct store *store, const struct policy *policy, int64_t *number,
                      struct problem *why)
{
	uint8_t hash[SHA256_LEN];
	text_reset(&store->scratch);
	policy_write_json(&store->scratch, NULL, policy);
	sha256_begin(store->sha);
	sha256_add(store->sha, text_get(&store->scratch), store->scratch.len);
	sha256_end(store->sha, hash);

	struct binder find = sql_bind(store, SQL_POLICY_FIND);
	bind_blob(&find, hash, sizeof hash);
	int r = sql_number(store, &find, number, why);
	if (r == 0)
		summing_policy(store->summing, *number, hash);
	if (r != -ENOENT)
		return r;
	struct binder add = sql_bind(store, SQL_POLICY_ADD);
	bind_blob(&add, hash, sizeof hash);
	bind_text(&add, text_get(&store->scratch));
	r = sql_done(store, &add, why);
	if (r < 0)
		return r;
	*number = sqlite3_last_insert_rowid(store->db);
	summing_policy(store->summing, *number, hash);
	return 0;
}

static const char *zone_path_text(struct store *store, const struct incident *incident)
{
	text_reset(&store->scratch);
	json_open(&store->scratch, NULL, '[');
	for (uint32_t i = 0; i < incident->zone_depth; i++)
		json_put_string(&store->scratch, NULL, incident->zone_path[i]);
	json_close(&store->scratch, ']');
	return text_get(&store->scratch);
}

static void bind_incident(struct store *store, struct binder *at, uint32_t site,
                          const struct incident *incident, int64_t policy)
{
	bind_int(at, site);
	bind_text(at, incident->id);
	bind_int(at, incident->number);
	bind_text(at, incident_kind_name(incident->kind));
	bind_text(at, severity_name(incident->severity));
	bind_text(at, incident_state_name(incident->state));
	bind_text(at, outcome_name(incident->outcome));
	bind_text(at, incident->zone);
	bind_text(at, incident->zone_name);
	bind_text(at, zone_path_text(store, incident));
	bind_text(at, incident->subject);
	bind_text(at, incident->owner);
	bind_text(at, incident->reported_by);
	bind_text(at, incident->note);
	bind_text(at, incident->resolved_by);
	bind_bool(at, incident->cleared);
	bind_bool(at, incident->drill);
	bind_moment(at, incident->opened);
	bind_moment(at, incident->changed);
	bind_moment_or_null(at, incident->acknowledged);
	bind_moment_or_null(at, incident->resolved);
	if (policy)
		bind_int(at, policy);
	else
		bind_null(at);
	bind_int(at, incident->round);
	bind_int(at, incident->round_at);
	bind_int(at, incident->step);
	bind_text(at, reason_name(incident->step_reason));
	bind_int(at, incident->step_pending);
	bind_int(at, incident->step_reached);
	bind_bool(at, incident->exhausted);
	bind_timer(at, &incident->step_due);
	bind_timer(at, &incident->resolve_due);
	bind_text(at, incident->on_site);
	bind_text(at, incident->doubted_by);
	bind_text(at, incident->help_by);
	bind_bool(at, incident->silent);
	bind_int(at, incident->run);
}

static int put_signal(struct store *store, int64_t key, uint32_t position,
                      const struct incident_signal *signal, struct problem *why)
{
	struct binder at = sql_bind(store, SQL_SIGNAL_PUT);
	bind_int(&at, key);
	bind_int(&at, position);
	bind_text(&at, signal->device);
	bind_text(&at, signal->device_name);
	bind_text(&at, kind_name(signal->kind));
	bind_bool(&at, signal->active);
	bind_int(&at, signal->time);
	bind_int(&at, signal->at);
	bind_int(&at, signal->presses);
	return sql_done(store, &at, why);
}

static int put_told(struct store *store, int64_t key, uint32_t position, const struct told *told,
                    struct problem *why)
{
	struct binder at = sql_bind(store, SQL_TOLD_PUT);
	bind_int(&at, key);
	bind_int(&at, position);
	bind_text(&at, recipient_kind_name(told->kind));
	bind_text(&at, told->id);
	bind_bool(&at, told->acknowledged);
	return sql_done(store, &at, why);
}

int incident_key(struct store *store, const char *id, int64_t *key, struct problem *why)
{
	/* A thousand notifications of one fire ask for one. */
	if (store->incident[0] && strcmp(store->incident, id) == 0) {
		*key = store->incident_key;
		return 0;
	}
	struct binder at = sql_bind(store, SQL_INCIDENT_KEY);
	bind_text(&at, id);
	int r = sql_number(store, &at, key, why);
	if (r < 0)
		return r;
	snprintf(store->incident, sizeof store->incident, "%s", id);
	store->incident_key = *key;
	return 0;
}

int incident_put(struct store *store, uint32_t site, const struct incident *incident,
                 struct problem *why)
{
	int64_t key, policy = 0;
	int r = incident->policy ? put_policy(store, incident->policy, &policy, why) : 0;
	if (r < 0)
		return r;
	struct binder at = sql_bind(store, SQL_INCIDENT_PUT);
	bind_incident(store, &at, site, incident, policy);
	r = sql_done(store, &at, why);
	if (r == 0)
		r = incident_key(store, incident->id, &key, why);
	/* A long incident has many and few that change. */
	for (uint32_t i = 0; r == 0 && i < incident->signal_count; i++)
		if (incident->signals[i].touched)
			r = put_signal(store, key, i, &incident->signals[i], why);
	for (uint32_t i = 0; r == 0 && i < incident->told_count; i++)
		if (incident->told[i].touched)
			r = put_told(store, key, i, &incident->told[i], why);
	return r;
}

/* ---- and back ---- */

static void read_signal(struct binder *at, struct incident *incident)
{
	MEM_RESERVE_FROM(2, incident->signals, incident->signal_count, incident->signal_cap);
	struct incident_signal *signal = &incident->signals[incident->signal_count++];
	*signal = (struct incident_signal){.device = mem_copy(read_text(at))};
	signal->device_name = mem_copy(read_text(at));
	signal->kind = kind_from_name(read_text(at));
	signal->active = read_bool(at);
	signal->time = read_int(at);
	signal->at = read_int(at);
	signal->presses = read_u32(at);
}

static void read_told(struct binder *at, struct incident *incident)
{
	const char *kind = read_text(at);
	const char *id = read_text(at);
	bool channel = strcmp(kind, "channel") == 0;
	incident_add_told(incident, channel ? RECIPIENT_CHANNEL : RECIPIENT_PERSON, id)
	        ->acknowledged = read_bool(at);
}

static int get_signals(struct store *store, int64_t key, struct incident *incident)
{
	struct binder at = sql_bind(store, SQL_SIGNALS_GET);
	bind_int(&at, key);
	int r;
	while ((r = sql_next(store, &at)) > 0)
		read_signal(&at, incident);
	return r;
}

static int get_told(struct store *store, int64_t key, struct incident *incident)
{
	struct binder at = sql_bind(store, SQL_TOLD_GET);
	bind_int(&at, key);
	int r;
	while ((r = sql_next(store, &at)) > 0)
		read_told(&at, incident);
	return r;
}

static int get_zone_path(const char *json, struct incident *incident)
{
	cJSON *path = NULL;
	if (json_parse(json, strlen(json), &path, NULL) < 0)
		return -EIO;
	const cJSON *id;
	incident->zone_path = NEW_ARRAY(const char *, (size_t)cJSON_GetArraySize(path));
	cJSON_ArrayForEach (id, path)
		if (cJSON_IsString(id))
			incident->zone_path[incident->zone_depth++] = mem_copy(id->valuestring);
	cJSON_Delete(path);
	return 0;
}

/* Most incidents have the policy of the one before: its text is parsed once. */
struct known_policy {
	struct text json;
	struct policy *policy;
};

static struct policy *read_policy(const char *json, struct known_policy *known)
{
	if (!known->policy || strcmp(text_get(&known->json), json) != 0) {
		policy_destroy(known->policy);
		text_reset(&known->json);
		text_add(&known->json, json);
		known->policy = policy_read_json(json);
	}
	return known->policy ? policy_copy(known->policy) : NULL;
}

static void known_policy_finish(struct known_policy *known)
{
	policy_destroy(known->policy);
	text_finish(&known->json);
}

/* Columns in the order of INCIDENT_SELECT (sql.c), behind the site's id and the key. */
static int get_columns(struct binder *at, struct incident *incident, struct known_policy *known)
{
	snprintf(incident->id, sizeof incident->id, "%s", read_text(at));
	incident->number = read_u32(at);
	incident->kind = incident_kind_from_name(read_text(at));
	incident->severity = severity_from_name(read_text(at));
	incident->state = incident_state_from_name(read_text(at));
	const char *outcome = read_text(at);
	incident->outcome = outcome ? outcome_from_name(outcome) : OUTCOME_NONE;
	incident->zone = mem_copy(read_text(at));
	incident->zone_name = mem_copy(read_text(at));
	int r = get_zone_path(read_text(at), incident);
	incident->subject = mem_copy(read_text(at));
	incident->owner = mem_copy(read_text(at));
	incident->reported_by = mem_copy(read_text(at));
	incident->note = mem_copy(read_text(at));
	incident->resolved_by = mem_copy(read_text(at));
	incident->cleared = read_bool(at);
	incident->drill = read_bool(at);
	incident->opened = read_moment(at);
	incident->changed = read_moment(at);
	incident->acknowledged = read_moment(at);
	incident->resolved = read_moment(at);
	const char *policy = read_text(at);
	incident->policy = policy ? read_policy(policy, known) : NULL;
	if (policy && !incident->policy)
		r = -EIO;
	incident->round = read_u32(at);
	incident->round_at = read_int(at);
	incident->step = read_u32(at);
	incident->step_reason = reason_from_name(read_text(at));
	incident->step_pending = read_u32(at);
	incident->step_reached = read_u32(at);
	incident->exhausted = read_bool(at);
	incident->step_due.due = read_due(at);
	incident->resolve_due.due = read_due(at);
	incident->on_site = mem_copy(read_text(at));
	incident->doubted_by = mem_copy(read_text(at));
	incident->help_by = mem_copy(read_text(at));
	incident->silent = read_bool(at);
	incident->run = read_u32(at);
	return r;
}

int incident_get(struct store *store, struct binder *at, struct incident **out,
                 const char **site_id)
{
	struct incident *incident = incident_create();
	const char *site = read_text(at);
	int64_t key = read_int(at);
	struct known_policy known = {0};
	int r = get_columns(at, incident, &known);
	known_policy_finish(&known);
	if (r == 0)
		r = get_signals(store, key, incident);
	if (r == 0)
		r = get_told(store, key, incident);
	if (r < 0) {
		incident_destroy(incident);
		return r;
	}
	*out = incident;
	*site_id = site;
	return 0;
}

/* ---- all that a start goes on with ---- */

/* Parts of many incidents, in the order of their keys. Asked for one incident after the other they
 * would be most of a start with thousands open. */
struct parts {
	struct binder at;
	void (*read)(struct binder *, struct incident *);
	int64_t key; /* of the incident whose part is the current row */
	int r;       /* of sql_next: 1 while there is a row */
};

static void next_part(struct store *store, struct parts *parts)
{
	parts->r = sql_next(store, &parts->at);
	if (parts->r > 0)
		parts->key = read_int(&parts->at);
}

static void begin_parts(struct store *store, struct parts *parts, enum statement which,
                        uint32_t site, void (*read)(struct binder *, struct incident *))
{
	parts->at = sql_bind(store, which);
	parts->read = read;
	bind_int(&parts->at, site);
	next_part(store, parts);
}

static int take_parts(struct store *store, struct parts *parts, int64_t key,
                      struct incident *incident)
{
	while (parts->r > 0 && parts->key <= key) {
		if (parts->key == key)
			parts->read(&parts->at, incident);
		next_part(store, parts);
	}
	return parts->r < 0 ? parts->r : 0;
}

int incidents_load(struct store *store, struct site *site)
{
	struct known_policy known = {0};
	struct parts signals, told;
	struct binder at = sql_bind(store, SQL_INCIDENTS_TO_LOAD);
	int r;
	bind_int(&at, site->store_id);
	begin_parts(store, &signals, SQL_SIGNALS_TO_LOAD, site->store_id, read_signal);
	begin_parts(store, &told, SQL_TOLD_TO_LOAD, site->store_id, read_told);
	while ((r = sql_next(store, &at)) > 0) {
		struct incident *incident = incident_create();
		(void)read_text(&at); /* the site's id */
		int64_t key = read_int(&at);
		r = get_columns(&at, incident, &known);
		if (r == 0)
			r = take_parts(store, &signals, key, incident);
		if (r == 0)
			r = take_parts(store, &told, key, incident);
		if (r < 0) {
			incident_destroy(incident);
			break;
		}
		site_adopt_incident(site, incident);
	}
	sql_end(&at);
	sql_end(&signals.at);
	sql_end(&told.at);
	known_policy_finish(&known);
	return r;
}
