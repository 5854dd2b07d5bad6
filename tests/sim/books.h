/* The reference: simple books of what the ledger says happened, kept apart from the core. */
#ifndef BOOKS_H
#define BOOKS_H

#include <cJSON.h>

#include "sim.h"

#define CHANNEL_BIT 8 /* people are bits 0..5 of a set of recipients, channels 8..13 */

struct m_incident {
	char id[INCIDENT_ID_MAX];
	uint32_t site;
	enum incident_state state;
	struct w_policy policy; /* a copy: the one it started with */
	uint32_t round;
	world_ms round_at, due;     /* of the next step, repeat or re-opening: no later than this */
	uint32_t told, told_end;    /* sets of recipients */
	uint32_t acks, notes, ends; /* people whose operation is in the record */
	uint32_t devices;           /* set of those whose signals name it */
	bool reported, drill;
	bool pressed;      /* by a button: each press is a message of its own */
	uint64_t *reasons; /* (round, step, reason, recipient) for which somebody was told */
	uint32_t reason_count, reason_cap;
	struct reach *reach; /* reach.c; or NULL */
};

struct m_contact {
	world_ms first; /* letter */
	uint32_t attempt, life;
	bool known, unlogged; /* the result is in the record */
};

struct m_note {                  /* a notification */
	uint32_t site, incident; /* position + 1; 0: none (a test), or not in the ledger */
	uint64_t number;
	uint64_t identity; /* incident, reason, recipient: what its id stands for, for ever */
	bool recorded, accepted;
	enum reason reason;
	struct m_contact contacts[CONTACTS_MAX];
	uint8_t channels[CONTACTS_MAX]; /* of its contacts, by channel_number */
	uint32_t channel_count;
	int to;           /* whom it is for: a bit of a set of recipients */
	uint32_t step;    /* which of its incident's steps had begun then */
	uint32_t refused; /* contacts that have said no for good */
};

extern struct m_incident *m_incidents;
extern uint32_t m_incident_count;
extern struct m_note *m_notes;
extern uint32_t m_note_count;

struct m_incident *m_incident_find(uint32_t site, const char *id); /* or NULL */
const uint32_t *m_incidents_open(uint32_t *count);                 /* positions; lent */
struct m_note *m_note_get(uint32_t site, uint64_t number);         /* made where there is none */
uint32_t m_site(const char *id);
int m_recipient(uint32_t site, const char *kind, const char *id); /* its bit, or -1 */
int m_device(uint32_t site, const char *id);
/* A delivery's state in the outbox, as a stranger reads the file. Returns the attempts, -1 where
 * there is no row. */
int outbox(uint32_t site_store_id, uint64_t number, uint32_t contact, char state[16]);
bool reading_is_behind(void);     /* something was committed that is not booked yet */
struct store *model_reader(void); /* NULL while the service is down */
/* standings.c: what stands by somebody's word. */
void standings_book(uint32_t site, world_ms at, wall_ms received, const cJSON *data);
bool standings_knew(const char *id);
bool standings_walk_test(uint32_t site, int device);
bool standings_silence(uint32_t site, int device, const char *kind);
bool standings_drill(uint32_t site, uint32_t zone);
int standings_armed(uint32_t site, uint32_t zone); /* by hand: 0, 1; -1: nobody said a word */
void standings_shift(span_ms lost);
void standings_check(world_ms excused); /* what is due by then may come later */

/* reach.c: whom the running step has reached. */
void reach_step(struct m_incident *, const cJSON *to);
void reach_notification(struct m_incident *, struct m_note *, const cJSON *data);
void reach_delivery(struct m_note *, const cJSON *data);
void reach_gap(struct m_incident *, world_ms at);
void reach_letter(struct m_note *, uint32_t contact);
void reach_check(void);

uint64_t note_identity(const struct letter *);

#endif
