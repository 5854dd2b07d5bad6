/* Acting by an acknowledge link. A look changes nothing, since chat programs look at every link for
 * their previews; only a button acts, in the name of the person the link was sent to. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "review/link_page.h"
#include "review/views.h"

/* ---- answers ---- */

static bool wants_json(const struct exchange *ex)
{
	const char *accept = exchange_header(ex, "Accept");
	return accept && strcasestr(accept, "application/json") && !strcasestr(accept, "text/html");
}

static void answer_page(struct exchange *ex, unsigned status, struct text *page)
{
	exchange_answer(ex, status, "text/html; charset=utf-8", page);
}

static void answer_incident(struct exchange *ex, unsigned status, const struct visit *visit,
                            const struct incident *incident, const struct link_said *said)
{
	const struct review_service *service = &ex->server->service;
	struct text out = {0};
	if (wants_json(ex) && status >= 400) {
		exchange_problem(ex, status, "%s", phrase_english(said->phrase));
	} else if (wants_json(ex)) {
		json_open(&out, NULL, '{');
		json_put_string(&out, "result", incident_state_name(incident->state));
		view_incident(&out, "incident", visit->site ? visit->site->def : NULL,
		              visit->target.site, incident);
		json_close(&out, '}');
		exchange_json(ex, status, &out);
	} else {
		link_page_incident(&out, visit, incident, service->now(service->ctx).wall, said);
		answer_page(ex, status, &out);
	}
	text_finish(&out);
}

/* For a program, an RFC 9457 problem, or {"result": "test"}. */
static void answer_sentence(struct exchange *ex, unsigned status, enum phrase phrase, bool zh)
{
	struct text out = {0};
	if (wants_json(ex) && status >= 400) {
		exchange_problem(ex, status, "%s", phrase_english(phrase));
	} else if (wants_json(ex)) {
		json_open(&out, NULL, '{');
		json_put_string(&out, "result", "test");
		json_close(&out, '}');
		exchange_json(ex, status, &out);
	} else {
		link_page_sentence(&out, zh, phrase);
		answer_page(ex, status, &out);
	}
	text_finish(&out);
}

/* The record could not be written: it is held in memory, or it could not be taken. */
static void answer_failure(struct exchange *ex, const struct visit *visit, int result)
{
	bool held = result == -EINPROGRESS || result == -ETIMEDOUT;
	answer_sentence(ex, 503, held ? SAY_HELD : SAY_NOT_RECORDED, visit->zh);
}

/* NULL after an answer. */
static struct visit *open_visit(struct exchange *ex)
{
	struct visit *visit;
	bool zh;
	switch (visit_open(ex, &visit, &zh)) {
	case LINK_GOOD:
		return visit;
	case LINK_FORGED:
		answer_sentence(ex, 403, SAY_INVALID, zh);
		break;
	case LINK_EXPIRED:
		answer_sentence(ex, 403, SAY_EXPIRED, zh);
		break;
	case LINK_UNKNOWN:
		answer_sentence(ex, 404, SAY_UNKNOWN, zh);
		break;
	case LINK_UNREADABLE:
		answer_sentence(ex, 503, SAY_UNREADABLE, zh);
		break;
	}
	return NULL;
}

/* ---- a test: the tap proves that it has arrived ---- */

static void show_test(struct exchange *ex, const struct visit *visit, enum phrase phrase)
{
	struct text out = {0};
	if (wants_json(ex)) {
		answer_sentence(ex, 200, phrase, visit->zh);
		return;
	}
	link_page_test(&out, visit, phrase);
	answer_page(ex, 200, &out);
	text_finish(&out);
}

static void finish_test(struct exchange *ex, int result, const struct incident *incident,
                        const char *site_id, const struct problem *why)
{
	(void)site_id, (void)why, (void)incident;
	const struct visit *visit = ex->finish_ctx;
	if (result == 0)
		show_test(ex, visit, SAY_TEST_RECEIVED);
	else if (result == -EALREADY)
		show_test(ex, visit, SAY_TEST_OVER);
	else
		answer_failure(ex, visit, result);
}

