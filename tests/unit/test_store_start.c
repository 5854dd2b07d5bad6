/* floors: store */
/* What a restart finds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store_state.h"
#include "store_story.h"

static void given_result(struct story *s, uint32_t notification, uint32_t contact,
                         enum verdict verdict, int32_t status)
{
	const struct notification *n = s->site->notifications[notification];
	apply(s, (struct event){.type = EVENT_DELIVERY,
	                        .delivery = {.notification = n->number,
	                                     .contact = contact,
	                                     .attempt = n->deliveries[contact].attempts,
	                                     .verdict = verdict,
	                                     .status = status}});
}

static void test_an_incident_survives_every_station_of_its_life(void **state)
{
	struct story *s = *state;
	given_signal(s, "smoke-301", KIND_SMOKE, true);
	survives(s);
	assert_int_equal(s->site->incident_count, 1);
	pass(s, SECONDS(1));
	given_result(s, 0, 0, VERDICT_RETRY, 503);
	survives(s);
	pass(s, SECONDS(40));
	site_tick(s->site, s->now, &s->plan); /* the next contact, the next step */
	survives(s);
	pass(s, SECONDS(5));
	given_signal(s, "smoke-302", KIND_SMOKE, true); /* critical now */
	survives(s);
	/* Said again and signed: no entry, and yet its mark stays. */
	apply(s, (struct event){.type = EVENT_SIGNAL,
	                        .signal = {.device = "smoke-302",
	                                   .kind = KIND_SMOKE,
	                                   .active = true,
	                                   .signed_at = s->now.wall}});
	survives(s);
	assert_true(device_signed_at(&s->site->devices[1]) == s->now.wall);
	const char *id = s->site->incidents[0]->id;
	given_operation(s, (struct operation){.type = OPERATION_ACK,
	                                      .by = "li",
	                                      .via = "api",
	                                      .incident = id,
	                                      .note = "在路上了"});
	survives(s);
	pass(s, MINUTES(16));
	site_tick(s->site, s->now, &s->plan); /* not resolved in time: open again */
	survives(s);
	given_signal(s, "smoke-301", KIND_SMOKE, false);
	given_signal(s, "smoke-302", KIND_SMOKE, false);
	survives(s);
	static const char *const words[] = {"li", "zhao"}; /* it takes two to call it off */
	for (int i = 0; i < 2; i++) {
		assert_int_not_equal(s->site->incidents[0]->state, STATE_RESOLVED);
		given_operation(s, (struct operation){.type = OPERATION_REPLY,
		                                      .by = words[i],
		                                      .via = "api",
		                                      .incident = s->site->incidents[0]->id,
		                                      .reply = REPLY_FALSE_ALARM,
		                                      .note = "蒸汽"});
		survives(s);
	}
	assert_int_equal(s->site->incidents[0]->state, STATE_RESOLVED);
	survives(s); /* resolved, but still being told */
	assert_int_equal(s->site->incident_count, 1);
}

static void test_a_stored_incident_reads_the_same(void **state)
{
	struct story *s = *state;
	given_signal(s, "smoke-301", KIND_SMOKE, true);
	commit(s);
	struct text before = {0}, after = {0};
	incident_write_json(&before, NULL, NULL, "binjiang", s->site->incidents[0]);
	struct incident *incident;
	char *site_id;
	assert_int_equal(store_incident(s->store, s->site->incidents[0]->id, &incident, &site_id),
	                 0);
	assert_string_equal(site_id, "binjiang");
	incident_write_json(&after, NULL, NULL, site_id, incident);
	assert_string_equal(text_get(&before), text_get(&after));
	incident_destroy(incident);
	free(site_id);
	text_finish(&before);
	text_finish(&after);
	assert_int_equal(store_incident(s->store, "binjiang-1999-000001", &incident, &site_id),
	                 -ENOENT);
}

static void test_a_message_seen_before_the_restart_is_known_after_it(void **state)
{
	struct story *s = *state;
	given_signal(s, "smoke-301", KIND_SMOKE, true); /* message m-1 */
	commit(s);
	reopen(s);
	assert_true(site_seen(s->site, "smoke-301", "m-1", 0, 0));
	assert_false(site_seen(s->site, "smoke-302", "m-1", 0, 0));
	assert_false(site_seen(s->site, "smoke-301", "m-2", 0, 0));
}

