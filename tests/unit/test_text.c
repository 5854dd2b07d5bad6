/* What a notification says, line by line, in both languages. */
/* floors: deliver */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"
#include "deliver/parts.h"
#include "deliver/template.h"
#include "deliver/text.h"
#include "letter_fixture.h"

static struct desk *desk_of(void **state)
{
	return *state;
}

static int open_desk(void **state)
{
	static struct desk desk;
	desk_init(&desk);
	*state = &desk;
	return 0;
}

static int close_desk(void **state)
{
	desk_finish(*state);
	return 0;
}

static void expect_text(const struct desk *desk, const char *expected)
{
	struct text out = {0};
	letter_write_text(&desk->letter, &out);
	assert_string_equal(text_get(&out), expected);
	text_finish(&out);
}

static void expect_says(const struct desk *desk, const char *part)
{
	struct text out = {0};
	letter_write_text(&desk->letter, &out);
	if (!strstr(text_get(&out), part))
		fail_msg("'%s' is not in:\n%s", part, text_get(&out));
	assert_true(text_is_utf8(out.at, out.len));
	text_finish(&out);
}

static void expect_silent_on(const struct desk *desk, const char *part)
{
	struct text out = {0};
	letter_write_text(&desk->letter, &out);
	if (strstr(text_get(&out), part))
		fail_msg("'%s' should not be in:\n%s", part, text_get(&out));
	text_finish(&out);
}

#define PLACE_ZH "\n位置：滨江中学 / 校园 / 宿舍 / 宿舍三层"
#define FIRE_ZH "\n请立即到场核实；有火情即拨打119，组织疏散。"

static void a_new_fire_says_what_where_when_how_bad_and_what_to_do(void **state)
{
	struct desk *desk = desk_of(state);
	expect_text(desk, "【火警】宿舍三层 smoke-301 烟雾报警 08:00:12，重要" PLACE_ZH FIRE_ZH);
	desk->letter.language = "en";
	expect_text(desk,
	            "[Fire] 宿舍三层, smoke-301: smoke alarm 08:00:12, major"
	            "\nPlace: 滨江中学 / 校园 / 宿舍 / 宿舍三层"
	            "\nGo and check at once; if it burns, call the fire brigade and evacuate.");
}

static void a_drill_is_marked_first_and_sends_no_fire_brigade(void **state)
{
	struct desk *desk = desk_of(state);
	desk->incident.drill = true;
	expect_says(desk, "【演练】【火警】宿舍三层");
	expect_says(desk, "\n这是演练：请按预案行动，不要拨打119、110。");
	expect_silent_on(desk, "有火情即拨打119");
	desk->letter.language = "en";
	expect_says(desk, "[DRILL] [Fire] 宿舍三层");
	expect_says(desk, "\nThis is a drill:");
}

static void escalation_says_how_long_nobody_came(void **state)
{
	struct desk *desk = desk_of(state);
	desk->notification.reason = REASON_ESCALATED;
	desk->notification.step = 2;
	desk_pass(desk, SECONDS(30));
	expect_says(desk, "08:00:12，重要\n无人确认，已 30秒（第2步）");
	desk_pass(desk, MINUTES(3));
	desk->notification.reason = REASON_REPEATED;
	expect_says(desk, "08:00:12（3分钟前），重要\n仍无人确认，已 3分钟（第2步）");
	desk->letter.language = "en";
	expect_says(desk, "08:00:12 (3 min ago), major\nStill nobody has acknowledged, for 3 min"
	                  " (step 2)");
}

static void a_rise_says_the_new_severity(void **state)
{
	struct desk *desk = desk_of(state);
	desk->notification.reason = REASON_RAISED;
	desk->incident.severity = SEVERITY_CRITICAL;
	desk_add_signal(desk, "smoke-302");
	desk_pass(desk, MINUTES(1));
	expect_says(desk, "，紧急\n级别升为紧急\n另有：smoke-302 烟雾报警 08:01:12");
}

