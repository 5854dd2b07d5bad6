/* Reads what was committed, over a connection of its own, and books it. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "books.h"
#include "store/ledger.h"

struct m_incident *m_incidents;
uint32_t m_incident_count;
static uint32_t m_incident_cap;
struct m_note *m_notes;
uint32_t m_note_count;
static uint32_t m_note_cap, *note_slots, note_slot_cap;

static struct store *reader;
static sqlite3 *stranger;
static sqlite3_stmt *outbox_query;
static struct sha256 *sha;
static struct {
	uint64_t seq;
	uint8_t hash[SHA256_LEN];
} heads[SITES_MAX];
static bool reading;

/* ---- finding ---- */

uint32_t m_site(const char *id)
{
	for (uint32_t i = 0; i < world.site_count; i++)
		if (strcmp(world.sites[i].id, id) == 0)
			return i;
	broken("nobody knows a site '%s'", id);
}

int m_device(uint32_t site, const char *id)
{
	for (uint32_t i = 0; i < world.sites[site].device_count; i++)
		if (strcmp(world.sites[site].devices[i].id, id) == 0)
			return (int)i;
	return -1;
}

int m_recipient(uint32_t site, const char *kind, const char *id)
{
	if (strcmp(kind, "channel") == 0)
		return CHANNEL_BIT + channel_number(id);
	for (uint32_t i = 0; i < world.sites[site].person_count; i++)
		if (strcmp(world.sites[site].people[i].id, id) == 0)
			return (int)i;
	return -1;
}

struct m_incident *m_incident_find(uint32_t site, const char *id)
{
	for (uint32_t i = m_incident_count; i-- > 0;)
		if (m_incidents[i].site == site && strcmp(m_incidents[i].id, id) == 0)
			return &m_incidents[i];
	return NULL;
}

/* Positions of those that are not over, in the order of their opening. */
static uint32_t *open_at, open_count, open_cap;

const uint32_t *m_incidents_open(uint32_t *count)
{
	uint32_t kept = 0;
	for (uint32_t i = 0; i < open_count; i++)
		if (m_incidents[open_at[i]].state != STATE_RESOLVED)
			open_at[kept++] = open_at[i];
	*count = open_count = kept;
	return open_at;
}

static void note_index(uint32_t at)
{
	uint64_t key = (uint64_t)m_notes[at].site << 48 | m_notes[at].number;
	uint32_t slot = (uint32_t)(key * 0x9e3779b97f4a7c15u >> 40) & (note_slot_cap - 1);
	while (note_slots[slot])
		slot = (slot + 1) & (note_slot_cap - 1);
	note_slots[slot] = at + 1;
}

struct m_note *m_note_get(uint32_t site, uint64_t number)
{
	if (m_note_count * 2 >= note_slot_cap) {
		note_slot_cap = note_slot_cap ? note_slot_cap * 2 : 4096;
		free(note_slots);
		note_slots = NEW_ARRAY(uint32_t, note_slot_cap);
		for (uint32_t i = 0; i < m_note_count; i++)
			note_index(i);
	}
	uint64_t key = (uint64_t)site << 48 | number;
	uint32_t slot = (uint32_t)(key * 0x9e3779b97f4a7c15u >> 40) & (note_slot_cap - 1);
	for (; note_slots[slot]; slot = (slot + 1) & (note_slot_cap - 1)) {
		struct m_note *note = &m_notes[note_slots[slot] - 1];
		if (note->site == site && note->number == number)
			return note;
	}
	MEM_RESERVE(m_notes, m_note_count, m_note_cap);
	m_notes[m_note_count] = (struct m_note){.site = site, .number = number};
	note_index(m_note_count);
	return &m_notes[m_note_count++];
}

/* ---- what a row says ---- */

struct row {
	const struct ledger_row *ledger;
	uint32_t site;
	cJSON *data;
	world_ms at;
	struct m_incident *incident; /* NULL: none named, or not opened yet */
};

static const char *word(const struct row *row, const char *member)
{
	const char *text = json_string(row->data, member);
	return text ? text : "";
}

static int64_t number(const struct row *row, const char *member)
{
	int64_t out = -1;
	(void)!json_int(row->data, member, &out);
	return out;
}

