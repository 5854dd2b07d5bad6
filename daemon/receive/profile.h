/* Profiles: what the messages of a sensor system mean, as data. config/ reads them from YAML
 * (sensors/profiles/, and the user's own files) into the structs below; profiles_compile makes the
 * tables; profiles_decode then takes a message apart without searching:
 *
 *     topic   -> the rules whose first level fits (hashed), in the order of the file
 *     payload -> parsed once; each member finds its readers by hash
 *     value   -> its meaning by hash
 *
 * Nothing in here knows of sites: a statement names a device by its address, and whoever knows the
 * site file binds it. Pure: the same profiles, memory, message and time give the same statements.
 * Everything in a message comes from strangers. What a profile does not know means nothing; null,
 * an empty text and words like "unknown" mean unknown: they are never normal and never a clear. */
#ifndef TOCSIN_RECEIVE_PROFILE_H
#define TOCSIN_RECEIVE_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/index.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/problem.h"
#include "base/text.h"
#include "decide/site.h"

#define ADDRESS_MAX 200
#define STATEMENTS_MAX 256 /* of one message; what is more is refused */
#define CAPTURES_MAX 8
#define TOPIC_LEVELS_MAX 32

/* ---- what values mean ---- */

enum meaning {
	MEANS_UNKNOWN, /* nothing can be said */
	MEANS_NOTHING, /* known, and of no concern */
	MEANS_CLEAR,
	MEANS_ACTIVE,
	MEANS_TEST, /* active, because somebody tests it */
	MEANS_ONLINE,
	MEANS_OFFLINE,
};

struct value_word {
	const char *text; /* lower case; a pattern where it holds * or ? */
	enum meaning means;
	enum kind kind; /* KIND_NONE: the reader's */
};

struct value_map {
	const char *name; /* NULL: written in place */
	struct value_word *words;
	uint32_t count;
	struct index index;
	uint32_t pattern_count;             /* words with * or ? ; exact ones come first */
	enum meaning otherwise;             /* of a word that is not listed */
	bool has_above, has_below, has_bit; /* of a number: active, else clear */
	double above, below, scale;
	uint32_t bit;
};

/* ---- what a member of a message means ---- */

enum reads {
	READS_SIGNAL,       /* a condition of a kind */
	READS_OWN,          /* of the kind that the site file gives the device */
	READS_PRESS,        /* a button's word: panic words, or the device's own kind */
	READS_TEST,         /* active: the alarms of this message are a test */
	READS_AVAILABILITY, /* online or offline */
	READS_ALIVE,        /* a sign of life and nothing else */
};

enum value_type { TYPE_ANY, TYPE_BOOL, TYPE_NUMBER, TYPE_TEXT };

struct condition {           /* of a reader */
	const char *key;     /* a member beside it, or /a/json/pointer */
	const char **any_of; /* lower case; NULL: it is there */
	uint32_t count;
};

struct reader {
	const char *key; /* folded; a pattern where it holds * or ? ; a pointer after / */
	bool ends; /* the key is the last words of a name: smoke_alarm of "Hall smoke alarm 2" */
	enum reads reads;
	enum kind kind;
	bool type_bool, type_number, type_text; /* none: any */
	bool momentary;                         /* each one is news, and no clear is expected */
	bool armed;     /* a panel speaks that is armed itself: see signal.armed */
	span_ms resets; /* clears by itself after so long; 0: not */
	const struct value_map *map;
	struct condition *when, *unless; /* all of them; none of them */
	uint32_t when_count, unless_count;
	uint32_t next; /* the next reader of the same key, or POSITION_NONE */
};

struct reader_set {
	const char *name;
	struct reader *readers;
	uint32_t count;
	/* Made by profiles_compile. */
	struct index index;            /* plain keys: the first reader of each */
	struct index ends;             /* likewise, of those that are the end of a name */
	uint32_t *patterns, *pointers; /* the other readers */
	uint64_t *letters;             /* of each pattern: those a key must hold to fit it */
	uint32_t pattern_count, pointer_count;
};

/* ---- where messages come from ---- */

enum level_kind {
	LEVEL_TEXT,
	LEVEL_CAPTURE, /* prefix{name}suffix */
	LEVEL_MANY,    /* {name+}: one level or more; at most one in a topic */
	LEVEL_ANY,     /* + */
	LEVEL_REST,    /* #, at the end */
};

struct topic_level {
	enum level_kind kind;
	const char *text, *suffix; /* TEXT: the level; CAPTURE: what stands around it */
	size_t text_len, suffix_len;
	const char *name; /* of the capture */
};

struct capture { /* points into the topic */
	const char *name, *text;
	size_t len;
};

struct topic_parts { /* a topic, taken apart once */
	const char *at[TOPIC_LEVELS_MAX];
	size_t len[TOPIC_LEVELS_MAX];
	uint32_t count;
};

