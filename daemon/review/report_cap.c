/* An incident as a Common Alerting Protocol 1.2 message (OASIS, 2010): its elements in the order
 * of the schema, times with a numeric offset and no fraction. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/calendar.h"
#include "review/report_private.h"

/* XML has no way to write control characters, nor U+FFFE and U+FFFF (EF BF BE and BF). */
static bool is_never_xml(const char *at)
{
	unsigned char c = (unsigned char)*at;
	return (c < ' ' && c != '\t' && c != '\n' && c != '\r') ||
	       strncmp(at, "\xef\xbf\xbe", 3) == 0 || strncmp(at, "\xef\xbf\xbf", 3) == 0;
}

static void add_xml(struct text *out, const char *words)
{
	struct text kept = {0};
	for (const char *at = words ? words : ""; *at; at++)
		if (!is_never_xml(at)) {
			text_add_char(&kept, *at);
		} else {
			text_add_char(&kept, '?');
			at += (unsigned char)*at == 0xef ? 2 : 0;
		}
	add_html(out, text_get(&kept)); /* what is escaped in HTML text is so in XML */
	text_finish(&kept);
}

static void element(struct text *out, const char *indent, const char *name, const char *words)
{
	text_addf(out, "%s<%s>", indent, name);
	add_xml(out, words);
	text_addf(out, "</%s>\n", name);
}

/* Identifiers and senders: no blanks, commas, < or &. */
static void add_plain(struct text *out, const char *words)
{
	for (; *words; words++)
		text_add_char(out, strchr(" ,<&", *words) ? '_' : *words);
}

static const char *cap_severity(enum severity severity)
{
	switch (severity) {
	case SEVERITY_CRITICAL:
		return "Extreme";
	case SEVERITY_MAJOR:
		return "Severe";
	case SEVERITY_MINOR:
		return "Moderate";
	case SEVERITY_WARNING:
		return "Minor";
	case SEVERITY_COUNT:
		break;
	}
	return "Unknown";
}

static const char *cap_category(enum incident_kind kind)
{
	switch (kind) {
	case INCIDENT_FIRE:
		return "Fire";
	case INCIDENT_GAS:
		return "Safety";
	case INCIDENT_PANIC:
	case INCIDENT_INTRUSION:
	case INCIDENT_TAMPER:
		return "Security";
	case INCIDENT_WATER:
	case INCIDENT_TROUBLE:
		return "Infra";
	case INCIDENT_OTHER:
	case INCIDENT_KIND_COUNT:
		break;
	}
	return "Other";
}

static const char *cap_certainty(const struct incident *incident)
{
	if (incident->outcome == OUTCOME_REAL)
		return "Observed";
	if (incident->outcome == OUTCOME_FALSE_ALARM)
		return "Unlikely";
	if (incident->outcome == OUTCOME_UNKNOWN)
		return "Unknown";
	return incident->signal_count > 1 || incident->reported_by ? "Observed" : "Likely";
}

static const char *cap_status(const struct incident *incident)
{
	if (incident->drill || incident->outcome == OUTCOME_DRILL)
		return "Exercise";
	return incident->outcome == OUTCOME_TEST ? "Test" : "Actual";
}

/* That somebody was told of it is no news of it. */
static const char *cap_message(const struct incident_report *report)
{
	const struct incident *incident = report->incident;
	if (incident->state != STATE_RESOLVED)
		return report->response.changed == incident->opened.wall ? "Alert" : "Update";
	return incident->outcome == OUTCOME_FALSE_ALARM ? "Cancel" : "Update";
}

/* CAP writes an offset always, and UTC as -00:00. */
static void cap_time(const struct site_def *def, wall_ms at, char out[TIME_TEXT_LEN])
{
	if (def) {
		time_write_local(&def->timezone, at, out);
		return;
	}
	time_write_utc(at, out);
	snprintf(out + 19, TIME_TEXT_LEN - 19, "-00:00");
}

