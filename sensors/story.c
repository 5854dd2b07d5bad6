#include "story.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "config/checker.h"

#define STORY_FILE_MAX ((size_t)1024 * 1024)
#define UTTERANCES_MAX 20000

struct telling { /* while a file is read */
	const struct checker *c;
	struct story *story;
	const struct sensor_system *system;
	const char *site;
};

enum { S_SCENARIO, S_ABOUT, S_SITE, S_AS, S_STEPS, S_COUNT };
static const struct key story_keys[S_COUNT] = {
        [S_SCENARIO] = {"scenario", "add its name"},
        [S_ABOUT] = {"about", NULL},
        [S_SITE] = {"site", NULL},
        [S_AS] = {"as", NULL},
        [S_STEPS] = {"steps", "add a list: '- {at: 0s, device: a, kind: smoke, say: active}'"},
};
static const struct shape story_shape = {"a scenario", SHAPE(story_keys), false};

enum {
	T_AT,
	T_DEVICE,
	T_KIND,
	T_SAY,
	T_TEST,
	T_VALUE,
	T_TIMES,
	T_EVERY,
	T_OVER,
	T_STATUS,
	T_TOPIC,
	T_PAYLOAD,
	T_RETAIN,
	T_AS,
	T_NOTE,
	T_COUNT
};
static const struct key step_keys[T_COUNT] = {
        [T_AT] = {"at", "add when, from the start: 'at: 10s'"},
        [T_DEVICE] = {"device", NULL},
        [T_KIND] = {"kind", NULL},
        [T_SAY] = {"say", NULL},
        [T_TEST] = {"test", NULL},
        [T_VALUE] = {"value", NULL},
        [T_TIMES] = {"times", NULL},
        [T_EVERY] = {"every", NULL},
        [T_OVER] = {"over", NULL},
        [T_STATUS] = {"status", NULL},
        [T_TOPIC] = {"topic", NULL},
        [T_PAYLOAD] = {"payload", NULL},
        [T_RETAIN] = {"retain", NULL},
        [T_AS] = {"as", NULL},
        [T_NOTE] = {"note", NULL},
};
static const struct shape step_shape = {"a step", SHAPE(step_keys), false};

static const char *system_name(const void *owner, uint32_t i)
{
	(void)owner;
	return sensor_systems[i].name;
}

static const struct sensor_system *system_read(const struct checker *c, const struct node *node,
                                               const struct sensor_system *otherwise)
{
	const char *word = check_scalar(c, node, "the system");
	const struct sensor_system *found = word ? sensor_system_find(word) : NULL;
	if (word && !found)
		check_unknown(c, node, "system", word,
		              &(struct names){.name = system_name,
		                              .count = (uint32_t)sensor_system_count});
	return found ? found : otherwise;
}

static const char *kind_word(const void *owner, uint32_t i)
{
	(void)owner;
	return kind_facts[i].name;
}

/* One word, or a list of them; at most max. */
static uint32_t words_of(const struct checker *c, const struct node *node, const char *what,
                         const char **out, uint32_t max)
{
	uint32_t count = 0;
	if (!node)
		return 0;
	if (node->kind != NODE_LIST) {
		out[0] = check_line(c, node, what);
		return out[0] != NULL;
	}
	uint32_t items = check_list(c, node, what, 1);
	if (items > max)
		check_problem(c, node, "%s: at most %u", what, max);
	FOR_EACH_NODE(c, item, node, items > max ? 0 : items)
	{
		out[count] = check_line(c, item, what);
		count += out[count] != NULL;
	}
	return count;
}

static void utter(struct telling *t, const struct node *node, struct utterance u)
{
	struct story *story = t->story;
	if (story->count == UTTERANCES_MAX) {
		check_problem(t->c, node, "more than %d things said in one scenario",
		              UTTERANCES_MAX);
		return;
	}
	MEM_RESERVE(story->items, story->count, story->cap);
	u.order = story->count;
	story->items[story->count++] = u;
}

#define DEVICES_MAX 500
#define STATES_MAX 8

