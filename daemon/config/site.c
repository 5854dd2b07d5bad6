/* The site file: its head, zones and devices. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "config/duty.h"

enum {
	S_SITE,
	S_NAME,
	S_TIMEZONE,
	S_LANGUAGE,
	S_ZONES,
	S_DEVICES,
	S_PEOPLE,
	S_CALENDARS,
	S_DUTY,
	S_OVERRIDES,
	S_SCHEDULES,
	S_ARMING,
	S_POLICIES,
	S_LAST_RESORT,
	S_HANDOVER,
	S_LEDGER_HEAD,
	S_REPORTING,
	S_DRILLS,
	S_RULES,
	S_OUTPUTS,
	S_COUNT
};
static const struct key site_keys[S_COUNT] = {
        [S_SITE] = {"site", "add the site's id, which topics and incidents carry"},
        [S_NAME] = {"name", NULL},
        [S_TIMEZONE] = {"timezone", "add one such as 'timezone: Asia/Shanghai'"},
        [S_LANGUAGE] = {"language", NULL},
        [S_ZONES] = {"zones", "add a list of at least one: '- {id: campus, name: Campus}'"},
        [S_DEVICES] = {"devices", NULL},
        [S_PEOPLE] = {"people", NULL},
        [S_CALENDARS] = {"calendars", NULL},
        [S_DUTY] = {"duty", NULL},
        [S_OVERRIDES] = {"overrides", NULL},
        [S_SCHEDULES] = {"schedules", NULL},
        [S_ARMING] = {"arming", NULL},
        [S_POLICIES] = {"policies", "nobody would be told of anything; add a list of at least one"},
        [S_LAST_RESORT] = {"last_resort", NULL},
        [S_HANDOVER] = {"handover", NULL},
        [S_LEDGER_HEAD] = {"ledger_head", NULL},
        [S_REPORTING] = {"reporting", NULL},
        [S_DRILLS] = {"drills", NULL},
        [S_RULES] = {"rules", NULL},
        [S_OUTPUTS] = {"outputs", NULL},
};
static const struct shape site_shape = {"a site file", SHAPE(site_keys), false};

static const char *const languages[] = {"zh-CN", "en"};

static const char *language_word(const void *owner, uint32_t i)
{
	(void)owner;
	return languages[i];
}

const char *check_language(const struct checker *c, const struct node *node)
{
	const char *word = check_scalar(c, node, "the language");
	if (!word)
		return NULL;
	for (uint32_t i = 0; i < 2; i++)
		if (strcmp(languages[i], word) == 0)
			return languages[i];
	check_unknown(c, node, "language", word,
	              &(struct names){.name = language_word, .count = 2});
	return NULL;
}

static void timezone_read(const struct checker *c, const struct node *node, struct site_def *def)
{
	const char *name = check_text(c, node, "the timezone");
	if (name && timezone_load(name, c->arena, &def->timezone) < 0)
		check_problem(c, node,
		              "unknown timezone '%s'; allowed is a name of the system's list, such "
		              "as Asia/Shanghai, Europe/Berlin or UTC (see `timedatectl "
		              "list-timezones`)",
		              name);
}

/* ---- zones ---- */

enum { Z_ID, Z_NAME, Z_IN, Z_OWNER, Z_COUNT };
static const struct key zone_keys[Z_COUNT] = {
        [Z_ID] = {"id", "add the name by which devices refer to it"},
        [Z_NAME] = {"name", NULL},
        [Z_IN] = {"in", NULL},
        [Z_OWNER] = {"owner", NULL},
};
static const struct shape zone_shape = {"a zone", SHAPE(zone_keys), false};

struct nesting {        /* of one zone, while the tree of zones is walked */
	uint32_t depth; /* 1: lies in no other; 0: not known yet */
	uint32_t walk;  /* the walk that came by, from 1 */
	const struct node *in;
};

static void report_cycle(const struct checker *c, const struct site_def *def,
                         const struct nesting *nesting, uint32_t zone)
{
	struct text way = {0};
	uint32_t at = zone, shown = 0;
	do {
		text_addf(&way, "'%s' in ", def->zones[at].id ? def->zones[at].id : "?");
		at = def->zones[at].in;
	} while (at != zone && ++shown < ZONE_DEPTH_MAX);
	text_addf(&way, at == zone ? "'%s'" : "... '%s'",
	          def->zones[zone].id ? def->zones[zone].id : "?");
	check_problem(c, nesting[zone].in, "a zone lies in itself: %s; take one 'in' away",
	              text_get(&way));
	text_finish(&way);
}

/* Walks up from one zone to the first whose depth is known, then down again; every zone is walked
 * once in all. Returns the depth of the zone that was started from. */
