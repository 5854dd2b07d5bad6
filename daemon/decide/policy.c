/* A policy as an incident keeps it: its own copy, and the text the store keeps of it. */
#include <stdlib.h>
#include <string.h>

#include "decide/core.h"

#define STEPS_MAX 64
#define NOTIFY_MAX 256

/* Of an incident that no policy of the site fits: escalation goes to last_resort. */
const struct policy last_resort_policy = {
        .id = "last-resort",
        .kind = INCIDENT_KIND_NONE,
        .severity = SEVERITY_NONE,
        .steps = &(struct policy_step){0},
        .count = 1,
        .repeat = MINUTES(2),
        .resolve_within = MINUTES(30),
};

const struct policy *policy_named(const struct site_def *def, const char *id)
{
	for (uint32_t i = 0; i < def->policy_count; i++)
		if (strcmp(def->policies[i].id, id) == 0)
			return &def->policies[i];
	return strcmp(last_resort_policy.id, id) == 0 ? &last_resort_policy : NULL;
}

void policy_destroy(struct policy *policy)
{
	if (!policy)
		return;
	for (uint32_t i = 0; i < policy->count; i++) {
		for (uint32_t k = 0; k < policy->steps[i].count; k++)
			free((char *)policy->steps[i].notify[k].id);
		free(policy->steps[i].notify);
	}
	free(policy->steps);
	free((char *)policy->id);
	free(policy);
}

struct policy *policy_copy(const struct policy *from)
{
	struct policy *policy = NEW(struct policy);
	*policy = *from;
	policy->id = mem_copy(from->id);
	policy->steps = NEW_ARRAY(struct policy_step, from->count);
	for (uint32_t i = 0; i < from->count; i++) {
		policy->steps[i] = from->steps[i];
		policy->steps[i].notify = NEW_ARRAY(struct recipient, from->steps[i].count);
		for (uint32_t k = 0; k < from->steps[i].count; k++)
			policy->steps[i].notify[k] = (struct recipient){
			        .kind = from->steps[i].notify[k].kind,
			        .id = mem_copy(from->steps[i].notify[k].id),
			};
	}
	return policy;
}

static void recipient_write_json(struct text *out, const struct recipient *recipient)
{
	struct text name = {0};
	text_add(&name, recipient_kind_name(recipient->kind));
	if (recipient->id)
		text_addf(&name, ":%s", recipient->id);
	json_put_string(out, NULL, text_get(&name));
	text_finish(&name);
}

void policy_write_json(struct text *out, const char *name, const struct policy *policy)
{
	json_open(out, name, '{');
	json_put_string(out, "id", policy->id);
	if (policy->kind != INCIDENT_KIND_NONE)
		json_put_string(out, "kind", incident_kind_name(policy->kind));
	if (policy->severity != SEVERITY_NONE)
		json_put_string(out, "severity", severity_name(policy->severity));
	json_open(out, "steps", '[');
	for (uint32_t i = 0; i < policy->count; i++) {
		json_open(out, NULL, '{');
		json_put_int(out, "after_ms", policy->steps[i].after);
		json_open(out, "notify", '[');
		for (uint32_t k = 0; k < policy->steps[i].count; k++)
			recipient_write_json(out, &policy->steps[i].notify[k]);
		json_close(out, ']');
		json_close(out, '}');
	}
	json_close(out, ']');
	json_put_int(out, "repeat_ms", policy->repeat);
	json_put_int(out, "resolve_within_ms", policy->resolve_within);
	json_close(out, '}');
}

static bool read_step(const cJSON *from, struct policy_step *step)
{
	const cJSON *notify_list = json_get(from, "notify");
	int count = cJSON_GetArraySize(notify_list);
	if (!json_int(from, "after_ms", &step->after) || count < 0 || count > NOTIFY_MAX)
		return false;
	step->notify = NEW_ARRAY(struct recipient, (size_t)count);
	const cJSON *item;
	cJSON_ArrayForEach (item, notify_list) {
		struct recipient recipient;
		if (!cJSON_IsString(item) || !recipient_parse(item->valuestring, &recipient))
			return false;
		recipient.id = mem_copy(recipient.id);
		step->notify[step->count++] = recipient;
	}
	return true;
}

static bool read_policy(const cJSON *root, struct policy *policy)
{
	const char *kind = json_string(root, "kind"), *severity = json_string(root, "severity");
	policy->id = mem_copy(json_string(root, "id"));
	policy->kind = kind ? incident_kind_from_name(kind) : INCIDENT_KIND_NONE;
	policy->severity = severity ? severity_from_name(severity) : SEVERITY_NONE;
	const cJSON *steps = json_get(root, "steps");
	int count = cJSON_GetArraySize(steps);
	if (!policy->id || count < 1 || count > STEPS_MAX ||
	    !json_int(root, "repeat_ms", &policy->repeat) ||
	    !json_int(root, "resolve_within_ms", &policy->resolve_within))
		return false;
	policy->steps = NEW_ARRAY(struct policy_step, (size_t)count);
	const cJSON *item;
	cJSON_ArrayForEach (item, steps)
		if (!read_step(item, &policy->steps[policy->count++]))
			return false;
	return true;
}

struct policy *policy_read_json(const char *json)
{
	cJSON *root = NULL;
	if (json_parse(json, strlen(json), &root, NULL) < 0)
		return NULL;
	struct policy *policy = NEW(struct policy);
	if (!read_policy(root, policy)) {
		policy_destroy(policy);
		policy = NULL;
	}
	cJSON_Delete(root);
	return policy;
}