static const struct w_policy *policy_in_file(uint32_t site, const char *id)
{
	static const struct w_policy last_resort = {.id = "last-resort",
	                                            .count = 1,
	                                            .repeat = MINUTES(2),
	                                            .resolve_within = MINUTES(30)};
	for (uint32_t i = 0; i < world.sites[site].policy_count; i++)
		if (strcmp(world.sites[site].in_force[i].id, id) == 0)
			return &world.sites[site].in_force[i];
	return &last_resort;
}

static void begin_round(struct m_incident *incident, world_ms at)
{
	incident->state = STATE_OPEN;
	incident->round++;
	incident->round_at = at;
	incident->due = at + incident->policy.after[0];
	reach_step(incident, NULL); /* of the round before none runs any more */
}

static void check_drilled(const struct row *row)
{
	const char *zone = word(row, "zone");
	const struct w_site *site = &world.sites[row->site];
	uint32_t i = 0;
	while (i < site->zone_count && strcmp(site->zones[i].id, zone) != 0)
		i++;
	if (!standings_drill(row->site, i))
		broken("%s is a drill, and there is none", row->ledger->incident);
	world.counts.drilled++;
}

static void on_opened(struct row *row)
{
	if (row->incident)
		broken("incident %s is opened twice", row->ledger->incident);
	MEM_RESERVE(m_incidents, m_incident_count, m_incident_cap);
	struct m_incident *incident = &m_incidents[m_incident_count++];
	*incident = (struct m_incident){.site = row->site,
	                                .policy = *policy_in_file(row->site, word(row, "policy")),
	                                .reported = row->ledger->by != NULL};
	snprintf(incident->id, sizeof incident->id, "%s", row->ledger->incident);
	(void)!json_bool(row->data, "drill", &incident->drill);
	if (incident->drill)
		check_drilled(row);
	if (row->ledger->device)
		incident->devices = (uint32_t)1 << m_device(row->site, row->ledger->device);
	incident->pressed = is_pressed(word(row, "signal"));
	begin_round(incident, row->at);
	MEM_RESERVE(open_at, open_count, open_cap);
	open_at[open_count++] = m_incident_count - 1;
	world.counts.incidents++;
}

static void on_raised(struct row *row)
{
	row->incident->policy = *policy_in_file(row->site, word(row, "policy"));
	begin_round(row->incident, row->at);
	world.counts.raised++;
}

static void on_reopened(struct row *row)
{
	/* Its steps count from when it was due; those that are overdue by that come now. */
	begin_round(row->incident, row->at - number(row, "late_ms"));
	if (row->incident->due < row->at)
		row->incident->due = row->at;
	world.counts.reopened++;
}

static void on_acknowledged(struct row *row)
{
	row->incident->state = STATE_ACKNOWLEDGED;
	row->incident->due = row->at + row->incident->policy.resolve_within;
}

/* Whom it was handed to has taken charge: his own acknowledgement changes nothing more. */
static void on_assigned(struct row *row)
{
	int owner = m_recipient(row->site, "person", word(row, "owner"));
	if (owner >= 0)
		row->incident->acks |= (uint32_t)1 << owner;
}

static uint32_t *ended_at, ended_count, ended_cap; /* incidents that end or are told of after */

static void note_end(const struct m_incident *incident)
{
	MEM_RESERVE(ended_at, ended_count, ended_cap);
	ended_at[ended_count++] = (uint32_t)(incident - m_incidents);
}

static void on_resolved(struct row *row)
{
	note_end(row->incident);
	row->incident->state = STATE_RESOLVED;
	row->incident->due = INT64_MAX;
	world.counts.resolved++;
	/* A button whose alarm is over is not pressed any more. */
	struct w_site *site = &world.sites[row->site];
	for (uint32_t i = 0; i < site->device_count; i++) {
		if (!(row->incident->devices >> i & 1))
			continue;
		site->devices[i].given = 0; /* it may have cleared before its first step */
		if (site->devices[i].momentary)
			site->devices[i].recorded[kind_number("panic")] = 0;
	}
}

static void on_step(struct row *row)
{
	struct m_incident *incident = row->incident;
	int64_t step = number(row, "step"), count = incident->policy.count;
	world_ms latest = incident->due;
	world.counts.steps++;
	reach_step(incident, json_get(row->data, "to"));
	if (*word(row, "name"))
		return; /* last_resort: besides the steps */
	if (incident->state != STATE_OPEN)
		broken("%s: step %lld of an incident that is not open", incident->id,
		       (long long)step);
	latest = latest > world.up_since ? latest : world.up_since;
	/* libuv's clock stands still in a suspend: the service looks once a minute. */
	if (world.woke && row->at >= world.woke && latest < world.woke + SECONDS(60))
		latest = world.woke + SECONDS(60);
	if (row->at > latest + SECONDS(1))
		broken("%s: step %lld came %lld ms late", incident->id, (long long)step,
		       (long long)(row->at - latest));
	incident->due = step < count ? incident->round_at + incident->policy.after[step]
	                             : row->at + incident->policy.repeat;
	if (incident->due < row->at)
		incident->due = row->at;
}

