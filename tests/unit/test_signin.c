/* floors: review store decide */
/* Signing in on the console: what the cookie lets in, what it keeps out, and idempotency. */
#include "visitor.h"

#include "review/session.h"

#define FIRE "binjiang-2026-000001"
#define ACK "/api/v1/incidents/" FIRE "/ack"
#define JSON "Content-Type: application/json\r\n"
#define GOOD "{\"name\":\"li\",\"password\":\"correct horse\"}"

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

#define CONSOLE "Tocsin-Console: 1\r\n"
#define NOTE "{\"by\":\"li\",\"note\":\"on my way\"}"

static const char *sign_in(struct visits *v, const char *more, const char *body)
{
	struct text headers = {0};
	text_addf(&headers, JSON "%s", more);
	const char *got = ask(v, "POST", "/api/v1/session", NULL, text_get(&headers), body);
	text_finish(&headers);
	return got;
}

/* "Cookie: tocsin_session=...\r\n" and more, for the next requests. */
static void cookie_of(struct visits *v, const char *more, char out[1024])
{
	const char *at = strstr(v->got.at, "Set-Cookie: ");
	assert_non_null(at);
	at += strlen("Set-Cookie: ");
	snprintf(out, 1024, "Cookie: %.*s\r\n%s", (int)strcspn(at, ";"), at, more);
}

static const char *with(struct visits *v, const char *method, const char *path, const char *headers,
                        const char *body)
{
	return ask(v, method, path, NULL, headers, body);
}

static void a_password_opens_a_session(void **state)
{
	struct visits *v = *state;
	char cookie[1024];
	expect(200, sign_in(v, "", GOOD), "\"role\":\"operator\",\"person\":\"li\"");
	assert_non_null(strstr(v->got.at, "; HttpOnly; SameSite=Strict"));
	cookie_of(v, "", cookie);
	expect(200, with(v, "GET", "/api/v1/status", cookie, NULL), "\"name\":\"li\"");
	expect(401, get(v, "/api/v1/status", NULL), "sign in");
	expect(200, sign_in(v, "", "{\"token\":\"viewer\"}"), "\"role\":\"viewer\"");
	expect(401, sign_in(v, "", "{\"token\":\"vieweR\"}"), NULL);
	expect(400, sign_in(v, "", "{\"name\":\"li\"}"), "'password' is missing");
}

static void a_wrong_password_does_not(void **state)
{
	struct visits *v = *state;
	expect(401, sign_in(v, "", "{\"name\":\"li\",\"password\":\"wrong\"}"), "do not fit");
	assert_null(strstr(v->got.at, "Set-Cookie"));
	expect(401, sign_in(v, "", "{\"name\":\"nobody\",\"password\":\"correct horse\"}"),
	       "do not fit");
}

static void guessing_passwords_is_braked(void **state)
{
	struct visits *v = *state;
	/* Who guesses tokens is another: passwords are not braked by it. */
	for (int i = 0; i < 20; i++)
		expect(401, get(v, "/api/v1/status", "guess"), NULL);
	expect(200, sign_in(v, "", GOOD), NULL);
	for (int i = 0; i < 20; i++)
		expect(401, sign_in(v, "", "{\"name\":\"li\",\"password\":\"wrong\"}"), NULL);
	expect(429, sign_in(v, "", GOOD), "Retry-After: 60");
	expect(200, sign_in(v, "", "{\"token\":\"viewer\"}"), NULL);
}

static void a_session_acts_in_its_persons_name(void **state)
{
	struct visits *v = *state;
	char cookie[1024];
	happen(v, "smoke-301", KIND_SMOKE);
	sign_in(v, "", GOOD);
	cookie_of(v, JSON "Tocsin-Console: 1\r\n", cookie);
	expect(403, with(v, "POST", ACK, cookie, "{\"by\":\"sun\"}"), "you have signed in as 'li'");
	assert_int_equal(v->submitted, 0);
	expect(200, with(v, "POST", ACK, cookie, "{}"), "\"owner\":\"li\"");
	expect(403, with(v, "POST", "/api/v1/drills", cookie, "{}"), "needed: admin");
}

