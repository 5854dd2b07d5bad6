/* Who hears of something, and what they make of it: take charge, end it, report, or nothing. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "books.h"
#include "review/link.h"

struct deed { /* somebody wants something done, and waits for the answer */
	bool used, asked;
	enum operation_type type;
	uint32_t site, life, tries;
	char by[24], incident[INCIDENT_ID_MAX], token[300], zone[24], device[24];
	char standing[STANDING_ID_MAX];
	enum incident_kind kind;
	span_ms span;
	bool flag; /* a drill is announced; armed although a door is open */
};
static struct deed *deeds;
static uint32_t deed_count, deed_cap;

static uint32_t new_deed(struct deed deed)
{
	uint32_t i = 0;
	while (i < deed_count && deeds[i].used)
		i++;
	if (i == deed_count) {
		MEM_RESERVE(deeds, deed_count, deed_cap);
		deed_count++;
	}
	deed.used = true;
	deeds[i] = deed;
	return i;
}

static void ask(uint64_t at);

static void ask_again(uint32_t at)
{
	struct deed *deed = &deeds[at];
	deed->asked = false;
	if (++deed->tries > 6 && !world.calm)
		deed->used = false;
	else
		later(between(SECONDS(5), SECONDS(90)), ask, at);
}

static bool is_about_standing(enum operation_type type)
{
	return type == OPERATION_DRILL || type == OPERATION_DRILL_END ||
	       type == OPERATION_SILENCE || type == OPERATION_SILENCE_END ||
	       type == OPERATION_WALK_TEST || type == OPERATION_ARM || type == OPERATION_DISARM;
}

static void go_on(const struct deed *deed, const struct standing *standing);

/* A drill while a real alarm is open, arming while a door is, the end of what is over. */
static bool may_be_refused(const struct deed *deed, int result)
{
	return is_about_standing(deed->type) &&
	       (result == -ENOTEMPTY || (result == -ENOENT && *deed->standing));
}

static void done(void *ctx, int result, const struct incident *incident,
                 const struct standing *standing, const char *site_id, const struct problem *why)
{
	uint32_t at = (uint32_t)(uintptr_t)ctx;
	struct deed *deed = &deeds[at];
	if (!deed->used || !deed->asked || deed->life != world.life || !may_leave())
		return;
	(void)site_id;
	world.counts.operations++;
	trace("%s hears: operation %d on %s: %d %s", deed->by, deed->type, deed->incident, result,
	      result < 0 ? why->text : "");
	if (result == -EINPROGRESS) {
		ask_again(
		        at); /* it counts, and is not written yet: whether it was comes out later */
		return;
	}
	if (may_be_refused(deed, result)) {
		deed->used = false;
		return;
	}
	if (result == -ENOENT)
		broken("%s is answered that %s does not exist: %s", deed->by, deed->incident,
		       why->text);
	if (result < 0 && result != -EALREADY)
		broken("%s is refused an operation: %s", deed->by, why->text);
	if (result == 0 && is_about_standing(deed->type)) {
		if (!standing || !standings_knew(standing->id))
			broken("%s hears of what is not in the record: operation %d", deed->by,
			       deed->type);
		go_on(deed, standing);
	} else if (result == 0) {
		const char *id = deed->type == OPERATION_REPORT ? incident->id : deed->incident;
		if (!model_operation_done(world.sites[deed->site].id, id, (int)deed->type,
		                          deed->by))
			broken("%s hears that %s was done on %s, and it is not in the record",
			       deed->by, deed->type == OPERATION_ACK ? "ack" : "an operation", id);
		world.counts.reports += deed->type == OPERATION_REPORT;
		world.counts.links += *deed->token != '\0';
	}
	deed->used = false;
}

