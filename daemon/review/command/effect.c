#include "review/command/effect.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "decide/words.h"
#include "review/command/speak.h"
#include "review/who.h"

struct by_hand_known {
	bool known;
	struct by_hand by_hand;
};

struct effect {
	const char *nothing; /* why nothing is raised, for people; or NULL */
	enum incident_kind kind;
	enum severity severity;
	const char *policy, *rule; /* or NULL; the rule that decides */
	const char *zone;          /* where that is not the device's, or NULL */
	const cJSON *rules;        /* all that fit, as `tocsin who` lists them; or NULL */
};

static const struct by_hand *by_hand_of(struct effects *e, const struct site_def *def)
{
	uint32_t site = 0;
	while (e->ctx->sites[site] != def)
		site++;
	if (!e->hands)
		e->hands = NEW_ARRAY(struct by_hand_known, e->ctx->site_count);
	if (!e->hands[site].known)
		by_hand_load(e->ctx, def, &e->hands[site].by_hand);
	e->hands[site].known = true;
	return &e->hands[site].by_hand;
}

void effects_forget(struct effects *e)
{
	for (uint32_t i = 0; e->hands && i < e->ctx->site_count; i++)
		by_hand_unload(&e->hands[i].by_hand);
	free(e->hands);
	e->hands = NULL;
}

static bool may_act(const cJSON *rule)
{
	const char *applies = json_string(rule, "applies");
	return applies && strcmp(applies, "may") == 0;
}

static void write_effect(struct text *out, const struct effect *effect)
{
	const cJSON *rule;
	json_open(out, "raises", '{');
	if (effect->nothing)
		json_put_string(out, "nothing", effect->nothing);
	json_put_string(out, "kind", incident_kind_name(effect->kind));
	json_put_string(out, "severity", severity_name(effect->severity));
	if (effect->policy)
		json_put_string(out, "policy", effect->policy);
	if (effect->rule)
		json_put_string(out, "rule", effect->rule);
	if (effect->zone)
		json_put_string(out, "zone", effect->zone);
	json_open(out, "may", '[');
	cJSON_ArrayForEach (rule, effect->rules)
		if (may_act(rule))
			json_put_value(out, NULL, rule);
	json_close(out, ']');
	json_close(out, '}');
}

static const char *kind_word(const struct command_context *ctx, enum incident_kind kind)
{
	return say(ctx, incident_kind_name(kind), words_incident_kind("zh-CN", kind));
}

/* A rule that asks for more than one word. */
static void print_rule(const struct command_context *ctx, const cJSON *rule)
{
	int64_t lasts = 0, count = 0, within = 0;
	struct text span = {0};
	if (json_int(rule, "for_ms", &lasts)) {
		text_add_span(&span, lasts);
		fprintf(ctx->out,
		        say(ctx, "     rule %s once it has lasted %s",
		            "     规则 %s：持续 %s 后生效"),
		        json_string(rule, "id"), text_get(&span));
	} else if (json_int(rule, "count", &count) && json_int(rule, "within_ms", &within)) {
		text_add_span(&span, within);
		fprintf(ctx->out,
		        say(ctx, "     rule %s once it is so %lld times within %s",
		            "     规则 %1$s：%3$s 内达到 %2$lld 次后生效"),
		        json_string(rule, "id"), (long long)count, text_get(&span));
	}
	const char *kind = json_string(rule, "kind"), *severity = json_string(rule, "severity"),
	           *policy = json_string(rule, "policy");
	if (kind)
		fprintf(ctx->out, "%s%s", say(ctx, ", ", "，"),
		        kind_word(ctx, incident_kind_from_name(kind)));
	if (severity)
		fprintf(ctx->out, "%s%s", say(ctx, ", ", "，"),
		        words_severity(ctx->language, severity_from_name(severity)));
	if (policy)
		fprintf(ctx->out, say(ctx, ", policy %s", "，预案 %s"), policy);
	fputc('\n', ctx->out);
	text_finish(&span);
}

