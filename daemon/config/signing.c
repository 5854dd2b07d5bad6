/* Of a device: that it signs what it says, and with what. */
#include <string.h>

#include "config/read.h"
#include "config/secret.h"
#include "receive/signals_signed.h"

enum { G_KEY, G_KEY_FILE, G_WINDOW, G_COUNT };
static const struct key signing_keys[G_COUNT] = {
        [G_KEY] = {"key", NULL},
        [G_KEY_FILE] = {"key_file", NULL},
        [G_WINDOW] = {"window", NULL},
};
static const struct shape signing_shape = {"'signed'", SHAPE(signing_keys), true};

static bool is_long_enough(const char *key)
{
	return strlen(key) >= SIGNING_KEY_LEAST;
}

const struct signing *signing_read(const struct checker *c, const struct node *node,
                                   bool has_profile)
{
	const struct node *v[G_COUNT];
	if (!node || !check_map(c, node, &signing_shape, v))
		return NULL;
	struct signing *signing = ARENA_ARRAY(c->arena, struct signing, 1);
	signing->window = MINUTES(5);
	check_span(c, v[G_WINDOW], "window", SECONDS(1), &signing->window);
	enum secret_found found = check_secret(c, "key", v[G_KEY], v[G_KEY_FILE], false,
	                                       &signing->key);
	if (found == SECRET_NONE)
		check_problem(c, node,
		              "signed: without a key; add 'key_file: secrets/DEVICE.key', which "
		              "`add-device --signed` makes");
	else if (found == SECRET_THERE && !is_long_enough(signing->key))
		check_problem(c, v[G_KEY_FILE] ? v[G_KEY_FILE] : v[G_KEY],
		              "the key has fewer than %d characters; `openssl rand -hex 32` makes "
		              "one",
		              SIGNING_KEY_LEAST);
	if (has_profile)
		check_problem(c, node,
		              "signed: a device with a profile speaks as its maker has it; only "
		              "those that speak our own language can sign");
	return signing;
}
