/* What devices say to clouds that people run themselves: Tuya Link, Aliyun Alink, tuya-mqtt. */
/* floors: config decode */
#include "profiles_story.h"

#define REPORT "tylink/t1/thing/property/report"

static void test_tuya_states(void **state)
{
	(void)state;
	static const struct row rows[] = {
	        {REPORT, "{\"data\":{\"smoke_sensor_state\":{\"value\":\"1\"}}}",
	         "t1: smoke active"},
	        {REPORT, "{\"data\":{\"smoke_sensor_state\":{\"value\":\"0\"}}}",
	         "t1: smoke clear"},
	        {REPORT, "{\"data\":{\"smoke_sensor_status\":{\"value\":\"alarm\"}}}",
	         "t1: smoke active"},
	        {REPORT, "{\"data\":{\"gas_sensor_state\":{\"value\":\"1\"}}}", "t1: gas active"},
	        {REPORT, "{\"data\":{\"ch4_sensor_state\":{\"value\":\"alarm\"}}}",
	         "t1: gas active"},
	        {REPORT, "{\"data\":{\"co_state\":{\"value\":\"1\"}}}",
	         "t1: carbon_monoxide active"},
	        {REPORT, "{\"data\":{\"watersensor_state\":{\"value\":\"1\"}}}",
	         "t1: water active"},
	        {REPORT, "{\"data\":{\"presence_state\":{\"value\":\"small_move\"}}}",
	         "t1: motion active"},
	        {REPORT, "{\"data\":{\"presence_state\":{\"value\":\"none\"}}}",
	         "t1: motion clear"},
	        {REPORT, "{\"data\":{\"doorcontact_state\":{\"value\":true}}}",
	         "t1: contact active"},
	        {REPORT, "{\"data\":{\"muffling\":{\"value\":true}}}", "t1"},
	        {REPORT, "{\"data\":{\"alarm_state\":{\"value\":\"alarm_sound\"}}}", "t1"},
	        {REPORT, "{\"data\":{\"smoke_sensor_status\":{\"value\":null}}}", "t1"},
	        {REPORT,
	         "{\"data\":{\"self_checking\":{\"value\":true},\"smoke_sensor_status\":{\"value\":"
	         "\"alarm\"}}}",
	         "t1: smoke active test"},
	        {REPORT,
	         "{\"data\":{\"checking_result\":{\"value\":\"check_success\"},\"smoke_sensor_"
	         "status\":{\"value\":\"alarm\"}}}",
	         "t1: smoke active"},
	        {REPORT,
	         "{\"data\":{\"checking_result\":{\"value\":\"checking\"},\"smoke_sensor_status\":{"
	         "\"value\":\"alarm\"}}}",
	         "t1: smoke active test"},
	};
	EXPECT_ROWS(rows);
}

static void test_tuya_events(void **state)
{
	(void)state;
	static const struct row rows[] = {
	        {"tylink/t1/thing/event/trigger",
	         "{\"msgId\":\"9\",\"data\":{\"eventCode\":\"smoke_alarm\",\"outputParams\":{}}}",
	         "t1: smoke active for 600s #9/smoke"},
	        {"tylink/t1/thing/event/trigger",
	         "{\"msgId\":\"10\",\"data\":{\"eventCode\":\"boom\"}}", "t1"},
	        {"tylink/t1/thing/data/batch_report",
	         "{\"msgId\":\"11\",\"data\":{\"properties\":{\"smoke_sensor_status\":{\"value\":"
	         "\"normal\"}},"
	         "\"events\":{\"sos\":{\"outputParams\":{},\"eventTime\":1626197189001}}}}",
	         "t1: smoke clear #11/smoke, panic active press #11/panic"},
	        {"tylink/t1/thing/data/batch_report",
	         "{\"msgId\":\"12\",\"data\":{\"events\":{\"boom\":{\"eventTime\":1626197189001}}}"
	         "}",
	         "t1"},
	};
	EXPECT_ROWS(rows);
}

#define ALINK "/sys/pk/hub/thing/event/"

static void test_alink_packs_and_batches(void **state)
{
	(void)state;
	static const struct row rows[] = {
	        {ALINK "property/post", "{\"id\":\"1\",\"params\":{\"SmokeSensorState\":1}}",
	         "hub: smoke active #1/smoke"},
	        {ALINK "property/pack/post",
	         "{\"id\":\"2\",\"params\":{\"properties\":{\"SmokeSensorState\":0},\"subDevices\":"
	         "[{\"identity\":"
	         "{\"productKey\":\"a\",\"deviceName\":\"sub1\"},\"properties\":{"
	         "\"SmokeSensorState\":{\"value\":1}},"
	         "\"events\":{\"SOSAlarm\":{\"value\":{},\"time\":1524448722000}}},{\"properties\":"
	         "{\"GasSensorState\":1}}]}}",
	         "hub: smoke clear #2/smoke | ?sub1 smoke! panic!"},
	        {ALINK "property/batch/post",
	         "{\"id\":\"3\",\"params\":{\"properties\":{\"SmokeSensorState\":[{\"value\":0,"
	         "\"time\":1},"
	         "{\"value\":1,\"time\":2}],\"ContactState\":[]},\"events\":{}}}",
	         "hub: smoke active #3/smoke"},
	        {ALINK "property/history/post",
	         "{\"params\":[{\"identity\":{\"productKey\":\"\",\"deviceName\":\"\"},"
	         "\"properties\":"
	         "[{\"SmokeSensorState\":{\"value\":1}}]}]}",
	         "hub: smoke active past cached"},
	        {ALINK "SOSAlarm/post",
	         "{\"id\":\"5\",\"params\":{},\"method\":\"thing.event.SOSAlarm.post\"}",
	         "hub: panic active press #5/panic"},
	        {ALINK "property/post_reply", "{\"id\":\"1\",\"code\":200}", ""},
	};
	EXPECT_ROWS(rows);
}

/* The same point, as older and newer versions write its topic. */
static void test_one_point_on_two_topics(void **state)
{
	(void)state;
	expect("tuya/gate/DPS/1/state", "true", "dp: contact active");
	expect("tuya/gate/dps/1/state", "false", "dp: contact clear");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(test_tuya_states),
	        TEST(test_tuya_events),
	        TEST(test_alink_packs_and_batches),
	        TEST(test_one_point_on_two_topics),
	};
	return cmocka_run_group_tests(tests, begin, end);
}