/* Whether the entry says that somebody's word hides the alarm; then there must be such a word. A
 * silence does not hide what another device of the zone confirms. */
static bool is_hidden(const struct row *row, const struct w_device *d, const char *kind)
{
	int device = (int)(d - world.sites[row->site].devices);
	const char *raises = word(row, "raises");
	bool silence = standings_silence(row->site, device, kind),
	     walk_test = standings_walk_test(row->site, device);
	bool says_silence = strstr(raises, "silenced"),
	     says_walk_test = strstr(raises, "walk test");
	bool confirms = strcmp(kind, "smoke") == 0 || strcmp(kind, "heat") == 0;
	bool armed = !strstr(raises, "not armed");
	if ((says_silence && !silence) || (says_walk_test && !walk_test))
		broken("%s %s is hidden (%s), and nobody said so", d->id, kind, raises);
	if (!*word(row, "source") && walk_test && !says_walk_test)
		broken("%s is under walk test, and %s is taken for an alarm", d->id, kind);
	if (silence && !says_silence && !says_walk_test && !confirms && armed)
		broken("%s %s is silenced, and is told all the same", d->id, kind);
	world.counts.silenced += says_silence;
	world.counts.walked += says_walk_test;
	return says_silence || says_walk_test;
}

/* Whether an alarm raises is plain but for the hours around a change of the guard. */
static void check_raises(const struct row *row, const struct w_device *d, const char *kind)
{
	bool armable = kind_number(kind) >= kind_number("contact") &&
	               kind_number(kind) <= kind_number("perimeter");
	bool raised = row->ledger->incident != NULL;
	const struct w_site *site = &world.sites[row->site];
	enum arming_rule rule = site->zones[d->zone].arming;
	int by_hand = armable ? standings_armed(row->site, d->zone) : -1;
	if (is_hidden(row, d, kind)) {
		if (raised)
			broken("%s raised an alarm that is silenced or a walk test", d->id);
	} else if (by_hand >= 0) {
		if (raised != (by_hand == 1))
			broken("%s: armed by hand %d, raised %d", d->id, by_hand, raised);
	} else if (!armable || rule == ARMED_ALWAYS) {
		if (!raised)
			broken("an alarm of %s belongs to no incident", d->id);
	} else if (rule == ARMED_NEVER) {
		if (raised)
			broken("%s raised an alarm, and its zone is never armed", d->id);
	} else {
		wall_ms at = row->ledger->received;
		int64_t hour = (at / 1000 + zone_offset(site->timezone, at)) / 3600 % 24;
		if ((hour >= 23 || hour < 5) && !raised)
			broken("%s at %lld h of an armed night raised nothing", d->id,
			       (long long)hour);
		if (hour >= 7 && hour < 21 && raised)
			broken("%s at %lld h of a day without arming raised", d->id,
			       (long long)hour);
	}
}

/* Once for each time that it was brought; what is retained is brought without being counted. */
static void count_row(uint32_t number)
{
	struct w_message *m = message_get(number);
	const struct w_device *d = &world.sites[m->site].devices[m->device];
	m->rows++;
	if (m->rows > m->given + m->kept_back && !d->retains)
		broken("message %u of %s was brought %u times and stands %u times in the record",
		       number, d->id, m->given, m->rows);
}

