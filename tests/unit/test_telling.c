/* floors: decide */
/* Whom a step reaches, and what takes the place of what: however much else is said meanwhile. */
#include "story.h"

/* The answer to the last push of this kind, which the courier has kept back. */
static void answer(struct story *s, const char *to, const char *channel, enum reason reason,
                   enum verdict verdict)
{
	const struct push *push = NULL;
	for (uint32_t i = 0; i < s->push_count; i++)
		if (strcmp(s->pushes[i].to, to) == 0 && s->pushes[i].reason == reason &&
		    strcmp(s->pushes[i].channel, channel) == 0)
			push = &s->pushes[i];
	if (!push)
		fail_msg("no push to %s over %s: %s", to, channel, reason_name(reason));
	apply(s, &(struct event){.type = EVENT_DELIVERY,
	                         .delivery = {.notification = push->notification,
	                                      .contact = push->contact,
	                                      .attempt = push->attempt,
	                                      .verdict = verdict,
	                                      .status = verdict == VERDICT_ACCEPTED ? 200 : 404}});
}

static uint32_t pushes_to(const struct story *s, const char *to, const char *channel)
{
	uint32_t count = 0;
	for (uint32_t i = 0; i < s->push_count; i++)
		count += strcmp(s->pushes[i].to, to) == 0 &&
		         (!channel || strcmp(s->pushes[i].channel, channel) == 0);
	return count;
}

static void set_step(struct story *s, uint32_t policy, uint32_t step, span_ms after,
                     const char *notify)
{
	struct policy_step *at = &s->def->policies[policy].steps[step];
	at->after = after;
	at->notify = recipients(&s->def->arena, &at->count, notify);
	if (s->def->policies[policy].count <= step)
		s->def->policies[policy].count = step + 1;
}

#define FIRE 0
#define CONFIRMED 1
#define OTHER 2

/* A fire that qian knows of becomes certain: that is for sun alone, and for zhao much later. */
static void begin_certain_fire(struct story *s)
{
	story_begin(s);
	s->mood = COURIER_HANGS;
	set_step(s, FIRE, 0, 0, "person:qian");
	set_step(s, FIRE, 1, HOURS(1), "person:wu");
	set_step(s, CONFIRMED, 0, 0, "person:sun");
	set_step(s, CONFIRMED, 1, MINUTES(10), "person:zhao");
	signal_(s, "smoke-301", KIND_SMOKE, true);
	answer(s, "qian", "phone", REASON_OPENED, VERDICT_ACCEPTED);
	signal_(s, "smoke-302", KIND_SMOKE, true);
	expect_push(s, "qian", REASON_OPENED, 1);
	expect_push(s, "qian", REASON_RAISED, 1);
	expect_push(s, "sun", REASON_RAISED, 1);
	expect_no_more_pushes(s);
}

static void test_a_step_that_reaches_nobody_is_skipped_whatever_others_accept(void **state)
{
	(void)state;
	struct story s;
	begin_certain_fire(&s);
	answer(&s, "qian", "phone", REASON_RAISED, VERDICT_ACCEPTED);
	assert_int_equal(entries_with(&s, "every delivery has failed"), 0);
	advance(&s, SECONDS(1));
	answer(&s, "sun", "phone", REASON_RAISED, VERDICT_REFUSED);
	assert_int_equal(entries_with(&s, "every delivery has failed"), 1);
	expect_push(&s, "zhao", REASON_ESCALATED, 2);
	story_end(&s);
}

static void test_a_step_under_way_is_not_skipped_because_others_refuse(void **state)
{
	(void)state;
	struct story s;
	begin_certain_fire(&s);
	answer(&s, "qian", "phone", REASON_RAISED, VERDICT_REFUSED);
	advance(&s, SECONDS(2));
	answer(&s, "sun", "phone", REASON_RAISED, VERDICT_ACCEPTED);
	assert_int_equal(entries_with(&s, "every delivery has failed"), 0);
	assert_int_equal(pushes_to(&s, "zhao", NULL), 0);
	story_end(&s);
}

