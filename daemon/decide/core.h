/* What the parts of the core tell each other; nobody outside decide/ includes this. */
#ifndef TOCSIN_DECIDE_CORE_H
#define TOCSIN_DECIDE_CORE_H

#include "base/json.h"
#include "decide/site.h"

struct reading;
struct cause;

/* What one event is decided in. */
struct context {
	struct site *site;
	struct moment now;
	struct plan *plan;
	struct problem *why;
	const struct operation *operation; /* that is being done, or NULL */
	bool catching_up; /* what a downtime has swallowed happens now, all at once */
};

/* plan.c: ledger entries are written between record and record_end:
 *     struct text *data = record(c);
 *     json_put_string(data, "kind", "fire");
 *     record_end(c, (struct entry){.type = "incident.opened", .incident = incident->id});
 * time and now of the entry are filled in where they are zero. */
struct text *record(struct context *);
void record_end(struct context *, struct entry);
void touch_incident(struct context *, struct incident *);
void touch_notification(struct context *, struct notification *);
void touch_device(struct context *, uint32_t device);
void touch_standing(struct context *, struct standing *);
void touch_output(struct context *, struct output_state *);
void plan_dispatch(struct context *, struct notification *, uint32_t contact);

/* sensing.c: what sensors say, and what their silence says. */
void sense_signal(struct context *, const struct signal *);
void sense_status(struct context *, const struct device_status *);
void sense_silence(struct context *, uint32_t device);
void sense_reset(struct context *, uint32_t device); /* what clears by itself does */
void sense_life(struct context *, const struct sign_of_life *);
void sense_stranger(struct context *, const struct stranger *);
/* A person has dealt with what such a device says: until it says it anew that is no news. */
void stranger_settles(struct context *, const char *address, enum kind);
/* test_marks.c: kept over restarts, for those who judge what a device says. */
void sense_test_mark(struct context *, const struct test_mark *);
void hearing_changed(struct context *, bool hears);
void sense_start(struct context *); /* supervision begins anew for every device */
/* What devices hang on is back, or they hang on something else: who is still gone is a trouble. */
void sense_excused(struct context *);
void record_rejected(struct context *, const struct rejected *);

/* incidents.c: an incident's life. */
struct cause { /* why an incident opens or is joined */
	uint32_t zone;
	enum incident_kind kind;
	enum severity severity;
	const char *subject;              /* or NULL */
	const char *device, *device_name; /* or NULL */
	enum kind signal;                 /* with a device */
	bool silent, drill;
	const struct policy *policy; /* a rule's; NULL: the one that fits */
	wall_ms time;
	bool confirms;         /* a second device within CONFIRM_WITHIN makes it critical */
	bool press;            /* of a button: told each time */
	const char *by, *note; /* a person reports; or NULL */
};
struct incident *incident_find(const struct site *, const struct cause *);
/* Would the cause make it graver? */
bool incident_would_rise(const struct context *, const struct incident *, const struct cause *);
/* A point of it is active again, and nobody is told once more. */
void incident_take_again(struct context *, struct incident *, const struct cause *);
/* The incident that the cause opens or joins; before the cause itself is recorded, so that its
 * entry can name the incident. *fresh tells that it is new and is to be opened. */
void incidents_count_by_year(struct site *, wall_ms now);
extern const struct policy last_resort_policy; /* policy.c */
struct incident *incident_prepare(struct context *, const struct cause *, bool *fresh);
void incident_open(struct context *, struct incident *, const struct cause *);
void incident_join(struct context *, struct incident *, const struct cause *);
void incident_signal_cleared(struct context *, const char *device, enum kind, wall_ms time);
void incident_acknowledge(struct context *, struct incident *, const char *by);
void incident_reopen(struct context *, struct incident *); /* its time to be resolved is over */
void incident_resolve(struct context *, struct incident *, const char *by, enum outcome,
                      const char *note);
/* What was the matter with it is over: said with the device that says so, or, where nobody has to
 * look after it any more, it ends by itself (note: what is to be said of that, or NULL). */
void incident_clear(struct context *, struct incident *, const char *device, wall_ms time);
void incident_end(struct context *, struct incident *, const char *note);
void incident_replace_owner(struct context *, struct incident *, const char *to);
/* Somebody takes an acknowledged incident from its owner; all who were told hear of it. */
void incident_take_over(struct context *, struct incident *, const char *by);
bool incident_is_active(const struct incident *); /* not resolved */
/* Is the sensor point part of it? Of no incident (NULL) it is not. */
bool incident_has_signal(const struct incident *, const char *device, enum kind);
/* And, as far as the incident knows, still active? */
bool incident_has_active(const struct incident *, const char *device, enum kind);

