/* The turn. Nothing leaves before it is on disk. */
#include "app.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"

/* ---- gather ---- */

static void no_op(uv_idle_t *idle)
{
	(void)idle;
}

void app_want_turn(struct app *app)
{
	uv_idle_start(&app->wake, no_op);
}

struct item *inbox_add(struct app *app, enum item_type type)
{
	struct inbox *inbox = &app->inbox;
	MEM_RESERVE(inbox->items, inbox->count, inbox->cap);
	struct item *item = &inbox->items[inbox->count++];
	*item = (struct item){.type = type};
	app_want_turn(app);
	return item;
}

struct site_slot *app_site(const struct app *app, const char *id)
{
	for (uint32_t i = 0; id && i < app->site_count; i++)
		if (strcmp(app->sites[i].site->def->id, id) == 0)
			return &app->sites[i];
	return NULL;
}

/* ---- decide ---- */

void app_decide_event(struct app *app, struct site_slot *slot, const struct event *event,
                      struct moment now)
{
	struct problem why = {0};
	if (site_apply(slot->site, event, now, &slot->plan, &why) < 0)
		log_warn("%s: %s", slot->site->def->id, why.text);
	(void)app;
}

static void decide_for_sites(struct app *app, const char *site, const struct event *event,
                             struct moment now)
{
	for (uint32_t i = 0; i < app->site_count; i++)
		if (!site || strcmp(app->sites[i].site->def->id, site) == 0)
			app_decide_event(app, &app->sites[i], event, now);
}

static void decide_item(struct app *app, const struct item *item, struct moment now)
{
	switch (item->type) {
	case ITEM_MESSAGE:
		break; /* decide_messages */
	case ITEM_OPERATION:
		answering_decide(app, item, now);
		break;
	case ITEM_RESULT:
		app->counters.accepted += item->result.verdict == VERDICT_ACCEPTED;
		decide_for_sites(app, item->site,
		                 &(struct event){.type = EVENT_DELIVERY, .delivery = item->result},
		                 now);
		break;
	case ITEM_FACT:
		decide_for_sites(app, item->site,
		                 &(struct event){.type = EVENT_SERVICE, .service = item->fact},
		                 now);
		break;
	case ITEM_MEMORY:
		remembering_decide(app, item);
		break;
	case ITEM_OUTPUT:
		decide_for_sites(app, item->site,
		                 &(struct event){.type = EVENT_OUTPUT, .output = item->output},
		                 now);
		break;
	case ITEM_TROUBLE:
		decide_for_sites(app, item->site,
		                 &(struct event){.type = EVENT_TROUBLE, .trouble = item->trouble},
		                 now);
		break;
	}
}

static void decide_jump(struct app *app, const struct clock_jump *jump, struct moment now)
{
	struct text data = {0};
	json_open(&data, NULL, '{');
	json_put_time(&data, "before", jump->before);
	json_put_time(&data, "after", jump->after);
	json_put_int(&data, "step_ms", jump->after - jump->before);
	json_close(&data, '}');
	log_warn("the wall clock stepped by %lld ms; no deadline moves",
	         (long long)(jump->after - jump->before));
	struct event event = {.type = EVENT_SERVICE,
	                      .service = {.type = CLOCK_JUMPED, .data = text_get(&data)}};
	decide_for_sites(app, NULL, &event, now);
	text_finish(&data);
}

/* Of a flood, what life-safety devices say is decided first. Each device's own words stay in their
 * order, as all of them are first or none are; and nothing overtakes what people did, since an
 * alarm that comes after a resolution, or after a walk test, is a new one. Returns where they end.
 */
static uint32_t decide_messages(struct app *app, uint32_t at, struct moment now)
{
	const struct inbox *inbox = &app->inbox;
	uint32_t end = at;
	while (end < inbox->count && inbox->items[end].type == ITEM_MESSAGE)
		end++;
	for (int first = 1; first >= 0; first--)
		for (uint32_t i = at; i < end; i++)
			if (inbox->items[i].first == (bool)first)
				hear_message(app, &inbox->items[i].message, now);
	return end;
}

