/* floors: decide */
/* Escalation that cannot run out: steps, repeats, gaps, last_resort, acknowledgement, deadlines. */
#include "story.h"

static struct operation ack(const char *by, const char *id)
{
	return (struct operation){OPERATION_ACK, .by = by, .incident = id};
}

static struct operation resolve(const char *by, const char *id)
{
	return (struct operation){OPERATION_RESOLVE, .by = by, .incident = id,
	                          .outcome = OUTCOME_REAL};
}

static void begin_fire(struct story *s, char id[INCIDENT_ID_MAX])
{
	story_begin(s);
	signal_(s, "smoke-301", KIND_SMOKE, true);
	snprintf(id, INCIDENT_ID_MAX, "%s", only_incident(s)->id);
}

/* On 2026-11-22, eleven weeks after 2026-09-07, li has the week; zhao owns the dormitory. */
static void test_steps_come_at_their_second(void **state)
{
	(void)state;
	struct story s;
	char id[INCIDENT_ID_MAX];
	begin_fire(&s, id);
	expect_push(&s, "qian", REASON_OPENED, 1);
	expect_push(&s, "li", REASON_OPENED, 1);
	advance(&s, SECONDS(30) - 1);
	expect_no_more_pushes(&s);
	advance(&s, 1);
	expect_push(&s, "li", REASON_ESCALATED, 2);
	expect_push(&s, "zhao", REASON_ESCALATED, 2);
	expect_no_more_pushes(&s);
	advance(&s, SECONDS(150));
	expect_push(&s, "sun", REASON_ESCALATED, 3);
	expect_no_more_pushes(&s);
	story_end(&s);
}

static void test_the_last_step_repeats_for_ever(void **state)
{
	(void)state;
	struct story s;
	char id[INCIDENT_ID_MAX];
	begin_fire(&s, id);
	advance(&s, MINUTES(3));
	forget_pushes(&s);
	for (int i = 0; i < 500; i++) {
		advance(&s, MINUTES(1));
		expect_push(&s, "sun", REASON_REPEATED, 3);
		expect_no_more_pushes(&s);
		forget_pushes(&s);
	}
	assert_int_equal(only_incident(&s)->state, STATE_OPEN);
	story_end(&s);
}

static void test_an_acknowledgement_stops_the_steps_and_is_told(void **state)
{
	(void)state;
	struct story s;
	char id[INCIDENT_ID_MAX];
	begin_fire(&s, id);
	forget_pushes(&s);
	assert_int_equal(operate_(&s, ack("li", id)), 0);
	assert_string_equal(only_incident(&s)->owner, "li");
	expect_push(&s, "qian", REASON_ACKNOWLEDGED, 0);
	expect_no_more_pushes(&s);
	assert_int_equal(operate_(&s, ack("li", id)), 0); /* harmless */
	advance(&s, MINUTES(15) - 1);
	expect_no_more_pushes(&s);
	assert_int_equal(entries_with(&s, "incident.acknowledged"), 1);
	story_end(&s);
}

/* Handed to him, he says so over another way: what was still being pushed to him stops. */
static void test_who_was_handed_an_incident_and_says_yes_is_left_in_peace(void **state)
{
	(void)state;
	struct story s;
	char id[INCIDENT_ID_MAX];
	begin_fire(&s, id);
	assert_int_equal(operate_(&s, ack("li", id)), 0);
	s.mood = COURIER_IS_BROKEN;
	struct operation assign = {OPERATION_ASSIGN, .by = "li", .incident = id, .to = "sun"};
	assert_int_equal(operate_(&s, assign), 0);
	advance(&s, SECONDS(3));
	assert_int_equal(operate_(&s, ack("sun", id)), 0);
	forget_pushes(&s);
	advance(&s, MINUTES(10));
	for (uint32_t i = 0; i < s.push_count; i++)
		assert_int_not_equal(s.pushes[i].reason, REASON_HANDOVER);
	story_end(&s);
}

