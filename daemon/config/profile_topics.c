/* Where a profile's messages come from: topics and models. */
#include <string.h>

#include "config/profiles.h"
#include "config/read.h"

enum {
	T_TOPIC,
	T_PAYLOAD,
	T_IGNORE,
	T_AVAILABILITY,
	T_MODELS,
	T_DISCOVERY,
	T_AS,
	T_DEVICE,
	T_POINT,
	T_WITHDRAWN,
	T_AT,
	T_WORDS,
	T_ROOTS,
	T_READ,
	T_TIME,
	T_ID,
	T_ID_LASTS,
	T_MODEL,
	T_ALIAS,
	T_THROUGH,
	T_EACH,
	T_ARMED,
	T_DEAD,
	T_BURST,
	T_COUNT
};
static const struct key topic_keys[T_COUNT] = {
        [T_TOPIC] = {"topic", "add the topic, such as 'tele/{device}/SENSOR'"},
        [T_PAYLOAD] = {"payload", NULL},
        [T_IGNORE] = {"ignore", NULL},
        [T_AVAILABILITY] = {"availability", NULL},
        [T_MODELS] = {"models", NULL},
        [T_DISCOVERY] = {"discovery", NULL},
        [T_AS] = {"as", NULL},
        [T_DEVICE] = {"device", NULL},
        [T_POINT] = {"point", NULL},
        [T_WITHDRAWN] = {"withdrawn", NULL},
        [T_AT] = {"at", NULL},
        [T_WORDS] = {"words", NULL},
        [T_ROOTS] = {"roots", NULL},
        [T_READ] = {"read", NULL},
        [T_TIME] = {"time", NULL},
        [T_ID] = {"id", NULL},
        [T_ID_LASTS] = {"id_lasts", NULL},
        [T_MODEL] = {"model", NULL},
        [T_ALIAS] = {"alias", NULL},
        [T_THROUGH] = {"through", NULL},
        [T_EACH] = {"each", NULL},
        [T_ARMED] = {"armed", NULL},
        [T_DEAD] = {"dead", NULL},
        [T_BURST] = {"burst", NULL},
};
static const struct shape topic_shape = {"a topic", SHAPE(topic_keys), false};

/* A word out of a list of them; the first where there is none. */
static uint32_t choice_read(const struct checker *c, const struct node *node, const char *what,
                            const char *const *words, uint32_t count)
{
	const char *word = check_scalar(c, node, what);
	for (uint32_t i = 0; word && i < count; i++)
		if (strcmp(words[i], word) == 0)
			return i;
	if (!word)
		return 0;
	struct text allowed = {0};
	for (uint32_t i = 0; i < count; i++)
		text_addf(&allowed, "%s%s", i ? ", " : "", words[i]);
	check_problem(c, node, "%s is one of: %s", what, text_get(&allowed));
	text_finish(&allowed);
	return 0;
}

static const char *pointer_read(const struct checker *c, const struct node *node, const char *what)
{
	const char *text = check_scalar(c, node, what);
	if (!text)
		return NULL;
	if ((*text && *text != '/') || strlen(text) >= ADDRESS_MAX) {
		check_problem(c, node, "%s is a pointer into the payload, such as /a/b", what);
		return NULL;
	}
	return arena_copy(c->arena, text);
}

/* "{device}-{/channel|1}", or "/pointer" for short. */
static const char *template_read(const struct checker *c, const struct node *node, const char *what)
{
	const char *text = check_line(c, node, what);
	if (!text)
		return NULL;
	struct text made = {0};
	if (*text == '/')
		text_addf(&made, "{%s}", text);
	else
		text_add(&made, text);
	const char *out = arena_copy(c->arena, text_get(&made));
	text_finish(&made);
	int depth = 0;
	for (const char *at = out; *at && depth >= 0 && depth <= 1; at++)
		depth += (*at == '{') - (*at == '}');
	if (depth == 0)
		return out;
	check_problem(c, node, "%s: a '{' without its '}'", what);
	return NULL;
}

enum { O_AT, O_DEVICE, O_HISTORY, O_VALUE, O_WHEN, O_READ, O_COUNT };
static const struct key root_keys[O_COUNT] = {
        [O_AT] = {"at", "add where the members stand, such as /data"},
        [O_DEVICE] = {"device", NULL},
        [O_HISTORY] = {"history", NULL},
        [O_VALUE] = {"value", NULL},
        [O_WHEN] = {"when", NULL},
        [O_READ] = {"read", NULL},
};
static const struct shape root_shape = {"a root", SHAPE(root_keys), false};

/* true: the key at the *, or a template of what stands there. */
static void root_device_read(const struct checker *c, const struct node *node, struct root *out)
{
	const char *word = node && node->kind == NODE_TEXT ? node_text(c->tree, node) : "";
	if (strchr("/{", *word) && *word)
		out->named = template_read(c, node, "the device");
	else
		check_bool(c, node, "device", &out->device);
	if ((out->device || out->named) && out->at && !strstr(out->at, "/*"))
		check_problem(c, node, "'device' of a root needs a * in its 'at'");
}

