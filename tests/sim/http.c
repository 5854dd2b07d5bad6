/* In place of review/http.c: people's operations go straight to the service, see people.c. */
#include <stdlib.h>

#include "sim.h"

struct http_server {
	const struct review_service *service;
};

int http_open(uv_loop_t *loop, const struct http_options *options,
              const struct review_service *service, struct http_server **out, struct problem *why)
{
	(void)loop;
	(void)options;
	(void)why;
	*out = NEW(struct http_server);
	(*out)->service = service;
	world.review = service;
	return 0;
}

int http_port(const struct http_server *server)
{
	(void)server;
	return 8080;
}

void http_reload(struct http_server *server, const struct http_options *options)
{
	(void)server;
	(void)options;
}

void http_committed(struct http_server *server)
{
	(void)server;
}

bool http_holds_older(const struct http_server *server)
{
	(void)server;
	return false;
}

void http_close(struct http_server *server)
{
	world.review = NULL;
	free(server);
}
