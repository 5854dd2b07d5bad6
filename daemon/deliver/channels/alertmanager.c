/* Prometheus Alertmanager, API v2. prometheus.io/docs/alerting/latest/alerts_api */
#include "deliver/parts.h"

/* With an end of its own an alert outlives resolve_timeout: that we are away for a while is no
 * recovery. It lives in Alertmanager's memory, though, so it is sent again while it lasts. */
#define LASTS DAYS(7)
#define SUMMARY_MAX 1000

static void put_alert(struct text *body, const struct letter *letter, enum severity severity,
                      wall_ms ends)
{
	const struct incident *incident = letter->incident;
	struct text name = {0};
	json_open(body, NULL, '{');
	json_open(body, "labels", '{');
	text_addf(&name, "tocsin_%s", incident ? incident_kind_name(incident->kind) : "test");
	json_put_string(body, "alertname", text_get(&name));
	json_put_string(body, "site", letter->site_id);
	if (incident) {
		json_put_string(body, "severity", severity_name(severity));
		json_put_string(body, "incident", incident->id);
		if (incident->zone)
			json_put_string(body, "zone", incident->zone);
		if (incident->drill)
			json_put_string(body, "drill", "true");
	}
	json_close(body, '}');
	json_open(body, "annotations", '{');
	put_title(body, "summary", letter, SUMMARY_MAX);
	put_text(body, "description", letter, 4000, letter->ack_url);
	json_close(body, '}');
	json_put_time(body, "startsAt", incident ? incident->opened.wall : letter->now.wall);
	json_put_time(body, "endsAt", ends);
	if (letter->console_url)
		json_put_string(body, "generatorURL", letter->console_url);
	json_close(body, '}');
	text_finish(&name);
}

/* Labels are an alert's identity: after a rise the alerts of the lower severities are another's,
 * and end with it. */
static int alertmanager_build(const struct channel *channel, const struct letter *letter,
                              struct request *request, struct problem *why)
{
	(void)why;
	struct text *body = &request->body;
	const struct incident *incident = letter->incident;
	wall_ms now = letter->now.wall;
	bool over = incident && incident->state == STATE_RESOLVED;
	enum severity severity = incident ? incident->severity : SEVERITY_WARNING;
	request_join(request, channel, "/api/v2/alerts");
	request_is_json(request);
	if (channel->token)
		request_header(request, "Authorization", "Bearer %s", channel->token);
	json_open(body, NULL, '[');
	put_alert(body, letter, severity, !incident ? now + MINUTES(1) : over ? now : now + LASTS);
	if (incident && incident->round > 1)
		for (int lower = (int)severity - 1; lower >= 0; lower--)
			put_alert(body, letter, (enum severity)lower, now);
	json_close(body, ']');
	return 0;
}

static void alertmanager_judge(const struct reply *reply, struct judgement *out)
{
	judge_by_status(reply, out);
	if (out->verdict == VERDICT_ACCEPTED && reply->status != 200)
		judge(out, VERDICT_REFUSED, "HTTP %ld where Alertmanager says 200", reply->status);
}

const struct channel_type alertmanager_channel = {
        .name = "alertmanager",
        .needs = CHANNEL_URL,
        .may = CHANNEL_TOKEN,
        .resend = MINUTES(1),
        .build = alertmanager_build,
        .judge = alertmanager_judge,
};
