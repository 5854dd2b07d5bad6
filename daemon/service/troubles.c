/* What is wrong with the service itself, and how it goes on meanwhile.
 *
 * The disk fails. Alarms are pushed from memory, marked unlogged, and nothing is acknowledged to
 * the broker. That alone would end soon: with its window full of unacknowledged messages the broker
 * sends nothing more, and without pings (any write would release the acks) it ends the link. So a
 * second connection listens, at QoS 0 and without a session: it is acknowledged nothing and may
 * ping. Once it hears, the session is put down, and the broker keeps for it all that was and is
 * said. When the disk is back, what is held is committed first; then the session is taken up
 * again, brings everything once more, and what is known already is dropped.
 *
 * The broker is gone for a minute: nobody would hear an alarm, and somebody must know. */
#include "app.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "store/unlogged.h"

#define COMMIT_RETRY SECONDS(1)
#define COMMIT_RETRY_SHARE 10     /* trying takes a tenth of the time at most */
#define WATCH_OVERLAP SECONDS(2)  /* what was on its way to the session has arrived by then */
#define RESERVE_RETRY SECONDS(10) /* until the disk has room for the reserve again */

static void trouble(struct app *app, const char *subject, bool active, const char *detail)
{
	inbox_add(app, ITEM_TROUBLE)->trouble = (struct trouble){
	        .subject = subject, .active = active, .detail = detail};
}

static void fact(struct app *app, enum service_event type, struct text *data)
{
	struct item *item = inbox_add(app, ITEM_FACT);
	item->fact = (struct service_fact){.type = type,
	                                   .data = arena_copy(&app->inbox.arena, text_get(data))};
	text_finish(data);
}

bool app_disk_is_well(const struct app *app)
{
	return app->failing_since == NEVER;
}

uint32_t app_held_entries(const struct app *app)
{
	uint32_t held = 0;
	for (uint32_t i = 0; i < app->site_count; i++)
		held += app->sites[i].plan.entry_count;
	return held;
}

bool app_holds_too_much(const struct app *app)
{
	return !app_disk_is_well(app) && app_held_entries(app) > app->held_max;
}

struct broker *app_voice(const struct app *app)
{
	bool watches = !app_disk_is_well(app) && app->watch && !app->watch_tries &&
	               broker_is_connected(app->watch);
	return watches ? app->watch : app->broker;
}

/* ---- the second connection ---- */

static void on_watch_connected(void *ctx, bool session_present)
{
	struct app *app = ctx;
	(void)session_present;
	showing_all(app);
	switching_changed(app);
}

static void on_watch_lost(void *ctx, const char *why)
{
	struct app *app = ctx;
	app->watching_since = NEVER;
	log_warn("while the record cannot be written: no connection to the broker: %s", why);
}

static void on_watch_wants_release(void *ctx)
{
	app_want_turn(ctx);
}

static void on_watch_published(void *ctx, int receipt)
{
	(void)receipt;
	if (showing_waits(ctx))
		app_want_turn(ctx);
}

/* ---- whether there can be one ---- */

/* A broker that gives one client id to all that log in with one name (as deploy/mosquitto does)
 * would take a second connection for the session, and one that keeps nothing
 * would end that, with all that waits in it. So the first try comes as a session itself, which
 * spares the other's queue, and asks for nothing: to be greeted as one that is known tells. */
static void on_try_connected(void *ctx, bool session_present)
{
	struct app *app = ctx;
	app->second = session_present ? SECOND_TAKES_OVER : SECOND_TAKEN;
	if (session_present)
		log_error("the broker takes a second connection for the session: while the record "
		          "cannot be written, no more alarms are heard than it sends without an "
		          "acknowledgement (max_inflight_messages); an account for it alone mends "
		          "that (broker.own_accounts)");
	app_want_turn(app);
}

static void on_try_message(void *ctx, const struct broker_message *message)
{
	(void)ctx, (void)message; /* the session's: never acknowledged here, so it comes again */
}

