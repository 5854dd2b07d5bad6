/* A channel is one way to reach people over HTTP: it builds a request from a letter and judges
 * the reply. One small file each in channels/, all behind this narrow interface. */
#ifndef TOCSIN_DELIVER_CHANNEL_H
#define TOCSIN_DELIVER_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/problem.h"
#include "base/text.h"
#include "decide/site.h"
#include "deliver/rate.h"

/* What the service file says of one channel; strings are borrowed and stay. Fields that a type
 * does not know are refused by config/, by the type's list. */
struct channel {
	const char *id;
	const struct channel_type *type;
	const char *url;
	const char *secret; /* of a signature; NULL none */
	const char *token;
	const char *to;       /* default address: topic, chat id, key */
	const char *language; /* NULL: the site's */
	span_ms give_up_after;
	bool outside;
	bool private_net;                        /* its name may lead to a private address */
	const char *ca_file;                     /* NULL: the system's */
	struct rate_limit rate[RATE_LIMITS_MAX]; /* the type's, or what the file says */
	span_ms resend;                          /* the same; 0: never */
};

/* One notification on its way to one contact: everything a channel may say. */
struct letter {
	const char *site_id, *site_name, *language;
	const struct site_def
	        *def; /* for the names of people and zones; NULL: their ids are said */
	const struct timezone_table *timezone;
	const struct notification *notification;
	const struct incident *incident;         /* NULL for a test */
	const struct incident *const *incidents; /* those a digest tells of, the first ones */
	uint32_t incidents_shown, incidents_all; /* how many are in the list, how many there are */
	uint32_t contact, attempt;               /* contact: position in notification.deliveries */
	const char *to;             /* the contact's own address, or the channel's, or NULL */
	const char *text;           /* rendered for people (text.h) */
	struct text *incident_json; /* once written, for the letters that follow; NULL: no room */
	const char *template_text;  /* how it is rendered (template.h); NULL: as built in */
	const char *ack_url;        /* NULL for outside lines and where there is nothing to take */
	const char *console_url;
	uint64_t ledger_seq;
	const char *ledger_head; /* hex */
	bool unlogged;
	bool again; /* said once more to who would forget it: its result is nobody's news */
	struct moment now;
};

struct request { /* zeroed before build; request_finish frees */
	struct text url;
	struct text body;
	struct text headers; /* "Name: value\n" lines */
	const char *method;  /* NULL: POST */
};

struct reply {
	long status;         /* 0: none came */
	const char *body;    /* bounded, NUL-terminated; may be cut */
	span_ms retry_after; /* from the header, 0 none */
	uint32_t attempt;    /* of this contact, from 1: some answers are good for a few only */
};

struct judgement {
	enum verdict verdict;
	span_ms retry_after; /* 0: none asked for */
	bool shut_out;       /* for retry_after the service takes nothing at all from us */
	char detail[160];    /* one line for people, no secret */
};

enum channel_field { /* bits: what a channel's settings may say */
	             CHANNEL_URL = 1,
	             CHANNEL_SECRET = 2,
	             CHANNEL_TOKEN = 4,
	             CHANNEL_TO = 8,
};

struct channel_type {
	const char *name; /* "webhook" */
	/* Fields without which nothing can be sent, and those that are read where given; any
	 * other is a mistake. CHANNEL_TO in needs: from the channel or from each contact. */
	unsigned needs, may;
	bool to_is_key; /* with an address alone anybody can push there: it is a secret */
	struct rate_limit rate[RATE_LIMITS_MAX]; /* what the service documents; zeroed: nothing */
	struct rate_limit each[RATE_LIMITS_MAX]; /* the same, to one address */
	/* It forgets what is not said again within some time: so often an incident is, while it
	 * lasts. 0: it forgets nothing. */
	span_ms resend;
	const char *default_url; /* the public service where no url is given, or NULL */
	/* What bits cannot say (the form of a key, "url or token"). -EINVAL and why, without the
	 * secret in it. NULL: nothing. Call channel_check. */
	int (*check)(const struct channel *, struct problem *why);
	/* -EINVAL and why if the letter cannot be written on this channel. */
	int (*build)(const struct channel *, const struct letter *, struct request *,
	             struct problem *why);
	/* Status and body together: HTTP 200 with an error inside is no success. */
	void (*judge)(const struct reply *, struct judgement *);
};

/* One channel's settings against its type: fields missing or not known to it, the url's form, the
 * type's own check. A missing `to` is not looked for: a contact may bring it. -EINVAL and why. */
int channel_check(const struct channel *, struct problem *why) MUST_USE;
const char *channel_field_name(enum channel_field); /* "url", "secret", "token", "to" */

const struct channel_type *channel_type_find(const char *name); /* or NULL */
/* "webhook, ntfy, ..." for messages. */
const char *channel_type_names(void);

void request_finish(struct request *);
__attribute__((format(printf, 3, 4))) void request_header(struct request *, const char *name,
                                                          const char *format, ...);

/* The common judgement by status alone: 2xx accepted; 408, 425, 429, 5xx retry; else refused. */
void judge_by_status(const struct reply *, struct judgement *);

#endif
