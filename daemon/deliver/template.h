/* How a message to people is put together. A template is text with {words} that stand for what is
 * known of the notification, and with [parts] that are left out whole where a word in them has
 * nothing to say: "{headline}[\n负责人：{owner}]". {{ }} [[ ]] are the characters themselves. A
 * part lies in no other.
 *
 * The link is no word: each channel puts it behind the text, where cutting never reaches it. */
#ifndef TOCSIN_DELIVER_TEMPLATE_H
#define TOCSIN_DELIVER_TEMPLATE_H

#include <stdint.h>

#include "base/problem.h"
#include "base/text.h"
#include "decide/model.h"

#define TEMPLATE_MAX ((size_t)2000) /* bytes */

/* When a word has something to say: at any time, of any incident, or as it happens. */
enum template_says { SAYS_ALWAYS, SAYS_OF_INCIDENT, SAYS_SOMETIMES };

#define TEMPLATE_WORDS(X)                                                                          \
	X(headline, ALWAYS, "drill mark, kind, place, device, what happened, when, severity")      \
	X(tags, ALWAYS, "drill mark and kind, in brackets")                                        \
	X(drill, SOMETIMES, "the mark of a drill or a test; nothing in earnest")                   \
	X(kind, OF_INCIDENT, "fire, gas, ...")                                                     \
	X(severity, OF_INCIDENT, "minor, major, ...")                                              \
	X(reason, ALWAYS, "new, escalated, resolved, ...")                                         \
	X(why, SOMETIMES, "why this message comes now, in a sentence")                             \
	X(site, ALWAYS, "the site's name")                                                         \
	X(place, ALWAYS, "the zone's name")                                                        \
	X(path, SOMETIMES, "the zones around it")                                                  \
	X(signal, SOMETIMES, "device, what happened, when")                                        \
	X(device, SOMETIMES, "the device's name")                                                  \
	X(what, OF_INCIDENT, "what happened")                                                      \
	X(when, ALWAYS, "when, and how long ago")                                                  \
	X(others, SOMETIMES, "further devices")                                                    \
	X(owner, SOMETIMES, "who is in charge")                                                    \
	X(note, SOMETIMES, "the note of a report or of the resolution")                            \
	X(said, SOMETIMES, "what a test or a digest says")                                         \
	X(advice, SOMETIMES, "what to do")                                                         \
	X(step, SOMETIMES, "the step of the escalation")                                           \
	X(id, OF_INCIDENT, "the incident's id")                                                    \
	X(marks, SOMETIMES, "possible duplicate, not logged; put at the end where it is missing")

#define TEMPLATE_WORD_NAME(name, says, meaning) WORD_##name,
enum template_word { TEMPLATE_WORDS(TEMPLATE_WORD_NAME) WORD_COUNT };
#undef TEMPLATE_WORD_NAME
const char *template_word_name(enum template_word);

struct text_template {           /* of the service file */
	const char *language;    /* "zh-CN", "en" */
	enum reason reason;      /* REASON_COUNT: any that is about an incident */
	enum incident_kind kind; /* INCIDENT_KIND_NONE: any */
	const char *text;
};

/* The first that fits, or NULL. kind: INCIDENT_KIND_NONE where there is no incident. */
const char *template_choose(const struct text_template *, uint32_t count, const char *language,
                            enum reason, enum incident_kind kind);

/* -EINVAL and what is wrong, and where in the text: an unknown word, a bracket without its other;
 * that a drill could come unmarked, or a message say nothing at all, whatever there is to say.
 * reason: as in text_template. */
int template_check(const char *text, enum reason, struct problem *why) MUST_USE;

/* Writes what a word stands for; nothing where there is nothing to say. */
typedef void (*template_say)(void *ctx, enum template_word, struct text *out);
/* Of a text that was checked. */
void template_write(const char *text, template_say, void *ctx, struct text *out);
bool template_has(const char *text, enum template_word);

#endif
