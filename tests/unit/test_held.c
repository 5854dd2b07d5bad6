/* floors: review store decide */
/* People act while the disk fails: it counts, once, and they are told that it is not written yet.
 */
#include "visitor.h"

#define FIRE "/api/v1/incidents/binjiang-2026-000001"
#define KEY(key) "Content-Type: application/json\r\nIdempotency-Key: " key "\r\n"
#define NOTE "{\"note\":\"on the stairs\"}"

static int begin(void **state)
{
	struct visits *v = NEW(struct visits);
	visit_begin(v);
	happen(v, "smoke-301", KIND_SMOKE);
	v->disk_fails = true;
	*state = v;
	return 0;
}

static int end(void **state)
{
	visit_end(*state);
	free(*state);
	return 0;
}

static void under_a_key_it_is_done_once(void **state)
{
	struct visits *v = *state;
	for (int i = 0; i < 3; i++) {
		expect(503, ask(v, "POST", FIRE "/note", "operator", KEY("k-1"), NOTE),
		       "taken and counts");
		assert_non_null(strstr(v->got.at, "Retry-After: 5"));
		assert_non_null(strstr(v->got.at, "the disk is full"));
	}
	assert_int_equal(v->submitted, 1);
	the_disk_is_back(v);
	expect(200, ask(v, "POST", FIRE "/note", "operator", KEY("k-1"), NOTE),
	       "Idempotency-Replayed: true");
	assert_non_null(strstr(v->got.at, "\"id\":\"binjiang-2026-000001\""));
	stop_serving(v);
	serve(v);
	expect(200, ask(v, "POST", FIRE "/note", "operator", KEY("k-1"), NOTE),
	       "Idempotency-Replayed: true");
	assert_int_equal(v->submitted, 1);
}

static void what_was_made_is_told_later(void **state)
{
	static const char report[] = "{\"zone\":\"gate\",\"kind\":\"water\",\"by\":\"li\"}";
	static const char silence[] = "{\"device\":\"fence-west\",\"for\":\"1h\",\"by\":\"li\","
	                              "\"note\":\"repaired\"}";
	struct visits *v = *state;
	expect(503, ask(v, "POST", "/api/v1/incidents", "operator", KEY("k-1"), report), NULL);
	expect(503, ask(v, "POST", "/api/v1/silences", "admin", KEY("k-2"), silence), NULL);
	the_disk_is_back(v);
	expect(201, ask(v, "POST", "/api/v1/incidents", "operator", KEY("k-1"), report),
	       "Location: /api/v1/incidents/binjiang-2026-000002\r\n");
	expect(200, ask(v, "POST", "/api/v1/silences", "admin", KEY("k-2"), silence),
	       "\"device\":\"fence-west\"");
	assert_int_equal(v->submitted, 2);
}

static void without_a_key_nobody_is_asked_to_repeat_it(void **state)
{
	struct visits *v = *state;
	expect(503, post(v, FIRE "/ack", "operator", "{\"by\":\"li\"}"), "do not repeat it");
	assert_null(strstr(v->got.at, "Retry-After"));
	expect(200, get(v, FIRE, "viewer"), "\"owner\":\"li\"");
	the_disk_is_back(v);
	expect(200, get(v, FIRE, "viewer"), "\"owner\":\"li\"");
}

/* There is nothing in it to be written. */
static void what_is_refused_is_refused(void **state)
{
	struct visits *v = *state;
	expect(400, post(v, FIRE "/ack", "operator", "{\"by\":\"nobody\"}"), "nobody");
	expect(503, post(v, FIRE "/resolve", "operator", "{\"by\":\"li\",\"outcome\":\"real\"}"),
	       NULL);
	expect(409, post(v, FIRE "/ack", "operator", "{\"by\":\"li\"}"), "already resolved");
	the_disk_is_back(v);
}

static void link_to(struct visits *v, uint64_t notification, struct text *path)
{
	text_reset(path);
	text_add(path, "/a/");
	link_write_token(path, v->service.link_key,
	                 &(struct link){.site = v->site->store_id,
	                                .notification = notification,
	                                .expires = v->now.wall + LINK_VALID});
}

static void the_link_of_an_alarm_in_memory_works(void **state)
{
	struct visits *v = *state;
	struct problem why = {""};
	struct text path = {0};
	const struct event press = {
	        .type = EVENT_SIGNAL,
	        .signal = {.device = "sos-gate", .kind = KIND_PANIC, .active = true}};
	assert_int_equal(site_apply(v->site, &press, v->now, &v->plan, &why), 0);
	uint64_t told = v->site->notifications[v->site->notification_count - 1]->number;
	link_to(v, told, &path);
	expect(200, get(v, text_get(&path), NULL), "I take charge");
	expect(503, ask(v, "POST", text_get(&path), NULL, NULL, ""), "This counts, ");
	expect(200, get(v, text_get(&path), NULL), "You have taken charge");
	the_disk_is_back(v);
	expect(200, ask(v, "POST", text_get(&path), NULL, NULL, ""), "You have taken charge");
	/* Pushed by a life that ended before it could write: not ours to call a forgery. */
	link_to(v, told + 1000, &path);
	expect(404, get(v, text_get(&path), NULL), "not in the record");
	text_finish(&path);
}

int main(void)
{
#define HELD(test) cmocka_unit_test_setup_teardown(test, begin, end)
	const struct CMUnitTest tests[] = {
	        HELD(under_a_key_it_is_done_once),
	        HELD(what_was_made_is_told_later),
	        HELD(without_a_key_nobody_is_asked_to_repeat_it),
	        HELD(what_is_refused_is_refused),
	        HELD(the_link_of_an_alarm_in_memory_works),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
