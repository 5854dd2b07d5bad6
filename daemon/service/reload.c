/* Another configuration, while the service runs: taken whole, or not at all. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "app.h"
#include "base/log.h"

static bool same_login(const struct broker_options *a, const struct broker_options *b)
{
	return text_same(a->username, b->username) && text_same(a->password, b->password) &&
	       text_same(a->ca_file, b->ca_file) && text_same(a->cert_file, b->cert_file) &&
	       text_same(a->key_file, b->key_file);
}

/* What is opened once: the part of the files whose change only a restart brings about, or NULL. */
static const char *needs_restart(const struct service_config *a, const struct service_config *b)
{
	if (!text_same(a->store_path, b->store_path))
		return "store.path";
	if (!text_same(a->http.host, b->http.host) || a->http.port != b->http.port)
		return "http.listen";
	if (!text_same(a->broker.host, b->broker.host) || a->broker.port != b->broker.port ||
	    a->broker.tls != b->broker.tls)
		return "broker.url";
	if (!text_same(a->broker.client_id, b->broker.client_id))
		return "broker.client_id";
	return NULL;
}

void app_log_report(enum log_level level, const struct text *report)
{
	const char *line = text_get(report);
	while (*line) {
		size_t len = strcspn(line, "\n");
		log_line(level, "%.*s", (int)len, line);
		line += len + (line[len] == '\n');
	}
}

/* The broker keeps the session, and sends again what was not acknowledged. */
static int take_login(struct app *app, const struct broker_options *options, struct problem *why)
{
	if (same_login(&app->config->broker, options))
		return 0;
	int r = broker_use(app->broker, options, why);
	if (r < 0)
		return r;
	log_info("another login at the broker: connecting anew");
	app_session_gone(app, "another login");
	return 0;
}

static void put_in_force(struct app *app, struct service_config *config, struct site_slot *slots)
{
	/* Letters under way still point into the old one. */
	MEM_RESERVE(app->retired, app->retired_count, app->retired_cap);
	app->retired[app->retired_count++] = app->config;
	app->config = config;
	store_keep_for(app->store, config->store_keep);
	sites_change(app, slots);
	hearing_begin(app);
	size_t count;
	char **filters = app_make_filters(app, &count);
	broker_resubscribe(app->broker, (const char *const *)filters, count);
	app_free_filters(filters, count);
	lane_reload(app);
	http_reload(app->http, &config->http);
	heartbeat_start(app);
	introduce_all(app);
}

/* Whatever can fail comes before anything is changed. */
static int take(struct app *app, struct service_config *config, struct text *report,
                struct problem *why)
{
	struct site_slot *slots = NULL;
	const char *other = needs_restart(app->config, config);
	if (other)
		return problem_set(why, -EINVAL, "another %s needs a restart", other);
	if (!app_disk_is_well(app))
		return problem_set(why, -EIO, "the record cannot be written: try again later");
	int r = sites_prepare(app, config, &slots, why);
	if (r == 0 && config_make_tokens(config, report) < 0)
		r = problem_set(why, -EINVAL, "a token cannot be made");
	if (r == 0)
		r = take_login(app, &config->broker, why);
	if (r == 0 && !sites_stop(app, config))
		r = problem_set(why, -EIO, "the record cannot be written: try again later");
	if (r == 0)
		put_in_force(app, config, slots);
	else if (slots)
		sites_put_back(app, slots, config->site_count);
	return r;
}

void app_reload(struct app *app)
{
	struct service_config *config = NULL;
	struct text report = {0};
	struct problem why = {0};
	watchdog_reloading();
	/* What has arrived is decided by the rules under which it came. */
	app_turn(app);
	int r = config_load(app->config_path, CONFIG_DAEMON, &config, &report);
	if (r == 0)
		r = take(app, config, &report, &why);
	else
		problem_set(&why, r, "the files are wrong");
	app_log_report(r < 0 ? LOG_ERROR_LEVEL : LOG_WARN_LEVEL, &report);
	if (r < 0) {
		log_error("not reloaded: %s; the old one stays in force", why.text);
		config_destroy(config);
	} else {
		log_info("configuration reloaded");
	}
	watchdog_reloaded();
	text_finish(&report);
}

/* Once nothing on its way points into it. */
void app_release_retired(struct app *app)
{
	if (!app->retired_count || courier_in_flight(app->courier) || http_holds_older(app->http))
		return;
	for (uint32_t i = 0; i < app->retired_count; i++)
		config_destroy(app->retired[i]);
	app->retired_count = 0;
	mem_trim();
}
