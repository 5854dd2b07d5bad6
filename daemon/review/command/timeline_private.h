/* What the two halves of the timeline share: what concerns an incident (timeline.c), and what else
 * happens at a site (timeline_site.c). */
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
void telling_name(const struct telling *, const char *person);
void telling_quoted(const struct telling *, const char *member);
void telling_device(const struct telling *);
void telling_span(const struct telling *, const char *member, const char *english,
                  const char *chinese);

/* How an entry of this type is told; NULL: it is not one of these. */
typedef bool (*teller)(struct telling *);
teller timeline_of_site(const char *type);

#endif
