/* What takes long is done beside the loop: an alarm must not wait for it. Each line of errands has
 * one thread at a time, first come, first served; who comes when many wait is asked to come again.
 *
 * An errand is part of what it is about, and is owned by its line once it was given:
 *
 *     struct trial { struct errand errand; ... };
 *     exchange_send(ex, &server->passwords, &trial->errand);
 */
#ifndef TOCSIN_REVIEW_ERRANDS_H
#define TOCSIN_REVIEW_ERRANDS_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct errand;
struct errands;
struct exchange;
struct http_server;

struct errand_type {
	void (*run)(struct errand *); /* on another thread, which touches nothing but the errand */
	void (*answer)(struct errand *, struct exchange *); /* back on the loop */
	void (*destroy)(struct errand *);                   /* on the loop */
};

struct errand {
	const struct errand_type *type;
	struct errands *line;
	struct exchange *exchange; /* NULL: nobody waits any more */
	uint32_t generation;       /* of the configuration it was sent under */
	struct errand *next;
	uv_work_t work;
};

struct errands {
	struct http_server *server;
	const char *busy; /* said to who comes when many wait */
	struct errand *waiting, *under_way;
	uint32_t count; /* that wait */
};

/* The exchange sleeps until the errand is done, and is answered then; or at once with 503. */
void exchange_send(struct exchange *, struct errands *, struct errand *);
/* True while one goes on that was sent under an older configuration, and may point into it. */
bool errands_are_older(const struct errands *);
/* At the end: those that wait are dropped, the one that is under way is the last. */
void errands_drop(struct errands *);

#endif
