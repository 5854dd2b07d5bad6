/* How much the channels have carried lately, and which of them had shut us out, is known from the
 * record: a start must not send as if nothing had left before it. */
#include "app.h"

#define SHUT_OUT_MAX MINUTES(15) /* longer than any service that we know shuts us out */

static span_ms longest_limit(const struct service_config *config)
{
	span_ms longest = SHUT_OUT_MAX;
	for (uint32_t i = 0; i < config->channel_count; i++)
		for (int k = 0; k < RATE_LIMITS_MAX; k++)
			if (config->channels[i].rate[k].per > longest)
				longest = config->channels[i].rate[k].per;
	return longest;
}

static void on_sent(void *ctx, const struct sent_row *row)
{
	struct app *app = ctx;
	const struct channel *channel = config_channel(app->config, row->channel);
	if (channel)
		courier_recall(app->courier, channel, row->at,
		               row->shut_out ? row->at + row->retry_after : 0);
}

/* What was on its way when the last life ended may have arrived, and comes once more. */
static void recall_unanswered(struct app *app, steady_ms ended)
{
	for (uint32_t i = 0; i < app->site_count; i++) {
		const struct site *site = app->sites[i].site;
		for (uint32_t k = 0; k < site->notification_count; k++) {
			const struct notification *n = site->notifications[k];
			for (uint32_t m = 0; m < n->delivery_count; m++) {
				const struct delivery *delivery = &n->deliveries[m];
				const struct channel *channel = config_channel(app->config,
				                                               delivery->channel);
				if (channel && delivery->state == DELIVERY_SENDING)
					courier_recall(app->courier, channel, ended, 0);
			}
		}
	}
}

int recall_sent(struct app *app, struct problem *why)
{
	struct clock_anchor last;
	int r = store_sent(app->store, app_now(app).steady - longest_limit(app->config), on_sent,
	                   app);
	if (r < 0)
		return problem_set(why, r, "the record of what was sent cannot be read");
	if (store_anchor(app->store, &last))
		recall_unanswered(app, last.moment.steady);
	return 0;
}
