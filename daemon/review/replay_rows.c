#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "review/replay_engine.h"

/* ---- what later rows name ---- */

static void remember_incident(struct engine *e, const struct ledger_row *row, const cJSON *data)
{
	const char *zone = json_string(data, "zone"), *word = json_string(data, "kind");
	enum incident_kind kind = word ? incident_kind_from_name(word) : INCIDENT_OTHER;
	MEM_RESERVE(e->recorded, e->recorded_count, e->recorded_cap);
	struct recorded *recorded = &e->recorded[e->recorded_count++];
	*recorded = (struct recorded){.zone = mem_copy(zone ? zone : ""),
	                              .subject = mem_copy(json_string(data, "subject")),
	                              .kind = kind == INCIDENT_KIND_NONE ? INCIDENT_OTHER : kind};
	snprintf(recorded->id, sizeof recorded->id, "%s", row->incident);
	e->out->was.incidents++;
}

/* what: as it stands, or an entry about an override. */
static void remember_standing(struct engine *e, const cJSON *what, const char *id)
{
	for (uint32_t i = e->standing_count; id && i-- > 0;)
		if (strcmp(e->standings[i].id, id) == 0)
			return;
	if (!id)
		return;
	MEM_RESERVE(e->standings, e->standing_count, e->standing_cap);
	e->standings[e->standing_count++] = (struct recorded_standing){
	        .id = mem_copy(id),
	        .zone = mem_copy(json_string(what, "zone")),
	        .device = mem_copy(json_string(what, "device")),
	        .post = mem_copy(json_string(what, "post"))};
}

void replay_remember(struct engine *e, const struct ledger_row *row, const cJSON *data)
{
	if (strcmp(row->type, "incident.opened") == 0 && row->incident)
		remember_incident(e, row, data);
	const cJSON *what = json_get(data, "what");
	remember_standing(e, what ? what : data,
	                  json_string(what ? what : data, what ? "id" : "override"));
}

void replay_forget(struct engine *e)
{
	for (uint32_t i = 0; i < e->recorded_count; i++) {
		free(e->recorded[i].zone);
		free(e->recorded[i].subject);
	}
	free(e->recorded);
	for (uint32_t i = 0; i < e->standing_count; i++) {
		free(e->standings[i].id);
		free(e->standings[i].zone);
		free(e->standings[i].device);
		free(e->standings[i].post);
	}
	free(e->standings);
}

struct recorded *replay_incident(struct engine *e, const char *id)
{
	for (uint32_t i = e->recorded_count; id && i-- > 0;)
		if (strcmp(e->recorded[i].id, id) == 0)
			return &e->recorded[i];
	return NULL;
}

/* The incident of the replay that stands for a recorded one. */
static const char *stands_for(const struct engine *e, const struct recorded *recorded)
{
	for (uint32_t i = 0; recorded && i < e->site->incident_count; i++) {
		const struct incident *incident = e->site->incidents[i];
		if (incident->state != STATE_RESOLVED && incident->kind == recorded->kind &&
		    recorded->zone && strcmp(incident->zone, recorded->zone) == 0)
			return incident->id;
	}
	return NULL;
}

/* Of the replay likewise; numbers may be others, as another definition may have begun fewer or
 * more. NULL: here it never was. */
static const char *standing_for(const struct engine *e, const char *id)
{
	const struct recorded_standing *recorded = NULL;
	for (uint32_t i = e->standing_count; id && e->simulate && !recorded && i-- > 0;)
		if (strcmp(e->standings[i].id, id) == 0)
			recorded = &e->standings[i];
	const char *dash = id ? strrchr(id, '-') : NULL;
	if (!recorded || !dash) /* somebody else may have written the file */
		return e->simulate ? NULL : id;
	size_t kind = (size_t)(dash + 1 - id);
	for (uint32_t i = e->site->standing_count; i-- > 0;) {
		const struct standing *s = e->site->standings[i];
		if (!standing_is_over(s) && strncmp(s->id, id, kind) == 0 &&
		    text_same(s->zone, recorded->zone) && text_same(s->device, recorded->device) &&
		    text_same(s->post, recorded->post))
			return s->id;
	}
	return NULL;
}

/* ---- what went in ---- */

