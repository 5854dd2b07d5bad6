#include "month.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "store/keys.h"
#include "store/store.h"

#define START ((wall_ms)1793462400000) /* 2026-11-01 00:00 in Shanghai, less a bit */
#define HAPPENINGS_MAX 4096

enum happening_type {
	SENSOR,   /* says something: position */
	RESULT,   /* of an attempt: number, contact, attempt */
	REACTION, /* of a person to an incident: what comes next: step */
	PERSON,   /* somebody does something by themselves */
	STOP,
	CRASH,
	JUMP,
	STRANGE, /* a message nobody understands */
};

struct happening {
	enum happening_type type;
	steady_ms at;
	uint64_t number;
	uint32_t position, contact, attempt, step;
	char incident[INCIDENT_ID_MAX], person[65];
};

struct life {
	const struct service_config *config;
	const struct month *month;
	struct month_facts *facts;
	struct problem *why;
	struct store *store;
	struct keys keys;
	struct site *site;
	const struct site_def *def;
	struct plan plan;
	struct moment now;
	uint64_t chance, messages;
	uint32_t boot;
	bool *active; /* what each sensor says */
	struct happening happenings[HAPPENINGS_MAX];
	uint32_t count;
	span_ms usual; /* between two words of a sensor */
	span_ms grain; /* words come in bundles of so long */
	int error;
};

/* ---- chance ---- */

