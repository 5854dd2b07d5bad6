/* Incidents: lists, one with its timeline, and what people do with them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "review/command/command.h"
#include "review/exchange.h"
#include "review/incident_list.h"
#include "review/next_view.h"
#include "review/query_incidents.h"
#include "review/reading.h"
#include "review/views.h"

#define LIMIT_DEFAULT 100
#define LIMIT_MAX 1000

/* ---- reading ---- */

static bool read_filter(struct exchange *ex, struct incident_filter *filter,
                        struct incident_search *search)
{
	const struct site *site;
	uint64_t limit = LIMIT_DEFAULT;
	if (!exchange_query_incidents(ex, filter, search) || !exchange_query_site(ex, &site) ||
	    !exchange_query_time(ex, "since", &filter->since) ||
	    !exchange_query_time(ex, "until", &filter->until) ||
	    !exchange_query_uint(ex, "limit", 1, LIMIT_MAX, &limit))
		return false;
	filter->site = site ? site->def->id : NULL;
	filter->after = exchange_query(ex, "after");
	filter->limit = (uint32_t)limit;
	return true;
}

struct list_reading {
	struct reading reading;
	struct incident_list list;
};

static int read_list(struct reading *reading, struct store *store)
{
	struct list_reading *of = (struct list_reading *)reading;
	return incident_list_read(&of->list, store, &reading->out);
}

static void finish_list(struct reading *reading)
{
	incident_list_finish(&((struct list_reading *)reading)->list);
}

void api_incidents(struct exchange *ex)
{
	static const struct reading_type type = {read_list, NULL, finish_list};
	struct incident_filter filter = {0};
	struct incident_search search;
	if (!read_filter(ex, &filter, &search))
		return;
	struct list_reading *of = NEW(struct list_reading);
	int r = incident_list_begin(&of->list, &ex->server->service, &filter, &search);
	if (r == 0) {
		exchange_read(ex, &of->reading, &type);
		return;
	}
	free(of);
	if (r == -ENOENT)
		exchange_problem(ex, 400, "after: there is no incident '%.96s'", filter.after);
	else
		exchange_unreadable(ex, r);
}

static void refuse_unknown(struct exchange *ex)
{
	exchange_problem(ex, 404, "there is no incident '%.96s'", ex->id);
}

struct story_reading {
	struct reading reading;
	char *id, *site_id;
	struct text head;     /* the incident as it was when it was asked for */
	const char *language; /* its entries are told in, or NULL: not told */
	struct site_def **sites;
};

static int read_story(struct reading *reading, struct store *store)
{
	const struct story_reading *story = (const struct story_reading *)reading;
	struct command_context told = {
	        .sites = story->sites, .language = story->language, .on_page = true};
	while (story->sites[told.site_count])
		told.site_count++;
	text_add_len(&reading->out, story->head.at, story->head.len);
	return view_timeline(&reading->out, store, story->site_id, story->id,
	                     story->language ? &told : NULL);
}

static void finish_story(struct reading *reading)
{
	struct story_reading *story = (struct story_reading *)reading;
	free(story->id);
	free(story->site_id);
	free(story->sites);
	text_finish(&story->head);
}

void api_incident(struct exchange *ex)
{
	static const struct reading_type type = {read_story, NULL, finish_story};
	const struct review_service *service = &ex->server->service;
	const char *language;
	struct looked_up found;
	if (!exchange_query_language(ex, &language))
		return;
	int r = lookup_incident(service, ex->id, &found);
	if (r == -ENOENT) {
		refuse_unknown(ex);
		return;
	}
	if (r < 0) {
		exchange_unreadable(ex, r);
		return;
	}
	struct story_reading *story = NEW(struct story_reading);
	story->id = mem_copy(ex->id);
	story->site_id = mem_copy(found.site_id);
	story->language = language;
	story->sites = exchange_site_defs(ex, NULL);
	view_incident(&story->head, NULL, found.def, found.site_id, found.incident);
	view_next(&story->head, found.site, found.incident, service->now(service->ctx));
	looked_up_finish(&found);
	exchange_read(ex, &story->reading, &type);
}

/* ---- acting ---- */

/* The live site that still has the incident in hand. Otherwise NULL, after a 404, or a 409 for
 * one that is in the store only. */
static const struct site *site_of_incident(struct exchange *ex)
{
	struct looked_up found;
	int r = lookup_incident(&ex->server->service, ex->id, &found);
	const struct site *site = found.site;
	if (r == -ENOENT)
		refuse_unknown(ex);
	else if (r < 0)
		exchange_unreadable(ex, r);
	else if (!site && found.incident->state == STATE_RESOLVED)
		exchange_problem(ex, 409, "incident %s is already resolved", ex->id);
	else if (!site)
		exchange_problem(ex, 409, "site %s is not served any more", found.site_id);
	looked_up_finish(&found);
	return site;
}

