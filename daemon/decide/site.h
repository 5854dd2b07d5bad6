/* One site as a deterministic state machine: events in, plans out.
 *
 *     event + site + now  ->  site_apply  ->  plan (entries, changed rows, dispatches)
 *
 * No clock, no I/O, no randomness: the same events in the same order give the same state and the
 * same plans. Memory comes from base/mem.h, so no step can fail half way. All deadlines are on
 * steady time; the wall clock is for what people read and for the calendar (duty, arming).
 *
 * One turn: site_apply for each event, site_tick while something is due, the plan is committed,
 * then plan_reset and site_settle. Until then everything the plan points to stays valid.
 */
#ifndef TOCSIN_DECIDE_SITE_H
#define TOCSIN_DECIDE_SITE_H

#include "base/problem.h"
#include "base/text.h"
#include "decide/channels.h"
#include "decide/duty.h"
#include "decide/lines.h"
#include "decide/model.h"
#include "decide/outputs.h"
#include "decide/standing.h"
#include "decide/timers.h"

#define INCIDENT_ID_MAX 96 /* "binjiang-2026-000001" */
#define OPERATION_ZONES_MAX 64
#define NOTE_MAX 2000 /* bytes of a person's note */

/* ---- state ---- */

struct incident_signal {                  /* one sensor point in an incident: (device, kind) */
	const char *device, *device_name; /* heap, owned by the incident */
	enum kind kind;
	bool active;
	wall_ms time;     /* event time of the last change or press */
	steady_ms at;     /* when it last became active */
	uint32_t presses; /* how often it became active */
	bool touched;     /* to be written with the incident */
};

struct told {                     /* somebody this incident was made known to */
	enum recipient_kind kind; /* PERSON or CHANNEL */
	uint32_t hash;            /* of the id: among a thousand it is looked for by this */
	const char *id;           /* heap */
	bool acknowledged;        /* since the last opening, rise or re-opening */
	bool touched;             /* to be written with the incident */
	uint64_t accepted;        /* the newest notification they have, 0: none in this life */
};

/* An open incident always has step_due, or resolve_due once acknowledged. */
struct incident {
	char id[INCIDENT_ID_MAX];
	uint32_t number; /* of this site and year */
	enum incident_kind kind;
	enum severity severity;
	enum incident_state state;
	enum outcome outcome;
	const char *zone, *zone_name; /* as they were when it opened */
	const char **zone_path;       /* ids from the root zone down to this one */
	uint32_t zone_depth;
	const char *subject; /* NULL; of a trouble of the service itself: "broker", "store", ... */
	const char *owner;   /* person id, or NULL */
	const char *reported_by; /* person id where a person reported it, else NULL */
	const char *note;        /* of the report or the resolution, or NULL */
	const char *resolved_by;
	const char *on_site;    /* who said last to have arrived, or NULL */
	const char *doubted_by; /* whose word a false alarm is, while a second one is needed */
	const char *help_by;    /* who has it and asked for help, until somebody takes it */
	bool silent;            /* no siren is to learn of it: not published */
	bool cleared;           /* every signal in it has cleared */
	bool drill;
	struct moment opened, changed, acknowledged, resolved; /* {0} where not (yet) */

	struct policy *policy;   /* the snapshot; owned */
	uint32_t round;          /* 1; one more with each rise and re-opening */
	steady_ms round_at;      /* what `after` counts from in this round */
	uint32_t step;           /* steps run in this round; the last repeats */
	enum reason step_reason; /* of this round's first step: opened, raised, reopened */
	uint32_t run;            /* one more with each step, repeat or last_resort carried out */
	/* Of the run: nobody accepted and nobody left trying means skip it. */
	uint32_t step_pending, step_reached;
	bool exhausted; /* last_resort was used since the last step or repeat */

	struct incident_signal *signals;
	uint32_t signal_count, signal_cap;
	struct told *told;
	uint32_t told_count, told_cap;

	struct timer step_due;    /* the next step or repeat */
	struct timer resolve_due; /* acknowledged: when it opens again */
	uint32_t outstanding;     /* notifications in memory that belong to it */
	bool touched;             /* in the plan of this turn */
};

