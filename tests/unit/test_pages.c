/* floors: review store decide */
/* What a browser sees: the acknowledge page behind a link, and the console's files. */
#include "visitor.h"

#define FIRE "binjiang-2026-000001"
#define FORM "<form method=\"post\">"

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

/* The path of a link to the first notification that was made for this person. */
static void link_of(struct visits *v, const char *person, char *out, size_t size)
{
	struct link link = {.site = v->site->store_id, .expires = v->now.wall + LINK_VALID};
	for (uint32_t i = 0; i < v->site->notification_count; i++)
		if (strcmp(v->site->notifications[i]->to_id, person) == 0)
			link.notification = v->site->notifications[i]->number;
	assert_true(link.notification > 0);
	struct text token = {0};
	link_write_token(&token, v->service.link_key, &link);
	snprintf(out, size, "/a/%s", token.at);
	text_finish(&token);
}

static void a_look_changes_nothing(void **state)
{
	struct visits *v = *state;
	char path[128];
	happen(v, "smoke-301", KIND_SMOKE);
	link_of(v, "li", path, sizeof path);
	expect(200, get(v, path, NULL), FORM);
	assert_non_null(strstr(v->got.at, "Content-Type: text/html"));
	assert_non_null(strstr(v->got.at, "Third floor"));
	expect(200, ask(v, "HEAD", path, NULL, NULL, NULL), "Cache-Control: no-store");
	assert_null(strstr(v->got.at, FORM));
	assert_int_equal(v->submitted, 0);
	assert_int_equal(site_incident(v->site, FIRE)->state, STATE_OPEN);
}

/* The site file has lost the person since: what is left is reading. */
static void whom_the_site_file_has_lost_may_read(void **state)
{
	struct visits *v = *state;
	char path[128];
	happen(v, "smoke-301", KIND_SMOKE);
	link_of(v, "li", path, sizeof path);
	struct person *li = &v->def->people[site_def_person(v->def, "li")];
	const char *was = li->id;
	li->id = "wang";
	static const char why[] =
	        "no longer among the people of this site: this link is for reading "
	        "only";
	expect(200, get(v, path, NULL), why);
	assert_null(strstr(v->got.at, FORM));
	expect(403, ask(v, "POST", path, NULL, NULL, ""), why);
	assert_int_equal(v->submitted, 0);
	li->id = was;
}

static void what_devices_are_called_stays_text(void **state)
{
	struct visits *v = *state;
	char path[128];
	happen(v, "smoke-301", KIND_SMOKE);
	link_of(v, "li", path, sizeof path);
	expect(200, get(v, path, NULL),
	       "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;&quot;");
	assert_null(strstr(v->got.at, "<script>"));
}

static void the_button_takes_charge_for_that_person(void **state)
{
	struct visits *v = *state;
	char path[128];
	struct caller c;
	happen(v, "smoke-301", KIND_SMOKE);
	link_of(v, "li", path, sizeof path);
	v->hold = true;
	call_up(v, &c);
	say_request(&c, "POST", path, NULL, "Content-Type: application/x-www-form-urlencoded\r\n",
	            "");
	wait_for_submitted(v, 1);
	assert_string_equal(v->waiting[0].operation.by, "li");
	assert_string_equal(v->waiting[0].operation.via, "link");
	assert_string_equal(text_get(&c.got), "");
	commit_waiting(v);
	wait_for(&c, NULL);
	expect(200, c.got.at, "You have taken charge");
	hang_up(&c);
	v->hold = false;
	expect(200, post(v, path, NULL, ""), "You have taken charge");
	expect(200, get(v, path, NULL), "You have taken charge");
	assert_null(strstr(v->got.at, "I take charge"));
	assert_non_null(strstr(v->got.at, "I need help"));
	link_of(v, "qian", path, sizeof path);
	expect(200, get(v, path, NULL), "Somebody is already on it");
}

static const char *press(struct visits *v, const char *path, const char *form)
{
	static const char *const type = "Content-Type: application/x-www-form-urlencoded\r\n";
	return ask(v, "POST", path, NULL, type, form);
}

