/* Who may be written to now: the limits of each channel and of each address on it, as the services
 * state them (rate.h), and what they have answered when we came too often. A zeroed one is valid
 * and knows of nothing. */
#ifndef TOCSIN_DELIVER_LIMITS_H
#define TOCSIN_DELIVER_LIMITS_H

#include "base/index.h"
#include "deliver/channel.h"

struct limits {
	struct limited **items; /* as many as the configurations of this life have named */
	uint32_t count, cap;
	struct index index;
};

/* 0: go, and it is counted, for the channel and for the address (NULL: there is none). Else how
 * long to wait before asking again; *shut_out tells that nothing at all gets through meanwhile. */
span_ms limits_take(struct limits *, const struct channel *, const char *to, enum weight,
                    steady_ms now, bool *shut_out);

/* The service has answered that it was too much: it is not asked again before retry_after, or only
 * for what matters most. Where it counts each address apart, its others go on. */
void limits_answered(struct limits *, const char *channel, const struct channel_type *,
                     const char *to, bool shut_out, span_ms retry_after, steady_ms now);

/* One left over the channel before this start, the oldest first; shut_until: and was answered by
 * shutting us out, 0: was not. */
void limits_recall(struct limits *, const struct channel *, steady_ms at, steady_ms shut_until);

void limits_finish(struct limits *);

#endif
