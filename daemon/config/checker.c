#include "config/checker.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "config/guess.h"

#define QUOTE_MAX 60  /* bytes of a foreign word in a problem */
#define LISTED_MAX 40 /* more than any vocabulary of ours has; of ids there may be any number */

static struct place place_of(const struct checker *c, const struct node *node)
{
	return (struct place){.file = c->file, .line = node->line, .column = node->column};
}

void check_problem(const struct checker *c, const struct node *at, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	report_addv(c->report, place_of(c, at), false, format, args);
	va_end(args);
}

void check_warning(const struct checker *c, const struct node *at, const char *format, ...)
{
	/* Who asks a running service something has no use for advice about its files. */
	if (c->use == CONFIG_COMMAND)
		return;
	va_list args;
	va_start(args, format);
	report_addv(c->report, place_of(c, at), true, format, args);
	va_end(args);
}

static const char *kind_of(const struct node *node)
{
	switch ((enum node_kind)node->kind) {
	case NODE_TEXT:
		return "text";
	case NODE_LIST:
		return "a list";
	case NODE_MAP:
		return "a map of keys";
	}
	return "nothing";
}

/* ---- maps ---- */

static const char *key_name(const void *owner, uint32_t i)
{
	return ((const struct key *)owner)[i].name;
}

/* A key that nobody knows in a place that holds secrets may be one itself ("token:abc" without the
 * blank); it is shown only where it reads like a key and has a value. */
static bool may_show(const struct checker *c, const struct node *key, const struct node *value)
{
	const char *word = node_text(c->tree, key);
	bool empty = value->kind == NODE_TEXT && !*node_text(c->tree, value);
	return !empty && strlen(word) <= 24 &&
	       strspn(word, "abcdefghijklmnopqrstuvwxyz_") == strlen(word);
}

static void unknown_key(const struct checker *c, const struct node *key, const struct node *value,
                        const struct shape *shape)
{
	struct names names = {.name = key_name, .owner = shape->keys, .count = shape->count};
	const char *word = node_text(c->tree, key);
	if (!shape->secretive || may_show(c, key, value)) {
		struct text what = {0};
		text_addf(&what, "key of %s", shape->what);
		check_unknown(c, key, text_get(&what), word, &names);
		text_finish(&what);
		return;
	}
	struct text allowed = {0};
	guess_list(&allowed, &names, LISTED_MAX);
	check_problem(c, key,
	              "unknown key of %s (not shown, it may be a secret; a key ends with a colon "
	              "and a blank); allowed: %s",
	              shape->what, text_get(&allowed));
	text_finish(&allowed);
}

static void take_key(const struct checker *c, const struct node *key, const struct node *value,
                     const struct shape *shape, const struct node **values)
{
	const char *word = node_text(c->tree, key);
	uint32_t i = 0;
	while (i < shape->count && strcmp(shape->keys[i].name, word) != 0)
		i++;
	if (i == shape->count)
		unknown_key(c, key, value, shape);
	else if (values[i])
		check_problem(c, key, "'%s' stands here twice; it is already on line %u", word,
		              values[i]->line);
	else
		values[i] = value;
}

bool check_map(const struct checker *c, const struct node *node, const struct shape *shape,
               const struct node **values)
{
	for (uint32_t i = 0; i < shape->count; i++)
		values[i] = NULL;
	if (!node)
		return false;
	if (node->kind != NODE_MAP) {
		struct names names = {
		        .name = key_name, .owner = shape->keys, .count = shape->count};
		struct text allowed = {0};
		guess_list(&allowed, &names, LISTED_MAX);
		check_problem(c, node, "%s is a map of the keys %s, not %s", shape->what,
		              text_get(&allowed), kind_of(node));
		text_finish(&allowed);
		return false;
	}
	const struct node *key = node_first(c->tree, node);
	while (key) {
		const struct node *value = node_next(c->tree, node, key);
		take_key(c, key, value, shape, values);
		key = node_next(c->tree, node, value);
	}
	for (uint32_t i = 0; i < shape->count; i++)
		if (!values[i] && shape->keys[i].missing)
			check_problem(c, node, "%s without '%s'; %s", shape->what,
			              shape->keys[i].name, shape->keys[i].missing);
	return true;
}

