#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "review/exchange.h"

#define INCIDENT "/api/v1/incidents/{id}"

static const struct route routes[] = {
        {"GET", "/healthz", ROLE_NONE, "", page_health},
        {"GET", "/readyz", ROLE_NONE, "", page_ready},
        {"GET", "/metrics", ROLE_NONE, "", page_metrics},
        {"GET", "/", ROLE_NONE, NULL, page_console},
        {"GET", "/console/{file}", ROLE_NONE, NULL, page_console_file},
        {"GET", "/a/{token}", ROLE_NONE, NULL, page_link},
        {"POST", "/a/{token}", ROLE_NONE, NULL, page_link_take},
        {"POST", "/hooks/{channel}", ROLE_NONE, NULL, hook_hear},

        {"POST", "/api/v1/session", ROLE_NONE, "", api_sign_in},
        {"GET", "/api/v1/session", ROLE_VIEWER, "", api_session},
        {"DELETE", "/api/v1/session", ROLE_VIEWER, "", api_sign_out},
        {"GET", "/api/v1/incidents", ROLE_VIEWER,
         "state, site, kind, zone, severity, outcome, drill, words, since, until, limit, after",
         api_incidents},
        {"POST", "/api/v1/incidents", ROLE_OPERATOR, "", api_incident_report},
        {"GET", INCIDENT, ROLE_VIEWER, "lang", api_incident},
        {"POST", INCIDENT "/ack", ROLE_OPERATOR, "", api_incident_ack},
        {"POST", INCIDENT "/resolve", ROLE_OPERATOR, "", api_incident_resolve},
        {"POST", INCIDENT "/note", ROLE_OPERATOR, "", api_incident_note},
        {"POST", INCIDENT "/assign", ROLE_OPERATOR, "", api_incident_assign},
        {"POST", INCIDENT "/reply", ROLE_OPERATOR, "", api_incident_reply},
        {"GET", "/api/v1/handovers", ROLE_VIEWER, "site, all, limit, after", api_handovers},
        {"POST", "/api/v1/heartbeats/{id}", ROLE_OPERATOR, "site", api_heartbeat},
        {"GET", "/api/v1/proofs", ROLE_VIEWER, "site, all, limit, after", api_proofs},
        {"POST", "/api/v1/handovers/{id}/accept", ROLE_OPERATOR, "", api_handover_accept},
        {"GET", INCIDENT "/report", ROLE_VIEWER, "format, lang", api_report},
        {"GET", "/api/v1/report", ROLE_VIEWER,
         "format, lang, site, since, until, name, full, state, kind, zone, severity, outcome, "
         "drill, words",
         api_period_report},
        {"GET", "/api/v1/armings", ROLE_VIEWER, "site, all, limit, after", api_armings},
        {"DELETE", "/api/v1/armings/{id}", ROLE_OPERATOR, "by", api_arming_end},
        {"POST", "/api/v1/armings/{id}/end", ROLE_OPERATOR, "by", api_arming_end},
        {"POST", "/api/v1/zones/{id}/arm", ROLE_OPERATOR, "", api_zone_arm},
        {"POST", "/api/v1/zones/{id}/disarm", ROLE_OPERATOR, "", api_zone_disarm},
        {"GET", "/api/v1/silences", ROLE_VIEWER, "site, all, limit, after", api_silences},
        {"POST", "/api/v1/silences", ROLE_ADMIN, "", api_silence},
        {"DELETE", "/api/v1/silences/{id}", ROLE_ADMIN, "by", api_silence_end},
        {"POST", "/api/v1/silences/{id}/end", ROLE_ADMIN, "by", api_silence_end},
        {"GET", "/api/v1/floods", ROLE_VIEWER, "site, all, limit, after", api_floods},
        {"GET", "/api/v1/drills", ROLE_VIEWER, "site, all, limit, after", api_drills},
        {"POST", "/api/v1/drills", ROLE_ADMIN, "", api_drill},
        {"GET", "/api/v1/drills/{id}/report", ROLE_VIEWER, "format, lang", api_drill_report},
        {"POST", "/api/v1/drills/{id}/end", ROLE_ADMIN, "by", api_drill_end},
        {"POST", "/api/v1/devices/{id}/walk-test", ROLE_ADMIN, "", api_walk_test},
        {"GET", "/api/v1/reporting", ROLE_VIEWER, "site, all, limit, after", api_reportings},
        {"POST", "/api/v1/reporting/{id}/made", ROLE_OPERATOR, "", api_reporting_made},
        {"GET", "/api/v1/hazards", ROLE_VIEWER, "site, all, limit, after", api_hazards},
        {"POST", "/api/v1/hazards", ROLE_OPERATOR, "", api_hazard},
        {"POST", "/api/v1/hazards/{id}/remedy", ROLE_OPERATOR, "", api_hazard_remedy},
        {"POST", "/api/v1/hazards/{id}/close", ROLE_OPERATOR, "", api_hazard_close},
        {"POST", "/api/v1/hazards/{id}/reopen", ROLE_OPERATOR, "", api_hazard_reopen},
        {"POST", "/api/v1/hazards/{id}/assign", ROLE_OPERATOR, "", api_hazard_assign},
        {"GET", "/api/v1/events", ROLE_VIEWER, "site, after, limit", api_events},
        {"GET", "/api/v1/stream", ROLE_VIEWER, "site", api_stream},
        {"GET", "/api/v1/devices", ROLE_VIEWER, "site, zone, limit, after, untested", api_devices},
        {"GET", "/api/v1/devices/unknown", ROLE_VIEWER, "site", api_unknown_devices},
        {"GET", "/api/v1/zones", ROLE_VIEWER, "site, limit, after", api_zones},
        {"GET", "/api/v1/people", ROLE_VIEWER, "site, limit, after", api_people},
        {"GET", "/api/v1/channels", ROLE_VIEWER, "site", api_channels},
        {"GET", "/api/v1/outputs", ROLE_VIEWER, "site", api_outputs},
        {"GET", "/api/v1/duty", ROLE_VIEWER, "site, at, week, limit, after", api_duty},
        {"GET", "/api/v1/duty/overrides", ROLE_VIEWER, "site, all, limit, after", api_overrides},
        {"POST", "/api/v1/duty/overrides", ROLE_ADMIN, "", api_override_make},
        {"DELETE", "/api/v1/duty/overrides/{id}", ROLE_ADMIN, "by, note", api_override_end},
        {"POST", "/api/v1/duty/overrides/{id}/end", ROLE_ADMIN, "", api_override_end},
        {"GET", "/api/v1/who", ROLE_VIEWER, "site, kind, zone, at, gaps, weeks", api_who},
        {"GET", "/api/v1/deliveries", ROLE_VIEWER, "incident, limit, after", api_deliveries},
        {"GET", "/api/v1/status", ROLE_VIEWER, "", api_status},
        {"POST", "/api/v1/test", ROLE_ADMIN, "", api_test},
};
#define ROUTES (sizeof routes / sizeof *routes)

