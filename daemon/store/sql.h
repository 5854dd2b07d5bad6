/* The connection and its prepared statements; nobody outside store/ includes this.
 *
 * A statement is prepared once and lives as long as the connection. Values are bound and read in
 * the order in which they stand in its text:
 *
 *     struct binder at = sql_bind(store, SQL_SITE_ADD);
 *     bind_text(&at, site->def->id);
 *     bind_int(&at, 1);
 *     return sql_done(store, &at, why);
 *
 * Binding never fails visibly: what went wrong comes out at sql_done or sql_next. */
#ifndef TOCSIN_STORE_SQL_H
#define TOCSIN_STORE_SQL_H

#include <sqlite3.h>

#include "store/checkpoint.h"
#include "store/head_file.h"
#include "store/seal.h"
#include "store/state_sum.h"
#include "store/store.h"

enum statement {
	/* Of a turn: prepared at the start, so that no alarm waits for it and none fails by it. */
	SQL_BEGIN,
	SQL_COMMIT,
	SQL_ROLLBACK,
	SQL_SITE_ADD,
	SQL_SITE_UPDATE,
	SQL_ANCHOR_PUT,
	SQL_BOOT_ADD,
	SQL_BOOT_FIND,
	SQL_LEDGER_ADD, /* one row, */
	SQL_LEDGER_ADD_4,
	SQL_LEDGER_ADD_16,
	SQL_POLICY_ADD,
	SQL_POLICY_FIND,
	SQL_INCIDENT_PUT,
	SQL_INCIDENT_KEY,
	SQL_SIGNAL_PUT,
	SQL_TOLD_PUT,
	SQL_NOTIFICATION_ADD,
	SQL_NOTIFICATION_KEY,
	SQL_NOTIFICATION_CHANGE,
	SQL_DELIVERY_ADD,
	SQL_DELIVERY_CHANGE,
	SQL_DEVICE_PUT,
	SQL_STANDING_PUT,
	SQL_OUTPUT_PUT,
	SQL_REMEMBER,
	SQL_FORGET,
	SQL_TURN_COUNT,
	/* The others are prepared when they are first needed: they would be half a megabyte. */
	SQL_SITE_FIND = SQL_TURN_COUNT,
	SQL_SITE_NUMBERS,
	SQL_SITE_SEAL,
	SQL_SITE_SEALED,
	SQL_SITE_LAST_ROW,
	SQL_SITES,
	SQL_LEDGER_HASH,
	SQL_LEDGER_TURNS,
	SQL_ANCHOR_GET,
	SQL_STANDING_HID,
	SQL_STANDING_LAST,
	SQL_STANDINGS_TO_LOAD,
	SQL_STANDINGS_LIST,
	SQL_OUTPUTS_GET,
	SQL_OUTPUTS_LIST,
	SQL_INCIDENT_GET,
	SQL_INCIDENTS_TO_LOAD,
	SQL_INCIDENT_PLACE,
	SQL_INCIDENTS_LIST,
	SQL_INCIDENTS_UNRESOLVED,
	SQL_INCIDENTS_NUMBERED,
	SQL_SIGNALS_GET,
	SQL_SIGNALS_TO_LOAD,
	SQL_TOLD_GET,
	SQL_TOLD_TO_LOAD,
	SQL_NOTIFICATIONS_TO_LOAD,
	SQL_DELIVERIES_GET,
	SQL_NOTIFICATION_LAST,
	SQL_MESSAGES_SEEN,
	SQL_MESSAGES_SEEN_BY_ROW,
	SQL_ROWS_SINCE,
	SQL_LAST_WORDS,
	SQL_LAST_WORDS_BY_ROW,
	SQL_DEVICES_GET,
	SQL_DEVICES_LIST,
	SQL_DELIVERIES_LIST,
	SQL_DELIVERIES_OF_INCIDENT,
	SQL_SENT,
	SQL_LINK_TARGET,
	SQL_MENTIONS_DEVICE,
	SQL_MENTIONS_ZONE,
	SQL_MENTIONS_TYPE,
	SQL_MENTIONS_INCIDENT,
	SQL_LOG_FIRST_ROW,
	SQL_LOG_LAST_ROW,
	SQL_LOG_ALL,
	SQL_LOG_OF_SITE,
	SQL_LOG_OF_INCIDENT,
	SQL_LOG_UNKNOWN,
	SQL_LOG_END,
	SQL_MARK_LAST,
	SQL_CONFIG_KNOWN,
	SQL_OLD_ENTRIES,
	SQL_LEDGER_REMOVE,
	SQL_REMOVED_ADD,
	SQL_REMOVED_BY,
	SQL_REMOVED_FROM,
	SQL_REMOVED_UNSIGNED,
	SQL_REMEMBERED_LIST,
	SQL_IMPORTED_ADD,
	SQL_IMPORTED_GET,
	SQL_SIGNALS_CLEAR,
	SQL_NOTIFICATION_RESULT,
	SQL_DELIVERY_RESULT,
	SQL_DEVICE_SAID,
	STATEMENT_COUNT,
};

