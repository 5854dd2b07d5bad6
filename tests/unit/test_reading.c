/* floors: review store decide */
/* How the record is read while the loop goes on: what runs from memory, what is long beside it. */
#include "review/report.h"
#include "visitor.h"

#define PANIC "/api/v1/incidents/binjiang-2026-000001"
#define PRESSES 3000
#define REPORTS 50

/* ---- a house whose only other thread can be kept from its work ---- */

struct gate {
	uv_work_t work;
	uv_sem_t opens;
	bool reached;
};

static void on_gate(uv_work_t *work)
{
	uv_sem_wait(&((struct gate *)work->data)->opens);
}

static void on_gate_passed(uv_work_t *work, int status)
{
	assert_int_equal(status, 0);
	((struct gate *)work->data)->reached = true;
}

static void close_gate(struct visits *v, struct gate *gate)
{
	gate->reached = false;
	gate->work.data = gate;
	assert_int_equal(uv_sem_init(&gate->opens, 0), 0);
	assert_int_equal(uv_queue_work(&v->loop, &gate->work, on_gate, on_gate_passed), 0);
}

static void open_gate(struct visits *v, struct gate *gate)
{
	uv_sem_post(&gate->opens);
	while (!gate->reached)
		uv_run(&v->loop, UV_RUN_ONCE);
	uv_sem_destroy(&gate->opens);
}

static int begin(void **state)
{
	struct visits *v = NEW(struct visits);
	visit_begin(v);
	*state = v;
	return 0;
}

static int end(void **state)
{
	visit_end(*state);
	free(*state);
	return 0;
}

static void say(struct visits *v, const char *device, enum kind kind)
{
	struct problem why = {""};
	const struct event event = {.type = EVENT_SIGNAL,
	                            .signal = {.device = device, .kind = kind, .active = true}};
	assert_int_equal(site_apply(v->site, &event, v->now, &v->plan, &why), 0);
}

/* Someone presses and presses; all of it is one turn. */
static void press_often(struct visits *v)
{
	for (int i = 0; i < PRESSES; i++) {
		say(v, "sos-gate", KIND_PANIC);
		v->now.wall++;
		v->now.steady++;
	}
	commit_turn(v);
	finish_turn(v);
}

static int count(const char *in, const char *what)
{
	int n = 0;
	for (; (in = strstr(in, what)); in++)
		n++;
	return n;
}

static void a_long_story_is_read_beside_the_loop(void **state)
{
	struct visits *v = *state;
	struct gate gate;
	struct caller c;
	press_often(v);
	close_gate(v, &gate);
	call_up(v, &c);
	say_request(&c, "GET", PANIC, "viewer", NULL, NULL);
	for (int i = 0; i < 20; i++)
		expect(200, get(v, "/api/v1/zones", "viewer"), "\"id\":\"dorm\"");
	assert_string_equal(text_get(&c.got), "");
	/* Somebody takes it meanwhile: who has asked hears how it stood. */
	expect(200, post(v, PANIC "/ack", "operator", "{\"by\":\"li\"}"), "\"owner\":\"li\"");
	open_gate(v, &gate);
	wait_for(&c, NULL);
	expect(200, c.got.at, "\"owner\":null");
	assert_int_equal(count(c.got.at, "\"type\":\"signal\""), PRESSES);
	hang_up(&c);
}

static void who_comes_when_many_read_comes_again(void **state)
{
	enum { MANY = 18 };
	struct visits *v = *state;
	struct gate gate;
	static struct caller callers[MANY];
	int answered = 0, refused = 0;
	press_often(v);
	close_gate(v, &gate);
	for (int i = 0; i < MANY; i++) {
		call_up(v, &callers[i]);
		say_request(&callers[i], "GET", PANIC, "viewer", NULL, NULL);
	}
	while (!refused) {
		uv_run(&v->loop, UV_RUN_ONCE);
		for (int i = 0; i < MANY; i++)
			refused += callers[i].ended;
	}
	open_gate(v, &gate);
	for (int i = 0; i < MANY; i++) {
		wait_for(&callers[i], NULL);
		bool good = strncmp(callers[i].got.at, "HTTP/1.1 200 ", 13) == 0;
		answered += good;
		if (!good)
			expect(503, callers[i].got.at, "Retry-After: 5");
		hang_up(&callers[i]);
	}
	assert_int_equal(answered, MANY - 1); /* one is read and sixteen wait */
	assert_int_equal(refused, 1);
}

