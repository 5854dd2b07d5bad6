/* Who signs in on the console with a password. Only its hash is in the configuration. */
#include <string.h>

#include "base/password.h"
#include "config/read.h"
#include "config/secret.h"

enum { U_NAME, U_ROLE, U_PERSON, U_HASH, U_HASH_FILE, U_COUNT };
static const struct key user_keys[U_COUNT] = {
        [U_NAME] = {"name", "add the name to sign in with"},
        [U_ROLE] = {"role", "add 'role: viewer', 'role: operator' or 'role: admin'"},
        [U_PERSON] = {"person", NULL},
        [U_HASH] = {"password_hash", NULL},
        [U_HASH_FILE] = {"password_hash_file", NULL},
};
static const struct shape user_shape = {"a user", SHAPE(user_keys), true};

static void user_read(const struct checker *c, const struct node *node, struct ids *names,
                      struct access_user *user, const struct node **person)
{
	const struct node *v[U_COUNT];
	bool is_map = check_map(c, node, &user_shape, v);
	user->name = ids_claim(c, names, v[U_NAME]);
	if (!is_map)
		return;
	user->role = check_role(c, v[U_ROLE]);
	user->person = check_id(c, v[U_PERSON], "the person");
	*person = user->person ? v[U_PERSON] : NULL;
	const char *hash = NULL;
	enum secret_found found = check_secret(c, "password_hash", v[U_HASH], v[U_HASH_FILE], false,
	                                       &hash);
	if (found == SECRET_NONE)
		check_problem(c, node,
		              "a user without 'password_hash'; `tocsin password` makes it of a "
		              "password");
	else if (found == SECRET_THERE && !password_hash_is_good(hash))
		check_problem(c, v[U_HASH] ? v[U_HASH] : v[U_HASH_FILE],
		              "this is no hash of a password (not shown); `tocsin password` makes "
		              "one");
	/* One that no password has, where a command cannot read the file. */
	user->password_hash = hash ? hash : "";
}

void users_read(const struct checker *c, const struct node *list, struct service_reading *reading)
{
	uint32_t count = check_list(c, list, "users", 0), i = 0;
	struct ids names;
	ids_begin(&names, "user", list, count);
	struct access_user *users = ARENA_ARRAY(c->arena, struct access_user, count);
	reading->user_people = ARENA_ARRAY(c->arena, const struct node *, count);
	FOR_EACH_NODE(c, item, list, count)
	{
		user_read(c, item, &names, &users[i], &reading->user_people[i]);
		i++;
	}
	ids_finish(&names);
	reading->config->http.users = users;
	reading->config->http.user_count = count;
}

/* ---- in whose name ---- */

struct everybody { /* of all sites */
	const char **ids;
	uint32_t count;
};

static const char *person_name(const void *owner, uint32_t i)
{
	return ((const struct everybody *)owner)->ids[i];
}

static bool is_somebody(const struct everybody *all, const char *id)
{
	for (uint32_t i = 0; i < all->count; i++)
		if (strcmp(all->ids[i], id) == 0)
			return true;
	return false;
}

static struct everybody gather_people(const struct checker *c, const struct service_config *config)
{
	struct everybody all = {0};
	for (uint32_t i = 0; i < config->site_count; i++)
		all.count += config->sites[i]->person_count;
	all.ids = ARENA_ARRAY(c->arena, const char *, all.count);
	all.count = 0;
	for (uint32_t i = 0; i < config->site_count; i++)
		for (uint32_t k = 0; k < config->sites[i]->person_count; k++)
			if (config->sites[i]->people[k].id)
				all.ids[all.count++] = config->sites[i]->people[k].id;
	return all;
}

void users_check_people(const struct checker *c, const struct service_reading *reading)
{
	const struct service_config *config = reading->config;
	if (config->http.user_count == 0 || config->site_count < reading->site_count)
		return; /* a site that could not be read may hold anybody */
	struct everybody all = gather_people(c, config);
	for (uint32_t i = 0; i < config->http.user_count; i++)
		if (reading->user_people[i] && !is_somebody(&all, config->http.users[i].person))
			check_unknown(c, reading->user_people[i], "person",
			              config->http.users[i].person,
			              &(struct names){person_name, &all, all.count});
}