/* ---- lists ---- */

uint32_t check_list(const struct checker *c, const struct node *node, const char *what,
                    uint32_t least)
{
	if (!node)
		return 0;
	if (node->kind != NODE_LIST) {
		check_problem(c, node,
		              "%s is a list: [one, two], or a line with '- ' for each, not %s",
		              what, kind_of(node));
		return 0;
	}
	uint32_t count = node_count(c->tree, node);
	if (count < least)
		check_problem(c, node, "%s: an empty list; at least %u must stand here", what,
		              least);
	return count;
}

/* ---- scalars ---- */

const char *check_scalar(const struct checker *c, const struct node *node, const char *what)
{
	if (!node)
		return NULL;
	if (node->kind == NODE_TEXT)
		return node_text(c->tree, node);
	check_problem(c, node, "%s is one word or text, not %s", what, kind_of(node));
	return NULL;
}

static bool has_control(const char *text)
{
	for (const unsigned char *at = (const unsigned char *)text; *at; at++)
		if (*at < 0x20 || *at == 0x7f)
			return true;
	return false;
}

static size_t characters(const char *text)
{
	size_t count = 0;
	for (; *text; text++)
		count += ((unsigned char)*text & 0xC0) != 0x80;
	return count;
}

static const char *bounded(const struct checker *c, const struct node *node, const char *what,
                           size_t max, size_t (*measure)(const char *), const char *unit)
{
	const char *text = check_scalar(c, node, what);
	if (!text)
		return NULL;
	if (!*text) {
		check_problem(c, node, "%s is empty; write 1 to %zu %s", what, max, unit);
		return NULL;
	}
	if (measure(text) > max) {
		check_problem(c, node, "%s is longer than %zu %s", what, max, unit);
		return NULL;
	}
	if (has_control(text)) {
		check_problem(c, node,
		              "%s holds a line end or another control character; "
		              "it must be one line",
		              what);
		return NULL;
	}
	return arena_copy(c->arena, text);
}

const char *check_text(const struct checker *c, const struct node *node, const char *what)
{
	return bounded(c, node, what, TEXT_MAX, characters, "characters");
}

const char *check_line(const struct checker *c, const struct node *node, const char *what)
{
	return bounded(c, node, what, LINE_BYTES_MAX, strlen, "bytes");
}

const char *check_id(const struct checker *c, const struct node *node, const char *what)
{
	const char *text = check_scalar(c, node, what);
	if (!text)
		return NULL;
	if (text_is_id(text))
		return arena_copy(c->arena, text);
	struct text shown = {0};
	guess_quote(&shown, text, QUOTE_MAX);
	check_problem(c, node,
	              "%s %s is no id: 1 to %d bytes without '/', '+', '#', control characters or "
	              "a blank at an end",
	              what, text_get(&shown), ID_MAX);
	text_finish(&shown);
	return NULL;
}

void check_bool(const struct checker *c, const struct node *node, const char *what, bool *out)
{
	const char *text = check_scalar(c, node, what);
	if (!text)
		return;
	bool yes = strcmp(text, "true") == 0;
	if (node->quoted || (!yes && strcmp(text, "false") != 0)) {
		struct text shown = {0};
		guess_quote(&shown, text, QUOTE_MAX);
		check_problem(c, node, "%s is true or false, without quotes, not %s", what,
		              text_get(&shown));
		text_finish(&shown);
		return;
	}
	*out = yes;
}