/* Opened again after its time to be resolved: the step is qian's, li is told only why. */
static void test_of_an_incident_that_opens_again_only_the_step_counts(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	set_step(&s, OTHER, 0, 0, "person:qian");
	set_step(&s, OTHER, 1, SECONDS(1), "person:li");
	set_step(&s, OTHER, 2, HOURS(1), "person:zhao");
	signal_(&s, "fence-west", KIND_PERIMETER, true);
	advance(&s, SECONDS(1));
	char id[INCIDENT_ID_MAX];
	snprintf(id, sizeof id, "%s", only_incident(&s)->id);
	assert_int_equal(
	        operate_(&s, (struct operation){OPERATION_ACK, .by = "li", .incident = id}), 0);
	s.mood = COURIER_HANGS;
	forget_pushes(&s);
	advance(&s, MINUTES(15));
	answer(&s, "li", "phone", REASON_REOPENED, VERDICT_ACCEPTED);
	answer(&s, "qian", "phone", REASON_REOPENED, VERDICT_REFUSED);
	assert_int_equal(entries_with(&s, "every delivery has failed"), 1);
	expect_push(&s, "li", REASON_ESCALATED, 2);
	story_end(&s);
}

/* Somebody else joins while the step's own push is under way: what takes its place counts for it.
 */
static void test_what_takes_a_place_counts_in_its_stead(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	s.mood = COURIER_HANGS;
	set_step(&s, OTHER, 0, 0, "person:qian");
	set_step(&s, OTHER, 1, SECONDS(1), "person:sun");
	set_step(&s, OTHER, 2, HOURS(1), "person:zhao");
	signal_(&s, "smoke-301", KIND_WATER, true);
	answer(&s, "qian", "phone", REASON_OPENED, VERDICT_ACCEPTED);
	advance(&s, SECONDS(1));
	signal_(&s, "smoke-302", KIND_WATER, true);
	answer(&s, "qian", "phone", REASON_JOINED, VERDICT_ACCEPTED);
	assert_int_equal(only_incident(&s)->step_pending, 1);
	answer(&s, "sun", "phone", REASON_JOINED, VERDICT_REFUSED);
	assert_int_equal(entries_with(&s, "every delivery has failed"), 1);
	assert_int_equal(pushes_to(&s, "zhao", "phone"), 1);
	story_end(&s);
}

/* The first push arrives after all, though another has taken its place: the step has reached sun.
 */
static void test_what_arrives_late_has_arrived(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	s.mood = COURIER_HANGS;
	set_step(&s, OTHER, 0, 0, "person:sun");
	set_step(&s, OTHER, 1, HOURS(1), "person:zhao");
	signal_(&s, "smoke-301", KIND_WATER, true);
	advance(&s, SECONDS(1));
	signal_(&s, "smoke-302", KIND_WATER, true);
	answer(&s, "sun", "phone", REASON_OPENED, VERDICT_ACCEPTED);
	answer(&s, "sun", "phone", REASON_JOINED, VERDICT_REFUSED);
	assert_int_equal(entries_with(&s, "every delivery has failed"), 0);
	assert_int_equal(pushes_to(&s, "zhao", NULL), 0);
	story_end(&s);
}

/* ---- nobody's contacts begin anew with each word ---- */

