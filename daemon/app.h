/* The service: what it is made of, and the turn that moves everything through it.
 *
 *   app.c      the turn: gather, decide, commit, release
 *   service/   puts it together, hears and shows, and goes on when something is wrong
 *
 * One thread, one loop. Callbacks gather: they put what arrived into the inbox and ask for a turn.
 * The turn runs when the loop has looked at everything that was ready.
 */
#ifndef TOCSIN_APP_H
#define TOCSIN_APP_H

#include <uv.h>

#include "base/log.h"
#include "config/config.h"
#include "deliver/courier.h"
#include "receive/broker.h"
#include "receive/complaints.h"
#include "receive/echoes.h"
#include "receive/profile_bind.h"
#include "receive/signals.h"
#include "review/http.h"
#include "service/figures.h"
#include "store/keys.h"
#include "store/store.h"

enum item_type {
	ITEM_MESSAGE,
	ITEM_OPERATION,
	ITEM_RESULT,
	ITEM_FACT,
	ITEM_TROUBLE,
	ITEM_OUTPUT,
	ITEM_MEMORY
};

struct item { /* one thing that arrived; its strings live in the inbox's arena */
	enum item_type type;
	const char *site; /* NULL: every site, or the message's own */
	bool first;       /* of a life-safety device: decided before the messages around it */
	struct broker_message message;
	struct operation operation;
	operation_done done;
	void *done_ctx;
	struct delivery_result result;
	struct service_fact fact;
	struct trouble trouble;
	struct output_told output;
	struct remembered memory;
};

struct inbox {
	struct item *items;
	uint32_t count, cap;
	struct arena arena;
};

struct answer { /* what an operation's asker hears, once it is true */
	operation_done done;
	void *done_ctx;
	int result;
	char incident[INCIDENT_ID_MAX]; /* "" none */
	const struct standing *made;
	const char *site;
	struct problem why;
};

struct showing { /* showing.c */
	struct shown {
		char id[INCIDENT_ID_MAX];
		uint32_t site; /* its place in app->sites, until showing_all */
		bool waits;    /* stands in the line */
	} * items;             /* until the line is empty */
	uint32_t count, cap;
	struct index index;
	uint32_t *line; /* items, the first come first; what stands before line_next was shown */
	uint32_t line_count, line_cap, line_next;
	struct device_ack {         /* "{"id": ...}" to a device, once its signal is on disk */
		char *topic, *body; /* NULL: the broker has it */
		int receipt;
	} * acks; /* the oldest first, from ack_first on; those before ack_said are under way */
	uint32_t ack_first, ack_said, ack_count, ack_cap;
	size_t ack_bytes; /* of their bodies */
};

struct receipt { /* of a command that the broker has not confirmed yet */
	int number;
	char *site, *output;
	uint64_t command;
};

struct refreshing { /* refreshing.c */
	struct mirror **mirrors;
	uint32_t count, cap;
	uint32_t in_flight;
};

struct site_slot {
	struct site *site;
	struct plan plan; /* of this turn; or, while the disk fails, of all turns since */
	/* What Home Assistant was last shown (introduce.c), as digests; 0: nothing in this session.
	 */
	uint64_t kinds_said[INCIDENT_KIND_COUNT], *devices_said;
	uint32_t devices_said_count;
	uint64_t head_published; /* the checkpoint that is retained at the broker; 0 none */
};

/* Of the turn; what lies between two turns is gathering. */
enum stage { STAGE_GATHER, STAGE_DECIDE, STAGE_COMMIT, STAGE_RELEASE, STAGE_COUNT };

struct counters { /* since the start */
	uint64_t messages, signals, rejected, duplicates, turns, commits, commit_failures, entries,
	        attempts, accepted, left;
	int64_t commit_ns;
	int64_t cpu_ns[STAGE_COUNT]; /* of the deciding thread */
};

struct filters { /* for subscriptions; heap */
	char **items;
	uint32_t count, cap;
};

struct hearing { /* hearing.c */
	struct statements said;
	struct profile_memory *memory;
	struct bindings bindings;
	char **strangers;                                  /* that the record introduces */
	uint32_t stranger_count, stranger_cap, introduced; /* introduced: since the start */
	struct index stranger_index;
	char **topics; /* that announcements named */
	uint32_t topic_count, topic_cap;
	struct index topic_index;
	bool more_topics;
};

