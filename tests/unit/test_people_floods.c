/* floors: decide */
/* When everything speaks at once: what is grave comes first and by itself, the rest is gathered,
 * and a device that comes and goes is one trouble. */
#include "story.h"

static const char *const zones[] = {"campus", "dorm", "dorm-3f", "gate", "office"};

static const struct incident *report(struct story *s, const char *zone, enum incident_kind kind,
                                     enum severity severity)
{
	assert_int_equal(operate_(s, (struct operation){.type = OPERATION_REPORT,
	                                                .by = "sun",
	                                                .zone = zone,
	                                                .kind = kind,
	                                                .severity = severity}),
	                 0);
	return s->site->incidents[s->site->incident_count - 1];
}

/* Lesser incidents one after the other, each of its own; the guard is told of each. */
static void lesser_ones(struct story *s, int from, int count)
{
	static const enum incident_kind kinds[] = {INCIDENT_WATER, INCIDENT_OTHER, INCIDENT_TAMPER,
	                                           INCIDENT_TROUBLE};
	for (int i = from; i < from + count; i++) {
		report(s, zones[i % 5], kinds[i / 5], SEVERITY_MINOR);
		advance(s, SECONDS(1));
	}
}

static uint32_t pushes_to(const struct story *s, const char *to, enum reason reason)
{
	uint32_t count = 0;
	for (uint32_t i = 0; i < s->push_count; i++)
		count += s->pushes[i].reason == reason && strcmp(s->pushes[i].to, to) == 0;
	return count;
}

static const struct notification *last_of(const struct story *s, enum reason reason)
{
	for (uint32_t i = s->site->notification_count; i-- > 0;)
		if (s->site->notifications[i]->reason == reason)
			return s->site->notifications[i];
	return NULL;
}

static void test_ten_come_one_by_one_and_the_rest_together(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	lesser_ones(&s, 0, 10);
	assert_int_equal(pushes_to(&s, "qian", REASON_OPENED), 10);
	lesser_ones(&s, 10, 4);
	assert_int_equal(pushes_to(&s, "qian", REASON_OPENED), 10);
	advance(&s, SECONDS(5));
	assert_int_equal(pushes_to(&s, "qian", REASON_OPENED), 10);
	assert_int_equal(pushes_to(&s, "qian", REASON_DIGEST), 1);
	assert_int_equal(entries_with(&s, "\"action\":\"began\",\"what\":{\"id\":\"binjiang-flood"),
	                 1);
	story_end(&s);
}

static void test_a_digest_names_what_it_stands_for(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	lesser_ones(&s, 0, 10);
	s.mood = COURIER_HANGS;
	lesser_ones(&s, 10, 2);
	advance(&s, SECONDS(5));
	const struct notification *digest = last_of(&s, REASON_DIGEST);
	assert_non_null(digest);
	assert_non_null(strstr(digest->note, "binjiang-2026-000011"));
	assert_non_null(strstr(digest->note, "binjiang-2026-000012"));
	assert_null(strstr(digest->note, "binjiang-2026-000010"));
	const struct incident *told[4];
	assert_int_equal(digest_incidents(s.site, digest, told, 4), 2);
	assert_string_equal(told[0]->id, "binjiang-2026-000011");
	assert_string_equal(told[1]->id, "binjiang-2026-000012");
	story_end(&s);
}

/* Of each incident the record says that it has come, and with which digest. */
static void test_what_a_digest_has_brought_is_in_the_record_of_each(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	lesser_ones(&s, 0, 12);
	advance(&s, SECONDS(5));
	assert_int_equal(pushes_to(&s, "qian", REASON_DIGEST), 1);
	assert_int_equal(entries_with(&s, "\"digest\":\"n-binjiang-"), 2);
	assert_int_equal(entries_with(&s, "delivery - binjiang-2026-000012"), 1);
	for (uint32_t i = 0; i < s.site->notification_count; i++) {
		const struct notification *n = s.site->notifications[i];
		if (n->digest)
			assert_int_equal(n->deliveries[0].state, DELIVERY_ACCEPTED);
	}
	story_end(&s);
}