/* Li's phone hangs, her other contact works: she hears after 10 s, however often it is said. */
static void test_repetitions_do_not_starve_the_second_contact(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	s.mood = COURIER_HANGS;
	set_step(&s, OTHER, 0, 0, "person:li");
	s.def->policies[OTHER].count = 1;
	s.def->policies[OTHER].repeat = SECONDS(3);
	signal_(&s, "fence-west", KIND_PERIMETER, true);
	advance(&s, SECONDS(10) - 1);
	assert_int_equal(pushes_to(&s, "li", "phone"), 4);
	assert_int_equal(pushes_to(&s, "li", "backup"), 0);
	advance(&s, 1);
	assert_int_equal(pushes_to(&s, "li", "backup"), 1);
	/* Both hang: the step has failed when the second one's time is over, and again each time.
	 */
	advance(&s, SECONDS(2));
	assert_int_equal(entries_with(&s, "every delivery has failed"), 1);
	expect_push(&s, "sun", REASON_ESCALATED, 2);
	forget_pushes(&s);
	advance(&s, SECONDS(3)); /* said again to both at once; the last one's time runs */
	expect_push(&s, "li", REASON_REPEATED, 1);
	expect_push(&s, "li", REASON_REPEATED, 1);
	static const char *const gap =
	        "\"step\":1,\"round\":1,\"why\":\"every delivery has failed\"";
	assert_int_equal(entries_with(&s, gap), 1);
	advance(&s, SECONDS(2));
	assert_int_equal(entries_with(&s, gap), 2);
	story_end(&s);
}

static void test_joining_does_not_starve_the_second_contact(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	s.mood = COURIER_HANGS;
	set_step(&s, OTHER, 0, 0, "person:li");
	set_step(&s, OTHER, 1, HOURS(1), "person:wu");
	static const char *const devices[] = {"smoke-301", "smoke-302"};
	for (uint32_t i = 0; i < 5; i++) {
		signal_(&s, devices[i % 2], KIND_WATER, true);
		advance(&s, SECONDS(2));
		signal_(&s, devices[i % 2], KIND_WATER, false);
		signal_(&s, devices[i % 2], KIND_WATER, true);
	}
	assert_int_equal(pushes_to(&s, "li", "backup"), 1);
	story_end(&s);
}

/* ---- presses ---- */

static void press(struct story *s, uint32_t times)
{
	const struct event event = {
	        .type = EVENT_SIGNAL,
	        .signal = {.device = "sos-gate", .kind = KIND_PANIC, .active = true}};
	while (times--)
		assert_int_equal(site_apply(s->site, &event, s->now, &s->plan, &s->why), 0);
	end_turn(s);
}

static void test_presses_of_one_turn_are_pushed_each(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	press(&s, 3);
	expect_push(&s, "qian", REASON_OPENED, 1);
	expect_push(&s, "qian", REASON_JOINED, 0);
	expect_push(&s, "qian", REASON_JOINED, 0);
	expect_no_more_pushes(&s);
	advance(&s, SECONDS(1));
	press(&s, 2);
	expect_push(&s, "qian", REASON_JOINED, 0);
	expect_push(&s, "qian", REASON_JOINED, 0);
	expect_no_more_pushes(&s);
	assert_int_equal(entries_with(&s, "signal sos-gate"), 5);
	story_end(&s);
}

/* The step and a press in one turn: neither is left out, however they stand. */
static void test_a_press_and_a_step_at_one_moment_are_both_pushed(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	set_step(&s, OTHER, 1, SECONDS(60), "duty:guard");
	press(&s, 1);
	advance(&s, SECONDS(59));
	forget_pushes(&s);
	s.now.steady += SECONDS(1);
	s.now.wall += SECONDS(1);
	const struct event event = {
	        .type = EVENT_SIGNAL,
	        .signal = {.device = "sos-gate", .kind = KIND_PANIC, .active = true}};
	assert_int_equal(site_apply(s.site, &event, s.now, &s.plan, &s.why), 0);
	site_tick(s.site, s.now, &s.plan);
	end_turn(&s);
	expect_push(&s, "qian", REASON_JOINED, 0);
	expect_push(&s, "qian", REASON_ESCALATED, 2);
	expect_no_more_pushes(&s);
	story_end(&s);
}

