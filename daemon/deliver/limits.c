#include "deliver/limits.h"

#include <stdlib.h>

#include "base/mem.h"

struct limited {
	char *name; /* a channel's id, or that, a line break and an address */
	struct rate rate;
};

static const char *limited_name(const void *owner, uint32_t position)
{
	return ((const struct limits *)owner)->items[position]->name;
}

static struct rate *rate_of(struct limits *limits, const char *channel, const char *to)
{
	struct text name = {0};
	text_add(&name, channel);
	if (to)
		text_addf(&name, "\n%s", to);
	uint32_t found = index_find(&limits->index, text_get(&name), limited_name, limits);
	if (found == INDEX_NONE) {
		MEM_RESERVE(limits->items, limits->count, limits->cap);
		found = limits->count++;
		limits->items[found] = NEW(struct limited);
		limits->items[found]->name = mem_copy(text_get(&name));
		index_add(&limits->index, found, limited_name, limits);
	}
	text_finish(&name);
	return &limits->items[found]->rate;
}

static bool counts_each(const struct channel_type *type)
{
	return type->each[0].count;
}

span_ms limits_take(struct limits *limits, const struct channel *channel, const char *to,
                    enum weight weight, steady_ms now, bool *shut_out)
{
	struct rate *all = rate_of(limits, channel->id, NULL);
	struct rate *each = to && counts_each(channel->type) ? rate_of(limits, channel->id, to)
	                                                     : NULL;
	span_ms wait = rate_wait(all, channel->rate, weight, now);
	*shut_out = all->blocked_until > now;
	if (!wait && each)
		wait = rate_wait(each, channel->type->each, weight, now);
	if (wait)
		return wait;
	rate_sent(all, channel->rate, now);
	if (each)
		rate_sent(each, channel->type->each, now);
	return 0;
}

void limits_answered(struct limits *limits, const char *channel, const struct channel_type *type,
                     const char *to, bool shut_out, span_ms retry_after, steady_ms now)
{
	if (shut_out)
		rate_block(rate_of(limits, channel, NULL), now + retry_after);
	else
		rate_slow(rate_of(limits, channel, counts_each(type) ? to : NULL),
		          now + retry_after);
}

void limits_recall(struct limits *limits, const struct channel *channel, steady_ms at,
                   steady_ms shut_until)
{
	struct rate *rate = rate_of(limits, channel->id, NULL);
	rate_sent(rate, channel->rate, at);
	rate_block(rate, shut_until);
}

void limits_finish(struct limits *limits)
{
	for (uint32_t i = 0; i < limits->count; i++) {
		free(limits->items[i]->name);
		rate_finish(&limits->items[i]->rate);
		free(limits->items[i]);
	}
	free(limits->items);
	index_finish(&limits->index);
	*limits = (struct limits){0};
}
