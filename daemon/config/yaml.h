/* Text to tree: YAML as a configuration needs it. Every scalar stays the text that was written; the
 * reader of the tree says what it means, so that `no`, `007` and `0x10` are never anything else.
 *
 * An alias (*name) stands for a copy of what its anchor (&name) marks, as programs that write YAML
 * have it. Refused, because a reader of the file would have to resolve them in the head: tags, keys
 * that are no plain words, a second document. Bounded: depth TREE_DEPTH_MAX, what aliases bring
 * TREE_COPIED_MAX, size by the caller. Time and memory are linear in the size: 16 bytes a node and
 * the text once. */
#ifndef TOCSIN_CONFIG_YAML_H
#define TOCSIN_CONFIG_YAML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/problem.h"
#include "base/text.h"

#define TREE_DEPTH_MAX 16
#define TREE_COPIED_MAX 100000 /* nodes, of all aliases together */

enum node_kind { NODE_TEXT, NODE_LIST, NODE_MAP };

/* Nodes lie in the order of the file; what a list or map holds follows it directly, a map's as
 * key, value, key, value. A copy has the alias's place, what it holds that of the original. */
struct node {
	uint32_t line; /* from 1 */
	uint32_t end;  /* position behind the last node within it */
	uint32_t text; /* of a NODE_TEXT: where it begins in the tree's text; a copy's original's */
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

#define TREE_HIDDEN "\"(hidden)\""

/* What was parsed, with TREE_HIDDEN in place of some of its scalars: they are named by their
 * node.text, in any order (sorted here). */
void tree_hide(const char *bytes, size_t len, uint32_t *texts, uint32_t count, struct text *out);

#endif