static void begin_to_try(struct app *app)
{
	static const struct broker_callbacks callbacks = {.message = on_try_message,
	                                                  .connected = on_try_connected,
	                                                  .disconnected = on_watch_lost,
	                                                  .wants_release = on_watch_wants_release};
	struct broker_options options = app->config->broker;
	struct problem why;
	options.client_id = app->watch_id;
	options.username = app->config->unlogged_username;
	options.status_topic = options.extra_filter = NULL;
	if (broker_open(&app->loop, &options, NULL, 0, &callbacks, app, &app->watch, &why) < 0)
		log_error("no second connection to the broker: %s", why.text);
	app->watch_tries = app->watch != NULL;
}

static void stop_watching(struct app *app)
{
	broker_close(app->watch);
	app->watch = NULL;
	app->watch_tries = false;
}

/* True once it is known that there can be one. broker.lane says that the broker tells them apart.
 */
static bool may_watch(struct app *app)
{
	if (app->config->broker_lane && app->second == SECOND_UNTRIED)
		app->second = SECOND_TAKEN;
	if (app->second == SECOND_UNTRIED && !app->watch && !app->stopping)
		begin_to_try(app);
	if (app->watch_tries && app->second == SECOND_UNTRIED)
		broker_release(app->watch);
	else if (app->watch_tries)
		stop_watching(app);
	return app->second == SECOND_TAKEN;
}

static void begin_to_watch(struct app *app)
{
	static const struct broker_callbacks callbacks = {.message = on_message,
	                                                  .connected = on_watch_connected,
	                                                  .disconnected = on_watch_lost,
	                                                  .wants_release = on_watch_wants_release,
	                                                  .published = on_watch_published};
	if (app->watch || app->stopping)
		return;
	struct broker_options options = app->config->broker;
	struct problem why;
	size_t count;
	char **filters = app_make_filters(app, &count);
	options.client_id = app->watch_id;
	options.username = app->config->unlogged_username;
	options.status_topic = options.extra_filter = NULL;
	options.only_watches = true;
	app->watching_since = NEVER;
	if (broker_open(&app->loop, &options, (const char *const *)filters, count, &callbacks, app,
	                &app->watch, &why) < 0)
		log_error("no second connection to the broker: %s", why.text);
	app_free_filters(filters, count);
}

static void rest(struct app *app, struct moment now)
{
	broker_rest(app->broker, true);
	lane_session_cut(app);
	ahead_session_cut(&app->ahead);
	if (app->broker_up)
		app->deaf_from = now.wall;
	app->broker_up = false;
}

/* What was left with the broker came over a link that has its ack queued: without that link it was
 * never acknowledged, and comes again. */
void troubles_before_release(struct app *app, struct moment now)
{
	if (!app->left_behind)
		return;
	app->left_behind = false;
	rest(app, now);
	broker_rest(app->broker, false);
}

/* While the disk fails: once the second connection hears, the session rests. */
static void keep_watching(struct app *app, struct moment now)
{
	if (may_watch(app))
		begin_to_watch(app);
	if (!app->watch || app->watch_tries)
		return;
	if (!broker_is_listening(app->watch))
		app->watching_since = NEVER;
	else if (app->watching_since == NEVER)
		app->watching_since = now.steady;
	if (app->watching_since != NEVER && now.steady >= app->watching_since + WATCH_OVERLAP)
		rest(app, now);
	broker_release(app->watch);
}

/* The disk is back: the second connection stays until the session hears again. */
static void end_watching(struct app *app)
{
	if (!app->watch)
		return;
	broker_rest(app->broker, false);
	if (app->watch_tries || broker_is_listening(app->broker)) {
		stop_watching(app);
	} else {
		broker_release(app->watch);
	}
}

/* ---- the disk ---- */

void disk_failed(struct app *app, const struct problem *why, struct moment now, span_ms took)
{
	if (app_disk_is_well(app)) {
		app->failing_since = now.steady;
		app->was_unlogged = true;
		unlogged_mark(app->config->store_path);
		log_error("the record cannot be written: %s; alarms are pushed unlogged",
		          why->text);
		struct text data = {0};
		json_open(&data, NULL, '{');
		json_put_string(&data, "why", why->text);
		json_close(&data, '}');
		fact(app, STORE_FAILED, &data);
	}
	app->failure = *why;
	span_ms pause = took * COMMIT_RETRY_SHARE;
	app->retry_commit = now.steady + (pause > COMMIT_RETRY ? pause : COMMIT_RETRY);
}

