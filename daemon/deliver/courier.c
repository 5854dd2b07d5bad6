#include "deliver/courier.h"

#include <assert.h>
#include <curl/curl.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "deliver/attempt.h"
#include "deliver/limits.h"

#define SPARE_HANDLES_MAX 64
#define WINDOW_FIRST 96
#define WIDER_EVERY 5            /* ms */
#define KEPT_IDLE 64             /* connections, for the next letters */
#define TOLD_TOGETHER_WITHIN 100 /* ms */

struct queue { /* first in, first out; zeroed: empty */
	struct attempt *first, *last;
};

struct watch { /* one of curl's sockets */
	uv_poll_t poll;
	struct courier *courier;
	curl_socket_t socket;
	bool writes;                   /* it waits for leave to write, mostly to be connected */
	struct watch **before, *after; /* among the courier's */
};

struct courier {
	courier_result result;
	void *ctx;
	CURLM *multi;
	uv_loop_t *loop;
	uv_timer_t timer;      /* curl's own deadline */
	uv_timer_t kick;       /* hands out results that exist without any I/O */
	uint32_t open_handles; /* libuv's, until their close callbacks have run */
	struct queue pings, waiting_first, waiting_urgent, waiting, finished;
	struct attempt *running;
	uint32_t running_count;
	struct watch *watches;
	uint32_t window;   /* how many may run at present: see start_waiting */
	uv_timer_t wider;  /* while letters wait for it */
	uv_check_t heard;  /* once wider has rung: behind what the loop has brought till then */
	uint32_t asked;    /* that were under way at the last look, */
	uint32_t answered; /* and have come since */
	bool stalls;       /* of the last look's not even half were answered at the next */
	uint32_t count;    /* not yet reported */
	int64_t untold;    /* on the stopwatch, since when finished holds something; */
	bool pressing;     /* and a result among it upon which somebody else is told */
	struct limits limits;
	CURL *spare[SPARE_HANDLES_MAX];
	uint32_t spare_count;
	span_ms connect_max, attempt_max;
};

static void queue_push(struct queue *queue, struct attempt *attempt)
{
	attempt->next = NULL;
	if (queue->last)
		queue->last->next = attempt;
	else
		queue->first = attempt;
	queue->last = attempt;
}

static struct attempt *queue_pop(struct queue *queue)
{
	struct attempt *attempt = queue->first;
	if (!attempt)
		return NULL;
	queue->first = attempt->next;
	if (!queue->first)
		queue->last = NULL;
	return attempt;
}

/* ---- attempts ---- */

static CURL *take_handle(struct courier *courier)
{
	if (courier->spare_count)
		return courier->spare[--courier->spare_count];
	CURL *easy = curl_easy_init();
	if (!easy)
		abort(); /* no memory: the same end as base/mem.h */
	return easy;
}

static void give_handle(struct courier *courier, CURL *easy)
{
	if (courier->spare_count == SPARE_HANDLES_MAX) {
		curl_easy_cleanup(easy);
		return;
	}
	curl_easy_reset(easy);
	courier->spare[courier->spare_count++] = easy;
}

/* Curl counts those under way too. It would close each that ends while more are under way than it
 * may keep, and connect anew for the next letter. */
static void keep_connections(struct courier *courier)
{
	curl_multi_setopt(courier->multi, CURLMOPT_MAXCONNECTS,
	                  (long)(KEPT_IDLE + courier->running_count));
}

static void start(struct courier *courier, struct attempt *attempt)
{
	assert(attempt);
	attempt_prepare(attempt, take_handle(courier), courier->connect_max, courier->attempt_max);
	attempt->after = courier->running;
	attempt->before = &courier->running;
	if (attempt->after)
		attempt->after->before = &attempt->after;
	courier->running = attempt;
	courier->running_count++;
	keep_connections(courier);
	CURLMcode added = curl_multi_add_handle(courier->multi, attempt->easy);
	assert(added == CURLM_OK);
	(void)added;
}

/* Takes it off curl; the handle goes back to the pool. */
static void stop(struct courier *courier, struct attempt *attempt)
{
	curl_multi_remove_handle(courier->multi, attempt->easy);
	give_handle(courier, attempt->easy);
	attempt->easy = NULL;
	*attempt->before = attempt->after;
	if (attempt->after)
		attempt->after->before = attempt->before;
	courier->running_count--;
	keep_connections(courier);
}

static void on_kick(uv_timer_t *);

