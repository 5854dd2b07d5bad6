/* SQLite declares its preupdate hook only where this is set; Debian's is built with it. */
#define SQLITE_ENABLE_PREUPDATE_HOOK 1
#include "store/state_sum.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/ledger.h"
#include "store/sql.h"

#define NO_POLICY (-1)

/* site, the hash of its policy, and all columns; no index is asked. */
#define OF_INCIDENT(table)                                                                         \
	"SELECT i.site, NULL, t.* FROM " table " t LEFT JOIN incident i ON i.key = t.incident"

static const struct summed {
	const char *table, *select;
	int policy; /* the column with its number */
} summed[] = {
        {"incident",
         "SELECT t.site, p.hash, t.* FROM incident t NOT INDEXED LEFT JOIN policy p"
         " ON p.number = t.policy",
         26},
        {"incident_signal", OF_INCIDENT("incident_signal"), NO_POLICY},
        {"told", OF_INCIDENT("told"), NO_POLICY},
        {"notification", "SELECT t.site, NULL, t.* FROM notification t NOT INDEXED", NO_POLICY},
        {"delivery",
         "SELECT n.site, NULL, t.* FROM delivery t LEFT JOIN notification n"
         " ON n.key = t.notification",
         NO_POLICY},
        {"standing", "SELECT t.site, NULL, t.* FROM standing t", NO_POLICY},
        {"device_state", "SELECT t.site, NULL, t.* FROM device_state t", NO_POLICY},
        {"output_state", "SELECT t.site, NULL, t.* FROM output_state t", NO_POLICY},
};
#define SUMMED (sizeof summed / sizeof *summed)

/* ---- a row ---- */

struct hashing {
	struct sha256 *sha;
	struct stretch *stretch;
};

static void hashing_begin(struct hashing *h)
{
	h->sha = sha256_create();
	h->stretch = stretch_create();
}

static void hashing_finish(struct hashing *h)
{
	sha256_destroy(h->sha);
	stretch_destroy(h->stretch);
}

static void hash_value(struct hashing *h, sqlite3_value *value)
{
	switch (sqlite3_value_type(value)) {
	case SQLITE_INTEGER:
		field_number(h->sha, sqlite3_value_int64(value));
		break;
	case SQLITE_NULL:
		field_text(h->sha, NULL);
		break;
	default: {
		const void *bytes = sqlite3_value_blob(value);
		field_bytes(h->sha, bytes ? bytes : "", (size_t)sqlite3_value_bytes(value));
	}
	}
}

static uint64_t get_limb(const uint8_t *at)
{
	uint64_t limb = 0;
	memcpy(&limb, at, sizeof limb);
	return le64toh(limb);
}

static void put_limb(uint8_t *at, uint64_t limb)
{
	limb = htole64(limb);
	memcpy(at, &limb, sizeof limb);
}

static void add_up(struct state_sum *sum, const uint8_t *row, bool take_away)
{
	uint64_t carry = take_away; /* a - b = a + ~b + 1 */
	for (size_t i = 0; i < STATE_SUM_LEN; i += sizeof(uint64_t)) {
		uint64_t limb = get_limb(sum->bytes + i) + carry;
		uint64_t other = take_away ? ~get_limb(row + i) : get_limb(row + i);
		carry = limb < carry;
		limb += other;
		carry += limb < other;
		put_limb(sum->bytes + i, limb);
	}
}

static void end_row(struct hashing *h, struct state_sum *sum, bool take_away)
{
	uint8_t digest[SHA256_LEN], row[STATE_SUM_LEN];
	sha256_end(h->sha, digest);
	stretch_digest(h->stretch, digest, row, sizeof row);
	add_up(sum, row, take_away);
}