static void the_other_buttons_answer_in_the_form(void **state)
{
	struct visits *v = *state;
	char path[128];
	happen(v, "smoke-301", KIND_SMOKE);
	link_of(v, "li", path, sizeof path);
	expect(200, press(v, path, "choice=on_site&to=&note=at+the+stairs"), "are on site");
	assert_string_equal(site_incident(v->site, FIRE)->on_site, "li");
	expect(200, press(v, path, "choice=need_help&note=%E5%BF%AB"), "the next people");
	assert_int_equal(site_incident(v->site, FIRE)->state, STATE_OPEN);
	/* It is theirs already: nobody takes it over from themselves. */
	assert_null(strstr(v->got.at, "value=\"take\""));
	expect(200, press(v, path, "choice=hand_over&to=zhao"), "who has not accepted yet");
	assert_int_equal(v->submitted, 3);
	expect(400, press(v, path, "choice=dance"), "none of the answers");
	expect(400, press(v, path, "choice=and-dance-until-the-morning-comes"),
	       "none of the answers");
	expect(400, press(v, path, "choice=take&note=%ff"), "the note may be too long");
	assert_int_equal(v->submitted, 3);
}

/* A note alone is a note, and nothing that Enter does in its field is anything more. */
static void a_note_alone_acts_on_nothing(void **state)
{
	struct visits *v = *state;
	char path[128];
	happen(v, "smoke-301", KIND_SMOKE);
	link_of(v, "li", path, sizeof path);
	expect(200, get(v, path, NULL), "<textarea name=\"note\"");
	assert_null(strstr(v->got.at, "<input"));
	expect(200, press(v, path, "choice=note&note=two%0D%0Alines"), "in the record");
	assert_int_equal(site_incident(v->site, FIRE)->state, STATE_OPEN);
	assert_null(site_incident(v->site, FIRE)->owner);
	expect(400, press(v, path, "choice=note&note="), "Write a note first");
	assert_int_equal(v->submitted, 1);
}

/* What is missing is said above the same form, and what was written still stands in it. */
static void what_is_missing_is_asked_for_in_the_same_form(void **state)
{
	struct visits *v = *state;
	char path[128];
	happen(v, "sos-gate", KIND_PANIC);
	link_of(v, "qian", path, sizeof path);
	expect(400, press(v, path, "choice=hand_over&to=&note=take+%3Cthis%3E"), "to whom");
	assert_non_null(strstr(v->got.at, "take &lt;this&gt;</textarea>"));
	assert_non_null(strstr(v->got.at, "value=\"hand_over\""));
	assert_non_null(strstr(v->got.at, "href=\"../#/incident/binjiang-2026-000001\""));
	assert_int_equal(v->submitted, 0);
}

/* A disk that fails is no reason to call an alarm a forgery. */
static void a_good_link_is_never_called_a_forgery(void **state)
{
	struct visits *v = *state;
	char path[128];
	struct link link = {.site = v->site->store_id,
	                    .notification = 4711, /* pushed, and not in the record yet */
	                    .expires = v->now.wall + LINK_VALID};
	struct text token = {0};
	link_write_token(&token, v->service.link_key, &link);
	snprintf(path, sizeof path, "/a/%s", token.at);
	text_finish(&token);
	expect(404, get(v, path, NULL), "It was real");
	expect(404, post(v, path, NULL, ""), "It was real");
}

/* What a person reported is the first thing on the page; so is what a hazard is. */
static void what_people_said_is_on_the_page(void **state)
{
	struct visits *v = *state;
	char path[128];
	expect(201,
	       post(v, "/api/v1/incidents", "operator",
	            "{\"zone\":\"dorm-3f\",\"kind\":\"fire\",\"by\":\"li\",\"note\":\"two hurt, "
	            "bring a "
	            "stretcher\"}"),
	       NULL);
	link_of(v, "qian", path, sizeof path);
	expect(200, get(v, path, NULL), "two hurt, bring a stretcher");
	assert_non_null(strstr(v->got.at, "reported by"));
	assert_true(strstr(v->got.at, "two hurt") < strstr(v->got.at, "Third floor"));
}