static void what_a_reading_uses_stays_until_it_is_done(void **state)
{
	struct visits *v = *state;
	struct gate gate;
	struct caller before, after;
	press_often(v);
	close_gate(v, &gate);
	call_up(v, &before);
	say_request(&before, "GET", PANIC "/report", "viewer", NULL, NULL);
	expect(200, get(v, "/healthz", NULL), NULL);
	assert_false(http_holds_older(v->server));
	http_reload(v->server, &v->options);
	assert_true(http_holds_older(v->server));
	call_up(v, &after);
	say_request(&after, "GET", PANIC "/report", "viewer", NULL, NULL);
	open_gate(v, &gate);
	wait_for(&before, NULL);
	expect(200, before.got.at, "sos-gate");
	assert_false(http_holds_older(v->server));
	wait_for(&after, NULL);
	hang_up(&before);
	hang_up(&after);
}

/* Nothing of it is answered: the server ends at once. */
static void the_end_waits_for_no_reading(void **state)
{
	struct visits *v = *state;
	struct gate gate;
	struct caller c;
	press_often(v);
	close_gate(v, &gate);
	call_up(v, &c);
	say_request(&c, "GET", PANIC, "viewer", NULL, NULL);
	expect(200, get(v, "/healthz", NULL), NULL);
	http_close(v->server);
	v->server = NULL;
	open_gate(v, &gate);
	uv_run(&v->loop, UV_RUN_DEFAULT);
	wait_for(&c, NULL);
	assert_string_equal(text_get(&c.got), "");
	hang_up(&c);
	serve(v);
}

static bool count_row(void *ctx, const struct ledger_row *row)
{
	(void)row;
	++*(uint64_t *)ctx;
	return true;
}

static void a_reading_ends_early_where_it_is_told_to(void **state)
{
	struct visits *v = *state;
	const struct ledger_filter all = {0};
	struct store *beside = NULL;
	struct problem why = {""};
	atomic_bool stop = false;
	uint64_t rows = 0, beside_rows = 0;
	press_often(v);
	store_look_begin(v->store, 0);
	(void)!store_log(v->store, &all, count_row, &rows);
	assert_false(store_look_end(v->store));
	assert_true(rows < PRESSES);
	rows = 0;
	store_look_begin(v->store, SECONDS(60) * 1000000);
	assert_int_equal(store_log(v->store, &all, count_row, &rows), 0);
	assert_true(store_look_end(v->store));

	assert_int_equal(store_open(store_path(v->store), STORE_BESIDE, &beside, &why), 0);
	store_read_until(beside, &stop);
	assert_int_equal(store_log(beside, &all, count_row, &beside_rows), 0);
	assert_true(beside_rows == rows);
	atomic_store(&stop, true);
	assert_true(store_log(beside, &all, count_row, &beside_rows) < 0);
	store_close(beside);
}

/* Every other one is a leak. */
static void report_and_resolve_often(struct visits *v)
{
	struct problem why = {""};
	char id[INCIDENT_ID_MAX];
	for (int i = 1; i <= REPORTS; i++) {
		snprintf(id, sizeof id, "binjiang-2026-%06d", i);
		struct event event = {.type = EVENT_OPERATION,
		                      .operation = {.type = OPERATION_REPORT,
		                                    .by = "li",
		                                    .zone = "dorm",
		                                    .kind = INCIDENT_WATER,
		                                    .severity = SEVERITY_NONE,
		                                    .note = i % 2 ? "a lamp" : "a leak"}};
		assert_int_equal(site_apply(v->site, &event, v->now, &v->plan, &why), 0);
		event.operation = (struct operation){.type = OPERATION_RESOLVE,
		                                     .by = "li",
		                                     .incident = id,
		                                     .outcome = OUTCOME_REAL,
		                                     .kind = INCIDENT_KIND_NONE,
		                                     .severity = SEVERITY_NONE};
		assert_int_equal(site_apply(v->site, &event, v->now, &v->plan, &why), 0);
		v->now.wall++;
		v->now.steady++;
	}
	commit_turn(v);
	finish_turn(v);
}