void state_digest(struct sha256 *sha, int64_t version, const struct state_counters *counters,
                  const struct state_sum *sum, uint8_t out[SHA256_LEN])
{
	sha256_begin(sha);
	field_text(sha, "tocsin state 1");
	field_number(sha, version);
	field_number(sha, counters->next_notification);
	field_number(sha, counters->next_incident);
	field_number(sha, counters->incident_year);
	field_bytes(sha, sum->bytes, sizeof sum->bytes);
	sha256_end(sha, out);
}

/* ---- all that is stored ---- */

static void add_stored(struct hashing *h, const struct summed *what, sqlite3_stmt *at,
                       struct state_sum *sum)
{
	int count = sqlite3_column_count(at) - 2;
	sha256_begin(h->sha);
	field_text(h->sha, what->table);
	for (int i = 0; i < count; i++)
		hash_value(h, sqlite3_column_value(at, i == what->policy ? 1 : i + 2));
	end_row(h, sum, false);
}

static int sum_table(struct store *store, struct hashing *h, const struct summed *what,
                     state_sum_of of_site, void *ctx, struct state_strays *strays)
{
	sqlite3_stmt *at = NULL;
	int r = sqlite3_prepare_v2(store->db, what->select, -1, &at, NULL);
	while (r == SQLITE_OK || r == SQLITE_ROW) {
		r = sqlite3_step(at);
		if (r != SQLITE_ROW)
			break;
		bool known = sqlite3_column_type(at, 0) == SQLITE_INTEGER;
		struct state_sum *sum = known ? of_site(ctx, sqlite3_column_int64(at, 0)) : NULL;
		if (sum)
			add_stored(h, what, at, sum);
		else
			strays->rows++;
	}
	sqlite3_finalize(at);
	return r == SQLITE_DONE ? 0 : -EIO;
}

static int check_policies(struct store *store, struct hashing *h, struct state_strays *strays)
{
	sqlite3_stmt *at = NULL;
	uint8_t hash[SHA256_LEN];
	int r = sqlite3_prepare_v2(store->db, "SELECT hash, json FROM policy NOT INDEXED", -1, &at,
	                           NULL);
	while (r == SQLITE_OK || r == SQLITE_ROW) {
		r = sqlite3_step(at);
		if (r != SQLITE_ROW)
			break;
		sha256_begin(h->sha);
		sha256_add(h->sha, sqlite3_column_text(at, 1), (size_t)sqlite3_column_bytes(at, 1));
		sha256_end(h->sha, hash);
		strays->policies += sqlite3_column_bytes(at, 0) != SHA256_LEN ||
		                    memcmp(sqlite3_column_blob(at, 0), hash, SHA256_LEN) != 0;
	}
	sqlite3_finalize(at);
	return r == SQLITE_DONE ? 0 : -EIO;
}

int state_sum_stored(struct store *store, state_sum_of of_site, void *ctx,
                     struct state_strays *strays, struct problem *why)
{
	struct hashing h;
	*strays = (struct state_strays){0};
	hashing_begin(&h);
	int r = check_policies(store, &h, strays);
	for (size_t i = 0; r == 0 && i < SUMMED; i++)
		r = sum_table(store, &h, &summed[i], of_site, ctx, strays);
	hashing_finish(&h);
	return r < 0 ? sql_failure(store->db, why, "summing up") : 0;
}

/* ---- as it is written ---- */

struct policy_hash {
	int64_t number;
	uint8_t hash[SHA256_LEN];
};

struct summing {
	sqlite3 *db;
	struct hashing hashing;
	struct state_sum *into;
	struct policy_hash *policies;
	uint32_t policy_count, policy_cap;
	bool broken;
};

static const struct policy_hash *find_policy(const struct summing *s, int64_t number)
{
	for (uint32_t i = 0; i < s->policy_count; i++)
		if (s->policies[i].number == number)
			return &s->policies[i];
	return NULL;
}

typedef int (*column_value)(sqlite3 *, int, sqlite3_value **);

