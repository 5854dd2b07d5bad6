/* A roster as a calendar (RFC 5545): an event is a shift, its title says who has it. Repeating ones
 * are written out on the local calendar, so that a night shift begins at 20:00 on both sides of a
 * change of the clocks. */
#include <libical/ical.h>
#include <stdlib.h>
#include <string.h>

#include "base/library.h"
#include "config/guess.h"
#include "config/roster.h"

#define DEPTH_MAX 8
#define REPEATING_MAX 500
#define LAST_YEAR 2100 /* so far a time zone's table reaches */
#define LENGTH_MAX DAYS(366)

struct ical {
	struct roster *r;
	icalcomponent **events; /* borrowed from the tree; heap */
	uint32_t *lines;        /* of their BEGIN */
	uint32_t count, repeating;
	struct timezone_table zone; /* the last foreign one */
};

/* ---- the library ---- */

/* It brings ICU and the C++ runtime: 3 MiB, and a quarter of the start of each program, for a
 * calendar that most sites do not have. So it is opened when one is read. */
#define FUNCTIONS(X)                                                                               \
	X(icalcomponent_free)                                                                      \
	X(icalcomponent_get_dtend)                                                                 \
	X(icalcomponent_get_dtstart)                                                               \
	X(icalcomponent_get_first_component)                                                       \
	X(icalcomponent_get_first_property)                                                        \
	X(icalcomponent_get_next_component)                                                        \
	X(icalcomponent_get_next_property)                                                         \
	X(icalcomponent_get_recurrenceid)                                                          \
	X(icalcomponent_get_status)                                                                \
	X(icalcomponent_get_summary)                                                               \
	X(icalcomponent_get_uid)                                                                   \
	X(icalcomponent_isa)                                                                       \
	X(icalerror_set_errors_are_fatal)                                                          \
	X(icalmemory_free_ring)                                                                    \
	X(icalparser_parse_string)                                                                 \
	X(icalproperty_get_exdate)                                                                 \
	X(icalproperty_get_first_parameter)                                                        \
	X(icalproperty_get_rdate)                                                                  \
	X(icalproperty_get_rrule)                                                                  \
	X(icalrecur_iterator_free)                                                                 \
	X(icalrecur_iterator_new)                                                                  \
	X(icalrecur_iterator_next)                                                                 \
	X(icaltime_convert_to_zone)                                                                \
	X(icaltime_is_null_time)                                                                   \
	X(icaltime_is_utc)                                                                         \
	X(icaltimezone_get_location)                                                               \
	X(icaltimezone_get_tzid)                                                                   \
	X(icaltimezone_get_utc_offset)

static struct {
	FUNCTIONS(LIBRARY_MEMBER)
} lib;

/* False, reported, where it is not installed. */
static bool open_library(struct roster *r)
{
#define FIND(function) {#function, &lib.function},
	static const struct library_function functions[] = {FUNCTIONS(FIND)};
	struct problem why;
	if (library_open(LIBICAL, functions, sizeof functions / sizeof *functions, &why) == 0)
		return true;
	roster_problem(
	        r, 1,
	        "iCalendar files are read by libical, which is missing here (%s); install it "
	        "(Debian: libical3), or write the roster as CSV",
	        why.text);
	return false;
}

/* ---- before parsing: bounds, and where events begin ---- */

static bool line_is(const char *at, const char *word)
{
	return strncasecmp(at, word, strlen(word)) == 0;
}

/* False, reported, if it is nothing to hand to a parser. */
static bool look_over(struct ical *ical, const char *bytes)
{
	uint32_t depth = 0, line = 1, events = 0;
	ical->lines = NEW_ARRAY(uint32_t, ROSTER_EVENTS_MAX);
	for (const char *at = bytes; *at; line++) {
		if (line_is(at, "BEGIN:") && ++depth > DEPTH_MAX) {
			roster_problem(ical->r, line, "nested deeper than %d", DEPTH_MAX);
			return false;
		}
		if (line_is(at, "END:") && depth)
			depth--;
		if (line_is(at, "BEGIN:VEVENT")) {
			if (events == ROSTER_EVENTS_MAX) {
				roster_problem(ical->r, line, "more than %d events",
				               ROSTER_EVENTS_MAX);
				return false;
			}
			ical->lines[events++] = line;
		}
		at += strcspn(at, "\n");
		at += *at == '\n';
	}
	if (!events)
		roster_problem(ical->r, 1, "no event (BEGIN:VEVENT) in it");
	return events > 0;
}

