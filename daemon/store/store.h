/* The record and the state, in one SQLite file. The only place that speaks SQL.
 *
 * Everything of a turn is written in one transaction with one fsync (WAL, synchronous=FULL):
 * ledger entries, incidents, notifications, device states, the clock anchor. What store_commit
 * has not confirmed may leave the house to nobody.
 *
 * Each site's ledger is a chain: seq without a gap, hash = SHA-256 over the length-prefixed
 * fields and the hash before (ledger.h). Errors are negative errno values with why set: -EIO
 * (the disk), -ENOSPC (full), -EBUSY (locked by another), -EINVAL (not a store, or a newer one).
 */
#ifndef TOCSIN_STORE_STORE_H
#define TOCSIN_STORE_STORE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/crypto.h"
#include "base/problem.h"
#include "decide/site.h"

struct store;

enum store_mode {
	STORE_WRITE,  /* creates the file (0600), migrates it, takes the writer's lock */
	STORE_READ,   /* never writes: works beside a running daemon, on a copy, on a read-only file
	               */
	STORE_BESIDE, /* the same in the daemon itself, for another thread: there is a writer */
};

int store_open(const char *path, enum store_mode, struct store **out, struct problem *why) MUST_USE;
void store_close(struct store *);             /* NULL is fine */
const char *store_path(const struct store *); /* never changes: any thread may ask */
/* From here on what is read is cut off once so much time has passed; the end says false if it was,
 * and then what was read is not whole. */
void store_look_begin(struct store *, int64_t ns);
bool store_look_end(struct store *);
/* The same once another thread has set this. */
void store_read_until(struct store *, const atomic_bool *stop);

/* A site's file, as the record has its text, read for its zones, devices and policies: heap, for
 * site_def_destroy. NULL: it cannot be. */
typedef struct site_def *(*site_text_read)(const char *text);

/* ---- the site's state ---- */

struct ledger_head {
	uint64_t seq; /* 0: no entry yet */
	uint8_t hash[SHA256_LEN];
};

/* Finds the site's number (adding the site if it is new) and fills it: devices, unresolved
 * incidents, unfinished notifications, counters, lately seen message ids. The site is fresh
 * from site_create. */
int store_load_site(struct store *, struct site *, struct problem *why) MUST_USE;
/* All that a start reads is read: it was read once, from the beginning to the end, and what is read
 * from now on comes again, so that it is kept in a larger cache. */
void store_loaded(struct store *);
/* No turn of it is committed any more, until it is loaded again. */
void store_forget_site(struct store *, const struct site *);

/* Of what was recorded last, in its order, the messages that moved a point: a death may have come
 * before their acknowledgement. Of each is set: device, kind and id. One without an id is none of
 * them: it may be older than what stands before it, and come again. */
typedef void (*store_word)(void *ctx, const struct signal *, uint64_t seq);
int store_last_words(struct store *, const struct site *, store_word, void *ctx) MUST_USE;

struct ledger_head store_head(const struct store *, uint32_t site_store_id);

/* The anchor of the last commit; false in a new store. */
bool store_anchor(struct store *, struct clock_anchor *out);

/* ---- the commit ---- */

struct site_turn {
	struct site *site;
	const struct plan *plan;
};

/* What the HTTP side wants to know after a restart, until its time is over; opaque here. */
struct remembered { /* borrowed texts */
	const char *what;
	const char *key; /* at most 64 bytes */
	wall_ms until;   /* in the past: is forgotten */
	const char *value;
};
#define REMEMBERED_MAX 1024 /* of each what; the first to be over go first */

struct turn {
	const struct site_turn *sites;
	uint32_t count;
	struct clock_anchor anchor;
	bool seal; /* each of the sites gets a checkpoint now, if anything in it has none yet */
	bool keep; /* what has become too old leaves each of the sites, if it has any */
	const struct remembered *remembered;
	uint32_t remembered_count;
};

/* Writes all of it or nothing. On success the heads have moved. May be called again with the
 * same turn, or a longer one, after a failure. */
int store_commit(struct store *, const struct turn *, struct problem *why) MUST_USE;

/* A few MiB are kept in reserve beside the store. On a full disk a commit gives them up and goes
 * on: false from then on, until store_keep_reserve has found room for them again (-ENOSPC if not).
 */
bool store_has_reserve(const struct store *);
int store_keep_reserve(struct store *) MUST_USE;

typedef bool (*remembered_visit)(void *ctx, const struct remembered *);
/* The longest to come first. Returns how many were shown. */
int store_remembered(struct store *, const char *what, wall_ms now, remembered_visit,
                     void *ctx) MUST_USE;

