/* What the report's formats share. */
#ifndef TOCSIN_REVIEW_REPORT_PRIVATE_H
#define TOCSIN_REVIEW_REPORT_PRIVATE_H

#include "base/index.h"
#include "base/json.h"
#include "decide/words.h"
#include "review/report.h"

struct incident_report { /* everything an incident's report says */
	const struct report_request *request;
	const struct site_def *def; /* NULL: its site is no longer configured */
	const char *site_id, *language;
	bool zh;
	struct incident *incident;
	struct response response;
	struct ledger_head head; /* of its site */
};

/* The notifications that tell of an alarm, by their ids: what they bring is what response_of and
 * the report of a drill take for told. */
struct calls {
	char **ids;
	uint32_t count, cap;
	struct index index;
};
/* Of a `notification` entry's data; false: it tells of no alarm. */
bool calls_add(struct calls *, const cJSON *notification);
bool calls_have(const struct calls *, const cJSON *delivery); /* of a `delivery` entry's data */
void calls_finish(struct calls *);

struct period_report {
	const struct report_request *request;
	const struct report_period *period;
	const struct site_def *def; /* NULL: the site is no longer configured */
	const char *language;
	bool zh;
};

/* The definition of a site by id; NULL for one that is no longer configured. */
const struct site_def *report_site(const struct report_request *, const char *id);
/* One of two literals. */
__attribute__((format_arg(2), format_arg(3))) const char *pick_word(bool zh, const char *english,
                                                                    const char *chinese);
void add_html(struct text *, const char *);
/* "12.3 s", "4 min 05 s", "—" for NOT_YET. */
void add_span(struct text *, const char *language, span_ms);
/* "2026-11-22 08:00:12", by the site's clocks; and its parts. */
void add_time(struct text *, const struct site_def *, wall_ms);
void add_day(struct text *, const struct site_def *, wall_ms);   /* "2026-11-22" */
void add_clock(struct text *, const struct site_def *, wall_ms); /* "08:00:12" */
/* True if at lies on another day of the site's calendar than before. */
bool is_other_day(const struct site_def *, wall_ms before, wall_ms at);
void report_page_open(struct text *, const char *language, const char *title);
void report_page_close(struct text *);
/* The head of a site's ledger, which a report rests on; then the member "ledger", and the foot of a
 * page. An empty record's is zeroed. */
int report_head(struct store *, const char *site, struct ledger_head *out) MUST_USE;
void put_head(struct text *, const struct ledger_head *);
void add_foot(struct text *, bool zh, const struct site_def *, const struct ledger_head *,
              wall_ms now);
/* Where something stands, by its names: zones, a device, a post; "—" for the whole site. */
void add_place(struct text *, bool zh, const struct site_def *, const cJSON *standing);
/* What an incident is: its kind, and its subject. */
void add_what(struct text *, const char *language, const struct site_def *,
              const struct incident *);
const char *device_name(const struct site_def *,
                        const char *id); /* the id where it is in no file */
/* "Li", or the id of somebody who is in the file no more. */
const char *person_name(const struct site_def *, const char *id);
/* A cell of a CSV file; what a table program would take for a formula is only text. */
void csv_cell(struct text *, const char *, bool last);

void put_span(struct text *, const char *name, span_ms); /* null for NOT_YET */
/* The members "first_push_ms", ... and "late": those stages that came later than asked for, or have
 * not come though they should have by now. */
void report_stages_json(struct text *, const struct incident *, const struct response *,
                        wall_ms now);

int report_incident_html(const struct incident_report *, struct text *) MUST_USE;
int report_incident_json(const struct incident_report *, struct text *) MUST_USE;
int report_incident_csv(const struct incident_report *, struct text *) MUST_USE;
void report_incident_cap(const struct incident_report *, struct text *);

/* What an entry says, in one line. */
void report_sentence(const struct incident_report *, const struct ledger_row *, struct text *,
                     bool *stands_out);

#endif
