#include "config/yaml.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/mem.h"

struct builder {
	struct tree *tree;
	struct yaml_error *why;
	uint32_t open[TREE_DEPTH_MAX]; /* the lists and maps around the next node */
	bool value_next[TREE_DEPTH_MAX];
	uint32_t depth;
	bool seen; /* a document began */
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

static int refuse_extras(struct builder *b, const yaml_event_t *event, const yaml_char_t *anchor,
                         const yaml_char_t *tag)
{
	if (anchor)
		return refuse(b, &event->start_mark,
		              "anchors (&) and aliases (*) are not read; write it out, and put "
		              "quotes around text that begins with one of these signs");
	if (tag)
		return refuse(b, &event->start_mark,
		              "tags (!) are not read; leave it out, and put quotes around text "
		              "that begins with this sign");
	return 0;
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
		return refuse_extras(b, event, event->data.alias.anchor, NULL);
	case YAML_SCALAR_EVENT:
		r = refuse_extras(b, event, event->data.scalar.anchor, event->data.scalar.tag);
		return r < 0 ? r : add_text(b, event);
	case YAML_SEQUENCE_START_EVENT:
		r = refuse_extras(b, event, event->data.sequence_start.anchor,
		                  event->data.sequence_start.tag);
		return r < 0 ? r : open_node(b, event, NODE_LIST);
	case YAML_MAPPING_START_EVENT:
		r = refuse_extras(b, event, event->data.mapping_start.anchor,
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

static int refuse_syntax(struct builder *b, const yaml_parser_t *parser, const char *bytes,
                         size_t len)
{
	if (parser->error == YAML_READER_ERROR) {
		yaml_mark_t at = mark_of_byte(bytes, len, parser->problem_offset);
		return refuse(b, &at, "not text that YAML allows (%s); save the file as UTF-8",
		              parser->problem ? parser->problem : "unreadable");
	}
	const yaml_mark_t *at = &parser->problem_mark;
	if (at->index < len && bytes[at->index] == '\t' && parser->error == YAML_SCANNER_ERROR)
		return refuse(b, at, "a tab stands here; YAML indents with blanks");
	return refuse(b, at, "not valid YAML: %s%s%s; look at indentation, quotes and colons here",
	              parser->context ? parser->context : "", parser->context ? ", " : "",
	              parser->problem ? parser->problem : "unreadable");
}

int tree_parse(const char *bytes, size_t len, struct tree *out, struct yaml_error *why)
{
	static const char mark[] = "\xef\xbb\xbf"; /* some editors begin a file with it */
	if (len >= 3 && memcmp(bytes, mark, 3) == 0) {
		bytes += 3;
		len -= 3;
	}
	struct tree tree = {0};
	struct builder b = {.tree = &tree, .why = why};
	yaml_parser_t parser;
	if (!yaml_parser_initialize(&parser))
		abort(); /* out of memory: base/mem.h says why that ends the process */
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&parser, (const unsigned char *)bytes, len);
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
