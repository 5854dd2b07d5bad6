/* What the messages of real systems mean for a site: a line says what was sent, and what came of
 * it. The devices are those of tests/profiles/site.yaml. */
/* floors: config decode */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "receive/profile_bind.h"

#define NOW INT64_C(1795305600000) /* 2026-11-22T00:00:00Z */

static struct service_config *config;
static struct bindings bindings;
static struct profile_memory *memory;
static struct statements said;
static struct signals signals;
static struct text heard; /* what came of the last message */
static struct moment now;
static bool retained;

static int begin(void **state)
{
	(void)state;
	struct text report = {0};
	if (config_load("tests/profiles/tocsin.yaml", CONFIG_CHECK, &config, &report) < 0)
		fail_msg("%s", text_get(&report));
	text_finish(&report);
	bindings_make(&bindings, config->sites, config->site_count);
	return 0;
}

static int end(void **state)
{
	(void)state;
	bindings_finish(&bindings);
	statements_finish(&said);
	signals_finish(&signals);
	text_finish(&heard);
	config_destroy(config);
	return 0;
}

/* Each test begins in a new life. */
static int wake(void **state)
{
	(void)state;
	memory = profile_memory_create();
	now = (struct moment){.wall = NOW, .steady = SECONDS(1000)};
	retained = false;
	return 0;
}

static int sleep_(void **state)
{
	(void)state;
	profile_memory_destroy(memory);
	return 0;
}

static void pass(span_ms span)
{
	now.wall += span;
	now.steady += span;
}

static void put_signal(const struct signal *s)
{
	text_addf(&heard, "%s %s", kind_name(s->kind), s->active ? "active" : "clear");
	text_add(&heard, s->test ? " test" : "");
	text_add(&heard, s->past ? " past" : "");
	text_add(&heard, s->press ? " press" : "");
	text_add(&heard, s->armed ? " armed" : "");
	text_add(&heard, s->lifeless ? " cached" : "");
	if (s->resets)
		text_addf(&heard, " for %llds", (long long)(s->resets / 1000));
	if (s->id)
		text_addf(&heard, " #%s", s->id);
	if (s->id_lasts)
		text_addf(&heard, "~%llds", (long long)(s->id_lasts / 1000));
	if (s->time && s->time != now.wall)
		text_addf(&heard, " %+llds", (long long)((s->time - NOW) / 1000));
}

static void put_device(uint32_t first, uint32_t last)
{
	const struct statement *s = &said.items[first];
	struct problem why = {0};
	uint32_t at = bindings_find(&bindings, said.profile, s->address, s->alias);
	if (at == POSITION_NONE) {
		text_addf(&heard, "?%s", s->address);
		for (uint32_t i = first; i < last; i++)
			if (said.items[i].kind != KIND_NONE)
				text_addf(&heard, " %s%s", kind_name(said.items[i].kind),
				          said.items[i].active ? "!" : "");
		return;
	}
	const struct site_def *site = bindings.items[at].site;
	uint32_t device = bindings.items[at].device;
	statements_bind(&said, first, last, site, device, now.wall, &signals, &why);
	text_addf(&heard, "%s", site->devices[device].id);
	for (uint32_t i = first; i < last; i++)
		if (said.items[i].type == SAID_STATUS)
			text_add(&heard, said.items[i].active ? " online" : " offline");
	for (uint32_t i = 0; i < signals.count; i++) {
		text_add(&heard, i ? ", " : ": ");
		put_signal(&signals.items[i].signal);
	}
	if (*why.text)
		text_add(&heard, " (not understood)");
}

static const char *hear(const char *topic, const char *payload)
{
	struct problem why = {0};
	struct heard_message m = {.topic = topic,
	                          .bytes = payload,
	                          .len = strlen(payload),
	                          .retained = retained,
	                          .now = now.wall,
	                          .steady = now.steady};
	text_reset(&heard);
	if (profiles_decode(&config->profiles, memory, &m, &said, &why) < 0)
		text_add(&heard, "refused");
	for (uint32_t i = 0, last; i < said.count; i = last) {
		last = statements_of_device(&said, i);
		if (heard.len)
			text_add(&heard, " | ");
		if (said.items[i].type == SAID_GATEWAY)
			text_addf(&heard, "gateway %s %s", said.items[i].address,
			          said.items[i].active ? "online" : "offline");
		else if (said.items[i].address)
			put_device(i, last);
	}
	return text_get(&heard);
}

