/* tocsind: options and exit codes. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "app.h"
#include "base/log.h"

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_CONFIG = 78 };

static const char help[] =
        "tocsind - the Tocsin alarm service\n"
        "\n"
        "usage: tocsind --config FILE [--check] [--debug]\n"
        "\n"
        "Listens to sensors over MQTT, decides by the site's rules, writes everything\n"
        "to its record, tells people over webhooks until somebody has taken charge.\n"
        "Runs in the foreground and logs to stderr.\n"
        "\n"
        "  -c, --config FILE  the service file (see schemas/tocsin.schema.json)\n"
        "      --check        read the whole configuration, print every problem as\n"
        "                     file:line:column, and end: 0 good, 78 not; a good one may\n"
        "                     have lines with 'warning:', such as a duty with a gap\n"
        "      --debug        log more\n"
        "  -h, --help         this text\n"
        "  -V, --version      the version\n"
        "\n"
        "signals: SIGHUP reloads (a bad file is refused whole; another store.path,\n"
        "http.listen, broker.url or broker.client_id needs a restart), SIGTERM ends\n"
        "cleanly.\n"
        "exit codes: 0 done, 1 it failed, 2 wrong usage, 78 bad configuration.\n"
        "\n"
        "example: tocsind --config /etc/tocsin/tocsin.yaml --check\n";

static int check_only(const char *path)
{
	struct service_config *config = NULL;
	struct text report = {0};
	int r = config_load(path, CONFIG_CHECK, &config, &report);
	fputs(text_get(&report), stderr);
	text_finish(&report);
	config_destroy(config);
	return r < 0 ? EXIT_CONFIG : EXIT_DONE;
}

/* Each push under way and each open console has a file of its own: as many as the system allows. */
static void open_many_files(void)
{
	struct rlimit files;
	if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max) {
		files.rlim_cur = files.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &files);
	}
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
	        {"config", required_argument, NULL, 'c'}, {"check", no_argument, NULL, 'k'},
	        {"debug", no_argument, NULL, 'd'},        {"help", no_argument, NULL, 'h'},
	        {"version", no_argument, NULL, 'V'},      {NULL, 0, NULL, 0}};
	const char *config = NULL;
	bool check = false, debug = false;
	for (int o; (o = getopt_long(argc, argv, "c:hV", options, NULL)) != -1;) {
		switch (o) {
		case 'c':
			config = optarg;
			break;
		case 'k':
			check = true;
			break;
		case 'd':
			debug = true;
			break;
		case 'h':
			fputs(help, stdout);
			return EXIT_DONE;
		case 'V':
			puts("tocsind " TOCSIN_VERSION);
			return EXIT_DONE;
		default:
			fputs("try: tocsind --help\n", stderr);
			return EXIT_USAGE;
		}
	}
	if (!config || optind < argc) {
		fprintf(stderr, "tocsind: %s\nusage: tocsind --config FILE [--check]\n",
		        config ? "too many arguments" : "--config FILE is missing");
		return EXIT_USAGE;
	}
	umask(0077); /* the record is nobody else's to read */
	open_many_files();
	signal(SIGPIPE, SIG_IGN);
	log_start("tocsind", debug);
	return check ? check_only(config) : app_run(config);
}
