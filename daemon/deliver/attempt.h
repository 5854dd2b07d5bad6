/* One attempt to carry one letter: the request, what came back, how it is judged. The courier
 * drives it; nobody else sees it. */
#ifndef TOCSIN_DELIVER_ATTEMPT_H
#define TOCSIN_DELIVER_ATTEMPT_H

#include <curl/curl.h>
#include <stdbool.h>

#include "deliver/channel.h"

struct attempt {
	struct attempt *next;            /* in the courier's queues */
	struct attempt **before, *after; /* among the running ones */

	const struct channel_type *type; /* static */
	char *site_id, *ca_file, *channel, *to;
	uint64_t notification;
	uint32_t contact, number;
	bool urgent, unlogged;
	enum weight weight;
	bool judged;       /* without being sent: it cannot be written, or has to wait */
	bool held;         /* it has to wait: see attempt_hold */
	struct moment at;  /* the letter's now */
	int64_t stopwatch; /* ns, when it was handed in */
	int64_t started;   /* ns, when it began to run */
	int64_t sent;      /* ns, when its request left; 0: it did not */
	int64_t ended;     /* ns, 0: not yet */

	struct request request;
	struct curl_slist *headers;
	CURL *easy;          /* while running */
	unsigned confirm_ms; /* TCP_USER_TIMEOUT */
	bool private_net;    /* it may go to a private address */
	bool turned_back;    /* it would have gone to one */
	uint32_t leavings;   /* of its request: 2 where curl has repeated it */
	char curl_error[CURL_ERROR_SIZE];

	struct text body;
	size_t body_read, header_read;
	bool header_whole;
	span_ms retry_after;

	long status;
	struct judgement judgement;
};

/* Never NULL. Reads channel and letter; keeps neither. */
struct attempt *attempt_create(const struct channel *, const struct letter *);
/* A GET without a body; of no site, no channel and no letter. */
struct attempt *attempt_create_ping(const char *url, const char *ca_file, bool private_net,
                                    struct moment now);
/* It is not made: the channel may carry no more before this time has passed. */
void attempt_hold(struct attempt *, span_ms wait, bool shut_out);

/* Nor will it be sent later. */
void attempt_overtake(struct attempt *);
void attempt_destroy(struct attempt *); /* its handle is the courier's to free */

/* Sets up a fresh or reset handle for it. */
void attempt_prepare(struct attempt *, CURL *easy, span_ms connect_max, span_ms attempt_max);

/* Fills status and judgement from how the transfer ended. */
void attempt_judge(struct attempt *, CURLcode);

/* Its judgement as the core takes it; strings are the attempt's. */
struct delivery_result attempt_result(const struct attempt *);

#endif