static void test_acknowledged_and_forgotten_opens_again(void **state)
{
	(void)state;
	struct story s;
	char id[INCIDENT_ID_MAX];
	begin_fire(&s, id);
	assert_int_equal(operate_(&s, ack("li", id)), 0);
	forget_pushes(&s);
	advance(&s, MINUTES(15));
	struct incident *incident = only_incident(&s);
	assert_int_equal(incident->state, STATE_OPEN);
	assert_null(incident->owner);
	expect_push(&s, "qian", REASON_REOPENED, 1);
	expect_push(&s, "li", REASON_REOPENED, 1);
	expect_no_more_pushes(&s);
	advance(&s, SECONDS(30));
	expect_push(&s, "li", REASON_ESCALATED, 2);
	expect_push(&s, "zhao", REASON_ESCALATED, 2);
	story_end(&s);
}

/* That qian has it is told in li's own time, which is no time that his phone has had for an alarm.
 */
static void test_a_record_that_waits_takes_no_contact_its_time(void **state)
{
	(void)state;
	struct story s;
	char id[INCIDENT_ID_MAX];
	begin_fire(&s, id);
	s.mood = COURIER_HANGS;
	assert_int_equal(operate_(&s, ack("qian", id)), 0);
	advance(&s, MINUTES(15) - 1);
	forget_pushes(&s);
	advance(&s, 1);
	expect_push(&s, "qian", REASON_REOPENED, 1);
	expect_push(&s, "li", REASON_REOPENED, 1);
	assert_string_equal(s.pushes[s.push_count - 1].channel, "phone");
	advance(&s, SECONDS(10) - 1);
	expect_no_more_pushes(&s);
	advance(&s, 1);
	expect_push(&s, "li", REASON_REOPENED, 1);
	assert_string_equal(s.pushes[s.push_count - 1].channel, "backup");
	story_end(&s);
}

static void answer(struct story *s, const char *to, const char *channel, enum verdict verdict)
{
	const struct push *push = NULL;
	for (uint32_t i = 0; i < s->push_count; i++)
		if (strcmp(s->pushes[i].to, to) == 0 && strcmp(s->pushes[i].channel, channel) == 0)
			push = &s->pushes[i];
	assert_non_null(push);
	apply(s, &(struct event){.type = EVENT_DELIVERY,
	                         .delivery = {.notification = push->notification,
	                                      .contact = push->contact,
	                                      .attempt = push->attempt,
	                                      .verdict = verdict}});
}

/* li's phone refuses one press and takes the next; the backup hangs with both. Told again, li is
 * not given up by the backup's no while the phone, which has worked since, is under way. */
static void test_a_contact_that_has_worked_since_gets_its_time(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	signal_(&s, "sos-gate", KIND_PANIC, true);
	advance(&s, MINUTES(1));
	expect_push(&s, "li", REASON_ESCALATED, 2);
	s.mood = COURIER_HANGS;
	advance(&s, SECONDS(50));
	signal_(&s, "sos-gate", KIND_PANIC, true);
	answer(&s, "li", "phone", VERDICT_REFUSED);
	advance(&s, SECONDS(1));
	signal_(&s, "sos-gate", KIND_PANIC, true);
	answer(&s, "li", "phone", VERDICT_ACCEPTED);
	answer(&s, "qian", "phone", VERDICT_ACCEPTED);
	advance(&s, SECONDS(9));
	expect_push(&s, "li", REASON_REPEATED, 2);
	answer(&s, "li", "backup", VERDICT_REFUSED);
	assert_int_equal(entries_with(&s, "every delivery has failed"), 0);
	answer(&s, "li", "phone", VERDICT_REFUSED);
	assert_int_equal(entries_with(&s, "every delivery has failed"), 1);
	story_end(&s);
}

/* One press hangs with li's phone, which takes the next one: the time of the first is not that of
 * what is said later. */
