/* The power fails at every step of the store's writing, and each time what is found afterwards is
 * a store that opens, whose chain holds, and that has everything that store_commit had confirmed.
 *
 *     test_powerloss [TURNS [CUTS [SEED]]]
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>

#include "powerloss.h"
#include "store/ledger.h"
#include "store_story.h"

#define IMAGES_MAX 64

static struct options {
	uint32_t turns, cuts;
	uint64_t seed;
} options = {.turns = 200, .cuts = 300, .seed = 1};

struct image { /* what a cut has left, and what must be in it */
	char path[96];
	uint64_t step;
	struct ledger_head confirmed;
	enum survival survival;
};

struct boundary { /* of a turn: what the store holds once its head is this */
	uint64_t seq;
	char state[65];
};

/* The power is cut in the writer's steps and in those of the checkpoint's thread. */
struct cutter {
	pthread_mutex_t lock;
	char folder[64];
	const char *store;               /* its path */
	struct image images[IMAGES_MAX]; /* not examined yet */
	uint32_t image_count;
	struct ledger_head confirmed; /* what store_commit has last said yes to */
	uint64_t dice, every;
	uint32_t in_checkpoints;
	bool after_first_turn;
};

struct dark {
	struct story story;
	struct cutter cutter;
	struct boundary *boundaries;
	uint32_t boundary_count, boundary_cap;
	uint64_t dice;
	uint32_t cuts, of_kind[SURVIVAL_COUNT], ahead;
};

static uint64_t next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return *state >> 33;
}

/* ---- cutting ---- */

static void cut(struct cutter *c, uint64_t step)
{
	struct image *image = &c->images[c->image_count++];
	*image = (struct image){
	        .step = step,
	        .confirmed = c->confirmed,
	        .survival = (enum survival)(next_random(&c->dice) % SURVIVAL_COUNT)};
	snprintf(image->path, sizeof image->path, "%s/%llu.db", c->folder,
	         (unsigned long long)step);
	if (powerloss_cut(c->store, image->path, options.seed + step, image->survival) < 0)
		fail_msg("cannot write %s: %s", image->path, strerror(errno));
}

/* Now and then before a write to the log, always before anything else: the rare steps are those of
 * opening, checkpoint and closing. */
static void maybe_cut(void *ctx, const struct powerloss_step *step)
{
	struct cutter *c = ctx;
	bool to_log = strstr(step->file, "-wal") && strcmp(step->verb, "write") == 0;
	pthread_mutex_lock(&c->lock);
	bool rare = !c->after_first_turn || strcmp(step->verb, "delete") == 0 ||
	            strcmp(step->verb, "truncate") == 0 ||
	            (strcmp(step->verb, "sync") == 0 && next_random(&c->dice) % 4 == 0);
	if (!to_log && strcmp(step->verb, "sync") != 0)
		c->in_checkpoints++;
	if (c->image_count < IMAGES_MAX && (rare || next_random(&c->dice) % c->every == 0))
		cut(c, step->number);
	pthread_mutex_unlock(&c->lock);
}

/* ---- what was found ---- */

static void fingerprint(const struct site *site, char out[65])
{
	struct text text = {0}, hex = {0};
	uint8_t hash[SHA256_LEN];
	text_addf(&text, "%llu %u %d\n", (unsigned long long)site->next_notification,
	          site->next_incident, site->incident_year);
	for (uint32_t i = 0; i < site->incident_count; i++)
		if (site->incidents[i]->state != STATE_RESOLVED)
			incident_write_json(&text, NULL, NULL, "binjiang", site->incidents[i]);
	for (uint32_t i = 0; i < site->notification_count; i++) {
		const struct notification *n = site->notifications[i];
		if (n->state > NOTIFICATION_SENDING)
			continue;
		text_addf(&text, "%llu %s %s\n", (unsigned long long)n->number, n->to_id,
		          notification_state_name(n->state));
		for (uint32_t k = 0; k < n->delivery_count; k++)
			text_addf(&text, " %s %u\n", delivery_state_name(n->deliveries[k].state),
			          n->deliveries[k].attempts);
	}
	for (uint32_t i = 0; i < site->def->device_count; i++)
		text_addf(&text, "%u %u\n", site->devices[i].active, site->devices[i].known);
	crypto_hmac_sha256("state", 5, text_get(&text), text.len, hash);
	text_add_hex(&hex, hash, sizeof hash);
	snprintf(out, 65, "%s", text_get(&hex));
	text_finish(&text);
	text_finish(&hex);
}

struct chain {
	struct sha256 *sha;
	uint8_t hash[SHA256_LEN];
	uint64_t seq, wrong;
	struct ledger_head confirmed;
	bool has_confirmed;
};

static bool follow(void *ctx, const struct ledger_row *row)
{
	struct chain *chain = ctx;
	ledger_hash(chain->sha, row, chain->hash, chain->hash);
	if (row->seq != ++chain->seq || memcmp(chain->hash, row->hash, SHA256_LEN) != 0)
		chain->wrong = chain->wrong ? chain->wrong : row->seq;
	if (row->seq == chain->confirmed.seq)
		chain->has_confirmed = memcmp(row->hash, chain->confirmed.hash, SHA256_LEN) == 0;
	return true;
}

