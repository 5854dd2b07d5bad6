/* One message to one recipient for one reason: how it is made, what takes its place, its end.
 *
 * What is said later takes the place of what the same recipient has not got yet: it tells all of
 * it. It goes on where that was, so that nobody's contacts begin anew with each word, and counts
 * for the step in its stead. But that an incident has opened, or goes over to somebody, is said
 * also when the same turn has more to say of it; and each press is said for itself, up to so many
 * under way to one recipient: with more, the latest takes the place of the oldest. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decide/core.h"

#define EVERY_CONTACT UINT32_MAX
#define PRESSES_UNDER_WAY 32

static const char *const delivery_states[] = {"waiting", "sending", "retrying", "accepted",
                                              "refused"};
static const char *const notification_states[] = {"queued", "sending", "accepted", "refused",
                                                  "expired"};
static const char *const verdicts[] = {"accepted", "retry", "broken", "refused"};

const char *delivery_state_name(enum delivery_state state)
{
	return state < DELIVERY_STATE_COUNT ? delivery_states[state] : "none";
}

enum delivery_state delivery_state_from_name(const char *name)
{
	int i = 0;
	while (i < DELIVERY_STATE_COUNT && strcmp(delivery_states[i], name) != 0)
		i++;
	return (enum delivery_state)i;
}

const char *notification_state_name(enum notification_state state)
{
	return state < NOTIFICATION_STATE_COUNT ? notification_states[state] : "none";
}

enum notification_state notification_state_from_name(const char *name)
{
	int i = 0;
	while (i < NOTIFICATION_STATE_COUNT && strcmp(notification_states[i], name) != 0)
		i++;
	return (enum notification_state)i;
}

const char *verdict_name(enum verdict verdict)
{
	return verdict <= VERDICT_REFUSED ? verdicts[verdict] : "none";
}

void notification_id(const char *site_id, uint64_t number, char out[NOTIFICATION_ID_MAX])
{
	char *at = out, *end = out + NOTIFICATION_ID_MAX;
	at += snprintf(at, (size_t)(end - at), "n-");
	for (const unsigned char *c = (const unsigned char *)site_id; *c; c++) {
		if (*c < 0x80 && *c != '%')
			*at++ = (char)*c;
		else
			at += snprintf(at, (size_t)(end - at), "%%%02X", *c);
	}
	snprintf(at, (size_t)(end - at), "-%llu", (unsigned long long)number);
}

uint64_t notification_number(const char *id)
{
	const char *dash = id ? strrchr(id, '-') : NULL;
	int64_t number = 0;
	return dash && text_parse_int(dash + 1, &number) == 0 && number > 0 ? (uint64_t)number : 0;
}

struct notification *notification_create(void)
{
	struct notification *n = NEW(struct notification);
	n->due.owner = n;
	n->due.type = TIMER_DELIVERY;
	return n;
}

void notification_destroy(struct notification *n)
{
	if (!n)
		return;
	for (uint32_t i = 0; i < n->delivery_count; i++)
		free((char *)n->deliveries[i].channel);
	free((char *)n->to_id);
	free((char *)n->to_name);
	free((char *)n->note);
	free(n);
}

/* Where the file has changed since, the first contact on the channel. */
const char *delivery_address(const struct site_def *def, const struct notification *n,
                             const struct delivery *delivery)
{
	uint32_t at = n->to_kind == RECIPIENT_PERSON ? site_def_person(def, n->to_id)
	                                             : POSITION_NONE;
	uint32_t channel = site_def_channel(def, delivery->channel);
	const struct contact *found = NULL;
	for (uint32_t i = 0; at != POSITION_NONE && i < def->people[at].contact_count; i++) {
		const struct contact *contact = &def->people[at].contacts[i];
		if (contact->channel == channel && (!found || i == delivery->place))
			found = contact;
	}
	return found ? found->to : NULL;
}

bool notification_is_over(const struct notification *n)
{
	return n->state == NOTIFICATION_ACCEPTED || n->state == NOTIFICATION_REFUSED ||
	       n->state == NOTIFICATION_EXPIRED;
}

/* The trouble of a way is told over the others, where there is one. */
static void leave_out_subject(struct notification *n)
{
	uint32_t kept = 0;
	for (uint32_t i = 0; i < n->delivery_count; i++)
		kept += !way_is_subject(n, &n->deliveries[i]);
	if (!kept || kept == n->delivery_count)
		return;
	kept = 0;
	for (uint32_t i = 0; i < n->delivery_count; i++) {
		struct delivery delivery = n->deliveries[i];
		if (way_is_subject(n, &delivery))
			free((char *)delivery.channel);
		else
			n->deliveries[kept++] = delivery;
	}
	memset(&n->deliveries[kept], 0, (n->delivery_count - kept) * sizeof *n->deliveries);
	n->delivery_count = kept;
}