void exchange_refuse(struct exchange *ex, int result, const struct problem *why)
{
	const char *detail = *why->text ? why->text : strerror(-result);
	switch (-result) {
	case EINVAL:
	case ENOENT: /* the incident is there: it is a person or a zone that is not */
		exchange_problem(ex, 400, "%s", detail);
		return;
	case EALREADY:
	case ENOTEMPTY: /* something stands in the way, which the detail names */
		exchange_problem(ex, 409, "%s", detail);
		return;
	case EINPROGRESS:
		exchange_held(ex, detail);
		return;
	case ETIMEDOUT:
		exchange_problem(ex, 503, "%s", detail);
		exchange_add_header(ex, "Retry-After", "5");
		return;
	default:
		exchange_problem(ex, 503, "not recorded: %s; try again", detail);
		exchange_add_header(ex, "Retry-After", "5");
	}
}

static void finish_action(struct exchange *ex, int result, const struct incident *incident,
                          const char *site_id, const struct problem *why)
{
	const struct review_service *service = &ex->server->service;
	if (result < 0) {
		exchange_refuse(ex, result, why);
		return;
	}
	struct text out = {0};
	if (incident) {
		const struct site *site = service->site(service->ctx, site_id);
		view_incident(&out, NULL, site ? site->def : NULL, site_id, incident);
		view_next(&out, site, incident, service->now(service->ctx));
	} else {
		text_add(&out, "{}");
	}
	exchange_json(ex, 200, &out);
	text_finish(&out);
}

static void finish_report(struct exchange *ex, int result, const struct incident *incident,
                          const char *site_id, const struct problem *why)
{
	finish_action(ex, result, incident, site_id, why);
	if (result < 0 || !incident)
		return;
	struct text location = {0};
	text_add(&location, "/api/v1/incidents/");
	text_add_encoded(&location, incident->id);
	ex->status = 201;
	exchange_add_header(ex, "Location", text_get(&location));
	text_finish(&location);
}

/* Reads what every action has: who does it, and a note. */
static bool read_common(struct exchange *ex, const cJSON *body, struct operation *operation)
{
	operation->via = "api";
	operation->incident = ex->id;
	/* The contract's assign names nobody but the one it goes to, its note nobody at all. */
	bool by_required = operation->type != OPERATION_ASSIGN && operation->type != OPERATION_NOTE;
	return exchange_member(ex, body, "by", by_required, ID_MAX, &operation->by) &&
	       exchange_member(ex, body, "note", operation->type == OPERATION_NOTE, NOTE_MAX,
	                       &operation->note);
}

static bool read_outcome(struct exchange *ex, const cJSON *body, struct operation *operation)
{
	const char *word;
	return exchange_member(ex, body, "outcome", true, ID_MAX, &word) &&
	       exchange_outcome(ex, word, &operation->outcome);
}

static bool read_reply(struct exchange *ex, const cJSON *body, struct operation *operation)
{
	const char *word;
	if (!exchange_member(ex, body, "choice", true, ID_MAX, &word))
		return false;
	operation->reply = reply_from_name(word);
	if (operation->reply == REPLY_COUNT) {
		exchange_problem(ex, 400,
		                 "choice: unknown '%.64s'; allowed: take, on_site, need_help, "
		                 "hand_over, false_alarm",
		                 word);
		return false;
	}
	return exchange_member(ex, body, "to", operation->reply == REPLY_HAND_OVER, ID_MAX,
	                       &operation->to);
}

static void act(struct exchange *ex, enum operation_type type, const char *allowed)
{
	struct operation operation = {
	        .type = type, .kind = INCIDENT_KIND_NONE, .severity = SEVERITY_NONE};
	cJSON *body = exchange_body(ex, allowed);
	if (!body || !read_common(ex, body, &operation))
		goto finish;
	if (type == OPERATION_RESOLVE && !read_outcome(ex, body, &operation))
		goto finish;
	if (type == OPERATION_ASSIGN &&
	    !exchange_member(ex, body, "to", true, ID_MAX, &operation.to))
		goto finish;
	if (type == OPERATION_REPLY && !read_reply(ex, body, &operation))
		goto finish;
	const struct site *site = site_of_incident(ex);
	if (site)
		exchange_submit(ex, site->def->id, &operation, finish_action, NULL, NULL);
finish:
	cJSON_Delete(body);
}

