/* A notification as it leaves: everything that a channel may say of it (deliver/channel.h), as of
 * the moment in which it does. */
#include <string.h>

#include "app.h"
#include "deliver/text.h"
#include "review/link.h"

/* Where the message speaks another language than the site, its page does, too. */
static const char *ack_link(const struct app *app, const struct site *site,
                            const struct notification *n, const char *language, struct moment now,
                            struct text *out)
{
	bool something_to_take = n->incident
	                                 ? n->incident->state != STATE_RESOLVED
	                                 : n->reason == REASON_SHIFT || (n->reason == REASON_TEST &&
	                                                                 !notification_keeps_on(n));
	if (!something_to_take || n->to_kind != RECIPIENT_PERSON)
		return NULL;
	text_addf(out, "%s/a/", app->config->http.public_url);
	link_write_token(out, app->link_key,
	                 &(struct link){.site = site->store_id,
	                                .notification = n->number,
	                                .expires = now.wall + LINK_VALID});
	if (site->def->language && strcmp(language, site->def->language) != 0)
		text_addf(out, "?lang=%s", language);
	return text_get(out);
}

static void console_link(const struct app *app, const struct incident *incident, struct text *out)
{
	text_addf(out, "%s/", app->config->http.public_url);
	if (!incident)
		return;
	text_add(out, "#/incident/");
	text_add_encoded(out, incident->id);
}

#define DIGEST_SHOWN                                                                               \
	32 /* incidents of a digest, of 300 bytes, that a body of 20,000 has room for */

/* Whom it is for is said beside the text, never in it. */
static bool is_worded(const struct wording *words, const struct site *site,
                      const struct letter *letter)
{
	const struct notification *n = letter->notification;
	return words->incident && words->incident == letter->incident && words->site == site &&
	       words->language == letter->language &&
	       words->template_text == letter->template_text && words->reason == n->reason &&
	       words->step == n->step && words->created == n->created.wall &&
	       words->possible_duplicate == n->possible_duplicate &&
	       words->unlogged == letter->unlogged && !n->note;
}

static void put_into_words(struct wording *words, const struct site *site, struct letter *letter)
{
	const struct notification *n = letter->notification;
	if (!is_worded(words, site, letter)) {
		text_reset(&words->text);
		text_reset(&words->incident_json);
		letter_write_text(letter, &words->text);
		words->site = site;
		words->incident = n->note ? NULL : letter->incident;
		words->language = letter->language;
		words->template_text = letter->template_text;
		words->reason = n->reason;
		words->step = n->step;
		words->created = n->created.wall;
		words->possible_duplicate = n->possible_duplicate;
		words->unlogged = letter->unlogged;
	}
	letter->text = text_get(&words->text);
	letter->incident_json = &words->incident_json;
}

void wording_finish(struct wording *words)
{
	text_finish(&words->text);
	text_finish(&words->incident_json);
}

void post_letter(struct app *app, const struct site *site, const struct posting *posting,
                 struct moment now)
{
	const struct dispatch *dispatch = &posting->dispatch;
	const struct notification *n = dispatch->notification;
	const struct delivery *delivery = &n->deliveries[dispatch->contact];
	const struct channel *channel = config_channel(app->config, delivery->channel);
	const char *language = channel && channel->language ? channel->language
	                                                    : site->def->language;
	struct text link = {0}, console = {0}, head_hex = {0};
	struct wording own = {0};
	struct ledger_head head = store_head(app->store, site->store_id);
	const struct incident *gathered[DIGEST_SHOWN];
	text_add_hex(&head_hex, head.hash, sizeof head.hash);
	console_link(app, n->incident, &console);
	struct letter letter = {
	        .site_id = site->def->id,
	        .site_name = site->def->name,
	        .language = language,
	        .timezone = &site->def->timezone,
	        .def = site->def,
	        .notification = n,
	        .incident = n->incident,
	        .contact = dispatch->contact,
	        .attempt = dispatch->attempt,
	        .to = delivery_address(site->def, n, delivery),
	        .ack_url = ack_link(app, site, n, language, now, &link),
	        .console_url = text_get(&console),
	        .ledger_seq = head.seq,
	        .ledger_head = text_get(&head_hex),
	        .unlogged = posting->unlogged,
	        .again = posting->again,
	        .now = now,
	};
	if (n->reason == REASON_DIGEST) {
		uint32_t count = digest_incidents(site, n, gathered, DIGEST_SHOWN);
		letter.incidents = gathered;
		letter.incidents_all = count;
		letter.incidents_shown = count < DIGEST_SHOWN ? count : DIGEST_SHOWN;
	}
	letter.template_text = template_choose(
	        app->config->templates, app->config->template_count, letter.language, n->reason,
	        n->incident ? n->incident->kind : INCIDENT_KIND_NONE);
	put_into_words(posting->wording ? posting->wording : &own, site, &letter);
	app->counters.attempts += !posting->again;
	courier_send(app->courier, channel, &letter);
	wording_finish(&own);
	text_finish(&link);
	text_finish(&console);
	text_finish(&head_hex);
}
