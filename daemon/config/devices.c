/* The devices of a site file: what they are, what they hang on, what is watched of them. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "config/profiles.h"
#include "config/read.h"

enum {
	D_ID,
	D_ZONE,
	D_KIND,
	D_NAME,
	D_PROFILE,
	D_ADDRESS,
	D_EXPECT,
	D_SILENT,
	D_LABELS,
	D_INVERTED,
	D_CODES,
	D_GATEWAY,
	D_WATCH,
	D_SIGNED,
	D_COUNT
};
static const struct key device_keys[D_COUNT] = {
        [D_ID] = {"id", "add the name by which its messages are known"},
        [D_ZONE] = {"zone", "add the zone it stands in"},
        [D_KIND] = {"kind", NULL},
        [D_NAME] = {"name", NULL},
        [D_PROFILE] = {"profile", NULL},
        [D_ADDRESS] = {"address", NULL},
        [D_EXPECT] = {"expect_every", NULL},
        [D_SILENT] = {"silent", NULL},
        [D_LABELS] = {"labels", NULL},
        [D_INVERTED] = {"inverted", NULL},
        [D_CODES] = {"codes", NULL},
        [D_GATEWAY] = {"gateway", NULL},
        [D_WATCH] = {"watch", NULL},
        [D_SIGNED] = {"signed", NULL},
};
static const struct shape device_shape = {"a device", SHAPE(device_keys), false};

static const char *kind_word(const void *owner, uint32_t i)
{
	(void)owner;
	return kind_facts[i].name;
}

static enum kind kind_read(const struct checker *c, const struct node *node)
{
	const char *word = check_scalar(c, node, "the kind");
	if (!word)
		return KIND_NONE;
	enum kind kind = kind_from_name(word);
	if (kind == KIND_NONE)
		check_unknown(c, node, "kind", word,
		              &(struct names){.name = kind_word, .count = KIND_COUNT});
	return kind;
}

static void labels_read(const struct checker *c, const struct node *list,
                        struct device_details *details)
{
	uint32_t count = check_list(c, list, "labels", 0);
	details->labels = ARENA_ARRAY(c->arena, const char *, count);
	FOR_EACH_NODE(c, item, list, count)
	{
		const char *label = check_text(c, item, "a label");
		if (label)
			details->labels[details->label_count++] = label;
	}
}

/* How long a device of a kind may be silent where the file does not say. Battery devices of the
 * common radio systems say something once a day, detectors of fire and gas at least; what has no
 * kind here may be one. */
static span_ms silence_of(enum kind kind)
{
	bool life = kind == KIND_NONE || incident_kind_is_life_safety(kind_facts[kind].raises);
	return life ? HOURS(25) : HOURS(49);
}

static void expect_read(const struct checker *c, const struct node *node, struct device *device)
{
	device->expect_every = silence_of(device->kind);
	if (node && node->kind == NODE_TEXT && strcmp(node_text(c->tree, node), "never") == 0)
		device->expect_every = 0;
	else
		check_span(c, node, "expect_every", SPAN_LEAST, &device->expect_every);
}

static const char *profile_name(const void *owner, uint32_t i)
{
	return i ? ((const struct profiles *)owner)->items[i - 1].name : "native";
}

static const char *device_profile(const struct checker *c, const struct node *node,
                                  struct site_reading *site)
{
	struct profiles *profiles = &site->service->config->profiles;
	const char *name = check_id(c, node, "the profile");
	if (!name || strcmp(name, "native") == 0)
		return NULL;
	uint32_t at = profiles_find(profiles, name);
	if (at != POSITION_NONE)
		profile_fill(site->service->profile_sources, profiles, at);
	if (at != POSITION_NONE && !profiles->items[at].rule_count)
		check_problem(c, node,
		              "the profile '%s' has no topics: it is words for other profiles",
		              name);
	else if (at != POSITION_NONE)
		profiles->items[at].heard = true;
	else
		check_unknown(c, node, "profile", name,
		              &(struct names){.name = profile_name,
		                              .owner = profiles,
		                              .count = profiles->count + 1});
	return name;
}

enum { W_VALUE, W_MIN, W_MAX, W_COUNT };
static const struct key watch_keys[W_COUNT] = {
        [W_VALUE] = {"value", "add the name of the number, as the device says it"},
        [W_MIN] = {"min", NULL},
        [W_MAX] = {"max", NULL},
};
static const struct shape watch_shape = {"a watched number", SHAPE(watch_keys), false};

static bool bound_read(const struct checker *c, const struct node *node, double *out)
{
	const char *text = check_scalar(c, node, "a bound");
	char *end;
	if (!text)
		return false;
	*out = strtod(text, &end);
	if (end != text && !*end && isfinite(*out))
		return true;
	check_problem(c, node, "a bound is a number, such as 30 or 2.7");
	return false;
}