void api_incident_ack(struct exchange *ex)
{
	act(ex, OPERATION_ACK, "by, note");
}

void api_incident_resolve(struct exchange *ex)
{
	act(ex, OPERATION_RESOLVE, "by, outcome, note");
}

void api_incident_note(struct exchange *ex)
{
	act(ex, OPERATION_NOTE, "by, note");
}

void api_incident_assign(struct exchange *ex)
{
	act(ex, OPERATION_ASSIGN, "by, to, note");
}

void api_incident_reply(struct exchange *ex)
{
	act(ex, OPERATION_REPLY, "by, choice, to, note");
}

static bool read_severity(struct exchange *ex, const cJSON *body, struct operation *operation)
{
	const char *word;
	operation->severity = SEVERITY_NONE;
	if (!exchange_member(ex, body, "severity", false, ID_MAX, &word))
		return false;
	if (!word)
		return true;
	operation->severity = severity_from_name(word);
	if (operation->severity != SEVERITY_NONE)
		return true;
	exchange_problem(ex, 400,
	                 "severity: unknown '%.64s'; allowed: critical, major, minor, warning",
	                 word);
	return false;
}

/* The site a body names, or the only one. NULL after a 400. */
static const struct site *site_of_body(struct exchange *ex, const cJSON *body)
{
	const char *id;
	if (!exchange_member(ex, body, "site", false, ID_MAX, &id))
		return NULL;
	return id ? exchange_named_site(ex, id) : exchange_only_site(ex, "the member 'site'");
}

/* A kind of incident, or what a sensor would have seen: then with what that raises. */
static bool read_kind(struct exchange *ex, const cJSON *body, struct operation *operation)
{
	const char *word;
	if (!exchange_member(ex, body, "kind", true, ID_MAX, &word))
		return false;
	enum kind kind = kind_from_name(word);
	operation->kind = kind == KIND_NONE ? incident_kind_from_name(word)
	                                    : kind_facts[kind].raises;
	if (operation->severity == SEVERITY_NONE && kind != KIND_NONE)
		operation->severity = kind_facts[kind].severity;
	if (operation->kind != INCIDENT_KIND_NONE)
		return true;
	struct text allowed = {0};
	add_incident_kinds(&allowed);
	for (unsigned i = 0; i < KIND_COUNT; i++)
		if (incident_kind_from_name(kind_facts[i].name) == INCIDENT_KIND_NONE)
			text_addf(&allowed, ", %s", kind_facts[i].name);
	exchange_problem(ex, 400, "kind: unknown '%.64s'; allowed: %s", word, allowed.at);
	text_finish(&allowed);
	return false;
}

void api_incident_report(struct exchange *ex)
{
	struct operation operation = {.type = OPERATION_REPORT};
	cJSON *body = exchange_body(ex, "site, zone, kind, severity, note, by");
	if (!body)
		return;
	const struct site *site = site_of_body(ex, body);
	if (site && read_common(ex, body, &operation) && read_severity(ex, body, &operation) &&
	    exchange_member(ex, body, "zone", true, ID_MAX, &operation.zone) &&
	    read_kind(ex, body, &operation))
		exchange_submit(ex, site->def->id, &operation, finish_report, NULL, NULL);
	cJSON_Delete(body);
}

/* ---- a labelled test to one recipient ---- */

static void finish_test(struct exchange *ex, int result, const struct incident *incident,
                        const char *site_id, const struct problem *why)
{
	(void)incident;
	if (result < 0) {
		exchange_refuse(ex, result, why);
		return;
	}
	struct text out = {0};
	json_open(&out, NULL, '{');
	json_put_string(&out, "site", site_id);
	json_put_string(&out, "to", ex->finish_ctx);
	json_put_string(&out, "state", "queued");
	json_close(&out, '}');
	exchange_json(ex, 200, &out);
	text_finish(&out);
}

void api_test(struct exchange *ex)
{
	struct operation operation = {.type = OPERATION_TEST,
	                              .via = "api",
	                              .kind = INCIDENT_KIND_NONE,
	                              .severity = SEVERITY_NONE};
	cJSON *body = exchange_body(ex, "to, site, by, note");
	if (!body)
		return;
	const struct site *site = site_of_body(ex, body);
	if (site && exchange_member(ex, body, "to", true, (size_t)2 * ID_MAX, &operation.to) &&
	    exchange_member(ex, body, "by", false, ID_MAX, &operation.by) &&
	    exchange_member(ex, body, "note", false, NOTE_MAX, &operation.note))
		exchange_submit(ex, site->def->id, &operation, finish_test, mem_copy(operation.to),
		                free);
	cJSON_Delete(body);
}
