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
                      struct access_user *user)
{
	const struct node *v[U_COUNT];
	bool is_map = check_map(c, node, &user_shape, v);
	user->name = ids_claim(c, names, v[U_NAME]);
	if (!is_map)
		return;
	user->role = check_role(c, v[U_ROLE]);
	user->person = check_id(c, v[U_PERSON], "the person");
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
	FOR_EACH_NODE(c, item, list, count)
	user_read(c, item, &names, &users[i++]);
	ids_finish(&names);
	reading->config->http.users = users;
	reading->config->http.user_count = count;
}