static void test_who_reports_what_is_open_is_named_to_all_who_know_of_it(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	signal_(&s, "smoke-301", KIND_SMOKE, true);
	advance(&s, SECONDS(1));
	s.mood = COURIER_HANGS;
	assert_int_equal(operate_(&s, (struct operation){.type = OPERATION_REPORT,
	                                                 .by = "sun",
	                                                 .zone = "dorm-3f",
	                                                 .kind = INCIDENT_FIRE,
	                                                 .severity = SEVERITY_NONE,
	                                                 .note = "two are trapped in 312"}),
	                 0);
	const struct notification *n = last_of(&s, REASON_JOINED);
	assert_non_null(n);
	assert_non_null(strstr(n->note, "two are trapped in 312"));
	story_end(&s);
}

static void test_what_is_grave_never_waits(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	lesser_ones(&s, 0, 14);
	forget_pushes(&s);
	signal_(&s, "sos-gate", KIND_PANIC, true);
	expect_push(&s, "qian", REASON_OPENED, 1);
	signal_(&s, "smoke-301", KIND_SMOKE, true); /* a fire, though not yet certain */
	expect_push(&s, "qian", REASON_OPENED, 1);
	expect_push(&s, "li", REASON_OPENED, 1);
	report(&s, "office", INCIDENT_INTRUSION, SEVERITY_CRITICAL);
	expect_push(&s, "qian", REASON_OPENED, 1);
	expect_no_more_pushes(&s);
	story_end(&s);
}

static void test_steps_go_on_as_if_each_had_come_by_itself(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	lesser_ones(&s, 0, 10);
	advance(&s, SECONDS(20));
	strcpy(s.mute, "phone"); /* the guard has no other way; the leader has one */
	const struct incident *incident = report(&s, "gate", INCIDENT_TAMPER, SEVERITY_MINOR);
	forget_pushes(&s);
	advance(&s,
	        SECONDS(16)); /* gathered, tried, given up: the leader's turn, before his 60 s */
	assert_int_equal(pushes_to(&s, "qian", REASON_OPENED), 0);
	assert_true(pushes_to(&s, "qian", REASON_DIGEST) > 0);
	assert_int_equal(incident->step, 2);
	assert_true(entries_with(&s, "every delivery has failed") > 0);
	story_end(&s);
}

static bool is_waiting(const struct story *s, const char *incident)
{
	for (uint32_t i = 0; i < s->site->notification_count; i++)
		if (s->site->notifications[i]->incident &&
		    strcmp(s->site->notifications[i]->incident->id, incident) == 0 &&
		    s->site->notifications[i]->digest &&
		    s->site->notifications[i]->state <= NOTIFICATION_SENDING)
			return true;
	return false;
}

/* It had its time and was retried; what says no to it at last says no to all that it carries. */
static void test_what_a_digest_carries_ends_with_it_however_late(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	lesser_ones(&s, 0, 10);
	advance(&s, SECONDS(20));
	strcpy(s.mute, "phone");
	const struct incident *incident = report(&s, "gate", INCIDENT_TAMPER, SEVERITY_MINOR);
	advance(&s, SECONDS(16));
	assert_true(is_waiting(&s, incident->id)); /* given up, and still tried */
	s.mute[0] = '\0';
	s.mood = COURIER_REFUSES;
	advance(&s, SECONDS(40));
	assert_false(is_waiting(&s, incident->id));
	story_end(&s);
}

