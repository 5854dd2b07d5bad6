/* What must always hold, whatever goes wrong. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "books.h"
#include "decide/core.h"
#include "decide/in_force.h"
#include "store/verify.h"

#define TOLD_WITHIN SECONDS(10)
#define COMPARED_EVERY 256 /* turns, at first */
#define MEMORY_MAX 4000    /* notifications that are not finished */

/* ---- nothing leaves before it is on disk ---- */

static void tells_of(uint32_t site, const struct incident *incident)
{
	for (uint32_t i = 0; i < incident->signal_count; i++) {
		int device = m_device(site, incident->signals[i].device);
		world.sites[site].devices[device].given = 0;
	}
}

static void digest_tells(uint32_t site, const struct notification *digest)
{
	const struct site *live = app_site(&world.app, world.sites[site].id)->site;
	for (uint32_t i = 0; i < live->notification_count; i++)
		if (live->notifications[i]->digest == (int64_t)digest->number)
			tells_of(site, live->notifications[i]->incident);
}

/* What tells of a fire, of gas or of somebody in need leaves a turn before anything lesser. */
static void check_order(const struct letter *letter)
{
	static uint64_t turn, lesser;
	bool first = letter->notification->urgent && letter->incident &&
	             incident_kind_is_life_safety(letter->incident->kind);
	if (turn != world.counts.turns)
		lesser = 0;
	turn = world.counts.turns;
	if (first && lesser)
		broken("n-%s-%llu leaves behind %llu, which tells of less", letter->site_id,
		       (unsigned long long)letter->notification->number,
		       (unsigned long long)lesser);
	if (!first)
		lesser = letter->notification->number;
}

/* Whatever a receiver was told of an incident, also by a life that could write nothing, stands for
 * the same incident for ever. */
static struct told_of {
	char id[INCIDENT_ID_MAX];
	wall_ms opened;
	enum incident_kind kind;
} * told_of;
static uint32_t told_count, told_cap;
static struct index told_index;

static const char *told_name(const void *owner, uint32_t position)
{
	return ((const struct told_of *)owner)[position].id;
}

static void check_incident(const struct incident *incident)
{
	uint32_t at = index_find(&told_index, incident->id, told_name, told_of);
	if (at == INDEX_NONE) {
		MEM_RESERVE(told_of, told_count, told_cap);
		struct told_of *one = &told_of[told_count++];
		*one = (struct told_of){.opened = incident->opened.wall, .kind = incident->kind};
		snprintf(one->id, sizeof one->id, "%s", incident->id);
		index_add(&told_index, told_count - 1, told_name, told_of);
	} else if (told_of[at].opened != incident->opened.wall ||
	           told_of[at].kind != incident->kind) {
		broken("%s has stood for another incident before", incident->id);
	}
}

void check_letter(const struct letter *letter)
{
	check_order(letter);
	if (letter->incident)
		check_incident(letter->incident);
	const struct notification *n = letter->notification;
	uint32_t site = m_site(letter->site_id);
	uint32_t store_id = app_site(&world.app, letter->site_id)->site->store_id;
	struct m_note *note = m_note_get(site, n->number);
	struct m_contact *contact = &note->contacts[letter->contact];
	unsigned long long number = n->number;
	uint64_t identity = note_identity(letter);
	char state[16] = "";

	if (note->identity && note->identity != identity)
		broken("n-%s-%llu has stood for something else before: its receiver drops this one",
		       letter->site_id, number);
	note->identity = identity;
	if (!letter->unlogged) {
		if (!note->recorded)
			broken("n-%s-%llu leaves, and is not in the record", letter->site_id,
			       number);
		int attempts = outbox(store_id, n->number, letter->contact, state);
		if (attempts != (int)letter->attempt || strcmp(state, "sending") != 0)
			broken("attempt %u of n-%s-%llu leaves; in the outbox it is %s, attempt %d",
			       letter->attempt, letter->site_id, number, state, attempts);
	}
	bool unsure = contact->life && contact->life < world.life && !contact->known &&
	              !contact->unlogged;
	if (unsure && !n->possible_duplicate)
		broken("n-%s-%llu is sent again after a death and does not say so", letter->site_id,
		       number);
	*contact = (struct m_contact){contact->first, letter->attempt, world.life, false,
	                              letter->unlogged};
	reach_letter(note, letter->contact);
	if (n->reason == REASON_DIGEST)
		digest_tells(site, n);
	if (!letter->incident)
		return;
	const struct delivery *over = &n->deliveries[letter->contact];
	if (letter->incident->drill && strcmp(over->channel, "police") == 0)
		broken("%s is a drill, and the police is told", letter->incident->id);
	const struct m_incident *incident = m_incident_find(site, letter->incident->id);
	if (incident && incident->state == STATE_RESOLVED && n->reason != REASON_RESOLVED &&
	    n->reason != REASON_ACKNOWLEDGED)
		broken("%s is resolved, and %s is told: %s", incident->id, n->to_id,
		       reason_name(n->reason));
	tells_of(site, letter->incident);
}