enum payload_form { FORM_ANY, FORM_OBJECT, FORM_ARRAY, FORM_SCALAR, FORM_JSON, FORM_EMPTY };

enum time_format { TIME_AUTO, TIME_RFC3339, TIME_SECONDS, TIME_MILLISECONDS, TIME_LOCAL };

enum rule_does {
	RULE_READS,
	RULE_IGNORES,
	RULE_AVAILABILITY,
	RULE_GATEWAY,   /* the availability of what all devices of this base hang on */
	RULE_MODELS,    /* a list that says which model a device is */
	RULE_DISCOVERY, /* Home Assistant */
};

struct root { /* where in the payload the members stand; wildcards: each of an object or array */
	const char *at;    /* "" the whole, "/a/b", "/devices/ *" */
	bool device;       /* the last wildcard's key is the device */
	const char *named; /* or a template, of what stands at the first wildcard; or NULL */
	bool history;      /* what it says is past: recorded, never an alarm */
	const char *value; /* members are wrapped: the value stands at this name within, or NULL */
	struct condition *when; /* all of them hold of what stands there, or nothing is read */
	uint32_t when_count;
	uint32_t *sets; /* of its own, and then it is no alternative: it stands beside the others */
	uint32_t set_count;
};

struct topic_rule {
	const char *topic;
	struct topic_level *levels;
	uint32_t level_count;
	enum rule_does does;
	enum payload_form form;
	const char *as; /* a text payload is the value of this member (a template); default {key} */
	const char *device; /* template of the address: {capture}, {/pointer}; default {device} */
	/* Template: one value of the device, which may be bound as a device of its own; or NULL. */
	const char *point;
	struct root *roots;
	uint32_t root_count;
	uint32_t *sets; /* positions in the profile's sets: the first that knows a key has it */
	uint32_t set_count;
	const char *time_at; /* pointers: event time, */
	enum time_format time_format;
	const char *id;   /* template of the message's identity; {/pointer|what if missing} */
	span_ms id_lasts; /* a count that may begin again: for so long the same id is the same
	                     message */
	const char *model_at;
	const char *alias_at;
	const char *through;           /* template: what the device is heard through, or NULL */
	const char *value_at;          /* AVAILABILITY, GATEWAY: of a JSON payload */
	const struct value_map *words; /* AVAILABILITY, GATEWAY */
	const char *each;              /* MODELS: the list; "" the whole */
	bool armed;                    /* a panel speaks that is armed itself: see signal.armed */
	bool dead;                     /* such a message proves no life: a cache speaks */
	bool withdrawn;                /* an empty message takes back what was said: it is over */
	span_ms burst;                 /* the same said again within so long is one press */
};

struct model_rule { /* of devices whose model fits: these readers come before the rule's own */
	const char **models; /* patterns with * */
	uint32_t model_count;
	uint32_t *sets;
	uint32_t set_count;
};

struct profile {
	const char *name, *about, *base, *gateway;
	span_ms fresh; /* retained, or after a bridge's restart: older than this is past; 0: no
	                  matter */
	struct topic_rule *rules;
	struct model_rule *models;
	struct reader_set *sets;
	uint32_t rule_count, model_count, set_count;
	bool points;  /* some rule names them: see topic_rule.point */
	bool through; /* some rule tells what its devices are heard through */
	bool heard;   /* some site uses it, or the service file lists it in `listen` */
	bool filled;  /* else its name is all that was read of it: it is built in, and not heard */
};

struct rule_ref {
	uint32_t profile, rule, next; /* next in order, or POSITION_NONE */
};

struct profiles {
	struct arena arena;
	struct profile *items;
	uint32_t count, cap;
	struct index index; /* by name */
	/* Made by profiles_compile. */
	struct rule_ref *refs;
	const char **first_levels; /* the literal first level of each chain; NULL: any */
	uint32_t *chains;          /* the first ref of each */
	uint32_t ref_count, chain_count;
	struct index chain_index;
	uint32_t any_chain; /* rules that begin with a capture */
	struct value_map **maps;
	uint32_t map_count, map_cap;
	const char **watched; /* names of numbers that some device's `watch` looks at */
	uint32_t watched_count, watched_cap;
};

uint32_t profiles_find(const struct profiles *, const char *name); /* or POSITION_NONE */
/* Makes the tables, once all are filled and those that are heard are marked. */
void profiles_compile(struct profiles *);
void profiles_finish(struct profiles *);

/* Takes "a/{device}/x{n}/#" apart into the arena; {base} is replaced. -EINVAL and why. */
int topic_pattern_parse(const char *text, const char *base, struct arena *,
                        struct topic_level **out, uint32_t *count, struct problem *why) MUST_USE;