static void start_from(struct courier *courier, struct queue *waiting, uint32_t most)
{
	/* The same shares of the window as of the whole: what matters more finds room. */
	if (most > courier->window * most / IN_FLIGHT_FIRST_MAX)
		most = courier->window * most / IN_FLIGHT_FIRST_MAX;
	while (courier->running_count < most && waiting->first)
		start(courier, queue_pop(waiting));
}

static void on_wider(uv_timer_t *);

static bool anything_waits(const struct courier *courier)
{
	return courier->pings.first || courier->waiting_first.first ||
	       courier->waiting_urgent.first || courier->waiting.first;
}

/* A receiver that answers at once is told a thousand things sooner over a few connections than over
 * as many new ones; one that hangs must hold up nobody else. So few letters leave at once, and
 * twice as many every few milliseconds in which not even half of those have their answers. */
static void start_waiting(struct courier *courier)
{
	start_from(courier, &courier->pings, IN_FLIGHT_FIRST_MAX);
	start_from(courier, &courier->waiting_first, IN_FLIGHT_FIRST_MAX);
	start_from(courier, &courier->waiting_urgent, IN_FLIGHT_URGENT_MAX);
	start_from(courier, &courier->waiting, IN_FLIGHT_MAX);
	bool shut = anything_waits(courier) && courier->window < IN_FLIGHT_FIRST_MAX;
	if (shut && !uv_is_active((uv_handle_t *)&courier->wider)) {
		courier->asked = courier->running_count;
		courier->answered = 0;
		uv_timer_start(&courier->wider, on_wider, WIDER_EVERY, WIDER_EVERY);
	} else if (!shut) {
		uv_timer_stop(&courier->wider);
	}
	if (!courier->running_count) {
		courier->window = WINDOW_FIRST;
		courier->stalls = false;
	}
}

static void finish(struct courier *courier, struct attempt *attempt)
{
	courier->pressing |= attempt->judgement.verdict != VERDICT_ACCEPTED;
	queue_push(&courier->finished, attempt);
}

/* While letters leave as fast as we can write them, and are accepted, their results wait a little:
 * those that are told together are recorded in one turn. */
static void hand_out(struct courier *courier)
{
	struct attempt *attempt;
	if (!courier->finished.first)
		return;
	int64_t now = clock_stopwatch_ns();
	if (!courier->untold)
		courier->untold = now;
	int64_t left = courier->untold / 1000000 + TOLD_TOGETHER_WITHIN - now / 1000000;
	bool flows = anything_waits(courier) && !courier->stalls && !courier->pressing;
	if (flows && left > 0) {
		if (!uv_is_active((uv_handle_t *)&courier->kick)) {
			uv_update_time(courier->loop);
			uv_timer_start(&courier->kick, on_kick, (uint64_t)left, 0);
		}
		return;
	}
	courier->untold = 0;
	courier->pressing = false;
	while ((attempt = queue_pop(&courier->finished))) {
		struct delivery_result result = attempt_result(attempt);
		courier->count--;
		courier->result(courier->ctx, attempt->site_id, &result);
		attempt_destroy(attempt);
	}
}

static void on_heard(uv_check_t *check)
{
	struct courier *courier = check->data;
	uv_check_stop(check);
	courier->stalls = courier->answered * 2 < courier->asked;
	if (courier->stalls)
		courier->window *= 2;
	start_waiting(courier);
	courier->asked = courier->running_count;
	courier->answered = 0;
	hand_out(courier);
}

/* A loop that was busy itself has not yet read the answers that are there. */
static void on_wider(uv_timer_t *timer)
{
	struct courier *courier = timer->data;
	uv_check_start(&courier->heard, on_heard);
}

/* ---- limits ---- */

/* What a service says about one letter holds for the next ones: it is not asked again meanwhile. */
static void note_limits(struct courier *courier, const struct attempt *attempt)
{
	const struct judgement *said = &attempt->judgement;
	steady_ms now = attempt->at.steady + attempt_result(attempt).took;
	if (!attempt->channel || said->verdict != VERDICT_RETRY || !said->retry_after ||
	    (!said->shut_out && attempt->status != 429))
		return;
	limits_answered(&courier->limits, attempt->channel, attempt->type, attempt->to,
	                said->shut_out, said->retry_after, now);
}

static void hold_if_too_many(struct courier *courier, const struct channel *channel,
                             struct attempt *attempt)
{
	bool shut_out;
	span_ms wait = limits_take(&courier->limits, channel, attempt->to, attempt->weight,
	                           attempt->at.steady, &shut_out);
	if (wait)
		attempt_hold(attempt, wait, shut_out);
}

