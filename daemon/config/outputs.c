/* Outputs: what is switched over MQTT while an incident lasts. */
#include <string.h>

#include "config/read.h"

#define TOPIC_MAX 1024 /* bytes */
#define TRIGGERS_MAX 10

enum {
	O_ID,
	O_NAME,
	O_TOPIC,
	O_ON,
	O_OFF,
	O_RETAIN,
	O_FOR,
	O_TRIGGERS,
	O_UNTIL,
	O_DRILLS,
	O_COUNT
};
static const struct key output_keys[O_COUNT] = {
        [O_ID] = {"id", "add a name for the record"},
        [O_NAME] = {"name", NULL},
        [O_TOPIC] = {"topic", NULL},
        [O_ON] = {"on", NULL},
        [O_OFF] = {"off", NULL},
        [O_RETAIN] = {"retain", NULL},
        [O_FOR] = {"for", "add what switches it, such as 'for: {kind: fire, zone: dorm}'"},
        [O_TRIGGERS] = {"triggers", NULL},
        [O_UNTIL] = {"until", NULL},
        [O_DRILLS] = {"drills", NULL},
};
static const struct shape output_shape = {"an output", SHAPE(output_keys), false};

enum { F_KIND, F_SEVERITY, F_ZONE, F_COUNT };
static const struct key for_keys[F_COUNT] = {
        [F_KIND] = {"kind", NULL},
        [F_SEVERITY] = {"severity", NULL},
        [F_ZONE] = {"zone", NULL},
};
static const struct shape for_shape = {"an output's 'for'", SHAPE(for_keys), false};

static const char *kind_word(const void *owner, uint32_t i)
{
	(void)owner;
	return incident_kind_name((enum incident_kind)i);
}

static const char *severity_word(const void *owner, uint32_t i)
{
	(void)owner;
	return severity_name((enum severity)i);
}

static void for_read(const struct checker *c, const struct node *node, struct site_reading *site,
                     struct output *output)
{
	const struct node *v[F_COUNT];
	if (!check_map(c, node, &for_shape, v))
		return;
	const char *kind = check_scalar(c, v[F_KIND], "the kind");
	const char *severity = check_scalar(c, v[F_SEVERITY], "the severity");
	if (kind) {
		output->kind = incident_kind_from_name(kind);
		if (output->kind == INCIDENT_KIND_NONE)
			check_unknown(
			        c, v[F_KIND], "kind of incident", kind,
			        &(struct names){.name = kind_word, .count = INCIDENT_KIND_COUNT});
	}
	if (severity) {
		output->least = severity_from_name(severity);
		if (output->least == SEVERITY_NONE)
			check_unknown(
			        c, v[F_SEVERITY], "severity", severity,
			        &(struct names){.name = severity_word, .count = SEVERITY_COUNT});
	}
	output->zone = ids_refer(c, &site->zones, v[F_ZONE]);
}

/* A topic of our own would be heard as a device, or be taken for an incident. */
static void topic_read(const struct checker *c, const struct node *node, struct site_reading *site,
                       struct output *output)
{
	const char *topic = check_line(c, node, "the topic");
	if (!topic) {
		struct text own = {0};
		text_addf(&own, "tocsin/%s/output/%s", site->def->id ? site->def->id : "",
		          output->id ? output->id : "");
		output->topic = arena_copy(c->arena, text_get(&own));
		text_finish(&own);
	} else if (strpbrk(topic, "+#") || topic[0] == '$' || strlen(topic) > TOPIC_MAX) {
		check_problem(c, node,
		              "a topic to publish to holds no '+' or '#', does not begin with '$' "
		              "and has at most %d bytes",
		              TOPIC_MAX);
	} else if (strncmp(topic, "tocsin/", 7) == 0) {
		check_problem(
		        c, node,
		        "topics that begin with tocsin/ are this service's own; leave 'topic' "
		        "out for tocsin/SITE/output/ID");
	} else {
		output->topic = topic;
	}
}

static void until_read(const struct checker *c, const struct node *node, struct output *output)
{
	const char *until = check_scalar(c, node, "until");
	output->until_acknowledged = until && strcmp(until, "acknowledged") == 0;
	if (until && !output->until_acknowledged && strcmp(until, "resolved") != 0)
		check_problem(c, node, "until: '%s'; allowed: resolved, acknowledged", until);
}

static void output_read(const struct checker *c, const struct node *node, struct site_reading *site,
                        struct ids *ids, struct output *output)
{
	const struct node *v[O_COUNT];
	*output = (struct output){
	        .kind = INCIDENT_KIND_NONE, .zone = POSITION_NONE, .on = "ON", .off = "OFF"};
	bool is_map = check_map(c, node, &output_shape, v);
	output->id = ids_claim(c, ids, v[O_ID]);
	if (!is_map)
		return;
	const char *name = check_text(c, v[O_NAME], "the output's name");
	const char *on = check_line(c, v[O_ON], "on"), *off = check_line(c, v[O_OFF], "off");
	output->name = name ? name : output->id;
	output->on = on ? on : output->on;
	output->off = off ? off : output->off;
	topic_read(c, v[O_TOPIC], site, output);
	check_bool(c, v[O_RETAIN], "retain", &output->retain);
	for_read(c, v[O_FOR], site, output);
	output->triggers = output->kind == INCIDENT_FIRE || output->kind == INCIDENT_KIND_NONE ? 2
	                                                                                       : 1;
	check_number(c, v[O_TRIGGERS], "triggers", 1, TRIGGERS_MAX, &output->triggers);
	until_read(c, v[O_UNTIL], output);
	check_bool(c, v[O_DRILLS], "drills", &output->drills);
}

void outputs_read(const struct checker *c, const struct node *list, struct site_reading *site)
{
	uint32_t count = check_list(c, list, "outputs", 0), i = 0;
	struct ids ids = {0};
	if (count > OUTPUTS_MAX) {
		check_problem(c, list, "%u outputs; at most %d are switched", count, OUTPUTS_MAX);
		return;
	}
	ids_begin(&ids, "output", list, count);
	site->def->outputs = ARENA_ARRAY(c->arena, struct output, count);
	site->def->output_count = count;
	FOR_EACH_NODE(c, item, list, count)
	output_read(c, item, site, &ids, &site->def->outputs[i++]);
	ids_finish(&ids);
}
