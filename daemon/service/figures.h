/* How fast incidents are answered, counted as it is committed: histograms for /metrics. */
#ifndef TOCSIN_FIGURES_H
#define TOCSIN_FIGURES_H

#include "decide/site.h"

#define FIGURE_BUCKETS 10

enum figure {
	FIGURE_FIRST_ACCEPTED,
	FIGURE_ACKNOWLEDGED,
	FIGURE_ON_SITE,
	FIGURE_RESOLVED,
	FIGURE_COUNT
};

struct figures {
	struct histogram {
		uint64_t buckets[FIGURE_BUCKETS],
		        count; /* buckets: up to their bound, not summed */
		double seconds;
		uint64_t late; /* later than asked for, as stage_goal in review/report.h says */
	} of[FIGURE_COUNT];
	uint64_t late_steps; /* by more than a second */
	/* Incidents that opened in this life and are not resolved; the oldest is overwritten. */
	struct answering {
		char incident[INCIDENT_ID_MAX]; /* "": none */
		bool is_told;                   /* somebody was to be, at once */
		bool reached[FIGURE_COUNT];
	} answering[256];
	uint32_t next;
};

void figures_count(struct figures *, const struct site *, const struct plan *);
/* Adds what an open incident of this site is late with, though it has not happened: once it has, or
 * the incident is resolved without it, it is counted. */
void figures_overdue(const struct figures *, const struct site *, steady_ms now,
                     uint64_t overdue[FIGURE_COUNT]);
void figures_write(const struct figures *, const uint64_t overdue[FIGURE_COUNT],
                   struct text *out); /* Prometheus text */

#endif