/* Devices whose signals the broker brings no more: they wait for our word. */
static uint32_t *owed;
static uint32_t owed_count, owed_cap;

static void owe(uint32_t number)
{
	const struct w_message *m = message_get(number);
	if (!m->id || m->garbage || m->told)
		return;
	MEM_RESERVE(owed, owed_count, owed_cap);
	owed[owed_count++] = number;
}

void check_ack(uint32_t number, bool last_of_its_key)
{
	const struct w_message *m = message_get(number);
	const struct w_device *d = &world.sites[m->site].devices[m->device];
	world.counts.acked++;
	owe(number);
	if (m->rows)
		return;
	/* No entry: then it said what was known. */
	if (m->garbage || m->press || m->test)
		broken("message %u of %s is acknowledged and not in the record", number, d->id);
	/* By its id it is known when it comes again, behind newer words: said twice, or heard
	 * before over the connection that watches while the disk fails. By its bytes, behind the
	 * lane's newer words. */
	const struct w_message *newest = message_get(d->recorded_by[m->kind]);
	bool newer = newest && d->recorded_by[m->kind] > number;
	if (newer && (newest->by_lane == world.life || newest->kept_back))
		return; /* the lane has brought what was said since */
	if ((m->id || m->by_lane == world.life || m->kept_back) && (m->acked || m->again || newer))
		return;
	if (last_of_its_key && d->recorded[m->kind] != m->active)
		broken("message %u of %s is acknowledged; the record says %s is %d", number, d->id,
		       kind_words[m->kind], d->recorded[m->kind]);
}

/* A death between the two takes the word with it: the device says it again. */
void check_owes_nothing(void)
{
	owed_count = 0;
}

static void check_owed(void)
{
	for (uint32_t i = 0; i < owed_count; i++) {
		const struct w_message *m = message_get(owed[i]);
		if (!m->told)
			broken("message %u of %s is in the record, and its device was not told",
			       owed[i], world.sites[m->site].devices[m->device].id);
	}
	owed_count = 0;
}

void check_device_ack(const char *topic, const char *bytes)
{
	char site[24], device[24], id[64];
	world.counts.device_acks++;
	if (sscanf(topic, "tocsin/%23[^/]/device/%23[^/]/ack", site, device) != 2 ||
	    sscanf(bytes, "{\"id\":\"%63[^\"]\"}", id) != 1)
		broken("%s says %s", topic, bytes);
	struct w_message *m = message_of(site, device, id);
	if (!m)
		broken("%s says %s, which nobody has sent", topic, bytes);
	m->told = true;
	if (reading_is_behind())
		broken("%s is said before its commit is read", topic);
}

static bool record_lags(void)
{
	return world.disk != DISK_WELL || !app_disk_is_well(&world.app);
}

/* ---- somebody hears, and in time ---- */

/* The service has the point as active before it hears this. */
static bool stands(const struct w_message *m)
{
	const struct w_site *w = &world.sites[m->site];
	const struct site *site = app_site(&world.app, w->id)->site;
	uint32_t device = site_def_device(site->def, w->devices[m->device].id);
	return device != POSITION_NONE &&
	       site->devices[device].active >> kind_from_name(kind_words[m->kind]) & 1;
}

void check_beside(struct w_message *m)
{
	m->refreshed = m->active && !m->press && stands(m) ? world.life : 0;
}