static void digest_arrives(struct story *s, const char *to)
{
	for (uint32_t i = s->push_count; i-- > 0;) {
		const struct push *push = &s->pushes[i];
		if (push->reason != REASON_DIGEST || strcmp(push->to, to) != 0)
			continue;
		apply(s, &(struct event){.type = EVENT_DELIVERY,
		                         .delivery = {.notification = push->notification,
		                                      .contact = push->contact,
		                                      .attempt = push->attempt,
		                                      .verdict = VERDICT_ACCEPTED,
		                                      .status = 200}});
		return;
	}
	fail_msg("no digest to %s", to);
}

/* It has had its time, and comes all the same before the others' is over: the step has reached
 * somebody. */
static void test_a_digest_that_comes_late_counts(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	struct policy_step *step = &s.def->policies[2].steps[0];
	step->notify = recipients(&s.def->arena, &step->count, "person:qian person:wu");
	s.def->people[4].contacts[0].channel = 1; /* the backup, which has two seconds */
	lesser_ones(&s, 0, 10);
	s.mood = COURIER_HANGS;
	report(&s, "gate", INCIDENT_TAMPER, SEVERITY_MINOR);
	advance(&s, SECONDS(10));
	digest_arrives(&s, "wu");
	advance(&s, SECONDS(10));
	assert_int_equal(entries_with(&s, "every delivery has failed"), 0);
	story_end(&s);
}

static void test_who_takes_charge_is_told_no_more(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	lesser_ones(&s, 0, 10);
	const struct incident *incident = report(&s, "campus", INCIDENT_TAMPER, SEVERITY_MINOR);
	assert_int_equal(operate_(&s, (struct operation){.type = OPERATION_ACK,
	                                                 .by = "qian",
	                                                 .incident = incident->id}),
	                 0);
	forget_pushes(&s);
	advance(&s, SECONDS(6));
	assert_int_equal(pushes_to(&s, "qian", REASON_DIGEST), 0);
	story_end(&s);
}

static void test_a_flood_ends_when_it_is_calmer(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	lesser_ones(&s, 0, 12);
	while (open_incidents(&s)) {
		for (uint32_t i = 0; i < s.site->incident_count; i++)
			if (s.site->incidents[i]->state != STATE_RESOLVED)
				(void)!operate_(&s, (struct operation){
				                            .type = OPERATION_RESOLVE,
				                            .by = "sun",
				                            .outcome = OUTCOME_REAL,
				                            .incident = s.site->incidents[i]->id});
	}
	advance(&s, MINUTES(12));
	assert_int_equal(entries_with(&s, "it is calmer"), 1);
	forget_pushes(&s);
	report(&s, "office", INCIDENT_OTHER, SEVERITY_MINOR);
	expect_push(&s, "qian", REASON_OPENED, 1);
	story_end(&s);
}

/* ---- devices that come and go ---- */

static void fence(struct story *s, int times)
{
	for (int i = 0; i < times; i++) {
		signal_(s, "fence-west", KIND_PERIMETER, true);
		advance(s, SECONDS(2));
		signal_(s, "fence-west", KIND_PERIMETER, false);
		advance(s, SECONDS(2));
	}
}

static void test_a_fence_that_rattles_is_one_trouble(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	fence(&s, 2);
	expect_push(&s, "qian", REASON_OPENED, 1);
	expect_push(&s, "qian", REASON_JOINED, 0);
	expect_no_more_pushes(&s);
	fence(&s, 6);
	expect_push(&s, "qian", REASON_OPENED, 1); /* the trouble */
	expect_no_more_pushes(&s);
	assert_int_equal(open_incidents(&s), 2);
	assert_int_equal(entries_with(&s, "signal fence-west"), 16); /* all of it is recorded */
	assert_int_equal(entries_with(&s, "it comes and goes"), 6);
	advance(&s, SECONDS(60));
	assert_int_equal(open_incidents(&s), 1); /* quiet: the intrusion stays, for a person */
	assert_int_equal(only_incident(&s)->kind, INCIDENT_INTRUSION);
	forget_pushes(&s);
	fence(&s, 1);
	expect_push(&s, "qian", REASON_JOINED, 0); /* and may be told again */
	story_end(&s);
}