static void gather(struct ical *ical, icalcomponent *around)
{
	icalcomponent *part = lib.icalcomponent_get_first_component(around, ICAL_ANY_COMPONENT);
	for (; part; part = lib.icalcomponent_get_next_component(around, ICAL_ANY_COMPONENT)) {
		icalcomponent_kind kind = lib.icalcomponent_isa(part);
		if (kind == ICAL_VEVENT_COMPONENT && ical->count < ROSTER_EVENTS_MAX)
			ical->events[ical->count++] = part;
		else if (kind == ICAL_VCALENDAR_COMPONENT)
			gather(ical, part);
	}
}

/* ---- times ---- */

static int64_t local_ms(icaltimetype t)
{
	struct civil c = {.year = t.year,
	                  .month = t.month,
	                  .day = t.day,
	                  .hour = t.is_date ? 0 : t.hour,
	                  .minute = t.is_date ? 0 : t.minute,
	                  .second = t.is_date ? 0 : t.second};
	return civil_ms(c);
}

static bool is_sane(icaltimetype t)
{
	struct civil c = {.year = t.year,
	                  .month = t.month,
	                  .day = t.day,
	                  .hour = t.hour,
	                  .minute = t.minute,
	                  .second = t.second};
	return !lib.icaltime_is_null_time(t) && civil_is_valid(&c) && t.year >= 1990 &&
	       t.year < LAST_YEAR;
}

/* The table of the zone that a time is in; NULL where it is UTC or the calendar's own invention. */
static const struct timezone_table *table_of(struct ical *ical, icaltimetype t)
{
	const struct timezone_table *here = &ical->r->site->def->timezone;
	if (lib.icaltime_is_utc(t))
		return NULL;
	if (t.is_date || !t.zone)
		return here;
	const char *name = lib.icaltimezone_get_location((icaltimezone *)t.zone);
	if (!name)
		name = lib.icaltimezone_get_tzid((icaltimezone *)t.zone);
	if (!name || strcmp(name, here->name) == 0)
		return here;
	if (ical->zone.name && strcmp(ical->zone.name, name) == 0)
		return &ical->zone;
	return timezone_load(name, ical->r->c->arena, &ical->zone) == 0 ? &ical->zone : NULL;
}

static wall_ms instant(struct ical *ical, icaltimetype t, int64_t local, bool end)
{
	const struct timezone_table *table = table_of(ical, t);
	if (table)
		return end ? civil_last(table, civil_from_ms(local))
		           : civil_first(table, civil_from_ms(local));
	if (lib.icaltime_is_utc(t) || !t.zone)
		return local;
	int summer = 0;
	struct civil c = civil_from_ms(local);
	struct icaltimetype at = {.year = c.year,
	                          .month = c.month,
	                          .day = c.day,
	                          .hour = c.hour,
	                          .minute = c.minute,
	                          .second = c.second,
	                          .zone = t.zone};
	return local -
	       SECONDS(lib.icaltimezone_get_utc_offset((icaltimezone *)t.zone, &at, &summer));
}

/* Whether a property names a zone that nobody knows: its times would be taken for local ones. */
static bool zone_is_known(icalproperty *property, icaltimetype t)
{
	icalparameter *tzid = lib.icalproperty_get_first_parameter(property, ICAL_TZID_PARAMETER);
	return !tzid || t.zone || lib.icaltime_is_utc(t);
}

struct when {
	icaltimetype start;
	int64_t local;
	span_ms length; /* on the local calendar */
};