static void two_people_call_off_a_panic_with_a_reason(void **state)
{
	struct visits *v = *state;
	char path[128];
	static const char incident[] = "binjiang-2026-000001";
	happen(v, "sos-gate", KIND_PANIC);
	link_of(v, "qian", path, sizeof path);
	expect(400, press(v, path, "choice=false_alarm&note="), "say why in the note");
	assert_non_null(strstr(v->got.at, "value=\"false_alarm\"")); /* the form is there again */
	expect(200, press(v, path, "choice=false_alarm&note=leaned+on+it"), "second person");
	assert_int_equal(site_incident(v->site, incident)->state, STATE_ACKNOWLEDGED);
	expect(400,
	       post(v, "/api/v1/incidents/binjiang-2026-000001/reply", "operator",
	            "{\"by\":\"li\",\"choice\":\"false_alarm\"}"),
	       "reason");
	expect(200,
	       post(v, "/api/v1/incidents/binjiang-2026-000001/reply", "operator",
	            "{\"by\":\"li\",\"choice\":\"false_alarm\",\"note\":\"saw it\"}"),
	       "\"outcome\":\"false_alarm\"");
}

static void over_is_over(void **state)
{
	struct visits *v = *state;
	char path[128];
	happen(v, "smoke-301", KIND_SMOKE);
	link_of(v, "li", path, sizeof path);
	expect(200,
	       post(v, "/api/v1/incidents/" FIRE "/resolve", "admin",
	            "{\"by\":\"sun\",\"outcome\":\"real\"}"),
	       NULL);
	expect(200, get(v, path, NULL), "nothing is left to do");
	expect(200, post(v, path, NULL, ""), "nothing is left to do");
	assert_int_equal(v->submitted, 1);
}

/* The next shift has no incident to take, but must know what is silenced. */
static void who_comes_on_duty_accepts_on_the_phone(void **state)
{
	struct visits *v = *state;
	static const char *const wu[] = {"wu"};
	char path[128];
	happen_event(v, &(struct event){.type = EVENT_OPERATION,
	                                .operation = {.type = OPERATION_SILENCE,
	                                              .by = "li",
	                                              .zone = "gate",
	                                              .kinds = UINT32_C(1) << KIND_PERIMETER,
	                                              .span = DAYS(1),
	                                              .note = "<b>repairs</b>"}});
	happen_event(v, &(struct event){.type = EVENT_OPERATION,
	                                .operation = {.type = OPERATION_DUTY_OVERRIDE,
	                                              .by = "li",
	                                              .post = "leader",
	                                              .people = wu,
	                                              .people_count = 1,
	                                              .from = v->now.wall - 1,
	                                              .until = v->now.wall + DAYS(1)}});
	link_of(v, "wu", path, sizeof path);
	expect(200, get(v, path, NULL), "Change of shift");
	assert_non_null(strstr(v->got.at, "because: &lt;b&gt;repairs&lt;/b&gt;"));
	assert_int_equal(v->submitted, 0);
	expect(200, post(v, path, NULL, ""), "You have taken over");
	assert_int_equal(v->submitted, 1);
	expect(200, post(v, path, NULL, ""), "over"); /* a second tap changes nothing */
}

static void a_program_gets_json(void **state)
{
	struct visits *v = *state;
	char path[128];
	static const char accept[] = "Accept: application/json\r\n";
	happen(v, "smoke-301", KIND_SMOKE);
	link_of(v, "li", path, sizeof path);
	expect(200, ask(v, "GET", path, NULL, accept, NULL), "{\"result\":\"open\",\"incident\":{");
	expect(200, ask(v, "POST", path, NULL, accept, ""), "\"result\":\"acknowledged\"");
	path[strlen(path) - 1] ^= 1;
	expect(403, ask(v, "POST", path, NULL, accept, ""), "application/problem+json");
}

static void a_bad_link_opens_nothing(void **state)
{
	struct visits *v = *state;
	char path[128];
	happen(v, "smoke-301", KIND_SMOKE);
	link_of(v, "li", path, sizeof path);
	size_t last = strlen(path) - 1;
	path[last] ^= 1;
	expect(403, get(v, path, NULL), "not valid");
	expect(403, post(v, path, NULL, ""), "not valid");
	path[last] ^= 1;
	v->now.wall += LINK_VALID;
	expect(403, get(v, path, NULL), "expired");
	expect(403, post(v, path, NULL, ""), "expired");
	expect(403, get(v, "/a/x", NULL), NULL);
	assert_int_equal(v->submitted, 0);
}

