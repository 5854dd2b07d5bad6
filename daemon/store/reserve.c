#include "store/reserve.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"

static char *name_of(const char *store_path)
{
	struct text name = {0};
	text_addf(&name, "%s.reserve", store_path);
	return text_take(&name);
}

static bool has_room(const char *store_path)
{
	char *copy = mem_copy(store_path);
	struct statvfs info;
	bool has = statvfs(dirname(copy), &info) == 0 &&
	           (unsigned long long)info.f_bavail * info.f_frsize >= 2 * RESERVE_BYTES;
	free(copy);
	return has;
}

int reserve_keep(const char *store_path)
{
	char *name = name_of(store_path);
	struct stat info;
	int r = 0;
	if (stat(name, &info) == 0 && info.st_blocks * 512 >= RESERVE_BYTES)
		goto done;
	r = -ENOSPC;
	if (!has_room(store_path))
		goto done;
	int fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	r = fd < 0 ? -errno : -posix_fallocate(fd, 0, RESERVE_BYTES);
	if (fd >= 0)
		close(fd);
	if (r < 0)
		unlink(name);
done:
	free(name);
	return r;
}

bool reserve_give_up(const char *store_path)
{
	char *name = name_of(store_path);
	bool gave = unlink(name) == 0;
	free(name);
	return gave;
}
