/* What Home Assistant discovery announces is understood without writing anything. */
/* floors: config decode */
#include "profiles_story.h"

#include "base/json.h"

static void test_home_assistant_announces(void **state)
{
	(void)state;
	expect("homeassistant/binary_sensor/x/config",
	       "{\"uniq_id\":\"u-1\",\"stat_t\":\"some/where\",\"dev_cla\":\"smoke\",\"pl_on\":"
	       "\"FIRE\",\"pl_off\":\"calm\",\"avty_t\":\"some/life\"}",
	       "told");
	expect("some/where", "FIRE", "told: smoke active");
	expect("some/where", "calm", "told: smoke clear");
	expect("some/where", "None", "told");
	expect("some/life", "offline", "told offline");
	expect("homeassistant/binary_sensor/x/config", "", ""); /* taken back */
	expect("some/where", "FIRE", "");
}

#define TOLD "homeassistant/binary_sensor/x/config"

/* Announced with this template; then what is said with this payload. */
static void expect_template(const char *template, const char *payload, const char *meaning)
{
	struct text told = {0};
	json_open(&told, NULL, '{');
	json_put_string(&told, "uniq_id", "u-1");
	json_put_string(&told, "stat_t", "some/where");
	json_put_string(&told, "dev_cla", "smoke");
	json_put_string(&told, "val_tpl", template);
	json_close(&told, '}');
	expect(TOLD, text_get(&told), strcmp(meaning, "refused") == 0 ? "refused" : "told");
	if (strcmp(meaning, "refused") != 0)
		expect("some/where", payload, meaning);
	text_finish(&told);
}