static void on_signal(struct row *row)
{
	const cJSON *said = json_get(row->data, "said");
	const char *kind = word(row, "kind");
	bool active = strcmp(word(row, "state"), "active") == 0, test = false;
	int device = m_device(row->site, row->ledger->device), k = kind_number(kind);
	int64_t n = 0;
	world.counts.signals++;
	(void)!json_bool(row->data, "test", &test);
	if (device < 0 || k < 0)
		broken("a signal of %s %s", row->ledger->device, kind);
	if (json_int(said, "n", &n) && message_get((uint32_t)n))
		count_row((uint32_t)n);
	if (test)
		return;
	struct w_device *d = &world.sites[row->site].devices[device];
	if (active)
		check_raises(row, d, kind);
	if (active && !row->incident)
		d->given = 0; /* as it should be: nobody is told */
	const struct w_message *message = n ? message_get((uint32_t)n) : NULL;
	if (strstr(word(row, "raises"), "walk test") && (!message || message->press)) {
		d->last_word[k] = 0; /* it changes no state */
		return;
	}
	d->recorded[k] = active;
	if (d->recorded_by[k] < n)
		d->recorded_by[k] = (uint32_t)n;
	if (row->incident)
		row->incident->devices |= (uint32_t)1 << device;
	if (row->incident && active)
		row->incident->pressed |= is_pressed(kind);
}

static void on_rejected(struct row *row)
{
	const char *mark = strchr(word(row, "head"), '#');
	uint32_t n = mark ? (uint32_t)strtoul(mark + 1, NULL, 10) : UINT32_MAX;
	world.counts.rejected++;
	if (message_get(n) && message_get(n)->garbage)
		message_get(n)->rows++;
	else
		broken("a message was rejected that makes sense: %s", row->ledger->data);
}

static uint64_t mix(uint64_t a, uint64_t b)
{
	struct rng r = {a * 0x100000001b3u + b};
	return rng_next(&r);
}

/* For one reason somebody is told once: within one round, once a step. */
static void note_reason(struct m_incident *incident, const struct row *row, enum reason reason,
                        int to)
{
	int64_t step = number(row, "step");
	if (reason == REASON_JOINED || reason == REASON_REPEATED || reason == REASON_HANDOVER ||
	    reason == REASON_ACKNOWLEDGED || /* again with each new owner */
	    step > incident->policy.count)
		return;
	uint64_t key = mix(mix(incident->round, (uint64_t)step), mix(reason, (uint64_t)to));
	for (uint32_t i = 0; i < incident->reason_count; i++)
		if (incident->reasons[i] == key)
			broken("%s: recipient %d is told twice: %s, step %lld, round %u",
			       incident->id, to, reason_name(reason), (long long)step,
			       incident->round);
	MEM_RESERVE(incident->reasons, incident->reason_count, incident->reason_cap);
	incident->reasons[incident->reason_count++] = key;
}

static uint64_t number_of_id(const char *id)
{
	const char *dash = strrchr(id, '-');
	return dash ? strtoull(dash + 1, NULL, 10) : 0;
}

static uint64_t identity_of(const char *incident, enum reason reason, int to)
{
	return mix(mix(index_hash(incident ? incident : ""), reason), (uint64_t)to) | 1;
}

static void on_notification(struct row *row)
{
	const cJSON *to = json_get(row->data, "to");
	int bit = m_recipient(row->site, json_string(to, "kind"), json_string(to, "id"));
	enum reason reason = reason_from_name(word(row, "reason"));
	struct m_note *note = m_note_get(row->site, number_of_id(word(row, "id")));
	uint64_t identity = identity_of(row->ledger->incident, reason, bit);
	world.counts.notifications++;
	if (note->recorded)
		broken("%s is in the record twice", word(row, "id"));
	if (note->identity && note->identity != identity)
		broken("%s was pushed unlogged as something else", word(row, "id"));
	note->recorded = true;
	note->identity = identity;
	note->reason = reason;
	if (!row->incident)
		return;
	note->incident = (uint32_t)(row->incident - m_incidents) + 1;
	note->to = bit;
	reach_notification(row->incident, note, row->data);
	note_reason(row->incident, row, reason, bit);
	row->incident->told |= (uint32_t)1 << bit;
	if (reason == REASON_RESOLVED)
		row->incident->told_end |= (uint32_t)1 << bit;
	if (row->incident->state == STATE_RESOLVED)
		note_end(row->incident);
}

static void on_delivery(struct row *row)
{
	struct m_note *note = m_note_get(row->site, number_of_id(word(row, "notification")));
	struct m_contact *contact = &note->contacts[number(row, "contact") & 7];
	if (contact->attempt == number(row, "attempt"))
		contact->known = true;
	note->accepted |= strcmp(word(row, "result"), "accepted") == 0;
	if (note->incident)
		reach_delivery(note, row->data);
}

