/* Foreign bytes on their way to a log or a terminal: read as what they are, and obeyed by nobody.
 */
/* floors: base */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/text.h"

static void test_what_commands_a_terminal_is_shown_and_not_obeyed(void **state)
{
	(void)state;
	static const struct {
		const char *foreign, *shown;
	} rows[] = {
	        {"smoke-301", "smoke-301"},
	        {"宿舍 é 🔔", "宿舍 é 🔔"},
	        {"\x1b[2J", "\\x1b[2J"},
	        {"a\nb\tc\x7f", "a\\x0ab\\x09c\\x7f"},
	        {"\xc2\x9b"
	         "31m",
	         "\\xc2\\x9b31m"},                       /* C1: CSI */
	        {"\xc2\x85", "\\xc2\\x85"},              /* C1: next line */
	        {"\xc2\xa0", "\xc2\xa0"},                /* the first behind C1 */
	        {"\xd8\x9c", "\\xd8\\x9c"},              /* Arabic letter mark */
	        {"\xe2\x80\x8f", "\\xe2\\x80\\x8f"},     /* right-to-left mark */
	        {"\xe2\x80\xa8", "\\xe2\\x80\\xa8"},     /* line separator */
	        {"x\xe2\x80\xaey", "x\\xe2\\x80\\xaey"}, /* right-to-left override */
	        {"\xe2\x81\xa6", "\\xe2\\x81\\xa6"},     /* isolate */
	        {"\xe2\x81\xaa", "\xe2\x81\xaa"},        /* the first behind the isolates */
	        {"\x9b"
	         "31m\xff\xed\xa0\x80",
	         "\\x9b31m\\xff\\xed\\xa0\\x80"}, /* no UTF-8 */
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct text out = {0};
		text_add_escaped(&out, rows[i].foreign, strlen(rows[i].foreign));
		assert_string_equal(text_get(&out), rows[i].shown);
		text_finish(&out);
	}
	struct text out = {0};
	text_add_escaped(&out, "a\0b", 3);
	assert_string_equal(text_get(&out), "a\\x00b");
	text_finish(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_what_commands_a_terminal_is_shown_and_not_obeyed)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