/* ahead.c: the last word of each point that was heard before the session brings it, or that it may
 * bring again. */
struct ahead {
	struct ahead_word {
		char *point; /* site, device, kind */
		uint64_t id; /* of the message, as a digest; 0: the session has brought it */
		uint64_t seq;
		bool beside; /* it was heard there, and id says whether the session brought it */
	} * words;
	uint32_t count, cap; /* one a point of the site at most */
	struct index index;
	struct ahead_press {   /* without an id, which its copy is not to be taken for another of */
		uint64_t said; /* where and what, as a digest */
		bool awaited;  /* from the session; else it has brought it, not acknowledged yet */
		bool watched;  /* heard by the watching connection, or never to be heard by it */
	} * presses;
	uint32_t press_count, press_cap;
	steady_ms awaited_until; /* 0: the session does not bring what it holds yet */
};

struct lane {                  /* lane.c */
	struct broker *broker; /* or NULL */
	char *id;              /* its client id */
	const char *topic;     /* of its marks; the configuration's */
	enum {
		LANE_CLOSED,
		LANE_CALLING, /* connects, asks for nothing */
		LANE_PROVING, /* is connected; waits for a mark over the session */
		LANE_JOINING, /* connects anew and asks for its devices */
		LANE_MARKED,  /* a mark is said, from which on both bring the same */
		LANE_OPEN,    /* both have brought it */
	} stage;
	bool marked[2];            /* by enum stream: has brought that mark */
	bool broken;               /* is closed at the next turn */
	bool proven;               /* the broker takes it and the session for two */
	bool holds;                /* brought something before it was open */
	uint32_t mark, first_mark; /* the last said, and the one that opens it */
	wall_ms life;              /* tells its marks from older ones */
	steady_ms marked_at, retry;
	uint32_t devices;
	struct echoes echoes;
	struct broker_message *kept; /* kept back until the session has brought the mark */
	uint32_t kept_count, kept_cap;
	struct arena arena; /* of those */
};

struct app {
	uv_loop_t loop;
	uv_check_t check;     /* runs the turn when the loop has gathered */
	uv_idle_t wake;       /* on while a turn is wanted: the loop does not sleep */
	uv_timer_t alarm;     /* the next deadline of any site */
	uv_timer_t heartbeat; /* the next sign of life to the outside (heartbeat.c) */
	uv_timer_t refresh;   /* the next look at what is to be said again */
	struct refreshing refreshing;
	bool heartbeat_fails;
	uv_timer_t watchdog;   /* the next sign of life to the service manager (watchdog.c) */
	bool supervised;       /* by a service manager that wants to know */
	bool watchdog_asks;    /* this turn writes to the store, and then tells that we live */
	char status_told[120]; /* to the service manager */
	uv_timer_t grace;      /* how long a stop waits for pushes under way */
	uv_signal_t stop[2], reload;
	const char *config_path;
	struct service_config *config;
	struct store *store;
	struct keys keys;
	uint8_t link_key[SHA256_LEN];
	struct clock clock;
	struct broker *broker;
	struct lane lane;
	struct courier *courier;
	struct http_server *http;
	struct review_service review;

	struct site_slot *sites;
	uint32_t site_count;
	struct inbox inbox;
	struct signals signals;
	struct hearing hearing;
	struct ahead ahead;
	struct complaints complaints;
	struct answer *answers;
	uint32_t answer_count, answer_cap;
	struct remembered *memories; /* that go with the next commit; heap texts */
	uint32_t memory_count, memory_cap;
	struct showing showing;
	struct receipt *receipts; /* of this session with the broker */
	uint32_t receipt_count, receipt_cap;