static void on_operator(struct row *row)
{
	const char *action = word(row, "action");
	int by = row->ledger->by ? m_recipient(row->site, "person", row->ledger->by) : -1;
	if (!row->incident || by < 0)
		return;
	row->incident->acks |= (uint32_t)(strcmp(action, "ack") == 0) << by;
	row->incident->notes |= (uint32_t)(strcmp(action, "note") == 0) << by;
	row->incident->ends |= (uint32_t)(strcmp(action, "resolve") == 0) << by;
}

static void on_gap(struct row *row)
{
	world.counts.gaps++;
	if (strcmp(word(row, "why"), "every delivery has failed") == 0)
		reach_gap(row->incident, row->at);
}

static void on_config(struct row *row)
{
	struct w_site *site = &world.sites[row->site];
	memcpy(site->in_force, site->policies, sizeof site->in_force);
}

static void on_standing(struct row *row)
{
	standings_book(row->site, row->at, row->ledger->received, row->data);
}

static const struct {
	const char *type;
	bool of_incident; /* it must be known, and not be over */
	void (*book)(struct row *);
} books[] = {
        {"signal", false, on_signal},
        {"rejected", false, on_rejected},
        {"incident.opened", false, on_opened},
        {"incident.raised", true, on_raised},
        {"incident.reopened", true, on_reopened},
        {"incident.acknowledged", true, on_acknowledged},
        {"incident.assigned", true, on_assigned},
        {"incident.resolved", true, on_resolved},
        {"step", true, on_step},
        {"notification", false, on_notification},
        {"delivery", false, on_delivery},
        {"operator", false, on_operator},
        {"gap", false, on_gap},
        {"config", false, on_config},
        {"drill", false, on_standing},
        {"silence", false, on_standing},
        {"device.walk_test", false, on_standing},
        {"arming", false, on_standing},
};

static void check_chain(uint32_t site, const struct ledger_row *ledger)
{
	uint8_t hash[SHA256_LEN];
	if (ledger->seq != heads[site].seq + 1)
		broken("%s: entry %llu follows %llu", ledger->site, (unsigned long long)ledger->seq,
		       (unsigned long long)heads[site].seq);
	if (!heads[site].seq)
		ledger_genesis(sha, ledger->site, heads[site].hash);
	ledger_hash(sha, ledger, heads[site].hash, hash);
	if (memcmp(hash, ledger->hash, sizeof hash) != 0)
		broken("%s: the hash of entry %llu is wrong", ledger->site,
		       (unsigned long long)ledger->seq);
	memcpy(heads[site].hash, hash, sizeof hash);
	heads[site].seq++;
}

static bool book(void *ctx, const struct ledger_row *ledger)
{
	struct row row = {.ledger = ledger, .site = *(uint32_t *)ctx};
	check_chain(row.site, ledger);
	world.counts.entries++;
	trace("%s %llu: %s %s %s %s", ledger->site, (unsigned long long)ledger->seq, ledger->type,
	      ledger->device ? ledger->device : "", ledger->incident ? ledger->incident : "",
	      ledger->data);
	if (json_parse(ledger->data, strlen(ledger->data), &row.data, NULL) < 0)
		broken("the data of an entry is no JSON");
	row.at = ledger->steady + life_clock();
	row.incident = ledger->incident ? m_incident_find(row.site, ledger->incident) : NULL;
	for (size_t i = 0; i < sizeof books / sizeof *books; i++) {
		if (strcmp(books[i].type, ledger->type) != 0)
			continue;
		if (books[i].of_incident &&
		    (!row.incident || row.incident->state == STATE_RESOLVED))
			broken("%s of %s, which is not open", ledger->type, ledger->incident);
		books[i].book(&row);
	}
	cJSON_Delete(row.data);
	return true;
}

/* ---- what must hold for what was just read ---- */

/* Whoever was told is told of the end. */
static void check_ends(void)
{
	for (uint32_t i = 0; i < ended_count; i++) {
		const struct m_incident *incident = &m_incidents[ended_at[i]];
		if (incident->told & ~incident->told_end)
			broken("%s has ended, and of those told (%x) only %x are told so",
			       incident->id, incident->told, incident->told_end);
	}
	ended_count = 0;
}

