/* What the messages of real systems mean for a site: how a message is judged, whoever sends it. */
/* floors: config decode */
#include "profiles_story.h"

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

/* ---- time: freshness, history, identity, bursts ---- */

static void test_what_waited_is_past_and_what_is_fresh_is_not(void **state)
{
	(void)state;
	const char *old = "{\"smoke\":true,\"last_seen\":\"2026-11-21T20:00:00Z\"}";
	const char *fresh = "{\"smoke\":true,\"last_seen\":1795305590000}";
	expect(HALL, old, "hall: smoke active -14400s"); /* live: the sender's clock is wrong */
	/* Without an id it is known by what it says, and of when. */
	expect_retained(HALL, old,
	                "hall: smoke active past cached #past active/smoke/1795291200000 -14400s");
	expect_retained(HALL, fresh, "hall: smoke active cached -10s");
	expect_retained(HALL, "{\"smoke\":true}", "hall: smoke active cached");
	/* A bridge that has just come back publishes what it remembers, without the mark. */
	expect("zigbee2mqtt/bridge/state", "{\"state\":\"online\"}", "gateway zigbee2mqtt online");
	expect(HALL, old,
	       "hall: smoke active past cached #past active/smoke/1795291200000 -14400s");
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

/* With a digit for each #. */
static const char *numbered(const char *payload, int n)
{
	static char out[160];
	snprintf(out, sizeof out, "%s", payload);
	for (char *at = out; *at; at++)
		if (*at == '#')
			*at = (char)('0' + n);
	return out;
}

/* Times, pulses and field strengths are never the same. */
static void test_one_press_is_heard_many_times_and_counts_once(void **state)
{
	(void)state;
	static const struct {
		const char *topic, *payload, *device;
	} rows[] = {
	        {"home/gw/433toMQTT", "{\"value\":123456,\"protocol\":1,\"delay\":35#}", "remote"},
	        {"tele/rf/RESULT",
	         "{\"Time\":\"2026-11-22T08:00:0#\",\"RfReceived\":{\"Sync\":1245#,\"Data\":"
	         "\"7C0E8A\"}}",
	         "rf"},
	        {"rtl_433/g/events", "{\"model\":\"M\",\"id\":1,\"state\":\"sos\",\"rssi\":-3.#}",
	         "radio"},
	        {"rtl_433/g/events",
	         "{\"time\":\"2026-11-22 "
	         "08:00:0#\",\"model\":\"HCS200\",\"id\":1,\"button\":4,\"rssi\":-3.#}",
	         "fob"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		for (int press = 0; press < 2; press++) {
			for (int n = 0; n < 8; n++) {
				hear(rows[i].topic, numbered(rows[i].payload, n));
				assert_int_equal(signals.count, n == 0);
				assert_true(strncmp(text_get(&heard), rows[i].device,
				                    strlen(rows[i].device)) == 0);
				pass(130);
			}
			pass(SECONDS(1));
		}
}

static void test_two_buttons_are_two_presses(void **state)
{
	(void)state;
	const char *of_four = "{\"model\":\"HCS200\",\"id\":1,\"button\":#}";
	for (int button = 1; button <= 4; button++)
		expect("rtl_433/g/events", numbered(of_four, button), "fob: panic active press");
	expect("home/gw/433toMQTT", "{\"value\":123456}", "remote: panic active press for 30s");
	expect("home/gw/433toMQTT", "{\"value\":123457}", "?123457");
}

/* A door that opens, closes and opens again within a burst stands open. */
static void test_what_lasts_is_no_burst(void **state)
{
	(void)state;
	const char *open = "{\"model\":\"M\",\"id\":1,\"state\":\"open\"}";
	expect("rtl_433/g/events", open, "radio: contact active");
	expect("rtl_433/g/events", "{\"model\":\"M\",\"id\":1,\"state\":\"closed\"}",
	       "radio: contact clear");
	expect("rtl_433/g/events", open, "radio: contact active");
}

static void test_a_counter_is_the_press_and_may_begin_again(void **state)
{
	(void)state;
	expect("shellies/shellybutton-1/input_event/0", "{\"event\":\"S\",\"event_cnt\":7}",
	       "press: panic active press #0-7/panic~600s");
	expect_retained("shellies/shellybutton-1/input_event/0",
	                "{\"event\":\"S\",\"event_cnt\":7}",
	                "press: panic active press cached #0-7/panic");
	expect("home/gw/BTtoMQTT/112233", "{\"button\":\"press\",\"packet\":0}", "?112233");
}

static void test_inputs_of_a_shelly_are_what_the_site_file_says(void **state)
{
	(void)state;
	static const struct row rows[] = {
	        {"shellies/shellyuni-1/input/0", "1", "uni: contact active"},
	        {"shellies/shellyuni-1/input/1", "0", "uni"}, /* one of two is open */
	        {"shellies/shellyuni-1/input/0", "0", "uni: contact clear"},
	        {"shellies/shellyuni-1/input/0", "", ""},
	        {"shellies/shellyix3-1/input/0", "1",
	         "i3"}, /* which of its presses count is said */
	        {"shellies/shellyix3-1/input_event/0", "{\"event\":\"L\",\"event_cnt\":3}",
	         "i3: panic active press #0-3/panic~600s"},
	        {"shellies/shellydw2-1/sensor/vibration", "-1", "dw"}, /* not known yet */
	        {"shellies/shellydw2-1/sensor/vibration", "1", "dw: vibration active"},
	        {"shellies/shellydw2-1/sensor/vibration", "0", "dw: vibration clear"},
	        {"shellies/shellydw2-1/sensor/vibration", "7", "dw (not understood)"},
	};
	EXPECT_ROWS(rows);
}

/* ---- who ---- */

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

/* A rule that passes over the rest of the device's topics is not there for what cannot be read. */
static void test_what_cannot_be_read_where_one_listens_is_refused(void **state)
{
	(void)state;
	static const struct row rows[] = {
	        {"application/a/device/24e124/event/up", "CgR0ZXN0AA==", "refused"},
	        {"application/a/device/24e124/event/up", "\x0a\x02\xff\x01", "refused"},
	        {"shellies/shellysmoke-1/sensor/smoke", "{\"x\":true}", "refused"},
	        {"tele/7C0E8A/SENSOR", "on", "refused"},
	        {"v3/a@t/devices/pir/up", "CgR0ZXN0AA==", "refused"},
	        {"tylink/t1/thing/property/report", "true", "refused"},
	        {"/sys/pk/hub/thing/event/property/post", "true", "refused"},
	        {"rtl_433/pi/events", "M 1 closed", "refused"},
	        {"home/OMG/BTtoMQTT/A4", "open", "refused"},
	        {"homie/5/lodge/smoke/alarm", "{\"x\":true}", "refused"},
	        {"homie/lodge/smoke/alarm", "[true]", "refused"},
	        {"ring/l/alarm/d/smoke/state", "{\"x\":true}", "refused"},
	        /* nothing is kept there any more; nobody listens; said in another place's form */
	        {"shellies/shellysmoke-1/sensor/smoke", "", ""},
	        {"application/a/device/24e124/event/up", "", ""},
	        {"application/a/device/24e124/event/log", "CgR0ZXN0AA==", ""},
	        {"shellies/shellysmoke-1/announce", "shelly", ""},
	        {"tele/7C0E8A/INFO1", "on", ""},
	        {"ring/l/alarm/d/info/attributes", "{\"x\":true}", ""},
	        {"homie/lodge/$implementation/config", "{\"wifi\":{}}", ""},
	        {"homie/5/lodge/$target/x/y", "{\"x\":true}", ""},
	        {"ialarm/sensors/state", "{\"x\":true}", "?state"},
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

static void test_gateways_and_what_hangs_on_them(void **state)
{
	(void)state;
	expect("zigbee2mqtt/bridge/state", "offline", "gateway zigbee2mqtt offline");
	expect(HALL "/availability", "{\"state\":\"offline\"}", "hall offline");
	expect("gauge/state", "online", "gateway gauge online");
	expect("home/west/LWT", "offline", "gateway openmqttgateway/west offline");
	expect("rtl_433/roof/availability", "online", "gateway rtl_433/roof online");
	expect("tele/Bridge1/SENSOR", "{\"ZbReceived\":{\"Hall\":{\"Fire\":1}}}",
	       "child: smoke active");
}

/* Nothing of it is read but whose it is: who does not listen to the topic is not bothered. */
static void expect_too_long(const char *topic, char first, const char *profile, const char *address)
{
	struct problem why = {0};
	static char payload[64 * 1024 + 1];
	memset(payload, 'x', sizeof payload);
	payload[0] = first;
	struct heard_message m = {.topic = topic,
	                          .bytes = payload,
	                          .len = sizeof payload,
	                          .now = now.wall,
	                          .steady = now.steady};
	int r = profiles_decode(&config->profiles, memory, &m, &said, &why);
	assert_int_equal(said.count, 0);
	if (!profile) {
		assert_int_equal(r, 0);
		return;
	}
	assert_true(r < 0 && strstr(why.text, "65537 bytes; at most 65536"));
	assert_string_equal(said.profile->name, profile);
	assert_string_equal(said.address, address);
}

static void test_what_is_too_long_is_refused_of_whom_one_listens_to(void **state)
{
	(void)state;
	hear("homeassistant/binary_sensor/x/config",
	     "{\"uniq_id\":\"u-1\",\"stat_t\":\"some/where\",\"dev_cla\":\"smoke\"}");
	expect_too_long(HALL, '{', "zigbee2mqtt", "hall/smoke");
	expect_too_long(DOOR, 'x', "zigbee2mqtt", "door"); /* no form that any rule takes */
	expect_too_long("application/a/device/24e124/event/up", 'x', "chirpstack", "24e124");
	expect_too_long("some/where", 'x', "homeassistant", "u-1");
	expect_too_long(HALL "/set", '{', NULL, NULL); /* passed over */
	expect_too_long("no/body/listens", '{', NULL, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(test_nobody_knows_is_never_a_clear),
	        TEST(test_what_waited_is_past_and_what_is_fresh_is_not),
	        TEST(test_history_is_recorded_and_never_an_alarm),
	        TEST(test_one_press_is_heard_many_times_and_counts_once),
	        TEST(test_two_buttons_are_two_presses),
	        TEST(test_what_lasts_is_no_burst),
	        TEST(test_a_counter_is_the_press_and_may_begin_again),
	        TEST(test_inputs_of_a_shelly_are_what_the_site_file_says),
	        TEST(test_the_words_of_the_language),
	        TEST(test_what_cannot_be_read_where_one_listens_is_refused),
	        TEST(test_numbers_have_bounds),
	        TEST(test_gateways_and_what_hangs_on_them),
	        TEST(test_what_is_too_long_is_refused_of_whom_one_listens_to),
	};
	return cmocka_run_group_tests(tests, begin, end);
}
