/* Reports: what happened, for people and for other systems, from the record alone.
 *
 * Of one incident, the after-action report: its timeline, its response times, who was told over
 * which channel with what result, devices, gaps, and the head of the ledger it rests on. Of a
 * period (a shift, a day, a week, a term), the daily ledger: every incident with its figures, and
 * the sums. As HTML (one file without scripts, for screen and paper), JSON, CSV, and an incident
 * as CAP 1.2 XML. */
#ifndef TOCSIN_REVIEW_REPORT_H
#define TOCSIN_REVIEW_REPORT_H

#include "base/problem.h"
#include "base/text.h"
#include "decide/site.h"
#include "review/incident_search.h"
#include "store/store.h"

enum report_format { REPORT_HTML, REPORT_JSON, REPORT_CSV, REPORT_CAP, REPORT_FORMAT_COUNT };
enum report_format report_format_from_name(const char *); /* _COUNT where it is none */
const char *report_format_type(enum report_format);       /* "text/html; charset=utf-8" */

struct report_request {
	struct store *store;
	struct site_def *const *sites; /* for names and time zones; a site may have gone */
	uint32_t site_count;
	const char *language; /* "zh-CN" or "en"; NULL: the site's */
	wall_ms now;
};

/* Of an incident. -ENOENT if there is none, or a negative errno of the store; why is set. */
int report_incident(const struct report_request *, const char *id, enum report_format,
                    struct text *out, struct problem *why) MUST_USE;

/* Of a drill, by its id: who was told, and who answered when. CAP is for incidents: -EINVAL. */
int report_drill(const struct report_request *, const char *id, enum report_format,
                 struct text *out, struct problem *why) MUST_USE;

/* Of a site, by whose calendar a day is one, and a time. CAP is for incidents: -EINVAL. */
struct report_period {
	const char *name; /* "day", "shift", ...: the heading */
	const char *site;
	wall_ms since, until;
	struct incident_filter filter; /* its states and kind count */
	struct incident_search search;
	bool full; /* HTML: every incident is listed, however many */
};
int report_period(const struct report_request *, const struct report_period *, enum report_format,
                  struct text *out, struct problem *why) MUST_USE;

/* ---- the response of one incident ---- */

#define NOT_YET ((span_ms)-1)

/* From its opening on; NOT_YET where it has not happened. Pushed and accepted is what tells of the
 * alarm (reason_asks_to_act), not of its end. */
struct response {
	span_ms first_push, first_accepted, acknowledged, on_site, resolved;
	span_ms late;    /* the latest any step was */
	wall_ms changed; /* when its own entries last told something new of it */
	uint32_t steps, gaps, attempts, failed_attempts;
	uint32_t calls; /* notifications that told of it */
};
int response_of(struct store *, const struct incident *, struct response *out) MUST_USE;

enum stage {
	STAGE_FIRST_PUSH,
	STAGE_FIRST_ACCEPTED,
	STAGE_ACKNOWLEDGED,
	STAGE_ON_SITE,
	STAGE_RESOLVED,
	STAGE_COUNT
};
const char *stage_name(enum stage); /* "first_push": its JSON member is this and "_ms" */
const char *stage_words(const char *language, enum stage);
span_ms stage_of(const struct response *, enum stage);
/* What is asked for, from the opening on; 0: nothing. Somebody is told within 10 s (GB 26875.1,
 * NFPA 72); the rest is the policy's: an acknowledgement before its second step, a resolution in
 * its resolve_within. */
span_ms stage_goal(const struct incident *, const struct response *, enum stage);
/* What has not happened is late once its goal has passed, at the resolution or now; where nobody
 * was to be told at once, nothing was to happen. */
bool stage_is_late(const struct incident *, const struct response *, enum stage, wall_ms now);

#endif