static void watch_note(struct profiles *profiles, const char *name)
{
	for (uint32_t i = 0; i < profiles->watched_count; i++)
		if (strcmp(profiles->watched[i], name) == 0)
			return;
	MEM_RESERVE(profiles->watched, profiles->watched_count, profiles->watched_cap);
	profiles->watched[profiles->watched_count++] = arena_copy(&profiles->arena, name);
}

static void watches_read(const struct checker *c, const struct node *list,
                         struct site_reading *site, struct device_details *details)
{
	uint32_t count = check_list(c, list, "watch", 1);
	details->watches = ARENA_ARRAY(c->arena, struct watched, count);
	FOR_EACH_NODE(c, item, list, count)
	{
		const struct node *v[W_COUNT];
		struct watched *watch = &details->watches[details->watch_count++];
		if (!check_map(c, item, &watch_shape, v))
			continue;
		watch->value = check_text(c, v[W_VALUE], "the number's name");
		watch->has_min = bound_read(c, v[W_MIN], &watch->min);
		watch->has_max = bound_read(c, v[W_MAX], &watch->max);
		if (!v[W_MIN] && !v[W_MAX])
			check_problem(c, item,
			              "a watched number without a bound; add 'min' or "
			              "'max'");
		if (watch->has_min && watch->has_max && watch->min > watch->max)
			check_problem(c, v[W_MAX],
			              "no number lies between these bounds: 'max' is below 'min'");
		if (watch->value)
			watch_note(&site->service->config->profiles, watch->value);
	}
}

static void codes_read(const struct checker *c, const struct node *list,
                       struct device_details *details)
{
	uint32_t count = check_list(c, list, "codes", 1);
	details->codes = ARENA_ARRAY(c->arena, const char *, count);
	FOR_EACH_NODE(c, item, list, count)
	{
		const char *code = check_text(c, item, "a code");
		if (code)
			details->codes[details->code_count++] = code;
	}
}

/* NULL: it has none. */
static const struct device_details *details_read(const struct checker *c,
                                                 const struct node *const v[D_COUNT],
                                                 struct site_reading *site,
                                                 const struct device *device)
{
	if (!v[D_CODES] && !v[D_WATCH] && !v[D_SIGNED] && !v[D_LABELS])
		return NULL;
	struct device_details *details = ARENA_ARRAY(c->arena, struct device_details, 1);
	codes_read(c, v[D_CODES], details);
	watches_read(c, v[D_WATCH], site, details);
	details->signing = signing_read(c, v[D_SIGNED], device->profile != NULL);
	labels_read(c, v[D_LABELS], details);
	return details;
}

struct device_nodes { /* what is looked at when all of them are read */
	const struct node *gateway, *address;
};

static void device_read(const struct checker *c, const struct node *node, struct site_reading *site,
                        struct device *device, struct device_nodes *nodes)
{
	const struct node *v[D_COUNT];
	device->kind = KIND_NONE;
	bool is_map = check_map(c, node, &device_shape, v);
	device->id = ids_claim(c, &site->devices, v[D_ID]);
	if (!is_map)
		return;
	device->zone = ids_refer(c, &site->zones, v[D_ZONE]);
	device->kind = kind_read(c, v[D_KIND]);
	device->profile = device_profile(c, v[D_PROFILE], site);
	uint32_t at = device->profile
	                      ? profiles_find(&site->service->config->profiles, device->profile)
	                      : POSITION_NONE;
	if (at != POSITION_NONE)
		device->bridge = site->service->config->profiles.items[at].gateway;
	const char *name = check_text(c, v[D_NAME], "the device's name");
	device->name = name ? name : device->id;
	const char *address = check_text(c, v[D_ADDRESS], "the address");
	device->address = address ? address : device->id;
	expect_read(c, v[D_EXPECT], device);
	check_bool(c, v[D_INVERTED], "inverted", &device->inverted);
	nodes->gateway = v[D_GATEWAY];
	nodes->address = v[D_ADDRESS] ? v[D_ADDRESS] : node;
	check_bool(c, v[D_SILENT], "silent", &device->silent);
	device->details = details_read(c, v, site, device);
	if (!v[D_KIND] && !v[D_PROFILE])
		check_problem(c, node,
		              "a device without a 'kind'; add one such as 'kind: smoke', or the "
		              "'profile' that tells what its messages mean");
}

