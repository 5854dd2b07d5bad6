/* What the command line says, and what every way of running needs of it. */
#ifndef TOCSIN_SENSORS_SETTINGS_H
#define TOCSIN_SENSORS_SETTINGS_H

#include <stdbool.h>

#include "base/clock.h"
#include "client.h"

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

struct settings {
	const char *broker, *user, *password_file, *ca_file, *cert_file, *key_file;
	const char *site, *device, *kind, *state, *id, *value, *time, *status, *keep;
	const char *sign_key_file;
	const char *wait, *as, *scenario, *speed, *load, *rate, *lasts, *alarms, *zone;
	bool test, no_ack, print, lines, json, help, version;
};

/* Says what is wrong with the command line; returns EXIT_USAGE. */
__attribute__((format(printf, 1, 2))) int usage(const char *format, ...);

/* The one line of a file that holds a secret; heap. 0, or EXIT_USAGE, said. */
int settings_secret(const char *option, const char *path, char **out);

struct sensor_system;
/* 0, or EXIT_USAGE, said. Untouched where the option is not given. */
int settings_system(const struct settings *, const struct sensor_system **out);
int settings_span(const char *option, const char *text, span_ms *out);
int settings_number(const char *option, const char *text, double least, double most, double *out);

/* The ways of running; they return an exit code. */
int by_hand(const struct settings *, const struct sender_options *);
int play(const struct settings *, const struct sender_options *);
int put_load(const struct settings *, const struct sender_options *);

#endif