enum delivery_state {
	DELIVERY_WAITING,  /* not its turn yet */
	DELIVERY_SENDING,  /* an attempt is under way; found after a crash: sent again */
	DELIVERY_RETRYING, /* the last attempt failed; due says when the next starts */
	DELIVERY_ACCEPTED,
	DELIVERY_REFUSED, /* the receiver said no for good */

	DELIVERY_STATE_COUNT,
};
const char *delivery_state_name(enum delivery_state);
enum delivery_state delivery_state_from_name(const char *);

struct delivery {            /* one contact of one notification */
	const char *channel; /* id; heap */
	uint32_t place;      /* among the person's contacts */
	enum delivery_state state;
	uint32_t attempts;
	/* Its time has passed, or it refused: the next contact's turn has come. It goes on being
	 * retried all the same. */
	bool given_up;
	bool in_line;        /* memory only: see lines.h */
	steady_ms started;   /* of its first attempt */
	steady_ms due;       /* RETRYING: the next attempt; NEVER: when its line moves */
	int32_t last_status; /* HTTP status of the last attempt, 0 none */
};

enum notification_state {
	NOTIFICATION_QUEUED,   /* nothing sent yet */
	NOTIFICATION_SENDING,  /* attempts are being made */
	NOTIFICATION_ACCEPTED, /* a receiver has it */
	NOTIFICATION_REFUSED,  /* every contact said no for good */
	NOTIFICATION_EXPIRED,  /* overtaken: acknowledged, resolved or replaced by a later one */
	NOTIFICATION_STATE_COUNT,
};
const char *notification_state_name(enum notification_state);
enum notification_state notification_state_from_name(const char *);

struct notification {
	uint64_t number;           /* of this site; the id is "n-{site}-{number}" */
	struct incident *incident; /* NULL for a test */
	enum reason reason;
	uint32_t step, round;
	uint32_t run;                /* incident.run for which it counts; 0: it is nobody's step */
	bool press;                  /* tells of a press: see notifications.c */
	enum recipient_kind to_kind; /* PERSON or CHANNEL */
	const char *to_id, *to_name; /* heap */
	bool urgent;                 /* the urgent clock, not the record one */
	bool at_once;                /* all contacts at the same time: critical */
	enum notification_state state;
	/* All contacts have had their time once, none accepted; or it was counted so from the
	 * start. */
	bool failed;
	bool possible_duplicate; /* was being sent when the service died */
	struct moment created;
	uint32_t attempts; /* over all contacts */
	const char *note;  /* what a test or a digest says; heap or NULL */
	/* Of a flood: the number of the digest that carries it; DIGEST_NEXT: it waits for the next
	 * one; 0: it goes by itself. */
	int64_t digest;
	struct delivery deliveries[CONTACTS_MAX];
	uint32_t delivery_count;
	struct timer due;
	bool touched;
};
#define DIGEST_NEXT (-1)
#define NOTIFICATION_ID_MAX (3 * ID_MAX + 24)
struct site;
/* The person's address on the delivery's channel, as the definition has it now, or NULL: it may be
 * a key, and is kept nowhere else. */
const char *delivery_address(const struct site_def *, const struct notification *,
                             const struct delivery *);
/* "n-binjiang-7". Printable ASCII whatever the site is called, as it travels in a header and is
 * signed: what is not becomes %XX. */
void notification_id(const char *site_id, uint64_t number, char out[NOTIFICATION_ID_MAX]);
uint64_t notification_number(const char *id); /* of its id; 0: it is none, or NULL */

struct turn_on { /* a point has become active */
	steady_ms at;
	enum kind kind;
};
#define TURNS_KEPT 6
struct device_extra {                     /* of a device that needed it ever */
	struct timer reset;               /* of what is fleeting */
	wall_ms signed_at;                /* its mark: the newest time in what it has signed */
	struct turn_on turns[TURNS_KEPT]; /* a ring; memory only: see chatter.c */
	uint32_t next_turn;
};

