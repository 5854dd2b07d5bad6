/* Silences and walk tests: what keeps a signal from raising an incident for a while. A silence
 * always has an end and a reason; it never hides a panic or a certain fire, and what it hid is told
 * when it ends. */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "decide/core.h"
#include "decide/in_force.h"

#define SILENCE_MAX DAYS(30)
#define WALK_TEST_MAX DAYS(1)

static uint32_t bit(enum kind kind)
{
	return UINT32_C(1) << kind;
}

bool silence_covers(const struct site_def *def, const struct standing *s, uint32_t device,
                    enum kind kind)
{
	if (s->type != STANDING_SILENCE || standing_is_over(s))
		return false;
	if (!s->device)
		return silence_takes(def, s, def->devices[device].zone, kind);
	return may_be_silenced(kind) && (!s->kinds || (s->kinds & bit(kind))) &&
	       strcmp(s->device, def->devices[device].id) == 0;
}

/* Another device of the zone says so, too: what no silence hides. */
static bool another_confirms(const struct context *c, const struct reading *r)
{
	const struct site_def *def = c->site->def;
	if (!kind_facts[r->kind].confirms)
		return false;
	for (uint32_t i = 0; i < def->device_count; i++) {
		const struct device_state *state = &c->site->devices[i];
		if (device_is_same(&def->devices[i], &def->devices[r->device]) ||
		    def->devices[i].zone != def->devices[r->device].zone ||
		    c->now.wall - state->changed > CONFIRM_WITHIN)
			continue;
		for (uint32_t kind = 0; kind < KIND_COUNT; kind++)
			if (kind_facts[kind].confirms && (state->active & bit((enum kind)kind)))
				return true;
	}
	return false;
}

bool is_silenced(struct context *c, const struct reading *r, bool *confirmed)
{
	struct standing *silence = NULL;
	for (uint32_t i = 0; i < c->site->standing_count && !silence; i++)
		if (silence_covers(c->site->def, c->site->standings[i], r->device, r->kind))
			silence = c->site->standings[i];
	if (!silence)
		return false;
	if (another_confirms(c, r)) {
		*confirmed = true;
		return false;
	}
	silence->hidden++;
	touch_standing(c, silence);
	return true;
}

/* ---- its end ---- */

static void report_hidden(struct context *c, const struct standing *s)
{
	struct text subject = {0}, note = {0};
	text_addf(&subject, "silence:%s", s->id);
	text_addf(&note, "%u × %s (%s)", s->hidden, s->device ? s->device : s->zone, s->note);
	struct cause cause = {.zone = site_def_root_zone(c->site->def),
	                      .kind = INCIDENT_TROUBLE,
	                      .severity = SEVERITY_WARNING,
	                      .subject = text_get(&subject),
	                      .note = text_get(&note),
	                      .time = c->now.wall};
	bool fresh;
	struct incident *incident = incident_prepare(c, &cause, &fresh);
	if (fresh)
		incident_open(c, incident, &cause);
	text_finish(&subject);
	text_finish(&note);
}

/* What is still so when the silence ends is told now. */
static void raise_what_holds(struct context *c, const struct standing *s)
{
	const struct site_def *def = c->site->def;
	struct standing like = *s;
	like.ended = (struct moment){0};
	for (uint32_t i = 0; i < def->device_count; i++)
		for (uint32_t kind = 0; kind < KIND_COUNT; kind++)
			if (silence_covers(def, &like, i, (enum kind)kind))
				raise_if_untold(c, i, (enum kind)kind, "silence ended");
}

void silence_over(struct context *c, struct standing *s, const char *by, const char *how)
{
	standing_end(c, s, by, how);
	record_standing(c, s, "silence", "ended", by);
	if (!s->hidden)
		return;
	report_hidden(c, s);
	raise_what_holds(c, s);
}

/* ---- by hand ---- */

static int check_place(const struct context *c, const struct operation *op)
{
	const struct site_def *def = c->site->def;
	if (!op->device == !op->zone)
		return problem_set(c->why, -EINVAL, "name what is silenced: a device or a zone");
	if (op->device && site_def_device(def, op->device) == POSITION_NONE)
		return problem_set(c->why, -EINVAL, "no device '%s' at site '%s'", op->device,
		                   def->id);
	if (op->zone && site_def_zone(def, op->zone) == POSITION_NONE)
		return problem_set(c->why, -EINVAL, "no zone '%s' at site '%s'", op->zone, def->id);
	return 0;
}