static void parameter(struct text *out, const char *name, span_ms span)
{
	if (span != NOT_YET)
		text_addf(out,
		          "    <parameter><valueName>%s</valueName><value>%" PRId64
		          "</value></parameter>\n",
		          name, span);
}

static void write_info(const struct incident_report *report, struct text *out)
{
	const struct incident *incident = report->incident;
	const struct response *response = &report->response;
	char time[TIME_TEXT_LEN];
	struct text words = {0};
	text_add(out, "  <info>\n");
	element(out, "    ", "language", report->zh ? "zh-CN" : "en");
	element(out, "    ", "category", cap_category(incident->kind));
	element(out, "    ", "event", words_incident_kind(report->language, incident->kind));
	if (incident->state == STATE_RESOLVED)
		element(out, "    ", "responseType", "AllClear");
	element(out, "    ", "urgency", incident->state == STATE_RESOLVED ? "Past" : "Immediate");
	element(out, "    ", "severity", cap_severity(incident->severity));
	element(out, "    ", "certainty", cap_certainty(incident));
	cap_time(report->def, incident->opened.wall, time);
	element(out, "    ", "onset", time);
	element(out, "    ", "senderName", report->def ? report->def->name : report->site_id);
	text_addf(&words, "%s%s, ", incident->drill ? report->zh ? "演练：" : "DRILL: " : "",
	          words_severity(report->language, incident->severity));
	words_add_incident(&words, report->language, report->def, incident);
	text_addf(&words, ", %s", incident->zone_name);
	element(out, "    ", "headline", text_get(&words));
	text_reset(&words);
	text_add(&words, words_state(report->language, incident->state));
	if (outcome_name(incident->outcome))
		text_addf(&words, ", %s", words_outcome(report->language, incident->outcome));
	if (incident->note)
		text_addf(&words, ". %s", incident->note);
	element(out, "    ", "description", text_get(&words));
	parameter(out, "tocsin:first_push_ms", response->first_push);
	parameter(out, "tocsin:first_accepted_ms", response->first_accepted);
	parameter(out, "tocsin:acknowledged_ms", response->acknowledged);
	parameter(out, "tocsin:on_site_ms", response->on_site);
	parameter(out, "tocsin:resolved_ms", response->resolved);
	text_reset(&words);
	text_addf(&words, "%s, %s", report->def ? report->def->name : report->site_id,
	          incident->zone_name);
	text_add(out, "    <area>\n");
	element(out, "      ", "areaDesc", text_get(&words));
	text_add(out, "    </area>\n  </info>\n");
	text_finish(&words);
}

void report_incident_cap(const struct incident_report *report, struct text *out)
{
	const struct incident *incident = report->incident;
	const char *message = cap_message(report);
	bool first = strcmp(message, "Alert") == 0;
	struct text id = {0}, sender = {0}, words = {0};
	char time[TIME_TEXT_LEN];
	add_plain(&id, incident->id);
	text_add(&sender, "tocsin:");
	add_plain(&sender, report->site_id);
	text_add(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	              "<alert xmlns=\"urn:oasis:names:tc:emergency:cap:1.2\">\n");
	text_add(&words, text_get(&id));
	if (!first)
		text_addf(&words, ":%" PRId64, report->response.changed);
	element(out, "  ", "identifier", text_get(&words));
	element(out, "  ", "sender", text_get(&sender));
	cap_time(report->def, first ? incident->opened.wall : report->response.changed, time);
	element(out, "  ", "sent", time);
	element(out, "  ", "status", cap_status(incident));
	element(out, "  ", "msgType", message);
	element(out, "  ", "scope", "Restricted");
	element(out, "  ", "restriction", report->def ? report->def->name : report->site_id);
	if (!first) {
		cap_time(report->def, incident->opened.wall, time);
		text_reset(&words);
		text_addf(&words, "%s,%s,%s", text_get(&sender), text_get(&id), time);
		element(out, "  ", "references", text_get(&words));
	}
	element(out, "  ", "incidents", text_get(&id));
	write_info(report, out);
	text_add(out, "</alert>\n");
	text_finish(&id);
	text_finish(&sender);
	text_finish(&words);
}