static void print_effect(const struct command_context *ctx, const struct effect *effect)
{
	const cJSON *rule;
	if (effect->nothing) {
		fprintf(ctx->out, say(ctx, "  -> nothing: %s\n", "  -> 不报警：%s\n"),
		        effect->nothing);
	} else {
		fprintf(ctx->out, say(ctx, "  -> %s, %s, policy %s", "  -> %s，%s，预案 %s"),
		        kind_word(ctx, effect->kind),
		        words_severity(ctx->language, effect->severity),
		        effect->policy ? effect->policy : "-");
		if (effect->rule)
			fprintf(ctx->out, say(ctx, ", rule %s", "，规则 %s"), effect->rule);
		if (effect->zone)
			fprintf(ctx->out, say(ctx, ", zone %s", "，区域 %s"), effect->zone);
		fputc('\n', ctx->out);
	}
	cJSON_ArrayForEach (rule, effect->rules)
		if (may_act(rule))
			print_rule(ctx, rule);
}

static void put_effect(const struct effects *e, const struct effect *effect)
{
	if (e->json)
		write_effect(e->json, effect);
	else
		print_effect(e->ctx, effect);
}

/* What `tocsin who` says of such a signal of the device, parsed; NULL without it. */
static cJSON *ask_who(struct effects *e, const struct site_def *def, uint32_t device,
                      const struct signal *s, wall_ms now)
{
	const struct by_hand *hand = by_hand_of(e, def);
	struct who_asked asked = {.word = kind_name(s->kind),
	                          .device = &def->devices[device],
	                          .armed = s->armed,
	                          .at = now,
	                          .now = now};
	struct problem why;
	struct text json = {0};
	cJSON *plan = NULL;
	if (who_write_json(&json, def, &hand->duty, &hand->in_force, &asked, &why) < 0 ||
	    json_parse(text_get(&json), json.len, &plan, &why) < 0)
		plan = NULL;
	text_finish(&json);
	return plan;
}

static void take_plan(const struct command_context *ctx, const cJSON *plan, struct effect *out)
{
	const cJSON *incident = json_get(plan, "incident"), *rule;
	out->rules = json_get(plan, "rules");
	out->policy = json_string(plan, "policy");
	if (cJSON_IsObject(incident)) {
		out->kind = incident_kind_from_name(json_string(incident, "kind"));
		out->severity = severity_from_name(json_string(incident, "severity"));
	} else if (cJSON_IsObject(json_get(plan, "silence"))) {
		out->nothing = say(ctx, "it is silenced", "已静默");
	} else {
		out->nothing = say(ctx, "the zone is not armed now", "区域目前未布防");
	}
	cJSON_ArrayForEach (rule, out->rules)
		if (!may_act(rule))
			out->rule = json_string(rule, "id");
}

void effect_of_signal(struct effects *e, const struct site_def *def, uint32_t device,
                      const struct signal *s, wall_ms now)
{
	const struct command_context *ctx = e->ctx;
	const struct kind_facts *facts = &kind_facts[s->kind];
	struct effect effect = {.kind = facts->raises, .severity = facts->severity};
	cJSON *plan = NULL;
	effect.nothing = !s->active ? say(ctx, "a clear raises nothing", "恢复信号不报警")
	                 : s->past  ? say(ctx, "it is past", "是过去的信号")
	                 : s->test  ? say(ctx, "a test", "是测试")
	                            : NULL;
	if (!effect.nothing)
		plan = ask_who(e, def, device, s, now);
	if (plan)
		take_plan(ctx, plan, &effect);
	put_effect(e, &effect);
	cJSON_Delete(plan);
}

void effect_of_stranger(struct effects *e, const struct site_def *def, const struct stranger *s)
{
	const struct kind_facts *facts = &kind_facts[s->kind];
	struct effect effect = {.kind = facts->raises,
	                        .severity = STRANGER_SEVERITY,
	                        .zone = def->zones[site_def_root_zone(def)].id};
	const struct policy *policy = policy_for(def, effect.kind, effect.severity);
	effect.policy = policy ? policy->id : NULL;
	effect.nothing = s->stateless ? say(e->ctx, "it tells of no state", "不说明状态")
	                 : !stranger_alarms(s) ? say(e->ctx, "the device is unknown", "设备未登记")
	                 : !s->active ? say(e->ctx, "a clear raises nothing", "恢复信号不报警")
	                              : NULL;
	put_effect(e, &effect);
}
