#include "review/outputs_view.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"

struct known { /* what the record knows of one */
	char *id, *incident;
	bool is_on, told, in_file;
	wall_ms changed;
};

struct reading {
	struct known *rows;
	uint32_t count, cap;
};

static bool take_row(void *ctx, const struct output_row *row)
{
	struct reading *reading = ctx;
	MEM_RESERVE(reading->rows, reading->count, reading->cap);
	reading->rows[reading->count++] = (struct known){.id = mem_copy(row->output),
	                                                 .incident = mem_copy(row->incident),
	                                                 .is_on = row->is_on,
	                                                 .told = row->told,
	                                                 .changed = row->changed};
	return true;
}

static struct known *find(const struct reading *reading, const char *id)
{
	for (uint32_t i = 0; i < reading->count; i++)
		if (strcmp(reading->rows[i].id, id) == 0)
			return &reading->rows[i];
	return NULL;
}

static void put_state(struct text *out, const struct known *known)
{
	json_put_string(out, "state", known && known->is_on ? "on" : "off");
	if (!known)
		return;
	json_put_bool(out, "confirmed", known->told);
	json_put_string(out, "incident", known->incident);
	json_put_time(out, "changed_at", known->changed);
}

static void put_output(struct text *out, const struct site_def *def, const struct output *output,
                       const struct known *known)
{
	json_open(out, NULL, '{');
	json_put_string(out, "site", def->id);
	json_put_string(out, "id", output->id);
	json_put_string(out, "name", output->name);
	json_put_string(out, "topic", output->topic);
	json_open(out, "for", '{');
	if (output->kind != INCIDENT_KIND_NONE)
		json_put_string(out, "kind", incident_kind_name(output->kind));
	if (output->least != SEVERITY_WARNING)
		json_put_string(out, "severity", severity_name(output->least));
	if (output->zone != POSITION_NONE)
		json_put_string(out, "zone", def->zones[output->zone].id);
	json_close(out, '}');
	json_put_int(out, "triggers", output->triggers);
	json_put_string(out, "until", output->until_acknowledged ? "acknowledged" : "resolved");
	json_put_bool(out, "drills", output->drills);
	put_state(out, known);
	json_close(out, '}');
}

static void put_lost(struct text *out, const struct site_def *def, const struct known *known)
{
	json_open(out, NULL, '{');
	json_put_string(out, "site", def->id);
	json_put_string(out, "id", known->id);
	json_put_null(out, "name");
	put_state(out, known);
	json_close(out, '}');
}

int outputs_write(struct store *store, const struct site_def *def, struct text *out)
{
	struct reading reading = {0};
	int r = store_outputs(store, def->id, take_row, &reading);
	for (uint32_t i = 0; r >= 0 && i < def->output_count; i++) {
		struct known *known = find(&reading, def->outputs[i].id);
		put_output(out, def, &def->outputs[i], known);
		if (known)
			known->in_file = true;
	}
	for (uint32_t i = 0; i < reading.count; i++) {
		if (r >= 0 && !reading.rows[i].in_file)
			put_lost(out, def, &reading.rows[i]);
		free(reading.rows[i].id);
		free(reading.rows[i].incident);
	}
	free(reading.rows);
	return r < 0 ? r : 0;
}
