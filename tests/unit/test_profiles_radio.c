/* What is heard by radio: rtl_433 and OpenMQTTGateway, LoRaWAN, Tasmota. */
/* floors: config decode */
#include "profiles_story.h"

#define EVENTS "rtl_433/g/events"

/* One line of each of the detectors that rtl_433 knows by name, as it prints them. */
static void test_detectors_that_rtl_433_knows(void **state)
{
	(void)state;
	static const struct row rows[] = {
	        {EVENTS,
	         "{\"model\":\"Cavius-Security\",\"id\":1,\"battery_ok\":1,\"text\":\"Fire "
	         "alarm\"}",
	         "?Cavius-Security-1 battery smoke!"},
	        {EVENTS, "{\"model\":\"Cavius-Security\",\"id\":1,\"text\":\"Alarm muted\"}",
	         "?Cavius-Security-1"},
	        {EVENTS,
	         "{\"model\":\"Cavius-Security\",\"id\":1,\"text\":\"Warning/Water detected\"}",
	         "?Cavius-Security-1 water!"},
	        {EVENTS, "{\"model\":\"M\",\"id\":1,\"text\":\"Test alarm\"}",
	         "radio: smoke active test for 600s"},
	        {EVENTS,
	         "{\"model\":\"Smoke-GS558\",\"id\":1234,\"unit\":1,\"learn\":0,\"code\":"
	         "\"80a8f2\"}",
	         "?Smoke-GS558-1234 smoke!"},
	        {EVENTS,
	         "{\"model\":\"Smoke-GS558\",\"id\":1234,\"unit\":1,\"learn\":1,\"code\":"
	         "\"80a8f2\"}",
	         "?Smoke-GS558-1234"},
	        {EVENTS,
	         "{\"model\":\"Interlogix-Security\",\"subtype\":\"smoke\",\"id\":\"ab1\","
	         "\"battery_ok\":1,"
	         "\"switch1\":\"OPEN\",\"switch2\":\"CLOSED\"}",
	         "?Interlogix-Security-ab1 battery smoke!"},
	        {EVENTS,
	         "{\"model\":\"Interlogix-Security\",\"subtype\":\"contact\",\"id\":\"ab2\","
	         "\"switch1\":\"CLOSED\"}",
	         "?Interlogix-Security-ab2 contact"},
	        {EVENTS,
	         "{\"model\":\"Interlogix-Security\",\"subtype\":\"panic\",\"id\":\"ab3\","
	         "\"switch1\":\"OPEN\"}",
	         "?Interlogix-Security-ab3 panic!"},
	        {EVENTS,
	         "{\"model\":\"Interlogix-Security\",\"subtype\":\"freeze\",\"id\":\"ab4\","
	         "\"switch1\":\"OPEN\"}",
	         "?Interlogix-Security-ab4"},
	        {EVENTS,
	         "{\"model\":\"SimpliSafe-Keypad\",\"id\":\"K\",\"extradata\":\"Keypad Panic "
	         "Button\"}",
	         "?SimpliSafe-Keypad-K panic!"},
	        {EVENTS,
	         "{\"model\":\"SimpliSafe-Sensor\",\"id\":\"S\",\"state\":1,\"extradata\":"
	         "\"Contact Open\"}",
	         "?SimpliSafe-Sensor-S contact!"},
	        {EVENTS,
	         "{\"model\":\"X10-Security\",\"id\":\"ab\",\"code\":\"88\",\"event\":\"KR15 "
	         "PANIC\"}",
	         "?X10-Security-ab panic!"},
	        {EVENTS,
	         "{\"model\":\"X10-Security\",\"id\":\"ab\",\"code\":\"98\",\"event\":\"KR15 "
	         "PANIC-3SECOND\"}",
	         "?X10-Security-ab panic!"},
	        {EVENTS,
	         "{\"model\":\"X10-Security\",\"id\":\"fob\",\"code\":\"86\",\"event\":\"KEY-FOB "
	         "DISARM\"}",
	         "x10"}, /* a panic button by its kind: what it did was to disarm */
	        {EVENTS,
	         "{\"model\":\"X10-Security\",\"id\":\"ac\",\"code\":\"00\",\"event\":\"DOOR/"
	         "WINDOW OPEN\"}",
	         "?X10-Security-ac contact!"},
	        {EVENTS,
	         "{\"model\":\"X10-Security\",\"id\":\"ad\",\"code\":\"0c\",\"event\":\"MOTION "
	         "TRIPPED\"}",
	         "?X10-Security-ad motion!"},
	        {EVENTS,
	         "{\"model\":\"Chuango-Security\",\"id\":77,\"cmd\":\"Alarm\",\"cmd_id\":2}",
	         "chuango: panic active"},
	        {EVENTS,
	         "{\"model\":\"Chuango-Security\",\"id\":77,\"cmd\":\"Tamper\",\"cmd_id\":3}",
	         "chuango: tamper active"},
	        {EVENTS,
	         "{\"model\":\"Chuango-Security\",\"id\":77,\"cmd\":\"Disarm\",\"cmd_id\":1}",
	         "chuango"},
	        {EVENTS, "{\"model\":\"Acurite-Leak\",\"id\":1,\"leak_detected\":1}",
	         "?Acurite-Leak-1 water!"},
	        {EVENTS, "{\"model\":\"Fineoffset-WH55\",\"id\":\"c\",\"alarm\":1}",
	         "?Fineoffset-WH55-c water!"},
	        {EVENTS,
	         "{\"model\":\"Honeywell-Security\",\"id\":\"1a\",\"event\":\"20\",\"state\":"
	         "\"closed\","
	         "\"contact_open\":0,\"reed_open\":1,\"alarm\":0,\"tamper\":0}",
	         "?Honeywell-Security-1a contact tamper"},
	        {EVENTS,
	         "{\"model\":\"Govee-Water\",\"id\":1,\"event\":\"Water "
	         "Leak\",\"detect_wet\":1,\"code\":\"ab\"}",
	         "?Govee-Water-1 water!"},
	        {EVENTS,
	         "{\"model\":\"Kerui-Security\",\"id\":\"1\",\"cmd\":\"0xa\",\"motion\":1,"
	         "\"state\":\"motion\"}",
	         "?Kerui-Security-1 motion!"},
	        {EVENTS, "{\"model\":\"Generic-Remote\",\"id\":5,\"cmd\":2,\"tristate\":\"xx\"}",
	         "?Generic-Remote-5"},
	        {"rtl_433/g/devices/HCS200/1/button", "4", "fob: panic active press"},
	        {"rtl_433/g/devices/M/A/1/closed", "0", "radio: contact active"},
	        {"home/gw/RTL_433toMQTT/Smoke-GS558/1234",
	         "{\"model\":\"Smoke-GS558\",\"id\":1234,\"learn\":0,\"code\":\"80\"}",
	         "?Smoke-GS558-1234 smoke!"},
	};
	EXPECT_ROWS(rows);
}

