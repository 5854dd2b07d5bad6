#include "config/profiles.h"

#include <stdlib.h>
#include <string.h>

enum {
	P_NAME,
	P_ABOUT,
	P_BASE,
	P_GATEWAY,
	P_FRESH,
	P_LIKE,
	P_INCLUDE,
	P_VALUES,
	P_SETS,
	P_TOPICS,
	P_MODELS,
	P_COUNT
};
static const struct key profile_keys[P_COUNT] = {
        [P_NAME] = {"profile", "add the name by which devices refer to it"},
        [P_ABOUT] = {"about", NULL},
        [P_BASE] = {"base", NULL},
        [P_GATEWAY] = {"gateway", NULL},
        [P_FRESH] = {"fresh", NULL},
        [P_LIKE] = {"like", NULL},
        [P_INCLUDE] = {"include", NULL},
        [P_VALUES] = {"values", NULL},
        [P_SETS] = {"sets", NULL},
        [P_TOPICS] = {"topics", NULL},
        [P_MODELS] = {"models", NULL},
};
static const struct shape profile_shape = {"a profile", SHAPE(profile_keys), false};

#define LIKE_DEPTH 8

/* ---- sources ---- */

static const char *source_name(const void *owner, uint32_t i)
{
	const struct profile_sources *sources = owner;
	return sources->items[i]->name ? sources->items[i]->name : "";
}

static uint32_t source_find(const struct profile_sources *sources, const char *name)
{
	for (uint32_t i = 0; i < sources->count; i++)
		if (strcmp(source_name(sources, i), name) == 0)
			return i;
	return INDEX_NONE;
}

static struct profile_source *source_add(struct profile_sources *sources, const struct checker *c)
{
	struct profile_source *source = NEW(struct profile_source);
	*source = (struct profile_source){.path = c->path, .checker = *c};
	source->checker.tree = &source->tree;
	MEM_RESERVE(sources->items, sources->count, sources->cap);
	sources->items[sources->count++] = source;
	return source;
}

void profile_sources_add_built_in(struct profile_sources *sources, const struct checker *like)
{
	for (unsigned int i = 0; i < built_in_profile_count; i++) {
		struct checker c = *like;
		c.path = built_in_profiles[i].file;
		c.file = report_file(c.report, c.path);
		struct profile_source *source = source_add(sources, &c);
		source->built_in = &built_in_profiles[i];
		source->name = source->built_in->name;
	}
}

/* Where the file says its name; everything else of it is checked when it is read. */
static const struct node *name_node(const struct profile_source *source)
{
	const struct node *root = source->tree.nodes;
	if (root->kind != NODE_MAP)
		return NULL;
	const struct node *key = node_first(&source->tree, root);
	while (key) {
		const struct node *value = node_next(&source->tree, root, key);
		if (strcmp(node_text(&source->tree, key), "profile") == 0)
			return value;
		key = node_next(&source->tree, root, value);
	}
	return NULL;
}

void profile_source_add(struct profile_sources *sources, const struct checker *c, struct tree *tree)
{
	struct profile_source *source = source_add(sources, c);
	source->tree = *tree;
	*tree = (struct tree){0};
	const struct node *node = name_node(source);
	if (!node)
		return;
	const char *name = check_id(&source->checker, node, "the profile's name");
	uint32_t other = name ? source_find(sources, name) : INDEX_NONE;
	if (other != INDEX_NONE)
		check_problem(
		        &source->checker, node,
		        "profile '%s' is already described by %s; give it another name and say "
		        "'like: %s'",
		        name, sources->items[other]->path, name);
	source->name = name;
}