/* An attempt that was planned in this turn and has not left is not made after all. */
static void cancel_planned(struct context *c, const struct notification *n)
{
	struct plan *plan = c->plan;
	uint32_t kept = plan->dispatches_released;
	for (uint32_t i = kept; i < plan->dispatch_count; i++) {
		const struct dispatch *dispatch = &plan->dispatches[i];
		if (dispatch->notification == n)
			dispatch->notification->deliveries[dispatch->contact].state =
			        DELIVERY_WAITING;
		else
			plan->dispatches[kept++] = *dispatch;
	}
	plan->dispatch_count = kept;
}

void notification_finish(struct context *c, struct notification *n, enum notification_state state)
{
	if (state == NOTIFICATION_EXPIRED)
		cancel_planned(c, n);
	n->state = state;
	timer_stop(&c->site->timers, &n->due);
	touch_notification(c, n);
	line_leaves(c, n);
}

bool notification_is_wanted(const struct notification *n)
{
	bool by_all = n->state == NOTIFICATION_ACCEPTED && n->at_once &&
	              (!n->incident || n->incident->state == STATE_OPEN);
	return by_all || !notification_is_over(n);
}

bool notification_keeps_on(const struct notification *n)
{
	return n->reason == REASON_TEST && !n->urgent;
}

bool notification_is_record(const struct notification *n)
{
	return !n->urgent && !notification_keeps_on(n);
}

/* This turn has begun an attempt over this contact, or over any of them. */
static bool leaves(const struct context *c, const struct notification *n, uint32_t contact)
{
	const struct plan *plan = c->plan;
	for (uint32_t i = plan->dispatches_released; i < plan->dispatch_count; i++)
		if (plan->dispatches[i].notification == n &&
		    (contact == EVERY_CONTACT || plan->dispatches[i].contact == contact))
			return true;
	return false;
}

/* What this turn has begun itself was not being sent when the service died. */
static void resume(struct context *c, struct notification *n)
{
	for (uint32_t i = 0; i < n->delivery_count; i++) {
		if (n->deliveries[i].state != DELIVERY_SENDING || leaves(c, n, i))
			continue;
		if (notification_is_wanted(n)) {
			n->possible_duplicate = true;
			delivery_attempt(c, n, i);
		} else { /* nobody waits for the answer any more */
			n->deliveries[i].state = DELIVERY_RETRYING;
			touch_notification(c, n);
			line_leaves(c, n);
		}
	}
	deliveries_set_due(c, n);
}

void notifications_resume(struct context *c)
{
	lines_form(c->site);
	for (uint32_t i = 0; i < c->site->notification_count; i++)
		resume(c, c->site->notifications[i]);
	lines_go(c);
}

static bool is_to(const struct notification *n, const struct incident *incident,
                  enum recipient_kind kind, const char *id)
{
	return n->incident == incident && n->to_kind == kind && strcmp(n->to_id, id) == 0;
}

bool notification_leaves(const struct context *c, const struct incident *incident,
                         enum recipient_kind kind, const char *id)
{
	const struct plan *plan = c->plan;
	for (uint32_t i = plan->dispatches_released; i < plan->dispatch_count; i++) {
		if (is_to(plan->dispatches[i].notification, incident, kind, id))
			return true;
	}
	return false;
}

/* ---- what takes the place of what ---- */

void notifications_expire(struct context *c, const struct incident *incident, const char *person)
{
	bool any = incident->outstanding || c->plan->dispatch_count > c->plan->dispatches_released;
	for (uint32_t i = 0; any && i < c->site->notification_count; i++) {
		struct notification *n = c->site->notifications[i];
		if (n->incident != incident ||
		    !(person ? is_to(n, incident, RECIPIENT_PERSON, person) : n->urgent))
			continue;
		if (notification_is_over(n))
			cancel_planned(c, n); /* by a contact more, as after a death */
		else
			notification_finish(c, n, NOTIFICATION_EXPIRED);
	}
}

static bool is_said_too(const struct context *c, const struct notification *before,
                        const struct notification *n)
{
	bool now = before->created.steady == c->now.steady && leaves(c, before, EVERY_CONTACT);
	if (!before->urgent && !n->urgent) /* each of its kind is for who keeps a record */
		return before->reason != n->reason;
	if (n->press)
		return before->press || now;
	bool first_word = before->reason == REASON_OPENED || before->reason == REASON_HANDOVER;
	return now && (before->press || (first_word && !c->catching_up));
}

