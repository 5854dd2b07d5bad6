#include "review/query_incidents.h"

#include <stdio.h>
#include <string.h>

static bool read_states(struct exchange *ex, uint32_t *states)
{
	const char *word = exchange_query(ex, "state");
	while (word && *word) {
		char name[32];
		size_t len = strcspn(word, ",");
		enum incident_state state = STATE_COUNT;
		if (len < sizeof name) {
			memcpy(name, word, len);
			name[len] = '\0';
			state = incident_state_from_name(name);
		}
		if (state == STATE_COUNT) {
			exchange_problem(
			        ex, 400,
			        "state: '%.*s' is none; allowed: open, acknowledged, resolved",
			        (int)(len < 64 ? len : 64), word);
			return false;
		}
		*states |= UINT32_C(1) << state;
		word += len;
		if (*word == ',')
			word++;
	}
	return true;
}

void add_incident_kinds(struct text *out)
{
	for (unsigned i = 0; i < INCIDENT_KIND_COUNT; i++)
		text_addf(out, "%s%s", i ? ", " : "", incident_kind_name((enum incident_kind)i));
}

static bool read_kind(struct exchange *ex, struct incident_filter *filter)
{
	const char *word = exchange_query(ex, "kind");
	if (!word)
		return true;
	filter->has_kind = true;
	filter->kind = incident_kind_from_name(word);
	if (filter->kind != INCIDENT_KIND_NONE)
		return true;
	struct text allowed = {0};
	add_incident_kinds(&allowed);
	exchange_problem(ex, 400, "kind: unknown '%.64s'; allowed: %s", word, allowed.at);
	text_finish(&allowed);
	return false;
}

/* Of one of the sites that are served; of another nothing can be found. */
static bool read_zone(struct exchange *ex, struct incident_search *search)
{
	const char *zone = exchange_query(ex, "zone");
	if (!zone)
		return true;
	if (strlen(zone) > ID_MAX) {
		exchange_problem(ex, 400, "zone: longer than %d bytes", ID_MAX);
		return false;
	}
	snprintf(search->zone, sizeof search->zone, "%s", zone);
	return true;
}

static bool read_severity(struct exchange *ex, struct incident_search *search)
{
	const char *word = exchange_query(ex, "severity");
	if (!word)
		return true;
	search->has_severity = true;
	search->severity = severity_from_name(word);
	if (search->severity != SEVERITY_NONE)
		return true;
	exchange_problem(ex, 400,
	                 "severity: unknown '%.64s'; allowed: critical, major, minor, warning",
	                 word);
	return false;
}

bool exchange_outcome(struct exchange *ex, const char *word, enum outcome *out)
{
	*out = outcome_from_name(word);
	if (*out != OUTCOME_NONE && *out != OUTCOME_COUNT)
		return true;
	exchange_problem(ex, 400,
	                 "outcome: unknown '%.64s'; allowed: real, false_alarm, test, drill, "
	                 "unknown",
	                 word);
	return false;
}

static bool read_outcome(struct exchange *ex, struct incident_search *search)
{
	const char *word = exchange_query(ex, "outcome");
	return !word || exchange_outcome(ex, word, &search->outcome);
}

static bool read_drills(struct exchange *ex, struct incident_search *search)
{
	const char *word = exchange_query(ex, "drill");
	if (!word)
		return true;
	search->drills = strcmp(word, "true") == 0 ? DRILLS_ONLY : DRILLS_NOT;
	if (search->drills == DRILLS_ONLY || strcmp(word, "false") == 0)
		return true;
	exchange_problem(ex, 400, "drill: allowed are true and false");
	return false;
}

static bool read_words(struct exchange *ex, struct incident_search *search)
{
	const char *words = exchange_query(ex, "words");
	if (!words)
		return true;
	if (strlen(words) > SEARCH_WORDS_MAX) {
		exchange_problem(ex, 400, "words: longer than %d bytes", SEARCH_WORDS_MAX);
		return false;
	}
	snprintf(search->words, sizeof search->words, "%s", words);
	search_lower(search->words);
	return true;
}

bool exchange_query_incidents(struct exchange *ex, struct incident_filter *filter,
                              struct incident_search *search)
{
	*search = (struct incident_search){0};
	return read_states(ex, &filter->states) && read_kind(ex, filter) && read_zone(ex, search) &&
	       read_severity(ex, search) && read_outcome(ex, search) && read_drills(ex, search) &&
	       read_words(ex, search);
}
