#include "review/who.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "decide/site.h"
#include "decide/words.h"

struct plan_of {
	const struct site_def *def;
	const struct duty_state *duty;
	const struct in_force *by_hand;
	const struct standing *arming, *silence, *drill; /* that bear on it, or NULL */
	uint32_t zone;
	const struct device *device; /* that says it, or NULL */
	wall_ms at;
	enum incident_kind kind;
	enum severity severity;
	const struct kind_facts *facts; /* NULL: an incident's word was given */
	const struct policy *policy;    /* a rule's, or NULL */
	const char *rule;               /* the last that decides, or NULL */
	bool armed, raises;
	bool chinese; /* what is for people is */
};

static void add_word(struct text *list, const char *word)
{
	if (list->len)
		text_add(list, ", ");
	text_add(list, word);
}

static int refuse_word(const char *word, struct problem *why)
{
	struct text allowed = {0};
	for (unsigned i = 0; i < KIND_COUNT; i++)
		add_word(&allowed, kind_facts[i].name);
	for (unsigned i = 0; i < INCIDENT_KIND_COUNT; i++)
		if (kind_from_name(incident_kind_name((enum incident_kind)i)) == KIND_NONE)
			add_word(&allowed, incident_kind_name((enum incident_kind)i));
	int r = problem_set(why, -EINVAL, "unknown kind '%.64s'; allowed: %s", word, allowed.at);
	text_finish(&allowed);
	return r;
}

/* What an incident of this kind opens with when nothing says more: the least its sensors raise. */
static enum severity opening_severity(enum incident_kind kind)
{
	enum severity least = SEVERITY_NONE;
	for (unsigned i = 0; i < KIND_COUNT; i++)
		if (kind_facts[i].raises == kind && kind_facts[i].severity < least)
			least = kind_facts[i].severity;
	return least == SEVERITY_NONE ? SEVERITY_MAJOR : least;
}

static int read_word(const char *word, struct plan_of *plan, struct problem *why)
{
	enum kind kind = kind_from_name(word);
	if (kind != KIND_NONE) {
		plan->facts = &kind_facts[kind];
		plan->kind = plan->facts->raises;
		plan->severity = plan->facts->severity;
		return 0;
	}
	plan->kind = incident_kind_from_name(word);
	if (plan->kind == INCIDENT_KIND_NONE)
		return refuse_word(word, why);
	plan->severity = opening_severity(plan->kind);
	return 0;
}

/* Each contact in its order, when its turn comes after the step if the ones before are silent, and
 * how long it has. */
static void put_tries(struct text *text, const struct plan_of *plan, struct resolved_recipient who)
{
	const struct site_def *def = plan->def;
	const struct person *person = who.kind == RECIPIENT_PERSON ? &def->people[who.position]
	                                                           : NULL;
	bool at_once = plan->severity == SEVERITY_CRITICAL;
	span_ms after = 0;
	json_open(text, "tries", '[');
	for (uint32_t i = 0; i < (person ? person->contact_count : 1); i++) {
		const struct channel_facts *channel =
		        &def->channels[person ? person->contacts[i].channel : who.position];
		if (plan->drill && channel->outside)
			continue;
		json_open(text, NULL, '{');
		json_put_string(text, "channel", channel->id);
		json_put_int(text, "after_ms", after);
		json_put_int(text, "give_up_after_ms", channel->give_up_after);
		json_close(text, '}');
		after += at_once ? 0 : channel->give_up_after;
	}
	json_close(text, ']');
}

/* Returns how many they are. */
static uint32_t put_recipients(struct text *text, const char *name, const struct plan_of *plan,
                               const struct recipient *notify, uint32_t count, wall_ms at)
{
	const struct site_def *def = plan->def;
	uint32_t cap = def->person_count + def->channel_count;
	struct resolved_recipient *found = NEW_ARRAY(struct resolved_recipient, cap ? cap : 1);
	uint32_t n = recipients_resolve(def, plan->duty, notify, count, plan->zone, at, found, cap);
	uint32_t told = 0;
	json_open(text, name, '[');
	for (uint32_t i = 0; i < n; i++) {
		if (plan->drill && !is_inside(def, found[i]))
			continue;
		told++;
		json_open(text, NULL, '{');
		json_put_string(text, "kind", recipient_kind_name(found[i].kind));
		if (found[i].kind == RECIPIENT_PERSON) {
			const struct person *person = &def->people[found[i].position];
			json_put_string(text, "id", person->id);
			json_put_string(text, "name", person->name);
			json_open(text, "contacts", '[');
			for (uint32_t c = 0; c < person->contact_count; c++)
				json_put_string(text, NULL,
				                def->channels[person->contacts[c].channel].id);
		} else {
			const char *id = def->channels[found[i].position].id;
			json_put_string(text, "id", id);
			json_put_string(text, "name", id);
			json_open(text, "contacts", '[');
			json_put_string(text, NULL, id);
		}
		json_close(text, ']');
		put_tries(text, plan, found[i]);
		json_close(text, '}');
	}
	json_close(text, ']');
	free(found);
	return told;
}

