/* Chattering devices: a point that becomes active three times within a minute (ISA-18.2) is one
 * trouble of its own, until it has been quiet for a minute. Meanwhile its coming and going is
 * recorded and told to nobody once more. It never keeps what stays until a person resolves it, or
 * what a rule raises, from being told for the first time, nor a rise; and a press is never
 * chatter. */
#include <string.h>

#include "decide/core.h"

#define CHATTER_WITHIN SECONDS(60)
#define CHATTER_TIMES 3

static struct standing *find_chatter(const struct site *site, const char *device, uint32_t kinds)
{
	for (uint32_t i = 0; i < site->standing_count; i++) {
		struct standing *s = site->standings[i];
		if (s->type == STANDING_CHATTER && !standing_is_over(s) &&
		    strcmp(s->device, device) == 0 && (s->kinds & kinds))
			return s;
	}
	return NULL;
}

/* How often the point became active lately, this time included. */
static uint32_t count_turn(struct context *c, const struct reading *r)
{
	struct device_extra *extra = device_extra(&c->site->devices[r->device]);
	extra->turns[extra->next_turn] = (struct turn_on){c->now.steady, r->kind};
	extra->next_turn = (extra->next_turn + 1) % TURNS_KEPT;
	uint32_t count = 0;
	for (uint32_t i = 0; i < TURNS_KEPT; i++)
		count += extra->turns[i].at && extra->turns[i].kind == r->kind &&
		         c->now.steady - extra->turns[i].at < CHATTER_WITHIN;
	return count;
}

static struct cause trouble_of(const struct context *c, const struct standing *s, uint32_t device,
                               struct text *subject)
{
	const struct device *d = &c->site->def->devices[device];
	text_addf(subject, CHATTER_SUBJECT "%s", s->device);
	struct cause cause = {.zone = d->zone,
	                      .kind = INCIDENT_TROUBLE,
	                      .severity = SEVERITY_WARNING,
	                      .subject = text_get(subject),
	                      .device = d->id,
	                      .device_name = d->name,
	                      .time = c->now.wall};
	for (uint32_t kind = 0; kind < KIND_COUNT; kind++)
		if (s->kinds & (UINT32_C(1) << kind))
			cause.signal = (enum kind)kind;
	return cause;
}

static struct incident *open_trouble(struct context *c, const struct standing *s, uint32_t device)
{
	struct text subject = {0};
	struct cause cause = trouble_of(c, s, device, &subject);
	bool fresh;
	struct incident *incident = incident_prepare(c, &cause, &fresh);
	if (fresh)
		incident_open(c, incident, &cause);
	text_finish(&subject);
	return incident;
}

bool chatter_folds(struct context *c, const struct reading *r, const struct cause *cause,
                   const char **incident_id)
{
	const struct device *device = &c->site->def->devices[r->device];
	uint32_t mask = UINT32_C(1) << r->kind;
	if (r->held || kind_facts[r->kind].momentary || (r->signal && r->signal->press))
		return false;
	struct standing *s = find_chatter(c->site, device->id, mask);
	if (count_turn(c, r) < CHATTER_TIMES && !s)
		return false;
	if (!s) {
		s = standing_begin(c, STANDING_CHATTER);
		own(&s->device, device->id);
		s->kinds = mask;
	}
	s->hidden++;
	timer_set(&c->site->timers, &s->due, c->now.steady + CHATTER_WITHIN);
	touch_standing(c, s);
	const struct incident *trouble = open_trouble(c, s, r->device);
	struct incident *incident = incident_find(c->site, cause);
	if (!incident && (r->rule || incident_kind_latches(cause->kind)))
		return false;
	if (incident && (!incident_has_signal(incident, device->id, r->kind) ||
	                 incident_would_rise(c, incident, cause)))
		return false;
	if (incident)
		incident_take_again(c, incident, cause);
	*incident_id = incident ? incident->id : trouble->id;
	return true;
}

bool chatter_is_subject(const struct incident *incident)
{
	return incident->subject &&
	       strncmp(incident->subject, CHATTER_SUBJECT, strlen(CHATTER_SUBJECT)) == 0;
}

/* It may be quiet because it has stayed active. */
static const char *how_it_stands(const struct context *c, uint32_t device, enum kind kind)
{
	const char *language = c->site->def->language;
	bool chinese = language && strncmp(language, "zh", 2) == 0;
	if (!(c->site->devices[device].active & (UINT32_C(1) << kind)))
		return NULL;
	return chinese ? "不再反复，但未恢复" : "no longer comes and goes: it stays active";
}

/* Quiet for a while. What is still active then is told, if nobody was told of it; first, as the end
 * of the trouble says that it is over. */
void chatter_over(struct context *c, struct standing *s)
{
	uint32_t device = site_def_device(c->site->def, s->device);
	struct text subject = {0};
	standing_end(c, s, NULL, "quiet again");
	record_standing(c, s, "device.chatter", "ended", NULL);
	if (device == POSITION_NONE)
		return;
	struct cause cause = trouble_of(c, s, device, &subject);
	raise_if_untold(c, device, cause.signal, "quiet again");
	struct incident *trouble = incident_find(c->site, &cause);
	if (trouble && !find_chatter(c->site, s->device, ~UINT32_C(0)))
		incident_end(c, trouble, how_it_stands(c, device, cause.signal));
	text_finish(&subject);
}
