/* How a letter's text is put together: text.c by its template, text_incident.c what there is to say
 * of an incident, text_say.c in what words. */
#ifndef TOCSIN_DELIVER_TEXT_PRIVATE_H
#define TOCSIN_DELIVER_TEXT_PRIVATE_H

#include "deliver/template.h"
#include "deliver/text.h"

struct phrase {
	const char *chinese, *english;
};

struct writer {
	const struct letter *letter;
	const struct incident *incident; /* NULL: of none */
	struct text *out;
	bool chinese;
};

/* ---- text_say.c: each adds to the writer's text, in its language ---- */

void say_words(struct writer *, const char *chinese, const char *english);
void say_phrase(struct writer *, const struct phrase *);
/* A name or a note by somebody else stays on its line. */
void say_plain(struct writer *, const char *foreign);
void say_person(struct writer *, const char *id); /* the name, where the site knows it */
/* The local time of day, with the date where it is not today's. */
void say_clock(struct writer *, wall_ms);
void say_span(struct writer *, span_ms);
void say_moment(struct writer *, wall_ms); /* "08:00:12（3分钟前）" */
void say_tag(struct writer *, const char *word);
/* The zone's name, or the site's. */
void say_place(struct writer *);

/* ---- text_incident.c ---- */

/* Says what a template's word means for the writer's incident; nothing where it does not apply or
 * is not the incident's business. */
void say_of_incident(struct writer *, enum template_word);

#endif
