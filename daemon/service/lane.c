/* The lane of life-safety devices: a second connection on which an alarm waits behind no telemetry.
 *
 * The session (receive/broker.h) brings everything, and what it has not brought is not
 * acknowledged: that nothing is lost rests on it alone. But it is a queue, and when telemetry
 * floods it an alarm stands at its end. So what life-safety devices say is heard on a second
 * connection as well, for which the broker keeps nothing; whichever brings a message first, the
 * other's copy is its echo and changes nothing (receive/echoes.h). Both are acknowledged once it is
 * on disk.
 *
 * Overtaking must not turn a device's words round. What the session still holds from before the
 * lane was there is older than what the lane brings. So a mark is said, a message of our own that
 * both bring: from the mark on, both bring the same. The lane's words behind it are kept back until
 * the session has brought it too, and only then are they taken.
 *
 * A broker that gives all that log in with one name one client id would take the lane for the
 * session, and end that with its queue. So the lane first comes as a session itself, which spares
 * the other's queue, and asks for nothing until a mark said since then has come back over the
 * session; a session that breaks meanwhile puts the lane off for an hour. (Where such
 * brokers are usual, with mqtts://, there is a lane only if `broker.lane` says so, or if it has an
 * account of its own, `broker.own_accounts`.)
 *
 * Whenever either breaks, or the disk fails, everything goes over the session, as without a lane.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app.h"
#include "base/log.h"

#define LANE_DEVICES_MAX 10000
#define LANE_RETRY SECONDS(10)
#define LANE_GIVES_UP HOURS(1)
#define MARK_EVERY SECONDS(10) /* while echoes are awaited */
#define KEPT_BACK_MAX 4096     /* messages; with more, the next mark begins anew */

static bool is_on_lane(const struct device *device)
{
	return !device->profile && device_is_of_life_safety(device);
}

/* ---- what the lane listens to ---- */

static uint32_t count_devices(const struct app *app)
{
	uint32_t count = 0;
	for (uint32_t i = 0; i < app->site_count; i++) {
		const struct site_def *def = app->sites[i].site->def;
		for (uint32_t k = 0; k < def->device_count; k++)
			count += is_on_lane(&def->devices[k]);
	}
	return count;
}

static void add_filter(struct filters *out, struct text *topic)
{
	MEM_RESERVE(out->items, out->count, out->cap);
	out->items[out->count++] = text_take(topic);
}

static struct filters filters_of_lane(const struct app *app)
{
	struct filters filters = {0};
	struct text topic = {0};
	for (uint32_t i = 0; i < app->site_count; i++) {
		const struct site_def *def = app->sites[i].site->def;
		for (uint32_t k = 0; k < def->device_count; k++) {
			if (!is_on_lane(&def->devices[k]))
				continue;
			const char *id = def->devices[k].id;
			text_addf(&topic, "tocsin/%s/device/%s/event", def->id, id);
			add_filter(&filters, &topic);
			text_addf(&topic, "tocsin/%s/device/%s/status", def->id, id);
			add_filter(&filters, &topic);
		}
	}
	text_add(&topic, app->lane.topic);
	add_filter(&filters, &topic);
	return filters;
}

/* ---- marks ---- */

static void say_mark(struct app *app, struct moment now)
{
	struct lane *lane = &app->lane;
	struct text mark = {0};
	lane->mark++;
	text_addf(&mark, "%lld %u", (long long)lane->life, lane->mark);
	if (broker_publish(app->broker, lane->topic, text_get(&mark), mark.len, 1, false))
		app_want_turn(app);
	lane->marked_at = now.steady;
	text_finish(&mark);
}

/* The number of a mark of this life; 0: another's. */
static uint32_t read_mark(const struct lane *lane, const struct broker_message *message)
{
	char text[48];
	char *end;
	if (message->retained || message->len >= sizeof text)
		return 0;
	memcpy(text, message->bytes, message->len);
	text[message->len] = '\0';
	if (strtoll(text, &end, 10) != lane->life || *end != ' ')
		return 0;
	unsigned long mark = strtoul(end, &end, 10);
	return !*end && mark <= lane->mark ? (uint32_t)mark : 0;
}

static void forget_kept_back(struct lane *lane)
{
	lane->kept_count = 0;
	arena_reset(&lane->arena);
}

static void take_kept_back(struct app *app)
{
	struct lane *lane = &app->lane;
	for (uint32_t i = 0; i < lane->kept_count; i++) {
		const struct broker_message *message = &lane->kept[i];
		(void)!echoes_is_news(&lane->echoes, STREAM_LANE, message->topic, message->bytes,
		                      message->len, true);
		on_message(app, message);
	}
	forget_kept_back(lane);
}