static const struct delivery *same_contact(const struct notification *n, const struct delivery *d)
{
	for (uint32_t i = 0; i < n->delivery_count; i++) {
		const struct delivery *other = &n->deliveries[i];
		if (strcmp(other->channel, d->channel) == 0 && other->place == d->place)
			return other;
	}
	return NULL;
}

/* A record has other clocks: it may have stood in its line, and no contact has had its time. And
 * whom a newer word has reached is told anew: how long an older one hangs says nothing of it. */
static void take_over(const struct context *c, struct notification *n,
                      const struct notification *before)
{
	const struct told *told = incident_told(n->incident, n->to_kind, n->to_id);
	if (!before->urgent || (told && told->accepted > before->number))
		return;
	for (uint32_t i = 0; i < n->delivery_count; i++) {
		struct delivery *d = &n->deliveries[i];
		const struct delivery *was = same_contact(before, d);
		if (!was || !was->started || was->started == c->now.steady)
			continue;
		d->given_up |= was->given_up;
		if (!d->started || was->started < d->started)
			d->started = was->started;
	}
}

/* Of what a downtime has swallowed each is told once: that a charge has lapsed, and since when. */
static void keep_why(struct notification *n, const struct notification *before)
{
	if (before->reason == REASON_REOPENED)
		n->reason = REASON_REOPENED;
	if (!n->note && before->note)
		own(&n->note, before->note);
}

/* Where each contact has had its time, the last one gets it anew: so it shows when all have failed
 * again. */
static void leave_one_its_time(struct notification *n)
{
	uint32_t given_up = 0;
	for (uint32_t i = 0; i < n->delivery_count; i++)
		given_up += n->deliveries[i].given_up;
	if (!given_up || given_up < n->delivery_count)
		return;
	n->deliveries[n->delivery_count - 1].given_up = false;
	n->deliveries[n->delivery_count - 1].started = 0;
}

/* It counts for the running step as those before it do: one that is said beside another, or in the
 * place of one that has failed, is counted already. */
static void replace_earlier(struct context *c, struct notification *n)
{
	uint32_t presses = 0, run = n->incident->run;
	bool counts = false, counted = true;
	for (uint32_t i = c->site->notification_count; n->incident->outstanding && i-- > 0;) {
		struct notification *before = c->site->notifications[i];
		if (!is_to(before, n->incident, n->to_kind, n->to_id) ||
		    notification_is_over(before))
			continue;
		presses += before->press;
		bool too_many = before->press && presses >= PRESSES_UNDER_WAY;
		counts |= before->run == run;
		if (is_said_too(c, before, n) && !too_many)
			continue;
		counted &= before->run != run || before->failed;
		take_over(c, n, before);
		if (c->catching_up && before->created.steady == c->now.steady)
			keep_why(n, before);
		notification_finish(c, before, NOTIFICATION_EXPIRED);
	}
	if (counts && n->run != run) {
		n->run = run;
		n->failed = counted;
	}
	leave_one_its_time(n);
}

bool notification_is_due(const struct context *c, const struct incident *incident,
                         const char *person)
{
	for (uint32_t i = 0; i < c->site->notification_count; i++) {
		const struct notification *n = c->site->notifications[i];
		if (is_to(n, incident, RECIPIENT_PERSON, person) && !notification_is_over(n))
			return true;
	}
	return false;
}

static bool is_urgent(enum reason reason)
{
	return reason != REASON_ACKNOWLEDGED && reason != REASON_RESOLVED &&
	       reason != REASON_DRILL_ENDED && reason != REASON_HAZARD &&
	       reason != REASON_LEDGER_HEAD;
}

/* Drills and tests never reach an outside line, whoever's contact it is. */
static bool stays_inside(const struct notification *n)
{
	return n->incident ? n->incident->drill : n->reason != REASON_DIGEST;
}

static void add_contacts(struct context *c, struct notification *n, struct resolved_recipient who,
                         uint32_t only)
{
	const struct site_def *def = c->site->def;
	if (who.kind == RECIPIENT_CHANNEL) {
		n->deliveries[0].channel = mem_copy(def->channels[who.position].id);
		n->delivery_count = 1;
		return;
	}
	const struct person *person = &def->people[who.position];
	for (uint32_t i = 0; i < person->contact_count; i++) {
		const struct channel_facts *channel = &def->channels[person->contacts[i].channel];
		if ((only != EVERY_CONTACT && only != i) || (stays_inside(n) && channel->outside))
			continue;
		struct delivery *delivery = &n->deliveries[n->delivery_count++];
		delivery->channel = mem_copy(channel->id);
		delivery->place = i;
	}
}

