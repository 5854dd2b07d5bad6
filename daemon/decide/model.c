#include "decide/model.h"

#include <stdlib.h>
#include <string.h>

#define NAMES(array) array, sizeof(array) / sizeof *(array)

static int find_name(const char *name, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (names[i] && strcmp(names[i], name) == 0)
			return (int)i;
	return (int)count;
}

/* The contract's table "Behaviour without any rule written". */
#define ALARM(word, incident, level)                                                               \
	.name = (word), .raises = (incident), .severity = (level), .latches = true
const struct kind_facts kind_facts[KIND_COUNT] = {
        [KIND_SMOKE] = {ALARM("smoke", INCIDENT_FIRE, SEVERITY_MAJOR), .confirms = true,
                        .rearms = true},
        [KIND_HEAT] = {ALARM("heat", INCIDENT_FIRE, SEVERITY_MAJOR), .confirms = true,
                       .rearms = true},
        [KIND_CALL_POINT] = {ALARM("call_point", INCIDENT_FIRE, SEVERITY_CRITICAL), .pressed = true,
                             .rearms = true},
        [KIND_GAS] = {ALARM("gas", INCIDENT_GAS, SEVERITY_CRITICAL), .rearms = true},
        [KIND_CARBON_MONOXIDE] = {ALARM("carbon_monoxide", INCIDENT_GAS, SEVERITY_CRITICAL),
                                  .rearms = true},
        [KIND_WATER] = {ALARM("water", INCIDENT_WATER, SEVERITY_MAJOR), .rearms = true},
        [KIND_PANIC] = {ALARM("panic", INCIDENT_PANIC, SEVERITY_CRITICAL), .momentary = true,
                        .pressed = true, .rearms = true},
        [KIND_CONTACT] = {ALARM("contact", INCIDENT_INTRUSION, SEVERITY_MAJOR),
                          .needs_arming = true},
        [KIND_MOTION] = {ALARM("motion", INCIDENT_INTRUSION, SEVERITY_MAJOR), .needs_arming = true,
                         .rearms = true},
        [KIND_GLASS] = {ALARM("glass", INCIDENT_INTRUSION, SEVERITY_MAJOR), .needs_arming = true,
                        .rearms = true},
        [KIND_VIBRATION] = {ALARM("vibration", INCIDENT_INTRUSION, SEVERITY_MAJOR),
                            .needs_arming = true, .rearms = true},
        [KIND_PERIMETER] = {ALARM("perimeter", INCIDENT_INTRUSION, SEVERITY_MAJOR),
                            .needs_arming = true, .rearms = true},
        [KIND_TAMPER] = {.name = "tamper", .raises = INCIDENT_TAMPER, .severity = SEVERITY_MINOR},
        [KIND_BATTERY] = {.name = "battery", .raises = INCIDENT_TROUBLE},
        [KIND_POWER] = {.name = "power", .raises = INCIDENT_TROUBLE},
        [KIND_FAULT] = {.name = "fault", .raises = INCIDENT_TROUBLE},
        [KIND_LINK] = {.name = "link", .raises = INCIDENT_TROUBLE},
};

static const char *const incident_kinds[] = {"fire",      "gas",    "panic",   "water",
                                             "intrusion", "tamper", "trouble", "other"};
static const char *const severities[] = {"warning", "minor", "major", "critical"};
static const char *const incident_states[] = {"open", "acknowledged", "resolved"};
static const char *const outcomes[] = {NULL, "real", "false_alarm", "test", "drill", "unknown"};
static const char *const recipient_kinds[] = {"person", "duty", "channel", "zone-owner"};
/* The webhook's type; the reason's own name is what follows the last word's dot. */
static const char *const reasons[] = {
        "opened",   "escalated",   "repeated", "raised", "joined",        "acknowledged",
        "reopened", "resolved",    "handover", "test",   "drill.started", "drill.ended",
        "hazard",   "ledger.head", "digest",   "shift",  "report_due",    "report_late"};
static const char *const reason_types[] = {"incident.opened",
                                           "incident.escalated",
                                           "incident.repeated",
                                           "incident.raised",
                                           "incident.joined",
                                           "incident.acknowledged",
                                           "incident.reopened",
                                           "incident.resolved",
                                           "incident.handover",
                                           "test",
                                           "drill.started",
                                           "drill.ended",
                                           "hazard",
                                           "ledger.head",
                                           "digest",
                                           "duty.handover",
                                           "report.due",
                                           "report.late"};