static void test_a_press_that_hangs_takes_the_next_word_no_time(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	s.def->channels[0].give_up_after = SECONDS(20);
	signal_(&s, "sos-gate", KIND_PANIC, true);
	advance(&s, MINUTES(1));
	expect_push(&s, "li", REASON_ESCALATED, 2);
	s.mood = COURIER_HANGS;
	advance(&s, SECONDS(45));
	signal_(&s, "sos-gate", KIND_PANIC, true);
	answer(&s, "li", "backup", VERDICT_REFUSED);
	advance(&s, 1);
	signal_(&s, "sos-gate", KIND_PANIC, true);
	answer(&s, "li", "phone", VERDICT_ACCEPTED);
	advance(&s, SECONDS(15) - 1);
	expect_push(&s, "li", REASON_REPEATED, 2);
	answer(&s, "li", "backup", VERDICT_REFUSED);
	advance(&s, SECONDS(20) - 1);
	assert_int_equal(entries_with(&s, "every delivery has failed"), 0);
	advance(&s, 1);
	assert_int_equal(entries_with(&s, "every delivery has failed"), 1);
	story_end(&s);
}

/* li's phone has worked since, and its time is over just when li is told again: the backup, which
 * was to be next and was told nothing, gets all of its time. */
static void test_a_contact_that_was_told_nothing_has_its_time(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	s.mood = COURIER_HANGS;
	s.def->channels[0].give_up_after = MINUTES(1);
	signal_(&s, "fence-west", KIND_PERIMETER, true);
	answer(&s, "qian", "phone", VERDICT_ACCEPTED);
	advance(&s, MINUTES(1));
	expect_push(&s, "li", REASON_ESCALATED, 2);
	advance(&s, SECONDS(30));
	signal_(&s, "smoke-301", KIND_SMOKE, true);
	answer(&s, "li", "phone", VERDICT_ACCEPTED);
	advance(&s, SECONDS(30));
	forget_pushes(&s);
	advance(&s, MINUTES(1) - 1);
	int before = entries_with(&s, "every delivery has failed");
	advance(&s, 1);
	assert_int_equal(entries_with(&s, "every delivery has failed"), before);
	story_end(&s);
}

static void test_all_who_were_told_hear_of_the_end(void **state)
{
	(void)state;
	struct story s;
	char id[INCIDENT_ID_MAX];
	begin_fire(&s, id);
	advance(&s, SECONDS(30));
	assert_int_equal(operate_(&s, ack("zhao", id)), 0);
	forget_pushes(&s);
	assert_int_equal(operate_(&s, resolve("zhao", id)), 0);
	expect_push(&s, "qian", REASON_RESOLVED, 0);
	expect_push(&s, "li", REASON_RESOLVED, 0);
	expect_push(&s, "zhao", REASON_RESOLVED, 0);
	advance(&s, DAYS(1));
	expect_no_more_pushes(&s);
	assert_int_equal(operate_(&s, resolve("zhao", id)), -2 /* forgotten: ENOENT */);
	story_end(&s);
}

static void test_a_step_nobody_is_in_is_skipped_at_once(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	s.def->posts[0].rota.count = 0; /* no guard */
	signal_(&s, "sos-gate", KIND_PANIC, true);
	assert_int_equal(entries_with(&s, "\ngap - "), 1);
	expect_push(&s, "li", REASON_ESCALATED, 2);
	expect_push(&s, "li", REASON_ESCALATED, 2); /* critical: both contacts */
	expect_no_more_pushes(&s);
	story_end(&s);
}

static void test_when_everybody_is_missing_last_resort_is_told(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	s.def->posts[0].rota.count = s.def->posts[1].rota.count = 0;
	signal_(&s, "fence-west", KIND_PERIMETER, true);
	expect_push(&s, "sun", REASON_OPENED, 3);
	expect_no_more_pushes(&s);
	assert_int_equal(entries_with(&s, "\ngap - "), 2);
	advance(&s, MINUTES(1)); /* and again with each repeat */
	expect_push(&s, "sun", REASON_ESCALATED, 3);
	story_end(&s);
}

