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
	/* Incidents whose first accepted push is counted; the oldest is overwritten. */
	char accepted[256][INCIDENT_ID_MAX];
	uint32_t next;
};

void figures_count(struct figures *, const struct site *, const struct plan *);
void figures_write(const struct figures *, struct text *out); /* Prometheus text */

#endif