static void another_sites_page_does_nothing(void **state)
{
	struct visits *v = *state;
	char cookie[2048], signed_in[1024];
	happen(v, "smoke-301", KIND_SMOKE);
	sign_in(v, "", GOOD);
	cookie_of(v, "", signed_in);
	/* What a form, a script without leave, and a page behind a forged header can send. */
	static const char *const foreign[] = {
	        "Content-Type: application/x-www-form-urlencoded\r\n",
	        JSON,
	        JSON "Tocsin-Console: 1\r\nOrigin: http://evil.example\r\n",
	        JSON "Tocsin-Console: 1\r\nSec-Fetch-Site: cross-site\r\n",
	        JSON "Tocsin-Console: 1\r\nSec-Fetch-Site: same-site\r\n",
	};
	for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++) {
		snprintf(cookie, sizeof cookie, "%s%s", signed_in, foreign[i]);
		expect(403, with(v, "POST", ACK, cookie, "{\"by\":\"li\"}"),
		       "only from the console");
	}
	assert_int_equal(v->submitted, 0);
	expect(403, sign_in(v, "Origin: http://evil.example\r\n", GOOD), "from the console itself");
	expect(403,
	       ask(v, "POST", "/api/v1/session", NULL,
	           "Content-Type: application/x-www-form-urlencoded\r\n", GOOD),
	       NULL);
	snprintf(cookie, sizeof cookie, "%s" JSON "Tocsin-Console: 1\r\nOrigin: http://t\r\n",
	         signed_in);
	expect(200, with(v, "POST", ACK, cookie, "{}"), NULL);
}

static void a_session_ends(void **state)
{
	struct visits *v = *state;
	char cookie[1024], again[1024];
	sign_in(v, "", GOOD);
	cookie_of(v, "Tocsin-Console: 1\r\n", cookie);
	/* Use renews it; the old one still has its own time. */
	v->now.wall += HOURS(11);
	expect(200, with(v, "GET", "/api/v1/session", cookie, NULL), "\"expires\"");
	cookie_of(v, "Tocsin-Console: 1\r\n", again);
	v->now.wall += HOURS(2);
	expect(401, with(v, "GET", "/api/v1/status", cookie, NULL), NULL);
	expect(200, with(v, "GET", "/api/v1/status", again, NULL), NULL);
	expect(200, with(v, "DELETE", "/api/v1/session", again, NULL), "Max-Age=0");
	expect(401, with(v, "GET", "/api/v1/status", again, NULL), NULL);
	/* However much it is used. */
	sign_in(v, "", GOOD);
	for (int i = 0; i < 30 * 24 / 11; i++) {
		cookie_of(v, "", cookie);
		v->now.wall += HOURS(11);
		expect(200, with(v, "GET", "/api/v1/session", cookie, NULL), "Set-Cookie");
	}
	cookie_of(v, "", cookie);
	v->now.wall += HOURS(11);
	expect(401, with(v, "GET", "/api/v1/session", cookie, NULL), NULL);
}

static void what_is_behind_a_session_may_go(void **state)
{
	struct visits *v = *state;
	char cookie[1024];
	sign_in(v, "", GOOD);
	cookie_of(v, "", cookie);
	struct text other = {0};
	password_hash(&other, "another one");
	v->users[0].password_hash = text_get(&other);
	http_reload(v->server, &v->options);
	expect(401, with(v, "GET", "/api/v1/status", cookie, NULL), NULL);
	v->users[0].password_hash = text_get(&v->hash);
	expect(200, with(v, "GET", "/api/v1/status", cookie, NULL), NULL);
	/* A role counts at once. */
	v->users[0].role = ROLE_VIEWER;
	expect(200, with(v, "GET", "/api/v1/status", cookie, NULL), "\"role\":\"viewer\"");
	v->options.user_count = 0;
	expect(401, with(v, "GET", "/api/v1/status", cookie, NULL), NULL);
	text_finish(&other);
}

static void a_cookie_cannot_be_made_up(void **state)
{
	struct visits *v = *state;
	struct sessions *ours = sessions_create((const uint8_t[SHA256_LEN]){42});
	struct sessions *theirs = sessions_create((const uint8_t[SHA256_LEN]){43});
	struct session session = {.user = &v->users[0]}, read;
	struct text good = {0}, forged = {0};
	session_begin(&session, v->now.wall);
	session_write(ours, &session, &good);
	session_write(theirs, &session, &forged);
	assert_true(session_read(ours, &v->options, good.at, v->now.wall, &read));
	assert_false(session_read(ours, &v->options, forged.at, v->now.wall, &read));
	for (size_t i = 0; i < good.len; i++) {
		char kept = good.at[i];
		good.at[i] = kept == '1' ? '2' : '1';
		assert_false(session_read(ours, &v->options, good.at, v->now.wall, &read));
		good.at[i] = kept;
	}
	static const char *const odd[] = {
	        "", ".", ".....", "u.bGk.1.1.1.", "u......", "t.bGk.9.9.9.x"};
	for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
		assert_false(session_read(ours, &v->options, odd[i], v->now.wall, &read));
	text_finish(&good);
	text_finish(&forged);
	sessions_destroy(ours);
	sessions_destroy(theirs);
}

