/* tocsin-month: writes a busy month into the store of a configuration.
 *
 *     tocsin-month --config FILE [--seed N] [--days N] [--entries N]
 *                  [--copy-to FILE --copy-after DAYS]
 *
 * Nothing is synced: it is made for tests and for measuring, not to outlive a power failure. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "month.h"

int fsync(int fd)
{
	(void)fd;
	return 0;
}

int fdatasync(int fd)
{
	(void)fd;
	return 0;
}

static uint64_t number(const char *words)
{
	int64_t out = 0;
	if (text_parse_int(words, &out) < 0 || out < 0) {
		fprintf(stderr, "tocsin-month: '%s' is no number\n", words);
		exit(2);
	}
	return (uint64_t)out;
}

int main(int argc, char **argv)
{
	struct month month = {.seed = 1, .days = 30};
	const char *path = NULL;
	for (int i = 1; i + 1 < argc; i += 2) {
		if (strcmp(argv[i], "--config") == 0)
			path = argv[i + 1];
		else if (strcmp(argv[i], "--seed") == 0)
			month.seed = number(argv[i + 1]);
		else if (strcmp(argv[i], "--days") == 0)
			month.days = (int)number(argv[i + 1]);
		else if (strcmp(argv[i], "--entries") == 0)
			month.entries = number(argv[i + 1]);
		else if (strcmp(argv[i], "--copy-to") == 0)
			month.copy_to = argv[i + 1];
		else if (strcmp(argv[i], "--copy-after") == 0)
			month.copy_after = (int)number(argv[i + 1]);
	}
	if (!path) {
		fputs("usage: tocsin-month --config FILE [--seed N] [--days N] [--entries N]\n",
		      stderr);
		return 2;
	}
	log_start("tocsin-month", 0);
	struct service_config *config;
	struct text report = {0};
	struct month_facts facts;
	struct problem why = {0};
	int code = 1;
	if (config_load(path, CONFIG_COMMAND, &config, &report) < 0)
		fputs(text_get(&report), stderr);
	else if (month_write(config, &month, &facts, &why) < 0)
		fprintf(stderr, "tocsin-month: %s\n", why.text);
	else
		code = 0;
	if (code == 0)
		printf("{\"entries\":%llu,\"turns\":%llu,\"incidents\":%llu,\"operations\":%llu,"
		       "\"starts\":%llu,\"until_ms\":%lld}\n",
		       (unsigned long long)facts.entries, (unsigned long long)facts.turns,
		       (unsigned long long)facts.incidents, (unsigned long long)facts.operations,
		       (unsigned long long)facts.starts, (long long)facts.until);
	text_finish(&report);
	if (code == 0)
		config_destroy(config);
	return code;
}
