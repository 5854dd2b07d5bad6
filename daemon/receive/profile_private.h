/* What the parts of decoding share: the message (profile_decode.c), where in it devices speak
 * (profile_places.c), what their members mean (profile_readers.c), words, templates and times
 * (profile_values.c), the memory, and Home Assistant's announcements. */
#ifndef TOCSIN_RECEIVE_PROFILE_PRIVATE_H
#define TOCSIN_RECEIVE_PROFILE_PRIVATE_H

#include "receive/profile.h"

struct decoding { /* of one message */
	const struct profiles *profiles;
	struct profile_memory *memory;
	const struct heard_message *message;
	struct statements *out;
	struct problem *why;
	const struct profile *profile;
	const struct topic_rule *rule;
	struct capture captures[CAPTURES_MAX];
	uint32_t capture_count;
	const struct model_rule *model;
	const uint32_t *sets; /* that know the members of this place */
	uint32_t set_count;
};

/* RFC 6901 without ~ escapes; "" is the node itself; NULL where it leads nowhere. */
const cJSON *json_at(const cJSON *, const char *pointer);

#define WORD_ROOM 40
/* A value as a word: true, false, a number, a text; NULL for null, lists and objects. room holds
 * what has to be made up. */
const char *json_word(const cJSON *, char room[WORD_ROOM]);

/* In lower case; false where it is longer than the room. */
bool key_lower(const char *key, char *out, size_t cap);

const char *capture_find(const struct decoding *, const char *name, size_t len, size_t *out);
/* "{device}-{/channel|1}", with what the topic and this node of the payload hold. NULL where a part
 * is missing, or the whole is too long for an address. */
const char *template_fill(struct decoding *, const cJSON *node, const char *template);
/* The time that a message gives, or 0; a local one is left to who knows the site. */
wall_ms decode_time(struct decoding *, const cJSON *node, const char **local);

/* ---- tests ---- */

/* What a message says of a test; of several words the last of these holds. ELSEWHERE: it is one
 * value among others that have topics of their own, or what nobody knows. */
enum test_word { TEST_OMITTED, TEST_ELSEWHERE, TEST_OVER, TEST_RUNS, TEST_WORDS };

enum detectors { DETECTORS_SILENT, DETECTORS_REST, DETECTORS_ALARM, DETECTORS };

struct trial { /* zeroed: none */
	enum mark_stage stage;
	steady_ms since, said; /* that it is tested: first, and last */
};
/* Whether the alarm of a message is a test; what it makes of the mark is in the trial then. said:
 * when the message was, which is unknown, and long ago, of one that waited at the broker. */
bool trial_judge(struct trial *, enum test_word, enum detectors, steady_ms said, steady_ms now);

/* ---- readers ---- */

struct speaking { /* one device in one place of the message */
	const char *address;
	struct learnt *known; /* what was learnt of it, or NULL */
	const cJSON *object;  /* or NULL: a text payload */
	uint32_t first;       /* its first statement */
	enum test_word test;
	bool history;
};

bool conditions_hold(const struct condition *, uint32_t count, const cJSON *object);
/* The reader of a member: the model's own come before the rule's. */
const struct reader *reader_find(const struct decoding *, const char *key, const cJSON *object,
                                 const cJSON *value);
/* What the word of one member means to one reader. */
int reader_apply(struct decoding *, struct speaking *, const struct reader *, const char *key,
                 const char *word, const double *number) MUST_USE;
/* Likewise, where it is known what is meant; mapped: the kind that the word itself tells, or
 * KIND_NONE. */
int meaning_apply(struct decoding *, struct speaking *, const struct reader *, enum meaning,
                  enum kind mapped, const char *key, const char *word,
                  const double *number) MUST_USE;
/* A number that some device's `watch` looks at. */
int number_note(struct decoding *, const struct speaking *, const char *key,
                double number) MUST_USE;
/* wrapped: the values stand at this name within their members, or NULL. */
int decode_members(struct decoding *, struct speaking *, const char *wrapped) MUST_USE;

/* ---- places ---- */

