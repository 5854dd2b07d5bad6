/* What is looked for among incidents, besides what the store looks for itself: a zone or one below
 * it, how grave, what it was, drills or none, and words, each of which must stand somewhere in what
 * is known of it: names, kinds and outcomes in both languages, and what people wrote. */
#ifndef TOCSIN_REVIEW_INCIDENT_SEARCH_H
#define TOCSIN_REVIEW_INCIDENT_SEARCH_H

#include "store/store.h"

#define SEARCH_WORDS_MAX 200 /* bytes */

struct incident_search { /* zeroed: everything */
	char zone[ID_MAX + 1];
	enum severity severity; /* used when has_severity */
	bool has_severity;
	enum outcome outcome; /* OUTCOME_NONE: any */
	enum { DRILLS_TOO, DRILLS_ONLY, DRILLS_NOT } drills;
	char words[SEARCH_WORDS_MAX + 1]; /* lower case, parted by blanks */
};

bool search_is_for_all(const struct incident_search *);
/* All but the words, for which there must be read in the record. */
bool search_fits(const struct incident_search *, const struct incident *);
/* What is known of it, in lower case. def: its site's, or NULL. */
void search_add_known(struct text *, const struct site_def *, const struct incident *);
/* 1 if every word stands in what is known or in what people noted later, 0 if not, or a negative
 * errno of the store. */
int search_finds(const struct incident_search *, const char *known, struct store *,
                 const char *incident_id) MUST_USE;
void search_lower(char *words);

#endif
