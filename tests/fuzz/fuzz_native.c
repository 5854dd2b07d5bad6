/* floors: decode */
/* What a device may say in our own language: topic <line end> payload. Taken, or refused
 * with one sentence, each signal of an array for itself; what is taken is bounded and text. The
 * same as the envelope of a device that signs: nothing but what the key has signed is ever in one.
 */
#include <errno.h>
#include <string.h>

#include "base/json.h"
#include "fuzz.h"
#include "receive/signals_signed.h"

#define NOW ((wall_ms)1795305600000) /* 2026-11-22T00:00:00Z */

static void look_at(const struct signal *s)
{
	cJSON *note = NULL;
	HOLDS(s->kind < KIND_COUNT);
	HOLDS(!s->id || (*s->id && strlen(s->id) <= MESSAGE_MAX));
	HOLDS(s->time == 0 || !s->time_said == !event_time_is_untrue(s->time, NOW));
	HOLDS(!s->time_said || text_is_utf8(s->time_said, strlen(s->time_said)));
	HOLDS(!s->note || json_parse(s->note, strlen(s->note), &note, NULL) == 0);
	cJSON_Delete(note);
}

#define KEY "0123456789abcdef0123456789abcdef"

static void open_envelope(const uint8_t *bytes, size_t len)
{
	struct text inner = {0}, again = {0}, twice = {0};
	struct problem why = {""};
	int r = signed_open(KEY, "binjiang", "smoke-301", bytes, len, &inner, &why);
	HOLDS(r == 0 || ((r == -EINVAL || r == -EACCES) && why.text[0] && !inner.len));
	HOLDS(text_is_utf8(why.text, strlen(why.text)));
	if (r == 0) { /* only who has the key could have made it */
		signed_write(KEY, "binjiang", "smoke-301", text_get(&inner), &again);
		HOLDS(signed_open(KEY, "binjiang", "smoke-301", text_get(&again), again.len, &twice,
		                  &why) == 0);
		HOLDS(strcmp(text_get(&inner), text_get(&twice)) == 0);
	}
	text_finish(&inner);
	text_finish(&again);
	text_finish(&twice);
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
	int r = decode_native(topic, line + 1, rest, false, NOW, NULL, &out, &why);
	open_envelope(line + 1, rest);
	HOLDS(r == 0 || (r == -EINVAL && why.text[0]));
	HOLDS(text_is_utf8(why.text, strlen(why.text)));
	HOLDS(r == 0 ? out.count || out.refused_count || out.is_status : !out.count);
	HOLDS(out.count <= MESSAGE_MAX / 31 && out.refused_count <= REFUSED_MAX + 1);
	HOLDS(r < 0 || (text_is_id(out.site) && text_is_id(out.device)));
	for (uint32_t i = 0; i < out.count; i++)
		look_at(&out.items[i].signal);
	for (uint32_t i = 0; i < out.refused_count; i++)
		HOLDS(*out.refused[i] && text_is_utf8(out.refused[i], strlen(out.refused[i])));
	signals_finish(&out);
	free(topic);
	return 0;
}
