#include "receive/echoes.h"

#include <stdlib.h>
#include <string.h>

#include "base/index.h"
#include "base/mem.h"

struct echo {
	uint64_t topic, bytes; /* hashes */
	uint32_t mark;         /* behind which it came */
	bool come;             /* the other stream has brought it */
};

static void skip_come(struct echo_list *list)
{
	while (list->first < list->count && list->items[list->first].come)
		list->first++;
	if (list->first == list->count)
		list->first = list->count = 0;
}

static void append(struct echo_list *list, struct echo echo)
{
	if (list->count == list->cap && list->first) {
		list->count -= list->first;
		memmove(list->items, list->items + list->first, list->count * sizeof *list->items);
		list->first = 0;
	}
	MEM_RESERVE(list->items, list->count, list->cap);
	list->items[list->count++] = echo;
}

static struct echo *find(struct echo_list *list, uint64_t topic, uint64_t bytes)
{
	for (uint32_t i = list->first; i < list->count; i++) {
		struct echo *echo = &list->items[i];
		if (!echo->come && echo->topic == topic && echo->bytes == bytes)
			return echo;
	}
	return NULL;
}

static void forget_topic(struct echo_list *list, uint64_t topic)
{
	uint32_t kept = list->first;
	for (uint32_t i = list->first; i < list->count; i++)
		if (list->items[i].come || list->items[i].topic != topic)
			list->items[kept++] = list->items[i];
	list->count = kept;
}

bool echoes_is_news(struct echoes *echoes, enum stream stream, const char *topic, const void *bytes,
                    size_t len, bool awaited)
{
	struct echo_list *mine = &echoes->brought[stream], *others = &echoes->brought[!stream];
	uint64_t topic_hash = index_hash(topic), bytes_hash = index_hash_bytes(bytes, len);
	struct echo *echo = find(others, topic_hash, bytes_hash);
	if (!echo) {
		if (stream == STREAM_SESSION)
			forget_topic(others, topic_hash);
		if (awaited)
			append(mine, (struct echo){topic_hash, bytes_hash, mine->mark, false});
		return true;
	}
	echo->come = true;
	if (stream == STREAM_LANE)
		skip_come(others);
	return false;
}

void echoes_mark(struct echoes *echoes, enum stream stream, uint32_t mark)
{
	struct echo_list *others = &echoes->brought[!stream];
	echoes->brought[stream].mark = mark;
	uint32_t kept = others->first;
	for (uint32_t i = others->first; i < others->count; i++)
		if (others->items[i].come || others->items[i].mark >= mark)
			others->items[kept++] = others->items[i];
	others->count = kept;
}

void echoes_acknowledged(struct echoes *echoes)
{
	struct echo_list *list = &echoes->brought[STREAM_LANE];
	skip_come(list);
	uint32_t kept = list->first;
	for (uint32_t i = list->first; i < list->count; i++)
		if (!list->items[i].come)
			list->items[kept++] = list->items[i];
	list->count = kept;
}

void echoes_lane_cut(struct echoes *echoes)
{
	echoes->brought[STREAM_SESSION].first = echoes->brought[STREAM_SESSION].count = 0;
}

void echoes_session_cut(struct echoes *echoes)
{
	struct echo_list *list = &echoes->brought[STREAM_LANE];
	for (uint32_t i = list->first; i < list->count; i++)
		list->items[i].come = false;
	echoes_lane_cut(echoes);
}

bool echoes_are_too_many(const struct echoes *echoes)
{
	const struct echo_list *lists = echoes->brought;
	return lists[0].count - lists[0].first >= ECHOES_MAX ||
	       lists[1].count - lists[1].first >= ECHOES_MAX;
}

bool echoes_are_awaited(const struct echoes *echoes)
{
	const struct echo_list *lists = echoes->brought;
	return lists[0].count != lists[0].first || lists[1].count != lists[1].first;
}

void echoes_finish(struct echoes *echoes)
{
	free(echoes->brought[0].items);
	free(echoes->brought[1].items);
	*echoes = (struct echoes){0};
}