	struct service_config **retired; /* older ones that something may still point into */
	uint32_t retired_count, retired_cap;
	bool broker_up;
	bool left_behind; /* messages of the session were: their acks must not leave */
	bool stopping, grace_over;
	bool held_up;     /* closed, but for a worker that does not end */
	bool unwritten;   /* closed, and what was held at the end is not in the record */
	bool watch_tries; /* the watching connection only finds out what `second` says */
	/* troubles.c: what is wrong with the service itself, and what was said of it. */
	struct broker *watch; /* while the disk fails: hears what is said, acknowledges nothing */
	char *watch_id;       /* its client id */
	steady_ms watching_since;
	steady_ms deaf_since; /* no broker is listened to; NEVER: one is */
	steady_ms retry_reserve;
	enum told_state { TOLD_NOTHING, TOLD_WELL, TOLD_TROUBLED } store_told, broker_told;
	/* How the broker takes a second connection. */
	enum second_connection { SECOND_UNTRIED, SECOND_TAKEN, SECOND_TAKES_OVER } second;
	uint32_t held_at_recovery, held_before;
	uint32_t held_max; /* entries; above, only new alarms are taken (app_holds_too_much) */
	wall_ms deaf_from; /* nobody listened since: what a lost session has missed; 0: unknown */
	/* While the disk fails: since when, and why. Plans are kept and tried again. */
	steady_ms failing_since; /* NEVER: the disk is well */
	bool comes_again;        /* the message that is heard now: the session brings it, too */
	bool key_is_recorded;    /* in each record, since the start */
	bool was_unlogged;       /* the mark of store/unlogged.h may be there */
	struct problem failure;
	steady_ms retry_commit;
	struct counters counters;
	int64_t cpu_then; /* of the deciding thread, as last looked at */
	struct figures figures;
};

/* Opens everything and runs until a signal ends it. Returns the exit code. */
int app_run(const char *config_path);

/* Its parts, for whoever drives the turns himself: load into a zeroed app, open, app_turn as often
 * as something was gathered, close (after a failed open too). */
int app_load_config(struct app *, const char *path) MUST_USE;
int app_open(struct app *, struct problem *why) MUST_USE;
void app_close(struct app *);

/* ---- for service.c ---- */

void app_turn(struct app *);
struct item *inbox_add(struct app *, enum item_type); /* and asks for a turn */
void app_want_turn(struct app *);
struct site_slot *app_site(const struct app *, const char *id); /* or NULL */

void app_decide_event(struct app *, struct site_slot *, const struct event *, struct moment now);

/* ---- metrics.c ---- */

void app_write_metrics(void *app, struct text *out);

/* ---- hearing.c: what devices say ---- */

void hearing_begin(struct app *); /* a configuration is in force; what was learnt stays */
void hearing_end(struct app *);
void hear_message(struct app *, const struct broker_message *, struct moment now);

/* ---- strangers.c: who is in no site file ---- */

void strangers_keep(struct app *); /* whom an earlier life has introduced */
/* Introduces it where that is due; what it says counts where it means fire, gas or panic. */
void stranger_meet(struct app *, struct site_slot *, struct stranger *, struct moment now);

/* ---- gateways.c: what devices hang on ---- */

/* True where a site has something that hangs on what says so of itself. */
bool hear_gateway(struct app *, const struct statement *, bool retained, struct moment now);

/* ---- filters.c: what is to be heard of them ---- */

void hearing_filters(const struct app *, struct filters *out); /* joins what is in out */

/* ---- ahead.c: what was heard before the session could bring it ---- */

/* seq: of the record's entry with which, or behind which, it was heard. What was heard later
 * stays. message NULL: it is the record that says so; what the session brings yet is later than all
 * that it has brought, wherever that stands in the record. */
void ahead_heard(struct ahead *, const struct site *, const struct signal *,
                 const struct broker_message *, uint64_t seq);
/* True for the last word of its point, once: there is none then. */
bool ahead_is_last(struct ahead *, const struct site *, const struct signal *,
                   const struct broker_message *);
bool signal_is_press(const struct signal *);
/* A press without an id is counted as often as it is said. True for a copy: of what the session
 * brings behind the watching connection, or again as it was cut before its acknowledgements. */
bool ahead_has_press(struct ahead *, const struct broker_message *, bool watch_listens);
void ahead_session_cut(struct ahead *); /* what is not acknowledged comes again */
void ahead_after_turn(struct app *, struct moment now);
void ahead_forget(struct ahead *); /* all of it: the session will bring nothing more */