struct site_head {                    /* by the store's number of the site */
	struct ledger_head head;      /* as committed */
	struct ledger_head next;      /* as it will be once the turn under way is committed */
	uint64_t sealed, next_sealed; /* the last entry that a checkpoint vouches for */
	steady_ms unsealed_since, next_unsealed; /* of the first entry behind it, or NEVER */
	struct seal seal, next_seal;             /* the last checkpoint; seq 0: none yet */
	struct text line; /* the seal of the turn under way; empty: nothing is sealed */
	struct state_sum sum, next_sum;
	bool known;
	bool is_new; /* its row is written with its first commit */
};

#define LEDGER_ROWS_MAX 16 /* that one statement inserts */

/* Entries on their way into the ledger: what a statement costs is shared by those it inserts. */
struct ledger_queue {
	struct ledger_row rows[LEDGER_ROWS_MAX]; /* their texts are borrowed until the flush */
	uint32_t count;
	uint32_t site;
};

struct store {
	sqlite3 *db;
	enum store_mode mode;
	char *path;
	int lock; /* descriptor of the writer's lock, or -1 */
	sqlite3_stmt *statements[STATEMENT_COUNT];
	struct site_head *heads;
	uint32_t head_cap;
	struct sha256 *sha;
	struct text scratch;
	struct ledger_queue queue;
	char incident[INCIDENT_ID_MAX]; /* whose key was asked for last in this turn; "": none */
	int64_t incident_key;
	char boot[BOOT_ID_LEN + 1]; /* the boot whose number is boot_number; 0: none yet */
	int64_t boot_number;
	struct checkpointer *checkpointer;
	struct signer signer;
	bool signs; /* store_sign_with was called */
	struct summing *summing;
	struct head_file *head_file; /* NULL: it cannot be written */
	span_ms keep;
	steady_ms keep_due;
	bool keep_left; /* the last pass has not removed all that is old */
	bool has_reserve;
	int64_t look_ends; /* on the stopwatch */
	bool look_was_cut;
};

struct binder {
	sqlite3_stmt *statement; /* NULL when it could not be prepared */
	int at;
};
struct binder sql_bind(struct store *, enum statement);
void bind_text(struct binder *, const char *); /* NULL binds NULL; valid until the statement ends */
void bind_int(struct binder *, int64_t);
void bind_null(struct binder *);
void bind_bool(struct binder *, bool);
void bind_blob(struct binder *, const void *, size_t len);
void bind_moment(struct binder *, struct moment);         /* two columns */
void bind_moment_or_null(struct binder *, struct moment); /* NULLs for {0} */
void bind_timer(struct binder *, const struct timer *);   /* NULL where not set */

/* Runs to the end and makes the statement ready for its next use. */
int sql_done(struct store *, struct binder *, struct problem *why) MUST_USE;
/* One row more: 1, 0 at the end, or a negative errno. Rewinds the reader. */
int sql_next(struct store *, struct binder *) MUST_USE;
/* Lets go of the rows that are left; the statement's own failure, if any, was seen before. */
void sql_end(struct binder *);
/* Runs and gives the one number it returns; -ENOENT for no row. */
int sql_number(struct store *, struct binder *, int64_t *out, struct problem *why) MUST_USE;

