/* Puts the service together, and takes it apart again. Callbacks here only gather. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app.h"
#include "base/json.h"
#include "base/log.h"
#include "receive/signals_signed.h"

#define STOP_GRACE_MS 2000   /* for pushes under way, and a record that cannot be written */
#define LAST_TRIES 4         /* to write the record; each waits for a foreign lock */
#define WORKER_GRACE_MS 1000 /* for a worker: a dead name server may hold it up for a minute */

/* ---- what arrives ---- */

/* Copies one level of a topic; returns what follows it, or NULL. */
static const char *topic_level(const char *topic, char out[ID_MAX + 1])
{
	const char *slash = strchr(topic, '/');
	size_t len = slash ? (size_t)(slash - topic) : 0;
	if (!len || len > ID_MAX)
		return NULL;
	memcpy(out, topic, len);
	out[len] = '\0';
	return slash + 1;
}

const struct device *app_device_of_topic(const struct app *app, const char *topic,
                                         const char **what)
{
	char site_id[ID_MAX + 1], device_id[ID_MAX + 1];
	if (strncmp(topic, "tocsin/", 7) != 0)
		return NULL;
	const char *rest = topic_level(topic + 7, site_id);
	if (!rest || strncmp(rest, "device/", 7) != 0)
		return NULL;
	*what = topic_level(rest + 7, device_id);
	const struct site_slot *slot = *what ? app_site(app, site_id) : NULL;
	uint32_t device = slot ? site_def_device(slot->site->def, device_id) : POSITION_NONE;
	return device == POSITION_NONE ? NULL : &slot->site->def->devices[device];
}

/* Its kind in the site file raises fire, gas or panic. */
bool device_is_of_life_safety(const struct device *device)
{
	return device->kind < KIND_COUNT &&
	       incident_kind_is_life_safety(kind_facts[device->kind].raises);
}

void on_message(void *ctx, const struct broker_message *message)
{
	struct app *app = ctx;
	const char *what;
	const struct device *device = app_device_of_topic(app, message->topic, &what);
	struct item *item = inbox_add(app, ITEM_MESSAGE);
	item->first = device && device_is_of_life_safety(device);
	struct arena *arena = &app->inbox.arena;
	item->message = *message;
	item->message.topic = arena_copy(arena, message->topic);
	/* One byte more than is allowed tells the decoder enough of what is too long. */
	bool is_signed = device && device_details(device)->signing;
	size_t most = is_signed ? SIGNED_MAX : MESSAGE_MAX, kept = message->len;
	if (kept > most && profiles_take_list(&app->config->profiles, message->topic))
		most = LIST_MAX;
	if (kept > most)
		kept = most + 1;
	item->message.bytes = arena_copy_len(arena, message->bytes, kept);
	item->message.len = kept;
	item->message.cut = message->len - kept;
}

static void on_session_message(void *ctx, const struct broker_message *message)
{
	if (!lane_hears_echo(ctx, message))
		on_message(ctx, message);
}

static void add_fact(struct app *app, enum service_event type, const char *data)
{
	struct item *item = inbox_add(app, ITEM_FACT);
	item->fact = (struct service_fact){.type = type,
	                                   .data = arena_copy(&app->inbox.arena, data)};
}

static void on_connected(void *ctx, bool session_present)
{
	struct app *app = ctx;
	app->broker_up = true;
	bool lost = !session_present && app->deaf_from;
	if (session_present) {
		sites_recall(app);
		ahead_session_cut(
		        &app->ahead); /* what it had brought before, and was decided since */
	} else {
		ahead_forget(&app->ahead);
		lane_session_lost(app);
	}
	wall_ms now = app_now(app).wall;
	struct text data = {0};
	json_open(&data, NULL, '{');
	json_put_bool(&data, "session_kept", session_present);
	if (lost) {
		json_open(&data, "may_have_missed", '{');
		json_put_time(&data, "from", app->deaf_from);
		json_put_time(&data, "until", now);
		json_close(&data, '}');
	}
	json_close(&data, '}');
	add_fact(app, BROKER_CONNECTED, text_get(&data));
	text_finish(&data);
	if (lost)
		log_warn("connected to the broker, which has lost the session: what was sent in "
		         "the %lld s before may have been missed",
		         (long long)((now - app->deaf_from) / 1000));
	else
		log_info("connected to the broker%s",
		         session_present ? "; the session was kept" : "; a new session");
	app->deaf_from = 0;
	showing_begins_anew(app);
	showing_all(app);
	switching_connected(app);
	introduce_all(app);
	record_publish_heads(app, false);
}