struct rhythm { /* of a step: each device so often, one after another within `over` */
	span_ms at, every, over;
	uint32_t times, devices, states;
	const char *device[DEVICES_MAX], *state[STATES_MAX];
};

static void rhythm_read(const struct checker *c, const struct node *const *v, struct rhythm *out)
{
	out->times = 1;
	out->every = SECONDS(1);
	check_span(c, v[T_AT], "at", 0, &out->at);
	check_span(c, v[T_EVERY], "every", 1, &out->every);
	check_span(c, v[T_OVER], "over", 1, &out->over);
	check_number(c, v[T_TIMES], "times", 1, UTTERANCES_MAX, &out->times);
	out->devices = words_of(c, v[T_DEVICE], "the device", out->device, DEVICES_MAX);
	out->states = words_of(c, v[T_SAY], "say", out->state, STATES_MAX);
	for (uint32_t i = 0; i < out->states; i++)
		if (strcmp(out->state[i], "active") != 0 && strcmp(out->state[i], "clear") != 0)
			check_problem(
			        c, v[T_SAY],
			        "a device says 'active' or 'clear', or a list of them in turn");
}

static bool signal_read(struct telling *t, const struct node *const *v, const struct node *node,
                        struct utterance *out)
{
	const struct checker *c = t->c;
	const char *kind = check_scalar(c, v[T_KIND], "the kind");
	const char *value = check_scalar(c, v[T_VALUE], "the value");
	char *end = NULL;
	if (!kind || !v[T_SAY]) {
		check_problem(c, node,
		              "a step that says nothing: 'device' with 'kind' and 'say', or "
		              "with 'status'; 'topic' with 'payload'; or a 'note'");
		return false;
	}
	out->saying.kind = kind_from_name(kind);
	if (out->saying.kind == KIND_NONE) {
		check_unknown(c, v[T_KIND], "kind", kind,
		              &(struct names){.name = kind_word, .count = KIND_COUNT});
		return false;
	}
	check_bool(c, v[T_TEST], "test", &out->saying.test);
	if (value) {
		out->saying.has_value = true;
		out->saying.value = strtod(value, &end);
		if (end == value || *end || !isfinite(out->saying.value))
			check_problem(c, v[T_VALUE], "value is a number");
	}
	struct text topic = {0}, payload = {0};
	out->saying.site = out->saying.device = "x";
	bool said = out->system->write(&out->saying, &topic, &payload);
	if (!said)
		check_problem(c, v[T_KIND], "%s has no word for %s", out->system->name, kind);
	text_finish(&topic);
	text_finish(&payload);
	return said;
}

static void step_read(struct telling *t, const struct node *node)
{
	const struct checker *c = t->c;
	const struct node *v[T_COUNT];
	struct rhythm r = {0};
	if (!check_map(c, node, &step_shape, v))
		return;
	rhythm_read(c, v, &r);
	struct utterance u = {.at = r.at, .system = system_read(c, v[T_AS], t->system)};
	const char *status = check_scalar(c, v[T_STATUS], "the status");
	u.topic = check_line(c, v[T_TOPIC], "the topic");
	u.payload = v[T_PAYLOAD] ? check_scalar(c, v[T_PAYLOAD], "the payload") : "";
	u.payload = arena_copy(c->arena, u.payload);
	check_bool(c, v[T_RETAIN], "retain", &u.retain);
	u.note = check_text(c, v[T_NOTE], "the note");
	if (u.note && !u.topic && !r.devices) {
		u.how = SAYS_NOTE;
		utter(t, node, u);
		return;
	}
	u.how = u.topic ? SAYS_MESSAGE : status ? SAYS_STATUS : SAYS_SIGNAL;
	u.online = status && strcmp(status, "online") == 0;
	if (status && !u.online && strcmp(status, "offline") != 0)
		check_problem(c, v[T_STATUS], "a status is 'online' or 'offline'");
	if (u.how == SAYS_SIGNAL && !signal_read(t, v, node, &u))
		return;
	if (!u.topic && !v[T_DEVICE])
		check_problem(c, node, "nobody says it: add the 'device', or a list of them");
	uint32_t devices = u.topic ? 1 : r.devices;
	for (uint32_t n = 0; n < r.times; n++)
		for (uint32_t i = 0; i < devices; i++) {
			u.at = r.at + n * r.every + (devices ? r.over * i / devices : 0);
			u.saying.site = t->site;
			u.saying.device = u.topic ? NULL : r.device[i];
			if (r.states)
				u.saying.active = strcmp(r.state[n % r.states], "active") == 0;
			utter(t, node, u);
		}
}

