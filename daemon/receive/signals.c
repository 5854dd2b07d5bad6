#include "receive/signals.h"

#include <stdlib.h>

void signals_reset(struct signals *signals)
{
	signals->site[0] = '\0';
	signals->device[0] = '\0';
	signals->is_status = false;
	signals->status = (struct device_status){0};
	signals->count = 0;
	signals->refused_count = 0;
	arena_reset(&signals->arena);
	text_reset(&signals->scratch);
}

void signals_finish(struct signals *signals)
{
	free(signals->items);
	free(signals->refused);
	arena_finish(&signals->arena);
	text_finish(&signals->scratch);
	*signals = (struct signals){0};
}

bool event_time_is_untrue(wall_ms time, wall_ms now)
{
	return time < now - EVENT_TIME_PAST || time > now + EVENT_TIME_AHEAD;
}

struct signal *signals_add(struct signals *signals, bool retained)
{
	MEM_RESERVE(signals->items, signals->count, signals->cap);
	struct event *event = &signals->items[signals->count++];
	*event = (struct event){.type = EVENT_SIGNAL};
	event->signal.device = signals->device;
	event->signal.kind = KIND_NONE;
	event->signal.retained = retained;
	return &event->signal;
}