struct device_state {
	uint32_t active; /* bit per enum kind */
	uint32_t known;  /* bit per enum kind: heard at all */
	/* Bits of kinds whose active state a person has resolved: see kind_facts.rearms. */
	uint32_t settled;
	uint32_t fleeting; /* bit per enum kind: clears by itself, all of them with `reset` */
	bool online : 1, online_known : 1; /* its own last word */
	bool gone : 1;                     /* that was offline, and nothing was heard of it since */
	bool heard_once : 1;
	bool touched : 1;
	bool walk_test : 1;
	bool armed : 1;             /* its zone was, at the last look; memory only */
	uint16_t expires;           /* seconds: its own word for expect_every, or 0; memory only */
	wall_ms tested;             /* last signal marked as a test, or under walk test */
	wall_ms heard;              /* last sign of life */
	wall_ms changed;            /* last change of state */
	struct timer silence;       /* expect_every since heard */
	struct device_extra *extra; /* heap, or NULL: none of it yet */
};
_Static_assert(sizeof(struct device_state) <= 88, "there may be a million of them");
struct device_extra *device_extra(struct device_state *); /* there from now on */
wall_ms device_signed_at(const struct device_state *);

struct channel_state { /* memory only: see channels.h */
	bool dead;
};

struct site {
	const struct site_def *def;     /* borrowed */
	uint32_t store_id;              /* the store's number for it */
	struct device_state *devices;   /* parallel to def->devices, */
	uint32_t device_count;          /* as many, also when def is gone */
	struct channel_state *channels; /* parallel to def->channels */
	struct ways ways;               /* that were ever used in this life */
	struct record_lines lines;
	struct incident **incidents; /* unresolved, and resolved ones still being told */
	uint32_t incident_count, incident_cap;
	struct open_marks *open_marks;       /* what they may hold; NULL: they are few */
	struct notification **notifications; /* not finished */
	uint32_t notification_count, notification_cap;
	uint64_t next_notification; /* numbers count from 1 */
	uint32_t next_incident;     /* of the year below */
	int32_t incident_year;
	struct standing **standings; /* in force, by number */
	uint32_t standing_count, standing_cap;
	uint32_t next_standing;        /* numbers count from 1 */
	struct output_state **outputs; /* those ever switched */
	uint32_t output_count, output_cap;
	bool outputs_due;      /* an incident has changed since they were looked at */
	bool any_open;         /* a device of an armable kind may be active */
	struct timer calendar; /* the next look at the calendar, while something depends on it */
	struct timers timers;
	struct seen_ring *seen; /* message ids lately seen */
	struct floods *floods;  /* how much each recipient heard lately */
	bool deaf;              /* the broker is gone: silence says nothing */
	uint32_t excused;       /* devices that are gone, as is what they hang on */
	wall_ms awake_since;    /* this life; memory only */
	struct duty_state duty; /* what was changed by hand */
};

struct site *site_create(const struct site_def *);
void site_destroy(struct site *); /* NULL is fine; the definition stays the caller's */

/* ---- events ---- */

enum event_type {
	EVENT_SIGNAL,
	EVENT_STATUS,    /* a device's own online/offline */
	EVENT_REJECTED,  /* a message that could not be understood: recorded, nothing else */
	EVENT_OPERATION, /* a person did something */
	EVENT_DELIVERY,  /* how an attempt ended */
	EVENT_SERVICE,   /* the service about itself: start, stop, broker, clock, store, config */
	EVENT_TROUBLE,   /* something of the service itself is out of order, or well again */
	EVENT_ALIVE,     /* a device gave a sign of life and nothing else */
	EVENT_STRANGER,  /* somebody spoke whom the site file does not know */
	EVENT_OUTPUT,    /* the broker has an output's command */
	EVENT_TEST_MARK, /* of a device's mark that it is being tested: it came, went, aged */
};

