/* A roster that was made elsewhere, as it is read into a post: who, from when to when. */
#ifndef TOCSIN_CONFIG_ROSTER_H
#define TOCSIN_CONFIG_ROSTER_H

#include "config/duty.h"

#define ROSTER_BYTES_MAX ((size_t)4 * 1024 * 1024)
#define ROSTER_SHIFTS_MAX 100000
#define ROSTER_EVENTS_MAX 5000

struct roster {
	const struct checker *c;
	const struct site_reading *site;
	uint32_t file;          /* of the report */
	struct stretch *shifts; /* heap */
	uint32_t count, cap;
	bool full; /* too many, which has been said */
};

__attribute__((format(printf, 3, 4))) void roster_problem(struct roster *, uint32_t line,
                                                          const char *, ...);
/* The people that a text names, by id or by name, several with + / & or 、 between them. False if
 * it names anybody who is unknown (unknown gets the word, cut) or nobody. */
bool roster_crew(struct roster *, const char *text, struct crew *out, struct text *unknown);
/* Takes a shift in; false, reported, when there are too many. */
bool roster_add(struct roster *, struct stretch);

/* Both report what they find, with its line. The bytes are valid UTF-8 and end with a NUL. */
void roster_read_csv(struct roster *, const char *bytes);
void roster_read_ical(struct roster *, const char *bytes); /* RFC 5545 */

#endif