static void expect(const char *topic, const char *payload, const char *meaning)
{
	if (strcmp(hear(topic, payload), meaning) != 0)
		fail_msg("%s %s\n  means '%s'\n  and is taken for '%s'", topic, payload, meaning,
		         text_get(&heard));
}

static void expect_retained(const char *topic, const char *payload, const char *meaning)
{
	retained = true;
	expect(topic, payload, meaning);
	retained = false;
}

#define HALL "zigbee2mqtt/hall/smoke"
#define DOOR "zigbee2mqtt/door"

struct row {
	const char *topic, *payload, *meaning;
};

static void expect_rows(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		expect(rows[i].topic, rows[i].payload, rows[i].meaning);
		pass(HOURS(1)); /* each stands for itself */
	}
}
#define EXPECT_ROWS(rows) expect_rows(rows, sizeof(rows) / sizeof *(rows))

/* ---- words ---- */

static void test_nobody_knows_is_never_a_clear(void **state)
{
	(void)state;
	static const char *const words[] = {"null",    "\"\"", "\"unknown\"", "\"Unavailable\"",
	                                    "\"nan\"", "[]",   "{}",          "\"undefined\""};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		char payload[80];
		snprintf(payload, sizeof payload,
		         "{\"smoke\":%s,\"contact\":%s,\"battery_low\":%s,\"sos\":%s}", words[i],
		         words[i], words[i], words[i]);
		hear(HALL, payload);
		if (signals.count)
			fail_msg("%s is taken for '%s'", payload, text_get(&heard));
	}
	expect(HALL "/smoke", "", "");
	expect(HALL "/smoke", "null", "hall");
	expect(HALL "/smoke", "unavailable", "hall");
	expect(HALL, "", "");
}

static void test_zigbee_words(void **state)
{
	(void)state;
	static const struct row rows[] = {
	        {HALL, "{\"smoke\":true,\"battery\":93}", "hall: smoke active"},
	        {HALL, "{\"smoke\":\"on\"}", "hall: smoke active"},
	        {HALL, "{\"smoke\":1}", "hall"}, /* a number of something */
	        {HALL, "{\"gas\":0.4}", "hall"}, /* a meter */
	        {HALL, "{\"gas\":true}", "hall: gas active"},
	        {HALL, "{\"smoke_state\":\"detecting\"}", "hall"},
	        {HALL, "{\"smoke_state\":\"alarm\",\"smoke\":false}", "hall: smoke active"},
	        {HALL, "{\"smoke_alarm_1\":false,\"smoke_alarm_2\":true}", "hall: smoke active"},
	        {HALL, "{\"co_state\":\"alarm\",\"gas_sensor_state\":\"normal\"}",
	         "hall: carbon_monoxide active, gas clear"},
	        {HALL, "{\"fall_status\":\"fall_alarm\"}", "hall: panic active"},
	        {HALL, "{\"fall_status\":\"unknown\"}", "hall"},
	        {HALL, "{\"action\":\"emergency\"}", "hall: panic active press"},
	        {HALL, "{\"action\":\"recall_7\"}", "hall"},
	        {HALL, "{\"ac_status\":true}", "hall: power active"},
	        {HALL, "{\"ac_connected\":false}", "hall: power active"},
	        {HALL, "{\"power_outage\":\"outage_detected\"}", "hall: power active"},
	        {HALL, "{\"ac_connected\":\"disconnected\"}", "hall"}, /* an air conditioner */
	        {HALL, "{\"battery_state\":\"charging\"}", "hall"},
	        {HALL, "{\"battery\":2}", "hall"},
	        {HALL, "{\"channel_3_battery_low_19\":\"Low\"}", "hall: battery active"},
	        {HALL, "{\"channel_3_leak_detect_19\":\"Dry\"}", "hall: water clear"},
	        {HALL, "{\"valve_abnormal_state\":\"water_shortage,water_leakage\"}",
	         "hall: water active"},
	        {HALL, "{\"fault\":\"sensor_fault\"}", "hall: fault active"},
	        {HALL, "{\"fault\":\"fire_alarm\"}", "hall: heat active"},
	        {HALL, "{\"endoflife\":\"expires_soon\"}", "hall: fault active"},
	        {HALL, "{\"alarm_state\":\"critical_alarm\",\"smoke\":false}",
	         "hall: smoke active"},
	        {HALL, "{\"alarm_state\":\"no_alarm\"}", "hall: fault clear"},
	        {HALL, "{\"halo_alert_state\":\"smoke_test\"}", "hall: smoke active test"},
	        {HALL, "{\"halo_alert_state\":\"interconnect_carbon_monoxide\",\"smoke\":false}",
	         "hall: carbon_monoxide active, smoke clear"},
	        {DOOR, "{\"contact\":true}", "door: contact clear"},
	        {DOOR, "{\"contact\":\"OFF\"}", "door: contact active"},
	        {DOOR, "{\"opening_state\":\"tilted\"}", "door: contact active"},
	        {DOOR, "{\"moving\":true,\"position\":30}", "door"},
	        {DOOR, "{\"moving\":true}", "door: motion active"},
	        {DOOR, "{\"window_open\":true}", "door"}, /* a radiator's guess */
	        {DOOR, "{\"tamper\":true,\"trouble\":false}", "door: tamper active, fault clear"},
	        {"zigbee2mqtt/turned", "{\"contact\":false}", "turned: contact clear"},
	        {"zigbee2mqtt/turned", "{\"contact\":true,\"tamper\":false}",
	         "turned: contact active, tamper clear"},
	        {"zigbee2mqtt/bells", "{\"alarm\":true}", "bells: heat active"},
	        {"zigbee2mqtt/nobody", "{\"smoke\":true}", "?nobody smoke!"},
	};
	EXPECT_ROWS(rows);
}

