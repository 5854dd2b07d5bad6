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
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