static bool when_read(struct ical *ical, icalcomponent *event, uint32_t line, struct when *out)
{
	struct roster *r = ical->r;
	icalproperty *from = lib.icalcomponent_get_first_property(event, ICAL_DTSTART_PROPERTY);
	icalproperty *to = lib.icalcomponent_get_first_property(event, ICAL_DTEND_PROPERTY);
	icaltimetype start = lib.icalcomponent_get_dtstart(event),
	             end = lib.icalcomponent_get_dtend(event);
	if (!from || !is_sane(start)) {
		roster_problem(r, line, "an event without a DTSTART from 1990 to 2099");
		return false;
	}
	if (!zone_is_known(from, start) || (to && !zone_is_known(to, end))) {
		roster_problem(r, line,
		               "the event's time zone (TZID) is not known; describe it in "
		               "a VTIMEZONE or use a name such as Europe/Berlin");
		return false;
	}
	*out = (struct when){.start = start, .local = local_ms(start)};
	if (to && start.zone != end.zone)
		end = lib.icaltime_convert_to_zone(end, (icaltimezone *)start.zone);
	bool has_end = !lib.icaltime_is_null_time(end) && is_sane(end);
	out->length = has_end ? local_ms(end) - out->local : start.is_date ? DAYS(1) : 0;
	if (out->length <= 0 && start.is_date)
		out->length = DAYS(1);
	if (out->length <= 0 || out->length > LENGTH_MAX) {
		roster_problem(r, line,
		               "this event ends before it starts, or lasts longer than a year; it "
		               "needs a DTEND or DURATION behind its DTSTART");
		return false;
	}
	return true;
}

/* ---- who ---- */

static bool crew_of(struct ical *ical, icalcomponent *event, uint32_t line, struct crew *crew)
{
	struct text unknown = {0};
	const char *summary = lib.icalcomponent_get_summary(event);
	bool good = summary && roster_crew(ical->r, summary, crew, &unknown);
	if (!good)
		roster_problem(ical->r, line,
		               "the event's title (SUMMARY) names no person %s of this site; it "
		               "holds ids or names, several with + between them",
		               unknown.len ? text_get(&unknown) : "''");
	text_finish(&unknown);
	return good;
}

/* ---- repeating ---- */

struct instants { /* sorted once filled */
	wall_ms *items;
	uint32_t count, cap;
};

static int by_instant(const void *a, const void *b)
{
	wall_ms x = *(const wall_ms *)a, y = *(const wall_ms *)b;
	return (x > y) - (x < y);
}

static void add_instant(struct ical *ical, struct instants *list, const struct when *when,
                        icaltimetype t)
{
	if (!is_sane(t))
		return;
	if (!t.zone && !lib.icaltime_is_utc(t)) /* as the start is meant */
		t.zone = when->start.zone;
	int64_t local = local_ms(t);
	if (t.is_date && !when->start.is_date) /* the day's one */
		local += when->local - when->local / DAYS(1) * DAYS(1);
	MEM_RESERVE(list->items, list->count, list->cap);
	list->items[list->count++] = instant(ical, when->start.is_date ? when->start : t, local,
	                                     false);
}

/* The occurrences that do not take place, or that an event of their own moves. */
static void left_out(struct ical *ical, icalcomponent *event, const struct when *when,
                     struct instants *out)
{
	const char *uid = lib.icalcomponent_get_uid(event);
	icalproperty *p = lib.icalcomponent_get_first_property(event, ICAL_EXDATE_PROPERTY);
	for (; p; p = lib.icalcomponent_get_next_property(event, ICAL_EXDATE_PROPERTY))
		add_instant(ical, out, when, lib.icalproperty_get_exdate(p));
	for (uint32_t i = 0; uid && i < ical->count; i++) {
		icalcomponent *other = ical->events[i];
		const char *other_uid = lib.icalcomponent_get_uid(other);
		if (other_uid && strcmp(uid, other_uid) == 0)
			add_instant(ical, out, when, lib.icalcomponent_get_recurrenceid(other));
	}
	if (out->count)
		qsort(out->items, out->count, sizeof *out->items, by_instant);
}

struct occasion {
	const struct when *when;
	const struct crew *crew;
	const struct instants *out;
	uint32_t line;
};

