/* Signing in and out. A password is tried beside the loop: it is made to be slow. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/password.h"
#include "review/exchange.h"
#include "review/session.h"

struct trial { /* of a password */
	struct errand errand;
	char *name, *password, *hash;
	bool fits;
};

/* ---- the answer ---- */

static void set_cookie(struct exchange *ex, const char *value, span_ms lasts)
{
	bool https = strncmp(ex->server->options->public_url, "https:", 6) == 0;
	struct text cookie = {0};
	text_addf(&cookie, SESSION_COOKIE "=%s; Path=/; Max-Age=%lld; HttpOnly; SameSite=Strict%s",
	          value, (long long)(lasts / 1000), https ? "; Secure" : "");
	exchange_add_header(ex, "Set-Cookie", text_get(&cookie));
	text_finish(&cookie);
}

static void answer_session(struct exchange *ex, const struct session *session, bool renewed)
{
	const struct http_server *server = ex->server;
	wall_ms now = server->service.now(server->service.ctx).wall;
	struct text out = {0};
	json_open(&out, NULL, '{');
	json_put_string(&out, "name", ex->grant.name);
	json_put_string(&out, "role", role_name(ex->grant.role));
	json_put_string(&out, "person", ex->grant.person);
	if (session)
		json_put_time(&out, "expires", session_ends(session));
	else
		json_put_null(&out, "expires");
	json_close(&out, '}');
	exchange_json(ex, 200, &out);
	text_finish(&out);
	if (!renewed)
		return;
	struct text value = {0};
	session_write(server->sessions, session, &value);
	set_cookie(ex, text_get(&value), session_ends(session) - now);
	text_finish(&value);
}

static void begin_session(struct exchange *ex, struct session *session)
{
	const struct review_service *service = &ex->server->service;
	session_begin(session, service->now(service->ctx).wall);
	exchange_grant(ex, session);
	answer_session(ex, session, true);
}

static void refuse_trial(struct exchange *ex)
{
	access_failed(ex->server->access, ex->client->address, server_now(ex->server));
	exchange_problem(ex, 401, "name and password do not fit");
}

/* ---- passwords ---- */

static const struct access_user *find_user(const struct http_options *options, const char *name)
{
	for (uint32_t i = 0; i < options->user_count; i++)
		if (strcmp(options->users[i].name, name) == 0)
			return &options->users[i];
	return NULL;
}

static void trial_destroy(struct errand *errand)
{
	struct trial *trial = (struct trial *)errand;
	explicit_bzero(trial->password, strlen(trial->password));
	free(trial->password);
	free(trial->name);
	free(trial->hash);
	free(trial);
}

static void trial_run(struct errand *errand)
{
	struct trial *trial = (struct trial *)errand;
	trial->fits = password_fits(trial->hash, trial->password);
}

static void trial_answer(struct errand *errand, struct exchange *ex)
{
	const struct trial *trial = (const struct trial *)errand;
	/* A reload meanwhile may have changed the password: then it does not count. */
	const struct access_user *user = find_user(ex->server->options, trial->name);
	struct session session = {.user = user};
	if (trial->fits && user && strcmp(user->password_hash, trial->hash) == 0)
		begin_session(ex, &session);
	else
		refuse_trial(ex);
}

/* Somebody who is not there takes as long as a wrong password. */
static const char nobody[] = "scrypt$15$8$3$AAAAAAAAAAAAAAAAAAAAAA$"
                             "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

static void try_password(struct exchange *ex, const char *name, const char *password)
{
	static const struct errand_type type = {trial_run, trial_answer, trial_destroy};
	const struct access_user *user = find_user(ex->server->options, name);
	struct trial *trial = NEW(struct trial);
	trial->errand.type = &type;
	trial->name = mem_copy(name);
	trial->password = mem_copy(password);
	trial->hash = mem_copy(user ? user->password_hash : nobody);
	exchange_send(ex, &ex->server->passwords, &trial->errand);
}

/* ---- the calls ---- */

static void sign_in_by_token(struct exchange *ex, const char *token)
{
	struct http_server *server = ex->server;
	struct access_grant grant;
	struct session session = {0};
	struct text header = {0};
	text_addf(&header, "Bearer %s", token);
	enum access_verdict verdict = access_check(server->access, ex->client->address,
	                                           text_get(&header), server_now(server), &grant);
	explicit_bzero(header.at, header.len);
	text_finish(&header);
	for (uint32_t i = 0; verdict == ACCESS_GRANTED && i < server->options->token_count; i++)
		if (strcmp(server->options->tokens[i].name, grant.name) == 0)
			session.token = &server->options->tokens[i];
	if (session.token)
		begin_session(ex, &session);
	else if (verdict == ACCESS_BRAKED)
		exchange_braked(ex);
	else
		exchange_problem(ex, 401, "this token is not one of http.tokens");
}

/* A form of another site's page cannot send JSON: so nobody is signed in unasked. */
static bool is_from_the_console(struct exchange *ex)
{
	const char *type = exchange_header(ex, "Content-Type");
	static const char json[] = "application/json";
	if (exchange_is_own(ex) && type && strncasecmp(type, json, sizeof json - 1) == 0)
		return true;
	exchange_problem(ex, 403, "signing in takes JSON, from the console itself");
	return false;
}

void api_sign_in(struct exchange *ex)
{
	const char *name, *password, *token;
	struct http_server *server = ex->server;
	if (!is_from_the_console(ex))
		return;
	cJSON *body = exchange_body(ex, "name, password, token");
	if (!body)
		return;
	if (!exchange_member(ex, body, "token", false, PASSWORD_MAX, &token) ||
	    !exchange_member(ex, body, "name", !token, ID_MAX, &name) ||
	    !exchange_member(ex, body, "password", !token, PASSWORD_MAX, &password))
		goto finish;
	if (token)
		sign_in_by_token(ex, token);
	else if (access_is_braked(server->access, ex->client->address, server_now(server)))
		exchange_braked(ex);
	else
		try_password(ex, name, password);
finish:
	cJSON_Delete(body);
	if (ex->body.len)
		explicit_bzero(ex->body.at, ex->body.len);
}

void api_session(struct exchange *ex)
{
	const struct review_service *service = &ex->server->service;
	wall_ms now = service->now(service->ctx).wall;
	struct session session;
	if (!exchange_session(ex, &session)) {
		answer_session(ex, NULL, false);
		return;
	}
	bool renew = now - session.issued >= SESSION_RENEW;
	if (renew)
		session.issued = now;
	answer_session(ex, &session, renew);
}

static void finish_sign_out(struct exchange *ex, int result, const struct incident *incident,
                            const char *site_id, const struct problem *why)
{
	(void)incident, (void)site_id;
	struct text out = {0};
	if (result < 0) {
		exchange_refuse(ex, result, why);
		return;
	}
	text_add(&out, "{}");
	exchange_json(ex, 200, &out);
	text_finish(&out);
	set_cookie(ex, "", 0);
}

void api_sign_out(struct exchange *ex)
{
	struct session session;
	char key[24];
	if (!exchange_session(ex, &session)) {
		finish_sign_out(ex, 0, NULL, NULL, NULL);
		return;
	}
	session_end(ex->server->sessions, &session);
	streams_look_up(ex->server);
	const struct remembered ended = session_ended(&session, key);
	exchange_remember(ex, &ended, finish_sign_out);
}
