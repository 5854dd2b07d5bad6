/* Text to tree: YAML as a configuration needs it. Every scalar stays the text that was written; the
 * reader of the tree says what it means, so that `no`, `007` and `0x10` are never anything else.
 *
 * Refused, because a reader of the file would have to resolve them in the head: anchors, aliases,
 * tags, keys that are no plain words, a second document. Bounded: depth TREE_DEPTH_MAX, size by
 * the caller. Time and memory are linear in the size: 16 bytes a node and the text once. */
#ifndef TOCSIN_CONFIG_YAML_H
#define TOCSIN_CONFIG_YAML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/problem.h"
#include "base/text.h"

#define TREE_DEPTH_MAX 16

enum node_kind { NODE_TEXT, NODE_LIST, NODE_MAP };

/* Nodes lie in the order of the file; what a list or map holds follows it directly, a map's as
 * key, value, key, value. */
struct node {
	uint32_t line;   /* from 1 */
	uint32_t end;    /* position behind the last node within it */
	uint32_t text;   /* of a NODE_TEXT: where it begins in the tree's text */
	uint16_t column; /* from 1, in characters; 65535 stands for all behind */
	uint8_t kind;
	bool quoted;
};

struct tree { /* zeroed is valid and empty */
	struct node *nodes;
	uint32_t count, cap;
	struct text text;
};

struct yaml_error {
	uint32_t line, column;
	struct problem problem;
};

/* 0, or -EINVAL and where and why. */
int tree_parse(const char *bytes, size_t len, struct tree *out, struct yaml_error *why) MUST_USE;
void tree_finish(struct tree *);

/* The parts of a list or map, one after the other; NULL behind the last. */
const struct node *node_first(const struct tree *, const struct node *around);
const struct node *node_next(const struct tree *, const struct node *around, const struct node *);
uint32_t node_count(const struct tree *, const struct node *around);
const char *node_text(const struct tree *, const struct node *);

#endif
