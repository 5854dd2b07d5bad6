/* floors: decide */
/* Records reach each address in the order in which they were made, however long it takes. */
#include "story.h"

static int begin(void **state)
{
	struct story *s = calloc(1, sizeof *s);
	story_begin(s);
	s->mood = COURIER_HANGS;
	*state = s;
	return 0;
}

static int end(void **state)
{
	story_end(*state);
	free(*state);
	return 0;
}

static const struct push *last_push(const struct story *s)
{
	assert_true(s->push_count > 0);
	return &s->pushes[s->push_count - 1];
}

static void answer(struct story *s, const struct push *push, enum verdict verdict, int32_t status)
{
	apply(s, &(struct event){.type = EVENT_DELIVERY,
	                         .delivery = {.notification = push->notification,
	                                      .contact = push->contact,
	                                      .attempt = push->attempt,
	                                      .verdict = verdict,
	                                      .status = status}});
}

/* Everything that waits for an answer now. */
static void answer_all(struct story *s, enum verdict verdict, int32_t status)
{
	uint32_t count = s->push_count;
	for (uint32_t i = 0; i < count; i++) {
		const struct push push = s->pushes[i];
		const struct notification *n = site_notification(s->site, push.notification);
		if (n && n->deliveries[push.contact].state == DELIVERY_SENDING &&
		    n->deliveries[push.contact].attempts == push.attempt)
			answer(s, &push, verdict, status);
	}
}

static const char *reports(struct story *s, const char *zone, enum incident_kind kind)
{
	assert_int_equal(operate_(s, (struct operation){.type = OPERATION_REPORT,
	                                                .by = "sun",
	                                                .zone = zone,
	                                                .kind = kind,
	                                                .severity = SEVERITY_MINOR}),
	                 0);
	return s->site->incidents[s->site->incident_count - 1]->id;
}

static void resolves(struct story *s, const char *incident)
{
	assert_int_equal(operate_(s, (struct operation){.type = OPERATION_RESOLVE,
	                                                .by = "li",
	                                                .incident = incident,
	                                                .outcome = OUTCOME_REAL}),
	                 0);
}

static const struct incident *incident_of(const struct story *s, const struct push *push)
{
	return site_notification(s->site, push->notification)->incident;
}

/* qian's phone is busy once: what is over later is told later all the same. */
static void records_of_different_incidents_arrive_in_order(void **state)
{
	struct story *s = *state;
	const char *water = reports(s, "dorm", INCIDENT_WATER);
	const char *tamper = reports(s, "gate", INCIDENT_TAMPER);
	answer_all(s, VERDICT_ACCEPTED, 200);
	forget_pushes(s);
	resolves(s, water);
	assert_ptr_equal(incident_of(s, last_push(s)), site_incident(s->site, water));
	answer_all(s, VERDICT_RETRY, 503);
	resolves(s, tamper);
	assert_int_equal(s->push_count, 1);
	advance(s, SECONDS(7));
	assert_int_equal(s->push_count, 2);
	assert_ptr_equal(incident_of(s, last_push(s)), site_incident(s->site, water));
	answer_all(s, VERDICT_ACCEPTED, 200); /* and at once, not with the next look */
	assert_int_equal(s->push_count, 3);
	assert_ptr_equal(incident_of(s, last_push(s)), site_incident(s->site, tamper));
}

/* Who keeps a record hears who took it, too. */
static void that_it_is_over_does_not_swallow_who_took_it(void **state)
{
	struct story *s = *state;
	const char *water = reports(s, "dorm", INCIDENT_WATER);
	answer_all(s, VERDICT_ACCEPTED, 200);
	forget_pushes(s);
	operate_(s, (struct operation){.type = OPERATION_ACK, .by = "li", .incident = water});
	answer_all(s, VERDICT_RETRY, 503);
	resolves(s, water);
	advance(s, SECONDS(7));
	answer_all(s, VERDICT_ACCEPTED, 200);
	answer_all(s, VERDICT_ACCEPTED, 200);
	assert_int_equal(s->push_count, 4);
	expect_push(s, "qian", REASON_ACKNOWLEDGED, 0);
	expect_push(s, "qian", REASON_RESOLVED, 0);
	expect_push(s, "li", REASON_RESOLVED, 0); /* who took it */
	assert_int_equal(last_push(s)->reason, REASON_RESOLVED);
	assert_string_equal(last_push(s)->to, "qian");
}

/* Whatever becomes of the first, the next one's turn comes. */
static void a_refusal_or_the_end_of_its_time_moves_the_line(void **state)
{
	struct story *s = *state;
	const char *water = reports(s, "dorm", INCIDENT_WATER);
	const char *tamper = reports(s, "gate", INCIDENT_TAMPER);
	const char *other = reports(s, "office", INCIDENT_OTHER);
	answer_all(s, VERDICT_ACCEPTED, 200);
	resolves(s, water);
	resolves(s, tamper);
	resolves(s, other);
	forget_pushes(s);
	answer(s, &(struct push){.notification = s->site->notifications[0]->number, .attempt = 1},
	       VERDICT_REFUSED, 400);
	assert_int_equal(s->push_count, 1);
	assert_ptr_equal(incident_of(s, last_push(s)), site_incident(s->site, tamper));
	answer_all(s, VERDICT_RETRY, 503);
	for (int hour = 0; hour < 72; hour++) {
		forget_pushes(s);
		advance(s, HOURS(1));
		answer_all(s, VERDICT_RETRY, 503);
	}
	for (uint32_t i = 0; i < s->site->notification_count; i++)
		assert_true(!notification_is_record(s->site->notifications[i]));
}

