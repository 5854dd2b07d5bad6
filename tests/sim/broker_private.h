/* What the two halves of the broker share: the session (broker.c), and the lane of life-safety
 * devices beside it (broker_lane.c). */
#ifndef TOCSIN_SIM_BROKER_PRIVATE_H
#define TOCSIN_SIM_BROKER_PRIVATE_H

#include "sim.h"

#define LANE_TOPIC "tocsin/service/tocsin/lane"
#define NO_MESSAGE UINT32_MAX

struct broker { /* the client */
	struct broker_callbacks callbacks;
	void *ctx;
	bool connected, listening;
	bool watches, resting;
	struct out {
		char *topic, *bytes;
		size_t len;
		bool retain;
		int receipt; /* 0: nobody asked for one */
	} * out;
	uint32_t out_count, out_cap, held, unconfirmed;
};

struct heard { /* a copy on its way to the watcher, or on the lane */
	char *topic, *bytes;
	size_t len;
	bool retained;
	uint32_t message;
};

char *broker_copy(const void *bytes, size_t len);
void heard_finish(struct heard *);
void forget_link(struct broker *);
/* Into the session's queue, and to who else hears it. */
void enqueue(const char *topic, const void *bytes, size_t len, bool retained, uint32_t message);
void session_stands(span_ms); /* as behind a flood */

/* ---- the lane ---- */

void broker_lane_open(struct broker *, const struct broker_options *, const char *const *filters,
                      size_t filter_count);
bool broker_lane_is(const struct broker *);
void broker_lane_tell(const char *topic, const void *bytes, size_t len, uint32_t message);
void broker_lane_says_mark(const struct out *);
void broker_lane_leave_acks(void);
size_t broker_lane_held(void);
void broker_lane_cut(void);
void broker_lane_close(void);
void broker_lane_finish(void);

#endif