/* A second tap finds it confirmed: that is no news to who did it. */
static void confirm_test(struct exchange *ex, struct visit *visit)
{
	char id[NOTIFICATION_ID_MAX];
	notification_id(visit->target.site, visit->notification, id);
	const struct operation operation = {.type = OPERATION_CONFIRM,
	                                    .by = visit->target.to_id,
	                                    .via = "link",
	                                    .to = id,
	                                    .kind = INCIDENT_KIND_NONE,
	                                    .severity = SEVERITY_NONE};
	exchange_submit(ex, visit->target.site, &operation, finish_test, visit, visit_destroy);
}

/* ---- a shift that is handed over without an incident ---- */

static void show_shift(struct exchange *ex, const struct visit *visit)
{
	struct text out = {0};
	link_page_shift(&out, visit);
	answer_page(ex, 200, &out);
	text_finish(&out);
}

static void finish_shift(struct exchange *ex, int result, const struct incident *incident,
                         const char *site_id, const struct problem *why)
{
	(void)site_id, (void)why, (void)incident;
	const struct visit *visit = ex->finish_ctx;
	if (result == 0)
		answer_sentence(ex, 200, SAY_SHIFT_ACCEPTED, visit->zh);
	else if (result == -EALREADY || result == -ENOENT)
		answer_sentence(ex, 200, SAY_SHIFT_OVER, visit->zh);
	else
		answer_failure(ex, visit, result);
}

static void accept_shift(struct exchange *ex, struct visit *visit, const struct standing *s)
{
	const struct operation operation = {.type = OPERATION_HANDOVER_ACCEPT,
	                                    .by = visit->target.to_id,
	                                    .via = "link",
	                                    .standing = s->id,
	                                    .kind = INCIDENT_KIND_NONE,
	                                    .severity = SEVERITY_NONE};
	exchange_submit(ex, visit->target.site, &operation, finish_shift, visit, visit_destroy);
}

/* ---- a look ---- */

static bool is_about_an_incident(const struct visit *visit)
{
	return visit->target.incident && *visit->target.incident;
}

static void show(struct exchange *ex, unsigned status, const struct visit *visit,
                 const struct link_said *said)
{
	struct looked_up found;
	if (!is_about_an_incident(visit) && !visit_proof(visit) && visit_shift(visit)) {
		show_shift(ex, visit);
		return;
	}
	if (!is_about_an_incident(visit)) {
		show_test(ex, visit, SAY_TEST);
		return;
	}
	if (lookup_incident(&ex->server->service, visit->target.incident, &found) < 0)
		answer_sentence(ex, 503, SAY_UNREADABLE, visit->zh);
	else
		answer_incident(ex, status, visit, found.incident, said);
	looked_up_finish(&found);
}

void page_link(struct exchange *ex)
{
	static const struct link_said nothing;
	struct visit *visit = open_visit(ex);
	if (visit)
		show(ex, 200, visit, &nothing);
	visit_destroy(visit);
}

/* ---- a tap ---- */

struct tap { /* while it waits for the commit */
	struct visit *visit;
	struct link_form form;
};

static void tap_destroy(void *ctx)
{
	struct tap *tap = ctx;
	visit_destroy(tap->visit);
	free(tap);
}

/* What the form asks for; the phrase that says what is missing, or SAY_NOTHING. */
static enum phrase read_operation(const struct link_form *form, struct operation *operation)
{
	operation->note = *form->note ? form->note : NULL;
	if (strcmp(form->choice, "note") == 0) {
		operation->type = OPERATION_NOTE;
		return operation->note ? SAY_NOTHING : SAY_NOTE_NEEDED;
	}
	if (!*form->choice)
		return SAY_NOTHING; /* a plain POST acknowledges */
	operation->type = OPERATION_REPLY;
	operation->reply = reply_from_name(form->choice);
	operation->to = *form->to ? form->to : NULL;
	if (operation->reply == REPLY_COUNT)
		return SAY_NO_SUCH_CHOICE;
	return operation->reply == REPLY_HAND_OVER && !operation->to ? SAY_WHOM_NEEDED
	                                                             : SAY_NOTHING;
}