static void test_a_step_whose_every_delivery_fails_is_skipped_at_once(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	s.mood = COURIER_REFUSES;
	signal_(&s, "fence-west", KIND_PERIMETER, true);
	/* qian refused; so the leader's step at once; both contacts refuse; last_resort. */
	expect_push(&s, "qian", REASON_OPENED, 1);
	expect_push(&s, "li", REASON_ESCALATED, 2);
	expect_push(&s, "li", REASON_ESCALATED, 2);
	expect_push(&s, "sun", REASON_ESCALATED, 3);
	expect_no_more_pushes(&s);
	assert_int_equal(entries_with(&s, "every delivery has failed"), 3);
	story_end(&s);
}

static void test_the_next_contact_is_tried_when_one_is_broken(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	snprintf(s.mute, sizeof s.mute, "phone");
	signal_(&s, "smoke-301", KIND_SMOKE, true);
	advance(&s, SECONDS(10));
	bool reached = false;
	for (uint32_t i = 0; i < s.push_count; i++)
		reached |= strcmp(s.pushes[i].to, "li") == 0 &&
		           strcmp(s.pushes[i].channel, "backup") == 0 &&
		           s.pushes[i].at - 1000 <= SECONDS(10);
	assert_true(reached);
	story_end(&s);
}

static void test_a_hanging_receiver_holds_nobody_up(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	s.mood = COURIER_HANGS;
	signal_(&s, "fence-west", KIND_PERIMETER, true);
	expect_push(&s, "qian", REASON_OPENED, 1);
	advance(&s, SECONDS(10) - 1);
	expect_no_more_pushes(&s);
	advance(&s, 1); /* qian's only contact has had its time */
	expect_push(&s, "li", REASON_ESCALATED, 2);
	advance(&s, SECONDS(12)); /* phone 10 s, backup 2 s */
	expect_push(&s, "li", REASON_ESCALATED, 2);
	expect_push(&s, "sun", REASON_ESCALATED, 3);
	expect_no_more_pushes(&s);
	story_end(&s);
}

static void test_retries_of_a_broken_receiver_come_at_once_then_slower(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	s.def->policies[2].steps[1].after = HOURS(1);
	s.def->channels[0].give_up_after = HOURS(1);
	s.mood = COURIER_IS_BROKEN;
	signal_(&s, "fence-west", KIND_PERIMETER, true);
	advance(&s, MINUTES(3));
	static const span_ms delays[] = {0, 1000, 2000, 4000, 8000, 15000, 30000};
	const struct push *last = &s.pushes[0];
	uint32_t tries = 1;
	for (uint32_t i = 1; i < s.push_count && tries <= 7; i++) {
		const struct push *push = &s.pushes[i];
		if (push->notification != last->notification)
			continue; /* of the trouble that the channel is dead */
		span_ms waited = push->at - last->at;
		assert_true(waited >= delays[tries - 1] * 8 / 10 &&
		            waited <= delays[tries - 1] * 12 / 10);
		assert_int_equal(push->attempt, ++tries);
		last = push;
	}
	assert_true(tries >= 8);
	uint64_t first = s.pushes[0].notification;
	s.mood = COURIER_ACCEPTS;
	forget_pushes(&s);
	advance(&s, MINUTES(1));
	uint32_t more = 0;
	for (uint32_t i = 0; i < s.push_count; i++)
		more += s.pushes[i].notification == first;
	assert_int_equal(more, 1);
	story_end(&s);
}

static void test_a_restart_sends_again_what_was_under_way(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	s.mood = COURIER_HANGS;
	signal_(&s, "smoke-301", KIND_SMOKE, true);
	uint64_t number = s.pushes[0].notification;
	forget_pushes(&s);
	s.mood = COURIER_ACCEPTS;
	apply(&s, &(struct event){.type = EVENT_SERVICE, .service = {.type = SERVICE_STARTED}});
	assert_int_equal(s.push_count, 2);
	assert_int_equal(s.pushes[0].notification, number);
	assert_true(s.pushes[0].duplicate);
	assert_int_equal(s.pushes[0].attempt, 2);
	story_end(&s);
}

