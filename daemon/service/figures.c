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

/* As stage_goal in review/report.h; 0: nothing is asked for. */
static span_ms goal_of(const struct incident *incident, enum figure which)
{
	const struct policy *policy = incident->policy;
	if (which == FIGURE_FIRST_ACCEPTED)
		return SECONDS(10);
	if (which == FIGURE_ACKNOWLEDGED && policy)
		return policy->count > 1 ? policy->steps[1].after : policy->repeat;
	if (which == FIGURE_RESOLVED && policy && incident->acknowledged.wall)
		return incident->acknowledged.steady - incident->opened.steady +
		       policy->resolve_within;
	return 0;
}

static struct answering *find(const struct figures *figures, const char *incident)
{
	for (size_t i = 0; i < sizeof figures->answering / sizeof *figures->answering; i++)
		if (strcmp(figures->answering[i].incident, incident) == 0)
			return (struct answering *)&figures->answering[i];
	return NULL;
}

static void begin(struct figures *figures, const char *incident)
{
	struct answering *answering = &figures->answering[figures->next];
	*answering = (struct answering){0};
	snprintf(answering->incident, sizeof answering->incident, "%s", incident);
	figures->next = (figures->next + 1) %
	                (sizeof figures->answering / sizeof *figures->answering);
}

static void note_told(struct figures *figures, const char *incident)
{
	struct answering *answering = find(figures, incident);
	if (answering)
		answering->is_told = true;
}

/* Of each incident the first push that told of it and was accepted. */
static void count_accepted(struct figures *figures, const struct incident *incident, span_ms span)
{
	struct answering *answering = find(figures, incident->id);
	if (!answering || answering->reached[FIGURE_FIRST_ACCEPTED])
		return;
	answering->reached[FIGURE_FIRST_ACCEPTED] = true;
	add(figures, FIGURE_FIRST_ACCEPTED, span, goal_of(incident, FIGURE_FIRST_ACCEPTED));
}

/* What is late now, and has not been counted. */
static void add_missing(const struct answering *answering, const struct incident *incident,
                        span_ms span, uint64_t late[FIGURE_COUNT])
{
	for (enum figure which = 0; answering->is_told && which < FIGURE_COUNT; which++) {
		span_ms goal = answering->reached[which] ? 0 : goal_of(incident, which);
		late[which] += goal && span > goal;
	}
}

static void count_resolved(struct figures *figures, const struct incident *incident, span_ms span)
{
	struct answering *answering = find(figures, incident->id);
	uint64_t late[FIGURE_COUNT] = {0};
	add(figures, FIGURE_RESOLVED, span, goal_of(incident, FIGURE_RESOLVED));
	if (!answering)
		return;
	answering->reached[FIGURE_RESOLVED] = true;
	add_missing(answering, incident, span, late);
	for (enum figure which = 0; which < FIGURE_COUNT; which++)
		figures->of[which].late += late[which];
	answering->incident[0] = '\0';
}

static void count_acknowledged(struct figures *figures, const struct incident *incident,
                               span_ms span)
{
	struct answering *answering = find(figures, incident->id);
	if (answering)
		answering->reached[FIGURE_ACKNOWLEDGED] = true;
	add(figures, FIGURE_ACKNOWLEDGED, span, goal_of(incident, FIGURE_ACKNOWLEDGED));
}

/* A fire to a thousand people has as many deliveries, of which the first that is accepted counts.
 */
static bool is_first_accepted(const struct figures *figures, const struct site *site,
                              const struct incident *incident, const struct entry *entry)
{
	const struct answering *answering = find(figures, incident->id);
	cJSON *data = NULL;
	if (!answering || answering->reached[FIGURE_FIRST_ACCEPTED] ||
	    json_parse(entry->data, strlen(entry->data), &data, NULL) < 0)
		return false;
	const char *result = json_string(data, "result");
	const struct notification *of = site_notification(
	        site, notification_number(json_string(data, "notification")));
	bool accepted = result && strcmp(result, "accepted") == 0;
	cJSON_Delete(data);
	return accepted && of && reason_asks_to_act(of->reason);
}

static bool is_late_step(const struct entry *entry)
{
	int64_t late = 0;
	cJSON *data = NULL;
	if (json_parse(entry->data, strlen(entry->data), &data, NULL) < 0)
		return false;
	bool is_late = json_int(data, "late_ms", &late) && late > SECONDS(1);
	cJSON_Delete(data);
	return is_late;
}

static void count_entry(struct figures *figures, const struct site *site, const struct entry *entry)
{
	const struct incident *incident = site_incident(site, entry->incident);
	if (!incident)
		return;
	span_ms span = entry->now.steady - incident->opened.steady;
	if (strcmp(entry->type, "incident.opened") == 0)
		begin(figures, incident->id);
	else if (strcmp(entry->type, "notification") == 0)
		note_told(figures, incident->id);
	else if (strcmp(entry->type, "incident.acknowledged") == 0)
		count_acknowledged(figures, incident, span);
	else if (strcmp(entry->type, "incident.on_site") == 0)
		add(figures, FIGURE_ON_SITE, span, 0);
	else if (strcmp(entry->type, "incident.resolved") == 0)
		count_resolved(figures, incident, span);
	else if (strcmp(entry->type, "delivery") == 0 &&
	         is_first_accepted(figures, site, incident, entry))
		count_accepted(figures, incident, span);
	else if (strcmp(entry->type, "step") == 0)
		figures->late_steps += is_late_step(entry);
}

static bool has_part(const struct entry *entry)
{
	static const char *const types[] = {"incident.opened",
	                                    "incident.acknowledged",
	                                    "incident.on_site",
	                                    "incident.resolved",
	                                    "notification",
	                                    "delivery",
	                                    "step"};
	for (size_t i = 0; entry->incident && i < sizeof types / sizeof *types; i++)
		if (strcmp(entry->type, types[i]) == 0)
			return true;
	return false;
}

void figures_count(struct figures *figures, const struct site *site, const struct plan *plan)
{
	for (uint32_t i = 0; i < plan->entry_count; i++)
		if (has_part(&plan->entries[i]))
			count_entry(figures, site, &plan->entries[i]);
}

void figures_overdue(const struct figures *figures, const struct site *site, steady_ms now,
                     uint64_t overdue[FIGURE_COUNT])
{
	for (size_t i = 0; i < sizeof figures->answering / sizeof *figures->answering; i++) {
		const struct answering *answering = &figures->answering[i];
		const struct incident *incident = *answering->incident
		                                          ? site_incident(site, answering->incident)
		                                          : NULL;
		if (incident && incident->state != STATE_RESOLVED)
			add_missing(answering, incident, now - incident->opened.steady, overdue);
	}
}

void figures_write(const struct figures *figures, const uint64_t overdue[FIGURE_COUNT],
                   struct text *out)
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
	text_add(out, "# HELP tocsin_response_late_total Later than the policy asks for, also what "
	              "has not happened yet.\n"
	              "# TYPE tocsin_response_late_total counter\n");
	for (int which = 0; which < FIGURE_COUNT; which++) {
		uint64_t late = figures->of[which].late + overdue[which];
		text_addf(out, "tocsin_response_late_total{stage=\"%s\"} %llu\n", names[which],
		          (unsigned long long)late);
	}
	text_addf(out,
	          "# HELP tocsin_steps_late_total Escalation steps late by more than a second.\n"
	          "# TYPE tocsin_steps_late_total counter\ntocsin_steps_late_total %llu\n",
	          (unsigned long long)figures->late_steps);
}
