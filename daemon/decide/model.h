/* The words of the domain: kinds, states, severities, and what one site is made of.
 *
 * A struct site_def is what the site file says, checked: made by config/, never changed
 * afterwards, replaced whole on a reload. All its strings and arrays live in its arena.
 * References between its parts are positions, valid within this one definition; what outlives
 * it (incidents, notifications) refers by id.
 */
#ifndef TOCSIN_DECIDE_MODEL_H
#define TOCSIN_DECIDE_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/calendar.h"
#include "base/clock.h"
#include "base/index.h"
#include "base/mem.h"

/* ---- words ---- */

enum kind { /* what a sensor point says */
	    KIND_SMOKE,
	    KIND_HEAT,
	    KIND_CALL_POINT,
	    KIND_GAS,
	    KIND_CARBON_MONOXIDE,
	    KIND_WATER,
	    KIND_PANIC,
	    KIND_CONTACT,
	    KIND_MOTION,
	    KIND_GLASS,
	    KIND_VIBRATION,
	    KIND_PERIMETER,
	    KIND_TAMPER,
	    KIND_BATTERY,
	    KIND_POWER,
	    KIND_FAULT,
	    KIND_LINK,
	    KIND_COUNT,
	    KIND_NONE = KIND_COUNT,
};

enum incident_kind {
	INCIDENT_FIRE,
	INCIDENT_GAS,
	INCIDENT_PANIC,
	INCIDENT_WATER,
	INCIDENT_INTRUSION,
	INCIDENT_TAMPER,
	INCIDENT_TROUBLE,
	INCIDENT_OTHER, /* reported by a person */
	INCIDENT_KIND_COUNT,
	INCIDENT_KIND_NONE = INCIDENT_KIND_COUNT,
};

enum severity { /* in rising order: severity only rises */
	        SEVERITY_WARNING,
	        SEVERITY_MINOR,
	        SEVERITY_MAJOR,
	        SEVERITY_CRITICAL,
	        SEVERITY_COUNT,
	        SEVERITY_NONE = SEVERITY_COUNT,
};

enum incident_state { STATE_OPEN, STATE_ACKNOWLEDGED, STATE_RESOLVED, STATE_COUNT };

enum outcome {
	OUTCOME_NONE, /* not resolved, or resolved by itself */
	OUTCOME_REAL,
	OUTCOME_FALSE_ALARM,
	OUTCOME_TEST,
	OUTCOME_DRILL,
	OUTCOME_UNKNOWN,
	OUTCOME_COUNT,
};

enum reason { /* why somebody is told; the webhook's type is "incident." + this, but for those from
	         the test on */
	      REASON_OPENED,
	      REASON_ESCALATED,
	      REASON_REPEATED,
	      REASON_RAISED,
	      REASON_JOINED,
	      REASON_ACKNOWLEDGED,
	      REASON_REOPENED,
	      REASON_RESOLVED,
	      REASON_HANDOVER,
	      REASON_TEST,
	      REASON_DRILL_STARTED,
	      REASON_DRILL_ENDED,
	      REASON_HAZARD,      /* about a hazard: to remedy, to check, overdue */
	      REASON_LEDGER_HEAD, /* the head of the record, to be kept by somebody */
	      REASON_DIGEST,      /* of a flood: several lesser incidents in one message */
	      REASON_SHIFT,       /* a post is handed over, and no incident with it */
	      REASON_REPORT_DUE,  /* a report upward is due soon */
	      REASON_REPORT_LATE, /* ... and was not made in time */
	      REASON_COUNT,
};

/* Names as the contract spells them; NULL is never returned. *_from_name gives the _COUNT value
 * (_NONE for outcomes other than the five words) for an unknown word. */
const char *kind_name(enum kind);
enum kind kind_from_name(const char *);
const char *incident_kind_name(enum incident_kind);
enum incident_kind incident_kind_from_name(const char *);
const char *severity_name(enum severity);
enum severity severity_from_name(const char *);
const char *incident_state_name(enum incident_state);
enum incident_state incident_state_from_name(const char *);
const char *outcome_name(enum outcome); /* NULL for OUTCOME_NONE */
enum outcome outcome_from_name(const char *);
const char *reason_name(enum reason); /* "opened" */
const char *reason_type(enum reason); /* "incident.opened", "test", "drill.started" */
enum reason reason_from_name(const char *);
bool reason_is_of_incident(enum reason);
/* True if it tells of an alarm, so that somebody acts: not that somebody has it, or that it is
 * over.
 */