static void leaving_while_a_password_is_tried(void **state)
{
	struct visits *v = *state;
	struct caller c;
	call_up(v, &c);
	say_request(&c, "POST", "/api/v1/session", NULL, JSON, GOOD);
	for (int i = 0; i < 20; i++)
		uv_run(&v->loop, UV_RUN_NOWAIT);
	hang_up(&c);
	expect(200, get(v, "/healthz", NULL), NULL);
	/* The server may go too: visit_end. */
	call_up(v, &c);
	say_request(&c, "POST", "/api/v1/session", NULL, JSON, GOOD);
	for (int i = 0; i < 20; i++)
		uv_run(&v->loop, UV_RUN_NOWAIT);
	hang_up(&c);
}

/* ---- idempotency and unchanged answers ---- */

static void a_key_does_it_once(void **state)
{
	struct visits *v = *state;
	static const char report[] = "{\"zone\":\"dorm\",\"kind\":\"fire\",\"by\":\"li\"}";
	static const char key[] = JSON "Idempotency-Key: k-1\r\n";
	expect(201, ask(v, "POST", "/api/v1/incidents", "operator", key, report), FIRE);
	assert_null(strstr(v->got.at, "Idempotency-Replayed"));
	expect(201, ask(v, "POST", "/api/v1/incidents", "operator", key, report),
	       "Idempotency-Replayed: true");
	assert_non_null(strstr(v->got.at, "Location: /api/v1/incidents/" FIRE));
	assert_int_equal(v->submitted, 1);
	expect(422,
	       ask(v, "POST", "/api/v1/incidents", "operator", key,
	           "{\"zone\":\"gate\",\"kind\":\"fire\",\"by\":\"li\"}"),
	       "another request");
	/* Another's key is another key. */
	expect(201, ask(v, "POST", "/api/v1/incidents", "admin", key, report), NULL);
	assert_int_equal(v->submitted, 2);
	/* The parameters are part of what was asked for. */
	static const char third[] = JSON "Idempotency-Key: k-3\r\n";
#define END "/api/v1/silences/binjiang-silence-3/end?by="
	expect(200,
	       post(v, "/api/v1/silences", "admin",
	            "{\"zone\":\"gate\",\"for\":\"1m\",\"by\":\"sun\"}"),
	       "binjiang-silence-3");
	expect(200, ask(v, "POST", END "li", "admin", third, NULL), NULL);
	expect(200, ask(v, "POST", END "li", "admin", third, NULL), "Replayed: true");
	expect(422, ask(v, "POST", END "sun", "admin", third, NULL), NULL);
}

static void restart(struct visits *v)
{
	struct problem why = {""};
	stop_serving(v);
	if (http_open(&v->loop, &v->options, &v->service, &v->server, &why) != 0)
		fail_msg("%s", why.text);
}

/* By the words, by the core, by what there is; over a restart, too. */
static void what_was_refused_did_nothing_and_leaves_its_key_free(void **state)
{
#define REPORTS "/api/v1/incidents"
	static const char good[] = "{\"zone\":\"dorm\",\"kind\":\"fire\",\"by\":\"li\"}";
	static const struct {
		const char *key, *path, *body;
		int status;
	} refused[] = {
	        {JSON "Idempotency-Key: k-1\r\n", REPORTS, "{\"by\":\"li\"}", 400},
	        {JSON "Idempotency-Key: k-2\r\n", REPORTS,
	         "{\"zone\":\"dorm\",\"kind\":\"fire\",\"by\":\"nobody\"}", 400},
	        {JSON "Idempotency-Key: k-3\r\n", REPORTS "/none/ack", "{\"by\":\"li\"}", 404},
	};
	struct visits *v = *state;
	for (int again = 0; again < 2; again++) {
		for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
			expect(refused[i].status,
			       ask(v, "POST", refused[i].path, "operator", refused[i].key,
			           refused[i].body),
			       NULL);
			assert_null(strstr(v->got.at, "Replayed"));
		}
		restart(v);
	}
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
		expect(201, ask(v, "POST", REPORTS, "operator", refused[i].key, good), NULL);
}