static void test_a_link_that_flaps_is_one_trouble(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	for (int i = 0; i < 10; i++) {
		for (int online = 0; online < 2; online++) {
			apply(&s, &(struct event){.type = EVENT_STATUS,
			                          .status = {.device = "door-office",
			                                     .online = online != 0}});
			advance(&s, SECONDS(1));
		}
	}
	assert_int_equal(entries_with(&s, "incident.opened"), 3); /* twice gone, then the trouble */
	assert_int_equal(open_incidents(&s), 1);
	apply(&s, &(struct event){.type = EVENT_STATUS,
	                          .status = {.device = "door-office", .online = false}});
	advance(&s, SECONDS(61)); /* it stays away: that is told, as what it is */
	assert_null(only_incident(&s)->subject);
	assert_true(only_incident(&s)->signals[0].kind == KIND_LINK);
	story_end(&s);
}

static void test_a_fire_is_told_whatever_the_detector_did_before(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	for (int i = 0; i < 5; i++) {
		signal_(&s, "smoke-301", KIND_SMOKE, true);
		signal_(&s, "smoke-301", KIND_SMOKE, false);
	}
	assert_int_equal(open_incidents(&s), 2);
	signal_(&s, "smoke-302", KIND_SMOKE, true); /* a second one: certain, chatter or not */
	assert_int_equal(s.site->incidents[0]->severity, SEVERITY_CRITICAL);
	for (uint32_t i = 0; i < 2; i++)
		(void)!operate_(&s, (struct operation){.type = OPERATION_RESOLVE,
		                                       .by = "sun",
		                                       .outcome = OUTCOME_REAL,
		                                       .incident = s.site->incidents[i]->id});
	forget_pushes(&s);
	signal_(&s, "smoke-301", KIND_SMOKE, true);
	const struct incident *latest = s.site->incidents[s.site->incident_count - 1];
	assert_int_equal(latest->kind, INCIDENT_FIRE);
	expect_push(&s, "li", REASON_OPENED, 1); /* whom a trouble's first step does not tell */
	story_end(&s);
}

/* What came and went three times and then stays is no trouble that is over: nobody has been told of
 * what is so now. */
static void test_what_comes_and_goes_and_then_stays_is_told(void **state)
{
	(void)state;
	static const enum kind kinds[] = {KIND_LINK, KIND_POWER, KIND_TAMPER};
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		struct story s;
		story_begin(&s);
		for (int turn = 0; turn < 5; turn++) {
			bool bad = turn % 2 == 0;
			if (kinds[i] != KIND_LINK)
				signal_(&s, "door-office", kinds[i], bad);
			else
				apply(&s, &(struct event){.type = EVENT_STATUS,
				                          .status = {.device = "door-office",
				                                     .online = !bad}});
		}
		assert_int_equal(open_incidents(&s), 1);
		assert_int_equal(entries_with(&s, "\"subject\":\"chatter:door-office\""), 1);
		advance(&s, SECONDS(61));
		const struct incident *incident = only_incident(&s);
		assert_null(incident->subject);
		assert_true(incident->signals[0].kind == kinds[i] && incident->signals[0].active);
		assert_int_equal(entries_with(&s, "no longer comes and goes"), 1);
		story_end(&s);
	}
}

/* Each time a person has looked after it and said so; that it comes again is news for itself. */
static void test_what_stays_until_it_is_resolved_is_told_each_time(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	for (int turn = 0; turn < 4; turn++) {
		signal_(&s, "fence-west", KIND_WATER, true);
		uint32_t open = 0;
		for (uint32_t i = 0; i < s.site->incident_count; i++)
			if (s.site->incidents[i]->kind == INCIDENT_WATER &&
			    s.site->incidents[i]->state == STATE_OPEN) {
				open++;
				assert_int_equal(
				        operate_(&s,
				                 (struct operation){
				                         .type = OPERATION_RESOLVE,
				                         .by = "li",
				                         .incident = s.site->incidents[i]->id,
				                         .outcome = OUTCOME_FALSE_ALARM}),
				        0);
			}
		assert_int_equal(open, 1);
		signal_(&s, "fence-west", KIND_WATER, false);
	}
	story_end(&s);
}

