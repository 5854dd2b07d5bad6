/* Who may talk to the HTTP side. Only the hash of a token is kept, but for the one that `tocsin`
 * uses on this machine. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

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

/* The text is known: it may be used, and is the one for this machine if it may do more. */
static void token_use(struct service_config *config, uint32_t position, const char *secret)
{
	struct access_token *token = &config->tokens[position];
	struct sha256 *sha = sha256_create();
	sha256_begin(sha);
	sha256_add(sha, secret, strlen(secret));
	sha256_end(sha, token->hash);
	sha256_destroy(sha);
	if (token->role <= config->local_role)
		return;
	config->local_role = token->role;
	config->local_token = secret;
}

static void refuse_twin(const struct checker *c, const struct node *node,
                        const struct access_token *other)
{
	check_problem(c, node, "this is also the token of '%s'; each has a text of its own",
	              other->name ? other->name : "?");
}

static void token_take(const struct checker *c, const struct node *node,
                       struct service_config *config, uint32_t position, const char *secret)
{
	size_t len = strlen(secret);
	if (secret[0] == ' ' || secret[len - 1] == ' ') {
		check_problem(
		        c, node,
		        "the token begins or ends with a blank, which HTTP takes away: nobody "
		        "could come in with it; take it away here");
		return;
	}
	token_use(config, position, secret);
	const struct access_token *other = config->tokens, *token = other + position;
	while (!crypto_equal(other->hash, token->hash, sizeof token->hash))
		other++;
	if (other != token)
		refuse_twin(c, node, other);
}

static void token_miss(const struct checker *c, const struct node *node,
                       struct service_config *config, uint32_t position)
{
	struct stat facts;
	const char *path = check_path(c, node, "token_file");
	if (path && c->use != CONFIG_COMMAND && lstat(path, &facts) == 0) {
		check_problem(
		        c, node,
		        "the file of 'token_file' is a link to a file that is not there; make "
		        "that file, or take the link away");
		return;
	}
	for (uint32_t i = 0; path && i < config->missing_count; i++)
		if (strcmp(config->missing[i].path, path) == 0)
			refuse_twin(c, node, &config->tokens[config->missing[i].token]);
	config->missing[config->missing_count++] = (struct missing_token){
	        .path = path, .token = position, .line = node->line, .column = node->column};
}

static void token_read(const struct checker *c, const struct node *node, struct ids *names,
                       struct service_config *config)
{
	uint32_t position = config->http.token_count++;
	struct access_token *token = &config->tokens[position];
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
		token_take(c, v[T_TOKEN] ? v[T_TOKEN] : v[T_TOKEN_FILE], config, position, secret);
		break;
	case SECRET_MISSING:
		token_miss(c, v[T_TOKEN_FILE], config, position);
		break;
	case SECRET_BAD:
		break;
	}
}

void tokens_read(const struct checker *c, const struct node *list, struct service_config *config)
{
	uint32_t count = check_list(c, list, "tokens", 0);
	struct ids names;
	ids_begin(&names, "token", list, count);
	config->tokens = ARENA_ARRAY(c->arena, struct access_token, count);
	config->missing = ARENA_ARRAY(c->arena, struct missing_token, count);
	config->http.tokens = config->tokens;
	FOR_EACH_NODE(c, item, list, count)
	token_read(c, item, &names, config);
	ids_finish(&names);
}

/* ---- those that are not there yet ---- */

static int token_make(struct service_config *config, const struct missing_token *missing)
{
	uint8_t bytes[TOKEN_BYTES];
	struct text line = {0};
	crypto_random(bytes, sizeof bytes);
	text_add_base64url(&line, bytes, sizeof bytes);
	const char *secret = arena_copy(&config->arena, text_get(&line));
	text_add_char(&line, '\n');
	int r = file_make_folders(missing->path);
	if (r == 0)
		r = file_create_private(missing->path, text_get(&line), line.len);
	if (r == 0)
		token_use(config, missing->token, secret);
	explicit_bzero(bytes, sizeof bytes);
	explicit_bzero(line.at, line.len);
	text_finish(&line);
	return r;
}

int config_make_tokens(struct service_config *config, struct text *out)
{
	struct report report = {0};
	uint32_t file = report_file(&report, config->path);
	for (uint32_t i = 0; i < config->missing_count; i++) {
		const struct missing_token *missing = &config->missing[i];
		struct place place = {file, missing->line, missing->column};
		int r = token_make(config, missing);
		if (r < 0)
			report_problem(&report, place,
			               "the file of 'token_file' cannot be made: %s; name a place "
			               "that the service may write to, or make the file",
			               strerror(-r));
	}
	report_write(&report, out);
	int r = report.problems ? -EINVAL : 0;
	report_finish(&report);
	return r;
}
