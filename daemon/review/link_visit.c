#include "review/link_visit.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "review/link.h"

void visit_destroy(void *ctx)
{
	struct visit *visit = ctx;
	if (!visit)
		return;
	link_target_finish(&visit->target);
	free(visit);
}

/* As the message said it (the link names the language where it is not the site's), or as whoever
 * reads it has asked for since. */
static bool wants_chinese(const struct exchange *ex, const struct site *site)
{
	const char *language = exchange_query(ex, "lang");
	if (!language && site)
		language = site->def->language;
	return language && strncmp(language, "zh", 2) == 0;
}

void visit_renew(struct visit *visit, const struct review_service *service)
{
	visit->site = service->site(service->ctx, visit->target.site);
}

enum link_judgement visit_open(struct exchange *ex, struct visit **out, bool *zh)
{
	const struct review_service *service = &ex->server->service;
	struct link link;
	*zh = wants_chinese(ex, service->site_at(service->ctx, 0));
	int r = link_read_token(ex->id, service->link_key, service->now(service->ctx).wall, &link);
	if (r < 0)
		return r == -ETIMEDOUT ? LINK_EXPIRED : LINK_FORGED;
	struct visit *visit = NEW(struct visit);
	visit->notification = link.notification;
	r = lookup_link_target(service, link.site, link.notification, &visit->target);
	if (r < 0) {
		visit_destroy(visit);
		return r == -ENOENT ? LINK_UNKNOWN : LINK_UNREADABLE;
	}
	visit_renew(visit, service);
	if (visit->site)
		*zh = wants_chinese(ex, visit->site);
	visit->zh = *zh;
	*out = visit;
	return LINK_GOOD;
}

/* ---- what it is about ---- */

bool visit_is_by_a_person(const struct visit *visit)
{
	return strcmp(visit->target.to_kind, recipient_kind_name(RECIPIENT_PERSON)) == 0 &&
	       (!visit->site ||
	        site_def_person(visit->site->def, visit->target.to_id) != POSITION_NONE);
}

const struct incident *visit_incident(const struct visit *visit)
{
	const char *id = visit->target.incident;
	return visit->site && id && *id ? site_incident(visit->site, id) : NULL;
}

const struct standing *visit_proof(const struct visit *visit)
{
	char id[NOTIFICATION_ID_MAX];
	notification_id(visit->target.site, visit->notification, id);
	for (uint32_t i = 0; visit->site && i < visit->site->standing_count; i++) {
		const struct standing *s = visit->site->standings[i];
		if (s->type == STANDING_PROOF && s->notification &&
		    strcmp(s->notification, id) == 0)
			return standing_is_over(s) ? NULL : s;
	}
	return NULL;
}

const struct standing *visit_shift(const struct visit *visit)
{
	for (uint32_t i = 0; visit->site && i < visit->site->standing_count; i++) {
		const struct standing *s = visit->site->standings[i];
		if (s->type == STANDING_HANDOVER && !standing_is_over(s) && s->notification &&
		    strcmp(s->to, visit->target.to_id) == 0)
			return s;
	}
	return NULL;
}

const struct standing *visit_offer(const struct visit *visit)
{
	const char *id = visit->target.incident;
	for (uint32_t i = 0; visit->site && id && i < visit->site->standing_count; i++) {
		const struct standing *s = visit->site->standings[i];
		if (s->type == STANDING_HANDOVER && !standing_is_over(s) && s->incident &&
		    strcmp(s->incident, id) == 0)
			return s;
	}
	return NULL;
}

/* ---- what the form says ---- */

static char hex_byte(const char *at)
{
	const char two[3] = {at[0], at[1], '\0'};
	return (char)strtol(two, NULL, 16);
}

/* Decodes a field's value; false if it is too long or not text. */
static bool form_value(const char *from, size_t len, char *to, size_t room)
{
	size_t n = 0;
	for (size_t i = 0; i < len; i++) {
		char c = from[i] == '+' ? ' ' : from[i];
		if (c == '%' && i + 2 < len && isxdigit((unsigned char)from[i + 1]) &&
		    isxdigit((unsigned char)from[i + 2])) {
			c = hex_byte(from + i + 1);
			i += 2;
		}
		if (c == '\r')
			continue; /* a line ends with both */
		if (n + 1 >= room || !c)
			return false;
		to[n++] = c;
	}
	to[n] = '\0';
	return text_is_utf8(to, n);
}

static bool is_form(const struct exchange *ex)
{
	const char *type = exchange_header(ex, "Content-Type");
	static const char form[] = "application/x-www-form-urlencoded";
	return type && strncasecmp(type, form, sizeof form - 1) == 0;
}

const char *link_form_read(const struct exchange *ex, struct link_form *form)
{
	const struct {
		const char *name;
		char *at;
		size_t room;
	} fields[] = {{"choice", form->choice, sizeof form->choice},
	              {"to", form->to, sizeof form->to},
	              {"note", form->note, sizeof form->note}};
	const char *at = is_form(ex) ? text_get(&ex->body) : "";
	while (*at) {
		size_t len = strcspn(at, "&"), name = strcspn(at, "=&");
		for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
			if (at[name] == '=' && strlen(fields[i].name) == name &&
			    memcmp(fields[i].name, at, name) == 0 &&
			    !form_value(at + name + 1, len - name - 1, fields[i].at,
			                fields[i].room))
				return fields[i].name;
		at += len + (at[len] == '&');
	}
	return NULL;
}
