/* floors: decide */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/problem.h"
#include "decide/words.h"

static bool is_chinese(const char *word)
{
	return word && (unsigned char)word[0] >= 0xE4 && (unsigned char)word[0] <= 0xE9;
}

static bool is_english(const char *word)
{
	if (!word || !*word)
		return false;
	for (const char *c = word; *c; c++)
		if ((unsigned char)*c >= 0x80)
			return false;
	return true;
}

typedef const char *(*words)(const char *language, int value);

static const char *incident_kind_word(const char *l, int v)
{
	return words_incident_kind(l, (enum incident_kind)v);
}
static const char *kind_word(const char *l, int v)
{
	return words_kind(l, (enum kind)v);
}
static const char *severity_word(const char *l, int v)
{
	return words_severity(l, (enum severity)v);
}
static const char *state_word(const char *l, int v)
{
	return words_state(l, (enum incident_state)v);
}
static const char *reason_word(const char *l, int v)
{
	return words_reason(l, (enum reason)v);
}
static const char *outcome_word(const char *l, int v)
{
	return words_outcome(l, (enum outcome)v);
}

static const struct {
	words of;
	int count;
} vocabularies[] = {
        {incident_kind_word, INCIDENT_KIND_COUNT},
        {kind_word, KIND_COUNT},
        {severity_word, SEVERITY_COUNT},
        {state_word, STATE_COUNT},
        {reason_word, REASON_COUNT},
        {outcome_word, OUTCOME_COUNT},
};

static void every_value_has_a_word_in_both_languages(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof vocabularies / sizeof *vocabularies; i++)
		for (int v = 0; v < vocabularies[i].count; v++) {
			assert_true(is_chinese(vocabularies[i].of("zh-CN", v)));
			assert_true(is_english(vocabularies[i].of("en", v)));
		}
}

static void no_two_values_share_a_word(void **state)
{
	(void)state;
	static const char *const languages[] = {"zh-CN", "en"};
	for (size_t i = 0; i < sizeof vocabularies / sizeof *vocabularies; i++)
		for (int a = 0; a < vocabularies[i].count; a++)
			for (int b = a + 1; b < vocabularies[i].count; b++)
				for (int l = 0; l < 2; l++)
					assert_string_not_equal(
					        vocabularies[i].of(languages[l], a),
					        vocabularies[i].of(languages[l], b));
}

static void any_chinese_is_chinese_and_the_rest_english(void **state)
{
	(void)state;
	assert_string_equal(words_incident_kind("zh-CN", INCIDENT_FIRE), "火警");
	assert_string_equal(words_incident_kind("zh", INCIDENT_FIRE), "火警");
	assert_string_equal(words_incident_kind("zh-TW", INCIDENT_FIRE), "火警");
	assert_string_equal(words_incident_kind("de", INCIDENT_FIRE), "Fire");
	assert_string_equal(words_incident_kind("", INCIDENT_FIRE), "Fire");
	assert_string_equal(words_incident_kind(NULL, INCIDENT_FIRE), "Fire");
}

static void a_subject_names_what_it_is_about(void **state)
{
	(void)state;
	static const struct {
		const char *subject, *english, *chinese;
	} rows[] = {
	        {"broker", "connection to the message broker lost", "与消息服务器的连接中断"},
	        {"channel:phone", "nothing gets through the channel phone", "通知渠道失效：phone"},
	        {"gateway:hall", "a gateway is silent hall", "网关失联：hall"},
	        {"contact:li/phone", "nothing gets through to Li over the channel phone",
	         "消息无法送达：Li，渠道 phone"},
	        {"contact:gone/phone", "nothing gets through to gone over the channel phone",
	         "消息无法送达：gone，渠道 phone"},
	        {"reach:li", "Li has not confirmed a test", "Li 未确认收到测试消息"},
	        {"hazard:b-hazard-28", "a hazard is overdue", "隐患逾期未闭环"},
	        {"pressure", "pressure", "pressure"}};
	struct person people[] = {{.id = "li", .name = "Li"}};
	struct site_def *def = NEW(struct site_def);
	def->people = people;
	def->person_count = 1;
	site_def_index(def);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct text english = {0}, chinese = {0};
		words_add_subject(&english, "en", def, rows[i].subject);
		words_add_subject(&chinese, "zh-CN", def, rows[i].subject);
		assert_string_equal(text_get(&english), rows[i].english);
		assert_string_equal(text_get(&chinese), rows[i].chinese);
		text_finish(&english);
		text_finish(&chinese);
	}
	site_def_destroy(def);
}

static void test_a_problem_holds_no_half_character(void **state)
{
	(void)state;
	struct problem why;
	assert_int_equal(problem_set(&why, -EINVAL, "'%.4s' and '%.4s'", "宿舍", "abÜÜ"), -EINVAL);
	assert_string_equal(why.text, "'宿' and 'abÜ'");
	assert_int_equal(problem_set(&why, -EINVAL, "'%.4s'", "宿\x80\xff"), -EINVAL);
	assert_string_equal(why.text, "'宿'");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_a_problem_holds_no_half_character),
	        cmocka_unit_test(every_value_has_a_word_in_both_languages),
	        cmocka_unit_test(no_two_values_share_a_word),
	        cmocka_unit_test(any_chinese_is_chinese_and_the_rest_english),
	        cmocka_unit_test(a_subject_names_what_it_is_about),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
