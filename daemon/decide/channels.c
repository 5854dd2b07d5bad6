#include "decide/channels.h"

#include <stdlib.h>
#include <string.h>

#include "decide/core.h"

#define PATIENCE                                                                                   \
	SECONDS(10)        /* with what may pass: an alarm is to be told within 10 s (domain.md) */
#define HEARSAY SECONDS(1) /* with what will not */
#define LATELY                                                                                     \
	SECONDS(10)         /* so long before a failure others got through: it is no dead channel  \
	                     */
#define HUNG SECONDS(10)    /* an attempt that took so long */
#define SHUT_FOR MINUTES(2) /* longer than any limit by the minute makes us wait */
#define TESTS_MAX 4         /* of a channel's ways that are tried by a test at a time */

/* ---- troubles ---- */

#define OF_CHANNEL "channel:"
#define OF_CONTACT "contact:"

static void write_subject(struct text *out, const char *person, const char *channel)
{
	if (person)
		text_addf(out, OF_CONTACT "%s/%s", person, channel);
	else
		text_addf(out, OF_CHANNEL "%s", channel);
}

static bool is_subject(const char *subject, const char *person, const char *channel)
{
	struct text wanted = {0};
	write_subject(&wanted, person, channel);
	bool is = strcmp(text_get(&wanted), subject) == 0;
	text_finish(&wanted);
	return is;
}

/* person NULL: the channel's own. */
static bool has_trouble(const struct site *site, const char *person, const char *channel)
{
	for (uint32_t i = 0; i < site->incident_count; i++) {
		const struct incident *incident = site->incidents[i];
		if (incident->subject && incident_is_active(incident) &&
		    is_subject(incident->subject, person, channel))
			return true;
	}
	return false;
}

static void tell(struct context *c, const char *person, const char *channel, bool active,
                 const char *detail)
{
	struct text subject = {0};
	write_subject(&subject, person, channel);
	service_trouble(c, &(struct trouble){.subject = text_get(&subject),
	                                     .active = active,
	                                     .detail = active ? detail : NULL});
	text_finish(&subject);
}

static struct way *failing_way(const struct site *site, const char *person, const char *channel)
{
	for (uint32_t i = 0; i < site->ways.count; i++) {
		struct way *way = site->ways.items[i];
		if (way->state == WAY_FAILS && way_is_over(way, channel) &&
		    (!person || (way->kind == RECIPIENT_PERSON && strcmp(way->who, person) == 0)))
			return way;
	}
	return NULL;
}

/* What the subject of a trouble of ours is about; person NULL: the channel itself. False: not ours.
 * text_finish both. */
static bool read_subject(const struct incident *incident, struct text *person, struct text *channel)
{
	const char *subject = incident_is_active(incident) ? incident->subject : NULL;
	if (subject && strncmp(subject, OF_CHANNEL, strlen(OF_CHANNEL)) == 0) {
		text_add(channel, subject + strlen(OF_CHANNEL));
		return true;
	}
	if (!subject || strncmp(subject, OF_CONTACT, strlen(OF_CONTACT)) != 0)
		return false;
	subject += strlen(OF_CONTACT);
	size_t len = strcspn(subject, "/"); /* no id has one in it */
	text_add_len(person, subject, len);
	text_add(channel, subject + len + (subject[len] == '/'));
	return true;
}

typedef void (*trouble_visit)(struct context *, const char *person, const char *channel,
                              const void *ctx);

/* Each open trouble of ours. */
static void each_trouble(struct context *c, trouble_visit visit, const void *ctx)
{
	for (uint32_t i = 0; i < c->site->incident_count; i++) {
		struct text person = {0}, channel = {0};
		if (read_subject(c->site->incidents[i], &person, &channel))
			visit(c, person.len ? text_get(&person) : NULL, text_get(&channel), ctx);
		text_finish(&person);
		text_finish(&channel);
	}
}

/* Of a contact: it works, or it is the channel's now. */
static void end_of_contact(struct context *c, const char *person, const char *channel,
                           const void *judged)
{
	uint32_t position = site_def_channel(c->site->def, channel);
	if (person && strcmp(channel, judged) == 0 &&
	    (c->site->channels[position].dead || !failing_way(c->site, person, channel)))
		tell(c, person, channel, false, NULL);
}

