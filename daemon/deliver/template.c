#include "deliver/template.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum token_type { TOKEN_END, TOKEN_TEXT, TOKEN_WORD, TOKEN_PART, TOKEN_PART_END, TOKEN_WRONG };

struct token {
	enum token_type type;
	const char *at; /* of a text or a word's name */
	size_t len;
	const char *why; /* wrong */
};

#define TEMPLATE_WORD_TEXT(name, says, meaning) #name,
static const char *const words[WORD_COUNT] = {TEMPLATE_WORDS(TEMPLATE_WORD_TEXT)};
#define TEMPLATE_WORD_LENGTH(name, says, meaning) sizeof #name - 1,
static const size_t lengths[WORD_COUNT] = {TEMPLATE_WORDS(TEMPLATE_WORD_LENGTH)};
#define TEMPLATE_WORD_SAYS(name, says, meaning) SAYS_##says,
static const enum template_says says[WORD_COUNT] = {TEMPLATE_WORDS(TEMPLATE_WORD_SAYS)};

const char *template_word_name(enum template_word word)
{
	return words[word];
}

static enum template_word find_word(const char *name, size_t len)
{
	for (int i = 0; i < WORD_COUNT; i++)
		if (lengths[i] == len && memcmp(words[i], name, len) == 0)
			return (enum template_word)i;
	return WORD_COUNT;
}

static struct token next(const char **at)
{
	const char *c = *at;
	struct token token = {.type = TOKEN_TEXT, .at = c, .len = strcspn(c, "{}[]")};
	if (!*c)
		return (struct token){.type = TOKEN_END, .at = c};
	if (token.len) {
		*at = c + token.len;
		return token;
	}
	*at = c + 1;
	if (c[1] == *c) { /* doubled: itself */
		*at = c + 2;
		token.len = 1;
	} else if (*c == '[') {
		token.type = TOKEN_PART;
	} else if (*c == ']') {
		token.type = TOKEN_PART_END;
	} else if (*c == '{' && c[1 + strcspn(c + 1, "{}[]\n")] == '}') {
		token = (struct token){TOKEN_WORD, c + 1, strcspn(c + 1, "}"), NULL};
		*at = c + token.len + 2;
	} else {
		token.type = TOKEN_WRONG;
		token.why = *c == '{' ? "'{' without '}'; write '{{' for the character itself"
		                      : "'}' without '{'; write '}}' for the character itself";
	}
	return token;
}

/* "line 2, character 5: ..." of the template's own text. */
static int wrong(struct problem *why, const char *text, const char *at, const char *what)
{
	unsigned line = 1, character = 1;
	for (const char *c = text; c < at; c++) {
		character++;
		if (*c == '\n') {
			line++;
			character = 1;
		} else if (((unsigned char)*c & 0xc0) == 0x80) {
			character--;
		}
	}
	return problem_set(why, -EINVAL, "line %u of the text, character %u: %s", line, character,
	                   what);
}

static int unknown_word(struct problem *why, const char *text, const struct token *token)
{
	char what[400];
	int len = snprintf(what, sizeof what,
	                   "unknown word {%.*s}; allowed:", token->len < 40 ? (int)token->len : 40,
	                   token->at);
	for (int i = 0; i < WORD_COUNT && len > 0 && (size_t)len < sizeof what; i++)
		len += snprintf(what + len, sizeof what - (size_t)len, "%s {%s}", i ? "," : "",
		                words[i]);
	return wrong(why, text, token->at, what);
}

static int check_form(const char *text, struct problem *why)
{
	const char *at = text, *part = NULL;
	struct token token;
	if (strlen(text) > TEMPLATE_MAX)
		return problem_set(why, -EINVAL, "longer than %zu bytes", TEMPLATE_MAX);
	while ((token = next(&at)).type != TOKEN_END) {
		if (token.type == TOKEN_WRONG)
			return wrong(why, text, token.at, token.why);
		if (token.type == TOKEN_PART && part)
			return wrong(why, text, token.at, "a part '[...]' within another");
		if (token.type == TOKEN_PART_END && !part)
			return wrong(why, text, token.at,
			             "']' without '['; write ']]' for the character itself");
		if (token.type == TOKEN_WORD && find_word(token.at, token.len) == WORD_COUNT)
			return unknown_word(why, text, &token);
		if (token.type == TOKEN_PART)
			part = token.at;
		else if (token.type == TOKEN_PART_END)
			part = NULL;
	}
	if (part)
		return wrong(why, text, part,
		             "'[' without ']'; write '[[' for the character itself");
	return 0;
}

