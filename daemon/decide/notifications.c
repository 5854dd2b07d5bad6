/* One message to one recipient for one reason: its contacts in their order, its retries, its end.
 *
 * Two clocks. The urgent one retries within seconds and never stops by itself: a notification
 * ends when a receiver has it, when every contact said no for good, or when something later
 * overtakes it. The record one (resolved, acknowledged) retries for days. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decide/core.h"

static const span_ms urgent_retries[] = {SECONDS(1), SECONDS(2),  SECONDS(4),
                                         SECONDS(8), SECONDS(15), SECONDS(30)};
/* Svix's and Standard Webhooks' schedule. */
static const span_ms record_retries[] = {SECONDS(5), MINUTES(5), MINUTES(30), HOURS(2),
                                         HOURS(5),   HOURS(10),  HOURS(10)};
#define RECORD_KEPT DAYS(3)  /* then a record is given up */
#define TEST_KEPT MINUTES(1) /* a test says now or never */
#define RETRY_AFTER_MAX HOURS(1)
#define ORDER_LOOK SECONDS(1) /* so often a record looks whether what came before it has ended */
#define COUNT(array) (sizeof(array) / sizeof *(array))
#define EVERY_CONTACT UINT32_MAX

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

static span_ms give_up_after(const struct context *c, const struct delivery *delivery)
{
	uint32_t channel = site_def_channel(c->site->def, delivery->channel);
	return channel == POSITION_NONE ? SECONDS(10)
	                                : c->site->def->channels[channel].give_up_after;
}

/* When this delivery next needs a look: its retry, or the end of its time. */
static steady_ms delivery_due(const struct context *c, const struct delivery *delivery)
{
	bool trying = delivery->state == DELIVERY_SENDING || delivery->state == DELIVERY_RETRYING;
	steady_ms due = delivery->state == DELIVERY_RETRYING ? delivery->due : NEVER;
	if (trying && !delivery->given_up && delivery->started + give_up_after(c, delivery) < due)
		due = delivery->started + give_up_after(c, delivery);
	return due;
}

static span_ms kept_for(const struct notification *n)
{
	if (n->reason == REASON_TEST)
		return TEST_KEPT;
	return n->urgent ? NEVER : RECORD_KEPT;
}

static void set_due(struct context *c, struct notification *n)
{
	steady_ms due = NEVER;
	if (!notification_is_over(n)) {
		if (kept_for(n) != NEVER)
			due = n->created.steady + kept_for(n);
		for (uint32_t i = 0; i < n->delivery_count; i++) {
			steady_ms at = delivery_due(c, &n->deliveries[i]);
			due = at < due ? at : due;
		}
	}
	if (due == NEVER)
		timer_stop(&c->site->timers, &n->due);
	else
		timer_set(&c->site->timers, &n->due, due);
}

/* The same recipient's earlier word about this incident is still under way on this channel. */
static bool is_overtaking(const struct context *c, const struct notification *n, uint32_t contact)
{
	for (uint32_t i = 0; i < c->site->notification_count; i++) {
		const struct notification *before = c->site->notifications[i];
		if (before->number >= n->number)
			break;
		if (before->incident != n->incident || before->to_kind != n->to_kind ||
		    strcmp(before->to_id, n->to_id) != 0)
			continue;
		for (uint32_t k = 0; k < before->delivery_count; k++)
			if (before->deliveries[k].state == DELIVERY_SENDING &&
			    strcmp(before->deliveries[k].channel, n->deliveries[contact].channel) ==
			            0)
				return true;
	}
	return false;
}

/* A record waits for what is under way before it, so that no system hears of the end before the
 * beginning; what is urgent waits for nothing. True if it has to. */
static bool keep_order(struct context *c, struct notification *n, uint32_t contact)
{
	struct delivery *delivery = &n->deliveries[contact];
	if (n->urgent || !n->incident || !is_overtaking(c, n, contact))
		return false;
	if (!delivery->started)
		delivery->started = c->now.steady;
	delivery->state = DELIVERY_RETRYING;
	delivery->due = c->now.steady + ORDER_LOOK;
	touch_notification(c, n);
	return true;
}

