/* Is what is stored beside the ledger what the entries tell, and what the last commit sealed? */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/fold.h"
#include "store/index_check.h"
#include "store/verify_private.h"

/* The first is enough: what was done to the ledger explains it, where anything was. */
static void state_finding(struct chain *chain, enum tampering kind, uint64_t seq,
                          const char *incident, const char *what)
{
	if (chain->state_differs)
		return;
	chain->state_differs = true;
	chain->state = (struct finding){
	        .site = chain->site, .seq = seq, .kind = kind, .incident = mem_copy(incident)};
	problem_set(&chain->state.detail, 0, "%s%s%s%s", incident ? "incident " : "",
	            incident ? incident : "", incident ? ": " : "", what);
}

void state_differs(void *ctx, const char *site, const char *incident, uint64_t seq,
                   const char *what)
{
	struct chain *chain = chain_named(ctx, site);
	if (chain)
		state_finding(chain, TAMPERING_EDITED, seq, incident, what);
}

/* ---- questions to the rows, for an incident or a notification to name ---- */

#define NOTIFICATION_ID "'n-' || s.id || '-' || n.number"
#define NUMBER_OF(member)                                                                          \
	"CAST(substr(l.data ->> '" member "', length('n-' || s.id || '-') + 1) AS INTEGER)"
/* Who is asked about: ?1 the site. What answers: the entry (of an incident, its last), the incident
 * or NULL. */
#define ENTRIES(types)                                                                             \
	"SELECT l.seq, l.incident FROM ledger l JOIN site s ON s.number = l.site"                  \
	" WHERE l.site = ?1 AND l.type IN (" types ") AND json_valid(l.data) AND "
#define OF_INCIDENT "(SELECT max(seq) FROM ledger WHERE incident = i.id), i.id"