static void test_templates_that_senders_write(void **state)
{
	(void)state;
	static const char *const rows[][3] = {
	        {"{{ value }}", "ON", "told: smoke active"},
	        {"{{value}}", "OFF", "told: smoke clear"},
	        {"{{ value_json.a | is_defined }}", "{\"a\":\"ON\"}", "told: smoke active"},
	        {"{{ value_json.a | is_defined }}", "{\"b\":1}", "told"},
	        {"{{ value_json['a-b'].c | upper }}", "{\"a-b\":{\"c\":\"on\"}}",
	         "told: smoke active"},
	        {"{{ value_json.a | default('OFF') }}", "{}", "told: smoke clear"},
	        {"{{ value_json[\"a\"] | default(\"\") }}", "{}", "told"},
	        {"{{ 'ON' if value_json.a else 'OFF' }}", "{\"a\":true}", "told: smoke active"},
	        {"{{'ON' if value_json.a else 'OFF'}}", "{\"a\":0}", "told: smoke clear"},
	        {"{{ 'ON' if value_json.a else 'OFF' }}", "{\"a\":null}", "told"},
	        {"{{ 'ON' if value_json.a else 'OFF' }}", "{}", "told"},
	        {"{{ 'OFF' if not value_json.a else 'ON' }}", "{\"a\":true}", "told: smoke active"},
	        {"{%if value in ['mild','heavy']%}ON{%else%}OFF{%endif%}", "heavy",
	         "told: smoke active"},
	        {"{%if value in ['mild','heavy']%}ON{%else%}OFF{%endif%}", "none",
	         "told: smoke clear"},
	        {"{%if value in ['mild','heavy']%}ON{%else%}OFF{%endif%}", "unknown", "told"},
	        {"{% if value_json[\"t\"] is equalto \"tamper\" %}ON{% else %}OFF{% endif %}",
	         "{\"t\":\"tamper\"}", "told: smoke active"},
	        {"{% if value_json[\"t\"] is equalto \"tamper\" %}ON{% else %}OFF{% endif %}",
	         "{\"t\":\"ok\"}", "told: smoke clear"},
	        {"{% if value_json[\"t\"] is equalto \"tamper\" %}ON{% else %}OFF{% endif %}", "{}",
	         "told"},
	        {"{%- if value_json.v != 0 -%} ON {%- else -%} OFF {%- endif -%}", "{\"v\":8}",
	         "told: smoke active"},
	        {"{% if value_json.v == 8 %}ON{% else %}OFF{% endif %}", "{\"v\":\"8.0\"}",
	         "told: smoke active"},
	        {"{{ 'ON' if value_json.v | int > 5 else 'OFF' }}", "{\"v\":5}",
	         "told: smoke clear"},
	        {"{{ 'ON' if value_json.v | float(0) >= 5 else 'OFF' }}", "{\"v\":5}",
	         "told: smoke active"},
	        {"{{ 'ON' if value_json.v < 2.5 else 'OFF' }}", "{\"v\":2.4}",
	         "told: smoke active"},
	        {"{{ iif(value_json.a == 'x', 'ON', 'OFF') }}", "{\"a\":\"x\"}",
	         "told: smoke active"},
	        {"{% if value_json.a %}ON{% else %}idle{% endif %}", "{\"a\":false}",
	         "told (not understood)"},
	        /* and what is more than that is said to be so, before anything is missed */
	        {"{{ value_json.get('a') }}", "{\"a\":\"ON\"}", "told: smoke active"},
	        {"{{ value_json.get('a') }}", "{}", "told"},
	        {"{{ value_json.get('a', 'OFF') }}", "{}", "told: smoke clear"},
	        {"{{ value_json.s[1].state }}", "{\"s\":[{\"state\":\"OFF\"},{\"state\":\"ON\"}]}",
	         "told: smoke active"},
	        {"{{ value_json.s[1].state }}", "{\"s\":[]}", "told"},
	        {"{{ value_json.get('a', {}) }}", "", "refused"},
	        {"{{ value_json.get(a) }}", "", "refused"},
	        {"{{ value_json.s[-1] }}", "", "refused"},
	        {"{{ value_json.s[1 }}", "", "refused"},
	        {"{{ states('sensor.x') }}", "", "refused"},
	        {"{{ value_json.a | regex_replace('x', 'ON') }}", "", "refused"},
	        {"{% set x = value_json.a %}{{ x }}", "", "refused"},
	        {"{% if value_json.a %}yes{% else %}no{% endif %}", "", "refused"},
	        {"{% if value_json.a %}ON{% elif value_json.b %}ON{% else %}OFF{% endif %}", "",
	         "refused"},
	        {"{{ 'ON' if value_json.a and value_json.b else 'OFF' }}", "", "refused"},
	        {"{{ value_json.a }} ", "{\"a\":\"ON\"}", "told: smoke active"},
	        {"{{ value_json.a }}x", "", "refused"},
	        {"value_json.a", "", "refused"},
	        {"{{ value_json.a", "", "refused"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		expect_template(rows[i][0], rows[i][1], rows[i][2]);
}

static void test_a_comparison_is_a_word_as_well(void **state)
{
	(void)state;
	expect(TOLD,
	       "{\"uniq_id\":\"u-1\",\"stat_t\":\"some/"
	       "where\",\"dev_cla\":\"smoke\",\"pl_on\":\"True\","
	       "\"pl_off\":\"False\",\"val_tpl\":\"{{ value_json.a == 'x' }}\"}",
	       "told");
	expect("some/where", "{\"a\":\"x\"}", "told: smoke active");
	expect("some/where", "{\"a\":\"y\"}", "told: smoke clear");
}

/* As OpenMQTTGateway announces: whichever gateway hears the thing. */
static void test_a_topic_of_any_gateway(void **state)
{
	(void)state;
	expect("homeassistant/binary_sensor/A4C138-open/config",
	       "{\"stat_t\":\"+/+/BTtoMQTT/"
	       "A4C13800\",\"uniq_id\":\"u-1\",\"dev_cla\":\"door\",\"pl_on\":\"True\","
	       "\"pl_off\":\"False\",\"val_tpl\":\"{{ value_json.open | is_defined }}\"}",
	       "told");
	expect("homeassistant/binary_sensor/A4C138-low/config",
	       "{\"stat_t\":\"+/+/BTtoMQTT/"
	       "A4C13800\",\"uniq_id\":\"u-2\",\"dev_cla\":\"battery\",\"pl_on\":\"True\","
	       "\"pl_off\":\"False\",\"val_tpl\":\"{{ value_json.low | is_defined }}\"}",
	       "?u-2 battery");
	expect("here/OMG2/BTtoMQTT/A4C13800",
	       "{\"id\":\"A4:C1:38:00\",\"open\":true,\"low\":false}",
	       "told: contact active | ?u-2 battery");
	expect("here/BTtoMQTT/A4C13800", "{\"open\":true}", "");
	expect(TOLD, "{\"stat_t\":\"+/+/+\",\"uniq_id\":\"u-3\"}", "refused");
	expect(TOLD, "{\"stat_t\":\"a/#\",\"uniq_id\":\"u-3\"}", "refused");
}

/* Of a device with many parts one that is not understood hides no other. */
static void test_the_parts_of_a_device(void **state)
{
	(void)state;
	expect("homeassistant/device/d/config",
	       "{\"dev\":{\"ids\":[\"a\"]},\"cmps\":{\"odd\":{\"p\":\"binary_sensor\",\"stat_t\":"
	       "\"d/odd\",\"uniq_id\":\"u-9\","
	       "\"val_tpl\":\"{{ now() "
	       "}}\"},\"leak\":{\"p\":\"binary_sensor\",\"dev_cla\":\"moisture\",\"stat_t\":\"d/"
	       "leak\","
	       "\"uniq_id\":\"u-1\"}},\"avty\":[{\"t\":\"d/lwt\",\"val_tpl\":\"{{'online' if "
	       "value_json.value else 'offline'}}\"}]}",
	       "?u-9 | told");
	expect("d/leak", "ON", "told: water active");
	expect("d/lwt", "{\"value\":false}", "told offline");
}

static void test_a_panel_is_armed_by_itself(void **state)
{
	(void)state;
	expect("homeassistant/alarm_control_panel/p/config",
	       "{\"uniq_id\":\"u-1\",\"stat_t\":\"panel/state\",\"cmd_t\":\"panel/set\"}", "told");
	expect("panel/state", "armed_away", "told: perimeter clear armed");
	expect("panel/state", "pending", "told");
	expect("panel/state", "None", "told");
	expect("panel/state", "unknown", "told");
	expect("panel/state", "triggered", "told: perimeter active armed");
	expect("panel/state", "disarmed", "told: perimeter clear armed");
}

static void test_who_announces_what_is_not_read_is_known_to_be_there(void **state)
{
	(void)state;
	expect("homeassistant/event/e/config",
	       "{\"uniq_id\":\"u-7\",\"stat_t\":\"bell\",\"evt_typ\":[\"press\"]}", "?u-7");
	expect("homeassistant/event/e/config",
	       "{\"uniq_id\":\"u-1\",\"stat_t\":\"bell\",\"evt_typ\":[\"press\"]}",
	       "told (not understood)");
	expect("homeassistant/device_automation/0x1/action_emergency/config",
	       "{\"atype\":\"trigger\",\"t\":\"zigbee2mqtt/b/action\",\"pl\":\"emergency\"}",
	       "?0x1/action_emergency");
	expect("homeassistant/sensor/s/config", "{\"uniq_id\":\"u-7\",\"stat_t\":\"t\"}", "");
}

static void test_it_says_how_long_it_may_be_silent(void **state)
{
	(void)state;
	expect(TOLD,
	       "{\"uniq_id\":\"u-1\",\"stat_t\":\"some/"
	       "where\",\"dev_cla\":\"smoke\",\"expire_after\":60}",
	       "told");
	expect("some/where", "OFF", "told: smoke clear");
	assert_int_equal(said.items[said.count - 1].type, SAID_ALIVE);
	assert_int_equal(said.items[said.count - 1].expires, SECONDS(60));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(test_home_assistant_announces),
	        TEST(test_templates_that_senders_write),
	        TEST(test_a_comparison_is_a_word_as_well),
	        TEST(test_a_topic_of_any_gateway),
	        TEST(test_the_parts_of_a_device),
	        TEST(test_a_panel_is_armed_by_itself),
	        TEST(test_who_announces_what_is_not_read_is_known_to_be_there),
	        TEST(test_it_says_how_long_it_may_be_silent),
	};
	return cmocka_run_group_tests(tests, begin, end);
}
