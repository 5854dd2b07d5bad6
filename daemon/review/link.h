/* Acknowledge links: "{public_url}/a/{token}". A token is bound to one notification, and so to one
 * person and one incident, and expires; "<site>.<notification>.<expiry>.<mac>" in base 36 and
 * base64url. */
#ifndef TOCSIN_REVIEW_LINK_H
#define TOCSIN_REVIEW_LINK_H

#include <stdint.h>

#include "base/clock.h"
#include "base/crypto.h"
#include "base/text.h"

#define LINK_VALID DAYS(1)

struct link {
	uint32_t site; /* the store's number */
	uint64_t notification;
	wall_ms expires;
};

void link_write_token(struct text *, const uint8_t key[SHA256_LEN], const struct link *);
/* -EINVAL: forged or broken; -ETIMEDOUT: expired (out is filled). */
int link_read_token(const char *token, const uint8_t key[SHA256_LEN], wall_ms now,
                    struct link *out) MUST_USE;

#endif