static void take_signal(struct engine *e, const struct ledger_row *row, const cJSON *data)
{
	const char *source = json_string(data, "source"), *kind = json_string(data, "kind");
	const char *state = json_string(data, "state");
	const cJSON *said = json_get(data, "said"), *value = json_get(data, "value");
	struct event event = {.type = EVENT_SIGNAL};
	if (!row->device || !kind || !state || (source && strcmp(source, "heard") != 0))
		return;
	char *note = said ? cJSON_PrintUnformatted(said) : NULL;
	event.signal = (struct signal){.device = row->device,
	                               .kind = kind_from_name(kind),
	                               .active = strcmp(state, "active") == 0,
	                               .time = row->time,
	                               .time_said = json_string(data, "time_said"),
	                               .id = json_string(data, "id"),
	                               .has_value = cJSON_IsNumber(value),
	                               .value = cJSON_IsNumber(value) ? value->valuedouble : 0,
	                               .note = note};
	(void)!json_bool(data, "test", &event.signal.test);
	(void)!json_bool(data, "retained", &event.signal.retained);
	(void)!json_bool(data, "armed", &event.signal.armed);
	(void)!json_bool(data, "press", &event.signal.press);
	(void)!json_bool(data, "past", &event.signal.past);
	(void)!json_bool(data, "lifeless", &event.signal.lifeless);
	bool is_signed = false;
	(void)!json_bool(data, "signed", &is_signed);
	event.signal.signed_at = is_signed ? row->time : 0;
	(void)!json_int(data, "resets_ms", &event.signal.resets);
	uint32_t device = site_def_device(e->def, row->device);
	if (event.signal.kind != KIND_NONE)
		replay_apply(e, &event);
	if (device != POSITION_NONE)
		replay_hush(e, device);
	cJSON_free(note);
}

/* Somebody unknown whose message meant fire, gas or panic. */
static void take_stranger(struct engine *e, const struct ledger_row *row, const cJSON *data)
{
	const char *kind = json_string(data, "kind"), *state = json_string(data, "state");
	struct event event = {.type = EVENT_STRANGER};
	if (!row->device || !kind || !state)
		return;
	event.stranger = (struct stranger){.address = row->device,
	                                   .profile = json_string(data, "profile"),
	                                   .kind = kind_from_name(kind),
	                                   .active = strcmp(state, "active") == 0,
	                                   .time = row->time};
	if (event.stranger.kind != KIND_NONE)
		replay_apply(e, &event);
}

static void take_test_mark(struct engine *e, const struct ledger_row *row, const cJSON *data)
{
	const char *address = json_string(data, "address");
	enum mark_stage stage = mark_stage_from_name(json_string(data, "mark"));
	struct event event = {
	        .type = EVENT_TEST_MARK,
	        .test_mark = {.device = row->device, .address = address, .stage = stage}};
	if (row->device && address && stage != MARK_STAGE_COUNT)
		replay_apply(e, &event);
}

static bool read_action(const char *action, enum operation_type *out)
{
	for (int type = 0; action && type <= OPERATION_ARMING_END; type++)
		if (type != OPERATION_DUTY_OVERRIDE && type != OPERATION_DUTY_CANCEL &&
		    strcmp(action, operation_name((enum operation_type)type)) == 0) {
			*out = (enum operation_type)type;
			return true;
		}
	return false;
}

/* What a standing order is about. */
static void read_scope(const struct engine *e, const cJSON *data, struct operation *op)
{
	enum standing_type type = op->type == OPERATION_DRILL ? STANDING_DRILL : STANDING_SILENCE;
	const cJSON *kinds = json_get(data, "kinds"), *kind;
	cJSON_ArrayForEach (kind, kinds)
		if (cJSON_IsString(kind))
			op->kinds |= kinds_from_name(type, kind->valuestring);
	op->device = json_string(data, "device");
	op->standing = standing_for(e, json_string(data, "standing"));
	const char *at = json_string(data, "at");
	if (at)
		(void)!time_parse(at, &op->from);
	(void)!json_int(data, "span_ms", &op->span);
	(void)!json_bool(data, "force", &op->force);
	(void)!json_bool(data, "announced", &op->announced);
}