static uint64_t next(struct life *l)
{
	uint64_t z = l->chance += 0x9e3779b97f4a7c15u;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static uint64_t below(struct life *l, uint64_t n)
{
	return next(l) % n;
}

static bool percent(struct life *l, unsigned n)
{
	return below(l, 100) < n;
}

static span_ms between(struct life *l, span_ms low, span_ms high)
{
	return low + (span_ms)below(l, (uint64_t)(high - low) + 1);
}

/* ---- what is to come ---- */

static struct happening *later(struct life *l, enum happening_type type, span_ms in)
{
	static struct happening none;
	if (l->count == HAPPENINGS_MAX)
		return &none;
	struct happening *h = &l->happenings[l->count++];
	*h = (struct happening){.type = type, .at = l->now.steady + (in < 1 ? 1 : in)};
	return h;
}

static const struct happening *soonest(const struct life *l)
{
	const struct happening *first = NULL;
	for (uint32_t i = 0; i < l->count; i++)
		if (!first || l->happenings[i].at < first->at)
			first = &l->happenings[i];
	return first;
}

static void sensor_later(struct life *l, uint32_t device)
{
	enum kind kind = l->def->devices[device].kind;
	bool alarms = kind != KIND_CONTACT && kind != KIND_MOTION && kind != KIND_NONE;
	span_ms usual = alarms ? DAYS(2) : l->usual;
	span_ms in = between(l, usual / 8 + 1, usual * 2);
	if (!alarms && l->grain)
		in += l->grain - (l->now.steady + in) % l->grain;
	if (l->active[device] && alarms)
		in = between(l, SECONDS(20), HOURS(3)); /* it does not smoke for days */
	later(l, SENSOR, in)->position = device;
}

/* ---- events ---- */

static void apply(struct life *l, struct event event)
{
	struct problem why;
	if (site_apply(l->site, &event, l->now, &l->plan, &why) == 0)
		l->facts->operations += event.type == EVENT_OPERATION;
}

static void tell(struct life *l, enum service_event type, const char *data)
{
	apply(l, (struct event){.type = EVENT_SERVICE, .service = {.type = type, .data = data}});
}

static void say(struct life *l, uint32_t device)
{
	const struct device *d = &l->def->devices[device];
	enum kind kind = d->kind == KIND_NONE ? KIND_SMOKE : d->kind;
	char id[32];
	snprintf(id, sizeof id, "m-%llu", (unsigned long long)++l->messages);
	if (percent(l, 4))
		kind = percent(l, 50) ? KIND_BATTERY : KIND_TAMPER;
	else if (!percent(l, 3))
		l->active[device] = !l->active[device]; /* else it says the same again */
	if (percent(l, 2)) {
		apply(l, (struct event){.type = EVENT_STATUS,
		                        .status = {.device = d->id, .online = percent(l, 70)}});
		return;
	}
	apply(l,
	      (struct event){.type = EVENT_SIGNAL,
	                     .signal = {.device = d->id,
	                                .kind = kind,
	                                .active = l->active[device],
	                                .time = l->now.wall - (wall_ms)below(l, 900),
	                                .id = percent(l, 90) ? id : NULL,
	                                .has_value = percent(l, 30),
	                                .value = (double)below(l, 100) / 10,
	                                .test = percent(l, 2),
	                                .note = percent(l, 20) ? "{\"linkquality\":87}" : NULL}});
}

static const char *anybody(struct life *l)
{
	return l->def->people[below(l, l->def->person_count)].id;
}

static const char *zone(struct life *l)
{
	return l->def->zones[below(l, l->def->zone_count)].id;
}

static void operate(struct life *l, struct operation op)
{
	op.via = "api";
	/* Now and then an administrator does it for them. */
	if (op.by && percent(l, 10) && strcmp(op.by, "sun") != 0)
		op.actor = "sun";
	apply(l, (struct event){.type = EVENT_OPERATION, .operation = op});
}

/* Somebody was told: takes it, goes there, is done. */
static void react(struct life *l, const struct happening *h)
{
	struct incident *incident = site_incident(l->site, h->incident);
	if (!incident || incident->state == STATE_RESOLVED)
		return;
	struct operation op = {.by = h->person, .incident = h->incident};
	span_ms until_next = between(l, SECONDS(30), MINUTES(12));
	if (h->step == 0 && !incident->subject && percent(l, 20))
		operate(l, (struct operation){.type = OPERATION_REPORT,
		                              .by = anybody(l),
		                              .kind = incident->kind,
		                              .zone = incident->zone,
		                              .note = "seen from the yard"});
	if (h->step == 0) {
		op.type = OPERATION_ACK;
		op.note = percent(l, 30) ? "on my way" : NULL;
	} else if (h->step == 1) {
		op.type = OPERATION_REPLY;
		op.reply = percent(l, 80)   ? REPLY_ON_SITE
		           : percent(l, 50) ? REPLY_NEED_HELP
		                            : REPLY_TAKE;
	} else {
		static const enum outcome outcomes[] = {OUTCOME_REAL, OUTCOME_FALSE_ALARM,
		                                        OUTCOME_TEST, OUTCOME_UNKNOWN};
		op.type = OPERATION_RESOLVE;
		op.outcome = outcomes[below(l, 4)];
		op.note = percent(l, 50) ? "蒸汽，已通风 \"301\"" : NULL;
	}
	operate(l, op);
	if (h->step >= 2)
		return;
	struct happening *more = later(l, REACTION, until_next);
	snprintf(more->incident, sizeof more->incident, "%s", h->incident);
	snprintf(more->person, sizeof more->person, "%s", h->person);
	more->step = h->step + 1;
}

static const struct standing *find_standing(const struct life *l, enum standing_type type)
{
	for (uint32_t i = 0; i < l->site->standing_count; i++)
		if (l->site->standings[i]->type == type && !standing_is_over(l->site->standings[i]))
			return l->site->standings[i];
	return NULL;
}

static void override_duty(struct life *l)
{
	const char *people[1] = {anybody(l)};
	operate(l, (struct operation){.type = OPERATION_DUTY_OVERRIDE,
	                              .by = anybody(l),
	                              .post = l->def->posts[below(l, l->def->post_count)].id,
	                              .people = people,
	                              .people_count = 1,
	                              .from = l->now.wall + HOURS(1),
	                              .until = l->now.wall + HOURS(9)});
}

static void act(struct life *l)
{
	const struct standing *hazard = find_standing(l, STANDING_HAZARD);
	const struct standing *arming = find_standing(l, STANDING_ARMING);
	char id[STANDING_ID_MAX];
	const char *zones[2];
	struct operation op = {
	        .by = anybody(l), .kind = INCIDENT_KIND_NONE, .severity = SEVERITY_NONE};
	switch (below(l, 9)) {
	case 0:
		op.type = OPERATION_REPORT;
		op.kind = percent(l, 50) ? INCIDENT_OTHER : INCIDENT_WATER;
		op.zone = zone(l);
		op.note = "reported by hand";
		break;
	case 1:
		op.type = OPERATION_SILENCE;
		op.device = l->def->devices[below(l, l->def->device_count)].id;
		op.span = HOURS(1);
		op.note = "painting";
		break;
	case 2:
		op.type = OPERATION_DRILL;
		zones[0] = zone(l);
		zones[1] = "gate";
		op.zones = zones;
		op.zone_count = 2;
		op.span = MINUTES(20);
		op.announced = percent(l, 70);
		break;
	case 3:
		op.type = OPERATION_HAZARD;
		op.zone = zone(l);
		op.span = DAYS(1 + (span_ms)below(l, 4));
		op.note = "door blocked";
		break;
	case 4:
	case 5:
		if (!hazard)
			return;
		snprintf(id, sizeof id, "%s", hazard->id);
		op.standing = id;
		op.note = "seen to";
		op.type = hazard->remedied_by ? OPERATION_HAZARD_CLOSE : OPERATION_HAZARD_REMEDY;
		break;
	case 6:
		override_duty(l);
		return;
	case 7:
		op.type = OPERATION_TEST;
		op.to = "duty:leader";
		break;
	default:
		if (arming) {
			snprintf(id, sizeof id, "%s", arming->id);
			op.standing = id;
			op.type = OPERATION_ARMING_END;
			break;
		}
		op.type = percent(l, 50) ? OPERATION_DISARM : OPERATION_ARM;
		op.zone = zone(l);
		op.span = HOURS(2);
		op.force = true;
		op.note = "by hand";
	}
	operate(l, op);
}

/* ---- a life of the service ---- */

static void open_store(struct life *l)
{
	if (store_open(l->config->store_path, STORE_WRITE, &l->store, l->why) < 0) {
		l->error = -1;
		return;
	}
	l->site = site_create(l->def);
	if (store_load_site(l->store, l->site, l->why) < 0 ||
	    store_sign_with(l->store, &l->keys, l->why) < 0)
		l->error = -1;
}

static void close_store(struct life *l)
{
	plan_finish(&l->plan);
	site_destroy(l->site);
	store_close(l->store);
	l->site = NULL;
	l->store = NULL;
}

static void put_hex(struct text *out, const char *name, const uint8_t *bytes, size_t len)
{
	struct text hex = {0};
	text_add_hex(&hex, bytes, len);
	json_put_string(out, name, text_get(&hex));
	text_finish(&hex);
}

static void tell_first(struct life *l)
{
	struct text data = {0};
	uint8_t key[ED25519_KEY_LEN];
	json_open(&data, NULL, '{');
	json_put_string(&data, "config", l->config->hash);
	json_open(&data, "site_file", '{');
	json_put_string(&data, "hash", l->def->hash);
	json_put_string(&data, "text", l->def->text);
	json_close(&data, '}');
	json_close(&data, '}');
	tell(l, SERVICE_CONFIGURED, text_get(&data));
	text_reset(&data);
	ed25519_public(l->keys.seed, key);
	json_open(&data, NULL, '{');
	put_hex(&data, "key", key, sizeof key);
	json_close(&data, '}');
	tell(l, SERVICE_KEYED, text_get(&data));
	text_finish(&data);
}

static void start(struct life *l, const char *after)
{
	struct text data = {0};
	open_store(l);
	if (l->error)
		return;
	json_open(&data, NULL, '{');
	json_put_string(&data, "version", "0.1.0");
	json_put_string(&data, "after", after);
	json_put_int(&data, "downtime_ms", 1000);
	json_close(&data, '}');
	if (strcmp(after, "first start") == 0)
		tell_first(l);
	tell(l, SERVICE_STARTED, text_get(&data));
	text_finish(&data);
	l->facts->starts++;
}

/* What was on its way is not heard of any more, and what was said meanwhile comes later. */
static void be_away(struct life *l)
{
	span_ms away = between(l, SECONDS(5), MINUTES(20));
	uint32_t kept = 0;
	close_store(l);
	l->now.steady += away;
	l->now.wall += away;
	for (uint32_t i = 0; i < l->count; i++) {
		struct happening h = l->happenings[i];
		if (h.type == RESULT)
			continue;
		if (h.at <= l->now.steady)
			h.at = l->now.steady + 1 + i;
		l->happenings[kept++] = h;
	}
	l->count = kept;
}

static void jump(struct life *l)
{
	struct text data = {0};
	span_ms step = between(l, -MINUTES(40), MINUTES(40));
	json_open(&data, NULL, '{');
	json_put_time(&data, "before", l->now.wall);
	json_put_time(&data, "after", l->now.wall + step);
	json_put_int(&data, "step_ms", step);
	json_close(&data, '}');
	l->now.wall += step;
	tell(l, CLOCK_JUMPED, text_get(&data));
	text_finish(&data);
}

static void happen(struct life *l, const struct happening *h)
{
	static const enum verdict verdicts[] = {VERDICT_ACCEPTED, VERDICT_RETRY, VERDICT_BROKEN,
	                                        VERDICT_REFUSED};
	uint64_t luck = below(l, 100);
	switch (h->type) {
	case SENSOR:
		say(l, h->position);
		sensor_later(l, h->position);
		return;
	case RESULT:
		apply(l, (struct event){.type = EVENT_DELIVERY,
		                        .delivery = {.notification = h->number,
		                                     .contact = h->contact,
		                                     .attempt = h->attempt,
		                                     .verdict = verdicts[luck < 88   ? 0
		                                                         : luck < 93 ? 1
		                                                         : luck < 97 ? 2
		                                                                     : 3],
		                                     .status = luck < 88   ? 200
		                                               : luck < 93 ? 503
		                                                           : 0,
		                                     .took = (span_ms)below(l, 4000),
		                                     .sent = luck < 93,
		                                     .sent_ago = (span_ms)below(l, 4000),
		                                     .detail = luck < 88 ? NULL : "no luck"}});
		return;
	case REACTION:
		react(l, h);
		return;
	case PERSON:
		act(l);
		later(l, PERSON, between(l, HOURS(1), HOURS(16)));
		return;
	case STRANGE:
		apply(l, (struct event){.type = EVENT_REJECTED,
		                        .rejected = {.topic = "tocsin/x",
		                                     .reason = "not JSON",
		                                     .bytes = "\x01{",
		                                     .len = 2}});
		later(l, STRANGE, between(l, HOURS(1), HOURS(30)));
		return;
	case JUMP:
	case STOP:
	case CRASH:
		return; /* of the turn */
	}
}

/* ---- turns ---- */

static void plan_reactions(struct life *l, const struct dispatch *dispatch)
{
	const struct notification *n = dispatch->notification;
	struct happening *h = later(l, RESULT, between(l, 20, SECONDS(4)));
	h->number = n->number;
	h->contact = dispatch->contact;
	h->attempt = dispatch->attempt;
	if (!n->urgent || !n->incident || n->to_kind != RECIPIENT_PERSON ||
	    n->incident->state != STATE_OPEN || !percent(l, 40))
		return;
	h = later(l, REACTION, between(l, SECONDS(5), MINUTES(3)));
	snprintf(h->incident, sizeof h->incident, "%s", n->incident->id);
	snprintf(h->person, sizeof h->person, "%s", n->to_id);
}

static void commit(struct life *l)
{
	struct site_turn site = {.site = l->site, .plan = &l->plan};
	struct turn turn = {.sites = &site,
	                    .count = 1,
	                    .anchor = {.boottime = l->now.steady + 77, .moment = l->now},
	                    .seal = store_seal_due(l->store) <= l->now.steady};
	snprintf(turn.anchor.boot, sizeof turn.anchor.boot, "f4b9a2f0-0000-4000-8000-%012u",
	         l->boot);
	if (store_commit(l->store, &turn, l->why) < 0)
		l->error = -1;
	l->facts->turns++;
	for (uint32_t i = 0; i < l->plan.entry_count; i++)
		l->facts->incidents += strcmp(l->plan.entries[i].type, "incident.opened") == 0;
	for (uint32_t i = 0; i < l->plan.dispatch_count; i++)
		plan_reactions(l, &l->plan.dispatches[i]);
	plan_reset(&l->plan, l->site);
	site_settle(l->site);
}

static void decide(struct life *l)
{
	uint32_t count = l->count;
	struct happening due;
	for (uint32_t i = 0; i < count && i < l->count;) {
		if (l->happenings[i].at > l->now.steady) {
			i++;
			continue;
		}
		due = l->happenings[i];
		memmove(&l->happenings[i], &l->happenings[i + 1],
		        (--l->count - i) * sizeof *l->happenings);
		count--;
		happen(l, &due);
	}
	if (site_next_deadline(l->site) <= l->now.steady)
		site_tick(l->site, l->now, &l->plan);
}

/* What the whole service goes through comes alone. */
static bool upheaval(struct life *l, enum happening_type type)
{
	if (type == STOP) {
		tell(l, SERVICE_STOPPED, NULL);
		commit(l);
	}
	if (type == JUMP) {
		jump(l);
		later(l, JUMP, between(l, DAYS(4), DAYS(9)));
		return true;
	}
	be_away(l);
	l->boot += percent(l, 30);
	later(l, type, between(l, DAYS(3), DAYS(8)));
	start(l, type == STOP ? "stop" : "crash");
	return true;
}

static enum happening_type take_upheaval(struct life *l)
{
	for (uint32_t i = 0; i < l->count; i++) {
		enum happening_type type = l->happenings[i].type;
		if (l->happenings[i].at > l->now.steady ||
		    (type != STOP && type != CRASH && type != JUMP))
			continue;
		memmove(&l->happenings[i], &l->happenings[i + 1],
		        (--l->count - i) * sizeof *l->happenings);
		return type;
	}
	return SENSOR;
}

static void turn(struct life *l)
{
	steady_ms at = soonest(l)->at, deadline = site_next_deadline(l->site);
	steady_ms seal = store_seal_due(l->store);
	at = deadline < at ? deadline : at;
	at = seal < at ? seal : at;
	if (at > l->now.steady) {
		l->now.wall += at - l->now.steady;
		l->now.steady = at;
	}
	enum happening_type type = take_upheaval(l);
	if (type == SENSOR)
		decide(l);
	else
		upheaval(l, type);
	if (!l->error)
		commit(l);
	l->facts->entries = l->error ? 0 : store_head(l->store, l->site->store_id).seq;
}

static void begin(struct life *l)
{
	uint32_t talkers = 0;
	for (uint32_t i = 0; i < l->def->device_count; i++)
		talkers += l->def->devices[i].kind == KIND_CONTACT ||
		           l->def->devices[i].kind == KIND_MOTION;
	l->usual = MINUTES(40);
	if (l->month->entries && talkers) {
		l->usual = DAYS(l->month->days) * talkers / (span_ms)l->month->entries;
		l->grain = l->usual < SECONDS(30) ? SECONDS(30) : 0;
	}
	for (uint32_t i = 0; i < l->def->device_count; i++)
		sensor_later(l, i);
	later(l, PERSON, HOURS(2));
	later(l, STRANGE, HOURS(3));
	later(l, STOP, between(l, DAYS(1), DAYS(4)));
	later(l, CRASH, between(l, DAYS(2), DAYS(6)));
	later(l, JUMP, between(l, DAYS(1), DAYS(5)));
}

int month_write(const struct service_config *config, const struct month *month,
                struct month_facts *facts, struct problem *why)
{
	struct life *l = NEW(struct life);
	*facts = (struct month_facts){0};
	*l = (struct life){.config = config,
	                   .month = month,
	                   .facts = facts,
	                   .why = why,
	                   .def = config->sites[0],
	                   .chance = month->seed,
	                   .now = {.wall = START, .steady = 1000}};
	l->active = NEW_ARRAY(bool, l->def->device_count);
	if (keys_open(config->store_path, &l->keys, why) < 0)
		l->error = -1;
	else
		start(l, "first start");
	if (!l->error) {
		commit(l);
		begin(l);
	}
	steady_ms end = l->now.steady + DAYS(month->days);
	steady_ms copy = month->copy_to ? l->now.steady + DAYS(month->copy_after) : NEVER;
	while (!l->error && l->now.steady < end &&
	       (!month->entries || facts->entries < month->entries)) {
		turn(l);
		if (!l->error && l->now.steady >= copy) {
			copy = NEVER;
			if (store_backup(l->store, month->copy_to, why) < 0)
				l->error = -1;
		}
	}
	if (!l->error) {
		tell(l, SERVICE_STOPPED, NULL);
		commit(l);
	}
	facts->until = l->now.wall;
	if (l->store)
		facts->entries = store_head(l->store, l->site->store_id).seq;
	close_store(l);
	int r = l->error;
	free(l->active);
	free(l);
	return r;
}