struct passage {               /* a part, or what lies outside of parts */
	bool says;             /* something, whatever there is to say */
	bool marks;            /* a drill as one */
	bool doubted;          /* a word in it may have nothing to say, */
	bool doubted_in_drill; /* also in a drill, where {drill} has */
};

static void passage_add(struct passage *passage, const struct token *token, bool of_incident)
{
	for (size_t i = 0; token->type == TOKEN_TEXT && i < token->len; i++)
		passage->says |= !strchr(" \n", token->at[i]);
	if (token->type != TOKEN_WORD)
		return;
	enum template_word word = find_word(token->at, token->len);
	bool certain = says[word] == SAYS_ALWAYS || (says[word] == SAYS_OF_INCIDENT && of_incident);
	passage->says |= certain;
	passage->marks |= word == WORD_headline || word == WORD_tags || word == WORD_drill;
	passage->doubted |= !certain;
	passage->doubted_in_drill |= !certain && word != WORD_drill;
}

/* Of all passages together: what is said, and marked, for certain. */
static struct passage certainly(const char *text, bool of_incident)
{
	struct passage outside = {0}, part = {0}, all = {0};
	bool within = false;
	struct token token;
	while ((token = next(&text)).type != TOKEN_END) {
		passage_add(within ? &part : &outside, &token, of_incident);
		if (token.type == TOKEN_PART_END) {
			all.says |= part.says && !part.doubted;
			all.marks |= part.marks && !part.doubted_in_drill;
			part = (struct passage){0};
		}
		if (token.type == TOKEN_PART || token.type == TOKEN_PART_END)
			within = token.type == TOKEN_PART;
	}
	all.says |= outside.says;
	all.marks |= outside.marks;
	return all;
}

int template_check(const char *text, enum reason reason, struct problem *why)
{
	int r = check_form(text, why);
	if (r < 0)
		return r;
	struct passage certain = certainly(text,
	                                   reason == REASON_COUNT || reason_is_of_incident(reason));
	if (!certain.marks)
		return problem_set(why, -EINVAL,
		                   "nothing marks a drill as one; add {headline}, {tags} or "
		                   "{drill}, and not in a part '[...]' that may be left out");
	if (!certain.says)
		return problem_set(why, -EINVAL,
		                   "in earnest nothing would be said; add {headline}, or words "
		                   "outside of parts '[...]'");
	return 0;
}

bool template_has(const char *text, enum template_word word)
{
	struct token token;
	while ((token = next(&text)).type != TOKEN_END)
		if (token.type == TOKEN_WORD && find_word(token.at, token.len) == word)
			return true;
	return false;
}

void template_write(const char *text, template_say say, void *ctx, struct text *out)
{
	struct token token;
	size_t part = 0;
	bool left_out = false;
	while ((token = next(&text)).type != TOKEN_END) {
		enum template_word word = WORD_COUNT;
		size_t before = out->len;
		if (token.type == TOKEN_TEXT)
			text_add_len(out, token.at, token.len);
		else if (token.type == TOKEN_WORD)
			word = find_word(token.at, token.len);
		if (word != WORD_COUNT) {
			say(ctx, word, out);
			left_out |= out->len == before;
		}
		if (token.type == TOKEN_PART) {
			part = out->len;
			left_out = false;
		} else if (token.type == TOKEN_PART_END && left_out && out->len > part) {
			out->len = part;
			out->at[part] = '\0';
		}
	}
}

const char *template_choose(const struct text_template *templates, uint32_t count,
                            const char *language, enum reason reason, enum incident_kind kind)
{
	for (uint32_t i = 0; i < count; i++) {
		const struct text_template *t = &templates[i];
		if (language && strcmp(t->language, language) == 0 &&
		    (t->reason == REASON_COUNT ? kind != INCIDENT_KIND_NONE
		                               : t->reason == reason) &&
		    (t->kind == INCIDENT_KIND_NONE || t->kind == kind))
			return t->text;
	}
	return NULL;
}