static void test_lorawan_codecs(void **state)
{
	(void)state;
#define UP "application/a/device/24e124/event/up"
	static const struct row rows[] = {
	        {UP, "{\"object\":{\"smoke_status\":\"alarm\",\"test\":1}}",
	         "lora: smoke active test"},
	        {UP, "{\"object\":{\"smoke_status\":\"alarm\",\"test\":0}}", "lora: smoke active"},
	        {UP, "{\"object\":{\"tamper_status\":\"uninstall\",\"motion_status\":\"moving\"}}",
	         "lora: tamper active"},
	        {UP, "{\"object\":{\"tamper_status\":\"install\",\"motion_status\":\"stop\"}}",
	         "lora: tamper clear"},
	        {UP, "{\"object\":{\"gas_status\":\"normal\",\"alarm\":\"device fault\"}}",
	         "lora: gas clear, fault active"},
	        {UP, "{\"object\":{\"alarm\":\"device fault recovered\"}}", "lora: fault clear"},
	        {UP, "{\"object\":{\"alarm\":\"power off\"}}", "lora: power active"},
	        {UP,
	         "{\"object\":{\"DOOR1_OPEN_STATUS\":\"OPEN\",\"DOOR2_OPEN_STATUS\":\"CLOSE\"}}",
	         "lora: contact active"},
	        {UP, "{\"object\":{\"magnet_chn2\":\"open\",\"magnet_chn1\":\"close\"}}",
	         "lora: contact active"},
	        {UP,
	         "{\"object\":{\"alarm\":[{\"alarm_id\":1,\"alarm_type\":\"fall\",\"alarm_status\":"
	         "\"alarm_triggered\"}]}}",
	         "lora: panic active"},
	        {UP,
	         "{\"object\":{\"alarm\":[{\"alarm_type\":\"dwell\",\"alarm_status\":\"alarm_"
	         "triggered\"}]}}",
	         "lora"},
	        {UP,
	         "{\"object\":{\"alarm\":[{\"alarm_type\":\"fall\",\"alarm_status\":\"alarm_"
	         "ignored\"}]}}",
	         "lora"},
	        {"v3/app@t/devices/d/up",
	         "{\"uplink_message\":{\"session_key_id\":\"a\",\"decoded_payload\":{\"alarm\":[{"
	         "\"alarm_type\":\"fall\","
	         "\"alarm_status\":\"alarm_triggered\"}]}}}",
	         "?d panic!"},
	};
	EXPECT_ROWS(rows);
}