static bool add_shift(struct ical *ical, const struct occasion *event, int64_t local)
{
	icaltimetype zone = event->when->start;
	wall_ms from = instant(ical, zone, local, false);
	const struct instants *out = event->out;
	if (out->count && bsearch(&from, out->items, out->count, sizeof from, by_instant))
		return true;
	return roster_add(ical->r,
	                  (struct stretch){
	                          .from = from,
	                          .to = instant(ical, zone, local + event->when->length, true),
	                          .crew = *event->crew,
	                          .line = event->line,
	                  });
}

static void add_repeats(struct ical *ical, const struct occasion *event, icalproperty *property)
{
	struct icalrecurrencetype rule = lib.icalproperty_get_rrule(property);
	bool days = rule.freq == ICAL_DAILY_RECURRENCE || rule.freq == ICAL_WEEKLY_RECURRENCE ||
	            rule.freq == ICAL_MONTHLY_RECURRENCE || rule.freq == ICAL_YEARLY_RECURRENCE;
	if (!days || ++ical->repeating > REPEATING_MAX) {
		roster_problem(ical->r, event->line,
		               "shifts repeat DAILY, WEEKLY, MONTHLY or YEARLY, and at most %d "
		               "events do",
		               REPEATING_MAX);
		return;
	}
	icalrecur_iterator *each = lib.icalrecur_iterator_new(rule, event->when->start);
	if (!each) {
		roster_problem(ical->r, event->line, "this RRULE cannot be read");
		return;
	}
	for (icaltimetype t; !lib.icaltime_is_null_time(t = lib.icalrecur_iterator_next(each));)
		if (t.year >= LAST_YEAR || !add_shift(ical, event, local_ms(t)))
			break;
	lib.icalrecur_iterator_free(each);
}

static void add_event(struct ical *ical, icalcomponent *component, uint32_t line)
{
	struct when when;
	struct crew crew;
	struct instants out = {0};
	if (lib.icalcomponent_get_status(component) == ICAL_STATUS_CANCELLED ||
	    !when_read(ical, component, line, &when) || !crew_of(ical, component, line, &crew))
		return;
	struct occasion event = {.when = &when, .crew = &crew, .out = &out, .line = line};
	icalproperty *rule = lib.icalcomponent_get_first_property(component, ICAL_RRULE_PROPERTY);
	bool moved = lib.icalcomponent_get_first_property(component, ICAL_RECURRENCEID_PROPERTY);
	if (!moved)
		left_out(ical, component, &when, &out);
	if (rule && !moved)
		add_repeats(ical, &event, rule);
	else
		(void)add_shift(ical, &event, when.local);
	icalproperty *more = lib.icalcomponent_get_first_property(component, ICAL_RDATE_PROPERTY);
	for (; more; more = lib.icalcomponent_get_next_property(component, ICAL_RDATE_PROPERTY)) {
		icaltimetype t = lib.icalproperty_get_rdate(more).time;
		if (is_sane(t))
			(void)add_shift(ical, &event, local_ms(t));
	}
	free(out.items);
}

void roster_read_ical(struct roster *r, const char *bytes)
{
	struct ical ical = {.r = r};
	icalcomponent *root = NULL;
	if (!open_library(r))
		return;
	lib.icalerror_set_errors_are_fatal(0);
	if (look_over(&ical, bytes))
		root = lib.icalparser_parse_string(bytes);
	if (root) {
		ical.events = NEW_ARRAY(icalcomponent *, ROSTER_EVENTS_MAX);
		if (lib.icalcomponent_isa(root) == ICAL_VEVENT_COMPONENT)
			ical.events[ical.count++] = root;
		else
			gather(&ical, root);
		for (uint32_t i = 0; i < ical.count && !r->full; i++)
			add_event(&ical, ical.events[i], ical.lines[i]);
		lib.icalcomponent_free(root);
	}
	if (!ical.count && ical.lines && ical.lines[0])
		roster_problem(r, 1, "not an iCalendar file: no BEGIN:VCALENDAR that can be read");
	free(ical.events);
	free(ical.lines);
	lib.icalmemory_free_ring();
}