bool reason_asks_to_act(enum reason);

/* What a kind does without any rule written: the contract's table. */
struct kind_facts {
	const char *name;
	enum incident_kind raises;
	enum severity severity;
	bool latches;      /* stays until a person resolves it, also when the sensor clears */
	bool needs_arming; /* raises only while its zone is armed */
	bool momentary;    /* a press: each one is news, a clear is not expected */
	bool pressed;      /* by a person who calls: each press is told for itself */
	bool confirms;     /* a second device of the zone within CONFIRM_WITHIN makes it critical */
	/* Once a person has resolved its incident, the next active message is news again, as a
	 * fire panel re-alarms after a reset; a door left open is not. */
	bool rearms;
};
extern const struct kind_facts kind_facts[KIND_COUNT];
#define CONFIRM_WITHIN MINUTES(2) /* the contract: a second device joins within 2 min */
bool incident_kind_latches(enum incident_kind);
/* Fire, gas and panic: never disarmed, never throttled behind anything lesser. */
bool incident_kind_is_life_safety(enum incident_kind);

/* ---- the definition of a site ---- */

#define POSITION_NONE UINT32_MAX
#define CONTACTS_MAX 8
#define ZONE_DEPTH_MAX 16

struct zone {
	const char *id, *name;
	uint32_t in;    /* position of the zone around it, or POSITION_NONE */
	uint32_t owner; /* position of a person, or POSITION_NONE */
};

struct watched { /* a number that must stay within bounds: days of video kept, volts */
	const char *value;
	bool has_min, has_max;
	double min, max;
};

struct signing {         /* of a device that signs what it says: receive/signals_signed.h */
	const char *key; /* NULL: a command that may not read secrets */
	span_ms window;  /* by which its clock and ours may differ */
};

struct device_details {                /* what few devices have */
	const struct signing *signing; /* NULL: it does not sign */
	const char **labels;           /* what rules know it by */
	const char **codes;            /* the only words that are a press of it; none: any */
	struct watched *watches;
	uint32_t label_count, code_count, watch_count;
};

struct device { /* there may be a million: the order of its members leaves no holes */
	const char *id;
	const char *name;     /* the id where none is given */
	const char *profile;  /* NULL: native */
	const char *address;  /* how the profile knows it; the id where none is given */
	span_ms expect_every; /* silent for longer: link becomes active; 0: not supervised */
	/* The device, by id, whose loss explains this one's silence; or NULL. */
	const char *gateway;
	/* What all devices of its profile hang on, as its trouble is called; or NULL. */
	const char *bridge;
	const struct device_details *details; /* NULL: none of them */
	uint32_t zone;
	enum kind kind : 16; /* KIND_NONE where the file does not say */
	bool silent;         /* its alarms go to people only: no siren learns of them */
	bool inverted;       /* its detector says active when it means clear */
};

static inline const struct device_details *device_details(const struct device *device)
{
	static const struct device_details none;
	return device->details ? device->details : &none;
}

/* A way out, as far as deciding needs to know it; config/ fills it from the service file. */
struct channel_facts {
	const char *id;
	span_ms give_up_after; /* then the next contact is tried; default 10 s */
	bool outside;          /* never reached by drills and tests */
};

struct contact {
	uint32_t channel; /* position in site_def.channels */
	const char *to;   /* the channel's address of this person, or NULL */
};

struct person {
	const char *id, *name;
	struct contact contacts[CONTACTS_MAX]; /* in the order in which they are tried */
	uint32_t contact_count;
	span_ms prove_every; /* a test through each contact so often; 0: never by itself */
};

struct weekly_range {                /* local time; end <= start reaches into the next day */
	uint8_t first_day, last_day; /* 0 Monday .. 6 Sunday, inclusive, may wrap */
	int32_t start, end;          /* minutes after midnight; end up to 24:00 = 1440 */
};

#define CREW_MAX 16 /* people who hold a post together */

struct crew { /* positions of people; never empty where it stands in a table */
	uint32_t *people;
	uint32_t count;
};

struct shift { /* a line of a weekly table */
	struct weekly_range when;
	struct crew crew;
};

/* A table of who holds a post: turns one after the other, or shifts of the week. */
struct rota {
	struct crew *turns;
	uint32_t count;
	span_ms every;     /* counted on the local calendar, as all duty is */
	struct civil from; /* of the first turn */
	struct shift *shifts;
	uint32_t shift_count;
};

