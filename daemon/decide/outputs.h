/* What is switched while an incident lasts: sirens, strobes, doors that open by themselves.
 *
 * An output is on while any incident that it answers to is on, and off again when none is left. A
 * change of it is part of the plan like any other state; the command leaves after the commit and is
 * repeated on each new connection until the broker has confirmed it (EVENT_OUTPUT), so that a kill
 * at any instant loses neither the siren nor its end. What the site file calls otherwise meanwhile
 * is withdrawn with the words it was switched on with; when that has arrived, it goes on with its
 * new ones. */
#ifndef TOCSIN_DECIDE_OUTPUTS_H
#define TOCSIN_DECIDE_OUTPUTS_H

#include "decide/model.h"

#define OUTPUTS_MAX 256

/* As the site file says it; strings live in the definition's arena. */
struct output {
	const char *id, *name;
	const char *topic;    /* where its command is published */
	const char *on, *off; /* the commands */
	bool retain;
	/* What it answers to. */
	enum incident_kind kind; /* INCIDENT_KIND_NONE: any but trouble */
	enum severity least;     /* this one and worse */
	uint32_t zone;           /* this zone and all within it, or POSITION_NONE: the whole site */
	/* So many different triggers, devices or a person who reports it. Automatic linkage of fire
	 * asks for two (GB 50116, 4.1.6); telling people never waits for the second. */
	uint32_t triggers;
	bool until_acknowledged; /* else until it is resolved */
	bool drills;             /* drills switch it too */
};

/* One output that has ever been switched, also when the site file no longer knows it: it is
 * withdrawn with the words it was switched on with. Heap, owned by the site. */
struct output_state {
	const char *id, *topic, *on, *off; /* heap */
	bool retain;
	bool is_on;
	bool told;            /* the broker has confirmed the last command */
	uint64_t number;      /* of the last command; counts from 1 */
	const char *incident; /* for which it was switched last; heap */
	struct moment changed;
	bool touched;
};

struct output_state *output_state_create(void);
void output_state_destroy(struct output_state *); /* NULL is fine */

#endif
