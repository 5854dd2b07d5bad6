/* Inside the HTTP side: one request and its answer, and the server that holds them. Only http.c,
 * exchange.c, routes.c and the api and page files include this.
 *
 * A handler runs when the whole request is there and must do one of three things: answer
 * (exchange_json, exchange_problem, ...), hand in an operation (exchange_submit, whose finish
 * answers after the commit), or open an event stream. */
#ifndef TOCSIN_REVIEW_EXCHANGE_H
#define TOCSIN_REVIEW_EXCHANGE_H

#include <microhttpd.h>
#include <stdatomic.h>
#include <uv.h>

#include "base/json.h"
#include "review/access.h"
#include "review/errands.h"
#include "review/http.h"
#include "review/once.h"

#define BODY_MAX ((size_t)64 * 1024)
#define URL_MAX 4096 /* path and query, as sent */
/* Of a body that is refused anyway: who is still sending would not hear why, but find the line cut.
 */
#define DISCARD_MAX (UINT64_C(64) * 1024 * 1024)

struct exchange;
struct stream;
struct session;
struct sessions;
struct answer_kept;
struct lingering;
struct stream_news;

/* What the server does not wait for longer. */
#define REQUEST_WITHIN SECONDS(20)   /* until a request is there whole */
#define ANSWER_WITHIN SECONDS(120)   /* until an answer is taken whole */
#define OPERATION_WITHIN SECONDS(20) /* until a commit is confirmed; then 503 */
#define IDLE_SECONDS 15              /* without a byte in either direction */

struct client { /* one connection */
	struct client *prev, *next;
	int fd;
	uint64_t deadline; /* loop time, ms, when it is cut off; 0: none */
	uint64_t awaited;  /* since when, of a request that is not there whole; 0: there is one */
	bool lingers;      /* what is on its way is not read: linger.c */
	bool cut;          /* goes as soon as the daemon has seen it, and is no stream */
	struct address_key address;
	struct exchange *exchange; /* the request under way, or NULL */
	struct stream *stream;     /* an event stream, or NULL */
};

struct http_server {
	uv_loop_t *loop;
	const struct http_options *options;
	struct review_service service;
	struct MHD_Daemon *daemon;
	struct access *access;
	struct sessions *sessions;
	struct once *once;
	struct stream_news *news; /* what the streams were told last, or NULL */
	struct errands passwords; /* to be tried */
	struct errands readings;  /* of the record (reading.h) */
	atomic_bool ends;         /* for those: nobody waits any more */
	uint32_t generation;      /* one more with each reload: older streams end */
	uv_timer_t watch;         /* once a second while there are clients: deadlines, heartbeats */
	int open_handles;
	int port;
	bool closing;
	struct lingering *lingering;
	uint32_t lingering_count;
	struct client *clients;
	uint32_t client_count, stream_count, cut_count;

	/* pace.c */
	uv_poll_t poll;      /* the daemon's epoll descriptor */
	uv_timer_t due;      /* what the daemon waits for */
	uv_timer_t tell_due; /* a crowd of streams is told */
	uv_prepare_t round;  /* runs the daemon */
	uv_idle_t awake;     /* on while that is wanted: the loop does not sleep */
	bool wanted;
	int64_t portion_ends;                    /* on the stopwatch */
	uint32_t handled;                        /* requests of this portion */
	struct exchange *line_first, *line_last; /* whole requests that wait for their turn */
	uint32_t called_count;                   /* out of the line, and not handled yet */
	struct client *tell_next; /* whose stream is looked at next; NULL: the first */
	uint32_t tell_left;       /* clients to look at since the last commit */
};

/* ---- pace.c ---- */

void pace_begin(struct http_server *);
void pace_end(struct http_server *);
void server_kick(struct http_server *); /* there is something to do: runs the daemon soon */
/* True if a request may be handled now. Otherwise it sleeps, and comes again. */
bool pace_allows(struct exchange *);
void pace_leave_line(struct exchange *);
void pace_tell(struct http_server *); /* something was committed: the streams, some a round */
void pace_forget_client(struct http_server *, const struct client *);

/* ---- linger.c ---- */

/* A connection that the daemon is about to close: its other side may finish speaking. */
void linger_on(struct http_server *, int fd);
void linger_watch(struct http_server *); /* once a second, and at the end: who has had his time */

void server_handle_closed(struct http_server *); /* one of open_handles; the last frees it */
static inline uint64_t server_now(const struct http_server *server)
{
	return uv_now(server->loop);
}