static const struct question {
	const char *sql, *what;
	enum tampering kind;
	bool of_parts; /* an imported part's rows are made so as well */
} questions[] = {
        {ENTRIES("'notification'") "NOT EXISTS (SELECT 1 FROM notification n WHERE n.site = l.site"
                                   " AND n.number = " NUMBER_OF(
                                           "$.id") " AND n.reason = l.data ->> '$.reason'"
                                                   " AND n.step = l.data ->> '$.step'"
                                                   " AND n.to_kind = l.data ->> '$.to.kind'"
                                                   " AND n.to_id = l.data ->> '$.to.id'"
                                                   " AND n.created_wall = l.received"
                                                   " AND n.incident IS (SELECT key FROM incident "
                                                   "WHERE id ="
                                                   " l.incident)) ORDER BY l.row LIMIT 1",
         "a notification is not stored as this entry tells", TAMPERING_EDITED, true},
        {ENTRIES("'notification'") "EXISTS (SELECT 1 FROM json_each(l.data, '$.channels') c"
                                   " WHERE NOT EXISTS (SELECT 1 FROM notification n JOIN delivery d"
                                   " ON d.notification = n.key WHERE n.site = l.site"
                                   " AND n.number = " NUMBER_OF("$.id") " AND d.contact = c.key "
                                                                        "AND d.channel = c.value))"
                                                                        " ORDER BY l.row LIMIT 1",
         "a contact of this notification is not stored as the entry tells", TAMPERING_EDITED, true},
        {ENTRIES("'delivery'") "l.data ->> '$.result' = 'accepted' AND l.data ->> '$.held' IS NULL"
                               " AND EXISTS (SELECT 1 FROM notification n JOIN delivery d"
                               " ON d.notification = n.key WHERE n.site = l.site"
                               " AND n.number = " NUMBER_OF(
                                       "$.notification") " AND d.contact = l.data ->> '$.contact'"
                                                         " AND d.attempts = l.data ->> '$.attempt'"
                                                         " AND (d.state <> 'accepted' OR n.state "
                                                         "<> 'accepted' OR"
                                                         " d.last_status <> coalesce(l.data ->> "
                                                         "'$.status', 0)))"
                                                         " ORDER BY l.row LIMIT 1",
         "this delivery was accepted, and is stored otherwise", TAMPERING_EDITED, true},
        {ENTRIES("'notification'") "l.incident IS NOT NULL AND NOT EXISTS (SELECT 1 FROM told t"
                                   " JOIN incident i ON i.key = t.incident WHERE i.id = l.incident"
                                   " AND t.kind = l.data ->> '$.to.kind'"
                                   " AND t.id = l.data ->> '$.to.id') ORDER BY l.row LIMIT 1",
         "who was told of it is not stored", TAMPERING_EDITED, false},
        {ENTRIES("'incident.opened', 'incident.joined'") "l.device IS NOT NULL AND NOT EXISTS "
                                                         "(SELECT 1 FROM incident_signal t JOIN "
                                                         "incident i"
                                                         " ON i.key = t.incident WHERE i.id = "
                                                         "l.incident AND t.device = l.device"
                                                         " AND t.kind = coalesce(l.data ->> "
                                                         "'$.signal', CASE l.type WHEN "
                                                         "'incident.joined' THEN"
                                                         " l.data ->> '$.kind' END, t.kind)) ORDER "
                                                         "BY l.row LIMIT 1",
         "its sensor is not stored with it", TAMPERING_EDITED, true},
        {"SELECT " OF_INCIDENT
         " FROM notification n JOIN site s ON s.number = n.site JOIN incident i"
         " ON i.key = n.incident WHERE n.site = ?1 AND NOT EXISTS (SELECT 1 FROM ledger l WHERE"
         " l.incident = i.id AND l.type = 'notification' AND json_valid(l.data)"
         " AND l.data ->> '$.id' = " NOTIFICATION_ID ") ORDER BY n.key LIMIT 1",
         "it has a notification of which no entry tells", TAMPERING_INSERTED, true},
        {"SELECT " OF_INCIDENT " FROM delivery d JOIN notification n ON n.key = d.notification"
         " JOIN site s ON s.number = n.site JOIN incident i ON i.key = n.incident"
         " WHERE n.site = ?1 AND d.state = 'accepted' AND NOT EXISTS (SELECT 1 FROM ledger l WHERE"
         " l.incident = i.id AND l.type = 'delivery' AND json_valid(l.data)"
         " AND l.data ->> '$.notification' = " NOTIFICATION_ID
         " AND l.data ->> '$.contact' = d.contact AND l.data ->> '$.result' = 'accepted')"
         " ORDER BY n.key LIMIT 1",
         "a delivery is stored as accepted, of which no entry tells", TAMPERING_EDITED, true},
        {"SELECT " OF_INCIDENT
         " FROM told t JOIN incident i ON i.key = t.incident WHERE i.site = ?1"
         " AND NOT EXISTS (SELECT 1 FROM ledger l WHERE l.incident = i.id AND l.type ="
         " 'notification' AND json_valid(l.data) AND l.data ->> '$.to.kind' = t.kind"
         " AND l.data ->> '$.to.id' = t.id) AND NOT (t.kind = 'person' AND EXISTS (SELECT 1"
         " FROM ledger l WHERE l.incident = i.id AND l.type IN ('incident.acknowledged',"
         " 'incident.assigned', 'operator') AND (l.by = t.id OR (json_valid(l.data)"
         " AND l.data ->> '$.for' = t.id)))) ORDER BY i.key LIMIT 1",
         "it names somebody as told, and no entry does", TAMPERING_EDITED, false},
        {"SELECT " OF_INCIDENT " FROM incident_signal t JOIN incident i ON i.key = t.incident"
         " WHERE i.site = ?1 AND NOT EXISTS (SELECT 1 FROM ledger l WHERE l.incident = i.id"
         " AND l.type IN ('incident.opened', 'incident.joined') AND l.device = t.device)"
         " ORDER BY i.key LIMIT 1",
         "it has a sensor of which no entry tells", TAMPERING_EDITED, true},
        {ENTRIES("'hazard'") "l.seq = (SELECT max(m.seq) FROM ledger m WHERE m.site = l.site"
                             " AND m.type = 'hazard' AND json_valid(m.data) AND m.data ->>"
                             " '$.what.number' = l.data ->> '$.what.number') AND NOT EXISTS"
                             " (SELECT 1 FROM standing t WHERE t.site = l.site AND t.number ="
                             " l.data ->> '$.what.number' AND t.json = l.data -> '$.what')"
                             " ORDER BY l.row LIMIT 1",
         "the hazard is not stored as this entry tells", TAMPERING_EDITED, true},
};

