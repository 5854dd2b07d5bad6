#include "review/incident_search.h"

#include <ctype.h>
#include <string.h>

#include "base/json.h"
#include "decide/words.h"

bool search_is_for_all(const struct incident_search *search)
{
	return !*search->zone && !*search->words && !search->has_severity &&
	       search->outcome == OUTCOME_NONE && search->drills == DRILLS_TOO;
}

static bool lies_in(const struct incident *incident, const char *zone)
{
	for (uint32_t i = 0; i < incident->zone_depth; i++)
		if (strcmp(incident->zone_path[i], zone) == 0)
			return true;
	return strcmp(incident->zone, zone) == 0;
}

bool search_fits(const struct incident_search *search, const struct incident *incident)
{
	return (!*search->zone || lies_in(incident, search->zone)) &&
	       (!search->has_severity || search->severity == incident->severity) &&
	       (search->outcome == OUTCOME_NONE || search->outcome == incident->outcome) &&
	       (search->drills == DRILLS_TOO || (search->drills == DRILLS_ONLY) == incident->drill);
}

void search_lower(char *words)
{
	for (; *words; words++)
		if ((unsigned char)*words < 0x80)
			*words = (char)tolower((unsigned char)*words);
}

/* ---- what is known ---- */

static void add(struct text *out, const char *words)
{
	if (!words)
		return;
	text_add(out, words);
	text_add_char(out, '\n'); /* no word goes on in the next */
}

static void add_person(struct text *out, const struct site_def *def, const char *id)
{
	uint32_t person = def && id ? site_def_person(def, id) : POSITION_NONE;
	add(out, id);
	if (person != POSITION_NONE)
		add(out, def->people[person].name);
}

static void add_in(struct text *out, const char *language, const struct incident *incident)
{
	add(out, words_incident_kind(language, incident->kind));
	add(out, words_severity(language, incident->severity));
	if (incident->outcome != OUTCOME_NONE)
		add(out, words_outcome(language, incident->outcome));
	if (incident->subject)
		add(out, words_subject(language, incident->subject));
	for (uint32_t i = 0; i < incident->signal_count; i++)
		add(out, words_kind(language, incident->signals[i].kind));
}

void search_add_known(struct text *out, const struct site_def *def, const struct incident *incident)
{
	size_t from = out->len;
	add(out, incident->id);
	add(out, incident->zone);
	add(out, incident->zone_name);
	add(out, incident->note);
	add(out, incident->subject);
	add_person(out, def, incident->owner);
	add_person(out, def, incident->reported_by);
	add_person(out, def, incident->resolved_by);
	add_in(out, "zh-CN", incident);
	add_in(out, "en", incident);
	for (uint32_t i = 0; i < incident->signal_count; i++) {
		add(out, incident->signals[i].device);
		add(out, incident->signals[i].device_name);
	}
	if (out->len > from)
		search_lower(out->at + from);
}

/* ---- what people wrote ---- */

static bool add_note(void *ctx, const struct ledger_row *row)
{
	cJSON *data = NULL;
	if (row->data && json_parse(row->data, strlen(row->data), &data, NULL) == 0)
		add(ctx, json_string(data, "note"));
	cJSON_Delete(data);
	return true;
}

static int add_notes(struct text *out, struct store *store, const char *incident_id)
{
	const struct ledger_filter operations = {.incident = incident_id, .type = "operator"};
	int r = store_log(store, &operations, add_note, out);
	if (out->len)
		search_lower(out->at);
	return r < 0 ? r : 0;
}

/* ---- the words ---- */

static bool stands_in(const char *text, const char *word, size_t len)
{
	return *text && memmem(text, strlen(text), word, len);
}

int search_finds(const struct incident_search *search, const char *known, struct store *store,
                 const char *incident_id)
{
	struct text notes = {0};
	bool noted = false;
	int found = 1;
	for (const char *word = search->words; *word && found > 0;) {
		size_t len = strcspn(word, " ");
		if (len && !stands_in(known, word, len)) {
			int r = noted ? 0 : add_notes(&notes, store, incident_id);
			noted = true;
			found = r < 0 ? r : stands_in(text_get(&notes), word, len);
		}
		word += len;
		word += strspn(word, " ");
	}
	text_finish(&notes);
	return found;
}