struct signal {
	const char *device;
	enum kind kind;
	bool active;
	wall_ms time; /* event time; 0: the receive time counts */
	/* What the device took for the time, where that cannot be true: the receive time counts.
	 * NULL: it may be. */
	const char *time_said;
	const char *id;   /* message id, of any length; or NULL */
	span_ms id_lasts; /* for so long the same id is the same message; 0: for good */
	bool has_value;
	double value;
	bool test;
	bool retained; /* state, not news: a press in it is not repeated */
	bool past;     /* history: recorded, raises nothing, changes no state */
	bool press;    /* momentary, whatever its kind: each is news, no clear is expected */
	bool armed;    /* the sender was armed itself: an alarm whatever our arming says */
	bool lifeless; /* proves no life: a cache or a broker speaks */
	/* Rightly signed: the mark of its device moves up to here. 0: not signed. */
	wall_ms signed_at;
	span_ms resets;   /* clears by itself after so long; 0: not */
	const char *note; /* what else the message said, JSON object text, or NULL */
	/* Or what was understood of it: by which profile, and the word of which member; NULL. */
	const char *profile, *member, *word;
};
/* Either, as a JSON object of this name, or NULL: by itself. Nothing where there is neither. */
void signal_write_said(const struct signal *, const char *name, struct text *);

struct device_status {
	const char *device;
	bool online;
	bool lifeless; /* online proves no life: nobody has signed it */
	bool retained; /* the broker kept it: it may be older than what was heard since */
};

struct rejected {
	const char *topic;
	const char *device; /* or NULL */
	const char *reason;
	const void *bytes; /* the first 256 at most are kept */
	size_t len, cut;   /* cut: so many more came behind them */
};

struct sign_of_life {
	const char *device;
	span_ms expires; /* silent for longer it is gone, as it says itself; 0: it does not say */
};

/* Heard, but not in the site file. What means fire, gas or panic raises a major incident in the
 * root zone all the same. */
struct stranger {
	const char *address, *profile; /* how one would write it into the site file */
	bool introduces;               /* heard for the first time: `line` is recorded */
	const char *line;              /* ready for the site file, or NULL */
	enum kind kind;                /* KIND_NONE: nothing that alarms */
	bool stateless; /* a test, what is past, an announcement: neither active nor clear */
	bool active;
	bool retained; /* state, not news */
	wall_ms time;  /* 0: now */
};
#define STRANGER_SEVERITY SEVERITY_MAJOR
/* Its state counts, whoever it is. */
bool stranger_alarms(const struct stranger *);

/* What became of a device's word that it is being tested, which a bridge may go on repeating long
 * after the test (receive/profile_trials.c). */
enum mark_stage {
	MARK_GONE,
	MARK_STANDS,  /* an alarm that follows soon is a test */
	MARK_ALARMED, /* it has: what it says is a test until it clears */
	MARK_SPENT,   /* the next alarm is real, whatever the mark says */
	MARK_STAGE_COUNT,
};
const char *mark_stage_name(enum mark_stage); /* "gone", "stands", ... */
enum mark_stage mark_stage_from_name(const char *);

struct test_mark {
	const char *device;
	const char *address; /* of the device in its own system */
	enum mark_stage stage;
};

enum operation_type {
	OPERATION_ACK,
	OPERATION_RESOLVE,
	OPERATION_NOTE,
	OPERATION_ASSIGN,
	OPERATION_REPORT, /* a person reports an incident */
	OPERATION_TEST,   /* a labelled test to one recipient */
	OPERATION_REPLY,  /* what somebody who was told answers */
	OPERATION_HANDOVER_ACCEPT,
	OPERATION_ARM,
	OPERATION_DISARM,
	OPERATION_SILENCE,
	OPERATION_SILENCE_END,
	OPERATION_DRILL,
	OPERATION_DRILL_END,
	OPERATION_WALK_TEST, /* span 0 ends it */
	OPERATION_DUTY_OVERRIDE,
	OPERATION_DUTY_CANCEL,
	OPERATION_HEARTBEAT, /* another system says that it lives: device */
	OPERATION_CONFIRM,   /* a test has arrived: `to` is the id of its notification */
	OPERATION_HAZARD,    /* a person reports one, or an incident (by id) becomes one */
	OPERATION_HAZARD_REMEDY,
	OPERATION_HAZARD_CLOSE,  /* checked by somebody else and found good */
	OPERATION_HAZARD_REOPEN, /* checked and found not good */
	OPERATION_HAZARD_ASSIGN, /* another owner (to), another deadline (span), or both */
	OPERATION_REPORTED,      /* a report upward was made: standing, to whom (to), when (from) */
	OPERATION_ARMING_END,    /* the schedule holds again: standing */
};
const char *operation_name(enum operation_type); /* the `action` of its entry */