/* A message that is refused: counted, logged once a minute, in the record. */
void hearing_reject(struct app *, struct site_slot *, const struct broker_message *,
                    const char *device, const char *reason, struct moment now);

/* ---- signed.c: devices that sign what they say ---- */

/* The message in the envelope; <0: recorded as refused, and people are told of tampering. */
int signed_unpack(struct app *, struct site_slot *, const struct device *,
                  const struct broker_message *, struct text *inner, struct moment now) MUST_USE;
/* Whether what was decoded out of it (app->signals) is news: the same. What is left in the signals
 * may be decided. */
int signed_admit(struct app *, struct site_slot *, const struct device *,
                 const struct broker_message *, struct moment now) MUST_USE;

/* ---- heartbeat.c: somebody outside notices when we die ---- */

void heartbeat_start(struct app *); /* after opening, and after a reload */
void heartbeat_result(struct app *, const struct delivery_result *);
bool app_is_ready(const struct app *, struct problem *why);

/* ---- watchdog.c: what the service manager is told ---- */

void watchdog_start(struct app *); /* we are ready */
void watchdog_reloading(void);
void watchdog_reloaded(void); /* with the new definition or the old one */
void watchdog_stopping(void);
void watchdog_after_turn(struct app *);
bool watchdog_is_content(const struct app *); /* nothing that a new start would mend */

/* ---- answering.c: what people do, and what they hear of it ---- */

void answering_decide(struct app *, const struct item *, struct moment now);
/* What was decided is on disk; or, with the reason, is held until it can be written. */
void answering_release(struct app *, const struct problem *why_held);

/* ---- posting.c: a notification as it leaves ---- */

/* What the letters of one turn have in common: a fire is put into words once, however many are
 * told. Zeroed: nothing yet. It must not outlive the turn, in which incidents and configuration
 * stay. */
struct wording {
	const struct site *site;
	const struct incident *incident; /* NULL: of nothing that could come again */
	const char *language, *template_text;
	enum reason reason;
	uint32_t step;
	wall_ms created;
	bool possible_duplicate, unlogged;
	struct text text, incident_json;
};
void wording_finish(struct wording *);

struct posting {
	struct dispatch dispatch;
	struct wording *wording; /* of the letters before it; NULL: it stands alone */
	bool unlogged;
	bool again; /* said once more: see refreshing.c */
};
void post_letter(struct app *, const struct site *, const struct posting *, struct moment now);

/* ---- refreshing.c: what a receiver would forget is said again ---- */

int refreshing_start(struct app *, struct problem *why) MUST_USE;
void refreshing_accepted(struct app *, const char *site_id, const struct delivery_result *);
void refreshing_answered(struct app *); /* one that was said again has ended */
void refreshing_finish(struct app *);

/* ---- recalling.c: the channels' limits hold over a restart ---- */

int recall_sent(struct app *, struct problem *why) MUST_USE;

/* ---- remembering.c: what the HTTP side wants to know after a restart ---- */

void app_remember(void *app, const struct remembered *, operation_done, void *done_ctx);
void remembering_decide(struct app *, const struct item *);
void remembering_forget(struct app *); /* it is on disk, or we end */

/* ---- showing.c: what listeners at the broker see, and devices hear ---- */

void showing_all(struct app *);                        /* a session is up: every open incident */
void showing_changed(struct app *, struct moment now); /* of this turn */
/* What stands in line will be told anew (showing_all); what has ended is cleared at once. */
void showing_end_line(struct app *);
/* The device hears it once its signal is on disk; a repeated one hears it again. */
void showing_device_ack(struct app *, const char *site, const char *device, const char *id);
void showing_confirmed(struct app *, int receipt);  /* the broker has what went out by it */
void showing_begins_anew(struct app *);             /* the session: what was under way is not */
void showing_goes_on(struct app *, bool committed); /* as far as the broker is not busy with ours */
bool showing_waits(const struct app *);             /* for confirmations of the broker */
void showing_finish(struct app *);

/* ---- switching.c: commands to outputs ---- */

