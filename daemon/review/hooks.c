/* What other services call back with: a button pressed in Telegram, an acknowledgement in
 * PagerDuty's app. Each proves whence it comes with the channel's secret, and acts in the name of a
 * person like the acknowledge link. Whatever it brings that is of no use to us is answered 200: an
 * error would only bring it again. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "review/exchange.h"
#include "review/link.h"
#include "review/lookup.h"

static void answer_nothing(struct exchange *ex)
{
	struct text out = {0};
	text_add(&out, "{}");
	exchange_json(ex, 200, &out);
	text_finish(&out);
}

static bool is_chinese(const struct site *site)
{
	return site && site->def->language && strncmp(site->def->language, "zh", 2) == 0;
}

static bool is_person(const struct link_target *target)
{
	return strcmp(target->to_kind, recipient_kind_name(RECIPIENT_PERSON)) == 0;
}

/* ---- Telegram: core.telegram.org/bots/api#callbackquery ---- */

struct tap {
	char *query; /* the id that the answer names */
	struct link_target target;
	bool zh;
};

static void tap_destroy(void *ctx)
{
	struct tap *tap = ctx;
	free(tap->query);
	link_target_finish(&tap->target);
	free(tap);
}

/* The answer to the webhook is the call that shows a word to who pressed the button. */
static void show_word(struct exchange *ex, const struct tap *tap, const char *chinese,
                      const char *english)
{
	struct text out = {0};
	json_open(&out, NULL, '{');
	json_put_string(&out, "method", "answerCallbackQuery");
	json_put_string(&out, "callback_query_id", tap->query);
	json_put_string(&out, "text", tap->zh ? chinese : english);
	json_close(&out, '}');
	exchange_json(ex, 200, &out);
	text_finish(&out);
}

static void finish_tap(struct exchange *ex, int result, const struct incident *incident,
                       const char *site_id, const struct problem *why)
{
	(void)site_id, (void)why;
	const struct tap *tap = ex->finish_ctx;
	bool other = incident && incident->owner && strcmp(incident->owner, tap->target.to_id) != 0;
	if (result == -EALREADY || result == -ENOENT)
		show_word(ex, tap, "已结束，无需处理", "This is over: nothing is left to do");
	else if (result < 0)
		show_word(ex, tap, "未能记录，请重试", "This could not be recorded, try again");
	else if (!tap->target.incident || !*tap->target.incident)
		show_word(ex, tap, "已确认收到测试", "Test received");
	else if (other)
		show_word(ex, tap, "已有人在处理", "Somebody is already on it");
	else
		show_word(ex, tap, "您已确认处理", "You have taken charge");
}

static void take_tap(struct exchange *ex, struct tap *tap, uint64_t notification)
{
	char id[NOTIFICATION_ID_MAX];
	notification_id(tap->target.site, notification, id);
	bool test = !tap->target.incident || !*tap->target.incident;
	const struct operation operation = {.type = test ? OPERATION_CONFIRM : OPERATION_ACK,
	                                    .by = tap->target.to_id,
	                                    .via = "telegram",
	                                    .incident = test ? NULL : tap->target.incident,
	                                    .to = test ? id : NULL,
	                                    .kind = INCIDENT_KIND_NONE,
	                                    .severity = SEVERITY_NONE};
	exchange_submit(ex, tap->target.site, &operation, finish_tap, tap, tap_destroy);
}

static void hear_telegram(struct exchange *ex, const cJSON *update)
{
	const struct review_service *service = &ex->server->service;
	const cJSON *query = json_get(update, "callback_query");
	const char *id = json_string(query, "id"), *token = json_string(query, "data");
	struct link link = {0};
	if (!id || !token) {
		answer_nothing(ex); /* somebody writes to the bot */
		return;
	}
	struct tap *tap = NEW(struct tap);
	tap->query = mem_copy(id);
	tap->zh = is_chinese(service->site_at(service->ctx, 0));
	int r = link_read_token(token, service->link_key, service->now(service->ctx).wall, &link);
	if (r == 0)
		r = store_link_target(service->store, link.site, link.notification, &tap->target);
	const struct site *site = r == 0 ? service->site(service->ctx, tap->target.site) : NULL;
	if (site && is_person(&tap->target)) {
		tap->zh = is_chinese(site);
		take_tap(ex, tap, link.notification);
		return;
	}
	if (r == -ETIMEDOUT)
		show_word(ex, tap, "按钮已过期，请打开控制台",
		          "This button has expired: open the console");
	else
		show_word(ex, tap, "按钮无效", "This button is not valid");
	tap_destroy(tap);
}