static void urgent_words_wait_for_no_record(void **state)
{
	struct story *s = *state;
	const char *water = reports(s, "dorm", INCIDENT_WATER);
	answer_all(s, VERDICT_ACCEPTED, 200);
	resolves(s, water);
	answer_all(s, VERDICT_RETRY, 503);
	forget_pushes(s);
	(void)reports(s, "gate", INCIDENT_TAMPER);
	expect_push(s, "qian", REASON_OPENED, 1);
}

/* ---- a receiver that is dead for days ---- */

static void many_are_over(struct story *s, uint32_t count)
{
	static const char *const zones[] = {"campus", "dorm", "dorm-3f", "gate", "office"};
	for (uint32_t i = 0; i < count; i++) {
		const char *id = reports(s, zones[i % 5], INCIDENT_OTHER);
		answer_all(s, VERDICT_RETRY, 503);
		char incident[INCIDENT_ID_MAX];
		snprintf(incident, sizeof incident, "%s", id);
		operate_(s, (struct operation){
		                    .type = OPERATION_ACK, .by = "qian", .incident = incident});
		resolves(s, incident);
		answer_all(s, VERDICT_RETRY, 503);
		advance(s, MINUTES(3)); /* no flood */
		answer_all(s, VERDICT_RETRY, 503);
		forget_pushes(s);
	}
}

static uint32_t waiting(const struct story *s)
{
	uint32_t count = 0;
	for (uint32_t i = 0; i < s->site->notification_count; i++) {
		const struct notification *n = s->site->notifications[i];
		count += n->reason == REASON_RESOLVED && strcmp(n->to_id, "qian") == 0;
	}
	return count;
}

/* The receiver is well again. */
static void expect_all_in_order(struct story *s, bool restart)
{
	uint32_t arrived = 0, waited = waiting(s);
	uint64_t last = 0;
	forget_pushes(s);
	s->mood = COURIER_ACCEPTS;
	if (restart)
		apply(s,
		      &(struct event){.type = EVENT_SERVICE, .service = {.type = SERVICE_STARTED}});
	advance(s, HOURS(1)); /* a test has got through by then, and that moves the line */
	for (uint32_t i = 0; i < s->push_count; i++)
		if (s->pushes[i].reason == REASON_RESOLVED &&
		    strcmp(s->pushes[i].to, "qian") == 0) {
			assert_true(s->pushes[i].notification > last);
			last = s->pushes[i].notification;
			arrived++;
		}
	assert_true(arrived >= waited); /* and what the phone's own trouble has to say */
	assert_int_equal(waiting(s), 0);
}

static void who_is_dead_for_a_day_hears_all_of_it_in_order(void **state)
{
	struct story *s = *state;
	many_are_over(s, 100);
	forget_pushes(s);
	uint32_t tried = 0;
	for (int minute = 0; minute < 24 * 60; minute++) {
		advance(s, MINUTES(1));
		for (uint32_t i = 0; i < s->push_count; i++)
			tried += s->pushes[i].reason == REASON_RESOLVED &&
			         strcmp(s->pushes[i].to, "qian") == 0;
		answer_all(s, VERDICT_RETRY, 503);
		forget_pushes(s);
	}
	assert_in_range(tried, 1, 10); /* the first of the line, and nobody else */
	assert_in_range(waiting(s), 100, 105);
	expect_all_in_order(s, false);
}

static void a_restart_keeps_the_order(void **state)
{
	struct story *s = *state;
	many_are_over(s, 20);
	advance(s, HOURS(3));
	answer_all(s, VERDICT_RETRY, 503);
	assert_in_range(waiting(s), 20, 25);
	expect_all_in_order(s, true);
}

/* ---- whose line ---- */

static uint32_t under_way(const struct story *s)
{
	uint32_t count = 0;
	for (uint32_t i = 0; i < s->site->notification_count; i++)
		for (uint32_t k = 0; k < s->site->notifications[i]->delivery_count; k++)
			count += s->site->notifications[i]->deliveries[k].state == DELIVERY_SENDING;
	return count;
}

/* Two who read one chat read one after the other; two phones have a line each. */
static void an_address_that_is_shared_has_one_line(void **state)
{
	struct story *s = *state;
	for (int chat = 0; chat < 2; chat++) {
		s->def->people[0].contacts[0].to = chat ? "-100" : NULL;
		s->def->people[4].contacts[0].to = chat ? "-100" : NULL;
		s->def->policies[2].steps[0].notify = recipients(
		        &s->def->arena, &s->def->policies[2].steps[0].count,
		        "person:qian person:wu");
		const char *water = reports(s, "dorm", INCIDENT_WATER);
		answer_all(s, VERDICT_ACCEPTED, 200);
		resolves(s, water);
		assert_int_equal(under_way(s), chat ? 1 : 2);
		answer_all(s, VERDICT_ACCEPTED, 200);
		answer_all(s, VERDICT_ACCEPTED, 200);
		assert_int_equal(under_way(s), 0);
	}
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        STORY(records_of_different_incidents_arrive_in_order),
	        STORY(that_it_is_over_does_not_swallow_who_took_it),
	        STORY(a_refusal_or_the_end_of_its_time_moves_the_line),
	        STORY(urgent_words_wait_for_no_record),
	        STORY(who_is_dead_for_a_day_hears_all_of_it_in_order),
	        STORY(a_restart_keeps_the_order),
	        STORY(an_address_that_is_shared_has_one_line),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