/* What its makers' codecs say beyond the common words. */
static void test_lorawan_makers(void **state)
{
	(void)state;
#define GAS "application/a/device/gs101/event/up"
	static const struct row rows[] = {
	        {GAS,
	         "{\"object\":{\"state\":\"abnormal\",\"valve\":\"close\",\"relay\":\"close\"}}",
	         "lora-gas: gas active"},
	        {GAS, "{\"object\":{\"state\":\"normal\",\"valve\":\"open\",\"relay\":\"open\"}}",
	         "lora-gas: gas clear"},
	        {GAS, "{\"object\":{\"state\":\"unknown\"}}", "lora-gas"},
	        {GAS, "{\"object\":{\"state\":null}}", "lora-gas"},
	        {GAS, "{\"object\":{\"state\":\"\"}}", "lora-gas"},
	        {GAS, "{\"object\":{\"state\":\"on\"}}", "lora-gas"},
	        {GAS, "{\"object\":{\"alarm\":\"sensor failure\"}}", "lora-gas: fault active"},
	        {GAS, "{\"object\":{\"alarm\":\"sensor failed\"}}", "lora-gas: fault active"},
	        {GAS, "{\"object\":{\"alarm\":\"sensor recover\"}}", "lora-gas: fault clear"},
	        {GAS, "{\"object\":{\"alarm\":\"power down\"}}", "lora-gas: power active"},
	        {GAS, "{\"object\":{\"alarm\":\"power on\"}}", "lora-gas: power clear"},
	        {UP, "{\"object\":{\"state\":\"open\",\"install\":\"no\"}}",
	         "lora: contact active, tamper active"},
	        {UP, "{\"object\":{\"state\":\"close\",\"install\":\"yes\"}}",
	         "lora: contact clear, tamper clear"},
	        {UP, "{\"object\":{\"install\":null}}", "lora"},
	        {UP, "{\"object\":{\"FireAlarm\":\"Alarm\",\"HighTempAlarm\":\"Alarm\"}}",
	         "lora: smoke active, heat active"},
	        {UP, "{\"object\":{\"FireAlarm\":\"No Alarm\",\"HighTempAlarm\":\"NoAlarm\"}}",
	         "lora: smoke clear, heat clear"},
	        {UP, "{\"object\":{\"COAlarm\":\"Alarm\"}}", "lora: carbon_monoxide active"},
	        {UP, "{\"object\":{\"WaterLeak\":\"Leak\"}}", "lora: water active"},
	        {UP, "{\"object\":{\"WaterLeak\":\"NoLeak\"}}", "lora: water clear"},
	        {UP, "{\"object\":{\"WaterLeak_1\":\"Leak\",\"WaterLeak_2\":\"NoLeak\"}}",
	         "lora: water active"},
	        {"v3/a@t/devices/pir/up",
	         "{\"uplink_message\":{\"session_key_id\":\"a\",\"decoded_payload\":{"
	         "\"Exti_status\":\"True\"}}}",
	         "lora-pir: motion active #a-0/motion~3600s"},
	        {"v3/a@t/devices/pir/up",
	         "{\"uplink_message\":{\"session_key_id\":\"a\",\"decoded_payload\":{"
	         "\"Exti_status\":\"False\"}}}",
	         "lora-pir: motion clear #a-0/motion~3600s"},
	};
	EXPECT_ROWS(rows);
}