/* Writes a step as it runs so long after the opening; false if it reaches nobody, so that the next
 * one runs at once. */
static bool put_step(struct text *text, const struct plan_of *plan, const struct policy_step *step,
                     span_ms runs_after)
{
	json_open(text, NULL, '{');
	json_put_int(text, "after_ms", step->after);
	json_open(text, "notify", '[');
	for (uint32_t i = 0; i < step->count; i++) {
		struct text word = {0};
		text_add(&word, recipient_kind_name(step->notify[i].kind));
		if (step->notify[i].id)
			text_addf(&word, ":%s", step->notify[i].id);
		json_put_string(text, NULL, word.at);
		text_finish(&word);
	}
	json_close(text, ']');
	/* Whoever is on duty when the step runs, not when the incident opens. */
	wall_ms at = plan->at + runs_after;
	bool reached = put_recipients(text, "recipients", plan, step->notify, step->count, at) > 0;
	json_put_int(text, "runs_after_ms", runs_after);
	json_put_time(text, "at", at);
	json_put_bool(text, "skipped", !reached);
	json_close(text, '}');
	return reached;
}

/* ---- rules of the site file ---- */

static bool rule_is_there(const struct plan_of *plan, const struct rule *rule)
{
	if (plan->device)
		return rule_fits_device(plan->def, rule,
		                        (uint32_t)(plan->device - plan->def->devices));
	return rule->zone == POSITION_NONE || zone_is_within(plan->def, plan->zone, rule->zone);
}

static bool rule_is_of(const struct plan_of *plan, const struct rule *rule)
{
	if (!plan->facts || rule->absent)
		return false;
	uint32_t kind = (uint32_t)(plan->facts - kind_facts);
	return (!rule->kinds || (rule->kinds & (UINT32_C(1) << kind))) &&
	       rule_is_there(plan, rule) &&
	       (rule->schedule == POSITION_NONE ||
	        schedule_covers(plan->def, rule->schedule, plan->at));
}

static bool device_fits(const struct plan_of *plan, const struct rule *rule)
{
	for (uint32_t i = 0; i < plan->def->device_count; i++)
		if (plan->def->devices[i].zone == plan->zone &&
		    rule_fits_device(plan->def, rule, i))
			return true;
	return false;
}

/* What decides at once, whatever device of the zone it is. */
static bool is_certain(const struct plan_of *plan, const struct rule *rule)
{
	bool any = rule->device == POSITION_NONE && !rule->label;
	return !rule->holds && !rule->count && (any || plan->device);
}

/* As the core does it (decide/rules.c): a rule only adds. */
static void apply_rules(struct plan_of *plan)
{
	for (uint32_t i = 0; i < plan->def->rule_count; i++) {
		const struct rule *rule = &plan->def->rules[i];
		if (!rule_is_of(plan, rule) || !is_certain(plan, rule))
			continue;
		plan->rule = rule->id;
		plan->raises |= rule->raise_kind != INCIDENT_KIND_NONE;
		if (rule->raise_kind != INCIDENT_KIND_NONE &&
		    !incident_kind_is_life_safety(plan->kind))
			plan->kind = rule->raise_kind;
		if (rule->raise_severity != SEVERITY_NONE && rule->raise_severity > plan->severity)
			plan->severity = rule->raise_severity;
		if (rule->policy != POSITION_NONE)
			plan->policy = &plan->def->policies[rule->policy];
	}
}

/* "may": what a rule makes of it when more comes together. */
static void put_rules(struct text *text, const struct plan_of *plan)
{
	json_open(text, "rules", '[');
	for (uint32_t i = 0; i < plan->def->rule_count; i++) {
		const struct rule *rule = &plan->def->rules[i];
		bool certain = is_certain(plan, rule);
		if (!rule_is_of(plan, rule) || (!certain && !device_fits(plan, rule)))
			continue;
		json_open(text, NULL, '{');
		json_put_string(text, "id", rule->id);
		json_put_string(text, "applies", certain ? "at once" : "may");
		if (rule->device != POSITION_NONE)
			json_put_string(text, "device", plan->def->devices[rule->device].id);
		if (rule->label)
			json_put_string(text, "label", rule->label);
		if (rule->holds)
			json_put_int(text, "for_ms", rule->holds);
		if (rule->count) {
			json_put_int(text, "count", rule->count);
			json_put_int(text, "within_ms", rule->within);
		}
		if (rule->raise_kind != INCIDENT_KIND_NONE)
			json_put_string(text, "kind", incident_kind_name(rule->raise_kind));
		if (rule->raise_severity != SEVERITY_NONE)
			json_put_string(text, "severity", severity_name(rule->raise_severity));
		if (rule->policy != POSITION_NONE)
			json_put_string(text, "policy", plan->def->policies[rule->policy].id);
		json_close(text, '}');
	}
	json_close(text, ']');
}

