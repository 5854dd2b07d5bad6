/* What an entry tells of an incident: its words, and none of the rules that led to them, so that a
 * record of years is judged the same by every later version. Of what an incident is stored with,
 * the names, the zone's path, the policy and the timers are not told. */
#ifndef TOCSIN_STORE_TELLING_H
#define TOCSIN_STORE_TELLING_H

#include "base/json.h"
#include "store/store.h"

/* By "incident.opened". A word that is none of ours becomes the _COUNT value of its kind. */
struct incident *telling_opened(const struct ledger_row *, const cJSON *data);
/* By another entry that names the incident. */
void telling_changed(struct incident *, const struct ledger_row *, const cJSON *data);

#endif
