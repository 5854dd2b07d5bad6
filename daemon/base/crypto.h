/* Digests, signatures and encodings, all by libcrypto. */
#ifndef TOCSIN_BASE_CRYPTO_H
#define TOCSIN_BASE_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/problem.h"
#include "base/text.h"

#define SHA256_LEN 32
#define ED25519_KEY_LEN 32
#define ED25519_SIG_LEN 64

struct sha256; /* an incremental digest; reusable */
struct sha256 *sha256_create(void);
void sha256_destroy(struct sha256 *);
void sha256_begin(struct sha256 *);
void sha256_add(struct sha256 *, const void *, size_t len);
void sha256_end(struct sha256 *, uint8_t out[SHA256_LEN]);

/* Stretches a digest to as many bytes as are wanted: AES-256 in counter mode, from 0, under it. */
struct stretch;
struct stretch *stretch_create(void);
void stretch_destroy(struct stretch *); /* NULL is fine */
void stretch_digest(struct stretch *, const uint8_t digest[SHA256_LEN], uint8_t *out, size_t len);

void crypto_hmac_sha256(const void *key, size_t key_len, const void *msg, size_t len,
                        uint8_t out[SHA256_LEN]);
void crypto_random(void *out, size_t len);
/* Takes the same time wherever the bytes differ. */
bool crypto_equal(const void *a, const void *b, size_t len);

/* Ed25519. The private key is its 32-byte seed. */
void ed25519_public(const uint8_t seed[ED25519_KEY_LEN], uint8_t out[ED25519_KEY_LEN]);
/* A key made ready for many signatures; heap. */
struct ed25519;
struct ed25519 *ed25519_open(const uint8_t seed[ED25519_KEY_LEN]);
void ed25519_close(struct ed25519 *); /* NULL is fine */
void ed25519_sign_with(struct ed25519 *, const void *msg, size_t len, uint8_t sig[ED25519_SIG_LEN]);
void ed25519_sign(const uint8_t seed[ED25519_KEY_LEN], const void *msg, size_t len,
                  uint8_t out[ED25519_SIG_LEN]);
bool ed25519_verify(const uint8_t key[ED25519_KEY_LEN], const void *msg, size_t len,
                    const uint8_t sig[ED25519_SIG_LEN]);

void text_add_hex(struct text *, const void *, size_t len);
void text_add_base64(struct text *, const void *, size_t len);    /* with padding */
void text_add_base64url(struct text *, const void *, size_t len); /* without */
/* Return the number of bytes written, or -EINVAL; out has room for cap bytes. */
int hex_decode(const char *, void *out, size_t cap) MUST_USE;
int base64_decode(const char *, void *out,
                  size_t cap) MUST_USE; /* either alphabet, padded or not */

#endif