/* escalation.c: who is told, and when the next are. */
void escalate_begin(struct context *, struct incident *, enum reason, steady_ms since);
/* A person of the site has said that he knows, and hears the rest: no matter if nobody told him. */
void told_acknowledges(const struct context *, struct incident *, const char *person);
void escalate_due(struct context *, struct incident *);
/* After a downtime or a suspend: what is overdue, the oldest incident first. */
void escalate_overdue(struct context *);
void escalate_stop(struct context *, struct incident *);
/* Somebody on it asks for help: open again in the same hands, and the next step at once. */
void escalate_help(struct context *, struct incident *, const char *by);
/* Of those whom the running step is for one is reached, or nobody is left to try. */
void escalate_progress(struct context *, struct notification *, bool reached);
/* One is reached after all, and counted already: as failed, or by what took its place. */
void escalate_reached_late(struct context *, struct notification *);
/* Tells all who were told before, but for one person (or NULL) and those whom the running step
 * has just told for the same reason. */
void tell_told(struct context *, struct incident *, enum reason, const char *but);
void tell_of_press(struct context *, struct incident *); /* the same; each press for itself */
/* Likewise: somebody reports what is open already; note may be NULL. */
void tell_of_report(struct context *, struct incident *, const char *by, const char *note);

/* deliveries.c: the attempts of a notification; contacts, retries, results. */
/* The first contact that waits, and those behind it that need not wait for it. False: none waits.
 */
bool deliveries_start(struct context *, struct notification *);
void delivery_attempt(struct context *, struct notification *, uint32_t contact);
/* One that has to be tried again is due now. */
void delivery_hurry(struct context *, struct notification *, uint32_t contact);
void delivery_later(struct context *, struct notification *, uint32_t contact); /* a test's first */
void deliveries_set_due(struct context *, struct notification *);
void notification_result(struct context *, const struct delivery_result *);
/* The entry of a result; digest: the number of the one that it came with, or 0. */
void delivery_record(struct context *, const struct notification *, const struct delivery_result *,
                     uint64_t digest);
void notification_due(struct context *, struct notification *);

/* notifications.c: one message to one recipient, made, replaced, ended. */
struct message {
	enum reason reason;
	uint32_t step;
	uint32_t run; /* of the step that it is a part of; 0: of none */
	bool press;
	bool keeps_on;    /* a test, on the record clock */
	const char *said; /* what it says besides, or NULL */
};
struct notification *notify_message(struct context *, struct incident *, struct resolved_recipient,
                                    struct message);
struct notification *notify(struct context *, struct incident *, struct resolved_recipient,
                            enum reason, uint32_t step);
struct notification *notify_id(struct context *, struct incident *, enum recipient_kind,
                               const char *id, enum reason, uint32_t step);
void notification_due(struct context *, struct notification *);
void notifications_resume(struct context *); /* after a start */
/* True if something about the incident leaves for this recipient with this turn: it is written when
 * it leaves, and so tells of all that the turn brought. */
bool notification_leaves(const struct context *, const struct incident *, enum recipient_kind,
                         const char *id);
/* True while something is still on its way to this person about the incident. */
bool notification_is_due(const struct context *, const struct incident *, const char *person);
/* To this person, who needs none of it any more; person NULL: everybody's urgent ones. */
void notifications_expire(struct context *, const struct incident *, const char *person);

bool notification_is_over(const struct notification *);
void notification_finish(struct context *, struct notification *, enum notification_state);

/* flood.c: true if a notification that is being made waits for a digest; first: of this incident,
 * to this recipient. */
bool flood_holds(struct context *, const struct notification *, bool first);
void flood_due(struct context *, struct standing *);
/* It has come to an end; accepted: how it was, or NULL where it was not. */
void flood_carried(struct context *, const struct notification *digest,
                   const struct delivery_result *accepted);
void floods_start(struct context *);
void floods_destroy(struct floods *);

/* chatter.c: true if it is told to nobody once more; *incident_id is where it belongs. */
#define CHATTER_SUBJECT "chatter:"
bool chatter_folds(struct context *, const struct reading *, const struct cause *,
                   const char **incident_id);
bool chatter_is_subject(const struct incident *);
void chatter_over(struct context *, struct standing *);

/* escalation.c, for whoever makes a list of recipients: adds one that is not in it yet. */
uint32_t add_resolved(struct resolved_recipient *, uint32_t count, uint32_t cap,
                      enum recipient_kind, uint32_t position);
const char *recipient_id(const struct site_def *, struct resolved_recipient);

/* outputs.c: follow after every event, and after a new definition. */
void outputs_follow(struct context *);
void output_told(struct context *, const struct output_told *);

