/* floors: decide */
/* A channel that nothing gets through is a trouble of its own: one, told over the others. */
#include "story.h"

static uint32_t troubles(const struct story *s, const char *subject)
{
	uint32_t count = 0;
	for (uint32_t i = 0; i < s->site->incident_count; i++) {
		const struct incident *incident = s->site->incidents[i];
		count += incident->state != STATE_RESOLVED && incident->subject &&
		         strcmp(incident->subject, subject) == 0;
	}
	return count;
}

/* The answer to the last push over a channel that is still waited for. */
static void asks_for_time(struct story *s, const char *channel, enum verdict verdict,
                          int32_t status, span_ms retry_after)
{
	for (uint32_t i = s->push_count; i-- > 0;) {
		const struct push *push = &s->pushes[i];
		const struct notification *n = site_notification(s->site, push->notification);
		if (strcmp(push->channel, channel) != 0 || !n ||
		    n->deliveries[push->contact].state != DELIVERY_SENDING)
			continue;
		apply(s, &(struct event){.type = EVENT_DELIVERY,
		                         .delivery = {.notification = push->notification,
		                                      .contact = push->contact,
		                                      .attempt = push->attempt,
		                                      .verdict = verdict,
		                                      .status = status,
		                                      .retry_after = retry_after}});
		return;
	}
	fail_msg("no push over %s waits for an answer", channel);
}

static void answers(struct story *s, const char *channel, enum verdict verdict, int32_t status)
{
	asks_for_time(s, channel, verdict, status, 0);
}

static void test_a_dead_channel_is_one_trouble_told_over_another(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	snprintf(s.mute, sizeof s.mute, "phone");
	signal_(&s, "smoke-301", KIND_SMOKE, true);
	advance(&s, SECONDS(5));
	assert_int_equal(troubles(&s, "channel:phone"), 0); /* it may be back in a moment */
	advance(&s, MINUTES(3));
	assert_int_equal(troubles(&s, "channel:phone"), 1);
	assert_int_equal(entries_with(&s, "\"subject\":\"channel:phone\""), 1);
	assert_int_equal(troubles(&s, "channel:backup"), 0);
	s.mute[0] = '\0';
	advance(&s, MINUTES(2)); /* what is retried gets through */
	assert_int_equal(troubles(&s, "channel:phone"), 0);
	story_end(&s);
}

static void test_one_that_says_it_is_gone_is_dead_at_once(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	s.mood = COURIER_HANGS;
	signal_(&s, "smoke-301", KIND_SMOKE, true);
	answers(&s, "phone", VERDICT_REFUSED, 410);
	assert_int_equal(troubles(&s, "channel:phone"), 1);
	/* Whoever has another contact hears of it there, and only there. */
	for (uint32_t i = 0; i < s.push_count; i++) {
		const struct notification *n = site_notification(s.site, s.pushes[i].notification);
		if (n && n->incident && n->incident->subject && n->delivery_count > 1)
			assert_string_not_equal(s.pushes[i].channel, "phone");
	}
	story_end(&s);
}

static bool fire_went_to_step_two(const struct story *s)
{
	for (uint32_t i = 0; i < s->push_count; i++) {
		const struct notification *n = site_notification(s->site,
		                                                 s->pushes[i].notification);
		if (n && n->incident->kind == INCIDENT_FIRE && n->step == 2 &&
		    n->reason == REASON_ESCALATED)
			return true;
	}
	return false;
}

/* Whoever is not reached waits for no hour: the next contact, the next step, and somebody hears
 * that the channel is shut. */
static void test_one_that_asks_for_an_hour_holds_nobody_up(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	s.mood = COURIER_HANGS;
	signal_(&s, "smoke-301", KIND_SMOKE, true);
	steady_ms began = s.now.steady;
	expect_push(&s, "qian", REASON_OPENED, 1);                /* the guard: one contact */
	expect_push(&s, "li", REASON_OPENED, 1);                  /* the leader: two */
	asks_for_time(&s, "phone", VERDICT_RETRY, 429, HOURS(1)); /* li's */
	assert_string_equal(s.pushes[2].channel, "backup");
	assert_string_equal(s.pushes[2].to, "li");
	assert_int_equal(troubles(&s, "channel:phone"), 1);
	assert_int_equal(entries_with(&s, "takes nothing for 60 min"), 1);
	asks_for_time(&s, "backup", VERDICT_RETRY, 429, HOURS(1));
	assert_int_equal(troubles(&s, "channel:backup"), 1);
	while (!fire_went_to_step_two(&s)) /* fails when nobody waits for the phone any more */
		asks_for_time(&s, "phone", VERDICT_RETRY, 429, HOURS(1));
	assert_int_equal(s.now.steady, began);
	assert_int_equal(troubles(&s, "channel:phone"), 1); /* not one for each attempt */
	/* When the hour is over it is asked again, and the trouble ends. */
	s.mood = COURIER_ACCEPTS;
	advance(&s, HOURS(1) + SECONDS(1));
	assert_int_equal(troubles(&s, "channel:phone"), 0);
	story_end(&s);
}

