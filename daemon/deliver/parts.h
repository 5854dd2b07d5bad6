/* What the channels share: addresses, bodies, how urgent, and judgements by a code. */
#ifndef TOCSIN_DELIVER_PARTS_H
#define TOCSIN_DELIVER_PARTS_H

#include "base/json.h"
#include "deliver/channel.h"

/* One line a channel; channel.c makes its table of it. */
#define CHANNEL_TYPES(X)                                                                           \
	X(webhook)                                                                                 \
	X(wecom)                                                                                   \
	X(dingtalk)                                                                                \
	X(feishu)                                                                                  \
	X(ntfy)                                                                                    \
	X(gotify)                                                                                  \
	X(bark)                                                                                    \
	X(serverchan)                                                                              \
	X(pushplus)                                                                                \
	X(slack)                                                                                   \
	X(teams)                                                                                   \
	X(discord)                                                                                 \
	X(telegram)                                                                                \
	X(pagerduty)                                                                               \
	X(alertmanager)                                                                            \
	X(homeassistant)
#define CHANNEL_DECLARE(name) extern const struct channel_type name##_channel;
CHANNEL_TYPES(CHANNEL_DECLARE)
#undef CHANNEL_DECLARE

/* ---- addresses ---- */

/* The configured url with the path behind it, unless it ends with that path already: for services
 * that people run themselves, maybe below a path. A query stays behind the path. */
void request_join(struct request *, const struct channel *, const char *path);
/* The configured url as it stands, where it names more than a host: the whole address as a robot's
 * page shows it. Else the path is put behind it. */
void request_whole(struct request *, const struct channel *, const char *path);
/* Adds "name=value" to the url's query, percent-encoded. */
void request_query(struct request *, const char *name, const char *value);
bool url_has_path(const char *url);
bool url_has_query(const char *url, const char *name);

/* ---- bodies ---- */

/* The generic webhook's body (`to` has the contact's address too, where there is one): type,
 * timestamp, data. Under 20 kB: of many signals the latest. */
void letter_write_json(const struct letter *, struct text *out);
/* Sets the Content-Type to JSON. */
void request_is_json(struct request *);
/* A JSON member with the letter's text cut to limit bytes and the link (or NULL) behind it. */
void put_text(struct text *, const char *name, const struct letter *, size_t limit,
              const char *link);
void put_title(struct text *, const char *name, const struct letter *, size_t limit);
/* Where a tap leads: the acknowledge page, else the console; may be NULL. */
const char *letter_link(const struct letter *);
/* In the letter's language. */
const char *letter_say(const struct letter *, const char *chinese, const char *english);

/* Standard Webhooks: one "v1,<base64>" for each key of the secret, blank-separated. -EINVAL for a
 * secret that is none. */
int webhook_sign(const char *secret, const char *id, int64_t timestamp, const char *body,
                 struct text *signatures) MUST_USE;

enum urgency {
	URGENCY_LOW,     /* troubles, and that something has ended or has an owner */
	URGENCY_NORMAL,  /* minor, tests */
	URGENCY_HIGH,    /* major */
	URGENCY_CRITICAL /* critical, and whatever endangers life: wake people */
};
enum urgency letter_urgency(const struct letter *);

/* Calls each with every item of a comma-separated list, blanks around them taken off. */
void list_each(const char *list, void (*each)(void *ctx, const char *item), void *ctx);

/* ---- judgements ---- */

struct code { /* an answer the service documents */
	int64_t code;
	enum verdict verdict;
	const char *meaning;
};

/* Parses the reply's body as a JSON object; NULL if it is none. cJSON_Delete frees it. */
cJSON *reply_json(const struct reply *);

/* For services that put the outcome into a member of the body, often under HTTP 200. 2xx with the
 * good code is accepted; a listed code is what the list says, another one refused; 2xx without a
 * code that can be read is no success and may be tried again. The message beside the code is
 * never read: some services repeat the key in it. */
void judge_by_code(const struct reply *, const char *member, int64_t good, const struct code *,
                   size_t count, struct judgement *);

/* After judge_by_code: the service that answers with this code takes nothing from us for a time. */
void judge_shut_out(const struct reply *, const char *member, int64_t code, span_ms,
                    struct judgement *);

/* The same: with this code it may be tried again only so often, then it is refused. */
void judge_patience(const struct reply *, const char *member, int64_t code, uint32_t retries,
                    struct judgement *);

/* How much this letter may push others aside (rate.h). */
enum weight letter_weight(const struct letter *);

/* Sets verdict and detail. */
__attribute__((format(printf, 3, 4))) void judge(struct judgement *, enum verdict,
                                                 const char *format, ...);

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

#endif
