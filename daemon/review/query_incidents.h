/* Which incidents a request asks for, in its query: of a list and of a report alike. */
#ifndef TOCSIN_REVIEW_QUERY_INCIDENTS_H
#define TOCSIN_REVIEW_QUERY_INCIDENTS_H

#include "review/exchange.h"
#include "review/incident_search.h"

/* Reads state, kind, zone, severity, outcome, drill and words. False after a 400. The filter's
 * times, site and place are read by who knows more of them. */
bool exchange_query_incidents(struct exchange *, struct incident_filter *,
                              struct incident_search *) MUST_USE;
/* "fire, gas, ...": what a kind may be. */
void add_incident_kinds(struct text *);

/* The word for how an incident ended, wherever it stands in a request; 400 where there is none
 * such. */
bool exchange_outcome(struct exchange *, const char *word, enum outcome *out);

#endif