static void record_notification(struct context *c, const struct notification *n)
{
	char id[NOTIFICATION_ID_MAX];
	notification_id(c->site->def->id, n->number, id);
	struct text *data = record(c);
	json_put_string(data, "id", id);
	json_put_string(data, "reason", reason_name(n->reason));
	json_put_int(data, "step", n->step);
	json_open(data, "to", '{');
	json_put_string(data, "kind", recipient_kind_name(n->to_kind));
	json_put_string(data, "id", n->to_id);
	json_close(data, '}');
	json_open(data, "channels", '[');
	for (uint32_t i = 0; i < n->delivery_count; i++)
		json_put_string(data, NULL, n->deliveries[i].channel);
	json_close(data, ']');
	if (n->at_once)
		json_put_bool(data, "at_once", true);
	if (notification_keeps_on(n))
		json_put_bool(data, "until_accepted", true);
	if (n->digest)
		json_put_bool(data, "digest", true);
	record_end(c, (struct entry){.type = "notification",
	                             .incident = n->incident ? n->incident->id : NULL});
}

/* True if this is the first that they hear of it: then nothing is on its way to them, either. */
static bool remember_told(struct incident *incident, const struct notification *n)
{
	if (incident_told(incident, n->to_kind, n->to_id))
		return false;
	incident_add_told(incident, n->to_kind, n->to_id)->touched = true;
	return true;
}

static struct notification *tell(struct context *c, struct incident *incident,
                                 struct resolved_recipient who, uint32_t only,
                                 struct message message)
{
	const struct site_def *def = c->site->def;
	bool person = who.kind == RECIPIENT_PERSON;
	struct notification *n = notification_create();
	n->number = c->site->next_notification++;
	n->incident = incident;
	n->reason = message.reason;
	n->step = message.step;
	n->round = incident ? incident->round : 0;
	n->run = message.run;
	n->press = message.press;
	own(&n->note, message.said);
	n->to_kind = who.kind;
	n->to_id = mem_copy(person ? def->people[who.position].id : def->channels[who.position].id);
	n->to_name = mem_copy(person ? def->people[who.position].name
	                             : def->channels[who.position].id);
	n->urgent = is_urgent(n->reason) && !message.keeps_on;
	n->at_once = n->urgent && (incident ? incident->severity == SEVERITY_CRITICAL
	                                    : n->reason == REASON_TEST);
	n->created = c->now;
	add_contacts(c, n, who, only);
	leave_out_subject(n);
	if (incident) {
		bool first = remember_told(incident, n);
		if (!first)
			replace_earlier(c, n);
		if (flood_holds(c, n, first))
			n->digest = DIGEST_NEXT;
		touch_incident(c, incident);
	}
	site_adopt_notification(c->site, n);
	record_notification(c, n);
	touch_notification(c, n);
	if (!n->digest && !message.keeps_on)
		deliveries_start(c, n);
	deliveries_set_due(c, n);
	return n;
}

struct notification *notify_message(struct context *c, struct incident *incident,
                                    struct resolved_recipient who, struct message message)
{
	return tell(c, incident, who, EVERY_CONTACT, message);
}

struct notification *notify(struct context *c, struct incident *incident,
                            struct resolved_recipient who, enum reason reason, uint32_t step)
{
	return notify_message(c, incident, who, (struct message){.reason = reason, .step = step});
}

struct notification *notify_contact(struct context *c, struct resolved_recipient who,
                                    uint32_t contact, enum reason reason)
{
	return tell(c, NULL, who, contact, (struct message){.reason = reason});
}

struct notification *notify_until_accepted(struct context *c, struct resolved_recipient who,
                                           uint32_t contact, bool at_once)
{
	struct notification *n = tell(c, NULL, who,
	                              who.kind == RECIPIENT_PERSON ? contact : EVERY_CONTACT,
	                              (struct message){.reason = REASON_TEST, .keeps_on = true});
	delivery_later(c, n, 0);
	if (at_once)
		delivery_hurry(c, n, 0);
	return n;
}

struct notification *notify_id(struct context *c, struct incident *incident,
                               enum recipient_kind kind, const char *id, enum reason reason,
                               uint32_t step)
{
	uint32_t position = kind == RECIPIENT_PERSON ? site_def_person(c->site->def, id)
	                                             : site_def_channel(c->site->def, id);
	if (position == POSITION_NONE)
		return NULL;
	return notify(c, incident, (struct resolved_recipient){.kind = kind, .position = position},
	              reason, step);
}
