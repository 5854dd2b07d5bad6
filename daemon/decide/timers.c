#include "decide/timers.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/mem.h"

static bool before(const struct timer *a, const struct timer *b)
{
	return a->due != b->due ? a->due < b->due : a->order < b->order;
}

static void put(struct timers *timers, uint32_t at, struct timer *timer)
{
	timers->heap[at] = timer;
	timer->place = at + 1;
}

static void rise(struct timers *timers, uint32_t at)
{
	struct timer *timer = timers->heap[at];
	while (at > 0 && before(timer, timers->heap[(at - 1) / 2])) {
		put(timers, at, timers->heap[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
	put(timers, at, timer);
}

static void sink(struct timers *timers, uint32_t at)
{
	struct timer *timer = timers->heap[at];
	for (;;) {
		uint32_t child = 2 * at + 1;
		if (child >= timers->count)
			break;
		if (child + 1 < timers->count &&
		    before(timers->heap[child + 1], timers->heap[child]))
			child++;
		if (!before(timers->heap[child], timer))
			break;
		put(timers, at, timers->heap[child]);
		at = child;
	}
	put(timers, at, timer);
}

void timer_set(struct timers *timers, struct timer *timer, steady_ms due)
{
	timer_stop(timers, timer);
	MEM_RESERVE(timers->heap, timers->count, timers->cap);
	timer->due = due;
	timer->order = timers->orders++;
	put(timers, timers->count++, timer);
	rise(timers, timers->count - 1);
}

void timer_stop(struct timers *timers, struct timer *timer)
{
	if (!timer->place)
		return;
	uint32_t at = timer->place - 1;
	timer->place = 0;
	struct timer *last = timers->heap[--timers->count];
	if (last == timer)
		return;
	put(timers, at, last);
	sink(timers, at);
	rise(timers, last->place - 1);
}

struct timer *timers_first(const struct timers *timers)
{
	return timers->count ? timers->heap[0] : NULL;
}

void timers_finish(struct timers *timers)
{
	free(timers->heap);
	*timers = (struct timers){0};
}
