#include "keep.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"

struct keep {
	char *path;
	int fd;
	struct arena arena;
	struct kept *found;
	size_t count, cap;
	size_t pending; /* kept and not done */
};

static int failed(const struct keep *keep, const char *what, struct problem *why)
{
	int error = errno;
	return problem_set(why, -error, "%s: %s: %s", keep->path, what, strerror(error));
}

static int read_all(struct keep *keep, struct text *out, struct problem *why)
{
	char part[8192];
	ssize_t n;
	while ((n = read(keep->fd, part, sizeof part)) > 0) {
		text_add_len(out, part, (size_t)n);
		if (out->len > KEEP_FILE_MAX)
			return problem_set(why, -EFBIG, "%s: too large to be a file of signals",
			                   keep->path);
	}
	return n < 0 ? failed(keep, "cannot be read", why) : 0;
}

static void forget(struct keep *keep, const char *id)
{
	size_t left = 0;
	for (size_t i = 0; i < keep->count; i++)
		if (strcmp(keep->found[i].id, id) != 0)
			keep->found[left++] = keep->found[i];
	keep->count = left;
}

static int read_line(struct keep *keep, const char *line, size_t len)
{
	cJSON *json;
	int r = json_parse(line, len, &json, NULL);
	if (r < 0)
		return r;
	const char *done = json_string(json, "done");
	struct kept kept = {json_string(json, "topic"), json_string(json, "id"),
	                    json_string(json, "payload")};
	if (done) {
		forget(keep, done);
	} else if (kept.topic && kept.id && kept.payload) {
		MEM_RESERVE(keep->found, keep->count, keep->cap);
		keep->found[keep->count++] = (struct kept){arena_copy(&keep->arena, kept.topic),
		                                           arena_copy(&keep->arena, kept.id),
		                                           arena_copy(&keep->arena, kept.payload)};
	} else {
		r = -EINVAL;
	}
	cJSON_Delete(json);
	return r;
}

static int load(struct keep *keep, struct problem *why)
{
	struct text all = {0};
	int r = read_all(keep, &all, why), number = 0;
	size_t at = 0;
	while (r == 0 && at < all.len) {
		const char *line = text_get(&all) + at;
		const char *end = memchr(line, '\n', all.len - at);
		if (!end) { /* cut off: nobody was promised this one */
			if (ftruncate(keep->fd, (off_t)at) < 0)
				r = failed(keep, "cannot be mended", why);
			break;
		}
		number++;
		if (read_line(keep, line, (size_t)(end - line)) < 0)
			r = problem_set(why, -EINVAL, "%s:%d: this is no kept signal", keep->path,
			                number);
		at = (size_t)(end - text_get(&all)) + 1;
	}
	keep->pending = keep->count;
	text_finish(&all);
	return r;
}

/* A new file is there after a power failure only when its folder knows it. */
static int sync_folder(const struct keep *keep, struct problem *why)
{
	char *path = mem_copy(keep->path);
	int fd = open(dirname(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = fd < 0 || fsync(fd) < 0 ? failed(keep, "its folder cannot be synced", why) : 0;
	if (fd >= 0)
		close(fd);
	free(path);
	return r;
}

int keep_open(const char *path, struct keep **out, struct problem *why)
{
	struct keep *keep = NEW(struct keep);
	int r;
	keep->path = mem_copy(path);
	keep->fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (keep->fd < 0)
		r = failed(keep, "cannot be opened", why);
	else if (flock(keep->fd, LOCK_EX | LOCK_NB) < 0)
		r = problem_set(why, -EBUSY, "%s: another tocsin-sensor is using it", path);
	else
		r = load(keep, why);
	if (r == 0)
		r = sync_folder(keep, why);
	if (r < 0)
		keep_close(keep);
	else
		*out = keep;
	return r;
}

void keep_close(struct keep *keep)
{
	if (!keep)
		return;
	if (keep->fd >= 0)
		close(keep->fd);
	free(keep->found);
	arena_finish(&keep->arena);
	free(keep->path);
	free(keep);
}

size_t keep_count(const struct keep *keep)
{
	return keep->count;
}

struct kept keep_at(const struct keep *keep, size_t i)
{
	return keep->found[i];
}

static int append(struct keep *keep, struct text *line, struct problem *why)
{
	text_add_char(line, '\n');
	size_t at = 0;
	while (at < line->len) {
		ssize_t n = write(keep->fd, line->at + at, line->len - at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return failed(keep, "cannot be written", why);
		at += (size_t)n;
	}
	return 0;
}

int keep_add(struct keep *keep, const char *topic, const char *id, const char *payload,
             struct problem *why)
{
	struct text line = {0};
	json_open(&line, NULL, '{');
	json_put_string(&line, "topic", topic);
	json_put_string(&line, "id", id);
	json_put_string(&line, "payload", payload);
	json_close(&line, '}');
	int r = append(keep, &line, why);
	text_finish(&line);
	if (r == 0 && fdatasync(keep->fd) < 0)
		r = failed(keep, "cannot be synced", why);
	if (r == 0)
		keep->pending++;
	return r;
}

int keep_done(struct keep *keep, const char *id, struct problem *why)
{
	if (keep->pending)
		keep->pending--;
	if (!keep->pending)
		return ftruncate(keep->fd, 0) < 0 ? failed(keep, "cannot be emptied", why) : 0;
	struct text line = {0};
	json_open(&line, NULL, '{');
	json_put_string(&line, "done", id);
	json_close(&line, '}');
	int r = append(keep, &line, why);
	text_finish(&line);
	return r;
}