/* A limit by the minute is the way of things. */
static void test_one_that_asks_for_a_minute_is_alive(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	s.mood = COURIER_HANGS;
	signal_(&s, "smoke-301", KIND_SMOKE, true);
	asks_for_time(&s, "phone", VERDICT_RETRY, 429, MINUTES(1));
	assert_int_equal(troubles(&s, "channel:phone"), 0);
	story_end(&s);
}

static void test_one_wrong_address_is_no_dead_channel(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	s.mood = COURIER_HANGS;
	signal_(&s, "smoke-301", KIND_SMOKE, true);
	answers(&s, "phone", VERDICT_REFUSED, 400);
	assert_int_equal(troubles(&s, "channel:phone"), 0);
	story_end(&s);
}

static void test_nobody_waits_for_a_dead_channel(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	uint32_t phone = site_def_channel(s.def, "phone");
	s.mood = COURIER_HANGS;
	s.site->channels[phone].dead = true;
	forget_pushes(&s);
	apply(&s, &(struct event){.type = EVENT_OPERATION,
	                          .operation = {.type = OPERATION_REPORT,
	                                        .by = "li",
	                                        .zone = s.def->zones[0].id,
	                                        .kind = INCIDENT_WATER,
	                                        .severity = SEVERITY_NONE}});
	for (uint32_t i = 0; i < s.push_count; i++) {
		const struct notification *n = site_notification(s.site, s.pushes[i].notification);
		for (uint32_t k = 0; k < n->delivery_count; k++)
			assert_int_equal(n->deliveries[k].state, DELIVERY_SENDING);
	}
	story_end(&s);
}

static void test_a_restart_knows_which_are_dead(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	uint32_t phone = site_def_channel(s.def, "phone");
	s.mood = COURIER_HANGS;
	signal_(&s, "smoke-301", KIND_SMOKE, true);
	answers(&s, "phone", VERDICT_REFUSED, 410);
	s.site->channels[phone].dead = false; /* memory is gone */
	apply(&s, &(struct event){.type = EVENT_SERVICE, .service = {.type = SERVICE_STARTED}});
	assert_true(s.site->channels[phone].dead);
	story_end(&s);
}

static uint32_t told(const struct story *s, const char *who, enum reason reason)
{
	uint32_t count = 0;
	for (uint32_t i = 0; i < s->push_count; i++)
		count += s->pushes[i].reason == reason && strcmp(s->pushes[i].to, who) == 0;
	return count;
}

/* Of what hangs nobody knows whether it has arrived: the end is told only behind it. */
static void test_no_receiver_hears_of_the_end_before_the_beginning(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	s.mood = COURIER_HANGS;
	signal_(&s, "smoke-301", KIND_SMOKE, true);
	assert_int_equal(told(&s, "qian", REASON_OPENED), 1);
	assert_int_equal(operate_(&s, (struct operation){.type = OPERATION_RESOLVE,
	                                                 .by = "li",
	                                                 .incident = only_incident(&s)->id,
	                                                 .outcome = OUTCOME_REAL}),
	                 0);
	advance(&s, SECONDS(5));
	assert_int_equal(told(&s, "qian", REASON_RESOLVED), 0);
	assert_int_equal(told(&s, "li", REASON_RESOLVED), 0);
	answers(&s, "phone", VERDICT_ACCEPTED, 200); /* li's */
	advance(&s, SECONDS(1));
	assert_int_equal(told(&s, "li", REASON_RESOLVED), 1);
	assert_int_equal(told(&s, "qian", REASON_RESOLVED), 0); /* his still hangs */
	story_end(&s);
}

/* What is urgent waits for nothing: a rise is told beside the opening that hangs. */
static void test_what_is_urgent_waits_for_nothing(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	s.mood = COURIER_HANGS;
	signal_(&s, "smoke-301", KIND_SMOKE, true);
	signal_(&s, "smoke-302", KIND_SMOKE, true);
	assert_int_equal(told(&s, "qian", REASON_OPENED), 1);
	assert_int_equal(told(&s, "qian", REASON_RAISED), 1);
	story_end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_a_dead_channel_is_one_trouble_told_over_another),
	        cmocka_unit_test(test_one_that_says_it_is_gone_is_dead_at_once),
	        cmocka_unit_test(test_one_that_asks_for_an_hour_holds_nobody_up),
	        cmocka_unit_test(test_one_that_asks_for_a_minute_is_alive),
	        cmocka_unit_test(test_one_wrong_address_is_no_dead_channel),
	        cmocka_unit_test(test_nobody_waits_for_a_dead_channel),
	        cmocka_unit_test(test_a_restart_knows_which_are_dead),
	        cmocka_unit_test(test_no_receiver_hears_of_the_end_before_the_beginning),
	        cmocka_unit_test(test_what_is_urgent_waits_for_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
