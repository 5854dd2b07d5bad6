/* floors: deliver */
/* What a vendor's server answers: status (two bytes), whether Retry-After was said, then the body.
 * Every channel judges it: within bounds, in text, and never accepted without a 2xx. */
#include <string.h>

#include "deliver/channel.h"
#include "fuzz.h"

static void judge(const struct channel_type *type, const struct reply *reply)
{
	struct judgement out = {0}, again = {0};
	type->judge(reply, &out);
	type->judge(reply, &again);
	HOLDS(out.verdict <= VERDICT_REFUSED);
	HOLDS(out.verdict == again.verdict && strcmp(out.detail, again.detail) == 0);
	HOLDS(out.verdict != VERDICT_ACCEPTED || (reply->status >= 200 && reply->status < 300));
	HOLDS(out.retry_after >= 0);
	HOLDS(strlen(out.detail) < sizeof out.detail);
	HOLDS(text_is_utf8(out.detail, strlen(out.detail)));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	if (len < 3)
		return 0;
	char *body = strndup((const char *)bytes + 3, len - 3);
	struct reply reply = {.status = (bytes[0] * 256 + bytes[1]) % 1000,
	                      .body = body,
	                      .retry_after = bytes[2] ? SECONDS(bytes[2]) : 0};
	char *names = strdup(channel_type_names()), *rest = names, *name;
	unsigned judged = 0;
	while ((name = strsep(&rest, ", ")))
		if (*name && channel_type_find(name)) {
			judge(channel_type_find(name), &reply);
			judged++;
		}
	HOLDS(judged > 10);
	free(names);
	free(body);
	return 0;
}