static void decide(struct app *app, struct moment now)
{
	for (uint32_t i = 0; i < app->inbox.count;) {
		if (app->inbox.items[i].type == ITEM_MESSAGE)
			i = decide_messages(app, i, now);
		else
			decide_item(app, &app->inbox.items[i++], now);
	}
	for (uint32_t i = 0; i < app->site_count; i++)
		if (site_next_deadline(app->sites[i].site) <= now.steady)
			site_tick(app->sites[i].site, now, &app->sites[i].plan);
}

/* ---- commit ---- */

static bool plan_is_empty(const struct plan *plan)
{
	return !plan->entry_count && !plan->incident_count && !plan->notification_count &&
	       !plan->device_count && !plan->standing_count;
}

/* What the store wants a turn for of itself. */
static steady_ms store_due(const struct app *app)
{
	steady_ms seal = store_seal_due(app->store), keep = store_keep_due(app->store);
	return seal < keep ? seal : keep;
}

static bool anything_to_commit(const struct app *app, struct moment now)
{
	if (app->watchdog_asks || app->memory_count || store_due(app) <= now.steady)
		return true;
	for (uint32_t i = 0; i < app->site_count; i++)
		if (!plan_is_empty(&app->sites[i].plan))
			return true;
	return false;
}

static int commit(struct app *app, struct moment now, struct problem *why)
{
	struct site_turn *sites = NEW_ARRAY(struct site_turn, app->site_count);
	struct turn turn = {.sites = sites,
	                    .anchor = clock_anchor(&app->clock, now),
	                    .seal = store_seal_due(app->store) <= now.steady,
	                    .keep = store_keep_due(app->store) <= now.steady,
	                    .remembered = app->memories,
	                    .remembered_count = app->memory_count};
	uint64_t entries = 0;
	for (uint32_t i = 0; i < app->site_count; i++) {
		if (plan_is_empty(&app->sites[i].plan) && !turn.seal && !turn.keep)
			continue;
		sites[turn.count++] = (struct site_turn){.site = app->sites[i].site,
		                                         .plan = &app->sites[i].plan};
		entries += app->sites[i].plan.entry_count;
	}
	int64_t start = clock_stopwatch_ns();
	int r = store_commit(app->store, &turn, why);
	app->counters.commit_ns += clock_stopwatch_ns() - start;
	free(sites);
	if (r < 0) {
		app->counters.commit_failures++;
	} else {
		remembering_forget(app);
		app->counters.commits++;
		app->counters.entries += entries;
	}
	return r;
}

/* ---- release ---- */

/* What tells of a fire, of gas or of somebody in need leaves before anything lesser. */
static bool goes_first(const struct dispatch *dispatch)
{
	const struct notification *n = dispatch->notification;
	return n->urgent && n->incident && incident_kind_is_life_safety(n->incident->kind);
}

#define LEAVE_TOGETHER 16 /* letters: the first of a thousand waits for none not written yet */

static void release_some(struct app *app, bool first, bool unlogged, struct wording *wording,
                         struct moment now)
{
	uint32_t written = 0;
	for (uint32_t i = 0; i < app->site_count; i++) {
		const struct plan *plan = &app->sites[i].plan;
		for (uint32_t k = plan->dispatches_released; k < plan->dispatch_count; k++) {
			if (goes_first(&plan->dispatches[k]) != first)
				continue;
			post_letter(app, app->sites[i].site,
			            &(struct posting){.dispatch = plan->dispatches[k],
			                              .wording = wording,
			                              .unlogged = unlogged},
			            now);
			if (++written % LEAVE_TOGETHER == 0)
				courier_hurry(app->courier);
		}
	}
}

static bool any_letter(const struct app *app)
{
	for (uint32_t i = 0; i < app->site_count; i++)
		if (app->sites[i].plan.dispatch_count > app->sites[i].plan.dispatches_released)
			return true;
	return false;
}

static bool is_over(void *ctx, const char *site_id, uint64_t number)
{
	const struct site_slot *slot = app_site(ctx, site_id);
	const struct notification *n = slot ? site_notification(slot->site, number) : NULL;
	return !n || !notification_is_wanted(n);
}

static void release_letters(struct app *app, bool unlogged, struct moment now)
{
	if (!any_letter(app))
		return;
	struct wording wording = {0};
	release_some(app, true, unlogged, &wording, now);
	release_some(app, false, unlogged, &wording, now);
	wording_finish(&wording);
	courier_drop_overtaken(app->courier, is_over);
	courier_hurry(app->courier);
	for (uint32_t i = 0; i < app->site_count; i++)
		app->sites[i].plan.dispatches_released = app->sites[i].plan.dispatch_count;
}

