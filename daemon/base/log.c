#include "base/log.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"

static struct {
	const char *program;
	int debug, journald;
} log_to = {.program = "tocsin"};

/* The variable may be inherited by who writes elsewhere: systemd.exec(5). */
static int is_journal(const char *stream)
{
	struct stat here;
	char name[64];
	if (!stream || fstat(STDERR_FILENO, &here) < 0)
		return 0;
	snprintf(name, sizeof name, "%ju:%ju", (uintmax_t)here.st_dev, (uintmax_t)here.st_ino);
	return strcmp(stream, name) == 0;
}

void log_start(const char *program, int debug)
{
	log_to.program = program;
	log_to.debug = debug;
	log_to.journald = is_journal(getenv("JOURNAL_STREAM"));
	setvbuf(stderr, NULL, _IOLBF, 0);
}

void log_line(enum log_level level, const char *format, ...)
{
	static const char *const names[] = {"error", "warning", "info", "debug"};
	static const int syslog_levels[] = {3, 4, 6, 7};
	if (level == LOG_DEBUG_LEVEL && !log_to.debug)
		return;
	char raw[2048];
	va_list args;
	va_start(args, format);
	vsnprintf(raw, sizeof raw, format, args);
	va_end(args);
	text_trim_utf8(raw);

	/* A newline from outside must not forge a second line. */
	struct text line = {0};
	text_add_escaped(&line, raw, strlen(raw));
	if (log_to.journald) {
		fprintf(stderr, "<%d>%s\n", syslog_levels[level], text_get(&line));
	} else {
		struct timespec now;
		struct tm local;
		char stamp[32];
		clock_gettime(CLOCK_REALTIME, &now);
		localtime_r(&now.tv_sec, &local);
		strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &local);
		fprintf(stderr, "%s.%03ld %s %s: %s\n", stamp, now.tv_nsec / 1000000,
		        log_to.program, names[level], text_get(&line));
	}
	text_finish(&line);
}