enum choice {
	REPLY_TAKE,        /* takes charge, also from whoever has it */
	REPLY_ON_SITE,     /* has arrived; takes charge if nobody has */
	REPLY_NEED_HELP,   /* the next step comes at once */
	REPLY_HAND_OVER,   /* offers it to `to`, who accepts */
	REPLY_FALSE_ALARM, /* a critical one needs a second person's word, a panic a reason too */
	REPLY_COUNT,
};
const char *reply_name(enum choice);
enum choice reply_from_name(const char *);

struct operation {
	enum operation_type type;
	const char *by;       /* person id */
	const char *actor;    /* who did it in that name; NULL: by itself */
	const char *via;      /* "api", "link": how it reached us */
	const char *incident; /* id; NULL for REPORT and TEST */
	const char *note;     /* or NULL; at most NOTE_MAX bytes */
	enum outcome outcome; /* RESOLVE */
	const char *to;       /* ASSIGN, hand over: person id; TEST: "person:li" */
	const char *zone;     /* REPORT, ARM, DISARM, SILENCE, DRILL */
	/* DRILL, of more than one zone: all of them, and zone is not looked at. */
	const char *const *zones;
	uint32_t zone_count;
	const char *device; /* SILENCE, WALK_TEST */
	uint32_t kinds;     /* SILENCE, DRILL: as standing.kinds */
	span_ms span;       /* how long; 0: not given */
	bool force;         /* ARM: although a door is open */
	bool announced;     /* DRILL */
	enum incident_kind kind;
	enum severity severity; /* SEVERITY_NONE: the kind's own */
	enum choice reply;      /* REPLY */
	const char *standing;   /* what is accepted or ended: its id */
	/* DUTY_OVERRIDE: who holds the post, or (swap) which two change places, and when */
	const char *post;
	const char *const *people;
	uint32_t people_count;
	bool swap;
	wall_ms from, until;
};

enum verdict {
	VERDICT_ACCEPTED,
	VERDICT_RETRY,   /* may work later: 5xx, 429, time-out */
	VERDICT_BROKEN,  /* the connection broke or was refused: once more at once */
	VERDICT_REFUSED, /* said no for good: 4xx, a code in the body */
};
const char *verdict_name(enum verdict); /* "accepted", "retry", "broken", "refused" */

struct delivery_result {
	uint64_t notification;
	uint32_t contact; /* position in notification.deliveries */
	uint32_t attempt; /* of this contact, from 1 */
	enum verdict verdict;
	int32_t status;      /* HTTP status, 0 where none came */
	span_ms retry_after; /* what the receiver asked for, 0 none */
	span_ms took;        /* from when it was handed in */
	bool sent;           /* the request has left: */
	span_ms sent_ago;    /* so long before its result */
	bool unlogged;       /* it was sent before its record could be written */
	bool held;           /* it was not sent: the channel may carry no more for now */
	bool shut_out;       /* for retry_after the service takes nothing at all from us */
	const char *detail;  /* one line for people, no secrets; or NULL */
};

enum service_event {
	SERVICE_STARTED, /* first event after loading: what was being sent is sent again */
	SERVICE_STOPPED,
	SERVICE_CONFIGURED, /* a definition is in force; data names its hash */
	BROKER_CONNECTED,
	BROKER_DISCONNECTED,
	CLOCK_JUMPED,
	STORE_FAILED,
	STORE_RECOVERED,
	SERVICE_KEYED,     /* the key that signs the record from now on */
	STORE_NOT_AS_LEFT, /* a start found another end of the record than the last one left */
};
const char *
        service_event_name(enum service_event); /* the ledger type: "service.started", "clock" */