static void hash_policy(struct summing *s, sqlite3_value *number)
{
	const struct policy_hash *policy = NULL;
	if (sqlite3_value_type(number) != SQLITE_NULL)
		policy = find_policy(s, sqlite3_value_int64(number));
	field_bytes(s->hashing.sha, policy ? policy->hash : NULL, SHA256_LEN);
}

static void add_changed(struct summing *s, const struct summed *what, column_value get,
                        bool take_away)
{
	int count = sqlite3_preupdate_count(s->db);
	sqlite3_value *value;
	sha256_begin(s->hashing.sha);
	field_text(s->hashing.sha, what->table);
	for (int i = 0; i < count; i++) {
		if (get(s->db, i, &value) != SQLITE_OK) {
			s->broken = true;
			return;
		}
		if (i == what->policy)
			hash_policy(s, value);
		else
			hash_value(&s->hashing, value);
	}
	end_row(&s->hashing, s->into, take_away);
}

/* Called by SQLite before each change of a row. */
static void on_change(void *ctx, sqlite3 *db, int change, const char *schema, const char *table,
                      sqlite3_int64 before, sqlite3_int64 after)
{
	struct summing *s = ctx;
	const struct summed *what = NULL;
	(void)db, (void)schema, (void)before, (void)after;
	for (size_t i = 0; s->into && i < SUMMED && !what; i++)
		if (strcmp(summed[i].table, table) == 0)
			what = &summed[i];
	if (!what)
		return;
	if (change != SQLITE_INSERT)
		add_changed(s, what, sqlite3_preupdate_old, true);
	if (change != SQLITE_DELETE)
		add_changed(s, what, sqlite3_preupdate_new, false);
}

static int load_policies(struct summing *s)
{
	sqlite3_stmt *at = NULL;
	uint8_t hash[SHA256_LEN];
	int r = sqlite3_prepare_v2(s->db, "SELECT number, hash FROM policy", -1, &at, NULL);
	while (r == SQLITE_OK || r == SQLITE_ROW) {
		r = sqlite3_step(at);
		if (r == SQLITE_ROW && sqlite3_column_bytes(at, 1) == SHA256_LEN) {
			memcpy(hash, sqlite3_column_blob(at, 1), SHA256_LEN);
			summing_policy(s, sqlite3_column_int64(at, 0), hash);
		}
	}
	sqlite3_finalize(at);
	return r == SQLITE_DONE ? 0 : -EIO;
}

int summing_open(struct store *store, struct summing **out, struct problem *why)
{
	struct summing *s = NEW(struct summing);
	s->db = store->db;
	hashing_begin(&s->hashing);
	int r = load_policies(s);
	if (r < 0) {
		r = sql_failure(s->db, why, "reading the policies");
		summing_close(s);
		return r;
	}
	*out = s;
	return 0;
}

void summing_close(struct summing *s)
{
	if (!s)
		return;
	sqlite3_preupdate_hook(s->db, NULL, NULL);
	hashing_finish(&s->hashing);
	free(s->policies);
	free(s);
}

void summing_into(struct summing *s, struct state_sum *sum)
{
	if (!s)
		return;
	s->into = sum;
	s->broken = false;
	/* Of the ledger's rows, which are written outside of it, nobody need be told. */
	sqlite3_preupdate_hook(s->db, sum ? on_change : NULL, s);
}

/* A number may come again for another policy: the one before was rolled back. */
void summing_policy(struct summing *s, int64_t number, const uint8_t hash[SHA256_LEN])
{
	if (!s)
		return;
	struct policy_hash *known = (struct policy_hash *)find_policy(s, number);
	if (!known) {
		MEM_RESERVE(s->policies, s->policy_count, s->policy_cap);
		known = &s->policies[s->policy_count++];
		known->number = number;
	}
	memcpy(known->hash, hash, SHA256_LEN);
}

bool summing_is_whole(const struct summing *s)
{
	return !s || !s->broken;
}