bool topic_split(const char *topic, struct topic_parts *out);
/* Whether the topic fits; captures get its parts. */
bool topic_fits(const struct topic_rule *, const struct topic_parts *, struct capture *captures,
                uint32_t *count);
/* The subscription that brings a rule's messages; appended to the text. */
void topic_pattern_filter(const struct topic_rule *, struct text *out);
/* Finds a value's meaning; word need not be lower case, number NULL where it is none. */
enum meaning value_map_find(const struct value_map *, const char *word, const double *number,
                            enum kind *kind);
void value_map_compile(struct value_map *);
/* Nobody knows, whoever says it and about what: "", unknown, null ... ; word in lower case. */
bool word_is_unknown(const char *word);
#define MEMBER_KEY_MAX 80
static inline char letter_lower(char c)
{
	return (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
}
static inline bool parts_words(char c) /* of a key */
{
	return c == '_' || c == '-' || c == ' ';
}
/* In lower case, without what parts its words: smokeAlarm is smoke_alarm. False where it is too
 * long for any reader. */
bool key_fold(const char *key, char out[MEMBER_KEY_MAX]);
bool is_pattern(const char *text);
static inline uint64_t letter_bit(char c)
{
	return UINT64_C(1) << (c & 63);
}
uint64_t letters_of(const char *text); /* a bit for each letter in it, * and ? left out */
bool pattern_fits(const char *pattern, const char *text); /* * any text, ? any one byte */

/* ---- what was learnt from messages: models, presses, restarts; bounded ---- */

struct profile_memory;
struct profile_memory *profile_memory_create(void);
void profile_memory_destroy(struct profile_memory *);
/* What was kept of a device's mark of a test, in a life before this one. */
void profile_memory_keep_mark(struct profile_memory *, const struct profile *, const char *address,
                              enum mark_stage, steady_ms since);

/* What a device was heard through last; NULL: nobody knows. */
const char *memory_through(const struct profile_memory *, const struct profile *,
                           const char *address);

/* ---- one message ---- */

enum statement_type {
	SAID_SIGNAL,  /* of a known kind */
	SAID_OWN,     /* of the device's own kind */
	SAID_PRESS,   /* a button's word, not a panic by itself */
	SAID_STATUS,  /* online or offline */
	SAID_GATEWAY, /* likewise, of the gateway that the address names */
	SAID_ALIVE,
	SAID_TEST,      /* somebody tests it */
	SAID_NUMBER,    /* one that is watched */
	SAID_PUZZLE,    /* a word that a known member does not have */
	SAID_TOPIC,     /* an announcement: the topic in word is to be listened to */
	SAID_TEST_MARK, /* what is to be kept of its mark of a test: in mark */
};

struct statement {
	enum statement_type type;
	const char *address, *alias; /* alias may be NULL */
	const char *point;           /* its address as a device of its own, or NULL */
	enum kind kind;              /* KIND_NONE where the device's own counts */
	bool active;                 /* of a status: online */
	bool test, momentary;
	bool armed;         /* the sender was armed itself */
	bool history;       /* past: to be recorded and nothing else */
	bool lifeless;      /* proves no life: retained, or out of a cache */
	bool others_active; /* another point of the device, of the same kind */
	span_ms resets;
	span_ms expires; /* of ALIVE: silent for longer it is gone; 0: the site file's word */
	const char *key, *word; /* what said so */
	double value;
	bool has_value;
	enum mark_stage mark;
	const char *local_time; /* event time without a zone: the site's */
	wall_ms time;           /* event time, or 0 */
	const char *id;         /* identity of the message, or NULL */
	span_ms id_lasts;
};

struct statements { /* zeroed is valid; what is in it lives until it is filled again */
	const struct profile *profile; /* NULL: no profile takes this topic */
	const struct topic_rule *rule;
	struct statement items[STATEMENTS_MAX];
	uint32_t count;
	/* By a rule; an empty message; what was said just before is left out. */
	bool ignored, removed, repeated;
	const char *address; /* that the topic names, or NULL */
	struct arena arena;
	struct text scratch;
	cJSON *tree; /* in the arena, or NULL */
};
void statements_reset(struct statements *);
void statements_finish(struct statements *);

struct heard_message {
	const char *topic;
	const void *bytes;
	size_t len, cut; /* cut: so many more came behind them, of what is too long */
	bool retained;
	wall_ms now;
	steady_ms steady;
};

/* A bridge's list of its devices may be longer than any other message. */
#define LIST_MAX ((size_t)1024 * 1024)
bool profiles_take_list(const struct profiles *, const char *topic);

/* 0, with what was found (perhaps nothing); -EINVAL and why for a message that a profile takes and
 * cannot understand: its address is in out as far as it is known. Resets out first. */
int profiles_decode(const struct profiles *, struct profile_memory *, const struct heard_message *,
                    struct statements *out, struct problem *why) MUST_USE;

#endif