static void take_operation(struct engine *e, const struct ledger_row *row, const cJSON *data)
{
	struct event event = {.type = EVENT_OPERATION};
	struct operation *op = &event.operation;
	const char *outcome = json_string(data, "outcome"), *choice = json_string(data, "choice");
	const char *kind = json_string(data, "kind"), *severity = json_string(data, "severity");
	struct recorded *recorded = replay_incident(e, row->incident);
	const char *zones[OPERATION_ZONES_MAX];
	const cJSON *zone;
	if (!read_action(json_string(data, "action"), &op->type)) {
		e->out->not_applied++;
		return;
	}
	op->by = json_string(data, "for");
	op->actor = op->by ? row->by : NULL;
	if (!op->by)
		op->by = row->by;
	op->via = json_string(data, "via");
	op->note = json_string(data, "note");
	op->to = json_string(data, "to");
	op->zone = json_string(data, "zone");
	read_scope(e, data, op);
	cJSON_ArrayForEach (zone, json_get(data, "zones"))
		if (cJSON_IsString(zone) && op->zone_count < OPERATION_ZONES_MAX)
			zones[op->zone_count++] = zone->valuestring;
	op->zones = zones;
	op->outcome = outcome ? outcome_from_name(outcome) : OUTCOME_NONE;
	op->reply = choice ? reply_from_name(choice) : REPLY_COUNT;
	op->kind = kind ? incident_kind_from_name(kind) : INCIDENT_KIND_NONE;
	op->severity = severity ? severity_from_name(severity) : SEVERITY_NONE;
	if (row->incident && op->type != OPERATION_REPORT)
		op->incident = !e->simulate && site_incident(e->site, row->incident)
		                       ? row->incident
		                       : stands_for(e, recorded);
	replay_apply(e, &event);
}

static void take_result(struct engine *e, const cJSON *data)
{
	struct event event = {.type = EVENT_DELIVERY};
	const char *id = json_string(data, "notification"), *result = json_string(data, "result");
	uint64_t number = notification_number(id);
	int64_t contact = 0, attempt = 0, status = 0;
	if (json_string(data, "digest")) /* follows from the digest's own */
		return;
	if (e->simulate || !number || !result || !json_int(data, "contact", &contact) ||
	    !json_int(data, "attempt", &attempt))
		return;
	event.delivery = (struct delivery_result){
	        .notification = number, .contact = (uint32_t)contact, .attempt = (uint32_t)attempt};
	while (event.delivery.verdict < VERDICT_REFUSED &&
	       strcmp(verdict_name(event.delivery.verdict), result) != 0)
		event.delivery.verdict++;
	if (json_int(data, "status", &status))
		event.delivery.status = (int32_t)status;
	(void)!json_int(data, "took_ms", &event.delivery.took);
	event.delivery.sent = json_int(data, "sent_ago_ms", &event.delivery.sent_ago);
	(void)!json_bool(data, "held", &event.delivery.held);
	(void)!json_bool(data, "shut_out", &event.delivery.shut_out);
	(void)!json_int(data, "retry_after_ms", &event.delivery.retry_after);
	event.delivery.detail = json_string(data, "detail");
	replay_apply(e, &event);
}

/* What the core finds out by itself it finds out again. */
static bool is_from_outside(const char *subject)
{
	static const char *const words[] = {"broker", "store", "record", "clock", "gateway:"};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strncmp(subject, words[i], strlen(words[i])) == 0)
			return true;
	return false;
}

/* A trouble of the service itself leaves no entry but those of its incident. */
static void take_trouble(struct engine *e, const struct ledger_row *row, const cJSON *data,
                         bool active)
{
	const struct recorded *recorded = replay_incident(e, row->incident);
	if (!recorded || !recorded->subject || row->by || !is_from_outside(recorded->subject))
		return;
	replay_apply(e, &(struct event){.type = EVENT_TROUBLE,
	                                .trouble = {.subject = recorded->subject,
	                                            .active = active,
	                                            .detail = json_string(data, "note")}});
}

static void take_status(struct engine *e, const struct ledger_row *row, const cJSON *data)
{
	struct event event = {.type = EVENT_STATUS};
	uint32_t device = row->device ? site_def_device(e->def, row->device) : POSITION_NONE;
	if (device == POSITION_NONE)
		return;
	event.status = (struct device_status){.device = row->device,
	                                      .online = strcmp(row->type, "device.online") == 0};
	(void)!json_bool(data, "lifeless", &event.status.lifeless);
	if (json_string(data, "source")) /* it said something else */
		event = (struct event){.type = EVENT_ALIVE, .life = {.device = row->device}};
	replay_apply(e, &event);
	replay_hush(e, device);
}

