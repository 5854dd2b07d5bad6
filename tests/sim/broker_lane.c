/* The lane: a second connection that hears life-safety devices only, in their order, while the
 * session may lag far behind. */
#include <stdlib.h>
#include <string.h>

#include "broker_private.h"

static struct {
	struct broker *client; /* or NULL */
	uint32_t link;         /* what is under way to an older one never arrives */
	char **filters;
	size_t filter_count;
	struct heard **under_way;
	uint32_t count, cap;
	uint32_t *held, held_count, held_cap; /* not acknowledged yet */
} lane;

/* It is taken, unless the session has brought it. */
static void note_lane(struct w_message *m)
{
	world.counts.on_lane++;
	if (m->heard != world.life)
		m->given++;
	m->by_lane = world.life;
	check_given(m);
}

static void lane_holds(uint32_t message)
{
	MEM_RESERVE(lane.held, lane.held_count, lane.held_cap);
	lane.held[lane.held_count++] = message;
}

static void lane_hears(uint64_t link)
{
	if (link != lane.link || !lane.count)
		return;
	struct heard *heard = lane.under_way[0];
	lane.count--;
	memmove(lane.under_way, lane.under_way + 1, lane.count * sizeof(struct heard *));
	if (!world.dead) {
		struct w_message *m = message_get(heard->message);
		const struct lane *ours = &world.app.lane;
		if (m && ours->stage == LANE_OPEN && !ours->broken)
			note_lane(m);
		else if (m && ours->marked[STREAM_LANE] && !ours->broken)
			m->kept_back++;
		lane.client->callbacks.message(lane.client->ctx,
		                               &(struct broker_message){.topic = heard->topic,
		                                                        .bytes = heard->bytes,
		                                                        .len = heard->len});
		lane_holds(heard->message);
	}
	heard_finish(heard);
}

static bool is_on_lane(const char *topic)
{
	for (size_t i = 0; lane.client && lane.client->connected && i < lane.filter_count; i++)
		if (strcmp(lane.filters[i], topic) == 0)
			return true;
	return false;
}

void broker_lane_tell(const char *topic, const void *bytes, size_t len, uint32_t message)
{
	if (!is_on_lane(topic))
		return;
	MEM_RESERVE(lane.under_way, lane.count, lane.cap);
	struct heard *heard = NEW(struct heard);
	*heard = (struct heard){mem_copy(topic), broker_copy(bytes, len), len, false, message};
	lane.under_way[lane.count++] = heard;
	later(between(0, 5), lane_hears, lane.link);
}

static void forget_lane_link(void)
{
	while (lane.count)
		heard_finish(lane.under_way[--lane.count]);
	lane.link++;
	lane.held_count = 0;
}

static void mark_arrives(uint64_t arg)
{
	struct heard *mark = (struct heard *)(uintptr_t)arg;
	if (world.broker_up)
		enqueue(mark->topic, mark->bytes, mark->len, false, NO_MESSAGE);
	heard_finish(mark);
}

/* Its way may be long: others are heard on both connections before it. */
void broker_lane_says_mark(const struct out *out)
{
	struct heard *mark = NEW(struct heard);
	*mark = (struct heard){.topic = mem_copy(out->topic),
	                       .bytes = broker_copy(out->bytes, out->len),
	                       .len = out->len};
	later(chance(500) ? 0 : between(0, 4000), mark_arrives, (uint64_t)(uintptr_t)mark);
}

static void connect_lane(uint64_t life)
{
	if (!lane.client || life != world.life || lane.client->connected || world.dead)
		return;
	if (!world.broker_up) {
		later(between(1000, 30000), connect_lane, life);
		return;
	}
	lane.client->connected = lane.client->listening = true;
	lane.client->callbacks.connected(lane.client->ctx, false);
	/* The order of words is hardest to keep while the lane opens beside a session that lags. */
	if (chance(500)) {
		session_stands(between(500, 9000));
		devices_waver();
	}
}

void broker_lane_cut(void)
{
	if (!lane.client || !lane.client->connected)
		return;
	forget_link(lane.client);
	forget_lane_link();
	lane.client->callbacks.disconnected(lane.client->ctx, "the connection was closed");
}

static void forget_lane_filters(void)
{
	while (lane.filter_count)
		free(lane.filters[--lane.filter_count]);
	free(lane.filters);
	lane.filters = NULL;
}

static void keep_lane_filters(const char *const *filters, size_t filter_count)
{
	forget_lane_filters();
	lane.filters = NEW_ARRAY(char *, filter_count);
	for (; lane.filter_count < filter_count; lane.filter_count++)
		lane.filters[lane.filter_count] = mem_copy(filters[lane.filter_count]);
}

void broker_lane_open(struct broker *b, const struct broker_options *options,
                      const char *const *filters, size_t filter_count)
{
	if (options->no_session != (filter_count > 0))
		broken("the lane comes as a session and asks for something, or the other way "
		       "round");
	lane.client = b;
	keep_lane_filters(filters, filter_count);
	later(between(5, 500), connect_lane, world.life);
}

bool broker_lane_is(const struct broker *b)
{
	return b == lane.client;
}

size_t broker_lane_held(void)
{
	return lane.held_count;
}

/* As with the session: what is acknowledged is in the record, or was known. */
void broker_lane_leave_acks(void)
{
	for (uint32_t i = 0; i < lane.held_count && may_leave(); i++)
		if (lane.held[i] != NO_MESSAGE && world.app.lane.stage != LANE_OPEN)
			broken("message %u is acknowledged on the lane and kept back",
			       lane.held[i]);
	for (uint32_t i = 0; i < lane.held_count && may_leave(); i++)
		if (lane.held[i] != NO_MESSAGE)
			check_ack(lane.held[i], false);
	lane.held_count = 0;
}

void broker_lane_close(void)
{
	forget_lane_link();
	forget_lane_filters();
	lane.client = NULL;
}

void broker_lane_finish(void)
{
	free(lane.under_way);
	free(lane.held);
}

void broker_cut_lane(void)
{
	broker_lane_cut();
}
