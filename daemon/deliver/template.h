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

#define TEMPLATE_WORDS(X)                                                                          \
	X(headline, "drill mark, kind, place, device, what happened, when, severity")              \
	X(tags, "drill mark and kind, in brackets")                                                \
	X(drill, "the drill mark; nothing in earnest")                                             \
	X(kind, "fire, gas, ...")                                                                  \
	X(severity, "minor, major, ...")                                                           \
	X(reason, "new, escalated, resolved, ...")                                                 \
	X(why, "why this message comes now, in a sentence")                                        \
	X(site, "the site's name")                                                                 \
	X(place, "the zone's name")                                                                \
	X(path, "the zones around it")                                                             \
	X(signal, "device, what happened, when")                                                   \
	X(device, "the device's name")                                                             \
	X(what, "what happened")                                                                   \
	X(when, "when, and how long ago")                                                          \
	X(others, "further devices")                                                               \
	X(owner, "who is in charge")                                                               \
	X(note, "the note of a report or of the resolution")                                       \
	X(said, "what a test or a digest says")                                                    \
	X(advice, "what to do")                                                                    \
	X(step, "the step of the escalation")                                                      \
	X(id, "the incident's id")                                                                 \
	X(marks, "possible duplicate, not logged; put at the end where it is missing")

#define TEMPLATE_WORD_NAME(name, meaning) WORD_##name,
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

/* -EINVAL and what is wrong, and where in the text: an unknown word, a bracket without its other,
 * nothing that marks a drill as one. */
int template_check(const char *text, struct problem *why) MUST_USE;

/* Writes what a word stands for; nothing where there is nothing to say. */
typedef void (*template_say)(void *ctx, enum template_word, struct text *out);
/* Of a text that was checked. */
void template_write(const char *text, template_say, void *ctx, struct text *out);
bool template_has(const char *text, enum template_word);

#endif
