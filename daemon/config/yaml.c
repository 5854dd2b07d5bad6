#include "config/yaml.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/index.h"
#include "base/mem.h"

struct anchor {
	char *name;
	uint32_t node; /* position of what it marks */
};

struct builder {
	struct tree *tree;
	struct yaml_error *why;
	uint32_t open[TREE_DEPTH_MAX]; /* the lists and maps around the next node */
	bool value_next[TREE_DEPTH_MAX];
	uint32_t depth;
	bool seen; /* a document began */
	struct anchor *anchors;
	uint32_t anchor_count, anchor_cap, copied;
	struct index anchor_index;
};

__attribute__((format(printf, 3, 4))) static int refuse(struct builder *b, const yaml_mark_t *at,
                                                        const char *format, ...)
{
	va_list args;
	va_start(args, format);
	vsnprintf(b->why->problem.text, sizeof b->why->problem.text, format, args);
	va_end(args);
	b->why->line = (uint32_t)at->line + 1;
	b->why->column = (uint32_t)at->column + 1;
	return -EINVAL;
}

static int add(struct builder *b, const yaml_event_t *event, enum node_kind kind)
{
	struct tree *tree = b->tree;
	if (b->depth) {
		uint32_t level = b->depth - 1;
		if (tree->nodes[b->open[level]].kind == NODE_MAP) {
			if (!b->value_next[level] && kind != NODE_TEXT)
				return refuse(b, &event->start_mark,
				              "a key is one word here, not a list or a map");
			b->value_next[level] = !b->value_next[level];
		}
	}
	MEM_RESERVE(tree->nodes, tree->count, tree->cap);
	const yaml_mark_t *at = &event->start_mark;
	struct node *node = &tree->nodes[tree->count++];
	*node = (struct node){
	        .line = (uint32_t)at->line + 1,
	        .column = at->column < UINT16_MAX ? (uint16_t)(at->column + 1) : UINT16_MAX,
	        .end = tree->count,
	        .kind = (uint8_t)kind,
	};
	return 0;
}

static int open_node(struct builder *b, const yaml_event_t *event, enum node_kind kind)
{
	if (b->depth == TREE_DEPTH_MAX)
		return refuse(b, &event->start_mark, "nested more than %d deep", TREE_DEPTH_MAX);
	int r = add(b, event, kind);
	if (r < 0)
		return r;
	b->open[b->depth] = b->tree->count - 1;
	b->value_next[b->depth++] = false;
	return 0;
}

static int add_text(struct builder *b, const yaml_event_t *event)
{
	const char *value = (const char *)event->data.scalar.value;
	size_t len = event->data.scalar.length;
	if (memchr(value, '\0', len))
		return refuse(b, &event->start_mark, "a NUL character cannot be used");
	int r = add(b, event, NODE_TEXT);
	if (r < 0)
		return r;
	struct node *node = &b->tree->nodes[b->tree->count - 1];
	node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
	node->text = (uint32_t)b->tree->text.len;
	text_add_len(&b->tree->text, value, len + 1); /* with its NUL */
	return 0;
}

/* ---- anchors and aliases ---- */

static const char *anchor_name(const void *owner, uint32_t i)
{
	return ((const struct builder *)owner)->anchors[i].name;
}

/* What stands in front of the node that comes next. */
static int begin_node(struct builder *b, const yaml_event_t *event, const yaml_char_t *anchor,
                      const yaml_char_t *tag)
{
	const char *name = (const char *)anchor;
	if (tag)
		return refuse(b, &event->start_mark,
		              "tags (!) are not read; leave it out, and put quotes around text "
		              "that begins with this sign");
	if (!name)
		return 0;
	uint32_t before = index_find(&b->anchor_index, name, anchor_name, b);
	if (before != INDEX_NONE)
		return refuse(b, &event->start_mark,
		              "'&%.40s' already stands on line %u; give each its own name", name,
		              b->tree->nodes[b->anchors[before].node].line);
	MEM_RESERVE(b->anchors, b->anchor_count, b->anchor_cap);
	b->anchors[b->anchor_count] = (struct anchor){mem_copy(name), b->tree->count};
	index_add(&b->anchor_index, b->anchor_count++, anchor_name, b);
	return 0;
}

/* How many levels of lists and maps a node is. */
static uint32_t height_of(const struct tree *tree, uint32_t node)
{
	uint32_t ends[TREE_DEPTH_MAX], depth = 0, height = 0;
	for (uint32_t at = node; at < tree->nodes[node].end; at++) {
		while (depth && ends[depth - 1] <= at)
			depth--;
		if (tree->nodes[at].kind == NODE_TEXT)
			continue;
		ends[depth++] = tree->nodes[at].end;
		height = depth > height ? depth : height;
	}
	return height;
}