static void opens(struct app *app)
{
	struct lane *lane = &app->lane;
	lane->stage = LANE_OPEN;
	log_info("life-safety devices are heard on a connection of their own, too");
	take_kept_back(app);
}

static void comes_to_mark(struct app *app, enum stream stream, uint32_t mark)
{
	struct lane *lane = &app->lane;
	if (lane->stage == LANE_PROVING && stream == STREAM_SESSION && mark == lane->mark) {
		lane->proven = true;
		lane->broken = true; /* and is opened anew, without a session */
	}
	if (lane->stage < LANE_MARKED || mark < lane->first_mark)
		return;
	echoes_mark(&lane->echoes, stream, mark);
	lane->marked[stream] = true;
	if (lane->stage == LANE_MARKED && lane->marked[!stream])
		opens(app);
}

/* ---- what comes ---- */

static bool is_topic_of_lane(const struct app *app, const char *topic)
{
	const char *what;
	const struct device *device = app_device_of_topic(app, topic, &what);
	return device && is_on_lane(device) &&
	       (strcmp(what, "event") == 0 || strcmp(what, "status") == 0);
}

bool lane_hears_echo(struct app *app, const struct broker_message *message)
{
	struct lane *lane = &app->lane;
	if (strcmp(message->topic, lane->topic) == 0) {
		uint32_t mark = read_mark(lane, message);
		if (mark)
			comes_to_mark(app, STREAM_SESSION, mark);
		app_want_turn(app);
		return true;
	}
	bool open = lane->stage >= LANE_MARKED && lane->marked[STREAM_SESSION];
	if (message->retained || (!open && !echoes_are_awaited(&lane->echoes)) ||
	    !is_topic_of_lane(app, message->topic))
		return false;
	bool echo = !echoes_is_news(&lane->echoes, STREAM_SESSION, message->topic, message->bytes,
	                            message->len, open);
	if (echo)
		app_want_turn(app); /* in which it is acknowledged */
	return echo;
}

static void keep_back(struct lane *lane, const struct broker_message *message)
{
	if (lane->kept_count == KEPT_BACK_MAX) {
		lane->broken = true;
		return;
	}
	MEM_RESERVE(lane->kept, lane->kept_count, lane->kept_cap);
	struct broker_message *kept = &lane->kept[lane->kept_count++];
	*kept = *message;
	kept->topic = arena_copy(&lane->arena, message->topic);
	kept->bytes = arena_copy_len(&lane->arena, message->bytes, message->len);
}

static void on_lane_message(void *ctx, const struct broker_message *heard)
{
	struct app *app = ctx;
	struct lane *lane = &app->lane;
	struct broker_message message = *heard;
	message.by_lane = true;
	if (strcmp(message.topic, lane->topic) == 0) {
		uint32_t mark = read_mark(lane, &message);
		if (mark)
			comes_to_mark(app, STREAM_LANE, mark);
		return;
	}
	if (lane->broken || message.retained || !is_topic_of_lane(app, message.topic))
		return;
	lane->holds = true;
	if (!lane->marked[STREAM_LANE])
		return; /* the session brings it before the mark */
	if (lane->stage != LANE_OPEN)
		keep_back(lane, &message);
	else if (echoes_is_news(&lane->echoes, STREAM_LANE, message.topic, message.bytes,
	                        message.len, true))
		on_message(app, &message);
	if (echoes_are_too_many(&lane->echoes))
		lane->broken = true;
}

static void on_lane_connected(void *ctx, bool session_present)
{
	(void)session_present;
	app_want_turn(ctx);
}

static void on_lane_lost(void *ctx, const char *why)
{
	struct app *app = ctx;
	app->lane.broken = true;
	log_info("the connection of life-safety devices alone is gone: %s", why);
	app_want_turn(app);
}

static void on_lane_wants_release(void *ctx)
{
	app_want_turn(ctx);
}

/* ---- its life ---- */

static void open_lane(struct app *app, struct moment now)
{
	static const struct broker_callbacks callbacks = {.message = on_lane_message,
	                                                  .connected = on_lane_connected,
	                                                  .disconnected = on_lane_lost,
	                                                  .wants_release = on_lane_wants_release};
	struct lane *lane = &app->lane;
	struct broker_options options = app->config->broker;
	struct problem why;
	options.client_id = lane->id;
	options.username = app->config->lane_username;
	struct filters filters = {0};
	options.status_topic = options.extra_filter = NULL;
	options.no_session = lane->proven;
	if (lane->proven)
		filters = filters_of_lane(app);
	lane->retry = now.steady + LANE_RETRY;
	if (broker_open(&app->loop, &options, (const char *const *)filters.items, filters.count,
	                &callbacks, app, &lane->broker, &why) < 0)
		lane->broker = NULL; /* the session says why */
	app_free_filters(filters.items, filters.count);
	if (!lane->broker)
		return;
	broker_let_pass(app->broker, lane->broker);
	lane->stage = lane->proven ? LANE_JOINING : LANE_CALLING;
	lane->life = now.wall;
}