struct stretch { /* of time, from inclusive, to exclusive */
	wall_ms from, to;
	wall_ms reach;    /* the last `to` of this one and all before it */
	struct crew crew; /* who is there; of a swap: the two who change places */
	bool swap;
	uint32_t line; /* of the file */
};

struct stretches { /* by from: see stretches_arrange */
	struct stretch *items;
	uint32_t count;
};

struct calendar { /* holidays, term breaks: when other tables hold */
	const char *id;
	struct stretches days;
};

struct exception {
	uint32_t calendar;
	struct rota rota; /* instead of the post's own, whole */
};

struct post {
	const char *id, *name;
	struct rota rota;
	struct exception *exceptions; /* the first whose calendar fits holds */
	uint32_t exception_count;
	struct stretches imported;  /* where they cover: instead of the tables */
	struct stretches overrides; /* of the file: instead of all of these */
};

struct schedule {
	const char *id;
	struct weekly_range *ranges;
	uint32_t count;
};

struct arming {
	uint32_t zone;       /* this zone and all within it */
	uint32_t schedule;   /* position, or POSITION_NONE: always, or by hand only */
	bool by_hand;        /* it only brings the delays of arming by hand */
	span_ms exit_delay;  /* after arming by hand, until it counts */
	span_ms entry_delay; /* from a door or a motion until it is told, to disarm in */
};

enum recipient_kind {
	RECIPIENT_PERSON,
	RECIPIENT_DUTY,
	RECIPIENT_CHANNEL,
	RECIPIENT_ZONE_OWNER,
	RECIPIENT_KIND_COUNT,
};

struct recipient { /* by id: it outlives the definition in an incident's policy snapshot */
	enum recipient_kind kind;
	const char *id; /* NULL for the zone's owner */
};
const char *recipient_kind_name(enum recipient_kind);
/* "person:li", "duty:leader", "channel:police", "zone-owner"; id points into text. */
bool recipient_parse(const char *text, struct recipient *out);

struct policy_step {
	span_ms after; /* from the opening, or the re-opening */
	struct recipient *notify;
	uint32_t count;
};

struct policy {
	const char *id;
	enum incident_kind kind;   /* INCIDENT_KIND_NONE: any */
	enum severity severity;    /* SEVERITY_NONE: any */
	struct policy_step *steps; /* in rising order of after; at least one */
	uint32_t count;
	span_ms repeat;         /* of the last step, until somebody acknowledges */
	span_ms resolve_within; /* after the acknowledgement */
};

struct rule { /* rules.c says what it does; POSITION_NONE, NULL, 0: not asked for */
	const char *id;
	uint32_t kinds, device, zone, schedule; /* match: a bit per kind; positions */
	const char *label;
	span_ms holds;  /* `for` */
	span_ms absent; /* raises when nothing fits it for so long, while the schedule holds */
	uint32_t count; /* within, of distinct devices, in the same zone */
	span_ms within;
	bool distinct, same_zone;
	enum incident_kind raise_kind;
	enum severity raise_severity;
	uint32_t policy;
};

struct drill_plan {                 /* a drill by the schedule */
	const char *id, *by, *note; /* by: who answers for it; note or NULL */
	const char **zones;         /* ids; at least one */
	uint32_t zone_count;
	uint32_t kinds;    /* a bit per incident kind; 0: all there may be */
	struct civil from; /* its first time */
	span_ms every, lasts;
	bool announced;
};

struct reporting { /* a report upward that some incidents ask for */
	const char *id, *name;
	const char *to;          /* to whom, for people */
	enum incident_kind kind; /* INCIDENT_KIND_NONE: all but troubles and tampers */
	enum severity severity;  /* at least */
	span_ms within;          /* from the opening, or the rise to this severity */
	bool from_resolution;    /* instead: from the resolution */
	span_ms every;           /* once made, it is owed again so often; 0: once only */
	span_ms lasts;           /* for so long; 0: until the incident is resolved */
	span_ms remind;          /* before its time is over */
	struct recipient *tell;
	uint32_t tell_count;
};

struct handover_rules {         /* how a change of duty goes over */
	span_ms accept_within;  /* then it is a trouble, and the incoming is told again */
	struct recipient *tell; /* of such a trouble, beside those whom its policy names */
	uint32_t tell_count;
	bool every_shift; /* also when nothing is open */
};
#define HANDOVER_ACCEPT_WITHIN MINUTES(10)

