/* Passwords as they are kept: by scrypt, which costs whoever guesses time and memory.
 *
 *     scrypt$15$8$3$<salt>$<hash>      log2 N, r, p; the last two in base64url
 */
#ifndef TOCSIN_BASE_PASSWORD_H
#define TOCSIN_BASE_PASSWORD_H

#include <stdbool.h>

#include "base/text.h"

#define PASSWORD_MIN 8 /* bytes */
#define PASSWORD_MAX 512

/* Appends the hash of a password under a new salt: 32 MiB and about 0.2 s. */
void password_hash(struct text *, const char *password);
/* True if this is such a hash, of a cost that one may ask for (at most 128 MiB). */
bool password_hash_is_good(const char *hash);
/* As slow as making it: not for the loop's thread. False also for a hash that is none. */
bool password_fits(const char *hash, const char *password);

#endif
