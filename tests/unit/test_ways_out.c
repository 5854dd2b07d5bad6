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

/* The answer to the last push over a channel that is still waited for; false: there is none. */
static bool answers_last(struct story *s, const char *channel, enum verdict verdict, int32_t status,
                         span_ms retry_after)
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
		return true;
	}
	return false;
}

static void asks_for_time(struct story *s, const char *channel, enum verdict verdict,
                          int32_t status, span_ms retry_after)
{
	if (!answers_last(s, channel, verdict, status, retry_after))
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

static void test_one_that_says_it_is_gone_is_dead_a_second_later(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	s.mood = COURIER_HANGS;
	signal_(&s, "smoke-301", KIND_SMOKE, true);
	answers(&s, "phone", VERDICT_REFUSED, 410);
	advance(&s, SECONDS(1));
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

/* Somebody presses over and over, and each push over the phone is answered so, until that is a
 * trouble; how long it took. */
static span_ms pressed_until_dead(struct story *s, span_ms every, enum verdict verdict,
                                  int32_t status, span_ms retry_after)
{
	steady_ms began = s->now.steady;
	while (!troubles(s, "channel:phone")) {
		if (s->now.steady - began > MINUTES(10))
			fail_msg("nobody hears of it in ten minutes");
		signal_(s, "sos-gate", KIND_PANIC, true);
		while (answers_last(s, "phone", verdict, status, retry_after))
			;
		advance(s, every);
	}
	return s->now.steady - began;
}

static void test_a_storm_does_not_hide_that_a_channel_is_dead(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	s.mood = COURIER_HANGS;
	span_ms took = pressed_until_dead(&s, 900, VERDICT_REFUSED, 302, 0);
	assert_in_range(took, SECONDS(1), SECONDS(2));
	story_end(&s);
}

/* A few seconds each time are no answer for ever. */
static void test_one_that_is_always_busy_is_dead_after_two_minutes(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	s.mood = COURIER_HANGS;
	span_ms took = pressed_until_dead(&s, SECONDS(7), VERDICT_RETRY, 429, SECONDS(7));
	assert_in_range(took, MINUTES(2), MINUTES(2) + SECONDS(20));
	story_end(&s);
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
	asks_for_time(&s, "backup", VERDICT_RETRY, 429, HOURS(1));
	while (!fire_went_to_step_two(&s)) /* fails when nobody waits for the phone any more */
		asks_for_time(&s, "phone", VERDICT_RETRY, 429, HOURS(1));
	assert_int_equal(s.now.steady, began);
	advance(&s, SECONDS(1));
	assert_int_equal(troubles(&s, "channel:phone"), 1);
	assert_int_equal(entries_with(&s, "takes nothing for 60 min"), 2); /* one each */
	assert_int_equal(troubles(&s, "channel:backup"), 1);
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

/* ---- one of several addresses ---- */

/* Four people at a bot, each in a chat of his own, the backup behind it; troubles go to qian. */
static void begin_with_chats(struct story *s)
{
	static const char *const chats[] = {"100", "101", "102", "103"};
	*s = (struct story){0};
	s->def = story_def();
	for (uint32_t i = 0; i < 4; i++) {
		struct person *person = &s->def->people[i + 1];
		person->contacts[0] = (struct contact){.channel = 0, .to = chats[i]};
		person->contacts[1] = (struct contact){.channel = 1};
		person->contact_count = 2;
	}
	s->def->people[0].contacts[0] = (struct contact){.channel = 1};
	s->def->policies[0].steps[0].notify = recipients(
	        &s->def->arena, &s->def->policies[0].steps[0].count,
	        "person:zhao person:li person:sun person:wu");
	s->site = site_create(s->def);
	s->now = (struct moment){.wall = STORY_START, .steady = 1000};
	apply(s, &(struct event){.type = EVENT_SERVICE, .service = {.type = SERVICE_STARTED}});
	s->mood = COURIER_HANGS;
}

static void burn_out(struct story *s)
{
	for (uint32_t i = 0; i < s->site->incident_count; i++)
		if (s->site->incidents[i]->kind == INCIDENT_FIRE &&
		    s->site->incidents[i]->state != STATE_RESOLVED)
			assert_int_equal(
			        operate_(s,
			                 (struct operation){.type = OPERATION_RESOLVE,
			                                    .by = "li",
			                                    .incident = s->site->incidents[i]->id,
			                                    .outcome = OUTCOME_FALSE_ALARM}),
			        0);
	signal_(s, "smoke-301", KIND_SMOKE, false);
}

/* Everything under way is answered: over the chats of these people by a refusal. */
static void chats_answer(struct story *s, const char *blocked)
{
	for (uint32_t i = 0; i < s->push_count; i++) {
		const struct push push = s->pushes[i];
		const struct notification *n = site_notification(s->site, push.notification);
		if (!n || n->deliveries[push.contact].state != DELIVERY_SENDING ||
		    n->deliveries[push.contact].attempts != push.attempt)
			continue;
		bool no = strcmp(push.channel, "phone") == 0 && strstr(blocked, push.to);
		apply(s, &(struct event){
		                 .type = EVENT_DELIVERY,
		                 .delivery = {.notification = push.notification,
		                              .contact = push.contact,
		                              .attempt = push.attempt,
		                              .verdict = no ? VERDICT_REFUSED : VERDICT_ACCEPTED,
		                              .status = no ? 403 : 200}});
	}
}

static uint32_t pushed(const struct story *s, const char *who, const char *channel,
                       enum reason reason)
{
	uint32_t count = 0;
	for (uint32_t i = 0; i < s->push_count; i++)
		count += s->pushes[i].reason == reason && strcmp(s->pushes[i].to, who) == 0 &&
		         strcmp(s->pushes[i].channel, channel) == 0;
	return count;
}

/* Seven alarms, and wu has blocked the bot: that is his trouble, once, and not the bot's. */
static void test_who_blocks_the_bot_is_one_trouble_and_no_dead_channel(void **state)
{
	(void)state;
	struct story s;
	begin_with_chats(&s);
	for (int alarm = 0; alarm < 7; alarm++) {
		signal_(&s, "smoke-301", KIND_SMOKE, true);
		chats_answer(&s, "wu");
		advance(&s, SECONDS(1));
		assert_int_equal(troubles(&s, "contact:wu/phone"), 1);
		burn_out(&s);
		chats_answer(&s, "wu");
		advance(&s, MINUTES(3));
		chats_answer(&s, "wu");
	}
	assert_int_equal(entries_with(&s, "incident.opened"), 8); /* seven fires, and that one */
	assert_int_equal(entries_with(&s, "\"subject\":\"contact:wu/phone\""), 1);
	assert_int_equal(troubles(&s, "channel:phone"), 0);
	/* He unblocks it: the next test gets through, and nobody had to raise an alarm. */
	advance(&s, MINUTES(36));
	chats_answer(&s, "");
	assert_int_equal(troubles(&s, "contact:wu/phone"), 0);
	story_end(&s);
}

static void somebody_takes_the_trouble(struct story *s)
{
	for (uint32_t i = 0; i < s->site->incident_count; i++)
		if (s->site->incidents[i]->state == STATE_OPEN)
			operate_(s, (struct operation){.type = OPERATION_ACK,
			                               .by = "sun",
			                               .incident = s->site->incidents[i]->id});
}

static void test_when_several_fail_and_none_gets_through_it_is_the_channel(void **state)
{
	(void)state;
	struct story s;
	begin_with_chats(&s);
	signal_(&s, "smoke-301", KIND_SMOKE, true);
	chats_answer(&s, "wu");
	advance(&s, SECONDS(1));
	assert_int_equal(troubles(&s, "contact:wu/phone"), 1);
	burn_out(&s);
	somebody_takes_the_trouble(&s);
	chats_answer(&s, "wu");
	advance(&s, MINUTES(3));
	chats_answer(&s, "wu");
	/* Now somebody else's, too; of the others nothing is known lately. */
	s.def->policies[0].steps[0].count = 2;
	signal_(&s, "smoke-301", KIND_SMOKE, true);
	chats_answer(&s, "zhao li wu");
	advance(&s, SECONDS(1));
	assert_int_equal(troubles(&s, "channel:phone"), 1);
	assert_int_equal(troubles(&s, "contact:wu/phone"), 0);
	assert_int_equal(troubles(&s, "contact:zhao/phone"), 0);
	/* One test gets through: the others are asked at once, before any of them is a trouble. */
	forget_pushes(&s);
	advance(&s, SECONDS(15));
	assert_true(pushed(&s, "zhao", "phone", REASON_TEST) > 0);
	chats_answer(&s, "");
	advance(&s, 0);
	chats_answer(&s, "");
	advance(&s, MINUTES(1));
	assert_int_equal(pushed(&s, "li", "phone", REASON_TEST), 1);
	assert_int_equal(troubles(&s, "channel:phone"), 0);
	assert_int_equal(troubles(&s, "contact:zhao/phone") + troubles(&s, "contact:li/phone") +
	                         troubles(&s, "contact:wu/phone"),
	                 0);
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

static void restart(struct story *s)
{
	apply(s, &(struct event){.type = EVENT_SERVICE, .service = {.type = SERVICE_STARTED}});
	advance(s, 0);
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
	advance(&s, SECONDS(1));
	restart(&s);
	assert_true(s.site->channels[phone].dead);
	forget_pushes(&s);
	advance(&s, SECONDS(15)); /* the test goes on as it was planned, and is none twice */
	assert_int_equal(pushed(&s, "li", "phone", REASON_TEST), 1);
	answers(&s, "phone", VERDICT_ACCEPTED, 200);
	assert_int_equal(troubles(&s, "channel:phone"), 0);
	story_end(&s);
}

/* ---- what is a failure ---- */

/* Robots say no under HTTP 200; li has the backup, so that nothing is tried again. */
static void test_a_refusal_under_200_counts_though_somebody_else_has_it(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	s.mood = COURIER_HANGS;
	signal_(&s, "smoke-301", KIND_SMOKE, true);
	answers(&s, "phone", VERDICT_REFUSED, 200);
	answers(&s, "backup", VERDICT_ACCEPTED, 200);
	advance(&s, SECONDS(1));
	assert_int_equal(troubles(&s, "channel:phone"), 1);
	story_end(&s);
}

static void test_who_answers_nothing_in_all_the_time_has_failed(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	s.mood = COURIER_HANGS;
	signal_(&s, "smoke-301", KIND_SMOKE, true);
	advance(&s, SECONDS(10));
	answers(&s, "backup", VERDICT_ACCEPTED, 200); /* li has it by then */
	advance(&s, SECONDS(5));
	for (uint32_t i = 0; i < 2; i++)
		apply(&s, &(struct event){.type = EVENT_DELIVERY,
		                          .delivery = {.notification = s.pushes[i].notification,
		                                       .contact = s.pushes[i].contact,
		                                       .attempt = s.pushes[i].attempt,
		                                       .verdict = VERDICT_RETRY,
		                                       .took = SECONDS(15)}});
	advance(&s, SECONDS(1));
	assert_int_equal(troubles(&s, "channel:phone"), 1);
	story_end(&s);
}

/* What could not be written, or was held back, never left. */
static void test_what_never_left_says_nothing(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	s.mood = COURIER_HANGS;
	signal_(&s, "smoke-301", KIND_SMOKE, true);
	answers(&s, "phone", VERDICT_REFUSED, 0);
	advance(&s, MINUTES(1));
	assert_int_equal(troubles(&s, "channel:phone"), 0);
	story_end(&s);
}

/* li's phone had a hiccup while the backup took it. Nothing more goes there by itself; so it is
 * asked, and as it answers nobody is bothered. */
static void test_a_lone_hiccup_is_asked_again_before_anybody_hears_of_it(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	s.mood = COURIER_HANGS;
	signal_(&s, "sos-gate", KIND_PANIC, true); /* critical: the guard's contact */
	answers(&s, "phone", VERDICT_RETRY, 503);
	operate_(&s, (struct operation){.type = OPERATION_ACK,
	                                .by = "qian",
	                                .incident = only_incident(&s)->id});
	forget_pushes(&s);
	advance(&s, SECONDS(10));
	assert_int_equal(pushed(&s, "qian", "phone", REASON_TEST), 1);
	answers(&s, "phone", VERDICT_ACCEPTED, 200);
	advance(&s, HOURS(1));
	assert_int_equal(pushed(&s, "qian", "phone", REASON_TEST), 1);
	assert_int_equal(entries_with(&s, "\"subject\":"), 0);
	story_end(&s);
}

/* ---- until it works again ---- */

static void refuse(struct story *s, const struct push *push)
{
	apply(s, &(struct event){.type = EVENT_DELIVERY,
	                         .delivery = {.notification = push->notification,
	                                      .contact = push->contact,
	                                      .attempt = push->attempt,
	                                      .verdict = VERDICT_REFUSED,
	                                      .status = 410}});
}

static uint32_t refuse_tests(struct story *s, span_ms span)
{
	uint32_t count = 0;
	for (steady_ms until = s->now.steady + span; s->now.steady < until;) {
		forget_pushes(s);
		advance(s, SECONDS(1));
		for (uint32_t i = 0; i < s->push_count; i++)
			if (s->pushes[i].reason == REASON_TEST) {
				count++;
				refuse(s, &s->pushes[i]);
			}
	}
	return count;
}

/* The phone is gone; the incident is over, so nothing is on its way there any more. */
static void gone_and_over(struct story *s)
{
	story_begin(s);
	s->def->policies[0].steps[0].count = 1; /* the guard alone */
	s->mood = COURIER_HANGS;
	signal_(s, "smoke-301", KIND_SMOKE, true);
	answers(s, "phone", VERDICT_REFUSED, 410);
	advance(s, SECONDS(1));
	assert_int_equal(troubles(s, "channel:phone"), 1);
	burn_out(s);
	somebody_takes_the_trouble(s);
}

static void test_its_return_is_noticed_without_any_alarm(void **state)
{
	(void)state;
	struct story s;
	gone_and_over(&s);
	assert_in_range(refuse_tests(&s, MINUTES(6)), 6, 8);
	assert_in_range(refuse_tests(&s, HOURS(12)), 22, 30); /* seldom, and never no more */
	assert_int_equal(troubles(&s, "channel:phone"), 1);
	s.mood = COURIER_ACCEPTS;
	advance(&s, MINUTES(36));
	assert_int_equal(troubles(&s, "channel:phone"), 0);
	forget_pushes(&s);
	advance(&s, DAYS(2));
	assert_int_equal(pushed(&s, "qian", "phone", REASON_TEST), 0);
	story_end(&s);
}

static void test_what_a_person_resolves_is_open_again_with_the_next_failure(void **state)
{
	(void)state;
	struct story s;
	gone_and_over(&s);
	assert_int_equal(operate_(&s, (struct operation){.type = OPERATION_RESOLVE,
	                                                 .by = "li",
	                                                 .incident = only_incident(&s)->id,
	                                                 .outcome = OUTCOME_REAL}),
	                 0);
	assert_int_equal(troubles(&s, "channel:phone"), 0);
	(void)refuse_tests(&s, SECONDS(20));
	assert_int_equal(troubles(&s, "channel:phone"), 1);
	assert_int_equal(entries_with(&s, "\"subject\":\"channel:phone\""), 2);
	story_end(&s);
}

static struct event reloaded(void)
{
	return (struct event){.type = EVENT_SERVICE, .service = {.type = SERVICE_CONFIGURED}};
}

static void test_who_mends_it_in_the_file_sees_it_at_once(void **state)
{
	(void)state;
	struct story s;
	gone_and_over(&s);
	(void)refuse_tests(&s, MINUTES(10));
	s.mood = COURIER_ACCEPTS;
	struct event event = reloaded();
	apply(&s, &event);
	advance(&s, 0);
	assert_int_equal(troubles(&s, "channel:phone"), 0);
	story_end(&s);
}

static void test_what_the_file_no_longer_knows_is_nobodys_trouble(void **state)
{
	(void)state;
	struct story s;
	gone_and_over(&s);
	struct site_def *without = story_def(), *with = s.def;
	without->channels[0].id = "mobile";
	site_def_index(without);
	site_redefine(s.site, without, s.now);
	s.def = without;
	struct event event = reloaded();
	apply(&s, &event);
	site_def_destroy(with);
	assert_int_equal(troubles(&s, "channel:phone"), 0);
	forget_pushes(&s);
	advance(&s, HOURS(2));
	for (uint32_t i = 0; i < s.push_count; i++)
		assert_true(s.pushes[i].reason != REASON_TEST);
	story_end(&s);
}

/* The police hear of real alarms only: no test asks whether they can be reached again. */
static void test_no_test_goes_to_an_outside_line(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	s.def->policies[0].steps[0].notify = recipients(
	        &s.def->arena, &s.def->policies[0].steps[0].count, "channel:police");
	s.mood = COURIER_HANGS;
	signal_(&s, "smoke-301", KIND_SMOKE, true);
	answers(&s, "police", VERDICT_REFUSED, 410);
	advance(&s, SECONDS(1));
	assert_int_equal(troubles(&s, "channel:police"), 1);
	burn_out(&s);
	restart(&s);
	for (int minute = 0; minute < 200; minute++) {
		forget_pushes(&s);
		advance(&s, MINUTES(1));
		assert_int_equal(pushed(&s, "police", "police", REASON_TEST), 0);
	}
	assert_int_equal(troubles(&s, "channel:police"), 1);
	signal_(&s, "smoke-301", KIND_SMOKE, true); /* the next alarm gets through */
	answers(&s, "police", VERDICT_ACCEPTED, 200);
	assert_int_equal(troubles(&s, "channel:police"), 0);
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
	        cmocka_unit_test(test_one_that_says_it_is_gone_is_dead_a_second_later),
	        cmocka_unit_test(test_a_storm_does_not_hide_that_a_channel_is_dead),
	        cmocka_unit_test(test_one_that_is_always_busy_is_dead_after_two_minutes),
	        cmocka_unit_test(test_one_that_asks_for_an_hour_holds_nobody_up),
	        cmocka_unit_test(test_one_that_asks_for_a_minute_is_alive),
	        cmocka_unit_test(test_who_blocks_the_bot_is_one_trouble_and_no_dead_channel),
	        cmocka_unit_test(test_when_several_fail_and_none_gets_through_it_is_the_channel),
	        cmocka_unit_test(test_nobody_waits_for_a_dead_channel),
	        cmocka_unit_test(test_a_restart_knows_which_are_dead),
	        cmocka_unit_test(test_a_refusal_under_200_counts_though_somebody_else_has_it),
	        cmocka_unit_test(test_who_answers_nothing_in_all_the_time_has_failed),
	        cmocka_unit_test(test_what_never_left_says_nothing),
	        cmocka_unit_test(test_a_lone_hiccup_is_asked_again_before_anybody_hears_of_it),
	        cmocka_unit_test(test_its_return_is_noticed_without_any_alarm),
	        cmocka_unit_test(test_what_a_person_resolves_is_open_again_with_the_next_failure),
	        cmocka_unit_test(test_who_mends_it_in_the_file_sees_it_at_once),
	        cmocka_unit_test(test_what_the_file_no_longer_knows_is_nobodys_trouble),
	        cmocka_unit_test(test_no_test_goes_to_an_outside_line),
	        cmocka_unit_test(test_no_receiver_hears_of_the_end_before_the_beginning),
	        cmocka_unit_test(test_what_is_urgent_waits_for_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
