/* Incidents and the store's rows as the JSON objects that the API answers, the event stream sends
 * and the command prints, so that all three say the same. A name of NULL writes an array item or a
 * whole line; no function adds a newline. */
#ifndef TOCSIN_REVIEW_VIEWS_H
#define TOCSIN_REVIEW_VIEWS_H

#include "base/problem.h"
#include "base/text.h"
#include "decide/site.h"
#include "store/store.h"

/* The contract's incident, without timeline. def: as of incident_write_json. */
void view_incident(struct text *, const char *name, const struct site_def *def, const char *site_id,
                   const struct incident *);

/* Adds two members to an incident's JSON object, which has just been written: "timeline", its
 * ledger rows, oldest first, and "notifications", its deliveries, newest first. told (or NULL): the
 * rows say in words, too, what they mean, to a reader of its language. A negative errno if the
 * store cannot be read. */
struct command_context;
int view_timeline(struct text *, struct store *, const char *site_id, const char *incident_id,
                  const struct command_context *told) MUST_USE;

/* seq, site, time, received, type, device?, incident?, by?, data, hash: a line of `tocsin log`. */
void view_ledger_row(struct text *, const char *name, const struct ledger_row *);

/* notification, site, incident, reason, step, to, state, created, contact, channel, delivery,
 * attempts, status. */
void view_delivery(struct text *, const char *name, const struct delivery_row *);

/* What became of it, in the words of people. */
const char *delivery_words(const char *language, const struct delivery_row *);

/* site, id, name, zone, kind, online, heard, changed, active: with what the definition says of
 * it, where def is not NULL and knows it; row is NULL for one that was never heard. */
void view_device(struct text *, const char *name, const struct site_def *def, uint32_t position,
                 const struct device_row *row);

#endif