const char *kind_name(enum kind kind)
{
	return kind < KIND_COUNT ? kind_facts[kind].name : "none";
}

enum kind kind_from_name(const char *name)
{
	for (int i = 0; i < KIND_COUNT; i++)
		if (strcmp(kind_facts[i].name, name) == 0)
			return (enum kind)i;
	return KIND_NONE;
}

const char *incident_kind_name(enum incident_kind kind)
{
	return kind < INCIDENT_KIND_COUNT ? incident_kinds[kind] : "none";
}

enum incident_kind incident_kind_from_name(const char *name)
{
	return (enum incident_kind)find_name(name, NAMES(incident_kinds));
}

const char *severity_name(enum severity severity)
{
	return severity < SEVERITY_COUNT ? severities[severity] : "none";
}

enum severity severity_from_name(const char *name)
{
	return (enum severity)find_name(name, NAMES(severities));
}

const char *incident_state_name(enum incident_state state)
{
	return state < STATE_COUNT ? incident_states[state] : "none";
}

enum incident_state incident_state_from_name(const char *name)
{
	return (enum incident_state)find_name(name, NAMES(incident_states));
}

const char *outcome_name(enum outcome outcome)
{
	return outcome < OUTCOME_COUNT ? outcomes[outcome] : NULL;
}

enum outcome outcome_from_name(const char *name)
{
	int found = find_name(name, NAMES(outcomes));
	return found == OUTCOME_COUNT ? OUTCOME_NONE : (enum outcome)found;
}

const char *reason_name(enum reason reason)
{
	return reason < REASON_COUNT ? reasons[reason] : "none";
}

const char *reason_type(enum reason reason)
{
	return reason < REASON_COUNT ? reason_types[reason] : "none";
}

enum reason reason_from_name(const char *name)
{
	return (enum reason)find_name(name, NAMES(reasons));
}

bool reason_is_of_incident(enum reason reason)
{
	return reason < REASON_TEST;
}

bool reason_asks_to_act(enum reason reason)
{
	return reason_is_of_incident(reason) && reason != REASON_ACKNOWLEDGED &&
	       reason != REASON_RESOLVED;
}

const char *recipient_kind_name(enum recipient_kind kind)
{
	return kind < RECIPIENT_KIND_COUNT ? recipient_kinds[kind] : "none";
}

bool recipient_parse(const char *text, struct recipient *out)
{
	if (strcmp(text, recipient_kinds[RECIPIENT_ZONE_OWNER]) == 0) {
		*out = (struct recipient){.kind = RECIPIENT_ZONE_OWNER};
		return true;
	}
	for (int i = 0; i < RECIPIENT_ZONE_OWNER; i++) {
		size_t len = strlen(recipient_kinds[i]);
		if (strncmp(text, recipient_kinds[i], len) == 0 && text[len] == ':' &&
		    text[len + 1]) {
			*out = (struct recipient){.kind = (enum recipient_kind)i,
			                          .id = text + len + 1};
			return true;
		}
	}
	return false;
}

bool incident_kind_latches(enum incident_kind kind)
{
	return kind != INCIDENT_TAMPER && kind != INCIDENT_TROUBLE;
}

bool incident_kind_is_life_safety(enum incident_kind kind)
{
	return kind == INCIDENT_FIRE || kind == INCIDENT_GAS || kind == INCIDENT_PANIC;
}

/* ---- the definition ---- */

static const char *zone_id(const void *def, uint32_t i)
{
	return ((const struct site_def *)def)->zones[i].id;
}

static const char *device_id(const void *def, uint32_t i)
{
	return ((const struct site_def *)def)->devices[i].id;
}

static const char *person_id(const void *def, uint32_t i)
{
	return ((const struct site_def *)def)->people[i].id;
}

static const char *post_id(const void *def, uint32_t i)
{
	return ((const struct site_def *)def)->posts[i].id;
}

static const char *channel_id(const void *def, uint32_t i)
{
	return ((const struct site_def *)def)->channels[i].id;
}

