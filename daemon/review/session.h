/* The cookie of somebody who has signed in on the console: who it is, since when, until when,
 * signed by the service. Nothing is kept of it but a list of those who have signed out, so that it
 * outlives a restart, and so does its end. It ends when its time is over, when the password or the
 * token behind it is changed or taken away, and when they sign out. */
#ifndef TOCSIN_REVIEW_SESSION_H
#define TOCSIN_REVIEW_SESSION_H

#include "base/clock.h"
#include "review/http.h"

#define SESSION_COOKIE "tocsin_session"
#define SESSION_UNUSED HOURS(12) /* each use after SESSION_RENEW gives the whole time again */
#define SESSION_RENEW MINUTES(10)
#define SESSION_LONGEST DAYS(30) /* then the password is asked for again */
#define SESSION_MAX 512          /* bytes of a cookie's value */

struct session {
	const struct access_user *user; /* one of these two; borrowed */
	const struct access_token *token;
	wall_ms begun, issued;
	uint64_t number; /* by chance; what signing out remembers */
};

struct sessions;
struct sessions *sessions_create(const uint8_t link_key[SHA256_LEN]);
/* Those who signed out before a restart. */
void sessions_load(struct sessions *, struct store *, wall_ms now);
void sessions_destroy(struct sessions *);

void session_begin(struct session *, wall_ms now);
void session_write(const struct sessions *, const struct session *, struct text *out);
wall_ms session_ends(const struct session *);
/* False for one that was forged, has ended, or belongs to nobody any more. */
bool session_read(const struct sessions *, const struct http_options *, const char *value,
                  wall_ms now, struct session *out) MUST_USE;
/* Its time is over, or they signed out. */
bool session_has_ended(const struct sessions *, const struct session *, wall_ms now);
void session_end(struct sessions *, const struct session *);
/* The same as what is to be remembered of it; key has room for 24 bytes and is borrowed. */
struct remembered session_ended(const struct session *, char key[24]);

#endif