static void test_lorawan_keys_in_camel_case(void **state)
{
	(void)state;
	static const struct row rows[] = {
	        {UP, "{\"object\":{\"smokeAlarm\":true}}", "lora: smoke active"},
	        {UP, "{\"object\":{\"smokeAlarm\":false}}", "lora: smoke clear"},
	        {UP, "{\"object\":{\"smokeAlarm\":null}}", "lora"},
	        {UP, "{\"object\":{\"smokeAlarm\":\"unknown\"}}", "lora"},
	        {UP, "{\"object\":{\"waterLeak\":true}}", "lora: water active"},
	        {UP, "{\"object\":{\"doorOpen\":true}}", "lora: contact active"},
	        {UP, "{\"object\":{\"lowBattery\":true}}", "lora: battery active"},
	        {UP, "{\"object\":{\"tamperAlarm\":true}}", "lora: tamper active"},
	        {UP, "{\"object\":{\"panicButton\":true}}", "lora: panic active"},
	        {UP, "{\"object\":{\"status\":{\"smokeAlarm\":true}}}", "lora: smoke active"},
	        {UP, "{\"object\":{\"status\":{\"smokeAlarm\":false}}}", "lora: smoke clear"},
	        {UP, "{\"object\":{\"status\":\"ok\",\"alarms\":{\"gasAlarm\":true}}}",
	         "lora: gas active"},
	        {UP, "{\"object\":{\"data\":{\"waterLeak\":true}}}", "lora: water active"},
	        {"v3/a@t/devices/d/up",
	         "{\"uplink_message\":{\"session_key_id\":\"a\",\"decoded_payload\":{\"status\":{"
	         "\"smokeAlarm\":true}}}}",
	         "?d smoke!"},
	        {"v3/a@t/devices/d/up",
	         "{\"uplink_message\":{\"session_key_id\":\"a\",\"decoded_payload\":{\"alarms\":{"
	         "\"smokeAlarm\":true}}}}",
	         "?d smoke!"},
	        {"v3/a@t/devices/d/up",
	         "{\"uplink_message\":{\"session_key_id\":\"a\",\"decoded_payload\":{\"data\":{"
	         "\"smokeAlarm\":true}}}}",
	         "?d smoke!"},
	};
	EXPECT_ROWS(rows);
}

static void test_tasmota(void **state)
{
	(void)state;
	static const struct row rows[] = {
	        {"tele/gw/SENSOR",
	         "{\"ZbReceived\":{\"btn\":{\"Device\":\"0x1\",\"PersonalAlarm\":1}}}",
	         "?btn panic!"},
	        {"tele/gw/SENSOR",
	         "{\"ZbReceived\":{\"btn\":{\"Device\":\"0x1\",\"PersonalAlarm\":0}}}",
	         "?btn panic"},
	        /* without the prefix, as an option of it has it */
	        {"tele/gw/SENSOR", "{\"Hall\":{\"Device\":\"0x4773\",\"Fire\":1}}",
	         "child: smoke active"},
	        {"tele/zb/Hall/SENSOR", "{\"Hall\":{\"Device\":\"0x4773\",\"Fire\":1}}",
	         "child: smoke active"},
	        {"tele/gw/ZbReceived", "{\"Hall\":{\"Device\":\"0x4773\",\"Fire\":1}}",
	         "child: smoke active"},
	        {"tele/zb/Hall/SENSOR", "{\"ZbReceived\":{\"Fire\":1,\"Endpoint\":1}}",
	         "child: smoke active"},
	        {"tele/zb/Hall/ZbReceived", "{\"Fire\":0,\"Endpoint\":1}", "child: smoke clear"},
	        {"tele/gw/SENSOR", "{\"Time\":\"2026-11-22T08:00:00\",\"MQ135\":{\"Smoke\":1}}",
	         "?gw"},
	};
	EXPECT_ROWS(rows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(test_detectors_that_rtl_433_knows),
	        TEST(test_lorawan_codecs),
	        TEST(test_lorawan_makers),
	        TEST(test_lorawan_keys_in_camel_case),
	        TEST(test_tasmota),
	};
	return cmocka_run_group_tests(tests, begin, end);
}
