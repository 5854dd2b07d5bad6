/* Hazards (隐患): what is not yet an alarm. A person reports one, or a trouble that takes its time
 * becomes one. Somebody owns it and has until a day to remedy it; what was done counts once another
 * person has checked it. Past its day it is open again whatever was said of it, its owner hears of
 * it daily, and it is a trouble of its own until it is closed or has another day. */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "decide/core.h"

#define HAZARD_WITHIN DAYS(7) /* where no deadline is given */
#define HAZARD_MAX DAYS(366)
#define REMIND_EVERY DAYS(1)

const char *hazard_stage(const struct standing *s)
{
	return standing_is_over(s) ? "closed" : s->remedied_by ? "remedied" : "open";
}

/* ---- telling ---- */

struct news {
	const char *chinese, *english;
};
static const struct news assigned = {"请整改", "please remedy"},
                         remedied = {"已整改，请复查", "remedied; please check"},
                         reopened = {"复查未通过，请继续整改",
                                     "checked and not good yet; please go on"},
                         late = {"已逾期，请立即整改", "overdue; please remedy it now"},
                         closed = {"已复查，闭环", "checked and closed"};

static void write_note(struct context *c, const struct standing *s, const struct news *news,
                       struct text *out)
{
	const struct site_def *def = c->site->def;
	bool chinese = strncmp(def->language, "zh", 2) == 0;
	uint32_t zone = site_def_zone(def, s->zone);
	struct civil day = civil_from_wall(&def->timezone, s->until);
	text_addf(out, "%s%s%s%s%s", chinese ? news->chinese : news->english, chinese ? "：" : ": ",
	          zone == POSITION_NONE ? s->zone : def->zones[zone].name, chinese ? "，" : ", ",
	          s->note);
	if (s->remedy)
		text_addf(out, " → %s", s->remedy);
	text_addf(out,
	          chinese ? "；期限 %04d-%02d-%02d %02d:%02d；%s"
	                  : "; until %04d-%02d-%02d %02d:%02d; %s",
	          day.year, day.month, day.day, day.hour, day.minute, s->id);
}

struct hearers {
	const char *ids[4];
	uint32_t count;
};

static void add_hearer(struct hearers *hearers, const char *id, const char *but)
{
	if (!id || (but && strcmp(id, but) == 0))
		return;
	for (uint32_t i = 0; i < hearers->count; i++)
		if (strcmp(hearers->ids[i], id) == 0)
			return;
	hearers->ids[hearers->count++] = id;
}

static const char *zone_owner(const struct context *c, const char *zone)
{
	const struct site_def *def = c->site->def;
	uint32_t at = zone ? site_def_zone(def, zone) : POSITION_NONE;
	uint32_t owner = at == POSITION_NONE ? POSITION_NONE : site_def_zone_owner(def, at);
	return owner == POSITION_NONE ? NULL : def->people[owner].id;
}

static void tell(struct context *c, const struct standing *s, const struct hearers *hearers,
                 const struct news *news)
{
	struct text note = {0};
	write_note(c, s, news, &note);
	for (uint32_t i = 0; i < hearers->count; i++) {
		struct notification *n = notify_id(c, NULL, RECIPIENT_PERSON, hearers->ids[i],
		                                   REASON_HAZARD, 0);
		if (n)
			own(&n->note, text_get(&note));
	}
	text_finish(&note);
}

static void set_trouble(struct context *c, const struct standing *s, bool active)
{
	struct text subject = {0};
	text_addf(&subject, "hazard:%s", s->id);
	service_trouble(c, &(struct trouble){.subject = text_get(&subject),
	                                     .active = active,
	                                     .detail = s->note});
	text_finish(&subject);
}

/* ---- the report ---- */

static int check_span(const struct context *c, const struct operation *op)
{
	if (op->span < 0 || op->span > HAZARD_MAX)
		return problem_set(c->why, -EINVAL,
		                   "the deadline: up to a year ahead, as in 7d; a week where none "
		                   "is given");
	return 0;
}

/* What is to be remedied now is an alarm and no hazard. */
static int find_source(const struct context *c, const struct operation *op, struct incident **out)
{
	struct incident *incident = site_incident(c->site, op->incident);
	if (!incident || !incident_is_active(incident))
		return problem_set(c->why, -ENOENT, "no open incident '%s'", op->incident);
	if (incident->drill || incident_kind_latches(incident->kind))
		return problem_set(
		        c->why, -EINVAL,
		        "incident '%s' is an alarm: resolve it; a trouble or a tamper can "
		        "become a hazard",
		        incident->id);
	*out = incident;
	return 0;
}