/* ---- the channel ---- */

static bool has_one_address(const struct site_def *def, uint32_t channel)
{
	const char *address = NULL;
	bool any = false;
	for (uint32_t i = 0; i < def->person_count; i++)
		for (uint32_t k = 0; k < def->people[i].contact_count; k++) {
			const struct contact *contact = &def->people[i].contacts[k];
			if (contact->channel != channel)
				continue;
			if (any && !address_is(address, contact->to))
				return false;
			address = contact->to;
			any = true;
		}
	return true;
}

static bool is_dead(const struct site *site, uint32_t channel)
{
	const char *id = site->def->channels[channel].id;
	const struct way *first = NULL;
	bool line_fails = false, several_fail = false, addresses_fail = false;
	steady_ms worked = 0, failed = 0;
	for (uint32_t i = 0; i < site->ways.count; i++) {
		const struct way *way = site->ways.items[i];
		if (!way_is_over(way, id))
			continue;
		if (way->state == WAY_WORKS) {
			worked = way->accepted > worked ? way->accepted : worked;
			continue;
		}
		line_fails |= way->kind == RECIPIENT_CHANNEL && way->state == WAY_FAILS;
		several_fail |= first != NULL;
		addresses_fail |= first && !address_is(first->to, way->to);
		failed = way->since > failed ? way->since : failed;
		first = first ? first : way;
	}
	if (line_fails)
		return true;
	if (!first || (worked && worked >= failed - LATELY))
		return false;
	/* What is known as somebody's own trouble stays that until another's way fails, too. */
	return addresses_fail || (has_one_address(site->def, channel) &&
	                          (several_fail || !has_trouble(site, first->who, id)));
}

static void judge(struct context *c, const char *id)
{
	struct site *site = c->site;
	uint32_t channel = site_def_channel(site->def, id);
	if (channel == POSITION_NONE)
		return;
	const struct way *failing = failing_way(site, NULL, id);
	bool *dead = &site->channels[channel].dead;
	*dead = failing && (*dead || is_dead(site, channel));
	tell(c, NULL, id, *dead, *dead ? failing->detail : NULL);
	for (uint32_t i = 0; failing && !*dead && i < site->ways.count; i++) {
		const struct way *way = site->ways.items[i];
		if (way->state == WAY_FAILS && way_is_over(way, id))
			tell(c, way->who, id, true, way->detail);
	}
	each_trouble(c, end_of_contact, id);
}

/* ---- the way ---- */

static void forget(struct context *c, struct way *way)
{
	timer_stop(&c->site->timers, &way->due);
	way_end_test(c, way);
	way->state = WAY_WORKS;
	way->since = 0;
	way->failures = 0;
	way->for_good = false;
}

static void doubt(struct context *c, struct way *way, steady_ms since, span_ms patience)
{
	if (way->state == WAY_WORKS || way->state == WAY_FAILS) {
		way->state = WAY_DOUBTED;
		way->since = since;
		way->failures = 0;
	}
	way->failures++;
	timer_set(&c->site->timers, &way->due, c->now.steady + patience);
}

static void doubt_others_anew(struct context *c, const char *channel)
{
	struct ways *ways = &c->site->ways;
	for (uint32_t i = 0; i < ways->count; i++) {
		struct way *way = ways->items[i];
		if (way->state != WAY_FAILS || !way_is_over(way, channel))
			continue;
		if (!way_test(c->site, way)) {
			forget(c, way);
			continue;
		}
		doubt(c, way, c->now.steady, PATIENCE);
		way_ask_at_once(c, way);
	}
}

static void works(struct context *c, struct way *way)
{
	uint32_t channel = site_def_channel(c->site->def, way->channel);
	bool *dead = &c->site->channels[channel].dead, was_dead = *dead;
	bool failed = way->state == WAY_FAILS;
	if (way->state != WAY_WORKS)
		forget(c, way);
	way->accepted = c->now.steady;
	*dead = false;
	if (was_dead)
		doubt_others_anew(c, way->channel);
	if (was_dead || failed)
		judge(c, way->channel);
}