static void expect_whole(struct dark *d, const struct image *image, struct store *store,
                         struct site *site)
{
	struct chain chain = {.sha = sha256_create(),
	                      .confirmed = image->confirmed,
	                      .has_confirmed = image->confirmed.seq == 0};
	ledger_genesis(chain.sha, "binjiang", chain.hash);
	assert_int_equal(store_log(store, &(struct ledger_filter){0}, follow, &chain), 0);
	sha256_destroy(chain.sha);
	struct ledger_head head = store_head(store, site->store_id);
	if (chain.wrong)
		fail_msg("cut at step %llu: row %llu does not fit", (unsigned long long)image->step,
		         (unsigned long long)chain.wrong);
	if (!chain.has_confirmed || head.seq != chain.seq)
		fail_msg("cut at step %llu (%d): %llu rows, head %llu, but %llu were confirmed",
		         (unsigned long long)image->step, image->survival,
		         (unsigned long long)chain.seq, (unsigned long long)head.seq,
		         (unsigned long long)image->confirmed.seq);
	char found[65];
	fingerprint(site, found);
	for (uint32_t i = 0; i < d->boundary_count; i++)
		if (d->boundaries[i].seq == head.seq) {
			assert_string_equal(found, d->boundaries[i].state);
			d->ahead += head.seq > image->confirmed.seq;
			return;
		}
	if (head.seq)
		fail_msg("cut at step %llu: half a turn is there", (unsigned long long)image->step);
}

/* Everything that a later start does: opens, repairs, loads, goes on writing. */
static void examine(struct dark *d, const struct image *image)
{
	struct problem why = {0};
	struct story after = {.def = d->story.def, .now = d->story.now, .messages = 1000000};
	memcpy(after.path, image->path, sizeof image->path);
	if (store_open(after.path, STORE_WRITE, &after.store, &why) < 0)
		fail_msg("cut at step %llu (%d): %s", (unsigned long long)image->step,
		         image->survival, why.text);
	after.site = site_create(after.def);
	if (store_load_site(after.store, after.site, &why) < 0)
		fail_msg("cut at step %llu: %s", (unsigned long long)image->step, why.text);
	expect_whole(d, image, after.store, after.site);
	given_signal(&after, "sos", KIND_PANIC, true);
	commit(&after);
	close_all(&after);
	d->cuts++;
	d->of_kind[image->survival]++;
}

/* The checkpoint's thread may cut meanwhile: what it leaves is for the next time. */
static void examine_all(struct dark *d)
{
	struct image images[IMAGES_MAX];
	pthread_mutex_lock(&d->cutter.lock);
	uint32_t count = d->cutter.image_count;
	memcpy(images, d->cutter.images, count * sizeof *images);
	d->cutter.image_count = 0;
	pthread_mutex_unlock(&d->cutter.lock);
	for (uint32_t i = 0; i < count; i++) {
		examine(d, &images[i]);
		unlink(images[i].path);
	}
}

/* ---- what goes on meanwhile ---- */

static void something_happens(struct dark *d)
{
	struct story *s = &d->story;
	static const char *const devices[] = {"smoke-301", "smoke-302", "sos"};
	static const enum kind kinds[] = {KIND_SMOKE, KIND_SMOKE, KIND_PANIC};
	uint64_t what = next_random(&d->dice) % 8, which = next_random(&d->dice) % 3;
	uint32_t open = s->site->incident_count, pushes = s->site->notification_count;
	pass(s, (span_ms)(next_random(&d->dice) % 20000));
	if (what < 4) {
		given_signal(s, devices[which], kinds[which], what < 3);
	} else if (what == 4 && open) {
		const struct incident *incident = s->site->incidents[next_random(&d->dice) % open];
		bool resolve = next_random(&d->dice) % 2;
		if (incident->state != STATE_RESOLVED)
			given_operation(s,
			                (struct operation){
			                        .type = resolve ? OPERATION_RESOLVE : OPERATION_ACK,
			                        .outcome = resolve ? OUTCOME_REAL : OUTCOME_NONE,
			                        .by = "li",
			                        .incident = incident->id});
	} else if (pushes) {
		const struct notification *n =
		        s->site->notifications[next_random(&d->dice) % pushes];
		apply(s, (struct event){.type = EVENT_DELIVERY,
		                        .delivery = {.notification = n->number,
		                                     .attempt = n->deliveries[0].attempts,
		                                     .verdict = what == 5 ? VERDICT_RETRY
		                                                          : VERDICT_ACCEPTED,
		                                     .status = what == 5 ? 503 : 200}});
	}
	site_tick(s->site, s->now, &s->plan);
}