static const char *place_of(const struct context *c, const struct operation *op,
                            const struct incident *source)
{
	const struct site_def *def = c->site->def;
	uint32_t device = op->device ? site_def_device(def, op->device) : POSITION_NONE;
	if (source)
		return source->zone;
	if (op->zone)
		return op->zone;
	return device == POSITION_NONE ? NULL : def->zones[def->devices[device].zone].id;
}

static int check_report(const struct context *c, const struct operation *op,
                        struct incident **source)
{
	const struct site_def *def = c->site->def;
	int r = check_person(c, op->by, "by");
	if (r == 0 && op->to)
		r = check_person(c, op->to, "to");
	if (r == 0)
		r = check_span(c, op);
	if (r == 0 && op->incident)
		return find_source(c, op, source);
	if (r < 0)
		return r;
	if (op->device && site_def_device(def, op->device) == POSITION_NONE)
		return problem_set(c->why, -EINVAL, "no device '%s' at site '%s'", op->device,
		                   def->id);
	const char *zone = place_of(c, op, NULL);
	if (!zone)
		return problem_set(c->why, -EINVAL, "zone is missing: say where it is");
	if (site_def_zone(def, zone) == POSITION_NONE)
		return problem_set(c->why, -EINVAL, "no zone '%s' at site '%s'", zone, def->id);
	if (!op->note || !*op->note)
		return problem_set(c->why, -EINVAL, "note is missing: what the hazard is");
	return 0;
}

/* Said again, it is the same. */
static struct standing *find_same(const struct context *c, const struct operation *op,
                                  const char *zone)
{
	for (uint32_t i = 0; i < c->site->standing_count; i++) {
		struct standing *s = c->site->standings[i];
		if (s->type == STANDING_HAZARD && !standing_is_over(s) && !op->incident &&
		    strcmp(s->zone, zone) == 0 && strcmp(s->by, op->by) == 0 &&
		    strcmp(s->note, op->note) == 0)
			return s;
	}
	return NULL;
}

static void set_deadline(struct context *c, struct standing *s, span_ms span)
{
	standing_last(c, s, span ? span : HAZARD_WITHIN);
	touch_standing(c, s);
}

static int report_hazard(struct context *c, const struct operation *op)
{
	struct incident *source = NULL;
	int r = check_report(c, op, &source);
	if (r < 0)
		return r;
	const char *zone = place_of(c, op, source);
	assert(zone); /* check_report has asked */
	struct standing *s = find_same(c, op, zone);
	c->plan->made = s;
	if (s)
		return 0;
	const char *owner = op->to ? op->to : zone_owner(c, zone);
	record_operation(c, op, source ? source->id : NULL);
	s = standing_begin(c, STANDING_HAZARD);
	own(&s->zone, zone);
	own(&s->by, op->by);
	own(&s->to, owner ? owner : op->by);
	own(&s->note, op->note && *op->note ? op->note : "-");
	if (source) {
		const char *device = source->signal_count ? source->signals[0].device : NULL;
		own(&s->incident, source->id);
		own(&s->device, device);
		if (!op->note || !*op->note)
			own(&s->note, device ? source->signals[0].device_name : source->id);
	} else {
		own(&s->device, op->device);
	}
	set_deadline(c, s, op->span);
	record_standing(c, s, "hazard", "reported", op->by);
	if (source)
		incident_resolve(c, source, op->by, OUTCOME_REAL, s->id);
	struct hearers hearers = {0};
	add_hearer(&hearers, s->to, NULL);
	tell(c, s, &hearers, &assigned);
	c->plan->made = s;
	return 0;
}

/* ---- what becomes of it ---- */

static void stay_open(struct standing *s)
{
	own(&s->remedy, NULL);
	own(&s->remedied_by, NULL);
}

static int remedy(struct context *c, const struct operation *op, struct standing *s)
{
	if (!op->note || !*op->note)
		return problem_set(c->why, -EINVAL, "note is missing: what was done");
	if (s->remedied_by && strcmp(s->remedied_by, op->by) == 0 &&
	    strcmp(s->remedy, op->note) == 0)
		return 0;
	record_operation(c, op, NULL);
	own(&s->remedy, op->note);
	own(&s->remedied_by, op->by);
	touch_standing(c, s);
	record_standing(c, s, "hazard", "remedied", op->by);
	struct hearers hearers = {0};
	add_hearer(&hearers, s->by, op->by);
	add_hearer(&hearers, s->to, op->by);
	add_hearer(&hearers, zone_owner(c, s->zone), op->by);
	tell(c, s, &hearers, &remedied);
	return 0;
}

