/* How fast an incident was answered, from its entries. */
#include <stdlib.h>
#include <string.h>

#include "review/report_private.h"

/* ---- which pushes tell of an alarm ---- */

static const char *call_name(const void *owner, uint32_t position)
{
	return ((const struct calls *)owner)->ids[position];
}

bool calls_add(struct calls *calls, const cJSON *notification)
{
	const char *id = json_string(notification, "id");
	const char *reason = json_string(notification, "reason");
	if (!id || !reason || !reason_asks_to_act(reason_from_name(reason)))
		return false;
	if (index_find(&calls->index, id, call_name, calls) != INDEX_NONE)
		return true;
	MEM_RESERVE(calls->ids, calls->count, calls->cap);
	calls->ids[calls->count] = mem_copy(id);
	index_add(&calls->index, calls->count++, call_name, calls);
	return true;
}

bool calls_have(const struct calls *calls, const cJSON *delivery)
{
	const char *id = json_string(delivery, "notification");
	return id && index_find(&calls->index, id, call_name, calls) != INDEX_NONE;
}

void calls_finish(struct calls *calls)
{
	for (uint32_t i = 0; i < calls->count; i++)
		free(calls->ids[i]);
	free(calls->ids);
	index_finish(&calls->index);
}

/* ---- measuring ---- */

struct measuring {
	const struct incident *incident;
	struct calls calls;
	struct response *out;
};

static void first(span_ms *at, span_ms span)
{
	span = span > 0 ? span : 0;
	if (*at == NOT_YET || span < *at)
		*at = span;
}

static void measure_step(struct response *out, const cJSON *data)
{
	int64_t late;
	out->steps++;
	if (json_int(data, "late_ms", &late) && late > out->late)
		out->late = late;
}

/* Entries of earlier versions tell how long it took, and no more. */
static void measure_sent(struct response *out, const cJSON *data, span_ms span)
{
	int64_t ago;
	bool held = false;
	(void)!json_bool(data, "held", &held);
	if (json_int(data, "sent_ago_ms", &ago) ||
	    (!held && json_int(data, "status", &(int64_t){0}) && json_int(data, "took_ms", &ago)))
		first(&out->first_push, span - ago);
}

static void measure_delivery(const struct measuring *m, const cJSON *data, span_ms span)
{
	struct response *out = m->out;
	const char *result = json_string(data, "result");
	bool accepted = result && strcmp(result, "accepted") == 0;
	out->attempts++;
	out->failed_attempts += !accepted;
	if (!calls_have(&m->calls, data))
		return;
	measure_sent(out, data, span);
	if (accepted)
		first(&out->first_accepted, span);
}

static bool measure(void *ctx, const struct ledger_row *row)
{
	struct measuring *m = ctx;
	cJSON *data = NULL;
	span_ms span = row->steady - m->incident->opened.steady;
	if (json_parse(row->data, strlen(row->data), &data, NULL) < 0)
		return true;
	if (strncmp(row->type, "incident.", strlen("incident.")) == 0)
		m->out->changed = row->received;
	if (strcmp(row->type, "notification") == 0)
		m->out->calls += calls_add(&m->calls, data);
	else if (strcmp(row->type, "delivery") == 0)
		measure_delivery(m, data, span);
	else if (strcmp(row->type, "incident.acknowledged") == 0)
		first(&m->out->acknowledged, span);
	else if (strcmp(row->type, "incident.on_site") == 0)
		first(&m->out->on_site, span);
	else if (strcmp(row->type, "incident.resolved") == 0)
		first(&m->out->resolved, span);
	else if (strcmp(row->type, "step") == 0)
		measure_step(m->out, data);
	else if (strcmp(row->type, "gap") == 0)
		m->out->gaps++;
	cJSON_Delete(data);
	return true;
}

int response_of(struct store *store, const struct incident *incident, struct response *out)
{
	*out = (struct response){.first_push = NOT_YET,
	                         .first_accepted = NOT_YET,
	                         .acknowledged = NOT_YET,
	                         .on_site = NOT_YET,
	                         .resolved = NOT_YET};
	struct measuring measuring = {.incident = incident, .out = out};
	int r = store_log(store, &(struct ledger_filter){.incident = incident->id}, measure,
	                  &measuring);
	calls_finish(&measuring.calls);
	return r;
}

/* ---- stages ---- */

static const struct {
	const char *name, *english, *chinese;
} stages[STAGE_COUNT] = {
        [STAGE_FIRST_PUSH] = {"first_push", "first push", "首次推送"},
        [STAGE_FIRST_ACCEPTED] = {"first_accepted", "first accepted", "首次送达"},
        [STAGE_ACKNOWLEDGED] = {"acknowledged", "acknowledged", "人员确认"},
        [STAGE_ON_SITE] = {"on_site", "on site", "到达现场"},
        [STAGE_RESOLVED] = {"resolved", "resolved", "处置完毕"},
};

const char *stage_name(enum stage stage)
{
	return stages[stage].name;
}

const char *stage_words(const char *language, enum stage stage)
{
	return strncmp(language, "zh", 2) == 0 ? stages[stage].chinese : stages[stage].english;
}

span_ms stage_of(const struct response *response, enum stage stage)
{
	switch (stage) {
	case STAGE_FIRST_PUSH:
		return response->first_push;
	case STAGE_FIRST_ACCEPTED:
		return response->first_accepted;
	case STAGE_ACKNOWLEDGED:
		return response->acknowledged;
	case STAGE_ON_SITE:
		return response->on_site;
	case STAGE_RESOLVED:
		return response->resolved;
	case STAGE_COUNT:
		break;
	}
	return NOT_YET;
}

span_ms stage_goal(const struct incident *incident, const struct response *response,
                   enum stage stage)
{
	const struct policy *policy = incident->policy;
	switch (stage) {
	case STAGE_FIRST_PUSH:
	case STAGE_FIRST_ACCEPTED:
		return SECONDS(10);
	case STAGE_ACKNOWLEDGED:
		return !policy ? 0 : policy->count > 1 ? policy->steps[1].after : policy->repeat;
	case STAGE_RESOLVED:
		return policy && response->acknowledged != NOT_YET && policy->resolve_within
		               ? response->acknowledged + policy->resolve_within
		               : 0;
	case STAGE_ON_SITE:
	case STAGE_COUNT:
		break;
	}
	return 0;
}

/* Between its opening and its end, or now. */
static span_ms age(const struct incident *incident, const struct response *response, wall_ms now)
{
	return response->resolved != NOT_YET ? response->resolved : now - incident->opened.wall;
}

bool stage_is_late(const struct incident *incident, const struct response *response,
                   enum stage stage, wall_ms now)
{
	span_ms goal = stage_goal(incident, response, stage), span = stage_of(response, stage);
	if (span == NOT_YET)
		span = response->calls ? age(incident, response, now) : 0;
	return goal && span > goal;
}
