/* Who would be told: the plan for a kind at a zone and an instant, from the definition, with those
 * of its rules that decide at once, and from what people have changed by hand. */
#ifndef TOCSIN_REVIEW_WHO_H
#define TOCSIN_REVIEW_WHO_H

#include "base/problem.h"
#include "base/text.h"
#include "decide/duty.h"
#include "decide/in_force.h"

/* Writes one JSON object:
 *   {"at", "site", "zone": {"id", "name", "armed", "arming": what was said by hand | null},
 *    "silence": what hides it | null, "drill": what makes a drill of it | null,
 *    "assumes": what is taken to stay as it is, for people | null (now),
 *    "incident": {"kind", "severity"} | null,     null: this kind raises nothing now ("why")
 *    "policy": id | null, "rule": "what decides, for people",
 *    "rules": [{"id", "applies": "at once" | "may", ...}],   may: when more comes together
 *    "steps": [{"after_ms", "notify": ["duty:leader"], "recipients": [
 *       {"kind": "person", "id", "name", "contacts": ["phone", ...]}]}],
 *    "repeat_ms", "resolve_within_ms", "last_resort": [recipient...]}
 * A recipient's "tries" are its contacts with the time after the step at which each has its turn
 * and how long it has; a step's "runs_after_ms" and "at" are when it runs in truth (behind a
 * "skipped" one at once); "if_nobody_answers" and "after_acknowledgement" tell how it goes on.
 *
 * word is a signal's kind ("smoke") or an incident's ("fire"). -EINVAL for an unknown word,
 * -ENOENT for an unknown zone, with why saying what is allowed; nothing is written then. */
struct who_asked {
	const char *word, *zone;
	const struct device *device; /* of the site, that says it; or NULL: any of the zone */
	bool armed;                  /* it says itself that it is armed */
	wall_ms at, now;
	const char *language; /* of "rule"; NULL: "en" */
};
int who_write_json(struct text *, const struct site_def *, const struct duty_state *,
                   const struct in_force *, const struct who_asked *, struct problem *why) MUST_USE;

#endif