static void disk_recovered(struct app *app, struct moment now)
{
	struct text data = {0};
	json_open(&data, NULL, '{');
	json_put_int(&data, "unwritten_ms", now.steady - app->failing_since);
	json_put_int(&data, "held_entries", app->held_at_recovery);
	json_put_string(&data, "why", app->failure.text);
	json_close(&data, '}');
	fact(app, STORE_RECOVERED, &data);
	log_info("the record can be written again after %lld ms; all that was held is in it",
	         (long long)(now.steady - app->failing_since));
	app->failing_since = NEVER;
	app->retry_reserve = now.steady;
}

static void say_store_trouble(struct app *app)
{
	bool on_reserve = !store_has_reserve(app->store);
	bool troubled = on_reserve || !app_disk_is_well(app);
	enum told_state wanted = troubled ? TOLD_TROUBLED : TOLD_WELL;
	if (app->store_told == wanted)
		return;
	app->store_told = wanted;
	if (on_reserve && app_disk_is_well(app))
		log_warn("the disk is full: the record goes on in the reserve that was kept for "
		         "this; make room");
	trouble(app, "store", troubled,
	        on_reserve ? "磁盘已满 · the disk is full" : app->failure.text);
}

static void refill_reserve(struct app *app, struct moment now)
{
	if (store_has_reserve(app->store) || !app_disk_is_well(app) ||
	    now.steady < app->retry_reserve)
		return;
	app->retry_reserve = now.steady + RESERVE_RETRY;
	if (store_keep_reserve(app->store) == 0)
		log_info("the disk has room again: the reserve is kept anew");
}

/* ---- the broker ---- */

static bool somebody_listens(const struct app *app)
{
	return broker_is_listening(app->broker) || (app->watch && broker_is_listening(app->watch));
}

static void watch_broker(struct app *app, struct moment now)
{
	if (somebody_listens(app)) {
		app->deaf_since = NEVER;
		if (app->broker_told != TOLD_WELL)
			trouble(app, "broker", false, NULL);
		app->broker_told = TOLD_WELL;
		return;
	}
	if (app->deaf_since == NEVER)
		app->deaf_since = now.steady;
	if (app->broker_told == TOLD_TROUBLED ||
	    now.steady < app->deaf_since + app->config->broker_trouble_after)
		return;
	app->broker_told = TOLD_TROUBLED;
	log_error("no connection to the broker for %lld s: no sensor is heard",
	          (long long)((now.steady - app->deaf_since) / 1000));
	trouble(app, "broker", true, NULL);
}

/* ---- each turn ---- */

void troubles_after_commit(struct app *app, struct moment now)
{
	if (!app_disk_is_well(app))
		disk_recovered(app, now);
	if (app->was_unlogged) /* what any life pushed is in the record, or left out of its numbers
	                        */
		unlogged_forget(app->config->store_path);
	app->was_unlogged = false;
	refill_reserve(app, now);
	end_watching(app);
	say_store_trouble(app);
	if (!app->stopping)
		watch_broker(app, now);
}

void troubles_while_failing(struct app *app, struct moment now)
{
	keep_watching(app, now);
	say_store_trouble(app);
	if (!app->stopping)
		watch_broker(app, now);
}

static steady_ms sooner(steady_ms a, steady_ms b)
{
	return a < b ? a : b;
}

steady_ms troubles_next(const struct app *app)
{
	steady_ms next = NEVER;
	if (!app_disk_is_well(app))
		next = app->retry_commit;
	else if (!store_has_reserve(app->store))
		next = app->retry_reserve;
	if (app->deaf_since != NEVER && app->broker_told != TOLD_TROUBLED)
		next = sooner(next, app->deaf_since + app->config->broker_trouble_after);
	return sooner(next, lane_next(app));
}
