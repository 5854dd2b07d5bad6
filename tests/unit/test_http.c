/* floors: review store decide */
/* The API and the event stream, seen from a socket. */
#include <sys/resource.h>

#include "visitor.h"

#define FIRE "binjiang-2026-000001"
#define INCIDENT "/api/v1/incidents/" FIRE

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

static void health_and_readiness(void **state)
{
	struct visits *v = *state;
	expect(200, get(v, "/healthz", NULL), "\r\n\r\nok");
	expect(200, get(v, "/readyz", NULL), "\"ready\":true");
	v->not_ready = true;
	expect(503, get(v, "/readyz", NULL), "no connection to the broker");
	expect(200, get(v, "/metrics", NULL), "tocsin_test 1\n");
	expect(200, ask(v, "HEAD", "/healthz", NULL, NULL, NULL), NULL);
	assert_null(strstr(v->got.at, "\r\n\r\nok"));
	/* Of what would have no end there is a head, and it opens no stream. */
	expect(200, ask(v, "HEAD", "/api/v1/stream", "viewer", NULL, NULL), "text/event-stream");
	assert_string_equal(strstr(v->got.at, "\r\n\r\n"), "\r\n\r\n");
	expect(200, get(v, "/api/v1/status", "viewer"), "\"streams\":0");
}

static void who_may_call(void **state)
{
	struct visits *v = *state;
	happen(v, "smoke-301", KIND_SMOKE);
	expect(401, get(v, "/api/v1/incidents", NULL), "WWW-Authenticate: Bearer");
	expect(401, get(v, "/api/v1/incidents", "vieweR"), "application/problem+json");
	expect(401, get(v, "/api/v1/nothing", NULL), NULL);
	expect(200, get(v, "/api/v1/incidents", "viewer"), FIRE);
	expect(403, post(v, INCIDENT "/ack", "viewer", "{\"by\":\"li\"}"), "needed: operator");
	expect(403, post(v, "/api/v1/test", "operator", "{\"to\":\"person:li\"}"), "needed: admin");
	assert_int_equal(v->submitted, 0);
}

static void guessing_tokens_is_braked(void **state)
{
	struct visits *v = *state;
	expect(200, get(v, "/api/v1/status", "operator"), NULL);
	for (int i = 0; i < 20; i++)
		expect(401, get(v, "/api/v1/status", "guess"), NULL);
	expect(429, get(v, "/api/v1/status", "guess"), "Retry-After: ");
	/* Nobody is locked out by who guesses behind the same address: neither who was at work, nor
	 * who comes now, nor after a reload. */
	expect(200, get(v, "/api/v1/status", "operator"), NULL);
	expect(200, get(v, "/api/v1/status", "admin"), NULL);
	http_reload(v->server, &v->options);
	expect(429, get(v, "/api/v1/status", "guess"), NULL);
	expect(200, get(v, "/api/v1/status", "viewer"), NULL);
}

static void what_is_not_there(void **state)
{
	struct visits *v = *state;
	expect(404, get(v, "/nothing", NULL), "there is nothing at /nothing");
	expect(404, get(v, "/api/v1/nothing", "admin"), NULL);
	expect(405, post(v, "/healthz", NULL, "{}"), "Allow: GET, HEAD\r\n");
	expect(405, ask(v, "DELETE", "/api/v1/incidents", "admin", NULL, NULL),
	       "Allow: GET, HEAD, POST\r\n");
	expect(404, get(v, "/api/v1/incidents/nothing", "viewer"), "no incident 'nothing'");
	expect(404, post(v, "/api/v1/incidents/nothing/ack", "admin", "{\"by\":\"li\"}"), NULL);
	expect(404, post(v, "/api/v1/devices/nothing/walk-test", "admin", ""), "no device");
	expect(404, post(v, "/api/v1/zones/nothing/arm", "admin", "{\"by\":\"li\"}"), "no zone");
	expect(404, post(v, "/api/v1/zones/nothing/disarm", "admin", "{\"by\":\"li\"}"), "no zone");
	expect(400, ask(v, "DELETE", "/api/v1/duty/overrides/none", "admin", NULL, NULL),
	       "'by' is missing");
	/* A proxy may ask for the whole address. */
	expect(200, get(v, "http://tocsin.example/healthz", NULL), NULL);
	expect(401, get(v, "https://tocsin.example:8080/api/v1/incidents", NULL), NULL);
	expect(200, get(v, "HTTP://tocsin.example", NULL), "<!doctype html>");
}

