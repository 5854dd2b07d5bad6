/* Who asks: by a bearer token, or by the cookie of a session. A cookie comes along by itself, also
 * when another site's page has sent the browser here; so what changes something by cookie must
 * say, in a header that no foreign page can set, that it is the console. */
#include <string.h>
#include <strings.h>

#include "review/exchange.h"
#include "review/session.h"

const char *role_name(enum role role)
{
	switch (role) {
	case ROLE_NONE:
		return "none";
	case ROLE_VIEWER:
		return "viewer";
	case ROLE_OPERATOR:
		return "operator";
	case ROLE_ADMIN:
		return "admin";
	}
	return "none";
}

/* ---- where a request comes from ---- */

/* The part of an origin or URL behind "://", up to the path. */
static bool host_fits(const char *url, const char *host, size_t host_len)
{
	const char *at = strstr(url, "://");
	if (!at)
		return false;
	at += 3;
	size_t len = strcspn(at, "/");
	return len == host_len && strncasecmp(at, host, len) == 0;
}

bool exchange_is_own(const struct exchange *ex)
{
	const char *site = exchange_header(ex, "Sec-Fetch-Site");
	const char *origin = exchange_header(ex, "Origin"), *host = exchange_header(ex, "Host");
	const char *public_url = ex->server->options->public_url;
	if (site && strcmp(site, "same-origin") != 0 && strcmp(site, "none") != 0)
		return false;
	if (!origin)
		return true;
	if (host && host_fits(origin, host, strlen(host)))
		return true;
	const char *at = strstr(origin, "://");
	return at && host_fits(public_url, at + 3, strlen(at + 3));
}

static bool changes_nothing(const char *method)
{
	return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
}

/* ---- sessions ---- */

bool exchange_session(const struct exchange *ex, struct session *out)
{
	const struct http_server *server = ex->server;
	const char *cookie = MHD_lookup_connection_value(ex->connection, MHD_COOKIE_KIND,
	                                                 SESSION_COOKIE);
	return cookie && session_read(server->sessions, server->options, cookie,
	                              server->service.now(server->service.ctx).wall, out);
}

void exchange_grant(struct exchange *ex, const struct session *session)
{
	bool user = session->user != NULL;
	ex->grant.role = user ? session->user->role : session->token->role;
	ex->grant.name = user ? session->user->name : session->token->name;
	ex->grant.person = user ? session->user->person : NULL;
}

static bool admit_session(struct exchange *ex, const char *method)
{
	struct session session;
	if (!exchange_session(ex, &session)) {
		exchange_problem(ex, 401,
		                 "sign in, or send a token: Authorization: Bearer <token>");
		exchange_add_header(ex, "WWW-Authenticate", "Bearer realm=\"tocsin\"");
		return false;
	}
	if (!changes_nothing(method) &&
	    (!exchange_is_own(ex) || !exchange_header(ex, "Tocsin-Console"))) {
		exchange_problem(ex, 403,
		                 "a session changes something only from the console itself; a "
		                 "program sends a token instead");
		return false;
	}
	exchange_grant(ex, &session);
	ex->signed_in = true;
	return true;
}

/* ---- tokens ---- */

/* What is under /api needs to be somebody, also where there is nothing: strangers learn no routes.
 */
bool exchange_admit(struct exchange *ex, const char *method)
{
	struct http_server *server = ex->server;
	switch (access_check(server->access, ex->client->address,
	                     exchange_header(ex, "Authorization"), server_now(server),
	                     &ex->grant)) {
	case ACCESS_GRANTED:
		return true;
	case ACCESS_MISSING:
		return admit_session(ex, method);
	case ACCESS_UNKNOWN:
		exchange_problem(ex, 401, "this token is not one of http.tokens");
		exchange_add_header(ex, "WWW-Authenticate",
		                    "Bearer realm=\"tocsin\", error=\"invalid_token\"");
		return false;
	case ACCESS_BRAKED:
		exchange_braked(ex);
		return false;
	}
	return false;
}

void exchange_braked(struct exchange *ex)
{
	exchange_problem(ex, 429, "too many failures from this address; wait a minute");
	exchange_add_header(ex, "Retry-After", "60");
}