/* Takes a built-in file apart; false, reported, where it is not what its name says. */
static bool source_open(struct profile_source *source)
{
	const struct built_in_profile *file = source->built_in;
	struct yaml_error why;
	if (!file || source->opened)
		return true;
	if (tree_parse((const char *)file->bytes, *file->len, &source->tree, &why) < 0) {
		struct place place = {source->checker.file, why.line, why.column};
		report_problem(source->checker.report, place, "%s", why.problem.text);
		return false;
	}
	source->opened = true;
	const struct node *node = name_node(source);
	if (node && strcmp(node_text(&source->tree, node), source->name) != 0)
		check_problem(&source->checker, node, "the file is called %s", file->file);
	return true;
}

void profile_sources_finish(struct profile_sources *sources)
{
	for (uint32_t i = 0; i < sources->count; i++) {
		tree_finish(&sources->items[i]->tree);
		free(sources->items[i]);
	}
	free(sources->items);
	*sources = (struct profile_sources){0};
}

/* ---- one profile ---- */

static bool source_values(struct profile_source *source, const struct node **v)
{
	return source_open(source) &&
	       check_map(&source->checker, source->tree.nodes, &profile_shape, v);
}

/* The profiles that one builds upon, nearest first; each is read in the steps that follow. */
struct lineage {
	const struct profile_source *sources[LIKE_DEPTH * 4];
	bool whole[LIKE_DEPTH * 4]; /* like: its topics too; else its words alone */
	uint32_t count;
};

static bool lineage_has(const struct lineage *line, const struct profile_source *source)
{
	for (uint32_t i = 0; i < line->count; i++)
		if (line->sources[i] == source)
			return true;
	return false;
}

static void lineage_add(struct profile_reading *r, struct lineage *line,
                        struct profile_source *source, bool whole, uint32_t depth);

static void lineage_refer(struct profile_reading *r, struct lineage *line,
                          const struct profile_source *from, const struct node *node, bool whole,
                          uint32_t depth)
{
	const struct checker *c = &from->checker;
	const char *name = check_scalar(c, node, "the profile");
	if (!name)
		return;
	uint32_t at = source_find(r->sources, name);
	if (at == INDEX_NONE) {
		check_unknown(c, node, "profile", name,
		              &(struct names){.name = source_name,
		                              .owner = r->sources,
		                              .count = r->sources->count});
		return;
	}
	if (depth == LIKE_DEPTH) {
		check_problem(c, node, "profiles build upon each other more than %d deep here",
		              LIKE_DEPTH);
		return;
	}
	lineage_add(r, line, r->sources->items[at], whole, depth + 1);
}

static void lineage_add(struct profile_reading *r, struct lineage *line,
                        struct profile_source *source, bool whole, uint32_t depth)
{
	const struct node *v[P_COUNT];
	if (lineage_has(line, source) || line->count == LIKE_DEPTH * 4 || !source_open(source))
		return;
	line->sources[line->count] = source;
	line->whole[line->count++] = whole;
	/* What is wrong with it is said where it stands itself. */
	struct report quiet = {0};
	struct profile_source look = *source;
	look.checker.report = &quiet;
	quiet.files = NULL;
	bool good = check_map(&look.checker, source->tree.nodes, &profile_shape, v);
	report_finish(&quiet);
	if (!good)
		return;
	if (v[P_LIKE])
		lineage_refer(r, line, source, v[P_LIKE], whole, depth);
	uint32_t count = check_list(&source->checker, v[P_INCLUDE], "include", 0);
	FOR_EACH_NODE(&source->checker, item, v[P_INCLUDE], count)
	lineage_refer(r, line, source, item, false, depth);
}

static void own_facts(const struct profile_source *source, const struct node *const *v,
                      struct profile *out)
{
	const struct checker *c = &source->checker;
	const char *about = check_text(c, v[P_ABOUT], "about");
	const char *base = check_line(c, v[P_BASE], "the base");
	const char *gateway = check_text(c, v[P_GATEWAY], "the gateway's name");
	out->about = about ? about : out->about;
	out->base = base ? base : out->base;
	out->gateway = gateway ? gateway : out->gateway;
	if (v[P_FRESH])
		check_span(c, v[P_FRESH], "fresh", 1000, &out->fresh);
}