static void a_second_detector_is_named_once(void **state)
{
	struct desk *desk = desk_of(state);
	desk->notification.reason = REASON_JOINED;
	desk_add_signal(desk, "smoke-302");
	desk_pass(desk, MINUTES(1));
	expect_text(desk, "【火警】宿舍三层 smoke-301 烟雾报警 08:00:12（1分钟前），重要"
	                  "\n又有报警：smoke-302 烟雾报警 08:01:12" PLACE_ZH FIRE_ZH);
	/* What a person reports is the news then, not what was known before. */
	desk->notification.note = "李老师 又报告：有人被困";
	expect_text(
	        desk,
	        "【火警】宿舍三层 smoke-301 烟雾报警 08:00:12（1分钟前），重要"
	        "\n李老师 又报告：有人被困\n另有：smoke-302 烟雾报警 08:01:12" PLACE_ZH FIRE_ZH);
	desk->notification.note = NULL;
}

static void many_detectors_are_counted(void **state)
{
	struct desk *desk = desk_of(state);
	static const char *const devices[] = {"a", "b", "c", "d", "e"};
	for (int i = 0; i < 5; i++)
		desk_add_signal(desk, devices[i]);
	desk->signals[1].active = false;
	expect_says(desk, "\n另有：a 烟雾报警 08:01:12（已恢复）；b 烟雾报警 08:02:12；"
	                  "c 烟雾报警 08:03:12；还有2处");
}

static void an_acknowledgement_names_the_person(void **state)
{
	struct desk *desk = desk_of(state);
	desk->notification.reason = REASON_ACKNOWLEDGED;
	desk->incident.state = STATE_ACKNOWLEDGED;
	desk->incident.owner = "li";
	desk->incident.acknowledged.wall = EIGHT + SECONDS(40);
	desk_pass(desk, SECONDS(28));
	expect_text(desk, "【火警】【已确认】宿舍三层 smoke-301 烟雾报警 08:00:12，重要"
	                  "\n李老师 已确认并负责处置 08:00:40" PLACE_ZH);
	desk->letter.def = NULL;
	expect_says(desk, "\nli 已确认并负责处置");
}

static void who_has_it_is_said_to_those_told_later(void **state)
{
	struct desk *desk = desk_of(state);
	desk->notification.reason = REASON_JOINED;
	desk->incident.state = STATE_ACKNOWLEDGED;
	desk->incident.owner = "sun";
	desk_add_signal(desk, "smoke-302");
	expect_says(desk, "\n负责人：孙校长");
}

static void an_end_says_how_and_by_whom(void **state)
{
	struct desk *desk = desk_of(state);
	desk->notification.reason = REASON_RESOLVED;
	desk->incident.state = STATE_RESOLVED;
	desk->incident.outcome = OUTCOME_FALSE_ALARM;
	desk->incident.resolved_by = "sun";
	desk->incident.resolved.wall = EIGHT + MINUTES(9);
	desk->incident.note = "吸烟\n触发";
	desk_pass(desk, MINUTES(9));
	expect_text(desk, "【火警】【已解除】宿舍三层 smoke-301 烟雾报警 08:00:12（9分钟前），重要"
	                  "\n已解除：误报，由 孙校长 08:09:00" PLACE_ZH "\n备注：吸烟 触发");
	desk->incident.outcome = OUTCOME_NONE;
	desk->incident.resolved_by = NULL;
	expect_says(desk, "\n已解除：自行恢复 08:09:00");
}

static void reopening_says_why(void **state)
{
	struct desk *desk = desk_of(state);
	desk->notification.reason = REASON_REOPENED;
	expect_says(desk, "\n确认后 15分钟 内未处置完毕，重新打开，现无人负责");
	desk->letter.language = "en";
	expect_says(desk, "\nNot resolved within 15 min of the acknowledgement");
}

static void handover_says_that_it_is_yours_now(void **state)
{
	struct desk *desk = desk_of(state);
	desk->notification.reason = REASON_HANDOVER;
	expect_says(desk, "\n交接班：此事件现由您接手");
}