struct service_fact {
	enum service_event type;
	const char *data; /* JSON object text for the ledger; NULL: {} */
	bool unlogged;    /* STARTED: the life before may have pushed what no record has */
};

struct trouble {             /* becomes, or ends, a trouble incident of its own in the root zone */
	const char *subject; /* "broker", "store", "channel:phone", "contact:li/phone" */
	bool active;
	const char *detail; /* one line for people, or NULL */
};

struct output_told {
	const char *output; /* id */
	uint64_t number;    /* of the command */
};

struct event {
	enum event_type type;
	union {
		struct signal signal;
		struct device_status status;
		struct rejected rejected;
		struct operation operation;
		struct delivery_result delivery;
		struct service_fact service;
		struct trouble trouble;
		struct sign_of_life life;
		struct stranger stranger;
		struct output_told output;
		struct test_mark test_mark;
	};
};

/* ---- plans ---- */

struct entry {            /* one ledger row, but for seq and hash, which the store gives it */
	const char *type; /* static: "signal", "incident.opened", ... */
	wall_ms time;     /* event time */
	struct moment now;
	const char *device, *incident, *by; /* ids, or NULL */
	const char *data;                   /* JSON object text */
};

struct dispatch { /* an attempt to release after the commit */
	struct notification *notification;
	uint32_t contact, attempt;
};

struct plan {                /* accumulates over a turn; a zeroed one is valid */
	struct arena arena;  /* holds the entries' text */
	struct text scratch; /* the entry being written */
	struct entry *entries;
	uint32_t entry_count, entry_cap;
	struct incident **incidents; /* touched: to be written, and published */
	uint32_t incident_count, incident_cap;
	struct notification **notifications;
	uint32_t notification_count, notification_cap;
	struct standing **standings; /* touched: to be written */
	uint32_t standing_count, standing_cap;
	struct output_state **outputs; /* touched: to be written; to be published unless told */
	uint32_t output_count, output_cap;
	uint32_t *devices; /* positions in site.devices */
	uint32_t device_count, device_cap;
	struct dispatch *dispatches;
	uint32_t dispatch_count, dispatch_cap;
	uint32_t
	        dispatches_released; /* the first so many have left already: the disk was failing */
	const struct incident *answer; /* what the last operation was about, or NULL */
	const struct standing *made;   /* the same, of what stands */
};

void plan_reset(struct plan *, struct site *); /* empties it, takes the touched marks off */
void plan_finish(struct plan *);

/* ---- the two calls ---- */

/* Applies one event at an instant and appends what follows from it to the plan. 0, or a negative
 * errno with nothing changed and why set; only operations are ever refused:
 *   -ENOENT  no such incident, person or zone        -EALREADY  already resolved
 *   -EINVAL  what was asked makes no sense */
int site_apply(struct site *, const struct event *, struct moment now, struct plan *,
               struct problem *why) MUST_USE;

/* Lets everything that is due happen, in due order. */
void site_tick(struct site *, struct moment now, struct plan *);

/* When site_tick is next needed, or NEVER. */
steady_ms site_next_deadline(const struct site *);

/* Forgets incidents and notifications that are finished; call after plan_reset. */
void site_settle(struct site *);

/* A new definition of the same site is in force. Devices keep their state by id; incidents keep
 * the policy they started with. */
void site_redefine(struct site *, const struct site_def *, struct moment now);

/* ---- looking ---- */

struct incident *site_incident(const struct site *, const char *id); /* in memory, or NULL */
struct notification *site_notification(const struct site *, uint64_t number);
/* An attempt of it is still to leave: it is not over, or it is critical and for all its contacts,
 * of which one has accepted, and nobody has taken charge yet. */
bool notification_is_wanted(const struct notification *);
/* A test that goes on until it has arrived: see channels.h. */
bool notification_keeps_on(const struct notification *);
/* Tried for days, and in order: see lines.h. */
bool notification_is_record(const struct notification *);
struct standing *site_standing(const struct site *, const char *id); /* in force, or NULL */
/* True if this device's message id was seen lately; remembers it if not. NULL is never seen. lasts:
 * an id that was new longer ago than this is another message (a count that began again); 0: never.
 */