/* ---- what decides, for people ---- */

__attribute__((format_arg(2), format_arg(3))) static const char *
say(const struct plan_of *plan, const char *english, const char *chinese)
{
	return plan->chinese ? chinese : english;
}

/* "smoke raises fire, major": what this kind does there now, and why. */
static void add_effect(struct text *out, const struct plan_of *plan)
{
	const char *language = plan->chinese ? "zh-CN" : "en";
	const char *kind = plan->chinese ? words_incident_kind(language, plan->kind)
	                                 : incident_kind_name(plan->kind);
	const char *severity = words_severity(language, plan->severity);
	if (!plan->facts) {
		text_addf(out, say(plan, "%s opens %s", "%s以“%s”级别报警"), kind, severity);
		return;
	}
	const char *word = plan->chinese
	                           ? words_kind(language, (enum kind)(plan->facts - kind_facts))
	                           : plan->facts->name;
	if (plan->silence)
		text_addf(out,
		          say(plan, "%s raises nothing: %s has silenced it (%s)",
		              "%s不报警：%s已将其静默（%s）"),
		          word, plan->silence->by, plan->silence->note);
	else if (!plan->raises && plan->arming)
		text_addf(out,
		          say(plan,
		              "%s raises %s only while its zone is armed, and %s has "
		              "disarmed it (%s)",
		              "%s仅在区域布防时触发%s，%s已撤防（%s）"),
		          word, kind, plan->arming->by, plan->arming->note);
	else if (!plan->raises)
		text_addf(out,
		          say(plan, "%s raises %s only while its zone is armed, and it is not",
		              "%s仅在区域布防时触发%s，目前未布防"),
		          word, kind);
	else
		text_addf(out, say(plan, "%s raises %s, %s", "%s触发%s，%s"), word, kind, severity);
}

static void add_drill_and_rules(struct text *out, const struct plan_of *plan,
                                const struct policy *policy)
{
	if (plan->drill)
		text_addf(out,
		          say(plan, "; as a drill (%s), which never reaches outside lines",
		              "；按演练处理（%s），不通知外部单位"),
		          plan->drill->id);
	if (plan->facts && plan->facts->confirms)
		text_add(out,
		         say(plan, "; critical when a second device of the zone joins within 2m",
		             "；同区域第二个设备在 2m 内报警时升为紧急"));
	if (plan->rule)
		text_addf(out, say(plan, "; by rule %s", "；按规则 %s"), plan->rule);
	if (policy)
		text_addf(out, say(plan, "; policy %s", "；预案 %s"), policy->id);
	else
		text_add(out, say(plan, "; no policy fits, so the last resort is told",
		                  "；没有适用的预案，通知最后联系人"));
}

static void put_rule(struct text *text, const struct plan_of *plan, const struct policy *policy)
{
	struct text rule = {0};
	add_effect(&rule, plan);
	if (plan->silence && plan->facts->confirms)
		text_add(&rule,
		         say(plan, "; a second device of the zone breaks through it, critical",
		             "；同区域第二个设备报警将突破静默，升为紧急"));
	if (plan->raises)
		add_drill_and_rules(&rule, plan, policy);
	json_put_string(text, "rule", rule.at);
	text_finish(&rule);
}

static void put_policy(struct text *text, const struct plan_of *plan, const struct policy *policy)
{
	json_put_string(text, "policy", policy ? policy->id : NULL);
	json_open(text, "steps", '[');
	span_ms runs_after = 0;
	bool reached = true, anybody = false;
	for (uint32_t i = 0; policy && i < policy->count; i++) {
		/* Behind one that reaches nobody: at once. */
		runs_after = reached ? policy->steps[i].after : runs_after;
		reached = put_step(text, plan, &policy->steps[i], runs_after);
		anybody |= reached;
	}
	json_close(text, ']');
	json_put_bool(text, "at_once", plan->severity == SEVERITY_CRITICAL);
	json_put_bool(text, "last_resort_used", !reached || !policy);
	json_put_bool(text, "reaches_somebody", anybody);
	if (policy) {
		json_open(text, "if_nobody_answers", '{');
		json_put_int(text, "repeats_step", policy->count);
		json_put_int(text, "from_ms", runs_after + policy->repeat);
		json_put_int(text, "every_ms", policy->repeat);
		json_put_string(text, "until", "somebody acknowledges");
		json_close(text, '}');
		json_open(text, "after_acknowledgement", '{');
		json_put_int(text, "resolve_within_ms", policy->resolve_within);
		json_put_string(text, "else", "open again without an owner, the steps start over");
		json_close(text, '}');
		json_put_int(text, "repeat_ms", policy->repeat);
		json_put_int(text, "resolve_within_ms", policy->resolve_within);
	} else {
		json_put_null(text, "repeat_ms");
		json_put_null(text, "resolve_within_ms");
	}
}

