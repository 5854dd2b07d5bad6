/* From a tree to checked values. Every getter takes the node of one value, or NULL where the file
 * does not give it; it answers with the value or the default, and where the value is wrong it
 * reports the place, what is wrong and what is allowed, and answers with the default, so that one
 * run finds everything. Strings that are handed out live in the checker's arena.
 *
 * Nothing that could be a secret is ever quoted: see shape.secretive. */
#ifndef TOCSIN_CONFIG_CHECKER_H
#define TOCSIN_CONFIG_CHECKER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/index.h"
#include "base/mem.h"
#include "config/config.h"
#include "config/report.h"
#include "config/yaml.h"

#define TEXT_MAX 200         /* characters of a name or another text */
#define LINE_BYTES_MAX 4096  /* bytes of a URL, a path, a secret */
#define SPAN_MAX DAYS(36500) /* so that a deadline never overflows */

/* The scalars of a file that are secrets, by their node.text; heap. */
struct secrets {
	uint32_t *texts;
	uint32_t count, cap;
};

struct checker {
	const struct tree *tree;
	struct report *report;
	struct arena *arena;
	uint32_t file; /* of the report */
	const char *path;
	enum config_use use;
	wall_ms now;             /* for advice about the time to come */
	struct secrets *secrets; /* check_secret adds what stands in the file itself; or NULL */
};

__attribute__((format(printf, 3, 4))) void check_problem(const struct checker *,
                                                         const struct node *, const char *, ...);
__attribute__((format(printf, 3, 4))) void check_warning(const struct checker *,
                                                         const struct node *, const char *, ...);

/* ---- maps ---- */

struct key {
	const char *name;
	const char *missing; /* NULL: may be left out; else what to add, for people */
};

struct shape {
	const char *what; /* "a zone" */
	const struct key *keys;
	uint32_t count;
	bool secretive; /* keys that nobody knows are not quoted: one may be a slip of a secret */
};
#define SHAPE(keys) (keys), sizeof(keys) / sizeof *(keys)

/* Fills values[shape->count] with the node of each key, or NULL. False if it is no map at all, or
 * node is NULL. */
bool check_map(const struct checker *, const struct node *, const struct shape *,
               const struct node **values);

/* ---- lists ---- */

/* The number of parts; 0, reported, where it is no list or shorter than least. what: "zones". */
uint32_t check_list(const struct checker *, const struct node *, const char *what, uint32_t least);

#define FOR_EACH_NODE(checker, item, list, count)                                                  \
	for (const struct node *item = (count) ? node_first((checker)->tree, (list)) : NULL; item; \
	     item = node_next((checker)->tree, (list), item))

/* ---- scalars ---- */

/* The text as written, or NULL where it is a list or a map. */
const char *check_scalar(const struct checker *, const struct node *, const char *what);
/* 1 to TEXT_MAX characters, no control characters. */
const char *check_text(const struct checker *, const struct node *, const char *what);
/* 1 to LINE_BYTES_MAX bytes, no control characters; never quoted. */
const char *check_line(const struct checker *, const struct node *, const char *what);
const char *check_id(const struct checker *, const struct node *, const char *what);
void check_bool(const struct checker *, const struct node *, const char *what, bool *out);
void check_span(const struct checker *, const struct node *, const char *what, span_ms least,
                span_ms *out);

/* A whole number from least to most, written in digits. */
void check_number(const struct checker *, const struct node *, const char *what, uint32_t least,
                  uint32_t most, uint32_t *out);

/* ---- names ---- */

/* A set of names that are allowed somewhere. */
struct names {
	index_name name;
	const void *owner;
	uint32_t count;
};
/* Reports that a word is none of the names: with the nearest of them, and what is allowed. */
void check_unknown(const struct checker *, const struct node *, const char *what, const char *word,
                   const struct names *);

/* The ids of one list; position i belongs to the i-th item, whether its id is good or not. */
struct ids {
	const char *what; /* "zone" */
	struct index index;
	const char **names; /* NULL where the id is not good */
	const struct node **nodes;
	uint32_t count;
	/* The list itself was wrong or missing, which has been said: nothing is unknown then. */
	bool unsure;
};
/* Room for the items of a list (may be NULL) that check_list has counted. */
void ids_begin(struct ids *, const char *what, const struct node *list, uint32_t count);
/* Reads and claims the id of the next item; NULL, reported, if it is bad or taken. */
const char *ids_claim(const struct checker *, struct ids *, const struct node *);
uint32_t ids_find(const struct ids *, const char *name); /* or INDEX_NONE */
/* The position of the item that a node names; INDEX_NONE where the node is NULL or, reported, the
 * item is not there. */
uint32_t ids_refer(const struct checker *, const struct ids *, const struct node *);
/* The same for a name that is part of the node's text. */
uint32_t ids_refer_name(const struct checker *, const struct ids *, const struct node *,
                        const char *name);
void ids_finish(struct ids *);

#endif
