/* What the parts of the timeline share: what concerns an incident (timeline.c), what people do
 * (timeline_people.c), and what else happens at a site (timeline_site.c). */
#ifndef TOCSIN_REVIEW_COMMAND_TIMELINE_PRIVATE_H
#define TOCSIN_REVIEW_COMMAND_TIMELINE_PRIVATE_H

#include "base/json.h"
#include "review/command/timeline.h"

struct telling {
	const struct command_context *ctx;
	const struct site_def *def;
	const struct ledger_row *row;
	const cJSON *data;
	struct text *out;
	enum tone tone;
};

/* Members of the entry's data: "" and false where absent. */
const char *telling_text(const struct telling *, const char *member);
bool telling_is(const struct telling *, const char *member);

/* Parts of a sentence; what the entry does not have adds nothing. */
void telling_add(const struct telling *, const char *english, const char *chinese);
void telling_by(const struct telling *, const char *english, const char *chinese);
void telling_person(const struct telling *,
                    const char *id); /* by name, at a terminal with the id */
void telling_name(const struct telling *, const char *person);
void telling_quoted(const struct telling *, const char *member);
void telling_device(const struct telling *);
void telling_span(const struct telling *, const char *member, const char *english,
                  const char *chinese);

/* ", from 2026-11-22 08:00:12" by the site's clocks; and a list of people by their names. */
void telling_time(const struct telling *, const char *member, const char *english,
                  const char *chinese);
void telling_names(const struct telling *, const char *member);

/* A word of the record, in the reader's language; the word itself where it is none of these. */
struct word {
	const char *word, *english, *chinese;
};
void telling_word(const struct telling *, const char *is, const struct word *, size_t count);
#define TELL_WORD(t, is, words) telling_word(t, is, words, sizeof(words) / sizeof *(words))

/* How an entry of this type is told; NULL: it is not one of these. */
typedef bool (*teller)(struct telling *);
teller timeline_of_people(const char *type);
teller timeline_of_site(const char *type);

#endif