/* Two presses in one turn: whichever of the two messages arrives, qian has been reached. */
static void test_a_press_that_arrives_reaches_whom_the_step_is_for(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	s.mood = COURIER_HANGS;
	press(&s, 2);
	answer(&s, "qian", "phone", REASON_JOINED, VERDICT_ACCEPTED);
	answer(&s, "qian", "phone", REASON_OPENED, VERDICT_REFUSED);
	assert_int_equal(entries_with(&s, "every delivery has failed"), 0);
	story_end(&s);
	/* And if neither does, nobody is taken for reached. */
	story_begin(&s);
	s.mood = COURIER_HANGS;
	press(&s, 2);
	answer(&s, "qian", "phone", REASON_JOINED, VERDICT_REFUSED);
	assert_int_equal(entries_with(&s, "every delivery has failed"), 0);
	answer(&s, "qian", "phone", REASON_OPENED, VERDICT_REFUSED);
	assert_int_equal(entries_with(&s, "every delivery has failed"), 1);
	story_end(&s);
}

static void test_presses_that_nobody_gets_stay_bounded(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	s.mood = COURIER_HANGS;
	set_step(&s, OTHER, 1, HOURS(1), "person:wu");
	press(&s, 1);
	for (int i = 0; i < 100; i++) {
		advance(&s, 10);
		press(&s, 1);
	}
	assert_int_equal(pushes_to(&s, "qian", "phone"), 101);
	uint32_t under_way = 0;
	for (uint32_t i = 0; i < s.site->notification_count; i++)
		under_way += s.site->notifications[i]->state == NOTIFICATION_SENDING;
	assert_int_equal(under_way, 32);
	story_end(&s);
}

/* ---- after a downtime: one message a person and incident, which says how late ---- */

static void pass_unheard(struct story *s, span_ms span)
{
	s->now.steady += span;
	s->now.wall += span;
}

static void comes_back(struct story *s)
{
	const struct event start = {.type = EVENT_SERVICE, .service = {.type = SERVICE_STARTED}};
	assert_int_equal(site_apply(s->site, &start, s->now, &s->plan, &s->why), 0);
	site_tick(s->site, s->now, &s->plan);
}

static uint32_t late_ones(const struct story *s)
{
	uint32_t late = 0;
	for (uint32_t i = 0; i < s->plan.dispatch_count; i++) {
		const char *note = s->plan.dispatches[i].notification->note;
		late += note && strstr(note, "s late.");
	}
	return late;
}

/* A panic goes to all contacts at once: one had accepted, the other was under way at the kill. */
static void test_the_other_contacts_of_a_critical_one_are_tried_again(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	s.mood = COURIER_HANGS;
	set_step(&s, OTHER, 0, 0, "person:li");
	press(&s, 1);
	answer(&s, "li", "phone", REASON_OPENED, VERDICT_ACCEPTED);
	forget_pushes(&s);
	apply(&s, &(struct event){.type = EVENT_SERVICE, .service = {.type = SERVICE_STARTED}});
	assert_int_equal(s.push_count, 1);
	assert_string_equal(s.pushes[0].channel, "backup");
	assert_true(s.pushes[0].duplicate);
	assert_int_equal(s.pushes[0].attempt, 2);
	/* Once somebody has taken charge nobody waits for it any more. */
	uint64_t number = s.pushes[0].notification;
	forget_pushes(&s);
	s.mood = COURIER_ACCEPTS;
	assert_int_equal(operate_(&s, (struct operation){OPERATION_ACK, .by = "qian",
	                                                 .incident = only_incident(&s)->id}),
	                 0);
	expect_push(&s, "li", REASON_ACKNOWLEDGED, 0);
	apply(&s, &(struct event){.type = EVENT_SERVICE, .service = {.type = SERVICE_STARTED}});
	expect_no_more_pushes(&s);
	assert_null(site_notification(s.site, number));
	story_end(&s);
}

static void test_what_was_under_way_gives_way_to_the_step_that_is_overdue(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	s.mood = COURIER_HANGS;
	set_step(&s, OTHER, 0, 0, "person:qian");
	set_step(&s, OTHER, 1, SECONDS(2), "person:qian person:li");
	set_step(&s, OTHER, 2, SECONDS(4), "person:li person:sun");
	signal_(&s, "fence-west", KIND_PERIMETER, true);
	forget_pushes(&s);
	pass_unheard(&s, SECONDS(11));
	comes_back(&s);
	assert_int_equal(late_ones(&s), 3);
	end_turn(&s);
	expect_push(&s, "qian", REASON_ESCALATED, 2);
	expect_push(&s, "li", REASON_ESCALATED, 3);
	expect_push(&s, "sun", REASON_ESCALATED, 3);
	expect_no_more_pushes(&s);
	story_end(&s);
}