void site_def_index(struct site_def *def)
{
	for (uint32_t i = 0; i < def->zone_count; i++)
		index_add(&def->zone_index, i, zone_id, def);
	for (uint32_t i = 0; i < def->device_count; i++)
		index_add(&def->device_index, i, device_id, def);
	for (uint32_t i = 0; i < def->person_count; i++)
		index_add(&def->person_index, i, person_id, def);
	for (uint32_t i = 0; i < def->post_count; i++)
		index_add(&def->post_index, i, post_id, def);
	for (uint32_t i = 0; i < def->channel_count; i++)
		index_add(&def->channel_index, i, channel_id, def);
}

void site_def_destroy(struct site_def *def)
{
	if (!def)
		return;
	index_finish(&def->zone_index);
	index_finish(&def->device_index);
	index_finish(&def->person_index);
	index_finish(&def->post_index);
	index_finish(&def->channel_index);
	struct arena arena = def->arena;
	free(def);
	arena_finish(&arena);
}

uint32_t site_def_zone(const struct site_def *def, const char *id)
{
	return index_find(&def->zone_index, id, zone_id, def);
}

uint32_t site_def_device(const struct site_def *def, const char *id)
{
	return index_find(&def->device_index, id, device_id, def);
}

uint32_t site_def_person(const struct site_def *def, const char *id)
{
	return index_find(&def->person_index, id, person_id, def);
}

uint32_t person_contact_nth(const struct person *person, uint32_t contact)
{
	uint32_t nth = 1;
	for (uint32_t i = 0; i < contact; i++)
		nth += person->contacts[i].channel == person->contacts[contact].channel;
	return nth;
}

uint32_t site_def_post(const struct site_def *def, const char *id)
{
	return index_find(&def->post_index, id, post_id, def);
}

uint32_t site_def_channel(const struct site_def *def, const char *id)
{
	return index_find(&def->channel_index, id, channel_id, def);
}

uint32_t site_def_root_zone(const struct site_def *def)
{
	for (uint32_t i = 0; i < def->zone_count; i++)
		if (def->zones[i].in == POSITION_NONE)
			return i;
	return POSITION_NONE;
}

uint32_t site_def_only_root_zone(const struct site_def *def)
{
	uint32_t root = site_def_root_zone(def);
	for (uint32_t i = 0; i < def->zone_count; i++)
		if (def->zones[i].in == POSITION_NONE && i != root)
			return POSITION_NONE;
	return root;
}

uint32_t site_def_zone_owner(const struct site_def *def, uint32_t zone)
{
	for (; zone != POSITION_NONE; zone = def->zones[zone].in)
		if (def->zones[zone].owner != POSITION_NONE)
			return def->zones[zone].owner;
	return POSITION_NONE;
}

bool zone_is_within(const struct site_def *def, uint32_t zone, uint32_t around)
{
	for (; zone != POSITION_NONE; zone = def->zones[zone].in)
		if (zone == around)
			return true;
	return false;
}

const struct policy *policy_for(const struct site_def *def, enum incident_kind kind,
                                enum severity severity)
{
	const struct policy *best = NULL;
	int best_fit = -1;
	for (uint32_t i = 0; i < def->policy_count; i++) {
		const struct policy *policy = &def->policies[i];
		bool any_kind = policy->kind == INCIDENT_KIND_NONE;
		bool any_severity = policy->severity == SEVERITY_NONE;
		if ((!any_kind && policy->kind != kind) ||
		    (!any_severity && policy->severity != severity))
			continue;
		int fit = (any_kind ? 0 : 2) + (any_severity ? 0 : 1);
		if (fit > best_fit) {
			best = policy;
			best_fit = fit;
		}
	}
	return best;
}

bool device_is_behind(const struct device *device, const char *gateway)
{
	size_t len = strlen(gateway);
	if (!device->profile)
		return false;
	size_t bridge = device->bridge ? strlen(device->bridge) : 0;
	if (bridge && strncmp(gateway, device->bridge, bridge) == 0 &&
	    (!gateway[bridge] || gateway[bridge] == '/')) /* it, or one of several */
		return true;
	return strncmp(device->address, gateway, len) == 0 &&
	       (!device->address[len] || device->address[len] == '/');
}

bool device_is_same(const struct device *a, const struct device *b)
{
	return a == b || (a->profile && b->profile && strcmp(a->profile, b->profile) == 0 &&
	                  strcmp(a->address, b->address) == 0);
}