static bool is_shut(const struct delivery_result *result)
{
	return result->verdict == VERDICT_RETRY && result->retry_after > SHUT_FOR;
}

static void note_detail(struct way *way, const struct delivery_result *result)
{
	struct text detail = {0};
	text_add(&detail, result->detail ? result->detail : "");
	if (is_shut(result))
		text_addf(&detail, "; it takes nothing for %lld min",
		          (long long)(result->retry_after / MINUTES(1)));
	free(way->detail);
	way->detail = detail.len ? text_take(&detail) : NULL;
	text_finish(&detail);
}

/* Another failure never puts off what the ones before it have earned: what fails with every alarm
 * of a storm is known no later than what fails once. Only the service may ask for more, and not for
 * ever. */
static span_ms patience_with(const struct context *c, const struct way *way,
                             const struct delivery_result *result, steady_ms began)
{
	steady_ms now = c->now.steady, since = way->state == WAY_DOUBTED ? way->since : began;
	steady_ms due = since + PATIENCE;
	if (way->for_good) {
		due = timer_due(&way->due);
		due = due < now + HEARSAY ? due : now + HEARSAY;
	} else if (result->retry_after) {
		span_ms asked = now - since + result->retry_after;
		due += asked < SHUT_FOR ? asked : SHUT_FOR;
	}
	return due > now ? due - now : 0;
}

static void fails(struct context *c, struct way *way)
{
	timer_stop(&c->site->timers, &way->due);
	way->state = WAY_FAILS;
	(void)way_begin_test(c, way, false);
	judge(c, way->channel);
}

static void failed(struct context *c, struct way *way, const struct delivery_result *result)
{
	steady_ms began = c->now.steady - result->took;
	if (way->state == WAY_WORKS && began < way->accepted)
		return; /* something has got through since it left */
	way->for_good = result->verdict == VERDICT_REFUSED || is_shut(result) ||
	                result->took >= HUNG;
	note_detail(way, result);
	if (way->state == WAY_FAILS) {
		way->failures++;
		(void)way_begin_test(c, way, false);
		judge(c, way->channel);
		return;
	}
	doubt(c, way, began, patience_with(c, way, result, began));
}

/* ---- in the order of core.h ---- */

void way_result(struct context *c, const struct notification *n,
                const struct delivery_result *result)
{
	const struct delivery *d = &n->deliveries[result->contact];
	bool left = !result->held && (result->verdict != VERDICT_REFUSED || result->status);
	if (!left || site_def_channel(c->site->def, d->channel) == POSITION_NONE)
		return;
	struct way *way = way_to(c->site, n->to_kind, n->to_id, d->channel,
	                         delivery_address(c->site->def, n, d));
	if (result->verdict == VERDICT_ACCEPTED)
		works(c, way);
	else
		failed(c, way, result);
}

void way_due(struct context *c, struct way *way)
{
	bool lone = way->failures == 1 && !way->for_good && !way->test;
	timer_stop(&c->site->timers, &way->due);
	if (!lone)
		fails(c, way);
	else if (way_begin_test(c, way, true))
		timer_set(&c->site->timers, &way->due, c->now.steady + PATIENCE);
	else
		forget(c, way);
}

bool way_is_lost(const struct site *site, const struct notification *n, const struct delivery *d)
{
	uint32_t channel = site_def_channel(site->def, d->channel);
	const struct way *way = way_find(site, n->to_kind, n->to_id, d->channel,
	                                 delivery_address(site->def, n, d));
	return (channel != POSITION_NONE && site->channels[channel].dead) ||
	       (way && way->state == WAY_FAILS);
}

bool way_is_subject(const struct notification *n, const struct delivery *d)
{
	const char *subject = n->incident ? n->incident->subject : NULL;
	return subject &&
	       (is_subject(subject, NULL, d->channel) ||
	        (n->to_kind == RECIPIENT_PERSON && is_subject(subject, n->to_id, d->channel)));
}

/* ---- a start, a reload ---- */