/* True if the path has the pattern's shape; id gets what stands for {...}. */
static bool pattern_fits(const char *pattern, const char *path, const char **id, size_t *id_len)
{
	const char *hole = strchr(pattern, '{');
	*id = NULL;
	*id_len = 0;
	if (!hole)
		return strcmp(pattern, path) == 0;
	size_t lead = (size_t)(hole - pattern);
	if (strncmp(pattern, path, lead) != 0)
		return false;
	*id = path + lead;
	*id_len = strcspn(*id, "/");
	return *id_len > 0 && strcmp(strchr(hole, '}') + 1, *id + *id_len) == 0;
}

static bool method_fits(const char *wanted, const char *method)
{
	return strcmp(wanted, method) == 0 ||
	       (strcmp(wanted, "GET") == 0 && strcmp(method, "HEAD") == 0);
}

static void refuse_path(struct exchange *ex, const char *allow)
{
	if (!*allow) {
		exchange_problem(ex, 404, "there is nothing at %.200s", ex->path);
		return;
	}
	exchange_problem(ex, 405, "allowed here: %s", allow);
	exchange_add_header(ex, "Allow", allow);
}

/* Signing in is all that a stranger may do. */
static bool is_open(const struct exchange *ex, const char *method)
{
	return strcmp(ex->path, "/api/v1/session") == 0 && strcmp(method, "POST") == 0;
}

void route_exchange(struct exchange *ex, const char *method)
{
	const struct route *found = NULL;
	const char *id;
	size_t id_len;
	struct text allow = {0};
	if (strncmp(ex->path, "/api/", 5) == 0 && !is_open(ex, method) &&
	    !exchange_admit(ex, method))
		return;
	for (size_t i = 0; i < ROUTES && !found; i++) {
		if (!pattern_fits(routes[i].pattern, ex->path, &id, &id_len))
			continue;
		if (method_fits(routes[i].method, method))
			found = &routes[i];
		else
			text_addf(&allow, "%s%s", allow.len ? ", " : "",
			          strcmp(routes[i].method, "GET") == 0 ? "GET, HEAD"
			                                               : routes[i].method);
	}
	if (!found) {
		refuse_path(ex, text_get(&allow));
	} else if (ex->grant.role < found->role) {
		exchange_problem(ex, 403, "your role is %s; needed: %s", role_name(ex->grant.role),
		                 role_name(found->role));
	} else if (!found->query || exchange_query_allowed(ex, found->query)) {
		ex->route = found;
		if (id) {
			struct text copy = {0};
			text_add_len(&copy, id, id_len);
			ex->id = text_take(&copy);
		}
	}
	text_finish(&allow);
}
