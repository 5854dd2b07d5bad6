/* Who may call: bearer tokens, and a brake on guessing them. */
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

#define ACCESS_FAILURES_MAX 20 /* wrong tokens a minute from one address; then 429 */

enum access_verdict {
	ACCESS_GRANTED,
	ACCESS_MISSING, /* no bearer token in the header */
	ACCESS_UNKNOWN, /* not one of ours */
	ACCESS_BRAKED,  /* too many wrong ones from this address */
};

struct access_grant {
	enum role role;
	const char *name;   /* of the token or the user; for the record */
	const char *person; /* in whose name they act, or NULL */
};

struct access;
struct access *access_create(const struct http_options *);
void access_destroy(struct access *);

/* Judges an Authorization header (or NULL). now is any steady clock in ms. A braked address is
 * refused without a look at the token, unless that very token was good from there before: so
 * guessing is slow, and a stranger behind the same address locks nobody out who is at work. */
enum access_verdict access_check(struct access *, struct address_key, const char *authorization,
                                 uint64_t now, struct access_grant *out) MUST_USE;

/* For what is tried without a token: a password. */
bool access_is_braked(const struct access *, struct address_key, uint64_t now);
void access_failed(struct access *, struct address_key, uint64_t now);

/* Other tokens count from now on; failures are not forgotten. */
void access_reload(struct access *, const struct http_options *);

#endif