void switching_changed(struct app *);   /* after a commit: what this turn has switched */
void switching_connected(struct app *); /* a session is up: what is on, and what is not confirmed */
void switching_confirmed(struct app *, int receipt);
void switching_forget(struct app *); /* no receipt of this session comes any more */

/* ---- introduce.c: Home Assistant finds a site by itself ---- */

void introduce_all(struct app *);     /* a session is up, or a configuration in force */
void introduce_changed(struct app *); /* after a commit */
/* True for an introduction of ours that comes back. */
bool introduce_hears(struct app *, const struct broker_message *);
void introduce_filters(const struct app *, struct filters *out); /* joins what is in out */

/* ---- record.c: what the service tells the record about itself ---- */

/* After the sites are loaded: the key, the configuration in force, the start and what was before
 * it. */
int record_start(struct app *, bool known, span_ms downtime, struct problem *why) MUST_USE;
/* After a commit: the key before goes once each record names the one that signs. */
void record_committed(struct app *);
void record_configured(struct app *, const struct site *); /* after a reload */
void record_begin(struct app *, const struct site *);      /* it is served from now on, */
void record_stop(struct app *, const struct site *);       /* or no longer */
/* Each site's last checkpoint, retained for whoever keeps them; or only those not told yet. */
void record_publish_heads(struct app *, bool fresh_only);

/* ---- sites.c: which sites are served ---- */

int sites_load(struct app *, struct problem *why) MUST_USE; /* the first list */
/* What the session may bring again is recalled: after a cut, acknowledgements may have been lost.
 */
void sites_recall(struct app *);
void sites_finish(struct app *);
/* Another list, in three steps. First the sites that are new to it are read: *out, slots in its
 * order, those empty that are served already; <0 and why where one cannot be read. */
int sites_prepare(struct app *, const struct service_config *, struct site_slot **out,
                  struct problem *why) MUST_USE;
/* Then those that it has lost stop, in the record; false where that cannot be written. */
bool sites_stop(struct app *, const struct service_config *) MUST_USE;
/* Once the list is in force: what it has lost goes, what it has kept is defined anew, what is new
 * begins. */
void sites_change(struct app *, struct site_slot *);
void sites_put_back(struct app *, struct site_slot *, uint32_t count); /* it will not be */

/* ---- reload.c ---- */

void app_reload(struct app *);
void app_log_report(enum log_level, const struct text *report); /* each line by itself */
void app_release_retired(struct app *); /* older configurations that nothing points into */

/* ---- service.c ---- */

struct moment app_now(const struct app *);
void app_stop_if_done(struct app *);
void app_session_gone(struct app *, const char *why); /* the broker's link; in the record */
void on_message(void *app, const struct broker_message *);
/* The device that speaks on a native topic, and what follows its name; or NULL. */
const struct device *app_device_of_topic(const struct app *, const char *topic, const char **what);
bool device_is_of_life_safety(const struct device *);
char **app_make_filters(const struct app *, size_t *count);
void app_free_filters(char **filters, size_t count);

/* ---- lane.c: life-safety devices on a connection of their own ---- */

/* What the session brings: true if the lane has brought it, or it is a mark. */
bool lane_hears_echo(struct app *, const struct broker_message *);
void lane_after_turn(struct app *, struct moment now);
steady_ms lane_next(const struct app *); /* when a turn is wanted for it */
void lane_reload(struct app *);          /* a configuration is in force; the first, too */
void lane_session_cut(struct app *);     /* what is not acknowledged comes again */
void lane_session_lost(struct app *);    /* it never does */
void lane_close(struct app *);
void lane_finish(struct app *);

/* ---- troubles.c ---- */

bool app_disk_is_well(const struct app *);
uint32_t app_held_entries(const struct app *);
/* The disk has failed for so long that only new alarms are still taken into memory. */
bool app_holds_too_much(const struct app *);
/* The connection over which something may be said now. */
struct broker *app_voice(const struct app *);
void disk_failed(struct app *, const struct problem *why, struct moment now, span_ms took);
void troubles_before_release(struct app *, struct moment now); /* of what was held */
void troubles_after_commit(struct app *, struct moment now);
void troubles_while_failing(struct app *, struct moment now);
steady_ms troubles_next(const struct app *); /* when a turn is wanted for them */

#endif