static void a_key_does_it_once_over_a_restart(void **state)
{
	struct visits *v = *state;
	static const char key[] = JSON "Idempotency-Key: k-1\r\n";
	happen(v, "smoke-301", KIND_SMOKE);
	expect(200, ask(v, "POST", "/api/v1/incidents/" FIRE "/note", "operator", key, NOTE),
	       "\"kind\":\"fire\"");
	uint32_t submitted = v->submitted;
	restart(v);
	expect(200, ask(v, "POST", "/api/v1/incidents/" FIRE "/note", "operator", key, NOTE),
	       "Idempotency-Replayed: true");
	assert_non_null(strstr(v->got.at, "\"kind\":\"fire\""));
	expect(422, ask(v, "POST", ACK, "operator", key, NOTE), NULL);
	assert_int_equal(v->submitted, submitted);
	/* A day later it is forgotten. */
	v->now.wall += DAYS(1);
	restart(v);
	expect(200, ask(v, "POST", "/api/v1/incidents/" FIRE "/note", "operator", key, NOTE), NULL);
	assert_int_equal(v->submitted, submitted + 1);
}

/* The phone went out of reach before it was committed, and asks again; or we were killed then. */
static void a_key_whose_answer_nobody_heard(void **state)
{
	struct visits *v = *state;
	static const char key[] = JSON "Idempotency-Key: k-3\r\n";
	struct caller c;
	happen(v, "smoke-301", KIND_SMOKE);
	v->hold = true;
	call_up(v, &c);
	say_request(&c, "POST", "/api/v1/incidents/" FIRE "/note", "operator", key, NOTE);
	wait_for_submitted(v, 1);
	hang_up(&c);
	restart(v);
	commit_waiting(v);
	expect(409, ask(v, "POST", "/api/v1/incidents/" FIRE "/note", "operator", key, NOTE),
	       "take a new key");
	assert_int_equal(v->submitted, 1);
}

static void who_has_signed_out_is_out_over_a_restart(void **state)
{
	struct visits *v = *state;
	char cookie[1024];
	sign_in(v, "", GOOD);
	cookie_of(v, CONSOLE, cookie);
	restart(v);
	expect(200, with(v, "GET", "/api/v1/status", cookie, NULL), NULL);
	expect(200, with(v, "DELETE", "/api/v1/session", cookie, NULL), NULL);
	restart(v);
	expect(401, with(v, "GET", "/api/v1/status", cookie, NULL), NULL);
}

static void a_stream_ends_with_its_session(void **state)
{
	struct visits *v = *state;
	struct caller phone, desk;
	char at_phone[1024], at_desk[1024];
	sign_in(v, "", GOOD);
	cookie_of(v, CONSOLE, at_phone);
	sign_in(v, "", GOOD);
	cookie_of(v, CONSOLE, at_desk);
	call_up(v, &phone);
	say_request(&phone, "GET", "/api/v1/stream", NULL, at_phone, NULL);
	wait_for(&phone, "\nid: ");
	call_up(v, &desk);
	say_request(&desk, "GET", "/api/v1/stream", NULL, at_desk, NULL);
	wait_for(&desk, "\nid: ");
	expect(200, with(v, "DELETE", "/api/v1/session", at_phone, NULL), NULL);
	wait_for(&phone, NULL);
	happen(v, "smoke-301", KIND_SMOKE);
	wait_for(&desk, "\"type\":\"incident.opened\"");
	assert_null(strstr(phone.got.at, "incident.opened"));
	/* Twelve hours later the other one's time is over. */
	v->now.wall += HOURS(12);
	happen(v, "sos-gate", KIND_PANIC);
	wait_for(&desk, NULL);
	assert_null(strstr(desk.got.at, "sos-gate"));
	hang_up(&phone);
	hang_up(&desk);
}

static void a_key_under_way_waits(void **state)
{
	struct visits *v = *state;
	static const char key[] = JSON "Idempotency-Key: k-1\r\n";
	static const char report[] = "{\"zone\":\"dorm\",\"kind\":\"fire\",\"by\":\"li\"}";
	struct caller c;
	v->hold = true;
	call_up(v, &c);
	say_request(&c, "POST", "/api/v1/incidents", "operator", key, report);
	wait_for_submitted(v, 1);
	expect(409, ask(v, "POST", "/api/v1/incidents", "operator", key, report), "under way");
	commit_waiting(v);
	wait_for(&c, "201");
	hang_up(&c);
	expect(201, ask(v, "POST", "/api/v1/incidents", "operator", key, report), "Replayed: true");
	assert_int_equal(v->submitted, 1);
}