static void a_report_names_its_author(void **state)
{
	struct desk *desk = desk_of(state);
	desk->incident.signal_count = 0;
	desk->incident.kind = INCIDENT_OTHER;
	desk->incident.reported_by = "li";
	desk->incident.note = "有人受伤";
	expect_text(desk,
	            "【事件】宿舍三层 李老师 人工报告 08:00:12，重要" PLACE_ZH "\n备注：有人受伤");
}

static void a_trouble_of_the_service_says_which(void **state)
{
	struct desk *desk = desk_of(state);
	desk->incident.signal_count = 0;
	desk->incident.kind = INCIDENT_TROUBLE;
	desk->incident.severity = SEVERITY_WARNING;
	desk->incident.zone = desk->incident.zone_name = NULL;
	desk->incident.zone_depth = 0;
	desk->incident.subject = "store";
	expect_text(desk, "【故障】滨江中学 台账无法写入 08:00:12，提示");
}

static void a_test_cannot_be_taken_for_an_alarm(void **state)
{
	struct desk *desk = desk_of(state);
	desk->letter.incident = NULL;
	desk->notification.incident = NULL;
	desk->notification.reason = REASON_TEST;
	desk->notification.note = "月度测试";
	expect_text(desk, "【测试】滨江中学：这是一条测试消息，请点开链接确认收到。\n"
	                  "月度测试\n08:00:12");
	desk->letter.language = "en";
	expect_says(desk, "[TEST] 滨江中学: this is a test; please open the link");
	desk->letter.ack_url = NULL;
	expect_says(desk, "[TEST] 滨江中学: this is a test, nothing to do.");
}

static void how_a_drill_ended_is_said_in_the_readers_language(void **state)
{
	struct desk *desk = desk_of(state);
	desk->letter.incident = NULL;
	desk->notification.incident = NULL;
	desk->notification.reason = REASON_DRILL_ENDED;
	desk->notification.note = "ended by hand";
	expect_says(desk, "\n人工结束\n");
	desk->notification.note = "its time is over";
	expect_says(desk, "\n到时结束\n");
	desk->notification.note = "a real alarm: binjiang-2026-000007";
	expect_says(desk, "\n发生真实警情：binjiang-2026-000007\n");
	desk->letter.language = "en";
	expect_says(desk, "\na real alarm: binjiang-2026-000007\n");
	assert_int_equal(letter_urgency(&desk->letter), URGENCY_LOW);
	desk->notification.note = "ended by hand\nDetector 301\nGate <b>";
	expect_says(desk, "\nended by hand\nStill in alarm: Detector 301, Gate <b>. Reset it; what "
	                  "cannot be reset is real.\n");
	assert_int_equal(letter_urgency(&desk->letter), URGENCY_HIGH);
	desk->letter.language = "zh";
	expect_says(desk, "\n人工结束\n仍在报警：Detector 301、Gate <b>。请复位");
}

static void the_head_of_the_record_is_one_to_keep(void **state)
{
	struct desk *desk = desk_of(state);
	desk->letter.incident = NULL;
	desk->notification.incident = NULL;
	desk->notification.reason = REASON_LEDGER_HEAD;
	expect_text(desk, "【台账】滨江中学：台账至第42条，摘要如下，请保存备查（tocsin verify "
	                  "--head）。\nbinjiang:42:ab12\n08:00:12");
	desk->letter.language = "en";
	expect_says(desk, "[RECORD] 滨江中学: the record up to entry 42 has this head; keep it");
	desk->notification.reason = REASON_HAZARD;
	desk->notification.note = "overdue";
	expect_says(desk, "[HAZARD] 滨江中学: hazard\noverdue");
}

static void another_day_is_written_with_its_date(void **state)
{
	struct desk *desk = desk_of(state);
	desk_pass(desk, DAYS(3));
	expect_says(desk, "烟雾报警 2026-11-22 08:00:12（3天前）");
	desk_pass(desk, -DAYS(3) + MINUTES(125));
	expect_says(desk, "烟雾报警 08:00:12（2小时5分钟前）");
}

