#include "deliver/parts.h"

#include <stdlib.h>
#include <string.h>

#include "deliver/text.h"

/* Standard Webhooks asks for bodies under 20 kB. */
#define BODY_MAX ((size_t)20000)
#define BODY_TEXT_MAX ((size_t)4000)

/* ---- addresses ---- */

static const char *base_url(const struct channel *channel)
{
	return channel->url ? channel->url : channel->type->default_url;
}

/* Where the path begins: at '/', '?', '#' or the end. */
static const char *path_of(const char *url)
{
	const char *host = strstr(url, "://");
	host = host ? host + 3 : url;
	return host + strcspn(host, "/?#");
}

bool url_has_path(const char *url)
{
	const char *path = path_of(url);
	return path[0] == '/' && path[1] && path[1] != '?' && path[1] != '#';
}

bool url_has_query(const char *url, const char *name)
{
	size_t len = strlen(name);
	const char *at = strchr(url, '?');
	while (at) {
		at++;
		if (strncmp(at, name, len) == 0 && at[len] == '=' && at[len + 1] &&
		    at[len + 1] != '&')
			return true;
		at = strchr(at, '&');
	}
	return false;
}

void request_join(struct request *request, const struct channel *channel, const char *path)
{
	const char *url = base_url(channel);
	size_t base = strcspn(url, "?#"), tail = strlen(path);
	const char *query = url + base;
	while (base && url[base - 1] == '/')
		base--;
	text_add_len(&request->url, url, base);
	if (base < tail || strncmp(url + base - tail, path, tail) != 0)
		text_add(&request->url, path);
	text_add_len(&request->url, query, strcspn(query, "#"));
}

void request_whole(struct request *request, const struct channel *channel, const char *path)
{
	const char *url = base_url(channel);
	if (url_has_path(url))
		text_add_len(&request->url, url, strcspn(url, "#"));
	else
		request_join(request, channel, path);
}

void request_query(struct request *request, const char *name, const char *value)
{
	text_add_char(&request->url, strchr(text_get(&request->url), '?') ? '&' : '?');
	text_addf(&request->url, "%s=", name);
	text_add_encoded(&request->url, value);
}

/* ---- bodies ---- */

/* What a machine needs to find each of them again; the whole of one is a GET away. */
static void write_incidents(const struct letter *letter, struct text *out)
{
	json_open(out, "incidents", '[');
	for (uint32_t i = 0; i < letter->incidents_shown; i++) {
		const struct incident *incident = letter->incidents[i];
		json_open(out, NULL, '{');
		json_put_string(out, "id", incident->id);
		json_put_string(out, "kind", incident_kind_name(incident->kind));
		json_put_string(out, "severity", severity_name(incident->severity));
		json_put_string(out, "state", incident_state_name(incident->state));
		json_put_string(out, "zone", incident->zone);
		json_put_time(out, "opened_at", incident->opened.wall);
		json_close(out, '}');
	}
	json_close(out, ']');
	json_put_int(out, "incidents_omitted",
	             (int64_t)letter->incidents_all - letter->incidents_shown);
}

static void write_incident(const struct letter *letter, const struct incident *incident,
                           struct text *out)
{
	struct text *shared = letter->incident_json;
	if (!incident) {
		json_put_null(out, "incident");
	} else if (!shared || incident != letter->incident) {
		incident_write_json(out, "incident", letter->def, letter->site_id, incident);
	} else {
		if (!shared->len)
			incident_write_json(shared, NULL, letter->def, letter->site_id, incident);
		json_put_raw(out, "incident", text_get(shared));
	}
}

static void write_body(const struct letter *letter, const struct incident *incident,
                       uint32_t omitted, struct text *out)
{
	const struct notification *n = letter->notification;
	char id[NOTIFICATION_ID_MAX];
	notification_id(letter->site_id, n->number, id);
	struct text text = {0};
	letter_text_fit(letter->text ? letter->text : "", BODY_TEXT_MAX, NULL, &text);
	json_open(out, NULL, '{');
	json_put_string(out, "type", reason_type(n->reason));
	json_put_time(out, "timestamp", letter->now.wall);
	json_open(out, "data", '{');
	json_open(out, "notification", '{');
	json_put_string(out, "id", id);
	json_put_string(out, "reason", reason_name(n->reason));
	json_put_int(out, "step", n->step);
	json_put_int(out, "attempt", letter->attempt);
	json_put_bool(out, "possible_duplicate", n->possible_duplicate);
	json_put_bool(out, "unlogged", letter->unlogged);
	json_open(out, "to", '{');
	json_put_string(out, "kind", recipient_kind_name(n->to_kind));
	json_put_string(out, "id", n->to_id);
	json_put_string(out, "name", n->to_name);
	if (letter->to)
		json_put_string(out, "address", letter->to);
	json_close(out, '}');
	json_put_string(out, "text", text_get(&text));
	json_close(out, '}');
	write_incident(letter, incident, out);
	if (omitted)
		json_put_int(out, "signals_omitted", omitted);
	if (n->reason == REASON_DIGEST)
		write_incidents(letter, out);
	json_put_string(out, "ack_url", letter->ack_url);
	json_put_string(out, "console_url", letter->console_url);
	json_open(out, "ledger", '{');
	json_put_int(out, "seq", (int64_t)letter->ledger_seq);
	json_put_string(out, "head", letter->ledger_head);
	json_close(out, '}');
	json_close(out, '}');
	json_close(out, '}');
	text_finish(&text);
}

