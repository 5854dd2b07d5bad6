#include "base/password.h"

#include <openssl/evp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"

#define SALT_LEN 16
#define HASH_LEN 32
#define COST_MAX ((uint64_t)128 * 1024 * 1024) /* bytes: 128 · N · r */

struct scheme {
	unsigned log_n, r, p;
	uint8_t salt[SALT_LEN], hash[HASH_LEN];
};

/* OWASP's smallest memory for scrypt with its passes: 2^15 · 8 · 128 = 32 MiB, three times. */
static const struct scheme ours = {.log_n = 15, .r = 8, .p = 3};

static bool derive(const struct scheme *scheme, const char *password, uint8_t out[HASH_LEN])
{
	uint64_t n = UINT64_C(1) << scheme->log_n;
	return EVP_PBE_scrypt(password, strlen(password), scheme->salt, SALT_LEN, n, scheme->r,
	                      scheme->p, COST_MAX + COST_MAX / 4, out, HASH_LEN) == 1;
}

void password_hash(struct text *out, const char *password)
{
	struct scheme scheme = ours;
	crypto_random(scheme.salt, SALT_LEN);
	if (!derive(&scheme, password, scheme.hash))
		abort(); /* no memory: the end that base/mem.h would make */
	text_addf(out, "scrypt$%u$%u$%u$", scheme.log_n, scheme.r, scheme.p);
	text_add_base64url(out, scheme.salt, SALT_LEN);
	text_add_char(out, '$');
	text_add_base64url(out, scheme.hash, HASH_LEN);
	explicit_bzero(&scheme, sizeof scheme);
}

static bool part_decode(const char *at, size_t len, uint8_t *out, size_t wanted)
{
	char part[64];
	if (len >= sizeof part)
		return false;
	memcpy(part, at, len);
	part[len] = '\0';
	return base64_decode(part, out, wanted) == (int)wanted;
}

/* One or two digits and a dollar. */
static bool number_read(const char **at, unsigned *out)
{
	size_t digits = strspn(*at, "0123456789");
	if (digits < 1 || digits > 2 || (*at)[digits] != '$')
		return false;
	*out = (unsigned)strtoul(*at, NULL, 10);
	*at += digits + 1;
	return true;
}

static bool scheme_read(const char *text, struct scheme *out)
{
	static const char name[] = "scrypt$";
	if (strncmp(text, name, sizeof name - 1) != 0)
		return false;
	const char *salt = text + sizeof name - 1;
	if (!number_read(&salt, &out->log_n) || !number_read(&salt, &out->r) ||
	    !number_read(&salt, &out->p))
		return false;
	const char *dollar = strchr(salt, '$');
	if (out->log_n < 14 || out->log_n > 20 || !out->r || !out->p || out->p > 16 || !dollar ||
	    (UINT64_C(128) << out->log_n) * out->r > COST_MAX)
		return false;
	return part_decode(salt, (size_t)(dollar - salt), out->salt, SALT_LEN) &&
	       part_decode(dollar + 1, strlen(dollar + 1), out->hash, HASH_LEN);
}

bool password_hash_is_good(const char *hash)
{
	struct scheme scheme;
	return scheme_read(hash, &scheme);
}

bool password_fits(const char *hash, const char *password)
{
	struct scheme scheme;
	uint8_t made[HASH_LEN];
	return scheme_read(hash, &scheme) && derive(&scheme, password, made) &&
	       crypto_equal(made, scheme.hash, HASH_LEN);
}
