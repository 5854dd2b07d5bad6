/* The parts of reading a configuration, in the order in which they run. Each reports what it finds
 * and goes on; what it fills is only used when nothing was reported. */
#ifndef TOCSIN_CONFIG_READ_H
#define TOCSIN_CONFIG_READ_H

#include "config/checker.h"

/* "zh-CN" or "en" (as the model spells it), or NULL. */
const char *check_language(const struct checker *, const struct node *);

/* Shorter ones are slips of the unit, and would push without a breath in between. */
#define SPAN_LEAST ((span_ms)100)

/* ---- the service file: service.c, channels.c, templates.c, tokens.c, users.c ---- */

struct service_reading {
	struct service_config *config;
	struct ids channels;
	const struct node *sites; /* the list of site files */
	uint32_t site_count;
	const struct node *profiles,
	        *listen; /* own profile files; profiles that are always heard */
	struct profile_sources *profile_sources; /* what a profile is read from when it is named */
	const struct node **user_people; /* where users of http.users name their person, or NULL */
};

void service_read(const struct checker *, const struct node *root, struct service_reading *);
void service_reading_finish(struct service_reading *);
void channels_read(const struct checker *, const struct node *, struct service_reading *);
/* "viewer", "operator", "admin"; ROLE_NONE, reported, for another word. */
enum role check_role(const struct checker *, const struct node *);
void users_read(const struct checker *, const struct node *, struct service_reading *);
/* Once every site is read: a user acts in the name of somebody who is there. */
void users_check_people(const struct checker *, const struct service_reading *);
void templates_read(const struct checker *, const struct node *, struct service_config *);
void tokens_read(const struct checker *, const struct node *, struct service_config *);

/* ---- a site file: site.c, devices.c, people.c, duty.c, times.c, policies.c ---- */

struct site_reading {
	struct site_def *def;
	const struct node *id; /* where the file names the site */
	const struct service_reading *service;
	struct ids zones, devices, people, posts, schedules, policies, calendars;
	struct text imported; /* the digests of the files that were imported */
};

/* Fills the definition but for its hash and its indexes. */
void site_read(const struct checker *, const struct node *root, struct site_reading *);
/* Only the zones, the devices' names and places, and the policies; whom they name is not looked
 * for.
 */
void site_read_recorded(const struct checker *, const struct node *root, struct site_reading *);
void site_reading_finish(struct site_reading *);

/* Ids first: a name may be used above the line that brings it. */
void zones_read(const struct checker *, const struct node *, struct site_reading *);
void devices_read(const struct checker *, const struct node *, struct site_reading *);
void devices_read_places(const struct checker *, const struct node *, struct site_reading *);
/* NULL: it does not sign. */
const struct signing *signing_read(const struct checker *, const struct node *, bool has_profile);
void people_read(const struct checker *, const struct node *, struct site_reading *);
void calendars_read(const struct checker *, const struct node *, struct site_reading *);
void posts_read(const struct checker *, const struct node *, struct site_reading *);
void overrides_read(const struct checker *, const struct node *, struct site_reading *);
void schedules_read(const struct checker *, const struct node *, struct site_reading *);
void armings_read(const struct checker *, const struct node *, struct site_reading *);
void policies_read(const struct checker *, const struct node *, struct site_reading *);
void last_resort_read(const struct checker *, const struct node *, struct site_reading *);
void rules_read(const struct checker *, const struct node *, struct site_reading *);
void outputs_read(const struct checker *, const struct node *, struct site_reading *);
void handover_read(const struct checker *, const struct node *, struct site_reading *);
/* A list of recipients; fewer than least are reported. */
uint32_t recipients_read(const struct checker *, const struct node *list, const char *what,
                         uint32_t least, const struct site_reading *, struct recipient **out);
/* "for: {kind, severity}"; what it does not say stays as it is. */
void incidents_for_read(const struct checker *, const struct node *, enum incident_kind *,
                        enum severity *);
void drills_read(const struct checker *, const struct node *, struct site_reading *);
void reportings_read(const struct checker *, const struct node *, struct site_reading *);
void ledger_head_read(const struct checker *, const struct node *, struct site_reading *);

/* "mon-fri,sun 22:00-06:00" as ranges, one for each part between the commas; they live in the
 * arena. -EINVAL and why. */
int weekly_parse(const char *text, struct arena *, struct weekly_range **out, uint32_t *count,
                 struct problem *why) MUST_USE;

#endif