int decode_places(struct decoding *) MUST_USE; /* of a JSON payload, by the rule's roots */
int decode_scalar(struct decoding *) MUST_USE; /* a payload that is one value */
int decode_availability(struct decoding *) MUST_USE;
int decode_withdrawal(struct decoding *) MUST_USE; /* an empty message */
int decode_models(struct decoding *) MUST_USE;

/* NULL, with why, when the statements of one message are too many. */
struct statement *statement_add(struct decoding *, enum statement_type, const char *address);

/* ---- memory ---- */

struct learnt {          /* of one device */
	const char *key; /* profile and address */
	const char *alias, *model, *through;
	struct trial trial;
};
/* Both give NULL where nothing is known of it; what they give is valid until somebody is met. */
struct learnt *memory_device(const struct profile_memory *, const struct profile *,
                             const char *address);
struct learnt *memory_meet(struct profile_memory *, const struct profile *, const char *address);
void memory_learn(struct profile_memory *, const struct profile *, const char *address,
                  const char *alias, const char *model);
void memory_hear_through(struct profile_memory *, const struct profile *, const char *address,
                         const char *through);
/* A device may have several points of a kind, each a value on a topic of its own: whether another
 * one than this is active. */
bool memory_point(struct profile_memory *, const struct profile *, const struct statement *);
/* True if a member of a device said just this last, and less than within ago. */
bool memory_repeats(struct profile_memory *, const struct profile *, const struct statement *,
                    span_ms within, steady_ms now);
void memory_gateway(struct profile_memory *, const char *gateway, bool online, steady_ms now);
bool memory_gateway_is_fresh(const struct profile_memory *, const char *gateway, steady_ms now);

enum template_asks {
	ASKS_WORD,   /* nothing: the value is the word */
	ASKS_TRUTH,  /* whether there is anything, and it is not false or 0 */
	ASKS_ONE_OF, /* whether it is one of the words */
	ASKS_ABOVE,
	ASKS_BELOW,
};

struct value_template {
	const char *pointer; /* into a JSON payload, or NULL: the payload itself */
	const char *missing; /* the word where there is none, or NULL */
	enum template_asks asks;
	bool negated;
	const char **words;
	uint32_t word_count;
	double bound;
	const char *yes, *no; /* the words for the answer */
};
/* False: a template that is not understood. */
bool template_read(struct decoding *, const char *template, struct value_template *out);
/* The word that it makes of a payload; NULL where nobody knows. tree: the payload as JSON, or NULL;
 * payload: as text, or NULL; room holds what has to be made up. */
const char *template_apply(const struct value_template *, const cJSON *tree, const char *payload,
                           char room[WORD_ROOM]);

struct entity {                              /* that Home Assistant discovery announced */
	const char *topic, *address, *alias; /* the topic it speaks on; it may hold + */
	bool is_availability;
	bool is_panel; /* armed by itself; its words are Home Assistant's own */
	enum kind kind;
	const char *on, *off; /* lower case */
	struct value_template template;
	span_ms resets;
	span_ms expires;       /* silent for longer it is gone; 0: not said */
	const char *announced; /* the topic of its announcement */
	bool gone;             /* its announcement was taken back */
	const char *key;       /* made by the memory: see there */
	uint32_t next;         /* the next entity of the same key */
};
#define ENTITIES_MAX 4096
struct entities { /* that a topic may be of: the first of each chain, or POSITION_NONE */
	uint32_t exact, wild;
};
struct entities memory_entities(const struct profile_memory *, const char *topic);
const struct entity *memory_entity_at(const struct profile_memory *, uint32_t);
bool memory_announce(struct profile_memory *, const struct entity *); /* copied; false: full */
void memory_forget(struct profile_memory *, const char *announced);

/* profile_discovery.c */
int discovery_read(struct decoding *, const cJSON *config);
int discovery_state(struct decoding *, const struct entities *, const struct topic_parts *);
/* Whose it is, where no rule has said. */
bool discovery_names(struct decoding *, const struct entities *, const struct topic_parts *);

#endif