static void root_read(const struct checker *c, const struct node *node, struct profile_reading *r,
                      struct root *out)
{
	const struct node *v[O_COUNT];
	const char *at = NULL;
	if (node->kind == NODE_TEXT) {
		at = pointer_read(c, node, "a root");
	} else if (check_map(c, node, &root_shape, v)) {
		at = pointer_read(c, v[O_AT], "a root");
		out->at = at;
		root_device_read(c, v[O_DEVICE], out);
		check_bool(c, v[O_HISTORY], "history", &out->history);
		out->value = check_line(c, v[O_VALUE], "value");
		out->when = conditions_read(c, v[O_WHEN], "when", r, &out->when_count);
		if (v[O_READ])
			set_refer_list(c, v[O_READ], r, &out->sets, &out->set_count);
	}
	out->at = at ? at : "";
}

static void roots_read(const struct checker *c, const struct node *node, struct profile_reading *r,
                       struct topic_rule *rule)
{
	uint32_t count = check_list(c, node, "roots", 1), at = 0;
	rule->root_count = count ? count : 1;
	rule->roots = ARENA_ARRAY(c->arena, struct root, rule->root_count);
	rule->roots[0].at = "";
	FOR_EACH_NODE(c, item, node, count)
	root_read(c, item, r, &rule->roots[at++]);
}

enum { W_AT, W_FORMAT, W_COUNT };
static const struct key time_keys[W_COUNT] = {
        [W_AT] = {"at", "add where the time stands, such as /time"},
        [W_FORMAT] = {"format", NULL},
};
static const struct shape time_shape = {"a time", SHAPE(time_keys), false};

static void time_read(const struct checker *c, const struct node *node, struct topic_rule *rule)
{
	static const char *const formats[] = {"auto", "rfc3339", "seconds", "milliseconds",
	                                      "local"};
	const struct node *v[W_COUNT];
	if (!node)
		return;
	if (node->kind == NODE_TEXT) {
		rule->time_at = pointer_read(c, node, "the time");
	} else if (check_map(c, node, &time_shape, v)) {
		rule->time_at = pointer_read(c, v[W_AT], "the time");
		rule->time_format = (enum time_format)choice_read(c, v[W_FORMAT], "the format",
		                                                  formats, 5);
	}
}

static void does_read(const struct checker *c, const struct node *const *v, const struct node *node,
                      struct topic_rule *rule)
{
	static const char *const of[] = {"device", "gateway"};
	bool ignores = false, models = false, discovery = false;
	int things = (v[T_IGNORE] != NULL) + (v[T_AVAILABILITY] != NULL) + (v[T_MODELS] != NULL) +
	             (v[T_DISCOVERY] != NULL) + (v[T_READ] != NULL);
	if (things > 1)
		check_problem(c, node,
		              "a topic does one thing: 'read', 'availability', 'models', "
		              "'discovery' or 'ignore'");
	check_bool(c, v[T_IGNORE], "ignore", &ignores);
	check_bool(c, v[T_MODELS], "models", &models);
	check_bool(c, v[T_DISCOVERY], "discovery", &discovery);
	if (v[T_AVAILABILITY])
		rule->does = choice_read(c, v[T_AVAILABILITY], "availability", of, 2)
		                     ? RULE_GATEWAY
		                     : RULE_AVAILABILITY;
	if (ignores)
		rule->does = RULE_IGNORES;
	if (models)
		rule->does = RULE_MODELS;
	if (discovery)
		rule->does = RULE_DISCOVERY;
	if (rule->does == RULE_READS && !v[T_READ])
		check_problem(c, node,
		              "a topic that says nothing: add 'read' with the sets that know its "
		              "members, 'availability: device' or 'ignore: true'");
	if (models && !v[T_DEVICE])
		check_problem(c, node, "'models' needs 'device' and 'model', pointers within one");
}

static bool rule_captures(const struct topic_rule *rule, const char *name, size_t len)
{
	for (uint32_t i = 0; i < rule->level_count; i++)
		if (rule->levels[i].name && strlen(rule->levels[i].name) == len &&
		    memcmp(rule->levels[i].name, name, len) == 0)
			return true;
	return len == 7 && memcmp(name, "gateway", len) == 0;
}

/* A {name} that the topic does not capture would leave the template empty for ever. */
static void check_captures(const struct checker *c, const struct node *const *v,
                           const struct topic_rule *rule)
{
	const struct {
		int key;
		const char *template;
	} all[] = {{T_AS, rule->as},          {T_DEVICE, rule->device},  {T_POINT, rule->point},
	           {T_ID, rule->id},          {T_MODEL, rule->model_at}, {T_ALIAS, rule->alias_at},
	           {T_THROUGH, rule->through}};
	for (size_t i = 0; i < sizeof all / sizeof *all && rule->level_count; i++)
		for (const char *at = all[i].template; at && (at = strchr(at, '{')); at++) {
			size_t len = strcspn(at + 1, "}|");
			if (at[1] == '/' || at[1 + len] == '|' || rule_captures(rule, at + 1, len))
				continue;
			check_problem(c, v[all[i].key], "the topic has no {%.*s}", (int)len,
			              at + 1);
			return;
		}
}

