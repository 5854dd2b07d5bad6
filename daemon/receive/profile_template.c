/* Home Assistant's value templates. A template is code, in a language of its own; of it the forms
 * that senders write are understood, and every other one is said to be none of them:
 *
 *     {{ value }}   {{ value_json.a['b'][0] | is_defined }}   {{ value_json.get('a', 'x') }}
 *     {{ CONDITION }}
 *     {{ 'ON' if CONDITION else 'OFF' }}   {{ iif(CONDITION, 'ON', 'OFF') }}
 *     {% if CONDITION %}ON{% else %}OFF{% endif %}
 *
 * A CONDITION is a value, perhaps with `not` before it, or compared: == != < > <= >=, `is equalto
 * 'x'`, `in ['x', 'y']`, `not in`. */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "receive/profile_private.h"

struct reading { /* of a template, from left to right */
	const char *at;
	struct decoding *d;
	struct value_template *out;
};

static void skip(struct reading *r)
{
	while (isspace((unsigned char)*r->at))
		r->at++;
}

/* Takes this off, if it comes next: a sign, or a whole word. */
static bool take(struct reading *r, const char *what)
{
	size_t len = strlen(what);
	skip(r);
	if (strncmp(r->at, what, len) != 0)
		return false;
	if (isalnum((unsigned char)what[len - 1]) &&
	    (isalnum((unsigned char)r->at[len]) || r->at[len] == '_'))
		return false;
	r->at += len;
	return true;
}

/* {{ {% }} %}, with the - that eats blanks. */
static bool take_open(struct reading *r, const char *bracket)
{
	bool found = take(r, bracket);
	if (found && *r->at == '-')
		r->at++;
	return found;
}

static bool take_close(struct reading *r, const char *bracket)
{
	skip(r);
	if (*r->at == '-')
		r->at++;
	return take(r, bracket);
}

static const char *copy(struct reading *r, const char *from, size_t len)
{
	return arena_copy_len(&r->d->out->arena, from, len);
}

/* 'x', "x", a number, true, false; NULL where it is none. */
static const char *take_literal(struct reading *r)
{
	skip(r);
	char quote = *r->at;
	if (quote == '\'' || quote == '"') {
		const char *from = r->at + 1, *end = strchr(from, quote);
		if (!end || memchr(from, '\\', (size_t)(end - from)))
			return NULL;
		r->at = end + 1;
		return copy(r, from, (size_t)(end - from));
	}
	static const char *const words[] = {"true", "True", "false", "False"};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (take(r, words[i]))
			return i < 2 ? "true" : "false";
	size_t len = strspn(r->at, "+-.0123456789");
	if (!len || !isdigit((unsigned char)r->at[len - 1]))
		return NULL;
	const char *from = r->at;
	r->at += len;
	return copy(r, from, len);
}

/* get('a'), get('a', 'x'): the name, and the word where it is missing. */
static bool take_get(struct reading *r, const char **name)
{
	if (!take(r, "get") || !take(r, "(") || !(*name = take_literal(r)))
		return false;
	if (take(r, ",") && !(r->out->missing = take_literal(r)))
		return false;
	return take(r, ")");
}

/* value_json.a['b'][0].get('c') as a pointer, value as none. */
static bool take_path(struct reading *r)
{
	struct text *pointer = &r->d->out->scratch;
	text_reset(pointer);
	if (take(r, "value"))
		return true;
	if (!take(r, "value_json"))
		return false;
	while (*r->at == '.' || *r->at == '[') {
		const char *name = r->at + 1;
		size_t len;
		if (strncmp(r->at, ".get(", 5) == 0) {
			r->at++;
			if (!take_get(r, &name))
				return false;
			len = strlen(name);
		} else if (*r->at == '.') {
			len = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			                   "0123456789_");
			r->at = name + len;
		} else if (isdigit((unsigned char)*name)) {
			len = strspn(name, "0123456789");
			if (name[len] != ']')
				return false;
			r->at = name + len + 1;
		} else {
			const char *end = *name == '\'' || *name == '"' ? strchr(name + 1, *name)
			                                                : NULL;
			if (!end || end[1] != ']')
				return false;
			len = (size_t)(end - ++name);
			r->at = end + 2;
		}
		if (!len || memchr(name, '/', len))
			return false;
		text_add_char(pointer, '/');
		text_add_len(pointer, name, len);
	}
	r->out->pointer = copy(r, text_get(pointer), pointer->len);
	return pointer->len > 0;
}

/* Filters that leave the meaning as it is; `default` says what a value that is missing means. */
static bool take_filters(struct reading *r)
{
	static const char *const plain[] = {"is_defined", "lower", "upper", "string",
	                                    "int",        "float", "trim",  "bool"};
	while (take(r, "|")) {
		bool known = false;
		for (size_t i = 0; i < sizeof plain / sizeof *plain && !known; i++)
			known = take(r, plain[i]);
		if (!known && (take(r, "default") || take(r, "d"))) {
			known = take(r, "(") && (r->out->missing = take_literal(r)) != NULL;
			if (known && take(r, ","))
				known = take_literal(r) != NULL;
			known = known && take(r, ")");
		} else if (known && take(r, "(")) { /* int(0): of what is no number */
			known = take_literal(r) && take(r, ")");
		}
		if (!known)
			return false;
	}
	return true;
}

static bool take_value(struct reading *r)
{
	bool inner = take(r, "(");
	return take_path(r) && take_filters(r) && (!inner || (take(r, ")") && take_filters(r)));
}

#define WORDS_MAX 16