const char *read_text(struct binder *); /* NULL for NULL; valid until the next row */
int64_t read_int(struct binder *);
uint32_t read_u32(struct binder *);
bool read_bool(struct binder *);
struct moment read_moment(struct binder *);
void read_hash(struct binder *, uint8_t out[SHA256_LEN]); /* zeroes where it is none */
steady_ms read_due(struct binder *);                      /* 0 for NULL: not set */

/* What the connection's last failure means, as a negative errno, with why set. */
int sql_failure(sqlite3 *, struct problem *why, const char *doing);
int sql_prepare_turn(struct store *, struct problem *why) MUST_USE;
void sql_finish(struct store *);

/* incident_rows.c: an incident and its parts, to rows and back. */
/* -ENOENT: never written. */
int incident_key(struct store *, const char *id, int64_t *key, struct problem *why) MUST_USE;
int incident_put(struct store *, uint32_t site, const struct incident *,
                 struct problem *why) MUST_USE;
/* From the current row of a statement that selects INCIDENT_COLUMNS; site_id as read_text. */
int incident_get(struct store *, struct binder *, struct incident **out,
                 const char **site_id) MUST_USE;
/* Those that a start goes on with: into the site. */
int incidents_load(struct store *, struct site *) MUST_USE;

/* heard.c: the message ids that an earlier life has seen, into the site. */
int heard_load(struct store *, struct site *) MUST_USE;

/* notification_rows.c */
int notification_put(struct store *, uint32_t site, const struct notification *,
                     struct problem *why) MUST_USE;
int notifications_load(struct store *, struct site *) MUST_USE;

/* standing_rows.c */
int standing_put(struct store *, const struct site *, const struct standing *,
                 struct problem *why) MUST_USE;
int standings_load(struct store *, struct site *) MUST_USE;

/* output_rows.c */
int remembered_put(struct store *, const struct remembered *, wall_ms now,
                   struct problem *) MUST_USE;
int output_put(struct store *, const struct site *, const struct output_state *,
               struct problem *why) MUST_USE;
int outputs_load(struct store *, struct site *) MUST_USE;

/* rebuild.c: what an entry tells of the state, into rows. */
struct rebuild;
struct rebuild *rebuild_open(struct store *, uint32_t site, site_text_read);
void rebuild_close(struct rebuild *); /* NULL is fine */
int rebuild_entry(struct rebuild *, const struct ledger_row *, struct problem *why) MUST_USE;
/* Entries of incidents of whose opening no entry told. */
uint64_t rebuild_strays(const struct rebuild *);

/* commit.c */
/* The number by which ledger rows name the boot they were written in: store->boot_number. */
int store_find_boot(struct store *, const char *boot, struct problem *why) MUST_USE;
struct site_head *store_site_head(struct store *, uint32_t site); /* makes room for it */

/* sums_load.c: of one site or of all that are loaded, the sums as they were sealed; made of what is
 * stored where none was sealed yet. */
#define SUMS_OF_ALL UINT32_MAX
int sums_load(struct store *, uint32_t site, struct problem *why) MUST_USE;

/* sealing.c: seals as they are made with a commit. */
int sealing_entry_added(struct store *, const struct site *, struct site_head *,
                        const struct entry *, struct problem *why) MUST_USE;
int sealing_site_done(struct store *, const struct site *, struct site_head *, struct moment now,
                      bool wanted, struct problem *why) MUST_USE;
/* The line for the site's row, or NULL where nothing is signed; valid until the next call. */
const char *sealing_head_line(struct store *, const struct site *, struct site_head *, wall_ms now);
void sealing_committed(struct store *, const struct turn *); /* heads have moved */
/* Is it the key that signs, or the one that the record names last? */
bool store_knows_key(struct store *, uint32_t site, const uint8_t key[ED25519_KEY_LEN]);

/* commit.c: the entry gets its place behind head, which moves. Its texts are borrowed until
 * ledger_flush has returned. */
int ledger_add(struct store *, const struct site *, struct ledger_head *, const struct entry *,
               struct problem *why) MUST_USE;
int ledger_flush(struct store *, struct problem *why) MUST_USE;

#endif
