/* The parts of the loader that work on bare text: trees, weekly times, addresses. */
/* floors: config */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "config/read.h"
#include "config/url.h"
#include "config/yaml.h"

/* People, channels and secrets are not looked for: the text comes without them, from anywhere. */
static void a_recorded_file_is_read_for_zones_devices_and_policies(void **state)
{
	static const char file[] =
	        "site: binjiang\ntimezone: Nowhere/At-all\n"
	        "zones: [{id: dorm, name: 宿舍, owner: li}, {id: dorm-3f, in: dorm}]\n"
	        "devices: [{id: s1, zone: dorm-3f, name: 烟感, profile: gone, signed: {key_file: "
	        "x}}]\n"
	        "policies: [{id: fire, for: {kind: fire}, repeat: 2m, resolve_within: 20m,\n"
	        "            steps: [{after: 0s, notify: [person:li, channel:police]},\n"
	        "                    {after: 1m, notify: [duty:leader]}]}]\n";
	(void)state;
	struct site_def *def = config_read_recorded(file);
	assert_non_null(def);
	const struct zone *zone = &def->zones[site_def_zone(def, "dorm-3f")];
	assert_string_equal(def->zones[zone->in].name, "宿舍");
	assert_string_equal(def->devices[site_def_device(def, "s1")].name, "烟感");
	assert_int_equal(def->policy_count, 1);
	assert_int_equal(def->policies[0].steps[1].after, MINUTES(1));
	assert_int_equal(def->policies[0].resolve_within, MINUTES(20));
	site_def_destroy(def);
	assert_null(config_read_recorded("site: [\n"));
	assert_null(
	        config_read_recorded("site: x\nzones: [{id: a}]\npolicies: [{id: p, steps: 7}]"));
	assert_null(config_read_recorded("just words"));
	assert_null(config_read_recorded(""));
}

static void trees_are_bounded(void **state)
{
	(void)state;
	struct tree tree = {0};
	struct yaml_error why;
	char deep[2 * TREE_DEPTH_MAX + 8] = "";
	memset(deep, '[', TREE_DEPTH_MAX);
	memset(deep + TREE_DEPTH_MAX, ']', TREE_DEPTH_MAX);
	assert_int_equal(tree_parse(deep, strlen(deep), &tree, &why), 0);
	assert_int_equal(tree.count, TREE_DEPTH_MAX);
	tree_finish(&tree);
	memset(deep, '[', TREE_DEPTH_MAX + 1);
	assert_int_equal(tree_parse(deep, strlen(deep), &tree, &why), -EINVAL);
	assert_int_equal(why.column, TREE_DEPTH_MAX + 1);
	assert_string_equal(why.problem.text, "nested more than 16 deep");
}

static void trees_refuse_what_would_have_to_be_resolved(void **state)
{
	static const struct {
		const char *text, *says;
		uint32_t line, column;
	} rows[] = {
	        {"a: *x", "'*x' stands for nothing", 1, 4},
	        {"a: &x [*x]", "'*x' stands within what it stands for", 1, 8},
	        {"a: &x b\nc: &x d", "'&x' already stands on line 1", 2, 4},
	        {"a: &x [b]\n*x : c", "a key is one word", 2, 1},
	        {"a: &x [[[[[[[[b]]]]]]]]\nc: [[[[[[[[*x]]]]]]]]", "is nested too deep here", 2,
	         12},
	        {"a: !!binary b", "tags", 1, 4},
	        {"a: !t {b: c}", "tags", 1, 4},
	        {"a: \"\\0\"", "NUL", 1, 4},
	        {"[a]: b", "a key is one word", 1, 1},
	        {"a: b\n--- c", "a second document", 2, 1},
	        {"# nothing\n", "the file is empty", 1, 1},
	        {"a: \xff", "save the file as UTF-8", 1, 4},
	        {"a:\n\t- b", "a tab stands here", 2, 1},
	        {"a: 滨江中学\nb:\n\t- c", "a tab stands here", 3, 1},
	        {"a: 'b", "not valid YAML", 1, 6},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct tree tree = {0};
		struct yaml_error why;
		const char *text = rows[i].text;
		assert_int_equal(tree_parse(text, strlen(text), &tree, &why), -EINVAL);
		if (!strstr(why.problem.text, rows[i].says))
			fail_msg("%s: %s", text, why.problem.text);
		assert_int_equal(why.line, rows[i].line);
		assert_int_equal(why.column, rows[i].column);
	}
}

