#include "review/when.h"

#include <errno.h>

#include "base/text.h"

int when_parse(const char *text, wall_ms now, const struct timezone_table *zone, wall_ms *out)
{
	span_ms ago;
	struct civil local;
	if (text_parse_span(text, &ago) == 0) {
		if (ago > now)
			return -EINVAL;
		*out = now - ago;
		return 0;
	}
	if (zone && civil_parse(text, &local) == 0) {
		*out = civil_first(zone, local);
		return 0;
	}
	return time_parse(text, out) == 0 ? 0 : -EINVAL;
}