typedef void (*exchange_finish)(struct exchange *, int result, const struct incident *,
                                const char *site_id, const struct problem *why);

struct pending; /* an operation that was handed in */

struct exchange {
	struct http_server *server;
	struct MHD_Connection *connection;
	struct client *client;
	const struct route *route;
	const char *path;
	bool head; /* asked for by HEAD: the answer has no body */
	char *id;  /* what stood for {...} in the pattern; heap or NULL */
	struct text body;
	uint64_t body_len; /* as it came: of one that is refused nothing is kept */
	bool body_too_large;
	struct access_grant grant;
	bool signed_in;    /* it is a session's; else a token's */
	const char *actor; /* who has signed in, where they act in another's name; or NULL */
	struct MHD_Response *response; /* once it is answered */
	unsigned status;
	struct text answered;     /* a copy of the answer, where it is to be kept */
	struct answer_kept *kept; /* for an idempotency key, or NULL */
	bool suspended;
	bool in_line, called; /* pace.c */
	struct exchange *line_prev, *line_next;
	struct pending *pending;
	uint64_t pending_until;
	const struct standing *made; /* for finish: what stands that it was about, or NULL */
	exchange_finish finish;
	void *finish_ctx;
	void (*free_finish_ctx)(void *);
};

struct exchange *exchange_create(struct http_server *, struct MHD_Connection *, struct client *);
void exchange_destroy(struct exchange *);

/* ---- who asks ---- */

/* Grants by token or session, or answers. */
bool exchange_admit(struct exchange *, const char *method);
/* True if it does not come from another site's page. */
bool exchange_is_own(const struct exchange *);
bool exchange_session(const struct exchange *, struct session *out); /* the good one it carries */
void exchange_grant(struct exchange *, const struct session *);
void exchange_braked(struct exchange *); /* 429 */
const char *role_name(enum role);

/* ---- reading the request ---- */

const char *exchange_header(const struct exchange *, const char *name); /* or NULL */
const char *exchange_query(const struct exchange *, const char *name);  /* NULL if absent or "" */
/* The parameters that stand in allowed ("site, limit"), each once, or a 400. */
bool exchange_query_allowed(struct exchange *, const char *allowed);
/* Read a parameter into out, which keeps its value if there is none. False after a 400. */
/* Whose clocks a time without an offset is read on: the named site's, else the first one's. NULL if
 * there is none. */
const struct timezone_table *exchange_timezone(struct exchange *, const char *site_id);
bool exchange_query_time(struct exchange *, const char *name, wall_ms *out);
bool exchange_query_uint(struct exchange *, const char *name, uint64_t min, uint64_t max,
                         uint64_t *out);
/* ?lang=: "zh-CN" or "en"; *out NULL if none is named. False after a 400. */
bool exchange_query_language(struct exchange *, const char **out);
/* The live site of ?site=; *out NULL if none is named. False after a 400. */
bool exchange_query_site(struct exchange *, const struct site **out);
/* The same, but one there must be: the only one where none is named. */
bool exchange_query_one_site(struct exchange *, const struct site **out);
/* The definitions of the sites that are asked for, one or with NULL all, for who reads beside the
 * loop: heap, a NULL behind the last. */
struct site_def **exchange_site_defs(const struct exchange *, const struct site *only);
const struct site *exchange_named_site(struct exchange *, const char *id);   /* NULL after a 400 */
const struct site *exchange_only_site(struct exchange *, const char *where); /* likewise */

/* The body as a JSON object of the allowed members, or NULL after a 4xx; cJSON_Delete it. Who has
 * signed in as a person acts in that name: "by" is filled in, and another's refused. */
cJSON *exchange_body(struct exchange *, const char *allowed);
/* A text member; out is NULL if it is absent or null. False after a 400: not a text, longer than
 * max bytes, or missing though required. */
bool exchange_member(struct exchange *, const cJSON *body, const char *name, bool required,
                     size_t max, const char **out);

/* ---- answering ---- */

/* Takes the text over. extra headers may be added to exchange->response afterwards. */
void exchange_answer(struct exchange *, unsigned status, const char *content_type, struct text *);
void exchange_json(struct exchange *, unsigned status, struct text *);
void exchange_static(struct exchange *, const char *content_type, const void *at, size_t len);
__attribute__((format(printf, 3, 4))) void exchange_problem(struct exchange *, unsigned status,
                                                            const char *format, ...);
void exchange_add_header(struct exchange *, const char *name, const char *value);
/* Instead of the one that every answer has. */
void exchange_replace_header(struct exchange *, const char *name, const char *value);