static void doubts_are_said(void **state)
{
	struct desk *desk = desk_of(state);
	desk->notification.possible_duplicate = true;
	desk->letter.unlogged = true;
	expect_says(desk, "\n（服务曾中断，此消息可能重复）\n（台账暂时无法写入）");
}

static void titles_are_short(void **state)
{
	struct desk *desk = desk_of(state);
	struct text out = {0};
	letter_write_title(&desk->letter, &out);
	assert_string_equal(text_get(&out), "【火警】宿舍三层");
	text_reset(&out);
	desk->notification.reason = REASON_ESCALATED;
	desk->incident.drill = true;
	letter_write_title(&desk->letter, &out);
	assert_string_equal(text_get(&out), "【演练】【火警】宿舍三层 升级通知");
	text_finish(&out);
}

static void every_reason_and_kind_makes_a_text(void **state)
{
	struct desk *desk = desk_of(state);
	static const char *const languages[] = {"zh-CN", "en"};
	for (int reason = 0; reason < REASON_COUNT; reason++)
		for (int kind = 0; kind < INCIDENT_KIND_COUNT; kind++)
			for (int signal = 0; signal < KIND_COUNT; signal++)
				for (int l = 0; l < 2; l++) {
					desk->notification.reason = (enum reason)reason;
					desk->incident.kind = (enum incident_kind)kind;
					desk->signals[0].kind = (enum kind)signal;
					desk->letter.language = languages[l];
					expect_says(desk, "smoke-301");
				}
}