/* What may not be copied here: NULL if it may. */
static const char *copy_problem(const struct builder *b, uint32_t from)
{
	for (uint32_t level = 0; level < b->depth; level++)
		if (b->open[level] == from)
			return "stands within what it stands for; write it out";
	if (b->copied + (b->tree->nodes[from].end - from) > TREE_COPIED_MAX)
		return "makes the file too large: too much is brought by aliases";
	if (b->depth + height_of(b->tree, from) > TREE_DEPTH_MAX)
		return "is nested too deep here";
	return NULL;
}

static int add_copy(struct builder *b, const yaml_event_t *event)
{
	const char *name = (const char *)event->data.alias.anchor;
	uint32_t found = index_find(&b->anchor_index, name, anchor_name, b);
	if (found == INDEX_NONE)
		return refuse(b, &event->start_mark,
		              "'*%.40s' stands for nothing: no '&%.40s' is above it; put quotes "
		              "around text that begins with '*'",
		              name, name);
	uint32_t from = b->anchors[found].node;
	const char *problem = copy_problem(b, from);
	if (problem)
		return refuse(b, &event->start_mark, "'*%.40s' %s", name, problem);
	struct tree *tree = b->tree;
	struct node original = tree->nodes[from];
	uint32_t shift = tree->count - from;
	int r = add(b, event, (enum node_kind)original.kind);
	if (r < 0)
		return r;
	struct node *copy = &tree->nodes[tree->count - 1];
	copy->text = original.text;
	copy->quoted = original.quoted;
	copy->end = original.end + shift;
	for (uint32_t at = from + 1; at < original.end; at++) {
		MEM_RESERVE(tree->nodes, tree->count, tree->cap);
		tree->nodes[tree->count] = tree->nodes[at];
		tree->nodes[tree->count++].end += shift;
	}
	b->copied += original.end - from;
	return 0;
}

static void forget_anchors(struct builder *b)
{
	for (uint32_t i = 0; i < b->anchor_count; i++)
		free(b->anchors[i].name);
	free(b->anchors);
	index_finish(&b->anchor_index);
}

static int take(struct builder *b, const yaml_event_t *event)
{
	int r = 0;
	switch (event->type) {
	case YAML_DOCUMENT_START_EVENT:
		if (b->seen)
			return refuse(b, &event->start_mark,
			              "a second document begins; one file holds one");
		b->seen = true;
		return 0;
	case YAML_ALIAS_EVENT:
		return add_copy(b, event);
	case YAML_SCALAR_EVENT:
		r = begin_node(b, event, event->data.scalar.anchor, event->data.scalar.tag);
		return r < 0 ? r : add_text(b, event);
	case YAML_SEQUENCE_START_EVENT:
		r = begin_node(b, event, event->data.sequence_start.anchor,
		               event->data.sequence_start.tag);
		return r < 0 ? r : open_node(b, event, NODE_LIST);
	case YAML_MAPPING_START_EVENT:
		r = begin_node(b, event, event->data.mapping_start.anchor,
		               event->data.mapping_start.tag);
		return r < 0 ? r : open_node(b, event, NODE_MAP);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		assert(b->depth > 0);
		b->tree->nodes[b->open[--b->depth]].end = b->tree->count;
		return 0;
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_STREAM_END_EVENT:
	case YAML_DOCUMENT_END_EVENT:
		return 0;
	}
	return 0;
}

/* The library's reader stops at a byte and knows no line. */
static yaml_mark_t mark_of_byte(const char *bytes, size_t len, size_t offset)
{
	yaml_mark_t mark = {.index = offset};
	for (size_t i = 0; i < offset && i < len; i++) {
		if (bytes[i] == '\n') {
			mark.line++;
			mark.column = 0;
		} else if (((unsigned char)bytes[i] & 0xC0) != 0x80) {
			mark.column++;
		}
	}
	return mark;
}

/* Its marks count characters; returns the byte that is so many characters behind `from`. */
static size_t byte_of_mark(const char *bytes, size_t len, size_t from, size_t characters)
{
	size_t at = from;
	for (; characters && at < len; characters--)
		do
			at++;
		while (at < len && ((unsigned char)bytes[at] & 0xC0) == 0x80);
	return at;
}

static int refuse_syntax(struct builder *b, const yaml_parser_t *parser, const char *bytes,
                         size_t len)
{
	if (parser->error == YAML_READER_ERROR) {
		yaml_mark_t at = mark_of_byte(bytes, len, parser->problem_offset);
		return refuse(b, &at, "not text that YAML allows (%s); save the file as UTF-8",
		              parser->problem ? parser->problem : "unreadable");
	}
	const yaml_mark_t *at = &parser->problem_mark;
	size_t byte = byte_of_mark(bytes, len, 0, at->index);
	if (byte < len && bytes[byte] == '\t' && parser->error == YAML_SCANNER_ERROR)
		return refuse(b, at, "a tab stands here; YAML indents with blanks");
	return refuse(b, at, "not valid YAML: %s%s%s; look at indentation, quotes and colons here",
	              parser->context ? parser->context : "", parser->context ? ", " : "",
	              parser->problem ? parser->problem : "unreadable");
}

