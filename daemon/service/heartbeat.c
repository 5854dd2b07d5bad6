/* The dead man's switch: a sign of life to a URL outside, only while alarms would really get
 * through. Whoever waits there for the next one notices that this house has fallen silent. */
#include "app.h"
#include "base/log.h"

#define OVERDUE_MAX SECONDS(10) /* a deadline so late means that the timers do not run */

static struct moment now_of(const struct app *app)
{
	struct clock look = app->clock; /* a jump is the turn's to notice */
	struct moment now;
	clock_now(&look, &now, NULL);
	return now;
}

static bool timers_run(const struct app *app, steady_ms now)
{
	for (uint32_t i = 0; i < app->site_count; i++)
		if (site_next_deadline(app->sites[i].site) < now - OVERDUE_MAX)
			return false;
	return true;
}

static void on_beat(uv_timer_t *timer)
{
	struct app *app = timer->data;
	const struct heartbeat *heartbeat = &app->config->heartbeat;
	struct moment now = now_of(app);
	if (!app->stopping && app_is_ready(app, NULL) && timers_run(app, now.steady))
		courier_ping(app->courier, heartbeat->url, heartbeat->ca_file,
		             heartbeat->private_net, now);
}

void heartbeat_result(struct app *app, const struct delivery_result *result)
{
	bool fails = result->verdict != VERDICT_ACCEPTED;
	if (fails && !app->heartbeat_fails)
		log_warn("the heartbeat does not get through: %s", result->detail);
	else if (!fails && app->heartbeat_fails)
		log_info("the heartbeat gets through again");
	app->heartbeat_fails = fails;
}

void heartbeat_start(struct app *app)
{
	const struct heartbeat *heartbeat = &app->config->heartbeat;
	uint64_t every = (uint64_t)heartbeat->every;
	if (!heartbeat->url)
		uv_timer_stop(&app->heartbeat);
	else
		uv_timer_start(&app->heartbeat, on_beat, every < 1000 ? every : 1000, every);
}