void check_given(const struct w_message *m)
{
	struct w_site *site = &world.sites[m->site];
	struct w_device *d = &site->devices[m->device];
	if (record_lags())
		return; /* what is known already stands nowhere that can be read */
	if (m->refreshed == world.life)
		return; /* said anew then, beside the session, which brings it now */
	if (m->garbage || m->test || !m->active || m->rows || d->given ||
	    strcmp(kind_words[m->kind], d->kind) != 0)
		return;
	int device = (int)m->device;
	if (standings_walk_test(m->site, device) ||
	    standings_silence(m->site, device, kind_words[m->kind]) ||
	    (d->needs_arming && standings_armed(m->site, d->zone) >= 0))
		return;
	if (d->needs_arming && site->zones[d->zone].arming != ARMED_ALWAYS)
		return;
	if (d->recorded[m->kind] == 1 && !m->press)
		return; /* a refresh */
	uint32_t open;
	const uint32_t *at = m_incidents_open(&open);
	for (uint32_t i = 0; i < open && !m->press; i++)
		if (m_incidents[at[i]].site == m->site &&
		    m_incidents[at[i]].devices >> m->device & 1)
			return; /* those told know it already */
	d->given = world.now;
}

/* Somebody is told with the next digest; that it comes is looked at elsewhere. */
static bool waits_for_digest(uint32_t site, uint32_t device)
{
	const struct site *live = app_site(&world.app, world.sites[site].id)->site;
	for (uint32_t i = 0; i < live->notification_count; i++) {
		const struct notification *n = live->notifications[i];
		for (uint32_t k = 0; n->digest && n->incident && k < n->incident->signal_count; k++)
			if (m_device(site, n->incident->signals[k].device) == (int)device)
				return true;
	}
	return false;
}

static void check_heard(struct w_site *site)
{
	span_ms patience = TOLD_WITHIN + site->policies[site->policy_count - 1].after[0];
	for (uint32_t i = 0; i < site->device_count; i++) {
		struct w_device *d = &site->devices[i];
		if (!d->given)
			continue;
		world_ms from = d->given > world.woke ? d->given : world.woke + SECONDS(60);
		if (world.now > from + patience &&
		    !waits_for_digest((uint32_t)(site - world.sites), i))
			broken("%s gave an alarm %lld ms ago and nobody was told", d->id,
			       (long long)(world.now - d->given));
	}
}

/* A dead process knows nothing of what it was given; it is given again. */
void check_forget_given(void)
{
	for (uint32_t s = 0; s < world.site_count; s++)
		for (uint32_t i = 0; i < world.sites[s].device_count; i++)
			world.sites[s].devices[i].given = 0;
}

/* A step that never comes is late too. While the record cannot be written nobody can read what
 * was done; it is looked at when it can. */
void check_due(void)
{
	if (!world.alive || world.dead)
		return;
	for (uint32_t s = 0; s < world.site_count; s++)
		check_heard(&world.sites[s]);
	if (record_lags())
		return;
	world_ms excused = world.woke ? world.woke + SECONDS(60) : 0;
	standings_check(excused > world.up_since ? excused : world.up_since);
	uint32_t open;
	const uint32_t *at = m_incidents_open(&open);
	for (uint32_t i = 0; i < open; i++) {
		const struct m_incident *incident = &m_incidents[at[i]];
		world_ms due = incident->due > world.up_since ? incident->due : world.up_since;
		if (world.woke && due < world.woke + SECONDS(60))
			due = world.woke + SECONDS(60);
		if (world.now > due + SECONDS(1))
			broken("%s: nothing happens, %lld ms after it was due", incident->id,
			       (long long)(world.now - incident->due));
	}
}

/* ---- what runs ---- */

/* Of a flood: a digest carries it, or it waits for one that has its time. */
static void check_carried(const struct site *site, const struct notification *n)
{
	bool carried = false;
	for (uint32_t i = 0; i < site->notification_count; i++)
		carried |= (int64_t)site->notifications[i]->number == n->digest;
	for (uint32_t i = 0; i < site->standing_count && n->digest == DIGEST_NEXT; i++) {
		const struct standing *s = site->standings[i];
		const char *whose = s->to ? s->to : s->channel;
		carried |= s->type == STANDING_FLOOD && strcmp(whose, n->to_id) == 0 &&
		           timer_due(&s->due) != NEVER;
	}
	if (!carried)
		broken("n-%s-%llu waits for a digest that never comes", site->def->id,
		       (unsigned long long)n->number);
}

