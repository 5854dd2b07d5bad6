/* The service's own secret: 32 random bytes in "<store>.key" (0600), made at the first start. It
 * never enters the store, so that a copy of the store can be given away. Other keys are derived
 * from it by purpose. */
#ifndef TOCSIN_STORE_KEYS_H
#define TOCSIN_STORE_KEYS_H

#include <stdint.h>

#include "base/crypto.h"
#include "base/problem.h"

struct keys {
	uint8_t seed[ED25519_KEY_LEN];
};

/* Reads the key file beside the store, or makes it. */
int keys_open(const char *store_path, struct keys *out, struct problem *why) MUST_USE;
/* Reads it for whoever only wants to check; -ENOENT where there is none. */
int keys_read(const char *store_path, struct keys *out, struct problem *why) MUST_USE;

/* A change of keys: the old one moves to "<store>.key.old" until the record says so, which the
 * next start of the service writes and the old key signs. -EEXIST while an earlier change waits. */
int keys_renew(const char *store_path, struct problem *why) MUST_USE;
/* The key before, or -ENOENT. */
int keys_read_old(const char *store_path, struct keys *out) MUST_USE;
void keys_forget_old(const char *store_path);

/* HMAC-SHA256(seed, purpose). */
void keys_derive(const struct keys *, const char *purpose, uint8_t out[SHA256_LEN]);

#endif
