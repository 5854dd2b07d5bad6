/* What a period adds up to, before it is written in one form or another. */
#ifndef TOCSIN_REVIEW_REPORT_TALLY_H
#define TOCSIN_REVIEW_REPORT_TALLY_H

#include "review/report_private.h"

#define TALKERS 10
#define ZONES_SHOWN 12
#define INCIDENTS_MAX 20000 /* of one report */

struct talker {
	char *device;
	uint32_t signals, rejected, silent;
};

struct tally { /* what a period's entries add up to */
	struct period_report *report;
	struct line { /* an incident and its response */
		struct incident *incident;
		char *site;
		struct response response;
		bool left_out; /* no word of it was sought */
		bool late;     /* with any stage; no drill is */
	} * lines;
	uint32_t count, cap;
	char looked[INCIDENT_ID_MAX]; /* through so far */
	struct talker *talkers;
	uint32_t talker_count, talker_cap;
	struct counted { /* how often a zone, or a channel, had a part */
		char *id, *name;
		uint32_t count, good;
	} * zones, *channels;
	uint32_t zone_count, zone_cap, channel_count, channel_cap;
	uint64_t entries, signals, rejected, deliveries, accepted, gaps, starts, crashes;
	uint32_t by_kind[INCIDENT_KIND_COUNT], false_alarms, judged, drills, unresolved;
	uint32_t late[STAGE_COUNT];
	span_ms *spans; /* scratch for percentiles */
};

/* Fills a tally of which only the report is set. Finish it also after a failure. */
int tally_gather(struct tally *) MUST_USE;
void tally_finish(struct tally *);

/* Sorted into tally->spans; returns how many. Drills are not counted. */
uint32_t tally_sort_spans(struct tally *, enum stage);
span_ms tally_percentile(const struct tally *, uint32_t count, uint32_t percent);
/* Of the incidents that somebody judged, rounded; -1: of none. */
int tally_false_percent(const struct tally *);

void period_write_html(struct tally *, struct text *);
/* report_period_list.c: the days, the incidents, the devices that said most. */
void period_write_lists(const struct tally *, struct text *);

/* report_shift.c: what the next shift takes over. */
int shift_write_json(const struct period_report *, struct text *) MUST_USE;
int shift_write_html(const struct period_report *, struct text *) MUST_USE;

#endif
