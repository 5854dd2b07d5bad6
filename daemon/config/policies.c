/* Who is told, when, of what. */
#include <string.h>

#include "config/read.h"

enum { P_ID, P_FOR, P_STEPS, P_REPEAT, P_RESOLVE, P_COUNT };
static const struct key policy_keys[P_COUNT] = {
        [P_ID] = {"id", "add a name for the record"},
        [P_FOR] = {"for", NULL},
        [P_STEPS] = {"steps", "add 'steps: [{after: 0s, notify: [duty:...]}]'"},
        [P_REPEAT] = {"repeat", NULL},
        [P_RESOLVE] = {"resolve_within", NULL},
};
static const struct shape policy_shape = {"a policy", SHAPE(policy_keys), false};

enum { F_KIND, F_SEVERITY, F_COUNT };
static const struct key for_keys[F_COUNT] = {
        [F_KIND] = {"kind", NULL},
        [F_SEVERITY] = {"severity", NULL},
};
static const struct shape for_shape = {"a policy's 'for'", SHAPE(for_keys), false};

enum { S_AFTER, S_NOTIFY, S_COUNT };
static const struct key step_keys[S_COUNT] = {
        [S_AFTER] = {"after", "add how long after the opening, such as 'after: 0s'"},
        [S_NOTIFY] = {"notify", "add who is told, such as 'notify: [duty:guard]'"},
};
static const struct shape step_shape = {"a step", SHAPE(step_keys), false};

/* ---- recipients ---- */

/* A channel as a recipient of its own has no contact that brings an address. */
static void channel_refer(const struct checker *c, const struct node *node,
                          const struct site_reading *site, const char *id)
{
	uint32_t found = ids_refer_name(c, &site->service->channels, node, id);
	if (found == INDEX_NONE)
		return;
	const struct channel *channel = &site->service->config->channels[found];
	if (channel->type && channel->type->needs & CHANNEL_TO && !channel->to)
		check_problem(c, node,
		              "channel '%s' of type %s needs an address of its own to be told; add "
		              "'to' to the channel",
		              channel->id, channel->type->name);
}

static void recipient_refer(const struct checker *c, const struct node *node,
                            const struct site_reading *site, const struct recipient *recipient)
{
	switch (recipient->kind) {
	case RECIPIENT_PERSON:
		(void)ids_refer_name(c, &site->people, node, recipient->id);
		return;
	case RECIPIENT_DUTY:
		(void)ids_refer_name(c, &site->posts, node, recipient->id);
		return;
	case RECIPIENT_CHANNEL:
		channel_refer(c, node, site, recipient->id);
		return;
	case RECIPIENT_ZONE_OWNER:
	case RECIPIENT_KIND_COUNT:
		return;
	}
}

uint32_t recipients_read(const struct checker *c, const struct node *list, const char *what,
                         uint32_t least, const struct site_reading *site, struct recipient **out)
{
	uint32_t count = check_list(c, list, what, least), i = 0;
	struct recipient *recipients = ARENA_ARRAY(c->arena, struct recipient, count);
	FOR_EACH_NODE(c, item, list, count)
	{
		const char *word = check_text(c, item, "a recipient");
		if (word && recipient_parse(word, &recipients[i]))
			recipient_refer(c, item, site, &recipients[i++]);
		else if (word)
			check_problem(c, item,
			              "'%s' is no recipient; allowed: person:ID, duty:ID, "
			              "channel:ID, zone-owner",
			              word);
	}
	*out = recipients;
	return i;
}

/* ---- steps ---- */