static void turn(struct dark *d)
{
	something_happens(d);
	if (!d->story.plan.entry_count)
		return;
	MEM_RESERVE(d->boundaries, d->boundary_count, d->boundary_cap);
	struct boundary *boundary = &d->boundaries[d->boundary_count++];
	boundary->seq = store_head(d->story.store, d->story.site->store_id).seq +
	                d->story.plan.entry_count;
	fingerprint(d->story.site, boundary->state);
	pthread_mutex_lock(&d->cutter.lock);
	d->cutter.after_first_turn = true;
	pthread_mutex_unlock(&d->cutter.lock);
	commit(&d->story);
	struct ledger_head head = store_head(d->story.store, d->story.site->store_id);
	assert_int_equal(head.seq, boundary->seq);
	pthread_mutex_lock(&d->cutter.lock);
	d->cutter.confirmed = head;
	pthread_mutex_unlock(&d->cutter.lock);
}

/* In memory where that can be: the disk below is played anyway. */
static void make_folder(const char *name, char out[64])
{
	snprintf(out, 64, "/dev/shm/tocsin-%s-XXXXXX", name);
	if (mkdtemp(out))
		return;
	snprintf(out, 64, "/tmp/tocsin-%s-XXXXXX", name);
	assert_non_null(mkdtemp(out));
}

static void begin(struct dark *d)
{
	struct story *s = &d->story;
	*d = (struct dark){.dice = options.seed,
	                   .cutter = {.dice = options.seed + 1,
	                              .every = (uint64_t)options.turns * 15 / options.cuts + 1}};
	pthread_mutex_init(&d->cutter.lock, NULL);
	make_folder("power", s->folder);
	make_folder("found", d->cutter.folder);
	snprintf(s->path, sizeof s->path, "%s/tocsin.db", s->folder);
	s->def = school("binjiang");
	s->now = (struct moment){.wall = 1795305600000, .steady = 5000};
	d->cutter.store = s->path;
	powerloss_begin(s->folder);
	powerloss_watch(maybe_cut, &d->cutter);
}

static void finish(struct dark *d)
{
	powerloss_watch(NULL, NULL);
	powerloss_end();
	site_def_destroy(d->story.def);
	free(d->boundaries);
	nftw(d->story.folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	nftw(d->cutter.folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	pthread_mutex_destroy(&d->cutter.lock);
}

static void test_no_cut_takes_what_was_confirmed(void **state)
{
	(void)state;
	struct dark d;
	begin(&d);
	must_open(&d.story);
	examine_all(&d);
	for (uint32_t i = 0; i < options.turns; i++) {
		turn(&d);
		examine_all(&d);
		if (i % 200 == 199) { /* closing moves the log into the file */
			close_all(&d.story);
			must_open(&d.story);
			examine_all(&d);
		}
	}
	close_all(&d.story);
	examine_all(&d);
	print_message(
	        "power cut %u times at %llu steps (%u nothing unsynced left, %u torn, %u "
	        "some of it, %u whole), %u found a turn that was not confirmed yet, %u steps of "
	        "checkpoints, %llu rows at the end, seed %llu\n",
	        d.cuts, (unsigned long long)powerloss_steps(), d.of_kind[SURVIVES_NOTHING],
	        d.of_kind[SURVIVES_TORN], d.of_kind[SURVIVES_SOME], d.of_kind[SURVIVES_WHOLE],
	        d.ahead, d.cutter.in_checkpoints, (unsigned long long)d.cutter.confirmed.seq,
	        (unsigned long long)options.seed);
	/* A run without cuts proves nothing. */
	assert_true(d.cuts >= options.cuts / 4);
	for (int i = 0; i < SURVIVAL_COUNT; i++)
		assert_true(d.of_kind[i] > 0);
	assert_true(d.cutter.in_checkpoints > 0);
	assert_true(d.ahead > 0);
	finish(&d);
}

/* The proof itself: a store that does not sync is found out. */
static void test_a_store_that_does_not_sync_is_found_out(void **state)
{
	(void)state;
	struct dark d;
	begin(&d);
	powerloss_watch(NULL, NULL);
	must_open(&d.story);
	sqlite3 *db;
	assert_int_equal(sqlite3_open(d.story.path, &db), SQLITE_OK);
	char image[128];
	snprintf(image, sizeof image, "%s/late.db", d.cutter.folder);
	assert_int_equal(
	        sqlite3_exec(db, "PRAGMA synchronous = OFF; CREATE TABLE t (a)", NULL, NULL, NULL),
	        SQLITE_OK);
	sqlite3_exec(db, "INSERT INTO t VALUES (1)", NULL, NULL, NULL);
	assert_int_equal(powerloss_cut(d.story.path, image, 1, SURVIVES_NOTHING), 0);
	assert_string_equal(
	        foreign_sql(image, "SELECT count(*) FROM sqlite_schema WHERE name = 't'"), "0");
	sqlite3_close(db);
	close_all(&d.story);
	finish(&d);
}

int main(int argc, char **argv)
{
	if (argc > 1)
		options.turns = (uint32_t)strtoul(argv[1], NULL, 10);
	if (argc > 2)
		options.cuts = (uint32_t)strtoul(argv[2], NULL, 10);
	if (argc > 3)
		options.seed = strtoull(argv[3], NULL, 10);
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_no_cut_takes_what_was_confirmed),
	        cmocka_unit_test(test_a_store_that_does_not_sync_is_found_out),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