static void test_what_says_alarm_and_not_of_what_is_not_lost(void **state)
{
	(void)state;
	expect(HALL, "{\"alarm\":true}", "hall: fault active");
	expect(HALL, "{\"alarm_1\":true,\"carbon_monoxide\":false}",
	       "hall: carbon_monoxide active");
	expect(HALL, "{\"alarm\":true,\"volume\":50}", "hall"); /* a siren */
	expect(HALL, "{\"alarm\":true,\"smoke\":false,\"silence\":false}", "hall: smoke clear");
}

static void test_a_panel_is_armed_by_itself(void **state)
{
	(void)state;
	static const struct row rows[] = {
	        {"paradox/states/zones/Front_door/open", "True", "front: contact active"},
	        {"paradox/states/zones/Front_door/open", "False", "front: contact clear"},
	        {"paradox/states/zones/Front_door/alarm", "True", "front: perimeter active armed"},
	        {"paradox/states/zones/Front_door/tamper", "True", "front: tamper active"},
	        {"paradox/states/zones/实验室烟感/alarm", "True", "lab: smoke active armed"},
	        {"paradox/states/zones/实验室烟感/open", "True", "lab: smoke active"},
	        {"paradox/states/zones/Zone_7/open", "True", "seven: contact active"},
	        {"paradox/states/zones/Zone_7/alarm", "True", "seven: perimeter active armed"},
	        {"paradox/states/zones/Vault/open", "True", "vault: glass active"},
	        {"sia2mqtt4ha/event", "{\"code\":\"BA\"}", "panel: perimeter active armed"},
	        {"sia2mqtt4ha/event", "{\"code\":\"FA\"}", "panel: smoke active armed"},
	        {"sia2mqtt4ha/event", "{\"code\":\"RP\"}", "panel"},
	        {"riscopanel/alarm/zone/3/status", "triggered", "zone-3: motion active"},
	        {"riscopanel/alarm/1/status", "triggered", "house: perimeter active armed"},
	        {"riscopanel/alarm/1/status", "armed_home", "house: perimeter clear armed"},
	        {"riscopanel/alarm/1/status", "pending", "house"},
	        {"dsc/Get/Fire1", "1", "?fire-1 smoke!"},
	};
	EXPECT_ROWS(rows);
}

static void test_a_name_suggests_where_nobody_says(void **state)
{
	(void)state;
	expect("attic/binary_sensor/kitchen_smoke/state", "ON", "node: smoke active");
	expect("attic/binary_sensor/thing/state", "ON", "plain: water active");
	expect("attic/binary_sensor/bedroom_smoke/state", "ON", "?attic/bedroom_smoke smoke!");
	expect("attic/binary_sensor/lamp/state", "ON", "?attic/lamp");
}

/* ---- tests ---- */