static void step_read(const struct checker *c, const struct node *node,
                      const struct site_reading *site, struct policy *policy)
{
	const struct node *v[S_COUNT];
	if (!check_map(c, node, &step_shape, v))
		return;
	struct policy_step *step = &policy->steps[policy->count++];
	span_ms above = policy->count > 1 ? step[-1].after : 0;
	step->after = above;
	check_span(c, v[S_AFTER], "after", 0, &step->after);
	if (step->after < above) {
		struct text span = {0};
		text_add_span(&span, above);
		check_problem(c, v[S_AFTER],
		              "this step comes before the one above it (%s); 'after' counts from "
		              "the opening and rises from step to step",
		              text_get(&span));
		text_finish(&span);
	}
	step->count = recipients_read(c, v[S_NOTIFY], "notify", 1, site, &step->notify);
}

/* ---- what a policy is for ---- */

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

void incidents_for_read(const struct checker *c, const struct node *node,
                        enum incident_kind *out_kind, enum severity *out_severity)
{
	const struct node *v[F_COUNT];
	if (!check_map(c, node, &for_shape, v))
		return;
	const char *kind = check_scalar(c, v[F_KIND], "the kind");
	if (kind) {
		*out_kind = incident_kind_from_name(kind);
		if (*out_kind == INCIDENT_KIND_NONE)
			check_unknown(
			        c, v[F_KIND], "kind of incident", kind,
			        &(struct names){.name = kind_word, .count = INCIDENT_KIND_COUNT});
	}
	const char *severity = check_scalar(c, v[F_SEVERITY], "the severity");
	if (severity) {
		*out_severity = severity_from_name(severity);
		if (*out_severity == SEVERITY_NONE)
			check_unknown(
			        c, v[F_SEVERITY], "severity", severity,
			        &(struct names){.name = severity_word, .count = SEVERITY_COUNT});
	}
}

static void policy_read(const struct checker *c, const struct node *node, struct site_reading *site,
                        struct policy *policy)
{
	const struct node *v[P_COUNT];
	*policy = (struct policy){.kind = INCIDENT_KIND_NONE,
	                          .severity = SEVERITY_NONE,
	                          .repeat = MINUTES(2),
	                          .resolve_within = MINUTES(30)};
	bool is_map = check_map(c, node, &policy_shape, v);
	policy->id = ids_claim(c, &site->policies, v[P_ID]);
	if (!is_map)
		return;
	incidents_for_read(c, v[P_FOR], &policy->kind, &policy->severity);
	uint32_t steps = check_list(c, v[P_STEPS], "the policy's steps", 1);
	policy->steps = ARENA_ARRAY(c->arena, struct policy_step, steps);
	FOR_EACH_NODE(c, item, v[P_STEPS], steps)
	step_read(c, item, site, policy);
	check_span(c, v[P_REPEAT], "repeat", SPAN_LEAST, &policy->repeat);
	check_span(c, v[P_RESOLVE], "resolve_within", SPAN_LEAST, &policy->resolve_within);
}

/* ---- what no policy is for ---- */

static void list_gap(struct text *out, const struct site_def *def, enum incident_kind kind)
{
	struct text severities = {0};
	uint32_t missing = 0;
	for (int s = 0; s < SEVERITY_COUNT; s++)
		if (!policy_for(def, kind, (enum severity)s))
			text_addf(&severities, "%s%s", missing++ ? ", " : "",
			          severity_name((enum severity)s));
	if (missing)
		text_addf(out, "%s%s", out->len ? "; " : "", incident_kind_name(kind));
	if (missing && missing < SEVERITY_COUNT)
		text_addf(out, " (%s)", text_get(&severities));
	text_finish(&severities);
}

static void warn_gaps(const struct checker *c, const struct node *list, const struct site_def *def)
{
	struct text gaps = {0};
	for (int kind = 0; kind < INCIDENT_KIND_COUNT; kind++)
		list_gap(&gaps, def, (enum incident_kind)kind);
	if (gaps.len)
		check_warning(c, list,
		              "no policy fits incidents of these kinds: %s; add a policy without "
		              "'for' for all that no other fits",
		              text_get(&gaps));
	text_finish(&gaps);
}

