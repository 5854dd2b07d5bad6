/* What is reported upward: which incidents, to whom, within what time. */
#include <string.h>

#include "config/read.h"

enum { P_ID, P_NAME, P_FOR, P_TO, P_WITHIN, P_FROM, P_EVERY, P_LASTS, P_REMIND, P_TELL, P_COUNT };
static const struct key keys[P_COUNT] = {
        [P_ID] = {"id", "add a name for the record"},
        [P_NAME] = {"name", NULL},
        [P_FOR] = {"for", NULL},
        [P_TO] = {"to", "add to whom it goes, such as 'to: education bureau'"},
        [P_WITHIN] = {"within", "add its time, such as 'within: 1h'"},
        [P_FROM] = {"from", NULL},
        [P_EVERY] = {"every", NULL},
        [P_LASTS] = {"lasts", NULL},
        [P_REMIND] = {"remind", NULL},
        [P_TELL] = {"tell", "add who is reminded, such as 'tell: [duty:leader]'"},
};
static const struct shape shape = {"a duty to report", SHAPE(keys), false};

/* From when its time counts: "opening", or "resolution". */
static bool from_resolution(const struct checker *c, const struct node *node)
{
	const char *word = check_scalar(c, node, "from");
	if (word && strcmp(word, "opening") != 0 && strcmp(word, "resolution") != 0)
		check_problem(c, node, "from: '%s'; allowed are opening and resolution", word);
	return word && strcmp(word, "resolution") == 0;
}

static void reporting_read(const struct checker *c, const struct node *node,
                           struct site_reading *site, struct ids *ids, struct reporting *duty)
{
	const struct node *v[P_COUNT];
	*duty = (struct reporting){.kind = INCIDENT_KIND_NONE, .severity = SEVERITY_CRITICAL};
	bool is_map = check_map(c, node, &shape, v);
	duty->id = ids_claim(c, ids, v[P_ID]);
	if (!is_map)
		return;
	const char *name = check_line(c, v[P_NAME], "the name");
	duty->name = name ? name : duty->id;
	duty->to = check_line(c, v[P_TO], "to");
	incidents_for_read(c, v[P_FOR], &duty->kind, &duty->severity);
	check_span(c, v[P_WITHIN], "within", SPAN_LEAST, &duty->within);
	duty->from_resolution = from_resolution(c, v[P_FROM]);
	check_span(c, v[P_EVERY], "every", MINUTES(1), &duty->every);
	check_span(c, v[P_LASTS], "lasts", MINUTES(1), &duty->lasts);
	duty->remind = duty->within / 3;
	check_span(c, v[P_REMIND], "remind", SPAN_LEAST, &duty->remind);
	duty->tell_count = recipients_read(c, v[P_TELL], "tell", 1, site, &duty->tell);
	if (v[P_LASTS] && !v[P_EVERY])
		check_problem(c, v[P_LASTS],
		              "'lasts' says how long a report comes again; add "
		              "'every'");
	if (v[P_REMIND] && duty->remind >= duty->within)
		check_problem(c, v[P_REMIND],
		              "a reminder comes before the time is over: 'remind' "
		              "is shorter than 'within'");
}

void reportings_read(const struct checker *c, const struct node *list, struct site_reading *site)
{
	uint32_t count = check_list(c, list, "reporting", 0), i = 0;
	struct ids ids = {0};
	ids_begin(&ids, "duty to report", list, count);
	site->def->reportings = ARENA_ARRAY(c->arena, struct reporting, count);
	site->def->reporting_count = count;
	FOR_EACH_NODE(c, item, list, count)
	reporting_read(c, item, site, &ids, &site->def->reportings[i++]);
	ids_finish(&ids);
}
