#include "review/reach.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"

struct reading {
	const struct site_def *def;
	struct reach *table;
};

static struct reach *place_of(const struct reading *reading, const cJSON *proof)
{
	const struct site_def *def = reading->def;
	const char *to = json_string(proof, "to"), *channel = json_string(proof, "channel");
	uint32_t position = to && channel ? site_def_person(def, to) : POSITION_NONE;
	const struct person *person = position == POSITION_NONE ? NULL : &def->people[position];
	int64_t nth = 1; /* older proofs name none */
	json_int(proof, "nth", &nth);
	for (uint32_t i = 0; person && i < person->contact_count; i++)
		if (strcmp(def->channels[person->contacts[i].channel].id, channel) == 0 &&
		    person_contact_nth(person, i) == nth)
			return &reading->table[position * CONTACTS_MAX + i];
	return NULL;
}

static void read_time(const cJSON *proof, const char *name, wall_ms *latest)
{
	const char *text = json_string(proof, name);
	wall_ms at;
	if (text && time_parse(text, &at) == 0 && at > *latest)
		*latest = at;
}

static bool visit(void *ctx, const char *json)
{
	struct reading *reading = ctx;
	cJSON *proof = NULL;
	struct reach *reach;
	if (json_parse(json, strlen(json), &proof, NULL) == 0 &&
	    (reach = place_of(reading, proof))) {
		const char *end = json_string(proof, "end");
		read_time(proof, "since", &reach->tested);
		if (!end)
			reach->waiting = true;
		else if (strcmp(end, "confirmed") == 0)
			read_time(proof, "ended_at", &reach->proven);
	}
	cJSON_Delete(proof);
	return true;
}

struct reach *reach_load(struct store *store, const struct site_def *def, int *error)
{
	struct reading reading = {
	        def, NEW_ARRAY(struct reach, (size_t)def->person_count * CONTACTS_MAX + 1)};
	*error = store_standings(store, def->id, STANDING_PROOF, true, visit, &reading);
	if (*error >= 0)
		return reading.table;
	free(reading.table);
	return NULL;
}

void reach_write_person(struct text *out, const struct site_def *def, uint32_t position,
                        const struct reach *table)
{
	const struct person *person = &def->people[position];
	json_open(out, NULL, '{');
	json_put_string(out, "site", def->id);
	json_put_string(out, "id", person->id);
	json_put_string(out, "name", person->name);
	json_open(out, "contacts", '[');
	for (uint32_t i = 0; i < person->contact_count; i++) {
		const struct reach *reach = &table[position * CONTACTS_MAX + i];
		json_open(out, NULL, '{');
		json_put_string(out, "channel", def->channels[person->contacts[i].channel].id);
		json_put_int(out, "nth", person_contact_nth(person, i));
		if (reach->tested)
			json_put_time(out, "tested", reach->tested);
		if (reach->proven)
			json_put_time(out, "proven", reach->proven);
		json_put_bool(out, "waiting", reach->waiting);
		json_close(out, '}');
	}
	json_close(out, ']');
	json_close(out, '}');
}
