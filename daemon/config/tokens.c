/* Who may talk to the HTTP side. Only the hash of a token is kept, but for the one that `tocsin`
 * uses on this machine. */
#include <errno.h>
#include <string.h>

#include "base/crypto.h"
#include "base/file.h"
#include "config/read.h"
#include "config/secret.h"

#define TOKEN_BYTES 32

enum { T_NAME, T_ROLE, T_TOKEN, T_TOKEN_FILE, T_COUNT };
static const struct key token_keys[T_COUNT] = {
        [T_NAME] = {"name", "add a name for the log"},
        [T_ROLE] = {"role", "add 'role: viewer', 'role: operator' or 'role: admin'"},
        [T_TOKEN] = {"token", NULL},
        [T_TOKEN_FILE] = {"token_file", NULL},
};
static const struct shape token_shape = {"a token", SHAPE(token_keys), true};

static const char *const roles[] = {"viewer", "operator", "admin"};

static const char *role_word(const void *owner, uint32_t i)
{
	(void)owner;
	return roles[i];
}

enum role check_role(const struct checker *c, const struct node *node)
{
	const char *word = check_scalar(c, node, "the role");
	if (!word)
		return ROLE_NONE;
	for (uint32_t i = 0; i < 3; i++)
		if (strcmp(roles[i], word) == 0)
			return (enum role)(ROLE_VIEWER + i);
	check_unknown(c, node, "role", word, &(struct names){.name = role_word, .count = 3});
	return ROLE_NONE;
}

static void token_use(struct service_reading *reading, struct access_token *token,
                      const char *secret)
{
	struct sha256 *sha = sha256_create();
	sha256_begin(sha);
	sha256_add(sha, secret, strlen(secret));
	sha256_end(sha, token->hash);
	sha256_destroy(sha);
	if (token->role <= reading->local_role)
		return;
	reading->local_role = token->role;
	reading->config->local_token = secret;
}

static void token_read(const struct checker *c, const struct node *node, struct ids *names,
                       struct service_reading *reading)
{
	struct access_token *token = &reading->tokens[reading->token_count++];
	const struct node *v[T_COUNT];
	bool is_map = check_map(c, node, &token_shape, v);
	token->name = ids_claim(c, names, v[T_NAME]);
	if (!is_map)
		return;
	/* A hash that no token has, until the token is known. */
	crypto_random(token->hash, sizeof token->hash);
	token->role = check_role(c, v[T_ROLE]);
	const char *secret = NULL;
	switch (check_secret(c, "token", v[T_TOKEN], v[T_TOKEN_FILE], true, &secret)) {
	case SECRET_NONE:
		check_problem(c, node,
		              "a token without its text; add 'token_file: name.token' (it "
		              "is made where it is missing) or 'token'");
		break;
	case SECRET_THERE:
		token_use(reading, token, secret);
		break;
	case SECRET_MISSING:
		reading->pending[reading->pending_count++] = (struct pending_token){
		        .node = v[T_TOKEN_FILE],
		        .path = check_path(c, v[T_TOKEN_FILE], "token_file"),
		        .token = reading->token_count - 1,
		};
		break;
	case SECRET_BAD:
		break;
	}
}

void tokens_read(const struct checker *c, const struct node *list, struct service_reading *reading)
{
	uint32_t count = check_list(c, list, "tokens", 0);
	struct ids names;
	ids_begin(&names, "token", list, count);
	reading->tokens = ARENA_ARRAY(c->arena, struct access_token, count);
	reading->pending = ARENA_ARRAY(c->arena, struct pending_token, count);
	FOR_EACH_NODE(c, item, list, count)
	token_read(c, item, &names, reading);
	ids_finish(&names);
	reading->config->http.tokens = reading->tokens;
	reading->config->http.token_count = reading->token_count;
}

static void token_make(const struct checker *c, struct service_reading *reading,
                       const struct pending_token *pending)
{
	uint8_t bytes[TOKEN_BYTES];
	struct text line = {0};
	crypto_random(bytes, sizeof bytes);
	text_add_base64url(&line, bytes, sizeof bytes);
	const char *secret = arena_copy(c->arena, text_get(&line));
	text_add_char(&line, '\n');
	int r = file_create_private(pending->path, text_get(&line), line.len);
	if (r < 0)
		check_problem(c, pending->node, "the token's file cannot be made: %s",
		              strerror(-r));
	else
		token_use(reading, &reading->tokens[pending->token], secret);
	explicit_bzero(bytes, sizeof bytes);
	explicit_bzero(line.at, line.len);
	text_finish(&line);
}

void tokens_make(const struct checker *c, struct service_reading *reading)
{
	for (uint32_t i = 0; i < reading->pending_count; i++)
		token_make(c, reading, &reading->pending[i]);
}
