/* The attempts of a notification: its contacts in their order, their time, their retries, what the
 * receivers say.
 *
 * Two clocks. The urgent one retries within seconds and never stops by itself: a notification
 * ends when a receiver has it, when every contact said no for good, or when something later
 * overtakes it. The record one (resolved, acknowledged) retries for days. */
#include <stdio.h>
#include <string.h>

#include "decide/core.h"

static const span_ms urgent_retries[] = {SECONDS(1), SECONDS(2),  SECONDS(4),
                                         SECONDS(8), SECONDS(15), SECONDS(30)};
/* Svix's and Standard Webhooks' schedule. */
static const span_ms record_retries[] = {SECONDS(5), MINUTES(5), MINUTES(30), HOURS(2),
                                         HOURS(5),   HOURS(10),  HOURS(10)};
/* Of a test of what fails: who has mended it sees it soon, and what stays broken is asked seldom.
 */
static const span_ms test_retries[] = {SECONDS(15), SECONDS(30), MINUTES(1),
                                       MINUTES(1),  MINUTES(1),  MINUTES(2),
                                       MINUTES(5),  MINUTES(15), MINUTES(30)};
#define RECORD_KEPT DAYS(3)  /* then a record is given up */
#define TEST_KEPT MINUTES(1) /* a test says now or never */
#define RETRY_AFTER_MAX HOURS(1)
#define COUNT(array) (sizeof(array) / sizeof *(array))

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
	if (notification_is_record(n))
		return RECORD_KEPT;
	return n->reason == REASON_TEST && !notification_keeps_on(n) ? TEST_KEPT : NEVER;
}

void deliveries_set_due(struct context *c, struct notification *n)
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

static void wait_in_line(struct context *c, struct notification *n, struct delivery *delivery)
{
	if (!delivery->started)
		delivery->started = c->now.steady;
	delivery->state = DELIVERY_RETRYING;
	delivery->due = NEVER;
	touch_notification(c, n);
}

void delivery_attempt(struct context *c, struct notification *n, uint32_t contact)
{
	struct delivery *delivery = &n->deliveries[contact];
	if (notification_is_record(n) && !line_admits(c, n, contact)) {
		wait_in_line(c, n, delivery);
		return;
	}
	delivery->attempts++;
	if (!delivery->started)
		delivery->started = c->now.steady;
	delivery->state = DELIVERY_SENDING;
	n->attempts++;
	if (!notification_is_over(n))
		n->state = NOTIFICATION_SENDING;
	touch_notification(c, n);
	plan_dispatch(c, n, contact);
}

void delivery_hurry(struct context *c, struct notification *n, uint32_t contact)
{
	struct delivery *delivery = &n->deliveries[contact];
	if (delivery->state != DELIVERY_RETRYING)
		return;
	delivery->due = c->now.steady;
	touch_notification(c, n);
	deliveries_set_due(c, n);
}

void delivery_later(struct context *c, struct notification *n, uint32_t contact)
{
	struct delivery *delivery = &n->deliveries[contact];
	delivery->started = c->now.steady;
	delivery->state = DELIVERY_RETRYING;
	delivery->due = c->now.steady + test_retries[0];
	deliveries_set_due(c, n);
}

static struct delivery *start_next_waiting(struct context *c, struct notification *n)
{
	for (uint32_t i = 0; i < n->delivery_count; i++)
		if (n->deliveries[i].state == DELIVERY_WAITING) {
			delivery_attempt(c, n, i);
			return &n->deliveries[i];
		}
	return NULL;
}

/* A dead channel is tried too, as it may work again, but nobody waits for it; nor for a contact
 * that has had its time with what was said before. */
bool deliveries_start(struct context *c, struct notification *n)
{
	const struct delivery *started = start_next_waiting(c, n);
	bool any = started;
	while (started && (n->at_once || started->given_up || way_is_lost(c->site, n, started)))
		started = start_next_waiting(c, n);
	return any;
}