static bool ask(struct verifying *v, struct chain *chain, const struct question *question)
{
	sqlite3_stmt *at = look(v, question->sql);
	sqlite3_bind_int64(at, 1, chain->number);
	bool answers = look_next(v, at);
	if (answers)
		state_finding(chain, question->kind, (uint64_t)sqlite3_column_int64(at, 0),
		              (const char *)sqlite3_column_text(at, 1), question->what);
	sqlite3_finalize(at);
	return answers;
}

static void ask_all(struct verifying *v, struct chain *chain)
{
	bool answered = chain->state_differs;
	for (size_t i = 0; !answered && i < sizeof questions / sizeof *questions; i++)
		if (!chain->part || questions[i].of_parts)
			answered = ask(v, chain, &questions[i]);
}

/* Incidents that no entry tells of. */
static void find_untold(struct verifying *v)
{
	sqlite3_stmt *at = look(v, "SELECT i.site, i.id FROM incident i WHERE NOT EXISTS"
	                           " (SELECT 1 FROM ledger l WHERE l.incident = i.id) LIMIT 1");
	if (look_next(v, at)) {
		struct chain *chain = chain_of(v, sqlite3_column_int64(at, 0));
		if (chain)
			state_finding(chain, TAMPERING_INSERTED, chain->last,
			              (const char *)sqlite3_column_text(at, 1),
			              "the ledger does not tell of it");
	}
	sqlite3_finalize(at);
}

/* ---- what was sealed ---- */

static struct state_sum *sum_of(void *ctx, int64_t site)
{
	struct chain *chain = chain_of(ctx, site);
	return chain ? &chain->sum : NULL;
}

/* Where no sum was sealed, an earlier version's store or a part, what entries tell is all there is
 * to compare; where one was, it says whether there is anything to look for. */
static void check_sum(struct verifying *v, struct chain *chain)
{
	struct seal seal;
	uint8_t digest[SHA256_LEN];
	bool sealed = !chain->part && end_seal(v, chain, &seal) && seal.of_commit;
	if (!sealed)
		return ask_all(v, chain);
	state_digest(v->store->sha, chain->state_of, &chain->counters, &chain->state_sum, digest);
	bool as_sealed = memcmp(digest, seal.state, sizeof digest) == 0;
	if (as_sealed && (chain->state_of != STATE_VERSION ||
	                  memcmp(&chain->sum, &chain->state_sum, sizeof chain->sum) == 0))
		return;
	ask_all(v, chain);
	state_finding(chain, TAMPERING_EDITED, chain->last, NULL,
	              as_sealed ? "what is stored beside the ledger (incidents, who was told, what "
	                          "stands, devices) is not what was sealed with the last commit"
	                        : "the site's row does not say of its state what was sealed with "
	                          "the last commit");
}

/* Time goes on from the anchor: behind the last entry, or every deadline is late. */
static void check_anchor(struct verifying *v)
{
	struct clock_anchor anchor = {0};
	bool found = store_anchor(v->store, &anchor);
	for (uint32_t i = 0; i < v->chain_count; i++) {
		struct chain *chain = &v->chains[i];
		if (!chain->part && chain->entries &&
		    (!found || anchor.moment.steady < chain->last_turn))
			state_finding(chain, TAMPERING_EDITED, chain->last, NULL,
			              "the time that a start goes on from lies before the last "
			              "entry");
	}
}

