/* tocsin: the operator's command. Reads its line, loads the configuration, hands over to the
 * table of commands (review/command/). */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "config/config.h"
#include "listen.h"
#include "review/command/command.h"

#define CONFIG_DEFAULT "/etc/tocsin/tocsin.yaml"

/* The first of the three that is set decides, as in the C library. */
static const char *reader_language(void)
{
	static const char *const variables[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
	for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
		const char *value = getenv(variables[i]);
		if (value && *value)
			return strncmp(value, "zh", 2) == 0 ? "zh-CN" : "en";
	}
	return "en";
}

static bool wants_colour(void)
{
	const char *terminal = getenv("TERM"), *no_colour = getenv("NO_COLOR");
	return isatty(STDOUT_FILENO) && !(no_colour && *no_colour) &&
	       !(terminal && strcmp(terminal, "dumb") == 0);
}

static wall_ms wall_now(void)
{
	struct clock clock;
	struct moment now;
	clock_start(&clock, NULL, NULL);
	clock_now(&clock, &now, NULL);
	return now.wall;
}

static int load(const char *named, const char **path, struct service_config **out)
{
	struct text report = {0};
	*path = named ? named : CONFIG_DEFAULT;
	int r = config_load(*path, CONFIG_COMMAND, out, &report);
	fputs(text_get(&report), stderr);
	if (r < 0 && !named)
		fputs("tocsin: another configuration is named with --config FILE\n", stderr);
	else if (r == 0 && (*out)->partial)
		fputs("tocsin: warning: going on without the files that are wrong\n", stderr);
	text_finish(&report);
	return r;
}

static bool fill_profiles(void *ctx)
{
	struct text report = {0};
	int r = config_fill_profiles(ctx, &report);
	fputs(text_get(&report), stderr);
	text_finish(&report);
	return r == 0;
}

/* ---- configurations that were in force, as the record has them ---- */

struct recorded {
	const char *path; /* of the service file there is now */
	struct service_config **items;
	uint32_t count, cap;
};

static const struct site_def *load_recorded(void *ctx, const char *text)
{
	struct recorded *recorded = ctx;
	struct service_config *config;
	if (config_load_recorded(recorded->path, text, &config) < 0)
		return NULL;
	MEM_RESERVE(recorded->items, recorded->count, recorded->cap);
	recorded->items[recorded->count++] = config;
	return config->sites[0];
}

static void recorded_finish(struct recorded *recorded)
{
	for (uint32_t i = 0; i < recorded->count; i++)
		config_destroy(recorded->items[i]);
	free(recorded->items);
}

/* Without any configuration, hence without names. */
static int run_alone(const struct invocation *line)
{
	const struct command_context context = {.store_path = line->options[OPTION_STORE],
	                                        .partial = true,
	                                        .now = wall_now(),
	                                        .language = reader_language(),
	                                        .colour = wants_colour(),
	                                        .read_site = config_read_recorded,
	                                        .out = stdout,
	                                        .err = stderr};
	return command_run(&context, line);
}

int main(int argc, char **argv)
{
	struct invocation line;
	struct service_config *config = NULL, *first = NULL;
	struct text api = {0};
	const char *path;
	int code;
	log_start("tocsin", 0);
	signal(SIGPIPE, SIG_IGN); /* a reader that has seen enough is no failure */
	if (!command_parse(argc, argv, &line, stdout, stderr, &code))
		return code;
	if (command_stands_alone(&line))
		return run_alone(&line);
	if (load(line.options[OPTION_CONFIG], &path, &config) < 0)
		return EXIT_CONFIG;
	const char *store_path = line.options[OPTION_STORE];
	store_path = store_path ? store_path : config->store_path;
	if (line.first_config) {
		/* The record is the first one's; what is tried on it is the last one's. */
		const char *first_path;
		if (load(line.first_config, &first_path, &first) < 0) {
			config_destroy(config);
			return EXIT_CONFIG;
		}
		store_path = first->store_path;
	}
	struct recorded recorded = {.path = path};
	command_write_base_url(&api, config->http.host, config->http.port);
	const struct command_context context = {
	        .config_path = path,
	        .store_path = store_path,
	        .api = line.options[OPTION_STORE] ? NULL : text_get(&api),
	        .token = config->local_token,
	        .sites = config->sites,
	        .site_count = config->site_count,
	        .partial = config->partial,
	        .profiles = &config->profiles,
	        .now = wall_now(),
	        .language = reader_language(),
	        .colour = wants_colour(),
	        .out = stdout,
	        .err = stderr,
	        .fill_profiles = fill_profiles,
	        .listen = listen_live,
	        .service_ctx = config,
	        .in_force = load_recorded,
	        .in_force_ctx = &recorded,
	};
	code = command_run(&context, &line);
	recorded_finish(&recorded);
	config_destroy(config);
	config_destroy(first);
	text_finish(&api);
	return code;
}
