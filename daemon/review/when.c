#include "review/when.h"

#include <errno.h>

#include "base/calendar.h"
#include "base/text.h"

int when_parse(const char *text, wall_ms now, wall_ms *out)
{
	span_ms ago;
	if (text_parse_span(text, &ago) == 0) {
		if (ago > now)
			return -EINVAL;
		*out = now - ago;
		return 0;
	}
	return time_parse(text, out) == 0 ? 0 : -EINVAL;
}