/* Its time is over with this turn. */
static void take_silence(struct engine *e, const struct ledger_row *row)
{
	uint32_t device = row->device ? site_def_device(e->def, row->device) : POSITION_NONE;
	if (device == POSITION_NONE || !e->def->devices[device].expect_every)
		return;
	struct timer *silence = &e->site->devices[device].silence;
	silence->type = TIMER_SILENCE;
	silence->device = device;
	timer_set(&e->site->timers, silence, e->now.steady);
	e->begun = true;
}

static void take_service(struct engine *e, const struct ledger_row *row, const cJSON *data,
                         enum service_event type)
{
	struct event event = {.type = EVENT_SERVICE};
	event.service = (struct service_fact){.type = type, .data = row->data};
	(void)!json_bool(data, "unlogged", &event.service.unlogged);
	e->down = type == SERVICE_STOPPED || (e->down && type != SERVICE_STARTED);
	replay_apply(e, &event);
	if (type == SERVICE_STARTED)
		replay_hush_all(e);
}

/* "duty": an override or a swap by hand, or its end. */
static void take_duty(struct engine *e, const struct ledger_row *row, const cJSON *data)
{
	struct event event = {.type = EVENT_OPERATION};
	struct operation *op = &event.operation;
	const char *people[CREW_MAX], *action = json_string(data, "action");
	const char *from = json_string(data, "from"), *to = json_string(data, "to");
	const cJSON *person;
	bool ends = action && strcmp(action, "override ended") == 0;
	op->swap = action && strcmp(action, "swap") == 0;
	if (!action || !row->by || (!ends && !op->swap && strcmp(action, "override") != 0))
		return;
	op->type = ends ? OPERATION_DUTY_CANCEL : OPERATION_DUTY_OVERRIDE;
	op->by = row->by;
	op->actor = json_string(data, "actor");
	op->note = json_string(data, "note");
	op->post = json_string(data, "post");
	op->standing = standing_for(e, json_string(data, "override"));
	if (!from || !to || time_parse(from, &op->from) < 0 || time_parse(to, &op->until) < 0)
		return;
	cJSON_ArrayForEach (person, json_get(data, op->swap ? "swap" : "people"))
		if (cJSON_IsString(person) && op->people_count < CREW_MAX)
			people[op->people_count++] = person->valuestring;
	op->people = people;
	replay_apply(e, &event);
}

/* Another configuration is in force, as a reload or a start has found it. */
static void take_config(struct engine *e)
{
	const struct site_def *def = e->versions[e->version++].def;
	if (e->out->other || def == e->def)
		return;
	site_redefine(e->site, def, e->now);
	e->def = def;
	replay_hush_all(e);
}

static const struct {
	const char *type;
	enum service_event event;
} facts[] = {{"service.started", SERVICE_STARTED},
             {"service.stopped", SERVICE_STOPPED},
             {"config", SERVICE_CONFIGURED},
             {"clock", CLOCK_JUMPED}};

void replay_take(struct engine *e, const struct ledger_row *row, const cJSON *data)
{
	const char *type = row->type;
	if (strcmp(type, "signal") == 0)
		take_signal(e, row, data);
	else if (strcmp(type, "operator") == 0)
		take_operation(e, row, data);
	else if (strcmp(type, "duty") == 0)
		take_duty(e, row, data);
	else if (strcmp(type, "delivery") == 0)
		take_result(e, data);
	else if (strcmp(type, "device.online") == 0 || strcmp(type, "device.offline") == 0)
		take_status(e, row, data);
	else if (strcmp(type, "device.silent") == 0)
		take_silence(e, row);
	else if (strcmp(type, "device.stranger") == 0)
		take_stranger(e, row, data);
	else if (strcmp(type, "device.test_mark") == 0)
		take_test_mark(e, row, data);
	else if (strcmp(type, "incident.opened") == 0)
		take_trouble(e, row, data, true);
	else if (strcmp(type, "incident.resolved") == 0)
		take_trouble(e, row, data, false);
	else if (strcmp(type, "config") == 0)
		take_config(e);
	for (size_t i = 0; i < sizeof facts / sizeof *facts; i++)
		if (strcmp(type, facts[i].type) == 0)
			take_service(e, row, data, facts[i].event);
}
