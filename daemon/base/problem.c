#include "base/problem.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/text.h"

int(problem_set)(struct problem *why, int code, const char *format, ...)
{
	if (!why)
		return code;
	va_list args;
	va_start(args, format);
	vsnprintf(why->text, sizeof why->text, format, args);
	va_end(args);
	text_trim_utf8(why->text);
	for (char *c = why->text; *c; c++)
		if ((unsigned char)*c < 0x20)
			*c = ' ';
	return code;
}