/* Ids are the sender's: whatever they hold, they are known again; and who sent none has none. */
static void test_any_message_id_is_known_after_the_restart(void **state)
{
	static const char *const ids[] = {"", "a \"b\"", "\\", "\t\n", "报警-1", "{\"id\":\"x\"}"};
	struct story *s = *state;
	bool active = true;
	for (size_t i = 0; i <= sizeof ids / sizeof *ids; i++, active = !active)
		apply(s, (struct event){.type = EVENT_SIGNAL,
		                        .signal = {.device = "smoke-301",
		                                   .kind = KIND_SMOKE,
		                                   .active = active,
		                                   .id = i ? ids[i - 1] : NULL,
		                                   .time = s->now.wall}});
	commit(s);
	reopen(s);
	for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
		assert_true(site_seen(s->site, "smoke-301", ids[i], 0, 0));
	assert_false(site_seen(s->site, "smoke-301", "x", 0, 0));
	assert_false(site_seen(s->site, "smoke-301", "301", 0, 0));
}

static void test_a_device_that_left_the_site_file_is_ignored(void **state)
{
	struct story *s = *state;
	given_signal(s, "smoke-301", KIND_SMOKE, true);
	given_signal(s, "sos", KIND_PANIC, true);
	commit(s);
	close_all(s);
	foreign_sql(s->path, "UPDATE device_state SET device = 'gone' WHERE device = 'smoke-301'");
	must_open(s);
	assert_int_equal(s->site->devices[0].known, 0);
	assert_true(s->site->devices[2].known != 0);
}

static void test_the_anchor_is_that_of_the_last_commit(void **state)
{
	struct story *s = *state;
	struct clock_anchor anchor;
	assert_false(store_anchor(s->store, &anchor));
	pass(s, SECONDS(9));
	commit(s);
	reopen(s);
	assert_true(store_anchor(s->store, &anchor));
	assert_string_equal(anchor.boot, "f4b9a2f0-0000-4000-8000-000000000001");
	assert_int_equal(anchor.boottime, s->now.steady + 77);
	assert_int_equal(anchor.moment.wall, s->now.wall);
	assert_int_equal(anchor.moment.steady, s->now.steady);
}

/* Parts are read beside the incidents, not one incident after the other. */
static void test_each_of_many_incidents_gets_its_own_parts(void **state)
{
	struct story *s = *state;
	given_signal(s, "smoke-302", KIND_BATTERY, true);
	given_signal(s, "smoke-301", KIND_SMOKE, true);
	given_signal(s, "sos", KIND_PANIC, true);
	s->def->policies[0].repeat = MINUTES(3); /* what opens from now on keeps another one */
	given_signal(s, "smoke-301", KIND_TAMPER, true);
	given_signal(s, "smoke-302", KIND_SMOKE, true);
	given_signal(s, "sos", KIND_PANIC, true);
	survives(s);
	assert_int_equal(s->site->incident_count, 4);
	given_operation(s, (struct operation){.type = OPERATION_ACK,
	                                      .by = "li",
	                                      .via = "api",
	                                      .incident = s->site->incidents[1]->id});
	survives(s);
	assert_int_equal(s->site->incidents[1]->signal_count, 2);
	assert_int_equal(s->site->incidents[3]->policy->repeat, MINUTES(3));
	assert_int_equal(s->site->incidents[2]->policy->repeat, MINUTES(1));
}

static void given(struct story *s, struct signal signal)
{
	signal.time = s->now.wall;
	if (!signal.device)
		signal.device = "smoke-301";
	apply(s, (struct event){.type = EVENT_SIGNAL, .signal = signal});
}

static void add_word(void *ctx, const struct signal *word, uint64_t seq)
{
	text_addf(ctx, "%s %s %s %d\n", word->device, kind_name(word->kind), word->id, seq > 0);
}