struct head_rules { /* the head of the record, once a day, to who keeps it */
	struct recipient *to;
	uint32_t to_count; /* 0: to nobody */
	int32_t at;        /* local, minutes after midnight */
};

struct site_def {
	struct arena arena;
	const char *id, *name;
	const char *language; /* "zh-CN" or "en" */
	struct timezone_table timezone;
	struct zone *zones;
	struct device *devices;
	struct person *people;
	struct post *posts;
	struct calendar *calendars;
	struct schedule *schedules;
	struct arming *armings;
	struct policy *policies;
	struct rule *rules;
	struct reporting *reportings;
	struct drill_plan *drill_plans;
	uint32_t drill_plan_count;
	uint32_t reporting_count;
	uint32_t rule_count;
	struct output *outputs; /* outputs.h */
	uint32_t output_count;
	struct recipient *last_resort;
	struct handover_rules handover;
	struct head_rules head;
	struct channel_facts *channels;
	uint32_t zone_count, device_count, person_count, post_count, schedule_count, arming_count,
	        policy_count, last_resort_count, channel_count, calendar_count;
	struct index zone_index, device_index, person_index, post_index, channel_index;
	/* Who resolves a critical incident as a false alarm needs a second person's word, as who
	 * replies does. */
	bool second_word_always;
	char hash[65];    /* SHA-256 of the file's bytes, hex: which version decided */
	const char *text; /* those bytes, for the record; NULL where they are too many */
};

/* Whether a gateway, as its profile names it, carries the device: all of its profile's base, or
 * those whose address begins with its name. */
bool device_is_behind(const struct device *, const char *gateway);

/* One thing, which the site file may name once for each of its kinds. */
bool device_is_same(const struct device *, const struct device *);

/* Fills the indexes; called once by whoever has filled the arrays (ids are unique). */
void site_def_index(struct site_def *);
void site_def_destroy(struct site_def *); /* heap; NULL is fine */

/* Positions by id, or POSITION_NONE. */
uint32_t site_def_zone(const struct site_def *, const char *id);
uint32_t site_def_device(const struct site_def *, const char *id);
uint32_t site_def_person(const struct site_def *, const char *id);
/* A contact's number among those of the person that are on the same channel, from 1: with the
 * channel it says which one is meant, and nothing of how to reach anybody. */
uint32_t person_contact_nth(const struct person *, uint32_t contact);
uint32_t site_def_post(const struct site_def *, const char *id);
uint32_t site_def_channel(const struct site_def *, const char *id);
/* The first zone that lies in no other. */
uint32_t site_def_root_zone(const struct site_def *);
/* The one zone in which all others lie; POSITION_NONE where several lie in no other. */
uint32_t site_def_only_root_zone(const struct site_def *);
/* The nearest owner up the tree, or POSITION_NONE. */
uint32_t site_def_zone_owner(const struct site_def *, uint32_t zone);
/* Could a signal of this device meet the rule, as far as device, zone and label go? */
bool rule_fits_device(const struct site_def *, const struct rule *, uint32_t device);
bool zone_is_within(const struct site_def *, uint32_t zone, uint32_t around);

/* ---- when (arming.c): pure, of a definition and an instant; who is in duty.h ---- */

/* A weekly range as it falls on the local day that it begins on (days since 1970); false if it does
 * not begin on this day. Where the clocks change, from is the earliest and to the latest reading,
 * so that ranges which follow each other overlap rather than leave a gap. */
bool weekly_range_on(const struct site_def *, const struct weekly_range *, int64_t day,
                     wall_ms *from, wall_ms *to);
/* When the stretch that covers this instant began; false if none does. */
bool schedule_began(const struct site_def *, uint32_t schedule, wall_ms at, wall_ms *began);
bool schedule_covers(const struct site_def *, uint32_t schedule, wall_ms at);
bool zone_is_armed(const struct site_def *, uint32_t zone, wall_ms at);
/* The arming that brings the zone's delays: the one that lies nearest around it, or NULL. */
const struct arming *arming_delays(const struct site_def *, uint32_t zone);
/* The policy whose `for` fits best: kind and severity, then kind, then none. NULL only for a
 * site without any policy that fits. */
const struct policy *policy_for(const struct site_def *, enum incident_kind, enum severity);

#endif
