/* floors: decode */
/* What a device may say in our own language: topic <line end> payload. Taken whole or refused whole
 * with one sentence; what is taken is bounded and text. */
#include <errno.h>
#include <string.h>

#include "base/json.h"
#include "fuzz.h"
#include "receive/signals.h"

#define NOW ((wall_ms)1795305600000) /* 2026-11-22T00:00:00Z */

static void look_at(const struct signal *s)
{
	cJSON *note = NULL;
	HOLDS(s->kind < KIND_COUNT);
	HOLDS(!s->id || (*s->id && strlen(s->id) <= MESSAGE_ID_MAX));
	HOLDS(s->time == 0 ||
	      (s->time >= NOW - EVENT_TIME_PAST && s->time <= NOW + EVENT_TIME_AHEAD));
	HOLDS(!s->note || json_parse(s->note, strlen(s->note), &note, NULL) == 0);
	cJSON_Delete(note);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	const uint8_t *line = len ? memchr(bytes, '\n', len) : NULL;
	if (!line || memchr(bytes, 0, (size_t)(line - bytes)))
		return 0;
	struct signals out = {0};
	struct problem why = {""};
	char *topic = strndup((const char *)bytes, (size_t)(line - bytes));
	size_t rest = len - (size_t)(line + 1 - bytes);
	int r = decode_native(topic, line + 1, rest, false, NOW, &out, &why);
	HOLDS(r == 0 || (r == -EINVAL && why.text[0]));
	HOLDS(text_is_utf8(why.text, strlen(why.text)));
	HOLDS(r == 0 ? out.count || out.is_status : !out.count);
	HOLDS(out.count <= SIGNALS_MAX);
	HOLDS(r < 0 || (text_is_id(out.site) && text_is_id(out.device)));
	for (uint32_t i = 0; i < out.count; i++)
		look_at(&out.items[i].signal);
	signals_finish(&out);
	free(topic);
	return 0;
}