/* Only what moved a point can be moved back by its copy. */
static void test_the_last_words_are_those_that_moved_a_point(void **state)
{
	struct story *s = *state;
	struct text words = {0};
	given(s, (struct signal){.kind = KIND_SMOKE, .active = true, .id = "plain"});
	given(s, (struct signal){.kind = KIND_SMOKE, .id = "a \"b\"\n"});
	given(s, (struct signal){.kind = KIND_SMOKE, .active = true, .id = "tried", .test = true});
	given(s,
	      (struct signal){.kind = KIND_SMOKE, .active = true, .id = "\"tried\"", .test = true});
	given(s, (struct signal){.kind = KIND_SMOKE, .active = true, .id = "old", .past = true});
	given(s, (struct signal){.kind = KIND_HEAT, .active = true});
	given(s, (struct signal){
	                 .kind = KIND_TAMPER, .active = true, .id = "\"test\" past walk test"});
	given(s, (struct signal){.device = "sos", .kind = KIND_PANIC, .active = true, .id = ""});
	given_operation(s, (struct operation){.type = OPERATION_WALK_TEST,
	                                      .by = "li",
	                                      .device = "smoke-302",
	                                      .span = MINUTES(5)});
	given(s,
	      (struct signal){
	              .device = "smoke-302", .kind = KIND_SMOKE, .active = true, .id = "walked"});
	commit(s);
	assert_int_equal(store_last_words(s->store, s->site, add_word, &words), 0);
	assert_string_equal(text_get(&words), "smoke-301 smoke plain 1\n"
	                                      "smoke-301 smoke a \"b\"\n 1\n"
	                                      "smoke-301 tamper \"test\" past walk test 1\n"
	                                      "sos panic  1\n");
	text_finish(&words);
}

static void given_signals(struct story *s, int count)
{
	for (int i = 0; i < count; i++)
		given_signal(s, "smoke-301", KIND_SMOKE, s->messages % 2 == 0);
	commit(s);
}

/* One site's entries lie thinly among the other's: those are found one by one, the other's are read
 * as they lie. Each knows its own. */
static void test_two_sites_know_what_each_has_seen(void **state)
{
	struct story *s = *state;
	struct problem why = {0};
	struct story busy = {.def = school("xinhua"), .now = s->now, .messages = 1000};
	busy.store = s->store;
	busy.site = site_create(busy.def);
	assert_int_equal(store_load_site(s->store, busy.site, &why), 0);
	given_signals(s, 1);
	given_signals(&busy, 40);
	given_signals(s, 1);
	site_destroy(busy.site);
	reopen(s);
	busy.site = site_create(busy.def);
	assert_int_equal(store_load_site(s->store, busy.site, &why), 0);
	assert_true(site_seen(s->site, "smoke-301", "m-1", 0, 0));
	assert_true(site_seen(s->site, "smoke-301", "m-2", 0, 0));
	assert_false(site_seen(s->site, "smoke-301", "m-1001", 0, 0));
	assert_true(site_seen(busy.site, "smoke-301", "m-1001", 0, 0));
	assert_true(site_seen(busy.site, "smoke-301", "m-1040", 0, 0));
	assert_false(site_seen(busy.site, "smoke-301", "m-2", 0, 0));
	struct text words = {0};
	assert_int_equal(store_last_words(s->store, s->site, add_word, &words), 0);
	assert_string_equal(text_get(&words), "smoke-301 smoke m-1 1\nsmoke-301 smoke m-2 1\n");
	text_reset(&words);
	assert_int_equal(store_last_words(s->store, busy.site, add_word, &words), 0);
	assert_null(strstr(text_get(&words), "smoke m-1 1"));
	assert_non_null(strstr(text_get(&words), "smoke m-1039 1\nsmoke-301 smoke m-1040 1\n"));
	text_finish(&words);
	plan_finish(&busy.plan);
	site_destroy(busy.site);
	site_def_destroy(busy.def);
}

#define STORY(test) cmocka_unit_test_setup_teardown(test, story_begin, story_end)
int main(void)
{
	const struct CMUnitTest tests[] = {
	        STORY(test_an_incident_survives_every_station_of_its_life),
	        STORY(test_a_stored_incident_reads_the_same),
	        STORY(test_a_message_seen_before_the_restart_is_known_after_it),
	        STORY(test_any_message_id_is_known_after_the_restart),
	        STORY(test_a_device_that_left_the_site_file_is_ignored),
	        STORY(test_the_anchor_is_that_of_the_last_commit),
	        STORY(test_each_of_many_incidents_gets_its_own_parts),
	        STORY(test_the_last_words_are_those_that_moved_a_point),
	        STORY(test_two_sites_know_what_each_has_seen),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