static bool take_list(struct reading *r)
{
	const char *words[WORDS_MAX];
	uint32_t count = 0;
	bool round = take(r, "(");
	if (!round && !take(r, "["))
		return false;
	do {
		if (count == WORDS_MAX || !(words[count] = take_literal(r)))
			return false;
		count++;
	} while (take(r, ","));
	r->out->words = ARENA_ARRAY(&r->d->out->arena, const char *, count);
	memcpy(r->out->words, words, count * sizeof *words);
	r->out->word_count = count;
	return take(r, round ? ")" : "]");
}

static bool take_word(struct reading *r)
{
	r->out->words = ARENA_ARRAY(&r->d->out->arena, const char *, 1);
	r->out->word_count = 1;
	return (r->out->words[0] = take_literal(r)) != NULL;
}

static bool take_bound(struct reading *r, enum template_asks asks, bool negated)
{
	const char *word = take_literal(r);
	char *end;
	r->out->asks = asks;
	r->out->negated ^= negated;
	r->out->bound = word ? strtod(word, &end) : 0;
	return word && end != word && !*end;
}

static bool take_condition(struct reading *r)
{
	r->out->negated = take(r, "not");
	if (!take_value(r))
		return false;
	r->out->asks = ASKS_ONE_OF;
	if (take(r, "==") || take(r, "is equalto") || take(r, "is eq"))
		return take_word(r);
	if (take(r, "!=")) {
		r->out->negated ^= true;
		return take_word(r);
	}
	if (take(r, ">="))
		return take_bound(r, ASKS_BELOW, true);
	if (take(r, "<="))
		return take_bound(r, ASKS_ABOVE, true);
	if (take(r, ">"))
		return take_bound(r, ASKS_ABOVE, false);
	if (take(r, "<"))
		return take_bound(r, ASKS_BELOW, false);
	if (take(r, "not in")) {
		r->out->negated ^= true;
		return take_list(r);
	}
	if (take(r, "in"))
		return take_list(r);
	r->out->asks = ASKS_TRUTH;
	return true;
}

/* The text of a branch, up to the next tag. */
static const char *take_text(struct reading *r)
{
	skip(r);
	size_t len = strcspn(r->at, "{");
	const char *from = r->at;
	r->at += len;
	while (len && isspace((unsigned char)from[len - 1]))
		len--;
	return len ? copy(r, from, len) : NULL;
}

static bool take_branches(struct reading *r)
{
	return take(r, "if") && take_condition(r) && take_close(r, "%}") &&
	       (r->out->yes = take_text(r)) && take_open(r, "{%") && take(r, "else") &&
	       take_close(r, "%}") && (r->out->no = take_text(r)) && take_open(r, "{%") &&
	       take(r, "endif") && take_close(r, "%}");
}

static bool take_expression(struct reading *r)
{
	const char *begin = r->at;
	if (take(r, "iif"))
		return take(r, "(") && take_condition(r) && take(r, ",") &&
		       (r->out->yes = take_literal(r)) && take(r, ",") &&
		       (r->out->no = take_literal(r)) && take(r, ")") && take_close(r, "}}");
	if ((r->out->yes = take_literal(r)))
		return take(r, "if") && take_condition(r) && take(r, "else") &&
		       (r->out->no = take_literal(r)) && take_close(r, "}}");
	r->at = begin;
	if (!take_condition(r) || !take_close(r, "}}"))
		return false;
	if (r->out->asks == ASKS_TRUTH && !r->out->negated)
		r->out->asks = ASKS_WORD; /* the value itself */
	r->out->yes = "True";
	r->out->no = "False";
	return true;
}

bool template_read(struct decoding *d, const char *template, struct value_template *out)
{
	struct reading r = {.at = template, .d = d, .out = out};
	*out = (struct value_template){.asks = ASKS_WORD};
	if (!template || !*template)
		return true;
	bool good = take_open(&r, "{{")   ? take_expression(&r)
	            : take_open(&r, "{%") ? take_branches(&r)
	                                  : false;
	skip(&r);
	return good && !*r.at;
}

/* ---- what it says of a payload ---- */

static bool same_word(const char *a, const char *b)
{
	char *a_end, *b_end;
	if (strcasecmp(a, b) == 0)
		return true;
	double x = strtod(a, &a_end), y = strtod(b, &b_end);
	return a_end != a && !*a_end && b_end != b && !*b_end && !(x < y) && !(x > y);
}

static bool is_true(const char *word, const cJSON *value)
{
	if (value && cJSON_IsString(value))
		return *word;
	return *word && strcasecmp(word, "false") != 0 && strcmp(word, "0") != 0;
}

static bool holds(const struct value_template *t, const char *word, const cJSON *value)
{
	char *end;
	double number = strtod(word, &end);
	bool is_number = end != word && !*end && isfinite(number);
	switch (t->asks) {
	case ASKS_ONE_OF:
		for (uint32_t i = 0; i < t->word_count; i++)
			if (same_word(t->words[i], word))
				return true;
		return false;
	case ASKS_ABOVE:
		return is_number && number > t->bound;
	case ASKS_BELOW:
		return is_number && number < t->bound;
	case ASKS_TRUTH:
	case ASKS_WORD:
		break;
	}
	return is_true(word, value);
}

const char *template_apply(const struct value_template *t, const cJSON *tree, const char *payload,
                           char room[WORD_ROOM])
{
	const cJSON *value = t->pointer ? json_at(tree, t->pointer) : NULL;
	const char *word = t->pointer ? (value ? json_word(value, room) : NULL) : payload;
	char low[16];
	if (!word)
		word = t->missing;
	if (!word || (key_lower(word, low, sizeof low) && word_is_unknown(low)))
		return NULL; /* nobody knows: neither branch */
	if (t->asks == ASKS_WORD)
		return word;
	return holds(t, word, value) != t->negated ? t->yes : t->no;
}