/* After every turn of curl's: one that is missed would lie until something else happens. */
static void collect(struct courier *courier)
{
	CURLMsg *message;
	int left;
	while ((message = curl_multi_info_read(courier->multi, &left))) {
		struct attempt *attempt = NULL;
		CURLcode code = message->data.result;
		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&attempt);
		attempt_judge(attempt, code);
		note_limits(courier, attempt);
		stop(courier, attempt);
		courier->answered++;
		finish(courier, attempt);
	}
	start_waiting(courier);
	hand_out(courier);
}

/* ---- curl on libuv ---- */

static void on_closed(uv_handle_t *handle)
{
	struct courier *courier = handle->data;
	if (--courier->open_handles > 0)
		return;
	curl_global_cleanup();
	free(courier);
}

static void on_watch_closed(uv_handle_t *handle)
{
	struct watch *watch = (struct watch *)handle;
	struct courier *courier = watch->courier;
	handle->data = courier;
	on_closed(handle);
	free(watch);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
	struct watch *watch = (struct watch *)poll;
	struct courier *courier = watch->courier;
	/* Told of an error curl gives up; left to find it by reading, it knows a kept connection
	 * that died meanwhile and asks again on a new one. */
	int flags = status < 0 ? CURL_CSELECT_IN | CURL_CSELECT_OUT : 0, running;
	if (events & UV_READABLE)
		flags |= CURL_CSELECT_IN;
	if (events & UV_WRITABLE)
		flags |= CURL_CSELECT_OUT;
	/* The watch may be gone when this returns. */
	curl_multi_socket_action(courier->multi, watch->socket, flags, &running);
	collect(courier);
}

static int on_socket(CURL *easy, curl_socket_t socket, int what, void *ctx, void *socket_ctx)
{
	struct courier *courier = ctx;
	struct watch *watch = socket_ctx;
	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		if (!watch)
			return 0;
		uv_poll_stop(&watch->poll);
		*watch->before = watch->after;
		if (watch->after)
			watch->after->before = watch->before;
		curl_multi_assign(courier->multi, socket, NULL);
		uv_close((uv_handle_t *)&watch->poll, on_watch_closed);
		return 0;
	}
	if (!watch) {
		watch = NEW(struct watch);
		watch->courier = courier;
		watch->socket = socket;
		if (uv_poll_init_socket(courier->loop, &watch->poll, socket) < 0) {
			free(watch);
			return -1; /* curl ends its transfers */
		}
		courier->open_handles++;
		watch->after = courier->watches;
		watch->before = &courier->watches;
		if (watch->after)
			watch->after->before = &watch->after;
		courier->watches = watch;
		curl_multi_assign(courier->multi, socket, watch);
	}
	watch->writes = what & CURL_POLL_OUT;
	int events = (what & CURL_POLL_IN ? UV_READABLE : 0) |
	             (what & CURL_POLL_OUT ? UV_WRITABLE : 0);
	return uv_poll_start(&watch->poll, events, on_poll) < 0 ? -1 : 0;
}

static void on_timer(uv_timer_t *timer)
{
	struct courier *courier = timer->data;
	int running;
	curl_multi_socket_action(courier->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	collect(courier);
}

static int on_deadline(CURLM *multi, long ms, void *ctx)
{
	struct courier *courier = ctx;
	(void)multi;
	if (ms < 0) {
		uv_timer_stop(&courier->timer);
	} else {
		uv_update_time(courier->loop); /* the turn before may have been a long one */
		uv_timer_start(&courier->timer, on_timer, (uint64_t)ms, 0);
	}
	return 0;
}

static void on_kick(uv_timer_t *kick)
{
	collect(kick->data);
}

/* ---- in the header's order ---- */

int courier_open(uv_loop_t *loop, courier_result result, void *ctx, struct courier **out,
                 struct problem *why)
{
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return problem_set(why, -EIO, "the HTTP library does not start");
	CURLM *multi = curl_multi_init();
	if (!multi) {
		curl_global_cleanup();
		return problem_set(why, -ENOMEM, "the HTTP library has no memory");
	}
	struct courier *courier = NEW(struct courier);
	courier->loop = loop;
	courier->result = result;
	courier->ctx = ctx;
	courier->multi = multi;
	courier_limit_time(courier, ATTEMPT_CONNECT_MAX, ATTEMPT_MAX);
	uv_timer_init(loop, &courier->timer);
	uv_timer_init(loop, &courier->kick);
	uv_timer_init(loop, &courier->wider);
	uv_check_init(loop, &courier->heard);
	courier->timer.data = courier->kick.data = courier->wider.data = courier;
	courier->heard.data = courier;
	courier->open_handles = 4;
	courier->window = WINDOW_FIRST;
	curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, courier);
	curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_deadline);
	curl_multi_setopt(multi, CURLMOPT_TIMERDATA, courier);
	/* One attempt a connection at a time: over HTTP/2 a stalled one would hold up many. */
	curl_multi_setopt(multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
	keep_connections(courier);
	*out = courier;
	return 0;
}