/* On the loop it may take so long, wherever it is by then; later it begins anew. */
static void a_search_that_is_cut_off_finds_as_much(void **state)
{
	struct visits *v = *state;
	struct site_def *sites[] = {v->def};
	const struct report_request request = {
	        .store = v->store, .sites = sites, .site_count = 1, .now = v->now.wall};
	struct report_period period = {
	        .name = "day", .site = v->def->id, .search = {.words = "leak"}};
	struct text out = {0};
	struct problem why = {""};
	uint32_t cut = 0;
	report_and_resolve_often(v);
	period.since = v->now.wall - HOURS(1);
	period.until = v->now.wall + 1;
	for (int64_t ns = 0;; ns += 25000) {
		store_look_begin(v->store, ns);
		int r = report_period(&request, &period, REPORT_JSON, &out, &why);
		if (store_look_end(v->store) && r == 0)
			break;
		text_reset(&out);
		cut++;
	}
	assert_true(cut > 10);
	assert_int_equal(count(text_get(&out), "\"note\":\"a leak\""), REPORTS / 2);
	assert_int_equal(count(text_get(&out), "\"note\":\"a lamp\""), 0);
	text_finish(&out);
}

/* ---- what runs is in memory ---- */

/* The disk fails: it is decided, and not written. */
static void happen_in_memory(struct visits *v, const char *device, enum kind kind)
{
	say(v, device, kind);
	v->now.wall += 1000;
	v->now.steady += 1000;
}

static void an_alarm_that_is_not_written_yet_is_shown(void **state)
{
	struct visits *v = *state;
	happen(v, "smoke-301", KIND_SMOKE);
	happen_in_memory(v, "sos-gate", KIND_PANIC);
	expect(200, get(v, "/api/v1/incidents?state=open", "viewer"), "-000002\"");
	assert_int_equal(count(v->got.at, "\"id\":\"binjiang-2026-"), 2);
	assert_true(strstr(v->got.at, "-000002\"") < strstr(v->got.at, "-000001\""));
	expect(200, get(v, "/api/v1/incidents/binjiang-2026-000002", "viewer"),
	       "\"kind\":\"panic\"");
	assert_non_null(strstr(v->got.at, "\"next\":{\"what\":\"step\""));
	assert_non_null(strstr(v->got.at, "\"timeline\":[]"));
	expect(200, get(v, "/api/v1/incidents?limit=1&after=binjiang-2026-000002", "viewer"),
	       "\"id\":\"binjiang-2026-000001\"");
	/* What is over in memory is in no list of what is open, though the store says so. */
	struct problem why = {""};
	const struct event resolve = {.type = EVENT_OPERATION,
	                              .operation = {.type = OPERATION_RESOLVE,
	                                            .incident = "binjiang-2026-000001",
	                                            .by = "li",
	                                            .outcome = OUTCOME_REAL,
	                                            .kind = INCIDENT_KIND_NONE,
	                                            .severity = SEVERITY_NONE}};
	assert_int_equal(site_apply(v->site, &resolve, v->now, &v->plan, &why), 0);
	expect(200, get(v, "/api/v1/incidents?state=open,acknowledged", "viewer"), "-000002\"");
	assert_int_equal(count(v->got.at, "\"id\":\"binjiang-2026-"), 1);
	expect(200, get(v, "/api/v1/incidents?state=resolved", "viewer"), "-000001\"");
	commit_turn(v);
	finish_turn(v);
}

