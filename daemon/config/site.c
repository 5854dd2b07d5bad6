/* The site file: its head and zones. */
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
	S_SECOND_WORD,
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
        [S_SECOND_WORD] = {"second_word", NULL},
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

/* ---- the whole ---- */

/* Where a critical incident resolves as a false alarm by two persons' words only. */
static void second_word_read(const struct checker *c, const struct node *node, struct site_def *def)
{
	const char *word = check_scalar(c, node, "second_word");
	if (!word)
		return;
	def->second_word_always = strcmp(word, "always") == 0;
	if (!def->second_word_always && strcmp(word, "replies") != 0)
		check_problem(c, node,
		              "second_word: '%s' is not known; allowed are replies (who answers an "
		              "alarm alone does not call it off) and always (who resolves it alone "
		              "does not, either)",
		              word);
}

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
	second_word_read(c, v[S_SECOND_WORD], def);
	/* What is wrong may look like a gap. */
	if (c->report->problems == 0)
		duty_gaps_warn(c, site);
}

void site_read_recorded(const struct checker *c, const struct node *root, struct site_reading *site)
{
	const struct node *v[S_COUNT];
	site->people.unsure = site->posts.unsure = true;
	if (!check_map(c, root, &site_shape, v))
		return;
	site->def->id = check_id(c, v[S_SITE], "the site's id");
	zones_read(c, v[S_ZONES], site);
	devices_read_places(c, v[S_DEVICES], site);
	policies_read(c, v[S_POLICIES], site);
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
