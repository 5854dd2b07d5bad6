/* Texts of one's own (deliver/template.h). */
#include <string.h>

#include "config/read.h"

enum { T_LANGUAGE, T_REASON, T_KIND, T_TEXT, T_COUNT };
static const struct key template_keys[T_COUNT] = {
        [T_LANGUAGE] = {"language", "add for whom it is: 'language: zh-CN' or 'language: en'"},
        [T_REASON] = {"reason", NULL},
        [T_KIND] = {"kind", NULL},
        [T_TEXT] = {"text", "add what is said, such as 'text: \"{headline}[ {advice}]\"'"},
};
static const struct shape template_shape = {"a template", SHAPE(template_keys), false};

static const char *kind_word(const void *owner, uint32_t i)
{
	(void)owner;
	return incident_kind_name((enum incident_kind)i);
}

static const char *reason_word(const void *owner, uint32_t i)
{
	(void)owner;
	return reason_name((enum reason)i);
}

static const char *text_read(const struct checker *c, const struct node *node, enum reason reason)
{
	const char *text = check_scalar(c, node, "the text");
	struct problem why;
	if (!text)
		return NULL;
	for (const unsigned char *at = (const unsigned char *)text; *at; at++)
		if ((*at < ' ' && *at != '\n') || *at == 0x7f) {
			check_problem(c, node, "the text holds a control character");
			return NULL;
		}
	if (!*text) {
		check_problem(c, node, "the text is empty");
		return NULL;
	}
	if (template_check(text, reason, &why) < 0) {
		check_problem(c, node, "%s", why.text);
		return NULL;
	}
	struct text whole = {0};
	size_t len = strlen(text);
	while (len && text[len - 1] == '\n') /* of a block */
		len--;
	text_add_len(&whole, text, len);
	const char *kept = arena_copy(c->arena, text_get(&whole));
	text_finish(&whole);
	return kept;
}

static void template_read(const struct checker *c, const struct node *node,
                          struct text_template *out)
{
	const struct node *v[T_COUNT];
	*out = (struct text_template){
	        .language = "", .reason = REASON_COUNT, .kind = INCIDENT_KIND_NONE};
	if (!check_map(c, node, &template_shape, v))
		return;
	const char *language = check_language(c, v[T_LANGUAGE]);
	const char *reason = check_scalar(c, v[T_REASON], "the reason");
	const char *kind = check_scalar(c, v[T_KIND], "the kind");
	out->language = language ? language : "";
	if (reason) {
		out->reason = reason_from_name(reason);
		if (out->reason == REASON_COUNT)
			check_unknown(c, v[T_REASON], "reason", reason,
			              &(struct names){.name = reason_word, .count = REASON_COUNT});
	}
	if (kind) {
		out->kind = incident_kind_from_name(kind);
		if (out->kind == INCIDENT_KIND_NONE)
			check_unknown(
			        c, v[T_KIND], "kind of incident", kind,
			        &(struct names){.name = kind_word, .count = INCIDENT_KIND_COUNT});
	}
	out->text = text_read(c, v[T_TEXT], out->reason);
}

void templates_read(const struct checker *c, const struct node *list, struct service_config *config)
{
	uint32_t count = check_list(c, list, "templates", 0), i = 0;
	config->templates = ARENA_ARRAY(c->arena, struct text_template, count);
	config->template_count = count;
	FOR_EACH_NODE(c, item, list, count)
	template_read(c, item, &config->templates[i++]);
}