static void a_text_is_cut_between_characters_and_keeps_its_link(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		size_t limit;
		const char *link, *expected;
	} cases[] = {
	        {"火警宿舍", 100, NULL, "火警宿舍"},
	        {"火警宿舍", 12, NULL, "火警宿舍"},
	        {"火警宿舍", 11, NULL, "火警…"},
	        {"火警宿舍", 9, NULL, "火警…"},
	        {"火警宿舍", 8, NULL, "火…"},
	        {"火警宿舍", 2, NULL, ""},
	        {"火警宿舍", 0, NULL, ""},
	        {"火警", 12, "http", "火警\nhttp"},
	        {"火警宿舍", 14, "http", "火警…\nhttp"},
	        {"火警宿舍", 5, "http", "\nhttp"},
	        {"火警宿舍", 4, "http", "…"},
	        {"fire in the hall", 10, NULL, "fire in…"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct text out = {0};
		letter_text_fit(cases[i].text, cases[i].limit, cases[i].link, &out);
		assert_string_equal(text_get(&out), cases[i].expected);
		assert_true(out.len <= cases[i].limit);
		text_finish(&out);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_desk, close_desk)

/* ---- templates of one's own ---- */

static void a_template_says_it_in_the_users_words(void **state)
{
	struct desk *desk = desk_of(state);
	desk->letter.template_text =
	        "[{drill}! ]{place}/{device}: {what} {when} [[{severity}]] {{}}[\n-> {owner}]";
	expect_text(desk, "宿舍三层/smoke-301: 烟雾报警 08:00:12 [重要] {}");
	desk->incident.drill = true;
	desk->incident.owner = "li";
	expect_text(desk, "演练! 宿舍三层/smoke-301: 烟雾报警 08:00:12 [重要] {}\n-> 李老师");
}

static void what_must_be_said_is_said_in_every_template(void **state)
{
	struct desk *desk = desk_of(state);
	desk->letter.template_text = "{tags}{site}";
	desk->notification.possible_duplicate = desk->letter.unlogged = true;
	expect_text(desk, "【火警】滨江中学\n（服务曾中断，此消息可能重复）\n（台账暂时无法写入）");
	desk->letter.template_text = "{marks} {tags}";
	expect_text(desk, "（服务曾中断，此消息可能重复）\n（台账暂时无法写入） 【火警】");
}

static void a_test_and_the_news_of_a_drill_bear_the_mark_too(void **state)
{
	struct desk *desk = desk_of(state);
	desk->letter.incident = NULL;
	desk->letter.template_text = "{drill} {site}";
	desk->notification.reason = REASON_TEST;
	expect_text(desk, "测试 滨江中学");
	desk->notification.reason = REASON_DRILL_STARTED;
	expect_text(desk, "演练 滨江中学");
	desk->letter.language = "en";
	desk->notification.reason = REASON_DRILL_ENDED;
	expect_text(desk, "DRILL 滨江中学");
	desk->notification.reason = REASON_HAZARD;
	expect_text(desk, " 滨江中学");
}

static void every_word_has_something_to_say(void **state)
{
	struct desk *desk = desk_of(state);
	desk->incident.drill = true;
	desk->incident.owner = desk->incident.help_by = "li";
	desk->incident.note = "note";
	desk->notification.note = "said";
	desk->notification.reason = REASON_ESCALATED;
	desk->notification.possible_duplicate = true;
	desk_add_signal(desk, "smoke-302");
	for (int word = 0; word < WORD_COUNT; word++) {
		char text[64];
		snprintf(text, sizeof text, "[<{%s}>]",
		         template_word_name((enum template_word)word));
		desk->letter.template_text = text;
		for (int english = 0; english < 2; english++) {
			desk->letter.language = english ? "en" : "zh-CN";
			expect_says(desk, "<");
		}
	}
}

static void the_first_template_that_fits_counts(void **state)
{
	(void)state;
	const struct text_template t[] = {
	        {"en", REASON_RESOLVED, INCIDENT_FIRE, "a"},
	        {"en", REASON_COUNT, INCIDENT_FIRE, "b"},
	        {"en", REASON_RESOLVED, INCIDENT_KIND_NONE, "c"},
	        {"zh-CN", REASON_COUNT, INCIDENT_KIND_NONE, "d"},
	};
	assert_string_equal(template_choose(t, 4, "en", REASON_RESOLVED, INCIDENT_FIRE), "a");
	assert_string_equal(template_choose(t, 4, "en", REASON_OPENED, INCIDENT_FIRE), "b");
	assert_string_equal(template_choose(t, 4, "en", REASON_RESOLVED, INCIDENT_GAS), "c");
	assert_null(template_choose(t, 4, "en", REASON_TEST, INCIDENT_KIND_NONE));
	assert_string_equal(template_choose(t, 4, "zh-CN", REASON_OPENED, INCIDENT_GAS), "d");
	/* A test, a digest: only by name, as most words have nothing to say there. */
	assert_null(template_choose(t, 4, "zh-CN", REASON_TEST, INCIDENT_KIND_NONE));
	assert_null(template_choose(t, 4, NULL, REASON_TEST, INCIDENT_KIND_NONE));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(a_template_says_it_in_the_users_words),
	        TEST(what_must_be_said_is_said_in_every_template),
	        TEST(a_test_and_the_news_of_a_drill_bear_the_mark_too),
	        TEST(every_word_has_something_to_say),
	        TEST(the_first_template_that_fits_counts),
	        TEST(a_new_fire_says_what_where_when_how_bad_and_what_to_do),
	        TEST(a_drill_is_marked_first_and_sends_no_fire_brigade),
	        TEST(escalation_says_how_long_nobody_came),
	        TEST(a_rise_says_the_new_severity),
	        TEST(a_second_detector_is_named_once),
	        TEST(many_detectors_are_counted),
	        TEST(an_acknowledgement_names_the_person),
	        TEST(who_has_it_is_said_to_those_told_later),
	        TEST(an_end_says_how_and_by_whom),
	        TEST(reopening_says_why),
	        TEST(handover_says_that_it_is_yours_now),
	        TEST(a_report_names_its_author),
	        TEST(a_trouble_of_the_service_says_which),
	        TEST(a_test_cannot_be_taken_for_an_alarm),
	        TEST(how_a_drill_ended_is_said_in_the_readers_language),
	        TEST(the_head_of_the_record_is_one_to_keep),
	        TEST(another_day_is_written_with_its_date),
	        TEST(doubts_are_said),
	        TEST(titles_are_short),
	        TEST(every_reason_and_kind_makes_a_text),
	        TEST(a_text_is_cut_between_characters_and_keeps_its_link),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