/* Some editors begin a file with a mark. */
static size_t mark_length(const char *bytes, size_t len)
{
	return len >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
}

static void parser_begin(yaml_parser_t *parser, const char *bytes, size_t len)
{
	if (!yaml_parser_initialize(parser))
		abort(); /* out of memory: base/mem.h says why that ends the process */
	yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(parser, (const unsigned char *)bytes, len);
}

int tree_parse(const char *bytes, size_t len, struct tree *out, struct yaml_error *why)
{
	size_t mark = mark_length(bytes, len);
	bytes += mark;
	len -= mark;
	struct tree tree = {0};
	struct builder b = {.tree = &tree, .why = why};
	yaml_parser_t parser;
	parser_begin(&parser, bytes, len);
	int r = 0;
	for (bool end = false; !end && r == 0;) {
		yaml_event_t event;
		if (!yaml_parser_parse(&parser, &event)) {
			r = refuse_syntax(&b, &parser, bytes, len);
			break;
		}
		end = event.type == YAML_STREAM_END_EVENT;
		r = take(&b, &event);
		yaml_event_delete(&event);
	}
	if (r == 0 && !tree.count)
		r = refuse(&b, &(yaml_mark_t){0}, "the file is empty");
	yaml_parser_delete(&parser);
	forget_anchors(&b);
	if (r < 0)
		tree_finish(&tree);
	else
		*out = tree;
	return r;
}

void tree_finish(struct tree *tree)
{
	free(tree->nodes);
	text_finish(&tree->text);
	*tree = (struct tree){0};
}

const struct node *node_first(const struct tree *tree, const struct node *around)
{
	const struct node *first = around + 1;
	return first < tree->nodes + around->end ? first : NULL;
}

const struct node *node_next(const struct tree *tree, const struct node *around,
                             const struct node *node)
{
	return node->end < around->end ? tree->nodes + node->end : NULL;
}

uint32_t node_count(const struct tree *tree, const struct node *around)
{
	uint32_t count = 0;
	for (const struct node *n = node_first(tree, around); n; n = node_next(tree, around, n))
		count++;
	return count;
}

const char *node_text(const struct tree *tree, const struct node *node)
{
	assert(node->kind == NODE_TEXT);
	return text_get(&tree->text) + node->text;
}

/* ---- what is not shown ---- */

struct hiding {
	const char *bytes;
	size_t len, at, character; /* what was copied, and how many characters that is */
	uint32_t text;             /* where the next scalar begins in the tree's text */
	const uint32_t *texts;
	uint32_t count;
	struct text *out;
};

static int compare_text(const void *left, const void *right)
{
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
	return (a > b) - (a < b);
}

/* Hides the scalar if it is the next to be hidden; with its anchor, so that aliases hold. */
static void hide(struct hiding *h, const yaml_event_t *event)
{
	const yaml_char_t *anchor = event->data.scalar.anchor;
	uint32_t text = h->text;
	h->text += (uint32_t)event->data.scalar.length + 1;
	while (h->count && *h->texts < text) {
		h->texts++;
		h->count--;
	}
	if (!h->count || *h->texts != text)
		return;
	size_t from = event->start_mark.index, to = event->end_mark.index;
	size_t begin = byte_of_mark(h->bytes, h->len, h->at, from - h->character);
	size_t end = byte_of_mark(h->bytes, h->len, begin, to - from);
	text_add_len(h->out, h->bytes + h->at, begin - h->at);
	if (anchor)
		text_addf(h->out, "&%s ", (const char *)anchor);
	text_add(h->out, TREE_HIDDEN);
	if (end > begin && h->bytes[end - 1] == '\n') /* a block's last line */
		text_add_char(h->out, '\n');
	h->at = end;
	h->character = to;
}

void tree_hide(const char *bytes, size_t len, uint32_t *texts, uint32_t count, struct text *out)
{
	size_t mark = mark_length(bytes, len);
	struct hiding h = {.bytes = bytes + mark,
	                   .len = len - mark,
	                   .texts = texts,
	                   .count = count,
	                   .out = out};
	yaml_parser_t parser;
	yaml_event_t event;
	if (count)
		qsort(texts, count, sizeof *texts, compare_text);
	text_add_len(out, bytes, mark);
	parser_begin(&parser, h.bytes, h.len);
	for (bool end = !count; !end && yaml_parser_parse(&parser, &event);) {
		end = event.type == YAML_STREAM_END_EVENT;
		if (event.type == YAML_SCALAR_EVENT)
			hide(&h, &event);
		yaml_event_delete(&event);
	}
	yaml_parser_delete(&parser);
	text_add_len(out, h.bytes + h.at, h.len - h.at);
}