static void trees_keep_text_and_place(void **state)
{
	static const char text[] = "a: {b: no, c: 'x'}\nd: [1, [], 007]\n";
	(void)state;
	struct tree tree = {0};
	struct yaml_error why;
	assert_int_equal(tree_parse(text, sizeof text - 1, &tree, &why), 0);
	const struct node *a = node_first(&tree, tree.nodes);
	const struct node *map = node_next(&tree, tree.nodes, a);
	assert_int_equal(node_count(&tree, map), 4);
	const struct node *no = node_next(&tree, map, node_first(&tree, map));
	assert_string_equal(node_text(&tree, no), "no");
	assert_false(no->quoted);
	assert_int_equal(no->column, 8);
	const struct node *d = node_next(&tree, tree.nodes, map);
	assert_int_equal(d->line, 2);
	const struct node *list = node_next(&tree, tree.nodes, d);
	assert_int_equal(node_count(&tree, list), 3);
	assert_null(node_next(&tree, tree.nodes, list));
	tree_finish(&tree);
}

static void an_alias_stands_for_a_copy(void **state)
{
	static const char text[] = "a: &x\n  - {b: &y no}\n  - *y\nc: [*x, *y]\n";
	(void)state;
	struct tree tree = {0};
	struct yaml_error why;
	assert_int_equal(tree_parse(text, sizeof text - 1, &tree, &why), 0);
	const struct node *a = node_next(&tree, tree.nodes, node_first(&tree, tree.nodes));
	const struct node *c = node_next(&tree, tree.nodes, node_next(&tree, tree.nodes, a));
	const struct node *copy = node_first(&tree, c);
	assert_int_equal(copy->kind, NODE_LIST);
	assert_int_equal(copy->line, 4);
	assert_int_equal(node_count(&tree, copy), 2);
	const struct node *map = node_first(&tree, copy);
	assert_int_equal(map->line, 2);
	const struct node *no = node_next(&tree, map, node_first(&tree, map));
	assert_string_equal(node_text(&tree, no), "no");
	assert_string_equal(node_text(&tree, node_next(&tree, copy, map)), "no");
	const struct node *last = node_next(&tree, c, copy);
	assert_string_equal(node_text(&tree, last), "no");
	assert_null(node_next(&tree, c, last));
	assert_null(node_next(&tree, tree.nodes, c));
	tree_finish(&tree);
}

/* Each line ten times the one above it. */
static void what_aliases_bring_is_bounded(void **state)
{
	(void)state;
	struct tree tree = {0};
	struct yaml_error why;
	struct text text = {0};
	text_add(&text, "a0: &a0 [b, b, b, b, b, b, b, b, b, b]\n");
	for (int i = 1; i < 12; i++) {
		text_addf(&text, "a%d: &a%d [", i, i);
		for (int k = 0; k < 10; k++)
			text_addf(&text, "%s*a%d", k ? ", " : "", i - 1);
		text_add(&text, "]\n");
	}
	assert_int_equal(tree_parse(text_get(&text), text.len, &tree, &why), -EINVAL);
	assert_string_equal(why.problem.text,
	                    "'*a3' makes the file too large: too much is brought by aliases");
	assert_int_equal(why.line, 5);
	text_finish(&text);
}

/* Hides what the file's words "hunter2" stand in, however they are written. */
static void expect_hidden(const char *text, const char *shown)
{
	struct tree tree = {0};
	struct yaml_error why;
	struct text out = {0};
	uint32_t texts[8], count = 0;
	assert_int_equal(tree_parse(text, strlen(text), &tree, &why), 0);
	for (uint32_t i = tree.count; i-- > 0;)
		if (tree.nodes[i].kind == NODE_TEXT &&
		    strstr(node_text(&tree, &tree.nodes[i]), "hunter2"))
			texts[count++] = tree.nodes[i].text;
	tree_hide(text, strlen(text), texts, count, &out);
	assert_string_equal(text_get(&out), shown);
	text_finish(&out);
	tree_finish(&tree);
}

static void scalars_can_be_hidden(void **state)
{
	(void)state;
	expect_hidden("a: b # c\n", "a: b # c\n");
	expect_hidden("宿舍: {key: hunter2, 窗: 5m} # 说明\nx: y\n",
	              "宿舍: {key: \"(hidden)\", 窗: 5m} # 说明\nx: y\n");
	expect_hidden("\xef\xbb\xbf"
	              "a: 'x hunter2'\r\nb: \"hunter2 \\u5bbf\" # d\r\n",
	              "\xef\xbb\xbf"
	              "a: \"(hidden)\"\r\nb: \"(hidden)\" # d\r\n");
	expect_hidden("a: |\n  hunter2\n\nb: >-\n  x\n  hunter2\nc: long\n   hunter2\nd: e\n",
	              "a: \"(hidden)\"\nb: \"(hidden)\"\nc: \"(hidden)\"\nd: e\n");
	expect_hidden("a: &k hunter2\nb: [*k, hunter2]\n",
	              "a: &k \"(hidden)\"\nb: [*k, \"(hidden)\"]\n");
	expect_hidden("- 学\n- hunter2", "- 学\n- \"(hidden)\"");
}