static int check_silence(const struct context *c, const struct operation *op)
{
	int r = check_person(c, op->by, "by");
	if (r == 0)
		r = check_place(c, op);
	if (r < 0)
		return r;
	if (!op->note || !*op->note)
		return problem_set(c->why, -EINVAL, "note is missing: a silence has a reason");
	if (op->span < SECONDS(1) || op->span > SILENCE_MAX)
		return problem_set(c->why, -EINVAL,
		                   "a silence has an end: give how long it lasts, up to 30d");
	for (uint32_t kind = 0; kind < KIND_COUNT; kind++)
		if ((op->kinds & bit((enum kind)kind)) && !may_be_silenced((enum kind)kind))
			return problem_set(c->why, -EINVAL, "%s is never silenced",
			                   kind_name((enum kind)kind));
	return 0;
}

static int begin_silence(struct context *c, const struct operation *op)
{
	int r = check_silence(c, op);
	if (r < 0)
		return r;
	record_operation(c, op, NULL);
	struct standing *s = standing_begin(c, STANDING_SILENCE);
	own(&s->by, op->by);
	own(&s->note, op->note);
	own(&s->device, op->device);
	own(&s->zone, op->zone);
	s->kinds = op->kinds;
	standing_last(c, s, op->span);
	record_standing(c, s, "silence", "began", op->by);
	c->plan->made = s;
	return 0;
}

int silence_operate(struct context *c, const struct operation *op)
{
	if (op->type == OPERATION_SILENCE)
		return begin_silence(c, op);
	struct standing *s = op->standing ? site_standing(c->site, op->standing) : NULL;
	if (op->by && site_def_person(c->site->def, op->by) == POSITION_NONE)
		return check_person(c, op->by, "by");
	if (!s || s->type != STANDING_SILENCE || standing_is_over(s))
		return problem_set(c->why, -ENOENT, "no silence '%s' now",
		                   op->standing ? op->standing : "");
	record_operation(c, op, NULL);
	c->plan->made = s;
	silence_over(c, s, op->by, "ended by hand");
	return 0;
}

/* ---- walk tests ---- */

static struct standing *find_walk_test(const struct site *site, const char *device)
{
	for (uint32_t i = 0; i < site->standing_count; i++) {
		struct standing *s = site->standings[i];
		if (s->type == STANDING_WALK_TEST && !standing_is_over(s) &&
		    strcmp(s->device, device) == 0)
			return s;
	}
	return NULL;
}

void walk_test_count(struct context *c, const char *device)
{
	struct standing *s = find_walk_test(c->site, device);
	if (!s)
		return;
	s->hidden++;
	touch_standing(c, s);
}

void walk_test_over(struct context *c, struct standing *s, const char *by, const char *how)
{
	uint32_t device = site_def_device(c->site->def, s->device);
	standing_end(c, s, by, how);
	record_standing(c, s, "device.walk_test", "ended", by);
	if (device == POSITION_NONE)
		return;
	c->site->devices[device].walk_test = false;
	touch_device(c, device);
	for (uint32_t kind = 0; kind < KIND_COUNT; kind++)
		if (kind != KIND_LINK) /* which no test keeps from being told */
			raise_if_untold(c, device, (enum kind)kind, "walk test ended");
}

int walk_test_operate(struct context *c, const struct operation *op)
{
	const struct site_def *def = c->site->def;
	uint32_t device = op->device ? site_def_device(def, op->device) : POSITION_NONE;
	int r = op->by ? check_person(c, op->by, "by") : 0;
	if (r < 0)
		return r;
	if (device == POSITION_NONE)
		return problem_set(c->why, -ENOENT, "no device '%s' at site '%s'",
		                   op->device ? op->device : "", def->id);
	if (op->span < 0 || op->span > WALK_TEST_MAX)
		return problem_set(c->why, -EINVAL, "a walk test lasts up to 1d");
	struct standing *s = find_walk_test(c->site, op->device);
	if (!s && !op->span)
		return problem_set(c->why, -ENOENT, "device '%s' is under no walk test",
		                   op->device);
	record_operation(c, op, NULL);
	if (!op->span) {
		assert(s);
		c->plan->made = s;
		walk_test_over(c, s, op->by, "ended by hand");
		return 0;
	}
	if (!s) {
		s = standing_begin(c, STANDING_WALK_TEST);
		own(&s->device, op->device);
	}
	own(&s->by, op->by);
	standing_last(c, s, op->span);
	touch_standing(c, s);
	c->site->devices[device].walk_test = true;
	touch_device(c, device);
	record_standing(c, s, "device.walk_test", "began", op->by);
	c->plan->made = s;
	return 0;
}