static enum phrase why_unread(const char *field)
{
	if (strcmp(field, "note") == 0)
		return SAY_NOT_UNDERSTOOD;
	return strcmp(field, "to") == 0 ? SAY_WHOM_NEEDED : SAY_NO_SUCH_CHOICE;
}

static enum phrase why_refused(int result, const struct link_form *form)
{
	enum choice reply = reply_from_name(form->choice);
	if (result == -EINPROGRESS || result == -ETIMEDOUT)
		return SAY_HELD;
	if (result != -EINVAL)
		return SAY_NOT_RECORDED;
	if (reply == REPLY_FALSE_ALARM)
		return SAY_WHY_NEEDED;
	return reply == REPLY_HAND_OVER ? SAY_WHOM_NEEDED : SAY_NOT_UNDERSTOOD;
}

static void finish_tap(struct exchange *ex, int result, const struct incident *incident,
                       const char *site_id, const struct problem *why)
{
	(void)site_id, (void)why;
	struct tap *tap = ex->finish_ctx;
	bool noted = strcmp(tap->form.choice, "note") == 0;
	struct link_said said = {.phrase = noted ? SAY_NOTED : SAY_NOTHING};
	visit_renew(tap->visit, &ex->server->service);
	if (result == 0 && incident) {
		answer_incident(ex, 200, tap->visit, incident, &said);
		return;
	}
	if (result < 0 && result != -EALREADY && result != -ENOENT)
		said = (struct link_said){.phrase = why_refused(result, &tap->form),
		                          .is_problem = true,
		                          .form = result == -EINVAL ? &tap->form : NULL};
	show(ex, !said.is_problem ? 200 : result == -EINVAL ? 400 : 503, tap->visit, &said);
}

static void take(struct exchange *ex, struct visit *visit)
{
	struct tap *tap = NEW(struct tap);
	struct operation operation = {.type = OPERATION_ACK,
	                              .by = visit->target.to_id,
	                              .via = "link",
	                              .incident = visit->target.incident,
	                              .kind = INCIDENT_KIND_NONE,
	                              .severity = SEVERITY_NONE};
	const char *unread = link_form_read(ex, &tap->form);
	enum phrase missing = unread ? why_unread(unread) : read_operation(&tap->form, &operation);
	tap->visit = visit;
	if (missing == SAY_NOTHING) {
		exchange_submit(ex, visit->target.site, &operation, finish_tap, tap, tap_destroy);
		return;
	}
	const struct link_said said = {.phrase = missing, .is_problem = true, .form = &tap->form};
	show(ex, 400, visit, &said);
	tap_destroy(tap);
}

void page_link_take(struct exchange *ex)
{
	static const struct link_said nothing;
	struct visit *visit = open_visit(ex);
	if (!visit)
		return;
	const struct incident *incident = visit_incident(visit);
	bool person = visit->site && visit_is_by_a_person(visit);
	const struct standing *shift = person && !is_about_an_incident(visit) && !visit_proof(visit)
	                                       ? visit_shift(visit)
	                                       : NULL;
	if (shift) {
		accept_shift(ex, visit, shift);
	} else if (person && !is_about_an_incident(visit)) {
		confirm_test(ex, visit);
	} else if (person && incident && incident->state != STATE_RESOLVED) {
		take(ex, visit);
	} else if (incident && incident->state != STATE_RESOLVED) {
		answer_sentence(ex, 403, phrase_of_a_reader(visit), visit->zh);
		visit_destroy(visit);
	} else {
		show(ex, 200, visit, &nothing);
		visit_destroy(visit);
	}
}