static void nest(const struct checker *c, struct site_def *def, struct nesting *nesting,
                 uint32_t zone, uint32_t walk, uint32_t *path)
{
	uint32_t len = 0, depth = 0;
	while (zone != POSITION_NONE && !nesting[zone].depth) {
		if (nesting[zone].walk == walk) {
			report_cycle(c, def, nesting, zone);
			break;
		}
		nesting[zone].walk = walk;
		path[len++] = zone;
		zone = def->zones[zone].in;
	}
	if (zone != POSITION_NONE)
		depth = nesting[zone].depth;
	while (len) {
		nesting[path[--len]].depth = ++depth;
		if (depth == ZONE_DEPTH_MAX + 1)
			check_problem(c, nesting[path[len]].in,
			              "zones nest deeper than %d here; put it into a zone further "
			              "up",
			              ZONE_DEPTH_MAX);
	}
}

static void zones_nest(const struct checker *c, struct site_def *def, struct nesting *nesting)
{
	uint32_t *path = NEW_ARRAY(uint32_t, def->zone_count);
	for (uint32_t i = 0; i < def->zone_count; i++)
		nest(c, def, nesting, i, i + 1, path);
	free(path);
}

void zones_read(const struct checker *c, const struct node *list, struct site_reading *site)
{
	struct site_def *def = site->def;
	uint32_t count = check_list(c, list, "zones", 1), i = 0;
	ids_begin(&site->zones, "zone", list, count);
	site->zones.unsure |= count == 0;
	def->zones = ARENA_ARRAY(c->arena, struct zone, count);
	def->zone_count = count;
	struct nesting *nesting = NEW_ARRAY(struct nesting, count);
	const struct node **owners = NEW_ARRAY(const struct node *, count);
	FOR_EACH_NODE(c, item, list, count)
	{
		const struct node *v[Z_COUNT];
		check_map(c, item, &zone_shape, v);
		struct zone *zone = &def->zones[i];
		zone->id = ids_claim(c, &site->zones, v[Z_ID]);
		const char *name = check_text(c, v[Z_NAME], "the zone's name");
		zone->name = name ? name : zone->id;
		zone->in = zone->owner = POSITION_NONE;
		owners[i] = v[Z_OWNER];
		nesting[i++].in = v[Z_IN];
	}
	for (i = 0; i < count; i++) {
		def->zones[i].in = ids_refer(c, &site->zones, nesting[i].in);
		def->zones[i].owner = ids_refer(c, &site->people, owners[i]);
	}
	zones_nest(c, def, nesting);
	free(owners);
	free(nesting);
}

/* ---- devices ---- */

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

static void labels_read(const struct checker *c, const struct node *list, struct device *device)
{
	uint32_t count = check_list(c, list, "labels", 0);
	device->labels = ARENA_ARRAY(c->arena, const char *, count);
	FOR_EACH_NODE(c, item, list, count)
	{
		const char *label = check_text(c, item, "a label");
		if (label)
			device->labels[device->label_count++] = label;
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
                         struct site_reading *site, struct device *device)
{
	uint32_t count = check_list(c, list, "watch", 1);
	device->watches = ARENA_ARRAY(c->arena, struct watched, count);
	FOR_EACH_NODE(c, item, list, count)
	{
		const struct node *v[W_COUNT];
		struct watched *watch = &device->watches[device->watch_count++];
		if (!check_map(c, item, &watch_shape, v))
			continue;
		watch->value = check_text(c, v[W_VALUE], "the number's name");
		watch->has_min = bound_read(c, v[W_MIN], &watch->min);
		watch->has_max = bound_read(c, v[W_MAX], &watch->max);
		if (!v[W_MIN] && !v[W_MAX])
			check_problem(c, item,
			              "a watched number without a bound; add 'min' or "
			              "'max'");
		if (watch->value)
			watch_note(&site->service->config->profiles, watch->value);
	}
}

static void codes_read(const struct checker *c, const struct node *list, struct device *device)
{
	uint32_t count = check_list(c, list, "codes", 1);
	device->codes = ARENA_ARRAY(c->arena, const char *, count);
	FOR_EACH_NODE(c, item, list, count)
	{
		const char *code = check_text(c, item, "a code");
		if (code)
			device->codes[device->code_count++] = code;
	}
}

static void device_read(const struct checker *c, const struct node *node, struct site_reading *site,
                        struct device *device, const struct node **gateway)
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
	codes_read(c, v[D_CODES], device);
	watches_read(c, v[D_WATCH], site, device);
	signing_read(c, v[D_SIGNED], device);
	*gateway = v[D_GATEWAY];
	check_bool(c, v[D_SILENT], "silent", &device->silent);
	labels_read(c, v[D_LABELS], device);
	if (!v[D_KIND] && !v[D_PROFILE])
		check_problem(c, node,
		              "a device without a 'kind'; add one such as 'kind: smoke', or the "
		              "'profile' that tells what its messages mean");
}