static void on_published(void *ctx, int receipt)
{
	switching_confirmed(ctx, receipt);
	showing_confirmed(ctx, receipt);
	if (showing_waits(ctx))
		app_want_turn(ctx);
}

void app_session_gone(struct app *app, const char *why)
{
	struct text data = {0};
	if (!app->broker_up)
		return;
	app->broker_up = false;
	lane_session_cut(app);
	ahead_session_cut(&app->ahead);
	app->deaf_from = app_now(app).wall;
	json_open(&data, NULL, '{');
	json_put_string(&data, "why", why);
	json_close(&data, '}');
	add_fact(app, BROKER_DISCONNECTED, text_get(&data));
	text_finish(&data);
}

static void on_disconnected(void *ctx, const char *why)
{
	struct app *app = ctx;
	if (app->broker_up || !app->stopping)
		log_warn("no connection to the broker: %s", why);
	app_session_gone(app, why);
}

static void on_wants_release(void *ctx)
{
	app_want_turn(ctx);
}

static void on_result(void *ctx, const char *site_id, const struct delivery_result *result)
{
	struct app *app = ctx;
	if (!site_id && result->notification)
		refreshing_answered(app);
	else if (!site_id)
		heartbeat_result(app, result);
	if (!site_id)
		return;
	if (result->verdict == VERDICT_ACCEPTED)
		refreshing_accepted(app, site_id, result);
	struct item *item = inbox_add(app, ITEM_RESULT);
	item->site = arena_copy(&app->inbox.arena, site_id);
	item->result = *result;
	item->result.detail = arena_copy(&app->inbox.arena, result->detail);
}

static const char *const *copy_list(struct arena *arena, const char *const *list, uint32_t count)
{
	const char **copy = ARENA_ARRAY(arena, const char *, count);
	for (uint32_t i = 0; i < count; i++)
		copy[i] = arena_copy(arena, list[i]);
	return copy;
}

static int on_submit(void *ctx, const char *site_id, const struct operation *op,
                     operation_done done, void *done_ctx)
{
	struct app *app = ctx;
	if (site_id && !app_site(app, site_id))
		return -ENOENT;
	struct item *item = inbox_add(app, ITEM_OPERATION);
	struct arena *arena = &app->inbox.arena;
	item->site = arena_copy(arena, site_id);
	item->done = done;
	item->done_ctx = done_ctx;
	item->operation = *op;
	item->operation.by = arena_copy(arena, op->by);
	item->operation.actor = arena_copy(arena, op->actor);
	item->operation.via = arena_copy(arena, op->via);
	item->operation.incident = arena_copy(arena, op->incident);
	item->operation.note = arena_copy(arena, op->note);
	item->operation.to = arena_copy(arena, op->to);
	item->operation.zone = arena_copy(arena, op->zone);
	item->operation.device = arena_copy(arena, op->device);
	item->operation.standing = arena_copy(arena, op->standing);
	item->operation.post = arena_copy(arena, op->post);
	item->operation.people = copy_list(arena, op->people, op->people_count);
	item->operation.zones = copy_list(arena, op->zones, op->zone_count);
	return 0;
}

static void on_check(uv_check_t *check)
{
	struct app *app = check->data;
	if (uv_is_active((uv_handle_t *)&app->wake))
		app_turn(app);
}

/* ---- what the HTTP side asks ---- */