static void unchanged_is_said_short(void **state)
{
	struct visits *v = *state;
	char header[128];
	happen(v, "smoke-301", KIND_SMOKE);
	expect(200, get(v, "/api/v1/zones", "viewer"), "ETag: \"");
	const char *tag = strstr(v->got.at, "ETag: ") + strlen("ETag: ");
	snprintf(header, sizeof header, "If-None-Match: %.*s\r\n", (int)strcspn(tag, "\r"), tag);
	expect(304, ask(v, "GET", "/api/v1/zones", "viewer", header, NULL), "ETag: \"");
	assert_null(strstr(v->got.at, "items"));
	expect(200, ask(v, "GET", "/api/v1/people", "viewer", header, NULL), "items");
	/* But for what says what time it is. */
	expect(200, get(v, "/api/v1/status", "viewer"), "ETag: \"");
	tag = strstr(v->got.at, "ETag: ") + strlen("ETag: ");
	snprintf(header, sizeof header, "If-None-Match: %.*s\r\n", (int)strcspn(tag, "\r"), tag);
	v->now.wall++;
	expect(200, ask(v, "GET", "/api/v1/status", "viewer", header, NULL), "\"now\":");
}

/* Its clocks are read one after the other, and may differ by a millisecond each time. */
static void what_comes_next_is_unchanged(void **state)
{
	struct visits *v = *state;
	char tag[96];
	happen(v, "smoke-301", KIND_SMOKE);
	expect(200, get(v, "/api/v1/incidents", "viewer"), "\"next\":{\"what\":\"step\"");
	const char *at = strstr(v->got.at, "ETag: ");
	snprintf(tag, sizeof tag, "If-None-Match: %.*s\r\n", (int)strcspn(at + 6, "\r"), at + 6);
	for (int i = 0; i < 5; i++) {
		v->now.wall += i % 2 ? 3 : 1;
		v->now.steady += 2;
		expect(304, ask(v, "GET", "/api/v1/incidents", "viewer", tag, NULL), NULL);
	}
	v->now.wall += MINUTES(5); /* the clock was set: people read another time */
	expect(200, ask(v, "GET", "/api/v1/incidents", "viewer", tag, NULL), NULL);
}

static void what_comes_next(void **state)
{
	struct visits *v = *state;
	happen(v, "smoke-301", KIND_SMOKE);
	expect(200, get(v, "/api/v1/incidents", "viewer"), "\"next\":{\"what\":\"step\",\"at\":\"");
	assert_non_null(strstr(v->got.at, "\"step\":2,\"notify\":[{\"kind\":\"person\""));
	expect(200, post(v, ACK, "operator", "{\"by\":\"li\"}"), "\"next\":{\"what\":\"reopen\"");
	expect(200, get(v, "/api/v1/incidents/" FIRE, "viewer"), "\"next\":{\"what\":\"reopen\"");
	expect(200,
	       post(v, "/api/v1/incidents/" FIRE "/resolve", "operator",
	            "{\"by\":\"li\",\"outcome\":\"real\"}"),
	       "\"next\":null");
}

int main(void)
{
#define STORY(test) cmocka_unit_test_setup_teardown(test, begin, end)
	const struct CMUnitTest tests[] = {
	        STORY(a_password_opens_a_session),
	        STORY(a_wrong_password_does_not),
	        STORY(guessing_passwords_is_braked),
	        STORY(a_session_acts_in_its_persons_name),
	        STORY(another_sites_page_does_nothing),
	        STORY(a_session_ends),
	        STORY(what_is_behind_a_session_may_go),
	        STORY(a_cookie_cannot_be_made_up),
	        STORY(leaving_while_a_password_is_tried),
	        STORY(a_key_does_it_once),
	        STORY(what_was_refused_did_nothing_and_leaves_its_key_free),
	        STORY(a_key_does_it_once_over_a_restart),
	        STORY(a_key_whose_answer_nobody_heard),
	        STORY(who_has_signed_out_is_out_over_a_restart),
	        STORY(a_stream_ends_with_its_session),
	        STORY(a_key_under_way_waits),
	        STORY(unchanged_is_said_short),
	        STORY(what_comes_next_is_unchanged),
	        STORY(what_comes_next),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