/* standing.c: what stands for a while. */
struct standing *standing_begin(struct context *, enum standing_type);
void standing_end(struct context *, struct standing *, const char *by, const char *end);
void standing_due(struct context *, struct standing *);
bool standing_has_name(const struct standing *, const char *id);
void standing_add_name(struct standing *, const char *id);
void standing_add_zone(struct standing *, const char *id);
void standing_clear_names(struct standing *);

void standing_last(struct context *, struct standing *, span_ms); /* ends by itself then */
void record_standing(struct context *, const struct standing *, const char *type,
                     const char *action, const char *by);

/* sensing.c, for what kept a condition from raising and ends: it raises now, if it still holds. */
struct reading { /* one condition of one device, as it now is */
	uint32_t device;
	enum kind kind;
	bool active;
	wall_ms time;
	const struct signal *signal; /* the message, or NULL: supervision says so */
	const char *source;          /* "silent", "status", "heard", ...: whence it is known */
	const char *rule;            /* that decided; NULL: the default */
	bool held;                   /* it has stood for as long as that rule asks */
};
void raise_reading(struct context *, const struct reading *);
/* A point that is active, and of which no incident tells nor a person has dealt with it. */
void raise_if_untold(struct context *, uint32_t device, enum kind, const char *source);
struct cause reading_cause(const struct context *, const struct reading *);
void raise_cause(struct context *, const struct reading *, struct cause *);

/* rules.c: true if a rule raises it where its kind alone would not; r->rule names the last one. */
bool rules_apply(struct context *, struct reading *, struct cause *);
void rules_look(struct context *); /* after a start or a reload: what is waited for */
void rules_cleared(struct context *, const char *device, enum kind);
void rule_due(struct context *, struct standing *);

/* arm_by_hand.c */
bool zone_armed_now(const struct context *, uint32_t zone);
bool entry_delays(struct context *, const struct reading *); /* true: the raise waits */
void entry_over(struct context *, struct standing *);
void arming_over(struct context *, struct standing *, const char *by, const char *how);
void arming_look(struct context *); /* what became armed since the last look, with a door open? */
int arm_operate(struct context *, const struct operation *) MUST_USE;
int arming_end_operate(struct context *, const struct operation *) MUST_USE;

/* silences.c */
bool is_silenced(struct context *, const struct reading *, bool *confirmed);
void silence_over(struct context *, struct standing *, const char *by, const char *how);
int silence_operate(struct context *, const struct operation *) MUST_USE;
void walk_test_over(struct context *, struct standing *, const char *by, const char *how);
void walk_test_count(struct context *, const char *device);
int walk_test_operate(struct context *, const struct operation *) MUST_USE;

/* drills.c */
bool drill_covers(const struct site *, uint32_t zone, enum incident_kind);
/* An incident has opened: the drill takes it in, or is broken off by it. */
void drill_meets(struct context *, struct incident *);
void drill_over(struct context *, struct standing *, const char *by, const char *how);
/* As drill_operate, by the schedule: no operator's entry. */
int drill_begin(struct context *, const struct operation *) MUST_USE;
/* drill_plans.c; look after a start, a reload or a step of the clock. */
void drill_plan_due(struct context *, struct standing *);
void drill_plans_look(struct context *);
int drill_operate(struct context *, const struct operation *) MUST_USE;

/* calendar_watch.c: follow after every event, look when it is due or may have changed. */
void calendar_follow(struct context *);
void calendar_look(struct context *);

/* handover_list.c */
bool handover_lists(const struct standing *); /* it stands, and the next shift must know */

/* handover.c */
void posts_look(struct context *, bool hand_over);
void handover_late(struct context *, struct standing *);
void handover_accept(struct context *, struct standing *, const char *by);
/* An acknowledgement accepts what was handed over with the incident. */
void handovers_accept_for(struct context *, const struct incident *, const char *by);
void handover_offer(struct context *, struct incident *, const char *by, const char *to,
                    const char *note);
/* Adds the outgoing of posts that a step names: reachable until the incoming has accepted. */
uint32_t handovers_add_outgoing(const struct context *, const struct recipient *,
                                uint32_t recipient_count, struct resolved_recipient *,
                                uint32_t count, uint32_t cap);
int handover_operate(struct context *, const struct operation *) MUST_USE;

/* duty_by_hand.c */
int duty_override_operate(struct context *, const struct operation *) MUST_USE;
int duty_cancel_operate(struct context *, const struct operation *) MUST_USE;
void duty_override_due(struct context *, struct standing *);

/* reporting.c: reports upward; was: the severity before, SEVERITY_NONE when it opens. */
void reporting_begin(struct context *, const struct incident *, enum severity was);
void reporting_resolved(struct context *, const struct incident *);
void reporting_due(struct context *, struct standing *);
int reporting_operate(struct context *, const struct operation *) MUST_USE;