/* What hangs on what; a gateway may hang on another, but on no circle. */
static void gateways_refer(const struct checker *c, struct site_reading *site,
                           const struct node *const *nodes)
{
	struct site_def *def = site->def;
	uint32_t *on = NEW_ARRAY(uint32_t, def->device_count);
	for (uint32_t i = 0; i < def->device_count; i++) {
		on[i] = nodes[i] ? ids_refer(c, &site->devices, nodes[i]) : INDEX_NONE;
		if (on[i] != INDEX_NONE)
			def->devices[i].gateway = def->devices[on[i]].id;
	}
	for (uint32_t i = 0; i < def->device_count; i++) {
		uint32_t at = on[i], steps = 0;
		while (at != INDEX_NONE && at != i && ++steps < ZONE_DEPTH_MAX)
			at = on[at];
		if (at != INDEX_NONE)
			check_problem(c, nodes[i],
			              "the gateways hang on each other in a circle, or more than "
			              "%d deep",
			              ZONE_DEPTH_MAX);
	}
	free(on);
}

void devices_read(const struct checker *c, const struct node *list, struct site_reading *site)
{
	uint32_t count = check_list(c, list, "devices", 0), i = 0;
	ids_begin(&site->devices, "device", list, count);
	site->def->devices = ARENA_ARRAY(c->arena, struct device, count);
	site->def->device_count = count;
	const struct node **gateways = NEW_ARRAY(const struct node *, count);
	FOR_EACH_NODE(c, item, list, count)
	{
		device_read(c, item, site, &site->def->devices[i], &gateways[i]);
		i++;
	}
	gateways_refer(c, site, gateways);
	free(gateways);
}

/* ---- the whole ---- */

static void channels_copy(const struct checker *c, struct site_reading *site)
{
	const struct service_config *config = site->service->config;
	struct site_def *def = site->def;
	def->channels = ARENA_ARRAY(c->arena, struct channel_facts, config->channel_count);
	def->channel_count = config->channel_count;
	for (uint32_t i = 0; i < config->channel_count; i++)
		def->channels[i] = (struct channel_facts){
		        .id = arena_copy(c->arena, config->channels[i].id),
		        .give_up_after = config->channels[i].give_up_after,
		        .outside = config->channels[i].outside,
		};
}

void site_read(const struct checker *c, const struct node *root, struct site_reading *site)
{
	const struct node *v[S_COUNT];
	struct site_def *def = site->def;
	if (!check_map(c, root, &site_shape, v))
		return;
	site->id = v[S_SITE];
	def->id = check_id(c, v[S_SITE], "the site's id");
	const char *name = check_text(c, v[S_NAME], "the site's name");
	def->name = name ? name : def->id;
	const char *language = check_language(c, v[S_LANGUAGE]);
	def->language = language ? language : "en";
	timezone_read(c, v[S_TIMEZONE], def);
	channels_copy(c, site);
	/* Each reads the names that the ones above it brought. */
	people_read(c, v[S_PEOPLE], site);
	zones_read(c, v[S_ZONES], site);
	devices_read(c, v[S_DEVICES], site);
	calendars_read(c, v[S_CALENDARS], site);
	posts_read(c, v[S_DUTY], site);
	overrides_read(c, v[S_OVERRIDES], site);
	schedules_read(c, v[S_SCHEDULES], site);
	armings_read(c, v[S_ARMING], site);
	policies_read(c, v[S_POLICIES], site);
	last_resort_read(c, v[S_LAST_RESORT], site);
	handover_read(c, v[S_HANDOVER], site);
	ledger_head_read(c, v[S_LEDGER_HEAD], site);
	reportings_read(c, v[S_REPORTING], site);
	drills_read(c, v[S_DRILLS], site);
	rules_read(c, v[S_RULES], site);
	outputs_read(c, v[S_OUTPUTS], site);
	/* What is wrong may look like a gap. */
	if (c->report->problems == 0)
		duty_gaps_warn(c, site);
}

void site_reading_finish(struct site_reading *site)
{
	ids_finish(&site->zones);
	ids_finish(&site->devices);
	ids_finish(&site->people);
	ids_finish(&site->posts);
	ids_finish(&site->calendars);
	text_finish(&site->imported);
	ids_finish(&site->schedules);
	ids_finish(&site->policies);
}
