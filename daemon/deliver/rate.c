#include "deliver/rate.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* After a reload the limit may be another one: what was sent is kept as far as it fits. */
static void fit(struct rate_window *window, uint32_t count)
{
	if (window->count == count)
		return;
	steady_ms *sent = NEW_ARRAY(steady_ms, count);
	for (uint32_t i = 0; i < count; i++)
		sent[i] = NEVER; /* a slot never used */
	for (uint32_t i = 0; i < count && i < window->count; i++)
		sent[count - 1 - i] =
		        window->sent[(window->next + window->count - 1 - i) % window->count];
	free(window->sent);
	window->sent = sent;
	window->count = count;
	window->next = 0;
}

/* The n-th last send, n from 1; NEVER if there were not so many. */
static steady_ms sent_before(const struct rate_window *window, uint32_t n)
{
	return window->sent[(window->next + window->count - n) % window->count];
}

/* How long one that may use so many slots has to wait. */
static span_ms wait_for(const struct rate_window *window, const struct rate_limit *limit,
                        uint32_t slots, steady_ms now)
{
	steady_ms last = sent_before(window, slots);
	return last == NEVER || last + limit->per <= now ? 0 : last + limit->per - now;
}

/* A slot of one's own among those who wait: one after the other, as slots come free. Who comes a
 * little before one is, as the one before was a little late, does not wait behind all of them. */
static span_ms promise(struct rate_window *window, const struct rate_limit *limit, uint32_t slots,
                       span_ms wait, steady_ms now)
{
	span_ms apart = limit->per / slots;
	steady_ms at = window->promised + apart;
	if (wait <= apart / 4)
		return wait;
	if (at < now + wait)
		at = now + wait;
	window->promised = at;
	return at - now;
}

static uint32_t slots_for(const struct rate_limit *limit, enum weight weight)
{
	uint32_t shared = limit->count - limit->reserve, half = (shared + 1) / 2;
	if (weight == WEIGHT_FIRST)
		return limit->count;
	if (weight == WEIGHT_MORE)
		return shared;
	return shared > limit->reserve + half ? shared - limit->reserve : half;
}

static span_ms window_wait(struct rate_window *window, const struct rate_limit *limit,
                           enum weight weight, steady_ms now)
{
	uint32_t slots = slots_for(limit, weight);
	fit(window, limit->count);
	span_ms wait = wait_for(window, limit, slots, now);
	return wait ? promise(window, limit, slots, wait, now) : 0;
}

span_ms rate_wait(struct rate *rate, const struct rate_limit limits[RATE_LIMITS_MAX],
                  enum weight weight, steady_ms now)
{
	span_ms wait = rate->blocked_until > now ? rate->blocked_until - now : 0;
	if (weight != WEIGHT_FIRST && rate->slow_until - now > wait)
		wait = rate->slow_until - now;
	for (int i = 0; i < RATE_LIMITS_MAX && !wait && weight != WEIGHT_FIRST; i++)
		if (limits[i].count)
			wait = window_wait(&rate->windows[i], &limits[i], weight, now);
	return wait;
}

void rate_sent(struct rate *rate, const struct rate_limit limits[RATE_LIMITS_MAX], steady_ms at)
{
	for (int i = 0; i < RATE_LIMITS_MAX; i++) {
		struct rate_window *window = &rate->windows[i];
		if (!limits[i].count)
			continue;
		fit(window, limits[i].count);
		window->sent[window->next] = at;
		window->next = (window->next + 1) % window->count;
	}
}

void rate_block(struct rate *rate, steady_ms until)
{
	if (until > rate->blocked_until)
		rate->blocked_until = until;
}

void rate_slow(struct rate *rate, steady_ms until)
{
	if (until > rate->slow_until)
		rate->slow_until = until;
}

void rate_finish(struct rate *rate)
{
	for (int i = 0; i < RATE_LIMITS_MAX; i++)
		free(rate->windows[i].sent);
	*rate = (struct rate){0};
}