/* The way that a trouble is about: of a channel's, anybody's who has it. */
static struct way *way_of_trouble(struct site *site, const char *person, const char *channel)
{
	const struct site_def *def = site->def;
	uint32_t position = site_def_channel(def, channel);
	for (uint32_t i = 0; position != POSITION_NONE && i < def->person_count; i++)
		for (uint32_t k = 0; k < def->people[i].contact_count; k++) {
			const struct contact *contact = &def->people[i].contacts[k];
			if (contact->channel == position &&
			    (!person || strcmp(def->people[i].id, person) == 0))
				return way_to(site, RECIPIENT_PERSON, def->people[i].id, channel,
				              contact->to);
		}
	return person || position == POSITION_NONE
	               ? NULL
	               : way_to(site, RECIPIENT_CHANNEL, channel, channel, NULL);
}

static void note_dead(struct context *c, const char *person, const char *channel, const void *ctx)
{
	(void)ctx;
	uint32_t position = site_def_channel(c->site->def, channel);
	if (!person && position != POSITION_NONE)
		c->site->channels[position].dead = true;
}

void channels_start(struct context *c)
{
	struct site *site = c->site;
	for (uint32_t i = 0; i < site->ways.count; i++)
		timer_stop(&site->timers, &site->ways.items[i]->due);
	ways_finish(&site->ways);
	memset(site->channels, 0, site->def->channel_count * sizeof *site->channels);
	for (uint32_t i = 0; i < site->notification_count; i++) {
		const struct notification *n = site->notifications[i];
		if (!notification_keeps_on(n) || notification_is_over(n))
			continue;
		const struct delivery *d = &n->deliveries[0];
		struct way *way = way_to(site, n->to_kind, n->to_id, d->channel,
		                         delivery_address(site->def, n, d));
		way->state = WAY_FAILS;
		way->since = n->created.steady;
		way->test = n->number;
	}
	each_trouble(c, note_dead, NULL);
}

/* What no test is left of fails all the same. */
static void take_up(struct context *c, const char *person, const char *channel, const void *ctx)
{
	(void)ctx;
	struct way *way = failing_way(c->site, person, channel);
	if (way || !(way = way_of_trouble(c->site, person, channel)))
		return;
	way->state = WAY_FAILS;
	way->since = c->now.steady;
	(void)way_begin_test(c, way, false);
}

static void end_of_unknown(struct context *c, const char *person, const char *channel,
                           const void *ctx)
{
	(void)ctx;
	if (!way_of_trouble(c->site, person, channel))
		tell(c, person, channel, false, NULL);
}

void channels_started(struct context *c)
{
	each_trouble(c, end_of_unknown, NULL);
	each_trouble(c, take_up, NULL);
}

void channels_look(struct context *c)
{
	struct resolved_recipient who;
	uint32_t contact;
	for (uint32_t i = 0; i < c->site->ways.count; i++)
		if (!way_contact(c->site->def, c->site->ways.items[i], &who, &contact))
			forget(c, c->site->ways.items[i]);
	for (uint32_t i = 0; i < c->site->notification_count; i++) {
		struct notification *n = c->site->notifications[i];
		if (!notification_keeps_on(n) || notification_is_over(n))
			continue;
		const struct delivery *d = &n->deliveries[0];
		const struct way way = {.kind = n->to_kind,
		                        .who = (char *)n->to_id,
		                        .channel = (char *)d->channel,
		                        .to = (char *)delivery_address(c->site->def, n, d)};
		if (way_contact(c->site->def, &way, &who, &contact))
			delivery_hurry(c, n, 0);
		else
			notification_finish(c, n, NOTIFICATION_EXPIRED);
	}
	each_trouble(c, end_of_unknown, NULL);
}

void channels_redefine(struct site *site, const struct site_def *def)
{
	struct channel_state *states = NEW_ARRAY(struct channel_state, def->channel_count);
	for (uint32_t i = 0; i < def->channel_count; i++) {
		uint32_t was = site_def_channel(site->def, def->channels[i].id);
		if (was != POSITION_NONE)
			states[i] = site->channels[was];
	}
	free(site->channels);
	site->channels = states;
}
