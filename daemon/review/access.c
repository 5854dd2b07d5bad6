#include "review/access.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"

#define ADDRESSES 256
#define WINDOW 60000 /* ms */
#define TOKEN_MAX 512

enum guessed { TOKEN, PASSWORD };

struct failures {
	struct address_key address;
	enum guessed what;
	uint64_t since; /* start of the window; 0: free */
	uint32_t count;
};

struct access {
	const struct access_token *tokens;
	uint32_t count;
	struct sha256 *sha;
	struct failures failures[ADDRESSES];
};

struct address_key address_key_of(const struct sockaddr *from)
{
	struct address_key key = {{0}};
	if (from && from->sa_family == AF_INET) {
		const struct sockaddr_in *v4 = (const void *)from;
		memcpy(key.bytes + 4, &v4->sin_addr, 4);
	} else if (from && from->sa_family == AF_INET6) {
		const struct sockaddr_in6 *v6 = (const void *)from;
		if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr))
			memcpy(key.bytes + 4, v6->sin6_addr.s6_addr + 12, 4);
		else
			memcpy(key.bytes, v6->sin6_addr.s6_addr, 8);
	}
	return key;
}

struct access *access_create(const struct http_options *options)
{
	struct access *access = NEW(struct access);
	access->tokens = options->tokens;
	access->count = options->token_count;
	access->sha = sha256_create();
	return access;
}

void access_reload(struct access *access, const struct http_options *options)
{
	access->tokens = options->tokens;
	access->count = options->token_count;
}

void access_destroy(struct access *access)
{
	if (!access)
		return;
	sha256_destroy(access->sha);
	free(access);
}

static struct failures *failures_of(struct access *access, struct address_key address,
                                    enum guessed what)
{
	for (size_t i = 0; i < ADDRESSES; i++) {
		struct failures *at = &access->failures[i];
		if (at->since && at->what == what &&
		    memcmp(at->address.bytes, address.bytes, sizeof address.bytes) == 0)
			return at;
	}
	return NULL;
}

static struct failures *oldest_failures(struct access *access)
{
	struct failures *at = &access->failures[0];
	for (size_t i = 1; i < ADDRESSES; i++)
		if (access->failures[i].since < at->since)
			at = &access->failures[i];
	return at;
}

static bool is_braked(struct access *access, struct address_key address, enum guessed what,
                      uint64_t now)
{
	const struct failures *at = failures_of(access, address, what);
	return at && now - at->since < WINDOW && at->count >= ACCESS_FAILURES_MAX;
}

static void count_failure(struct access *access, struct address_key address, enum guessed what,
                          uint64_t now)
{
	struct failures *at = failures_of(access, address, what);
	if (at && now - at->since < WINDOW) {
		at->count++;
		return;
	}
	if (!at)
		at = oldest_failures(access);
	*at = (struct failures){
	        .address = address, .what = what, .since = now ? now : 1, .count = 1};
}

bool access_is_braked(struct access *access, struct address_key address, uint64_t now)
{
	return is_braked(access, address, PASSWORD, now);
}

void access_failed(struct access *access, struct address_key address, uint64_t now)
{
	count_failure(access, address, PASSWORD, now);
}

static const char *bearer_token(const char *authorization)
{
	if (!authorization || strncasecmp(authorization, "Bearer ", 7) != 0)
		return NULL;
	authorization += 7;
	return authorization + strspn(authorization, " ");
}

/* Looks at every token, so that the time tells nothing of which one fits. */
static uint32_t find_token(struct access *access, const char *token, size_t len)
{
	uint8_t hash[SHA256_LEN];
	sha256_begin(access->sha);
	sha256_add(access->sha, token, len);
	sha256_end(access->sha, hash);
	uint32_t found = UINT32_MAX;
	for (uint32_t i = 0; i < access->count; i++)
		if (crypto_equal(hash, access->tokens[i].hash, SHA256_LEN))
			found = i;
	return found;
}

enum access_verdict access_check(struct access *access, struct address_key address,
                                 const char *authorization, uint64_t now, struct access_grant *out)
{
	const char *token = bearer_token(authorization);
	if (!token || !*token)
		return ACCESS_MISSING;
	size_t len = strnlen(token, TOKEN_MAX + 1);
	uint32_t found = len <= TOKEN_MAX ? find_token(access, token, len) : UINT32_MAX;
	if (found == UINT32_MAX && is_braked(access, address, TOKEN, now))
		return ACCESS_BRAKED;
	if (found == UINT32_MAX) {
		count_failure(access, address, TOKEN, now);
		return ACCESS_UNKNOWN;
	}
	out->role = access->tokens[found].role;
	out->name = access->tokens[found].name;
	out->person = NULL;
	return ACCESS_GRANTED;
}