void model_catch_up(void)
{
	if (!reader || reading)
		return;
	reading = true;
	bool news = false;
	for (uint32_t i = 0; i < world.app.site_count; i++) {
		uint32_t site = m_site(world.app.sites[i].site->def->id);
		if (world.review &&
		    store_head(world.app.store, world.app.sites[i].site->store_id).seq ==
		            heads[site].seq)
			continue;
		struct ledger_filter filter = {.site = world.sites[site].id,
		                               .after = heads[site].seq};
		if (store_log(reader, &filter, book, &site) < 0)
			broken("the record cannot be read");
		news = true;
	}
	if (news) {
		check_ends();
		reach_check();
	}
	reading = false;
}

/* ---- opening and closing ---- */

void model_open_reader(void)
{
	struct problem why;
	if (!sha)
		sha = sha256_create();
	if (store_open("tocsin.db", STORE_READ, &reader, &why) < 0)
		broken("the record cannot be read: %s", why.text);
	if (sqlite3_open_v2("tocsin.db", &stranger, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX,
	                    NULL) != SQLITE_OK ||
	    sqlite3_prepare_v2(stranger,
	                       "SELECT d.state, d.attempts FROM delivery d JOIN notification n ON"
	                       " n.key = d.notification WHERE n.site = ?1 AND n.number = ?2"
	                       " AND d.contact = ?3",
	                       -1, &outbox_query, NULL) != SQLITE_OK)
		broken("the outbox cannot be read: %s", sqlite3_errmsg(stranger));
}

void model_close_reader(void)
{
	sqlite3_finalize(outbox_query);
	sqlite3_close(stranger);
	store_close(reader);
	outbox_query = NULL;
	stranger = NULL;
	reader = NULL;
}

int outbox(uint32_t site_store_id, uint64_t n, uint32_t contact, char state[16])
{
	sqlite3_bind_int64(outbox_query, 1, site_store_id);
	sqlite3_bind_int64(outbox_query, 2, (sqlite3_int64)n);
	sqlite3_bind_int64(outbox_query, 3, contact);
	int attempts = -1;
	if (sqlite3_step(outbox_query) == SQLITE_ROW) {
		snprintf(state, 16, "%s", (const char *)sqlite3_column_text(outbox_query, 0));
		attempts = sqlite3_column_int(outbox_query, 1);
	}
	sqlite3_reset(outbox_query);
	return attempts;
}

struct store *model_reader(void)
{
	return reader;
}

uint64_t note_identity(const struct letter *letter)
{
	const struct notification *n = letter->notification;
	uint32_t site = m_site(letter->site_id);
	return identity_of(letter->incident ? letter->incident->id : NULL, n->reason,
	                   m_recipient(site, recipient_kind_name(n->to_kind), n->to_id));
}

void model_hash(uint8_t out[SHA256_LEN])
{
	sha256_begin(sha);
	for (uint32_t i = 0; i < world.site_count; i++)
		sha256_add(sha, heads[i].hash, SHA256_LEN);
	sha256_end(sha, out);
}

void model_shift(span_ms lost)
{
	standings_shift(lost);
	for (uint32_t i = 0; i < m_incident_count; i++) {
		struct m_incident *incident = &m_incidents[i];
		incident->round_at += lost;
		if (incident->due != INT64_MAX)
			incident->due += lost;
	}
}

uint32_t model_open_incidents(uint32_t site, char ids[][INCIDENT_ID_MAX], uint32_t cap)
{
	uint32_t count = 0, open;
	const uint32_t *at = m_incidents_open(&open);
	for (uint32_t i = 0; i < open && count < cap; i++)
		if (m_incidents[at[i]].site == site)
			memcpy(ids[count++], m_incidents[at[i]].id, INCIDENT_ID_MAX);
	return count;
}

bool model_operation_done(const char *site, const char *id, int operation, const char *by)
{
	uint32_t s = m_site(site);
	const struct m_incident *incident = m_incident_find(s, id);
	if (!incident || !by)
		return incident != NULL;
	uint32_t bit = (uint32_t)1 << m_recipient(s, "person", by);
	switch ((enum operation_type)operation) {
	case OPERATION_ACK:
		return incident->acks & bit;
	case OPERATION_RESOLVE:
		return incident->ends & bit && incident->state == STATE_RESOLVED;
	case OPERATION_NOTE:
		return incident->notes & bit;
	default:
		return true;
	}
}

bool reading_is_behind(void)
{
	for (uint32_t i = 0; i < world.app.site_count; i++) {
		uint32_t site = m_site(world.app.sites[i].site->def->id);
		if (store_head(world.app.store, world.app.sites[i].site->store_id).seq !=
		    heads[site].seq)
			return true;
	}
	return false;
}