/* ---- keeping ---- */

/* Entries of passing interest that are older than this are removed, bit by bit, by turns with
 * `keep` set (retention.h); 0: nothing is. */
void store_keep_for(struct store *, span_ms keep);
/* When a turn with `keep` set is due, or NEVER. */
steady_ms store_keep_due(const struct store *);
/* What was removed from entry first on: up to *last, whose hash it was; entry (may be NULL) says
 * so. -ENOENT: nothing. */
int store_removed(struct store *, const char *site, uint64_t first, uint64_t *last,
                  uint8_t hash[SHA256_LEN], uint64_t *entry) MUST_USE;

/* ---- copies ---- */

/* A whole copy of the store into a new file (0600), made beside a daemon that goes on writing, and
 * checked. -EEXIST if the file is there. */
int store_backup(struct store *, const char *path, struct problem *why) MUST_USE;

/* ---- the seals (seal.h) ---- */

/* From now on commits are signed with the service's key. Once, after loading the sites. */
struct keys;
int store_sign_with(struct store *, const struct keys *, struct problem *why) MUST_USE;
/* Once it is signed: is the end of a site's record the one that "<store>.head" tells of? */
enum store_end { STORE_END_AS_LEFT, STORE_END_CUT, STORE_END_OTHER, STORE_END_UNKNOWN };
struct store_left {       /* what was found */
	uint64_t last;    /* the record's last entry */
	uint64_t seq;     /* CUT, OTHER: the entry that was the last when it was left */
	struct text head; /* CUT, OTHER: its seal as JSON, to be finished */
};
/* UNKNOWN: there is no such file, or it has no word of the site, where it must have one. */
enum store_end store_end_found(struct store *, const struct site *, struct store_left *);
/* The public key that a site's record names last; false for none. */
bool store_recorded_key(struct store *, uint32_t site_store_id, uint8_t out[ED25519_KEY_LEN]);
/* When a turn with `seal` set is due, or NEVER. */
steady_ms store_seal_due(const struct store *);
/* The last checkpoint of a site as it is told to others: site, seq, head, time, key, signature.
 * Returns the seq it vouches for; 0, and nothing written, if this run has made none. */
uint64_t store_seal_json(const struct store *, const struct site *, struct text *out);

/* ---- marks: what a start wants to know ---- */

/* The data of the last entry of a type (checkpoint, key, config, service.started or
 * service.stopped) and its seq; heap, NULL if there is none. */
int store_mark(struct store *, uint32_t site_store_id, const char *type, uint64_t *seq,
               char **data) MUST_USE;
/* True if a config entry holds the text of the site file with this hash. */
bool store_has_config(struct store *, uint32_t site_store_id, const char *hash);

/* ---- reading back ----
 * What a visit is given lives until it returns. It may ask for single things (store_incident), but
 * neither begin the same list again nor commit. */

/* Loads an incident by id from any site; heap, to be freed with incident_destroy. site_id
 * gets the site's id (heap; free it). -ENOENT if there is none. */
int store_incident(struct store *, const char *id, struct incident **out, char **site_id) MUST_USE;

struct incident_place { /* in the list of all */
	wall_ms opened;
	const char *site;
	uint32_t number;
};
struct incident_filter {         /* zeroed: everything */
	uint32_t states;         /* bit per incident_state; 0: all */
	const char *site;        /* id or NULL */
	enum incident_kind kind; /* used when has_kind */
	bool has_kind;
	wall_ms since, until;                /* of the opening; 0: no bound; until is exclusive */
	const char *after;                   /* an incident id: continue behind it, */
	const struct incident_place *behind; /* or behind this; or NULL */
	const char *running; /* sites (a JSON list of ids) of which only what is over is wanted */
	uint32_t number;     /* 0: any */
	uint32_t limit;      /* 0: 100 */
};
/* Newest first; of those that opened in one millisecond by site and the highest number first. visit
 * returns false to stop; the incident is only borrowed. Returns how many were visited, or a
 * negative errno. *more tells whether others would follow. */
typedef bool (*incident_visit)(void *ctx, const char *site_id, const struct incident *);
int store_incidents(struct store *, const struct incident_filter *, incident_visit, void *ctx,
                    bool *more) MUST_USE;