/* Reads the parts of all of the lineage, this one's own first: what it says itself comes before
 * what it builds upon. Problems of another profile are said with that one alone. */
static void lineage_read(struct profile_reading *r, const struct lineage *line)
{
	const struct node *v[LIKE_DEPTH * 4][P_COUNT];
	struct checker checkers[LIKE_DEPTH * 4];
	struct report quiet = {0};
	for (uint32_t i = 0; i < line->count; i++) {
		checkers[i] = line->sources[i]->checker;
		checkers[i].arena = r->arena;
		checkers[i].report = &quiet; /* its keys were looked at, by profile_read */
		check_map(&checkers[i], line->sources[i]->tree.nodes, &profile_shape, v[i]);
	}
	checkers[0].report = line->sources[0]->checker.report;
	for (uint32_t i = line->count; i > 0; i--)
		if (line->whole[i - 1])
			own_facts(line->sources[i - 1], v[i - 1], r->profile);
	if (!r->profile->gateway)
		r->profile->gateway = r->profile->name;
	for (uint32_t i = 0; i < line->count; i++)
		values_read(&checkers[i], v[i][P_VALUES], r);
	for (uint32_t i = 0; i < line->count; i++)
		sets_read(&checkers[i], v[i][P_SETS], r);
	for (uint32_t i = 0; i < line->count; i++)
		if (line->whole[i])
			topics_read(&checkers[i], v[i][P_TOPICS], r);
	for (uint32_t i = 0; i < line->count; i++)
		if (line->whole[i])
			models_read(&checkers[i], v[i][P_MODELS], r);
	report_finish(&quiet);
}

static void profile_read(struct profile_sources *sources, struct profile_source *source,
                         struct profiles *profiles, struct profile *out)
{
	struct lineage line = {0};
	struct profile profile = {.name = out->name, .filled = true};
	struct profile_reading r = {.profiles = profiles,
	                            .sources = sources,
	                            .profile = &profile,
	                            .arena = &profiles->arena};
	lineage_add(&r, &line, source, true, 0);
	lineage_read(&r, &line);
	/* The growing lists were on the heap; they stay in the arena. */
	struct reader_set *sets = ARENA_ARRAY(r.arena, struct reader_set, profile.set_count);
	struct topic_rule *rules = ARENA_ARRAY(r.arena, struct topic_rule, profile.rule_count);
	struct model_rule *models = ARENA_ARRAY(r.arena, struct model_rule, profile.model_count);
	if (profile.set_count)
		memcpy(sets, profile.sets, profile.set_count * sizeof *sets);
	if (profile.rule_count)
		memcpy(rules, profile.rules, profile.rule_count * sizeof *rules);
	if (profile.model_count)
		memcpy(models, profile.models, profile.model_count * sizeof *models);
	free(profile.sets);
	free(profile.rules);
	free(profile.models);
	free(r.maps);
	profile.sets = sets;
	profile.rules = rules;
	profile.models = models;
	*out = profile;
}

void profile_fill(struct profile_sources *sources, struct profiles *profiles, uint32_t at)
{
	const struct node *v[P_COUNT];
	struct profile *profile = &profiles->items[at];
	if (profile->filled)
		return;
	struct profile_source *source = sources->items[source_find(sources, profile->name)];
	if (source_values(source, v))
		profile_read(sources, source, profiles, profile);
}

void profiles_read(struct profile_sources *sources, struct profiles *profiles)
{
	const struct node *v[P_COUNT];
	for (uint32_t i = 0; i < sources->count; i++) {
		struct profile_source *source = sources->items[i];
		bool own = !source->built_in;
		if (own && (!source_values(source, v) || !source->name))
			continue;
		MEM_RESERVE(profiles->items, profiles->count, profiles->cap);
		struct profile *profile = &profiles->items[profiles->count++];
		*profile = (struct profile){.name = arena_copy(&profiles->arena, source->name)};
		if (own)
			profile_read(sources, source, profiles, profile);
	}
}