static int check_checker(const struct context *c, const struct operation *op,
                         const struct standing *s)
{
	if (!s->remedied_by)
		return problem_set(c->why, -ENOTEMPTY,
		                   "hazard '%s' has not been remedied yet: say what was done first",
		                   s->id);
	if (strcmp(s->remedied_by, op->by) == 0)
		return problem_set(c->why, -EINVAL,
		                   "by: '%s' remedied it; somebody else checks that", op->by);
	return 0;
}

static int close_hazard(struct context *c, const struct operation *op, struct standing *s)
{
	int r = check_checker(c, op, s);
	if (r < 0)
		return r;
	record_operation(c, op, NULL);
	standing_end(c, s, op->by, "closed");
	record_standing(c, s, "hazard", "closed", op->by);
	set_trouble(c, s, false);
	struct hearers hearers = {0};
	add_hearer(&hearers, s->by, op->by);
	add_hearer(&hearers, s->to, op->by);
	tell(c, s, &hearers, &closed);
	return 0;
}

static int reopen_hazard(struct context *c, const struct operation *op, struct standing *s)
{
	int r = check_checker(c, op, s);
	if (r == 0 && (!op->note || !*op->note))
		r = problem_set(c->why, -EINVAL, "note is missing: what is not good yet");
	if (r < 0)
		return r;
	record_operation(c, op, NULL);
	stay_open(s);
	touch_standing(c, s);
	record_standing(c, s, "hazard", "reopened", op->by);
	struct hearers hearers = {0};
	add_hearer(&hearers, s->to, op->by);
	tell(c, s, &hearers, &reopened);
	return 0;
}

static int assign_hazard(struct context *c, const struct operation *op, struct standing *s)
{
	int r = op->to ? check_person(c, op->to, "to") : 0;
	if (r == 0 && !op->to && !op->span)
		r = problem_set(c->why, -EINVAL,
		                "give another owner (to), another deadline (for), or both");
	if (r == 0)
		r = check_span(c, op);
	if (r < 0)
		return r;
	record_operation(c, op, NULL);
	if (op->to)
		own(&s->to, op->to);
	if (op->span) {
		set_deadline(c, s, op->span);
		set_trouble(c, s, false);
	}
	touch_standing(c, s);
	record_standing(c, s, "hazard", "assigned", op->by);
	struct hearers hearers = {0};
	add_hearer(&hearers, s->to, op->by);
	tell(c, s, &hearers, &assigned);
	return 0;
}

void hazard_late(struct context *c, struct standing *s)
{
	struct hearers hearers = {0};
	bool first = s->hidden++ == 0 || c->now.wall < s->until + REMIND_EVERY;
	stay_open(s);
	timer_set(&c->site->timers, &s->due, c->now.steady + REMIND_EVERY);
	touch_standing(c, s);
	record_standing(c, s, "hazard", "overdue", NULL);
	add_hearer(&hearers, s->to, NULL);
	if (first) {
		add_hearer(&hearers, s->by, NULL);
		add_hearer(&hearers, zone_owner(c, s->zone), NULL);
	}
	tell(c, s, &hearers, &late);
	set_trouble(c, s, true);
}

int hazard_operate(struct context *c, const struct operation *op)
{
	if (op->type == OPERATION_HAZARD)
		return report_hazard(c, op);
	struct standing *s = op->standing ? site_standing(c->site, op->standing) : NULL;
	int r = check_person(c, op->by, "by");
	if (r < 0)
		return r;
	if (!s || s->type != STANDING_HAZARD)
		return problem_set(c->why, -ENOENT, "no open hazard '%s'",
		                   op->standing ? op->standing : "");
	c->plan->made = s;
	if (standing_is_over(s))
		return problem_set(c->why, -EALREADY, "hazard '%s' is closed", s->id);
	switch (op->type) {
	case OPERATION_HAZARD_REMEDY:
		return remedy(c, op, s);
	case OPERATION_HAZARD_CLOSE:
		return close_hazard(c, op, s);
	case OPERATION_HAZARD_REOPEN:
		return reopen_hazard(c, op, s);
	default:
		return assign_hazard(c, op, s);
	}
}
