/* Rules: what raises more than a kind does by itself. */
#include <stdlib.h>
#include <string.h>

#include "config/read.h"

#define COUNT_MAX 100

enum { R_ID, R_MATCH, R_FOR, R_ABSENT, R_COUNT_OF, R_WITHIN, R_DISTINCT, R_SAME, R_RAISE, R_COUNT };
static const struct key rule_keys[R_COUNT] = {
        [R_ID] = {"id", "add a name for the record"},
        [R_MATCH] = {"match", "add what it is about, such as 'match: {kind: contact}'"},
        [R_FOR] = {"for", NULL},
        [R_ABSENT] = {"absent", NULL},
        [R_COUNT_OF] = {"count", NULL},
        [R_WITHIN] = {"within", NULL},
        [R_DISTINCT] = {"distinct", NULL},
        [R_SAME] = {"same", NULL},
        [R_RAISE] = {"raise", "add what comes of it, such as 'raise: {severity: critical}'"},
};
static const struct shape rule_shape = {"a rule", SHAPE(rule_keys), false};

enum { M_KIND, M_DEVICE, M_ZONE, M_LABEL, M_DURING, M_COUNT };
static const struct key match_keys[M_COUNT] = {
        [M_KIND] = {"kind", NULL},   [M_DEVICE] = {"device", NULL}, [M_ZONE] = {"zone", NULL},
        [M_LABEL] = {"label", NULL}, [M_DURING] = {"during", NULL},
};
static const struct shape match_shape = {"a rule's 'match'", SHAPE(match_keys), false};

enum { A_KIND, A_SEVERITY, A_POLICY, A_COUNT };
static const struct key raise_keys[A_COUNT] = {
        [A_KIND] = {"kind", NULL},
        [A_SEVERITY] = {"severity", NULL},
        [A_POLICY] = {"policy", NULL},
};
static const struct shape raise_shape = {"a rule's 'raise'", SHAPE(raise_keys), false};

static const char *kind_word(const void *owner, uint32_t i)
{
	(void)owner;
	return kind_facts[i].name;
}

static const char *incident_word(const void *owner, uint32_t i)
{
	(void)owner;
	return incident_kind_name((enum incident_kind)i);
}

static const char *severity_word(const void *owner, uint32_t i)
{
	(void)owner;
	return severity_name((enum severity)i);
}

static void match_read(const struct checker *c, const struct node *node, struct site_reading *site,
                       struct rule *rule)
{
	const struct node *v[M_COUNT];
	if (!check_map(c, node, &match_shape, v))
		return;
	const char *kind = check_scalar(c, v[M_KIND], "the kind");
	if (kind && kind_from_name(kind) == KIND_NONE)
		check_unknown(c, v[M_KIND], "kind", kind,
		              &(struct names){.name = kind_word, .count = KIND_COUNT});
	else if (kind)
		rule->kinds = UINT32_C(1) << kind_from_name(kind);
	rule->device = ids_refer(c, &site->devices, v[M_DEVICE]);
	rule->zone = ids_refer(c, &site->zones, v[M_ZONE]);
	rule->label = check_text(c, v[M_LABEL], "the label");
	rule->schedule = ids_refer(c, &site->schedules, v[M_DURING]);
}

static void raise_read(const struct checker *c, const struct node *node, struct site_reading *site,
                       struct rule *rule)
{
	const struct node *v[A_COUNT];
	if (!check_map(c, node, &raise_shape, v))
		return;
	const char *kind = check_scalar(c, v[A_KIND], "the kind");
	const char *severity = check_scalar(c, v[A_SEVERITY], "the severity");
	if (kind) {
		rule->raise_kind = incident_kind_from_name(kind);
		if (rule->raise_kind == INCIDENT_KIND_NONE)
			check_unknown(c, v[A_KIND], "kind of incident", kind,
			              &(struct names){.name = incident_word,
			                              .count = INCIDENT_KIND_COUNT});
	}
	if (severity) {
		rule->raise_severity = severity_from_name(severity);
		if (rule->raise_severity == SEVERITY_NONE)
			check_unknown(
			        c, v[A_SEVERITY], "severity", severity,
			        &(struct names){.name = severity_word, .count = SEVERITY_COUNT});
	}
	rule->policy = ids_refer(c, &site->policies, v[A_POLICY]);
	if (!v[A_KIND] && !v[A_SEVERITY] && !v[A_POLICY])
		check_problem(c, node, "'raise' says nothing; give kind, severity or policy");
}

