/* How fast an incident was answered, from its entries. */
#include <string.h>

#include "base/json.h"
#include "review/report.h"

struct measuring {
	const struct incident *incident;
	struct response *out;
};

static void first(span_ms *at, span_ms span)
{
	if (*at == NOT_YET)
		*at = span > 0 ? span : 0;
}

static void measure_step(struct response *out, const cJSON *data)
{
	int64_t late;
	out->steps++;
	if (json_int(data, "late_ms", &late) && late > out->late)
		out->late = late;
}

static void measure_delivery(struct response *out, const cJSON *data, span_ms span)
{
	const char *result = json_string(data, "result");
	out->attempts++;
	if (result && strcmp(result, "accepted") == 0)
		first(&out->first_accepted, span);
	else
		out->failed_attempts++;
}

static bool measure(void *ctx, const struct ledger_row *row)
{
	const struct measuring *m = ctx;
	cJSON *data = NULL;
	span_ms span = row->steady - m->incident->opened.steady;
	if (json_parse(row->data, strlen(row->data), &data, NULL) < 0)
		return true;
	if (strcmp(row->type, "notification") == 0)
		first(&m->out->first_push, span);
	else if (strcmp(row->type, "delivery") == 0)
		measure_delivery(m->out, data, span);
	else if (strcmp(row->type, "incident.acknowledged") == 0)
		first(&m->out->acknowledged, span);
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
	                         .resolved = NOT_YET};
	struct measuring measuring = {.incident = incident, .out = out};
	return store_log(store, &(struct ledger_filter){.incident = incident->id}, measure,
	                 &measuring);
}