static void test_a_test_is_no_alarm_and_an_alarm_no_test(void **state)
{
	(void)state;
	expect(HALL, "{\"smoke\":true,\"test\":true,\"tamper\":true}",
	       "hall: smoke active test, tamper active");
	expect(HALL, "{\"smoke\":true,\"test\":true,\"battery\":90}", "hall: smoke active test");
	pass(MINUTES(20)); /* the same cached state, with every report */
	expect(HALL, "{\"smoke\":true,\"test\":true,\"battery\":89}", "hall: smoke active test");
	expect(HALL, "{\"smoke\":false,\"test\":false}", "hall: smoke clear");
	expect(HALL, "{\"smoke\":true,\"test\":false}", "hall: smoke active");
	expect(HALL, "{\"smoke\":false,\"self_test\":\"checking\"}", "hall: smoke clear");
	pass(SECONDS(5));
	expect(HALL, "{\"smoke\":true,\"self_test\":\"checking\"}", "hall: smoke active test");
}

static void test_a_mark_that_outlives_its_test_is_not_believed(void **state)
{
	(void)state;
	expect(HALL, "{\"smoke\":true,\"test\":true}", "hall: smoke active test");
	expect(HALL, "{\"smoke\":false,\"test\":true}", "hall: smoke clear");
	expect(HALL, "{\"smoke\":true,\"test\":true}", "hall: smoke active");
	expect(HALL, "{\"smoke\":false,\"test\":false}", "hall: smoke clear");
	expect(HALL, "{\"smoke\":true,\"test\":true}", "hall: smoke active test");

	expect(DOOR, "{\"gas\":false,\"test\":true}", "door: gas clear");
	pass(MINUTES(2));
	expect(DOOR, "{\"gas\":true,\"test\":true}", "door: gas active");
}

static enum mark_stage said_mark(const char *topic, const char *payload)
{
	struct problem why;
	struct heard_message m = {.topic = topic,
	                          .bytes = payload,
	                          .len = strlen(payload),
	                          .now = now.wall,
	                          .steady = now.steady};
	assert_int_equal(profiles_decode(&config->profiles, memory, &m, &said, &why), 0);
	for (uint32_t i = 0; i < said.count; i++)
		if (said.items[i].type == SAID_TEST_MARK)
			return said.items[i].mark;
	return MARK_STAGE_COUNT; /* nothing new */
}

/* A life that has just begun knows what the one before kept of it. */
static void test_what_becomes_of_a_mark_is_said_and_can_be_kept(void **state)
{
	(void)state;
	assert_int_equal(said_mark(HALL, "{\"smoke\":false}"), MARK_STAGE_COUNT);
	assert_int_equal(said_mark(HALL, "{\"smoke\":false,\"test\":true}"), MARK_STANDS);
	assert_int_equal(said_mark(HALL, "{\"smoke\":false,\"test\":true}"), MARK_STAGE_COUNT);
	assert_int_equal(said_mark(HALL, "{\"smoke\":true,\"test\":true}"), MARK_ALARMED);
	assert_int_equal(said_mark(HALL, "{\"smoke\":false,\"test\":true}"), MARK_SPENT);
	assert_int_equal(said_mark(HALL, "{\"smoke\":false,\"test\":false}"), MARK_GONE);

	profile_memory_keep_mark(memory, "hall/smoke", MARK_SPENT, now.steady - MINUTES(9));
	expect(HALL, "{\"smoke\":true,\"test\":true}", "hall: smoke active");
	profile_memory_keep_mark(memory, "attic", MARK_ALARMED, now.steady - MINUTES(9));
	expect("zigbee2mqtt/attic", "{\"smoke\":true,\"test\":true}", "?attic smoke!");
	assert_true(said.items[0].test);
}

static void test_a_test_told_on_a_topic_of_its_own(void **state)
{
	(void)state;
	expect(HALL "/test", "true", "hall");
	expect(HALL "/smoke", "true", "hall: smoke active test");
	expect(HALL "/test", "false", "hall");
	expect(HALL "/smoke", "true", "hall: smoke active");
	expect("shellies/shellysmoke-1/sensor/gas", "test", "shelly: gas active test");
	expect("shellies/shellysmoke-1/sensor/gas", "mild", "shelly: gas active");
}

/* ---- time: freshness, history, identity, bursts ---- */

