/* Somebody has come by a link: who it was sent to, what it is about, and what their form says. */
#ifndef TOCSIN_REVIEW_LINK_VISIT_H
#define TOCSIN_REVIEW_LINK_VISIT_H

#include "review/exchange.h"
#include "review/lookup.h"

struct visit { /* by a good link */
	struct link_target target;
	const struct site *site; /* live, or NULL */
	uint64_t notification;
	bool zh;
};

enum link_judgement {
	LINK_GOOD,
	LINK_FORGED,
	LINK_EXPIRED,
	LINK_UNKNOWN,    /* pushed by a life that ended before it could write */
	LINK_UNREADABLE, /* the store cannot be read just now */
};
/* *out for a good one; visit_destroy it. zh is the language to answer in, whatever it is. */
enum link_judgement visit_open(struct exchange *, struct visit **out, bool *zh);
void visit_destroy(void *visit);
/* A reload meanwhile may have replaced what was looked at before. */
void visit_renew(struct visit *, const struct review_service *);

/* Whom the site file has lost meanwhile may read on, but no more takes charge. */
bool visit_is_by_a_person(const struct visit *);
/* In the live site, or NULL: the incident it is about; */
const struct incident *visit_incident(const struct visit *);
/* a test that waits for this tap; */
const struct standing *visit_proof(const struct visit *);
/* a shift that waits for this person: any, as a later message may have followed this one; */
const struct standing *visit_shift(const struct visit *);
/* and the handover of its incident, whoever is to accept it. */
const struct standing *visit_offer(const struct visit *);

struct link_form { /* of a POST; zeroed: just the button, which acknowledges */
	char choice[32], to[ID_MAX + 1], note[NOTE_MAX + 1];
};
/* The name of the field that cannot be read, as it is not text or too long; else NULL. */
const char *link_form_read(const struct exchange *, struct link_form *) MUST_USE;

#endif
