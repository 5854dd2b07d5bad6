/* floors: review store */
/* also: cmocka */
/* Whatever comes over a connection, with a viewer's, an operator's or an admin's token in it: it is
 * answered in HTTP or cut off, and the next visitor is served. */
#include "../unit/visitor.h"

#include "fuzz.h"

#define TURNS_MAX 400 /* of the loop, until whoever says nothing more is left alone */

#define TURNS_AFTER 20

static struct visits v;
static unsigned int lived;

static void leave(void)
{
	visit_end(&v);
}

static void talk(const char *bytes, size_t len)
{
	struct caller c;
	call_up(&v, &c);
	/* Who says half a request, shuts one direction and goes is kept by libmicrohttpd until the
	 * timeout: the places would be used up. */
	say_bytes(&c, bytes, len);
	for (int i = 0; i < TURNS_MAX && !c.ended; i++)
		uv_run(&v.loop, UV_RUN_NOWAIT);
	HOLDS(!c.got.len || strncmp(text_get(&c.got), "HTTP/1.", 7) == 0);
	hang_up(&c);
	/* The service takes a few turns to see that he has gone. */
	for (int i = 0; i < TURNS_AFTER; i++)
		uv_run(&v.loop, UV_RUN_NOWAIT);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	if (lived == 0) {
		visit_begin(&v);
		happen(&v, "smoke-301", KIND_SMOKE);
		atexit(leave);
	}
	lived++;
	talk((const char *)bytes, len);
	if (lived % 64 == 0)
		expect(200, get(&v, "/healthz", NULL), "");
	return 0;
}