static void check_notification(const struct site *site, const struct notification *n)
{
	bool under_way = false;
	if (n->state != NOTIFICATION_QUEUED && n->state != NOTIFICATION_SENDING)
		return;
	if (n->digest) {
		check_carried(site, n);
		return;
	}
	for (uint32_t i = 0; i < n->delivery_count; i++) {
		const struct delivery *d = &n->deliveries[i];
		if (d->state == DELIVERY_RETRYING)
			under_way |= timer_due(&n->due) != NEVER;
		if (d->state != DELIVERY_SENDING)
			continue;
		under_way = true;
		if (!courier_has(site->def->id, n->number, i, d->attempts))
			broken("n-%s-%llu: contact %u is being sent, and no courier carries it",
			       site->def->id, (unsigned long long)n->number, i);
	}
	if (!under_way)
		broken("n-%s-%llu is neither on its way nor at an end", site->def->id,
		       (unsigned long long)n->number);
}

/* Whether somebody has said that it is not to be told, or it is told as something else. */
static bool is_excused(const struct site *site, uint32_t device, enum kind kind)
{
	if (site->devices[device].walk_test || kind_facts[kind].momentary ||
	    kind_facts[kind].needs_arming)
		return true;
	for (uint32_t i = 0; i < site->standing_count; i++) {
		const struct standing *s = site->standings[i];
		if (silence_covers(site->def, s, device, kind) ||
		    (s->type == STANDING_CHATTER && !standing_is_over(s) && s->kinds >> kind & 1 &&
		     strcmp(s->device, site->def->devices[device].id) == 0))
			return true;
	}
	return false;
}

/* What is so, and nobody has dealt with, belongs to an incident that is open: somebody is told. */
static void check_told(const struct site *site)
{
	for (uint32_t i = 0; i < site->def->device_count; i++) {
		uint32_t active = site->devices[i].active & ~site->devices[i].settled;
		for (uint32_t kind = 0; active >> kind; kind++) {
			const char *id = site->def->devices[i].id;
			bool told = !(active >> kind & 1) || is_excused(site, i, (enum kind)kind);
			for (uint32_t k = 0; k < site->incident_count && !told; k++)
				told = incident_is_active(site->incidents[k]) &&
				       incident_has_active(site->incidents[k], id, (enum kind)kind);
			if (!told)
				broken("%s %s is so, and belongs to no incident", id,
				       kind_name((enum kind)kind));
			world.counts.stands += active >> kind & 1;
		}
	}
}

static void check_site(const struct site *site, steady_ms now)
{
	check_told(site);
	for (uint32_t i = 0; i < site->incident_count; i++) {
		const struct incident *incident = site->incidents[i];
		const struct timer *timer = incident->state == STATE_OPEN ? &incident->step_due
		                                                          : &incident->resolve_due;
		if (incident->state == STATE_RESOLVED)
			continue;
		if (timer_due(timer) == NEVER || timer_due(timer) <= now)
			broken("%s has no deadline ahead", incident->id);
	}
	if (site->notification_count > MEMORY_MAX)
		broken("%u notifications in memory", site->notification_count);
	for (uint32_t i = 0; i < site->notification_count; i++)
		check_notification(site, site->notifications[i]);
}

static struct w_site *retained_of;
static uint32_t retained_seen;

static void count_retained(const char *topic, const char *bytes)
{
	char start[60], state[40];
	snprintf(start, sizeof start, "tocsin/%s/incident/", retained_of->id);
	if (strncmp(topic, start, strlen(start)) != 0)
		return;
	const struct m_incident *incident = m_incident_find(m_site(retained_of->id),
	                                                    topic + strlen(start));
	retained_seen++;
	if (!incident || incident->state == STATE_RESOLVED)
		broken("the broker still shows %s", topic);
	snprintf(state, sizeof state, "\"state\":\"%s\"", incident_state_name(incident->state));
	if (!strstr(bytes, state))
		broken("the broker shows an old %s: %s", topic, bytes);
}

/* Whoever looks at the broker sees the incidents that are. */
static void check_retained(void)
{
	for (uint32_t s = 0; s < world.site_count; s++) {
		char ids[64][INCIDENT_ID_MAX];
		retained_of = &world.sites[s];
		retained_seen = 0;
		broker_for_each_retained(count_retained);
		uint32_t expected = model_open_incidents(s, ids, 64);
		if (retained_seen != expected)
			broken("the broker shows %u incidents of %s, there are %u", retained_seen,
			       retained_of->id, expected);
	}
}

