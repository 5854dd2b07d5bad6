#include "review/html.h"

#include <string.h>

static const char *entity(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

void html_add_escaped(struct text *text, const char *value)
{
	const char *run = value;
	for (const char *c = value; *c; c++) {
		const char *instead = entity(*c);
		if (!instead)
			continue;
		text_add_len(text, run, (size_t)(c - run));
		text_add(text, instead);
		run = c + 1;
	}
	text_add(text, run);
}
