/* floors: review store */
/* also: cmocka */
/* Whatever comes over a connection, with a viewer's, an operator's or an admin's token in it: it is
 * answered in HTTP or cut off, and the next visitor is served. What only who holds a secret can say
 * stands in a case as a word in braces, so that what lies behind it is reached by any bytes around:
 *
 *     {LINK}     the token of an acknowledge link that is good
 *     {COOKIE}   the value of a session of li
 *     {SIGNED}   PagerDuty's signature of all behind the head
 *     {LENGTH}   the length of all behind the head
 */
#include "../unit/visitor.h"

#include "fuzz.h"
#include "review/session.h"

#define TURNS_MAX 400 /* of the loop, until whoever says nothing more is left alone */

#define TURNS_AFTER 20

static struct visits v;
static unsigned int lived;
static struct link of_first; /* of whoever was told first */
static struct sessions *sessions;
static const struct http_hook hooks[] = {
        {.channel = "bot", .kind = HOOK_TELEGRAM, .secret = "whence"},
        {.channel = "pager", .kind = HOOK_PAGERDUTY, .secret = "hush"},
};

static void leave(void)
{
	sessions_destroy(sessions);
	visit_end(&v);
}

static void arrive(void)
{
	visit_begin(&v);
	v.options.hooks = hooks;
	v.options.hook_count = sizeof hooks / sizeof *hooks;
	happen(&v, "smoke-301", KIND_SMOKE);
	HOLDS(v.site->notification_count > 0);
	of_first = (struct link){.site = v.site->store_id,
	                         .notification = v.site->notifications[0]->number,
	                         .expires = v.now.wall + DAYS(30)};
	sessions = sessions_create(v.service.link_key);
	atexit(leave);
}

/* ---- the words in braces; each is told what was said ---- */

static void add_link(struct text *out, const struct text *said)
{
	(void)said;
	link_write_token(out, v.service.link_key, &of_first);
}

static void add_cookie(struct text *out, const struct text *said)
{
	(void)said;
	struct session session = {.user = &v.users[0]};
	session_begin(&session, v.now.wall);
	session_write(sessions, &session, out);
}

static const char *body_of(const struct text *said)
{
	const char *end = memmem(said->at, said->len, "\r\n\r\n", 4);
	return end ? end + 4 : said->at + said->len;
}

static void add_signature(struct text *out, const struct text *said)
{
	const char *body = body_of(said);
	uint8_t mac[SHA256_LEN];
	crypto_hmac_sha256(hooks[1].secret, strlen(hooks[1].secret), body,
	                   (size_t)(said->at + said->len - body), mac);
	text_add(out, "v1=");
	text_add_hex(out, mac, sizeof mac);
}

static void add_length(struct text *out, const struct text *said)
{
	text_addf(out, "%td", said->at + said->len - body_of(said));
}

/* The length and the signature are those of what the other words have become. */
static const struct word {
	const char *name;
	void (*add)(struct text *out, const struct text *said);
} first[] = {{"{LINK}", add_link}, {"{COOKIE}", add_cookie}},
  then[] = {{"{SIGNED}", add_signature}, {"{LENGTH}", add_length}};

static void put_words(struct text *said, const struct word words[2])
{
	struct text out = {0};
	const char *end = said->at + said->len;
	for (const char *at = said->at; at < end;) {
		const struct word *found = NULL;
		for (int i = 0; *at == '{' && i < 2; i++) {
			size_t len = strlen(words[i].name);
			if ((size_t)(end - at) >= len && memcmp(at, words[i].name, len) == 0)
				found = &words[i];
		}
		if (found)
			found->add(&out, said);
		else
			text_add_char(&out, *at);
		at += found ? strlen(found->name) : 1;
	}
	text_finish(said);
	*said = out;
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
	struct text said = {0};
	if (lived == 0)
		arrive();
	lived++;
	if (len > 0) {
		text_add_len(&said, (const char *)bytes, len);
		put_words(&said, first);
		put_words(&said, then);
	}
	talk(text_get(&said), said.len);
	text_finish(&said);
	if (lived % 64 == 0)
		expect(200, get(&v, "/healthz", NULL), "");
	return 0;
}