static const struct site *review_site(void *ctx, const char *site_id)
{
	struct site_slot *slot = app_site(ctx, site_id);
	return slot ? slot->site : NULL;
}

static const struct site *review_site_at(void *ctx, uint32_t i)
{
	struct app *app = ctx;
	return i < app->site_count ? app->sites[i].site : NULL;
}

struct moment app_now(const struct app *app)
{
	struct clock look = app->clock; /* a jump is the turn's to notice */
	struct moment now;
	clock_now(&look, &now, NULL);
	return now;
}

static struct moment review_now(void *ctx)
{
	return app_now(ctx);
}

bool app_is_ready(const struct app *app, struct problem *why)
{
	if (!app_disk_is_well(app))
		return problem_set(why, 0, "the record cannot be written: %s", app->failure.text);
	if (!app->broker_up)
		return problem_set(why, 0, "no connection to the broker");
	if (!broker_is_listening(app->broker))
		return problem_set(why, 0, "the broker has not confirmed the subscriptions");
	return true;
}

static bool review_ready(void *ctx, struct problem *why)
{
	return app_is_ready(ctx, why);
}

static bool review_store_writable(void *ctx, struct problem *why)
{
	const struct app *app = ctx;
	if (!app_disk_is_well(app))
		*why = app->failure;
	return app_disk_is_well(app);
}

static bool review_broker_connected(void *ctx)
{
	return ((struct app *)ctx)->broker_up;
}

/* ---- putting it together ---- */

static int open_store(struct app *app, struct problem *why)
{
	struct clock_anchor anchor;
	span_ms downtime = 0;
	int r = store_open(app->config->store_path, STORE_WRITE, &app->store, why);
	if (r == 0)
		r = keys_open(app->config->store_path, &app->keys, why);
	if (r < 0)
		return r;
	keys_derive(&app->keys, "acknowledge link", app->link_key);
	bool known = store_anchor(app->store, &anchor);
	if (known)
		app->deaf_from = anchor.moment.wall;
	clock_start(&app->clock, known ? &anchor : NULL, &downtime);
	r = sites_load(app, why);
	store_loaded(app->store);
	if (r == 0)
		r = record_start(app, known, downtime, why);
	return r;
}

/* What to subscribe to: each site's devices, and our own incident topics (app.c says why). */
char **app_make_filters(const struct app *app, size_t *count)
{
	struct filters filters = {0};
	static const char *const endings[] = {"device/+/event", "device/+/status", "incident/+"};
	for (uint32_t i = 0; i < app->site_count; i++)
		for (int k = 0; k < 3; k++) {
			struct text filter = {0};
			text_addf(&filter, "tocsin/%s/%s", app->sites[i].site->def->id, endings[k]);
			MEM_RESERVE(filters.items, filters.count, filters.cap);
			filters.items[filters.count++] = text_take(&filter);
		}
	introduce_filters(app, &filters);
	hearing_filters(app, &filters);
	*count = filters.count;
	return filters.items;
}

void app_free_filters(char **filters, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(filters[i]);
	free(filters);
}

static int open_network(struct app *app, struct problem *why)
{
	static const struct broker_callbacks callbacks = {.message = on_session_message,
	                                                  .connected = on_connected,
	                                                  .disconnected = on_disconnected,
	                                                  .wants_release = on_wants_release,
	                                                  .published = on_published};
	app->review = (struct review_service){.ctx = app,
	                                      .store = app->store,
	                                      .submit = on_submit,
	                                      .remember = app_remember,
	                                      .site = review_site,
	                                      .site_at = review_site_at,
	                                      .now = review_now,
	                                      .ready = review_ready,
	                                      .broker_connected = review_broker_connected,
	                                      .store_writable = review_store_writable,
	                                      .metrics = app_write_metrics};
	memcpy(app->review.link_key, app->link_key, sizeof app->link_key);
	int r = courier_open(&app->loop, on_result, app, &app->courier, why);
	if (r == 0)
		r = recall_sent(app, why);
	if (r == 0)
		r = http_open(&app->loop, &app->config->http, &app->review, &app->http, why);
	if (r < 0)
		return r;
	struct text id = {0};
	text_addf(&id, "%s-unlogged", app->config->broker.client_id);
	app->watch_id = text_take(&id);
	text_addf(&id, "%s-lane", app->config->broker.client_id);
	app->lane.id = text_take(&id);
	hearing_begin(app);
	size_t count;
	char **filters = app_make_filters(app, &count);
	r = broker_open(&app->loop, &app->config->broker, (const char *const *)filters, count,
	                &callbacks, app, &app->broker, why);
	app_free_filters(filters, count);
	lane_reload(app);
	if (r == 0)
		heartbeat_start(app);
	if (r == 0)
		r = refreshing_start(app, why);
	return r;
}

