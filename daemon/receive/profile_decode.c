/* A message, taken apart by the rule of a profile. */
#include <errno.h>
#include <string.h>

#include "receive/profile_private.h"
#include "receive/signals.h"

void statements_reset(struct statements *out)
{
	out->tree = NULL;
	out->profile = NULL;
	out->rule = NULL;
	out->count = 0;
	out->ignored = out->removed = out->repeated = false;
	out->address = NULL;
	arena_reset(&out->arena);
	text_reset(&out->scratch);
}

void statements_finish(struct statements *out)
{
	arena_finish(&out->arena);
	text_finish(&out->scratch);
	out->tree = NULL;
	out->count = 0;
}

struct statement *statement_add(struct decoding *d, enum statement_type type, const char *address)
{
	if (d->out->count == STATEMENTS_MAX) {
		(void)problem_set(d->why, -EINVAL, "more than %d things said in one message",
		                  STATEMENTS_MAX);
		return NULL;
	}
	struct statement *statement = &d->out->items[d->out->count++];
	*statement = (struct statement){.type = type, .address = address, .kind = KIND_NONE};
	return statement;
}

static enum payload_form form_of(const struct heard_message *m)
{
	const char *bytes = m->bytes;
	for (size_t i = 0; i < m->len; i++)
		if (!strchr(" \t\r\n", bytes[i]) || !bytes[i])
			return bytes[i] == '{'   ? FORM_OBJECT
			       : bytes[i] == '[' ? FORM_ARRAY
			                         : FORM_SCALAR;
	return FORM_EMPTY;
}

static bool form_fits(enum payload_form wanted, enum payload_form form)
{
	return wanted == FORM_ANY || wanted == form ||
	       (wanted == FORM_JSON && (form == FORM_OBJECT || form == FORM_ARRAY));
}

static int apply_rule(struct decoding *d, enum payload_form form)
{
	struct statements *out = d->out;
	switch (d->rule->does) {
	case RULE_IGNORES:
		out->ignored = true;
		return 0;
	case RULE_AVAILABILITY:
	case RULE_GATEWAY:
		return decode_availability(d);
	case RULE_MODELS:
		return decode_models(d);
	case RULE_DISCOVERY:
		return discovery_read(d, out->tree);
	case RULE_READS:
		return form == FORM_SCALAR || d->rule->value_at ? decode_scalar(d)
		                                                : decode_places(d);
	}
	return 0;
}

static bool needs_tree(const struct decoding *d, enum payload_form form)
{
	return d->rule->does != RULE_IGNORES && (form == FORM_OBJECT || form == FORM_ARRAY);
}

/* One press is sent, and decoded, several times. It is known by what was said: times, pulses and
 * field strengths differ. */
static void drop_repeated(struct decoding *d)
{
	struct statements *out = d->out;
	uint32_t kept = 0;
	for (uint32_t i = 0; i < out->count; i++) {
		const struct statement *f = &out->items[i];
		bool says = f->type == SAID_SIGNAL || f->type == SAID_OWN || f->type == SAID_PRESS;
		if (says &&
		    memory_repeats(d->memory, d->profile, f, d->rule->burst, d->message->steady))
			out->repeated = true;
		else
			out->items[kept++] = *f;
	}
	out->count = kept;
}

/* Whose message it is, as the topic tells. */
static void name_speaker(struct decoding *d)
{
	d->out->profile = d->profile;
	d->out->address = template_fill(d, NULL, d->rule->device ? d->rule->device : "{device}");
}

static int read_rule(struct decoding *d, enum payload_form form)
{
	struct statements *out = d->out;
	name_speaker(d);
	out->rule = d->rule;
	d->sets = d->rule->sets;
	d->set_count = d->rule->set_count;
	if (form == FORM_EMPTY) {
		out->removed = true;
		if (d->rule->does == RULE_DISCOVERY)
			memory_forget(d->memory, d->message->topic);
		return d->rule->withdrawn ? decode_withdrawal(d) : 0;
	}
	if (needs_tree(d, form)) {
		int r = json_parse_into(&out->arena, d->message->bytes, d->message->len, &out->tree,
		                        d->why);
		if (r < 0)
			return r;
	}
	int r = apply_rule(d, form);
	if (r == 0 && d->rule->burst && !d->message->retained)
		drop_repeated(d);
	return r;
}

static void note_near(struct decoding *d, const struct topic_rule **near)
{
	if (*near)
		return;
	*near = d->rule;
	name_speaker(d);
}

/* The first rule whose topic and form fit; *near: one whose topic alone did. What one profile
 * passes over another may understand; what it would have read in another form it does not pass
 * over. */
