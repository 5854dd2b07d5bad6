#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

/* Up to size bytes; the file may have grown or shrunk since it was measured. */
static int read_all(int fd, char *at, size_t size, size_t *len)
{
	size_t done = 0;
	while (done < size) {
		ssize_t n = read(fd, at + done, size - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		done += (size_t)n;
	}
	*len = done;
	return 0;
}

int file_read(const char *path, size_t max, char **bytes, size_t *len, bool *everyone)
{
	/* Without O_NONBLOCK a pipe that nobody writes to would hold the open itself. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return -errno;
	struct stat st;
	char *at = NULL;
	size_t size = 0;
	int r = fstat(fd, &st) < 0 ? -errno : 0;
	if (r == 0 && !S_ISREG(st.st_mode))
		r = S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
	if (r == 0 && (uint64_t)st.st_size > max)
		r = -EFBIG;
	if (r < 0)
		goto out;
	size_t room = (size_t)st.st_size + 1;
	at = mem_new(room);
	r = read_all(fd, at, room, &size);
	if (r == 0 && size == room) /* it grew while it was read: whoever writes it is not done */
		r = -EBUSY;
	if (r < 0)
		goto out;
	at[size] = '\0';
	*bytes = at;
	*len = size;
	if (everyone)
		*everyone = st.st_mode & S_IROTH;
	at = NULL;
out:
	free(at);
	close(fd);
	return r;
}

const char *file_error(int r, size_t max, char room[FILE_ERROR_MAX])
{
	bool mebi = max >= (size_t)1024 * 1024;
	if (r == -EFBIG)
		snprintf(room, FILE_ERROR_MAX, "it is longer than %zu %s",
		         mebi ? max / 1024 / 1024 : max / 1024, mebi ? "MiB" : "KiB");
	else
		snprintf(room, FILE_ERROR_MAX, "%s",
		         r == -EINVAL ? "it is no regular file (a pipe, a terminal, a device)"
		                      : strerror(-r));
	return room;
}

static int write_all(int fd, const char *at, size_t len)
{
	while (len) {
		ssize_t n = write(fd, at, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		at += n;
		len -= (size_t)n;
	}
	return fsync(fd) < 0 ? -errno : 0;
}

int file_create_private(const char *path, const void *bytes, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	int r = write_all(fd, bytes, len);
	if (close(fd) < 0 && r == 0)
		r = -errno;
	if (r < 0)
		unlink(path);
	return r;
}

int file_make_folders(const char *path)
{
	char *folder = mem_copy(path);
	int r = 0;
	for (char *at = folder; r == 0 && (at = strchr(at + 1, '/'));) {
		*at = '\0';
		if (mkdir(folder, 0700) < 0 && errno != EEXIST)
			r = -errno;
		*at = '/';
	}
	free(folder);
	return r;
}

void file_beside(const char *beside, const char *name, struct text *out)
{
	const char *slash = strrchr(beside, '/');
	if (slash && name[0] != '/')
		text_add_len(out, beside, (size_t)(slash - beside) + 1);
	text_add(out, name);
}