static int by_time(const void *a, const void *b)
{
	const struct utterance *x = a, *y = b;
	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return (x->order > y->order) - (x->order < y->order);
}

static void tell(struct telling *t, const struct node *root, const char *site)
{
	const struct node *v[S_COUNT];
	const struct checker *c = t->c;
	if (!check_map(c, root, &story_shape, v))
		return;
	struct story *story = t->story;
	story->name = check_text(c, v[S_SCENARIO], "the name");
	story->about = check_text(c, v[S_ABOUT], "about");
	story->site = check_id(c, v[S_SITE], "the site's id");
	if (site)
		story->site = arena_copy(c->arena, site);
	else if (!v[S_SITE])
		check_problem(c, root,
		              "a scenario without 'site'; add the site's id, or name it with "
		              "--site");
	t->site = story->site;
	t->system = system_read(c, v[S_AS], &sensor_systems[0]);
	uint32_t count = check_list(c, v[S_STEPS], "steps", 1);
	FOR_EACH_NODE(c, step, v[S_STEPS], count)
	step_read(t, step);
	if (story->count)
		qsort(story->items, story->count, sizeof *story->items, by_time);
}

static int story_read(const char *path, const char *bytes, size_t len, const char *site,
                      struct story *out, struct text *report)
{
	struct report problems = {0};
	struct tree tree = {0};
	struct yaml_error why;
	struct checker c = {.tree = &tree,
	                    .report = &problems,
	                    .arena = &out->arena,
	                    .file = report_file(&problems, path),
	                    .path = path,
	                    .use = CONFIG_CHECK};
	struct telling telling = {.c = &c, .story = out};
	if (tree_parse(bytes, len, &tree, &why) < 0)
		report_problem(
		        &problems,
		        (struct place){.file = c.file, .line = why.line, .column = why.column},
		        "%s", why.problem.text);
	else
		tell(&telling, tree.nodes, site);
	report_write(&problems, report);
	int r = problems.problems ? -EINVAL : 0;
	report_finish(&problems);
	tree_finish(&tree);
	return r;
}

int story_load(const char *path, const char *site, struct story *out, struct text *report)
{
	char *bytes;
	size_t len;
	for (unsigned int i = 0; i < built_in_story_count; i++)
		if (strcmp(built_in_stories[i].name, path) == 0)
			return story_read(path, (const char *)built_in_stories[i].bytes,
			                  *built_in_stories[i].len, site, out, report);
	int r = file_read(path, STORY_FILE_MAX, &bytes, &len, NULL);
	if (r < 0) {
		text_addf(report, "%s: %s; a file, or one of:", path, strerror(-r));
		for (unsigned int i = 0; i < built_in_story_count; i++)
			text_addf(report, " %s", built_in_stories[i].name);
		text_add(report, "\n");
		return -ENOENT;
	}
	r = story_read(path, bytes, len, site, out, report);
	free(bytes);
	return r;
}

void story_finish(struct story *story)
{
	free(story->items);
	arena_finish(&story->arena);
	*story = (struct story){0};
}

void story_list(struct text *out)
{
	for (unsigned int i = 0; i < built_in_story_count; i++) {
		struct story story = {0};
		struct text report = {0};
		if (story_load(built_in_stories[i].name, NULL, &story, &report) == 0)
			text_addf(out, "  %-18s %s\n", built_in_stories[i].name,
			          story.about ? story.about : "");
		text_finish(&report);
		story_finish(&story);
	}
}