/* However words came, over the session, the lane or twice, a point stands as it was said last. */
static void check_points(void)
{
	for (uint32_t s = 0; s < world.site_count; s++) {
		const struct site *site = app_site(&world.app, world.sites[s].id)->site;
		for (uint32_t i = 0; i < world.sites[s].device_count; i++) {
			const struct w_device *d = &world.sites[s].devices[i];
			uint32_t at = site_def_device(site->def, d->id);
			for (int k = 0; k < KINDS && at != POSITION_NONE; k++) {
				const struct w_message *m = message_get(d->last_word[k] - 1);
				if (!d->last_word[k] || (m->press && d->momentary))
					continue;
				enum kind kind = kind_from_name(kind_words[k]);
				bool stands = site->devices[at].active >> kind & 1;
				world.counts.points++;
				if (stands != m->active)
					broken("%s %s stands at %d; message %u said last %d", d->id,
					       kind_words[k], stands, d->last_word[k] - 1,
					       m->active);
			}
		}
	}
}

/* The longer the record, the longer a comparison takes: the more seldom it is made. */
static void check_stored_at_times(void)
{
	static uint64_t next;
	if (world.counts.turns < next)
		return;
	next = world.counts.turns + COMPARED_EVERY + world.counts.entries / 16;
	check_stored();
}

void check_turn(void)
{
	steady_ms now = world.now - life_clock();
	for (uint32_t i = 0; i < world.app.site_count; i++)
		check_site(world.app.sites[i].site, now);
	if (world.app.inbox.count == 0 && !record_lags()) {
		if (broker_is_quiet()) {
			check_retained();
			check_points();
			check_owed();
		}
		check_stored_at_times();
	}
}

/* ---- what is stored is what runs ---- */

static void dump_incident(struct text *out, const char *site, const struct incident *incident)
{
	incident_write_json(out, NULL, NULL, site, incident);
	text_addf(out,
	          " round %u %lld step %u %s run %u pending %u reached %u exhausted %d due %lld "
	          "%lld\n",
	          incident->round, (long long)incident->round_at, incident->step,
	          reason_name(incident->step_reason), incident->run, incident->step_pending,
	          incident->step_reached, incident->exhausted,
	          (long long)timer_due(&incident->step_due),
	          (long long)timer_due(&incident->resolve_due));
	policy_write_json(out, NULL, incident->policy);
	for (uint32_t i = 0; i < incident->told_count; i++)
		text_addf(out, " told %d %s %d", incident->told[i].kind, incident->told[i].id,
		          incident->told[i].acknowledged);
	for (uint32_t i = 0; i < incident->signal_count; i++)
		text_addf(out, " signal %s %lld %u", incident->signals[i].device,
		          (long long)incident->signals[i].at, incident->signals[i].presses);
	text_add(out, "\n");
}

static void dump_notification(struct text *out, const struct notification *n)
{
	text_addf(out,
	          "%llu of %s %s step %u round %u run %u press %d to %s %s urgent %d at once %d %s "
	          "failed %d "
	          "duplicate %d created %lld attempts %u due %lld digest %lld\n",
	          (unsigned long long)n->number, n->incident ? n->incident->id : "-",
	          reason_name(n->reason), n->step, n->round, n->run, n->press, n->to_id, n->to_name,
	          n->urgent, n->at_once, notification_state_name(n->state), n->failed,
	          n->possible_duplicate, (long long)n->created.steady, n->attempts,
	          (long long)timer_due(&n->due), (long long)n->digest);
	for (uint32_t i = 0; i < n->delivery_count; i++) {
		const struct delivery *d = &n->deliveries[i];
		text_addf(out,
		          "  %s %u %s attempts %u given up %d started %lld due %lld status %d\n",
		          d->channel, d->place, delivery_state_name(d->state), d->attempts,
		          d->given_up, (long long)d->started, (long long)d->due, d->last_status);
	}
}

