/* Device profiles from YAML: the built-in ones, which travel inside the program, and the user's own
 * files that the service file names. */
#ifndef TOCSIN_CONFIG_PROFILES_H
#define TOCSIN_CONFIG_PROFILES_H

#include "config/checker.h"
#include "receive/profile.h"

struct built_in_profile {
	const char *name, *file;
	const unsigned char *bytes;
	const size_t *len;
};
extern const struct built_in_profile built_in_profiles[];
extern const unsigned int built_in_profile_count;

struct profile_source { /* one file; it stays until everything that names a profile is read */
	const char *name, *path;
	struct tree tree; /* a built-in one is taken apart when something names it */
	struct checker checker;
	const struct built_in_profile *built_in; /* or NULL: the user's own */
	bool opened;                             /* that one was taken apart */
};

struct profile_sources {
	struct profile_source **items;
	uint32_t count, cap;
};

/* All built-in ones, which come first; the checker's tree, file and path are not looked at. */
void profile_sources_add_built_in(struct profile_sources *, const struct checker *);
/* A file that was read and parsed joins the others; a name that is taken is reported. The tree
 * becomes the sources'. */
void profile_source_add(struct profile_sources *, const struct checker *, struct tree *);
/* Reads the user's own, and of the built-in ones the names: a house hears one or two of them, and
 * all would be a megabyte and a half. Compiles nothing: profiles_compile comes when it is known
 * which are heard. */
void profiles_read(struct profile_sources *, struct profiles *);
/* Reads one of which only the name is known; nothing where it was read already. */
void profile_fill(struct profile_sources *, struct profiles *, uint32_t at);
void profile_sources_finish(struct profile_sources *);

/* ---- profile_values.c, profile_readers.c, profile_topics.c ---- */

struct profile_reading {
	struct profiles *profiles;
	struct profile_sources *sources;
	struct profile *profile;
	struct arena *arena;
	struct value_map **maps; /* the named ones */
	uint32_t map_count, map_cap, set_cap, rule_cap, model_cap;
	const struct node **set_nodes; /* where each set's name was first used */
};

void values_read(const struct checker *, const struct node *, struct profile_reading *);
void sets_read(const struct checker *, const struct node *, struct profile_reading *);
void topics_read(const struct checker *, const struct node *, struct profile_reading *);
void models_read(const struct checker *, const struct node *, struct profile_reading *);
const struct value_map *map_refer(const struct checker *, const struct node *,
                                  struct profile_reading *, bool availability);
void set_refer_list(const struct checker *, const struct node *, struct profile_reading *,
                    uint32_t **out, uint32_t *count);
void check_once(const struct checker *, const struct node *map, const struct node *key);
/* {MOD: 1, alarm: any}; name is the key that it stands at. */
struct condition *conditions_read(const struct checker *, const struct node *, const char *name,
                                  struct profile_reading *, uint32_t *count);
/* A word, or a list of words, as texts; *count 0 where there is none. lower: in lower case. */
const char **words_read(const struct checker *, const struct node *, const char *what,
                        struct arena *, bool lower, uint32_t *count);

#endif