/* What was pushed unlogged in an earlier life had numbers that this one knows nothing of. */
static void test_a_restart_gives_no_number_again(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	signal_(&s, "smoke-301", KIND_SMOKE, true);
	uint64_t next = s.site->next_notification;
	s.now.wall -= HOURS(2); /* the machine's clock went back with the reboot */
	apply(&s, &(struct event){.type = EVENT_SERVICE, .service = {.type = SERVICE_STARTED}});
	assert_true(s.site->next_notification >= next + 1000);
	story_end(&s);
}

/* Asked for time beyond its own, the next contact's turn came; then it says no for good. */
static void test_a_refusal_after_its_time_ends_the_notification(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	s.mood = COURIER_HANGS;
	signal_(&s, "smoke-301", KIND_SMOKE, true);
	const struct push *push = &s.pushes[0]; /* to qian, who has one contact */
	assert_string_equal(push->to, "qian");
	struct event event = {.type = EVENT_DELIVERY,
	                      .delivery = {.notification = push->notification,
	                                   .attempt = push->attempt,
	                                   .verdict = VERDICT_RETRY,
	                                   .status = 429,
	                                   .retry_after = SECONDS(45)}};
	uint64_t number = push->notification;
	apply(&s, &event);
	assert_true(site_notification(s.site, number)->deliveries[0].given_up);
	advance(&s, SECONDS(46));
	event.delivery.attempt = site_notification(s.site, number)->deliveries[0].attempts;
	event.delivery.verdict = VERDICT_REFUSED;
	apply(&s, &event);
	assert_null(site_notification(s.site, number)); /* refused, and so over */
	story_end(&s);
}

static void test_after_a_downtime_each_person_hears_once(void **state)
{
	(void)state;
	struct story s;
	char id[INCIDENT_ID_MAX];
	begin_fire(&s, id);
	forget_pushes(&s);
	s.now.steady += HOURS(1); /* nobody ran in between */
	s.now.wall += HOURS(1);
	site_tick(s.site, s.now, &s.plan);
	end_turn(&s);
	expect_push(&s, "li", REASON_ESCALATED, 2);
	expect_push(&s, "zhao", REASON_ESCALATED, 2);
	expect_push(&s, "sun", REASON_ESCALATED, 3);
	expect_no_more_pushes(&s);
	assert_true(entries_with(&s, "\"late_ms\":3570000") == 1);
	story_end(&s);
}

/* sun takes it by the console; nobody had pushed it to him. */
static void test_who_has_taken_charge_hears_the_rest(void **state)
{
	(void)state;
	struct story s;
	char id[INCIDENT_ID_MAX];
	begin_fire(&s, id);
	assert_int_equal(operate_(&s, ack("sun", id)), 0);
	forget_pushes(&s);
	advance(&s, MINUTES(15));
	expect_push(&s, "sun", REASON_REOPENED, 1);
	forget_pushes(&s);
	assert_int_equal(operate_(&s, resolve("qian", id)), 0);
	expect_push(&s, "sun", REASON_RESOLVED, 1);
	story_end(&s);
}

static const struct notification *last_word(const struct story *s, const char *to)
{
	for (uint32_t i = s->site->notification_count; i-- > 0;)
		if (strcmp(s->site->notifications[i]->to_id, to) == 0)
			return s->site->notifications[i];
	return NULL;
}

/* The time to resolve has run out meanwhile, and steps were due behind it. */
static void test_after_a_downtime_each_hears_that_a_charge_has_lapsed(void **state)
{
	(void)state;
	struct story s;
	char id[INCIDENT_ID_MAX];
	begin_fire(&s, id);
	assert_int_equal(operate_(&s, ack("li", id)), 0);
	forget_pushes(&s);
	s.mood = COURIER_HANGS;
	s.now.steady += HOURS(1);
	s.now.wall += HOURS(1);
	site_tick(s.site, s.now, &s.plan);
	const struct notification *n = last_word(&s, "li");
	assert_int_equal(n->reason, REASON_REOPENED);
	assert_int_equal(n->step, 2);
	assert_non_null(strstr(n->note, "45"));
	end_turn(&s);
	expect_push(&s, "li", REASON_REOPENED, 2);
	expect_push(&s, "qian", REASON_REOPENED, 1);
	expect_push(&s, "zhao", REASON_ESCALATED, 2);
	story_end(&s);
}