static void release_publishes(struct app *app, struct moment now)
{
	showing_changed(app, now);
	switching_changed(app);
	introduce_changed(app);
	showing_goes_on(app, true);
}

static void start_afresh(struct app *app)
{
	for (uint32_t i = 0; i < app->site_count; i++) {
		figures_count(&app->figures, app->sites[i].site, &app->sites[i].plan);
		plan_reset(&app->sites[i].plan, app->sites[i].site);
		site_settle(app->sites[i].site);
	}
}

static void release(struct app *app, struct moment now)
{
	troubles_before_release(app, now);
	release_letters(app, false, now);
	release_publishes(app, now);
	record_publish_heads(app, true);
	broker_release(app->broker);
	answering_release(app, NULL);
	start_afresh(app);
	http_committed(app->http);
}

/* The disk fails: alarms are pushed from memory, nothing is acknowledged. */
static void release_unlogged(struct app *app, struct moment now, bool news)
{
	release_letters(app, true, now);
	if (news && app_voice(app) != app->broker) {
		showing_changed(app, now);
		switching_changed(app);
	}
	if (app_voice(app) != app->broker)
		showing_goes_on(app, false);
	answering_release(app, &app->failure);
	if (!broker_held(app->broker))
		broker_release(app->broker); /* a ping or a subscription: acknowledges nothing */
}

/* ---- the turn ---- */

static void on_alarm(uv_timer_t *alarm)
{
	app_want_turn(alarm->data);
}

static void set_alarm(struct app *app, struct moment now)
{
	steady_ms next = troubles_next(app), store = store_due(app);
	if (app_disk_is_well(app) && store < next)
		next = store;
	for (uint32_t i = 0; i < app->site_count; i++) {
		steady_ms due = site_next_deadline(app->sites[i].site);
		next = due < next ? due : next;
	}
	if (next == NEVER) {
		uv_timer_stop(&app->alarm);
		return;
	}
	uint64_t wait = next > now.steady ? (uint64_t)(next - now.steady) : 0;
	uv_update_time(&app->loop);
	/* Boot time counts suspended time and libuv's does not: look at least once a minute. */
	uv_timer_start(&app->alarm, on_alarm, wait < 60000 ? wait : 60000, 0);
}

/* While the disk fails it is not tried at every turn: what is held only grows. */
static int commit_if_due(struct app *app, struct moment now, struct problem *why)
{
	bool failing = !app_disk_is_well(app);
	if (failing && now.steady < app->retry_commit)
		return -EIO;
	if (!anything_to_commit(app, now))
		return 0;
	app->held_at_recovery = app_held_entries(app);
	int64_t start = clock_stopwatch_ns();
	int r = commit(app, now, why);
	if (r < 0)
		disk_failed(app, why, now, (clock_stopwatch_ns() - start) / 1000000);
	return r;
}

/* What the thread has worked since the last look went into this stage. */
static void stage_ends(struct app *app, enum stage stage)
{
	int64_t now = clock_cpu_ns();
	app->counters.cpu_ns[stage] += now - app->cpu_then;
	app->cpu_then = now;
}

void app_turn(struct app *app)
{
	struct moment now;
	struct clock_jump jump;
	struct problem why = {0};
	uv_idle_stop(&app->wake);
	stage_ends(app, STAGE_GATHER);
	if (clock_now(&app->clock, &now, &jump))
		decide_jump(app, &jump, now);
	decide(app, now);
	app->inbox.count = 0;
	arena_reset(&app->inbox.arena);
	stage_ends(app, STAGE_DECIDE);

	app->counters.turns++;
	int r = commit_if_due(app, now, &why);
	stage_ends(app, STAGE_COMMIT);
	if (r < 0) {
		uint32_t held = app_held_entries(app);
		release_unlogged(app, now, held != app->held_before);
		app->held_before = held;
		troubles_while_failing(app, now);
	} else {
		release(app, now);
		troubles_after_commit(app, now);
	}
	lane_after_turn(app, now);
	ahead_after_turn(app, now);
	set_alarm(app, now);
	watchdog_after_turn(app);
	app_release_retired(app);
	app_stop_if_done(app);
	stage_ends(app, STAGE_RELEASE);
}