/* The first of two with the same 'for' always holds. */
static void warn_twins(const struct checker *c, const struct site_reading *site)
{
	const struct policy *policies = site->def->policies;
	for (uint32_t i = 0; i < site->def->policy_count; i++)
		for (uint32_t k = 0; k < i; k++) {
			if (policies[k].kind != policies[i].kind ||
			    policies[k].severity != policies[i].severity)
				continue;
			check_warning(c, site->policies.nodes[i],
			              "policy '%s' is for the same incidents as '%s', which comes "
			              "first and always holds; change its 'for', or let a rule "
			              "name it",
			              policies[i].id, policies[k].id);
			break;
		}
}

void policies_read(const struct checker *c, const struct node *list, struct site_reading *site)
{
	struct site_def *def = site->def;
	uint32_t count = check_list(c, list, "policies", 1), i = 0;
	uint32_t problems = c->report->problems;
	ids_begin(&site->policies, "policy", list, count);
	def->policies = ARENA_ARRAY(c->arena, struct policy, count);
	def->policy_count = count;
	FOR_EACH_NODE(c, item, list, count)
	policy_read(c, item, site, &def->policies[i++]);
	/* A slip in a 'for' would make gaps that are none. */
	if (count && c->report->problems == problems) {
		warn_gaps(c, list, def);
		warn_twins(c, site);
	}
}

enum { H_ACCEPT, H_TELL, H_EVERY_SHIFT, H_COUNT };
static const struct key handover_keys[H_COUNT] = {
        [H_ACCEPT] = {"accept_within", NULL},
        [H_TELL] = {"tell", NULL},
        [H_EVERY_SHIFT] = {"every_shift", NULL},
};
static const struct shape handover_shape = {"'handover'", SHAPE(handover_keys), false};

void handover_read(const struct checker *c, const struct node *node, struct site_reading *site)
{
	struct handover_rules *rules = &site->def->handover;
	const struct node *v[H_COUNT];
	rules->accept_within = HANDOVER_ACCEPT_WITHIN;
	if (!check_map(c, node, &handover_shape, v))
		return;
	check_span(c, v[H_ACCEPT], "accept_within", SPAN_LEAST, &rules->accept_within);
	check_bool(c, v[H_EVERY_SHIFT], "every_shift", &rules->every_shift);
	rules->tell_count = recipients_read(c, v[H_TELL], "tell", 0, site, &rules->tell);
}

enum { L_TO, L_AT, L_COUNT };
static const struct key ledger_head_keys[L_COUNT] = {
        [L_TO] = {"to", "add who keeps it, such as 'to: [person:...]'"},
        [L_AT] = {"at", NULL},
};
static const struct shape ledger_head_shape = {"'ledger_head'", SHAPE(ledger_head_keys), false};

static bool read_time_of_day(const char *word, int32_t *out)
{
	static const char shape[] = "00:00";
	for (size_t i = 0; i < sizeof shape; i++)
		if (shape[i] == '0' ? word[i] < '0' || word[i] > '9' : word[i] != shape[i])
			return false;
	int32_t hour = (word[0] - '0') * 10 + word[1] - '0';
	int32_t minute = (word[3] - '0') * 10 + word[4] - '0';
	*out = hour * 60 + minute;
	return hour < 24 && minute < 60;
}

void ledger_head_read(const struct checker *c, const struct node *node, struct site_reading *site)
{
	struct head_rules *rules = &site->def->head;
	const struct node *v[L_COUNT];
	rules->at = 18 * 60;
	if (!check_map(c, node, &ledger_head_shape, v))
		return;
	rules->to_count = recipients_read(c, v[L_TO], "to", 1, site, &rules->to);
	const char *at = check_scalar(c, v[L_AT], "the time of day");
	if (at && !read_time_of_day(at, &rules->at))
		check_problem(c, v[L_AT], "'%s' is no time of day; write it like 18:00", at);
}

void last_resort_read(const struct checker *c, const struct node *list, struct site_reading *site)
{
	site->def->last_resort_count = recipients_read(c, list, "last_resort", 0, site,
	                                               &site->def->last_resort);
}