struct ledger_row {
	uint64_t seq;
	const char *site, *type, *device, *incident, *by; /* NULL where absent */
	wall_ms time, received;
	steady_ms steady;
	const char *boot; /* boot id */
	const char *data; /* JSON object text */
	uint8_t hash[SHA256_LEN];
};
struct ledger_filter {
	const char *site, *device, *zone, *type, *incident; /* type: exact, or "incident.*" */
	/* With a zone, as JSON lists: the ids of all zones that count for it, and of the devices in
	 * them; NULL: the one alone. */
	const char *zones, *zone_devices;
	wall_ms since, until; /* of the receive time; 0: no bound */
	uint64_t after;       /* seq; with one site */
	uint32_t limit;       /* 0: no limit */
};
typedef bool (*ledger_visit)(void *ctx, const struct ledger_row *);
/* Oldest first. zone means incidents that opened in it or in a zone within it, what names it, and
 * all about its devices. */
int store_log(struct store *, const struct ledger_filter *, ledger_visit, void *ctx) MUST_USE;

/* Every site that was ever recorded. */
typedef bool (*site_visit)(void *ctx, const char *site);
int store_sites(struct store *, site_visit, void *ctx) MUST_USE;

/* Does the store know of it? */
enum mention { MENTIONS_DEVICE, MENTIONS_ZONE, MENTIONS_TYPE, MENTIONS_INCIDENT };
bool store_mentions(struct store *, enum mention, const char *word);

/* The newest entry, of a site or with NULL of all; none in an empty record. */
int store_log_end(struct store *, const char *site, ledger_visit, void *ctx) MUST_USE;

/* The device.unknown entries of a site, oldest first. */
int store_unknown(struct store *, const char *site, ledger_visit, void *ctx) MUST_USE;

struct delivery_place { /* in the list of all */
	int64_t notification;
	uint32_t contact;
};
struct delivery_row {
	struct delivery_place place;
	const char *site, *incident, *reason, *to_kind, *to_id, *to_name, *state;
	uint64_t notification;
	uint32_t step;
	wall_ms created;
	uint32_t contact;
	const char *channel, *delivery_state; /* or "expired": not tried again */
	uint32_t attempts;
	int32_t last_status;
};
typedef bool (*delivery_visit)(void *ctx, const struct delivery_row *);
/* Every contact of every notification, newest notification first; of one incident, or of all
 * with NULL; behind a place, or with NULL from the newest on. limit 0: to the end. */
int store_deliveries(struct store *, const char *incident, const struct delivery_place *after,
                     uint32_t limit, delivery_visit, void *ctx) MUST_USE;

struct sent_row {
	const char *channel;
	steady_ms at;        /* when its answer was recorded */
	span_ms retry_after; /* what was asked for, 0 nothing */
	bool shut_out;       /* for so long nothing is taken from us */
};
typedef void (*sent_visit)(void *ctx, const struct sent_row *);
/* What has left over any channel since, from all sites, the oldest first. */
int store_sent(struct store *, steady_ms since, sent_visit, void *ctx) MUST_USE;

/* What stands, or has stood, newest first: each as its JSON object (decide/standing.h). Of one site
 * or with NULL of all, until visit says false. Returns how many were visited, or a negative errno.
 */
typedef bool (*standing_visit)(void *ctx, const char *json);
int store_standings(struct store *, const char *site, enum standing_type, bool over_too,
                    standing_visit, void *ctx) MUST_USE;

/* Outputs that were ever switched, of one site or with NULL of all. */
struct output_row {
	const char *site, *output, *incident;
	bool is_on, told; /* told: the broker has confirmed the last command */
	wall_ms changed;
};
typedef bool (*output_visit)(void *ctx, const struct output_row *);
int store_outputs(struct store *, const char *site, output_visit, void *ctx) MUST_USE;

/* Who a notification was for: what an acknowledge link stands for. -ENOENT if unknown. */
struct link_target {
	char *site, *incident, *to_kind, *to_id, *to_name; /* heap; link_target_finish frees */
};
int store_link_target(struct store *, uint32_t site_store_id, uint64_t notification,
                      struct link_target *out) MUST_USE;
void link_target_finish(struct link_target *);

/* One picture of the store for all that is read until the end, beside a daemon that goes on
 * writing. */
int store_still_begin(struct store *) MUST_USE;
void store_still_end(struct store *);
/* The seal of a site's last commit as a line (seal.h), which vouches for all of its record; heap,
 * NULL where there is none. */
char *store_last_seal(struct store *, const char *site);

struct device_row {
	const char *site, *id;
	uint32_t active, known;         /* bit per kind */
	bool online, online_known;      /* online: its last word was, or it was heard since */
	wall_ms heard, changed, tested; /* 0: never */
	bool walk_test;
};
typedef bool (*device_visit)(void *ctx, const struct device_row *);
int store_devices(struct store *, const char *site, device_visit, void *ctx) MUST_USE;

#endif
