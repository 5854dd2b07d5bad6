/* What people have changed by hand, as it holds at an instant: for who looks, and for who looks
 * ahead. Pure, of a definition, of what stands now, and of an instant. Looking ahead takes what
 * stands now to stand until its own end; looking back knows nothing of what is over already. */
#ifndef TOCSIN_DECIDE_IN_FORCE_H
#define TOCSIN_DECIDE_IN_FORCE_H

#include "decide/model.h"
#include "decide/standing.h"

struct in_force { /* what stands at a site, in any order; borrowed */
	struct standing *const *items;
	uint32_t count;
};

/* The newest word of a person about this zone or one around it; NULL: the calendar decides. */
const struct standing *arming_in_force(const struct site_def *, const struct in_force *,
                                       uint32_t zone, wall_ms at);
/* As the calendar or such a word has it; armed by hand it counts from the end of the exit delay. */
bool zone_is_armed_then(const struct site_def *, const struct in_force *, uint32_t zone,
                        wall_ms at);
/* A silence of the whole zone; those of single devices are not asked for. Or NULL. */
const struct standing *silence_in_force(const struct site_def *, const struct in_force *,
                                        uint32_t zone, enum kind, wall_ms at);
/* The drill that such an incident would be part of, or NULL. */
const struct standing *drill_in_force(const struct site_def *, const struct in_force *,
                                      uint32_t zone, enum incident_kind, wall_ms at);

/* Of what stands, whenever: whether the silence or the drill takes it in. */
bool silence_takes(const struct site_def *, const struct standing *, uint32_t zone, enum kind);
bool silence_covers(const struct site_def *, const struct standing *, uint32_t device, enum kind);
bool drill_takes(const struct site_def *, const struct standing *, uint32_t zone,
                 enum incident_kind);
/* Troubles and tampers are never played, and a panic is always meant. */
bool may_be_drilled(enum incident_kind);
/* A panic and a certain fire are never silenced. */
bool may_be_silenced(enum kind);

#endif
