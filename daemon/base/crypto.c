#include "base/crypto.h"

#include <assert.h>
#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* libcrypto fails here only without memory or entropy: the same end as base/mem.h. */
static void must(int ok)
{
	if (ok != 1)
		abort();
}

struct sha256 {
	EVP_MD_CTX *ctx;
	const EVP_MD *md;
	size_t len; /* of what waits for the digest: many small pieces cost more than their bytes */
	uint8_t waiting[512];
};

static EVP_MD *method; /* for as long as the program lives; threads share it */

static void fetch_method(void)
{
	method = EVP_MD_fetch(NULL, "SHA256", NULL);
	must(method != NULL);
}

static const EVP_MD *sha256_method(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, fetch_method);
	return method;
}

struct sha256 *sha256_create(void)
{
	struct sha256 *sha = NEW(struct sha256);
	sha->ctx = EVP_MD_CTX_new();
	sha->md = sha256_method();
	must(sha->ctx != NULL);
	must(EVP_DigestInit_ex(sha->ctx, sha->md, NULL));
	return sha;
}

void sha256_destroy(struct sha256 *sha)
{
	if (!sha)
		return;
	EVP_MD_CTX_free(sha->ctx);
	free(sha);
}

void sha256_begin(struct sha256 *sha)
{
	must(EVP_DigestInit_ex(sha->ctx, NULL, NULL)); /* the same digest again */
	sha->len = 0;
}

static void digest_waiting(struct sha256 *sha)
{
	must(EVP_DigestUpdate(sha->ctx, sha->waiting, sha->len));
	sha->len = 0;
}

void sha256_add(struct sha256 *sha, const void *data, size_t len)
{
	if (len > sizeof sha->waiting - sha->len)
		digest_waiting(sha);
	if (len > sizeof sha->waiting) {
		must(EVP_DigestUpdate(sha->ctx, data, len));
		return;
	}
	if (len)
		memcpy(sha->waiting + sha->len, data, len);
	sha->len += len;
}

void sha256_end(struct sha256 *sha, uint8_t out[SHA256_LEN])
{
	digest_waiting(sha);
	must(EVP_DigestFinal_ex(sha->ctx, out, NULL));
}

struct stretch {
	EVP_CIPHER_CTX *ctx;
	EVP_CIPHER *cipher;
};

struct stretch *stretch_create(void)
{
	struct stretch *stretch = NEW(struct stretch);
	stretch->ctx = EVP_CIPHER_CTX_new();
	stretch->cipher = EVP_CIPHER_fetch(NULL, "AES-256-CTR", NULL);
	must(stretch->ctx && stretch->cipher);
	must(EVP_EncryptInit_ex2(stretch->ctx, stretch->cipher, NULL, NULL, NULL));
	return stretch;
}

void stretch_destroy(struct stretch *stretch)
{
	if (!stretch)
		return;
	EVP_CIPHER_free(stretch->cipher);
	EVP_CIPHER_CTX_free(stretch->ctx);
	free(stretch);
}

void stretch_digest(struct stretch *stretch, const uint8_t digest[SHA256_LEN], uint8_t *out,
                    size_t len)
{
	static const uint8_t counter[16] = {0};
	int written = 0;
	memset(out, 0, len);
	must(EVP_EncryptInit_ex2(stretch->ctx, NULL, digest, counter, NULL));
	must(EVP_EncryptUpdate(stretch->ctx, out, &written, out, (int)len));
	assert((size_t)written == len);
}

static EVP_MAC_CTX *keyless; /* an HMAC by SHA-256 that has no key yet: to look for either by its
                              * name costs more than to make one */

static void make_keyless(void)
{
	EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	OSSL_PARAM digest[] = {OSSL_PARAM_construct_utf8_string("digest", "SHA256", 0),
	                       OSSL_PARAM_construct_end()};
	must(hmac != NULL);
	keyless = EVP_MAC_CTX_new(hmac);
	EVP_MAC_free(hmac);
	must(keyless && EVP_MAC_CTX_set_params(keyless, digest));
}

void crypto_hmac_sha256(const void *key, size_t key_len, const void *msg, size_t len,
                        uint8_t out[SHA256_LEN])
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	size_t written = 0;
	pthread_once(&once, make_keyless);
	EVP_MAC_CTX *mac = EVP_MAC_CTX_dup(keyless);
	must(mac && EVP_MAC_init(mac, key_len ? key : "", key_len, NULL));
	must(EVP_MAC_update(mac, msg, len) && EVP_MAC_final(mac, out, &written, SHA256_LEN));
	assert(written == SHA256_LEN);
	EVP_MAC_CTX_free(mac);
}

void crypto_random(void *out, size_t len)
{
	must(RAND_bytes(out, (int)len));
}