static void on_reload(uv_signal_t *handle, int signal_number)
{
	(void)signal_number;
	app_reload(handle->data);
}

/* ---- the end ---- */

static void close_handle(uv_handle_t *handle, void *ctx)
{
	(void)ctx;
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

static void on_grace_over(uv_timer_t *timer)
{
	((struct app *)timer->data)->grace_over = true;
	app_want_turn(timer->data);
}

static void on_stop(uv_signal_t *handle, int signal_number)
{
	struct app *app = handle->data;
	if (app->stopping)
		return;
	app->stopping = true;
	log_info("stopping: %s", signal_number == SIGTERM ? "SIGTERM" : "SIGINT");
	watchdog_stopping();
	app->retry_commit = 0; /* what is held is tried at once, and again at the end */
	uv_timer_start(&app->grace, on_grace_over, STOP_GRACE_MS, 0);
	app_want_turn(app);
}

void app_stop_if_done(struct app *app)
{
	bool done = !courier_in_flight(app->courier) && app_disk_is_well(app);
	if (app->stopping && (app->grace_over || done))
		uv_stop(&app->loop);
}

static void on_waited(uv_timer_t *timer)
{
	uv_stop(timer->loop);
}

static void close_handles(struct app *app)
{
	/* Handles that are closing get their turn first; whatever is left is ours. */
	uv_run(&app->loop, UV_RUN_NOWAIT);
	uv_walk(&app->loop, close_handle, NULL);
	uv_timer_t wait;
	uv_timer_init(&app->loop, &wait);
	uv_timer_start(&wait, on_waited, WORKER_GRACE_MS, 0);
	uv_unref((uv_handle_t *)&wait);
	uv_run(&app->loop, UV_RUN_DEFAULT);
	uv_close((uv_handle_t *)&wait, NULL);
	uv_run(&app->loop, UV_RUN_NOWAIT);
	app->held_up = uv_loop_close(&app->loop) < 0;
}

/* What devices said was not acknowledged to the broker, and comes again. */
static void tell_of_loss(const struct app *app)
{
	uint32_t operations = 0, incidents = 0;
	for (uint32_t i = 0; i < app->site_count; i++) {
		const struct plan *plan = &app->sites[i].plan;
		incidents += plan->incident_count;
		for (uint32_t k = 0; k < plan->entry_count; k++)
			operations += strcmp(plan->entries[k].type, "operator") == 0;
	}
	log_error("stopped, and the record could not be written: %s; lost: operations %u, "
	          "incidents %u, entries %u; what people did has to be done again",
	          app->failure.text, operations, incidents, app_held_entries(app));
}

static void turn_last(struct app *app)
{
	add_fact(app, SERVICE_STOPPED, NULL);
	app->unwritten = true;
	for (int i = 0; i < LAST_TRIES && app->unwritten; i++) {
		app->retry_commit = 0;
		app_turn(app);
		app->unwritten = !app_disk_is_well(app);
	}
	if (app->unwritten)
		tell_of_loss(app);
}

void app_close(struct app *app)
{
	if (app->broker && app->courier && app->http)
		turn_last(app);
	/* That was the last turn: another would reach into what is closed below. */
	uv_check_stop(&app->check);
	http_close(app->http);
	broker_close(app->watch);
	lane_finish(app);
	broker_close(app->broker);
	courier_close(app->courier);
	close_handles(app);
	sites_finish(app);
	store_close(app->store);
	for (uint32_t i = 0; i < app->retired_count; i++)
		config_destroy(app->retired[i]);
	config_destroy(app->config);
	signals_finish(&app->signals);
	hearing_end(app);
	ahead_forget(&app->ahead);
	arena_finish(&app->inbox.arena);
	showing_finish(app);
	refreshing_finish(app);
	switching_forget(app);
	free(app->receipts);
	free(app->watch_id);
	free(app->retired);
	free(app->inbox.items);
	free(app->answers);
	remembering_forget(app);
	free(app->memories);
}

static void open_loop(struct app *app)
{
	uv_loop_init(&app->loop);
	uv_check_init(&app->loop, &app->check);
	uv_idle_init(&app->loop, &app->wake);
	uv_timer_init(&app->loop, &app->alarm);
	uv_timer_init(&app->loop, &app->grace);
	uv_timer_init(&app->loop, &app->heartbeat);
	uv_timer_init(&app->loop, &app->refresh);
	uv_timer_init(&app->loop, &app->watchdog);
	uv_signal_init(&app->loop, &app->stop[0]);
	uv_signal_init(&app->loop, &app->stop[1]);
	uv_signal_init(&app->loop, &app->reload);
	app->check.data = app->alarm.data = app->grace.data = app->heartbeat.data = app;
	app->refresh.data = app->watchdog.data = app;
	app->stop[0].data = app->stop[1].data = app->reload.data = app;
	uv_check_start(&app->check, on_check);
	uv_signal_start(&app->stop[0], on_stop, SIGTERM);
	uv_signal_start(&app->stop[1], on_stop, SIGINT);
	uv_signal_start(&app->reload, on_reload, SIGHUP);
}

/* Opens the loop, the record and the network; the caller runs the loop and closes in any case. */
int app_open(struct app *app, struct problem *why)
{
	open_loop(app);
	int r = open_store(app, why);
	return r < 0 ? r : open_network(app, why);
}

#define HELD_MAX 50000 /* entries: some 30 MiB */

int app_load_config(struct app *app, const char *path)
{
	struct text report = {0};
	app->failing_since = app->watching_since = app->deaf_since = NEVER;
	app->held_max = HELD_MAX;
	app->config_path = path;
	int r = config_load(path, CONFIG_DAEMON, &app->config, &report);
	if (r == 0)
		r = config_make_tokens(app->config, &report);
	if (r < 0)
		fputs(text_get(&report), stderr);
	else
		app_log_report(LOG_WARN_LEVEL, &report);
	text_finish(&report);
	return r;
}

/* What is asked for while the files are read waits until the loop can hear it. */
static void hold_signals(int how)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	pthread_sigmask(how, &set, NULL);
}

int app_run(const char *config_path)
{
	struct app app = {0};
	struct problem why = {0};
	hold_signals(SIG_BLOCK);
	if (app_load_config(&app, config_path) < 0)
		return 78;
	int r = app_open(&app, &why);
	hold_signals(SIG_UNBLOCK);
	if (r < 0) {
		log_error("%s", why.text);
	} else {
		log_info("tocsin %s: %u site%s, console at %s", TOCSIN_VERSION, app.site_count,
		         app.site_count == 1 ? "" : "s", app.config->http.public_url);
		app_turn(&app);
		watchdog_start(&app);
		mem_trim(); /* what reading the files and the record took */
		uv_run(&app.loop, UV_RUN_DEFAULT);
	}
	app_close(&app);
	int code = r < 0 || app.unwritten ? 1 : 0;
	if (code == 0)
		log_info("stopped");
	if (app.held_up)
		_exit(code); /* exit() would wait for the worker, too */
	return code;
}