/* The link says who is meant, and about what: in every life of the service the same. */
static bool follow_link(struct deed *deed)
{
	struct link link;
	struct link_target target;
	int r = link_read_token(deed->token, world.review->link_key, wall_now(), &link);
	if (r == -ETIMEDOUT)
		return false; /* the clock has jumped */
	if (r < 0)
		broken("the link of %s is refused", deed->incident);
	r = store_link_target(world.review->store, link.site, link.notification, &target);
	if (r == -ENOENT)
		return false; /* it was pushed unlogged, and died with the process */
	if (r < 0)
		return false;
	if (strcmp(target.incident, deed->incident) != 0 || strcmp(target.to_id, deed->by) != 0)
		broken("the link to %s for %s now stands for %s of %s", deed->by, deed->incident,
		       target.to_id, target.incident);
	link_target_finish(&target);
	return true;
}

static void ask(uint64_t at)
{
	struct deed *deed = &deeds[at];
	if (!deed->used || deed->asked)
		return;
	if (!world.alive || !world.review) {
		ask_again((uint32_t)at);
		return;
	}
	bool link = *deed->token && follow_link(deed);
	if (*deed->token && !link)
		*deed->token = '\0';
	/* What was pushed unlogged may be unknown to a later life. */
	if (*deed->incident &&
	    !model_operation_done(world.sites[deed->site].id, deed->incident, -1, NULL)) {
		ask_again((uint32_t)at);
		return;
	}
	struct operation op = {.type = deed->type,
	                       .by = deed->by,
	                       .via = link ? "link" : "api",
	                       .incident = *deed->incident ? deed->incident : NULL,
	                       .note = chance(200) ? "看过了" : NULL,
	                       .outcome = OUTCOME_FALSE_ALARM,
	                       .to = NULL,
	                       .zone = *deed->zone ? deed->zone : NULL,
	                       .device = *deed->device ? deed->device : NULL,
	                       .standing = *deed->standing ? deed->standing : NULL,
	                       .span = deed->span,
	                       .announced = deed->flag,
	                       .force = deed->flag,
	                       .kind = deed->kind,
	                       .severity = SEVERITY_NONE};
	if (op.type == OPERATION_NOTE || is_about_standing(op.type))
		op.note = "on my way";
	deed->asked = true;
	deed->life = world.life;
	const char *site = !op.incident || chance(500) ? world.sites[deed->site].id : NULL;
	if (world.review->submit(world.review->ctx, site, &op, done, (void *)(uintptr_t)at) < 0)
		broken("no such site");
}

static void will(enum operation_type type, uint32_t site, const char *by, const char *incident,
                 const char *token, span_ms in)
{
	struct deed deed = {.type = type, .site = site, .kind = INCIDENT_KIND_NONE};
	snprintf(deed.by, sizeof deed.by, "%s", by);
	snprintf(deed.incident, sizeof deed.incident, "%s", incident);
	snprintf(deed.token, sizeof deed.token, "%s", token);
	later(in, ask, new_deed(deed));
}

void people_asked_again(void)
{
	for (uint32_t i = 0; i < deed_count; i++)
		if (deeds[i].used && deeds[i].asked)
			ask_again(i);
}

static uint32_t site_number(const char *id)
{
	uint32_t i = 0;
	while (strcmp(world.sites[i].id, id) != 0)
		i++;
	return i;
}

void people_hear(const char *site, const char *person, const char *incident, const char *ack_url,
                 enum reason reason)
{
	uint32_t s = site_number(site), p = 0;
	while (p < world.sites[s].person_count && strcmp(world.sites[s].people[p].id, person) != 0)
		p++;
	const struct w_person *who = &world.sites[s].people[p];
	if (!*incident || reason == REASON_RESOLVED || reason == REASON_ACKNOWLEDGED ||
	    !chance(who->reacts))
		return;
	const char *slash = strrchr(ack_url, '/');
	const char *token = who->uses_link && slash ? slash + 1 : "";
	span_ms in = between(SECONDS(3), who->reaction);
	uint64_t how = below(100);
	if (how < 80)
		will(OPERATION_ACK, s, person, incident, token, in);
	if (how < 8)
		will(OPERATION_ACK, s, person, incident, token, in); /* a tap that bounced */
	if (how >= 20 && how < 30)
		will(OPERATION_NOTE, s, person, incident, "", in + SECONDS(20));
	if (how >= 30)
		will(OPERATION_RESOLVE, s, person, incident, "",
		     in + between(SECONDS(10), HOURS(2)));
}