/* What hangs on what; a gateway may hang on another, but on no circle. */
static void gateways_refer(const struct checker *c, struct site_reading *site,
                           const struct device_nodes *nodes)
{
	struct site_def *def = site->def;
	uint32_t *on = NEW_ARRAY(uint32_t, def->device_count);
	for (uint32_t i = 0; i < def->device_count; i++) {
		on[i] = nodes[i].gateway ? ids_refer(c, &site->devices, nodes[i].gateway)
		                         : INDEX_NONE;
		if (on[i] != INDEX_NONE)
			def->devices[i].gateway = def->devices[on[i]].id;
	}
	for (uint32_t i = 0; i < def->device_count; i++) {
		uint32_t at = on[i], steps = 0;
		while (at != INDEX_NONE && at != i && ++steps < ZONE_DEPTH_MAX)
			at = on[at];
		if (at != INDEX_NONE)
			check_problem(c, nodes[i].gateway,
			              "the gateways hang on each other in a circle, or more than "
			              "%d deep",
			              ZONE_DEPTH_MAX);
	}
	free(on);
}

void devices_read_places(const struct checker *c, const struct node *list,
                         struct site_reading *site)
{
	uint32_t count = check_list(c, list, "devices", 0);
	struct device *device = ARENA_ARRAY(c->arena, struct device, count);
	ids_begin(&site->devices, "device", list, count);
	site->def->devices = device;
	site->def->device_count = count;
	FOR_EACH_NODE(c, item, list, count)
	{
		const struct node *v[D_COUNT];
		check_map(c, item, &device_shape, v);
		device->id = device->address = ids_claim(c, &site->devices, v[D_ID]);
		device->zone = ids_refer(c, &site->zones, v[D_ZONE]);
		const char *name = check_text(c, v[D_NAME], "the device's name");
		device->name = name ? name : device->id;
		device++;
	}
}

/* ---- one thing, twice ---- */

static bool share_a_code(const struct device_details *a, const struct device_details *b)
{
	bool all = !a->code_count || !b->code_count;
	for (uint32_t i = 0; i < a->code_count && !all; i++)
		for (uint32_t k = 0; k < b->code_count && !all; k++)
			all = strcmp(a->codes[i], b->codes[k]) == 0;
	return all;
}

/* A thing may stand there once for each of its kinds, and of its buttons. */
static bool is_twice(const struct device *a, const struct device *b)
{
	bool kinds = a->kind == b->kind || a->kind == KIND_NONE || b->kind == KIND_NONE;
	return kinds && share_a_code(device_details(a), device_details(b));
}

struct placed {
	const struct device *device;
	const struct node *at;
};

static int by_address(const void *left, const void *right)
{
	const struct placed *a = left, *b = right;
	int order = strcmp(a->device->profile, b->device->profile);
	order = order ? order : strcmp(a->device->address, b->device->address);
	return order ? order : (a->device > b->device) - (a->device < b->device);
}

/* What one detector says would be the word of two, of which the second confirms the first. */
static void addresses_check(const struct checker *c, const struct site_def *def,
                            const struct device_nodes *nodes)
{
	struct placed *placed = NEW_ARRAY(struct placed, def->device_count);
	uint32_t count = 0;
	for (uint32_t i = 0; i < def->device_count; i++)
		if (def->devices[i].profile && def->devices[i].address)
			placed[count++] = (struct placed){&def->devices[i], nodes[i].address};
	if (count)
		qsort(placed, count, sizeof *placed, by_address);
	for (uint32_t i = 1; i < count; i++) {
		const struct device *d = placed[i].device;
		uint32_t other = i;
		while (other && device_is_same(placed[other - 1].device, d) &&
		       !is_twice(placed[other - 1].device, d))
			other--;
		if (!other || !device_is_same(placed[other - 1].device, d))
			continue;
		const char *id = placed[other - 1].device->id;
		check_problem(c, placed[i].at,
		              "profile '%s' with address '%s' is already device '%s' on line %u: "
		              "one thing stands here once, or with another 'kind' or other "
		              "'codes' each time",
		              d->profile, d->address, id ? id : "?", placed[other - 1].at->line);
	}
	free(placed);
}

void devices_read(const struct checker *c, const struct node *list, struct site_reading *site)
{
	uint32_t count = check_list(c, list, "devices", 0), i = 0;
	ids_begin(&site->devices, "device", list, count);
	site->def->devices = ARENA_ARRAY(c->arena, struct device, count);
	site->def->device_count = count;
	struct device_nodes *nodes = NEW_ARRAY(struct device_nodes, count);
	FOR_EACH_NODE(c, item, list, count)
	{
		device_read(c, item, site, &site->def->devices[i], &nodes[i]);
		i++;
	}
	gateways_refer(c, site, nodes);
	addresses_check(c, site->def, nodes);
	free(nodes);
}