void courier_recall(struct courier *courier, const struct channel *channel, steady_ms at,
                    steady_ms shut_until)
{
	limits_recall(&courier->limits, channel, at, shut_until);
}

void courier_send(struct courier *courier, const struct channel *channel,
                  const struct letter *letter)
{
	struct attempt *attempt = attempt_create(channel, letter);
	courier->count++;
	if (!attempt->judged)
		hold_if_too_many(courier, channel, attempt);
	if (attempt->judged) {
		finish(courier, attempt);
		uv_timer_start(&courier->kick, on_kick, 0, 0);
		return;
	}
	queue_push(attempt->weight == WEIGHT_FIRST ? &courier->waiting_first
	           : attempt->urgent               ? &courier->waiting_urgent
	                                           : &courier->waiting,
	           attempt);
	start_waiting(courier);
}

/* Of the connections that were just asked for, those that stand already take their letters. */
static void write_what_can(struct courier *courier)
{
	struct pollfd at[IN_FLIGHT_FIRST_MAX];
	nfds_t count = 0;
	int running;
	for (const struct watch *w = courier->watches; w && count < IN_FLIGHT_FIRST_MAX;
	     w = w->after)
		if (w->writes)
			at[count++] = (struct pollfd){.fd = w->socket, .events = POLLOUT};
	if (!count || poll(at, count, 0) <= 0)
		return;
	for (nfds_t i = 0; i < count; i++)
		if (at[i].revents)
			curl_multi_socket_action(courier->multi, at[i].fd, CURL_CSELECT_OUT,
			                         &running);
}

void courier_hurry(struct courier *courier)
{
	int running;
	if (!courier->running)
		return;
	curl_multi_socket_action(courier->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	write_what_can(courier);
	uv_timer_start(&courier->kick, on_kick, 0, 0); /* results are told from the loop only */
}

static void drop_overtaken(struct courier *courier, struct queue *queue, courier_is_over is_over)
{
	struct queue before = *queue;
	struct attempt *attempt;
	*queue = (struct queue){0};
	while ((attempt = queue_pop(&before))) {
		bool over = attempt->site_id &&
		            is_over(courier->ctx, attempt->site_id, attempt->notification);
		if (over)
			attempt_overtake(attempt);
		queue_push(over ? &courier->finished : queue, attempt);
	}
}

void courier_drop_overtaken(struct courier *courier, courier_is_over is_over)
{
	drop_overtaken(courier, &courier->waiting_first, is_over);
	drop_overtaken(courier, &courier->waiting_urgent, is_over);
	drop_overtaken(courier, &courier->waiting, is_over);
	if (courier->finished.first)
		uv_timer_start(&courier->kick, on_kick, 0, 0);
}

void courier_ping(struct courier *courier, const char *url, const char *ca_file, bool private_net,
                  struct moment now)
{
	queue_push(&courier->pings, attempt_create_ping(url, ca_file, private_net, now));
	courier->count++;
	start_waiting(courier);
}

uint32_t courier_in_flight(const struct courier *courier)
{
	return courier->count;
}

void courier_limit_time(struct courier *courier, span_ms connect, span_ms attempt)
{
	courier->connect_max = connect;
	courier->attempt_max = attempt;
}

static void drop(struct queue *queue)
{
	struct attempt *attempt;
	while ((attempt = queue_pop(queue)))
		attempt_destroy(attempt);
}

void courier_close(struct courier *courier)
{
	if (!courier)
		return;
	while (courier->running) {
		struct attempt *attempt = courier->running;
		stop(courier, attempt);
		attempt_destroy(attempt);
	}
	drop(&courier->pings);
	drop(&courier->waiting_first);
	drop(&courier->waiting_urgent);
	drop(&courier->waiting);
	drop(&courier->finished);
	limits_finish(&courier->limits);
	while (courier->spare_count)
		curl_easy_cleanup(courier->spare[--courier->spare_count]);
	curl_multi_cleanup(courier->multi);
	uv_close((uv_handle_t *)&courier->timer, on_closed);
	uv_close((uv_handle_t *)&courier->kick, on_closed);
	uv_close((uv_handle_t *)&courier->wider, on_closed);
	uv_close((uv_handle_t *)&courier->heard, on_closed);
}
