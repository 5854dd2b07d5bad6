#include "store/telling.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void replace(const char **place, const char *text)
{
	char *copy = mem_copy(text);
	free((char *)*place);
	*place = copy;
}

static struct moment moment_of(const struct ledger_row *row)
{
	return (struct moment){.wall = row->received, .steady = row->steady};
}

/* The digits at the end of an id. */
static uint32_t number_of(const char *id)
{
	const char *dash = strrchr(id, '-');
	int64_t number = 0;
	if (!dash || text_parse_int(dash + 1, &number) < 0 || number < 0 || number > INT32_MAX)
		return 0;
	return (uint32_t)number;
}

struct incident *telling_opened(const struct ledger_row *row, const cJSON *data)
{
	const char *kind = json_string(data, "kind"), *severity = json_string(data, "severity");
	struct incident *incident = incident_create();
	snprintf(incident->id, sizeof incident->id, "%s", row->incident);
	incident->number = number_of(row->incident);
	incident->kind = kind ? incident_kind_from_name(kind) : INCIDENT_KIND_NONE;
	incident->severity = severity ? severity_from_name(severity) : SEVERITY_NONE;
	replace(&incident->zone, json_string(data, "zone"));
	replace(&incident->subject, json_string(data, "subject"));
	replace(&incident->note, json_string(data, "note"));
	replace(&incident->reported_by, row->by);
	(void)!json_bool(data, "drill", &incident->drill);
	incident->opened = moment_of(row);
	return incident;
}

/* ---- what changes it ---- */

typedef void (*teller)(struct incident *, const struct ledger_row *, const cJSON *data);

static void raised(struct incident *incident, const struct ledger_row *row, const cJSON *data)
{
	const char *to = json_string(data, "to");
	(void)row;
	incident->severity = to ? severity_from_name(to) : SEVERITY_NONE;
	incident->state = STATE_OPEN;
}

static void joined(struct incident *incident, const struct ledger_row *row, const cJSON *data)
{
	if (row->by)
		incident_hear(incident, row->by, json_string(data, "note"));
	incident->cleared = false;
	replace(&incident->doubted_by, NULL);
}

static void cleared(struct incident *incident, const struct ledger_row *row, const cJSON *data)
{
	(void)row, (void)data;
	incident->cleared = true;
}

static void acknowledged(struct incident *incident, const struct ledger_row *row, const cJSON *data)
{
	incident->state = STATE_ACKNOWLEDGED;
	incident->acknowledged = moment_of(row);
	replace(&incident->owner, json_string(data, "owner"));
	replace(&incident->help_by, NULL);
}

static void assigned(struct incident *incident, const struct ledger_row *row, const cJSON *data)
{
	(void)row;
	replace(&incident->owner, json_string(data, "owner"));
}

static void opened_again(struct incident *incident, const char *owner)
{
	incident->state = STATE_OPEN;
	incident->acknowledged = (struct moment){0};
	replace(&incident->owner, owner);
	replace(&incident->help_by, owner);
}

static void help_wanted(struct incident *incident, const struct ledger_row *row, const cJSON *data)
{
	(void)data;
	opened_again(incident, row->by);
}

static void reopened(struct incident *incident, const struct ledger_row *row, const cJSON *data)
{
	(void)row, (void)data;
	opened_again(incident, NULL);
}

static void on_site(struct incident *incident, const struct ledger_row *row, const cJSON *data)
{
	(void)data;
	replace(&incident->on_site, row->by);
}

static void doubted(struct incident *incident, const struct ledger_row *row, const cJSON *data)
{
	(void)data;
	replace(&incident->doubted_by, row->by);
}

static void resolved(struct incident *incident, const struct ledger_row *row, const cJSON *data)
{
	const char *outcome = json_string(data, "outcome"), *note = json_string(data, "note");
	incident->state = STATE_RESOLVED;
	incident->outcome = outcome ? outcome_from_name(outcome) : OUTCOME_NONE;
	incident->resolved = moment_of(row);
	replace(&incident->resolved_by, row->by);
	if (note)
		replace(&incident->note, note);
	if (!outcome && !row->by) /* by itself */
		incident->cleared = true;
}

static void step(struct incident *incident, const struct ledger_row *row, const cJSON *data)
{
	int64_t number = 0, round = 1;
	(void)row;
	if (json_string(data, "name"))
		return; /* the last resort is none of the policy's steps */
	(void)!json_int(data, "step", &number);
	(void)!json_int(data, "round", &round);
	incident->step = number > 0 && number < INT32_MAX ? (uint32_t)number : 0;
	incident->round = round > 0 && round < INT32_MAX ? (uint32_t)round : 1;
}

/* Of a chattering sensor: recorded with its incident, where there is one but the trouble that its
 * chatter is, and told to nobody once more. */
static void signal_again(struct incident *incident, const struct ledger_row *row, const cJSON *data)
{
	const char *raises = json_string(data, "raises"), *state = json_string(data, "state");
	bool is_chatter = incident->subject && strncmp(incident->subject, "chatter:", 8) == 0;
	(void)row;
	if (!is_chatter && raises && state && strncmp(raises, "nothing new", 11) == 0 &&
	    strcmp(state, "active") == 0)
		incident->cleared = false;
}

static const struct {
	const char *type;
	teller tell;
} tellers[] = {
        {"incident.raised", raised},
        {"incident.joined", joined},
        {"incident.cleared", cleared},
        {"incident.acknowledged", acknowledged},
        {"incident.assigned", assigned},
        {"incident.help_wanted", help_wanted},
        {"incident.reopened", reopened},
        {"incident.on_site", on_site},
        {"incident.doubted", doubted},
        {"incident.resolved", resolved},
        {"step", step},
        {"signal", signal_again},
};

void telling_changed(struct incident *incident, const struct ledger_row *row, const cJSON *data)
{
	for (size_t i = 0; i < sizeof tellers / sizeof *tellers; i++)
		if (strcmp(tellers[i].type, row->type) == 0)
			tellers[i].tell(incident, row, data);
}
