/* The same messages come over two streams, of which one may lag behind the other: each is to be
 * taken once, from whichever brings it first. Stands for the lane of life-safety devices beside the
 * session (daemon/service/lane.c).
 *
 * What the lane brought is awaited from the session, which brings everything: its copy is an echo.
 * An echo that the session has brought is forgotten once its acknowledgement has left, and awaited
 * again should the session be cut before, as it then comes again. The other way round likewise,
 * but that nothing on the lane is acknowledged.
 *
 * Both bring a device's words in their order. So what the session brings as news was overtaken by
 * what the lane has brought of the same topic and the session has not yet: that counts once more
 * when it comes, or the older word would stand.
 *
 * Copies are told by topic and bytes. That a stream may lose one is healed by marks: a message of
 * our own that both streams bring, each at the same place among the others. What was said before a
 * mark and has not come by then never comes. */
#ifndef TOCSIN_RECEIVE_ECHOES_H
#define TOCSIN_RECEIVE_ECHOES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ECHOES_MAX 65536 /* awaited from one stream: 32 bytes each */

enum stream { STREAM_LANE, STREAM_SESSION };

struct echoes { /* zeroed: none */
	struct echo_list {
		struct echo *items;
		uint32_t first, count, cap;
		uint32_t mark; /* the last that this stream has brought */
	} brought[2];          /* by each stream, and not by the other yet */
};

/* True: nobody has brought it yet, it is to be taken; if `awaited`, the other stream's copy will be
 * an echo. False: it is the echo. */
bool echoes_is_news(struct echoes *, enum stream, const char *topic, const void *bytes, size_t len,
                    bool awaited);

/* The stream has brought this mark; marks are numbered upwards. */
void echoes_mark(struct echoes *, enum stream, uint32_t mark);

void echoes_acknowledged(struct echoes *); /* what the session has brought is, by now */
void echoes_session_cut(struct echoes *);
void echoes_lane_cut(struct echoes *);

bool echoes_are_too_many(const struct echoes *);
bool echoes_are_awaited(const struct echoes *);

void echoes_finish(struct echoes *); /* valid and empty again */

#endif