static void test_a_first_step_that_is_overdue_is_told_once_with_those_behind_it(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	set_step(&s, OTHER, 0, SECONDS(2), "person:qian person:sun");
	set_step(&s, OTHER, 1, SECONDS(4), "person:qian");
	signal_(&s, "fence-west", KIND_PERIMETER, true);
	pass_unheard(&s, SECONDS(30));
	comes_back(&s);
	end_turn(&s);
	expect_push(&s, "sun", REASON_OPENED, 1);
	expect_push(&s, "qian", REASON_ESCALATED, 2);
	expect_no_more_pushes(&s);
	story_end(&s);
}

/* Two were acknowledged, and the time to resolve the older one passed while nobody ran; so did the
 * step of a younger one. */
static void test_a_late_reopening_comes_in_its_turn_and_says_so(void **state)
{
	(void)state;
	struct story s;
	story_begin(&s);
	set_step(&s, OTHER, 0, 0, "person:qian");
	set_step(&s, OTHER, 1, SECONDS(20), "person:li");
	s.def->policies[OTHER].resolve_within = SECONDS(3);
	signal_(&s, "fence-west", KIND_PERIMETER, true);
	char older[INCIDENT_ID_MAX];
	snprintf(older, sizeof older, "%s", only_incident(&s)->id);
	assert_int_equal(
	        operate_(&s, (struct operation){OPERATION_ACK, .by = "qian", .incident = older}),
	        0);
	signal_(&s, "sos-gate", KIND_PANIC, true);
	forget_pushes(&s);
	s.mood = COURIER_HANGS;
	pass_unheard(&s, SECONDS(30));
	comes_back(&s);
	assert_true(s.plan.dispatch_count >= 3);
	const struct notification *first = s.plan.dispatches[0].notification;
	assert_string_equal(first->incident->id, older);
	assert_int_equal(late_ones(&s), s.plan.dispatch_count);
	end_turn(&s);
	expect_push(&s, "qian", REASON_REOPENED, 1);
	/* Its steps count from when it was due: li's, too, is overdue. */
	expect_push(&s, "li", REASON_ESCALATED, 2);
	assert_int_equal(entries_with(&s, "\"late_ms\":27000"), 2); /* the reopening and its step */
	assert_int_equal(entries_with(&s, "\"late_ms\":7000"), 1);
	story_end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_a_step_that_reaches_nobody_is_skipped_whatever_others_accept),
	        cmocka_unit_test(test_a_step_under_way_is_not_skipped_because_others_refuse),
	        cmocka_unit_test(test_of_an_incident_that_opens_again_only_the_step_counts),
	        cmocka_unit_test(test_what_takes_a_place_counts_in_its_stead),
	        cmocka_unit_test(test_what_arrives_late_has_arrived),
	        cmocka_unit_test(test_repetitions_do_not_starve_the_second_contact),
	        cmocka_unit_test(test_joining_does_not_starve_the_second_contact),
	        cmocka_unit_test(test_presses_of_one_turn_are_pushed_each),
	        cmocka_unit_test(test_a_press_and_a_step_at_one_moment_are_both_pushed),
	        cmocka_unit_test(test_a_press_that_arrives_reaches_whom_the_step_is_for),
	        cmocka_unit_test(test_presses_that_nobody_gets_stay_bounded),
	        cmocka_unit_test(test_the_other_contacts_of_a_critical_one_are_tried_again),
	        cmocka_unit_test(test_what_was_under_way_gives_way_to_the_step_that_is_overdue),
	        cmocka_unit_test(
	                test_a_first_step_that_is_overdue_is_told_once_with_those_behind_it),
	        cmocka_unit_test(test_a_late_reopening_comes_in_its_turn_and_says_so),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
