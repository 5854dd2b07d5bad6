/* Who may call: bearer tokens, and a brake on guessing them, or passwords. */
#ifndef TOCSIN_REVIEW_ACCESS_H
#define TOCSIN_REVIEW_ACCESS_H

#include <stdint.h>
#include <sys/socket.h>

#include "base/problem.h"
#include "review/http.h"

/* Whom failures are counted for: an IPv4 address, or the /64 an IPv6 address lies in. */
struct address_key {
	uint8_t bytes[8];
};
struct address_key address_key_of(const struct sockaddr *);

#define ACCESS_FAILURES_MAX 20 /* wrong tokens, or passwords, a minute from one address */

enum access_verdict {
	ACCESS_GRANTED,
	ACCESS_MISSING, /* no bearer token in the header */
	ACCESS_UNKNOWN, /* not one of ours */
	ACCESS_BRAKED,  /* the same, after too many wrong ones from this address */
};

struct access_grant {
	enum role role;
	const char *name;   /* of the token or the user; for the record */
	const char *person; /* in whose name they act, or NULL */
};

struct access;
struct access *access_create(const struct http_options *);
void access_destroy(struct access *);

/* Judges an Authorization header (or NULL). now is any steady clock in ms. A right token is never
 * braked: nobody guesses one, and who guesses behind the same address (a proxy, a gateway) must
 * lock nobody out. */
enum access_verdict access_check(struct access *, struct address_key, const char *authorization,
                                 uint64_t now, struct access_grant *out) MUST_USE;

/* Of passwords, which somebody may guess: then not even a right one is tried. */
bool access_is_braked(struct access *, struct address_key, uint64_t now);
void access_failed(struct access *, struct address_key, uint64_t now);

/* Other tokens count from now on; failures are not forgotten. */
void access_reload(struct access *, const struct http_options *);

#endif