/* What nobody said would be lost. */
static void check_device(const struct checker *c, const struct node *node,
                         const struct topic_rule *rule)
{
	bool named = rule->device || rule_captures(rule, "device", 6);
	for (uint32_t i = 0; i < rule->root_count; i++)
		named |= rule->roots[i].device || rule->roots[i].named;
	if ((rule->does == RULE_READS || rule->does == RULE_AVAILABILITY) && !named)
		check_problem(c, node,
		              "nobody says of which device it is: put {device} into the topic, or "
		              "add 'device'");
}

static void topic_read(const struct checker *c, const struct node *node, struct profile_reading *r,
                       struct topic_rule *rule)
{
	static const char *const forms[] = {"any", "object", "array", "word", "json", "empty"};
	const struct node *v[T_COUNT];
	struct problem why;
	if (!check_map(c, node, &topic_shape, v))
		return;
	rule->topic = check_line(c, v[T_TOPIC], "the topic");
	if (rule->topic && topic_pattern_parse(rule->topic, r->profile->base, c->arena,
	                                       &rule->levels, &rule->level_count, &why) < 0)
		check_problem(c, v[T_TOPIC], "%s", why.text);
	if (rule->level_count && rule->levels[0].kind == LEVEL_TEXT &&
	    strcmp(rule->levels[0].text, "tocsin") == 0)
		check_problem(c, v[T_TOPIC], "topics below tocsin/ speak Tocsin's own language");
	rule->form = (enum payload_form)choice_read(c, v[T_PAYLOAD], "the payload", forms, 6);
	does_read(c, v, node, rule);
	rule->as = template_read(c, v[T_AS], "as");
	rule->device = template_read(c, v[T_DEVICE], "the device");
	rule->point = template_read(c, v[T_POINT], "the point");
	check_bool(c, v[T_WITHDRAWN], "withdrawn", &rule->withdrawn);
	rule->value_at = pointer_read(c, v[T_AT], "at");
	if (rule->does == RULE_AVAILABILITY || rule->does == RULE_GATEWAY)
		rule->words = map_refer(c, v[T_WORDS], r, true);
	else if (v[T_WORDS])
		check_problem(c, v[T_WORDS], "'words' go with 'availability'");
	roots_read(c, v[T_ROOTS], r, rule);
	if (v[T_READ])
		set_refer_list(c, v[T_READ], r, &rule->sets, &rule->set_count);
	time_read(c, v[T_TIME], rule);
	rule->id = template_read(c, v[T_ID], "the id");
	check_span(c, v[T_ID_LASTS], "id_lasts", SPAN_LEAST, &rule->id_lasts);
	rule->model_at = template_read(c, v[T_MODEL], "the model");
	rule->alias_at = template_read(c, v[T_ALIAS], "the alias");
	rule->through = template_read(c, v[T_THROUGH], "through");
	rule->each = pointer_read(c, v[T_EACH], "each");
	check_bool(c, v[T_ARMED], "armed", &rule->armed);
	check_bool(c, v[T_DEAD], "dead", &rule->dead);
	check_span(c, v[T_BURST], "burst", SPAN_LEAST, &rule->burst);
	check_captures(c, v, rule);
	check_device(c, node, rule);
}

void topics_read(const struct checker *c, const struct node *node, struct profile_reading *r)
{
	struct profile *p = r->profile;
	uint32_t count = check_list(c, node, "topics", 0);
	FOR_EACH_NODE(c, item, node, count)
	{
		struct topic_rule rule = {0};
		topic_read(c, item, r, &rule);
		if (!rule.level_count) /* reported; nothing is used then */
			continue;
		MEM_RESERVE(p->rules, p->rule_count, r->rule_cap);
		p->rules[p->rule_count++] = rule;
	}
}

enum { M_MODEL, M_READ, M_COUNT };
static const struct key model_keys[M_COUNT] = {
        [M_MODEL] = {"model", "add the models it is about, * stands for anything"},
        [M_READ] = {"read", "add the readers that differ"},
};
static const struct shape model_shape = {"a model", SHAPE(model_keys), false};

void models_read(const struct checker *c, const struct node *node, struct profile_reading *r)
{
	struct profile *p = r->profile;
	uint32_t count = check_list(c, node, "models", 0);
	FOR_EACH_NODE(c, item, node, count)
	{
		const struct node *v[M_COUNT];
		if (!check_map(c, item, &model_shape, v))
			continue;
		struct model_rule rule = {0};
		rule.models = words_read(c, v[M_MODEL], "the model", r->arena, false,
		                         &rule.model_count);
		if (v[M_READ])
			set_refer_list(c, v[M_READ], r, &rule.sets, &rule.set_count);
		MEM_RESERVE(p->models, p->model_count, r->model_cap);
		p->models[p->model_count++] = rule;
	}
}
