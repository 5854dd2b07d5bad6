/* How the service fares, in numbers, as Prometheus reads them. */
#include "app.h"

static void put_metric(struct text *out, const char *type, const char *name, const char *help,
                       double value)
{
	text_addf(out, "# HELP tocsin_%s %s\n# TYPE tocsin_%s %s\ntocsin_%s %.17g\n", name, help,
	          name, type, name, value);
}

static void put_open_incidents(const struct app *app, struct text *out)
{
	uint32_t drilled = 0;
	text_add(out,
	         "# HELP tocsin_incidents_open Incidents that are not resolved, without drills.\n"
	         "# TYPE tocsin_incidents_open gauge\n");
	for (uint32_t i = 0; i < app->site_count; i++) {
		const struct site *site = app->sites[i].site;
		uint32_t counts[SEVERITY_COUNT] = {0};
		for (uint32_t k = 0; k < site->incident_count; k++)
			if (site->incidents[k]->state != STATE_RESOLVED) {
				counts[site->incidents[k]->severity] += !site->incidents[k]->drill;
				drilled += site->incidents[k]->drill;
			}
		for (int s = 0; s < SEVERITY_COUNT; s++)
			text_addf(out, "tocsin_incidents_open{site=\"%s\",severity=\"%s\"} %u\n",
			          site->def->id, severity_name((enum severity)s), counts[s]);
	}
	put_metric(out, "gauge", "drill_incidents_open",
	           "Incidents of drills that are not resolved.", drilled);
}

static void put_stages(const struct counters *counters, struct text *out)
{
	static const char *const names[STAGE_COUNT] = {"gather", "decide", "commit", "release"};
	text_add(out, "# HELP tocsin_turn_cpu_seconds_total CPU of the deciding thread by stage.\n"
	              "# TYPE tocsin_turn_cpu_seconds_total counter\n");
	for (int i = 0; i < STAGE_COUNT; i++)
		text_addf(out, "tocsin_turn_cpu_seconds_total{stage=\"%s\"} %.9f\n", names[i],
		          (double)counters->cpu_ns[i] / 1e9);
}

void app_write_metrics(void *ctx, struct text *out)
{
	struct app *app = ctx;
	const struct counters *n = &app->counters;
	put_metric(out, "gauge", "up_broker", "1 while the broker is connected.", app->broker_up);
	put_metric(out, "gauge", "up_lane",
	           "1 while life-safety devices are heard on a connection of their own, too.",
	           app->lane.stage == LANE_OPEN);
	put_metric(out, "gauge", "up_store", "1 while the record can be written.",
	           app_disk_is_well(app));
	put_metric(out, "counter", "messages_total", "MQTT messages read.", (double)n->messages);
	put_metric(out, "counter", "signals_total", "Signals understood.", (double)n->signals);
	put_metric(out, "counter", "rejected_total", "Messages that could not be understood.",
	           (double)n->rejected);
	put_metric(out, "counter", "duplicates_total", "Signals whose id was seen before.",
	           (double)n->duplicates);
	put_metric(out, "counter", "commits_total", "Turns committed.", (double)n->commits);
	put_metric(out, "counter", "commit_failures_total", "Commits that failed.",
	           (double)n->commit_failures);
	put_metric(out, "counter", "commit_seconds_total", "Time spent in commits.",
	           (double)n->commit_ns / 1e9);
	put_metric(out, "counter", "ledger_entries_total", "Ledger entries written.",
	           (double)n->entries);
	put_metric(out, "counter", "delivery_attempts_total", "Push attempts started.",
	           (double)n->attempts);
	put_metric(out, "counter", "deliveries_accepted_total", "Push attempts accepted.",
	           (double)n->accepted);
	put_metric(out, "gauge", "deliveries_in_flight", "Push attempts under way.",
	           courier_in_flight(app->courier));
	put_stages(n, out);
	put_open_incidents(app, out);
	uint64_t overdue[FIGURE_COUNT] = {0};
	steady_ms now = app_now(app).steady;
	for (uint32_t i = 0; i < app->site_count; i++)
		figures_overdue(&app->figures, app->sites[i].site, now, overdue);
	figures_write(&app->figures, overdue, out);
}