static void test_a_press_is_never_chatter(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	for (int i = 0; i < 8; i++)
		signal_(&s, "sos-gate", KIND_PANIC, true);
	assert_int_equal(open_incidents(&s), 1);
	assert_int_equal(pushes_to(&s, "qian", REASON_JOINED), 7);
	story_end(&s);
}

static void test_a_door_that_is_used_all_day_is_no_chatter(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s); /* 08:00: the office is not armed */
	for (int i = 0; i < 8; i++) {
		signal_(&s, "door-office", KIND_CONTACT, true);
		signal_(&s, "door-office", KIND_CONTACT, false);
	}
	assert_int_equal(open_incidents(&s), 0);
	story_end(&s);
}

/* ---- one cause, one trouble ---- */

static void test_while_the_broker_is_gone_no_device_is_blamed(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	for (uint32_t i = 0; i < 5; i++)
		s.def->devices[i].expect_every = MINUTES(5);
	apply(&s, &(struct event){.type = EVENT_SERVICE, .service = {.type = SERVICE_STARTED}});
	advance(&s, MINUTES(4));
	apply(&s, &(struct event){.type = EVENT_SERVICE, .service = {.type = BROKER_DISCONNECTED}});
	apply(&s, &(struct event){.type = EVENT_TROUBLE,
	                          .trouble = {.subject = "broker", .active = true}});
	advance(&s, MINUTES(30));
	assert_int_equal(open_incidents(&s), 1); /* the broker's, and not five more */
	apply(&s, &(struct event){.type = EVENT_SERVICE, .service = {.type = BROKER_CONNECTED}});
	apply(&s, &(struct event){.type = EVENT_TROUBLE,
	                          .trouble = {.subject = "broker", .active = false}});
	signal_(&s, "smoke-301", KIND_SMOKE, true); /* a real alarm passes */
	expect_push(&s, "qian", REASON_OPENED, 1);
	advance(&s, MINUTES(5));
	assert_true(open_incidents(&s) > 1); /* who is silent now is silent */
	story_end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_ten_come_one_by_one_and_the_rest_together),
	        cmocka_unit_test(test_a_digest_names_what_it_stands_for),
	        cmocka_unit_test(test_what_a_digest_has_brought_is_in_the_record_of_each),
	        cmocka_unit_test(test_who_reports_what_is_open_is_named_to_all_who_know_of_it),
	        cmocka_unit_test(test_what_is_grave_never_waits),
	        cmocka_unit_test(test_steps_go_on_as_if_each_had_come_by_itself),
	        cmocka_unit_test(test_what_a_digest_carries_ends_with_it_however_late),
	        cmocka_unit_test(test_a_digest_that_comes_late_counts),
	        cmocka_unit_test(test_who_takes_charge_is_told_no_more),
	        cmocka_unit_test(test_a_flood_ends_when_it_is_calmer),
	        cmocka_unit_test(test_a_fence_that_rattles_is_one_trouble),
	        cmocka_unit_test(test_a_link_that_flaps_is_one_trouble),
	        cmocka_unit_test(test_what_comes_and_goes_and_then_stays_is_told),
	        cmocka_unit_test(test_what_stays_until_it_is_resolved_is_told_each_time),
	        cmocka_unit_test(test_a_fire_is_told_whatever_the_detector_did_before),
	        cmocka_unit_test(test_a_press_is_never_chatter),
	        cmocka_unit_test(test_a_door_that_is_used_all_day_is_no_chatter),
	        cmocka_unit_test(test_while_the_broker_is_gone_no_device_is_blamed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