static void what_stands_in_memory_is_shown(void **state)
{
	struct visits *v = *state;
	struct problem why = {""};
	const struct event drill = {.type = EVENT_OPERATION,
	                            .operation = {.type = OPERATION_DRILL,
	                                          .by = "sun",
	                                          .zone = "dorm",
	                                          .span = MINUTES(5),
	                                          .kind = INCIDENT_KIND_NONE,
	                                          .severity = SEVERITY_NONE}};
	assert_int_equal(site_apply(v->site, &drill, v->now, &v->plan, &why), 0);
	expect(200, get(v, "/api/v1/drills", "viewer"), "\"zone\":\"dorm\"");
	commit_turn(v);
	finish_turn(v);
	expect(200, get(v, "/api/v1/drills", "viewer"), "\"zone\":\"dorm\"");
	expect(200, get(v, "/api/v1/drills?all=true", "viewer"), "\"zone\":\"dorm\"");
}

static void resolve(struct visits *v, const char *id)
{
	char path[96];
	snprintf(path, sizeof path, "/api/v1/incidents/%s/resolve", id);
	expect(200, post(v, path, "operator", "{\"by\":\"li\",\"outcome\":\"test\"}"), NULL);
}

/* Those that run and those that are over stand in one list, each once, whatever page it is on. */
static void pages_join_what_runs_and_what_is_over(void **state)
{
	struct visits *v = *state;
	static const char *const queries[] = {"", "&kind=panic", "&state=resolved,open",
	                                      "&state=open,acknowledged", "&site=binjiang"};
	static const enum kind kinds[] = {KIND_SMOKE, KIND_WATER, KIND_GAS, KIND_TAMPER};
	struct text whole = {0}, paged = {0};
	for (int i = 0; i < 4; i++) {
		char first[64], second[64];
		snprintf(first, sizeof first, "binjiang-2026-%06d", 2 * i + 1);
		snprintf(second, sizeof second, "binjiang-2026-%06d", 2 * i + 2);
		say(v, "sos-gate", KIND_PANIC); /* both in one millisecond */
		say(v, "smoke-301", kinds[i]);
		commit_turn(v);
		finish_turn(v);
		if (i < 3)
			resolve(v, first);
		if (i < 2)
			resolve(v, second);
	}
	for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
		char path[192], next[64] = "";
		text_reset(&whole);
		text_reset(&paged);
		snprintf(path, sizeof path, "/api/v1/incidents?limit=1000%s", queries[i]);
		expect(200, get(v, path, "viewer"), "\"next\":null");
		for (const char *at = v->got.at; (at = strstr(at, "{\"id\":\"binjiang")); at++)
			text_add_len(&whole, at + 7, 20);
		do {
			snprintf(path, sizeof path, "/api/v1/incidents?limit=1%s%s%s", queries[i],
			         *next ? "&after=" : "", next);
			expect(200, get(v, path, "viewer"), NULL);
			const char *at = strstr(v->got.at, "{\"id\":\"binjiang");
			if (at)
				text_add_len(&paged, at + 7, 20);
			at = strstr(v->got.at, "\"next\":\"b");
			snprintf(next, sizeof next, "%.*s", at ? 20 : 0, at ? at + 8 : "");
		} while (*next && paged.len < 1000);
		assert_string_equal(text_get(&paged), text_get(&whole));
	}
	text_finish(&whole);
	text_finish(&paged);
}

int main(void)
{
	setenv("UV_THREADPOOL_SIZE", "1", 1); /* a gate keeps all of them */
#define VISIT(test) cmocka_unit_test_setup_teardown(test, begin, end)
	const struct CMUnitTest tests[] = {
	        VISIT(a_long_story_is_read_beside_the_loop),
	        VISIT(who_comes_when_many_read_comes_again),
	        VISIT(what_a_reading_uses_stays_until_it_is_done),
	        VISIT(the_end_waits_for_no_reading),
	        VISIT(a_reading_ends_early_where_it_is_told_to),
	        VISIT(a_search_that_is_cut_off_finds_as_much),
	        VISIT(an_alarm_that_is_not_written_yet_is_shown),
	        VISIT(what_stands_in_memory_is_shown),
	        VISIT(pages_join_what_runs_and_what_is_over),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
