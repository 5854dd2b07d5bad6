/* YAML to checked structs: the service file and its site files. Every problem is found in one
 * run, each with file:line:column, what is wrong and what is allowed. */
#ifndef TOCSIN_CONFIG_CONFIG_H
#define TOCSIN_CONFIG_CONFIG_H

#include "base/mem.h"
#include "base/problem.h"
#include "base/text.h"
#include "decide/model.h"
#include "deliver/channel.h"
#include "deliver/template.h"
#include "receive/broker.h"
#include "receive/profile.h"
#include "review/http.h"

struct heartbeat { /* to the outside; url NULL: none */
	const char *url, *ca_file;
	bool private_net; /* the url's name may lead to a private address */
	span_ms every;
};

struct missing_token { /* whose file is not there yet */
	const char *path;
	uint32_t token;        /* position in http.tokens */
	uint32_t line, column; /* where the service file names it */
};

struct service_config {
	struct arena arena;
	const char *path; /* of the service file */
	struct broker_options broker;
	span_ms broker_trouble_after; /* without a connection for so long: a trouble incident */
	const char *home_assistant;   /* the prefix of its discovery; NULL: it is told nothing */
	const char *store_path;       /* resolved against the service file's folder */
	span_ms store_keep;
	struct http_options http;
	struct heartbeat heartbeat;
	/* What a client on this machine uses: the first token that may do most, in clear. */
	const char *local_token;
	enum role local_role;
	uint32_t missing_count;
	struct missing_token *missing;
	struct access_token *tokens; /* http.tokens */
	struct channel *channels;
	uint32_t channel_count;
	struct text_template *templates;
	uint32_t template_count;
	struct site_def **sites; /* each owns its arena */
	uint32_t site_count;
	bool broker_lane; /* life-safety devices are heard on a connection of their own, too */
	/* What the connections beside the session log in as: its own name, or with own_accounts
	 * NAME-lane and NAME-unlogged. */
	const char *lane_username, *unlogged_username;
	bool partial; /* what the other files say was left out (CONFIG_COMMAND) */
	/* Compiled; those are heard that a device or `listen` names, and only those are filled, and
	 * the user's own. */
	struct profiles profiles;
	char hash[65]; /* SHA-256 over all files, hex */
};

enum config_use {
	CONFIG_DAEMON, /* reads secrets, and warns where everybody can */
	CONFIG_CHECK,  /* reads secrets */
	/* For `tocsin`: a secret that cannot be read is no problem, and where a site's file or a
	 * profile's is wrong, which the report says, the rest is loaded. */
	CONFIG_COMMAND,
};

/* 0 and *out, or -EINVAL and the report: one "file:line:column: ..." a line, sorted by place.
 * -ENOENT where the service file itself cannot be read (the report says so). The report may hold
 * warnings ("...: warning: ...") on success. */
int config_load(const char *path, enum config_use, struct service_config **out,
                struct text *report) MUST_USE;
/* Reads the built-in profiles that nothing names, too: for who asks what a message may be. They
 * are to be compiled then. -EINVAL and the report where one is wrong. */
int config_fill_profiles(struct service_config *, struct text *report) MUST_USE;
/* Makes the token files that are missing: once nothing stands against this configuration any more.
 * -EINVAL and the report where one cannot be made. */
int config_make_tokens(struct service_config *, struct text *report) MUST_USE;
void config_destroy(struct service_config *); /* and its sites; NULL is fine */

/* A site's file as the record has its text, without its secrets: only its zones, its devices' names
 * and places, and its policies are read. Heap, for site_def_destroy; NULL: they cannot be. */
struct site_def *config_read_recorded(const char *text);
/* The service file with that text's site as its only one, whole but for the secrets: 0 and *out, or
 * a negative errno. */
int config_load_recorded(const char *path, const char *text, struct service_config **out) MUST_USE;

const struct channel *config_channel(const struct service_config *, const char *id);

#endif
