/* floors: review */
/* What each type of entry says to people, in both languages: words, not the data of a program.
 * tests/checks/sentences.py sees to it that every type stands here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "review/command/timeline.h"

#define WHAT "\"what\":{\"id\":\"b-x-7\",\"site\":\"b\",\"type\":\"x\",\"number\":7,\"by\":\"li\","

static const struct {
	const char *type, *device, *by, *data, *english, *chinese;
} rows[] = {
        {"signal", "smoke-1", NULL, "{\"kind\":\"smoke\",\"state\":\"active\"}",
         "smoke-1: smoke, active", "smoke-1：烟雾，报警"},
        {"rejected", NULL, NULL, "{\"reason\":\"not JSON\",\"topic\":\"t\"}",
         "not understood: not JSON (t)", "无法理解：not JSON (t)"},
        {"incident.opened", "smoke-1", NULL,
         "{\"kind\":\"fire\",\"severity\":\"major\",\"zone\":\"dorm\",\"policy\":\"p\"}",
         "opened: major, Fire, dorm, policy p", "发生：重要，火警，dorm，预案 p"},
        {"incident.opened", NULL, NULL,
         "{\"kind\":\"trouble\",\"severity\":\"warning\",\"zone\":\"campus\",\"subject\":"
         "\"channel:phone\"}",
         "opened: warning, Trouble, campus, nothing gets through the channel phone",
         "发生：提示，故障，campus，通知渠道失效：phone"},
        {"incident.joined", "smoke-2", NULL, "{\"kind\":\"smoke\"}", "joined by smoke-2: smoke",
         "新增报警：smoke-2：烟雾"},
        {"incident.raised", NULL, NULL, "{\"from\":\"major\",\"to\":\"critical\"}",
         "severity rose from major to critical", "级别由 重要 升为 紧急"},
        {"incident.cleared", "smoke-1", NULL, "{}", "every signal has cleared", "所有信号均已恢复"},
        {"incident.acknowledged", NULL, "li", "{\"owner\":\"li\",\"resolve_within_ms\":900000}",
         "acknowledged by li; to be resolved within 15 min", "已确认，负责人 li；处置时限 15 分钟"},
        {"incident.assigned", NULL, "li", "{\"owner\":\"zhao\"}", "handed to zhao by li",
         "移交给 zhao，操作人 li"},
        {"incident.on_site", NULL, "li", "{}", "on site: li", "已到场：li"},
        {"incident.help_wanted", NULL, "li", "{\"note\":\"two injured\"}",
         "HELP WANTED by li: \"two injured\"", "请求支援，请求人 li：“two injured”"},
        {"incident.doubted", NULL, "li", "{}",
         "a false alarm, says li; a second person has to say so too",
         "疑为误报，报告人 li；须另一人确认"},
        {"incident.reopened", NULL, NULL,
         "{\"why\":\"not resolved in time after the acknowledgement\"}",
         "OPEN AGAIN: not resolved in time after the acknowledgement",
         "重新报警：确认后未在时限内处置完毕"},
        {"incident.resolved", NULL, "li", "{\"outcome\":\"real\"}", "resolved by li: real",
         "已解除，操作人 li：真实警情"},
        {"step", NULL, NULL,
         "{\"step\":2,\"round\":1,\"reason\":\"escalated\",\"to\":[{\"id\":\"li\"}]}", "step 2: li",
         "第 2 步：li"},
        {"gap", NULL, NULL, "{\"step\":1,\"why\":\"nobody to tell\"}",
         "GAP at step 1: nobody to tell", "缺口（第 1 步）：无人可通知"},
        {"gap", NULL, NULL,
         "{\"reason\":\"a test was not confirmed\",\"to\":\"li\",\"channel\":\"phone\"}",
         "GAP: the test to li over phone was not confirmed",
         "缺口：发给 li 的测试（渠道 phone）未确认收到"},
        {"notification", NULL, NULL,
         "{\"reason\":\"opened\",\"to\":{\"kind\":\"person\",\"id\":\"li\"},\"channels\":["
         "\"phone\"]}",
         "telling li by phone: ", "正在通知 li，渠道 phone：新警情"},
        {"delivery", NULL, NULL,
         "{\"to\":\"li\",\"channel\":\"phone\",\"result\":\"accepted\",\"took_ms\":20}",
         "told li (phone, accepted in 20 ms)", "已通知 li（phone，已送达，用时 20 毫秒）"},
        {"operator", NULL, "li", "{\"action\":\"walk test\"}", "li: walk test", "li：步行测试"},
        {"operator", NULL, "li", "{\"action\":\"reply\",\"choice\":\"hand_over\",\"to\":\"sun\"}",
         "li: hands over to sun", "li：移交给 sun"},
        {"operator", NULL, "sun", "{\"action\":\"accept handover\",\"for\":\"zhao\"}",
         "sun for zhao: accept handover", "sun 代 zhao：确认接班"},
        {"duty", NULL, "zhao",
         "{\"action\":\"handover accepted\",\"handover\":\"h\",\"from\":[\"li\"],\"to\":\"zhao\","
         "\"incidents\":[],\"actor\":\"sun\"}",
         "handover accepted: li → zhao, by zhao, said for them by sun",
         "已确认接班：li → zhao，操作人 zhao，由 sun 代为操作"},
        {"duty", NULL, "sun",
         "{\"action\":\"override "
         "ended\",\"override\":\"o\",\"post\":\"leader\",\"people\":[\"li\"]}",
         "a change of duty was taken back, leader: li", "结束人工调整，leader：li"},
        {"duty", NULL, NULL,
         "{\"action\":\"handover not accepted in time\",\"handover\":\"h\",\"post\":\"leader\","
         "\"from\":[\"li\"],\"to\":\"zhao\",\"incidents\":[]}",
         "handover NOT accepted in time, leader: li → zhao", "逾期未确认接班，leader：li → zhao"},
        {"duty", NULL, "li",
         "{\"action\":\"override\",\"override\":\"o\",\"post\":\"leader\",\"from\":"
         "\"2026-11-22T00:00:00.000Z\",\"to\":\"2026-11-23T00:00:00.000Z\",\"people\":[\"sun\"]}",
         "duty changed by hand, leader: sun, from 2026-11-22 00:00:00Z until "
         "2026-11-23 00:00:00Z, by li",
         "人工调整值班，leader：sun，自 2026-11-22 00:00:00Z 至 2026-11-23 00:00:00Z，操作人 li"},
        {"drill", NULL, "sun",
         "{\"action\":\"began\"," WHAT "\"zone\":\"dorm\",\"until\":\"2026-11-22T00:20:00.000Z\"}}",
         "DRILL begins, dorm, until 2026-11-22 00:20:00Z, by sun",
         "演练开始，dorm，至 2026-11-22 00:20:00Z，操作人 sun"},
        {"drill", NULL, "sun",
         "{\"action\":\"began\"," WHAT "\"zone\":\"dorm\",\"zones\":[\"dorm\",\"gate\"]}}",
         "DRILL begins, dorm, gate, by sun", "演练开始，dorm、gate，操作人 sun"},
        {"drill", NULL, NULL, "{\"action\":\"left out\",\"plan\":\"monthly\",\"why\":\"a fire\"}",
         "a drill of the schedule was left out (monthly): a fire",
         "计划演练未进行（monthly）：a fire"},
        {"silence", "smoke-1", NULL,
         "{\"action\":\"ended\"," WHAT "\"device\":\"smoke-1\",\"end\":\"its time is over\","
         "\"ended_at\":\"2026-11-22T00:20:00.000Z\",\"hidden\":3}}",
         "a silence ended, smoke-1: its time is over, 3 signals hidden",
         "静默结束，smoke-1：到时结束，其间隐去 3 个信号"},
        {"arming", NULL, "li", "{\"action\":\"disarmed\"," WHAT "\"zone\":\"office\"}}",
         "disarmed by hand, office, by li", "人工撤防，office，操作人 li"},
        {"hazard", NULL, "zhao",
         "{\"action\":\"remedied\"," WHAT
         "\"zone\":\"dorm\",\"to\":\"zhao\",\"remedy\":\"moved\"}}",
         "hazard remedied, to be checked, dorm, in the hands of zhao, by zhao: \"moved\"",
         "整改完成，待验收，dorm，责任人 zhao，操作人 zhao：“moved”"},
        {"flood", NULL, NULL, "{\"action\":\"began\"," WHAT "\"to\":\"li\"}}",
         "many at once: lesser incidents come in digests, in the hands of li",
         "报警过多，次要事件合并通知，责任人 li"},
        {"reporting", NULL, NULL,
         "{\"action\":\"late\"," WHAT
         "\"note\":\"oral\",\"to\":\"bureau\",\"until\":\"2026-11-22T00:30:00.000Z\"}}",
         "report late: oral to bureau, until ",
         "上报逾期：oral，报 bureau，期限 2026-11-22 00:30:00Z"},
        {"output", NULL, NULL, "{\"output\":\"siren\",\"state\":\"on\",\"topic\":\"t\"}",
         "output siren: on", "联动输出 siren：启动"},
        {"device.online", "door", NULL, "{}", "door is online", "door 上线"},
        {"device.offline", "door", NULL, "{}", "door is offline", "door 离线"},
        {"device.silent", "door", NULL, "{\"expect_every_ms\":3600000}",
         "door is silent, though expected every 1 h", "door 无响应，应每隔此时间上报：1 小时"},
        {"device.unknown", "0x1", NULL, "{\"profile\":\"zigbee2mqtt\",\"kind\":\"smoke\"}",
         "heard for the first time, in no site file: 0x1, smoke, profile zigbee2mqtt",
         "首次听到未登记设备：0x1，烟雾，设备描述 zigbee2mqtt"},
        {"device.stranger", "0x1", NULL, "{\"kind\":\"smoke\",\"state\":\"active\"}",
         "a device of no site file: 0x1, smoke, active", "未登记设备：0x1，烟雾，报警"},
        {"device.walk_test", "smoke-1", "qian", "{\"action\":\"began\"," WHAT "\"x\":1}}",
         "a walk test began, smoke-1, by qian", "步行测试开始，smoke-1，操作人 qian"},
        {"device.chatter", "smoke-1", NULL,
         "{\"action\":\"ended\"," WHAT "\"end\":\"quiet again\",\"ended_at\":\"x\"}}",
         "no longer comes and goes, smoke-1: quiet again", "抖动结束，smoke-1：恢复正常"},
        {"device.test_mark", "smoke-1", NULL, "{\"mark\":\"spent\",\"address\":\"0x1\"}",
         "smoke-1 goes on saying that it is being tested: its next alarm counts",
         "smoke-1 仍声明测试，此后报警按真实处理"},
        {"config", NULL, NULL, "{\"config\":\"abcdef0123456789\"}",
         "configuration in force: abcdef012345", "配置生效：abcdef012345"},
        {"key", NULL, NULL, "{\"key\":\"abcdef0123456789\"}",
         "key that signs the record: abcdef0123456789", "记录签名密钥：abcdef0123456789"},
        {"checkpoint", NULL, NULL, "{\"seq\":41}", "signed up to entry 41", "已签名至第 41 条"},
        {"retention", NULL, NULL,
         "{\"before\":\"2026-11-22T00:00:00.000Z\",\"entries\":400,\"runs\":2}",
         "400 entries removed because of their age, from before 2026-11-22 00:00:00Z",
         "到期删除 400 条记录，早于 2026-11-22 00:00:00Z"},
        {"service.started", NULL, NULL,
         "{\"version\":\"0.1.0\",\"after\":\"crash\",\"downtime_ms\":61000}",
         "service started 0.1.0, after it had ended without a stop, down for 1 min 01 s",
         "服务启动 0.1.0，此前异常中断，停机 1 分 01 秒"},
        {"service.stopped", NULL, NULL, "{}", "service stopped", "服务停止"},
        {"broker.connected", NULL, NULL,
         "{\"session_kept\":true,\"from\":\"2026-11-22T00:00:00.000Z\",\"until\":"
         "\"2026-11-22T00:01:00.000Z\"}",
         "connected to the broker; heard nothing from 2026-11-22 00:00:00Z until "
         "2026-11-22 00:01:00Z",
         "已连接消息服务器；中断自 2026-11-22 00:00:00Z 至 2026-11-22 00:01:00Z"},
        {"broker.disconnected", NULL, NULL, "{\"why\":\"refused\"}", "the broker is gone: refused",
         "与消息服务器断开：refused"},
        {"clock", NULL, NULL,
         "{\"before\":\"2026-11-22T00:00:00.000Z\",\"after\":\"2026-11-22T01:00:00.000Z\"}",
         "the clock was set: from 2026-11-22 00:00:00Z to 2026-11-22 01:00:00Z",
         "时钟被调整：由 2026-11-22 00:00:00Z 改为 2026-11-22 01:00:00Z"},
        {"store", NULL, NULL, "{\"found\":\"cut\",\"last\":12,\"head\":{\"seq\":33}}",
         "the record ended at entry 12 when the service started, and 33 were written",
         "服务启动时台账止于第 12 条，而此前已写入 33 条"},
        {"store", NULL, NULL, "{\"found\":\"other\",\"last\":12,\"head\":{\"seq\":9}}",
         "entry 9, or one before it, was another when it was written",
         "第 9 条或其之前的记录已被更换"},
        {"store", NULL, NULL, "{\"found\":\"no head file\",\"last\":12}",
         "the file .head beside the store was missing", "台账旁的 .head 文件缺失"},
        {"store.failed", NULL, NULL, "{\"why\":\"disk full\"}",
         "the record could not be written: disk full", "台账无法写入：disk full"},
        {"store.recovered", NULL, NULL, "{\"unwritten_ms\":61000,\"held_entries\":7}",
         "the record is written again, after 1 min 01 s, 7 entries were held",
         "台账恢复写入，中断 1 分 01 秒，补写 7 条"},
};

/* True if it says so; else it is printed, so that one run shows them all. */
static bool says(size_t i, const char *language, const char *expected)
{
	const struct command_context ctx = {.language = language};
	const struct ledger_row row = {.seq = 1,
	                               .site = "b",
	                               .type = rows[i].type,
	                               .device = rows[i].device,
	                               .incident = "b-2026-000001",
	                               .by = rows[i].by,
	                               .data = rows[i].data};
	struct text out = {0};
	enum tone tone;
	(void)timeline_sentence(&ctx, &row, &out, &tone);
	bool good = strncmp(text_get(&out), expected, strlen(expected)) == 0 &&
	            !strchr(text_get(&out), '{');
	if (!good)
		print_error("%s in %s:\n  %s\nexpected\n  %s\n", rows[i].type, language,
		            text_get(&out), expected);
	text_finish(&out);
	return good;
}

static void test_every_type_has_words_in_both_languages(void **state)
{
	(void)state;
	unsigned wrong = 0;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		wrong += !says(i, "en", rows[i].english);
		wrong += !says(i, "zh-CN", rows[i].chinese);
	}
	assert_int_equal(wrong, 0);
}

/* What was edited from outside may lack anything. */
static void test_an_entry_without_its_data_is_told_all_the_same(void **state)
{
	(void)state;
	static const char *const broken[] = {"{}", "{", "[]", "{\"what\":7}", "{\"what\":null}"};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		for (size_t k = 0; k < sizeof broken / sizeof *broken; k++) {
			const struct command_context ctx = {.language = "zh-CN"};
			const struct ledger_row row = {
			        .site = "b", .type = rows[i].type, .data = broken[k]};
			struct text out = {0};
			enum tone tone;
			(void)timeline_sentence(&ctx, &row, &out, &tone);
			assert_true(out.len > 0);
			text_finish(&out);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_every_type_has_words_in_both_languages),
	        cmocka_unit_test(test_an_entry_without_its_data_is_told_all_the_same),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
