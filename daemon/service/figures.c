#include "service/figures.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"

static const span_ms bounds[FIGURE_BUCKETS] = {SECONDS(1),  SECONDS(2), SECONDS(5), SECONDS(10),
                                               SECONDS(30), MINUTES(1), MINUTES(3), MINUTES(15),
                                               MINUTES(30), HOURS(2)};
static const char *const names[] = {"first_accepted", "acknowledged", "on_site", "resolved"};

/* goal 0: nothing is asked for. */
static void add(struct figures *figures, enum figure which, span_ms span, span_ms goal)
{
	struct histogram *of = &figures->of[which];
	of->count++;
	of->late += goal && span > goal;
	of->seconds += (double)span / 1000;
	for (int i = 0; i < FIGURE_BUCKETS; i++)
		if (span <= bounds[i]) {
			of->buckets[i]++;
			break;
		}
}

static void count_accepted(struct figures *figures, const struct site *site,
                           const struct entry *entry)
{
	const struct incident *incident = site_incident(site, entry->incident);
	for (size_t i = 0; i < sizeof figures->accepted / sizeof *figures->accepted; i++)
		if (strcmp(figures->accepted[i], entry->incident) == 0)
			return;
	if (!incident)
		return;
	snprintf(figures->accepted[figures->next], INCIDENT_ID_MAX, "%s", entry->incident);
	figures->next = (figures->next + 1) %
	                (sizeof figures->accepted / sizeof *figures->accepted);
	add(figures, FIGURE_FIRST_ACCEPTED, entry->now.steady - incident->opened.steady,
	    SECONDS(10));
}

static void count_entry(struct figures *figures, const struct site *site, const struct entry *entry,
                        const cJSON *data)
{
	int64_t after = 0, late = 0;
	const char *result = json_string(data, "result");
	const struct incident *incident = site_incident(site, entry->incident);
	const struct policy *policy = incident ? incident->policy : NULL;
	bool timed = json_int(data, "after_ms", &after);
	if (strcmp(entry->type, "incident.acknowledged") == 0 && timed)
		add(figures, FIGURE_ACKNOWLEDGED, after,
		    !policy             ? 0
		    : policy->count > 1 ? policy->steps[1].after
		                        : policy->repeat);
	else if (strcmp(entry->type, "incident.on_site") == 0 && incident)
		add(figures, FIGURE_ON_SITE, entry->now.steady - incident->opened.steady, 0);
	else if (strcmp(entry->type, "incident.resolved") == 0 && timed)
		add(figures, FIGURE_RESOLVED, after,
		    policy && incident->acknowledged.wall
		            ? incident->acknowledged.steady - incident->opened.steady +
		                      policy->resolve_within
		            : 0);
	else if (strcmp(entry->type, "delivery") == 0 && result && strcmp(result, "accepted") == 0)
		count_accepted(figures, site, entry);
	else if (strcmp(entry->type, "step") == 0 && json_int(data, "late_ms", &late))
		figures->late_steps += late > SECONDS(1);
}

static bool has_part(const struct entry *entry)
{
	static const char *const types[] = {"incident.acknowledged", "incident.on_site",
	                                    "incident.resolved", "delivery", "step"};
	for (size_t i = 0; entry->incident && i < sizeof types / sizeof *types; i++)
		if (strcmp(entry->type, types[i]) == 0)
			return true;
	return false;
}

void figures_count(struct figures *figures, const struct site *site, const struct plan *plan)
{
	for (uint32_t i = 0; i < plan->entry_count; i++) {
		const struct entry *entry = &plan->entries[i];
		cJSON *data = NULL;
		if (has_part(entry) &&
		    json_parse(entry->data, strlen(entry->data), &data, NULL) == 0)
			count_entry(figures, site, entry, data);
		cJSON_Delete(data);
	}
}

void figures_write(const struct figures *figures, struct text *out)
{
	text_add(out, "# HELP tocsin_response_seconds From an incident's opening on.\n"
	              "# TYPE tocsin_response_seconds histogram\n");
	for (int which = 0; which < FIGURE_COUNT; which++) {
		const struct histogram *of = &figures->of[which];
		uint64_t sum = 0;
		for (int i = 0; i < FIGURE_BUCKETS; i++) {
			sum += of->buckets[i];
			text_addf(out,
			          "tocsin_response_seconds_bucket{stage=\"%s\",le=\"%lld\"} %llu\n",
			          names[which], (long long)(bounds[i] / 1000),
			          (unsigned long long)sum);
		}
		text_addf(out,
		          "tocsin_response_seconds_bucket{stage=\"%s\",le=\"+Inf\"} %llu\n"
		          "tocsin_response_seconds_sum{stage=\"%s\"} %.3f\n"
		          "tocsin_response_seconds_count{stage=\"%s\"} %llu\n",
		          names[which], (unsigned long long)of->count, names[which], of->seconds,
		          names[which], (unsigned long long)of->count);
	}
	text_add(out, "# HELP tocsin_response_late_total Later than the policy asks for.\n"
	              "# TYPE tocsin_response_late_total counter\n");
	for (int which = 0; which < FIGURE_COUNT; which++)
		text_addf(out, "tocsin_response_late_total{stage=\"%s\"} %llu\n", names[which],
		          (unsigned long long)figures->of[which].late);
	text_addf(out,
	          "# HELP tocsin_steps_late_total Escalation steps late by more than a second.\n"
	          "# TYPE tocsin_steps_late_total counter\ntocsin_steps_late_total %llu\n",
	          (unsigned long long)figures->late_steps);
}
