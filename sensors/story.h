/* A story that sensors tell: who says what when, from a YAML file (scenarios/, README.md). */
#ifndef TOCSIN_SENSORS_STORY_H
#define TOCSIN_SENSORS_STORY_H

#include "base/mem.h"
#include "base/text.h"
#include "systems.h"

enum said_how { SAYS_SIGNAL, SAYS_STATUS, SAYS_MESSAGE, SAYS_NOTE };

struct utterance { /* in the order of their times */
	span_ms at;
	uint32_t order;
	enum said_how how;
	const struct sensor_system *system;
	struct saying saying; /* SIGNAL; device and site of STATUS */
	bool online, retain;  /* STATUS; MESSAGE */
	const char *topic, *payload, *note;
};

struct story { /* zeroed: none */
	struct arena arena;
	const char *name, *about, *site;
	struct utterance *items;
	uint32_t count, cap;
};

/* A file, or the name of one that comes with the program. site: instead of the file's own, or NULL.
 * 0, or -EINVAL, -ENOENT and the report, one "file:line:column: ..." a line. */
int story_load(const char *path, const char *site, struct story *out, struct text *report) MUST_USE;
void story_finish(struct story *);

/* The stories that come with the program: a line each, name and what it is about. */
void story_list(struct text *out);

struct built_in_story {
	const char *name;
	const unsigned char *bytes;
	const size_t *len;
};
extern const struct built_in_story built_in_stories[];
extern const unsigned int built_in_story_count;

#endif