static void test_what_waited_is_past_and_what_is_fresh_is_not(void **state)
{
	(void)state;
	const char *old = "{\"smoke\":true,\"last_seen\":\"2026-11-21T20:00:00Z\"}";
	const char *fresh = "{\"smoke\":true,\"last_seen\":1795305590000}";
	expect(HALL, old, "hall: smoke active -14400s"); /* live: the sender's clock is wrong */
	expect_retained(HALL, old, "hall: smoke active past cached -14400s");
	expect_retained(HALL, fresh, "hall: smoke active cached -10s");
	expect_retained(HALL, "{\"smoke\":true}", "hall: smoke active cached");
	/* A bridge that has just come back publishes what it remembers, without the mark. */
	expect("zigbee2mqtt/bridge/state", "{\"state\":\"online\"}", "gateway zigbee2mqtt online");
	expect(HALL, old, "hall: smoke active past cached -14400s");
	expect(HALL, fresh, "hall: smoke active -10s");
	pass(MINUTES(2));
	expect(HALL, old, "hall: smoke active -14400s");
}

static void test_history_is_recorded_and_never_an_alarm(void **state)
{
	(void)state;
	const char *topic = "application/a/device/24e124/event/up";
	expect(topic,
	       "{\"deduplicationId\":\"d1\",\"object\":{\"leakage_status\":\"normal\",\"history\":"
	       "[{\"leakage_status\":\"leak\",\"time\":1795300000},{\"leakage_status\":\"normal\","
	       "\"time\":1795300060}]}}",
	       "lora: water clear #d1/water, "
	       "water active past cached #d1/water/1795300000000 -5600s, "
	       "water clear past cached #d1/water/1795300060000 -5540s");
	/* An alarm now is one, whatever was. */
	expect(topic,
	       "{\"deduplicationId\":\"d2\",\"object\":{\"leakage_status\":\"leak\",\"history\":"
	       "[{\"leakage_status\":\"leak\"}]}}",
	       "lora: water active #d2/water, water active past cached #d2/water/2");
}

static void test_one_press_is_heard_many_times_and_counts_once(void **state)
{
	(void)state;
	const char *press = "{\"value\":123456,\"protocol\":1}";
	expect("home/gw/433toMQTT", press, "remote: panic active press for 30s");
	for (int i = 0; i < 7; i++) {
		pass(130);
		expect("home/gw/433toMQTT", press, "");
	}
	pass(SECONDS(3));
	expect("home/gw/433toMQTT", press, "remote: panic active press for 30s");
}

static void test_a_counter_is_the_press_and_may_begin_again(void **state)
{
	(void)state;
	expect("shellies/shellybutton-1/input_event/0", "{\"event\":\"S\",\"event_cnt\":7}",
	       "press: panic active press #0-7/panic~600s");
	expect("home/gw/BTtoMQTT/112233", "{\"button\":\"press\",\"packet\":0}", "?112233");
}

/* ---- who ---- */

static void test_models_decide_and_names_change(void **state)
{
	(void)state;
	expect("zigbee2mqtt/bridge/devices",
	       "[{\"ieee_address\":\"0x00158d0001a2b3c4\",\"friendly_name\":\"attic\","
	       "\"definition\":{\"model\":\"ZGA1-EN\"}}]",
	       "");
	expect("zigbee2mqtt/attic", "{\"smoke\":true}", "by-number: smoke active");
}

static void test_the_words_of_the_language(void **state)
{
	(void)state;
	static const struct row rows[] = {
	        {"gauge/g1/say", "{\"heat\":70,\"flags\":8}", "gauge: heat active, tamper active"},
	        {"gauge/g1/say", "{\"heat\":-21,\"flags\":7}", "gauge: heat active, tamper clear"},
	        {"gauge/g1/say", "{\"heat\":20,\"ppm\":499}", "gauge: heat clear, gas clear"},
	        {"gauge/g1/say", "{\"ppm\":501}", "gauge: gas active"},
	        {"gauge/g1/say", "{\"code\":\"9A\",\"armed\":1}", "gauge: glass active"},
	        {"gauge/g1/say", "{\"code\":\"9A\",\"armed\":\"yes\"}", "gauge: glass active"},
	        {"gauge/g1/say", "{\"code\":\"9A\",\"armed\":0}", "gauge"},
	        {"gauge/g1/say", "{\"code\":\"9A\",\"armed\":1,\"muted\":false}", "gauge"},
	        {"gauge/g1/say", "{\"code\":\"8A\",\"armed\":1}", "gauge (not understood)"},
	        {"gauge/g1/say", "{\"knock\":1,\"n\":5}",
	         "gauge: vibration active press #g1-5/vibration"},
	        {"gauge/g1/say", "{\"pulse\":1}", "gauge: motion active for 30s"},
	        /* What a profile says of every other word it does not say of those that nobody
	           knows. */
	        {"gauge/g1/say", "{\"pulse\":\"unknown\",\"knock\":\"\"}", "gauge"},
	        {"gauge/g1/say", "17", "refused"},
	        {"gauge/g1/say", "{\"heat\":", "refused"},
	};
	EXPECT_ROWS(rows);
}