static void test_after_a_downtime_the_oldest_incident_comes_first(void **state)
{
	(void)state;
	struct story s;
	char id[INCIDENT_ID_MAX];
	begin_fire(&s, id);
	s.mood = COURIER_HANGS;
	advance(&s, SECONDS(29));
	signal_(&s, "fence-west", KIND_PERIMETER, true);
	uint64_t younger = s.site->notifications[s.site->notification_count - 1]->number;
	forget_pushes(&s);
	s.now.steady += HOURS(1);
	s.now.wall += HOURS(1);
	site_tick(s.site, s.now, &s.plan);
	bool younger_began = false;
	uint32_t late = 0;
	for (uint32_t i = 0; i < s.plan.dispatch_count; i++) {
		const struct notification *n = s.plan.dispatches[i].notification;
		if (n->number <= younger)
			continue; /* retries of what was sent before */
		bool oldest = strcmp(n->incident->id, id) == 0;
		younger_began |= !oldest;
		assert_false(oldest && younger_began);
		late += n->note && strstr(n->note, "59");
	}
	assert_true(younger_began && late > 0);
	end_turn(&s);
	story_end(&s);
}

static void test_a_clock_that_jumps_moves_no_step(void **state)
{
	(void)state;
	static const span_ms jumps[] = {-DAYS(30), DAYS(30), HOURS(1)};
	for (int i = 0; i < 3; i++) {
		struct story s;
		char id[INCIDENT_ID_MAX];
		begin_fire(&s, id);
		forget_pushes(&s);
		s.now.wall += jumps[i];
		advance(&s, SECONDS(30) - 1);
		assert_int_equal(s.push_count, 0);
		advance(&s, 1);
		assert_true(s.push_count >= 1);
		story_end(&s);
	}
}

static void test_the_snapshot_keeps_the_policy_it_started_with(void **state)
{
	(void)state;
	struct story s;
	char id[INCIDENT_ID_MAX];
	begin_fire(&s, id);
	struct site_def *newer = story_def();
	newer->policies[0].steps[1].after = HOURS(5);
	site_redefine(s.site, newer, s.now);
	forget_pushes(&s);
	advance(&s, SECONDS(30));
	expect_push(&s, "zhao", REASON_ESCALATED, 2);
	site_redefine(s.site, s.def, s.now);
	site_def_destroy(newer);
	story_end(&s);
}

/* The file knows the room no more; who owns the house around it is told all the same. */
static void test_who_owns_a_room_that_is_gone_is_who_owns_the_house(void **state)
{
	(void)state;
	struct story s;
	char id[INCIDENT_ID_MAX];
	begin_fire(&s, id);
	struct site_def *newer = story_def();
	newer->zones[site_def_zone(newer, only_incident(&s)->zone)].id = "another-room";
	site_redefine(s.site, newer, s.now);
	forget_pushes(&s);
	advance(&s, SECONDS(30));
	expect_push(&s, "zhao", REASON_ESCALATED, 2);
	site_redefine(s.site, s.def, s.now);
	site_def_destroy(newer);
	story_end(&s);
}