static bool is_from_telegram(const struct exchange *ex, const struct http_hook *hook)
{
	const char *said = exchange_header(ex, "X-Telegram-Bot-Api-Secret-Token");
	size_t len = strlen(hook->secret);
	return said && strlen(said) == len && crypto_equal(said, hook->secret, len);
}

/* ---- PagerDuty: webhooks v3, developer.pagerduty.com/docs/webhooks-overview ---- */

/* "v1=<hex>", several with commas between while a secret is replaced. */
static bool is_from_pagerduty(const struct exchange *ex, const struct http_hook *hook)
{
	const char *said = exchange_header(ex, "X-PagerDuty-Signature");
	uint8_t mac[SHA256_LEN];
	struct text good = {0};
	bool found = false;
	crypto_hmac_sha256(hook->secret, strlen(hook->secret), text_get(&ex->body), ex->body.len,
	                   mac);
	text_add(&good, "v1=");
	text_add_hex(&good, mac, sizeof mac);
	while (said && *said && !found) {
		said += strspn(said, ", ");
		size_t len = strcspn(said, ", ");
		found = len == good.len && crypto_equal(said, good.at, len);
		said += len;
	}
	text_finish(&good);
	return found;
}

/* Whose contact on the channel names this user there; or the only one who has it at all. */
static const struct person *person_at(const struct site_def *def, const char *channel,
                                      const char *user)
{
	const struct person *only = NULL;
	uint32_t count = 0;
	for (uint32_t i = 0; i < def->person_count; i++) {
		const struct person *person = &def->people[i];
		bool has = false;
		for (uint32_t k = 0; k < person->contact_count; k++) {
			const struct contact *contact = &person->contacts[k];
			if (strcmp(def->channels[contact->channel].id, channel) != 0)
				continue;
			if (contact->to && user && strcmp(contact->to, user) == 0)
				return person;
			has |= !contact->to;
		}
		if (has && count++ == 0)
			only = person;
	}
	return count == 1 ? only : NULL;
}

static void finish_event(struct exchange *ex, int result, const struct incident *incident,
                         const char *site_id, const struct problem *why)
{
	(void)incident, (void)site_id;
	if (result == 0 || result == -EALREADY || result == -ENOENT)
		answer_nothing(ex);
	else
		exchange_problem(ex, 503, "%s", why->text);
}

static void hear_pagerduty(struct exchange *ex, const struct http_hook *hook, const cJSON *body)
{
	const cJSON *event = json_get(body, "event"), *agent = json_get(event, "agent");
	const char *type = json_string(event, "event_type"), *who = json_string(agent, "type");
	const char *incident = json_string(json_get(event, "data"), "incident_key");
	const char *user = json_string(agent, "id");
	const struct site *site = lookup_site_with(&ex->server->service, incident);
	/* What the integration says comes from ourselves. */
	if (!type || strcmp(type, "incident.acknowledged") != 0 || !who ||
	    strncmp(who, "user", 4) != 0 || !site) {
		answer_nothing(ex);
		return;
	}
	const struct person *person = person_at(site->def, hook->channel, user);
	if (!person) {
		log_warn("%s: acknowledged in PagerDuty by a user who is nobody here; write the "
		         "user's id as 'to' of the person's contact on %s",
		         incident, hook->channel);
		answer_nothing(ex);
		return;
	}
	const struct operation operation = {.type = OPERATION_ACK,
	                                    .by = person->id,
	                                    .via = "pagerduty",
	                                    .incident = incident,
	                                    .kind = INCIDENT_KIND_NONE,
	                                    .severity = SEVERITY_NONE};
	exchange_submit(ex, site->def->id, &operation, finish_event, NULL, NULL);
}

/* ---- */

static const struct http_hook *hook_of(const struct exchange *ex)
{
	const struct http_options *options = ex->server->options;
	for (uint32_t i = 0; i < options->hook_count; i++)
		if (strcmp(options->hooks[i].channel, ex->id) == 0)
			return &options->hooks[i];
	return NULL;
}

void hook_hear(struct exchange *ex)
{
	const struct http_hook *hook = hook_of(ex);
	cJSON *body = NULL;
	if (!hook) {
		exchange_problem(ex, 404, "no channel with a secret calls back here");
		return;
	}
	bool telegram = hook->kind == HOOK_TELEGRAM;
	if (telegram ? !is_from_telegram(ex, hook) : !is_from_pagerduty(ex, hook)) {
		exchange_problem(ex, 403, "the channel's secret does not fit");
		return;
	}
	if (json_parse(text_get(&ex->body), ex->body.len, &body, NULL) < 0)
		exchange_problem(ex, 400, "the body is not JSON");
	else if (telegram)
		hear_telegram(ex, body);
	else
		hear_pagerduty(ex, hook, body);
	cJSON_Delete(body);
}