static void start_attempt(struct context *c, struct notification *n, uint32_t contact)
{
	struct delivery *delivery = &n->deliveries[contact];
	if (keep_order(c, n, contact))
		return;
	if (delivery->attempts++ == 0)
		delivery->started = c->now.steady;
	delivery->state = DELIVERY_SENDING;
	n->attempts++;
	n->state = NOTIFICATION_SENDING;
	touch_notification(c, n);
	plan_dispatch(c, n, contact);
}

static struct delivery *start_next_waiting(struct context *c, struct notification *n)
{
	for (uint32_t i = 0; i < n->delivery_count; i++)
		if (n->deliveries[i].state == DELIVERY_WAITING) {
			start_attempt(c, n, i);
			return &n->deliveries[i];
		}
	return NULL;
}

/* A dead channel is tried too, as it may work again, but nobody waits for it. */
static void start_contacts(struct context *c, struct notification *n)
{
	const struct delivery *started;
	do
		started = start_next_waiting(c, n);
	while (started && (n->at_once || channel_is_dead(c->site, started->channel)));
}

/* A channel's own trouble is told over the others, where there is one. */
static void leave_out_subject(struct notification *n)
{
	uint32_t kept = 0;
	for (uint32_t i = 0; i < n->delivery_count; i++)
		kept += !channel_is_subject(n->incident, n->deliveries[i].channel);
	if (!kept || kept == n->delivery_count)
		return;
	kept = 0;
	for (uint32_t i = 0; i < n->delivery_count; i++) {
		struct delivery delivery = n->deliveries[i];
		if (channel_is_subject(n->incident, delivery.channel))
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
}

/* A contact has had its time: the next one's turn; when there is none left, the step may be. */
static void move_on(struct context *c, struct notification *n, struct delivery *delivery)
{
	if (!delivery->given_up) {
		delivery->given_up = true;
		touch_notification(c, n);
		if (start_next_waiting(c, n))
			return;
	}
	/* One whose time had passed may say no only now: then there may be nothing left to try. */
	bool refused = true;
	for (uint32_t i = 0; i < n->delivery_count; i++) {
		if (!n->deliveries[i].given_up)
			return;
		refused &= n->deliveries[i].state == DELIVERY_REFUSED;
	}
	if (refused)
		notification_finish(c, n, NOTIFICATION_REFUSED);
	bool first = !n->failed;
	n->failed = true;
	if (n->incident && first)
		escalate_progress(c, n, false);
	else if (n->reason == REASON_DIGEST && (first || refused))
		flood_carried(c, n, false); /* what it carries ends with it */
}

/* The same in every run: spread by what the attempt is, not by chance. */
static span_ms with_jitter(const struct notification *n, uint32_t contact, span_ms delay)
{
	char seed[96];
	snprintf(seed, sizeof seed, "%llu/%u/%u", (unsigned long long)n->number, contact,
	         n->deliveries[contact].attempts);
	span_ms fifth = delay / 5;
	return fifth ? delay - fifth + (span_ms)(index_hash(seed) % (uint64_t)(2 * fifth)) : delay;
}

static void plan_retry(struct context *c, struct notification *n, uint32_t contact,
                       const struct delivery_result *result)
{
	struct delivery *delivery = &n->deliveries[contact];
	const span_ms *delays = n->urgent ? urgent_retries : record_retries;
	uint32_t last = (n->urgent ? COUNT(urgent_retries) : COUNT(record_retries)) - 1;
	uint32_t failures = delivery->attempts - 1;
	span_ms delay = with_jitter(n, contact, delays[failures < last ? failures : last]);
	if (result->verdict == VERDICT_BROKEN && delivery->attempts == 1)
		delay = 0;
	span_ms asked = result->retry_after > RETRY_AFTER_MAX ? RETRY_AFTER_MAX
	                                                      : result->retry_after;
	if (asked > delay)
		delay = asked;
	delivery->state = DELIVERY_RETRYING;
	delivery->due = c->now.steady + delay;
	/* A receiver that asks for more time than it has does not hold up the next contact. */
	if (asked && delivery->due > delivery->started + give_up_after(c, delivery))
		move_on(c, n, delivery);
}

static void accepted(struct context *c, struct notification *n)
{
	bool late = n->failed;
	notification_finish(c, n, NOTIFICATION_ACCEPTED);
	if (n->incident && !late)
		escalate_progress(c, n, true);
	else if (n->reason == REASON_DIGEST)
		flood_carried(c, n, true);
}

static void record_result(struct context *c, const struct notification *n,
                          const struct delivery_result *result)
{
	char id[NOTIFICATION_ID_MAX];
	notification_id(c->site->def->id, result->notification, id);
	struct text *data = record(c);
	json_put_string(data, "notification", id);
	if (n) {
		json_put_string(data, "to", n->to_id);
		json_put_string(data, "channel", n->deliveries[result->contact].channel);
	}
	json_put_int(data, "contact", result->contact);
	json_put_int(data, "attempt", result->attempt);
	json_put_string(data, "result", verdict_name(result->verdict));
	if (result->status)
		json_put_int(data, "status", result->status);
	json_put_int(data, "took_ms", result->took);
	if (result->retry_after)
		json_put_int(data, "retry_after_ms", result->retry_after);
	if (result->unlogged)
		json_put_bool(data, "unlogged", true);
	if (result->held)
		json_put_bool(data, "held", true);
	if (n && n->possible_duplicate)
		json_put_bool(data, "possible_duplicate", true);
	if (result->detail && *result->detail)
		json_put_string(data, "detail", result->detail);
	record_end(c, (struct entry){.type = "delivery",
	                             .incident = n && n->incident ? n->incident->id : NULL});
}

static void take_result(struct context *c, struct notification *n,
                        const struct delivery_result *result)
{
	struct delivery *delivery = &n->deliveries[result->contact];
	if (delivery->state != DELIVERY_SENDING || delivery->attempts != result->attempt)
		return;
	delivery->last_status = result->status;
	touch_notification(c, n);
	bool over = notification_is_over(n);
	switch (result->verdict) {
	case VERDICT_ACCEPTED:
		delivery->state = DELIVERY_ACCEPTED;
		if (n->state != NOTIFICATION_ACCEPTED)
			accepted(c, n);
		return;
	case VERDICT_REFUSED:
		delivery->state = DELIVERY_REFUSED;
		if (!over)
			move_on(c, n, delivery);
		break;
	case VERDICT_RETRY:
	case VERDICT_BROKEN:
		if (over)
			delivery->state = DELIVERY_RETRYING;
		else
			plan_retry(c, n, result->contact, result);
		break;
	}
	set_due(c, n);
}

void notification_result(struct context *c, const struct delivery_result *result)
{
	struct notification *n = site_notification(c->site, result->notification);
	if (n && result->contact >= n->delivery_count)
		n = NULL;
	record_result(c, n, result);
	if (!n)
		return;
	take_result(c, n, result);
	channel_result(c, n->deliveries[result->contact].channel, result);
}

void notification_due(struct context *c, struct notification *n)
{
	timer_stop(&c->site->timers, &n->due);
	if (kept_for(n) != NEVER && c->now.steady >= n->created.steady + kept_for(n)) {
		notification_finish(c, n, NOTIFICATION_EXPIRED);
		return;
	}
	for (uint32_t i = 0; i < n->delivery_count && !notification_is_over(n); i++) {
		struct delivery *delivery = &n->deliveries[i];
		bool trying = delivery->state == DELIVERY_SENDING ||
		              delivery->state == DELIVERY_RETRYING;
		if (delivery->state == DELIVERY_RETRYING && delivery->due <= c->now.steady)
			start_attempt(c, n, i);
		if (trying && delivery->started + give_up_after(c, delivery) <= c->now.steady)
			move_on(c, n, delivery);
	}
	set_due(c, n);
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
void notifications_resume(struct context *c)
{
	for (uint32_t i = 0; i < c->site->notification_count; i++) {
		struct notification *n = c->site->notifications[i];
		for (uint32_t k = 0; k < n->delivery_count && !notification_is_over(n); k++)
			if (n->deliveries[k].state == DELIVERY_SENDING && !leaves(c, n, k)) {
				n->possible_duplicate = true;
				start_attempt(c, n, k);
			}
		set_due(c, n);
	}
}

bool notification_leaves(const struct context *c, const struct incident *incident,
                         enum recipient_kind kind, const char *id)
{
	const struct plan *plan = c->plan;
	for (uint32_t i = plan->dispatches_released; i < plan->dispatch_count; i++) {
		const struct notification *n = plan->dispatches[i].notification;
		if (n->incident == incident && n->to_kind == kind && strcmp(n->to_id, id) == 0)
			return true;
	}
	return false;
}

/* What is said later replaces what the same recipient has not got yet; but that an incident has
 * opened is said, also when the same turn raised it. */
void notifications_expire(struct context *c, const struct incident *incident,
                          enum recipient_kind to_kind, const char *to)
{
	for (uint32_t i = 0; incident->outstanding && i < c->site->notification_count; i++) {
		struct notification *n = c->site->notifications[i];
		if (n->incident != incident || notification_is_over(n))
			continue;
		if (to && n->reason == REASON_OPENED && leaves(c, n, EVERY_CONTACT))
			continue;
		if (to ? n->to_kind == to_kind && strcmp(n->to_id, to) == 0 : n->urgent)
			notification_finish(c, n, NOTIFICATION_EXPIRED);
	}
}

bool notification_is_due(const struct context *c, const struct incident *incident,
                         const char *person)
{
	for (uint32_t i = 0; i < c->site->notification_count; i++) {
		const struct notification *n = c->site->notifications[i];
		if (n->incident == incident && !notification_is_over(n) &&
		    n->to_kind == RECIPIENT_PERSON && strcmp(n->to_id, person) == 0)
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
	if (n->digest)
		json_put_bool(data, "digest", true);
	record_end(c, (struct entry){.type = "notification",
	                             .incident = n->incident ? n->incident->id : NULL});
}

/* True if this is the first that they hear of it: then nothing is on its way to them, either. */
static bool remember_told(struct incident *incident, const struct notification *n)
{
	for (uint32_t i = 0; i < incident->told_count; i++)
		if (incident->told[i].kind == n->to_kind &&
		    strcmp(incident->told[i].id, n->to_id) == 0)
			return false;
	MEM_RESERVE(incident->told, incident->told_count, incident->told_cap);
	incident->told[incident->told_count++] = (struct told){
	        .kind = n->to_kind, .id = mem_copy(n->to_id), .touched = true};
	return true;
}

static struct notification *tell(struct context *c, struct incident *incident,
                                 struct resolved_recipient who, uint32_t only, enum reason reason,
                                 uint32_t step)
{
	const struct site_def *def = c->site->def;
	bool person = who.kind == RECIPIENT_PERSON;
	struct notification *n = notification_create();
	n->number = c->site->next_notification++;
	n->incident = incident;
	n->reason = reason;
	n->step = step;
	n->round = incident ? incident->round : 0;
	n->to_kind = who.kind;
	n->to_id = mem_copy(person ? def->people[who.position].id : def->channels[who.position].id);
	n->to_name = mem_copy(person ? def->people[who.position].name
	                             : def->channels[who.position].id);
	n->urgent = is_urgent(reason);
	n->at_once = n->urgent &&
	             (incident ? incident->severity == SEVERITY_CRITICAL : reason == REASON_TEST);
	n->created = c->now;
	add_contacts(c, n, who, only);
	leave_out_subject(n);
	if (incident) {
		bool first = remember_told(incident, n);
		if (!first)
			notifications_expire(c, incident, n->to_kind, n->to_id);
		if (flood_holds(c, n, first))
			n->digest = DIGEST_NEXT;
		touch_incident(c, incident);
	}
	site_adopt_notification(c->site, n);
	record_notification(c, n);
	touch_notification(c, n);
	if (!n->digest)
		start_contacts(c, n);
	set_due(c, n);
	return n;
}

struct notification *notify(struct context *c, struct incident *incident,
                            struct resolved_recipient who, enum reason reason, uint32_t step)
{
	return tell(c, incident, who, EVERY_CONTACT, reason, step);
}

struct notification *notify_contact(struct context *c, struct resolved_recipient who,
                                    uint32_t contact, enum reason reason)
{
	return tell(c, NULL, who, contact, reason, 0);
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
