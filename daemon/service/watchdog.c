/* What the service manager is told: ready, reloading, stopping, one line of status; and the sign
 * of life without which it ends us and starts us again.
 *
 * A sign of life means that a new start would make nothing better. It leaves at the end of a turn
 * only, after the store was written to (or has said why not, which troubles.c deals with), and
 * while the session with the broker is up or on its way. A broker that is away and a disk that is
 * full are troubles of theirs: to end would lose what is held in memory and mend neither. A loop
 * that stands, a commit that does not come back, a session that neither is nor tries: those a new
 * start can mend. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#include "app.h"
#include "base/library.h"

#define FEEDS_PER_SPAN 3 /* signs of life within the manager's span */

/* What speaks with the manager. Where there is none, as in most containers, it stays away. */
#define FUNCTIONS(X)                                                                               \
	X(sd_notify)                                                                               \
	X(sd_watchdog_enabled)

static struct {
	FUNCTIONS(LIBRARY_MEMBER)
} manager;

static bool open_library(void)
{
#define FIND(function) {#function, &manager.function},
	static const struct library_function functions[] = {FUNCTIONS(FIND)};
	struct problem why;
	if (library_open("libsystemd.so.0", functions, sizeof functions / sizeof *functions,
	                 &why) == 0)
		return true;
	log_warn("the service manager is not told how it stands here: %s", why.text);
	return false;
}

static void tell(const char *state)
{
	if (manager.sd_notify)
		(void)!manager.sd_notify(0, state);
}

static void on_watchdog(uv_timer_t *timer)
{
	struct app *app = timer->data;
	app->watchdog_asks = true;
	app_want_turn(app);
}

/* Ready means: what is open is known again, the start is on disk, the console answers. It does not
 * wait for the broker: a broker that is away must not keep the house from starting. */
void watchdog_start(struct app *app)
{
	uint64_t span = 0; /* µs */
	const char *socket = getenv("NOTIFY_SOCKET");
	app->supervised = socket && *socket && open_library();
	tell("READY=1");
	if (app->supervised && manager.sd_watchdog_enabled(0, &span) > 0) {
		uint64_t every = span / 1000 / FEEDS_PER_SPAN;
		every = every ? every : 1;
		uv_timer_start(&app->watchdog, on_watchdog, every, every);
	}
}

void watchdog_reloading(void)
{
	char state[64];
	snprintf(state, sizeof state, "RELOADING=1\nMONOTONIC_USEC=%" PRId64,
	         clock_stopwatch_ns() / 1000);
	tell(state);
}

void watchdog_reloaded(void)
{
	tell("READY=1");
}

void watchdog_stopping(void)
{
	tell("STOPPING=1");
}

bool watchdog_is_content(const struct app *app)
{
	return broker_is_resting(app->broker) || broker_is_alive(app->broker);
}

static const char *state_of(const struct app *app)
{
	if (!app_disk_is_well(app))
		return "the record cannot be written";
	return app->broker_up ? "listening" : "no connection to the broker";
}

static void tell_status(struct app *app)
{
	char line[sizeof app->status_told];
	uint32_t open = 0;
	for (uint32_t i = 0; i < app->site_count; i++)
		open += app->sites[i].site->incident_count;
	snprintf(line, sizeof line, "STATUS=%s; %u site%s, %u incident%s not resolved\n",
	         state_of(app), app->site_count, app->site_count == 1 ? "" : "s", open,
	         open == 1 ? "" : "s");
	if (strcmp(line, app->status_told) == 0)
		return;
	memcpy(app->status_told, line, sizeof line);
	tell(line);
}

void watchdog_after_turn(struct app *app)
{
	if (!app->supervised)
		return;
	tell_status(app);
	if (app->watchdog_asks && watchdog_is_content(app))
		tell("WATCHDOG=1");
	app->watchdog_asks = false;
}