bool crypto_equal(const void *a, const void *b, size_t len)
{
	return CRYPTO_memcmp(a, b, len) == 0;
}

void ed25519_public(const uint8_t seed[ED25519_KEY_LEN], uint8_t out[ED25519_KEY_LEN])
{
	EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, ED25519_KEY_LEN);
	size_t len = ED25519_KEY_LEN;
	must(key && EVP_PKEY_get_raw_public_key(key, out, &len));
	EVP_PKEY_free(key);
}

struct ed25519 *ed25519_open(const uint8_t seed[ED25519_KEY_LEN])
{
	EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, ED25519_KEY_LEN);
	must(key != NULL);
	return (struct ed25519 *)key;
}

void ed25519_close(struct ed25519 *key)
{
	EVP_PKEY_free((EVP_PKEY *)key);
}

void ed25519_sign_with(struct ed25519 *key, const void *msg, size_t len,
                       uint8_t sig[ED25519_SIG_LEN])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t sig_len = ED25519_SIG_LEN;
	must(ctx && EVP_DigestSignInit(ctx, NULL, NULL, NULL, (EVP_PKEY *)key) &&
	     EVP_DigestSign(ctx, sig, &sig_len, msg, len) == 1 && sig_len == ED25519_SIG_LEN);
	EVP_MD_CTX_free(ctx);
}

void ed25519_sign(const uint8_t seed[ED25519_KEY_LEN], const void *msg, size_t len,
                  uint8_t sig[ED25519_SIG_LEN])
{
	struct ed25519 *key = ed25519_open(seed);
	ed25519_sign_with(key, msg, len, sig);
	ed25519_close(key);
}

bool ed25519_verify(const uint8_t key_bytes[ED25519_KEY_LEN], const void *msg, size_t len,
                    const uint8_t sig[ED25519_SIG_LEN])
{
	EVP_PKEY *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key_bytes,
	                                            ED25519_KEY_LEN);
	if (!key)
		return false;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	must(ctx && EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key));
	bool good = EVP_DigestVerify(ctx, sig, ED25519_SIG_LEN, msg, len) == 1;
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
	return good;
}

void text_add_hex(struct text *text, const void *data, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *at = data;
	char *room = text_add_room(text, 2 * len);
	for (size_t i = 0; i < len; i++) {
		room[2 * i] = digits[at[i] >> 4];
		room[2 * i + 1] = digits[at[i] & 15];
	}
}

void text_add_base64(struct text *text, const void *data, size_t len)
{
	size_t cap = (len + 2) / 3 * 4 + 1;
	unsigned char *out = mem_new(cap);
	int n = EVP_EncodeBlock(out, data, (int)len);
	text_add_len(text, (const char *)out, (size_t)n);
	free(out);
}

void text_add_base64url(struct text *text, const void *data, size_t len)
{
	size_t start = text->len;
	text_add_base64(text, data, len);
	while (text->len > start && text->at[text->len - 1] == '=')
		text->at[--text->len] = '\0';
	for (size_t i = start; i < text->len; i++) {
		if (text->at[i] == '+')
			text->at[i] = '-';
		else if (text->at[i] == '/')
			text->at[i] = '_';
	}
}

int hex_decode(const char *hex, void *out, size_t cap)
{
	size_t len = strlen(hex);
	uint8_t *at = out;
	if (len % 2 || len / 2 > cap)
		return -EINVAL;
	for (size_t i = 0; i < len; i++) {
		int hi = OPENSSL_hexchar2int((unsigned char)hex[i]);
		if (hi < 0)
			return -EINVAL;
		if (i % 2 == 0)
			at[i / 2] = (uint8_t)(hi << 4);
		else
			at[i / 2] |= (uint8_t)hi;
	}
	return (int)(len / 2);
}

int base64_decode(const char *encoded, void *out, size_t cap)
{
	size_t len = strlen(encoded);
	while (len && encoded[len - 1] == '=')
		len--;
	if (len % 4 == 1 || len > 1 << 20)
		return -EINVAL;
	size_t padded = (len + 3) / 4 * 4;
	unsigned char *in = mem_new(padded + 1), *raw = mem_new(padded + 1);
	int result = -EINVAL;
	for (size_t i = 0; i < padded; i++) {
		char c = i < len ? encoded[i] : '=';
		in[i] = (unsigned char)(c == '-' ? '+' : c == '_' ? '/' : c);
	}
	size_t bytes = len * 3 / 4;
	/* EVP_DecodeBlock skips blanks at both ends; here they are wrong. */
	if (strspn((char *)in,
	           "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") == len &&
	    bytes <= cap && (padded == 0 || EVP_DecodeBlock(raw, in, (int)padded) >= 0)) {
		memcpy(out, raw, bytes);
		result = (int)bytes;
	}
	free(in);
	free(raw);
	return result;
}