static void test_operations_that_make_no_sense_change_nothing(void **state)
{
	(void)state;
	struct story s;
	char id[INCIDENT_ID_MAX], long_note[NOTE_MAX + 2];
	begin_fire(&s, id);
	memset(long_note, 'x', sizeof long_note);
	long_note[sizeof long_note - 1] = '\0';
	forget_pushes(&s);
	text_reset(&s.log);
	const struct {
		struct operation op;
		int result;
		const char *why;
	} rows[] = {
	        {{OPERATION_ACK, .by = "nobody", .incident = id}, -22, "no person 'nobody'"},
	        {{OPERATION_ACK, .by = NULL, .incident = id}, -22, "by is missing"},
	        {{OPERATION_ACK, .by = "li", .incident = "binjiang-1999-000001"},
	         -2,
	         "no incident"},
	        {{OPERATION_ACK, .by = "li", .incident = id, .note = long_note}, -22, "2000"},
	        {{OPERATION_RESOLVE, .by = "li", .incident = id}, -22, "outcome is missing"},
	        {{OPERATION_NOTE, .by = "li", .incident = id}, -22, "note is missing"},
	        {{OPERATION_ASSIGN, .by = "li", .incident = id, .to = "ghost"}, -22, "ghost"},
	        {{OPERATION_REPORT, .by = "li", .zone = "moon", .kind = INCIDENT_FIRE},
	         -22,
	         "moon"},
	        {{OPERATION_REPORT, .by = "li", .zone = "gate", .kind = INCIDENT_KIND_NONE},
	         -22,
	         "kind"},
	        {{OPERATION_TEST, .by = "li", .to = "channel:police"}, -22, "outside"},
	        {{OPERATION_TEST, .by = "li", .to = "person:ghost"}, -2, "nobody"},
	        {{OPERATION_TEST, .by = "ghost", .to = "person:li"}, -22, "no person 'ghost'"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_int_equal(operate_(&s, rows[i].op), rows[i].result);
		if (!strstr(s.why.text, rows[i].why))
			fail_msg("row %zu says '%s'", i, s.why.text);
	}
	assert_int_equal(s.push_count, 0);
	assert_int_equal(s.log.len, 0);
	story_end(&s);
}

static void test_a_person_reports(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	struct operation report = {OPERATION_REPORT,          .by = "wu",
	                           .zone = "dorm-3f",         .kind = INCIDENT_FIRE,
	                           .severity = SEVERITY_NONE, .note = "smell of smoke"};
	assert_int_equal(operate_(&s, report), 0);
	assert_string_equal(only_incident(&s)->reported_by, "wu");
	assert_int_equal(only_incident(&s)->severity, SEVERITY_MAJOR);
	expect_push(&s, "li", REASON_OPENED, 1);
	signal_(&s, "smoke-301", KIND_SMOKE, true);
	assert_int_equal(open_incidents(&s), 1);
	expect_push(&s, "li", REASON_JOINED, 0);
	story_end(&s);
}

/* A detector knows that it smokes; who stands there knows what burns and who is inside. */
static void test_what_people_add_to_an_incident_stands_with_it(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	signal_(&s, "smoke-301", KIND_SMOKE, true);
	assert_null(only_incident(&s)->note);
	struct operation report = {OPERATION_REPORT,          .by = "wu",
	                           .zone = "dorm-3f",         .kind = INCIDENT_FIRE,
	                           .severity = SEVERITY_NONE, .note = "305 burns"};
	assert_int_equal(operate_(&s, report), 0);
	assert_string_equal(only_incident(&s)->reported_by, "wu");
	assert_string_equal(only_incident(&s)->note, "305 burns");
	assert_int_equal(operate_(&s, report), 0); /* the phone sends it twice */
	assert_string_equal(only_incident(&s)->note, "305 burns");
	report.by = "li";
	report.note = "two are inside";
	assert_int_equal(operate_(&s, report), 0);
	assert_string_equal(only_incident(&s)->reported_by, "wu");
	assert_string_equal(only_incident(&s)->note, "305 burns\ntwo are inside");
	char longest[NOTE_MAX + 1];
	memset(longest, 'x', NOTE_MAX);
	longest[NOTE_MAX] = '\0';
	report.note = longest;
	assert_int_equal(operate_(&s, report), 0);
	assert_string_equal(only_incident(&s)->note, longest);
	story_end(&s);
}

static void test_a_test_reaches_every_contact_of_one_person(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	assert_int_equal(
	        operate_(&s, (struct operation){OPERATION_TEST, .by = "sun", .to = "person:li"}),
	        0);
	expect_push(&s, "li", REASON_TEST, 0);
	expect_push(&s, "li", REASON_TEST, 0);
	expect_no_more_pushes(&s);
	story_end(&s);
}

static void test_the_policy_survives_its_text(void **state)
{
	(void)state;
	struct site_def *def = story_def();
	for (uint32_t i = 0; i < def->policy_count; i++) {
		struct text a = {0}, b = {0};
		policy_write_json(&a, NULL, &def->policies[i]);
		struct policy *again = policy_read_json(text_get(&a));
		assert_non_null(again);
		policy_write_json(&b, NULL, again);
		assert_string_equal(text_get(&a), text_get(&b));
		policy_destroy(again);
		text_finish(&a);
		text_finish(&b);
	}
	static const char *const wrong[] = {
	        "", "{}", "[]", "{\"id\":\"x\",\"steps\":[]}",
	        ("{\"id\":\"x\",\"steps\":[{\"after_ms\":0,\"notify\":[\"x\"]}],"
	         "\"repeat_ms\":1,\"resolve_within_ms\":1}")};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		assert_null(policy_read_json(wrong[i]));
	site_def_destroy(def);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_steps_come_at_their_second),
	        cmocka_unit_test(test_the_last_step_repeats_for_ever),
	        cmocka_unit_test(test_an_acknowledgement_stops_the_steps_and_is_told),
	        cmocka_unit_test(test_who_was_handed_an_incident_and_says_yes_is_left_in_peace),
	        cmocka_unit_test(test_acknowledged_and_forgotten_opens_again),
	        cmocka_unit_test(test_a_record_that_waits_takes_no_contact_its_time),
	        cmocka_unit_test(test_a_contact_that_has_worked_since_gets_its_time),
	        cmocka_unit_test(test_a_press_that_hangs_takes_the_next_word_no_time),
	        cmocka_unit_test(test_a_contact_that_was_told_nothing_has_its_time),
	        cmocka_unit_test(test_all_who_were_told_hear_of_the_end),
	        cmocka_unit_test(test_a_step_nobody_is_in_is_skipped_at_once),
	        cmocka_unit_test(test_when_everybody_is_missing_last_resort_is_told),
	        cmocka_unit_test(test_a_step_whose_every_delivery_fails_is_skipped_at_once),
	        cmocka_unit_test(test_the_next_contact_is_tried_when_one_is_broken),
	        cmocka_unit_test(test_a_hanging_receiver_holds_nobody_up),
	        cmocka_unit_test(test_retries_of_a_broken_receiver_come_at_once_then_slower),
	        cmocka_unit_test(test_a_restart_sends_again_what_was_under_way),
	        cmocka_unit_test(test_a_restart_gives_no_number_again),
	        cmocka_unit_test(test_a_refusal_after_its_time_ends_the_notification),
	        cmocka_unit_test(test_after_a_downtime_each_person_hears_once),
	        cmocka_unit_test(test_who_has_taken_charge_hears_the_rest),
	        cmocka_unit_test(test_after_a_downtime_each_hears_that_a_charge_has_lapsed),
	        cmocka_unit_test(test_after_a_downtime_the_oldest_incident_comes_first),
	        cmocka_unit_test(test_a_clock_that_jumps_moves_no_step),
	        cmocka_unit_test(test_the_snapshot_keeps_the_policy_it_started_with),
	        cmocka_unit_test(test_who_owns_a_room_that_is_gone_is_who_owns_the_house),
	        cmocka_unit_test(test_operations_that_make_no_sense_change_nothing),
	        cmocka_unit_test(test_a_person_reports),
	        cmocka_unit_test(test_what_people_add_to_an_incident_stands_with_it),
	        cmocka_unit_test(test_a_test_reaches_every_contact_of_one_person),
	        cmocka_unit_test(test_the_policy_survives_its_text),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
