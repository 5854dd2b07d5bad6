/* The operator's command, `tocsin`: what it can do, how its line is read, and the running of it.
 *
 * Reading commands open the store themselves (never writing), so they work beside the daemon and
 * without it; what changes something is asked of the daemon over HTTP, because only the daemon
 * decides. Configuration is loaded by the caller, between the two calls:
 *
 *     if (!command_parse(argc, argv, &line, stdout, stderr, &code))
 *             return code;
 *     ... load line.options[OPTION_CONFIG], fill a context ...
 *     return command_run(&context, &line);
 */
#ifndef TOCSIN_REVIEW_COMMAND_COMMAND_H
#define TOCSIN_REVIEW_COMMAND_COMMAND_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/problem.h"
#include "base/text.h"
#include "decide/model.h"

enum exit_code { /* the contract's */
	         EXIT_DONE = 0,
	         EXIT_FAILED = 1,
	         EXIT_USAGE = 2,
	         EXIT_CONFIG = 78,
};

enum option {
	OPTION_CONFIG,
	OPTION_HELP,
	OPTION_VERSION,
	OPTION_STATE,
	OPTION_SITE,
	OPTION_KIND,
	OPTION_SINCE,
	OPTION_UNTIL,
	OPTION_LIMIT,
	OPTION_BY,
	OPTION_TO,
	OPTION_OUTCOME,
	OPTION_NOTE,
	OPTION_ZONE,
	OPTION_AT,
	OPTION_DEVICE,
	OPTION_TYPE,
	OPTION_INCIDENT,
	OPTION_FOLLOW,
	OPTION_JSON,
	OPTION_HEAD,
	OPTION_KEY,
	OPTION_NEW,
	OPTION_FORMAT,
	OPTION_LANGUAGE,
	OPTION_FOR,
	OPTION_FORCE,
	OPTION_UNANNOUNCED,
	OPTION_UNTESTED,
	OPTION_FROM,
	OPTION_PERSON,
	OPTION_WHY,
	OPTION_WEEK,
	OPTION_GAPS,
	OPTION_WEEKS,
	OPTION_WAIT,
	OPTION_FILE,
	OPTION_UNKNOWN,
	OPTION_ALL,
	OPTION_LIVE,
	OPTION_BROKER,
	OPTION_USER,
	OPTION_PASSWORD_FILE,
	OPTION_STORE,
	OPTION_COUNT,
};

#define COMMAND_ARGUMENTS_MAX 4

struct profiles;
struct heard_message;

/* What is wanted of a broker while it speaks; strings are borrowed. */
struct live {
	const char *const *filters;
	uint32_t filter_count;
	const char *broker, *user, *password_file; /* NULL: as the service file says */
	span_ms lasts;                             /* 0: until somebody interrupts */
	bool (*message)(void *ctx, const struct heard_message *); /* false: no more is wanted */
	void *ctx;
};

/* What a command may know; everything is borrowed and outlives command_run. */
struct command_context {
	const char *config_path;
	const char *store_path;
	/* Base URL of the daemon on this machine, without a slash at the end; NULL: a store alone
	 * is read, perhaps without any site. */
	const char *api;
	const char *token; /* NULL where no token could be read; never shown */
	struct site_def *const *sites;
	uint32_t site_count;
	bool partial; /* there may be more: a file is wrong, or a store alone is read */
	/* Compiled; of those that are not heard perhaps the name alone, */
	struct profiles *profiles;
	bool (*fill_profiles)(void *ctx); /* until this has read them; false: one is wrong */
	wall_ms now;
	const char *language; /* "zh-CN" or "en": of the person who reads */
	bool colour;
	bool on_page; /* not at a terminal: notes keep their lines, people go by their names */
	FILE *out, *err;
	/* Configuration is another house, too: how a site's file in a record is read (store.h). */
	struct site_def *(*read_site)(const char *text);
	/* The whole of it, valid until the command ends; NULL: it cannot be read. */
	const struct site_def *(*in_force)(void *ctx, const char *text);
	void *in_force_ctx;
	/* Hears a broker live: 0, or a negative errno and why. The network of the daemon's own
	 * broker is another house than this one, so that the program brings it along. */
	int (*listen)(void *ctx, const struct live *, struct problem *why);
	void *service_ctx; /* of fill_profiles and of listen */
};

struct invocation;

struct command {
	const char *name;
	const char *also;      /* another name it goes by, or NULL */
	const char *arguments; /* as the usage line shows them, or "" */
	uint32_t arguments_min, arguments_max;
	uint64_t needs, takes; /* bit per enum option; needs is part of takes */
	bool alone;            /* needs no configuration */
	bool alone_with_file;  /* nor where it reads a file, its argument or --file */
	bool tells_sites;      /* what it tells is in the site files */
	uint64_t unless;       /* an option with which nothing else is needed */
	const char *summary;   /* one line */
	const char *details;   /* what it does, for somebody who has never used it */
	const char *examples;  /* lines without the leading "  tocsin " */
	int (*run)(const struct command_context *, const struct invocation *);
};

struct invocation { /* borrows from argv */
	const struct command *command;
	const char *first_config; /* the first --config where several are given, else NULL */
	const char *options[OPTION_COUNT]; /* NULL: not given; "" for a given flag */
	const char *arguments[COMMAND_ARGUMENTS_MAX];
	uint32_t argument_count;
};

/* Reads the command line; options may stand anywhere. True: run it. False: everything is said
 * (help on out, complaints with a hint on err) and *code is how to end. */
bool command_parse(int argc, char *const *argv, struct invocation *line, FILE *out, FILE *err,
                   int *code);

/* Whether the line needs no configuration: what it reads is a file that it names, perhaps of
 * somebody else, or nothing. The context then has no service, no sites and no names. */
bool command_stands_alone(const struct invocation *);

/* Runs what was read; returns the exit code. A reader of out that has gone away is no failure. */
int command_run(const struct command_context *, const struct invocation *);

/* Where the daemon answers for a client on the same machine: an address that means "all" becomes
 * the loopback one, IPv6 gets its brackets. */
void command_write_base_url(struct text *, const char *host, int port);

#endif