static void count_read(const struct checker *c, const struct node *const *v, struct rule *rule)
{
	const char *count = check_scalar(c, v[R_COUNT_OF], "count");
	const char *distinct = check_scalar(c, v[R_DISTINCT], "distinct");
	const char *same = check_scalar(c, v[R_SAME], "same");
	int64_t number;
	if (count && (text_parse_int(count, &number) < 0 || number < 2 || number > COUNT_MAX))
		check_problem(c, v[R_COUNT_OF], "count '%s' is no whole number from 2 to %d", count,
		              COUNT_MAX);
	else if (count)
		rule->count = (uint32_t)number;
	check_span(c, v[R_WITHIN], "within", SPAN_LEAST, &rule->within);
	if (distinct && strcmp(distinct, "device") != 0)
		check_problem(c, v[R_DISTINCT], "distinct: '%s'; allowed is device", distinct);
	if (same && strcmp(same, "zone") != 0)
		check_problem(c, v[R_SAME], "same: '%s'; allowed is zone", same);
	rule->distinct = distinct != NULL;
	rule->same_zone = same != NULL;
	if (!v[R_COUNT_OF] != !v[R_WITHIN])
		check_problem(c, v[R_COUNT_OF] ? v[R_COUNT_OF] : v[R_WITHIN],
		              "'count' and 'within' go together: 'count: 3, within: 1h'");
	if ((distinct || same) && !v[R_COUNT_OF])
		check_problem(c, distinct ? v[R_DISTINCT] : v[R_SAME],
		              "'distinct' and 'same' say what is counted; add 'count' and "
		              "'within'");
	if (v[R_FOR] && v[R_COUNT_OF])
		check_problem(c, v[R_FOR], "'for' and 'count' are two rules; give one of them");
}

/* Why no signal of this site could ever meet it, or NULL. */
static const char *never_applies(const struct site_def *def, const struct rule *rule)
{
	uint32_t fitting = 0;
	for (uint32_t i = 0; i < def->device_count; i++) {
		/* A device with a profile may say other kinds, too, and any device its own state.
		 */
		bool speaks = !rule->kinds || def->devices[i].profile ||
		              def->devices[i].kind == KIND_NONE ||
		              (rule->kinds & (UINT32_C(1) << def->devices[i].kind)) ||
		              rule->kinds >= UINT32_C(1) << KIND_TAMPER;
		fitting += speaks && rule_fits_device(def, rule, i);
	}
	if (!fitting)
		return "no device fits its 'match'";
	if (rule->distinct && fitting < rule->count)
		return "fewer devices fit its 'match' than it counts";
	return NULL;
}

static void rule_read(const struct checker *c, const struct node *node, struct site_reading *site,
                      struct ids *ids, struct rule *rule)
{
	const struct node *v[R_COUNT];
	uint32_t problems = c->report->problems;
	*rule = (struct rule){.device = POSITION_NONE,
	                      .zone = POSITION_NONE,
	                      .schedule = POSITION_NONE,
	                      .policy = POSITION_NONE,
	                      .raise_kind = INCIDENT_KIND_NONE,
	                      .raise_severity = SEVERITY_NONE};
	bool is_map = check_map(c, node, &rule_shape, v);
	rule->id = ids_claim(c, ids, v[R_ID]);
	if (!is_map)
		return;
	match_read(c, v[R_MATCH], site, rule);
	raise_read(c, v[R_RAISE], site, rule);
	check_span(c, v[R_FOR], "for", SPAN_LEAST, &rule->holds);
	check_span(c, v[R_ABSENT], "absent", SPAN_LEAST, &rule->absent);
	if (v[R_ABSENT] && (v[R_FOR] || v[R_COUNT_OF]))
		check_problem(c, v[R_ABSENT],
		              "'absent' stands alone; 'for' and 'count' are other rules");
	count_read(c, v, rule);
	const char *never = c->report->problems == problems ? never_applies(site->def, rule) : NULL;
	if (never)
		check_warning(c, node, "rule '%s' can never apply: %s", rule->id, never);
}

void rules_read(const struct checker *c, const struct node *list, struct site_reading *site)
{
	uint32_t count = check_list(c, list, "rules", 0), i = 0;
	struct ids ids = {0};
	ids_begin(&ids, "rule", list, count);
	site->def->rules = ARENA_ARRAY(c->arena, struct rule, count);
	site->def->rule_count = count;
	FOR_EACH_NODE(c, item, list, count)
	rule_read(c, item, site, &ids, &site->def->rules[i++]);
	ids_finish(&ids);
}
