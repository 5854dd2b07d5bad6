#include "review/session.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define ENDED 1024
#define PARTS 6

struct sessions {
	uint8_t key[SHA256_LEN];
	uint64_t ended[ENDED]; /* the oldest is forgotten first */
	uint32_t next;
};

struct sessions *sessions_create(const uint8_t link_key[SHA256_LEN])
{
	static const char purpose[] = "tocsin console session 1";
	struct sessions *sessions = NEW(struct sessions);
	crypto_hmac_sha256(link_key, SHA256_LEN, purpose, sizeof purpose - 1, sessions->key);
	return sessions;
}

void sessions_destroy(struct sessions *sessions)
{
	if (!sessions)
		return;
	explicit_bzero(sessions->key, sizeof sessions->key);
	free(sessions);
}

void session_begin(struct session *session, wall_ms now)
{
	session->begun = session->issued = now;
	crypto_random(&session->number, sizeof session->number);
}

wall_ms session_ends(const struct session *session)
{
	wall_ms unused = session->issued + SESSION_UNUSED,
	        longest = session->begun + SESSION_LONGEST;
	return unused < longest ? unused : longest;
}

/* u.<name>.<begun>.<issued>.<number>.<mac>; the mac covers the secret behind the name too, so that
 * a changed password ends what it began. */
void session_write(const struct sessions *sessions, const struct session *session, struct text *out)
{
	const char *name = session->user ? session->user->name : NULL;
	if (!name && session->token)
		name = session->token->name;
	assert(name);
	struct text body = {0};
	text_add(&body, session->user ? "u." : "t.");
	text_add_base64url(&body, name, strlen(name));
	text_addf(&body, ".%lld.%lld.%llu", (long long)session->begun, (long long)session->issued,
	          (unsigned long long)session->number);
	text_add(out, text_get(&body));
	text_add_char(&body, '\n');
	if (session->user)
		text_add(&body, session->user->password_hash);
	else if (session->token)
		text_add_hex(&body, session->token->hash, SHA256_LEN);
	uint8_t mac[SHA256_LEN];
	crypto_hmac_sha256(sessions->key, SHA256_LEN, body.at, body.len, mac);
	text_add_char(out, '.');
	text_add_base64url(out, mac, SHA256_LEN);
	text_finish(&body);
}

/* Cuts at the dots; false if there are not exactly so many parts. */
static bool cut(char *text, char *parts[PARTS])
{
	for (int i = 0; i < PARTS; i++) {
		parts[i] = text;
		char *dot = strchr(text, '.');
		if (!dot)
			return i == PARTS - 1;
		*dot = '\0';
		text = dot + 1;
	}
	return false;
}

static bool find_owner(const struct http_options *options, char kind, const char *name,
                       struct session *out)
{
	out->user = NULL;
	out->token = NULL;
	for (uint32_t i = 0; kind == 'u' && i < options->user_count; i++)
		if (strcmp(options->users[i].name, name) == 0)
			out->user = &options->users[i];
	for (uint32_t i = 0; kind == 't' && i < options->token_count; i++)
		if (strcmp(options->tokens[i].name, name) == 0)
			out->token = &options->tokens[i];
	return out->user || out->token;
}

bool session_has_ended(const struct sessions *sessions, const struct session *session, wall_ms now)
{
	for (uint32_t i = 0; i < ENDED; i++)
		if (sessions->ended[i] == session->number)
			return true;
	/* A clock that was put back ends nothing; one from far ahead vouches for nothing. */
	return now >= session_ends(session) || session->issued > now + SESSION_UNUSED;
}

static bool read_parts(const struct http_options *options, char *parts[PARTS], struct session *out)
{
	char name[ID_MAX + 1];
	int64_t begun, issued;
	char *end = NULL;
	int len = base64_decode(parts[1], name, sizeof name - 1);
	if (len <= 0 || strlen(parts[0]) != 1 || text_parse_int(parts[2], &begun) < 0 ||
	    text_parse_int(parts[3], &issued) < 0)
		return false;
	name[len] = '\0';
	out->begun = begun;
	out->issued = issued;
	out->number = strtoull(parts[4], &end, 10);
	return !*end && find_owner(options, *parts[0], name, out);
}

bool session_read(const struct sessions *sessions, const struct http_options *options,
                  const char *value, wall_ms now, struct session *out)
{
	char copy[SESSION_MAX + 1], *parts[PARTS];
	size_t len = strnlen(value, sizeof copy);
	if (len == sizeof copy)
		return false;
	memcpy(copy, value, len + 1);
	if (!cut(copy, parts) || !read_parts(options, parts, out))
		return false;
	/* Written again and compared whole, there is one spelling only that is right. */
	struct text right = {0};
	session_write(sessions, out, &right);
	bool equal = right.len == len && crypto_equal(right.at, value, len);
	text_finish(&right);
	return equal && !session_has_ended(sessions, out, now);
}

static void end_number(struct sessions *sessions, uint64_t number)
{
	sessions->ended[sessions->next] = number;
	sessions->next = (sessions->next + 1) % ENDED;
}

void session_end(struct sessions *sessions, const struct session *session)
{
	end_number(sessions, session->number);
}

struct remembered session_ended(const struct session *session, char key[24])
{
	snprintf(key, 24, "%llu", (unsigned long long)session->number);
	return (struct remembered){.what = "signed out",
	                           .key = key,
	                           .until = session->begun + SESSION_LONGEST,
	                           .value = ""};
}

static bool load_ended(void *ctx, const struct remembered *one)
{
	char *end = NULL;
	uint64_t number = strtoull(one->key, &end, 10);
	if (!*end)
		end_number(ctx, number);
	return true;
}

void sessions_load(struct sessions *sessions, struct store *store, wall_ms now)
{
	(void)!store_remembered(store, "signed out", now, load_ended, sessions);
}
