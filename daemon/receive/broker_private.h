/* What broker.c (the owner's side) and broker_link.c (one connection after the other) share. */
#ifndef TOCSIN_RECEIVE_BROKER_PRIVATE_H
#define TOCSIN_RECEIVE_BROKER_PRIVATE_H

#include <uv.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/problem.h"
#include "receive/broker.h"
#include "receive/broker_client.h"

#define RETRY_FIRST SECONDS(1)
#define NO_TIMER (-1)
#define DIALLING_MAX ((uint64_t)MINUTES(2)) /* longer than any resolver tries */

/* The one timer means something else in each stage. */
enum stage {
	STAGE_DIALLING, /* a worker resolves the name and starts the connection; no timer */
	STAGE_GREETING, /* connecting, TLS, CONNECT sent; timer: the answer is overdue */
	STAGE_FRESH,    /* the session is up; timer: it has lasted */
	STAGE_UP,       /* the session has lasted; no timer */
	STAGE_ENDED,    /* the link is gone; timer at once: tell the owner, outside his turn */
	STAGE_WAITING,  /* timer: try again */
	STAGE_RESTING,  /* the owner wants no link; no timer */
	STAGE_CLOSED,
};

struct filter {
	char *text;
	int mid;      /* of its SUBSCRIBE in this session; 0: not asked for */
	bool granted; /* the broker has confirmed it */
};

struct broker {
	uv_loop_t *loop;
	struct broker_options options;
	struct arena strings; /* the options' */
	struct broker_callbacks callbacks;
	void *ctx;
	enum stage stage;
	struct mosquitto *client; /* NULL outside GREETING, FRESH and UP */
	uv_poll_t *poll;          /* likewise */
	uv_timer_t timer, tick;
	uv_idle_t more; /* TLS may hold bytes that poll knows nothing of */
	unsigned int open_handles;
	uint64_t dialled_at; /* on the loop's clock */
	span_ms retry_delay;
	struct filter *filters;
	size_t filter_count, granted_count;
	size_t asked_next; /* whose answer comes next, as they come in order */
	char **gone;       /* filters taken away while there was no session */
	size_t gone_count, gone_cap;
	size_t held;            /* messages gathered whose acks wait for broker_release */
	size_t unconfirmed;     /* published at QoS 1, and not acknowledged by the broker */
	size_t batch;           /* messages of this poll callback */
	size_t progress;        /* packets understood */
	bool reading;           /* libmosquitto is on the stack: its client must live on */
	bool wants_room;        /* poll for writability too */
	struct broker *passing; /* is read first */
	bool has_let_pass;      /* the last time */
	bool cut_short;         /* the last batch, for what is let pass */
	bool told_down;
	bool resting;               /* asked for; a worker that dials ends first */
	bool outdated;              /* a worker dials with older options */
	struct problem ended, told; /* why the link ended; what the owner was last told */
	char detail[160];           /* what this link's broker or OpenSSL said against it */
};

/* The session is up. */
bool link_is_up(const struct broker *);

/* Starts an attempt to connect, in the background. */
void link_dial(struct broker *);

/* Enters a stage, with its timer. */
void link_set_stage(struct broker *, enum stage, span_ms delay);

/* Asks the broker for every filter, and no longer for those that are gone. */
void link_subscribe(struct broker *);
/* The same, but for those alone that have not been asked for in this session. */
void link_subscribe_more(struct broker *);

/* Tells the loop what to wait for on the socket. */
void link_watch(struct broker *);

/* Takes the link down and everything that waited on it; the queued acks go with it, so the broker
 * will deliver those messages again. */
void link_drop(struct broker *);

/* The same after a failure, of which the owner is told from the loop; then comes another try. */
void link_fail(struct broker *, int rc, int error);

/* Closes what a callback of libmosquitto still held when broker_close came. */
void broker_finish(struct broker *);

/* One of those that hold the broker's memory (its handles, a worker that dials) is done with it. */
void broker_let_go(struct broker *);

#endif