static void reports(uint64_t site)
{
	if (world.calm)
		return;
	later(between(HOURS(2), HOURS(30)) * world.seldom, reports, site);
	const struct w_site *s = &world.sites[site];
	struct deed deed = {.type = OPERATION_REPORT,
	                    .site = (uint32_t)site,
	                    .kind = (enum incident_kind)below(INCIDENT_KIND_COUNT)};
	snprintf(deed.by, sizeof deed.by, "%s", s->people[below(s->person_count)].id);
	snprintf(deed.zone, sizeof deed.zone, "%s", s->zones[below(s->zone_count)].id);
	later(0, ask, new_deed(deed));
}

void people_resolve_all(void)
{
	char ids[64][INCIDENT_ID_MAX];
	for (uint32_t s = 0; s < world.site_count; s++) {
		uint32_t n = model_open_incidents(s, ids, 64);
		for (uint32_t i = 0; i < n; i++)
			will(OPERATION_RESOLVE, s, world.sites[s].people[0].id, ids[i], "",
			     between(0, MINUTES(5)));
	}
}

/* ---- drills, silences, walk tests, arming by hand ---- */

static void copy(char *to, size_t cap, const char *from)
{
	snprintf(to, cap, "%s", from);
}

/* What was begun is made use of, and sometimes ended before its time. */
static void go_on(const struct deed *deed, const struct standing *standing)
{
	const struct w_site *site = &world.sites[deed->site];
	if (*deed->standing)
		return;
	for (uint32_t i = 0; i < site->device_count; i++) {
		bool here = *deed->device ? strcmp(site->devices[i].id, deed->device) == 0
		                          : chance(300);
		for (uint64_t k = below(3); here && k > 0; k--)
			devices_try(deed->site * DEVICES_MAX + i, between(0, deed->span));
	}
	if ((deed->type != OPERATION_DRILL && deed->type != OPERATION_SILENCE) || chance(600))
		return;
	struct deed end = {.type = deed->type == OPERATION_DRILL ? OPERATION_DRILL_END
	                                                         : OPERATION_SILENCE_END,
	                   .site = deed->site,
	                   .kind = INCIDENT_KIND_NONE};
	copy(end.by, sizeof end.by, deed->by);
	copy(end.standing, sizeof end.standing, standing->id);
	later(between(0, deed->span), ask, new_deed(end));
}

static void has_an_idea(uint64_t site)
{
	static const enum operation_type ideas[] = {OPERATION_DRILL, OPERATION_SILENCE,
	                                            OPERATION_WALK_TEST, OPERATION_ARM,
	                                            OPERATION_DISARM};
	if (world.calm)
		return;
	later(between(HOURS(2), HOURS(16)) * world.seldom, has_an_idea, site);
	const struct w_site *s = &world.sites[site];
	struct deed deed = {.type = ideas[below(5)],
	                    .site = (uint32_t)site,
	                    .kind = INCIDENT_KIND_NONE,
	                    .flag = chance(500),
	                    .span = between(MINUTES(5), HOURS(3))};
	copy(deed.by, sizeof deed.by, s->people[below(s->person_count)].id);
	if (deed.type == OPERATION_WALK_TEST || (deed.type == OPERATION_SILENCE && chance(500)))
		copy(deed.device, sizeof deed.device, s->devices[below(s->device_count)].id);
	else
		copy(deed.zone, sizeof deed.zone, s->zones[below(s->zone_count)].id);
	later(0, ask, new_deed(deed));
}

/* Somebody looks through the list twice a day. */
static void rounds(uint64_t arg)
{
	if (world.calm)
		return;
	later(HOURS(12), rounds, arg);
	people_resolve_all();
}

void people_begin(void)
{
	for (uint32_t s = 0; s < world.site_count; s++)
		later(between(0, HOURS(12)), reports, s);
	for (uint32_t s = 0; s < world.site_count; s++)
		later(between(0, HOURS(12)), has_an_idea, s);
	later(HOURS(7), rounds, 0);
}
