/* Text into HTML: what stands in it stays text, in an element and in a quoted attribute. */
#ifndef TOCSIN_REVIEW_HTML_H
#define TOCSIN_REVIEW_HTML_H

#include "base/text.h"

void html_add_escaped(struct text *, const char *);

#endif
