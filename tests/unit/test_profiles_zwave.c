/* What Z-Wave JS UI says: each variable of a notification has a topic and a zero of its own. */
/* floors: config decode */
#include "profiles_story.h"

#define NODE "zwave/kitchen/5/113/0/"

static void test_the_zero_of_another_variable_ends_no_alarm(void **state)
{
	(void)state;
	expect(NODE "Smoke_Alarm/Sensor_status", "2", "wave: smoke active");
	expect(NODE "Smoke_Alarm/Maintenance_status", "0", "wave: fault clear");
	expect(NODE "Smoke_Alarm/Dust_in_device_status", "8", "wave: fault active");
	expect(NODE "Smoke_Alarm/Maintenance_status", "0", "wave"); /* the dust is still there */
	expect(NODE "Smoke_Alarm/Alarm_status", "6", "wave");       /* silenced: it still smokes */
	expect(NODE "Smoke_Alarm/Alarm_status", "0", "wave");
	expect(NODE "Smoke_Alarm/Sensor_status", "254", "wave"); /* unknown */
	expect(NODE "Smoke_Alarm/Sensor_status", "0", "wave: smoke clear");
}

static void test_two_gases_end_each_for_itself(void **state)
{
	(void)state;
	expect(NODE "Gas_alarm/Combustible_gas_status", "2", "wave: gas active");
	expect(NODE "Gas_alarm/Toxic_gas_status", "4", "wave: gas active");
	expect(NODE "Gas_alarm/Toxic_gas_status", "0", "wave");
	expect(NODE "Gas_alarm/Toxic_gas_status", "0", "wave");
	expect(NODE "Gas_alarm/Combustible_gas_status", "0", "wave: gas clear");
	expect(NODE "Gas_alarm/Toxic_gas_status", "0", "wave: gas clear");
}

/* "At rest" is the alarm of what is turned round: no other point keeps it back. */
static void test_what_is_turned_round_alarms_beside_another(void **state)
{
	(void)state;
	expect("zigbee2mqtt/turned/contact_left", "false", "turned: contact clear");
	expect("zigbee2mqtt/turned/contact_right", "true", "turned: contact active");
	expect("zigbee2mqtt/turned/contact_right", "false", "turned: contact clear");
}

static void test_every_variable(void **state)
{
	(void)state;
	static const struct row rows[] = {
	        {NODE "Smoke_Alarm/Sensor_status", "{\"time\":1548683523859,\"value\":2}",
	         "wave: smoke active"},
	        {NODE "Smoke_Alarm/Sensor_status", "{\"id\":\"5-113\",\"value\":null}", ""},
	        {NODE "Smoke_Alarm/Sensor_status", "0", "wave: smoke clear"},
	        {NODE "CO_Alarm/Sensor_status", "1", "wave: carbon_monoxide active"},
	        {NODE "CO_Alarm/Sensor_status", "0", "wave: carbon_monoxide clear"},
	        {NODE "CO2_Alarm/Sensor_status", "2", "wave"},
	        {NODE "Heat_Alarm/Heat_sensor_status", "2", "wave: heat active"},
	        {NODE "Heat_Alarm/Heat_sensor_status", "6", "wave"}, /* too cold */
	        {NODE "Heat_Alarm/Heat_sensor_status", "0", "wave: heat clear"},
	        {NODE "Water_Alarm/Sensor_status", "2", "wave: water active"},
	        {NODE "Water_Alarm/Water_level_alarm_status", "0", "wave"},
	        {NODE "Access_Control/Door_state", "5632", "wave: contact active"},
	        {NODE "Access_Control/Door_state", "5633", "wave: contact active"},
	        {NODE "Access_Control/Door_state", "23", "wave: contact clear"},
	        {NODE "Access_Control/Door_state_simple", "22", "wave: contact active"},
	        {NODE "Access_Control/Lock_state", "11", "wave: fault active"},
	        {NODE "Access_Control/Lock_state", "0", "wave: fault clear"},
	        {NODE "Home_Security/Cover_status", "3", "wave: tamper active"},
	        {NODE "Home_Security/Motion_sensor_status", "8", "wave: motion active"},
	        {NODE "Home_Security/Sensor_status", "2", "wave: perimeter active"},
	        {NODE "Power_Management/Mains_status", "2", "wave: power active"},
	        {NODE "Power_Management/Mains_status", "3", "wave: power clear"},
	        {NODE "Power_Management/Battery_maintenance_status", "11", "wave: battery active"},
	        {"zwave/kitchen/5/128/0/isLow", "true", "wave: battery active"},
	        {"zwave/kitchen/5/48/0/Door-Window", "true", "wave: contact active"},
	        {"zwave/kitchen/5/156/0/state/1", "true", "wave: smoke active"},
	        {"zwave/kitchen/5/49/0/Air_temperature", "21.5", "wave"},
	        {"zwave/kitchen/5/status", "{\"time\":1,\"value\":false,\"status\":\"Dead\"}",
	         "wave offline"},
	        /* by name */
	        {"zwave/hall/nodeID_7/notification/endpoint_0/Smoke_Alarm/Sensor_status", "1",
	         "named: smoke active"},
	        {"zwave/hall/nodeID_7/notification/endpoint_0/Home_Security/Cover_status", "3",
	         "named: tamper active"},
	        {"zwave/hall/nodeID_7/sensor_binary/endpoint_0/Motion", "true",
	         "named: motion active"},
	        {"zwave/hall/nodeID_7/meter/endpoint_0/Water", "1", "named"},
	        {"zwave/hall/nodeID_7/battery/endpoint_0/isLow", "true", "named: battery active"},
	        {"zwave/hall/nodeID_7/door_lock/endpoint_0/boltStatus", "\"unlocked\"",
	         "named: contact active"},
	        {"zwave/hall/nodeID_7/sensor_alarm/endpoint_0/state/5", "true",
	         "named: water active"},
	};
	EXPECT_ROWS(rows);
}

static void test_a_test_of_it(void **state)
{
	(void)state;
	expect(NODE "Smoke_Alarm/Alarm_status", "3", "wave");
	expect(NODE "Smoke_Alarm/Sensor_status", "2", "wave: smoke active test");
	expect(NODE "Smoke_Alarm/Alarm_status", "0", "wave");
	expect(NODE "Smoke_Alarm/Sensor_status", "2", "wave: smoke active");
}

static void test_the_gateway_and_its_stick(void **state)
{
	(void)state;
	expect("zwave/_CLIENTS/ZWAVE_GATEWAY-office/status", "{\"value\":false}",
	       "gateway zwave/ZWAVE_GATEWAY-office offline");
	expect("zwave/_CLIENTS/ZWAVE_GATEWAY-office/status", "true",
	       "gateway zwave/ZWAVE_GATEWAY-office online");
	expect("zwave/driver/status", "false", "gateway zwave/driver offline");
	expect("zwave/_CLIENTS/ZWAVE_GATEWAY-office/api/x", "{}", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(test_the_zero_of_another_variable_ends_no_alarm),
	        TEST(test_two_gases_end_each_for_itself),
	        TEST(test_what_is_turned_round_alarms_beside_another),
	        TEST(test_every_variable),
	        TEST(test_a_test_of_it),
	        TEST(test_the_gateway_and_its_stick),
	};
	return cmocka_run_group_tests(tests, begin, end);
}