static void wrong_parameters_say_what_is_allowed(void **state)
{
	struct visits *v = *state;
	static const struct {
		const char *query, *detail;
	} cases[] = {
	        {"incidents?colour=red",
	         "allowed: state, site, kind, zone, severity, outcome, drill, "
	         "words, since, until, limit, after"},
	        {"incidents?state=closed", "allowed: open, acknowledged, resolved"},
	        {"incidents?kind=smoke", "allowed: fire, gas"},
	        {"incidents?site=elsewhere", "allowed: binjiang"},
	        {"incidents?limit=0", "from 1 to 1000"},
	        {"incidents?limit=1e3", "from 1 to 1000"},
	        {"incidents?limit=5&limit=6", "given twice"},
	        {"incidents?since=yesterday", "how long ago"},
	        {"incidents?since=%ff", "UTF-8"},
	        {"incidents?since=1h%00", "UTF-8"},
	        {"incidents%00", "UTF-8"},
	        {"incidents/" FIRE "%00x", "UTF-8"},
	        {"status?x", "allowed: none"},
	        {"who?kind=snow&zone=dorm", "allowed: smoke"},
	        {"who?kind=smoke&zone=moon", "no zone 'moon'"},
	        {"who?kind=smoke", "'zone' is needed"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char path[128];
		snprintf(path, sizeof path, "/api/v1/%s", cases[i].query);
		expect(400, get(v, path, "viewer"), cases[i].detail);
	}
}

static void incidents_are_listed_and_paged(void **state)
{
	struct visits *v = *state;
	happen(v, "smoke-301", KIND_SMOKE);
	happen(v, "sos-gate", KIND_PANIC);
	expect(200, get(v, "/api/v1/incidents", "viewer"), "\"next\":null");
	assert_true(strstr(v->got.at, "-000002") < strstr(v->got.at, "-000001"));
	expect(200, get(v, "/api/v1/incidents?limit=1", "viewer"),
	       "\"next\":\"binjiang-2026-000002\"");
	expect(200, get(v, "/api/v1/incidents?limit=1&after=binjiang-2026-000002", "viewer"), FIRE);
	expect(200, get(v, "/api/v1/incidents?kind=panic&state=open,acknowledged", "viewer"),
	       "\"kind\":\"panic\"");
	assert_null(strstr(v->got.at, "\"kind\":\"fire\""));
	expect(200, get(v, "/api/v1/incidents?state=resolved", "viewer"), "\"items\":[]");
	/* A plus that nobody escaped is still an offset. */
	expect(200, get(v, "/api/v1/incidents?since=2026-11-22T09:00:00+08:00", "viewer"),
	       "\"items\":[]");
	expect(200, get(v, INCIDENT, "viewer"), "\"timeline\":[{\"seq\":");
	assert_non_null(strstr(v->got.at, "\"notifications\":[{"));
	assert_non_null(strstr(v->got.at, "\"type\":\"incident.opened\""));
}

/* By what is known of it, whether it runs still or is over, and by what people noted. */
static void incidents_are_found_by_words(void **state)
{
	struct visits *v = *state;
	happen(v, "smoke-301", KIND_SMOKE);
	happen(v, "sos-gate", KIND_PANIC);
	expect(200,
	       post(v, INCIDENT "/note", "operator",
	            "{\"by\":\"li\",\"note\":\"Steam of a KETTLE\"}"),
	       NULL);
	static const char *const found[] = {"words=kettle", "words=smoke-301%20FIRE",
	                                    "words=%E7%81%AB%E8%AD%A6", /* 火警 */
	                                    "zone=dorm&severity=major&drill=false"};
	for (int over = 0; over < 2; over++) {
		for (size_t i = 0; i < sizeof found / sizeof *found; i++) {
			char path[128];
			snprintf(path, sizeof path, "/api/v1/incidents?%s", found[i]);
			expect(200, get(v, path, "viewer"), FIRE);
			assert_null(strstr(v->got.at, "-000002"));
		}
		expect(200, get(v, "/api/v1/incidents?words=kettle%20panic", "viewer"),
		       "\"items\":[],\"next\":null");
		expect(200, get(v, "/api/v1/incidents?drill=true", "viewer"), "\"items\":[]");
		if (!over)
			expect(200,
			       post(v, INCIDENT "/resolve", "admin",
			            "{\"by\":\"sun\",\"outcome\":\"false_alarm\"}"),
			       NULL);
	}
	expect(200, get(v, "/api/v1/incidents?outcome=false_alarm", "viewer"), FIRE);
	expect(200, get(v, "/api/v1/incidents?words=sun", "viewer"), FIRE);
	expect(400, get(v, "/api/v1/incidents?outcome=good", "viewer"), "allowed: real");
	expect(400, get(v, "/api/v1/incidents?drill=maybe", "viewer"), "true and false");
}

/* In words for who names a language. */
static void a_timeline_is_told_in_words(void **state)
{
	struct visits *v = *state;
	happen(v, "smoke-301", KIND_SMOKE);
	expect(200, get(v, INCIDENT, "viewer"), "\"timeline\"");
	assert_null(strstr(v->got.at, "\"tells\""));
	expect(200, get(v, INCIDENT "?lang=zh-CN", "viewer"), "烟雾，报警");
	expect(200, get(v, INCIDENT "?lang=en", "viewer"), "smoke, active\",\"tone\":\"strong\"");
	expect(400, get(v, INCIDENT "?lang=fr", "viewer"), "allowed: zh-CN, en");
}

static void an_answer_waits_for_its_commit(void **state)
{
	struct visits *v = *state;
	struct caller c;
	happen(v, "smoke-301", KIND_SMOKE);
	v->hold = true;
	call_up(v, &c);
	say_request(&c, "POST", INCIDENT "/ack", "operator", NULL,
	            "{\"by\":\"li\",\"note\":\"on my way\"}");
	wait_for_submitted(v, 1);
	for (int i = 0; i < 10; i++)
		uv_run(&v->loop, UV_RUN_NOWAIT);
	assert_string_equal(text_get(&c.got), "");
	assert_string_equal(v->waiting[0].operation.by, "li");
	assert_string_equal(v->waiting[0].operation.via, "api");
	commit_waiting(v);
	wait_for(&c, NULL);
	expect(200, c.got.at, "\"state\":\"acknowledged\",\"owner\":\"li\"");
	hang_up(&c);
}

static void repeating_is_harmless_and_resolved_is_resolved(void **state)
{
	struct visits *v = *state;
	static const char resolve[] =
	        "{\"by\":\"li\",\"outcome\":\"false_alarm\",\"note\":\"toast\"}";
	happen(v, "smoke-301", KIND_SMOKE);
	expect(200, post(v, INCIDENT "/ack", "operator", "{\"by\":\"li\"}"), "acknowledged");
	expect(200, post(v, INCIDENT "/ack", "operator", "{\"by\":\"li\"}"), "acknowledged");
	expect(200, post(v, INCIDENT "/note", "operator", "{\"by\":\"li\",\"note\":\"n\"}"), NULL);
	expect(200, post(v, INCIDENT "/assign", "operator", "{\"to\":\"zhao\"}"),
	       "\"owner\":\"zhao\"");
	expect(200, post(v, INCIDENT "/resolve", "operator", resolve),
	       "\"outcome\":\"false_alarm\"");
	expect(409, post(v, INCIDENT "/resolve", "operator", resolve), "already resolved");
	expect(409, post(v, INCIDENT "/ack", "operator", "{\"by\":\"li\"}"), "already resolved");
}

static void wrong_bodies_say_what_is_wanted(void **state)
{
	struct visits *v = *state;
	happen(v, "smoke-301", KIND_SMOKE);
	static const struct {
		const char *path, *body, *detail;
	} cases[] = {
	        {INCIDENT "/ack", "", "'by' is missing"}, /* none at all says nothing */
	        {INCIDENT "/ack", "[]", "an object of by, note"},
	        {INCIDENT "/ack", "{\"by\":\"li\"", "not JSON"},
	        {INCIDENT "/ack", "{}", "'by' is missing"},
	        {INCIDENT "/ack", "{\"by\":7}", "must be a text"},
	        {INCIDENT "/ack", "{\"by\":\"\"}", "'by' is empty"},
	        {INCIDENT "/ack", "{\"by\":\"li\",\"by\":\"sun\"}", "given twice"},
	        {INCIDENT "/ack", "{\"by\":\"li\",\"who\":1}", "allowed: by, note"},
	        {INCIDENT "/ack", "{\"by\":\"nobody\"}", "no person 'nobody'"},
	        {INCIDENT "/resolve", "{\"by\":\"li\"}", "'outcome' is missing"},
	        {INCIDENT "/resolve", "{\"by\":\"li\",\"outcome\":\"fine\"}", "false_alarm"},
	        {INCIDENT "/note", "{\"by\":\"li\"}", "'note' is missing"},
	        {"/api/v1/incidents", "{\"by\":\"li\",\"zone\":\"dorm\"}", "'kind' is missing"},
	        {"/api/v1/incidents", "{\"by\":\"li\",\"zone\":\"moon\",\"kind\":\"fire\"}",
	         "no zone 'moon'"},
	        {"/api/v1/incidents", "{\"site\":\"x\"}", "unknown site 'x'"},
	        {"/api/v1/incidents", "{\"by\":\"li\",\"zone\":\"dorm\",\"kind\":\"snow\"}",
	         "other, smoke, heat"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		expect(400, post(v, cases[i].path, "operator", cases[i].body), cases[i].detail);
	expect(415,
	       ask(v, "POST", INCIDENT "/ack", "operator", "Content-Type: text/plain\r\n", "{}"),
	       "application/json");
	char *deep = malloc(2002);
	memset(deep, '[', 2001);
	deep[2001] = '\0';
	expect(400, post(v, INCIDENT "/ack", "operator", deep), "deeper");
	free(deep);
}

/* Its place and its end are asked for, a reason is not; what is no kind is named as what it is. */
static void what_a_silence_is_asked_for(void **state)
{
	struct visits *v = *state;
	static const struct {
		int status;
		const char *body, *part;
	} cases[] = {
	        {200, "{\"zone\":\"gate\",\"for\":\"1m\",\"by\":\"sun\"}", "\"note\":\"-\""},
	        {200, "{\"zone\":\"dorm\",\"for\":\"1m\",\"by\":\"sun\",\"reason\":\"paint\"}",
	         "\"note\":\"paint\""},
	        {400, "{\"zone\":\"gate\",\"for\":\"1m\"}", "'by' is missing"},
	        {400, "{\"zone\":\"gate\",\"by\":\"sun\"}", "a silence has an end"},
	        {400, "{\"for\":\"1m\",\"by\":\"sun\"}", "a device or a zone"},
	        {400, "{\"zone\":\"gate\",\"for\":\"1m\",\"by\":\"sun\",\"kinds\":[\"smoke\",5]}",
	         "a kind must be a text"},
	        {400, "{\"zone\":\"gate\",\"for\":\"1m\",\"by\":\"sun\",\"kinds\":[\"\"]}",
	         "kind: '' is none"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		expect(cases[i].status, post(v, "/api/v1/silences", "admin", cases[i].body),
		       cases[i].part);
}

static void too_much_is_refused(void **state)
{
	struct visits *v = *state;
	struct caller c;
	/* Announced: not even read. */
	expect(413, ask(v, "POST", "/api/v1/test", "admin", "Content-Length: 65537\r\n", NULL),
	       "larger than 65536");
	/* In chunks without an announcement. */
	call_up(v, &c);
	say_request(&c, "POST", "/api/v1/test", "admin", "Transfer-Encoding: chunked\r\n", NULL);
	struct text chunk = {0};
	text_add(&chunk, "11000\r\n");
	for (int i = 0; i < 0x11000; i++)
		text_add_char(&chunk, ' ');
	text_add(&chunk, "\r\n0\r\n\r\n");
	say_bytes(&c, chunk.at, chunk.len);
	wait_for(&c, NULL);
	expect(413, c.got.at, NULL);
	hang_up(&c);
	text_finish(&chunk);
	struct text path = {0};
	text_add(&path, "/api/v1/incidents?since=1h");
	for (int i = 0; i < 2000; i++)
		text_add(&path, "&a");
	expect(400, get(v, path.at, "viewer"), "unknown parameter 'a'");
	text_reset(&path);
	text_add(&path, "/api/v1/incidents?since=");
	for (int i = 0; i < 5000; i++)
		text_add_char(&path, '1');
	expect(414, get(v, path.at, "viewer"), NULL);
	for (int i = 0; i < 60000; i++)
		text_add_char(&path, '1');
	assert_non_null(strstr(get(v, path.at, "viewer"), "HTTP/1.1 4"));
	text_finish(&path);
	expect(200, get(v, "/healthz", NULL), NULL);
}

static void a_person_reports(void **state)
{
	struct visits *v = *state;
	expect(201,
	       post(v, "/api/v1/incidents", "operator",
	            "{\"zone\":\"dorm\",\"kind\":\"fire\",\"severity\":\"critical\",\"by\":\"li\","
	            "\"note\":\"smoke on the stairs\"}"),
	       "Location: /api/v1/incidents/" FIRE);
	assert_non_null(strstr(v->got.at, "\"reported_by\":\"li\""));
	expect(200, get(v, INCIDENT, "viewer"), "\"severity\":\"critical\"");
	/* In a sensor's words, too; and whoever calls for help is not told to fewer for a word. */
	static const struct {
		const char *zone, *kind, *severity, *part;
	} words[] = {
	        {"office", "smoke", "null", "\"kind\":\"fire\",\"severity\":\"major\""},
	        {"gate", "call_point", "null", "\"kind\":\"fire\",\"severity\":\"critical\""},
	        {"office", "contact", "null", "\"kind\":\"intrusion\",\"severity\":\"major\""},
	        {"dorm", "panic", "\"warning\"", "\"kind\":\"panic\",\"severity\":\"critical\""},
	        {"dorm", "gas", "\"minor\"", "\"kind\":\"gas\",\"severity\":\"critical\""},
	        {"dorm", "water", "\"warning\"", "\"kind\":\"water\",\"severity\":\"warning\""},
	};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		char body[160];
		snprintf(body, sizeof body,
		         "{\"zone\":\"%s\",\"kind\":\"%s\",\"severity\":%s,\"by\":\"li\"}",
		         words[i].zone, words[i].kind, words[i].severity);
		expect(201, post(v, "/api/v1/incidents", "operator", body), words[i].part);
	}
}

static void a_test_goes_to_one_recipient(void **state)
{
	struct visits *v = *state;
	expect(200, post(v, "/api/v1/test", "admin", "{\"to\":\"person:li\"}"), "\"queued\"");
	expect(400, post(v, "/api/v1/test", "admin", "{\"to\":\"person:nobody\"}"), NULL);
	expect(400, post(v, "/api/v1/test", "admin", "{\"to\":\"channel:police\"}"), "outside");
	expect(200, get(v, "/api/v1/deliveries", "viewer"), "\"reason\":\"test\"");
}

static void a_client_that_leaves_harms_nobody(void **state)
{
	struct visits *v = *state;
	struct caller c;
	happen(v, "smoke-301", KIND_SMOKE);
	v->hold = true;
	call_up(v, &c);
	say_request(&c, "POST", INCIDENT "/ack", "operator", NULL, "{\"by\":\"li\"}");
	wait_for_submitted(v, 1);
	hang_up(&c);
	commit_waiting(v);
	expect(200, get(v, INCIDENT, "viewer"), "\"owner\":\"li\"");
	/* The server goes while an operation is under way: its end may still be told. */
	call_up(v, &c);
	say_request(&c, "POST", INCIDENT "/note", "operator", NULL,
	            "{\"by\":\"li\",\"note\":\"x\"}");
	wait_for_submitted(v, 2);
	stop_serving(v);
	commit_waiting(v);
	hang_up(&c);
	serve(v);
}

static void the_rest_reads_well(void **state)
{
	struct visits *v = *state;
	happen(v, "smoke-301", KIND_SMOKE);
	static const struct {
		const char *path, *part;
	} cases[] = {
	        {"devices", "\"active\":[\"smoke\"]"},
	        {"devices?zone=dorm&limit=1", "\"next\":\"binjiang/smoke-301\""},
	        {"devices?zone=dorm&limit=1&after=binjiang%2fsmoke-301", "\"id\":\"smoke-302\""},
	        {"zones",
	         "{\"site\":\"binjiang\",\"id\":\"gate\",\"name\":\"Gate\",\"in\":\"campus\","
	         "\"owner\":{\"id\":\"qian\",\"name\":\"qian\"},\"armed\":true}"},
	        {"people", "{\"site\":\"binjiang\",\"id\":\"li\",\"name\":\"li\",\"contacts\":[{"
	                   "\"channel\":\"phone\",\"nth\":1,\"waiting\":false}"},
	        {"duty?at=2026-09-08T00:00:00Z", "\"people\":[{\"id\":\"li\",\"name\":\"li\"}]"},
	        {"duty?at=2026-09-15T00:00:00Z",
	         "\"people\":[{\"id\":\"zhao\",\"name\":\"zhao\"}]"},
	        {"status", "\"incidents\":{\"open\":1,\"acknowledged\":0}"},
	        {"deliveries?incident=" FIRE, "\"reason\":\"opened\""},
	        {"who?kind=smoke&zone=dorm-3f&at=2026-09-08T00:00:00Z",
	         "\"steps\":[{\"after_ms\":0,\"notify\":[\"duty:guard\",\"duty:leader\"],"
	         "\"recipients\":[{\"kind\":\"person\",\"id\":\"qian\",\"name\":\"qian\","
	         "\"contacts\":[\"phone\"],\"tries\":[{\"channel\":\"phone\",\"after_ms\":0,"
	         "\"give_up_after_ms\":10000}]},{\"kind\":\"person\",\"id\":\"li\","
	         "\"name\":\"li\",\"contacts\":[\"phone\",\"backup\"],\"tries\":["
	         "{\"channel\":\"phone\",\"after_ms\":0,\"give_up_after_ms\":10000},"
	         "{\"channel\":\"backup\",\"after_ms\":10000,\"give_up_after_ms\":2000}]}],"
	         "\"runs_after_ms\":0,\"at\":\"2026-09-08T00:00:00.000Z\",\"skipped\":false}"},
	        {"who?gaps=true&at=2026-09-08T00:00:00Z&weeks=2",
	         "\"to\":\"2026-09-22T00:00:00.000Z\",\"items\":[]"},
	        {"who?gaps=true&at=2026-08-31T00:00:00Z&weeks=1",
	         "{\"from\":\"2026-08-31T00:00:00.000Z\",\"to\":\"2026-09-01T00:00:00.000Z\","
	         "\"policy\":\"fire\",\"kinds\":[\"fire\"],\"zones\":[\"campus\",\"dorm\","
	         "\"dorm-3f\",\"gate\",\"office\"],\"step\":1,"},
	        {"who?kind=contact&zone=office&at=2026-09-08T04:00:00Z", "\"incident\":null"},
	        {"who?kind=contact&zone=office&at=2026-09-08T18:00:00Z", "\"kind\":\"intrusion\""},
	        {"who?kind=intrusion&zone=office", "\"policy\":\"other\""},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char path[128];
		snprintf(path, sizeof path, "/api/v1/%s", cases[i].path);
		const char *answer = get(v, path, "viewer");
		expect(200, answer, cases[i].part);
		const char *body = strstr(answer, "\r\n\r\n") + 4;
		struct problem why = {""};
		cJSON *json = NULL;
		if (json_parse(body, strlen(body), &json, &why) < 0)
			fail_msg("%s: %s: %s", path, why.text, body);
		cJSON_Delete(json);
	}
}

/* ---- the ledger ---- */

/* Page by page each list gives the same as all at once. */
static void every_list_is_paged(void **state)
{
	struct visits *v = *state;
	static const char *const lists[] = {"zones", "people",     "devices",
	                                    "duty",  "deliveries", "floods?all=true"};
	happen(v, "smoke-301", KIND_SMOKE);
	happen(v, "sos-gate", KIND_PANIC);
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
		char path[256], next[160] = "";
		const char join = strchr(lists[i], '?') ? '&' : '?';
		uint32_t whole = 0, paged = 0;
		snprintf(path, sizeof path, "/api/v1/%s", lists[i]);
		expect(200, get(v, path, "viewer"), "\"next\":null");
		for (const char *at = v->got.at; (at = strstr(at, "\"site\":\"")); at++)
			whole++;
		do {
			snprintf(path, sizeof path, "/api/v1/%s%climit=1%s%s", lists[i], join,
			         *next ? "&after=" : "", next);
			expect(200, get(v, path, "viewer"), "\"items\":[");
			for (const char *at = v->got.at; (at = strstr(at, "\"site\":\"")); at++)
				paged++;
			const char *at = strstr(v->got.at, "\"next\":\"");
			snprintf(next, sizeof next, "%.*s", at ? (int)strcspn(at + 8, "\"") : 0,
			         at ? at + 8 : "");
		} while (*next && paged < 1000);
		assert_int_equal(paged, whole);
		snprintf(path, sizeof path, "/api/v1/%s%cafter=nothing", lists[i], join);
		expect(400, get(v, path, "viewer"), "begin again");
	}
}

static void events_are_paged(void **state)
{
	struct visits *v = *state;
	happen(v, "smoke-301", KIND_SMOKE);
	expect(200, get(v, "/api/v1/events?limit=2", "viewer"), "\"next\":2}");
	expect(200, get(v, "/api/v1/events?after=2&limit=1", "viewer"), "{\"items\":[{\"seq\":3,");
	expect(200, get(v, "/api/v1/events?after=999999", "viewer"),
	       "{\"items\":[],\"next\":null}");
	expect(400, get(v, "/api/v1/events?after=-1", "viewer"), NULL);
}

static void a_stream_tells_what_was_committed(void **state)
{
	struct visits *v = *state;
	struct caller c;
	call_up(v, &c);
	say_request(&c, "GET", "/api/v1/stream", "viewer", NULL, NULL);
	wait_for(&c, "\n\n");
	expect(200, c.got.at, "Content-Type: text/event-stream");
	wait_for(&c, "id: ");
	assert_null(strstr(c.got.at, "data: "));
	happen(v, "smoke-301", KIND_SMOKE);
	wait_for(&c, "\"type\":\"incident.opened\"");
	happen(v, "sos-gate", KIND_PANIC);
	wait_for(&c, "\"device\":\"sos-gate\"");
	assert_null(strstr(c.got.at, "service.started"));
	hang_up(&c);
}

static void a_stream_goes_on_where_it_was_cut(void **state)
{
	struct visits *v = *state;
	struct caller c;
	happen(v, "smoke-301", KIND_SMOKE);
	happen(v, "sos-gate", KIND_PANIC);
	call_up(v, &c);
	say_request(&c, "GET", "/api/v1/stream", "viewer", "Last-Event-ID: 2\r\n", NULL);
	wait_for(&c, "\"device\":\"sos-gate\"");
	assert_int_equal(number_in(c.got.at, "data: {\"seq\":"), 3);
	hang_up(&c);
	call_up(v, &c);
	say_request(&c, "GET", "/api/v1/stream", "viewer", "Last-Event-ID: binjiang:0\r\n", NULL);
	wait_for(&c, "\"device\":\"sos-gate\"");
	assert_int_equal(number_in(c.got.at, "data: {\"seq\":"), 1);
	hang_up(&c);
	expect(400, ask(v, "GET", "/api/v1/stream", "viewer", "Last-Event-ID: x\r\n", NULL), NULL);
}

static const struct site *two_sites(void *ctx, uint32_t i)
{
	return i < 2 ? ((struct visits *)ctx)->site : NULL;
}

/* A browser never comes again to who refuses the id it was given: the one from before there was a
 * second site is the first one's. */
static void a_stream_goes_on_after_a_second_site_came(void **state)
{
	struct visits *v = *state;
	struct problem why = {""};
	struct caller c;
	happen(v, "smoke-301", KIND_SMOKE);
	stop_serving(v);
	v->service.site_at = two_sites;
	assert_int_equal(http_open(&v->loop, &v->options, &v->service, &v->server, &why), 0);
	call_up(v, &c);
	say_request(&c, "GET", "/api/v1/stream", "viewer", "Last-Event-ID: 2\r\n", NULL);
	wait_for(&c, "\nid: binjiang:3\n");
	assert_int_equal(number_in(c.got.at, "data: {\"seq\":"), 3);
	hang_up(&c);
}

/* What is read once for all that stand at one place is no other place's, and comes once. */
static void many_streams_are_told_the_same_once(void **state)
{
	struct visits *v = *state;
	struct caller first, second, late;
	call_up(v, &first);
	say_request(&first, "GET", "/api/v1/stream", "viewer", NULL, NULL);
	call_up(v, &second);
	say_request(&second, "GET", "/api/v1/stream", "viewer", NULL, NULL);
	wait_for(&first, "id: ");
	wait_for(&second, "id: ");
	happen(v, "smoke-301", KIND_SMOKE);
	wait_for(&first, "\"type\":\"notification\"");
	wait_for(&second, "\"type\":\"notification\"");
	call_up(v, &late);
	say_request(&late, "GET", "/api/v1/stream", "viewer", "Last-Event-ID: 0\r\n", NULL);
	wait_for(&late, "\"type\":\"notification\"");
	happen(v, "sos-gate", KIND_PANIC);
	struct caller *const all[] = {&first, &second, &late};
	for (size_t i = 0; i < 3; i++) {
		wait_for(all[i], "\"kind\":\"panic\"");
		const char *opened = strstr(all[i]->got.at, "\"type\":\"incident.opened\"");
		assert_non_null(opened);
		assert_non_null(opened = strstr(opened + 1, "\"type\":\"incident.opened\""));
		assert_null(strstr(opened + 1, "\"type\":\"incident.opened\""));
		hang_up(all[i]);
	}
}

static void streams_are_counted_and_end_with_the_server(void **state)
{
	struct visits *v = *state;
	static struct caller callers[64];
	for (int i = 0; i < 64; i++) {
		call_up(v, &callers[i]);
		say_request(&callers[i], "GET", "/api/v1/stream", "viewer", NULL, NULL);
		wait_for(&callers[i], "id: ");
	}
	expect(503, get(v, "/api/v1/stream", "viewer"), "64 streams");
	stop_serving(v);
	for (int i = 0; i < 64; i++) {
		wait_for(&callers[i], NULL);
		hang_up(&callers[i]);
	}
	serve(v);
	expect(200, get(v, "/api/v1/status", "viewer"), "\"streams\":0");
}

/* Between two looks at the broker lies one portion of HTTP, however many ask at once. */
static void a_round_of_the_loop_handles_a_portion(void **state)
{
	struct visits *v = *state;
	static struct caller callers[60];
	for (int i = 0; i < 60; i++) {
		call_up(v, &callers[i]);
		say_request(&callers[i], "GET", "/readyz", NULL, NULL, NULL);
	}
	uint32_t rounds = 0;
	for (uint32_t before = v->asked; v->asked < 60; before = v->asked, rounds++) {
		uv_run(&v->loop, UV_RUN_NOWAIT);
		assert_in_range(v->asked - before, 0, 16);
	}
	assert_true(rounds >= 4);
	for (int i = 0; i < 60; i++) {
		wait_for(&callers[i], "\"ready\":true");
		hang_up(&callers[i]);
	}
}

static void a_round_of_the_loop_tells_some_streams(void **state)
{
	struct visits *v = *state;
	static struct caller callers[64];
	for (int i = 0; i < 64; i++) {
		call_up(v, &callers[i]);
		say_request(&callers[i], "GET", "/api/v1/stream", "viewer", NULL, NULL);
		wait_for(&callers[i], "id: ");
	}
	happen(v, "smoke-301", KIND_SMOKE);
	uint32_t told = 0;
	for (uint32_t rounds = 1; told < 64; rounds++) {
		uv_run(&v->loop, UV_RUN_NOWAIT);
		told = 0;
		for (int i = 0; i < 64; i++)
			told += strstr(text_get(&callers[i].got), "data: ") != NULL;
		assert_true(told <= 32 * rounds);
	}
	for (int i = 0; i < 64; i++) {
		wait_for(&callers[i], "\"type\":\"notification\"");
		hang_up(&callers[i]);
	}
}

/* Who waits in the line and goes, or still waits when the server ends, leaves nothing behind. */
static void a_line_of_requests_may_break_up(void **state)
{
	struct visits *v = *state;
	static struct caller callers[60];
	for (int i = 0; i < 60; i++) {
		call_up(v, &callers[i]);
		say_request(&callers[i], "GET", "/readyz", NULL, NULL, NULL);
	}
	while (v->asked == 0)
		uv_run(&v->loop, UV_RUN_NOWAIT);
	assert_true(v->asked < 60);
	for (int i = 40; i < 60; i++)
		hang_up(&callers[i]);
	uv_run(&v->loop, UV_RUN_NOWAIT);
	stop_serving(v);
	for (int i = 0; i < 40; i++)
		hang_up(&callers[i]);
}

/* More half requests than there are places: who asks whole gets an answer all the same. */
static void who_says_nothing_whole_takes_no_place(void **state)
{
	enum { HALVES = 560 };
	struct visits *v = *state;
	static struct caller halves[HALVES], stream;
	call_up(v, &stream);
	say_request(&stream, "GET", "/api/v1/stream", "viewer", NULL, NULL);
	wait_for(&stream, "id: ");
	for (int i = 0; i < HALVES; i++) {
		call_up(v, &halves[i]);
		say_bytes(&halves[i], "POST /api/v1/test HTTP/1.1\r\nHo", 30);
		if (i % 2)
			shutdown(halves[i].fd, SHUT_WR);
		uv_run(&v->loop, UV_RUN_NOWAIT);
	}
	expect(200, get(v, "/healthz", NULL), NULL);
	wait_for(&halves[0], NULL); /* the longest silent one made room */
	happen(v, "smoke-301", KIND_SMOKE);
	wait_for(&stream, "\"type\":\"notification\""); /* the others stay */
	hang_up(&stream);
	for (int i = 0; i < HALVES; i++)
		hang_up(&halves[i]);
}

static void a_taken_address_says_so(void **state)
{
	struct visits *v = *state;
	struct http_options options = v->options;
	struct http_server *second = NULL;
	struct problem why = {""};
	char wanted[96];
	options.port = http_port(v->server);
	assert_int_equal(http_open(&v->loop, &options, &v->service, &second, &why), -EADDRINUSE);
	snprintf(wanted, sizeof wanted, "127.0.0.1:%d is in use: change http.listen", options.port);
	assert_string_equal(why.text, wanted);
	assert_null(second);
	options.host = "192.0.2.1";
	assert_true(http_open(&v->loop, &options, &v->service, &second, &why) < 0);
	assert_non_null(strstr(why.text, "change http.listen"));
}

int main(void)
{
	struct rlimit files;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &files), 0);
	files.rlim_cur = files.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &files), 0); /* both ends of each connection */