static void pages_are_locked_in(void **state)
{
	struct visits *v = *state;
	static const char *const headers[] = {
	        "Content-Security-Policy: default-src 'none'; style-src 'self'; script-src 'self';",
	        "frame-ancestors 'none'",
	        "X-Frame-Options: DENY",
	        "Referrer-Policy: no-referrer",
	        "X-Content-Type-Options: nosniff",
	};
	static const char *const pages[] = {"/", "/a/x", "/nothing", "/console/console.js"};
	for (size_t p = 0; p < sizeof pages / sizeof *pages; p++)
		for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
			if (!strstr(get(v, pages[p], NULL), headers[i]))
				fail_msg("%s without %s", pages[p], headers[i]);
	/* What is somebody's is kept nowhere; the program's own files may be, and are asked for. */
	for (size_t p = 0; p + 1 < sizeof pages / sizeof *pages; p++)
		if (!strstr(get(v, pages[p], NULL), "Cache-Control: no-store"))
			fail_msg("%s may be kept", pages[p]);
	expect(200, get(v, "/console/console.js", NULL), "Cache-Control: no-cache\r\n");
}

static void the_console_brings_all_its_files(void **state)
{
	struct visits *v = *state;
	expect(200, get(v, "/", NULL), "src=\"console/console.js\"");
	assert_null(strstr(v->got.at, " style=\""));
	expect(200, get(v, "/console/console.js", NULL), "Content-Type: text/javascript");
	assert_non_null(strstr(v->got.at, "from \"./api.js\""));
	assert_non_null(strstr(v->got.at, "from \"./words.js\""));
	expect(200, get(v, "/console/api.js", NULL), "text/javascript");
	expect(200, get(v, "/console/words.js", NULL), "text/javascript");
	expect(200, get(v, "/console/console.css", NULL), "text/css");
	expect(200, get(v, "/console/ack.css", NULL), "text/css");
	expect(404, get(v, "/console/secret", NULL), NULL);
	expect(404, get(v, "/console/..%2f..%2fetc%2fpasswd", NULL), NULL);
}

static void the_console_travels_packed(void **state)
{
	struct visits *v = *state;
	static const char gzip[] = "Accept-Encoding: gzip, br\r\n";
	expect(200, ask(v, "GET", "/console/console.js", NULL, gzip, NULL),
	       "Content-Encoding: gzip");
	assert_non_null(strstr(v->got.at, "Vary: Accept-Encoding"));
	assert_null(strstr(v->got.at, "import {"));
	expect(200, ask(v, "GET", "/console/icon-192.png", NULL, gzip, NULL), "image/png");
	assert_null(strstr(v->got.at, "Content-Encoding"));
	expect(200, get(v, "/console/console.js", NULL), "import {");
}

int main(void)
{
#define VISIT(test) cmocka_unit_test_setup_teardown(test, begin, end)
	const struct CMUnitTest tests[] = {
	        VISIT(a_look_changes_nothing),
	        VISIT(whom_the_site_file_has_lost_may_read),
	        VISIT(what_devices_are_called_stays_text),
	        VISIT(the_button_takes_charge_for_that_person),
	        VISIT(the_other_buttons_answer_in_the_form),
	        VISIT(a_note_alone_acts_on_nothing),
	        VISIT(what_is_missing_is_asked_for_in_the_same_form),
	        VISIT(a_good_link_is_never_called_a_forgery),
	        VISIT(what_people_said_is_on_the_page),
	        VISIT(two_people_call_off_a_panic_with_a_reason),
	        VISIT(over_is_over),
	        VISIT(who_comes_on_duty_accepts_on_the_phone),
	        VISIT(a_program_gets_json),
	        VISIT(a_bad_link_opens_nothing),
	        VISIT(pages_are_locked_in),
	        VISIT(the_console_brings_all_its_files),
	        VISIT(the_console_travels_packed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
