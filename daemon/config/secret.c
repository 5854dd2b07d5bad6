#include "config/secret.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

const char *check_path(const struct checker *c, const struct node *node, const char *what)
{
	const char *name = check_line(c, node, what);
	if (!name)
		return NULL;
	struct text path = {0};
	file_beside(c->path, name, &path);
	const char *out = arena_copy(c->arena, text_get(&path));
	text_finish(&path);
	return out;
}

/* The credential of the service manager that stands for this file: secrets/broker.password is
 * handed over as secrets_broker.password (systemd.exec(5), LoadCredential= of a folder). */
static bool is_handed_over(const char *name, struct text *path)
{
	const char *folder = getenv("CREDENTIALS_DIRECTORY");
	if (!folder || name[0] == '/')
		return false;
	text_addf(path, "%s/%s", folder, name);
	for (char *c = path->at + strlen(folder) + 1; *c; c++)
		if (*c == '/')
			*c = '_';
	return access(text_get(path), F_OK) == 0;
}

/* Files that the service may not be able to read itself: keys and secrets. *hint is what may mend
 * it where the file cannot be read. */
static const char *private_path(const struct checker *c, const struct node *node, const char *what,
                                const char **hint)
{
	const char *name = check_line(c, node, what);
	if (!name)
		return NULL;
	struct text path = {0};
	*hint = NULL;
	if (!is_handed_over(name, &path)) {
		if (getenv("CREDENTIALS_DIRECTORY") && name[0] != '/')
			*hint = "the service manager hands secrets over at the start only; if this "
			        "one came after it, `systemctl restart tocsind` hands it over";
		text_reset(&path);
		file_beside(c->path, name, &path);
	}
	const char *out = arena_copy(c->arena, text_get(&path));
	text_finish(&path);
	return out;
}

const char *check_file(const struct checker *c, const struct node *node, const char *what)
{
	const char *hint = NULL;
	const char *path = private_path(c, node, what, &hint);
	if (path && c->use != CONFIG_COMMAND && access(path, R_OK) < 0) {
		check_problem(c, node, "%s: the file cannot be read: %s; %s", what, strerror(errno),
		              hint ? hint : "paths are relative to the folder of this file");
		return NULL;
	}
	return path;
}

/* Without the line end that editors and `echo` leave; NULL if that is no line of text. */
static const char *one_line(const struct checker *c, char *bytes, size_t len)
{
	while (len && (bytes[len - 1] == '\n' || bytes[len - 1] == '\r'))
		len--;
	if (!len || !text_is_utf8(bytes, len))
		return NULL;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)bytes[i] < 0x20 || bytes[i] == 0x7f)
			return NULL;
	return arena_copy_len(c->arena, bytes, len);
}

static enum secret_found from_file(const struct checker *c, const char *name,
                                   const struct node *file, bool may_miss, const char **out)
{
	const char *hint = NULL;
	const char *path = private_path(c, file, "the name of the file", &hint);
	if (!path)
		return SECRET_BAD;
	char *bytes = NULL;
	size_t len = 0;
	bool everyone = false;
	char room[FILE_ERROR_MAX];
	int r = file_read(path, SECRET_MAX, &bytes, &len, &everyone);
	if (r == -ENOENT && may_miss)
		return SECRET_MISSING;
	if (r < 0 && c->use == CONFIG_COMMAND)
		return SECRET_BAD;
	if (r < 0) {
		check_problem(
		        c, file, "the file of '%s_file' cannot be read: %s; %s", name,
		        file_error(r, SECRET_MAX, room),
		        hint ? hint
		             : "it is one line in a file, relative to the folder of this file");
		return r == -ENOENT ? SECRET_MISSING : SECRET_BAD;
	}
	*out = one_line(c, bytes, len);
	explicit_bzero(bytes, len);
	free(bytes);
	if (!*out) {
		check_problem(c, file,
		              "the file of '%s_file' must hold one line of text and nothing else",
		              name);
		return SECRET_BAD;
	}
	/* Only the daemon's log says it: the file is good, its mode is not. */
	if (everyone && c->use == CONFIG_DAEMON)
		check_warning(
		        c, file,
		        "every user of this machine can read the file of '%s_file'; chmod 600 it",
		        name);
	return SECRET_THERE;
}

static void note_secret(const struct checker *c, const struct node *node)
{
	struct secrets *secrets = c->secrets;
	if (!secrets || node->kind != NODE_TEXT)
		return;
	MEM_RESERVE(secrets->texts, secrets->count, secrets->cap);
	secrets->texts[secrets->count++] = node->text;
}

enum secret_found check_secret(const struct checker *c, const char *name, const struct node *plain,
                               const struct node *file, bool may_miss, const char **out)
{
	if (plain && file) {
		check_problem(c, file, "'%s' and '%s_file' stand side by side; keep one of them",
		              name, name);
		return SECRET_BAD;
	}
	if (file)
		return from_file(c, name, file, may_miss, out);
	if (!plain)
		return SECRET_NONE;
	note_secret(c, plain);
	*out = check_line(c, plain, name);
	return *out ? SECRET_THERE : SECRET_BAD;
}