void letter_write_json(const struct letter *letter, struct text *out)
{
	size_t start = out->len;
	write_body(letter, letter->incident, 0, out);
	if (!letter->incident)
		return;
	/* Long names can still make it too long: then the latest half, and so on. */
	struct incident shorter = *letter->incident;
	uint32_t keep = shorter.signal_count < 64 ? shorter.signal_count : 64;
	while (out->len - start >= BODY_MAX && keep) {
		keep /= 2;
		uint32_t omitted = letter->incident->signal_count - keep;
		shorter.signals = keep ? letter->incident->signals + omitted : NULL;
		shorter.signal_count = keep;
		out->len = start;
		out->at[start] = '\0';
		write_body(letter, &shorter, omitted, out);
	}
}

void request_is_json(struct request *request)
{
	request_header(request, "Content-Type", "application/json");
}

void put_text(struct text *out, const char *name, const struct letter *letter, size_t limit,
              const char *link)
{
	struct text text = {0};
	letter_text_fit(letter->text ? letter->text : "", limit, link, &text);
	json_put_string(out, name, text_get(&text));
	text_finish(&text);
}

void put_title(struct text *out, const char *name, const struct letter *letter, size_t limit)
{
	struct text title = {0}, cut = {0};
	letter_write_title(letter, &title);
	letter_text_fit(text_get(&title), limit, NULL, &cut);
	json_put_string(out, name, text_get(&cut));
	text_finish(&title);
	text_finish(&cut);
}

const char *letter_link(const struct letter *letter)
{
	return letter->ack_url ? letter->ack_url : letter->console_url;
}

const char *letter_say(const struct letter *letter, const char *chinese, const char *english)
{
	return letter_is_chinese(letter) ? chinese : english;
}

enum urgency letter_urgency(const struct letter *letter)
{
	const struct incident *incident = letter->incident;
	enum reason reason = letter->notification->reason;
	if (reason == REASON_DRILL_ENDED && letter->notification->note &&
	    strchr(letter->notification->note, '\n')) /* something was not reset */
		return URGENCY_HIGH;
	if (reason == REASON_ACKNOWLEDGED || reason == REASON_RESOLVED ||
	    reason == REASON_DRILL_ENDED)
		return URGENCY_LOW;
	if (!incident)
		return URGENCY_NORMAL;
	if (incident->severity == SEVERITY_CRITICAL || incident_kind_is_life_safety(incident->kind))
		return URGENCY_CRITICAL;
	switch (incident->severity) {
	case SEVERITY_MAJOR:
		return URGENCY_HIGH;
	case SEVERITY_MINOR:
		return URGENCY_NORMAL;
	case SEVERITY_WARNING:
	case SEVERITY_CRITICAL:
	case SEVERITY_COUNT:
		break;
	}
	return URGENCY_LOW;
}

void list_each(const char *list, void (*each)(void *ctx, const char *item), void *ctx)
{
	while (*list) {
		size_t len = strcspn(list, ",");
		const char *next = list + len + (list[len] == ',');
		while (len && *list == ' ') {
			list++;
			len--;
		}
		while (len && list[len - 1] == ' ')
			len--;
		struct text item = {0};
		text_add_len(&item, list, len);
		if (len)
			each(ctx, text_get(&item));
		text_finish(&item);
		list = next;
	}
}

static bool is_first_word(enum reason reason)
{
	return reason == REASON_OPENED || reason == REASON_ESCALATED || reason == REASON_RAISED ||
	       reason == REASON_REOPENED || reason == REASON_HANDOVER;
}

enum weight letter_weight(const struct letter *letter)
{
	const struct notification *n = letter->notification;
	enum urgency urgency = letter_urgency(letter);
	bool first = is_first_word(n->reason);
	if (!letter->incident || letter->incident->drill || !n->urgent)
		return WEIGHT_LESS;
	if (urgency == URGENCY_CRITICAL)
		return first ? WEIGHT_FIRST : WEIGHT_MORE;
	return urgency == URGENCY_HIGH && first ? WEIGHT_MORE : WEIGHT_LESS;
}
