/* Addresses: URLs and host:port, taken apart far enough to know that they can be used. */
#ifndef TOCSIN_CONFIG_URL_H
#define TOCSIN_CONFIG_URL_H

#include <stdbool.h>

#include "base/problem.h"

struct url {
	char scheme[8];
	char host[256];   /* without brackets */
	int port;         /* 0 where none is given */
	bool has_user;    /* user[:password]@ before the host */
	const char *rest; /* from the path on; points into the text */
};

/* scheme://[user@]host[:port][/...]; no blanks or control characters. -EINVAL otherwise. */
int url_parse(const char *text, struct url *out) MUST_USE;

/* "127.0.0.1:8080", "[::1]:0", "localhost:8080" (127.0.0.1): a numeric address and a port from 0.
 * host has room for 64 bytes. */
int listen_parse(const char *text, char host[64], int *port) MUST_USE;

#endif