static void test_numbers_have_bounds(void **state)
{
	(void)state;
	static const struct row rows[] = {
	        {"zigbee2mqtt/store", "{\"battery\":90,\"voltage\":3.0}", "store: fault clear"},
	        {"zigbee2mqtt/store", "{\"battery\":14,\"voltage\":3.0}", "store: fault active"},
	        {"zigbee2mqtt/store", "{\"battery\":90,\"voltage\":2.4}", "store: fault active"},
	        {"zigbee2mqtt/store", "{\"battery\":90,\"voltage\":4.2}", "store: fault active"},
	        {"zigbee2mqtt/store", "{\"battery\":null}", "store"},
	        {"zigbee2mqtt/store/battery", "12", "store: fault active"},
	};
	EXPECT_ROWS(rows);
}

static void test_buttons_by_their_codes(void **state)
{
	(void)state;
	expect("zigbee2mqtt/button", "{\"action\":\"double\"}", "button");
	expect("zigbee2mqtt/button", "{\"action\":\"single\"}", "button: panic active press");
	expect("zigbee2mqtt/button", "{\"action\":\"release\"}", "button");
	expect("zigbee2mqtt/button", "{\"action\":\"\"}", "button");
	expect("zigbee2mqtt/button", "{\"action\":\"sos\"}", "button: panic active press");
}

static void test_home_assistant_announces(void **state)
{
	(void)state;
	expect("homeassistant/binary_sensor/x/config",
	       "{\"uniq_id\":\"u-1\",\"stat_t\":\"some/where\",\"dev_cla\":\"smoke\",\"pl_on\":"
	       "\"FIRE\",\"pl_off\":\"calm\",\"avty_t\":\"some/life\"}",
	       "told");
	expect("some/where", "FIRE", "told: smoke active");
	expect("some/where", "calm", "told: smoke clear");
	expect("some/where", "None", "");
	expect("some/life", "offline", "told offline");
	expect("homeassistant/binary_sensor/x/config", "", ""); /* taken back */
	expect("some/where", "FIRE", "");
}

static void test_gateways_and_what_hangs_on_them(void **state)
{
	(void)state;
	expect("zigbee2mqtt/bridge/state", "offline", "gateway zigbee2mqtt offline");
	expect(HALL "/availability", "{\"state\":\"offline\"}", "hall offline");
	expect("gauge/state", "online", "gateway gauge online");
	expect("tele/Bridge1/SENSOR", "{\"ZbReceived\":{\"Hall\":{\"Fire\":1}}}",
	       "child: smoke active");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(test) cmocka_unit_test_setup_teardown(test, wake, sleep_)
	        TEST(test_nobody_knows_is_never_a_clear),
	        TEST(test_zigbee_words),
	        TEST(test_what_says_alarm_and_not_of_what_is_not_lost),
	        TEST(test_a_panel_is_armed_by_itself),
	        TEST(test_a_name_suggests_where_nobody_says),
	        TEST(test_a_test_is_no_alarm_and_an_alarm_no_test),
	        TEST(test_a_mark_that_outlives_its_test_is_not_believed),
	        TEST(test_what_becomes_of_a_mark_is_said_and_can_be_kept),
	        TEST(test_a_test_told_on_a_topic_of_its_own),
	        TEST(test_what_waited_is_past_and_what_is_fresh_is_not),
	        TEST(test_history_is_recorded_and_never_an_alarm),
	        TEST(test_one_press_is_heard_many_times_and_counts_once),
	        TEST(test_a_counter_is_the_press_and_may_begin_again),
	        TEST(test_models_decide_and_names_change),
	        TEST(test_the_words_of_the_language),
	        TEST(test_numbers_have_bounds),
	        TEST(test_buttons_by_their_codes),
	        TEST(test_home_assistant_announces),
	        TEST(test_gateways_and_what_hangs_on_them),
	};
	return cmocka_run_group_tests(tests, begin, end);
}