/* ---- what people have changed by hand ---- */

/* The word of a person that bears on the plan; who ends it and how it ended do not. */
static void put_word(struct text *text, const char *name, const struct standing *s)
{
	if (!s) {
		json_put_null(text, name);
		return;
	}
	json_open(text, name, '{');
	json_put_string(text, "id", s->id);
	if (s->type == STANDING_ARMING)
		json_put_bool(text, "armed", s->armed);
	json_put_string(text, "by", s->by);
	json_put_string(text, "note", s->note);
	json_put_time(text, "since", s->since.wall);
	if (s->until)
		json_put_time(text, "until", s->until);
	else
		json_put_null(text, "until");
	json_close(text, '}');
}

static void put_assumption(struct text *text, const struct plan_of *plan, wall_ms now)
{
	const char *assumes = NULL;
	if (plan->at > now + MINUTES(1))
		assumes = say(
		        plan,
		        "what people have changed by hand (duty, arming, silences, a drill) "
		        "stands until its own end, the site file stays as it is, and nothing "
		        "else is open",
		        "人工改动（值班、布防、静默、演练）到期前不变，配置不变，没有其他事件");
	else if (plan->at < now - MINUTES(1))
		assumes = say(plan,
		              "the site file was as it is now; what people had changed by hand and "
		              "is over is not counted",
		              "当时的配置与现在相同；已结束的人工改动不计");
	json_put_string(text, "assumes", assumes);
}

/* Whether it raises anything, and as what. */
static void decide_what(struct plan_of *plan, bool panel_armed)
{
	const struct site_def *def = plan->def;
	plan->arming = arming_in_force(def, plan->by_hand, plan->zone, plan->at);
	plan->armed = zone_is_armed_then(def, plan->by_hand, plan->zone, plan->at);
	plan->raises = !plan->facts || !plan->facts->needs_arming || plan->armed || panel_armed;
	apply_rules(plan);
	plan->silence = plan->facts && plan->raises
	                        ? silence_in_force(def, plan->by_hand, plan->zone,
	                                           (enum kind)(plan->facts - kind_facts), plan->at)
	                        : NULL;
	plan->raises &= !plan->silence;
	plan->drill = drill_in_force(def, plan->by_hand, plan->zone, plan->kind, plan->at);
}

static void put_zone(struct text *text, const struct plan_of *plan)
{
	const struct zone *zone = &plan->def->zones[plan->zone];
	json_open(text, "zone", '{');
	json_put_string(text, "id", zone->id);
	json_put_string(text, "name", zone->name);
	json_put_bool(text, "armed", plan->armed);
	put_word(text, "arming", plan->arming);
	json_close(text, '}');
}

int who_write_json(struct text *text, const struct site_def *def, const struct duty_state *duty,
                   const struct in_force *by_hand, const struct who_asked *asked,
                   struct problem *why)
{
	wall_ms at = asked->at;
	struct plan_of plan = {
	        .def = def,
	        .duty = duty,
	        .by_hand = by_hand,
	        .at = at,
	        .zone = asked->device ? asked->device->zone : site_def_zone(def, asked->zone),
	        .device = asked->device,
	        .chinese = asked->language && strncmp(asked->language, "zh", 2) == 0};
	int r = read_word(asked->word, &plan, why);
	if (r < 0)
		return r;
	if (plan.zone == POSITION_NONE)
		return problem_set(why, -ENOENT, "site %s has no zone '%.64s'", def->id,
		                   asked->zone);
	decide_what(&plan, asked->armed);
	bool raises = plan.raises;
	const struct policy *policy = !raises       ? NULL
	                              : plan.policy ? plan.policy
	                                            : policy_for(def, plan.kind, plan.severity);

	json_open(text, NULL, '{');
	json_put_time(text, "at", at);
	json_put_string(text, "site", def->id);
	put_assumption(text, &plan, asked->now);
	put_zone(text, &plan);
	put_word(text, "silence", plan.silence);
	put_word(text, "drill", plan.drill);
	if (raises) {
		json_open(text, "incident", '{');
		json_put_string(text, "kind", incident_kind_name(plan.kind));
		json_put_string(text, "severity", severity_name(plan.severity));
		json_close(text, '}');
	} else {
		json_put_null(text, "incident");
	}
	put_rule(text, &plan, policy);
	put_rules(text, &plan);
	put_policy(text, &plan, policy);
	put_recipients(text, "last_resort", &plan, def->last_resort, def->last_resort_count, at);
	json_close(text, '}');
	return 0;
}
