/* The HTTP side: console, API, acknowledge page, health. libmicrohttpd on the caller's loop.
 *
 * What changes something is handed to the owner as an operation and answered only when the
 * owner says that it is committed (or refused); the connection sleeps meanwhile. */
#ifndef TOCSIN_REVIEW_HTTP_H
#define TOCSIN_REVIEW_HTTP_H

#include <uv.h>

#include "base/crypto.h"
#include "decide/site.h"
#include "store/store.h"

enum role { ROLE_NONE, ROLE_VIEWER, ROLE_OPERATOR, ROLE_ADMIN };

struct access_token {
	const char *name;
	enum role role;
	uint8_t hash[SHA256_LEN]; /* of the token: the token itself is not kept */
};

struct access_user { /* somebody who signs in on the console */
	const char *name;
	const char *person; /* id of the person in whose name they act, or NULL */
	enum role role;
	const char *password_hash; /* base/password.h */
};

struct http_hook { /* a channel whose service calls back: /hooks/{channel} */
	const char *channel;
	enum { HOOK_TELEGRAM, HOOK_PAGERDUTY } kind;
	const char *secret; /* proves whence a call comes */
};

struct http_options {           /* borrowed, stays */
	const char *host;       /* "127.0.0.1", "::1", "0.0.0.0" */
	int port;               /* 0: any free one */
	const char *public_url; /* without a slash at the end */
	const struct access_token *tokens;
	uint32_t token_count;
	const struct access_user *users;
	uint32_t user_count;
	uint32_t streams_max; /* event streams at a time; 0: 600 */
	const struct http_hook *hooks;
	uint32_t hook_count;
};

/* How the commit of an operation ended: 0, or the core's negative errno with why. -EINPROGRESS: it
 * is done and held in memory until it can be written, as the disk fails; why says how.
 * What it was about is borrowed, each or NULL: an incident, or something that stands. */
typedef void (*operation_done)(void *done_ctx, int result, const struct incident *,
                               const struct standing *, const char *site_id,
                               const struct problem *why);

/* What the HTTP side needs from the service; app.c provides it. */
struct review_service {
	void *ctx;
	struct store *store; /* for reading */
	uint8_t link_key[SHA256_LEN];
	/* Hands in an operation for a site (id; NULL: the incident's own site, found by its id).
	 * done is called exactly once, after the commit. -ENOENT without a call if there is no such
	 * site. The operation's strings are copied. */
	int (*submit)(void *ctx, const char *site_id, const struct operation *, operation_done,
	              void *done_ctx);
	/* Keeps this over a restart, in one commit with what is handed in beside it. done (or NULL)
	 * is told as submit's is. May be NULL: then nothing outlives a restart. */
	void (*remember)(void *ctx, const struct remembered *, operation_done done, void *done_ctx);
	const struct site *(*site)(void *ctx, const char *site_id); /* live state, or NULL */
	const struct site *(*site_at)(void *ctx, uint32_t i);       /* NULL behind the last */
	struct moment (*now)(void *ctx);
	/* True when broker and store are well; else why says what is not. */
	bool (*ready)(void *ctx, struct problem *why);
	bool (*broker_connected)(void *ctx);
	bool (*store_writable)(void *ctx, struct problem *why); /* else why not */
	/* Prometheus text of the service's own figures. */
	void (*metrics)(void *ctx, struct text *out);
};

struct http_server;
int http_open(uv_loop_t *, const struct http_options *, const struct review_service *,
              struct http_server **out, struct problem *why) MUST_USE;
int http_port(const struct http_server *);
/* Another configuration is in force: its tokens and users count from now on, and streams begin
 * anew. Address and port stay. */
void http_reload(struct http_server *, const struct http_options *);
/* True while something is answered that points into an older configuration. */
bool http_holds_older(const struct http_server *);
/* After each commit: lets event streams look for new ledger entries. */
void http_committed(struct http_server *);
void http_close(struct http_server *);

#endif
