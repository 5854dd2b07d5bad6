/* PagerDuty Events API v2. developer.pagerduty.com/docs/events-api-v2/trigger-events;
 * the token is the integration's routing key. With a secret (a webhook subscription's, to
 * /hooks/ID of this service) an acknowledgement there is one here; the contact's `to` is the
 * user's id there. */
#include "deliver/parts.h"

#define SUMMARY_MAX 1024
#define DEDUP_MAX 255

static const char *action(const struct letter *letter)
{
	switch (letter->notification->reason) {
	case REASON_ACKNOWLEDGED:
		return "acknowledge";
	case REASON_RESOLVED:
	case REASON_DRILL_ENDED:
		return "resolve";
	case REASON_OPENED:
	case REASON_ESCALATED:
	case REASON_REPEATED:
	case REASON_RAISED:
	case REASON_JOINED:
	case REASON_REOPENED:
	case REASON_HANDOVER:
	case REASON_TEST:
	case REASON_DRILL_STARTED:
	case REASON_HAZARD:
	case REASON_LEDGER_HEAD:
	case REASON_DIGEST:
	case REASON_SHIFT:
	case REASON_REPORT_DUE:
	case REASON_REPORT_LATE:
	case REASON_COUNT:
		break;
	}
	return "trigger";
}

static const char *severity(const struct letter *letter)
{
	if (!letter->incident)
		return "info";
	switch (letter->incident->severity) {
	case SEVERITY_CRITICAL:
		return "critical";
	case SEVERITY_MAJOR:
		return "error";
	case SEVERITY_MINOR:
	case SEVERITY_WARNING:
	case SEVERITY_COUNT:
		break;
	}
	return "warning";
}

static void put_payload(struct text *body, const struct letter *letter)
{
	const struct incident *incident = letter->incident;
	json_open(body, "payload", '{');
	put_text(body, "summary", letter, SUMMARY_MAX, NULL);
	json_put_string(body, "source", letter->site_id);
	json_put_string(body, "severity", severity(letter));
	json_put_time(body, "timestamp", incident ? incident->opened.wall : letter->now.wall);
	if (incident) {
		json_put_string(body, "component", incident->zone);
		json_put_string(body, "class", incident_kind_name(incident->kind));
		json_open(body, "custom_details", '{');
		incident_write_json(body, "incident", letter->def, letter->site_id, incident);
		json_put_string(body, "ack_url", letter->ack_url);
		json_close(body, '}');
	}
	json_close(body, '}');
}

static int pagerduty_build(const struct channel *channel, const struct letter *letter,
                           struct request *request, struct problem *why)
{
	(void)why;
	struct text *body = &request->body;
	char id[NOTIFICATION_ID_MAX];
	notification_id(letter->site_id, letter->notification->number, id);
	request_join(request, channel, "/v2/enqueue");
	request_is_json(request);
	json_open(body, NULL, '{');
	json_put_string(body, "routing_key", channel->token);
	json_put_string(body, "event_action", action(letter));
	_Static_assert(INCIDENT_ID_MAX <= DEDUP_MAX && NOTIFICATION_ID_MAX <= DEDUP_MAX, "cut it");
	json_put_string(body, "dedup_key", letter->incident ? letter->incident->id : id);
	put_payload(body, letter);
	json_put_string(body, "client", "Tocsin");
	if (letter->console_url)
		json_put_string(body, "client_url", letter->console_url);
	json_close(body, '}');
	return 0;
}

/* 202 takes it; 400 is a bad event or key; 429 and 5xx ask for later. */
static void pagerduty_judge(const struct reply *reply, struct judgement *out)
{
	judge_by_status(reply, out);
	if (out->verdict == VERDICT_ACCEPTED && reply->status != 202)
		judge(out, VERDICT_RETRY, "HTTP %ld where PagerDuty says 202", reply->status);
}

const struct channel_type pagerduty_channel = {
        .name = "pagerduty",
        .default_url = "https://events.pagerduty.com",
        .needs = CHANNEL_TOKEN,
        .may = CHANNEL_URL | CHANNEL_SECRET | CHANNEL_TO,
        .build = pagerduty_build,
        .judge = pagerduty_judge,
};