bool site_seen(struct site *, const char *device, const char *message_id, wall_ms now,
               span_ms lasts);
/* What an earlier life has seen, the newest first, before this one sees anything. */
void site_recall_seen(struct site *, const char *device, const char *message_id, wall_ms at);
/* Whether it was seen; nothing is remembered. */
bool site_has_seen(const struct site *, const char *device, const char *message_id);
/* Since then every message id is remembered: one that is unknown and younger has not been here. */
wall_ms site_remembers_since(const struct site *);
/* True for an active signal of fire, gas or panic that is not known to be active yet. */
bool site_is_new_alarm(const struct site *, const struct signal *);
/* True for a signal that says the state of its point now, and the point stands the other way.
 * Of what clears by itself it says nothing: that is over. */
bool site_stands_otherwise(const struct site *, const struct signal *);
/* Persons on duty, zone owners and the rest, resolved at an instant: what a step would notify.
 * Returns how many were written, without repetition. */
struct resolved_recipient {
	enum recipient_kind kind; /* PERSON or CHANNEL */
	uint32_t position;        /* in def->people or def->channels */
};
uint32_t recipients_resolve(const struct site_def *, const struct duty_state *,
                            const struct recipient *, uint32_t count, uint32_t zone, wall_ms at,
                            struct resolved_recipient *out, uint32_t cap);

/* True if the person or line may be reached by a drill or a test. */
bool is_inside(const struct site_def *, struct resolved_recipient);

/* What the incoming of a shift is to know, a line each: what is silenced, disarmed, under walk
 * test, and (incidents) open. */
void handover_write_list(const struct site *, bool incidents, struct text *);
/* The incident as the contract's JSON object, without timeline: in webhooks, on its retained
 * topic, in the API and the command. def: its site's, or NULL where that is configured no more. The
 * one zone in which all others of the site lie is left out of zone.path here, and only here, unless
 * it is the incident's own; without def the path is told as it is kept. */
void incident_write_json(struct text *, const char *name, const struct site_def *def,
                         const char *site_id, const struct incident *);
/* The incidents a digest tells of, each once, in the order in which they opened. Returns how many;
 * at most cap of them are written. */
uint32_t digest_incidents(const struct site *, const struct notification *digest,
                          const struct incident **out, uint32_t cap);
/* The policy snapshot, to and from the text the store keeps. */
void policy_write_json(struct text *, const char *name, const struct policy *);
struct policy *policy_read_json(const char *json); /* heap; NULL if it is none */
struct policy *policy_copy(const struct policy *);
/* The one that an incident of the site may have, by its id; NULL: none of that name. */
const struct policy *policy_named(const struct site_def *, const char *id);
void policy_destroy(struct policy *);

/* For the store while it loads: hands over a filled heap object; the site owns it from then. */
struct incident *incident_create(void);
void incident_destroy(struct incident *);
/* Its zone, with the name and the path that the definition has; of an incident that has none. */
void incident_set_zone(struct incident *, const struct site_def *, uint32_t zone);
/* Position of its zone; where the definition knows that no more, of the nearest one around it. */
uint32_t incident_zone(const struct site_def *, const struct incident *);
/* All of its signals and of those told are to be written, or none. */
void incident_touch_parts(struct incident *, bool touched);
struct told *incident_told(const struct incident *, enum recipient_kind,
                           const char *id); /* or NULL */
/* Who is not in it yet; the id is copied. Valid until the next one is added. */
struct told *incident_add_told(struct incident *, enum recipient_kind, const char *id);
/* A person says more of it: below what was said before, and alone when both are too long. */
void incident_hear(struct incident *, const char *by, const char *note);
struct notification *notification_create(void);
void notification_destroy(struct notification *);
void site_adopt_incident(struct site *, struct incident *);
void site_adopt_notification(struct site *, struct notification *);
void site_adopt_standing(struct site *, struct standing *);
void site_adopt_output(struct site *, struct output_state *);

#endif