void check_span(const struct checker *c, const struct node *node, const char *what, span_ms least,
                span_ms *out)
{
	const char *text = check_scalar(c, node, what);
	if (!text)
		return;
	struct text shown = {0};
	guess_quote(&shown, text, QUOTE_MAX);
	span_ms span = 0;
	int r = text_parse_span(text, &span);
	if (r == -EINVAL) {
		check_problem(c, node,
		              "%s %s is no duration: write a whole number and its unit, such as "
		              "500ms, 10s, 5m, 1h, 7d or 1w",
		              what, text_get(&shown));
	} else if (r < 0 || span > SPAN_MAX || span < least) {
		struct text limits = {0};
		text_add_span(&limits, least);
		text_add(&limits, " to ");
		text_add_span(&limits, SPAN_MAX);
		check_problem(c, node, "%s %s is out of range; allowed is %s", what,
		              text_get(&shown), text_get(&limits));
		text_finish(&limits);
	} else {
		*out = span;
	}
	text_finish(&shown);
}

void check_number(const struct checker *c, const struct node *node, const char *what,
                  uint32_t least, uint32_t most, uint32_t *out)
{
	const char *text = check_scalar(c, node, what);
	if (!text)
		return;
	size_t digits = strspn(text, "0123456789");
	unsigned long number = digits && digits <= 9 && !text[digits] ? strtoul(text, NULL, 10)
	                                                              : ULONG_MAX;
	if (number < least || number > most)
		check_problem(c, node, "%s is a whole number from %u to %u", what, least, most);
	else
		*out = (uint32_t)number;
}

/* ---- names ---- */

void check_unknown(const struct checker *c, const struct node *node, const char *what,
                   const char *word, const struct names *names)
{
	struct text say = {0};
	if (c->report->count == REPORT_MAX) { /* only counted: no time is spent on guessing */
		check_problem(c, node, "unknown %s", what);
		return;
	}
	text_addf(&say, "unknown %s ", what);
	guess_quote(&say, word, QUOTE_MAX);
	const char *near = guess_name(word, names);
	if (near)
		text_addf(&say, "; did you mean '%s'? Allowed: ", near);
	else
		text_add(&say, names->count ? "; allowed: " : "; there is none");
	guess_list(&say, names, LISTED_MAX);
	check_problem(c, node, "%s", text_get(&say));
	text_finish(&say);
}

static const char *ids_name(const void *owner, uint32_t i)
{
	const char *name = ((const struct ids *)owner)->names[i];
	return name ? name : "";
}

void ids_begin(struct ids *ids, const char *what, const struct node *list, uint32_t count)
{
	*ids = (struct ids){.what = what, .unsure = list && list->kind != NODE_LIST};
	ids->names = NEW_ARRAY(const char *, count);
	ids->nodes = NEW_ARRAY(const struct node *, count);
}

const char *ids_claim(const struct checker *c, struct ids *ids, const struct node *node)
{
	uint32_t position = ids->count++;
	struct text what = {0};
	text_addf(&what, "the %s's id", ids->what);
	const char *id = check_id(c, node, text_get(&what));
	text_finish(&what);
	if (!id)
		return NULL;
	uint32_t other = ids_find(ids, id);
	if (other != INDEX_NONE) {
		check_problem(c, node, "%s '%s' is already on line %u; each id stands for one",
		              ids->what, id, ids->nodes[other]->line);
		return NULL;
	}
	ids->names[position] = id;
	ids->nodes[position] = node;
	index_add(&ids->index, position, ids_name, ids);
	return id;
}

uint32_t ids_find(const struct ids *ids, const char *name)
{
	return index_find(&ids->index, name, ids_name, ids);
}

uint32_t ids_refer_name(const struct checker *c, const struct ids *ids, const struct node *node,
                        const char *name)
{
	uint32_t found = ids_find(ids, name);
	bool none_good = ids->count && !ids->index.count;
	if (found == INDEX_NONE && !ids->unsure && !none_good) {
		struct names names = {.name = ids_name, .owner = ids, .count = ids->count};
		check_unknown(c, node, ids->what, name, &names);
	}
	return found;
}

uint32_t ids_refer(const struct checker *c, const struct ids *ids, const struct node *node)
{
	const char *name = check_scalar(c, node, ids->what);
	return name ? ids_refer_name(c, ids, node, name) : INDEX_NONE;
}

void ids_finish(struct ids *ids)
{
	index_finish(&ids->index);
	free(ids->names);
	free(ids->nodes);
	*ids = (struct ids){0};
}
