/* effect: what a signal would raise, by the site's rules and by what is armed and silenced at that
 * moment. Nothing is raised. */
#ifndef TOCSIN_REVIEW_COMMAND_EFFECT_H
#define TOCSIN_REVIEW_COMMAND_EFFECT_H

#include "receive/signals.h"
#include "review/command/inside.h"

struct effects {
	const struct command_context *ctx;
	struct text *json;           /* gets "raises": {...}; NULL: people are told, on ctx->out */
	struct by_hand_known *hands; /* of each site that was asked for */
};

/* Of a device of the site; of somebody who is none. */
void effect_of_signal(struct effects *, const struct site_def *, uint32_t device,
                      const struct signal *, wall_ms now);
void effect_of_stranger(struct effects *, const struct site_def *, const struct stranger *);

/* What was changed by hand is read anew. */
void effects_forget(struct effects *);

#endif