static void file_is_damaged(struct verifying *v, const char *words)
{
	struct chain *chain = v->chain_count ? v->chains : chain_add(v, "?");
	finding_add(chain, TAMPERING_EDITED, chain->last, NULL, "the file is damaged: %s", words);
	v->damaged = true;
}

static void check_sums(struct verifying *v)
{
	struct state_strays strays;
	struct problem why = {0};
	if (state_sum_stored(v->store, sum_of, v, &strays, &why) < 0) {
		look_failed(v);
		if (!v->unread.text[0])
			file_is_damaged(v, why.text);
		return;
	}
	bool any = false;
	for (uint32_t i = 0; i < v->chain_count; i++) {
		struct chain *chain = &v->chains[i];
		if (!chain->finding_count && !chain->gone)
			check_sum(v, chain);
		any |= chain->finding_count || chain->state_differs;
	}
	/* Of nobody's: whoever lost them has been named. */
	if (v->chain_count && !any && strays.policies)
		state_finding(v->chains, TAMPERING_EDITED, v->chains->last, NULL,
		              "a policy is not what its hash says");
	else if (v->chain_count && !any && strays.rows)
		state_finding(v->chains, TAMPERING_INSERTED, v->chains->last, NULL,
		              "beside the ledger there are rows of no site");
}

int check_state(struct verifying *v)
{
	int r = v->damaged ? 0 : fold_end(v->fold);
	if (r == 0 && !v->damaged) {
		find_untold(v);
		check_anchor(v);
		check_sums(v);
	}
	for (uint32_t i = 0; i < v->chain_count; i++) {
		struct chain *chain = &v->chains[i];
		if (chain->state_differs && !chain->finding_count) {
			chain->findings[chain->finding_count++] = chain->state;
			chain->state.incident = NULL;
		}
	}
	return r;
}

/* ---- the file's own order ---- */

/* The entry whose row SQLite's words name: "row 12 missing from index ledger_received". */
static struct chain *entry_of(struct verifying *v, const char *words, uint64_t *seq)
{
	struct chain *chain = NULL;
	long long row = strncmp(words, "row ", 4) == 0 ? strtoll(words + 4, NULL, 10) : 0;
	if (row <= 0 || !strstr(words, " missing from index") ||
	    (!strstr(words, "index ledger_") && !strstr(words, "index sqlite_autoindex_ledger_")))
		return NULL;
	sqlite3_stmt *at = look(v, "SELECT site, seq FROM ledger NOT INDEXED WHERE row = ?1");
	sqlite3_bind_int64(at, 1, row);
	if (look_next(v, at)) {
		chain = chain_of(v, sqlite3_column_int64(at, 0));
		*seq = (uint64_t)sqlite3_column_int64(at, 1);
	}
	sqlite3_finalize(at);
	return chain;
}

void check_indexes(struct verifying *v, struct index_check *indexes)
{
	struct text words = {0};
	bool any = false;
	uint64_t seq = 0;
	bool looked = index_check_end(indexes, &words);
	for (uint32_t i = 0; i < v->chain_count; i++)
		any |= v->chains[i].finding_count > 0;
	if (!looked && !any && !v->unread.text[0])
		problem_set(&v->unread, 0, "%s", text_get(&words));
	if (!looked)
		text_reset(&words);
	if (!words.len && !any && v->torn.text[0])
		text_add(&words, v->torn.text);
	struct chain *chain = words.len && !any ? entry_of(v, text_get(&words), &seq) : NULL;
	if (chain)
		finding_add(chain, TAMPERING_EDITED, seq, NULL, "the file is damaged: %s",
		            text_get(&words));
	else if (words.len && !any)
		file_is_damaged(v, text_get(&words));
	text_finish(&words);
}