void lane_close(struct app *app)
{
	struct lane *lane = &app->lane;
	if (!lane->broker)
		return;
	broker_let_pass(app->broker, NULL);
	broker_close(lane->broker);
	lane->broker = NULL;
	lane->stage = LANE_CLOSED;
	lane->marked[0] = lane->marked[1] = false;
	lane->broken = lane->holds = false;
	forget_kept_back(lane);
	echoes_lane_cut(&lane->echoes);
}

void lane_session_cut(struct app *app)
{
	echoes_session_cut(&app->lane.echoes);
	app->lane.broken = true;
	app->lane.proven = false;
}

void lane_session_lost(struct app *app)
{
	lane_session_cut(app);
	echoes_finish(&app->lane.echoes);
}

void lane_reload(struct app *app)
{
	lane_close(app);
	app->lane.topic = app->config->broker.extra_filter;
	app->lane.devices = app->config->broker_lane ? count_devices(app) : 0;
	app->lane.retry = 0;
}

/* The lane has just called, and the session is gone: does the broker take one for the other? */
static void suspect(struct lane *lane, struct moment now)
{
	if (lane->stage != LANE_CALLING && lane->stage != LANE_PROVING)
		return;
	lane->retry = now.steady + LANE_GIVES_UP;
	log_warn("the session broke as a second connection was made; if the broker gives one "
	         "client id to all that log in with one name (use_username_as_clientid), give "
	         "this one its own (broker.own_accounts), or set broker.lane to false");
}

/* What the session brought is acknowledged, if it could be. */
static void note_acks(struct app *app)
{
	if (broker_is_connected(app->broker) && !broker_held(app->broker))
		echoes_acknowledged(&app->lane.echoes);
}

static void go_on(struct app *app, struct moment now)
{
	struct lane *lane = &app->lane;
	switch (lane->stage) {
	case LANE_CLOSED:
		break;
	case LANE_CALLING:
		if (broker_is_connected(lane->broker)) {
			lane->stage = LANE_PROVING;
			say_mark(app, now);
		}
		break;
	case LANE_PROVING:
		break; /* comes_to_mark */
	case LANE_JOINING:
		if (broker_is_listening(lane->broker)) {
			lane->stage = LANE_MARKED;
			say_mark(app, now);
			lane->first_mark = lane->mark;
		}
		break;
	case LANE_MARKED:
	case LANE_OPEN:
		if (echoes_are_awaited(&lane->echoes) && now.steady >= lane->marked_at + MARK_EVERY)
			say_mark(app, now);
		break;
	}
}

void lane_after_turn(struct app *app, struct moment now)
{
	struct lane *lane = &app->lane;
	note_acks(app);
	if (lane->broker && !broker_is_connected(app->broker))
		suspect(lane, now);
	/* Who asked for nothing and is sent something is taken for the session. */
	bool misled = lane->broker && lane->stage < LANE_JOINING && broker_held(lane->broker);
	bool proven = lane->stage == LANE_PROVING && lane->proven;
	if (lane->broken || misled || !app_disk_is_well(app) || !broker_is_connected(app->broker))
		lane_close(app);
	lane->broken = false;
	if (!lane->broker && (proven || lane_next(app) <= now.steady))
		open_lane(app, now);
	if (!lane->broker)
		return;
	go_on(app, now);
	/* What it brought before it is open is not decided yet. */
	if (lane->stage == LANE_OPEN || !lane->holds)
		broker_release(lane->broker);
}

steady_ms lane_next(const struct app *app)
{
	const struct lane *lane = &app->lane;
	bool wanted = app_disk_is_well(app) && broker_is_listening(app->broker) && lane->devices &&
	              lane->devices <= LANE_DEVICES_MAX && !app->stopping;
	if (!lane->broker)
		return wanted ? lane->retry : NEVER;
	bool marks = lane->stage >= LANE_MARKED && echoes_are_awaited(&lane->echoes);
	return marks ? lane->marked_at + MARK_EVERY : NEVER;
}

void lane_finish(struct app *app)
{
	struct lane *lane = &app->lane;
	lane_close(app);
	echoes_finish(&lane->echoes);
	arena_finish(&lane->arena);
	free(lane->kept);
	free(lane->id);
}