static void dump(struct text *out, const struct site *site)
{
	for (uint32_t i = 0; i < site->incident_count; i++)
		if (site->incidents[i]->state != STATE_RESOLVED)
			dump_incident(out, site->def->id, site->incidents[i]);
	for (uint32_t i = 0; i < site->notification_count; i++)
		if (site->notifications[i]->state <= NOTIFICATION_SENDING)
			dump_notification(out, site->notifications[i]);
	for (uint32_t i = 0; i < site->def->device_count; i++) {
		const struct device_state *d = &site->devices[i];
		text_addf(
		        out, "%s active %x known %x settled %x online %d%d gone %d changed %lld\n",
		        site->def->devices[i].id, d->active, d->known, d->settled, d->online_known,
		        d->online_known && d->online, d->gone, (long long)d->changed);
	}
	for (uint32_t i = 0; i < site->standing_count; i++) {
		const struct standing *s = site->standings[i];
		if (standing_is_over(s))
			continue;
		standing_write_json(out, NULL, site->def->id, s);
		text_addf(out, " due %lld\n", (long long)timer_due(&s->due));
	}
	text_addf(out, "next %llu %u %d\n", (unsigned long long)site->next_notification,
	          site->next_incident, site->incident_year);
}

static void show_difference(const char *runs, const char *stored)
{
	while (*runs && *stored && strcspn(runs, "\n") == strcspn(stored, "\n") &&
	       strncmp(runs, stored, strcspn(runs, "\n")) == 0) {
		runs += strcspn(runs, "\n") + (runs[strcspn(runs, "\n")] != '\0');
		stored += strcspn(stored, "\n") + (stored[strcspn(stored, "\n")] != '\0');
	}
	broken("what is stored is not what runs\nruns:   %.*s\nstored: %.*s",
	       (int)strcspn(runs, "\n"), runs, (int)strcspn(stored, "\n"), stored);
}

void check_stored(void)
{
	if (!model_reader() || record_lags())
		return;
	for (uint32_t i = 0; i < world.app.site_count; i++) {
		const struct site *site = world.app.sites[i].site;
		struct site *stored = site_create(site->def);
		struct problem why = {0};
		struct text a = {0}, b = {0};
		if (store_load_site(model_reader(), stored, &why) < 0)
			broken("the record cannot be loaded: %s", why.text);
		dump(&a, site);
		dump(&b, stored);
		if (strcmp(text_get(&a), text_get(&b)) != 0)
			show_difference(text_get(&a), text_get(&b));
		text_finish(&a);
		text_finish(&b);
		site_destroy(stored);
	}
	world.counts.comparisons++;
}

/* ---- the end ---- */

static void judge(void *ctx, const struct site_verdict *verdict)
{
	(void)ctx;
	if (verdict->finding_count)
		broken("verify: %s: entry %llu: %s: %s", verdict->site,
		       (unsigned long long)verdict->findings[0].seq,
		       tampering_name(verdict->findings[0].kind), verdict->findings[0].detail.text);
}

/* As `tocsin verify` on the store of a service that is down: its entries give its incidents. */
void check_verifies(void)
{
	struct store *store;
	struct problem why = {0};
	if (store_open("tocsin.db", STORE_READ, &store, &why) < 0 ||
	    store_verify(store, &(struct verify_request){0}, judge, NULL, &why) < 0)
		broken("verify: %s", why.text);
	store_close(store);
	world.counts.verified++;
}

void check_end(void)
{
	check_stored();
	for (uint32_t i = 0; i < m_incident_count; i++)
		if (m_incidents[i].state != STATE_RESOLVED)
			broken("%s never ends", m_incidents[i].id);
	for (uint32_t i = 0; i < world.app.site_count; i++)
		if (world.app.sites[i].site->notification_count)
			broken("in the end n-%s-%llu is still on its way",
			       world.app.sites[i].site->def->id,
			       (unsigned long long)world.app.sites[i]
			               .site->notifications[0]
			               ->number);
	/* Accepted; or somebody was told later, or took charge. */
	for (uint32_t i = 0; i < m_note_count; i++) {
		const struct m_note *note = &m_notes[i];
		bool excused = note->accepted || !note->recorded || !note->incident;
		if (!excused) {
			const struct m_incident *incident = &m_incidents[note->incident - 1];
			excused = incident->acks || incident->ends;
		}
		/* (What left unlogged is in the books before what was said earlier and never left.)
		 */
		for (uint32_t k = 0; k < m_note_count && !excused; k++)
			excused = m_notes[k].incident == note->incident &&
			          m_notes[k].number > note->number;
		if (!excused && note->reason != REASON_RESOLVED)
			broken("n-%s-%llu was accepted by nobody, and nobody else was told",
			       world.sites[note->site].id, (unsigned long long)note->number);
	}
}