/* A contact has had its time: the next one's turn; when there is none left, the step may be. */
static void move_on(struct context *c, struct notification *n, struct delivery *delivery)
{
	if (!delivery->given_up) {
		delivery->given_up = true;
		touch_notification(c, n);
		if (deliveries_start(c, n))
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
		flood_carried(c, n, NULL); /* what it carries ends with it */
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
	const span_ms *delays = record_retries;
	uint32_t last = COUNT(record_retries) - 1;
	if (n->urgent) {
		delays = urgent_retries;
		last = COUNT(urgent_retries) - 1;
	} else if (notification_keeps_on(n)) {
		delays = test_retries;
		last = COUNT(test_retries) - 1;
	}
	/* A connection that breaks is tried again at once, and only then after the times above. */
	bool at_once = result->verdict == VERDICT_BROKEN && delivery->attempts == 1;
	uint32_t failures = delivery->attempts - (result->verdict == VERDICT_BROKEN ? 2 : 1);
	span_ms delay =
	        at_once ? 0 : with_jitter(n, contact, delays[failures < last ? failures : last]);
	span_ms asked = result->retry_after > RETRY_AFTER_MAX ? RETRY_AFTER_MAX
	                                                      : result->retry_after;
	if (asked > delay || (result->held && asked)) /* what we hold back has its own time */
		delay = asked;
	delivery->state = DELIVERY_RETRYING;
	delivery->due = c->now.steady + delay;
	/* A receiver that asks for more time than it has does not hold up the next contact. */
	if (asked && delivery->due > delivery->started + give_up_after(c, delivery))
		move_on(c, n, delivery);
}

static void accepted(struct context *c, struct notification *n,
                     const struct delivery_result *result)
{
	bool counted = n->failed || n->state == NOTIFICATION_EXPIRED;
	struct told *told = n->incident ? incident_told(n->incident, n->to_kind, n->to_id) : NULL;
	if (told && n->number > told->accepted)
		told->accepted = n->number;
	notification_finish(c, n, NOTIFICATION_ACCEPTED);
	if (n->incident && counted)
		escalate_reached_late(c, n);
	else if (n->incident)
		escalate_progress(c, n, true);
	else if (n->reason == REASON_DIGEST)
		flood_carried(c, n, result);
}

void delivery_record(struct context *c, const struct notification *n,
                     const struct delivery_result *result, uint64_t digest)
{
	char id[NOTIFICATION_ID_MAX];
	notification_id(c->site->def->id, result->notification, id);
	struct text *data = record(c);
	json_put_string(data, "notification", id);
	if (digest) {
		notification_id(c->site->def->id, digest, id);
		json_put_string(data, "digest", id);
	}
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
	if (result->sent) {
		json_put_time(data, "sent_at", c->now.wall - result->sent_ago);
		json_put_int(data, "sent_ago_ms", result->sent_ago);
	}
	if (result->retry_after)
		json_put_int(data, "retry_after_ms", result->retry_after);
	if (result->shut_out)
		json_put_bool(data, "shut_out", true);
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
			accepted(c, n, result);
		return;
	case VERDICT_REFUSED:
		delivery->state = DELIVERY_REFUSED;
		if (!over && notification_keeps_on(n) && result->status)
			plan_retry(c, n, result->contact, result);
		else if (!over)
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
	deliveries_set_due(c, n);
}

void notification_result(struct context *c, const struct delivery_result *result)
{
	struct notification *n = site_notification(c->site, result->notification);
	if (n && result->contact >= n->delivery_count)
		n = NULL;
	delivery_record(c, n, result, 0);
	if (!n)
		return;
	take_result(c, n, result);
	way_result(c, n, result);
	line_leaves(c, n);
	line_moves(c, n, result->contact, result->verdict == VERDICT_ACCEPTED);
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
			delivery_attempt(c, n, i);
		if (trying && delivery->started + give_up_after(c, delivery) <= c->now.steady)
			move_on(c, n, delivery);
	}
	deliveries_set_due(c, n);
}
