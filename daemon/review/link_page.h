/* The page behind a link, in the site's language: one thumb, one button, no script needed. */
#ifndef TOCSIN_REVIEW_LINK_PAGE_H
#define TOCSIN_REVIEW_LINK_PAGE_H

#include "review/link_visit.h"

enum phrase {
	SAY_NOTHING,
	/* what is so */
	SAY_TAKEN_BY_YOU,
	SAY_YOU_ARE_ON_SITE,
	SAY_HELP_IS_CALLED,
	SAY_OTHER_HAS_IT,
	SAY_OFFERED_TO_YOU,
	SAY_RESOLVED,
	SAY_NOT_A_PERSON,
	SAY_NOT_OF_THE_SITE,
	/* what came of a tap */
	SAY_NOTED,
	SAY_TEST,
	SAY_TEST_RECEIVED,
	SAY_TEST_OVER,
	SAY_SHIFT_ACCEPTED,
	SAY_SHIFT_OVER,
	/* what was wrong with it */
	SAY_WHY_NEEDED,
	SAY_NOTE_NEEDED,
	SAY_WHOM_NEEDED,
	SAY_NO_SUCH_CHOICE,
	SAY_NOT_UNDERSTOOD,
	SAY_HELD,
	SAY_NOT_RECORDED,
	SAY_INVALID,
	SAY_EXPIRED,
	SAY_UNKNOWN,
	SAY_UNREADABLE,
	SAY_COUNT,
};

/* In English, for programs. */
const char *phrase_english(enum phrase);

/* Why who has come may look and not act. */
enum phrase phrase_of_a_reader(const struct visit *);

/* What came of a tap, above the page; form: what it said, for another try, or NULL. */
struct link_said {
	enum phrase phrase;
	bool is_problem;
	const struct link_form *form;
};

void link_page_incident(struct text *, const struct visit *, const struct incident *, wall_ms now,
                        const struct link_said *);
/* A test; with a button while it waits for the tap. */
void link_page_test(struct text *, const struct visit *, enum phrase);
/* A shift that is handed over: what there is to know, and the button. */
void link_page_shift(struct text *, const struct visit *);
/* One sentence, and the way to the console. */
void link_page_sentence(struct text *, bool zh, enum phrase);

#endif