/* 503: the record cannot be read (a negative errno of the store). */
void exchange_unreadable(struct exchange *, int result);

/* 503 for what was done and cannot be written yet, and why that is. */
void exchange_held(struct exchange *, const char *why);

/* Why an operation was refused, as an answer. */
void exchange_refuse(struct exchange *, int result, const struct problem *why);

/* ---- handing in ---- */

/* Puts the connection to sleep until the operation is committed or refused. ctx, if any, is freed
 * with free_ctx after finish, or without it when the client has gone. */
void exchange_submit(struct exchange *, const char *site_id, const struct operation *,
                     exchange_finish, void *ctx, void (*free_ctx)(void *));
/* The same until this is kept over a restart. */
void exchange_remember(struct exchange *, const struct remembered *, exchange_finish);
void exchange_suspend(struct exchange *);
void exchange_resume(struct exchange *);
/* Once a second: gives up waiting for a commit that does not come; finish is told -ETIMEDOUT. */
void exchange_watch(struct exchange *);

/* In whose name, where it may be left out: as named, or of who has signed in. Whoever has acts in
 * that name alone, but for an administrator, of whom the record then tells. False after a 403. */
bool exchange_by(struct exchange *, const char **by);

/* True if word stands in list ("a, b, c"). */
bool word_in_list(const char *list, const char *word, size_t len);

/* ---- routes ---- */

struct route {
	const char *method;  /* GET answers HEAD too */
	const char *pattern; /* at most one "{...}" */
	enum role role;      /* ROLE_NONE: anyone */
	const char *query;   /* allowed parameters */
	void (*handler)(struct exchange *);
};

/* Finds the route and checks role and parameters; afterwards the exchange has a route, or an
 * answer. */
void route_exchange(struct exchange *, const char *method);

void api_sign_in(struct exchange *);
void api_session(struct exchange *);
void api_sign_out(struct exchange *);
void api_incidents(struct exchange *);
void api_incident(struct exchange *);
void api_incident_ack(struct exchange *);
void api_incident_resolve(struct exchange *);
void api_incident_note(struct exchange *);
void api_incident_assign(struct exchange *);
void api_incident_reply(struct exchange *);
void api_override_make(struct exchange *);
void api_override_end(struct exchange *);
void api_overrides(struct exchange *);
void api_handovers(struct exchange *);
void api_proofs(struct exchange *);
void api_heartbeat(struct exchange *);
void api_handover_accept(struct exchange *);
void api_armings(struct exchange *);
void api_arming_end(struct exchange *);
void api_zone_arm(struct exchange *);
void api_zone_disarm(struct exchange *);
void api_silences(struct exchange *);
void api_silence(struct exchange *);
void api_silence_end(struct exchange *);
void api_drills(struct exchange *);
void api_floods(struct exchange *);
void api_drill(struct exchange *);
void api_drill_end(struct exchange *);
void api_walk_test(struct exchange *);
void api_reportings(struct exchange *);
void api_reporting_made(struct exchange *);
void api_hazards(struct exchange *);
void api_hazard(struct exchange *);
void api_hazard_remedy(struct exchange *);
void api_hazard_close(struct exchange *);
void api_hazard_reopen(struct exchange *);
void api_hazard_assign(struct exchange *);
void api_incident_report(struct exchange *);
void api_report(struct exchange *);
void api_drill_report(struct exchange *);
void api_period_report(struct exchange *);
void api_test(struct exchange *);
void api_events(struct exchange *);
void api_stream(struct exchange *);
void api_devices(struct exchange *);
void api_unknown_devices(struct exchange *);
void api_zones(struct exchange *);
void api_people(struct exchange *);
void api_channels(struct exchange *);
void api_outputs(struct exchange *);
void api_duty(struct exchange *);
void api_who(struct exchange *);
void api_deliveries(struct exchange *);
void api_status(struct exchange *);
void page_health(struct exchange *);
void page_ready(struct exchange *);
void page_metrics(struct exchange *);
void page_console(struct exchange *);
void page_console_file(struct exchange *);
void page_link(struct exchange *);
void page_link_take(struct exchange *);
void hook_hear(struct exchange *);

/* ---- event streams ---- */

/* True if something was committed that this stream has not sent, or it was silent for long. */
bool stream_has_news(const struct stream *);
bool stream_wake(struct stream *); /* true if it slept */
/* Somebody has signed out: theirs end. */
void streams_look_up(struct http_server *);
void stream_news_destroy(struct stream_news *);

#endif