#define VISIT(test) cmocka_unit_test_setup_teardown(test, begin, end)
	const struct CMUnitTest tests[] = {
	        VISIT(health_and_readiness),
	        VISIT(who_may_call),
	        VISIT(guessing_tokens_is_braked),
	        VISIT(what_is_not_there),
	        VISIT(wrong_parameters_say_what_is_allowed),
	        VISIT(incidents_are_listed_and_paged),
	        VISIT(incidents_are_found_by_words),
	        VISIT(a_timeline_is_told_in_words),
	        VISIT(an_answer_waits_for_its_commit),
	        VISIT(repeating_is_harmless_and_resolved_is_resolved),
	        VISIT(wrong_bodies_say_what_is_wanted),
	        VISIT(what_a_silence_is_asked_for),
	        VISIT(too_much_is_refused),
	        VISIT(a_person_reports),
	        VISIT(a_test_goes_to_one_recipient),
	        VISIT(a_client_that_leaves_harms_nobody),
	        VISIT(the_rest_reads_well),
	        VISIT(events_are_paged),
	        VISIT(every_list_is_paged),
	        VISIT(a_stream_tells_what_was_committed),
	        VISIT(a_stream_goes_on_where_it_was_cut),
	        VISIT(a_stream_goes_on_after_a_second_site_came),
	        VISIT(many_streams_are_told_the_same_once),
	        VISIT(streams_are_counted_and_end_with_the_server),
	        VISIT(a_round_of_the_loop_handles_a_portion),
	        VISIT(a_round_of_the_loop_tells_some_streams),
	        VISIT(a_line_of_requests_may_break_up),
	        VISIT(who_says_nothing_whole_takes_no_place),
	        VISIT(a_taken_address_says_so),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
