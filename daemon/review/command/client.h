/* Asks the daemon on this machine, over HTTP, with the token of the configuration. Bounded in time
 * and bytes; never through a proxy, never after a redirect: the token goes nowhere else. */
#ifndef TOCSIN_REVIEW_COMMAND_CLIENT_H
#define TOCSIN_REVIEW_COMMAND_CLIENT_H

#include "base/problem.h"
#include "base/text.h"
#include "review/command/command.h"

#define CLIENT_REPLY_MAX ((size_t)4 * 1024 * 1024)
#define CLIENT_CONNECT_MAX SECONDS(3)
#define CLIENT_MAX SECONDS(20) /* a whole call: an answer waits for its commit */

struct client_reply { /* zeroed before the call; text_finish(&body) frees */
	long status;
	struct text body;
};

/* 0: an answer came, whatever its status. Else a negative errno and why says it for the person:
 * the daemon could not be reached, or its answer not be read. body NULL: GET, else POST. */
int client_call(const struct command_context *, const char *path, const char *body,
                struct client_reply *, struct problem *why) MUST_USE;

/* The sentence of an error answer: the problem's detail, or its title, or the status. */
void client_explain(const struct client_reply *, struct text *out);

#endif