static bool choose_rule(struct decoding *d, uint32_t ref, const struct topic_parts *parts,
                        enum payload_form form, const struct topic_rule **near)
{
	const struct rule_ref *passed_over = NULL;
	for (; ref != POSITION_NONE; ref = d->profiles->refs[ref].next) {
		const struct rule_ref *at = &d->profiles->refs[ref];
		d->profile = &d->profiles->items[at->profile];
		d->rule = &d->profile->rules[at->rule];
		if ((passed_over && passed_over->profile == at->profile) ||
		    !topic_fits(d->rule, parts, d->captures, &d->capture_count))
			continue;
		if (!form_fits(d->rule->form, form) && form != FORM_EMPTY)
			note_near(d, near);
		else if (d->rule->does != RULE_IGNORES)
			return true;
		else
			passed_over = at;
	}
	if (!passed_over || (*near && d->out->profile == &d->profiles->items[passed_over->profile]))
		return false;
	d->profile = &d->profiles->items[passed_over->profile];
	d->rule = &d->profile->rules[passed_over->rule];
	return topic_fits(d->rule, parts, d->captures, &d->capture_count);
}

static const char *chain_level(const void *owner, uint32_t i)
{
	return ((const char *const *)owner)[i];
}

static uint32_t chain_find(const struct profiles *p, const struct topic_parts *parts)
{
	char first[ADDRESS_MAX];
	if (parts->len[0] >= sizeof first)
		return POSITION_NONE;
	memcpy(first, parts->at[0], parts->len[0]);
	first[parts->len[0]] = '\0';
	uint32_t at = index_find(&p->chain_index, first, chain_level, p->first_levels);
	return at == INDEX_NONE ? POSITION_NONE : p->chains[at];
}

bool profiles_take_list(const struct profiles *profiles, const char *topic)
{
	struct topic_parts parts;
	struct capture captures[CAPTURES_MAX];
	uint32_t count;
	uint32_t ref = topic_split(topic, &parts) ? chain_find(profiles, &parts) : POSITION_NONE;
	for (; ref != POSITION_NONE; ref = profiles->refs[ref].next) {
		const struct rule_ref *at = &profiles->refs[ref];
		const struct topic_rule *rule = &profiles->items[at->profile].rules[at->rule];
		if (rule->does == RULE_MODELS && topic_fits(rule, &parts, captures, &count))
			return true;
	}
	return false;
}

static const char *form_name(enum payload_form form)
{
	static const char *const names[] = {
	        [FORM_ANY] = "anything",       [FORM_OBJECT] = "a JSON object",
	        [FORM_ARRAY] = "a JSON array", [FORM_SCALAR] = "a word or number",
	        [FORM_JSON] = "JSON",          [FORM_EMPTY] = "nothing"};
	return names[form];
}

/* What nobody listens to, or passes over, is passed over at any length. */
static int refuse_length(struct decoding *d, bool found, size_t most)
{
	if (found)
		name_speaker(d);
	d->out->ignored = found && d->rule->does == RULE_IGNORES;
	if (d->out->ignored)
		return 0;
	return problem_set(d->why, -EINVAL, "the message has %zu bytes; at most %zu are read",
	                   d->message->len, most);
}

int profiles_decode(const struct profiles *profiles, struct profile_memory *memory,
                    const struct heard_message *message, struct statements *out,
                    struct problem *why)
{
	struct decoding d = {
	        .profiles = profiles, .memory = memory, .message = message, .out = out, .why = why};
	struct topic_parts parts;
	const struct topic_rule *near = NULL;
	statements_reset(out);
	if (!topic_split(message->topic, &parts))
		return 0;
	enum payload_form form = form_of(message);
	int r = 0;
	struct entities of = memory_entities(memory, message->topic);
	bool announced = of.exact != POSITION_NONE || of.wild != POSITION_NONE;
	bool found = choose_rule(&d, chain_find(profiles, &parts), &parts, form, &near) ||
	             (!announced && choose_rule(&d, profiles->any_chain, &parts, form, &near));
	size_t most = found && d.rule->does == RULE_MODELS ? LIST_MAX : MESSAGE_MAX;
	if (message->len > most)
		return found || near || discovery_names(&d, &of, &parts)
		               ? refuse_length(&d, found, most)
		               : 0;
	if (found)
		r = read_rule(&d, form);
	else if (near && !announced)
		r = problem_set(why, -EINVAL, "the payload is %s; the profile '%s' expects %s here",
		                form_name(form), out->profile->name, form_name(near->form));
	if (r == 0 && announced && message->len <= MESSAGE_MAX)
		r = discovery_state(&d, &of, &parts);
	if (r < 0)
		out->count = 0; /* whole, or not at all */
	return r;
}
