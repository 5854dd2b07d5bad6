#include "review/access.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"

#define ADDRESSES 256
#define KNOWN 256
#define WINDOW 60000 /* ms */
#define TOKEN_MAX 512

struct failures {
	struct address_key address;
	uint64_t since; /* start of the window; 0: free */
	uint32_t count;
};

struct known { /* a token that was good from an address */
	struct address_key address;
	uint32_t token; /* position + 1; 0: free */
};

struct access {
	const struct access_token *tokens;
	uint32_t count;
	struct sha256 *sha;
	struct failures failures[ADDRESSES];
	struct known known[KNOWN];
	uint32_t next_known;
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

static bool same_address(struct address_key a, struct address_key b)
{
	return memcmp(a.bytes, b.bytes, sizeof a.bytes) == 0;
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
	memset(access->known, 0, sizeof access->known);
}

void access_destroy(struct access *access)
{
	if (!access)
		return;
	sha256_destroy(access->sha);
	free(access);
}

static const struct failures *look_up(const struct access *access, struct address_key address,
                                      uint64_t now)
{
	for (size_t i = 0; i < ADDRESSES; i++) {
		const struct failures *at = &access->failures[i];
		if (at->since && same_address(at->address, address))
			return now - at->since < WINDOW ? at : NULL;
	}
	return NULL;
}

bool access_is_braked(const struct access *access, struct address_key address, uint64_t now)
{
	const struct failures *failures = look_up(access, address, now);
	return failures && failures->count >= ACCESS_FAILURES_MAX;
}

void access_failed(struct access *access, struct address_key address, uint64_t now)
{
	const struct failures *found = look_up(access, address, now);
	if (found) {
		access->failures[found - access->failures].count++;
		return;
	}
	/* A window that has passed is taken again; of full ones the oldest goes. */
	struct failures *at = &access->failures[0];
	for (size_t i = 0; i < ADDRESSES; i++) {
		struct failures *other = &access->failures[i];
		if (other->since && same_address(other->address, address)) {
			at = other;
			break;
		}
		if (other->since < at->since)
			at = other;
	}
	*at = (struct failures){.address = address, .since = now ? now : 1, .count = 1};
}

static bool was_good_from(const struct access *access, struct address_key address, uint32_t token)
{
	for (size_t i = 0; i < KNOWN; i++)
		if (access->known[i].token == token + 1 &&
		    same_address(access->known[i].address, address))
			return true;
	return false;
}

static void remember_good(struct access *access, struct address_key address, uint32_t token)
{
	if (was_good_from(access, address, token))
		return;
	access->known[access->next_known] = (struct known){address, token + 1};
	access->next_known = (access->next_known + 1) % KNOWN;
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
	if (access_is_braked(access, address, now) &&
	    !(found != UINT32_MAX && was_good_from(access, address, found)))
		return ACCESS_BRAKED;
	if (found == UINT32_MAX) {
		access_failed(access, address, now);
		return ACCESS_UNKNOWN;
	}
	remember_good(access, address, found);
	out->role = access->tokens[found].role;
	out->name = access->tokens[found].name;
	out->person = NULL;
	return ACCESS_GRANTED;
}
