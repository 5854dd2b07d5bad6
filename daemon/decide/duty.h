/* Who is on duty: pure, of a definition, of what was changed by hand, and of an instant.
 *
 * What holds, the later before the earlier:
 *   the post's table               turns, or shifts of the week
 *   the table of an exception      while its calendar (holidays, a break) covers the instant
 *   imported stretches             where one covers the instant
 *   overrides of the site file
 *   overrides by hand              the newest first
 * A swap changes two people's places wherever either would stand, whatever puts them there.
 *
 * All of it lies on the local calendar: a handover at 08:00 stays at 08:00. Where the clocks change
 * during a handover the shifts overlap rather than leave a gap.
 */
#ifndef TOCSIN_DECIDE_DUTY_H
#define TOCSIN_DECIDE_DUTY_H

#include "decide/model.h"
#include "decide/standing.h"

#define ON_DUTY_MAX 64 /* people on duty at one post at one instant; more are left out */

/* The overrides by hand that stand, by number: in force, or to come. Their memory is the site's (or
 * the reader's own); only the list is this one's. Zeroed is valid and empty. */
struct duty_state {
	struct standing **overrides;
	uint32_t count, cap;
};
void duty_state_add(struct duty_state *, struct standing *);
void duty_state_remove(struct duty_state *, const struct standing *);

/* The people on duty at a post at an instant, without repetition; returns how many (0: nobody).
 * state may be NULL: nothing was changed by hand. */
uint32_t post_on_duty(const struct site_def *, const struct duty_state *, uint32_t post, wall_ms at,
                      uint32_t *people, uint32_t cap);

/* When next, after an instant, others are on duty at the post: look again then. NEVER if they stay
 * for good. Very rarely (after a year and more, or thousands of turns without a change) it is an
 * instant at which nothing changes: a look too many, never one too few. */
wall_ms duty_next_change(const struct site_def *, const struct duty_state *, uint32_t post,
                         wall_ms at);

/* When next, after an instant, others may be on duty at the post: as above, without looking whether
 * they are. */
wall_ms duty_next_boundary(const struct site_def *, const struct duty_state *, uint32_t post,
                           wall_ms at);

/* When next, after an instant, the post may become empty or filled; NEVER if it stays as it is. */
wall_ms duty_next_turnout(const struct site_def *, const struct duty_state *, uint32_t post,
                          wall_ms at);

/* Puts stretches into the order in which they are searched; called once they are filled. */
void stretches_arrange(struct stretches *);

#endif