/* replies.c */
int reply_operate(struct context *, const struct operation *, struct incident *) MUST_USE;
/* A false alarm, says somebody: the first or the second word. */
int call_off(struct context *, const struct operation *, struct incident *) MUST_USE;

/* ways.c: found by where they lead; to: NULL where the channel has no addresses. */
struct way *way_find(const struct site *, enum recipient_kind, const char *who, const char *channel,
                     const char *to); /* or NULL */
struct way *way_to(struct site *, enum recipient_kind, const char *who, const char *channel,
                   const char *to); /* makes it, if need be */
bool way_is_over(const struct way *, const char *channel);
bool address_is(const char *, const char *); /* both may be NULL */
/* The recipient and the contact that it leads to; false if the site file has no such any more. */
bool way_contact(const struct site_def *, const struct way *, struct resolved_recipient *who,
                 uint32_t *contact);
/* Its test (channels.h). Begun: false where it has one, or there must be none. */
bool way_begin_test(struct context *, struct way *, bool at_once);
struct notification *way_test(const struct site *, const struct way *); /* or NULL */
void way_end_test(struct context *, struct way *);
void way_ask_at_once(struct context *, const struct way *);

/* channels.c: whether the ways out work. */
void way_result(struct context *, const struct notification *, const struct delivery_result *);
void way_due(struct context *, struct way *);
/* It fails, or its channel is dead: it is tried, but nobody waits for it. */
bool way_is_lost(const struct site *, const struct notification *, const struct delivery *);
/* The notification tells of the trouble of this way itself. */
bool way_is_subject(const struct notification *, const struct delivery *);
void channels_start(struct context *);   /* memory is as a start finds it; */
void channels_started(struct context *); /* then what fails is tried again */
/* After a reload: who has put something right sees it at once, and what the file has lost is
 * nobody's trouble. By what is stored only, as a reload may come before the start. */
void channels_look(struct context *);
void channels_redefine(struct site *, const struct site_def *);

/* lines.c: records in order. True if its turn has come; else it waits, and is attempted then. */
bool line_admits(struct context *, struct notification *, uint32_t contact);
/* An attempt of this contact has ended. */
void line_moves(struct context *, const struct notification *, uint32_t contact, bool accepted);
void line_leaves(struct context *,
                 struct notification *); /* of its contacts those that have ended */
void lines_form(struct site *);          /* at a start, and where addresses are others; */
void lines_go(struct context *);         /* then the first of each may leave */

/* site.c: troubles of the service itself are incidents of their own, by their subject. */
void service_trouble(struct context *, const struct trouble *);

/* One message through one of a person's contacts only. */
struct notification *notify_contact(struct context *, struct resolved_recipient, uint32_t contact,
                                    enum reason);
/* A test that goes on until it is accepted (channels.h); at_once: the first attempt is not put off.
 */
struct notification *notify_until_accepted(struct context *, struct resolved_recipient,
                                           uint32_t contact, bool at_once);

/* proof.c: whether people can be reached. A labelled test goes through each contact of a person,
 * and each waits for its own tap; by the schedule, one that is not confirmed within a day is a
 * trouble. */
void proof_send(struct context *, uint32_t person, const char *by);
int proof_confirm(struct context *, const struct operation *);
void proof_late(struct context *, struct standing *);
void reach_due(struct context *, struct standing *);
void reach_look(struct context *); /* after a start or a reload: who is to be tested */

/* hazards.c */
int hazard_operate(struct context *, const struct operation *) MUST_USE;
void hazard_late(struct context *, struct standing *);

/* heads.c: the head of the record, once a day, to who keeps it. */
void head_look(struct context *); /* after a start or a reload */
void head_due(struct context *, struct standing *);

/* operations.c: what people do. */
int operate(struct context *, const struct operation *);
void record_operation(struct context *, const struct operation *, const char *incident);
int check_person(const struct context *, const char *id, const char *what) MUST_USE;

/* open_marks.c: with many incidents open, a quick no. Signals and incidents are marked as they
 * come; the site has them in its list already, and open_marks_gone follows their leaving it. */
void open_marks_incident(struct site *, const struct incident *);
void open_marks_signal(struct site *, const char *device, enum kind);
void open_marks_gone(struct site *);
bool open_may_be_at(const struct site *, enum incident_kind, const char *zone);
bool open_may_hold(const struct site *, const char *device, enum kind);
void open_marks_destroy(struct open_marks *);

/* seen.c */
void seen_destroy(struct seen_ring *);

/* text that an object owns */
void own(const char **place, const char *text); /* frees the old, copies the new */

#endif
