/* Another configuration, while the service runs: taken whole, or not at all. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "app.h"
#include "base/log.h"

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_login(const struct broker_options *a, const struct broker_options *b)
{
	return same_text(a->username, b->username) && same_text(a->password, b->password) &&
	       same_text(a->ca_file, b->ca_file) && same_text(a->cert_file, b->cert_file) &&
	       same_text(a->key_file, b->key_file);
}

static bool same_sites(const struct app *app, const struct service_config *config)
{
	if (config->site_count != app->site_count)
		return false;
	for (uint32_t i = 0; i < config->site_count; i++)
		if (!app_site(app, config->sites[i]->id))
			return false;
	return true;
}

/* What is opened once: the part of the files whose change only a restart brings about, or NULL. */
static const char *needs_restart(const struct app *app, const struct service_config *b)
{
	const struct service_config *a = app->config;
	if (!same_text(a->store_path, b->store_path))
		return "store.path";
	if (!same_text(a->http.host, b->http.host) || a->http.port != b->http.port)
		return "http.listen";
	if (!same_text(a->broker.host, b->broker.host) || a->broker.port != b->broker.port ||
	    a->broker.tls != b->broker.tls)
		return "broker.url";
	if (!same_text(a->broker.client_id, b->broker.client_id))
		return "broker.client_id";
	return same_sites(app, b) ? NULL : "list of sites";
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

/* The broker keeps the session, and sends again what was not acknowledged. False, and said: these
 * can never be used. */
static bool take_login(struct app *app, const struct broker_options *options)
{
	struct problem why = {0};
	if (same_login(&app->config->broker, options))
		return true;
	if (broker_use(app->broker, options, &why) < 0) {
		log_error("not reloaded: %s", why.text);
		return false;
	}
	log_info("another login at the broker: connecting anew");
	app_session_gone(app, "another login");
	return true;
}

static void put_in_force(struct app *app, struct service_config *config)
{
	struct moment now = app_now(app);
	for (uint32_t i = 0; i < config->site_count; i++)
		site_redefine(app_site(app, config->sites[i]->id)->site, config->sites[i], now);
	/* Letters under way and the open connections still point into the old one. */
	MEM_RESERVE(app->retired, app->retired_count, app->retired_cap);
	app->retired[app->retired_count++] = app->config;
	app->config = config;
	hearing_begin(app);
	size_t count;
	char **filters = app_make_filters(app, &count);
	broker_resubscribe(app->broker, (const char *const *)filters, count);
	app_free_filters(filters, count);
	lane_reload(app);
	http_reload(app->http, &config->http);
	heartbeat_start(app);
	introduce_all(app);
	record_configured(app);
}

void app_reload(struct app *app)
{
	struct service_config *config = NULL;
	struct text report = {0};
	const char *other = NULL;
	watchdog_reloading();
	/* What has arrived is decided by the rules under which it came. */
	app_turn(app);
	int r = config_load(app->config_path, CONFIG_DAEMON, &config, &report);
	if (r < 0) {
		app_log_report(LOG_ERROR_LEVEL, &report);
		log_error("the configuration was not reloaded: the old one stays in force");
	} else if (!app_disk_is_well(app)) {
		log_error("not reloaded while the record cannot be written: try again later");
		config_destroy(config);
	} else if ((other = needs_restart(app, config))) {
		log_error("not reloaded: another %s needs a restart; the old configuration stays "
		          "in force",
		          other);
		config_destroy(config);
	} else if (!take_login(app, &config->broker)) {
		config_destroy(config);
	} else {
		app_log_report(LOG_WARN_LEVEL, &report);
		put_in_force(app, config);
		log_info("configuration reloaded");
	}
	watchdog_reloaded();
	text_finish(&report);
}

/* An older configuration goes once nothing on its way points into it. */
void app_release_retired(struct app *app)
{
	if (!app->retired_count || courier_in_flight(app->courier))
		return;
	for (uint32_t i = 0; i < app->retired_count; i++)
		config_destroy(app->retired[i]);
	app->retired_count = 0;
}