static void weekly_times_are_read(void **state)
{
	static const struct {
		const char *text;
		uint32_t count;
		struct weekly_range last;
	} rows[] = {
	        {"mon-sun 22:00-06:00", 1, {0, 6, 1320, 360}},
	        {"mon,wed 08:00-12:00", 2, {2, 2, 480, 720}},
	        {"sat 00:00-24:00", 1, {5, 5, 0, 1440}},
	        {"tue,fri-mon 22:00-00:00", 2, {4, 0, 1320, 0}},
	};
	static const char *const bad[] = {"",
	                                  "mon",
	                                  "mon ",
	                                  "mon 25:00-06:00",
	                                  "mon 24:00-06:00",
	                                  "mon 22:00-24:01",
	                                  "mon 22:00",
	                                  "mon 22:00-06:00x",
	                                  "mon  22:00-06:00",
	                                  "mo 22:00-06:00",
	                                  "mon- 22:00-06:00",
	                                  "mon, 22:00-06:00",
	                                  "mon,tue,wed,thu,fri,sat,sun,mon 22:00-06:00"};
	struct arena arena = {0};
	struct weekly_range *ranges;
	uint32_t count;
	struct problem why;
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_int_equal(weekly_parse(rows[i].text, &arena, &ranges, &count, &why), 0);
		assert_int_equal(count, rows[i].count);
		assert_int_equal(ranges[count - 1].first_day, rows[i].last.first_day);
		assert_int_equal(ranges[count - 1].last_day, rows[i].last.last_day);
		assert_int_equal(ranges[count - 1].start, rows[i].last.start);
		assert_int_equal(ranges[count - 1].end, rows[i].last.end);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (weekly_parse(bad[i], &arena, &ranges, &count, &why) != -EINVAL)
			fail_msg("'%s' was taken", bad[i]);
	arena_finish(&arena);
}

static void addresses_are_taken_apart(void **state)
{
	struct url url;
	char host[64];
	int port = -1;
	(void)state;
	assert_int_equal(url_parse("https://u:p@[fe80::1]:443/a?b", &url), 0);
	assert_string_equal(url.scheme, "https");
	assert_string_equal(url.host, "fe80::1");
	assert_int_equal(url.port, 443);
	assert_true(url.has_user);
	assert_string_equal(url.rest, "/a?b");
	assert_int_equal(url_parse("http://a", &url), 0);
	assert_int_equal(url.port, 0);
	static const char *const bad_urls[] = {"",           "http",
	                                       "http://",    "://a",
	                                       "http://:1",  "http://a:",
	                                       "http://a:0", "http://a:65536",
	                                       "http://[:",  "http://a b",
	                                       "http://[]",  "http://[::1]a",
	                                       "http://a@",  "averylongone://a"};
	for (size_t i = 0; i < sizeof bad_urls / sizeof *bad_urls; i++)
		if (url_parse(bad_urls[i], &url) != -EINVAL)
			fail_msg("'%s' was taken", bad_urls[i]);
	assert_int_equal(listen_parse("[::1]:0", host, &port), 0);
	assert_string_equal(host, "::1");
	assert_int_equal(port, 0);
	assert_int_equal(listen_parse("localhost:8080", host, &port), 0);
	assert_string_equal(host, "127.0.0.1");
	static const char *const bad_listens[] = {"",
	                                          ":80",
	                                          "127.0.0.1",
	                                          "a:80",
	                                          "127.0.0.1:-1",
	                                          "::1:80",
	                                          "[127.0.0.1]:80",
	                                          "127.0.0.1:80 "};
	for (size_t i = 0; i < sizeof bad_listens / sizeof *bad_listens; i++)
		if (listen_parse(bad_listens[i], host, &port) != -EINVAL)
			fail_msg("'%s' was taken", bad_listens[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(a_recorded_file_is_read_for_zones_devices_and_policies),
	        cmocka_unit_test(trees_are_bounded),
	        cmocka_unit_test(trees_refuse_what_would_have_to_be_resolved),
	        cmocka_unit_test(trees_keep_text_and_place),
	        cmocka_unit_test(an_alias_stands_for_a_copy),
	        cmocka_unit_test(what_aliases_bring_is_bounded),
	        cmocka_unit_test(scalars_can_be_hidden),
	        cmocka_unit_test(weekly_times_are_read),
	        cmocka_unit_test(addresses_are_taken_apart),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
